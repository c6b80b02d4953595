//! Voicemail with phones that this project did not write: what is said at one number is heard at
//! another, whatever happens meanwhile.

use crate::{
    base64::base64,
    harness::{
        Baresip, Codec, Judge, Linphone, MailServer, MessageRow, Phone, Pjsua, Recording, Server,
        Watcher, kept_greetings, one_audio_call_at_a_time, wait_for,
    },
    recordings::{LIKE, likeness},
};
use std::{path::PathBuf, time::Duration};

#[test]
fn what_is_said_for_somebody_is_what_they_hear_and_can_delete() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let Sounds { judge, words, tail, then_silent, .. } = Sounds::new(&server);
    let mut caller = Pjsua::register(&server, &Phone::new("1001", 0, Codec::Pcma, &then_silent));
    let mut owner = Pjsua::register(&server, &Phone::new("1002", 1, Codec::Pcmu, &tail));

    let row = leave_message(&server, &mut caller);
    assert_eq!((row.caller.as_str(), row.is_cut_off), ("1001", false), "{row:?}");
    let file = judge.at_8_khz(&Recording::at(path_of(&server, &row))).samples();
    let kept = likeness(&words.samples(), &file);
    assert!(kept >= LIKE, "{kept} in the file");

    open_mailbox(&mut owner);
    owner.command("dtmf 1");
    wait_for_packets_sent(&server, length_of(&row) + ENVELOPE_MAX);
    owner.command("dtmf 7");
    wait_for_message(&server, "deleted");
    assert!(path_of(&server, &row).exists(), "its owner may restore it until it leaves");
    owner.command("dtmf #");
    owner.wait_for("call DISCONNECTED");
    wait_for("the message's end", LIMIT, || messages(&server).is_empty().then_some(()));
    // Its clock adapts, so that neither the shape of the wave nor its timing tell much: it is the words.
    let score = judge.scores(&words, &[&judge.at_8_khz(&owner.heard())])[0];
    assert!(score.stoi > SAID_STOI && score.pesq > SAID_PESQ, "{score:?} at the owner's ear");
    assert!(!path_of(&server, &row).exists(), "nothing is left of a deleted message");
}

#[test]
fn phones_of_other_makers_leave_a_message_and_hear_it() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let Sounds { judge, words, tail, .. } = Sounds::new(&server);
    let said = judge.at_8_khz(&words);
    let mut caller = Baresip::register(&server, &Phone::new("1001", 0, Codec::Pcma, &tail));
    let mut owner = Linphone::register(&server, &Phone::new("1002", 1, Codec::Pcmu, &tail));

    caller.dial("*981002");
    caller.wait_for_event("CALL_ESTABLISHED", LIMIT);
    wait_for_recordings(&server, 1);
    // Its second of silence comes first, in which the tone ends.
    caller.command("ausrc", &format!("aufile,{}", said.path().display()));
    // It has said all, and ends the call.
    caller.wait_for_event("CALL_CLOSED", LIMIT);
    let row = wait_for_message(&server, "new");
    assert_eq!((row.caller.as_str(), row.is_cut_off), ("1001", false), "{row:?}");
    let file = judge.at_8_khz(&Recording::at(path_of(&server, &row))).samples();
    let kept = likeness(&words.samples(), &file);
    assert!(kept >= LIKE, "{kept} in the file: {row:?} {}", caller.output());

    owner.dial("*97");
    owner.wait_for("connected");
    owner.command("1");
    wait_for_packets_sent(&server, length_of(&row) + ENVELOPE_MAX);
    owner.command("7");
    wait_for_message(&server, "deleted");
    owner.command("#");
    owner.wait_for("ended");
    let score = judge.scores(&words, &[&judge.at_8_khz(&owner.heard())])[0];
    assert!(score.stoi > SAID_STOI && score.pesq > SAID_PESQ, "{score:?} at the owner's ear");
}

