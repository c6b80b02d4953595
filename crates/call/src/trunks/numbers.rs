//! What numbers are on their way to a trunk and from it, what it is told of callers.

use crate::{
    call::Calling,
    dialplan::NumberRules,
    directory::{Domain, Extension, Trunk},
};
use bytes::Bytes;
use sip::{Header, HeaderName, Host, NameAddr, Uri};

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
    /// Whether it is told who calls beside From (P-Asserted-Identity, RFC 3325), also of those who
    /// want to be unknown to whom they call: only whom one trusts to keep that.
    pub asserts_callers: bool,
}

/// A caller as a trunk is told.
#[derive(Debug)]
pub(crate) struct Presented {
    pub(crate) from: NameAddr,
    pub(crate) headers: Vec<Header>,
}

impl Trunk {
    /// A caller as this trunk is told; `line` is its own, if it is one of `domain`.
    pub(crate) fn present(
        &self,
        calling: &Calling,
        line: Option<&Extension>,
        domain: &Domain,
    ) -> Presented {
        let own = line.map(|it| {
            let of_line = it.outbound.caller_number.as_ref();
            of_line.or(self.numbers.caller_default.as_ref()).unwrap_or(&it.number)
        });
        let number = self.numbers.caller_out.apply(own.unwrap_or(&calling.number));
        let host = Host::Name(Bytes::from(domain.name.clone()));
        let address = NameAddr::new(Uri::sip(Some(&number), host, None));
        let is_withheld = calling.is_withheld || line.is_some_and(|it| it.outbound.is_withheld);
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
        Presented { from, headers }
    }
}

/// RFC 3323 section 4.1.1.3.
fn anonymous() -> NameAddr {
    let host = Host::Name(Bytes::from_static(b"anonymous.invalid"));
    let display = Some(Bytes::from_static(b"Anonymous"));
    NameAddr { display, ..NameAddr::new(Uri::sip(Some(ANONYMOUS), host, None)) }
}

/// Who wants to be unknown is called that.
pub(crate) const ANONYMOUS: &str = "anonymous";
