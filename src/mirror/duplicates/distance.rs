//! How far apart packets come again that nothing numbers (IPv6).
//!
//! Where a part of the traffic is mirrored twice, a copy that comes milliseconds later looks like what its sender sent again: data whose acknowledgement
//! was lost (and its receiver acknowledges it again), questions that are asked time and again (and answered). Neither one packet nor many of them show
//! whose doing it is, so that no packet is left out for it; but where many come again at one narrow distance that is told, for what is counted may be too much.

use super::counts::{GAP_CODES, gap_end};
use crate::model::evidence::UntoldRepeats;
use crate::model::sum::{Sum, sums};
use crate::model::time::MILLISECOND;

/// What repeats packets of one sort does not repeat those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// TCP segments with data.
    Data,
    /// TCP segments without.
    Acknowledgement,
    /// TCP segments that open a connection.
    Opening,
    /// Other packets, to the lower port of the two.
    Request,
    /// Other packets, from there.
    Answer,
}

/// What the packets of each sort are called.
const SORTS: [&str; 5] =
    ["TCP segments with data", "acknowledgements", "requests to connect", "datagrams to servers", "datagrams of servers"];

sums! {
    /// The packets of one sort.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct SortCounts {
        /// Those that were followed.
        seen: u64,
        /// Those that came again, by how long after the first.
        again: [u64; GAP_CODES],
    }
}

impl Default for SortCounts {
    fn default() -> Self {
        Self { seen: 0, again: [0; GAP_CODES] }
    }
}

impl SortCounts {
    /// Those that came again at a distance.
    fn at(&self, distance: Distance) -> u64 {
        self.again.iter().take(usize::from(distance.high) + 1).skip(distance.low.into()).sum()
    }

    /// Whether so many of this sort come again at a distance that it is one of its own.
    fn shows(&self, distance: Distance) -> bool {
        let (there, all) = (self.at(distance), self.again.iter().sum::<u64>());
        there >= FEWEST && there * SHARE >= self.seen && there * PEAK >= all
    }

    fn share(&self, distance: Distance) -> f64 {
        self.at(distance) as f64 / self.seen.max(1) as f64
    }
}

sums! {
    /// Packets to one station by their sort, and how many of them came again.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct DistanceCounts {
        sorts: [SortCounts; SORTS.len()],
    }
}

/// The fewest packets of a sort that come again at a distance, and the least share of all of that sort (one in so many) and of those that come again
/// at whatever distance, for it to be one.
const FEWEST: u64 = 4;
const SHARE: u64 = 64;
const PEAK: u64 = 3;
/// Shares of two sorts that differ by more than this factor have different reasons.
const ALIKE: f64 = 4.0;
/// Steps of a distance at most: an octave.
const WIDEST: u8 = 8;
/// Steps at its ends that hold less than one in so many of what its fullest holds are no part of it.
const SLOPE: u64 = 8;
/// Distances that are looked at: those that senders make may be more frequent than the mirror's.
const LOOKED_AT: usize = 4;
/// Packets of a sort that should have come again if the mirror brought them so: where so many were to be expected and did not come it is no mirror.
const EXPECTED: f64 = 8.0;
/// Of a sort that is alone: packets that come again, and their least share, before it is said that nothing tells of them.
const ALONE: u64 = 16;
const ALONE_SHARE: f64 = 1.0 / 32.0;
/// What follows as closely as this is told by other means.
pub(super) const CLOSE: u64 = 2 * MILLISECOND as u64;
/// Of all packets of a sort those that come again, be it at whatever distances, from which on nobody can say that the mirror does not bring them.
const MOST: f64 = 0.5;

/// A distance on the scale of gaps, from one step to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Distance {
    low: u8,
    high: u8,
}

impl DistanceCounts {
    /// Counts a packet that is followed.
    pub(super) fn first(&mut self, sort: Sort) {
        self.sorts.iter_mut().skip(sort as usize).take(1).for_each(|counts| counts.seen += 1);
    }

