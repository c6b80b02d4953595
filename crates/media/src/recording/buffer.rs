//! Between the packets of a worker and the disk: a bounded buffer of records.

use super::journal::{Event, Label, Record, Track};
use crate::rtp::Header;
use base::{MediaId, RecordingId};
use std::{
    collections::{HashMap, VecDeque},
    mem,
    time::{Duration, Instant},
};

/// Of a session: what is copied of its packets, and where to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tap {
    pub(crate) recording: RecordingId,
    /// The track of what comes in.
    pub(crate) received: Option<Track>,
    /// The track of what we play.
    pub(crate) sent: Option<Track>,
    pub(crate) is_paused: bool,
    /// When the far end is told next that it is recorded, if it is told.
    pub(crate) beeps_at: Option<Instant>,
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Received,
    Sent,
}

/// What became of the packets of recorded sessions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RecordedCounts {
    /// Copied.
    pub packets: u64,
    /// Found no room.
    pub lost: u64,
}

/// Records of all recordings of a worker that are yet to be fetched.
///
/// Bounded: a packet that finds no room is lost, which is counted and told at the end of its
/// recording. What is no packet waits for room instead; it comes with commands, and is no more than
/// they are. Once the buffer is there, adding packets allocates nothing.
#[derive(Debug)]
pub(crate) struct Buffer {
    born_at: Instant,
    records: Vec<u8>,
    /// Records that are no packets and found no room.
    waiting: VecDeque<Vec<u8>>,
    running: HashMap<RecordingId, Running>,
    due_at: Option<Instant>,
    counts: RecordedCounts,
}

/// A recording that has not ended.
#[derive(Debug)]
struct Running {
    /// The sessions whose packets it is made of; none of a room's.
    sources: Option<[MediaId; 2]>,
    lost: u64,
}

impl Buffer {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            born_at: now,
            records: Vec::new(),
            waiting: VecDeque::new(),
            running: HashMap::new(),
            due_at: None,
            counts: RecordedCounts::default(),
        }
    }

    /// Begins a recording; false if it runs already.
    pub(crate) fn begin(
        &mut self,
        now: Instant,
        recording: RecordingId,
        label: Label,
        sources: Option<[MediaId; 2]>,
    ) -> bool {
        if self.running.contains_key(&recording) {
            return false;
        }
        self.records.reserve_exact(BUFFER_BYTES.saturating_sub(self.records.len()));
        self.running.insert(recording, Running { sources, lost: 0 });
        self.note(now, recording, Event::Began(label));
        true
    }

    /// The sessions of a recording that runs.
    pub(crate) fn sources(&self, recording: RecordingId) -> Option<[MediaId; 2]> {
        self.running.get(&recording)?.sources
    }

    /// Ends a recording.
    pub(crate) fn end(&mut self, now: Instant, recording: RecordingId) {
        if let Some(Running { lost, .. }) = self.running.remove(&recording) {
            self.note(now, recording, Event::Ended { lost });
            // Whoever waits for the recording should not wait for other packets.
            self.due_at = Some(now);
        }
    }

    /// Adds what is no packet.
    pub(crate) fn note(&mut self, now: Instant, recording: RecordingId, event: Event<'_>) {
        let mut bytes = Vec::new();
        Record { recording, at: self.age(now), event }.write(&mut bytes);
        self.waiting.push_back(bytes);
        self.let_in(now);
    }

    /// Adds a packet of a session with this tap, if it is recorded and there is room.
    pub(crate) fn copy(
        &mut self,
        now: Instant,
        tap: Tap,
        way: Way,
        header: &Header,
        payload: &[u8],
    ) {
        let track = match way {
            Way::Received => tap.received,
            Way::Sent => tap.sent,
        };
        if let Some(track) = track.filter(|_| !tap.is_paused) {
            self.add_packet(now, tap.recording, track, (header, payload));
        }
    }

    /// Adds a packet of a recording, if there is room.
    pub(crate) fn add_packet(
        &mut self,
        now: Instant,
        recording: RecordingId,
        track: Track,
        (header, payload): (&Header, &[u8]),
    ) {
        let len = self.records.len() + Record::packet_len(payload.len());
        if !self.waiting.is_empty() || len > self.records.capacity().min(BUFFER_BYTES) {
            self.counts.lost += 1;
            if let Some(running) = self.running.get_mut(&recording) {
                running.lost += 1;
            }
            return;
        }
        self.counts.packets += 1;
        let event = Event::Packet { track, header: *header, payload };
        Record { recording, at: self.age(now), event }.write(&mut self.records);
        self.set_due(now);
    }

    /// Since the start.
    pub(crate) fn counts(&self) -> RecordedCounts {
        self.counts
    }

    /// When what is here should be fetched.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        self.due_at
    }

    /// Gives what is here, and goes on with `empty`.
    pub(crate) fn swap(&mut self, now: Instant, mut empty: Vec<u8>) -> Vec<u8> {
        empty.clear();
        empty.reserve_exact(BUFFER_BYTES);
        let records = mem::replace(&mut self.records, empty);
        self.due_at = None;
        self.let_in(now);
        records
    }

    /// Lets those in who wait for room.
    fn let_in(&mut self, now: Instant) {
        while let Some(bytes) = self.waiting.front()
            && self.records.len() + bytes.len() <= self.records.capacity()
        {
            self.records.extend_from_slice(bytes);
            self.waiting.pop_front();
        }
        self.set_due(now);
    }

    fn set_due(&mut self, now: Instant) {
        if self.records.len() > BUFFER_BYTES / 2 || !self.waiting.is_empty() {
            self.due_at = Some(now);
        } else if self.due_at.is_none() && !self.records.is_empty() {
            self.due_at = Some(now + FETCH_INTERVAL);
        }
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.born_at)
    }
}

/// What one buffer holds, in bytes: 20 ms of 150 recorded calls.
pub const BUFFER_BYTES: usize = 64 * 1024;
/// How long a record may wait for others.
const FETCH_INTERVAL: Duration = Duration::from_millis(200);
