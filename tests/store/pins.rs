//! PINs of lines, and what becomes of wrong ones.

use crate::places::Place;
use crate::workplaces::{extension, with_domain};
use base::{DomainId, ExtensionId, UnixMillis};
use tandem::{
    config::Secret,
    store::{PinTry, Store, StoreError},
};

pub(crate) async fn a_line_has_the_pin_that_was_set_alone(place: Place) {
    let (store, domain, line) = with_line(&place).await;
    let tried = |pin: &str| store.try_pin(domain, line, Secret::new(pin), UnixMillis(0));
    assert!(!store.has_mailbox_pin(domain, line).await.unwrap());
    assert_eq!(tried("4711").await.unwrap(), PinTry::NoPin);

    store.set_mailbox_pin(domain, "1001", Some(Secret::new("4711"))).await.unwrap();

    assert!(store.has_mailbox_pin(domain, line).await.unwrap());
    assert_eq!(tried("4711").await.unwrap(), PinTry::Right);
    assert_eq!(tried("4712").await.unwrap(), PinTry::Wrong);
    for bad in ["", "123", "12a4", "1234567890123"] {
        let refused = store.set_mailbox_pin(domain, "1001", Some(Secret::new(bad))).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{bad}");
    }
    let missing = store.set_mailbox_pin(domain, "1002", None).await;
    assert!(matches!(missing, Err(StoreError::Missing { .. })));
    store.set_mailbox_pin(domain, "1001", None).await.unwrap();
    assert_eq!(tried("4711").await.unwrap(), PinTry::NoPin);
}

pub(crate) async fn three_wrong_pins_lock_a_line_until_five_minutes_are_over(place: Place) {
    use PinTry::{LockedOut, Right, Wrong};
    let (store, domain, line) = with_line(&place).await;
    store.set_mailbox_pin(domain, "1001", Some(Secret::new("4711"))).await.unwrap();
    let mut verdicts = Vec::new();
    for (pin, second) in [
        ("0000", 0),
        ("4711", 1),
        ("0001", 2),
        ("0002", 3),
        ("0003", 4),
        ("4711", 5),
        ("0004", 303),
        ("0005", 304),
        ("4711", 305),
    ] {
        let at = UnixMillis(second * 1000);
        verdicts.push(store.try_pin(domain, line, Secret::new(pin), at).await.unwrap());
    }
    assert_eq!(
        verdicts,
        [Wrong, Right, Wrong, Wrong, Wrong, LockedOut, LockedOut, Wrong, Right],
        "tries while it is locked do not lock it for longer"
    );

    for second in 400..403 {
        let at = UnixMillis(second * 1000);
        store.try_pin(domain, line, Secret::new("0000"), at).await.unwrap();
    }
    let early = store.try_pin(domain, line, Secret::new("4711"), UnixMillis(7000)).await.unwrap();
    assert_eq!(early, Right, "a clock that was set back locks nobody out");
    for second in 400..403 {
        let at = UnixMillis(second * 1000);
        store.try_pin(domain, line, Secret::new("0000"), at).await.unwrap();
    }
    store.set_mailbox_pin(domain, "1001", Some(Secret::new("4712"))).await.unwrap();
    let at = UnixMillis(404_000);
    assert_eq!(store.try_pin(domain, line, Secret::new("4712"), at).await.unwrap(), Right);
}

pub(crate) async fn tries_at_the_same_moment_are_all_counted(place: Place) {
    let (store, domain, line) = with_line(&place).await;
    store.set_mailbox_pin(domain, "1001", Some(Secret::new("4711"))).await.unwrap();
    let tried = |pin: &'static str| store.try_pin(domain, line, Secret::new(pin), UnixMillis(0));

    let (a, b, c, d) = tokio::join!(tried("0000"), tried("0001"), tried("0002"), tried("0003"));

    let verdicts = [a, b, c, d].map(Result::unwrap);
    let wrong = verdicts.iter().filter(|it| **it == PinTry::Wrong).count();
    assert_eq!(wrong, 3, "{verdicts:?}");
    assert!(verdicts.contains(&PinTry::LockedOut), "{verdicts:?}");
}

async fn with_line(place: &Place) -> (Store, DomainId, ExtensionId) {
    let (store, domain) = with_domain(place).await;
    let line = store.add_extension(&domain, extension("1001")).await.unwrap();
    (store, domain.id, line)
}
