//! One who talks hands the other on (REFER, RFC 3515 and RFC 5589).
//!
//! ```text
//! Talking ── REFER: 202 ─▶ the walk of the new number, for whoever stays
//!                            │ rings         │ talks, or hears us    │ nobody talks
//!                            ▼               ▼                       ▼
//!                          NOTIFY 180    NOTIFY 200, BYE         NOTIFY 4xx, and the two talk again;
//!                                        to whoever handed on    or whoever handed on is rung
//! ```
//!
//! Where the REFER names another call of the same phone, its far end is joined at once: see `merging`.

use super::{Call, Calling, State, Talking, newcomer::ON_OTHER_SHARD, talking::Exchange};
use crate::{
    cdr::HangupParty,
    context::{Context, Errand, Handle, LegRef},
    dialplan::{Codes, Principal, RouteQuery, Walk},
    failure::{Cause, Refusal},
    subscriptions::{REFERRAL_LASTS, fragment, is_told, refer_sub},
    trail::{Holder, Trail},
};
use bytes::Bytes;
use media::Playout;
use sip::{
    ClientId, Header, HeaderName, Method, ReferTo, Request, ServerId, Status, endpoint::Reply,
};
use std::time::{Duration, Instant};

/// Somebody hands the guest on.
#[derive(Debug)]
pub(super) struct Transfer {
    /// Whose place is to be taken.
    by: usize,
    /// Whether it wants to know how it goes (RFC 4488), and of which REFER.
    told_of: Option<NthRefer>,
    /// What it was told last.
    told: Status,
    stage: Stage,
    /// What could be ordered by keys in the call as it was.
    codes: Codes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// Somebody else is looked for.
    Searching,
    /// It is told where the guest is parked.
    Hearing {
        /// Or it goes then.
        until: Instant,
    },
    /// Whoever handed on is rung, since nobody else talks.
    Returning,
    /// It was told how it ended, and goes when it has heard that.
    Leaving {
        /// What it is told with.
        client: Option<ClientId>,
        /// Or then.
        until: Instant,
    },
}

/// A REFER, as RFC 3515 section 2.4.6 tells those of one dialog apart.
#[derive(Clone, Copy, Debug)]
pub(super) enum NthRefer {
    /// The dialog's first.
    First,
    /// Another, with this CSeq.
    Later(u32),
}

impl NthRefer {
    /// The Event of its NOTIFYs.
    fn event(self) -> Bytes {
        match self {
            Self::First => Bytes::from_static(b"refer"),
            Self::Later(cseq) => format!("refer;id={cseq}").into(),
        }
    }
}

impl Call {
    /// `leg` wants whoever it talks to to be connected with somebody else.
    pub(crate) fn handle_refer(
        &mut self,
        ctx: &mut Context<'_>,
        leg: usize,
        server: ServerId,
        request: &Request,
    ) {
        let reply = match self.judge_refer(ctx, leg, request) {
            Ok(order) => {
                let mut reply = Reply::new(Status(202));
                let told_of = if is_told(request) {
                    Some(self.note_refer(leg, request))
                } else {
                    reply = reply.with_header(refer_sub(), "false");
                    None
                };
                ctx.endpoint.respond(ctx.now.instant, server, reply);
                return self.begin_transfer(ctx, leg, order, told_of);
            }
            Err((status, reason)) => {
                Reply { reason: Some(reason.to_owned()), ..Reply::new(Status(status)) }
            }
        };
        ctx.endpoint.respond(ctx.now.instant, server, reply);
    }

