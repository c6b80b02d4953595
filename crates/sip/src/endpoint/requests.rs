//! Requests that go out.

use super::{
    Body, ClientId, DialogId, Endpoint, NewRequest, NoSuchDialog, Output, Send, Series,
    clients::{Ack, Answer, Client, Clients, Fork, Invite, InviteKind, Machine, Parts, Purpose},
    signing::Repeat,
    wire::{Wire, capacity},
};
use crate::{
    dialog::{Dialog, HeldBye, Identity, InviteOut, RouteSet},
    header::{Header, HeaderName, NameAddr},
    message::Method,
    shard::{Branch, LocalTag},
    transaction::{InviteClient, RequestClient},
    transport::Destination,
};
use bytes::Bytes;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Instant,
};

/// Max-Forwards of requests inside dialogs (RFC 3261 section 8.1.1.6).
const MAX_FORWARDS: u8 = 70;

/// CSeq of the first request of a series outside dialogs.
const FIRST_CSEQ: u32 = 1;

impl Endpoint {
    /// Begins a series of requests outside any dialog.
    pub fn series(&mut self) -> Series {
        let tag = LocalTag::new(self.config.shard, &mut self.rng);
        let call_id = Bytes::from(format!("{:02x}{}", self.config.shard, self.rng.hex(22)));
        Series { tag, call_id, cseq: FIRST_CSEQ - 1 }
    }

    /// Sends a request outside any dialog.
    pub fn request(&mut self, now: Instant, request: NewRequest) -> ClientId {
        let mut series = self.series();
        self.request_in_series(now, &mut series, request)
    }

    /// Sends the next request of a series outside any dialog.
    pub fn request_in_series(
        &mut self,
        now: Instant,
        series: &mut Series,
        request: NewRequest,
    ) -> ClientId {
        self.now = now;
        series.cseq += 1;
        let Series { tag, cseq, .. } = *series;
        let call_id = series.call_id.clone();
        let id = self.clients.next_id();
        let branch = self.branch(id);
        let to = self.with_local(request.to_hop);
        let (uri, routes) = RouteSet::new(request.routes.iter()).apply(&request.uri);
        let identity = outside_identity(&request.from, tag, &call_id, &request.to);
        let (bytes, parts) = Draft {
            method: &request.method,
            uri: &uri,
            routes: &routes,
            last_route: None,
            identity: &identity,
            max_forwards: request.max_forwards,
            cseq,
            tag,
            to: &to,
            branch,
        }
        .encode(&self.config.product, &request.headers, request.body.as_ref());
        let purpose = if request.method == Method::Invite {
            Purpose::Invite(Box::new(Invite {
                kind: InviteKind::Initial { local_tag: tag },
                forks: Vec::new(),
                cancel_headers: Vec::new(),
            }))
        } else {
            Purpose::Outside
        };
        let machine = self.machine_for(&request.method, &to);
        self.start(
            id,
            Client {
                machine,
                branch,
                method: request.method,
                cseq,
                to,
                request: bytes,
                parts,
                call_id,
                purpose,
                repeat: None,
            },
        );
        id
    }

    /// Sends a request inside a dialog. An INVITE must wait until no other INVITE is under way in
    /// the dialog ([`crate::offer_answer`] knows); ACK and CANCEL have methods of their own.
    ///
    /// BYE ends the dialog at once. While our 2xx waits for its ACK the BYE waits with it, out of
    /// sight: no [`super::Event::Acked`] or [`super::Event::NotAcked`] will be told.
    pub fn request_in_dialog(
        &mut self,
        now: Instant,
        dialog: DialogId,
        method: Method,
        headers: Vec<Header>,
        body: Option<Body>,
    ) -> Result<ClientId, NoSuchDialog> {
        self.now = now;
        let client = self.clients.next_id();
        let is_bye = method == Method::Bye;
        let must_hold = is_bye && self.must_hold_bye(dialog);
        let inside = self.dialogs.get_mut(dialog).filter(|it| it.held_bye.is_none());
        let inside = inside.ok_or(NoSuchDialog)?;
        if must_hold {
            inside.held_bye = Some(Box::new(HeldBye { client, headers, body }));
            return Ok(client);
        }
        if is_bye {
            self.send_bye(dialog, client, &headers, body.as_ref());
        } else {
            self.send_in_dialog(dialog, client, method, &headers, body.as_ref());
        }
        Ok(client)
    }

