//! The jitter buffer: an even stream out of packets that come when they like.
//!
//! Sans-IO. [`JitterBuffer::insert`] takes in each packet as it comes; whoever plays asks
//! [`JitterBuffer::next`] for a packet whenever it has nothing left to play. In between the buffer
//! keeps as much as the network needs (its target, learnt from how late packets come) and as
//! little as that allows; [`JitterBuffer::pace`] says when what is played should be stretched or
//! squeezed to get there, which also makes good for two clocks that do not run alike.
//!
//! A silence of the far end needs no packets: when they run out, the next one begins a new spurt
//! and waits for the target again.

use crate::{reception::ticks, rtp::Header};
use std::time::{Duration, Instant};

/// Buffer of one stream, through any number of sources (SSRC). Allocates only while its places
/// grow to the length of the packets.
#[derive(Debug)]
pub struct JitterBuffer {
    clock_rate: u32,
    began_at: Instant,
    /// By sequence number.
    places: Box<[Place]>,
    /// The payload that was given out last.
    out: Vec<u8>,
    state: State,
    lateness: Lateness,
    /// What waits, in ticks, evened out.
    waiting: i64,
    counts: JitterCounts,
}

/// What to play next.
#[derive(Debug, Eq, PartialEq)]
pub enum Next<'a> {
    /// A packet that came.
    Packet {
        /// How to decode it.
        payload_type: u8,
        /// What to decode.
        payload: &'a [u8],
    },
    /// A packet that will not come, or not in time: conceal one.
    Lost {
        /// The packet after it, if it is there: it may say again what was lost.
        next: Option<&'a [u8]>,
    },
    /// Nothing is said, or nothing is here yet: play silence, or comfort noise.
    Silence,
}

/// Whether what is played should take its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// As it comes.
    Even,
    /// Squeeze it: more waits than the network needs.
    Squeeze,
    /// Stretch it: too little waits.
    Stretch,
}

/// What became of the packets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct JitterCounts {
    /// Given out.
    pub played: u64,
    /// Did not come in time, or at all, though later ones did.
    pub lost: u64,
    /// Came when their time was over, or from nowhere.
    pub late: u64,
    /// Came twice.
    pub doubled: u64,
}

impl JitterBuffer {
    /// For a stream that begins. `clock_rate` is that of its timestamps, in Hz.
    pub fn new(now: Instant, clock_rate: u32) -> Self {
        Self {
            clock_rate,
            began_at: now,
            places: (0..PLACES).map(|_| Place::default()).collect(),
            out: Vec::new(),
            state: State::Silent,
            lateness: Lateness::new(clock_rate),
            waiting: 0,
            counts: JitterCounts::default(),
        }
    }

    /// Takes in a packet.
    pub fn insert(&mut self, now: Instant, header: &Header, payload: &[u8]) {
        let arrival = ticks(now.saturating_duration_since(self.began_at), self.clock_rate);
        let transit = arrival.wrapping_sub(header.timestamp);
        match self.state.stream_mut().map(|it| it.judge(header)) {
            Some(Verdict::Awaited) => {}
            Some(Verdict::TooLate) => {
                self.counts.late += 1;
                self.lateness.learn(transit);
                return;
            }
            Some(Verdict::Stray) => {
                self.counts.late += 1;
                return;
            }
            Some(Verdict::Another) | None => self.begin(now, header, transit),
        }
        let place = &mut self.places[usize::from(header.sequence) % PLACES];
        if place.holds(header.sequence) {
            self.counts.doubled += 1;
            return;
        }
        place.take(header, payload);
        self.lateness.learn(transit);
    }