    fn judge_refer(
        &self,
        ctx: &Context<'_>,
        leg: usize,
        request: &Request,
    ) -> Result<Order, (u16, &'static str)> {
        let refer_to =
            ReferTo::of(&request.headers).ok_or((400, "Name one address in Refer-To"))?;
        if self.transfer.is_some() || self.is_consulting() {
            return Err((491, "A transfer is under way"));
        }
        let other = self.other(leg).ok_or((603, "Nobody is there to be transferred"))?;
        let number = refer_to.uri.user_text().ok_or((404, "Refer-To names no number"))?;
        if self.legs[other].view().extension.is_some() && self.legs[other].view().party == number {
            return Err((403, "Nobody can be transferred to itself"));
        }
        let number = number.into_owned();
        let replaces = refer_to.replaces;
        if replaces.as_ref().is_some_and(|it| ctx.settings.is_of_other_shard(it)) {
            // Calling the number would ring somebody who talks already.
            return Err((501, ON_OTHER_SHARD));
        }
        let dialog = replaces.and_then(|it| ctx.endpoint.dialog_named(&it));
        match dialog.and_then(|it| ctx.handles.find(Handle::Dialog(it))) {
            Some(with) if with.call == self.id => {
                Err((403, "The dialog to be replaced is one of this call"))
            }
            Some(with) => Ok(Order { number, with: Some(with) }),
            // The number of a dialog that is not found is called.
            None if self.is_extension(leg, &number) => {
                Err((403, "Nobody can hand a call on to its own number"))
            }
            None => Ok(Order { number, with: None }),
        }
    }

    /// Looks for somebody else for whoever `by` talks to.
    pub(super) fn begin_transfer(
        &mut self,
        ctx: &mut Context<'_>,
        by: usize,
        order: Order,
        told_of: Option<NthRefer>,
    ) {
        if !self.begin_search(ctx, by, told_of) {
            return;
        }
        match order.with {
            Some(other) => ctx.errands.push(Errand::Join { call: self.id, other }),
            None => self.transfer_to(ctx, &order.number),
        }
    }

    /// Whoever `by` talks to is the guest, and is to go elsewhere; false if there is nobody.
    pub(super) fn begin_search(
        &mut self,
        ctx: &mut Context<'_>,
        by: usize,
        told_of: Option<NthRefer>,
    ) -> bool {
        let Some(guest) = self.other(by) else { return false };
        self.abandon_exchange(ctx);
        self.release_holds();
        self.search_for(by, told_of);
        self.notify_of_transfer(ctx, Status(100));
        self.pause_listing();
        self.guest = guest;
        true
    }

    /// The guest goes where a number leads, with the rights of whoever hands it on.
    pub(super) fn transfer_to(&mut self, ctx: &mut Context<'_>, number: &str) {
        let Some(by) = self.transferor() else { return };
        self.legs[by].play(ctx, Playout::Silence);
        self.legs[self.guest].play(ctx, Playout::Silence);
        let view = self.legs[by].view();
        let (number_of_it, is_line) = (view.number().to_owned(), view.extension.is_some());
        let holder = Holder { number: number_of_it, is_line, is_withheld: false };
        self.lead(ctx, by, number, Some(holder));
    }

    /// The guest goes where a number leads, with the rights of a leg; `referred_by` hands it over.
    pub(super) fn lead(
        &mut self,
        ctx: &mut Context<'_>,
        by: usize,
        number: &str,
        referred_by: Option<Holder>,
    ) {
        self.calling = self.calling_of(ctx, self.guest);
        self.calling.trail.referred_by = referred_by;
        self.walk = self.walk_to(ctx, by, number).map(Box::new);
        self.refused = None;
        self.state = State::Ringing(super::Ringing::nobody(ctx.now.instant, self.legs.len()));
        self.go_on(ctx);
    }

    /// The way of whoever the call is seen as to a number, with the rights of a leg; `None` if the
    /// domain is gone.
    pub(super) fn walk_to(&self, ctx: &Context<'_>, by: usize, number: &str) -> Option<Walk> {
        let principal = self.principal_of(by);
        let query = RouteQuery {
            domain: &ctx.world.directory.domains.get(&self.domain)?.name,
            from: principal.as_caller(),
            number: &self.calling.number,
            dialled: number,
            now: ctx.now.unix,
        };
        Some(Walk::begin(&ctx.world.plans, &query))
    }

