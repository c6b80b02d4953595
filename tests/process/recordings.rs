//! Calls that are recorded: what is on the disk is what was said, whatever happened.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Recording, RecordingRow, Server, Transport, Visitor,
    one_audio_call_at_a_time, tones_heard, wait_for,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    ops::Range,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

#[test]
fn each_channel_of_a_relayed_call_is_what_its_phone_said() {
    is_recorded_as_it_was_said(Codec::Pcma, Codec::Pcma);
}

#[test]
fn each_channel_of_a_transcoded_call_is_what_its_phone_said() {
    is_recorded_as_it_was_said(Codec::Pcmu, Codec::G722);
}

#[test]
fn a_recording_is_ordered_paused_and_survives_hold() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let [high, low] = [("high", HIGH_HZ), ("low", LOW_HZ)]
        .map(|(name, hz)| judge.tone(name, hz as u32, Duration::from_secs(120)));
    let _callee = Baresip::register(&server, &phone("1002", 1, Codec::Pcma, &low));
    let mut caller = Baresip::register(&server, &phone("1001", 0, Codec::Pcma, &high));
    let operator = Visitor::sign_in(&server, "operator1");
    let other = Visitor::sign_in(&server, "operator3");
    caller.dial("1002");
    caller.wait_for_event("CALL_ESTABLISHED", LIMIT);
    let call = wait_for("the live call", LIMIT, || {
        let calls = operator.get("/calls/active");
        calls["items"][0]["id"].as_str().map(str::to_owned)
    });
    let path = format!("/calls/{call}/recording");
    let order = |who: &Visitor<'_>, action: &str| {
        who.act("POST", &path, None, &json!({ "action": action })).0
    };

    assert_eq!(order(&other, "start"), 403, "it is somebody else's");
    assert_eq!(order(&operator, "stop"), 409, "nothing runs");
    let started = Instant::now();
    assert_eq!(order(&operator, "start"), 202);
    server.wait_for_more(PACKETS, 150);
    caller.command("hold", "");
    server.wait_for_packets_sent(100);
    caller.command("resume", "");
    server.wait_for_more(PACKETS, 150);
    assert_eq!(order(&operator, "pause"), 202);
    let paused = Instant::now();
    server.wait_for_packets_sent(200);
    let pause = paused.elapsed();
    assert_eq!(order(&operator, "resume"), 202);
    server.wait_for_more(PACKETS, 150);
    let length = started.elapsed().saturating_sub(pause);
    assert_eq!(order(&operator, "stop"), 202);
    caller.command("hangup", "");

    let row = wait_for_row(&server);
    assert_eq!((row.state.as_str(), row.packets_lost), ("complete", 0), "{row:?}");
    assert!(pause > Duration::from_secs(1), "{pause:?}");
    let off_ms = row.duration_ms - length.as_millis() as i64;
    assert!(off_ms.abs() < 1000, "{} ms were recorded of {length:?}", row.duration_ms);
    let [left, right] = channels(&server, &row);
    assert_eq!(spans(&left, HIGH_HZ), 2, "with a hold between");
    assert!(spans(&right, LOW_HZ) >= 1);
    assert_eq!(spans(&left, LOW_HZ) + spans(&right, HIGH_HZ), 0, "nobody is on both channels");
}

#[test]
fn kill_9_costs_at_most_the_last_second_and_the_rest_is_there_after_the_restart() {
    let _quiet = one_audio_call_at_a_time();
    let mut server = Server::start_with_plan(PLAN);
    let judge = Judge::new(server.folder());
    let said = judge.speech("said", WORDS[0], Duration::from_secs(60));
    let _callee = Baresip::register(&server, &phone("1002", 1, Codec::Pcma, &said));
    let mut caller = Baresip::register(&server, &phone("1001", 0, Codec::Pcma, &said));
    caller.dial("1002");
    caller.wait_for_event("CALL_ESTABLISHED", LIMIT);
    server.wait_for_more(PACKETS, 600);
    let recorded = server.metric(PACKETS);

    server.kill_and_restart();

    let row = wait_for_row(&server);
    assert_eq!(row.state, "cut_off", "{row:?}");
    // Of both phones together, a packet each 20 ms.
    let at_least_ms = recorded as i64 / 2 * 20 - 1000;
    assert!(row.duration_ms >= at_least_ms, "{row:?}: less than {at_least_ms} ms");
    let [left, _] = channels(&server, &row);
    let likeness = likeness(&said.samples(), &left);
    assert!(likeness >= LIKE, "{likeness}");
}

