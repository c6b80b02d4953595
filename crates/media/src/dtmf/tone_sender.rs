//! Keys into audio.

use super::{Digit, KeyTone, PAUSE, QueueFull, SHORTEST, believable, queue::KeyQueue};
use std::time::Duration;

/// Plays keys one after the other as tones, each with the pause that must follow it.
#[derive(Clone, Debug)]
pub struct ToneSender {
    sample_rate: u32,
    keys: KeyQueue,
    playing: Option<KeyTone>,
    /// Samples of silence that are still to pass before the next key.
    pause: usize,
}

impl ToneSender {
    /// For audio of this rate in Hz.
    pub fn new(sample_rate: u32) -> Self {
        Self { sample_rate, keys: KeyQueue::new(), playing: None, pause: 0 }
    }

    /// Plays a key after those that wait.
    pub fn press(&mut self, digit: Digit, held: Duration) -> Result<(), QueueFull> {
        self.release(Duration::ZERO);
        self.keys.press(digit, held)
    }

    /// Plays a key after those that wait, down until [`Self::release`].
    pub fn hold(&mut self, digit: Digit) -> Result<(), QueueFull> {
        self.release(Duration::ZERO);
        self.keys.hold(digit)
    }

    /// The key of the last [`Self::hold`] is up after this time. Another key ends it as well.
    pub fn release(&mut self, held: Duration) {
        let is_queued = !self.keys.release(held.max(SHORTEST));
        let rate = self.sample_rate;
        let Some(tone) = self.playing.as_mut().filter(|_| !is_queued) else { return };
        let passed_micros = tone.position() as u64 * 1_000_000 / u64::from(rate.max(1));
        let length = believable(held, Duration::from_micros(passed_micros));
        tone.shorten(samples(length, rate));
    }

    /// Whether nothing is to be played any more, the last pause included.
    pub fn is_idle(&self) -> bool {
        self.keys.is_empty() && self.playing.is_none() && self.pause == 0
    }

    /// Fills the next samples, over whatever was there.
    pub fn fill(&mut self, mut samples: &mut [i16]) {
        while !samples.is_empty() {
            let count = self.fill_some(samples);
            samples = &mut samples[count..];
        }
    }

    /// Says how many it filled, one at least.
    fn fill_some(&mut self, samples: &mut [i16]) -> usize {
        if let Some(tone) = &mut self.playing {
            let count = tone.fill(samples);
            if tone.is_over() {
                self.playing = None;
                self.pause = self.samples(PAUSE);
            }
            return count;
        }
        if self.pause > 0 {
            let count = samples.len().min(self.pause);
            samples[..count].fill(0);
            self.pause -= count;
            return count;
        }
        let Some((digit, held)) = self.keys.pop() else {
            samples.fill(0);
            return samples.len();
        };
        let mut tone = KeyTone::new(digit, self.sample_rate, self.samples(held).max(1));
        let count = tone.fill(samples);
        self.playing = Some(tone);
        count
    }

    fn samples(&self, time: Duration) -> usize {
        samples(time, self.sample_rate)
    }
}

fn samples(time: Duration, sample_rate: u32) -> usize {
    (time.as_micros() as u64 * u64::from(sample_rate) / 1_000_000) as usize
}
