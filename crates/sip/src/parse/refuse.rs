//! Answers to what is no message.

use super::{
    ParseError,
    rows::RowReader,
    start_line::{Form, first_line},
};
use crate::{
    header::{HeaderName, Headers},
    limits::HEADERS_MAX,
    message::{Method, Response, Status},
};
use bytes::Bytes;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// The stateless response that tells the sender what was wrong, where one can be built from what
/// `bytes` holds (the request's Via, From, To, Call-ID and CSeq as far as they can be read).
/// `None` for responses, ACKs, noise, and requests whose Via cannot be read.
///
/// The same bytes get the same response with the same To tag (RFC 3261 section 8.2.7). The sender
/// adds `received` and `rport` with [`Headers::note_source`].
pub fn refusal(bytes: &Bytes, error: &ParseError) -> Option<Response> {
    let status = status(error)?;
    let (line, at) = first_line(bytes).ok()?;
    let Form::Request { method, .. } = Form::of(bytes, line).ok()? else {
        return None;
    };
    if bytes[method] == *Method::Ack.as_bytes() {
        return None;
    }
    let mut headers = echoed(bytes, at);
    headers.via().ok()?;
    tag_to(&mut headers, bytes);
    let reason = match error {
        ParseError::Header { .. } | ParseError::Truncated { .. } => {
            format!("{}: {error}", status.reason()).into()
        }
        ParseError::NotSip
        | ParseError::Version
        | ParseError::TooLarge { .. }
        | ParseError::TooManyHeaders { .. }
        | ParseError::UriTooLong { .. } => Bytes::from_static(status.reason().as_bytes()),
    };
    Some(Response { status, reason, headers, body: Bytes::new() })
}

fn status(error: &ParseError) -> Option<Status> {
    match error {
        ParseError::NotSip => None,
        ParseError::Version => Some(Status(505)),
        ParseError::Header { .. }
        | ParseError::Truncated { .. }
        | ParseError::TooManyHeaders { .. } => Some(Status(400)),
        ParseError::TooLarge { .. } => Some(Status(513)),
        ParseError::UriTooLong { .. } => Some(Status(414)),
    }
}

/// All Vias, and the first From, To, Call-ID and CSeq, of the rows that can be read.
fn echoed(bytes: &Bytes, at: usize) -> Headers {
    let mut headers = Headers::new();
    let mut reader = RowReader { bytes, at };
    for _ in 0..HEADERS_MAX {
        let start = reader.at;
        let row = match reader.next_row() {
            Ok(Some(row)) => row,
            // A malformed row is skipped; the reader does not move over one without an end.
            Err(_) if reader.at > start => continue,
            Ok(None) | Err(_) => break,
        };
        let Some(name) = HeaderName::known(&bytes[row.name]) else {
            continue;
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "all others are not echoed")]
        let is_wanted = match name {
            HeaderName::Via => true,
            HeaderName::From | HeaderName::To | HeaderName::CallId | HeaderName::CSeq => {
                headers.first(&name).is_none()
            }
            _ => false,
        };
        if is_wanted {
            headers.push(name, row.value.finish(bytes));
        }
    }
    headers
}

fn tag_to(headers: &mut Headers, bytes: &Bytes) {
    if let Ok(mut to) = headers.to()
        && to.tag().is_none()
    {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(bytes);
        to.params.set("tag", Some(format!("{hash:016x}").into()));
        headers.set(HeaderName::To, to.to_value());
    }
}
