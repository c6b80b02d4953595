//! Music for whoever is put on hold, and at its number, heard by phones in every codec.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Pjsua, Recording, Server, Visitor, array,
    one_audio_call_at_a_time, tones_heard,
};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};

#[test]
fn who_is_held_hears_music_within_300_ms_and_the_other_again_within_300_ms() {
    let _quiet = one_audio_call_at_a_time();
    for (holder_codec, held_codec) in
        [(Codec::Pcma, Codec::Pcma), (Codec::Pcmu, Codec::G722), (Codec::Opus, Codec::Pcma)]
    {
        let server = Server::start_with_music(tone_as_music);
        let judge = Judge::new(server.folder());
        let speech = judge.tone("speech", SPEECH_HZ as u32, Duration::from_secs(60));
        let silence = judge.silence("silence", Duration::from_secs(60));
        let holder = Phone::new("1001", 0, holder_codec, &speech);
        let held = Phone::new("1002", 1, held_codec, &silence).answering();
        let mut held = Pjsua::register(&server, &held);
        let mut holder = Baresip::register(&server, &holder);

        holder.dial("1002");
        holder.wait_for_event("CALL_ESTABLISHED", EVENT_LIMIT);
        hold_and_resume(&server, |it| holder.command(it, ""));
        holder.command("hangup", "");
        held.wait_for("call DISCONNECTED");

        assert_music_between_speech(&judge.at_8_khz(&held.heard()).samples());
    }
}

#[test]
fn a_caller_on_hold_hears_music_too() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_music(tone_as_music);
    let judge = Judge::new(server.folder());
    let speech = judge.tone("speech", SPEECH_HZ as u32, Duration::from_secs(60));
    let silence = judge.silence("silence", Duration::from_secs(60));
    let holder = Phone::new("1002", 1, Codec::G722, &speech).answering();
    let mut holder = Pjsua::register(&server, &holder);
    let mut held = Pjsua::register(&server, &Phone::new("1001", 0, Codec::Pcma, &silence));

    held.dial("1002");
    held.wait_for("call CONFIRMED");
    hold_and_resume(&server, |it| holder.command(it));
    holder.command("hangup");
    held.wait_for("call DISCONNECTED");

    assert_music_between_speech(&judge.at_8_khz(&held.heard()).samples());
}

#[test]
fn a_line_that_holds_plays_its_own_music_and_another_that_of_its_domain() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_music(|folder| {
        tone_as_music(folder);
        for (name, hz) in [("jazz", JAZZ_HZ), ("office", OFFICE_HZ)] {
            let folder = folder.with_file_name(name);
            fs::create_dir_all(&folder).unwrap();
            let music = Judge::new(&folder).tone("music", hz as u32, Duration::from_secs(7));
            assert!(music.path().exists());
        }
    });
    let admin = Visitor::sign_in(&server, "admin");
    let change = |path: &str, is_it: &dyn Fn(&Value) -> bool, keys: &[&str], music: &str| {
        let all = admin.get(path);
        let row = array(&all["items"]).find(|it| is_it(it)).expect("it is there").clone();
        let mut draft = json!({ "hold_music": music });
        for key in keys {
            draft[*key] = row[*key].clone();
        }
        let path = format!("{path}/{}", row["id"].as_str().expect("it has an id"));
        let (status, told) = admin.act("PUT", &path, Some(&row["version"]), &draft);
        assert_eq!(status, 200, "{told}");
    };
    change("/admin/lines", &|it| it["number"] == "1001", &["name", "user_id"], "jazz");
    change("/admin/domains", &|it| it["is_own"] == true, &["aliases"], "office");

    let judge = Judge::new(server.folder());
    let speech = judge.tone("speech", SPEECH_HZ as u32, Duration::from_secs(60));
    let callee = Phone::new("1002", 1, Codec::Pcma, &speech).answering();
    let mut callee = Pjsua::register(&server, &callee);
    let mut caller = Pjsua::register(&server, &Phone::new("1001", 0, Codec::Pcma, &speech));
    caller.dial("1002");
    caller.wait_for("call CONFIRMED");
    for holder in [&mut caller, &mut callee] {
        hold_and_resume(&server, |it| holder.command(it));
    }
    caller.command("hangup");
    callee.wait_for("call DISCONNECTED");

    for (phone, music) in [(callee, JAZZ_HZ), (caller, OFFICE_HZ)] {
        let heard = judge.at_8_khz(&phone.heard()).samples();
        let all = [SPEECH_HZ, MUSIC_HZ, JAZZ_HZ, OFFICE_HZ];
        let spans = spans(&tones_heard(&heard, &all));
        let what: Vec<_> = spans.iter().map(|it| all[it.what]).collect();
        assert_eq!(what, [SPEECH_HZ, music, SPEECH_HZ], "{spans:?}");
        assert!(spans.iter().all(|it| it.frames() >= 25), "half a second at least: {spans:?}");
    }
}

