//! The loop of one shard: takes in what came, lets [`Calls`] think, carries out what it wants.

use super::{
    event_loop::EventLoop,
    handle::{Command, Figures, ShardHandle, TraceQuery},
};
use crate::{
    clock,
    mediaserver::{MediaHandle, SendError},
    store::JournalSender,
    transport::{TransportEvent, TransportHandle},
};
use base::{MediaId, Now, Rng};
use call::{
    CallFact, Calls, Output, PinAlarm, Settings, TrunkNews, World,
    facts::Telling,
    features::{FeatureReply, FeatureRequest, LineVerdict},
    registration::{RegistrarCommand, RegistrationOutcome, RegistrationReply, RegistrationRequest},
    subscriptions::{KeptSubscription, WatchOrder, WatchReply},
    texts::{TextOrder, TextReply},
    voicemail::{VoicemailAnswer, VoicemailReply, VoicemailRequest},
    web::{WebReply, WebRequest},
};
use media::{MediaCommand, MediaEvent};
use sip::{
    FlowId,
    dialog::DialogRecord,
    trace::{Direction, Trace},
};
use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinHandle,
    time::{Sleep, sleep_until},
};

/// Most messages taken in before what they lead to is carried out.
const BATCH_MAX: usize = 64;

/// How soon a command that found a full ring is tried again.
const LATE_INTERVAL: Duration = Duration::from_millis(20);

/// What Retry-After says when the registrar's inbox is full, in seconds.
const REGISTRAR_RETRY_AFTER_S: u32 = 5;

/// Everything a shard is connected to.
#[derive(Debug)]
pub struct Wires {
    /// Messages from the wire, and sends that failed.
    pub transport_events: mpsc::Receiver<TransportEvent>,
    /// What the media workers tell.
    pub media_events: mpsc::Receiver<MediaEvent>,
    /// The registrar's answers.
    pub registrations: mpsc::Receiver<RegistrationReply>,
    /// To the wire.
    pub transport: TransportHandle,
    /// To the media workers.
    pub media: MediaHandle,
    /// To the registrar. Full: the REGISTER is answered 503.
    pub registrar: mpsc::Sender<RegistrarCommand>,
    /// To the keeper of mailboxes. Full: requests wait at the shard, a few a call.
    pub voicemail: mpsc::Sender<VoicemailRequest>,
    /// The keeper's answers.
    pub voicemail_replies: mpsc::Receiver<VoicemailReply>,
    /// To whoever keeps what becomes of calls to extensions. Full: the caller hears that it is not kept.
    pub features: mpsc::Sender<FeatureRequest>,
    /// To whoever asks web servers. Full: the call hears that there is no answer.
    pub questions: mpsc::Sender<WebRequest>,
    /// To the desk of subscriptions. Full: orders wait at the shard, a few a subscription.
    pub watch_orders: mpsc::Sender<WatchOrder>,
    /// What the desk says.
    pub watch_replies: mpsc::Receiver<WatchReply>,
    /// To the office of text messages. Full: orders wait at the shard, one a transaction.
    pub text_orders: mpsc::Sender<TextOrder>,
    /// What the office says; it waits while this is full.
    pub text_replies: mpsc::Receiver<TextReply>,
    /// Subscriptions of an earlier process, for this shard.
    pub kept: Vec<KeptSubscription>,
    /// Dialogs of calls that a crash cut off, for this shard.
    pub cut_off: Vec<DialogRecord>,
    /// To the journal, and through it to the call log.
    pub journal: JournalSender,
    /// To whoever shows live calls; each with the shard's number. Full: the fact is lost, and all
    /// calls are told as soon as there is room.
    pub tellings: mpsc::Sender<(u8, Telling)>,
}

