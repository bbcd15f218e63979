//! Link types other than Ethernet (<https://www.tcpdump.org/linktypes.html>).

use super::walk::{Next, Walk};
use super::{llc, ppp, tunnel, wlan};
use crate::model::{LinkType, Mac, Proto};

/// The header a link type puts before the packet.
#[inline(never)]
pub(super) fn link(walk: &mut Walk, link: LinkType) -> Next {
    match link {
        LinkType::ETHERNET => Next::Ethernet,
        LinkType::LINUX_SLL => sll(walk),
        LinkType::LINUX_SLL2 => sll2(walk),
        LinkType::RAW | LinkType(12) | LinkType(14) => {
            walk.push(Proto::Raw);
            Next::Ip
        }
        LinkType::IPV4 => Next::Ipv4,
        LinkType::IPV6 => Next::Ipv6,
        LinkType::NULL | LinkType::LOOP => null(walk),
        LinkType::PPP | LinkType::PPP_HDLC => ppp_or_hdlc(walk),
        LinkType::PPP_ETHER => ppp::pppoe(walk),
        LinkType::PPP_WITH_DIR => {
            walk.take::<1>();
            ppp_or_hdlc(walk)
        }
        LinkType::C_HDLC => chdlc(walk),
        LinkType::FRELAY => frame_relay(walk),
        LinkType::FDDI => fddi(walk),
        LinkType::IEEE802_5 => token_ring(walk),
        LinkType::IEEE802_11 => Next::Wlan,
        LinkType::IEEE802_11_RADIOTAP => wlan::radiotap(walk),
        LinkType::IEEE802_11_PRISM => wlan::prism(walk),
        LinkType::IEEE802_11_AVS => wlan::avs(walk),
        LinkType::DSA_TAG_BRCM => tunnel::broadcom(walk),
        LinkType::DSA_TAG_BRCM_PREPEND => tunnel::broadcom_prepended(walk),
        LinkType::DSA_TAG_DSA => tunnel::dsa(walk),
        LinkType::DSA_TAG_EDSA => tunnel::edsa(walk),
        LinkType::NETLINK => walk.leaf(Proto::Netlink),
        _ => {
            walk.headers.path.push_link_type(link.0);
            Next::End
        }
    }
}

/// Linux cooked capture: packet type, ARPHRD, address, protocol.
fn sll(walk: &mut Walk) -> Next {
    walk.push(Proto::Sll);
    let Some(&[_, _, h0, h1, _, _, _, _, _, _, _, _, _, _, t0, t1]) = walk.take::<16>() else { return Next::End };
    cooked(walk, u16::from_be_bytes([h0, h1]), u16::from_be_bytes([t0, t1]))
}

/// Linux cooked capture, version 2: protocol comes first.
fn sll2(walk: &mut Walk) -> Next {
    walk.push(Proto::Sll);
    let Some(&[t0, t1, _, _, _, _, _, _, h0, h1, _, _, _, _, _, _, _, _, _, _]) = walk.take::<20>() else { return Next::End };
    cooked(walk, u16::from_be_bytes([h0, h1]), u16::from_be_bytes([t0, t1]))
}

/// ARPHRD_NETLINK (linux/if_arp.h).
const ARPHRD_NETLINK: u16 = 824;

fn cooked(walk: &mut Walk, hardware: u16, protocol: u16) -> Next {
    if hardware == ARPHRD_NETLINK {
        return walk.leaf(Proto::Netlink);
    }
    walk.headers.ether_type = protocol;
    walk.link_payload(0);
    match protocol {
        // ETH_P_802_3: Novell raw frames; ETH_P_802_2: LLC.
        0x0001 => walk.leaf(Proto::Ipx),
        0x0004 => Next::Llc,
        0x0000..0x0600 => {
            walk.headers.path.push_ether_type(protocol);
            Next::End
        }
        number => Next::EtherType(number),
    }
}

/// BSD loopback: an address family in the byte order of the machine that wrote it, or in network order.
fn null(walk: &mut Walk) -> Next {
    walk.push(Proto::Null);
    let Some(&family) = walk.take::<4>() else { return Next::End };
    let little = u32::from_le_bytes(family);
    let family = if little > 0xffff { u32::from_be_bytes(family) } else { little };
    match family {
        // AF_INET everywhere; AF_INET6 on Linux, NetBSD/OpenBSD, FreeBSD, Darwin.
        2 | 10 | 24 | 28 | 30 => Next::Ip,
        _ => walk.leaf(Proto::Data),
    }
}

/// PPP captures may hold Cisco HDLC frames: their address byte tells.
fn ppp_or_hdlc(walk: &mut Walk) -> Next {
    match walk.rest() {
        [0x0f | 0x8f, 0x00, ..] => chdlc(walk),
        _ => ppp::framed(walk),
    }
}

/// Cisco HDLC: address, control, EtherType.
fn chdlc(walk: &mut Walk) -> Next {
    walk.push(Proto::Chdlc);
    let Some(&[_, _, t0, t1]) = walk.take::<4>() else { return Next::End };
    let number = u16::from_be_bytes([t0, t1]);
    walk.headers.ether_type = number;
    walk.link_payload(0);
    match number {
        0x8035 => walk.leaf(Proto::Slarp),
        0x2000 => walk.leaf(Proto::Cdp),
        0xfefe => llc::osi(walk),
        _ => Next::EtherType(number),
    }
}

/// Frame Relay: Q.922 address (bytes until the one with the extension bit), then control and NLPID, or Cisco's EtherType.
fn frame_relay(walk: &mut Walk) -> Next {
    walk.push(Proto::Fr);
    for _ in 0..4 {
        match walk.take::<1>() {
            Some([byte]) if byte & 1 == 1 => break,
            Some(_) => {}
            None => return Next::End,
        }
    }
    match walk.rest() {
        [0x03, ..] => {
            walk.at += 1;
            // A pad byte may align the NLPID.
            if walk.rest().first() == Some(&0) {
                walk.at += 1;
            }
            llc::nlpid(walk)
        }
        _ => llc::ether_type_field(walk),
    }
}

/// FDDI (ANSI X3.139): frame control, destination, source. Frames other than LLC carry no packet.
fn fddi(walk: &mut Walk) -> Next {
    walk.push(Proto::Fddi);
    let Some(&[control, d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]) = walk.take::<13>() else { return Next::End };
    walk.mac(Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]));
    if matches!(control, 0x50..=0x5f) { Next::Llc } else { Next::End }
}

/// Token ring (IEEE 802.5): access control, frame control, addresses, a routing field when the source's first bit says so.
fn token_ring(walk: &mut Walk) -> Next {
    walk.push(Proto::Tr);
    let Some(&[_, control, d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]) = walk.take::<14>() else { return Next::End };
    walk.mac(Mac([s0 & 0x7f, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]));
    if s0 & 0x80 != 0 {
        let Some(&[length, _]) = walk.peek::<2>() else { return Next::End };
        walk.at += usize::from(length & 0x1f).max(2);
    }
    if control & 0xc0 == 0x40 { Next::Llc } else { Next::End }
}
