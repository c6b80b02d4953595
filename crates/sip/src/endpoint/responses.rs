//! Responses that come in, and the client transactions that wait for them.

use super::{
    ClientFailure, ClientId, DialogId, Endpoint, Event, Output, Send, Transaction,
    clients::{Answer, Client, Clients, Fork, InviteKind, Machine, Purpose, Step},
    wire::Wire,
};
use crate::{
    dialog::{Dialog, Invitation, Phase},
    header::HeaderName,
    message::{Method, Response},
    shard::{Branch, LocalTag},
    transport::{Destination, Source},
};
use bytes::Bytes;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

/// Most dialogs that the responses to one INVITE may open: a bound on what a peer can make us keep.
/// Responses beyond it are reported without a dialog.
const FORKS_MAX: usize = 32;

/// How long after our begin answers may come to what an earlier process asked: longer than any phone
/// rings.
const STRAY_ANSWERS_FOR: Duration = Duration::from_secs(600);

/// Most of those that are being ended at a time. Others are repeated until their turn comes.
const STRAYS_MAX: usize = 256;

/// Answers that nobody remembers to have asked for. Whoever forges them must not make us write to
/// others for ever, nor as much as it likes.
#[derive(Debug)]
pub(super) struct Strays {
    /// Until when they are believed.
    until: Instant,
    /// The BYEs that they get, as long as those are under way.
    byes: HashSet<ClientId>,
}

impl Strays {
    pub(super) fn new(now: Instant) -> Self {
        Self { until: now + STRAY_ANSWERS_FOR, byes: HashSet::new() }
    }

    fn may_be_ended(&self, now: Instant) -> bool {
        now < self.until && self.byes.len() < STRAYS_MAX
    }
}

impl Endpoint {
    /// The transport could not deliver a message of this transaction.
    pub fn handle_send_failure(&mut self, now: Instant, client: ClientId) {
        self.now = now;
        if let Some(it) = self.clients.get_mut(client) {
            it.handle_send_failure();
            self.drive_client(client, None);
        }
    }

    /// Matches a response by the branch of its topmost Via and the method of its CSeq (section
    /// 17.1.3). Of what matches nothing of ours only answers to INVITEs are not dropped.
    pub(super) fn handle_response(&mut self, source: Source, response: Response) {
        let Some(id) = self.client_of(&response) else {
            // Nobody has to know whether it could be told.
            let _ = self.end_stray_answer(source, &response);
            return;
        };
        let Some(client) = self.clients.get_mut(id) else { return };
        client.handle_response(self.now, response.status);
        self.drive_client(id, Some((response, source)));
    }

    /// A 2xx to an INVITE of ours that nobody remembers: a phone that an earlier process rang was
    /// answered. Without an ACK it would repeat itself, and without a BYE somebody would listen to
    /// nothing (section 13.2.2.4). `None` if it is no such answer.
    fn end_stray_answer(&mut self, source: Source, response: &Response) -> Option<()> {
        if !self.strays.may_be_ended(self.now) {
            return None;
        }
        let headers = &response.headers;
        let cseq = headers.cseq().ok()?;
        if cseq.method != Method::Invite || !response.status.is_success() {
            return None;
        }
        let local_tag = LocalTag::parse(&headers.from_tag().ok()??)?;
        let remote_tag = headers.to_tag().ok()?;
        let call_id = Bytes::copy_from_slice(headers.call_id().ok()?);
        let branch = Branch::parse(headers.via().ok()?.branch()?)?;
        if self.clients.get(ClientId(branch.id)).is_some_and(|it| it.call_id == call_id) {
            // Somebody guesses at an INVITE that is under way.
            return None;
        }
        if self.dialogs.find(local_tag, &call_id, remote_tag.as_ref()).is_some() {
            return None;
        }
        let from = headers.first(&HeaderName::From)?;
        let rows = [b"From: ", &from[..], b"\r\nCall-ID: ", &call_id, b"\r\n"].concat();
        let invitation = Invitation {
            client: self.clients.next_id(),
            cseq: cseq.number,
            local_tag,
            from_and_call_id: &rows,
            call_id: &call_id,
            hop: &Destination::from(source),
            source,
        };
        let mut dialog = Dialog::uac(&invitation, response).ok()?;
        dialog.handle_invite_response(response);
        let dialog = self.dialogs.insert(dialog);
        self.ack(self.now, dialog, None).ok()?;
        let bye = self.request_in_dialog(self.now, dialog, Method::Bye, Vec::new(), None);
        self.strays.byes.insert(bye.ok()?);
        Some(())
    }

