//! Somebody is asked into a conference: a moderator names a number, whoever answers there hears who
//! asks, and comes in with a key.
//!
//! ```text
//! a moderator's call ── Errand::Invite ──▶ a call of its own: rings ──▶ answered ─▶ Invited ─ 1 ─▶ (in)
//!        ▲                                      │ busy, no answer, no route   │ no key, hangs up
//!        └────────── hears why ─────────────────┴──────────────────────────────┘
//! ```
//!
//! The number is routed as if the moderator had dialled it, in the moderator's name: nobody is reached
//! whom the moderator could not call. A room that ends meanwhile calls nobody any more.

use super::{Meeting, Stage, Words};
use crate::{
    call::{
        Call, Calling, State, Summons,
        origination::{LOOK_INTERVAL, OwnCall},
    },
    context::{Context, Errand},
    dialplan::{Action, ConferencePlan, Principal, RouteQuery, Walk},
    failure::{Cause, Refusal},
    leg::{Described, LegError},
    output::Output,
    rooms::Place,
    speech::{Language, Phrase},
    trail::Trail,
};
use base::{CallId, MediaId};
use media::{MediaCommand, Playout};
use std::time::{Duration, Instant};

/// Who is to be asked into a room, and by whom.
#[derive(Debug)]
pub(crate) struct Invitee {
    /// The number, as whoever invites dials it.
    number: String,
    /// In whose name it is called.
    by: Principal,
    /// Whoever invites, as the number sees it.
    calling: Calling,
    plan: ConferencePlan,
    place: Place,
    inviter: Inviter,
    /// When it is seen to next whether the room is still there.
    look_at: Instant,
}

/// Whoever hears what becomes of an invitation.
#[derive(Clone, Debug)]
pub(super) struct Inviter {
    /// Its number, which is told to whoever is invited.
    number: String,
    /// Its call in the room and the session of that; `None` for one who is not in the room.
    party: Option<(CallId, MediaId)>,
}

/// One who was asked in and has answered.
#[derive(Debug)]
pub(in crate::call) struct Invited {
    pub(super) inviter: Inviter,
    /// How often it was told how to come in.
    asked: u8,
    /// When that was long ago.
    pub(super) due: Instant,
}

impl Call {
    /// A moderator asks somebody in, by its keys.
    pub(super) fn invite_by_keys(&mut self, ctx: &mut Context<'_>, number: String) {
        let Some(by) = self.principal() else { return };
        // How its own call came into the room is none of theirs whom it asks in.
        let calling = Calling { trail: Trail::default(), ..self.calling.clone() };
        let party = self.legs[self.guest].media().map(|media| (self.id, media));
        self.invite(ctx, number, (by, calling, party));
        self.tell(ctx, Words::Inviting);
    }

    /// An extension asks somebody into the room that this call is in; false if it is in none.
    pub(in crate::call) fn invite_by_order(
        &mut self,
        ctx: &mut Context<'_>,
        by: &str,
        number: String,
    ) -> bool {
        let calling = Calling::of_number(ctx, self.domain, by);
        self.invite(ctx, number, (Principal::Extension(by.to_owned()), calling, None))
    }

    fn invite(
        &mut self,
        ctx: &mut Context<'_>,
        number: String,
        (by, calling, party): (Principal, Calling, Option<(CallId, MediaId)>),
    ) -> bool {
        let State::Meeting(meeting) = &self.state else { return false };
        let (Stage::Inside { .. }, plan) = (&meeting.stage, &meeting.plan) else { return false };
        let place = ctx.world.rooms.come(self.domain, plan.room.clone(), self.worker).invited();
        let inviter = Inviter { number: calling.number.clone(), party };
        let (plan, look_at) = (plan.clone(), ctx.now.instant + LOOK_INTERVAL);
        let invitee = Invitee { number, by, calling, plan, place, inviter, look_at };
        let domain = self.domain;
        ctx.errands.push(Errand::Invite { domain, invitee: Box::new(invitee) });
        true
    }

