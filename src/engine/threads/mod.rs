//! Starting threads, joining them, and their priority.

mod join;
pub mod priority;

pub use join::join_scoped;
