//! What tells people that they are recorded, and one of them that it has begun or ended that.

use crate::{support::*, world::*};
use base::{CallId, DomainId, RecordingId, Rng, UnixMillis};
use media::{
    Format, MediaCommand, RecordedSource,
    codec::Rate,
    recording::{Label, Purpose},
    sound::Sound,
};

#[test]
fn both_sides_of_a_recorded_bridge_hear_it_each_15_seconds_and_the_talk_between() {
    for other in [format(0, "PCMU", 8000, 1), format(9, "G722", 8000, 1)] {
        let mut world = bridge(&other);
        let at = [Rate::Narrow, rate(&other)];
        world.record(true);
        let heard = world.run(millis(31_000));
        for (n, pcm) in heard.iter().enumerate() {
            let tenth = at[n].samples(100);
            let starts: Vec<_> = pcm
                .chunks_exact(tenth)
                .map(|it| tone_level_db(it, TONE_HZ, at[n]) > -26.0)
                .enumerate()
                .filter(|(_, is_heard)| *is_heard)
                .map(|(tenth, _)| tenth / 10)
                .collect();
            let mut seconds = starts.clone();
            seconds.dedup();
            assert_eq!(seconds.len(), 3, "{n} hears it at tenths {starts:?}");
            assert!(starts.len() <= 9, "and not for long: {starts:?}");
            let between = tone_level_db(&pcm[at[n].samples(5000)..][..tenth], TALK_HZ, at[n]);
            assert!(between > -13.5, "{n} hears the other at {between:.1} dB");
        }
    }
}

#[test]
fn it_is_not_heard_unless_it_is_wanted_nor_while_the_recording_pauses() {
    let pcmu = format(0, "PCMU", 8000, 1);
    let mut world = bridge(&pcmu);
    world.record(false);
    let silent = |heard: &[Vec<i16>]| heard.iter().all(|it| !is_toned(it));
    assert!(silent(&world.run(millis(16_000))));

    let mut world = bridge(&pcmu);
    world.record(true);
    assert!(!silent(&world.run(millis(1000))));
    world.command(MediaCommand::PauseRecording { recording: recording(), pause: true });
    assert!(silent(&world.run(millis(20_000))));
    world.command(MediaCommand::PauseRecording { recording: recording(), pause: false });
    assert!(!silent(&world.run(millis(1000))));
    world.command(MediaCommand::StopRecording { recording: recording() });
    assert!(silent(&world.run(millis(20_000))));
}

#[test]
fn one_side_of_a_bridge_alone_hears_that_it_has_begun_or_ended_a_recording() {
    for other in [format(0, "PCMU", 8000, 1), format(9, "G722", 8000, 1)] {
        for by in [0, 1] {
            for (sound, notes_hz) in [
                (Sound::recording_begun(), [600.0, 900.0]),
                (Sound::recording_ended(), [900.0, 600.0]),
            ] {
                let mut world = bridge(&other);
                let at = [Rate::Narrow, rate(&other)];
                world.command(MediaCommand::Tell { media: id(by), sound });
                let heard = world.run(millis(1500));
                let when = |n: usize, hz| {
                    let parts = heard[n].chunks_exact(at[n].samples(50));
                    let is_heard = |pcm: &[i16]| tone_level_db(pcm, hz, at[n]) > -26.0;
                    parts.enumerate().filter(|(_, it)| is_heard(it)).map(|it| it.0).collect()
                };
                let (by, not) = (usize::from(by != 0), usize::from(by == 0));
                let [first, second]: [Vec<usize>; 2] = notes_hz.map(|hz| when(by, hz));
                assert!((2..=5).contains(&first.len()), "{by} hears {first:?} and {second:?}");
                assert!((2..=5).contains(&second.len()), "{by} hears {first:?} and {second:?}");
                assert!(first[0] < second[0], "{by} hears {first:?} and {second:?}");
                assert!(notes_hz.iter().all(|hz| when(not, *hz).is_empty()), "{not} hears it");
                let later = tone_level_db(&heard[by][at[by].samples(1000)..], TALK_HZ, at[by]);
                assert!(later > -13.5, "{by} hears the other at {later:.1} dB again");
            }
        }
    }
}

fn is_toned(pcm: &[i16]) -> bool {
    pcm.chunks_exact(800).any(|it| level(it, TONE_HZ) > -26.0)
}

/// Two who talk, the first in G.711.
fn bridge(other: &Format) -> World {
    let first = format(0, "PCMU", 8000, 1);
    let mut world = World::with(&[first.clone(), other.clone()]);
    for n in 0..2 {
        world.says(n, Says::Tone(TALK_HZ));
    }
    let [a_to_b, b_to_a] = [map(&first, other), map(other, &first)];
    world.command(MediaCommand::Bridge { a: id(0), b: id(1), a_to_b, b_to_a });
    world.run(millis(500));
    world
}

impl World {
    fn record(&mut self, has_tone: bool) {
        let (at, mut rng) = (UnixMillis(0), Rng::from_number(1));
        let label = Label {
            call: CallId::new(at, &mut rng),
            domain: DomainId::new(at, &mut rng),
            started: at,
            parties: ["1001".to_owned(), "1002".to_owned()],
            purpose: Purpose::Call,
        };
        self.command(MediaCommand::Record {
            recording: recording(),
            label: Box::new(label),
            sources: [RecordedSource::Received(id(0)), RecordedSource::Received(id(1))],
            has_tone,
        });
    }
}

fn recording() -> RecordingId {
    RecordingId::new(UnixMillis(0), &mut Rng::from_number(2))
}

const TONE_HZ: f64 = 1400.0;
const TALK_HZ: f64 = 500.0;
