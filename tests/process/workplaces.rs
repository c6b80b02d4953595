//! Somebody else's phone is one's own, with phones that this project did not write.

use crate::{
    harness::{
        Baresip, Codec, Judge, Phone, Pjsua, Recording, Server, UdpPeer, Visitor, array, wait_for,
        wrong_pins,
    },
    texts,
};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn whoever_signs_in_at_a_desk_is_called_and_calls_there_even_after_kill_9_until_it_signs_out() {
    let mut server = Server::start();
    let silence = silence(&server);
    set_pin(&server, "1001", "4711");
    let mut desk = pjsua(&server, "1009", 0, &silence);
    let mut boris = baresip(&server, "1002", 1, &silence);

    desk.dial("*111001");
    desk.wait_for("call CONFIRMED");
    desk.command("dtmf 4711#");
    desk.wait_for("call DISCONNECTED 200");
    assert_eq!(workplaces(&server), [("1001".to_owned(), "1009".to_owned())]);

    server.kill_and_restart();

    assert_eq!(workplaces(&server), [("1001".to_owned(), "1009".to_owned())]);
    boris.dial("1001");
    boris.wait_for_event("CALL_ESTABLISHED", LIMIT);
    desk.wait_for_count("call CONFIRMED", 2);
    boris.command("hangup", "");
    desk.wait_for_count("call DISCONNECTED", 2);
    boris.wait_for_event("CALL_CLOSED", LIMIT);
    desk.dial("1002");
    boris.wait_for_event("CALL_ESTABLISHED", LIMIT);
    boris.command("hangup", "");
    desk.wait_for_count("call DISCONNECTED", 3);
    boris.wait_for_event("CALL_CLOSED", LIMIT);

    let rows = wait_for("the rows of both calls", LIMIT, || {
        let rows = Visitor::sign_in(&server, "admin").get("/admin/cdrs?sort=time");
        let rows: Vec<_> = array(&rows["items"]).filter(|it| is_of_today(it)).map(row).collect();
        (rows.len() == 4).then_some(rows)
    });
    let expected = [
        ["1002", "1001", "caller", "1002", ""],
        ["1002", "1001", "callee", "1001", "1009"],
        ["1001", "1002", "caller", "1001", "1009"],
        ["1001", "1002", "callee", "1002", ""],
    ];
    for leg in expected {
        assert!(rows.contains(&leg.map(str::to_owned)), "{leg:?} in {rows:#?}");
    }

    desk.dial("*12");
    desk.wait_for_count("call DISCONNECTED", 4);
    assert_eq!(workplaces(&server), []);
    boris.dial("1001");
    let refused = boris.wait_for_event("CALL_CLOSED", LIMIT);
    assert!(refused.detail.contains("480"), "{refused:?}");
}

#[test]
fn three_wrong_pins_lock_a_number_over_kill_9_and_an_administrator_ends_what_another_began() {
    let mut server = Server::start();
    let silence = silence(&server);
    set_pin(&server, "1001", "4711");
    set_pin(&server, "1002", "0815");
    let mut desk = pjsua(&server, "1009", 0, &silence);
    let mut calls = 0;
    let mut sign_in = |desk: &mut Pjsua, number: &str, pin: &str| {
        calls += 1;
        desk.dial(&format!("*11{number}"));
        desk.wait_for_count("call CONFIRMED", calls);
        desk.command(&format!("dtmf {pin}#"));
        calls
    };
    for wrong in 1..=3 {
        let call = sign_in(&mut desk, "1001", "0000");
        wait_for("a wrong PIN to be counted", LIMIT, || {
            (wrong_pins(&server.database()) == [wrong]).then_some(())
        });
        desk.command("hangup");
        desk.wait_for_count("call DISCONNECTED", call);
    }

    server.kill_and_restart();

    // It hears that, and is let go.
    let call = sign_in(&mut desk, "1001", "4711");
    desk.wait_for_count("call DISCONNECTED", call);
    assert_eq!(workplaces(&server), [], "the right one comes too late");
    let call = sign_in(&mut desk, "1002", "0815");
    desk.wait_for_count("call DISCONNECTED", call);
    assert_eq!(workplaces(&server), [("1002".to_owned(), "1009".to_owned())]);

    let admin = Visitor::sign_in(&server, "admin");
    let seats = admin.get("/admin/workplaces");
    let id = seats["items"][0]["id"].as_str().expect("a line has an id");
    let path = format!("/admin/workplaces/{id}");
    assert_eq!(admin.act("DELETE", &path, None, &Value::Null).0, 204);
    assert_eq!(workplaces(&server), []);
    let audit = admin.get("/admin/audit?what=line.signed_out");
    assert_eq!(audit["items"][0]["before"]["workplace"], "1009", "{audit}");
    let mut boris = baresip(&server, "1003", 1, &silence);
    boris.dial("1002");
    let refused = boris.wait_for_event("CALL_CLOSED", LIMIT);
    assert!(refused.detail.contains("480"), "calls go by it: {refused:?}");
}

