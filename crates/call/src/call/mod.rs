//! One call: who is in it, how far it is, and what each event makes of it.
//!
//! A call begins with an INVITE that was let in and routed. Leg 0 is the caller; the others are
//! those we ring for it.
//!
//! ```text
//!            ring a user or a trunk                    someone answers
//! INVITE ──────────────────────────────▶ Ringing ──────────────────────────▶ Talking
//!    │                                      │ all refuse, no answer, CANCEL     │ BYE, RTP time-out,
//!    │ echo, tone, prompt                   ▼                                   ▼ longest duration
//!    ├────────────────▶ Playing ─────────▶ Ending ◀─────────────────────────────┘
//!    │ conference                             ▲
//!    ├────────────────▶ Meeting ──────────────┤
//!    │ supervise                              │
//!    ├────────────────▶ Supervising ──────────┤
//!    │ leave a message, hear one's own        │
//!    └────────────────▶ Voicemail ────────────┘
//! ```
//!
//! In `Ending` every leg has been told to end; the call is forgotten when each leg is settled, that
//! is, when no message of its dialog and no figures of its media session are to come any more.
//!
//! `setup` brings a call from the INVITE to the answer, `modify` handles what happens inside
//! standing dialogs (hold, re-INVITE), `keys` brings keys to where they mean something, `conference`
//! is a caller in a room, `supervision` one who hears others talk, `voicemail` one with a mailbox,
//! `recording` records; this file holds the states, the time-outs and the end.

mod conference;
mod keys;
mod modify;
mod recording;
mod setup;
mod supervision;
mod voicemail;

pub use conference::PartyCommand;
pub(crate) use conference::{Invitation, PROMPTS as CONFERENCE_PROMPTS};
pub(crate) use setup::{Incoming, Plan, Target};
pub(crate) use supervision::{PROMPTS as SUPERVISION_PROMPTS, SupervisionOrder};
pub(crate) use voicemail::{MailboxVisit, PROMPTS as VOICEMAIL_PROMPTS, VisitPurpose};

use crate::{
    cdr::{Cdr, HangupParty},
    context::Context,
    conversations::Listed,
    description,
    facts::{CallChange, CallDirection, CallFact, CallRecording, CallState, CallView, LegMedia},
    failure::{Cause, Refusal},
    leg::{CallFacts, Leg},
    occupancy::Seat,
    output::Output,
    speech::{Language, Phrase},
};
use base::{CallId, DomainId, Now};
use conference::Meeting;
use media::{MediaCommand, StreamStats, sdp::Sdp};
use recording::Recording;
use sip::{
    ClientId, DialogId, Request, Response, ServerId, Status,
    endpoint::{ClientFailure, Reply},
};
use smallvec::SmallVec;
use std::time::{Duration, Instant};
use supervision::Supervision;
use voicemail::Voicemail;

/// How long a worker may take to give the figures of a closed session.
const FIGURES_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a leg may take to settle: longer than any transaction lives, so that only a leg whose
/// handling panicked is ever given up.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(120);

/// Index of the caller in [`Call::legs`].
const CALLER: usize = 0;

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    id: CallId,
    domain: DomainId,
    caller: String,
    caller_name: Option<String>,
    dialled: String,
    direction: CallDirection,
    started: Now,
    /// The media worker on which all its sessions live.
    worker: u8,
    legs: Vec<Leg>,
    state: State,
    recording: Recording,
    /// What was told last of the state and the recording; `None` before anything was.
    told: Option<(CallState, CallRecording)>,
    /// What counts against the parties' limits of concurrent calls, until the end.
    seats: Vec<Seat>,
    /// Lets supervisors find it while two talk.
    listed: Option<Listed>,
}

#[derive(Debug)]
enum State {
    /// Somebody is being rung.
    Ringing(Ringing),
    /// The caller is connected to one of those we rang.
    Talking(Talking),
    /// The caller hears us.
    Playing {
        /// When the call has lasted long enough.
        until: Instant,
    },
    /// The caller is in a conference, or at its door.
    Meeting(Box<Meeting>),
    /// The caller hears others talk.
    Supervising(Box<Supervision>),
    /// The caller leaves a message, or hears its own.
    Voicemail(Box<Voicemail>),
    /// Every leg was told to end.
    Ending {
        /// Since then.
        since: Instant,
    },
}

