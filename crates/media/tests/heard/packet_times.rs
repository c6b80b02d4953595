//! How long the packets are that far ends hear us in: as long as they wish.

use crate::{support::*, world::*};
use base::RoomId;
use media::{
    Direction, Format, MediaCommand, MediaEvent, PartyMode, PayloadMap, Playout,
    codec::{Codec, Rate},
    rtp::{Header, is_rtcp},
    sound::{Music, PieceOrder, Sound},
};
use proptest::prelude::*;
use std::sync::Arc;

#[test]
fn playouts_come_in_packets_of_the_length_that_is_wished_in_every_codec() {
    for format in formats() {
        for wished_ms in [0, 5, 10, 20, 30, 40, 50, 60, 100] {
            for playout in [
                Playout::Tone { hz: 1000, dbm0: -16 },
                Playout::Loop { sound: Sound::new(Rate::Narrow, sine(Rate::Narrow, 1000.0, 350)) },
                Playout::Prompt { sound: Sound::new(Rate::Wide, sine(Rate::Wide, 1000.0, 5000)) },
                Playout::Music { music: music(1000.0) },
            ] {
                let what = format!("{} at {wished_ms} ms, {playout:?}", format.encoding);
                let mut world = World::wishing(&[(format.clone(), wished_ms)]);
                world.command(MediaCommand::Play { media: id(0), playout });

                let heard = world.run(millis(1200)).swap_remove(0);

                let packet_ms = made_ms(&format, wished_ms);
                assert!(u64::from(packet_ms) <= u64::from(wished_ms.max(10)), "{what}");
                assert_even_stream(&world.packets_to(0), &format, packet_ms, &what);
                assert_eq!(heard.len(), rate(&format).samples(1200), "{what}");
                let level = tone_level_db(&heard[heard.len() / 6..], 1000.0, rate(&format));
                assert!(level > -21.0, "{what}: {level:.1} dB");
            }
        }
    }
}

#[test]
fn a_prompt_is_heard_to_its_end_and_over_when_its_last_packet_is_sent() {
    for (wished_ms, packets) in [(10, 50), (20, 25), (30, 17), (40, 13), (60, 9)] {
        let mut world = World::wishing(&[(format(0, "PCMU", 8000, 1), wished_ms)]);
        let sound = Sound::new(Rate::Narrow, sine(Rate::Narrow, 600.0, 500));
        world.command(MediaCommand::Play { media: id(0), playout: Playout::Prompt { sound } });
        let last_tick = (packets * u64::from(wished_ms)).div_ceil(20);

        world.run(millis((last_tick - 1) * 20));
        assert!(world.events().is_empty(), "{wished_ms} ms: it goes on");
        let heard = world.run(millis(20)).swap_remove(0);

        let events = world.events();
        assert!(matches!(events[..], [MediaEvent::PlayFinished { .. }]), "{wished_ms}: {events:?}");
        assert_eq!(world.packets_to(0).len() as u64, packets, "{wished_ms} ms");
        assert!(!heard.is_empty() && world.run(millis(200))[0].is_empty(), "{wished_ms} ms");
    }
}

#[test]
fn prompts_that_follow_each_other_are_one_stream_without_gap_or_overlap() {
    for wished_ms in [10, 20, 30, 40, 60] {
        let pcma = format(8, "PCMA", 8000, 1);
        let mut world = World::wishing(&[(pcma.clone(), wished_ms)]);
        for _ in 0..5 {
            let sound = Sound::new(Rate::Narrow, sine(Rate::Narrow, 600.0, 500));
            let playout = Playout::Prompt { sound };
            world.command(MediaCommand::Play { media: id(0), playout });
            while world.events().is_empty() {
                world.run(millis(20));
            }
        }

        let packets = world.packets_to(0);

        for pair in packets.windows(2) {
            let step = pair[1].0.timestamp.wrapping_sub(pair[0].0.timestamp);
            assert_eq!(step, u32::from(wished_ms) * 8);
        }
        assert_eq!(packets.iter().filter(|it| it.0.marker).count(), 5, "each begins anew");
    }
}

#[test]
fn what_follows_a_prompt_at_once_keeps_to_the_ticks() {
    for wished_ms in PACKET_TIMES_MS {
        let mut world = World::wishing(&[(format(8, "PCMA", 8000, 1), wished_ms)]);
        let sound = Sound::new(Rate::Narrow, sine(Rate::Narrow, 600.0, 120));
        world.command(MediaCommand::Play { media: id(0), playout: Playout::Prompt { sound } });
        while world.events().is_empty() {
            world.run(millis(20));
        }
        // A millisecond after its last packet.
        world.now -= millis(19);
        let playout = Playout::Music { music: music(700.0) };
        world.command(MediaCommand::Play { media: id(0), playout });
        world.run(millis(300));

        let packets = world.packets_to(0);
        let begins = packets.iter().rposition(|it| it.0.marker).unwrap();
        let ends = u32::from(wished_ms) * 8;
        let step = packets[begins].0.timestamp.wrapping_sub(packets[begins - 1].0.timestamp);
        assert!((ends..=ends + 20 * 8).contains(&step), "{wished_ms} ms: {step}");
    }
}

