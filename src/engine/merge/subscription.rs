//! Subscriptions: what happened, record by record, for whoever writes it elsewhere.

use crate::engine::merge::flow_stream::FlowListener;
use crate::model::limits::{SUBSCRIPTION_ROWS, SUBSCRIPTION_SNAPSHOTS};
use crate::model::{FlowBatch, NetworkBatch, NetworkEvent, RequestWords};
use crate::snapshot::{Ended, Published, RecordFeed};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// How often it is looked whether a slow subscriber has room again.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the engine waits for room, in all, once no packet is taken any more: nothing is lost by that.
const AT_THE_END: Duration = Duration::from_secs(30);

/// What both ends know.
#[derive(Debug, Default)]
struct Shared {
    /// Records that found no room.
    lost: AtomicU64,
    /// Snapshots in the queue.
    snapshots: AtomicUsize,
    /// Rows in the queue.
    rows: AtomicU64,
    /// How often the engine waited at the end, a [`PAUSE`] each.
    waited: AtomicU64,
}

/// The subscriber's end: every record since the beginning, in order, but for those that were lost because the queue was full.
#[derive(Debug)]
pub struct Subscription {
    queue: Receiver<Published>,
    shared: Arc<Shared>,
}

/// The engine's end.
#[derive(Debug)]
pub struct Subscriber {
    queue: Sender<Published>,
    shared: Arc<Shared>,
    /// Whether the engine waits for room: of a file nothing is to be lost, and nobody waits for its packets.
    is_waited_for: bool,
    wants_words: bool,
    /// Whether it gets intervals, conversations and events beside snapshots.
    wants_rows: bool,
}

/// A subscription whose queue holds `records` at most, of them [`SUBSCRIPTION_SNAPSHOTS`] snapshots, and [`SUBSCRIPTION_ROWS`] rows. The engine
/// never waits: records beyond are lost and counted.
pub fn subscribe(records: usize) -> (Subscriber, Subscription) {
    let (send, queue) = bounded(records.max(1));
    let shared = Arc::<Shared>::default();
    (
        Subscriber { queue: send, shared: Arc::clone(&shared), is_waited_for: false, wants_words: false, wants_rows: true },
        Subscription { queue, shared },
    )
}

impl RecordFeed for Subscription {
    fn next_within(&self, time: Duration) -> Result<Option<Published>, Ended> {
        Subscription::next_within(self, time)
    }

    fn lost(&self) -> u64 {
        Subscription::lost(self)
    }
}

impl Subscription {
    /// The next record; waits for it. `None` when there will be no more.
    pub fn next(&self) -> Option<Published> {
        self.queue.recv().ok().inspect(|record| self.taken(record))
    }

    /// The next record, if one comes within `time`. `Err` when there will be no more.
    ///
    /// # Errors
    /// When the engine has ended and every record has been taken.
    pub fn next_within(&self, time: Duration) -> Result<Option<Published>, Ended> {
        match self.queue.recv_timeout(time) {
            Ok(record) => {
                self.taken(&record);
                Ok(Some(record))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Ended),
        }
    }

