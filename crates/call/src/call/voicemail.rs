//! A caller with a mailbox: it leaves a message there, or hears those in its own.
//!
//! ```text
//!                    what is in it       is greeted            leaves a message
//! answered ─▶ Opening ──────────▶ Welcoming ──▶ Taking ──────────────┐ is told that it is kept
//!                │                                                   ▼
//!                │ has a PIN         right      hears its messages
//!                ├────────────▶ Entering ─▶ Menu ─────────────▶ SentAway ──▶ (end)
//!                │ none                      ▲  │                ▲
//!                └───────────────────────────┤  │ greetings, PIN │ full, wrong PINs, the keeper fails
//!                                            │  ▼
//!                                          Settings ◀─▶ Taking, Entering
//! ```
//!
//! Whatever the caller has said when it hangs up is delivered, unless it is too short; a greeting that
//! was not kept yet is forgotten. What its owner deletes it can restore until it leaves, and it has not left
//! while it calls somebody back who does not talk. The keeper of mailboxes is the shell's: see
//! [`crate::voicemail`].

mod call_back;
mod entry;
mod greet;
mod menu;
mod settings;
mod take;
mod words;

pub(super) use call_back::CallBack;
pub(crate) use words::PROMPTS;

use super::{Call, State};
use crate::{
    context::Context,
    dialplan::Absence,
    failure::{Cause, Refusal},
    output::Output,
    speech::{Language, Phrase},
    voicemail::{
        Mailbox, MessageState, MessageView, OpenedMailbox, VoicemailAnswer, VoicemailOrder,
        VoicemailRequest,
    },
};
use base::RecordingId;
use entry::Entry;
use greet::Welcome;
use media::{Playout, detection::Detected, dtmf::Digit, sound::Sound};
use std::time::{Duration, Instant};
use take::Take;
use words::Words;

/// What a caller wants of which mailbox.
#[derive(Debug)]
pub(crate) struct MailboxVisit {
    pub(crate) mailbox: Mailbox,
    /// In which the caller is spoken to.
    pub(crate) language: Language,
    pub(crate) purpose: VisitPurpose,
}

/// What a caller wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum VisitPurpose {
    /// To leave a message for an owner who is not there for this reason.
    Leave(Absence),
    /// To hear what is there.
    Hear,
}

/// A caller with a mailbox.
#[derive(Debug)]
pub(super) struct Voicemail {
    visit: MailboxVisit,
    /// What is in the mailbox, as the keeper said and as the caller has changed it.
    opened: OpenedMailbox,
    /// The message that the caller's keys are about.
    at: usize,
    stage: Stage,
    /// When the stage has lasted long enough.
    due: Instant,
    /// When the call has.
    until: Instant,
}

#[derive(Debug)]
enum Stage {
    /// The keeper is asked what is in the mailbox.
    Opening,
    /// The caller hears for whom it may leave a message.
    Welcoming(Welcome),
    /// The caller says a message, or a greeting of its own.
    Taking(Take),
    /// The caller is asked for digits.
    Entering(Entry),
    /// The caller hears its messages.
    Menu(menu::Step),
    /// The caller changes its greetings and its PIN.
    Settings(settings::Step),
    /// The caller is told why that was all.
    SentAway {
        /// What the call ends with.
        cause: Cause,
    },
}

impl Call {
    /// Answers, and asks what is in the mailbox.
    pub(super) fn visit_mailbox(
        &mut self,
        ctx: &mut Context<'_>,
        visit: MailboxVisit,
    ) -> Result<(), Refusal> {
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        let now = ctx.now.instant;
        self.state = State::Voicemail(Box::new(Voicemail {
            visit,
            opened: OpenedMailbox::default(),
            at: 0,
            stage: Stage::Opening,
            due: now + REPLY_TIMEOUT,
            until: now + ctx.settings.call_duration_max,
        }));
        self.legs[self.guest].play(ctx, Playout::Silence);
        self.order_voicemail(ctx, VoicemailOrder::Open);
        Ok(())
    }

