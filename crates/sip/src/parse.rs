//! Bytes to messages: tolerant where the field is sloppy, strict where sloppiness is an attack.

use crate::message::Message;
use bytes::Bytes;

/// How the end of the body is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// The datagram ends it; Content-Length may cut it shorter but must not exceed it.
    Datagram,
    /// Content-Length says it; the bytes given are exactly one message.
    Stream,
}

/// Parses one message. Checks what every message must have: one each of Call-ID, CSeq, From, To,
/// a Via, a CSeq whose method is the request's, scalars in their ranges, limits.
pub fn parse(_bytes: &Bytes, _framing: Framing) -> Result<Message, ParseError> {
    todo!()
}

/// The stateless response that tells the sender what was wrong, where one can be built from what
/// `bytes` holds (the request's Via, From, To, Call-ID and CSeq as far as they can be read).
/// `None` for responses, ACKs, noise, and requests whose Via cannot be read.
pub fn refusal(_bytes: &Bytes, _error: &ParseError) -> Option<crate::message::Response> {
    todo!()
}

/// Why bytes are not a message.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseError {
    /// Not SIP at all; dropped without an answer.
    #[error("not a SIP start line")]
    NotSip,
    /// A version other than 2.0: 505.
    #[error("SIP version is not 2.0")]
    Version,
    /// A header that must be there is missing, doubled or malformed: 400.
    #[error("{header}: {problem}")]
    Header {
        /// Canonical name of the header field, or `Request-URI`.
        header: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Content-Length exceeds what came: 400.
    #[error("body is shorter than Content-Length: {missing} bytes are missing")]
    Truncated {
        /// How many bytes are missing.
        missing: usize,
    },
    /// Over `limits::MESSAGE_BYTES_MAX`: 513.
    #[error("message exceeds {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Over `limits::HEADERS_MAX`: 400.
    #[error("more than {limit} header fields")]
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// Request-URI over `limits::URI_BYTES_MAX`: 414.
    #[error("Request-URI exceeds {limit} bytes")]
    UriTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
}
