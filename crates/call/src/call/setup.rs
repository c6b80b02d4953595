//! From the INVITE to the answer.

use super::{
    CALLER, Call, Exchange, Invitation, MailboxVisit, Ringing, State, SupervisionOrder, Talking,
    modify::passed, recording::Recording,
};
use crate::{
    cdr::{HangupParty, Line},
    context::{Context, LegRef},
    conversations::{Conversation, Listed, Side},
    description,
    facts::CallDirection,
    failure::{Cause, Refusal, is_better, status_for_caller},
    leg::{Described, Leg, LegError, NewLeg},
    occupancy::Seat,
    rules::MediaRules,
};
use base::{CallId, DomainId};
use bytes::Bytes;
use media::{
    Family, MediaCommand, Playout,
    sdp::{Agreement, LocalCodec, Sdp, agree, answer_locally, remote_side},
    sound::Music,
};
use sip::{
    ClientId, Destination, DialogId, Header, Method, NameAddr, Response, ServerId, Source, Status,
    Uri, endpoint::NewRequest, offer_answer::OrderError,
};
use std::{sync::Arc, time::Duration};

/// An INVITE that was let in.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) call: CallId,
    pub(crate) server: ServerId,
    pub(crate) source: Source,
    pub(crate) sip_call_id: Bytes,
    pub(crate) domain: DomainId,
    /// Who calls, for the call log: an extension, or a trunk and number.
    pub(crate) caller: String,
    /// The caller's extension.
    pub(crate) line: Option<Line>,
    /// What is set for the caller's device, or trunk.
    pub(crate) rules: MediaRules,
    /// What a trunk says the caller is called.
    pub(crate) caller_name: Option<String>,
    pub(crate) dialled: String,
    /// Max-Forwards for what we send on.
    pub(crate) max_forwards: u8,
    /// Headers to send on.
    pub(crate) headers: Vec<Header>,
    /// The caller's offer, if it made one.
    pub(crate) offer: Option<Sdp>,
    /// The same as it came.
    pub(crate) offer_bytes: Option<Bytes>,
    pub(crate) seats: Vec<Seat>,
    /// Whether the dialplan wants the call recorded.
    pub(crate) is_recorded: bool,
}

/// What the routing decided.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Ring all of these at once; the first answer wins.
    Ring {
        /// At least one.
        targets: Vec<Target>,
        /// How long.
        timeout: Duration,
    },
    /// Answer ourselves.
    Play(Playout),
    /// Bring it into a conference.
    Meet(Invitation),
    /// Let it hear others talk.
    Supervise(SupervisionOrder),
    /// Let it leave a message, or hear its own.
    Visit(MailboxVisit),
    /// Say no.
    Refuse(Refusal),
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
    pub(crate) uri: Uri,
    /// The caller as the callee sees it.
    pub(crate) from: NameAddr,
    pub(crate) to: NameAddr,
    pub(crate) hop: Destination,
    pub(crate) routes: Vec<NameAddr>,
}

impl Call {
    /// A call from its INVITE on.
    pub(crate) fn start(ctx: &mut Context<'_>, incoming: Incoming, plan: Plan) -> Self {
        let handle = LegRef { call: incoming.call, leg: CALLER };
        let is_own = incoming.line.is_some();
        let new = NewLeg {
            handle,
            party: incoming.caller.clone(),
            line: incoming.line.clone(),
            rules: incoming.rules.clone(),
        };
        let peer = format!("{};{}", incoming.source.remote, incoming.source.transport);
        let offer = incoming.offer_bytes.clone();
        let caller = Leg::invited(ctx, new, incoming.server, &incoming.sip_call_id, peer, offer);
        let mut call = Self {
            id: incoming.call,
            domain: incoming.domain,
            caller: incoming.caller.clone(),
            caller_name: incoming.caller_name.clone(),
            dialled: incoming.dialled.clone(),
            direction: direction_of(is_own, &plan),
            started: ctx.now,
            worker: match &plan {
                Plan::Meet(invitation) => invitation.place.worker(),
                Plan::Supervise(order) => order.conversation.worker,
                Plan::Ring { .. } | Plan::Play(_) | Plan::Visit(_) | Plan::Refuse(_) => {
                    ctx.ports.idlest_worker()
                }
            },
            legs: vec![caller],
            state: State::Ending { since: ctx.now.instant },
            recording: Recording::new(incoming.is_recorded),
            told: None,
            seats: Vec::new(),
            listed: None,
        };
        call.run(ctx, incoming, plan);
        call
    }

    fn run(&mut self, ctx: &mut Context<'_>, mut incoming: Incoming, plan: Plan) {
        self.seats = std::mem::take(&mut incoming.seats);
        self.state = State::Ringing(Ringing {
            offer: None,
            until: ctx.now.instant,
            refusal: None,
            told: None,
            early: None,
        });
        let done = match plan {
            Plan::Refuse(refusal) => Err(refusal),
            Plan::Ring { targets, timeout } => self.ring(ctx, incoming, targets, timeout),
            Plan::Play(playout) => self.play(ctx, &incoming, playout),
            Plan::Meet(invitation) => self.meet(ctx, &incoming, invitation),
            Plan::Supervise(order) => self.supervise(ctx, &incoming, order),
            Plan::Visit(visit) => self.visit_mailbox(ctx, &incoming, visit),
        };
        if let Err(refusal) = done {
            self.end(ctx, None, refusal);
        }
    }

