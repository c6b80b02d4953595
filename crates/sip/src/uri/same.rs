//! Whether two URIs mean the same, RFC 3261 section 19.1.4 and RFC 3966 section 4.

use super::{
    Scheme, Uri,
    escape::{Unescaped, is_unreserved},
};
use bytes::Bytes;

pub(super) fn is_same(a: &Uri, b: &Uri) -> bool {
    match (&a.scheme, &b.scheme) {
        (Scheme::Sip, Scheme::Sip) | (Scheme::Sips, Scheme::Sips) => is_same_sip(a, b),
        (Scheme::Tel, Scheme::Tel) => is_same_number(a, b) && has_same_params(a, b, IN_BOTH_TEL),
        (Scheme::Other(scheme), Scheme::Other(other)) => {
            scheme.eq_ignore_ascii_case(other) && a.user == b.user
        }
        (Scheme::Sip | Scheme::Sips | Scheme::Tel | Scheme::Other(_), _) => false,
    }
}

fn is_same_sip(a: &Uri, b: &Uri) -> bool {
    is_same_part(a.user.as_ref(), b.user.as_ref(), Case::Matters)
        && is_same_part(a.password.as_ref(), b.password.as_ref(), Case::Matters)
        && a.host.is_same_as(&b.host)
        && a.port == b.port
        && has_same_params(a, b, IN_BOTH_SIP)
        && has_same_headers(a.headers.as_ref(), b.headers.as_ref())
}

/// Visual separators do not count.
fn is_same_number(a: &Uri, b: &Uri) -> bool {
    let digits = |uri: &Uri| -> Vec<u8> {
        let number = uri.user.as_deref().unwrap_or_default().iter();
        number.filter(|it| !b"-.()".contains(it)).map(u8::to_ascii_lowercase).collect()
    };
    digits(a) == digits(b)
}

/// Parameters that both have must match; those of `in_both` must be in both or in neither.
fn has_same_params(a: &Uri, b: &Uri, in_both: &[&str]) -> bool {
    let is_must = |name: &Bytes| in_both.iter().any(|it| name.eq_ignore_ascii_case(it.as_bytes()));
    let covers = |a: &Uri, b: &Uri| {
        a.params.iter().all(|mine| {
            let mut theirs =
                b.params.iter().filter(|it| it.name.eq_ignore_ascii_case(&mine.name)).peekable();
            match theirs.peek() {
                Some(_) => theirs
                    .any(|it| is_same_part(mine.value.as_ref(), it.value.as_ref(), Case::Ignored)),
                None => !is_must(&mine.name),
            }
        })
    };
    covers(a, b) && covers(b, a)
}

/// Header components are never ignored; their order does not matter.
fn has_same_headers(a: Option<&Bytes>, b: Option<&Bytes>) -> bool {
    let sorted = |headers: Option<&Bytes>| -> Vec<Vec<u8>> {
        let headers = headers.map(AsRef::as_ref).unwrap_or_default();
        let mut fields: Vec<_> = headers
            .split(|&it| it == b'&')
            .filter(|it| !it.is_empty())
            .map(|it| normal(it, Case::Ignored))
            .collect();
        fields.sort_unstable();
        fields
    };
    sorted(a) == sorted(b)
}

fn is_same_part(a: Option<&Bytes>, b: Option<&Bytes>, case: Case) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || normal(a, case) == normal(b, case),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[derive(Clone, Copy)]
enum Case {
    Matters,
    Ignored,
}

/// An escape of a character that needs none is that character; any other is no match for its
/// unescaped self, and is written with a capital escape.
fn normal(part: &[u8], case: Case) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    for it in Unescaped(part) {
        let byte = match case {
            Case::Matters => it.byte,
            Case::Ignored => it.byte.to_ascii_lowercase(),
        };
        if it.is_escaped && !is_unreserved(it.byte) {
            out.push(b'%');
        }
        out.push(byte);
    }
    out
}

/// Parameters that make URIs differ when only one has them.
const IN_BOTH_SIP: &[&str] = &["user", "ttl", "method", "maddr", "transport"];
const IN_BOTH_TEL: &[&str] = &["ext", "isub", "phone-context"];
