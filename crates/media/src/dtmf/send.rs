//! Keys into `telephone-event` packets.

use super::{
    Digit, Event, PAUSE, SHORTEST, believable,
    queue::{KEYS_MAX, KeyQueue},
};
use std::time::Duration;

/// Plays keys one after the other as events (RFC 4733 section 2.5.1).
///
/// Driven by the stream that it is a part of: once a packet interval it is asked what goes out
/// instead of audio. The last packet of a key goes out three times, so that a loss costs nothing.
#[derive(Clone, Debug)]
pub struct EventSender {
    clock_rate: u32,
    /// Of a packet interval.
    packet_ticks: u32,
    keys: KeyQueue,
    playing: Option<Playing>,
    /// Ticks of audio that are still to pass before the next key.
    pause_ticks: u32,
}

/// What goes out in place of a packet of audio.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EventPacket {
    /// Set on the first packet of a key.
    pub marker: bool,
    /// Of the event's start, not of the packet.
    pub timestamp: u32,
    /// The payload.
    pub payload: [u8; 4],
}

/// More keys wait than anybody would press.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{KEYS_MAX} keys wait to be sent already: send fewer at a time")]
pub struct QueueFull;

#[derive(Clone, Copy, Debug)]
struct Playing {
    digit: Digit,
    /// RTP timestamp of the segment in hand.
    segment: u32,
    /// Length of the segments before it, in ticks.
    before_ticks: u64,
    /// Length of the whole key, in ticks.
    length_ticks: u64,
    /// How much of the key was told of, in ticks.
    told_ticks: u64,
    is_first: bool,
    /// How often the end has gone out.
    ends: u8,
}

impl EventSender {
    /// Keys that may wait.
    pub const KEYS_MAX: usize = KEYS_MAX;

    /// The pause between two keys.
    pub const PAUSE: Duration = PAUSE;

    /// For a payload type with this clock, in Hz, in a stream with a packet each `packet_ticks`.
    pub fn new(clock_rate: u32, packet_ticks: u32) -> Self {
        Self {
            clock_rate,
            packet_ticks: packet_ticks.max(1),
            keys: KeyQueue::new(),
            playing: None,
            pause_ticks: 0,
        }
    }

    /// Sends a key after those that wait.
    pub fn press(&mut self, digit: Digit, held: Duration) -> Result<(), QueueFull> {
        self.release(Duration::ZERO);
        self.keys.press(digit, held)
    }

    /// Sends a key after those that wait, down until [`Self::release`].
    pub fn hold(&mut self, digit: Digit) -> Result<(), QueueFull> {
        self.release(Duration::ZERO);
        self.keys.hold(digit)
    }

    /// The key of the last [`Self::hold`] is up after this time. Another key ends it as well.
    pub fn release(&mut self, held: Duration) {
        let is_queued = !self.keys.release(held.max(SHORTEST));
        let Some(playing) = self.playing.filter(|_| !is_queued) else { return };
        let passed_micros = playing.told_ticks * 1_000_000 / u64::from(self.clock_rate.max(1));
        let length = believable(held, Duration::from_micros(passed_micros));
        let length_ticks = self.ticks(length).max(playing.told_ticks);
        self.playing = Some(Playing { length_ticks, ..playing });
    }

    /// Whether the packet interval belongs to a pause between keys; it is over then.
    pub fn pause(&mut self) -> bool {
        let is_pausing = self.playing.is_none() && self.pause_ticks > 0;
        if is_pausing {
            self.pause_ticks = self.pause_ticks.saturating_sub(self.packet_ticks);
        }
        is_pausing
    }

    /// Whether nothing is to be sent any more.
    pub fn is_idle(&self) -> bool {
        self.keys.is_empty() && self.playing.is_none()
    }

    /// What goes out in the packet interval that begins at `timestamp`; `None` for audio. The
    /// stream's time goes on through events.
    pub fn next(&mut self, timestamp: u32) -> Option<EventPacket> {
        if self.playing.is_none() {
            if self.pause() {
                return None;
            }
            let (digit, held) = self.keys.pop()?;
            self.playing = Some(Playing {
                digit,
                segment: timestamp,
                before_ticks: 0,
                length_ticks: self.ticks(held).max(u64::from(self.packet_ticks)),
                told_ticks: 0,
                is_first: true,
                ends: 0,
            });
        }
        let playing = self.playing.as_mut()?;
        let packet = playing.packet(timestamp, self.packet_ticks);
        if playing.ends == ENDS {
            self.playing = None;
            self.pause_ticks = self.ticks(Self::PAUSE) as u32;
        }
        Some(packet)
    }

    fn ticks(&self, time: Duration) -> u64 {
        (time.as_micros() as u64).saturating_mul(u64::from(self.clock_rate)) / 1_000_000
    }
}

impl Playing {
    /// The packet for the interval at `timestamp`; its duration reaches to the interval's end.
    fn packet(&mut self, timestamp: u32, packet_ticks: u32) -> EventPacket {
        let segment_max = u32::from(u16::MAX);
        let mut ticks = timestamp.wrapping_sub(self.segment).saturating_add(packet_ticks);
        let mut left_ticks = self.length_ticks.saturating_sub(self.before_ticks);
        if ticks > segment_max && left_ticks > u64::from(segment_max) {
            // A segment is full: the next begins where it ends (section 2.5.1.3).
            self.segment = self.segment.wrapping_add(segment_max);
            self.before_ticks += u64::from(segment_max);
            left_ticks -= u64::from(segment_max);
            ticks -= segment_max;
        }
        let is_end = u64::from(ticks) >= left_ticks;
        if is_end {
            self.ends += 1;
        }
        let duration_ticks = u64::from(ticks).min(left_ticks).min(u64::from(u16::MAX)) as u16;
        self.told_ticks = self.before_ticks + u64::from(duration_ticks);
        let event = Event { code: self.digit.code(), is_end, volume_db: VOLUME_DB, duration_ticks };
        EventPacket {
            marker: std::mem::take(&mut self.is_first),
            timestamp: self.segment,
            payload: event.to_bytes(),
        }
    }
}

/// How often the end goes out (section 2.5.1.4).
const ENDS: u8 = 3;

/// What phones say; receivers that make tones of it play them at −10 dBm0.
const VOLUME_DB: u8 = 10;
