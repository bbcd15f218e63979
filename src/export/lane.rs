//! An exporter's thread, and the queue before it.

use super::{ExportRecord, Exported, Exporter, ExporterCounters};
use crate::model::limits::{EXPORT_LANE_RECORDS, EXPORT_LANE_ROWS, EXPORT_LANE_SNAPSHOTS};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often an exporter is told that time passes.
const TICK: Duration = Duration::from_secs(1);
/// For how long a receiver is waited for when a capture has been read, and how often it is tried whether it is there.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is looked whether an exporter has ended.
const LOOK: Duration = Duration::from_millis(5);

/// What both ends of a lane know.
#[derive(Default)]
struct Shared {
    /// Snapshots that wait.
    snapshots: AtomicUsize,
    /// Rows that wait.
    rows: AtomicU64,
    /// Files are to be opened again.
    reopens: AtomicBool,
}

/// The hub's end of a lane.
pub struct Lane {
    records: Sender<ExportRecord>,
    counters: Arc<ExporterCounters>,
    shared: Arc<Shared>,
    plan: LanePlan,
    thread: JoinHandle<()>,
}

/// How a lane is to be.
#[derive(Debug, Clone, Copy)]
pub struct LanePlan {
    /// Whether the hub waits for room.
    pub is_waited_for: bool,
    /// Which records its exporter does something with.
    pub takes: fn(&ExportRecord) -> bool,
}

impl Lane {
    /// Starts an exporter's thread.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(exporter: Box<dyn Exporter>, counters: Arc<ExporterCounters>, plan: LanePlan) -> io::Result<Self> {
        let (records, incoming) = bounded(EXPORT_LANE_RECORDS);
        let shared = Arc::<Shared>::default();
        let thread = {
            let (counters, shared) = (Arc::clone(&counters), Arc::clone(&shared));
            let run = move || run(exporter, &incoming, (&counters, &shared), plan.is_waited_for);
            std::thread::Builder::new().name("exporter".into()).spawn(run)?
        };
        Ok(Self { records, counters, shared, plan, thread })
    }

    /// Hands a record on. What finds no room is lost and counted; a snapshot that finds none has been superseded by the next one.
    pub fn give(&self, record: &ExportRecord) {
        if !(self.plan.takes)(record) {
            return;
        }
        let (is_snapshot, rows) = (matches!(record, ExportRecord::Snapshot(_)), record.rows());
        let last = matches!(record, ExportRecord::Snapshot(snapshot) if snapshot.finished);
        let waits = self.plan.is_waited_for || last;
        if is_snapshot && !waits && self.shared.snapshots.load(Ordering::Relaxed) >= EXPORT_LANE_SNAPSHOTS {
            return;
        }
        self.shared.snapshots.fetch_add(is_snapshot.into(), Ordering::Relaxed);
        // A batch that is larger than all the room there is finds some when nothing else waits.
        let waiting = self.shared.rows.fetch_add(rows, Ordering::Relaxed);
        let beyond = waiting > 0 && waiting.saturating_add(rows) > EXPORT_LANE_ROWS;
        let is_taken = match record.clone() {
            record if waits => self.records.send(record).is_ok(),
            record => !beyond && self.records.try_send(record).is_ok(),
        };
        if !is_taken {
            self.shared.snapshots.fetch_sub(is_snapshot.into(), Ordering::Relaxed);
            self.shared.rows.fetch_sub(rows, Ordering::Relaxed);
            ExporterCounters::add(&self.counters.queue_lost, rows);
        }
    }

    /// Has files opened again, within a second.
    pub fn reopen(&self) {
        self.shared.reopens.store(true, Ordering::Relaxed);
    }

    /// Nothing more comes: what the exporter has is still handed on.
    pub fn close(self) -> ClosingLane {
        drop(self.records);
        ClosingLane { counters: self.counters, thread: self.thread }
    }
}

/// An exporter that hands on what it has, and then ends.
pub struct ClosingLane {
    counters: Arc<ExporterCounters>,
    thread: JoinHandle<()>,
}

