//! Control packets read as a whole: which parser reads what.

use super::control::snap;
use super::{adjacency, bpdu, lacp, neighbour, speaker};
use crate::model::{ControlBody, ControlMessage, Frame, Mac, Neighbour, SpeakerHello};

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

/// ICMPv6 from its header on, which is no payload of the conversation.
fn icmp6<'a>(frame: &Frame<'a>) -> &'a [u8] {
    let end = frame.ip_end() as usize;
    frame.transport.and_then(|at| frame.bytes.get(at as usize..end)).unwrap_or_default()
}

/// What a packet to one station says above the network layer, where it is a control packet: neighbours that were told of each other need no
/// group (RFC 2328 section 8.1, RFC 9568 section 5.1).
pub fn direct_message(frame: &Frame<'_>) -> Option<ControlMessage> {
    let (key, way) = frame.flow.as_ref().filter(|_| !frame.fragment)?;
    let [(sender, _), _] = key.ends(*way);
    let found = match key.protocol {
        88 => speaker::eigrp(frame.payload(), sender).map(speaks),
        89 => adjacency::ospf(frame.payload()).map(ControlBody::Ospf),
        112 => adjacency::vrrp(frame.payload(), sender).map(ControlBody::Gateway),
        _ => None,
    };
    message(frame, found?)
}

/// Of a packet of UDP that somebody sends again and again: which of its bytes are alike while it says the same.
pub fn regular_words(frame: &Frame<'_>) -> Option<[u64; 4]> {
    let (key, way) = frame.flow.as_ref().filter(|(key, _)| key.protocol == 17 && !frame.fragment)?;
    let [(_, source), (_, port)] = key.ends(*way);
    let bytes = frame.payload();
    let word = |at: usize| bytes.get(at..)?.first_chunk().map(|b| u64::from_be_bytes(*b));
    match (source, port) {
        (_, BFD | BFD_MULTIHOP | BFD_LAG | BFD_SEAMLESS) => Some([word(0)?, word(8)?, word(16)?, 0]),
        // Domain, sender; priorities, class and grandmaster; steps.
        (_, PTP) if bytes.first()? & 0x0f == 0x0b => Some([word(0)?, word(20)?, word(47)?, word(55)?]),
        // Leap, mode, stratum; reference.
        (NTP, _) if matches!(bytes.first()? & 7, 4 | 5) => {
            Some([u64::from(*bytes.first()?), u64::from(*bytes.get(1)?), word(12)? >> 32, 0])
        }
        _ => None,
    }
}

/// Ports of BFD (RFC 5881, RFC 5883, RFC 7130, RFC 7881), PTP's general messages and NTP.
const BFD: u16 = 3784;
const BFD_MULTIHOP: u16 = 4784;
const BFD_LAG: u16 = 6784;
const BFD_SEAMLESS: u16 = 7784;
const PTP: u16 = 320;
const NTP: u16 = 123;

/// What such a packet says.
pub fn regular_message(frame: &Frame<'_>) -> Option<ControlMessage> {
    let (key, way) = frame.flow.as_ref()?;
    let [(sender, source), (to, port)] = key.ends(*way);
    let told = match (source, port) {
        (_, BFD | BFD_MULTIHOP | BFD_LAG | BFD_SEAMLESS) => speaker::bfd(frame.payload(), [sender, to]),
        (_, PTP) => speaker::ptp(frame.payload()),
        (NTP, _) => speaker::ntp(frame.payload(), sender),
        _ => None,
    };
    message(frame, ControlBody::Regular { told: Box::new(told?), packets: 1, until: frame.time })
}

/// What a packet to a group says above the network layer, where it is a control packet.
pub fn group_message(frame: &Frame<'_>) -> Option<ControlMessage> {
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
        (17, PTP) => speaker::ptp(frame.payload()).map(speaks),
        (17, _) if source_port == NTP => speaker::ntp(frame.payload(), sender).map(speaks),
        (88, _) => speaker::eigrp(frame.payload(), sender).map(speaks),
        (89, _) => adjacency::ospf(frame.payload()).map(ControlBody::Ospf),
        (112, _) => adjacency::vrrp(frame.payload(), sender).map(ControlBody::Gateway),
        (2, _) => adjacency::igmp_query(frame.payload(), sender).map(ControlBody::Query),
        (58, _) => adjacency::mld_query(icmp6(frame), sender).map(ControlBody::Query),
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
