//! Recordings from the worker's packets to the stitched sound, in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use base::{CallId, DomainId, MediaId, RecordingId, Rng, RoomId, UnixMillis};
use media::{
    Channel, Direction, Format, MediaCommand, PartyMode, PayloadMap, Playout, RecordedSource,
    Relay, Remote, Rtcp, Slot,
    codec::{Bands, Codec, Decoder, Encoder, OpusWishes, Rate, SAMPLES_MAX},
    g711::Law,
    recording::{
        BUFFER_BYTES, Event, First, Label, Purpose, Record, RecordedCounts, Stitcher, Survey,
        Track, first_record,
    },
    rtp::Header,
};
use std::{
    convert::Infallible,
    f64::consts::TAU,
    net::SocketAddr,
    time::{Duration, Instant},
};

#[test]
fn a_bridge_is_recorded_packet_by_packet_while_it_is_relayed() {
    let mut world = World::bridged(PCMA, PCMA);
    world.record([RecordedSource::Received(id(0)), RecordedSource::Received(id(1))]);
    for n in 0..100 {
        world.say(0, &[n; 160]);
        world.say(1, &[n + 100; 160]);
        world.pass(20);
    }
    world.close(0);

    let events = world.events();
    for (track, offset) in [(Track::Left, 0), (Track::Right, 100)] {
        let payloads: Vec<_> = packets(&events, track).map(|it| it[0]).collect();
        assert_eq!(payloads, (offset..offset + 100).collect::<Vec<_>>(), "{track:?}");
    }
    assert!(matches!(events[0], Event::Began(_)), "{:?}", events[0]);
    assert_eq!(events.last(), Some(&Event::Ended { lost: 0 }));
    assert_eq!(world.relay.recorded_counts(), RecordedCounts { packets: 200, lost: 0 });
    assert_eq!(world.relayed, 200);
}

#[test]
fn what_is_held_or_comes_from_strangers_is_not_recorded_and_formats_are_told_anew() {
    let mut world = World::bridged(PCMA, PCMA);
    world.record([RecordedSource::Received(id(0)), RecordedSource::Received(id(1))]);
    world.say(0, &[1; 160]);
    world.configure(0, Direction::SendOnly, PCMA);
    world.say(0, &[2; 160]);
    world.configure(0, Direction::SendRecv, PCMU);
    world.say(0, &[3; 160]);
    world.stop();

    let events = world.events();
    let payloads: Vec<_> = packets(&events, Track::Left).map(|it| it[0]).collect();
    assert_eq!(payloads, [1, 3]);
    let formats: Vec<_> = events
        .iter()
        .filter_map(|it| {
            let Event::Formats { track: Track::Left, formats } = it else { return None };
            Some(formats[0].encoding.clone())
        })
        .collect();
    assert_eq!(formats, ["PCMA", "PCMA", "PCMU"]);
}

#[test]
fn who_is_alone_with_us_is_recorded_with_what_it_hears() {
    for playout in [Playout::Echo, Playout::Tone { hz: 400, dbm0: -10 }] {
        let mut world = World::bridged(PCMA, PCMA);
        let is_echo = matches!(playout, Playout::Echo);
        world.relay.handle_command(world.now, MediaCommand::Play { media: id(0), playout });
        world.record([RecordedSource::Received(id(0)), RecordedSource::Sent(id(0))]);
        for n in 0..50 {
            world.say(0, &[n; 160]);
            world.pass(20);
        }
        world.close(0);

        let events = world.events();
        let heard: Vec<_> = packets(&events, Track::Right).collect();
        assert_eq!(packets(&events, Track::Left).count(), 50);
        assert!((50..=51).contains(&heard.len()), "{}", heard.len());
        assert_eq!(is_echo, heard.iter().zip(0..).all(|(it, n)| it[0] == n));
    }
}

