//! The desk with its database, and a line over which something panics.

use super::{Desk, DeskHandle, DeskWires};
use crate::store::testing::{Home, extension};
use base::{DomainId, Rng, SubscriptionId, UnixMillis};
use bytes::Bytes;
use call::{
    registration::Ticket,
    subscriptions::{
        KeptSubscription, Package, Registrations, WatchDesk, WatchOrder, WatchReply, WatchWish,
        Watched,
    },
};
use sip::{
    Destination, Host, Transport,
    bindings::{Aor, Binding},
    dialog::DialogRecord,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};

#[tokio::test]
async fn a_panic_over_one_line_leaves_the_watchers_of_others_as_they_are() {
    let mut world = World::new().await;
    for (n, line) in [(1, POISON), (2, HEALTHY)] {
        world.ask(n, line).await;
    }
    let mut told = Vec::new();
    while told.len() < 3 {
        told.push(world.told().await);
    }
    assert_eq!(told, ["kept 1", "kept 2", "news of 1001"]);

    world.registrations.send(world.aor(POISON)).await.unwrap();
    world.ask(3, HEALTHY).await;

    assert_eq!(world.told().await, "kept 3");
}

/// Stands for whatever finds the bug that nobody knows.
#[derive(Debug)]
struct Poisoned;

impl Registrations for Poisoned {
    fn bindings(&self, aor: &Aor) -> Arc<[Binding]> {
        assert_ne!(aor.user, POISON, "poisoned by the test");
        Arc::from([])
    }
}

const POISON: &str = "1002";
const HEALTHY: &str = "1001";

struct World {
    domain: DomainId,
    orders: mpsc::Sender<WatchOrder>,
    registrations: mpsc::Sender<Aor>,
    replies: mpsc::Receiver<WatchReply>,
    /// The desk runs while somebody can tell it who exists.
    _desk: DeskHandle,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let Home { config, store, folder } = Home::new("").await;
        store.add_domain("a.example").await.unwrap();
        let domain = store.require_domain("a.example").await.unwrap();
        for number in [HEALTHY, POISON] {
            store.add_extension(&domain, extension(number)).await.unwrap();
        }
        let directory = Arc::new(store.load_directory(&config).await.unwrap().directory);
        let (orders, orders_ear) = mpsc::channel(CHANNEL);
        let (registrations, registrations_ear) = mpsc::channel(CHANNEL);
        let (shard, replies) = mpsc::channel(CHANNEL);
        let wires = DeskWires {
            orders: orders_ear,
            lines: mpsc::channel(CHANNEL).1,
            registrations: registrations_ear,
            mailboxes: mpsc::channel(CHANNEL).1,
            shards: vec![shard],
            watches: mpsc::channel(CHANNEL).0,
        };
        let core = WatchDesk::new(directory, Box::new(Poisoned));
        let desk = Desk::start(store, core, wires);
        Self { domain: domain.id, orders, registrations, replies, _desk: desk, _folder: folder }
    }

    /// Somebody wants to hear where a line is registered.
    async fn ask(&self, n: u64, line: &str) {
        let kept = KeptSubscription {
            id: id(n),
            watched: Watched { aor: self.aor(line), package: Package::Reg },
            subscriber: HEALTHY.to_owned(),
            event_id: None,
            dialog: record(n),
            expires_at: UnixMillis(i64::MAX),
        };
        let wish = WatchWish::Keep(Ticket(n), Box::new(kept));
        self.orders.send(WatchOrder { shard: 0, wish }).await.unwrap();
    }

    async fn told(&mut self) -> String {
        let reply = timeout(LIMIT, self.replies.recv()).await;
        match reply.expect("the desk answers").expect("the desk runs") {
            WatchReply::Kept(_, Ticket(n)) => format!("kept {n}"),
            WatchReply::News(news) => format!("news of {}", news.watched.aor.user),
            it @ (WatchReply::NotKept(..) | WatchReply::Reserved(..)) => format!("{it:?}"),
        }
    }

    fn aor(&self, line: &str) -> Aor {
        Aor { domain: self.domain, user: line.to_owned() }
    }
}

fn id(n: u64) -> SubscriptionId {
    SubscriptionId::new(UnixMillis(0), &mut Rng::from_number(n))
}

fn record(n: u64) -> DialogRecord {
    DialogRecord {
        call_id: n.to_string().into(),
        local_tag: "000123456789abcdef".to_owned(),
        remote_tag: Bytes::from_static(b"r"),
        local: Bytes::from_static(b"<sip:1001@a.example>"),
        remote: Bytes::from_static(b"<sip:1001@a.example>"),
        routes: Vec::new(),
        strict_route: None,
        target: Bytes::from_static(b"sip:1001@10.1.0.1"),
        hop: Destination {
            transport: Transport::Udp,
            host: Host::Ip([10, 1, 0, 1].into()),
            port: 5060,
            flow: None,
            local: None,
        },
        local_cseq: 100,
        remote_cseq: None,
    }
}

const CHANNEL: usize = 16;
const LIMIT: Duration = Duration::from_secs(30);
