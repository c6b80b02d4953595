//! What a session hears of its far end, a frame a tick: for mixers, and for keys in the audio.

use crate::{
    codec::Rate,
    command::Format,
    dtmf::{Digit, Heard, ToneDetector},
    hearing::Hearing,
    level::Level,
    playout::FRAME_MS,
    resample::Resampler,
    rtp::Header,
};
use base::Rng;
use std::time::Instant;

/// Ears of one session. Allocates when it is made and when the far end changes its codec.
#[derive(Debug)]
pub(crate) struct Ears {
    rate: Rate,
    hearing: Hearing,
    /// What was heard in the last tick.
    frame: Box<[i16]>,
    keys: Option<KeyEar>,
}

/// Listens for the tones of keys.
#[derive(Debug)]
struct KeyEar {
    resampler: Resampler,
    narrow: Box<[i16]>,
    detector: ToneDetector,
}

impl Ears {
    /// Hears `formats` at `rate`. Keys are listened for only where the far end has no events for
    /// them: else each would be heard twice.
    pub(crate) fn new(now: Instant, formats: &[Format], rate: Rate, rng: &mut Rng) -> Self {
        let keys = (!formats.iter().any(Format::is_event)).then(|| KeyEar {
            resampler: Resampler::new(rate, Rate::Narrow),
            narrow: vec![0; Rate::Narrow.samples(FRAME_MS)].into(),
            detector: ToneDetector::new(),
        });
        let frame = vec![0; rate.samples(FRAME_MS)].into();
        Self { rate, hearing: Hearing::new(now, formats, rate, rng), frame, keys }
    }

    /// Takes in a packet of the far end as it comes.
    pub(crate) fn hear(&mut self, now: Instant, header: &Header, payload: &[u8]) {
        self.hearing.hear(now, header, payload);
    }

    /// Fetches the frame of a tick; says which key was pressed in it.
    pub(crate) fn listen(&mut self, now: Instant) -> Option<Digit> {
        self.hearing.fetch(now, &mut self.frame);
        let KeyEar { resampler, narrow, detector } = self.keys.as_mut()?;
        resampler.process(&self.frame, narrow);
        let mut pressed = None;
        detector.listen(narrow, |heard| {
            if let Heard::Pressed(digit) = heard {
                pressed = Some(digit);
            }
        });
        pressed
    }

    /// What was heard in the last tick.
    pub(crate) fn frame(&self) -> &[i16] {
        &self.frame
    }

    /// The same, to be changed before others hear it.
    pub(crate) fn frame_mut(&mut self) -> &mut [i16] {
        &mut self.frame
    }

    /// How loud it came.
    pub(crate) fn take_level(&mut self) -> Level {
        self.hearing.take_level()
    }

    /// Of the frames.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }
}
