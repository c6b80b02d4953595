//! Saying something that is kept: a message for somebody, or a greeting of one's own.
//!
//! ```text
//! Asking ─▶ Tone ─▶ Speaking ─▶ Reviewing ─ 1 ─▶ Keeping ─▶ told that it is kept
//!            ▲          │ too short  │  ▲
//!            ├─ Asking ◀┘            │  └── 2: Fetching ─▶ Listening
//!            └───────────────── 3 ───┘
//! ```

use super::{REPLY_TIMEOUT, Stage, VoicemailAnswer, VoicemailOrder, Words, settings};
use crate::{
    call::{Call, State},
    context::Context,
    failure::Cause,
    speech::Phrase,
    voicemail::Greeting,
};
use base::RecordingId;
use media::{
    MediaCommand, RecordedSource,
    detection::Wanted,
    recording::{Label, Purpose},
    sound::Sound,
};
use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

/// How far a caller is with what it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Take {
    what: Said,
    step: Step,
    /// How often the caller has begun to speak.
    takes: u8,
}

/// What a caller says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Said {
    /// A message for the owner of the mailbox.
    Message,
    /// What the owner's callers are to hear.
    Greeting(Greeting),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// It hears what it is to say, or that it said too little.
    Asking,
    /// It hears the tone after which it may speak.
    Tone,
    /// It speaks.
    Speaking { recording: RecordingId, since: Instant },
    /// It hears what it can do with what it said, and does one of these.
    Reviewing { recording: RecordingId, asked: u8 },
    /// The keeper is asked for what was said.
    Fetching { recording: RecordingId },
    /// It hears what it said.
    Listening { recording: RecordingId },
    /// The keeper keeps it.
    Keeping { recording: RecordingId },
}

impl Call {
    /// Lets the caller, who has heard for whom it is, say a message.
    pub(super) fn take_message(&mut self, ctx: &mut Context<'_>) {
        let take = Take { what: Said::Message, step: Step::Asking, takes: 0 };
        self.give_tone(ctx, take);
    }

    /// Lets the owner of the mailbox say a greeting.
    pub(super) fn take_greeting(&mut self, ctx: &mut Context<'_>, greeting: Greeting) {
        let take = Take { what: Said::Greeting(greeting), step: Step::Asking, takes: 0 };
        self.tell_and(ctx, Stage::Taking(take), Words::SayGreeting);
    }

    pub(super) fn handle_take_key(&mut self, ctx: &mut Context<'_>, key: char) {
        let Some(take) = self.take() else { return };
        match (take.step, key) {
            (Step::Asking, '#') => self.give_tone(ctx, take),
            (Step::Speaking { .. }, '#') => self.stop_speaking(ctx, Duration::ZERO),
            (Step::Reviewing { recording, .. } | Step::Listening { recording }, '1' | '#') => {
                self.keep(ctx, take, recording);
            }
            (Step::Reviewing { recording, .. } | Step::Listening { recording }, '2') => {
                let step = Step::Fetching { recording };
                self.order_and(ctx, take.at(step), VoicemailOrder::FetchDraft(recording));
            }
            (Step::Reviewing { recording, .. } | Step::Listening { recording }, '3') => {
                self.order_voicemail(ctx, VoicemailOrder::Discard(recording));
                self.give_tone(ctx, take);
            }
            (Step::Reviewing { recording, .. } | Step::Listening { recording }, '*') => {
                self.cancel(ctx, take, recording);
            }
            (_, _) => {}
        }
    }

    pub(super) fn handle_take_said(&mut self, ctx: &mut Context<'_>) {
        let Some(take) = self.take() else { return };
        match take.step {
            Step::Asking => self.give_tone(ctx, take),
            Step::Tone => self.start_speaking(ctx, take),
            Step::Reviewing { .. } => self.listen(ctx, REVIEW_TIMEOUT),
            Step::Listening { recording } => self.review(ctx, take, recording, 1),
            Step::Speaking { .. } | Step::Fetching { .. } | Step::Keeping { .. } => {}
        }
    }

    pub(super) fn handle_take_timeout(&mut self, ctx: &mut Context<'_>) {
        let Some(take) = self.take() else { return };
        match take.step {
            Step::Speaking { recording, .. } => {
                self.stop_recording(ctx, recording);
                self.review_after_limit(ctx, take, recording);
            }
            Step::Reviewing { recording, asked } if asked < REVIEWS_MAX => {
                self.review(ctx, take, recording, asked + 1);
            }
            Step::Reviewing { recording, .. } => match take.what {
                // Whoever says nothing wants its message kept.
                Said::Message => self.keep(ctx, take, recording),
                Said::Greeting(_) => self.cancel(ctx, take, recording),
            },
            Step::Fetching { recording } => self.review(ctx, take, recording, 1),
            Step::Keeping { .. } => self.see_off(ctx, Words::NotKept, Cause::Internal),
            Step::Asking | Step::Tone | Step::Listening { .. } => {}
        }
    }

