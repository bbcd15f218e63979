//! Saves the packets around a finding, where that was asked for (`--save-on`).

use super::check;
use crate::browse::Browser;
use crate::error::{Error, Result};
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

    /// At the end: saves what there is of spans that have not passed yet, waits for all that is being saved, and tells what came of each.
    pub fn finish(&self) -> Vec<String> {
        let Some(browser) = self.browser.as_ref().filter(|_| !self.wanted.is_empty()) else { return Vec::new() };
        // What was found since the screen was drawn last.
        self.look(&self.feed.latest());
        let due = std::mem::take(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner).due);
        for Due { from, to, why } in due {
            browser.save_span(from, to, format!("{why} (as far as it came: the run ended before)"));
        }
        browser.settle()
    }
}

/// Refuses identifiers that no finding has, nor group of them.
pub fn refuse_unknown(wanted: &[String]) -> Result<()> {
    let unknown = wanted.iter().find(|id| !check::is_finding(id) && !check::is_group(id));
    unknown.map_or(Ok(()), |id| Err(check::unknown("--save-on", id)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::made_shelf::{BEGIN, MadeShelf};
    use crate::decode::Rules;
    use crate::model::Severity;

    /// A port on which something has been found.
    struct Found(Arc<Snapshot>);

    impl Feed for Found {
        fn latest(&self) -> Arc<Snapshot> {
            Arc::clone(&self.0)
        }

        fn age(&self) -> Duration {
            Duration::ZERO
        }

        fn last(&self) -> Arc<Snapshot> {
            Arc::clone(&self.0)
        }

        fn ask(&self, _: Query) {}

        fn reset(&self) {}

        fn failure(&self) -> Option<Error> {
            None
        }
    }

    #[test]
    fn who_leaves_before_the_time_has_passed_gets_what_there_is() {
        let folder = std::env::temp_dir().join(format!("spantop-trigger-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // A packet a second for 45 s; what was found 40 s after the first is 5 s old.
        let shelf = MadeShelf { numbers: 0..45, bytes: vec![2; 60], step: SECOND, at_once: 10 };
        let at = BEGIN.plus(40 * SECOND);
        let mut snapshot = Snapshot { number: 1, live: true, now: at.plus(5 * SECOND), ..Snapshot::default() };
        snapshot.diagnosis.findings =
            vec![Finding { active: true, first: at, ..Finding::new("tcp.refused", Severity::Warning, "it refuses", at) }];
        let feed = Found(Arc::new(snapshot));
        let browser = || Some(Arc::new(Browser::start(Box::new(shelf.clone()), Rules::PLAIN, Some(folder.clone().into())).unwrap()));
        let files = || std::fs::read_dir(&folder).unwrap().count();
        for (wanted, told) in [("dns", 0), ("tcp.refused", 1)] {
            let triggered = Triggered::new(&feed, browser(), vec![wanted.to_owned()]);
            triggered.latest();
            assert_eq!(files(), 0, "30 s have not passed");
            let words = triggered.finish();
            assert_eq!((words.len(), files()), (told, told), "{words:?}");
            // From 30 s before it on: 10 to 44.
            assert!(words.iter().all(|words| words.starts_with("saved 35 packets in ")), "{words:?}");
            assert_eq!(triggered.finish(), Vec::<String>::new(), "once");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_no_finding_is_called_is_refused() {
        let said = |id: &str| refuse_unknown(&["tcp.loss".to_owned(), id.to_owned()]).err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!((said("tcp"), said("tcp.refused")), (String::new(), String::new()));
        assert!(said("refused").contains("did you mean tcp.refused?"), "{}", said("refused"));
        assert!(said("nonsense").starts_with("--save-on: "), "{}", said("nonsense"));
    }
}
