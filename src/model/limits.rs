//! Every cap of the program, with its reason: one file a field of work, and all of them under this one name. Beyond a cap things are counted in an
//! "other" row, never dropped silently; `engine/memory_tests.rs` adds them up.

mod capture;
mod dissect;
mod export;
mod fleet;
mod history;
mod mirror;
mod network;
mod packets;
mod stats;
mod switch;
mod tape;

pub use capture::*;
pub use dissect::*;
pub use export::*;
pub use fleet::*;
pub use history::*;
pub use mirror::*;
pub use network::*;
pub use packets::*;
pub use stats::*;
pub use switch::*;
pub use tape::*;
