//! Automatic gain: whoever speaks from afar is heard as loud as whoever shouts.
//!
//! Only speech moves the gain, and slowly: what is between words stays as it is, so that a room's
//! hum does not swell in pauses. What would be cut off at the loudest is turned down at once.

use crate::{level::LevelMeter, talk::is_loud};

/// Of one stream, a frame of 20 ms at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gain {
    /// What samples are multiplied by.
    factor: f32,
}

impl Default for Gain {
    fn default() -> Self {
        Self { factor: 1.0 }
    }
}

impl Gain {
    /// Brings a frame nearer to the level that is wanted.
    pub(crate) fn level(&mut self, frame: &mut [i16]) {
        let mut meter = LevelMeter::default();
        meter.add(frame);
        let level = meter.take();
        let before = self.factor;
        if is_loud(level.mean) {
            let wanted = decibels(f32::from(level.mean) - WANTED).clamp(LEAST, MOST);
            let step = if wanted > before { RISE } else { FALL };
            self.factor = wanted.clamp(before / step, before * step);
        }
        let loudest = decibels(f32::from(level.peak) - HEADROOM);
        self.factor = self.factor.min(loudest.max(LEAST));
        // From frame to frame without a step.
        let slope = (self.factor - before) / frame.len().max(1) as f32;
        for (n, sample) in frame.iter_mut().enumerate() {
            // A cast saturates.
            *sample = (f32::from(*sample) * (before + slope * n as f32)) as i16;
        }
    }
}

fn decibels(decibels: f32) -> f32 {
    10_f32.powf(decibels / 20.0)
}

/// How loud speech should be, in decibels below full scale: as loud as the telephone network hands it
/// over (ITU-T P.56, G.100).
const WANTED: f32 = 26.0;
/// Samples stay so far below full scale, in decibels.
const HEADROOM: f32 = 1.0;
/// 18 dB up, which is all that a whisper has above the noise, and 18 dB down.
const MOST: f32 = 8.0;
const LEAST: f32 = 0.125;
/// At most 0.2 dB up and 1 dB down in a frame: 10 and 50 dB a second.
const RISE: f32 = 1.023;
const FALL: f32 = 1.122;

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_quiet_and_the_loud_come_to_the_same_level_within_two_seconds() {
        for below in [8.0, 16.0, 26.0, 36.0, 43.0] {
            let mut gain = Gain::default();
            let mut last = 0.0;
            for n in 0..100 {
                let mut frame = tone(below, n);
                gain.level(&mut frame);
                last = below_full(&frame);
            }
            assert!((last - 26.0).abs() < 1.5, "{below} dB became {last:.1}");
        }
    }

    #[test]
    fn a_pause_is_not_turned_up_and_a_shout_is_not_cut_off() {
        let mut gain = Gain::default();
        for n in 0..500 {
            let mut hum = tone(60.0, n);
            gain.level(&mut hum);
            assert!((below_full(&hum) - 60.0).abs() < 1.0);
        }
        for n in 0..100 {
            gain.level(&mut tone(44.0, n));
        }
        assert!(gain.factor > 7.0, "{}", gain.factor);

        let mut shout = tone(4.0, 0);
        gain.level(&mut shout);
        let mut next = tone(4.0, 1);
        gain.level(&mut next);
        let peak = next.iter().map(|it| it.unsigned_abs()).max();
        assert!(peak < Some(31_000), "{peak:?}");
    }

    /// Of a mean power.
    fn tone(below: f64, n: usize) -> Vec<i16> {
        let peak = 32_768.0 * 10_f64.powf(-below / 20.0) * 2_f64.sqrt();
        (n * 160..(n + 1) * 160)
            .map(|at| (peak.min(32_767.0) * (TAU * 500.0 * at as f64 / 8000.0).sin()) as i16)
            .collect()
    }

    fn below_full(frame: &[i16]) -> f64 {
        let power: f64 = frame.iter().map(|it| f64::from(*it).powi(2)).sum();
        -10.0 * (power / frame.len() as f64 / 32_768.0_f64.powi(2)).log10()
    }
}
