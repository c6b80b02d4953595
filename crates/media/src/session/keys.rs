//! Keys of a session in a bridge: those of its far end, and those that we press towards it.

use super::{Activity, Played, Session};
use crate::{
    converter::Converter,
    dialler::Dialler,
    dtmf::{Digit, Heard, KeyForm},
    packets::Packets,
    rtp::Header,
};
use base::Rng;
use std::time::{Duration, Instant};

impl Session {
    /// How keys of its far end reach the other one of the bridge from now on; `None` as they come.
    pub(crate) fn set_converter(&mut self, converter: Option<Converter>) {
        self.converter = converter.map(Box::new);
    }

    /// Listens to a packet that is passed on; says whether it must not be, and how the other is
    /// told of what was heard.
    pub(crate) fn hear_keys(
        &mut self,
        now: Instant,
        header: &Header,
        payload: &[u8],
        mut tell: impl FnMut(KeyForm, Heard),
    ) -> bool {
        let Some(converter) = &mut self.converter else { return false };
        let Some(format) = self.formats.find(header.payload_type) else { return false };
        let told = converter.told();
        converter.hear(now, format, header, payload, |heard| tell(told, heard))
    }

    /// Whether its keys are heard for the other far end.
    pub(crate) fn converts(&self) -> bool {
        self.converter.is_some()
    }

    /// A key of which nothing is heard any more, and how the other is told of it.
    pub(crate) fn forgotten_key(&mut self, now: Instant) -> Option<(KeyForm, Heard)> {
        let converter = self.converter.as_mut()?;
        Some((converter.told(), converter.tick(now)?))
    }

    /// Tells the far end of a key of the other.
    pub(crate) fn tell_key(&mut self, now: Instant, form: KeyForm, heard: Heard, rng: &mut Rng) {
        let Some(dialler) = self.dialler(now, form, rng) else { return };
        match heard {
            Heard::Pressed(digit) => dialler.hold(digit),
            Heard::Released { held, .. } => dialler.release(held),
        }
    }

    /// Tells the far end of a key that came to us by another way.
    pub(crate) fn press(
        &mut self,
        now: Instant,
        form: KeyForm,
        (digit, held): (Digit, Duration),
        rng: &mut Rng,
    ) {
        if let Some(dialler) = self.dialler(now, form, rng) {
            dialler.press(digit, held);
        }
    }

    /// Whether keys take the place of what comes for the far end in this moment.
    pub(crate) fn is_dialling(&self) -> bool {
        self.dialler.as_ref().is_some_and(|it| it.is_speaking())
    }

    /// Adds the packets of a tick while there are keys for the far end.
    pub(super) fn dial(&mut self, now: Instant, tick: u64, packets: &mut Packets) -> Played {
        let Some(dialler) = &mut self.dialler else { return Played::Nothing };
        let to = self.latch.destination().filter(|_| self.direction.sends());
        let Some(to) = to else {
            // They would be heard much later, out of place.
            self.dialler = None;
            return Played::Nothing;
        };
        dialler.next((now, tick), &mut self.outgoing, packets);
        if !packets.is_empty() {
            Played::To(to)
        } else if dialler.is_idle() {
            Played::Nothing
        } else {
            Played::Silently
        }
    }

    fn dialler(&mut self, now: Instant, form: KeyForm, rng: &mut Rng) -> Option<&mut Dialler> {
        if !matches!(self.activity, Activity::Bridged { .. }) {
            return None;
        }
        if self.dialler.as_ref().is_none_or(|it| it.form() != form) {
            let spoken = (&self.formats.all[..], self.wished);
            let dialler = Dialler::new(form, spoken, self.relayed_type)?;
            self.dialler = Some(Box::new(dialler));
            self.outgoing.begin(now, rng);
        }
        self.dialler.as_deref_mut()
    }
}
