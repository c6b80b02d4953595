//! Recordings of the sessions of a worker: which packets are copied for whom.

use super::{Relay, Slot, session_mut};
use crate::{
    command::RecordedSource,
    mixer::RoomKey,
    recording::{Event, Label, RecordedCounts, Track, buffer::Tap},
    sound::Sound,
};
use base::{MediaId, RecordingId, RoomId};
use std::time::{Duration, Instant};

impl Relay {
    /// When [`Self::take_recorded`] should be called; `None` while nothing is recorded.
    pub fn recorded_due_at(&self) -> Option<Instant> {
        self.recorded.due_at()
    }

    /// Gives records of what was recorded, whole ones, and goes on with `empty`, whose room is used
    /// again. While nobody calls it, packets are lost to their recordings, and go where they go.
    pub fn take_recorded(&mut self, now: Instant, empty: Vec<u8>) -> Vec<u8> {
        self.recorded.swap(now, empty)
    }

    /// Packets that were recorded, and that found no room, since the start.
    pub fn recorded_counts(&self) -> RecordedCounts {
        self.recorded.counts()
    }

    /// Begins a recording of sessions that are open. A session is part of one recording at a time:
    /// another that it was part of ends.
    pub(super) fn record(
        &mut self,
        now: Instant,
        recording: RecordingId,
        label: Label,
        (sources, has_tone): ([RecordedSource; 2], bool),
    ) {
        let medias = sources.map(RecordedSource::media);
        if medias.iter().any(|it| !self.slots.contains_key(it)) {
            return;
        }
        for old in medias.map(|it| self.recording_of(it)).into_iter().flatten() {
            if old != recording {
                self.stop_recording(now, old);
            }
        }
        if !self.recorded.begin(now, recording, label, Some(medias)) {
            return;
        }
        for (track, source) in Track::ALL.into_iter().zip(sources) {
            let Some(session) = self.session(source.media()) else { continue };
            let beeps_at = has_tone.then_some(now);
            let none = Tap { recording, received: None, sent: None, is_paused: false, beeps_at };
            let tap = session.tap.get_or_insert(none);
            match source {
                RecordedSource::Received(_) => tap.received = Some(track),
                RecordedSource::Sent(_) => tap.sent = Some(track),
            }
        }
        for media in medias {
            self.note_formats(now, media);
        }
    }

    /// Begins a recording of a room in which somebody is, unless it is recorded already.
    pub(super) fn record_room(
        &mut self,
        now: Instant,
        (recording, label): (RecordingId, Label),
        room: RoomId,
        has_tone: bool,
    ) {
        let (key, mixer) = (RoomKey::Conference(room), &mut self.studio.mixer);
        if mixer.is_recordable(key) && self.recorded.begin(now, recording, label, None) {
            mixer.record(now, key, (recording, has_tone), &mut self.recorded);
        }
    }

    /// Leaves out what comes from now on, or no longer.
    pub(super) fn pause_recording(&mut self, now: Instant, recording: RecordingId, pause: bool) {
        let Some(medias) = self.recorded.sources(recording) else { return };
        let mut has_changed = false;
        for media in medias {
            if let Some(tap) = self.session(media).and_then(|it| it.tap.as_mut()) {
                has_changed |= tap.is_paused != pause;
                tap.is_paused = pause;
            }
        }
        if has_changed {
            let event = if pause { Event::Paused } else { Event::Resumed };
            self.recorded.note(now, recording, event);
        }
    }

    /// Ends a recording of sessions, which go on.
    pub(super) fn stop_recording(&mut self, now: Instant, recording: RecordingId) {
        let Some(medias) = self.recorded.sources(recording) else { return };
        self.recorded.end(now, recording);
        for media in medias {
            if let Some(session) = self.session(media) {
                session.tap = None;
            }
        }
    }

    /// Ends the recording of a room, which goes on.
    pub(super) fn stop_recording_room(&mut self, now: Instant, room: RoomId) {
        if let Some(recording) = self.studio.mixer.stop_recording(RoomKey::Conference(room)) {
            self.recorded.end(now, recording);
        }
    }

    /// A session leaves its room, whose recording ends with the last.
    pub(super) fn leave_room(&mut self, now: Instant, room: RoomKey, slot: Slot, is_chimed: bool) {
        if let Some(recording) = self.studio.mixer.leave(room, slot, is_chimed) {
            self.recorded.end(now, recording);
        }
    }

    /// A session is about to close: a recording ends with the first of its sessions.
    pub(super) fn end_recording_of(&mut self, now: Instant, media: MediaId) {
        if let Some(recording) = self.recording_of(media) {
            self.stop_recording(now, recording);
        }
    }

    /// Tells those who are recorded, where that is wanted and is due.
    pub(super) fn sweep_beeps(&mut self, now: Instant) {
        self.studio.mixer.sweep_beeps(now, BEEP_INTERVAL);
        for n in 0..self.sessions.len() {
            let slot = Slot(n as u32);
            let Some(session) = session_mut(&mut self.sessions, slot) else { continue };
            let Some(tap) = session.tap.as_mut().filter(|it| !it.is_paused) else { continue };
            if tap.beeps_at.is_some_and(|at| at <= now) {
                tap.beeps_at = Some(now + BEEP_INTERVAL);
                self.beep(now, slot, Sound::recording_tone());
            }
        }
    }

    /// Tells the recording what the packets of a session are.
    pub(super) fn note_formats(&mut self, now: Instant, media: MediaId) {
        let Some(session) = self.session(media) else { return };
        let Some(Tap { recording, received, sent, .. }) = session.tap else { return };
        let formats = session.formats().to_vec();
        for track in [received, sent].into_iter().flatten() {
            let event = Event::Formats { track, formats: formats.clone() };
            self.recorded.note(now, recording, event);
        }
    }

    fn recording_of(&mut self, media: MediaId) -> Option<RecordingId> {
        self.session(media)?.tap.map(|it| it.recording)
    }
}

/// Between two tones (47 CFR 64.501).
const BEEP_INTERVAL: Duration = Duration::from_secs(15);
