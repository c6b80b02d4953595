//! The call log.

use crate::{
    places::Place,
    sample::{cdr, domain},
};
use base::{DomainId, Rng, UnixMillis};
use call::Cdr;
use tandem::store::CdrFilter;

pub(crate) async fn records_come_back_as_they_were(place: Place) {
    let store = place.open().await;
    let mut strange = cdr(domain(), 1);
    strange.caller.insert_str(0, "\0'; DROP TABLE cdr; --");
    strange.media.packets_received = u64::MAX;
    strange.media.latched = None;
    let records = vec![strange, cdr(domain(), 2), cdr(domain(), 3)];

    assert_eq!(store.insert_cdrs(&records).await.unwrap(), 3);

    let mut found = store.page_cdrs(&CdrFilter::default(), None, 10).await.unwrap();
    found.reverse();
    let mut expected = records;
    // What no engine keeps: a NUL in a text, a count above 2^63.
    expected[0].caller = expected[0].caller.replace('\0', "\u{fffd}");
    expected[0].media.packets_received = i64::MAX as u64;
    assert_eq!(found, expected);
}

pub(crate) async fn a_batch_that_is_inserted_twice_is_there_once(place: Place) {
    let store = place.open().await;
    let records: Vec<Cdr> = (0..777).map(|n| cdr(domain(), n)).collect();

    assert_eq!(store.insert_cdrs(&records[..500]).await.unwrap(), 500);
    assert_eq!(store.insert_cdrs(&records).await.unwrap(), 277);
    assert_eq!(store.insert_cdrs(&records).await.unwrap(), 0);
    assert_eq!(store.insert_cdrs(&[]).await.unwrap(), 0);

    let found = store.page_cdrs(&CdrFilter::default(), None, 1000).await.unwrap();
    assert_eq!(found.len(), 777);
}

pub(crate) async fn pages_go_back_in_time_without_gap_or_repetition(place: Place) {
    let store = place.open().await;
    let records: Vec<Cdr> = (0..25).map(|n| cdr(domain(), n)).collect();
    store.insert_cdrs(&records).await.unwrap();

    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = store.page_cdrs(&CdrFilter::default(), before, 10).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        assert!(page.len() <= 10);
        seen.extend(page);
    }

    seen.reverse();
    assert_eq!(seen, records);
}

pub(crate) async fn filters_keep_domains_numbers_and_times_apart(place: Place) {
    let store = place.open().await;
    let other = DomainId::new(UnixMillis(2), &mut Rng::from_number(2));
    let mut records: Vec<Cdr> = (0..9).map(|n| cdr(domain(), n)).collect();
    records.push(cdr(other, 9));
    store.insert_cdrs(&records).await.unwrap();
    let ids = async |filter: CdrFilter| {
        let page = store.page_cdrs(&filter, None, 100).await.unwrap();
        page.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let nothing = CdrFilter::default;

    assert_eq!(ids(CdrFilter { domain: Some(other), ..nothing() }).await, [records[9].id]);
    let by_number = CdrFilter { number: Some("103".to_owned()), ..nothing() };
    assert_eq!(ids(by_number).await, [records[3].id]);
    let by_party = CdrFilter { number: Some(records[4].party.clone()), ..nothing() };
    assert_eq!(ids(by_party).await, [records[4].id]);
    let by_call = CdrFilter { call: Some(records[5].call), ..nothing() };
    assert_eq!(ids(by_call).await, [records[5].id]);
    let span = CdrFilter {
        domain: Some(domain()),
        from: Some(records[6].started),
        until: Some(records[8].started),
        ..nothing()
    };
    assert_eq!(ids(span).await, [records[7].id, records[6].id]);
}
