//! A guest in a parking slot: it hears music until somebody fetches it, and goes back to whoever
//! parked it if nobody does.

use super::{Call, CommandRefusal, State};
use crate::{
    context::Context,
    dialplan::{ParkPlan, RouteQuery, Walk},
    failure::{Cause, Refusal},
    parking::Slot,
    speech::Phrase,
};
use media::Playout;
use std::time::{Duration, Instant};

/// A guest that waits to be fetched.
#[derive(Debug)]
pub(super) struct Parked {
    slot: Slot,
    /// When it goes back.
    until: Instant,
}

/// Where a guest goes if nobody fetches it.
#[derive(Clone, Debug)]
pub(super) struct Return {
    /// The number of the extension that parked it.
    parker: String,
    plan: ParkPlan,
}

impl Call {
    /// Puts the guest into the first free slot; refused if there is none.
    pub(super) fn park(&mut self, ctx: &mut Context<'_>, plan: ParkPlan) -> Result<(), Refusal> {
        let Some(slot) = self.take_slot(ctx, &plan) else {
            let reason = Some("All parking slots are taken".to_owned());
            return Err(Refusal { reason, ..Refusal::of(Cause::Busy) });
        };
        self.answer_guest(ctx)?;
        let number = slot.number();
        let by_itself = self.transferor().is_none() && self.returns_to.is_none();
        self.wait_in(ctx, slot, plan);
        if by_itself {
            // Whoever dials the number itself is told where it is: the place is for somebody else.
            self.tell_slot(ctx, self.guest, number);
        } else {
            self.play_parked(ctx);
        }
        self.announce_slot(ctx, number);
        Ok(())
    }

    /// Whoever `by` talks to waits in a slot, as the plan parks calls of `by`, and `by` leaves; gives
    /// the slot. Refused before anything has changed.
    pub(super) fn park_other(
        &mut self,
        ctx: &mut Context<'_>,
        by: usize,
    ) -> Result<u32, CommandRefusal> {
        let plan = self.parking_of(ctx, by).ok_or(CommandRefusal::NoParking)?;
        let slot = self.take_slot(ctx, &plan).ok_or(CommandRefusal::NoFreeSlot)?;
        let number = slot.number();
        if !self.begin_search(ctx, by, None) {
            return Err(CommandRefusal::NotTalking);
        }
        // Nothing is left to be gone of the way on which the two met.
        self.walk = None;
        self.wait_in(ctx, slot, plan);
        self.play_parked(ctx);
        self.finish_transfer(ctx);
        Ok(number)
    }

    fn parking_of(&self, ctx: &Context<'_>, leg: usize) -> Option<ParkPlan> {
        let (principal, view) = (self.principal_of(leg), self.legs[leg].view());
        let query = RouteQuery {
            domain: &ctx.world.directory.domains.get(&self.domain)?.name,
            from: principal.as_caller(),
            number: view.number(),
            dialled: "",
            now: ctx.now.unix,
        };
        ctx.world.plans.parking(&query).cloned()
    }

    fn take_slot(&self, ctx: &Context<'_>, plan: &ParkPlan) -> Option<Slot> {
        ctx.world.parking.take(self.domain, plan.first..=plan.last, self.id)
    }

    fn wait_in(&mut self, ctx: &Context<'_>, slot: Slot, plan: ParkPlan) {
        let until = ctx.now.instant + Duration::from_secs(plan.timeout_s.into());
        if let Some(parker) = self.parker() {
            self.returns_to = Some(Return { parker, plan });
        }
        self.state = State::Parked(Box::new(Parked { slot, until }));
    }

    /// The words for one who dialled by itself are over.
    pub(super) fn play_parked(&mut self, ctx: &mut Context<'_>) {
        let Some(music) = ctx.world.sounds.hold_music(None) else {
            return self.legs[self.guest].play(ctx, Playout::Silence);
        };
        self.legs[self.guest].play(ctx, Playout::Music { music });
    }

    /// Tells a leg the number of a slot.
    pub(super) fn tell_slot(&mut self, ctx: &mut Context<'_>, leg: usize, slot: u32) {
        let digits = slot.to_string();
        let language = self.walk.as_ref().map(|it| it.language()).unwrap_or_default();
        let sound = ctx.world.sounds.say(language, &[Phrase::Digits(&digits)]);
        self.legs[leg].play(ctx, Playout::Prompt { sound });
    }

    /// Nobody has fetched the guest: whoever parked it is rung, and if it does not answer, the guest
    /// waits on.
    pub(super) fn handle_parked_timeout(&mut self, ctx: &mut Context<'_>) {
        let domain = ctx.world.directory.domains.get(&self.domain);
        let (Some(to), Some(domain)) = (self.returns_to.clone(), domain) else {
            return self.be_done(ctx, Refusal::of(Cause::NoAnswer));
        };
        let principal = crate::dialplan::Principal::Extension(to.parker.clone());
        self.calling = self.calling_of(ctx, self.guest);
        let walk = Walk::to_ring(&ctx.world.plans, &domain.name, principal, &to.parker);
        self.walk = Some(Box::new(walk));
        self.go_on(ctx);
    }

    /// Puts a guest back whom nobody wanted; false if it was not parked.
    pub(super) fn park_again(&mut self, ctx: &mut Context<'_>) -> bool {
        let Some(Return { plan, .. }) = self.returns_to.clone() else { return false };
        self.park(ctx, plan).is_ok()
    }

    /// The extension that parks the guest, if it is one.
    fn parker(&self) -> Option<String> {
        let view = self.legs[self.transferor()?].view();
        view.extension.map(|_| view.party)
    }
}

impl Parked {
    /// When [`Call::handle_parked_timeout`] wants to be called.
    pub(super) fn due(&self) -> Instant {
        self.until
    }

    /// Its slot.
    pub(super) fn slot(&self) -> u32 {
        self.slot.number()
    }
}
