//! One stream of samples in one codec, encoded once for all who hear it.

use crate::{
    codec::{Encoder, Rate},
    playout::{PACKET_MS, PAYLOAD_MAX, Voice},
    resample::Resampler,
};

/// Encodes a frame a tick, however many ask for it. Allocates only when it is made.
#[derive(Debug)]
pub(crate) struct Outlet {
    voice: Voice,
    resampler: Resampler,
    encoder: Encoder,
    /// Which tick `payload` is of; `None` before the first.
    tick: Option<u64>,
    resampled: Box<[i16]>,
    payload: Box<[u8]>,
    len: usize,
}

impl Outlet {
    /// For samples at a rate; nothing if the codec cannot be set up.
    pub(crate) fn new(voice: Voice, from: Rate) -> Option<Self> {
        let rate = voice.codec.rate();
        Some(Self {
            voice,
            resampler: Resampler::new(from, rate),
            encoder: Encoder::new(voice.codec, voice.wishes).ok()?,
            tick: None,
            resampled: vec![0; rate.samples(PACKET_MS)].into(),
            payload: vec![0; PAYLOAD_MAX].into(),
            len: 0,
        })
    }

    /// The payload of a tick, whose frame is the same for everybody.
    pub(crate) fn payload(&mut self, tick: u64, frame: &[i16]) -> &[u8] {
        if self.tick != Some(tick) {
            self.tick = Some(tick);
            self.resampler.process(frame, &mut self.resampled);
            self.len = self.encoder.encode(&self.resampled, &mut self.payload).unwrap_or(0);
        }
        &self.payload[..self.len]
    }

    /// What it encodes to.
    pub(crate) fn voice(&self) -> Voice {
        self.voice
    }

    /// The last tick that somebody heard.
    pub(crate) fn heard_at(&self) -> Option<u64> {
        self.tick
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
