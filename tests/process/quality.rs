//! How a call sounds: as phones of two makers and the server tell each other, live and afterwards.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Pjsua, Server, Transport, Visitor, array,
    one_audio_call_at_a_time, wait_for,
};
use serde_json::Value;
use std::time::Duration;

#[test]
fn each_leg_of_a_transcoded_call_is_rated_both_ways_while_it_goes_on_and_in_the_call_log() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let says = judge.tone("tone", 440, Duration::from_secs(60));
    let phone = |extension, slot, codec| Phone {
        extension,
        slot,
        transport: Transport::Udp,
        codec,
        answers: slot == 1,
        says: &says,
    };
    let _callee = Baresip::register(&server, &phone("1002", 1, Codec::Opus));
    let mut caller = Pjsua::register(&server, &phone("1001", 0, Codec::Pcma));
    caller.dial("1002");
    caller.wait_for("call CONFIRMED");
    let operator = Visitor::sign_in(&server, "operator1");
    let call = operator.get("/calls/active")["items"][0]["id"].clone();
    let path = format!("/calls/{}/quality", call.as_str().expect("it goes on"));

    let legs = wait_for("both phones tell what they hear", REPORTS_LIMIT, || {
        let legs = operator.get(&path)["legs"].clone();
        let is_known = |leg: &Value| {
            ["received", "sent"].iter().all(|way| leg[way]["mos"].is_number())
                && leg["rtt_ms"].is_number()
        };
        (array(&legs).filter(|it| is_known(it)).count() == 2).then_some(legs)
    });
    for leg in array(&legs) {
        for way in ["received", "sent"] {
            assert!(leg[way]["mos"].as_f64() > Some(GOOD), "{legs}");
            assert!(leg[way]["loss_percent"].as_f64() < Some(1.0), "{legs}");
        }
        assert!(leg["rtt_ms"].as_f64() < Some(RTT_MS_MAX), "{legs}");
    }
    // Somebody else's call, another domain's, and a guessed one.
    let other = Visitor::sign_in(&server, "operator3");
    assert_eq!(other.act("GET", &path, None, &Value::Null).0, 403);
    assert!(server.command(&["domain", "add", "other.example"]).status.success());
    let eve = ["user", "add", "eve", "--domain", "other.example", "--role", "admin"];
    assert!(server.command(&[&eve[..], &["--password", "demo"]].concat()).status.success());
    let eve = Visitor::sign_in_at(&server, "other.example", "eve");
    assert_eq!(eve.act("GET", &path, None, &Value::Null).0, 404);
    let guessed = "/calls/01890000-0000-7000-8000-000000000000/quality";
    assert_eq!(operator.act("GET", guessed, None, &Value::Null).0, 404);
    caller.command("hangup");
    caller.wait_for("call DISCONNECTED");

    let rows = server.wait_for_cdrs(2);
    for row in &rows {
        assert!(row.mos.is_some_and(|it| it > GOOD), "{row:?}");
        assert!(row.far_mos.is_some_and(|it| it > GOOD), "{row:?}");
        assert!(row.rtt_ms.is_some_and(|it| it < RTT_MS_MAX), "{row:?}");
        assert!(row.far_packets_lost.is_some_and(|it| it.abs() <= 10), "{row:?}");
    }
    assert_eq!(operator.act("GET", &path, None, &Value::Null).0, 404, "it is over");
}

/// Phones report each five seconds or so, and tell a round trip when they have had a report.
const REPORTS_LIMIT: Duration = Duration::from_secs(40);

/// On loopback nothing is lost; 4.4 is the best there is.
const GOOD: f64 = 3.8;

/// Of loopback and two processes that may have to wait for a core.
const RTT_MS_MAX: f64 = 500.0;
