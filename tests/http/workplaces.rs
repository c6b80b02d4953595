//! Lines that are signed in at phones of others, as administrators see and end that.

use crate::{administration, administration::Fake, house::House, places::Place};
use axum::http::{Method, StatusCode};
use base::{DomainId, ExtensionId};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use tandem::{
    config::Secret,
    store::{DomainRow, NewExtension},
};

pub(crate) async fn who_sits_where_is_listed_and_ended_and_calls_go_by_it(place: Place) {
    let (fake, _directory) = Fake::with_plan("");
    let house = administration::house(place, fake.clone()).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let [anna, desk] = lines(&house, &house.domain).await;
    let [stranger, strange_desk] = lines(&house, &house.other).await;
    house.store.sign_in(house.domain.id, anna, desk).await.unwrap();
    house.store.sign_in(house.other.id, stranger, strange_desk).await.unwrap();

    let listed = admin.get("/admin/workplaces").await.json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "others are another domain's: {listed}");
    assert_eq!(items[0]["id"], json!(anna.0));
    assert_eq!(items[0]["line"], "1001");
    assert_eq!(items[0]["workplace_id"], json!(desk.0));
    assert_eq!(items[0]["workplace"], "1190");
    assert!(items[0]["since"].as_str().unwrap().ends_with('Z'), "{listed}");

    let foreign = format!("/admin/workplaces/{stranger}");
    let refused = admin.act(Method::DELETE, &foreign, None, Value::Null).await;
    assert_eq!(refused.refusal(), (404, "not_found".to_owned()));
    let path = format!("/admin/workplaces/{anna}");
    let ended = admin.act(Method::DELETE, &path, None, Value::Null).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT, "{ended:?}");
    assert_eq!(fake.reloads.load(Ordering::SeqCst), 1, "calls go by it");
    let again = admin.act(Method::DELETE, &path, None, Value::Null).await;
    assert_eq!(again.refusal(), (404, "not_found".to_owned()));
    assert_eq!(admin.get("/admin/workplaces").await.json(), json!({ "items": [] }));
    assert_eq!(seats(&house, house.other.id).await, [stranger]);

    let audit = admin.get("/admin/audit").await.json();
    let acts = audit["items"].as_array().unwrap();
    let ended: Vec<_> = acts.iter().filter(|it| it["what"] == "line.signed_out").collect();
    assert_eq!(ended.len(), 1, "{audit}");
    assert_eq!(ended[0]["before"], json!({ "line": "1001", "workplace": "1190" }));
}

pub(crate) async fn the_right_to_sign_in_is_off_unless_it_is_given_and_ends_with_it(place: Place) {
    let house = House::open(place).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let made = admin.post("/admin/lines", json!({ "number": "1001", "name": "Anna" })).await.json();
    assert_eq!(made["may_sign_in"], false);
    let id = made["id"].as_str().unwrap();
    let path = format!("/admin/lines/{id}");
    let draft = |may: bool| json!({ "name": "Anna", "user_id": null, "may_sign_in": may });
    let given = admin.act(Method::PUT, &path, Some(1), draft(true)).await;
    assert_eq!(given.json()["may_sign_in"], true, "{given:?}");
    let desk = house.store.add_extension(&house.domain, extension("1190")).await.unwrap();
    let anna = ExtensionId(id.parse().unwrap());
    house.store.sign_in(house.domain.id, anna, desk).await.unwrap();

    let kept = admin.act(Method::PUT, &path, Some(2), draft(true)).await;
    assert_eq!(kept.status, StatusCode::OK);
    assert_eq!(seats(&house, house.domain.id).await, [anna]);
    let taken = admin.act(Method::PUT, &path, Some(3), draft(false)).await;
    assert_eq!(taken.status, StatusCode::OK);

    assert_eq!(seats(&house, house.domain.id).await, []);
}

/// Who of a domain is signed in.
async fn seats(house: &House, domain: DomainId) -> Vec<ExtensionId> {
    let rows = house.store.list_workplaces().await.unwrap().into_iter();
    rows.filter(|it| it.domain == domain).map(|it| it.visitor).collect()
}

async fn lines(house: &House, domain: &DomainRow) -> [ExtensionId; 2] {
    let add = async |number: &str| house.store.add_extension(domain, extension(number)).await;
    [add("1001").await.unwrap(), add("1190").await.unwrap()]
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
