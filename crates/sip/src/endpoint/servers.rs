//! Server transactions and how requests find theirs (RFC 3261 section 17.2.3).

use super::{DialogId, ServerId, wire::Wire};
use crate::{
    dialog::Dialog,
    header::{HeaderError, HeaderName, Headers, Via},
    message::{Method, Request},
    shard::{LocalTag, MAGIC_COOKIE},
    transaction::{InviteServer, RequestServer},
    transport::{Destination, Source},
    uri::Host,
};
use bytes::Bytes;
use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::Arc,
    time::Instant,
};

/// Every server transaction of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Servers {
    by_id: HashMap<ServerId, Server>,
    by_key: HashMap<Key, ServerId>,
    /// Requests outside dialogs by what stays the same on every path they may have taken.
    by_origin: HashMap<Key, ServerId>,
    last_id: u64,
}

/// One server transaction and what its responses are made of.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) machine: Machine,
    pub(super) method: Method,
    /// Where responses go.
    pub(super) to: Destination,
    pub(super) frame: Frame,
    /// The latest response, as long as it may have to be sent again.
    pub(super) response: Bytes,
    pub(super) call_id: Bytes,
    /// Our tag: of the dialog, or the one that the To of our responses gets.
    pub(super) tag: LocalTag,
    pub(super) dialog: DialogOf,
    key: Key,
    origin: Option<Key>,
}

/// The transaction machine.
#[derive(Debug)]
pub(super) enum Machine {
    Invite(InviteServer),
    Request(RequestServer),
}

/// What a server transaction has to do with dialogs.
#[derive(Debug)]
pub(super) enum DialogOf {
    /// Nothing.
    None,
    /// An answer with a tag will open this one.
    Seed(Box<Dialog>),
    /// It belongs to this one, or to one that ended.
    In(DialogId),
}

/// A key of an index, as bytes.
pub(super) type Key = Arc<[u8]>;

impl Servers {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<ServerId> {
        self.by_key.get(key).copied()
    }

    pub(super) fn find_merged(&self, origin: &[u8]) -> Option<ServerId> {
        self.by_origin.get(origin).copied()
    }

    pub(super) fn get(&self, id: ServerId) -> Option<&Server> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ServerId) -> Option<&mut Server> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn next_id(&mut self) -> ServerId {
        self.last_id += 1;
        ServerId(self.last_id)
    }

    pub(super) fn insert(&mut self, id: ServerId, server: Server) {
        self.by_key.insert(Arc::clone(&server.key), id);
        if let Some(origin) = &server.origin {
            self.by_origin.entry(Arc::clone(origin)).or_insert(id);
        }
        self.by_id.insert(id, server);
    }

    pub(super) fn remove(&mut self, id: ServerId) {
        let Some(server) = self.by_id.remove(&id) else { return };
        self.by_key.remove(&server.key);
        if let Some(origin) = server.origin
            && self.by_origin.get(&origin) == Some(&id)
        {
            self.by_origin.remove(&origin);
        }
    }
}

impl Server {
    /// A transaction for `request`, unanswered; `key` and `origin` are what it is found by.
    pub(super) fn new(
        now: Instant,
        request: &Request,
        arrival: &Arrival,
        tag: LocalTag,
        origin: Option<Key>,
    ) -> Result<Self, HeaderError> {
        let reliability = arrival.to.transport.into();
        let machine = if request.method == Method::Invite {
            Machine::Invite(InviteServer::new(now, reliability))
        } else {
            Machine::Request(RequestServer::new(now, reliability))
        };
        Ok(Self {
            machine,
            method: request.method.clone(),
            to: arrival.to.clone(),
            frame: Frame::new(&request.headers, &arrival.via)?,
            response: Bytes::new(),
            call_id: Bytes::copy_from_slice(request.headers.call_id()?),
            tag,
            dialog: DialogOf::None,
            key: Key::from(arrival.key.as_bytes()),
            origin,
        })
    }

    pub(super) fn is_unanswered(&self) -> bool {
        match &self.machine {
            Machine::Invite(it) => it.is_unanswered(),
            Machine::Request(it) => it.is_unanswered(),
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        match &self.machine {
            Machine::Invite(it) => it.is_terminated(),
            Machine::Request(it) => it.is_terminated(),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.machine {
            Machine::Invite(it) => it.poll_timeout(),
            Machine::Request(it) => it.poll_timeout(),
        }
    }
}

/// What a request's topmost Via and its source say together.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The Via, with `received` and `rport` filled in.
    pub(super) via: Via,
    /// Where responses go.
    pub(super) to: Destination,
    /// What the transaction is found by. That of a CANCEL or an ACK is its INVITE's.
    pub(super) key: String,
}

impl Arrival {
    /// Reads the topmost Via of a request that came from `source`.
    pub(super) fn new(request: &Request, source: &Source) -> Result<Self, HeaderError> {
        let mut via = request.headers.via()?;
        let key = transaction_key(request, &via)?;
        let to = reply_path(&via, source);
        via.note_source(source.remote);
        Ok(Self { via, to, key })
    }

