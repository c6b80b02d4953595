//! What tests of several topics say and hear.

use base::MediaId;
use media::{
    Direction, Format, MediaCommand, PayloadMap, Remote, Rtcp, Transcoding,
    codec::{Codec, Rate},
};
use std::{f64::consts::TAU, net::SocketAddr, time::Duration};

/// A format of each codec.
pub(crate) fn formats() -> Vec<Format> {
    vec![
        format(0, "PCMU", 8000, 1),
        format(8, "PCMA", 8000, 1),
        format(9, "G722", 8000, 1),
        format(111, "opus", 48_000, 2),
        format(96, "L16", 8000, 1),
        format(97, "L16", 16_000, 1),
        format(98, "L16", 48_000, 1),
    ]
}

pub(crate) fn format(payload_type: u8, encoding: &str, clock_rate: u32, channels: u8) -> Format {
    Format { payload_type, encoding: encoding.to_owned(), clock_rate, channels, fmtp: None }
}

/// For packets from one far end to another: as they are, or transcoded.
pub(crate) fn map(from: &Format, to: &Format) -> PayloadMap {
    if from == to { PayloadMap::Same } else { transcoding(from, to) }
}

pub(crate) fn transcoding(from: &Format, to: &Format) -> PayloadMap {
    let (from, to) = (from.clone(), to.clone());
    PayloadMap::Transcode(Transcoding { from, to, events: None, packet_ms: 20 })
}

pub(crate) fn rate(format: &Format) -> Rate {
    Codec::of(format).unwrap().rate()
}

/// At −10.3 dB.
pub(crate) fn sine(rate: Rate, hz: f64, millis: u32) -> Vec<i16> {
    let step = TAU * hz / f64::from(rate.hz());
    (0..rate.samples(millis)).map(|n| (10_000.0 * (step * n as f64).sin()) as i16).collect()
}

/// Level of the component at `hz` below a full-scale sine.
pub(crate) fn tone_level_db(pcm: &[i16], hz: f64, rate: Rate) -> f64 {
    let step = TAU * hz / f64::from(rate.hz());
    let (re, im) = pcm.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, sample)| {
        let (sin, cos) = (step * n as f64).sin_cos();
        (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
    });
    20.0 * (2.0 * f64::hypot(re, im) / pcm.len() as f64 / 32_768.0).log10()
}

/// Length of the packets of a format for a far end that wishes 20 ms, in milliseconds.
pub(crate) fn packet_ms(format: &Format) -> u32 {
    Codec::of(format).unwrap().packet_ms(20).into()
}

/// Describes far end `n`, media flowing in `direction`.
pub(crate) fn configure(n: u32, direction: Direction, formats: &[Format]) -> MediaCommand {
    configure_with(n, direction, formats, 20)
}

/// The same for one that wishes packets of another length.
pub(crate) fn configure_with(
    n: u32,
    direction: Direction,
    formats: &[Format],
    packet_ms: u16,
) -> MediaCommand {
    MediaCommand::Configure {
        media: id(n),
        remote: Remote { rtp: far_end(n), rtcp: Rtcp::Mux },
        direction,
        formats: formats.to_vec(),
        packet_ms,
        timeout: None,
    }
}

pub(crate) fn id(n: u32) -> MediaId {
    MediaId(u64::from(n) + 1)
}

pub(crate) fn far_end(n: u32) -> SocketAddr {
    ([192, 0, (n >> 8) as u8, n as u8], 4000).into()
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
