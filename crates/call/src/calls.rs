//! The calls of one signalling shard: brings each event to the call it belongs to.
//!
//! [`Calls`] owns the SIP [`Endpoint`] and decides nothing about a call itself: who may in is
//! [`crate::gate`]'s, where a number leads is [`crate::routing`]'s, what a call does is
//! [`crate::call`]'s. A panic in one call ends that call and no other.

mod meetings;
mod ours;

pub use ours::{OriginationRefusal, Supervised};

use crate::{
    call::{Call, CallOrder, CommandRefusal, Obeyed, Origination, PartyCommand},
    context::{Context, Errand, Handle, Handles, LegRef},
    dialplan::Plans,
    directory::Directory,
    facts::{CallFact, CallView, LegMedia},
    failure::{Cause, Refusal},
    features::FeatureReply,
    gate::Gate,
    output::{CallCounts, Output, Totals},
    ports::Ports,
    recording::{RecordingOrder, RecordingRefusal},
    registration::RegistrationReply,
    replies::not_allowed,
    settings::{Settings, Sounds, World},
    subscriptions::Subscriptions,
    texts::Deliveries,
    trunks::{Keeper, Tools, WATCHING_SHARD},
    voicemail::VoicemailReply,
    web::WebReply,
};
use base::{CallId, Deadlines, MediaId, Now, Rng};
use media::MediaEvent;
use sip::{
    ClientId, DialogId, Endpoint, Event, Message, Method, Request, Response, ServerId, Source,
    Status, endpoint::Reply,
};
use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

/// All calls of one shard. Sans-IO: feed it, drain [`Calls::poll_output`], sleep until
/// [`Calls::poll_timeout`].
#[derive(Debug)]
pub struct Calls {
    pub(crate) core: Core,
    pub(crate) gate: Gate,
    pub(crate) world: World,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) deliveries: Deliveries,
    /// On one shard: watches the trunks.
    keeper: Option<Keeper>,
    calls: HashMap<CallId, Call>,
    deadlines: Deadlines<CallId>,
    totals: Totals,
    is_draining: bool,
    #[cfg(test)]
    panic_on_info: bool,
}

/// What every call works with.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) endpoint: Endpoint,
    pub(crate) ports: Ports,
    pub(crate) handles: Handles,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) settings: Settings,
    pub(crate) rng: Rng,
    pub(crate) errands: Vec<Errand>,
}

impl Calls {
    /// A shard without calls, which asks the media workers for its first ports.
    pub fn new(now: Now, settings: Settings, world: World, mut rng: Rng) -> Self {
        let mut outputs = VecDeque::new();
        let ports = Ports::new(&settings, &mut outputs);
        let mut endpoint = Endpoint::new(now.instant, settings.endpoint.clone(), rng.split());
        let gate = Gate::new(now.instant, &settings, rng.split());
        let subscriptions = Subscriptions::new(settings.shard, now.instant);
        let keeper = (settings.shard == WATCHING_SHARD).then(|| {
            let mut keeper = Keeper::new(world.trunks.clone());
            let (now, endpoint, outputs) = (now.instant, &mut endpoint, &mut outputs);
            let mut tools = Tools { now, endpoint, outputs, rng: &mut rng };
            keeper.handle_directory(&mut tools, &world.directory);
            keeper
        });
        Self {
            core: Core {
                endpoint,
                ports,
                handles: Handles::default(),
                outputs,
                settings,
                rng,
                errands: Vec::new(),
            },
            gate,
            world,
            subscriptions,
            deliveries: Deliveries::default(),
            keeper,
            calls: HashMap::new(),
            deadlines: Deadlines::default(),
            totals: Totals::default(),
            is_draining: false,
            #[cfg(test)]
            panic_on_info: false,
        }
    }

    // === Inputs ===

    /// Takes in a message from the wire.
    pub fn handle_message(&mut self, now: Now, source: Source, message: Message) {
        self.core.endpoint.handle_message(now.instant, source, message);
        self.pump(now);
    }

    /// The transport could not deliver a message.
    pub fn handle_send_failure(&mut self, now: Now, client: ClientId) {
        self.core.endpoint.handle_send_failure(now.instant, client);
        self.pump(now);
    }

