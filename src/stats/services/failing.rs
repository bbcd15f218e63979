//! What failed or waits, be it enough for a finding or not: nobody is to call a network good of which a part fails.

use super::service::ServiceRecord;
use crate::model::Arrange as _;
use crate::model::evidence::Trouble;
use crate::model::{AppId, ServiceKey, wilson};
use crate::stats::ServiceLedger;
use std::cmp::Reverse;

/// Attempts and requests that fail, as a share of a service's and of all, which is more than a healthy network has, and how many of them.
const OF_SERVICE: f64 = 0.05;
const OF_ALL: f64 = 0.01;
const LEAST: u64 = 2;

/// What went wrong for somebody who wanted something: of attempts and requests, and of connections that had come about.
const FAILED: [Trouble; 5] = [Trouble::NoAnswer, Trouble::Refused, Trouble::HalfOpen, Trouble::Error, Trouble::Unanswered];
const BROKEN: [Trouble; 3] = [Trouble::Cut, Trouble::TlsFailed, Trouble::Hung];

/// What failed or waits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Failing {
    /// Attempts and requests that failed since the beginning.
    pub failed: u64,
    /// Connections that came about and broke.
    pub broken: u64,
    /// Requests that wait for long, while nothing that was asked later is answered.
    pub waiting: u64,
    /// The services they are of, those with most first.
    pub services: Vec<ServiceKey>,
    /// It surely is more than a healthy network has, or somebody waits.
    pub is_much: bool,
}

impl ServiceLedger {
    /// What failed or waits; of what `is_prompt` nobody asks what is meant to wait.
    pub fn failing(&self, is_prompt: impl Fn(AppId) -> bool) -> Failing {
        let mut failing = Failing::default();
        let mut of: Vec<(u64, ServiceKey)> = Vec::new();
        for (key, service) in &self.services {
            let [failed, broken] = [sum(service, &FAILED), sum(service, &BROKEN)];
            let wrong = failed.saturating_add(broken);
            let waits = service.whole.waits(service.first_turn);
            let is_meant = waits.held > 0 || waits.talks > 0 || !is_prompt(service.app);
            let waiting = if is_meant { 0 } else { service.unanswered.waiting() };
            if wrong == 0 && waiting == 0 {
                continue;
            }
            failing.failed = failing.failed.saturating_add(failed);
            failing.broken = failing.broken.saturating_add(broken);
            failing.waiting = failing.waiting.saturating_add(waiting);
            failing.is_much |= waiting > 0 || is_more(wrong, uses(service), OF_SERVICE);
            of.push((wrong.saturating_add(waiting), *key));
        }
        failing.is_much |= is_more(failing.failed.saturating_add(failing.broken), self.judged, OF_ALL);
        of.arrange_by_key(|(count, key)| (Reverse(*count), *key));
        failing.services = of.into_iter().map(|(_, key)| key).collect();
        failing
    }
}

fn sum(service: &ServiceRecord, troubles: &[Trouble]) -> u64 {
    troubles.iter().fold(0, |sum, trouble| sum.saturating_add(service.whole.troubled(*trouble)))
}

fn uses(service: &ServiceRecord) -> u64 {
    let counts = &service.whole;
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
