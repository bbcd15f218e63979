//! How a screen gets snapshots without knowing the engine.

use super::{Query, Snapshot};
use crate::error::Error;
use crate::model::TimeSpan;
use std::sync::Arc;
use std::time::Duration;

/// A supplier of exact pictures of the past: whoever can read its packets again.
pub trait SpanStore: Send + Sync {
    /// What was counted in a span, where that is known by now. Waits a moment for it, never long.
    fn look(&self, span: TimeSpan) -> Option<Arc<Snapshot>>;

    /// Another number when there is something new to see.
    fn version(&self) -> u64;
}

/// A supplier of snapshots: the engine, or a test.
pub trait Feed {
    /// The newest snapshot.
    fn latest(&self) -> Arc<Snapshot>;

    /// How long ago the newest snapshot was taken; zero for a source that has ended.
    fn age(&self) -> Duration {
        Duration::ZERO
    }

    /// How much of a capture has been read by now, 0 to 1, where that is known: newer than what the newest snapshot says of it.
    fn read(&self) -> Option<f64> {
        None
    }

    /// Ends the counting and waits for the last snapshot: everything that had come is in it.
    fn last(&self) -> Arc<Snapshot> {
        self.latest()
    }

    /// Asks that coming snapshots answer `query` (also when the source has ended).
    fn ask(&self, query: Query);

    /// Forgets everything counted so far (the source goes on). Has no effect on a file that has been read.
    fn reset(&self);

    /// Why the source failed, once it has.
    fn failure(&self) -> Option<Error>;
}
