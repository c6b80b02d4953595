//! Keys out of `telephone-event` packets that may be lost, doubled and out of order.

use super::{Digit, Event, Heard};
use std::time::{Duration, Instant};

/// Says each key once, however many packets tell of it (RFC 4733 section 2.5.2).
///
/// All packets of an event carry the time of its start, which tells it from its neighbours: what
/// is not later than the last event is an echo of it. An event whose end is lost ends with the
/// next one, or when no packet came for [`EventReceiver::SILENCE_MAX`].
#[derive(Clone, Debug)]
pub struct EventReceiver {
    clock_rate: u32,
    current: Option<Current>,
    /// Start of the last event that is over, and when its last packet came.
    last: Option<(u32, Instant)>,
}

/// The key that is down.
#[derive(Clone, Copy, Debug)]
struct Current {
    digit: Digit,
    /// RTP timestamp of the segment in hand.
    segment: u32,
    /// Length of the segments before it, in ticks.
    before_ticks: u64,
    /// Length of this one so far, in ticks.
    ticks: u16,
    heard_at: Instant,
}

/// One packet can end a key, begin another, and end that.
type Told = [Option<Heard>; 3];

const NOTHING: Told = [None; 3];

impl EventReceiver {
    /// How long a key is believed to be down without another packet. Senders repeat themselves
    /// every 50 ms at the slowest.
    pub const SILENCE_MAX: Duration = Duration::from_millis(200);

    /// For a payload type with this clock, in Hz.
    pub fn new(clock_rate: u32) -> Self {
        Self { clock_rate: clock_rate.max(1), current: None, last: None }
    }

    /// Takes in a packet; in order, what it tells.
    pub fn packet(
        &mut self,
        now: Instant,
        timestamp: u32,
        payload: &[u8],
    ) -> impl Iterator<Item = Heard> + use<> {
        self.take_in(now, timestamp, payload).into_iter().flatten()
    }

    /// Ends a key of which nothing is heard any more. To be called several times a second.
    pub fn tick(&mut self, now: Instant) -> Option<Heard> {
        let current = self.current.as_ref()?;
        if now.saturating_duration_since(current.heard_at) < Self::SILENCE_MAX {
            return None;
        }
        self.release()
    }

    /// The source is another from here on (its SSRC changed): its times cannot be compared.
    pub fn restart(&mut self) -> Option<Heard> {
        let released = self.release();
        self.last = None;
        released
    }

    fn take_in(&mut self, now: Instant, timestamp: u32, payload: &[u8]) -> Told {
        let Some(event) = Event::parse(payload) else { return NOTHING };
        let Some(digit) = Digit::from_code(event.code) else { return NOTHING };
        if let Some(current) = &mut self.current {
            if current.goes_on(digit, timestamp) {
                current.update(now, event);
                return [if event.is_end { self.release() } else { None }, None, None];
            }
            if !is_after(timestamp, current.segment) {
                return NOTHING;
            }
        } else if self.is_echo(now, timestamp) {
            return NOTHING;
        }
        let released = self.release();
        let ticks = event.duration_ticks;
        self.current =
            Some(Current { digit, segment: timestamp, before_ticks: 0, ticks, heard_at: now });
        let pressed = Some(Heard::Pressed(digit));
        // The end may be all that comes of a key.
        [released, pressed, if event.is_end { self.release() } else { None }]
    }

    fn release(&mut self) -> Option<Heard> {
        let current = self.current.take()?;
        self.last = Some((current.segment, current.heard_at));
        let ticks = current.before_ticks + u64::from(current.ticks);
        let held = Duration::from_micros(ticks * 1_000_000 / u64::from(self.clock_rate));
        Some(Heard::Released { digit: current.digit, held })
    }

    /// A packet of an event that is over. One that comes much later is of a sender whose clock
    /// began anew.
    fn is_echo(&mut self, now: Instant, timestamp: u32) -> bool {
        let Some((last, at)) = &mut self.last else { return false };
        let is_echo = !is_after(timestamp, *last) && now.saturating_duration_since(*at) < ECHO_MAX;
        if is_echo && timestamp == *last {
            // A key that is held on through a silence stays released.
            *at = now;
        }
        is_echo
    }
}

impl Current {
    /// Whether a packet is of this key: of the same segment, or of the one that follows a full one
    /// (RFC 4733 section 2.5.1.3).
    fn goes_on(&mut self, digit: Digit, timestamp: u32) -> bool {
        if digit != self.digit {
            return false;
        }
        if timestamp == self.segment.wrapping_add(u32::from(u16::MAX)) {
            self.before_ticks += u64::from(u16::MAX);
            self.segment = timestamp;
            self.ticks = 0;
        }
        timestamp == self.segment
    }

    fn update(&mut self, now: Instant, event: Event) {
        self.ticks = self.ticks.max(event.duration_ticks);
        self.heard_at = now;
    }
}

/// Whether a timestamp is later than another; they wrap.
fn is_after(timestamp: u32, other: u32) -> bool {
    timestamp.wrapping_sub(other).cast_signed() > 0
}

/// How much later than the last packet of an event another of the same may come.
const ECHO_MAX: Duration = Duration::from_secs(2);
