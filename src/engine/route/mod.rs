//! What the router does to each packet: its tunnel, its shard, its interval and beat. No thread, no clock.

pub mod beats;
mod followed_link;
pub mod hearing;
pub mod intervals;
pub mod link_bins;
pub mod pace;
pub mod peek;
pub mod progress;
pub mod utilisation;
