//! Who is signed in at phones of others.

use crate::places::Place;
use base::ExtensionId;
use tandem::{
    config::{Config, Secret},
    store::{DomainRow, ExtensionDraft, NewExtension, Store, StoreError},
};

pub(crate) async fn a_line_is_at_one_phone_and_a_phone_has_one_visitor(place: Place) {
    let (store, domain) = with_domain(&place).await;
    let [anna, boris, desk, other] = lines(&store, &domain, ["1001", "1002", "1190", "1191"]).await;
    let id = domain.id;

    store.sign_in(id, anna, desk).await.unwrap();
    store.sign_in(id, anna, other).await.unwrap();
    assert_eq!(seats(&store).await, [pair("1001", "1191")], "a person is at one desk");
    store.sign_in(id, boris, other).await.unwrap();
    assert_eq!(seats(&store).await, [pair("1002", "1191")], "and a desk is for one person");
    store.sign_in(id, anna, desk).await.unwrap();
    assert_eq!(seats(&store).await, [pair("1001", "1190"), pair("1002", "1191")]);
    store.sign_in(id, boris, desk).await.unwrap();
    assert_eq!(seats(&store).await, [pair("1002", "1190")], "both left where they were");

    store.sign_in(id, boris, boris).await.unwrap();
    assert_eq!(seats(&store).await, [], "at its own phones it is signed in nowhere");
    store.sign_in(id, anna, desk).await.unwrap();
    assert!(store.sign_out(id, desk).await.unwrap());
    assert!(!store.sign_out(id, desk).await.unwrap());
    store.sign_in(id, anna, desk).await.unwrap();
    assert!(!store.end_visit(id, boris).await.unwrap());
    assert!(store.end_visit(id, anna).await.unwrap());
    assert_eq!(seats(&store).await, []);
}

pub(crate) async fn only_who_may_signs_in_and_only_in_its_domain(place: Place) {
    let (store, domain) = with_domain(&place).await;
    let [anna, boris, desk] = lines(&store, &domain, ["1001", "1002", "1190"]).await;
    store.add_domain("b.example").await.unwrap();
    let foreign = store.require_domain("b.example").await.unwrap();
    let [stranger, strange_desk] = lines(&store, &foreign, ["1001", "1190"]).await;
    store.set_may_sign_in(domain.id, "1002", false).await.unwrap();
    store.sign_in(domain.id, anna, desk).await.unwrap();

    for (domain, visitor, at) in [
        (domain.id, boris, desk),
        (domain.id, stranger, desk),
        (domain.id, anna, strange_desk),
        (foreign.id, anna, desk),
        (foreign.id, anna, strange_desk),
    ] {
        let refused = store.sign_in(domain, visitor, at).await;
        assert!(matches!(refused, Err(StoreError::Missing { .. })), "{refused:?}");
    }
    assert!(!store.sign_out(foreign.id, desk).await.unwrap());
    assert!(!store.end_visit(foreign.id, anna).await.unwrap());
    assert_eq!(seats(&store).await, [pair("1001", "1190")], "whoever sits there stays");
}

pub(crate) async fn who_may_no_longer_or_is_gone_is_signed_in_nowhere(place: Place) {
    let (store, domain) = with_domain(&place).await;
    let [anna, _, desk] = lines(&store, &domain, ["1001", "1002", "1190"]).await;

    store.sign_in(domain.id, anna, desk).await.unwrap();
    let row = store.extension(domain.id, anna).await.unwrap().unwrap();
    let draft = |may_sign_in| ExtensionDraft {
        display_name: "Anna".to_owned(),
        calls_max: None,
        ring_timeout_s: 60,
        user: None,
        media: call::MediaRules::default(),
        outbound: call::outbound::LineOutbound::default(),
        may_sign_in,
    };
    let changed = store.change_extension(domain.id, anna, row.version, &draft(true)).await;
    changed.unwrap();
    assert_eq!(seats(&store).await, [pair("1001", "1190")]);
    let stale = store.change_extension(domain.id, anna, row.version, &draft(false)).await;
    assert!(matches!(stale, Err(StoreError::Conflict)));
    assert_eq!(seats(&store).await, [pair("1001", "1190")]);
    let changed = store.change_extension(domain.id, anna, row.version + 1, &draft(false)).await;
    changed.unwrap();
    assert_eq!(seats(&store).await, []);

    store.set_may_sign_in(domain.id, "1001", true).await.unwrap();
    assert_eq!(seats(&store).await, [], "nobody comes back by itself");
    store.sign_in(domain.id, anna, desk).await.unwrap();
    store.remove_extension(domain.id, "1190").await.unwrap();
    assert_eq!(seats(&store).await, []);
    let [desk] = lines(&store, &domain, ["1190"]).await;
    store.sign_in(domain.id, anna, desk).await.unwrap();
    store.remove_extension(domain.id, "1001").await.unwrap();
    assert_eq!(seats(&store).await, []);
}

pub(crate) async fn the_directory_knows_who_sits_where(place: Place) {
    let (store, domain) = with_domain(&place).await;
    let [anna, desk] = lines(&store, &domain, ["1001", "1190"]).await;
    store.sign_in(domain.id, anna, desk).await.unwrap();

    let loaded = store.load_directory(&Config::default()).await.unwrap();

    let places = loaded.directory.workplaces;
    assert_eq!(places.place_of(domain.id, "1001"), Some("1190"));
    assert_eq!(places.visitor_at(domain.id, "1190"), Some("1001"));
}

/// Who is where, by their numbers.
async fn seats(store: &Store) -> Vec<(String, String)> {
    let rows = store.list_workplaces().await.unwrap();
    rows.into_iter().map(|it| (it.visitor_number, it.place_number)).collect()
}

fn pair(visitor: &str, place: &str) -> (String, String) {
    (visitor.to_owned(), place.to_owned())
}

async fn lines<const N: usize>(
    store: &Store,
    domain: &DomainRow,
    numbers: [&str; N],
) -> [ExtensionId; N] {
    let mut ids = [ExtensionId(uuid::Uuid::nil()); N];
    for (id, number) in ids.iter_mut().zip(numbers) {
        *id = store.add_extension(domain, extension(number)).await.unwrap();
    }
    ids
}

pub(crate) async fn with_domain(place: &Place) -> (Store, DomainRow) {
    let store = place.open().await;
    store.add_domain("a.example").await.unwrap();
    let domain = store.require_domain("a.example").await.unwrap();
    (store, domain)
}

pub(crate) fn extension(number: &str) -> NewExtension {
    NewExtension {
        number: number.to_owned(),
        display_name: number.to_owned(),
        password: Secret::new("sip"),
        calls_max: None,
        ring_timeout_s: 60,
        user: None,
        media: call::MediaRules::default(),
        outbound: call::outbound::LineOutbound::default(),
        may_sign_in: true,
    }
}