#[test]
fn a_room_is_recorded_as_everybody_hears_it_until_the_last_one_leaves() {
    let mut world = World::bridged(PCMA, PCMA);
    let room = RoomId(4);
    for n in 0..2 {
        let (media, mode) = (id(n), PartyMode::default());
        let join = MediaCommand::Join { media, room, mode, alone: None, is_chimed: false };
        world.relay.handle_command(world.now, join);
    }
    let record = |recording| MediaCommand::RecordRoom {
        recording,
        label: Box::new(label()),
        room,
        has_tone: false,
    };
    let said = [500.0, 900.0].map(|hz| encoded(PCMA, &tone(hz)));
    world.relay.handle_command(world.now, record(RECORDING));
    let second = RecordingId(uuid::Uuid::from_u128(8));
    world.relay.handle_command(world.now, record(second));
    for n in 0..20 {
        for (side, said) in (0..).zip(&said) {
            world.say(side, &said[n].1);
        }
        world.pass(20);
    }
    world.close(0);
    assert!(!matches!(world.events().last(), Some(Event::Ended { .. })), "one is still there");
    world.close(1);

    assert_eq!(world.events().last(), Some(&Event::Ended { lost: 0 }));
    assert!(records(&world.bytes).iter().all(|it| it.recording == RECORDING), "one at a time");
    let tape = Tape { bytes: world.bytes };
    assert_eq!(tape.survey().channels(), 1);
    let (rate, [heard, none]) = tape.stitched();
    assert_eq!((rate, none.len()), (Rate::Wide, 0));
    let lasted = heard.len() / rate.samples(1);
    assert!((400..=500).contains(&lasted), "{lasted} ms");
    let middle = &heard[rate.samples(80)..rate.samples(180)];
    for hz in [500.0, 900.0] {
        let level = level_db(middle, hz, rate);
        assert!(level > -16.0, "{hz} Hz: {level:.1} dB");
    }
}

#[test]
fn the_recording_of_a_room_is_stopped_and_another_begins() {
    let mut world = World::bridged(PCMA, PCMA);
    let room = RoomId(4);
    let (media, mode) = (id(0), PartyMode::default());
    let join = MediaCommand::Join { media, room, mode, alone: None, is_chimed: false };
    let record = |n| MediaCommand::RecordRoom {
        recording: RecordingId(uuid::Uuid::from_u128(n)),
        label: Box::new(label()),
        room,
        has_tone: false,
    };
    world.relay.handle_command(world.now, record(1));
    world.pass(20);
    assert!(world.events().is_empty(), "nobody is there");

    world.relay.handle_command(world.now, join);
    for n in 2..4 {
        world.relay.handle_command(world.now, record(n));
        world.pass(100);
        world.relay.handle_command(world.now, MediaCommand::StopRecordingRoom { room });
        world.pass(100);
    }
    let of = |n| {
        let all = records(&world.bytes);
        let id = RecordingId(uuid::Uuid::from_u128(n));
        let own = all.iter().filter(|it| it.recording == id);
        own.filter(|it| matches!(it.event, Event::Packet { .. } | Event::Ended { .. })).count()
    };
    assert!((5..=7).contains(&of(2)) && (5..=7).contains(&of(3)), "{} and {}", of(2), of(3));
}

#[test]
fn a_buffer_that_nobody_fetches_loses_packets_and_tells_but_grows_no_further() {
    let mut world = World::bridged(PCMA, PCMA);
    world.record([RecordedSource::Received(id(0)), RecordedSource::Received(id(1))]);
    world.is_fetched = false;
    for _ in 0..2000 {
        world.say(0, &[1; 160]);
        world.pass(20);
    }
    world.stop();
    world.is_fetched = true;
    world.fetch();
    world.fetch();

    let counts = world.relay.recorded_counts();
    assert_eq!(world.relayed, 2000, "the call goes on");
    assert!(counts.lost > 1000 && counts.packets + counts.lost == 2000, "{counts:?}");
    assert!(world.longest <= BUFFER_BYTES, "{}", world.longest);
    assert_eq!(world.events().last(), Some(&Event::Ended { lost: counts.lost }));
}

#[test]
fn records_are_due_soon_and_an_end_at_once() {
    let mut world = World::bridged(PCMA, PCMA);
    world.fetch();
    assert_eq!(world.relay.recorded_due_at(), None);

    world.record([RecordedSource::Received(id(0)), RecordedSource::Received(id(1))]);
    let due_at = world.relay.recorded_due_at().unwrap();
    assert!(due_at <= world.now + Duration::from_millis(500), "{:?}", due_at - world.now);
    world.fetch();
    world.is_fetched = false;
    world.stop();

    assert_eq!(world.relay.recorded_due_at(), Some(world.now));
}

