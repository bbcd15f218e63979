//! Control packets of switches, routers and clocks: what they are and what of them says who is there.

use super::adjacency::{BgpNotification, EapolStep, GatewayHello, GroupQuery, OspfPacket};
use super::bpdu::Bpdu;
use super::lacp::Lacp;
use super::neighbour::Neighbour;
use super::speaker::SpeakerHello;
use super::{Mac, Timestamp};

/// A protocol with a regular sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Control {
    /// Spanning tree, IEEE 802.1D/Q: every 2 s.
    Stp,
    /// Per-VLAN spanning tree: every 2 s and VLAN.
    Pvst,
    /// LLDP, IEEE 802.1AB: every 30 s.
    Lldp,
    /// Cisco Discovery Protocol: every 60 s.
    Cdp,
    /// LACP, IEEE 802.1AX: every 1 or 30 s.
    Lacp,
    /// VRRP, RFC 9568: every 1 s.
    Vrrp,
    /// HSRP, RFC 2281: every 3 s.
    Hsrp,
    /// PTP, IEEE 1588.
    Ptp,
}

impl Control {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            Control::Stp => "stp",
            Control::Pvst => "pvst",
            Control::Lldp => "lldp",
            Control::Cdp => "cdp",
            Control::Lacp => "lacp",
            Control::Vrrp => "vrrp",
            Control::Hsrp => "hsrp",
            Control::Ptp => "ptp",
        }
    }

    /// Whether it says who sits at the other end of a cable.
    pub fn is_neighbour(self) -> bool {
        matches!(self, Control::Lldp | Control::Cdp | Control::Lacp)
    }
}

/// What a control packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlFrame<'a> {
    /// What it is.
    pub control: Control,
    /// LACP: the systems of actor and partner (IEEE 802.1AX clause 6.4.2.3).
    pub lacp: Option<[Mac; 2]>,
    /// LLDP and CDP: what the sender says it is, at most 256 bytes, as they stand.
    pub description: Option<&'a [u8]>,
    /// Per-VLAN spanning tree: the VLAN it belongs to by its own word.
    pub vlan: Option<u16>,
}

/// Address blocks of an ARP packet: the first [`super::evidence::NETWORK_BITS`] of the sender's and of the target's IPv4 address (RFC 826).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArpBlocks {
    /// The sender's.
    pub sender: u32,
    /// The target's.
    pub target: u32,
}

/// What a control packet says, read as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlBody {
    /// A device and its port.
    Neighbour(Box<Neighbour>),
    /// Spanning tree.
    Bpdu(Box<Bpdu>),
    /// A router of IS-IS or EIGRP, or a clock of PTP.
    Speaker(Box<SpeakerHello>),
    /// Link aggregation.
    Lacp(Lacp),
    /// A shared gateway address.
    Gateway(GatewayHello),
    /// OSPF.
    Ospf(OspfPacket),
    /// Who asks for groups.
    Query(GroupQuery),
    /// The end of a session of BGP.
    Closing(Box<BgpNotification>),
    /// A port's authentication, and the method of EAP that a request or an answer names.
    Eapol(EapolStep, Option<u8>),
}

/// A control packet and how it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlMessage {
    /// The number of the packet: messages are taken in in this order.
    pub number: u64,
    /// When.
    pub time: Timestamp,
    /// Who sent it.
    pub source: Mac,
    /// To whom.
    pub destination: Mac,
    /// The outermost VLAN tag it had, or that the mirror says it had.
    pub tag: Option<u16>,
    /// The mirror session it came through (0: none).
    pub session: u16,
    /// What it says.
    pub body: ControlBody,
}
