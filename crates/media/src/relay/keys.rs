//! Keys in bridges: heard in the form that one far end has for them, told in that of the other.

use super::{Activity, Relay, Slot, session_mut};
use crate::{
    command::MediaEvent,
    converter::Converter,
    dtmf::{Digit, Heard, KeyForm, SHORTEST},
    rtp::Header,
};
use base::MediaId;
use std::time::{Duration, Instant};

impl Relay {
    /// Keys of this far end reach the other one of its bridge in another form from now on.
    pub(super) fn convert_keys(&mut self, media: MediaId, heard: KeyForm, told: KeyForm) {
        if let Some(session) = self.session(media)
            && matches!(session.activity(), Activity::Bridged { .. })
        {
            session.set_converter(Converter::new(heard, told));
        }
    }

    /// Presses a key towards a far end that is in a bridge.
    pub(super) fn press_key(
        &mut self,
        now: Instant,
        media: MediaId,
        form: KeyForm,
        key: (Digit, Duration),
    ) {
        let Some(slot) = self.slot(media) else { return };
        if let Some(session) = session_mut(&mut self.sessions, slot) {
            session.press(now, form, key, &mut self.rng);
            self.drive(now, slot);
        }
    }

    /// Listens to a packet of a bridge; says whether it must not be passed on.
    pub(super) fn hear_keys(
        &mut self,
        now: Instant,
        slot: Slot,
        header: &Header,
        payload: &[u8],
    ) -> bool {
        let mut told = [None; KEYS_OF_PACKET_MAX];
        let mut places = told.iter_mut();
        let Some(session) = session_mut(&mut self.sessions, slot) else { return false };
        let is_key = session.hear_keys(now, header, payload, |form, heard| {
            if let Some(place) = places.next() {
                *place = Some((form, heard));
            }
        });
        for (form, heard) in told.into_iter().flatten() {
            self.tell_key(now, slot, form, heard);
        }
        is_key
    }

    /// Ends keys of which nothing is heard any more.
    pub(super) fn sweep_keys(&mut self, now: Instant) {
        for n in 0..self.sessions.len() {
            let slot = Slot(n as u32);
            let session = session_mut(&mut self.sessions, slot);
            if let Some((form, heard)) = session.and_then(|it| it.forgotten_key(now)) {
                self.tell_key(now, slot, form, heard);
            }
        }
    }

    /// Tells the other far end of a bridge, or the call logic if it is to tell it.
    fn tell_key(&mut self, now: Instant, slot: Slot, form: KeyForm, heard: Heard) {
        if form == KeyForm::Info {
            if let (Heard::Released { digit, held }, Some(media)) = (heard, self.media_at(slot)) {
                let held = held.max(SHORTEST);
                self.events.push_back(MediaEvent::Dialled { media, digit, held });
            }
            return;
        }
        let Some(peer) = self.peer(slot) else { return };
        if let Some(hearer) = session_mut(&mut self.sessions, peer) {
            hearer.tell_key(now, form, heard, &mut self.rng);
            self.drive(now, peer);
        }
    }
}

/// What one packet can tell of: the end of a key, another, and its end; and what a change of the
/// source ends.
const KEYS_OF_PACKET_MAX: usize = 4;
