//! The counters: flow table, contexts, totals, load series. Plain `&mut self` code; each shard owns its own.

pub mod bursts;
pub mod connections;
pub mod context;
pub mod doubling;
pub mod exchange;
pub mod flow;
pub mod fragments;
pub mod located_loss;
pub mod reassembly;
pub mod round_trips;
pub mod series;
pub mod services;
pub mod sightings;
pub mod stalls;
pub mod stuck;
pub mod tcp;
pub mod tcp_analysis;
pub mod totals;

pub use bursts::{Burst, Bursts};
pub use connections::{Connections, Course};
pub use context::{Context, ContextKey, Contexts};
pub use doubling::Doubling;
pub use exchange::Exchanges;
pub use flow::{FlowHot, FlowTable, Record, TcpTrack};
pub use fragments::Fragments;
pub use located_loss::LossLocator;
pub use reassembly::{Reassembler, ReassemblyCounts, ReassemblyPool, StreamEnd, StreamPiece};
pub use series::Series;
pub use services::ServiceLedger;
pub use sightings::{Gathering, SightingLedger};
pub use stalls::Stalls;
pub use stuck::StuckSegments;
pub use tcp::{Follower, TcpCold, TcpHot};
pub use tcp_analysis::{Analyser, TcpAnalysisSums};
pub use totals::Totals;
