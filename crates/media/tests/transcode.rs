//! A bridge between two parties that share no codec, in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use base::{MediaId, Rng};
use media::{
    Channel, Direction, DropReason, Format, MediaCommand, PayloadMap, Relay, Remote, Rtcp, Slot,
    Transcoding,
    codec::{Codec, Decoder, Encoder, OpusWishes, SAMPLES_MAX},
    rtp::{HEADER_LEN, Header},
};
use std::{
    f64::consts::TAU,
    net::SocketAddr,
    time::{Duration, Instant},
};

#[test]
fn each_pair_of_codecs_is_heard_at_its_loudness_and_in_step() {
    let all = [pcmu(), pcma(), g722(), opus(), l16()];
    for from in &all {
        for to in all.iter().filter(|it| it.encoding != from.encoding) {
            let mut world = World::new(from, to, 20, None);
            let heard = world.say(100, 20);

            let clock = to.clock_rate / 50;
            let steps: Vec<_> = heard.windows(2).map(|it| apart(&it[0].0, &it[1].0)).collect();
            assert!(steps.iter().all(|it| *it == (1, clock)), "{from:?} to {to:?}: {steps:?}");
            assert!(heard.len() >= 98, "{from:?} to {to:?}: {} packets", heard.len());
            assert!(heard.iter().all(|it| it.0.payload_type == to.payload_type));
            let ratio = loudness(to, &heard) / (TONE * TONE / 2.0);
            assert!((0.7..1.3).contains(&ratio), "{from:?} to {to:?}: {ratio}");
        }
    }
}

#[test]
fn packets_have_the_length_that_the_hearer_wishes() {
    for (from, to, wished, sent, samples) in [
        (pcmu(), pcma(), 20, 60, 160),
        (pcmu(), pcma(), 60, 20, 480),
        (opus(), pcma(), 30, 20, 240),
        (pcma(), g722(), 10, 40, 80),
    ] {
        let mut world = World::new(&from, &to, wished, None);
        let heard = world.say(60, sent);

        let lengths: Vec<_> = heard.iter().map(|it| it.1.len()).collect();
        assert!(lengths.iter().all(|it| *it == samples), "{from:?} to {to:?}: {lengths:?}");
        let millis = heard.len() as u32 * u32::from(wished);
        assert!(millis.abs_diff(60 * sent) <= 60, "{from:?} to {to:?}: {millis} ms");
    }
}

#[test]
fn a_lost_packet_is_concealed_and_a_pause_stays_a_pause() {
    let mut world = World::new(&pcmu(), &g722(), 20, None);
    let before = world.say(10, 20);
    world.lose(1);
    let after = world.say(10, 20);
    assert_eq!(before.len() + after.len(), 21, "the lost one was made up");
    assert_eq!(apart(&before[9].0, &after[0].0), (1, 160));

    world.pause(50);
    let later = world.say(10, 20);

    assert_eq!(apart(&after[10].0, &later[0].0), (1, 160 + 50 * 160));
    world.lose(10);
    let last = world.say(10, 20);
    assert_eq!(last.len(), 10, "ten lost packets are not made up");
    assert_eq!(apart(&later[9].0, &last[0].0), (1, 160 + 10 * 160));
}

#[test]
fn late_and_doubled_packets_are_dropped_and_wraps_are_none() {
    let mut world = World::new(&pcmu(), &pcma(), 20, None);
    world.sequence = 65_530;
    world.timestamp = u32::MAX - 500;
    let heard = world.say(20, 20);
    assert_eq!(heard.len(), 20);

    world.sequence -= 2;
    assert_eq!(world.packet(&world.from.clone(), &[0; 160]), Err(DropReason::Late));
    assert_eq!(world.packet(&world.from.clone(), &[0; 160]), Err(DropReason::Late));
    assert_eq!(world.packet(&world.from.clone(), &[0; 160]).map(|it| it.len()), Ok(1));
}

