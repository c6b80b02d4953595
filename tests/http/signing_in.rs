//! Signing in and out, and what keeps a session.

use crate::{
    house::{House, PASSWORD},
    places::Place,
};
use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use std::time::Duration;

pub(crate) async fn somebody_signs_in_and_out(place: Place) {
    let house = House::open(place).await;
    house.add(&house.domain, "anna", &["callcenter_operator", "km_user"]).await;
    let mut anna = house.stranger();

    let reply = anna.sign_in("A.example", "anna", PASSWORD).await;

    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-tandem="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; Secure; SameSite=Strict"), "{cookie}");
    let me = anna.get("/me").await.json();
    assert_eq!(me, reply.json());
    assert_eq!(me["domain"]["name"], "a.example");
    assert_eq!(me["locale"], "ru");
    assert_eq!(me["roles"][0]["title"]["ru"], "Оператор контакт-центра");
    let rights: Vec<_> = me["rights"].as_array().unwrap().iter().collect();
    assert!(rights.contains(&&"kb.use".into()) && !rights.contains(&&"calls.team".into()));
    let routes: Vec<_> = (me["products"].as_array().unwrap().iter())
        .filter(|it| it["locked"].is_null())
        .map(|it| it["route"].as_str().unwrap())
        .collect();
    assert_eq!(routes, ["/workspace/calls"]);

    let out = anna.post("/auth/logout", serde_json::json!({})).await;

    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(anna.get("/me").await.refusal(), (401, "unauthenticated".to_owned()));
}

pub(crate) async fn what_is_wrong_with_the_credentials_is_not_told(place: Place) {
    let house = House::open(place).await;
    let id = house.add(&house.domain, "anna", &[]).await;
    house.add(&house.other, "boris", &[]).await;
    let mut stranger = house.stranger();
    let mut told = Vec::new();

    for (domain, login, password) in [
        ("a.example", "anna", "wrong"),
        ("a.example", "nobody", PASSWORD),
        ("c.example", "anna", PASSWORD),
        ("b.example", "anna", PASSWORD),
        ("a.example", "boris", PASSWORD),
    ] {
        told.push(stranger.sign_in(domain, login, password).await);
    }
    house.store.set_user_disabled(house.domain.id, id, true).await.unwrap();
    told.push(stranger.sign_in("a.example", "anna", PASSWORD).await);

    for reply in &told {
        assert_eq!(reply.refusal(), (401, "bad_credentials".to_owned()));
        assert_eq!(reply.body, told[0].body);
        assert!(!reply.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(told[0].json()["title"], "Неверный домен, логин или пароль");
    stranger.language = "en-GB,en;q=0.9";
    let english = stranger.sign_in("a.example", "anna", "wrong").await;
    assert_eq!(english.json()["title"], "Wrong domain, login or password");
}

pub(crate) async fn a_request_that_changes_something_needs_the_token_and_our_origin(place: Place) {
    let house = House::open(place).await;
    let mut anna = house.visitor(&house.domain, "anna", &[]).await;
    let choice = serde_json::json!({ "locale": "en" });
    let put = async |anna: &crate::house::Visitor| {
        anna.act(Method::PUT, "/me/locale", None, choice.clone()).await
    };

    assert_eq!(put(&anna).await.status, StatusCode::NO_CONTENT);
    assert_eq!(anna.get("/me").await.json()["locale"], "en");
    let token = std::mem::take(&mut anna.csrf);
    assert_eq!(put(&anna).await.refusal(), (403, "csrf".to_owned()));
    anna.csrf = "0".repeat(token.len());
    assert_eq!(put(&anna).await.refusal(), (403, "csrf".to_owned()));
    anna.csrf = token;
    for origin in ["http://evil.example", "null", "http://desk.example:8081"] {
        let request = anna.request(Method::PUT, "/me/locale");
        let mut request = request.body(Body::empty()).unwrap();
        request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        let reply = anna.send_whole(request).await;
        assert_eq!(reply.refusal(), (403, "csrf".to_owned()), "{origin}");
    }
}

pub(crate) async fn a_session_ends_when_it_is_idle_or_old(place: Place) {
    let house = House::open(place).await;
    let anna = house.visitor(&house.domain, "anna", &[]).await;
    let boris = house.visitor(&house.domain, "boris", &[]).await;
    let minute = Duration::from_mins(1);

    house.clock.advance(minute * 719);
    assert_eq!(anna.get("/me").await.status, StatusCode::OK);
    house.clock.advance(minute);
    assert_eq!(anna.get("/me").await.status, StatusCode::OK, "it was in use a minute ago");
    assert_eq!(boris.get("/me").await.status, StatusCode::UNAUTHORIZED, "idle for 12 hours");

    for _ in 0..25 {
        house.clock.advance(Duration::from_hours(6));
        assert_eq!(anna.get("/me").await.status, StatusCode::OK);
    }
    house.clock.advance(Duration::from_hours(6));
    assert_eq!(anna.get("/me").await.status, StatusCode::UNAUTHORIZED, "a week old");
}

pub(crate) async fn a_cookie_for_plain_http_is_given_only_where_the_configuration_says_so(
    place: Place,
) {
    let house = House::with_config(place, "[http]\nsecure_cookies = false\n").await;
    house.add(&house.domain, "anna", &[]).await;
    let mut anna = house.stranger();

    let reply = anna.sign_in("a.example", "anna", PASSWORD).await;

    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("tandem="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    assert_eq!(anna.get("/me").await.status, StatusCode::OK);
    let plain = anna.cookie.clone();
    anna.cookie = format!("__Host-{plain}");
    assert_eq!(anna.get("/me").await.status, StatusCode::UNAUTHORIZED, "that is another's name");
    anna.cookie = plain;
    let out = anna.post("/auth/logout", serde_json::json!({})).await;
    let cleared = out.headers[header::SET_COOKIE].to_str().unwrap();
    assert_eq!(cleared, "tandem=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    assert_eq!(anna.get("/me").await.status, StatusCode::UNAUTHORIZED);
}
