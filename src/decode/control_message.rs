//! Control packets read as a whole: which parser reads what.

use super::control::snap;
use super::{adjacency, bpdu, lacp, neighbour, speaker};
use crate::model::{BfdHello, ControlBody, ControlMessage, Frame, Mac, Neighbour, SpeakerHello};

/// Organisations that their control protocols are numbered by.
const CISCO: [u8; 3] = [0x00, 0x00, 0x0c];
const FOUNDRY: [u8; 3] = [0x00, 0xe0, 0x52];
const EXTREME: [u8; 3] = [0x00, 0xe0, 0x2b];

/// What a packet without a network layer says, where it is a control packet.
pub fn bare_message(frame: &Frame<'_>) -> Option<ControlMessage> {
    let (_, destination) = frame.mac?;
    let body = frame.l2_payload();
    let neighbour = |n: Option<Neighbour>| n.map(|n| ControlBody::Neighbour(Box::new(n)));
    let found = match frame.ether_type {
        0x88cc => neighbour(neighbour::lldp(body)),
        0x8809 => lacp::lacp(body).map(ControlBody::Lacp),
        0x88f7 => speaker::ptp(body).map(speaks),
        0x888e => adjacency::eapol(body).map(|(step, method)| ControlBody::Eapol(step, method)),
        _ if frame.l2_end == 0 => None,
        _ if destination.is_group() => llc(frame, body),
        // Extreme's group is written like a station's address.
        _ if destination == Mac([0, 0xe0, 0x2b, 0, 0, 0]) => neighbour(snap(frame, EXTREME, 0x00bb).and_then(neighbour::edp)),
        _ => None,
    };
    message(frame, found?)
}

fn speaks(hello: SpeakerHello) -> ControlBody {
    ControlBody::Speaker(Box::new(hello))
}

/// What stands behind an LLC header.
fn llc(frame: &Frame<'_>, body: &[u8]) -> Option<ControlBody> {
    let bpdu = |b| ControlBody::Bpdu(Box::new(b));
    if let Some(body) = body.strip_prefix(&[0x42, 0x42, 3]) {
        return bpdu::bpdu(body).map(bpdu);
    }
    if let Some(body) = body.strip_prefix(&[0xfe, 0xfe, 3]) {
        return speaker::isis(body).map(speaks);
    }
    let neighbour = |n: Option<Neighbour>| n.map(|n| ControlBody::Neighbour(Box::new(n)));
    match body {
        [0xaa, 0xaa, 3, 0x00, 0x00, 0x0c, a, b, ..] => {
            let protocol = u16::from_be_bytes([*a, *b]);
            let body = snap(frame, CISCO, protocol)?;
            match protocol {
                0x2000 => neighbour(neighbour::cdp(body)),
                0x2003 => neighbour(neighbour::vtp(body)),
                0x2004 => neighbour(neighbour::dtp(body)),
                0x0104 => neighbour(neighbour::pagp(body)),
                0x0111 => neighbour(neighbour::udld(body)),
                0x010b => bpdu::per_vlan(body).map(bpdu),
                _ => None,
            }
        }
        [0xaa, 0xaa, 3, 0x00, 0xe0, 0x52, 0x20, 0x00, ..] => neighbour(snap(frame, FOUNDRY, 0x2000).and_then(neighbour::fdp)),
        [0xaa, 0xaa, 3, 0x00, 0xe0, 0x2b, 0x00, 0xbb, ..] => neighbour(snap(frame, EXTREME, 0x00bb).and_then(neighbour::edp)),
        _ => None,
    }
}

/// The port of BGP (RFC 4271).
const BGP: u16 = 179;

/// Whether control packets arrive at a port of UDP: PTP, HSRP of both versions of IP, GLBP.
const fn is_control_port(port: u16) -> bool {
    matches!(port, 320 | 1985 | 2029 | 3222)
}

/// Whether a port is one of BFD: one hop (RFC 5881), several (RFC 5883), a link of a group of links (RFC 7130).
const fn is_watched(port: u16) -> bool {
    matches!(port, 3784 | 4784 | 6784)
}

