//! What a caller is called: lines are known, and of others a trunk tells.

use crate::{
    gate::{Admitted, Caller},
    trail::Trail,
    trunks::ANONYMOUS,
};
use bytes::Bytes;
use sip::{HeaderName, Headers, NameAddr, Request, Scheme};

/// So much of a name that a trunk tells is kept and shown.
const NAME_CHARS_MAX: usize = 128;

/// How the caller is called.
pub(crate) struct Names {
    /// For the call log.
    pub(crate) caller: String,
    /// The number that callees see.
    pub(crate) number: String,
    /// The name that callees see.
    pub(crate) display: Option<Bytes>,
    /// The same, where the directory does not know it.
    pub(crate) caller_name: Option<String>,
    /// Whether the caller wants to be unknown to those who are called outside.
    pub(crate) is_withheld: bool,
    /// Who had the call before: of what phones tell nothing is believed.
    pub(crate) trail: Trail,
}

impl Names {
    pub(crate) fn of(admitted: &Admitted<'_>, request: &Request) -> Self {
        let is_private = is_private(&request.headers);
        match admitted.caller {
            Caller::Extension(extension) => {
                let (number, name) = (extension.number.clone(), &extension.display_name);
                let display = (!name.is_empty()).then(|| Bytes::from(name.clone()));
                Self {
                    caller: number.clone(),
                    number,
                    display,
                    caller_name: None,
                    is_withheld: is_private,
                    trail: Trail::default(),
                }
            }
            Caller::Trunk(trunk) => {
                let Told { number, display } = Told::by(&request.headers);
                let own = |number: &str| trunk.numbers.caller_in.apply(number).into_owned();
                let (number, trail) = (own(&number), Trail::told(&request.headers, own));
                let caller_name = display.as_deref().and_then(name_of);
                let is_withheld = is_private || number == ANONYMOUS;
                let caller = format!("{}/{number}", trunk.name);
                Self { caller, number, display, caller_name, is_withheld, trail }
            }
        }
    }
}

/// What a trunk tells of who calls.
#[derive(Debug, Eq, PartialEq)]
struct Told {
    number: String,
    display: Option<Bytes>,
}

impl Told {
    /// The number that the network vouches for (P-Asserted-Identity, RFC 3325) comes before the one
    /// that callers give themselves in From, unless they want it kept from those whom they call. A
    /// name that only From has stays, since carriers assert numbers and rarely names.
    fn by(headers: &Headers) -> Self {
        let from = headers.from().ok();
        match asserted(headers) {
            Some((number, display)) => {
                let own = from.filter(|it| !is_anonymous(it)).and_then(|it| it.display);
                Self { number, display: display.or(own) }
            }
            None => Self {
                number: from
                    .as_ref()
                    .and_then(|it| it.uri.user_text().map(Into::into))
                    .unwrap_or_else(|| ANONYMOUS.to_owned()),
                display: from.and_then(|it| it.display),
            },
        }
    }
}

/// The first number that is asserted and may be shown, and the name beside it. Of the two that there
/// may be, one as `tel:`, both are of one party.
fn asserted(headers: &Headers) -> Option<(String, Option<Bytes>)> {
    if is_private(headers) {
        return None;
    }
    let all = headers.elements(&HeaderName::PAssertedIdentity);
    all.iter().filter_map(|it| NameAddr::parse(it).ok()).find_map(|it| {
        let number = number_of(&it)?;
        Some((number, it.display.filter(|it| !it.trim_ascii().is_empty())))
    })
}

/// The number of an address, if it has one that can be dialled.
pub(crate) fn number_of(address: &NameAddr) -> Option<String> {
    let user = address.uri.user_text()?;
    let number = match address.uri.scheme {
        Scheme::Sip | Scheme::Sips => user.into_owned(),
        // They mean nothing (RFC 3966 section 5.1.1).
        Scheme::Tel => user.replace(['-', '.', '(', ')'], ""),
        Scheme::Other(_) => return None,
    };
    (!number.is_empty()).then_some(number)
}

