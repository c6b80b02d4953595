//! Calls that come back to us through somebody else.
//!
//! A B2BUA starts a new Via path, so that RFC 3261's loop detection (section 16.3) sees nothing.
//! Each INVITE we send on carries a mark for every time that it passed here; Max-Forwards ends what
//! loses its marks on the way.

use base::DomainId;
use sip::{Header, HeaderName, Headers};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Header that carries the marks.
const HEADER: &[u8] = b"X-Tandem-Path";

/// Most marks: a call that was forwarded more often than this goes in circles in some way.
const MARKS_MAX: usize = 10;

/// One passage of a call: the same caller asking for the same number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Hop(u64);

impl Hop {
    /// `secret` keeps strangers from writing our marks; it is the same on all shards.
    pub(crate) fn new(secret: u64, domain: DomainId, caller: &str, dialled: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (secret, domain, caller, dialled).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The header for the INVITE that goes on; `None` if the call was here before.
pub(crate) fn mark(headers: &Headers, hop: Hop) -> Option<Header> {
    let name = HeaderName::Other(bytes::Bytes::from_static(HEADER));
    let before = headers.text(&name).unwrap_or_default();
    let here = format!("{:016x}", hop.0);
    let marks = before.split(',').map(str::trim).filter(|it| !it.is_empty());
    if marks.clone().any(|it| it == here) || marks.clone().count() >= MARKS_MAX {
        return None;
    }
    let value = marks.chain([here.as_str()]).collect::<Vec<_>>().join(",");
    Some(Header { name, value: value.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Rng, UnixMillis};

    #[test]
    fn a_call_that_passed_here_before_is_a_loop_and_another_is_not() {
        let domain = DomainId::new(UnixMillis(0), &mut Rng::from_number(1));
        let first = Hop::new(1, domain, "1001", "1002");
        let mut headers = Headers::new();
        let mark_of_first = mark(&headers, first).expect("a fresh call is no loop");
        headers.push(mark_of_first.name, mark_of_first.value);

        assert_eq!(mark(&headers, first), None);
        let second = mark(&headers, Hop::new(1, domain, "1001", "1003"));
        assert!(second.is_some_and(|it| it.value.len() == 33));
    }
}
