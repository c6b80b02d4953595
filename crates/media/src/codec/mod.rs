//! Codecs: between the payload of a packet and linear samples, one channel.
//!
//! A [`Codec`] is an agreed format that we can decode and encode, at its sample rate. [`Decoder`]
//! and [`Encoder`] are its two directions for one stream; both allocate when they are made and
//! never afterwards. What a lost packet should have said is guessed by [`Decoder::conceal`], or
//! read out of the packet after it by [`Decoder::recover`].

mod comfort_noise;
mod conceal;
mod g722;
mod opus;
#[cfg(test)]
mod tests;

pub use comfort_noise::{ComfortNoise, describe_noise};
pub use opus::OpusWishes;

use crate::{Format, g711::Law};
use conceal::Concealer;

/// Linear samples a second. Codecs decode to one of these, and mixers work in one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Rate {
    /// 8 kHz, the telephone.
    Narrow,
    /// 16 kHz, speech in full.
    Wide,
    /// 48 kHz, everything that is heard.
    Full,
}

impl Rate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Narrow, Self::Wide, Self::Full];

    /// In Hz.
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 8000,
            Self::Wide => 16_000,
            Self::Full => 48_000,
        }
    }

    /// Samples in a span.
    pub const fn samples(self, millis: u32) -> usize {
        (self.hz() / 1000 * millis) as usize
    }

    fn of(hz: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|rate| rate.hz() == hz)
    }
}

/// A codec that we decode and encode.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Codec {
    /// PCMU and PCMA.
    G711(Law),
    /// G.722 at 64 kbit/s.
    G722(Bands),
    /// Linear samples of 16 bits, big end first (RFC 3551 section 4.5.11).
    L16(Rate),
    /// Opus (RFC 6716, 7587), decoded to and encoded from any rate alike.
    Opus(Rate),
}

/// What of G.722 is decoded or encoded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Bands {
    /// All of it, 16 kHz.
    Both,
    /// Below 4 kHz, at 8 kHz: for the telephone, which has no more. Whoever hears it in full hears
    /// the higher band silent.
    Lower,
}

impl Bands {
    /// How many samples a byte carries.
    fn samples_a_byte(self) -> usize {
        match self {
            Self::Both => 2,
            Self::Lower => 1,
        }
    }
}

impl Codec {
    /// The codec of an agreed format; `None` for those that can only be passed on.
    pub fn of(format: &Format) -> Option<Self> {
        let is = |encoding: &str, clock_rate: u32, channels: u8| {
            format.encoding.eq_ignore_ascii_case(encoding)
                && (format.clock_rate, format.channels) == (clock_rate, channels)
        };
        if let Some(law) = Law::from_encoding(&format.encoding) {
            return is(&format.encoding, 8000, 1).then_some(Self::G711(law));
        }
        if is("G722", 8000, 1) {
            Some(Self::G722(Bands::Both))
        } else if is("opus", 48_000, 2) {
            Some(Self::Opus(Rate::Full))
        } else if is("L16", format.clock_rate, 1) {
            Rate::of(format.clock_rate).map(Self::L16)
        } else {
            None
        }
    }

    /// The same codec with samples as near to `rate` as it can give them without a resampler.
    pub fn near(self, rate: Rate) -> Self {
        match self {
            Self::Opus(_) => Self::Opus(rate),
            Self::G722(_) => Self::G722(match rate {
                Rate::Narrow => Bands::Lower,
                Rate::Wide | Rate::Full => Bands::Both,
            }),
            Self::G711(_) | Self::L16(_) => self,
        }
    }

    /// Rate of the samples.
    pub fn rate(self) -> Rate {
        match self {
            Self::G711(_) => Rate::Narrow,
            Self::G722(Bands::Lower) => Rate::Narrow,
            Self::G722(Bands::Both) => Rate::Wide,
            Self::L16(rate) | Self::Opus(rate) => rate,
        }
    }

