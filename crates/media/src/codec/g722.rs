//! G.722: wideband speech, 16 kHz in 64 kbit/s, as two bands of adaptive differential PCM.
//!
//! Written after ITU-T G.722 section 6, block by block; the names of the blocks stand at the
//! functions. One byte carries two samples: six bits of the lower band, two of the higher.
//! (The RTP clock is 8 kHz all the same, RFC 3551 section 4.5.2.)
//!
//! The lower band is itself telephone speech at 8 kHz. Where the other side has no more than that,
//! it alone is decoded or encoded: without the mirror filter, without a resampler, at less than half
//! of the cost.

use super::Bands;

/// Expands bytes to samples, two a byte at 16 kHz or one at 8 kHz.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    low: Band,
    /// What only the samples of both bands need.
    wide: Option<Wide>,
}

/// Makes bytes of samples, a byte of two at 16 kHz or of one at 8 kHz.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    low: Band,
    wide: Option<Wide>,
}

/// The higher band, and how the two become one.
#[derive(Clone, Debug)]
struct Wide {
    high: Band,
    filter: Filter,
}

impl Decoder {
    pub(super) fn new(bands: Bands) -> Self {
        Self { low: Band::new(&LOW), wide: Wide::of(bands) }
    }

    pub(super) fn bands(&self) -> Bands {
        Wide::bands(self.wide.as_ref())
    }

    /// Fills `pcm`: [`Bands::samples_a_byte`].
    pub(super) fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) {
        let Self { low, wide } = self;
        match wide {
            Some(wide) => wide.decode(low, payload, pcm),
            None => {
                for (byte, sample) in payload.iter().zip(pcm) {
                    *sample = (low.decode_low(*byte) * 2) as i16;
                }
            }
        }
    }
}

impl Encoder {
    pub(super) fn new(bands: Bands) -> Self {
        Self { low: Band::new(&LOW), wide: Wide::of(bands) }
    }

    pub(super) fn bands(&self) -> Bands {
        Wide::bands(self.wide.as_ref())
    }

    /// Fills `payload` from `pcm`: [`Bands::samples_a_byte`].
    pub(super) fn encode(&mut self, pcm: &[i16], payload: &mut [u8]) {
        let Self { low, wide } = self;
        match wide {
            Some(wide) => wide.encode(low, pcm, payload),
            None => {
                for (sample, byte) in pcm.iter().zip(payload) {
                    *byte = HIGH_QUIET << 6 | low.encode_low(i32::from(*sample) >> 1) as u8;
                }
            }
        }
    }
}

impl Wide {
    fn of(bands: Bands) -> Option<Self> {
        match bands {
            Bands::Lower => None,
            Bands::Both => Some(Self { high: Band::new(&HIGH), filter: Filter::default() }),
        }
    }

    fn bands(of: Option<&Self>) -> Bands {
        of.map_or(Bands::Lower, |_| Bands::Both)
    }

    fn decode(&mut self, low: &mut Band, payload: &[u8], pcm: &mut [i16]) {
        for (bytes, pcm) in payload.chunks(PAIRS).zip(pcm.chunks_mut(2 * PAIRS)) {
            let [first, second] = self.filter.room(bytes.len());
            for ((byte, first), second) in bytes.iter().zip(first).zip(second) {
                let (low, high) = (low.decode_low(*byte), self.high.decode_high(*byte));
                // Each is of 15 bits.
                *first = (low + high) as i16;
                *second = (low - high) as i16;
            }
            let [even, odd] = self.filter.sums(bytes.len());
            for ((even, odd), pair) in even.iter().zip(odd).zip(pcm.chunks_exact_mut(2)) {
                pair[0] = saturated(odd >> 11);
                pair[1] = saturated(even >> 11);
            }
        }
    }

    fn encode(&mut self, low: &mut Band, pcm: &[i16], payload: &mut [u8]) {
        for (pcm, bytes) in pcm.chunks(2 * PAIRS).zip(payload.chunks_mut(PAIRS)) {
            let [first, second] = self.filter.room(bytes.len());
            for ((pair, first), second) in pcm.chunks_exact(2).zip(first).zip(second) {
                *first = pair[0];
                *second = pair[1];
            }
            let [even, odd] = self.filter.sums(bytes.len());
            for ((even, odd), byte) in even.iter().zip(odd).zip(bytes) {
                let low_code = low.encode_low((odd + even) >> 14);
                let high_code = self.high.encode_high((odd - even) >> 14);
                *byte = (high_code << 6 | low_code) as u8;
            }
        }
    }
}

