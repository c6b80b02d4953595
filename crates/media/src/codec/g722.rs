//! G.722: wideband speech, 16 kHz in 64 kbit/s, as two bands of adaptive differential PCM.
//!
//! Written after ITU-T G.722 section 6, block by block; the names of the blocks stand at the
//! functions. One byte carries two samples: six bits of the lower band, two of the higher.
//! (The RTP clock is 8 kHz all the same, RFC 3551 section 4.5.2.)

/// Expands bytes to samples at 16 kHz.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    low: Band,
    high: Band,
    filter: Filter,
}

/// Makes bytes of samples at 16 kHz.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    low: Band,
    high: Band,
    filter: Filter,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { low: Band::new(&LOW), high: Band::new(&HIGH), filter: Filter::default() }
    }
}

impl Decoder {
    /// Fills `pcm`, two samples a byte.
    pub(super) fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) {
        for (byte, pair) in payload.iter().zip(pcm.chunks_exact_mut(2)) {
            let (low_code, high_code) = (usize::from(byte & 0x3f), usize::from(byte >> 6));
            let low = self.low.reconstruct(LOW_BY_6_BITS[low_code]);
            let high = self.high.reconstruct(HIGH_BY_2_BITS[high_code]);
            self.low.adapt(LOW_BY_4_BITS[low_code >> 2], LOW_STEPS[low_code >> 2]);
            self.high.adapt(HIGH_BY_2_BITS[high_code], HIGH_STEPS[high_code]);
            let (even, odd) = self.filter.advance(low + high, low - high);
            pair[0] = saturated(odd >> 11) as i16;
            pair[1] = saturated(even >> 11) as i16;
        }
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self { low: Band::new(&LOW), high: Band::new(&HIGH), filter: Filter::default() }
    }
}

impl Encoder {
    /// Fills `payload`, a byte for two samples.
    pub(super) fn encode(&mut self, pcm: &[i16], payload: &mut [u8]) {
        for (pair, byte) in pcm.chunks_exact(2).zip(payload) {
            let (even, odd) = self.filter.advance(i32::from(pair[0]), i32::from(pair[1]));
            let low_code = self.low.quantise_low((odd + even) >> 14);
            let high_code = self.high.quantise_high((odd - even) >> 14);
            self.low.adapt(LOW_BY_4_BITS[low_code >> 2], LOW_STEPS[low_code >> 2]);
            self.high.adapt(HIGH_BY_2_BITS[high_code], HIGH_STEPS[high_code]);
            *byte = (high_code << 6 | low_code) as u8;
        }
    }
}

/// The quadrature mirror filter, which parts two bands and joins them.
#[derive(Clone, Debug, Default)]
struct Filter {
    history: [i32; 2 * TAPS],
}

impl Filter {
    /// Takes in two samples; gives the sums over the even and the odd places.
    fn advance(&mut self, first: i32, second: i32) -> (i32, i32) {
        self.history.copy_within(2.., 0);
        self.history[2 * TAPS - 2] = first;
        self.history[2 * TAPS - 1] = second;
        let (mut even, mut odd) = (0, 0);
        for (n, places) in self.history.chunks_exact(2).enumerate() {
            even += places[0] * COEFFICIENTS[n];
            odd += places[1] * COEFFICIENTS[TAPS - 1 - n];
        }
        (even, odd)
    }
}

/// Adaptive predictor and quantiser scale of one band.
#[derive(Clone, Debug)]
struct Band {
    bounds: &'static Bounds,
    /// The prediction of the next sample, and the part of it that comes from the zeros.
    predicted: i32,
    predicted_by_zeros: i32,
    /// Scale of the quantiser, and its logarithm.
    scale: i32,
    log_scale: i32,
    /// Coefficients of the two poles and the six zeros.
    poles: [i32; 2],
    zeros: [i32; 6],
    /// Newest first: reconstructed samples, what the zeros leave of them, and differences.
    reconstructed: [i32; 2],
    partial: [i32; 2],
    differences: [i32; 6],
}

/// Where the scales of the two bands differ.
#[derive(Debug)]
struct Bounds {
    scale_at_first: i32,
    log_scale_max: i32,
    exponent: i32,
}

impl Band {
    fn new(bounds: &'static Bounds) -> Self {
        Self {
            bounds,
            predicted: 0,
            predicted_by_zeros: 0,
            scale: bounds.scale_at_first,
            log_scale: 0,
            poles: [0; 2],
            zeros: [0; 6],
            reconstructed: [0; 2],
            partial: [0; 2],
            differences: [0; 6],
        }
    }

    /// INVQBL or INVQAH, RECONS and LIMIT: the sample that `level`, a row of a quantiser, means.
    fn reconstruct(&self, level: i32) -> i32 {
        (self.predicted + ((self.scale * level) >> 15)).clamp(-16_384, 16_383)
    }

    /// SUBTRA and QUANTL: the code of a sample of the lower band.
    fn quantise_low(&self, sample: i32) -> usize {
        let difference = saturated(sample - self.predicted);
        let magnitude = if difference < 0 { !difference } else { difference };
        let row = LOW_DECISIONS
            .iter()
            .position(|decision| magnitude < (decision * self.scale) >> 12)
            .unwrap_or(LOW_DECISIONS.len());
        usize::from(if difference < 0 { LOW_NEGATIVE[row] } else { LOW_POSITIVE[row] })
    }

