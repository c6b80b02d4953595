//! Letters about messages: queued with the message, tried again, and not forgotten.

use crate::places::Place;
use base::{DomainId, ExtensionId, RecordingId, UnixMillis};
use tandem::{
    config::Secret,
    store::{
        Locale, MailSettings, MessageRow, MessageState, NewExtension, NewUser, Profile, Store,
        StoreError,
    },
};
use uuid::Uuid;

pub(crate) async fn a_letter_is_queued_with_each_message_that_becomes_new(place: Place) {
    use MessageState::{Draft, New};
    let (store, owner) = with_owner(&place).await;
    let row = |n, state| row(&owner, n, state);
    store.add_message(&row(1, Draft)).await.unwrap();
    store.add_message(&row(2, New)).await.unwrap();
    store.add_message(&row(2, New)).await.unwrap();
    assert_eq!(waiting(&store).await, 1, "a draft is told to nobody");

    assert!(store.deliver_message(id(1)).await.unwrap());
    assert!(!store.deliver_message(id(1)).await.unwrap());
    assert_eq!(waiting(&store).await, 2);
    store.add_message(&row(3, Draft)).await.unwrap();
    store.deliver_drafts().await.unwrap();
    assert_eq!(waiting(&store).await, 3);

    store.set_mail_settings(owner.0, owner.1, None).await.unwrap();
    store.add_message(&row(4, New)).await.unwrap();
    assert_eq!(waiting(&store).await, 0, "it is not written to any more");
    store.set_mail_settings(owner.0, owner.1, Some(&settings())).await.unwrap();
    assert_eq!(waiting(&store).await, 0, "what waited is forgotten");
}

pub(crate) async fn nothing_is_left_of_letters_whose_message_or_mailbox_is_gone(place: Place) {
    let (store, owner) = with_owner(&place).await;
    for n in 1..=2 {
        store.add_message(&row(&owner, n, MessageState::New)).await.unwrap();
    }
    store.delete_message(owner.0, owner.1, id(1)).await.unwrap();
    assert_eq!(store.letters_waiting().await.unwrap(), (1, Some(UnixMillis(0))));

    store.remove_extension(owner.0, "1001").await.unwrap();

    assert_eq!(waiting(&store).await, 0);
    assert_eq!(store.mail_settings(owner.0, owner.1).await.unwrap(), None);
    let tried = store.try_pin(owner.0, owner.1, Secret::new("4711"), UnixMillis(0)).await;
    assert!(matches!(tried, Err(StoreError::Missing { .. })), "it opens for nobody: {tried:?}");
}

pub(crate) async fn a_letter_about_a_deleted_message_waits_until_it_is_restored(place: Place) {
    use MessageState::{Deleted, New, Saved};
    let (store, owner) = with_owner(&place).await;
    store.add_message(&row(&owner, 1, New)).await.unwrap();
    store.mark_message(owner.0, owner.1, id(1), Deleted).await.unwrap();
    assert!(store.due_letter(UnixMillis(1)).await.unwrap().is_none());
    assert_eq!(store.letters_waiting().await.unwrap(), (0, None), "nor is it waited for");

    store.mark_message(owner.0, owner.1, id(1), Saved).await.unwrap();
    let letter = store.due_letter(UnixMillis(1)).await.unwrap().unwrap();
    assert_eq!(letter.message.state, Saved);
}

pub(crate) async fn a_sent_letter_takes_its_message_unless_it_was_heard_meanwhile(place: Place) {
    let (store, owner) = with_owner(&place).await;
    for n in 1..=2 {
        store.add_message(&row(&owner, n, MessageState::New)).await.unwrap();
    }
    store.mark_message(owner.0, owner.1, id(2), MessageState::Saved).await.unwrap();

    let file = row(&owner, 1, MessageState::New).file;
    assert_eq!(store.replace_with_letter(id(1)).await.unwrap(), Some(file));
    assert_eq!(store.replace_with_letter(id(2)).await.unwrap(), None);

    assert_eq!(waiting(&store).await, 0);
    let kept = store.messages(owner.0, owner.1).await.unwrap();
    assert_eq!(kept, [row(&owner, 2, MessageState::Saved)]);
}

pub(crate) async fn a_letter_waits_until_it_is_due_and_knows_its_reader(place: Place) {
    let (store, owner) = with_owner(&place).await;
    store.add_message(&row(&owner, 1, MessageState::New)).await.unwrap();
    store.add_message(&row(&owner, 2, MessageState::New)).await.unwrap();

    let letter = store.due_letter(UnixMillis(1)).await.unwrap().unwrap();
    assert_eq!(letter.message, row(&owner, 1, MessageState::New));
    assert_eq!(letter.settings, settings());
    assert_eq!((letter.number.as_str(), letter.locale, letter.tries), ("1001", Locale::En, 0));
    assert!(store.claim_letter(id(1), UnixMillis(500)).await.unwrap());
    store.remove_letter(id(2)).await.unwrap();
    assert!(!store.claim_letter(id(2), UnixMillis(500)).await.unwrap(), "it was given up");

    assert!(store.due_letter(UnixMillis(499)).await.unwrap().is_none());
    assert_eq!(store.letters_waiting().await.unwrap(), (1, Some(UnixMillis(500))));
    let letter = store.due_letter(UnixMillis(500)).await.unwrap().unwrap();
    assert_eq!((letter.message.id, letter.tries), (id(1), 1));
}

async fn waiting(store: &Store) -> u32 {
    store.letters_waiting().await.unwrap().0
}

/// Extension 1001, whose owner is written to, in English.
async fn with_owner(place: &Place) -> (Store, (DomainId, ExtensionId)) {
    let store = place.open().await;
    store.add_domain("a.example").await.unwrap();
    let domain = store.require_domain("a.example").await.unwrap();
    let profile = Profile { locale: Locale::En, ..Profile::default() };
    let user = NewUser {
        login: "anna".to_owned(),
        password: Secret::new("long enough"),
        profile,
        roles: Vec::new(),
    };
    let user = store.add_user(domain.id, user).await.unwrap();
    let line = NewExtension {
        outbound: call::outbound::LineOutbound::default(),
        may_sign_in: false,
        number: "1001".to_owned(),
        display_name: "1001".to_owned(),
        password: Secret::new("sip"),
        calls_max: None,
        ring_timeout_s: 45,
        user: Some(user),
        media: call::MediaRules::default(),
    };
    let line = store.add_extension(&domain, line).await.unwrap();
    store.set_mail_settings(domain.id, line, Some(&settings())).await.unwrap();
    (store, (domain.id, line))
}

fn settings() -> MailSettings {
    MailSettings { address: "anna@a.example".to_owned(), has_sound: false, deletes_sent: true }
}

fn row(owner: &(DomainId, ExtensionId), n: u128, state: MessageState) -> MessageRow {
    MessageRow {
        id: id(n),
        domain: owner.0,
        mailbox: owner.1,
        caller: "1002".to_owned(),
        caller_name: None,
        forwarded_by: None,
        started: UnixMillis(1_700_000_000_000),
        duration_ms: 5000,
        bytes: 80_044,
        sha256: "ab".repeat(32),
        file: format!("box/{n}.wav"),
        state,
        is_cut_off: false,
    }
}

fn id(n: u128) -> RecordingId {
    RecordingId(Uuid::from_u128(n))
}
