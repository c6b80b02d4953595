//! A supervisor in somebody else's conversation, who hears both and speaks to nobody, one, or both.
//!
//! What is heard where is the media worker's business; the conversation itself knows nothing of it
//! and goes on as it would. The supervisor's call ends with it. It dials a number, or is rung for a
//! call; who hears it is then said by keys or by command.

use super::{
    Call, State, Summons,
    origination::{self, Summoned},
};
use crate::{
    context::{Context, LegRef},
    conversations::{Conversation, Conversations, Word},
    dialplan::Principal,
    failure::{Cause, Refusal},
    speech::{Language, Phrase},
};
use base::{CallId, DomainId};
use media::{MediaCommand, TapMode, dtmf::Digit};
use sip::Status;
use std::time::Instant;

/// Somebody wants to hear a call, or to speak in one that it hears.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SupervisionRequest {
    /// The domain of both.
    pub domain: DomainId,
    /// The number of the extension that supervises.
    pub by: String,
    /// What it hears.
    pub call: CallId,
    /// Who hears it.
    pub mode: SupervisionMode,
    /// The extension in the call that a whisper is for; if none is named, the one that it was for
    /// before, else who answered, unless that is somebody outside.
    pub whisper_to: Option<String>,
}

/// Who hears a supervisor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SupervisionMode {
    /// Nobody.
    Listen,
    /// One of the two.
    Whisper,
    /// Both.
    Barge,
}

/// Why somebody does not hear a call, or is not heard in it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SupervisionRefusal {
    /// It has not the right.
    #[error("only supervisors hear calls of others: ask for the right call.supervise")]
    NotAllowed,
    /// No two talk in the call.
    #[error("no two talk in this call: try again when they do")]
    NotTalking,
    /// It talks there itself.
    #[error("this is a call of your own: supervise one of others")]
    OwnCall,
    /// Whom a whisper is for is not there.
    #[error("whom you would whisper to does not talk in this call: name an extension that does")]
    NobodyToWhisperTo,
    /// There is another supervisor who speaks.
    #[error("another supervisor speaks in this call: listen, or try again when they are done")]
    Taken,
    /// Its devices cannot be rung.
    #[error("your phone does not ring: {0}")]
    NotRung(String),
}

/// What somebody wants to supervise.
#[derive(Debug)]
pub(crate) struct SupervisionOrder {
    pub(crate) conversation: Conversation,
    /// Which of the two it is about: whom a whisper is for. `None` if that one is not there.
    pub(crate) side: Option<usize>,
    /// In which the supervisor is spoken to: a folder of prompts.
    pub(crate) language: Language,
    pub(crate) conversations: Conversations,
}

/// A supervisor.
#[derive(Debug)]
pub(super) struct Supervision {
    order: SupervisionOrder,
    mode: SupervisionMode,
    /// Kept while it may speak.
    word: Option<Word>,
    /// When it is seen to next who talks in the call.
    look_at: Instant,
    /// When the call has lasted long enough.
    until: Instant,
}

/// Somebody who is rung to supervise a call.
#[derive(Debug)]
pub(crate) struct Supervisor {
    call: CallId,
    /// The extension that a whisper is for.
    whisper_to: Option<String>,
    mode: SupervisionMode,
    /// When it is seen to next whether anybody talks in the call.
    look_at: Instant,
}

impl Call {
    /// Rings the devices of a supervisor; refused if none can be, or what it wants cannot be.
    pub(crate) fn ring_supervisor(
        ctx: &mut Context<'_>,
        id: CallId,
        request: &SupervisionRequest,
    ) -> Result<Self, SupervisionRefusal> {
        let SupervisionRequest { domain, by, call, mode, whisper_to } = request;
        let conversations = &ctx.world.conversations;
        let found = conversations.of_call(*domain, *call).map(|it| {
            let named = whisper_to.as_ref().map(|extension| it.side_of(extension));
            let side = named.unwrap_or_else(|| it.own_side());
            (it, side)
        });
        let principal = Principal::Extension(by.clone());
        let order = ctx.supervision(*domain, Some(&principal), found, Language::default())?;
        let needs_side = whisper_to.is_some() || *mode == SupervisionMode::Whisper;
        if needs_side && order.side.is_none() {
            return Err(SupervisionRefusal::NobodyToWhisperTo);
        }
        if *mode != SupervisionMode::Listen && conversations.has_speaker(*call) {
            return Err(SupervisionRefusal::Taken);
        }
        let SupervisionOrder { conversation: Conversation { sides, worker, .. }, side, .. } = order;
        let supervisor = Supervisor {
            call: *call,
            whisper_to: side.and_then(|it| sides[it].extension.clone()),
            mode: *mode,
            look_at: ctx.now.instant + origination::LOOK_INTERVAL,
        };
        let summoned = Summoned {
            domain: *domain,
            extension: by.clone(),
            number: sides[side.unwrap_or(0)].number.clone(),
            is_intercom: true,
            worker,
            referred_by: None,
            summons: Summons::Supervision(Box::new(supervisor)),
        };
        Ok(Self::summon(ctx, id, summoned)?)
    }

