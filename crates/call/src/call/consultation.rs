//! One who talks asks somebody else first: the other waits with music meanwhile, and then goes on with
//! either, or all three talk.
//!
//! ```text
//!                         nobody answers, or whoever is asked hangs up
//!          ┌──────────────────────────────────────────────────────────────────┐
//!          ▼                                                                  │
//! Talking ─── consult ─▶ the walk of the number, for whoever asks ─▶ Talking ─┤ swap: to and fro
//!                │                                                   │        │ cancel
//!                │ complete, or whoever asks hangs up                │        └ three-way ─▶ Together
//!                ▼                                                   ▼
//!        as a blind transfer: it rings on, for whoever waits      the two others talk
//! ```
//!
//! The device of whoever asks has one leg all along: it needs to know nothing of all this. If whoever
//! waits hangs up, the others are in a call like any other.

use super::{Call, CommandRefusal, State, Talking, talking::Exchange};
use crate::{
    cdr::HangupParty,
    context::Context,
    failure::{Cause, Refusal},
    leg::Ordered,
    rooms::Place,
};
use media::{PartyMode, Playout};
use std::time::Instant;

/// Who asks whom.
#[derive(Debug)]
pub(super) struct Consultation {
    /// The leg of whoever asks.
    by: usize,
    /// Whom it talked to before.
    first: usize,
    /// Whom it asks, once somebody has answered.
    second: Option<usize>,
    /// What it dialled.
    to: String,
}

/// Three who talk.
#[derive(Debug)]
pub(super) struct Together {
    /// In which room: a name among the rooms of the switch that no number leads to.
    _place: Place,
    parties: [usize; 3],
    /// When the call has lasted long enough.
    pub(super) until: Instant,
}

impl Together {
    /// Whether a leg is one of the three.
    pub(super) fn has(&self, leg: usize) -> bool {
        self.parties.contains(&leg)
    }
}

impl Call {
    // === What is ordered ===

    /// Whoever `by` talks to waits, and `by` goes where a number leads.
    pub(super) fn consult(
        &mut self,
        ctx: &mut Context<'_>,
        by: usize,
        to: &str,
    ) -> Result<(), CommandRefusal> {
        let first = self.other(by).ok_or(CommandRefusal::NotTalking)?;
        if self.legs[by].is_held_by_phone() {
            return Err(CommandRefusal::HeldByPhone);
        }
        self.abandon_exchange(ctx);
        self.pause_listing();
        self.release_holds();
        let consultation = Consultation { by, first, second: None, to: to.to_owned() };
        self.consultation = Some(Box::new(consultation));
        self.let_wait(ctx, first, by);
        self.legs[by].play(ctx, Playout::Silence);
        self.guest = by;
        self.lead(ctx, by, to, None);
        Ok(())
    }

    /// Whoever asks talks to the one who waits, and the one it talked to waits.
    pub(super) fn swap(
        &mut self,
        ctx: &mut Context<'_>,
        number: &str,
    ) -> Result<(), CommandRefusal> {
        let (by, _) = self.consultant(number)?;
        let State::Talking(_) = &self.state else { return Err(CommandRefusal::NotAnswered) };
        let talks = self.other(by).ok_or(CommandRefusal::NotAnswered)?;
        let waits = self.waiting().ok_or(CommandRefusal::NotAnswered)?;
        self.talk_as_two(ctx, [by, waits]).map_err(|_| CommandRefusal::NoCommonCodec)?;
        self.let_wait(ctx, talks, by);
        Ok(())
    }

    /// Whoever asks leaves, and the two others talk; where nobody has answered yet, whoever waits
    /// hears it ring.
    pub(super) fn complete(
        &mut self,
        ctx: &mut Context<'_>,
        number: &str,
    ) -> Result<(), CommandRefusal> {
        self.consultant(number)?;
        self.hand_over(ctx).then_some(()).ok_or(CommandRefusal::NoCommonCodec)
    }