#[test]
fn whoever_hangs_up_has_left_its_message_and_kill_9_costs_at_most_its_last_second() {
    let _quiet = one_audio_call_at_a_time();
    let mut server = Server::start();
    let Sounds { judge, words, goes_on, .. } = Sounds::new(&server);
    let mut hanging_up = Pjsua::register(&server, &Phone::new("1001", 0, Codec::Pcma, &goes_on));
    begin_message(&mut hanging_up);
    wait_for_recorded(&server, Duration::from_secs(5));
    hanging_up.command("hangup");
    hanging_up.wait_for("call DISCONNECTED");
    let left = wait_for_message(&server, "new");
    assert!(left.duration_ms >= 4000 && !left.is_cut_off, "{left:?}");

    let mut cut_off = Pjsua::register(&server, &Phone::new("1003", 1, Codec::Pcma, &goes_on));
    begin_message(&mut cut_off);
    wait_for_recordings(&server, 1);
    let before = server.metric(PACKETS);
    wait_for_recorded(&server, Duration::from_secs(8));
    let recorded = server.metric(PACKETS) - before;

    server.kill_and_restart();

    let rows = wait_for("both messages", LIMIT, || {
        Some(messages(&server)).filter(|it| it.len() == 2 && it.iter().all(|it| it.state == "new"))
    });
    let row = &rows[1];
    assert_eq!((row.caller.as_str(), row.is_cut_off), ("1003", true), "{row:?}");
    let at_least_ms = recorded as i64 / 2 * 20 - 1000;
    assert!(row.duration_ms >= at_least_ms, "{row:?}: less than {at_least_ms} ms");
    let file = judge.at_8_khz(&Recording::at(path_of(&server, row))).samples();
    let kept = likeness(&words.samples(), &file);
    assert!(kept >= LIKE, "{kept}");
}

#[test]
fn the_lamp_of_a_mailbox_lights_for_a_message_and_goes_out_when_it_is_deleted() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let Sounds { tail, goes_on, .. } = Sounds::new(&server);
    let mut caller = Pjsua::register(&server, &Phone::new("1001", 0, Codec::Pcma, &goes_on));
    let owner = Phone::new("1002", 1, Codec::Pcmu, &tail);
    let mut owner = Pjsua::register_with(&server, &owner, &["--mwi"]);
    owner.wait_for("mwi no");
    let lamp = Watcher::subscribe(&server, "1002", "1002", "message-summary");
    lamp.wait_for("an empty mailbox", |it| it.contains("Voice-Message: 0/0 (0/0)"));

    begin_message(&mut caller);
    wait_for_recorded(&server, Duration::from_secs(5));
    caller.command("hangup");
    let lit = lamp.wait_for("the message", |it| it.contains("Messages-Waiting: yes"));
    assert!(lit.contains("Voice-Message: 1/0 (0/0)"), "{lit}");
    owner.wait_for("mwi yes");

    open_mailbox(&mut owner);
    owner.command("dtmf 1");
    let row = wait_for_message(&server, "new");
    wait_for_packets_sent(&server, length_of(&row) + ENVELOPE_MAX);
    owner.command("dtmf 7");
    let out = lamp.wait_for("the end of the message", |it| it.contains("Messages-Waiting: no"));
    assert!(out.contains("Voice-Message: 0/0 (0/0)"), "{out}");
    owner.wait_for_count("mwi no", 2);
    owner.command("hangup");
    owner.wait_for("call DISCONNECTED");
}

#[test]
fn the_owners_own_words_greet_callers_and_outlive_kill_9() {
    let _quiet = one_audio_call_at_a_time();
    let mut server = Server::start();
    let Sounds { judge, words, tail, .. } = Sounds::new(&server);
    // The keys that lead to the recording may take longer than the silence before the first words.
    let lead = judge.silence("lead", LEAD);
    let says = judge.joined(&[&lead, &words, &words, &tail].map(|it| it.path().to_owned()));
    let mut owner = Pjsua::register(&server, &Phone::new("1002", 0, Codec::Pcmu, &says));
    open_mailbox(&mut owner);
    owner.command("dtmf 511#");
    wait_for_recordings(&server, 1);
    wait_for_recordings(&server, 0);
    owner.command("dtmf 1");
    let database = server.folder().join("data/tandem.db");
    wait_for("the greeting", LIMIT, || {
        (kept_greetings(&database) == ["unavailable"]).then_some(())
    });

    server.kill_and_restart();

    let mut caller = Pjsua::register(&server, &Phone::new("1001", 1, Codec::Pcma, &tail));
    caller.dial("*981002");
    caller.wait_for("call CONFIRMED");
    wait_for_recordings(&server, 1);
    caller.command("hangup");
    caller.wait_for("call DISCONNECTED");
    let score = judge.scores(&words, &[&judge.at_8_khz(&caller.heard())])[0];
    assert!(score.stoi > SAID_STOI && score.pesq > SAID_PESQ, "{score:?} at the caller's ear");
}

