//! The relay in virtual time: what a worker sees, without a socket.

use base::{MediaId, Rng};
use media::{
    Channel, Direction, DropReason, Format, MediaCommand, MediaEvent, PayloadMap, Playout, Relay,
    Remote, Rtcp, Slot, Transmit,
    codec::Rate,
    rtp::{HEADER_LEN, Header, is_rtcp},
    sound::Sound,
};
use proptest::prelude::*;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

#[test]
fn a_prompt_takes_its_time_and_ends_with_an_event() {
    let mut world = World::with_sessions(1);
    world.play(A, prompt(8000));

    let played = world.wait(millis(979));
    assert_eq!((played.len(), world.events()), (49, vec![]));
    let played = world.wait(millis(100));

    assert_eq!(played.len(), 1);
    assert_eq!(world.events(), [format!("finished {}", A.0)]);
    assert_eq!(world.relay.counters().ticks_skipped, 0);
}

#[test]
fn a_held_prompt_is_over_when_it_would_have_been() {
    let mut world = World::with_sessions(1);
    world.configure(A, Direction::RecvOnly, None, "PCMU");
    world.play(A, prompt(8000));

    let played = world.wait(millis(1000));

    assert_eq!(played, []);
    assert_eq!(world.events(), [format!("finished {}", A.0)]);
}

#[test]
fn a_prompt_waits_for_the_description_and_ends_at_once_without_a_codec_of_ours() {
    let mut world = World::with_sessions(0);
    world.relay.open(world.now, id(A), A);
    world.play(A, prompt(320));
    assert_eq!((world.wait(millis(500)), world.events()), (vec![], vec![]));

    world.configure(A, Direction::SendRecv, None, "G729");

    assert_eq!(world.wait(millis(20)), []);
    assert_eq!(world.events(), [format!("finished {}", A.0)]);
}

#[test]
fn a_worker_that_stood_still_leaves_ticks_out_and_the_timestamp_tells() {
    let mut world = World::with_sessions(1);
    world.play(A, Playout::Tone { hz: 1004, dbm0: -16 });
    let before = world.wait(millis(30)).pop().unwrap();

    world.now += millis(1000);
    let after = world.wait(millis(0));

    assert_eq!(after.len(), 1, "no burst");
    let skipped = after[0].timestamp.wrapping_sub(before.timestamp);
    assert!((8000..8400).contains(&skipped), "{skipped} ticks for a second");
    assert_eq!(after[0].sequence, before.sequence.wrapping_add(1));
    assert!(after[0].marker);
    assert!(world.relay.counters().ticks_skipped >= 49);
}

#[test]
fn a_tone_goes_on_in_the_law_that_a_new_answer_chose() {
    let mut world = World::with_sessions(1);
    world.play(A, Playout::Tone { hz: 1004, dbm0: -16 });
    let before = world.wait(millis(60)).pop().unwrap();

    world.configure(A, Direction::SendRecv, None, "PCMA");
    let after = world.wait(millis(20)).pop().unwrap();

    assert_eq!((before.payload_type, after.payload_type), (0, 8));
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
}

#[test]
fn silence_is_reported_once_and_again_after_the_far_end_spoke() {
    let mut world = World::with_sessions(1);
    world.configure(A, Direction::SendRecv, Some(millis(5_000)), "PCMA");

    world.wait(millis(4_900));
    assert_eq!(world.events(), [] as [String; 0]);
    world.wait(millis(20_000));
    assert_eq!(world.events(), [format!("timed out {}", A.0)]);
    assert_eq!(world.receive(A, &packet(1, 1)), Err(DropReason::NoListener));
    world.wait(millis(6_000));
    assert_eq!(world.events(), [format!("timed out {}", A.0)]);
}

#[test]
fn packets_and_hold_both_keep_a_session_from_timing_out() {
    let mut world = World::with_sessions(1);
    world.configure(A, Direction::SendRecv, Some(millis(2_000)), "PCMA");
    for n in 0..20 {
        assert_eq!(world.receive(A, &packet(1, n)), Err(DropReason::NoListener));
        world.wait(millis(1_000));
    }

    world.configure(A, Direction::SendOnly, Some(millis(2_000)), "PCMA");
    world.wait(millis(60_000));

    assert_eq!(world.events(), [] as [String; 0]);
}

#[test]
fn the_same_bridge_again_leaves_the_stream_alone() {
    let mut world = World::with_sessions(2);
    world.bridge(A, B, PayloadMap::Same);
    let original = packet(1, 7);
    assert_eq!(world.relayed(A, &original), original);

    world.now += millis(333);
    world.bridge(A, B, PayloadMap::Same);

    let next = packet(1, 8);
    assert_eq!(world.relayed(A, &next), next);
}