#[test]
fn listeners_of_one_music_hear_the_same_whatever_the_packets() {
    let far_ends = PACKET_TIMES_MS.map(|ms| (format(8, "PCMA", 8000, 1), ms));
    let mut world = World::wishing(&[&far_ends[..], &far_ends[..]].concat());
    let music = music(700.0);
    for n in 0..10 {
        let playout = Playout::Music { music: music.clone() };
        world.command(MediaCommand::Play { media: id(n), playout });
    }

    let heard = world.run(millis(1200));

    for n in 1..10 {
        assert_eq!(heard[n], heard[0], "{:?}", world.wishes_ms[n]);
    }
    for n in 0..5 {
        assert_eq!(world.payloads_to(n), world.payloads_to(n + 5), "and in the same packets");
    }
}

#[test]
fn all_who_listen_in_a_room_hear_the_same_in_packets_of_every_length() {
    let mut far_ends: Vec<_> = [PACKET_TIMES_MS, PACKET_TIMES_MS].concat();
    far_ends.extend([20; 4]);
    let pcmu = |ms: &u16| (format(0, "PCMU", 8000, 1), *ms);
    let mut world = World::wishing(&far_ends.iter().map(pcmu).collect::<Vec<_>>());
    for n in 0..14 {
        world.join(n);
        world.says(n, Says::Noise);
    }
    world.run(millis(600));
    world.says(12, Says::Tone(500.0));
    world.says(13, Says::Tone(900.0));
    let heard = world.run(millis(1200));

    for n in 1..10 {
        assert_eq!(heard[n], heard[0], "{} ms", far_ends[n]);
    }
    for n in 0..5 {
        assert_eq!(world.payloads_to(n), world.payloads_to(n + 5), "and in the same packets");
    }
    let heard = world.run(millis(600)).swap_remove(4);
    assert!(level(&heard, 500.0) > -12.0 && level(&heard, 900.0) > -12.0);
    for n in 0..14 {
        let what = format!("{n} in a room");
        let packet_ms = u32::from(world.wishes_ms[n as usize]);
        let pcmu = world.formats[n as usize][0].clone();
        assert_even_stream(&world.packets_to(n), &pcmu, packet_ms, &what);
    }
}

#[test]
fn who_begins_and_ends_to_talk_amid_packets_hears_the_others_all_the_time_and_never_itself() {
    for wished_ms in PACKET_TIMES_MS {
        let mut far_ends = vec![(format(0, "PCMU", 8000, 1), 20); 14];
        far_ends[0].1 = wished_ms;
        far_ends[1].1 = wished_ms;
        let mut world = World::wishing(&far_ends);
        for n in 0..14 {
            world.join(n);
            world.says(n, Says::Noise);
        }
        world.says(13, Says::Tone(1000.0));
        world.run(millis(1200));
        let mut heard = Vec::new();
        world.says(0, Says::Tone(2000.0));
        for round in 0..12 {
            heard.extend(world.run(millis(400 + 20 * (round % 3))).swap_remove(0));
            world.set_mode(0, PartyMode { is_muted: true, ..PartyMode::default() });
            heard.extend(world.run(millis(1200 + 20 * (round % 2))).swap_remove(0));
            world.set_mode(0, PartyMode::default());
        }

        // A frame is ten cycles of the one, or twenty of the other.
        for (n, frame) in heard.chunks_exact(160).enumerate() {
            let (other, own) = (level(frame, 1000.0), level(frame, 2000.0));
            assert!(other > -12.0, "{wished_ms} ms, frame {n}: the other at {other:.1} dB");
            assert!(own < -40.0, "{wished_ms} ms, frame {n}: itself at {own:.1} dB");
        }
        let pcmu = &far_ends[0].0;
        assert_even_stream(&world.packets_to(0), pcmu, wished_ms.into(), "a talker");
    }
}