    /// Lets a supervisor go for whose call it was rung that is over.
    pub(super) fn look_for_supervised(&mut self, ctx: &mut Context<'_>) {
        let Some(Summons::Supervision(supervisor)) = &mut self.summons else { return };
        supervisor.look_at = ctx.now.instant + origination::LOOK_INTERVAL;
        if ctx.world.conversations.last_of_call(self.domain, supervisor.call).is_none() {
            self.end(ctx, None, Refusal::of(Cause::Cancelled));
        }
    }

    /// A supervisor has answered. It comes into the call as that is by then: between others, perhaps,
    /// of whom nobody is whispered to that it did not mean.
    pub(super) fn begin_supervision(&mut self, ctx: &mut Context<'_>, supervisor: Supervisor) {
        let Supervisor { call, whisper_to, mode, .. } = supervisor;
        let by = self.principal_of(self.guest);
        let found = ctx.world.conversations.last_of_call(self.domain, call).map(|it| {
            let side = whisper_to.and_then(|extension| it.side_of(&extension));
            (it, side)
        });
        let order = ctx.supervision(self.domain, Some(&by), found, Language::default());
        let begun = order.map_err(Refusal::from).and_then(|order| self.supervise(ctx, order, mode));
        if let Err(refusal) = begun {
            self.end(ctx, None, refusal);
        }
    }

    /// Answers, and lets the caller hear the conversation of an extension.
    pub(super) fn supervise_extension(
        &mut self,
        ctx: &mut Context<'_>,
        number: &str,
        language: Language,
    ) -> Result<(), Refusal> {
        let found = ctx.world.conversations.of(self.domain, number);
        let found = found.map(|(it, side)| (it, Some(side)));
        let order = ctx.supervision(self.domain, self.principal().as_ref(), found, language)?;
        self.supervise(ctx, order, SupervisionMode::Listen)
    }

    /// The guest comes between two who talk, and both hear it (RFC 3911): a supervisor, or another device
    /// of one of the two. It goes when they do.
    pub(super) fn come_between(&mut self, ctx: &mut Context<'_>, leg: LegRef) {
        let by = self.principal_of(self.guest);
        let Some(found) = ctx.world.conversations.of_call(self.domain, leg.call) else {
            let reason = Some("Nobody talks there".to_owned());
            let refusal =
                Refusal { status: Status(481), reason, ..Refusal::of(Cause::Unavailable) };
            return self.end(ctx, None, refusal);
        };
        let order = ctx.joining(self.domain, &by, found).map_err(Refusal::from);
        let begun = order.and_then(|it| self.supervise(ctx, it, SupervisionMode::Barge));
        if let Err(refusal) = begun {
            self.end(ctx, None, refusal);
        }
    }

    fn supervise(
        &mut self,
        ctx: &mut Context<'_>,
        order: SupervisionOrder,
        mode: SupervisionMode,
    ) -> Result<(), Refusal> {
        self.move_to_worker(ctx, order.conversation.worker)?;
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        let now = ctx.now.instant;
        self.state = State::Supervising(Box::new(Supervision {
            order,
            mode: SupervisionMode::Listen,
            word: None,
            look_at: now + origination::LOOK_INTERVAL,
            until: now + ctx.settings.call_duration_max,
        }));
        self.tap(ctx, TapMode::Listen);
        self.record_by_rule(ctx);
        if mode != SupervisionMode::Listen {
            // Where it cannot speak it listens, and is told why.
            let _ = self.supervise_as(ctx, mode, None);
        }
        Ok(())
    }

    /// A key of the supervisor changes who hears it; other keys mean nothing.
    pub(super) fn handle_supervisor_key(&mut self, ctx: &mut Context<'_>, digit: Digit) {
        let mode = match digit.as_char() {
            LISTEN => SupervisionMode::Listen,
            WHISPER => SupervisionMode::Whisper,
            BARGE => SupervisionMode::Barge,
            _ => return,
        };
        // It is told why not.
        let _ = self.supervise_as(ctx, mode, None);
    }

    /// Does what a supervisor wants who supervises already, or is being rung for it.
    pub(crate) fn change_supervision(
        &mut self,
        ctx: &mut Context<'_>,
        request: &SupervisionRequest,
    ) -> Result<(), SupervisionRefusal> {
        if let Some(Summons::Supervision(supervisor)) = &mut self.summons {
            let found = ctx.world.conversations.last_of_call(self.domain, supervisor.call);
            return supervisor.change(&found.ok_or(SupervisionRefusal::NotTalking)?, request);
        }
        self.supervise_as(ctx, request.mode, request.whisper_to.as_deref())
    }

