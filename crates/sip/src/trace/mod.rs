//! The last calls' messages, kept in memory for whoever asks what went wrong.
//!
//! Bounded by calls and by bytes; the oldest call goes first. Credentials are masked before a
//! message is kept.

mod ladder;
mod mask;

pub use ladder::{Ladder, Party, Rung};

use crate::{
    header::NameAddr,
    message::Message,
    parse::{Framing, parse},
    transport::Transport,
};
use base::{CallId, UnixMillis};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
};

/// Messages by call; one a signalling shard.
///
/// A message belongs to the dialog that its Call-ID names. [`Trace::link`] ties dialogs to a call;
/// what is not tied to one (registrations, strays) has a small room of its own, so that it cannot
/// drive calls out.
#[derive(Debug)]
pub struct Trace {
    calls_max: usize,
    bytes_max: usize,
    by_sip_call_id: HashMap<Bytes, GroupId>,
    by_call: HashMap<CallId, GroupId>,
    /// Oldest first, as ids grow.
    calls: BTreeMap<GroupId, Group>,
    /// Dialogs that belong to no call, oldest first.
    strays: BTreeMap<GroupId, Group>,
    call_bytes: usize,
    stray_bytes: usize,
    last_group: u64,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// From us to the peer.
    Sent,
    /// From the peer to us.
    Received,
}

/// A call whose messages are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptCall {
    /// Which.
    pub call: CallId,
    /// When its first message passed.
    pub started: UnixMillis,
    /// Who called: the user part of the first message's From; empty if it cannot be read.
    pub caller: String,
    /// What they dialled: the user part of its To.
    pub dialled: String,
}

impl Trace {
    /// Keeps at most `calls_max` calls and about `bytes_max` bytes; 0 of either keeps nothing.
    pub fn new(calls_max: usize, bytes_max: usize) -> Self {
        Self {
            calls_max,
            bytes_max,
            by_sip_call_id: HashMap::new(),
            by_call: HashMap::new(),
            calls: BTreeMap::new(),
            strays: BTreeMap::new(),
            call_bytes: 0,
            stray_bytes: 0,
            last_group: 0,
        }
    }

    /// Keeps a message that was sent or received, sharing its memory unless credentials had to be
    /// masked.
    #[expect(clippy::too_many_arguments, reason = "where, when and what of one message")]
    pub fn record(
        &mut self,
        at: UnixMillis,
        direction: Direction,
        peer: SocketAddr,
        transport: Transport,
        sip_call_id: &Bytes,
        message: &Bytes,
    ) {
        if !self.is_enabled() {
            return;
        }
        let bytes = mask::masked(message);
        let record = Record { at, direction, peer, transport, bytes };
        let id = self.group_of(sip_call_id);
        if let Some(group) = self.calls.get_mut(&id) {
            self.call_bytes = self.call_bytes + group.push(record) - group.shorten();
        } else if let Some(group) = self.strays.get_mut(&id) {
            self.stray_bytes = self.stray_bytes + group.push(record) - group.shorten();
        }
        self.evict();
    }

    /// Notes that the dialogs with this Call-ID are part of a call, whether messages of theirs were
    /// recorded already or not.
    pub fn link(&mut self, call: CallId, sip_call_id: &Bytes) {
        if !self.is_enabled() {
            return;
        }
        let dialog_id = self.group_of(sip_call_id);
        let Some(dialog) = self.strays.remove(&dialog_id) else {
            return;
        };
        self.stray_bytes -= dialog.bytes;
        self.call_bytes += dialog.bytes;
        let call_id = *self.by_call.entry(call).or_insert(dialog_id);
        for sip_call_id in &dialog.sip_call_ids {
            self.by_sip_call_id.insert(sip_call_id.clone(), call_id);
        }
        match self.calls.get_mut(&call_id) {
            Some(group) => {
                group.join(dialog);
                self.call_bytes -= group.shorten();
            }
            None => {
                self.calls.insert(call_id, Group { call: Some(call), ..dialog });
            }
        }
        self.evict();
    }

    /// A call's messages in order, as far as they are kept.
    pub fn ladder(&self, call: CallId) -> Option<Ladder> {
        let group = self.calls.get(self.by_call.get(&call)?)?;
        Some(Ladder::new(&group.records, group.left_out))
    }

    /// The messages of the call, or else of the dialogs, that this Call-ID belongs to.
    pub fn ladder_of_dialog(&self, sip_call_id: &[u8]) -> Option<Ladder> {
        let id = self.by_sip_call_id.get(sip_call_id)?;
        let group = self.calls.get(id).or_else(|| self.strays.get(id))?;
        Some(Ladder::new(&group.records, group.left_out))
    }

    /// Calls that are kept, latest first.
    pub fn calls(&self) -> impl Iterator<Item = CallId> {
        self.calls.values().rev().filter_map(|it| it.call)
    }