#[test]
fn a_message_is_forwarded_to_a_third_and_its_sender_called_back() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let Sounds { tail, then_silent, .. } = Sounds::new(&server);
    let caller = Phone::new("1001", 0, Codec::Pcma, &then_silent).answering();
    let mut caller = Pjsua::register(&server, &caller);
    let mut owner = Pjsua::register(&server, &Phone::new("1002", 1, Codec::Pcmu, &tail));
    let lamp = Watcher::subscribe(&server, "1003", "1003", "message-summary");
    lamp.wait_for("an empty mailbox", |it| it.contains("Voice-Message: 0/0 (0/0)"));
    let row = leave_message(&server, &mut caller);

    open_mailbox(&mut owner);
    owner.command("dtmf 18");
    owner.command("dtmf 1003#");
    lamp.wait_for("the message", |it| it.contains("Voice-Message: 1/0 (0/0)"));
    let rows = messages(&server);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[1].forwarded_by.as_deref(), Some("1002"));
    assert_eq!(rows[1].caller, "1001");
    let [original, copy] = [&row, &rows[1]].map(|it| std::fs::read(path_of(&server, it)));
    assert_eq!(original.expect("it is there"), copy.expect("so is its copy"));

    owner.command("dtmf 3");
    caller.wait_for_count("call CONFIRMED", 2);
    owner.command("hangup");
    caller.wait_for_count("call DISCONNECTED", 2);
}

#[test]
fn a_letter_brings_the_message_after_refusals_and_kill_9_and_empties_the_mailbox() {
    let _quiet = one_audio_call_at_a_time();
    let mail = MailServer::start_refusing();
    let mut server = Server::start_with(&mail.config());
    let domain = ["--domain", "demo.tandem.test"];
    let set = ["extension", "mail", "1002", "--address", "anna@a.example", "--delete-sent"];
    let told = server.command(&[&set[..], &domain].concat());
    assert!(told.status.success(), "{told:?}");
    let Sounds { judge, words, goes_on, .. } = Sounds::new(&server);
    let mut caller = Pjsua::register(&server, &Phone::new("1001", 0, Codec::Pcma, &goes_on));
    begin_message(&mut caller);
    wait_for_recorded(&server, Duration::from_secs(8));
    caller.command("hangup");
    let row = wait_for_message(&server, "new");
    wait_for("a refused letter", LIMIT, || {
        (server.metric("tandem_voicemail_letters_failed_total") >= 1).then_some(())
    });
    assert_eq!(server.metric("tandem_voicemail_letters_sent_total"), 0);

    server.kill_and_restart();
    assert!(path_of(&server, &row).exists());
    wait_for_letters(&server, 1);
    mail.take_letters();

    let letter = mail.wait_for_letter(LIMIT);
    for told in ["To: anna@a.example\n", "From: Tandem <desk@a.example>\n", "Subject: =?utf-8?b?"] {
        assert!(letter.contains(told), "{told}: {letter}");
    }
    let (_, attached) = letter.split_once("Content-Type: audio/wav").expect("it brings the sound");
    let (_, attached) = attached.split_once("\n\n").expect("the part has a body");
    let (attached, _) = attached.split_once("\n--").expect("the part ends");
    let path = server.folder().join("attached.wav");
    std::fs::write(&path, base64(attached)).expect("the folder takes a file");
    let file = judge.at_8_khz(&Recording::at(path)).samples();
    let kept = likeness(&words.samples(), &file);
    assert!(kept >= LIKE, "{kept} in the letter");
    wait_for("the empty mailbox", LIMIT, || messages(&server).is_empty().then_some(()));
    assert!(!path_of(&server, &row).exists());
    wait_for_letters(&server, 0);
    assert_eq!(mail.letters().len(), 1, "it comes once");
}

