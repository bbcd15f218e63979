//! What came in each bin of a fixed width, at any length of the load interval: the busiest millisecond.

use crate::model::limits::BURST_BINS;
use crate::model::time::MILLISECOND;
use crate::model::traffic::LINK_OVERHEAD;
use crate::model::{Sum, Timestamp, Traffic};

/// One bin, usually of a millisecond, and what came in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Burst {
    /// Its beginning.
    pub at: Timestamp,
    /// Packets and wire bytes.
    pub traffic: Traffic,
    /// Of them those from, and those to the station that is held for the one at the end of the link: bytes that they took up on it.
    pub ways: [u64; 2],
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

/// A bin, and which one it is.
#[derive(Debug, Clone, Copy)]
struct Bin {
    number: i64,
    traffic: Traffic,
    ways: [u64; 2],
}

impl Bin {
    const EMPTY: Self = Self::of(i64::MIN);

    const fn of(number: i64) -> Self {
        Self { number, traffic: Traffic { packets: 0, wire_bytes: 0 }, ways: [0; 2] }
    }
}

/// The newest [`BURST_BINS`] bins of `WIDTH` nanoseconds with packets, each in the place of its number. A packet counts in its own bin, also
/// when it comes late; one that comes more than [`BURST_BINS`] of them late may find its place taken and begins it anew, which makes a
/// peak smaller, never larger.
#[derive(Debug)]
pub struct Bursts<const WIDTH: i64 = MILLISECOND> {
    origin: Timestamp,
    bins: Vec<Bin>,
    /// Where the packet counted last lies.
    last: usize,
}

impl<const WIDTH: i64> Default for Bursts<WIDTH> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WIDTH: i64> Bursts<WIDTH> {
    /// Without packets.
    pub fn new() -> Self {
        Self { origin: Timestamp(0), bins: vec![Bin::EMPTY; BURST_BINS], last: 0 }
    }

    /// Bins begin at `origin`.
    pub fn begin(&mut self, origin: Timestamp) {
        self.origin = origin;
        self.bins.fill(Bin::EMPTY);
    }

    /// The packet counted last went from the station at the end of the link (0), or to it (1): how much of its bin went which way by now.
    #[inline]
    pub fn went(&mut self, way: usize, wire: u32) -> [u64; 2] {
        let Some(bin) = self.bins.get_mut(self.last) else { return [0; 2] };
        if let Some(bytes) = bin.ways.get_mut(way) {
            *bytes = bytes.saturating_add(u64::from(wire) + LINK_OVERHEAD);
        }
        bin.ways
    }

    /// Another station is held for the one at the end: what came so far in the bin counted last went between these two (`is_other`), or nothing
    /// is known of its way any more.
    pub fn turn(&mut self, is_other: bool) -> [u64; 2] {
        let Some(bin) = self.bins.get_mut(self.last) else { return [0; 2] };
        bin.ways = if is_other { [bin.ways[1], bin.ways[0]] } else { [0; 2] };
        bin.ways
    }

    /// Counts a packet: what its bin holds now.
    #[inline]
    pub fn count(&mut self, time: Timestamp, wire: u32) -> Burst {
        // Damaged files carry times whose difference does not fit 64 bits; wrapped, different milliseconds stay different.
        let number = time.0.wrapping_sub(self.origin.0).div_euclid(WIDTH);
        self.last = number.rem_euclid(BURST_BINS as i64) as usize;
        let Some(bin) = self.bins.get_mut(self.last) else { return Burst::default() };
        if bin.number != number {
            *bin = Bin::of(number);
        }
        bin.traffic.count(wire);
        let at = Timestamp(self.origin.0.wrapping_add(number.wrapping_mul(WIDTH)));
        Burst { at, traffic: bin.traffic, ways: bin.ways }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_packet_counts_in_its_own_millisecond_also_a_late_one() {
        let mut bursts: Bursts = Bursts::new();
        bursts.begin(Timestamp(500));
        let at = |ms: i64| Timestamp(500 + ms * MILLISECOND);
        let count = |bursts: &mut Bursts, ms, wire| (bursts.count(at(ms), wire).at, bursts.count(at(ms), wire).traffic.packets);
        assert_eq!(count(&mut bursts, 0, 100), (at(0), 2));
        assert_eq!(count(&mut bursts, 7, 60), (at(7), 2));
        assert_eq!(count(&mut bursts, 0, 60), (at(0), 4));
        assert_eq!(count(&mut bursts, -3, 60), (at(-3), 2), "before the first packet");
        assert_eq!(count(&mut bursts, 3_600_000, 60), (at(3_600_000), 2), "an hour later");
    }

    #[test]
    fn either_way_of_a_bin_and_of_finer_bins() {
        let mut bursts = Bursts::<100_000>::new();
        bursts.begin(Timestamp(0));
        bursts.count(Timestamp(99_999), 100);
        assert_eq!(bursts.went(0, 100), [124, 0]);
        let two = bursts.count(Timestamp(0), 60);
        assert_eq!((two.at, two.traffic.link_bytes(), two.ways), (Timestamp(0), 208, [124, 0]));
        assert_eq!((bursts.went(1, 60), bursts.turn(true), bursts.turn(false)), ([124, 84], [84, 124], [0, 0]), "the other way");
        assert_eq!(bursts.count(Timestamp(100_000), 60).at, Timestamp(100_000));
    }

    proptest! {
        #[test]
        fn never_more_than_came_and_exact_within_reach(steps in proptest::collection::vec((-300i64..900, 1u32..2_000), 1..400)) {
            let mut bursts: Bursts = Bursts::new();
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