    /// The caller has been silent for so long.
    pub(super) fn handle_take_silence(&mut self, ctx: &mut Context<'_>, lasted: Duration) {
        if let Some(Take { step: Step::Speaking { .. }, .. }) = self.take() {
            self.stop_speaking(ctx, lasted);
        }
    }

    pub(super) fn handle_take_answer(&mut self, ctx: &mut Context<'_>, answer: VoicemailAnswer) {
        let Some(take) = self.take() else { return };
        match (take.step, answer) {
            (Step::Fetching { recording }, VoicemailAnswer::Fetched(which, Some(sound)))
                if which == recording =>
            {
                self.play_and(ctx, take.at(Step::Listening { recording }), sound);
            }
            (Step::Fetching { recording }, VoicemailAnswer::Fetched(which, None))
                if which == recording =>
            {
                self.review(ctx, take, recording, 1);
            }
            (Step::Fetching { recording }, VoicemailAnswer::Unavailable) => {
                self.review(ctx, take, recording, 1);
            }
            (Step::Keeping { recording }, VoicemailAnswer::Kept(which)) if which == recording => {
                self.tell_kept(ctx, take.what);
            }
            (Step::Keeping { recording }, VoicemailAnswer::NotKept(which))
                if which == recording =>
            {
                self.see_off(ctx, Words::NotKept, Cause::Internal);
            }
            (Step::Keeping { .. }, VoicemailAnswer::Unavailable) => {
                self.see_off(ctx, Words::NotKept, Cause::Internal);
            }
            (_, _) => {}
        }
    }

    /// The caller leaves: a message that it has said and not judged is delivered, unless it is too
    /// short; a greeting is forgotten.
    pub(super) fn leave_take_behind(&self, ctx: &mut Context<'_>) {
        let Some(Take { what, step, .. }) = self.take() else { return };
        let (recording, is_message) = match step {
            Step::Speaking { recording, since } => {
                let length = ctx.now.instant.duration_since(since);
                (recording, length >= *what.length(ctx).start())
            }
            Step::Reviewing { recording, .. }
            | Step::Fetching { recording }
            | Step::Listening { recording } => (recording, true),
            Step::Asking | Step::Tone | Step::Keeping { .. } => return,
        };
        let order = match what {
            Said::Message if is_message => VoicemailOrder::Deliver(recording),
            Said::Message | Said::Greeting(_) => VoicemailOrder::Discard(recording),
        };
        self.order_voicemail(ctx, order);
    }

    fn give_tone(&mut self, ctx: &mut Context<'_>, take: Take) {
        if take.takes == TAKES_MAX {
            return match take.what {
                Said::Message => self.see_off(ctx, Words::Goodbye, Cause::Normal),
                Said::Greeting(_) => self.open_settings(ctx),
            };
        }
        let take = Take { takes: take.takes + 1, ..take };
        self.play_and(ctx, take.at(Step::Tone), Sound::beep());
    }

    fn start_speaking(&mut self, ctx: &mut Context<'_>, take: Take) {
        let Some(media) = self.legs[self.guest].media() else { return };
        let State::Voicemail(voicemail) = &self.state else { return };
        let mailbox = voicemail.visit.mailbox.clone();
        let recording = RecordingId::new(ctx.now.unix, ctx.rng);
        let caller_name = self.caller_name.clone();
        let purpose = match take.what {
            Said::Message => Purpose::Message { mailbox: mailbox.extension, caller_name },
            Said::Greeting(_) => Purpose::Greeting { mailbox: mailbox.extension },
        };
        let label = Box::new(Label {
            call: self.id,
            domain: mailbox.domain,
            started: ctx.now.unix,
            parties: [self.legs[self.guest].view().number().to_owned(), mailbox.number],
            purpose,
        });
        let State::Voicemail(voicemail) = &self.state else { return };
        let room = match take.what {
            Said::Message => voicemail.opened.room,
            Said::Greeting(_) => Duration::MAX,
        };
        let (since, longest) = (ctx.now.instant, room.min(*take.what.length(ctx).end()));
        self.wait_and(ctx, take.at(Step::Speaking { recording, since }), longest);
        let sources = [RecordedSource::Received(media), RecordedSource::Sent(media)];
        let has_tone = false;
        self.tell_worker(ctx, MediaCommand::Record { recording, label, sources, has_tone });
        let wanted = Wanted { silence: Some(PAUSE_MAX), ..Wanted::default() };
        self.tell_worker(ctx, MediaCommand::Detect { media, wanted });
    }

