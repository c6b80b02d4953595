//! From one sample rate to another, 10 ms at a time.

use crate::codec::Rate;
use rubato::{Fft, FixedSync, Resampler as _, audioadapter_buffers::direct::SequentialSlice};
use std::fmt;

/// Converts one stream. It adds [`Resampler::delay_ms`], and allocates only when it is made.
pub struct Resampler {
    way: Option<Way>,
}

/// Two different rates.
struct Way {
    library: Fft<f32>,
    /// 10 ms of each rate, between -1 and 1.
    before: Box<[f32]>,
    after: Box<[f32]>,
}

impl Resampler {
    /// For a stream that begins. Between equal rates it copies.
    pub fn new(from: Rate, to: Rate) -> Self {
        if from == to {
            return Self { way: None };
        }
        let (before, after) = (from.samples(BLOCK_MS), to.samples(BLOCK_MS));
        let library = Fft::new(from.hz() as usize, to.hz() as usize, before, 1, FixedSync::Both)
            .expect("both rates and the length of a block are above zero");
        Self {
            way: Some(Way {
                library,
                before: vec![0.0; before].into(),
                after: vec![0.0; after].into(),
            }),
        }
    }

    /// Converts whole blocks of 10 ms; `to` has as many as `from`, and what is over is left.
    pub fn process(&mut self, from: &[i16], to: &mut [i16]) {
        let Some(way) = &mut self.way else {
            let count = from.len().min(to.len());
            to[..count].copy_from_slice(&from[..count]);
            return;
        };
        let (before, after) = (way.before.len(), way.after.len());
        for (from, to) in from.chunks_exact(before).zip(to.chunks_exact_mut(after)) {
            way.convert(from, to);
        }
    }

    /// How much later everything is heard.
    pub fn delay_ms(&self) -> u32 {
        self.way.as_ref().map_or(0, |_| BLOCK_MS / 2)
    }
}

impl Way {
    fn convert(&mut self, from: &[i16], to: &mut [i16]) {
        for (place, sample) in self.before.iter_mut().zip(from) {
            *place = f32::from(*sample) / FULL_SCALE;
        }
        let (before, after) = (self.before.len(), self.after.len());
        let input = SequentialSlice::new(&self.before, 1, before);
        let output = SequentialSlice::new_mut(&mut self.after, 1, after);
        if let (Ok(input), Ok(mut output)) = (input, output)
            && self.library.process_into_buffer(&input, &mut output, None).is_ok()
        {
            for (sample, place) in to.iter_mut().zip(&self.after) {
                // A cast saturates.
                *sample = (place * FULL_SCALE) as i16;
            }
        } else {
            to.fill(0);
        }
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.way.as_ref().map(|way| (way.before.len(), way.after.len()));
        f.debug_struct("Resampler").field("block", &lengths).finish()
    }
}

/// Converts a whole recording of any rate, without a delay; samples are between -1 and 1. `None` if
/// the rate is zero or too odd to be converted.
pub fn resample_whole(samples: &[f32], from_hz: u32, to: Rate) -> Option<Vec<i16>> {
    let to_pcm = |samples: &[f32]| samples.iter().map(|it| (it * FULL_SCALE) as i16).collect();
    if from_hz == to.hz() {
        return Some(to_pcm(samples));
    }
    let (from, to) = (from_hz as usize, to.hz() as usize);
    let block = from.div_ceil(100).max(1);
    let mut library = Fft::<f32>::new(from, to, block, 1, FixedSync::Both).ok()?;
    let (before, after) = (library.input_frames_next(), library.output_frames_next());
    if before * 10 > from {
        return None;
    }
    let delay = library.output_delay();
    let wanted = (samples.len() as u64 * to as u64 / from as u64) as usize;
    let mut converted = Vec::with_capacity(delay + wanted + after);
    let (mut taken, mut given) = (vec![0.0; before], vec![0.0; after]);
    let mut rest = samples;
    while converted.len() < delay + wanted {
        let count = rest.len().min(before);
        taken[..count].copy_from_slice(&rest[..count]);
        taken[count..].fill(0.0);
        rest = &rest[count..];
        let input = SequentialSlice::new(&taken, 1, before).ok()?;
        let mut output = SequentialSlice::new_mut(&mut given, 1, after).ok()?;
        library.process_into_buffer(&input, &mut output, None).ok()?;
        converted.extend_from_slice(&given);
    }
    Some(to_pcm(&converted[delay..delay + wanted]))
}

/// Of every block. The filter is as long as a block, and delays by half of it.
const BLOCK_MS: u32 = 10;

