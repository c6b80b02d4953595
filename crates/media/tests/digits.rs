//! Keys that reach the other side of a bridge in another form, in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use base::{MediaId, Rng};
use media::{
    Channel, Direction, Format, MediaCommand, MediaEvent, PayloadMap, Relay, Remote, Rtcp, Slot,
    Transcoding, Transmit,
    codec::{Codec, Decoder, Encoder, OpusWishes, Rate, SAMPLES_MAX},
    dtmf::{Digit, EventReceiver, EventSender, Heard, KeyForm, ToneDetector, ToneSender},
    rtp::{HEADER_LEN, Header},
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

#[test]
fn a_thousand_digits_arrive_once_each_in_every_form_through_three_percent_loss() {
    for (from, told) in [
        (From::Events, Told::Events),
        (From::Events, Told::Tones),
        (From::Events, Told::Info),
        (From::Tones, Told::Events),
        (From::Tones, Told::Info),
        (From::Info, Told::Events),
        (From::Info, Told::Tones),
    ] {
        let mut rng = Rng::from_number(1);
        let digits: Vec<_> = (0..1000).map(|_| any_key(&mut rng)).collect();
        let mut world = World::new(from, told, [pcmu(), pcmu()]);
        world.loss_percent = 3;
        for digit in &digits {
            // Of shorter tones the network takes, one time in thousands, all that could be heard.
            world.press(*digit, 140);
            world.wait(240);
        }
        world.wait(1000);

        let pressed: String = digits.iter().map(|it| it.as_char()).collect();
        assert_eq!(world.told(), pressed, "{from:?} to {told:?}");
        if told != Told::Tones {
            assert_eq!(world.phones[1].tones, "", "{from:?} to {told:?}: no tone is heard");
        }
    }
}

#[test]
fn tones_are_made_and_heard_in_every_codec_and_between_codecs() {
    for from in [pcma(), g722(), opus(), l16()] {
        for to in [pcmu(), pcma(), g722(), opus(), l16()] {
            for (heard, told) in [(From::Events, Told::Tones), (From::Tones, Told::Events)] {
                let mut world = World::new(heard, told, [from.clone(), to.clone()]);
                for digit in Digit::all() {
                    world.press(digit, 100);
                    world.wait(220);
                }
                world.wait(500);

                let names = (&from.encoding, &to.encoding);
                assert_eq!(world.told(), "0123456789*#ABCD", "{heard:?} to {told:?} {names:?}");
            }
        }
    }
}

#[test]
fn keys_come_each_20_ms_whatever_is_wished_and_as_tones_each_10_ms_where_packets_are_so_short() {
    for format in [pcmu(), g722(), opus(), l16_full()] {
        for wished_ms in [10, 20, 30, 40, 60] {
            for told in [Told::Tones, Told::Events] {
                let mut world = World::new(From::Info, told, [pcmu(), format.clone()]);
                world.phones.iter_mut().for_each(|it| it.speaks = false);
                world.wished_ms = wished_ms;
                world.configure(B, Direction::SendRecv);
                for digit in Digit::all() {
                    world.press(digit, 100);
                    world.wait(240);
                }
                world.wait(500);

                let what = format!("{} at {wished_ms} ms as {told:?}", format.encoding);
                assert_eq!(world.told(), "0123456789*#ABCD", "{what}");
                let packet_ms = match (told, Codec::of(&format).unwrap()) {
                    (Told::Tones, codec) => u32::from(codec.packet_ms(wished_ms.min(20))),
                    (Told::Events | Told::Info, _) => 20,
                };
                let step = format.clock_rate / 1000 * packet_ms;
                let steps = world.phones[1].headers.windows(2).filter(|it| !it[1].marker);
                let steps = steps.map(|it| it[1].timestamp.wrapping_sub(it[0].timestamp));
                // An event has the time of its start.
                let is_right = |it: u32| it == step || (told == Told::Events && it == 0);
                assert!(steps.clone().count() > 16 && steps.clone().all(is_right), "{what}");
            }
        }
    }
}

#[test]
fn a_key_is_as_long_as_it_was_pressed_and_the_stream_goes_on_as_one() {
    for (from, told) in [(From::Events, Told::Tones), (From::Tones, Told::Events)] {
        for held_ms in [60, 100, 400, 10_000] {
            let mut world = World::new(from, told, [pcmu(), pcmu()]);
            world.wait(500);
            world.press(key('5'), held_ms);
            world.wait(held_ms + 1000);

            let heard = &world.phones[1];
            let lengths: Vec<_> = heard.lengths_ms.iter().map(|it| it.abs_diff(held_ms)).collect();
            assert!(lengths.len() == 1 && lengths[0] <= 45, "{from:?} {held_ms}: {lengths:?}");
            let steps = heard.headers.windows(2).map(|it| {
                let audio_step = it[1].timestamp.wrapping_sub(it[0].timestamp);
                (it[1].sequence.wrapping_sub(it[0].sequence), audio_step, it[1].ssrc == it[0].ssrc)
            });
            for (n, (sequence, ticks, is_same)) in steps.enumerate() {
                assert_eq!((sequence, is_same), (1, true), "{from:?} {held_ms}: packet {n}");
                // An event has the time of its start.
                let is_speech = told == Told::Tones;
                assert!(!is_speech || (120..=200).contains(&ticks), "{held_ms} {n}: {ticks}");
            }
        }
    }
}

#[test]
fn speech_makes_room_for_a_key_and_comes_back_behind_it() {
    let mut world = World::new(From::Events, Told::Tones, [pcmu(), pcmu()]);
    world.phones[0].speaks = true;
    world.wait(400);
    let before = world.phones[1].headers.len();
    world.press(key('1'), 100);
    world.wait(400);
    let at_end = world.phones[1].headers.len();
    world.wait(400);

    assert_eq!(before, 20, "speech passes");
    assert!(at_end.abs_diff(40) <= 1, "a packet an interval through the key: {at_end}");
    assert!(world.phones[1].headers.len().abs_diff(60) <= 1, "and speech behind it");
    assert_eq!(world.told(), "1");
    assert!(world.dropped("replaced") > 5, "what was said meanwhile");
}

#[test]
fn a_bridge_that_needs_no_conversion_passes_every_packet_as_it_is() {
    let mut world = World::new(From::Events, Told::Events, [pcmu(), pcmu()]);
    world.phones[0].speaks = true;
    for digit in Digit::all() {
        world.press(digit, 100);
        world.wait(200);
    }

    let (sent, heard) = (&world.phones[0].sent, &world.phones[1].packets);
    assert!(sent.len() > 100 && sent == heard, "{} and {}", sent.len(), heard.len());
    assert_eq!(world.dropped("replaced"), 0);
}

#[test]
fn a_key_whose_sender_falls_silent_ends_and_the_next_bridge_forgets_conversions() {
    for (from, told) in [(From::Events, Told::Tones), (From::Tones, Told::Events)] {
        let mut world = World::new(from, told, [pcmu(), pcmu()]);
        world.press(key('9'), 60_000);
        world.wait(200);
        world.phones[0].is_silent = true;
        world.wait(2000);

        let lengths = &world.phones[1].lengths_ms;
        assert!(lengths.len() == 1 && lengths[0] < 1200, "{from:?}: {lengths:?}");
        world.phones[0] = Phone::new(from, &pcmu());
        world.bridge();
        world.press(key('3'), 100);
        world.wait(500);
        assert_eq!(world.told().matches('3').count(), 0, "{from:?} passes as it comes");
    }
}

#[test]
fn keys_for_who_holds_are_not_kept_for_later() {
    let mut world = World::new(From::Info, Told::Tones, [pcmu(), pcmu()]);
    world.configure(B, Direction::RecvOnly);
    world.press(key('1'), 100);
    world.wait(500);
    world.configure(B, Direction::SendRecv);
    world.wait(100);
    world.press(key('2'), 100);
    world.wait(500);

    assert_eq!(world.told(), "2");
}

/// How A presses keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum From {
    Events,
    Tones,
    Info,
}

