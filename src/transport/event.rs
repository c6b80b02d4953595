//! What the transports tell a signalling shard, and who gets in when its inbox fills up.

use bytes::Bytes;
use sip::{ClientId, FlowId, Message, Source};

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
