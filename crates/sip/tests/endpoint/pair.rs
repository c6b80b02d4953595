//! Two endpoints, a clock that moves only when told, and a link that may lose, delay and double.

use base::Rng;
use bytes::Bytes;
use sip::{
    ClientId, Destination, DialogId, Endpoint, Event, FlowId, Host, Message, NameAddr, Output,
    ServerId, Source, Transport, Uri,
    endpoint::{Body, Counts, EndpointConfig, NewRequest, Reply},
    message::{Method, Status},
    parse::{Framing, parse},
    transport::Listener,
};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Who of the two.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Who {
    Alice,
    Bob,
}

use Who::{Alice, Bob};

/// What the link does to a datagram, in per mille of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) lost: u32,
    pub(crate) doubled: u32,
    /// Most extra delay in milliseconds, drawn for each datagram, so that they overtake each other.
    pub(crate) jitter: u64,
}

#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) alice: Side,
    pub(crate) bob: Side,
    pub(crate) weather: Weather,
    /// Start lines of all that was sent, with the time in milliseconds, for failing tests to show.
    pub(crate) log: Vec<String>,
    start: Instant,
    transport: Transport,
    in_flight: BTreeMap<(Instant, u64), (Who, Bytes)>,
    sent: u64,
    rng: Rng,
}

#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) endpoint: Endpoint,
    pub(crate) events: VecDeque<Event>,
    /// Messages of this side that the link loses, by start line: how many are still to be lost.
    pub(crate) lose: Vec<(&'static str, usize)>,
}

const DELAY: Duration = Duration::from_millis(10);

impl Pair {
    pub(crate) fn new(transport: Transport) -> Self {
        Self::seeded(transport, 1, Weather::default())
    }

    pub(crate) fn seeded(transport: Transport, seed: u64, weather: Weather) -> Self {
        let now = Instant::now();
        let mut rng = Rng::from_number(seed);
        let side = |who: Who, rng: &mut Rng| Side {
            endpoint: Endpoint::new(now, config(who, transport), rng.split()),
            events: VecDeque::new(),
            lose: Vec::new(),
        };
        Self {
            now,
            alice: side(Alice, &mut rng),
            bob: side(Bob, &mut rng),
            weather,
            log: Vec::new(),
            start: now,
            transport,
            in_flight: BTreeMap::new(),
            sent: 0,
            rng,
        }
    }

    pub(crate) fn side(&mut self, who: Who) -> &mut Side {
        match who {
            Alice => &mut self.alice,
            Bob => &mut self.bob,
        }
    }

    /// Sends a request outside any dialog.
    pub(crate) fn request(&mut self, who: Who, method: Method, body: Option<Body>) -> ClientId {
        let peer = who.peer();
        let request = NewRequest {
            method,
            uri: uri(&format!("sip:{}@{}", peer.name(), peer.address())),
            from: NameAddr::new(uri(&format!("sip:{}@test.example", who.name()))),
            to: NameAddr::new(uri(&format!("sip:{}@test.example", peer.name()))),
            to_hop: Destination {
                transport: self.transport,
                host: Host::from(peer.address().ip()),
                port: peer.address().port(),
                flow: Some(FlowId(1)),
                local: None,
            },
            routes: Vec::new(),
            max_forwards: 70,
            headers: Vec::new(),
            body,
        };
        let now = self.now;
        self.side(who).endpoint.request(now, request)
    }

    pub(crate) fn respond(&mut self, who: Who, server: ServerId, status: u16) -> Option<DialogId> {
        let now = self.now;
        self.side(who).endpoint.respond(now, server, Reply::new(Status(status)))
    }

    pub(crate) fn in_dialog(&mut self, who: Who, dialog: DialogId, method: Method) -> ClientId {
        let now = self.now;
        let sent = self.side(who).endpoint.request_in_dialog(now, dialog, method, vec![], None);
        sent.unwrap_or_else(|_| panic!("{who:?} has no dialog {dialog:?}: {:#?}", self.log))
    }

    pub(crate) fn ack(&mut self, who: Who, dialog: DialogId) {
        let now = self.now;
        self.side(who).endpoint.ack(now, dialog, None).expect("the dialog is there");
    }

    pub(crate) fn cancel(&mut self, who: Who, client: ClientId) {
        let now = self.now;
        self.side(who).endpoint.cancel(now, client, vec![]);
    }