#[test]
fn whoever_is_left_behind_hears_nothing_and_may_be_bridged_again() {
    let mut world = World::with_sessions(3);
    world.bridge(A, B, PayloadMap::Same);
    world.relayed(A, &packet(1, 0));

    assert_eq!(world.relay.close(world.now, id(A)), Some(A));
    assert_eq!(world.receive(B, &packet(2, 0)), Err(DropReason::NoListener));
    assert_eq!(world.receive(A, &packet(1, 1)), Err(DropReason::NoSession));
    world.bridge(B, C, PayloadMap::Same);
    world.relayed(B, &packet(2, 1));

    assert_eq!(world.events(), [format!("closed {}", A.0)]);
    assert_eq!(world.relay.close(world.now, id(A)), None);
    assert_eq!(world.relay.len(), 2);
}

#[test]
fn commands_about_unknown_sessions_change_nothing() {
    let mut world = World::with_sessions(1);
    let stranger = Slot(99);
    world.bridge(A, stranger, PayloadMap::Same);
    world.bridge(A, A, PayloadMap::Same);
    world.play(stranger, Playout::Echo);
    world.configure(stranger, Direction::SendRecv, None, "PCMA");

    assert_eq!(world.receive(A, &packet(1, 0)), Err(DropReason::NoListener));
    assert_eq!(world.wait(millis(5_000)), []);
    assert_eq!(world.relay.len(), 1);
}

#[test]
fn a_party_that_begins_a_new_stream_is_heard_as_the_old_one() {
    let mut world = World::with_sessions(2);
    world.bridge(A, B, PayloadMap::Same);
    let heard: Vec<_> = [(1, 10), (1, 11), (77, 60_000), (77, 60_001)]
        .map(|(ssrc, n)| {
            world.now += millis(20);
            Header::parse(&world.relayed(A, &packet(ssrc, n))).unwrap().0
        })
        .into();

    assert_eq!(heard.iter().map(|it| it.ssrc).collect::<Vec<_>>(), [1; 4]);
    assert_eq!(heard.iter().map(|it| it.sequence).collect::<Vec<_>>(), [10, 11, 12, 13]);
    assert_eq!(heard[2].timestamp - heard[1].timestamp, 160);
}

proptest! {
    /// Whatever arrives, from wherever: no panic, and nothing of a stranger goes on.
    #[test]
    fn noise_is_never_relayed(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        looks_like_rtcp in any::<bool>(),
        channel in prop_oneof![Just(Channel::Rtp), Just(Channel::Rtcp)],
    ) {
        let mut bytes = bytes;
        if let (true, Some(second)) = (looks_like_rtcp, bytes.get_mut(1)) {
            *second = 200 + *second % 8;
        }
        let mut world = World::with_sessions(2);
        world.bridge(A, B, PayloadMap::Same);
        world.relayed(A, &packet(1, 0));

        let verdict = world.relay.handle_packet(world.now, A, channel, far_end(C), &mut bytes);

        prop_assert!(verdict.is_err());
    }

    /// The far end itself may send anything: what goes on is as long as what came.
    #[test]
    fn noise_of_the_far_end_does_no_harm(
        first in prop_oneof![Just(0x80_u8), Just(0x81), Just(0x90), Just(0xa0), any::<u8>()],
        second in prop_oneof![Just(200_u8), Just(201), Just(202), Just(203), Just(206), any::<u8>()],
        rest in prop::collection::vec(any::<u8>(), 0..120),
        pair in (0_u8..=255, 0_u8..=255),
    ) {
        let mut bytes = [&[first, second][..], &rest].concat();
        let mut world = World::with_sessions(3);
        world.bridge(A, B, PayloadMap::Same);
        world.relayed(A, &packet(9, 0));
        world.bridge(C, B, PayloadMap::Pairs(vec![pair]));
        world.relayed(C, &packet(1, 0));
        let before = world.relay.counters().clone();

        let verdict =
            world.relay.handle_packet(world.now, C, Channel::Rtp, far_end(C), &mut bytes);

        if let Ok(Some(transmit)) = verdict {
            prop_assert_eq!(transmit.slot, B);
            prop_assert_eq!(transmit.to, far_end(B));
        }
        let after = world.relay.counters();
        prop_assert_eq!(after.packets_in, before.packets_in + 1);
        prop_assert_eq!(
            after.packets_in,
            after.packets_out + after.dropped.iter().sum::<u64>()
        );
    }
}

const A: Slot = Slot(0);
const B: Slot = Slot(1);
const C: Slot = Slot(2);

/// A relay and a clock that moves only when told.
struct World {
    now: Instant,
    relay: Relay,
}