#[test]
fn a_text_waits_for_whoever_it_is_for_to_sit_somewhere() {
    let server = Server::start();
    let silence = silence(&server);
    set_pin(&server, "1002", "0815");
    let sender = UdpPeer::bind(0);
    let send = |text: &str| texts::send(&server, &sender, "1002", "text/plain", text);
    assert_eq!(send("nobody is there"), 202);
    let mut desk = pjsua(&server, "1009", 0, &silence);

    desk.dial("*111002");
    desk.wait_for("call CONFIRMED");
    desk.command("dtmf 0815#");
    desk.wait_for("call DISCONNECTED 200");

    wait_for("the text to be delivered", LIMIT, || {
        (server.metric("tandem_texts_waiting") == 0).then_some(())
    });
    assert_eq!(send("straight to the desk"), 200);
}

/// Who is signed in where.
fn workplaces(server: &Server) -> Vec<(String, String)> {
    let seats = Visitor::sign_in(server, "admin").get("/admin/workplaces");
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    array(&seats["items"]).map(|it| (text(&it["line"]), text(&it["workplace"]))).collect()
}

fn set_pin(server: &Server, number: &str, pin: &str) {
    let admin = Visitor::sign_in(server, "admin");
    let lines = admin.get("/admin/lines");
    let line = array(&lines["items"]).find(|it| it["number"] == number).expect("it is there");
    let path = format!("/admin/lines/{}/mailbox/pin", line["id"].as_str().expect("an id"));
    assert_eq!(admin.act("PUT", &path, None, &json!({ "pin": pin })).0, 204);
}

/// Whether a row is of a call between people of this test, and not of the demo's past.
fn is_of_today(row: &Value) -> bool {
    let [caller, dialled] = ["caller", "dialled"].map(|it| row[it].as_str().unwrap_or_default());
    row["signalling_peer"] != PEER_OF_DEMO
        && [("1002", "1001"), ("1001", "1002")].contains(&(caller, dialled))
}

/// Who called, what was dialled, and side, party and workplace of a leg.
fn row(row: &Value) -> [String; 5] {
    ["caller", "dialled", "role", "number", "workplace"]
        .map(|it| row[it].as_str().unwrap_or_default().to_owned())
}

fn silence(server: &Server) -> Recording {
    Judge::new(server.folder()).silence("silence", Duration::from_secs(60))
}

fn pjsua(server: &Server, extension: &str, slot: u16, says: &Recording) -> Pjsua {
    Pjsua::register(server, &Phone::new(extension, slot, Codec::Pcma, says).answering())
}

fn baresip(server: &Server, extension: &str, slot: u16, says: &Recording) -> Baresip {
    Baresip::register(server, &Phone::new(extension, slot, Codec::Pcma, says).answering())
}

/// Where the made-up calls of the demo were signalled from.
const PEER_OF_DEMO: &str = "127.0.0.1:5070;udp";
const LIMIT: Duration = Duration::from_secs(30);
