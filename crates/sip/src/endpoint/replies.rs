//! Responses that go out, and the server transactions that carry them.

use super::{
    DialogId, Endpoint, Event, Output, Reply, Send, ServerId, Transaction,
    servers::{DialogOf, Frame, Machine, Server},
    wire::{Wire, capacity},
};
use crate::{
    dialog::Phase,
    header::HeaderName,
    message::{Method, Status},
    transaction::{InviteServerOutput, RequestServerOutput},
};
use bytes::Bytes;
use std::time::Instant;

impl Endpoint {
    /// Answers a request. Provisional (>100) and 2xx answers to an INVITE, and 2xx answers to a
    /// SUBSCRIBE or REFER, carry a To tag and return their dialog, the same for all answers of one
    /// request. Answering twice is ignored.
    #[expect(clippy::needless_pass_by_value, reason = "callers build it for this call")]
    pub fn respond(&mut self, now: Instant, server: ServerId, reply: Reply) -> Option<DialogId> {
        self.now = now;
        let id = server;
        let server = self.servers.get_mut(id).filter(|it| it.is_unanswered())?;
        let dialog = match std::mem::replace(&mut server.dialog, DialogOf::None) {
            DialogOf::Seed(seed) if opens_dialog(&server.method, reply.status) => {
                Some(self.dialogs.insert(*seed))
            }
            DialogOf::Seed(seed) => {
                if !reply.status.is_final() {
                    server.dialog = DialogOf::Seed(seed);
                }
                None
            }
            DialogOf::In(dialog) => Some(dialog),
            DialogOf::None => None,
        };
        if let Some(dialog) = dialog {
            server.dialog = DialogOf::In(dialog);
        }
        server.response = response(server, &self.config.product, &reply);
        if reply.status.is_final() {
            server.frame = Frame::default();
        }
        match &mut server.machine {
            Machine::Invite(machine) => machine.handle_reply(now, reply.status),
            Machine::Request(machine) => machine.handle_reply(now, reply.status),
        };
        let is_invite = server.method == Method::Invite;
        if is_invite && let Some(dialog) = dialog {
            self.settle_invite(dialog, id, reply.status);
        }
        self.drive_server(id);
        dialog
    }

    /// What our answer to an INVITE means for its dialog.
    fn settle_invite(&mut self, id: DialogId, server: ServerId, status: Status) {
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        if status.is_success() {
            dialog.phase = Phase::Confirmed;
        } else if status.is_final() {
            if dialog.invite_in.is_some_and(|it| it.server == server) {
                dialog.invite_in = None;
            }
            if dialog.phase == Phase::Early {
                self.end_dialog(id);
            }
        }
    }

    pub(super) fn handle_retransmission(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id) else { return };
        match &mut server.machine {
            Machine::Invite(machine) => machine.handle_retransmission(),
            Machine::Request(machine) => machine.handle_retransmission(),
        }
        self.drive_server(id);
    }

    pub(super) fn handle_server_timeout(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id) else { return };
        match &mut server.machine {
            Machine::Invite(machine) => machine.handle_timeout(self.now),
            Machine::Request(machine) => machine.handle_timeout(self.now),
        }
        self.drive_server(id);
    }

    /// Does what a server transaction wants done, and forgets it when it is through.
    pub(super) fn drive_server(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id) else { return };
        let mut is_unacked = false;
        let mut is_trying = false;
        match &mut server.machine {
            Machine::Invite(machine) => {
                while let Some(output) = machine.poll_output() {
                    match output {
                        InviteServerOutput::SendTrying => is_trying = true,
                        InviteServerOutput::SendResponse => {
                            self.outputs.push_back(again(
                                &server.to,
                                &server.response,
                                &server.call_id,
                            ));
                        }
                        // Reported with the ACK itself.
                        InviteServerOutput::Acked => {}
                        InviteServerOutput::NotAcked => is_unacked = true,
                    }
                }
                if !machine.needs_response() {
                    server.response = Bytes::new();
                }
            }
            Machine::Request(machine) => {
                while let Some(output) = machine.poll_output() {
                    match output {
                        RequestServerOutput::SendResponse => {
                            self.outputs.push_back(again(
                                &server.to,
                                &server.response,
                                &server.call_id,
                            ));
                        }
                    }
                }
            }
        }
        if is_trying {
            server.response = response(server, &self.config.product, &Reply::new(Status(100)));
            self.outputs.push_back(again(&server.to, &server.response, &server.call_id));
        }
        let dialog = match server.dialog {
            DialogOf::In(dialog) => Some(dialog),
            DialogOf::None | DialogOf::Seed(_) => None,
        };
        self.deadlines.set_or_stop(Transaction::Server(id), server.poll_timeout());
        if server.is_terminated() {
            self.servers.remove(id);
        }
        if is_unacked && let Some(dialog) = dialog {
            self.report_not_acked(dialog);
        }
    }

    fn report_not_acked(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get_mut(id) else { return };
        dialog.invite_in = None;
        if !self.release_bye(id) {
            self.emit(Event::NotAcked { dialog: id });
        }
    }
}

/// Whether an answer carries our tag and contact into a dialog, new or not: those of an INVITE do
/// from the first that says more than 100, of other requests only a 2xx (RFC 3261 section 12.1).
fn opens_dialog(method: &Method, status: Status) -> bool {
    if *method == Method::Invite { (101..300).contains(&status.0) } else { status.is_success() }
}

fn again(to: &crate::Destination, bytes: &Bytes, call_id: &Bytes) -> Output {
    Output::Send(Send {
        to: to.clone(),
        bytes: bytes.clone(),
        call_id: call_id.clone(),
        client: None,
    })
}

fn response(server: &Server, product: &str, reply: &Reply) -> Bytes {
    let status = reply.status;
    let frame = &server.frame;
    let room = frame.rows().len() + frame.record_route().len();
    let mut wire = Wire::new(room + capacity(&reply.headers, reply.body.as_ref()));
    wire.status_line(status, reply.reason.as_deref());
    wire.bytes(frame.rows());
    if status.0 == 100 {
        wire.row(&HeaderName::To, frame.to());
    } else {
        frame.write_to(&mut wire, server.tag);
    }
    if opens_dialog(&server.method, status) {
        if matches!(server.method, Method::Invite | Method::Subscribe | Method::Refer) {
            wire.bytes(frame.record_route());
        }
        if let (Method::Invite | Method::Update | Method::Subscribe | Method::Refer, Some(local)) =
            (&server.method, server.to.local)
        {
            wire.contact(server.tag, server.to.transport, local);
        }
    }
    wire.row(&HeaderName::Server, product.as_bytes());
    wire.finish(&reply.headers, reply.body.as_ref())
}
