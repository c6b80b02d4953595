//! Requests that come in: matching, checks, and what the layer above gets to see.

use super::{
    DialogId, Endpoint, Event, Output, Reply, Send, ServerId, checks,
    servers::{Arrival, DialogOf, Key, Machine, Server, origin_key},
    wire::Wire,
};
use crate::{
    dialog::{Dialog, InviteIn, OutOfOrder},
    header::{HeaderError, HeaderName},
    message::{Method, Request, Status},
    shard::{LocalTag, to_tag},
    transport::Source,
};
use bytes::Bytes;

/// Longest wait that a Retry-After of ours asks for, in seconds (RFC 3261 section 14.2).
const RETRY_AFTER_SECONDS_MAX: u64 = 10;

/// What an overloaded endpoint asks new callers to wait, in seconds.
const OVERLOAD_RETRY_AFTER_SECONDS: u64 = 5;

impl Endpoint {
    pub(super) fn handle_request(&mut self, source: Source, request: Request) {
        // The parser let through only what has a readable Via, From, To, Call-ID and CSeq; what
        // comes without (from a test, say) is dropped like noise.
        let Ok(arrival) = Arrival::new(&request, &source) else { return };
        let _ = match request.method {
            Method::Ack => self.handle_ack(&arrival, request),
            Method::Cancel => self.handle_cancel(arrival, request),
            Method::Bye
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
            | Method::Update
            | Method::Other(_) => self.handle_ordinary(&arrival, source, request),
        };
    }

    fn handle_ordinary(
        &mut self,
        arrival: &Arrival,
        source: Source,
        request: Request,
    ) -> Result<(), HeaderError> {
        if let Some(server) = self.servers.find(arrival.key.as_bytes()) {
            self.handle_retransmission(server);
            return Ok(());
        }
        // A registrar has no dialogs; some phones repeat the tag of its last answer all the same.
        let is_inside = request.headers.to_tag()?.is_some() && request.method != Method::Register;
        if is_inside {
            return self.handle_inside(arrival, source, request);
        }
        if self.is_full() {
            self.refuse_overload(arrival, &request);
            return Ok(());
        }
        self.handle_outside(arrival, source, request)
    }

    fn handle_outside(
        &mut self,
        arrival: &Arrival,
        source: Source,
        request: Request,
    ) -> Result<(), HeaderError> {
        let origin = match request.headers.from_tag()? {
            Some(tag) => Some(origin_key(&request, &tag)?),
            // A client of RFC 2543: its requests cannot be told from merged ones.
            None => None,
        };
        let is_merged = origin.as_ref().is_some_and(|it| self.servers.find_merged(it).is_some());
        let tag = LocalTag::new(self.config.shard, &mut self.rng);
        let server = self.open_server(arrival, &request, tag, origin)?;
        let refusal =
            if is_merged { Some(Reply::new(Status(482))) } else { checks::refusal(&request) };
        if let Some(reply) = refusal {
            self.respond(self.now, server, reply);
            return Ok(());
        }
        if matches!(request.method, Method::Invite | Method::Subscribe | Method::Refer) {
            match Dialog::uas(&request, source, server, tag) {
                Ok(dialog) => self.set_dialog(server, DialogOf::Seed(Box::new(dialog))),
                Err(error) => {
                    self.refuse_malformed(server, error);
                    return Ok(());
                }
            }
        }
        if request.method == Method::Invite {
            self.drive_server(server);
        }
        self.emit(Event::Request { server, request, source });
        Ok(())
    }

