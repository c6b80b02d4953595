//! Somebody is rung for the guest: from the INVITEs to the answer, or to the last refusal.
//!
//! A guest that waits for its answer offers its own description to those who are rung, and gets
//! theirs. One that was answered before hears how it goes from us; those who are rung get an offer of
//! ours then, and the two are joined.

use super::{Call, Exchange, Fault, Refused, State, Talking};
use crate::{
    cdr::{HangupParty, Line},
    context::{Context, LegRef},
    description,
    failure::{Cause, Refusal, is_better, is_of_the_way, status_for_caller},
    leg::{Described, Leg, LegError, NewLeg, Offered},
    occupancy::Seat,
    outbound::Permit,
    rules::MediaRules,
};
use media::{
    Playout,
    progress::ProgressTone,
    sdp::{LocalCodec, Sdp, accept_answer},
};
use sip::{
    ClientId, Destination, DialogId, Header, Method, NameAddr, Response, Status, Uri,
    digest::Login, endpoint::NewRequest, offer_answer::OrderError,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Those to ring.
#[derive(Debug)]
pub(crate) struct Targets {
    /// At least one; all at once, the first answer wins.
    pub(crate) devices: Vec<Target>,
    /// How long.
    pub(crate) timeout: Duration,
}

/// One device to ring.
#[derive(Debug)]
pub(crate) struct Target {
    /// For the call log.
    pub(crate) party: String,
    /// The extension whose device it is.
    pub(crate) line: Option<Line>,
    /// What is set for it, or its trunk.
    pub(crate) rules: MediaRules,
    pub(crate) seat: Option<Arc<Seat>>,
    /// What lets it go out through a trunk.
    pub(crate) permit: Option<Permit>,
    /// Credentials, should it ask for some.
    pub(crate) login: Option<Login>,
    pub(crate) uri: Uri,
    /// The caller as the callee sees it.
    pub(crate) from: NameAddr,
    pub(crate) to: NameAddr,
    pub(crate) hop: Destination,
    pub(crate) routes: Vec<NameAddr>,
    /// What it gets beside what goes with the call.
    pub(crate) headers: Vec<Header>,
}

/// Somebody is being rung.
#[derive(Debug)]
pub(super) struct Ringing {
    /// When nobody has answered.
    pub(super) until: Instant,
    /// The first of the legs that are rung.
    first: usize,
    /// The most telling refusal so far.
    refusal: Option<Refused>,
    /// What the guest was told last.
    told: Option<Status>,
    /// Whose early media the guest hears.
    early: Option<usize>,
}

impl Ringing {
    /// Nobody is rung yet.
    pub(super) fn nobody(now: Instant, first: usize) -> Self {
        Self { until: now, first, refusal: None, told: None, early: None }
    }

    /// The first of the legs that are rung.
    pub(super) fn first(&self) -> usize {
        self.first
    }

    /// The same for legs that have moved behind so many others.
    pub(super) fn behind(self, others: usize) -> Self {
        Self { first: self.first + others, early: self.early.map(|it| it + others), ..self }
    }
}

impl Call {
    /// Rings devices; refused if none can be.
    pub(super) fn ring(&mut self, ctx: &mut Context<'_>, targets: Targets) -> Result<(), Refusal> {
        if self.summons.is_none() {
            self.open_guest(ctx)?;
        }
        let first = self.legs.len();
        let mut failure = None;
        for target in targets.devices {
            if let Err(error) = self.ring_one(ctx, target) {
                failure = Some(error.refusal());
            }
        }
        if self.legs.len() == first {
            return Err(failure.unwrap_or(Refusal::of(Cause::Unavailable)));
        }
        if self.is_guest_up() {
            self.play_ringback(ctx);
        }
        self.state = State::Ringing(Ringing {
            until: ctx.now.instant + targets.timeout,
            first,
            refusal: failure.map(Refused::of),
            told: None,
            early: None,
        });
        Ok(())
    }

    /// Lets a guest that was answered hear that somebody rings.
    pub(super) fn play_ringback(&mut self, ctx: &mut Context<'_>) {
        let sound = ctx.world.sounds.tones.tone(ProgressTone::Ringback).clone();
        self.legs[self.guest].play(ctx, Playout::Loop { sound });
    }

    pub(super) fn ring_one(
        &mut self,
        ctx: &mut Context<'_>,
        target: Target,
    ) -> Result<(), LegError> {
        if self.legs.len() >= LEGS_MAX {
            return Err(LegError::TooMany);
        }
        let handle = LegRef { call: self.id, leg: self.legs.len() };
        let Target { party, line, rules, seat, permit, login, .. } = target;
        let new = NewLeg { handle, party, line, rules, seat, permit, login };
        let headers = self.arrival.headers.iter().cloned().chain(target.headers).collect();
        let request = NewRequest {
            method: Method::Invite,
            uri: target.uri,
            from: target.from,
            to: target.to,
            to_hop: target.hop,
            routes: target.routes,
            max_forwards: self.arrival.max_forwards,
            headers,
            body: None,
        };
        let codecs;
        let offered = if self.summons.is_some() {
            Offered::Ours(&LocalCodec::TELEPHONY)
        } else if self.is_guest_up() {
            codecs = self.legs[self.guest].codecs();
            Offered::Ours(&codecs)
        } else {
            self.arrival.offer.as_ref().map_or(Offered::Nothing, Offered::Of)
        };
        let leg = Leg::invite(ctx, new, self.worker, offered, request)?;
        self.legs.push(leg);
        Ok(())
    }

    // === Responses to our INVITEs ===

    /// Whether `client` is the INVITE that made `leg`.
    pub(super) fn is_invite_of(&self, leg: usize, client: ClientId) -> bool {
        self.legs[leg].invite_client() == Some(client)
    }

    pub(super) fn handle_invite_response(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        dialog: Option<DialogId>,
        response: &Response,
    ) {
        match (response.status.0, dialog) {
            (..=100, _) => {}
            (101..=199, _) => self.handle_progress(ctx, leg, response),
            (200..=299, Some(dialog)) if self.legs[leg].has_ended() => {
                self.legs[leg].answered_too_late(ctx, dialog);
            }
            (200..=299, Some(dialog)) => self.handle_answer(ctx, leg, dialog, response),
            // A 2xx without a To tag makes no dialog (RFC 3261 section 12.1): a broken callee.
            (200..=299, None) => self.handle_invite_failure(ctx, leg, Status(500)),
            (401 | 407, _) if self.legs[leg].sign(ctx, response) => {}
            (300..=399, _) if self.follow_redirect(ctx, leg, response) => {}
            (_, _) => self.handle_invite_failure(ctx, leg, response.status),
        }
    }

    fn handle_progress(&mut self, ctx: &mut Context<'_>, leg: usize, response: &Response) {
        let sdp = description::of(&response.headers, &response.body);
        let preview = self.legs[leg].rings(ctx.now, sdp);
        let State::Ringing(ringing) = &mut self.state else { return };
        if ringing.early.is_some() {
            return;
        }
        if let Some(preview) = preview.filter(|_| self.summons.is_none()) {
            self.hear_early_media(ctx, leg, &preview);
        } else if ringing.told != Some(response.status) {
            ringing.told = Some(response.status);
            self.legs[self.guest].progress(ctx, response.status, None);
        }
        self.tell_of_ringing(ctx);
    }

    /// Lets the guest hear the first of those who send something before the answer.
    fn hear_early_media(&mut self, ctx: &mut Context<'_>, leg: usize, preview: &Sdp) {
        if self.is_guest_up() {
            let Ok(side) = accept_answer(preview, &LocalCodec::TELEPHONY) else { return };
            self.legs[leg].configure(ctx, side);
            if self.join(ctx, [self.guest, leg]).is_err() {
                return;
            }
        } else {
            let Some(offer) = self.arrival.offer.clone() else { return };
            let guest = self.guest;
            let Ok(bytes) = self.connect(ctx, guest, leg, &offer, preview) else { return };
            self.legs[guest].progress(ctx, Status(183), Some(bytes));
        }
        if let State::Ringing(ringing) = &mut self.state {
            ringing.early = Some(leg);
            ringing.told = Some(Status(183));
        }
    }

    fn handle_answer(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        dialog: DialogId,
        response: &Response,
    ) {
        let sdp = description::of(&response.headers, &response.body);
        let described = self.legs[leg].answered(ctx, dialog, sdp);
        let State::Ringing(_) = &self.state else {
            return self.handle_paged_answer(ctx, leg, described);
        };
        if let Some(summons) = self.summons.take() {
            let begun = described.and_then(|it| self.begin_summoned(ctx, (leg, it), summons));
            if let Err(error) = begun {
                self.end(ctx, None, error.refusal());
            }
            return;
        }
        let is_joined = self.is_guest_up();
        let talking = if is_joined {
            described.and_then(|it| self.join_answered(ctx, leg, it))
        } else {
            described.and_then(|it| self.pass_answer(ctx, leg, it))
        };
        match talking {
            Ok(exchange) => {
                self.dismiss_others(ctx, leg);
                self.talk(ctx, Talking::new(ctx, leg, exchange, is_joined));
            }
            Err(error) => self.part_with_answered(ctx, leg, &error),
        }
    }

    /// Whoever answered cannot be understood by the guest: nobody talks.
    fn part_with_answered(&mut self, ctx: &mut Context<'_>, leg: usize, error: &LegError) {
        let refusal = error.refusal();
        self.legs[leg].end(ctx, HangupParty::System, &refusal);
        self.dismiss(ctx, None, Cause::AnsweredElsewhere);
        self.end_or_return(ctx, None, refusal);
    }

    /// The guest waits for its answer, which is the one of whoever answered.
    fn pass_answer(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        described: Described,
    ) -> Result<Exchange, LegError> {
        match (self.arrival.offer.take(), described) {
            (Some(offer), Described::Answer(answer)) => {
                self.answer_caller(ctx, leg, &offer, &answer)
            }
            (_, Described::Offer(offer)) => self.offer_to_caller(ctx, leg, offer),
            (None, Described::Answer(_)) => Err(OrderError::Unexpected.into()),
        }
    }

    /// The usual case: the callee's answer becomes ours to the caller.
    fn answer_caller(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        offer: &Sdp,
        answer: &Sdp,
    ) -> Result<Exchange, LegError> {
        let guest = self.guest;
        let bytes = self.connect(ctx, guest, leg, offer, answer)?;
        self.legs[leg].confirm(ctx, None);
        self.legs[guest].accept(ctx, bytes)?;
        Ok(Exchange::Idle)
    }

    /// The caller made no offer: the callee's goes to it, and its answer comes in the ACK.
    fn offer_to_caller(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        offer: Sdp,
    ) -> Result<Exchange, LegError> {
        let bytes = self.legs[self.guest].offer_of(&offer)?;
        self.legs[self.guest].accept(ctx, bytes)?;
        Ok(Exchange::AnswerInAck { offerer: leg, offer })
    }

    /// The guest was answered before: whoever answered took up our own offer.
    fn join_answered(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        described: Described,
    ) -> Result<Exchange, LegError> {
        let Described::Answer(answer) = described else {
            return Err(OrderError::Unexpected.into());
        };
        let side = accept_answer(&answer, &LocalCodec::TELEPHONY)?;
        self.legs[leg].configure(ctx, side);
        self.legs[leg].confirm(ctx, None);
        self.join(ctx, [self.guest, leg])?;
        Ok(Exchange::Idle)
    }

    /// Lets all who are rung go, but the one who answered.
    pub(super) fn dismiss_others(&mut self, ctx: &mut Context<'_>, winner: usize) {
        self.dismiss(ctx, Some(winner), Cause::AnsweredElsewhere);
    }

    /// The same for all but one, if there is any.
    pub(super) fn dismiss(&mut self, ctx: &mut Context<'_>, winner: Option<usize>, cause: Cause) {
        let State::Ringing(Ringing { first, .. }) = self.state else { return };
        for (n, leg) in self.legs.iter_mut().enumerate().skip(first) {
            if Some(n) != winner && !leg.has_ended() {
                leg.end(ctx, HangupParty::System, &Refusal::of(cause));
            }
        }
    }

    pub(super) fn handle_invite_failure(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        status: Status,
    ) {
        let was_let_go = self.legs[leg].has_ended();
        self.legs[leg].failed(ctx, HangupParty::Remote, status);
        if was_let_go {
            // Whatever it says then is about nobody who is rung now.
            return;
        }
        let State::Ringing(ringing) = &mut self.state else {
            return self.note_paged_left(ctx);
        };
        if ringing.refusal.as_ref().is_none_or(|it| is_better(status, it.refusal.status)) {
            let refusal = Refusal {
                cause: Cause::of_status(status),
                status: status_for_caller(status),
                reason: None,
            };
            let fault = if is_of_the_way(status) { Fault::Way } else { Fault::Callee };
            ringing.refusal = Some(Refused { refusal, by: Some(leg), fault });
        }
        let is_decline_for_all = (600..700).contains(&status.0);
        let is_anyone_left = self.legs.iter().skip(ringing.first).any(|it| !it.has_ended());
        if is_decline_for_all || !is_anyone_left {
            // Whoever refused last has ended it.
            let refusal = ringing.refusal.take().map(|it| Refused { by: Some(leg), ..it });
            self.ring_in_vain(ctx, refusal, Cause::AnsweredElsewhere);
        }
    }

    /// Nobody answered in time.
    pub(super) fn handle_ring_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Ringing(ringing) = &mut self.state else { return };
        let busy = ringing.refusal.take().filter(|it| it.refusal.cause == Cause::Busy);
        let refusal = busy.map_or(Refusal::of(Cause::NoAnswer), |it| it.refusal);
        // Where not even ringing was heard of, nobody may have been rung.
        let fault = if ringing.told.is_some() { Fault::Callee } else { Fault::Way };
        self.ring_in_vain(ctx, Some(Refused { refusal, by: None, fault }), Cause::NoAnswer);
    }

    /// Nobody will talk: what follows is the plan's business.
    fn ring_in_vain(&mut self, ctx: &mut Context<'_>, refused: Option<Refused>, cause: Cause) {
        let refused = refused.unwrap_or(Refused::of(Refusal::of(Cause::Unavailable)));
        self.dismiss(ctx, None, cause);
        let outcome = self.have_dialled(ctx, refused);
        self.go_on_after(ctx, &outcome);
    }
}

/// Most legs of one call, those that are over among them: what lists of calls can number.
const LEGS_MAX: usize = 200;
