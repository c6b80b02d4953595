//! Client transactions of an endpoint.

use super::{ClientFailure, ClientId, DialogId, signing::Repeat};
use crate::{
    header::Header,
    message::{Method, Status},
    shard::{Branch, LocalTag},
    transaction::{InviteClient, InviteClientOutput, RequestClient, RequestClientOutput},
    transport::Destination,
};
use bytes::Bytes;
use std::{collections::HashMap, ops::Range, time::Instant};

/// Every client transaction.
///
/// Ids count by two: a CANCEL has its INVITE's branch, and the id behind its INVITE's.
#[derive(Debug, Default)]
pub(super) struct Clients {
    by_id: HashMap<ClientId, Client>,
    last_id: u64,
}

/// One client transaction, its request, and whose it is.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) machine: Machine,
    pub(super) branch: Branch,
    pub(super) method: Method,
    pub(super) cseq: u32,
    /// Where the request goes.
    pub(super) to: Destination,
    /// The request, as long as it may have to be sent again or something is built from it.
    pub(super) request: Bytes,
    pub(super) parts: Parts,
    pub(super) call_id: Bytes,
    pub(super) purpose: Purpose,
    /// For a far end that asks who sends it, inside a dialog with a login.
    pub(super) repeat: Option<Box<Repeat>>,
}

/// The transaction machine.
#[derive(Debug)]
pub(super) enum Machine {
    Invite(InviteClient),
    Request(RequestClient),
}

/// Whose request it is.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A request outside any dialog.
    Outside,
    /// A CANCEL, of which nobody hears.
    Cancel,
    /// A request inside a dialog.
    InDialog(DialogId),
    /// An INVITE.
    Invite(Box<Invite>),
}

/// What an INVITE remembers until its last 2xx may have come.
#[derive(Debug)]
pub(super) struct Invite {
    /// From where it came.
    pub(super) kind: InviteKind,
    /// The dialogs that its responses opened, or the one that it was sent in.
    pub(super) forks: Vec<Fork>,
    /// Headers of the layer above for a CANCEL that waits for its time.
    pub(super) cancel_headers: Vec<Header>,
}

/// Whether an INVITE opens dialogs.
#[derive(Clone, Copy, Debug)]
pub(super) enum InviteKind {
    /// It does: each To tag is one more.
    Initial { local_tag: LocalTag },
    /// It belongs to the one that it was sent in.
    InDialog,
}

/// One dialog of an INVITE.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) remote_tag: Bytes,
    pub(super) dialog: DialogId,
    pub(super) answer: Answer,
}

/// How far the 2xx of a fork has come.
#[derive(Debug)]
pub(super) enum Answer {
    /// None yet.
    Awaited,
    /// The layer above has it and has not acknowledged it.
    Reported,
    /// Acknowledged; the ACK is kept for when the 2xx comes again.
    Acked(Ack),
}

/// An ACK that was sent.
#[derive(Clone, Debug)]
pub(super) struct Ack {
    pub(super) to: Destination,
    pub(super) bytes: Bytes,
}

/// Where in an encoded request stands what its ACK and CANCEL repeat.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// The Request-URI.
    pub(super) uri: Range<usize>,
    /// Via, Max-Forwards, Route, From and Call-ID rows.
    pub(super) shared: Range<usize>,
    /// From and Call-ID rows.
    pub(super) from_and_call_id: Range<usize>,
    /// To row.
    pub(super) to: Range<usize>,
}

impl Clients {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn next_id(&mut self) -> ClientId {
        self.last_id += 2;
        ClientId(self.last_id)
    }

    /// The id that the CANCEL of an INVITE has.
    pub(super) fn cancel_id(invite: ClientId) -> ClientId {
        ClientId(invite.0 | 1)
    }

    pub(super) fn get(&self, id: ClientId) -> Option<&Client> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn insert(&mut self, id: ClientId, client: Client) {
        self.by_id.insert(id, client);
    }

    pub(super) fn remove(&mut self, id: ClientId) -> Option<Client> {
        self.by_id.remove(&id)
    }
}

/// What a client transaction wants done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Send,
    SendAck,
    SendCancel,
    Deliver,
    Fail(ClientFailure),
}

impl Client {
    pub(super) fn handle_response(&mut self, now: Instant, status: Status) {
        match &mut self.machine {
            Machine::Invite(it) => it.handle_response(now, status),
            Machine::Request(it) => it.handle_response(now, status),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match &mut self.machine {
            Machine::Invite(it) => it.handle_timeout(now),
            Machine::Request(it) => it.handle_timeout(now),
        }
    }

    pub(super) fn handle_send_failure(&mut self) {
        match &mut self.machine {
            Machine::Invite(it) => it.handle_send_failure(),
            Machine::Request(it) => it.handle_send_failure(),
        }
    }

    pub(super) fn poll_step(&mut self) -> Option<Step> {
        match &mut self.machine {
            Machine::Invite(it) => it.poll_output().map(|output| match output {
                InviteClientOutput::SendInvite => Step::Send,
                InviteClientOutput::SendAck => Step::SendAck,
                InviteClientOutput::SendCancel => Step::SendCancel,
                InviteClientOutput::Deliver => Step::Deliver,
                InviteClientOutput::TimedOut => Step::Fail(ClientFailure::TimedOut),
                InviteClientOutput::Undeliverable => Step::Fail(ClientFailure::Undeliverable),
            }),
            Machine::Request(it) => it.poll_output().map(|output| match output {
                RequestClientOutput::SendRequest => Step::Send,
                RequestClientOutput::Deliver => Step::Deliver,
                RequestClientOutput::TimedOut => Step::Fail(ClientFailure::TimedOut),
                RequestClientOutput::Undeliverable => Step::Fail(ClientFailure::Undeliverable),
            }),
        }
    }

    /// Whether nothing will be built from the request again, so that its bytes may go.
    pub(super) fn is_done_with_request(&self) -> bool {
        match &self.machine {
            Machine::Invite(it) => it.is_terminated(),
            Machine::Request(it) => it.is_finished(),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.machine {
            Machine::Invite(it) => it.poll_timeout(),
            Machine::Request(it) => it.poll_timeout(),
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        match &self.machine {
            Machine::Invite(it) => it.is_terminated(),
            Machine::Request(it) => it.is_terminated(),
        }
    }
}
