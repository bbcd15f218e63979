//! The one step all hashes here are made of, and what keys it.

/// The 128-bit product of two words, folded to 64 bits: every bit of both reaches every bit of the result.
#[inline(always)]
pub const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// 2^64 divided by the golden ratio, odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A word whose high bits depend on all bits of another (Fibonacci hashing): a place in a small table, from the top.
#[inline(always)]
pub const fn spread(word: u64) -> u64 {
    word.wrapping_mul(GOLDEN)
}

/// A hash of some bytes, eight at a time.
pub fn of_bytes(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(bytes.len() as u64, |hash, chunk| {
        let word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        fold(hash.rotate_left(23) ^ word, GOLDEN)
    })
}

/// What the words of a hash are keyed with, each in its place.
#[derive(Debug, Clone, Copy)]
pub struct Keys(pub [u64; 6]);

impl Keys {
    /// Of what no secret is made of: anybody may know it.
    pub const FIXED: Self = Self::new(0);

    /// Drawn from a secret.
    pub const fn new(secret: u64) -> Self {
        // Digits of pi: nothing up any sleeve.
        const PI: [u64; 6] = [
            0x243f_6a88_85a3_08d3,
            0x1319_8a2e_0370_7345,
            0xa409_3822_299f_31d1,
            0x082e_fa98_ec4e_6c89,
            0x4528_21e6_38d0_1377,
            0xbe54_66cf_34e9_0c6d,
        ];
        let mut keys = [0; 6];
        let mut at = 0;
        while at < PI.len() {
            keys[at] = fold(PI[at] ^ secret, PI[(at + 1) % PI.len()]) ^ secret.rotate_left(23);
            at += 1;
        }
        Self(keys)
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::FIXED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_with_place_and_secret() {
        let mut all: Vec<u64> = [0, 1, 2, u64::MAX].into_iter().flat_map(|secret| Keys::new(secret).0).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 24);
        assert!(!all.contains(&0));
    }
}
