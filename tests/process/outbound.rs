//! Who may call out: nobody whom no administrator let, and whoever sends a call out does so with its own
//! rights.

use crate::harness::{
    Server, Sipp, TRUNK_SLOT, Transport, UdpPeer, Visitor, request, status_of, wait_for,
};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_line_calls_out_once_it_has_the_right_by_command_or_panel_and_no_longer_than_that() {
    let server = Server::start_with(CLASSES);
    let refused = refusal(&server, "1001").expect("the demo's class is not there");
    assert!(
        refused.starts_with("SIP/2.0 403 1001 may not call numbers of class city"),
        "{refused}"
    );

    let unknown = server.command(&rights("town"));
    assert!(!unknown.status.success() && unknown.output.contains("city, abroad"), "{unknown:?}");
    let given = server.command(&rights("city"));
    assert!(given.status.success(), "{given:?}");
    let carrier = Sipp::callee(&server, TRUNK_SLOT, "uas.xml").start();
    Sipp::caller(&server, 0, "uac.xml", "1001", OUT).with(&["-d", "200"]).run();
    carrier.succeed();
    let listed = server.command(&["extension", "list"]);
    assert!(listed.output.contains("\t1001\t4 calls\tcity\t"), "{listed:?}");

    let admin = Visitor::sign_in(&server, "admin");
    let line = line_of(&admin, "1001");
    let path = format!("/admin/lines/{}", line["id"].as_str().expect("it has an id"));
    let mut draft = line.clone();
    draft["outbound_classes"] = json!(["abroad"]);
    let (status, changed) = admin.act("PUT", &path, Some(&line["version"]), &draft);
    assert_eq!((status, &changed["outbound_classes"]), (200, &json!(["abroad"])), "{changed}");
    assert!(refusal(&server, "1001").is_some(), "in force at once");
    let audited = admin.get("/admin/audit");
    assert!(audited.to_string().contains("abroad"), "{audited}");
    let barred = server.wait_for_cdrs(4).into_iter().filter(|it| it.cause == "barred").count();
    assert_eq!(barred, 2);
}

#[test]
fn forwards_and_transfers_go_out_with_the_rights_of_who_wants_them() {
    let server = Server::start_with(CLASSES);
    assert!(server.command(&rights("city")).status.success());

    // 1002 has no right, and its forward takes nobody out, whatever the caller may.
    Sipp::caller(&server, 1, "uac.xml", "1002", &["*72", OUT].concat()).with(&["-d", "300"]).run();
    let call = call_of(&server, "1001", "1002");
    assert!(call.is_some_and(|it| it.contains(" 403 1002 may not call")), "the line forwards");

    // 1001 has, and takes along whoever calls it.
    Sipp::caller(&server, 0, "uac.xml", "1001", &["*72", OUT].concat()).with(&["-d", "300"]).run();
    let carrier = Sipp::callee(&server, TRUNK_SLOT, "uas.xml").start();
    Sipp::caller(&server, 2, "uac.xml", "1003", "1001").with(&["-d", "200"]).run();
    carrier.succeed();

    // 1004 hands its callee on to a number that it may not call, and gets it back.
    Sipp::register(&server, 3, "1005", Transport::Udp);
    let stays = Sipp::callee(&server, 3, "uas.xml").with(&["-d", "100"]).start();
    Sipp::caller(&server, 2, "uac-refer-in-vain.xml", "1004", "1005")
        .with(&["-key", "target", OUT, "-d", "300"])
        .run();
    stays.succeed();
    server.wait_until_quiet();
}

/// The refusal of a call out for want of a right.
fn refusal(server: &Server, extension: &str) -> Option<String> {
    call_of(server, extension, OUT).filter(|it| status_of(it) == 403)
}

/// The final answer to a call of an extension.
fn call_of(server: &Server, extension: &str, number: &str) -> Option<String> {
    let phone = UdpPeer::bind(0);
    let call = request(&phone, "INVITE", &format!("sip:{number}@127.0.0.1"), "127.0.0.1")
        .replace("sip:1001@", &format!("sip:{extension}@"));
    phone.ask_as(extension, &call, server.sip())
}

fn rights(classes: &str) -> [&str; 7] {
    ["extension", "rights", "1001", "--domain", "demo.tandem.test", "--outbound-classes", classes]
}

fn line_of(admin: &Visitor<'_>, number: &str) -> serde_json::Value {
    let lines = admin.get("/admin/lines");
    let lines = lines["items"].as_array().expect("there are lines").clone();
    lines.into_iter().find(|it| it["number"] == *number).expect("it is there")
}

const OUT: &str = "984950000001";
const CLASSES: &str = r#"
[outbound]
national = "8"
country_code = "7"

[[outbound_class]]
name = "city"
prefixes = ["+7495"]

[[outbound_class]]
name = "abroad"
prefixes = ["+"]
"#;

#[test]
fn minutes_of_a_day_end_calls_and_hold_over_kill_9_and_whoever_reaches_them_is_told_of() {
    let mut server = Server::start_with_talked_outside(CAPS, "1001", 57);
    let admin = Visitor::sign_in(&server, "admin");
    let mut panel = admin.connect(&json!({"tab": "a", "subs": ["alarms"]}));
    let carrier = Sipp::callee(&server, TRUNK_SLOT, "uas.xml").start();
    Sipp::caller(&server, 0, "uac-hung-up-on.xml", "1001", OUT).run();
    carrier.succeed();
    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|it| it.cause == "capped"), "{rows:?}");
    assert!(rows.iter().all(|it| (2_900..3_600).contains(&it.talk_ms)), "{rows:?}");
    let told = "403 1001 has talked as many minutes today as it may: class national";
    assert!(call_of(&server, "1001", OUT).is_some_and(|it| it.contains(told)));
    let blocked = call_of(&server, "1001", "979991234567");
    assert!(blocked.is_some_and(|it| it.contains("403 79991234567 is on the black list")));

    wait_for("the alarms", Duration::from_secs(10), || {
        let metrics = server.get("/metrics")?;
        let is_told = |it: &str| metrics.contains(&format!("alarms_total{{limit=\"{it}\"}} 1"));
        (is_told("line_minutes") && is_told("blocked")).then_some(())
    });
    let log = server.log();
    assert!(log.contains("ERROR") && log.contains("change line_minutes_a_day"), "{log}");
    for limit in ["line_minutes", "blocked"] {
        panel.wait_for(limit, |it| it["t"] == "outbound.alarm" && it["d"]["limit"] == limit);
    }
    drop(panel);
    let alarms = admin.get("/admin/outbound-alarms");
    let limits = [0, 1].map(|it| alarms["items"][it]["limit"].clone());
    assert_eq!(limits, ["blocked", "line_minutes"], "{alarms}");

    server.kill_and_restart();
    assert!(call_of(&server, "1001", OUT).is_some_and(|it| it.contains(told)));
    let carrier = Sipp::callee(&server, TRUNK_SLOT, "uas.xml").start();
    Sipp::caller(&server, 1, "uac.xml", "1002", OUT).with(&["-d", "200"]).run();
    carrier.succeed();
}

const CAPS: &str = r#"
[outbound]
blocked = ["7999"]

[[outbound_class]]
name = "national"
prefixes = [""]
line_minutes_a_day = 1
"#;
