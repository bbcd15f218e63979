//! Ethernet, its tags, and what EtherTypes name (IEEE 802.3 clause 3, 802.1Q clause 9).

use super::walk::{Next, Walk};
use super::{llc, mpls, ppp, stamp, tunnel};
use crate::model::{Mac, Proto};

/// Below this a type field is a length (IEEE 802.3 clause 3.2.6).
const FIRST_ETHER_TYPE: u16 = 0x0600;

/// Bytes of an Ethernet header.
const HEADER: usize = 14;

/// An Ethernet header.
#[inline]
pub(super) fn ethernet(walk: &mut Walk) -> Next {
    let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1]) = walk.take::<HEADER>() else { return walk.leaf(Proto::Eth) };
    let (source, destination) = (Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]));
    walk.mac(source, destination);
    let number = u16::from_be_bytes([t0, t1]);
    if number == FABRIC_PATH {
        return tunnel::fabric_path(walk, source, destination);
    }
    walk.push_from(walk.at - HEADER, Proto::Eth);
    type_or_length(walk, number)
}

/// An Ethernet header whose protocol has its row already.
pub(super) fn unnamed(walk: &mut Walk) -> Next {
    let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1]) = walk.take::<14>() else { return Next::End };
    walk.mac(Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]));
    type_or_length(walk, u16::from_be_bytes([t0, t1]))
}

/// Cisco's data center EtherType: the addresses before it are switch numbers, not stations'.
const FABRIC_PATH: u16 = 0x8903;

/// A field that is an EtherType or, below 0x0600, the length of an LLC frame.
#[inline]
pub(super) fn type_or_length(walk: &mut Walk, value: u16) -> Next {
    walk.headers.ether_type = value;
    // Zero is neither: an EtherType nobody has, as Wireshark sees it.
    if value >= FIRST_ETHER_TYPE || value == 0 {
        walk.link_payload(0);
        return Next::EtherType(value);
    }
    walk.headers.ether_type = 0;
    walk.end = walk.end.min(walk.at + usize::from(value));
    walk.link_payload(walk.end);
    // Novell's "raw 802.3": IPX whose checksum field is all ones, without LLC.
    if walk.rest().starts_with(&[0xff, 0xff]) {
        return walk.leaf(Proto::Ipx);
    }
    Next::Llc
}

/// What an EtherType names.
#[inline]
pub(super) fn ether_type(walk: &mut Walk, number: u16) -> Next {
    match number {
        0x0800 => Next::Ipv4,
        0x86dd => Next::Ipv6,
        0x8100 | 0x9100 | 0x9200 | 0x9300 => tag(walk, Proto::Vlan),
        0x88a8 => tag(walk, Proto::Ieee8021ad),
        _ => other(walk, number),
    }
}

/// An 802.1Q or 802.1ad tag: PCP, DEI, VID, then the next type.
#[inline]
fn tag(walk: &mut Walk, proto: Proto) -> Next {
    walk.push(proto);
    let Some(&[c0, c1, t0, t1]) = walk.take::<4>() else { return Next::End };
    if walk.pop {
        popped(walk);
    } else {
        walk.headers.vlans.push(u16::from_be_bytes([c0, c1]));
    }
    type_or_length(walk, u16::from_be_bytes([t0, t1]))
}

/// The tag is a mirror's own.
#[cold]
#[inline(never)]
fn popped(walk: &mut Walk) {
    walk.pop = false;
    walk.headers.wire = walk.headers.wire.saturating_sub(4);
}

#[inline(never)]
fn other(walk: &mut Walk, number: u16) -> Next {
    if let Some(proto) = leaf_of(number) {
        return walk.leaf(proto);
    }
    match reader_of(number) {
        Some(read) => read(walk),
        None if walk.rules.ttag == Some(number) => stamp::ttag(walk),
        None => unknown(walk, number),
    }
}

/// Reads what an EtherType announces.
pub(super) type Reader = fn(&mut Walk) -> Next;

/// Whether an EtherType is one of those that are known. Types and lengths of other protocols are where one stands by chance, once in a thousand times.
pub(super) fn is_known(number: u16) -> bool {
    is_ip(number) || is_tag(number) || leaf_of(number).is_some() || reader_of(number).is_some()
}

/// Whether IP, of whichever version, is what an EtherType announces.
pub(super) fn is_ip(number: u16) -> bool {
    matches!(number, 0x0800 | 0x86dd)
}

/// Whether a VLAN tag is what an EtherType announces.
pub(super) fn is_tag(number: u16) -> bool {
    matches!(number, 0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300)
}

/// The protocol of an EtherType behind which nothing else is looked for here.
fn leaf_of(number: u16) -> Option<Proto> {
    Some(match number {
        0x0806 => Proto::Arp,
        0x8863 => Proto::Pppoed,
        0x8035 => Proto::Rarp,
        0x809b => Proto::Ddp,
        0x80f3 => Proto::Aarp,
        0x8137 => Proto::Ipx,
        0x8808 => Proto::MacControl,
        0x886d => Proto::IntelAns,
        0x8892 => Proto::Profinet,
        0x88a4 => Proto::Ethercat,
        0x88b8 => Proto::Goose,
        0x88ba => Proto::SampledValues,
        0x888e => Proto::Eapol,
        0x88cc => Proto::Lldp,
        0x88e1 => Proto::Homeplug,
        0x88f5 => Proto::Mvrp,
        0x88f7 => Proto::Ptp,
        0x88f8 => Proto::Ncsi,
        0x88fb => Proto::Prp,
        0x8902 => Proto::Cfm,
        0x8914 => Proto::Fip,
        0x8899 => Proto::Realtek,
        0x9000 => Proto::Loop,
        0x0842 => Proto::Wol,
        0x22f0 => Proto::Avtp,
        0x22f4 => Proto::Isis,
        0x6003 => Proto::Decnet,
        0x6004 => Proto::Lat,
        0x05dc..0x0600 => Proto::Data,
        _ => return None,
    })
}

/// What reads behind any other EtherType, but for IP and VLAN tags.
fn reader_of(number: u16) -> Option<Reader> {
    Some(match number {
        0x8847 | 0x8848 => mpls::label,
        0x8864 => ppp::pppoe,
        0x8870 => llc::llc,
        0x8809 => slow,
        0x8906 => fibre_channel,
        _ => return tunnel::reader_of(number),
    })
}

fn fibre_channel(walk: &mut Walk) -> Next {
    walk.push(Proto::Fcoe);
    walk.leaf(Proto::Fc)
}

/// An EtherType this program does not read: a row with its number.
pub(super) fn unknown(walk: &mut Walk, number: u16) -> Next {
    walk.headers.path.push_ether_type(number);
    Next::End
}

/// IEEE 802.3 slow protocols (clause 57A): the first byte says which.
fn slow(walk: &mut Walk) -> Next {
    walk.push(Proto::Slow);
    match walk.peek::<1>() {
        Some([1]) => walk.leaf(Proto::Lacp),
        Some([2]) => walk.leaf(Proto::Marker),
        Some([3]) => walk.leaf(Proto::Oam),
        Some([10]) => walk.leaf(Proto::Ossp),
        _ => Next::End,
    }
}
