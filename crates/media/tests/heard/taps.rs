//! Supervisors of a call in virtual time: who hears whom.

use crate::{support::*, world::*};
use media::{
    Direction, Format, MediaCommand, MediaEvent, PayloadMap, Playout, TapMode,
    rtp::{Header, is_rtcp},
    sound::{Music, PieceOrder, Sound},
};
use std::sync::Arc;

#[test]
fn a_listener_hears_both_and_the_call_is_relayed_untouched() {
    let mut world = call_and_supervisors(&pcmu(), &pcmu(), 1);
    world.run(millis(200));
    world.sent.clear();
    world.tap(SUPERVISOR, TapMode::Listen);
    world.run(millis(300));
    let heard = world.run(millis(600));

    assert!(level(&heard[2], AGENT_HZ) > -12.0 && level(&heard[2], CALLER_HZ) > -12.0);
    assert!(level(&heard[0], CALLER_HZ) > -12.0 && level(&heard[1], AGENT_HZ) > -12.0);
    for listener in [AGENT, CALLER] {
        assert!(level(&heard[listener as usize], SUPERVISOR_HZ) < -50.0, "nobody hears it");
        let headers = world.headers_to(listener);
        assert_eq!(headers.len(), 45, "each packet passed");
        assert!(headers.windows(2).all(|it| it[1].sequence == it[0].sequence + 1));
        assert!(headers.iter().all(|it| !it.marker), "the source never changed");
    }
}

#[test]
fn a_whisper_is_heard_by_one_side_beside_the_other_and_a_barge_by_both() {
    for (agent, caller) in [(pcmu(), pcmu()), (g722(), pcma()), (opus(), pcmu())] {
        let what = format!("{} and {}", agent.encoding, caller.encoding);
        let mut world = call_and_supervisors(&agent, &caller, 1);
        let [at_agent, at_caller] = [rate(&agent), rate(&caller)];
        let levels = |world: &mut World| {
            world.run(millis(500));
            let heard = world.run(millis(600));
            let of = |n: usize, hz, at| tone_level_db(&heard[n], hz, at);
            [
                [of(0, CALLER_HZ, at_agent), of(0, SUPERVISOR_HZ, at_agent)],
                [of(1, AGENT_HZ, at_caller), of(1, SUPERVISOR_HZ, at_caller)],
                [level(&heard[2], AGENT_HZ), level(&heard[2], CALLER_HZ)],
            ]
        };
        for (mode, is_heard) in [
            (TapMode::Whisper(id(AGENT)), [true, false]),
            (TapMode::Barge, [true, true]),
            (TapMode::Listen, [false, false]),
            (TapMode::Whisper(id(CALLER)), [false, true]),
        ] {
            world.tap(SUPERVISOR, mode);
            let [agent, caller, supervisor] = levels(&mut world);
            for (side, is_heard) in [agent, caller].iter().zip(is_heard) {
                assert!(side[0] > -13.5, "{what}, {mode:?}: the other side at {:.1} dB", side[0]);
                assert_eq!(side[1] > -13.5, is_heard, "{what}, {mode:?}: {:.1} dB", side[1]);
                assert!(is_heard || side[1] < -40.0, "{what}, {mode:?}: {:.1} dB", side[1]);
            }
            assert!(supervisor.iter().all(|it| *it > -13.5), "{what}, {mode:?}: {supervisor:?}");
        }
    }
}

#[test]
fn nobody_hears_themselves() {
    let mut world = call_and_supervisors(&pcmu(), &pcmu(), 1);
    world.tap(SUPERVISOR, TapMode::Barge);
    world.run(millis(400));
    let heard = world.run(millis(600));
    for (n, own) in [AGENT_HZ, CALLER_HZ, SUPERVISOR_HZ].into_iter().enumerate() {
        assert!(level(&heard[n], own) < -40.0, "{n} at {:.1} dB", level(&heard[n], own));
    }
}

#[test]
fn keys_reach_the_other_side_once_each_whoever_is_spoken_to() {
    let mut formats = [pcmu(), pcmu(), pcmu()].map(|it| vec![it]);
    for side in &mut formats {
        side.push(format(EVENT_TYPE, "telephone-event", 8000, 1));
    }
    for mode in [TapMode::Listen, TapMode::Barge, TapMode::Whisper(id(CALLER))] {
        let mut world = call_and_supervisors(&pcmu(), &pcmu(), 1);
        world.formats = formats.to_vec();
        for n in [AGENT, CALLER, SUPERVISOR] {
            world.configure(n, Direction::SendRecv);
        }
        world.tap(SUPERVISOR, mode);
        world.run(millis(300));
        // The description comes again, as with each re-INVITE.
        world.bridge(PayloadMap::Same, PayloadMap::Same);
        for key in "159#".chars() {
            world.press(AGENT, key, true);
            world.run(millis(300));
        }
        assert_eq!(world.keys_to(CALLER), [1, 5, 9, 11], "{mode:?}");
        assert_eq!(world.keys_to(AGENT), [0_u8; 0], "{mode:?}");
    }
}

