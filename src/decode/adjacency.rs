//! What routers, gateways and ports tell each other: VRRP, CARP, HSRP, GLBP, OSPF, group queries, EAPOL.

use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Address, BgpNotification, EapolStep, GatewayHello, GatewayProtocol, GroupQuery, OspfHello, OspfPacket, ShortName};
use std::net::{Ipv4Addr, Ipv6Addr};

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}

fn v4(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    bytes.get(at..)?.first_chunk::<4>().map(|b| (*b).into())
}

fn v6(bytes: &[u8], at: usize) -> Option<Ipv6Addr> {
    bytes.get(at..)?.first_chunk::<16>().map(|b| (*b).into())
}

/// Reads what is in IP protocol 112: VRRP (RFC 9568 section 5, RFC 3768 section 5), or CARP, which has a fixed length and says so where VRRP
/// counts addresses.
pub fn vrrp(payload: &[u8], sender: Address) -> Option<GatewayHello> {
    let [head, group, priority, count, ..] = *payload else { return None };
    if head == 0x21 && count == 7 && payload.len() == 36 {
        return Some(GatewayHello {
            protocol: GatewayProtocol::Carp,
            version: 2,
            group: group.into(),
            is_active: true,
            leaves: false,
            priority: priority.into(),
            // Whole seconds; what skews it is less than one more.
            hello: payload.get(5).map(|base| i64::from(*base) * SECOND),
            sender: Some(sender),
            address: None,
        });
    }
    let version = head >> 4;
    if head & 0x0f != 1 || !matches!(version, 2 | 3) {
        return None;
    }
    let hello = match version {
        2 => i64::from(*payload.get(5)?) * SECOND,
        _ => i64::from(word(payload, 4)? & 0x0fff) * 10 * MILLISECOND,
    };
    let address = match sender {
        Address::V6(_) => v6(payload, 8).map(Address::V6),
        _ => v4(payload, 8).map(Address::V4),
    };
    Some(GatewayHello {
        protocol: GatewayProtocol::Vrrp,
        version,
        group: group.into(),
        is_active: priority > 0,
        leaves: priority == 0,
        priority: priority.into(),
        hello: Some(hello),
        sender: Some(sender),
        address: address.filter(|_| count > 0),
    })
}

/// Reads HSRP (RFC 2281 section 5.1) and its second version, which is a list of values of which the first tells the group.
pub fn hsrp(payload: &[u8], sender: Address) -> Option<GatewayHello> {
    const RESIGN: u8 = 2;
    let base = |version, group, priority, hello, opcode, is_active, address| GatewayHello {
        protocol: GatewayProtocol::Hsrp,
        version,
        group,
        is_active: is_active && opcode != RESIGN,
        leaves: opcode == RESIGN,
        priority,
        hello: Some(hello),
        sender: Some(sender),
        address,
    };
    match *payload {
        [0, opcode @ 0..=2, state, hello, _, priority, group, ..] => {
            let address = v4(payload, 16).map(Address::V4);
            Some(base(1, group.into(), priority.into(), i64::from(hello) * SECOND, opcode, state == 16, address))
        }
        [1, 40, 2, opcode, state, ip, ..] => {
            let address = if ip == 6 { v6(payload, 26).map(Address::V6) } else { v4(payload, 26).map(Address::V4) };
            let hello = i64::from(long(payload, 18)?) * MILLISECOND;
            Some(base(2, word(payload, 6)?, long(payload, 14)?, hello, opcode, state == 6, address))
        }
        _ => None,
    }
}

/// Reads GLBP's hello: version, a byte, the group, two bytes, the sender's address, then values of which the first of type 1 tells of the
/// group.
pub fn glbp(payload: &[u8], sender: Address) -> Option<GatewayHello> {
    const ACTIVE: u8 = 32;
    let [1, ..] = *payload else { return None };
    let value = payload.get(12..).filter(|v| v.first() == Some(&1))?;
    let hello = i64::from(long(value, 8)?) * MILLISECOND;
    Some(GatewayHello {
        protocol: GatewayProtocol::Glbp,
        version: 1,
        group: word(payload, 2)?,
        is_active: *value.get(3)? == ACTIVE,
        leaves: false,
        priority: u32::from(*value.get(5)?),
        hello: Some(hello),
        sender: Some(sender),
        address: (value.get(22..24) == Some(&[1, 4])).then(|| v4(value, 24).map(Address::V4)).flatten(),
    })
}

