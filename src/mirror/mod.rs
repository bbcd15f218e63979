//! What mirroring does to packets, found online: copies, gaps, one-sidedness.

pub mod duplicates;
mod frame;

pub use duplicates::{CopyClass, DuplicateCounts, DuplicateFilter, Verdict};
pub use frame::{Frame, Segment};
