//! Messages as the phones see them: read and built by `rsip`, which knows nothing of our parser.

use bytes::Bytes;
use rsip::{
    Header, SipMessage,
    headers::{
        Authorization, CSeq, CallId, Contact, ContentLength, ContentType, Expires, From,
        MaxForwards, To, ToTypedHeader, UntypedHeader, Via,
    },
    message::{HasHeaders, HeadersExt},
};

/// A message that a phone received.
#[derive(Clone, Debug)]
pub struct Heard(SipMessage, String);

impl Heard {
    /// Reads a datagram.
    pub fn read(bytes: &[u8]) -> Result<Self, rsip::Error> {
        let first_line = bytes.split(|it| *it == b'\r').next().unwrap_or_default();
        let first_line = String::from_utf8_lossy(first_line).into_owned();
        SipMessage::try_from(bytes).map(|message| Self(message, first_line))
    }

    /// The method of a request.
    pub fn method(&self) -> Option<String> {
        match &self.0 {
            SipMessage::Request(request) => Some(request.method.to_string()),
            SipMessage::Response(_) => None,
        }
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        match &self.0 {
            SipMessage::Request(_) => None,
            SipMessage::Response(response) => Some(response.status_code.code()),
        }
    }

    /// The reason phrase of a response; `rsip` keeps its own words in place of what was written.
    pub fn reason(&self) -> &str {
        self.1.splitn(3, ' ').nth(2).unwrap_or_default()
    }

    /// All values of a header, in order.
    pub fn values(&self, name: &str) -> Vec<String> {
        let rows = self.rows().into_iter();
        rows.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The first value of a header.
    pub fn value(&self, name: &str) -> Option<String> {
        self.values(name).into_iter().next()
    }

    /// Call-ID.
    pub fn call_id(&self) -> String {
        self.0.call_id_header().expect("every message has a Call-ID").value().to_owned()
    }

    /// Number and method of CSeq.
    pub fn cseq(&self) -> (u32, String) {
        let cseq = self.0.cseq_header().and_then(CSeq::typed);
        let cseq = cseq.expect("every message has a CSeq");
        (cseq.seq, cseq.method.to_string())
    }

    /// Tag of From.
    pub fn from_tag(&self) -> Option<String> {
        let from = self.0.from_header().expect("every message has a From");
        from.tag().expect("From is well-formed").map(|it| it.to_string())
    }

    /// Tag of To.
    pub fn to_tag(&self) -> Option<String> {
        let to = self.0.to_header().expect("every message has a To");
        to.tag().expect("To is well-formed").map(|it| it.to_string())
    }

    /// URI of From, as text.
    pub fn from_uri(&self) -> String {
        let from = self.0.from_header().expect("every message has a From");
        from.uri().expect("From is well-formed").to_string()
    }

    /// URI of To, as text.
    pub fn to_uri(&self) -> String {
        let to = self.0.to_header().expect("every message has a To");
        to.uri().expect("To is well-formed").to_string()
    }

    /// Branch of the topmost Via.
    pub fn branch(&self) -> String {
        let via = self.0.via_header().and_then(Via::typed).expect("a Via is well-formed");
        via.branch().expect("a Via has a branch").to_string()
    }

    /// URI of Contact, as text.
    pub fn contact_uri(&self) -> Option<String> {
        let contact = self.0.contact_header().ok()?;
        contact.uri().ok().map(|it| it.to_string())
    }

    /// Body, if there is one.
    pub fn body(&self) -> Option<String> {
        let body = match &self.0 {
            SipMessage::Request(request) => &request.body,
            SipMessage::Response(response) => &response.body,
        };
        (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned())
    }

    /// All headers, as names and values.
    pub(crate) fn rows(&self) -> Vec<(String, String)> {
        let rows = self.0.headers().iter().map(ToString::to_string);
        rows.filter_map(|row| {
            let (name, value) = row.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
    }

    /// Copies of the headers that a response repeats.
    pub(crate) fn repeated(&self) -> Vec<(&'static str, String)> {
        ["Via", "From", "To", "Call-ID", "CSeq"]
            .into_iter()
            .flat_map(|name| self.values(name).into_iter().map(move |value| (name, value)))
            .collect()
    }
}

/// A request as bytes.
pub(crate) fn request(
    method: &str,
    uri: &str,
    headers: &[(&str, String)],
    body: Option<&str>,
) -> Bytes {
    let request = rsip::Request {
        method: method.parse().expect("a known method"),
        uri: uri.try_into().expect("a URI that we wrote or were given"),
        version: rsip::Version::V2,
        headers: rows(headers, body).into(),
        body: body.unwrap_or_default().as_bytes().to_vec(),
    };
    Bytes::from(request.to_string())
}

/// A response as bytes.
pub(crate) fn response(status: u16, headers: &[(&str, String)], body: Option<&str>) -> Bytes {
    let response = rsip::Response {
        status_code: status.into(),
        version: rsip::Version::V2,
        headers: rows(headers, body).into(),
        body: body.unwrap_or_default().as_bytes().to_vec(),
    };
    Bytes::from(response.to_string())
}

fn rows(headers: &[(&str, String)], body: Option<&str>) -> Vec<Header> {
    let mut rows: Vec<Header> =
        headers.iter().map(|(name, value)| row(name, value.clone())).collect();
    let is_typed = headers.iter().any(|(name, _)| *name == "Content-Type");
    if body.is_some() && !is_typed {
        rows.push(row("Content-Type", "application/sdp".to_owned()));
    }
    rows.push(row("Content-Length", body.unwrap_or_default().len().to_string()));
    rows
}

fn row(name: &str, value: String) -> Header {
    match name {
        "Authorization" => Authorization::new(value).into(),
        "CSeq" => CSeq::new(value).into(),
        "Call-ID" => CallId::new(value).into(),
        "Event" => rsip::headers::Event::new(value).into(),
        "Contact" => Contact::new(value).into(),
        "Content-Length" => ContentLength::new(value).into(),
        "Content-Type" => ContentType::new(value).into(),
        "Expires" => Expires::new(value).into(),
        "From" => From::new(value).into(),
        "Max-Forwards" => MaxForwards::new(value).into(),
        "To" => To::new(value).into(),
        "Via" => Via::new(value).into(),
        _ => Header::Other(name.to_owned(), value),
    }
}
