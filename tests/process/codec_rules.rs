//! Codecs that are set for a line: what is offered to its phone and taken of it.

use crate::harness::{
    Codec, Judge, Phone, Pjsua, Recording, Server, Transport, Visitor, array,
    one_audio_call_at_a_time,
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