    /// Rings whom a moderator wants in the room. `None` if nobody could be rung at all, which the
    /// moderator has heard then.
    pub(crate) fn ring_invitee(
        ctx: &mut Context<'_>,
        id: CallId,
        domain: base::DomainId,
        invitee: Box<Invitee>,
    ) -> Option<Self> {
        let name = ctx.world.directory.domains.get(&domain)?.name.clone();
        let query = RouteQuery {
            domain: &name,
            from: invitee.by.as_caller(),
            number: &invitee.calling.number,
            dialled: &invitee.number,
            now: ctx.now.unix,
        };
        let walk = Walk::begin(&ctx.world.plans, &query);
        let own = OwnCall {
            domain,
            caller: invitee.inviter.number.clone(),
            dialled: invitee.number.clone(),
            calling: invitee.calling.clone(),
            worker: invitee.place.worker(),
        };
        let mut call = Self::of_ours(ctx, id, own, Summons::Room(invitee));
        call.walk = Some(Box::new(walk));
        call.go_on(ctx);
        (!call.legs.is_empty()).then_some(call)
    }

    /// Whether an invitation can do this: people are rung, and no machine of ours comes in their place.
    pub(in crate::call) fn may_do_invited(&self, action: &Action) -> bool {
        match (&self.summons, action) {
            (
                Some(_),
                Action::Choose(_)
                | Action::Dial(_)
                | Action::Record(_)
                | Action::Refuse { .. }
                | Action::HangUp,
            )
            | (None, _) => true,
            (Some(_), _) => false,
        }
    }

    /// Whoever was invited has answered.
    pub(in crate::call) fn ask_in(
        &mut self,
        ctx: &mut Context<'_>,
        (leg, described): (usize, Described),
        invitee: Invitee,
    ) -> Result<(), LegError> {
        if let Err(error) = self.take_summoned(ctx, leg, described) {
            invitee.refuse(ctx);
            return Err(error);
        }
        let Invitee { plan, place, inviter, .. } = invitee;
        let due = ctx.now.instant + KEY_TIMEOUT;
        let (mode, asks) = (plan.mode, plan.asks_invited);
        let stage = Stage::Invited(Invited { inviter, asked: 1, due });
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        self.state = State::Meeting(Box::new(Meeting { plan, place, stage, mode, until }));
        if asks {
            self.ask_invited(ctx);
        } else {
            self.admit_invited(ctx);
        }
        self.record_by_rule(ctx);
        Ok(())
    }

    /// A key of one who was invited.
    pub(super) fn handle_invited_key(&mut self, ctx: &mut Context<'_>, key: char) {
        match key {
            '1' => self.admit_invited(ctx),
            '#' => self.decline_invitation(ctx),
            _ => {}
        }
    }

    /// One who was invited says nothing.
    pub(super) fn handle_invited_timeout(&mut self, ctx: &mut Context<'_>) {
        let Some(invited) = self.invited() else { return };
        if invited.due > ctx.now.instant {
            return;
        }
        if invited.asked == ASKED_MAX {
            return self.decline_invitation(ctx);
        }
        invited.asked += 1;
        invited.due = ctx.now.instant + KEY_TIMEOUT;
        self.ask_invited(ctx);
    }

    /// Lets go whoever is rung for a room in which nobody is any more.
    pub(in crate::call) fn look_for_room(&mut self, ctx: &mut Context<'_>) {
        let Some(Summons::Room(invitee)) = &mut self.summons else { return };
        invitee.look_at = ctx.now.instant + LOOK_INTERVAL;
        if invitee.place.parties() == 0 {
            self.end(ctx, None, Refusal::of(Cause::Cancelled));
        }
    }

    /// The call ends: whoever invited hears why nobody comes, if nobody does.
    pub(in crate::call) fn report_to_inviter(&self, ctx: &mut Context<'_>, refusal: &Refusal) {
        match (&self.summons, &self.state) {
            (Some(Summons::Room(invitee)), _) => {
                let told = self.refused.as_ref().map_or(refusal, |it| &it.refusal);
                invitee.tell_inviter(ctx, why(told.cause));
            }
            (_, State::Meeting(meeting)) => {
                meeting.tell_inviter(ctx, Words::Declined);
            }
            (_, _) => {}
        }
    }