/// One shard: a task of its own.
#[derive(Debug)]
pub struct Shard {
    calls: Calls,
    trace: Trace,
    wires: Wires,
    number: u8,
    /// Commands that found a worker's ring full and must not be lost.
    late: VecDeque<(u8, MediaCommand)>,
    /// Requests that wait for room at the keeper of mailboxes, in order: what somebody said must not
    /// be forgotten there.
    unasked: VecDeque<VoicemailRequest>,
    /// Orders that wait for room at the desk of subscriptions, in order.
    unwatched: VecDeque<WatchOrder>,
    /// The same for the office of text messages.
    unposted: VecDeque<TextOrder>,
    /// Workers with commands that they were not woken for.
    unrung: Vec<u8>,
    /// Whether a fact about a call found no room: then all calls are to be told.
    is_fact_lost: bool,
}

impl Shard {
    /// Starts the task on `event_loop`, which goes on with the subscriptions that were kept and ends
    /// the dialogs that were cut off. It ends when its transport does.
    pub fn start(
        event_loop: &EventLoop,
        settings: Settings,
        world: World,
        trace: Trace,
        mut wires: Wires,
        rng: Rng,
    ) -> (ShardHandle, JoinHandle<()>) {
        let (handle, commands) = ShardHandle::new();
        let number = settings.shard;
        let now = clock::now();
        let mut calls = Calls::new(now, settings, world, rng);
        calls.restore_subscriptions(now, &std::mem::take(&mut wires.kept));
        calls.bury(now, &std::mem::take(&mut wires.cut_off));
        let shard = Self {
            calls,
            trace,
            wires,
            number,
            late: VecDeque::new(),
            unasked: VecDeque::new(),
            unwatched: VecDeque::new(),
            unposted: VecDeque::new(),
            unrung: Vec::new(),
            // What a shard before this one told is no more.
            is_fact_lost: true,
        };
        (handle, event_loop.handle().spawn(shard.run(commands)))
    }

    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        let mut alarm = Box::pin(sleep_until(Instant::now().into()));
        self.carry_out(clock::now());
        loop {
            let is_waiting = self.set_alarm(alarm.as_mut());
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                () = &mut alarm, if is_waiting => self.calls.handle_timeout(clock::now()),
                Some(reply) = self.wires.registrations.recv() => {
                    self.calls.handle_registration(clock::now(), reply);
                }
                Some(reply) = self.wires.voicemail_replies.recv() => {
                    self.calls.handle_voicemail(clock::now(), reply);
                }
                Some(reply) = self.wires.watch_replies.recv() => {
                    self.calls.handle_watch(clock::now(), reply);
                }
                Some(reply) = self.wires.text_replies.recv() => {
                    self.calls.handle_text_reply(clock::now(), reply);
                }
                Some(event) = self.wires.media_events.recv() => {
                    self.calls.handle_media(clock::now(), event);
                }
                n = self.wires.transport_events.recv_many(&mut batch, BATCH_MAX) => {
                    if n == 0 {
                        return;
                    }
                    for event in batch.drain(..) {
                        self.take_in(event);
                    }
                }
            }
            self.carry_out(clock::now());
        }
    }

    /// Sets the alarm to the next deadline; false if there is none.
    fn set_alarm(&self, alarm: std::pin::Pin<&mut Sleep>) -> bool {
        let is_late = !self.late.is_empty()
            || !self.unasked.is_empty()
            || !self.unwatched.is_empty()
            || !self.unposted.is_empty()
            || self.is_fact_lost;
        let late = is_late.then(|| Instant::now() + LATE_INTERVAL);
        let next = self.calls.poll_timeout();
        let Some(at) = next.into_iter().chain(late).min() else { return false };
        if alarm.deadline() != at.into() {
            alarm.reset(at.into());
        }
        true
    }

    fn take_in(&mut self, event: TransportEvent) {
        let now = clock::now();
        match event {
            TransportEvent::Received { source, message, raw } => {
                if let Ok(call_id) = message.headers().call_id() {
                    let (peer, transport) = (source.remote, source.transport);
                    let direction = Direction::Received;
                    self.trace.record(now.unix, direction, peer, transport, call_id, &raw);
                }
                self.calls.handle_message(now, source, message);
            }
            TransportEvent::SendFailed { client } => self.calls.handle_send_failure(now, client),
            TransportEvent::FlowClosed { flow } => self.tell_flow_closed(flow),
        }
    }

    fn obey(&mut self, command: Command) {
        // Whoever asked may be gone by now.
        match command {
            Command::Directory(directory) => {
                self.calls.handle_directory(clock::now(), directory);
            }
            Command::Plans(plans, sounds) => self.calls.handle_plans(plans, sounds),
            Command::Drain => self.calls.drain(clock::now()),
            Command::HangUpAll => self.calls.hang_up_all(clock::now()),
            Command::HangUp(call, reply) => {
                let _ = reply.send(self.calls.hang_up(clock::now(), call));
            }
            Command::Party(call, command, reply) => {
                let _ = reply.send(self.calls.command_party(clock::now(), call, command));
            }
            Command::Room(call, command, reply) => {
                let _ = reply.send(self.calls.command_room(clock::now(), call, command));
            }
            Command::Originate(order, reply) => {
                let _ = reply.send(self.calls.originate(clock::now(), order));
            }
            Command::PickUp(request, reply) => {
                let _ = reply.send(self.calls.pick_up(clock::now(), &request));
            }
            Command::Supervise(request, rings, reply) => {
                let _ = reply.send(self.calls.supervise(clock::now(), &request, rings));
            }
            Command::Order(call, order, reply) => {
                let _ = reply.send(self.calls.command(clock::now(), call, &order));
            }
            Command::Feature(reply) => self.calls.handle_feature(clock::now(), reply),
            Command::Web(reply) => self.calls.handle_web(clock::now(), reply),
            Command::Record(call, order, reply) => {
                let _ = reply.send(self.calls.record(clock::now(), call, order));
            }
            Command::MediaOf(call, reply) => {
                let _ = reply.send(self.calls.media_of(call));
            }
            Command::KeptCalls(reply) => {
                let _ = reply.send(self.trace.kept_calls().collect());
            }
            Command::Views(reply) => {
                let _ = reply.send(self.calls.views());
            }
            Command::Figures(reply) => {
                let (counts, totals) = (self.calls.counts(), self.calls.totals());
                let is_leaving_trunks = self.calls.is_leaving_trunks();
                let is_idle = self.calls.is_idle();
                let _ = reply.send(Figures { counts, totals, is_idle, is_leaving_trunks });
            }
            Command::Ladder(call, reply) => {
                let _ = reply.send(self.trace.ladder(call));
            }
            Command::Trace(query, reply) => {
                let ladder = match query {
                    TraceQuery::Call(call) => self.trace.ladder(call),
                    TraceQuery::SipCallId(id) => self.trace.ladder_of_dialog(id.as_bytes()),
                };
                let _ = reply.send(ladder.map(|it| it.to_string()));
            }
        }
    }

    fn carry_out(&mut self, now: Now) {
        self.send_late();
        while let Some(output) = self.calls.poll_output() {
            match output {
                Output::Send(send) => self.send(now, send),
                Output::Media { worker, command } => self.command_media(now, worker, command),
                Output::Register(request) => self.hand_over(now, request),
                Output::Voicemail(request) => self.unasked.push_back(*request),
                Output::Feature(request) => self.change_feature(now, *request),
                Output::Web(question) => self.ask_web(now, *question),
                Output::Watch(order) => self.unwatched.push_back(*order),
                Output::Text(order) => self.unposted.push_back(*order),
                Output::Journal(event) => self.wires.journal.event(*event),
                Output::Cdr(cdr) => self.wires.journal.row(*cdr),
                Output::Link { call, sip_call_id } => self.trace.link(call, &sip_call_id),
                Output::Fact(fact) => self.tell(fact),
                Output::Trunk { name, news } => tell_of_trunk(&name, news),
                Output::Offence(ip) => self.wires.transport.report_offence(ip),
                Output::WrongPins(alarm) => tell_of_wrong_pins(&alarm),
                Output::Panicked { call } => {
                    let call = call.map(|it| it.to_string());
                    tracing::error!(call, "a panic ended this call; please report it");
                }
            }
        }
        self.ask_keeper(now);
        self.ask_desk();
        self.ask_office();
        for worker in self.unrung.drain(..) {
            self.wires.media.ring(worker);
        }
        if self.is_fact_lost {
            self.tell_all();
        }
    }

    /// Hands on what a caller wants to become of calls to it.
    fn change_feature(&mut self, now: Now, request: FeatureRequest) {
        let FeatureRequest { call, asked, .. } = request;
        let reply = FeatureReply { call, asked, verdict: LineVerdict::NotKept };
        if self.wires.features.try_send(request).is_err() {
            self.calls.handle_feature(now, reply);
        }
    }

    /// Hands on what a call asks a web server.
    fn ask_web(&mut self, now: Now, question: WebRequest) {
        let (call, asked) = (question.call, question.asked);
        if self.wires.questions.try_send(question).is_err() {
            self.calls.handle_web(now, WebReply { call, asked, values: None });
        }
    }

    /// Hands on what calls want of mailboxes, as far as there is room.
    fn ask_keeper(&mut self, now: Now) {
        while !self.unasked.is_empty() {
            let room = match self.wires.voicemail.try_reserve() {
                Ok(room) => Some(room),
                Err(TrySendError::Full(())) => return,
                Err(TrySendError::Closed(())) => None,
            };
            let Some(request) = self.unasked.pop_front() else { return };
            match room {
                Some(room) => room.send(request),
                None => {
                    let (call, answer) = (request.call, VoicemailAnswer::Unavailable);
                    self.calls.handle_voicemail(now, VoicemailReply { call, answer });
                }
            }
        }
    }

    /// Hands on what subscriptions want of the desk, as far as there is room. Without a desk they
    /// get no answer and are refused after a while.
    fn ask_desk(&mut self) {
        while let Some(order) = self.unwatched.pop_front() {
            match self.wires.watch_orders.try_send(order) {
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(order)) => return self.unwatched.push_front(order),
            }
        }
    }

    /// Hands on text messages and what became of them, as far as there is room.
    fn ask_office(&mut self) {
        while let Some(order) = self.unposted.pop_front() {
            match self.wires.text_orders.try_send(order) {
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(order)) => return self.unposted.push_front(order),
            }
        }
    }

    fn tell(&mut self, fact: CallFact) {
        if !self.is_fact_lost {
            let telling = (self.number, Telling::Fact(fact));
            self.is_fact_lost = self.wires.tellings.try_send(telling).is_err();
        }
    }

    /// Tells all calls once there is room; if nobody listens any more, there is nobody to tell.
    fn tell_all(&mut self) {
        match self.wires.tellings.try_reserve() {
            Ok(room) => {
                room.send((self.number, Telling::All(self.calls.views())));
                self.is_fact_lost = false;
            }
            Err(TrySendError::Full(())) => {}
            Err(TrySendError::Closed(())) => self.is_fact_lost = false,
        }
    }

    fn send(&mut self, now: Now, send: sip::endpoint::Send) {
        let sip::endpoint::Send { to, bytes, call_id, client } = send;
        // A next hop that is only a name shows as no address in the ladder.
        let ip = to.host.ip().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let peer = SocketAddr::new(ip, to.port);
        self.trace.record(now.unix, Direction::Sent, peer, to.transport, &call_id, &bytes);
        self.wires.transport.send(&to, bytes, client, self.number);
    }

    fn hand_over(&mut self, now: Now, request: RegistrationRequest) {
        let ticket = request.ticket;
        let Err(refused) = self.wires.registrar.try_send(RegistrarCommand::Register(request))
        else {
            return;
        };
        if matches!(refused, TrySendError::Closed(_)) {
            tracing::error!("the registrar has stopped; registrations are refused");
        }
        let outcome = RegistrationOutcome::Unavailable { retry_after_s: REGISTRAR_RETRY_AFTER_S };
        self.calls.handle_registration(now, RegistrationReply { ticket, outcome });
    }

    /// Every shard hears of a closed connection; one telling the registrar is enough.
    fn tell_flow_closed(&self, flow: FlowId) {
        if self.number == 0 {
            // Without it the binding's flow is found dead at the next call.
            let _ = self.wires.registrar.try_send(RegistrarCommand::FlowClosed(flow));
        }
    }

    /// Hands a command to a worker. If its ring is full, the call that wants something new ends,
    /// and what gives something back is kept for later.
    fn command_media(&mut self, now: Now, worker: u8, command: MediaCommand) {
        let Some(media) = wants_more(&command) else {
            self.late.push_back((worker, command));
            return self.send_late();
        };
        if let Err(error) = self.post(worker, command) {
            tracing::warn!(%error, "a call ends because its media cannot be served");
            self.calls.handle_media_refused(now, media);
        }
    }

    fn send_late(&mut self) {
        while let Some((worker, command)) = self.late.pop_front() {
            if self.post(worker, command.clone()).is_err() {
                self.late.push_front((worker, command));
                return;
            }
        }
    }

    fn post(&mut self, worker: u8, command: MediaCommand) -> Result<(), SendError> {
        self.wires.media.post(worker, command)?;
        if !self.unrung.contains(&worker) {
            self.unrung.push(worker);
        }
        Ok(())
    }
}

