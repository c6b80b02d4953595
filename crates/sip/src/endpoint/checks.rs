//! What a user agent server checks before its core sees a request (RFC 3261 section 8.2).

use super::Reply;
use crate::{
    header::{HeaderName, Headers},
    message::{Method, Request, Status},
    uri::Scheme,
};

/// Methods that we know, as an Allow header says them.
pub const ALLOW: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, INFO, REFER, SUBSCRIBE, MESSAGE";

/// Extensions that a request may Require of us: contacts behind edge proxies (RFC 3327), dialogs that
/// take another's place (RFC 3891) or join it (RFC 3911), transfers without notifications (RFC 4488).
const SUPPORTED: [&str; 4] = ["path", "replaces", "join", "norefersub"];

/// The refusal that a request has earned, if any. Who is asking is not looked at: none of these
/// tells a stranger more than our Allow header does.
pub(super) fn refusal(request: &Request) -> Option<Reply> {
    method(request)
        .or_else(|| scheme(request))
        .or_else(|| extensions(request))
        .or_else(|| encoding(request))
}

/// Section 8.2.1.
fn method(request: &Request) -> Option<Reply> {
    match request.method {
        Method::Other(_) => Some(Reply::new(Status(501)).with_header(HeaderName::Allow, ALLOW)),
        Method::Ack
        | Method::Bye
        | Method::Cancel
        | Method::Info
        | Method::Invite
        | Method::Message
        | Method::Notify
        | Method::Options
        | Method::Prack
        | Method::Publish
        | Method::Refer
        | Method::Register
        | Method::Subscribe
        | Method::Update => None,
    }
}

/// Section 8.2.2.1.
fn scheme(request: &Request) -> Option<Reply> {
    match request.uri.scheme {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => None,
        Scheme::Other(_) => Some(Reply::new(Status(416))),
    }
}

/// Section 8.2.2.3; Proxy-Require too, as we are the last hop of every request.
fn extensions(request: &Request) -> Option<Reply> {
    let mut reply = None;
    for name in [HeaderName::Require, HeaderName::ProxyRequire] {
        // Almost no request has one: look before splitting.
        if request.headers.first(&name).is_none() {
            continue;
        }
        for option in request.headers.elements(&name) {
            if !SUPPORTED.iter().any(|it| option.eq_ignore_ascii_case(it.as_bytes())) {
                let so_far = reply.unwrap_or_else(|| Reply::new(Status(420)));
                reply = Some(so_far.with_header(HeaderName::Unsupported, option));
            }
        }
    }
    reply
}

/// Section 8.2.3: a body that was compressed cannot be read.
fn encoding(request: &Request) -> Option<Reply> {
    let is_encoded = !request.body.is_empty()
        && encodings(&request.headers).iter().any(|it| !it.eq_ignore_ascii_case(b"identity"));
    is_encoded.then(|| {
        let name = HeaderName::Other("Accept-Encoding".into());
        Reply::new(Status(415)).with_header(name, "identity")
    })
}

fn encodings(headers: &Headers) -> Vec<bytes::Bytes> {
    match headers.first(&HeaderName::ContentEncoding) {
        Some(_) => headers.elements(&HeaderName::ContentEncoding),
        None => Vec::new(),
    }
}
