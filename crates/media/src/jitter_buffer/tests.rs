use super::*;
use base::Rng;
use proptest::prelude::*;

#[test]
fn an_even_network_is_played_whole_with_little_delay() {
    let heard = Network::default().play(500, 1);

    assert_eq!(heard.numbers, (0..500).collect::<Vec<_>>());
    assert_eq!(heard.counts.lost, 0);
    assert!(heard.delay_max <= Duration::from_millis(70), "{:?}", heard.delay_max);
}

#[test]
fn two_clocks_that_run_apart_lose_nothing_and_drift_nowhere() {
    for drift_ppm in [-200, 200] {
        let heard = Network { drift_ppm, ..Network::default() }.play(30_000, 2);

        assert_eq!(heard.numbers.len(), 30_000, "{drift_ppm} ppm: {:?}", heard.counts);
        assert_eq!((heard.counts.lost, heard.concealed), (0, 0), "{drift_ppm} ppm");
        assert!(heard.delay_max <= Duration::from_millis(80), "{:?}", heard.delay_max);
        // Ten minutes at 200 ppm are 120 ms.
        let made_good = heard.squeezed_ticks.abs();
        assert!((60 * 8..=200 * 8).contains(&made_good), "{drift_ppm} ppm: {made_good} ticks");
    }
}

#[test]
fn a_rough_network_is_waited_for_and_a_calm_one_no_longer() {
    let rough = Network { jitter_ms: 100, ..Network::default() };
    let mut player = Player::new(rough.clone());
    let start = player.now;
    player.run(&rough.packets(3000, 3));
    let (rough_target, lost) = (player.buffer.target(), player.buffer.counts().lost);
    assert!(rough_target >= Duration::from_millis(100), "{rough_target:?}");
    assert!(lost < 60, "{lost} of 3000");

    let calm = Network { first: 3000, ..Network::default() };
    player.run(&calm.packets(3000, 4));

    assert!(player.now > start + Duration::from_secs(110));
    assert!(player.buffer.target() <= Duration::from_millis(50), "{:?}", player.buffer.target());
    assert!(player.buffer.delay() <= Duration::from_millis(80), "{:?}", player.buffer.delay());
}

#[test]
fn ten_minutes_of_silence_end_in_a_spurt_without_loss_or_delay() {
    let network = Network::default();
    let mut player = Player::new(network.clone());
    player.run(&network.packets(100, 5));
    let later = Network { first: 100, pause: Duration::from_secs(600), ..network };
    player.run(&later.packets(100, 6));

    assert_eq!(player.heard.numbers, (0..200).collect::<Vec<_>>());
    assert_eq!(player.buffer.counts().lost, 0);
    assert!(player.buffer.delay() <= Duration::from_millis(70), "{:?}", player.buffer.delay());
}

#[test]
fn a_short_pause_lasts_as_long_as_the_sender_made_it() {
    let network = Network::default();
    let mut packets = network.packets(20, 7);
    let pause = Network { first: 20, pause: Duration::from_millis(60), ..network.clone() };
    packets.extend(pause.packets(20, 8));
    let mut player = Player::new(network);
    player.run(&packets);

    assert_eq!(player.heard.numbers, (0..40).collect::<Vec<_>>());
    let silent = player.heard.silent_in_between + player.heard.concealed;
    assert_eq!(silent, 3, "{:?}", player.heard);
}

#[test]
fn another_source_and_a_sender_that_begins_anew_are_followed() {
    for (ssrc, sequence, may_miss) in [(2, 9, 0), (1, 40_000, 1)] {
        let network = Network::default();
        let mut player = Player::new(network.clone());
        player.run(&network.packets(50, 9));
        let other = Network { first: 50, ssrc, sequence, timestamp: 77, ..network };
        player.run(&other.packets(50, 10));

        let missed = 100 - player.heard.numbers.len();
        assert!(missed <= may_miss, "source {ssrc}: {missed} missed, {:?}", player.heard.numbers);
    }
}