    /// A key of the caller, however it came.
    pub(super) fn handle_voicemail_key(&mut self, ctx: &mut Context<'_>, digit: Digit) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let key = digit.as_char();
        match voicemail.stage {
            Stage::Welcoming(_) => self.handle_welcome_key(ctx, key),
            Stage::Taking(_) => self.handle_take_key(ctx, key),
            Stage::Entering(_) => self.handle_entry_key(ctx, key),
            Stage::Menu(_) => self.handle_menu_key(ctx, key),
            Stage::Settings(_) => self.handle_settings_key(ctx, key),
            Stage::Opening | Stage::SentAway { .. } => {}
        }
    }

    /// What was said to the caller is over.
    pub(super) fn handle_voicemail_said(&mut self, ctx: &mut Context<'_>) {
        let State::Voicemail(voicemail) = &self.state else { return };
        match voicemail.stage {
            Stage::Welcoming(_) => self.handle_welcomed(ctx),
            Stage::Taking(_) => self.handle_take_said(ctx),
            Stage::Entering(_) => self.listen(ctx, FIRST_KEY_TIMEOUT),
            Stage::Menu(_) => self.handle_menu_said(ctx),
            Stage::Settings(_) => self.handle_settings_said(ctx),
            Stage::SentAway { cause } => self.be_done(ctx, Refusal::of(cause)),
            Stage::Opening => {}
        }
    }

