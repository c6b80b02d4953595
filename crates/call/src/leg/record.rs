//! What a leg's row of the call log will say, and what the journal is told meanwhile.

use crate::{
    cdr::{Cdr, HangupParty, LegRole, Line},
    context::Context,
    failure::Cause,
    journal::{LegEvent, LegHappening},
    output::Output,
};
use base::{CallId, CdrId, DomainId, ExtensionId, LegId, Now, UnixMillis};
use bytes::Bytes;
use media::StreamStats;
use sip::{Status, dialog::DialogRecord};
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
    /// How far the journal knows the story.
    told: Told,
    /// Whether the journal knows that the other side is on hold.
    is_hold_told: bool,
    /// Whose leg it is as far as the journal knows.
    call_told: Option<CallId>,
}

/// How far the journal knows a leg's story.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Told {
    Nothing,
    Began,
    Rang,
    Answered,
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
            told: Told::Nothing,
            is_hold_told: false,
            call_told: None,
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

    /// The extension whose phone it is, if its party is signed in there.
    pub(super) fn workplace(&self) -> Option<&str> {
        self.line.as_ref()?.workplace.as_deref()
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
        self.answered_at.map(|it| self.unix(it))
    }

    // === The journal ===

    /// Tells the journal what it does not know yet. `is_held` says whether the far end holds the other
    /// side, and `dialog` gives the leg's dialog.
    pub(super) fn tell(
        &mut self,
        ctx: &mut Context<'_>,
        call: &CallFacts<'_>,
        is_held: bool,
        dialog: impl FnOnce(&Context<'_>) -> Option<DialogRecord>,
    ) {
        if self.is_written {
            return;
        }
        let now = ctx.now.unix;
        if self.told == Told::Nothing {
            let row = self.row(CdrId::of_leg(self.started.unix, self.leg), call);
            // What has happened already is told next.
            let row = Cdr { ring_ms: None, answer_ms: None, ..row };
            self.call_told = Some(call.call);
            self.tell_one(ctx, call, self.started.unix, LegHappening::Began(Box::new(row)));
            self.told = Told::Began;
        }
        if self.call_told.replace(call.call) != Some(call.call) {
            self.tell_one(ctx, call, now, LegHappening::Moved);
        }
        if self.told < Told::Rang
            && let Some(ringing_at) = self.ringing_at
        {
            self.tell_one(ctx, call, self.unix(ringing_at), LegHappening::Rang);
            self.told = Told::Rang;
        }
        if self.told < Told::Answered
            && let Some(answered) = self.answered()
        {
            let dialog = dialog(ctx).map(Box::new);
            self.tell_one(ctx, call, answered, LegHappening::Answered(dialog));
            self.told = Told::Answered;
        }
        if self.told == Told::Answered && self.end.is_none() && is_held != self.is_hold_told {
            self.is_hold_told = is_held;
            let what = if is_held { LegHappening::Held } else { LegHappening::Resumed };
            self.tell_one(ctx, call, now, what);
        }
    }

    fn tell_one(
        &self,
        ctx: &mut Context<'_>,
        call: &CallFacts<'_>,
        at: UnixMillis,
        what: LegHappening,
    ) {
        let event = LegEvent { call: call.call, leg: self.leg, at, what };
        ctx.outputs.push_back(Output::Journal(Box::new(event)));
    }

    // === The call log ===

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
        let row = self.row(CdrId::new(ctx.now.unix, ctx.rng), call);
        let end_ms = self.since_start(end.at);
        Some(Cdr {
            end_ms,
            talk_ms: row.answer_ms.map_or(0, |answered| end_ms - answered),
            sip_status: end.status.0,
            hangup: end.hangup,
            cause: end.cause.as_str().to_owned(),
            codec: self.codec.take().filter(|_| row.answer_ms.is_some()),
            media: media(),
            ..row
        })
    }

    /// The row as far as it is known; without an end, it is as if the leg had come to nothing at once.
    fn row(&self, id: CdrId, call: &CallFacts<'_>) -> Cdr {
        let (caller, caller_name, dialled) = match &self.origin {
            Some(it) => (it.caller.as_str(), it.caller_name.as_deref(), it.dialled.as_str()),
            None => (call.caller, call.caller_name, call.dialled),
        };
        let line = self.line.as_ref();
        let told = caller_name.filter(|_| self.role == LegRole::Caller);
        Cdr {
            id,
            call: call.call,
            leg: self.leg,
            domain: call.domain,
            role: self.role,
            caller: caller.to_owned(),
            dialled: dialled.to_owned(),
            party: self.party.clone(),
            user: line.and_then(|it| it.user),
            workplace: line.and_then(|it| it.workplace.clone()),
            name: line
                .map(|it| it.name.as_str())
                .filter(|it| !it.is_empty())
                .or(told)
                .map(str::to_owned),
            sip_call_id: self.sip_call_id.clone(),
            signalling_peer: self.peer.clone(),
            started: self.started.unix,
            ring_ms: self.ringing_at.map(|it| self.since_start(it)),
            answer_ms: self.answered_at.map(|it| self.since_start(it)),
            end_ms: 0,
            talk_ms: 0,
            sip_status: Cause::Cancelled.status().0,
            hangup: HangupParty::System,
            cause: Cause::Cancelled.as_str().to_owned(),
            codec: None,
            media: StreamStats::default(),
        }
    }

    fn since_start(&self, at: Instant) -> i64 {
        at.saturating_duration_since(self.started.instant).as_millis() as i64
    }

    /// By the clock that people read, as it stood when the leg began.
    fn unix(&self, at: Instant) -> UnixMillis {
        UnixMillis(self.started.unix.0 + self.since_start(at))
    }
}