#[test]
fn digits_keep_their_place_and_their_length_on_another_clock() {
    let events = (event(101, 8000), event(97, 48_000));
    let mut world = World::new(&pcma(), &opus(), 20, Some(events.clone()));
    let speech = world.say(10, 20);
    let started = world.timestamp;
    let mut digits = Vec::new();
    for n in 1..=3_u16 {
        world.timestamp = started;
        let payload = [&[5, 10][..], &(n * 160).to_be_bytes()].concat();
        digits.extend(world.packet(&events.0, &payload).unwrap());
    }

    let expected = speech[9].0.timestamp.wrapping_add(960);
    for (n, (header, payload)) in (1_u16..).zip(&digits) {
        assert_eq!((header.payload_type, header.timestamp), (97, expected));
        assert_eq!(payload[..], [&[5, 10][..], &(n * 960).to_be_bytes()].concat());
    }
    assert_eq!(digits.len(), 3);
    let other = event(13, 8000);
    assert_eq!(world.packet(&other, &[60]), Err(DropReason::NoListener));
}

#[test]
fn a_talk_that_begins_to_be_transcoded_goes_on_as_one_stream() {
    let mut world = World::new(&pcma(), &pcmu(), 20, None);
    world.bridge(PayloadMap::Same, PayloadMap::Same);
    let passed = world.relayed();
    world.transcode(20, None);
    world.now += Duration::from_millis(20);
    let heard = world.say(2, 20);

    assert_eq!(heard[0].0.ssrc, passed.ssrc);
    assert_eq!(heard[0].0.sequence, passed.sequence.wrapping_add(1));
    assert!(heard[0].0.marker && !heard[1].0.marker);
}

#[test]
fn noise_from_a_stranger_brings_no_transcoder_down() {
    let all = [pcmu(), g722(), opus(), l16()];
    let mut rng = Rng::from_number(4);
    for from in &all {
        for to in all.iter().filter(|it| it.encoding != from.encoding) {
            let mut world = World::new(from, to, 20, Some((event(101, 8000), event(101, 48_000))));
            for _ in 0..300 {
                let mut payload = vec![0; rng.below(1400) as usize];
                rng.fill(&mut payload);
                world.sequence = world.sequence.wrapping_add(rng.below(5) as u16);
                world.timestamp = world.timestamp.wrapping_add(rng.u32() >> rng.below(32));
                let mut kind = from.clone();
                if rng.chance(100) {
                    kind.payload_type = 101;
                }
                world.packet(&kind, &payload).ok();
            }
        }
    }
}

type Heard = Vec<(Header, Vec<u8>)>;

/// A talks to B; what B hears comes back.
struct World {
    relay: Relay,
    now: Instant,
    from: Format,
    to: Format,
    sequence: u16,
    timestamp: u32,
    position: usize,
    encoder: Encoder,
}

impl World {
    fn new(from: &Format, to: &Format, wished: u16, events: Option<(Format, Format)>) -> Self {
        let now = Instant::now();
        let codec = Codec::of(from).unwrap();
        let mut world = Self {
            relay: Relay::new(now, Rng::from_number(1)),
            now,
            from: from.clone(),
            to: to.clone(),
            sequence: 100,
            timestamp: 1000,
            position: 0,
            encoder: Encoder::new(codec, OpusWishes::default()).unwrap(),
        };
        for (slot, format) in [(A, from), (B, to)] {
            world.relay.open(now, id(slot), slot);
            let command = MediaCommand::Configure {
                media: id(slot),
                remote: Remote { rtp: far_end(slot), rtcp: Rtcp::Mux },
                direction: Direction::SendRecv,
                formats: vec![format.clone()],
                packet_ms: 20,
                timeout: None,
            };
            world.relay.handle_command(now, command);
        }
        world.transcode(wished, events);
        world
    }

    fn transcode(&mut self, packet_ms: u16, events: Option<(Format, Format)>) {
        let (from, to) = (self.from.clone(), self.to.clone());
        let back = events.clone().map(|(from, to)| (to, from));
        let b_to_a =
            Transcoding { from: to.clone(), to: from.clone(), events: back, packet_ms: 20 };
        let a_to_b = Transcoding { from, to, events, packet_ms };
        self.bridge(PayloadMap::Transcode(a_to_b), PayloadMap::Transcode(b_to_a));
    }

    fn bridge(&mut self, a_to_b: PayloadMap, b_to_a: PayloadMap) {
        let command = MediaCommand::Bridge { a: id(A), b: id(B), a_to_b, b_to_a };
        self.relay.handle_command(self.now, command);
    }

    fn lose(&mut self, packets: u16) {
        self.sequence = self.sequence.wrapping_add(packets);
        self.pause(u32::from(packets));
    }