    fn handle_inside(
        &mut self,
        arrival: &Arrival,
        source: Source,
        request: Request,
    ) -> Result<(), HeaderError> {
        let found = self.dialog_of(&request)?;
        if found.is_none() && self.is_full() {
            self.refuse_overload(arrival, &request);
            return Ok(());
        }
        let tag = match found {
            Some((_, tag)) => tag,
            None => LocalTag::new(self.config.shard, &mut self.rng),
        };
        let server = self.open_server(arrival, &request, tag, None)?;
        let Some((id, _)) = found else {
            self.respond(self.now, server, Reply::new(Status(481)));
            return Ok(());
        };
        self.set_dialog(server, DialogOf::In(id));
        if self.dialogs.get(id).is_some_and(|it| it.held_bye.is_some()) {
            self.answer_in_our_name(id, server, &request.method);
            return Ok(());
        }
        let refusal = match checks::refusal(&request) {
            Some(reply) => Some(reply),
            None => self.enter_dialog(id, server, source, &request)?,
        };
        if let Some(reply) = refusal {
            self.respond(self.now, server, reply);
            return Ok(());
        }
        if request.method == Method::Invite {
            self.drive_server(server);
        }
        if request.method == Method::Bye {
            self.end_dialog(id);
        }
        self.emit(Event::DialogRequest { dialog: id, server, request, source });
        Ok(())
    }

    /// The layer above has ended the dialog, and its BYE waits for an ACK. One that talks inside
    /// the dialog has got our 2xx, so that the BYE need not wait any longer.
    fn answer_in_our_name(&mut self, id: DialogId, server: ServerId, method: &Method) {
        let status = if *method == Method::Bye { Status(200) } else { Status(481) };
        self.respond(self.now, server, Reply::new(status));
        self.release_bye(id);
    }

    /// Checks the order of things inside a dialog (sections 12.2.2 and 14.2) and takes in what the
    /// request says about its sender; the refusal, if it may not enter.
    fn enter_dialog(
        &mut self,
        id: DialogId,
        server: ServerId,
        source: Source,
        request: &Request,
    ) -> Result<Option<Reply>, HeaderError> {
        let Some(dialog) = self.dialogs.get_mut(id) else { return Ok(None) };
        let cseq = request.headers.cseq()?.number;
        if dialog.accept_cseq(cseq) == Err(OutOfOrder) {
            return Ok(Some(Reply::new(Status(500))));
        }
        if request.method == Method::Prack {
            // Nothing that we sent was reliable (RFC 3262 section 3).
            return Ok(Some(Reply::new(Status(481))));
        }
        if request.method == Method::Invite {
            if let Some(pending) = dialog.invite_in {
                let is_unanswered =
                    self.servers.get(pending.server).is_some_and(Server::is_unanswered);
                return Ok(Some(if is_unanswered {
                    let wait = self.rng.below(RETRY_AFTER_SECONDS_MAX + 1);
                    Reply::new(Status(500)).with_header(HeaderName::RetryAfter, wait.to_string())
                } else {
                    Reply::new(Status(491))
                }));
            }
            if dialog.invite_out.is_some() {
                return Ok(Some(Reply::new(Status(491))));
            }
            dialog.invite_in = Some(InviteIn { server, cseq });
        }
        dialog.follow(source);
        if matches!(request.method, Method::Invite | Method::Update | Method::Subscribe) {
            dialog.refresh_target(&request.headers);
        }
        Ok(None)
    }

    /// ACK of a refused INVITE ends with its transaction; ACK of a 2xx finds it by dialog and CSeq
    /// (section 13.3.1.4). A stray one is dropped.
    fn handle_ack(&mut self, arrival: &Arrival, ack: Request) -> Result<(), HeaderError> {
        let by_branch = self.servers.find(arrival.key.as_bytes());
        if let Some(id) = by_branch
            && let Some(Server { machine: Machine::Invite(machine), .. }) = self.servers.get_mut(id)
            && !machine.awaits_ack_of_2xx()
        {
            machine.handle_ack(self.now);
            self.drive_server(id);
            return Ok(());
        }
        let Some((id, _)) = self.dialog_of(&ack)? else { return Ok(()) };
        let cseq = ack.headers.cseq()?.number;
        let Some(dialog) = self.dialogs.get_mut(id) else { return Ok(()) };
        let Some(invite) = dialog.invite_in.filter(|it| it.cseq == cseq) else { return Ok(()) };
        let Some(Server { machine: Machine::Invite(machine), .. }) =
            self.servers.get_mut(invite.server)
        else {
            return Ok(());
        };
        if !machine.awaits_ack_of_2xx() {
            return Ok(());
        }
        dialog.invite_in = None;
        machine.handle_ack(self.now);
        self.drive_server(invite.server);
        if !self.release_bye(id) {
            self.emit(Event::Acked { dialog: id, ack });
        }
        Ok(())
    }

