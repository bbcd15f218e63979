//! Tags of embedded switches on the link to their processor: Marvell's DSA, Broadcom's. They name port and direction of a frame.

use crate::decode::llc;
use crate::decode::walk::{Next, Walk};
use crate::model::{Mac, Proto, Side};

/// Both addresses of an Ethernet header whose type comes later.
fn addresses(walk: &mut Walk) -> Option<()> {
    walk.push(Proto::Eth);
    let &[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5] = walk.take::<12>()?;
    walk.mac(Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]));
    Some(())
}

/// Marvell's tag behind the addresses.
pub(in crate::decode) fn dsa(walk: &mut Walk) -> Next {
    marvell(walk, Proto::Dsa).unwrap_or(Next::End)
}

/// The same behind an EtherType that the administrator chose and two reserved bytes.
pub(in crate::decode) fn edsa(walk: &mut Walk) -> Next {
    marvell(walk, Proto::Edsa).unwrap_or(Next::End)
}

fn marvell(walk: &mut Walk, proto: Proto) -> Option<Next> {
    addresses(walk)?;
    walk.push(proto);
    if proto == Proto::Edsa {
        walk.take::<4>()?;
    }
    let &tag = walk.take::<4>()?;
    marvell_tag(walk, u32::from_be_bytes(tag));
    Some(llc::ether_type_field(walk))
}

/// Mode 2 (0 to the processor, 1 from it, 2 to a sniffer, 3 forwarded), tagged 1, device 5, port 5, then flags, priority, VLAN 12.
fn marvell_tag(walk: &mut Walk, tag: u32) {
    let port = tag >> 19 & 0x1f;
    // Sent to a sniffer, bit 18 is set for what a port received.
    let side = (tag >> 30 == 2).then_some(if tag >> 18 & 1 == 1 { Side::Ingress } else { Side::Egress });
    walk.note_port(port, side);
    // The tag took the place of an 802.1Q one.
    if tag >> 29 & 1 == 1 {
        walk.headers.vlans.push(tag as u16);
    }
}

/// Broadcom's tag behind the addresses.
pub(in crate::decode) fn broadcom(walk: &mut Walk) -> Next {
    if addresses(walk).is_none() || broadcom_tag(walk).is_none() {
        return Next::End;
    }
    llc::ether_type_field(walk)
}

/// The same before the addresses.
pub(in crate::decode) fn broadcom_prepended(walk: &mut Walk) -> Next {
    if broadcom_tag(walk).is_none() { Next::End } else { Next::Ethernet }
}

/// From the switch (operation 0): reason 8 in the third byte, port 5 in the fourth.
fn broadcom_tag(walk: &mut Walk) -> Option<()> {
    walk.push(Proto::BrcmTag);
    let &[operation, _, _, port] = walk.take::<4>()?;
    if operation >> 5 == 0 {
        walk.note_port(u32::from(port & 0x1f), None);
    }
    Some(())
}
