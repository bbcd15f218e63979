//! Application protocols: one file each, and one line in [`registry`]; those that are recognised and read no further are a line each in `labels`.
//!
//! A dissector is shown datagrams, or the bytes of a TCP stream in their order with the gaps a mirror leaves in them, and says what it read:
//! messages, names and counts. It owns no socket, no thread and no clock, and trusts no length it reads.
//!
//! - **Which protocol** a conversation speaks is found by content: its first payloads are shown to each dissector's
//!   [`Dissector::probe`]. A port decides only where content leaves it open, and never alone.
//! - **What its answers mean.** Each says of the codes of its answers whether that is an error ([`outcome`]), and in words ([`code_text`]).
//! - **What it keeps.** The flow record has eight bytes for it ([`AppSlot`]). A conversation whose dissector needs more has a state in the
//!   shard's slab, until it is done. Both are capped in [`crate::model::limits`], and what found no room is counted ([`DissectLosses`]).
//! - **What it yields** are [`AppMessage`]s, which the exchange table joins to [`Transaction`]s, names of addresses, the server's
//!   name of a conversation, and a [`Tally`] of counters that every report shows without knowing the protocol.

mod ber;
mod bytes;
mod command_lines;
pub mod dhcp;
pub mod dhcpv6;
mod dissector;
mod dissectors;
pub mod dns;
mod firsts;
mod framed_turns;
mod frames;
pub mod http;
pub mod kerberos;
mod labels;
pub mod ldap;
mod lines;
pub mod modbus;
pub mod mysql;
mod names;
pub mod nbns;
pub mod ntp;
pub mod pgsql;
mod proxy;
pub mod quic;
pub mod radius;
pub mod redis;
pub mod registry;
pub mod replies;
mod requests;
mod resp;
pub mod rtp;
mod sides;
pub mod sip;
mod slab;
pub mod smb2;
pub mod snmp;
pub mod tls;
pub mod tree;
mod turns;

pub use dissector::{About, AnswerProgress, Carriage, DissectOutput, Dissector, Listener, Payload, Probe, Progress};
pub use dissectors::{DissectReport, Dissectors};
pub use names::{AddressNames, ServerNames};
pub use registry::{code_text, outcome};

#[cfg(doc)]
use crate::model::{AppMessage, AppSlot, DissectLosses, Tally, Transaction};

#[cfg(test)]
mod talk;
