//! Whether somebody speaks.

use crate::sound::SILENCE_PEAK;
use earshot::Detector;
use std::{fmt, time::Duration};

/// Tells speech from everything else, 16 ms at a time. Allocates when it is made.
///
/// What the library says of a steady noise that fills a telephone's band depends on what it heard
/// before, so that speech must also stand out of the noise around it.
pub(super) struct SpeechEar {
    detector: Box<Detector>,
    floor: Floor,
    frame: [i16; FRAME],
    filled: usize,
}

impl SpeechEar {
    /// Length of what is judged at once.
    pub(super) const SPAN: Duration = Duration::from_millis(16);

    pub(super) fn new() -> Self {
        let detector = Detector::default_boxed();
        Self { detector, floor: Floor::default(), frame: [0; FRAME], filled: 0 }
    }

    /// Listens to the next samples at 16 kHz, however many; says of each span whether it is speech.
    pub(super) fn hear(&mut self, mut samples: &[i16], mut tell: impl FnMut(bool)) {
        while !samples.is_empty() {
            let count = samples.len().min(FRAME - self.filled);
            self.frame[self.filled..self.filled + count].copy_from_slice(&samples[..count]);
            self.filled += count;
            samples = &samples[count..];
            if self.filled == FRAME {
                self.filled = 0;
                let score = self.detector.predict_i16(&self.frame);
                let stands_out = self.floor.stands_out(&self.frame);
                tell(score >= SPEECH_MIN && stands_out);
            }
        }
    }
}

impl fmt::Debug for SpeechEar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpeechEar").field("floor", &self.floor).finish_non_exhaustive()
    }
}

/// The noise of a line: the quietest span of the last second or two, since whoever speaks pauses
/// within that. Silence before the first sound is that of a stream that has not begun.
#[derive(Debug)]
struct Floor {
    /// Of the second in hand, and of the one before it.
    quietest: [f32; 2],
    spans: u32,
    has_begun: bool,
}

impl Default for Floor {
    fn default() -> Self {
        Self { quietest: [f32::MAX; 2], spans: 0, has_begun: false }
    }
}

impl Floor {
    /// Takes in a span; says whether it is louder than the noise.
    fn stands_out(&mut self, samples: &[i16]) -> bool {
        let energy: f32 = samples.iter().map(|it| f32::from(*it) * f32::from(*it)).sum();
        self.has_begun |= energy > SILENCE_ENERGY;
        if !self.has_begun {
            return false;
        }
        let [now, before] = &mut self.quietest;
        *now = now.min(energy);
        let floor = now.min(*before);
        self.spans += 1;
        if self.spans == WINDOW_SPANS {
            self.spans = 0;
            self.quietest = [f32::MAX, *now];
        }
        energy > floor * ABOVE_NOISE
    }
}

/// Samples of a span at 16 kHz, as the library takes them.
const FRAME: usize = 256;
/// Score from which on a span is speech: the one that the library is made for.
const SPEECH_MIN: f32 = 0.5;
/// A second, in spans.
const WINDOW_SPANS: u32 = 62;
/// How much more energy speech has than the quietest span around it: 5 dB. Spans of a steady noise
/// are within 3 dB.
const ABOVE_NOISE: f32 = 3.2;
/// A span in which there is nothing yet.
const SILENCE_ENERGY: f32 = (FRAME * SILENCE_PEAK as usize * SILENCE_PEAK as usize) as f32;
