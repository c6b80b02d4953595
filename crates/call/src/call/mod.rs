//! One call: who is in it, how far it is, and what each event makes of it.
//!
//! A call is about its **guest**: the leg whose INVITE came in, or whoever stays when others leave. A
//! [`crate::dialplan::Walk`] says what happens to it, step by step; the state says what it waits for.
//!
//! ```text
//!              ┌──────────────────── it is over, and what became of it ───────────────────┐
//!              ▼                                                                          │
//! INVITE ─▶ the next step of the walk ──┬─ rings somebody ─▶ Ringing ── nobody talks ─────┤
//!              │                        │                      │ somebody answers         │
//!              │                        │                      ▼                          │
//!              │                        │                    Talking ─── REFER ───────────┤
//!              │                        ├─ says something ─▶ Playing ── it is said ───────┤
//!              │                        ├─ asks for keys ──▶ Gathering ── they are there ─┘
//!              │                        ├─ echo, tone, music ▶ Playing
//!              │ nothing is left        ├─ conference ─────▶ Meeting
//!              ▼                        ├─ supervise ──────▶ Supervising
//!            Ending                     └─ messages ───────▶ Voicemail
//! ```
//!
//! In `Ending`, which hanging up leads to from everywhere, every leg has been told to end; the call is
//! forgotten when each leg is settled, that is, when no message of its dialog and no figures of its
//! media session are to come any more.
//!
//! `setup` and `origination` begin a call, `walking` carries out the steps, `ringing` brings those who are rung to the
//! answer, `gathering` takes keys, `talking` brings the media of two together, `modify` handles what
//! happens inside standing dialogs (hold, re-INVITE), `transfer` lets one hand the other on, `merging` and
//! `newcomer` make one call of two, `parked` keeps a guest until somebody fetches it, `forwarding` sends
//! calls elsewhere, `queueing` is a guest who waits in a queue, `recent` knows the last numbers, `command`
//! is for those who order by other means than their phones, `consultation` for one who asks somebody else
//! first and for three who talk, `codes` for those who order by keys, `keys` brings keys to where they mean something, `paging` is a guest who
//! speaks to many, `conference` is a guest in a room, `supervision` one who hears others talk,
//! `signing_in` one at somebody else's phone, `voicemail` one with a mailbox, `recording` records; this file holds the states, the time-outs and the
//! end.

mod codes;
mod command;
mod conference;
mod consultation;
mod forwarding;
mod gathering;
mod keys;
mod merging;
mod modify;
mod newcomer;
mod origination;
mod paging;
mod parked;
mod queueing;
mod recent;
mod recording;
mod ringing;
mod setup;
mod signing_in;
mod supervision;
mod talking;
mod transfer;
mod voicemail;
mod walking;

pub use command::{CallOrder, Command, CommandRefusal, Obeyed};
pub(crate) use conference::{Invitation, Invitee, PROMPTS as CONFERENCE_PROMPTS};
pub use conference::{PartyCommand, RoomCommand};
pub(crate) use newcomer::{Elsewhere, Entrance, ON_OTHER_SHARD, Place, Wanted};
pub use newcomer::{PickUp, PickUpRefusal};
pub use origination::Origination;
pub(crate) use origination::Summons;
pub(crate) use ringing::{Target, Targets};
pub(crate) use setup::{Arrival, Calling, Incoming};
pub(crate) use supervision::{PROMPTS as SUPERVISION_PROMPTS, SupervisionOrder};
pub use supervision::{SupervisionMode, SupervisionRefusal, SupervisionRequest};
pub(crate) use voicemail::{MailboxVisit, PROMPTS as VOICEMAIL_PROMPTS, VisitPurpose};

use crate::{
    cdr::{Cdr, HangupParty},
    context::Context,
    conversations::Listed,
    description,
    dialplan::{Outcome, Walk},
    facts::{CallChange, CallDirection, CallFact, CallRecording, CallState, CallView, LegMedia},
    failure::{Cause, Refusal},
    leg::{CallFacts, Leg},
    output::Output,
    speech::{Language, Phrase},
};
use base::{CallId, DomainId, MediaId, Now};
use codes::CallCodes;
use conference::Meeting;
use consultation::{Consultation, Together};
use gathering::Gathering;
use media::{MediaCommand, StreamStats};
use paging::Paging;
use parked::{Parked, Return};
use queueing::Queueing;
use recording::Recording;
use ringing::Ringing;
use sip::{
    ClientId, DialogId, Request, Response, ServerId, Status,
    endpoint::{ClientFailure, Reply},
};
use smallvec::SmallVec;
use std::time::{Duration, Instant};
use supervision::Supervision;
use talking::{Exchange, Talking};
use transfer::Transfer;
use voicemail::{CallBack, Voicemail};
use walking::{Fault, Refused};