    fn ask_invited(&mut self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        let Stage::Invited(invited) = &meeting.stage else { return };
        let phrases = [
            Phrase::Prompt(Words::Invited.prompt()),
            Phrase::Digits(&invited.inviter.number),
            Phrase::Prompt(Words::PressOne.prompt()),
        ];
        let sound = ctx.world.sounds.say(meeting.plan.language, &phrases);
        self.legs[self.guest].play(ctx, Playout::Prompt { sound });
    }

    /// Lets one who was invited in, if somebody is still there.
    fn admit_invited(&mut self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        if meeting.place.parties() == 0 {
            return self.send_away(ctx, Words::Over, Cause::Normal);
        }
        self.admit(ctx, false);
    }

    fn decline_invitation(&mut self, ctx: &mut Context<'_>) {
        let State::Meeting(meeting) = &self.state else { return };
        if let Stage::Invited(_) = &meeting.stage {
            meeting.tell_inviter(ctx, Words::Declined);
            self.send_away(ctx, Words::Goodbye, Cause::Normal);
        }
    }

    fn invited(&mut self) -> Option<&mut Invited> {
        let State::Meeting(meeting) = &mut self.state else { return None };
        let Stage::Invited(invited) = &mut meeting.stage else { return None };
        Some(invited)
    }
}

impl Invitee {
    /// When it is seen to next whether the room is still there.
    pub(in crate::call) fn look_at(&self) -> Instant {
        self.look_at
    }

    /// Nobody can be rung: whoever invites hears it.
    pub(crate) fn refuse(&self, ctx: &mut Context<'_>) {
        self.tell_inviter(ctx, Words::NotReached);
    }

    fn tell_inviter(&self, ctx: &mut Context<'_>, words: Words) {
        self.inviter.tell(ctx, &self.place, self.plan.language, words);
    }
}

impl Meeting {
    /// Says something to whoever invited, if that is what this is about.
    fn tell_inviter(&self, ctx: &mut Context<'_>, words: Words) {
        if let Stage::Invited(invited) = &self.stage {
            invited.inviter.tell(ctx, &self.place, self.plan.language, words);
        }
    }
}

impl Inviter {
    /// Says something to whoever invited, if it is still in the room.
    fn tell(&self, ctx: &mut Context<'_>, place: &Place, language: Language, words: Words) {
        let Some((call, media)) = self.party else { return };
        if !place.has(call) {
            return;
        }
        let sound = ctx.world.sounds.say(language, &[Phrase::Prompt(words.prompt())]);
        let command = MediaCommand::Tell { media, sound };
        // All of a room is on one worker.
        ctx.outputs.push_back(Output::Media { worker: place.worker(), command });
    }
}

/// Why nobody comes, as whoever invited hears it.
fn why(cause: Cause) -> Words {
    match cause {
        Cause::Busy | Cause::TooManyCalls => Words::TheyAreBusy,
        Cause::NoAnswer => Words::NobodyAnswers,
        Cause::Rejected | Cause::Refused | Cause::Screened => Words::Declined,
        Cause::Normal
        | Cause::Cancelled
        | Cause::AnsweredElsewhere
        | Cause::NotFound
        | Cause::Barred
        | Cause::Capped
        | Cause::Unavailable
        | Cause::NoCommonCodec
        | Cause::Exhausted
        | Cause::Loop
        | Cause::RtpTimeout
        | Cause::NotAcked
        | Cause::PeerLost
        | Cause::MaxDuration
        | Cause::Shutdown
        | Cause::Transferred
        | Cause::Crash
        | Cause::Internal => Words::NotReached,
    }
}

/// How long one who was invited may take for the key, the question included.
const KEY_TIMEOUT: Duration = Duration::from_secs(15);
/// How often it is asked.
const ASKED_MAX: u8 = 2;
