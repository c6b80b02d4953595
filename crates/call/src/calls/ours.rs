//! Calls that we begin ourselves, and what is ordered in conferences, which begins some of them.

use super::{Call, Calls, Origination, PartyCommand};
use crate::{
    call::{
        Invitee, PickUp, PickUpRefusal, RoomCommand, SupervisionRefusal, SupervisionRequest, Wanted,
    },
    context::{Context, LegRef},
    failure::{Cause, Refusal},
};
use base::{CallId, DomainId, ExtensionId, Now};
use sip::Replaces;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why nobody is rung.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("nobody can be rung: {reason}")]
pub struct OriginationRefusal {
    /// In words.
    pub reason: String,
}

/// What was done for somebody who wants to hear a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Supervised {
    /// It hears that call already, or is being rung for it, and is heard as it wants.
    Changed(CallId),
    /// Its own devices ring, for this call of its own.
    Rings(CallId),
}

impl Calls {
    /// Rings somebody's own devices, to connect it with a number then.
    pub fn originate(
        &mut self,
        now: Now,
        order: Origination,
    ) -> Result<CallId, OriginationRefusal> {
        let begun = self.begin_own(now, |ctx, id| Call::originate(ctx, id, order));
        self.pump(now);
        begun.map_err(|refusal| OriginationRefusal { reason: refusal.in_words() })
    }

    /// Lets an extension hear a call, or speak in one that it hears. `rings` says whether its devices
    /// are rung if it does not hear that call on this shard; else `None` says so.
    pub fn supervise(
        &mut self,
        now: Now,
        request: &SupervisionRequest,
        rings: bool,
    ) -> Result<Option<Supervised>, SupervisionRefusal> {
        let SupervisionRequest { domain, by, call, .. } = request;
        let running = self.calls.values().find(|it| it.supervises(*domain, by, *call));
        let done = match running.map(Call::id) {
            Some(id) => {
                let mut done = Err(SupervisionRefusal::NotTalking);
                self.with_call(now, id, |call, ctx| done = call.change_supervision(ctx, request));
                done.map(|()| Some(Supervised::Changed(id)))
            }
            None if rings => {
                let ring = |ctx: &mut Context<'_>, id| Call::ring_supervisor(ctx, id, request);
                self.begin_own(now, ring).map(|id| Some(Supervised::Rings(id)))
            }
            None => Ok(None),
        };
        self.pump(now);
        done
    }

    /// Rings somebody's own devices, to connect it with whoever calls elsewhere.
    pub fn pick_up(&mut self, now: Now, request: &PickUp) -> Result<CallId, PickUpRefusal> {
        let wanted = Wanted::Ringing(request.call);
        let found = self.place_of(request.domain, &wanted).and_then(|(id, _)| self.calls.get(&id));
        let number = found.ok_or(PickUpRefusal::NotRinging)?.calling_number().to_owned();
        let begun = self.begin_own(now, |ctx, id| Call::ring_to_pick_up(ctx, id, request, number));
        self.pump(now);
        begun
    }

    /// The same as a REFER wants it, perhaps to be put in the place of a dialog of its own then. How
    /// the call goes is told to [`Self::tell_referrer`].
    pub(crate) fn originate_referred(
        &mut self,
        now: Now,
        order: Origination,
        place: Option<Replaces>,
    ) -> Result<CallId, Refusal> {
        self.begin_own(now, |ctx, id| Call::originate_referred(ctx, id, order, place))
    }

    /// Whether a leg is of a device of this extension.
    pub(crate) fn is_leg_of(&self, leg: LegRef, extension: ExtensionId) -> bool {
        self.calls.get(&leg.call).is_some_and(|call| call.is_leg_of(leg.leg, extension))
    }

    /// Rings somebody to be asked into a conference; whoever asks hears what becomes of it.
    pub(super) fn ring_invitee(&mut self, now: Now, domain: DomainId, invitee: Box<Invitee>) {
        if self.refusal_of_new_calls().is_some() {
            return invitee.refuse(&mut self.core.context(now, &self.world));
        }
        let ring = |ctx: &mut Context<'_>, id| {
            let rung = Call::ring_invitee(ctx, id, domain, invitee);
            rung.ok_or(Refusal::of(Cause::Unavailable))
        };
        // Nothing is left to be done about one that cannot be rung.
        let _ = self.begin_own(now, ring);
    }

    /// Does something to a party of a conference, as a moderator wants; false if this call is in none.
    pub fn command_party(&mut self, now: Now, id: CallId, command: PartyCommand) -> bool {
        let mut is_done = false;
        self.with_call(now, id, |call, ctx| is_done = call.command_party(ctx, command));
        self.pump(now);
        is_done
    }

    /// Does something to the conference that a call is in, as a moderator wants; false if it is in none.
    pub fn command_room(&mut self, now: Now, id: CallId, command: RoomCommand) -> bool {
        let mut is_done = false;
        self.with_call(now, id, |call, ctx| is_done = call.command_room(ctx, command));
        self.pump(now);
        is_done
    }

    fn begin_own<E: From<Refusal>>(
        &mut self,
        now: Now,
        make: impl FnOnce(&mut Context<'_>, CallId) -> Result<Call, E>,
    ) -> Result<CallId, E> {
        if let Some(cause) = self.refusal_of_new_calls() {
            return Err(Refusal::of(cause).into());
        }
        let id = CallId::new(now.unix, &mut self.core.rng);
        let mut ctx = self.core.context(now, &self.world);
        let Ok(made) = catch_unwind(AssertUnwindSafe(|| make(&mut ctx, id))) else {
            self.note_panic(Some(id));
            self.core.handles.remove_call(id);
            return Err(Refusal::of(Cause::Internal).into());
        };
        self.calls.insert(id, made?);
        self.totals.calls += 1;
        self.with_call(now, id, |_, _| {});
        Ok(id)
    }
}