#[derive(Debug)]
struct Ringing {
    /// The caller's offer; `None` if it wants one from us.
    offer: Option<Sdp>,
    /// When nobody has answered.
    until: Instant,
    /// The most telling refusal so far.
    refusal: Option<Refusal>,
    /// What the caller was told last.
    told: Option<Status>,
    /// Whose early media the caller hears.
    early: Option<usize>,
}

#[derive(Debug)]
struct Talking {
    /// Who answered.
    callee: usize,
    /// When the call has lasted long enough.
    until: Instant,
    exchange: Exchange,
}

/// The offer/answer exchange under way (RFC 3264): at most one a call, since both legs take part.
#[derive(Debug)]
enum Exchange {
    /// None.
    Idle,
    /// A re-INVITE of `from` was passed to the other leg.
    Passed {
        /// Whose.
        from: usize,
        /// To answer it with.
        server: ServerId,
        /// Ours to the other leg.
        client: ClientId,
        /// Its offer; `None` if the other leg is to make one.
        offer: Option<Sdp>,
    },
    /// The 2xx of `offerer` brought an offer, which the ACK of the other leg will answer.
    AnswerInAck {
        /// Who made the offer.
        offerer: usize,
        /// The offer.
        offer: Sdp,
    },
}

impl Call {
    // === Events of the dialogs ===

    /// A response to a request of ours on `leg`.
    pub(crate) fn handle_response(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        client: ClientId,
        dialog: Option<DialogId>,
        response: &Response,
    ) {
        if self.is_invite_of(leg, client) {
            self.handle_invite_response(ctx, leg, dialog, response);
        } else {
            self.handle_modify_response(ctx, leg, client, response);
        }
    }

    /// A request of ours on `leg` got no response: as 408 or 503 (RFC 3261 section 8.1.3.1).
    pub(crate) fn handle_failure(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        client: ClientId,
        failure: ClientFailure,
    ) {
        let status = match failure {
            ClientFailure::TimedOut => Status(408),
            ClientFailure::Undeliverable => Status(503),
        };
        if self.is_invite_of(leg, client) {
            self.handle_invite_failure(ctx, leg, status);
        } else {
            self.handle_modify_failure(ctx, leg, client, status);
        }
    }

    /// The caller gave up.
    pub(crate) fn handle_cancelled(&mut self, ctx: &mut Context<'_>, server: ServerId) {
        if self.give_up_exchange(ctx, server) {
            return;
        }
        self.end(ctx, Some(CALLER), Refusal::of(Cause::Cancelled));
    }

    /// The ACK to our 2xx.
    pub(crate) fn handle_acked(&mut self, ctx: &mut Context<'_>, leg: usize, ack: &Request) {
        let sdp = description::of(&ack.headers, &ack.body);
        match self.legs[leg].acked(sdp) {
            Ok(None) => {}
            Ok(Some(answer)) => self.handle_answer_in_ack(ctx, leg, &answer),
            Err(error) => self.end(ctx, None, error.refusal()),
        }
    }

    /// The ACK to our 2xx never came (RFC 3261 section 13.3.1.4).
    pub(crate) fn handle_not_acked(&mut self, ctx: &mut Context<'_>) {
        self.end(ctx, None, Refusal::of(Cause::NotAcked));
    }

