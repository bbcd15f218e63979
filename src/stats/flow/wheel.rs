//! A wheel of coarse time: whose time has come is found without a look at the others.
//!
//! Each number that waits stands in one of 128 buckets, one for each second round the wheel. Who waits longer than the wheel is long is
//! looked at once a turn. A number may be put in again before its time; the bucket it was put in last counts, which the caller keeps.

use crate::model::Timestamp;
use crate::model::time::SECOND;

/// Seconds round the wheel: UDP's minute fits, TCP's five are three looks.
const BUCKETS: i64 = 128;

/// A bucket that does not exist.
pub(super) const NOWHERE: u8 = u8::MAX;

/// The wheel.
#[derive(Debug)]
pub(super) struct Wheel {
    buckets: Vec<Vec<u32>>,
    /// How many stand in all of them.
    len: usize,
    /// The second it stands at; `None` before it was ever used.
    tick: Option<i64>,
    /// No bucket comes up before this second.
    soonest: i64,
}

/// The second a time lies in.
fn second(time: Timestamp) -> i64 {
    time.0.div_euclid(SECOND)
}

impl Default for Wheel {
    fn default() -> Self {
        Self { buckets: Vec::new(), len: 0, tick: None, soonest: i64::MAX }
    }
}

impl Wheel {
    /// When it has to be turned again, unless somebody is put into it before: until then nobody's time comes.
    pub fn next(&self) -> Timestamp {
        Timestamp(self.soonest.saturating_mul(SECOND))
    }

    /// Turns to `now`; appends who stood in the buckets passed, each with its bucket, in the order they were put in. A clock set back turns
    /// nothing: who waits is looked at when the wheel comes by.
    pub fn turn(&mut self, now: Timestamp, out: &mut Vec<(u8, u32)>) {
        let tick = second(now);
        let Some(from) = self.tick.replace(tick) else { return };
        if tick < self.soonest && tick >= from {
            return;
        }
        let steps = tick.saturating_sub(from).clamp(0, BUCKETS);
        for step in (0..steps).rev() {
            let bucket = tick.wrapping_sub(step).rem_euclid(BUCKETS) as u8;
            if let Some(waiting) = self.buckets.get_mut(usize::from(bucket)) {
                // Taken as it is: a bucket that was once full keeps no memory.
                self.len = self.len.saturating_sub(waiting.len());
                out.extend(std::mem::take(waiting).into_iter().map(|at| (bucket, at)));
            }
        }
        let waits = |&second: &i64| self.buckets.get(second.rem_euclid(BUCKETS) as usize).is_some_and(|b| !b.is_empty());
        self.soonest = (1..=BUCKETS).map(|step| tick.saturating_add(step)).find(waits).unwrap_or(i64::MAX);
    }

    /// Puts `at` into the bucket of the first second that is not before `time`, or the last one before the wheel has gone round from where it
    /// stands: at `now` if it was never used. Returns the bucket.
    pub fn put(&mut self, at: u32, time: Timestamp, now: Timestamp) -> u8 {
        let now = *self.tick.get_or_insert(second(now));
        let wanted = second(time.plus(SECOND - 1));
        let tick = wanted.clamp(now.saturating_add(1), now.saturating_add(BUCKETS - 1));
        self.soonest = self.soonest.min(tick);
        let bucket = tick.rem_euclid(BUCKETS) as u8;
        if self.buckets.is_empty() {
            self.buckets = vec![Vec::new(); BUCKETS as usize];
        }
        if let Some(waiting) = self.buckets.get_mut(usize::from(bucket)) {
            waiting.push(at);
            self.len = self.len.saturating_add(1);
        }
        bucket
    }

    /// Gives everybody who waits a new number, or lets go of those that have none.
    pub fn renumber(&mut self, new: impl Fn(u32) -> Option<u32>) {
        for waiting in &mut self.buckets {
            waiting.retain_mut(|at| match new(*at) {
                Some(number) => {
                    *at = number;
                    true
                }
                None => false,
            });
        }
        self.len = self.buckets.iter().map(Vec::len).sum();
    }

