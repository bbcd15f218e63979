//! From what the shards' detectors counted to findings and trust.

mod asked;
pub mod evidence;
pub mod history;
mod host;
pub mod mirror;
pub mod network;
mod silences;
mod transit;