#[test]
fn what_one_is_told_and_what_all_are_told_is_heard_whole_in_packets_of_every_length() {
    for wished_ms in PACKET_TIMES_MS {
        let far_ends = vec![(format(0, "PCMU", 8000, 1), wished_ms); 3];
        let mut world = World::wishing(&far_ends);
        for n in 0..3 {
            world.join(n);
        }
        world.run(millis(200));
        let sound = |hz| Sound::new(Rate::Narrow, sine(Rate::Narrow, hz, 500));
        world.command(MediaCommand::Tell { media: id(1), sound: sound(1000.0) });
        let told = world.run(millis(600));
        let announced = vec![sound(1600.0)];
        world.command(MediaCommand::Announce { room: RoomId(5), sounds: announced });
        let said = world.run(millis(600));

        let loud_ms =
            |pcm: &[i16], hz| pcm.chunks_exact(80).filter(|it| level(it, hz) > -14.0).count() * 10;
        let [one, two] = [loud_ms(&told[1], 1000.0), loud_ms(&told[2], 1000.0)];
        assert!((480..=500).contains(&one) && two == 0, "{wished_ms} ms: {one} and {two} ms");
        for pcm in &said {
            let loud_ms = loud_ms(pcm, 1600.0);
            assert!((480..=500).contains(&loud_ms), "{wished_ms} ms: {loud_ms} ms");
        }
    }
}

#[test]
fn another_wish_amid_a_prompt_changes_the_packets_and_the_prompt_goes_on() {
    let pcmu = format(0, "PCMU", 8000, 1);
    let mut world = World::wishing(&[(pcmu, 60)]);
    let rising: Vec<i16> = (0..16_000).collect();
    let sound = Sound::new(Rate::Narrow, rising);
    world.command(MediaCommand::Play { media: id(0), playout: Playout::Prompt { sound } });
    let mut heard = world.run(millis(600)).swap_remove(0);
    world.wishes_ms[0] = 10;
    world.configure(0, Direction::SendRecv);
    heard.extend(world.run(millis(600)).swap_remove(0));

    assert_eq!(heard.len(), 9600);
    assert!(heard.is_sorted(), "nothing is left out or said twice");
    let lens: Vec<_> = world.packets_to(0).iter().map(|it| it.1.len()).collect();
    assert_eq!(lens, [[480; 10].as_slice(), &[80; 60]].concat());
    let steps = world.packets_to(0);
    let steps = steps.windows(2).map(|it| it[1].0.timestamp.wrapping_sub(it[0].0.timestamp));
    assert_eq!(steps.collect::<Vec<_>>(), [[480; 10].as_slice(), &[80; 59]].concat());
}

#[test]
fn the_timestamp_goes_on_by_the_clock_where_a_bridge_follows_a_playout_and_the_other_way() {
    for wished_ms in PACKET_TIMES_MS {
        let pcmu = format(0, "PCMU", 8000, 1);
        let mut world = World::wishing(&[(pcmu.clone(), wished_ms), (pcmu, 20)]);
        for n in 0..2 {
            world.says(n, Says::Noise);
        }
        for _ in 0..4 {
            let (a_to_b, b_to_a) = (PayloadMap::Same, PayloadMap::Same);
            world.command(MediaCommand::Bridge { a: id(0), b: id(1), a_to_b, b_to_a });
            world.run(millis(240));
            let playout = Playout::Music { music: music(700.0) };
            world.command(MediaCommand::Play { media: id(0), playout });
            world.run(millis(240));
        }

        // The noise comes in packets of 20 ms.
        let packets = world.packets_to(0);
        for pair in packets.windows(2) {
            let step = pair[1].0.timestamp.wrapping_sub(pair[0].0.timestamp);
            assert_eq!(step as usize, pair[0].1.len(), "{wished_ms} ms");
        }
        let said: usize = packets.iter().map(|it| it.1.len()).sum();
        assert_eq!(said, 8 * 8 * 240, "{wished_ms} ms");
    }
}

