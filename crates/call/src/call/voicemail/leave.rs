//! Leaving a message.
//!
//! ```text
//! Greeting ─▶ Tone ─▶ Speaking ─▶ Reviewing ─ 1 ─▶ Delivering ─▶ told that it is kept
//!              ▲          │ too short  │  ▲
//!              ├─ Retrying ◀           │  └── 2: Fetching ─▶ Listening
//!              └───────────────── 3 ───┘
//! ```

use super::{REPLY_TIMEOUT, Stage, VoicemailAnswer, VoicemailOrder, Words};
use crate::{
    call::{Call, State},
    context::Context,
    failure::Cause,
    speech::Phrase,
};
use base::RecordingId;
use media::{
    MediaCommand, RecordedSource,
    detection::Wanted,
    recording::{Label, Purpose},
    sound::Sound,
};
use std::time::{Duration, Instant};

/// How far a caller is with its message.
#[derive(Debug)]
pub(super) struct Leaving {
    step: Step,
    /// How often the caller has begun to speak.
    takes: u8,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// It hears for whom the message is.
    Greeting,
    /// It hears that it said too little.
    Retrying,
    /// It hears the tone after which it may speak.
    Tone,
    /// It speaks.
    Speaking { message: RecordingId, since: Instant },
    /// It hears what it can do with the message, and does one of these.
    Reviewing { message: RecordingId, asked: u8 },
    /// The keeper is asked for the message.
    Fetching { message: RecordingId },
    /// It hears what it said.
    Listening { message: RecordingId },
    /// The keeper delivers the message.
    Delivering { message: RecordingId },
}

impl Call {
    pub(super) fn greet_for_message(&mut self, ctx: &mut Context<'_>) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let number = voicemail.visit.mailbox.number.clone();
        let greeting = [
            Phrase::Prompt(Words::LeaveFor.prompt()),
            Phrase::Digits(&number),
            Phrase::Prompt(Words::AfterTone.prompt()),
        ];
        let stage = Stage::Leaving(Leaving { step: Step::Greeting, takes: 0 });
        self.say_and(ctx, stage, &greeting);
    }

    pub(super) fn handle_leaving_key(&mut self, ctx: &mut Context<'_>, key: char) {
        match (self.leaving_step(), key) {
            (Some(Step::Greeting | Step::Retrying), '#') => self.give_tone(ctx),
            (Some(Step::Speaking { .. }), '#') => self.stop_speaking(ctx, Duration::ZERO),
            (Some(Step::Reviewing { message, .. } | Step::Listening { message }), '1' | '#') => {
                self.deliver(ctx, message);
            }
            (Some(Step::Reviewing { message, .. } | Step::Listening { message }), '2') => {
                self.step_waiting(ctx, Step::Fetching { message }, REPLY_TIMEOUT);
                self.order_voicemail(ctx, VoicemailOrder::FetchDraft(message));
            }
            (Some(Step::Reviewing { message, .. } | Step::Listening { message }), '3') => {
                self.order_voicemail(ctx, VoicemailOrder::Discard(message));
                self.give_tone(ctx);
            }
            (_, _) => {}
        }
    }

    pub(super) fn handle_leaving_said(&mut self, ctx: &mut Context<'_>) {
        match self.leaving_step() {
            Some(Step::Greeting | Step::Retrying) => self.give_tone(ctx),
            Some(Step::Tone) => self.start_speaking(ctx),
            Some(Step::Reviewing { .. }) => self.listen(ctx, REVIEW_TIMEOUT),
            Some(Step::Listening { message }) => self.review(ctx, message, 1),
            Some(Step::Speaking { .. } | Step::Fetching { .. } | Step::Delivering { .. })
            | None => {}
        }
    }

