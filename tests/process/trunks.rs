//! A trunk that an administrator makes carries calls at once, and for as long as it is there; what a
//! trunk asserts of a caller is believed.

use crate::harness::{
    Server, Sipp, TcpPeer, TraceEntry, UdpPeer, Visitor, array, header, request, request_over,
    signed, status_of, wait_for,
};
use serde_json::{Value, json};
use std::{thread, time::Duration};

#[test]
fn a_trunk_of_the_panel_carries_calls_at_once_and_after_kill_9_until_it_is_disabled() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let config = format!("[server]\ndialplans_dir = {:?}\n", plans.path());
    let mut server = Server::start_with(&config);
    let wanted = |is_enabled: bool| {
        json!({
            "name": "panel-made", "destination": format!("127.0.0.1:{}/udp", server.phone_port(SLOT)),
            "sources": ["127.0.0.1"], "source_port": server.phone_port(SLOT),
            "is_enabled": is_enabled,
        })
    };
    let (enabled, disabled) = (wanted(true), wanted(false));
    let admin = Visitor::sign_in(&server, "admin");
    let (status, trunk) = admin.act("POST", "/admin/trunks", None, &enabled);
    assert_eq!(status, 201, "{trunk}");
    let plan = json!({ "text": PLAN });
    let (status, saved) = admin.act("PUT", "/admin/dialplans/panel", None, &plan);
    assert_eq!(status, 200, "{saved}");
    calls_go_in_and_out(&server);

    server.kill_and_restart();
    calls_go_in_and_out(&server);
    let checked = server.command(&["check"]);
    assert!(checked.status.success(), "a plan may name a trunk of the database: {checked:?}");

    let admin = Visitor::sign_in(&server, "admin");
    let path = format!("/admin/trunks/{}", trunk["id"].as_str().expect("it has an id"));
    let (status, refused) = admin.act("DELETE", &path, Some(&trunk["version"]), &Value::Null);
    assert_eq!((status, refused["code"].as_str()), (409, Some("in_use")));
    assert!(refused.to_string().contains("panel.toml"), "{refused}");
    let (status, changed) = admin.act("PUT", &path, Some(&trunk["version"]), &disabled);
    assert_eq!(status, 200, "{changed}");
    assert!(refusal(&server).is_some(), "a disabled trunk is a stranger");
    Sipp::caller(&server, 0, "uac-offline.xml", "1001", OUTSIDE).run();
}

#[test]
fn what_a_trunk_asserts_of_its_caller_is_shown_and_kept_and_what_a_phone_asserts_is_not() {
    let server = Server::start();
    let (trunk, mut phone) = (UdpPeer::trunk(&server), phone_1002(&server));
    let asserted = "P-Asserted-Identity: \"Anna\" <sip:+79160000001@carrier.test>\r\n";
    let hidden = |privacy: &str| {
        request(&trunk, "INVITE", "sip:+74950000002@127.0.0.1", "127.0.0.1")
            .replace("From: <sip:1001@127.0.0.1>", "From: <sip:anonymous@anonymous.invalid>")
            .replace("CSeq:", &format!("{asserted}Privacy: {privacy}\r\nCSeq:"))
    };

    let shown = refused_by(&mut phone, || trunk.ask(&hidden("none"), server.sip()));
    let from = header(&shown, "From").expect("it has a From");
    assert!(from.starts_with("\"Anna\" <sip:+79160000001@"), "{from}");
    assert_eq!(header(&shown, "P-Asserted-Identity"), None, "{shown}");
    let kept = refused_by(&mut phone, || trunk.ask(&hidden("id"), server.sip()));
    assert!(!kept.contains("Anna") && !kept.contains("79160000001"), "{kept}");

    let line = UdpPeer::bind(0);
    let claim = request(&line, "INVITE", "sip:1002@127.0.0.1", "127.0.0.1")
        .replace("CSeq:", &format!("{asserted}CSeq:"));
    let own = refused_by(&mut phone, || line.ask_as("1001", &claim, server.sip()));
    assert!(header(&own, "From").is_some_and(|it| it.contains("<sip:1001@")), "{own}");
    assert!(!own.contains("Anna") && !own.contains("79160000001"), "{own}");

    server.wait_for_cdrs(6);
    let calls = Visitor::sign_in(&server, "admin").get("/calls");
    let names: Vec<_> = (0..3).map(|n| calls["items"][n]["side_a"].clone()).collect();
    assert_eq!(names[0]["number"], "1001", "{calls}");
    assert_eq!(names[1], json!({ "number": "anonymous", "name": null }));
    assert_eq!(names[2], json!({ "number": "+79160000001", "name": "Anna" }));
}

