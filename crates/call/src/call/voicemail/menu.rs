//! Hearing messages, and what can be done with each of them.
//!
//! Keys: 1 hears the message, or hears it again; 2 the next one, 4 the previous one; 3 calls its
//! sender; 7 deletes it, or restores it, 9 saves it, and both go on to the next; 8 sends it to another
//! mailbox, too; 5 leads to greetings and the PIN; `*` begins anew; 0 tells the keys; `#` is the way
//! out.

use super::{ASKED_MAX, CHOICE_TIMEOUT, Stage, VoicemailAnswer, VoicemailOrder, Words};
use crate::{
    call::{Call, State},
    context::Context,
    failure::Cause,
    speech::{Case, Noun, Phrase},
    voicemail::{Forwarded, MessageState, MessageView},
};
use media::sound::Sound;

/// How far a caller is that hears its messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// It is told how many messages there are and what it can do, and does it; it has not heard the
    /// message yet.
    Summary {
        /// How often it was told without doing anything.
        asked: u8,
    },
    /// The keeper is asked for the message.
    Fetching,
    /// It hears the message.
    Hearing,
    /// It is told what it can do with the message, and does it.
    Choosing {
        /// As in [`Self::Summary`].
        asked: u8,
    },
    /// The keeper saves the message.
    Saving,
    /// The keeper deletes the message.
    Deleting,
    /// The keeper puts the message into another mailbox, too.
    Forwarding,
    /// It hears what became of the message; the next one follows.
    Told,
    /// It hears what became of its wish; the message is still this one.
    ToldHere,
    /// It hears that the message is not there any more; the one that has its place now follows.
    ToldGone,
}

impl Call {
    pub(super) fn open_menu(&mut self, ctx: &mut Context<'_>) {
        if let Some(voicemail) = self.voicemail() {
            voicemail.at = 0;
        }
        self.sum_up(ctx, 1);
    }

    pub(super) fn handle_menu_key(&mut self, ctx: &mut Context<'_>, key: char) {
        let Some(step) = self.menu_step() else { return };
        if step.awaits_keeper() {
            return;
        }
        // What was not heard is not judged.
        let is_before = step.is_before_message();
        match key {
            '2' if is_before => self.fetch(ctx),
            '3' | '4' | '7' | '8' | '9' if is_before => {}
            '0' if is_before => self.menu_saying(ctx, Step::Summary { asked: 1 }, Words::Menu),
            '1' => self.fetch(ctx),
            '2' => self.step_to(ctx, 1),
            '4' => self.step_to(ctx, -1),
            '5' => self.open_settings(ctx),
            '0' => self.menu_saying(ctx, Step::Choosing { asked: 1 }, Words::Menu),
            '*' => self.open_menu(ctx),
            '#' => self.see_off(ctx, Words::Goodbye, Cause::Normal),
            '3' | '7' | '8' | '9' => self.do_with_message(ctx, key),
            _ => {}
        }
    }

    pub(super) fn handle_menu_said(&mut self, ctx: &mut Context<'_>) {
        match self.menu_step() {
            Some(Step::Summary { .. } | Step::Choosing { .. }) => self.listen(ctx, CHOICE_TIMEOUT),
            Some(Step::Hearing | Step::ToldHere) => self.choose(ctx, 1),
            Some(Step::Told) => self.step_to(ctx, 1),
            Some(Step::ToldGone) => self.step_to(ctx, 0),
            Some(Step::Fetching | Step::Saving | Step::Deleting | Step::Forwarding) | None => {}
        }
    }

