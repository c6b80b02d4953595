//! What people order over the API, as the panel will: calls, transfers, what becomes of calls to them.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Recording, Server, Sipp, Transport, Visitor, array, levels_of,
    one_audio_call_at_a_time, wait_for,
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

    let (status, problem) = anna.act("POST", "/calls", None, &json!({ "to": "Никто Такой" }));
    assert_eq!(
        (status, problem["errors"][0]["code"].as_str()),
        (422, Some("unknown")),
        "{problem}"
    );
    let name =
        boris.get("/me/lines")["items"][0]["name"].as_str().expect("it has one").to_uppercase();
    let (status, begun) = anna.act("POST", "/calls", None, &json!({ "to": name }));
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
fn a_program_that_refers_rings_the_own_phone_then_the_other() {
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let words = judge.silence("silence", Duration::from_secs(20));
    let mut own = phone(&server, "1001", 0, &words);
    Sipp::register(&server, 2, "1003", Transport::Udp);
    let other = Sipp::callee(&server, 2, "uas-hangs-up.xml").with(&["-d", "1000"]).start();

    let program = Sipp::caller(&server, 3, "refer-outside.xml", "1001", "1001");
    program.with(&["-key", "target", "1003"]).run();

    own.wait_for_event("CALL_ESTABLISHED", LIMIT);
    other.succeed();
    own.wait_for_event("CALL_CLOSED", LIMIT);
    assert_eq!(server.wait_for_cdrs(2).len(), 2);
}

#[test]
fn one_holds_asks_somebody_else_goes_to_and_fro_and_brings_all_together() {
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let words = judge.silence("silence", Duration::from_secs(60));
    let mut own = phone(&server, "1001", 0, &words);
    let mut first = phone(&server, "1002", 1, &words);
    let mut asked = phone(&server, "1003", 2, &words);
    let anna = Visitor::sign_in(&server, "operator1");
    let boris = Visitor::sign_in(&server, "operator2");
    own.dial("1002");
    first.wait_for_event("CALL_ESTABLISHED", LIMIT);
    let call = wait_for("the call to be seen", LIMIT, || {
        let call = anna.get("/calls/active")["items"][0].clone();
        (call["state"] == "talking").then_some(call)
    });
    let id = call["id"].as_str().expect("a call has an id").to_owned();
    let order = |who: &Visitor<'_>, what: &str, body: &Value| {
        who.act("POST", &format!("/calls/{id}/{what}"), None, body)
    };
    let seen_by = |who: &Visitor<'_>, state: &str, legs: &[&str]| {
        wait_for(state, LIMIT, || {
            let call = who.get("/calls/active")["items"][0].clone();
            let now: Vec<_> = array(&call["legs"]).map(|it| it["state"].clone()).collect();
            (call["state"] == state && now == legs).then_some(call)
        })
    };
    let seen = |state: &str, legs: &[&str]| seen_by(&anna, state, legs);
    let none = json!({});

    assert_eq!(order(&anna, "hold", &none).0, 202);
    seen("held", &["held", "talking"]);
    assert_eq!(order(&anna, "resume", &none).0, 202);
    seen("talking", &["talking", "talking"]);
    let (status, problem) = order(&anna, "swap", &none);
    assert_eq!((status, problem["code"].as_str()), (409, Some("impossible")), "{problem}");
    let (status, problem) = order(&anna, "consult", &json!({ "to": "1003" }));
    assert_eq!(status, 202, "{problem}");
    asked.wait_for_event("CALL_ESTABLISHED", LIMIT);
    let call = seen("talking", &["talking", "waiting", "talking"]);
    assert!(array(&call["actions"]).any(|it| it == "three-way"), "{call}");
    let (status, problem) = order(&boris, "cancel", &none);
    assert_eq!((status, problem["code"].as_str()), (409, Some("impossible")), "{problem}");
    assert_eq!(order(&anna, "swap", &none).0, 202);
    seen("talking", &["talking", "talking", "waiting"]);
    assert_eq!(order(&anna, "three-way", &none).0, 202);
    seen("conference", &["talking", "talking", "talking"]);
    assert_eq!(order(&anna, "complete", &none).0, 202);
    own.wait_for_event("CALL_CLOSED", LIMIT);
    seen_by(&boris, "talking", &["ended", "talking", "talking"]);
    first.command("hangup", "");
    asked.wait_for_event("CALL_CLOSED", LIMIT);

    let rows = server.wait_for_cdrs(3);
    assert!(rows.iter().all(|it| it.call == rows[0].call), "one story: {rows:?}");
    let admin = Visitor::sign_in(&server, "admin");
    let audit = admin.get("/admin/audit?what=call.three_way");
    assert_eq!(audit["items"][0]["object_id"], id.as_str(), "{audit}");
}