/// How B is told of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Told {
    Events,
    Tones,
    Info,
}

/// A bridge of two phones.
struct World {
    relay: Relay,
    now: Instant,
    rng: Rng,
    told: Told,
    formats: [Vec<Format>; 2],
    loss_percent: u64,
    /// What B wishes, in milliseconds.
    wished_ms: u16,
    phones: [Phone; 2],
    /// Keys that the call logic is to tell of.
    dialled: String,
}

/// A far end: sends a packet each 20 ms, and hears keys in whatever form.
struct Phone {
    means: Means,
    format: Format,
    encoder: Encoder,
    decoder: Decoder,
    detector: ToneDetector,
    receiver: EventReceiver,
    speaks: bool,
    is_silent: bool,
    sequence: u16,
    timestamp: u32,
    sent: Vec<Vec<u8>>,
    packets: Vec<Vec<u8>>,
    headers: Vec<Header>,
    tones: String,
    events: String,
    /// Of the keys that it heard, in either form.
    lengths_ms: Vec<u64>,
}

enum Means {
    None,
    Events(EventSender),
    Tones(ToneSender),
}

impl World {
    fn new(from: From, told: Told, codecs: [Format; 2]) -> Self {
        let now = Instant::now();
        let phones = [Phone::new(from, &codecs[0]), Phone::new(From::Info, &codecs[1])];
        let with_events = |format: Format, has: bool| {
            let events = event(format.clock_rate);
            std::iter::once(format).chain(has.then_some(events)).collect()
        };
        let [a, b] = codecs;
        let formats = [with_events(a, from == From::Events), with_events(b, told == Told::Events)];
        let mut world = Self {
            relay: Relay::new(now, Rng::from_number(1)),
            now,
            rng: Rng::from_number(2),
            told,
            formats,
            loss_percent: 0,
            wished_ms: 20,
            phones,
            dialled: String::new(),
        };
        for slot in [A, B] {
            world.relay.open(now, id(slot), slot);
            world.configure(slot, Direction::SendRecv);
        }
        world.bridge();
        let heard = if from == From::Events { KeyForm::Events } else { KeyForm::Tones };
        if from != From::Info && (from, told) != (From::Events, Told::Events) {
            let command = MediaCommand::ConvertKeys { media: id(A), heard, told: told.form() };
            world.relay.handle_command(now, command);
        }
        world
    }