    pub(super) fn handle_menu_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.menu_step() {
            Some(Step::Summary { asked }) if asked < ASKED_MAX => self.sum_up(ctx, asked + 1),
            Some(Step::Choosing { asked }) if asked < ASKED_MAX => self.choose(ctx, asked + 1),
            Some(Step::Summary { .. } | Step::Choosing { .. }) => {
                self.see_off(ctx, Words::Goodbye, Cause::Normal);
            }
            Some(Step::Fetching | Step::Saving | Step::Deleting | Step::Forwarding) => {
                self.see_off(ctx, Words::Unavailable, Cause::Internal);
            }
            Some(Step::Hearing | Step::Told | Step::ToldHere | Step::ToldGone) | None => {}
        }
    }

    pub(super) fn handle_menu_answer(&mut self, ctx: &mut Context<'_>, answer: VoicemailAnswer) {
        let Some(step) = self.menu_step() else { return };
        let current = self.voicemail().and_then(|it| it.current_id());
        match (step, answer) {
            (Step::Fetching, VoicemailAnswer::Fetched(which, sound)) if current == Some(which) => {
                match sound {
                    Some(sound) => self.let_hear(ctx, &sound),
                    None => self.forget_message(ctx),
                }
            }
            (Step::Saving | Step::Deleting, VoicemailAnswer::Changed(which, false))
                if current == Some(which) =>
            {
                self.forget_message(ctx);
            }
            (Step::Saving, VoicemailAnswer::Changed(which, true)) if current == Some(which) => {
                let before = self.mark_message(MessageState::Saved);
                let was_deleted = before == Some(MessageState::Deleted);
                let words = if was_deleted { Words::Restored } else { Words::Saved };
                self.menu_saying(ctx, Step::Told, words);
            }
            (Step::Deleting, VoicemailAnswer::Changed(which, true)) if current == Some(which) => {
                self.mark_message(MessageState::Deleted);
                self.menu_saying(ctx, Step::Told, Words::Deleted);
            }
            (Step::Forwarding, VoicemailAnswer::Forwarded(which, what))
                if current == Some(which) =>
            {
                match what {
                    Forwarded::Done => self.menu_saying(ctx, Step::ToldHere, Words::Forwarded),
                    Forwarded::Full => self.menu_saying(ctx, Step::ToldHere, Words::TheirsIsFull),
                    Forwarded::Gone => self.forget_message(ctx),
                }
            }
            (
                Step::Fetching | Step::Saving | Step::Deleting | Step::Forwarding,
                VoicemailAnswer::Unavailable,
            ) => self.see_off(ctx, Words::Unavailable, Cause::Internal),
            (_, _) => {}
        }
    }

    /// Tells what can be done with the message, or that there is none here.
    pub(super) fn choose(&mut self, ctx: &mut Context<'_>, asked: u8) {
        let state = self.voicemail().and_then(|it| it.current()).map(|it| it.state);
        let words = match state {
            Some(MessageState::New | MessageState::Saved) => Words::AfterMessage,
            Some(MessageState::Deleted) => Words::AfterDeleted,
            None => Words::NoMore,
        };
        self.menu_saying(ctx, Step::Choosing { asked }, words);
    }

    /// Tells how many messages there are, and what can be done.
    fn sum_up(&mut self, ctx: &mut Context<'_>, asked: u8) {
        let Some(voicemail) = self.voicemail() else { return };
        let of = |state| voicemail.opened.messages.iter().filter(|it| it.state == state).count();
        let (new, saved) = (of(MessageState::New) as u64, of(MessageState::Saved) as u64);
        let mut phrases = Vec::new();
        if new + saved == 0 {
            phrases.push(Phrase::Prompt(Words::NoMessages.prompt()));
        } else {
            phrases.push(Phrase::Prompt(Words::YouHave.prompt()));
        }
        let counts = [(new, Noun::NewMessage), (saved, Noun::SavedMessage)];
        phrases.extend(
            counts.into_iter().filter(|it| it.0 > 0).map(|(n, noun)| Phrase::Count(n, noun)),
        );
        let is_empty = voicemail.opened.messages.is_empty();
        let choice = if is_empty { Words::SettingsAlone } else { Words::Summary };
        phrases.push(Phrase::Prompt(choice.prompt()));
        self.say_and(ctx, Stage::Menu(Step::Summary { asked }), &phrases);
    }

    /// So many messages further, or back; to none beyond the last one, and not beyond the first.
    fn step_to(&mut self, ctx: &mut Context<'_>, by: isize) {
        let Some(voicemail) = self.voicemail() else { return };
        voicemail.at = voicemail.at.saturating_add_signed(by).min(voicemail.opened.messages.len());
        if voicemail.current().is_some() {
            return self.fetch(ctx);
        }
        self.menu_saying(ctx, Step::Choosing { asked: 1 }, Words::NoMore);
    }

    fn fetch(&mut self, ctx: &mut Context<'_>) {
        let Some(message) = self.voicemail().and_then(|it| it.current_id()) else { return };
        self.order_and(ctx, Stage::Menu(Step::Fetching), VoicemailOrder::Fetch(message));
    }

    fn do_with_message(&mut self, ctx: &mut Context<'_>, key: char) {
        let Some(view) = self.voicemail().and_then(|it| it.current()) else { return };
        let (message, state) = (view.id, view.state);
        match (key, state) {
            ('3', _) => self.call_back(ctx),
            ('8', _) => self.ask_where_to_forward(ctx),
            ('7', MessageState::New | MessageState::Saved) => {
                let stage = Stage::Menu(Step::Deleting);
                self.order_and(ctx, stage, VoicemailOrder::Delete(message));
            }
            (_, _) => {
                self.order_and(ctx, Stage::Menu(Step::Saving), VoicemailOrder::Save(message));
            }
        }
    }

    /// Who left it and when, then the message.
    fn let_hear(&mut self, ctx: &mut Context<'_>, message: &Sound) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let language = voicemail.visit.language;
        let Some(view) = voicemail.current() else { return };
        let envelope = ctx.world.sounds.say(language, &envelope(view));
        let sound = Sound::joined(&[&envelope, message]).unwrap_or(envelope);
        self.play_and(ctx, Stage::Menu(Step::Hearing), sound);
    }

    /// Notes what became of the current message; gives what it was before.
    fn mark_message(&mut self, state: MessageState) -> Option<MessageState> {
        let voicemail = self.voicemail()?;
        let at = voicemail.at;
        let message = voicemail.opened.messages.get_mut(at)?;
        Some(std::mem::replace(&mut message.state, state))
    }

    /// The current message is not there any more.
    fn forget_message(&mut self, ctx: &mut Context<'_>) {
        let Some(voicemail) = self.voicemail() else { return };
        if voicemail.at < voicemail.opened.messages.len() {
            voicemail.opened.messages.remove(voicemail.at);
        }
        self.menu_saying(ctx, Step::ToldGone, Words::Gone);
    }

    pub(super) fn menu_saying(&mut self, ctx: &mut Context<'_>, step: Step, words: Words) {
        self.tell_and(ctx, Stage::Menu(step), words);
    }

    fn menu_step(&mut self) -> Option<Step> {
        match &self.voicemail()?.stage {
            Stage::Menu(step) => Some(*step),
            Stage::Opening
            | Stage::Welcoming(_)
            | Stage::Taking(_)
            | Stage::Entering(_)
            | Stage::Settings(_)
            | Stage::SentAway { .. } => None,
        }
    }
}

