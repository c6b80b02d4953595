//! How much of one frequency is in a span of samples.

use std::f32::consts::TAU;

/// A Goertzel filter, by its coefficient.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter(f32);

impl Filter {
    /// For a frequency and a sample rate, both in Hz.
    pub(crate) fn at(hz: f32, sample_rate: u32) -> Self {
        Self(2.0 * (TAU * hz / sample_rate as f32).cos())
    }

    /// Power of the tone. Of a pure tone, two of it by the number of samples are its energy.
    pub(crate) fn power(self, samples: &[i16]) -> f32 {
        let (mut last, mut before) = (0.0, 0.0);
        for sample in samples {
            let next = f32::from(*sample) + self.0 * last - before;
            (before, last) = (last, next);
        }
        last * last + before * before - self.0 * last * before
    }
}
