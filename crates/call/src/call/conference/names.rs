//! Who comes and who leaves, by name: a caller says its name before it comes in, and the room hears
//! it then, when the caller leaves, and where somebody has the roll called.

use super::{Call, Meeting, Stage, Words};
use crate::{
    call::State,
    context::Context,
    speech::{Noun, Phrase},
};
use media::{MediaCommand, dtmf::Digit, sound::Sound};
use std::time::{Duration, Instant};

/// How far a caller is with its name.
#[derive(Debug)]
pub(super) struct Naming {
    pub(super) is_moderator: bool,
    /// Whether it has heard what to do, and says its name.
    speaks: bool,
    /// When it comes in without one: it hears and says nothing that we understand.
    pub(super) due: Instant,
}

impl Naming {
    pub(super) fn new(now: Instant, is_moderator: bool) -> Self {
        Self { is_moderator, speaks: false, due: now + NAMING_MAX }
    }
}

impl Call {
    /// What the caller was asked for has been said.
    pub(super) fn handle_name_asked(&mut self, ctx: &mut Context<'_>) {
        if let Some(naming) = self.naming()
            && !naming.speaks
        {
            naming.speaks = true;
            self.capture_name(ctx);
        }
    }

    /// A key: of one who has not heard all and knows what to do, or who has said its name.
    pub(super) fn handle_naming_key(&mut self, ctx: &mut Context<'_>, digit: Digit) {
        let Some(naming) = self.naming() else { return };
        if digit.as_char() != '#' {
            return;
        }
        if !std::mem::replace(&mut naming.speaks, true) {
            self.capture_name(ctx);
        } else if let Some(media) = self.legs[self.guest].media() {
            self.tell_worker(ctx, MediaCommand::EndCapture { media });
        }
    }

    /// The caller's name, if it said one.
    pub(crate) fn handle_captured(&mut self, ctx: &mut Context<'_>, name: Option<Sound>) {
        if let Some(naming) = self.naming() {
            let is_moderator = naming.is_moderator;
            self.let_in(ctx, is_moderator, name);
        }
    }

    /// The others hear that the caller has come.
    pub(super) fn announce_coming(&self, ctx: &mut Context<'_>) {
        self.announce(ctx, Words::HasCome);
    }

    /// Those who stay hear that the caller leaves.
    pub(in crate::call) fn announce_leaving(&self, ctx: &mut Context<'_>) {
        self.announce(ctx, Words::HasLeft);
    }

    /// Tells how many are in the room, and who.
    pub(super) fn call_roll(&self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        let Meeting { plan, place, .. } = &**meeting;
        let parties = place.parties();
        if parties <= 1 {
            return self.tell(ctx, Words::OnlyYou);
        }
        let here = Phrase::Prompt(Words::NowHere.prompt());
        let count = Phrase::Count(parties as u64, Noun::Party);
        let mut said = vec![ctx.world.sounds.say(plan.language, &[here, count])];
        if plan.announces {
            said.extend(place.roll(ROLL_MAX).iter().map(|party| match &party.name {
                Some(name) => name.clone(),
                None => ctx.world.sounds.say(plan.language, &[Phrase::Digits(&party.party)]),
            }));
        }
        let said: Vec<_> = said.iter().collect();
        if let (Some(sound), Some(media)) = (Sound::joined(&said), self.legs[self.guest].media()) {
            self.tell_worker(ctx, MediaCommand::Tell { media, sound });
        }
    }

    fn naming(&mut self) -> Option<&mut Naming> {
        let State::Meeting(meeting) = &mut self.state else { return None };
        match &mut meeting.stage {
            Stage::Naming(naming) => Some(naming),
            Stage::AtDoor { .. }
            | Stage::Invited(_)
            | Stage::Inside { .. }
            | Stage::SentAway { .. } => None,
        }
    }

    fn capture_name(&self, ctx: &mut Context<'_>) {
        if let Some(media) = self.legs[self.guest].media() {
            let (tone, longest, pause) = (Sound::beep(), NAME_MAX, NAME_PAUSE);
            self.tell_worker(ctx, MediaCommand::Capture { media, tone, longest, pause });
        }
    }

    /// Nobody is told of a caller who said no name, and nobody of itself alone.
    fn announce(&self, ctx: &mut Context<'_>, words: Words) {
        let State::Meeting(meeting) = &self.state else { return };
        let (Meeting { plan, place, .. }, Stage::Inside { .. }) = (&**meeting, &meeting.stage)
        else {
            return;
        };
        if plan.announces
            && place.parties() > 1
            && let Some(name) = place.name()
        {
            let words = ctx.world.sounds.say(plan.language, &[Phrase::Prompt(words.prompt())]);
            let (room, sounds) = (place.room(), vec![name, words]);
            self.tell_worker(ctx, MediaCommand::Announce { room, sounds });
        }
    }
}

/// Longest name.
const NAME_MAX: Duration = Duration::from_secs(4);
/// A silence that ends a name.
const NAME_PAUSE: Duration = Duration::from_millis(1500);
/// How long all of it may take.
const NAMING_MAX: Duration = Duration::from_secs(20);
/// Names of a roll; of more than these nobody hears the end.
const ROLL_MAX: usize = 30;
