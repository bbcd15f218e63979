//! How long packets take from where they are seen first to where they are seen next: through a switch, a router, from port to port.
//!
//! A packet's first two sightings are measured, where they differ in what tells two places apart ([`CopyClass::is_transit`]). Copies of one
//! place say nothing, for the switch makes both at once; nor do frames that were flooded, which leave by many ports side by side.

use super::counts::CopyClass;
use super::fingerprint::Vantage;
use crate::model::limits::{TRANSIT_PAIRS, TRANSIT_SLICES};
use crate::model::sum::{Sum, sums};
use crate::model::{Frame, Histogram, Side};
use std::collections::BTreeMap;

/// Where a mirror took a copy, beside its VLAN.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MirrorPoint {
    /// Number of the mirror session (0: none).
    pub session: u16,
    /// Index of the capture interface.
    pub interface: u16,
    /// Side of the port.
    pub side: Option<Side>,
    /// The port, as the device numbers it.
    pub port: Option<u32>,
    /// Several that cannot be told apart.
    pub is_mixed: bool,
}

impl MirrorPoint {
    fn of(frame: &Frame) -> Self {
        let tag = frame.tag.unwrap_or_default();
        Self { session: frame.session, interface: frame.interface, side: tag.side, port: tag.port, is_mixed: false }
    }
}

/// What a pair of places is known by; ordered by class, then places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransitKey {
    /// How the places differ.
    pub class: CopyClass,
    /// VLANs of the first and second place.
    pub vlans: [Option<u16>; 2],
    /// The two places.
    pub points: [MirrorPoint; 2],
}

sums! {
    /// Times between two places.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct TransitCounts {
        /// Nanoseconds.
        pub times: Histogram,
        /// The same over time.
        pub trend: TransitTrend,
    }
}

sums! {
    /// Everything that shards measured.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct TransitReport {
        /// By pair of places.
        pub pairs: BTreeMap<TransitKey, TransitCounts>,
        /// Packets between pairs beyond the cap.
        pub beyond: u64,
    }
}

/// A part of the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrendSlice {
    /// Packets.
    pub packets: u64,
    /// Nanoseconds, all together.
    pub sum: u64,
    /// The longest.
    pub longest: u64,
}

impl Sum for TrendSlice {
    fn merge(&mut self, other: &Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.sum = self.sum.saturating_add(other.sum);
        self.longest = self.longest.max(other.longest);
    }

    fn since(&self, earlier: &Self) -> Self {
        let (packets, sum) = (self.packets.saturating_sub(earlier.packets), self.sum.saturating_sub(earlier.sum));
        Self { packets, sum, longest: if packets == 0 { 0 } else { self.longest } }
    }
}

/// Slices of equal length that grow with the time they cover: at most [`TRANSIT_SLICES`]. A slice's length is a power of two of nanoseconds
/// and its beginning a multiple of it, so that parts merge to the same in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransitTrend {
    /// Length of a slice, as a power of two of nanoseconds.
    shift: u32,
    /// Number of the first slice.
    first: i64,
    slices: Vec<TrendSlice>,
}

/// The shortest slice: 2^27 ns are 0.13 s.
const SHORTEST: u32 = 27;

impl TransitTrend {
    fn count(&mut self, time: i64, nanos: u64) {
        if let Some(slice) = self.at(time) {
            slice.merge(&TrendSlice { packets: 1, sum: nanos, longest: nanos });
        }
    }

    /// The longest of a slice stays.
    fn uncount(&mut self, time: i64, nanos: u64) {
        let number = (time >> self.shift).wrapping_sub(self.first);
        if let Some(slice) = usize::try_from(number).ok().and_then(|at| self.slices.get_mut(at)) {
            *slice = slice.since(&TrendSlice { packets: 1, sum: nanos, longest: 0 });
        }
    }

    /// The slice of a moment, which is made.
    #[inline]
    fn at(&mut self, time: i64) -> Option<&mut TrendSlice> {
        if self.slices.is_empty() {
            self.shift = self.shift.max(SHORTEST);
            self.first = time >> self.shift;
            self.slices.reserve(TRANSIT_SLICES);
        }
        self.reach(time >> self.shift, time >> self.shift);
        let at = (time >> self.shift).saturating_sub(self.first);
        self.slices.get_mut(usize::try_from(at).ok()?)
    }

