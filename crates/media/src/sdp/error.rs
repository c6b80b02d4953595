//! What can be wrong with a description, in words that a diagnosis can show.

use thiserror::Error;

/// Why bytes are no session description. Line numbers count from 1.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum SdpError {
    /// Longer than [`super::limits::SDP_BYTES_MAX`].
    #[error("the description has {bytes} bytes, more than {max}", max = super::limits::SDP_BYTES_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// More than [`super::limits::LINES_MAX`] lines.
    #[error("the description has more than {max} lines", max = super::limits::LINES_MAX)]
    TooManyLines,
    /// More than [`super::limits::MEDIA_LINES_MAX`] media lines.
    #[error("the description has more than {max} m= lines", max = super::limits::MEDIA_LINES_MAX)]
    TooManyMedia,
    /// More than [`super::limits::FORMATS_MAX`] formats.
    #[error("the m= line {line} has more than {max} formats", max = super::limits::FORMATS_MAX)]
    TooManyFormats {
        /// Where.
        line: usize,
    },
    /// The first line is not `v=0`.
    #[error("the description does not begin with v=0")]
    NotVersionZero,
    /// Not `type=value`.
    #[error("line {line} of the description is not of the form type=value")]
    MalformedLine {
        /// Where.
        line: usize,
    },
    /// NUL or a carriage return inside a line.
    #[error("line {line} of the description holds a control character that no line may hold")]
    ForbiddenByte {
        /// Where.
        line: usize,
    },
    /// A second `v=`, `o=` or `s=`.
    #[error("line {line} repeats {kind}=, which a description has once")]
    Repeated {
        /// Where.
        line: usize,
        /// The type letter.
        kind: char,
    },
    /// An `m=` line that lacks a part or has a port that is no port.
    #[error("line {line} is not a valid m= line (m=media port protocol format...)")]
    MalformedMedia {
        /// Where.
        line: usize,
    },
}

/// Why two sides cannot be brought together. To an offer, the SIP answer is 488 in each case.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum NegotiationError {
    /// No `m=audio` line.
    #[error("their description has no audio stream")]
    NoAudio,
    /// Audio only over a profile that we do not speak.
    #[error("their description asks for {0}, which is not supported; RTP/AVP is")]
    UnsupportedProfile(String),
    /// No address for the audio stream.
    #[error("their description gives no connection address (c=) for the audio stream")]
    NoAddress,
    /// The address is a host name, or no address at all.
    #[error("their description gives {0:?} as address; a literal IPv4 or IPv6 address is needed")]
    UnusableAddress(String),
    /// No voice codec on both sides.
    #[error("their {side} had no common codec: it has {theirs}, we could take {ours}")]
    NoCommonCodec {
        /// `offer` or `answer`.
        side: &'static str,
        /// Their codecs, separated by commas.
        theirs: String,
        /// What would have done.
        ours: String,
    },
    /// Audio is there but switched off with port 0: an answer that declines it.
    #[error("their description has the audio stream switched off (port 0)")]
    AudioDeclined,
}
