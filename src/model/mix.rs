//! The one step all hashes here are made of.

/// The 128-bit product of two words, folded to 64 bits: every bit of both reaches every bit of the result.
#[inline(always)]
pub fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}
