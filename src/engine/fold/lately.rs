//! What came of rows in the last ten seconds: which of them a picture of a port shows is decided by that, so that one that is silent for a second
//! stays in it.

use crate::model::limits::LATELY_ROWS;
use crate::model::time::SECOND;
use crate::model::{Timestamp, Traffic};
use crate::snapshot::LATELY_SECONDS;
use std::cmp::Reverse;
use std::collections::VecDeque;

/// Pictures are a little more or less than a second apart.
const SLACK: i64 = SECOND / 2;
/// What pictures add that are nearer to each other is one part.
const PART: i64 = SECOND * 3 / 4;
/// More parts than there are in that time.
const MOST_PARTS: usize = 16;

/// Sums of rows over the last ten seconds, by their keys.
#[derive(Debug)]
pub struct Lately<K> {
    /// By key, each with some traffic.
    sums: Vec<(K, Traffic)>,
    /// What about each second of that time added, by key, and the picture it begins with; oldest first.
    parts: VecDeque<(Timestamp, Vec<(K, Traffic)>)>,
}

impl<K> Default for Lately<K> {
    fn default() -> Self {
        Self { sums: Vec::new(), parts: VecDeque::new() }
    }
}

impl<K: Ord + Copy> Lately<K> {
    /// Bytes of each of [`LATELY_ROWS`]: an entry in each of twelve parts and one in sums that may be twice as long as what is in them.
    #[cfg(test)]
    pub const BYTES: usize = 3 * 12 * size_of::<(K, Traffic)>();

    /// Takes in what was `added` until `now`, each key once, and lets go of what is longer ago. Of what comes in a second only the [`LATELY_ROWS`]
    /// largest count.
    pub fn advance(&mut self, now: Timestamp, mut added: Vec<(K, Traffic)>) {
        let is_over = |time: Timestamp| time > now || now.since(time) > LATELY_SECONDS * SECOND - SLACK;
        while self.parts.front().is_some_and(|(time, _)| is_over(*time)) || self.parts.len() >= MOST_PARTS {
            let Some((_, gone)) = self.parts.pop_front() else { break };
            self.without(&gone);
        }
        if self.parts.back().is_none_or(|(first, _)| now.since(*first) >= PART) {
            self.parts.push_back((now, Vec::new()));
        }
        let Some((_, part)) = self.parts.back_mut() else { return };
        let room = LATELY_ROWS.saturating_sub(part.len());
        if added.len() > room {
            added.select_nth_unstable_by_key(room, |(_, traffic)| Reverse(traffic.wire_bytes));
            added.truncate(room);
        }
        added.sort_unstable_by_key(|(key, _)| *key);
        add(&mut self.sums, &added);
        add(part, &added);
    }

    fn without(&mut self, gone: &[(K, Traffic)]) {
        let mut gone = gone.iter().peekable();
        self.sums.retain_mut(|(key, traffic)| {
            while gone.next_if(|(of, _)| of < key).is_some() {}
            if let Some((_, then)) = gone.next_if(|(of, _)| of == key) {
                *traffic = traffic.since(*then);
            }
            traffic.packets > 0
        });
    }

    /// Keeps only what is of some keys: the others stand for other rows now.
    pub fn retain(&mut self, mut is_kept: impl FnMut(K) -> bool) {
        self.sums.retain(|(key, _)| is_kept(*key));
        self.parts.iter_mut().for_each(|(_, part)| part.retain(|(key, _)| is_kept(*key)));
    }

    /// What came of a row.
    pub fn of(&self, key: K) -> Traffic {
        self.sums.binary_search_by_key(&key, |(of, _)| *of).ok().and_then(|at| self.sums.get(at)).map_or(Traffic::default(), |sum| sum.1)
    }

    /// The rows with the largest numbers, so many, and those that are as large as the last of them.
    pub fn first(&self, count: usize, number: fn(&Traffic) -> u64) -> Vec<K> {
        let mut numbers: Vec<u64> = self.sums.iter().map(|(_, traffic)| number(traffic)).collect();
        let least = match count.checked_sub(1) {
            None => return Vec::new(),
            Some(last) if last < numbers.len() => *numbers.select_nth_unstable_by_key(last, |&number| Reverse(number)).1,
            Some(_) => 0,
        };
        self.sums.iter().filter(|(_, traffic)| number(traffic) >= least).map(|(key, _)| *key).collect()
    }
}

/// Adds to sums by key.
fn add<K: Ord + Copy>(sums: &mut Vec<(K, Traffic)>, added: &[(K, Traffic)]) {
    // Two sorted runs: that is what a stable sort is quick with.
    sums.extend(added);
    sums.sort_by_key(|(key, _)| *key);
    sums.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        if is_same {
            kept.1.add(later.1);
        }
        is_same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(wire_bytes: u64) -> Traffic {
        Traffic { packets: 1, wire_bytes }
    }

    #[test]
    fn ten_seconds_are_summed_and_then_gone() {
        let mut lately = Lately::default();
        for second in 0..30i64 {
            // 1 speaks every second, 2 every fourth, 3 once.
            let mut added = vec![(1u32, bytes(10))];
            added.extend((second % 4 == 0).then_some((2, bytes(100))));
            added.extend((second == 7).then_some((3, bytes(7))));
            lately.advance(Timestamp(second * SECOND + second % 3 * 1_000_000), added);
            let of = |every: i64, first: i64| (first..=second).filter(|s| second - s < 10 && s % every == 0).count() as u64;
            assert_eq!(lately.of(1).wire_bytes, 10 * of(1, 0), "{second}");
            assert_eq!(lately.of(2), Traffic { packets: of(4, 0), wire_bytes: 100 * of(4, 0) }, "{second}");
            assert_eq!(lately.of(3).wire_bytes, if (7..17).contains(&second) { 7 } else { 0 }, "{second}");
        }
        assert_eq!(lately.first(1, |t| t.wire_bytes), [2]);
        assert_eq!(lately.first(1, |t| t.packets), [1]);
        assert_eq!((lately.first(9, |t| t.packets), lately.first(0, |t| t.packets)), (vec![1, 2], vec![]));
        lately.retain(|key| key != 2);
        assert_eq!((lately.of(2), lately.first(1, |t| t.wire_bytes)), (Traffic::default(), vec![1]));
    }

    #[test]
    fn a_clock_that_is_set_back_and_floods_leave_no_more_than_their_room() {
        let mut lately = Lately::default();
        lately.advance(Timestamp(90 * SECOND), vec![(1u32, bytes(5))]);
        lately.advance(Timestamp(10 * SECOND), vec![(2, bytes(5))]);
        assert_eq!((lately.of(1), lately.of(2)), (Traffic::default(), bytes(5)));
        // Ten pictures a second, each with other rows: no more than a second's rows of each second.
        let rows = LATELY_ROWS as u32;
        for at in 0..300u32 {
            let added = (0..rows).map(|n| (at * rows + n, bytes(n.into()))).collect();
            lately.advance(Timestamp(11 * SECOND + i64::from(at) * SECOND / 10), added);
            assert!(lately.parts.iter().all(|(_, part)| part.len() <= LATELY_ROWS));
        }
        assert!((9..=MOST_PARTS).contains(&lately.parts.len()), "{}", lately.parts.len());
        let entries: usize = lately.parts.iter().map(|(_, part)| part.len()).sum();
        assert_eq!(lately.sums.len(), entries);
    }
}
