//! RTCP of two far ends in virtual time: each has reports of its own with us.

use base::{MediaId, Rng};
use media::{
    Channel, Direction, DropReason, Figures, Format, MediaCommand, MediaEvent, PayloadMap, Relay,
    Remote, Rtcp, Slot, StreamStats, Transmit,
    rtp::{Header, is_rtcp},
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

#[test]
fn each_far_end_is_told_what_we_hear_of_it_and_what_we_sent() {
    let mut world = World::new(Rtcp::Mux);
    world.talk(seconds(20), |n| n % 10 == 5);

    let reports = world.reports_to(A);
    assert!((3..=6).contains(&reports.len()), "{} in 20 s", reports.len());
    let last = reports.last().unwrap();
    assert_eq!(last.kind, SENDER_REPORT);
    assert_eq!(last.ssrc, ssrc_of(B), "what A hears is B, passed on as it is");
    assert!(last.cname.len() == 16 && reports.iter().all(|it| it.cname == last.cname));
    let block = last.block.as_ref().unwrap();
    assert_eq!(block.ssrc, ssrc_of(A));
    assert!((22..=29).contains(&block.fraction_lost), "a tenth is 26: {block:?}");
    let expected = (block.highest - FIRST_SEQUENCE) + 1;
    assert!(block.lost.abs_diff(expected / 10) <= 1, "{block:?}");
    assert!(last.packets > 500 && last.bytes == last.packets * 160, "{last:?}");
}

#[test]
fn reports_end_here_and_are_not_passed_on() {
    let mut world = World::new(Rtcp::Mux);
    world.talk(seconds(1), |_| false);
    let report = receiver_report(ssrc_of(A), &Block { ssrc: ssrc_of(B), ..Block::default() });

    assert_eq!(world.receive(A, Channel::Rtp, far_end(A), &report), Ok(None));
    assert_eq!(world.relay.poll_transmit().map(|it| it.0), None);
    assert_eq!(world.relay.counters().reports_in, 1);

    let stranger = SocketAddr::from(([192, 0, 2, 99], 9));
    let verdict = world.receive(A, Channel::Rtp, stranger, &report);
    assert_eq!(verdict, Err(DropReason::Foreign));
    let verdict = world.receive(A, Channel::Rtp, far_end(A), &report[..7]);
    assert_eq!(verdict, Err(DropReason::Malformed));
}

#[test]
fn a_far_end_that_answers_gives_the_round_trip_and_what_it_hears() {
    let mut world = World::new(Rtcp::Mux);
    world.talk(seconds(8), |_| false);
    let asked = world.reports_to(A).pop().unwrap();

    // Our packets and its are 120 ms on their way together; the rest of the time it waited.
    world.talk(seconds(1), |_| false);
    let delay = (world.now - asked.at).saturating_sub(Duration::from_millis(120));
    let block = Block {
        ssrc: ssrc_of(B),
        fraction_lost: 13,
        lost: 40,
        jitter: 80,
        last_sender_report: asked.ntp_middle,
        delay: (delay.as_secs_f64() * 65_536.0) as u32,
        ..Block::default()
    };
    let report = receiver_report(ssrc_of(A), &block);
    assert_eq!(world.receive(A, Channel::Rtp, far_end(A), &report), Ok(None));
    world.figures.clear();
    world.talk(seconds(8), |_| false);

    let figures = world.figures_of(A);
    let (sent, received) = (figures.sent.unwrap(), figures.received.unwrap());
    assert!((figures.rtt_ms.unwrap() - 120.0).abs() < 1.0, "{figures:?}");
    assert!((sent.loss - 13.0 / 256.0).abs() < 1e-6 && (sent.jitter_ms - 10.0).abs() < 1e-3);
    assert!((3.8..4.0).contains(&sent.mos.unwrap()), "5 % lost: {figures:?}");
    assert!(received.loss.abs() < 1e-6 && received.mos.unwrap() > 4.3, "{figures:?}");

    let stats = world.close(A);
    assert_eq!(stats.far.packets_lost, Some(40));
    assert!((stats.far.rtt_ms.unwrap() - 120.0).abs() < 1.0, "{stats:?}");
    assert!(stats.far.mos.unwrap() < stats.mos.unwrap(), "{stats:?}");
    assert_eq!(world.close(B).far, media::FarStats::default(), "B told nothing");
}

#[test]
fn the_end_is_told() {
    let mut world = World::new(Rtcp::Mux);
    world.talk(seconds(1), |_| false);

    world.relay.close(world.now, id(A));

    let (transmit, packet) = world.relay.poll_transmit().unwrap();
    assert_eq!(transmit, Transmit { slot: A, channel: Channel::Rtp, to: far_end(A) });
    assert!(packet.ends_with(&[&[0x81, 203, 0, 1], &ssrc_of(B).to_be_bytes()[..]].concat()));
}

#[test]
fn who_neither_spoke_nor_heard_is_told_nothing() {
    let mut world = World::new(Rtcp::Mux);
    world.pass(seconds(20));

    assert!(world.sent.is_empty());
    world.relay.close(world.now, id(A));
    assert_eq!(world.relay.poll_transmit(), None);
}

#[test]
fn reports_go_on_while_media_is_held() {
    let mut world = World::new(Rtcp::Mux);
    world.talk(seconds(2), |_| false);
    world.configure(A, Rtcp::Mux, Direction::Inactive);
    world.sent.clear();

    world.pass(seconds(20));

    let reports = world.reports_to(A);
    assert!(reports.len() >= 2, "{}", reports.len());
    assert_eq!(reports.last().unwrap().kind, RECEIVER_REPORT, "we send nothing any more");
}

#[test]
fn rtcp_of_its_own_port_goes_there_unless_a_nat_is_between() {
    let described = SocketAddr::new(far_end(A).ip(), far_end(A).port() + 1);
    let mut world = World::new(Rtcp::At(described));
    world.talk(seconds(10), |_| false);
    assert!(world.sent.iter().filter(|it| it.0.slot == A).all(|(transmit, _)| {
        *transmit == Transmit { slot: A, channel: Channel::Rtcp, to: described }
    }));
    assert!(!world.reports_to(A).is_empty());

    let hidden = SocketAddr::from(([10, 0, 0, 7], 4001));
    let mut world = World::new(Rtcp::At(hidden));
    world.talk(seconds(10), |_| false);
    assert!(world.reports_to(A).is_empty(), "nothing gets in there");
    let from = SocketAddr::new(far_end(A).ip(), 50_001);
    let report = receiver_report(ssrc_of(A), &Block { ssrc: ssrc_of(B), ..Block::default() });
    assert_eq!(world.receive(A, Channel::Rtcp, from, &report), Ok(None));
    world.talk(seconds(10), |_| false);
    assert!(world.sent.iter().any(|(transmit, _)| transmit.to == from));
}

const A: Slot = Slot(0);
const B: Slot = Slot(1);
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const FIRST_SEQUENCE: u32 = 100;

/// Two far ends whose speech passes as it is, and a clock that moves only when told.
struct World {
    now: Instant,
    relay: Relay,
    said: u32,
    /// Reports that we sent, with the time of each.
    sent: Vec<(Transmit, (Instant, Vec<u8>))>,
    figures: Vec<(MediaId, Figures)>,
}

/// A report of ours as it is read here.
#[derive(Debug)]
struct Read {
    at: Instant,
    kind: u8,
    ssrc: u32,
    ntp_middle: u32,
    packets: u32,
    bytes: u32,
    block: Option<Block>,
    cname: Vec<u8>,
}

#[derive(Debug, Default)]
struct Block {
    ssrc: u32,
    fraction_lost: u8,
    lost: u32,
    highest: u32,
    jitter: u32,
    last_sender_report: u32,
    delay: u32,
}

impl World {
    /// `rtcp` is how A's travels; B muxes.
    fn new(rtcp: Rtcp) -> Self {
        let now = Instant::now();
        let relay = Relay::new(now, Rng::from_number(5));
        let mut world = Self { now, relay, said: 0, sent: Vec::new(), figures: Vec::new() };
        for (slot, rtcp) in [(A, rtcp), (B, Rtcp::Mux)] {
            world.relay.open(now, id(slot), slot);
            world.configure(slot, rtcp, Direction::SendRecv);
        }
        let (a_to_b, b_to_a) = (PayloadMap::Same, PayloadMap::Same);
        let bridge = MediaCommand::Bridge { a: id(A), b: id(B), a_to_b, b_to_a };
        world.relay.handle_command(now, bridge);
        world
    }

    fn configure(&mut self, slot: Slot, rtcp: Rtcp, direction: Direction) {
        let format = Format {
            payload_type: 8,
            encoding: "PCMA".to_owned(),
            clock_rate: 8000,
            channels: 1,
            fmtp: None,
        };
        let remote = Remote { rtp: far_end(slot), rtcp };
        let formats = vec![format];
        let media = id(slot);
        let configure = MediaCommand::Configure {
            media,
            remote,
            direction,
            formats,
            packet_ms: 20,
            timeout: None,
        };
        self.relay.handle_command(self.now, configure);
    }

    /// Both speak; packets that `is_lost` never come.
    fn talk(&mut self, span: Duration, is_lost: fn(u32) -> bool) {
        for _ in 0..span.as_millis() / 20 {
            let n = self.said;
            self.said += 1;
            for slot in [A, B] {
                let header = Header {
                    marker: false,
                    payload_type: 8,
                    sequence: (FIRST_SEQUENCE + n) as u16,
                    timestamp: n * 160,
                    ssrc: ssrc_of(slot),
                };
                let packet = [&header.to_bytes()[..], &[0xd5; 160]].concat();
                if !is_lost(n) {
                    let verdict = self.receive(slot, Channel::Rtp, far_end(slot), &packet);
                    assert!(matches!(verdict, Ok(Some(_))), "{verdict:?}");
                }
            }
            self.pass(Duration::from_millis(20));
        }
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(deadline) = self.relay.poll_timeout().filter(|it| *it <= end) {
            self.now = self.now.max(deadline);
            let now = self.now;
            self.relay.handle_timeout(now, |transmit, packet| {
                assert!(is_rtcp(packet), "nothing is played");
                self.sent.push((transmit, (now, packet.to_vec())));
            });
        }
        self.now = end;
        self.figures.extend(std::iter::from_fn(|| self.relay.poll_figures()));
    }

    fn receive(
        &mut self,
        slot: Slot,
        channel: Channel,
        from: SocketAddr,
        packet: &[u8],
    ) -> Result<Option<Transmit>, DropReason> {
        self.relay.handle_packet(self.now, slot, channel, from, &mut packet.to_vec())
    }

    fn close(&mut self, slot: Slot) -> StreamStats {
        self.relay.close(self.now, id(slot));
        match self.relay.poll_event() {
            Some(MediaEvent::Closed { stats, .. }) => stats,
            other => panic!("{other:?}"),
        }
    }

    fn reports_to(&self, slot: Slot) -> Vec<Read> {
        let sent = self.sent.iter().filter(|(transmit, _)| transmit.slot == slot);
        sent.map(|(_, (at, packet))| read(*at, packet)).collect()
    }

    fn figures_of(&self, slot: Slot) -> Figures {
        self.figures.iter().rfind(|it| it.0 == id(slot)).expect("it has reported").1
    }
}

fn read(at: Instant, packet: &[u8]) -> Read {
    let word = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().expect("four bytes"));
    let (kind, has_block) = (packet[1], packet[0] & 0x1f == 1);
    let block_at = if kind == SENDER_REPORT { 28 } else { 8 };
    let block = has_block.then(|| Block {
        ssrc: word(block_at),
        fraction_lost: packet[block_at + 4],
        lost: word(block_at + 4) & 0x00ff_ffff,
        highest: word(block_at + 8),
        jitter: word(block_at + 12),
        last_sender_report: word(block_at + 16),
        delay: word(block_at + 20),
    });
    let description_at = block_at + if has_block { 24 } else { 0 };
    assert_eq!(packet[description_at + 1], 202);
    assert_eq!(packet[description_at + 8], 1, "CNAME");
    let cname_len = usize::from(packet[description_at + 9]);
    let (ntp_middle, packets, bytes) =
        if kind == SENDER_REPORT { (word(10), word(20), word(24)) } else { (0, 0, 0) };
    let cname = packet[description_at + 10..][..cname_len].to_vec();
    Read { at, kind, ssrc: word(4), ntp_middle, packets, bytes, block, cname }
}

fn receiver_report(sender: u32, block: &Block) -> Vec<u8> {
    let mut report = vec![0x81, RECEIVER_REPORT, 0, 7];
    let lost = u32::from(block.fraction_lost) << 24 | block.lost;
    let Block { ssrc, highest, jitter, last_sender_report, delay, .. } = *block;
    for word in [sender, ssrc, lost, highest, jitter, last_sender_report, delay] {
        report.extend(word.to_be_bytes());
    }
    report
}

fn ssrc_of(slot: Slot) -> u32 {
    0xa0 + slot.0
}

fn id(slot: Slot) -> MediaId {
    MediaId(u64::from(slot.0) + 1)
}

fn far_end(slot: Slot) -> SocketAddr {
    ([192, 0, 2, 1 + slot.0 as u8], 4000).into()
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
