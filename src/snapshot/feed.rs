//! How a screen gets snapshots without knowing the engine.

use super::{Query, Snapshot};
use crate::error::Error;
use std::sync::Arc;

/// A supplier of snapshots: the engine, or a test.
pub trait Feed {
    /// The newest snapshot.
    fn latest(&self) -> Arc<Snapshot>;

    /// Asks that coming snapshots answer `query` (also when the source has ended).
    fn ask(&self, query: Query);

    /// Forgets everything counted so far (the source goes on). Has no effect on a file that has been read.
    fn reset(&self);

    /// Why the source failed, once it has.
    fn failure(&self) -> Option<Error>;
}
