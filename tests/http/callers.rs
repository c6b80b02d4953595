//! Black and white lists of callers.

use crate::{
    administration::{Fake, house},
    mailboxes::line,
    places::Place,
};
use axum::http::{Method, StatusCode};
use call::screening::{CallerList, CallerPattern, ListOwner};
use serde_json::json;
use std::sync::atomic::Ordering;

pub(crate) async fn a_domain_and_a_line_have_lists_and_calls_go_by_them(place: Place) {
    let (fake, _directory) = Fake::with_trunks("", "", &[]);
    let house = house(place, fake.clone()).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let (domain, line) = (house.domain.id, line(&house, None).await);
    let of_domain = format!("/admin/domains/{domain}/callers");
    let of_line = format!("/admin/lines/{line}/callers");
    let nobody = json!({ "blocked": [], "allowed": [] });
    for path in [&of_domain, &of_line] {
        assert_eq!(admin.get(path).await.json(), nobody);
    }

    let wanted = json!({ "blocked": ["+7900*", " +7 900*", "Anonymous"], "allowed": [] });
    let set = admin.act(Method::PUT, &of_domain, None, wanted).await;
    assert_eq!(set.status, StatusCode::OK, "{set:?}");
    let kept = json!({ "blocked": ["+7900*", "anonymous"], "allowed": [] });
    assert_eq!(set.json(), kept, "each once, as they are kept");
    let wanted = json!({ "blocked": [], "allowed": ["8 (495) 123-45-67"] });
    let set = admin.act(Method::PUT, &of_line, None, wanted).await;
    assert_eq!(set.json(), json!({ "blocked": [], "allowed": ["84951234567"] }), "{set:?}");
    assert_eq!(admin.get(&of_domain).await.json(), kept, "the other one stays");
    assert_eq!(fake.reloads.load(Ordering::SeqCst), 2, "calls go by them at once");
    let lists = house.store.caller_lists().await.unwrap();
    let read = |text| CallerPattern::parse(text).unwrap();
    let expected =
        CallerList { blocked: ["+7900*", "anonymous"].map(read).into(), allowed: Vec::new() };
    assert_eq!((lists.len(), lists.get(&ListOwner::Domain(domain))), (2, Some(&expected)));

    let emptied = admin.act(Method::PUT, &of_domain, None, nobody.clone()).await;
    assert_eq!(emptied.json(), nobody);
    assert_eq!(house.store.caller_lists().await.unwrap().len(), 1);
    house.store.remove_extension(domain, "1001").await.unwrap();
    assert!(house.store.caller_lists().await.unwrap().is_empty(), "it goes with its line");
    assert_eq!(admin.get(&of_line).await.refusal(), (404, "not_found".to_owned()));

    let audit = admin.get("/admin/audit").await.json();
    let acts = audit["items"].as_array().unwrap();
    let of = |what: &str| acts.iter().filter(|it| it["what"] == what).collect::<Vec<_>>();
    assert_eq!((of("domain.callers_changed").len(), of("line.callers_changed").len()), (2, 1));
    let last = &of("domain.callers_changed")[0];
    assert_eq!((&last["before"], &last["after"]), (&kept, &nobody), "{audit}");
}

pub(crate) async fn what_means_no_caller_is_told_beside_its_entry(place: Place) {
    let (fake, _directory) = Fake::with_trunks("", "", &[]);
    let house = house(place, fake).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let path = format!("/admin/lines/{}/callers", line(&house, None).await);
    let many: Vec<_> = (0..1001).map(|it| it.to_string()).collect();

    for (body, field, code) in [
        (json!({ "blocked": ["+7900*", "spam"], "allowed": [] }), "blocked[1]", "malformed"),
        (json!({ "blocked": [], "allowed": ["79*16"] }), "allowed[0]", "malformed"),
        (json!({ "blocked": many, "allowed": [] }), "blocked", "too_many"),
    ] {
        let refused = admin.act(Method::PUT, &path, None, body).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{refused:?}");
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)));
    }
    assert!(house.store.caller_lists().await.unwrap().is_empty(), "all of it or nothing");
}
