//! Findings that are alike: of the same kind, equally bad, of the same cause or none, and each about something else. A flood that strikes fifty
//! servers is fifty findings; a reader wants the first few of them, and how many others there are.

use super::{Explained, Finding, Severity};
use std::collections::BTreeMap;

/// Findings that are alike up to this number are all told one by one.
pub const FEW: usize = 5;

/// Of more of them so many are, the first ones.
pub const TOLD: usize = 3;

/// What findings that are alike have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Likeness {
    /// [`Finding::id`].
    pub id: &'static str,
    /// [`Finding::severity`].
    pub severity: Severity,
    /// [`Finding::active`].
    pub active: bool,
    /// [`Finding::explained_by`].
    pub explained_by: Option<Explained>,
}

impl Likeness {
    /// What others have in common with a finding that are alike; `None` for one that explains others, which is the only one of its kind.
    pub fn of(finding: &Finding) -> Option<Self> {
        let Finding { id, severity, active, explained_by, .. } = *finding;
        finding.cause_of.is_empty().then_some(Self { id, severity, active, explained_by })
    }
}

/// What is told of findings, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub enum ListedFinding<'a> {
    /// One of them.
    One(&'a Finding),
    /// That there are others like those before.
    Others(Likeness, Vec<&'a Finding>),
}

/// Findings in the order in which they come, but for those that more than [`FEW`] others are like: of these the first [`TOLD`] are told, then how
/// many others there are.
pub fn listed<'a>(findings: impl Iterator<Item = &'a Finding> + Clone) -> Vec<ListedFinding<'a>> {
    let many = many(findings.clone());
    let mut out: Vec<ListedFinding<'a>> = Vec::new();
    // How many of them came, and where the line of the others stands.
    let mut came: BTreeMap<Likeness, (usize, Option<usize>)> = BTreeMap::new();
    for finding in findings {
        let Some(like) = Likeness::of(finding).filter(|like| many.contains_key(like)) else {
            out.push(ListedFinding::One(finding));
            continue;
        };
        let (told, others) = came.entry(like).or_default();
        if *told < TOLD {
            *told += 1;
            out.push(ListedFinding::One(finding));
        } else if let Some(ListedFinding::Others(_, all)) = others.and_then(|at| out.get_mut(at)) {
            all.push(finding);
        } else {
            *others = Some(out.len());
            out.push(ListedFinding::Others(like, vec![finding]));
        }
    }
    out
}

/// The same where there is room for little: of more than [`FEW`] that are alike the first stands for all, with how many others there are.
pub fn firsts<'a>(findings: impl Iterator<Item = &'a Finding> + Clone) -> Vec<(&'a Finding, usize)> {
    let mut many = many(findings.clone());
    let first = |finding: &'a Finding| match Likeness::of(finding).and_then(|like| many.get_mut(&like)) {
        None => Some((finding, 0)),
        // The first takes the others away.
        Some(all) => Some((finding, std::mem::take(all).checked_sub(1)?)),
    };
    findings.filter_map(first).collect()
}

/// How many findings are alike, where they are more than a few.
fn many<'a>(findings: impl Iterator<Item = &'a Finding>) -> BTreeMap<Likeness, usize> {
    let mut counts: BTreeMap<Likeness, usize> = BTreeMap::new();
    findings.filter_map(Likeness::of).for_each(|like| *counts.entry(like).or_default() += 1);
    counts.retain(|_, all| *all > FEW);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Subject, Timestamp};

    fn finding(id: &'static str, vlan: u16) -> Finding {
        Finding { subject: Subject::Vlan(vlan), ..Finding::new(id, Severity::Warning, id, Timestamp(0)) }
    }

    fn words(findings: &[Finding]) -> Vec<String> {
        let word = |told: ListedFinding<'_>| match told {
            ListedFinding::One(one) => format!("{} {}", one.id, one.subject),
            ListedFinding::Others(like, all) => {
                format!("{} +{}: {}", like.id, all.len(), all.iter().map(|f| f.subject.to_string()).collect::<Vec<_>>().join(", "))
            }
        };
        listed(findings.iter()).into_iter().map(word).collect()
    }

    #[test]
    fn many_that_are_alike_are_few_and_how_many_others() {
        let mut all: Vec<Finding> = (1..=6).map(|vlan| finding("a", vlan)).collect();
        all.insert(1, finding("b", 9));
        assert_eq!(words(&all), ["a VLAN 1", "b VLAN 9", "a VLAN 2", "a VLAN 3", "a +3: VLAN 4, VLAN 5, VLAN 6"]);
        let firsts = firsts(all.iter()).into_iter().map(|(f, others)| (f.subject, others)).collect::<Vec<_>>();
        assert_eq!(firsts, [(Subject::Vlan(1), 5), (Subject::Vlan(9), 0)]);
        all.pop();
        assert_eq!(words(&all).len(), 6, "five are told");
    }

    #[test]
    fn what_differs_or_explains_others_is_told_by_itself() {
        let mut all: Vec<Finding> = (1..=8).map(|vlan| finding("a", vlan)).collect();
        all[1].severity = Severity::Critical;
        all[2].active = false;
        all[7].cause_of.push("b");
        assert_eq!(words(&all).len(), 8, "five of them are alike");
        all.push(finding("a", 9));
        assert_eq!(
            words(&all),
            ["a VLAN 1", "a VLAN 2", "a VLAN 3", "a VLAN 4", "a VLAN 5", "a +3: VLAN 6, VLAN 7, VLAN 9", "a VLAN 8"],
            "in the place of the first of them"
        );
        let cause = Explained { id: "c", subject: Subject::Network };
        all.iter_mut().skip(3).for_each(|effect| effect.explained_by = Some(cause));
        assert_eq!(words(&all).len(), 9, "of two causes they are not alike");
    }
}
