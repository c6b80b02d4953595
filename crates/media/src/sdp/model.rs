//! The model: the text, cut into lines and media sections.

use super::{SdpError, parse};
use crate::Direction;
use bytes::Bytes;
use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    ops::Range,
    str,
};

/// A parsed description. Owns one copy of the text; everything else is offsets into it.
#[derive(Clone)]
pub struct Sdp {
    pub(super) text: Box<[u8]>,
    pub(super) lines: Box<[LineSpan]>,
    pub(super) media: Box<[MediaSpan]>,
}

/// One `type=value` line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line<'a> {
    /// The type letter.
    pub kind: u8,
    /// Everything after the `=`, without the line end. Not always UTF-8.
    pub value: &'a [u8],
}

/// One `m=` line with what belongs to it.
#[derive(Clone, Copy)]
pub struct MediaSection<'a> {
    sdp: &'a Sdp,
    index: usize,
}

/// Where a `c=` line or its lack points to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Connection<'a> {
    /// A unicast address.
    Address(IpAddr),
    /// The unspecified address: an old-style hold, nothing may be sent.
    Held,
    /// A host name, a multicast group, or nothing that can be read.
    Unusable(&'a str),
    /// No `c=` for this stream.
    Missing,
}

impl Sdp {
    /// Reads a description, with CRLF or LF line ends.
    pub fn parse(text: &[u8]) -> Result<Self, SdpError> {
        parse::parse(text)
    }

    /// Writes it with every line that it came with, in the order of RFC 8866 section 9, CRLF line
    /// ends, and the obligatory lines filled in where they lacked.
    pub fn encode(&self) -> Bytes {
        super::encode::encode(self)
    }

    /// All lines, in order.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        self.lines_in(0..self.lines.len())
    }

    /// The lines before the first `m=`.
    pub fn session(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        let end = self.media.first().map_or(self.lines.len(), |media| media.line as usize);
        self.lines_in(0..end)
    }

    /// The media sections, in order.
    pub fn media(&self) -> impl ExactSizeIterator<Item = MediaSection<'_>> + Clone {
        (0..self.media.len()).map(|index| MediaSection { sdp: self, index })
    }

    /// Length of the text, in bytes.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// The same from somebody who sends while it holds: what says `inactive` says `sendonly`. For
    /// who is on hold and hears music that is not the holder's.
    pub fn with_music_on_hold(&self) -> Cow<'_, Self> {
        const { assert!(INACTIVE.len() == SEND_ONLY.len()) }
        let mut described = Cow::Borrowed(self);
        for span in &self.lines {
            if span.kind == b'a' && self.text[span.range()].trim_ascii_end() == INACTIVE {
                let value = &mut described.to_mut().text[span.range()];
                value[..INACTIVE.len()].copy_from_slice(SEND_ONLY);
            }
        }
        described
    }

    fn lines_in(&self, range: Range<usize>) -> impl ExactSizeIterator<Item = Line<'_>> {
        self.lines[range]
            .iter()
            .map(|span| Line { kind: span.kind, value: &self.text[span.range()] })
    }
}

/// Line ends do not count.
impl PartialEq for Sdp {
    fn eq(&self, other: &Self) -> bool {
        self.lines().eq(other.lines())
    }
}

impl Eq for Sdp {}

impl std::fmt::Debug for Sdp {
    /// Without the text: it may carry media keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sdp")
            .field("bytes", &self.text.len())
            .field("media", &self.media().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl<'a> Line<'a> {
    /// Name and value of an `a=` line; the value of a flag (`a=rtcp-mux`) is empty.
    pub fn attribute(self) -> Option<(&'a str, &'a [u8])> {
        if self.kind != b'a' {
            return None;
        }
        let (name, value) = match self.value.iter().position(|byte| *byte == b':') {
            Some(colon) => (&self.value[..colon], &self.value[colon + 1..]),
            None => (self.value.trim_ascii_end(), &[][..]),
        };
        Some((str::from_utf8(name).ok()?, value))
    }
}

impl<'a> MediaSection<'a> {
    /// Place among the media sections, from 0.
    pub fn index(self) -> usize {
        self.index
    }

    /// The `m=` line itself.
    pub fn line(self) -> Line<'a> {
        let span = self.sdp.lines[self.span().line as usize];
        Line { kind: span.kind, value: &self.sdp.text[span.range()] }
    }

    /// `audio`, `video`, `application`, `image`, …
    pub fn kind(self) -> &'a str {
        self.text(self.span().kind)
    }

    /// The port; 0 for a stream that is declined or not in use.
    pub fn port(self) -> u16 {
        self.span().port
    }