    fn search_for(&mut self, by: usize, told_of: Option<NthRefer>) {
        let (told, stage, codes) = (Status(100), Stage::Searching, self.codes.allowed());
        self.transfer = Some(Box::new(Transfer { by, told_of, told, stage, codes }));
    }

    /// Whoever rings somebody, or hears what a number leads to, has left: the guest waits for the
    /// answer in its place, or goes to the number itself.
    pub(super) fn put_in_place_of(
        &mut self,
        ctx: &mut Context<'_>,
        by: usize,
        guest: usize,
        number: Option<&str>,
    ) {
        self.search_for(by, None);
        self.guest = guest;
        self.calling = self.calling_of(ctx, guest);
        match number {
            Some(number) => self.transfer_to(ctx, number),
            None => self.play_ringback(ctx),
        }
    }

    /// How NOTIFYs name a REFER of this leg.
    fn note_refer(&mut self, leg: usize, request: &Request) -> NthRefer {
        let Some(dialog) = self.legs[leg].dialog() else { return NthRefer::First };
        if !self.referred.contains(&dialog) {
            self.referred.push(dialog);
            return NthRefer::First;
        }
        request.headers.cseq().map_or(NthRefer::First, |it| NthRefer::Later(it.number))
    }

    // === How it goes ===

    /// Somebody rings.
    pub(super) fn tell_of_ringing(&mut self, ctx: &mut Context<'_>) {
        if self.summons.is_none() {
            self.report(Status(180));
        }
        if let Some(Stage::Searching) = self.transfer_stage() {
            self.notify_of_transfer(ctx, Status(180));
        }
    }

    /// How the call stands from now on for whoever asked for it; what was decided stays so.
    pub(super) fn report(&mut self, status: Status) {
        if let Some(reported) = self.reported.as_mut().filter(|it| !it.is_final()) {
            *reported = status;
        }
    }

    /// The guest has come to something that answers by itself.
    pub(super) fn note_arrival(&mut self, ctx: &mut Context<'_>) {
        self.leave_call_back(ctx);
        self.finish_transfer(ctx);
    }

    /// The guest is where it was to go: whoever handed it on leaves.
    pub(super) fn finish_transfer(&mut self, ctx: &mut Context<'_>) {
        self.report(Status(200));
        match self.transfer_stage() {
            Some(Stage::Searching) => self.say_goodbye(ctx, Status(200)),
            Some(Stage::Returning) => self.transfer = None,
            Some(Stage::Hearing { .. } | Stage::Leaving { .. }) | None => {}
        }
    }

    /// The guest is parked: whoever parked it hears where, unless it hears nothing any more.
    pub(super) fn announce_slot(&mut self, ctx: &mut Context<'_>, slot: u32) {
        let Some(Stage::Searching) = self.transfer_stage() else {
            return self.finish_transfer(ctx);
        };
        let Some(by) = self.transferor() else { return };
        let leg = &self.legs[by];
        if !leg.is_up() || leg.is_held() {
            return self.finish_transfer(ctx);
        }
        self.tell_slot(ctx, by, slot);
        if let Some(transfer) = &mut self.transfer {
            transfer.stage = Stage::Hearing { until: ctx.now.instant + HEARING_MAX };
        }
    }

    /// What was said to whoever hands on is over; false if it is not that leg.
    pub(super) fn handle_slot_told(&mut self, ctx: &mut Context<'_>, leg: usize) -> bool {
        let is_it = self.transferor() == Some(leg);
        if is_it && let Some(Stage::Hearing { .. }) = self.transfer_stage() {
            self.say_goodbye(ctx, Status(200));
        }
        is_it
    }

    /// Nobody talks to the guest: whoever handed it on takes it back. False if it cannot.
    pub(super) fn fail_transfer(&mut self, ctx: &mut Context<'_>, refusal: &Refusal) -> bool {
        let Some(transfer) = &self.transfer else { return false };
        let (by, stage, codes) = (transfer.by, transfer.stage, transfer.codes);
        if stage != Stage::Searching {
            return false;
        }
        self.notify_of_transfer(ctx, refusal.status);
        if self.legs[by].is_up() {
            self.transfer = None;
            self.codes.allow(codes);
            return self.talk_again(ctx, by);
        }
        self.recall(ctx, by)
    }

