//! A supervisor in a call of two phones of two makers: who hears whom, by the sound itself.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Pjsua, Recording, Server, Transport, Visitor, array, levels_of,
    one_audio_call_at_a_time, wait_for,
};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn a_supervisor_listens_whispers_and_barges_in_and_who_is_none_does_not() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let says = TONES.map(|hz| judge.tone(&format!("tone-{hz}"), hz, Duration::from_secs(60)));
    let mut agent = Baresip::register(&server, &phone("1002", 0, Codec::Opus, &says[0], true));
    let mut caller = Pjsua::register(&server, &phone("1001", 1, Codec::Pcma, &says[1], false));
    let mut supervisor = Pjsua::register(&server, &phone("2000", 2, Codec::G722, &says[2], false));
    let mut stranger = Pjsua::register(&server, &phone("1003", 3, Codec::Pcma, &says[2], false));

    supervisor.dial("*441002");
    supervisor.wait_for("call DISCONNECTED 480");
    caller.dial("1002");
    caller.wait_for("call CONFIRMED");
    stranger.dial("*441002");
    stranger.wait_for("call DISCONNECTED 403");

    supervisor.dial("*441002");
    supervisor.wait_for("call CONFIRMED");
    server.wait_for_more(RECEIVED, 3 * 50 * STAGE_S);
    // Whom the supervisor speaks to, the other's packets do not pass to as they come.
    supervisor.command("dtmf 5");
    server.wait_for_more(REPLACED, 50 * STAGE_S);
    supervisor.command("dtmf 6");
    server.wait_for_more(REPLACED, 3 * 50 * STAGE_S);
    supervisor.command("info 4");
    let mut replaced = server.metric(REPLACED);
    wait_for("the supervisor listening again", EVENT_LIMIT, || {
        server.wait_for_more(RECEIVED, 3 * 50);
        let before = std::mem::replace(&mut replaced, server.metric(REPLACED));
        (before == replaced).then_some(())
    });
    server.wait_for_more(RECEIVED, 3 * 50 * STAGE_S);
    caller.command("hangup");
    caller.wait_for("call DISCONNECTED");
    supervisor.wait_for_count("call DISCONNECTED", 2);
    agent.wait_for_event("CALL_CLOSED", EVENT_LIMIT);

    // A right that is taken away is gone at once.
    let admin = Visitor::sign_in(&server, "admin");
    let people = admin.get("/admin/users");
    let person =
        people["items"].as_array().and_then(|it| it.iter().find(|it| it["login"] == "supervisor"));
    let id = person.and_then(|it| it["id"].as_str()).expect("the demo has a supervisor");
    assert_eq!(admin.act("POST", &format!("/admin/users/{id}/disable"), None, &Value::Null).0, 200);
    supervisor.dial("*441002");
    supervisor.wait_for("call DISCONNECTED 403");

    let [agent, caller, supervisor] = [agent.heard(), caller.heard(), supervisor.heard()]
        .map(|it| levels_of(&judge.at_8_khz(&it).samples(), &TONES.map(f64::from)));
    let tenths = |spans: &[[f64; 3]], tones: &[usize]| {
        spans.iter().filter(|levels| tones.iter().all(|it| levels[*it] > HEARD_DB)).count()
    };
    let stage = usize::try_from(STAGE_S).expect("seconds") * 10;
    let both = tenths(&supervisor, &[AGENT, CALLER]);
    assert!(both >= 3 * stage, "the supervisor hears both in {both} tenths");
    assert_eq!(tenths(&supervisor, &[SUPERVISOR]), 0, "and not itself");
    for (who, spans, other) in [("agent", &agent, CALLER), ("caller", &caller, AGENT)] {
        let heard = tenths(spans, &[other]);
        assert!(heard >= 3 * stage, "the {who} hears the other in {heard} tenths");
    }
    let drawn = |spans: &[[f64; 3]]| -> String {
        let letter = |it: &[f64; 3]| if it[SUPERVISOR] > HEARD_DB { 'S' } else { '.' };
        spans.iter().map(letter).collect()
    };
    let told = format!("agent {}\ncaller {}", drawn(&agent), drawn(&caller));
    let [by_agent, by_caller] = [&agent, &caller].map(|it| tenths(it, &[SUPERVISOR]));
    assert!(by_caller >= stage / 2, "barged in\n{told}");
    let ends_alone = |spans: &[[f64; 3]]| tenths(&spans[spans.len() - stage..], &[SUPERVISOR]) == 0;
    assert!(ends_alone(&agent) && ends_alone(&caller), "and no more\n{told}");
    assert!(by_agent >= by_caller + stage / 2, "whispered before\n{told}");
}

