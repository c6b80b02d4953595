//! Keys between phones of two makers that have them in different forms: each hears what the other
//! pressed, once and in order.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Pjsua, Recording, Server, Transport, Visitor, array,
    one_audio_call_at_a_time, wait_for,
};
use media::dtmf::{Heard, ToneDetector};
use serde_json::json;
use std::time::Duration;

#[test]
fn events_pass_as_events_both_ways() {
    let mut call = Call::set_up(["auto", "auto"], &[], Codec::Pcmu);
    call.pjsua.command(&format!("dtmf {KEYS}"));
    assert_eq!(call.baresip.digits(KEYS.len(), LIMIT), KEYS);
    call.press_at_baresip();
    assert_eq!(call.pjsua.digits(KEYS.len()), KEYS);

    assert_eq!(call.end(), "", "no tones");
}

#[test]
fn codes_order_something_and_other_keys_pass() {
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(60));
    let phone = |extension, slot, answers| {
        let (transport, codec) = (Transport::Udp, Codec::Pcma);
        Phone { extension, slot, transport, codec, answers, says: &silence }
    };
    let mut other = Baresip::register(&server, &phone("1002", 1, true));
    let mut third = Baresip::register(&server, &phone("1003", 2, true));
    let mut presses = Pjsua::register(&server, &phone("1001", 0, false));
    let anna = Visitor::sign_in(&server, "operator1");
    let recording = |state: &str| {
        wait_for(state, LIMIT, || {
            let call = anna.get("/calls/active")["items"][0].clone();
            (call["recording"] == state).then_some(())
        });
    };
    presses.dial("71001002");
    presses.wait_for("call CONFIRMED");

    for form in ["dtmf", "info"] {
        presses.command(&format!("{form} 12*9#5"));
        assert_eq!(other.digits(6, LIMIT), "12*9#5");
        presses.command(&format!("{form} *1"));
        recording("on");
        presses.command(&format!("{form} *4"));
        recording("paused");
        presses.command(&format!("{form} *1"));
        recording("off");
    }
    presses.command("dtmf ##");
    wait_for("the other side to be held", LIMIT, || {
        (anna.get("/calls/active")["items"][0]["state"] == "held").then_some(())
    });
    presses.command("dtmf 1003#");
    third.wait_for_event("CALL_ESTABLISHED", LIMIT);
    presses.wait_for("call DISCONNECTED");
    third.command("hangup", "");
    other.wait_for_event("CALL_CLOSED", LIMIT);
}

#[test]
fn events_become_info_and_info_passes_as_info() {
    let mut call = Call::set_up(["auto", "info"], &[], Codec::Pcma);
    for form in ["dtmf", "info"] {
        call.pjsua.command(&format!("{form} {KEYS}"));
        assert_eq!(call.baresip.digits(KEYS.len(), LIMIT), KEYS);
    }
    assert_eq!(call.baresip.output().matches(HEARD_BY_INFO).count(), 2 * KEYS.len());

    assert_eq!(call.end(), "", "no tones");
}

#[test]
fn info_becomes_events() {
    let mut call = Call::set_up(["auto", "auto"], &[], Codec::Pcma);
    call.pjsua.command(&format!("info {KEYS}"));
    assert_eq!(call.baresip.digits(KEYS.len(), LIMIT), KEYS);
    assert_eq!(call.baresip.output().matches(HEARD_BY_INFO).count(), 0);

    call.end();
}

#[test]
fn info_and_events_become_tones_for_a_line_that_is_set_to_tones() {
    let mut call = Call::set_up(["auto", "inband"], &[], Codec::Pcmu);
    for form in ["info", "dtmf"] {
        call.pjsua.command(&format!("{form} {KEYS}"));
        call.wait_for_packets(600);
    }
    call.pjsua.command("hangup");
    call.pjsua.wait_for("call DISCONNECTED");

    assert_eq!(keys_in(&call.baresip.heard()), KEYS.repeat(2));
}

#[test]
fn events_become_tones_for_a_phone_without_events_and_its_tones_become_events() {
    let mut call = Call::set_up(["auto", "auto"], &["--no-events"], Codec::Pcmu);
    call.press_at_baresip();
    call.wait_for_packets(200);
    call.pjsua.command(&format!("tones {KEYS}"));
    assert_eq!(call.baresip.digits(KEYS.len(), LIMIT), KEYS);

    assert_eq!(call.end(), KEYS);
}