/// Reads OSPF (RFC 2328 appendix A.3, RFC 5340 appendix A.3).
pub fn ospf(payload: &[u8], sender: Address) -> Option<OspfPacket> {
    let [version @ (2 | 3), kind @ 1..=5, ..] = *payload else { return None };
    let body = payload.get(if version == 2 { 24 } else { 16 }..).unwrap_or_default();
    let hello = || {
        let (interval, dead, end) = match version {
            2 => (word(body, 4)?, long(body, 8)?, 20),
            _ => (word(body, 8)?, word(body, 10)?.into(), 20),
        };
        let all = usize::from(word(payload, 2)?).min(payload.len());
        let listed = all.saturating_sub(payload.len() - body.len()).saturating_sub(end) / 4;
        let mask = (version == 2).then(|| long(body, 0)).flatten().map(|mask| mask.leading_ones() as u8);
        let mut heard = [0; 8];
        heard.iter_mut().zip(0..listed).for_each(|(router, at)| *router = long(body, end + 4 * at).unwrap_or(0));
        Some(OspfHello { interval, dead, mask, neighbours: listed.min(usize::from(u16::MAX)) as u16, heard })
    };
    Some(OspfPacket {
        version,
        kind,
        router: v4(payload, 4)?,
        sender: Some(sender),
        area: v4(payload, 8)?,
        hello: if kind == 1 { Some(hello()?) } else { None },
        mtu: if kind == 2 { word(body, if version == 2 { 0 } else { 4 }) } else { None },
    })
}

/// Reads a query for IPv4's groups: version 1 without a time, version 3 by its length (RFC 3376 section 7.1).
pub fn igmp_query(payload: &[u8], querier: Address) -> Option<GroupQuery> {
    let [0x11, time, ..] = *payload else { return None };
    let group = v4(payload, 4)?;
    let version = match (payload.len(), time) {
        (12.., _) => 3,
        (_, 0) => 1,
        _ => 2,
    };
    Some(GroupQuery { version, querier, is_general: group.is_unspecified() })
}

/// Reads a query for IPv6's groups: version 2 by its length (RFC 3810 section 8.1).
pub fn mld_query(payload: &[u8], querier: Address) -> Option<GroupQuery> {
    let [130, 0, ..] = *payload else { return None };
    let group = v6(payload, 8)?;
    Some(GroupQuery { version: if payload.len() >= 28 { 2 } else { 1 }, querier, is_general: group.is_unspecified() })
}

/// Reads a step of a port's authentication (IEEE 802.1X clause 11.3, RFC 3748 section 4).
pub fn eapol(body: &[u8]) -> Option<(EapolStep, Option<u8>)> {
    let [1..=3, kind, ..] = *body else { return None };
    let step = match (kind, body.get(4)) {
        (0, Some(1)) => EapolStep::Request,
        (0, Some(2)) => EapolStep::Response,
        (0, Some(3)) => EapolStep::Success,
        (0, Some(4)) => EapolStep::Failure,
        (1, _) => EapolStep::Start,
        (2, _) => EapolStep::Logoff,
        (3, _) => EapolStep::Key,
        _ => EapolStep::Other,
    };
    // 1 to 3 are questions and notices, no method (RFC 3748 section 5).
    let names = matches!(step, EapolStep::Request | EapolStep::Response);
    Some((step, body.get(8).copied().filter(|method| names && *method > 3)))
}

/// A message of BGP: 16 bytes of ones, its length, its type (RFC 4271 section 4.1).
const BGP_MARKER: [u8; 16] = [0xff; 16];
const BGP_HEADER: usize = 19;
const BGP_NOTIFICATION: u8 = 3;

/// Messages of a segment that are looked through.
const BGP_MESSAGES: usize = 16;

/// Reads why a session of BGP ends, from the messages of a segment that begins with one.
pub fn bgp_notification(mut segment: &[u8], [sender, receiver]: [Address; 2]) -> Option<BgpNotification> {
    for _ in 0..BGP_MESSAGES {
        let message = segment.strip_prefix(&BGP_MARKER)?;
        let length = usize::from(word(message, 0)?);
        if message.get(2) != Some(&BGP_NOTIFICATION) {
            segment = segment.get(length.max(BGP_HEADER)..)?;
            continue;
        }
        let body = segment.get(BGP_HEADER..length.min(segment.len()))?;
        let code = *body.first_chunk::<2>()?;
        // By hand: how long the words are, and the words.
        let words = match (code, body.get(2..)) {
            ([6, 2 | 4], Some([length, words @ ..])) => words.get(..usize::from(*length).min(words.len())).unwrap_or_default(),
            _ => &[],
        };
        return Some(BgpNotification { sender, receiver, code, words: ShortName::new(words) });
    }
    None
}
