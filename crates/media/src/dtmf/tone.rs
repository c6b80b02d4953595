//! Keys as tones in the audio.

use super::Digit;
use std::f32::consts::TAU;

/// The two tones of a key, faded in and out, to its end.
#[derive(Clone, Debug)]
pub struct KeyTone {
    oscillators: [Oscillator; 2],
    position: usize,
    length: usize,
    ramp: usize,
}

impl KeyTone {
    /// For audio of this rate in Hz, lasting so many samples.
    pub fn new(digit: Digit, sample_rate: u32, length: usize) -> Self {
        let (row_hz, column_hz) = digit.frequencies_hz();
        let oscillators = [
            Oscillator::new(row_hz, sample_rate, ROW_DBM0),
            Oscillator::new(column_hz, sample_rate, COLUMN_DBM0),
        ];
        let ramp = sample_rate as usize / 1000 * RAMP_MS;
        Self { oscillators, position: 0, length, ramp: ramp.min(length / 2).max(1) }
    }

    /// Ends it after so many samples, or as soon as it can fade out.
    pub fn shorten(&mut self, length: usize) {
        self.length = length.max(self.position + self.ramp).min(self.length);
    }

    /// How many samples of it have been made.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.position >= self.length
    }

    /// The next samples over whatever was there; what is behind the end stays. Gives how many are
    /// its own.
    pub fn fill(&mut self, samples: &mut [i16]) -> usize {
        let count = samples.len().min(self.length - self.position);
        for sample in &mut samples[..count] {
            let [row, column] = &mut self.oscillators;
            *sample = ((row.next() + column.next()) * self.gain()) as i16;
            self.position += 1;
        }
        count
    }

    /// A click at an edge would be heard, and be a tone of its own.
    fn gain(&self) -> f32 {
        let from_edge = (self.position + 1).min(self.length - self.position);
        (from_edge as f32 / self.ramp as f32).min(1.0)
    }
}

/// A sine by rotation: no function a sample. Over a key's length it keeps its amplitude to 10⁻⁴.
#[derive(Clone, Debug)]
struct Oscillator {
    sin: f32,
    cos: f32,
    step: (f32, f32),
}

impl Oscillator {
    fn new(hz: u16, sample_rate: u32, dbm0: f32) -> Self {
        let peak = FULL_SCALE_PEAK * 10_f32.powf((dbm0 - FULL_SCALE_DBM0) / 20.0);
        let step = (TAU * f32::from(hz) / sample_rate as f32).sin_cos();
        Self { sin: 0.0, cos: peak, step }
    }

    fn next(&mut self) -> f32 {
        let (sin, cos) = self.step;
        let sample = self.sin;
        (self.sin, self.cos) = (self.sin * cos + self.cos * sin, self.cos * cos - self.sin * sin);
        sample
    }
}

/// Levels within what ETSI ES 201 235-2 asks of a sender; the higher tone is the louder, since
/// lines take more of it away.
const ROW_DBM0: f32 = -9.0;
const COLUMN_DBM0: f32 = -7.0;

/// Of a sine of 16 bits (G.711 section 5, A-law).
const FULL_SCALE_PEAK: f32 = 32_768.0;
#[expect(clippy::approx_constant, reason = "the level of A-law, not π")]
const FULL_SCALE_DBM0: f32 = 3.14;

const RAMP_MS: usize = 2;
