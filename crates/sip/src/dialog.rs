//! Dialogs, RFC 3261 section 12: what two peers must remember of each other between requests.
//!
//! **Where requests of a dialog go.** To the first element of the route set, if there is one. Else
//! back over the flow, and to the address, that the dialog's first message came from (for a dialog
//! of ours: went to), whatever the peer's Contact says: most Contacts of phones hold an address
//! that only their own network can reach. A request of the peer that comes from elsewhere moves the
//! dialog there, and a target refresh that names another host is believed.

use crate::{
    digest::Login,
    endpoint::{Body, ClientId, ServerId},
    header::{Contacts, Header, HeaderError, HeaderName, Headers, NameAddr},
    message::{Method, Request, Response},
    shard::LocalTag,
    transport::{Destination, Source, Transport},
    uri::{Host, Scheme, Uri},
};
use bytes::Bytes;

mod record;

pub use record::{BadRecord, DialogRecord};

/// One dialog. Everything in it is a copy of its own, so that a call of an hour does not keep the
/// datagrams of its first second alive.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: Bytes,
    pub(crate) local_tag: LocalTag,
    /// Empty for a peer of RFC 2543, which has none.
    remote_tag: Box<[u8]>,
    pub(crate) identity: Identity,
    routes: RouteSet,
    /// The remote target, encoded.
    target: Box<[u8]>,
    /// Where requests go.
    pub(crate) hop: Destination,
    pub(crate) phase: Phase,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    /// Our INVITE that has no final response yet, or a 2xx that we have not acknowledged yet.
    pub(crate) invite_out: Option<InviteOut>,
    /// The peer's INVITE that has no final response yet, or a 2xx that it has not acknowledged yet.
    pub(crate) invite_in: Option<InviteIn>,
    /// Our BYE that waits for the ACK of our 2xx.
    pub(crate) held_bye: Option<Box<HeldBye>>,
    /// What our requests are signed with where the peer asks for that.
    pub(crate) login: Option<Box<PeerLogin>>,
}

/// Credentials for the challenges of a dialog's peer.
#[derive(Debug)]
pub(crate) struct PeerLogin {
    pub(crate) login: Login,
    /// Where the peer is; `None` for wherever the dialog leads.
    pub(crate) hosts: Option<Vec<Host>>,
}

impl PeerLogin {
    /// The credentials for requests that go to this host.
    pub(crate) fn at(&self, host: &Host) -> Option<&Login> {
        let is_its = self.hosts.as_ref().is_none_or(|it| it.contains(host));
        is_its.then_some(&self.login)
    }
}

/// A BYE before its time: RFC 3261 section 15 has the callee wait for the ACK, as a caller that has
/// not got the 2xx yet knows no dialog to end and would wait for its answer for ever.
#[derive(Debug)]
pub(crate) struct HeldBye {
    pub(crate) client: ClientId,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Option<Body>,
}

/// From, Call-ID and To rows, in this order, as all requests of a dialog repeat them.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) rows: Box<[u8]>,
    /// Where the To row begins.
    pub(crate) to_at: usize,
}

impl Identity {
    /// Of the pieces of the From and Call-ID rows, and the value of To.
    pub(crate) fn new(from_and_call_id: &[&[u8]], to: &[u8]) -> Self {
        let to_at = from_and_call_id.iter().map(|it| it.len()).sum();
        let mut rows = Vec::with_capacity(to_at + to.len() + 6);
        for piece in from_and_call_id {
            rows.extend_from_slice(piece);
        }
        rows.extend_from_slice(b"To: ");
        rows.extend_from_slice(to);
        rows.extend_from_slice(b"\r\n");
        Self { rows: rows.into(), to_at }
    }
}

/// Early until a 2xx.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Early,
    Confirmed,
}

/// An INVITE of ours under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InviteOut {
    pub(crate) client: ClientId,
    pub(crate) cseq: u32,
}

