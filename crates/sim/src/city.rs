//! The city: a switch, its surroundings, and time that jumps to the next event.

use crate::{
    desk::Desk,
    journal::Journal,
    mailboxes::Mailboxes,
    network::{Datagram, Network},
    phone::{Phone, Socket},
    plot::{self, DOMAIN, NEIGHBOUR, Plot, UDP_FLOW, backup, provider, switch},
    recording::{Input, Recording},
    registrar::Registrar,
    texts::Texts,
    worker::Worker,
};
use base::{CallId, Now, Rng, UnixMillis};
use bytes::Bytes;
use call::{
    CallFact, CallView, Calls, Cdr, Conversations, Directory, Occupancy, Parking, Queues, Recents,
    Rooms, TrunkNews, TrunkStates, World, dialplan::WebOrder, features::FeatureReply,
    outbound::OutboundUse, registration::RegistrationReply, subscriptions::WatchReply,
    texts::TextReply, voicemail::VoicemailReply, web::WebReply,
};
use media::{MediaEvent, detection::Detected, dtmf::Digit, sound::Sound};
use sip::{
    Destination, FlowId, Host, Message, Params, Source, Transport, Uri,
    bindings::{Aor, Binding, BindingPolicy},
    parse::{Framing, parse, refusal},
    shard::shard_of,
};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

/// A phone's stream is `STREAMS + n`; UDP's flow is another.
const STREAMS: u64 = 1000;

/// How long a worker or the registrar takes to answer.
pub(crate) const BACK_OFFICE_DELAY: Duration = Duration::from_millis(1);

/// Longest wait for a registration.
const PATIENCE: Duration = Duration::from_secs(60);

/// Many events at one instant mean that something feeds itself.
const EVENTS_AT_ONCE_MAX: usize = 10_000;

/// Everything in one place.
#[derive(Debug)]
pub struct City {
    /// The shards of the switch under test.
    pub shards: Vec<Calls>,
    /// The phones.
    pub phones: Vec<Phone>,
    /// What is between them.
    pub network: Network,
    /// The media workers.
    pub workers: Vec<Worker>,
    /// Who is where.
    pub registrar: Registrar,
    /// Who keeps messages.
    pub mailboxes: Mailboxes,
    /// Who watches what.
    pub desk: Desk,
    /// Text messages that wait.
    pub texts: Texts,
    /// What web servers were asked, in order.
    pub web_questions: Vec<WebOrder>,
    /// What they answer, a second later; nothing that can be used unless it is set.
    pub web_answer: Option<Vec<(String, String)>>,
    /// The call log.
    pub cdrs: Vec<Cdr>,
    pub(crate) journal: Journal,
    /// Call-IDs of all dialogs that ever began, with their calls.
    pub links: Vec<(CallId, String)>,
    /// Call-IDs of dialogs that began with a process of the switch that is no more: an INVITE that
    /// comes again to the next one begins another leg.
    pub(crate) former_links: Vec<String>,
    /// Panics that the switch caught.
    pub panics: usize,
    /// Wrong credentials that the switch reported.
    pub offences: usize,
    /// What the switch told of its trunks, in order.
    pub trunk_news: Vec<(String, TrunkNews)>,
    /// What the switch told of its calls, in order.
    pub facts: Vec<CallFact>,
    /// The same, taken in: one list a shard.
    pub board: Vec<BTreeMap<CallId, CallView>>,
    /// What the switch sent to nobody's address: for tests that speak for themselves.
    pub strays: Vec<(SocketAddr, Bytes)>,

    pub(crate) start: Instant,
    pub(crate) now: Instant,
    pub(crate) occupancy: Occupancy,
    /// How much is called through trunks.
    pub outbound_use: OutboundUse,
    /// Who is in which conference.
    pub rooms: Rooms,
    /// Who talks with whom.
    pub conversations: Conversations,
    /// Who waits in which queue.
    pub queues: Queues,
    pub(crate) back_office: BTreeMap<(Instant, u64), Late>,
    pub(crate) errands: u64,
    /// By how much the wall clock of the switch was set since the start, in ms.
    pub clock_set_by_ms: i64,
    pub(crate) policy: BindingPolicy,
    pub(crate) plot: Plot,
    pub(crate) directory: Arc<Directory>,
    pub(crate) closed_flows: Vec<FlowId>,
    /// Whether no process of the switch runs.
    pub(crate) is_down: bool,
    pub(crate) rng: Rng,
    pub(crate) recording: Option<Recording>,
}

