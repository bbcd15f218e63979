//! Saves the packets around a finding, where that was asked for (`--save-on`).
//!
//! It listens to the engine, as exporters do: whatever a screen shows meanwhile, no finding goes by.

use super::check;
use crate::browse::Browser;
use crate::engine::{Listeners, Subscription, subscribe};
use crate::error::{Error, Result};
use crate::model::limits::{SAVED_FINDINGS, SUBSCRIPTION_SNAPSHOTS};
use crate::model::time::SECOND;
use crate::model::{Finding, Subject, Timestamp, units};
use crate::snapshot::{Published, RecordFeed, Snapshot};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Packets saved before a finding begins, and after it.
const AROUND: i64 = 30 * SECOND;

/// How long a snapshot is waited for before it is looked whether the end has come.
const LOOK: Duration = Duration::from_millis(100);

/// What is to be saved when its time has come.
struct Due {
    from: Timestamp,
    to: Timestamp,
    why: String,
}

/// What names a time that a finding held.
type Held = (&'static str, Subject, Timestamp);

#[derive(Default)]
struct Pending {
    /// What holds now and was seen before.
    seen: HashSet<Held>,
    /// Times that were saved or will be, at most `SAVED_FINDINGS`.
    taken: Vec<Held>,
    due: Vec<Due>,
}

impl Pending {
    /// Whether the packets around that time are saved for this finding already: the last picture, which is of all the time, finds again what has ended.
    fn has_taken(&self, &(id, subject, first): &Held) -> bool {
        let is_near = |other: &Timestamp| first.since(*other).abs() < AROUND;
        self.taken.iter().any(|taken| (taken.0, taken.1) == (id, subject) && is_near(&taken.2))
    }
}

/// What came of it so far, for who shows it.
#[derive(Debug, Default)]
pub struct SaveStatus {
    unsaved: AtomicU64,
}

impl SaveStatus {
    /// What is to be told: findings whose packets are in no file; `None` while all are.
    pub fn words(&self) -> Option<String> {
        let unsaved = self.unsaved.load(Ordering::Relaxed);
        (unsaved > 0)
            .then(|| format!("--save-on: {SAVED_FINDINGS} files are all it writes; {} since not saved", units::plural(unsaved, "finding")))
    }
}

/// Who decides what is saved, and has it saved.
struct Watcher {
    browser: Arc<Browser>,
    wanted: Vec<String>,
    status: Arc<SaveStatus>,
    pending: Mutex<Pending>,
}

impl Watcher {
    fn is_wanted(&self, finding: &Finding) -> bool {
        self.wanted
            .iter()
            .any(|wanted| finding.id == wanted || finding.id.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.')))
    }

    fn look(&self, snapshot: &Snapshot) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let holds: Vec<&Finding> = snapshot.diagnosis.findings.iter().filter(|finding| finding.active && self.is_wanted(finding)).collect();
        let named = |finding: &Finding| (finding.id, finding.subject, finding.first);
        for finding in holds.iter().filter(|finding| !pending.seen.contains(&named(finding))).collect::<Vec<_>>() {
            let held = named(finding);
            if snapshot.finished && pending.has_taken(&held) {
                continue;
            }
            if pending.taken.len() >= SAVED_FINDINGS {
                self.status.unsaved.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            pending.taken.push(held);
            let at = finding.first;
            let why = format!("30 s before and after {} began: {}", finding.id, finding.title);
            pending.due.push(Due { from: at.plus(-AROUND), to: at.plus(AROUND), why });
        }
        // What holds no longer has ended: so it is no more than what holds.
        pending.seen = holds.into_iter().map(named).collect();
        let now = snapshot.now;
        pending.due.retain(|due| {
            let waits = now < due.to && !snapshot.finished;
            if !waits {
                self.browser.save_span(due.from, due.to, due.why.clone());
            }
            waits
        });
    }

    /// Looks at every snapshot until there are no more.
    fn follow(&self, feed: &dyn RecordFeed, is_over: &AtomicBool) {
        while let Ok(record) = feed.next_within(LOOK) {
            match record {
                Some(Published::Snapshot(snapshot)) => self.look(&snapshot),
                None if is_over.load(Ordering::Relaxed) => return,
                _ => {}
            }
        }
    }
}

/// A wish that packets around findings be saved, before the engine is started: then it has somebody who listens.
pub struct TriggerPlan {
    wanted: Vec<String>,
    subscription: Option<Subscription>,
    /// What comes of it.
    pub status: Arc<SaveStatus>,
}

impl TriggerPlan {
    /// Looks for findings of these identifiers, or of groups they begin with.
    pub fn new(wanted: &[String], listeners: &mut Listeners) -> Self {
        let subscription = (!wanted.is_empty()).then(|| {
            let (subscriber, subscription) = subscribe(2 * SUBSCRIPTION_SNAPSHOTS);
            listeners.subscribers.push(subscriber.of_snapshots());
            subscription
        });
        Self { wanted: wanted.to_vec(), subscription, status: Arc::default() }
    }

    /// Begins to listen; nothing where nothing is wanted, or there are no packets to be saved.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(self, browser: Option<Arc<Browser>>) -> Result<Trigger> {
        let (Some(browser), Some(subscription)) = (browser, self.subscription) else { return Ok(Trigger::default()) };
        Trigger::listen(Box::new(subscription), Watcher { browser, wanted: self.wanted, status: self.status, pending: Mutex::default() })
    }
}

/// Who listens for findings.
#[derive(Default)]
pub struct Trigger {
    watcher: Option<Arc<Watcher>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Trigger {
    fn listen(feed: Box<dyn RecordFeed>, watcher: Watcher) -> Result<Self> {
        let (watcher, is_over) = (Arc::new(watcher), Arc::<AtomicBool>::default());
        let thread = std::thread::Builder::new()
            .name("save-on".into())
            .spawn({
                let (watcher, is_over) = (Arc::clone(&watcher), Arc::clone(&is_over));
                move || watcher.follow(feed.as_ref(), &is_over)
            })
            .map_err(|e| Error::io("cannot start the thread that listens for findings (--save-on)", &e))?;
        Ok(Self { watcher: Some(watcher), is_over, thread: Some(thread) })
    }

    /// At the end, whose picture is `last`: saves what there is of spans that have not passed yet, waits for all that is being saved, and tells
    /// what came of each.
    pub fn finish(self, last: &Snapshot) -> Vec<String> {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread {
            // Who broke off has said so where it happened.
            let _ = thread.join();
        }
        let Some(watcher) = self.watcher else { return Vec::new() };
        watcher.look(last);
        let due = std::mem::take(&mut watcher.pending.lock().unwrap_or_else(PoisonError::into_inner).due);
        for Due { from, to, why } in due {
            watcher.browser.save_span(from, to, format!("{why} (as far as it came: the run ended before)"));
        }
        watcher.browser.settle().into_iter().chain(watcher.status.words().map(|words| format!("warning: {words}"))).collect()
    }
}

/// Refuses identifiers that no finding has, nor group of them.
pub fn refuse_unknown(wanted: &[String]) -> Result<()> {
    let unknown = wanted.iter().find(|id| !check::is_finding(id) && !check::is_group(id));
    unknown.map_or(Ok(()), |id| Err(check::unknown("--save-on", id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::made_shelf::{BEGIN, MadeShelf};
    use crate::decode::Rules;
    use crate::model::Severity;
    use std::path::Path;

    fn finding(id: &'static str, at: Timestamp) -> Finding {
        Finding { active: true, first: at, ..Finding::new(id, Severity::Warning, "it refuses", at) }
    }

    fn snapshot(number: u64, now: Timestamp, findings: Vec<Finding>) -> Snapshot {
        let mut snapshot = Snapshot { number, live: true, now, ..Snapshot::default() };
        snapshot.diagnosis.findings = findings;
        snapshot
    }

    /// Snapshots that an engine took, of which no screen saw any.
    struct Taken(Mutex<std::vec::IntoIter<Snapshot>>);

    impl RecordFeed for Taken {
        fn next_within(&self, _: Duration) -> std::result::Result<Option<Published>, crate::snapshot::Ended> {
            let next = self.0.lock().unwrap().next();
            next.map(|snapshot| Some(Published::Snapshot(Arc::new(snapshot)))).ok_or(crate::snapshot::Ended)
        }

        fn lost(&self) -> u64 {
            0
        }
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("spantop-trigger-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn listening(folder: &Path, wanted: &str, taken: Vec<Snapshot>) -> Trigger {
        // A packet a second for 45 s.
        let shelf = MadeShelf { numbers: 0..45, bytes: vec![2; 60], step: SECOND, at_once: 10 };
        let browser = Arc::new(Browser::start(Box::new(shelf), Rules::PLAIN, Some(folder.to_owned().into())).unwrap());
        let watcher = Watcher { browser, wanted: vec![wanted.to_owned()], status: Arc::default(), pending: Mutex::default() };
        Trigger::listen(Box::new(Taken(Mutex::new(taken.into_iter()))), watcher).unwrap()
    }

    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn who_leaves_before_the_time_has_passed_gets_what_there_is() {
        let folder = folder("leaves");
        // What was found 40 s after the first packet is 5 s old.
        let at = BEGIN.plus(40 * SECOND);
        let last = snapshot(1, at.plus(5 * SECOND), vec![finding("tcp.refused", at)]);
        for (wanted, told) in [("dns", 0), ("tcp.refused", 1)] {
            let words = listening(&folder, wanted, vec![last.clone()]).finish(&last);
            assert_eq!((words.len(), files(&folder)), (told, told), "{words:?}");
            // From 30 s before it on: 10 to 44.
            assert!(words.iter().all(|words| words.starts_with("saved 35 packets in ")), "{words:?}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_was_saved_is_not_saved_again_when_the_last_picture_finds_it_again() {
        let folder = folder("again");
        let at = |second: i64| BEGIN.plus(second * SECOND);
        let storm = |first: i64| finding("storm.broadcast", at(first));
        let taken = vec![snapshot(1, at(2), vec![storm(2)]), snapshot(2, at(33), vec![storm(2)]), snapshot(3, at(40), Vec::new())];
        let last = Snapshot { finished: true, ..snapshot(4, at(44), vec![storm(3)]) };
        assert_eq!(listening(&folder, "storm", taken.clone()).finish(&last).len(), 1);
        assert_eq!(files(&folder), 1);
        // Another one half a minute later, and the same of somebody else, are something else.
        let other = Finding { subject: Subject::Vlan(7), ..storm(3) };
        let last = Snapshot { finished: true, ..snapshot(4, at(44), vec![storm(32), other]) };
        assert_eq!(listening(&folder, "storm", taken).finish(&last).len(), 3);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_held_while_nobody_looked_is_saved_and_what_is_not_is_told() {
        let folder = folder("unseen");
        let at = |second: i64| BEGIN.plus(second * SECOND);
        // Each holds for one snapshot alone, which no screen saw; all of them have ended by the last.
        let many = SAVED_FINDINGS as i64 + 2;
        let mut taken: Vec<Snapshot> =
            (0..many).map(|n| snapshot(n as u64 + 1, at(200), vec![finding("tcp.refused", at(n % 40).plus(n))])).collect();
        taken.insert(0, taken[0].clone());
        let words = listening(&folder, "tcp", taken).finish(&snapshot(999, at(201), Vec::new()));
        assert_eq!(files(&folder), SAVED_FINDINGS);
        assert!(words.last().is_some_and(|words| words.contains("100 files") && words.contains("2 findings")), "{words:?}");
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