    /// Whoever is asked leaves, and the two who talked before do so again.
    pub(super) fn cancel_consultation(
        &mut self,
        ctx: &mut Context<'_>,
        number: &str,
    ) -> Result<(), CommandRefusal> {
        let (by, first) = self.consultant(number)?;
        self.leave_what_it_heard(ctx);
        if let Some(second) = self.consultation.take().and_then(|it| it.second) {
            self.let_go(ctx, second, Cause::Normal);
        }
        self.go_back(ctx, [by, first]);
        Ok(())
    }

    /// All three talk.
    pub(super) fn talk_together(
        &mut self,
        ctx: &mut Context<'_>,
        number: &str,
    ) -> Result<(), CommandRefusal> {
        let (by, _) = self.consultant(number)?;
        let talk = self.other(by).zip(self.waiting());
        let (partner, waiting) = talk.ok_or(CommandRefusal::NotAnswered)?;
        let parties = [by, partner, waiting];
        let name = ["three-way ", &self.id.to_string()].concat();
        let place = ctx.world.rooms.come(self.domain, name, self.worker);
        for leg in parties {
            if self.legs[leg].move_to_worker(ctx, self.worker).is_err() {
                // Those before it have moved, and hear nothing any more.
                self.go_back(ctx, [by, partner]);
                self.let_wait(ctx, waiting, by);
                return Err(CommandRefusal::Exhausted);
            }
        }
        self.release_holds();
        self.pause_listing();
        self.interrupt_any_recording(ctx);
        for leg in parties {
            self.put_into_room(ctx, leg, place.room(), PartyMode::default());
        }
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        self.guest = by;
        self.state = State::Together(Box::new(Together { _place: place, parties, until }));
        self.record_by_rule(ctx);
        Ok(())
    }

    // === What happens ===

    /// Two talk: whoever was asked may be one of them.
    pub(super) fn note_consulted(&mut self) {
        let Some(by) = self.consultation.as_ref().map(|it| it.by) else { return };
        let Some(partner) = self.other(by) else { return };
        if let Some(it) = &mut self.consultation
            && partner != it.first
        {
            it.second = Some(partner);
        }
    }

    /// Another device of the same number has taken over from `before`.
    pub(super) fn note_taken_over(&mut self, before: usize, leg: usize) {
        let Some(it) = &mut self.consultation else { return };
        for place in [&mut it.by, &mut it.first].into_iter().chain(it.second.as_mut()) {
            if *place == before {
                *place = leg;
            }
        }
    }

    /// A leg that took no part has hung up: if it waited, there is no consultation any more.
    pub(super) fn note_waiting_left(&mut self, leg: usize) {
        if self.waiting() == Some(leg) {
            self.consultation = None;
        }
    }

    /// The far end of a leg is dead: the others go on without it, or the call ends.
    pub(super) fn lose(&mut self, ctx: &mut Context<'_>, leg: usize, cause: Cause) {
        let takes_part = self.takes_part(leg);
        if !takes_part && self.waiting() != Some(leg) {
            return;
        }
        self.let_go(ctx, leg, cause);
        if !takes_part {
            self.note_waiting_left(leg);
        } else if !self.go_on_without(ctx, leg) {
            self.end(ctx, None, Refusal::of(cause));
        }
    }

    /// One who took part is gone: the two others go on. False if they cannot, or are not to.
    pub(super) fn go_on_without(&mut self, ctx: &mut Context<'_>, leg: usize) -> bool {
        let Some(it) = &self.consultation else { return false };
        if leg == it.by {
            return ctx.settings.others_stay && self.hand_over(ctx);
        }
        let left = if leg == it.first { it.second } else { Some(it.first) };
        let Some(left) = left else { return false };
        let pair = [it.by, left];
        self.consultation = None;
        self.talk_as_two(ctx, pair).is_ok()
    }

    /// Nobody talks to whoever asks, or what it heard is over: it talks to the first again. False if
    /// there is no consultation.
    pub(super) fn fail_consultation(&mut self, ctx: &mut Context<'_>) -> bool {
        let Some(it) = self.consultation.take() else { return false };
        self.leave_what_it_heard(ctx);
        self.go_back(ctx, [it.by, it.first]);
        true
    }

