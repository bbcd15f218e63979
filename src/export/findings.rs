//! Which findings are news: a snapshot lists all of them again each time.

use crate::model::{Finding, Severity, Subject};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What has become of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingState {
    /// It holds now.
    Opened,
    /// It holds as before, and matters more or less.
    Changed,
    /// It holds no longer.
    Cleared,
}

impl FindingState {
    /// Its word in outputs.
    pub const fn token(self) -> &'static str {
        match self {
            FindingState::Opened => "opened",
            FindingState::Changed => "changed",
            FindingState::Cleared => "cleared",
        }
    }
}

/// A finding that is news.
#[derive(Debug, Clone)]
pub struct FindingNews {
    /// What has become of it.
    pub state: FindingState,
    /// The finding as it stands.
    pub finding: Arc<Finding>,
}

/// What was told of findings. As many are kept as the newest snapshot lists.
#[derive(Debug, Default)]
pub struct FindingWatch {
    told: BTreeMap<(&'static str, Subject), (Severity, Arc<Finding>)>,
}

impl FindingWatch {
    /// What is new in a snapshot's list.
    pub fn news(&mut self, findings: &[Finding]) -> Vec<FindingNews> {
        let mut before = std::mem::take(&mut self.told);
        let mut out = Vec::new();
        for finding in findings.iter().filter(|finding| finding.active) {
            let key = (finding.id, finding.subject);
            let known = before.remove(&key);
            let state = match &known {
                None => Some(FindingState::Opened),
                Some((severity, _)) if *severity != finding.severity => Some(FindingState::Changed),
                Some(_) => None,
            };
            let shared = match (known, state) {
                (Some((_, shared)), None) => shared,
                _ => Arc::new(finding.clone()),
            };
            if let Some(state) = state {
                out.push(FindingNews { state, finding: Arc::clone(&shared) });
            }
            self.told.insert(key, (finding.severity, shared));
        }
        // Those that are listed still say when they last held.
        for (key, (_, last)) in before {
            let listed = findings.iter().find(|finding| (finding.id, finding.subject) == key);
            let finding = listed.map_or(last, |finding| Arc::new(finding.clone()));
            out.push(FindingNews { state: FindingState::Cleared, finding });
        }
        out
    }

    /// Everything was forgotten.
    pub fn forget(&mut self) {
        self.told.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn each_change_is_told_once() {
        let finding = |severity, active| Finding { active, ..Finding::new("dup.every", severity, "x", Timestamp(1)) };
        let mut watch = FindingWatch::default();
        let mut states = |list: &[Finding]| watch.news(list).iter().map(|n| n.state.token()).collect::<Vec<_>>();
        assert_eq!(states(&[finding(Severity::Note, true)]), ["opened"]);
        assert!(states(&[finding(Severity::Note, true)]).is_empty());
        assert_eq!(states(&[finding(Severity::Warning, true)]), ["changed"]);
        assert_eq!(states(&[finding(Severity::Warning, false)]), ["cleared"]);
        assert!(states(&[finding(Severity::Warning, false)]).is_empty());
        assert_eq!(states(&[finding(Severity::Warning, true)]), ["opened"]);
        assert_eq!(states(&[]), ["cleared"], "also where it is no longer listed");
    }
}
