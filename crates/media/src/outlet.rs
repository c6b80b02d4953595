//! One stream of samples in one codec, encoded once for all who hear it.

use crate::{
    codec::{Encoder, Rate},
    playout::{FRAME_MS, PAYLOAD_MAX, Voice},
    resample::Resampler,
};

/// Takes a frame a tick and encodes what packets end in it, however many ask for them. Allocates only
/// when it is made.
#[derive(Debug)]
pub(crate) struct Outlet {
    voice: Voice,
    resampler: Resampler,
    encoder: Encoder,
    /// Which tick `payloads` are of; `None` before the first.
    tick: Option<u64>,
    /// What was taken, at the codec's rate: each frame at its place in the cycle.
    cycle: Box<[i16]>,
    /// Of the tick; so many of them.
    payloads: Box<[Payload]>,
    count: usize,
}

#[derive(Clone, Debug)]
struct Payload {
    bytes: [u8; PAYLOAD_MAX],
    len: usize,
}

impl Outlet {
    /// For samples at a rate; nothing if the codec cannot be set up.
    pub(crate) fn new(voice: Voice, from: Rate) -> Option<Self> {
        let rate = voice.codec.rate();
        let most = FRAME_MS.div_ceil(voice.cadence.packet_ms()) as usize;
        Some(Self {
            voice,
            resampler: Resampler::new(from, rate),
            encoder: Encoder::new(voice.codec, voice.wishes).ok()?,
            tick: None,
            cycle: vec![0; rate.samples(voice.cadence.cycle_ms())].into(),
            payloads: vec![Payload { bytes: [0; PAYLOAD_MAX], len: 0 }; most].into(),
            count: 0,
        })
    }

    /// Takes the frame of a tick, which is the same for everybody, once. Where that of the tick before
    /// was not taken, the packet in hand begins with silence.
    #[inline]
    pub(crate) fn take(&mut self, tick: u64, frame: &[i16]) {
        if self.tick != Some(tick) {
            self.encode(tick, frame);
        }
    }

    /// The packets of the tick whose frame was taken last: their payloads.
    #[inline]
    pub(crate) fn payloads(&self) -> impl Iterator<Item = &[u8]> {
        self.payloads.iter().take(self.count).map(|it| &it.bytes[..it.len])
    }

    /// Goes on with the packet in hand where another outlet of the same voice is, unless it took the
    /// frames before this one itself.
    pub(crate) fn go_on_from(&mut self, other: &Self, tick: u64) {
        if !self.has_begun(tick) && other.has_begun(tick) {
            let begun = ..self.place(tick);
            self.cycle[begun].copy_from_slice(&other.cycle[begun]);
            self.tick = tick.checked_sub(1);
        }
    }

    /// Whether the packet that the frame of a tick goes on with is here.
    pub(crate) fn is_amid_packet(&self, tick: u64) -> bool {
        self.voice.cadence.is_amid_packet(tick) && self.has_begun(tick)
    }

    /// What it encodes to.
    pub(crate) fn voice(&self) -> Voice {
        self.voice
    }

    /// The last tick that somebody heard.
    pub(crate) fn heard_at(&self) -> Option<u64> {
        self.tick
    }

    fn encode(&mut self, tick: u64, frame: &[i16]) {
        let place = self.place(tick);
        if place > 0 && !self.has_begun(tick) {
            self.cycle[..place].fill(0);
        }
        self.tick = Some(tick);
        let Voice { codec, cadence, .. } = self.voice;
        let len = codec.rate().samples(FRAME_MS);
        self.resampler.process(frame, &mut self.cycle[place..place + len]);
        self.count = 0;
        for (packet, payload) in cadence.packets(tick).zip(&mut self.payloads) {
            let samples = codec.rate().samples(packet.start)..codec.rate().samples(packet.end);
            let encoded = self.encoder.encode(&self.cycle[samples], &mut payload.bytes);
            payload.len = encoded.unwrap_or(0);
            self.count += 1;
        }
    }

    /// Whether the frames before a tick's are in their places.
    fn has_begun(&self, tick: u64) -> bool {
        self.tick.is_some_and(|it| it == tick || it + 1 == tick)
    }

    /// Where in the cycle a frame has its place.
    fn place(&self, tick: u64) -> usize {
        self.voice.codec.rate().samples(self.voice.cadence.place_ms(tick))
    }
}

/// The outlet for a voice among `outlets`, made if there is none yet; nothing if the codec cannot
/// be set up.
pub(crate) fn outlet_of(
    outlets: &mut Vec<Outlet>,
    voice: Voice,
    from: Rate,
) -> Option<&mut Outlet> {
    let known = outlets.iter().position(|it| it.voice.sounds_like(voice));
    let place = match known {
        Some(place) => place,
        None => {
            outlets.push(Outlet::new(voice, from)?);
            outlets.len() - 1
        }
    };
    outlets.get_mut(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cadence::Cadence,
        codec::{Codec, OpusWishes},
    };

    #[test]
    fn a_packet_that_nobody_asked_for_from_its_beginning_begins_with_silence_or_with_anothers() {
        let (mut outlet, mut other) = (outlet(), outlet());
        for tick in 0..2 {
            other.take(tick, &[5; FRAME]);
        }
        for tick in 0..3 {
            outlet.take(tick, &[7; FRAME]);
        }
        assert_eq!(samples(&outlet), [7; 3 * FRAME]);

        outlet.take(5, &[7; FRAME]);
        assert_eq!(samples(&outlet), [[0; FRAME], [0; FRAME], [7; FRAME]].concat());

        outlet.go_on_from(&other, 2);
        outlet.take(2, &[7; FRAME]);
        assert_eq!(samples(&outlet), [[5; FRAME], [5; FRAME], [7; FRAME]].concat());
        other.take(2, &[5; FRAME]);
        assert_eq!(samples(&other), [5; 3 * FRAME]);
    }

    fn outlet() -> Outlet {
        let (codec, wishes) = (Codec::L16(Rate::Narrow), OpusWishes::default());
        let cadence = Cadence::Ms60;
        Outlet::new(Voice { codec, wishes, cadence, payload_type: 96 }, Rate::Narrow)
            .expect("it can be set up")
    }

    fn samples(outlet: &Outlet) -> Vec<i16> {
        let bytes = outlet.payloads().flat_map(|it| it.chunks_exact(2));
        bytes.map(|it| i16::from_be_bytes([it[0], it[1]])).collect()
    }

    const FRAME: usize = Rate::Narrow.samples(FRAME_MS);
}