#[test]
fn a_full_disk_stops_no_call_and_what_fits_again_is_recorded_again() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_plan(PLAN);
    let judge = Judge::new(server.folder());
    let said = judge.tone("said", LOW_HZ as u32, Duration::from_secs(120));
    let _callee = Baresip::register(&server, &phone("1002", 1, Codec::Pcma, &said));
    let mut caller = Baresip::register(&server, &phone("1001", 0, Codec::Pcma, &said));
    let failing = |wanted: u64| {
        let is_so = || server.metric("tandem_recording_failing") == wanted;
        wait_for("the word of the recordings", LIMIT, || is_so().then_some(()));
    };
    caller.dial("1002");
    caller.wait_for_event("CALL_ESTABLISHED", LIMIT);
    server.wait_for_more(PACKETS, 300);

    // No file of the server may grow beyond what the journal has.
    server.limit_file_size(Some(FULL_BYTES));
    failing(1);
    server.wait_for_packets_sent(400);
    server.limit_file_size(None);
    failing(0);
    server.wait_for_more(PACKETS, 300);
    caller.command("hangup", "");
    caller.wait_for_event("CALL_CLOSED", LIMIT);

    let row = wait_for_row(&server);
    assert_eq!(row.state, "complete", "{row:?}");
    assert!(row.packets_lost >= 300, "four seconds of both: {row:?}");
    assert!(row.duration_ms >= 10_000, "the gap keeps its time: {row:?}");
    let [left, right] = channels(&server, &row);
    let second = 8000;
    for side in [left, right] {
        let loud = |span: &[i16]| span.iter().any(|it| it.unsigned_abs() > 500);
        assert!(loud(&side[..3 * second]) && loud(&side[side.len() - 3 * second..]));
    }
    assert_eq!(server.wait_for_cdrs(2).len(), 2, "and the call log is whole");
}

#[test]
fn a_recording_in_opus_is_what_was_said_as_the_codecs_own_decoder_plays_it() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_plan_and("[recording]\nformat = \"opus\"\n", PLAN);
    let judge = Judge::new(server.folder());
    let said = call_is_recorded(&server, &judge, Codec::Pcma, Codec::G722);

    let row = wait_for_row(&server);
    assert!(row.file.ends_with(".opus"), "{row:?}");
    let bytes = fs::metadata(path_of(&server, &row)).expect("the file is there").len();
    let wav_bytes = row.duration_ms as u64 * 2 * 2 * 16;
    assert!(bytes * 5 < wav_bytes, "{bytes} bytes where WAV has {wav_bytes}");
    let decoded = server.folder().join("decoded.wav");
    let tool = Command::new("opusdec").arg(path_of(&server, &row)).arg(&decoded).output();
    let tool = tool.expect("opus-tools is installed by `make test`");
    assert!(tool.status.success(), "{}", String::from_utf8_lossy(&tool.stderr));
    let reader = hound::WavReader::open(&decoded).expect("it is a WAV file");
    let played_ms = i64::from(reader.duration()) * 1000 / i64::from(reader.spec().sample_rate);
    assert!((played_ms - row.duration_ms).abs() <= 1, "{played_ms} ms of {row:?}");
    let decoded = Recording::at(decoded);
    for (said, channel) in said.iter().zip(["1", "2"]) {
        let heard = judge.channel_at_8_khz(&decoded, channel);
        let score = judge.scores(said, &[&heard])[0];
        assert!(score.stoi > 0.95 && score.pesq > 3.0, "channel {channel}: {score:?}");
    }
    let operator = Visitor::sign_in(&server, "operator1");
    let id = wait_for("the call in the archive", LIMIT, || {
        operator.get("/calls")["items"][0]["recording"]["id"].as_str().map(str::to_owned)
    });
    let (status, head, sound) = operator.fetch(&format!("/recordings/{id}/audio"), "Accept: */*");
    assert_eq!((status, sound.len() as u64), (200, bytes));
    assert!(head.contains("audio/ogg; codecs=opus") && head.contains(".opus\""), "{head}");
}

