//! Payload formats: `a=rtpmap`, `a=fmtp` and the static payload types.

use super::model::MediaSection;
use crate::{Format, PayloadMap};
use std::str;

/// How packets numbered by `from` must be renumbered for `to`.
///
/// `from` are the formats as the sending side numbers them, `to` as the receiving side does. Two
/// formats are the same if encoding, clock and channels are, and no `a=fmtp` parameter which
/// changes the meaning of the payload differs. Numbers without a counterpart stay.
pub fn payload_map(from: &[Format], to: &[Format]) -> PayloadMap {
    let pairs: Vec<_> = from
        .iter()
        .filter_map(|format| Some((format.payload_type, counterpart(format, to)?.payload_type)))
        .filter(|(from, to)| from != to)
        .collect();
    if pairs.is_empty() { PayloadMap::Same } else { PayloadMap::Pairs(pairs) }
}

/// The formats of a stream whose encoding is known, in order.
pub(super) fn formats(media: MediaSection<'_>) -> Vec<Format> {
    media.formats().filter_map(|number| format(media, number)).collect()
}

/// Whether a format carries voice, and not events or comfort noise beside it.
pub(super) fn is_voice(format: &Format) -> bool {
    !BESIDE_VOICE.iter().any(|name| format.encoding.eq_ignore_ascii_case(name))
}

/// The format of `among` that means the same, the one with the same number if there are several.
pub(super) fn counterpart<'a>(format: &Format, among: &'a [Format]) -> Option<&'a Format> {
    let mut same = among.iter().filter(|other| means_same(format, other));
    let first = same.next()?;
    if first.payload_type == format.payload_type {
        return Some(first);
    }
    same.find(|other| other.payload_type == format.payload_type).or(Some(first))
}

/// Names of formats, for a diagnosis.
pub(super) fn names<'a>(encodings: impl Iterator<Item = &'a str>) -> String {
    let names = encodings.collect::<Vec<_>>().join(", ");
    if names.is_empty() { "none".to_owned() } else { names }
}

fn means_same(a: &Format, b: &Format) -> bool {
    a.encoding.eq_ignore_ascii_case(&b.encoding)
        && a.clock_rate == b.clock_rate
        && a.channels == b.channels
        && defining_parameters(&a.encoding)
            .iter()
            .all(|(name, default)| parameter(a, name, default) == parameter(b, name, default))
}

/// A parameter of `a=fmtp`, or what its lack means.
fn parameter<'a>(format: &'a Format, name: &str, default: &'a str) -> &'a str {
    let parameters = format.fmtp.as_deref().unwrap_or_default();
    parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
        .map_or(default, |(_, value)| value.trim())
}

/// The parameters that change what the payload is, and not only what the receiver would like.
fn defining_parameters(encoding: &str) -> &'static [(&'static str, &'static str)] {
    DEFINING
        .iter()
        .find(|(name, _)| encoding.eq_ignore_ascii_case(name))
        .map_or(&[], |(_, parameters)| *parameters)
}

fn format(media: MediaSection<'_>, number: &str) -> Option<Format> {
    let payload_type = number.parse().ok().filter(|number| *number <= PAYLOAD_TYPE_MAX)?;
    let (encoding, clock_rate, channels) = match about(media, "rtpmap", number) {
        Some(mapping) => rtpmap(mapping)?,
        None => static_format(payload_type)?,
    };
    Some(Format {
        payload_type,
        encoding: encoding.to_owned(),
        clock_rate,
        channels,
        fmtp: about(media, "fmtp", number).map(str::to_owned),
    })
}

/// What the attribute `name` says about a format.
fn about<'a>(media: MediaSection<'a>, name: &str, number: &str) -> Option<&'a str> {
    media
        .lines()
        .filter_map(super::Line::attribute)
        .filter(|(found, _)| *found == name)
        .filter_map(|(_, value)| str::from_utf8(value).ok()?.trim().split_once([' ', '\t']))
        .find(|(about, _)| *about == number)
        .map(|(_, said)| said.trim())
}

/// Reads `opus/48000/2`.
fn rtpmap(mapping: &str) -> Option<(&str, u32, u8)> {
    let mut parts = mapping.split('/').map(str::trim);
    let encoding = parts.next().filter(|encoding| !encoding.is_empty())?;
    let clock_rate = parts.next()?.parse().ok().filter(|rate| *rate != 0)?;
    let channels = parts.next().map_or(Some(1), |channels| channels.parse().ok())?;
    Some((encoding, clock_rate, channels))
}

/// RFC 3551 section 6, audio. 2 was G.726 before it was withdrawn, and phones still mean that.
fn static_format(payload_type: u8) -> Option<(&'static str, u32, u8)> {
    match payload_type {
        0 => Some(("PCMU", 8000, 1)),
        2 => Some(("G726-32", 8000, 1)),
        3 => Some(("GSM", 8000, 1)),
        4 => Some(("G723", 8000, 1)),
        5 => Some(("DVI4", 8000, 1)),
        6 => Some(("DVI4", 16_000, 1)),
        7 => Some(("LPC", 8000, 1)),
        8 => Some(("PCMA", 8000, 1)),
        9 => Some(("G722", 8000, 1)),
        10 => Some(("L16", 44_100, 2)),
        11 => Some(("L16", 44_100, 1)),
        12 => Some(("QCELP", 8000, 1)),
        13 => Some(("CN", 8000, 1)),
        14 => Some(("MPA", 90_000, 1)),
        15 => Some(("G728", 8000, 1)),
        16 => Some(("DVI4", 11_025, 1)),
        17 => Some(("DVI4", 22_050, 1)),
        18 => Some(("G729", 8000, 1)),
        _ => None,
    }
}

/// Payload types have seven bits.
const PAYLOAD_TYPE_MAX: u8 = 127;

/// Formats that go along with a voice codec and are no voice themselves.
const BESIDE_VOICE: [&str; 4] = ["telephone-event", "tone", "CN", "red"];

/// By encoding, the parameters that define the payload, with their defaults.
const DEFINING: [(&str, &[(&str, &str)]); 5] = [
    ("AMR", AMR_PARAMETERS),
    ("AMR-WB", AMR_PARAMETERS),
    ("iLBC", &[("mode", "30")]),
    ("G7221", &[("bitrate", "")]),
    ("MPEG4-GENERIC", &[("mode", ""), ("config", "")]),
];

/// RFC 4867 section 8.1.
const AMR_PARAMETERS: &[(&str, &str)] =
    &[("octet-align", "0"), ("crc", "0"), ("robust-sorting", "0"), ("interleaving", "")];
