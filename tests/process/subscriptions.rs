//! Lamps: a watcher spoken by hand, calls by SIPp, and the real server between them.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Pjsua, Server, Sipp, Transport, UdpPeer, Watcher, header,
    one_audio_call_at_a_time, status_of, subscribe, wait_for,
};
use std::time::Duration;

#[test]
fn a_lamp_follows_a_call_and_goes_on_after_kill_9_by_itself() {
    let mut server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let lamp = Watcher::subscribe(&server, "1003", "1002", "dialog");
    let first = lamp.wait_for("that the line is idle", |_| true);
    assert!(first.contains("\r\nContent-Type: application/dialog-info+xml\r\n"), "{first}");
    assert!(!first.contains("<dialog "), "{first}");
    follow_a_call(&server, &lamp);

    server.kill_and_restart();

    let again = lamp.wait_for("the state after the restart", |_| true);
    assert!(!again.contains("<dialog "), "{again}");
    follow_a_call(&server, &lamp);
    assert_eq!(lamp.refresh(&server, 60), 200);
    lamp.wait_for("the refresh", |it| state_of(it) == "active;expires=60");
    assert_eq!(lamp.refresh(&server, 0), 200);
    lamp.wait_for("the end", |it| state_of(it) == "terminated;reason=timeout");
    assert!(lamp.numbers().is_sorted_by(|a, b| a < b), "{:?}", lamp.numbers());
    assert!(lamp.versions().is_sorted_by(|a, b| a < b), "{:?}", lamp.versions());
    assert_eq!(lamp.versions().len(), lamp.numbers().len());
    let left = || server.metric("tandem_subscriptions") + server.metric("tandem_sip_dialogs");
    wait_for("nothing being left", Duration::from_secs(10), || (left() == 0).then_some(()));
}

#[test]
fn a_lamp_of_a_parking_slot_lights_while_somebody_waits_there_and_after_kill_9() {
    let mut server = Server::start();
    let lamp = Watcher::subscribe(&server, "1003", "701", "dialog");
    lamp.wait_for("that nobody is there", |it| !it.contains("<dialog "));
    for is_again in [false, true] {
        if is_again {
            server.kill_and_restart();
            lamp.wait_for("the state after the restart", |it| !it.contains("<dialog "));
        }
        let silence = Judge::new(server.folder()).silence("silence", Duration::from_secs(60));
        let phone = Phone {
            extension: "1001",
            slot: 0,
            transport: Transport::Udp,
            codec: Codec::Pcma,
            answers: false,
            says: &silence,
        };
        let mut parked = Baresip::register(&server, &phone);
        parked.dial("700");
        parked.wait_for_event("CALL_ESTABLISHED", LIMIT);
        lamp.wait_for("who waits", |it| it.contains("confirmed") && it.contains("sip:1001@"));
        parked.command("hangup", "");
        lamp.wait_for("that it is over", |it| it.contains("terminated<"));
    }
}

#[test]
fn presence_and_registrations_are_told_as_phones_come_and_go() {
    let server = Server::start();
    let presence = Watcher::subscribe(&server, "1003", "1002", "presence");
    presence.wait_for("that nobody is there", |it| it.contains("<basic>closed</basic>"));
    let own = Watcher::subscribe(&server, "1002", "1002", "reg");
    own.wait_for("that nothing is bound", |it| it.contains("state=\"init\""));

    Sipp::register(&server, 1, "1002", Transport::Udp);

    presence.wait_for("that somebody came", |it| it.contains("<basic>open</basic>"));
    own.wait_for("the contact", |it| it.contains("event=\"created\""));
    Sipp::registration(&server, 1, "register.xml", "1002", "demo-1002")
        .with(&["-key", "expires", "0"])
        .run();
    presence.wait_for("that they went", |it| it.contains("<basic>closed</basic>"));
    own.wait_for("the end of the contact", |it| it.contains("event=\"unregistered\""));
}

#[test]
fn a_stranger_and_whoever_asks_for_what_is_not_theirs_watch_nothing() {
    let server = Server::start();
    let peer = UdpPeer::bind(0);
    let stranger = subscribe(&peer, "1001", "1002", "dialog", 600);
    let challenge = peer.ask(&stranger, server.sip()).expect("an answer is due");
    assert_eq!(status_of(&challenge), 401, "{challenge}");

    let ask = |number: &str, event: &str, expires_s: u32| {
        let request = subscribe(&peer, "1001", number, event, expires_s);
        peer.ask_as("1001", &request, server.sip()).expect("an answer is due")
    };
    assert_eq!(status_of(&ask("7777", "dialog", 600)), 404);
    assert_eq!(status_of(&ask("1002", "message-summary", 600)), 403);
    assert_eq!(status_of(&ask("1002", "reg", 600)), 403);
    let unknown = ask("1002", "conference", 600);
    assert_eq!(status_of(&unknown), 489);
    assert!(header(&unknown, "Allow-Events").is_some_and(|it| it.contains("dialog")), "{unknown}");
    let brief = ask("1002", "dialog", 5);
    assert_eq!((status_of(&brief), header(&brief, "Min-Expires")), (423, Some("60")));
    assert_eq!(server.metric("tandem_subscriptions"), 0);
}

#[test]
fn pjsip_sees_who_is_there_and_gets_their_texts() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let silence = Judge::new(server.folder()).silence("silence", Duration::from_secs(1));
    let phone = |extension, slot| Phone {
        extension,
        slot,
        transport: Transport::Udp,
        codec: Codec::Pcma,
        answers: false,
        says: &silence,
    };
    let mut watcher = Pjsua::register(&server, &phone("1001", 0));
    let uri = format!("sip:1002@{}", server.sip());
    watcher.command(&format!("watch {uri}"));
    watcher.wait_for("buddy offline");
    watcher.command(&format!("text {uri} are you there?"));
    watcher.wait_for("text answered 202");

    let mut other = Pjsua::register(&server, &phone("1002", 1));

    watcher.wait_for("buddy online");
    other.wait_for("are you there?");
    other.command(&format!("text sip:1001@{} yes", server.sip()));
    other.wait_for("text answered 200");
    watcher.wait_for("<sip:1002@demo.tandem.test> yes");
}

/// 1001 calls 1002, and the lamp shows it.
#[track_caller]
fn follow_a_call(server: &Server, lamp: &Watcher) {
    let callee = Sipp::callee(server, 1, "uas.xml").with(&["-d", "500"]).start();
    let caller = Sipp::caller(server, 0, "uac.xml", "1001", "1002").with(&["-d", "500"]).start();
    let ringing = lamp.wait_for("ringing", |it| it.contains("<state>early</state>"));
    assert!(ringing.contains("direction=\"recipient\""), "{ringing}");
    assert!(ringing.contains(">sip:1001@demo.tandem.test</identity>"), "{ringing}");
    lamp.wait_for("the answer", |it| it.contains("<state>confirmed</state>"));
    lamp.wait_for("the end", |it| it.contains("<state>terminated</state>"));
    caller.succeed();
    callee.succeed();
}

fn state_of(notify: &str) -> &str {
    header(notify, "Subscription-State").expect("a NOTIFY has a state")
}

const LIMIT: Duration = Duration::from_secs(20);