/// 1001 calls 1002 by a rule that wants it recorded; each says something else.
fn is_recorded_as_it_was_said(of_caller: Codec, of_callee: Codec) {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with_plan(PLAN);
    let judge = Judge::new(server.folder());
    let said = call_is_recorded(&server, &judge, of_caller, of_callee);

    let row = wait_for_row(&server);
    assert_eq!((row.state.as_str(), row.packets_lost), ("complete", 0), "{row:?}");
    assert_eq!((row.left.as_str(), row.right.as_str()), ("1001", "1002"));
    for (said, heard) in said.iter().zip(channels(&server, &row)) {
        let likeness = likeness(&said.samples(), &heard);
        assert!(likeness >= LIKE, "{}: {likeness}", said.path().display());
    }
    assert_is_heard_over_the_api(&server, &row);
}

/// The call, to its end; what was said.
fn call_is_recorded(
    server: &Server,
    judge: &Judge,
    of_caller: Codec,
    of_callee: Codec,
) -> Vec<Recording> {
    let said = [("caller", 2), ("callee", 30)]
        .into_iter()
        .zip(WORDS)
        .map(|((name, tail), words)| judge.speech(name, words, Duration::from_secs(tail)))
        .collect::<Vec<_>>();
    let _callee = Baresip::register(server, &phone("1002", 1, of_callee, &said[1]));
    let mut caller = Baresip::register(server, &phone("1001", 0, of_caller, &said[0]));
    caller.dial("1002");
    caller.wait_for_event("CALL_ESTABLISHED", LIMIT);
    caller.wait_for_event("CALL_CLOSED", LIMIT);
    // A phone that is switched off at once may not have said its goodbye.
    server.wait_for_cdrs(2);
    said
}

/// Its people find it with their call, and play it from any place.
#[track_caller]
fn assert_is_heard_over_the_api(server: &Server, row: &RecordingRow) {
    server.wait_for_cdrs(2);
    let operator = Visitor::sign_in(server, "operator1");
    let call = wait_for("the call in the archive", LIMIT, || {
        let calls = operator.get("/calls");
        Some(calls["items"][0].clone()).filter(|it| !it["recording"].is_null())
    });
    assert_eq!(call["recording"]["sha256"], row.sha256.as_str());
    let id = call["recording"]["id"].as_str().expect("it has an id");
    let card = operator.get(&format!("/calls/{}", call["id"].as_str().unwrap_or_default()));
    assert_eq!(card["recordings"][0], call["recording"]);

    let path = format!("/recordings/{id}/audio");
    let file = fs::read(path_of(server, row)).expect("the file is there");
    let (status, _, whole) = operator.fetch(&path, "Accept: */*");
    assert_eq!((status, whole == file), (200, true));
    let (status, head, part) = operator.fetch(&path, "Range: bytes=44-1043");
    assert_eq!((status, part == file[44..1044]), (206, true), "{head}");
    let refused = Visitor::sign_in(server, "operator3").act("GET", &path, None, &Value::Null);
    assert_eq!(refused.0, 404, "it is no call of theirs");
    let audit = Visitor::sign_in(server, "admin").get("/admin/audit?what=recording.heard");
    assert_eq!(audit["items"].as_array().map(Vec::len), Some(2), "{audit}");
}

#[track_caller]
fn wait_for_row(server: &Server) -> RecordingRow {
    let database = server.folder().join("data/tandem.db");
    let row = wait_for("the recording's row", LIMIT, || RecordingRow::read_all(&database).pop());
    let bytes = fs::read(path_of(server, &row)).expect("the file is there");
    let digits = hex(&Sha256::digest(&bytes));
    assert_eq!(row.sha256, digits, "{row:?}");
    row
}

/// In lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|it| [it >> 4, it & 15])
        .map(|it| char::from(b"0123456789abcdef"[usize::from(it)]))
        .collect()
}

fn path_of(server: &Server, row: &RecordingRow) -> PathBuf {
    server.folder().join("data/recordings").join(&row.file)
}

