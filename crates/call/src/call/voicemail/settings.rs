//! What the owner of a mailbox sets in it: greetings, its name, its PIN.
//!
//! Keys: 1, 2, 3 the greeting of one who does not answer, of one who is busy, and the temporary one; 4
//! the name; 5 the PIN; `*` goes back to the messages. With a greeting: 1 records it, 2 plays it, 3
//! deletes it, `*` goes back.

use super::{ASKED_MAX, CHOICE_TIMEOUT, Stage, VoicemailAnswer, VoicemailOrder, Words};
use crate::{call::Call, context::Context, failure::Cause, voicemail::Greeting};

/// How far the owner is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// It is told what it can change, and does it.
    Choosing {
        /// How often it was told without doing anything.
        asked: u8,
    },
    /// It is told what it can do with a greeting, and does it.
    Greeting {
        /// Which.
        which: Greeting,
        /// As in [`Self::Choosing`].
        asked: u8,
    },
    /// The keeper is asked for a greeting.
    Fetching(Greeting),
    /// It hears a greeting.
    Hearing(Greeting),
    /// The keeper deletes a greeting.
    Deleting(Greeting),
    /// It hears what became of its wish, and is asked for the next one: about this greeting, if any.
    Told(Option<Greeting>),
}

impl Step {
    /// It hears what became of its wish; all of it can be changed then.
    pub(super) const TOLD: Self = Self::Told(None);
}

impl Call {
    pub(super) fn open_settings(&mut self, ctx: &mut Context<'_>) {
        self.choose_setting(ctx, 1);
    }

    pub(super) fn handle_settings_key(&mut self, ctx: &mut Context<'_>, key: char) {
        match (self.settings_step(), key) {
            (Some(Step::Choosing { .. } | Step::Told(None)), '1'..='4') => {
                let which = match key {
                    '1' => Greeting::Unavailable,
                    '2' => Greeting::Busy,
                    '3' => Greeting::Temporary,
                    _ => Greeting::Name,
                };
                self.choose_about(ctx, which, 1);
            }
            (Some(Step::Choosing { .. } | Step::Told(None)), '5') => self.ask_new_pin(ctx),
            (Some(Step::Choosing { .. } | Step::Told(None)), '*') => self.open_menu(ctx),
            (Some(step), '1'..='3' | '*') => {
                if let Some(which) = step.is_about() {
                    self.handle_greeting_key(ctx, which, key);
                }
            }
            (_, _) => {}
        }
    }

    pub(super) fn handle_settings_said(&mut self, ctx: &mut Context<'_>) {
        match self.settings_step() {
            Some(Step::Choosing { .. } | Step::Greeting { .. }) => self.listen(ctx, CHOICE_TIMEOUT),
            Some(Step::Hearing(which) | Step::Told(Some(which))) => {
                self.choose_about(ctx, which, 1);
            }
            Some(Step::Told(None)) => self.choose_setting(ctx, 1),
            Some(Step::Fetching(_) | Step::Deleting(_)) | None => {}
        }
    }

    pub(super) fn handle_settings_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.settings_step() {
            Some(Step::Choosing { asked }) if asked < ASKED_MAX => {
                self.choose_setting(ctx, asked + 1);
            }
            Some(Step::Greeting { which, asked }) if asked < ASKED_MAX => {
                self.choose_about(ctx, which, asked + 1);
            }
            Some(Step::Choosing { .. } | Step::Greeting { .. }) => {
                self.see_off(ctx, Words::Goodbye, Cause::Normal);
            }
            Some(Step::Fetching(_) | Step::Deleting(_)) => {
                self.see_off(ctx, Words::Unavailable, Cause::Internal);
            }
            Some(Step::Hearing(_) | Step::Told(_)) | None => {}
        }
    }

    pub(super) fn handle_settings_answer(
        &mut self,
        ctx: &mut Context<'_>,
        answer: VoicemailAnswer,
    ) {
        match (self.settings_step(), answer) {
            (Some(Step::Fetching(which)), VoicemailAnswer::Greeting(of, sound)) if of == which => {
                match sound {
                    Some(sound) => {
                        self.play_and(ctx, Stage::Settings(Step::Hearing(which)), sound);
                    }
                    None => self.tell_about(ctx, which, Words::NoGreeting),
                }
            }
            (Some(Step::Deleting(which)), VoicemailAnswer::GreetingDeleted(of)) if of == which => {
                if let Some(voicemail) = self.voicemail() {
                    voicemail.opened.greetings.retain(|it| *it != which);
                }
                self.tell_about(ctx, which, Words::GreetingDeleted);
            }
            (Some(Step::Fetching(_) | Step::Deleting(_)), VoicemailAnswer::Unavailable) => {
                self.see_off(ctx, Words::Unavailable, Cause::Internal);
            }
            (_, _) => {}
        }
    }

    fn handle_greeting_key(&mut self, ctx: &mut Context<'_>, which: Greeting, key: char) {
        let Some(voicemail) = self.voicemail() else { return };
        let is_there = voicemail.opened.greetings.contains(&which);
        match key {
            '1' => self.take_greeting(ctx, which),
            '2' | '3' if !is_there => self.tell_about(ctx, which, Words::NoGreeting),
            '2' => {
                let stage = Stage::Settings(Step::Fetching(which));
                self.order_and(ctx, stage, VoicemailOrder::FetchGreeting(which));
            }
            '3' => {
                let stage = Stage::Settings(Step::Deleting(which));
                self.order_and(ctx, stage, VoicemailOrder::DeleteGreeting(which));
            }
            _ => self.open_settings(ctx),
        }
    }

    fn choose_setting(&mut self, ctx: &mut Context<'_>, asked: u8) {
        self.tell_and(ctx, Stage::Settings(Step::Choosing { asked }), Words::Settings);
    }

    fn choose_about(&mut self, ctx: &mut Context<'_>, which: Greeting, asked: u8) {
        self.tell_and(ctx, Stage::Settings(Step::Greeting { which, asked }), Words::Greeting);
    }

    fn tell_about(&mut self, ctx: &mut Context<'_>, which: Greeting, words: Words) {
        self.tell_and(ctx, Stage::Settings(Step::Told(Some(which))), words);
    }

    fn settings_step(&mut self) -> Option<Step> {
        match &self.voicemail()?.stage {
            Stage::Settings(step) => Some(*step),
            Stage::Opening
            | Stage::Welcoming(_)
            | Stage::Taking(_)
            | Stage::Entering(_)
            | Stage::Menu(_)
            | Stage::SentAway { .. } => None,
        }
    }
}

impl Step {
    /// The greeting that keys are about.
    fn is_about(self) -> Option<Greeting> {
        match self {
            Self::Greeting { which, .. } | Self::Hearing(which) => Some(which),
            Self::Told(about) => about,
            Self::Choosing { .. } | Self::Fetching(_) | Self::Deleting(_) => None,
        }
    }
}
