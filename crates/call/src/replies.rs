//! Answers and headers that more than one room gives.

use sip::{
    Header, HeaderName, Status,
    endpoint::{ALLOW, Reply},
};

/// 405 with what we do take (RFC 3261 section 21.4.6).
pub(crate) fn not_allowed() -> Reply {
    Reply::new(Status(405)).with_header(HeaderName::Allow, ALLOW)
}

/// The same to a request outside any dialog, where nobody is made to call by a REFER.
pub(crate) fn not_allowed_outside() -> Reply {
    let taken: Vec<_> = ALLOW.split(", ").filter(|it| *it != "REFER").collect();
    Reply::new(Status(405)).with_header(HeaderName::Allow, taken.join(", "))
}

/// A Retry-After header.
pub(crate) fn retry_after(seconds: u32) -> Header {
    Header { name: HeaderName::RetryAfter, value: seconds.to_string().into() }
}