    /// The two who talked before do so again.
    fn talk_again(&mut self, ctx: &mut Context<'_>, with: usize) -> bool {
        if self.join(ctx, [self.guest, with]).is_err() {
            return false;
        }
        self.talk(ctx, Talking::new(ctx, with, Exchange::Idle, true));
        true
    }

    /// Whoever handed the guest on has hung up: it is rung.
    fn recall(&mut self, ctx: &mut Context<'_>, by: usize) -> bool {
        let view = self.legs[by].view();
        let domain = ctx.world.directory.domains.get(&self.domain);
        let (Some(transfer), Some(domain), Some(_)) = (&mut self.transfer, domain, view.extension)
        else {
            return false;
        };
        transfer.stage = Stage::Returning;
        self.calling = self.calling_of(ctx, self.guest);
        let principal = Principal::Extension(view.party.clone());
        let walk = Walk::to_ring(&ctx.world.plans, &domain.name, principal, &view.party);
        self.walk = Some(Box::new(walk));
        self.go_on(ctx);
        true
    }

    /// Tells whoever handed on how it ended, and lets it go.
    pub(super) fn say_goodbye(&mut self, ctx: &mut Context<'_>, status: Status) {
        let client = self.notify_of_transfer(ctx, status);
        let Some(transfer) = &mut self.transfer else { return };
        let by = transfer.by;
        if !self.legs[by].is_up() {
            self.transfer = None;
            return;
        }
        let until = ctx.now.instant + GOODBYE_MAX;
        transfer.stage = Stage::Leaving { client, until };
        match client {
            Some(client) => {
                ctx.handles.insert(Handle::Client(client), self.legs[by].handle());
            }
            None => self.leave_transfer(ctx),
        }
    }

    /// The final answer to a request of ours, or that there is none; false if it is not about a
    /// transfer.
    pub(super) fn handle_notified(&mut self, ctx: &mut Context<'_>, client: ClientId) -> bool {
        match self.transfer_stage() {
            Some(Stage::Leaving { client: Some(told), .. }) if told == client => {
                ctx.handles.remove(Handle::Client(client));
                self.leave_transfer(ctx);
                true
            }
            Some(_) | None => false,
        }
    }

    /// When whoever handed on goes at the latest.
    pub(super) fn transfer_due(&self) -> Option<Instant> {
        match self.transfer_stage() {
            Some(Stage::Leaving { until, .. } | Stage::Hearing { until }) => Some(until),
            Some(Stage::Searching | Stage::Returning) | None => None,
        }
    }

    /// Whoever handed on has had its time.
    pub(super) fn handle_transfer_timeout(&mut self, ctx: &mut Context<'_>) {
        match self.transfer_stage() {
            Some(Stage::Hearing { .. }) => self.say_goodbye(ctx, Status(200)),
            Some(Stage::Leaving { .. }) => self.leave_transfer(ctx),
            Some(Stage::Searching | Stage::Returning) | None => {}
        }
    }

    /// Whoever handed on goes.
    pub(super) fn leave_transfer(&mut self, ctx: &mut Context<'_>) {
        let Some(transfer) = self.transfer.take() else { return };
        if let Stage::Leaving { client: Some(client), .. } = transfer.stage {
            ctx.handles.remove(Handle::Client(client));
        }
        self.suspend_recording_of(ctx, transfer.by);
        self.legs[transfer.by].end(ctx, HangupParty::System, &Refusal::of(Cause::Transferred));
    }

    /// Whoever hands on, if it is this leg, has hung up: it hears no more of it.
    pub(super) fn note_transferor_left(&mut self, ctx: &mut Context<'_>, leg: usize) {
        let is_done = match self.transfer_stage() {
            Some(Stage::Leaving { .. } | Stage::Hearing { .. }) => true,
            Some(Stage::Searching | Stage::Returning) | None => false,
        };
        if is_done && self.transferor() == Some(leg) {
            self.forget_transfer(ctx);
        }
    }

