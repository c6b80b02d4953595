//! What is played: samples that were decoded once and are shared by all who hear them.

use crate::{
    codec::Rate, level::LevelMeter, resample::resample_whole, talk::is_loud, tone::linear_period,
};
use std::{fmt, sync::Arc, time::Duration};

/// One channel of linear samples. Cheap to clone.
#[derive(Clone, Eq, PartialEq)]
pub struct Sound {
    rate: Rate,
    samples: Arc<[i16]>,
}

impl Sound {
    /// Of samples at `rate`.
    pub fn new(rate: Rate, samples: impl Into<Arc<[i16]>>) -> Self {
        Self { rate, samples: samples.into() }
    }

    /// One after the other without a gap, at the rate of the first; `None` if there is none.
    pub fn joined(parts: &[&Self]) -> Option<Self> {
        let (first, rest) = parts.split_first()?;
        if rest.is_empty() {
            return Some((*first).clone());
        }
        let mut samples = Vec::with_capacity(parts.iter().map(|it| it.samples.len()).sum());
        for part in parts {
            samples.extend_from_slice(part.at_rate(first.rate).samples());
        }
        Some(Self::new(first.rate, samples))
    }

    /// A short tone, for what cannot be said in words.
    pub fn beep() -> Self {
        Self::tone(BEEP_HZ, BEEP_DBM0, BEEP_MS)
    }

    /// What tells people that they are recorded: the tone of 47 CFR 64.501, which systems all over
    /// the world use.
    pub(crate) fn recording_tone() -> Self {
        Self::tone(RECORDING_HZ, RECORDING_DBM0, RECORDING_MS)
    }

    /// What tells somebody that it has begun a recording: two notes that rise.
    pub fn recording_begun() -> Self {
        Self::notes([RECORDING_NOTES_HZ[0], RECORDING_NOTES_HZ[1]])
    }

    /// What tells somebody that it has ended one: the same two, falling.
    pub fn recording_ended() -> Self {
        Self::notes([RECORDING_NOTES_HZ[1], RECORDING_NOTES_HZ[0]])
    }

    fn notes([first, second]: [u16; 2]) -> Self {
        let [first, second] =
            [first, second].map(|hz| Self::tone(hz, RECORDING_DBM0, RECORDING_NOTE_MS));
        Self::new(Rate::Narrow, [first.samples(), second.samples()].concat())
    }

    fn tone(hz: u16, dbm0: i8, millis: u32) -> Self {
        let period = linear_period(hz, dbm0).into_iter().cycle();
        let samples: Vec<i16> = period.take(Rate::Narrow.samples(millis)).collect();
        Self::new(Rate::Narrow, samples)
    }

    /// Samples a second.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// The same at another rate.
    pub(crate) fn at_rate(&self, rate: Rate) -> Self {
        if rate == self.rate {
            return self.clone();
        }
        let full = f32::from(i16::MAX);
        let samples: Vec<f32> = self.samples.iter().map(|it| f32::from(*it) / full).collect();
        let converted = resample_whole(&samples, self.rate.hz(), rate);
        Self::new(rate, converted.unwrap_or_default())
    }

    /// The same, louder by so many decibels, or quieter by less than none. What would be too loud is
    /// cut off.
    pub fn louder(self, decibels: i8) -> Self {
        if decibels == 0 {
            return self;
        }
        let factor = 10_f32.powf(f32::from(decibels) / 20.0);
        // A cast saturates.
        let samples: Vec<i16> =
            self.samples.iter().map(|it| (f32::from(*it) * factor) as i16).collect();
        Self::new(self.rate, samples)
    }

