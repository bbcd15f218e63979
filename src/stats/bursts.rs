//! The busiest millisecond, at any length of the load interval.

use crate::model::limits::BURST_BINS;
use crate::model::time::MILLISECOND;
use crate::model::{Sum, Timestamp, Traffic};

/// One millisecond and what came in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Burst {
    /// Its beginning.
    pub at: Timestamp,
    /// Packets and wire bytes.
    pub traffic: Traffic,
}

impl Burst {
    /// The one with more wire bytes; of equal ones the earlier.
    #[must_use]
    pub fn larger(self, other: Burst) -> Burst {
        let more = (other.traffic.wire_bytes, self.at) > (self.traffic.wire_bytes, other.at);
        if more { other } else { self }
    }
}

/// The larger of two parts; of a time nothing can be taken away.
impl Sum for Burst {
    fn merge(&mut self, other: &Self) {
        *self = self.larger(*other);
    }

    fn since(&self, _: &Self) -> Self {
        *self
    }
}

/// A bin, and which millisecond it stands for.
#[derive(Debug, Clone, Copy)]
struct Bin {
    number: i64,
    traffic: Traffic,
}

/// The newest [`BURST_BINS`] milliseconds with packets, each in the bin of its number. A packet counts in its own millisecond, also when
/// it comes late; one that comes more than [`BURST_BINS`] milliseconds late may find its bin taken and begins it anew, which makes a
/// peak smaller, never larger.
#[derive(Debug)]
pub struct Bursts {
    origin: Timestamp,
    bins: Vec<Bin>,
}

impl Default for Bursts {
    fn default() -> Self {
        Self::new()
    }
}

impl Bursts {
    /// Without packets.
    pub fn new() -> Self {
        Self { origin: Timestamp(0), bins: vec![Bin { number: i64::MIN, traffic: Traffic::default() }; BURST_BINS] }
    }

    /// Milliseconds begin at `origin`.
    pub fn begin(&mut self, origin: Timestamp) {
        self.origin = origin;
        self.bins.fill(Bin { number: i64::MIN, traffic: Traffic::default() });
    }

    /// Counts a packet: what its millisecond holds now.
    #[inline]
    pub fn count(&mut self, time: Timestamp, wire: u32) -> Burst {
        // Damaged files carry times whose difference does not fit 64 bits; wrapped, different milliseconds stay different.
        let number = time.0.wrapping_sub(self.origin.0).div_euclid(MILLISECOND);
        let slot = number.rem_euclid(BURST_BINS as i64) as usize;
        let Some(bin) = self.bins.get_mut(slot) else { return Burst::default() };
        if bin.number != number {
            *bin = Bin { number, traffic: Traffic::default() };
        }
        bin.traffic.count(wire);
        Burst { at: Timestamp(self.origin.0.wrapping_add(number.wrapping_mul(MILLISECOND))), traffic: bin.traffic }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_packet_counts_in_its_own_millisecond_also_a_late_one() {
        let mut bursts = Bursts::new();
        bursts.begin(Timestamp(500));
        let at = |ms: i64| Timestamp(500 + ms * MILLISECOND);
        let count = |bursts: &mut Bursts, ms, wire| (bursts.count(at(ms), wire).at, bursts.count(at(ms), wire).traffic.packets);
        assert_eq!(count(&mut bursts, 0, 100), (at(0), 2));
        assert_eq!(count(&mut bursts, 7, 60), (at(7), 2));
        assert_eq!(count(&mut bursts, 0, 60), (at(0), 4));
        assert_eq!(count(&mut bursts, -3, 60), (at(-3), 2), "before the first packet");
        assert_eq!(count(&mut bursts, 3_600_000, 60), (at(3_600_000), 2), "an hour later");
    }

    proptest! {
        #[test]
        fn never_more_than_came_and_exact_within_reach(steps in proptest::collection::vec((-300i64..900, 1u32..2_000), 1..400)) {
            let mut bursts = Bursts::new();
            bursts.begin(Timestamp(0));
            let (mut now, mut true_bins, mut best, mut exact) = (0i64, BTreeMap::<i64, u64>::new(), 0, true);
            let mut newest = 0;
            for (step, wire) in steps {
                now += step * MILLISECOND / 100;
                newest = newest.max(now);
                exact &= newest - now < (BURST_BINS as i64 - 1) * MILLISECOND;
                *true_bins.entry(now.div_euclid(MILLISECOND)).or_default() += u64::from(wire);
                best = best.max(bursts.count(Timestamp(now), wire).traffic.wire_bytes);
            }
            let most = true_bins.values().copied().max().unwrap_or(0);
            prop_assert!(best <= most);
            prop_assert!(!exact || best == most);
        }
    }
}
