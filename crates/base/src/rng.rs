//! Chance as an argument.

use rand_chacha::{
    ChaCha12Rng,
    rand_core::{Rng as _, SeedableRng},
};

/// A seeded generator of unpredictable numbers (ChaCha12).
///
/// The shell seeds it from the operating system; tests seed it from a number, and then every tag,
/// branch and id of a run is the same again. Good enough for tags and nonces, which strangers
/// must not guess.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha12Rng);

impl Rng {
    /// From 32 bytes of the operating system's entropy.
    pub fn from_entropy(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// For tests: the same number gives the same sequence.
    pub fn from_number(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// A generator that goes its own way, for a part with its own owner.
    pub fn split(&mut self) -> Self {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Self::from_entropy(seed)
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// 64 random bits.
    pub fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 32 random bits.
    pub fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Below `bound`, which must not be 0; the bias is under 2⁻³² for any bound that fits 32 bits.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "nothing is below 0");
        self.u64() % bound
    }

    /// True with a probability of `per_mille` / 1000.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// `digits` lower-case hexadecimal digits, 4 bits of chance each.
    pub fn hex(&mut self, digits: usize) -> String {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(digits);
        let mut bits = 0;
        for n in 0..digits {
            if n % 16 == 0 {
                bits = self.u64();
            }
            text.push(HEX[(bits & 15) as usize] as char);
            bits >>= 4;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_the_same_sequence() {
        let (mut a, mut b) = (Rng::from_number(7), Rng::from_number(7));

        assert_eq!(a.hex(20), b.hex(20));
        assert_ne!(a.hex(20), Rng::from_number(8).hex(20));
    }
}
