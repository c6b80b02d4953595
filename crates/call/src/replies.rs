//! Answers and headers that more than one room gives.

use sip::{
    Header, HeaderName, Status,
    endpoint::{ALLOW, Reply},
};

/// 405 with what we do take (RFC 3261 section 21.4.6).
pub(crate) fn not_allowed() -> Reply {
    Reply::new(Status(405)).with_header(HeaderName::Allow, ALLOW)
}

/// A Retry-After header.
pub(crate) fn retry_after(seconds: u32) -> Header {
    Header { name: HeaderName::RetryAfter, value: seconds.to_string().into() }
}
