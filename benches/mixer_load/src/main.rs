//! What a conference costs the worker that it lives on, without the sockets: processor time of this
//! thread for the packets that come in and for the ticks, a party and a second.
//!
//! Everybody sends G.711 all the time, as phones without silence suppression do; ten talk. Each size
//! is measured as often as the others, one after the other, and the medians are told.

use base::{MediaId, Rng, RoomId};
use media::{
    Channel, Direction, Format, MediaCommand, PartyMode, Relay, Remote, Rtcp, Slot,
    rtp::{HEADER_LEN, Header},
};
use std::{
    f64::consts::TAU,
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    time::{Duration, Instant},
};

const SIZES: [u32; 3] = [100, 300, 1000];
const TALKERS: u32 = 10;
const ROUNDS: usize = 5;
/// Ten seconds.
const TICKS: u32 = 500;
const SETTLE_TICKS: u32 = 50;

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    let mut rounds = SIZES.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (size, figures) in SIZES.iter().zip(&mut rounds) {
            figures.push(Room::new(*size).measure()?);
        }
    }
    writeln!(
        out,
        "{:>7} {:>12} {:>12} {:>11} {:>11}",
        "parties", "in, ns", "tick, ns", "of a core", "slowest"
    )?;
    for (size, figures) in SIZES.iter().zip(&mut rounds) {
        let median = |of: fn(&Figures) -> f64| {
            let mut values: Vec<_> = figures.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (taken, ticked) = (median(|it| it.taken_ns), median(|it| it.ticked_ns));
        let share = (taken + ticked) * f64::from(*size) * 50.0 / 1e9 * 100.0;
        let slowest = median(|it| it.slowest_ms);
        writeln!(out, "{size:>7} {taken:>12.0} {ticked:>12.0} {share:>9.1} % {slowest:>8.2} ms")?;
    }
    writeln!(out, "in and tick: a party and 20 ms; slowest: the longest tick of 10 s, by the clock")
}

/// What one party costs in 20 ms.
struct Figures {
    taken_ns: f64,
    ticked_ns: f64,
    slowest_ms: f64,
}

/// A conference in virtual time.
struct Room {
    relay: Relay,
    now: Instant,
    size: u32,
    sent: u32,
    speech: Vec<u8>,
}

impl Room {
    fn new(size: u32) -> Self {
        let now = Instant::now();
        let mut relay = Relay::new(now, Rng::from_number(1));
        for n in 0..size {
            relay.open(now, media_id(n), Slot(n));
            let pcma = Format {
                payload_type: 8,
                encoding: "PCMA".to_owned(),
                clock_rate: 8000,
                channels: 1,
                fmtp: None,
            };
            let events = Format {
                payload_type: 101,
                encoding: "telephone-event".to_owned(),
                ..pcma.clone()
            };
            relay.handle_command(
                now,
                MediaCommand::Configure {
                    media: media_id(n),
                    remote: Remote { rtp: far_end(n), rtcp: Rtcp::Mux },
                    direction: Direction::SendRecv,
                    formats: vec![pcma, events],
                    packet_ms: 20,
                    timeout: None,
                },
            );
            relay.handle_command(
                now,
                MediaCommand::Join {
                    media: media_id(n),
                    room: RoomId(1),
                    mode: PartyMode::default(),
                    alone: None,
                    is_chimed: false,
                },
            );
        }
        Self { relay, now, size, sent: 0, speech: speech() }
    }

    fn measure(mut self) -> io::Result<Figures> {
        for _ in 0..SETTLE_TICKS {
            self.take_packets();
            self.tick();
        }
        let (mut taken, mut ticked, mut slowest) = (0, 0, Duration::ZERO);
        for _ in 0..TICKS {
            let before = cpu_ns()?;
            self.take_packets();
            let between = cpu_ns()?;
            let began = Instant::now();
            self.tick();
            slowest = slowest.max(began.elapsed());
            taken += between - before;
            ticked += cpu_ns()? - between;
        }
        let each = |ns: u64| ns as f64 / f64::from(TICKS) / f64::from(self.size);
        Ok(Figures {
            taken_ns: each(taken),
            ticked_ns: each(ticked),
            slowest_ms: slowest.as_secs_f64() * 1000.0,
        })
    }

    fn take_packets(&mut self) {
        for n in 0..self.size {
            let mut packet = [0; HEADER_LEN + FRAME];
            let header = Header {
                marker: false,
                payload_type: 8,
                sequence: self.sent as u16,
                timestamp: self.sent * FRAME as u32,
                ssrc: n + 1,
            };
            packet[..HEADER_LEN].copy_from_slice(&header.to_bytes());
            let first = self.sent as usize * FRAME % (self.speech.len() - FRAME);
            if n < TALKERS {
                packet[HEADER_LEN..].copy_from_slice(&self.speech[first..first + FRAME]);
            } else {
                packet[HEADER_LEN..].fill(SILENCE);
            }
            // Nothing goes on by itself: the tick hears it.
            let _ =
                self.relay.handle_packet(self.now, Slot(n), Channel::Rtp, far_end(n), &mut packet);
        }
        self.sent += 1;
    }

    fn tick(&mut self) {
        let mut sent = 0;
        self.relay.handle_timeout(self.now, |_, packet| sent += packet.len());
        assert!(sent > 0, "everybody hears something");
        while self.relay.poll_event().is_some() {}
        self.now += Duration::from_millis(20);
    }
}

/// Three seconds that sound like somebody, companded.
fn speech() -> Vec<u8> {
    let law = media::g711::Law::A;
    let sample = |n: u32| {
        let at = f64::from(n) / 8000.0;
        let swell = 0.5 + 0.5 * (TAU * 3.0 * at).sin();
        (8000.0 * swell * (TAU * 180.0 * at).sin() * (TAU * 700.0 * at).sin()) as i16
    };
    (0..24_000).map(|n| law.encode(sample(n))).collect()
}

/// Processor time of this thread.
fn cpu_ns() -> io::Result<u64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = stat.split(' ').next().and_then(|it| it.parse().ok());
    first.ok_or_else(|| io::Error::other("/proc/thread-self/schedstat tells no time"))
}

fn media_id(n: u32) -> MediaId {
    MediaId(u64::from(n) + 1)
}

fn far_end(n: u32) -> SocketAddr {
    ([10, 0, (n >> 8) as u8, n as u8], 4000).into()
}

/// Samples, and bytes, of 20 ms.
const FRAME: usize = 160;
/// A-law of no sound.
const SILENCE: u8 = 0xd5;
