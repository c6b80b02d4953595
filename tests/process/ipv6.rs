//! Phones on IPv6, and calls between the families: each leg has its own in signalling and in SDP.

use crate::harness::{RunningSipp, Server, Sipp, TraceEntry, Transport};

#[test]
fn phones_register_and_call_over_ipv6_by_udp() {
    both_on_ipv6(Transport::Udp);
}

#[test]
fn phones_register_and_call_over_ipv6_by_tcp() {
    both_on_ipv6(Transport::Tcp);
}

#[test]
fn caller_on_ipv4_reaches_a_callee_on_ipv6() {
    let server = Server::start_with(BOTH_FAMILIES);
    let callee = registered_callee(&server, Transport::Udp);

    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002").with(&["-d", "300"]).run();

    let callee = callee.succeed();
    assert_eq!(connection(&callee, "INVITE "), "c=IN IP6 ::1");
    assert_eq!(connection(&caller, "SIP/2.0 200"), "c=IN IP4 127.0.0.1");
    assert_eq!(server.wait_for_cdrs(2).len(), 2);
}

#[test]
fn caller_on_ipv6_reaches_a_callee_on_ipv4() {
    let server = Server::start_with(BOTH_FAMILIES);
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee = Sipp::callee(&server, 1, "uas.xml").with(&["-d", "200"]).start();

    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002")
        .with(&["-d", "300"])
        .over_v6(&server)
        .run();

    assert_eq!(connection(&callee.succeed(), "INVITE "), "c=IN IP4 127.0.0.1");
    assert_eq!(connection(&caller, "SIP/2.0 200"), "c=IN IP6 ::1");
}

fn both_on_ipv6(transport: Transport) {
    let server = Server::start_with(BOTH_FAMILIES);
    let callee = registered_callee(&server, transport);

    let caller = Sipp::caller(&server, 0, "uac.xml", "1001", "1002")
        .with(&["-d", "300"])
        .over(transport)
        .over_v6(&server)
        .run();

    assert_eq!(connection(&callee.succeed(), "INVITE "), "c=IN IP6 ::1");
    assert_eq!(connection(&caller, "SIP/2.0 200"), "c=IN IP6 ::1");
}

fn registered_callee(server: &Server, transport: Transport) -> RunningSipp {
    Sipp::registration(server, 1, "register.xml", "1002", "demo-1002")
        .with(&["-key", "expires", "600"])
        .over(transport)
        .over_v6(server)
        .run();
    let callee = Sipp::callee(server, 1, "uas.xml").with(&["-d", "200"]);
    callee.over(transport).over_v6(server).start()
}

/// The connection line of the first message received that begins so and brings SDP.
#[track_caller]
fn connection(trace: &[TraceEntry], start: &str) -> String {
    trace
        .iter()
        .filter(|it| !it.sent && it.message.starts_with(start))
        .find_map(|it| it.message.lines().find(|line| line.starts_with("c=")))
        .unwrap_or_else(|| panic!("{start} with SDP: {trace:?}"))
        .to_owned()
}

const BOTH_FAMILIES: &str = r#"
[sip]
listen = ["127.0.0.1:5060/udp", "127.0.0.1:5060/tcp", "[::1]:5060/udp", "[::1]:5060/tcp"]
[media]
listen = ["127.0.0.1", "::1"]
"#;
