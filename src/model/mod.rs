//! Words of the trade: times, addresses, link types, protocol paths, units and limits.
//!
//! The lowest floor: `std` only, no I/O and no threads. Everything else may use it; it uses nothing of the crate.

pub mod address;
pub mod limits;
pub mod link;
pub mod numbers;
pub mod path;
pub mod proto;
pub mod text;
pub mod time;
pub mod units;

pub use address::{Address, Mac};
pub use link::LinkType;
pub use path::Path;
pub use proto::Proto;
pub use time::Timestamp;
