//! Subscriptions over a restart.

use crate::places::Place;
use base::{DomainId, SubscriptionId, UnixMillis};
use bytes::Bytes;
use call::subscriptions::{KeptSubscription, Package, Watched};
use sip::{Destination, FlowId, Host, Transport, bindings::Aor, dialog::DialogRecord};
use tandem::store::Store;
use uuid::Uuid;

pub(crate) async fn subscriptions_come_back_as_they_were_above_all_numbers_used(place: Place) {
    let store = place.open().await;
    let domain = store.add_domain("a.example").await.unwrap();
    let full = kept(domain, 1);
    let mut bare = kept(domain, 2);
    bare.event_id = None;
    bare.watched.package = Package::Reg;
    bare.dialog.routes = Vec::new();
    bare.dialog.strict_route = None;
    bare.dialog.remote_cseq = None;
    bare.dialog.hop.local = None;
    bare.dialog.hop.host = Host::Ip("2001:db8::1".parse().unwrap());
    let over = KeptSubscription { expires_at: NOW, ..kept(domain, 3) };
    commit(&store, &[full.clone(), bare.clone(), over]).await;
    store.close().await;

    for restart in 1..=2 {
        let store = place.open().await;
        let found = store.resume_subscriptions(NOW, 100).await.unwrap();
        store.close().await;

        let expected = [&full, &bare].map(|it| {
            let mut it = it.clone();
            it.dialog.hop.flow = None;
            it.dialog.local_cseq += 100 * restart;
            it
        });
        assert_eq!(found, expected);
    }
}

pub(crate) async fn a_subscription_is_refreshed_and_removed_and_so_are_its_numbers(place: Place) {
    let store = place.open().await;
    let domain = store.add_domain("a.example").await.unwrap();
    let (mut first, second) = (kept(domain, 1), kept(domain, 2));
    commit(&store, &[first.clone(), second.clone()]).await;

    first.expires_at = UnixMillis(NOW.0 + 2);
    first.dialog.remote_cseq = Some(8);
    first.dialog.target = Bytes::from_static(b"sip:elsewhere@192.0.2.9");
    commit(&store, std::slice::from_ref(&first)).await;
    let reserved = [(first.id, 5000), (second.id, 6000), (id(9), 7000)];
    store.commit_subscriptions(&[], &reserved, &[second.id]).await.unwrap();

    let found = store.resume_subscriptions(NOW, 0).await.unwrap();
    first.dialog.hop.flow = None;
    first.dialog.local_cseq = 5000;
    assert_eq!(found, [first]);
}

pub(crate) async fn subscriptions_are_written_all_or_none(place: Place) {
    let store = place.open().await;
    let domain = store.add_domain("a.example").await.unwrap();
    let bad = kept(crate::sample::domain(), 2);

    let result = store.commit_subscriptions(&[kept(domain, 1), bad], &[], &[]).await;

    assert!(result.is_err(), "a subscription of no domain was taken");
    assert!(store.resume_subscriptions(NOW, 0).await.unwrap().is_empty());
}

async fn commit(store: &Store, upserts: &[KeptSubscription]) {
    store.commit_subscriptions(upserts, &[], &[]).await.unwrap();
}

fn kept(domain: DomainId, n: u128) -> KeptSubscription {
    KeptSubscription {
        id: id(n),
        watched: Watched { aor: Aor { domain, user: "1002".to_owned() }, package: Package::Dialog },
        subscriber: "1001".to_owned(),
        event_id: Some(Bytes::from_static(b"7\xe9")),
        dialog: DialogRecord {
            call_id: Bytes::from_static(b"caf\xe9@phone"),
            local_tag: "030123456789abcdef".to_owned(),
            remote_tag: Bytes::from_static(b"tag"),
            local: Bytes::from_static(b"<sip:1002@a>;tag=030123456789abcdef"),
            remote: Bytes::from_static(b"\"\xe9\" <sip:1001@a>;tag=tag"),
            routes: vec![
                Bytes::from_static(b"<sip:edge1.example;lr>"),
                Bytes::from_static(b"<sip:edge2.example;lr>"),
            ],
            strict_route: Some(Bytes::from_static(b"sip:strict.example")),
            target: Bytes::from_static(b"sip:1001@192.0.2.1"),
            hop: Destination {
                transport: Transport::Tcp,
                host: Host::Name(Bytes::from_static(b"edge1.example")),
                port: 5062,
                flow: Some(FlowId(7)),
                local: Some("[2001:db8::2]:5060".parse().unwrap()),
            },
            local_cseq: 100,
            remote_cseq: Some(u32::MAX),
        },
        expires_at: UnixMillis(NOW.0 + 1),
    }
}

fn id(n: u128) -> SubscriptionId {
    SubscriptionId(Uuid::from_u128(n))
}

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
