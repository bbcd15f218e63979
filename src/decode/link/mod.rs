//! Link types other than Ethernet (<https://www.tcpdump.org/linktypes.html>): one line each in [`link`], its step in the file of its family.
//!
//! A new one is its number and name in `model/link.rs`, its line in the table here and, unless it is only named, its step:
//!
//! | file | family |
//! |---|---|
//! | `bsd` | loopback, IPsec, packet filter and Solaris' IP interfaces |
//! | `linux` | "cooked" captures, netfilter's log |
//! | `lan` | FDDI, token ring, Fibre Channel, InfiniBand, ARCNET, FireWire |
//! | `wan` | PPP, Cisco HDLC, Frame Relay, SLIP |
//! | `atm` | ATM |
//! | `wpan` | IEEE 802.15.4 |
//! | `juniper` | what Juniper's routers write |
//! | `erf` | records of Endace's cards |
//! | `wrapped` | headers that name the link type of what follows |

mod atm;
mod bsd;
mod erf;
mod juniper;
mod lan;
mod linux;
mod wan;
mod wpan;
mod wrapped;

use super::walk::{Next, Walk};
use super::{mpls, ppp, tunnel, wlan};
use crate::model::{LinkType, Proto};

/// The header a link type puts before the packet: the table of all that are read or known by name.
#[inline(never)]
pub(super) fn link(walk: &mut Walk, link: LinkType) -> Next {
    match link {
        LinkType::ETHERNET => Next::Ethernet,
        LinkType::RAW | LinkType(12) | LinkType(14) => {
            walk.push(Proto::Raw);
            Next::Ip
        }
        LinkType::IPV4 => Next::Ipv4,
        LinkType::IPV6 => Next::Ipv6,
        LinkType::MPLS => mpls::label(walk),
        LinkType::SCTP => Next::IpProtocol(132),
        LinkType::TZSP => tunnel::tzsp(walk),

        LinkType::NULL | LinkType::LOOP => bsd::null(walk),
        LinkType::ENC => bsd::enc(walk),
        LinkType::PFLOG => bsd::pflog(walk),
        LinkType::IPNET => bsd::ipnet(walk),

        LinkType::LINUX_SLL => linux::sll(walk),
        LinkType::LINUX_SLL2 => linux::sll2(walk),
        LinkType::NFLOG => linux::nflog(walk),

        LinkType::FDDI => lan::fddi(walk),
        LinkType::IEEE802_5 => lan::token_ring(walk),
        LinkType::IP_OVER_FC => lan::fibre_channel(walk),
        LinkType::IPOIB => lan::infiniband(walk),
        LinkType::ARCNET_BSD => lan::arcnet_bsd(walk),
        LinkType::ARCNET_LINUX => lan::arcnet_linux(walk),
        LinkType::APPLE_IP_OVER_IEEE1394 => lan::firewire(walk),
        LinkType::EPON => lan::epon(walk),
        LinkType::DSA_TAG_BRCM => tunnel::broadcom(walk),
        LinkType::DSA_TAG_BRCM_PREPEND => tunnel::broadcom_prepended(walk),
        LinkType::DSA_TAG_DSA => tunnel::dsa(walk),
        LinkType::DSA_TAG_EDSA => tunnel::edsa(walk),

        LinkType::PPP | LinkType::PPP_HDLC => wan::ppp_or_hdlc(walk),
        LinkType::PPP_PPPD => wan::pppd(walk),
        LinkType::PPP_WITH_DIR => wan::with_direction(walk, wan::ppp_or_hdlc),
        LinkType::PPP_ETHER => ppp::pppoe(walk),
        LinkType::C_HDLC => wan::chdlc(walk),
        LinkType::C_HDLC_WITH_DIR => wan::with_direction(walk, wan::chdlc),
        LinkType::FRELAY => wan::frame_relay(walk),
        LinkType::FRELAY_WITH_DIR => wan::with_direction(walk, wan::frame_relay),
        LinkType::SLIP => wan::slip(walk),

        // Before libpcap 1.0 files had the number that BSD systems use themselves.
        LinkType::ATM_RFC1483 | LinkType(11) => atm::rfc1483(walk),
        LinkType::SUNATM => atm::sunatm(walk),

        LinkType::IEEE802_11 => Next::Wlan,
        LinkType::IEEE802_11_RADIOTAP => wlan::radiotap(walk),
        LinkType::IEEE802_11_PRISM => wlan::prism(walk),
        LinkType::IEEE802_11_AVS => wlan::avs(walk),

        LinkType::IEEE802_15_4_WITHFCS | LinkType::IEEE802_15_4_NOFCS => wpan::wpan(walk),
        LinkType::IEEE802_15_4_NONASK_PHY => wpan::phy(walk),
        LinkType::IEEE802_15_4_TAP => wpan::tap(walk),

        LinkType::ERF => erf::erf(walk),
        LinkType::PPI => wrapped::ppi(walk),
        LinkType::PKTAP => wrapped::pktap(walk),

        _ => match juniper_header(link) {
            Some(behind) => juniper::juniper(walk, behind),
            None => known_by_name(walk, link),
        },
    }
}

