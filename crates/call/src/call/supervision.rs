//! A supervisor in somebody else's conversation, who hears both and speaks to nobody, one, or both.
//!
//! What is heard where is the media worker's business; the conversation itself knows nothing of it
//! and goes on as it would. The supervisor's call ends with it.

use super::{Call, State};
use crate::{
    context::Context,
    conversations::{Conversation, Conversations, Word},
    failure::{Cause, Refusal},
    speech::{Language, Phrase},
};
use media::{MediaCommand, TapMode, dtmf::Digit};
use std::time::Instant;

/// What somebody wants to supervise.
#[derive(Debug)]
pub(crate) struct SupervisionOrder {
    pub(crate) conversation: Conversation,
    /// Which of the two it is about: whom a whisper is for.
    pub(crate) side: usize,
    /// In which the supervisor is spoken to: a folder of prompts.
    pub(crate) language: Language,
    pub(crate) conversations: Conversations,
}

/// A supervisor.
#[derive(Debug)]
pub(super) struct Supervision {
    order: SupervisionOrder,
    /// Kept while it may speak.
    word: Option<Word>,
    /// When the call has lasted long enough.
    pub(super) until: Instant,
}

impl Call {
    /// Answers, and lets the caller hear the conversation.
    pub(super) fn supervise(
        &mut self,
        ctx: &mut Context<'_>,
        order: SupervisionOrder,
    ) -> Result<(), Refusal> {
        self.move_to_worker(ctx, order.conversation.worker)?;
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        self.state = State::Supervising(Box::new(Supervision { order, word: None, until }));
        self.tap(ctx, TapMode::Listen);
        self.record_by_rule(ctx);
        Ok(())
    }

    /// A key of the supervisor changes who hears it; other keys mean nothing.
    pub(super) fn handle_supervisor_key(&mut self, ctx: &mut Context<'_>, digit: Digit) {
        let State::Supervising(supervision) = &mut self.state else { return };
        let Supervision { order, word, .. } = &mut **supervision;
        let (mode, words) = match digit.as_char() {
            LISTEN => (TapMode::Listen, Words::Listening),
            WHISPER => (order.conversation.whisper_to(order.side), Words::Whispering),
            BARGE => (TapMode::Barge, Words::Barging),
            _ => return,
        };
        if mode == TapMode::Listen {
            *word = None;
        } else if word.is_none() {
            *word = order.conversations.take_word(order.conversation.call, self.id);
            if word.is_none() {
                self.tell_supervisor(ctx, Words::Taken);
                return;
            }
        }
        self.tap(ctx, mode);
        self.tell_supervisor(ctx, words);
    }

    /// The conversation is over, or there is nothing to be heard of it any more.
    pub(crate) fn handle_tap_ended(&mut self, ctx: &mut Context<'_>) {
        if let State::Supervising(_) = self.state {
            self.be_done(ctx, Refusal::of(Cause::Normal));
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
}

/// What a supervisor is told, which no other hears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Words {
    Listening,
    Whispering,
    Barging,
    Taken,
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
