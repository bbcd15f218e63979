//! Link-layer header types, by their number in the tcpdump.org registry (LINKTYPE_*).

use std::fmt;

/// A LINKTYPE_ number as stored in capture files (<https://www.tcpdump.org/linktypes.html>).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// AX.25, of radio amateurs.
    AX25 = 3, "AX25";
    /// Token ring.
    IEEE802_5 = 6, "IEEE802_5";
    /// ARCNET, as BSD systems show it.
    ARCNET_BSD = 7, "ARCNET_BSD";
    /// SLIP, with BSD's header.
    SLIP = 8, "SLIP";
    /// Point-to-Point Protocol, RFC 1661, address and control fields optional.
    PPP = 9, "PPP";
    /// FDDI.
    FDDI = 10, "FDDI";
    /// PPP in HDLC-like framing, RFC 1662.
    PPP_HDLC = 50, "PPP_HDLC";
    /// PPP over Ethernet session, without the Ethernet header.
    PPP_ETHER = 51, "PPP_ETHER";
    /// LLC or one protocol alone over ATM, RFC 2684.
    ATM_RFC1483 = 100, "ATM_RFC1483";
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
    /// OpenBSD's encapsulating interface: packets out of IPsec.
    ENC = 109, "ENC";
    /// Linux "cooked" capture v1.
    LINUX_SLL = 113, "LINUX_SLL";
    /// Apple LocalTalk.
    LTALK = 114, "LTALK";
    /// Log of the packet filter of BSD systems.
    PFLOG = 117, "PFLOG";
    /// 802.11 with Prism header.
    IEEE802_11_PRISM = 119, "IEEE802_11_PRISM";
    /// IP over Fibre Channel, RFC 2625.
    IP_OVER_FC = 122, "IP_OVER_FC";
    /// ATM, as Solaris shows it.
    SUNATM = 123, "SUNATM";
    /// 802.11 with radiotap header.
    IEEE802_11_RADIOTAP = 127, "IEEE802_11_RADIOTAP";
    /// TaZmen Sniffer Protocol, without UDP.
    TZSP = 128, "TZSP";
    /// ARCNET, as Linux shows it.
    ARCNET_LINUX = 129, "ARCNET_LINUX";
    /// Juniper: multilink PPP.
    JUNIPER_MLPPP = 130, "JUNIPER_MLPPP";
    /// Juniper: multilink Frame Relay.
    JUNIPER_MLFR = 131, "JUNIPER_MLFR";
    /// Juniper: encryption card.
    JUNIPER_ES = 132, "JUNIPER_ES";
    /// Juniper: mobile gateway.
    JUNIPER_GGSN = 133, "JUNIPER_GGSN";
    /// Juniper: multilink Frame Relay, FRF.16.
    JUNIPER_MFR = 134, "JUNIPER_MFR";
    /// Juniper: ATM, second generation of cards.
    JUNIPER_ATM2 = 135, "JUNIPER_ATM2";
    /// Juniper: services card.
    JUNIPER_SERVICES = 136, "JUNIPER_SERVICES";
    /// Juniper: ATM, first generation of cards.
    JUNIPER_ATM1 = 137, "JUNIPER_ATM1";
    /// IP over FireWire, as Apple shows it.
    APPLE_IP_OVER_IEEE1394 = 138, "APPLE_IP_OVER_IEEE1394";
    /// SS7 message transfer part 2 with a header of the capture's.
    MTP2_WITH_PHDR = 139, "MTP2_WITH_PHDR";
    /// SS7 message transfer part 2.
    MTP2 = 140, "MTP2";
    /// SS7 message transfer part 3.
    MTP3 = 141, "MTP3";
    /// DOCSIS, of cable networks.
    DOCSIS = 143, "DOCSIS";
    /// Infrared, with a cooked header.
    LINUX_IRDA = 144, "LINUX_IRDA";
    /// 802.11 with AVS header.
    IEEE802_11_AVS = 163, "IEEE802_11_AVS";
    /// Juniper: monitoring card.
    JUNIPER_MONITOR = 164, "JUNIPER_MONITOR";
    /// PPP, as the daemons of Linux and BSD show it: a direction in the address's place.
    PPP_PPPD = 166, "PPP_PPPD";
    /// Juniper: PPP over Ethernet.
    JUNIPER_PPPOE = 167, "JUNIPER_PPPOE";
    /// Juniper: PPP over Ethernet over ATM.
    JUNIPER_PPPOE_ATM = 168, "JUNIPER_PPPOE_ATM";
    /// Juniper: between cards.
    JUNIPER_PIC_PEER = 174, "JUNIPER_PIC_PEER";
    /// ISDN's D channel, with a cooked header.
    LINUX_LAPD = 177, "LINUX_LAPD";
    /// Juniper: Ethernet.
    JUNIPER_ETHER = 178, "JUNIPER_ETHER";
    /// Juniper: PPP.
    JUNIPER_PPP = 179, "JUNIPER_PPP";
    /// Juniper: Frame Relay.
    JUNIPER_FRELAY = 180, "JUNIPER_FRELAY";
    /// Juniper: Cisco HDLC.
    JUNIPER_CHDLC = 181, "JUNIPER_CHDLC";
    /// Juniper: voice card.
    JUNIPER_VP = 183, "JUNIPER_VP";
    /// USB, as FreeBSD shows it.
    USB_BSD = 186, "USB_FREEBSD";
    /// Bluetooth, between host and controller.
    BLUETOOTH_HCI_H4 = 187, "BLUETOOTH_HCI_H4";
    /// USB, as Linux shows it.
    USB_LINUX = 189, "USB_LINUX";
    /// Per-packet information, which names the link type of what follows.
    PPI = 192, "PPI";
    /// Juniper: services module.
    JUNIPER_ISM = 194, "JUNIPER_ISM";
    /// IEEE 802.15.4 with its check sequence.
    IEEE802_15_4_WITHFCS = 195, "IEEE802_15_4_WITHFCS";
    /// Records of Endace's cards.
    ERF = 197, "ERF";
    /// Juniper: secure tunnel.
    JUNIPER_ST = 200, "JUNIPER_ST";
    /// Bluetooth, between host and controller, with a direction.
    BLUETOOTH_HCI_H4_WITH_PHDR = 201, "BLUETOOTH_HCI_H4_WITH_PHDR";
    /// AX.25 behind a KISS header.
    AX25_KISS = 202, "AX25_KISS";
    /// ISDN's D channel.
    LAPD = 203, "LAPD";
    /// PPP with a direction byte before it.
    PPP_WITH_DIR = 204, "PPP_WITH_DIR";
    /// Cisco HDLC with a direction byte before it.
    C_HDLC_WITH_DIR = 205, "C_HDLC_WITH_DIR";
    /// Frame Relay with a direction byte before it.
    FRELAY_WITH_DIR = 206, "FRELAY_WITH_DIR";
    /// IEEE 802.15.4 with its preamble.
    IEEE802_15_4_NONASK_PHY = 215, "IEEE802_15_4_NONASK_PHY";
    /// MPLS, label first.
    MPLS = 219, "MPLS";
    /// USB, as Linux shows it, with a padded header.
    USB_LINUX_MMAPPED = 220, "USB_LINUX_MMAPPED";
    /// Fibre Channel frames.
    FC_2 = 224, "FC_2";
    /// Fibre Channel frames with their delimiters.
    FC_2_WITH_FRAME_DELIMS = 225, "FC_2_WITH_FRAME_DELIMS";
    /// Solaris' IP interfaces.
    IPNET = 226, "IPNET";
    /// CAN bus, as Linux shows it.
    CAN_SOCKETCAN = 227, "CAN_SOCKETCAN";
    /// Raw IPv4.
    IPV4 = 228, "IPV4";
    /// Raw IPv6.
    IPV6 = 229, "IPV6";
    /// IEEE 802.15.4 without its check sequence.
    IEEE802_15_4_NOFCS = 230, "IEEE802_15_4_NOFCS";
    /// D-Bus messages.
    DBUS = 231, "DBUS";
    /// Juniper: virtual services.
    JUNIPER_VS = 232, "JUNIPER_VS";
    /// Juniper: end to end, of SRX gateways.
    JUNIPER_SRX_E2E = 233, "JUNIPER_SRX_E2E";
    /// Juniper: Fibre Channel.
    JUNIPER_FIBRECHANNEL = 234, "JUNIPER_FIBRECHANNEL";
    /// Juniper: ATM, circuit emulation.
    JUNIPER_ATM_CEMIC = 238, "JUNIPER_ATM_CEMIC";
    /// Linux netfilter log.
    NFLOG = 239, "NFLOG";
    /// IP over InfiniBand, RFC 4391.
    IPOIB = 242, "IPOIB";
    /// MPEG-2 transport stream.
    MPEG_2_TS = 243, "MPEG_2_TS";
    /// InfiniBand frames.
    INFINIBAND = 247, "INFINIBAND";
    /// SCTP, without IP.
    SCTP = 248, "SCTP";
    /// USB, as USBPcap on Windows shows it.
    USBPCAP = 249, "USBPCAP";
    /// Bluetooth Low Energy.
    BLUETOOTH_LE_LL = 251, "BLUETOOTH_LE_LL";
    /// Messages of upper protocols that Wireshark exported.
    WIRESHARK_UPPER_PDU = 252, "WIRESHARK_UPPER_PDU";
    /// Linux netlink with a cooked header.
    NETLINK = 253, "NETLINK";
    /// Bluetooth, as Linux' monitor shows it.
    BLUETOOTH_LINUX_MONITOR = 254, "BLUETOOTH_LINUX_MONITOR";
    /// Bluetooth basic rate.
    BLUETOOTH_BREDR_BB = 255, "BLUETOOTH_BREDR_BB";
    /// Bluetooth Low Energy with radio information.
    BLUETOOTH_LE_LL_WITH_PHDR = 256, "BLUETOOTH_LE_LL_WITH_PHDR";
    /// Darwin's packet tap, which names the link type of what follows.
    PKTAP = 258, "PKTAP";
    /// EPON, preamble first.
    EPON = 259, "EPON";
    /// USB, as Darwin shows it.
    USB_DARWIN = 266, "USB_DARWIN";
    /// Sockets between virtual machines and their host.
    VSOCK = 271, "VSOCK";
    /// Bluetooth Low Energy, as Nordic's sniffer shows it.
    NORDIC_BLE = 272, "NORDIC_BLE";
    /// Linux "cooked" capture v2.
    LINUX_SLL2 = 276, "LINUX_SLL2";
    /// Ethernet with a Broadcom switch tag behind the source address.
    DSA_TAG_BRCM = 281, "DSA_TAG_BRCM";
    /// Ethernet with a Broadcom switch tag before the destination address.
    DSA_TAG_BRCM_PREPEND = 282, "DSA_TAG_BRCM_PREPEND";
    /// IEEE 802.15.4 with radio information.
    IEEE802_15_4_TAP = 283, "IEEE802_15_4_TAP";
    /// Ethernet with a Marvell DSA tag behind the source address.
    DSA_TAG_DSA = 284, "DSA_TAG_DSA";
    /// Ethernet with a Marvell Ethertype DSA tag behind the source address.
    DSA_TAG_EDSA = 285, "DSA_TAG_EDSA";
    /// USB 2.0 on the wire.
    USB_2_0 = 288, "USB_2_0";
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
