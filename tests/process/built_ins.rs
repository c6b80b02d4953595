//! The numbers that the server answers itself: echo, tone, prompt.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Recording, Server, Transport, one_audio_call_at_a_time,
    repository, tones_heard,
};
use std::time::Duration;

#[test]
fn echo_9196_gives_back_what_is_said() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let said = judge.speech("said", WORDS, Duration::from_secs(2));

    let heard = heard_at(&server, "9196", &said, Codec::Pcma);

    judge.assert_as_good_as_codec(&said, &heard, Codec::Pcma);
}

#[test]
fn tone_9197_is_1004_hz_at_minus_16_dbm0() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(5));

    let heard = heard_at(&server, "9197", &silence, Codec::Pcmu);

    let samples = heard.samples();
    let middle = middle_seconds(&samples, 3);
    let frequency_hz = frequency_hz(middle);
    let level_dbm0 = level_dbm0(middle);
    assert!((frequency_hz - 1004.0).abs() < 1.0, "{frequency_hz} Hz");
    assert!((level_dbm0 + 16.0).abs() < 0.5, "{level_dbm0} dBm0");
}

#[test]
fn a_named_tone_is_that_of_the_configured_country() {
    let _quiet = one_audio_call_at_a_time();
    let plan = "[[rule]]\nname = \"busy\"\nmatch = { number = \"1\" }\n\
                steps = [{ tone = { name = \"busy\" } }]\n";
    let server = Server::start_with_plan_and("[calls]\ntones = \"fr\"\n", plan);
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(6));

    let heard = heard_at(&server, "1", &silence, Codec::Pcma);

    // Half a second of 440 Hz, half a second of nothing, where Russia has 0.35 s.
    let is_heard: Vec<_> =
        tones_heard(&heard.samples(), &[440.0]).iter().map(Option::is_some).collect();
    let runs: Vec<_> = is_heard.chunk_by(|a, b| a == b).map(<[bool]>::len).collect();
    let [_, whole @ .., _] = &runs[..] else { panic!("no tone: {runs:?}") };
    assert!(whole.len() >= 6 && whole.iter().all(|it| (24..=26).contains(it)), "{runs:?}");
}

#[test]
fn prompts_and_music_are_as_loud_as_is_set() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start_with("[calls]\nprompts_db = -20\nmusic_db = -34\n");
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(4));
    let peak = |recording: &Recording| {
        let samples = recording.samples();
        f64::from(samples.iter().map(|it| it.unsigned_abs()).max().unwrap_or(0))
    };

    let prompt = peak(&heard_at(&server, "9198", &silence, Codec::Pcma));
    let music = peak(&heard_at(&server, "9664", &silence, Codec::Pcma));

    let file = peak(&Recording::at(repository("sounds/ru/welcome.wav")));
    let decibels = 20.0 * (prompt / file).log10();
    assert!((decibels + 20.0).abs() < 1.5, "the prompt is heard at {decibels:.1} dB");
    assert!((20.0..700.0).contains(&music), "music is there, and quiet: {music}");
}

#[test]
fn prompt_9198_is_heard_to_its_end_and_then_the_server_hangs_up() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(60));

    let heard = heard_at(&server, "9198", &silence, Codec::Pcma);

    let prompt = Recording::at(repository("sounds/ru/welcome.wav"));
    judge.assert_as_good_as_codec(&prompt, &heard, Codec::Pcma);
    let rows = server.wait_for_cdrs(1);
    assert_eq!((rows.len(), rows[0].hangup.as_str()), (1, "system"), "{rows:?}");
}

/// 1001 calls `number` and says `says`; what it has heard when the call is over.
fn heard_at(server: &Server, number: &str, says: &Recording, codec: Codec) -> Recording {
    let phone = Phone {
        extension: "1001",
        slot: 0,
        transport: Transport::Udp,
        codec,
        answers: false,
        says,
    };
    let mut caller = Baresip::register(server, &phone);
    caller.dial(number);
    caller.wait_for_event("CALL_ESTABLISHED", Duration::from_secs(10));
    caller.wait_for_event("CALL_CLOSED", Duration::from_secs(40));
    caller.heard()
}

/// The middle of a call, without the clicks of its ends.
#[track_caller]
fn middle_seconds(samples: &[i16], seconds: usize) -> &[i16] {
    let wanted = seconds * RATE_HZ;
    assert!(samples.len() >= wanted, "only {} samples were heard", samples.len());
    let start = (samples.len() - wanted) / 2;
    &samples[start..start + wanted]
}

/// From the first rising zero crossing to the last, each placed between its two samples.
fn frequency_hz(samples: &[i16]) -> f64 {
    let crossings: Vec<f64> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0 && pair[1] >= 0)
        .map(|(n, pair)| {
            let (before, after) = (f64::from(pair[0]), f64::from(pair[1]));
            n as f64 - before / (after - before)
        })
        .collect();
    let [first, .., last] = crossings[..] else { return 0.0 };
    (crossings.len() - 1) as f64 * RATE_HZ as f64 / (last - first)
}

/// G.711's loudest sine, which peaks at 32,124 of 32,768, is +3.17 dBm0 in µ-law.
fn level_dbm0(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>();
    let rms = (power / samples.len() as f64).sqrt();
    20.0 * (rms / (32_124.0 / std::f64::consts::SQRT_2)).log10() + 3.17
}

const RATE_HZ: usize = 8_000;
const WORDS: &str =
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark background.";