#[test]
fn a_command_rings_the_supervisors_phone_and_says_who_hears_it() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let says = TONES.map(|hz| judge.tone(&format!("tone-{hz}"), hz, Duration::from_secs(60)));
    let agent = Baresip::register(&server, &phone("1002", 0, Codec::Pcma, &says[0], true));
    let mut caller = Pjsua::register(&server, &phone("1001", 1, Codec::Pcma, &says[1], false));
    let mut own = Pjsua::register(&server, &phone("2000", 2, Codec::G722, &says[2], true));
    let supervisor = Visitor::sign_in(&server, "supervisor");
    let operator = Visitor::sign_in(&server, "operator3");
    caller.dial("1002");
    caller.wait_for("call CONFIRMED");
    let id = wait_for("the call to be seen", EVENT_LIMIT, || {
        let call = supervisor.get("/calls/active")["items"][0].clone();
        (call["state"] == "talking").then(|| call["id"].as_str().unwrap_or_default().to_owned())
    });
    let path = format!("/calls/{id}/supervise");
    let ask = |who: &Visitor<'_>, path: &str, body: Value| {
        let (status, answer) = who.act("POST", path, None, &body);
        (status, answer["rings"].as_bool(), answer)
    };

    assert_eq!(ask(&operator, &path, json!({ "mode": "listen" })).0, 403);
    let nobodys = "/calls/00000000-0000-0000-0000-000000000000/supervise";
    assert_eq!(ask(&supervisor, nobodys, json!({ "mode": "listen" })).0, 404);
    let (status, _, problem) =
        ask(&supervisor, &path, json!({ "mode": "whisper", "whisper_to": "1005" }));
    assert_eq!((status, problem["code"].as_str()), (409, Some("impossible")), "{problem}");

    let (status, rings, answer) = ask(&supervisor, &path, json!({ "mode": "whisper" }));
    assert_eq!((status, rings), (202, Some(true)), "{answer}");
    own.wait_for("call CONFIRMED");
    server.wait_for_more(REPLACED, 50 * STAGE_S);
    let (status, rings, answer) = ask(&supervisor, &path, json!({ "mode": "barge" }));
    assert_eq!((status, rings), (202, Some(false)), "{answer}");
    server.wait_for_more(REPLACED, 3 * 50 * STAGE_S);
    assert_eq!(ask(&supervisor, &path, json!({ "mode": "listen" })).0, 202);
    server.wait_for_more(RECEIVED, 3 * 50 * STAGE_S);
    caller.command("hangup");
    own.wait_for("call DISCONNECTED");
    let admin = Visitor::sign_in(&server, "admin");
    let audit = admin.get("/admin/audit?what=call.supervised");
    assert_eq!(array(&audit["items"]).count(), 3, "{audit}");
    assert_eq!(audit["items"][0]["object_id"], id.as_str(), "{audit}");

    let [agent, caller, own] = [agent.heard(), caller.heard(), own.heard()]
        .map(|it| levels_of(&judge.at_8_khz(&it).samples(), &TONES.map(f64::from)));
    let tenths = |spans: &[[f64; 3]], tones: &[usize]| {
        spans.iter().filter(|levels| tones.iter().all(|it| levels[*it] > HEARD_DB)).count()
    };
    let stage = usize::try_from(STAGE_S).expect("seconds") * 10;
    assert!(tenths(&own, &[AGENT, CALLER]) >= 2 * stage, "the supervisor hears both");
    let [by_agent, by_caller] = [&agent, &caller].map(|it| tenths(it, &[SUPERVISOR]));
    assert!(by_caller >= stage / 2, "barged in: the caller heard it in {by_caller} tenths");
    assert!(by_agent >= by_caller + stage / 2, "whispered before: {by_agent}, {by_caller}");
}

fn phone<'a>(
    extension: &'a str,
    slot: u16,
    codec: Codec,
    says: &'a Recording,
    answers: bool,
) -> Phone<'a> {
    Phone { extension, slot, transport: Transport::Udp, codec, answers, says }
}

const AGENT: usize = 0;
const CALLER: usize = 1;
const SUPERVISOR: usize = 2;
/// What each of them says, in Hz.
const TONES: [u32; 3] = [400, 1300, 2100];
/// Packets of the phones, and those of them in whose place something else was sent.
const RECEIVED: &str = "tandem_rtp_packets_received_total";
const REPLACED: &str = "tandem_rtp_packets_dropped_total{reason=\"replaced\"}";
/// How long the supervisor stays in each mode, by what the three phones send.
const STAGE_S: u64 = 3;
/// Louder than this is heard.
const HEARD_DB: f64 = -28.0;
const EVENT_LIMIT: Duration = Duration::from_secs(60);
