//! Conferences in virtual time: what each party hears of the others.

use crate::{support::*, world::*};
use base::RoomId;
use media::{
    Direction, MediaCommand, MediaEvent, PartyMode, Playout,
    codec::Rate,
    sound::{Music, PieceOrder, Sound},
};
use std::sync::Arc;

#[test]
fn everybody_hears_everybody_else_and_not_themselves_in_every_codec() {
    let formats = formats();
    let mut world = World::with(&formats);
    let tones: Vec<_> = (0..formats.len()).map(|n| 400.0 + 430.0 * n as f64).collect();
    for (n, hz) in (0..).zip(&tones) {
        world.join(n);
        // All of them together are no louder than can be said.
        world.says(n, Says::ToneAt(*hz, 5000.0));
    }
    world.run(millis(400));
    let heard = world.run(millis(600));

    for (listener, pcm) in heard.iter().enumerate() {
        let at = rate(&formats[listener]);
        assert_eq!(pcm.len(), at.samples(600), "a packet each tick");
        for (talker, hz) in tones.iter().enumerate() {
            let level = tone_level_db(pcm, *hz, at);
            let what = format!("{listener} hears {talker} at {level:.1} dB");
            if talker == listener {
                assert!(level < -35.0, "itself: {what}");
            } else {
                assert!((level + 16.3).abs() < 2.0, "{what}");
            }
        }
    }
}

#[test]
fn the_muted_are_not_heard_and_the_deaf_do_not_hear() {
    let mut world = World::pcmu(3);
    for (n, hz) in [(0, 500.0), (1, 900.0), (2, 1400.0)] {
        world.join(n);
        world.says(n, Says::Tone(hz));
    }
    world.set_mode(0, PartyMode { is_muted: true, ..PartyMode::default() });
    world.set_mode(1, PartyMode { is_deaf: true, ..PartyMode::default() });
    world.run(millis(200));
    let heard = world.run(millis(400));
    assert!(level(&heard[2], 500.0) < -40.0, "one is muted");
    assert!(level(&heard[2], 900.0) > -12.0);
    assert!(heard[1].iter().all(|it| it.abs() < 16), "one is deaf, and gets silence");
    assert_eq!(heard[1].len(), 3200);
    assert!(level(&heard[0], 900.0) > -12.0, "who is muted hears");

    for n in [0, 1] {
        world.set_mode(n, PartyMode::default());
    }
    world.run(millis(200));
    let heard = world.run(millis(400));
    assert!(level(&heard[2], 500.0) > -12.0);
    assert!(level(&heard[1], 1400.0) > -12.0);
}

#[test]
fn the_hold_music_of_a_party_that_holds_is_not_heard() {
    let mut world = World::pcmu(3);
    for n in 0..3 {
        world.join(n);
    }
    world.says(1, Says::Tone(700.0));
    world.configure(1, Direction::RecvOnly);
    let heard = world.run(millis(400));
    assert!(level(&heard[0], 700.0) < -50.0);
    assert!(heard[1].is_empty(), "it asked not to be sent anything");

    world.configure(1, Direction::SendRecv);
    world.run(millis(200));
    assert!(level(&world.run(millis(400))[0], 700.0) > -12.0);
}

#[test]
fn whoever_is_alone_hears_music_until_another_comes() {
    let mut world = World::pcmu(2);
    let piece = Sound::new(Music::RATE, sine(Music::RATE, 600.0, 1000));
    world.music = Music::new("alone", [piece], PieceOrder::Listed).map(Arc::new);
    world.join(0);
    assert!(level(&world.run(millis(400))[0], 600.0) > -12.0);

    world.join(1);
    assert!(level(&world.run(millis(400))[0], 600.0) < -40.0);

    world.relay.close(world.now, id(1)).unwrap();
    assert!(level(&world.run(millis(400))[0], 600.0) > -12.0);
}

#[test]
fn rooms_do_not_hear_each_other_and_one_that_was_left_begins_anew() {
    let mut world = World::pcmu(4);
    for (n, room) in [(0, 1), (1, 1), (2, 2), (3, 2)] {
        world.join_room(n, RoomId(room));
        world.says(n, Says::Tone(500.0 + 300.0 * f64::from(n)));
    }
    world.run(millis(200));
    let heard = world.run(millis(400));
    assert!(level(&heard[0], 800.0) > -12.0);
    assert!(level(&heard[0], 1400.0) < -40.0, "another room");

    // Into the other room without a word: a party is in one room at a time.
    world.join_room(1, RoomId(2));
    world.run(millis(200));
    let heard = world.run(millis(400));
    assert!(level(&heard[0], 800.0) < -40.0);
    assert!(level(&heard[3], 800.0) > -12.0);

    world.command(MediaCommand::Unbridge { media: id(1) });
    assert!(world.run(millis(200))[1].is_empty());
}