    /// The caller, the keeper or the message took too long, or the call has lasted long enough.
    pub(super) fn handle_voicemail_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Voicemail(voicemail) = &self.state else { return };
        if voicemail.until <= ctx.now.instant {
            return self.end(ctx, None, Refusal::of(Cause::MaxDuration));
        }
        match voicemail.stage {
            Stage::Opening => self.see_off(ctx, Words::Unavailable, Cause::Internal),
            Stage::Welcoming(_) => self.handle_welcome_timeout(ctx),
            Stage::Taking(_) => self.handle_take_timeout(ctx),
            Stage::Entering(_) => self.handle_entry_timeout(ctx),
            Stage::Menu(_) => self.handle_menu_timeout(ctx),
            Stage::Settings(_) => self.handle_settings_timeout(ctx),
            Stage::SentAway { cause } => self.be_done(ctx, Refusal::of(cause)),
        }
    }

    /// Something was heard of the caller that a stage asked to know.
    pub(crate) fn handle_detected(&mut self, ctx: &mut Context<'_>, what: Detected) {
        match what {
            Detected::Silence { lasted } => self.handle_take_silence(ctx, lasted),
            Detected::Speech | Detected::Answered(_) | Detected::Beep | Detected::Fax(_) => {}
        }
    }

    /// The keeper answers. What nobody waits for any more is nothing.
    pub(crate) fn handle_voicemail(&mut self, ctx: &mut Context<'_>, answer: VoicemailAnswer) {
        let State::Voicemail(voicemail) = &self.state else { return };
        match (&voicemail.stage, answer) {
            (Stage::Opening, VoicemailAnswer::Opened(opened)) => self.enter_mailbox(ctx, opened),
            (Stage::Opening, VoicemailAnswer::Unavailable) => {
                self.see_off(ctx, Words::Unavailable, Cause::Internal);
            }
            (Stage::Welcoming(_), answer) => self.handle_welcome_answer(ctx, answer),
            (Stage::Taking(_), answer) => self.handle_take_answer(ctx, answer),
            (Stage::Entering(_), answer) => self.handle_entry_answer(ctx, answer),
            (Stage::Menu(_), answer) => self.handle_menu_answer(ctx, answer),
            (Stage::Settings(_), answer) => self.handle_settings_answer(ctx, answer),
            (Stage::Opening | Stage::SentAway { .. }, _) => {}
        }
    }

    fn enter_mailbox(&mut self, ctx: &mut Context<'_>, opened: OpenedMailbox) {
        let State::Voicemail(voicemail) = &mut self.state else { return };
        let (has_pin, has_room) = (opened.has_pin, opened.has_room);
        voicemail.opened = opened;
        match voicemail.visit.purpose {
            VisitPurpose::Leave(absence) if has_room => self.welcome(ctx, absence),
            VisitPurpose::Leave(_) => self.see_off(ctx, Words::Full, Cause::Refused),
            VisitPurpose::Hear if has_pin => self.ask_mailbox_pin(ctx),
            VisitPurpose::Hear => self.open_menu(ctx),
        }
    }

    /// The caller leaves the mailbox, by hanging up or by going elsewhere: what it said and did not
    /// judge is judged for it, and what it deleted is gone.
    pub(super) fn leave_mailbox(&mut self, ctx: &mut Context<'_>) {
        self.leave_call_back(ctx);
        let State::Voicemail(voicemail) = &self.state else { return };
        self.leave_take_behind(ctx);
        self.purge(ctx, voicemail);
    }

    /// What was deleted is gone.
    fn purge(&self, ctx: &mut Context<'_>, voicemail: &Voicemail) {
        if voicemail.opened.messages.iter().any(|it| it.state == MessageState::Deleted) {
            self.order_of(ctx, voicemail, VoicemailOrder::Purge);
        }
    }

    /// Says why that was all, and ends the call then.
    fn see_off(&mut self, ctx: &mut Context<'_>, words: Words, cause: Cause) {
        self.say_and(ctx, Stage::SentAway { cause }, &[Phrase::Prompt(words.prompt())]);
    }

    /// Goes on to a stage that begins with a prompt.
    fn tell_and(&mut self, ctx: &mut Context<'_>, stage: Stage, words: Words) {
        self.say_and(ctx, stage, &[Phrase::Prompt(words.prompt())]);
    }

    /// Goes on to a stage that begins with words.
    fn say_and(&mut self, ctx: &mut Context<'_>, stage: Stage, phrases: &[Phrase<'_>]) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let sound = ctx.world.sounds.say(voicemail.visit.language, phrases);
        self.play_and(ctx, stage, sound);
    }

    /// Goes on to a stage that begins with a sound; it may take what it takes.
    fn play_and(&mut self, ctx: &mut Context<'_>, stage: Stage, sound: Sound) {
        let State::Voicemail(voicemail) = &mut self.state else { return };
        voicemail.stage = stage;
        voicemail.due = voicemail.until;
        self.legs[self.guest].play(ctx, Playout::Prompt { sound });
    }

    /// Goes on to a stage in which the caller hears nothing for a while.
    fn wait_and(&mut self, ctx: &mut Context<'_>, stage: Stage, limit: Duration) {
        let State::Voicemail(voicemail) = &mut self.state else { return };
        voicemail.stage = stage;
        self.listen(ctx, limit);
    }

    /// Goes on to a stage that waits for the keeper's answer.
    fn order_and(&mut self, ctx: &mut Context<'_>, stage: Stage, order: VoicemailOrder) {
        self.wait_and(ctx, stage, REPLY_TIMEOUT);
        self.order_voicemail(ctx, order);
    }

    /// Says nothing, and gives the stage so much time.
    fn listen(&mut self, ctx: &mut Context<'_>, limit: Duration) {
        let State::Voicemail(voicemail) = &mut self.state else { return };
        voicemail.due = ctx.now.instant + limit;
        // A far end that hears nothing at all would take us for dead.
        self.legs[self.guest].play(ctx, Playout::Silence);
    }

    fn order_voicemail(&self, ctx: &mut Context<'_>, order: VoicemailOrder) {
        if let State::Voicemail(voicemail) = &self.state {
            self.order_of(ctx, voicemail, order);
        }
    }

    fn order_of(&self, ctx: &mut Context<'_>, voicemail: &Voicemail, order: VoicemailOrder) {
        let (shard, mailbox) = (ctx.settings.shard, voicemail.visit.mailbox.clone());
        let request = VoicemailRequest { shard, call: self.id, mailbox, order };
        ctx.outputs.push_back(Output::Voicemail(Box::new(request)));
    }

    fn voicemail(&mut self) -> Option<&mut Voicemail> {
        let State::Voicemail(voicemail) = &mut self.state else { return None };
        Some(voicemail)
    }
}

impl Voicemail {
    /// When [`Call::handle_voicemail_timeout`] wants to be called.
    pub(super) fn due(&self) -> Instant {
        self.due.min(self.until)
    }

    /// The message that the caller's keys are about.
    fn current(&self) -> Option<&MessageView> {
        self.opened.messages.get(self.at)
    }

    fn current_id(&self) -> Option<RecordingId> {
        self.current().map(|it| it.id)
    }
}

/// How long the keeper may take to answer.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller may take to begin with digits, once it was asked for them.
const FIRST_KEY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take for the next key.
const NEXT_KEY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller may take to choose, once it was told what it can do.
const CHOICE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is told.
const ASKED_MAX: u8 = 3;