    /// SUBTRA and QUANTH: the code of a sample of the higher band.
    fn quantise_high(&self, sample: i32) -> usize {
        let difference = saturated(sample - self.predicted);
        let magnitude = if difference < 0 { !difference } else { difference };
        let is_large = magnitude >= (HIGH_DECISION * self.scale) >> 12;
        match (difference < 0, is_large) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        }
    }

    /// Learns from what both sides know of a sample: the `level` of its code, and the `step` that
    /// it means for the scale.
    fn adapt(&mut self, level: i32, step: i32) {
        let difference = (self.scale * level) >> 15;
        self.adapt_scale(step);
        let reconstructed = saturated(self.predicted + difference);
        let partial = saturated(self.predicted_by_zeros + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.partial = [partial, self.partial[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.predict();
    }

    /// LOGSCL, SCALEL; LOGSCH, SCALEH.
    fn adapt_scale(&mut self, step: i32) {
        let decayed = (self.log_scale * 127) >> 7;
        self.log_scale = (decayed + step).clamp(0, self.bounds.log_scale_max);
        let mantissa = MANTISSAS[(self.log_scale >> 6 & 31) as usize];
        let shift = self.bounds.exponent - (self.log_scale >> 11);
        self.scale = if shift < 0 { mantissa << -shift } else { mantissa >> shift } << 2;
    }

    /// UPPOL1 and UPPOL2.
    fn adapt_poles(&mut self, partial: i32) {
        let [first, second] = self.poles;
        let agrees = |other: i32| (partial < 0) == (other < 0);
        let towards = saturated(first << 2);
        let towards = if agrees(self.partial[0]) { -towards } else { towards }.min(32_767);
        let step = if agrees(self.partial[1]) { 128 } else { -128 };
        let second = ((towards >> 7) + step + ((second * 32_512) >> 15)).clamp(-12_288, 12_288);
        let step = if agrees(self.partial[0]) { 192 } else { -192 };
        let limit = saturated(15_360 - second);
        let first = saturated(step + ((first * 32_640) >> 15)).clamp(-limit, limit);
        self.poles = [first, second];
    }

    /// UPZERO.
    fn adapt_zeros(&mut self, difference: i32) {
        let size = if difference == 0 { 0 } else { 128 };
        for (zero, past) in self.zeros.iter_mut().zip(self.differences) {
            let step = if (past < 0) == (difference < 0) { size } else { -size };
            *zero = saturated(step + ((*zero * 32_640) >> 15));
        }
    }

    /// FILTEP, FILTEZ and PREDIC.
    fn predict(&mut self) {
        let term = |coefficient: i32, past: i32| (coefficient * saturated(2 * past)) >> 15;
        let by_poles: i32 =
            self.poles.iter().zip(self.reconstructed).map(|(pole, past)| term(*pole, past)).sum();
        let by_zeros: i32 =
            self.zeros.iter().zip(self.differences).map(|(zero, past)| term(*zero, past)).sum();
        self.predicted_by_zeros = saturated(by_zeros);
        self.predicted = saturated(saturated(by_poles) + self.predicted_by_zeros);
    }
}

fn saturated(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

/// Half the taps of the mirror filter, whose other half is the same backwards.
const TAPS: usize = 12;
/// G.722 table 11: every second coefficient.
const COEFFICIENTS: [i32; TAPS] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

static LOW: Bounds = Bounds { scale_at_first: 32, log_scale_max: 18_432, exponent: 8 };
static HIGH: Bounds = Bounds { scale_at_first: 8, log_scale_max: 22_528, exponent: 10 };

/// Table 14, inverse logarithm.
const MANTISSAS: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

/// Tables 13 and 15: where an interval of the lower band ends, and the codes of the intervals.
const LOW_DECISIONS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023,
    1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
const LOW_NEGATIVE: [u8; 30] = [
    63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
    9, 8, 7, 6, 5, 4,
];
const LOW_POSITIVE: [u8; 30] = [
    61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38,
    37, 36, 35, 34, 33, 32,
];

/// Table 16: what a code of the lower band means, by six bits and (for adaptation) by four.
const LOW_BY_6_BITS: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];
const LOW_BY_4_BITS: [i32; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];
/// Table 13: how a four-bit code moves the logarithm of the scale.
const LOW_STEPS: [i32; 16] =
    [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

/// The same of the higher band.
const HIGH_DECISION: i32 = 564;
const HIGH_BY_2_BITS: [i32; 4] = [-7_408, -1_616, 7_408, 1_616];
const HIGH_STEPS: [i32; 4] = [798, -214, 798, -214];

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;
    use ezk_g722::libg722::{Bitrate, decoder, encoder};

    #[test]
    fn codes_and_samples_are_those_of_an_independent_implementation_bit_by_bit() {
        let mut theirs = (
            encoder::Encoder::new(Bitrate::Mode1_64000, false, false),
            decoder::Decoder::new(Bitrate::Mode1_64000, false, false),
        );
        let mut ours = (Encoder::default(), Decoder::default());
        // It begins with scales of 0, where table 9 says 32 and 8.
        for band in [&mut ours.0.low, &mut ours.0.high, &mut ours.1.low, &mut ours.1.high] {
            band.scale = 0;
        }
        let mut rng = Rng::from_number(722);
        for n in 0..500 {
            let pcm: Vec<i16> = (0..320).map(|_| rng.u32() as i16 >> (n % 16)).collect();
            let mut payload = [0; 160];
            ours.0.encode(&pcm, &mut payload);
            assert_eq!(payload[..], theirs.0.encode(&pcm), "frame {n}");
            // Bytes that no encoder made must mean the same, too.
            if n % 3 == 0 {
                rng.fill(&mut payload);
            }
            let mut heard = [0; 320];
            ours.1.decode(&payload, &mut heard);
            assert_eq!(heard[..], theirs.1.decode(&payload), "frame {n}");
        }
    }
}