    fn configure(&mut self, slot: Slot, direction: Direction) {
        self.relay.handle_command(
            self.now,
            MediaCommand::Configure {
                media: id(slot),
                remote: Remote { rtp: far_end(slot), rtcp: Rtcp::Mux },
                direction,
                formats: self.formats[slot.0 as usize].clone(),
                packet_ms: if slot == B { self.wished_ms } else { 20 },
                timeout: None,
            },
        );
    }

    fn bridge(&mut self) {
        let [from, to] = [0, 1].map(|n| self.formats[n][0].clone());
        let map = |from: &Format, to: &Format| {
            if from == to {
                return PayloadMap::Same;
            }
            let (from, to) = (from.clone(), to.clone());
            PayloadMap::Transcode(Transcoding { from, to, events: None, packet_ms: 20 })
        };
        let (a_to_b, b_to_a) = (map(&from, &to), map(&to, &from));
        let command = MediaCommand::Bridge { a: id(A), b: id(B), a_to_b, b_to_a };
        self.relay.handle_command(self.now, command);
    }

    fn press(&mut self, digit: Digit, held_ms: u64) {
        let held = Duration::from_millis(held_ms);
        match &mut self.phones[0].means {
            Means::Events(sender) => sender.press(digit, held).unwrap(),
            Means::Tones(sender) => sender.press(digit, held).unwrap(),
            Means::None => {
                let form = self.told.form();
                let command = MediaCommand::Press { media: id(B), form, digit, held };
                self.relay.handle_command(self.now, command);
            }
        }
    }

    fn wait(&mut self, millis: u64) {
        for _ in 0..millis / 20 {
            for slot in [A, B] {
                self.send(slot);
            }
            let mut played = Vec::new();
            self.relay.handle_timeout(self.now, |transmit, packet| {
                played.push((transmit, packet.to_vec()));
            });
            for (transmit, packet) in played {
                self.deliver(transmit, &packet);
            }
            while let Some(event) = self.relay.poll_event() {
                if let MediaEvent::Dialled { digit, held, .. } = event {
                    assert!((80..=200).contains(&held.as_millis()), "{held:?}");
                    self.dialled.push(digit.as_char());
                }
            }
            self.now += Duration::from_millis(20);
        }
    }

    fn send(&mut self, slot: Slot) {
        let phone = &mut self.phones[slot.0 as usize];
        let Some(mut packet) = phone.next() else { return };
        if self.rng.below(100) < self.loss_percent {
            return;
        }
        let from = far_end(slot);
        let verdict = self.relay.handle_packet(self.now, slot, Channel::Rtp, from, &mut packet);
        if let Ok(Some(transmit)) = verdict {
            self.deliver(transmit, &packet);
        }
        let mut made = Vec::new();
        while let Some((transmit, packet)) = self.relay.poll_transmit() {
            made.push((transmit, packet.to_vec()));
        }
        for (transmit, packet) in made {
            self.deliver(transmit, &packet);
        }
    }

    fn deliver(&mut self, transmit: Transmit, packet: &[u8]) {
        assert_eq!(transmit.to, far_end(transmit.slot));
        if RTCP_TYPES.contains(&packet[1]) {
            return;
        }
        if self.rng.below(100) >= self.loss_percent {
            self.phones[transmit.slot.0 as usize].take(self.now, packet);
        }
    }

    fn told(&self) -> &str {
        match self.told {
            Told::Events => &self.phones[1].events,
            Told::Tones => &self.phones[1].tones,
            Told::Info => &self.dialled,
        }
    }