    /// The next packet's worth.
    pub fn next(&mut self, now: Instant) -> Next<'_> {
        if let State::Gathering { stream, until } = &self.state
            && *until <= now
        {
            let stream = stream.clone();
            self.waiting = stream.waiting();
            self.state = State::Playing { stream, missing: 0 };
        }
        let State::Playing { stream, missing } = &mut self.state else { return Next::Silence };
        let waits = stream.waiting();
        self.waiting += (waits - self.waiting) / EVENING;
        let mut here = &mut self.places[usize::from(stream.next) % PLACES];
        // What was concealed while nothing was here need not be concealed again.
        while *missing > 0 && waits > 0 && !here.holds(stream.next) {
            *missing -= 1;
            self.counts.lost += 1;
            stream.skip();
            here = &mut self.places[usize::from(stream.next) % PLACES];
        }
        if here.holds(stream.next) {
            if stream.is_before_pause(here.timestamp, *missing) {
                return Next::Silence;
            }
            here.is_taken = false;
            std::mem::swap(&mut self.out, &mut here.payload);
            let payload_type = here.payload_type;
            stream.advance(here.timestamp);
            *missing = 0;
            self.counts.played += 1;
            return Next::Packet { payload_type, payload: &self.out };
        }
        if waits <= 0 {
            // It may come yet, and then it is played, only later.
            *missing += 1;
            if *missing > MISSING_MAX {
                self.state = State::Silent;
                return Next::Silence;
            }
            return Next::Lost { next: None };
        }
        self.counts.lost += 1;
        stream.skip();
        let after = &self.places[usize::from(stream.next) % PLACES];
        Next::Lost { next: after.holds(stream.next).then_some(&after.payload[..]) }
    }

    /// Whether what is played should be stretched or squeezed. To be asked once a packet.
    pub fn pace(&self) -> Pace {
        let State::Playing { stream, .. } = &self.state else { return Pace::Even };
        let target = i64::from(self.lateness.target());
        let packet = i64::from(stream.packet_ticks);
        if self.waiting > target + packet {
            Pace::Squeeze
        } else if self.waiting < packet + (target - packet) / 3 {
            Pace::Stretch
        } else {
            Pace::Even
        }
    }

    /// What was played was squeezed by so many ticks (below 0: stretched).
    pub fn squeezed(&mut self, ticks: i32) {
        self.waiting -= i64::from(ticks);
    }

    /// How much is to wait, so that packets as late as lately are still in time.
    pub fn target(&self) -> Duration {
        span(i64::from(self.lateness.target()), self.clock_rate)
    }

    /// How much waits, evened out.
    pub fn delay(&self) -> Duration {
        span(self.waiting, self.clock_rate)
    }

    /// What became of the packets.
    pub fn counts(&self) -> JitterCounts {
        self.counts
    }

    fn begin(&mut self, now: Instant, header: &Header, transit: u32) {
        for place in &mut self.places {
            place.is_taken = false;
        }
        self.lateness.begin(transit);
        let stream = Stream::new(header, self.clock_rate / 1000 * PACKET_MS);
        // The packet itself is part of what waits.
        let more = i64::from(self.lateness.target()) - i64::from(stream.packet_ticks);
        let until = now + span(more, self.clock_rate);
        self.state = State::Gathering { stream, until };
    }
}

#[derive(Debug)]
enum State {
    /// Nothing comes.
    Silent,
    /// A spurt has begun, and waits for the target.
    Gathering { stream: Stream, until: Instant },
    /// Given out evenly; so many packets in a row were concealed because nothing was here.
    Playing { stream: Stream, missing: u16 },
}

impl State {
    fn stream_mut(&mut self) -> Option<&mut Stream> {
        match self {
            Self::Silent => None,
            Self::Gathering { stream, .. } | Self::Playing { stream, .. } => Some(stream),
        }
    }
}

/// Numbers of the source in hand.
#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    /// To be given out next, and when it should begin.
    next: u16,
    next_timestamp: u32,
    /// The newest that came.
    newest: u16,
    newest_timestamp: u32,
    packet_ticks: u32,
    has_begun: bool,
    /// What the sequence number would be if the sender had begun anew.
    restart_at: Option<u16>,
}

enum Verdict {
    /// Its time is yet to come.
    Awaited,
    /// Its time is over.
    TooLate,
    /// From nowhere; one like it and it is believed.
    Stray,
    /// Another source, or the same that began anew.
    Another,
}

impl Stream {
    fn new(header: &Header, packet_ticks: u32) -> Self {
        Self {
            ssrc: header.ssrc,
            next: header.sequence,
            next_timestamp: header.timestamp,
            newest: header.sequence,
            newest_timestamp: header.timestamp,
            packet_ticks,
            has_begun: false,
            restart_at: None,
        }
    }

    fn judge(&mut self, header: &Header) -> Verdict {
        let ahead = header.sequence.wrapping_sub(self.next).cast_signed();
        let is_near = (-BEHIND_MAX..PLACES as i16).contains(&ahead);
        if self.ssrc != header.ssrc || self.restart_at == Some(header.sequence) && !is_near {
            return Verdict::Another;
        }
        if !is_near {
            self.restart_at = Some(header.sequence.wrapping_add(1));
            return Verdict::Stray;
        }
        self.restart_at = None;
        // Before anything was given out, an earlier packet may still become the first.
        let is_in_time = ahead >= 0
            || !self.has_begun && self.newest.wrapping_sub(header.sequence) < PLACES as u16;
        if !is_in_time {
            return Verdict::TooLate;
        }
        if ahead < 0 {
            self.next = header.sequence;
            self.next_timestamp = header.timestamp;
        }
        self.note(header);
        Verdict::Awaited
    }

    /// Two packets in a row tell how long a packet is.
    fn note(&mut self, header: &Header) {
        let ahead = header.sequence.wrapping_sub(self.newest).cast_signed();
        let ticks = header.timestamp.wrapping_sub(self.newest_timestamp);
        if ahead == 1 && (1..=self.packet_ticks * 3).contains(&ticks) {
            self.packet_ticks = ticks;
        }
        if ahead > 0 {
            self.newest = header.sequence;
            self.newest_timestamp = header.timestamp;
        }
    }

    /// From what is given out next to the end of the newest, in ticks; 0 or less if nothing is.
    fn waiting(&self) -> i64 {
        let distance = self.newest.wrapping_sub(self.next).cast_signed();
        if distance < 0 {
            return 0;
        }
        let span = self.newest_timestamp.wrapping_sub(self.next_timestamp).cast_signed();
        i64::from(span).max(0) + i64::from(self.packet_ticks)
    }

