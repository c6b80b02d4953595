//! What a caller hears before it may speak: a greeting that the owner of the mailbox has recorded, or
//! for whom the message is.
//!
//! A temporary greeting is heard whatever the reason, the one of a busy owner where it is busy, and
//! the one of an owner who does not answer in all other cases. Where there is none of these, the
//! caller is told the owner's name if the owner has said it, and else the number.

use super::{Stage, VoicemailAnswer, VoicemailOrder, Words};
use crate::{
    call::{Call, State},
    context::Context,
    dialplan::Absence,
    speech::Phrase,
    voicemail::Greeting,
};
use media::sound::Sound;

/// How far a caller is with what it hears before it may speak.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Welcome {
    /// The keeper is asked for a greeting.
    Fetching(Greeting),
    /// The caller hears what there is to hear.
    Hearing,
}

impl Call {
    /// Lets the caller hear why it talks to nobody.
    pub(super) fn welcome(&mut self, ctx: &mut Context<'_>, absence: Absence) {
        let Some(voicemail) = self.voicemail() else { return };
        let recorded = &voicemail.opened.greetings;
        let wanted = preferred(absence).iter().find(|it| recorded.contains(it));
        match wanted {
            Some(greeting) => {
                let stage = Stage::Welcoming(Welcome::Fetching(*greeting));
                self.order_and(ctx, stage, VoicemailOrder::FetchGreeting(*greeting));
            }
            None => self.tell_number(ctx),
        }
    }

    /// One who knows what to do need not hear all of it.
    pub(super) fn handle_welcome_key(&mut self, ctx: &mut Context<'_>, key: char) {
        if self.is_heard() && key == '#' {
            self.take_message(ctx);
        }
    }

    pub(super) fn handle_welcomed(&mut self, ctx: &mut Context<'_>) {
        if self.is_heard() {
            self.take_message(ctx);
        }
    }

    /// The greeting does not come in time: the caller may leave its message all the same.
    pub(super) fn handle_welcome_timeout(&mut self, ctx: &mut Context<'_>) {
        self.tell_number(ctx);
    }

    pub(super) fn handle_welcome_answer(&mut self, ctx: &mut Context<'_>, answer: VoicemailAnswer) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let Stage::Welcoming(Welcome::Fetching(wanted)) = voicemail.stage else { return };
        match answer {
            VoicemailAnswer::Greeting(Greeting::Name, Some(name)) if wanted == Greeting::Name => {
                self.tell_name(ctx, &name);
            }
            VoicemailAnswer::Greeting(which, Some(sound)) if which == wanted => {
                self.play_and(ctx, Stage::Welcoming(Welcome::Hearing), sound);
            }
            VoicemailAnswer::Greeting(which, None) if which == wanted => self.tell_number(ctx),
            VoicemailAnswer::Unavailable => self.tell_number(ctx),
            VoicemailAnswer::Opened(_)
            | VoicemailAnswer::Pin(_)
            | VoicemailAnswer::Fetched(_, _)
            | VoicemailAnswer::Kept(_)
            | VoicemailAnswer::NotKept(_)
            | VoicemailAnswer::Changed(_, _)
            | VoicemailAnswer::Forwarded(_, _)
            | VoicemailAnswer::Greeting(_, _)
            | VoicemailAnswer::GreetingDeleted(_)
            | VoicemailAnswer::PinSet(_) => {}
        }
    }

    fn tell_number(&mut self, ctx: &mut Context<'_>) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let number = voicemail.visit.mailbox.number.clone();
        let phrases = [
            Phrase::Prompt(Words::LeaveFor.prompt()),
            Phrase::Digits(&number),
            Phrase::Prompt(Words::AfterTone.prompt()),
        ];
        self.say_and(ctx, Stage::Welcoming(Welcome::Hearing), &phrases);
    }

    fn tell_name(&mut self, ctx: &mut Context<'_>, name: &Sound) {
        let State::Voicemail(voicemail) = &self.state else { return };
        let language = voicemail.visit.language;
        let say = |words: Words| ctx.world.sounds.say(language, &[Phrase::Prompt(words.prompt())]);
        let (before, after) = (say(Words::LeaveFor), say(Words::AfterTone));
        let sound = Sound::joined(&[&before, name, &after]).unwrap_or(before);
        self.play_and(ctx, Stage::Welcoming(Welcome::Hearing), sound);
    }

    fn is_heard(&self) -> bool {
        let State::Voicemail(voicemail) = &self.state else { return false };
        matches!(voicemail.stage, Stage::Welcoming(Welcome::Hearing))
    }
}

/// What callers are to hear, the best first.
fn preferred(absence: Absence) -> &'static [Greeting] {
    use Greeting::{Busy, Name, Temporary, Unavailable};
    match absence {
        Absence::Busy => &[Temporary, Busy, Unavailable, Name],
        Absence::Unavailable => &[Temporary, Unavailable, Name],
    }
}
