//! From what the shards' detectors counted to findings and trust.

mod asked;
pub mod evidence;
pub mod history;
mod holes;
mod host;
mod link_use;
pub mod mirror;
pub mod network;
mod one_way;
mod silences;
mod transit;
