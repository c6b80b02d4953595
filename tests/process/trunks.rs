//! A trunk that an administrator makes carries calls at once, and for as long as it is there.

use crate::harness::{Server, Sipp, UdpPeer, Visitor, request, status_of};
use serde_json::{Value, json};

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
name = "in"
match = { number = "9196", from = "trunk:panel-made" }
steps = [{ echo = {} }]
[[rule]]
name = "out"
match = { number = "84950000001" }
steps = [{ dial = { trunk = "panel-made", number = "{number}" } }]
"#;