    fn ring(
        &mut self,
        ctx: &mut Context<'_>,
        incoming: Incoming,
        targets: Vec<Target>,
        timeout: Duration,
    ) -> Result<(), Refusal> {
        self.open_caller(ctx, &incoming)?;
        let mut failure = None;
        for target in targets {
            if let Err(error) = self.ring_one(ctx, &incoming, target) {
                failure = Some(error.refusal());
            }
        }
        if self.legs.len() == 1 {
            return Err(failure.unwrap_or(Refusal::of(Cause::Unavailable)));
        }
        self.state = State::Ringing(Ringing {
            offer: incoming.offer,
            until: ctx.now.instant + timeout,
            refusal: failure,
            told: None,
            early: None,
        });
        Ok(())
    }

    fn ring_one(
        &mut self,
        ctx: &mut Context<'_>,
        incoming: &Incoming,
        target: Target,
    ) -> Result<(), LegError> {
        let handle = LegRef { call: self.id, leg: self.legs.len() };
        let new = NewLeg { handle, party: target.party, line: target.line, rules: target.rules };
        let request = NewRequest {
            method: Method::Invite,
            uri: target.uri,
            from: target.from,
            to: target.to,
            to_hop: target.hop,
            routes: target.routes,
            max_forwards: incoming.max_forwards,
            headers: incoming.headers.clone(),
            body: None,
        };
        let leg = Leg::invite(ctx, new, self.worker, incoming.offer.as_ref(), request)?;
        self.legs.push(leg);
        Ok(())
    }

    pub(super) fn open_caller(
        &mut self,
        ctx: &mut Context<'_>,
        incoming: &Incoming,
    ) -> Result<(), Refusal> {
        let by_signalling = Family::of(incoming.source.remote);
        let family = match &incoming.offer {
            Some(offer) => remote_side(offer)
                .map_err(|error| LegError::from(error).refusal())?
                .remote
                .map_or(by_signalling, |it| Family::of(it.rtp)),
            None => by_signalling,
        };
        let worker = self.worker;
        self.legs[CALLER].open_media(ctx, worker, family).map_err(|error| error.refusal())
    }

    // === Built-in answers ===

    fn play(
        &mut self,
        ctx: &mut Context<'_>,
        incoming: &Incoming,
        playout: Playout,
    ) -> Result<(), Refusal> {
        self.open_caller(ctx, incoming)?;
        let described = self.describe_us(ctx, CALLER, incoming.offer.as_ref());
        let caller = &mut self.legs[CALLER];
        caller.play(ctx, playout);
        described
            .and_then(|description| caller.accept(ctx, description))
            .map_err(|error| error.refusal())?;
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        self.state = State::Playing { until };
        self.record_by_rule(ctx);
        Ok(())
    }

    /// Our own answer to the offer of `leg`, or our own offer if it made none.
    pub(super) fn describe_us(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        offer: Option<&Sdp>,
    ) -> Result<Bytes, LegError> {
        let leg = &mut self.legs[leg];
        let Some(offer) = offer else {
            return leg.offer_ourselves(&LocalCodec::TELEPHONY);
        };
        let codecs = &LocalCodec::ANSWERED;
        let answer =
            leg.describe(|local, origin| answer_locally(offer, local, origin, codecs))??;
        leg.configure(ctx, answer.remote_side);
        Ok(answer.bytes)
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
        if let (Some(offer), Some(preview)) = (ringing.offer.clone(), preview) {
            self.hear_early_media(ctx, leg, &offer, &preview);
        } else if ringing.told != Some(response.status) {
            ringing.told = Some(response.status);
            self.legs[CALLER].progress(ctx, response.status, None);
        }
    }

