//! How long pages of the archive take with a million calls: figures, not a test.
//!
//! `cargo test --release --test store -- --ignored --nocapture a_million_calls`, or a part of
//! `make bench`. `TANDEM_BENCH_CALLS` sets another number of calls.

use crate::{places::Place, postgres::Postgres};
use base::{CallId, CdrId, DomainId, LegId, Rng, UnixMillis, UserId};
use call::{
    Cdr, HangupParty, LegRole,
    statistics::{Grouping, Question},
};
use media::StreamStats;
use std::{
    io::Write as _,
    time::{Duration, Instant},
};
use tandem::store::{CallDirection, CallQuery, Store};

#[tokio::test]
#[ignore = "a bench of some minutes"]
async fn a_million_calls_in_sqlite() {
    measure("SQLite", Place::sqlite(), None).await;
}

#[tokio::test]
#[ignore = "a bench of some minutes"]
async fn a_million_calls_in_postgresql() {
    let cluster = Postgres::start();
    let place = Place::postgres(&cluster, "million").await;
    // Autovacuum comes within a minute, and an archive of this size is not of the last minute.
    measure("PostgreSQL", place, Some("VACUUM ANALYZE")).await;
}

/// `tidy_up` is what the engine does by itself after a while, if anything.
async fn measure(engine: &str, place: Place, tidy_up: Option<&'static str>) {
    let calls = std::env::var("TANDEM_BENCH_CALLS").ok().and_then(|it| it.parse().ok());
    let calls: u64 = calls.unwrap_or(1_000_000);
    let store = place.open().await;
    let mut city = City::new();
    let began = Instant::now();
    let mut batch = Vec::new();
    for n in 0..calls {
        city.call(n, &mut batch);
        if batch.len() >= 4096 {
            store.insert_cdrs(&batch).await.unwrap();
            batch.clear();
        }
    }
    store.insert_cdrs(&batch).await.unwrap();
    let filled_s = began.elapsed().as_secs_f64();
    if let Some(sql) = tidy_up {
        place.execute(sql).await;
    }
    let mut out = std::io::stdout();
    writeln!(out, "\n{engine}: {calls} calls written in {filled_s:.0} s").unwrap();
    writeln!(out, "{:<44} {:>8} {:>8} {:>9}", "page of 50", "p50 ms", "p95 ms", "total").unwrap();
    let deep = CallId(uuid_of(BASE + (calls / 2) as i64 * GAP_MS));
    let plain = city.query();
    let search = |text: &str| CallQuery { search: Some(text.to_owned()), ..plain.clone() };
    let user = Some(city.users[3]);
    let own = CallQuery { user, ..plain.clone() };
    for (name, query) in [
        ("first", plain.clone()),
        ("first, oldest first", CallQuery { is_newest_first: false, ..plain.clone() }),
        ("amid the archive", CallQuery { after: Some(deep), ..plain.clone() }),
        ("outbound", CallQuery { direction: Some(CallDirection::Out), ..plain.clone() }),
        ("of one user", own.clone()),
        ("of one user, amid", CallQuery { after: Some(deep), ..own.clone() }),
        ("of one user, outbound", CallQuery { direction: Some(CallDirection::Out), ..own.clone() }),
        ("search: a whole number outside", search("+79000012345")),
        ("search: the start of numbers outside, rare", search("+7900001")),
        ("search: the start of numbers outside, common", search("7900")),
        ("search: one extension", search("1003")),
        ("search: a part of a name", search("ова 3")),
        ("search: nothing", search("5551234")),
    ] {
        let (p50, p95, total) = times(&store, &query).await;
        writeln!(out, "{name:<44} {p50:>8.1} {p95:>8.1} {total:>9}").unwrap();
    }
    let question = Question { grouping: Some(Grouping::Day), ..Question::default() };
    let began = Instant::now();
    let report = store.statistics(city.domain, question).await.unwrap();
    let took_s = began.elapsed().as_secs_f64();
    assert_eq!(report.total.calls.offered, calls);
    writeln!(out, "figures of all calls, day by day: {took_s:.1} s").unwrap();
}

/// Of a page with its total, or without one where it is not the first: p50, p95, the total.
async fn times(store: &Store, query: &CallQuery) -> (f64, f64, u64) {
    let mut took = Vec::new();
    let mut total = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let page = store.page_calls(query, query.after.is_none()).await.unwrap();
        took.push(began.elapsed());
        total = page.total.unwrap_or_default();
    }
    took.sort_unstable();
    let ms = |it: Duration| it.as_secs_f64() * 1000.0;
    (ms(took[ROUNDS / 2]), ms(took[ROUNDS * 95 / 100]), total)
}

/// Two hundred extensions with people, and fifty thousand numbers outside.
struct City {
    rng: Rng,
    domain: DomainId,
    users: Vec<UserId>,
}

impl City {
    fn new() -> Self {
        let mut rng = Rng::from_number(7);
        let domain = DomainId::new(UnixMillis(1), &mut rng);
        let users = (0..200).map(|_| UserId::new(UnixMillis(2), &mut rng)).collect();
        Self { rng, domain, users }
    }

    fn query(&self) -> CallQuery {
        CallQuery {
            domain: self.domain,
            user: None,
            direction: None,
            search: None,
            peer: None,
            from: None,
            until: None,
            is_newest_first: true,
            after: None,
            limit: 50,
        }
    }

    fn call(&mut self, n: u64, batch: &mut Vec<Cdr>) {
        let started = UnixMillis(BASE + n as i64 * GAP_MS);
        let call = CallId::new(started, &mut self.rng);
        let own = self.rng.below(200) as usize;
        let outside = format!("provider/+790000{:05}", self.rng.below(50_000));
        let line = (1000 + own).to_string();
        let [(caller, a), (callee, b)] = match self.rng.below(10) {
            0..=5 => [(outside, None), (line, Some(own))],
            6..=8 => [(line, Some(own)), (outside, None)],
            _ => {
                let other = self.rng.below(200) as usize;
                [(line, Some(own)), ((1000 + other).to_string(), Some(other))]
            }
        };
        for (role, party, seat) in [(LegRole::Caller, &caller, a), (LegRole::Callee, &callee, b)] {
            batch.push(Cdr {
                id: CdrId::new(UnixMillis(started.0 + 60_000), &mut self.rng),
                call,
                leg: LegId::new(started, &mut self.rng),
                domain: self.domain,
                role,
                caller: caller.clone(),
                dialled: "700".to_owned(),
                party: party.clone(),
                name: seat.map(|it| format!("Иванова {it}")),
                user: seat.map(|it| self.users[it]),
                workplace: None,
                sip_call_id: format!("{n}@a.example"),
                signalling_peer: "192.0.2.1:5060;udp".to_owned(),
                started,
                ring_ms: Some(200),
                answer_ms: Some(3000),
                end_ms: 60_000,
                talk_ms: 57_000,
                sip_status: 200,
                hangup: HangupParty::Remote,
                cause: "normal".to_owned(),
                codec: Some("PCMA/8000".to_owned()),
                media: StreamStats::default(),
            });
        }
    }
}

fn uuid_of(ms: i64) -> uuid::Uuid {
    uuid::Uuid::from_u128((ms as u128) << 80)
}

const BASE: i64 = 1_700_000_000_000;

/// Between two calls: a million of them in a year.
const GAP_MS: i64 = 31_500;

const ROUNDS: usize = 60;
