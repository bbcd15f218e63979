//! Pauses that come again and again: of a mirror that goes and comes, or of traffic that works in bursts.
//!
//! The more holes there are, the less one of them stands out of the others; together they stand out of the traffic's own pauses, where no pause is
//! as long as lies between the shortest of them and the longest of those. How long pauses are is counted in steps of a quarter octave, whatever
//! their number, and the newest are remembered: of those conversations are asked. What works in bursts goes on behind each pause with the next byte;
//! behind one in which nothing was mirrored conversations are met in their middle, and bytes and numbers that were sent meanwhile are missing.

use super::pause::Pause;
use super::witness::PauseWitness;
use crate::model::evidence::PAUSE_SHORT;
use crate::model::limits::PAUSES_ALIKE;
use crate::model::time::MILLISECOND;

/// The longest pause that is counted in the first step, nanoseconds.
const SHORTEST: i64 = 50 * MILLISECOND;

/// Steps of a quarter octave each: up to half a minute, and all beyond.
const STEPS: usize = 4 * 9 + 2;

/// Steps without a pause that part one kind from another: together they are no shorter than from 1 to 1.7.
const APART: usize = 3;

/// Conversations that were met in their middle, and pauses over which something is missing, before they prove anything together.
const PROOFS: u64 = 4;

/// Pauses that are few.
const FEW: usize = 4;

/// Pauses as long as a step says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Step {
    pauses: u64,
    nanos: i64,
}

/// Pauses by their length, and the newest of those that may be noteworthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurring {
    steps: [Step; STEPS],
    newest: [Pause; PAUSES_ALIKE],
    next: usize,
}

impl Default for Recurring {
    fn default() -> Self {
        Self { steps: [Step::default(); STEPS], newest: [Pause::default(); PAUSES_ALIKE], next: 0 }
    }
}

/// Pauses of one kind, longer than all others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PausesAlike {
    /// The newest of them, the oldest first.
    pub newest: Vec<Pause>,
    /// How many there are.
    pub count: u64,
    /// How long they are together, nanoseconds.
    pub nanos: i64,
}

/// The step of so many nanoseconds.
fn step(nanos: i64) -> usize {
    let octaves = (nanos.max(SHORTEST) as f64 / SHORTEST as f64).log2();
    ((octaves * 4.0) as usize).min(STEPS - 1)
}

impl Recurring {
    /// Takes in a pause.
    pub fn note(&mut self, pause: Pause) {
        // What is too short to be one is no part of a step of those that are not.
        let most = if pause.length() < PAUSE_SHORT { step(PAUSE_SHORT).saturating_sub(1) } else { STEPS };
        if let Some(step) = self.steps.get_mut(step(pause.length()).min(most)) {
            step.pauses = step.pauses.saturating_add(1);
            step.nanos = step.nanos.saturating_add(pause.length());
        }
        if pause.length() >= PAUSE_SHORT
            && let Some(oldest) = self.newest.get_mut(self.next)
        {
            *oldest = pause;
            self.next = (self.next + 1) % PAUSES_ALIKE;
        }
    }

    /// The longest pauses, more than `few`, that nothing but much shorter ones lies beside.
    pub fn alike(&self, few: usize) -> Option<PausesAlike> {
        let (mut all, mut empty, mut shortest) = (Step::default(), 0, None);
        for (at, step) in self.steps.iter().enumerate().rev() {
            empty = if step.pauses > 0 { 0 } else { empty + 1 };
            if empty >= APART && all.pauses > few as u64 {
                break;
            }
            if step.pauses > 0 {
                all = Step { pauses: all.pauses.saturating_add(step.pauses), nanos: all.nanos.saturating_add(step.nanos) };
                shortest = Some(at);
            }
        }
        let shortest = shortest.filter(|at| all.pauses > few as u64 && *at >= step(PAUSE_SHORT))?;
        let is_of_them = |pause: &&Pause| pause.length() >= PAUSE_SHORT && step(pause.length()) >= shortest;
        let mut newest: Vec<Pause> = self.newest.iter().filter(is_of_them).copied().collect();
        newest.sort_unstable_by_key(|pause| pause.from);
        Some(PausesAlike { newest, count: all.pauses, nanos: all.nanos })
    }
}