    /// Whether the sender paused before the packet in hand; a packet of the pause is over then.
    fn is_before_pause(&mut self, timestamp: u32, concealed: u16) -> bool {
        let pause = timestamp.wrapping_sub(self.next_timestamp).cast_signed();
        let concealed = i64::from(concealed) * i64::from(self.packet_ticks);
        let left = i64::from(pause) - concealed;
        let is_pause = left >= i64::from(self.packet_ticks)
            && left < i64::from(self.packet_ticks) * PLACES as i64;
        if is_pause {
            self.next_timestamp = self.next_timestamp.wrapping_add(self.packet_ticks);
        }
        is_pause
    }

    fn advance(&mut self, timestamp: u32) {
        self.next = self.next.wrapping_add(1);
        self.next_timestamp = timestamp.wrapping_add(self.packet_ticks);
        self.has_begun = true;
    }

    fn skip(&mut self) {
        self.advance(self.next_timestamp);
    }
}

/// Room for a packet.
#[derive(Debug, Default)]
struct Place {
    is_taken: bool,
    sequence: u16,
    timestamp: u32,
    payload_type: u8,
    payload: Vec<u8>,
}

impl Place {
    fn take(&mut self, header: &Header, payload: &[u8]) {
        self.is_taken = true;
        self.sequence = header.sequence;
        self.timestamp = header.timestamp;
        self.payload_type = header.payload_type;
        self.payload.clear();
        self.payload.extend_from_slice(payload);
    }

    fn holds(&self, sequence: u16) -> bool {
        self.is_taken && self.sequence == sequence
    }
}

/// How late packets come, against the earliest of the last seconds: a histogram that forgets.
#[derive(Debug)]
struct Lateness {
    clock_rate: u32,
    /// Share of the packets, by steps of [`STEP_MS`].
    shares: [f32; STEPS],
    /// Transit times are told against that of the first packet, for they wrap.
    reference: u32,
    /// The earliest packets of this window and of the one before it.
    earliest: [i32; 2],
    in_window: u32,
}

impl Lateness {
    /// Before anything is known, 20 ms are taken to be usual.
    fn new(clock_rate: u32) -> Self {
        let mut shares = [0.0; STEPS];
        shares[1] = 1.0;
        Self { clock_rate, shares, reference: 0, earliest: [0; 2], in_window: 0 }
    }

    /// Another clock begins; how uneven the way is stays known.
    fn begin(&mut self, transit: u32) {
        self.reference = transit;
        self.earliest = [0; 2];
        self.in_window = 0;
    }

    fn learn(&mut self, transit: u32) {
        let transit = transit.wrapping_sub(self.reference).cast_signed();
        self.in_window += 1;
        if self.in_window > WINDOW {
            self.earliest = [transit, self.earliest[0]];
            self.in_window = 0;
        }
        self.earliest[0] = self.earliest[0].min(transit);
        let late = i64::from(transit) - i64::from(self.earliest[0].min(self.earliest[1]));
        let step = late.max(0) / i64::from(self.clock_rate / 1000 * STEP_MS);
        for share in &mut self.shares {
            *share *= 1.0 - LEARNING;
        }
        self.shares[(step as usize).min(STEPS - 1)] += LEARNING;
    }

    /// How much is to wait, the packet itself included, in ticks.
    fn target(&self) -> u32 {
        let mut left = 1.0;
        let most = self.shares.iter().position(|share| {
            left -= share;
            left <= TOO_LATE
        });
        let most_ms = (most.unwrap_or(STEPS - 1) as u32 + 1) * STEP_MS;
        self.clock_rate / 1000 * (most_ms + PACKET_MS).min(TARGET_MAX_MS)
    }
}

/// In time; nothing if below 0.
fn span(ticks: i64, clock_rate: u32) -> Duration {
    Duration::from_nanos(ticks.max(0).cast_unsigned() * 1_000_000_000 / u64::from(clock_rate))
}

/// Packets that may wait: over a second at 20 ms.
const PLACES: usize = 64;
/// A packet that many behind is late; one from farther back is from nowhere.
const BEHIND_MAX: i16 = 100;
/// Packets in a row that are awaited though nothing is here; then the far end has fallen silent.
const MISSING_MAX: u16 = 5;
/// The wait is evened out over so many packets.
const EVENING: i64 = 16;
/// Length of a packet until two in a row have told it, in milliseconds.
const PACKET_MS: u32 = 20;
/// Nothing waits longer, in milliseconds: beyond it people talk into each other's words.
const TARGET_MAX_MS: u32 = 400;
/// How finely lateness is told, in milliseconds.
const STEP_MS: u32 = 10;
/// Up to 500 ms.
const STEPS: usize = 50;
/// Share of a packet in what is known: ten seconds of packets of 20 ms are remembered.
const LEARNING: f32 = 0.002;
/// Share of the packets that may come too late.
const TOO_LATE: f32 = 0.01;
/// Packets after which the earliest of before is forgotten: two seconds and more.
const WINDOW: u32 = 100;

#[cfg(test)]
mod tests;