/// What a worker or the registrar answers a moment later.
#[derive(Debug)]
pub(crate) enum Late {
    Media { shard: u8, event: MediaEvent },
    Registered { shard: u8, reply: RegistrationReply },
    Voicemail { shard: u8, reply: VoicemailReply },
    Feature { shard: u8, reply: FeatureReply },
    Watch { shard: u8, reply: WatchReply },
    Text { shard: u8, reply: TextReply },
    Web { shard: u8, reply: WebReply },
}

impl City {
    /// A city without phones. `start` is when it begins; nothing depends on it.
    pub fn new(start: Instant, seed: u64, plot: Plot) -> Self {
        let mut rng = Rng::from_number(seed);
        let directory = Arc::new(plot::directory(&mut rng, &plot));
        let (registrar, occupancy) = (Registrar::default(), Occupancy::default());
        let (rooms, conversations) = (Rooms::default(), Conversations::default());
        let policy = plot::policy();
        registrar.set_now(unix(Duration::ZERO));
        let desk = Desk::new(Arc::clone(&directory), registrar.clone());
        let texts = Texts::new(plot.shards, registrar.clone());
        let chances = (0..plot.shards).map(|_| rng.split()).collect();
        let mut city = Self {
            shards: Vec::new(),
            phones: Vec::new(),
            network: Network::new(plot.quality, rng.split()),
            workers: Vec::new(),
            registrar,
            mailboxes: Mailboxes::default(),
            desk,
            texts,
            web_questions: Vec::new(),
            web_answer: None,
            cdrs: Vec::new(),
            journal: Journal::default(),
            links: Vec::new(),
            former_links: Vec::new(),
            panics: 0,
            offences: 0,
            trunk_news: Vec::new(),
            facts: Vec::new(),
            board: vec![BTreeMap::new(); usize::from(plot.shards)],
            strays: Vec::new(),
            start,
            now: start,
            occupancy,
            outbound_use: OutboundUse::default(),
            rooms,
            conversations,
            queues: Queues::default(),
            back_office: BTreeMap::new(),
            errands: 0,
            clock_set_by_ms: 0,
            policy,
            plot,
            directory,
            closed_flows: Vec::new(),
            is_down: false,
            rng,
            recording: None,
        };
        city.start_switch(chances);
        city
    }

    /// Starts the process of the switch, with nothing but what is written.
    pub(crate) fn start_switch(&mut self, chances: Vec<Rng>) {
        let (plot, now) = (&self.plot, self.now());
        let (plans, parking, trunks) =
            (plot::plans(plot), Parking::default(), TrunkStates::default());
        let recents = Recents::default();
        let mut shards = Vec::new();
        for (shard, rng) in (0..plot.shards).zip(chances) {
            let world = World {
                directory: Arc::clone(&self.directory),
                plans: Arc::clone(&plans),
                sounds: Arc::new(plot::sounds(plot)),
                locator: Box::new(self.registrar.clone()),
                occupancy: self.occupancy.clone(),
                outbound_use: self.outbound_use.clone(),
                rooms: self.rooms.clone(),
                conversations: self.conversations.clone(),
                parking: parking.clone(),
                queues: self.queues.clone(),
                recents: recents.clone(),
                trunks: trunks.clone(),
            };
            let settings = plot::settings(shard, plot);
            shards.push(Calls::new(now, settings, world, rng));
        }
        self.workers = (0..plot.workers).map(|n| Worker::new(n, plot.ports)).collect();
        self.shards = shards;
        self.settle_step();
        self.wait(2 * BACK_OFFICE_DELAY);
    }

    // === Phones ===

    /// Builds a phone with an extension's number, not registered; returns its index.
    pub fn add_phone(&mut self, number: &str) -> usize {
        self.add_phone_over(number, Transport::Udp)
    }

    /// The same, over a transport.
    pub fn add_phone_over(&mut self, number: &str, transport: Transport) -> usize {
        let n = self.phones.len();
        let address =
            SocketAddr::from(([10, 1, 0, u8::try_from(n + 1).expect("a small city")], 5060));
        let flow = if transport.is_reliable() { FlowId(STREAMS + n as u64) } else { UDP_FLOW };
        let socket = Socket { address, transport, flow };
        let mut phone = Phone::new(number, DOMAIN, socket, self.rng.split());
        phone.wants_sha256 = n.is_multiple_of(2);
        self.phones.push(phone);
        n
    }

    /// Builds the carrier's switch, at the trunk's address: a phone that never registers.
    pub fn add_provider(&mut self, number: &str) -> usize {
        let phone = self.add_phone(number);
        self.phones[phone].address = provider();
        phone
    }

    /// The same at the address of the other trunk.
    pub fn add_backup(&mut self, number: &str) -> usize {
        let phone = self.add_phone(number);
        self.phones[phone].address = backup();
        phone
    }

