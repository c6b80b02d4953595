//! How many people and machines are told apart.

use crate::{
    audio::{machine, noisy, person, voices},
    support::*,
    world::World,
};
use base::Rng;
use media::{
    Format,
    detection::{AnswerRules, Answerer, Detected, Wanted},
};
use std::io::{self, Write as _};

#[test]
fn people_and_machines_are_told_apart_on_usual_lines() {
    for (format, snr_db) in [(pcma(), 20.0), (format(111, "opus", 48_000, 2), 30.0)] {
        let counts = Counts::of(&format, snr_db, 6);
        assert!(counts.people >= 5, "{} at {snr_db} dB: {counts:?}", format.encoding);
        assert!(counts.machines >= 5, "{} at {snr_db} dB: {counts:?}", format.encoding);
        assert!(counts.beeps >= 5, "{} at {snr_db} dB: {counts:?}", format.encoding);
        assert_eq!(counts.false_beeps, 0, "{} at {snr_db} dB: {counts:?}", format.encoding);
    }
}

/// The table of `docs/performance.md`: of [`CASES`] each.
#[test]
#[ignore = "takes some minutes: run it by itself with --nocapture"]
fn accuracy_by_codec_and_noise() {
    let mut out = io::stdout();
    writeln!(out, "| codec | noise below the speech | people | machines | beeps |").unwrap();
    writeln!(out, "|---|---|---|---|---|").unwrap();
    for format in formats().into_iter().take(4) {
        for snr_db in [60.0, 20.0, 10.0, 5.0] {
            let Counts { people, machines, beeps, .. } = Counts::of(&format, snr_db, CASES);
            let codec = &format.encoding;
            writeln!(out, "| {codec} | {snr_db} dB | {people} | {machines} | {beeps} |").unwrap();
        }
    }
}

/// How many of each were told rightly.
#[derive(Debug, Default)]
struct Counts {
    people: usize,
    machines: usize,
    /// Of machines.
    beeps: usize,
    /// Of people.
    false_beeps: usize,
}

impl Counts {
    fn of(format: &Format, snr_db: f64, cases: usize) -> Self {
        let mut rng = Rng::from_number(cases as u64);
        let voices = voices();
        let mut counts = Self::default();
        for _ in 0..cases {
            let (answerer, has_beeped) =
                judge(format, &person(&mut rng, &voices), &mut rng, snr_db);
            counts.people += usize::from(answerer == Some(Answerer::Person));
            counts.false_beeps += usize::from(has_beeped);
            let (answerer, has_beeped) =
                judge(format, &machine(&mut rng, &voices), &mut rng, snr_db);
            counts.machines += usize::from(answerer == Some(Answerer::Machine));
            counts.beeps += usize::from(has_beeped);
        }
        counts
    }
}

/// Who is told to have answered, and whether there was a beep.
fn judge(format: &Format, audio: &[i16], rng: &mut Rng, snr_db: f64) -> (Option<Answerer>, bool) {
    let answer = Some(AnswerRules::default());
    let mut world = World::new(format, Wanted { answer, ..Wanted::default() });
    world.say(&noisy(audio.to_vec(), rng, snr_db));
    let told = world.told();
    let answerer = told.iter().find_map(|(_, it)| match it {
        Detected::Answered(answer) => Some(answer.answerer),
        Detected::Silence { .. } | Detected::Speech | Detected::Beep | Detected::Fax(_) => None,
    });
    (answerer, told.iter().any(|it| it.1 == Detected::Beep))
}

fn pcma() -> Format {
    format(8, "PCMA", 8000, 1)
}

/// Of each kind in a row of the table.
const CASES: usize = 25;
