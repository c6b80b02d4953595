//! Digits that a caller is asked for: its PIN at the door, a new one, a number to forward to. `#` ends
//! them, and so does a pause.

use super::{NEXT_KEY_TIMEOUT, Stage, VoicemailAnswer, VoicemailOrder, Words, menu, settings};
use crate::{
    call::{Call, State},
    context::Context,
    failure::Cause,
    speech::Phrase,
    voicemail::{EnteredPin, PinVerdict},
};

/// A caller who is asked for digits.
#[derive(Debug)]
pub(super) struct Entry {
    what: Asked,
    state: EntryState,
}

/// How far the digits are.
#[derive(Debug)]
enum EntryState {
    /// These are entered so far.
    Entering(String),
    /// The keeper looks at them.
    Checked,
}

/// What the digits are.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Asked {
    /// The PIN of the mailbox.
    Pin {
        /// Wrong ones so far.
        wrong: u8,
    },
    /// The number of the mailbox that gets the message, too.
    ForwardTo,
    /// What the PIN is to be.
    NewPin,
    /// The same, again.
    NewPinAgain(EnteredPin),
}

impl Call {
    pub(super) fn ask_mailbox_pin(&mut self, ctx: &mut Context<'_>) {
        self.ask_digits(ctx, Asked::Pin { wrong: 0 }, Words::Pin);
    }

    pub(super) fn ask_where_to_forward(&mut self, ctx: &mut Context<'_>) {
        self.ask_digits(ctx, Asked::ForwardTo, Words::ForwardTo);
    }

    pub(super) fn ask_new_pin(&mut self, ctx: &mut Context<'_>) {
        self.ask_digits(ctx, Asked::NewPin, Words::NewPin);
    }

    pub(super) fn handle_entry_key(&mut self, ctx: &mut Context<'_>, key: char) {
        let Some(Entry { state: EntryState::Entering(digits), .. }) = self.entry() else { return };
        if key == '#' {
            return self.take_digits(ctx);
        }
        if digits.len() < DIGITS_MAX {
            digits.push(key);
        }
        self.listen(ctx, NEXT_KEY_TIMEOUT);
    }

    pub(super) fn handle_entry_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.entry().map(|it| &it.state) {
            Some(EntryState::Checked) => self.see_off(ctx, Words::Unavailable, Cause::Internal),
            Some(EntryState::Entering(_)) => self.take_digits(ctx),
            None => {}
        }
    }

    pub(super) fn handle_entry_answer(&mut self, ctx: &mut Context<'_>, answer: VoicemailAnswer) {
        let Some(Entry { what, state: EntryState::Checked }) = self.entry() else { return };
        match (what, answer) {
            (Asked::Pin { .. }, VoicemailAnswer::Pin(PinVerdict::Right)) => self.open_menu(ctx),
            (Asked::Pin { wrong }, VoicemailAnswer::Pin(PinVerdict::Wrong)) => {
                let wrong = *wrong;
                self.refuse_pin(ctx, wrong);
            }
            (Asked::Pin { .. }, VoicemailAnswer::Pin(PinVerdict::LockedOut)) => {
                self.see_off(ctx, Words::LockedOut, Cause::Refused);
            }
            (Asked::NewPinAgain(_), VoicemailAnswer::PinSet(is_set)) => {
                let words = if is_set { Words::PinKept } else { Words::BadPin };
                self.tell_and(ctx, Stage::Settings(settings::Step::TOLD), words);
            }
            (_, VoicemailAnswer::Unavailable) => {
                self.see_off(ctx, Words::Unavailable, Cause::Internal);
            }
            (_, _) => {}
        }
    }

    fn ask_digits(&mut self, ctx: &mut Context<'_>, what: Asked, words: Words) {
        let entry = Entry { what, state: EntryState::Entering(String::new()) };
        self.say_and(ctx, Stage::Entering(entry), &[Phrase::Prompt(words.prompt())]);
    }

    /// The caller has entered what it was asked for.
    fn take_digits(&mut self, ctx: &mut Context<'_>) {
        let Some(Entry { what, state: EntryState::Entering(digits) }) = self.entry() else {
            return;
        };
        let (what, digits) = (what.clone(), std::mem::take(digits));
        match what {
            Asked::Pin { wrong } if digits.is_empty() => self.refuse_pin(ctx, wrong),
            Asked::Pin { .. } => self.have_checked(ctx, VoicemailOrder::TryPin(EnteredPin(digits))),
            Asked::ForwardTo => self.forward_to(ctx, &digits),
            Asked::NewPin | Asked::NewPinAgain(_) if digits.is_empty() => {
                self.open_settings(ctx);
            }
            Asked::NewPin => {
                let again = Asked::NewPinAgain(EnteredPin(digits));
                self.ask_digits(ctx, again, Words::NewPinAgain);
            }
            Asked::NewPinAgain(first) if first.0 == digits => {
                self.have_checked(ctx, VoicemailOrder::SetPin(first));
            }
            Asked::NewPinAgain(_) => {
                self.tell_and(ctx, Stage::Settings(settings::Step::TOLD), Words::PinsDiffer);
            }
        }
    }

    fn have_checked(&mut self, ctx: &mut Context<'_>, order: VoicemailOrder) {
        let Some(entry) = self.entry() else { return };
        entry.state = EntryState::Checked;
        self.listen(ctx, super::REPLY_TIMEOUT);
        self.order_voicemail(ctx, order);
    }

    /// Asks again, or no more.
    fn refuse_pin(&mut self, ctx: &mut Context<'_>, wrong_before: u8) {
        let wrong = wrong_before + 1;
        if wrong >= WRONG_PINS_MAX {
            return self.see_off(ctx, Words::Refused, Cause::Refused);
        }
        self.ask_digits(ctx, Asked::Pin { wrong }, Words::WrongPin);
    }

    /// The current message goes to another mailbox, too, if there is such a one.
    fn forward_to(&mut self, ctx: &mut Context<'_>, number: &str) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let Some(message) = voicemail.current_id() else { return };
        if number.is_empty() {
            return self.choose(ctx, 1);
        }
        match ctx.mailbox(self.domain, None, Some(number)) {
            Ok(to) => {
                let order = VoicemailOrder::Forward { message, to };
                self.order_and(ctx, Stage::Menu(menu::Step::Forwarding), order);
            }
            Err(_) => {
                self.tell_and(ctx, Stage::Menu(menu::Step::ToldHere), Words::NoSuchNumber);
            }
        }
    }

    fn entry(&mut self) -> Option<&mut Entry> {
        match &mut self.voicemail()?.stage {
            Stage::Entering(entry) => Some(entry),
            Stage::Opening
            | Stage::Welcoming(_)
            | Stage::Taking(_)
            | Stage::Menu(_)
            | Stage::Settings(_)
            | Stage::SentAway { .. } => None,
        }
    }
}

/// Wrong PINs after which a caller is turned away.
const WRONG_PINS_MAX: u8 = 3;
/// More digits than any PIN or number has.
const DIGITS_MAX: usize = 20;