impl PausesAlike {
    /// Whether nothing was mirrored in them, by what conversations witness of each: most of them must show it, for who works in bursts may lose
    /// something now and then.
    pub fn tell(&self, witness: impl Fn(&Pause) -> PauseWitness) -> bool {
        let seen: Vec<PauseWitness> = self.newest.iter().map(witness).collect();
        let shown = seen.iter().filter(|seen| seen.proofs() > 0).count();
        let proofs = seen.iter().fold(0u64, |sum, seen| sum.saturating_add(seen.proofs()));
        // Where connections are met in their middle at any time, behind pauses they are met by chance.
        let elsewhere = seen.iter().map(|seen| seen.midway_elsewhere).max().unwrap_or(0);
        // Few must be as long as each other, and each must.
        let lengths = || self.newest.iter().map(Pause::length);
        let are_equal = lengths().max() <= lengths().min().map(|shortest| shortest.saturating_mul(2));
        let are_most = if seen.len() < FEW { are_equal && shown == seen.len() } else { 2 * shown >= seen.len() };
        proofs >= PROOFS && are_most && proofs > elsewhere.saturating_mul(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    /// Pauses of so many milliseconds, one a second.
    fn pauses(millis: &[i64]) -> Recurring {
        let mut all = Recurring::default();
        for (n, millis) in (0i64..).zip(millis) {
            let from = Timestamp(n * 1_000 * MILLISECOND);
            all.note(Pause { from, to: from.plus(millis * MILLISECOND), others: 0 });
        }
        all
    }

    fn found(millis: &[i64]) -> Option<(u64, usize, i64)> {
        pauses(millis).alike(3).map(|alike| (alike.count, alike.newest.len(), alike.nanos / MILLISECOND))
    }

    #[test]
    fn pauses_of_a_kind_stand_out_together() {
        let ordinary = [60, 110, 240, 280];
        let with = |more: &[i64]| found(&[&ordinary[..], more].concat());
        assert_eq!(with(&[2_010, 2_100, 2_080, 2_150]), Some((4, 4, 8_340)));
        assert_eq!(with(&[2_010, 2_100, 2_080]), None, "three are few");
        assert_eq!(with(&[2_010, 2_100, 2_080, 2_150, 700, 1_200]), Some((6, 6, 10_240)), "of all lengths from 0.7 s on");
        assert_eq!(with(&[2_010, 2_100, 2_080, 2_150, 400, 700, 1_200]), None, "and from those of the traffic on");
        assert_eq!(with(&[30_000, 2_100, 2_080, 2_150, 2_010]), Some((5, 5, 38_340)), "one is longer");
        assert_eq!(with(&[510, 520, 530, 560]), Some((4, 4, 2_120)));
        assert_eq!(with(&[490, 520, 530, 560]), None, "too short");
        let many = vec![2_000; 200];
        assert_eq!(with(&many), Some((200, PAUSES_ALIKE, 400_000)), "however many");
    }

    #[test]
    fn most_of_them_must_show_that_something_was_said_in_them() {
        let alike = pauses(&[2_000; 10]).alike(3).unwrap();
        let torn = |every: i64, torn, elsewhere| {
            let of = move |pause: &Pause| match pause.from.0 / (1_000 * MILLISECOND) % every {
                0 => PauseWitness { torn, midway: torn, midway_elsewhere: elsewhere, ..PauseWitness::default() },
                _ => PauseWitness { midway_elsewhere: elsewhere, ..PauseWitness::default() },
            };
            alike.tell(of)
        };
        assert!(torn(1, 1, 0) && torn(2, 1, 0) && torn(2, 2, 4));
        assert!(!torn(3, 9, 0), "four of ten");
        let two = pauses(&[2_000, 2_000]).alike(1).unwrap();
        let of = |pause: &Pause| PauseWitness { torn: if pause.from.0 == 0 { 9 } else { 0 }, ..PauseWitness::default() };
        let unequal = pauses(&[2_100, 700]).alike(1).unwrap();
        assert!(!unequal.tell(|_| PauseWitness { torn: 9, ..PauseWitness::default() }), "a hole, and a pause of the traffic's own");
        assert!(!two.tell(of) && two.tell(|_| PauseWitness { torn: 2, ..PauseWitness::default() }), "of few each must");
        assert!(!torn(2, 1, 3), "they are met everywhere");
        assert!(!alike.tell(|_| PauseWitness { over: 9, clients: [0xff; 2], midway: 3, ..PauseWitness::default() }), "and go on");
        assert!(alike.tell(|_| PauseWitness { over: 9, lost: 1_460, ..PauseWitness::default() }));
        assert!(alike.tell(|_| PauseWitness { streams: 2, ..PauseWitness::default() }));
        assert!(!alike.tell(|_| PauseWitness { streams: 1, ..PauseWitness::default() }), "one stream may be moved");
    }
}
