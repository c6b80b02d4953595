//! Workers on loopback with real sockets. Each test has a server, ports and phones of its own.

#[expect(dead_code, reason = "no test here needs the fixed ports of a block")]
#[path = "../../tests/support/ports.rs"]
mod ports;
mod world;

use super::*;
use base::MediaId;
use media::{
    Direction, DropReason, Family, Format, MediaCommand, PayloadMap, Playout, PortLease,
    RecordedSource, Remote, Rtcp, StreamStats,
    codec::Rate,
    g711::Law,
    recording::{Event, First, Label, Purpose, Record, first_record},
    rtp::{HEADER_LEN, Header, is_rtcp},
    sound::Sound,
};
use ports::PortBlock;
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::{atomic::Ordering::Relaxed, mpsc},
    time::Instant,
};
use world::{Phone, World, configuration, sink};

#[test]
fn a_bridge_relays_rtp_both_ways_untouched() {
    let world = World::new();
    let (a, b) = world.bridged_pair();

    for n in 0..20 {
        let (to_b, to_a) = (packet(0xa, n), packet(0xb, n + 500));
        a.send(&to_b);
        b.send(&to_a);
        assert_eq!(b.receive(), to_b);
        assert_eq!(a.receive(), to_a);
    }

    let stats = world.close(a.media);
    assert_eq!((stats.packets_received, stats.packets_sent, stats.packets_lost), (20, 20, 0));
    assert_eq!((stats.bytes_received, stats.bytes_sent), (3200, 3200));
    assert_eq!(stats.latched, Some(a.address()));
    assert_eq!(stats.payload_type, Some(8));
}

#[test]
fn strangers_get_nothing_and_inject_nothing_after_lock_in() {
    const FLOOD: u16 = 10_000;
    let world = World::new();
    let (a, b) = world.bridged_pair();
    a.send(&packet(0xa, 0));
    assert_eq!(b.receive(), packet(0xa, 0));
    let stranger = Phone::bind(Ipv4Addr::LOCALHOST.into());

    for n in 0..FLOOD {
        stranger.send_to(&packet(0xa, n), a.lease.address);
        if n % 50 == 0 {
            // The far end talks on, which shows that the flood was read so far.
            a.send(&packet(0xa, n + 1));
            assert_eq!(b.receive(), packet(0xa, n + 1));
        }
    }
    b.send(&packet(0xb, 0));
    assert_eq!(a.receive(), packet(0xb, 0));

    stranger.hears_nothing();
    b.hears_nothing();
    let stats = world.close(a.media);
    assert_eq!(stats.latched, Some(a.address()));
    assert_eq!(stats.packets_foreign, u64::from(FLOOD));
    assert_eq!(world.metrics().dropped(DropReason::Foreign), u64::from(FLOOD));
}

#[test]
fn a_far_end_behind_nat_is_found_where_it_sends_from() {
    let world = World::new();
    let (a, b) = world.bridged_pair();
    let natted = Phone::bind(Ipv4Addr::LOCALHOST.into());

    for n in 0..3 {
        natted.send_to(&packet(0xa, n), a.lease.address);
    }
    // The first two were not believed yet.
    assert_eq!(b.receive(), packet(0xa, 2));
    b.send(&packet(0xb, 0));

    assert_eq!(natted.receive(), packet(0xb, 0));
    a.hears_nothing();
}

#[test]
fn another_party_continues_the_stream_of_the_one_before() {
    let world = World::new();
    let (a, b) = world.bridged_pair();
    a.send(&packet(0xa, 100));
    let (before, _) = Header::parse(&b.receive()).unwrap();
    let c = world.phone();
    world.configure(&c, c.remote(), Direction::SendRecv, None);

    world.bridge(&b, &c, PayloadMap::Same);
    world.settle();
    c.send(&packet(0xc, 9000));
    let (after, _) = Header::parse(&b.receive()).unwrap();
    a.send(&packet(0xa, 101));

    assert_eq!((after.ssrc, after.sequence), (before.ssrc, before.sequence + 1));
    assert!(after.marker);
    let passed = after.timestamp.wrapping_sub(before.timestamp);
    assert!((1..80_000).contains(&passed), "{passed} ticks for less than ten seconds");
    b.hears_nothing();
}