    /// Once more than `cap` stand in it, lets those go that were put in again since: only `counts` says of a bucket and a number that it is where
    /// the number stands.
    pub fn compact(&mut self, cap: usize, counts: impl Fn(u8, u32) -> bool) {
        if self.len <= cap {
            return;
        }
        for (bucket, waiting) in (0u8..).zip(&mut self.buckets) {
            waiting.retain(|&at| counts(bucket, at));
            waiting.shrink_to_fit();
        }
        self.len = self.buckets.iter().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(wheel: &mut Wheel, now: i64) -> Vec<u32> {
        let mut out = Vec::new();
        wheel.turn(Timestamp(now), &mut out);
        out.into_iter().map(|(_, at)| at).collect()
    }

    #[test]
    fn who_waits_comes_when_its_time_has_come_and_not_before() {
        let mut wheel = Wheel::default();
        wheel.put(0, Timestamp(60 * SECOND), Timestamp(40 * SECOND));
        assert_eq!(turn(&mut wheel, 100 * SECOND), [0]);
        wheel.put(1, Timestamp(160 * SECOND), Timestamp(0));
        wheel.put(2, Timestamp(101 * SECOND - 1), Timestamp(0));
        wheel.put(3, Timestamp(101 * SECOND + 1), Timestamp(0));
        wheel.put(4, Timestamp(5 * SECOND), Timestamp(0));
        assert!(turn(&mut wheel, 100 * SECOND + 9).is_empty());
        assert_eq!(turn(&mut wheel, 101 * SECOND), [2, 4]);
        assert_eq!(turn(&mut wheel, 159 * SECOND), [3]);
        assert_eq!(turn(&mut wheel, 160 * SECOND), [1]);
        assert!(turn(&mut wheel, 999 * SECOND).is_empty());
    }

    #[test]
    fn beyond_the_wheel_is_a_look_once_a_turn() {
        let mut wheel = Wheel::default();
        turn(&mut wheel, 0);
        wheel.put(1, Timestamp(300 * SECOND), Timestamp(0));
        assert!(turn(&mut wheel, 126 * SECOND).is_empty());
        assert_eq!(turn(&mut wheel, 127 * SECOND), [1]);
    }

    #[test]
    fn who_was_put_in_again_goes_when_there_are_many() {
        let mut wheel = Wheel::default();
        let first = wheel.put(1, Timestamp(5 * SECOND), Timestamp(0));
        let second = wheel.put(1, Timestamp(9 * SECOND), Timestamp(0));
        wheel.compact(2, |_, _| false);
        assert_eq!(wheel.len, 2, "there is room");
        wheel.compact(1, |bucket, at| (bucket, at) == (second, 1));
        assert_eq!((wheel.len, first == second), (1, false));
        assert_eq!((turn(&mut wheel, 5 * SECOND), turn(&mut wheel, 9 * SECOND), wheel.len), (vec![], vec![1], 0));
    }

    #[test]
    fn wild_times_do_no_harm() {
        let mut wheel = Wheel::default();
        turn(&mut wheel, i64::MIN);
        wheel.put(1, Timestamp(i64::MIN), Timestamp(0));
        wheel.put(2, Timestamp(i64::MAX), Timestamp(0));
        let mut all = turn(&mut wheel, i64::MAX);
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
        wheel.put(3, Timestamp(i64::MAX), Timestamp(0));
        assert!(turn(&mut wheel, i64::MIN).is_empty());
        let late: Vec<u32> = (1..300).flat_map(|s| turn(&mut wheel, i64::MIN + s * SECOND)).collect();
        assert_eq!(late, [3], "a clock set back loses nobody");
    }

    #[test]
    fn renumbered() {
        let mut wheel = Wheel::default();
        turn(&mut wheel, 0);
        for at in 0..4 {
            wheel.put(at, Timestamp(SECOND), Timestamp(0));
        }
        wheel.renumber(|at| (at % 2 == 1).then_some(at / 2));
        assert_eq!(turn(&mut wheel, SECOND), [0, 1]);
    }
}