    /// Records that were lost because this subscriber was slow.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    fn taken(&self, record: &Published) {
        self.shared.rows.fetch_sub(rows(record), Ordering::Relaxed);
        if matches!(record, Published::Snapshot(_)) {
            self.shared.snapshots.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// What is lost with a record: of a batch every conversation and every event counts.
fn rows(record: &Published) -> u64 {
    match record {
        Published::Flows(batch) => batch.records.len() as u64,
        Published::Events(said) => said.len() as u64,
        Published::Words(words) => words.len() as u64,
        _ => 1,
    }
}

/// Conversations that had been lost before their batch was made.
fn missing(record: &Published) -> u64 {
    match record {
        Published::Flows(batch) => batch.lost,
        _ => 0,
    }
}

impl Subscriber {
    /// The same subscriber, waited for when its queue is full: for files, which lose nothing.
    #[must_use]
    pub fn waited_for(self) -> Self {
        Self { is_waited_for: true, ..self }
    }

    /// The same subscriber, who also gets what requests say.
    #[must_use]
    pub fn with_words(self) -> Self {
        Self { wants_words: true, ..self }
    }

    /// The same subscriber, who gets snapshots and is told of resets, and nothing else.
    #[must_use]
    pub fn of_snapshots(self) -> Self {
        Self { wants_rows: false, ..self }
    }

    /// Whether he gets closed conversations and events.
    pub fn wants_rows(&self) -> bool {
        self.wants_rows
    }

    /// Whether a record is for him.
    fn wants(&self, record: &Published) -> bool {
        self.wants_rows || matches!(record, Published::Snapshot(_) | Published::Reset)
    }

    /// Whether he gets what requests say.
    pub fn wants_words(&self) -> bool {
        self.wants_words
    }

    /// Hands on a record, unless there is no room. Whoever has gone wants nothing and loses nothing.
    fn give(&self, record: Published, is_over: bool) {
        let snapshot = matches!(record, Published::Snapshot(_));
        if self.is_waited_for {
            self.give_waiting(record, snapshot);
            return;
        }
        if is_over {
            self.wait_at_the_end(rows(&record));
        }
        let (rows, missing) = (rows(&record), missing(&record));
        // A batch that is larger than all the room there is finds some when nothing else waits.
        let waiting = self.shared.rows.fetch_add(rows, Ordering::Relaxed);
        let beyond = waiting > 0 && waiting.saturating_add(rows) > SUBSCRIPTION_ROWS;
        let full = snapshot && self.shared.snapshots.fetch_add(1, Ordering::Relaxed) >= SUBSCRIPTION_SNAPSHOTS;
        let sent = if full || beyond { Err(true) } else { self.queue.try_send(record).map_err(|e| e.is_full()) };
        if sent.is_err() {
            self.shared.rows.fetch_sub(rows, Ordering::Relaxed);
            self.shared.snapshots.fetch_sub(snapshot.into(), Ordering::Relaxed);
        }
        let lost = missing.saturating_add(if sent == Err(true) { rows } else { 0 });
        self.shared.lost.fetch_add(lost, Ordering::Relaxed);
    }

    /// Whether the subscriber is: it has its end of what both know.
    fn is_there(&self) -> bool {
        Arc::strong_count(&self.shared) > 1
    }

    /// Waits for room, as long as is waited at the end.
    fn wait_at_the_end(&self, rows: u64) {
        let is_full = || {
            let waiting = self.shared.rows.load(Ordering::Relaxed);
            self.queue.is_full() || waiting > 0 && waiting.saturating_add(rows) > SUBSCRIPTION_ROWS
        };
        let most = (AT_THE_END.as_millis() / PAUSE.as_millis()) as u64;
        while is_full() && self.is_there() && self.shared.waited.load(Ordering::Relaxed) < most {
            std::thread::sleep(PAUSE);
            self.shared.waited.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits for room. What was lost before is lost all the same.
    fn give_waiting(&self, record: Published, is_snapshot: bool) {
        self.shared.lost.fetch_add(missing(&record), Ordering::Relaxed);
        let rows = rows(&record);
        let has_room = |waiting: u64| waiting == 0 || waiting.saturating_add(rows) <= SUBSCRIPTION_ROWS;
        while !has_room(self.shared.rows.load(Ordering::Relaxed)) && self.is_there() {
            std::thread::sleep(PAUSE);
        }
        self.shared.rows.fetch_add(rows, Ordering::Relaxed);
        self.shared.snapshots.fetch_add(is_snapshot.into(), Ordering::Relaxed);
        let _ = self.queue.send(record);
    }
}

/// All subscribers, and whether the last packet has been taken.
#[derive(Debug, Clone, Default)]
pub struct Subscribers(Arc<[Subscriber]>, Arc<AtomicBool>);

impl Subscribers {
    /// These; whoever takes packets of a port says when it `is_over`.
    pub fn new(list: Vec<Subscriber>, is_over: Arc<AtomicBool>) -> Self {
        Self(list.into(), is_over)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whoever gets closed conversations: every subscriber, then `listener`. Nobody where there is neither.
    pub fn listen_to_flows(&self, listener: Option<FlowListener>) -> Option<FlowListener> {
        if !self.0.iter().any(Subscriber::wants_rows) {
            return listener;
        }
        let (all, mut listener) = (self.clone(), listener);
        Some(Box::new(move |batch: FlowBatch| {
            let shared = Arc::new(batch);
            all.give(&Published::Flows(Arc::clone(&shared)));
            if let Some(listener) = &mut listener {
                listener(Arc::unwrap_or_clone(shared));
            }
        }))
    }

    /// Gives everybody a record.
    pub fn give(&self, record: &Published) {
        let is_over = self.1.load(Ordering::Relaxed);
        self.0.iter().filter(|s| s.wants(record)).for_each(|s| s.give(record.clone(), is_over));
    }

    /// Gives everybody what applications said of it.
    pub fn give_events(&self, batch: &NetworkBatch) {
        if !self.0.iter().any(Subscriber::wants_rows) {
            return;
        }
        if !batch.words.is_empty() {
            let words: Arc<[RequestWords]> = batch.words.iter().cloned().collect();
            let is_over = self.1.load(Ordering::Relaxed);
            self.0.iter().filter(|s| s.wants_words).for_each(|s| s.give(Published::Words(Arc::clone(&words)), is_over));
        }
        let is_said = |event: &&NetworkEvent| matches!(event, NetworkEvent::Transaction(_) | NetworkEvent::Tls(_));
        let said: Arc<[NetworkEvent]> = batch.events.iter().filter(is_said).copied().collect();
        if !said.is_empty() {
            self.give(&Published::Events(said));
        }
    }

    /// Records lost so far, of all together.
    pub fn lost(&self) -> u64 {
        self.0.iter().fold(0, |sum, s| sum.saturating_add(s.shared.lost.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FlowKey, Timestamp, TlsNews, TlsSight};

    #[test]
    fn what_finds_no_room_is_counted_and_nothing_waits() {
        let (give, take) = subscribe(SUBSCRIPTION_SNAPSHOTS + 2);
        let snapshot = || Published::Snapshot(Arc::default());
        (0..SUBSCRIPTION_SNAPSHOTS + 3).for_each(|_| give.give(snapshot(), false));
        assert_eq!(take.lost(), 3, "snapshots are large: few wait");
        (0..5).for_each(|_| give.give(Published::Reset, false));
        assert_eq!(take.lost(), 6);
        assert!(matches!(take.next(), Some(Published::Snapshot(_))));
        give.give(snapshot(), false);
        assert_eq!(take.lost(), 6, "room again");
        drop(give);
        assert_eq!(std::iter::from_fn(|| take.next()).count(), SUBSCRIPTION_SNAPSHOTS + 2);
        assert_eq!(take.next_within(Duration::ZERO).err(), Some(Ended));
    }

    #[test]
    fn rows_wait_as_far_as_there_is_room_however_many_batches_they_are_in() {
        let (give, take) = subscribe(SUBSCRIPTION_SNAPSHOTS);
        let batch = |rows: u64| {
            let (flow, way) = FlowKey::new(false, 6, 1, 2, 3, 443);
            let alert = TlsSight { flow, way, time: Timestamp(0), news: TlsNews::Alert { code: 40, by_client: false }, number: 0 };
            Published::Events(std::iter::repeat_n(NetworkEvent::Tls(alert), rows as usize).collect())
        };
        give.give(batch(SUBSCRIPTION_ROWS + 1), false);
        assert_eq!(take.lost(), 0, "nothing else waits");
        give.give(batch(2), false);
        assert_eq!(take.lost(), 2);
        assert!(take.next().is_some());
        give.give(batch(SUBSCRIPTION_ROWS), false);
        give.give(Published::Reset, false);
        assert_eq!(take.lost(), 3);
    }

    #[test]
    fn who_is_waited_for_loses_nothing() {
        let (give, take) = subscribe(2);
        let give = give.waited_for();
        let giver = std::thread::spawn(move || (0..100).for_each(|_| give.give(Published::Reset, false)));
        assert_eq!(std::iter::from_fn(|| take.next()).count(), 100);
        assert_eq!(take.lost(), 0);
        giver.join().unwrap();
    }

    #[test]
    fn when_no_packet_is_taken_any_more_there_is_time_for_all() {
        let (give, take) = subscribe(2);
        let giver = std::thread::spawn(move || (0..100).for_each(|_| give.give(Published::Reset, true)));
        assert_eq!(std::iter::from_fn(|| take.next()).count(), 100);
        assert_eq!(take.lost(), 0);
        giver.join().unwrap();
        // Who takes nothing is not waited for without end; who has gone is not waited for.
        let (give, take) = subscribe(1);
        give.shared.waited.store(u64::MAX, Ordering::Relaxed);
        (0..3).for_each(|_| give.give(Published::Reset, true));
        assert_eq!(take.lost(), 2);
        give.shared.waited.store(0, Ordering::Relaxed);
        drop(take);
        give.give(Published::Reset, true);
    }

    #[test]
    fn who_wants_snapshots_gets_nothing_else() {
        let (give, take) = subscribe(9);
        let all = Subscribers::new(vec![give.of_snapshots()], Arc::default());
        assert!(all.listen_to_flows(None).is_none(), "nobody makes records of conversations for him");
        for record in [Published::Interval(Default::default()), Published::Snapshot(Arc::default()), Published::Reset] {
            all.give(&record);
        }
        drop(all);
        let taken: Vec<_> = std::iter::from_fn(|| take.next()).collect();
        assert!(matches!(taken[..], [Published::Snapshot(_), Published::Reset]), "{taken:?}");
    }

    #[test]
    fn who_has_gone_loses_nothing() {
        let (give, take) = subscribe(1);
        let all = Subscribers::new(vec![give], Arc::default());
        drop(take);
        (0..3).for_each(|_| all.give(&Published::Reset));
        assert_eq!(all.lost(), 0);
    }
}