    /// Changes who hears the supervisor, and tells it so; nothing changes where that cannot be. A whisper is
    /// for whom it was before, unless an extension is named.
    fn supervise_as(
        &mut self,
        ctx: &mut Context<'_>,
        mode: SupervisionMode,
        whisper_to: Option<&str>,
    ) -> Result<(), SupervisionRefusal> {
        let State::Supervising(supervision) = &mut self.state else {
            return Err(SupervisionRefusal::NotTalking);
        };
        match supervision.take(self.id, mode, whisper_to) {
            Ok(tap) => {
                self.tap(ctx, tap);
                self.tell_supervisor(ctx, Words::of(mode));
                Ok(())
            }
            Err(refusal) => {
                if refusal == SupervisionRefusal::Taken {
                    self.tell_supervisor(ctx, Words::Taken);
                }
                Err(refusal)
            }
        }
    }

    /// It is time to see who talks, or the end of a long call.
    pub(super) fn handle_supervision_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Supervising(supervision) = &mut self.state else { return };
        if supervision.until <= ctx.now.instant {
            return self.end(ctx, None, Refusal::of(Cause::MaxDuration));
        }
        supervision.look_at = ctx.now.instant + origination::LOOK_INTERVAL;
        let heard = &supervision.order.conversation;
        if ctx.world.conversations.continuation(heard).as_ref() != Some(heard) {
            self.handle_tap_ended(ctx);
        }
    }

    /// Those who were heard talk no longer: others do in their place, or that is the end.
    pub(crate) fn handle_tap_ended(&mut self, ctx: &mut Context<'_>) {
        let State::Supervising(supervision) = &self.state else { return };
        let heard = &supervision.order.conversation;
        let now = ctx.world.conversations.continuation(heard).filter(|it| it != heard);
        match now.filter(|it| self.may_follow(ctx, it)) {
            Some(now) => self.follow(ctx, now),
            None => self.be_done(ctx, Refusal::of(Cause::Normal)),
        }
    }

    /// Whether those who talk now may be heard as well. Whoever joined its own call may not, once its side
    /// of that is gone; and nobody supervises itself.
    fn may_follow(&self, ctx: &Context<'_>, now: &Conversation) -> bool {
        let State::Supervising(supervision) = &self.state else { return false };
        let by = self.principal().unwrap_or_else(|| self.principal_of(self.guest));
        let joined_own = supervision.order.conversation.side_of(by.name()).is_some();
        let order = if joined_own {
            ctx.joining(self.domain, &by, now.clone())
        } else {
            let found = Some((now.clone(), None));
            ctx.supervision(self.domain, Some(&by), found, supervision.order.language)
        };
        order.is_ok()
    }

    /// The call goes on between others, as after a transfer, and the supervisor goes on hearing it.
    fn follow(&mut self, ctx: &mut Context<'_>, conversation: Conversation) {
        let State::Supervising(supervision) = &mut self.state else { return };
        let (worker, mode) = (conversation.worker, supervision.mode);
        supervision.go_on_in(conversation);
        if let Some(media) = self.legs[self.guest].media() {
            self.tell_worker(ctx, MediaCommand::Unbridge { media });
        }
        if let Err(refusal) = self.move_to_worker(ctx, worker) {
            return self.end(ctx, None, refusal);
        }
        self.tap(ctx, TapMode::Listen);
        // Whom it spoke to may have left, or another may speak to those who talk: it is told so.
        if mode != SupervisionMode::Listen && self.supervise_as(ctx, mode, None).is_err() {
            let _ = self.supervise_as(ctx, SupervisionMode::Listen, None);
        }
    }

    fn tap(&self, ctx: &mut Context<'_>, mode: TapMode) {
        let State::Supervising(supervision) = &self.state else { return };
        let of = supervision.order.conversation.medias();
        if let Some(media) = self.legs[self.guest].media() {
            self.tell_worker(ctx, MediaCommand::Tap { media, of, mode });
        }
    }

    fn tell_supervisor(&self, ctx: &mut Context<'_>, words: Words) {
        let State::Supervising(supervision) = &self.state else { return };
        let words = Phrase::Prompt(PROMPTS[words as usize]);
        self.tell_caller(ctx, supervision.order.language, &[words]);
    }

    /// Whether an extension hears a call by this one, or will once it answers.
    pub(crate) fn supervises(&self, domain: DomainId, by: &str, call: CallId) -> bool {
        let is_its = match (&self.summons, &self.state) {
            (_, State::Ending { .. }) => false,
            (Some(Summons::Supervision(it)), _) => it.call == call && self.caller == by,
            (None, State::Supervising(it)) => {
                it.order.conversation.call == call && self.is_extension(self.guest, by)
            }
            (_, _) => false,
        };
        is_its && self.domain == domain
    }
}

