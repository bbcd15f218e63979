//! An exporter's thread, and the queue before it.

use super::{ExportRecord, Exported, Exporter, ExporterCounters};
use crate::model::clock;
use crate::model::limits::{EXPORT_LANE_RECORDS, EXPORT_LANE_ROWS, EXPORT_LANE_SNAPSHOTS};
use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, TrySendError, bounded};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often an exporter is told that time passes.
const TICK: Duration = Duration::from_secs(1);
/// For how long a receiver is waited for when a capture has been read, and how often it is tried whether it is there.
const PATIENCE: Duration = Duration::from_secs(10);

/// For how long, in all, receivers of a port are waited for to have room once no packet of it is taken any more.
const AT_THE_END: Duration = Duration::from_secs(30);

/// How long one that has begun to fail is waited for: an exporter that ends has its own patience, and puts away what it still has.
const HOPE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is looked whether an exporter has ended, or has room again.
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
    /// Nobody waits for the exporter any longer: what it still has is counted as lost.
    is_given_up: AtomicBool,
    /// Until when it is waited for to have room, of a port that has ended.
    until: OnceLock<Instant>,
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
#[derive(Debug, Clone)]
pub struct LanePlan {
    /// Whether the hub waits for room.
    pub is_waited_for: bool,
    /// Set when the program is to end: of a capture nothing is waited for any longer; of a port nothing comes any more, and there is time.
    pub is_ending: Arc<AtomicBool>,
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
        let is_ending = self.plan.is_ending.load(Ordering::Relaxed);
        let waits = self.plan.is_waited_for || last || is_ending;
        if is_snapshot && !waits && self.shared.snapshots.load(Ordering::Relaxed) >= EXPORT_LANE_SNAPSHOTS {
            return;
        }
        // Of a capture nothing is lost while nobody wants to end; the last word of a port finds room soon, or never.
        let until = match (self.plan.is_waited_for, last, is_ending) {
            (true, ..) => None,
            (false, true, _) => Some(clock::now() + PATIENCE),
            (false, false, true) => Some(*self.shared.until.get_or_init(|| clock::now() + AT_THE_END)),
            (false, false, false) => Some(clock::now()),
        };
        self.shared.snapshots.fetch_add(is_snapshot.into(), Ordering::Relaxed);
        if !self.has_room(rows, until) || !self.send(record.clone(), until) {
            self.shared.snapshots.fetch_sub(is_snapshot.into(), Ordering::Relaxed);
            self.shared.rows.fetch_sub(rows, Ordering::Relaxed);
            ExporterCounters::add(&self.counters.queue_lost, rows);
        }
    }

    /// Whether so many more rows may wait. They are counted in any case.
    fn has_room(&self, rows: u64, until: Option<Instant>) -> bool {
        let before = |waiting: u64| waiting == 0 || waiting.saturating_add(rows) <= EXPORT_LANE_ROWS;
        // A batch that is larger than all the room there is finds some when nothing else waits.
        if before(self.shared.rows.fetch_add(rows, Ordering::Relaxed)) {
            return true;
        }
        while self.is_waited_for_until(until) {
            std::thread::sleep(LOOK);
            if before(self.shared.rows.load(Ordering::Relaxed).saturating_sub(rows)) {
                return true;
            }
        }
        false
    }

    fn send(&self, mut record: ExportRecord, until: Option<Instant>) -> bool {
        loop {
            record = match self.records.try_send(record) {
                Ok(()) => return true,
                Err(TrySendError::Full(record)) if self.is_waited_for_until(until) => record,
                Err(_) => return false,
            };
            record = match self.records.send_timeout(record, PAUSE) {
                Ok(()) => return true,
                Err(SendTimeoutError::Timeout(record)) => record,
                Err(SendTimeoutError::Disconnected(_)) => return false,
            };
        }
    }

    fn is_waited_for_until(&self, until: Option<Instant>) -> bool {
        let is_over = self.thread.is_finished() || self.plan.is_ending.load(Ordering::Relaxed) && self.plan.is_waited_for;
        !is_over && until.is_none_or(|until| clock::now() < until)
    }

    /// Has files opened again, within a second.
    pub fn reopen(&self) {
        self.shared.reopens.store(true, Ordering::Relaxed);
    }

    /// Nothing more comes: what the exporter has is still handed on, until a moment.
    pub fn close(self, until: Instant) -> ClosingLane {
        drop(self.records);
        let exported = self.counters.exported.load(Ordering::Relaxed);
        ClosingLane { counters: self.counters, shared: self.shared, thread: Some(self.thread), until, exported, failing_since: None }
    }
}