    pub(super) fn send_in_dialog(
        &mut self,
        dialog: DialogId,
        id: ClientId,
        method: Method,
        headers: &[Header],
        body: Option<&Body>,
    ) {
        let branch = self.branch(id);
        let Some(inside) = self.dialogs.get_mut(dialog) else { return };
        let cseq = inside.next_cseq();
        let to = inside.hop.clone();
        let call_id = inside.call_id.clone();
        let login = inside.login.as_deref().and_then(|it| it.at(&to.host));
        let repeat = login.map(|login| Box::new(Repeat::new(login, dialog, headers, body)));
        let (request, parts) = Draft::inside(inside, &method, cseq, &to, branch).encode(
            &self.config.product,
            headers,
            body,
        );
        let purpose = if method == Method::Invite {
            inside.invite_out = Some(InviteOut { client: id, cseq });
            let fork = Fork { remote_tag: Bytes::new(), dialog, answer: Answer::Awaited };
            Purpose::Invite(Box::new(Invite {
                kind: InviteKind::InDialog,
                forks: vec![fork],
                cancel_headers: Vec::new(),
            }))
        } else {
            Purpose::InDialog(dialog)
        };
        let machine = self.machine_for(&method, &to);
        self.start(
            id,
            Client { machine, branch, method, cseq, to, request, parts, call_id, purpose, repeat },
        );
    }

    /// Acknowledges a 2xx to our INVITE or re-INVITE; kept and sent again when the 2xx is. Without
    /// a 2xx that waits for it nothing happens.
    #[expect(clippy::needless_pass_by_value, reason = "callers build it for this call")]
    pub fn ack(
        &mut self,
        now: Instant,
        dialog: DialogId,
        body: Option<Body>,
    ) -> Result<(), NoSuchDialog> {
        self.now = now;
        let branch = Branch {
            shard: self.config.shard,
            id: self.clients.next_id().0,
            random: self.rng.u64(),
        };
        let inside = self.dialogs.get_mut(dialog).ok_or(NoSuchDialog)?;
        let Some(invite) = inside.invite_out.take() else { return Ok(()) };
        let to = inside.hop.clone();
        let (bytes, _) = Draft::inside(inside, &Method::Ack, invite.cseq, &to, branch).encode(
            &self.config.product,
            &[],
            body.as_ref(),
        );
        let call_id = inside.call_id.clone();
        self.keep_ack(invite.client, dialog, Ack { to: to.clone(), bytes: bytes.clone() });
        self.outputs.push_back(Output::Send(Send { to, bytes, call_id, client: None }));
        Ok(())
    }

    /// Cancels an INVITE of ours: at once if a provisional response came, else when one comes.
    /// Final responses are still reported, a 2xx that won the race among them.
    pub fn cancel(&mut self, now: Instant, client: ClientId, headers: Vec<Header>) {
        self.now = now;
        let Some(invite) = self.clients.get_mut(client) else { return };
        let (Machine::Invite(machine), Purpose::Invite(purpose)) =
            (&mut invite.machine, &mut invite.purpose)
        else {
            return;
        };
        purpose.cancel_headers = headers;
        machine.handle_cancel(now);
        self.drive_client(client, None);
    }

    /// Sends the CANCEL of an INVITE, in a transaction of its own with the same branch.
    pub(super) fn send_cancel(&mut self, invite_id: ClientId) {
        let Some(invite) = self.clients.get_mut(invite_id) else { return };
        let Purpose::Invite(purpose) = &mut invite.purpose else { return };
        let headers = std::mem::take(&mut purpose.cancel_headers);
        let mut wire = Wire::new(invite.parts.to.end + capacity(&headers, None));
        wire.request_line(&Method::Cancel, &invite.request[invite.parts.uri.clone()]);
        wire.bytes(&invite.request[invite.parts.shared.clone()]);
        wire.bytes(&invite.request[invite.parts.to.clone()]);
        wire.cseq(invite.cseq, &Method::Cancel);
        let request = wire.finish(&headers, None);
        let cancel = Client {
            machine: Machine::Request(RequestClient::new(self.now, invite.to.transport.into())),
            branch: invite.branch,
            method: Method::Cancel,
            cseq: invite.cseq,
            to: invite.to.clone(),
            request,
            parts: Parts::default(),
            call_id: invite.call_id.clone(),
            purpose: Purpose::Cancel,
            repeat: None,
        };
        self.start(Clients::cancel_id(invite_id), cancel);
    }

    fn start(&mut self, id: ClientId, client: Client) {
        self.clients.insert(id, client);
        self.drive_client(id, None);
    }

