//! What happens inside standing dialogs: hold and every other re-INVITE, the answer in an ACK.
//!
//! A change of media is between the two far ends: we pass the offer on and the answer back, and the
//! workers are told once both agree. If the other side refuses, everything stays as it was. Who is on
//! hold hears our music in place of what the holder's device sends, if there is any.

use super::{Call, Exchange, State, Talking};
use crate::{
    context::{Context, Handle},
    description,
    failure::{Cause, Refusal},
    leg::{Described, LegError},
};
use bytes::Bytes;
use media::sdp::{LocalCodec, Sdp, accept_answer};
use sip::{ClientId, Request, Response, ServerId, Status, endpoint::Reply};
use std::borrow::Cow;

impl Call {
    // === Requests ===

    /// A re-INVITE of `leg`.
    pub(crate) fn handle_reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        request: &Request,
    ) {
        // RFC 3261 section 14.2: the other side was first.
        if let State::Talking(Talking { exchange, .. }) = &self.state
            && !matches!(exchange, Exchange::Idle)
        {
            ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(491)));
            return;
        }
        if self.legs[leg].is_renewing() {
            ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(491)));
            return;
        }
        let sdp = description::of(&request.headers, &request.body);
        match self.legs[leg].reinvited(sdp) {
            Ok(offer) => self.change_media(ctx, leg, server, offer),
            Err(error) => {
                let Refusal { status, reason, .. } = error.refusal();
                let reply = Reply { reason, ..Reply::new(status) };
                ctx.endpoint.respond(ctx.now.instant, server, reply);
            }
        }
    }

    fn change_media(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        offer: Option<Sdp>,
    ) {
        let done = match &self.state {
            State::Talking(talking) if !talking.is_joined && self.takes_part(leg) => {
                self.pass_reinvite(ctx, leg, server, offer)
            }
            State::Ending { .. } => Err(LegError::NoMedia),
            State::Talking(_)
            | State::Ringing(_)
            | State::Playing { .. }
            | State::Gathering(_)
            | State::Asking { .. }
            | State::Parked(_)
            | State::Meeting(_)
            | State::Together(_)
            | State::Paging(_)
            | State::Supervising(_)
            | State::Voicemail(_) => self.agree_alone(ctx, leg, server, offer.as_ref()),
        };
        if let Err(error) = done {
            let Refusal { status, reason, .. } = error.refusal();
            self.legs[leg].refuse_reinvite(ctx, server, status, reason);
        }
    }

    /// We decide.
    fn agree_alone(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        offer: Option<&Sdp>,
    ) -> Result<(), LegError> {
        let sdp = self.describe_us(ctx, leg, offer)?;
        self.legs[leg].accept_reinvite(ctx, server, sdp)?;
        if offer.is_some() {
            self.rejoin(ctx, leg)?;
        }
        Ok(())
    }

    /// Something else was agreed with one of two who are joined.
    pub(super) fn rejoin(&mut self, ctx: &mut Context<'_>, leg: usize) -> Result<(), LegError> {
        let State::Talking(Talking { is_joined: true, with, .. }) = self.state else {
            return Ok(());
        };
        if self.takes_part(leg) { self.join(ctx, [self.guest, with]) } else { Ok(()) }
    }

    /// The other far end decides.
    fn pass_reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        offer: Option<Sdp>,
    ) -> Result<(), LegError> {
        let other = self.other(leg).ok_or(LegError::NoMedia)?;
        let passed = offer.as_ref().map(|it| passed(ctx, it));
        let client = self.legs[other].reinvite(ctx, passed.as_deref())?;
        ctx.handles.insert(Handle::Server(server), self.legs[leg].handle());
        self.set_exchange(Exchange::Passed { from: leg, server, client, offer });
        Ok(())
    }

    // === Responses ===

    pub(super) fn handle_modify_response(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        client: ClientId,
        response: &Response,
    ) {
        if !response.status.is_final()
            || self.handle_key_told(ctx, leg, client)
            || self.handle_notified(ctx, client)
            || self.handle_renewed(ctx, leg, client, Some(response))
        {
            return;
        }
        if !response.status.is_success() {
            self.handle_modify_failure(ctx, leg, client, response.status);
            return;
        }
        let Some((from, server, offer)) = self.take_passed(ctx, client) else { return };
        let sdp = description::of(&response.headers, &response.body);
        let described = self.legs[leg].reinvite_accepted(sdp);
        let is_offer = matches!(described, Ok(Described::Offer(_)));
        let done = described
            .and_then(|it| self.carry_back(ctx, from, leg, offer.as_ref(), it))
            .and_then(|sdp| self.legs[from].accept_reinvite(ctx, server, sdp));
        // An offer is confirmed when the answer is here, unless there will be none.
        if !is_offer || done.is_err() {
            self.legs[leg].confirm(ctx, None);
        }
        if let Err(error) = done {
            let Refusal { status, reason, .. } = error.refusal();
            self.set_exchange(Exchange::Idle);
            self.legs[from].refuse_reinvite(ctx, server, status, reason);
        }
    }

    /// What became of a re-INVITE that we sent by ourselves; false if it is none.
    fn handle_renewed(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        client: ClientId,
        response: Option<&Response>,
    ) -> bool {
        if !self.legs[leg].end_renewal(ctx, client) {
            return false;
        }
        let Some(response) = response.filter(|it| it.status.is_success()) else {
            // Everything stays as it was.
            self.legs[leg].reinvite_refused();
            return true;
        };
        let sdp = description::of(&response.headers, &response.body);
        let described = self.legs[leg].reinvite_accepted(sdp);
        self.legs[leg].confirm(ctx, None);
        if let Ok(Described::Answer(answer)) = described
            && let Ok(side) = accept_answer(&answer, &LocalCodec::TELEPHONY)
        {
            self.legs[leg].configure(ctx, side);
            // Two who cannot be joined go on as they were.
            let _ = self.rejoin(ctx, leg);
        }
        true
    }

    /// What `from` is told of the other leg's description.
    fn carry_back(
        &mut self,
        ctx: &mut Context<'_>,
        from: usize,
        leg: usize,
        offer: Option<&Sdp>,
        described: Described,
    ) -> Result<Bytes, LegError> {
        match (offer, described) {
            (Some(offer), Described::Answer(answer)) => {
                self.connect(ctx, from, leg, offer, &answer)
            }
            (None, Described::Offer(offer)) => {
                let sdp = self.legs[from].offer_of(&offer)?;
                self.set_exchange(Exchange::AnswerInAck { offerer: leg, offer });
                Ok(sdp)
            }
            (_, _) => Err(LegError::NoMedia),
        }
    }

    pub(super) fn handle_modify_failure(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        client: ClientId,
        status: Status,
    ) {
        if self.handle_key_told(ctx, leg, client)
            || self.handle_notified(ctx, client)
            || self.handle_renewed(ctx, leg, client, None)
        {
            return;
        }
        let Some((from, server, _)) = self.take_passed(ctx, client) else { return };
        self.legs[leg].reinvite_refused();
        // RFC 3261 section 12.2.1.2: the other side knows of no dialog any more.
        if matches!(status.0, 408 | 481) {
            self.legs[from].refuse_reinvite(ctx, server, Status(481), None);
            self.legs[leg].lost(ctx);
            self.end(ctx, Some(leg), Refusal::of(Cause::PeerLost));
            return;
        }
        let status = match status.0 {
            401 | 407 => Status(488),
            _ => status,
        };
        self.legs[from].refuse_reinvite(ctx, server, status, None);
    }

    /// The ACK of `leg` brought the answer to an offer of ours, or of the other leg.
    pub(super) fn handle_answer_in_ack(&mut self, ctx: &mut Context<'_>, leg: usize, answer: &Sdp) {
        let Some((offerer, offer)) = self.take_awaited_offer(leg) else {
            let done = accept_answer(answer, &LocalCodec::TELEPHONY).map_err(LegError::from);
            let done = done.and_then(|side| {
                self.legs[leg].configure(ctx, side);
                self.rejoin(ctx, leg)
            });
            if let Err(error) = done {
                self.end(ctx, None, error.refusal());
            }
            return;
        };
        match self.connect(ctx, offerer, leg, &offer, answer) {
            Ok(bytes) => self.legs[offerer].confirm(ctx, Some(bytes)),
            Err(error) => self.end(ctx, None, error.refusal()),
        }
    }

    // === The exchange under way ===

    /// The passed INVITE was cancelled: cancels ours and says so. False if it is not that one.
    pub(super) fn give_up_exchange(&mut self, ctx: &mut Context<'_>, server: ServerId) -> bool {
        match self.passed() {
            Some((passed, client)) if passed == server => {
                // The answer to the re-INVITE follows when ours has its own: a 487, or a 2xx that
                // won.
                ctx.endpoint.cancel(ctx.now.instant, client, Vec::new());
                true
            }
            Some(_) | None => false,
        }
    }

    /// Ends the exchange as the call goes on otherwise: each side agrees with us alone from now on.
    pub(super) fn abandon_exchange(&mut self, ctx: &mut Context<'_>) {
        let State::Talking(talking) = &mut self.state else { return };
        match std::mem::replace(&mut talking.exchange, Exchange::Idle) {
            Exchange::Passed { from, server, client, .. } => {
                ctx.handles.remove(Handle::Server(server));
                self.legs[from].refuse_reinvite(ctx, server, Status(487), None);
                if let Some(other) = self.other(from) {
                    self.legs[other].take_on_renewal(client);
                }
            }
            Exchange::AnswerInAck { offerer, .. } => self.legs[offerer].confirm(ctx, None),
            Exchange::Idle => {}
        }
    }

    /// Answers a passed INVITE that will have no other answer, as the call ends.
    pub(super) fn refuse_exchange(&mut self, ctx: &mut Context<'_>) {
        let Some((_, client)) = self.passed() else { return };
        if let Some((from, server, _)) = self.take_passed(ctx, client) {
            self.legs[from].refuse_reinvite(ctx, server, Status(487), None);
        }
    }

    /// Takes the exchange's requests out of the index.
    pub(super) fn forget_exchange(&mut self, ctx: &mut Context<'_>) {
        if let Some((server, client)) = self.passed() {
            ctx.handles.remove(Handle::Client(client));
            ctx.handles.remove(Handle::Server(server));
        }
    }

    /// The INVITE that was passed on, and ours.
    fn passed(&self) -> Option<(ServerId, ClientId)> {
        let State::Talking(talking) = &self.state else { return None };
        let Exchange::Passed { server, client, .. } = &talking.exchange else { return None };
        Some((*server, *client))
    }

    fn take_passed(
        &mut self,
        ctx: &mut Context<'_>,
        expected: ClientId,
    ) -> Option<(usize, ServerId, Option<Sdp>)> {
        let State::Talking(talking) = &mut self.state else { return None };
        match std::mem::replace(&mut talking.exchange, Exchange::Idle) {
            Exchange::Passed { from, server, client, offer } if client == expected => {
                ctx.handles.remove(Handle::Client(client));
                ctx.handles.remove(Handle::Server(server));
                Some((from, server, offer))
            }
            other @ (Exchange::Idle | Exchange::Passed { .. } | Exchange::AnswerInAck { .. }) => {
                talking.exchange = other;
                None
            }
        }
    }

    /// The offer that the ACK of `answerer` answers, and whose it is.
    fn take_awaited_offer(&mut self, answerer: usize) -> Option<(usize, Sdp)> {
        let State::Talking(talking) = &mut self.state else { return None };
        match std::mem::replace(&mut talking.exchange, Exchange::Idle) {
            Exchange::AnswerInAck { offerer, offer } if offerer != answerer => {
                Some((offerer, offer))
            }
            other @ (Exchange::Idle | Exchange::Passed { .. } | Exchange::AnswerInAck { .. }) => {
                talking.exchange = other;
                None
            }
        }
    }

    fn set_exchange(&mut self, exchange: Exchange) {
        if let State::Talking(talking) = &mut self.state {
            talking.exchange = exchange;
        }
    }
}

/// An offer as the other far end hears of it: music is sent to it while the offerer holds.
pub(super) fn passed<'a>(ctx: &Context<'_>, offer: &'a Sdp) -> Cow<'a, Sdp> {
    match ctx.world.sounds.hold {
        Some(_) => offer.with_music_on_hold(),
        None => Cow::Borrowed(offer),
    }
}