    /// In packets of 20 ms.
    fn pause(&mut self, packets: u32) {
        self.timestamp = self.timestamp.wrapping_add(packets * self.from.clock_rate / 50);
    }

    /// Speech in packets of so many milliseconds.
    fn say(&mut self, packets: u32, millis: u32) -> Heard {
        let codec = self.encoder.codec();
        let mut payload = [0; 1500];
        let mut heard = Vec::new();
        for _ in 0..packets {
            let hz = f64::from(codec.rate().hz());
            let pcm: Vec<i16> = (self.position..self.position + codec.rate().samples(millis))
                .map(|n| (TONE * (TAU * 400.0 * n as f64 / hz).sin()) as i16)
                .collect();
            self.position += pcm.len();
            let count = self.encoder.encode(&pcm, &mut payload).unwrap();
            let from = self.from.clone();
            heard.extend(self.packet(&from, &payload[..count]).unwrap());
            self.timestamp = self.timestamp.wrapping_add(codec.clock_rate() / 1000 * millis);
            self.now += Duration::from_millis(millis.into());
        }
        heard
    }

    /// What B hears of a packet of A; the sequence number goes on.
    fn packet(&mut self, format: &Format, payload: &[u8]) -> Result<Heard, DropReason> {
        let mut packet = self.next(format, payload);
        let verdict =
            self.relay.handle_packet(self.now, A, Channel::Rtp, far_end(A), &mut packet)?;
        assert_eq!(verdict, None, "nothing passes as it is");
        let mut heard = Vec::new();
        while let Some((transmit, packet)) = self.relay.poll_transmit() {
            assert_eq!((transmit.slot, transmit.to), (B, far_end(B)));
            let (header, len) = Header::parse(packet).unwrap();
            assert_eq!(packet.len(), HEADER_LEN + len);
            heard.push((header, packet[HEADER_LEN..].to_vec()));
        }
        Ok(heard)
    }

    /// A packet that passes as it is.
    fn relayed(&mut self) -> Header {
        let mut packet = self.next(&self.from.clone(), &[0; 160]);
        self.timestamp += 160;
        let verdict = self.relay.handle_packet(self.now, A, Channel::Rtp, far_end(A), &mut packet);
        assert!(matches!(verdict, Ok(Some(_))), "{verdict:?}");
        Header::parse(&packet).unwrap().0
    }

    fn next(&mut self, format: &Format, payload: &[u8]) -> Vec<u8> {
        let header = Header {
            marker: false,
            payload_type: format.payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: 7,
        };
        self.sequence = self.sequence.wrapping_add(1);
        [&header.to_bytes()[..], payload].concat()
    }
}

/// Mean power of the second half.
fn loudness(format: &Format, heard: &Heard) -> f64 {
    let mut decoder = Decoder::new(Codec::of(format).unwrap()).unwrap();
    let mut pcm = [0; SAMPLES_MAX];
    let (mut power, mut samples) = (0.0, 0);
    for (n, (_, payload)) in heard.iter().enumerate() {
        let count = decoder.decode(payload, &mut pcm).unwrap();
        if n >= heard.len() / 2 {
            power += pcm[..count].iter().map(|it| f64::from(*it).powi(2)).sum::<f64>();
            samples += count;
        }
    }
    power / samples as f64
}

/// Sequence numbers and ticks between two packets.
fn apart(first: &Header, second: &Header) -> (u16, u32) {
    (second.sequence.wrapping_sub(first.sequence), second.timestamp.wrapping_sub(first.timestamp))
}

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
    format(96, "opus", 48_000, 2)
}

fn l16() -> Format {
    format(98, "L16", 16_000, 1)
}

fn event(payload_type: u8, clock_rate: u32) -> Format {
    format(payload_type, "telephone-event", clock_rate, 1)
}

fn format(payload_type: u8, encoding: &str, clock_rate: u32, channels: u8) -> Format {
    Format { payload_type, encoding: encoding.to_owned(), clock_rate, channels, fmtp: None }
}

fn id(slot: Slot) -> MediaId {
    MediaId::new(0, u64::from(slot.0))
}

fn far_end(slot: Slot) -> SocketAddr {
    ([192, 0, 2, 1], 4000 + 2 * slot.0 as u16).into()
}

const A: Slot = Slot(0);
const B: Slot = Slot(1);
const TONE: f64 = 8000.0;
