//! Calls that we begin ourselves: somebody's own device is rung, and once it is answered its call goes
//! where a number leads, as if it had been dialled there.

use super::{
    Call, Invitee, Queueing, Ringing, State, Wanted, recording::Recording, supervision::Supervisor,
};
use crate::{
    context::{Context, Errand, Handle},
    dialplan::{Codes, Dial, DialTarget, Principal},
    facts::CallDirection,
    failure::Refusal,
    leg::{Described, LegError},
    trail::Holder,
};
use base::{CallId, DomainId};
use media::{
    Family, Playout,
    sdp::{LocalCodec, accept_answer},
};
use sip::{Replaces, Status, offer_answer::OrderError};
use std::time::{Duration, Instant};

/// Somebody wants to be connected with a number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origination {
    /// The domain of both.
    pub domain: DomainId,
    /// The number of the extension whose devices are rung first.
    pub extension: String,
    /// Where its call goes then.
    pub to: String,
    /// Whether its devices are asked to answer by themselves.
    pub is_intercom: bool,
}

/// What becomes of a device that is rung without a caller, once it is answered.
#[derive(Debug)]
pub(crate) enum Summons {
    /// Its call goes where this number leads.
    Number(String),
    /// It takes the place of the far end of this dialog.
    Place(Replaces),
    /// It is asked into a conference.
    Room(Box<Invitee>),
    /// It hears a call of others.
    Supervision(Box<Supervisor>),
    /// It takes the place of those who are rung in this call.
    PickUp {
        call: CallId,
        /// When it is seen to next whether they still are.
        look_at: Instant,
    },
}

/// An extension whose devices are rung before its call goes on.
#[derive(Debug)]
pub(super) struct Summoned {
    pub(super) domain: DomainId,
    /// Its number.
    pub(super) extension: String,
    /// What it is rung for, as its devices and the call log show it.
    pub(super) number: String,
    pub(super) is_intercom: bool,
    pub(super) worker: u8,
    /// Who wanted it, if a REFER did.
    pub(super) referred_by: Option<Holder>,
    pub(super) summons: Summons,
}

/// What a call without a caller is about.
#[derive(Debug)]
pub(super) struct OwnCall {
    pub(super) domain: DomainId,
    /// For the call log.
    pub(super) caller: String,
    pub(super) dialled: String,
    /// Whoever calls, as those see it who are rung.
    pub(super) calling: super::Calling,
    pub(super) worker: u8,
}

impl Call {
    /// Rings the devices of an extension; refused if none can be.
    pub(crate) fn originate(
        ctx: &mut Context<'_>,
        id: CallId,
        order: Origination,
    ) -> Result<Self, Refusal> {
        Self::ring_for(ctx, id, order, None)
    }

    /// The same, told by whom it was wanted.
    fn ring_for(
        ctx: &mut Context<'_>,
        id: CallId,
        order: Origination,
        referred_by: Option<Holder>,
    ) -> Result<Self, Refusal> {
        let Origination { domain, extension, to, is_intercom } = order;
        let (worker, summons) = (ctx.ports.idlest_worker(), Summons::Number(to.clone()));
        let number = to;
        let summoned =
            Summoned { domain, extension, number, is_intercom, worker, referred_by, summons };
        Self::summon(ctx, id, summoned)
    }

    /// The same, whatever becomes of its call then.
    pub(super) fn summon(
        ctx: &mut Context<'_>,
        id: CallId,
        summoned: Summoned,
    ) -> Result<Self, Refusal> {
        let Summoned { domain, extension, number, is_intercom, worker, referred_by, summons } =
            summoned;
        let mut calling = super::Calling::of_number(ctx, domain, &number);
        calling.trail.referred_by = referred_by;
        let targets = vec![DialTarget::User(extension.clone())];
        let by = Principal::Extension(extension.clone());
        let dial = Dial {
            targets,
            timeout_s: None,
            is_intercom,
            is_group: false,
            codes: Codes::default(),
            by,
        };
        let targets = ctx.targets(domain, &calling, &dial)?;
        let own = OwnCall { domain, caller: extension, dialled: number, calling, worker };
        let mut call = Self::of_ours(ctx, id, own, summons);
        call.ring(ctx, targets)?;
        Ok(call)
    }

    /// The same because of a REFER (RFC 3515) that was judged before. With a `place` the device that
    /// answers takes that of another of its own in a call that there is.
    pub(crate) fn originate_referred(
        ctx: &mut Context<'_>,
        id: CallId,
        order: Origination,
        place: Option<Replaces>,
    ) -> Result<Self, Refusal> {
        let referred_by = Holder::line(&order.extension);
        let mut call = Self::ring_for(ctx, id, order, Some(referred_by))?;
        call.reported = Some(Status(100));
        if let Some(replaces) = place {
            call.summons = Some(Summons::Place(replaces));
        }
        Ok(call)
    }

