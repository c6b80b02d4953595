//! What far ends say in each codec, and what the codec itself costs.

use anyhow::{Context, Result};
use media::{
    Format,
    codec::{Codec, Decoder, Encoder, OpusWishes, Rate, SAMPLES_MAX},
    resample::resample_whole,
};
use rustix::time::{ClockId, clock_gettime};
use std::{path::Path, time::Duration};

/// A far end's codec.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Voice {
    Pcma,
    Pcmu,
    G722,
    Opus,
}

/// Packets of 20 ms, said over and over.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) payload_type: u8,
    /// Ticks of the RTP clock in a packet.
    pub(crate) ticks: u32,
    pub(crate) payloads: Vec<Vec<u8>>,
}

impl Voice {
    pub(crate) fn format(self) -> Format {
        let (payload_type, encoding, clock_rate, channels) = match self {
            Self::Pcma => (8, "PCMA", 8000, 1),
            Self::Pcmu => (0, "PCMU", 8000, 1),
            Self::G722 => (9, "G722", 8000, 1),
            Self::Opus => (111, "opus", 48_000, 2),
        };
        let encoding = encoding.to_owned();
        Format { payload_type, encoding, clock_rate, channels, fmtp: None }
    }

    /// Speech in this codec.
    pub(crate) fn speech(self) -> Result<Said> {
        let codec = self.codec()?;
        let pcm = speech(codec.rate())?;
        let mut encoder = Encoder::new(codec, OpusWishes::default())?;
        let mut room = [0; PAYLOAD_MAX];
        let mut payloads = Vec::new();
        for frame in pcm.chunks_exact(codec.rate().samples(PACKET_MS)) {
            let len = encoder.encode(frame, &mut room)?;
            payloads.push(room[..len].to_vec());
        }
        Ok(Said { payload_type: self.format().payload_type, ticks: self.ticks(), payloads })
    }

    /// Nothing but the packets, in A-law.
    pub(crate) fn silence() -> Said {
        let payloads = vec![vec![0xd5; Rate::Narrow.samples(PACKET_MS)]];
        Said { payload_type: Self::Pcma.format().payload_type, ticks: Self::Pcma.ticks(), payloads }
    }

    /// Processor time of encoding and decoding a second of speech, as a call between this codec and
    /// G.711 does: at the rate of G.711.
    pub(crate) fn cost_a_second(self) -> Result<Duration> {
        let codec = self.codec()?.near(Rate::Narrow);
        let pcm = speech(codec.rate())?;
        let frames = pcm.chunks_exact(codec.rate().samples(PACKET_MS));
        let seconds = frames.len() as f64 / PACKETS_A_SECOND * f64::from(COST_ROUNDS);
        let mut encoder = Encoder::new(codec, OpusWishes::default())?;
        let mut decoder = Decoder::new(codec)?;
        let (mut payload, mut decoded) = ([0; PAYLOAD_MAX], vec![0; SAMPLES_MAX]);
        let before = thread_time();
        for _ in 0..COST_ROUNDS {
            for frame in frames.clone() {
                let len = encoder.encode(frame, &mut payload)?;
                decoder.decode(&payload[..len], &mut decoded)?;
            }
        }
        Ok(thread_time().saturating_sub(before).div_f64(seconds))
    }

    fn codec(self) -> Result<Codec> {
        Codec::of(&self.format()).context("a codec of ours")
    }

    fn ticks(self) -> u32 {
        self.format().clock_rate / 1000 * PACKET_MS
    }
}

/// A prompt of ours, at a rate.
fn speech(rate: Rate) -> Result<Vec<i16>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sounds/en/welcome.wav");
    let mut file = hound::WavReader::open(&path).context("the prompt that far ends say")?;
    let samples: Vec<f32> = file
        .samples::<i16>()
        .map(|it| it.map(|it| f32::from(it) / f32::from(i16::MAX)))
        .collect::<Result<_, _>>()?;
    let converted = resample_whole(&samples, file.spec().sample_rate, rate);
    converted.context("the prompt has a rate that cannot be converted")
}

/// Processor time of this thread.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

pub(crate) const PACKET_MS: u32 = 20;
const PACKETS_A_SECOND: f64 = 50.0;
const PAYLOAD_MAX: usize = 1400;
const COST_ROUNDS: u32 = 20;