    /// Builds a phone and registers it.
    pub fn add_registered(&mut self, number: &str) -> usize {
        let phone = self.add_phone(number);
        self.register(phone);
        phone
    }

    /// Builds a phone of the other domain and registers it.
    pub fn add_neighbour(&mut self, number: &str) -> usize {
        let phone = self.add_phone(number);
        NEIGHBOUR.clone_into(&mut self.phones[phone].domain);
        self.phones[phone].password = format!("other-{number}");
        self.register(phone);
        phone
    }

    fn register(&mut self, phone: usize) {
        self.act(phone, Phone::register);
        self.wait_until(PATIENCE, |city| city.phones[phone].registered.is_some());
        let Phone { number, registered, .. } = &self.phones[phone];
        assert_eq!(*registered, Some(200), "{number} could not register");
    }

    /// Lets a phone do something.
    pub fn act<T>(&mut self, phone: usize, action: impl FnOnce(&mut Phone, Instant) -> T) -> T {
        let result = action(&mut self.phones[phone], self.now);
        self.settle_step();
        result
    }

    /// `caller` calls `number`; returns the line.
    pub fn dial(&mut self, caller: usize, number: &str) -> usize {
        self.act(caller, |phone, now| phone.dial(now, number))
    }

    /// Closes a phone's connection; it takes none until it makes one itself.
    pub fn close_flow(&mut self, phone: usize) {
        let flow = self.phones[phone].flow;
        self.registrar.close_flow(flow);
        self.closed_flows.push(flow);
    }

    /// A phone makes a new connection.
    pub fn reconnect(&mut self, phone: usize) {
        let closed = self.closed_flows.len() as u64;
        self.phones[phone].flow = FlowId(2 * STREAMS + closed);
    }

    // === The switch ===

    /// Lets the operator of the switch do something.
    pub fn operate<T>(&mut self, shard: usize, action: impl FnOnce(&mut Calls, Now) -> T) -> T {
        let now = self.now();
        let result = action(&mut self.shards[shard], now);
        self.settle_step();
        result
    }

    /// Bytes from somewhere arrive at the switch at once.
    pub fn inject(&mut self, from: SocketAddr, bytes: Bytes) {
        let datagram =
            Datagram { transport: Transport::Udp, flow: UDP_FLOW, from, to: switch(), bytes };
        self.deliver(datagram);
        self.settle_step();
    }

    /// Registers a contact of `number` that leads back to the switch.
    pub fn plant_contact_at_switch(&mut self, number: &str) {
        let domain = self.directory.domain_of_host(DOMAIN).expect("the domain is there").id;
        let source =
            Source { transport: Transport::Udp, flow: UDP_FLOW, local: switch(), remote: switch() };
        let now = self.now().unix;
        self.registrar.plant(Binding {
            aor: Aor { domain, user: number.to_owned() },
            contact: Uri::sip(Some(number), Host::from(switch().ip()), Some(switch().port())),
            q_per_mille: 1000,
            expires_at: UnixMillis(now.0 + 3_600_000),
            registered_at: now,
            call_id: Bytes::from_static(b"planted"),
            cseq: 1,
            path: Vec::new(),
            received: source.into(),
            user_agent: String::new(),
            instance: None,
            reg_id: None,
            params: Params::default(),
        });
    }

    /// The directory of the switch.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Calls that an extension counts as busy with.
    pub fn calls_of(&self, number: &str) -> u32 {
        let domain = self.directory.domain_of_host(DOMAIN).expect("the domain is there").id;
        let extension = self.directory.extension(domain, number).expect("the extension is there");
        self.occupancy.calls(extension.id)
    }

    /// Somebody presses a key in a call; it is told where the key goes no further.
    pub fn press(&mut self, phone: usize, line: usize, key: char) {
        let digit = Digit::from_char(key).expect("a key of a telephone");
        let Some(port) = self.phones[phone].lines[line].remote_rtp else { return };
        let events: Vec<_> =
            self.workers.iter().filter_map(|it| it.key_pressed(port, digit)).collect();
        for event in events {
            self.report(0, event);
        }
        self.wait(2 * BACK_OFFICE_DELAY);
    }

    /// The prompt at a port of ours comes to its end.
    pub fn finish_prompt(&mut self, port: SocketAddr) {
        let events: Vec<_> =
            self.workers.iter_mut().filter_map(|it| it.finish_playing(port)).collect();
        for event in events {
            self.report(0, event);
        }
        self.settle_step();
    }