#[test]
fn a_session_in_a_second_recording_leaves_the_first() {
    let mut world = World::bridged(PCMA, PCMA);
    world.record([RecordedSource::Received(id(0)), RecordedSource::Received(id(1))]);
    let second = RecordingId(uuid::Uuid::from_u128(8));
    world.relay.handle_command(
        world.now,
        MediaCommand::Record {
            recording: second,
            label: Box::new(label()),
            sources: [RecordedSource::Received(id(1)), RecordedSource::Received(id(0))],
            has_tone: false,
        },
    );
    world.say(0, &[1; 160]);
    world.fetch();

    let bytes = world.bytes.clone();
    let of = |wanted| records(&bytes).into_iter().filter(move |it| it.recording == wanted);
    assert_eq!(of(RECORDING).next_back().unwrap().event, Event::Ended { lost: 0 });
    let second: Vec<_> = of(second).map(|it| it.event).collect();
    assert_eq!(packets(&second, Track::Right).count(), 1);
}

#[test]
fn each_channel_is_what_was_said_whatever_the_network_did() {
    for codec in [Codec::G711(Law::A), Codec::G722(Bands::Both), Codec::Opus(Rate::Wide)] {
        let said = [noise(1, codec.rate(), 200), noise(2, codec.rate(), 200)];
        let mut rng = Rng::from_number(3);
        let mut tape = Tape::new([codec; 2]);
        let mut packets: Vec<_> = Vec::new();
        for (track, said) in Track::ALL.into_iter().zip(&said) {
            for (n, (header, payload)) in (0..).zip(encoded(codec, said)) {
                let jitter = Duration::from_millis(rng.below(100));
                packets.push((STEP * n + jitter, track, header, payload));
            }
        }
        packets.sort_by_key(|it| it.0);
        for (at, track, header, payload) in packets {
            tape.packet(at, track, header, &payload);
        }
        tape.event(STEP * 201, Event::Ended { lost: 0 });
        let (rate, channels) = tape.stitched();

        let expected = if codec == Codec::G711(Law::A) { Rate::Narrow } else { Rate::Wide };
        assert_eq!(rate, expected, "{codec:?}");
        for (said, heard) in said.iter().zip(&channels) {
            // Opus keeps how it sounds, not the wave.
            let likeness = likeness(&decoded(codec, &encoded(codec, said)), heard, rate);
            assert!(likeness > 0.95, "{codec:?}: {likeness}");
        }
        let crossed = likeness(&said[0], &channels[1], rate);
        assert!(crossed < 0.2, "{codec:?}: {crossed} of the other channel");
        let length_ms = channels[0].len() as u32 / (rate.hz() / 1000);
        assert!((4000..4200).contains(&length_ms), "{codec:?}: {length_ms} ms");
    }
}

#[test]
fn a_codec_that_changes_in_the_middle_is_heard_on() {
    let said = [noise(1, Rate::Narrow, 200), noise(2, Rate::Wide, 200)];
    let (first, second) = (Codec::G711(Law::Mu), Codec::G722(Bands::Both));
    let mut tape = Tape::new([first; 2]);
    for (n, (header, payload)) in (0..).zip(encoded(first, &said[0])) {
        tape.packet(STEP * n, Track::Left, header, &payload);
    }
    let formats = vec![format(second)];
    tape.event(STEP * 200, Event::Formats { track: Track::Left, formats });
    for (n, (header, payload)) in (200..).zip(encoded(second, &said[1])) {
        tape.packet(STEP * n, Track::Left, header, &payload);
    }
    let (rate, [left, _]) = tape.stitched();

    assert_eq!(rate, Rate::Wide);
    let (before, after) = left.split_at(rate.samples(4000));
    let wide: Vec<i16> = said[0].iter().flat_map(|it| [*it, *it]).collect();
    assert!(likeness(&wide, before, rate) > 0.9, "{}", likeness(&wide, before, rate));
    assert!(likeness(&said[1], after, rate) > 0.95, "{}", likeness(&said[1], after, rate));
}

