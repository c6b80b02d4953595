//! Requests and responses as values.

use crate::{
    header::{HeaderName, Headers},
    lex,
    uri::Uri,
};
use bytes::Bytes;
use std::{fmt, io::Write as _};

/// A request or a response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// Asks.
    Request(Request),
    /// Answers.
    Response(Response),
}

/// A request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// Of whom.
    pub uri: Uri,
    /// Header fields in order.
    pub headers: Headers,
    /// Body, byte-exact.
    pub body: Bytes,
}

/// A response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// 100 to 699.
    pub status: Status,
    /// Reason phrase, byte-exact.
    pub reason: Bytes,
    /// Header fields in order.
    pub headers: Headers,
    /// Body, byte-exact.
    pub body: Bytes,
}

/// A method; case matters (RFC 3261 section 7.1).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each variant is named as the method it stands for")]
pub enum Method {
    Ack,
    Bye,
    Cancel,
    Info,
    Invite,
    Message,
    Notify,
    Options,
    Prack,
    Publish,
    Refer,
    Register,
    Subscribe,
    Update,
    /// Any other, as written.
    Other(Bytes),
}

/// Status code of a response, 100 to 699.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Status(pub u16);

impl Message {
    /// Header fields of either.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(it) => &it.headers,
            Self::Response(it) => &it.headers,
        }
    }

    /// Body of either.
    pub fn body(&self) -> &Bytes {
        match self {
            Self::Request(it) => &it.body,
            Self::Response(it) => &it.body,
        }
    }

    /// The message on the wire. Content-Length is written from the body, whatever the headers say.
    ///
    /// Every constructed value stays on its line: a CR or LF in it is written as a space, so that
    /// no value can add a header field or a body.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Request(it) => it.encode(),
            Self::Response(it) => it.encode(),
        }
    }
}

impl Request {
    /// The request on the wire, as [`Message::encode`] says.
    pub fn encode(&self) -> Bytes {
        let mut out = buffer(&self.headers, &self.body);
        lex::put(&mut out, self.method.as_bytes());
        out.push(b' ');
        self.uri.encode(&mut out);
        out.extend_from_slice(b" SIP/2.0\r\n");
        put_headers_and_body(&mut out, &self.headers, &self.body);
        out.into()
    }
}

impl Response {
    /// The response on the wire, as [`Message::encode`] says.
    pub fn encode(&self) -> Bytes {
        let mut out = buffer(&self.headers, &self.body);
        out.extend_from_slice(b"SIP/2.0 ");
        write!(out, "{:03} ", self.status.0).expect("a Vec takes all");
        lex::put(&mut out, &self.reason);
        out.extend_from_slice(b"\r\n");
        put_headers_and_body(&mut out, &self.headers, &self.body);
        out.into()
    }
}

/// Room for a message, so that encoding it allocates once.
fn buffer(headers: &Headers, body: &Bytes) -> Vec<u8> {
    let rows: usize = headers.iter().map(|it| it.name.as_bytes().len() + it.value.len() + 4).sum();
    Vec::with_capacity(START_LINE_BYTES + rows + body.len())
}

fn put_headers_and_body(out: &mut Vec<u8>, headers: &Headers, body: &Bytes) {
    for header in headers.iter().filter(|it| it.name != HeaderName::ContentLength) {
        lex::put(out, header.name.as_bytes());
        out.extend_from_slice(b": ");
        lex::put(out, &header.value);
        out.extend_from_slice(b"\r\n");
    }
    write!(out, "Content-Length: {}\r\n\r\n", body.len()).expect("a Vec takes all");
    out.extend_from_slice(body);
}

impl Method {
    /// Reads a method token.
    pub fn parse(token: &Bytes) -> Self {
        Self::known(token).unwrap_or_else(|| Self::Other(token.clone()))
    }

    /// As on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Ack => b"ACK",
            Self::Bye => b"BYE",
            Self::Cancel => b"CANCEL",
            Self::Info => b"INFO",
            Self::Invite => b"INVITE",
            Self::Message => b"MESSAGE",
            Self::Notify => b"NOTIFY",
            Self::Options => b"OPTIONS",
            Self::Prack => b"PRACK",
            Self::Publish => b"PUBLISH",
            Self::Refer => b"REFER",
            Self::Register => b"REGISTER",
            Self::Subscribe => b"SUBSCRIBE",
            Self::Update => b"UPDATE",
            Self::Other(token) => token,
        }
    }

    fn known(token: &[u8]) -> Option<Self> {
        Some(match token {
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"INFO" => Self::Info,
            b"INVITE" => Self::Invite,
            b"MESSAGE" => Self::Message,
            b"NOTIFY" => Self::Notify,
            b"OPTIONS" => Self::Options,
            b"PRACK" => Self::Prack,
            b"PUBLISH" => Self::Publish,
            b"REFER" => Self::Refer,
            b"REGISTER" => Self::Register,
            b"SUBSCRIBE" => Self::Subscribe,
            b"UPDATE" => Self::Update,
            _ => return None,
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.as_bytes()))
    }
}

impl Status {
    /// 1xx.
    pub fn is_provisional(self) -> bool {
        self.0 < 200
    }

    /// 2xx.
    pub fn is_success(self) -> bool {
        (200..300).contains(&self.0)
    }