#[test]
fn a_trunk_s_credentials_answer_its_challenges_and_nobody_else_s() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let server = Server::start_with(&format!("[server]\ndialplans_dir = {:?}\n", plans.path()));
    make_trunk(&server, &json!({ "user": "tandem", "password": "s3cret" }));

    let carrier = Sipp::callee(&server, SLOT, "uas-challenges.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", OUTSIDE).with(&["-d", "200"]).run();
    let messages = carrier.succeed();
    let signed = messages.iter().filter(|it| it.message.contains("Authorization: Digest")).count();
    assert_eq!(signed, 1, "{messages:?}");

    // A phone asks, too: it hears of no credentials, and who calls it hears of a trouble of ours.
    let (mut phone, line) = (phone_1002(&server), UdpPeer::bind(0));
    let call = request(&line, "INVITE", "sip:1002@127.0.0.1", "127.0.0.1");
    let asks = "WWW-Authenticate: Digest realm=\"carrier.test\", nonce=\"n\", qop=\"auth\"\r\n";
    let call = || line.ask_as("1001", &call, server.sip());
    let (invite, heard) = refused_with(&mut phone, "401 Unauthorized", asks, call);
    assert!(!invite.contains("Authorization") && !invite.contains("s3cret"), "{invite}");
    assert_eq!(heard, 500);
    let log = server.log();
    assert!(!log.contains("s3cret"), "{log}");
}

#[test]
fn a_trunk_is_registered_with_and_calls_us_there_and_passed_over_when_it_is_silent() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let server = Server::start_with(&format!("[server]\ndialplans_dir = {:?}\n", plans.path()));
    let registrar = Sipp::callee(&server, SLOT, "registrar-challenges.xml").start();
    let mut more = json!({ "user": "tandem", "password": "s3cret", "register_expires_s": 600 });
    let trunk = make_trunk(&server, &more);
    let messages = registrar.succeed();
    let contact = format!("Contact: <sip:tandem@{}>", server.sip());
    assert!(messages.iter().any(|it| it.message.contains(&contact)), "{messages:?}");
    wait_for_figure(&server, "tandem_trunk_registered", 1);

    let address = server.sip().to_string();
    Sipp::new(&server, SLOT, "load-uac.xml")
        .with(&[&address, "-s", "9196", "-key", "caller", "+79160000000", "-d", "200"])
        .run();

    // Nobody answers OPTIONS.
    more["health_interval_s"] = json!(5);
    let admin = Visitor::sign_in(&server, "admin");
    let path = format!("/admin/trunks/{}", trunk["id"].as_str().expect("it has an id"));
    let (status, changed) =
        admin.act("PUT", &path, Some(&trunk["version"]), &wanted_trunk(&server, &more));
    assert_eq!(status, 200, "{changed}");
    wait_for_figure(&server, "tandem_trunk_up", 0);
    Sipp::caller(&server, 0, "uac-offline.xml", "1001", OUTSIDE).run();
}