/// Somebody may be trying to get into a conference.
fn tell_of_wrong_pins(alarm: &PinAlarm) {
    let PinAlarm { domain, room, party, is_of_all_outside } = alarm;
    if *is_of_all_outside {
        tracing::error!(
            %domain,
            room,
            party,
            "callers from outside entered so many wrong PINs at this conference that none of them \
             may try for 5 minutes; give it longer PINs, or keep it from outside callers"
        );
    } else {
        tracing::warn!(
            %domain,
            room,
            party,
            "this caller entered three wrong PINs at this conference and may not try for 5 minutes"
        );
    }
}

/// Somebody may have to see to a trunk.
fn tell_of_trunk(trunk: &str, news: TrunkNews) {
    match news {
        TrunkNews::Down => {
            tracing::error!(trunk, "the trunk does not answer OPTIONS; calls pass it over");
        }
        TrunkNews::Up => tracing::info!(trunk, "the trunk answers OPTIONS; calls go through it"),
        TrunkNews::Registered { at } => {
            tracing::info!(trunk, host = %at.host, port = at.port, "registered with the trunk");
        }
        TrunkNews::RegistrationLost => {
            tracing::error!(trunk, "not registered with the trunk any more; trying again");
        }
        TrunkNews::RegistrationRefused { status } => {
            tracing::error!(
                trunk,
                status = status.0,
                "the trunk does not take our registration; check user, password and realm"
            );
        }
    }
}

