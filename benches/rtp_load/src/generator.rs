//! Both far ends of many calls: a packet every 20 ms. Unless they are given something to say, it is of
//! the size of G.711 and stamped, so that the delay of each is known when it comes out at the other end.
//!
//! The far ends stand for phones on other machines. There, a packet sent to them wakes nobody
//! here; so the listener looks into its sockets at its own pace ([`LOOK`]) and never sleeps in
//! them, which would charge each relay for waking the generator. Delays are that coarse.

use crate::{RelayPorts, speech::Said, work::PACKET_TIME};
use anyhow::{Result, ensure};
use media::rtp::{HEADER_LEN, Header};
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
};
use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Sockets for both ends of every call.
#[derive(Debug)]
pub(crate) struct Generator {
    /// A's of the first call, B's of the first call, A's of the second…
    sockets: Vec<UdpSocket>,
    says: Says,
}

/// What far ends send.
#[derive(Debug)]
enum Says {
    Stamps,
    /// By far end, nothing for those that only hear.
    Speech(Vec<Option<Said>>),
}

/// What came out at the far ends during the window.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Packets sent into the relay.
    pub(crate) sent: u64,
    /// Packets that came out of it.
    pub(crate) received: u64,
    /// How long they were under way, in microseconds; sorted.
    delays_us: Vec<u32>,
}

impl Generator {
    pub(crate) fn bind(calls: usize) -> Result<Self> {
        ensure!(calls > 0, "no calls");
        let sockets = (0..2 * calls).map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)));
        Ok(Self { sockets: sockets.collect::<Result<_, _>>()?, says: Says::Stamps })
    }

    /// With something to say, by far end, instead of stamps.
    pub(crate) fn saying(self, said: Vec<Option<Said>>) -> Self {
        Self { says: Says::Speech(said), ..self }
    }

    /// The far ends' addresses, a pair a call.
    pub(crate) fn ports(&self) -> Vec<(SocketAddr, SocketAddr)> {
        let address = |socket: &UdpSocket| {
            socket.local_addr().expect("a bound UDP socket has a local address")
        };
        self.sockets.chunks(2).map(|pair| (address(&pair[0]), address(&pair[1]))).collect()
    }

    /// Begins to talk.
    pub(crate) fn start(self, relay: &[RelayPorts]) -> Result<Running> {
        for (pair, ports) in self.sockets.chunks(2).zip(relay) {
            pair[0].connect(ports.a)?;
            pair[1].connect(ports.b)?;
        }
        for socket in &self.sockets {
            socket.set_nonblocking(true)?;
        }
        let shared = Arc::new(Shared {
            sockets: self.sockets,
            says: self.says,
            epoch: Instant::now(),
            window_from_us: AtomicU64::new(u64::MAX),
            sent: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
        });
        let (talker, listener) = (Arc::clone(&shared), Arc::clone(&shared));
        Ok(Running {
            talking: thread::spawn(move || talker.talk()),
            listening: thread::spawn(move || listener.listen()),
            shared,
        })
    }
}

/// A generator at work.
#[derive(Debug)]
pub(crate) struct Running {
    shared: Arc<Shared>,
    talking: JoinHandle<()>,
    listening: JoinHandle<Result<Outcome>>,
}

impl Running {
    /// Packets sent from now on count.
    pub(crate) fn begin_window(&self) {
        self.shared.window_from_us.store(self.shared.now_us(), Relaxed);
    }

    /// Ends the talk, waits for what is under way, and sums up.
    pub(crate) fn finish(self) -> Result<Outcome> {
        self.shared.stopping.store(true, Relaxed);
        let panicked = |_| anyhow::anyhow!("the generator has panicked");
        self.talking.join().map_err(panicked)?;
        let mut outcome = self.listening.join().map_err(panicked)??;
        outcome.sent = self.shared.sent.load(Relaxed);
        outcome.delays_us.sort_unstable();
        Ok(outcome)
    }
}

#[derive(Debug)]
struct Shared {
    sockets: Vec<UdpSocket>,
    says: Says,
    epoch: Instant,
    window_from_us: AtomicU64,
    sent: AtomicU64,
    stopping: AtomicBool,
}

impl Shared {
    /// Every leg has a phase of its own within the 20 ms, as phones have.
    fn talk(&self) {
        let legs = self.sockets.len() as u32;
        for n in 0_u32.. {
            for (leg, socket) in self.sockets.iter().enumerate() {
                let leg = leg as u32;
                let due = self.epoch + PACKET_TIME * n + PACKET_TIME * leg / legs;
                let early = due.saturating_duration_since(Instant::now());
                if early > STEP {
                    thread::sleep(early);
                }
                if self.stopping.load(Relaxed) {
                    return;
                }
                self.send(socket, leg, n);
            }
        }
    }