#[test]
fn the_room_hears_a_chime_when_somebody_comes_and_another_when_somebody_leaves() {
    let mut world = World::pcmu(3);
    world.is_chimed = true;
    world.join(0);
    world.join(1);
    world.run(millis(1000));

    world.join(2);
    let heard = world.run(millis(280));
    let (first, second) = heard[0].split_at(heard[0].len() / 2);
    assert!(level(first, 587.0) > -30.0 && level(second, 880.0) > -30.0, "up");
    assert_eq!(heard[0], heard[1]);
    assert!(world.run(millis(400))[0].iter().all(|it| it.abs() < 16), "and no more");

    world.relay.close(world.now, id(2)).unwrap();
    let heard = world.run(millis(280));
    let (first, second) = heard[0].split_at(heard[0].len() / 2);
    assert!(level(first, 880.0) > -30.0 && level(second, 587.0) > -30.0, "down");
}

#[test]
fn what_one_party_is_told_no_other_hears_and_the_talk_goes_on_under_it() {
    let mut world = World::pcmu(3);
    for n in 0..3 {
        world.join(n);
    }
    world.says(0, Says::Tone(500.0));
    world.run(millis(200));
    for hz in [1000.0, 1600.0] {
        let sound = Sound::new(Rate::Wide, sine(Rate::Wide, hz, 400));
        world.command(MediaCommand::Tell { media: id(1), sound });
    }
    let heard = world.run(millis(400));
    assert!(level(&heard[1], 1000.0) > -12.0);
    assert!(level(&heard[1], 500.0) > -12.0);
    assert!(level(&heard[2], 1000.0) < -40.0);
    let heard = world.run(millis(400));
    assert!(level(&heard[1], 1600.0) > -12.0, "one after the other");
    assert!(level(&world.run(millis(400))[1], 1600.0) < -40.0);
}

#[test]
fn talk_is_told_with_its_loudness_each_second_and_at_its_end() {
    let mut world = World::pcmu(2);
    world.join(0);
    world.join(1);
    world.says(1, Says::Tone(500.0));
    world.run(millis(2500));
    world.says(1, Says::Silence);
    world.run(millis(2000));

    let told = world.events();
    let levels: Vec<_> = told
        .iter()
        .map(|event| {
            let MediaEvent::Talks { media, level } = event else { panic!("{event:?}") };
            assert_eq!(*media, id(1));
            *level
        })
        .collect();
    // A sine of a third of full scale has −13.3 dB of power.
    assert_eq!(levels, [Some(13), Some(13), Some(13), None]);
}

#[test]
fn in_a_big_room_only_those_are_mixed_who_say_something_and_the_others_hear_the_same() {
    let mut world = World::pcmu(60);
    for n in 0..60 {
        world.join(n);
        world.says(n, Says::Noise);
    }
    for (n, hz) in [(7, 500.0), (40, 900.0)] {
        world.says(n, Says::Tone(hz));
    }
    world.run(millis(400));
    let heard = world.run(millis(400));
    for n in [0, 1, 8, 59] {
        assert_eq!(heard[n], heard[2], "one encoding for all who listen");
        assert!(level(&heard[n], 500.0) > -12.0 && level(&heard[n], 900.0) > -12.0);
    }
    assert!(level(&heard[7], 500.0) < -40.0 && level(&heard[7], 900.0) > -12.0);
    // Fifty-eight hums of −55 dB would add up to one of −20 dB.
    assert!(level(&heard[2], 180.0) < -50.0);
}

#[test]
fn of_too_many_talkers_the_loudest_are_heard() {
    let mut world = World::pcmu(41);
    for n in 0..41 {
        world.join(n);
        let loudness = if n < 20 { 250.0 } else { 1200.0 };
        world.says(n, Says::ToneAt(300.0 + 60.0 * f64::from(n), loudness));
    }
    world.says(40, Says::Silence);
    world.run(millis(400));
    let heard = &world.run(millis(500))[40];
    let is_heard = |n: u32| level(heard, 300.0 + 60.0 * f64::from(n)) > -48.0;
    assert!((20..40).all(is_heard), "all twenty loud ones");
    assert_eq!((0..20).filter(|n| is_heard(*n)).count(), 12, "and as many others as there is room");
}

#[test]
fn keys_are_told_of_events_and_of_tones_in_rooms_and_under_playouts() {
    for has_events in [true, false] {
        for is_in_room in [true, false] {
            let mut world = World::pcmu(1);
            if has_events {
                world.formats[0].push(format(EVENT_TYPE, "telephone-event", 8000, 1));
                world.configure(0, Direction::SendRecv);
            }
            if is_in_room {
                world.join(0);
            } else {
                let playout = Playout::Silence;
                world.command(MediaCommand::Play { media: id(0), playout });
            }
            world.run(millis(200));
            for key in "15#5".chars() {
                world.press(0, key, has_events);
                world.run(millis(200));
            }
            let told: String = world
                .events()
                .iter()
                .filter_map(|event| {
                    let MediaEvent::Key { digit, .. } = event else { return None };
                    Some(digit.as_char())
                })
                .collect();
            assert_eq!(told, "15#5", "events: {has_events}, in a room: {is_in_room}");
        }
    }
}
