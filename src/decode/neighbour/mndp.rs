//! MikroTik's protocol in UDP port 5678: two bytes, a sequence number, then values whose lengths do not count their heads.

use super::{Heads, address, mac, note, text, values};
use crate::model::{Neighbour, NeighbourProtocol};

/// Reads a packet.
pub fn mndp(body: &[u8]) -> Option<Neighbour> {
    let mut n = Neighbour { protocol: NeighbourProtocol::Mndp, ..Neighbour::default() };
    let is_whole = values(body.get(4..)?, Heads::Exclusive, |kind, value| match kind {
        1 => n.chassis_mac = mac(value),
        5 => n.system = text(value),
        7 => n.description = text(value),
        8 => n.platform = text(value),
        12 => n.inventory.model = text(value),
        15 | 17 => {
            if let Some(address) = address(value) {
                note(&mut n.management, address);
            }
        }
        16 => n.port = text(value),
        _ => {}
    });
    n.is_broken = !is_whole;
    n.chassis = n.chassis_mac?.to_string();
    Some(n)
}
