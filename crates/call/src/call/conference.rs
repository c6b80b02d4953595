//! A caller in a conference room: the PIN at the door, the keys inside, the way out.
//!
//! ```text
//!                   right PIN, or none           has said its name, or
//!                   is asked for                 none is asked for
//! answered ─▶ AtDoor ──────────────▶ Naming ───────────────────────────▶ Inside
//!                │ three wrong PINs,    │ locked, full                      │ hangs up, is sent out
//!                │ in whatever calls    │                                   │
//!                ▼                      ▼                                   ▼
//!            SentAway ◀─────────────────┴─── has heard why ─────────────▶ (end)
//! ```
//!
//! Who is asked in by a moderator stands at `Invited` in place of the door: see `invitation`.

mod invitation;
mod minutes;
mod names;

use super::{Call, State};
use crate::{
    context::Context,
    dialplan::ConferencePlan,
    failure::{Cause, Refusal},
    output::Output,
    rooms::{Closed, PartyView, Place, Verdict, Visitor},
    speech::Phrase,
};
use base::{Now, RoomId};
use invitation::Invited;
pub(crate) use invitation::Invitee;
use media::{MediaCommand, PartyMode, Playout, dtmf::Digit, sound::Sound};
use names::Naming;
use std::time::{Duration, Instant};

/// An invitation into a room.
#[derive(Debug)]
pub(crate) struct Invitation {
    pub(crate) plan: ConferencePlan,
    pub(crate) place: Place,
}

/// A caller with a room.
#[derive(Debug)]
pub(super) struct Meeting {
    plan: ConferencePlan,
    place: Place,
    stage: Stage,
    mode: PartyMode,
    /// When the call has lasted long enough.
    until: Instant,
}

#[derive(Debug)]
enum Stage {
    /// It is asked for the PIN.
    AtDoor {
        /// What was entered so far.
        entered: String,
        /// How often it was asked in vain so far.
        in_vain: u8,
        /// When what was entered counts.
        due: Instant,
    },
    /// It was called, and is asked whether it comes in.
    Invited(Invited),
    /// It is asked for its name.
    Naming(Naming),
    /// It is in the room.
    Inside {
        is_moderator: bool,
        /// What it has entered of a code.
        code: Code,
    },
    /// It is told why it may not come in, or stay.
    SentAway {
        /// What the call ends with.
        cause: Cause,
        /// What it is told.
        words: Words,
    },
}

/// How much of a code a party has entered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
enum Code {
    /// Nothing.
    #[default]
    None,
    /// `*`, which begins one.
    Star,
    /// `*2`, and so much of the number of whoever is to come in.
    Number(String),
}

/// What somebody may do to a room as a whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RoomCommand {
    /// Send everybody out.
    End,
    /// Whether it is recorded.
    Record(bool),
    /// Ask somebody in.
    Invite {
        /// The extension in whose name the number is called.
        by: String,
        /// The number, as dialled there.
        number: String,
    },
}

/// What somebody may do to a party of a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PartyCommand {
    /// Whether the others hear it.
    Mute(bool),
    /// Whether it hears nothing of the others.
    Deafen(bool),
}

impl Call {
    /// Answers, and lets the caller in or asks for the PIN. A room that is closed to whoever would come
    /// in at once refuses it, or tells one who was answered before.
    pub(super) fn meet(
        &mut self,
        ctx: &mut Context<'_>,
        invitation: Invitation,
    ) -> Result<(), Refusal> {
        let Invitation { plan, mut place } = invitation;
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        let stage = match self.first_stage(ctx.now, &plan, &mut place) {
            Ok(stage) => stage,
            Err(closed) if self.is_guest_up() => {
                Stage::SentAway { cause: Cause::Refused, words: closed.words() }
            }
            Err(closed) => return Err(closed.refusal(&plan)),
        };
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        let mode = plan.mode;
        self.state = State::Meeting(Box::new(Meeting { plan, place, stage, mode, until }));
        self.greet(ctx);
        self.record_by_rule(ctx);
        Ok(())
    }

