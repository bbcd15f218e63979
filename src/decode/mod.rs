//! From captured bytes to headers: [`walk()`] slices what is there and says why it stopped. A broken packet is information. The commonest
//! packets need no walk, a fast path does.
//!
//! One file a family of headers. Each holds steps: functions that read one header at the walk's position and say what comes next
//! (`walk.rs`). A new protocol is a step and one line in the table that names it: EtherTypes in `ethernet.rs`, SAPs in `llc.rs`,
//! IP protocols in `transport.rs`, UDP ports that carry packets in `tunnel/mod.rs`.

mod adjacency;
mod bpdu;
mod checksum;
mod control;
mod control_message;
mod ethernet;
mod fast_path;
mod headers;
mod ip;
mod lacp;
mod link;
mod llc;
mod mpls;
mod neighbour;
mod ppp;
mod rules;
pub mod sflow;
mod speaker;
pub mod stamp;
mod trace;
mod transport;
pub mod tree;
mod tunnel;
mod walk;
mod wlan;

#[cfg(test)]
mod tests;

pub use control::{arp_blocks, chatter, control};
pub use control_message::{bare_message, is_control, is_session, network_message, session, session_message};
pub use fast_path::fast;
pub use headers::{Fragment, Headers, MAX_TUNNELS, Net, TransportHeader, TunnelLayer, Tunnels};
pub use rules::{Peel, Rules, UnknownEncapsulation};
pub use tunnel::may_carry_packets;
pub use walk::{EndAddresses, walk};