    /// Makes room for slices from one number to another, of the present length; they may grow for it.
    #[inline]
    fn reach(&mut self, mut low: i64, mut high: i64) {
        loop {
            let last = self.first.saturating_add(self.slices.len() as i64 - 1);
            let (first, last) = (self.first.min(low), last.max(high));
            if last.saturating_sub(first) < TRANSIT_SLICES as i64 {
                let before = self.first.saturating_sub(first) as usize;
                if before > 0 {
                    self.slices.splice(0..0, std::iter::repeat_n(TrendSlice::default(), before));
                    self.first = first;
                }
                let length = last.saturating_sub(first) as usize + 1;
                if self.slices.len() < length {
                    self.slices.resize(length, TrendSlice::default());
                }
                return;
            }
            self.double();
            (low, high) = (low >> 1, high >> 1);
        }
    }

    /// Two slices become one.
    #[inline(never)]
    fn double(&mut self) {
        let first = self.first >> 1;
        let mut slices: Vec<TrendSlice> = Vec::with_capacity(TRANSIT_SLICES);
        for (number, slice) in (self.first..).zip(&self.slices) {
            match slices.get_mut(((number >> 1) - first) as usize) {
                Some(sum) => sum.merge(slice),
                None => slices.push(*slice),
            }
        }
        (self.shift, self.first, self.slices) = (self.shift + 1, first, slices);
    }

    /// In slices of that length at least.
    fn coarse(&self, shift: u32) -> Self {
        let mut coarse = self.clone();
        while coarse.shift < shift && !coarse.slices.is_empty() {
            coarse.double();
        }
        coarse
    }

    /// Beginning and length of each slice with packets in nanoseconds, and what it holds.
    pub fn slices(&self) -> impl Iterator<Item = (i64, i64, TrendSlice)> + '_ {
        let length = 1i64 << self.shift.min(62);
        let all = (self.first..).zip(&self.slices);
        all.filter(|(_, slice)| slice.packets > 0).map(move |(number, slice)| (number.saturating_mul(length), length, *slice))
    }
}

impl Sum for TransitTrend {
    fn merge(&mut self, other: &Self) {
        if other.slices.is_empty() {
            return;
        }
        if self.slices.is_empty() {
            *self = other.clone();
            return;
        }
        let shift = self.shift.max(other.shift);
        *self = self.coarse(shift);
        let mut other = other.coarse(shift);
        self.reach(other.first, other.first.saturating_add(other.slices.len() as i64 - 1));
        other = other.coarse(self.shift);
        let before = other.first.saturating_sub(self.first) as usize;
        self.slices.iter_mut().skip(before).zip(&other.slices).for_each(|(sum, part)| sum.merge(part));
    }

    fn since(&self, earlier: &Self) -> Self {
        let mut rest = self.clone();
        let earlier = earlier.coarse(self.shift);
        for (number, part) in (earlier.first..).zip(&earlier.slices) {
            let at = usize::try_from(number.saturating_sub(self.first)).ok();
            if let Some(slice) = at.and_then(|at| rest.slices.get_mut(at)) {
                *slice = slice.since(part);
            }
        }
        rest
    }
}

/// A pair of places as copies name it: the class (3 bits), both VLANs (13 each), both hashes of where the mirror took the copy (8 each).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair(u64);

/// A VLAN in 13 bits: none is above all.
const NO_VLAN: u64 = 0x1fff;

impl Pair {
    fn new(class: CopyClass, [from, to]: [Vantage; 2]) -> Self {
        let vlan = |v: Vantage| v.vlan().map_or(NO_VLAN, u64::from);
        let points = u64::from(from.via()) << 8 | u64::from(to.via());
        Self((class as u64) << 42 | vlan(from) << 29 | vlan(to) << 16 | points)
    }

    fn key(self, points: &[MirrorPoint]) -> Option<TransitKey> {
        let vlan = |bits: u64| (bits & NO_VLAN != NO_VLAN).then_some((bits & NO_VLAN) as u16);
        let point = |bits: u64| points.get((bits & 0xff) as usize).copied().unwrap_or_default();
        Some(TransitKey {
            class: *CopyClass::ALL.get((self.0 >> 42) as usize)?,
            vlans: [vlan(self.0 >> 29), vlan(self.0 >> 16)],
            points: [point(self.0 >> 8), point(self.0)],
        })
    }
}

/// What one shard measures.
#[derive(Debug, Default)]
pub(super) struct Transits {
    pairs: Vec<(Pair, TransitCounts)>,
    /// The pair of the latest: the next one is usually of the same.
    latest: usize,
    /// What hashes of where copies were taken stand for; empty where all come from the same place.
    points: Vec<MirrorPoint>,
    beyond: u64,
}