impl ClosingLane {
    /// Waits for it until a moment. A receiver that takes and never answers is not waited for any longer: what still waits is counted as lost.
    pub fn wait(self, until: Instant) {
        while !self.thread.is_finished() {
            if crate::model::clock::now() >= until {
                let waiting = self.counters.waiting.swap(0, Ordering::Relaxed);
                ExporterCounters::add(&self.counters.dropped, waiting.max(1));
                return self.counters.note(&Err("its receiver does not answer: what waited is lost".into()));
            }
            std::thread::sleep(LOOK);
        }
        if self.thread.join().is_err() {
            self.counters.note(&Err("the exporter's thread ended before its time".into()));
        }
    }
}

fn run(
    mut exporter: Box<dyn Exporter>,
    incoming: &Receiver<ExportRecord>,
    (counters, shared): (&ExporterCounters, &Shared),
    is_waited_for: bool,
) {
    let mut before = 0;
    // That a step went well says little, for an exporter that pauses, or has nothing to do with a record, does nothing: what its receiver took does.
    let mut note = |outcome: Exported| {
        let exported = counters.exported.load(Ordering::Relaxed);
        if outcome.is_err() {
            before = exported;
            counters.note(&outcome);
        } else if exported > before && !counters.trouble().is_empty() {
            counters.note(&outcome);
        }
    };
    let mut ticker = crate::model::clock::Ticker::new(TICK, TICK);
    loop {
        let next = incoming.recv_timeout(TICK);
        if shared.reopens.swap(false, Ordering::Relaxed) {
            note(exporter.reopen());
        }
        match next {
            Ok(record) => {
                shared.snapshots.fetch_sub(matches!(record, ExportRecord::Snapshot(_)).into(), Ordering::Relaxed);
                shared.rows.fetch_sub(record.rows(), Ordering::Relaxed);
                note(exporter.take(&record));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if ticker.due() {
            note(exporter.tick());
        }
    }
    note(exporter.finish());
    // Of a capture nothing is to be lost: a receiver that is away for a moment is waited for.
    let begun = crate::model::clock::now();
    while is_waited_for && counters.waiting.load(Ordering::Relaxed) > 0 && crate::model::clock::since(begun) < PATIENCE {
        std::thread::sleep(PAUSE);
        note(exporter.tick());
    }
    exporter.give_up();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// An exporter whose receiver takes nothing until it is let.
    struct Stuck {
        let_go: Receiver<()>,
        taken: Arc<Mutex<u64>>,
    }

    impl Exporter for Stuck {
        fn take(&mut self, record: &ExportRecord) -> Exported {
            let _ = self.let_go.recv();
            *self.taken.lock().unwrap() += record.rows();
            Ok(())
        }

        fn finish(&mut self) -> Exported {
            Ok(())
        }
    }

    #[test]
    fn a_receiver_that_takes_nothing_holds_nobody_up_and_every_row_is_accounted_for() {
        let (go, let_go) = bounded::<()>(0);
        let (taken, counters) = (Arc::<Mutex<u64>>::default(), Arc::<ExporterCounters>::default());
        let plan = LanePlan { is_waited_for: false, takes: |record| !matches!(record, ExportRecord::Interval(_)) };
        let lane = Lane::start(Box::new(Stuck { let_go, taken: Arc::clone(&taken) }), Arc::clone(&counters), plan).unwrap();
        let (given, begun) = (EXPORT_LANE_RECORDS as u64 + 500, crate::model::clock::now());
        (0..given).for_each(|_| lane.give(&ExportRecord::Reset));
        // What it does nothing with is not lost.
        lane.give(&ExportRecord::Interval(crate::snapshot::Sample::default()));
        assert!(crate::model::clock::since(begun) < Duration::from_secs(5), "nobody waited");
        let lost = counters.queue_lost.load(Ordering::Relaxed);
        assert!((499..=500).contains(&lost), "{lost}: one may be with the receiver");
        drop(go);
        lane.close().wait(crate::model::clock::now() + Duration::from_secs(20));
        assert_eq!(*taken.lock().unwrap() + lost, given);
    }
}