/// An exporter that hands on what it has, and then ends.
pub struct ClosingLane {
    counters: Arc<ExporterCounters>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    until: Instant,
    /// What had been handed on when it was last looked at, and since when its receiver has failed without taking anything.
    exported: u64,
    failing_since: Option<Instant>,
}

impl ClosingLane {
    /// Whether it has ended, or is not waited for any longer: a receiver that takes and never answers. What it still has is counted as lost
    /// then, but for what lies on a disk.
    pub fn is_settled(&mut self) -> bool {
        if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) && clock::now() < self.until && self.is_hopeful() {
            return false;
        }
        match self.thread.take() {
            Some(thread) if thread.is_finished() => {
                let broke_off = thread.join().map_err(|_| "the exporter's thread ended before its time".to_owned());
                broke_off.unwrap_or_else(|what| self.counters.note(&Err(what)));
            }
            Some(_) => {
                self.shared.is_given_up.store(true, Ordering::Relaxed);
                let queued = self.shared.rows.load(Ordering::Relaxed);
                let is_on_disk = self.counters.spooled_bytes.load(Ordering::Relaxed) > 0;
                let waiting = if is_on_disk { 0 } else { self.counters.waiting.swap(0, Ordering::Relaxed) };
                ExporterCounters::add(&self.counters.dropped, queued.saturating_add(waiting).max(1));
                self.counters.note(&Err("its receiver does not answer: what waited in memory is lost".into()));
            }
            None => {}
        }
        true
    }

    /// Whether its receiver may still take what waits: it has not failed, takes something, or failed a moment ago.
    fn is_hopeful(&mut self) -> bool {
        let exported = self.counters.exported.load(Ordering::Relaxed);
        if std::mem::replace(&mut self.exported, exported) != exported || self.counters.trouble().is_empty() {
            self.failing_since = None;
            return true;
        }
        clock::since(*self.failing_since.get_or_insert_with(clock::now)) < HOPE
    }

    /// Waits until all have ended, or are not waited for any longer.
    pub fn settle(mut all: Vec<Self>) {
        while !all.is_empty() {
            all.retain_mut(|lane| !lane.is_settled());
            std::thread::sleep(LOOK);
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
    let mut ticker = clock::Ticker::new(TICK, TICK);
    loop {
        let next = incoming.recv_timeout(TICK);
        if shared.reopens.swap(false, Ordering::Relaxed) {
            note(exporter.reopen());
        }
        match next {
            Ok(record) => {
                shared.snapshots.fetch_sub(matches!(record, ExportRecord::Snapshot(_)).into(), Ordering::Relaxed);
                note(exporter.take(&record));
                if shared.is_given_up.load(Ordering::Relaxed) {
                    return;
                }
                shared.rows.fetch_sub(record.rows(), Ordering::Relaxed);
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
    let begun = clock::now();
    while is_waited_for && counters.waiting.load(Ordering::Relaxed) > 0 && clock::since(begun) < PATIENCE {
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
        let plan =
            LanePlan { is_waited_for: false, is_ending: Arc::default(), takes: |record| !matches!(record, ExportRecord::Interval(_)) };
        let lane = Lane::start(Box::new(Stuck { let_go, taken: Arc::clone(&taken) }), Arc::clone(&counters), plan).unwrap();
        let (given, begun) = (EXPORT_LANE_RECORDS as u64 + 500, clock::now());
        (0..given).for_each(|_| lane.give(&ExportRecord::Reset));
        // What it does nothing with is not lost.
        lane.give(&ExportRecord::Interval(crate::snapshot::Sample::default()));
        assert!(clock::since(begun) < Duration::from_secs(5), "nobody waited");
        let lost = counters.queue_lost.load(Ordering::Relaxed);
        assert!((499..=500).contains(&lost), "{lost}: one may be with the receiver");
        drop(go);
        ClosingLane::settle(vec![lane.close(clock::now() + Duration::from_secs(20))]);
        assert_eq!(*taken.lock().unwrap() + lost, given);
    }

    /// Fails at once, and then hangs.
    struct Mute(Receiver<()>);

    impl Exporter for Mute {
        fn take(&mut self, _: &ExportRecord) -> Exported {
            Err("no answer".into())
        }

        fn finish(&mut self) -> Exported {
            let _ = self.0.recv();
            Ok(())
        }
    }

    #[test]
    fn a_receiver_that_fails_and_hangs_is_waited_for_and_not_for_ever() {
        let (go, let_go) = bounded::<()>(0);
        let counters = Arc::<ExporterCounters>::default();
        let plan = LanePlan { is_waited_for: true, is_ending: Arc::default(), takes: |_| true };
        let lane = Lane::start(Box::new(Mute(let_go)), Arc::clone(&counters), plan).unwrap();
        lane.give(&ExportRecord::Reset);
        let begun = clock::now();
        ClosingLane::settle(vec![lane.close(clock::now() + Duration::from_secs(120))]);
        let waited = clock::since(begun);
        assert!((HOPE..2 * HOPE).contains(&waited), "{waited:?}");
        assert!(counters.dropped.load(Ordering::Relaxed) > 0 && counters.trouble().contains("does not answer"));
        drop(go);
    }

    #[test]
    fn what_a_port_brought_is_handed_on_when_it_ends() {
        let (taken, counters, is_ending) = (Arc::<Mutex<u64>>::default(), Arc::<ExporterCounters>::default(), Arc::<AtomicBool>::default());
        let (go, let_go) = bounded::<()>(0);
        let plan = LanePlan { is_waited_for: false, is_ending: Arc::clone(&is_ending), takes: |_| true };
        let lane = Lane::start(Box::new(Stuck { let_go, taken: Arc::clone(&taken) }), Arc::clone(&counters), plan).unwrap();
        is_ending.store(true, Ordering::Relaxed);
        let receiver = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            drop(go);
        });
        let given = EXPORT_LANE_RECORDS as u64 + 300;
        (0..given).for_each(|_| lane.give(&ExportRecord::Reset));
        receiver.join().unwrap();
        assert_eq!(counters.queue_lost.load(Ordering::Relaxed), 0);
        ClosingLane::settle(vec![lane.close(clock::now() + Duration::from_secs(60))]);
        assert_eq!(*taken.lock().unwrap(), given);
    }

    #[test]
    fn a_capture_waits_for_a_receiver_until_the_program_is_to_end_and_what_is_lost_then_is_counted() {
        let (go, let_go) = bounded::<()>(0);
        let (taken, counters, is_ending) = (Arc::<Mutex<u64>>::default(), Arc::<ExporterCounters>::default(), Arc::<AtomicBool>::default());
        let plan = LanePlan { is_waited_for: true, is_ending: Arc::clone(&is_ending), takes: |_| true };
        let lane = Lane::start(Box::new(Stuck { let_go, taken: Arc::clone(&taken) }), Arc::clone(&counters), plan).unwrap();
        let given = EXPORT_LANE_RECORDS as u64 + 40;
        let ender = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            is_ending.store(true, Ordering::Relaxed);
        });
        (0..given).for_each(|_| lane.give(&ExportRecord::Reset));
        ender.join().unwrap();
        let lost = counters.queue_lost.load(Ordering::Relaxed);
        assert!((39..=40).contains(&lost), "{lost}");
        // The receiver never answers.
        ClosingLane::settle(vec![lane.close(clock::now() + Duration::from_millis(50))]);
        assert_eq!(counters.dropped.load(Ordering::Relaxed) + lost, given);
        assert!(counters.trouble().contains("does not answer"));
        drop(go);
    }
}
