//! Requests and responses as values.

use crate::{header::Headers, uri::Uri};
use bytes::Bytes;
use std::fmt;

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

    /// The message on the wire. Content-Length is written from the body, whatever the headers say.
    pub fn encode(&self) -> Bytes {
        todo!()
    }
}

impl Request {
    /// The request on the wire.
    pub fn encode(&self) -> Bytes {
        todo!()
    }
}

impl Response {
    /// The response on the wire.
    pub fn encode(&self) -> Bytes {
        todo!()
    }
}

impl Method {
    /// Reads a method token.
    pub fn parse(_token: &Bytes) -> Self {
        todo!()
    }

    /// As on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        todo!()
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

    /// The usual reason phrase.
    pub fn reason(self) -> &'static str {
        todo!()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