/// The quadrature mirror filter, which parts two bands and joins them, for up to [`PAIRS`] pairs of
/// samples at a time.
#[derive(Clone, Debug)]
struct Filter {
    /// The first and the second samples of all pairs: the last ones of the time before, and those
    /// that are filtered now.
    samples: [[i16; PAST + PAIRS]; 2],
    even: [i32; PAIRS],
    odd: [i32; PAIRS],
}

impl Default for Filter {
    fn default() -> Self {
        Self { samples: [[0; PAST + PAIRS]; 2], even: [0; PAIRS], odd: [0; PAIRS] }
    }
}

impl Filter {
    /// Where the first and the second samples of `count` pairs go.
    fn room(&mut self, count: usize) -> [&mut [i16]; 2] {
        self.samples.each_mut().map(|it| &mut it[PAST..PAST + count])
    }

    /// The sums over the even and the odd places, as of each of `count` pairs.
    fn sums(&mut self, count: usize) -> [&[i32]; 2] {
        let Self { samples: [first, second], even, odd } = self;
        convolve(first, &COEFFICIENTS, even);
        convolve(second, &BACKWARDS, odd);
        for samples in [first, second] {
            samples.copy_within(count..count + PAST, 0);
        }
        [&even[..count], &odd[..count]]
    }
}

/// All at once, so that the compiler makes vectors of it: more than is needed of a short packet.
fn convolve(samples: &[i16; PAST + PAIRS], taps: &[i16; TAPS], sums: &mut [i32; PAIRS]) {
    *sums = [0; PAIRS];
    for (n, tap) in taps.iter().enumerate() {
        for (sum, sample) in sums.iter_mut().zip(&samples[n..n + PAIRS]) {
            // Far from an overflow: the taps add up to 13 bits.
            *sum = sum.wrapping_add(i32::from(*sample) * i32::from(*tap));
        }
    }
}

/// Adaptive predictor and quantiser scale of one band. Its numbers are of 16 bits, as the
/// recommendation has them: their sums and products cannot overflow 32.
#[derive(Clone, Debug)]
struct Band {
    bounds: &'static Bounds,
    /// The prediction of the next sample, and the part of it that comes from the zeros.
    predicted: i16,
    predicted_by_zeros: i16,
    /// Scale of the quantiser, and its logarithm.
    scale: i16,
    log_scale: i16,
    /// Coefficients of the two poles and the six zeros.
    poles: [i16; 2],
    zeros: [i16; 6],
    /// Newest first: reconstructed samples, what the zeros leave of them, and differences.
    reconstructed: [i16; 2],
    partial: [i16; 2],
    differences: [i16; 6],
}

/// Where the scales of the two bands differ.
#[derive(Debug)]
struct Bounds {
    scale_at_first: i16,
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

    /// The sample of the lower band that a byte means.
    fn decode_low(&mut self, byte: u8) -> i32 {
        let code = usize::from(byte & 0x3f);
        let sample = self.reconstruct(LOW_BY_6_BITS[code]);
        self.adapt(LOW_BY_4_BITS[code >> 2], LOW_STEPS[code >> 2]);
        sample
    }

    /// The sample of the higher band that a byte means.
    fn decode_high(&mut self, byte: u8) -> i32 {
        let code = usize::from(byte >> 6);
        let sample = self.reconstruct(HIGH_BY_2_BITS[code]);
        self.adapt(HIGH_BY_2_BITS[code], HIGH_STEPS[code]);
        sample
    }

    /// The code of a sample of the lower band.
    fn encode_low(&mut self, sample: i32) -> usize {
        let code = self.quantise_low(sample);
        self.adapt(LOW_BY_4_BITS[code >> 2], LOW_STEPS[code >> 2]);
        code
    }

    /// The code of a sample of the higher band.
    fn encode_high(&mut self, sample: i32) -> usize {
        let code = self.quantise_high(sample);
        self.adapt(HIGH_BY_2_BITS[code], HIGH_STEPS[code]);
        code
    }

    /// INVQBL or INVQAH, RECONS and LIMIT: the sample that `level`, a row of a quantiser, means.
    fn reconstruct(&self, level: i16) -> i32 {
        (i32::from(self.predicted) + i32::from(self.scaled(level))).clamp(-16_384, 16_383)
    }

    /// The difference that a row of a quantiser means at the scale of the moment.
    fn scaled(&self, level: i16) -> i16 {
        product(self.scale, level) as i16
    }

