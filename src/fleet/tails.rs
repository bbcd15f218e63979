//! What runs counted that nobody told: a probe says its sums once a minute, and intervals as they end. One that was killed has told intervals behind its
//! last word, and one that goes on has them too.

use super::ProbeName;
use super::answers::AnswerRow;
use super::history::RunTold;
use crate::model::Arrange as _;
use crate::model::limits::FLEET_TAILS;

/// Runs that are asked for with one question, whose size is bounded.
pub const AT_ONCE: usize = 24;

/// Seconds behind the last word in which there may be intervals: twice the time in which a probe tells its sums, and more.
const BEHIND: i64 = 300;
/// A run that began in the span and took no longer is asked for as a whole, in seconds: then its intervals are everything it counted.
const WHOLE: i64 = 2 * 3_600;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// A run whose intervals are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTail {
    /// Its probe.
    pub name: ProbeName,
    /// The run.
    pub session: String,
    /// Where intervals that count begin, nanoseconds since 1970 by its own clock.
    pub from_ns: i64,
    /// Its last word.
    pub to_ns: i64,
    /// What it told in all, packets and bytes, where all of it is asked for; `None`: what is behind its last word is.
    pub whole: Option<(u64, u64)>,
}

impl RunTail {
    /// Of a run, by what it told: `None` where it has told everything.
    pub(super) fn of(name: &ProbeName, told: &RunTold, has_ended: bool) -> Option<Self> {
        let to_ns = i64::try_from(told.last_ns).ok()?;
        let begun = told.began_ns.and_then(|ns| i64::try_from(ns).ok());
        // A run reads packets from the time of its start on; those of a file may be older.
        let whole = begun.filter(|begun| to_ns >= *begun && to_ns.saturating_sub(*begun) <= WHOLE * SECOND);
        let from_ns = whole.map_or(to_ns, |begun| begun.saturating_sub(60 * SECOND));
        (!has_ended).then(|| Self { name: name.clone(), session: told.session.clone(), from_ns, to_ns, whole: whole.map(|_| told.all) })
    }

    /// Seconds in which its intervals begin: from, to (not included).
    pub fn seconds(&self) -> (i64, i64) {
        (self.from_ns.div_euclid(SECOND), self.to_ns.div_euclid(SECOND).saturating_add(BEHIND))
    }

    /// Packets and bytes that it has not told, of what its intervals come to.
    pub(super) fn untold(&self, row: &AnswerRow) -> (u64, u64) {
        let (packets, bytes) = self.whole.unwrap_or_default();
        (row.count("all_packets").saturating_sub(packets), row.count("all_bytes").saturating_sub(bytes))
    }

    /// The runs to ask for, those that told last first, and no more than [`FLEET_TAILS`].
    pub(super) fn newest(mut tails: Vec<Self>) -> Vec<Self> {
        tails.arrange_by_key(|tail| std::cmp::Reverse(tail.to_ns));
        tails.truncate(FLEET_TAILS);
        tails
    }
}

#[cfg(test)]
mod tests {
    use super::super::answers::rows;
    use super::*;

    #[test]
    fn a_run_that_was_killed_counts_what_its_intervals_hold() {
        let name = ProbeName { site: "lab".into(), probe: "a".into() };
        let told = |last_ns: u64, began_ns| RunTold { session: "5-7".into(), all: (32_000, 4_000), last_ns, began_ns };
        let (begun, minute) = (1_700_000_000_000_000_000, 60_000_000_000);
        let short = RunTail::of(&name, &told(begun + minute, Some(begun)), false).unwrap();
        assert_eq!((short.whole, short.seconds()), (Some((32_000, 4_000)), (1_700_000_000 - 60, 1_700_000_060 + BEHIND)));
        let sums = rows("{\"all_packets\":\"56000\",\"all_bytes\":\"3000\"}").unwrap();
        assert_eq!(short.untold(&sums[0]), (24_000, 0), "what the database holds beyond what was told, and never less");
        let long = RunTail::of(&name, &told(begun + 300 * minute, Some(begun)), false).unwrap();
        assert_eq!((long.whole, long.from_ns, long.untold(&sums[0])), (None, long.to_ns, (56_000, 3_000)), "what is behind its last word");
        assert_eq!(RunTail::of(&name, &told(begun, None), true), None, "a run that ended has told everything");
        let many = vec![short; FLEET_TAILS + 9];
        assert_eq!(RunTail::newest(many).len(), FLEET_TAILS);
    }
}
