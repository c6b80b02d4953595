//! The scenarios of `sipp-scenarios/`, played against the demo domain.

use crate::harness::{
    RunningSipp, Server, Sipp, TRUNK_SLOT, TraceEntry, Transport, UdpPeer, header, status_of,
};
use std::time::Duration;

#[test]
fn phone_registers_with_a_digest_and_unregisters() {
    let server = Server::start();

    Sipp::register(&server, 0, "1001", Transport::Udp);
    Sipp::register(&server, 1, "1001", Transport::Udp);
    let trace = Sipp::registration(&server, 1, "register.xml", "1001", "demo-1001")
        .with(&["-key", "expires", "0"])
        .run();

    let last = trace.last().expect("a registration has messages");
    let contacts = last.message.lines().filter(|line| line.starts_with("Contact:")).count();
    assert_eq!(contacts, 1, "the other phone's binding stays: {}", last.message);
}

#[test]
fn wrong_password_and_unknown_extension_look_the_same() {
    let server = Server::start();
    let answers = |slot, extension| {
        Sipp::registration(&server, slot, "register-refused.xml", extension, "wrong")
            .with(&["-key", "expires", "600"])
            .run()
            .iter()
            .filter(|entry| !entry.sent)
            .map(|entry| shape(&entry.message))
            .collect::<Vec<_>>()
    };

    assert_eq!(answers(0, "1001"), answers(1, "7777777"));
}

#[test]
fn call_is_set_up_and_hung_up_by_the_caller() {
    let server = Server::start();
    a_call(&server, "uac.xml", "uas.xml", Transport::Udp);

    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|row| row.sip_status == 200), "{rows:?}");
}

#[test]
fn call_is_set_up_and_hung_up_over_tcp() {
    a_call(&Server::start(), "uac.xml", "uas.xml", Transport::Tcp);
}

#[test]
fn callee_may_hang_up() {
    let server = Server::start();
    a_call(&server, "uac-hung-up-on.xml", "uas-hangs-up.xml", Transport::Udp);

    let rows = server.wait_for_cdrs(2);
    let hangup_of = |role| rows.iter().find(|row| row.role == role).map(|row| row.hangup.as_str());
    assert_eq!((hangup_of("caller"), hangup_of("callee")), (Some("peer"), Some("remote")));
}

#[test]
fn talk_time_in_the_call_log_is_that_of_the_wire_to_50_ms() {
    let server = Server::start();

    let callee = registered_callee(&server, 1, "1002", "uas.xml");
    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "1500"]).run();
    let callee = callee.succeed();

    let rows = server.wait_for_cdrs(2);
    for (role, trace) in [("caller", &caller), ("callee", &callee)] {
        let row = rows.iter().find(|row| row.role == role).expect("a row a leg");
        let on_the_wire_ms = bye_at_ms(trace) - answered_at_ms(trace);
        let off_ms = (row.talk_ms as f64 - on_the_wire_ms).abs();
        assert!(off_ms < 50.0, "{role}: {} ms, on the wire {on_the_wire_ms} ms", row.talk_ms);
    }
}

#[test]
fn busy_callee_is_reported_as_486() {
    let server = Server::start();
    a_call(&server, "uac-busy.xml", "uas-busy.xml", Transport::Udp);

    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|row| row.sip_status == 486 && row.talk_ms == 0), "{rows:?}");
}

#[test]
fn callee_sends_the_call_on_to_a_colleague_or_outside() {
    let server = Server::start();
    let diverted = Some("<sip:1002@demo.tandem.test>;reason=deflection");
    for (target, slot) in [("1003", 2), ("94951234567", TRUNK_SLOT)] {
        Sipp::register(&server, 1, "1002", Transport::Udp);
        let sends_on = Sipp::callee(&server, 1, "uas-redirects.xml");
        let sends_on = sends_on.with(&["-key", "target", target, "-d", "200"]).start();
        if slot != TRUNK_SLOT {
            Sipp::register(&server, slot, target, Transport::Udp);
        }
        let takes = Sipp::callee(&server, slot, "uas.xml").with(&["-d", "200"]).start();

        Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "300"]).run();

        sends_on.succeed();
        let trace = takes.succeed();
        let invite = &trace.first().expect("it is called").message;
        // The demo's carrier is not trusted with who had the call.
        let expected = diverted.filter(|_| slot != TRUNK_SLOT);
        assert_eq!(header(invite, "Diversion"), expected, "{invite}");
    }
    let rows = server.wait_for_cdrs(6);
    let statuses: Vec<_> = rows.iter().map(|it| it.sip_status).collect();
    assert_eq!(statuses.iter().filter(|it| **it == 302).count(), 2, "{rows:?}");
    assert_eq!(statuses.iter().filter(|it| **it == 200).count(), 4, "{rows:?}");
}

#[test]
fn caller_who_gives_up_cancels_the_callee() {
    let server = Server::start();
    a_call(&server, "uac-cancel.xml", "uas-cancelled.xml", Transport::Udp);

    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|row| row.sip_status == 487 && row.talk_ms == 0), "{rows:?}");
}

#[test]
fn caller_may_give_up_before_anything_rings() {
    let server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    // It takes the INVITE, and says nothing.
    let silent = UdpPeer::bind(server.phone_port(1));
    Sipp::caller(&server, 0, "uac-cancel-at-once.xml", "1001", "1002").run();
    assert!(silent.receive(Duration::from_secs(5)).is_some(), "it is called");
    let rows = server.wait_for_cdrs(1);
    assert!(rows.iter().any(|it| it.role == "caller" && it.sip_status == 487), "{rows:?}");
}

