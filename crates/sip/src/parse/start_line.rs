//! The first line.

use super::{ParseError, rows::line_end};
use crate::{
    lex,
    limits::URI_BYTES_MAX,
    message::{Method, Status},
    uri::{Scheme, Uri, UriError},
};
use bytes::Bytes;
use std::ops::Range;

pub(super) enum StartLine {
    Request { method: Method, uri: Uri },
    Response { status: Status, reason: Bytes },
}

impl StartLine {
    /// Reads the first line of `bytes` behind line ends that may lead it (RFC 3261 section 7.5);
    /// gives the position behind it, too.
    pub(super) fn read(bytes: &Bytes) -> Result<(Self, usize), ParseError> {
        let (line, next) = first_line(bytes)?;
        let start_line = match Form::of(bytes, line)? {
            Form::Request { method, uri, version } => {
                check_version(&bytes[version])?;
                Self::Request {
                    method: Method::parse(&bytes.slice(method)),
                    uri: read_uri(bytes, uri)?,
                }
            }
            Form::Response { version, status, reason } => {
                check_version(&bytes[version])?;
                Self::Response { status: read_status(&bytes[status])?, reason: bytes.slice(reason) }
            }
        };
        Ok((start_line, next))
    }

    /// The method of a request.
    pub(super) fn method(&self) -> Option<&Method> {
        match self {
            Self::Request { method, .. } => Some(method),
            Self::Response { .. } => None,
        }
    }
}

/// The range of the first line, without its end, and the position behind it.
pub(super) fn first_line(bytes: &[u8]) -> Result<(Range<usize>, usize), ParseError> {
    let start = bytes.iter().take_while(|it| matches!(it, b'\r' | b'\n')).count();
    let end = line_end(bytes, start).map_err(|_| ParseError::NotSip)?.ok_or(ParseError::NotSip)?;
    Ok((start..end.text, end.next))
}

/// Checks that the first line is one of SIP, of any version; gives the position behind it.
pub(crate) fn check_first_line(bytes: &[u8]) -> Result<usize, ParseError> {
    let (line, next) = first_line(bytes)?;
    Form::of(bytes, line).map(|_| next)
}

/// Where the parts of a start line are; white space at its end and between its parts is tolerated.
pub(super) enum Form {
    Request { method: Range<usize>, uri: Range<usize>, version: Range<usize> },
    Response { version: Range<usize>, status: Range<usize>, reason: Range<usize> },
}

impl Form {
    pub(super) fn of(bytes: &[u8], line: Range<usize>) -> Result<Self, ParseError> {
        let first_end = word_end(bytes, &line);
        let first = line.start..first_end;
        if is_version(&bytes[first.clone()]) {
            // The reason phrase is kept byte by byte, the separating space apart.
            let start = lex::skip_space(&bytes[..line.end], first_end);
            let status = start..word_end(bytes, &(start..line.end));
            let reason = (status.end + 1).min(line.end)..line.end;
            return Ok(Self::Response { version: first, status, reason });
        }
        let rest = lex::trim(bytes, first_end..line.end);
        let last =
            bytes[rest.clone()].iter().rposition(|&it| it == b' ').ok_or(ParseError::NotSip)?;
        let version = rest.start + last + 1..rest.end;
        if !lex::is_token(&bytes[first.clone()]) || !is_version(&bytes[version.clone()]) {
            return Err(ParseError::NotSip);
        }
        let uri = lex::trim(bytes, rest.start..version.start);
        Ok(Self::Request { method: first, uri, version })
    }
}

fn word_end(bytes: &[u8], range: &Range<usize>) -> usize {
    memchr::memchr(b' ', &bytes[range.clone()]).map_or(range.end, |it| range.start + it)
}

fn is_version(word: &[u8]) -> bool {
    word.get(..4).is_some_and(|it| it.eq_ignore_ascii_case(b"SIP/"))
}

fn check_version(version: &[u8]) -> Result<(), ParseError> {
    if version[4..] == *b"2.0" { Ok(()) } else { Err(ParseError::Version) }
}

fn read_uri(bytes: &Bytes, range: Range<usize>) -> Result<Uri, ParseError> {
    let malformed = |problem| ParseError::Header { header: "Request-URI", problem };
    let uri = Uri::parse(&bytes.slice(range)).map_err(|error| match error {
        UriError::TooLong => ParseError::UriTooLong { limit: URI_BYTES_MAX },
        UriError::NoScheme => malformed("has no scheme"),
        UriError::Host => malformed("has a malformed host"),
        UriError::Port => malformed("has a malformed port"),
        UriError::Character => malformed("holds an unexpected character"),
    })?;
    // RFC 3261 section 19.1.1 forbids them here, and they must never become header fields.
    match uri.scheme {
        Scheme::Sip | Scheme::Sips if uri.headers.is_some() => Err(malformed("holds headers")),
        Scheme::Sip | Scheme::Sips | Scheme::Tel | Scheme::Other(_) => Ok(uri),
    }
}

fn read_status(digits: &[u8]) -> Result<Status, ParseError> {
    match lex::number(digits, 699) {
        Some(code @ 100..) if digits.len() == 3 => Ok(Status(code as u16)),
        Some(_) | None => Err(ParseError::Header {
            header: "Status-Line",
            problem: "has no status from 100 to 699",
        }),
    }
}
