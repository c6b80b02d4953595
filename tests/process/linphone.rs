//! Linphone, a phone of a third maker: what it says and hears through the server, and its hold.

use crate::{
    harness::{
        Baresip, Codec, Judge, Linphone, Phone, Pjsua, Recording, Server, Transport, Visitor,
        one_audio_call_at_a_time, wait_for,
    },
    hold_music::{SPEECH_HZ, assert_music_between_speech, hold_and_resume, tone_as_music},
};
use std::time::Duration;

#[test]
fn it_calls_a_phone_with_another_codec_and_each_hears_the_other() {
    talks_with_baresip(Codec::Pcma, Codec::G722);
}

#[test]
fn its_opus_is_as_good_as_opus_and_the_other_codec_allow() {
    talks_with_baresip(Codec::Opus, Codec::Pcmu);
}

#[test]
fn it_is_called_holds_and_goes_on_and_the_other_hears_music_meanwhile() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_music(tone_as_music);
    let judge = Judge::new(server.folder());
    let tone = judge.tone("tone", SPEECH_HZ as u32, Duration::from_secs(60));
    let silence = judge.silence("silence", Duration::from_secs(60));
    let mut callee = Linphone::register(&server, &phone("1002", 1, Codec::Pcma, &tone));
    let mut caller = Pjsua::register(&server, &phone("1001", 0, Codec::Pcmu, &silence));
    let operator = Visitor::sign_in(&server, "operator1");
    let wait_for_state = |state: &str| {
        wait_for(state, LIMIT, || {
            let calls = operator.get("/calls/active");
            (calls["items"][0]["state"] == state).then_some(())
        });
    };

    caller.dial("1002");
    caller.wait_for("call CONFIRMED");
    wait_for_state("talking");
    callee.speak();
    server.wait_for_packets_sent(200);
    callee.command("pause");
    wait_for_state("held");
    // Until it has the answer, it refuses to resume.
    callee.wait_for("is now paused");
    server.wait_for_packets_sent(100);
    callee.command("resume 1");
    wait_for_state("talking");
    server.wait_for_packets_sent(200);
    caller.command("hangup");
    caller.wait_for("call DISCONNECTED");
    callee.wait_for("ended");

    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().all(|it| it.sip_status == 200 && it.cause == "normal"), "{rows:?}");
    assert_music_between_speech(&judge.at_8_khz(&caller.heard()).samples());
}

#[test]
fn it_hears_music_while_another_holds_it() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_music(tone_as_music);
    let judge = Judge::new(server.folder());
    let tone = judge.tone("tone", SPEECH_HZ as u32, Duration::from_secs(60));
    let silence = judge.silence("silence", Duration::from_secs(60));
    let mut held = Linphone::register(&server, &phone("1002", 1, Codec::Pcmu, &silence));
    let mut holder = Baresip::register(&server, &phone("1001", 0, Codec::G722, &tone));

    holder.dial("1002");
    holder.wait_for_event("CALL_ESTABLISHED", LIMIT);
    hold_and_resume(&server, |it| holder.command(it, ""));
    holder.command("hangup", "");
    held.wait_for("ended");

    assert_music_between_speech(&judge.at_8_khz(&held.heard()).samples());
}

#[test]
fn it_transfers_blindly_and_the_two_others_hear_each_other() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let (words, says, silence) = late_words(&judge);
    let mut stays = Pjsua::register(&server, &phone("1001", 0, Codec::Pcma, &says));
    let mut transfers = Linphone::register(&server, &phone("1002", 1, Codec::Pcma, &silence));
    let mut target = Baresip::register(&server, &answering("1003", 2, &says));

    stays.dial("1002");
    transfers.wait_for("connected");
    transfers.command(&format!("transfer sip:1003@{}", server.sip()));
    target.wait_for_event("CALL_ESTABLISHED", LIMIT);
    transfers.wait_for("ended");
    target.wait_for_event("CALL_CLOSED", LIMIT);
    stays.wait_for("call DISCONNECTED");

    is_one_story(&server, 3);
    hear_each_other(&judge, &words, &[stays.heard(), target.heard()]);
}

