//! Supervisors: who hears a bridge, and speaks to one or both of its sides.
//!
//! All who supervise the same two meet in a room of their own, in which both are overheard. A side
//! that nobody speaks to goes on hearing the packets of the other as they come; one that is spoken
//! to hears the room, made at the tick.

use super::{Relay, Slot, session_mut};
use crate::{
    command::{MediaEvent, TapMode},
    mixer::RoomKey,
    party::Party,
};
use base::MediaId;
use std::time::Instant;

impl Relay {
    /// A supervisor hears both, or changes who hears it.
    pub(super) fn tap(&mut self, now: Instant, media: MediaId, of: [MediaId; 2], mode: TapMode) {
        let Some(slot) = self.slot(media) else { return };
        let room = RoomKey::Supervision(of[0]);
        let is_there = session_mut(&mut self.sessions, slot)
            .is_some_and(|session| session.change_tap(room, mode));
        if !is_there {
            self.join(now, slot, Party::supervising(room, mode));
        }
        for target in of.map(|it| self.slots.get(&it).copied()).into_iter().flatten() {
            self.overhear(now, target, room);
        }
        self.settle_taps(now, room);
    }

    /// A session is supervised no longer.
    pub(super) fn end_taps_of(&mut self, now: Instant, slot: Slot) {
        let session = session_mut(&mut self.sessions, slot);
        if let Some(room) = session.and_then(|it| it.stop_overhearing()) {
            self.studio.mixer.stop_overhearing(room, slot);
            self.settle_taps(now, room);
        }
    }

    /// A bridge began or changed: whoever is spoken to in it hears the room of its supervisors.
    pub(super) fn resume_taps(&mut self, now: Instant, slot: Slot) {
        let session = session_mut(&mut self.sessions, slot);
        let hears_room = session.is_some_and(|it| it.hears_room());
        if hears_room {
            self.drive(now, slot);
        }
        let peer = self.peer(slot).and_then(|it| session_mut(&mut self.sessions, it));
        if let Some(peer) = peer {
            peer.press_keys_anew(hears_room);
        }
    }

    /// Somebody came into the room of those who supervise a bridge, left it, or speaks to others.
    pub(super) fn settle_taps(&mut self, now: Instant, room: RoomKey) {
        let [supervisors, overheard] = self.studio.mixer.members(room);
        if overheard.is_empty() {
            for slot in supervisors {
                let ended = self.media_at(slot).map(|media| MediaEvent::TapEnded { media });
                self.events.extend(ended);
            }
            return;
        }
        let mode_of = |it: &Slot| session_mut(&mut self.sessions, *it)?.tap_mode();
        let modes: Vec<TapMode> = supervisors.iter().filter_map(mode_of).collect();
        for slot in overheard {
            let Some(session) = session_mut(&mut self.sessions, slot) else { continue };
            let media = session.media();
            session.speak_to(now, modes.iter().any(|it| it.is_heard_by(media)), &mut self.rng);
            self.resume_taps(now, slot);
            if supervisors.is_empty() {
                self.end_taps_of(now, slot);
            }
        }
    }

    fn overhear(&mut self, now: Instant, slot: Slot, room: RoomKey) {
        let Some(session) = session_mut(&mut self.sessions, slot) else { return };
        if session.overheard_in() != Some(room) {
            session.overhear(now, room, &mut self.rng);
            self.studio.mixer.overhear(room, slot);
        }
    }
}
