//! What a leg's row of the call log will say.

use crate::{
    cdr::{Cdr, HangupParty, LegRole, Line},
    context::Context,
    failure::Cause,
};
use base::{CallId, CdrId, DomainId, ExtensionId, LegId, Now, UnixMillis};
use bytes::Bytes;
use media::StreamStats;
use sip::Status;
use std::time::Instant;

/// The story of a leg, written down as it happens.
#[derive(Debug)]
pub(super) struct Record {
    leg: LegId,
    role: LegRole,
    party: String,
    line: Option<Line>,
    extension: Option<ExtensionId>,
    sip_call_id: String,
    peer: String,
    started: Now,
    ringing_at: Option<Instant>,
    answered_at: Option<Instant>,
    end: Option<End>,
    codec: Option<String>,
    is_written: bool,
    /// Of whose call it was when it began, if that was another.
    origin: Option<Box<Origin>>,
}

/// Of whose call a leg was.
#[derive(Debug)]
struct Origin {
    caller: String,
    caller_name: Option<String>,
    dialled: String,
}

/// How a leg ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    at: Instant,
    hangup: HangupParty,
    pub(super) cause: Cause,
    status: Status,
}

/// What all legs of a call have in common in the call log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallFacts<'a> {
    pub(crate) call: CallId,
    pub(crate) domain: DomainId,
    pub(crate) caller: &'a str,
    /// What a trunk says the caller is called.
    pub(crate) caller_name: Option<&'a str>,
    pub(crate) dialled: &'a str,
}

impl Record {
    /// Of a leg that begins; `peer` is where its far end signals from.
    pub(super) fn new(
        ctx: &mut Context<'_>,
        role: LegRole,
        party: String,
        line: Option<Line>,
        sip_call_id: String,
        peer: String,
    ) -> Self {
        Self {
            leg: LegId::new(ctx.now.unix, ctx.rng),
            role,
            party,
            extension: line.as_ref().map(|it| it.id),
            line,
            sip_call_id,
            peer,
            started: ctx.now,
            ringing_at: None,
            answered_at: None,
            end: None,
            codec: None,
            is_written: false,
            origin: None,
        }
    }

    /// It was a leg of this caller's call when it began; what was said first counts.
    pub(super) fn belong_to(&mut self, caller: &str, caller_name: Option<&str>, dialled: &str) {
        self.origin.get_or_insert_with(|| {
            Box::new(Origin {
                caller: caller.to_owned(),
                caller_name: caller_name.map(str::to_owned),
                dialled: dialled.to_owned(),
            })
        });
    }

    pub(super) fn note_ringing(&mut self, now: Now) {
        self.ringing_at.get_or_insert(now.instant);
    }

    pub(super) fn note_answer(&mut self, now: Now) {
        self.answered_at.get_or_insert(now.instant);
    }

    /// Notes the end; the first one counts. A leg that was answered has 200 as its status.
    pub(super) fn note_end(
        &mut self,
        now: Now,
        hangup: HangupParty,
        cause: Cause,
        unanswered: Status,
    ) {
        let status = if self.answered_at.is_some() { Status(200) } else { unanswered };
        self.end.get_or_insert(End { at: now.instant, hangup, cause, status });
    }

    pub(super) fn note_codec(&mut self, encoding: &str, clock_rate: u32) {
        self.codec = Some(format!("{encoding}/{clock_rate}"));
    }

    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    pub(super) fn id(&self) -> LegId {
        self.leg
    }

    pub(super) fn role(&self) -> LegRole {
        self.role
    }

    pub(super) fn sip_call_id(&self) -> Bytes {
        Bytes::copy_from_slice(self.sip_call_id.as_bytes())
    }

    pub(super) fn party(&self) -> &str {
        &self.party
    }

    pub(super) fn extension(&self) -> Option<ExtensionId> {
        self.extension
    }

    /// Whether a callee's device said that it rings.
    pub(super) fn is_ringing(&self) -> bool {
        self.role == LegRole::Callee && self.ringing_at.is_some()
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answered_at.is_some()
    }

    /// When it was answered, by the clock that people read.
    pub(super) fn answered(&self) -> Option<UnixMillis> {
        let after = self.answered_at?.saturating_duration_since(self.started.instant);
        Some(UnixMillis(self.started.unix.0 + after.as_millis() as i64))
    }

    /// The row; once, and only after the end.
    pub(super) fn take_cdr(
        &mut self,
        ctx: &mut Context<'_>,
        call: &CallFacts<'_>,
        media: impl FnOnce() -> StreamStats,
    ) -> Option<Cdr> {
        let end = self.end?;
        if std::mem::replace(&mut self.is_written, true) {
            return None;
        }
        let started = self.started.instant;
        let since_start = |at: Instant| at.saturating_duration_since(started).as_millis() as i64;
        let answer_ms = self.answered_at.map(since_start);
        let origin = self.origin.take();
        let (caller, caller_name, dialled) = match &origin {
            Some(it) => (it.caller.as_str(), it.caller_name.as_deref(), it.dialled.as_str()),
            None => (call.caller, call.caller_name, call.dialled),
        };
        let line = self.line.take();
        let told = caller_name.filter(|_| self.role == LegRole::Caller);
        let end_ms = since_start(end.at);
        Some(Cdr {
            id: CdrId::new(ctx.now.unix, ctx.rng),
            call: call.call,
            leg: self.leg,
            domain: call.domain,
            role: self.role,
            caller: caller.to_owned(),
            dialled: dialled.to_owned(),
            // The leg is shown until its call is forgotten.
            party: self.party.clone(),
            user: line.as_ref().and_then(|it| it.user),
            name: line
                .map(|it| it.name)
                .filter(|it| !it.is_empty())
                .or_else(|| told.map(str::to_owned)),
            sip_call_id: std::mem::take(&mut self.sip_call_id),
            signalling_peer: std::mem::take(&mut self.peer),
            started: self.started.unix,
            ring_ms: self.ringing_at.map(since_start),
            answer_ms,
            end_ms,
            talk_ms: answer_ms.map_or(0, |answered| end_ms - answered),
            sip_status: end.status.0,
            hangup: end.hangup,
            cause: end.cause.as_str().to_owned(),
            codec: self.codec.take().filter(|_| answer_ms.is_some()),
            media: media(),
        })
    }
}