    /// Without the silence before the first word and after the last one, but for a tenth of a second;
    /// empty if there are no words.
    pub fn without_silent_ends(&self) -> Self {
        let frame = self.rate.samples(MEASURED_MS);
        let is_word = |samples: &[i16]| {
            let mut meter = LevelMeter::default();
            meter.add(samples);
            is_loud(meter.take().mean)
        };
        let loud: Vec<_> = self.samples.chunks(frame).map(is_word).collect();
        let first = loud.iter().position(|it| *it).unwrap_or(loud.len());
        let last = loud.iter().rposition(|it| *it).map_or(first, |it| it + 1);
        let around = if first == last { 0 } else { self.rate.samples(AROUND_MS) };
        let begin = (first * frame).saturating_sub(around).min(self.samples.len());
        let end = (last * frame + around).min(self.samples.len());
        Self::new(self.rate, &self.samples[begin..end.max(begin)])
    }

    /// From the first to the last.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// Whether both share their samples.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.rate == other.rate && Arc::ptr_eq(&self.samples, &other.samples)
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        Duration::from_secs(1) * self.samples.len() as u32 / self.rate.hz()
    }

    /// Whether nobody would hear anything: no sample is louder than [`SILENCE_PEAK`].
    pub fn is_silent(&self) -> bool {
        self.samples.iter().all(|it| it.unsigned_abs() <= SILENCE_PEAK)
    }
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sound({:?} at {} Hz)", self.duration(), self.rate.hz())
    }
}

/// Hold music: pieces played one after the other without end, heard by everybody at the same place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Music {
    name: String,
    pieces: Vec<Sound>,
    order: PieceOrder,
}

/// In which order pieces follow each other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PieceOrder {
    /// As they are listed.
    #[default]
    Listed,
    /// Another order each time round.
    Shuffled,
}

impl Music {
    /// Rate that pieces are kept in: speech and music in full, at a third of the memory of 48 kHz.
    pub const RATE: Rate = Rate::Wide;

    /// Of pieces at [`Self::RATE`]; others and empty ones are left out, and without any there is
    /// no music.
    pub fn new(
        name: impl Into<String>,
        pieces: impl IntoIterator<Item = Sound>,
        order: PieceOrder,
    ) -> Option<Self> {
        let is_usable = |it: &Sound| it.rate == Self::RATE && !it.samples.is_empty();
        let pieces: Vec<_> = pieces.into_iter().filter(is_usable).collect();
        (!pieces.is_empty()).then(|| Self { name: name.into(), pieces, order })
    }

    /// What plans and settings call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The pieces, as listed.
    pub fn pieces(&self) -> &[Sound] {
        &self.pieces
    }

    /// In which order they follow each other.
    pub fn order(&self) -> PieceOrder {
        self.order
    }

    /// Samples of one time round.
    pub(crate) fn len(&self) -> u64 {
        self.pieces.iter().map(|it| it.samples.len() as u64).sum()
    }
}

/// The loudest sample of what counts as silence: −60 dB below full scale.
pub const SILENCE_PEAK: u16 = 32;

/// What is left of the silence around words.
pub(crate) const AROUND_MS: u32 = 100;
/// So much is loud or silent at a time.
const MEASURED_MS: u32 = 20;

const BEEP_HZ: u16 = 425;
const BEEP_DBM0: i8 = -16;
const BEEP_MS: u32 = 300;
const RECORDING_HZ: u16 = 1400;
const RECORDING_DBM0: i8 = -18;
const RECORDING_MS: u32 = 200;
const RECORDING_NOTES_HZ: [u16; 2] = [600, 900];
const RECORDING_NOTE_MS: u32 = 150;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_around_words_goes_but_for_a_tenth_of_a_second() {
        let silence = Sound::new(Rate::Narrow, vec![0; 8000]);
        let word = Sound::beep();
        let said = Sound::joined(&[&silence, &word, &silence]).unwrap();

        let left = said.without_silent_ends();

        assert_eq!(left.duration(), word.duration() + 2 * Duration::from_millis(100));
        assert!(silence.without_silent_ends().samples().is_empty());
        assert!(word.without_silent_ends() == word);
    }
}