#[test]
fn a_packet_from_nowhere_does_not_turn_the_stream() {
    let network = Network::default();
    let mut packets = network.packets(100, 11);
    let mut stray = packets[50].clone();
    stray.header.sequence = stray.header.sequence.wrapping_add(20_000);
    stray.number = 9999;
    packets.insert(51, stray);
    let mut player = Player::new(network);
    player.run(&packets);

    assert_eq!(player.heard.numbers, (0..100).collect::<Vec<_>>());
    assert_eq!(player.buffer.counts().late, 1);
}

#[test]
fn the_packet_after_a_lost_one_is_shown() {
    let network = Network::default();
    let mut packets = network.packets(100, 12);
    packets.remove(50);
    let mut player = Player::new(network);
    player.run(&packets);

    assert_eq!(player.heard.recoverable, [51]);
    assert_eq!((player.heard.concealed, player.buffer.counts().lost), (1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_packet_is_played_once_in_order_or_accounted_for(
        seed: u64,
        loss_per_mille in 0_u32..200,
        doubled_per_mille in 0_u32..100,
        jitter_ms in 0_u64..90,
        drift_ppm in -200_i64..=200,
        sequence: u16,
        timestamp: u32,
    ) {
        let network = Network {
            sequence,
            timestamp,
            drift_ppm,
            loss_per_mille,
            doubled_per_mille,
            jitter_ms,
            ..Network::default()
        };
        let packets = network.packets(1500, seed);
        let mut player = Player::new(network);
        player.run(&packets);

        let heard = &player.heard;
        prop_assert!(heard.numbers.is_sorted_by(|a, b| a < b), "order: {:?}", heard.numbers);
        let counts = player.buffer.counts();
        let told = counts.played + counts.late + counts.doubled;
        prop_assert_eq!(told, packets.len() as u64, "{:?}", counts);
        prop_assert!(counts.late <= 60, "{:?}", counts);
        prop_assert!(heard.delay_max <= Duration::from_millis(300), "{:?}", heard.delay_max);
    }

    #[test]
    fn no_packet_of_a_stranger_brings_it_down(
        packets in prop::collection::vec(
            (any::<u16>(), any::<u32>(), 0_u32..3, 0_usize..200, 0_u64..50), 0..200,
        ),
        clock_rate in prop::sample::select(vec![8000_u32, 16_000, 48_000]),
    ) {
        let mut now = Instant::now();
        let mut buffer = JitterBuffer::new(now, clock_rate);
        for (sequence, timestamp, ssrc, len, millis) in packets {
            now += Duration::from_millis(millis);
            let header = Header { marker: false, payload_type: 0, sequence, timestamp, ssrc };
            buffer.insert(now, &header, &[0; 200][..len]);
            buffer.next(now);
            buffer.pace();
            prop_assert!(buffer.target() <= Duration::from_millis(400));
        }
    }
}

/// A sender and the way to us, from a seed.
#[derive(Clone, Debug)]
struct Network {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// Number of the first packet.
    first: u32,
    /// Before the first packet, on top of its number.
    pause: Duration,
    drift_ppm: i64,
    loss_per_mille: u32,
    doubled_per_mille: u32,
    jitter_ms: u64,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            ssrc: 1,
            sequence: 65_500,
            timestamp: u32::MAX - 8000,
            first: 0,
            pause: Duration::ZERO,
            drift_ppm: 0,
            loss_per_mille: 0,
            doubled_per_mille: 0,
            jitter_ms: 0,
        }
    }
}

#[derive(Clone, Debug)]
struct Sent {
    arrives: Duration,
    header: Header,
    number: u32,
}