#[test]
fn a_new_address_is_latched_afresh_and_the_old_one_is_a_stranger() {
    let world = World::new();
    let (a, b) = world.bridged_pair();
    a.send(&packet(0xa, 0));
    b.receive();
    let moved = Phone::bind(Ipv4Addr::LOCALHOST.into());

    world.configure(&a, moved.remote(), Direction::SendRecv, None);
    world.settle();
    moved.send_to(&packet(0xa, 1), a.lease.address);
    assert_eq!(b.receive(), packet(0xa, 1));
    a.send(&packet(0xa, 2));
    b.send(&packet(0xb, 0));

    assert_eq!(moved.receive(), packet(0xb, 0));
    b.hears_nothing();
    a.hears_nothing();
}

#[test]
fn hold_stops_each_way_by_itself() {
    let world = World::new();
    let (a, b) = world.bridged_pair();

    world.configure(&a, a.remote(), Direction::RecvOnly, None);
    world.settle();
    a.send(&packet(0xa, 0));
    b.send(&packet(0xb, 0));
    assert_eq!(b.receive(), packet(0xa, 0));
    a.hears_nothing();

    world.configure(&a, a.remote(), Direction::SendOnly, None);
    world.settle();
    a.send(&packet(0xa, 1));
    b.send(&packet(0xb, 1));
    assert_eq!(a.receive(), packet(0xb, 1));
    b.hears_nothing();
}

#[test]
fn payload_types_are_translated_per_direction() {
    let world = World::new();
    let (a, b) = world.bridged_pair();
    world.send(MediaCommand::Bridge {
        a: a.media,
        b: b.media,
        a_to_b: PayloadMap::Pairs(vec![(8, 108)]),
        b_to_a: PayloadMap::Pairs(vec![(108, 8)]),
    });
    world.settle();

    a.send(&packet(0xa, 0));
    let there = b.receive();
    b.send(&there);

    assert_eq!(Header::parse(&there).unwrap().0.payload_type, 108);
    assert_eq!(a.receive(), packet(0xa, 0));
}

#[test]
fn rtcp_ends_here_on_its_own_port_and_muxed_and_strangers_are_not_believed() {
    let world = World::new();
    let (a, b) = (world.phone(), world.phone());
    let a_rtcp = Phone::bind(Ipv4Addr::LOCALHOST.into());
    let remote = Remote { rtp: a.address(), rtcp: Rtcp::At(a_rtcp.address()) };
    world.configure(&a, remote, Direction::SendRecv, None);
    world.configure(&b, b.remote(), Direction::SendRecv, None);
    world.bridge(&a, &b, PayloadMap::Same);
    world.settle();
    let report = receiver_report();
    let odd_port = SocketAddr::new(a.lease.address.ip(), a.lease.address.port() + 1);

    a_rtcp.send_to(&report, odd_port);
    b.send(&report);
    let stranger = Phone::bind(Ipv4Addr::LOCALHOST.into());
    stranger.send_to(&report, odd_port);
    stranger.send_to(&report, b.lease.address);
    a_rtcp.send_to(&report[..7], odd_port);
    b.hears_nothing();
    a_rtcp.hears_nothing();
    world.settle();
    assert_eq!(world.metrics().reports_in.load(Relaxed), 2);
    assert_eq!(world.metrics().dropped(DropReason::Foreign), 2);
    assert_eq!(world.metrics().dropped(DropReason::Malformed), 1);
}

