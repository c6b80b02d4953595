//! The guest on its way through the plan: each step is carried out here, or handed to who can.

use super::{AfterWords, Call, State};
use crate::{
    call::{Invitation, MailboxVisit, VisitPurpose, Wanted},
    context::Context,
    dialplan::{
        Action, Builtin, ConferencePlan, Dial, DialOutcome, DialTarget, Outcome, Speech, WebOrder,
    },
    facts::CallDirection,
    failure::{Cause, Refusal},
    output::Output,
    speech::{Language, Phrase},
    web::{WebReply, WebRequest},
};
use media::Playout;
use sip::Status;
use std::time::{Duration, Instant};

/// Why those who were rung do not talk.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// The leg that said so last; `None` if we did.
    pub(super) by: Option<usize>,
    pub(super) fault: Fault,
}

/// At whom it lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// At those who were rung, who are the same whichever way one takes to them.
    Callee,
    /// At the way to them.
    Way,
}

impl Refused {
    /// Nobody was rung.
    pub(super) fn of(refusal: Refusal) -> Self {
        // Who may not call a number may not do so by another trunk either.
        let is_not_allowed = [Cause::Barred, Cause::Capped].contains(&refusal.cause);
        let fault = if is_not_allowed { Fault::Callee } else { Fault::Way };
        Self { refusal, by: None, fault }
    }
}

impl Call {
    /// Does what the plan says next, and next, up to what takes its time.
    pub(super) fn go_on(&mut self, ctx: &mut Context<'_>) {
        let now = ctx.now.unix;
        let action = self.walk.as_mut().and_then(|walk| walk.next(now));
        self.do_all(ctx, action);
    }

    /// The same once it is known what became of the last step.
    pub(super) fn go_on_after(&mut self, ctx: &mut Context<'_>, outcome: &Outcome) {
        let action = self.next_after(ctx, outcome);
        self.do_all(ctx, action);
    }

    fn next_after(&mut self, ctx: &Context<'_>, outcome: &Outcome) -> Option<Action> {
        let (walk, now) = (self.walk.as_mut()?, ctx.now.unix);
        walk.took(outcome, now).or_else(|| walk.next(now))
    }

    fn do_all(&mut self, ctx: &mut Context<'_>, mut action: Option<Action>) {
        while let Some(outcome) = self.do_one(ctx, action) {
            action = self.next_after(ctx, &outcome);
        }
    }

    /// Does one thing; gives what became of it, unless it takes its time or was the last.
    fn do_one(&mut self, ctx: &mut Context<'_>, action: Option<Action>) -> Option<Outcome> {
        let Some(action) = action else {
            self.come_to_the_end(ctx);
            return None;
        };
        if !self.may_do_invited(&action) {
            self.come_to_the_end(ctx);
            return None;
        }
        let done = match action {
            Action::Answer => self.answer_guest(ctx).map(|()| Some(Outcome::Done)),
            Action::Say(speech) => self.say_to_guest(ctx, &speech),
            Action::Gather(gather) => self.gather(ctx, &gather).map(|()| None),
            Action::Choose(trunks) => Ok(Some(Outcome::Chosen(ctx.cheapest_first(trunks)))),
            Action::Dial(dial) => Ok(self.dial(ctx, &dial)),
            Action::Builtin(builtin) => self.play_builtin(ctx, builtin).map(|()| None),
            Action::Conference(plan) => self.enter_conference(ctx, plan).map(|()| None),
            Action::Supervise { number, language } => {
                self.supervise_extension(ctx, &number, language).map(|()| None)
            }
            Action::LeaveMessage { number, absence, language } => {
                let purpose = VisitPurpose::Leave(absence);
                self.visit(ctx, Some(&number), language, purpose).map(|()| None)
            }
            Action::HearMessages { language } => {
                self.visit(ctx, None, language, VisitPurpose::Hear).map(|()| None)
            }
            Action::Queue { name, language } => {
                self.enter_queue(ctx, name, language).map(|()| None)
            }
            Action::OrderCallback { language, .. } => {
                self.say_not_built(ctx, language, AfterWords::End).map(|()| None)
            }
            Action::Page(plan) => self.page(ctx, &plan),
            Action::Park(plan) => self.park(ctx, plan).map(|()| None),
            Action::Fetch { slot } => {
                self.seek(ctx, Wanted::ParkedIn(slot));
                Ok(None)
            }
            Action::PickUp { users } => {
                self.seek(ctx, Wanted::RingingAt(users));
                Ok(None)
            }
            Action::Recent(of) => Ok(Some(self.recent(ctx, of))),
            Action::SetFeature(order) => self.set_feature(ctx, order),
            Action::SignIn { number, pin } => self.sign_in(ctx, number, pin),
            Action::SignOut => self.sign_out(ctx),
            Action::Web(order) => {
                self.ask_web(ctx, order);
                Ok(None)
            }
            Action::Record(is_on) => {
                self.record_by_step(ctx, is_on);
                Ok(Some(Outcome::Done))
            }
            Action::Refuse { status, reason } => {
                let cause = if status == 404 { Cause::NotFound } else { Cause::Refused };
                Err(Refusal { cause, status: Status(status), reason: Some(reason) })
            }
            Action::HangUp => {
                Err(Refusal { status: Cause::Unavailable.status(), ..Refusal::of(Cause::Normal) })
            }
        };
        done.unwrap_or_else(|refusal| {
            self.end_or_return(ctx, None, refusal);
            None
        })
    }