#[test]
fn a_pause_is_left_out_and_a_silence_is_not() {
    let codec = Codec::G711(Law::A);
    let said = noise(1, Rate::Narrow, 300);
    let mut tape = Tape::new([codec; 2]);
    for (n, (header, payload)) in (0..).zip(encoded(codec, &said)) {
        // Silent for a second, then paused for a minute.
        let at = match n {
            0..100 => STEP * n,
            100..200 => STEP * (n + 50),
            _ => STEP * (n + 50) + Duration::from_secs(60),
        };
        let timestamp = header.timestamp + (at.saturating_sub(STEP * n).as_millis() as u32) * 8;
        if n == 200 {
            tape.event(STEP * 250, Event::Paused);
            tape.event(at, Event::Resumed);
        }
        tape.packet(at, Track::Right, Header { timestamp, ..header }, &payload);
    }
    tape.event(STEP * 350 + Duration::from_secs(60), Event::Ended { lost: 0 });
    let (_, [_, right]) = tape.stitched();

    let seconds = right.len() as f64 / 8000.0;
    assert!((7.0..7.3).contains(&seconds), "{seconds} s");
    assert!(likeness(&said[..16_000], &right[..16_000], Rate::Narrow) > 0.95);
    assert!(right[17_000..23_500].iter().all(|it| it.abs() < 10), "silence");
    assert!(likeness(&said[32_000..], &right[40_000..], Rate::Narrow) > 0.95);
}

#[test]
fn a_journal_that_ends_anywhere_is_heard_up_to_there() {
    let codec = Codec::G711(Law::A);
    let said = noise(1, Rate::Narrow, 200);
    let mut tape = Tape::new([codec; 2]);
    for (n, (header, payload)) in (0..).zip(encoded(codec, &said)) {
        tape.packet(STEP * n, Track::Left, header, &payload);
    }
    tape.bytes.truncate(tape.bytes.len() - 71);
    let survey = tape.survey();
    let (_, [left, _]) = tape.stitched();

    assert!(!survey.is_complete);
    assert_eq!(survey.label, Some(label()));
    let missing = 32_000 - left.len() as i64;
    assert!(missing < 400, "{missing} samples of four seconds are missing");
    assert!(likeness(&said, &left, Rate::Narrow) > 0.95);
}

/// A relay with two sessions that are described and latched.
struct World {
    now: Instant,
    relay: Relay,
    sequences: [u16; 2],
    relayed: usize,
    is_fetched: bool,
    /// Everything fetched, and the most at a time.
    bytes: Vec<u8>,
    longest: usize,
}

impl World {
    fn bridged(a: Codec, b: Codec) -> Self {
        let now = Instant::now();
        let mut world = Self {
            now,
            relay: Relay::new(now, Rng::from_number(1)),
            sequences: [0; 2],
            relayed: 0,
            is_fetched: true,
            bytes: Vec::new(),
            longest: 0,
        };
        for (n, codec) in (0..).zip([a, b]) {
            world.relay.open(now, id(n), Slot(n as u32));
            world.configure(n, Direction::SendRecv, codec);
        }
        let map = || PayloadMap::Same;
        let (a, b) = (id(0), id(1));
        world
            .relay
            .handle_command(now, MediaCommand::Bridge { a, b, a_to_b: map(), b_to_a: map() });
        world
    }

    fn configure(&mut self, n: u64, direction: Direction, codec: Codec) {
        let remote = Remote { rtp: address(n), rtcp: Rtcp::Mux };
        let formats = vec![format(codec)];
        let command = MediaCommand::Configure {
            media: id(n),
            remote,
            direction,
            formats,
            packet_ms: 20,
            timeout: None,
        };
        self.relay.handle_command(self.now, command);
    }

    fn record(&mut self, sources: [RecordedSource; 2]) {
        let label = Box::new(label());
        let command =
            MediaCommand::Record { recording: RECORDING, label, sources, has_tone: false };
        self.relay.handle_command(self.now, command);
    }

    fn stop(&mut self) {
        let command = MediaCommand::StopRecording { recording: RECORDING };
        self.relay.handle_command(self.now, command);
        self.fetch();
    }

