//! How much of the caps beside conversations a budget of memory allows.

use super::limits::DEFAULT_MEMORY;

/// A share of the caps in [`limits`](crate::model::limits), in 256ths: what is known of services, names, texts and segments shrinks with
/// `--memory` as the tables of conversations do, so that a small budget is one for the whole program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapScale(u16);

/// Parts of a whole.
const PARTS: u64 = 256;

/// Entries that a scaled cap leaves at least: with fewer nothing could be told.
const FEWEST: usize = 16;

impl Default for CapScale {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl CapScale {
    /// Every cap as it is listed.
    pub const WHOLE: CapScale = CapScale(PARTS as u16);

    /// What a budget of this many bytes allows: everything from [`DEFAULT_MEMORY`] on.
    pub fn within(budget: u64) -> Self {
        let parts = budget / (DEFAULT_MEMORY / PARTS);
        Self(parts.clamp(1, PARTS) as u16)
    }

    /// A cap in this scale.
    pub const fn of(self, cap: usize) -> usize {
        let scaled = cap / PARTS as usize * self.0 as usize + cap % PARTS as usize * self.0 as usize / PARTS as usize;
        let least = if cap < FEWEST { cap } else { FEWEST };
        if scaled < least { least } else { scaled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_shrinks_with_the_budget_and_never_grows() {
        let of = |budget, cap| CapScale::within(budget).of(cap);
        assert_eq!([of(DEFAULT_MEMORY, 4096), of(u64::MAX, 4096), of(DEFAULT_MEMORY / 2, 4096)], [4096, 4096, 2048]);
        assert_eq!([of(DEFAULT_MEMORY / 16, 4096), of(DEFAULT_MEMORY / 16, 1000)], [256, 62]);
        assert_eq!([of(0, 4096), of(0, 5), of(0, 0)], [16, 5, 0]);
        assert_eq!(CapScale::WHOLE.of(usize::MAX), usize::MAX);
    }
}
