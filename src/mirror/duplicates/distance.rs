//! How far apart this mirror brings packets a second time, learnt from what senders do not repeat.
//!
//! Where a part of the traffic is mirrored twice and nothing numbers its packets (IPv6), a copy that comes milliseconds later looks like what its
//! sender sent again. One packet does not show which it is, but all of them do: a sender repeats the data that was lost and the question that was not
//! answered, and its peer acknowledges once and answers once. A second way of the mirror brings packets of every sort again, in like shares and
//! equally late. So a distance is the mirror's where two sorts of packets come again at it, and a sender's where of two sorts that were seen often
//! enough only one does. Where there is only one sort, nothing tells.

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

/// Sorts of packets.
const SORTS: usize = 5;

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
        sorts: [SortCounts; SORTS],
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
const CLOSE: u64 = 2 * MILLISECOND as u64;

/// A distance on the scale of gaps, from one step to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Distance {
    low: u8,
    high: u8,
}

impl Distance {
    /// Whether a gap is of this distance: a step more or less is the scale's.
    pub fn holds(self, code: u8) -> bool {
        (self.low.saturating_sub(1)..=self.high.saturating_add(1)).contains(&code)
    }

    /// Whether it lies within another that was told.
    fn is_within(self, other: Self) -> bool {
        other.low <= self.low && self.high <= other.high
    }
}

/// Whose doing it is that packets come again.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reason {
    Mirror,
    Sender,
    /// Of a sort that is alone.
    Untold(UntoldRepeats),
}

impl DistanceCounts {
    fn first(&mut self, sort: Sort) {
        self.sorts.iter_mut().skip(sort as usize).take(1).for_each(|counts| counts.seen += 1);
    }

    fn again(&mut self, sort: Sort, gap: u8) {
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

    fn reason(&self, distance: Distance) -> Reason {
        let showing = || self.sorts.iter().enumerate().filter(|(_, sort)| sort.shows(distance));
        let largest = showing().map(|(_, sort)| sort.share(distance)).fold(0.0, f64::max);
        if showing().filter(|(_, sort)| sort.share(distance) * ALIKE >= largest).count() > 1 {
            return Reason::Mirror;
        }
        let Some((alone, sort)) = showing().next() else { return Reason::Sender };
        let would_show = |other: &SortCounts| other.seen as f64 * largest >= EXPECTED;
        let others = self.sorts.iter().enumerate().any(|(at, other)| at != alone && would_show(other));
        let is_enough = sort.at(distance) >= ALONE && largest >= ALONE_SHARE;
        // A receiver says again what it said, when what it has comes again.
        let is_told = others || alone == Sort::Acknowledgement as usize || gap_end(distance.high) as u64 <= CLOSE;
        if is_told || !is_enough {
            return Reason::Sender;
        }
        let seconds = gap_end(distance.low + (distance.high - distance.low) / 2) as f64 / 1e9;
        Reason::Untold(UntoldRepeats { seen: sort.seen, again: sort.at(distance), seconds, is_tcp: alone == Sort::Data as usize })
    }

    /// What the distances say at which most packets come again, the most frequent first.
    fn reasons(&self) -> impl Iterator<Item = (Distance, Reason)> {
        let mut all = [0; GAP_CODES];
        self.sorts.iter().for_each(|sort| all.merge(&sort.again));
        (0..LOOKED_AT).map_while(move |_| {
            let distance = Self::peak(&all)?;
            all.iter_mut().take(usize::from(distance.high) + 1).skip(distance.low.into()).for_each(|n| *n = 0);
            Some((distance, self.reason(distance)))
        })
    }

    /// The distance at which a mirror brings packets again.
    fn of_mirror(&self) -> Option<Distance> {
        self.reasons().find(|(_, reason)| *reason == Reason::Mirror).map(|(distance, _)| distance)
    }

    /// Packets that come again, where nothing tells whether their sender or a mirror repeats them.
    pub fn untold(&self) -> Option<UntoldRepeats> {
        self.reasons().find_map(|(_, reason)| match reason {
            Reason::Untold(repeats) => Some(repeats),
            Reason::Mirror | Reason::Sender => None,
        })
    }
}

/// Packets after which the past is forgotten: what is learnt rests on the last so many, and at most as many again.
const REMEMBERED: u64 = 4096;
/// Packets that come again before they are looked at once more; the first ones are looked at each time.
const LOOK: u64 = 8;
const FIRST_ONES: u64 = 64;

/// Learns the distance at which this mirror brings packets again.
#[derive(Debug, Default)]
pub(super) struct DistanceWatch {
    counts: DistanceCounts,
    /// What was counted when the past was forgotten last, and the time before.
    forgotten: [DistanceCounts; 2],
    /// Packets since it was forgotten last, and all that came again.
    since: u64,
    again: u64,
    known: Option<Distance>,
}

impl DistanceWatch {
    /// Counts a packet that is followed. Whether what is known is worth a look.
    pub fn first(&mut self, sort: Sort) -> bool {
        self.counts.first(sort);
        self.since += 1;
        let is_over = self.since >= REMEMBERED;
        if is_over {
            self.forgotten = [self.counts, self.forgotten[0]];
            self.since = 0;
        }
        is_over && self.known.is_some()
    }

