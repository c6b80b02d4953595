//! What people do about themselves: passwords, sessions, settings; and walls.

use crate::{
    house::{House, PASSWORD},
    places::Place,
};
use axum::http::{Method, StatusCode};
use serde_json::json;
use std::time::Duration;
use tandem::store::Right;

pub(crate) async fn a_new_password_ends_the_other_sessions(place: Place) {
    let house = House::open(place).await;
    let anna = house.visitor(&house.domain, "anna", &[]).await;
    let mut elsewhere = house.stranger();
    elsewhere.sign_in("a.example", "anna", PASSWORD).await;
    let change = async |old: &str, new: &str| {
        anna.post("/me/password", json!({ "old": old, "new": new })).await
    };

    let wrong = change("wrong", "a better one").await;
    assert_eq!(wrong.json()["errors"][0]["field"], "old");
    assert_eq!(wrong.refusal(), (422, "invalid".to_owned()));
    let short = change(PASSWORD, "short").await;
    assert_eq!(short.json()["errors"][0]["code"], "too_short");
    assert_eq!(elsewhere.get("/me").await.status, StatusCode::OK);

    assert_eq!(change(PASSWORD, "a better one").await.status, StatusCode::NO_CONTENT);

    assert_eq!(anna.get("/me").await.status, StatusCode::OK);
    assert_eq!(elsewhere.get("/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(elsewhere.sign_in("a.example", "anna", PASSWORD).await.status.as_u16(), 401);
    assert_eq!(elsewhere.sign_in("a.example", "anna", "a better one").await.status.as_u16(), 200);
}

pub(crate) async fn one_signs_out_elsewhere_but_nobody_else_out(place: Place) {
    let house = House::open(place).await;
    let anna = house.visitor(&house.domain, "anna", &[]).await;
    let boris = house.visitor(&house.domain, "boris", &["platform_admin"]).await;
    let mut elsewhere = house.stranger();
    elsewhere.sign_in("a.example", "anna", PASSWORD).await;
    let ids = async |visitor: &crate::house::Visitor, is_current: bool| {
        let list = visitor.get("/me/sessions").await.json();
        let items = list["items"].as_array().unwrap().iter();
        let wanted = items.filter(|it| it["is_current"] == is_current);
        wanted.map(|it| it["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let [theirs] = &ids(&anna, false).await[..] else { panic!("one session elsewhere") };
    let delete = |id: &str| (Method::DELETE, format!("/me/sessions/{id}"));

    let (method, path) = delete(theirs);
    let by_boris = boris.act(method.clone(), &path, None, json!({})).await;
    assert_eq!(by_boris.refusal(), (404, "not_found".to_owned()));
    let by_anna = anna.act(method, &path, None, json!({})).await;

    assert_eq!(by_anna.status, StatusCode::NO_CONTENT);
    assert_eq!(elsewhere.get("/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anna.get("/me").await.status, StatusCode::OK);
}

pub(crate) async fn settings_are_ones_own_and_bounded(place: Place) {
    let house = House::open(place).await;
    let anna = house.visitor(&house.domain, "anna", &[]).await;
    let boris = house.visitor(&house.domain, "boris", &[]).await;
    let put = async |key: &str, value: serde_json::Value| {
        anna.act(Method::PUT, &format!("/me/settings/{key}"), None, value).await.status.as_u16()
    };

    assert_eq!(put("theme", json!("dark")).await, 204);
    assert_eq!(put("list.calls", json!({ "sort": "-time", "columns": ["А"] })).await, 204);
    assert_eq!(put("theme", json!("light")).await, 204);

    let settings = anna.get("/me/settings").await.json();
    assert_eq!(
        settings,
        json!({ "theme": "light", "list.calls": { "sort": "-time", "columns": ["А"] } })
    );
    assert_eq!(boris.get("/me/settings").await.json(), json!({}));
    assert_eq!(put("theme", json!("x".repeat(17_000))).await, 422);
    assert_eq!(put("a%20key", json!(1)).await, 422);
    for n in 2..200 {
        assert_eq!(put(&format!("key{n}"), json!(n)).await, 204);
    }
    assert_eq!(put("one_too_many", json!(1)).await, 422);
    assert_eq!(put("theme", json!("dark")).await, 204, "a key that is there may change");
    anna.act(Method::DELETE, "/me/settings/theme", None, json!({})).await;
    assert_eq!(put("one_too_many", json!(1)).await, 204);
}

pub(crate) async fn a_wall_shows_the_board_and_may_nothing_else(place: Place) {
    let house = House::open(place).await;
    let lead = house.visitor(&house.domain, "lead", &["callcenter_supervisor"]).await;
    let made = lead.post("/wall-tokens", json!({ "title": "Зал 1", "days": 30 })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let (id, token) = (made.json()["id"].clone(), made.json()["token"].clone());
    let mut wall = house.stranger();

    let wrong = wall.post("/auth/wall", json!({ "token": "0".repeat(64) })).await;
    assert_eq!(wrong.refusal(), (401, "bad_credentials".to_owned()));
    let reply = wall.post("/auth/wall", json!({ "token": token })).await;
    wall.remember(&reply);

    let me = wall.get("/me").await.json();
    assert_eq!(me["rights"], json!([Right::WallView.as_str()]));
    assert_eq!(me["name"], "Зал 1");
    assert_ne!(wall.get("/extensions").await.status, StatusCode::FORBIDDEN, "the board itself");
    assert_eq!(wall.get("/calls").await.refusal(), (403, "forbidden".to_owned()));
    assert_eq!(wall.get("/wall-tokens").await.refusal(), (403, "forbidden".to_owned()));
    assert_eq!(wall.get("/me/settings").await.refusal(), (403, "forbidden".to_owned()));
    let listed = lead.get("/wall-tokens").await.json();
    assert_eq!(listed["items"][0]["id"], id);
    assert!(!listed.to_string().contains(token.as_str().unwrap()), "a secret is shown again");

    let path = format!("/wall-tokens/{}", id.as_str().unwrap());
    let stranger = house.visitor(&house.other, "lead", &["callcenter_supervisor"]).await;
    let by_other = stranger.act(Method::DELETE, &path, None, json!({})).await;
    assert_eq!(by_other.refusal(), (404, "not_found".to_owned()));
    assert_eq!(wall.get("/me").await.status, StatusCode::OK);
    lead.act(Method::DELETE, &path, None, json!({})).await;
    assert_eq!(wall.get("/me").await.status, StatusCode::UNAUTHORIZED);
}

pub(crate) async fn a_walls_session_ends_with_its_token(place: Place) {
    let house = House::open(place).await;
    let now = house.clock.now().unix;
    let until = base::UnixMillis(now.0 + 3_600_000);
    let (_, token) = house.store.add_wall(house.domain.id, "Зал", now, until).await.unwrap();
    let mut wall = house.stranger();
    let reply = wall.post("/auth/wall", json!({ "token": token })).await;
    wall.remember(&reply);

    house.clock.advance(Duration::from_mins(59));
    assert_eq!(wall.get("/me").await.status, StatusCode::OK);
    house.clock.advance(Duration::from_mins(1));

    assert_eq!(wall.get("/me").await.status, StatusCode::UNAUTHORIZED);
    let again = wall.post("/auth/wall", json!({ "token": token })).await;
    assert_eq!(again.refusal(), (401, "bad_credentials".to_owned()));
}
