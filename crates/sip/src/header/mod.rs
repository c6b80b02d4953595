//! Header fields: names, the list of them in a message, and typed values read on demand.

mod name;
mod name_addr;
mod params;
mod via;

pub use name::HeaderName;
pub use name_addr::{NameAddr, Q_PER_MILLE_MAX};
pub use params::{Param, Params};
pub use via::Via;

use crate::{
    lex::{self, Elements},
    message::Method,
};
use bytes::Bytes;
use std::net::SocketAddr;

/// One header field row. The value is unfolded and trimmed, its bytes otherwise as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Which field.
    pub name: HeaderName,
    /// What it says.
    pub value: Bytes,
}

/// The header fields of a message, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// No fields.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// No fields, with room for `rows`.
    pub fn with_capacity(rows: usize) -> Self {
        Self(Vec::with_capacity(rows))
    }

    /// Every row in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a row at the end.
    pub fn push(&mut self, name: HeaderName, value: impl Into<Bytes>) {
        self.0.push(Header { name, value: value.into() });
    }

    /// Adds a row before all others of its name (as Via and Record-Route want).
    pub fn push_first(&mut self, name: HeaderName, value: impl Into<Bytes>) {
        let index = self.position(&name).unwrap_or(self.0.len());
        self.0.insert(index, Header { name, value: value.into() });
    }

    /// Replaces all rows of a name by one.
    pub fn set(&mut self, name: HeaderName, value: impl Into<Bytes>) {
        let Some(first) = self.position(&name) else {
            return self.push(name, value);
        };
        self.0[first].value = value.into();
        let mut index = 0;
        self.0.retain(|it| {
            index += 1;
            index <= first + 1 || it.name != name
        });
    }

    /// Removes all rows of a name.
    pub fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|it| it.name != *name);
    }

    /// The first row's value.
    pub fn first(&self, name: &HeaderName) -> Option<&Bytes> {
        self.0.iter().find(|it| it.name == *name).map(|it| &it.value)
    }

    /// The first row's value as text; `None` if absent or not UTF-8.
    pub fn text(&self, name: &HeaderName) -> Option<&str> {
        self.first(name).and_then(|it| std::str::from_utf8(it).ok())
    }

    /// Values of all rows of a name.
    pub fn all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a Bytes> {
        self.0.iter().filter(move |it| it.name == *name).map(|it| &it.value)
    }

    /// Comma-separated elements of all rows of a name; commas in quotes and `<>` do not separate.
    /// Empty elements are left out.
    pub fn elements(&self, name: &HeaderName) -> Vec<Bytes> {
        self.all(name)
            .flat_map(|row| Elements::new(row).map(|it| row.slice(it)))
            .filter(|it| !it.is_empty())
            .collect()
    }

    /// Whether a list header (Require, Supported, Allow, …) names `token`, in any case.
    pub fn has_token(&self, name: &HeaderName, token: &str) -> bool {
        self.all(name)
            .any(|row| Elements::new(row).any(|it| row[it].eq_ignore_ascii_case(token.as_bytes())))
    }

    /// Call-ID.
    pub fn call_id(&self) -> Result<&Bytes, HeaderError> {
        self.required(&HeaderName::CallId, "Call-ID")
    }

    /// From.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        self.name_addr(&HeaderName::From, "From")
    }

    /// To.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        self.name_addr(&HeaderName::To, "To")
    }

    /// The tag in From.
    pub fn from_tag(&self) -> Result<Option<Bytes>, HeaderError> {
        NameAddr::tag_of(self.required(&HeaderName::From, "From")?)
    }

    /// The tag in To.
    pub fn to_tag(&self) -> Result<Option<Bytes>, HeaderError> {
        NameAddr::tag_of(self.required(&HeaderName::To, "To")?)
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        CSeq::parse(self.required(&HeaderName::CSeq, "CSeq")?)
    }

    /// The topmost Via.
    pub fn via(&self) -> Result<Via, HeaderError> {
        let row = self.required(&HeaderName::Via, "Via")?;
        let element = Elements::new(row).next().unwrap_or_default();
        Via::parse(&row.slice(element)).map_err(|_| HeaderError::Malformed("Via"))
    }

    /// Notes in the topmost Via where the request came from; see [`Via::note_source`].
    pub fn note_source(&mut self, remote: SocketAddr) -> Result<(), HeaderError> {
        let before = self.via()?;
        let mut via = before.clone();
        via.note_source(remote);
        let index = self.position(&HeaderName::Via).ok_or(HeaderError::Missing("Via"))?;
        if via == before {
            return Ok(());
        }
        let row = self.0[index].value.clone();
        let end_of_first = Elements::new(&row).next().map_or(row.len(), |it| it.end);
        let mut value = via.to_value();
        if end_of_first < row.len() {
            value = [&value, &row[end_of_first..]].concat().into();
        }
        self.0[index].value = value;
        Ok(())
    }

    /// Max-Forwards; `None` where absent.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        let number = self.number(&HeaderName::MaxForwards, "Max-Forwards", u8::MAX.into())?;
        Ok(number.map(|it| it as u8))
    }

    /// Expires, in seconds; `None` where absent. Larger than 2³²−1 is an error.
    pub fn expires(&self) -> Result<Option<u32>, HeaderError> {
        let number = self.number(&HeaderName::Expires, "Expires", u32::MAX.into())?;
        Ok(number.map(|it| it as u32))
    }

    /// All contacts.
    pub fn contacts(&self) -> Result<Contacts, HeaderError> {
        let contact = |_| HeaderError::Malformed("Contact");
        let elements = self.elements(&HeaderName::Contact);
        if elements.iter().any(|it| it == "*") {
            return match elements.len() {
                1 => Ok(Contacts::Star),
                _ => Err(HeaderError::Malformed("Contact")),
            };
        }
        let list: Result<_, _> = elements.iter().map(NameAddr::parse).collect();
        list.map(Contacts::List).map_err(contact)
    }

    /// Name-addresses of a list header such as Route, Record-Route, Path.
    pub fn name_addrs(&self, name: &HeaderName) -> Result<Vec<NameAddr>, HeaderError> {
        self.elements(name).iter().map(NameAddr::parse).collect()
    }

    /// The value of the row at `index`, which must be there.
    pub(crate) fn value(&self, index: usize) -> &Bytes {
        &self.0[index].value
    }

    fn position(&self, name: &HeaderName) -> Option<usize> {
        self.0.iter().position(|it| it.name == *name)
    }

    fn required(&self, name: &HeaderName, text: &'static str) -> Result<&Bytes, HeaderError> {
        self.first(name).filter(|it| !it.is_empty()).ok_or(HeaderError::Missing(text))
    }

    fn name_addr(&self, name: &HeaderName, text: &'static str) -> Result<NameAddr, HeaderError> {
        let value = self.required(name, text)?;
        NameAddr::parse(value).map_err(|_| HeaderError::Malformed(text))
    }

    fn number(
        &self,
        name: &HeaderName,
        text: &'static str,
        max: u64,
    ) -> Result<Option<u64>, HeaderError> {
        let Some(value) = self.first(name) else {
            return Ok(None);
        };
        lex::number(value, max).map(Some).ok_or(HeaderError::Malformed(text))
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Header> for Headers {
    fn from_iter<I: IntoIterator<Item = Header>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl Extend<Header> for Headers {
    fn extend<I: IntoIterator<Item = Header>>(&mut self, rows: I) {
        self.0.extend(rows);
    }
}

/// What a Contact header says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Contacts {
    /// `*`
    Star,
    /// A list, maybe empty.
    List(Vec<NameAddr>),
}

/// CSeq, RFC 3261 section 20.16.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CSeq {
    /// Below 2³².
    pub number: u32,
    /// Of the request.
    pub method: Method,
}