impl Network {
    /// In the order of arrival.
    fn packets(&self, count: u32, seed: u64) -> Vec<Sent> {
        let mut rng = Rng::from_number(seed);
        let mut sent = Vec::new();
        for number in self.first..self.first + count {
            let micros = i64::from(number) * 20_000;
            let micros = micros - micros * self.drift_ppm / 1_000_000;
            let at = self.pause + Duration::from_micros(micros.cast_unsigned() + 3000);
            let late = Duration::from_millis(rng.below(self.jitter_ms + 1));
            let pause_ticks = self.pause.as_millis() as u32 * 8;
            let header = Header {
                marker: false,
                payload_type: 8,
                sequence: self.sequence.wrapping_add(number as u16),
                timestamp: self.timestamp.wrapping_add(number * 160 + pause_ticks),
                ssrc: self.ssrc,
            };
            if rng.chance(self.loss_per_mille) {
                continue;
            }
            sent.push(Sent { arrives: at + late, header, number });
            if rng.chance(self.doubled_per_mille) {
                let arrives = at + late + Duration::from_millis(rng.below(30));
                sent.push(Sent { arrives, header, number });
            }
        }
        sent.sort_by_key(|it| it.arrives);
        sent
    }

    fn play(&self, count: u32, seed: u64) -> Heard {
        let mut player = Player::new(self.clone());
        player.run(&self.packets(count, seed));
        player.heard.counts = player.buffer.counts();
        player.heard
    }
}

/// Plays 20 ms each 20 ms, and stretches by a quarter of a packet.
struct Player {
    buffer: JitterBuffer,
    start: Instant,
    now: Instant,
    /// Left of what was given out.
    ticks: i32,
    heard: Heard,
    is_in_speech: bool,
}

#[derive(Debug, Default)]
struct Heard {
    numbers: Vec<u32>,
    recoverable: Vec<u32>,
    concealed: u32,
    silent_in_between: u32,
    pending_silence: u32,
    squeezed_ticks: i32,
    delay_max: Duration,
    counts: JitterCounts,
}

impl Player {
    fn new(_: Network) -> Self {
        let start = Instant::now();
        let buffer = JitterBuffer::new(start, 8000);
        let heard = Heard::default();
        Self { buffer, start, now: start, ticks: 0, heard, is_in_speech: false }
    }

    /// Until everything has come and was played.
    fn run(&mut self, packets: &[Sent]) {
        let mut packets = packets.iter().peekable();
        let mut rest = 40;
        while rest > 0 {
            self.now += Duration::from_millis(20);
            let passed = self.now - self.start;
            while let Some(it) = packets.next_if(|it| it.arrives <= passed) {
                self.buffer.insert(self.start + it.arrives, &it.header, &it.number.to_be_bytes());
            }
            if packets.peek().is_none() {
                rest -= 1;
            }
            self.tick();
        }
        // What is concealed as the stream ends was nobody's loss.
        self.heard.concealed = self.heard.concealed.saturating_sub(u32::from(MISSING_MAX));
        self.heard.pending_silence = 0;
        self.is_in_speech = false;
    }

    fn tick(&mut self) {
        while self.ticks < 160 {
            self.ticks += 160;
            match self.buffer.next(self.now) {
                Next::Packet { payload, .. } => {
                    let number = u32::from_be_bytes(payload.try_into().unwrap());
                    self.heard.numbers.push(number);
                    self.heard.silent_in_between += std::mem::take(&mut self.heard.pending_silence);
                    self.is_in_speech = true;
                    let by = match self.buffer.pace() {
                        Pace::Even => 0,
                        Pace::Squeeze => 40,
                        Pace::Stretch => -40,
                    };
                    self.ticks -= by;
                    self.heard.squeezed_ticks += by;
                    self.buffer.squeezed(by);
                    self.heard.delay_max = self.heard.delay_max.max(self.buffer.delay());
                }
                Next::Lost { next } => {
                    self.heard.concealed += 1;
                    self.heard
                        .recoverable
                        .extend(next.map(|it| u32::from_be_bytes(it.try_into().unwrap())));
                }
                Next::Silence if self.is_in_speech => self.heard.pending_silence += 1,
                Next::Silence => {}
            }
        }
        self.ticks -= 160;
    }
}