/// Left and right at 8 kHz.
fn channels(server: &Server, row: &RecordingRow) -> [Vec<i16>; 2] {
    let judge = Judge::new(server.folder());
    ["1", "2"].map(|channel| {
        judge.channel_at_8_khz(&Recording::at(path_of(server, row)), channel).samples()
    })
}

/// How many stretches of this tone there are, at least half a second long.
fn spans(pcm: &[i16], hz: f64) -> usize {
    let frames = tones_heard(pcm, &[hz]);
    // A click does not end a stretch, nor does a phone that stalls on a busy machine: a hold lasts longer.
    let frames: Vec<_> = frames.windows(15).map(|it| it.iter().any(Option::is_some)).collect();
    frames.split(|is_heard| !is_heard).filter(|it| it.len() >= 25).count()
}

/// How like what was heard is to what was said, less the silences at its ends: the correlation of
/// each piece with the most like place near where it should be, weighted by its power. A phone that
/// stalls for a moment only shifts what follows.
pub(crate) fn likeness(said: &[i16], heard: &[i16]) -> f64 {
    let is_loud = |it: &i16| it.unsigned_abs() > 500;
    let first = said.iter().position(is_loud).expect("something is said");
    let last = said.iter().rposition(is_loud).expect("something is said");
    let said = &said[first..=last];
    let mut at = place_of(&said[..8000], heard, 0..heard.len());
    let (mut like, mut power) = (0.0, 0.0);
    for piece in said.chunks_exact(PIECE) {
        // What was cut off is not there to be compared.
        if at + PIECE > heard.len() {
            break;
        }
        at = place_of(piece, heard, at.saturating_sub(STALL_MAX)..at + STALL_MAX);
        let weight = dot(piece, piece);
        like += weight * correlation(piece, &heard[at..at + PIECE]);
        power += weight;
        at += PIECE;
    }
    like / power
}

/// Where in `among` a piece is most like what was heard.
fn place_of(piece: &[i16], heard: &[i16], among: Range<usize>) -> usize {
    let end = among.end.min(heard.len().saturating_sub(piece.len()));
    let best = |places: Range<usize>, step: usize| {
        let thinned = |pcm: &[i16]| pcm.iter().step_by(step).copied().collect::<Vec<_>>();
        let wanted = thinned(piece);
        let like = |at: &usize| {
            (correlation(&wanted, &thinned(&heard[*at..at + piece.len()])) * 1e6) as i64
        };
        places.step_by(step).max_by_key(like).unwrap_or(among.start)
    };
    let near = best(among.start..end, 4);
    best(near.saturating_sub(8)..(near + 8).min(end), 1)
}

fn correlation(a: &[i16], b: &[i16]) -> f64 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1.0)
}

fn dot(a: &[i16], b: &[i16]) -> f64 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| i64::from(*a) * i64::from(*b)).sum::<i64>() as f64
}

fn phone<'a>(extension: &'a str, slot: u16, codec: Codec, says: &'a Recording) -> Phone<'a> {
    Phone { extension, slot, transport: Transport::Udp, codec, answers: slot == 1, says }
}

const PLAN: &str = r#"
domain = "demo.tandem.test"

[[rule]]
name = "colleagues"
match = { number = "1001-1018" }
record = true
steps = [{ dial = { user = "{number}" } }]
"#;

const WORDS: [&str; 2] = [
    "The quick brown fox jumps over the lazy dog. She sells sea shells by the shore.",
    "A large size in stockings is hard to sell. The boy was there when the sun rose.",
];
const HIGH_HZ: f64 = 1500.0;
const LOW_HZ: f64 = 700.0;
/// Less than a journal has after three seconds of both sides.
const FULL_BYTES: u64 = 64 * 1024;
const PACKETS: &str = "tandem_recording_packets_total";
/// Samples of a piece that is compared: 300 ms.
const PIECE: usize = 2400;
/// How far a phone that stalls may shift a piece: half a second.
const STALL_MAX: usize = 4000;
/// What the recording of a channel must be like, against what was said.
pub(crate) const LIKE: f64 = 0.95;
const LIMIT: Duration = Duration::from_secs(60);
