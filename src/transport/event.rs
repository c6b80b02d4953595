//! What the transports tell a signalling shard, and who gets in when its inbox fills up.

use bytes::Bytes;
use sip::{ClientId, FlowId, Message, Method, Request, Source};
use tokio::sync::mpsc::{self, error::TrySendError};

/// One part in so many of a shard's inbox is kept for messages of dialogs and transactions that
/// exist: a shard with too much to do takes no new work and finishes what it has.
const RESERVED_PART: usize = 4;

/// What a shard is told.
#[derive(Clone, Debug)]
pub enum TransportEvent {
    /// A message came in.
    Received {
        /// From where; Via's `received` and `rport` are the endpoint's to fill from it.
        source: Source,
        /// The message.
        message: Message,
        /// The message on the wire, for the trace.
        raw: Bytes,
    },
    /// A message of this transaction could not be delivered.
    SendFailed {
        /// Of which transaction.
        client: ClientId,
    },
    /// A stream connection is gone; every shard is told.
    FlowClosed {
        /// Which.
        flow: FlowId,
    },
}

/// The inboxes of all shards. Bounded; when one fills up,
///
/// * requests that would start something get the last quarter of it refused ([`Overflow::NewWork`],
///   answered 503 with Retry-After),
/// * responses, requests in dialogs, ACK and CANCEL fill it to the brim, then wait on a stream
///   (which slows its peer down) and are lost on UDP (whose peer retransmits).
#[derive(Clone, Debug)]
pub(super) struct Inboxes(Vec<mpsc::Sender<TransportEvent>>);

/// A message that found no room.
#[derive(Debug)]
pub(super) enum Overflow {
    /// It would start something: to be answered 503.
    NewWork(Box<Request>),
    /// It belongs to something that exists: may wait in [`Inboxes::wait`].
    Continuing(Box<TransportEvent>),
    /// The shard is gone.
    Closed,
}

impl Inboxes {
    pub(super) fn new(shards: Vec<mpsc::Sender<TransportEvent>>) -> Self {
        assert!((1..=255).contains(&shards.len()), "messages need a shard, named by one byte");
        Self(shards)
    }

    /// How many shards there are.
    pub(super) fn shards(&self) -> u8 {
        self.0.len() as u8
    }

    /// Hands a message to its shard.
    pub(super) fn offer(
        &self,
        shard: u8,
        source: Source,
        message: Message,
        raw: Bytes,
    ) -> Result<(), Overflow> {
        let inbox = &self.0[usize::from(shard)];
        let is_reserve_left_only = inbox.capacity() <= inbox.max_capacity() / RESERVED_PART;
        let message = match message {
            Message::Request(request) if is_reserve_left_only && starts_something(&request) => {
                return Err(Overflow::NewWork(Box::new(request)));
            }
            Message::Request(_) | Message::Response(_) => message,
        };
        inbox.try_send(TransportEvent::Received { source, message, raw }).map_err(|it| match it {
            TrySendError::Full(event) => Overflow::Continuing(Box::new(event)),
            TrySendError::Closed(_) => Overflow::Closed,
        })
    }

    /// Waits for room.
    pub(super) async fn wait(&self, shard: u8, event: TransportEvent) {
        // A shard that is gone needs no messages.
        let _ = self.0[usize::from(shard)].send(event).await;
    }

    /// Reports a failed send. If there is no room the transaction's own timer will end it.
    pub(super) fn report_failure(&self, shard: u8, client: ClientId) {
        if let Some(inbox) = self.0.get(usize::from(shard)) {
            let _ = inbox.try_send(TransportEvent::SendFailed { client });
        }
    }

    /// Tells every shard that a connection is gone.
    pub(super) async fn report_closed(&self, flow: FlowId) {
        for shard in 0..self.shards() {
            self.wait(shard, TransportEvent::FlowClosed { flow }).await;
        }
    }
}

/// Whether the request neither belongs to a dialog nor ends a transaction.
fn starts_something(request: &Request) -> bool {
    match request.method {
        Method::Ack | Method::Cancel => false,
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
        | Method::Other(_) => request.headers.to_tag().is_ok_and(|it| it.is_none()),
    }
}
