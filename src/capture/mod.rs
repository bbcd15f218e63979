//! Where packets come from: live ports and capture files, all behind one trait, [`Source`].
//!
//! A source writes packets into a [`Block`]: bytes in an arena, an index beside it. It knows nothing of protocols.

pub mod block;
pub mod bpf;
pub mod file;
pub mod host;
pub mod live;
pub mod memory;
pub mod ports;
pub mod source;
mod sysfs;

pub use crate::model::SourceInfo;
pub use block::{Block, Packet, Weights};
pub use bpf::Bpf;
pub use memory::Memory;
pub use source::{Fill, Source, SourceLosses};
