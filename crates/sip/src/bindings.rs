//! Registration: what a REGISTER does to the bindings of an address of record (RFC 3261 section
//! 10.3, Path of RFC 3327, flows of RFC 5626).
//!
//! Pure rules: [`Register::from_request`] reads, [`apply`] decides, the owner commits.

use crate::{
    header::{Header, HeaderName, NameAddr, Params},
    message::{Request, Status},
    transport::{Destination, FlowId, Source, Transport},
    uri::Uri,
};
use base::{DomainId, UnixMillis};
use bytes::Bytes;
use std::net::SocketAddr;

/// Address of record: a user of a domain.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Aor {
    /// The domain.
    pub domain: DomainId,
    /// The user part, unescaped: an extension's number.
    pub user: String,
}

/// An address of record reached at a contact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binding {
    /// Whose.
    pub aor: Aor,
    /// The registered URI, with its URI parameters and headers as written.
    pub contact: Uri,
    /// Preference in thousandths, 0 to 1000; 1000 where the phone says nothing.
    pub q_per_mille: u16,
    /// When it ends.
    pub expires_at: UnixMillis,
    /// When it was last registered.
    pub registered_at: UnixMillis,
    /// Call-ID of the REGISTER that made it or refreshed it last.
    pub call_id: Bytes,
    /// CSeq number of that REGISTER.
    pub cseq: u32,
    /// Path headers in order, RFC 3327.
    pub path: Vec<NameAddr>,
    /// Where the REGISTER came from: where requests go.
    pub received: Received,
    /// What the device calls itself; empty if it does not.
    pub user_agent: String,
    /// `+sip.instance` without quotes and angle brackets, RFC 5626 section 4.1.
    pub instance: Option<String>,
    /// `reg-id`; only counts together with an instance.
    pub reg_id: Option<u32>,
    /// Contact parameters other than `q` and `expires`, as written, for those who fetch.
    pub params: Params,
}

/// The way back to a device: kept over a restart except for the flow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Received {
    /// How the REGISTER travelled.
    pub transport: Transport,
    /// Who sent it.
    pub remote: SocketAddr,
    /// Our address as the device sees it.
    pub local: SocketAddr,
    /// The listener or connection; `None` after a restart or once the connection is closed.
    pub flow: Option<FlowId>,
}

/// What a REGISTER asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Register {
    /// Call-ID.
    pub call_id: Bytes,
    /// CSeq number.
    pub cseq: u32,
    /// What to do.
    pub wish: Wish,
    /// Path headers in order.
    pub path: Vec<NameAddr>,
    /// Whether the device understands Path in the answer.
    pub supports_path: bool,
    /// User-Agent.
    pub user_agent: String,
    /// Where it came from.
    pub received: Received,
}

/// What a REGISTER wants done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wish {
    /// No contact: only tell what is bound.
    Fetch,
    /// `*` with Expires 0: unregister everything.
    RemoveAll,
    /// Bind, refresh or unregister these, in order.
    Contacts(Vec<Wanted>),
}

/// One contact of a REGISTER.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted {
    /// Its URI.
    pub contact: Uri,
    /// Preference in thousandths.
    pub q_per_mille: u16,
    /// For how many seconds: its own `expires`, else the Expires header, else `None`.
    pub expires_s: Option<u32>,
    /// `+sip.instance`.
    pub instance: Option<String>,
    /// `reg-id`.
    pub reg_id: Option<u32>,
    /// Other contact parameters.
    pub params: Params,
}

/// The registrar's limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BindingPolicy {
    /// Shorter registrations are refused with 423, in seconds; counts as at most an hour, which
    /// RFC 3261 section 10.3 does not let us refuse.
    pub expires_s_min: u32,
    /// Longer ones are shortened to this, in seconds.
    pub expires_s_max: u32,
    /// For those who do not say, in seconds.
    pub expires_s_default: u32,
    /// Most bindings an address of record may have.
    pub bindings_max: usize,
    /// What happens past that.
    pub overflow: Overflow,
}

/// What to do with one contact too many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Overflow {
    /// The binding that was registered longest ago goes: phones that lost their address come back.
    ReplaceOldest,
    /// 403.
    Refuse,
}

/// What to commit. Removals come first: a contact written differently replaces its old form.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Change {
    /// Bindings that end, as they were.
    pub removals: Vec<Binding>,
    /// Bindings to write, by [`Binding::key`].
    pub upserts: Vec<Binding>,
    /// Everything bound afterwards, highest q first.
    pub bound: Vec<Binding>,
}

/// Why a REGISTER is refused; nothing was changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// 400.
    #[error("{0}")]
    Malformed(&'static str),
    /// 423 with Min-Expires.
    #[error("registrations shorter than {min_s} s are refused")]
    IntervalTooBrief {
        /// Shortest registration, in seconds.
        min_s: u32,
    },
    /// 403.
    #[error("more than {max} contacts")]
    TooManyContacts {
        /// The limit.
        max: usize,
    },
    /// 500: an older REGISTER overtaken by a newer one of the same device.
    #[error("CSeq is not above that of the registration in force")]
    OutOfOrder,
}

impl Register {
    /// Reads a REGISTER.
    pub fn from_request(_request: &Request, _source: &Source) -> Result<Self, Refusal> {
        todo!()
    }
}

/// Applies a REGISTER to the bindings of `aor`; all of it or nothing.
pub fn apply(
    _existing: &[Binding],
    _aor: &Aor,
    _register: &Register,
    _policy: &BindingPolicy,
    _now: UnixMillis,
) -> Result<Change, Refusal> {
    todo!()
}

/// Headers of the 200: a Contact for each binding, Path where the device understands it.
pub fn reply_headers(_bound: &[Binding], _register: &Register, _now: UnixMillis) -> Vec<Header> {
    todo!()
}

impl Binding {
    /// What tells it from the other bindings of its address of record: the instance and reg-id of
    /// a flow (RFC 5626), or the contact as written. With the AOR it is the primary key.
    pub fn key(&self) -> String {
        todo!()
    }

    /// Whether it is over.
    pub fn is_expired(&self, now: UnixMillis) -> bool {
        self.expires_at <= now
    }

    /// Where requests go now; `None` if nowhere: a connection that is closed can only be opened
    /// again if the contact names an address of the device itself.
    pub fn destination(&self) -> Option<Destination> {
        todo!()
    }
}

impl From<Source> for Received {
    fn from(source: Source) -> Self {
        Self {
            transport: source.transport,
            remote: source.remote,
            local: source.local,
            flow: Some(source.flow),
        }
    }
}

impl Refusal {
    /// Status of the response.
    pub fn status(self) -> Status {
        match self {
            Self::Malformed(_) => Status(400),
            Self::IntervalTooBrief { .. } => Status(423),
            Self::TooManyContacts { .. } => Status(403),
            Self::OutOfOrder => Status(500),
        }
    }

    /// Headers that the response needs.
    pub fn headers(self) -> Vec<Header> {
        match self {
            Self::IntervalTooBrief { min_s } => {
                vec![Header { name: HeaderName::MinExpires, value: Bytes::from(min_s.to_string()) }]
            }
            Self::Malformed(_) => Vec::new(),
            Self::TooManyContacts { .. } => Vec::new(),
            Self::OutOfOrder => Vec::new(),
        }
    }
}
