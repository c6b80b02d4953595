//! G.711: 8-bit companded speech at 8 kHz.

/// The two companding laws.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Law {
    /// µ-law, `PCMU`, static payload type 0.
    Mu,
    /// A-law, `PCMA`, static payload type 8.
    A,
}

impl Law {
    /// By the encoding name of `a=rtpmap`, without case.
    pub fn from_encoding(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("PCMU") {
            Some(Self::Mu)
        } else if name.eq_ignore_ascii_case("PCMA") {
            Some(Self::A)
        } else {
            None
        }
    }

    /// Compands one 16-bit linear sample.
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Mu => encode_mu(sample),
            Self::A => encode_a(sample),
        }
    }

    /// Expands one byte to a 16-bit linear sample.
    pub fn decode(self, byte: u8) -> i16 {
        match self {
            Self::Mu => MU_DECODED[usize::from(byte)],
            Self::A => A_DECODED[usize::from(byte)],
        }
    }

    /// Peak of the sine that is as loud as the law allows, on the 16-bit scale.
    pub fn full_scale_peak(self) -> f64 {
        match self {
            Self::Mu => 32_636.0,
            Self::A => 32_768.0,
        }
    }

    /// Level of that sine, in dBm0 (G.711 section 5).
    #[expect(clippy::approx_constant, reason = "the level of A-law, not π")]
    pub fn full_scale_dbm0(self) -> f64 {
        match self {
            Self::Mu => 3.17,
            Self::A => 3.14,
        }
    }
}

/// G.711 table 2a: the 14-bit magnitude plus the bias of 33 has its leading one in bits 5 to 12,
/// which gives the segment, and the four bits after it the interval. All bits are inverted.
fn encode_mu(sample: i16) -> u8 {
    let magnitude = (sample.unsigned_abs() >> 2).min(MU_CLIP) + MU_BIAS;
    let segment = 10 - magnitude.leading_zeros() as u16;
    let interval = (magnitude >> (segment + 1)) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (segment << 4) as u8 | interval as u8)
}

/// G.711 table 1a: the 11-bit magnitude (in intervals of the two innermost segments) has its
/// leading one in bits 4 to 10, which gives segments 1 to 7; segment 0 has none there. Even bits
/// are inverted.
fn encode_a(sample: i16) -> u8 {
    // A negative value is mirrored by its ones' complement, so that −1 is in the interval below 0.
    let (sign, magnitude) = if sample < 0 { (0, !sample) } else { (0x80, sample) };
    let magnitude = magnitude.cast_unsigned() >> 4;
    let segment = 12_u16.saturating_sub(magnitude.leading_zeros() as u16);
    let interval = (magnitude >> segment.saturating_sub(1)) & 0x0f;
    (sign | (segment << 4) as u8 | interval as u8) ^ 0x55
}

const fn decode_mu(byte: u8) -> i16 {
    let bits = !byte;
    let segment = (bits >> 4) & 7;
    let magnitude = ((((bits & 0x0f) as i16) << 1 | 0x21) << segment) - MU_BIAS.cast_signed();
    if bits & 0x80 == 0 { magnitude << 2 } else { -(magnitude << 2) }
}

const fn decode_a(byte: u8) -> i16 {
    let bits = byte ^ 0x55;
    let segment = (bits >> 4) & 7;
    let interval = ((bits & 0x0f) as i16) << 1 | 1;
    let magnitude = if segment == 0 { interval } else { (interval | 0x20) << (segment - 1) };
    if bits & 0x80 == 0 { -(magnitude << 3) } else { magnitude << 3 }
}

const MU_BIAS: u16 = 33;
/// Largest 14-bit magnitude before the bias.
const MU_CLIP: u16 = 8158;

static MU_DECODED: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = decode_mu(byte as u8);
        byte += 1;
    }
    table
};

static A_DECODED: [i16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = decode_a(byte as u8);
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// G.711 table 2a: decision values x(n), character signals and quantised values y(n) of the
    /// positive half, on the 14-bit scale, one row a segment end.
    const MU_TABLE: [(i16, u8, i16); 9] = [
        (7903, 0x80, 8031),
        (4063, 0x8f, 4191),
        (2015, 0x9f, 2079),
        (991, 0xaf, 1023),
        (479, 0xbf, 495),
        (223, 0xcf, 231),
        (95, 0xdf, 99),
        (31, 0xef, 33),
        (0, 0xff, 0),
    ];

    /// G.711 table 1a likewise, on the 13-bit scale; character signals before the inversion of
    /// even bits.
    const A_TABLE: [(i16, u8, i16); 8] = [
        (3968, 0xff, 4032),
        (2048, 0xf0, 2112),
        (1024, 0xe0, 1056),
        (512, 0xd0, 528),
        (256, 0xc0, 264),
        (128, 0xb0, 132),
        (64, 0xa0, 66),
        (0, 0x80, 1),
    ];

    #[test]
    fn mu_law_agrees_with_table_2a_of_g711() {
        for (decision, signal, value) in MU_TABLE {
            assert_eq!(Law::Mu.decode(signal), value * 4, "{signal:#x}");
            assert_eq!(Law::Mu.decode(signal & 0x7f), -value * 4, "negative of {signal:#x}");
            assert_eq!(Law::Mu.encode(decision * 4), signal, "at {decision}");
            if decision > 0 {
                assert_eq!(Law::Mu.encode((decision - 1) * 4), signal + 1, "below {decision}");
                assert_eq!(Law::Mu.encode(-decision * 4), signal & 0x7f, "at -{decision}");
            }
        }
    }

    #[test]
    fn a_law_agrees_with_table_1a_of_g711() {
        for (decision, signal, value) in A_TABLE {
            let signal = signal ^ 0x55;
            assert_eq!(Law::A.decode(signal), value * 8, "{signal:#x}");
            assert_eq!(Law::A.decode(signal ^ 0x80), -value * 8, "negative of {signal:#x}");
            assert_eq!(Law::A.encode(decision * 8), signal, "at {decision}");
        }
    }

    #[test]
    fn every_byte_survives_decoding_and_encoding() {
        for byte in 0..=255_u8 {
            assert_eq!(Law::A.encode(Law::A.decode(byte)), byte);
            // µ-law has two zeros; the negative one comes back as the positive.
            let expected = if byte == 0x7f { 0xff } else { byte };
            assert_eq!(Law::Mu.encode(Law::Mu.decode(byte)), expected);
        }
    }

    #[test]
    fn every_sample_is_rounded_within_half_an_interval() {
        for law in [Law::Mu, Law::A] {
            for sample in i16::MIN..=i16::MAX {
                let error = i32::from(law.decode(law.encode(sample))) - i32::from(sample);
                // An interval is a sixteenth of its segment, which begins at a power of two (less
                // the bias of µ-law); the last 2 bits are below the resolution of the law.
                let half_interval = (i32::from(sample).abs() + 4 * i32::from(MU_BIAS)) / 32 + 4;
                assert!(error.abs() <= half_interval, "{law:?} {sample}: {error}");
            }
        }
    }
}
