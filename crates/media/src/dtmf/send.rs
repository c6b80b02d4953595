//! Keys into `telephone-event` packets.

use super::{Digit, Event};
use std::{collections::VecDeque, time::Duration};

/// Plays keys one after the other as events (RFC 4733 section 2.5.1).
///
/// Driven by the stream that it is a part of: once a packet interval it is asked what goes out
/// instead of audio. The last packet of a key goes out three times, so that a loss costs nothing.
#[derive(Clone, Debug)]
pub struct EventSender {
    clock_rate: u32,
    /// Of a packet interval.
    packet_ticks: u32,
    keys: VecDeque<(Digit, Duration)>,
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
#[error("{} keys wait to be sent already: send fewer at a time", EventSender::KEYS_MAX)]
pub struct QueueFull;

#[derive(Clone, Copy, Debug)]
struct Playing {
    digit: Digit,
    /// RTP timestamp of the segment in hand.
    segment: u32,
    /// What is left of the key at the segment's start, in ticks.
    left_ticks: u64,
    is_first: bool,
    /// How often the end has gone out.
    ends: u8,
}

impl EventSender {
    /// Keys that may wait.
    pub const KEYS_MAX: usize = 64;

    /// The pause between two keys: Q.24 asks for 40 ms, slow receivers for more.
    pub const PAUSE: Duration = Duration::from_millis(60);

    /// For a payload type with this clock, in Hz, in a stream with a packet each `packet_ticks`.
    pub fn new(clock_rate: u32, packet_ticks: u32) -> Self {
        Self {
            clock_rate,
            packet_ticks: packet_ticks.max(1),
            keys: VecDeque::with_capacity(Self::KEYS_MAX),
            playing: None,
            pause_ticks: 0,
        }
    }

    /// Sends a key after those that wait.
    pub fn press(&mut self, digit: Digit, held: Duration) -> Result<(), QueueFull> {
        if self.keys.len() >= Self::KEYS_MAX {
            return Err(QueueFull);
        }
        self.keys.push_back((digit, held));
        Ok(())
    }

    /// Whether nothing is to be sent any more.
    pub fn is_idle(&self) -> bool {
        self.keys.is_empty() && self.playing.is_none()
    }

    /// What goes out in the packet interval that begins at `timestamp`; `None` for audio. The
    /// stream's time goes on through events.
    pub fn next(&mut self, timestamp: u32) -> Option<EventPacket> {
        if self.playing.is_none() {
            if self.pause_ticks > 0 {
                self.pause_ticks = self.pause_ticks.saturating_sub(self.packet_ticks);
                return None;
            }
            let (digit, held) = self.keys.pop_front()?;
            let left_ticks = self.ticks(held).max(u64::from(self.packet_ticks));
            let playing =
                Playing { digit, segment: timestamp, left_ticks, is_first: true, ends: 0 };
            self.playing = Some(playing);
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
        if ticks > segment_max && self.left_ticks > u64::from(segment_max) {
            // A segment is full: the next begins where it ends (section 2.5.1.3).
            self.segment = self.segment.wrapping_add(segment_max);
            self.left_ticks -= u64::from(segment_max);
            ticks -= segment_max;
        }
        let is_end = u64::from(ticks) >= self.left_ticks;
        if is_end {
            self.ends += 1;
        }
        let duration_ticks = u64::from(ticks).min(self.left_ticks).min(u64::from(u16::MAX)) as u16;
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
