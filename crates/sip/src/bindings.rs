//! Registration: what a REGISTER does to the bindings of an address of record (RFC 3261 section
//! 10.3, Path of RFC 3327, flows of RFC 5626).
//!
//! Pure rules: [`Register::from_request`] reads, [`apply`] decides, the owner commits.

mod reply;
mod request;

pub use reply::reply_headers;

use crate::{
    header::{Header, HeaderName, NameAddr, Params},
    limits::BINDINGS_MAX,
    message::Status,
    transport::{Destination, FlowId, Source, Transport},
    uri::{Host, Uri},
};
use base::{DomainId, UnixMillis};
use bytes::Bytes;
use std::{cmp::Reverse, net::SocketAddr};

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
    /// A REGISTER from an old Call-ID sequence may not undo a newer one, RFC 3261 section 10.3
    /// step 7.
    fn is_overtaken_by(&self, binding: &Binding) -> bool {
        self.call_id == binding.call_id && self.cseq <= binding.cseq
    }
}

impl Wanted {
    fn flow_key(&self) -> Option<(&str, u32)> {
        self.instance.as_deref().zip(self.reg_id)
    }
}

/// Applies a REGISTER to the bindings of `aor`; all of it or nothing.
///
/// A binding is the same as a wanted contact if both name the same instance and reg-id (RFC 5626
/// section 6), or else if their URIs are the same (RFC 3261 section 19.1.4). Bindings that are
/// over at `now` do not count; the owner removes them.
pub fn apply(
    existing: &[Binding],
    aor: &Aor,
    register: &Register,
    policy: &BindingPolicy,
    now: UnixMillis,
) -> Result<Change, Refusal> {
    let live: Vec<_> = existing.iter().filter(|it| !it.is_expired(now)).collect();
    match &register.wish {
        Wish::Fetch => {
            let bound = live.into_iter().cloned().collect();
            Ok(Change { bound: sorted(bound), ..Change::default() })
        }
        Wish::RemoveAll => {
            if live.iter().any(|it| register.is_overtaken_by(it)) {
                return Err(Refusal::OutOfOrder);
            }
            let removals = live.into_iter().cloned().collect();
            Ok(Change { removals, ..Change::default() })
        }
        Wish::Contacts(wanted) => bind(&live, aor, register, wanted, policy, now),
    }
}

fn bind(
    live: &[&Binding],
    aor: &Aor,
    register: &Register,
    wanted: &[Wanted],
    policy: &BindingPolicy,
    now: UnixMillis,
) -> Result<Change, Refusal> {
    let intervals =
        wanted.iter().map(|it| policy.interval_s(it.expires_s)).collect::<Result<Vec<_>, _>>()?;
    let flows = wanted.iter().zip(&intervals).filter(|(it, s)| **s > 0 && it.flow_key().is_some());
    if flows.count() > 1 {
        return Err(Refusal::Malformed("more than one Contact has a reg-id"));
    }

    let mut kept = live.to_vec();
    let mut upserts: Vec<Binding> = Vec::with_capacity(wanted.len());
    for (wanted, interval_s) in wanted.iter().zip(intervals) {
        let (same, others) = kept.into_iter().partition::<Vec<_>, _>(|it| it.is_same_as(wanted));
        if same.iter().any(|it| register.is_overtaken_by(it)) {
            return Err(Refusal::OutOfOrder);
        }
        kept = others;
        upserts.retain(|it| !it.is_same_as(wanted));
        if interval_s > 0 {
            upserts.push(Binding::new(aor, register, wanted, interval_s, now));
        }
    }
    make_room(&mut kept, upserts.len(), policy)?;

    let is_in = |list: &[Binding], key: &str| list.iter().any(|it| it.key() == key);
    let is_kept = |it: &Binding| kept.iter().any(|kept| std::ptr::eq(*kept, it));
    let removals = live
        .iter()
        .filter(|it| !is_kept(it) && !is_in(&upserts, &it.key()))
        .map(|it| (*it).clone())
        .collect();
    let bound = kept.iter().map(|it| (*it).clone()).chain(upserts.iter().cloned()).collect();
    Ok(Change { removals, upserts, bound: sorted(bound) })
}

