//! Session descriptions as message bodies.

use bytes::Bytes;
use sip::{HeaderName, Headers, endpoint::Body};

/// The content type of every description.
pub(crate) const SDP_TYPE: &str = "application/sdp";

/// The description in a message; `None` without a body or with one of another type.
pub(crate) fn of(headers: &Headers, body: &Bytes) -> Option<Bytes> {
    (!body.is_empty() && is_sdp(headers)).then(|| body.clone())
}

/// A description as a body.
pub(crate) fn body(description: Bytes) -> Body {
    Body { content_type: Bytes::from_static(SDP_TYPE.as_bytes()), bytes: description }
}

fn is_sdp(headers: &Headers) -> bool {
    headers.text(&HeaderName::ContentType).is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case(SDP_TYPE)
    })
}