/// The session that the command opens or changes; `None` if it frees something at the worker, is
/// about a whole conference, or asks for what later calls need.
fn wants_more(command: &MediaCommand) -> Option<MediaId> {
    match command {
        MediaCommand::Open { media, .. }
        | MediaCommand::Configure { media, .. }
        | MediaCommand::Bridge { a: media, .. }
        | MediaCommand::Unbridge { media }
        | MediaCommand::ConvertKeys { media, .. }
        | MediaCommand::Press { media, .. }
        | MediaCommand::Play { media, .. }
        | MediaCommand::Join { media, .. }
        | MediaCommand::SetMode { media, .. }
        | MediaCommand::Tell { media, .. }
        | MediaCommand::Tap { media, .. }
        | MediaCommand::Capture { media, .. }
        | MediaCommand::Detect { media, .. } => Some(*media),
        MediaCommand::Close { .. }
        | MediaCommand::Return { .. }
        | MediaCommand::Lease { .. }
        | MediaCommand::Dismiss { .. }
        | MediaCommand::Announce { .. }
        | MediaCommand::EndCapture { .. }
        // A call goes on whether it is recorded or not.
        | MediaCommand::Record { .. }
        | MediaCommand::PauseRecording { .. }
        | MediaCommand::RecordRoom { .. }
        | MediaCommand::StopRecordingRoom { .. }
        | MediaCommand::StopRecording { .. } => None,
    }
}