/// Takes from `kept` what does not fit beside `added` new bindings.
fn make_room(
    kept: &mut Vec<&Binding>,
    added: usize,
    policy: &BindingPolicy,
) -> Result<(), Refusal> {
    let refusal = Refusal::TooManyContacts { max: policy.bindings_max };
    // Phones that only shorten or end what they have must get through when the limit was lowered.
    if added == 0 || kept.len() + added <= policy.bindings_max {
        return Ok(());
    }
    match policy.overflow {
        Overflow::Refuse => Err(refusal),
        Overflow::ReplaceOldest => {
            let room = policy.bindings_max.checked_sub(added).ok_or(refusal)?;
            kept.sort_by_key(|it| Reverse(it.registered_at));
            kept.truncate(room);
            Ok(())
        }
    }
}

impl BindingPolicy {
    /// For how long a contact is bound, in seconds; 0 ends its binding.
    fn interval_s(&self, wanted_s: Option<u32>) -> Result<u32, Refusal> {
        let min_s = self.expires_s_min.min(INTERVAL_S_NEVER_REFUSED);
        match wanted_s.unwrap_or(self.expires_s_default) {
            0 => Ok(0),
            interval_s if interval_s < min_s => Err(Refusal::IntervalTooBrief { min_s }),
            interval_s => Ok(interval_s.min(self.expires_s_max.max(min_s))),
        }
    }
}

impl Default for BindingPolicy {
    fn default() -> Self {
        Self {
            expires_s_min: 60,
            expires_s_max: 7200,
            expires_s_default: 3600,
            bindings_max: BINDINGS_MAX,
            overflow: Overflow::ReplaceOldest,
        }
    }
}

impl Binding {
    fn new(
        aor: &Aor,
        register: &Register,
        wanted: &Wanted,
        interval_s: u32,
        now: UnixMillis,
    ) -> Self {
        Self {
            aor: aor.clone(),
            contact: wanted.contact.clone(),
            q_per_mille: wanted.q_per_mille,
            expires_at: UnixMillis(now.0 + 1000 * i64::from(interval_s)),
            registered_at: now,
            call_id: register.call_id.clone(),
            cseq: register.cseq,
            path: register.path.clone(),
            received: register.received,
            user_agent: register.user_agent.clone(),
            instance: wanted.instance.clone(),
            reg_id: wanted.reg_id,
            params: wanted.params.clone(),
        }
    }

    /// What tells it from the other bindings of its address of record: the instance and reg-id of
    /// a flow (RFC 5626), or the contact as written. With the AOR it is the primary key.
    pub fn key(&self) -> String {
        match self.flow_key() {
            Some((instance, reg_id)) => format!("reg-id={reg_id};{instance}"),
            None => self.contact.to_string(),
        }
    }

    /// Whether it is over.
    pub fn is_expired(&self, now: UnixMillis) -> bool {
        self.expires_at <= now
    }

    /// Where requests go now; `None` if nowhere: a closed TCP connection is only opened again
    /// where the contact names an address of the device itself, and others never.
    pub fn destination(&self) -> Option<Destination> {
        let Received { transport, remote, local, flow } = self.received;
        let port = match (flow, transport) {
            (Some(_), _) => remote.port(),
            (None, Transport::Udp) => remote.port(),
            (None, Transport::Tcp) if self.contact.host.ip() == Some(remote.ip()) => {
                self.contact.port.unwrap_or(transport.default_port())
            }
            (None, Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss) => {
                return None;
            }
        };
        Some(Destination {
            transport,
            host: Host::from(remote.ip()),
            port,
            flow,
            local: Some(local),
        })
    }

    fn flow_key(&self) -> Option<(&str, u32)> {
        self.instance.as_deref().zip(self.reg_id)
    }

    fn is_same_as(&self, wanted: &Wanted) -> bool {
        match (self.flow_key(), wanted.flow_key()) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (None, _) | (_, None) => self.contact.is_same_as(&wanted.contact),
        }
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

/// Registrars must not refuse intervals of an hour or more (RFC 3261 section 10.3), in seconds.
const INTERVAL_S_NEVER_REFUSED: u32 = 3600;

/// Highest q first; among equals the order stays.
fn sorted(mut bound: Vec<Binding>) -> Vec<Binding> {
    bound.sort_by_key(|it| Reverse(it.q_per_mille));
    bound
}
