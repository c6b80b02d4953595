//! A domain that an administrator makes serves phones at once, under all its names and no others.

use crate::harness::{Server, Sipp, Transport, UdpPeer, Visitor, header, request, status_of};
use serde_json::{Value, json};

#[test]
fn a_domain_of_the_panel_serves_phones_at_once_and_after_kill_9_until_it_is_removed() {
    let mut server = Server::start();
    let admin = Visitor::sign_in(&server, "admin");
    let path = |domain: &Value| format!("/admin/domains/{}", domain["id"].as_str().expect("an id"));
    for host in ["office.example", "branch.example"] {
        assert_eq!(realm(&server, host), None, "nobody's yet");
    }

    // The address that the demo's phones call it by goes over to the new domain.
    let demo = admin.get("/admin/domains")["items"][0].clone();
    assert_eq!((&demo["name"], &demo["is_own"]), (&json!("demo.tandem.test"), &json!(true)));
    let without = json!({ "aliases": [] });
    let (status, changed) = admin.act("PUT", &path(&demo), Some(&demo["version"]), &without);
    assert_eq!(status, 200, "{changed}");
    assert_eq!(realm(&server, "127.0.0.1"), None);
    let wanted = json!({ "name": "office.example", "aliases": ["127.0.0.1", "branch.example"] });
    let (status, made) = admin.act("POST", "/admin/domains", None, &wanted);
    assert_eq!(status, 201, "{made}");
    for host in ["office.example", "BRANCH.example", "127.0.0.1"] {
        assert_eq!(realm(&server, host).as_deref(), Some("office.example"), "{host}");
    }
    let phone = ["--domain", "office.example", "--password", "demo-1002"];
    let added = server.command(&[&["extension", "add", "1002"], &phone[..]].concat());
    assert!(added.status.success(), "{}", added.output);
    Sipp::register(&server, 1, "1002", Transport::Udp);

    server.kill_and_restart();
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let admin = Visitor::sign_in(&server, "admin");
    let (status, kept) = admin.act("DELETE", &path(&made), Some(&made["version"]), &Value::Null);
    assert_eq!((status, kept["code"].as_str()), (409, Some("in_use")), "{kept}");
    let removed = ["extension", "remove", "1002", "--domain", "office.example"];
    assert!(server.command(&removed).status.success());
    let (status, gone) = admin.act("DELETE", &path(&made), Some(&made["version"]), &Value::Null);
    assert_eq!(status, 204, "{gone}");
    for host in ["office.example", "branch.example", "127.0.0.1"] {
        assert_eq!(realm(&server, host), None, "{host}");
    }
}

/// The realm in which a phone that registers at `host` is to sign; `None` if it is turned away.
fn realm(server: &Server, host: &str) -> Option<String> {
    let phone = UdpPeer::bind(0);
    let register = request(&phone, "REGISTER", &format!("sip:{host}"), host);
    let response = phone.ask(&register, server.sip()).expect("an answer is due");
    assert!((400..500).contains(&status_of(&response)), "{response}");
    let challenge = header(&response, "WWW-Authenticate")?;
    assert_eq!(status_of(&response), 401, "{response}");
    Some(challenge.split("realm=\"").nth(1)?.split('"').next()?.to_owned())
}
