//! Hearing messages: the PIN at the door, and what can be done with each message.
//!
//! Keys: 1 hears the message, or hears it again; 2 the next one; 7 deletes, 9 saves it and goes on to
//! the next; `*` begins anew; 0 tells the keys; `#` is the way out.

use super::{
    EnteredPin, MessageView, NEXT_KEY_TIMEOUT, REPLY_TIMEOUT, Stage, VoicemailAnswer,
    VoicemailOrder, Words,
};
use crate::{
    call::{Call, State},
    context::Context,
    failure::Cause,
    speech::{Case, Noun, Phrase},
    voicemail::PinVerdict,
};
use base::RecordingId;
use media::sound::Sound;
use std::time::Duration;

/// A caller who is asked for the PIN of its mailbox.
#[derive(Debug)]
pub(super) struct Door {
    /// Behind it.
    messages: Vec<MessageView>,
    /// Digits so far.
    entered: String,
    /// Wrong PINs so far.
    wrong: u8,
    /// Whether the keeper compares.
    is_checking: bool,
}

/// A caller who hears its messages.
#[derive(Debug)]
pub(super) struct Menu {
    messages: Vec<MessageView>,
    /// The one that keys are about.
    at: usize,
    step: Step,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    /// It is told how many messages there are and what it can do, and does it.
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
    /// The keeper removes the message.
    Deleting,
    /// It hears what became of the message; the next one, at which the menu stands, follows.
    Told,
}

impl Call {
    // === The door ===

    pub(super) fn ask_mailbox_pin(&mut self, ctx: &mut Context<'_>, messages: Vec<MessageView>) {
        let door = Door { messages, entered: String::new(), wrong: 0, is_checking: false };
        self.say_and(ctx, Stage::Door(door), &[Phrase::Prompt(Words::Pin.prompt())]);
    }

    pub(super) fn handle_door_key(&mut self, ctx: &mut Context<'_>, key: char) {
        let Some(door) = self.door() else { return };
        if door.is_checking {
            return;
        }
        if key == '#' {
            return self.check_pin(ctx);
        }
        if door.entered.len() < ENTERED_MAX {
            door.entered.push(key);
        }
        self.listen(ctx, NEXT_KEY_TIMEOUT);
    }

