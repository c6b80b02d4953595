//! Name-addresses.

use super::{HeaderError, Params};
use crate::{lex, uri::Uri};
use bytes::Bytes;
use std::ops::Range;

/// `"Display" <uri>;params` (From, To, Contact, Route, …).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NameAddr {
    /// Display name without its quotes and quoting backslashes.
    pub display: Option<Bytes>,
    /// The address.
    pub uri: Uri,
    /// Header parameters, behind the `>`.
    pub params: Params,
}

impl NameAddr {
    /// Of a URI alone.
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::default() }
    }

    /// Parses one element. A display name may hold characters that should be quoted; an address
    /// without brackets ends at its first semicolon and may hold no `?` (RFC 3261 section 20.10).
    pub fn parse(text: &Bytes) -> Result<Self, HeaderError> {
        let span = Span::find(text)?;
        let display = match span.display {
            Display::None => None,
            Display::Plain(range) => Some(text.slice(range)),
            Display::Quoted(range) => Some(lex::unquoted(text, range)),
        };
        let uri = uri_of(text, span.uri)?;
        let params = Params::parse(text, span.params).map_err(|_| MALFORMED)?;
        Ok(Self { display, uri, params })
    }

    /// The `tag` parameter of one element, without the cost of [`Self::parse`]; the address is not
    /// looked at.
    pub fn tag_of(text: &Bytes) -> Result<Option<Bytes>, HeaderError> {
        Params::value_in(text, Span::find(text)?.params, "tag").map_err(|_| MALFORMED)
    }

    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&Bytes> {
        self.params.value("tag")
    }

    /// How much it is preferred, in thousandths: the `q` parameter, or [`Q_PER_MILLE_MAX`] without one
    /// (RFC 3261 section 20.10); `None` if that is no number from 0 to 1.
    pub fn q_per_mille(&self) -> Option<u16> {
        match self.params.value("q") {
            None => Some(Q_PER_MILLE_MAX),
            Some(q) => parse_q(std::str::from_utf8(q).ok()?),
        }
    }

    /// As a header value; a display name is quoted.
    pub fn to_value(&self) -> Bytes {
        let mut out = Vec::with_capacity(96);
        if let Some(display) = &self.display {
            lex::put_quoted(&mut out, display);
            out.push(b' ');
        }
        out.push(b'<');
        self.uri.encode(&mut out);
        out.push(b'>');
        self.params.encode(&mut out);
        out.into()
    }
}

/// Where the parts of an element are.
struct Span {
    display: Display,
    uri: Range<usize>,
    /// Where the parameters begin.
    params: usize,
}

enum Display {
    None,
    Plain(Range<usize>),
    Quoted(Range<usize>),
}

impl Span {
    fn find(text: &[u8]) -> Result<Self, HeaderError> {
        let at = lex::skip_space(text, 0);
        if text.get(at) == Some(&b'"') {
            let end = lex::quoted_end(text, at).ok_or(MALFORMED)?;
            let open = lex::skip_space(text, end);
            if text.get(open) != Some(&b'<') {
                return Err(MALFORMED);
            }
            return Self::bracketed(text, Display::Quoted(at..end), open);
        }
        match memchr::memchr(b'<', text) {
            Some(open) => {
                let display = lex::trim(text, at..open);
                let is_there = !display.is_empty();
                let display = if is_there { Display::Plain(display) } else { Display::None };
                Self::bracketed(text, display, open)
            }
            None => Self::bare(text, at),
        }
    }

    fn bracketed(text: &[u8], display: Display, open: usize) -> Result<Self, HeaderError> {
        let length = memchr::memchr(b'>', &text[open..]).ok_or(MALFORMED)?;
        let close = open + length;
        Ok(Self { display, uri: open + 1..close, params: close + 1 })
    }

    fn bare(text: &[u8], start: usize) -> Result<Self, HeaderError> {
        let length = text[start..].iter().position(|&it| it == b';');
        let end = length.map_or(text.len(), |it| start + it);
        if text[start..end].iter().any(|it| matches!(it, b'?' | b',')) {
            return Err(MALFORMED);
        }
        Ok(Self { display: Display::None, uri: start..end, params: end })
    }
}

