//! Saves the packets around a finding, where that was asked for (`--save-on`).

use crate::browse::Browser;
use crate::error::Error;
use crate::model::limits::SAVED_FINDINGS;
use crate::model::time::SECOND;
use crate::model::{Finding, Subject, Timestamp};
use crate::snapshot::{Feed, Query, Snapshot};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Packets saved before a finding begins, and after it.
const AROUND: i64 = 30 * SECOND;

/// What is to be saved when its time has come.
struct Due {
    from: Timestamp,
    to: Timestamp,
    why: String,
}

#[derive(Default)]
struct Pending {
    /// The snapshot looked at last.
    number: u64,
    seen: HashSet<(&'static str, Subject, Timestamp)>,
    due: Vec<Due>,
}

/// A feed that looks at findings as it hands them on.
pub struct Triggered<'a> {
    feed: &'a dyn Feed,
    browser: Option<Arc<Browser>>,
    wanted: Vec<String>,
    pending: Mutex<Pending>,
}

impl<'a> Triggered<'a> {
    /// Looks for findings of these identifiers, or of groups they begin with.
    pub fn new(feed: &'a dyn Feed, browser: Option<Arc<Browser>>, wanted: Vec<String>) -> Self {
        Self { feed, browser, wanted, pending: Mutex::default() }
    }

    fn is_wanted(&self, finding: &Finding) -> bool {
        self.wanted
            .iter()
            .any(|wanted| finding.id == wanted || finding.id.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.')))
    }

    fn look(&self, snapshot: &Snapshot) {
        let Some(browser) = self.browser.as_ref().filter(|_| !self.wanted.is_empty()) else { return };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.number == snapshot.number {
            return;
        }
        pending.number = snapshot.number;
        for finding in snapshot.diagnosis.findings.iter().filter(|finding| finding.active && self.is_wanted(finding)) {
            if pending.seen.len() < SAVED_FINDINGS && pending.seen.insert((finding.id, finding.subject, finding.first)) {
                let at = finding.first;
                let why = format!("30 s before and after {} began: {}", finding.id, finding.title);
                pending.due.push(Due { from: at.plus(-AROUND), to: at.plus(AROUND), why });
            }
        }
        let now = snapshot.now;
        pending.due.retain(|due| {
            let waits = now < due.to && !snapshot.finished;
            if !waits {
                browser.save_span(due.from, due.to, due.why.clone());
            }
            waits
        });
    }
}

impl Feed for Triggered<'_> {
    fn latest(&self) -> Arc<Snapshot> {
        let snapshot = self.feed.latest();
        self.look(&snapshot);
        snapshot
    }

    fn age(&self) -> Duration {
        self.feed.age()
    }

    fn last(&self) -> Arc<Snapshot> {
        self.feed.last()
    }

    fn ask(&self, query: Query) {
        self.feed.ask(query);
    }

    fn reset(&self) {
        self.feed.reset();
    }

    fn failure(&self) -> Option<Error> {
        self.feed.failure()
    }
}