impl Transits {
    /// Notes where the mirror took a packet that is known by this hash.
    #[inline(always)]
    pub fn note(&mut self, via: u8, frame: &Frame) {
        if via != 0 {
            self.note_point(via, frame);
        }
    }

    #[inline(never)]
    fn note_point(&mut self, via: u8, frame: &Frame) {
        if self.points.is_empty() {
            self.points = vec![MirrorPoint::default(); 256];
        }
        let point = MirrorPoint::of(frame);
        let Some(known) = self.points.get_mut(usize::from(via)) else { return };
        if *known == MirrorPoint::default() {
            *known = point;
        } else if *known != point {
            known.is_mixed = true;
        }
    }

    /// Counts a packet's way from its first place to its second.
    #[inline]
    pub fn count(&mut self, class: CopyClass, places: [Vantage; 2], time: i64, nanos: u64) {
        let Some(counts) = self.of(Pair::new(class, places)) else {
            self.beyond = self.beyond.saturating_add(1);
            return;
        };
        counts.times.count(nanos.min(i64::MAX as u64) as i64);
        counts.trend.count(time, nanos);
    }

    /// Takes it back.
    pub fn take_back(&mut self, class: CopyClass, places: [Vantage; 2], time: i64, nanos: u64) {
        let pair = Pair::new(class, places);
        match self.pairs.iter_mut().find(|p| p.0 == pair) {
            Some((_, counts)) => {
                counts.times.uncount(nanos.min(i64::MAX as u64) as i64);
                counts.trend.uncount(time, nanos);
            }
            None => self.beyond = self.beyond.saturating_sub(1),
        }
    }

    #[inline]
    fn of(&mut self, pair: Pair) -> Option<&mut TransitCounts> {
        if self.pairs.get(self.latest).is_none_or(|p| p.0 != pair) {
            self.latest = match self.pairs.iter().position(|p| p.0 == pair) {
                Some(at) => at,
                None if self.pairs.len() < TRANSIT_PAIRS => {
                    self.pairs.push((pair, TransitCounts::default()));
                    self.pairs.len() - 1
                }
                None => return None,
            };
        }
        self.pairs.get_mut(self.latest).map(|p| &mut p.1)
    }

    /// How the places of two copies differ that the mirror took alike but for where.
    pub fn by_point(&self, [a, b]: [Vantage; 2]) -> CopyClass {
        let point = |v: Vantage| self.points.get(usize::from(v.via())).copied().unwrap_or_default();
        let (a, b) = (point(a), point(b));
        let is_known = !a.is_mixed && !b.is_mixed;
        if is_known && (a.session, a.interface) == (b.session, b.interface) { CopyClass::Port } else { CopyClass::Session }
    }

    /// What was measured so far.
    pub fn report(&self) -> TransitReport {
        let mut report = TransitReport { beyond: self.beyond, ..TransitReport::default() };
        for (pair, counts) in &self.pairs {
            if let Some(key) = pair.key(&self.points).filter(|_| !counts.times.is_empty()) {
                report.pairs.entry(key).or_default().merge(counts);
            }
        }
        report
    }

    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        let trend = TRANSIT_SLICES * size_of::<TrendSlice>();
        self.pairs.capacity() * (size_of::<(Pair, TransitCounts)>() + trend + Histogram::BYTES)
            + self.points.capacity() * size_of::<MirrorPoint>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(times: &[(i64, u64)]) -> TransitTrend {
        let mut trend = TransitTrend::default();
        times.iter().for_each(|&(time, nanos)| trend.count(time, nanos));
        trend
    }

    proptest! {
        #[test]
        fn parts_of_a_trend_merge_in_any_order(times in prop::collection::vec((0i64..1 << 45, 1u64..1 << 30), 1..60), cut in 0usize..60) {
            let whole = of(&times);
            let (a, b) = times.split_at(cut.min(times.len()));
            for (first, second) in [(a, b), (b, a)] {
                let mut sum = of(first);
                sum.merge(&of(second));
                prop_assert_eq!(&sum, &whole);
            }
            prop_assert!(whole.slices.len() <= TRANSIT_SLICES);
            let counted: (u64, u64) = whole.slices().fold((0, 0), |(n, sum), s| (n + s.2.packets, sum + s.2.sum));
            prop_assert_eq!(counted, (times.len() as u64, times.iter().map(|t| t.1).sum()));
            let rest = whole.since(&of(a));
            prop_assert_eq!(rest.slices().map(|s| s.2.packets).sum::<u64>(), b.len() as u64);
        }
    }
}
