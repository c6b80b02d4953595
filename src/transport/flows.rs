//! Live stream connections, by flow and by peer, and the queues that lead to them.

use super::{event::Inboxes, network::SourceKey};
use bytes::Bytes;
use dashmap::{DashMap, Entry};
use sip::{ClientId, FlowId, Transport};
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::sync::{
    Notify,
    mpsc::{self, error::TrySendError},
};

/// Messages that may wait for one peer to read. A peer that lets it fill up is cut off.
const WRITE_QUEUE_MESSAGES: usize = 1024;

/// Bytes that may wait for one peer to read.
const WRITE_QUEUE_BYTES: usize = 1024 * 1024;

/// Who must hear of a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Waiting {
    /// Nobody: a response, or an answer of the transport itself.
    Nobody,
    /// A transaction.
    Client {
        /// Which.
        client: ClientId,
        /// Of which shard.
        shard: u8,
    },
}

impl Waiting {
    /// Tells them.
    pub(super) fn report(self, inboxes: &Inboxes) {
        match self {
            Self::Nobody => {}
            Self::Client { client, shard } => inboxes.report_failure(shard, client),
        }
    }
}

/// A message on its way to a stream.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) bytes: Bytes,
    pub(super) waiting: Waiting,
}

/// One connection, open or being opened.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) id: FlowId,
    pub(super) transport: Transport,
    pub(super) remote: SocketAddr,
    queue: mpsc::Sender<Outgoing>,
    queued_bytes: AtomicUsize,
    /// Rung when the peer reads too slowly and the connection must end.
    pub(super) overrun: Notify,
}

/// Why a flow did not take a message.
#[derive(Debug)]
pub(super) enum PushError {
    /// The connection is gone; the message may try another.
    Closed(Outgoing),
    /// The peer does not read; the connection is ended.
    Full(Outgoing),
}

impl Flow {
    /// Queues a message.
    pub(super) fn push(&self, outgoing: Outgoing) -> Result<(), PushError> {
        let length = outgoing.bytes.len();
        let queued = self.queued_bytes.fetch_add(length, Ordering::Relaxed) + length;
        let pushed = if queued > WRITE_QUEUE_BYTES {
            Err(TrySendError::Full(outgoing))
        } else {
            self.queue.try_send(outgoing)
        };
        pushed.map_err(|error| {
            self.taken(length);
            match error {
                TrySendError::Closed(outgoing) => PushError::Closed(outgoing),
                TrySendError::Full(outgoing) => {
                    self.overrun.notify_one();
                    PushError::Full(outgoing)
                }
            }
        })
    }

    /// Tells that bytes have left the queue.
    pub(super) fn taken(&self, bytes: usize) {
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Flows {
    by_id: DashMap<FlowId, Arc<Flow>>,
    by_peer: DashMap<(Transport, SocketAddr), Arc<Flow>>,
    last_id: AtomicU64,
}

/// The flow to a peer.
pub(super) enum ToPeer {
    /// There was one.
    Known(Arc<Flow>),
    /// A new one, to be connected by the caller.
    New(Arc<Flow>, mpsc::Receiver<Outgoing>),
}

impl Flows {
    /// A flow id that was never given before.
    pub(super) fn next_id(&self) -> FlowId {
        FlowId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// An open or opening connection.
    pub(super) fn by_id(&self, id: FlowId) -> Option<Arc<Flow>> {
        self.by_id.get(&id).map(|it| it.clone())
    }

    /// Adds a connection that a peer opened.
    pub(super) fn accept(
        &self,
        transport: Transport,
        remote: SocketAddr,
    ) -> (Arc<Flow>, mpsc::Receiver<Outgoing>) {
        let (flow, queue) = self.create(transport, remote);
        self.by_peer.insert((transport, remote), flow.clone());
        (flow, queue)
    }

    /// The connection to a peer, whoever opened it (RFC 3261 section 18.1.1), or a place for a new one: of several senders at once only one gets
    /// to open it.
    pub(super) fn to_peer(&self, transport: Transport, remote: SocketAddr) -> ToPeer {
        match self.by_peer.entry((transport, remote)) {
            Entry::Occupied(known) => ToPeer::Known(known.get().clone()),
            Entry::Vacant(free) => {
                let (flow, queue) = self.create(transport, remote);
                free.insert(flow.clone());
                ToPeer::New(flow, queue)
            }
        }
    }

    /// Forgets a connection that is gone.
    pub(super) fn remove(&self, flow: &Flow) {
        self.by_id.remove(&flow.id);
        self.by_peer.remove_if(&(flow.transport, flow.remote), |_, it| it.id == flow.id);
    }

    fn create(
        &self,
        transport: Transport,
        remote: SocketAddr,
    ) -> (Arc<Flow>, mpsc::Receiver<Outgoing>) {
        let (queue, queued) = mpsc::channel(WRITE_QUEUE_MESSAGES);
        let flow = Arc::new(Flow {
            id: self.next_id(),
            transport,
            remote,
            queue,
            queued_bytes: AtomicUsize::new(0),
            overrun: Notify::new(),
        });
        self.by_id.insert(flow.id, flow.clone());
        (flow, queued)
    }
}

/// How many connections there are, and from whom. Locked once when a connection opens and once when
/// it closes.
#[derive(Debug, Default)]
pub(super) struct Population(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_source: HashMap<SourceKey, usize>,
}

/// A connection's place in the [`Population`]; free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    population: Arc<Population>,
    source: Option<SourceKey>,
}

impl Population {
    /// A place for one more connection, unless the caps are reached. Only a connection with a
    /// `source` counts against that source's cap.
    pub(super) fn admit(
        self: &Arc<Self>,
        total_max: usize,
        source: Option<(IpAddr, usize)>,
    ) -> Option<Seat> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= total_max {
            return None;
        }
        if let Some((ip, source_max)) = source {
            let count = counts.by_source.get(&ip.into()).copied().unwrap_or_default();
            if count >= source_max {
                return None;
            }
            counts.by_source.insert(ip.into(), count + 1);
        }
        counts.total += 1;
        Some(Seat { population: self.clone(), source: source.map(|(ip, _)| ip.into()) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.population.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        let Some(source) = self.source else { return };
        if let Some(count) = counts.by_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                counts.by_source.remove(&source);
            }
        }
    }
}
