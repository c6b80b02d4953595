//! Two calls become one: one of them takes in the legs of the other, and some of its legs leave.

use super::{Call, State, Talking, talking::Exchange};
use crate::{
    cdr::HangupParty,
    context::{Context, LegRef},
    failure::{Cause, Refusal},
    leg::Ordered,
};
use sip::Status;

impl Call {
    /// The transferor of this call has another one, in which `leg` is its: the guest takes that leg's
    /// place. Gives the other call back if it cannot be taken in.
    pub(crate) fn take_place_in(
        &mut self,
        ctx: &mut Context<'_>,
        mut other: Box<Self>,
        leg: usize,
    ) -> Option<Box<Self>> {
        let Some(by) = self.transferor() else { return Some(other) };
        if other.is_consulting() {
            // Of three, none can be put in the place of one.
            self.refuse_transfer(ctx, Status(491));
            return Some(other);
        }
        let is_own = other.domain == self.domain && self.is_of_same_party(by, &other, leg);
        let rings = matches!(other.state, State::Ringing(_)) && leg == other.guest;
        let place = other.other(leg).map(Place::Talks).or(rings.then_some(Place::Rings));
        let Some(place) = place.filter(|_| is_own) else {
            let number = other.dialled.clone();
            if is_own || self.is_of_same_party(by, &other, leg) {
                // What the other call does, the guest can do by itself.
                other.end(ctx, None, Refusal::of(Cause::Transferred));
                self.transfer_to(ctx, &number);
            } else {
                self.refuse_transfer(ctx, Status(403));
            }
            return Some(other);
        };
        other.abandon_exchange(ctx);
        other.interrupt_any_recording(ctx);
        other.leave_call_back(ctx);
        let first = self.take_legs(ctx, &mut other);
        self.legs[first + leg].end(ctx, HangupParty::System, &Refusal::of(Cause::Transferred));
        match place {
            Place::Talks(with) => self.talk_to_taken(ctx, first + with),
            Place::Rings => self.wait_for_taken(ctx, first, &mut other),
        }
        None
    }

    /// Whether two legs are of one extension, or of one trunk.
    fn is_of_same_party(&self, own: usize, other: &Self, leg: usize) -> bool {
        let (own, other) = (self.legs[own].view(), other.legs[leg].view());
        match (own.extension, other.extension) {
            (Some(own), Some(other)) => own == other,
            (None, None) => own.party.split('/').next() == other.party.split('/').next(),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Takes in all legs of another call; gives the index of the first.
    pub(super) fn take_legs(&mut self, ctx: &mut Context<'_>, other: &mut Self) -> usize {
        let first = self.legs.len();
        for mut leg in other.legs.drain(..) {
            leg.order(Ordered::Nothing);
            leg.move_to(ctx, LegRef { call: self.id, leg: self.legs.len() });
            leg.belong_to(&other.caller, other.caller_name.as_deref(), &other.dialled);
            self.legs.push(leg);
        }
        self.referred.append(&mut other.referred);
        if let (Some(listed), Some(taken_in)) = (&mut self.listed, other.listed.take()) {
            listed.take_in(taken_in);
        }
        first
    }

    /// The guest talks to a leg that was taken in.
    fn talk_to_taken(&mut self, ctx: &mut Context<'_>, with: usize) {
        match self.join(ctx, [self.guest, with]) {
            Ok(()) => {
                self.talk(ctx, Talking::new(ctx, with, Exchange::Idle, true));
            }
            Err(error) => self.end(ctx, None, error.refusal()),
        }
    }

    /// The guest waits for the answer of those who were taken in.
    fn wait_for_taken(&mut self, ctx: &mut Context<'_>, first: usize, other: &mut Self) {
        let State::Ringing(ringing) = std::mem::replace(&mut other.state, over(ctx)) else {
            return;
        };
        self.walk = other.walk.take();
        self.rung = other.rung.take();
        self.calling = self.calling_of(ctx, self.guest);
        self.state = State::Ringing(ringing.behind(first));
        self.play_ringback(ctx);
        // Whoever hands on has done its part when it lets go of a call that rings (RFC 5589 section 7.5).
        self.finish_transfer(ctx);
    }

    fn refuse_transfer(&mut self, ctx: &mut Context<'_>, status: Status) {
        let refusal = Refusal { status, ..Refusal::of(Cause::Refused) };
        if !self.fail_transfer(ctx, &refusal) {
            self.end(ctx, None, refusal);
        }
    }
}

/// Whose place is taken in the other call.
enum Place {
    /// Of one who talks to this leg.
    Talks(usize),
    /// Of one who waits for an answer.
    Rings,
}

fn over(ctx: &Context<'_>) -> State {
    State::Ending { since: ctx.now.instant }
}