    /// `leg` hangs up.
    pub(crate) fn handle_bye(&mut self, ctx: &mut Context<'_>, leg: usize, server: ServerId) {
        ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(200)));
        self.legs[leg].bye_received(ctx);
        let cause = match self.state {
            State::Ringing(_) => Cause::Cancelled,
            State::Talking(_)
            | State::Playing { .. }
            | State::Meeting(_)
            | State::Supervising(_)
            | State::Voicemail(_)
            | State::Ending { .. } => Cause::Normal,
        };
        self.end(ctx, Some(leg), Refusal::of(cause));
    }

    // === Events of the media sessions ===

    /// The prompt is over.
    pub(crate) fn handle_play_finished(&mut self, ctx: &mut Context<'_>) {
        match self.state {
            State::Playing { .. } => self.end(ctx, None, Refusal::of(Cause::Normal)),
            State::Meeting(_) => self.handle_words_said(ctx),
            State::Voicemail(_) => self.handle_voicemail_said(ctx),
            State::Ringing(_)
            | State::Talking(_)
            | State::Supervising(_)
            | State::Ending { .. } => {}
        }
    }

    /// No RTP came from a leg for the configured time: the far end is dead.
    pub(crate) fn handle_media_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.state {
            State::Talking(_)
            | State::Playing { .. }
            | State::Meeting(_)
            | State::Supervising(_)
            | State::Voicemail(_) => {
                self.end(ctx, None, Refusal::of(Cause::RtpTimeout));
            }
            State::Ringing(_) | State::Ending { .. } => {}
        }
    }

    /// The figures of a closed session.
    pub(crate) fn handle_media_closed(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        stats: StreamStats,
    ) {
        self.legs[leg].media_closed(ctx, stats);
    }

    // === Time ===

    /// When [`Self::handle_timeout`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Instant {
        match &self.state {
            State::Ringing(ringing) => ringing.until,
            State::Talking(talking) => talking.until,
            State::Playing { until } => *until,
            State::Meeting(meeting) => meeting.due(),
            State::Supervising(supervision) => supervision.until,
            State::Voicemail(voicemail) => voicemail.due(),
            State::Ending { since } if self.legs.iter().any(Leg::awaits_media) => {
                *since + FIGURES_TIMEOUT
            }
            State::Ending { since } => *since + SETTLE_TIMEOUT,
        }
    }

    /// Lets what is due happen.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Context<'_>) {
        if self.poll_timeout() > ctx.now.instant {
            return;
        }
        match &self.state {
            State::Ringing(ringing) => {
                let no_answer = Refusal::of(Cause::NoAnswer);
                let refusal = ringing.refusal.clone().filter(|it| it.cause == Cause::Busy);
                self.end(ctx, None, refusal.unwrap_or(no_answer));
            }
            State::Talking(_) | State::Playing { .. } | State::Supervising(_) => {
                self.end(ctx, None, Refusal::of(Cause::MaxDuration));
            }
            State::Meeting(_) => self.handle_meeting_timeout(ctx),
            State::Voicemail(_) => self.handle_voicemail_timeout(ctx),
            State::Ending { since } => {
                let is_over = ctx.now.instant >= *since + SETTLE_TIMEOUT;
                for leg in &mut self.legs {
                    leg.give_up_media(ctx);
                    if is_over {
                        leg.give_up(ctx);
                    }
                }
            }
        }
    }

    // === The end ===

    /// Ends the call. `by` is the leg whose far end wanted it; `None` means that we did. A caller
    /// who still waits for an answer gets the refusal's status.
    pub(crate) fn end(&mut self, ctx: &mut Context<'_>, by: Option<usize>, refusal: Refusal) {
        if matches!(self.state, State::Ending { .. }) {
            return;
        }
        self.refuse_exchange(ctx);
        self.announce_leaving(ctx);
        self.leave_message_behind(ctx);
        for (n, leg) in self.legs.iter_mut().enumerate() {
            let hangup = match by {
                Some(by) if by == n => HangupParty::Remote,
                Some(_) => HangupParty::Peer,
                None => HangupParty::System,
            };
            leg.end(ctx, hangup, &refusal);
        }
        self.seats.clear();
        drop(self.listed.take());
        self.state = State::Ending { since: ctx.now.instant };
    }

    /// Rows for the call log of legs that have settled since the last time.
    pub(crate) fn take_cdrs(&mut self, ctx: &mut Context<'_>) -> Vec<Cdr> {
        let facts = CallFacts {
            call: self.id,
            domain: self.domain,
            caller: &self.caller,
            caller_name: self.caller_name.as_deref(),
            dialled: &self.dialled,
        };
        self.legs.iter_mut().filter_map(|leg| leg.take_cdr(ctx, &facts)).collect()
    }

    /// What is otherwise than it was told last; the whole call the first time.
    pub(crate) fn take_fact(&mut self, now: Now) -> Option<CallFact> {
        let legs: SmallVec<_> = (0..)
            .zip(&mut self.legs)
            .filter_map(|(n, leg)| Some((n, leg.take_change(now.unix)?)))
            .collect();
        let shown = (self.shown_state(), self.shown_recording());
        let told = self.told.replace(shown);
        if told.is_none() {
            return Some(CallFact::Began(Box::new(self.view())));
        }
        if told == Some(shown) && legs.is_empty() {
            return None;
        }
        let (call, at, (state, recording)) = (self.id, now.unix, shown);
        let answered = self.legs[CALLER].answered_at();
        Some(CallFact::Changed(CallChange { call, at, state, answered, recording, legs }))
    }

    /// Whether the call can be forgotten.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Ending { .. }) && self.legs.iter().all(Leg::is_settled)
    }

    /// Takes the call's names out of the index.
    pub(crate) fn forget(&mut self, ctx: &mut Context<'_>) {
        self.forget_exchange(ctx);
        for leg in &mut self.legs {
            leg.forget(ctx);
        }
    }

    /// The one worker on which all the call's media lives.
    fn tell_worker(&self, ctx: &mut Context<'_>, command: MediaCommand) {
        ctx.outputs.push_back(Output::Media { worker: self.worker, command });
    }

    /// Says something to a caller in a room, which no other hears.
    fn tell_caller(&self, ctx: &mut Context<'_>, language: Language, phrases: &[Phrase<'_>]) {
        let sound = ctx.sounds.say(language, phrases);
        if let Some(media) = self.legs[CALLER].media() {
            self.tell_worker(ctx, MediaCommand::Tell { media, sound });
        }
    }

    // === Getters ===

    /// For the list of live calls.
    pub(crate) fn view(&self) -> CallView {
        CallView {
            id: self.id,
            domain: self.domain,
            direction: self.direction,
            state: self.shown_state(),
            caller: self.caller.clone(),
            caller_name: self.caller_name.clone(),
            dialled: self.dialled.clone(),
            started: self.started.unix,
            answered: self.legs[CALLER].answered_at(),
            recording: self.shown_recording(),
            is_recording_forced: self.recording.is_by_rule(),
            legs: self.legs.iter().map(Leg::view).collect(),
        }
    }

    fn shown_state(&self) -> CallState {
        match &self.state {
            State::Ringing(_) => CallState::Ringing,
            State::Talking(talking)
                if [CALLER, talking.callee].iter().any(|leg| self.legs[*leg].is_held()) =>
            {
                CallState::Held
            }
            State::Talking(_) => CallState::Talking,
            State::Playing { .. } | State::Voicemail(_) => CallState::Playing,
            State::Meeting(_) => CallState::Conference,
            State::Supervising(_) => CallState::Supervising,
            State::Ending { .. } => CallState::Ending,
        }
    }

    fn shown_recording(&self) -> CallRecording {
        match self.state {
            State::Ending { .. } => CallRecording::Off,
            State::Ringing(_)
            | State::Talking(_)
            | State::Playing { .. }
            | State::Meeting(_)
            | State::Supervising(_)
            | State::Voicemail(_) => self.recording.shown(),
        }
    }

    /// Whether the call is past its end and only settles.
    pub(crate) fn is_ending(&self) -> bool {
        matches!(self.state, State::Ending { .. })
    }

    /// The media sessions of its legs.
    pub(crate) fn media(&self) -> Vec<LegMedia> {
        let of = |leg: &Leg| {
            let (view, media) = (leg.view(), leg.media()?);
            Some(LegMedia { leg: view.id, number: view.number().to_owned(), media })
        };
        self.legs.iter().filter_map(of).collect()
    }

    /// How many legs the call has, settled ones included.
    pub(crate) fn legs(&self) -> usize {
        self.legs.len()
    }
}
