//! An exporter's thread, and the queue before it.

use super::{ExportRecord, Exported, Exporter, ExporterCounters};
use crate::model::limits::{EXPORT_LANE_RECORDS, EXPORT_LANE_SNAPSHOTS};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often an exporter is told that time passes.
const TICK: Duration = Duration::from_secs(1);

enum Order {
    Take(ExportRecord),
    Reopen,
}

/// The hub's end of a lane.
pub struct Lane {
    orders: Sender<Order>,
    counters: Arc<ExporterCounters>,
    /// Snapshots that wait.
    snapshots: Arc<AtomicUsize>,
    /// Whether the hub waits for room.
    is_waited_for: bool,
    thread: JoinHandle<()>,
}

impl Lane {
    /// Starts an exporter's thread.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(exporter: Box<dyn Exporter>, counters: Arc<ExporterCounters>, is_waited_for: bool) -> io::Result<Self> {
        let (orders, incoming) = bounded(EXPORT_LANE_RECORDS);
        let snapshots = Arc::<AtomicUsize>::default();
        let thread = {
            let (counters, snapshots) = (Arc::clone(&counters), Arc::clone(&snapshots));
            std::thread::Builder::new().name("exporter".into()).spawn(move || run(exporter, &incoming, &counters, &snapshots))?
        };
        Ok(Self { orders, counters, snapshots, is_waited_for, thread })
    }

    /// Hands a record on. What finds no room is lost and counted; a snapshot that finds none has been superseded by the next one.
    pub fn give(&self, record: &ExportRecord) {
        let last = matches!(record, ExportRecord::Snapshot(snapshot) if snapshot.finished);
        if matches!(record, ExportRecord::Snapshot(_)) {
            if self.snapshots.load(Ordering::Relaxed) >= EXPORT_LANE_SNAPSHOTS && !last && !self.is_waited_for {
                return;
            }
            self.snapshots.fetch_add(1, Ordering::Relaxed);
        }
        let refused = if self.is_waited_for || last {
            self.orders.send(Order::Take(record.clone())).is_err()
        } else {
            match self.orders.try_send(Order::Take(record.clone())) {
                Ok(()) => false,
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => true,
            }
        };
        if refused {
            if matches!(record, ExportRecord::Snapshot(_)) {
                self.snapshots.fetch_sub(1, Ordering::Relaxed);
            }
            ExporterCounters::add(&self.counters.queue_lost, record.rows());
        }
    }

    /// Has files opened again.
    pub fn reopen(&self) {
        let _ = self.orders.try_send(Order::Reopen);
    }

    /// Nothing more comes: waits until everything has been handed on.
    pub fn finish(self) {
        drop(self.orders);
        if self.thread.join().is_err() {
            self.counters.note(&Err("the exporter's thread ended before its time".into()));
        }
    }
}

fn run(mut exporter: Box<dyn Exporter>, incoming: &Receiver<Order>, counters: &ExporterCounters, snapshots: &AtomicUsize) {
    let note = |outcome: Exported| {
        if outcome.is_err() || !counters.trouble().is_empty() {
            counters.note(&outcome);
        }
    };
    let mut ticker = crate::model::clock::Ticker::new(TICK, TICK);
    loop {
        match incoming.recv_timeout(TICK) {
            Ok(Order::Take(record)) => {
                if matches!(record, ExportRecord::Snapshot(_)) {
                    snapshots.fetch_sub(1, Ordering::Relaxed);
                }
                note(exporter.take(&record));
            }
            Ok(Order::Reopen) => note(exporter.reopen()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if ticker.due() {
            note(exporter.tick());
        }
    }
    note(exporter.finish());
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
        let lane = Lane::start(Box::new(Stuck { let_go, taken: Arc::clone(&taken) }), Arc::clone(&counters), false).unwrap();
        let (given, begun) = (EXPORT_LANE_RECORDS as u64 + 500, crate::model::clock::now());
        (0..given).for_each(|_| lane.give(&ExportRecord::Reset));
        assert!(crate::model::clock::since(begun) < Duration::from_secs(5), "nobody waited");
        let lost = counters.queue_lost.load(Ordering::Relaxed);
        assert!((499..=500).contains(&lost), "{lost}: one may be with the receiver");
        drop(go);
        lane.finish();
        assert_eq!(*taken.lock().unwrap() + lost, given);
    }
}