/// Whether the caller wants to be unknown to those who are called: RFC 3323 section 4.2, RFC 3325
/// section 9.3.
fn is_private(headers: &Headers) -> bool {
    asks_for_privacy(headers, &PRIVATE)
}

/// Whether Privacy has one of these values (RFC 3323 section 4.2).
pub(crate) fn asks_for_privacy(headers: &Headers, words: &[&str]) -> bool {
    let mut wanted =
        headers.all(&HeaderName::Privacy).flat_map(|it| it.split(|it| b";,".contains(it)));
    wanted.any(|it| words.iter().any(|word| it.trim_ascii().eq_ignore_ascii_case(word.as_bytes())))
}

/// RFC 3323 section 4.1.1.3.
fn is_anonymous(address: &NameAddr) -> bool {
    let user = address.uri.user.as_deref().unwrap_or_default();
    user.eq_ignore_ascii_case(ANONYMOUS.as_bytes())
}

/// A display name as text, if there is anything in it.
fn name_of(display: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(display);
    let name: String = text.trim().chars().take(NAME_CHARS_MAX).collect();
    (!name.is_empty()).then_some(name)
}

const PRIVATE: [&str; 3] = ["id", "user", "header"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_trunk_tells_is_text_of_some_length_or_none() {
        assert_eq!(name_of(" Иванова ".as_bytes()).as_deref(), Some("Иванова"));
        assert_eq!(name_of(b"J\xf6rg").as_deref(), Some("J\u{fffd}rg"));
        assert_eq!(name_of(b"  "), None);
        assert_eq!(name_of("Ж".repeat(500).as_bytes()), Some("Ж".repeat(NAME_CHARS_MAX)));
    }

    #[test]
    fn what_the_network_vouches_for_comes_before_what_the_caller_says() {
        for (asserted, from, expected) in [
            ("", OPEN, ("100", Some("Desk"))),
            ("<sip:+79160000001@carrier.test>", HIDDEN, ("+79160000001", None)),
            ("\"Anna\" <sip:+79160000001@carrier.test>", HIDDEN, ("+79160000001", Some("Anna"))),
            ("\"Anna\" <sip:+79160000001@carrier.test>", OPEN, ("+79160000001", Some("Anna"))),
            ("\" \" <sip:+79160000001@carrier.test>", OPEN, ("+79160000001", Some("Desk"))),
            ("tel:+7-916-000-00-01", OPEN, ("+79160000001", Some("Desk"))),
            ("<tel:+7(916)0000001>, <sip:1@carrier.test>", OPEN, ("+79160000001", Some("Desk"))),
            ("<sip:carrier.test>, <sip:5@carrier.test>", OPEN, ("5", Some("Desk"))),
            ("nonsense, <urn:service:sos>", OPEN, ("100", Some("Desk"))),
            ("<sip:", HIDDEN, ("anonymous", Some("Anonymous"))),
        ] {
            assert_eq!(told(from, asserted, "none"), owned(expected), "{asserted} {from}");
        }
    }

    #[test]
    fn a_caller_who_wants_to_be_unknown_is() {
        let asserted = "\"Anna\" <sip:+79160000001@carrier.test>";
        for privacy in ["id", "ID", "header;id;critical", "user", "header", "session, id"] {
            let expected = owned(("anonymous", Some("Anonymous")));
            assert_eq!(told(HIDDEN, asserted, privacy), expected, "{privacy}");
        }
        for privacy in ["", "none", "session", "identity"] {
            let expected = owned(("+79160000001", Some("Anna")));
            assert_eq!(told(HIDDEN, asserted, privacy), expected, "{privacy}");
        }
    }

    fn told(from: &'static str, asserted: &'static str, privacy: &'static str) -> Told {
        let mut headers = Headers::new();
        headers.push(HeaderName::From, from);
        headers.push(HeaderName::PAssertedIdentity, asserted);
        headers.push(HeaderName::Privacy, privacy);
        Told::by(&headers)
    }

    fn owned((number, display): (&str, Option<&'static str>)) -> Told {
        Told { number: number.to_owned(), display: display.map(Bytes::from) }
    }

    const OPEN: &str = "\"Desk\" <sip:100@pbx.test>;tag=1";
    const HIDDEN: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1";
}