#[test]
fn who_is_held_by_command_hears_music_and_who_is_asked_is_heard() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_music(|folder| {
        assert!(tone(&Judge::new(folder), MUSIC_HZ).path().exists());
    });
    let judge = Judge::new(server.folder());
    let speech = [0, 1, 2].map(|n| tone(&judge, TONES_HZ[n]));
    let mut own = phone(&server, "1001", 0, &speech[0]);
    let mut first = phone(&server, "1002", 1, &speech[1]);
    let mut asked = phone(&server, "1003", 2, &speech[2]);
    let anna = Visitor::sign_in(&server, "operator1");
    own.dial("1002");
    first.wait_for_event("CALL_ESTABLISHED", LIMIT);
    let id = wait_for("the call to be seen", LIMIT, || {
        let call = anna.get("/calls/active")["items"][0].clone();
        (call["state"] == "talking").then(|| call["id"].as_str().unwrap_or_default().to_owned())
    });
    let order = |what: &str, body: &Value| {
        let (status, problem) = anna.act("POST", &format!("/calls/{id}/{what}"), None, body);
        assert_eq!(status, 202, "{what}: {problem}");
        server.wait_for_packets_sent(TALK_PACKETS);
    };
    order("consult", &json!({ "to": "1003" }));
    asked.wait_for_event("CALL_ESTABLISHED", LIMIT);
    server.wait_for_packets_sent(TALK_PACKETS);
    order("three-way", &json!({}));
    own.command("hangup", "");
    own.wait_for_event("CALL_CLOSED", LIMIT);
    server.wait_for_packets_sent(TALK_PACKETS);
    first.command("hangup", "");
    asked.wait_for_event("CALL_CLOSED", LIMIT);

    let heard = |phone: &Baresip| {
        let levels = levels_of(&judge.at_8_khz(&phone.heard()).samples(), &TONES_HZ);
        let is_heard = |tone: usize| levels.iter().any(|it| it[tone] > HEARD_DB);
        [0, 1, 2, 3].map(is_heard)
    };
    let (of_first, of_asked) = (heard(&first), heard(&asked));
    assert_eq!(of_first, [true, false, true, true], "music, then both");
    assert_eq!(of_asked, [true, true, false, false], "both, and no music");
}