impl Supervision {
    /// When [`Call::handle_supervision_timeout`] wants to be called.
    pub(super) fn due(&self) -> Instant {
        self.until.min(self.look_at)
    }

    /// Who is to hear it, if it may speak; the word that it needs for that is taken, or given back.
    fn take(
        &mut self,
        speaker: CallId,
        mode: SupervisionMode,
        whisper_to: Option<&str>,
    ) -> Result<TapMode, SupervisionRefusal> {
        let SupervisionOrder { conversation, side, conversations, .. } = &self.order;
        let side = match whisper_to {
            Some(extension) => {
                let named = conversation.side_of(extension);
                Some(named.ok_or(SupervisionRefusal::NobodyToWhisperTo)?)
            }
            None => *side,
        };
        let tap = match mode {
            SupervisionMode::Listen => TapMode::Listen,
            SupervisionMode::Whisper => {
                let side = side.ok_or(SupervisionRefusal::NobodyToWhisperTo)?;
                conversation.whisper_to(side)
            }
            SupervisionMode::Barge => TapMode::Barge,
        };
        if mode == SupervisionMode::Listen {
            self.word = None;
        } else if self.word.is_none() {
            let word = conversations.take_word(conversation.call, speaker);
            self.word = Some(word.ok_or(SupervisionRefusal::Taken)?);
        }
        self.order.side = side;
        self.mode = mode;
        Ok(tap)
    }

    /// Others talk: whom it meant before it means still, if that one is there.
    fn go_on_in(&mut self, conversation: Conversation) {
        let SupervisionOrder { conversation: before, side, .. } = &mut self.order;
        let meant = side.and_then(|it| before.sides[it].extension.as_deref());
        *side = meant.and_then(|extension| conversation.side_of(extension));
        *before = conversation;
        self.mode = SupervisionMode::Listen;
        self.word = None;
    }
}

impl Supervisor {
    /// When it is seen to next whether anybody talks in the call.
    pub(super) fn look_at(&self) -> Instant {
        self.look_at
    }

    fn change(
        &mut self,
        conversation: &Conversation,
        request: &SupervisionRequest,
    ) -> Result<(), SupervisionRefusal> {
        if let Some(extension) = &request.whisper_to {
            let side = conversation.side_of(extension);
            side.ok_or(SupervisionRefusal::NobodyToWhisperTo)?;
            self.whisper_to = Some(extension.clone());
        }
        if request.mode == SupervisionMode::Whisper && self.whisper_to.is_none() {
            return Err(SupervisionRefusal::NobodyToWhisperTo);
        }
        self.mode = request.mode;
        Ok(())
    }
}

/// To a phone that dials.
impl From<SupervisionRefusal> for Refusal {
    fn from(refusal: SupervisionRefusal) -> Self {
        let (cause, reason) = match refusal {
            SupervisionRefusal::NotAllowed => (Cause::Refused, "Only supervisors may hear calls"),
            SupervisionRefusal::OwnCall => (Cause::Refused, "This is a call of your own"),
            SupervisionRefusal::NotTalking => (Cause::Unavailable, "Nobody talks there"),
            SupervisionRefusal::NobodyToWhisperTo => (Cause::Unavailable, "Nobody to whisper to"),
            SupervisionRefusal::Taken => (Cause::Busy, "Another supervisor speaks there"),
            SupervisionRefusal::NotRung(_) => (Cause::Unavailable, "No phone rings"),
        };
        Self { reason: Some(reason.to_owned()), ..Self::of(cause) }
    }
}

impl From<Refusal> for SupervisionRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::NotRung(refusal.in_words())
    }
}

/// What a supervisor is told, which no other hears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Words {
    Listening,
    Whispering,
    Barging,
    Taken,
}

impl Words {
    fn of(mode: SupervisionMode) -> Self {
        match mode {
            SupervisionMode::Listen => Self::Listening,
            SupervisionMode::Whisper => Self::Whispering,
            SupervisionMode::Barge => Self::Barging,
        }
    }
}

/// Prompts that supervision needs in its language, in the order of [`Words`].
pub(crate) const PROMPTS: [&str; 4] =
    ["supervise-listening", "supervise-whispering", "supervise-barging", "supervise-taken"];

/// Nobody hears the supervisor; so it begins. The three keys are those of Asterisk's `ChanSpy`.
const LISTEN: char = '4';
/// The one whose number was dialled does.
const WHISPER: char = '5';
/// Both do.
const BARGE: char = '6';
