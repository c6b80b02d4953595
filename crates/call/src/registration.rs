//! What the signalling shards and the registrar tell each other.
//!
//! Plain values: the shell makes the channels. A shard sends [`RegistrarCommand`]s into the
//! registrar's inbox and finds [`RegistrationReply`]s in its own; one shard's replies come in the
//! order of the commits, so each carries the ticket of its request.

use bytes::Bytes;
use sip::{
    FlowId, Header, HeaderName, Status,
    bindings::{Aor, Refusal, Register},
};

/// What the registrar understands.
#[derive(Clone, Debug)]
pub enum RegistrarCommand {
    /// A REGISTER that was authenticated and may change `aor`.
    Register(RegistrationRequest),
    /// A connection was closed: bindings that came over it lose their way back.
    FlowClosed(FlowId),
}

/// An address of record can be reached from now on, or no longer. Told by the registrar to whoever
/// shows lines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegistrationFact {
    /// Whose.
    pub aor: Aor,
    /// Whether a device of it can be reached.
    pub is_registered: bool,
}

/// A REGISTER on its way to the registrar.
#[derive(Clone, Debug)]
pub struct RegistrationRequest {
    /// Number of the shard that waits for the answer.
    pub shard: u8,
    /// The shard's own name for the request: the server transaction's number.
    pub ticket: Ticket,
    /// Whose bindings.
    pub aor: Aor,
    /// What is asked.
    pub register: Register,
}

/// Tells the replies of a shard apart.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ticket(pub u64);

/// The registrar's answer.
#[derive(Clone, Debug)]
pub struct RegistrationReply {
    /// Of which request.
    pub ticket: Ticket,
    /// What became of it.
    pub outcome: RegistrationOutcome,
}

/// What became of a REGISTER.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RegistrationOutcome {
    /// Done and committed.
    Bound {
        /// Headers of the 200: Contacts and Path.
        headers: Vec<Header>,
    },
    /// Against the rules; nothing changed.
    Refused(Refusal),
    /// The database is away; nothing changed.
    Unavailable {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
}

impl RegistrationOutcome {
    /// Status and headers of the response.
    pub fn into_response(self) -> (Status, Vec<Header>) {
        match self {
            Self::Bound { headers } => (Status(200), headers),
            Self::Refused(refusal) => (refusal.status(), refusal.headers()),
            Self::Unavailable { retry_after_s } => {
                let value = Bytes::from(retry_after_s.to_string());
                (Status(503), vec![Header { name: HeaderName::RetryAfter, value }])
            }
        }
    }
}