    /// Counts one that comes for the second time, after a `gap` on the scale.
    pub(super) fn again(&mut self, sort: Sort, gap: u8) {
        let counts = self.sorts.get_mut(sort as usize).and_then(|counts| counts.again.get_mut(usize::from(gap).min(GAP_CODES - 1)));
        counts.into_iter().for_each(|n| *n += 1);
    }

    /// Where on the scale most packets come again, with what lies around it.
    fn peak(all: &[u64; GAP_CODES]) -> Option<Distance> {
        let (top, most) = all.iter().enumerate().max_by_key(|&(code, n)| (*n, std::cmp::Reverse(code)))?;
        let belongs = |code: u8| all.get(usize::from(code)).is_some_and(|n| *n > 0 && n * SLOPE >= *most);
        let mut distance = Distance { low: top as u8, high: top as u8 };
        while distance.high - distance.low + 1 < WIDEST {
            let (below, above) =
                (distance.low.checked_sub(1).filter(|code| belongs(*code)), Some(distance.high + 1).filter(|code| belongs(*code)));
            let count = |code: Option<u8>| code.and_then(|code| all.get(usize::from(code))).copied().unwrap_or(0);
            match (below, above) {
                (None, None) => break,
                _ if count(below) > count(above) => distance.low -= 1,
                _ => distance.high += 1,
            }
        }
        (*most > 0).then_some(distance)
    }

    /// What comes again at a distance of which nothing tells; `None`: too little, or its sender does so, as the other sorts show that do not come again.
    fn untold_at(&self, distance: Distance) -> Option<UntoldRepeats> {
        let showing = || self.sorts.iter().zip(SORTS).filter(|(sort, _)| sort.shows(distance));
        let largest = showing().map(|(sort, _)| sort.share(distance)).fold(0.0, f64::max);
        let alike = || showing().filter(|(sort, _)| sort.share(distance) * ALIKE >= largest);
        let (sort, what) = alike().max_by_key(|(sort, _)| sort.at(distance))?;
        let is_alone = alike().count() == 1;
        let would_show = |other: &SortCounts| other.seen as f64 * largest >= EXPECTED;
        let others_do_not = is_alone && self.sorts.iter().zip(SORTS).any(|(other, name)| name != what && would_show(other));
        // A receiver says again what it said, when what it has comes again.
        let is_said_again = is_alone && what == SORTS[Sort::Acknowledgement as usize];
        let is_enough = sort.at(distance) >= ALONE && largest >= ALONE_SHARE && gap_end(distance.high) as u64 > CLOSE;
        let seconds = gap_end(distance.low + (distance.high - distance.low) / 2) as f64 / 1e9;
        (is_enough && !others_do_not && !is_said_again).then(|| UntoldRepeats { seen: sort.seen, again: sort.at(distance), seconds, what })
    }

    /// What nearly always comes again, at distances that scatter; `None` where another sort does not.
    fn scattered(&self) -> Option<UntoldRepeats> {
        let late = |sort: &SortCounts| -> [u64; GAP_CODES] {
            std::array::from_fn(|code| if gap_end(code as u8) as u64 > CLOSE { sort.again.get(code).copied().unwrap_or(0) } else { 0 })
        };
        let share = |sort: &SortCounts| late(sort).iter().sum::<u64>() as f64 / sort.seen.max(1) as f64;
        let (sort, what) =
            self.sorts.iter().zip(SORTS).filter(|(sort, _)| sort.seen >= ALONE).max_by(|a, b| share(a.0).total_cmp(&share(b.0)))?;
        let (largest, again) = (share(sort), late(sort).iter().sum());
        let others_do_not = self.sorts.iter().any(|other| other.seen as f64 * largest >= EXPECTED && share(other) * ALIKE < largest);
        let middle = again / 2;
        let mut sum = 0;
        let code = late(sort).iter().position(|n| {
            sum += n;
            sum > middle
        })?;
        (largest >= MOST && !others_do_not).then(|| UntoldRepeats {
            seen: sort.seen,
            again,
            seconds: gap_end(code as u8) as f64 / 1e9,
            what,
        })
    }

