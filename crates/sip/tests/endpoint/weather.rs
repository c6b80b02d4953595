//! Calls over a link that loses, doubles and reorders: whatever happens, nothing is left behind.

use crate::pair::{
    Pair, Weather,
    Who::{self, Alice, Bob},
};
use base::Rng;
use sip::{
    ClientId, DialogId, Event, ServerId, Transport,
    message::{Method, Status},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

const SEEDS: u64 = 500;

#[test]
fn calls_in_any_weather_end_with_one_final_answer_each_and_nothing_left() {
    let mut seen = BTreeMap::new();
    for seed in 0..SEEDS {
        let transport = if seed % 5 == 0 { Transport::Tcp } else { Transport::Udp };
        let weather = match seed % 3 {
            0 => Weather { lost: 0, doubled: 300, jitter: 900 },
            1 => Weather { lost: 100, doubled: 0, jitter: 0 },
            _ => Weather { lost: 200, doubled: 100, jitter: 600 },
        };
        for outcome in Story::new(transport, seed, weather).run() {
            *seen.entry(outcome).or_insert(0) += 1;
        }
    }
    // A world in which nothing happens would leave nothing behind either.
    for outcome in ["200 INVITE", "486 INVITE", "487 INVITE", "491 INVITE", "481 BYE", "200 INFO"] {
        assert!(seen.get(outcome).is_some_and(|it| *it >= 5), "{outcome}: {seen:?}");
    }
}

/// One call between two people who act at random.
struct Story {
    seed: u64,
    pair: Pair,
    rng: Rng,
    wishes: BTreeMap<(Instant, usize), Wish>,
    wished: usize,
    /// Final answers that each request has got.
    finals: BTreeMap<(Who, ClientId), usize>,
    calls: usize,
    /// Final responses with the methods that they answer.
    outcomes: Vec<String>,
}

enum Wish {
    Respond(ServerId, u16),
    Send(Who, DialogId, Method),
    Cancel(ClientId),
}

impl Story {
    fn new(transport: Transport, seed: u64, weather: Weather) -> Self {
        Self {
            seed,
            pair: Pair::seeded(transport, seed, weather),
            rng: Rng::from_number(!seed),
            wishes: BTreeMap::new(),
            wished: 0,
            finals: BTreeMap::new(),
            calls: 0,
            outcomes: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<String> {
        let invite = self.pair.request(Alice, Method::Invite, None);
        self.finals.insert((Alice, invite), 0);
        // Late enough for most answers; patience has an end.
        self.wish(60_000, Wish::Cancel(invite));
        while let Some(next) = self.next() {
            self.pair.run_for(next.saturating_duration_since(self.pair.now));
            self.react();
            self.fulfil();
        }
        self.judge()
    }

    fn next(&self) -> Option<Instant> {
        let wish = self.wishes.first_key_value().map(|it| it.0.0);
        [self.pair.next(), wish].into_iter().flatten().min()
    }

    fn react(&mut self) {
        for who in [Alice, Bob] {
            while let Some(event) = self.pair.side(who).events.pop_front() {
                self.handle(who, event);
            }
        }
    }

    fn handle(&mut self, who: Who, event: Event) {
        match event {
            Event::Request { server, .. } => {
                self.calls += 1;
                if self.rng.chance(700) {
                    self.wish(2_000, Wish::Respond(server, 180));
                }
                let answer = [200, 200, 200, 486][self.rng.below(4) as usize];
                self.wish(15_000, Wish::Respond(server, answer));
            }
            Event::DialogRequest { server, .. } => {
                // A BYE is answered at once, as the dialog is gone; others may take a while.
                let patience = [0, 300, 3_000][self.rng.below(3) as usize];
                self.answer_later(who, server, patience);
            }
            Event::Cancelled { server, .. } => {
                self.pair.respond(who, server, 487);
            }
            Event::Acked { dialog, .. } => self.talk(who, dialog),
            Event::NotAcked { dialog } => self.wish(0, Wish::Send(who, dialog, Method::Bye)),
            Event::Response { client, dialog, response } => {
                if !response.status.is_final() {
                    return;
                }
                self.count_final(who, client);
                let method = response.headers.cseq().unwrap().method;
                self.outcomes.push(format!("{} {method}", response.status));
                let is_invite = method == Method::Invite;
                if let (true, Status(200..=299), Some(dialog)) =
                    (is_invite, response.status, dialog)
                {
                    self.pair.ack(who, dialog);
                    self.talk(who, dialog);
                }
            }
            Event::Failed { client, .. } => self.count_final(who, client),
        }
    }

    /// Both mean to hang up some time; now and then somebody says something before.
    fn talk(&mut self, who: Who, dialog: DialogId) {
        self.wish(40_000, Wish::Send(who, dialog, Method::Bye));
        let method = [Method::Invite, Method::Info, Method::Update, Method::Bye];
        let method = method[self.rng.below(4) as usize].clone();
        if self.rng.chance(800) {
            self.wish(1_500, Wish::Send(who, dialog, method));
        }
    }

    fn answer_later(&mut self, who: Who, server: ServerId, patience: u64) {
        if patience == 0 {
            self.pair.respond(who, server, 200);
            return;
        }
        match who {
            Bob => self.wish(patience, Wish::Respond(server, 200)),
            Alice => {
                self.pair.respond(who, server, 200);
            }
        }
    }

    fn wish(&mut self, within_ms: u64, wish: Wish) {
        let at = self.pair.now + Duration::from_millis(self.rng.below(within_ms + 1));
        self.wished += 1;
        self.wishes.insert((at, self.wished), wish);
    }

    fn fulfil(&mut self) {
        while let Some(entry) = self.wishes.first_entry().filter(|it| it.key().0 <= self.pair.now) {
            match entry.remove() {
                Wish::Respond(server, status) => {
                    self.pair.respond(Bob, server, status);
                }
                Wish::Cancel(client) => self.pair.cancel(Alice, client),
                Wish::Send(who, dialog, method) => self.send(who, dialog, method),
            }
            // What they caused is on its way before anything else happens.
            self.pair.run_for(Duration::ZERO);
            self.react();
        }
    }

    fn send(&mut self, who: Who, dialog: DialogId, method: Method) {
        let now = self.pair.now;
        let endpoint = &mut self.pair.side(who).endpoint;
        if let Ok(client) = endpoint.request_in_dialog(now, dialog, method, vec![], None) {
            self.finals.insert((who, client), 0);
        }
    }

    #[track_caller]
    fn count_final(&mut self, who: Who, client: ClientId) {
        let count = self.finals.get_mut(&(who, client)).expect("a request that was sent");
        *count += 1;
    }

    fn judge(mut self) -> Vec<String> {
        let log = &self.pair.log;
        let seed = self.seed;
        assert!(self.calls <= 1, "seed {seed}: the INVITE was told {} times", self.calls);
        for (request, finals) in &self.finals {
            assert_eq!(*finals, 1, "seed {seed}: {request:?} {log:#?}");
        }
        self.pair.assert_nothing_is_left();
        self.outcomes
    }
}
