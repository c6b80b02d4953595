//! A guest who speaks to many at once: their phones answer by themselves, and hear it and nobody else.
//!
//! All of them are legs of its call, in a room of its own in which it alone speaks. Whoever is busy,
//! away or not to be disturbed is left out; so is who does not answer soon.

use super::{Call, Refused, State};
use crate::{
    cdr::HangupParty,
    context::Context,
    dialplan::{Codes, Dial, DialTarget, Outcome, PagePlan, Principal},
    failure::{Cause, Refusal},
    leg::{Described, LegError},
    rooms::Place,
    routing::add_devices,
};
use media::{
    PartyMode, Playout,
    sdp::{LocalCodec, accept_answer},
};
use sip::offer_answer::OrderError;
use std::time::{Duration, Instant};

/// One who speaks to many.
#[derive(Debug)]
pub(super) struct Paging {
    place: Place,
    /// The first of the legs that are to hear it.
    first: usize,
    /// When those are let go who have not answered; `None` once they are.
    answered_until: Option<Instant>,
    /// Whether anybody has heard it.
    is_heard: bool,
    /// When it has spoken long enough.
    until: Instant,
}

impl Paging {
    /// When [`Call::handle_paging_timeout`] wants to be called.
    pub(super) fn due(&self) -> Instant {
        self.answered_until.map_or(self.until, |it| it.min(self.until))
    }
}

impl Call {
    /// Has phones answer by themselves and hear the guest; gives the outcome if none can be rung.
    pub(super) fn page(
        &mut self,
        ctx: &mut Context<'_>,
        plan: &PagePlan,
    ) -> Result<Option<Outcome>, Refusal> {
        let (targets, refusal) = self.paged(ctx, plan);
        if targets.is_empty() {
            let refusal = refusal.unwrap_or(Refusal::of(Cause::Busy));
            return Ok(Some(self.have_dialled(ctx, Refused::of(refusal))));
        }
        self.answer_guest(ctx)?;
        self.move_to_worker(ctx, self.worker)?;
        self.note_arrival(ctx);
        let name = ["page ", &self.id.to_string()].concat();
        let place = ctx.world.rooms.come(self.domain, name, self.worker);
        let first = self.legs.len();
        for target in targets {
            // Who cannot be rung is left out.
            let _ = self.ring_one(ctx, target);
        }
        if self.legs.len() == first {
            let refusal = Refusal::of(Cause::Exhausted);
            return Ok(Some(self.have_dialled(ctx, Refused::of(refusal))));
        }
        let now = ctx.now.instant;
        self.state = State::Paging(Box::new(Paging {
            place,
            first,
            answered_until: Some(now + Duration::from_secs(plan.timeout_s.into())),
            is_heard: false,
            until: now + Duration::from_secs(plan.limit_s.into()),
        }));
        self.put_into_page(ctx, self.guest, PartyMode { is_deaf: true, ..PartyMode::default() });
        self.record_by_rule(ctx);
        Ok(None)
    }

    /// Whose device answers hears the guest.
    pub(super) fn handle_paged_answer(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        described: Result<Described, LegError>,
    ) {
        let State::Paging(paging) = &mut self.state else { return };
        let side = described.and_then(|it| match it {
            Described::Answer(answer) => Ok(accept_answer(&answer, &LocalCodec::TELEPHONY)?),
            Described::Offer(_) => Err(OrderError::Unexpected.into()),
        });
        match side {
            Ok(side) => {
                paging.is_heard = true;
                self.legs[leg].configure(ctx, side);
                self.legs[leg].confirm(ctx, None);
                let mode = PartyMode { is_muted: true, ..PartyMode::default() };
                self.put_into_page(ctx, leg, mode);
            }
            Err(error) => {
                self.legs[leg].end(ctx, HangupParty::System, &error.refusal());
                self.note_paged_left(ctx);
            }
        }
    }

    /// One of those who hear the guest may have been the last.
    pub(super) fn note_paged_left(&mut self, ctx: &mut Context<'_>) {
        let State::Paging(paging) = &self.state else { return };
        if self.legs.iter().skip(paging.first).any(|it| !it.has_ended()) {
            return;
        }
        if paging.is_heard {
            return self.be_done(ctx, Refusal::of(Cause::Normal));
        }
        self.legs[self.guest].play(ctx, Playout::Silence);
        let outcome = self.have_dialled(ctx, Refused::of(Refusal::of(Cause::NoAnswer)));
        self.go_on_after(ctx, &outcome);
    }

    /// Who has not answered is let go, or the guest has spoken long enough.
    pub(super) fn handle_paging_timeout(&mut self, ctx: &mut Context<'_>) {
        let State::Paging(paging) = &mut self.state else { return };
        if paging.until <= ctx.now.instant {
            return self.be_done(ctx, Refusal::of(Cause::MaxDuration));
        }
        paging.answered_until = None;
        let first = paging.first;
        for leg in self.legs.iter_mut().skip(first).filter(|it| !it.is_up() && !it.has_ended()) {
            leg.end(ctx, HangupParty::System, &Refusal::of(Cause::NoAnswer));
        }
        self.note_paged_left(ctx);
    }

    /// Lets all go who hear the guest or are to hear it.
    pub(super) fn dismiss_paged(&mut self, ctx: &mut Context<'_>) {
        let State::Paging(paging) = &self.state else { return };
        let first = paging.first;
        for leg in self.legs.iter_mut().skip(first).filter(|it| !it.has_ended()) {
            leg.end(ctx, HangupParty::System, &Refusal::of(Cause::Normal));
        }
    }

    fn put_into_page(&self, ctx: &mut Context<'_>, leg: usize, mode: PartyMode) {
        let State::Paging(paging) = &self.state else { return };
        self.put_into_room(ctx, leg, paging.place.room(), mode);
    }

    /// The devices of those who are there and free, and why another is left out.
    fn paged(&self, ctx: &Context<'_>, plan: &PagePlan) -> (Vec<super::Target>, Option<Refusal>) {
        let (mut targets, mut refusal) = (Vec::new(), None);
        for number in &plan.extensions {
            match self.devices_to_page(ctx, number) {
                Ok(devices) => add_devices(&mut targets, devices),
                Err(why) => refusal = Some(why),
            }
        }
        (targets, refusal)
    }

    fn devices_to_page(
        &self,
        ctx: &Context<'_>,
        number: &str,
    ) -> Result<Vec<super::Target>, Refusal> {
        if self.principal_of(self.guest) == Principal::Extension(number.to_owned()) {
            return Err(Refusal::of(Cause::Busy));
        }
        let (directory, occupancy) = (&ctx.world.directory, &ctx.world.occupancy);
        let is_busy = directory.extension(self.domain, number).is_some_and(|it| {
            let users = [it, directory.at_phone_of(it)];
            it.features.do_not_disturb || users.iter().any(|it| occupancy.calls(it.id) > 0)
        });
        if is_busy {
            return Err(Refusal::of(Cause::Busy));
        }
        let dial = Dial {
            targets: vec![DialTarget::User(number.to_owned())],
            timeout_s: None,
            is_intercom: true,
            is_group: false,
            codes: Codes::default(),
            by: self.principal_of(self.guest),
        };
        Ok(ctx.targets(self.domain, &self.calling, &dial)?.devices)
    }
}