    fn send(&self, socket: &UdpSocket, leg: u32, n: u32) {
        let now_us = self.now_us();
        let mut packet = [0xd5; PACKET_MAX];
        let payload = &mut packet[HEADER_LEN..];
        let (payload_type, ticks, len) = match &self.says {
            Says::Stamps => {
                payload[..8].copy_from_slice(&now_us.to_be_bytes());
                (PCMA, PAYLOAD_LEN as u32, PAYLOAD_LEN)
            }
            Says::Speech(said) => {
                let Some(said) = &said[leg as usize] else { return };
                let said_now = &said.payloads[n as usize % said.payloads.len()];
                payload[..said_now.len()].copy_from_slice(said_now);
                (said.payload_type, said.ticks, said_now.len())
            }
        };
        let header = Header {
            marker: n == 0,
            payload_type,
            sequence: n as u16,
            timestamp: n.wrapping_mul(ticks),
            ssrc: 0x1000_0000 + leg,
        };
        packet[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        // A relay that is gone shows as loss.
        let is_sent = socket.send(&packet[..HEADER_LEN + len]).is_ok();
        if is_sent && now_us >= self.window_from_us.load(Relaxed) {
            self.sent.fetch_add(1, Relaxed);
        }
    }

    fn listen(&self) -> Result<Outcome> {
        let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (leg, socket) in self.sockets.iter().enumerate() {
            let data = epoll::EventData::new_u64(leg as u64);
            epoll::add(&set, socket, data, epoll::EventFlags::IN)?;
        }
        let mut outcome = Outcome::default();
        let mut ready: Vec<epoll::Event> = Vec::with_capacity(READY_MAX);
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let (mut heard_at, mut stopped_at) = (Instant::now(), None);
        // Music goes on when nobody talks any more.
        let is_over = |heard_at: Instant, stopped_at: Option<Instant>| {
            stopped_at.is_some_and(|it| heard_at.elapsed() >= LINGER || it.elapsed() >= LINGER_MAX)
        };
        while !is_over(heard_at, stopped_at) {
            thread::sleep(LOOK);
            if stopped_at.is_none() && self.stopping.load(Relaxed) {
                stopped_at = Some(Instant::now());
            }
            ready.clear();
            if epoll::wait(&set, spare_capacity(&mut ready), Some(&at_once))? > 0 {
                heard_at = Instant::now();
            }
            for event in &ready {
                let data = event.data;
                self.receive(&self.sockets[data.u64() as usize], &mut outcome);
            }
        }
        Ok(outcome)
    }

    fn receive(&self, socket: &UdpSocket, outcome: &mut Outcome) {
        let mut packet = [0; PACKET_MAX];
        let Ok(len) = socket.recv(&mut packet) else { return };
        let window_from_us = self.window_from_us.load(Relaxed);
        if let Says::Speech(_) = self.says {
            outcome.received += u64::from(self.now_us() >= window_from_us);
            return;
        }
        let Some(stamp) = packet[..len].get(HEADER_LEN..).and_then(|it| it.first_chunk()) else {
            return;
        };
        let sent_us = u64::from_be_bytes(*stamp);
        if sent_us >= window_from_us {
            outcome.received += 1;
            outcome.delays_us.push(self.now_us().saturating_sub(sent_us) as u32);
        }
    }

    fn now_us(&self) -> u64 {
        self.epoch.elapsed().as_micros() as u64
    }
}

impl Outcome {
    /// Adds another round.
    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.delays_us.extend(&other.delays_us);
        self.delays_us.sort_unstable();
    }

    fn delay_ms(&self, percent: usize) -> f64 {
        let last = self.delays_us.len().saturating_sub(1);
        self.delays_us.get(last * percent / 100).map_or(0.0, |it| f64::from(*it) / 1000.0)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = self.sent.saturating_sub(self.received);
        let (median, high) = (self.delay_ms(50), self.delay_ms(99));
        write!(
            f,
            "{} packets, {lost} lost, delay p50 {median:.2} ms p99 {high:.2} ms",
            self.received
        )
    }
}

const PCMA: u8 = 8;
/// Longest packet.
const PACKET_MAX: usize = 1500;
/// Of G.711: 20 ms at 8 kHz.
const PAYLOAD_LEN: usize = 160;
/// Legs due within this are served without sleeping between them.
const STEP: Duration = Duration::from_micros(200);
/// After the end, until nothing more is under way.
const LINGER: Duration = Duration::from_millis(200);
/// And no longer than that.
const LINGER_MAX: Duration = Duration::from_secs(1);
/// Between two looks of the listener.
const LOOK: Duration = Duration::from_micros(500);
const READY_MAX: usize = 1024;
