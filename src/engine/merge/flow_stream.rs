//! Closed conversations, in the order of beats and shards, on their way to whoever wants them.

use super::interval_order::IntervalOrder;
use crate::model::FlowBatch;

/// Who is handed the records of closed conversations, as they are closed.
pub type FlowListener = Box<dyn FnMut(FlowBatch) + Send>;

/// Hands the shards' batches to a listener.
pub struct FlowStream {
    listener: Option<FlowListener>,
    order: IntervalOrder<FlowBatch>,
}

impl FlowStream {
    /// A stream from `groups` groups; without a listener there is none.
    pub fn new(groups: usize, listener: Option<FlowListener>) -> Self {
        Self { listener, order: IntervalOrder::new(groups) }
    }

    /// Takes a batch.
    pub fn take(&mut self, batch: FlowBatch) {
        self.order.take(batch);
    }

    /// A group is past a beat.
    pub fn pass(&mut self, beat: u64) {
        if let Some(listener) = &mut self.listener {
            self.order.pass(beat, |batches| batches.into_iter().for_each(&mut *listener));
        }
    }

    /// Hands over what is left: nothing more comes.
    pub fn finish(&mut self) {
        if let Some(listener) = &mut self.listener {
            self.order.finish(|batches| batches.into_iter().for_each(&mut *listener));
        }
    }
}
