//! What the desk tells of what it is told. Whole stories are in the scenarios of `crates/sim`.

use super::*;
use crate::{Directory, Domain, Extension, MediaRules, directory::Ha1};
use base::{DomainId, ExtensionId, LegId, Rng};
use sip::{Destination, Host, Transport, bindings::Binding};

#[test]
fn a_shard_is_told_when_it_begins_to_watch_and_then_of_each_change_once() {
    let mut world = World::new();
    world.keep(0, 1, Package::Dialog);
    assert_eq!(world.told(), ["kept 0"], "nothing is known yet");

    world.line(&[]);
    world.line(&[]);
    assert_eq!(world.told(), ["0 - -"]);
    world.keep(0, 2, Package::Dialog);
    assert_eq!(world.told(), ["kept 0"], "the shard knows already");
    world.keep(1, 3, Package::Dialog);
    assert_eq!(world.told(), ["kept 1", "1 - -"]);

    let built = world.desk.documents_built();
    world.line(&[dialog(DialogState::Early)]);
    assert_eq!(world.told(), ["0 early early", "1 early early"]);
    assert_eq!(world.desk.documents_built(), built + 1, "for however many");
    world.line(&[]);
    assert_eq!(world.told(), ["0 terminated -", "1 terminated -"], "who asks later sees nothing");
}

#[test]
fn news_that_found_no_room_are_told_again_as_they_are_by_then() {
    let mut world = World::new();
    world.keep(0, 1, Package::Dialog);
    world.line(&[dialog(DialogState::Early)]);
    world.line(&[dialog(DialogState::Confirmed)]);
    world.told();

    world.desk.handle_missed(0, &watched(Package::Dialog, world.domain));

    assert_eq!(world.told(), ["0 confirmed confirmed"]);
}

#[test]
fn what_cannot_be_written_is_not_kept_and_what_cannot_be_removed_is_removed_later() {
    let mut world = World::new();
    world.keep(0, 1, Package::Dialog);
    world.told();
    let batch = world.decide([world.order(0, 2, Package::Dialog), forget(1)]);
    assert_eq!((batch.upserts.len(), batch.removals.len()), (1, 1));

    world.desk.handle_not_written(batch);

    assert_eq!(world.told(), ["not kept 0"]);
    assert!(world.desk.is_empty() && world.desk.has_leftovers());
    let again = world.desk.begin_batch();
    assert_eq!(again.removals, [id(1), id(2)], "what was given up may be there after all");
    world.desk.handle_written(again);
    assert!(!world.desk.has_leftovers());
}

#[test]
fn an_order_that_panicked_is_refused_and_leaves_nothing_behind() {
    let mut world = World::new();
    world.keep(0, 1, Package::Dialog);
    world.told();
    let mut batch = world.desk.begin_batch();
    for n in [2, 1] {
        let order = world.order(0, n, Package::Dialog);
        let fallback = world.desk.fallback(&order);
        // All that a panic may leave half done.
        world.desk.decide(&mut WatchBatch::default(), order);
        world.desk.fall_back(&mut batch, fallback);
    }

    assert!(batch.upserts.is_empty() && batch.removals == [id(2)], "{batch:?}");
    world.desk.handle_written(batch);

    assert_eq!(world.told(), ["not kept 0", "not kept 0"]);
    assert_eq!(world.desk.len(), 1, "the refreshed one is as it was");

    let mut batch = world.desk.begin_batch();
    let fallback = world.desk.fallback(&forget(1));
    world.desk.fall_back(&mut batch, fallback);
    assert_eq!((batch.removals, world.desk.len()), (vec![id(1)], 0), "nobody restores it");
}

#[test]
fn a_line_is_watched_from_its_first_watcher_to_its_last() {
    let mut world = World::new();
    world.keep(0, 1, Package::Dialog);
    world.keep(0, 2, Package::Presence);
    world.keep(0, 3, Package::Reg);
    assert_eq!(world.watches(), [true]);

    for n in [1, 2] {
        let batch = world.decide([forget(n)]);
        world.desk.handle_written(batch);
    }

    assert_eq!(world.watches(), [false]);
}

struct World {
    desk: WatchDesk,
    domain: DomainId,
}

#[derive(Debug)]
struct Nothing;

impl Registrations for Nothing {
    fn bindings(&self, _: &Aor) -> Arc<[Binding]> {
        Arc::from([])
    }
}