    /// Lets the caller hear the first of those who send something before the answer.
    fn hear_early_media(&mut self, ctx: &mut Context<'_>, leg: usize, offer: &Sdp, preview: &Sdp) {
        let Ok(bytes) = self.connect(ctx, CALLER, leg, offer, preview) else { return };
        self.legs[CALLER].progress(ctx, Status(183), Some(bytes));
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
        let State::Ringing(ringing) = &mut self.state else { return };
        let offer = ringing.offer.take();
        let talking = described.and_then(|it| match (offer, it) {
            (Some(offer), Described::Answer(answer)) => {
                self.answer_caller(ctx, leg, &offer, &answer)
            }
            (_, Described::Offer(offer)) => self.offer_to_caller(ctx, leg, offer),
            (None, Described::Answer(_)) => Err(OrderError::Unexpected.into()),
        });
        match talking {
            Ok(exchange) => {
                self.dismiss_losers(ctx, leg);
                let until = ctx.now.instant + ctx.settings.call_duration_max;
                self.listed = self.list(ctx, leg);
                self.state = State::Talking(Talking { callee: leg, until, exchange });
                self.record_by_rule(ctx);
            }
            Err(error) => self.end(ctx, None, error.refusal()),
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
        let bytes = self.connect(ctx, CALLER, leg, offer, answer)?;
        self.legs[leg].confirm(ctx, None);
        self.legs[CALLER].accept(ctx, bytes)?;
        Ok(Exchange::Idle)
    }

    /// The caller made no offer: the callee's goes to it, and its answer comes in the ACK.
    fn offer_to_caller(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        offer: Sdp,
    ) -> Result<Exchange, LegError> {
        let bytes = self.legs[CALLER].offer_of(&offer)?;
        self.legs[CALLER].accept(ctx, bytes)?;
        Ok(Exchange::AnswerInAck { offerer: leg, offer })
    }

    /// Lets supervisors find the caller and the one who answered.
    fn list(&self, ctx: &Context<'_>, callee: usize) -> Option<Listed> {
        let side = |leg: usize| {
            let view = self.legs[leg].view();
            let extension = view.extension.map(|_| view.party);
            Some(Side { extension, media: self.legs[leg].media()? })
        };
        let sides = [side(CALLER)?, side(callee)?];
        let Self { id: call, domain, worker, .. } = *self;
        Some(ctx.conversations.list(Conversation { call, domain, worker, sides }))
    }

    fn dismiss_losers(&mut self, ctx: &mut Context<'_>, winner: usize) {
        for (n, leg) in self.legs.iter_mut().enumerate() {
            if n != CALLER && n != winner && !leg.has_ended() {
                leg.end(ctx, HangupParty::System, &Refusal::of(Cause::AnsweredElsewhere));
            }
        }
    }

    pub(super) fn handle_invite_failure(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        status: Status,
    ) {
        self.legs[leg].failed(ctx, HangupParty::Remote, status);
        let State::Ringing(ringing) = &mut self.state else { return };
        if ringing.refusal.as_ref().is_none_or(|it| is_better(status, it.status)) {
            let status_for_caller = status_for_caller(status);
            ringing.refusal = Some(Refusal {
                cause: Cause::of_status(status),
                status: status_for_caller,
                reason: None,
            });
        }
        let is_decline_for_all = (600..700).contains(&status.0);
        let is_anyone_left = self.legs.iter().skip(1).any(|it| !it.has_ended());
        if is_decline_for_all || !is_anyone_left {
            let refusal = ringing.refusal.take().unwrap_or(Refusal::of(Cause::Unavailable));
            self.end(ctx, Some(leg), refusal);
        }
    }

    // === Media between two legs ===

    /// Makes our answer to `offerer` of the other leg's and joins the two. Nothing changes if
    /// they cannot be joined.
    pub(super) fn connect(
        &mut self,
        ctx: &mut Context<'_>,
        offerer: usize,
        answerer: usize,
        offer: &Sdp,
        answer: &Sdp,
    ) -> Result<Bytes, LegError> {
        let Agreement { offering, answering, to_answering, to_offering } =
            agree(&passed(ctx, offer), answer)?;
        let bytes = self.legs[offerer].answer_of(offer, answer)?;
        let hear_playouts = [offering.hears_playouts(), answering.hears_playouts()];
        self.legs[offerer].configure(ctx, offering);
        self.legs[answerer].configure(ctx, answering);
        if let Some((waiting, music)) = self.music_for(ctx, [offerer, answerer], hear_playouts) {
            self.legs[waiting].play(ctx, Playout::Music { music });
        } else if let (Some(a), Some(b)) = (self.legs[offerer].media(), self.legs[answerer].media())
        {
            let command = MediaCommand::Bridge { a, b, a_to_b: to_answering, b_to_a: to_offering };
            self.tell_worker(ctx, command);
            self.convert_keys(ctx, [offerer, answerer]);
        }
        Ok(bytes)
    }

    /// If one of the two holds: the other, and what it hears. Nothing is played to whoever we could
    /// not be understood by: that one hears the holder's device, if it sends anything.
    fn music_for(
        &self,
        ctx: &Context<'_>,
        legs: [usize; 2],
        hear_playouts: [bool; 2],
    ) -> Option<(usize, Arc<Music>)> {
        let (holder, waiting) = match legs.map(|leg| self.legs[leg].is_held()) {
            [true, false] => (0, 1),
            [false, true] => (1, 0),
            [true, true] | [false, false] => return None,
        };
        let music = ctx.sounds.hold_music(self.legs[legs[holder]].hold_music());
        Some((legs[waiting], music.filter(|_| hear_playouts[waiting])?))
    }
}

/// A trunk's call comes in wherever it goes on to.
fn direction_of(is_own: bool, plan: &Plan) -> CallDirection {
    match plan {
        _ if !is_own => CallDirection::In,
        Plan::Ring { targets, .. } if targets.iter().any(|it| it.line.is_none()) => {
            CallDirection::Out
        }
        Plan::Ring { .. }
        | Plan::Play(_)
        | Plan::Meet(_)
        | Plan::Supervise(_)
        | Plan::Visit(_)
        | Plan::Refuse(_) => CallDirection::Internal,
    }
}
