//! Words that are kept of a far end, and what a whole room is told.

use crate::{support::*, world::*};
use base::RoomId;
use media::{Direction, MediaCommand, MediaEvent, PartyMode, codec::Rate, sound::Sound};

#[test]
fn what_is_said_after_the_tone_is_kept_without_the_silence_around_it_in_every_codec() {
    for format in formats() {
        let mut world = World::with(std::slice::from_ref(&format));
        let at = rate(&format);
        capture(&mut world, 0);
        let heard = world.run(millis(300));
        assert!(tone_level_db(&heard[0], 1000.0, at) > -20.0, "the tone of {format:?}");

        world.says(0, Says::Silence);
        world.run(millis(700));
        world.says(0, Says::Tone(700.0));
        world.run(millis(1000));
        world.says(0, Says::Silence);
        let heard = world.run(millis(2000));

        assert_eq!(heard[0].len() % at.samples(20), 0);
        assert!(!heard[0].is_empty(), "the far end is sent silence while it speaks");
        let kept = only(captured(&mut world));
        let lasted = kept.duration().as_millis();
        assert!((1000..1400).contains(&lasted), "{format:?}: {lasted} ms");
        let level = tone_level_db(kept.samples(), 700.0, kept.rate());
        assert!(level > -14.0, "{format:?}: {level:.1} dB");
    }
}

#[test]
fn a_key_ends_the_words_and_is_told() {
    let mut world = World::pcmu(1);
    world.formats[0].push(format(EVENT_TYPE, "telephone-event", 8000, 1));
    world.configure(0, Direction::SendRecv);
    capture(&mut world, 0);
    world.says(0, Says::Tone(700.0));
    world.run(millis(1000));
    world.press(0, '#', true);
    world.run(millis(200));
    let events = world.events();
    assert!(events.iter().any(|it| matches!(it, MediaEvent::Key { .. })), "{events:?}");

    world.command(MediaCommand::EndCapture { media: id(0) });

    let kept = only(captured(&mut world));
    assert!(kept.duration() > millis(500), "{kept:?}");
    world.command(MediaCommand::EndCapture { media: id(0) });
    assert!(captured(&mut world).is_empty(), "once");
}

#[test]
fn who_says_nothing_and_who_does_not_stop_are_waited_for_no_longer_than_is_wanted() {
    let mut world = World::pcmu(2);
    for n in 0..2 {
        capture(&mut world, n);
    }
    world.says(0, Says::Silence);
    world.says(1, Says::Tone(600.0));
    world.run(millis(3400));

    let told = captured(&mut world);

    assert_eq!(told.len(), 2);
    assert!(told.contains(&None), "{told:?}");
    let longest = told.iter().flatten().map(Sound::duration).max().unwrap();
    assert!((millis(2700)..=millis(3000)).contains(&longest), "{longest:?}");
}

#[test]
fn something_else_that_is_commanded_ends_the_words_without_a_word() {
    let mut world = World::pcmu(2);
    capture(&mut world, 0);
    world.says(0, Says::Tone(600.0));
    world.run(millis(600));
    world.join(0);
    world.run(millis(4000));
    assert!(captured(&mut world).is_empty());
}

#[test]
fn the_whole_room_hears_what_is_announced_one_after_the_other_over_the_talk() {
    let formats = formats();
    let mut world = World::with(&formats);
    for n in 0..formats.len() as u32 {
        world.join(n);
    }
    let deaf = PartyMode { is_deaf: true, ..PartyMode::default() };
    world.set_mode(1, deaf);
    world.says(0, Says::Tone(500.0));
    world.run(millis(400));

    let sounds = [1000.0, 1600.0].map(|hz| Sound::new(Rate::Wide, sine(Rate::Wide, hz, 400)));
    world.command(MediaCommand::Announce { room: RoomId(5), sounds: sounds.to_vec() });
    world.command(MediaCommand::Announce { room: RoomId(6), sounds: sounds.to_vec() });

    for hz in [1000.0, 1600.0] {
        let heard = world.run(millis(400));
        for (n, pcm) in heard.iter().enumerate().filter(|(n, _)| *n != 1) {
            let at = rate(&formats[n]);
            assert!(tone_level_db(pcm, hz, at) > -13.0, "{n} hears {hz}");
            assert!(n == 0 || tone_level_db(pcm, 500.0, at) > -13.0, "{n} hears the talk");
        }
        assert!(tone_level_db(&heard[1], hz, rate(&formats[1])) < -40.0, "who is deaf");
    }
    let after = world.run(millis(400));
    assert!(tone_level_db(&after[0], 1600.0, rate(&formats[0])) < -40.0, "and no more");
}

#[test]
fn whoever_is_levelled_is_heard_as_loud_as_the_others() {
    let mut world = World::pcmu(3);
    for n in 0..3 {
        world.join(n);
    }
    world.set_mode(0, PartyMode { is_levelled: true, ..PartyMode::default() });
    world.says(0, Says::ToneAt(500.0, 300.0));
    world.says(1, Says::ToneAt(900.0, 300.0));
    world.run(millis(3000));

    let heard = world.run(millis(400));

    let (levelled, plain) = (level(&heard[2], 500.0), level(&heard[2], 900.0));
    assert!(levelled > plain + 10.0, "{levelled:.1} and {plain:.1} dB");
    let own = level(&heard[0], 500.0);
    assert!(own < -45.0, "it does not hear what was added to it: {own:.1} dB");
}

fn capture(world: &mut World, n: u32) {
    world.command(MediaCommand::Capture {
        media: id(n),
        tone: Sound::new(Rate::Narrow, sine(Rate::Narrow, 1000.0, 200)),
        longest: millis(3000),
        pause: millis(1500),
    });
}

/// The words of one far end.
fn only(mut kept: Vec<Option<Sound>>) -> Sound {
    assert_eq!(kept.len(), 1, "{kept:?}");
    kept.pop().flatten().expect("it said something")
}

/// What was kept, of each far end that was told of.
fn captured(world: &mut World) -> Vec<Option<Sound>> {
    let kept =
        |event| if let MediaEvent::Captured { sound, .. } = event { Some(sound) } else { None };
    world.events().into_iter().filter_map(kept).collect()
}
