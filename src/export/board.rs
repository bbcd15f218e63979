//! What exporters count, for status, logs and other exporters.

use super::AnswerPort;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Counters of one exporter.
#[derive(Debug, Default)]
pub struct ExporterCounters {
    /// Rows that its receiver has, or that are on the disk where it writes files.
    pub exported: AtomicU64,
    /// Rows that found no room in its lane: it was too slow.
    pub queue_lost: AtomicU64,
    /// Rows it gave up: refused for good, or beyond the cap of its spool.
    pub dropped: AtomicU64,
    /// Attempts that failed and were made again.
    pub retries: AtomicU64,
    /// Rows that wait to be sent, in memory or on the disk.
    pub waiting: AtomicU64,
    /// Bytes on the disk that wait to be sent.
    pub spooled_bytes: AtomicU64,
    /// It was taken away.
    pub gone: AtomicBool,
    /// What went wrong last; empty since something has worked again.
    trouble: Mutex<String>,
}

impl ExporterCounters {
    /// Counts.
    pub fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    /// Notes how a step went.
    pub fn note(&self, outcome: &super::Exported) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(()) => trouble.clear(),
            Err(what) => trouble.clone_from(what),
        }
    }

    /// What went wrong last; empty: nothing, or it works again.
    pub fn trouble(&self) -> String {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn state(&self, name: &str) -> ExporterState {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ExporterState {
            name: name.to_owned(),
            exported: read(&self.exported),
            queue_lost: read(&self.queue_lost),
            dropped: read(&self.dropped),
            retries: read(&self.retries),
            waiting: read(&self.waiting),
            spooled_bytes: read(&self.spooled_bytes),
            gone: self.gone.load(Ordering::Relaxed),
            trouble: self.trouble(),
        }
    }
}

/// What an exporter has counted by now.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ExporterState {
    /// Its name and target.
    pub name: String,
    /// See [`ExporterCounters`].
    pub exported: u64,
    /// See there.
    pub queue_lost: u64,
    /// See there.
    pub dropped: u64,
    /// See there.
    pub retries: u64,
    /// See there.
    pub waiting: u64,
    /// See there.
    pub spooled_bytes: u64,
    /// Whether it was taken away: what it lost is lost all the same.
    pub gone: bool,
    /// What went wrong last.
    pub trouble: String,
}

impl ExporterState {
    /// Rows that no receiver gets.
    pub fn lost(&self) -> u64 {
        self.queue_lost.saturating_add(self.dropped)
    }
}

/// An exporter's name, and where it counts.
type Listed = (String, Arc<ExporterCounters>);

/// Where all exporters count. Those that were taken away stay listed: what they lost is lost.
#[derive(Debug, Default)]
pub struct ExportBoard {
    list: Mutex<Vec<Listed>>,
    /// Records that the engine could not hand over.
    subscription_lost: AtomicU64,
    /// The number of what is written next: see [`Self::take_number`].
    next: AtomicU64,
    /// Ports of exporters that were taken away, by their places, where none could be opened again; `None`: they are closed.
    ports: Mutex<Option<BTreeMap<String, AnswerPort>>>,
}

impl ExportBoard {
    /// From now on ports stay open whose exporter is taken away: rights to open them again are given up.
    pub(super) fn keep_ports(&self) {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
    }

    /// Keeps the port of an exporter that is taken away, where ports are kept.
    pub(super) fn leave_port(&self, place: String, port: AnswerPort) {
        if let Some(ports) = self.ports.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            ports.insert(place, port);
        }
    }

    /// The port that was kept of a place.
    pub(super) fn take_port(&self, place: &str) -> Option<AnswerPort> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.remove(place)
    }

    /// Tells who calls at a port that is kept that nobody is there.
    pub(super) fn turn_away(&self) {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).iter().flat_map(BTreeMap::values).for_each(AnswerPort::turn_away);
    }

    /// The counters of a name; new ones where there are none.
    pub fn counters(&self, name: &str) -> Arc<ExporterCounters> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = list.iter().find(|(known, _)| known == name) {
            return Arc::clone(known);
        }
        let counters = Arc::<ExporterCounters>::default();
        list.push((name.to_owned(), Arc::clone(&counters)));
        counters
    }

    /// Forgets one that could not be opened and has counted nothing.
    pub(super) fn forget(&self, name: &str) {
        let is_nothing = |state: &ExporterState| state.exported == 0 && state.lost() == 0;
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|(known, counters)| known != name || !is_nothing(&counters.state(known)));
    }

    /// Every exporter by now.
    pub fn states(&self) -> Vec<ExporterState> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(name, counters)| counters.state(name)).collect()
    }

    /// A number for something that is named by the run and a number, and replaces what has the same name (a batch, a file): each is given once in a
    /// run, whatever exporters come and go, and later ones are larger; none is smaller than this one.
    pub fn take_number(&self, least: u64) -> u64 {
        self.next.fetch_max(least, Ordering::Relaxed);
        // It only grows: whoever takes one in between makes this one larger.
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Records that the engine could not hand over because the hub was too slow.
    pub fn subscription_lost(&self) -> u64 {
        self.subscription_lost.load(Ordering::Relaxed)
    }

    pub(super) fn note_subscription(&self, lost: u64) {
        self.subscription_lost.store(lost, Ordering::Relaxed);
    }
}
