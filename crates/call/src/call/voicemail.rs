//! A caller with a mailbox: it leaves a message there, or hears those in its own.
//!
//! ```text
//!                    what is in it       leaves a message
//! answered ─▶ Opening ──────────▶ Leaving ─────────────────┐ is told that it is kept
//!                │                                         ▼
//!                │ has a PIN         right          hears its messages
//!                ├────────────▶ Door ─────▶ Menu ──▶ SentAway ──▶ (end)
//!                │ none                      ▲         ▲
//!                └───────────────────────────┘         │ full, wrong PINs, the keeper fails
//! ```
//!
//! Whatever the caller has said when it hangs up is delivered, unless it is too short. The keeper of
//! mailboxes is the shell's: see [`crate::voicemail`].

mod leave;
mod menu;

use super::{Call, State};
use crate::{
    context::Context,
    failure::{Cause, Refusal},
    output::Output,
    speech::{Language, Phrase},
    voicemail::{
        EnteredPin, Mailbox, MessageView, OpenedMailbox, VoicemailAnswer, VoicemailOrder,
        VoicemailRequest,
    },
};
use leave::Leaving;
use media::{Playout, detection::Detected, dtmf::Digit, sound::Sound};
use menu::{Door, Menu};
use std::time::{Duration, Instant};

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
    /// To leave a message.
    Leave,
    /// To hear what is there.
    Hear,
}

/// A caller with a mailbox.
#[derive(Debug)]
pub(super) struct Voicemail {
    visit: MailboxVisit,
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
    /// The caller leaves a message.
    Leaving(Leaving),
    /// The caller is asked for the PIN.
    Door(Door),
    /// The caller hears its messages.
    Menu(Menu),
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
        match voicemail.stage {
            Stage::Leaving(_) => self.handle_leaving_key(ctx, digit.as_char()),
            Stage::Door(_) => self.handle_door_key(ctx, digit.as_char()),
            Stage::Menu(_) => self.handle_menu_key(ctx, digit.as_char()),
            Stage::Opening | Stage::SentAway { .. } => {}
        }
    }

    /// What was said to the caller is over.
    pub(super) fn handle_voicemail_said(&mut self, ctx: &mut Context<'_>) {
        let State::Voicemail(voicemail) = &self.state else { return };
        match voicemail.stage {
            Stage::Leaving(_) => self.handle_leaving_said(ctx),
            Stage::Door(_) => self.listen(ctx, FIRST_KEY_TIMEOUT),
            Stage::Menu(_) => self.handle_menu_said(ctx),
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
            Stage::Leaving(_) => self.handle_leaving_timeout(ctx),
            Stage::Door(_) => self.handle_door_timeout(ctx),
            Stage::Menu(_) => self.handle_menu_timeout(ctx),
            Stage::SentAway { cause } => self.be_done(ctx, Refusal::of(cause)),
        }
    }

    /// Something was heard of the caller that a stage asked to know.
    pub(crate) fn handle_detected(&mut self, ctx: &mut Context<'_>, what: Detected) {
        match what {
            Detected::Silence { lasted } => self.handle_leaving_silence(ctx, lasted),
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
            (Stage::Leaving(_), answer) => self.handle_leaving_answer(ctx, answer),
            (Stage::Door(_), answer) => self.handle_door_answer(ctx, answer),
            (Stage::Menu(_), answer) => self.handle_menu_answer(ctx, answer),
            (Stage::Opening | Stage::SentAway { .. }, _) => {}
        }
    }

    fn enter_mailbox(&mut self, ctx: &mut Context<'_>, opened: OpenedMailbox) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let OpenedMailbox { has_pin, has_room, messages } = opened;
        match voicemail.visit.purpose {
            VisitPurpose::Leave if has_room => self.greet_for_message(ctx),
            VisitPurpose::Leave => self.see_off(ctx, Words::Full, Cause::Refused),
            VisitPurpose::Hear if has_pin => self.ask_mailbox_pin(ctx, messages),
            VisitPurpose::Hear => self.open_menu(ctx, messages),
        }
    }

    /// Says why that was all, and ends the call then.
    fn see_off(&mut self, ctx: &mut Context<'_>, words: Words, cause: Cause) {
        self.say_and(ctx, Stage::SentAway { cause }, &[Phrase::Prompt(words.prompt())]);
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

    /// Says nothing, and gives the stage so much time.
    fn listen(&mut self, ctx: &mut Context<'_>, limit: Duration) {
        let State::Voicemail(voicemail) = &mut self.state else { return };
        voicemail.due = ctx.now.instant + limit;
        // A far end that hears nothing at all would take us for dead.
        self.legs[self.guest].play(ctx, Playout::Silence);
    }

    fn order_voicemail(&self, ctx: &mut Context<'_>, order: VoicemailOrder) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let (shard, mailbox) = (ctx.settings.shard, voicemail.visit.mailbox.clone());
        let request = VoicemailRequest { shard, call: self.id, mailbox, order };
        ctx.outputs.push_back(Output::Voicemail(Box::new(request)));
    }
}

impl Voicemail {
    /// When [`Call::handle_voicemail_timeout`] wants to be called.
    pub(super) fn due(&self) -> Instant {
        self.due.min(self.until)
    }
}

/// What is said to a caller with a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Words {
    LeaveFor,
    AfterTone,
    TooShort,
    Review,
    Kept,
    NotKept,
    Full,
    Pin,
    WrongPin,
    Refused,
    LockedOut,
    YouHave,
    NoMessages,
    Menu,
    From,
    AfterMessage,
    NoMore,
    Saved,
    Deleted,
    Gone,
    Unavailable,
    Goodbye,
}

impl Words {
    /// Name of the prompt, one of [`PROMPTS`].
    fn prompt(self) -> &'static str {
        PROMPTS[self as usize]
    }
}

/// Prompts that voicemail needs in its language, in the order of [`Words`].
pub(crate) const PROMPTS: [&str; 22] = [
    "voicemail-leave-for",
    "voicemail-after-tone",
    "voicemail-too-short",
    "voicemail-review",
    "voicemail-kept",
    "voicemail-not-kept",
    "voicemail-full",
    "voicemail-pin",
    "voicemail-wrong-pin",
    "voicemail-refused",
    "voicemail-locked-out",
    "voicemail-you-have",
    "voicemail-no-messages",
    "voicemail-menu",
    "voicemail-from",
    "voicemail-after-message",
    "voicemail-no-more",
    "voicemail-saved",
    "voicemail-deleted",
    "voicemail-gone",
    "voicemail-unavailable",
    "voicemail-goodbye",
];

/// How long the keeper may take to answer.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller may take to begin with the PIN, once it was asked.
const FIRST_KEY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take for the next key.
const NEXT_KEY_TIMEOUT: Duration = Duration::from_secs(5);
