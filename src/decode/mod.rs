//! From captured bytes to headers: [`walk`] slices what is there and says why it stopped. A broken packet is information.
//!
//! One file a family of headers. Each holds steps: functions that read one header at the walk's position and say what comes next
//! (`walk.rs`). A new protocol is a step and one line in the table that names it: EtherTypes in `ethernet.rs`, SAPs in `llc.rs`,
//! IP protocols in `transport.rs`, UDP ports that carry packets in `tunnel/mod.rs`.

mod ethernet;
mod headers;
mod ip;
mod link;
mod llc;
mod mpls;
mod ppp;
mod rules;
pub mod sflow;
mod straight;
mod transport;
mod tunnel;
mod walk;
mod wlan;

#[cfg(test)]
mod tests;

pub use headers::{Fragment, Headers, MAX_TUNNELS, Net, Stop, Transport, Tunnels};
pub use rules::{Rules, UnknownEncapsulation};
pub use straight::straight_flow;
pub use tunnel::may_carry_packets;
pub use walk::Ends;

use crate::model::LinkType;

/// Walks the headers of one packet of link type `link`, `wire` bytes long on the wire, into `headers` (overwritten).
///
/// The first [`Rules::peel`] tunnels are taken off: the analysed frame is what is inside them (0: the packet itself, `u8::MAX`: all).
#[inline]
pub fn walk(link: LinkType, bytes: &[u8], wire: u32, rules: &Rules, headers: &mut Headers) {
    if link != LinkType::ETHERNET || straight::straight(bytes, wire, rules, headers).is_none() {
        walk::walk(link, bytes, wire, rules, headers);
    }
}
