//! Transfers, parking and picking up with phones that this project did not write: who hears whom then.

use crate::{
    harness::{
        Baresip, Codec, Judge, Phone, Pjsua, Recording, Score, Server, Transport,
        one_audio_call_at_a_time, tones_heard,
    },
    hold_music::{MUSIC, MUSIC_HZ, SPEECH, SPEECH_HZ, hold_and_resume, spans, tone_as_music},
    recordings::{LIKE, likeness},
};
use std::time::Duration;

#[test]
fn a_phone_transfers_blindly_and_the_two_others_hear_each_other() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let words = Words::of(&judge);
    let mut stays = baresip(&server, "1001", 0, Codec::Pcma, false, &words.late);
    let mut transfers = baresip(&server, "1002", 1, Codec::Pcma, true, &words.silence);
    let mut target = baresip(&server, "1003", 2, Codec::Pcmu, true, &words.late);

    stays.dial("1002");
    transfers.wait_for_event("CALL_ESTABLISHED", LIMIT);
    transfers.command("transfer", &format!("sip:1003@{}", server.sip()));
    target.wait_for_event("CALL_ESTABLISHED", LIMIT);
    transfers.wait_for_event("CALL_CLOSED", LIMIT);
    stays.wait_for_event("CALL_CLOSED", LIMIT);
    target.wait_for_event("CALL_CLOSED", LIMIT);

    let rows = server.wait_for_cdrs(3);
    assert!(rows.iter().all(|it| it.sip_status == 200 && it.call == rows[0].call), "{rows:?}");
    for heard in [stays.heard(), target.heard()] {
        let score = judge.scores(&words.words, &[&judge.at_8_khz(&heard)])[0];
        assert!(score.stoi > SAID_STOI && score.pesq > SAID_PESQ, "{score:?}");
    }
}

#[test]
fn a_phone_consults_holds_and_brings_the_two_others_together() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let words = Words::of(&judge);
    let mut stays = pjsua(&server, "1001", 0, &words.later);
    let mut transfers = pjsua(&server, "1002", 1, &words.silence);
    let mut target = baresip(&server, "1003", 2, Codec::Pcma, true, &words.later);

    stays.dial("1002");
    transfers.wait_for("call CONFIRMED");
    transfers.command("hold");
    transfers.wait_for_count("media", 2);
    transfers.command(&format!("consult sip:1003@{}", server.sip()));
    transfers.wait_for_count("call CONFIRMED", 2);
    transfers.command("attend");
    transfers.wait_for_count("call DISCONNECTED", 2);
    transfers.wait_for("transfer 200");
    target.wait_for_event("CALL_CLOSED", LIMIT);
    stays.wait_for("call DISCONNECTED");

    let rows = server.wait_for_cdrs(4);
    assert!(rows.iter().all(|it| it.call == rows[0].call), "one story: {rows:?}");
    for heard in [stays.heard(), target.heard()] {
        let score = judge.scores(&words.words, &[&judge.at_8_khz(&heard)])[0];
        assert!(score.stoi > SAID_STOI && score.pesq > SAID_PESQ, "{score:?}");
    }
}

#[test]
fn a_busy_target_gives_the_call_back_to_whoever_transferred_it() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let words = Words::of(&judge);
    let mut stays = baresip(&server, "1001", 0, Codec::Pcma, false, &words.late);
    let mut transfers = pjsua(&server, "1002", 1, &words.late);

    stays.dial("1002");
    transfers.wait_for("call CONFIRMED");
    transfers.command(&format!("transfer sip:1007@{}", server.sip()));
    transfers.wait_for("transfer 480");
    stays.wait_for_event("CALL_CLOSED", LIMIT);
    transfers.wait_for("call DISCONNECTED");

    server.wait_for_cdrs(2);
    let score = judge.scores(&words.words, &[&judge.at_8_khz(&stays.heard())])[0];
    assert!(score.stoi > SAID_STOI && score.pesq > SAID_PESQ, "{score:?}");
}

#[test]
fn a_call_is_picked_up_parked_and_fetched() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let words = Words::of(&judge);
    let mut caller = baresip(&server, "1001", 0, Codec::Pcma, false, &words.last);
    let _rings = pjsua_that_rings(&server, "1002", 1, &words.silence);
    let mut picks_up = pjsua(&server, "1003", 2, &words.silence);
    let mut fetches = baresip(&server, "1004", 3, Codec::Pcma, false, &words.late);

    caller.dial("1002");
    caller.wait_for_event("CALL_RINGING", LIMIT);
    picks_up.dial("*81002");
    picks_up.wait_for("call CONFIRMED");
    caller.wait_for_event("CALL_ESTABLISHED", LIMIT);
    picks_up.command(&format!("transfer sip:700@{}", server.sip()));
    picks_up.wait_for("call DISCONNECTED");
    fetches.dial("701");
    fetches.wait_for_event("CALL_ESTABLISHED", LIMIT);
    fetches.wait_for_event("CALL_CLOSED", LIMIT);
    caller.wait_for_event("CALL_CLOSED", LIMIT);

    let rows = server.wait_for_cdrs(4);
    assert!(rows.iter().all(|it| it.call == rows[0].call), "one story: {rows:?}");
    let heard = likeness(&words.words.samples(), &judge.at_8_khz(&caller.heard()).samples());
    assert!(heard >= LIKE, "{heard}: the caller hears whoever fetched it");
}