impl World {
    fn new() -> Self {
        let mut rng = Rng::from_number(1);
        let domain = DomainId::new(UnixMillis(0), &mut rng);
        let extension = Extension {
            id: ExtensionId::new(UnixMillis(0), &mut rng),
            domain,
            number: "1002".to_owned(),
            display_name: String::new(),
            ha1: Ha1::of_password("1002", "demo", "x"),
            calls_max: None,
            ring_timeout_s: 60,
            user: None,
            media: MediaRules::default(),
            features: crate::features::Features::default(),
            outbound: crate::outbound::LineOutbound::default(),
            may_sign_in: false,
        };
        let directory = Directory {
            domains: [(domain, Domain { id: domain, name: "demo".to_owned() })].into(),
            extensions: [((domain, "1002".to_owned()), extension)].into(),
            ..Directory::default()
        };
        Self { desk: WatchDesk::new(Arc::new(directory), Box::new(Nothing)), domain }
    }

    fn order(&self, shard: u8, n: i64, package: Package) -> WatchOrder {
        let kept = KeptSubscription {
            id: id(n),
            watched: watched(package, self.domain),
            subscriber: "1001".to_owned(),
            event_id: None,
            dialog: record(),
            expires_at: UnixMillis(1),
        };
        WatchOrder { shard, wish: WatchWish::Keep(Ticket(1), Box::new(kept)) }
    }

    fn keep(&mut self, shard: u8, n: i64, package: Package) {
        let batch = self.decide([self.order(shard, n, package)]);
        self.desk.handle_written(batch);
    }

    fn decide<const N: usize>(&mut self, orders: [WatchOrder; N]) -> WatchBatch {
        let mut batch = self.desk.begin_batch();
        for it in orders {
            self.desk.decide(&mut batch, it);
        }
        batch
    }

    fn line(&mut self, dialogs: &[LineDialog]) {
        let aor = Aor { domain: self.domain, user: "1002".to_owned() };
        self.desk.handle_line(UnixMillis(0), LineFact { aor, dialogs: dialogs.to_vec() });
    }

    /// What shards were told: the state in the news, and in what those get who ask later.
    fn told(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(output) = self.desk.poll_output() {
            let DeskOutput::Tell { shard, reply } = output else { continue };
            told.push(match reply {
                WatchReply::Kept(..) => format!("kept {shard}"),
                WatchReply::NotKept(..) => format!("not kept {shard}"),
                WatchReply::Reserved(..) => format!("reserved {shard}"),
                WatchReply::News(it) => {
                    format!("{shard} {} {}", state(&it.news), state(&it.current))
                }
            });
        }
        told
    }

    fn watches(&mut self) -> Vec<bool> {
        let mut watches = Vec::new();
        while let Some(output) = self.desk.poll_output() {
            if let DeskOutput::WatchLine(watch) = output {
                watches.push(watch.is_watched);
            }
        }
        watches
    }
}

fn state(document: &Document) -> String {
    let text = String::from_utf8_lossy(&document.body(0).bytes).into_owned();
    let state = text.split("<state>").nth(1).and_then(|it| it.split('<').next());
    state.unwrap_or("-").to_owned()
}

fn dialog(state: DialogState) -> LineDialog {
    LineDialog {
        leg: LegId::new(UnixMillis(7), &mut Rng::from_number(7)),
        direction: DialogDirection::Recipient,
        state,
        is_held: false,
        remote: RemoteParty { number: "1001".to_owned(), name: None },
    }
}

fn watched(package: Package, domain: DomainId) -> Watched {
    Watched { aor: Aor { domain, user: "1002".to_owned() }, package }
}

fn forget(n: i64) -> WatchOrder {
    WatchOrder { shard: 0, wish: WatchWish::Forget(id(n)) }
}

fn id(n: i64) -> SubscriptionId {
    SubscriptionId::new(UnixMillis(n), &mut Rng::from_number(3))
}

fn record() -> DialogRecord {
    DialogRecord {
        call_id: Bytes::from_static(b"c"),
        local_tag: "000123456789abcdef".to_owned(),
        remote_tag: Bytes::new(),
        local: Bytes::new(),
        remote: Bytes::new(),
        routes: Vec::new(),
        strict_route: None,
        target: Bytes::new(),
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