    fn client_of(&self, response: &Response) -> Option<ClientId> {
        let via = response.headers.via().ok()?;
        let branch = Branch::parse(via.branch()?)?;
        let method = response.headers.cseq().ok()?.method;
        let id = ClientId(branch.id);
        let id = if method == Method::Cancel { Clients::cancel_id(id) } else { id };
        let client = self.clients.get(id)?;
        (client.branch == branch && client.method == method).then_some(id)
    }

    pub(super) fn handle_client_timeout(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.handle_timeout(self.now);
        self.drive_client(id, None);
    }

    /// The dialog of a re-INVITE ended: it will not be waited for beyond 64·T1.
    pub(super) fn limit_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let Purpose::Invite(invite) = &client.purpose else { return };
        if let (InviteKind::InDialog, Machine::Invite(machine)) = (invite.kind, &mut client.machine)
        {
            machine.handle_dialog_end(self.now);
            self.deadlines.set_or_stop(Transaction::Client(id), client.poll_timeout());
        }
    }

    /// Does what a client transaction wants done, and forgets it when it is through. `response` is
    /// what it was just told.
    pub(super) fn drive_client(&mut self, id: ClientId, mut response: Option<(Response, Source)>) {
        while let Some(step) = self.clients.get_mut(id).and_then(Client::poll_step) {
            match step {
                Step::Send => self.send_request(id),
                Step::SendAck => self.send_ack(id, response.as_ref().map(|it| &it.0)),
                Step::SendCancel => self.send_cancel(id),
                Step::Deliver => {
                    if let Some((response, source)) = response.take() {
                        self.deliver(id, response, source);
                    }
                }
                Step::Fail(failure) => self.fail(id, failure),
            }
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        if client.is_done_with_request() {
            client.request = Bytes::new();
        }
        self.deadlines.set_or_stop(Transaction::Client(id), client.poll_timeout());
        if client.is_terminated() {
            self.forget_client(id);
        }
    }

    fn send_request(&mut self, id: ClientId) {
        let Some(client) = self.clients.get(id) else { return };
        self.outputs.push_back(Output::Send(Send {
            to: client.to.clone(),
            bytes: client.request.clone(),
            call_id: client.call_id.clone(),
            client: Some(id),
        }));
    }

    /// ACK of a refused INVITE (section 17.1.1.3): its own Via and routes, the refusal's To.
    fn send_ack(&mut self, id: ClientId, response: Option<&Response>) {
        let (Some(client), Some(response)) = (self.clients.get(id), response) else { return };
        let Some(to) = response.headers.first(&HeaderName::To) else { return };
        let parts = &client.parts;
        let mut wire = Wire::new(parts.to.end + to.len() + 64);
        wire.request_line(&Method::Ack, &client.request[parts.uri.clone()]);
        wire.bytes(&client.request[parts.shared.clone()]);
        wire.row(&HeaderName::To, to);
        wire.cseq(client.cseq, &Method::Ack);
        self.outputs.push_back(Output::Send(Send {
            to: client.to.clone(),
            bytes: wire.finish(&[], None),
            call_id: client.call_id.clone(),
            client: Some(id),
        }));
    }

    fn deliver(&mut self, id: ClientId, response: Response, source: Source) {
        if self.answer_challenge(id, &response) {
            return;
        }
        let Some(client) = self.clients.get(id) else { return };
        let dialog = match &client.purpose {
            Purpose::Cancel => return,
            Purpose::Outside => None,
            Purpose::InDialog(dialog) => {
                let dialog = *dialog;
                let is_refresh = client.method == Method::Update && response.status.is_success();
                let inside = self.dialogs.get_mut(dialog);
                let is_there = inside.is_some();
                if let Some(inside) = inside.filter(|_| is_refresh) {
                    inside.refresh_target(&response.headers);
                }
                is_there.then_some(dialog)
            }
            Purpose::Invite(_) => match self.handle_invite_response(id, &response, source) {
                Heard::News(dialog) => dialog,
                Heard::Repeat => return,
            },
        };
        self.emit(Event::Response { client: id, dialog, response });
    }

    /// Finds or opens the dialog of a response to an INVITE.
    fn handle_invite_response(
        &mut self,
        id: ClientId,
        response: &Response,
        source: Source,
    ) -> Heard {
        if response.status.is_final() && !response.status.is_success() {
            self.abandon_forks(id);
            return Heard::News(None);
        }
        let Some(fork) = self.fork_of(id, response, source) else { return Heard::News(None) };
        let Some(client) = self.clients.get_mut(id) else { return Heard::Repeat };
        let Purpose::Invite(invite) = &mut client.purpose else { return Heard::Repeat };
        let fork = &mut invite.forks[fork];
        if response.status.is_success() {
            match &fork.answer {
                Answer::Awaited => fork.answer = Answer::Reported,
                Answer::Reported => return Heard::Repeat,
                Answer::Acked(ack) => {
                    self.outputs.push_back(Output::Send(Send {
                        to: ack.to.clone(),
                        bytes: ack.bytes.clone(),
                        call_id: client.call_id.clone(),
                        client: None,
                    }));
                    return Heard::Repeat;
                }
            }
        }
        let dialog = fork.dialog;
        let Some(inside) = self.dialogs.get_mut(dialog) else { return Heard::News(None) };
        inside.handle_invite_response(response);
        Heard::News(Some(dialog))
    }

    /// Which fork of an INVITE answers: by the To tag, where the INVITE opens dialogs. A new tag
    /// is a new fork; `None` for a 100 and for what cannot open a dialog.
    fn fork_of(&mut self, id: ClientId, response: &Response, source: Source) -> Option<usize> {
        let client = self.clients.get_mut(id)?;
        let Purpose::Invite(invite) = &mut client.purpose else { return None };
        let local_tag = match invite.kind {
            InviteKind::InDialog => return Some(0),
            InviteKind::Initial { local_tag } => local_tag,
        };
        let to_tag = response.headers.to_tag().ok()?;
        let tag = match &to_tag {
            Some(tag) => tag,
            // A server of RFC 2543 answers without one.
            None if response.status.is_success() => &Bytes::new(),
            None => return None,
        };
        let known = invite.forks.iter().position(|it| it.remote_tag == *tag);
        if let Some(known) = known {
            let fork = &invite.forks[known];
            if self.dialogs.contains(fork.dialog) || !matches!(fork.answer, Answer::Awaited) {
                return Some(known);
            }
        }
        if known.is_none() && invite.forks.len() >= FORKS_MAX {
            return None;
        }
        let invitation = Invitation {
            client: id,
            cseq: client.cseq,
            local_tag,
            from_and_call_id: &client.request[client.parts.from_and_call_id.clone()],
            call_id: &client.call_id,
            hop: &client.to,
            source,
        };
        let dialog = Dialog::uac(&invitation, response).ok()?;
        let dialog = self.dialogs.insert(dialog);
        if let Some(known) = known {
            invite.forks[known].dialog = dialog;
            return Some(known);
        }
        let remote_tag = Bytes::copy_from_slice(tag);
        invite.forks.push(Fork { remote_tag, dialog, answer: Answer::Awaited });
        Some(invite.forks.len() - 1)
    }

    fn fail(&mut self, id: ClientId, failure: ClientFailure) {
        let Some(client) = self.clients.get(id) else { return };
        match &client.purpose {
            Purpose::Cancel => return,
            Purpose::Outside | Purpose::InDialog(_) => {}
            Purpose::Invite(_) => self.abandon_forks(id),
        }
        self.emit(Event::Failed { client: id, failure });
    }

    fn forget_client(&mut self, id: ClientId) {
        // Early dialogs end 64·T1 after the first 2xx (section 13.2.2.4).
        self.abandon_forks(id);
        self.clients.remove(id);
        self.strays.byes.remove(&id);
    }

    /// Ends what an INVITE has opened and no 2xx has confirmed; a dialog that it was sent in stays
    /// and is free for the next one.
    fn abandon_forks(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let Purpose::Invite(invite) = &client.purpose else { return };
        let unanswered: Vec<DialogId> = invite
            .forks
            .iter()
            .filter(|it| matches!(it.answer, Answer::Awaited))
            .map(|it| it.dialog)
            .collect();
        for dialog in unanswered {
            let Some(inside) = self.dialogs.get_mut(dialog) else { continue };
            if inside.invite_out.is_some_and(|it| it.client == id) {
                inside.invite_out = None;
            }
            if inside.phase == Phase::Early {
                self.end_dialog(dialog);
            }
        }
    }
}

/// What a response to an INVITE is to the layer above.
enum Heard {
    /// Something to hear of, in this dialog.
    News(Option<DialogId>),
    /// A 2xx that it has heard of.
    Repeat,
}
