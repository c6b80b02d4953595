//! Faxes, by the tones that they call and answer with (ITU-T T.30 section 4).

use super::pitch::Pitch;
use crate::playout::FRAME_MS;

/// What a fax says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaxTone {
    /// It calls: CNG, 1100 Hz for half a second, each three seconds. Told at the end of the second
    /// one, since the first may be a beep or a note of music.
    Calling,
    /// It answers: CED, 2100 Hz for some three seconds (with V.8's modulation and phase reversals
    /// or without; modems answer so too). Told after two seconds of it.
    Called,
}

/// Hears the tones of a fax, a frame at a time.
#[derive(Debug, Default)]
pub(super) struct FaxEar {
    calling: Run,
    called: Run,
    /// Frames from the end of the last tone that was as long as a CNG.
    since_calling: Option<u32>,
    is_told: bool,
}

/// Frames of a tone that follow each other; short holes are of the network.
#[derive(Debug, Default)]
struct Run {
    frames: u32,
    hole: u32,
}

impl FaxEar {
    /// Takes in what tone a frame is.
    pub(super) fn hear(&mut self, pitch: Option<Pitch>) -> Option<FaxTone> {
        if self.is_told {
            return None;
        }
        let is_at = |hz, off| pitch.is_some_and(|it| it.is_near(hz, off));
        let calling = self.calling.add(is_at(CALLING_HZ, CALLING_OFF_HZ));
        let tone = if self.calls(calling) {
            Some(FaxTone::Calling)
        } else {
            self.called.add(is_at(CALLED_HZ, CALLED_OFF_HZ));
            (self.called.frames >= CALLED_FRAMES).then_some(FaxTone::Called)
        };
        self.is_told = tone.is_some();
        tone
    }

    /// Whether a fax was told.
    pub(super) fn is_over(&self) -> bool {
        self.is_told
    }

    /// Whether the tone that has just ended, if one has, is the second CNG.
    fn calls(&mut self, ended: Option<u32>) -> bool {
        self.since_calling = self.since_calling.map(|it| it.saturating_add(1));
        let Some(frames) = ended.filter(|it| (ON_MIN..=ON_MAX).contains(it)) else { return false };
        let apart = self.since_calling.replace(0);
        apart.is_some_and(|it| (OFF_MIN..=OFF_MAX).contains(&it.saturating_sub(frames)))
    }
}

impl Run {
    /// Takes in whether a frame is of the tone; says how long it was if it has ended.
    fn add(&mut self, is_tone: bool) -> Option<u32> {
        if is_tone {
            self.frames += std::mem::take(&mut self.hole) + 1;
            return None;
        }
        if self.frames > 0 {
            self.hole += 1;
        }
        (self.hole > HOLE_MAX).then(|| std::mem::take(self).frames)
    }
}

/// T.30 section 4.1: 1100 Hz ± 38 Hz; some more for what noise does to the measurement.
const CALLING_HZ: f32 = 1100.0;
const CALLING_OFF_HZ: f32 = 50.0;
/// T.30 section 4.2: 2100 Hz ± 15 Hz.
const CALLED_HZ: f32 = 2100.0;
const CALLED_OFF_HZ: f32 = 35.0;

const fn frames(millis: u32) -> u32 {
    millis / FRAME_MS
}

/// Half a second ± 15 %, and a frame at each end that the tone does not fill.
const ON_MIN: u32 = frames(425) - 2;
const ON_MAX: u32 = frames(575) + 2;
/// Three seconds ± 15 %, as far.
const OFF_MIN: u32 = frames(2550) - 2;
const OFF_MAX: u32 = frames(3450) + 2;
/// Of the 2.6 to 4 seconds of a CED, so many are enough: no voice holds that note for as long.
const CALLED_FRAMES: u32 = frames(2000);
/// A lost packet or a phase reversal, and no end of a tone.
const HOLE_MAX: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_calling_tone_is_a_fax_if_it_comes_in_time() {
        for (on, off) in [(500, 3000), (430, 2560), (570, 3440)] {
            let told = hear(&[(1100.0, on), (0.0, off), (1100.0, on), (0.0, off), (1100.0, on)]);
            let end = 2 * on + off;
            assert_eq!(told.len(), 1, "{on} {off}: {told:?}");
            assert_eq!(told[0].1, FaxTone::Calling);
            assert!((end..end + 100).contains(&told[0].0), "{on} {off}: {told:?}");
        }
        for (on, off) in [(500, 1000), (300, 3000), (1000, 3000), (500, 5000), (3000, 3000)] {
            let told = hear(&[(1100.0, on), (0.0, off), (1100.0, on), (0.0, off), (1100.0, on)]);
            assert_eq!(told, [], "{on} ms on, {off} ms off");
        }
    }

    #[test]
    fn a_long_answering_tone_is_a_fax_with_holes_too_and_others_are_not() {
        let told = hear(&[(2100.0, 2600)]);
        assert_eq!(told, [(2000, FaxTone::Called)]);
        let reversed = [(2100.0, 440), (0.0, 20)].repeat(6);
        assert_eq!(hear(&reversed).len(), 1, "V.25's phase reversals");
        for (hz, length) in [(2100.0, 1900), (1100.0, 3000), (2160.0, 3000), (440.0, 3000)] {
            assert_eq!(hear(&[(hz, length), (0.0, 500)]), [], "{hz} Hz");
        }
    }

    /// What is told of tones (0 Hz for none) and how long they last, with when, in milliseconds.
    fn hear(tones: &[(f32, u32)]) -> Vec<(u32, FaxTone)> {
        let mut ear = FaxEar::default();
        let mut now = 0;
        let mut told = Vec::new();
        for (hz, length) in tones {
            let pitch = (*hz > 0.0).then_some(Pitch { hz: *hz, share: 0.9 });
            for _ in 0..length / FRAME_MS {
                now += FRAME_MS;
                told.extend(ear.hear(pitch).map(|it| (now, it)));
            }
        }
        told
    }
}