    /// CANCEL is answered here, whatever becomes of the INVITE (section 9.2).
    fn handle_cancel(&mut self, mut arrival: Arrival, cancel: Request) -> Result<(), HeaderError> {
        let invite = self.servers.find(arrival.key.as_bytes());
        arrival.become_cancel();
        if let Some(server) = self.servers.find(arrival.key.as_bytes()) {
            self.handle_retransmission(server);
            return Ok(());
        }
        let target = invite.and_then(|id| Some((id, self.servers.get(id)?)));
        let cancelled = target.map(|(id, it)| (id, it.tag, it.is_unanswered()));
        let tag = match cancelled {
            Some((_, tag, _)) => tag,
            None => LocalTag::new(self.config.shard, &mut self.rng),
        };
        if cancelled.is_none() && self.is_full() {
            self.refuse_overload(&arrival, &cancel);
            return Ok(());
        }
        let server = self.open_server(&arrival, &cancel, tag, None)?;
        let status = if cancelled.is_some() { Status(200) } else { Status(481) };
        self.respond(self.now, server, Reply::new(status));
        if let Some((invite, _, true)) = cancelled {
            self.emit(Event::Cancelled { server: invite, cancel });
        }
        Ok(())
    }

    /// Whether only what belongs to a live dialog or INVITE is still given a transaction.
    fn is_full(&self) -> bool {
        self.servers.len() + self.clients.len() >= self.config.transactions_max
    }

    fn dialog_of(&self, request: &Request) -> Result<Option<(DialogId, LocalTag)>, HeaderError> {
        let Some(tag) = to_tag(request) else { return Ok(None) };
        let from_tag = request.headers.from_tag()?;
        let found = self.dialogs.find(tag, request.headers.call_id()?, from_tag.as_ref());
        Ok(found.map(|id| (id, tag)))
    }

    fn open_server(
        &mut self,
        arrival: &Arrival,
        request: &Request,
        tag: LocalTag,
        origin: Option<Key>,
    ) -> Result<ServerId, HeaderError> {
        let server = Server::new(self.now, request, arrival, tag, origin)?;
        let id = self.servers.next_id();
        self.servers.insert(id, server);
        Ok(id)
    }

    fn set_dialog(&mut self, server: ServerId, dialog: DialogOf) {
        if let Some(server) = self.servers.get_mut(server) {
            server.dialog = dialog;
        }
    }

    fn refuse_malformed(&mut self, server: ServerId, error: HeaderError) {
        let mut reply = Reply::new(Status(400));
        reply.reason = Some(format!("Bad Request: {error}"));
        self.respond(self.now, server, reply);
    }

    /// 503 without any state. The tag comes from the Call-ID, so that a repeated request gets the
    /// same answer (section 8.2.7).
    fn refuse_overload(&mut self, arrival: &Arrival, request: &Request) {
        let random = crate::shard::stable_hash(request.headers.first(&HeaderName::CallId));
        let tag = LocalTag { shard: self.config.shard, random };
        let Ok(server) = Server::new(self.now, request, arrival, tag, None) else { return };
        let mut wire = Wire::new(512);
        wire.status_line(Status(503), None);
        wire.bytes(server.frame.rows());
        server.frame.write_to(&mut wire, tag);
        wire.number_row(&HeaderName::RetryAfter, OVERLOAD_RETRY_AFTER_SECONDS);
        let bytes: Bytes = wire.finish(&[], None);
        let send = Send { to: server.to, bytes, call_id: server.call_id, client: None };
        self.outputs.push_back(Output::Send(send));
    }
}