    fn keep_ack(&mut self, client: ClientId, dialog: DialogId, ack: Ack) {
        let Some(client) = self.clients.get_mut(client) else { return };
        let Purpose::Invite(invite) = &mut client.purpose else { return };
        if let Some(fork) = invite.forks.iter_mut().find(|it| it.dialog == dialog) {
            fork.answer = Answer::Acked(ack);
        }
    }

    fn machine_for(&self, method: &Method, to: &Destination) -> Machine {
        let reliability = to.transport.into();
        if *method == Method::Invite {
            Machine::Invite(InviteClient::new(self.now, reliability))
        } else {
            Machine::Request(RequestClient::new(self.now, reliability))
        }
    }

    fn branch(&mut self, id: ClientId) -> Branch {
        Branch { shard: self.config.shard, id: id.0, random: self.rng.u64() }
    }

    /// The destination with our address as its peer should see it.
    pub(super) fn with_local(&self, mut to: Destination) -> Destination {
        to.local = self.local_towards(&to);
        to
    }

    /// Our address as a peer should see it.
    pub fn local_towards(&self, to: &Destination) -> Option<SocketAddr> {
        to.local.or_else(|| self.listener_for(to))
    }

    /// The listener of that transport, of the peer's address family if there is one.
    fn listener_for(&self, to: &Destination) -> Option<SocketAddr> {
        let of_transport = || {
            let listeners = self.config.listeners.iter();
            listeners.filter(|it| it.transport == to.transport).map(|it| it.advertised)
        };
        let family = to.host.ip().map(|it| it.is_ipv6());
        of_transport()
            .find(|it| family.is_none_or(|ipv6| it.is_ipv6() == ipv6))
            .or_else(|| of_transport().next())
    }
}

/// All that the head of a request is made of.
struct Draft<'a> {
    method: &'a Method,
    uri: &'a [u8],
    routes: &'a [u8],
    /// One more route, as a bare URI.
    last_route: Option<&'a [u8]>,
    identity: &'a Identity,
    max_forwards: u8,
    cseq: u32,
    tag: LocalTag,
    to: &'a Destination,
    branch: Branch,
}

impl<'a> Draft<'a> {
    fn inside(
        dialog: &'a Dialog,
        method: &'a Method,
        cseq: u32,
        to: &'a Destination,
        branch: Branch,
    ) -> Self {
        Self {
            method,
            uri: dialog.request_uri(),
            routes: dialog.route_rows(),
            last_route: dialog.last_route(),
            identity: &dialog.identity,
            max_forwards: MAX_FORWARDS,
            cseq,
            tag: dialog.local_tag,
            to,
            branch,
        }
    }

    fn encode(&self, product: &str, headers: &[Header], body: Option<&Body>) -> (Bytes, Parts) {
        let room = self.routes.len() + self.identity.rows.len() + capacity(headers, body);
        let mut wire = Wire::new(room);
        let local = self.to.local.unwrap_or(UNKNOWN_LOCAL);

        let uri = wire.request_line(self.method, self.uri);
        let shared_at = wire.len();
        wire.via(self.to.transport, local, self.branch);
        wire.number_row(&HeaderName::MaxForwards, u64::from(self.max_forwards));
        wire.bytes(self.routes);
        if let Some(route) = self.last_route {
            wire.bytes(b"Route: <");
            wire.bytes(route);
            wire.bytes(b">\r\n");
        }
        let from_at = wire.len();
        wire.bytes(&self.identity.rows);
        let (to_at, to_end) = (from_at + self.identity.to_at, wire.len());
        wire.cseq(self.cseq, self.method);
        if names_our_contact(self.method) {
            wire.contact(self.tag, self.to.transport, local);
        }
        wire.row(&HeaderName::UserAgent, product.as_bytes());

        let parts = Parts {
            uri,
            shared: shared_at..to_at,
            from_and_call_id: from_at..to_at,
            to: to_at..to_end,
        };
        (wire.finish(headers, body), parts)
    }
}

/// What stands in Via and Contact when not even a listener speaks the transport: nothing can come
/// back there, and over a connection nothing needs to.
const UNKNOWN_LOCAL: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 5060);

/// Requests that open a dialog or refresh its target (RFC 3261 section 8.1.1.8).
fn names_our_contact(method: &Method) -> bool {
    matches!(
        method,
        Method::Invite | Method::Update | Method::Subscribe | Method::Notify | Method::Refer
    )
}

fn outside_identity(from: &NameAddr, tag: LocalTag, call_id: &[u8], to: &NameAddr) -> Identity {
    let from = from.to_value();
    let our_tag = format!(";tag={tag}\r\nCall-ID: ");
    Identity::new(&[b"From: ", &from, our_tag.as_bytes(), call_id, b"\r\n"], &to.to_value())
}
