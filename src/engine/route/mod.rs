//! What the router does to each packet: its tunnel, its shard, its interval. No thread, no clock.

pub mod intervals;
pub mod peek;
pub mod utilisation;
