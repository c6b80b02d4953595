//! The tone that tells both sides of a bridge that they are recorded, in place of what they would hear
//! otherwise: short enough that no word is lost.

use super::{Activity, Session};
use crate::{
    playout::{Player, Studio},
    sound::Sound,
};
use base::Rng;
use std::time::Instant;

impl Session {
    /// Lets the far end hear that it is recorded, if it is in a bridge or a conference.
    pub(crate) fn say_recorded(&mut self, now: Instant, studio: &mut Studio, rng: &mut Rng) {
        let sound = Sound::recording_tone();
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

    /// Whether the tone takes the place of what comes for the far end in this moment.
    pub(crate) fn is_beeping(&self) -> bool {
        self.beep.is_some()
    }

    /// The bridge goes on where the tone has come to its end.
    pub(super) fn end_beep(&mut self) {
        if self.beep.as_ref().is_some_and(|it| it.is_over()) {
            self.beep = None;
            self.outgoing.change_source();
        }
    }
}