    /// The call ends, and whoever hands on hears that it came to nothing, unless it has heard how it
    /// ended: each subscription ends with a NOTIFY (RFC 6665 section 4.4.1).
    pub(super) fn abandon_transfer(&mut self, ctx: &mut Context<'_>) {
        if let Some(transfer) = &self.transfer
            && !transfer.told.is_final()
            && self.legs[transfer.by].is_up()
        {
            self.notify_of_transfer(ctx, Status(487));
        }
        self.forget_transfer(ctx);
    }

    fn forget_transfer(&mut self, ctx: &mut Context<'_>) {
        if let Some(transfer) = self.transfer.take()
            && let Stage::Leaving { client: Some(client), .. } = transfer.stage
        {
            ctx.handles.remove(Handle::Client(client));
        }
    }

    /// Tells whoever handed on how it goes (RFC 3515 section 2.4.4).
    fn notify_of_transfer(&mut self, ctx: &mut Context<'_>, status: Status) -> Option<ClientId> {
        let transfer = self.transfer.as_mut()?;
        let is_repeated = transfer.told == status && status != Status(100);
        let dialog = self.legs[transfer.by].dialog()?;
        let told_of = transfer.told_of.filter(|_| !is_repeated)?;
        transfer.told = status;
        let state = if status.is_final() {
            "terminated;reason=noresource".to_owned()
        } else {
            format!("active;expires={}", REFERRAL_LASTS.as_secs())
        };
        let header = |name, value: Bytes| Header { name, value };
        let headers = vec![
            header(HeaderName::Event, told_of.event()),
            header(HeaderName::SubscriptionState, state.into()),
        ];
        let (now, body) = (ctx.now.instant, Some(fragment(status)));
        ctx.endpoint.request_in_dialog(now, dialog, Method::Notify, headers, body).ok()
    }

    // === Getters ===

    /// The leg that hands the guest on.
    pub(super) fn transferor(&self) -> Option<usize> {
        self.transfer.as_ref().map(|it| it.by)
    }

    fn transfer_stage(&self) -> Option<Stage> {
        self.transfer.as_ref().map(|it| it.stage)
    }

    /// In whose name a leg acts.
    pub(super) fn principal_of(&self, leg: usize) -> Principal {
        let view = self.legs[leg].view();
        match (view.extension, view.party.split_once('/')) {
            (Some(_), _) => Principal::Extension(view.party),
            (None, Some((trunk, _))) => Principal::Trunk(trunk.to_owned()),
            (None, None) => Principal::Trunk(view.party),
        }
    }

    /// A leg as those see it whom it is connected with; how its call came to them is another story.
    pub(super) fn calling_of(&self, ctx: &Context<'_>, leg: usize) -> Calling {
        let view = self.legs[leg].view();
        let number = view.number().to_owned();
        let line = ctx.world.directory.extension(self.domain, &number);
        let name = match view.extension {
            Some(_) => line.map(|it| it.display_name.clone()),
            None if leg == 0 => self.caller_name.clone(),
            None => None,
        };
        let display = name.filter(|it| !it.is_empty()).map(Bytes::from);
        let (is_line, is_withheld) =
            (view.extension.is_some(), leg == 0 && self.is_caller_withheld);
        Calling { number, display, is_line, is_withheld, trail: Trail::default() }
    }
}

/// What a transfer is to be.
pub(super) struct Order {
    /// Where the guest is to go.
    pub(super) number: String,
    /// The leg whose place it is to take.
    pub(super) with: Option<LegRef>,
}

/// How long whoever parks a call hears where it is.
const HEARING_MAX: Duration = Duration::from_secs(6);
/// How long whoever handed on may take to say that it has heard how it ended.
const GOODBYE_MAX: Duration = Duration::from_secs(2);
