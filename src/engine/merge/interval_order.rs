//! What shards hand over in one order, whatever thread found it: by interval, within one by shard.

use crate::model::Arrange as _;
use crate::model::{FlowBatch, NetworkBatch};
use std::collections::BTreeMap;

/// Something that a shard hands over of an interval.
pub trait Batch {
    /// The number of the interval.
    fn interval(&self) -> u64;
    /// The shard.
    fn shard(&self) -> u8;
}

impl Batch for FlowBatch {
    fn interval(&self) -> u64 {
        self.interval
    }

    fn shard(&self) -> u8 {
        self.shard
    }
}

impl Batch for NetworkBatch {
    fn interval(&self) -> u64 {
        self.interval
    }

    fn shard(&self) -> u8 {
        self.shard
    }
}

/// What is known of an interval.
struct Interval<B> {
    /// Groups that are past it.
    groups: usize,
    batches: Vec<B>,
}

impl<B> Default for Interval<B> {
    fn default() -> Self {
        Self { groups: 0, batches: Vec::new() }
    }
}

/// Puts the shards' batches in order. Groups are never further apart than there are blocks, so little waits.
pub struct IntervalOrder<B> {
    groups: usize,
    waiting: BTreeMap<u64, Interval<B>>,
}

impl<B: Batch> IntervalOrder<B> {
    /// Of what `groups` groups hand over.
    pub fn new(groups: usize) -> Self {
        Self { groups, waiting: BTreeMap::new() }
    }

    /// Takes a batch.
    pub fn take(&mut self, batch: B) {
        self.waiting.entry(batch.interval()).or_default().batches.push(batch);
    }

    /// A group is past an interval: none of its shards hands over anything of it any more. When all are, `ready` is given it.
    pub fn pass(&mut self, interval: u64, mut ready: impl FnMut(B)) {
        self.waiting.entry(interval).or_default().groups += 1;
        while let Some(first) = self.waiting.first_entry().filter(|e| e.get().groups >= self.groups) {
            in_order(first.remove()).for_each(&mut ready);
        }
    }

    /// Gives what is left: nothing more comes.
    pub fn finish(&mut self, mut ready: impl FnMut(B)) {
        for (_, interval) in std::mem::take(&mut self.waiting) {
            in_order(interval).for_each(&mut ready);
        }
    }
}

/// Of one shard they are in order: each comes from one group, and messages of a group do not overtake each other.
fn in_order<B: Batch>(mut interval: Interval<B>) -> impl Iterator<Item = B> {
    interval.batches.arrange_by_key(Batch::shard);
    interval.batches.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_by_interval_and_shard() {
        let mut seen = Vec::new();
        let mut order = IntervalOrder::new(2);
        let batch = |interval, shard, lost| FlowBatch { interval, shard, records: Vec::new(), lost };
        let mut ready = |batch: FlowBatch| seen.push((batch.interval, batch.shard, batch.lost));
        order.take(batch(0, 40, 1));
        order.pass(0, &mut ready);
        order.take(batch(1, 40, 2));
        order.pass(1, &mut ready);
        order.take(batch(0, 3, 3));
        order.take(batch(0, 3, 4));
        order.pass(0, |batch| {
            assert_eq!(batch.interval, 0, "the other group is not past the next one");
            ready(batch);
        });
        order.finish(&mut ready);
        assert_eq!(seen, [(0, 3, 3), (0, 3, 4), (0, 40, 1), (1, 40, 2)]);
    }
}