    /// Lets `span` pass, stopping at each datagram and deadline on the way.
    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        self.transmit();
        while let Some(next) = self.next().filter(|it| *it <= end) {
            self.now = next;
            self.step();
        }
        self.now = end;
    }

    /// Lets time pass until nothing is left to happen.
    pub(crate) fn run_out(&mut self) {
        self.run_for(Duration::from_secs(200));
        assert_eq!(self.next(), None, "still busy: {:#?}", self.log);
    }

    /// Lets time pass until `who` has an event, and returns it.
    #[track_caller]
    pub(crate) fn event(&mut self, who: Who) -> Event {
        match self.next_event(who) {
            Some(event) => event,
            None => panic!("{who:?} waits in vain: {:#?}", self.log),
        }
    }

    pub(crate) fn next_event(&mut self, who: Who) -> Option<Event> {
        self.transmit();
        loop {
            if let Some(event) = self.side(who).events.pop_front() {
                return Some(event);
            }
            self.now = self.next()?;
            self.step();
        }
    }

    /// Everything that either side keeps.
    pub(crate) fn counts(&self) -> (Counts, Counts) {
        (self.alice.endpoint.counts(), self.bob.endpoint.counts())
    }

    #[track_caller]
    pub(crate) fn assert_nothing_is_left(&mut self) {
        self.run_out();
        assert_eq!(self.counts(), (Counts::default(), Counts::default()), "{:#?}", self.log);
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        let arrival = self.in_flight.first_key_value().map(|it| it.0.0);
        [arrival, self.alice.endpoint.poll_timeout(), self.bob.endpoint.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Everything that is due now.
    pub(crate) fn step(&mut self) {
        while let Some(entry) = self.in_flight.first_entry().filter(|it| it.key().0 <= self.now) {
            let (to, bytes) = entry.remove();
            self.arrive(to, &bytes);
        }
        let now = self.now;
        self.alice.endpoint.handle_timeout(now);
        self.bob.endpoint.handle_timeout(now);
        self.transmit();
    }

    fn arrive(&mut self, to: Who, bytes: &Bytes) {
        let framing =
            if self.transport.is_reliable() { Framing::Stream } else { Framing::Datagram };
        let message = parse(bytes, framing)
            .unwrap_or_else(|error| panic!("{error}:\n{}", String::from_utf8_lossy(bytes)));
        let source = Source {
            transport: self.transport,
            flow: FlowId(1),
            local: to.address(),
            remote: to.peer().address(),
        };
        let now = self.now;
        self.side(to).endpoint.handle_message(now, source, message);
    }

    fn transmit(&mut self) {
        for who in [Alice, Bob] {
            while let Some(output) = self.side(who).endpoint.poll_output() {
                match output {
                    Output::Event(event) => self.side(who).events.push_back(event),
                    Output::Send(send) => {
                        assert_eq!(send.to.host.ip(), Some(who.peer().address().ip()));
                        assert_eq!(send.to.port, who.peer().address().port());
                        self.transmit_one(who, &send.bytes);
                    }
                }
            }
        }
    }

    fn transmit_one(&mut self, from: Who, bytes: &Bytes) {
        let line = String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
        let is_lost = self.side(from).is_to_be_lost(&line)
            || (!self.transport.is_reliable() && self.rng.chance(self.weather.lost));
        let fate = if is_lost { " (lost)" } else { "" };
        let after = (self.now - self.start).as_millis();
        self.log.push(format!("{after:6} {from:?}: {line}{fate}"));
        if is_lost {
            return;
        }
        let copies = 1 + usize::from(self.rng.chance(self.weather.doubled));
        for _ in 0..copies {
            let jitter = Duration::from_millis(self.rng.below(self.weather.jitter + 1));
            self.sent += 1;
            let key = (self.now + DELAY + jitter, self.sent);
            self.in_flight.insert(key, (from.peer(), bytes.clone()));
        }
    }
}

impl Side {
    /// Loses the next `count` messages whose start line begins so.
    pub(crate) fn lose(&mut self, start: &'static str, count: usize) {
        self.lose.push((start, count));
    }

    fn is_to_be_lost(&mut self, line: &str) -> bool {
        let rule = self.lose.iter_mut().find(|it| it.1 > 0 && line.starts_with(it.0));
        rule.is_some_and(|it| {
            it.1 -= 1;
            true
        })
    }
}

impl Who {
    pub(crate) fn peer(self) -> Self {
        match self {
            Alice => Bob,
            Bob => Alice,
        }
    }

    pub(crate) fn address(self) -> SocketAddr {
        match self {
            Alice => SocketAddr::from(([192, 0, 2, 1], 5060)),
            Bob => SocketAddr::from(([192, 0, 2, 2], 5060)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Alice => "alice",
            Bob => "bob",
        }
    }
}

fn config(who: Who, transport: Transport) -> EndpointConfig {
    EndpointConfig {
        shard: who as u8,
        product: "Tandem".into(),
        listeners: vec![Listener { transport, advertised: who.address(), flow: Some(FlowId(1)) }],
        transactions_max: 1000,
    }
}

pub(crate) fn uri(text: &str) -> Uri {
    Uri::parse(&Bytes::copy_from_slice(text.as_bytes())).expect("a well-formed URI")
}

/// Shorthands that say which event a test expects.
pub(crate) trait Expect {
    fn request(self) -> (ServerId, Message);
    fn in_dialog(self) -> (DialogId, ServerId, Message);
    fn response(self, status: u16) -> Option<DialogId>;
}

impl Expect for Event {
    #[track_caller]
    fn request(self) -> (ServerId, Message) {
        let Event::Request { server, request, .. } = self else { panic!("{self:?}") };
        (server, Message::Request(request))
    }

    #[track_caller]
    fn in_dialog(self) -> (DialogId, ServerId, Message) {
        let Event::DialogRequest { dialog, server, request, .. } = self else { panic!("{self:?}") };
        (dialog, server, Message::Request(request))
    }

    #[track_caller]
    fn response(self, status: u16) -> Option<DialogId> {
        let Event::Response { dialog, response, .. } = self else { panic!("{self:?}") };
        assert_eq!(response.status, Status(status));
        dialog
    }
}

impl Pair {
    /// A call from Alice, answered and acknowledged; her dialog and his.
    pub(crate) fn call(&mut self) -> (DialogId, DialogId) {
        self.request(Alice, Method::Invite, None);
        let (server, _) = self.event(Bob).request();
        self.event(Alice).response(100);
        let bob = self.respond(Bob, server, 200).expect("200 opens a dialog");
        let alice = self.event(Alice).response(200).expect("200 opens a dialog");
        self.ack(Alice, alice);
        assert!(matches!(self.event(Bob), Event::Acked { dialog, .. } if dialog == bob));
        (alice, bob)
    }
}