    /// A call without a caller, in which nobody is rung yet.
    pub(super) fn of_ours(ctx: &Context<'_>, id: CallId, own: OwnCall, summons: Summons) -> Self {
        let OwnCall { domain, caller, dialled, calling, worker } = own;
        Self {
            id,
            domain,
            caller,
            caller_name: None,
            is_caller_withheld: false,
            dialled,
            direction: CallDirection::Internal,
            started: ctx.now,
            worker,
            legs: Vec::new(),
            guest: 0,
            calling,
            arrival: super::Arrival {
                family: Family::V4,
                offer: None,
                max_forwards: MAX_FORWARDS,
                headers: Vec::new(),
            },
            walk: None,
            summons: Some(summons),
            state: State::Ringing(Ringing::nobody(ctx.now.instant, 0)),
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
            recording: Recording::new(false),
            told: None,
            legs_told: 0,
            listed: None,
        }
    }

    /// One of the devices was answered: its call goes on.
    pub(super) fn begin_summoned(
        &mut self,
        ctx: &mut Context<'_>,
        (leg, described): (usize, Described),
        summons: Summons,
    ) -> Result<(), LegError> {
        match summons {
            Summons::Number(number) => self.connect_summoned(ctx, (leg, described), &number),
            Summons::Place(replaces) => self.replace_by_summoned(ctx, (leg, described), &replaces),
            Summons::Room(invitee) => self.ask_in(ctx, (leg, described), *invitee),
            Summons::Supervision(supervisor) => {
                self.take_summoned(ctx, leg, described)?;
                self.begin_supervision(ctx, *supervisor);
                Ok(())
            }
            Summons::PickUp { call, .. } => {
                self.take_summoned(ctx, leg, described)?;
                self.seek(ctx, Wanted::Ringing(call));
                Ok(())
            }
        }
    }

    /// When it is to be seen to whether what a device is rung for is still there.
    pub(super) fn summons_due(&self) -> Option<Instant> {
        let (Some(summons), State::Ringing(_)) = (&self.summons, &self.state) else { return None };
        match summons {
            Summons::Number(_) | Summons::Place(_) => None,
            Summons::Room(invitee) => Some(invitee.look_at()),
            Summons::Supervision(supervisor) => Some(supervisor.look_at()),
            Summons::PickUp { look_at, .. } => Some(*look_at),
        }
    }

    /// Lets a device go that is rung for what is no more.
    pub(super) fn see_to_summons(&mut self, ctx: &mut Context<'_>) {
        match &mut self.summons {
            Some(Summons::Number(_) | Summons::Place(_)) | None => {}
            Some(Summons::Room(_)) => self.look_for_room(ctx),
            Some(Summons::Supervision(_)) => self.look_for_supervised(ctx),
            Some(Summons::PickUp { call, look_at }) => {
                *look_at = ctx.now.instant + LOOK_INTERVAL;
                let wanted = Wanted::Ringing(*call);
                ctx.errands.push(Errand::LookFor { seeker: self.id, wanted });
            }
        }
    }

    /// Whoever answered is the guest, and hears nothing yet.
    pub(super) fn take_summoned(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        described: Described,
    ) -> Result<(), LegError> {
        let Described::Answer(answer) = described else {
            return Err(OrderError::Unexpected.into());
        };
        let side = accept_answer(&answer, &LocalCodec::TELEPHONY)?;
        self.legs[leg].configure(ctx, side);
        self.legs[leg].confirm(ctx, None);
        self.dismiss_others(ctx, leg);
        self.guest = leg;
        let referred_by = self.calling.trail.referred_by.take();
        self.calling = self.calling_of(ctx, leg);
        self.calling.trail.referred_by = referred_by;
        self.legs[leg].play(ctx, Playout::Silence);
        Ok(())
    }

    /// Its call goes where a number leads.
    fn connect_summoned(
        &mut self,
        ctx: &mut Context<'_>,
        (leg, described): (usize, Described),
        number: &str,
    ) -> Result<(), LegError> {
        self.take_summoned(ctx, leg, described)?;
        let walk = self.walk_to(ctx, leg, number).ok_or(LegError::NoMedia)?;
        self.recording = Recording::new(walk.is_recorded());
        self.walk = Some(Box::new(walk));
        self.record_by_rule(ctx);
        self.go_on(ctx);
        Ok(())
    }

    /// It takes the place of another device in a call, if that is still there.
    fn replace_by_summoned(
        &mut self,
        ctx: &mut Context<'_>,
        (leg, described): (usize, Described),
        replaces: &Replaces,
    ) -> Result<(), LegError> {
        self.take_summoned(ctx, leg, described)?;
        let dialog = ctx.endpoint.dialog_named(replaces);
        let leg = dialog.and_then(|it| ctx.handles.find(Handle::Dialog(it)));
        let is_early_only = replaces.is_early_only;
        self.seek(ctx, leg.map_or(Wanted::Nothing, |leg| Wanted::WithLeg { leg, is_early_only }));
        Ok(())
    }
}

/// RFC 3261 section 8.1.1.6.
const MAX_FORWARDS: u8 = 70;
/// How long a device rings on for a call or a room of others that is over.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_secs(1);
