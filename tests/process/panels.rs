//! What phones do reaches the panels of their people, over the whole server.

use crate::harness::{Baresip, Codec, Judge, Phone, Server, Transport, Visitor, array};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[test]
fn a_call_of_two_phones_is_seen_as_it_happens_and_ended_from_the_panel() {
    let mut server = Server::start();
    let judge = Judge::new(server.folder());
    let words =
        judge.speech("words", "A long sentence that nobody waits for.", Duration::from_secs(30));
    let phone = |extension, slot| Phone {
        extension,
        slot,
        transport: Transport::Udp,
        codec: Codec::Pcma,
        answers: slot == 1,
        says: &words,
    };
    let anna = Visitor::sign_in(&server, "operator1");
    let boris = Visitor::sign_in(&server, "operator2");
    let mut mine = anna.connect(&json!({"tab": "a"}));
    let mut list = boris.connect(&json!({"tab": "b", "subs": ["lines"]}));
    assert_eq!(anna.get("/me/lines")["items"][0]["status"], "unregistered");

    let _callee = Baresip::register(&server, &phone("1002", 1));
    list.wait_for("1002 being free", line("1002", "idle"));
    let mut caller = Baresip::register(&server, &phone("1001", 0));
    mine.wait_for("1001 being free", line("1001", "idle"));

    caller.dial("1002");
    caller.wait_for_event("CALL_ESTABLISHED", ANSWER_LIMIT);
    let established = Instant::now();
    let own = mine.wait_for("the call", |it| call(it, "talking"));
    let own_line = mine.wait_for("1001 talking", line("1001", "talking"));
    let others_line = list.wait_for("1001 talking", line("1001", "talking"));
    for seen in [own, own_line, others_line] {
        assert!(seen.saturating_duration_since(established) < SEEN_WITHIN, "{seen:?}");
    }

    let calls = anna.get("/calls/active");
    let id = calls["items"][0]["id"].as_str().expect("the call is live").to_owned();
    assert_eq!(calls["items"][0]["legs"][1]["number"], "1002");
    assert_eq!(boris.post(&format!("/calls/{id}/hangup")), 202);
    mine.wait_for("the end", |it| it["t"] == "call.ended" && it["d"]["id"] == id.as_str());
    mine.wait_for("1001 being free again", line("1001", "idle"));
    mine.wait_for("the row of the call log", |it| {
        it["t"] == "call.logged" && it["d"]["id"] == id.as_str()
    });
    assert_eq!(anna.get("/calls/active")["items"], json!([]));
    let numbers: Vec<_> = mine.frames.iter().filter_map(|(_, it)| it["s"].as_u64()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");

    let supervisor = Visitor::sign_in(&server, "admin");
    let ladder = supervisor.get(&format!("/calls/{id}/ladder"));
    let titles: Vec<_> = array(&ladder["participants"]).map(|it| &it["title"]).collect();
    assert_eq!(titles, ["1001", "Tandem", "1002"]);
    let summaries: Vec<_> =
        array(&ladder["messages"]).map(|it| (&it["method"], &it["status"])).collect();
    assert!(summaries.contains(&(&json!("INVITE"), &json!(200))), "{summaries:?}");
    assert_eq!(ladder["media"][0]["codec"], "PCMA/8000");
    assert_eq!(ladder["diagnosis"], json!([]), "nothing went wrong");
    assert!(server.command(&["domain", "add", "other.example"]).status.success());
    let eve = ["user", "add", "eve", "--domain", "other.example", "--role", "admin"];
    assert!(server.command(&[&eve[..], &["--password", "demo"]].concat()).status.success());
    let eve = Visitor::sign_in_at(&server, "other.example", "eve");
    for path in [format!("/calls/{id}/ladder"), format!("/calls/{id}")] {
        assert_eq!(supervisor.act("GET", &path, None, &Value::Null).0, 200, "{path}");
        let (status, refused) = eve.act("GET", &path, None, &Value::Null);
        assert_eq!((status, refused["code"].as_str()), (404, Some("not_found")), "{path}");
    }

    let last = numbers.last().copied();
    let mut again = anna.connect(&json!({"tab": "c", "resume_from": last}));
    server.terminate();
    assert_eq!(again.close_code(), 4003);
    assert!(again.frames.is_empty(), "nothing was missed");
    server.wait_for_end(Duration::from_secs(20));
}

/// A frame that says so of the line with this number.
fn line(number: &'static str, status: &'static str) -> impl Fn(&Value) -> bool {
    move |it| it["t"] == "line.status" && it["d"]["number"] == number && it["d"]["status"] == status
}

fn call(frame: &Value, state: &str) -> bool {
    frame["t"] == "call.updated" && frame["d"]["state"] == state
}

const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What a person takes for at once.
const SEEN_WITHIN: Duration = Duration::from_millis(300);