    /// What the guest was led to is over: so is the call, unless that was a consultation.
    pub(super) fn be_done(&mut self, ctx: &mut Context<'_>, refusal: Refusal) {
        if !self.fail_consultation(ctx) {
            self.end(ctx, None, refusal);
        }
    }

    // === How it is done ===

    /// Whoever waits takes the place of whoever asks. False if it cannot, and nothing has changed then.
    fn hand_over(&mut self, ctx: &mut Context<'_>) -> bool {
        let Some(it) = &self.consultation else { return false };
        let (by, first) = (it.by, it.first);
        if let Some(second) = it.second {
            if self.talk_as_two(ctx, [first, second]).is_err() {
                return false;
            }
            self.consultation = None;
            self.let_go(ctx, by, Cause::Transferred);
            return true;
        }
        let is_rung = matches!(self.state, State::Ringing(_));
        if !is_rung {
            self.leave_what_it_heard(ctx);
        }
        self.release_holds();
        self.let_go(ctx, by, Cause::Transferred);
        if let Some(it) = self.consultation.take() {
            let to = (!is_rung).then_some(it.to);
            self.put_in_place_of(ctx, by, first, to.as_deref());
        }
        true
    }

    /// The two who talked before do so again; the call ends if they cannot.
    fn go_back(&mut self, ctx: &mut Context<'_>, pair: [usize; 2]) {
        if let Err(refusal) = self.talk_as_two(ctx, pair) {
            self.end(ctx, None, refusal);
        }
    }

    /// Brings two together, whom nobody holds any more; nothing changes if they cannot be.
    fn talk_as_two(&mut self, ctx: &mut Context<'_>, pair: [usize; 2]) -> Result<(), Refusal> {
        let [guest, with] = pair;
        let orders = self.release_holds();
        if let Err(error) = self.join(ctx, pair) {
            self.restore_holds(orders);
            return Err(error.refusal());
        }
        if let State::Together(_) = self.state {
            self.interrupt_any_recording(ctx);
        }
        self.guest = guest;
        self.talk(ctx, Talking::new(ctx, with, Exchange::Idle, true));
        Ok(())
    }

    /// The guest leaves those who are rung or hear it, the room, or the mailbox that it was led to.
    fn leave_what_it_heard(&mut self, ctx: &mut Context<'_>) {
        self.dismiss(ctx, None, Cause::Cancelled);
        self.dismiss_paged(ctx);
        self.announce_leaving(ctx);
        self.leave_mailbox(ctx);
    }

    fn let_go(&mut self, ctx: &mut Context<'_>, leg: usize, cause: Cause) {
        self.suspend_recording_of(ctx, leg);
        self.legs[leg].end(ctx, HangupParty::System, &Refusal::of(cause));
    }

    fn let_wait(&mut self, ctx: &mut Context<'_>, leg: usize, holder: usize) {
        self.legs[leg].order(Ordered::ToWait);
        self.play_hold_music(ctx, leg, holder);
    }

    // === Getters ===

    /// Whether somebody asks somebody else.
    pub(super) fn is_consulting(&self) -> bool {
        self.consultation.is_some()
    }

    /// The legs of whoever asks, if that is this number, and of whom it talked to before.
    fn consultant(&self, number: &str) -> Result<(usize, usize), CommandRefusal> {
        let it = self.consultation.as_ref().ok_or(CommandRefusal::NotConsulting)?;
        let is_own = self.is_extension(it.by, number);
        is_own.then_some((it.by, it.first)).ok_or(CommandRefusal::NotConsulting)
    }

    /// The leg that waits.
    fn waiting(&self) -> Option<usize> {
        let it = self.consultation.as_ref()?;
        let talks_to_first = self.other(it.by) == Some(it.first);
        if matches!(self.state, State::Together(_)) {
            None
        } else if talks_to_first {
            it.second
        } else {
            Some(it.first)
        }
    }
}
