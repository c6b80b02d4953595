//! The stream, in tokio's paused time.

use super::*;
use base::{CallId, DomainId, ExtensionId, Rng, UnixMillis, UserId};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn what_concerns_a_user_comes_at_once_and_to_nobody_else() {
    let world = World::new();
    let mut mine = world.subscribe(world.anna, &[]);
    let mut other = world.subscribe(world.boris, &Topic::ALL);

    world.hub.tell(world.domain, &[world.anna], at(), &World::line(1, LineState::Ringing));

    let frame = json(&mine.next().await.unwrap());
    assert_eq!(frame["t"], "line.status");
    assert_eq!(frame["k"], format!("line:{}", id(1).0));
    assert_eq!(frame["d"]["status"], "ringing");
    assert_eq!(frame["d"]["since"], "2027-01-15T08:00:00.000Z");
    assert_eq!(frame["s"].as_u64(), Some(mine.seq + 1));
    assert!(is_silent(&mut other).await);
}

#[tokio::test(start_paused = true)]
async fn a_list_comes_in_batches_with_the_latest_of_each_entity() {
    let world = World::new();
    let mut panel = world.subscribe(world.anna, &[Topic::Lines]);
    let mut uninterested = world.subscribe(world.anna, &[Topic::Calls]);

    for status in [LineState::Ringing, LineState::Talking] {
        for line in [1, 2] {
            world.publish(line, status);
        }
    }
    let message = timeout(BATCH_INTERVAL * 2, panel.next()).await.expect("in time").unwrap();

    let batch = json(&message);
    let told: Vec<_> = batch["b"].as_array().unwrap().iter().map(|it| &it["d"]).collect();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|it| it["status"] == "talking"));
    assert_eq!(told[0]["id"], id(1).0.to_string(), "in the order in which they came first");
    assert!(is_silent(&mut uninterested).await);
}

