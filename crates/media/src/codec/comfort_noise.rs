//! Comfort noise (RFC 3389): what the other side's room sounds like while it says nothing.

use super::CodecError;
use base::Rng;

/// Makes noise of the level and colour that the far end described last.
#[derive(Clone, Debug)]
pub struct ComfortNoise {
    /// Peak of the white noise that excites the filter.
    peak: f32,
    reflections: [f32; ORDER_MAX],
    order: usize,
    delays: [f32; ORDER_MAX],
    chance: u32,
}

impl ComfortNoise {
    /// Silent until described.
    pub fn new(rng: &mut Rng) -> Self {
        Self {
            peak: 0.0,
            reflections: [0.0; ORDER_MAX],
            order: 0,
            delays: [0.0; ORDER_MAX],
            chance: rng.u32() | 1,
        }
    }

    /// Takes in the payload of a comfort noise packet: the level, and how the noise is coloured
    /// (reflection coefficients of an all-pole filter, section 3.2).
    pub fn describe(&mut self, payload: &[u8]) -> Result<(), CodecError> {
        let (level, coefficients) = payload.split_first().ok_or(CodecError::BadPayload)?;
        self.order = coefficients.len().min(ORDER_MAX);
        // How much the filter adds to the power is taken off before it.
        let mut share = 1.0;
        for (reflection, byte) in self.reflections.iter_mut().zip(coefficients) {
            *reflection =
                ((f32::from(*byte) - 127.0) / 128.0).clamp(-REFLECTION_MAX, REFLECTION_MAX);
            share *= 1.0 - *reflection * *reflection;
        }
        let rms = FULL_SCALE * 10_f32.powf(-f32::from(level & 0x7f) / 20.0);
        // White noise between -1 and 1 has a mean power of a third.
        self.peak = rms * (3.0 * share).sqrt();
        self.delays = [0.0; ORDER_MAX];
        Ok(())
    }

    /// The next samples.
    pub fn fill(&mut self, pcm: &mut [i16]) {
        for sample in pcm {
            let mut forward = self.white() * self.peak;
            for n in (0..self.order).rev() {
                let reflection = self.reflections[n];
                forward -= reflection * self.delays[n];
                if n + 1 < self.order {
                    self.delays[n + 1] = self.delays[n] + reflection * forward;
                }
            }
            self.delays[0] = forward;
            *sample = forward as i16;
        }
    }

    /// Xorshift: noise needs no secrets.
    fn white(&mut self) -> f32 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        (self.chance as i32) as f32 / 2_147_483_648.0
    }
}

/// The payload that describes `pcm` as noise, by its level alone.
pub fn describe_noise(pcm: &[i16]) -> [u8; 1] {
    let power = pcm.iter().map(|it| f32::from(*it).powi(2)).sum::<f32>() / pcm.len().max(1) as f32;
    let below_full_db = 10.0 * (FULL_SCALE * FULL_SCALE / power.max(1.0)).log10();
    [below_full_db.round().clamp(0.0, 127.0) as u8]
}

/// 0 dBov: the mean of a square wave at full scale.
const FULL_SCALE: f32 = 32_768.0;
/// Coefficients that are made use of; the RFC expects ten at most.
const ORDER_MAX: usize = 10;
/// Keeps the filter stable whatever a stranger writes.
const REFLECTION_MAX: f32 = 0.98;
