//! Putting lines together.

use super::model::{Line, MediaSection};
use crate::Format;
use std::{fmt, io::Write, net::IpAddr};

/// `s=` of a session without a name.
pub(super) const NO_NAME: Line<'static> = Line { kind: b's', value: b"-" };

/// `t=` of a session without bounds.
pub(super) const NO_TIME: Line<'static> = Line { kind: b't', value: b"0 0" };

/// Writes a line as it is.
pub(super) fn raw_line(out: &mut Vec<u8>, line: Line<'_>) {
    out.extend_from_slice(&[line.kind, b'=']);
    out.extend_from_slice(line.value);
    end_line(out);
}

/// Writes lines as they are.
pub(super) fn raw_lines<'a>(out: &mut Vec<u8>, lines: impl IntoIterator<Item = Line<'a>>) {
    for line in lines {
        raw_line(out, line);
    }
}

/// Writes a line, type letter and all.
pub(super) fn line(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    put(out, text);
    end_line(out);
}

/// Writes text.
pub(super) fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes everything");
}

/// Ends a line.
pub(super) fn end_line(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

/// Writes the `c=` line of an address.
pub(super) fn connection_line(out: &mut Vec<u8>, address: IpAddr) {
    line(out, format_args!("c=IN {} {address}", family_name(address)));
}

/// Writes the `m=` line of a stream with the formats of `formats`.
pub(super) fn media_line(
    out: &mut Vec<u8>,
    kind: &str,
    port: u16,
    protocol: &str,
    formats: MediaSection<'_>,
) {
    put(out, format_args!("m={kind} {port} {protocol}"));
    let mut any = false;
    for format in formats.formats() {
        any = true;
        put(out, format_args!(" {format}"));
    }
    if !any {
        out.extend_from_slice(b" 0");
    }
    end_line(out);
}

/// Writes the `m=` line of an audio stream with formats as they were written, and more behind them.
pub(super) fn format_line<'a>(
    out: &mut Vec<u8>,
    port: u16,
    protocol: &str,
    written: impl Iterator<Item = &'a str>,
    more: &[Format],
) {
    put(out, format_args!("m=audio {port} {protocol}"));
    let start = out.len();
    for format in written {
        put(out, format_args!(" {format}"));
    }
    for format in more {
        put(out, format_args!(" {}", format.payload_type));
    }
    if out.len() == start {
        out.extend_from_slice(b" 0");
    }
    end_line(out);
}

/// Writes what a format is.
pub(super) fn format_lines(out: &mut Vec<u8>, format: &Format) {
    let Format { payload_type, encoding, clock_rate, channels, fmtp } = format;
    put(out, format_args!("a=rtpmap:{payload_type} {encoding}/{clock_rate}"));
    if *channels > 1 {
        put(out, format_args!("/{channels}"));
    }
    end_line(out);
    if let Some(fmtp) = fmtp {
        line(out, format_args!("a=fmtp:{payload_type} {fmtp}"));
    }
}

/// Writes a stream that is not to be: its `m=` line with port 0 and nothing else.
pub(super) fn declined(out: &mut Vec<u8>, media: MediaSection<'_>) {
    media_line(out, media.kind(), 0, media.protocol(), media);
}

/// `IP4` or `IP6`.
pub(super) fn family_name(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "IP4",
        IpAddr::V6(_) => "IP6",
    }
}