#[test]
fn music_9664_is_heard_in_every_codec() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_music(tone_as_music);
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(3));
    for (slot, codec) in
        [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus].into_iter().enumerate()
    {
        let phone = Phone::new("1001", slot as u16, codec, &silence);
        let mut caller = Baresip::register(&server, &phone);
        caller.dial("9664");
        caller.wait_for_event("CALL_ESTABLISHED", EVENT_LIMIT);
        caller.wait_for_event("CALL_CLOSED", EVENT_LIMIT);

        let heard = judge.at_8_khz(&caller.heard()).samples();
        let frames = tones_heard(&heard, &[MUSIC_HZ]);
        let music = frames.iter().filter(|it| it.is_some()).count();
        assert!(music >= 100, "{codec:?}: {music} frames of music of {}", frames.len());
        let rows = server.wait_for_cdrs(slot + 1);
        assert!(rows.iter().any(|it| it.codec.as_deref() == Some(codec.name())), "{rows:?}");
    }
}

#[test]
fn pieces_that_cannot_be_played_are_named_and_the_others_are_played() {
    let server = Server::start_with_music(|folder| {
        tone_as_music(folder);
        fs::write(folder.join("broken.mp3"), "this is no music").unwrap();
        let silent = Judge::new(folder).silence("silent", Duration::from_secs(1));
        assert!(silent.path().exists());
    });
    let log = server.log();
    for problem in ["broken.mp3: it is no WAV, MP3, Ogg or FLAC file", "silent.wav: it is silent"] {
        assert!(log.contains(problem), "{problem}: {log}");
    }
    assert!(!log.contains("music.wav"), "{log}");

    let checked = server.command(&["check"]);
    assert!(checked.status.success(), "{}", checked.output);
    let output = checked.output;
    // Only the Russian prompts are there.
    for warning in ["cannot play", "there is no prompt en/say/minute-one.wav: "] {
        assert!(output.contains(&format!("warning: {warning}")), "{warning}: {output}");
    }
    assert!(!output.contains("no prompt ru/"), "{output}");
}

/// A tone, then the music of [`tone_as_music`], then the tone again, with no long gap between them.
#[track_caller]
pub(crate) fn assert_music_between_speech(heard: &[i16]) {
    let spans = spans(&tones_heard(heard, &[SPEECH_HZ, MUSIC_HZ]));
    let what: Vec<_> = spans.iter().map(|it| it.what).collect();
    assert_eq!(what, [SPEECH, MUSIC, SPEECH], "{spans:?}");
    assert!(spans.iter().all(|it| it.frames() >= 25), "half a second at least: {spans:?}");
    for pair in spans.windows(2) {
        let gap_ms = (pair[1].first - pair[0].last - 1) * 20;
        assert!(gap_ms <= GAP_MS_MAX, "{gap_ms} ms: {pair:?}");
    }
}

/// A stretch of one sound.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) what: usize,
    first: usize,
    last: usize,
}

impl Span {
    fn frames(&self) -> usize {
        self.last + 1 - self.first
    }
}

/// Stretches of the same tone; frames with none, where one goes over into the other, are left out.
pub(crate) fn spans(frames: &[Option<usize>]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (n, what) in frames.iter().enumerate().filter_map(|(n, it)| Some((n, (*it)?))) {
        match spans.last_mut() {
            Some(span) if span.what == what => span.last = n,
            Some(_) | None => spans.push(Span { what, first: n, last: n }),
        }
    }
    spans
}

/// One steady piece.
pub(crate) fn tone_as_music(folder: &Path) {
    let music: Recording =
        Judge::new(folder).tone("music", MUSIC_HZ as u32, Duration::from_secs(7));
    assert!(music.path().exists());
}

/// Two talk; the holder, whom `command` tells what to do, lets the other hear music for a moment, and both talk on.
#[track_caller]
pub(crate) fn hold_and_resume(server: &Server, mut command: impl FnMut(&str)) {
    server.wait_for_packets_sent(TALK_PACKETS);
    command("hold");
    server.wait_for_packets_sent(MUSIC_PACKETS);
    command("resume");
    server.wait_for_packets_sent(TALK_PACKETS);
}

/// A second and a half of talk between two.
const TALK_PACKETS: u64 = 150;
/// A second of hold, in which one or both are sent packets.
const MUSIC_PACKETS: u64 = 100;
/// Between the last of one sound and the first of the next.
const GAP_MS_MAX: usize = 300;
/// Which of the two tones of a call is which.
pub(crate) const SPEECH: usize = 0;
pub(crate) const MUSIC: usize = 1;
/// What phones say here.
pub(crate) const SPEECH_HZ: f64 = 1500.0;
pub(crate) const MUSIC_HZ: f64 = 700.0;
const JAZZ_HZ: f64 = 1000.0;
const OFFICE_HZ: f64 = 2300.0;
const EVENT_LIMIT: Duration = Duration::from_secs(30);
