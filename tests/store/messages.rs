//! Messages of mailboxes, and the PINs of these.

use crate::places::Place;
use base::{DomainId, ExtensionId, RecordingId, UnixMillis};
use tandem::{
    config::Secret,
    store::{MessageCounts, MessageRow, MessageState, NewExtension, Store, StoreError},
};
use uuid::Uuid;

pub(crate) async fn messages_come_new_ones_first_and_as_they_were(place: Place) {
    let store = place.open().await;
    let rows = [
        row(1, MessageState::Saved),
        row(2, MessageState::New),
        row(3, MessageState::Draft),
        row(4, MessageState::New),
    ];
    for row in &rows {
        store.add_message(row).await.unwrap();
        store.add_message(row).await.unwrap();
    }
    let strange =
        MessageRow { mailbox: ExtensionId(Uuid::from_u128(8)), ..row(5, MessageState::New) };
    store.add_message(&strange).await.unwrap();

    let listed = store.messages(DOMAIN, MAILBOX).await.unwrap();

    assert_eq!(listed, [rows[1].clone(), rows[3].clone(), rows[0].clone()]);
    let counts = store.count_messages(DOMAIN, MAILBOX).await.unwrap();
    assert_eq!(counts, MessageCounts { new: 2, saved: 1, drafts: 1 });
    assert_eq!(counts.all(), 4);
    let other = DomainId(Uuid::from_u128(78));
    assert_eq!(store.messages(other, MAILBOX).await.unwrap(), []);
    assert_eq!(store.message(other, MAILBOX, id(1)).await.unwrap(), None);
}

pub(crate) async fn a_message_is_delivered_saved_and_deleted_once(place: Place) {
    let store = place.open().await;
    assert!(!store.deliver_message(id(1)).await.unwrap(), "it is not there yet");
    store.add_message(&row(1, MessageState::Draft)).await.unwrap();
    assert!(!store.save_message(DOMAIN, MAILBOX, id(1)).await.unwrap(), "nobody sees a draft");

    assert!(store.deliver_message(id(1)).await.unwrap());
    assert!(!store.deliver_message(id(1)).await.unwrap());
    assert!(store.save_message(DOMAIN, MAILBOX, id(1)).await.unwrap());
    assert_eq!(state(&store, 1).await, Some(MessageState::Saved));

    let file = store.delete_message(DOMAIN, MAILBOX, id(1)).await.unwrap();
    assert_eq!(file, Some(row(1, MessageState::New).file));
    assert_eq!(store.delete_message(DOMAIN, MAILBOX, id(1)).await.unwrap(), None);
    assert!(!store.save_message(DOMAIN, MAILBOX, id(1)).await.unwrap());
}

pub(crate) async fn drafts_are_delivered_and_messages_of_nobody_go_at_the_start(place: Place) {
    let store = place.open().await;
    store.add_domain("a.example").await.unwrap();
    let domain = store.require_domain("a.example").await.unwrap();
    let own = store.add_extension(&domain, extension("1001")).await.unwrap();
    let own = MessageRow { domain: domain.id, mailbox: own, ..row(1, MessageState::Draft) };
    store.add_message(&own).await.unwrap();
    store.add_message(&row(2, MessageState::New)).await.unwrap();

    assert_eq!(store.deliver_drafts().await.unwrap(), 1);
    assert_eq!(store.delete_messages_of_nobody().await.unwrap(), 1);

    assert_eq!(store.message_files().await.unwrap(), std::slice::from_ref(&own.file));
    let listed = store.messages(domain.id, own.mailbox).await.unwrap();
    assert_eq!(listed, [MessageRow { state: MessageState::New, ..own }]);
}

pub(crate) async fn a_mailbox_opens_with_its_pin_alone(place: Place) {
    let store = place.open().await;
    store.add_domain("a.example").await.unwrap();
    let domain = store.require_domain("a.example").await.unwrap();
    let own = store.add_extension(&domain, extension("1001")).await.unwrap();
    let fits = |pin: &str| store.fits_mailbox(domain.id, own, Secret::new(pin));
    assert!(!store.has_mailbox_pin(domain.id, own).await.unwrap());
    assert_eq!(fits("4711").await.unwrap(), None);

    store.set_mailbox_pin(domain.id, "1001", Some(Secret::new("4711"))).await.unwrap();

    assert!(store.has_mailbox_pin(domain.id, own).await.unwrap());
    assert_eq!(fits("4711").await.unwrap(), Some(true));
    assert_eq!(fits("4712").await.unwrap(), Some(false));
    for bad in ["", "123", "12a4", "1234567890123"] {
        let refused = store.set_mailbox_pin(domain.id, "1001", Some(Secret::new(bad))).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{bad}");
    }
    let missing = store.set_mailbox_pin(domain.id, "1002", None).await;
    assert!(matches!(missing, Err(StoreError::Missing { .. })));
    store.set_mailbox_pin(domain.id, "1001", None).await.unwrap();
    assert_eq!(fits("4711").await.unwrap(), None);
}

async fn state(store: &Store, n: u128) -> Option<MessageState> {
    store.message(DOMAIN, MAILBOX, id(n)).await.unwrap().map(|it| it.state)
}

fn row(n: u128, state: MessageState) -> MessageRow {
    MessageRow {
        id: id(n),
        domain: DOMAIN,
        mailbox: MAILBOX,
        caller: format!("100{n}"),
        caller_name: (n.is_multiple_of(2)).then(|| "Анна".to_owned()),
        started: UnixMillis(1_700_000_000_000 + n as i64),
        duration_ms: 5000,
        bytes: 80_044,
        sha256: "ab".repeat(32),
        file: format!("box/{n}.wav"),
        state,
        is_cut_off: n == 4,
    }
}

fn extension(number: &str) -> NewExtension {
    NewExtension {
        number: number.to_owned(),
        display_name: number.to_owned(),
        password: Secret::new("sip"),
        calls_max: None,
        ring_timeout_s: 45,
        user: None,
        media: call::MediaRules::default(),
        outbound: call::outbound::LineOutbound::default(),
    }
}

fn id(n: u128) -> RecordingId {
    RecordingId(Uuid::from_u128(n))
}

const DOMAIN: DomainId = DomainId(Uuid::from_u128(77));
const MAILBOX: ExtensionId = ExtensionId(Uuid::from_u128(7));
