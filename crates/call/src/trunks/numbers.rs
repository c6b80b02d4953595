//! What numbers are on their way to a trunk and from it, what it is told of callers.

use crate::{
    call::Calling,
    dialplan::NumberRules,
    directory::{Directory, Domain, Extension, Trunk},
    trail::Seen,
};
use bytes::Bytes;
use sip::{Header, HeaderName, Host, NameAddr, Uri};
use std::borrow::Cow;

/// How a trunk writes numbers, and what it is told of callers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrunkNumbers {
    /// Numbers that are called through it.
    pub called_out: NumberRules,
    /// Numbers that it calls.
    pub called_in: NumberRules,
    /// Numbers of those who call through it.
    pub caller_out: NumberRules,
    /// Numbers of those who call from it.
    pub caller_in: NumberRules,
    /// The number that it sees of lines without one of their own; `None` for the line's.
    pub caller_default: Option<String>,
    /// Whether it is told who calls beside From (P-Asserted-Identity, RFC 3325) and who had the call
    /// before ([`crate::trail`]), also of those who want to be unknown to whom they call: only whom one
    /// trusts to keep that.
    pub asserts_callers: bool,
}

/// A caller as a trunk is told.
#[derive(Debug)]
pub(crate) struct Presented {
    pub(crate) from: NameAddr,
    pub(crate) headers: Vec<Header>,
}

impl Trunk {
    /// A caller as this trunk is told, and how its call came to be one to `called`.
    pub(crate) fn present(
        &self,
        calling: &Calling,
        called: &Uri,
        domain: &Domain,
        directory: &Directory,
    ) -> Presented {
        let line = |number: &str, is_line: bool| {
            directory.extension(domain.id, number).filter(|_| is_line)
        };
        let of_caller = line(&calling.number, calling.is_line);
        let number = self.caller_as_written(&calling.number, of_caller);
        let address = NameAddr::new(Uri::sip(Some(&number), domain.host(), None));
        let is_withheld =
            calling.is_withheld || of_caller.is_some_and(|it| it.outbound.is_withheld);
        let mut headers = Vec::new();
        // Who is unknown to us, too, cannot be vouched for.
        if self.numbers.asserts_callers && *number != *ANONYMOUS {
            headers.push(Header { name: HeaderName::PAssertedIdentity, value: address.to_value() });
        }
        let from = if is_withheld {
            headers.push(Header { name: HeaderName::Privacy, value: Bytes::from_static(b"id") });
            anonymous()
        } else {
            NameAddr { display: calling.display.clone(), ..address }
        };
        if self.numbers.asserts_callers {
            headers.extend(calling.trail.headers(called, |it| {
                let line = line(&it.number, it.is_line);
                let number = self.caller_as_written(&it.number, line);
                let is_private = it.is_withheld || line.is_some_and(|it| it.outbound.is_withheld);
                Seen { uri: Uri::sip(Some(&number), domain.host(), None), is_private }
            }));
        }
        Presented { from, headers }
    }

    /// A number as this trunk sees it; a line's is its own outside, or the trunk's for all lines.
    fn caller_as_written<'a>(
        &'a self,
        number: &'a str,
        line: Option<&'a Extension>,
    ) -> Cow<'a, str> {
        let own = line.map(|it| {
            let of_line = it.outbound.caller_number.as_ref();
            of_line.or(self.numbers.caller_default.as_ref()).unwrap_or(&it.number)
        });
        self.numbers.caller_out.apply(own.map_or(number, String::as_str))
    }
}

/// RFC 3323 section 4.1.1.3.
fn anonymous() -> NameAddr {
    NameAddr { display: Some(Bytes::from_static(b"Anonymous")), ..NameAddr::new(anonymous_uri()) }
}

/// The address of whoever wants to be unknown.
pub(crate) fn anonymous_uri() -> Uri {
    let host = Host::Name(Bytes::from_static(b"anonymous.invalid"));
    Uri::sip(Some(ANONYMOUS), host, None)
}

/// Who wants to be unknown is called that.
pub(crate) const ANONYMOUS: &str = "anonymous";
