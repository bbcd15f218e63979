//! What IP protocol numbers name: TCP, UDP, SCTP, ICMP and the rest (IANA "Protocol Numbers").

use super::headers::TransportHeader;
use super::walk::{Next, Walk};
use super::{ip, mpls, tunnel};
use crate::model::Proto;
use etherparse::TcpHeaderSlice;

/// What an IP protocol number names.
#[inline]
pub(super) fn ip_protocol(walk: &mut Walk, number: u8) -> Next {
    match number {
        6 => tcp(walk),
        17 => udp(walk, Proto::Udp),
        _ => other(walk, number),
    }
}

#[inline(never)]
fn other(walk: &mut Walk, number: u8) -> Next {
    let leaf = match number {
        1 => return icmp(walk, Proto::Icmp),
        58 => return icmp(walk, Proto::Icmpv6),
        132 => return sctp(walk),
        136 => return udp(walk, Proto::Udplite),
        33 => return walk.leaf(Proto::Dccp),
        4 | 41 => return ip::inside(walk),
        47 => return tunnel::gre(walk),
        51 => return authentication(walk),
        97 => return tunnel::etherip(walk),
        115 => return tunnel::l2tpv3(walk),
        137 => return mpls::label(walk),
        2 => Proto::Igmp,
        46 => Proto::Rsvp,
        50 => Proto::Esp,
        54 => Proto::Nhrp,
        55 => Proto::Mobile,
        88 => Proto::Eigrp,
        89 => Proto::Ospf,
        94 => Proto::Ipip,
        103 => Proto::Pim,
        108 => Proto::Ipcomp,
        112 => return vrrp(walk),
        113 => Proto::Pgm,
        124 => Proto::Isis,
        135 => Proto::Mipv6,
        59 => return Next::End,
        _ => {
            walk.headers.path.push_ip_protocol(number);
            return Next::End;
        }
    };
    walk.leaf(leaf)
}

/// Whether a transport header read now is the analysed frame's: its network layer is, and no transport was read yet.
#[inline]
fn is_ours(walk: &Walk) -> bool {
    walk.owns_innermost_net() && walk.headers.transport_at == 0
}

#[inline]
fn note(walk: &mut Walk, at: usize, transport: TransportHeader) {
    walk.headers.transport = transport;
    walk.headers.transport_at = at as u32;
}

/// TCP (RFC 9293).
#[inline]
fn tcp(walk: &mut Walk) -> Next {
    walk.push(Proto::Tcp);
    let (at, left, ours) = (walk.at, walk.left(), is_ours(walk));
    let Some(fixed) = walk.peek::<20>() else { return cut_ports(walk, ours) };
    let length = usize::from(fixed[12] >> 4) * 4;
    if length < 20 || length > left {
        cut_ports(walk, ours);
        return walk.malformed();
    }
    let Ok(header) = TcpHeaderSlice::from_slice(walk.rest()) else {
        // Options cut by the capture: the fixed part says everything needed here.
        walk.missing(length);
        if ours {
            let payload = walk.declared.saturating_sub(at + length);
            note(walk, at, fixed_tcp(fixed, payload));
        }
        return Next::End;
    };
    if ours {
        let transport = TransportHeader::Tcp {
            source: header.source_port(),
            destination: header.destination_port(),
            sequence: header.sequence_number(),
            acknowledgement: header.acknowledgment_number(),
            flags: fixed[13],
            window: header.window_size(),
            payload: u32::try_from(walk.declared.saturating_sub(at + length)).unwrap_or(0),
        };
        note(walk, at, transport);
    }
    walk.at += length;
    Next::End
}

#[cold]
fn fixed_tcp(h: &[u8; 20], payload: usize) -> TransportHeader {
    let be16 = |at: usize| u16::from_be_bytes([h[at], h[at + 1]]);
    let be32 = |at: usize| u32::from_be_bytes([h[at], h[at + 1], h[at + 2], h[at + 3]]);
    TransportHeader::Tcp {
        source: be16(0),
        destination: be16(2),
        sequence: be32(4),
        acknowledgement: be32(8),
        flags: h[13],
        window: be16(14),
        payload: payload as u32,
    }
}

/// A transport header cut short: the ports count when they are there.
#[cold]
#[inline(never)]
fn cut_ports(walk: &mut Walk, ours: bool) -> Next {
    if ours && let [s0, s1, d0, d1, ..] = *walk.rest() {
        let at = walk.at;
        note(walk, at, TransportHeader::Cut { source: u16::from_be_bytes([s0, s1]), destination: u16::from_be_bytes([d0, d1]) });
    }
    Next::End
}

/// UDP (RFC 768) and UDP-Lite (RFC 3828).
#[inline]
fn udp(walk: &mut Walk, proto: Proto) -> Next {
    walk.push(proto);
    // A frame that was cut before it was captured ends before its datagram does.
    let (at, end, ours) = (walk.at, walk.end.max(walk.declared), is_ours(walk));
    let Some(&[s0, s1, d0, d1, l0, l1, _, _]) = walk.peek::<8>() else { return cut_ports(walk, ours) };
    let (source, destination) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    if ours {
        note(walk, at, TransportHeader::Udp { source, destination });
    }
    walk.at += 8;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if proto == Proto::Udplite {
        return Next::End;
    }
    // Zero is a jumbogram's or an uncut segment's length. A first fragment holds less than the datagram's length says.
    if length != 0 {
        if length < 8 || at + length > end && !walk.partial {
            return walk.malformed();
        }
        // What it carries is as long as the datagram says, also where the rest is in other packets.
        walk.end = if walk.partial { at + length } else { walk.end.min(at + length) };
    }
    if tunnel::may_carry_packets(source, destination, walk.rules) { Next::UdpPayload(source, destination) } else { Next::End }
}

/// SCTP (RFC 9260): ports, verification tag, checksum.
fn sctp(walk: &mut Walk) -> Next {
    walk.push(Proto::Sctp);
    let (at, ours) = (walk.at, is_ours(walk));
    let Some(&[s0, s1, d0, d1, ..]) = walk.peek::<12>() else { return cut_ports(walk, ours) };
    walk.at += 12;
    if ours {
        note(walk, at, TransportHeader::Sctp { source: u16::from_be_bytes([s0, s1]), destination: u16::from_be_bytes([d0, d1]) });
    }
    Next::End
}

fn icmp(walk: &mut Walk, proto: Proto) -> Next {
    walk.push(proto);
    let (at, ours) = (walk.at, is_ours(walk));
    let Some(&[kind, code, _, _]) = walk.take::<4>() else { return Next::End };
    if ours {
        note(walk, at, TransportHeader::Icmp { kind, code });
    }
    Next::End
}

/// IPsec authentication header (RFC 4302): next header, length in 4-byte units less two.
fn authentication(walk: &mut Walk) -> Next {
    walk.push(Proto::Ah);
    let Some(&[next, length]) = walk.peek::<2>() else { return Next::End };
    let length = (usize::from(length) + 2) * 4;
    if length < 12 {
        return walk.malformed();
    }
    if !ip::skip(walk, length) {
        return Next::End;
    }
    if walk.owns_innermost_net() {
        walk.headers.protocol = next;
    }
    Next::IpProtocol(next)
}

/// VRRP (RFC 9568), or CARP, which shares its number: CARP's first byte is version 2, type 1 like VRRP 2's, but its length of
/// authentication field at offset 3 is 7.
fn vrrp(walk: &mut Walk) -> Next {
    let carp = matches!(walk.rest(), [0x21, _, _, 7, ..]);
    walk.leaf(if carp { Proto::Carp } else { Proto::Vrrp })
}
