//! What came of rows in the last ten seconds: which of them a picture of a port shows is decided by that, so that one that is silent for a second
//! stays in it.

use crate::model::limits::{LATELY_ROWS, RATE_MARKS};
use crate::model::time::SECOND;
use crate::model::{Timestamp, Traffic};
use crate::snapshot::LATELY_SECONDS;
use std::cmp::Reverse;
use std::collections::VecDeque;

/// Pictures are a little more or less than a second apart.
const SLACK: i64 = SECOND / 2;

/// Sums of rows over the last ten seconds, by their keys.
#[derive(Debug)]
pub struct Lately<K> {
    /// By key, each with some traffic.
    sums: Vec<(K, Traffic)>,
    /// What each picture of that time added, by key; oldest first.
    parts: VecDeque<(Timestamp, Vec<(K, Traffic)>)>,
}

impl<K> Default for Lately<K> {
    fn default() -> Self {
        Self { sums: Vec::new(), parts: VecDeque::new() }
    }
}

impl<K: Ord + Copy> Lately<K> {
    /// Takes in what was `added` until `now`, each key once, and lets go of what is longer ago. Of what comes at once only the [`LATELY_ROWS`]
    /// largest count.
    pub fn advance(&mut self, now: Timestamp, mut added: Vec<(K, Traffic)>) {
        let is_over = |time: Timestamp| time > now || now.since(time) > LATELY_SECONDS * SECOND - SLACK;
        while self.parts.front().is_some_and(|(time, _)| is_over(*time)) || self.parts.len() >= RATE_MARKS {
            let Some((_, gone)) = self.parts.pop_front() else { break };
            self.without(&gone);
        }
        if added.len() > LATELY_ROWS {
            added.select_nth_unstable_by_key(LATELY_ROWS, |(_, traffic)| Reverse(traffic.wire_bytes));
            added.truncate(LATELY_ROWS);
        }
        added.sort_unstable_by_key(|(key, _)| *key);
        // Two sorted runs: that is what a stable sort is quick with.
        self.sums.extend(&added);
        self.sums.sort_by_key(|(key, _)| *key);
        self.sums.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1.add(later.1);
            }
            is_same
        });
        self.parts.push_back((now, added));
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
        for at in 0..2 * RATE_MARKS as i64 {
            lately.advance(Timestamp(11 * SECOND + at), (0..3 * LATELY_ROWS as u32).map(|n| (n, bytes(n.into()))).collect());
        }
        assert!(lately.parts.len() <= RATE_MARKS && lately.sums.len() <= LATELY_ROWS + 1);
        assert_eq!(lately.first(1, |t| t.wire_bytes), [3 * LATELY_ROWS as u32 - 1]);
    }
}
