//! The tone that tells both sides of a bridge that they are recorded, in place of what they would hear
//! otherwise: short enough that no word is lost.

use super::{Activity, PACKET_MAX, Played, Session};
use crate::{
    codec::{Encoder, Rate},
    outgoing::Outgoing,
    party::FRAME_MAX,
    playout::{PACKET_MS, Voice},
    rtp::HEADER_LEN,
    sound::Sound,
    tone::linear_period,
};
use base::Rng;
use std::time::Instant;

/// Says the tone once. Allocates when it is made.
#[derive(Debug)]
pub(crate) struct Beep {
    voice: Voice,
    encoder: Encoder,
    /// At the rate of the codec.
    sound: Sound,
    position: usize,
}

impl Beep {
    fn new(voice: Voice) -> Option<Self> {
        let encoder = Encoder::new(voice.codec, voice.wishes).ok()?;
        Some(Self { voice, encoder, sound: sound().at_rate(voice.codec.rate()), position: 0 })
    }

    fn is_over(&self) -> bool {
        self.position >= self.sound.samples().len()
    }

    /// Writes the next packet; says how long it is.
    fn next(&mut self, now: Instant, outgoing: &mut Outgoing, packet: &mut [u8]) -> usize {
        let mut frame = [0; FRAME_MAX];
        let frame = &mut frame[..self.voice.codec.rate().samples(PACKET_MS)];
        let rest = self.sound.samples().get(self.position..).unwrap_or_default();
        let count = rest.len().min(frame.len());
        frame[..count].copy_from_slice(&rest[..count]);
        self.position += frame.len();
        let (head, payload) = packet.split_at_mut(HEADER_LEN);
        let Ok(len) = self.encoder.encode(frame, payload) else { return 0 };
        let clock = (self.voice.packet_ticks(), self.voice.codec.clock_rate());
        let header = outgoing.play(now, self.voice.payload_type, clock, len);
        head.copy_from_slice(&header.to_bytes());
        HEADER_LEN + len
    }
}

impl Session {
    /// Lets the far end hear that it is recorded, if it is in a bridge or a conference.
    pub(crate) fn say_recorded(&mut self, now: Instant, rng: &mut Rng) {
        match self.activity {
            Activity::Bridged { .. } => {
                self.beep = self.formats.voice.and_then(Beep::new).map(Box::new);
                self.outgoing.begin(now, rng);
            }
            Activity::Meeting(_) => self.tell(&sound()),
            Activity::Idle | Activity::Echo | Activity::Playing(_) => {}
        }
    }

    /// Whether the tone takes the place of what comes for the far end in this moment.
    pub(crate) fn is_beeping(&self) -> bool {
        self.beep.is_some()
    }

    /// Writes the packet of a tick while the tone lasts.
    pub(super) fn beep(&mut self, now: Instant, packet: &mut [u8; PACKET_MAX]) -> Option<Played> {
        let beep = self.beep.as_mut()?;
        let to = self.latch.destination().filter(|_| self.direction.sends());
        let played = match (to, beep.next(now, &mut self.outgoing, packet)) {
            (Some(to), len) if len > 0 => Played::To(to, len),
            (_, _) => Played::Silently,
        };
        if beep.is_over() {
            self.beep = None;
            self.outgoing.change_source();
        }
        Some(played)
    }
}

/// The tone of 47 CFR 64.501, which systems all over the world use.
fn sound() -> Sound {
    let period = linear_period(BEEP_HZ, BEEP_DBM0);
    let all = Rate::Narrow.samples(BEEP_MS);
    let fade = Rate::Narrow.samples(FADE_MS);
    let swell = |n: usize| (n.min(all - n) as f64 / fade as f64).min(1.0);
    let samples = period.iter().cycle().take(all).enumerate();
    let samples: Vec<_> = samples.map(|(n, it)| (f64::from(*it) * swell(n)) as i16).collect();
    Sound::new(Rate::Narrow, samples)
}

const BEEP_HZ: u16 = 1400;
const BEEP_DBM0: i8 = -18;
const BEEP_MS: u32 = 200;
const FADE_MS: u32 = 10;
