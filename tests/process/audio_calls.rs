//! Two phones talk through the server, and each is heard as well as its codec allows.

use crate::harness::{
    Baresip, CdrRow, Codec, Judge, Phone, Recording, Server, Transport, one_audio_call_at_a_time,
};
use std::time::Duration;

#[test]
fn speech_passes_both_ways_over_udp_in_pcmu() {
    both_hear_each_other(Transport::Udp, Codec::Pcmu);
}

#[test]
fn speech_passes_both_ways_over_udp_in_pcma() {
    both_hear_each_other(Transport::Udp, Codec::Pcma);
}

#[test]
fn speech_passes_both_ways_over_tcp_in_pcma() {
    both_hear_each_other(Transport::Tcp, Codec::Pcma);
}

#[test]
fn pcmu_and_pcma_are_transcoded_into_each_other() {
    both_hear_each_other_in(Transport::Udp, Codec::Pcmu, Codec::Pcma);
}

#[test]
fn pcmu_and_g722_are_transcoded_into_each_other() {
    both_hear_each_other_in(Transport::Udp, Codec::Pcmu, Codec::G722);
}

#[test]
fn pcma_and_opus_are_transcoded_into_each_other() {
    both_hear_each_other_in(Transport::Udp, Codec::Pcma, Codec::Opus);
}

#[test]
fn opus_and_pcmu_are_transcoded_into_each_other() {
    both_hear_each_other_in(Transport::Udp, Codec::Opus, Codec::Pcmu);
}

#[test]
fn g722_and_opus_are_transcoded_into_each_other() {
    both_hear_each_other_in(Transport::Udp, Codec::G722, Codec::Opus);
}

#[test]
fn opus_passes_where_both_have_it() {
    both_hear_each_other(Transport::Udp, Codec::Opus);
}

#[test]
fn judge_tells_other_words_and_a_late_start_from_a_good_call() {
    let folder = tempfile::tempdir().expect("temporary folder can be made");
    let judge = Judge::new(folder.path());
    let said = judge.speech("said", CALLER_WORDS, Duration::from_secs(1));
    let other = judge.speech("other", CALLEE_WORDS, Duration::from_secs(1));
    let late = judge.without_start("late", &said, Duration::from_secs(2));

    let scores = judge.scores(&said, &[&said, &other, &late]);

    assert!(scores[0].pesq > 4.4 && scores[0].stoi > 0.99, "{scores:?}");
    for bad in &scores[1..] {
        assert!(bad.pesq < scores[0].pesq - 1.0 && bad.stoi < scores[0].stoi - 0.15, "{scores:?}");
    }
}

fn both_hear_each_other(transport: Transport, codec: Codec) {
    both_hear_each_other_in(transport, codec, codec);
}

/// 1001 calls 1002; each says something else; the caller hangs up when it has said its words.
fn both_hear_each_other_in(transport: Transport, of_caller: Codec, of_callee: Codec) {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let said_by_caller = judge.speech("caller", CALLER_WORDS, Duration::from_secs(3));
    let said_by_callee = judge.speech("callee", CALLEE_WORDS, Duration::from_secs(20));
    let phone = |extension, slot, codec, says| Phone {
        extension,
        slot,
        transport,
        codec,
        answers: slot == 1,
        says,
    };

    let callee = Baresip::register(&server, &phone("1002", 1, of_callee, &said_by_callee));
    let mut caller = Baresip::register(&server, &phone("1001", 0, of_caller, &said_by_caller));
    caller.dial("1002");
    caller.wait_for_event("CALL_ESTABLISHED", ANSWER_LIMIT);
    caller.wait_for_event("CALL_CLOSED", length_of(&said_by_caller) + ANSWER_LIMIT);

    let (out, back) = ([of_caller, of_callee], [of_callee, of_caller]);
    let codecs = if of_caller == of_callee { 1 } else { 2 };
    judge.assert_as_good_as_codecs(&said_by_caller, &callee.heard(), &out[..codecs]);
    judge.assert_as_good_as_codecs(&said_by_callee, &caller.heard(), &back[..codecs]);
    assert_in_call_log(&server, [of_caller, of_callee], length_of(&said_by_caller));
}

/// One call of two legs, each in its codec, answered, hung up by the caller, as long as the
/// caller's words.
#[track_caller]
fn assert_in_call_log(server: &Server, [of_caller, of_callee]: [Codec; 2], said: Duration) {
    let rows = server.wait_for_cdrs(2);

    let roles: Vec<_> = rows.iter().map(|row| row.role.as_str()).collect();
    assert!(rows.len() == 2 && roles.contains(&"caller") && roles.contains(&"callee"), "{rows:?}");
    assert_eq!(rows[0].call, rows[1].call, "one call has two legs");
    for row in &rows {
        assert_eq!((row.caller.as_str(), row.dialled.as_str()), ("1001", "1002"));
        let codec = if row.role == "caller" { of_caller } else { of_callee };
        assert_eq!((row.sip_status, row.codec.as_deref()), (200, Some(codec.name())));
        assert!(row.answer_ms.is_some(), "{row:?}");
        assert_eq!(row.transcoded, of_caller != of_callee, "{row:?}");
        let off_ms = row.talk_ms - i64::try_from(said.as_millis()).expect("a short file");
        assert!(off_ms.abs() < TALK_TOLERANCE_MS, "talked {} ms of {said:?}", row.talk_ms);
        let (party, hangup) =
            if row.role == "caller" { ("1001", "remote") } else { ("1002", "peer") };
        assert_eq!((row.party.as_str(), row.hangup.as_str()), (party, hangup));
        assert_media_figures(row, codec);
    }
}

/// A packet each 20 ms both ways, of 160 bytes (fewer with Opus) with or without its header, none
/// lost.
#[track_caller]
fn assert_media_figures(row: &CdrRow, codec: Codec) {
    let expected = row.talk_ms / 20;
    let tolerance = 25 + expected / 10;
    for packets in [row.packets_received, row.packets_sent] {
        assert!((packets - expected).abs() <= tolerance, "{packets} of {expected}: {row:?}");
    }
    let bytes = if codec == Codec::Opus { 10..=1000 } else { 160..=172 };
    assert!(bytes.contains(&(row.bytes_received / row.packets_received)), "{row:?}");
    assert_eq!(row.packets_lost, 0, "{row:?}");
    assert!((0.0..40.0).contains(&row.jitter_ms), "{row:?}");
    assert!(row.mos.is_some_and(|it| it > 4.0), "{row:?}");
}

fn length_of(recording: &Recording) -> Duration {
    Duration::from_millis(recording.samples().len() as u64 / 8)
}

const CALLER_WORDS: &str =
    "The quick brown fox jumps over the lazy dog. She sells sea shells by the shore.";
const CALLEE_WORDS: &str =
    "A large size in stockings is hard to sell. The boy was there when the sun rose.";
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// baresip starts its source after the 200 and stops it with a last packet; `scenarios` measures
/// talk time to 50 ms.
const TALK_TOLERANCE_MS: i64 = 1_000;
