//! Closed conversations in one order, whatever thread found them: by interval, within one by shard.

use crate::model::FlowBatch;
use std::collections::BTreeMap;

/// Who is handed the records of closed conversations, as they are closed.
pub type FlowListener = Box<dyn FnMut(FlowBatch) + Send>;

/// What is known of an interval.
#[derive(Default)]
struct Interval {
    /// Groups that are past it.
    groups: usize,
    batches: Vec<FlowBatch>,
}

/// Puts the shards' batches in order and hands them to a listener. Groups are never further apart than there are blocks, so little waits.
#[derive(Default)]
pub struct FlowStream {
    listener: Option<FlowListener>,
    groups: usize,
    waiting: BTreeMap<u64, Interval>,
}

impl FlowStream {
    /// A stream from `groups` groups; without a listener there is none.
    pub fn new(groups: usize, listener: Option<FlowListener>) -> Self {
        Self { listener, groups, waiting: BTreeMap::new() }
    }

    /// Takes a batch.
    pub fn take(&mut self, batch: FlowBatch) {
        self.waiting.entry(batch.interval).or_default().batches.push(batch);
    }

    /// A group is past an interval: none of its shards closes anything in it any more. When all are, it is handed over.
    pub fn pass(&mut self, interval: u64) {
        if self.listener.is_none() {
            return;
        }
        self.waiting.entry(interval).or_default().groups += 1;
        while let Some(first) = self.waiting.first_entry().filter(|e| e.get().groups >= self.groups) {
            hand_over(&mut self.listener, first.remove());
        }
    }

    /// Hands over what is left: nothing more comes.
    pub fn finish(&mut self) {
        for (_, interval) in std::mem::take(&mut self.waiting) {
            hand_over(&mut self.listener, interval);
        }
    }
}

fn hand_over(listener: &mut Option<FlowListener>, mut interval: Interval) {
    // Of one shard they are in order: each comes from one group, and messages of a group do not overtake each other.
    interval.batches.sort_by_key(|batch| batch.shard);
    if let Some(listener) = listener {
        interval.batches.into_iter().for_each(listener);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn batches_come_by_interval_and_shard() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let listener: FlowListener = {
            let seen = Arc::clone(&seen);
            Box::new(move |batch: FlowBatch| seen.lock().unwrap().push((batch.interval, batch.shard, batch.lost)))
        };
        let mut stream = FlowStream::new(2, Some(listener));
        let batch = |interval, shard, lost| FlowBatch { interval, shard, records: Vec::new(), lost };
        stream.take(batch(0, 40, 1));
        stream.pass(0);
        stream.take(batch(1, 40, 2));
        stream.pass(1);
        assert!(seen.lock().unwrap().is_empty(), "the other group may still close some");
        stream.take(batch(0, 3, 3));
        stream.take(batch(0, 3, 4));
        stream.pass(0);
        assert_eq!(*seen.lock().unwrap(), [(0, 3, 3), (0, 3, 4), (0, 40, 1)]);
        stream.finish();
        assert_eq!(seen.lock().unwrap().last(), Some(&(1, 40, 2)));
    }
}
