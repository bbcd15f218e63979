//! What tests share: captures beside the repository, the packet builder, a model of a small switched network, and a model of the mirror that
//! copies it.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod captures;
pub mod fuzz;
pub mod judgement;
pub mod mirror;
pub mod namespace;
pub mod network;
pub mod paced;
pub mod packet;
pub mod tty;

/// A small seeded generator (splitmix64): the same numbers on every machine.
#[derive(Debug, Clone)]
pub struct Rng(pub u64);

impl Rng {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `n - 1`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 <= p && p > 0.0
    }

    /// An exponentially distributed number of mean `mean`.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        let u = ((self.next() >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
        -mean * u.ln()
    }
}