#[test]
fn hold_music_and_its_end_change_nothing_for_the_supervisor() {
    let mut world = call_and_supervisors(&pcmu(), &pcmu(), 1);
    world.tap(SUPERVISOR, TapMode::Barge);
    let piece = Sound::new(Music::RATE, sine(Music::RATE, 600.0, 1000));
    let music = Music::new("hold", [piece], PieceOrder::Listed).map(Arc::new).unwrap();
    let playout = Playout::Music { music };
    world.command(MediaCommand::Play { media: id(CALLER), playout });
    world.run(millis(400));
    let heard = world.run(millis(600));
    assert!(level(&heard[1], 600.0) > -12.0, "the caller hears music");
    assert!(level(&heard[1], SUPERVISOR_HZ) < -40.0);
    assert!(level(&heard[2], CALLER_HZ) > -12.0, "and is heard");

    world.bridge(PayloadMap::Same, PayloadMap::Same);
    world.run(millis(400));
    let heard = world.run(millis(600));
    assert!(level(&heard[1], 600.0) < -40.0);
    assert!(level(&heard[1], SUPERVISOR_HZ) > -12.0, "the barge goes on");
    assert!(level(&heard[1], AGENT_HZ) > -12.0);
}

#[test]
fn several_supervise_one_call_and_the_last_who_goes_leaves_it_as_it_was() {
    let mut world = call_and_supervisors(&pcmu(), &pcmu(), 2);
    let other = SUPERVISOR + 1;
    world.tap(SUPERVISOR, TapMode::Barge);
    world.tap(other, TapMode::Listen);
    world.run(millis(400));
    let heard = world.run(millis(600));
    assert!(level(&heard[0], SUPERVISOR_HZ) > -12.0, "the other only listens");
    assert!(level(&heard[3], SUPERVISOR_HZ) > -12.0, "and hears what is said to them");

    world.relay.close(world.now, id(SUPERVISOR)).unwrap();
    world.run(millis(400));
    let heard = world.run(millis(600));
    assert!(level(&heard[0], SUPERVISOR_HZ) < -40.0);
    assert!(level(&heard[3], AGENT_HZ) > -12.0 && level(&heard[3], CALLER_HZ) > -12.0);

    world.command(MediaCommand::Unbridge { media: id(other) });
    world.run(millis(200));
    world.sent.clear();
    let heard = world.run(millis(600));
    assert!(heard[3].is_empty());
    assert!(level(&heard[0], CALLER_HZ) > -12.0);
    assert!(world.headers_to(AGENT).iter().all(|it| !it.marker));
}

#[test]
fn the_supervisor_is_told_when_the_call_is_over_also_if_it_was_before_it_came() {
    let mut world = call_and_supervisors(&pcmu(), &pcmu(), 1);
    world.tap(SUPERVISOR, TapMode::Whisper(id(AGENT)));
    world.run(millis(100));
    let ended = |world: &mut World| {
        let events = world.events();
        let is_end = |it: &&MediaEvent| matches!(it, MediaEvent::TapEnded { media } if *media == id(SUPERVISOR));
        events.iter().filter(is_end).count()
    };
    world.relay.close(world.now, id(CALLER)).unwrap();
    assert_eq!(ended(&mut world), 0, "one is still there");
    world.relay.close(world.now, id(AGENT)).unwrap();
    assert_eq!(ended(&mut world), 1);

    world.command(MediaCommand::Unbridge { media: id(SUPERVISOR) });
    world.tap(SUPERVISOR, TapMode::Listen);
    assert_eq!(ended(&mut world), 1);
}

const AGENT: u32 = 0;
const CALLER: u32 = 1;
const SUPERVISOR: u32 = 2;
const AGENT_HZ: f64 = 500.0;
const CALLER_HZ: f64 = 900.0;
const SUPERVISOR_HZ: f64 = 1400.0;

fn pcmu() -> Format {
    format(0, "PCMU", 8000, 1)
}

fn pcma() -> Format {
    format(8, "PCMA", 8000, 1)
}

fn g722() -> Format {
    format(9, "G722", 8000, 1)
}

fn opus() -> Format {
    format(111, "opus", 48_000, 2)
}

/// An agent and a caller who talk to each other, and others who do not.
fn call_and_supervisors(agent: &Format, caller: &Format, supervisors: usize) -> World {
    let mut formats = vec![agent.clone(), caller.clone()];
    formats.extend(vec![pcmu(); supervisors]);
    let mut world = World::with(&formats);
    let tones = [AGENT_HZ, CALLER_HZ, SUPERVISOR_HZ, 2000.0];
    for (n, hz) in (0..formats.len() as u32).zip(tones) {
        world.says(n, Says::Tone(hz));
    }
    world.bridge(map(agent, caller), map(caller, agent));
    world
}

impl World {
    fn bridge(&mut self, a_to_b: PayloadMap, b_to_a: PayloadMap) {
        self.command(MediaCommand::Bridge { a: id(AGENT), b: id(CALLER), a_to_b, b_to_a });
    }

    fn tap(&mut self, supervisor: u32, mode: TapMode) {
        let of = [id(AGENT), id(CALLER)];
        self.command(MediaCommand::Tap { media: id(supervisor), of, mode });
    }

    fn headers_to(&self, n: u32) -> Vec<Header> {
        let packets = self.sent.iter().filter(|(to, _)| *to == n);
        packets
            .filter(|(_, packet)| !is_rtcp(packet))
            .map(|(_, packet)| Header::parse(packet).unwrap().0)
            .collect()
    }

    /// Codes of the keys that a far end was told, one for each timestamp.
    fn keys_to(&self, n: u32) -> Vec<u8> {
        let packets = self.sent.iter().filter(|(to, packet)| *to == n && !is_rtcp(packet));
        let parsed = packets.map(|(_, packet)| {
            let (header, len) = Header::parse(packet).unwrap();
            (header, &packet[packet.len() - len..])
        });
        let mut keys: Vec<(u32, u8)> = parsed
            .filter(|(header, _)| header.payload_type == EVENT_TYPE)
            .map(|(header, payload)| (header.timestamp, payload[0]))
            .collect();
        keys.dedup();
        keys.into_iter().map(|(_, key)| key).collect()
    }
}