const FULL_SCALE: f32 = 32_768.0;

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn telephone_speech_passes_between_all_rates_level_and_undistorted() {
        for from in Rate::ALL {
            for to in Rate::ALL {
                for hz in [300.0, 1000.0, 3000.0] {
                    let heard = convert(from, to, hz);
                    let level = decibels(amplitude(&heard, hz, to) / PEAK);
                    let rest = decibels(rest(&heard, hz, to) / PEAK);
                    assert!(level.abs() < 0.5, "{from:?} to {to:?}, {hz} Hz: {level:.2} dB");
                    assert!(rest < -50.0, "{from:?} to {to:?}, {hz} Hz: {rest:.1} dB of noise");
                }
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_left_out() {
        for (from, to, hz) in [
            (Rate::Wide, Rate::Narrow, 5000.0),
            (Rate::Full, Rate::Narrow, 6000.0),
            (Rate::Full, Rate::Wide, 12_000.0),
        ] {
            let heard = convert(from, to, hz);
            let left = decibels((2.0 * power(&heard)).sqrt() / PEAK);
            assert!(left < -50.0, "{from:?} to {to:?}, {hz} Hz: {left:.1} dB");
        }
    }

    #[test]
    fn the_delay_is_what_it_says() {
        for from in Rate::ALL {
            for to in Rate::ALL {
                let mut resampler = Resampler::new(from, to);
                let mut click = vec![0; from.samples(40)];
                click[from.samples(10)] = 30_000;
                let mut heard = vec![0; to.samples(40)];
                resampler.process(&click, &mut heard);

                let loudest = (0..heard.len()).max_by_key(|n| heard[*n].unsigned_abs()).unwrap();
                let expected = to.samples(10 + resampler.delay_ms());
                let tolerance = to.samples(1) / 4;
                assert!(loudest.abs_diff(expected) <= tolerance, "{from:?} to {to:?}: {loudest}");
            }
        }
    }

    #[test]
    fn recordings_of_usual_rates_are_converted_whole_and_in_place() {
        for from_hz in [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000] {
            let step = TAU * 1000.0 / f64::from(from_hz);
            let peak = PEAK / f64::from(FULL_SCALE);
            let tone: Vec<f32> =
                (0..from_hz / 2).map(|n| (peak * (step * f64::from(n)).sin()) as f32).collect();
            let heard = resample_whole(&tone, from_hz, Rate::Wide).unwrap();

            assert!((7999..=8000).contains(&heard.len()), "{from_hz} Hz: {}", heard.len());
            let middle = &heard[1600..6400];
            let level = decibels(amplitude(middle, 1000.0, Rate::Wide) / PEAK);
            assert!(level.abs() < 0.5, "{from_hz} Hz: {level:.2} dB");
            // In place: the 100th cycle begins where it did.
            let crossing = &heard[1600 - 2..1600 + 2];
            assert!(crossing[0] < 0 && crossing[3] > 0, "{from_hz} Hz: {crossing:?}");
        }
        assert!(resample_whole(&[0.5; 100], 0, Rate::Wide).is_none());
        assert!(resample_whole(&[0.5; 100], 44_101, Rate::Wide).is_none());
    }

    fn convert(from: Rate, to: Rate, hz: f64) -> Vec<i16> {
        let step = TAU * hz / f64::from(from.hz());
        let tone: Vec<i16> =
            (0..from.samples(600)).map(|n| (PEAK * (step * n as f64).sin()) as i16).collect();
        let mut heard = vec![0; to.samples(600)];
        Resampler::new(from, to).process(&tone, &mut heard);
        heard[to.samples(100)..].to_vec()
    }

    fn power(pcm: &[i16]) -> f64 {
        pcm.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / pcm.len() as f64
    }

    /// Of the component at `hz`.
    fn amplitude(pcm: &[i16], hz: f64, rate: Rate) -> f64 {
        let step = TAU * hz / f64::from(rate.hz());
        let (re, im) = pcm.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, sample)| {
            let (sin, cos) = (step * n as f64).sin_cos();
            (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
        });
        2.0 * (re * re + im * im).sqrt() / pcm.len() as f64
    }

    /// Amplitude of everything else.
    fn rest(pcm: &[i16], hz: f64, rate: Rate) -> f64 {
        (2.0 * power(pcm) - amplitude(pcm, hz, rate).powi(2)).max(1.0).sqrt()
    }

    fn decibels(ratio: f64) -> f64 {
        20.0 * ratio.log10()
    }

    const PEAK: f64 = 10_000.0;
}
