//! What failed or waits, be it enough for a finding or not: nobody is to call a network good of which a part fails.

use super::counts::ServiceCounts;
use super::{BIN, REMEMBERED};
use crate::model::Arrange as _;
use crate::model::evidence::Trouble;
use crate::model::{AppId, Proto, ServiceKey, Timestamp, wilson};
use crate::stats::ServiceLedger;
use std::cmp::Reverse;

/// Attempts and requests that fail, as a share of a service's and of all, which is more than a healthy network has, and how many of them.
const OF_SERVICE: f64 = 0.05;
const OF_ALL: f64 = 0.01;
const LEAST: u64 = 2;

/// What went wrong for somebody who wanted something: of attempts and requests, what was refused by whoever may, and of connections that had come
/// about.
const FAILED: [Trouble; 5] = [Trouble::NoAnswer, Trouble::Refused, Trouble::HalfOpen, Trouble::Error, Trouble::Unanswered];
const REFUSED: [Trouble; 2] = [Trouble::Rejected, Trouble::Denied];
const BROKEN: [Trouble; 3] = [Trouble::Cut, Trouble::TlsFailed, Trouble::Hung];

/// What failed or waits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Failing {
    /// Attempts and requests that failed since the beginning, single SYNs that nothing answered among them.
    pub failed: u64,
    /// Of them requests that the server refused.
    pub refused: u64,
    /// Connections that came about and broke.
    pub broken: u64,
    /// Requests over TCP that have waited for longer than users do, and do not count as failed yet.
    pub waiting: u64,
    /// The services they are of, those with most first.
    pub services: Vec<ServiceKey>,
    /// It surely is more than a healthy network has, or somebody waits: of a live port in what is remembered.
    pub is_much: bool,
    /// It is most of all that was judged, be it enough to tell anything or not, and the refused among it: of a live port in what is remembered.
    pub is_most: bool,
}

impl ServiceLedger {
    /// What failed or waits at `now`; of what `is_prompt` nobody asks what is meant to wait. `live`: what was long ago is no reason to doubt.
    pub fn failing(&self, now: Timestamp, live: bool, is_prompt: impl Fn(AppId) -> bool) -> Failing {
        let number = now.0.div_euclid(BIN);
        let since = if live { now.plus(-REMEMBERED * BIN) } else { Timestamp::UNKNOWN };
        let mut failing = Failing::default();
        let (mut doubtful, mut judged, mut vain, mut all) = (0u64, 0u64, 0u64, 0u64);
        let mut of: Vec<(u64, ServiceKey)> = Vec::new();
        for (key, service) in &self.services {
            let [failed, refused, broken] = [&FAILED[..], &REFUSED, &BROKEN].map(|troubles| sum(&service.whole, troubles));
            // No reason to doubt the network, but counted as in the service's row.
            let failed = failed.saturating_add(refused).saturating_add(service.whole.lone());
            let wrong = failed.saturating_add(broken);
            let is_meant = service.may_hold() || !is_prompt(service.app);
            let waiting = if is_meant { 0 } else { service.waiting };
            let hangs = !is_meant && service.unanswered.waiting(since) > 0;
            let is_doubtful = |counts: &ServiceCounts| key.protocol != Proto::Tcp || !is_meant && is_of_several(counts);
            let lately = match live {
                true => Lately::of(service.latest(number, REMEMBERED), is_doubtful),
                false => Lately::of(std::iter::once(&service.whole), is_doubtful),
            };
            doubtful = doubtful.saturating_add(lately.wrong);
            judged = judged.saturating_add(lately.uses);
            (vain, all) = (vain.saturating_add(lately.vain), all.saturating_add(lately.all));
            if wrong == 0 && waiting == 0 {
                continue;
            }
            failing.failed = failing.failed.saturating_add(failed);
            failing.refused = failing.refused.saturating_add(refused);
            failing.broken = failing.broken.saturating_add(broken);
            failing.waiting = failing.waiting.saturating_add(waiting);
            failing.is_much |= hangs || is_more(lately.wrong, lately.uses, OF_SERVICE);
            of.push((wrong.saturating_add(waiting), *key));
        }
        failing.is_much |= is_more(doubtful, if live { judged } else { self.judged }, OF_ALL);
        failing.is_most = vain.saturating_mul(2) > if live { all } else { self.judged };
        of.arrange_by_key(|(count, key)| (Reverse(*count), *key));
        failing.services = of.into_iter().map(|(_, key)| key).collect();
        failing
    }
}

/// What was wanted of a service in a stretch of time, and what of it went wrong.
#[derive(Debug, Clone, Copy, Default)]
struct Lately {
    wrong: u64,
    uses: u64,
    /// With what was refused and single SYNs, which are no reason to doubt.
    vain: u64,
    all: u64,
}

impl Lately {
    /// Of times in which requests without an answer are no reason to doubt, only the rest.
    fn of<'a>(stretch: impl Iterator<Item = &'a ServiceCounts>, is_doubtful: impl Fn(&ServiceCounts) -> bool) -> Self {
        stretch.fold(Self::default(), |all, counts| {
            let excused = if is_doubtful(counts) { 0 } else { counts.troubled(Trouble::Unanswered) };
            let every = sum(counts, &FAILED).saturating_add(sum(counts, &BROKEN));
            let vain = every.saturating_add(sum(counts, &REFUSED)).saturating_add(counts.lone());
            Self {
                wrong: all.wrong.saturating_add(every.saturating_sub(excused)),
                uses: all.uses.saturating_add(uses(counts)),
                vain: all.vain.saturating_add(vain),
                all: all.all.saturating_add(counts.uses()),
            }
        })
    }
}

/// Whether requests of several clients were not answered: what one asks for over TCP may be a job that takes its time.
fn is_of_several(counts: &ServiceCounts) -> bool {
    let (_, clients) = counts.failing(Trouble::Unanswered, |_| false);
    clients.len() > 1 || counts.has_others(Trouble::Unanswered)
}

fn sum(counts: &ServiceCounts, troubles: &[Trouble]) -> u64 {
    troubles.iter().fold(0, |sum, trouble| sum.saturating_add(counts.troubled(*trouble)))
}

fn uses(counts: &ServiceCounts) -> u64 {
    counts.attempts(|_| false).saturating_add(counts.answered()).saturating_add(counts.troubled(Trouble::Unanswered))
}

fn is_more(failed: u64, of: u64, share: f64) -> bool {
    failed >= LEAST && wilson(failed.min(of), of).low > share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_of_many_are_no_reason_to_doubt() {
        assert!(is_more(2, 2, OF_SERVICE) && is_more(17, 17, OF_SERVICE));
        assert!(!is_more(1, 1, OF_SERVICE), "one may be anybody's");
        assert!(is_more(3, 20, OF_SERVICE) && !is_more(3, 22, OF_SERVICE), "the lower end of the interval decides");
        assert!(is_more(20, 1_000, OF_ALL) && !is_more(12, 1_000, OF_ALL));
    }
}