/// An INVITE of the peer's under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InviteIn {
    pub(crate) server: ServerId,
    pub(crate) cseq: u32,
}

/// What a dialog of ours begins with: the INVITE as we sent it.
#[derive(Debug)]
pub(crate) struct Invitation<'a> {
    pub(crate) client: ClientId,
    pub(crate) cseq: u32,
    pub(crate) local_tag: LocalTag,
    /// Its From and Call-ID rows.
    pub(crate) from_and_call_id: &'a [u8],
    pub(crate) call_id: &'a Bytes,
    /// Where it went.
    pub(crate) hop: &'a Destination,
    /// Where its response came from.
    pub(crate) source: Source,
}

impl Dialog {
    /// The dialog that our answer to an INVITE (section 12.1.1) or a SUBSCRIBE (RFC 6665 section
    /// 4.4.1) opens. An INVITE is under way in it from the start; a SUBSCRIBE has no early dialogs.
    pub(crate) fn uas(
        request: &Request,
        source: Source,
        server: ServerId,
        local_tag: LocalTag,
    ) -> Result<Self, HeaderError> {
        let headers = &request.headers;
        let is_invite = request.method == Method::Invite;
        let from_tag = headers.from_tag()?;
        let call_id = Bytes::copy_from_slice(headers.call_id()?);
        let cseq = headers.cseq()?.number;
        let routes = headers.name_addrs(&HeaderName::RecordRoute)?;
        let (target, host) = target_of(headers, || {
            Uri::sip(None, Host::from(source.remote.ip()), Some(source.remote.port()))
        });
        let hop = next_hop(routes.first(), return_path(source, host.as_ref()));
        let identity = uas_identity(headers, local_tag)?;
        Ok(Self {
            call_id,
            local_tag,
            remote_tag: from_tag.as_deref().unwrap_or_default().into(),
            identity,
            routes: RouteSet::new(routes.iter()),
            target,
            hop,
            phase: if is_invite { Phase::Early } else { Phase::Confirmed },
            local_cseq: 0,
            remote_cseq: Some(cseq),
            invite_out: None,
            invite_in: is_invite.then_some(InviteIn { server, cseq }),
            held_bye: None,
            login: None,
        })
    }

    /// The dialog that a response to our INVITE opens (section 12.1.2).
    pub(crate) fn uac(
        invitation: &Invitation<'_>,
        response: &Response,
    ) -> Result<Self, HeaderError> {
        let headers = &response.headers;
        let to = headers.first(&HeaderName::To).ok_or(HeaderError::Missing("To"))?;
        let hop = &on_flow(invitation.hop, invitation.source);
        let (target, _) = target_of(headers, || Uri::sip(None, hop.host.clone(), Some(hop.port)));
        let mut dialog = Self {
            call_id: invitation.call_id.clone(),
            local_tag: invitation.local_tag,
            remote_tag: headers.to_tag()?.as_deref().unwrap_or_default().into(),
            identity: Identity::new(&[invitation.from_and_call_id], to),
            routes: RouteSet::default(),
            target,
            hop: compact(hop),
            phase: Phase::Early,
            local_cseq: invitation.cseq,
            remote_cseq: None,
            invite_out: Some(InviteOut { client: invitation.client, cseq: invitation.cseq }),
            invite_in: None,
            held_bye: None,
            login: None,
        };
        dialog.set_routes(headers)?;
        Ok(dialog)
    }

    /// Whether a peer with this Call-ID and tag is the one of this dialog.
    pub(crate) fn is_with(&self, call_id: &[u8], remote_tag: Option<&Bytes>) -> bool {
        self.call_id == call_id && *self.remote_tag == **remote_tag.unwrap_or(&Bytes::new())
    }

    /// Takes in a response to our INVITE: its Contact, and with the first 2xx its route set, which
    /// then stays (section 13.2.2.4).
    pub(crate) fn handle_invite_response(&mut self, response: &Response) {
        if response.status.is_success() && self.phase == Phase::Early {
            self.phase = Phase::Confirmed;
            // Malformed routes of a 2xx leave those of the provisional response in force: there is
            // no way to refuse a 2xx.
            let _ = self.set_routes(&response.headers);
        }
        self.refresh_target(&response.headers);
    }

