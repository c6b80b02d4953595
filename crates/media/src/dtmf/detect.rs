//! Keys out of the tones in the audio.

use super::{Digit, Heard};
use crate::goertzel::Filter;
use std::time::Duration;

/// Hears the tones of keys in audio at 8 kHz (ITU-T Q.24).
///
/// Windows of 12.75 ms, each half over the last, go through eight Goertzel filters. A window is of
/// a key if its two strongest tones stand out of their groups, are about as loud as each other,
/// and are nearly all there is: speech always has more than two tones. Three windows alike make a
/// key (25 ms; the shortest that must be heard is 40 ms, and what is under 20 ms must not), three
/// others end it.
#[derive(Clone, Debug)]
pub struct ToneDetector {
    window: [i16; WINDOW],
    filled: usize,
    filters: [Filter; 8],
    key: Option<Digit>,
    /// The last windows that agree with each other and not with `key`.
    candidate: Option<Digit>,
    agreeing: u8,
    /// Samples since the key in hand was there first.
    held_samples: u64,
}

impl Default for ToneDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl ToneDetector {
    /// In Hz; what has another rate must be resampled.
    pub const SAMPLE_RATE: u32 = 8000;

    /// Has heard nothing yet.
    pub fn new() -> Self {
        let hz = super::ROWS_HZ.iter().chain(&super::COLUMNS_HZ);
        let mut filters = [Filter::default(); 8];
        for (filter, hz) in filters.iter_mut().zip(hz) {
            *filter = Filter::at(f32::from(*hz), Self::SAMPLE_RATE);
        }
        Self {
            window: [0; WINDOW],
            filled: 0,
            filters,
            key: None,
            candidate: None,
            agreeing: 0,
            held_samples: 0,
        }
    }

    /// Listens to the next samples, however many, and says what keys did meanwhile.
    pub fn listen(&mut self, mut samples: &[i16], mut heard: impl FnMut(Heard)) {
        while !samples.is_empty() {
            let count = samples.len().min(WINDOW - self.filled);
            self.window[self.filled..self.filled + count].copy_from_slice(&samples[..count]);
            self.filled += count;
            samples = &samples[count..];
            if self.filled == WINDOW {
                let digit = self.judge();
                self.window.copy_within(HOP.., 0);
                self.filled = WINDOW - HOP;
                if let Some(it) = self.decide(digit) {
                    heard(it);
                }
            }
        }
    }

    /// Takes in the verdict over a window.
    fn decide(&mut self, digit: Option<Digit>) -> Option<Heard> {
        self.held_samples += HOP as u64;
        if digit == self.key {
            self.agreeing = 0;
            return None;
        }
        self.agreeing = if digit == self.candidate { self.agreeing + 1 } else { 1 };
        self.candidate = digit;
        if self.agreeing < if digit.is_some() { AGREEING_KEY } else { AGREEING_PAUSE } {
            return None;
        }
        self.agreeing = 0;
        let held_samples = std::mem::replace(&mut self.held_samples, 0);
        match (std::mem::replace(&mut self.key, digit), digit) {
            // A key that turns into another without a pause is a voice that slides.
            (Some(digit), _) => {
                self.key = None;
                let micros = held_samples * 1_000_000 / u64::from(Self::SAMPLE_RATE);
                Some(Heard::Released { digit, held: Duration::from_micros(micros) })
            }
            (None, Some(digit)) => Some(Heard::Pressed(digit)),
            (None, None) => None,
        }
    }

    /// The key whose tones fill the window.
    fn judge(&self) -> Option<Digit> {
        let energy: f32 = self.window.iter().map(|it| f32::from(*it) * f32::from(*it)).sum();
        if energy < ENERGY_MIN {
            return None;
        }
        let mut powers = [0.0; 8];
        for (power, filter) in powers.iter_mut().zip(&self.filters) {
            *power = filter.power(&self.window);
        }
        let (rows, columns) = powers.split_at(4);
        let (row, column) = (strongest(rows)?, strongest(columns)?);
        let (low, high) = (rows[row], columns[column]);
        let is_even = high < low * TWIST_MAX && low < high * REVERSE_TWIST_MAX;
        let is_all = (low + high) * TONE_SHARE > energy * SHARE_MIN;
        if is_even && is_all { Digit::at(row, column) } else { None }
    }
}

/// The strongest of a group, if it stands out.
fn strongest(powers: &[f32]) -> Option<usize> {
    let (best, power) =
        powers.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(n, it)| (n, *it))?;
    let stands_out =
        powers.iter().enumerate().all(|(n, it)| n == best || it * STANDING_OUT < power);
    stands_out.then_some(best)
}

/// Samples of a window: 12.75 ms. Filters of that length let in what is off by 1.5 % and keep
/// neighbours apart.
const WINDOW: usize = 102;
/// Samples by which windows follow each other.
const HOP: usize = WINDOW / 2;
/// Windows in a row that must say the same for a key: a tone of 40 ms fills so many wholly, one of
/// 23 ms not even with those that it fills in part.
const AGREEING_KEY: u8 = 4;
/// The same for its end.
const AGREEING_PAUSE: u8 = 3;

/// A pure tone's power by [`Filter::power`], times this, is its energy in the window.
const TONE_SHARE: f32 = 2.0 / WINDOW as f32;
/// How much of the energy the two tones must be.
const SHARE_MIN: f32 = 0.72;
/// How much louder the column's tone may be: 9 dB.
const TWIST_MAX: f32 = 8.0;
/// How much louder the row's tone may be: 5 dB.
const REVERSE_TWIST_MAX: f32 = 3.2;
/// How much the strongest tone of a group is above the others: 8 dB.
const STANDING_OUT: f32 = 6.3;
/// Energy of a window of −36 dBm0, below which nothing is listened to.
const ENERGY_MIN: f32 = WINDOW as f32 * 61_000.0;