/// How long a worker may take to give the figures of a closed session.
const FIGURES_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a leg may take to settle: longer than any transaction lives, so that only a leg whose
/// handling panicked is ever given up.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(120);

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    id: CallId,
    domain: DomainId,
    caller: String,
    caller_name: Option<String>,
    /// Whether it wants to be unknown to those who are called outside.
    is_caller_withheld: bool,
    dialled: String,
    direction: CallDirection,
    started: Now,
    /// The media worker on which all its sessions live.
    worker: u8,
    legs: Vec<Leg>,
    /// Index in `legs` of whoever the call is about.
    guest: usize,
    /// The guest as those see it who are rung.
    calling: Calling,
    /// What goes with those who are rung.
    arrival: Arrival,
    /// The guest's way through the plan; `None` for a call that was refused before.
    walk: Option<Box<Walk>>,
    /// What becomes of the call once a device was answered that we ring without a caller; `None` for
    /// every other call and from then on.
    summons: Option<Summons>,
    state: State,
    /// Why those who were rung last do not talk.
    refused: Option<Refused>,
    /// The one extension that is rung.
    rung: Option<String>,
    /// How many questions it has put to others, who take their time.
    asked: u32,
    /// One who hands the guest on.
    transfer: Option<Box<Transfer>>,
    /// One who asks somebody else while another waits.
    consultation: Option<Box<Consultation>>,
    /// What is ordered by keys.
    codes: CallCodes,
    /// Dialogs in which a REFER was accepted.
    referred: Vec<DialogId>,
    /// How it stands for whoever asked for it by REFER outside any dialog; `None` for every other call.
    reported: Option<Status>,
    /// Where a guest comes back to that calls somebody back from its mailbox.
    calls_back: Option<Box<CallBack>>,
    /// Where a guest that is or was parked goes if nobody fetches it.
    returns_to: Option<Return>,
    queueing: Queueing,
    recording: Recording,
    /// What was told last of the state and the recording; `None` before anything was.
    told: Option<(CallState, CallRecording)>,
    /// How many of the legs were told of.
    legs_told: usize,
    /// Lets supervisors find it while two talk.
    listed: Option<Listed>,
}

#[derive(Debug)]
enum State {
    /// Somebody is being rung.
    Ringing(Ringing),
    /// The guest is connected to somebody.
    Talking(Talking),
    /// The guest hears us.
    Playing {
        /// When the call has lasted long enough.
        until: Instant,
        /// What follows when everything is said.
        then: AfterWords,
    },
    /// The guest is asked for keys.
    Gathering(Gathering),
    /// Something that the plan wants is asked of others; the guest hears nothing.
    Asking {
        /// Or it is given up then.
        until: Instant,
    },
    /// The guest waits in a parking slot.
    Parked(Box<Parked>),
    /// The guest is in a conference, or at its door.
    Meeting(Box<Meeting>),
    /// Three talk.
    Together(Box<Together>),
    /// Many hear the guest.
    Paging(Box<Paging>),
    /// The guest hears others talk.
    Supervising(Box<Supervision>),
    /// The guest leaves a message, or hears its own.
    Voicemail(Box<Voicemail>),
    /// Every leg was told to end.
    Ending {
        /// Since then.
        since: Instant,
    },
}

