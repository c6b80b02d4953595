//! Whether a frame is a single tone, and which.

use crate::{codec::Rate, goertzel::Filter};
use std::f64::consts::TAU;

/// A tone that fills most of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pitch {
    /// In Hz.
    pub(super) hz: f32,
    /// How much of the frame's energy it is: 1 for a tone and nothing else.
    pub(super) share: f32,
}

impl Pitch {
    /// Of samples at 8 kHz; nothing if the loudest tone is less than [`SHARE_MIN`] of them, or they
    /// are too quiet.
    ///
    /// Neighbours of a sample of a sine are, added up, twice the cosine of its step times the
    /// sample. That cosine is found by least squares, with white noise taken into account
    /// (Pisarenko's method); a Goertzel filter at the frequency then says how much it explains.
    pub(super) fn of(samples: &[i16]) -> Option<Self> {
        let (mut energy, mut cross, mut around) = (0.0, 0.0, 0.0);
        for [before, sample, after] in samples.array_windows() {
            let (sample, sum) = (f64::from(*sample), f64::from(*before) + f64::from(*after));
            energy += sample * sample;
            cross += sample * sum;
            around += sum * sum;
        }
        if energy < ENERGY_MIN * samples.len() as f64 {
            return None;
        }
        let excess = around - 2.0 * energy;
        let root = (excess * excess + 8.0 * cross * cross).sqrt();
        // The same, twice: each way is exact where the other one cancels.
        let cosine = if excess > 0.0 {
            (excess + root) / (4.0 * cross)
        } else {
            2.0 * cross / (root - excess)
        };
        let hz = (cosine.clamp(-1.0, 1.0).acos() / TAU * f64::from(Rate::Narrow.hz())) as f32;
        let power = Filter::at(hz, Rate::Narrow.hz()).power(samples);
        let share = 2.0 * power / samples.len() as f32 / energy as f32;
        (share >= SHARE_MIN).then_some(Self { hz, share })
    }

    /// Whether it is at a frequency, give or take so many Hz.
    pub(super) fn is_near(self, hz: f32, off: f32) -> bool {
        (self.hz - hz).abs() <= off
    }
}

/// What a tone must be at least of the energy: in white noise, one that is 2 dB above it.
pub(super) const SHARE_MIN: f32 = 0.6;
/// Mean power of the quietest tones that count: −43 dBm0, what T.30 asks a receiver to hear.
const ENERGY_MIN: f64 = 13_000.0;

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;

    #[test]
    fn a_tone_is_found_at_its_frequency_and_nearly_always_so_in_noise() {
        let mut rng = Rng::from_number(5);
        for hz in [425.0, 1000.0, 1100.0, 1400.0, 2000.0, 2100.0] {
            // Noise of 870 at most is 15 dB below the tone.
            for (noise, off, least) in [(0.0, 1.0, 20), (870.0, 30.0, 17)] {
                let is_found = |phase: u32| {
                    let mut at = |n: usize| {
                        let angle = TAU * hz * n as f64 / 8000.0 + f64::from(phase);
                        let noise = noise * (rng.below(2001) as f64 / 1000.0 - 1.0);
                        (4000.0 * angle.sin() + noise) as i16
                    };
                    let samples: Vec<i16> = (0..160).map(&mut at).collect();
                    Pitch::of(&samples).is_some_and(|it| it.is_near(hz as f32, off))
                };
                let found = (0..20).map(is_found).filter(|it| *it).count();
                assert!(found >= least, "{hz} Hz, noise {noise}: {found} of 20");
            }
        }
    }

    #[test]
    fn noise_two_tones_silence_and_whispers_are_no_tone() {
        let mut rng = Rng::from_number(6);
        let noise: Vec<i16> = (0..160).map(|_| rng.below(20_000) as i16 - 10_000).collect();
        assert_eq!(Pitch::of(&noise), None);
        let sines = |hz: [f64; 2], peak: f64| -> Vec<i16> {
            let at = |n: usize| hz.map(|it| peak * (TAU * it * n as f64 / 8000.0).sin());
            (0..160).map(|n| at(n).iter().sum::<f64>() as i16).collect()
        };
        assert_eq!(Pitch::of(&sines([697.0, 1209.0], 5000.0)), None, "a key");
        assert_eq!(Pitch::of(&sines([1100.0, 1100.0], 50.0)), None, "too quiet");
        assert_eq!(Pitch::of(&[0; 160]), None);
    }
}
