//! Linux: "cooked" captures of any interface, and netfilter's log.

use crate::decode::walk::{Next, Walk};
use crate::decode::{ip, ppp};
use crate::model::{LinkType, Proto};

/// Linux cooked capture: packet type, ARPHRD, address, protocol.
pub(super) fn sll(walk: &mut Walk) -> Next {
    walk.push(Proto::Sll);
    let Some(&[_, _, h0, h1, _, _, _, _, _, _, _, _, _, _, t0, t1]) = walk.take::<16>() else { return Next::End };
    cooked(walk, u16::from_be_bytes([h0, h1]), u16::from_be_bytes([t0, t1]))
}

/// Linux cooked capture, version 2: protocol comes first.
pub(super) fn sll2(walk: &mut Walk) -> Next {
    walk.push(Proto::Sll);
    let Some(&[t0, t1, _, _, _, _, _, _, h0, h1, _, _, _, _, _, _, _, _, _, _]) = walk.take::<20>() else { return Next::End };
    cooked(walk, u16::from_be_bytes([h0, h1]), u16::from_be_bytes([t0, t1]))
}

/// Hardware types (linux/if_arp.h, ARPHRD_*) whose protocol field does not say what follows.
const NETLINK: u16 = 824;
const WLAN: u16 = 801;
const WLAN_PRISM: u16 = 802;
const WLAN_RADIOTAP: u16 = 803;

fn cooked(walk: &mut Walk, hardware: u16, protocol: u16) -> Next {
    match hardware {
        NETLINK => return walk.leaf(Proto::Netlink),
        WLAN => return Next::Wlan,
        WLAN_PRISM => return Next::Link(LinkType::IEEE802_11_PRISM),
        WLAN_RADIOTAP => return Next::Link(LinkType::IEEE802_11_RADIOTAP),
        _ => {}
    }
    walk.headers.ether_type = protocol;
    walk.link_payload(0);
    // Numbers below 0x0600 are Linux' own (linux/if_ether.h, ETH_P_*).
    match protocol {
        // ETH_P_802_3: Novell raw frames.
        0x0001 => walk.leaf(Proto::Ipx),
        // ETH_P_ALL: a frame of an interface whose header is Ethernet's.
        0x0003 => Next::Ethernet,
        0x0004 => Next::Llc,
        0x0007 => ppp::framed(walk),
        0x000c => walk.leaf(Proto::Can),
        0x000d => walk.leaf(Proto::Canfd),
        0x0017 => walk.leaf(Proto::Irlap),
        0x00f5 => walk.leaf(Proto::Isi),
        0x00f6 => Next::Link(LinkType::IEEE802_15_4_NOFCS),
        0x0000..0x0600 => {
            walk.headers.path.push_ether_type(protocol);
            Next::End
        }
        number => Next::EtherType(number),
    }
}

/// Values of one packet that netfilter's log is looked through for: there are twenty kinds.
const MAX_VALUES: usize = 64;

/// Kinds of values (linux/netfilter/nfnetlink_log.h, NFULA_*).
const PACKET_HEADER: u16 = 1;
const PAYLOAD: u16 = 9;

/// Netfilter's log: family, version, group; then values, each with length and type in the byte order of the machine that captured, padded to
/// four bytes. One of them is the packet.
pub(super) fn nflog(walk: &mut Walk) -> Next {
    walk.push(Proto::Nflog);
    let Some(&[family, 0, _, _]) = walk.take::<4>() else { return Next::End };
    // Of the other families the protocol, an EtherType in network order, says what the packet is.
    let mut next = if matches!(family, 2 | 10) { Next::Ip } else { Next::End };
    for _ in 0..MAX_VALUES {
        let Some(&[l0, l1, t0, t1]) = walk.peek::<4>() else { break };
        let little = (u16::from_le_bytes([l0, l1]), u16::from_le_bytes([t0, t1]));
        // Types are small numbers; the upper two bits are flags.
        let (length, kind) = if little.1 & 0x3fff > 0xff { (u16::from_be_bytes([l0, l1]), u16::from_be_bytes([t0, t1])) } else { little };
        let length = usize::from(length);
        if length < 4 {
            return walk.malformed();
        }
        match kind & 0x3fff {
            PAYLOAD => {
                walk.at += 4;
                walk.end = walk.end.min(walk.at + length - 4);
                return next;
            }
            PACKET_HEADER if next == Next::End => {
                let number = walk.rest().get(4..6).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b));
                if number >= 0x0600 {
                    walk.headers.ether_type = number;
                    next = Next::EtherType(number);
                }
            }
            _ => {}
        }
        if !ip::skip(walk, length.next_multiple_of(4)) {
            return Next::End;
        }
    }
    Next::End
}
