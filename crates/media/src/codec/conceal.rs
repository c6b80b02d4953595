//! Concealment of lost packets for codecs that send the waveform (G.711, G.722, L16).
//!
//! After G.711 appendix I: voiced speech repeats itself every 2.5 to 15 ms, so the last such period
//! is repeated, at full strength for 10 ms and fading out until 60 ms; the first packet after the
//! gap is faded in over it. What is concealed never jumps, and never goes on like a buzzer.

use super::Rate;

/// Remembers what was heard and goes on with it.
#[derive(Debug)]
pub(super) struct Concealer {
    rate: Rate,
    /// The newest samples, oldest first.
    history: Box<[i16]>,
    /// The period that is repeated, with its seam blended; as long as the longest period.
    period: Box<[i16]>,
    gap: Option<Gap>,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    /// Samples of a period.
    length: usize,
    /// Samples concealed so far.
    concealed: usize,
}

impl Concealer {
    pub(super) fn new(rate: Rate) -> Self {
        let (history, period) = (rate.samples(HISTORY_MS), rate.samples(PERIOD_MAX_MS));
        Self { rate, history: vec![0; history].into(), period: vec![0; period].into(), gap: None }
    }

    /// Takes in what came; blends its beginning with what was concealed before it.
    pub(super) fn hear(&mut self, pcm: &mut [i16]) {
        if let Some(mut gap) = self.gap.take() {
            let blended = self.rate.samples(BLEND_MS).min(pcm.len());
            for (n, sample) in pcm[..blended].iter_mut().enumerate() {
                let weight = (n + 1) as f32 / (blended + 1) as f32;
                *sample = mix(self.next(&mut gap), *sample, weight);
            }
        }
        let kept = self.history.len();
        if let Some(newest) = pcm.len().checked_sub(kept) {
            self.history.copy_from_slice(&pcm[newest..]);
        } else {
            self.history.copy_within(pcm.len().., 0);
            self.history[kept - pcm.len()..].copy_from_slice(pcm);
        }
    }

    /// Goes on with what was heard last.
    pub(super) fn conceal(&mut self, pcm: &mut [i16]) {
        let mut gap = match self.gap {
            Some(gap) => gap,
            None => self.begin(),
        };
        for sample in pcm {
            *sample = self.next(&mut gap);
        }
        self.gap = Some(gap);
    }

    fn begin(&mut self) -> Gap {
        let length = self.find_period();
        let heard = &self.history[self.history.len() - length..];
        self.period[..length].copy_from_slice(heard);
        // The end of the period leads over to its beginning by what came before that beginning.
        let seam = length / 4;
        let before = &self.history[self.history.len() - length - seam..][..seam];
        for (n, sample) in before.iter().enumerate() {
            let at = length - seam + n;
            let weight = (n + 1) as f32 / (seam + 1) as f32;
            self.period[at] = mix(self.period[at], *sample, weight);
        }
        Gap { length, concealed: 0 }
    }

    fn next(&self, gap: &mut Gap) -> i16 {
        let sample = self.period[gap.concealed % gap.length];
        let (full, end) = (self.rate.samples(FULL_MS), self.rate.samples(END_MS));
        let gain = match gap.concealed {
            concealed if concealed < full => 1.0,
            concealed if concealed < end => (end - concealed) as f32 / (end - full) as f32,
            _ => 0.0,
        };
        gap.concealed += 1;
        (f32::from(sample) * gain) as i16
    }

    /// The lag at which the newest samples are most like those before them. Looked for at 8 kHz,
    /// where all pitch is, and then to the sample around the best.
    fn find_period(&self) -> usize {
        let stride = self.rate.samples(1) / Rate::Narrow.samples(1);
        let (shortest, longest) = (self.rate.samples(5) / 2, self.rate.samples(PERIOD_MAX_MS));
        let coarse = (shortest..=longest).step_by(stride);
        let best = most_alike(coarse, |lag| self.likeness(lag, stride)).unwrap_or(longest);
        let fine = best.saturating_sub(stride).max(shortest)..=(best + stride).min(longest);
        most_alike(fine, |lag| self.likeness(lag, 1)).unwrap_or(best)
    }

    /// Correlation of the newest window with that `lag` samples before it, over their energy.
    fn likeness(&self, lag: usize, stride: usize) -> f32 {
        let window = self.rate.samples(WINDOW_MS);
        let newest = &self.history[self.history.len() - window..];
        let earlier = &self.history[self.history.len() - window - lag..][..window];
        let (mut product, mut energy) = (0.0, 1.0);
        for (a, b) in newest.iter().step_by(stride).zip(earlier.iter().step_by(stride)) {
            product += f32::from(*a) * f32::from(*b);
            energy += f32::from(*b) * f32::from(*b);
        }
        product / energy.sqrt()
    }
}

fn most_alike(lags: impl Iterator<Item = usize>, likeness: impl Fn(usize) -> f32) -> Option<usize> {
    let scored = lags.map(|lag| (lag, likeness(lag)));
    scored.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(lag, _)| lag)
}

/// From `a` to `b` as the weight goes from 0 to 1.
fn mix(a: i16, b: i16, weight: f32) -> i16 {
    (f32::from(a) * (1.0 - weight) + f32::from(b) * weight) as i16
}

/// Longest period of speech: a voice of 66 Hz.
const PERIOD_MAX_MS: u32 = 15;
/// What is compared.
const WINDOW_MS: u32 = 20;
/// Enough for the window, the longest lag, and the seam before the period.
const HISTORY_MS: u32 = WINDOW_MS + PERIOD_MAX_MS;
/// Concealed at full strength.
const FULL_MS: u32 = 10;
/// Concealed at all.
const END_MS: u32 = 60;
/// What comes after a gap is faded in.
const BLEND_MS: u32 = 5;
