//! Bytes to messages: tolerant where the field is sloppy, strict where sloppiness is an attack.

mod refuse;
mod rows;
mod start_line;

pub use refuse::refusal;

use crate::{
    header::{CSeq, HeaderError, Headers, NameAddr, Via},
    lex::Elements,
    limits::MESSAGE_BYTES_MAX,
    message::{Message, Method, Request, Response},
};
use bytes::Bytes;
pub(crate) use rows::RowReader;
use rows::{Rows, read_headers};
use start_line::StartLine;
pub(crate) use start_line::check_first_line;

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
///
/// What RFC 2543 peers leave out (branch, From tag, Max-Forwards, Content-Length in a datagram) may
/// be missing.
pub fn parse(bytes: &Bytes, framing: Framing) -> Result<Message, ParseError> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(ParseError::TooLarge { limit: MESSAGE_BYTES_MAX });
    }
    let (start_line, at) = StartLine::read(bytes)?;
    let (headers, rows) = read_headers(bytes, at)?;
    check(&headers, &rows, start_line.method())?;
    let body = body(bytes, &rows, framing)?;
    Ok(match start_line {
        StartLine::Request { method, uri } => {
            Message::Request(Request { method, uri, headers, body })
        }
        StartLine::Response { status, reason } => {
            Message::Response(Response { status, reason, headers, body })
        }
    })
}

fn check(headers: &Headers, rows: &Rows, method: Option<&Method>) -> Result<(), ParseError> {
    let value = |index: Option<usize>, header| match index.map(|it| headers.value(it)) {
        Some(value) if !value.is_empty() => Ok(value),
        Some(_) => Err(ParseError::Header { header, problem: "is empty" }),
        None => Err(ParseError::Header { header, problem: "is missing" }),
    };
    let name_addr = |index, header| match NameAddr::parse(value(index, header)?) {
        Ok(_) => Ok(()),
        Err(_) => Err(ParseError::Header { header, problem: "is malformed" }),
    };
    check_vias(value(rows.via, "Via")?)?;
    value(rows.call_id, "Call-ID")?;
    name_addr(rows.from, "From")?;
    name_addr(rows.to, "To")?;
    let cseq = CSeq::parse(value(rows.cseq, "CSeq")?)?;
    if method.is_some_and(|it| *it != cseq.method) {
        return Err(ParseError::Header { header: "CSeq", problem: "names another method" });
    }
    Ok(())
}

/// Checks each element of the topmost row: who sloppily lists several there may mean any of them.
fn check_vias(row: &Bytes) -> Result<(), ParseError> {
    Elements::new(row).try_for_each(|it| Ok(Via::parse(&row.slice(it)).map(|_| ())?))
}

fn body(bytes: &Bytes, rows: &Rows, framing: Framing) -> Result<Bytes, ParseError> {
    let rest = bytes.len() - rows.body_start;
    let length = match (rows.content_length, framing) {
        (Some(length), Framing::Datagram | Framing::Stream) => length,
        (None, Framing::Datagram) => rest,
        (None, Framing::Stream) => return Err(content_length("is missing on a stream")),
    };
    match framing {
        _ if length > rest => Err(ParseError::Truncated { missing: length - rest }),
        Framing::Stream if length < rest => Err(content_length("is not where the body ends")),
        Framing::Datagram | Framing::Stream => {
            Ok(bytes.slice(rows.body_start..rows.body_start + length))
        }
    }
}

pub(crate) fn content_length(problem: &'static str) -> ParseError {
    ParseError::Header { header: "Content-Length", problem }
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
    #[error("{header} {problem}")]
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

impl From<HeaderError> for ParseError {
    fn from(error: HeaderError) -> Self {
        match error {
            HeaderError::Missing(header) => Self::Header { header, problem: "is missing" },
            HeaderError::Malformed(header) => Self::Header { header, problem: "is malformed" },
        }
    }
}

#[cfg(test)]
mod tests;
