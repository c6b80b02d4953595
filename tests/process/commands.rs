//! What people order over the API, as the panel will: calls, transfers, what becomes of calls to them.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Recording, Server, Transport, Visitor, wait_for,
};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn a_click_rings_the_own_phone_then_the_other_and_the_call_is_transferred() {
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let words = judge.silence("silence", Duration::from_secs(40));
    let mut own = phone(&server, "1001", 0, &words);
    let mut other = phone(&server, "1002", 1, &words);
    let mut third = phone(&server, "1003", 2, &words);
    let anna = Visitor::sign_in(&server, "operator1");
    let boris = Visitor::sign_in(&server, "operator2");

    let (status, begun) = anna.act("POST", "/calls", None, &json!({ "to": "1002" }));
    assert_eq!(status, 202, "{begun}");
    let id = begun["id"].as_str().expect("a call has an id").to_owned();
    own.wait_for_event("CALL_ESTABLISHED", LIMIT);
    other.wait_for_event("CALL_ESTABLISHED", LIMIT);
    wait_for("the call to be seen", LIMIT, || {
        let call = anna.get("/calls/active")["items"][0].clone();
        (call["id"] == id.as_str() && call["state"] == "talking").then_some(())
    });

    let transfer = format!("/calls/{id}/transfer");
    let (status, problem) = anna.act("POST", &transfer, None, &json!({ "to": "1002" }));
    assert_eq!((status, problem["code"].as_str()), (409, Some("impossible")), "{problem}");
    let (status, problem) = anna.act("POST", &transfer, None, &json!({ "to": "" }));
    assert_eq!(status, 422, "{problem}");
    let (status, _) = boris.act(
        "POST",
        "/calls/00000000-0000-0000-0000-000000000000/transfer",
        None,
        &json!({ "to": "1" }),
    );
    assert_eq!(status, 404);
    let (status, problem) = anna.act("POST", &transfer, None, &json!({ "to": "1003" }));
    assert_eq!(status, 202, "{problem}");
    third.wait_for_event("CALL_ESTABLISHED", LIMIT);
    own.wait_for_event("CALL_CLOSED", LIMIT);
    other.command("hangup", "");
    third.wait_for_event("CALL_CLOSED", LIMIT);

    let rows = server.wait_for_cdrs(3);
    assert!(rows.iter().all(|it| it.call == rows[0].call), "one story: {rows:?}");
    let causes: Vec<_> = rows.iter().map(|it| it.cause.as_str()).collect();
    assert!(causes.contains(&"transferred"), "{causes:?}");
}

#[test]
fn a_line_that_wants_no_calls_or_sends_them_on_does_so_from_the_panel_and_over_a_restart() {
    let mut server = Server::start();
    let judge = Judge::new(server.folder());
    let words = judge.silence("silence", Duration::from_secs(40));
    let anna = Visitor::sign_in(&server, "operator2");
    let line = anna.get("/me/lines")["items"][0]["id"].as_str().expect("a line").to_owned();
    let path = format!("/me/lines/{line}/features");
    let wanted = |quiet: bool, to: Value| {
        json!({
            "do_not_disturb": quiet, "forward_all": to, "forward_busy": null,
            "forward_no_answer": null, "forward_offline": null,
        })
    };
    let (status, kept) = anna.act("PUT", &path, None, &wanted(true, Value::Null));
    assert_eq!((status, kept), (200, wanted(true, Value::Null)));
    let (status, problem) = anna.act("PUT", &path, None, &wanted(false, json!("a;b")));
    assert_eq!(status, 422, "{problem}");
    assert_eq!(anna.get(&path), wanted(true, Value::Null), "what is wrong changes nothing");

    let mut caller = phone(&server, "1001", 0, &words);
    let _busy = phone(&server, "1002", 1, &words);
    let mut target = phone(&server, "1003", 2, &words);
    caller.dial("1002");
    let refused = caller.wait_for_event("CALL_CLOSED", LIMIT);
    assert!(refused.detail.contains("486"), "{refused:?}");

    let (status, _) = anna.act("PUT", &path, None, &wanted(false, json!("1003")));
    assert_eq!(status, 200);
    server.kill_and_restart();
    caller.dial("1002");
    target.wait_for_event("CALL_ESTABLISHED", LIMIT);
    target.command("hangup", "");
    caller.wait_for_event("CALL_CLOSED", LIMIT);
}

fn phone(server: &Server, extension: &str, slot: u16, says: &Recording) -> Baresip {
    let (transport, codec, answers) = (Transport::Udp, Codec::Pcma, true);
    Baresip::register(server, &Phone { extension, slot, transport, codec, answers, says })
}

const LIMIT: Duration = Duration::from_secs(20);