#[test]
fn it_consults_and_brings_the_two_others_together() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let (words, says, silence) = late_words(&judge);
    let mut stays = Pjsua::register(&server, &phone("1001", 0, Codec::Pcma, &says));
    let mut transfers = Linphone::register(&server, &phone("1002", 1, Codec::Pcma, &silence));
    let mut target = Baresip::register(&server, &answering("1003", 2, &says));

    stays.dial("1002");
    transfers.wait_for("connected");
    transfers.command("pause");
    transfers.wait_for("is now paused");
    transfers.dial("1003");
    target.wait_for_event("CALL_ESTABLISHED", LIMIT);
    // It transfers to nobody whom it does not talk with yet.
    transfers.wait_for(&format!("Call 2 with sip:1003@{} connected", server.sip()));
    transfers.command("transfer 1 --to-call 2");
    transfers.wait_for("ended");
    target.wait_for_event("CALL_CLOSED", LIMIT);
    stays.wait_for("call DISCONNECTED");

    is_one_story(&server, 4);
    hear_each_other(&judge, &words, &[stays.heard(), target.heard()]);
}

/// Words, the same after a silence in which others act, and a silence for as long as a test takes.
fn late_words(judge: &Judge) -> (Recording, Recording, Recording) {
    let words = judge.speech("words", CALLER_WORDS, Duration::from_secs(1));
    let lead = judge.silence("lead", Duration::from_secs(9));
    let says = judge.joined(&[&lead, &words].map(|it| it.path().to_owned()));
    (words, says, judge.silence("silence", Duration::from_secs(60)))
}

fn answering<'a>(extension: &'a str, slot: u16, says: &'a Recording) -> Phone<'a> {
    Phone { answers: true, ..phone(extension, slot, Codec::Pcmu, says) }
}

fn is_one_story(server: &Server, legs: usize) {
    let rows = server.wait_for_cdrs(legs);
    assert_eq!(rows.len(), legs, "{rows:?}");
    assert!(rows.iter().all(|it| it.sip_status == 200 && it.call == rows[0].call), "{rows:?}");
}

#[track_caller]
fn hear_each_other(judge: &Judge, words: &Recording, heard: &[Recording]) {
    for heard in heard {
        let score = judge.scores(words, &[&judge.at_8_khz(heard)])[0];
        assert!(score.stoi > 0.8 && score.pesq > 2.5, "{score:?}");
    }
}

/// 1001, a Linphone, calls 1002, a baresip, which says something else.
fn talks_with_baresip(of_caller: Codec, of_callee: Codec) {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let said_by_caller = judge.speech("caller", CALLER_WORDS, Duration::from_secs(3));
    let said_by_callee = judge.speech("callee", CALLEE_WORDS, Duration::from_secs(3));
    let callee = phone("1002", 1, of_callee, &said_by_callee);
    let mut callee = Baresip::register(&server, &callee);
    let mut caller = Linphone::register(&server, &phone("1001", 0, of_caller, &said_by_caller));

    caller.dial("1002");
    caller.wait_for("connected");
    caller.speak();
    // It has said all, and ends the call.
    callee.wait_for_event("CALL_CLOSED", LIMIT);
    caller.wait_for("ended");

    let rows = server.wait_for_cdrs(2);
    for row in &rows {
        let codec = if row.role == "caller" { of_caller } else { of_callee };
        assert_eq!((row.sip_status, row.codec.as_deref()), (200, Some(codec.name())));
        assert!(row.transcoded, "{row:?}");
    }
    judge.assert_as_good_as_codecs(&said_by_caller, &callee.heard(), &[of_caller, of_callee]);
    judge.assert_as_good_as_codecs(&said_by_callee, &caller.heard(), &[of_callee, of_caller]);
}

fn phone<'a>(extension: &'a str, slot: u16, codec: Codec, says: &'a Recording) -> Phone<'a> {
    Phone { extension, slot, transport: Transport::Udp, codec, answers: slot == 1, says }
}

const CALLER_WORDS: &str =
    "The quick brown fox jumps over the lazy dog. She sells sea shells by the shore.";
const CALLEE_WORDS: &str = "A large size in stockings is hard to sell. The boy was there when the sun rose. Rice is often \
     served in round bowls.";
const LIMIT: Duration = Duration::from_secs(40);
