//! Codecs that are set for a line: what is offered to its phone and taken of it.

use crate::harness::{
    Codec, Judge, Phone, Pjsua, Recording, Server, Transport, UdpPeer, Visitor, array,
    one_audio_call_at_a_time, wait_for,
};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_line_talks_in_the_codecs_that_are_set_and_speech_is_transcoded_only_if_none_is_shared() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let says = judge.silence("silence", Duration::from_secs(120));
    // Both like PCMU best and know PCMA too.
    let also = ["--also", "PCMA/8000/1"];
    let mut caller = Pjsua::register_with(&server, &phone("1001", 0, &says), &also);
    let _callee = Pjsua::register_with(&server, &phone("1002", 1, &says), &also);
    let (pcmu, pcma) = ("PCMU/8000", "PCMA/8000");

    for (n, (of_caller, of_callee, expected, is_transcoded)) in [
        (&[][..], &[][..], [pcmu, pcmu], false),
        (&[], &["PCMA"], [pcma, pcma], false),
        (&["PCMU"], &["PCMA"], [pcmu, pcma], true),
        (&[], &["PCMA", "PCMU"], [pcma, pcma], false),
    ]
    .into_iter()
    .enumerate()
    {
        set(&server, "1001", of_caller);
        set(&server, "1002", of_callee);
        caller.dial("1002");
        caller.wait_for_count("call CONFIRMED", n + 1);
        caller.command("hangup");
        caller.wait_for_count("call DISCONNECTED", n + 1);

        let rows = server.wait_for_cdrs(2 * (n + 1));
        for (role, codec) in ["caller", "callee"].into_iter().zip(expected) {
            let row = rows.iter().rev().find(|it| it.role == role).expect("a row");
            let said = (row.sip_status, row.codec.as_deref(), row.transcoded);
            assert_eq!(said, (200, Some(codec), is_transcoded), "{of_caller:?} {of_callee:?}");
        }
    }
}

#[test]
fn a_trunk_is_offered_the_codecs_that_are_set_for_it_and_no_other() {
    let _quiet = one_audio_call_at_a_time();
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let server = Server::start_with(&format!("[server]\ndialplans_dir = {:?}\n", plans.path()));
    let says = Judge::new(server.folder()).silence("silence", Duration::from_secs(60));
    let carrier = UdpPeer::bind(0);
    let admin = Visitor::sign_in(&server, "admin");
    let destination = format!("{}/udp", carrier.address());
    let trunk = json!({
        "name": "carrier", "destination": destination, "sources": [], "is_enabled": true,
        "codecs": ["PCMA"],
    });
    let (status, made) = admin.act("POST", "/admin/trunks", None, &trunk);
    assert_eq!(status, 201, "{made}");
    let (status, saved) = admin.act("PUT", "/admin/dialplans/out", None, &json!({ "text": OUT }));
    assert_eq!(status, 200, "{saved}");
    // It likes PCMU best and knows PCMA too.
    let also = ["--also", "PCMA/8000/1"];
    let mut caller = Pjsua::register_with(&server, &phone("1001", 0, &says), &also);

    caller.dial("84950000001");

    let offer = wait_for("the INVITE to the carrier", LIMIT, || {
        let datagram = String::from_utf8(carrier.receive(BETWEEN)?).ok()?;
        datagram.starts_with("INVITE ").then_some(datagram)
    });
    let line = offer.lines().find(|it| it.starts_with("m=audio ")).expect("it offers audio");
    let types: Vec<_> = line.split(' ').skip(3).collect();
    assert_eq!(types.first(), Some(&"8"), "{line}");
    assert!(["0", "9"].iter().all(|other| !types.contains(other)), "{line}");
    assert!(!offer.contains("opus/48000"), "{offer}");
    caller.command("hangup");
    caller.wait_for("call DISCONNECTED");
}

#[test]
fn a_phone_that_knows_none_of_its_lines_codecs_is_refused_and_told_why() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let says = judge.silence("silence", Duration::from_secs(60));
    let mut caller = Pjsua::register(&server, &phone("1001", 0, &says));
    set(&server, "1001", &["G722", "opus"]);

    caller.dial("1002");

    caller.wait_for("call DISCONNECTED 488");
}

/// Sets the codecs of a line.
fn set(server: &Server, number: &str, codecs: &[&str]) {
    let admin = Visitor::sign_in(server, "admin");
    let lines = admin.get("/admin/lines");
    let line = array(&lines["items"]).find(|it| it["number"] == number).expect("a line").clone();
    let mut wanted = line.clone();
    wanted["codecs"] = json!(codecs);
    let path = format!("/admin/lines/{}", line["id"].as_str().expect("an id"));
    let (status, changed) = admin.act("PUT", &path, Some(&line["version"]), &wanted);
    assert_eq!((status, &changed["codecs"]), (200, &json!(codecs)), "{changed}");
}

fn phone<'a>(extension: &'a str, slot: u16, says: &'a Recording) -> Phone<'a> {
    let answers = slot == 1;
    Phone { extension, slot, transport: Transport::Udp, codec: Codec::Pcmu, answers, says }
}

const OUT: &str = r#"domain = "demo.tandem.test"
[[rule]]
name = "out"
match = { number = "84950000001" }
steps = [{ dial = { trunk = "carrier", number = "{number}" } }]
"#;
const LIMIT: Duration = Duration::from_secs(30);
const BETWEEN: Duration = Duration::from_millis(200);