#[test]
fn a_call_that_rings_elsewhere_is_answered_parked_and_fetched_by_command() {
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let words = judge.silence("silence", Duration::from_secs(60));
    let mut caller = phone(&server, "1001", 0, &words);
    let mut rung = quiet_phone(&server, "1002", 1, &words);
    let mut fetches = phone(&server, "1003", 2, &words);
    let mut own = phone(&server, "2000", 3, &words);
    let clara = Visitor::sign_in(&server, "operator3");
    let supervisor = Visitor::sign_in(&server, "supervisor");
    let none = json!({});
    caller.dial("1002");
    rung.wait_for_event("CALL_INCOMING", LIMIT);
    let id = wait_for("the call to be seen", LIMIT, || {
        let call = supervisor.get("/calls/active")["items"][0].clone();
        let rings = array(&call["actions"]).any(|it| it == "pickup");
        rings.then(|| call["id"].as_str().unwrap_or_default().to_owned())
    });
    let order = |who: &Visitor<'_>, what: &str| {
        who.act("POST", &format!("/calls/{id}/{what}"), None, &none)
    };
    let seen = |state: &str| {
        wait_for(state, LIMIT, || {
            let call = supervisor.get("/calls/active")["items"][0].clone();
            (call["state"] == state && call["id"] == id.as_str()).then_some(())
        });
    };

    assert_eq!(order(&clara, "pickup").0, 403, "she does not see it");
    let (status, begun) = order(&supervisor, "pickup");
    assert_eq!(status, 202, "{begun}");
    own.wait_for_event("CALL_ESTABLISHED", LIMIT);
    caller.wait_for_event("CALL_ESTABLISHED", LIMIT);
    rung.wait_for_event("CALL_CLOSED", LIMIT);
    seen("talking");
    let (status, problem) = order(&supervisor, "pickup");
    assert_eq!((status, problem["code"].as_str()), (409, Some("impossible")), "{problem}");

    let (status, parked) = order(&supervisor, "park");
    assert_eq!((status, parked["slot"].as_u64()), (202, Some(701)), "{parked}");
    own.wait_for_event("CALL_CLOSED", LIMIT);
    seen("parked");
    let (status, begun) = clara.act("POST", "/calls", None, &json!({ "to": "701" }));
    assert_eq!(status, 202, "{begun}");
    fetches.wait_for_event("CALL_ESTABLISHED", LIMIT);
    seen("talking");
    caller.command("hangup", "");
    fetches.wait_for_event("CALL_CLOSED", LIMIT);

    let rows = server.wait_for_cdrs(4);
    assert!(rows.iter().all(|it| it.call == rows[0].call), "one story: {rows:?}");
    let admin = Visitor::sign_in(&server, "admin");
    for what in ["call.picked_up", "call.parked"] {
        let audit = admin.get(&format!("/admin/audit?what={what}"));
        assert_eq!(audit["items"][0]["object_id"], id.as_str(), "{audit}");
    }
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
            "do_not_disturb": quiet, "call_waiting": true, "forward_all": to, "forward_busy": null,
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
    let boris = Visitor::sign_in(&server, "operator4");
    let line = boris.get("/me/lines")["items"][0]["id"].as_str().expect("a line").to_owned();
    let mut while_offline = wanted(false, Value::Null);
    while_offline["forward_offline"] = json!("1003");
    let (status, problem) =
        boris.act("PUT", &format!("/me/lines/{line}/features"), None, &while_offline);
    assert_eq!(status, 200, "{problem}");
    server.kill_and_restart();
    // The phone of 1002 is there and not rung; that of 1004 is not there.
    for number in ["1002", "1004"] {
        caller.dial(number);
        target.wait_for_event("CALL_ESTABLISHED", LIMIT);
        target.command("hangup", "");
        target.wait_for_event("CALL_CLOSED", LIMIT);
        caller.wait_for_event("CALL_CLOSED", LIMIT);
    }
}

fn phone(server: &Server, extension: &str, slot: u16, says: &Recording) -> Baresip {
    Baresip::register(server, &Phone::new(extension, slot, Codec::Pcma, says).answering())
}

/// One that rings until somebody answers it.
fn quiet_phone(server: &Server, extension: &str, slot: u16, says: &Recording) -> Baresip {
    Baresip::register(server, &Phone::new(extension, slot, Codec::Pcma, says))
}

fn tone(judge: &Judge, hz: f64) -> Recording {
    judge.tone(&format!("{hz}"), hz as u32, Duration::from_secs(60))
}

/// Two seconds of talk between two.
const TALK_PACKETS: u64 = 200;
/// What each of three says, and the music.
const TONES_HZ: [f64; 4] = [700.0, 900.0, 1100.0, MUSIC_HZ];
const MUSIC_HZ: f64 = 1500.0;
/// Louder than anything that a codec adds to another tone.
const HEARD_DB: f64 = -30.0;
const LIMIT: Duration = Duration::from_secs(20);
