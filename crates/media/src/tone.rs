//! Steady tones, companded ahead so that playing one is copying.

use crate::{g711::Law, sound::Sound};
use std::{f64::consts::TAU, sync::Arc};

/// One whole number of cycles of a companded sine, played in a circle.
#[derive(Clone, Debug)]
pub(crate) struct Tone {
    period: Arc<[u8]>,
    position: usize,
}

impl Tone {
    /// From a period that [`ToneTable::period`] made.
    pub(crate) fn new(period: Arc<[u8]>) -> Self {
        Self { period, position: 0 }
    }

    /// The next samples.
    pub(crate) fn fill(&mut self, mut samples: &mut [u8]) {
        while !samples.is_empty() {
            let rest = &self.period[self.position..];
            let count = rest.len().min(samples.len());
            samples[..count].copy_from_slice(&rest[..count]);
            samples = &mut samples[count..];
            self.position = (self.position + count) % self.period.len();
        }
    }
}

/// Periods in use, so that a thousand callers of one tone share one table.
#[derive(Debug, Default)]
pub(crate) struct ToneTable {
    periods: Vec<(Law, Source, Arc<[u8]>)>,
}

/// What a period was companded of.
#[derive(Debug)]
enum Source {
    Sine { hz: u16, dbm0: i8 },
    Sound(Sound),
}

impl ToneTable {
    /// The shortest whole number of cycles that is a whole number of samples: for 1004 Hz at
    /// 8 kHz, 251 cycles in 2000 samples.
    pub(crate) fn period(&mut self, law: Law, hz: u16, dbm0: i8) -> Arc<[u8]> {
        let is_it =
            |it: &Source| matches!(it, Source::Sine { hz: h, dbm0: d } if (*h, *d) == (hz, dbm0));
        self.find(law, is_it)
            .unwrap_or_else(|| self.keep(law, Source::Sine { hz, dbm0 }, sine(law, hz, dbm0)))
    }

    /// A sound at 8 kHz, to be played in a circle.
    pub(crate) fn circle(&mut self, law: Law, sound: &Sound) -> Arc<[u8]> {
        let is_it = |it: &Source| matches!(it, Source::Sound(it) if it.is_same(sound));
        self.find(law, is_it).unwrap_or_else(|| {
            let period = sound.samples().iter().map(|it| law.encode(*it)).collect();
            self.keep(law, Source::Sound(sound.clone()), period)
        })
    }

    fn find(&self, law: Law, is_it: impl Fn(&Source) -> bool) -> Option<Arc<[u8]>> {
        let found = self.periods.iter().find(|it| it.0 == law && is_it(&it.1))?;
        Some(Arc::clone(&found.2))
    }

    fn keep(&mut self, law: Law, source: Source, period: Arc<[u8]>) -> Arc<[u8]> {
        if self.periods.len() == PERIODS_MAX {
            self.periods.remove(0);
        }
        self.periods.push((law, source, Arc::clone(&period)));
        period
    }
}

fn sine(law: Law, hz: u16, dbm0: i8) -> Arc<[u8]> {
    samples(law, hz, dbm0).map(|it| law.encode(it)).collect()
}

/// The same tone in linear samples at 8 kHz, whose scale is that of A-law.
pub(crate) fn linear_period(hz: u16, dbm0: i8) -> Vec<i16> {
    samples(Law::A, hz, dbm0).collect()
}

/// Several tones at once, each at this level, in linear samples at 8 kHz: so many, or as many as
/// close without a step.
pub(crate) fn linear_sum(hz: &[u16], dbm0: i8, length: Option<usize>) -> Vec<i16> {
    let peak = peak(Law::A, dbm0);
    let divisor = hz.iter().fold(SAMPLE_RATE, |it, hz| greatest_common_divisor(it, (*hz).into()));
    let length = length.unwrap_or((SAMPLE_RATE / divisor) as usize);
    let sample = |n: usize| -> f64 {
        let step = TAU * n as f64 / f64::from(SAMPLE_RATE);
        hz.iter().map(|hz| peak * (step * f64::from(*hz)).sin()).sum()
    };
    (0..length).map(|n| sample(n).round() as i16).collect()
}

fn samples(law: Law, hz: u16, dbm0: i8) -> impl Iterator<Item = i16> {
    let peak = peak(law, dbm0);
    let length = SAMPLE_RATE / greatest_common_divisor(SAMPLE_RATE, u32::from(hz));
    let step = TAU * f64::from(hz) / f64::from(SAMPLE_RATE);
    (0..length).map(move |n| (peak * (step * f64::from(n)).sin()).round() as i16)
}

fn peak(law: Law, dbm0: i8) -> f64 {
    let level_db = f64::from(dbm0) - law.full_scale_dbm0();
    (law.full_scale_peak() * 10_f64.powf(level_db / 20.0)).min(law.full_scale_peak())
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Of G.711, in Hz.
const SAMPLE_RATE: u32 = 8000;
/// Different tones kept; the oldest goes first (its players keep theirs).
const PERIODS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_tone_has_its_frequency_and_level_in_both_laws() {
        for law in [Law::Mu, Law::A] {
            let samples = play(law, 1004, -16, 8000);

            let level = dbm0(law, power_at(&samples, 1004.0));
            assert!((level + 16.0).abs() < 0.1, "{law:?}: {level} dBm0");
            let whole = dbm0(law, samples.iter().map(|it| it * it).sum::<f64>() / 8000.0);
            assert!((whole - level).abs() < 0.1, "{law:?}: nothing but the tone, {whole} dBm0");
        }
    }

    #[test]
    fn the_period_of_the_test_tone_is_2000_samples_and_closes_without_a_step() {
        assert_eq!(ToneTable::default().period(Law::A, 1004, -16).len(), 2000);

        let samples = play(Law::Mu, 1004, -16, 4001);

        let step_max = samples.windows(2).map(|it| (it[1] - it[0]).abs()).fold(0.0, f64::max);
        assert!(step_max < 3000.0, "{step_max}");
        assert_eq!(&samples[..2000], &samples[2000..4000]);
    }

    #[test]
    fn too_loud_a_tone_is_full_scale_and_no_frequency_is_silence() {
        let loud = play(Law::A, 1000, 20, 160);
        assert!(loud.iter().any(|it| *it > 32_000.0));
        assert!(play(Law::Mu, 0, -16, 160).iter().all(|it| it.abs() < 1.0));
    }

    fn play(law: Law, hz: u16, dbm0: i8, count: usize) -> Vec<f64> {
        let mut tone = Tone::new(ToneTable::default().period(law, hz, dbm0));
        let mut bytes = vec![0; count];
        for packet in bytes.chunks_mut(160) {
            tone.fill(packet);
        }
        bytes.into_iter().map(|it| f64::from(law.decode(it))).collect()
    }

    /// Mean power of the component at `hz` (one bin of a Fourier transform).
    fn power_at(samples: &[f64], hz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let (sin, cos) = (TAU * hz * n as f64 / 8000.0).sin_cos();
            re += sample * cos;
            im += sample * sin;
        }
        let count = samples.len() as f64;
        2.0 * (re * re + im * im) / (count * count)
    }

    fn dbm0(law: Law, power: f64) -> f64 {
        let full = law.full_scale_peak().powi(2) / 2.0;
        10.0 * (power / full).log10() + law.full_scale_dbm0()
    }
}