    pub(super) fn handle_leaving_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.leaving_step() {
            Some(Step::Speaking { .. }) => self.stop_speaking(ctx, Duration::ZERO),
            Some(Step::Reviewing { message, asked }) if asked < REVIEWS_MAX => {
                self.review(ctx, message, asked + 1);
            }
            // Whoever says nothing wants it kept.
            Some(Step::Reviewing { message, .. }) => self.deliver(ctx, message),
            Some(Step::Fetching { message }) => self.review(ctx, message, 1),
            Some(Step::Delivering { .. }) => self.see_off(ctx, Words::NotKept, Cause::Internal),
            Some(Step::Greeting | Step::Retrying | Step::Tone | Step::Listening { .. }) | None => {}
        }
    }

    /// The caller has been silent for so long.
    pub(super) fn handle_leaving_silence(&mut self, ctx: &mut Context<'_>, lasted: Duration) {
        if let Some(Step::Speaking { .. }) = self.leaving_step() {
            self.stop_speaking(ctx, lasted);
        }
    }

    pub(super) fn handle_leaving_answer(&mut self, ctx: &mut Context<'_>, answer: VoicemailAnswer) {
        match (self.leaving_step(), answer) {
            (Some(Step::Fetching { message }), VoicemailAnswer::Fetched(which, sound))
                if which == message =>
            {
                match sound {
                    Some(sound) => self.step_playing(ctx, Step::Listening { message }, sound),
                    None => self.review(ctx, message, 1),
                }
            }
            (Some(Step::Fetching { message }), VoicemailAnswer::Unavailable) => {
                self.review(ctx, message, 1);
            }
            (Some(Step::Delivering { message }), VoicemailAnswer::Kept(which))
                if which == message =>
            {
                self.see_off(ctx, Words::Kept, Cause::Normal);
            }
            (Some(Step::Delivering { message }), VoicemailAnswer::NotKept(which))
                if which == message =>
            {
                self.see_off(ctx, Words::NotKept, Cause::Internal);
            }
            (Some(Step::Delivering { .. }), VoicemailAnswer::Unavailable) => {
                self.see_off(ctx, Words::NotKept, Cause::Internal);
            }
            (_, _) => {}
        }
    }

    /// The call ends: what its caller has said and not judged is delivered, unless it is too short.
    pub(in crate::call) fn leave_message_behind(&self, ctx: &mut Context<'_>) {
        match self.leaving_step() {
            Some(Step::Speaking { message, since }) => {
                let length = ctx.now.instant.duration_since(since);
                let is_long_enough = length >= ctx.settings.message_min;
                let order = if is_long_enough {
                    VoicemailOrder::Deliver(message)
                } else {
                    VoicemailOrder::Discard(message)
                };
                self.order_voicemail(ctx, order);
            }
            Some(
                Step::Reviewing { message, .. }
                | Step::Fetching { message }
                | Step::Listening { message },
            ) => self.order_voicemail(ctx, VoicemailOrder::Deliver(message)),
            Some(Step::Greeting | Step::Retrying | Step::Tone | Step::Delivering { .. }) | None => {
            }
        }
    }

    fn give_tone(&mut self, ctx: &mut Context<'_>) {
        let Some(leaving) = self.leaving() else { return };
        if leaving.takes == TAKES_MAX {
            return self.see_off(ctx, Words::Goodbye, Cause::Normal);
        }
        leaving.takes += 1;
        self.step_playing(ctx, Step::Tone, Sound::beep());
    }

    fn start_speaking(&mut self, ctx: &mut Context<'_>) {
        let Some(media) = self.legs[self.guest].media() else { return };
        let State::Voicemail(voicemail) = &self.state else { return };
        let mailbox = &voicemail.visit.mailbox;
        let message = RecordingId::new(ctx.now.unix, ctx.rng);
        let purpose =
            Purpose::Message { mailbox: mailbox.extension, caller_name: self.caller_name.clone() };
        let label = Box::new(Label {
            call: self.id,
            domain: mailbox.domain,
            started: ctx.now.unix,
            parties: [self.legs[self.guest].view().number().to_owned(), mailbox.number.clone()],
            purpose,
        });
        let (since, longest) = (ctx.now.instant, ctx.settings.message_max);
        self.step_waiting(ctx, Step::Speaking { message, since }, longest);
        let sources = [RecordedSource::Received(media), RecordedSource::Sent(media)];
        let (recording, has_tone) = (message, false);
        self.tell_worker(ctx, MediaCommand::Record { recording, label, sources, has_tone });
        let wanted = Wanted { silence: Some(PAUSE_MAX), ..Wanted::default() };
        self.tell_worker(ctx, MediaCommand::Detect { media, wanted });
    }

    /// The caller has said all; of what was recorded, `silence` at the end is none of it.
    fn stop_speaking(&mut self, ctx: &mut Context<'_>, silence: Duration) {
        let (Some(Step::Speaking { message, since }), Some(media)) =
            (self.leaving_step(), self.legs[self.guest].media())
        else {
            return;
        };
        self.tell_worker(ctx, MediaCommand::StopRecording { recording: message });
        self.tell_worker(ctx, MediaCommand::Detect { media, wanted: Wanted::default() });
        let length = ctx.now.instant.duration_since(since).saturating_sub(silence);
        if length >= ctx.settings.message_min {
            return self.review(ctx, message, 1);
        }
        self.order_voicemail(ctx, VoicemailOrder::Discard(message));
        self.step_saying(ctx, Step::Retrying, Words::TooShort);
    }

    fn review(&mut self, ctx: &mut Context<'_>, message: RecordingId, asked: u8) {
        self.step_saying(ctx, Step::Reviewing { message, asked }, Words::Review);
    }

    fn deliver(&mut self, ctx: &mut Context<'_>, message: RecordingId) {
        self.step_waiting(ctx, Step::Delivering { message }, REPLY_TIMEOUT);
        self.order_voicemail(ctx, VoicemailOrder::Deliver(message));
    }

    fn step_saying(&mut self, ctx: &mut Context<'_>, step: Step, words: Words) {
        let Some(takes) = self.leaving().map(|it| it.takes) else { return };
        let stage = Stage::Leaving(Leaving { step, takes });
        self.say_and(ctx, stage, &[Phrase::Prompt(words.prompt())]);
    }

    fn step_playing(&mut self, ctx: &mut Context<'_>, step: Step, sound: Sound) {
        let Some(takes) = self.leaving().map(|it| it.takes) else { return };
        self.play_and(ctx, Stage::Leaving(Leaving { step, takes }), sound);
    }

    fn step_waiting(&mut self, ctx: &mut Context<'_>, step: Step, limit: Duration) {
        let Some(takes) = self.leaving().map(|it| it.takes) else { return };
        self.wait_and(ctx, Stage::Leaving(Leaving { step, takes }), limit);
    }

    fn leaving(&mut self) -> Option<&mut Leaving> {
        let State::Voicemail(voicemail) = &mut self.state else { return None };
        match &mut voicemail.stage {
            Stage::Leaving(leaving) => Some(leaving),
            Stage::Opening | Stage::Door(_) | Stage::Menu(_) | Stage::SentAway { .. } => None,
        }
    }

    fn leaving_step(&self) -> Option<Step> {
        let State::Voicemail(voicemail) = &self.state else { return None };
        match &voicemail.stage {
            Stage::Leaving(leaving) => Some(leaving.step),
            Stage::Opening | Stage::Door(_) | Stage::Menu(_) | Stage::SentAway { .. } => None,
        }
    }
}

/// A silence that ends a message.
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// How long a caller may take to decide what becomes of its message, once it was asked.
const REVIEW_TIMEOUT: Duration = Duration::from_secs(8);
/// How often it is asked.
const REVIEWS_MAX: u8 = 2;
/// How often it may begin to speak in one call.
const TAKES_MAX: u8 = 5;