    /// Nothing is left to do.
    fn come_to_the_end(&mut self, ctx: &mut Context<'_>) {
        let refused = self.refused.take();
        let (by, refusal) = match refused {
            // Who heard us before its call ended hears that from us.
            Some(refused) => (refused.by.filter(|_| !self.is_guest_up()), refused.refusal),
            None => (
                None,
                Refusal { status: Cause::Unavailable.status(), ..Refusal::of(Cause::Normal) },
            ),
        };
        self.end_or_return(ctx, by, refusal);
    }

    /// Ends the call, unless whoever transferred it takes it back, it was only asked for, or there is a
    /// mailbox to come back to.
    pub(super) fn end_or_return(
        &mut self,
        ctx: &mut Context<'_>,
        by: Option<usize>,
        refusal: Refusal,
    ) {
        let goes_on = self.return_to_mailbox(ctx, &refusal)
            || self.fail_transfer(ctx, &refusal)
            || self.fail_consultation(ctx)
            || self.park_again(ctx);
        if !goes_on {
            self.end(ctx, by, refusal);
        }
    }

    // === Steps ===

    fn say_to_guest(
        &mut self,
        ctx: &mut Context<'_>,
        speech: &Speech,
    ) -> Result<Option<Outcome>, Refusal> {
        self.answer_guest(ctx)?;
        // Words may well say that nobody comes: whoever calls back from a mailbox has not left it yet.
        self.finish_transfer(ctx);
        let Some(sound) = ctx.world.sounds.speech(speech) else {
            return Ok(Some(Outcome::Done));
        };
        self.legs[self.guest].play(ctx, Playout::Prompt { sound });
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        self.state = State::Playing { until, then: AfterWords::NextStep };
        Ok(None)
    }

    /// Whom to ring is found out, and rung; gives the outcome if nobody can be.
    fn dial(&mut self, ctx: &mut Context<'_>, dial: &Dial) -> Option<Outcome> {
        self.rung = None;
        if !self.is_consulting() {
            self.codes.allow(dial.codes);
        }
        if let ([DialTarget::User(number)], false) = (dial.targets.as_slice(), dial.is_group) {
            if let Some(outcome) = self.heed_features(ctx, number) {
                return Some(outcome);
            }
            self.rung = Some(number.clone());
        }
        let targets = ctx.targets(self.domain, &self.calling, dial);
        let is_out = dial.targets.iter().any(|it| matches!(it, DialTarget::Trunk { .. }));
        // Lists of calls are told once.
        if is_out && self.direction == CallDirection::Internal && self.told.is_none() {
            self.direction = CallDirection::Out;
        }
        match targets.and_then(|targets| self.ring(ctx, targets)) {
            Ok(()) => {
                self.note_recents(ctx, dial);
                None
            }
            Err(refusal) => Some(self.have_dialled(ctx, Refused::of(refusal))),
        }
    }

    /// Asks a web server; the guest hears nothing new meanwhile.
    fn ask_web(&mut self, ctx: &mut Context<'_>, order: WebOrder) {
        let limit = Duration::from_secs(u64::from(order.timeout_s)) + WEB_GRACE;
        let asked = self.ask_until(ctx.now.instant + limit);
        let (shard, call) = (ctx.settings.shard, self.id);
        ctx.outputs.push_back(Output::Web(Box::new(WebRequest { shard, call, asked, order })));
    }

    /// The guest waits for an answer, so long at most; gives the number of the question.
    pub(super) fn ask_until(&mut self, until: Instant) -> u32 {
        self.state = State::Asking { until };
        self.asked += 1;
        self.asked
    }

    /// Whether the answer to this question is waited for. Whoever waits no longer, or for something
    /// else, takes no notice.
    pub(super) fn awaits_answer(&self, asked: u32) -> bool {
        matches!(self.state, State::Asking { .. }) && asked == self.asked
    }

    /// What a web server says.
    pub(crate) fn handle_web(&mut self, ctx: &mut Context<'_>, reply: WebReply) {
        if self.awaits_answer(reply.asked) {
            self.go_on_after(ctx, &Outcome::Web(reply.values));
        }
    }