    /// Counts one that comes for the second time, after a `gap` on the scale. Whether that is worth a look.
    pub fn again(&mut self, sort: Sort, gap: u8) -> bool {
        self.counts.again(sort, gap);
        self.again += 1;
        self.again <= FIRST_ONES || self.again.is_multiple_of(LOOK)
    }

    /// The distance that is known; told anew only where it changed by more than chance.
    pub fn look(&mut self) -> Option<Distance> {
        let now = self.counts.since(&self.forgotten[1]).of_mirror();
        self.known = match (now, self.known) {
            (Some(now), Some(known)) if now.is_within(known) => Some(known),
            _ => now,
        };
        self.known
    }

    /// All that was counted.
    pub fn counts(&self) -> &DistanceCounts {
        &self.counts
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
    fn two_sorts_at_one_distance_are_the_mirrors() {
        use Sort::{Acknowledgement, Answer, Data, Opening, Request};
        let found = |sorts: &[Seen<'_>]| {
            let counts = counts(sorts);
            (counts.of_mirror().is_some_and(|d| d.holds(gap_code(40 * MILLISECOND as u64))), counts.untold().map(|u| u.again))
        };
        assert_eq!(found(&[(Data, 100, &[(5, 40)]), (Acknowledgement, 100, &[(6, 40)])]), (true, None), "one in twenty");
        assert_eq!(
            found(&[(Data, 100, &[(30, 40)]), (Acknowledgement, 100, &[(30, 3)])]),
            (false, None),
            "lost, and acknowledged again at once"
        );
        assert_eq!(found(&[(Data, 1_000, &[(90, 40)]), (Acknowledgement, 600, &[(4, 40)])]), (false, None), "chance");
        assert_eq!(found(&[(Data, 100, &[(5, 40), (9, 2), (9, 200)]), (Opening, 100, &[(6, 40)])]), (false, None), "scattered");
        assert_eq!(found(&[(Request, 400, &[(90, 40)]), (Answer, 400, &[(80, 40)])]), (true, None));
        assert_eq!(found(&[(Request, 400, &[(90, 40)]), (Answer, 400, &[])]), (false, None), "asked again");
        assert_eq!(found(&[(Request, 400, &[(90, 40)]), (Answer, 20, &[])]), (false, Some(90)), "nobody tells");
        assert_eq!(found(&[(Acknowledgement, 400, &[(90, 40)])]), (false, None), "said again");
        let many = [(Data, 1_000, &[(100, 40)][..]), (Acknowledgement, 1_000, &[(700, 1), (500, 90), (120, 40)])];
        assert_eq!(found(&many), (false, None), "one in eleven of those that come again");
    }

    #[test]
    fn a_distance_may_scatter_within_an_octave() {
        let gaps: Vec<(u64, u64)> = (32..50).map(|ms| (1, ms)).collect();
        let counts = counts(&[(Sort::Data, 100, &gaps), (Sort::Acknowledgement, 100, &gaps)]);
        let found = counts.of_mirror().unwrap();
        assert!((34..48).all(|ms| found.holds(gap_code(ms * MILLISECOND as u64))), "{found:?}");
        assert!(!found.holds(gap_code(80 * MILLISECOND as u64)) && !found.holds(gap_code(20 * MILLISECOND as u64)), "{found:?}");
    }

    #[test]
    fn what_ended_is_forgotten() {
        let mut watch = DistanceWatch::default();
        let code = gap_code(40 * MILLISECOND as u64);
        let mut run = |n: u64, every: Option<u64>| {
            for k in 0..n {
                let sort = if k % 2 == 0 { Sort::Data } else { Sort::Acknowledgement };
                let is_again = every.is_some_and(|every| k % every < 2);
                if watch.first(sort) | (is_again && watch.again(sort, code)) {
                    watch.look();
                }
            }
            watch.known.is_some()
        };
        assert!(!run(5_000, None));
        assert!(run(1_000, Some(10)), "it begins");
        assert!(!run(3 * REMEMBERED, None), "it has ended");
    }
}