#[test]
fn events_become_tones_and_tones_become_info_between_codecs() {
    let codecs = [Codec::Pcma, Codec::Opus];
    let mut call = Call::between(["auto", "info"], &["--no-events"], codecs);
    call.press_at_baresip();
    call.wait_for_packets(200);
    call.pjsua.command(&format!("tones {KEYS}"));
    assert_eq!(call.baresip.digits(KEYS.len(), LIMIT), KEYS);
    assert_eq!(call.baresip.output().matches(HEARD_BY_INFO).count(), KEYS.len());

    assert_eq!(call.end(), KEYS);
}

/// 1001, PJSIP, has called 1002, baresip. Both are silent but for keys.
struct Call {
    pjsua: Pjsua,
    baresip: Baresip,
    server: Server,
    _quiet: std::sync::MutexGuard<'static, ()>,
}

impl Call {
    fn set_up(settings: [&str; 2], options: &[&str], codec: Codec) -> Self {
        Self::between(settings, options, [codec, codec])
    }

    /// `settings` are how keys go to each by the lines' settings.
    fn between(settings: [&str; 2], options: &[&str], codecs: [Codec; 2]) -> Self {
        let quiet = one_audio_call_at_a_time();
        let server = Server::start();
        for (number, dtmf) in ["1001", "1002"].into_iter().zip(settings) {
            set(&server, number, dtmf);
        }
        let judge = Judge::new(server.folder());
        let says = judge.silence("silence", Duration::from_secs(120));
        let baresip = Baresip::register(&server, &phone("1002", 1, codecs[1], true, &says));
        let phone = phone("1001", 0, codecs[0], false, &says);
        let mut pjsua = Pjsua::register_with(&server, &phone, options);
        pjsua.dial("1002");
        pjsua.wait_for("call CONFIRMED");
        let call = Self { pjsua, baresip, server, _quiet: quiet };
        call.wait_for_packets(50);
        call
    }

    fn press_at_baresip(&mut self) {
        for key in KEYS.chars() {
            self.baresip.command("sndcode", &key.to_string());
            // It does not wait until a key is over before it begins with the next.
            self.wait_for_packets(30);
        }
    }

    /// Of both phones, counted where they come in.
    fn wait_for_packets(&self, count: u64) {
        self.server.wait_for_packets_received(count);
    }

    /// Hangs up; the keys whose tones PJSIP heard.
    fn end(mut self) -> String {
        self.wait_for_packets(50);
        self.pjsua.command("hangup");
        self.pjsua.wait_for("call DISCONNECTED");
        keys_in(&self.pjsua.heard())
    }
}

/// Sets how keys go to the devices of a line.
fn set(server: &Server, number: &str, dtmf: &str) {
    let admin = Visitor::sign_in(server, "admin");
    let lines = admin.get("/admin/lines");
    let line = array(&lines["items"]).find(|it| it["number"] == number).expect("a line").clone();
    let mut wanted = line.clone();
    wanted["dtmf"] = json!(dtmf);
    let path = format!("/admin/lines/{}", line["id"].as_str().expect("an id"));
    let (status, changed) = admin.act("PUT", &path, Some(&line["version"]), &wanted);
    assert_eq!((status, &changed["dtmf"]), (200, &json!(dtmf)), "{changed}");
}

/// The keys whose tones are in a recording.
fn keys_in(recording: &Recording) -> String {
    let mut keys = String::new();
    ToneDetector::new().listen(&recording.samples(), |heard| {
        if let Heard::Pressed(digit) = heard {
            keys.push(digit.as_char());
        }
    });
    keys
}

fn phone<'a>(
    extension: &'a str,
    slot: u16,
    codec: Codec,
    answers: bool,
    says: &'a Recording,
) -> Phone<'a> {
    Phone { extension, slot, transport: Transport::Udp, codec, answers, says }
}

/// What baresip writes for each key out of an INFO, and for no other.
const HEARD_BY_INFO: &str = "call: received DTMF: '";
/// Two alike in a row among them.
const KEYS: &str = "1550*#94";
const LIMIT: Duration = Duration::from_secs(60);