#[test]
fn numbers_are_written_as_the_trunk_wants_them_and_it_is_told_who_calls_as_it_may_know() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let server = Server::start_with(&format!(
        "[server]\ndialplans_dir = {:?}\n[outbound]\nnational = \"8\"\ncountry_code = \"7\"\n",
        plans.path()
    ));
    let numbers = json!({
        "called_out": ["8{rest:10} -> +7{rest}"], "called_in": ["0009{local:3} -> 9{local}"],
        "caller_out": ["{line:4} -> +7495000{line}"], "asserts_callers": true,
    });
    make_trunk(&server, &numbers);

    let carrier = Sipp::callee(&server, SLOT, "uas.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", OUTSIDE).with(&["-d", "200"]).run();
    let invite = invite_of(&carrier.succeed());
    assert!(invite.starts_with("INVITE sip:+74950000001@"), "{invite}");
    assert!(
        header(&invite, "From").is_some_and(|it| it.contains("<sip:+74950001001@")),
        "{invite}"
    );
    let asserted = Some("<sip:+74950001001@demo.tandem.test>");
    assert_eq!(header(&invite, "P-Asserted-Identity"), asserted);
    assert_eq!(header(&invite, "Privacy"), None);

    let admin = Visitor::sign_in(&server, "admin");
    let lines = admin.get("/admin/lines");
    let line = array(&lines["items"]).find(|it| it["number"] == "1001").expect("it is there");
    let mut draft = line.clone();
    draft["is_withheld"] = json!(true);
    let path = format!("/admin/lines/{}", line["id"].as_str().expect("it has an id"));
    assert_eq!(admin.act("PUT", &path, Some(&line["version"]), &draft).0, 200);
    let carrier = Sipp::callee(&server, SLOT, "uas.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", OUTSIDE).with(&["-d", "200"]).run();
    let invite = invite_of(&carrier.succeed());
    assert!(header(&invite, "From").is_some_and(|it| it.contains("anonymous.invalid")), "{invite}");
    assert_eq!(header(&invite, "P-Asserted-Identity"), asserted);
    assert_eq!(header(&invite, "Privacy"), Some("id"));

    let address = server.sip().to_string();
    Sipp::new(&server, SLOT, "load-uac.xml")
        .with(&[&address, "-s", "0009196", "-key", "caller", "+79160000000", "-d", "200"])
        .run();
}

#[test]
fn the_cheapest_trunk_for_a_number_is_tried_first() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let server = Server::start_with(&format!("[server]\ndialplans_dir = {:?}\n", plans.path()));
    make_trunk(&server, &json!({ "rates": ["* 3", "8495 0.85"] }));
    let plan = json!({ "text": PLAN.replace(
        r#"trunk = "panel-made", number"#,
        r#"trunks = ["provider", "panel-made"], choice = "least_cost", number"#,
    ) });
    let admin = Visitor::sign_in(&server, "admin");
    let version = admin.get("/admin/dialplans/panel")["version"].clone();
    let (status, saved) = admin.act("PUT", "/admin/dialplans/panel", Some(&version), &plan);
    assert_eq!(status, 200, "{saved}");

    // The demo's carrier, which nobody knows the price of, is not there, and nobody waits for it.
    let carrier = Sipp::callee(&server, SLOT, "uas.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", OUTSIDE).with(&["-d", "200"]).run();
    carrier.succeed();
    let parties: Vec<_> = server.wait_for_cdrs(2).into_iter().map(|it| it.party).collect();
    assert!(!parties.iter().any(|it| it.starts_with("provider/")), "{parties:?}");
}

#[test]
fn a_server_that_stops_unregisters_and_how_its_trunk_stands_is_told_meanwhile() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let mut server = Server::start_with(&format!("[server]\ndialplans_dir = {:?}\n", plans.path()));
    let carrier = UdpPeer::bind(server.phone_port(SLOT));
    let admin = Visitor::sign_in(&server, "admin");
    let wanted = json!({ "user": "tandem", "password": "s3cret", "register_expires_s": 600 });
    make_trunk(&server, &wanted);
    let register = carrier.expect_request("REGISTER", Duration::from_secs(10));
    assert_eq!(header(&register, "Expires"), Some("600"));
    let standing = || {
        let states = admin.get("/admin/trunk-states");
        array(&states["items"]).find(|it| it["name"] == "panel-made").cloned()
    };
    let expected = json!({
        "name": "panel-made", "calls": 0, "is_up": null, "is_registered": true, "failure": null,
    });
    wait_for("the registration", Duration::from_secs(5), || {
        standing().filter(|it| *it == expected)
    });

    server.terminate();
    let register = carrier.expect_request("REGISTER", Duration::from_secs(5));
    assert_eq!(header(&register, "Expires"), Some("0"), "{register}");
    assert!(server.wait_for_end(Duration::from_secs(10)).success());
}

