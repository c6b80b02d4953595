//! How loud a stream is.

/// Meters samples until it is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct LevelMeter {
    energy: u64,
    samples: u32,
    peak: u16,
}

/// Loudness of a span, in decibels below the loudest that 16 bits can say (dBov; RFC 6465 counts
/// the same way, with 127 for silence).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Level {
    /// Of the mean power.
    pub mean: u8,
    /// Of the loudest sample.
    pub peak: u8,
}

impl Level {
    /// Nothing is heard.
    pub const SILENCE: Self = Self { mean: 127, peak: 127 };
}

impl LevelMeter {
    /// Adds samples. A span that is never read ends in a level that is too low, and in no error.
    pub fn add(&mut self, pcm: &[i16]) {
        for sample in pcm {
            let magnitude = sample.unsigned_abs();
            let power = u64::from(magnitude) * u64::from(magnitude);
            self.energy = self.energy.saturating_add(power);
            self.peak = self.peak.max(magnitude);
        }
        self.samples = self.samples.saturating_add(pcm.len() as u32);
    }

    /// The level since it was read last.
    pub fn take(&mut self) -> Level {
        let Self { energy, samples, peak } = std::mem::take(self);
        if samples == 0 {
            return Level::SILENCE;
        }
        let mean = energy as f64 / f64::from(samples);
        Level { mean: below_full(mean), peak: below_full(f64::from(peak).powi(2)) }
    }
}

fn below_full(power: f64) -> u8 {
    let decibels = 10.0 * (FULL_SCALE * FULL_SCALE / power.max(f64::MIN_POSITIVE)).log10();
    decibels.round().clamp(0.0, 127.0) as u8
}

const FULL_SCALE: f64 = 32_768.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_told_below_full_scale_and_read_once() {
        let mut meter = LevelMeter::default();
        assert_eq!(meter.take(), Level::SILENCE);

        meter.add(&[i16::MIN; 160]);
        assert_eq!(meter.take(), Level { mean: 0, peak: 0 });
        meter.add(&[3277, -3277]);
        assert_eq!(meter.take(), Level { mean: 20, peak: 20 });
        meter.add(&[0; 99]);
        meter.add(&[16_384]);
        assert_eq!(meter.take(), Level { mean: 26, peak: 6 });
        meter.add(&[0; 160]);
        assert_eq!(meter.take(), Level::SILENCE);
    }
}