/// What follows what the guest is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum AfterWords {
    /// The next step of the plan.
    NextStep,
    /// The end.
    End,
    /// The end of its wait in a queue that nobody serves, and with it that of the call.
    LeaveQueue,
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
        self.end(ctx, Some(self.guest), Refusal::of(Cause::Cancelled));
    }

    /// The ACK to our 2xx.
    pub(crate) fn handle_acked(&mut self, ctx: &mut Context<'_>, leg: usize, ack: &Request) {
        let sdp = description::of(&ack.headers, &ack.body);
        match self.legs[leg].acked(sdp) {
            Ok(None) => self.legs[leg].renew_if_wanted(ctx),
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
        let was_up = self.is_guest_up();
        if !self.takes_part(leg) {
            self.suspend_recording_of(ctx, leg);
            self.legs[leg].bye_received(ctx);
            self.note_transferor_left(ctx, leg);
            self.note_waiting_left(leg);
            self.note_paged_left(ctx);
            return;
        }
        if self.is_consulting() {
            self.suspend_recording_of(ctx, leg);
        }
        self.legs[leg].bye_received(ctx);
        if self.go_on_without(ctx, leg) {
            return;
        }
        let gives_up = matches!(self.state, State::Ringing(_)) && !was_up;
        let cause = if gives_up { Cause::Cancelled } else { Cause::Normal };
        self.end(ctx, Some(leg), Refusal::of(cause));
    }

    /// Whether the call ends with this leg.
    fn takes_part(&self, leg: usize) -> bool {
        leg == self.guest
            || self.other(leg).is_some()
            || matches!(&self.state, State::Together(together) if together.has(leg))
    }

    // === Events of the media sessions ===

    /// The prompt is over.
    pub(crate) fn handle_play_finished(&mut self, ctx: &mut Context<'_>, leg: usize) {
        if self.handle_slot_told(ctx, leg) {
            return;
        }
        if leg != self.guest {
            return;
        }
        match self.state {
            State::Playing { then: AfterWords::NextStep, .. } => {
                self.go_on_after(ctx, &Outcome::Done);
            }
            State::Playing { then: AfterWords::End, .. } => {
                self.be_done(ctx, Refusal::of(Cause::Normal));
            }
            State::Playing { then: AfterWords::LeaveQueue, .. } => {
                self.leave_empty_queue(ctx.now);
                self.be_done(ctx, Refusal::of(Cause::Normal));
            }
            State::Gathering(_) => self.handle_gathering_said(ctx),
            State::Parked(_) => self.play_parked(ctx),
            State::Meeting(_) => self.handle_words_said(ctx),
            State::Voicemail(_) => self.handle_voicemail_said(ctx),
            State::Ringing(_)
            | State::Talking(_)
            | State::Asking { .. }
            | State::Together(_)
            | State::Paging(_)
            | State::Supervising(_)
            | State::Ending { .. } => {}
        }
    }

    /// No RTP came from a leg for the configured time: the far end is dead.
    pub(crate) fn handle_media_timeout(&mut self, ctx: &mut Context<'_>, leg: usize) {
        let is_settled = matches!(self.state, State::Ringing(_) | State::Ending { .. });
        if self.is_consulting() {
            self.lose(ctx, leg, Cause::RtpTimeout);
        } else if self.takes_part(leg) && !is_settled {
            self.end(ctx, None, Refusal::of(Cause::RtpTimeout));
        }
    }

    /// The figures of a closed session.
    pub(crate) fn handle_media_closed(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        media: MediaId,
        stats: StreamStats,
    ) {
        self.legs[leg].media_closed(ctx, media, stats);
    }

    // === Time ===

    /// When [`Self::handle_timeout`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Instant {
        let permits = self.legs.iter().filter_map(Leg::permit_due);
        let others = [self.transfer_due(), self.codes.due(), self.summons_due()];
        permits.chain(others.into_iter().flatten()).fold(self.state_due(), Instant::min)
    }

    fn state_due(&self) -> Instant {
        match &self.state {
            State::Ringing(ringing) => ringing.until,
            State::Talking(talking) => talking.until,
            State::Playing { until, .. } => *until,
            State::Gathering(gathering) => gathering.due(),
            State::Asking { until } => *until,
            State::Parked(parked) => parked.due(),
            State::Meeting(meeting) => meeting.due(),
            State::Together(together) => together.until,
            State::Paging(paging) => paging.due(),
            State::Supervising(supervision) => supervision.due(),
            State::Voicemail(voicemail) => voicemail.due(),
            State::Ending { since } if self.legs.iter().any(Leg::awaits_media) => {
                *since + FIGURES_TIMEOUT
            }
            State::Ending { since } => *since + SETTLE_TIMEOUT,
        }
    }

    /// Lets what is due happen.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Context<'_>) {
        if self.transfer_due().is_some_and(|it| it <= ctx.now.instant) {
            self.handle_transfer_timeout(ctx);
        }
        self.handle_codes_timeout(ctx);
        self.check_permits(ctx);
        if self.summons_due().is_some_and(|it| it <= ctx.now.instant) {
            self.see_to_summons(ctx);
        }
        if self.state_due() > ctx.now.instant {
            return;
        }
        match &self.state {
            State::Ringing(_) => self.handle_ring_timeout(ctx),
            State::Gathering(_) => self.handle_gathering_timeout(ctx),
            State::Asking { .. } => self.handle_asking_timeout(ctx),
            State::Parked(_) => self.handle_parked_timeout(ctx),
            State::Talking(_) | State::Playing { .. } | State::Together(_) => {
                self.end(ctx, None, Refusal::of(Cause::MaxDuration));
            }
            State::Supervising(_) => self.handle_supervision_timeout(ctx),
            State::Meeting(_) => self.handle_meeting_timeout(ctx),
            State::Paging(_) => self.handle_paging_timeout(ctx),
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

    /// Ends those whose line or domain has talked outside for as long as it may today.
    fn check_permits(&mut self, ctx: &mut Context<'_>) {
        for leg in 0..self.legs.len() {
            let Err(refusal) = self.legs[leg].check_permit(ctx.now) else { continue };
            if self.is_consulting() {
                self.lose(ctx, leg, refusal.cause);
                continue;
            }
            if self.takes_part(leg) {
                return self.end(ctx, None, refusal);
            }
            self.suspend_recording_of(ctx, leg);
            self.legs[leg].end(ctx, HangupParty::System, &refusal);
            self.note_transferor_left(ctx, leg);
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
        self.abandon_transfer(ctx);
        self.report(refusal.status);
        self.consultation = None;
        self.announce_leaving(ctx);
        self.leave_mailbox(ctx);
        self.report_to_inviter(ctx, &refusal);
        for (n, leg) in self.legs.iter_mut().enumerate() {
            let hangup = match by {
                Some(by) if by == n => HangupParty::Remote,
                Some(_) => HangupParty::Peer,
                None => HangupParty::System,
            };
            leg.end(ctx, hangup, &refusal);
        }
        drop(self.listed.take());
        self.state = State::Ending { since: ctx.now.instant };
    }

    /// Rows for the call log of legs that have settled since the last time; the journal is told what
    /// happened before.
    pub(crate) fn take_cdrs(&mut self, ctx: &mut Context<'_>) -> Vec<Cdr> {
        let queue_news = self.take_queue_news(ctx.now);
        let facts = CallFacts {
            call: self.id,
            domain: self.domain,
            caller: &self.caller,
            caller_name: self.caller_name.as_deref(),
            dialled: &self.dialled,
        };
        for leg in &mut self.legs {
            leg.tell_journal(ctx, &facts);
        }
        // A leg is told before what happens to it.
        ctx.outputs.extend(queue_news);
        self.legs.iter_mut().filter_map(|leg| leg.take_cdr(ctx, &facts)).collect()
    }

    /// What is otherwise than it was told last; the whole call the first time.
    pub(crate) fn take_fact(&mut self, now: Now) -> Option<CallFact> {
        let known = std::mem::replace(&mut self.legs_told, self.legs.len());
        let legs: SmallVec<_> = (0..)
            .zip(&mut self.legs)
            .filter_map(|(n, leg)| Some((n, leg.take_change(now.unix)?)))
            .filter(|(n, _)| usize::from(*n) < known)
            .collect();
        let shown = (self.shown_state(), self.shown_recording());
        let told = self.told.replace(shown);
        if told.is_none() {
            return Some(CallFact::Began(Box::new(self.view())));
        }
        let added: Vec<_> = self.legs[known..].iter().map(Leg::view).collect();
        if told == Some(shown) && legs.is_empty() && added.is_empty() {
            return None;
        }
        let (call, at, (state, recording)) = (self.id, now.unix, shown);
        let answered = self.legs[0].answered_at();
        let change = CallChange { call, at, state, answered, recording, legs, added };
        Some(CallFact::Changed(change))
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
        let sound = ctx.world.sounds.say(language, phrases);
        if let Some(media) = self.legs[self.guest].media() {
            self.tell_worker(ctx, MediaCommand::Tell { media, sound });
        }
    }

    // === Getters ===

    /// Its id.
    pub(crate) fn id(&self) -> CallId {
        self.id
    }

    /// The domain that it belongs to.
    pub(crate) fn domain(&self) -> DomainId {
        self.domain
    }

    /// How it stands for whoever asked for it by REFER outside any dialog.
    pub(crate) fn reported(&self) -> Option<Status> {
        self.reported
    }

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
            answered: self.legs[0].answered_at(),
            recording: self.shown_recording(),
            is_recording_forced: self.recording.is_by_rule(),
            legs: self.legs.iter().map(Leg::view).collect(),
        }
    }

    fn shown_state(&self) -> CallState {
        match &self.state {
            State::Ringing(_) => CallState::Ringing,
            State::Talking(talking)
                if [self.guest, talking.with].iter().any(|leg| self.legs[*leg].is_held()) =>
            {
                CallState::Held
            }
            State::Talking(_) => CallState::Talking,
            State::Parked(parked) => {
                // Lists of calls can number all legs.
                let leg = u8::try_from(self.guest).unwrap_or(u8::MAX);
                CallState::Parked { slot: parked.slot(), leg }
            }
            State::Playing { .. } | State::Gathering(_) | State::Asking { .. } => {
                CallState::Playing
            }
            State::Voicemail(_) => CallState::Voicemail,
            State::Meeting(_) | State::Together(_) => CallState::Conference,
            State::Paging(_) => CallState::Paging,
            State::Supervising(_) => CallState::Supervising,
            State::Ending { .. } => CallState::Ending,
        }
    }

    fn shown_recording(&self) -> CallRecording {
        if self.is_ending() { CallRecording::Off } else { self.recording.shown() }
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
