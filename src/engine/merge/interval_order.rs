//! What shards hand over in one order, whatever thread found it: by beat or interval, within one by shard.

use crate::model::Arrange as _;
use crate::model::{FlowBatch, NetworkBatch};
use std::collections::BTreeMap;

/// Something that a shard hands over of a beat or an interval.
pub trait Batch {
    /// Its number.
    fn number(&self) -> u64;
    /// The shard.
    fn shard(&self) -> u8;
}

impl Batch for FlowBatch {
    fn number(&self) -> u64 {
        self.beat
    }

    fn shard(&self) -> u8 {
        self.shard
    }
}

impl Batch for NetworkBatch {
    fn number(&self) -> u64 {
        self.beat
    }

    fn shard(&self) -> u8 {
        self.shard
    }
}

/// What is known of a beat or an interval.
struct Told<B> {
    /// Groups that are past it.
    groups: usize,
    batches: Vec<B>,
}

impl<B> Default for Told<B> {
    fn default() -> Self {
        Self { groups: 0, batches: Vec::new() }
    }
}

/// Puts the shards' batches in order. Groups are never further apart than there are blocks, so little waits.
pub struct IntervalOrder<B> {
    groups: usize,
    waiting: BTreeMap<u64, Told<B>>,
}

impl<B: Batch> IntervalOrder<B> {
    /// Of what `groups` groups hand over.
    pub fn new(groups: usize) -> Self {
        Self { groups, waiting: BTreeMap::new() }
    }

    /// Takes a batch.
    pub fn take(&mut self, batch: B) {
        self.waiting.entry(batch.number()).or_default().batches.push(batch);
    }

    /// A group is past that number: none of its shards hands over anything of it any more. When all are, `ready` is given all of it.
    pub fn pass(&mut self, number: u64, mut ready: impl FnMut(Vec<B>)) {
        self.waiting.entry(number).or_default().groups += 1;
        while let Some(first) = self.waiting.first_entry().filter(|e| e.get().groups >= self.groups) {
            ready(in_order(first.remove()));
        }
    }

    /// Gives what is left: nothing more comes.
    pub fn finish(&mut self, ready: impl FnMut(Vec<B>)) {
        std::mem::take(&mut self.waiting).into_values().map(in_order).for_each(ready);
    }
}

/// Of one shard they are in order: each comes from one group, and messages of a group do not overtake each other.
fn in_order<B: Batch>(mut told: Told<B>) -> Vec<B> {
    told.batches.arrange_by_key(Batch::shard);
    told.batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_by_number_and_shard() {
        let mut seen = Vec::new();
        let mut order = IntervalOrder::new(2);
        let batch = |beat, shard, lost| FlowBatch { beat, shard, records: Vec::new(), lost };
        let mut ready = |batches: Vec<FlowBatch>| seen.push(batches.iter().map(|b| (b.beat, b.shard, b.lost)).collect::<Vec<_>>());
        order.take(batch(0, 40, 1));
        order.pass(0, &mut ready);
        order.take(batch(1, 40, 2));
        order.pass(1, &mut ready);
        order.take(batch(0, 3, 3));
        order.take(batch(0, 3, 4));
        order.pass(0, |batches| {
            assert!(batches.iter().all(|b| b.beat == 0), "the other group is not past the next one");
            ready(batches);
        });
        order.finish(&mut ready);
        assert_eq!(seen, [vec![(0, 3, 3), (0, 3, 4), (0, 40, 1)], vec![(1, 40, 2)]]);
    }
}