    /// The transport, for example `RTP/AVP`.
    pub fn protocol(self) -> &'a str {
        self.text(self.span().protocol)
    }

    /// The formats of the `m=` line: payload types for RTP.
    pub fn formats(self) -> impl Iterator<Item = &'a str> {
        self.text(self.span().formats).split_ascii_whitespace()
    }

    /// The lines after the `m=` line.
    pub fn lines(self) -> impl ExactSizeIterator<Item = Line<'a>> {
        let next = self.sdp.media.get(self.index + 1);
        let end = next.map_or(self.sdp.lines.len(), |media| media.line as usize);
        self.sdp.lines_in(self.span().line as usize + 1..end)
    }

    /// The value of the first attribute of this name, in this section only.
    pub fn attribute(self, name: &str) -> Option<&'a [u8]> {
        attribute(self.lines(), name)
    }

    /// The direction written for this stream or for the session, seen from the one who wrote it;
    /// `c=0.0.0.0`, the old way to hold, takes the receiving half away (RFC 3264 section 8.4).
    pub fn direction(self) -> Direction {
        let written = written_direction(self.lines())
            .or_else(|| written_direction(self.sdp.session()))
            .unwrap_or(Direction::SendRecv);
        match (self.connection(), written) {
            (Connection::Held, Direction::SendRecv | Direction::SendOnly) => Direction::SendOnly,
            (Connection::Held, Direction::RecvOnly | Direction::Inactive) => Direction::Inactive,
            (Connection::Address(_) | Connection::Unusable(_) | Connection::Missing, _) => written,
        }
    }

    /// Where the stream is received: its own `c=` line or else the session's.
    pub fn connection(self) -> Connection<'a> {
        let written = connection_line(self.lines()).or_else(|| connection_line(self.sdp.session()));
        match written {
            Some(line) => connection(line),
            None => Connection::Missing,
        }
    }

    /// The address in `a=rtcp` (RFC 3605); `rtp` fills in what it leaves out.
    pub fn rtcp_address(self, rtp: SocketAddr) -> Option<SocketAddr> {
        let value = str::from_utf8(self.attribute("rtcp")?).ok()?;
        let (port, rest) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        let port = port.parse().ok().filter(|port| *port != 0)?;
        match connection(rest) {
            Connection::Address(address) => Some(SocketAddr::new(address, port)),
            Connection::Held | Connection::Unusable(_) | Connection::Missing => {
                Some(SocketAddr::new(rtp.ip(), port))
            }
        }
    }

    fn span(self) -> MediaSpan {
        self.sdp.media[self.index]
    }

    fn text(self, span: Span) -> &'a str {
        // The parser has read each part of an m= line as UTF-8.
        str::from_utf8(&self.sdp.text[span.range()]).unwrap_or_default()
    }
}

impl std::fmt::Debug for MediaSection<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.kind(), self.port(), self.protocol())?;
        self.formats().try_for_each(|format| write!(f, " {format}"))
    }
}

/// Where a line's value is, and what it is.
#[derive(Clone, Copy)]
pub(super) struct LineSpan {
    pub(super) kind: u8,
    pub(super) start: u16,
    pub(super) end: u16,
}

impl LineSpan {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A part of the text. [`super::limits::SDP_BYTES_MAX`] lets offsets fit 16 bits.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u16,
    pub(super) end: u16,
}

impl Span {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The parts of an `m=` line.
#[derive(Clone, Copy)]
pub(super) struct MediaSpan {
    /// Index of the `m=` line.
    pub(super) line: u16,
    pub(super) port: u16,
    pub(super) kind: Span,
    pub(super) protocol: Span,
    pub(super) formats: Span,
}

/// The value of the first attribute of this name.
pub(super) fn attribute<'a>(lines: impl Iterator<Item = Line<'a>>, name: &str) -> Option<&'a [u8]> {
    lines.filter_map(Line::attribute).find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// What `a=` calls a direction, seen from the one who writes it.
pub(super) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::SendRecv => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::RecvOnly => "recvonly",
        Direction::Inactive => "inactive",
    }
}

/// The direction that an attribute of this name means.
pub(super) fn direction_named(name: &str) -> Option<Direction> {
    match name {
        "sendrecv" => Some(Direction::SendRecv),
        "sendonly" => Some(Direction::SendOnly),
        "recvonly" => Some(Direction::RecvOnly),
        "inactive" => Some(Direction::Inactive),
        _ => None,
    }
}

fn written_direction<'a>(lines: impl Iterator<Item = Line<'a>>) -> Option<Direction> {
    lines.filter_map(Line::attribute).find_map(|(name, _)| direction_named(name))
}

fn connection_line<'a>(mut lines: impl Iterator<Item = Line<'a>>) -> Option<&'a str> {
    lines.find(|line| line.kind == b'c').map(|line| str::from_utf8(line.value).unwrap_or_default())
}

/// Reads `IN IP4 192.0.2.1`. The address family is taken from the address: some phones write the
/// wrong one. Brackets, which do not belong into SDP, are overlooked.
fn connection(value: &str) -> Connection<'_> {
    let Some(written) = value.split_ascii_whitespace().nth(2) else {
        return if value.is_empty() { Connection::Missing } else { Connection::Unusable(value) };
    };
    let literal = written.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(written);
    match literal.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address) if address.is_unspecified() => Connection::Held,
        Ok(address) if is_unicast(address) => Connection::Address(address),
        Ok(_) | Err(_) => Connection::Unusable(written),
    }
}

fn is_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_multicast() && !address.is_broadcast(),
        IpAddr::V6(address) => !address.is_multicast(),
    }
}

const INACTIVE: &[u8] = b"inactive";
const SEND_ONLY: &[u8] = b"sendonly";