impl Step {
    fn awaits_keeper(self) -> bool {
        match self {
            Self::Fetching | Self::Saving | Self::Deleting | Self::Forwarding => true,
            Self::Summary { .. }
            | Self::Hearing
            | Self::Choosing { .. }
            | Self::Told
            | Self::ToldHere
            | Self::ToldGone => false,
        }
    }

    /// Whether the current message is yet to be heard.
    fn is_before_message(self) -> bool {
        match self {
            Self::Summary { .. } | Self::ToldGone => true,
            Self::Fetching
            | Self::Hearing
            | Self::Choosing { .. }
            | Self::Saving
            | Self::Deleting
            | Self::Forwarding
            | Self::Told
            | Self::ToldHere => false,
        }
    }
}

/// From whom a message is, and from when.
fn envelope(view: &MessageView) -> Vec<Phrase<'_>> {
    let mut envelope = Vec::new();
    if view.state == MessageState::Deleted {
        envelope.push(Phrase::Prompt(Words::Deleted.prompt()));
    }
    envelope.extend([Phrase::Prompt(Words::From.prompt()), Phrase::Digits(&view.caller)]);
    if let Some(number) = &view.forwarded_by {
        envelope.extend([Phrase::Prompt(Words::ForwardedBy.prompt()), Phrase::Digits(number)]);
    }
    if let Some((date, time)) = view.at {
        envelope.extend([Phrase::Date(date, Case::Genitive), Phrase::Time(time)]);
    }
    envelope
}