    /// The words at a port of ours, which are kept, come to their end.
    pub fn finish_speaking(&mut self, port: SocketAddr, words: Option<&Sound>) {
        let workers = self.workers.iter_mut();
        let events: Vec<_> =
            workers.filter_map(|it| it.finish_speaking(port, words.cloned())).collect();
        for event in events {
            self.report(0, event);
        }
        self.wait(2 * BACK_OFFICE_DELAY);
    }

    /// Something is heard of the far end of a port of ours, which listens for it.
    pub fn detect(&mut self, port: SocketAddr, what: Detected) {
        let events: Vec<_> = self.workers.iter().filter_map(|it| it.detected(port, what)).collect();
        for event in events {
            self.report(0, event);
        }
        self.wait(2 * BACK_OFFICE_DELAY);
    }

    /// What was recorded of messages is on the disk, or, as `is_kept` says, cannot get there.
    pub fn finish_messages(&mut self, is_kept: bool) {
        let replies = self.mailboxes.finish(is_kept);
        self.hand_out(replies);
        self.wait(2 * BACK_OFFICE_DELAY);
    }

    pub(crate) fn hand_out(&mut self, replies: Vec<(u8, VoicemailReply)>) {
        for (shard, reply) in replies {
            self.later(Late::Voicemail { shard, reply });
        }
    }

    // === Time ===

    /// Both clocks.
    pub fn now(&self) -> Now {
        let UnixMillis(at) = unix(self.now - self.start);
        Now { instant: self.now, unix: UnixMillis(at + self.clock_set_by_ms) }
    }

