//! What the door does against floods, repetitions and hangers-on.

use crate::{
    house::{House, PASSWORD},
    places::Place,
};
use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use serde_json::json;
use std::time::Duration;
use tandem::cli::{self, UserCommand, admin::Terminal};
use tokio::{sync::watch, time::timeout};

pub(crate) async fn ten_wrong_passwords_close_the_account_for_a_while(place: Place) {
    let house = House::open(place).await;
    house.add(&house.domain, "anna", &[]).await;
    let mut stranger = house.stranger();
    for _ in 0..10 {
        assert_eq!(stranger.sign_in("a.example", "anna", "wrong").await.status.as_u16(), 401);
    }

    let told = stranger.sign_in("a.example", "anna", PASSWORD).await;

    assert_eq!(told.refusal(), (429, "too_many_attempts".to_owned()));
    assert_eq!(told.headers["retry-after"], "600");
    let nobody = stranger.sign_in("a.example", "nobody", PASSWORD).await;
    assert_eq!(nobody.status.as_u16(), 401, "another account is heard");
    house.clock.advance(Duration::from_mins(10));
    assert_eq!(stranger.sign_in("a.example", "anna", PASSWORD).await.status, StatusCode::OK);
}

pub(crate) async fn a_command_that_is_sent_twice_is_carried_out_once(place: Place) {
    let house = House::open(place).await;
    let lead = house.visitor(&house.domain, "lead", &["callcenter_supervisor"]).await;
    let other = house.visitor(&house.domain, "other", &["callcenter_supervisor"]).await;
    let make = async |visitor: &crate::house::Visitor, key: &str| {
        let request = visitor.request(Method::POST, "/wall-tokens").header("idempotency-key", key);
        visitor.send_json(request, &json!({ "title": "Зал", "days": 1 })).await
    };

    let (first, second) = tokio::join!(make(&lead, "k1"), make(&lead, "k1"));

    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!((first.status, first.body), (second.status, second.body.clone()));
    assert_eq!(house.store.walls(house.domain.id).await.unwrap().len(), 1);
    assert_ne!(make(&lead, "k2").await.body, second.body);
    assert_ne!(make(&other, "k1").await.body, second.body, "another's key is another key");
    house.clock.advance(Duration::from_mins(10));
    assert_ne!(make(&lead, "k1").await.body, second.body, "ten minutes later it is a new command");
}

pub(crate) async fn a_session_that_is_watched_hears_of_its_end_whoever_brings_it(place: Place) {
    let house = House::open(place).await;
    let (stop, stopping) = watch::channel(false);
    let keeper = tokio::spawn(house.api.clone().keep_house(stopping));
    for by_command_line in [false, true] {
        let login = if by_command_line { "anna" } else { "boris" };
        let visitor = house.visitor(&house.domain, login, &[]).await;
        let user = house.store.require_user(house.domain.id, login).await.unwrap();
        let limits = house.api.session_limits();
        let now = house.clock.now().unix;
        let row = &house.store.sessions_of_user(now, limits, user.id).await.unwrap()[0];
        let mut watch = house.api.watch_session(row.id);
        assert!(!watch.is_over());

        if by_command_line {
            disable(&house, login).await;
        } else {
            visitor.post("/auth/logout", json!({})).await;
        }

        timeout(Duration::from_secs(5), watch.ended()).await.unwrap();
        assert_eq!(visitor.get("/me").await.status, StatusCode::UNAUTHORIZED);
    }
    assert!(house.api.sessions.is_empty(), "a watch that is gone watches on");
    stop.send(true).unwrap();
    keeper.await.unwrap();
}

pub(crate) async fn what_is_no_request_is_refused_in_words(place: Place) {
    let house = House::open(place).await;
    let anna = house.visitor(&house.domain, "anna", &[]).await;
    let put = |kind: &str, body: String| {
        let request = anna.request(Method::PUT, "/me/locale").header(header::CONTENT_TYPE, kind);
        anna.send(request, Body::from(body))
    };

    let cases = [
        (put("text/plain", "{}".to_owned()).await, 422, "Content-Type"),
        (put("application/json", "{".to_owned()).await, 422, "body"),
        (put("application/json", r#"{"locale":"fr"}"#.to_owned()).await, 422, "body"),
        (put("application/json", r#"{"locale":"en","x":1}"#.to_owned()).await, 422, "body"),
    ];

    for (reply, status, field) in cases {
        assert_eq!(reply.json()["errors"][0]["field"], field, "{reply:?}");
        assert_eq!(reply.refusal(), (status, "invalid".to_owned()));
    }
    let long = put("application/json", format!("\"{}\"", "x".repeat(1 << 20))).await;
    assert_eq!(long.refusal(), (413, "too_large".to_owned()));
    assert_eq!(anna.get("/nothing").await.refusal(), (404, "not_found".to_owned()));
    let method = anna.act(Method::DELETE, "/me", None, json!({})).await;
    assert_eq!(method.refusal(), (405, "method_not_allowed".to_owned()));
}

async fn disable(house: &House, login: &str) {
    let command =
        UserCommand::Disable { login: login.to_owned(), domain: house.domain.name.clone() };
    let (mut input, mut output) = (&b""[..], Vec::new());
    let mut terminal = Terminal { input: &mut input, output: &mut output };
    cli::admin::run_user(&house.store, command, &mut terminal).await.unwrap();
}