    fn first_stage(
        &self,
        now: Now,
        plan: &ConferencePlan,
        place: &mut Place,
    ) -> Result<Stage, Closed> {
        if plan.pin.is_some() && place.is_locked_out(now.instant, &self.visitor()) {
            return Ok(Stage::SentAway { cause: Cause::Refused, words: Words::Refused });
        }
        if plan.pin.is_some() {
            let due = now.instant + FIRST_KEY_TIMEOUT;
            return Ok(Stage::AtDoor { entered: String::new(), in_vain: 0, due });
        }
        if plan.announces {
            place.admit(false, plan.parties_max)?;
            return Ok(Stage::Naming(Naming::new(now.instant, false)));
        }
        let party = self.party(now, plan, false, None);
        place.enter(party, plan.parties_max)?;
        Ok(Stage::Inside { is_moderator: false, code: Code::None })
    }

    fn greet(&mut self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        match meeting.stage {
            Stage::AtDoor { .. } => self.say(ctx, Words::AskPin),
            Stage::Invited(_) => {}
            Stage::Naming(_) => self.say(ctx, Words::AskName),
            Stage::Inside { .. } => self.come_in(ctx),
            Stage::SentAway { words, .. } => self.say(ctx, words),
        }
    }

    /// A key of the caller, however it came.
    pub(super) fn handle_meeting_key(&mut self, ctx: &mut Context<'_>, digit: Digit) {
        let State::Meeting(meeting) = &mut self.state else { return };
        match &mut meeting.stage {
            Stage::AtDoor { entered, due, .. } => {
                *due = ctx.now.instant + NEXT_KEY_TIMEOUT;
                if digit.as_char() != '#' {
                    entered.push(digit.as_char());
                    let is_first = entered.len() == 1;
                    let is_whole = entered.len() >= meeting.plan.longest_pin();
                    if is_first {
                        self.hush(ctx);
                    }
                    if !is_whole {
                        return;
                    }
                }
                self.try_pin(ctx);
            }
            Stage::Naming(_) => self.handle_naming_key(ctx, digit),
            Stage::Invited(_) => self.handle_invited_key(ctx, digit.as_char()),
            Stage::Inside { .. } => self.handle_inside_key(ctx, digit.as_char()),
            Stage::SentAway { .. } => {}
        }
    }

    /// A key of a party of the room.
    fn handle_inside_key(&mut self, ctx: &mut Context<'_>, key: char) {
        let State::Meeting(meeting) = &mut self.state else { return };
        let Stage::Inside { is_moderator, code } = &mut meeting.stage else { return };
        let is_moderator = *is_moderator;
        match (std::mem::take(code), key) {
            // No number has one: what was entered is forgotten, and no code begins.
            (Code::Number(_), '*') => {}
            (_, '*') => *code = Code::Star,
            (Code::Star, '2') if is_moderator => *code = Code::Number(String::new()),
            (Code::Number(number), '#') if !number.is_empty() => self.invite_by_keys(ctx, number),
            (Code::Number(mut number), '0'..='9') if number.len() < INVITED_DIGITS_MAX => {
                number.push(key);
                *code = Code::Number(number);
            }
            (Code::Star, '3') if is_moderator => self.toggle_recording(ctx),
            (Code::Star, '5') => self.call_roll(ctx),
            (Code::Star, '6') => self.toggle_mute(ctx),
            (Code::Star, '7') if is_moderator => self.toggle_lock(ctx),
            (Code::Star, '9') if is_moderator => self.close_room(ctx),
            (_, _) => {}
        }
    }

    /// Does to the room that the caller is in what somebody with the right wants; false if it is in
    /// none.
    pub(crate) fn command_room(&mut self, ctx: &mut Context<'_>, command: RoomCommand) -> bool {
        let State::Meeting(meeting) = &self.state else { return false };
        if !matches!(meeting.stage, Stage::Inside { .. }) {
            return false;
        }
        match command {
            RoomCommand::End => self.close_room(ctx),
            RoomCommand::Record(is_on) if meeting.place.is_recorded() == is_on => {}
            RoomCommand::Record(_) => self.toggle_recording(ctx),
            RoomCommand::Invite { by, number } => return self.invite_by_order(ctx, &by, number),
        }
        true
    }