/// What callers say.
struct Sounds {
    judge: Judge,
    words: Recording,
    tail: Recording,
    /// The words, and then nothing any more.
    then_silent: Recording,
    /// The words again and again, until the phone hangs up.
    goes_on: Recording,
}

impl Sounds {
    fn new(server: &Server) -> Self {
        let judge = Judge::new(server.folder());
        let words = judge.speech("words", WORDS, Duration::from_secs(1));
        let lead = judge.silence("lead", LEAD);
        let tail = judge.silence("tail", Duration::from_secs(60));
        let path = |it: &Recording| it.path().to_owned();
        let then_silent = judge.joined(&[&lead, &words, &tail].map(path));
        let goes_on = judge.joined(&[&lead, &words, &words, &words].map(path));
        Self { judge, words, tail, then_silent, goes_on }
    }
}

/// Calls the mailbox of 1002. The caller knows what to do, and need not hear the greeting.
#[track_caller]
fn begin_message(caller: &mut Pjsua) {
    caller.dial("*981002");
    caller.wait_for("call CONFIRMED");
    caller.command("dtmf #");
}

/// Leaves a message for 1002, which ends with a silence.
#[track_caller]
fn leave_message(server: &Server, caller: &mut Pjsua) -> MessageRow {
    begin_message(caller);
    wait_for_recordings(server, 1);
    wait_for_recordings(server, 0);
    caller.command("dtmf 1");
    caller.wait_for("call DISCONNECTED 200");
    wait_for_message(server, "new")
}

#[track_caller]
fn open_mailbox(owner: &mut Pjsua) {
    owner.dial("*97");
    owner.wait_for("call CONFIRMED");
}

#[track_caller]
fn wait_for_letters(server: &Server, count: u64) {
    wait_for("letters that wait", LIMIT, || {
        (server.metric("tandem_voicemail_letters_waiting") == count).then_some(())
    });
}

fn length_of(row: &MessageRow) -> Duration {
    Duration::from_millis(row.duration_ms as u64)
}

#[track_caller]
fn wait_for_message(server: &Server, state: &str) -> MessageRow {
    wait_for("the message's row", LIMIT, || messages(server).pop().filter(|it| it.state == state))
}

fn messages(server: &Server) -> Vec<MessageRow> {
    MessageRow::read_all(&server.folder().join("data/tandem.db"))
}

fn path_of(server: &Server, row: &MessageRow) -> PathBuf {
    server.folder().join("data/voicemail").join(&row.file)
}

#[track_caller]
fn wait_for_recordings(server: &Server, count: u64) {
    wait_for("recordings that run", LIMIT, || {
        (server.metric("tandem_recordings_running") == count).then_some(())
    });
}

/// Lets so much be recorded of one caller: packets of both directions, 20 ms each.
#[track_caller]
fn wait_for_recorded(server: &Server, length: Duration) {
    server.wait_for_more(PACKETS, 2 * length.as_millis() as u64 / 20);
}

/// Lets so much be played to the only phone with a call.
#[track_caller]
fn wait_for_packets_sent(server: &Server, length: Duration) {
    server.wait_for_packets_sent(length.as_millis() as u64 / 20);
}

/// Above these the words were said, and well: the worst that a busy machine made of them is 0.9 and 3.5.
const SAID_STOI: f64 = 0.8;
const SAID_PESQ: f64 = 3.0;
const WORDS: &str =
    "The quick brown fox jumps over the lazy dog. She sells sea shells by the shore.";
/// Before the words: the tone is over by then, and three seconds of silence would end the message.
const LEAD: Duration = Duration::from_millis(1500);
/// How long it takes at most to say who left a message and when.
const ENVELOPE_MAX: Duration = Duration::from_secs(14);
const PACKETS: &str = "tandem_recording_packets_total";
const LIMIT: Duration = Duration::from_secs(60);
