//! What far ends say: at 8 kHz, from a seed.

use crate::speech::{prompts, read_wav};
use base::Rng;
use std::f64::consts::TAU;

pub(crate) const HZ: usize = 8000;

/// Prompts without the silence around them.
pub(crate) fn voices() -> Vec<Vec<i16>> {
    let trimmed = |path: &std::path::PathBuf| {
        let (rate, samples) = read_wav(path);
        assert_eq!(rate as usize, HZ, "{}", path.display());
        let is_loud = |it: &i16| it.unsigned_abs() > 500;
        let first = samples.iter().position(is_loud).unwrap();
        let last = samples.iter().rposition(is_loud).unwrap();
        samples[first..=last].to_vec()
    };
    prompts().iter().map(trimmed).filter(|it| it.len() > 2 * HZ).collect()
}

pub(crate) fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * HZ / 1000]
}

/// A sine at −10 dB of full scale's power.
pub(crate) fn tone(hz: f64, ms: usize) -> Vec<i16> {
    let step = TAU * hz / HZ as f64;
    (0..ms * HZ / 1000).map(|n| (14_650.0 * (step * n as f64).sin()) as i16).collect()
}

/// A tune on an instrument that has no overtones, which is the nearest that music comes to the
/// tones of machines; a fax's 1100 and 2100 Hz are notes of it.
pub(crate) fn tune(rng: &mut Rng, ms: usize) -> Vec<i16> {
    let mut tune = Vec::new();
    while tune.len() < ms * HZ / 1000 {
        let semitones = rng.below(25) as f64;
        let note = tone(554.37 * 2.0_f64.powf(semitones / 12.0), 125 * (1 + rng.below(8) as usize));
        let fade = |n: usize| (n.min(note.len() - n) as f64 / 160.0).min(1.0);
        tune.extend(note.iter().enumerate().map(|(n, it)| (f64::from(*it) * fade(n)) as i16));
        if rng.chance(200) {
            tune.extend(silence(125 * (1 + rng.below(30) as usize)));
        }
    }
    tune
}

/// Somebody who says a word or two, and waits.
pub(crate) fn person(rng: &mut Rng, voices: &[Vec<i16>]) -> Vec<i16> {
    let voice = &voices[rng.below(voices.len() as u64) as usize];
    let words = voice[..between(rng, 350, 1100) * HZ / 1000].to_vec();
    [silence(between(rng, 200, 1500)), faded(words), silence(4000)].concat()
}

/// A greeting of some sentences, a pause and a beep.
pub(crate) fn machine(rng: &mut Rng, voices: &[Vec<i16>]) -> Vec<i16> {
    let mut audio = silence(between(rng, 100, 1200));
    for _ in 0..2 + rng.below(3) {
        audio.extend_from_slice(&voices[rng.below(voices.len() as u64) as usize]);
        audio.extend(silence(between(rng, 100, 600)));
    }
    audio.extend(silence(between(rng, 0, 800)));
    audio.extend(faded(tone(between(rng, 400, 2000) as f64, between(rng, 200, 1000))));
    audio.extend(silence(1500));
    audio
}

/// A calling fax, from its first tone (ITU-T T.30: each ± 15 %, ± 38 Hz).
pub(crate) fn calling_fax(rng: &mut Rng) -> Vec<i16> {
    let hz = 1062.0 + rng.below(77) as f64;
    let mut audio = silence(between(rng, 0, 2000));
    for _ in 0..3 {
        audio.extend(tone(hz, between(rng, 430, 570)));
        audio.extend(silence(between(rng, 2560, 3440)));
    }
    audio
}

/// An answering fax.
pub(crate) fn called_fax(rng: &mut Rng) -> Vec<i16> {
    let hz = 2085.0 + rng.below(31) as f64;
    [silence(between(rng, 200, 2000)), tone(hz, between(rng, 2600, 4000)), silence(75)].concat()
}

/// White noise all over it, so many decibels below what is loud in it.
pub(crate) fn noisy(mut samples: Vec<i16>, rng: &mut Rng, snr_db: f64) -> Vec<i16> {
    let power = |it: i16| f64::from(it) * f64::from(it);
    let loud: Vec<_> = samples.iter().filter(|it| it.unsigned_abs() > 300).collect();
    let mean = loud.iter().map(|it| power(**it)).sum::<f64>() / loud.len().max(1) as f64;
    // Of a uniform distribution, the peak is √3 of the mean.
    let peak = (3.0 * mean / 10_f64.powf(snr_db / 10.0)).sqrt();
    for sample in &mut samples {
        let noise = (rng.below(2001) as f64 / 1000.0 - 1.0) * peak;
        *sample = (f64::from(*sample) + noise).clamp(-32_768.0, 32_767.0) as i16;
    }
    samples
}

fn between(rng: &mut Rng, low: usize, high: usize) -> usize {
    low + rng.below((high - low) as u64) as usize
}

/// Without a click at the ends.
fn faded(mut samples: Vec<i16>) -> Vec<i16> {
    let count = samples.len();
    for (n, sample) in samples.iter_mut().enumerate() {
        let swell = (n.min(count - n) as f64 / 80.0).min(1.0);
        *sample = (f64::from(*sample) * swell) as i16;
    }
    samples
}