    /// RTP clock, in Hz. Not the sample rate for G.722 (RFC 3551 section 4.5.2) and Opus
    /// (RFC 7587 section 4.1).
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::G711(_) | Self::G722(_) => 8000,
            Self::L16(rate) => rate.hz(),
            Self::Opus(_) => 48_000,
        }
    }

    /// Name in `a=rtpmap`.
    pub fn encoding(self) -> &'static str {
        match self {
            Self::G711(Law::Mu) => "PCMU",
            Self::G711(Law::A) => "PCMA",
            Self::G722(_) => "G722",
            Self::L16(_) => "L16",
            Self::Opus(_) => "opus",
        }
    }

    /// The longest packet, in milliseconds, that is no longer than what the far end wishes and
    /// that the codec can make: Opus has no frames of 30 or 50 ms, and L16 must fit a packet.
    pub fn packet_ms(self, wished_ms: u16) -> u16 {
        let longest = match self {
            Self::L16(Rate::Full) => 10,
            Self::L16(Rate::Wide) => 40,
            Self::L16(Rate::Narrow) | Self::G711(_) | Self::G722(_) | Self::Opus(_) => 60,
        };
        let wished = wished_ms.min(longest) / 10 * 10;
        match self {
            Self::Opus(_) if wished == 30 => 20,
            Self::Opus(_) if wished == 50 => 40,
            Self::Opus(_) | Self::G711(_) | Self::G722(_) | Self::L16(_) => wished.max(10),
        }
    }
}

/// Why a payload or a frame was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CodecError {
    /// Empty, cut off, or against the rules of its codec.
    #[error("the payload is not valid for its codec")]
    BadPayload,
    /// More than fits into the place for it.
    #[error("the frame is longer than the room for it")]
    TooLong,
    /// Opus takes frames of 10, 20, 40 and 60 ms, and G.722 in full pairs of samples.
    #[error("the codec has no frames of this length")]
    BadFrameLength,
    /// The library gave no state.
    #[error("the codec could not be set up")]
    SetUp,
}

/// Decodes one stream.
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
    state: DecoderState,
}

#[derive(Debug)]
enum DecoderState {
    /// Opus conceals by itself, and better: it knows the parameters of the speech.
    Opus(opus::Decoder),
    Waveform {
        kind: Waveform,
        concealer: Concealer,
    },
}

#[derive(Debug)]
enum Waveform {
    G711(Law),
    G722(Box<g722::Decoder>),
    L16,
}

impl Decoder {
    /// For a stream that begins.
    pub fn new(codec: Codec) -> Result<Self, CodecError> {
        let kind = match codec {
            Codec::Opus(rate) => {
                let state = DecoderState::Opus(opus::Decoder::new(rate)?);
                return Ok(Self { codec, state });
            }
            Codec::G711(law) => Waveform::G711(law),
            Codec::G722(bands) => Waveform::G722(Box::new(g722::Decoder::new(bands))),
            Codec::L16(_) => Waveform::L16,
        };
        let concealer = Concealer::new(codec.rate());
        Ok(Self { codec, state: DecoderState::Waveform { kind, concealer } })
    }

    /// What it decodes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Decodes a packet to the beginning of `pcm`; says how many samples. [`SAMPLES_MAX`] are
    /// always room enough. A bad payload leaves the stream as it was.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, CodecError> {
        if payload.is_empty() {
            return Err(CodecError::BadPayload);
        }
        let (kind, concealer) = match &mut self.state {
            DecoderState::Opus(decoder) => return decoder.decode(payload, pcm),
            DecoderState::Waveform { kind, concealer } => (kind, concealer),
        };
        let count = kind.samples(payload)?;
        let pcm = pcm.get_mut(..count).ok_or(CodecError::TooLong)?;
        kind.decode(payload, pcm);
        concealer.hear(pcm);
        Ok(count)
    }

    /// Fills `pcm`, a whole number of 10 ms, with a guess at what a lost packet said: the speech
    /// goes on for a moment and fades out.
    pub fn conceal(&mut self, pcm: &mut [i16]) {
        match &mut self.state {
            DecoderState::Opus(decoder) => decoder.conceal(pcm),
            DecoderState::Waveform { concealer, .. } => concealer.conceal(pcm),
        }
    }

    /// Fills `pcm` with what the packet before `next` said, if `next` says it again (the forward
    /// error correction of Opus); guesses otherwise. To be followed by the decoding of `next`.
    pub fn recover(&mut self, next: &[u8], pcm: &mut [i16]) {
        match &mut self.state {
            DecoderState::Opus(decoder) => decoder.recover(next, pcm),
            DecoderState::Waveform { concealer, .. } => concealer.conceal(pcm),
        }
    }
}

