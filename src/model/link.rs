//! Link-layer header types, by their number in the tcpdump.org registry (LINKTYPE_*).

use std::fmt;

/// A LINKTYPE_ number as stored in capture files (<https://www.tcpdump.org/linktypes.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

macro_rules! links {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        impl LinkType {
            $($(#[$doc])* pub const $name: LinkType = LinkType($number);)*

            /// The registry's name without `LINKTYPE_`, when it is one this program knows.
            pub fn name(self) -> Option<&'static str> {
                match self.0 { $($number => Some($text),)* _ => None }
            }
        }
    };
}

links! {
    /// BSD loopback: 4-byte address family in the writer's byte order.
    NULL = 0, "NULL";
    /// IEEE 802.3 Ethernet.
    ETHERNET = 1, "ETHERNET";
    /// Token ring.
    IEEE802_5 = 6, "IEEE802_5";
    /// Point-to-Point Protocol, RFC 1661, address and control fields optional.
    PPP = 9, "PPP";
    /// FDDI.
    FDDI = 10, "FDDI";
    /// PPP in HDLC-like framing, RFC 1662.
    PPP_HDLC = 50, "PPP_HDLC";
    /// PPP over Ethernet session, without the Ethernet header.
    PPP_ETHER = 51, "PPP_ETHER";
    /// Raw IP, version by its first nibble.
    RAW = 101, "RAW";
    /// Cisco HDLC.
    C_HDLC = 104, "C_HDLC";
    /// IEEE 802.11.
    IEEE802_11 = 105, "IEEE802_11";
    /// Frame Relay LAPF.
    FRELAY = 107, "FRELAY";
    /// OpenBSD loopback: 4-byte address family in network byte order.
    LOOP = 108, "LOOP";
    /// Linux "cooked" capture v1.
    LINUX_SLL = 113, "LINUX_SLL";
    /// 802.11 with Prism header.
    IEEE802_11_PRISM = 119, "IEEE802_11_PRISM";
    /// 802.11 with radiotap header.
    IEEE802_11_RADIOTAP = 127, "IEEE802_11_RADIOTAP";
    /// 802.11 with AVS header.
    IEEE802_11_AVS = 163, "IEEE802_11_AVS";
    /// PPP with a direction byte before it.
    PPP_WITH_DIR = 204, "PPP_WITH_DIR";
    /// Raw IPv4.
    IPV4 = 228, "IPV4";
    /// Raw IPv6.
    IPV6 = 229, "IPV6";
    /// Linux netfilter log.
    NFLOG = 239, "NFLOG";
    /// Linux netlink with a cooked header.
    NETLINK = 253, "NETLINK";
    /// Linux "cooked" capture v2.
    LINUX_SLL2 = 276, "LINUX_SLL2";
    /// Ethernet with a Broadcom switch tag behind the source address.
    DSA_TAG_BRCM = 281, "DSA_TAG_BRCM";
    /// Ethernet with a Broadcom switch tag before the destination address.
    DSA_TAG_BRCM_PREPEND = 282, "DSA_TAG_BRCM_PREPEND";
    /// Ethernet with a Marvell DSA tag behind the source address.
    DSA_TAG_DSA = 283, "DSA_TAG_DSA";
    /// Ethernet with a Marvell Ethertype DSA tag behind the source address.
    DSA_TAG_EDSA = 284, "DSA_TAG_EDSA";
}

/// The registry name, or `LINKTYPE_n` for a number this program does not know.
impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "LINKTYPE_{}", self.0),
        }
    }
}
