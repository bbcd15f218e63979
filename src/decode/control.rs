//! Control packets of the link layer: LLC, SNAP and lists of type-length-value behind the headers that were read already.

use crate::model::evidence::NETWORK_BITS;
use crate::model::{ArpBlocks, Chatter, Control, ControlFrame, Frame, Mac};

/// Destination of Cisco's per-VLAN spanning tree.
const PVST: Mac = Mac([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd]);
/// Cisco's organisation identifier.
const CISCO: [u8; 3] = [0, 0, 0x0c];
/// Bytes kept of what a neighbour says it is.
const DESCRIPTION: usize = 256;
/// Values looked at in a list.
const VALUES: usize = 64;

/// What a frame to a group address says, where it is a control packet.
pub fn control<'a>(frame: &Frame<'a>) -> Option<ControlFrame<'a>> {
    let (_, destination) = frame.mac?;
    let body = frame.l2_payload();
    let plain = |control| ControlFrame { control, lacp: None, description: None, vlan: None };
    let found = match destination.0 {
        [0x01, 0x80, 0xc2, 0, 0, 0 | 2 | 3 | 8 | 0x0e] => match frame.ether_type {
            0x88cc => ControlFrame { description: lldp_description(body), ..plain(Control::Lldp) },
            0x8809 if body.first() == Some(&1) => ControlFrame { lacp: lacp_systems(body), ..plain(Control::Lacp) },
            0x88f7 => plain(Control::Ptp),
            _ if frame.l2_end != 0 && body.starts_with(&[0x42, 0x42]) => plain(Control::Stp),
            _ => return None,
        },
        [0x01, 0x1b, 0x19, 0, 0, 0] => plain(Control::Ptp),
        [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcc] => {
            ControlFrame { description: cdp_description(snap(frame, CISCO, 0x2000)?), ..plain(Control::Cdp) }
        }
        _ if destination == PVST => ControlFrame { vlan: pvst_vlan(snap(frame, CISCO, 0x010b)?), ..plain(Control::Pvst) },
        _ => match &frame.flow {
            Some((key, _)) if key.protocol == 112 => plain(Control::Vrrp),
            Some((key, _)) if key.is_udp() && key.a_port == 1985 && key.b_port == 1985 => plain(Control::Hsrp),
            _ => return None,
        },
    };
    Some(found)
}

/// Which kind of packet it is by which hosts and routers find each other; `None`: another packet.
#[inline]
pub fn chatter(frame: &Frame<'_>) -> Option<Chatter> {
    let Some((key, _)) = &frame.flow else {
        // The operation stands behind both address spaces and lengths (RFC 826).
        let operation = (frame.ether_type == 0x0806).then(|| frame.l2_payload().get(6..8)).flatten()?;
        return Some(if operation == [0, 2] { Chatter::ArpReply } else { Chatter::ArpRequest });
    };
    match key.protocol {
        17 => Chatter::of_ports([key.a_port, key.b_port]),
        58 => frame.transport.and_then(|at| frame.bytes.get(at as usize)).and_then(|kind| Chatter::of_icmp6(*kind)),
        2 => Some(Chatter::Igmp),
        _ => None,
    }
}

/// Address blocks of an Ethernet/IPv4 ARP packet (RFC 826); probes (sender 0.0.0.0) have none.
pub fn arp_blocks(frame: &Frame<'_>) -> Option<ArpBlocks> {
    if frame.ether_type != 0x0806 {
        return None;
    }
    let body = frame.l2_payload().get(..28)?;
    let block = |at: usize| Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?) >> (u32::BITS - NETWORK_BITS));
    let (sender, target) = (block(14)?, block(24)?);
    (body.starts_with(&[0, 1, 8, 0, 6, 4]) && sender != 0).then_some(ArpBlocks { sender, target })
}

/// The payload of a SNAP frame of this organisation and protocol (IEEE 802 clause 9.2).
pub(super) fn snap<'a>(frame: &Frame<'a>, [a, b, c]: [u8; 3], protocol: u16) -> Option<&'a [u8]> {
    let [high, low] = protocol.to_be_bytes();
    let body = frame.l2_payload().strip_prefix(&[0xaa, 0xaa, 3, a, b, c, high, low])?;
    (frame.l2_end != 0).then_some(body)
}

/// Actor and partner of a LACP packet (IEEE 802.1AX clause 6.4.2.3): subtype and version, then both values of 20 bytes, the system 4
/// bytes in.
fn lacp_systems(body: &[u8]) -> Option<[Mac; 2]> {
    let system = |at: usize| body.get(at..at + 6)?.try_into().ok().map(Mac);
    Some([system(6)?, system(26)?])
}

/// LLDP's system description (IEEE 802.1AB clause 8.5.7, type 6): seven bits of type, nine of length.
fn lldp_description(body: &[u8]) -> Option<&[u8]> {
    value(body, 6, |v| {
        let head = u16::from_be_bytes([*v.first()?, *v.get(1)?]);
        Some((head >> 9, 2, 2 + usize::from(head & 0x1ff)))
    })
}

/// CDP's version (type 5) or else its platform (type 6). Version, time to live and checksum come first; lengths include the four bytes
/// of type and length.
fn cdp_description(body: &[u8]) -> Option<&[u8]> {
    let list = body.get(4..)?;
    let head = |v: &[u8]| {
        let word = |at: usize| Some(u16::from_be_bytes([*v.get(at)?, *v.get(at + 1)?]));
        Some((word(0)?, 4, usize::from(word(2)?).max(4)))
    };
    value(list, 5, head).or_else(|| value(list, 6, head))
}

/// The originating VLAN of a per-VLAN spanning tree packet: a value of type 0 and length 2 behind the 36 bytes of the BPDU.
fn pvst_vlan(body: &[u8]) -> Option<u16> {
    match body.get(36..42)? {
        [0, 0, 0, 2, high, low] => Some(u16::from_be_bytes([*high, *low]) & 0x0fff),
        _ => None,
    }
}

/// The first value of a type in a list, of which [`VALUES`] are looked at. `head` reads one's type, where its text begins and where it
/// ends.
fn value(list: &[u8], wanted: u16, head: impl Fn(&[u8]) -> Option<(u16, usize, usize)>) -> Option<&[u8]> {
    let mut rest = list;
    for _ in 0..VALUES {
        let (kind, begin, end) = head(rest)?;
        if kind == wanted {
            let text = rest.get(begin..end)?;
            return Some(text.get(..DESCRIPTION).unwrap_or(text));
        }
        rest = rest.get(end..)?;
    }
    None
}
