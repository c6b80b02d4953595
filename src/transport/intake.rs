//! What happens to received bytes, the same for every transport: keep-alives, limits, parse, shard.

use super::{
    event::{Inboxes, Overflow, TransportEvent},
    meters::Meters,
    sources::{Sources, Verdict},
};
use bytes::Bytes;
use sip::{
    HeaderName, Headers, Message, Request, Response, Source, Status,
    parse::{self, Framing},
    shard::shard_of,
};
use std::{
    hash::{BuildHasher, RandomState},
    time::Instant,
};

/// What a refused new request is told to wait, in seconds.
const RETRY_AFTER: &str = "5";

/// Shared by all readers; nothing in it is locked for a message that passes.
pub(super) struct Intake {
    pub(super) sources: Sources,
    pub(super) inboxes: Inboxes,
    pub(super) meters: Meters,
    /// Makes To tags of stateless responses: the same for a retransmission (RFC 3261 section 8.2.7).
    tags: RandomState,
}

/// What is left for the reader to do.
#[derive(Debug)]
pub(super) enum Taken {
    /// Nothing.
    Done,
    /// Send this back.
    Reply(Bytes),
    /// The shard has no room: wait ([`Inboxes::wait`]) or drop it ([`Intake::drop_for_overload`]).
    Wait(u8, Box<TransportEvent>),
}

impl Intake {
    pub(super) fn new(sources: Sources, inboxes: Inboxes) -> Self {
        Self { sources, inboxes, meters: Meters::new(), tags: RandomState::new() }
    }

    /// Whether the source may send at all; charges it one message.
    pub(super) fn admit(&self, now: Instant, source: &Source) -> bool {
        match self.sources.admit(now, source.remote.ip()) {
            Verdict::Pass => true,
            Verdict::Limited => {
                self.meters.limited.increment(1);
                false
            }
            Verdict::Banned => {
                self.meters.banned.increment(1);
                false
            }
        }
    }

    /// Whether a connection of the source must end.
    pub(super) fn is_banned(&self, now: Instant, source: &Source) -> bool {
        self.sources.is_banned(now, source.remote.ip().into())
    }

    /// Parses a message that was admitted and hands it to its shard.
    pub(super) fn take(&self, now: Instant, source: Source, raw: Bytes, framing: Framing) -> Taken {
        let traffic = self.meters.of(source.transport);
        traffic.received.increment(1);
        match parse::parse(&raw, framing) {
            Ok(message) => self.route(source, message, raw),
            Err(error) => {
                traffic.parse_errors.increment(1);
                tracing::debug!(remote = %source.remote, %error, "not a message");
                self.refuse(now, &source, parse::refusal(&raw, &error))
            }
        }
    }

    /// What to tell the sender of bytes that are no message. Charged to the source once more, as
    /// nobody sends such things for long by mistake.
    pub(super) fn refuse(&self, now: Instant, source: &Source, refusal: Option<Response>) -> Taken {
        match refusal {
            Some(refusal) if self.admit(now, source) => Taken::Reply(refusal.encode()),
            Some(_) | None => Taken::Done,
        }
    }

    /// Counts a message that could not wait.
    pub(super) fn drop_for_overload(&self) {
        self.meters.overload_dropped.increment(1);
    }

    fn route(&self, source: Source, message: Message, raw: Bytes) -> Taken {
        let shard = shard_of(&message, self.inboxes.shards());
        match self.inboxes.offer(shard, source, message, raw) {
            Ok(()) => Taken::Done,
            Err(Overflow::Continuing(event)) => Taken::Wait(shard, event),
            Err(Overflow::NewWork(request)) => {
                self.meters.overload_refused.increment(1);
                Taken::Reply(self.unavailable(&request).encode())
            }
            Err(Overflow::Closed) => {
                self.drop_for_overload();
                Taken::Done
            }
        }
    }

    /// 503 without any state kept: what RFC 3261 section 8.2.6.2 says to copy, and a To tag.
    fn unavailable(&self, request: &Request) -> Response {
        let mut headers = Headers::new();
        for name in [HeaderName::Via, HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
            for value in request.headers.all(&name) {
                headers.push(name.clone(), value.clone());
            }
        }
        let tag = self.tags.hash_one(request.headers.first(&HeaderName::CallId));
        let tag = format!(";tag={tag:016x}");
        if let Some(to) = request.headers.first(&HeaderName::To) {
            headers.push(HeaderName::To, [to, tag.as_bytes()].concat());
        }
        headers.push(HeaderName::RetryAfter, RETRY_AFTER.as_bytes());
        let status = Status(503);
        let reason = Bytes::from_static(status.reason().as_bytes());
        Response { status, reason, headers, body: Bytes::new() }
    }
}
