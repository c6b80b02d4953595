//! What happens inside standing dialogs: hold and every other re-INVITE, INFO, the answer in an ACK.
//!
//! A change of media is between the two far ends: we pass the offer on and the answer back, and the
//! workers are told once both agree. If the other side refuses, everything stays as it was.

use super::{CALLER, Call, Exchange, Refusal, State, Talking, setup::sdp_of};
use crate::{
    calls::{Context, Handle},
    failure::Cause,
    leg::{LegError, sdp_body},
};
use media::sdp::{LocalCodec, Sdp, answer_locally, offer_locally};
use sip::{
    ClientId, Header, HeaderName, Method, Request, Response, ServerId, Status,
    endpoint::{Body, Reply},
};

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
        let offer = match sdp_of(&request.headers, &request.body).transpose() {
            Ok(offer) => offer,
            Err(error) => return refuse(ctx, server, &error.refusal()),
        };
        match &self.state {
            State::Talking(Talking { exchange: Exchange::Idle, .. }) => {
                self.pass_reinvite(ctx, leg, server, offer);
            }
            // RFC 3261 section 14.2: the other side was first.
            State::Talking(_) => {
                ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(491)));
            }
            State::Playing { .. } => self.answer_reinvite(ctx, leg, server, offer.as_ref()),
            State::Ringing(_) | State::Ending { .. } => {
                ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(481)));
            }
        }
    }

    /// INFO of `leg` (DTMF): the other far end decides.
    pub(crate) fn handle_info(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        request: &Request,
    ) {
        let status = match self.other(leg).map(|other| self.pass_info(ctx, other, request)) {
            Some(true) | None => Status(200),
            Some(false) => Status(481),
        };
        ctx.endpoint.respond(ctx.now.instant, server, Reply::new(status));
    }

    fn pass_info(&mut self, ctx: &mut Context<'_>, to: usize, request: &Request) -> bool {
        let Some(dialog) = self.legs[to].dialog() else { return false };
        let body = request.headers.first(&HeaderName::ContentType).map(|content_type| Body {
            content_type: content_type.clone(),
            bytes: request.body.clone(),
        });
        let info_package = HeaderName::Other(bytes::Bytes::from_static(b"Info-Package"));
        let headers = request
            .headers
            .first(&info_package)
            .map(|value| Header { name: info_package.clone(), value: value.clone() });
        let now = ctx.now.instant;
        let headers = headers.into_iter().collect();
        ctx.endpoint.request_in_dialog(now, dialog, Method::Info, headers, body).is_ok()
    }

    fn pass_reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        offer: Option<Sdp>,
    ) {
        match self.send_reinvite(ctx, leg, offer.as_ref()) {
            Ok(client) => {
                ctx.handles.insert(Handle::Server(server), self.legs[leg].handle);
                self.set_exchange(Exchange::Passed { from: leg, server, client, offer });
            }
            Err(error) => refuse(ctx, server, &error.refusal()),
        }
    }

    fn send_reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        from: usize,
        offer: Option<&Sdp>,
    ) -> Result<ClientId, LegError> {
        let other = self.other(from).ok_or(LegError::NoMedia)?;
        let leg = &mut self.legs[other];
        let dialog = leg.dialog().ok_or(LegError::NoMedia)?;
        let body = offer.map(|offer| leg.offer_of(offer)).transpose()?.map(sdp_body);
        let client = ctx
            .endpoint
            .request_in_dialog(ctx.now.instant, dialog, Method::Invite, Vec::new(), body)
            .map_err(|_| LegError::NoMedia)?;
        ctx.handles.insert(Handle::Client(client), leg.handle);
        Ok(client)
    }

    /// We are the other side.
    fn answer_reinvite(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        offer: Option<&Sdp>,
    ) {
        let codecs = &LocalCodec::TELEPHONY;
        let described = self.legs[leg].describe(|local, origin| match offer {
            Some(offer) => answer_locally(offer, local, origin, codecs)
                .map(|answer| (answer.bytes, Some(answer.remote_side))),
            None => Ok((offer_locally(local, origin, codecs), None)),
        });
        match described.and_then(|it| it.map_err(LegError::from)) {
            Ok((bytes, side)) => {
                let is_answered = side.is_some();
                if let Some(side) = side {
                    self.legs[leg].configure(ctx, side);
                }
                if let State::Playing { awaits_answer, .. } = &mut self.state {
                    *awaits_answer = !is_answered;
                }
                let reply = Reply { body: Some(sdp_body(bytes)), ..Reply::new(Status(200)) };
                ctx.endpoint.respond(ctx.now.instant, server, reply);
            }
            Err(error) => refuse(ctx, server, &error.refusal()),
        }
    }

    // === Responses ===

    pub(super) fn handle_modify_response(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        client: ClientId,
        response: &Response,
    ) {
        if !response.status.is_final() {
            return;
        }
        if !response.status.is_success() {
            self.handle_modify_failure(ctx, leg, client, response.status);
            return;
        }
        let Some((from, server, offer)) = self.take_passed(ctx, client) else { return };
        let described = sdp_of(&response.headers, &response.body);
        let answered = match (offer, described) {
            (Some(offer), Some(Ok(answer))) => {
                self.legs[leg].confirm(ctx, None);
                self.connect(ctx, from, leg, &offer, &answer)
            }
            // The other leg makes the offer; it is confirmed when the answer is here.
            (None, Some(Ok(offer))) => self.legs[from].offer_of(&offer).inspect(|_| {
                self.set_exchange(Exchange::AnswerInAck { offerer: leg, offer });
            }),
            (_, Some(Err(error))) => Err(error),
            (_, None) => Err(LegError::NoMedia),
        };
        match answered {
            Ok(bytes) => {
                let reply = Reply { body: Some(sdp_body(bytes)), ..Reply::new(Status(200)) };
                ctx.endpoint.respond(ctx.now.instant, server, reply);
            }
            Err(error) => {
                self.legs[leg].confirm(ctx, None);
                refuse(ctx, server, &error.refusal());
            }
        }
    }

    pub(super) fn handle_modify_failure(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        client: ClientId,
        status: Status,
    ) {
        let Some((_, server, _)) = self.take_passed(ctx, client) else { return };
        // RFC 3261 section 12.2.1.2: the other side knows of no dialog any more.
        if matches!(status.0, 408 | 481) {
            ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(481)));
            self.legs[leg].lost(ctx);
            self.end(ctx, Some(leg), Refusal::of(Cause::PeerLost));
            return;
        }
        let status = match status.0 {
            401 | 407 => Status(488),
            _ => status,
        };
        ctx.endpoint.respond(ctx.now.instant, server, Reply::new(status));
    }

    /// The ACK of `leg` may bring the answer that the other side waits for.
    pub(super) fn handle_answer_in_ack(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        ack: &Request,
    ) {
        let answer = sdp_of(&ack.headers, &ack.body);
        if let State::Playing { awaits_answer, .. } = &mut self.state {
            if std::mem::take(awaits_answer) {
                self.handle_local_answer(ctx, leg, answer);
            }
            return;
        }
        let Some((offerer, offer)) = self.take_awaited_offer(leg) else { return };
        let connected = match answer {
            Some(Ok(answer)) => self.connect(ctx, offerer, leg, &offer, &answer),
            Some(Err(error)) => Err(error),
            None => Err(LegError::NoMedia),
        };
        match connected {
            Ok(bytes) => self.legs[offerer].confirm(ctx, Some(bytes)),
            Err(error) => self.end(ctx, None, error.refusal()),
        }
    }

    // === The exchange under way ===

    /// The passed INVITE was cancelled: cancels ours and says so. False if it is not that one.
    pub(super) fn give_up_exchange(&mut self, ctx: &mut Context<'_>, server: ServerId) -> bool {
        let State::Talking(Talking {
            exchange: Exchange::Passed { server: passed, client, .. },
            ..
        }) = &self.state
        else {
            return false;
        };
        if *passed != server {
            return false;
        }
        // The answer to the re-INVITE follows when ours has its own: a 487, or a 2xx that won.
        ctx.endpoint.cancel(ctx.now.instant, *client, Vec::new());
        true
    }

    /// Answers a passed INVITE that will have no other answer, as the call ends.
    pub(super) fn refuse_exchange(&mut self, ctx: &mut Context<'_>) {
        let State::Talking(Talking { exchange: Exchange::Passed { client, .. }, .. }) = &self.state
        else {
            return;
        };
        let client = *client;
        if let Some((_, server, _)) = self.take_passed(ctx, client) {
            ctx.endpoint.respond(ctx.now.instant, server, Reply::new(Status(487)));
        }
    }

    /// Takes the exchange's request out of the index.
    pub(super) fn forget_exchange(&mut self, ctx: &mut Context<'_>) {
        if let State::Talking(Talking {
            exchange: Exchange::Passed { server, client, .. }, ..
        }) = &self.state
        {
            ctx.handles.remove(Handle::Client(*client));
            ctx.handles.remove(Handle::Server(*server));
        }
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

    /// The leg at the other end of the bridge.
    fn other(&self, leg: usize) -> Option<usize> {
        match &self.state {
            State::Talking(talking) if leg == CALLER => Some(talking.callee),
            State::Talking(talking) if leg == talking.callee => Some(CALLER),
            State::Talking(_)
            | State::Ringing(_)
            | State::Playing { .. }
            | State::Ending { .. } => None,
        }
    }
}

fn refuse(ctx: &mut Context<'_>, server: ServerId, refusal: &Refusal) {
    let reply = Reply { reason: refusal.reason.clone(), ..Reply::new(refusal.status) };
    ctx.endpoint.respond(ctx.now.instant, server, reply);
}