    /// Takes in the CSeq of a request of the peer's (section 12.2.2).
    pub(crate) fn accept_cseq(&mut self, number: u32) -> Result<(), OutOfOrder> {
        if self.remote_cseq.is_some_and(|last| number <= last) {
            return Err(OutOfOrder);
        }
        self.remote_cseq = Some(number);
        Ok(())
    }

    /// A request of the peer's came from `source`: without a route set that is where it lives.
    pub(crate) fn follow(&mut self, source: Source) {
        if !self.routes.is_empty() {
            return;
        }
        let is_same_peer = self.hop.transport == source.transport
            && self.hop.host.ip() == Some(source.remote.ip());
        if !is_same_peer {
            self.hop = Destination::from(source);
            return;
        }
        self.hop.flow = Some(source.flow);
        self.hop.local = Some(source.local);
        // The port that a connection came from is nowhere to open a new one to.
        if !source.transport.is_reliable() {
            self.hop.port = source.remote.port();
        }
    }

    /// Takes in the Contact of a target refresh request or of its 2xx (section 12.2).
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        let Some(contact) = contact_of(headers) else { return };
        let encoded = encode(&contact);
        if encoded == self.target {
            return;
        }
        let old = Uri::parse(&Bytes::copy_from_slice(&self.target)).ok();
        if self.routes.is_empty() && old.is_some_and(|it| it.host != contact.host) {
            self.hop = compact(&hop_of(&contact, &self.hop));
        }
        self.target = encoded;
    }

    /// The number of our last request; 0 before the first.
    pub(crate) fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// The number of our next request.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }

    /// Request-URI of our requests.
    pub(crate) fn request_uri(&self) -> &[u8] {
        self.routes.strict.as_deref().unwrap_or(&self.target)
    }

    /// Route rows of our requests.
    pub(crate) fn route_rows(&self) -> &[u8] {
        &self.routes.rows
    }

    /// What the last Route row of our requests says: behind a strict router that is the target
    /// (section 12.2.1.1).
    pub(crate) fn last_route(&self) -> Option<&[u8]> {
        self.routes.strict.as_ref().map(|_| &*self.target)
    }

    /// The route set of a dialog of ours: the recorded one backwards (section 12.1.2).
    fn set_routes(&mut self, headers: &Headers) -> Result<(), HeaderError> {
        let recorded = headers.name_addrs(&HeaderName::RecordRoute)?;
        self.hop = compact(&next_hop(recorded.last(), self.hop.clone()));
        self.routes = RouteSet::new(recorded.iter().rev());
        Ok(())
    }
}

/// A request of the peer's is older than one we have seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OutOfOrder;

/// Route rows, encoded.
#[derive(Debug, Default)]
pub(crate) struct RouteSet {
    rows: Box<[u8]>,
    /// URI of the first route where it lacks `lr`: a router of RFC 2543 wants it as Request-URI.
    strict: Option<Box<[u8]>>,
}

impl RouteSet {
    /// Of routes, nearest first.
    pub(crate) fn new<'a>(mut routes: impl Iterator<Item = &'a NameAddr>) -> Self {
        let Some(first) = routes.next() else { return Self::default() };
        let mut rows = Vec::new();
        let strict = if first.uri.params.has("lr") {
            write_route(&mut rows, first);
            None
        } else {
            Some(encode(&first.uri))
        };
        for route in routes {
            write_route(&mut rows, route);
        }
        Self { rows: rows.into(), strict }
    }

    /// Whether requests go straight to the target.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.strict.is_none()
    }

    /// Request-URI and Route rows of a request to `target`.
    pub(crate) fn apply(self, target: &Uri) -> (Box<[u8]>, Vec<u8>) {
        let mut rows = self.rows.into_vec();
        match self.strict {
            None => (encode(target), rows),
            Some(strict) => {
                write_route(&mut rows, &NameAddr::new(target.clone()));
                (strict, rows)
            }
        }
    }
}