    /// The caller has said all; of what was recorded, `silence` at the end is none of it.
    fn stop_speaking(&mut self, ctx: &mut Context<'_>, silence: Duration) {
        let Some(take) = self.take() else { return };
        let Step::Speaking { recording, since } = take.step else { return };
        self.stop_recording(ctx, recording);
        let length = ctx.now.instant.duration_since(since).saturating_sub(silence);
        if length >= *take.what.length(ctx).start() {
            return self.review(ctx, take, recording, 1);
        }
        self.order_voicemail(ctx, VoicemailOrder::Discard(recording));
        self.tell_and(ctx, take.at(Step::Asking), Words::TooShort);
    }

    fn stop_recording(&mut self, ctx: &mut Context<'_>, recording: RecordingId) {
        let Some(media) = self.legs[self.guest].media() else { return };
        self.tell_worker(ctx, MediaCommand::StopRecording { recording });
        self.tell_worker(ctx, MediaCommand::Detect { media, wanted: Wanted::default() });
    }

    fn review(&mut self, ctx: &mut Context<'_>, take: Take, recording: RecordingId, asked: u8) {
        let stage = take.at(Step::Reviewing { recording, asked });
        self.tell_and(ctx, stage, take.what.review());
    }

    /// The same for one who may say no more.
    fn review_after_limit(&mut self, ctx: &mut Context<'_>, take: Take, recording: RecordingId) {
        let words = [Words::TimeIsOver, take.what.review()].map(|it| Phrase::Prompt(it.prompt()));
        self.say_and(ctx, take.at(Step::Reviewing { recording, asked: 1 }), &words);
    }

    fn keep(&mut self, ctx: &mut Context<'_>, take: Take, recording: RecordingId) {
        let order = match take.what {
            Said::Message => VoicemailOrder::Deliver(recording),
            Said::Greeting(greeting) => VoicemailOrder::KeepGreeting(recording, greeting),
        };
        self.wait_and(ctx, take.at(Step::Keeping { recording }), REPLY_TIMEOUT);
        self.order_voicemail(ctx, order);
    }

    fn tell_kept(&mut self, ctx: &mut Context<'_>, what: Said) {
        match what {
            Said::Message => self.see_off(ctx, Words::Kept, Cause::Normal),
            Said::Greeting(greeting) => {
                if let Some(voicemail) = self.voicemail()
                    && !voicemail.opened.greetings.contains(&greeting)
                {
                    voicemail.opened.greetings.push(greeting);
                }
                self.tell_and(ctx, Stage::Settings(settings::Step::TOLD), Words::GreetingKept);
            }
        }
    }

    /// The owner does not want its greeting after all. A message is sent, or recorded again.
    fn cancel(&mut self, ctx: &mut Context<'_>, take: Take, recording: RecordingId) {
        match take.what {
            Said::Message => {}
            Said::Greeting(_) => {
                self.order_voicemail(ctx, VoicemailOrder::Discard(recording));
                self.open_settings(ctx);
            }
        }
    }

    fn take(&self) -> Option<Take> {
        let State::Voicemail(voicemail) = &self.state else { return None };
        match &voicemail.stage {
            Stage::Taking(take) => Some(*take),
            Stage::Opening
            | Stage::Welcoming(_)
            | Stage::Entering(_)
            | Stage::Menu(_)
            | Stage::Settings(_)
            | Stage::SentAway { .. } => None,
        }
    }
}

impl Take {
    /// The same at another step.
    fn at(self, step: Step) -> Stage {
        Stage::Taking(Self { step, ..self })
    }
}

impl Said {
    /// What can be done with it.
    fn review(self) -> Words {
        match self {
            Self::Message => Words::Review,
            Self::Greeting(_) => Words::ReviewGreeting,
        }
    }

    /// How long it may be.
    fn length(self, ctx: &Context<'_>) -> RangeInclusive<Duration> {
        match self {
            Self::Message => ctx.settings.message_min..=ctx.settings.message_max,
            Self::Greeting(Greeting::Name) => NAME_MIN..=NAME_MAX,
            Self::Greeting(Greeting::Unavailable | Greeting::Busy | Greeting::Temporary) => {
                GREETING_MIN..=GREETING_MAX
            }
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
/// The shortest greeting.
const GREETING_MIN: Duration = Duration::from_secs(1);
/// The longest: who calls did not call to hear it.
const GREETING_MAX: Duration = Duration::from_secs(60);
/// The shortest name.
const NAME_MIN: Duration = Duration::from_millis(300);
/// The longest.
const NAME_MAX: Duration = Duration::from_secs(8);