#[test]
fn linear_samples_at_48_khz_hear_playouts_and_take_part_in_conferences() {
    let l16 = format(98, "L16", 48_000, 1);
    let mut world = World::with(&[l16, format(0, "PCMU", 8000, 1)]);
    world.command(MediaCommand::Play {
        media: id(0),
        playout: Playout::Music { music: music(700.0) },
    });
    let heard = world.run(millis(400)).swap_remove(0);
    assert!(tone_level_db(&heard[heard.len() / 4..], 700.0, Rate::Full) > -12.0);
    assert!(world.payloads_to(0).iter().all(|it| it.len() == 960), "RFC 3551: 10 ms");

    for (n, hz) in [(0, 2000.0), (1, 500.0)] {
        world.join(n);
        world.says(n, Says::Tone(hz));
    }
    world.run(millis(400));
    let heard = world.run(millis(400));
    assert!(tone_level_db(&heard[0], 500.0, Rate::Full) > -12.0);
    assert!(level(&heard[1], 2000.0) > -12.0);
    assert!(tone_level_db(&heard[0], 2000.0, Rate::Full) < -40.0, "not itself");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_happens_in_a_room_each_party_hears_one_even_stream(
        parties in prop::collection::vec((0_usize..7, 0_u16..80), 2..12),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8, 1_u64..12), 1..40),
    ) {
        let far_ends: Vec<_> =
            parties.iter().map(|(codec, ms)| (formats().swap_remove(*codec), *ms)).collect();
        let mut world = World::wishing(&far_ends);
        world.music = Some(music(700.0));
        for n in 0..far_ends.len() as u32 {
            world.join(n);
        }
        let mut passed_ms = 0;
        for (who, what, ticks) in changes {
            let n = who.index(far_ends.len()) as u32;
            let mode = PartyMode { is_muted: what == 4, is_deaf: what == 5, is_levelled: what == 6 };
            let sound = Sound::new(Rate::Narrow, sine(Rate::Narrow, 900.0, 70));
            match what {
                0 => world.says(n, Says::Tone(500.0)),
                1 => world.says(n, Says::Noise),
                2 => world.says(n, Says::Nothing),
                3 => world.command(MediaCommand::Tell { media: id(n), sound }),
                4..=6 => world.set_mode(n, mode),
                _ => {
                    let announced = vec![sound];
                    world.command(MediaCommand::Announce { room: RoomId(5), sounds: announced });
                }
            }
            world.run(millis(ticks * 20));
            passed_ms += ticks * 20;
        }

        for (n, (format, wished_ms)) in (0..).zip(&far_ends) {
            let packets = world.packets_to(n);
            let packet_ms = made_ms(format, *wished_ms);
            assert_even_stream(&packets, format, packet_ms, &format.encoding);
            prop_assert_eq!(packets.len() as u64, passed_ms / u64::from(packet_ms));
        }
    }
}

/// Each packet is as long, and begins where the one before it ends.
#[track_caller]
fn assert_even_stream(packets: &[(Header, Vec<u8>)], format: &Format, packet_ms: u32, what: &str) {
    let is_opus = format.encoding == "opus";
    let len = match rate(format).samples(packet_ms) {
        samples if format.encoding == "L16" => samples * 2,
        samples if format.encoding == "G722" => samples / 2,
        samples => samples,
    };
    for (header, payload) in packets {
        assert_eq!(header.payload_type, format.payload_type, "{what}");
        assert!(payload.len() == len || is_opus, "{what}: {} bytes, not {len}", payload.len());
        assert!(payload.len() <= 1400, "{what}: it fits a packet");
    }
    for pair in packets.windows(2) {
        let (before, after) = (&pair[0].0, &pair[1].0);
        assert_eq!(after.sequence, before.sequence.wrapping_add(1), "{what}");
        let step = after.timestamp.wrapping_sub(before.timestamp);
        assert_eq!(step, format.clock_rate / 1000 * packet_ms, "{what}");
        assert_eq!(after.ssrc, before.ssrc, "{what}");
    }
    let markers = packets.iter().filter(|it| it.0.marker).count();
    assert_eq!(markers, usize::from(!packets.is_empty()), "{what}: the first alone");
}

/// How long the packets are that a wish brings, in milliseconds.
fn made_ms(format: &Format, wished_ms: u16) -> u32 {
    let possible: &[u16] = match Codec::of(format).unwrap() {
        Codec::G711(_) | Codec::G722(_) | Codec::L16(Rate::Narrow) => &[10, 20, 30, 40, 60],
        Codec::L16(Rate::Wide) => &[10, 20, 30, 40],
        Codec::L16(Rate::Full) => &[10],
        Codec::Opus(_) => &[10, 20, 40, 60],
    };
    possible.iter().rev().find(|it| **it <= wished_ms).map_or(10, |it| (*it).into())
}

impl World {
    fn packets_to(&self, n: u32) -> Vec<(Header, Vec<u8>)> {
        let to_it = self.sent.iter().filter(|(to, packet)| *to == n && !is_rtcp(packet));
        let parsed = to_it.map(|(_, packet)| {
            let (header, len) = Header::parse(packet).unwrap();
            (header, packet[packet.len() - len..].to_vec())
        });
        parsed.collect()
    }

    fn payloads_to(&self, n: u32) -> Vec<Vec<u8>> {
        self.packets_to(n).into_iter().map(|it| it.1).collect()
    }
}

/// One piece of a whole number of cycles.
fn music(hz: f64) -> Arc<Music> {
    let piece = Sound::new(Music::RATE, sine(Music::RATE, hz, 1000));
    Arc::new(Music::new("tone", [piece], PieceOrder::Listed).unwrap())
}

const PACKET_TIMES_MS: [u16; 5] = [10, 20, 30, 40, 60];
