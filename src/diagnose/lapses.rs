//! Times in which the mirror did not show what findings about the network rest on: what was found to have happened then is not believed
//! afterwards either, when the mirror shows everything again.

use super::detector::{Detector, Need};
use super::evidence::Evidence;
use crate::model::time::SECOND;
use crate::model::{Episode, Finding, Timestamp};
use std::collections::VecDeque;

/// For how long a mirror may have shown less before that is noticed.
const UNNOTICED: i64 = 30 * SECOND;
/// For how long it is still seen to have shown less when it shows everything again: what is judged of it are the packets of a minute.
const LINGERS: i64 = 45 * SECOND;
/// For how long counts remember what happened.
const REMEMBERED: i64 = 600 * SECOND;

/// What a need lacked, and when.
#[derive(Debug)]
struct Lapse {
    need: Need,
    complaint: String,
    seen: Episode,
}

impl Lapse {
    /// The time in which the mirror showed less, as far as that is known.
    fn time(&self) -> Episode {
        let Episode { first, last } = self.seen;
        Episode { first: Timestamp(first.0.saturating_sub(UNNOTICED)), last: first.max(Timestamp(last.0.saturating_sub(LINGERS))) }
    }
}

/// The times in which needs were not met, in the order in which they were last seen.
#[derive(Debug, Default)]
pub struct Lapses(VecDeque<Lapse>);

impl Lapses {
    /// Times that are remembered.
    const MOST: usize = 256;

    /// What `need` lacks at `now`.
    fn note(&mut self, need: Need, complaint: String, now: Timestamp) {
        let goes_on = |lapse: &Lapse| lapse.need == need && now.since(lapse.seen.last) <= UNNOTICED;
        let first = match self.0.iter().position(goes_on).and_then(|at| self.0.remove(at)) {
            Some(lapse) => lapse.seen.first,
            None => now,
        };
        if self.0.len() >= Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(Lapse { need, complaint, seen: Episode { first, last: now } });
    }

    /// Why a finding that begins in such a time is not believed.
    fn doubts(&self, detector: &dyn Detector, finding: &Finding, now: Timestamp) -> Option<&str> {
        let concerns = |lapse: &&Lapse| detector.needs().contains(&lapse.need) && !detector.is_proved_without(lapse.need, finding);
        let began_then = |lapse: &&Lapse| (lapse.time().first..=lapse.time().last).contains(&finding.first);
        let lapse = self.0.iter().filter(concerns).find(began_then)?;
        // What goes on was seen since, once nothing of that time, or of a later one of the kind, is remembered.
        let latest = self.0.iter().rev().find(concerns)?;
        (!finding.active || now.since(latest.seen.last) < REMEMBERED).then_some(lapse.complaint.as_str())
    }

    /// Notes what the mirror lacks of what `detectors` need at `now`, and takes out of `findings` those of a time in which it did: which, and why.
    pub(super) fn silence(
        &mut self,
        detectors: &[&'static dyn Detector],
        findings: &mut Vec<Finding>,
        mirror: &Evidence,
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        for need in detectors.iter().flat_map(|detector| detector.needs()) {
            let is_noted = self.0.iter().any(|lapse| lapse.need == *need && lapse.seen.last == now);
            need.check(mirror).err().filter(|_| !is_noted).into_iter().for_each(|complaint| self.note(*need, complaint, now));
        }
        let mut silenced = Vec::new();
        for detector in detectors {
            let id = detector.page().id;
            let doubt = findings.iter().filter(|f| f.id == id).find_map(|finding| self.doubts(*detector, finding, now));
            let Some(complaint) = doubt.map(|complaint| format!("{complaint}, when that happened")) else { continue };
            findings.retain(|f| f.id != id || self.doubts(*detector, f, now).is_none());
            if !findings.iter().any(|f| f.id == id) {
                silenced.push((id, complaint));
            }
        }
        silenced
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::NETWORK;
    use super::*;
    use crate::model::Severity;

    fn mirror(one_sided: u64) -> Evidence {
        let mut evidence = Evidence::default();
        (evidence.sides.judged, evidence.sides.one_sided) = (100, one_sided);
        evidence
    }

    /// Whether a finding that begins at this second is found at that one, after a mirror that lacked a direction from second 100 to 130, which is
    /// seen until second 175.
    fn is_found(first: i64, active: bool, at: i64) -> bool {
        let mut lapses = Lapses::default();
        let mut look = |findings: &mut Vec<Finding>, at: i64| {
            let one_sided = if (113..=175).contains(&at) { 40 } else { 0 };
            lapses.silence(NETWORK, findings, &mirror(one_sided), Timestamp(at * SECOND))
        };
        (1..at).for_each(|second| assert!(look(&mut Vec::new(), second).is_empty()));
        let mut findings = vec![Finding::new("dns.unanswered", Severity::Critical, "none", Timestamp(first * SECOND))];
        findings[0].active = active;
        let silenced = look(&mut findings, at);
        assert_eq!(silenced.len(), usize::from(findings.is_empty()));
        assert!(silenced.iter().all(|(id, why)| *id == "dns.unanswered" && why.ends_with("when that happened")), "{silenced:?}");
        !findings.is_empty()
    }

    #[test]
    fn what_happened_while_the_mirror_showed_less_is_not_found_afterwards() {
        for active in [true, false] {
            for first in [100, 115, 130] {
                assert!(!is_found(first, active, 180), "{first} {active}");
            }
            assert!(is_found(60, active, 180), "it began before: {active}");
            assert!(is_found(140, active, 180), "it began behind: {active}");
        }
        assert!(is_found(110, true, 175 + 600), "it goes on when nothing of that time is remembered");
        assert!(!is_found(110, false, 175 + 600));
    }

    /// A mirror that lacks a direction again, when what the first time did is still counted.
    #[test]
    fn a_second_time_does_not_hide_the_first() {
        let mut lapses = Lapses::default();
        let finding = || vec![Finding::new("dns.unanswered", Severity::Critical, "none", Timestamp(100 * SECOND))];
        let mut found = Vec::new();
        for second in 1..1_200 {
            let one_sided = if (113..=175).contains(&second) || (320..=380).contains(&second) { 40 } else { 0 };
            let mut findings = finding();
            lapses.silence(NETWORK, &mut findings, &mirror(one_sided), Timestamp(second * SECOND));
            found.extend((!findings.is_empty()).then_some(second));
        }
        assert_eq!((found.first(), found.iter().find(|at| **at > 112)), (Some(&1), Some(&(380 + 600))));
    }

    #[test]
    fn a_whole_mirror_casts_no_doubt() {
        let mut lapses = Lapses::default();
        let mut findings = vec![Finding::new("dns.unanswered", Severity::Critical, "none", Timestamp(9 * SECOND))];
        for second in 1..60 {
            assert!(lapses.silence(NETWORK, &mut findings, &mirror(0), Timestamp(second * SECOND)).is_empty());
        }
        assert_eq!(findings.len(), 1);
    }
}
