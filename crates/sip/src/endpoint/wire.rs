//! Messages as bytes, written once and front to back.

use super::Body;
use crate::{
    header::{Header, HeaderName},
    message::{Method, Status},
    shard::{Branch, LocalTag},
    transport::Transport,
};
use bytes::Bytes;
use std::{
    fmt::{self, Write as _},
    net::SocketAddr,
    ops::Range,
};

/// A message under construction.
#[derive(Debug)]
pub(super) struct Wire(Vec<u8>);

impl Wire {
    /// Nothing yet, with room for `capacity` bytes.
    pub(super) fn new(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// A start line of a request; returns where its Request-URI stands.
    pub(super) fn request_line(&mut self, method: &Method, uri: &[u8]) -> Range<usize> {
        self.bytes(method.as_bytes());
        self.bytes(b" ");
        let start = self.0.len();
        self.bytes(uri);
        let end = self.0.len();
        self.bytes(b" SIP/2.0\r\n");
        start..end
    }

    /// A start line of a response.
    pub(super) fn status_line(&mut self, status: Status, reason: Option<&str>) {
        self.bytes(b"SIP/2.0 ");
        self.number(u64::from(status.0));
        self.bytes(b" ");
        self.bytes(reason.unwrap_or_else(|| status.reason()).as_bytes());
        self.bytes(b"\r\n");
    }

    /// Our Via, asking for `rport` (RFC 3581).
    pub(super) fn via(&mut self, transport: Transport, local: SocketAddr, branch: Branch) {
        let token = transport.via_token();
        self.format(format_args!("Via: SIP/2.0/{token} {local};branch={branch};rport\r\n"));
    }

    /// Our Contact: the dialog's tag at the address where the peer sees us.
    pub(super) fn contact(&mut self, tag: LocalTag, transport: Transport, local: SocketAddr) {
        self.format(format_args!("Contact: <sip:{tag}@{local}"));
        if transport != Transport::Udp {
            self.bytes(b";transport=");
            self.bytes(transport.uri_token().as_bytes());
        }
        self.bytes(b">\r\n");
    }

    /// CSeq.
    pub(super) fn cseq(&mut self, number: u32, method: &Method) {
        self.bytes(b"CSeq: ");
        self.number(u64::from(number));
        self.bytes(b" ");
        self.bytes(method.as_bytes());
        self.bytes(b"\r\n");
    }

    /// A row with a numeric value.
    pub(super) fn number_row(&mut self, name: &HeaderName, value: u64) {
        self.bytes(name.as_bytes());
        self.bytes(b": ");
        self.number(value);
        self.bytes(b"\r\n");
    }

    /// A row.
    pub(super) fn row(&mut self, name: &HeaderName, value: &[u8]) {
        self.bytes(name.as_bytes());
        self.bytes(b": ");
        self.bytes(value);
        self.bytes(b"\r\n");
    }

    /// A row whose value gets our tag.
    pub(super) fn tagged_row(&mut self, name: &HeaderName, value: &[u8], tag: LocalTag) {
        self.bytes(name.as_bytes());
        self.bytes(b": ");
        self.bytes(value);
        self.format(format_args!(";tag={tag}\r\n"));
    }

    /// Rows of the layer above, the body's own rows, the empty line and the body.
    pub(super) fn finish(mut self, headers: &[Header], body: Option<&Body>) -> Bytes {
        for header in headers {
            self.row(&header.name, &header.value);
        }
        if let Some(body) = body {
            self.row(&HeaderName::ContentType, &body.content_type);
        }
        let body = body.map_or(&[][..], |it| &it.bytes);
        self.bytes(b"Content-Length: ");
        self.number(body.len() as u64);
        self.bytes(b"\r\n\r\n");
        self.bytes(body);
        Bytes::from(self.0)
    }

    /// What was written, when it is no whole message.
    pub(super) fn into_vec(self) -> Vec<u8> {
        self.0
    }

    /// As it is.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// How much was written.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn number(&mut self, number: u64) {
        self.format(format_args!("{number}"));
    }

    fn format(&mut self, text: fmt::Arguments<'_>) {
        self.write_fmt(text).expect("writing into memory cannot fail");
    }
}

impl fmt::Write for Wire {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

/// Room for the rows of a message that carries `headers` and `body`, with a margin for what the
/// endpoint adds.
pub(super) fn capacity(headers: &[Header], body: Option<&Body>) -> usize {
    let headers: usize = headers.iter().map(|it| it.value.len() + 24).sum();
    let body = body.map_or(0, |it| it.bytes.len() + it.content_type.len() + 24);
    512 + headers + body
}