#[tokio::test(start_paused = true)]
async fn one_message_is_shared_by_all_who_read_the_list() {
    let world = World::new();
    let mut panels: Vec<_> = (0..3).map(|_| world.subscribe(world.anna, &[Topic::Lines])).collect();

    world.publish(1, LineState::Talking);
    let mut messages = Vec::new();
    for panel in &mut panels {
        messages.push(panel.next().await.unwrap());
    }

    assert!(messages.windows(2).all(|it| it[0].as_ptr() == it[1].as_ptr()), "written once");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_logged_in_the_batch_of_its_end_has_ended_too() {
    let world = World::new();
    let mut panel = world.subscribe(world.anna, &[Topic::Calls]);
    let call = CallId(id(9).0);

    let ended = Fact::CallEnded { id: call, ended_at: at() };
    for fact in [ended, Fact::CallLogged { id: call }] {
        world.hub.publish(world.domain, Topic::Calls, at(), fact);
    }

    let batch = json(&panel.next().await.unwrap());
    let kinds: Vec<_> = batch["b"].as_array().unwrap().iter().map(|it| &it["t"]).collect();
    assert_eq!(kinds, ["call.ended", "call.logged"]);
}

#[tokio::test(start_paused = true)]
async fn a_panel_that_comes_back_misses_nothing_and_gets_nothing_twice() {
    let world = World::new();
    let mut panel = world.subscribe(world.anna, &[Topic::Lines]);
    world.publish(1, LineState::Ringing);
    let mut seen = numbers(&panel.next().await.unwrap());
    drop(panel);

    world.publish(1, LineState::Talking);
    world.hub.tell(world.domain, &[world.anna], at(), &World::line(1, LineState::Talking));
    world.hub.tell(world.domain, &[world.boris], at(), &World::line(2, LineState::Talking));
    world.settle().await;
    world.publish(1, LineState::Held);
    let mut panel = world.resume(world.anna, &[Topic::Lines], seen[0]);
    for missed in panel.missed.take().expect("it is kept") {
        seen.extend(numbers(&missed));
    }
    assert_eq!(seen.len(), 3, "Anna's own and the list's: {seen:?}");
    seen.extend(numbers(&panel.next().await.unwrap()));

    assert_eq!(seen.len(), 4);
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    assert!(is_silent(&mut panel).await);
}

#[tokio::test(start_paused = true)]
async fn numbers_that_are_not_known_are_not_resumed_from() {
    let world = World::new();
    world.hub.tell(world.domain, &[world.anna], at(), &World::line(1, LineState::Idle));
    let now = world.hub.seq();

    for unknown in [0, now - 2, now + 1] {
        assert!(world.resume(world.anna, &[], unknown).missed.is_none(), "{unknown}");
    }
    assert_eq!(world.resume(world.anna, &[], now).missed.as_ref().map(Vec::len), Some(0));
    assert_eq!(world.resume(world.anna, &[], now - 1).missed.as_ref().map(Vec::len), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_too_slow_is_cut_off_and_harms_no_other() {
    let world = World::new();
    let mut slow = world.subscribe(world.anna, &[]);
    let mut quick = world.subscribe(world.anna, &[]);

    for _ in 0..=QUEUE_MAX {
        world.hub.tell(world.domain, &[world.anna], at(), &World::line(1, LineState::Idle));
        quick.next().await.expect("it reads");
    }

    timeout(BATCH_INTERVAL, slow.cut_off()).await.expect("it is told at once");
    let mut left = 0;
    while slow.next().await.is_some() {
        left += 1;
    }
    assert_eq!(left, QUEUE_MAX, "and then the end");
    assert!(timeout(BATCH_INTERVAL, quick.cut_off()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn another_domain_hears_nothing() {
    let world = World::new();
    let stranger = DomainId(id(77).0);
    let mut panel = world.hub.subscribe(stranger, world.anna, &Topic::ALL, Some(world.hub.seq()));

    world.publish(1, LineState::Talking);
    world.hub.tell(world.domain, &[world.anna], at(), &World::line(1, LineState::Talking));

    assert!(is_silent(&mut panel).await);
    let resumed = world.hub.subscribe(stranger, world.anna, &Topic::ALL, Some(panel.seq));
    assert_eq!(resumed.missed.as_ref().map(Vec::len), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_list_can_be_taken_up_and_left() {
    let world = World::new();
    let mut panel = world.subscribe(world.anna, &[]);

    panel.add(Topic::Lines);
    world.publish(1, LineState::Talking);
    assert!(panel.next().await.is_some());
    panel.remove(Topic::Lines);
    world.publish(1, LineState::Idle);

    assert!(is_silent(&mut panel).await);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_listens_nothing_is_kept_and_nobody_is_told_otherwise() {
    let world = World::new();
    let panel = world.subscribe(world.anna, &[Topic::Lines]);
    let last = panel.seq;
    drop(panel);
    tokio::time::sleep(RESUME_SPAN + BATCH_INTERVAL).await;

    world.publish(1, LineState::Talking);
    world.hub.tell(world.domain, &[world.anna], at(), &World::line(1, LineState::Talking));
    world.settle().await;

    assert!(world.resume(world.anna, &[Topic::Lines], last).missed.is_none());
    let now = world.hub.seq();
    assert!(world.resume(world.anna, &[Topic::Lines], now).missed.is_some());
}

struct World {
    hub: Hub,
    domain: DomainId,
    anna: UserId,
    boris: UserId,
}

impl World {
    fn new() -> Self {
        let hub = Hub::new();
        tokio::spawn(hub.clone().run());
        let mut rng = Rng::from_number(1);
        let mut user = || UserId::new(UnixMillis(1), &mut rng);
        Self { hub, domain: DomainId(id(1000).0), anna: user(), boris: user() }
    }

    fn subscribe(&self, user: UserId, topics: &[Topic]) -> Subscription {
        self.hub.subscribe(self.domain, user, topics, None)
    }

    fn resume(&self, user: UserId, topics: &[Topic], from: u64) -> Subscription {
        self.hub.subscribe(self.domain, user, topics, Some(from))
    }

    fn line(n: u128, status: LineState) -> Fact {
        let since = at();
        Fact::Line(Arc::new(LineStatus { id: id(n).0, number: n.to_string(), status, since }))
    }

    fn publish(&self, n: u128, status: LineState) {
        self.hub.publish(self.domain, Topic::Lines, at(), Self::line(n, status));
    }

    async fn settle(&self) {
        tokio::time::sleep(BATCH_INTERVAL * 2).await;
    }
}

async fn is_silent(panel: &mut Subscription) -> bool {
    timeout(BATCH_INTERVAL * 4, panel.next()).await.is_err()
}

fn json(message: &Bytes) -> Value {
    serde_json::from_slice(message).expect("frames are JSON")
}

fn numbers(message: &Bytes) -> Vec<u64> {
    let message = json(message);
    match message["b"].as_array() {
        Some(frames) => frames.iter().filter_map(|it| it["s"].as_u64()).collect(),
        None => message["s"].as_u64().into_iter().collect(),
    }
}

fn id(n: u128) -> ExtensionId {
    ExtensionId(uuid::Uuid::from_u128(n))
}

fn at() -> Stamp {
    Stamp(UnixMillis(1_800_000_000_000))
}