    /// The registrar's answer.
    pub fn handle_registration(&mut self, now: Now, reply: RegistrationReply) {
        let (status, headers) = reply.outcome.into_response();
        let reply_to = ServerId(reply.ticket.0);
        let reply = Reply { headers, ..Reply::new(status) };
        self.core.endpoint.respond(now.instant, reply_to, reply);
        self.pump(now);
    }

    /// What a media worker tells.
    pub fn handle_media(&mut self, now: Now, event: MediaEvent) {
        match event {
            MediaEvent::Leased { worker, family, leases } => {
                self.core.ports.add(worker, family, leases);
            }
            MediaEvent::PlayFinished { media } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, leg| {
                    call.handle_play_finished(ctx, leg);
                });
            }
            MediaEvent::Key { media, digit } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, leg| {
                    call.handle_key(ctx, leg, digit);
                });
            }
            MediaEvent::Dialled { media, digit, held } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, leg| {
                    call.handle_dialled(ctx, leg, digit, held);
                });
            }
            MediaEvent::Talks { media, level } => {
                self.with_leg(now, Handle::Media(media), |call, _, _| call.handle_talk(level));
            }
            MediaEvent::TapEnded { media } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, _| {
                    call.handle_tap_ended(ctx);
                });
            }
            MediaEvent::Captured { media, sound } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, _| {
                    call.handle_captured(ctx, sound);
                });
            }
            MediaEvent::Dismissed { media } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, _| {
                    call.handle_dismissed(ctx);
                });
            }
            MediaEvent::Detected { media, what } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, _| {
                    call.handle_detected(ctx, what);
                });
            }
            MediaEvent::TimedOut { media } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, leg| {
                    call.handle_media_timeout(ctx, leg);
                });
            }
            MediaEvent::Closed { media, stats } => {
                self.with_leg(now, Handle::Media(media), |call, ctx, leg| {
                    call.handle_media_closed(ctx, leg, media, stats);
                });
            }
        }
        self.pump(now);
    }

    /// What the keeper of mailboxes answers.
    pub fn handle_voicemail(&mut self, now: Now, reply: VoicemailReply) {
        let VoicemailReply { call, answer } = reply;
        self.with_call(now, call, |call, ctx| call.handle_voicemail(ctx, answer));
        self.pump(now);
    }

    /// Whether a change of what is set for an extension is kept.
    pub fn handle_feature(&mut self, now: Now, reply: FeatureReply) {
        self.with_call(now, reply.call, |call, ctx| call.handle_feature(ctx, reply));
        self.pump(now);
    }

    /// What a web server says to a call's question.
    pub fn handle_web(&mut self, now: Now, reply: WebReply) {
        self.with_call(now, reply.call, |call, ctx| call.handle_web(ctx, reply));
        self.pump(now);
    }

    /// A worker could not take a command for this session: its call ends.
    pub fn handle_media_refused(&mut self, now: Now, media: MediaId) {
        self.with_leg(now, Handle::Media(media), |call, ctx, _| {
            call.end(ctx, None, Refusal::of(Cause::Exhausted));
        });
        self.pump(now);
    }

    /// Lets what is due happen.
    pub fn handle_timeout(&mut self, now: Now) {
        self.core.endpoint.handle_timeout(now.instant);
        self.with_keeper(now, Keeper::handle_timeout);
        self.pump(now);
        while let Some(id) = self.deadlines.take_due(now.instant) {
            self.with_call(now, id, |call, ctx| call.handle_timeout(ctx));
            self.pump(now);
        }
        self.handle_subscription_timeouts(now);
    }

    /// Who exists, from now on.
    pub fn handle_directory(&mut self, now: Now, directory: Arc<Directory>) {
        self.with_keeper(now, |keeper, tools| keeper.handle_directory(tools, &directory));
        let before = std::mem::replace(&mut self.world.directory, directory);
        self.end_orphaned_subscriptions(&before);
        self.pump(now);
    }

    /// Where numbers lead, from now on. Calls that were routed stay as they are.
    pub fn handle_plans(&mut self, plans: Arc<Plans>, sounds: Arc<Sounds>) {
        self.world.plans = plans;
        self.world.sounds = sounds;
        let directory = Arc::clone(&self.world.directory);
        self.end_orphaned_subscriptions(&directory);
    }

    /// Refuses new calls from now on, and leaves the trunks that we are registered with; registrations
    /// of phones and live calls go on.
    pub fn drain(&mut self, now: Now) {
        if !std::mem::replace(&mut self.is_draining, true) {
            self.with_keeper(now, Keeper::handle_drain);
            self.pump(now);
        }
    }

    /// Whether a trunk has yet to hear that we leave it.
    pub fn is_leaving_trunks(&self) -> bool {
        self.keeper.as_ref().is_some_and(Keeper::is_leaving)
    }

    /// Ends one call, as an administrator wants; false if there is none.
    pub fn hang_up(&mut self, now: Now, id: CallId) -> bool {
        let is_there = self.calls.contains_key(&id);
        self.with_call(now, id, |call, ctx| call.end(ctx, None, Refusal::of(Cause::Normal)));
        self.pump(now);
        is_there
    }

    /// Does what an extension wants of its call.
    pub fn command(
        &mut self,
        now: Now,
        id: CallId,
        order: &CallOrder,
    ) -> Result<Obeyed, CommandRefusal> {
        let mut done = Err(CommandRefusal::NoCall);
        self.with_call(now, id, |call, ctx| done = call.command(ctx, order));
        self.pump(now);
        done
    }

    /// Starts, stops, pauses or resumes the recording of one call.
    pub fn record(
        &mut self,
        now: Now,
        id: CallId,
        order: RecordingOrder,
    ) -> Result<(), RecordingRefusal> {
        let mut done = Err(RecordingRefusal::NoCall);
        self.with_call(now, id, |call, ctx| done = call.record(ctx, order));
        self.pump(now);
        done
    }

    /// Ends every call, as the switch stops.
    pub fn hang_up_all(&mut self, now: Now) {
        let mut ids: Vec<CallId> = self.calls.values().map(|call| call.view().id).collect();
        ids.sort_unstable();
        for id in ids {
            self.with_call(now, id, |call, ctx| call.end(ctx, None, Refusal::of(Cause::Shutdown)));
        }
        self.pump(now);
    }

    // === Outputs ===

    /// The next thing to do, in order; `None` once drained.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.core.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let parts = [
            self.core.endpoint.poll_timeout(),
            self.deadlines.next(),
            self.subscriptions.poll_timeout(),
            self.keeper.as_ref().and_then(Keeper::poll_timeout),
        ];
        parts.into_iter().flatten().min()
    }

    // === Getters ===

    /// Every live call, oldest first.
    pub fn views(&self) -> Vec<CallView> {
        let mut views: Vec<_> = self.calls.values().map(Call::view).collect();
        views.sort_unstable_by_key(|it| it.id);
        views
    }

    /// The media sessions of a live call's legs.
    pub fn media_of(&self, id: CallId) -> Vec<LegMedia> {
        self.calls.get(&id).map(Call::media).unwrap_or_default()
    }

    /// What is alive.
    pub fn counts(&self) -> CallCounts {
        CallCounts {
            calls: self.calls.len(),
            legs: self.calls.values().map(Call::legs).sum(),
            handles: self.core.handles.len(),
            subscriptions: self.subscriptions.len(),
            deliveries: self.deliveries.len(),
            media_sessions: self.core.ports.sessions(),
            free_leases: self.core.ports.free(),
            endpoint: self.core.endpoint.counts(),
        }
    }

    /// Names in the index whose call is gone: always 0, for the leak checks of tests.
    pub fn orphans(&self) -> usize {
        self.core.handles.count_of(|call| !self.calls.contains_key(&call))
    }

    /// What was counted.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Whether no call is left that has not ended.
    pub fn is_idle(&self) -> bool {
        self.calls.values().all(Call::is_ending)
    }

    // === Events of the endpoint ===

    /// Carries the endpoint's outputs on until it has none.
    pub(crate) fn pump(&mut self, now: Now) {
        while let Some(output) = self.core.endpoint.poll_output() {
            match output {
                sip::Output::Send(send) => self.core.outputs.push_back(Output::Send(send)),
                sip::Output::Event(event) => self.handle_event(now, event),
            }
        }
    }

    fn handle_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Request { server, request, source } => {
                self.handle_request(now, server, &request, source);
            }
            Event::DialogRequest { dialog, server, request, source: _ } => {
                self.handle_dialog_request(now, dialog, server, &request);
            }
            Event::Cancelled { server, cancel: _ } => {
                self.with_leg(now, Handle::Server(server), |call, ctx, _| {
                    call.handle_cancelled(ctx, server);
                });
            }
            Event::Acked { dialog, ack } => {
                self.with_leg(now, Handle::Dialog(dialog), |call, ctx, leg| {
                    call.handle_acked(ctx, leg, &ack);
                });
            }
            Event::NotAcked { dialog } => self.handle_not_acked(now, dialog),
            Event::Response { client, dialog, response } => {
                self.handle_response(now, client, dialog, &response);
            }
            Event::Failed { client, failure } => {
                let is_text = self.handle_text_answer(client, Status(408));
                if is_text || self.handle_notify_failure(now, client, failure) {
                    return;
                }
                let found = self.with_leg(now, Handle::Client(client), |call, ctx, leg| {
                    call.handle_failure(ctx, leg, client, failure);
                });
                if !found {
                    self.with_keeper(now, |keeper, tools| {
                        keeper.handle_response(tools, client, None);
                    });
                }
            }
        }
    }

    fn handle_dialog_request(
        &mut self,
        now: Now,
        dialog: DialogId,
        server: ServerId,
        request: &Request,
    ) {
        if let Some(id) = self.subscription_of(dialog) {
            self.handle_in_subscription(now, id, server, request);
            return;
        }
        if self.is_referral(dialog) {
            self.handle_in_referral(now, dialog, server, request);
            return;
        }
        #[cfg(test)]
        let panic_on_info = self.panic_on_info;
        let panics = self.totals.panics;
        let found =
            self.with_leg(now, Handle::Dialog(dialog), |call, ctx, leg| match request.method {
                Method::Bye => call.handle_bye(ctx, leg, server),
                Method::Invite => call.handle_reinvite(ctx, leg, server, request),
                Method::Info => {
                    #[cfg(test)]
                    assert!(!panic_on_info, "a test asked for this panic");
                    call.handle_info(ctx, leg, server, request);
                }
                Method::Options => {
                    ctx.endpoint.respond(now.instant, server, Reply::new(Status(200)));
                }
                Method::Refer => call.handle_refer(ctx, leg, server, request),
                Method::Ack
                | Method::Cancel
                | Method::Message
                | Method::Notify
                | Method::Prack
                | Method::Publish
                | Method::Register
                | Method::Subscribe
                | Method::Update
                | Method::Other(_) => {
                    ctx.endpoint.respond(now.instant, server, not_allowed());
                }
            });
        if self.totals.panics > panics {
            // Unless it was answered before the panic, when this does nothing.
            self.core.endpoint.respond(now.instant, server, Reply::new(Status(500)));
        }
        if !found {
            let status = if request.method == Method::Bye { Status(200) } else { Status(481) };
            self.core.endpoint.respond(now.instant, server, Reply::new(status));
        }
    }

    fn handle_not_acked(&mut self, now: Now, dialog: DialogId) {
        let found = self.with_leg(now, Handle::Dialog(dialog), |call, ctx, _| {
            call.handle_not_acked(ctx);
        });
        if !found {
            self.end_stray_dialog(now, dialog);
        }
    }

    fn handle_response(
        &mut self,
        now: Now,
        client: ClientId,
        dialog: Option<DialogId>,
        response: &Response,
    ) {
        let is_text = self.handle_text_answer(client, response.status);
        if is_text || self.handle_notify_response(now, client, response) {
            return;
        }
        let found = self.with_leg(now, Handle::Client(client), |call, ctx, leg| {
            call.handle_response(ctx, leg, client, dialog, response);
        });
        if !found {
            self.with_keeper(now, |keeper, tools| {
                keeper.handle_response(tools, client, Some(response));
            });
        }
        let is_invite = response.headers.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        // Another fork answered as well, or the call is gone: nobody will talk there.
        if let (false, true, true, Some(dialog)) =
            (found, is_invite, response.status.is_success(), dialog)
        {
            let _ = self.core.endpoint.ack(now.instant, dialog, None);
            self.end_stray_dialog(now, dialog);
        }
    }

    fn end_stray_dialog(&mut self, now: Now, dialog: DialogId) {
        let bye = Method::Bye;
        // Gone already is as good.
        let _ = self.core.endpoint.request_in_dialog(now.instant, dialog, bye, Vec::new(), None);
    }

    fn with_keeper(&mut self, now: Now, handler: impl FnOnce(&mut Keeper, &mut Tools<'_>)) {
        let Some(keeper) = &mut self.keeper else { return };
        let Core { endpoint, outputs, rng, .. } = &mut self.core;
        handler(keeper, &mut Tools { now: now.instant, endpoint, outputs, rng });
    }

    // === Calls ===

    /// Begins a call with what `start` makes of the context.
    pub(crate) fn begin(
        &mut self,
        now: Now,
        id: CallId,
        server: ServerId,
        start: impl FnOnce(&mut Context<'_>) -> Call,
    ) {
        self.totals.calls += 1;
        let mut ctx = self.core.context(now, &self.world);
        match catch_unwind(AssertUnwindSafe(|| start(&mut ctx))) {
            Ok(call) => {
                self.calls.insert(id, call);
                self.with_call(now, id, |_, _| {});
            }
            Err(_) => {
                self.note_panic(Some(id));
                self.core.handles.remove_call(id);
                self.core.endpoint.respond(now.instant, server, Reply::new(Status(500)));
            }
        }
    }

    /// Whether there is room for one more call.
    pub(crate) fn refusal_of_new_calls(&self) -> Option<Cause> {
        if self.is_draining {
            Some(Cause::Shutdown)
        } else if self.calls.len() >= self.core.settings.calls_max {
            Some(Cause::Exhausted)
        } else {
            None
        }
    }

    pub(crate) fn note_offence(&mut self, ip: IpAddr) {
        self.totals.offences += 1;
        self.core.outputs.push_back(Output::Offence(ip));
    }

    /// Lets the leg of `handle` handle something; false if there is none.
    fn with_leg(
        &mut self,
        now: Now,
        handle: Handle,
        handler: impl FnOnce(&mut Call, &mut Context<'_>, usize),
    ) -> bool {
        let Some(LegRef { call, leg }) = self.core.handles.find(handle) else { return false };
        self.with_call(now, call, |call, ctx| handler(call, ctx, leg));
        true
    }

    /// Lets a call handle something, then sees to its deadline, its rows of the call log, what it
    /// tells of itself, and its end. If it panics, that call is ended, and only that.
    fn with_call(
        &mut self,
        now: Now,
        id: CallId,
        handler: impl FnOnce(&mut Call, &mut Context<'_>),
    ) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mut ctx = self.core.context(now, &self.world);
        let outcome = catch_unwind(AssertUnwindSafe(|| handler(call, &mut ctx)));
        if outcome.is_err() {
            let abort = || call.end(&mut ctx, None, Refusal::of(Cause::Internal));
            let is_aborted = catch_unwind(AssertUnwindSafe(abort)).is_ok();
            self.note_panic(Some(id));
            if !is_aborted {
                self.calls.remove(&id);
                self.deadlines.stop(id);
                self.core.handles.remove_call(id);
                self.tell_referrer(now, id, Cause::Internal.status());
                self.core.outputs.push_back(Output::Fact(CallFact::Over(id)));
                return;
            }
        }
        self.settle(now, id);
        while let Some(errand) = self.core.errands.pop() {
            self.run(now, errand);
        }
    }

    fn settle(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let mut ctx = self.core.context(now, &self.world);
        for cdr in call.take_cdrs(&mut ctx) {
            self.totals.cdrs += 1;
            ctx.outputs.push_back(Output::Cdr(Box::new(cdr)));
        }
        if let Some(fact) = call.take_fact(now) {
            ctx.outputs.push_back(Output::Fact(fact));
        }
        let reported = call.reported();
        if call.is_over() {
            call.forget(&mut ctx);
            ctx.outputs.push_back(Output::Fact(CallFact::Over(id)));
            self.calls.remove(&id);
            self.deadlines.stop(id);
        } else {
            self.deadlines.set(id, call.poll_timeout());
        }
        if let Some(status) = reported {
            self.tell_referrer(now, id, status);
        }
    }

    fn note_panic(&mut self, call: Option<CallId>) {
        self.totals.panics += 1;
        self.core.outputs.push_back(Output::Panicked { call });
    }
}

impl Core {
    fn context<'a>(&'a mut self, now: Now, world: &'a World) -> Context<'a> {
        Context {
            now,
            endpoint: &mut self.endpoint,
            ports: &mut self.ports,
            handles: &mut self.handles,
            outputs: &mut self.outputs,
            settings: &self.settings,
            world,
            rng: &mut self.rng,
            errands: &mut self.errands,
        }
    }
}

#[cfg(test)]
mod tests;
