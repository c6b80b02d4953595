//! The administration of people and roles, and what the audit tells of it.

use crate::{
    house::{House, PASSWORD, Visitor},
    places::Place,
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

pub(crate) async fn a_person_is_made_changed_and_removed(place: Place) {
    let house = House::open(place).await;
    let admin = house.visitor(&house.domain, "admin", &["platform_admin"]).await;
    let operator = role_id(&admin, "callcenter_operator").await;
    let new = json!({
        "login": "anna", "password": "first password", "name": "Анна", "email": "anna@a.example",
        "position": "", "role_ids": [operator],
    });

    let made = admin.post("/admin/users", new.clone()).await;

    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let user = made.json();
    assert_eq!((&user["version"], &user["position"]), (&json!(1), &Value::Null));
    assert_eq!(user["role_ids"], json!([operator]));
    assert!(!made.json().to_string().contains("password"), "{user}");
    let again = admin.post("/admin/users", new).await;
    assert_eq!(again.json()["errors"][0]["field"], "login");
    assert_eq!(again.refusal(), (409, "exists".to_owned()));
    let wrong = json!({ "login": "a b", "password": "long enough", "name": "x", "role_ids": [] });
    assert_eq!(admin.post("/admin/users", wrong).await.json()["errors"][0]["field"], "login");

    let path = format!("/admin/users/{}", user["id"].as_str().unwrap());
    let profile = json!({ "name": "Анна П.", "email": "not an address", "role_ids": [] });
    let bad = admin.act(Method::PUT, &path, Some(1), profile).await;
    assert_eq!(bad.json()["errors"][0]["field"], "email");
    let profile = json!({ "name": "Анна П.", "position": "Старшая", "role_ids": [] });
    let changed = admin.act(Method::PUT, &path, Some(1), profile.clone()).await;
    assert_eq!(changed.json()["version"], 2, "{changed:?}");
    let late = admin.act(Method::PUT, &path, Some(1), profile.clone()).await;
    assert_eq!(late.json()["current"]["name"], "Анна П.");
    assert_eq!(late.refusal(), (409, "version_conflict".to_owned()));
    let blind = admin.act(Method::PUT, &path, None, profile).await;
    assert_eq!(blind.json()["errors"][0]["field"], "If-Match");
    let found = admin.get("/admin/users?q=%D1%81%D1%82%D0%B0%D1%80").await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "by the position");

    let mut anna = house.stranger();
    assert_eq!(anna.sign_in("a.example", "anna", "first password").await.status, StatusCode::OK);
    let other = json!({ "password": "second password" });
    let given = admin.post(&format!("{path}/password"), other).await;
    assert_eq!(given.status, StatusCode::NO_CONTENT);
    assert_eq!(anna.get("/me").await.status, StatusCode::UNAUTHORIZED);
    anna.sign_in("a.example", "anna", "second password").await;
    admin.act(Method::DELETE, &path, Some(2), json!({})).await;
    assert_eq!(anna.get("/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(admin.get(&path).await.refusal(), (404, "not_found".to_owned()));
    let told: Vec<_> = audit(&admin, "user").await;
    assert_eq!(told, ["user.removed", "user.password_changed", "user.changed", "user.made"]);
}

pub(crate) async fn somebody_who_is_disabled_is_out_at_once(place: Place) {
    let house = House::open(place).await;
    let admin = house.visitor(&house.domain, "admin", &["platform_admin"]).await;
    let id = house.add(&house.domain, "anna", &["callcenter_operator"]).await;
    let mut anna = house.stranger();
    anna.sign_in("a.example", "anna", PASSWORD).await;
    let mut changes = house.api.changes.subscribe();

    let done = admin.post(&format!("/admin/users/{id}/disable"), json!({})).await;

    assert_eq!(done.json()["is_disabled"], true);
    assert_eq!(anna.get("/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anna.sign_in("a.example", "anna", PASSWORD).await.status.as_u16(), 401);
    let change = changes.try_recv().unwrap();
    assert_eq!((change.object, change.id, change.by.as_str()), ("user", id.to_string(), "admin"));
    assert_eq!((change.domain, change.version), (house.domain.id, Some(2)));
    admin.post(&format!("/admin/users/{id}/enable"), json!({})).await;
    assert_eq!(anna.sign_in("a.example", "anna", PASSWORD).await.status.as_u16(), 200);
}

pub(crate) async fn nobody_disposes_of_rights_that_they_do_not_have(place: Place) {
    let house = House::open(place).await;
    let master = house.visitor(&house.domain, "master", &["platform_admin"]).await;
    let lead = house.visitor(&house.domain, "lead", &["callcenter_admin"]).await;
    let (platform, operator) =
        (role_id(&lead, "platform_admin").await, role_id(&lead, "callcenter_operator").await);
    let new = |login: &str, role: &Value| json!({ "login": login, "password": "long enough", "name": "x", "role_ids": [role] });
    let forbidden = (403, "forbidden".to_owned());

    assert_eq!(lead.post("/admin/users", new("x", &platform)).await.refusal(), forbidden);
    assert_eq!(lead.post("/admin/users", new("y", &operator)).await.status, StatusCode::CREATED);
    let me = lead.get("/me").await.json()["id"].as_str().unwrap().to_owned();
    let more = json!({ "name": "Lead", "role_ids": [platform] });
    let own = format!("/admin/users/{me}");
    assert_eq!(lead.act(Method::PUT, &own, Some(1), more).await.refusal(), forbidden);
    let id = master.get("/me").await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/users/{id}");
    let less = json!({ "name": "Master", "role_ids": [] });
    assert_eq!(lead.act(Method::PUT, &path, Some(1), less.clone()).await.refusal(), forbidden);
    assert_eq!(lead.act(Method::DELETE, &path, Some(1), json!({})).await.refusal(), forbidden);
    for (act, body) in [("password", json!({ "password": "taken over" })), ("disable", json!({}))] {
        let reply = lead.post(&format!("{path}/{act}"), body).await;
        assert_eq!(reply.refusal(), forbidden, "{act}");
    }
    let role = json!({
        "code": "mine", "title": { "ru": "Моя", "en": "Mine" }, "rights": ["domains.manage"],
    });
    assert_eq!(lead.post("/admin/roles", role).await.refusal(), forbidden);

    let in_use = (409, "in_use".to_owned());
    assert_eq!(master.act(Method::PUT, &path, Some(1), less).await.refusal(), in_use);
    assert_eq!(master.act(Method::DELETE, &path, Some(1), json!({})).await.refusal(), in_use);
    let disabled = master.post(&format!("{path}/disable"), json!({})).await;
    assert_eq!(disabled.refusal(), in_use, "the last who may do everything");
    assert_eq!(master.get("/me").await.json()["roles"][0]["code"], "platform_admin");
}

pub(crate) async fn a_role_is_made_given_changed_and_removed(place: Place) {
    let house = House::open(place).await;
    let admin = house.visitor(&house.domain, "admin", &["platform_admin"]).await;
    let body = |rights: Value| json!({ "code": "listener", "title": { "ru": "Слушатель", "en": "Listener" }, "rights": rights });
    let made = admin.post("/admin/roles", body(json!(["kb.use"]))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/roles/{id}");
    let again = admin.post("/admin/roles", body(json!([]))).await;
    assert_eq!(again.json()["errors"][0]["field"], "code");
    let unknown = admin.post("/admin/roles", body(json!(["fly"]))).await;
    assert_eq!(unknown.json()["errors"][0]["code"], "unknown");
    let anna = house.visitor(&house.domain, "anna", &["listener"]).await;
    assert_eq!(anna.get("/me").await.json()["rights"], json!(["kb.use"]));

    let changed = admin.act(Method::PUT, &path, Some(1), body(json!(["qm.view"]))).await;

    assert_eq!((&changed.json()["version"], &changed.json()["holders"]), (&json!(2), &json!(1)));
    assert_eq!(anna.get("/me").await.json()["rights"], json!(["qm.view"]));
    let used = admin.act(Method::DELETE, &path, Some(2), json!({})).await;
    assert_eq!(used.refusal(), (409, "in_use".to_owned()));
    let late = admin.act(Method::PUT, &path, Some(1), body(json!([]))).await;
    assert_eq!(late.refusal(), (409, "version_conflict".to_owned()));
    let user = house.store.require_user(house.domain.id, "anna").await.unwrap();
    house.store.remove_user(house.domain.id, user.id, 1).await.unwrap();
    let removed = admin.act(Method::DELETE, &path, Some(2), json!({})).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let built_in = role_id(&admin, "km_user").await;
    let path = format!("/admin/roles/{}", built_in.as_str().unwrap());
    let kept = admin.act(Method::DELETE, &path, Some(1), json!({})).await;
    assert_eq!(kept.refusal(), (403, "forbidden".to_owned()));
    let rights = admin.get("/admin/rights").await.json();
    assert_eq!(rights["items"][0], json!({ "code": "workspace.use", "is_mine": true }));
}

pub(crate) async fn the_audit_is_paged_filtered_and_of_its_domain(place: Place) {
    let house = House::open(place).await;
    let admin = house.visitor(&house.domain, "admin", &["platform_admin"]).await;
    let other = house.visitor(&house.other, "admin", &["callcenter_admin"]).await;
    let mut stranger = house.stranger();
    for _ in 0..3 {
        stranger.sign_in("a.example", "admin", "wrong").await;
        house.clock.advance(std::time::Duration::from_secs(1));
    }

    let first = admin.get("/admin/audit?what=session&limit=2").await.json();

    assert_eq!(first["total_estimate"], 4, "{first}");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.get(&format!("/admin/audit?what=session&limit=2&cursor={cursor}")).await;
    let pages = [first, second.json()];
    let told: Vec<_> = pages.iter().flat_map(|it| it["items"].as_array().unwrap()).collect();
    let what: Vec<_> = told.iter().map(|it| it["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["session.refused", "session.refused", "session.refused", "session.opened"]);
    assert_eq!(pages[1]["next_cursor"], Value::Null);
    assert_eq!(told[3]["ip"], "127.0.0.1");
    let since = told[0]["at"].as_str().unwrap();
    let late = admin.get(&format!("/admin/audit?from={since}")).await.json();
    assert_eq!(late["total_estimate"], 1);
    assert_eq!(admin.get("/admin/audit?from=yesterday").await.status.as_u16(), 422);
    assert_eq!(other.get("/admin/audit").await.json()["total_estimate"], 1, "its own sign-in");
}

async fn role_id(visitor: &Visitor, code: &str) -> Value {
    let roles = visitor.get("/admin/roles").await.json();
    let mut items = roles["items"].as_array().unwrap().iter();
    items.find(|it| it["code"] == code).unwrap()["id"].clone()
}

/// What happened to objects of a kind, latest first.
async fn audit(visitor: &Visitor, object: &str) -> Vec<String> {
    let page = visitor.get(&format!("/admin/audit?object={object}")).await.json();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|it| it["what"].as_str().unwrap().to_owned()).collect()
}
