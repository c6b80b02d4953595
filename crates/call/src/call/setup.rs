//! How a call begins: an INVITE that was let in, or an order to connect two.

use super::{Call, Entrance, Queueing, Ringing, State, recording::Recording};
use crate::{
    cdr::Line,
    context::{Context, LegRef},
    dialplan::Walk,
    facts::CallDirection,
    failure::Refusal,
    leg::{Leg, LegError, NewLeg, TrunkLogin},
    occupancy::Seat,
    rules::MediaRules,
    trail::Trail,
};
use base::{CallId, DomainId};
use bytes::Bytes;
use media::{
    Family,
    sdp::{LocalCodec, Sdp, answer_locally, remote_side},
};
use sip::{Header, ServerId, Source};
use std::sync::Arc;

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
    /// What the caller, a trunk, may ask for inside the call.
    pub(crate) login: Option<TrunkLogin>,
    /// What is set for the caller's device, or trunk.
    pub(crate) rules: MediaRules,
    /// What a trunk says the caller is called.
    pub(crate) caller_name: Option<String>,
    pub(crate) calling: Calling,
    pub(crate) dialled: String,
    /// The caller's offer as it came, if it made one.
    pub(crate) offer_bytes: Option<Bytes>,
    pub(crate) arrival: Arrival,
    pub(crate) seat: Option<Seat>,
    /// Its way through the plan; or why it goes nowhere.
    pub(crate) walk: Result<Box<Walk>, Refusal>,
    /// The call that it comes into, in place of going its way.
    pub(crate) comes_into: Option<Entrance>,
}

/// Whoever calls, as callees see it.
#[derive(Clone, Debug)]
pub(crate) struct Calling {
    /// Its number.
    pub(crate) number: String,
    pub(crate) display: Option<Bytes>,
    /// Whether it is an extension of the domain.
    pub(crate) is_line: bool,
    /// Whether it wants to be unknown to those who are called outside.
    pub(crate) is_withheld: bool,
    /// How its call came to those who are rung.
    pub(crate) trail: Trail,
}

impl Calling {
    /// A number of a domain, as those see it whom it calls.
    pub(super) fn of_number(ctx: &Context<'_>, domain: DomainId, number: &str) -> Self {
        let line = ctx.world.directory.extension(domain, number);
        let display = line.map(|it| it.display_name.clone()).filter(|it| !it.is_empty());
        Self {
            number: number.to_owned(),
            display: display.map(Bytes::from),
            is_line: line.is_some(),
            is_withheld: false,
            trail: Trail::default(),
        }
    }
}

/// What is left to be done with an INVITE until it is answered, and what goes with those that it
/// leads to.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// In which the caller is likely to hear us, going by its signalling.
    pub(crate) family: Family,
    /// The caller's offer, if it made one.
    pub(crate) offer: Option<Sdp>,
    /// Max-Forwards for what we send on.
    pub(crate) max_forwards: u8,
    /// Headers to send on, whoever is rung.
    pub(crate) headers: Vec<Header>,
}

impl Call {
    /// A call from its INVITE on.
    pub(crate) fn start(ctx: &mut Context<'_>, incoming: Incoming) -> Self {
        let handle = LegRef { call: incoming.call, leg: 0 };
        let is_own = incoming.line.is_some();
        let new = NewLeg {
            handle,
            party: incoming.caller.clone(),
            line: incoming.line,
            rules: incoming.rules,
            seat: incoming.seat.map(Arc::new),
            permit: None,
            login: None,
        };
        let peer = format!("{};{}", incoming.source.remote, incoming.source.transport);
        let offer = incoming.offer_bytes;
        let mut caller =
            Leg::invited(ctx, new, incoming.server, &incoming.sip_call_id, peer, offer);
        caller.expect_challenges(incoming.login);
        let is_recorded = incoming.walk.as_ref().is_ok_and(|it| it.is_recorded());
        let (walk, refusal) = match incoming.walk {
            Ok(walk) => (Some(walk), None),
            Err(refusal) => (None, Some(refusal)),
        };
        let mut call = Self {
            id: incoming.call,
            domain: incoming.domain,
            caller: incoming.caller,
            caller_name: incoming.caller_name,
            is_caller_withheld: incoming.calling.is_withheld,
            dialled: incoming.dialled,
            direction: if is_own { CallDirection::Internal } else { CallDirection::In },
            started: ctx.now,
            worker: ctx.ports.idlest_worker(),
            legs: vec![caller],
            guest: 0,
            calling: incoming.calling,
            arrival: incoming.arrival,
            walk,
            summons: None,
            state: State::Ringing(Ringing::nobody(ctx.now.instant, 1)),
            refused: None,
            rung: None,
            asked: 0,
            transfer: None,
            consultation: None,
            codes: super::CallCodes::default(),
            referred: Vec::new(),
            reported: None,
            calls_back: None,
            returns_to: None,
            queueing: Queueing::default(),
            recording: Recording::new(is_recorded),
            told: None,
            legs_told: 0,
            listed: None,
        };
        match (refusal, incoming.comes_into) {
            (Some(refusal), _) => call.end(ctx, None, refusal),
            (None, Some(Entrance::InPlace(wanted))) => {
                call.walk = None;
                call.seek(ctx, wanted);
            }
            (None, Some(Entrance::Between(leg))) => {
                call.walk = None;
                call.come_between(ctx, leg);
            }
            (None, None) => call.go_on(ctx),
        }
        call
    }

    /// Opens the guest's media session, unless it is open.
    pub(super) fn open_guest(&mut self, ctx: &mut Context<'_>) -> Result<(), Refusal> {
        if self.legs[self.guest].media().is_some() {
            return Ok(());
        }
        let family = match &self.arrival.offer {
            Some(offer) => remote_side(offer)
                .map_err(|error| LegError::from(error).refusal())?
                .remote
                .map_or(self.arrival.family, |it| Family::of(it.rtp)),
            None => self.arrival.family,
        };
        let worker = self.worker;
        self.legs[self.guest].open_media(ctx, worker, family).map_err(|error| error.refusal())
    }

    /// Answers the guest as an endpoint of our own, unless it is answered.
    pub(super) fn answer_guest(&mut self, ctx: &mut Context<'_>) -> Result<(), Refusal> {
        if self.legs[self.guest].is_up() {
            return Ok(());
        }
        self.open_guest(ctx)?;
        let offer = self.arrival.offer.take();
        let described = self.describe_us(ctx, self.guest, offer.as_ref());
        described
            .and_then(|description| self.legs[self.guest].accept(ctx, description))
            .map_err(|error| error.refusal())?;
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
}