#[test]
fn caller_may_give_up_too_late() {
    let server = Server::start();
    a_call(&server, "uac-cancel-too-late.xml", "uas.xml", Transport::Udp);
    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|row| row.sip_status == 200 && row.talk_ms >= 300), "{rows:?}");
}

#[test]
fn nobody_answering_ends_the_call_after_the_ring_time() {
    let server = Server::start_with_ring_time("1002", 2);
    a_call(&server, "uac-no-answer.xml", "uas-cancelled.xml", Transport::Udp);
}

#[test]
fn extension_without_a_phone_is_480() {
    let server = Server::start();
    Sipp::caller(&server, 0, "uac-offline.xml", "1001", "1018").run();
}

#[test]
fn number_that_the_dialplan_does_not_know_is_404() {
    let server = Server::start();
    Sipp::caller(&server, 0, "uac-unknown-number.xml", "1001", "1999999").run();
}

#[test]
fn hold_by_reinvite_is_passed_on_and_resumed() {
    for config in ["", "[calls]\nhold_music = \"\"\n"] {
        let server = Server::start_with(config);
        a_call(&server, "uac-hold.xml", "uas-held.xml", Transport::Udp);
    }
}

#[test]
fn late_offer_gets_an_offer_in_the_200() {
    a_call(&Server::start(), "uac-late-offer.xml", "uas.xml", Transport::Udp);
}

#[test]
fn all_contacts_ring_and_the_loser_is_cancelled() {
    let server = Server::start();
    let loser = registered_callee(&server, 1, "1002", "uas-cancelled.xml");
    Sipp::register(&server, 2, "1002", Transport::Udp);
    let winner = Sipp::callee(&server, 2, "uas.xml").with(&["-d", "500"]).start();

    Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "300"]).run();

    winner.succeed();
    loser.succeed();
    let rows = server.wait_for_cdrs(3);
    let answered = rows.iter().filter(|row| row.answer_ms.is_some()).count();
    assert_eq!((rows.len(), answered), (3, 2), "{rows:?}");
}

#[test]
fn request_without_credentials_is_refused_whatever_its_method() {
    let server = Server::start();
    Sipp::new(&server, 0, "unauthenticated.xml")
        .with(&[&server.sip().to_string(), "-s", "1002", "-key", "caller", "1001"])
        .run();
}

#[test]
fn phone_subscribes_is_told_and_unsubscribes() {
    let server = Server::start();
    for (number, event, content_type) in [
        ("1002", "dialog", "application/dialog-info+xml"),
        ("1001", "message-summary", "application/simple-message-summary"),
        ("1002", "presence", "application/pidf+xml"),
        ("1001", "reg", "application/reginfo+xml"),
    ] {
        Sipp::caller(&server, 0, "subscribe.xml", "1001", number)
            .with(&["-key", "event", event, "-key", "content_type", content_type])
            .run();
    }
}

#[test]
fn events_that_nobody_knows_are_refused() {
    let server = Server::start();
    Sipp::caller(&server, 0, "subscribe-refused.xml", "1001", "1002").run();
}

#[test]
fn trunk_reaches_an_extension_by_its_outside_number_without_credentials() {
    let server = Server::start();
    let callee = registered_callee(&server, 1, "1002", "uas.xml");

    Sipp::trunk(&server, "load-uac.xml", "+74950000002").with(&["-d", "300"]).run();

    callee.succeed();
    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|row| row.sip_status == 200), "{rows:?}");
}

#[test]
fn extension_calls_out_through_the_trunk() {
    let server = Server::start();
    let trunk = Sipp::callee(&server, TRUNK_SLOT, "uas.xml").start();

    Sipp::caller(&server, 0, "uac.xml", "1001", "94951234567").with(&["-d", "300"]).run();

    let trace = trunk.succeed();
    let invite = &trace.first().expect("the trunk was called").message;
    assert!(invite.starts_with("INVITE sip:4951234567@"), "without the prefix: {invite}");
    assert!(header(invite, "Authorization").is_none(), "no credentials go to the trunk: {invite}");
    assert!(header(invite, "Proxy-Authorization").is_none(), "nor these: {invite}");
}

/// 1001 calls 1002; both scenarios must end well.
fn a_call(server: &Server, caller: &'static str, callee: &'static str, transport: Transport) {
    Sipp::register(server, 1, "1002", transport);
    let callee = Sipp::callee(server, 1, callee).over(transport).with(&["-d", "200"]).start();
    Sipp::caller(server, 0, caller, "1001", "1002").over(transport).with(&["-d", "300"]).run();
    callee.succeed();
}

fn registered_callee(
    server: &Server,
    slot: u16,
    extension: &str,
    scenario: &'static str,
) -> RunningSipp {
    Sipp::register(server, slot, extension, Transport::Udp);
    Sipp::callee(server, slot, scenario).start()
}

/// When the 200 to the INVITE passed this phone.
fn answered_at_ms(trace: &[TraceEntry]) -> f64 {
    trace
        .iter()
        .find(|it| status_of(&it.message) == 200 && it.message.contains(" INVITE"))
        .map(|it| it.at_ms)
        .expect("the call was answered")
}

fn bye_at_ms(trace: &[TraceEntry]) -> f64 {
    trace
        .iter()
        .find(|it| it.message.starts_with("BYE "))
        .map(|it| it.at_ms)
        .expect("there was a BYE")
}

/// Status and names of headers: what an outsider can tell two answers apart by.
fn shape(response: &str) -> Vec<String> {
    let mut lines = response.lines().take_while(|line| !line.is_empty());
    let status = lines.next().unwrap_or_default();
    std::iter::once(status)
        .chain(lines.filter_map(|line| Some(line.split_once(':')?.0)))
        .map(str::to_owned)
        .collect()
}