    fn say(&mut self, n: u64, payload: &[u8]) {
        let sequence = self.sequences[n as usize];
        self.sequences[n as usize] += 1;
        let timestamp = u32::from(sequence) * 160;
        let header = Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: n as u32 };
        let mut packet = [&header.to_bytes()[..], payload].concat();
        let slot = Slot(n as u32);
        let verdict =
            self.relay.handle_packet(self.now, slot, Channel::Rtp, address(n), &mut packet);
        self.relayed += usize::from(verdict.is_ok());
        self.fetch();
    }

    fn pass(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        while self.relay.poll_timeout().is_some_and(|it| it <= self.now) {
            self.relay.handle_timeout(self.now, |_, _| {});
        }
        self.fetch();
    }

    fn close(&mut self, n: u64) {
        self.relay.close(self.now, id(n));
        self.fetch();
    }

    fn fetch(&mut self) {
        if self.is_fetched && self.relay.recorded_due_at().is_some() {
            let records = self.relay.take_recorded(self.now, Vec::new());
            self.longest = self.longest.max(records.len());
            self.bytes.extend(records);
        }
    }

    fn events(&self) -> Vec<Event<'_>> {
        records(&self.bytes).into_iter().map(|it| it.event).collect()
    }
}

/// A journal that is written by hand.
struct Tape {
    bytes: Vec<u8>,
}

impl Tape {
    fn new(codecs: [Codec; 2]) -> Self {
        let mut tape = Self { bytes: Vec::new() };
        tape.event(Duration::ZERO, Event::Began(label()));
        for (track, codec) in Track::ALL.into_iter().zip(codecs) {
            tape.event(Duration::ZERO, Event::Formats { track, formats: vec![format(codec)] });
        }
        tape
    }

    fn packet(&mut self, at: Duration, track: Track, header: Header, payload: &[u8]) {
        self.event(at, Event::Packet { track, header, payload });
    }

    /// A worker has run for a while when a recording begins.
    fn event(&mut self, at: Duration, event: Event<'_>) {
        let at = Duration::from_secs(1000) + at;
        Record { recording: RECORDING, at, event }.write(&mut self.bytes);
    }

    fn survey(&self) -> Survey {
        let mut survey = Survey::new();
        for record in records(&self.bytes) {
            survey.take(&record);
        }
        survey
    }

    fn stitched(&self) -> (Rate, [Vec<i16>; 2]) {
        let survey = self.survey();
        let (rate, count) = (survey.rate, survey.channels());
        let mut stitcher = Stitcher::new(Instant::now(), &survey, Rng::from_number(1));
        let mut channels = [Vec::new(), Vec::new()];
        let mut write = |pcm: &[i16]| -> Result<(), Infallible> {
            for (channel, start) in channels.iter_mut().zip(0..) {
                channel.extend(pcm.iter().skip(start).step_by(count).filter(|_| start < count));
            }
            Ok(())
        };
        for record in records(&self.bytes) {
            stitcher.take(&record, &mut write).unwrap();
        }
        stitcher.finish(&mut write).unwrap();
        (rate, channels)
    }
}

fn records(bytes: &[u8]) -> Vec<Record<'_>> {
    let (mut records, mut rest) = (Vec::new(), bytes);
    while let First::Whole(record, len) = first_record(rest) {
        records.push(record);
        rest = &rest[len..];
    }
    records
}

