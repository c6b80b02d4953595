//! A dialog as plain values, so that another process can go on with it.

use super::{Dialog, Identity, Phase, RouteSet, compact};
use crate::{shard::LocalTag, transport::Destination};
use bytes::Bytes;

/// A confirmed dialog without any request under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DialogRecord {
    /// Call-ID.
    pub call_id: Bytes,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag; empty for a peer of RFC 2543, which has none.
    pub remote_tag: Bytes,
    /// Value of From in our requests, with our tag.
    pub local: Bytes,
    /// Value of To in our requests.
    pub remote: Bytes,
    /// Values of the Route rows of our requests.
    pub routes: Vec<Bytes>,
    /// The Request-URI of our requests where a router of RFC 2543 wants to be it.
    pub strict_route: Option<Bytes>,
    /// The remote target, as a URI.
    pub target: Bytes,
    /// Where requests go.
    pub hop: Destination,
    /// CSeq number of our last request, or a greater one: the next has the one after it.
    pub local_cseq: u32,
    /// CSeq number of the peer's last request.
    pub remote_cseq: Option<u32>,
}

/// A record of which no dialog can be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the tag of a stored dialog is none of ours")]
pub struct BadRecord;

impl Dialog {
    /// As plain values.
    pub(crate) fn record(&self) -> DialogRecord {
        let Identity { rows, to_at } = &self.identity;
        let local = between(&rows[..*to_at], b"From: ", b"\r\nCall-ID: ");
        let remote = between(&rows[*to_at..], b"To: ", b"\r\n");
        DialogRecord {
            call_id: self.call_id.clone(),
            local_tag: self.local_tag.to_string(),
            remote_tag: Bytes::copy_from_slice(&self.remote_tag),
            local: Bytes::copy_from_slice(local),
            remote: Bytes::copy_from_slice(remote),
            routes: self.routes.values(),
            strict_route: self.routes.strict.as_deref().map(Bytes::copy_from_slice),
            target: Bytes::copy_from_slice(&self.target),
            hop: self.hop.clone(),
            local_cseq: self.local_cseq,
            remote_cseq: self.remote_cseq,
        }
    }

    /// Of plain values. A flow of another process means nothing in this one: the transport finds
    /// one that leads to the peer.
    pub(crate) fn restored(record: &DialogRecord) -> Result<Self, BadRecord> {
        let local_tag = LocalTag::parse(record.local_tag.as_bytes()).ok_or(BadRecord)?;
        let row = [b"From: ", &record.local[..], b"\r\nCall-ID: ", &record.call_id, b"\r\n"];
        Ok(Self {
            call_id: Bytes::copy_from_slice(&record.call_id),
            local_tag,
            remote_tag: record.remote_tag[..].into(),
            identity: Identity::new(&row, &record.remote),
            routes: RouteSet::of_values(&record.routes, record.strict_route.as_ref()),
            target: record.target[..].into(),
            hop: compact(&Destination { flow: None, ..record.hop.clone() }),
            phase: Phase::Confirmed,
            local_cseq: record.local_cseq,
            remote_cseq: record.remote_cseq,
            invite_out: None,
            invite_in: None,
            held_bye: None,
            login: None,
        })
    }
}

impl RouteSet {
    fn values(&self) -> Vec<Bytes> {
        let rows = self.rows.split(|it| *it == b'\n');
        let values = rows.filter_map(|it| it.strip_prefix(ROUTE)?.strip_suffix(b"\r"));
        values.map(Bytes::copy_from_slice).collect()
    }

    fn of_values(values: &[Bytes], strict: Option<&Bytes>) -> Self {
        let rows: Vec<u8> =
            values.iter().flat_map(|it| [ROUTE, &it[..], b"\r\n"].concat()).collect();
        Self { rows: rows.into(), strict: strict.map(|it| it[..].into()) }
    }
}

/// What stands in `row` behind `start` and before the first `end`; header values hold no line
/// breaks.
fn between<'a>(row: &'a [u8], start: &[u8], end: &[u8]) -> &'a [u8] {
    let rest = row.strip_prefix(start).unwrap_or_default();
    let at = rest.windows(end.len()).position(|it| it == end);
    &rest[..at.unwrap_or(rest.len())]
}

const ROUTE: &[u8] = b"Route: ";
