//! Neither packets nor ticks allocate once a call goes on, counted by the allocator of this test.

use crate::support::*;
use base::{Rng, RoomId};
use media::{
    Channel, Direction, Format, MediaCommand, PartyMode, PayloadMap, Playout, Relay, Slot,
    codec::{Codec, Encoder, OpusWishes, Rate},
    detection::{AnswerRules, Wanted},
    rtp::{HEADER_LEN, Header},
    sound::{Music, PieceOrder, Sound},
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    slice,
    sync::Arc,
    time::Instant,
};

#[test]
fn a_relayed_call_allocates_nothing() {
    let pcma = formats().swap_remove(1);
    let mut world = World::with(&[(pcma.clone(), 20), (pcma, 20)]);
    world.bridge(PayloadMap::Same, PayloadMap::Same);
    assert_eq!(world.allocations(), 0);
}

#[test]
fn a_transcoded_call_allocates_nothing_whatever_the_codecs() {
    for from in formats() {
        for to in formats() {
            let mut world = World::with(&[(from.clone(), 20), (to.clone(), 20)]);
            world.bridge(transcoding(&from, &to), transcoding(&to, &from));
            assert_eq!(world.allocations(), 0, "{} to {}", from.encoding, to.encoding);
        }
    }
}

#[test]
fn playouts_allocate_nothing_in_any_codec_and_packet_time() {
    let prompt = Sound::new(Rate::Wide, sine(Rate::Wide, 600.0, 20_000));
    let piece = Sound::new(Music::RATE, sine(Music::RATE, 500.0, 700));
    let music = Arc::new(Music::new("short", [piece], PieceOrder::Listed).unwrap());
    for playout in [
        Playout::Silence,
        Playout::Tone { hz: 1004, dbm0: -16 },
        Playout::Loop { sound: Sound::new(Rate::Narrow, sine(Rate::Narrow, 425.0, 350)) },
        Playout::Prompt { sound: prompt },
        Playout::Music { music },
        Playout::Echo,
    ] {
        let mut world = World::with(&all_packet_times());
        for n in 0..world.phones.len() as u32 {
            let playout = playout.clone();
            world.command(MediaCommand::Play { media: id(n), playout });
        }
        assert_eq!(world.allocations(), 0, "{playout:?}");
    }
}

#[test]
fn a_conference_of_all_codecs_and_packet_times_allocates_nothing() {
    let all = all_packet_times();
    let mut world = World::with(&all);
    for n in 0..all.len() as u32 {
        world.command(MediaCommand::Join {
            media: id(n),
            room: RoomId(1),
            mode: PartyMode { is_levelled: true, ..PartyMode::default() },
            alone: None,
            is_chimed: true,
        });
    }
    assert_eq!(world.allocations(), 0);
}

#[test]
fn words_are_kept_without_an_allocation_in_any_codec() {
    let mut world = World::with(&all_packet_times());
    for n in 0..world.phones.len() as u32 {
        let (tone, longest) = (Sound::beep(), millis(10_000));
        world.command(MediaCommand::Capture { media: id(n), tone, longest, pause: longest });
    }
    assert_eq!(world.allocations(), 0);
}

#[test]
fn listening_for_everything_allocates_nothing_whatever_the_codec() {
    let mut world = World::with(&all_packet_times());
    for n in 0..world.phones.len() as u32 {
        let answer = Some(AnswerRules::default());
        let wanted = Wanted { silence: Some(millis(1000)), answer, fax: true };
        world.command(MediaCommand::Detect { media: id(n), wanted });
    }
    assert_eq!(world.allocations(), 0);
}

/// Each codec in packets of each length, in milliseconds.
fn all_packet_times() -> Vec<(Format, u16)> {
    let with_lengths = |format: Format| [10, 20, 30, 40, 60].map(|ms| (format.clone(), ms));
    formats().into_iter().flat_map(with_lengths).collect()
}

/// Far ends of one worker, all of which speak, in virtual time.
struct World {
    relay: Relay,
    now: Instant,
    phones: Vec<Phone>,
}

struct Phone {
    format: Format,
    /// What it says all the time.
    payload: Vec<u8>,
    packet_ms: u32,
    packets: u32,
}

impl World {
    /// Far ends that wish packets of a length in milliseconds.
    fn with(far_ends: &[(Format, u16)]) -> Self {
        let now = Instant::now();
        let phones = far_ends.iter().map(|it| Phone::new(&it.0)).collect();
        let mut world = Self { relay: Relay::new(now, Rng::from_number(3)), now, phones };
        for (n, (format, wished_ms)) in (0..).zip(far_ends) {
            world.relay.open(now, id(n), Slot(n));
            let formats = slice::from_ref(format);
            world.command(configure_with(n, Direction::SendRecv, formats, *wished_ms));
        }
        world
    }

    fn command(&mut self, command: MediaCommand) {
        self.relay.handle_command(self.now, command);
    }

    fn bridge(&mut self, a_to_b: PayloadMap, b_to_a: PayloadMap) {
        self.command(MediaCommand::Bridge { a: id(0), b: id(1), a_to_b, b_to_a });
    }

    /// What five seconds take, once it has gone on for a while.
    fn allocations(&mut self) -> u64 {
        self.run(SETTLE_TICKS);
        let before = ALLOCATIONS.get();
        assert!(before > 0, "what the set-up took is counted");
        self.run(COUNTED_TICKS);
        ALLOCATIONS.get() - before
    }

    fn run(&mut self, ticks: u32) {
        let mut packet = [0; 1500];
        for _ in 0..ticks {
            for (n, phone) in (0..).zip(&mut self.phones) {
                for _ in 0..20 / phone.packet_ms {
                    let len = phone.next_packet(n, &mut packet);
                    // A playout listens to nobody.
                    let _ = self.relay.handle_packet(
                        self.now,
                        Slot(n),
                        Channel::Rtp,
                        far_end(n),
                        &mut packet[..len],
                    );
                    while self.relay.poll_transmit().is_some() {}
                }
            }
            self.relay.handle_timeout(self.now, |_, _| {});
            // An owner takes them at once; the room that they were in stays.
            while self.relay.poll_event().is_some() {}
            while self.relay.poll_figures().is_some() {}
            self.now += millis(20);
        }
    }
}

impl Phone {
    fn new(format: &Format) -> Self {
        let codec = Codec::of(format).unwrap();
        let mut encoder = Encoder::new(codec, OpusWishes::default()).unwrap();
        let mut payload = vec![0; 1500];
        let packet_ms = packet_ms(format);
        let len = encoder.encode(&sine(rate(format), 600.0, packet_ms), &mut payload).unwrap();
        payload.truncate(len);
        Self { format: format.clone(), payload, packet_ms, packets: 0 }
    }

    fn next_packet(&mut self, n: u32, packet: &mut [u8]) -> usize {
        let len = HEADER_LEN + self.payload.len();
        let header = Header {
            marker: self.packets == 0,
            payload_type: self.format.payload_type,
            sequence: self.packets as u16,
            timestamp: self.packets * (self.format.clock_rate / 1000 * self.packet_ms),
            ssrc: n + 1,
        };
        packet[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        packet[HEADER_LEN..len].copy_from_slice(&self.payload);
        self.packets += 1;
        len
    }
}

/// Until latches, jitter buffers and encoders are there.
const SETTLE_TICKS: u32 = 100;
const COUNTED_TICKS: u32 = 250;

/// The system's allocator, with a count of what each thread takes.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator is unsafe by nature; this one only counts")]
// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
