//! What concerns two calls: one takes the place of a leg of another, comes in where one rings or is parked,
//! or looks for one that is wanted.

use super::Calls;
use crate::{
    call::{Call, Elsewhere, Place, Wanted},
    context::{Errand, LegRef},
    facts::CallFact,
    failure::{Cause, Refusal},
    output::Output,
};
use base::{CallId, DomainId, Now};
use sip::Status;

impl Calls {
    /// Does what concerns two calls.
    pub(super) fn run(&mut self, now: Now, errand: Errand) {
        match errand {
            Errand::Join { call, other: LegRef { call: other, leg } } => {
                let Some(taken) = self.calls.remove(&other) else { return };
                let mut left = None;
                self.with_call(now, call, |call, ctx| {
                    left = call.take_place_in(ctx, Box::new(taken), leg);
                });
                self.put_back(now, other, call, left);
            }
            Errand::ComeIn { newcomer, wanted } => self.bring_in(now, newcomer, &wanted),
            Errand::Invite { domain, invitee } => self.ring_invitee(now, domain, invitee),
            Errand::LookFor { seeker, wanted } => self.look_for(now, seeker, &wanted),
        }
    }

    /// Brings the guest of a call into the one that it wants.
    fn bring_in(&mut self, now: Now, newcomer: CallId, wanted: &Wanted) {
        let Some(taken) = self.calls.remove(&newcomer) else { return };
        let mut taken = Box::new(taken);
        let domain = taken.domain();
        let found = self.place_of(domain, wanted);
        let found = found.filter(|(into, place)| self.may_come_in(&taken, *into, *place));
        let too_late = found.and_then(|(_, place)| wanted.comes_too_late(place));
        let found = found.filter(|_| too_late.is_none());
        let mut refusal = too_late.unwrap_or_else(|| self.no_place(domain, wanted));
        if let Some((into, place)) = found {
            let mut taken_in = None;
            let slot = &mut taken_in;
            self.with_call(now, into, |call, ctx| {
                *slot = Some(call.let_come_in(ctx, taken, place));
            });
            match taken_in {
                Some(Err((left, why))) => {
                    taken = left;
                    refusal = why;
                }
                Some(Ok(())) => return self.put_back(now, newcomer, into, None),
                None => {
                    // A panic took both.
                    self.tell_referrer(now, newcomer, Cause::Internal.status());
                    return self.put_back(now, newcomer, into, None);
                }
            }
        }
        self.calls.insert(newcomer, *taken);
        self.with_call(now, newcomer, |call, ctx| call.seek_in_vain(ctx, refusal));
    }

    /// Ends a call in which somebody is rung for another one that is no more to be had.
    fn look_for(&mut self, now: Now, seeker: CallId, wanted: &Wanted) {
        let Some(domain) = self.calls.get(&seeker).map(Call::domain) else { return };
        if self.place_of(domain, wanted).is_none() {
            let refusal = self.no_place(domain, wanted);
            self.with_call(now, seeker, |call, ctx| call.end(ctx, None, refusal));
        }
    }

    /// Why a call that is wanted is not to be had.
    fn no_place(&self, domain: DomainId, wanted: &Wanted) -> Refusal {
        wanted.refusal(self.may_be_elsewhere(domain, wanted))
    }

    /// Whether another shard has a call that is not found here.
    fn may_be_elsewhere(&self, domain: DomainId, wanted: &Wanted) -> Elsewhere {
        let parked_in = |slot| self.world.parking.call_in(domain, slot);
        match wanted {
            Wanted::ParkedIn(slot) => match parked_in(*slot) {
                Some(call) if !self.calls.contains_key(&call) => Elsewhere::Yes,
                Some(_) | None => Elsewhere::No,
            },
            Wanted::RingingAt(_) if self.core.settings.shards > 1 => Elsewhere::Perhaps,
            Wanted::OnOtherShard => Elsewhere::Yes,
            Wanted::RingingAt(_)
            | Wanted::Ringing(_)
            | Wanted::WithLeg { .. }
            | Wanted::Nothing => Elsewhere::No,
        }
    }

    /// The oldest call that is wanted, and whose place is wanted there. All calls are looked through only
    /// where the one that is wanted has no name.
    pub(super) fn place_of(&self, domain: DomainId, wanted: &Wanted) -> Option<(CallId, Place)> {
        let place = |call: &Call| {
            let place = call.place_for(wanted).filter(|_| call.domain() == domain)?;
            Some((call.id(), place))
        };
        let of = |call: CallId| self.calls.get(&call).and_then(place);
        match wanted {
            Wanted::RingingAt(_) => {
                self.calls.values().filter_map(place).min_by_key(|(call, _)| *call)
            }
            Wanted::Ringing(call) => of(*call),
            Wanted::WithLeg { leg, .. } => of(leg.call),
            Wanted::ParkedIn(slot) => of(self.world.parking.call_in(domain, *slot)?),
            Wanted::OnOtherShard | Wanted::Nothing => None,
        }
    }

    /// Only those whose call it is take the place of one who talks.
    fn may_come_in(&self, newcomer: &Call, into: CallId, place: Place) -> bool {
        match place {
            Place::Rung | Place::Parked => newcomer.is_of_extension(),
            Place::Leg(leg) => self.calls.get(&into).is_some_and(|it| it.is_own_leg(newcomer, leg)),
        }
    }

    /// A call was taken in by another, unless something of it is `left`.
    fn put_back(&mut self, now: Now, id: CallId, into: CallId, left: Option<Box<Call>>) {
        if let Some(call) = left {
            self.calls.insert(id, *call);
            self.settle(now, id);
        } else {
            self.deadlines.stop(id);
            self.core.handles.remove_call(id);
            self.tell_referrer(now, id, Status(200));
            self.core.outputs.push_back(Output::Fact(CallFact::Merged { call: id, into }));
        }
    }
}
