//! The tone after which an answering machine records.

use super::pitch::Pitch;
use crate::playout::FRAME_MS;

/// Hears beeps, a frame at a time: a steady tone that is neither a syllable nor a dial tone.
#[derive(Debug, Default)]
pub(super) struct BeepEar {
    hz: f32,
    frames: u32,
}

impl BeepEar {
    /// Takes in what tone a frame is; says whether a beep has just ended.
    pub(super) fn hear(&mut self, pitch: Option<Pitch>) -> bool {
        let is_pure = |it: &Pitch| it.share >= SHARE_MIN && (HZ_MIN..=HZ_MAX).contains(&it.hz);
        let Some(pitch) = pitch.filter(is_pure) else {
            return (FRAMES_MIN..=FRAMES_MAX).contains(&std::mem::take(&mut self.frames));
        };
        if self.frames > 0 && pitch.is_near(self.hz, STEADY_HZ) {
            self.frames = self.frames.saturating_add(1);
        } else {
            (self.hz, self.frames) = (pitch.hz, 1);
        }
        false
    }

    /// Whether a tone sounds that is no syllable.
    pub(super) fn is_sounding(&self) -> bool {
        self.frames >= TONE_FRAMES
    }
}

/// Machines beep between these.
const HZ_MIN: f32 = 350.0;
const HZ_MAX: f32 = 2600.0;
/// How much of the energy it must be: a tone 7 dB above white noise.
const SHARE_MIN: f32 = 0.85;
/// How far a steady tone may be from its first frame, which noise moves too.
const STEADY_HZ: f32 = 25.0;
/// From 120 ms, longer than a voice keeps so pure a note, to three seconds, where the tones of
/// networks begin.
const FRAMES_MIN: u32 = 120 / FRAME_MS;
const FRAMES_MAX: u32 = 3000 / FRAME_MS;
/// Frames from which on a tone is taken for no voice.
const TONE_FRAMES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_pure_tone_is_a_beep_when_it_ends() {
        assert_eq!(beeps(&[(1000.0, 0.95); 10]), 1);
        assert_eq!(beeps(&[(440.0, 0.95); 6]), 1);
        assert_eq!(beeps(&[(1400.0, 0.9); 150]), 1);
    }

    #[test]
    fn syllables_glides_rumble_and_dial_tones_are_no_beeps() {
        assert_eq!(beeps(&[(1000.0, 0.95); 5]), 0, "100 ms");
        assert_eq!(beeps(&[(1000.0, 0.7); 20]), 0, "not pure");
        assert_eq!(beeps(&[(200.0, 0.95); 20]), 0, "a hum");
        assert_eq!(beeps(&[(425.0, 0.99); 200]), 0, "a dial tone");
        let glide: Vec<_> = (0..20).map(|n| (500.0 + 10.0 * n as f32, 0.95)).collect();
        assert_eq!(beeps(&glide), 0);
    }

    fn beeps(frames: &[(f32, f32)]) -> usize {
        let mut ear = BeepEar::default();
        let pitches = frames.iter().map(|(hz, share)| Some(Pitch { hz: *hz, share: *share }));
        pitches.chain([None]).filter(|it| ear.hear(*it)).count()
    }
}