impl World {
    /// With so many sessions, described and muxed.
    fn with_sessions(count: u32) -> Self {
        let now = Instant::now();
        let mut world = Self { now, relay: Relay::new(now, Rng::from_number(1)) };
        for slot in (0..count).map(Slot) {
            world.relay.open(now, id(slot), slot);
            world.configure(slot, Direction::SendRecv, None, "PCMU");
        }
        world
    }

    fn configure(
        &mut self,
        slot: Slot,
        direction: Direction,
        timeout: Option<Duration>,
        encoding: &str,
    ) {
        let payload_type = match encoding {
            "PCMU" => 0,
            "PCMA" => 8,
            _ => 96,
        };
        let format = Format {
            payload_type,
            encoding: encoding.to_owned(),
            clock_rate: if payload_type == 96 { 48_000 } else { 8000 },
            channels: 1,
            fmtp: None,
        };
        self.command(MediaCommand::Configure {
            media: id(slot),
            remote: Remote { rtp: far_end(slot), rtcp: Rtcp::Mux },
            direction,
            formats: vec![format],
            packet_ms: 20,
            timeout,
        });
    }

    fn bridge(&mut self, a: Slot, b: Slot, a_to_b: PayloadMap) {
        let (a, b) = (id(a), id(b));
        self.command(MediaCommand::Bridge { a, b, a_to_b, b_to_a: PayloadMap::Same });
    }

    fn play(&mut self, slot: Slot, playout: Playout) {
        self.command(MediaCommand::Play { media: id(slot), playout });
    }

    fn command(&mut self, command: MediaCommand) {
        self.relay.handle_command(self.now, command);
    }

    /// A packet from the far end of a slot.
    fn receive(&mut self, slot: Slot, packet: &[u8]) -> Result<Transmit, DropReason> {
        let mut packet = packet.to_vec();
        let channel = Channel::Rtp;
        let verdict = self.relay.handle_packet(self.now, slot, channel, far_end(slot), &mut packet);
        verdict.map(|it| it.expect("nothing is transcoded"))
    }

    /// What became of a packet that must be relayed.
    #[track_caller]
    fn relayed(&mut self, slot: Slot, packet: &[u8]) -> Vec<u8> {
        let mut packet = packet.to_vec();
        let verdict =
            self.relay.handle_packet(self.now, slot, Channel::Rtp, far_end(slot), &mut packet);
        assert!(verdict.is_ok(), "{verdict:?}");
        packet
    }

    /// Lets `span` pass, stopping at each deadline on the way; what was played meanwhile.
    fn wait(&mut self, span: Duration) -> Vec<Header> {
        let end = self.now + span;
        let mut played = Vec::new();
        while let Some(deadline) = self.relay.poll_timeout().filter(|it| *it <= end) {
            self.now = self.now.max(deadline);
            self.relay.handle_timeout(self.now, |transmit, packet| {
                if is_rtcp(packet) {
                    return;
                }
                assert_eq!(packet.len(), HEADER_LEN + 160);
                assert_eq!(transmit.to, far_end(transmit.slot));
                played.extend(Header::parse(packet).map(|(header, _)| header));
            });
        }
        self.now = end;
        played
    }

    fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.relay.poll_event())
            .map(|event| match event {
                MediaEvent::PlayFinished { media } => format!("finished {}", media.0),
                MediaEvent::Dismissed { media } => format!("dismissed {}", media.0),
                MediaEvent::TimedOut { media } => format!("timed out {}", media.0),
                MediaEvent::Closed { media, .. } => format!("closed {}", media.0),
                MediaEvent::Key { media, digit } => format!("{digit} of {}", media.0),
                MediaEvent::Dialled { media, digit, .. } => format!("{digit} told by {}", media.0),
                MediaEvent::Talks { media, level } => format!("talk of {}: {level:?}", media.0),
                MediaEvent::TapEnded { media } => format!("tap of {} ended", media.0),
                MediaEvent::Detected { media, what } => format!("{what:?} of {}", media.0),
                MediaEvent::Leased { .. } => "leased".to_owned(),
                MediaEvent::Captured { media, .. } => format!("captured {}", media.0),
            })
            .collect()
    }
}

fn id(slot: Slot) -> MediaId {
    MediaId::new(0, u64::from(slot.0))
}

fn far_end(slot: Slot) -> SocketAddr {
    ([192, 0, 2, 1], 4000 + slot.0 as u16).into()
}

fn packet(ssrc: u32, n: u16) -> Vec<u8> {
    let header =
        Header { marker: false, payload_type: 0, sequence: n, timestamp: u32::from(n) * 160, ssrc };
    [&header.to_bytes()[..], &[0xff; 160]].concat()
}

/// With one block about a stream, of which `highest` is the newest packet.
fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Of silence, in samples at 8 kHz.
fn prompt(samples: usize) -> Playout {
    Playout::Prompt { sound: Sound::new(Rate::Narrow, vec![0; samples]) }
}