    /// Brings a leg into a private room, in which nobody is told of it.
    pub(super) fn put_into_room(
        &self,
        ctx: &mut Context<'_>,
        leg: usize,
        room: RoomId,
        mode: PartyMode,
    ) {
        let Some(media) = self.legs[leg].media() else { return };
        let command = MediaCommand::Join { media, room, mode, alone: None, is_chimed: false };
        self.tell_worker(ctx, command);
    }

    /// Does to the caller what somebody with the right wants; false if it is in no room.
    pub(crate) fn command_party(&mut self, ctx: &mut Context<'_>, command: PartyCommand) -> bool {
        let State::Meeting(meeting) = &self.state else { return false };
        if !matches!(meeting.stage, Stage::Inside { .. }) {
            return false;
        }
        let mut mode = meeting.mode;
        match command {
            PartyCommand::Mute(is_muted) => mode.is_muted = is_muted,
            PartyCommand::Deafen(is_deaf) => mode.is_deaf = is_deaf,
        }
        self.set_mode(ctx, mode);
        true
    }

    /// The caller began to talk in its room, goes on, or fell silent.
    pub(crate) fn handle_talk(&mut self, level: Option<u8>) {
        if let State::Meeting(meeting) = &self.state {
            meeting.place.update(|party| party.level = level);
        }
    }

    /// A moderator ended the conference for all.
    pub(crate) fn handle_dismissed(&mut self, ctx: &mut Context<'_>) {
        self.send_away(ctx, Words::Over, Cause::Normal);
    }

    /// What was said to a caller outside the room is over.
    pub(super) fn handle_words_said(&mut self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        match meeting.stage {
            // A far end that hears nothing at all would take us for dead.
            Stage::AtDoor { .. } | Stage::Invited(_) => self.hush(ctx),
            Stage::Naming(_) => self.handle_name_asked(ctx),
            Stage::SentAway { cause, .. } => self.be_done(ctx, Refusal::of(cause)),
            Stage::Inside { .. } => {}
        }
    }

