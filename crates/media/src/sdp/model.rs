//! The model: the text, cut into lines and media sections.

use super::SdpError;
use crate::Direction;
use bytes::Bytes;

/// A parsed description. Owns one copy of the text; everything else is offsets into it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sdp {}

/// One `type=value` line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line<'a> {
    /// The type letter.
    pub kind: u8,
    /// Everything after the `=`, without the line end. Not always UTF-8.
    pub value: &'a [u8],
}

/// One `m=` line with what belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct MediaSection<'a> {
    sdp: &'a Sdp,
}

impl Sdp {
    /// Reads a description, with CRLF or LF line ends.
    pub fn parse(text: &[u8]) -> Result<Self, SdpError> {
        todo!()
    }

    /// Writes it with every line that it came with, in the order of RFC 8866 section 9, CRLF line
    /// ends, and the obligatory lines filled in where they lacked.
    pub fn encode(&self) -> Bytes {
        todo!()
    }

    /// The media sections, in order.
    pub fn media(&self) -> impl ExactSizeIterator<Item = MediaSection<'_>> {
        std::iter::empty()
    }
}

impl<'a> MediaSection<'a> {
    /// `audio`, `video`, `application`, `image`, …
    pub fn kind(self) -> &'a str {
        todo!()
    }

    /// The port; 0 for a stream that is declined or not in use.
    pub fn port(self) -> u16 {
        todo!()
    }

    /// The transport, for example `RTP/AVP`.
    pub fn protocol(self) -> &'a str {
        todo!()
    }

    /// The direction written for this stream or for the session, seen from the one who wrote it;
    /// `c=0.0.0.0`, the old way to hold, takes the receiving half away.
    pub fn direction(self) -> Direction {
        todo!()
    }
}
