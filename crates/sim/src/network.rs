//! A network with delay, loss, duplication and reordering, all from one seed.

use base::Rng;
use bytes::Bytes;
use sip::{FlowId, Transport};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// How good the network is. Streams suffer delay only.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    /// Shortest way from host to host.
    pub delay_min: Duration,
    /// Longest way; datagrams overtake each other within the difference.
    pub delay_max: Duration,
    /// Datagrams lost, in thousandths.
    pub loss_per_mille: u32,
    /// Datagrams that arrive twice, in thousandths.
    pub duplication_per_mille: u32,
}

impl Quality {
    /// 20 ms each way, and nothing goes wrong.
    pub const GOOD: Self = Self::even(Duration::from_millis(20));

    /// The same delay for all, and nothing goes wrong.
    pub const fn even(delay: Duration) -> Self {
        Self { delay_min: delay, delay_max: delay, loss_per_mille: 0, duplication_per_mille: 0 }
    }
}

/// A message between two hosts.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) transport: Transport,
    pub(crate) flow: FlowId,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Bytes,
}

/// What is under way.
pub struct Network {
    quality: Quality,
    rng: Rng,
    under_way: BTreeMap<(Instant, u64), Datagram>,
    sent: u64,
    last_sent: Option<Instant>,
    /// When the last message of a stream arrives: none overtakes it.
    stream_ends: HashMap<(SocketAddr, SocketAddr), Instant>,
    thieves: Vec<Thief>,
    /// Everything that was sent, with what became of it.
    log: Vec<String>,
}

/// Takes the next messages that it likes away.
struct Thief {
    left: usize,
    wants: Box<Taste>,
}

/// Whether a thief likes a message, by its sender and text.
type Taste = dyn Fn(SocketAddr, &str) -> bool;

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("under_way", &self.under_way.len()).finish_non_exhaustive()
    }
}

impl Network {
    pub(crate) fn new(quality: Quality, rng: Rng) -> Self {
        Self {
            quality,
            rng,
            under_way: BTreeMap::new(),
            sent: 0,
            last_sent: None,
            stream_ends: HashMap::new(),
            thieves: Vec::new(),
            log: Vec::new(),
        }
    }

    /// Changes the quality for what is sent from here on.
    pub fn set_quality(&mut self, quality: Quality) {
        self.quality = quality;
    }

    /// Loses the next `count` messages of which sender and text satisfy `wants`.
    pub fn lose(&mut self, count: usize, wants: impl Fn(SocketAddr, &str) -> bool + 'static) {
        self.thieves.push(Thief { left: count, wants: Box::new(wants) });
    }

    /// How many of the losses ordered by [`Self::lose`] are still to come.
    pub fn losses_left(&self) -> usize {
        self.thieves.iter().map(|it| it.left).sum()
    }

    /// The first lines of everything sent, with times and fates: for failure messages.
    pub fn log(&self) -> &[String] {
        &self.log
    }

    pub(crate) fn send(&mut self, start: Instant, now: Instant, datagram: Datagram) {
        self.last_sent = Some(now);
        let fate = self.fate(now, datagram.clone());
        let Datagram { from, to, bytes, .. } = datagram;
        let at = now.saturating_duration_since(start);
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().next().unwrap_or_default();
        let value = |name: &str| text.lines().find_map(|it| it.strip_prefix(name));
        let call_id = value("Call-ID: ").and_then(|it| it.get(..6)).unwrap_or_default();
        let cseq = value("CSeq: ").unwrap_or_default();
        self.log.push(format!("{at:>9.3?} {from} → {to} {call_id} {fate} {line} ({cseq})"));
    }

    fn fate(&mut self, now: Instant, datagram: Datagram) -> &'static str {
        let text = String::from_utf8_lossy(&datagram.bytes);
        let thief =
            self.thieves.iter_mut().find(|it| it.left > 0 && (it.wants)(datagram.from, &text));
        if let Some(thief) = thief {
            thief.left -= 1;
            return "STOLEN";
        }
        if datagram.transport.is_reliable() {
            let stream = (datagram.from, datagram.to);
            let at = now + self.delay();
            let at = self.stream_ends.get(&stream).map_or(at, |it| at.max(*it));
            self.stream_ends.insert(stream, at);
            self.put(at, datagram);
            return "";
        }
        if self.rng.chance(self.quality.loss_per_mille) {
            return "LOST";
        }
        if self.rng.chance(self.quality.duplication_per_mille) {
            let at = now + self.delay();
            self.put(at, datagram.clone());
            let at = now + self.delay();
            self.put(at, datagram);
            return "TWICE";
        }
        let at = now + self.delay();
        self.put(at, datagram);
        ""
    }

    fn put(&mut self, at: Instant, datagram: Datagram) {
        self.sent += 1;
        self.under_way.insert((at, self.sent), datagram);
    }

    fn delay(&mut self) -> Duration {
        let Quality { delay_min, delay_max, .. } = self.quality;
        let spread_us =
            u64::try_from(delay_max.saturating_sub(delay_min).as_micros()).unwrap_or(u64::MAX - 1);
        delay_min + Duration::from_micros(self.rng.below(spread_us + 1))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.under_way.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Datagram> {
        let key = *self.under_way.keys().next().filter(|(at, _)| *at <= now)?;
        self.under_way.remove(&key)
    }

    pub(crate) fn last_sent(&self) -> Option<Instant> {
        self.last_sent
    }
}
