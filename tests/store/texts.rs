//! Text messages over a restart.

use crate::places::Place;
use base::{DomainId, TextId, UnixMillis};
use bytes::Bytes;
use call::texts::TextMessage;
use sip::bindings::Aor;
use uuid::Uuid;

pub(crate) async fn texts_come_back_as_they_were_oldest_first(place: Place) {
    let store = place.open().await;
    let domain = store.add_domain("a.example").await.unwrap();
    let texts = [1, 2, 3].map(|n| text(domain, n));
    store.commit_texts(&[texts[2].clone(), texts[0].clone()], &[]).await.unwrap();
    store.commit_texts(&texts[..2], &[]).await.unwrap();
    store.close().await;

    let store = place.open().await;
    assert_eq!(store.load_texts().await.unwrap(), texts);

    store.commit_texts(&[], &[texts[0].id, texts[1].id]).await.unwrap();
    assert_eq!(store.load_texts().await.unwrap(), texts[2..]);
    let stranger = text(crate::sample::domain(), 9);
    assert!(store.commit_texts(&[text(domain, 4), stranger], &[texts[2].id]).await.is_err());
    assert_eq!(store.load_texts().await.unwrap(), texts[2..], "all or nothing");
    assert_eq!(store.delete_texts_of_nobody().await.unwrap(), 1, "there is no such extension");
    assert!(store.load_texts().await.unwrap().is_empty());
}

fn text(domain: DomainId, n: u128) -> TextMessage {
    TextMessage {
        id: TextId(Uuid::from_u128(n)),
        to: Aor { domain, user: "1002".to_owned() },
        from: "1001".to_owned(),
        sent_at: UnixMillis(1_800_000_000_000),
        content_type: Bytes::from_static(b"text/plain;charset=\xe9"),
        body: Bytes::from_static(b"\x00\xff\xd0\xb9"),
    }
}
