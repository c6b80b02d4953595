//! The menu of the demo with phones that this project did not write.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Pjsua, Recording, Server, Transport, one_audio_call_at_a_time,
    repository,
};
use std::time::Duration;

#[test]
fn the_menu_speaks_both_languages_explains_what_is_wrong_and_leads_to_the_operator() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(90));
    let words = judge.speech("words", TEXT, Duration::from_secs(1));
    let lead = judge.silence("lead", Duration::from_secs(1));
    let says = judge.joined(&[&lead, &words, &lead].map(|it| it.path().to_owned()));
    let mut caller = Pjsua::register(&server, &phone("1004", 0, false, &silence));
    let mut operator = Baresip::register(&server, &phone("1002", 1, true, &says));

    caller.dial("5000");
    caller.wait_for("call CONFIRMED");
    // The welcome is heard to its end; a key that is none is explained, and the menu follows.
    wait_for_sent(&server, Duration::from_secs(8));
    caller.command("dtmf 7");
    wait_for_sent(&server, Duration::from_secs(12));
    caller.command("dtmf 9");
    wait_for_sent(&server, Duration::from_secs(17));
    caller.command("dtmf 0");
    operator.wait_for_event("CALL_ESTABLISHED", LIMIT);
    operator.wait_for_event("CALL_CLOSED", LIMIT);
    caller.wait_for("call DISCONNECTED");

    server.wait_for_cdrs(2);
    let heard = judge.at_8_khz(&caller.heard());
    for (what, said) in [
        ("the welcome", Recording::at(repository("sounds/ru/ivr-welcome.wav"))),
        ("what was wrong", Recording::at(repository("sounds/ru/ivr-invalid.wav"))),
        ("the operator", words),
    ] {
        let score = judge.scores(&said, &[&heard])[0];
        assert!(score.stoi > SAID_STOI, "{what}: {score:?}");
    }
}

/// Waits until the server has sent so much of a caller's audio, counted from its start.
fn wait_for_sent(server: &Server, sent: Duration) {
    let packets = sent.as_millis() as u64 / 20;
    crate::harness::wait_for("audio to be sent", LIMIT, || {
        (server.metric("tandem_rtp_packets_sent_total") >= packets).then_some(())
    });
}

fn phone<'a>(extension: &'a str, slot: u16, answers: bool, says: &'a Recording) -> Phone<'a> {
    Phone { extension, slot, transport: Transport::Udp, codec: Codec::Pcma, answers, says }
}

const TEXT: &str =
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background.";
const LIMIT: Duration = Duration::from_secs(60);
/// Words that are there, in whatever surrounds them.
const SAID_STOI: f64 = 0.75;