    /// SUBTRA and QUANTL: the code of a sample of the lower band.
    fn quantise_low(&self, sample: i32) -> usize {
        let (is_negative, magnitude) = self.difference(sample);
        // A decision d is passed if (d * scale) >> 12 <= magnitude.
        let passed = (((magnitude + 1) << 12) - 1) / i32::from(self.scale.max(1));
        let row = usize::from(LOW_ROWS[(passed as usize).min(LOW_ROWS.len() - 1)]);
        usize::from(if is_negative { LOW_NEGATIVE[row] } else { LOW_POSITIVE[row] })
    }

    /// SUBTRA and QUANTH: the code of a sample of the higher band.
    fn quantise_high(&self, sample: i32) -> usize {
        let (is_negative, magnitude) = self.difference(sample);
        let is_large = magnitude >= (HIGH_DECISION * i32::from(self.scale)) >> 12;
        match (is_negative, is_large) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        }
    }

    /// Whether a sample is below its prediction, and how far it is from it.
    fn difference(&self, sample: i32) -> (bool, i32) {
        let difference = i32::from(saturated(sample - i32::from(self.predicted)));
        (difference < 0, if difference < 0 { !difference } else { difference })
    }

    /// Learns from what both sides know of a sample: the `level` of its code, and the `step` that
    /// it means for the scale.
    fn adapt(&mut self, level: i16, step: i16) {
        let difference = self.scaled(level);
        self.adapt_scale(step);
        let reconstructed = self.predicted.saturating_add(difference);
        let partial = self.predicted_by_zeros.saturating_add(difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.partial = [partial, self.partial[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.predict();
    }

    /// LOGSCL, SCALEL; LOGSCH, SCALEH.
    fn adapt_scale(&mut self, step: i16) {
        let decayed = (i32::from(self.log_scale) * 127) >> 7;
        let log_scale = (decayed + i32::from(step)).clamp(0, self.bounds.log_scale_max);
        let mantissa = MANTISSAS[(log_scale >> 6 & 31) as usize];
        let shift = self.bounds.exponent - (log_scale >> 11);
        let scale = if shift < 0 { mantissa << -shift } else { mantissa >> shift } << 2;
        (self.log_scale, self.scale) = (log_scale as i16, scale as i16);
    }

    /// UPPOL1 and UPPOL2.
    fn adapt_poles(&mut self, partial: i16) {
        let [first, second] = self.poles;
        let agrees = |other: i16| (partial < 0) == (other < 0);
        let towards = i32::from(saturated(i32::from(first) << 2));
        let towards = if agrees(self.partial[0]) { -towards } else { towards }.min(32_767);
        let step = if agrees(self.partial[1]) { 128 } else { -128 };
        let second = ((towards >> 7) + step + product(second, 32_512)).clamp(-12_288, 12_288);
        let step = if agrees(self.partial[0]) { 192 } else { -192 };
        let limit = 15_360 - second;
        let first = (step + product(first, 32_640)).clamp(-limit, limit);
        self.poles = [first as i16, second as i16];
    }

    /// UPZERO.
    fn adapt_zeros(&mut self, difference: i16) {
        let size = if difference == 0 { 0 } else { 128 };
        for (zero, past) in self.zeros.iter_mut().zip(self.differences) {
            let step = if (past < 0) == (difference < 0) { size } else { -size };
            *zero = saturated(step + product(*zero, 32_640));
        }
    }

    /// FILTEP, FILTEZ and PREDIC.
    fn predict(&mut self) {
        let term = |coefficient: i16, past: i16| product(coefficient, past.saturating_mul(2));
        let by_poles: i32 =
            self.poles.iter().zip(self.reconstructed).map(|(pole, past)| term(*pole, past)).sum();
        let by_zeros: i32 =
            self.zeros.iter().zip(self.differences).map(|(zero, past)| term(*zero, past)).sum();
        self.predicted_by_zeros = saturated(by_zeros);
        self.predicted = saturated(by_poles).saturating_add(self.predicted_by_zeros);
    }
}

/// Of two fractions of 15 bits.
fn product(a: i16, b: i16) -> i32 {
    (i32::from(a) * i32::from(b)) >> 15
}

fn saturated(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Half the taps of the mirror filter, whose other half is the same backwards.
const TAPS: usize = 12;
/// G.722 table 11: every second coefficient.
const COEFFICIENTS: [i16; TAPS] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
/// The same for the odd places.
const BACKWARDS: [i16; TAPS] = [-11, 53, -156, 362, -805, 3876, 951, -210, 32, 12, -11, 3];
/// Pairs of samples before the one that is filtered.
const PAST: usize = TAPS - 1;
/// Pairs of samples that are filtered at a time: 10 ms.
const PAIRS: usize = 80;

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
/// By a place on their scale: how many of them are there or before it.
const LOW_ROWS: [u8; 2920] = {
    let mut rows = [0; 2920];
    let mut n = 0;
    while n < LOW_DECISIONS.len() {
        let mut place = LOW_DECISIONS[n] as usize;
        while place < rows.len() {
            rows[place] += 1;
            place += 1;
        }
        n += 1;
    }
    rows
};
const LOW_NEGATIVE: [u8; 30] = [
    63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
    9, 8, 7, 6, 5, 4,
];
const LOW_POSITIVE: [u8; 30] = [
    61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38,
    37, 36, 35, 34, 33, 32,
];

/// Table 16: what a code of the lower band means, by six bits and (for adaptation) by four.
const LOW_BY_6_BITS: [i16; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];
const LOW_BY_4_BITS: [i16; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];
/// Table 13: how a four-bit code moves the logarithm of the scale.
const LOW_STEPS: [i16; 16] =
    [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

/// The same of the higher band.
const HIGH_DECISION: i32 = 564;
const HIGH_BY_2_BITS: [i16; 4] = [-7_408, -1_616, 7_408, 1_616];
const HIGH_STEPS: [i16; 4] = [798, -214, 798, -214];
/// The code of the higher band that lets it fall silent: a small step, and a smaller scale next.
const HIGH_QUIET: u8 = 3;

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
        let mut ours = (Encoder::new(Bands::Both), Decoder::new(Bands::Both));
        // It begins with scales of 0, where table 9 says 32 and 8.
        for (low, wide) in
            [(&mut ours.0.low, &mut ours.0.wide), (&mut ours.1.low, &mut ours.1.wide)]
        {
            low.scale = 0;
            wide.as_mut().unwrap().high.scale = 0;
        }
        let mut rng = Rng::from_number(722);
        for n in 0..500 {
            // Packets of any length, also such that are no whole number of blocks of the filter.
            let len = if n % 2 == 0 { 320 } else { 2 + 2 * (n % 160) };
            let pcm: Vec<i16> = (0..len).map(|_| rng.u32() as i16 >> (n % 16)).collect();
            let mut payload = vec![0; len / 2];
            ours.0.encode(&pcm, &mut payload);
            assert_eq!(payload[..], theirs.0.encode(&pcm), "frame {n}");
            // Bytes that no encoder made must mean the same, too.
            if n % 3 == 0 {
                rng.fill(&mut payload);
            }
            let mut heard = vec![0; len];
            ours.1.decode(&payload, &mut heard);
            assert_eq!(heard[..], theirs.1.decode(&payload), "frame {n}");
        }
    }

    #[test]
    fn the_lower_band_alone_is_the_lower_band_of_both() {
        let mut rng = Rng::from_number(8000);
        let mut both = Encoder::new(Bands::Both);
        let mut lower = Decoder::new(Bands::Lower);
        let mut band = Band::new(&LOW);
        for n in 0..100 {
            let pcm: Vec<i16> = (0..320).map(|_| rng.u32() as i16 >> (n % 8)).collect();
            let (mut payload, mut heard) = ([0; 160], [0; 160]);
            both.encode(&pcm, &mut payload);
            lower.decode(&payload, &mut heard);
            let expected: Vec<i16> =
                payload.iter().map(|byte| (band.decode_low(*byte) * 2) as i16).collect();
            assert_eq!(heard[..], expected[..]);
        }

        // What is encoded of it alone leaves nothing in the higher band of those who hear both.
        let mut encoder = Encoder::new(Bands::Lower);
        let mut decoder = Decoder::new(Bands::Both);
        let mut loudest = 0;
        for _ in 0..50 {
            let pcm: Vec<i16> = (0..160).map(|_| rng.u32() as i16 >> 2).collect();
            let mut payload = [0; 160];
            encoder.encode(&pcm, &mut payload);
            decoder.decode(&payload, &mut [0; 320]);
            let high = &decoder.wide.as_ref().unwrap().high;
            loudest = high.reconstructed.iter().fold(loudest, |most, it| it.abs().max(most));
        }
        assert!(loudest <= 16, "{loudest}");
    }
}