#[test]
fn an_open_session_has_figures_and_says_goodbye() {
    let world = World::new();
    let (a, b) = (world.phone(), world.phone());
    for phone in [&a, &b] {
        world.configure(phone, phone.remote(), Direction::SendRecv, None);
    }
    world.bridge(&a, &b, PayloadMap::Same);
    world.settle();
    a.send(&packet(0xa, 0));
    assert_eq!(b.receive(), packet(0xa, 0));

    for phone in [&a, &b] {
        let report = phone.receive();
        assert!(is_rtcp(&report), "the first comes after 3.75 s at most: {report:?}");
    }
    world.settle();
    let figures = world.server.figures().of(a.media).expect("it has reported");
    assert!(figures.received.is_some_and(|it| it.mos > Some(4.0)), "{figures:?}");
    world.close(b.media);
    let goodbye = b.receive();
    assert!(is_rtcp(&goodbye) && goodbye.ends_with(&[0, 0, 0, 0xa]), "{goodbye:?}");
    assert_eq!(world.server.figures().of(b.media), None);
}

#[test]
fn a_silent_far_end_times_out_once_and_only_while_it_should_talk() {
    let world = World::new();
    let (a, b) = (world.phone(), world.phone());
    let limit = Some(Duration::from_millis(50));

    world.configure(&a, a.remote(), Direction::Inactive, limit);
    world.configure(&b, b.remote(), Direction::SendRecv, limit);

    let event = world.event();
    assert!(matches!(event, MediaEvent::TimedOut { media } if media == b.media), "{event:?}");
    assert!(world.events.recv_timeout(Duration::from_millis(1200)).is_err());
}

#[test]
fn echo_comes_back_as_a_stream_of_its_own() {
    let world = World::new();
    let a = world.phone();
    world.configure(&a, a.remote(), Direction::SendRecv, None);
    world.send(MediaCommand::Play { media: a.media, playout: Playout::Echo });
    world.settle();

    let echoes: Vec<_> = (0..10)
        .map(|n| {
            a.send(&packet(0xa, n));
            a.receive()
        })
        .collect();

    let headers: Vec<_> = echoes.iter().map(|it| Header::parse(it).unwrap().0).collect();
    assert!(headers.iter().all(|it| it.ssrc == headers[0].ssrc && it.ssrc != 0xa));
    for pair in headers.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
    }
    assert_eq!(echoes[9][HEADER_LEN..], packet(0xa, 9)[HEADER_LEN..]);
}

#[test]
fn the_test_tone_is_1004_hz_at_minus_16_dbm0() {
    let world = World::new();
    let a = world.phone();
    world.configure(&a, a.remote(), Direction::SendRecv, None);
    let playout = Playout::Tone { hz: 1004, dbm0: -16 };
    world.send(MediaCommand::Play { media: a.media, playout });

    let started = Instant::now();
    let samples = a.listen(50);

    // Fifty packets are a second; the first comes at once.
    assert!(started.elapsed() > Duration::from_millis(850), "{:?}", started.elapsed());
    let power = samples.iter().map(|it| it * it).sum::<f64>() / samples.len() as f64;
    let full = Law::A.full_scale_peak().powi(2) / 2.0;
    let dbm0 = 10.0 * (power / full).log10() + Law::A.full_scale_dbm0();
    assert!((dbm0 + 16.0).abs() < 0.1, "{dbm0} dBm0");
    let crossings = samples.windows(2).filter(|it| it[0] < 0.0 && it[1] >= 0.0).count();
    assert!((1003..=1005).contains(&crossings), "{crossings} Hz");
}

#[test]
fn a_prompt_is_played_to_its_end_and_says_so() {
    let world = World::new();
    let a = world.phone();
    world.configure(&a, a.remote(), Direction::SendRecv, None);
    let samples: Arc<[i16]> = (0..400).map(|n| n * 40 - 8000).collect();
    let playout = Playout::Prompt { sound: Sound::new(Rate::Narrow, Arc::clone(&samples)) };
    world.send(MediaCommand::Play { media: a.media, playout });

    let heard = a.listen(3);

    for (heard, played) in heard.iter().zip(samples.iter()) {
        assert!((heard - f64::from(*played)).abs() <= 128.0 + 8.0, "{heard} for {played}");
    }
    assert!(heard[400..].iter().all(|it| it.abs() <= 8.0), "silence after the end");
    let event = world.event();
    assert!(matches!(event, MediaEvent::PlayFinished { media } if media == a.media), "{event:?}");
    a.hears_nothing();
}

