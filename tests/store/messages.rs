//! Messages of mailboxes.

use crate::places::Place;
use base::{DomainId, ExtensionId, RecordingId, UnixMillis};
use call::voicemail::Greeting;
use tandem::{
    config::Secret,
    store::{
        GreetingRow, KeptGreeting, MessageCounts, MessageRow, MessageState, NewExtension, Store,
    },
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
    assert_eq!(
        counts,
        MessageCounts { new: 2, saved: 1, drafts: 1, deleted: 0, duration_ms: 20_000 }
    );
    assert_eq!(counts.all(), 4);
    let other = DomainId(Uuid::from_u128(78));
    assert_eq!(store.messages(other, MAILBOX).await.unwrap(), []);
    assert_eq!(store.message(other, MAILBOX, id(1)).await.unwrap(), None);
}

pub(crate) async fn a_message_is_delivered_saved_and_deleted_once(place: Place) {
    use MessageState::Saved;
    let store = place.open().await;
    assert!(!store.deliver_message(id(1)).await.unwrap(), "it is not there yet");
    store.add_message(&row(1, MessageState::Draft)).await.unwrap();
    assert!(
        !store.mark_message(DOMAIN, MAILBOX, id(1), Saved).await.unwrap(),
        "nobody sees a draft"
    );

    assert!(store.deliver_message(id(1)).await.unwrap());
    assert!(!store.deliver_message(id(1)).await.unwrap());
    assert!(store.mark_message(DOMAIN, MAILBOX, id(1), Saved).await.unwrap());
    assert_eq!(state(&store, 1).await, Some(MessageState::Saved));

    let file = store.delete_message(DOMAIN, MAILBOX, id(1)).await.unwrap();
    assert_eq!(file, Some(row(1, MessageState::New).file));
    assert_eq!(store.delete_message(DOMAIN, MAILBOX, id(1)).await.unwrap(), None);
    assert!(!store.mark_message(DOMAIN, MAILBOX, id(1), Saved).await.unwrap());
}

pub(crate) async fn a_deleted_message_can_be_restored_until_it_is_purged(place: Place) {
    use MessageState::{Deleted, Draft, New, Saved};
    let store = place.open().await;
    for row in [row(1, New), row(2, Saved), row(3, Draft)] {
        store.add_message(&row).await.unwrap();
    }
    let mark = |n, state| store.mark_message(DOMAIN, MAILBOX, id(n), state);
    assert!(mark(1, Deleted).await.unwrap());
    assert!(mark(2, Deleted).await.unwrap());
    assert!(!mark(3, Deleted).await.unwrap(), "a draft is its caller's");
    assert_eq!(store.messages(DOMAIN, MAILBOX).await.unwrap(), []);
    let counts = store.count_messages(DOMAIN, MAILBOX).await.unwrap();
    let expected = MessageCounts { drafts: 1, deleted: 2, duration_ms: 15_000, ..counts };
    assert_eq!((counts, counts.new + counts.saved), (expected, 0));
    assert_eq!(counts.all(), 3, "what may be restored takes room");

    assert!(mark(2, Saved).await.unwrap());
    let purged = store.purge_messages(DOMAIN, MAILBOX).await.unwrap();

    assert_eq!(purged, [row(1, New).file]);
    assert!(!mark(1, Saved).await.unwrap());
    assert_eq!(state(&store, 2).await, Some(Saved));
    mark(2, Deleted).await.unwrap();
    assert_eq!(store.purge_all_messages().await.unwrap(), 1);
    assert_eq!(state(&store, 3).await, Some(Draft));
}

pub(crate) async fn a_greeting_takes_the_place_of_the_one_before_once_it_is_kept(place: Place) {
    let store = place.open().await;
    let keep = |n| store.keep_greeting(DOMAIN, MAILBOX, id(n), Greeting::Busy);
    let file = || store.greeting_file(DOMAIN, MAILBOX, Greeting::Busy);
    assert_eq!(keep(1).await.unwrap(), KeptGreeting::NoDraft, "it is not there yet");
    for n in 1..=3 {
        store.add_greeting(&greeting(n)).await.unwrap();
        store.add_greeting(&greeting(n)).await.unwrap();
    }
    assert_eq!(store.greetings(DOMAIN, MAILBOX).await.unwrap(), []);
    assert_eq!(store.greeting_draft_file(id(1)).await.unwrap(), Some(greeting(1).file));

    assert_eq!(keep(1).await.unwrap(), KeptGreeting::First);
    assert_eq!(keep(9).await.unwrap(), KeptGreeting::NoDraft);
    assert_eq!(file().await.unwrap(), Some(greeting(1).file), "what is not there replaces nothing");
    assert_eq!(keep(2).await.unwrap(), KeptGreeting::Replaced(greeting(1).file));

    assert_eq!(file().await.unwrap(), Some(greeting(2).file));
    assert_eq!(store.greetings(DOMAIN, MAILBOX).await.unwrap(), [Greeting::Busy]);
    assert_eq!(store.delete_greeting_draft(id(2)).await.unwrap(), None, "it is no draft any more");
    assert_eq!(store.delete_greeting_draft(id(3)).await.unwrap(), Some(greeting(3).file));
    let delete = |kind| store.delete_greeting(DOMAIN, MAILBOX, kind);
    assert_eq!(delete(Greeting::Name).await.unwrap(), None);
    assert_eq!(delete(Greeting::Busy).await.unwrap(), Some(greeting(2).file));
    assert_eq!(file().await.unwrap(), None);
}

pub(crate) async fn greetings_without_a_verdict_or_an_owner_go_at_the_start(place: Place) {
    let store = place.open().await;
    store.add_domain("a.example").await.unwrap();
    let domain = store.require_domain("a.example").await.unwrap();
    let mailbox = store.add_extension(&domain, extension("1001")).await.unwrap();
    let own = |n| GreetingRow { domain: domain.id, mailbox, ..greeting(n) };
    for row in [own(1), own(2), greeting(3)] {
        store.add_greeting(&row).await.unwrap();
    }
    store.keep_greeting(domain.id, mailbox, id(1), Greeting::Name).await.unwrap();
    store.keep_greeting(DOMAIN, MAILBOX, id(3), Greeting::Name).await.unwrap();

    assert_eq!(store.delete_greetings_of_nobody().await.unwrap(), 2);

    assert_eq!(store.greeting_files().await.unwrap(), [own(1).file]);
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
        forwarded_by: (n == 3).then(|| "1009".to_owned()),
        started: UnixMillis(1_700_000_000_000 + n as i64),
        duration_ms: 5000,
        bytes: 80_044,
        sha256: "ab".repeat(32),
        file: format!("box/{n}.wav"),
        state,
        is_cut_off: n == 4,
    }
}

fn greeting(n: u128) -> GreetingRow {
    let MessageRow { id, domain, mailbox, started, duration_ms, bytes, sha256, file, .. } =
        row(n, MessageState::Draft);
    GreetingRow { id, domain, mailbox, started, duration_ms, bytes, sha256, file }
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
        may_sign_in: false,
    }
}

fn id(n: u128) -> RecordingId {
    RecordingId(Uuid::from_u128(n))
}

const DOMAIN: DomainId = DomainId(Uuid::from_u128(77));
const MAILBOX: ExtensionId = ExtensionId(Uuid::from_u128(7));