fn packets<'a>(events: &'a [Event<'_>], wanted: Track) -> impl Iterator<Item = &'a [u8]> {
    events.iter().filter_map(move |it| {
        let Event::Packet { track, payload, .. } = it else { return None };
        (*track == wanted).then_some(*payload)
    })
}

/// Speech-like: noise that changes slowly, so that it is heard at one place only and passes codecs.
fn noise(seed: u64, rate: Rate, packets: usize) -> Vec<i16> {
    let mut rng = Rng::from_number(seed);
    let smoothness = f64::from(rate.hz()) / 1500.0;
    let mut value = [0.0_f64; 2];
    (0..packets * rate.samples(20))
        .map(|_| {
            let step = f64::from(rng.u32()) / f64::from(u32::MAX) - 0.5;
            value[0] += (step - value[0]) / smoothness;
            value[1] += (value[0] - value[1]) / smoothness;
            (value[1] * 90_000.0).clamp(-30_000.0, 30_000.0) as i16
        })
        .collect()
}

/// 400 ms of the telephone's rate, 10 dB below the loudest.
fn tone(hz: f64) -> Vec<i16> {
    let step = TAU * hz / f64::from(Rate::Narrow.hz());
    (0..3200).map(|n| (10_000.0 * (step * f64::from(n)).sin()) as i16).collect()
}

fn level_db(pcm: &[i16], hz: f64, rate: Rate) -> f64 {
    let step = TAU * hz / f64::from(rate.hz());
    let (re, im) = pcm.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, sample)| {
        let (sin, cos) = (step * n as f64).sin_cos();
        (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
    });
    20.0 * (2.0 * f64::hypot(re, im) / pcm.len() as f64 / 32_768.0).log10()
}

fn encoded(codec: Codec, said: &[i16]) -> Vec<(Header, Vec<u8>)> {
    let mut encoder = Encoder::new(codec, OpusWishes::default()).unwrap();
    let mut payload = [0; 1500];
    (0_u16..)
        .zip(said.chunks_exact(codec.rate().samples(20)))
        .map(|(sequence, frame)| {
            let len = encoder.encode(frame, &mut payload).unwrap();
            let header = Header {
                marker: sequence == 0,
                payload_type: format(codec).payload_type,
                sequence,
                timestamp: 5000 + u32::from(sequence) * codec.clock_rate() / 50,
                ssrc: 7,
            };
            (header, payload[..len].to_vec())
        })
        .collect()
}

/// What a decoder alone makes of it.
fn decoded(codec: Codec, packets: &[(Header, Vec<u8>)]) -> Vec<i16> {
    let mut decoder = Decoder::new(codec).unwrap();
    let mut frame = vec![0; SAMPLES_MAX];
    let decode = |it: &(Header, Vec<u8>)| {
        let count = decoder.decode(&it.1, &mut frame).unwrap();
        frame[..count].to_vec()
    };
    packets.iter().flat_map(decode).collect()
}

/// The correlation of `said` with the place of `heard`, up to 200 ms late, where a quarter of a
/// second of it is most like; half a second at the start is left aside.
fn likeness(said: &[i16], heard: &[i16], rate: Rate) -> f64 {
    let start = rate.samples(500);
    let length = (said.len() - start).min(heard.len() - start).saturating_sub(rate.samples(200));
    let said = &said[start..start + length];
    let at = |lag: usize, length| correlation(&said[..length], &heard[start + lag..][..length]);
    let piece = rate.samples(250).min(length);
    let of_piece = |lag: &usize| (at(*lag, piece) * 1e6) as i64;
    let lag = (0..rate.samples(200)).max_by_key(of_piece).unwrap();
    at(lag, length)
}

fn correlation(a: &[i16], b: &[i16]) -> f64 {
    let dot = |a: &[i16], b: &[i16]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1.0)
}

fn format(codec: Codec) -> Format {
    Format {
        payload_type: if codec == PCMA { 8 } else { 96 },
        encoding: codec.encoding().to_owned(),
        clock_rate: codec.clock_rate(),
        channels: if matches!(codec, Codec::Opus(_)) { 2 } else { 1 },
        fmtp: None,
    }
}

fn label() -> Label {
    Label {
        call: CallId(uuid::Uuid::from_u128(1)),
        domain: DomainId(uuid::Uuid::from_u128(2)),
        started: UnixMillis(1_700_000_000_000),
        parties: ["1001".to_owned(), "1002".to_owned()],
        purpose: Purpose::Call,
    }
}

fn id(n: u64) -> MediaId {
    MediaId(n)
}

fn address(n: u64) -> SocketAddr {
    ([192, 0, 2, n as u8], 4000).into()
}

const PCMA: Codec = Codec::G711(Law::A);
const PCMU: Codec = Codec::G711(Law::Mu);
const RECORDING: RecordingId = RecordingId(uuid::Uuid::from_u128(7));
const STEP: Duration = Duration::from_millis(20);
