//! What mirroring does to packets, found online: copies, gaps, one-sidedness.

mod frame;

pub use frame::{Frame, Segment};
