//! Application protocols: one file each, and one line in [`registry`].
//!
//! A dissector is shown datagrams, or the bytes of a TCP stream in their order with the gaps a mirror leaves in them, and says what it read:
//! messages, names and counts. It owns no socket, no thread and no clock, and trusts no length it reads.
//!
//! - **Which protocol** a conversation speaks is found by content: its first payloads are shown to each dissector's
//!   [`Dissector::probe`]. A port decides only where content leaves it open, and never alone.
//! - **What it keeps.** The flow record has eight bytes for it ([`AppSlot`]). A conversation whose dissector needs more has a state in the
//!   shard's slab, until it is done. Both are capped in [`crate::model::limits`], and what found no room is counted ([`DissectLosses`]).
//! - **What it yields** are [`AppMessage`]s, which the exchange table joins to [`Transaction`]s, names of addresses, the server's
//!   name of a conversation, and a [`Tally`] of counters that every report shows without knowing the protocol.

mod dissector;
mod dissectors;
pub mod dns;
pub mod http;
mod lines;
mod names;
pub mod registry;
mod requests;
mod slab;
pub mod tls;

pub use dissector::{About, Carriage, DissectOutput, Dissector, Listener, Payload, Probe, Progress};
pub use dissectors::{DissectReport, Dissectors};
pub use names::{AddressNames, ServerNames};
pub use registry::{code_text, outcome};

#[cfg(doc)]
use crate::model::{AppMessage, AppSlot, DissectLosses, Tally, Transaction};

#[cfg(test)]
mod talk;
