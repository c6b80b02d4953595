//! The task against a double of the database, in tokio's paused time.

use super::*;
use crate::store::StoreError;
use base::{DomainId, UnixMillis};
use bytes::Bytes;
use call::{
    directory::Locator as _,
    registration::{
        RegistrarCommand, RegistrationFact, RegistrationOutcome, RegistrationReply,
        RegistrationRequest, Ticket,
    },
};
use sip::{
    FlowId, HeaderName, Message, Source, Status, Transport,
    bindings::{Aor, Binding, Refusal, Register},
    parse::{Framing, parse},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

#[tokio::test(start_paused = true)]
async fn a_binding_is_in_the_database_before_it_is_answered_and_shown() {
    let mut world = World::new().await;
    let hold = world.store.hold_commits();

    world.send("1001", "Contact: <sip:1001@192.0.2.1>\r\n").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(world.replies.try_recv().is_err(), "the commit is still under way");
    assert!(world.contacts("1001").is_empty());
    drop(hold);

    let contacts = bound(&world.reply().await);
    assert_eq!(contacts, ["<sip:1001@192.0.2.1>;expires=3600"]);
    assert_eq!(world.store.keys(), ["1001 sip:1001@192.0.2.1"]);
    assert_eq!(world.contacts("1001"), ["sip:1001@192.0.2.1 via Some(FlowId(1))"]);
}

#[tokio::test(start_paused = true)]
async fn requests_that_wait_together_are_committed_together_in_order() {
    let mut world = World::new().await;
    let hold = world.store.hold_commits();
    world.send("1000", "Contact: <sip:first@h>\r\n").await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    for n in 0..50 {
        world.send(&format!("{}", 1001 + n % 5), &format!("Contact: <sip:{n}@h>\r\n")).await;
    }
    // Of one address of record: bound and unbound in the same transaction.
    world.send("2000", "Contact: <sip:short@h>, <sip:long@h>\r\n").await;
    world.send("2000", "Contact: <sip:short@h>;expires=0\r\n").await;
    drop(hold);

    let tickets: Vec<_> = world.replies_to(53).await.iter().map(|it| it.ticket.0).collect();

    assert_eq!(tickets, (1..=53).collect::<Vec<_>>());
    assert_eq!(world.store.commits(), 2, "one for the first, one for all that waited");
    assert_eq!(world.store.keys().len(), 1 + 50 + 1);
    assert!(world.store.keys().contains(&"2000 sip:long@h".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn without_a_database_a_register_is_answered_503_and_changes_nothing() {
    let mut world = World::new().await;
    world.register("1001", "Contact: <sip:old@h>\r\n").await;
    world.store.set_broken(true);

    for lines in ["Contact: <sip:new@h>\r\n", "Contact: *\r\nExpires: 0\r\n"] {
        let reply = world.register("1001", lines).await;
        let (status, headers) = reply.outcome.into_response();
        assert_eq!(status, Status(503));
        assert_eq!(headers[0].name, HeaderName::RetryAfter);
    }
    assert_eq!(world.contacts("1001"), ["sip:old@h via Some(FlowId(1))"]);
    let fetched = bound(&world.register("1001", "").await);
    assert_eq!(fetched, ["<sip:old@h>;expires=3600"], "reading needs no database");

    world.store.set_broken(false);
    world.register("1001", "Contact: <sip:new@h>\r\n").await;
    assert_eq!(world.store.keys(), ["1001 sip:new@h", "1001 sip:old@h"]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_the_database_refuses_harms_no_other_request() {
    let mut world = World::new().await;
    let hold = world.store.hold_commits();
    world.send("1000", "Contact: <sip:first@h>\r\n").await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    for number in ["1001", UNWANTED, "1002"] {
        world.send(number, "Contact: <sip:a@h>\r\n").await;
    }
    drop(hold);

    let statuses: Vec<_> = world
        .replies_to(4)
        .await
        .into_iter()
        .map(|it| (it.ticket.0, it.outcome.into_response().0.0))
        .collect();

    assert_eq!(statuses, [(1, 200), (2, 200), (3, 503), (4, 200)]);
    assert_eq!(world.store.keys(), ["1000 sip:first@h", "1001 sip:a@h", "1002 sip:a@h"]);
    assert!(world.contacts(UNWANTED).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_register_that_panics_harms_no_other() {
    let mut world = World::new().await;
    let hold = world.store.hold_commits();
    world.send("1000", "Contact: <sip:first@h>\r\n").await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    for number in ["1001", POISON, "1002"] {
        world.send(number, "Contact: <sip:a@h>\r\n").await;
    }
    drop(hold);

    let statuses: Vec<_> = world
        .replies_to(4)
        .await
        .into_iter()
        .map(|it| (it.ticket.0, it.outcome.into_response().0.0))
        .collect();

    assert_eq!(statuses, [(1, 200), (2, 200), (3, 503), (4, 200)]);
    assert_eq!(world.store.keys(), ["1000 sip:first@h", "1001 sip:a@h", "1002 sip:a@h"]);
    let alone = world.register(POISON, "Contact: <sip:a@h>\r\n").await;
    assert!(matches!(alone.outcome, RegistrationOutcome::Unavailable { .. }));
    // What ends, and when, is known as before.
    tokio::time::sleep(Duration::from_secs(3700)).await;
    assert!(world.contacts("1001").is_empty());
}

/// Stands for the REGISTER that finds the bug that nobody knows.
pub(super) fn panic_if_poisoned(number: &str) {
    assert_ne!(number, POISON, "poisoned by the test");
}

const POISON: &str = "poison";

#[tokio::test(start_paused = true)]
async fn a_database_that_hangs_is_given_up() {
    let mut world = World::new().await;
    let _hold = world.store.hold_commits();

    let reply = world.register("1001", "Contact: <sip:a@h>\r\n").await;

    assert!(matches!(reply.outcome, RegistrationOutcome::Unavailable { .. }));
    assert!(world.contacts("1001").is_empty());
}

#[tokio::test(start_paused = true)]
async fn refusals_need_no_database() {
    let mut world = World::new().await;
    world.store.set_broken(true);

    let reply = world.register("1001", "Contact: <sip:a@h>;expires=5\r\n").await;

    let refused = RegistrationOutcome::Refused(Refusal::IntervalTooBrief { min_s: 60 });
    assert_eq!(reply.outcome, refused);
}

#[tokio::test(start_paused = true)]
async fn a_binding_ends_by_itself_and_leaves_the_database() {
    let mut world = World::new().await;
    world.register("1001", "Contact: <sip:a@h>;expires=60, <sip:b@h>;expires=120\r\n").await;

    tokio::time::sleep(Duration::from_millis(59_990)).await;
    assert_eq!(world.contacts("1001").len(), 2);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(world.contacts("1001"), ["sip:b@h via Some(FlowId(1))"]);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(world.store.keys(), ["1001 sip:b@h"]);

    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(world.locations.is_empty());
    assert!(world.store.keys().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_expired_while_the_database_was_away_is_deleted_when_it_is_back() {
    let mut world = World::new().await;
    world.register("1001", "Contact: <sip:a@h>;expires=60\r\n").await;
    world.store.set_broken(true);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(world.store.keys(), ["1001 sip:a@h"]);
    assert!(world.contacts("1001").is_empty());

    world.store.set_broken(false);
    world.register("1001", "Contact: <sip:a@h>\r\n").await;

    assert_eq!(world.store.keys(), ["1001 sip:a@h"], "bound again, not deleted after");
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(world.store.keys(), ["1001 sip:a@h"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_kill_everybody_who_can_be_is_reachable_again() {
    let mut world = World::new().await;
    world.register("1001", "Contact: <sip:a@10.0.0.1>\r\n").await;
    world.register("1002", "Contact: <sip:b@10.0.0.1>;expires=60\r\n").await;
    world.source.transport = Transport::Tcp;
    world.source.flow = FlowId(77);
    world.register("1003", "Contact: <sip:c@203.0.113.9:5063;transport=tcp>\r\n").await;
    world.register("1004", "Contact: <sip:d@10.0.0.1;transport=tcp>\r\n").await;

    let world = world.restart_after(Duration::from_secs(60)).await;

    assert_eq!(world.contacts("1001"), ["sip:a@10.0.0.1 via None"]);
    let hop = &world.locations.contacts(domain(), "1001")[0].destination;
    assert_eq!((hop.host.ip(), hop.port), (Some(source().remote.ip()), source().remote.port()));
    assert_eq!(hop.local, Some(source().local));
    assert!(world.contacts("1002").is_empty(), "expired while nobody was there");
    assert_eq!(world.contacts("1003"), ["sip:c@203.0.113.9:5063;transport=tcp via None"]);
    assert!(world.contacts("1004").is_empty(), "its connection is gone");
    assert_eq!(world.locations.bindings(&aor("1004")).len(), 1, "kept until it expires");
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(world.store.keys().len(), 3, "the expired one is deleted");
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_takes_the_way_and_a_new_register_brings_it_back() {
    let mut world = World::new().await;
    world.source.transport = Transport::Tcp;
    world.register("1001", "Contact: <sip:a@10.0.0.1;transport=tcp>\r\n").await;
    assert_eq!(world.contacts("1001").len(), 1);

    world.inbox.send(RegistrarCommand::FlowClosed(FlowId(1))).await.unwrap();
    let fetched = bound(&world.register("1001", "").await);
    assert_eq!(fetched.len(), 1, "still bound");
    assert!(world.contacts("1001").is_empty());

    world.source.flow = FlowId(2);
    world.register("1001", "Contact: <sip:a@10.0.0.1;transport=tcp>\r\n").await;
    world.inbox.send(RegistrarCommand::FlowClosed(FlowId(1))).await.unwrap();
    world.register("1001", "").await;

    assert_eq!(world.contacts("1001"), ["sip:a@10.0.0.1;transport=tcp via Some(FlowId(2))"]);
}

#[tokio::test(start_paused = true)]
async fn calls_go_to_the_best_contact_first_without_the_headers_of_its_uri() {
    let mut world = World::new().await;

    world.register("1001", "Contact: <sip:a@h>;q=0.1, <sip:b@h?Route=%3Csip:x%3E>;q=0.9\r\n").await;

    assert_eq!(
        world.contacts("1001"),
        ["sip:b@h via Some(FlowId(1))", "sip:a@h via Some(FlowId(1))"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_does_not_listen_harms_no_other() {
    let mut world = World::new().await;
    for shard in [1, 9] {
        let request = RegistrationRequest { shard, ..world.request("1001", "") };
        world.inbox.send(RegistrarCommand::Register(request)).await.unwrap();
    }

    let reply = world.register("1002", "Contact: <sip:a@h>\r\n").await;

    assert_eq!(bound(&reply).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_comes_and_goes_is_told_and_a_refresh_is_not() {
    let mut world = World::new().await;
    world.register("1001", "Contact: <sip:a@h>;expires=60\r\n").await;
    world.register("1001", "Contact: <sip:a@h>;expires=120\r\n").await;
    world.register("1002", "Contact: <sip:b@h>\r\n").await;
    world.register("1002", "Contact: *\r\nExpires: 0\r\n").await;
    assert_eq!(world.facts(3).await, ["1001 comes", "1002 comes", "1002 goes"]);
    assert!(world.facts.try_recv().is_err());

    tokio::time::sleep(Duration::from_secs(121)).await;
    assert_eq!(world.facts(1).await, ["1001 goes"], "expired");
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_reached_any_more_is_gone_although_it_is_bound() {
    let mut world = World::new().await;
    world.source.transport = Transport::Tcp;
    world.register("1001", "Contact: <sip:a@10.0.0.1;transport=tcp>\r\n").await;

    world.inbox.send(RegistrarCommand::FlowClosed(FlowId(1))).await.unwrap();

    assert_eq!(world.facts(2).await, ["1001 comes", "1001 goes"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_registered_already_is_told_after_a_restart() {
    let mut world = World::new().await;
    world.register("1001", "Contact: <sip:a@10.0.0.1>\r\n").await;

    let mut world = world.restart_after(Duration::from_secs(1)).await;

    assert_eq!(world.facts(1).await, ["1001 comes"]);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_was_full_is_told_how_it_stands_in_the_end() {
    let mut world = World::new().await;
    for n in 0..FACTS_MAX {
        world.register(&format!("{}", 10_000 + n), "Contact: <sip:a@h>\r\n").await;
    }
    for lines in ["Contact: <sip:a@h>\r\n", "Contact: *\r\nExpires: 0\r\n"] {
        world.register("1001", lines).await;
    }
    world.register("1002", "Contact: <sip:a@h>\r\n").await;

    world.facts(FACTS_MAX).await;

    assert_eq!(world.facts(2).await, ["1001 goes", "1002 comes"], "and not how it came to be");
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_its_inbox() {
    let world = World::new().await;
    drop(world.inbox);

    timeout(Duration::from_secs(1), world.task).await.expect("in time").expect("without a panic");
}

/// The registrar, one shard that asks, one that is deaf, and a database that obeys.
struct World {
    store: FakeStore,
    locations: Locations,
    inbox: mpsc::Sender<RegistrarCommand>,
    replies: mpsc::Receiver<RegistrationReply>,
    facts: mpsc::Receiver<RegistrationFact>,
    task: tokio::task::JoinHandle<()>,
    unix: UnixMillis,
    source: Source,
    sent: u64,
}

impl World {
    async fn new() -> Self {
        Self::over(FakeStore::default(), UnixMillis(1_700_000_000_000)).await
    }

    async fn over(store: FakeStore, unix: UnixMillis) -> Self {
        let (inbox, commands) = mpsc::channel(INBOX_MAX);
        let (shard, replies) = mpsc::channel(REPLIES_MAX);
        let (deaf, _) = mpsc::channel(1);
        let (listener, facts) = mpsc::channel(FACTS_MAX);
        let (policy, shards) = (BindingPolicy::default(), vec![shard, deaf]);
        let (registrar, locations) = Registrar::load(store.clone(), policy, unix, shards, listener)
            .await
            .expect("the double loads");
        let task = tokio::spawn(registrar.run(commands));
        Self { store, locations, inbox, replies, facts, task, unix, source: source(), sent: 0 }
    }

    /// `kill -9`, and a new process on the same database.
    async fn restart_after(self, pause: Duration) -> Self {
        self.task.abort();
        let unix = UnixMillis(self.unix.0 + i64::try_from(pause.as_millis()).expect("short"));
        Self::over(self.store, unix).await
    }

    fn request(&mut self, number: &str, lines: &str) -> RegistrationRequest {
        self.sent += 1;
        let text = format!(
            "REGISTER sip:demo SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:1001@demo>;tag=1\r\nTo: <sip:1001@demo>\r\nCall-ID: c\r\n\
             CSeq: {} REGISTER\r\nMax-Forwards: 70\r\n{lines}Content-Length: 0\r\n\r\n",
            self.sent
        );
        let message = parse(&Bytes::from(text), Framing::Datagram).expect("well written");
        let Message::Request(request) = message else { panic!("a request was written") };
        let register = Register::from_request(&request, &self.source).expect("well-formed");
        RegistrationRequest { shard: 0, ticket: Ticket(self.sent), aor: aor(number), register }
    }

    async fn send(&mut self, number: &str, lines: &str) {
        let request = self.request(number, lines);
        self.inbox.send(RegistrarCommand::Register(request)).await.expect("the task runs");
    }

    async fn register(&mut self, number: &str, lines: &str) -> RegistrationReply {
        self.send(number, lines).await;
        self.reply().await
    }

    async fn reply(&mut self) -> RegistrationReply {
        timeout(Duration::from_secs(60), self.replies.recv())
            .await
            .expect("in time")
            .expect("the task runs")
    }

    async fn replies_to(&mut self, count: usize) -> Vec<RegistrationReply> {
        let mut replies = Vec::with_capacity(count);
        for _ in 0..count {
            replies.push(self.reply().await);
        }
        replies
    }

    async fn facts(&mut self, count: usize) -> Vec<String> {
        let mut facts = Vec::with_capacity(count);
        for _ in 0..count {
            let fact = timeout(Duration::from_secs(60), self.facts.recv());
            let fact = fact.await.expect("in time").expect("the task runs");
            let what = if fact.is_registered { "comes" } else { "goes" };
            facts.push(format!("{} {what}", fact.aor.user));
        }
        facts
    }

    fn contacts(&self, number: &str) -> Vec<String> {
        let contacts = self.locations.contacts(domain(), number);
        contacts.iter().map(|it| format!("{} via {:?}", it.uri, it.destination.flow)).collect()
    }
}

fn bound(reply: &RegistrationReply) -> Vec<String> {
    match &reply.outcome {
        RegistrationOutcome::Bound { headers } => {
            headers.iter().map(|it| String::from_utf8_lossy(&it.value).into_owned()).collect()
        }
        RegistrationOutcome::Refused(_) | RegistrationOutcome::Unavailable { .. } => {
            panic!("not bound: {reply:?}")
        }
    }
}

fn domain() -> DomainId {
    "01936f5e-0000-7000-8000-000000000001".parse().expect("a well-formed UUID")
}

fn aor(number: &str) -> Aor {
    Aor { domain: domain(), user: number.to_owned() }
}

fn source() -> Source {
    Source {
        transport: Transport::Udp,
        flow: FlowId(1),
        local: "198.51.100.1:5060".parse().expect("an address"),
        remote: "203.0.113.9:30123".parse().expect("an address"),
    }
}

/// The double will not have bindings of this number.
const UNWANTED: &str = "6666";

/// A database in memory that keeps no flows, and fails or hangs when told.
#[derive(Clone, Default)]
struct FakeStore {
    rows: Arc<Mutex<Rows>>,
    gate: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Rows {
    by_key: BTreeMap<(Aor, String), Binding>,
    commits: usize,
    is_broken: bool,
}

impl FakeStore {
    /// Commits wait until the guard is dropped.
    fn hold_commits(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.gate).try_lock_owned().expect("no commit is under way")
    }

    fn set_broken(&self, is_broken: bool) {
        self.rows.lock().expect("no test panics inside").is_broken = is_broken;
    }

    fn commits(&self) -> usize {
        self.rows.lock().expect("no test panics inside").commits
    }

    fn keys(&self) -> Vec<String> {
        let rows = self.rows.lock().expect("no test panics inside");
        rows.by_key.keys().map(|(aor, key)| format!("{} {key}", aor.user)).collect()
    }
}

impl BindingStore for FakeStore {
    async fn load(&self) -> Result<Vec<Binding>, StoreError> {
        let _gate = self.gate.lock().await;
        let rows = self.rows.lock().expect("no test panics inside");
        let mut bindings: Vec<_> = rows.by_key.values().cloned().collect();
        for binding in &mut bindings {
            binding.received.flow = None;
        }
        Ok(bindings)
    }

    async fn commit(&self, removals: &[Binding], upserts: &[Binding]) -> Result<(), CommitError> {
        let _gate = self.gate.lock().await;
        let mut rows = self.rows.lock().expect("no test panics inside");
        if rows.is_broken {
            return Err(CommitError::Database(StoreError::Database(sqlx::Error::PoolTimedOut)));
        }
        if upserts.iter().any(|it| it.aor.user == UNWANTED) {
            return Err(CommitError::Rows(StoreError::Invalid("its domain is gone".to_owned())));
        }
        rows.commits += 1;
        for it in removals {
            rows.by_key.remove(&(it.aor.clone(), it.key()));
        }
        for it in upserts {
            rows.by_key.insert((it.aor.clone(), it.key()), it.clone());
        }
        Ok(())
    }
}
