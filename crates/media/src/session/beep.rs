//! A short sound that one side of a bridge hears in place of what it would hear otherwise, such as the
//! tone that tells both sides that they are recorded: short enough that no word is lost.

use super::{Activity, Session};
use crate::{
    playout::{Player, Studio},
    sound::Sound,
};
use base::Rng;
use std::time::Instant;

impl Session {
    /// Lets the far end hear a short sound, if it is in a bridge or a conference.
    pub(crate) fn beep(&mut self, now: Instant, sound: Sound, studio: &mut Studio, rng: &mut Rng) {
        match (&self.activity, self.formats.voice) {
            (Activity::Bridged { .. }, Some(voice)) => {
                let mut beep = Player::prompt(sound);
                beep.prepare(voice, studio);
                self.beep = Some(Box::new(beep));
                self.outgoing.begin(now, rng);
            }
            (Activity::Meeting(_), _) => self.tell(&sound),
            (Activity::Bridged { .. }, None)
            | (
                Activity::Idle | Activity::Echo | Activity::Playing(_) | Activity::Capturing(_),
                _,
            ) => {}
        }
    }

    /// Whether such a sound takes the place of what comes for the far end in this moment.
    pub(crate) fn is_beeping(&self) -> bool {
        self.beep.is_some()
    }

    /// The bridge goes on where the sound has come to its end.
    pub(super) fn end_beep(&mut self) {
        if self.beep.as_ref().is_some_and(|it| it.is_over()) {
            self.beep = None;
            self.outgoing.change_source();
        }
    }
}