#[test]
fn whom_a_domain_or_a_line_blocks_is_declined_at_once_and_after_kill_9_until_it_is_allowed() {
    let mut server = Server::start_with("[outbound]\nnational = \"8\"\ncountry_code = \"7\"\n");
    let of_domain = |server: &Server, blocked: &[&str]| {
        let domains = Visitor::sign_in(server, "admin").get("/admin/domains");
        let own = array(&domains["items"]).find(|it| it["is_own"] == true);
        set_callers(server, "domains", own.expect("it is there"), blocked);
    };
    let of_line = |server: &Server, blocked: &[&str]| {
        let lines = Visitor::sign_in(server, "admin").get("/admin/lines");
        let line = array(&lines["items"]).find(|it| it["number"] == "1002");
        set_callers(server, "lines", line.expect("it is there"), blocked);
    };
    let call = |server: &Server, scenario, number| Sipp::trunk(server, scenario, number).run();
    let (echo, line) = ("+74950000093", "+74950000002");

    of_domain(&server, &["8 916 *"]);
    call(&server, "uac-screened.xml", echo);
    server.wait_for_cdrs(1);
    server.kill_and_restart();
    call(&server, "uac-screened.xml", echo);
    of_domain(&server, &[]);
    Sipp::trunk(&server, "load-uac.xml", echo).with(&["-d", "200"]).run();

    of_line(&server, &["+79160000000"]);
    call(&server, "uac-screened.xml", line);
    Sipp::trunk(&server, "load-uac.xml", echo).with(&["-d", "200"]).run();
    let rows = server.wait_for_cdrs(5);
    let screened: Vec<_> = rows.iter().filter(|it| it.cause == "screened").collect();
    assert_eq!(screened.len(), 3, "{rows:?}");
    assert!(screened.iter().all(|it| it.sip_status == 603 && it.role == "caller"), "{rows:?}");
}

#[test]
fn a_trunk_without_an_address_signs_in_and_its_calls_are_its_own_after_kill_9_too() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let mut server = Server::start_with(&format!("[server]\ndialplans_dir = {:?}\n", plans.path()));
    let mut login = json!({
        "sources": [], "source_port": null, "inbound_user": "roaming",
        "inbound_password": "demo-roaming",
    });
    let trunk = make_trunk(&server, &login);
    let call = |server: &Server| {
        Sipp::caller(server, SLOT, "uac.xml", "roaming", "9196").with(&["-d", "200"]).run();
    };
    call(&server);
    server.kill_and_restart();
    call(&server);
    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|it| it.party == "panel-made/roaming"), "{rows:?}");

    let admin = Visitor::sign_in(&server, "admin");
    login["inbound_password"] = json!("another");
    let path = format!("/admin/trunks/{}", trunk["id"].as_str().expect("it has an id"));
    let wanted = wanted_trunk(&server, &login);
    assert_eq!(admin.act("PUT", &path, Some(&trunk["version"]), &wanted).0, 200);
    let peer = UdpPeer::bind(0);
    let invite = request(&peer, "INVITE", "sip:9196@127.0.0.1", "127.0.0.1");
    let ask = |text: &str| peer.ask(text, server.sip()).expect("an answer is due");
    let challenge = ask(&invite);
    assert!(
        header(&challenge, "WWW-Authenticate").is_some_and(|it| it.contains("demo.tandem.test"))
    );
    assert_eq!(status_of(&ask(&signed(&invite, &challenge, "roaming"))), 401);
    let log = server.log();
    assert!(!log.contains("demo-roaming") && !log.contains("another"), "{log}");
}

/// Whom an object of the administration takes calls from.
fn set_callers(server: &Server, kind: &str, object: &Value, blocked: &[&str]) {
    let path = format!("/admin/{kind}/{}/callers", object["id"].as_str().expect("it has an id"));
    let wanted = json!({ "blocked": blocked, "allowed": [] });
    let (status, set) = Visitor::sign_in(server, "admin").act("PUT", &path, None, &wanted);
    assert_eq!(status, 200, "{set}");
}

/// The INVITE that a carrier got.
fn invite_of(messages: &[TraceEntry]) -> String {
    let invite = messages.iter().find(|it| !it.sent && it.message.starts_with("INVITE "));
    invite.expect("it was called").message.clone()
}