    /// The caller entered nothing for too long, or the call has lasted long enough.
    pub(super) fn handle_meeting_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        if meeting.until <= ctx.now.instant {
            return self.end(ctx, None, Refusal::of(Cause::MaxDuration));
        }
        match &meeting.stage {
            Stage::AtDoor { .. } => self.try_pin(ctx),
            Stage::Invited(_) => self.handle_invited_timeout(ctx),
            Stage::Naming(naming) => {
                let is_moderator = naming.is_moderator;
                self.let_in(ctx, is_moderator, None);
            }
            Stage::Inside { .. } | Stage::SentAway { .. } => {}
        }
    }

    /// Lets the caller in with what it entered, asks again, or turns it away.
    fn try_pin(&mut self, ctx: &mut Context<'_>) {
        let visitor = self.visitor();
        let State::Meeting(meeting) = &mut self.state else { return };
        let Stage::AtDoor { entered, .. } = &mut meeting.stage else { return };
        let entered = std::mem::take(entered);
        if entered.is_empty() {
            return self.ask_pin_again(ctx, Words::AskPin);
        }
        let is_moderator = meeting.plan.moderator_pin.as_ref() == Some(&entered);
        let is_right = is_moderator || meeting.plan.pin.as_ref() == Some(&entered);
        match meeting.place.judge_pin(ctx.now.instant, &visitor, is_right) {
            Verdict::Right => self.admit(ctx, is_moderator),
            Verdict::Wrong => self.ask_pin_again(ctx, Words::WrongPin),
            Verdict::LocksOut(alarm) => {
                ctx.outputs.push_back(Output::WrongPins(Box::new(alarm)));
                self.send_away(ctx, Words::Refused, Cause::Refused);
            }
            Verdict::LockedOut => self.send_away(ctx, Words::Refused, Cause::Refused),
        }
    }

    /// The caller is asked for the PIN once more, unless it was asked often enough.
    fn ask_pin_again(&mut self, ctx: &mut Context<'_>, words: Words) {
        let State::Meeting(meeting) = &mut self.state else { return };
        let Stage::AtDoor { in_vain, due, .. } = &mut meeting.stage else { return };
        *in_vain += 1;
        *due = ctx.now.instant + FIRST_KEY_TIMEOUT;
        if *in_vain == IN_VAIN_MAX {
            self.send_away(ctx, Words::Refused, Cause::Refused);
        } else {
            self.say(ctx, words);
        }
    }

    /// The caller as one who tries PINs.
    fn visitor(&self) -> Visitor {
        let party = self.legs[self.guest].view().party;
        Visitor { party, is_line: self.is_of_extension() }
    }

    /// The caller may come in: with its name, where names are announced.
    fn admit(&mut self, ctx: &mut Context<'_>, is_moderator: bool) {
        let State::Meeting(meeting) = &mut self.state else { return };
        if !meeting.plan.announces {
            return self.let_in(ctx, is_moderator, None);
        }
        match meeting.place.admit(is_moderator, meeting.plan.parties_max) {
            Ok(()) => {
                meeting.stage = Stage::Naming(Naming::new(ctx.now.instant, is_moderator));
                self.say(ctx, Words::AskName);
            }
            Err(closed) => self.turn_away(ctx, closed),
        }
    }

    fn let_in(&mut self, ctx: &mut Context<'_>, is_moderator: bool, name: Option<Sound>) {
        let State::Meeting(meeting) = &self.state else { return };
        let party = self.party(ctx.now, &meeting.plan, is_moderator, name);
        let State::Meeting(meeting) = &mut self.state else { return };
        match meeting.place.enter(party, meeting.plan.parties_max) {
            Ok(()) => {
                meeting.stage = Stage::Inside { is_moderator, code: Code::None };
                self.come_in(ctx);
            }
            Err(closed) => self.turn_away(ctx, closed),
        }
    }

    fn turn_away(&mut self, ctx: &mut Context<'_>, closed: Closed) {
        self.send_away(ctx, closed.words(), Cause::Refused);
    }

    fn send_away(&mut self, ctx: &mut Context<'_>, why: Words, cause: Cause) {
        if let State::Meeting(meeting) = &mut self.state {
            meeting.stage = Stage::SentAway { cause, words: why };
            self.say(ctx, why);
        }
    }

    /// The caller as others see it in the room.
    fn party(
        &self,
        now: Now,
        plan: &ConferencePlan,
        is_moderator: bool,
        name: Option<Sound>,
    ) -> PartyView {
        PartyView {
            call: self.id,
            party: self.legs[self.guest].view().party,
            name,
            is_moderator,
            mode: plan.mode,
            level: None,
            since: now.unix,
        }
    }

    fn come_in(&self, ctx: &mut Context<'_>) {
        self.join_room(ctx);
        self.announce_coming(ctx);
        self.record_on_coming(ctx);
    }

    fn join_room(&self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        let Meeting { plan, place, mode, .. } = &**meeting;
        let Some(media) = self.legs[self.guest].media() else { return };
        let alone = plan.music.as_ref().and_then(|name| ctx.world.sounds.music.get(name)).cloned();
        let (room, mode, is_chimed) = (place.room(), *mode, plan.has_chimes);
        self.tell_worker(ctx, MediaCommand::Join { media, room, mode, alone, is_chimed });
    }

    fn toggle_mute(&mut self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        let is_muted = !meeting.mode.is_muted;
        self.set_mode(ctx, PartyMode { is_muted, ..meeting.mode });
        self.tell(ctx, if is_muted { Words::Muted } else { Words::Unmuted });
    }

    fn toggle_lock(&mut self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        let is_locked = meeting.place.toggle_lock();
        self.tell(ctx, if is_locked { Words::NowLocked } else { Words::NowOpen });
    }

    /// Sends everybody in the room out, this moderator, too. Their calls may be other shards', so
    /// that each hears it from the worker that has them all.
    fn close_room(&self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        self.tell_worker(ctx, MediaCommand::Dismiss { room: meeting.place.room() });
    }

    fn set_mode(&mut self, ctx: &mut Context<'_>, mode: PartyMode) {
        let State::Meeting(meeting) = &mut self.state else { return };
        meeting.mode = mode;
        meeting.place.update(|party| party.mode = mode);
        if let Some(media) = self.legs[self.guest].media() {
            self.tell_worker(ctx, MediaCommand::SetMode { media, mode });
        }
    }

    /// Says something to a caller outside the room.
    fn say(&mut self, ctx: &mut Context<'_>, words: Words) {
        let State::Meeting(meeting) = &self.state else { return };
        let sound = ctx.world.sounds.say(meeting.plan.language, &[Phrase::Prompt(words.prompt())]);
        self.legs[self.guest].play(ctx, Playout::Prompt { sound });
    }

    /// Says nothing to it, and listens.
    fn hush(&mut self, ctx: &mut Context<'_>) {
        self.legs[self.guest].play(ctx, Playout::Silence);
    }

    /// Says something to a caller inside, which no other hears.
    fn tell(&self, ctx: &mut Context<'_>, words: Words) {
        if let State::Meeting(meeting) = &self.state {
            self.tell_caller(ctx, meeting.plan.language, &[Phrase::Prompt(words.prompt())]);
        }
    }
}

