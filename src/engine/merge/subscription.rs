//! Subscriptions: what happened, record by record, for whoever writes it elsewhere.

use crate::engine::merge::flow_stream::FlowListener;
use crate::model::limits::SUBSCRIPTION_SNAPSHOTS;
use crate::model::{FlowBatch, NetworkBatch, NetworkEvent};
use crate::snapshot::{Ended, Published, RecordFeed};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// What both ends know.
#[derive(Debug, Default)]
struct Shared {
    /// Records that found no room.
    lost: AtomicU64,
    /// Snapshots in the queue.
    snapshots: AtomicUsize,
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
}

/// A subscription whose queue holds `records` at most, of them [`SUBSCRIPTION_SNAPSHOTS`] snapshots. The engine never waits: records
/// beyond are lost and counted.
pub fn subscribe(records: usize) -> (Subscriber, Subscription) {
    let (send, queue) = bounded(records.max(1));
    let shared = Arc::<Shared>::default();
    (Subscriber { queue: send, shared: Arc::clone(&shared), is_waited_for: false }, Subscription { queue, shared })
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
        if matches!(record, Published::Snapshot(_)) {
            self.shared.snapshots.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Subscriber {
    /// The same subscriber, waited for when its queue is full: for files, which lose nothing.
    #[must_use]
    pub fn waited_for(self) -> Self {
        Self { is_waited_for: true, ..self }
    }

    /// Hands on a record, unless there is no room. Whoever has gone wants nothing and loses nothing.
    fn give(&self, record: Published) {
        let snapshot = matches!(record, Published::Snapshot(_));
        if self.is_waited_for {
            self.give_waiting(record, snapshot);
            return;
        }
        let full = snapshot && self.shared.snapshots.fetch_add(1, Ordering::Relaxed) >= SUBSCRIPTION_SNAPSHOTS;
        // Of a batch every conversation counts; some may have been lost before.
        let (flows, missing) = match &record {
            Published::Flows(batch) => (batch.records.len() as u64, batch.lost),
            Published::Events(said) => (said.len() as u64, 0),
            _ => (1, 0),
        };
        let refused = full || self.queue.try_send(record).is_err_and(|e| e.is_full());
        if refused && snapshot {
            self.shared.snapshots.fetch_sub(1, Ordering::Relaxed);
        }
        let lost = missing.saturating_add(if refused { flows } else { 0 });
        self.shared.lost.fetch_add(lost, Ordering::Relaxed);
    }

    /// Waits for room. What was lost before is lost all the same.
    fn give_waiting(&self, record: Published, is_snapshot: bool) {
        if let Published::Flows(batch) = &record {
            self.shared.lost.fetch_add(batch.lost, Ordering::Relaxed);
        }
        if is_snapshot {
            self.shared.snapshots.fetch_add(1, Ordering::Relaxed);
        }
        let _ = self.queue.send(record);
    }
}

/// All subscribers.
#[derive(Debug, Clone, Default)]
pub struct Subscribers(Arc<[Subscriber]>);

impl Subscribers {
    /// These.
    pub fn new(list: Vec<Subscriber>) -> Self {
        Self(list.into())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whoever gets closed conversations: every subscriber, then `listener`. Nobody where there is neither.
    pub fn listen_to_flows(&self, listener: Option<FlowListener>) -> Option<FlowListener> {
        if self.is_empty() {
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
        self.0.iter().for_each(|s| s.give(record.clone()));
    }

    /// Gives everybody what applications said of it.
    pub fn give_events(&self, batch: &NetworkBatch) {
        if self.is_empty() {
            return;
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

    #[test]
    fn what_finds_no_room_is_counted_and_nothing_waits() {
        let (give, take) = subscribe(SUBSCRIPTION_SNAPSHOTS + 2);
        let snapshot = || Published::Snapshot(Arc::default());
        (0..SUBSCRIPTION_SNAPSHOTS + 3).for_each(|_| give.give(snapshot()));
        assert_eq!(take.lost(), 3, "snapshots are large: few wait");
        (0..5).for_each(|_| give.give(Published::Reset));
        assert_eq!(take.lost(), 6);
        assert!(matches!(take.next(), Some(Published::Snapshot(_))));
        give.give(snapshot());
        assert_eq!(take.lost(), 6, "room again");
        drop(give);
        assert_eq!(std::iter::from_fn(|| take.next()).count(), SUBSCRIPTION_SNAPSHOTS + 2);
        assert_eq!(take.next_within(Duration::ZERO).err(), Some(Ended));
    }

    #[test]
    fn who_is_waited_for_loses_nothing() {
        let (give, take) = subscribe(2);
        let give = give.waited_for();
        let giver = std::thread::spawn(move || (0..100).for_each(|_| give.give(Published::Reset)));
        assert_eq!(std::iter::from_fn(|| take.next()).count(), 100);
        assert_eq!(take.lost(), 0);
        giver.join().unwrap();
    }

    #[test]
    fn who_has_gone_loses_nothing() {
        let (give, take) = subscribe(1);
        let all = Subscribers::new(vec![give]);
        drop(take);
        (0..3).for_each(|_| all.give(&Published::Reset));
        assert_eq!(all.lost(), 0);
    }
}
