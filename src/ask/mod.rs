//! Asking the switch, by SNMP (RFC 3416), and only when told to: its ports with what they dropped, who is known at which of them, its neighbours.
//! Reads, never writes.

mod mib;
mod session;

pub use session::SwitchAgent;

use std::sync::{Arc, Mutex};

/// Whoever asks, on its way to the thread that does.
pub type SharedAgent = Arc<Mutex<SwitchAgent>>;
