//! What bounds calls, and what callers hear when one is met or a callee says no.

use crate::harness::{
    RunningSipp, Server, Sipp, TcpPeer, Transport, UdpPeer, header, request, request_over, signed,
    status_of, wait_for,
};
use std::{thread, time::Duration};

#[test]
fn call_beyond_the_servers_limit_gets_503_and_when_to_try_again() {
    let server = Server::start_with("[calls]\ncalls_max = 1\n[signalling]\nshards = 1\n");
    let first = Sipp::trunk(&server, "load-uac.xml", "+74950000093").with(&["-d", "3000"]).start();
    wait_until_answered(&first);

    let refused = Sipp::caller(&server, 0, "uac-draining.xml", "1001", "9196").run();

    let answer = refused.iter().find(|it| status_of(&it.message) == 503).expect("a 503");
    assert!(header(&answer.message, "Retry-After").is_some(), "{}", answer.message);
    first.succeed();
}

#[test]
fn extension_takes_no_more_calls_at_a_time_than_it_may_have() {
    let server = Server::start();
    let domain = ["--domain", "demo.tandem.test"];
    server.command(&[&["extension", "remove", "1003"], &domain[..]].concat());
    let limits = ["--password", "demo-1003", "--calls-max", "1"];
    server.command(&[&["extension", "add", "1003"], &domain[..], &limits].concat());
    Sipp::register(&server, 2, "1003", Transport::Udp);
    let callee = Sipp::callee(&server, 2, "uas.xml").with(&["-d", "0"]).start();
    let first = Sipp::trunk(&server, "load-uac.xml", "+74950000003").with(&["-d", "3000"]).start();
    wait_until_answered(&first);

    Sipp::caller(&server, 0, "uac-busy.xml", "1001", "1003").run();

    first.succeed();
    callee.succeed();
}

#[test]
fn request_that_has_come_too_far_is_483() {
    let server = Server::start();
    let trunk = UdpPeer::trunk(&server);
    let invite = request(&trunk, "INVITE", "sip:+74950000002@127.0.0.1", "127.0.0.1")
        .replace("Max-Forwards: 70", "Max-Forwards: 0");

    let response = trunk.ask(&invite, server.sip()).expect("an answer is due");

    assert_eq!(status_of(&response), 483, "{response}");
}

#[test]
fn contact_that_points_at_the_server_is_called_where_its_registration_came_from() {
    let server = Server::start();
    let phone = UdpPeer::bind(0);
    let (own, servers) = (phone.address(), server.sip());
    let register = request_over("UDP", own, "REGISTER", "sip:127.0.0.1", "127.0.0.1", "1002")
        .replace(&format!("Contact: <sip:1002@{own}"), &format!("Contact: <sip:1002@{servers}"));
    let registered = phone.ask_as("1002", &register, servers).expect("an answer is due");
    assert_eq!(status_of(&registered), 200, "{registered}");
    let trunk = UdpPeer::trunk(&server);

    let invite = request(&trunk, "INVITE", "sip:+74950000002@127.0.0.1", "127.0.0.1");
    trunk.send(invite.as_bytes(), servers);

    let called = phone.receive(LIMIT).expect("the phone rings");
    assert!(called.starts_with(b"INVITE "), "{}", String::from_utf8_lossy(&called));
    let calls = wait_for("the figures", LIMIT, || {
        Some(server.metric("tandem_calls_total")).filter(|calls| *calls > 0)
    });
    assert_eq!(calls, 1, "no call came back to us");
}

#[test]
fn call_that_a_dialplan_sends_in_a_circle_is_stopped() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    std::fs::write(plans.path().join("circle.toml"), CIRCLE).expect("plan can be written");
    let folder = plans.path();
    let server = Server::start_with(&format!(
        "[server]\ndialplans_dir = {folder:?}\n[[trunk]]\nname = \"circle\"\n\
         domain = \"demo.tandem.test\"\ndestination = \"127.0.0.1:SIP_PORT/udp\"\n\
         sources = [\"127.0.0.1\"]\nsource_port = SIP_PORT\n",
    ));
    let trunk = UdpPeer::trunk(&server);

    let invite = request(&trunk, "INVITE", "sip:7@127.0.0.1", "127.0.0.1");
    let response = trunk.ask(&invite, server.sip()).expect("an answer is due");

    assert!((400..500).contains(&status_of(&response)), "{response}");
    let calls = wait_for("the calls' end", LIMIT, || {
        let calls = server.metric("tandem_calls_total");
        (calls > 0 && server.metric("tandem_calls") == 0).then_some(calls)
    });
    assert!(calls < 5, "the circle is short, and has {calls} calls");
}

#[test]
fn caller_hears_of_the_callees_failure_in_words_that_concern_the_caller() {
    let server = Server::start();
    let mut phone = TcpPeer::connect(server.sip());
    let register =
        request_over("TCP", phone.address(), "REGISTER", "sip:127.0.0.1", "127.0.0.1", "1002");
    phone.send(register.as_bytes());
    let challenge = phone.expect("SIP/2.0 401");
    phone.send(signed(&register, &challenge, "1002").as_bytes());
    phone.expect("SIP/2.0 200");
    let trunk = UdpPeer::trunk(&server);

    for (said, heard) in [
        ("486 Busy Here", 486),
        ("600 Busy Everywhere", 600),
        ("603 Decline", 603),
        ("480 Temporarily Unavailable", 480),
        ("404 Not Found", 404),
        ("488 Not Acceptable Here", 488),
        ("503 Service Unavailable", 480),
        ("302 Moved Temporarily", 480),
        ("401 Unauthorized", 500),
    ] {
        let invite = request(&trunk, "INVITE", "sip:+74950000002@127.0.0.1", "127.0.0.1");
        let response = thread::scope(|scope| {
            scope.spawn(|| {
                let invite = phone.expect("INVITE ");
                phone.answer(&invite, said, "", "");
                phone.expect("ACK ");
            });
            trunk.ask(&invite, server.sip()).expect("an answer is due")
        });
        assert_eq!(status_of(&response), heard, "{said}: {response}");
    }
}

fn wait_until_answered(caller: &RunningSipp) {
    wait_for("answer", LIMIT, || {
        let trace = caller.trace();
        trace.iter().any(|it| it.sent && it.message.starts_with("ACK ")).then_some(())
    });
}

const CIRCLE: &str = r#"
[[rule]]
name = "circle"
match = { number = "7", from = ["trunk:provider", "trunk:circle"] }
steps = [{ dial = { trunk = "circle", number = "7" } }]
"#;
const LIMIT: Duration = Duration::from_secs(10);