    fn dropped(&self, reason: &str) -> u64 {
        let reasons = media::DropReason::ALL.iter().map(|it| it.name());
        reasons.zip(self.relay.counters().dropped).find(|it| it.0 == reason).unwrap().1
    }
}

impl Phone {
    fn new(from: From, format: &Format) -> Self {
        let codec = Codec::of(format).unwrap();
        let clock = codec.clock_rate();
        Self {
            means: match from {
                From::Events => Means::Events(EventSender::new(clock, clock / 50)),
                From::Tones => Means::Tones(ToneSender::new(codec.rate().hz())),
                From::Info => Means::None,
            },
            format: format.clone(),
            encoder: Encoder::new(codec, OpusWishes::default()).unwrap(),
            decoder: Decoder::new(codec.near(Rate::Narrow)).unwrap(),
            detector: ToneDetector::new(),
            receiver: EventReceiver::new(clock),
            speaks: matches!(from, From::Tones | From::Info),
            is_silent: false,
            sequence: 65_000,
            timestamp: u32::MAX - 100_000,
            sent: Vec::new(),
            packets: Vec::new(),
            headers: Vec::new(),
            tones: String::new(),
            events: String::new(),
            lengths_ms: Vec::new(),
        }
    }

    /// The packet of an interval; one that does not speak sends events alone.
    fn next(&mut self) -> Option<Vec<u8>> {
        let (now, codec) = (self.timestamp, self.encoder.codec());
        self.timestamp = now.wrapping_add(codec.clock_rate() / 50);
        if self.is_silent {
            return None;
        }
        let event = match &mut self.means {
            Means::Events(sender) => sender.next(now),
            Means::Tones(_) | Means::None => None,
        };
        let mut payload = vec![0; 1400];
        let (payload_type, timestamp, len) = if let Some(event) = event {
            payload[..4].copy_from_slice(&event.payload);
            (EVENT_TYPE, event.timestamp, 4)
        } else if self.speaks {
            let mut pcm = vec![0; codec.rate().samples(20)];
            if let Means::Tones(sender) = &mut self.means {
                sender.fill(&mut pcm);
            }
            let len = self.encoder.encode(&pcm, &mut payload).unwrap();
            (self.format.payload_type, now, len)
        } else {
            return None;
        };
        let header =
            Header { marker: false, payload_type, sequence: self.sequence, timestamp, ssrc: 7 };
        self.sequence = self.sequence.wrapping_add(1);
        let packet = [&header.to_bytes()[..], &payload[..len]].concat();
        self.sent.push(packet.clone());
        Some(packet)
    }

    fn take(&mut self, now: Instant, packet: &[u8]) {
        let (header, len) = Header::parse(packet).unwrap();
        let payload = &packet[HEADER_LEN..HEADER_LEN + len];
        self.packets.push(packet.to_vec());
        self.headers.push(header);
        let Self { events, tones, lengths_ms, .. } = self;
        let mut hear = |keys: &mut String, heard| match heard {
            Heard::Pressed(digit) => keys.push(digit.as_char()),
            Heard::Released { held, .. } => lengths_ms.push(held.as_millis() as u64),
        };
        if header.payload_type == EVENT_TYPE {
            for heard in self.receiver.packet(now, header.timestamp, payload) {
                hear(events, heard);
            }
            return;
        }
        assert_eq!(header.payload_type, self.format.payload_type);
        let mut pcm = [0; SAMPLES_MAX];
        let count = self.decoder.decode(payload, &mut pcm).unwrap();
        // Where there are more than 8000 a second, one of several is enough for tones this low.
        let step = self.decoder.codec().rate().hz() as usize / 8000;
        let narrow: Vec<_> = pcm[..count].iter().copied().step_by(step).collect();
        self.detector.listen(&narrow, |heard| hear(tones, heard));
    }
}

impl Told {
    fn form(self) -> KeyForm {
        match self {
            Self::Events => KeyForm::Events,
            Self::Tones => KeyForm::Tones,
            Self::Info => KeyForm::Info,
        }
    }
}

fn any_key(rng: &mut Rng) -> Digit {
    Digit::from_code(rng.below(16) as u8).unwrap()
}

fn key(digit: char) -> Digit {
    Digit::from_char(digit).unwrap()
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

fn l16_full() -> Format {
    format(99, "L16", 48_000, 1)
}

fn event(clock_rate: u32) -> Format {
    format(EVENT_TYPE, "telephone-event", clock_rate, 1)
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
const EVENT_TYPE: u8 = 101;
/// What tells RTCP from RTP on one port (RFC 5761 section 4).
const RTCP_TYPES: std::ops::RangeInclusive<u8> = 192..=223;