#[test]
fn a_carriers_call_is_held_parked_fetched_and_handed_on_and_each_hears_the_other() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_music(tone_as_music);
    let judge = Judge::new(server.folder());
    let tone = judge.tone("tone", SPEECH_HZ as u32, Duration::from_secs(60));
    let silence = judge.silence("lead", Duration::from_secs(2));
    let long = judge.silence("long", Duration::from_secs(60));
    let path = |it: &Recording| it.path().to_owned();
    let words = [("outside", TEXT), ("second", SECOND_TEXT), ("third", THIRD_TEXT)];
    let [outside, second, third] =
        words.map(|(name, text)| judge.speech(name, text, Duration::from_secs(1)));
    let again: Vec<_> = (0..12).map(|_| path(&outside)).collect();
    let says = |words: &Recording| judge.joined(&[&silence, words, &long].map(path));
    let (says_second, says_third) = (says(&second), says(&third));
    let mut carrier = Pjsua::carrier(&server, "+79160000000", Codec::Pcmu, &judge.joined(&again));
    let mut answers = pjsua(&server, "1002", 1, &tone);
    let mut fetches = baresip(&server, "1003", 2, Codec::G722, false, &says_second);
    let mut takes_over = baresip(&server, "1004", 3, Codec::Opus, true, &says_third);

    carrier.dial("+74950000002");
    carrier.wait_for("call CONFIRMED");
    hold_and_resume(&server, |it| answers.command(it));
    answers.command(&format!("transfer sip:700@{}", server.sip()));
    answers.wait_for("call DISCONNECTED");
    server.wait_for_packets_sent(100);
    fetches.dial("701");
    fetches.wait_for_event("CALL_ESTABLISHED", LIMIT);
    server.wait_for_packets_sent(TALK_PACKETS);
    fetches.command("transfer", &format!("sip:1004@{}", server.sip()));
    takes_over.wait_for_event("CALL_ESTABLISHED", LIMIT);
    fetches.wait_for_event("CALL_CLOSED", LIMIT);
    server.wait_for_packets_sent(TALK_PACKETS);
    carrier.command("hangup");
    takes_over.wait_for_event("CALL_CLOSED", LIMIT);

    let rows = server.wait_for_cdrs(4);
    assert!(rows.iter().all(|it| it.call == rows[0].call), "one story: {rows:?}");
    let heard = carrier.heard();
    let tones = spans(&tones_heard(&judge.at_8_khz(&heard).samples(), &[SPEECH_HZ, MUSIC_HZ]));
    let what: Vec<_> = tones.iter().map(|it| it.what).take(4).collect();
    assert_eq!(what, [SPEECH, MUSIC, SPEECH, MUSIC], "held, taken back, parked: {tones:?}");
    let scores = [
        (&second, &heard),
        (&third, &heard),
        (&outside, &fetches.heard()),
        (&outside, &takes_over.heard()),
    ]
    .map(|(words, heard)| judge.scores(words, &[&judge.at_8_khz(heard)])[0]);
    let is_good = |it: &Score| it.stoi > SAID_STOI && it.pesq > SAID_PESQ;
    assert!(scores.iter().all(is_good), "{scores:?}");
}

/// What phones say.
struct Words {
    words: Recording,
    silence: Recording,
    /// After a silence, in which others act.
    late: Recording,
    later: Recording,
    last: Recording,
}

impl Words {
    fn of(judge: &Judge) -> Self {
        let words = judge.speech("words", TEXT, Duration::from_secs(1));
        let after = |name: &str, seconds| {
            let lead = judge.silence(name, Duration::from_secs(seconds));
            judge.joined(&[&lead, &words].map(|it| it.path().to_owned()))
        };
        let (late, later, last) = (after("late", 6), after("later", 9), after("last", 25));
        Self {
            silence: judge.silence("silence", Duration::from_secs(60)),
            late,
            later,
            last,
            words,
        }
    }
}

fn baresip(
    server: &Server,
    extension: &str,
    slot: u16,
    codec: Codec,
    answers: bool,
    says: &Recording,
) -> Baresip {
    let transport = Transport::Udp;
    Baresip::register(server, &Phone { extension, slot, transport, codec, answers, says })
}

fn pjsua(server: &Server, extension: &str, slot: u16, says: &Recording) -> Pjsua {
    Pjsua::register(server, &Phone::new(extension, slot, Codec::Pcma, says).answering())
}

fn pjsua_that_rings(server: &Server, extension: &str, slot: u16, says: &Recording) -> Pjsua {
    Pjsua::register(server, &Phone::new(extension, slot, Codec::Pcma, says))
}

const TEXT: &str =
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background.";
const SECOND_TEXT: &str =
    "A large size in stockings is hard to sell. The boy was there when the sun rose.";
const THIRD_TEXT: &str =
    "Rice is often served in round bowls. The juice of lemons makes fine punch.";
/// So much of both directions lets each say what it has to say, the carrier all of one of its rounds.
const TALK_PACKETS: u64 = 1500;
const LIMIT: Duration = Duration::from_secs(40);
/// Words that are there, at the end of whatever came before.
const SAID_STOI: f64 = 0.8;
const SAID_PESQ: f64 = 2.5;