    /// 200 and above.
    pub fn is_final(self) -> bool {
        self.0 >= 200
    }

    /// The usual reason phrase (the IANA registry's); that of the class for an unknown code.
    pub fn reason(self) -> &'static str {
        REASONS
            .binary_search_by_key(&self.0, |it| it.0)
            .map_or_else(|_| self.class_reason(), |index| REASONS[index].1)
    }

    fn class_reason(self) -> &'static str {
        match self.0 {
            ..200 => "Progress",
            200..300 => "OK",
            300..400 => "Redirection",
            400..500 => "Request Failure",
            500..600 => "Server Failure",
            600.. => "Global Failure",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Room for a start line; a longer one costs a second allocation.
const START_LINE_BYTES: usize = 160;

/// Sorted by code.
const REASONS: &[(u16, &str)] = &[
    (100, "Trying"),
    (180, "Ringing"),
    (181, "Call Is Being Forwarded"),
    (182, "Queued"),
    (183, "Session Progress"),
    (199, "Early Dialog Terminated"),
    (200, "OK"),
    (202, "Accepted"),
    (204, "No Notification"),
    (300, "Multiple Choices"),
    (301, "Moved Permanently"),
    (302, "Moved Temporarily"),
    (305, "Use Proxy"),
    (380, "Alternative Service"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"),
    (408, "Request Timeout"),
    (410, "Gone"),
    (412, "Conditional Request Failed"),
    (413, "Request Entity Too Large"),
    (414, "Request-URI Too Long"),
    (415, "Unsupported Media Type"),
    (416, "Unsupported URI Scheme"),
    (417, "Unknown Resource-Priority"),
    (420, "Bad Extension"),
    (421, "Extension Required"),
    (422, "Session Interval Too Small"),
    (423, "Interval Too Brief"),
    (424, "Bad Location Information"),
    (425, "Bad Alert Message"),
    (428, "Use Identity Header"),
    (429, "Provide Referrer Identity"),
    (430, "Flow Failed"),
    (433, "Anonymity Disallowed"),
    (436, "Bad Identity-Info"),
    (437, "Unsupported Certificate"),
    (438, "Invalid Identity Header"),
    (439, "First Hop Lacks Outbound Support"),
    (440, "Max-Breadth Exceeded"),
    (469, "Bad Info Package"),
    (470, "Consent Needed"),
    (480, "Temporarily Unavailable"),
    (481, "Call/Transaction Does Not Exist"),
    (482, "Loop Detected"),
    (483, "Too Many Hops"),
    (484, "Address Incomplete"),
    (485, "Ambiguous"),
    (486, "Busy Here"),
    (487, "Request Terminated"),
    (488, "Not Acceptable Here"),
    (489, "Bad Event"),
    (491, "Request Pending"),
    (493, "Undecipherable"),
    (494, "Security Agreement Required"),
    (500, "Server Internal Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Server Time-out"),
    (505, "Version Not Supported"),
    (513, "Message Too Large"),
    (555, "Push Notification Service Not Supported"),
    (580, "Precondition Failure"),
    (600, "Busy Everywhere"),
    (603, "Decline"),
    (604, "Does Not Exist Anywhere"),
    (606, "Not Acceptable"),
    (607, "Unwanted"),
    (608, "Rejected"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constructed_values_cannot_add_lines() {
        let evil = Bytes::from_static(b"x\r\nVia: SIP/2.0/UDP evil\r\n\r\nbody");
        let mut headers = Headers::new();
        headers.push(HeaderName::Other(evil.clone()), evil.clone());
        headers.push(HeaderName::ContentLength, "99");
        let mut uri = Uri::parse(&Bytes::from_static(b"sip:a@b")).unwrap();
        uri.user = Some(evil.clone());
        uri.headers = Some(evil.clone());
        uri.host = crate::uri::Host::Name(evil.clone());
        let body = Bytes::new();
        let request = Request { method: Method::Other(evil.clone()), uri, headers, body };
        let response = Response {
            status: Status(200),
            reason: evil,
            headers: request.headers.clone(),
            body: Bytes::new(),
        };

        for bytes in [request.encode(), response.encode()] {
            let text = std::str::from_utf8(&bytes).unwrap();
            let lines: Vec<_> = text.split("\r\n").collect();

            assert_eq!(lines.len(), 5, "{text}");
            assert_eq!(lines[2..], ["Content-Length: 0", "", ""]);
            assert!(!lines.iter().any(|it| it.contains(['\r', '\n'])), "{text}");
        }
    }

    #[test]
    fn reasons_are_sorted_and_every_class_has_one() {
        assert!(REASONS.is_sorted_by_key(|it| it.0));
        assert_eq!(Status(486).reason(), "Busy Here");
        assert_eq!(Status(199).reason(), "Early Dialog Terminated");
        assert_eq!(Status(498).reason(), "Request Failure");
        assert_eq!(Status(699).reason(), "Global Failure");
    }

    #[test]
    fn methods_are_known_in_capitals_only() {
        assert_eq!(Method::parse(&Bytes::from_static(b"INVITE")), Method::Invite);
        assert_eq!(
            Method::parse(&Bytes::from_static(b"Invite")),
            Method::Other(Bytes::from_static(b"Invite"))
        );
    }
}