impl Meeting {
    /// When [`Call::handle_meeting_timeout`] wants to be called.
    pub(super) fn due(&self) -> Instant {
        match &self.stage {
            Stage::AtDoor { due, .. }
            | Stage::Invited(Invited { due, .. })
            | Stage::Naming(Naming { due, .. }) => (*due).min(self.until),
            Stage::Inside { .. } | Stage::SentAway { .. } => self.until,
        }
    }
}

impl Closed {
    fn words(self) -> Words {
        match self {
            Self::Locked => Words::Locked,
            Self::Full => Words::Full,
        }
    }

    fn refusal(self, plan: &ConferencePlan) -> Refusal {
        let (cause, why) = match self {
            Self::Locked => (Cause::Refused, "locked"),
            Self::Full => (Cause::Busy, "full"),
        };
        let reason = Some(format!("Conference {} is {why}", plan.room));
        Refusal { reason, ..Refusal::of(cause) }
    }
}

/// What a conference says to one party.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Words {
    AskPin,
    WrongPin,
    Refused,
    Locked,
    Full,
    Muted,
    Unmuted,
    NowLocked,
    NowOpen,
    NowHere,
    OnlyYou,
    Over,
    AskName,
    HasCome,
    HasLeft,
    NowRecorded,
    NotRecorded,
    Inviting,
    Invited,
    PressOne,
    TheyAreBusy,
    NobodyAnswers,
    Declined,
    NotReached,
    Goodbye,
}

impl Words {
    /// Name of the prompt, one of [`PROMPTS`].
    fn prompt(self) -> &'static str {
        PROMPTS[self as usize]
    }
}

/// Prompts that a conference needs in its language, in the order of [`Words`].
pub(crate) const PROMPTS: [&str; 25] = [
    "conference-pin",
    "conference-wrong-pin",
    "conference-refused",
    "conference-locked",
    "conference-full",
    "conference-muted",
    "conference-unmuted",
    "conference-now-locked",
    "conference-now-open",
    "conference-now-here",
    "conference-only-you",
    "conference-over",
    "conference-name",
    "conference-has-come",
    "conference-has-left",
    "conference-now-recorded",
    "conference-not-recorded",
    "conference-inviting",
    "conference-invited",
    "conference-press-one",
    "conference-they-are-busy",
    "conference-nobody-answers",
    "conference-declined",
    "conference-not-reached",
    "conference-goodbye",
];

/// How often a caller is asked for the PIN in one call.
const IN_VAIN_MAX: u8 = 3;
/// How long a caller may take to begin with the PIN, the question included.
const FIRST_KEY_TIMEOUT: Duration = Duration::from_secs(15);
/// How long it may take for the next key.
const NEXT_KEY_TIMEOUT: Duration = Duration::from_secs(5);
/// More digits than any number has.
const INVITED_DIGITS_MAX: usize = 20;
