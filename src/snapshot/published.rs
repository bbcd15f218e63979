//! What whoever writes elsewhere gets, record by record: as [`super::Feed`] is for screens, without knowing the engine.

use super::{Sample, Snapshot};
use crate::model::{FlowBatch, NetworkEvent, RequestWords};
use std::sync::Arc;
use std::time::Duration;

/// One record of a subscription.
#[derive(Debug, Clone)]
pub enum Published {
    /// A load interval has ended. Packets that come for it later are in the snapshots only.
    Interval(Sample),
    /// Conversations were closed.
    Flows(Arc<FlowBatch>),
    /// What applications said: requests that were answered or given up, TLS handshakes; second by second and by shard.
    Events(Arc<[NetworkEvent]>),
    /// What requests said, before the events that tell what became of them; for subscribers that asked for it.
    Words(Arc<[RequestWords]>),
    /// A snapshot was taken.
    Snapshot(Arc<Snapshot>),
    /// Everything counted so far was forgotten.
    Reset,
}

/// A supplier of records: the engine's subscription, or a test.
pub trait RecordFeed: Send {
    /// The next record, if one comes within `time`. `Err` when there will be no more.
    ///
    /// # Errors
    /// When the supplier has ended and every record has been taken.
    fn next_within(&self, time: Duration) -> Result<Option<Published>, Ended>;

    /// Records that were lost because this subscriber was slow.
    fn lost(&self) -> u64;
}

/// A subscription has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;