#[test]
fn late_packets_of_an_old_call_do_not_reach_the_next_one_on_the_port() {
    const REST: Duration = Duration::from_secs(1);
    let world = World::with(|config| {
        config.ports = first_pairs(&config.ports, 2);
        config.cool_down = REST;
    });
    let (a, b) = world.bridged_pair();
    a.send(&packet(0xa, 0));
    b.receive();
    assert_eq!(world.lease(Family::V4, 1), [], "the range is used up");
    let closed_at = Instant::now();
    world.close(a.media);
    world.close(b.media);
    a.send(&packet(0xa, 1));
    assert_eq!(world.lease(Family::V4, 1), [], "the ports rest");

    let leases = world.wait_for_leases(2);
    assert!(closed_at.elapsed() >= REST);
    a.send(&packet(0xa, 2));
    // The first may be carried out by a round that began before the packet came, the second not.
    world.settle();
    world.settle();
    let (c, d) = (world.open(leases[0]), world.open(leases[1]));
    world.configure(&c, c.remote(), Direction::SendRecv, None);
    world.configure(&d, d.remote(), Direction::SendRecv, None);
    world.bridge(&c, &d, PayloadMap::Same);
    world.settle();
    c.send(&packet(0xc, 0));
    assert_eq!(d.receive(), packet(0xc, 0));
    // The old sender is a stranger on the port that it knew.
    a.send(&packet(0xa, 3));

    c.hears_nothing();
    d.hears_nothing();
}

#[test]
fn packet_right_behind_the_command_to_open_is_not_lost() {
    let world = World::new();
    let lease = world.lease(Family::V4, 1)[0];
    let media = MediaId::new(0, 1);
    let phone = Phone { media, lease, ..Phone::bind(Ipv4Addr::LOCALHOST.into()) };

    // Posted without ringing: it is the packet that wakes the worker.
    world.handle.post(0, MediaCommand::Open { media, lease }).unwrap();
    let configure = configuration(media, phone.remote(), Direction::SendRecv, None);
    world.handle.post(0, configure).unwrap();
    phone.send(&packet(0xa, 0));

    assert_eq!(world.close(media).packets_received, 1);
}

#[test]
fn leases_are_even_bound_and_fewer_than_asked_for_when_the_range_ends() {
    let world = World::with(|config| config.ports = first_pairs(&config.ports, 4));

    let leases = world.lease(Family::V4, 10);

    assert_eq!(leases.len(), 4);
    for lease in &leases {
        assert_eq!(lease.address.port() % 2, 0);
        assert!(UdpSocket::bind(lease.address).is_err(), "{} is bound", lease.address);
    }
    assert_eq!(world.lease(Family::V4, 1), []);
    assert_eq!(world.lease(Family::V6, 1), [], "no IPv6 is configured");
    for lease in leases {
        world.send(MediaCommand::Return { lease });
    }
    assert_eq!(world.wait_for_leases(4).len(), 4);
}