    /// Whoever was asked for something does not answer.
    pub(super) fn handle_asking_timeout(&mut self, ctx: &mut Context<'_>) {
        self.go_on_after(ctx, &Outcome::NoReply);
    }

    fn play_builtin(&mut self, ctx: &mut Context<'_>, builtin: Builtin) -> Result<(), Refusal> {
        let sounds = &ctx.world.sounds;
        let playout = match builtin {
            Builtin::Echo => Playout::Echo,
            Builtin::Tone { hz, dbm0 } => Playout::Tone { hz, dbm0 },
            Builtin::Progress(tone) => Playout::Loop { sound: sounds.tones.tone(tone).clone() },
            Builtin::Music { name } => match sounds.music.get(&name) {
                Some(music) => Playout::Music { music: music.clone() },
                None => {
                    let reason = Some(format!("Music {name} is missing"));
                    return Err(Refusal { reason, ..Refusal::of(Cause::Internal) });
                }
            },
        };
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        self.legs[self.guest].play(ctx, playout);
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        self.state = State::Playing { until, then: AfterWords::End };
        Ok(())
    }

    fn enter_conference(
        &mut self,
        ctx: &mut Context<'_>,
        plan: ConferencePlan,
    ) -> Result<(), Refusal> {
        let place = ctx.world.rooms.come(self.domain, plan.room.clone(), self.worker);
        self.move_to_worker(ctx, place.worker())?;
        self.meet(ctx, Invitation { plan, place })
    }

    /// Everything that the guest hears must come from one worker: from now on from this one.
    pub(super) fn move_to_worker(
        &mut self,
        ctx: &mut Context<'_>,
        worker: u8,
    ) -> Result<(), Refusal> {
        self.worker = worker;
        let guest = &mut self.legs[self.guest];
        if guest.media().is_none() || guest.worker() == Some(worker) {
            return Ok(());
        }
        self.suspend_recording_of(ctx, self.guest);
        self.legs[self.guest].move_to_worker(ctx, worker).map_err(|error| error.refusal())
    }

    fn visit(
        &mut self,
        ctx: &mut Context<'_>,
        number: Option<&str>,
        language: Language,
        purpose: VisitPurpose,
    ) -> Result<(), Refusal> {
        let mailbox = ctx.mailbox(self.domain, self.principal(), number)?;
        if matches!(purpose, VisitPurpose::Leave(_)) {
            ctx.screen(self.domain, &self.calling, &mailbox.number)?;
        }
        self.visit_mailbox(ctx, MailboxVisit { mailbox, language, purpose })
    }

    /// The guest is told that there is no such service here.
    pub(super) fn say_not_built(
        &mut self,
        ctx: &mut Context<'_>,
        language: Language,
        then: AfterWords,
    ) -> Result<(), Refusal> {
        self.answer_guest(ctx)?;
        self.note_arrival(ctx);
        let sound = ctx.world.sounds.say(language, &[Phrase::Prompt(NOT_BUILT)]);
        self.legs[self.guest].play(ctx, Playout::Prompt { sound });
        let until = ctx.now.instant + ctx.settings.call_duration_max;
        self.state = State::Playing { until, then };
        Ok(())
    }

    // === Getters ===

    /// In whose name the call goes where it goes.
    pub(super) fn principal(&self) -> Option<crate::dialplan::Principal> {
        self.walk.as_ref().map(|walk| walk.by().clone())
    }

    /// Whether whoever the call is about was answered.
    pub(super) fn is_guest_up(&self) -> bool {
        self.legs.get(self.guest).is_some_and(|it| it.is_up())
    }
}

impl Refusal {
    /// What it is called in plans.
    pub(super) fn outcome(&self) -> DialOutcome {
        match self.cause {
            Cause::Busy | Cause::TooManyCalls => DialOutcome::Busy,
            Cause::NoAnswer => DialOutcome::NoAnswer,
            Cause::Unavailable => DialOutcome::Offline,
            Cause::Rejected | Cause::Refused | Cause::Barred | Cause::Capped | Cause::Screened => {
                DialOutcome::Refused
            }
            Cause::Normal
            | Cause::Cancelled
            | Cause::AnsweredElsewhere
            | Cause::NotFound
            | Cause::NoCommonCodec
            | Cause::Exhausted
            | Cause::Loop
            | Cause::RtpTimeout
            | Cause::NotAcked
            | Cause::PeerLost
            | Cause::MaxDuration
            | Cause::Shutdown
            | Cause::Transferred
            | Cause::Internal
            | Cause::Crash => DialOutcome::Failed,
        }
    }
}

/// How much longer than a question may take its answer may be on its way to us.
const WEB_GRACE: Duration = Duration::from_secs(1);

/// What is said where a service is planned and not there.
const NOT_BUILT: &str = "service-not-built";