/// Whether a packet to a station may be a control packet, by its protocol and port: database descriptions of OSPF, routers that were told
/// their neighbours, as EIGRP, VRRP and PTP can be, sessions of BGP. Queries and announcements to everybody go to groups.
#[inline]
pub fn is_control(frame: &Frame<'_>) -> bool {
    let Some((key, way)) = &frame.flow else { return false };
    match key.protocol {
        6 => key.port_to(*way) == BGP || key.port_to(way.reversed()) == BGP,
        17 => is_control_port(key.port_to(*way)),
        protocol => matches!(protocol, 88 | 89 | 112),
    }
}

/// Whether a packet is of a session of BFD: by its port, and by the hop limit, with which it left and arrives on one hop (RFC 5881 section 5).
#[inline]
pub fn is_session(frame: &Frame<'_>) -> bool {
    let Some((key, way)) = frame.flow.as_ref().filter(|(key, _)| key.is_udp()) else { return false };
    let port = key.port_to(*way);
    is_watched(port) && !frame.fragment && (port == 4784 || frame.ttl == 255)
}

/// What an end of a session of BFD says, where a packet is one of it.
#[inline]
pub fn session(frame: &Frame<'_>) -> Option<BfdHello> {
    if !is_session(frame) {
        return None;
    }
    let (key, way) = frame.flow.as_ref()?;
    let [(sender, _), (receiver, port)] = key.ends(*way);
    speaker::bfd(frame.payload(), [sender, receiver], port == 6784)
}

/// What an end of a session says, as a control packet.
pub fn session_message(frame: &Frame<'_>, hello: BfdHello) -> Option<ControlMessage> {
    message(frame, speaks(SpeakerHello::Bfd(hello)))
}

/// An ICMP message from its header on.
fn icmp<'a>(frame: &Frame<'a>) -> &'a [u8] {
    let at = frame.transport.unwrap_or(u32::MAX) as usize;
    frame.bytes.get(at..(frame.ip_end() as usize).min(frame.bytes.len())).unwrap_or_default()
}

/// What a packet says above the network layer, where it is a control packet of those that have no session, or ends one.
pub fn network_message(frame: &Frame<'_>) -> Option<ControlMessage> {
    let (key, way) = frame.flow.as_ref()?;
    if frame.fragment {
        return None;
    }
    let [(sender, source_port), (_, port)] = key.ends(*way);
    let neighbour = |n: Option<Neighbour>| n.map(|n| ControlBody::Neighbour(Box::new(n)));
    let found = match (key.protocol, port) {
        (17, 1985) if source_port == 1985 => adjacency::hsrp(frame.payload(), sender).map(ControlBody::Gateway),
        (17, 2029) => adjacency::hsrp(frame.payload(), sender).map(ControlBody::Gateway),
        (17, 3222) => adjacency::glbp(frame.payload(), sender).map(ControlBody::Gateway),
        (17, 5678) => neighbour(neighbour::mndp(frame.payload())),
        (17, 320) => speaker::ptp(frame.payload()).map(speaks),
        (88, _) => speaker::eigrp(frame.payload(), sender).map(speaks),
        (89, _) => adjacency::ospf(frame.payload(), sender).map(ControlBody::Ospf),
        (112, _) => adjacency::vrrp(frame.payload(), sender).map(ControlBody::Gateway),
        (6, _) if source_port == BGP || port == BGP => {
            let ends = [sender, key.ends(*way)[1].0];
            adjacency::bgp_notification(frame.payload(), ends).map(|told| ControlBody::Closing(Box::new(told)))
        }
        (2, _) => adjacency::igmp_query(frame.payload(), sender).map(ControlBody::Query),
        // What is not from the same link is none (RFC 3810 section 5.1.14).
        (58, _) if frame.ttl == 1 => adjacency::mld_query(icmp(frame), sender).map(ControlBody::Query),
        _ => None,
    };
    message(frame, found?)
}

/// A control packet, and how it came.
fn message(frame: &Frame<'_>, body: ControlBody) -> Option<ControlMessage> {
    let (source, destination) = frame.mac?;
    let tag = frame.vlans.ids().first().copied().or(frame.tag.and_then(|tag| tag.vlan)).map(|id| id & 0x0fff);
    Some(ControlMessage {
        number: frame.number,
        time: frame.time,
        source,
        destination,
        tag: tag.filter(|id| *id != 0),
        session: frame.session,
        body,
    })
}