#[test]
fn ports_in_use_by_others_are_left_out() {
    let block = PortBlock::claim();
    let ports = first_pairs(&block.rtp_range(), 3);
    let (even, odd) = (*ports.start(), *ports.start() + 3);
    let _others = [even, odd].map(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
    let world = World::at(block, |config| config.ports = ports);

    let leases = world.lease(Family::V4, 3);

    let leased: Vec<_> = leases.iter().map(|it| it.address.port()).collect();
    assert_eq!(leased, [even + 4]);
}

#[test]
fn ipv6_relays_to_ipv4() {
    let world = World::with(|config| {
        let localhost = Ipv6Addr::LOCALHOST.into();
        config.v6 = Some(MediaAddress { bind: localhost, advertised: localhost });
    });
    let six = world.lease(Family::V6, 1)[0];
    let a = world.open_for(six, Phone::bind(Ipv6Addr::LOCALHOST.into()));
    let b = world.phone();
    world.configure(&a, a.remote(), Direction::SendRecv, None);
    world.configure(&b, b.remote(), Direction::SendRecv, None);
    world.bridge(&a, &b, PayloadMap::Same);
    world.settle();

    a.send(&packet(0xa, 0));
    assert_eq!(b.receive(), packet(0xa, 0));
    b.send(&packet(0xb, 0));
    assert_eq!(a.receive(), packet(0xb, 0));
}

#[test]
fn a_panic_ends_the_session_whose_packet_it_was_and_no_other() {
    let world = World::new();
    let (a, b) = world.bridged_pair();
    let (c, d) = world.bridged_pair();
    let poisoned = [&packet(0xa, 0), POISON].concat();

    a.send(&poisoned);
    let event = world.event();
    c.send(&packet(0xc, 0));

    assert!(matches!(event, MediaEvent::Closed { media, .. } if media == a.media), "{event:?}");
    assert_eq!(d.receive(), packet(0xc, 0));
    assert_eq!(world.metrics().panics.load(Relaxed), 1);
    assert_eq!(world.close(b.media).packets_received, 0);
    world.settle();
    assert_eq!(world.metrics().sessions.load(Relaxed), 2);
}

#[test]
fn a_hundred_sessions_are_coalesced_without_loss() {
    let world = World::new();
    let pairs: Vec<_> = (0..50).map(|_| world.bridged_pair()).collect();

    for n in 0..20 {
        for (a, b) in &pairs {
            a.send(&packet(0xa, n));
            b.send(&packet(0xb, n));
        }
        for (a, b) in &pairs {
            assert_eq!(b.receive(), packet(0xa, n));
            assert_eq!(a.receive(), packet(0xb, n));
        }
    }

    for (a, _) in &pairs {
        let stats = world.close(a.media);
        assert_eq!((stats.packets_received, stats.packets_lost), (20, 0));
    }
}

#[test]
fn a_session_on_a_port_that_was_not_leased_is_closed_at_once() {
    let world = World::new();
    let lease = PortLease { worker: 0, address: "127.0.0.1:9".parse().unwrap() };

    world.send(MediaCommand::Open { media: MediaId::new(0, 1), lease });

    let event = world.event();
    assert!(matches!(event, MediaEvent::Closed { media, .. } if media == MediaId::new(0, 1)));
}

#[test]
fn what_is_recorded_comes_out_of_the_tape_while_the_call_goes_on() {
    let world = World::new();
    let (a, b) = world.bridged_pair();
    let (now, mut rng) = (base::UnixMillis(0), Rng::from_number(1));
    let label = Label {
        call: base::CallId::new(now, &mut rng),
        domain: base::DomainId::new(now, &mut rng),
        started: now,
        parties: [String::new(), String::new()],
        purpose: Purpose::Call,
    };
    world.send(MediaCommand::Record {
        recording: base::RecordingId::new(now, &mut rng),
        label: Box::new(label),
        sources: [a.media, b.media].map(RecordedSource::Received),
        has_tone: false,
    });
    world.settle();
    for n in 0..2000 {
        a.send(&packet(0xa, n));
        assert_eq!(b.receive(), packet(0xa, n));
    }
    world.close(a.media);

    let (mut payloads, mut is_over) = (0, false);
    while !is_over {
        let records = world.tape.next(DEADLINE).unwrap();
        let mut rest = &records[..];
        while let First::Whole(Record { event, .. }, len) = first_record(rest) {
            payloads += usize::from(matches!(event, Event::Packet { .. }));
            is_over |= event == Event::Ended { lost: 0 };
            rest = &rest[len..];
        }
        assert_eq!(rest, [0; 0], "whole records only");
        world.tape.give_back(records);
    }
    assert_eq!(payloads, 2000);
}

#[test]
fn events_go_to_the_shard_that_asked_and_wait_while_it_has_no_room() {
    let (sender, receiver) = mpsc::sync_channel(1);
    let (refuse, _) = mpsc::sync_channel(0);
    let sinks = [sink(refuse), sink(sender)];
    let ports = PortBlock::claim();
    let server =
        MediaServer::start(&World::config(&ports), &sinks, &tape(1).0, &mut Rng::from_number(1))
            .unwrap();
    let handle = server.handle(1);

    for _ in 0..5 {
        handle.send(0, MediaCommand::Lease { family: Family::V4, count: 1 }).unwrap();
    }

    for _ in 0..5 {
        let event = receiver.recv_timeout(DEADLINE).unwrap();
        assert!(matches!(event, MediaEvent::Leased { ref leases, .. } if leases.len() == 1));
    }
    assert_eq!(server.metrics()[0].events_lost.load(Relaxed), 0);
}

#[test]
fn a_full_ring_is_an_error_and_a_stopped_server_too() {
    let ports = PortBlock::claim();
    let mut server =
        MediaServer::start(&World::config(&ports), &[], &tape(1).0, &mut Rng::from_number(1))
            .unwrap();
    let handle = server.handle(0);
    assert_eq!(handle.workers(), 1);
    let nothing = || MediaCommand::Unbridge { media: MediaId(0) };
    assert_eq!(handle.send(1, nothing()), Err(SendError::Stopped(1)));

    server.stop();

    assert_eq!(handle.send(0, nothing()), Err(SendError::Stopped(0)));
    let (inbox, _never_read) = Inbox::new(Arc::new(Wake::new().unwrap()));
    let handle = MediaHandle::new(0, Arc::new([inbox]));
    let refused = (0..100_000).find_map(|_| handle.send(0, nothing()).err());
    assert_eq!(refused, Some(SendError::Full(0)));
}

#[test]
fn a_start_that_cannot_work_says_what_to_do() {
    let ports = PortBlock::claim();
    let mut config = World::config(&ports);
    config.ports = 20_001..=20_002;
    let error = start_error(&config);
    assert!(error.contains("media.ports 20001-20002") && error.contains("widen"), "{error}");

    let mut config = World::config(&ports);
    let foreign = "192.0.2.1".parse().unwrap();
    config.v4 = Some(MediaAddress { bind: foreign, advertised: foreign });
    let error = start_error(&config);
    assert!(error.contains("192.0.2.1") && error.contains("address of this machine"), "{error}");
}

fn start_error(config: &MediaConfig) -> String {
    MediaServer::start(config, &[], &tape(1).0, &mut Rng::from_number(1)).unwrap_err().to_string()
}

fn first_pairs(ports: &RangeInclusive<u16>, count: u16) -> RangeInclusive<u16> {
    *ports.start()..=*ports.start() + 2 * count - 1
}

fn packet(ssrc: u32, n: u16) -> Vec<u8> {
    let header =
        Header { marker: false, payload_type: 8, sequence: n, timestamp: u32::from(n) * 160, ssrc };
    [&header.to_bytes()[..], &[n as u8; 160]].concat()
}

fn receiver_report() -> Vec<u8> {
    vec![0x80, 201, 0, 1, 0, 0, 0, 0xa]
}

/// Stands for the packet that finds the bug that nobody knows: [`POISON`] panics in its handling.
pub(super) fn panic_if_poisoned(packet: &[u8]) {
    assert!(!packet.ends_with(POISON), "poisoned by the test");
}

const POISON: &[u8] = b"poison";

/// For what must come.
const DEADLINE: Duration = Duration::from_secs(15);
