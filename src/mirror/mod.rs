//! What mirroring does to packets, found online: copies, gaps, one-sidedness.

pub mod duplicates;
pub mod estimate;
mod frame;
pub mod ledger;
pub mod sessions;

pub use duplicates::{CopyClass, DuplicateCounts, DuplicateFilter, Verdict};
pub use estimate::{LossSplit, wilson};
pub use frame::{Frame, Segment};
pub use ledger::{Clock, Ledger};
pub use sessions::{Ours, SessionReport, Sessions};