    /// Packets that come again, where nothing tells whether their sender or a mirror repeats them: at the distances at which most do, the most frequent
    /// first.
    pub fn untold(&self) -> Option<UntoldRepeats> {
        let mut all = [0; GAP_CODES];
        self.sorts.iter().for_each(|sort| all.merge(&sort.again));
        let mut distances = (0..LOOKED_AT).map_while(|_| {
            let distance = Self::peak(&all)?;
            all.iter_mut().take(usize::from(distance.high) + 1).skip(distance.low.into()).for_each(|n| *n = 0);
            Some(distance)
        });
        distances.find_map(|distance| self.untold_at(distance)).or_else(|| self.scattered())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::duplicates::counts::gap_code;

    /// How many packets of a sort come, and how many of them again after so many milliseconds each.
    type Seen<'a> = (Sort, u64, &'a [(u64, u64)]);

    fn counts(sorts: &[Seen<'_>]) -> DistanceCounts {
        let mut counts = DistanceCounts::default();
        for &(sort, seen, again) in sorts {
            let gaps: Vec<u64> = again.iter().flat_map(|&(n, ms)| (0..n).map(move |_| ms)).collect();
            (0..seen).for_each(|_| counts.first(sort));
            gaps.iter().for_each(|ms| counts.again(sort, gap_code(ms * MILLISECOND as u64)));
        }
        counts
    }

    #[test]
    fn what_comes_again_at_one_distance_is_told_where_nothing_shows_whose_doing_it_is() {
        use Sort::{Acknowledgement, Answer, Data, Opening, Request};
        let again = |sorts: &[Seen<'_>]| counts(sorts).untold().map(|u| (u.again, u.what));
        assert_eq!(
            again(&[(Data, 400, &[(20, 40)]), (Acknowledgement, 400, &[(24, 40)])]),
            Some((24, "acknowledgements")),
            "one in twenty"
        );
        assert_eq!(again(&[(Data, 100, &[(30, 40)]), (Acknowledgement, 100, &[(30, 3)])]), None, "lost, and acknowledged again at once");
        assert_eq!(again(&[(Data, 1_000, &[(90, 40)]), (Acknowledgement, 600, &[(4, 40)])]), None, "chance");
        assert_eq!(again(&[(Data, 400, &[(20, 40), (36, 2), (36, 200)]), (Opening, 400, &[(24, 40)])]), None, "scattered");
        assert_eq!(again(&[(Request, 400, &[(90, 40)]), (Answer, 400, &[(80, 40)])]), Some((90, "datagrams to servers")));
        assert_eq!(again(&[(Request, 400, &[(90, 40)]), (Answer, 400, &[])]), None, "asked again");
        assert_eq!(again(&[(Request, 400, &[(90, 40)]), (Answer, 20, &[])]), Some((90, "datagrams to servers")), "nobody tells");
        assert_eq!(again(&[(Acknowledgement, 400, &[(90, 40)])]), None, "said again");
        assert_eq!(again(&[(Data, 400, &[(90, 1)]), (Acknowledgement, 400, &[(90, 1)])]), None, "told by other means");
        assert_eq!(again(&[(Data, 40, &[(9, 40)]), (Acknowledgement, 40, &[(9, 40)])]), None, "too few");
    }

    #[test]
    fn a_distance_may_scatter_within_an_octave() {
        let gaps: Vec<(u64, u64)> = (32..50).map(|ms| (1, ms)).collect();
        let told = counts(&[(Sort::Data, 100, &gaps), (Sort::Acknowledgement, 100, &gaps)]).untold().unwrap();
        assert!(told.again >= 16 && (0.03..0.055).contains(&told.seconds), "{told:?}");
    }
}