impl CSeq {
    /// Parses a header value.
    pub fn parse(text: &Bytes) -> Result<Self, HeaderError> {
        let malformed = HeaderError::Malformed("CSeq");
        let gap = text.iter().position(|&it| lex::is_space(it)).ok_or(malformed)?;
        let number = lex::number(&text[..gap], u32::MAX.into()).ok_or(malformed)? as u32;
        let method = lex::trim(text, gap..text.len());
        if !lex::is_token(&text[method.clone()]) {
            return Err(malformed);
        }
        Ok(Self { number, method: Method::parse(&text.slice(method)) })
    }

    /// As a header value.
    pub fn to_value(&self) -> Bytes {
        let mut out = Vec::with_capacity(24);
        out.extend_from_slice(self.number.to_string().as_bytes());
        out.push(b' ');
        lex::put(&mut out, self.method.as_bytes());
        out.into()
    }
}

/// Why a header cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HeaderError {
    /// A header that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// It is there and makes no sense.
    #[error("{0} is malformed")]
    Malformed(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_when_one_is_set_or_put_first() {
        let mut headers = Headers::new();
        headers.push(HeaderName::To, "t");
        headers.push(HeaderName::Via, "b");
        headers.push(HeaderName::Via, "c");
        headers.push(HeaderName::From, "f");

        headers.push_first(HeaderName::Via, "a");
        assert_eq!(values(&headers), ["t", "a", "b", "c", "f"]);

        headers.set(HeaderName::Via, "z");
        assert_eq!(values(&headers), ["t", "z", "f"]);
    }

    #[test]
    fn only_the_topmost_via_notes_the_source() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Via, "SIP/2.0/UDP a;rport , SIP/2.0/TCP b;rport");

        headers.note_source("192.0.2.1:99".parse().unwrap()).unwrap();

        let row = "SIP/2.0/UDP a;rport=99;received=192.0.2.1 , SIP/2.0/TCP b;rport";
        assert_eq!(values(&headers), [row]);
    }

    #[test]
    fn a_star_beside_other_contacts_is_malformed() {
        let mut headers = Headers::new();
        assert_eq!(headers.contacts(), Ok(Contacts::List(Vec::new())));

        headers.push(HeaderName::Contact, "*");
        assert_eq!(headers.contacts(), Ok(Contacts::Star));

        headers.push(HeaderName::Contact, "<sip:a@b>");
        assert_eq!(headers.contacts(), Err(HeaderError::Malformed("Contact")));
    }

    #[test]
    fn tokens_are_found_in_any_row_and_case() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Supported, "timer , 100REL");
        headers.push(HeaderName::Supported, "replaces");

        assert!(headers.has_token(&HeaderName::Supported, "100rel"));
        assert!(headers.has_token(&HeaderName::Supported, "replaces"));
        assert!(!headers.has_token(&HeaderName::Supported, "100"));
    }

    #[test]
    fn cseq_is_a_number_and_a_method() {
        let parse = |text: &'static str| CSeq::parse(&Bytes::from_static(text.as_bytes()));

        let cseq = parse("0009   INVITE").unwrap();

        assert_eq!(cseq, CSeq { number: 9, method: Method::Invite });
        assert_eq!(cseq.to_value(), "9 INVITE");
        for bad in ["", "9", "9 ", "INVITE 9", "4294967296 INVITE", "-1 INVITE", "1 IN VITE"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    fn values(headers: &Headers) -> Vec<&str> {
        headers.iter().map(|it| std::str::from_utf8(&it.value).unwrap()).collect()
    }
}