/// What stands behind the header that Juniper's routers write.
fn juniper_header(link: LinkType) -> Option<juniper::Behind> {
    Some(match link {
        LinkType::JUNIPER_ETHER | LinkType::JUNIPER_PPPOE => juniper::Behind::Ethernet,
        LinkType::JUNIPER_PPP => juniper::Behind::Ppp,
        LinkType::JUNIPER_CHDLC => juniper::Behind::Chdlc,
        LinkType::JUNIPER_FRELAY => juniper::Behind::FrameRelay,
        LinkType::JUNIPER_MLPPP => juniper::Behind::Multilink,
        LinkType::JUNIPER_MLFR => juniper::Behind::Nlpid(2),
        LinkType::JUNIPER_MFR => juniper::Behind::Nlpid(4),
        LinkType::JUNIPER_ATM1 => juniper::Behind::Atm(4),
        LinkType::JUNIPER_ATM2 => juniper::Behind::Atm(8),
        LinkType::JUNIPER_PPPOE_ATM => juniper::Behind::EtherType,
        LinkType::JUNIPER_ES
        | LinkType::JUNIPER_GGSN
        | LinkType::JUNIPER_SERVICES
        | LinkType::JUNIPER_MONITOR
        | LinkType::JUNIPER_PIC_PEER
        | LinkType::JUNIPER_VP
        | LinkType::JUNIPER_ISM
        | LinkType::JUNIPER_ST
        | LinkType::JUNIPER_VS
        | LinkType::JUNIPER_SRX_E2E
        | LinkType::JUNIPER_FIBRECHANNEL
        | LinkType::JUNIPER_ATM_CEMIC => juniper::Behind::Cookie,
        _ => return None,
    })
}

/// Link types whose packets are told by name: what they carry is not read.
fn known_by_name(walk: &mut Walk, link: LinkType) -> Next {
    match link {
        LinkType::NETLINK => walk.leaf(Proto::Netlink),
        LinkType::USB_BSD | LinkType::USB_LINUX | LinkType::USB_LINUX_MMAPPED | LinkType::USBPCAP | LinkType::USB_DARWIN => {
            walk.leaf(Proto::Usb)
        }
        LinkType::USB_2_0 => walk.leaf(Proto::Usbll),
        LinkType::BLUETOOTH_HCI_H4
        | LinkType::BLUETOOTH_HCI_H4_WITH_PHDR
        | LinkType::BLUETOOTH_LE_LL
        | LinkType::BLUETOOTH_LE_LL_WITH_PHDR
        | LinkType::BLUETOOTH_LINUX_MONITOR
        | LinkType::BLUETOOTH_BREDR_BB
        | LinkType::NORDIC_BLE => walk.leaf(Proto::Bluetooth),
        LinkType::CAN_SOCKETCAN => walk.leaf(Proto::Can),
        LinkType::LINUX_IRDA => walk.leaf(Proto::Irlap),
        LinkType::LTALK => walk.leaf(Proto::Llap),
        LinkType::AX25 | LinkType::AX25_KISS => walk.leaf(Proto::Ax25),
        LinkType::MTP2 | LinkType::MTP2_WITH_PHDR => walk.leaf(Proto::Mtp2),
        LinkType::MTP3 => walk.leaf(Proto::Mtp3),
        LinkType::LAPD | LinkType::LINUX_LAPD => walk.leaf(Proto::Lapd),
        LinkType::DOCSIS => walk.leaf(Proto::Docsis),
        LinkType::FC_2 | LinkType::FC_2_WITH_FRAME_DELIMS => walk.leaf(Proto::Fc),
        LinkType::INFINIBAND => walk.leaf(Proto::Infiniband),
        LinkType::MPEG_2_TS => walk.leaf(Proto::Mp2t),
        LinkType::DBUS => walk.leaf(Proto::Dbus),
        LinkType::VSOCK => walk.leaf(Proto::Vsock),
        LinkType::WIRESHARK_UPPER_PDU => walk.leaf(Proto::ExportedPdu),
        _ => {
            walk.headers.path.push_link_type(link.0);
            Next::End
        }
    }
}

/// A header that ends in an EtherType.
fn behind_ether_type(walk: &mut Walk, number: u16) -> Next {
    walk.headers.ether_type = number;
    walk.link_payload(0);
    Next::EtherType(number)
}

/// Whether an address family is IP's, on any system: AF_INET everywhere; AF_INET6 on Linux, NetBSD and OpenBSD, Solaris, FreeBSD, Darwin.
fn is_ip_family(family: u32) -> bool {
    matches!(family, 2 | 10 | 24 | 26 | 28 | 30)
}

/// A number written in the byte order of the machine that captured, of which only small values make sense.
fn either_order(bytes: [u8; 4]) -> u32 {
    let little = u32::from_le_bytes(bytes);
    if little > 0xffff { u32::from_be_bytes(bytes) } else { little }
}
