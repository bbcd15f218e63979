//! EtherTypes that put something before the packet: backbone and fabric headers, port tags, MACsec.

use super::overlay;
use crate::decode::llc;
use crate::decode::walk::{Next, Walk};
use crate::decode::{ethernet, ip, stamp};
use crate::model::{Address, Mac, Proto, Side, TunnelKind};

/// What reads behind an EtherType that is a shim's or a tunnel's.
pub(in crate::decode) fn reader_of(number: u16) -> Option<ethernet::Reader> {
    Some(match number {
        0x22f3 => trill,
        0x88e5 => macsec,
        0x88e7 => backbone,
        0x8909 => metadata,
        0x8926 => vn_tag,
        0x893f => e_tag,
        0x894f => overlay::nsh,
        0x6558 => |_: &mut Walk| Next::Ethernet,
        0x22e5 => stamp::gigamon,
        0xd28b => stamp::avsp,
        _ => return None,
    })
}

/// A tunnel between the stations of the link header read last.
fn between_stations(walk: &mut Walk, kind: TunnelKind, id: u32, next: Next) -> Next {
    let (source, destination) = walk.headers.mac.unwrap_or((Mac::default(), Mac::default()));
    if walk.enter(kind, Address::Mac(source), Address::Mac(destination), id.into()) { next } else { Next::End }
}

/// Cisco FabricPath: forwarding tag 10 and TTL 6 behind the outer header, then the frame.
pub(in crate::decode) fn fabric_path(walk: &mut Walk, source: Mac, destination: Mac) -> Next {
    walk.push(Proto::Cfp);
    let Some(&[t0, t1]) = walk.take::<2>() else { return Next::End };
    let tag = u64::from(u16::from_be_bytes([t0, t1]) >> 6);
    if walk.enter(TunnelKind::FabricPath, Address::Mac(source), Address::Mac(destination), tag) { Next::Ethernet } else { Next::End }
}

/// TRILL (RFC 6325 section 3): version 2, reserved 2, M 1, options in words 5, hops 6; egress and ingress nickname; the frame.
fn trill(walk: &mut Walk) -> Next {
    walk.push(Proto::Trill);
    let Some(&[h0, h1, e0, e1, i0, i1]) = walk.take::<6>() else { return Next::End };
    let options = usize::from(u16::from_be_bytes([h0, h1]) >> 6 & 0x1f) * 4;
    if !ip::skip(walk, options) {
        return Next::End;
    }
    between_stations(walk, TunnelKind::Trill, u32::from_be_bytes([i0, i1, e0, e1]), Next::Ethernet)
}

/// 802.1ah: the I-tag (PCP 3, DEI 1, UCA 1, reserved 3, service instance 24), then the customer's frame.
fn backbone(walk: &mut Walk) -> Next {
    walk.push(Proto::Ieee8021ah);
    let Some(&[_, i0, i1, i2]) = walk.take::<4>() else { return Next::End };
    let id = u32::from_be_bytes([0, i0, i1, i2]);
    match between_stations(walk, TunnelKind::Ieee8021ah, id, Next::Ethernet) {
        Next::Ethernet => ethernet::unnamed(walk),
        next => next,
    }
}

/// Cisco MetaData: version, length, options 16, security group 16, then the EtherType.
fn metadata(walk: &mut Walk) -> Next {
    walk.push(Proto::Cmd);
    let Some(_) = walk.take::<6>() else { return Next::End };
    llc::ether_type_field(walk)
}

/// Cisco VN-tag: direction 1, pointer 1, destination interface 14, looped 1, reserved 1, version 2, source interface 12. Towards the
/// bridge (direction 0) the source is the switch's virtual port, from it the destination.
fn vn_tag(walk: &mut Walk) -> Next {
    walk.push(Proto::Vntag);
    let Some(&tag) = walk.take::<4>() else { return Next::End };
    let tag = u32::from_be_bytes(tag);
    if tag >> 31 == 0 {
        walk.note_port(tag & 0x0fff, Some(Side::Ingress));
    } else {
        walk.note_port(tag >> 16 & 0x3fff, Some(Side::Egress));
    }
    llc::ether_type_field(walk)
}

/// 802.1BR E-tag: PCP 3, DEI 1, ingress channel 12; reserved 2, group 2, channel 12; ingress and channel extensions 8 each.
fn e_tag(walk: &mut Walk) -> Next {
    walk.push(Proto::Etag);
    let Some(&[_, _, c0, c1, _, extension]) = walk.take::<6>() else { return Next::End };
    // Group 0 are single ports, the others multicast groups.
    if c0 & 0x30 == 0 {
        walk.note_port(u32::from(extension) << 14 | u32::from(u16::from_be_bytes([c0, c1]) & 0x3fff), None);
    }
    llc::ether_type_field(walk)
}

/// MACsec (IEEE 802.1AE clause 9.3): TCI and AN, short length, packet number, then the channel identifier with SC. With E or C the rest
/// is not in clear; without, a 16-byte check value ends it.
fn macsec(walk: &mut Walk) -> Next {
    walk.push(Proto::Macsec);
    let Some(&[control, _, _, _, _, _]) = walk.take::<6>() else { return Next::End };
    if control & 0x20 != 0 && walk.take::<8>().is_none() {
        return Next::End;
    }
    if control & 0x0c != 0 {
        return Next::End;
    }
    walk.end = walk.end.saturating_sub(16).max(walk.at);
    llc::ether_type_field(walk)
}
