//! Whom domains and their lines take calls from.

use crate::{places::Place, rows::extension};
use base::DomainId;
use call::screening::{CallerList, CallerPattern, ListOwner};
use std::collections::HashMap;
use tandem::store::Store;

pub(crate) async fn a_domain_and_its_lines_have_lists_of_their_own(place: Place) {
    let store = place.open().await;
    let [own, other] = [domain(&store, "a.example").await, domain(&store, "b.example").await];
    let row = store.require_domain("a.example").await.unwrap();
    let line = store.add_extension(&row, extension("1001")).await.unwrap();
    let (of_own, of_line) = (ListOwner::Domain(own), ListOwner::Line(line));
    let long = list(1000..1700, 2000..3000);
    let short = list(1000..1002, 0..0);

    store.set_caller_list(own, None, &list(0..9, 9..10)).await.unwrap();
    store.set_caller_list(own, None, &long).await.unwrap();
    store.set_caller_list(own, Some(line), &short).await.unwrap();

    assert_eq!(store.caller_list(of_own).await.unwrap(), long, "in place of the one before");
    assert_eq!(store.caller_list(of_line).await.unwrap(), short);
    let of_other = store.caller_list(ListOwner::Domain(other)).await.unwrap();
    assert_eq!(of_other, CallerList::default());
    let all = HashMap::from([(of_own, long), (of_line, short.clone())]);
    assert_eq!(store.caller_lists().await.unwrap(), all);

    store.set_caller_list(own, None, &CallerList::default()).await.unwrap();
    assert_eq!(store.caller_lists().await.unwrap(), HashMap::from([(of_line, short)]));
}

async fn domain(store: &Store, name: &str) -> DomainId {
    store.add_domain(name).await.unwrap()
}

/// Of numbers that are in the order of their digits.
fn list(blocked: std::ops::Range<u32>, allowed: std::ops::Range<u32>) -> CallerList {
    let read = |it: u32| CallerPattern::parse(&it.to_string()).unwrap();
    CallerList { blocked: blocked.map(read).collect(), allowed: allowed.map(read).collect() }
}
