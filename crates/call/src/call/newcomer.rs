//! A caller who takes somebody's place in another call: it fetches who is parked, picks up what rings
//! elsewhere, or names a dialog that it replaces (RFC 3891).

use super::{
    Call, State, Summons, Talking,
    origination::{LOOK_INTERVAL, Summoned},
    talking::Exchange,
};
use crate::{
    cdr::HangupParty,
    context::{Context, Errand, LegRef},
    dialplan::Outcome,
    failure::{Cause, Refusal},
};
use base::{CallId, DomainId, ExtensionId};
use sip::Status;
use std::time::Duration;

/// Somebody wants to answer what rings elsewhere, on its own phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PickUp {
    /// The domain of both.
    pub domain: DomainId,
    /// The number of the extension that answers.
    pub by: String,
    /// What rings.
    pub call: CallId,
}

/// Why nobody picks up.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PickUpRefusal {
    /// The call rings at no extension.
    #[error("this call rings nowhere any more: it was answered, or has ended")]
    NotRinging,
    /// The devices of whoever wants it cannot be rung.
    #[error("your phone does not ring: {0}")]
    NotRung(String),
}

impl From<Refusal> for PickUpRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::NotRung(refusal.in_words())
    }
}

/// Whose place a newcomer takes in a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// Of those who are rung.
    Rung,
    /// There is nobody: the guest is parked.
    Parked,
    /// Of this leg.
    Leg(usize),
}

/// Which call a newcomer wants to come into.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Wanted {
    /// The oldest one that rings at one of these extensions.
    RingingAt(Vec<String>),
    /// This one, as long as it rings.
    Ringing(CallId),
    /// The one that is parked in this slot.
    ParkedIn(u32),
    /// The one that has this leg.
    WithLeg {
        /// It.
        leg: LegRef,
        /// Whether it is meant only as long as nobody has answered.
        is_early_only: bool,
    },
    /// One of another shard's calls, which cannot be joined with those here.
    OnOtherShard,
    /// None that there is.
    Nothing,
}

/// Where a caller comes in that names a dialog of a call there is.
#[derive(Clone, Debug)]
pub(crate) enum Entrance {
    /// In somebody's place (RFC 3891).
    InPlace(Wanted),
    /// Between those who talk there (RFC 3911), of whom one has this leg.
    Between(LegRef),
}

/// What is known of a call that is not among those of this shard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Elsewhere {
    /// No other shard has it.
    No,
    /// Another may.
    Perhaps,
    /// Another does.
    Yes,
}

impl Wanted {
    /// Why nobody can come in.
    pub(crate) fn refusal(&self, elsewhere: Elsewhere) -> Refusal {
        let (status, reason) = match (self, elsewhere) {
            (Self::OnOtherShard, _) | (_, Elsewhere::Yes) => (501, ON_OTHER_SHARD),
            (Self::RingingAt(_) | Self::Ringing(_), Elsewhere::Perhaps) => {
                (480, NOTHING_RINGS_ON_THIS_SHARD)
            }
            (Self::RingingAt(_) | Self::Ringing(_), Elsewhere::No) => (480, "Nothing rings there"),
            (Self::ParkedIn(_), _) => (480, "Nobody is parked there"),
            (Self::WithLeg { .. } | Self::Nothing, _) => (481, "No call of yours has this dialog"),
        };
        let reason = Some(reason.to_owned());
        Refusal { status: Status(status), reason, ..Refusal::of(Cause::Unavailable) }
    }

    /// Why a place that was found may not be taken: its call is answered, and a place was wanted only
    /// before that (RFC 3891 section 3).
    pub(crate) fn comes_too_late(&self, place: Place) -> Option<Refusal> {
        let is_answered = matches!(place, Place::Leg(_));
        let is_early_only = matches!(self, Self::WithLeg { is_early_only: true, .. });
        let reason = Some("The call is answered".to_owned());
        (is_answered && is_early_only).then(|| Refusal {
            status: Status(486),
            reason,
            ..Refusal::of(Cause::Unavailable)
        })
    }
}

impl Call {
    /// The guest wants to come into another call.
    pub(super) fn seek(&mut self, ctx: &mut Context<'_>, wanted: Wanted) {
        self.state = State::Asking { until: ctx.now.instant + SEEK_MAX };
        if self.is_consulting() {
            // It would take whoever waits along.
            return self.seek_in_vain(ctx, wanted.refusal(Elsewhere::No));
        }
        ctx.errands.push(Errand::ComeIn { newcomer: self.id, wanted });
    }

    /// There is no such call, or none that it could come into.
    pub(crate) fn seek_in_vain(&mut self, ctx: &mut Context<'_>, refusal: Refusal) {
        if let State::Asking { .. } = self.state {
            let outcome = refusal.outcome();
            self.refused = Some(super::Refused::of(refusal));
            self.go_on_after(ctx, &Outcome::Dialled(outcome));
        }
    }