    /// Lets `span` pass, stopping at each event on the way.
    pub fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.next_event().filter(|it| *it <= end) {
            self.jump(at.max(self.now));
        }
        self.now = end;
        self.registrar.set_now(self.now().unix);
    }

    /// Lets time pass until `is_so`, for `limit` at most; whether it came to be.
    pub fn wait_until(&mut self, limit: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit;
        while !is_so(self) {
            match self.next_event().filter(|it| *it <= end) {
                Some(at) => self.jump(at.max(self.now)),
                None => {
                    self.wait(end - self.now);
                    return is_so(self);
                }
            }
        }
        true
    }

    pub(crate) fn last_sent(&self) -> Option<Instant> {
        self.network.last_sent()
    }

    fn next_event(&self) -> Option<Instant> {
        let shards = self.shards.iter().filter_map(Calls::poll_timeout);
        let phones = self.phones.iter().filter_map(Phone::poll_timeout);
        let workers = self.workers.iter().filter_map(Worker::poll_timeout);
        let late = self.back_office.keys().next().map(|(at, _)| *at);
        let others = self.network.poll_timeout().into_iter().chain(late);
        let others = others.chain(self.texts.poll_timeout());
        shards.chain(phones).chain(workers).chain(others).min()
    }

    /// Lets everything of one instant happen.
    fn jump(&mut self, now: Instant) {
        self.now = now;
        self.registrar.set_now(self.now().unix);
        for _ in 0..EVENTS_AT_ONCE_MAX {
            if !self.happen_once() {
                return;
            }
            self.settle_step();
        }
        panic!("something feeds itself at {:?}:\n{}", now - self.start, self.story());
    }

    /// Lets one thing happen that is due; false if nothing is.
    fn happen_once(&mut self) -> bool {
        let now = self.now;
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if let Some(datagram) = self.network.take_due(now) {
            self.deliver(datagram);
        } else if let Some(entry) = self.back_office.first_entry().filter(|it| it.key().0 <= now) {
            let late = entry.remove();
            self.come_late(late);
        } else if let Some(n) = self.shards.iter().position(|it| is_due(it.poll_timeout())) {
            if n == 0 {
                self.note(|| Input::Timeout);
            }
            let both = self.now();
            self.shards[n].handle_timeout(both);
        } else if let Some(phone) = self.phones.iter_mut().find(|it| is_due(it.poll_timeout())) {
            phone.handle_timeout(now);
        } else if is_due(self.texts.poll_timeout()) {
            self.texts.handle_timeout(now);
        } else if let Some(n) = self.workers.iter().position(|it| is_due(it.poll_timeout())) {
            if let Some(event) = self.workers[n].handle_timeout(now) {
                self.report(0, event);
            }
        } else {
            return false;
        }
        true
    }

    fn come_late(&mut self, late: Late) {
        match &late {
            Late::Media { shard: 0, event } => self.note(|| Input::Media(event.clone())),
            Late::Registered { shard: 0, reply } => self.note(|| Input::Registered(reply.clone())),
            Late::Voicemail { shard: 0, reply } => self.note(|| Input::Voicemail(reply.clone())),
            Late::Feature { shard: 0, reply } => self.note(|| Input::Feature(*reply)),
            Late::Web { shard: 0, reply } => self.note(|| Input::Web(reply.clone())),
            Late::Media { .. }
            | Late::Registered { .. }
            | Late::Voicemail { .. }
            | Late::Feature { .. }
            | Late::Web { .. }
            | Late::Watch { .. }
            | Late::Text { .. } => {}
        }
        let now = self.now();
        match late {
            Late::Media { shard, event } => {
                self.shards[usize::from(shard)].handle_media(now, event);
            }
            Late::Registered { shard, reply } => {
                self.shards[usize::from(shard)].handle_registration(now, reply);
            }
            Late::Voicemail { shard, reply } => {
                self.shards[usize::from(shard)].handle_voicemail(now, reply);
            }
            Late::Feature { shard, reply } => {
                self.shards[usize::from(shard)].handle_feature(now, reply);
            }
            Late::Web { shard, reply } => {
                self.shards[usize::from(shard)].handle_web(now, reply);
            }
            Late::Watch { shard, reply } => {
                self.shards[usize::from(shard)].handle_watch(now, reply);
            }
            Late::Text { shard, reply } => {
                self.shards[usize::from(shard)].handle_text_reply(now, reply);
            }
        }
    }

    // === Messages ===

    fn deliver(&mut self, datagram: Datagram) {
        if datagram.to != switch() {
            match self.phones.iter_mut().find(|it| it.address == datagram.to) {
                Some(phone) => phone.handle_datagram(self.now, &datagram.bytes),
                None => self.strays.push((datagram.to, datagram.bytes)),
            }
            return;
        }
        if self.is_down {
            return;
        }
        let Datagram { transport, flow, from, bytes, .. } = datagram;
        let source = Source { transport, flow, local: switch(), remote: from };
        let framing = if transport.is_reliable() { Framing::Stream } else { Framing::Datagram };
        match parse(&bytes, framing) {
            Ok(message) => {
                let shard = self.shard_of(&message);
                if shard == 0 {
                    self.note(|| Input::Message { source, bytes });
                }
                let now = self.now();
                self.shards[shard].handle_message(now, source, message);
            }
            Err(error) => {
                if let Some(mut response) = refusal(&bytes, &error)
                    && response.headers.note_source(from).is_ok()
                {
                    let bytes = response.encode();
                    self.transmit(&Destination::from(source), bytes);
                }
            }
        }
    }

    fn shard_of(&self, message: &Message) -> usize {
        let shards = u8::try_from(self.shards.len()).expect("few shards");
        usize::from(shard_of(message, shards))
    }

    pub(crate) fn transmit(&mut self, to: &Destination, bytes: Bytes) {
        let ip = to.host.ip().expect("the city has no DNS");
        let datagram = Datagram {
            transport: to.transport,
            flow: to.flow.unwrap_or(UDP_FLOW),
            from: switch(),
            to: SocketAddr::new(ip, to.port),
            bytes,
        };
        self.network.send(self.start, self.now, datagram);
    }

    // === Outputs ===

    /// Carries out what everybody wants done, then checks what must hold.
    pub(crate) fn settle_step(&mut self) {
        loop {
            let from_switch = self.carry_out_switch();
            let from_phones = self.carry_out_phones();
            if !from_switch && !from_phones {
                break;
            }
        }
        self.tell_watchers();
        self.check_step();
    }

    fn carry_out_phones(&mut self) -> bool {
        let mut is_anything = false;
        for phone in &mut self.phones {
            for address in phone.take_hushed() {
                for worker in &mut self.workers {
                    worker.fall_silent(self.now, address);
                }
            }
            let (from, transport, flow) = (phone.address, phone.transport, phone.flow);
            for bytes in phone.take_outputs() {
                is_anything = true;
                if self.closed_flows.contains(&flow) {
                    continue;
                }
                let datagram = Datagram { transport, flow, from, to: switch(), bytes };
                self.network.send(self.start, self.now, datagram);
            }
        }
        is_anything
    }

    fn carry_out_switch(&mut self) -> bool {
        let mut is_anything = false;
        for shard in 0..self.shards.len() {
            let outputs: VecDeque<_> =
                std::iter::from_fn(|| self.shards[shard].poll_output()).collect();
            is_anything |= !outputs.is_empty();
            for output in outputs {
                self.carry_out(shard, output);
            }
        }
        is_anything
    }
}

/// The wall clock of the city begins here.
fn unix(since_start: Duration) -> UnixMillis {
    let since_start = i64::try_from(since_start.as_millis()).expect("a short story");
    UnixMillis(1_800_000_000_000 + since_start)
}
