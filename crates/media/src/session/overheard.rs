//! What supervisors have of a session: they hear its far end, whatever else it does, and speak to it
//! where it is in a bridge.

use super::{Activity, Ears, Session};
use crate::{
    command::TapMode, converter::Converter, dtmf::KeyForm, mixer::RoomKey, party::Party,
    rtp::Header,
};
use base::Rng;
use std::time::Instant;

/// A session's part in the room of its supervisors.
#[derive(Debug)]
pub(crate) struct Overheard {
    party: Party,
    /// Whether one of them speaks to it: it hears the room in place of what the bridge brings.
    is_spoken_to: bool,
}

impl Overheard {
    pub(super) fn party(&mut self) -> &mut Party {
        &mut self.party
    }
}

impl Session {
    /// Is heard in a room from now on.
    pub(crate) fn overhear(&mut self, now: Instant, room: RoomKey, rng: &mut Rng) {
        let party = Party::overheard(room);
        self.overheard = Some(Box::new(Overheard { party, is_spoken_to: false }));
        self.grow_ears(now, rng);
    }

    /// Is overheard no longer; gives the room where it was.
    pub(crate) fn stop_overhearing(&mut self) -> Option<RoomKey> {
        let overheard = self.overheard.take()?;
        if overheard.is_spoken_to {
            self.outgoing.change_source();
        }
        if !self.needs_ears() {
            self.ears = None;
        }
        Some(overheard.party.room())
    }

    /// Where it is overheard.
    pub(crate) fn overheard_in(&self) -> Option<RoomKey> {
        self.overheard.as_ref().map(|it| it.party.room())
    }

    /// Takes in a packet that goes its way without ears, for those who supervise or watch.
    pub(crate) fn be_overheard(&mut self, now: Instant, header: &Header, payload: &[u8]) {
        if let Some(ears) = &mut self.ears
            && matches!(self.activity, Activity::Bridged { .. } | Activity::Echo)
        {
            ears.hear(now, header, payload);
        }
    }

    /// Whether a supervisor speaks to it from now on.
    pub(crate) fn speak_to(&mut self, now: Instant, is_spoken_to: bool, rng: &mut Rng) {
        if let Some(overheard) = &mut self.overheard
            && overheard.is_spoken_to != is_spoken_to
        {
            overheard.is_spoken_to = is_spoken_to;
            self.outgoing.begin(now, rng);
            self.outgoing.change_source();
        }
    }

    /// Changes who hears it, if it supervises in this room; false otherwise.
    pub(crate) fn change_tap(&mut self, room: RoomKey, mode: TapMode) -> bool {
        if let Activity::Meeting(party) = &mut self.activity
            && party.tap().is_some()
            && party.room() == room
        {
            party.set_tap(mode);
            return true;
        }
        false
    }

    /// Who hears it, if it supervises.
    pub(crate) fn tap_mode(&self) -> Option<TapMode> {
        let Activity::Meeting(party) = &self.activity else { return None };
        party.tap()
    }

    /// Whether it hears the room of its supervisors, and what its bridge brings only as a part of
    /// that. Where it shares no codec with us, it cannot.
    pub(crate) fn hears_room(&self) -> bool {
        self.overheard.as_ref().is_some_and(|it| it.is_spoken_to)
            && matches!(self.activity, Activity::Bridged { .. })
            && self.formats.voice.is_some()
    }

    /// Its keys cannot pass as they come to a peer who hears a room: they are pressed there anew, as
    /// the events that they are.
    pub(crate) fn press_keys_anew(&mut self, peer_hears_room: bool) {
        let has_events = self.formats.all.iter().any(crate::Format::is_event);
        match &self.converter {
            None if peer_hears_room && has_events => {
                let converter = Converter::new(KeyForm::Events, KeyForm::Events);
                self.set_converter(converter);
            }
            Some(it) if it.is_plain() && !peer_hears_room => self.set_converter(None),
            Some(_) | None => {}
        }
    }

    /// Gets ears in the agreed format if they are needed.
    pub(super) fn grow_ears(&mut self, now: Instant, rng: &mut Rng) {
        let Some(voice) = self.formats.voice else { return };
        if self.ears.is_none() && self.needs_ears() {
            let rate = voice.codec.rate();
            self.ears = Some(Box::new(Ears::new(now, &self.formats.all, rate, rng)));
        }
    }
}