    /// What a CANCEL is found by itself.
    pub(super) fn become_cancel(&mut self) {
        self.key.push_str("|CANCEL");
    }
}

/// What stays the same of a request outside a dialog, whatever way it came (section 8.2.2.2).
pub(super) fn origin_key(request: &Request, from_tag: &[u8]) -> Result<Key, HeaderError> {
    let cseq = request.headers.cseq()?;
    let call_id = request.headers.call_id()?;
    let mut key = Vec::with_capacity(call_id.len() + from_tag.len() + 24);
    key.extend_from_slice(call_id);
    key.push(0);
    key.extend_from_slice(from_tag);
    key.push(0);
    key.extend_from_slice(&cseq.number.to_be_bytes());
    key.extend_from_slice(cseq.method.as_bytes());
    Ok(Key::from(key))
}

/// Branch, sent-by and method; for clients of RFC 2543, and for those whose branch is nothing but
/// the magic cookie, what section 17.2.3 lists instead.
fn transaction_key(request: &Request, via: &Via) -> Result<String, HeaderError> {
    let mut key = String::with_capacity(96);
    let branch = via.branch().filter(|it| it.len() > MAGIC_COOKIE.len());
    match branch.filter(|it| it.starts_with(MAGIC_COOKIE)) {
        Some(branch) => push_lossy(&mut key, branch),
        None => push_rfc2543(&mut key, request)?,
    }
    key.push('|');
    push_host(&mut key, &via.host);
    let port = via.port.unwrap_or(via_default_port(via));
    push(&mut key, format_args!(":{port}|"));
    match request.method {
        Method::Ack | Method::Invite | Method::Cancel => key.push_str("INVITE"),
        Method::Bye
        | Method::Info
        | Method::Message
        | Method::Notify
        | Method::Options
        | Method::Prack
        | Method::Publish
        | Method::Refer
        | Method::Register
        | Method::Subscribe
        | Method::Update
        | Method::Other(_) => push_lossy(&mut key, request.method.as_bytes()),
    }
    Ok(key)
}

/// All but the To tag: that of an ACK is ours, which the INVITE lacked.
fn push_rfc2543(key: &mut String, request: &Request) -> Result<(), HeaderError> {
    let headers = &request.headers;
    key.push('!');
    push(key, format_args!("{}|", request.uri));
    for name in [HeaderName::From, HeaderName::CallId, HeaderName::Via] {
        push_lossy(key, headers.first(&name).map_or(&b""[..], |it| it));
        key.push('|');
    }
    push(key, format_args!("{}", headers.cseq()?.number));
    Ok(())
}

fn push_host(key: &mut String, host: &Host) {
    match host {
        Host::Name(name) => push_lossy(key, &name.to_ascii_lowercase()),
        Host::Ip(ip) => push(key, format_args!("{ip}")),
    }
}

/// Bytes that are not UTF-8 are written in hexadecimal, so that different ones stay different.
fn push_lossy(key: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => key.push_str(text),
        Err(_) => bytes.iter().for_each(|it| push(key, format_args!("\0{it:02x}"))),
    }
}

fn push(key: &mut String, text: fmt::Arguments<'_>) {
    key.write_fmt(text).expect("writing into memory cannot fail");
}

fn via_default_port(via: &Via) -> u16 {
    std::str::from_utf8(&via.transport)
        .ok()
        .and_then(crate::Transport::from_token)
        .map_or(5060, crate::Transport::default_port)
}

/// Responses go back where the request came from (sections 18.2.2 and RFC 3581 section 4): over UDP
/// to the port it came from where the client asked so with `rport`, else to the one in its Via.
/// `maddr` is ignored: it would let anybody aim our responses at anybody.
fn reply_path(via: &Via, source: &Source) -> Destination {
    let mut to = Destination::from(*source);
    if source.transport.is_reliable() || !via.params.has("rport") {
        to.port = via.port.unwrap_or(source.transport.default_port());
    }
    to
}

/// What every response to one request repeats, encoded once; empty behind the final one.
#[derive(Debug, Default)]
pub(super) struct Frame {
    bytes: Box<[u8]>,
    to_at: usize,
    record_route_at: usize,
    has_to_tag: bool,
}

impl Frame {
    fn new(headers: &Headers, via: &Via) -> Result<Self, HeaderError> {
        let mut wire = Wire::new(512);
        wire.row(&HeaderName::Via, &via.to_value());
        // Most requests come straight from their sender: spare them the splitting.
        let rows = || headers.all(&HeaderName::Via);
        if rows().nth(1).is_some() || rows().any(|it| it.contains(&b',')) {
            for via in headers.elements(&HeaderName::Via).iter().skip(1) {
                wire.row(&HeaderName::Via, via);
            }
        }
        for name in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
            let value =
                headers.first(&name).ok_or(HeaderError::Missing("From, Call-ID or CSeq"))?;
            wire.row(&name, value);
        }
        let to_at = wire.len();
        wire.bytes(headers.first(&HeaderName::To).ok_or(HeaderError::Missing("To"))?);
        let record_route_at = wire.len();
        for value in headers.all(&HeaderName::RecordRoute) {
            wire.row(&HeaderName::RecordRoute, value);
        }
        let has_to_tag = headers.to_tag()?.is_some();
        Ok(Self { bytes: wire.into_vec().into(), to_at, record_route_at, has_to_tag })
    }

    /// Via, From, Call-ID and CSeq rows.
    pub(super) fn rows(&self) -> &[u8] {
        &self.bytes[..self.to_at]
    }

    /// The value of To, as the request had it.
    pub(super) fn to(&self) -> &[u8] {
        &self.bytes[self.to_at..self.record_route_at]
    }

    /// Appends the To row of a response, with our tag unless the request named one.
    pub(super) fn write_to(&self, wire: &mut Wire, tag: LocalTag) {
        if self.has_to_tag {
            wire.row(&HeaderName::To, self.to());
        } else {
            wire.tagged_row(&HeaderName::To, self.to(), tag);
        }
    }

    /// Record-Route rows.
    pub(super) fn record_route(&self) -> &[u8] {
        &self.bytes[self.record_route_at..]
    }
}
