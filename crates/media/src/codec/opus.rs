//! Opus by libopus, one channel: what comes in stereo is mixed down by its decoder.

use super::{CodecError, Rate};
use ::opus::{Application, Bitrate, Channels};
use std::fmt;

/// What the far end's `a=fmtp` (RFC 7587 section 6.1) wishes of our encoder.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct OpusWishes {
    /// Say each frame of speech again, coarsely, in the packet after it (`useinbandfec=1`).
    pub has_fec: bool,
    /// Send next to nothing in silence (`usedtx=1`).
    pub has_dtx: bool,
    /// Not more than this many bits a second (`maxaveragebitrate`); `None` for our choice.
    pub bitrate_max: Option<u32>,
}

impl OpusWishes {
    /// Out of the parameters of a format.
    pub fn of(fmtp: Option<&str>) -> Self {
        let parameters = fmtp.unwrap_or_default();
        let value = |name: &str| {
            parameters
                .split(';')
                .filter_map(|it| it.split_once('='))
                .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        Self {
            has_fec: value("useinbandfec") == Some("1"),
            has_dtx: value("usedtx") == Some("1"),
            bitrate_max: value("maxaveragebitrate").and_then(|it| it.parse().ok()),
        }
    }
}

/// Decodes one stream.
pub(super) struct Decoder {
    library: ::opus::Decoder,
    /// The shortest frame, in samples: what concealment is made in.
    step: usize,
}

impl Decoder {
    pub(super) fn new(rate: Rate) -> Result<Self, CodecError> {
        let library =
            ::opus::Decoder::new(rate.hz(), Channels::Mono).map_err(|_| CodecError::SetUp)?;
        Ok(Self { library, step: rate.samples(10) / 4 })
    }

    pub(super) fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, CodecError> {
        self.library.decode(payload, pcm, false).map_err(|error| {
            let is_too_long = error.code() == ::opus::ErrorCode::BufferTooSmall;
            if is_too_long { CodecError::TooLong } else { CodecError::BadPayload }
        })
    }

    /// A length that Opus cannot conceal (no multiple of 2.5 ms) ends in silence.
    pub(super) fn conceal(&mut self, pcm: &mut [i16]) {
        let most = self.step * LONGEST_STEPS;
        let whole = pcm.len() / self.step * self.step;
        let (concealed, rest) = pcm.split_at_mut(whole);
        rest.fill(0);
        for part in concealed.chunks_mut(most) {
            if self.library.decode(&[], part, false).is_err() {
                part.fill(0);
            }
        }
    }

    /// The library conceals by itself when `next` has no redundancy in it.
    pub(super) fn recover(&mut self, next: &[u8], pcm: &mut [i16]) {
        let is_legal = !pcm.is_empty()
            && pcm.len().is_multiple_of(self.step)
            && pcm.len() <= self.step * LONGEST_STEPS;
        let wanted = pcm.len();
        let has_recovered =
            is_legal && self.library.decode(next, pcm, true).is_ok_and(|count| count == wanted);
        if !has_recovered {
            self.conceal(pcm);
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("step", &self.step).finish_non_exhaustive()
    }
}

/// Encodes one stream.
pub(super) struct Encoder {
    library: ::opus::Encoder,
    rate: Rate,
}

impl Encoder {
    pub(super) fn new(rate: Rate, wishes: OpusWishes) -> Result<Self, CodecError> {
        Self::set_up(rate, wishes).map_err(|_| CodecError::SetUp)
    }

    fn set_up(rate: Rate, wishes: OpusWishes) -> ::opus::Result<Self> {
        let mut library = ::opus::Encoder::new(rate.hz(), Channels::Mono, Application::Voip)?;
        let wished = wishes.bitrate_max.unwrap_or(u32::MAX).max(BITRATE_MIN);
        library.set_bitrate(Bitrate::Bits(bitrate(rate).min(wished) as i32))?;
        library.set_complexity(COMPLEXITY)?;
        library.set_inband_fec(wishes.has_fec)?;
        library.set_packet_loss_perc(if wishes.has_fec { LOSS_EXPECTED } else { 0 })?;
        library.set_dtx(wishes.has_dtx)?;
        Ok(Self { library, rate })
    }

    pub(super) fn encode(&mut self, pcm: &[i16], payload: &mut [u8]) -> Result<usize, CodecError> {
        if ![10, 20, 40, 60].iter().any(|millis| self.rate.samples(*millis) == pcm.len()) {
            return Err(CodecError::BadFrameLength);
        }
        let count = self.library.encode(pcm, payload).map_err(|_| CodecError::TooLong)?;
        // A packet of one or two bytes says that nothing changed in the silence.
        Ok(if count <= 2 { 0 } else { count })
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("rate", &self.rate).finish_non_exhaustive()
    }
}

/// RFC 7587 section 3.1.1: where speech of each bandwidth is at its best for the bits.
fn bitrate(rate: Rate) -> u32 {
    match rate {
        Rate::Narrow => 16_000,
        Rate::Wide => 24_000,
        Rate::Full => 32_000,
    }
}

/// Of 10. At 48 kHz a frame of 20 ms of speech costs 240 µs with 5, 170 with 3 and 350 with 8; at
/// 5 the pitch analysis of speech is complete, and above it the gain is not heard.
const COMPLEXITY: i32 = 5;
/// Per cent, if the far end asks for error correction: how much of the bits the repeats get.
const LOSS_EXPECTED: i32 = 10;
/// The least that libopus takes for speech, in bits a second (RFC 7587 section 6.1).
const BITRATE_MIN: u32 = 6000;
/// Longest frame in units of 2.5 ms: 120 ms.
const LONGEST_STEPS: usize = 48;