/// A trunk of the panel at [`SLOT`], and the plan that leads through it.
fn make_trunk(server: &Server, more: &Value) -> Value {
    let admin = Visitor::sign_in(server, "admin");
    let (status, trunk) = admin.act("POST", "/admin/trunks", None, &wanted_trunk(server, more));
    assert_eq!(status, 201, "{trunk}");
    let plan = json!({ "text": PLAN });
    let (status, saved) = admin.act("PUT", "/admin/dialplans/panel", None, &plan);
    assert_eq!(status, 200, "{saved}");
    trunk
}

fn wanted_trunk(server: &Server, more: &Value) -> Value {
    let mut wanted = json!({
        "name": "panel-made", "destination": format!("127.0.0.1:{}/udp", server.phone_port(SLOT)),
        "sources": ["127.0.0.1"], "source_port": server.phone_port(SLOT), "is_enabled": true,
    });
    let more = more.as_object().expect("further fields").clone();
    wanted.as_object_mut().expect("a trunk has fields").extend(more);
    wanted
}

/// A phone of 1002 that is on.
fn phone_1002(server: &Server) -> TcpPeer {
    let mut phone = TcpPeer::connect(server.sip());
    let register =
        request_over("TCP", phone.address(), "REGISTER", "sip:127.0.0.1", "127.0.0.1", "1002");
    phone.send(register.as_bytes());
    let challenge = phone.expect("SIP/2.0 401");
    phone.send(signed(&register, &challenge, "1002").as_bytes());
    phone.expect("SIP/2.0 200");
    phone
}

fn wait_for_figure(server: &Server, name: &str, value: u8) {
    let line = format!("{name}{{trunk=\"panel-made\"}} {value}");
    wait_for(&line, Duration::from_secs(40), || {
        server.get("/metrics").filter(|it| it.contains(&line)).map(drop)
    });
}

/// The INVITE that a call brings to a phone, which is busy.
fn refused_by(phone: &mut TcpPeer, call: impl FnOnce() -> Option<String> + Send) -> String {
    let (invite, heard) = refused_with(phone, "486 Busy Here", "", call);
    assert_eq!(heard, 486);
    invite
}

/// The INVITE that a call brings to a phone, which refuses it so; and what the caller hears.
fn refused_with(
    phone: &mut TcpPeer,
    status: &str,
    headers: &str,
    call: impl FnOnce() -> Option<String> + Send,
) -> (String, u16) {
    thread::scope(|scope| {
        let ringing = scope.spawn(|| {
            let invite = phone.expect("INVITE ");
            phone.answer(&invite, status, headers, "");
            phone.expect("ACK ");
            invite
        });
        let answer = call().expect("an answer is due");
        (ringing.join().expect("the phone rings"), status_of(&answer))
    })
}

fn calls_go_in_and_out(server: &Server) {
    let address = server.sip().to_string();
    Sipp::new(server, SLOT, "load-uac.xml")
        .with(&[&address, "-s", "9196", "-key", "caller", "+79160000000", "-d", "200"])
        .run();
    let carrier = Sipp::callee(server, SLOT, "uas.xml").start();
    Sipp::caller(server, 0, "uac.xml", "1001", OUTSIDE).with(&["-d", "200"]).run();
    carrier.succeed();
}

/// The status with which a call from the trunk's address is turned away; `None` if it is not.
fn refusal(server: &Server) -> Option<u16> {
    let peer = UdpPeer::bind(server.phone_port(SLOT));
    let invite = request(&peer, "INVITE", "sip:9196@127.0.0.1", "127.0.0.1");
    let status = status_of(&peer.ask(&invite, server.sip()).expect("an answer is due"));
    (status >= 400).then_some(status)
}

const SLOT: u16 = 3;
const OUTSIDE: &str = "84950000001";
const PLAN: &str = r#"domain = "demo.tandem.test"
[[rule]]
name = "colleague"
match = { number = "1002" }
steps = [{ dial = { user = "1002" } }]
[[rule]]
name = "in"
match = { number = "9196", from = "trunk:panel-made" }
steps = [{ echo = {} }]
[[rule]]
name = "out"
match = { number = "84950000001" }
steps = [{ dial = { trunk = "panel-made", number = "{number}" } }]
"#;