fn write_route(rows: &mut Vec<u8>, route: &NameAddr) {
    rows.extend_from_slice(b"Route: ");
    rows.extend_from_slice(&route.to_value());
    rows.extend_from_slice(b"\r\n");
}

fn encode(uri: &Uri) -> Box<[u8]> {
    let mut out = Vec::with_capacity(64);
    uri.encode(&mut out);
    out.into()
}

/// The rows of our requests in a dialog that the peer opened: its To is our From.
fn uas_identity(headers: &Headers, tag: LocalTag) -> Result<Identity, HeaderError> {
    let from = headers.first(&HeaderName::From).ok_or(HeaderError::Missing("From"))?;
    let to = headers.first(&HeaderName::To).ok_or(HeaderError::Missing("To"))?;
    let our_tag = format!(";tag={tag}\r\nCall-ID: ");
    Ok(Identity::new(&[b"From: ", to, our_tag.as_bytes(), headers.call_id()?, b"\r\n"], from))
}

/// The remote target, encoded, and its host; a peer that sent no usable Contact is reached by
/// `otherwise`.
fn target_of(headers: &Headers, otherwise: impl FnOnce() -> Uri) -> (Box<[u8]>, Option<Uri>) {
    match contact_of(headers) {
        Some(contact) => (encode(&contact), Some(contact)),
        None => (encode(&otherwise()), None),
    }
}

fn contact_of(headers: &Headers) -> Option<Uri> {
    let Ok(Contacts::List(list)) = headers.contacts() else { return None };
    let uri = list.into_iter().next()?.uri;
    match uri.scheme {
        Scheme::Sip | Scheme::Sips => Some(uri),
        Scheme::Tel | Scheme::Other(_) => None,
    }
}

/// Back the way a request came. Should a connection be gone, a new one goes to the port that the
/// peer listens on, if its Contact tells, and not to the port that it called from.
fn return_path(source: Source, contact: Option<&Uri>) -> Destination {
    let mut hop = Destination::from(source);
    if let Some(contact) = contact
        && source.transport.is_reliable()
        && contact.host.ip() == Some(source.remote.ip())
    {
        hop.port = contact.port.unwrap_or(source.transport.default_port());
    }
    hop
}

/// A hop for which the transport opened a connection: that connection serves the dialog too.
fn on_flow(hop: &Destination, source: Source) -> Destination {
    let mut hop = hop.clone();
    if hop.flow.is_none() && hop.transport == source.transport {
        hop.flow = Some(source.flow);
        hop.local = Some(source.local);
    }
    hop
}

fn next_hop(route: Option<&NameAddr>, near: Destination) -> Destination {
    match route {
        Some(route) => hop_of(&route.uri, &near),
        None => near,
    }
}

/// Where a URI points, over the flow to `near` when that leads there.
fn hop_of(uri: &Uri, near: &Destination) -> Destination {
    let transport = uri.transport().unwrap_or(near.transport);
    let port = uri.port.unwrap_or(transport.default_port());
    // A UDP socket reaches everybody; a connection reaches one peer.
    let reaches = transport == near.transport
        && match transport {
            Transport::Udp => true,
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                uri.host == near.host
            }
        };
    Destination {
        transport,
        host: uri.host.clone(),
        port,
        flow: near.flow.filter(|_| reaches),
        local: near.local.filter(|_| reaches),
    }
}

/// A copy that keeps no datagram alive.
fn compact(hop: &Destination) -> Destination {
    let host = match &hop.host {
        Host::Name(name) => Host::Name(Bytes::copy_from_slice(name)),
        Host::Ip(ip) => Host::Ip(*ip),
    };
    Destination { host, ..hop.clone() }
}