    /// The same with what a list of them shows.
    pub fn kept_calls(&self) -> impl Iterator<Item = KeptCall> {
        self.calls.values().rev().filter_map(Group::kept_call)
    }

    /// Bytes that are kept, bookkeeping included.
    pub fn bytes(&self) -> usize {
        self.call_bytes + self.stray_bytes
    }

    fn is_enabled(&self) -> bool {
        self.calls_max > 0 && self.bytes_max > 0
    }

    /// The group of a dialog; a new one if it has none.
    fn group_of(&mut self, sip_call_id: &Bytes) -> GroupId {
        if let Some(&id) = self.by_sip_call_id.get(sip_call_id) {
            return id;
        }
        self.last_group += 1;
        let id = GroupId(self.last_group);
        // A copy, as the Call-ID must not keep its whole message.
        let sip_call_id = Bytes::copy_from_slice(sip_call_id);
        self.by_sip_call_id.insert(sip_call_id.clone(), id);
        let bytes = size_of::<Group>() + sip_call_id.len();
        self.stray_bytes += bytes;
        let sip_call_ids = vec![sip_call_id];
        self.strays.insert(
            id,
            Group { call: None, sip_call_ids, records: Vec::new(), bytes, left_out: 0 },
        );
        id
    }

    fn evict(&mut self) {
        while self.strays.len() > STRAYS_MAX || self.stray_bytes > self.bytes_max / STRAY_SHARE {
            let Some((_, group)) = self.strays.pop_first() else { break };
            self.stray_bytes -= group.bytes;
            self.forget(&group);
        }
        while self.calls.len() > self.calls_max || self.bytes() > self.bytes_max {
            let Some((_, group)) = self.calls.pop_first() else { break };
            self.call_bytes -= group.bytes;
            self.forget(&group);
        }
    }

    fn forget(&mut self, group: &Group) {
        for sip_call_id in &group.sip_call_ids {
            self.by_sip_call_id.remove(sip_call_id);
        }
        if let Some(call) = group.call {
            self.by_call.remove(&call);
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct GroupId(u64);

/// The messages of one call, or of the dialogs with one Call-ID.
#[derive(Debug)]
struct Group {
    call: Option<CallId>,
    sip_call_ids: Vec<Bytes>,
    records: Vec<Record>,
    bytes: usize,
    /// How many records were dropped from the middle.
    left_out: usize,
}

impl Group {
    /// Adds a record; gives the bytes that it takes.
    fn push(&mut self, record: Record) -> usize {
        let bytes = record.cost();
        self.records.push(record);
        self.bytes += bytes;
        bytes
    }

    /// Drops records from the middle until the group is within its bounds, as a call's beginning
    /// and end say most; gives the bytes that they took.
    fn shorten(&mut self) -> usize {
        let mut freed = 0;
        while self.records.len() > CALL_MESSAGES_MAX
            || self.bytes - freed > CALL_BYTES_MAX && self.records.len() > 1
        {
            let index = (self.records.len() / 2).min(CALL_MESSAGES_MAX / 2);
            freed += self.records.remove(index).cost();
            self.left_out += 1;
        }
        self.bytes -= freed;
        freed
    }

    fn kept_call(&self) -> Option<KeptCall> {
        let (call, first) = (self.call?, self.records.first()?);
        let message = parse(&first.bytes, Framing::Datagram).ok();
        let headers = message.as_ref().map(Message::headers);
        let user = |party: Option<NameAddr>| {
            party.and_then(|it| Some(it.uri.user_text()?.into_owned())).unwrap_or_default()
        };
        Some(KeptCall {
            call,
            started: first.at,
            caller: user(headers.and_then(|it| it.from().ok())),
            dialled: user(headers.and_then(|it| it.to().ok())),
        })
    }

    /// Takes over another group's messages, in order of their times.
    fn join(&mut self, other: Self) {
        self.sip_call_ids.extend(other.sip_call_ids);
        self.records.extend(other.records);
        self.records.sort_by_key(|it| it.at);
        self.bytes += other.bytes;
        self.left_out += other.left_out;
    }
}

/// One message.
#[derive(Debug)]
struct Record {
    at: UnixMillis,
    direction: Direction,
    peer: SocketAddr,
    transport: Transport,
    bytes: Bytes,
}

impl Record {
    fn cost(&self) -> usize {
        size_of::<Self>() + self.bytes.len()
    }
}

/// Most messages kept of one call.
pub const CALL_MESSAGES_MAX: usize = 200;

/// Most bytes kept of one call.
pub const CALL_BYTES_MAX: usize = 512 * 1024;

/// Most dialogs kept that belong to no call.
pub const STRAYS_MAX: usize = 256;

/// The part of the bytes that dialogs without a call may take: one in so many.
const STRAY_SHARE: usize = 8;

#[cfg(test)]
mod tests;