impl Waveform {
    /// How many samples a payload has.
    fn samples(&self, payload: &[u8]) -> Result<usize, CodecError> {
        match self {
            Self::G711(_) => Ok(payload.len()),
            Self::G722(decoder) => Ok(payload.len() * decoder.bands().samples_a_byte()),
            Self::L16 if payload.len().is_multiple_of(2) => Ok(payload.len() / 2),
            Self::L16 => Err(CodecError::BadPayload),
        }
    }

    fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) {
        match self {
            Self::G711(law) => {
                for (byte, sample) in payload.iter().zip(pcm) {
                    *sample = law.decode(*byte);
                }
            }
            Self::G722(decoder) => decoder.decode(payload, pcm),
            Self::L16 => {
                for (bytes, sample) in payload.chunks_exact(2).zip(pcm) {
                    *sample = i16::from_be_bytes([bytes[0], bytes[1]]);
                }
            }
        }
    }
}

/// Encodes one stream.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    state: EncoderState,
}

#[derive(Debug)]
enum EncoderState {
    G711(Law),
    G722(Box<g722::Encoder>),
    L16,
    Opus(opus::Encoder),
}

impl Encoder {
    /// For a stream that begins. The wishes are the far end's, and mean nothing but to Opus.
    pub fn new(codec: Codec, wishes: OpusWishes) -> Result<Self, CodecError> {
        let state = match codec {
            Codec::G711(law) => EncoderState::G711(law),
            Codec::G722(bands) => EncoderState::G722(Box::new(g722::Encoder::new(bands))),
            Codec::L16(_) => EncoderState::L16,
            Codec::Opus(rate) => EncoderState::Opus(opus::Encoder::new(rate, wishes)?),
        };
        Ok(Self { codec, state })
    }

    /// What it makes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Encodes a packet of samples to the beginning of `payload`; says how many bytes. None mean
    /// that nothing needs to be sent: the far end agreed to hear nothing in silence.
    pub fn encode(&mut self, pcm: &[i16], payload: &mut [u8]) -> Result<usize, CodecError> {
        match &mut self.state {
            EncoderState::G711(law) => {
                let payload = payload.get_mut(..pcm.len()).ok_or(CodecError::TooLong)?;
                for (sample, byte) in pcm.iter().zip(payload) {
                    *byte = law.encode(*sample);
                }
                Ok(pcm.len())
            }
            EncoderState::G722(encoder) => {
                let samples_a_byte = encoder.bands().samples_a_byte();
                if !pcm.len().is_multiple_of(samples_a_byte) {
                    return Err(CodecError::BadFrameLength);
                }
                let count = pcm.len() / samples_a_byte;
                encoder.encode(pcm, payload.get_mut(..count).ok_or(CodecError::TooLong)?);
                Ok(count)
            }
            EncoderState::L16 => {
                let count = pcm.len() * 2;
                let payload = payload.get_mut(..count).ok_or(CodecError::TooLong)?;
                for (sample, bytes) in pcm.iter().zip(payload.chunks_exact_mut(2)) {
                    bytes.copy_from_slice(&sample.to_be_bytes());
                }
                Ok(count)
            }
            EncoderState::Opus(encoder) => encoder.encode(pcm, payload),
        }
    }
}

/// Most samples in a packet: 120 ms of Opus at 48 kHz.
pub const SAMPLES_MAX: usize = 5760;