    /// Whose place somebody takes who wants to come into this call; `None` if it is not the one.
    pub(crate) fn place_for(&self, wanted: &Wanted) -> Option<Place> {
        if self.summons.is_some() {
            // Nobody calls there whom one could talk to.
            return None;
        }
        match (wanted, &self.state) {
            (Wanted::RingingAt(numbers), State::Ringing(_)) => {
                self.rings_at(|it| numbers.iter().any(|number| number == it)).then_some(Place::Rung)
            }
            (Wanted::Ringing(call), State::Ringing(_)) => {
                (*call == self.id && self.rings_at(|_| true)).then_some(Place::Rung)
            }
            (Wanted::ParkedIn(slot), State::Parked(parked)) => {
                (parked.slot() == *slot).then_some(Place::Parked)
            }
            (Wanted::WithLeg { leg, .. }, State::Talking(_)) => {
                (leg.call == self.id && self.takes_part(leg.leg)).then_some(Place::Leg(leg.leg))
            }
            (Wanted::WithLeg { leg, .. }, State::Ringing(ringing)) => {
                let is_rung = leg.call == self.id && leg.leg >= ringing.first();
                is_rung.then_some(Place::Rung)
            }
            (_, _) => None,
        }
    }

    /// Whether one of these extensions is rung.
    fn rings_at(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        let State::Ringing(ringing) = &self.state else { return false };
        self.legs.iter().skip(ringing.first()).any(|leg| {
            let view = leg.view();
            !leg.has_ended() && view.extension.is_some() && is_meant(&view.party)
        })
    }

    /// Rings the devices of whoever wants to pick up a call of `number` that rings.
    pub(crate) fn ring_to_pick_up(
        ctx: &mut Context<'_>,
        id: CallId,
        request: &PickUp,
        number: String,
    ) -> Result<Self, PickUpRefusal> {
        let PickUp { domain, by, call } = request;
        let look_at = ctx.now.instant + LOOK_INTERVAL;
        let summoned = Summoned {
            domain: *domain,
            extension: by.clone(),
            number,
            is_intercom: true,
            worker: ctx.ports.idlest_worker(),
            referred_by: None,
            summons: Summons::PickUp { call: *call, look_at },
        };
        Ok(Self::summon(ctx, id, summoned)?)
    }

    /// The number of its guest, as those see it who are rung.
    pub(crate) fn calling_number(&self) -> &str {
        &self.calling.number
    }

    /// Whether a leg is of a device of this extension.
    pub(crate) fn is_leg_of(&self, leg: usize, extension: ExtensionId) -> bool {
        self.legs.get(leg).is_some_and(|it| it.view().extension == Some(extension))
    }

    /// Whether its guest is an extension.
    pub(crate) fn is_of_extension(&self) -> bool {
        self.legs[self.guest].view().extension.is_some()
    }

    /// Whether a newcomer's guest may take a leg's place: its own devices may, whose call it is.
    pub(crate) fn is_own_leg(&self, newcomer: &Self, leg: usize) -> bool {
        let (own, theirs) = (self.legs[leg].view(), newcomer.legs[newcomer.guest].view());
        own.extension.is_some() && own.extension == theirs.extension
    }

    /// The guest of another call takes a place in this one. Gives that call back if it cannot.
    pub(crate) fn let_come_in(
        &mut self,
        ctx: &mut Context<'_>,
        mut newcomer: Box<Self>,
        place: Place,
    ) -> Result<(), (Box<Self>, Refusal)> {
        // The usual one has no session yet, and begins where it is needed.
        if let Err(refusal) = newcomer.move_to_worker(ctx, self.worker) {
            return Err((newcomer, refusal));
        }
        if let Err(refusal) = newcomer.answer_guest(ctx) {
            return Err((newcomer, refusal));
        }
        if let Err(refusal) = self.answer_guest(ctx) {
            self.end(ctx, None, refusal.clone());
            return Err((newcomer, refusal));
        }
        let came = newcomer.guest;
        newcomer.interrupt_any_recording(ctx);
        // Whoever handed it on has done so.
        newcomer.leave_call_back(ctx);
        newcomer.finish_transfer(ctx);
        newcomer.leave_transfer(ctx);
        let with = self.take_legs(ctx, &mut newcomer) + came;
        match place {
            Place::Rung => self.dismiss_others(ctx, with),
            Place::Parked => self.returns_to = None,
            Place::Leg(leg) => {
                self.guest = self.other(leg).unwrap_or(self.guest);
                self.abandon_exchange(ctx);
                self.note_taken_over(leg, with);
                self.suspend_recording_of(ctx, leg);
                self.legs[leg].end(ctx, HangupParty::System, &Refusal::of(Cause::Transferred));
            }
        }
        match self.join(ctx, [self.guest, with]) {
            Ok(()) => self.talk(ctx, Talking::new(ctx, with, Exchange::Idle, true)),
            Err(error) => self.end(ctx, None, error.refusal()),
        }
        Ok(())
    }
}

/// Why calls that two shards have cannot be joined.
pub(crate) const ON_OTHER_SHARD: &str =
    "That call is on another signalling shard: set signalling.shards = 1";
/// The same where nobody knows whether another shard has such a call.
const NOTHING_RINGS_ON_THIS_SHARD: &str =
    "Nothing rings there on this signalling shard: set signalling.shards = 1";
/// Looking for a call takes no time.
const SEEK_MAX: Duration = Duration::from_secs(5);
