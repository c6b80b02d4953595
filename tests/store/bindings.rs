//! Registrations over a restart.

use crate::places::Place;
use base::UnixMillis;
use bytes::Bytes;
use sip::{
    FlowId, NameAddr, Transport,
    bindings::{Aor, Binding, Received},
};
use tandem::store::Store;

pub(crate) async fn bindings_come_back_as_they_were(place: Place) {
    let store = place.open().await;
    let mut binding =
        binding(&store, "1001", "<sip:1001@192.0.2.1:5062;transport=tcp?X=%20>").await;
    binding.path = vec![name_addr("<sip:edge1.example;lr>"), name_addr("<sip:edge2.example;lr>")];
    binding.params = name_addr("<sip:x@y>;+sip.ice;methods=\"INVITE,ACK\"").params;
    binding.instance = Some("urn:uuid:1".to_owned());
    binding.reg_id = Some(2);
    let plain = self::binding(&store, "1002", "<sip:1002@[2001:db8::1]:5060>").await;
    store.commit_bindings(&[], &[binding.clone(), plain.clone()]).await.unwrap();
    store.close().await;

    let mut found = place.open().await.load_bindings().await.unwrap();

    found.sort_by(|a, b| a.aor.cmp(&b.aor));
    binding.received.flow = None;
    let plain = Binding { received: Received { flow: None, ..plain.received }, ..plain };
    assert_eq!(found, [binding, plain]);
}

pub(crate) async fn a_refresh_replaces_and_a_removal_removes(place: Place) {
    let store = place.open().await;
    let first = binding(&store, "1001", "<sip:1001@192.0.2.1>").await;
    let second = binding(&store, "1001", "<sip:1001@192.0.2.2>").await;
    let other = binding(&store, "1002", "<sip:1001@192.0.2.1>").await;
    store.commit_bindings(&[], &[first.clone(), second.clone(), other]).await.unwrap();

    let refreshed = Binding { cseq: 99, expires_at: UnixMillis(2_000_000_000_000), ..first };
    store.commit_bindings(&[second], std::slice::from_ref(&refreshed)).await.unwrap();

    let mut found = store.load_bindings().await.unwrap();
    found.sort_by(|a, b| a.aor.cmp(&b.aor));
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].cseq, found[0].expires_at), (99, refreshed.expires_at));
    assert_eq!(found[1].aor.user, "1002");
}

pub(crate) async fn a_commit_is_all_or_nothing(place: Place) {
    let store = place.open().await;
    let good = binding(&store, "1001", "<sip:1001@192.0.2.1>").await;
    let nowhere = Aor { domain: crate::sample::domain(), user: "1001".to_owned() };
    let bad = Binding { aor: nowhere, ..good.clone() };

    let result = store.commit_bindings(&[], &[good, bad]).await;

    assert!(result.is_err(), "a binding of no domain was taken");
    assert!(store.load_bindings().await.unwrap().is_empty());
}

async fn binding(store: &Store, user: &str, contact: &str) -> Binding {
    let domain = match store.domain_by_name("a.example").await.unwrap() {
        Some(domain) => domain.id,
        None => store.add_domain("a.example").await.unwrap(),
    };
    Binding {
        aor: Aor { domain, user: user.to_owned() },
        contact: name_addr(contact).uri,
        q_per_mille: 700,
        expires_at: UnixMillis(1_900_000_000_000),
        registered_at: UnixMillis(1_800_000_000_000),
        call_id: Bytes::from_static(b"caf\xe9@phone"),
        cseq: u32::MAX,
        path: Vec::new(),
        received: Received {
            transport: Transport::Tcp,
            remote: "192.0.2.1:40000".parse().unwrap(),
            local: "[2001:db8::2]:5060".parse().unwrap(),
            flow: Some(FlowId(7)),
        },
        user_agent: "Phone \0 1.0".replace('\0', "é"),
        instance: None,
        reg_id: None,
        params: sip::Params::default(),
    }
}

fn name_addr(text: &str) -> NameAddr {
    NameAddr::parse(&Bytes::copy_from_slice(text.as_bytes())).unwrap()
}
