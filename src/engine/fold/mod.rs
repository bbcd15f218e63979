//! Folding: 64 shards in groups, each with plain `&mut self` code, in the order of the tape.

pub mod closed_flows;
pub mod detectors;
pub mod dissect_queue;
mod first_rows;
pub mod group;
mod held_packets;
pub mod history;
pub mod in_flight;
pub mod lately;
pub mod listing;
pub mod local;
pub mod message;
pub mod reader;
pub mod rows;
pub mod shard;

#[cfg(test)]
mod tcp_tests;

#[cfg(test)]
mod exchange_tests;
