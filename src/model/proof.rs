//! Packets that prove something, by their number.

use super::limits::PROVING_PACKETS;
use super::sum::Sum;

/// Numbers of packets, from 1 as they came: of all that were noted the newest, at most [`PROVING_PACKETS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProvingPackets {
    /// 0: none.
    numbers: [u64; PROVING_PACKETS],
    /// How many were noted.
    noted: usize,
}

impl ProvingPackets {
    /// Notes a packet that came after those noted before; 0 is a packet whose number is not known.
    #[inline]
    pub fn note(&mut self, number: u64) {
        if number == 0 {
            return;
        }
        let at = self.noted % PROVING_PACKETS;
        if let Some(place) = self.numbers.get_mut(at) {
            *place = number;
        }
        self.noted = self.noted.wrapping_add(1);
    }

    /// The numbers, ascending.
    pub fn numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.numbers.iter().copied().filter(|n| *n > 0).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The newest of these.
    fn of(mut numbers: Vec<u64>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        let mut out = Self::default();
        numbers.iter().skip(numbers.len().saturating_sub(PROVING_PACKETS)).for_each(|n| out.note(*n));
        out
    }
}

impl Sum for ProvingPackets {
    fn merge(&mut self, other: &Self) {
        *self = Self::of([self.numbers(), other.numbers()].concat());
    }

    fn since(&self, earlier: &Self) -> Self {
        let before = earlier.numbers().last().copied().unwrap_or(0);
        Self::of(self.numbers().into_iter().filter(|n| *n > before).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(numbers: impl IntoIterator<Item = u64>) -> ProvingPackets {
        let mut out = ProvingPackets::default();
        numbers.into_iter().for_each(|n| out.note(n));
        out
    }

    #[test]
    fn the_newest_of_all_parts_are_kept() {
        let most = PROVING_PACKETS as u64;
        assert_eq!(noted([0, 3, 7]).numbers(), [3, 7]);
        let (mut odd, even) = (noted((1..100).step_by(2)), noted((2..100).step_by(2)));
        assert_eq!(odd.numbers().len() as u64, most);
        odd.merge(&even);
        assert_eq!(odd.numbers(), (100 - most..100).collect::<Vec<_>>());
        assert_eq!(odd.since(&noted([97])).numbers(), [98, 99]);
        let mut none = ProvingPackets::default();
        none.merge(&noted([5]));
        assert_eq!(none.numbers(), [5]);
    }
}