/// The URI in `range`; white space around it is a common slip (RFC 4475 section 3.1.2.14).
fn uri_of(text: &Bytes, range: Range<usize>) -> Result<Uri, HeaderError> {
    Uri::parse(&text.slice(lex::trim(text, range))).map_err(|_| MALFORMED)
}

/// `qvalue`, RFC 3261 section 25.1: 0 to 1 with at most three decimals.
fn parse_q(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |it: &str| it.bytes().all(|digit| digit.is_ascii_digit());
    if text.is_empty() || decimals.len() > 3 || !are_digits(whole) || !are_digits(decimals) {
        return None;
    }
    // Some phones write `.5`.
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u16>().ok()? };
    let decimals = format!("{decimals:0<3}").parse::<u16>().ok()?;
    whole.checked_mul(1000)?.checked_add(decimals).filter(|it| *it <= Q_PER_MILLE_MAX)
}

/// Most preferred, and what counts where nothing is said.
pub const Q_PER_MILLE_MAX: u16 = 1000;

const MALFORMED: HeaderError = HeaderError::Malformed("name-addr");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_are_unquoted_and_quoted_again() {
        for (text, display, value) in [
            (
                r#""J \"R\" \\" <sip:a@b>;tag=1"#,
                Some(r#"J "R" \"#),
                r#""J \"R\" \\" <sip:a@b>;tag=1"#,
            ),
            (
                "Bell, Alexander <sip:a@b>",
                Some("Bell, Alexander"),
                r#""Bell, Alexander" <sip:a@b>"#,
            ),
            ("caller<sip:a@b>", Some("caller"), r#""caller" <sip:a@b>"#),
            ("\"\"<sip:a@b>", Some(""), r#""" <sip:a@b>"#),
            ("sip:a@b ; tag = 1", None, "<sip:a@b>;tag=1"),
            ("< sip:a@b;lr > ;q=0.3", None, "<sip:a@b;lr>;q=0.3"),
        ] {
            let parsed = parse(text.as_bytes()).unwrap();

            assert_eq!(parsed.display.as_deref(), display.map(str::as_bytes), "{text}");
            assert_eq!(parsed.to_value(), value);
        }
    }

    #[test]
    fn latin_1_names_and_quoted_controls_keep_their_bytes() {
        let text = b"\"J\xf6rg \\\x00\\\x7f\" <sip:a@b>";

        let parsed = parse(text).unwrap();

        assert_eq!(parsed.display.as_deref(), Some(&b"J\xf6rg \x00\x7f"[..]));
        assert_eq!(parsed.to_value(), &text[..]);
    }

    #[test]
    fn a_display_name_cannot_add_a_header_field() {
        let uri = Uri::parse(&Bytes::from_static(b"sip:a@b")).unwrap();
        let display = Some(Bytes::from_static(b"x\"\r\nContact: <sip:evil>"));
        let value = NameAddr { display, ..NameAddr::new(uri) }.to_value();

        assert_eq!(value, r#""x\"  Contact: <sip:evil>" <sip:a@b>"#);
    }

    #[test]
    fn ambiguous_and_broken_addresses_are_refused() {
        for bad in [
            "",
            "sip:user@example.com?Route=%3Csip:x%3E",
            "\"Mr. J. User <sip:j.user@example.com>",
            "\"a\" sip:a@b",
            "<sip:a@b",
            "<sip:a@b> x",
            "alan@jasomi.com",
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_preference_is_read_in_thousandths_and_is_the_highest_unless_written() {
        for (params, expected) in [
            ("", Some(1000)),
            (";q", Some(1000)),
            (";q=1.000", Some(1000)),
            (";q=0.25", Some(250)),
            (";Q=.5", Some(500)),
            (";q=0", Some(0)),
            (";q=1.001", None),
            (";q=0.1234", None),
            (";q=-1", None),
            (";q=high", None),
        ] {
            let address = parse(format!("<sip:a@b>{params}").as_bytes()).unwrap();
            assert_eq!(address.q_per_mille(), expected, "{params}");
        }
    }

    fn parse(text: &[u8]) -> Result<NameAddr, HeaderError> {
        NameAddr::parse(&Bytes::copy_from_slice(text))
    }
}