    pub(super) fn handle_door_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.door().map(|it| it.is_checking) {
            Some(true) => self.see_off(ctx, Words::Unavailable, Cause::Internal),
            Some(false) => self.check_pin(ctx),
            None => {}
        }
    }

    pub(super) fn handle_door_answer(&mut self, ctx: &mut Context<'_>, answer: VoicemailAnswer) {
        let Some(door) = self.door() else { return };
        match answer {
            VoicemailAnswer::Pin(PinVerdict::Right) => {
                let messages = std::mem::take(&mut door.messages);
                self.open_menu(ctx, messages);
            }
            VoicemailAnswer::Pin(PinVerdict::Wrong) => {
                door.is_checking = false;
                self.refuse_pin(ctx);
            }
            VoicemailAnswer::Pin(PinVerdict::LockedOut) => {
                self.see_off(ctx, Words::LockedOut, Cause::Refused);
            }
            VoicemailAnswer::Unavailable => {
                self.see_off(ctx, Words::Unavailable, Cause::Internal);
            }
            VoicemailAnswer::Opened(_)
            | VoicemailAnswer::Fetched(_, _)
            | VoicemailAnswer::Kept(_)
            | VoicemailAnswer::NotKept(_)
            | VoicemailAnswer::Changed(_, _) => {}
        }
    }

    fn check_pin(&mut self, ctx: &mut Context<'_>) {
        let Some(door) = self.door() else { return };
        let entered = std::mem::take(&mut door.entered);
        if entered.is_empty() {
            return self.refuse_pin(ctx);
        }
        door.is_checking = true;
        self.listen(ctx, REPLY_TIMEOUT);
        self.order_voicemail(ctx, VoicemailOrder::TryPin(EnteredPin(entered)));
    }

    /// Asks again, or no more.
    fn refuse_pin(&mut self, ctx: &mut Context<'_>) {
        let State::Voicemail(voicemail) = &mut self.state else { return };
        let stage = std::mem::replace(&mut voicemail.stage, Stage::Opening);
        let Stage::Door(mut door) = stage else { return };
        door.wrong += 1;
        if door.wrong >= WRONG_PINS_MAX {
            return self.see_off(ctx, Words::Refused, Cause::Refused);
        }
        self.say_and(ctx, Stage::Door(door), &[Phrase::Prompt(Words::WrongPin.prompt())]);
    }

    fn door(&mut self) -> Option<&mut Door> {
        let State::Voicemail(voicemail) = &mut self.state else { return None };
        match &mut voicemail.stage {
            Stage::Door(door) => Some(door),
            Stage::Opening | Stage::Leaving(_) | Stage::Menu(_) | Stage::SentAway { .. } => None,
        }
    }

    // === The menu ===

    pub(super) fn open_menu(&mut self, ctx: &mut Context<'_>, messages: Vec<MessageView>) {
        let State::Voicemail(voicemail) = &mut self.state else { return };
        voicemail.stage = Stage::Menu(Menu { messages, at: 0, step: Step::Told });
        self.sum_up(ctx, 1);
    }

    pub(super) fn handle_menu_key(&mut self, ctx: &mut Context<'_>, key: char) {
        let Some(menu) = self.menu() else { return };
        if matches!(menu.step, Step::Fetching | Step::Saving | Step::Deleting) {
            return;
        }
        // Before the first message was heard, there is none to be judged.
        let is_before = matches!(menu.step, Step::Summary { .. });
        let current = menu.current();
        match (key, current) {
            ('1', Some(_)) => self.fetch(ctx),
            ('2', Some(_)) if is_before => self.fetch(ctx),
            ('7' | '9', _) if is_before => {}
            ('2', Some(_)) => {
                menu.at += 1;
                self.next_message(ctx);
            }
            ('7', Some(message)) => {
                self.menu_waiting(ctx, Step::Deleting, REPLY_TIMEOUT);
                self.order_voicemail(ctx, VoicemailOrder::Delete(message));
            }
            ('9', Some(message)) => {
                self.menu_waiting(ctx, Step::Saving, REPLY_TIMEOUT);
                self.order_voicemail(ctx, VoicemailOrder::Save(message));
            }
            ('0', _) => self.menu_saying(ctx, Step::Choosing { asked: 1 }, Words::Menu),
            ('*', _) => {
                menu.at = 0;
                self.sum_up(ctx, 1);
            }
            ('#', _) => self.see_off(ctx, Words::Goodbye, Cause::Normal),
            (_, _) => {}
        }
    }

    pub(super) fn handle_menu_said(&mut self, ctx: &mut Context<'_>) {
        match self.menu().map(|it| it.step) {
            Some(Step::Summary { .. } | Step::Choosing { .. }) => self.listen(ctx, CHOICE_TIMEOUT),
            Some(Step::Hearing) => {
                self.menu_saying(ctx, Step::Choosing { asked: 1 }, Words::AfterMessage);
            }
            Some(Step::Told) => self.next_message(ctx),
            Some(Step::Fetching | Step::Saving | Step::Deleting) | None => {}
        }
    }

    pub(super) fn handle_menu_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.menu().map(|it| it.step) {
            Some(Step::Summary { asked }) if asked < ASKED_MAX => self.sum_up(ctx, asked + 1),
            Some(Step::Choosing { asked }) if asked < ASKED_MAX => {
                self.menu_saying(ctx, Step::Choosing { asked: asked + 1 }, Words::AfterMessage);
            }
            Some(Step::Summary { .. } | Step::Choosing { .. }) => {
                self.see_off(ctx, Words::Goodbye, Cause::Normal);
            }
            Some(Step::Fetching | Step::Saving | Step::Deleting) => {
                self.see_off(ctx, Words::Unavailable, Cause::Internal);
            }
            Some(Step::Hearing | Step::Told) | None => {}
        }
    }

    pub(super) fn handle_menu_answer(&mut self, ctx: &mut Context<'_>, answer: VoicemailAnswer) {
        let Some(menu) = self.menu() else { return };
        let current = menu.current();
        match (menu.step, answer) {
            (Step::Fetching, VoicemailAnswer::Fetched(which, sound)) if current == Some(which) => {
                match sound {
                    Some(sound) => self.let_hear(ctx, &sound),
                    None => self.forget_message(ctx, Words::Gone),
                }
            }
            (Step::Saving, VoicemailAnswer::Changed(which, true)) if current == Some(which) => {
                if let Some(message) = menu.messages.get_mut(menu.at) {
                    message.is_new = false;
                }
                menu.at += 1;
                self.menu_saying(ctx, Step::Told, Words::Saved);
            }
            (Step::Saving, VoicemailAnswer::Changed(which, false)) if current == Some(which) => {
                self.forget_message(ctx, Words::Gone);
            }
            // Whether this phone or another removed it makes no difference.
            (Step::Deleting, VoicemailAnswer::Changed(which, _)) if current == Some(which) => {
                self.forget_message(ctx, Words::Deleted);
            }
            (Step::Fetching | Step::Saving | Step::Deleting, VoicemailAnswer::Unavailable) => {
                self.see_off(ctx, Words::Unavailable, Cause::Internal);
            }
            (_, _) => {}
        }
    }

    /// Tells how many messages there are, and what can be done.
    fn sum_up(&mut self, ctx: &mut Context<'_>, asked: u8) {
        let Some(menu) = self.menu() else { return };
        let new = menu.messages.iter().filter(|it| it.is_new).count() as u64;
        let saved = menu.messages.len() as u64 - new;
        if new + saved == 0 {
            return self.see_off(ctx, Words::NoMessages, Cause::Normal);
        }
        let counts = [(new, Noun::NewMessage), (saved, Noun::SavedMessage)];
        let mut phrases = vec![Phrase::Prompt(Words::YouHave.prompt())];
        phrases.extend(
            counts.into_iter().filter(|it| it.0 > 0).map(|(n, noun)| Phrase::Count(n, noun)),
        );
        phrases.push(Phrase::Prompt(Words::Menu.prompt()));
        if let Some(stage) = self.menu_at(Step::Summary { asked }) {
            self.say_and(ctx, stage, &phrases);
        }
    }

    /// The message at which the menu stands, or that there is none.
    fn next_message(&mut self, ctx: &mut Context<'_>) {
        let Some(menu) = self.menu() else { return };
        if menu.current().is_some() {
            return self.fetch(ctx);
        }
        menu.at = 0;
        if menu.messages.is_empty() {
            return self.see_off(ctx, Words::NoMore, Cause::Normal);
        }
        self.menu_saying(ctx, Step::Choosing { asked: 1 }, Words::NoMore);
    }

    fn fetch(&mut self, ctx: &mut Context<'_>) {
        let Some(message) = self.menu().and_then(|it| it.current()) else { return };
        self.menu_waiting(ctx, Step::Fetching, REPLY_TIMEOUT);
        self.order_voicemail(ctx, VoicemailOrder::Fetch(message));
    }

    /// Who left it and when, then the message.
    fn let_hear(&mut self, ctx: &mut Context<'_>, message: &Sound) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let language = voicemail.visit.language;
        let Some(view) = self.menu().and_then(|it| it.messages.get(it.at).cloned()) else { return };
        let mut envelope = vec![Phrase::Prompt(Words::From.prompt()), Phrase::Digits(&view.caller)];
        if let Some((date, time)) = view.at {
            envelope.extend([Phrase::Date(date, Case::Genitive), Phrase::Time(time)]);
        }
        let envelope = ctx.world.sounds.say(language, &envelope);
        let sound = Sound::joined(&[&envelope, message]).unwrap_or(envelope);
        if let Some(stage) = self.menu_at(Step::Hearing) {
            self.play_and(ctx, stage, sound);
        }
    }

    /// The current message is not there any more.
    fn forget_message(&mut self, ctx: &mut Context<'_>, words: Words) {
        let Some(menu) = self.menu() else { return };
        if menu.at < menu.messages.len() {
            menu.messages.remove(menu.at);
        }
        self.menu_saying(ctx, Step::Told, words);
    }

    fn menu_saying(&mut self, ctx: &mut Context<'_>, step: Step, words: Words) {
        if let Some(stage) = self.menu_at(step) {
            self.say_and(ctx, stage, &[Phrase::Prompt(words.prompt())]);
        }
    }

    fn menu_waiting(&mut self, ctx: &mut Context<'_>, step: Step, limit: Duration) {
        if let Some(stage) = self.menu_at(step) {
            self.wait_and(ctx, stage, limit);
        }
    }

    /// The menu at another step.
    fn menu_at(&mut self, step: Step) -> Option<Stage> {
        let menu = self.menu()?;
        let messages = std::mem::take(&mut menu.messages);
        Some(Stage::Menu(Menu { messages, at: menu.at, step }))
    }

    fn menu(&mut self) -> Option<&mut Menu> {
        let State::Voicemail(voicemail) = &mut self.state else { return None };
        match &mut voicemail.stage {
            Stage::Menu(menu) => Some(menu),
            Stage::Opening | Stage::Leaving(_) | Stage::Door(_) | Stage::SentAway { .. } => None,
        }
    }
}

impl Menu {
    fn current(&self) -> Option<RecordingId> {
        self.messages.get(self.at).map(|it| it.id)
    }
}

/// Wrong PINs after which a caller is turned away.
const WRONG_PINS_MAX: u8 = 3;
/// More digits than any PIN has.
const ENTERED_MAX: usize = 20;
/// How long a caller may take to choose, once it was told what it can do.
const CHOICE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is told.
const ASKED_MAX: u8 = 3;
