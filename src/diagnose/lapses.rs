//! Times in which the mirror did not show what findings about the network rest on: what was found to have happened then is not believed
//! afterwards either, when the mirror shows everything again.

use super::detector::{Detector, Need};
use super::evidence::Evidence;
use crate::model::time::SECOND;
use crate::model::{Episode, Finding, Subject, Timestamp, limits};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// For how long a mirror may have shown less before that is noticed, at least.
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
    /// Nanoseconds of packets by which it was noticed: in any of them the mirror may have begun to show less.
    noticed_by: i64,
}

impl Lapse {
    /// The time in which the mirror showed less, as far as that is known.
    fn time(&self) -> Episode {
        let Episode { first, last } = self.seen;
        let begun = first.0.saturating_sub(self.noticed_by.max(UNNOTICED));
        Episode { first: Timestamp(begun), last: first.max(Timestamp(last.0.saturating_sub(LINGERS))) }
    }

    /// Whether what was told since then was told by a mirror that showed everything.
    fn is_behind(&self, told: Timestamp) -> bool {
        told.0 < self.seen.first.0.saturating_sub(UNNOTICED)
    }
}

/// When a finding began that is told, and since when and until when it was.
#[derive(Debug, Clone, Copy)]
struct Told {
    began: Timestamp,
    told: Episode,
}

/// The times in which needs were not met, in the order in which they were last seen; and what was told before they were not.
#[derive(Debug, Default)]
pub struct Lapses {
    known: VecDeque<Lapse>,
    told: HashMap<(&'static str, Subject), Told>,
}

impl Lapses {
    /// Times that are remembered.
    const MOST: usize = 256;

    /// What `need` lacks at `now`, by packets of so many nanoseconds.
    fn note(&mut self, need: Need, complaint: String, now: Timestamp, noticed_by: i64) {
        let goes_on = |lapse: &Lapse| lapse.need == need && now.since(lapse.seen.last) <= UNNOTICED;
        let known = self.known.iter().position(goes_on).and_then(|at| self.known.remove(at));
        let (first, noticed_by) = known.map_or((now, noticed_by), |lapse| (lapse.seen.first, lapse.noticed_by));
        if self.known.len() >= Self::MOST {
            self.known.pop_front();
        }
        self.known.push_back(Lapse { need, complaint, seen: Episode { first, last: now }, noticed_by });
    }

    /// Notes which findings are told at `now`; those that the mirror does not show meanwhile are remembered.
    fn tell(&mut self, findings: &[Finding], now: Timestamp) {
        self.told.retain(|_, known| now.since(known.told.last) < REMEMBERED);
        for finding in findings {
            let key = (finding.id, finding.subject);
            if self.told.len() >= limits::FINDINGS && !self.told.contains_key(&key) {
                continue;
            }
            let fresh = Told { began: finding.first, told: Episode::at(now) };
            let known = self.told.entry(key).or_insert(fresh);
            *known = if known.began == finding.first { Told { told: known.told.joined(fresh.told), ..fresh } } else { fresh };
        }
    }

    /// Why a finding that begins in such a time is not believed.
    fn doubts(&self, detector: &dyn Detector, finding: &Finding, now: Timestamp) -> Option<&str> {
        let told = self.told.get(&(finding.id, finding.subject)).filter(|known| known.began == finding.first);
        let concerns = |lapse: &&Lapse| detector.needs().contains(&lapse.need) && !detector.is_proved_without(lapse.need, finding);
        let began_then = |lapse: &&Lapse| {
            let Episode { first, last } = lapse.time();
            (first..=last).contains(&finding.first) && !told.is_some_and(|known| lapse.is_behind(known.told.first))
        };
        let lapse = self.known.iter().filter(concerns).find(began_then)?;
        // What goes on was seen since, once nothing of that time, or of a later one of the kind, is remembered.
        let latest = self.known.iter().rev().find(concerns)?;
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
        let noticed_by = (mirror.seconds * SECOND as f64) as i64;
        for need in detectors.iter().flat_map(|detector| detector.needs()) {
            let is_noted = self.known.iter().any(|lapse| lapse.need == *need && lapse.seen.last == now);
            need.check(mirror).err().filter(|_| !is_noted).into_iter().for_each(|complaint| self.note(*need, complaint, now, noticed_by));
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
        self.tell(findings, now);
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
            let mut findings = if second < 113 { Vec::new() } else { finding() };
            lapses.silence(NETWORK, &mut findings, &mirror(one_sided), Timestamp(second * SECOND));
            found.extend((!findings.is_empty()).then_some(second));
        }
        assert_eq!(found.first(), Some(&(380 + 600)));
    }

    /// A mirror that lacks a direction from second 100 on, by packets of so many seconds, which is noticed at second 150; and a finding that begins at
    /// second 110 and is told from that second on: whether it stands afterwards.
    fn stands(noticed_by: f64, told: i64) -> bool {
        let mut lapses = Lapses::default();
        let mut stands = false;
        for second in 100..300 {
            let one_sided = if (150..=190).contains(&second) { 40 } else { 0 };
            let mut findings = vec![Finding::new("dns.unanswered", Severity::Critical, "none", Timestamp(110 * SECOND))];
            // Nor is it while the mirror does not show it.
            findings.retain(|_| second >= told && one_sided == 0);
            let evidence = Evidence { seconds: noticed_by, ..mirror(one_sided) };
            lapses.silence(NETWORK, &mut findings, &evidence, Timestamp(second * SECOND));
            stands = !findings.is_empty();
        }
        stands
    }

    #[test]
    fn what_is_noticed_late_may_have_begun_as_early_as_its_packets() {
        assert!(!stands(60.0, 200), "it began within the packets by which that was noticed");
        assert!(!stands(40.0, 200), "at their first second");
        assert!(stands(39.0, 200), "it began before them");
        assert!(!stands(60.0, 120) && stands(60.0, 119), "it was told when the mirror showed everything");
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
