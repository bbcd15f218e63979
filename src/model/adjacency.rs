//! What routers, gateways and ports tell each other at regular times, beside the spanning tree.

use super::{Address, Mac, ShortName, Timestamp};
use std::net::Ipv4Addr;

/// By what routers share a gateway's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GatewayProtocol {
    /// VRRP, RFC 9568 and RFC 3768.
    Vrrp,
    /// CARP, in the same IP protocol.
    Carp,
    /// HSRP, RFC 2281, and its second version.
    Hsrp,
    /// GLBP.
    Glbp,
}

impl GatewayProtocol {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            GatewayProtocol::Vrrp => "vrrp",
            GatewayProtocol::Carp => "carp",
            GatewayProtocol::Hsrp => "hsrp",
            GatewayProtocol::Glbp => "glbp",
        }
    }
}

/// What a router says of a group that shares an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayHello {
    /// By what.
    pub protocol: GatewayProtocol,
    /// Its version.
    pub version: u8,
    /// The group.
    pub group: u16,
    /// Whether the sender forwards for the group. With VRRP and CARP only that one sends.
    pub is_active: bool,
    /// It takes its leave: priority 0 of VRRP, HSRP's resignation.
    pub leaves: bool,
    /// The priority; the highest forwards (with CARP the lowest).
    pub priority: u32,
    /// Nanoseconds between two; `None`: not said.
    pub hello: Option<i64>,
    /// The sender.
    pub sender: Option<Address>,
    /// The shared address, the first of several.
    pub address: Option<Address>,
}

/// Why a router ends a session of BGP (RFC 4271 section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BgpNotification {
    /// Who says so.
    pub sender: Address,
    /// To whom.
    pub receiver: Address,
    /// The error's code, and what it is more closely.
    pub code: [u8; 2],
    /// The sender's words, where it was shut down or reset by hand (RFC 9003), as far as there is room; not escaped.
    pub words: ShortName,
}

impl BgpNotification {
    /// Whether somebody meant it: shut down, struck off, reset or set up anew by hand (RFC 4486 section 3).
    pub fn is_meant(&self) -> bool {
        matches!(self.code, [6, 2 | 3 | 4 | 6])
    }

    /// The code in words.
    pub fn reason(&self) -> &'static str {
        match self.code {
            [1, _] => "an error in the header of a message",
            [2, _] => "an error in the message that opens it",
            [3, _] => "an error in an update",
            [4, _] => "the hold timer ran out",
            [5, _] => "a message that was not expected",
            [6, 1] => "too many prefixes",
            [6, 2] => "shut down by hand",
            [6, 3] => "the peer is set up no more",
            [6, 4] => "reset by hand",
            [6, 5] => "the connection is rejected",
            [6, 6] => "another change of settings",
            [6, 7] => "two connections of the same peers",
            [6, 8] => "out of resources",
            [6, 9] => "a hard reset",
            [6, 10] => "BFD is down",
            [6, _] => "ceased",
            _ => "for another reason",
        }
    }
}

/// What an OSPF packet says (RFC 2328 appendix A.3, RFC 5340 appendix A.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OspfPacket {
    /// 2 or 3.
    pub version: u8,
    /// 1 hello, 2 database description, 3 request, 4 update, 5 acknowledgement.
    pub kind: u8,
    /// Who sends.
    pub router: Ipv4Addr,
    /// The address it sends from.
    pub sender: Option<Address>,
    /// The area.
    pub area: Ipv4Addr,
    /// What a hello says.
    pub hello: Option<OspfHello>,
    /// The bytes of the longest packet of the sender's interface, as a database description says.
    pub mtu: Option<u16>,
}

/// What an OSPF hello says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OspfHello {
    /// Seconds between two.
    pub interval: u16,
    /// Seconds of silence after which a router is held to be gone.
    pub dead: u32,
    /// Bits of the network; `None` in version 3.
    pub mask: Option<u8>,
    /// Routers it hears.
    pub neighbours: u16,
    /// The first of them, by their identifiers (0: none).
    pub heard: [u32; 8],
}

/// Who asks a link for the groups that are wanted there (RFC 3376, RFC 3810).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupQuery {
    /// The version of IGMP, or of MLD.
    pub version: u8,
    /// Who asks.
    pub querier: Address,
    /// Whether it asks for all groups, not for one.
    pub is_general: bool,
}

/// A step of a port's authentication (IEEE 802.1X clause 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EapolStep {
    /// The device asks to begin.
    Start,
    /// It takes its leave.
    Logoff,
    /// A key.
    Key,
    /// The port asks.
    Request,
    /// The device answers.
    Response,
    /// The device is let in.
    Success,
    /// It is not.
    Failure,
    /// Anything else.
    Other,
}

impl EapolStep {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            EapolStep::Start => "start",
            EapolStep::Logoff => "logoff",
            EapolStep::Key => "key",
            EapolStep::Request => "request",
            EapolStep::Response => "response",
            EapolStep::Success => "success",
            EapolStep::Failure => "failure",
            EapolStep::Other => "other",
        }
    }

    /// Whether only a port takes it; `None`: both do.
    pub fn is_of_port(self) -> Option<bool> {
        match self {
            EapolStep::Start | EapolStep::Logoff | EapolStep::Response => Some(false),
            EapolStep::Request | EapolStep::Success | EapolStep::Failure => Some(true),
            EapolStep::Key | EapolStep::Other => None,
        }
    }
}

/// How devices prove who they are, as EAP numbers it (IANA "EAP Method Types"); `None`: one that has no usual name.
pub fn eap_method(kind: u8) -> Option<&'static str> {
    Some(match kind {
        4 => "MD5",
        6 => "GTC",
        13 => "TLS",
        17 => "LEAP",
        18 => "SIM",
        21 => "TTLS",
        23 => "AKA",
        25 => "PEAP",
        26 => "MSCHAPv2",
        43 => "FAST",
        52 => "PWD",
        55 => "TEAP",
        _ => return None,
    })
}

/// Who takes part in the authentication of a port (IEEE 802.1X): a port that lets devices in, or a device that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorRow {
    /// Who.
    pub mac: Mac,
    /// It is the port; otherwise the device.
    pub is_port: bool,
    /// The VLAN tag it comes in.
    pub tag: Option<u16>,
    /// The method of EAP that it named last.
    pub method: Option<u8>,
    /// What it did last.
    pub last_step: EapolStep,
    /// Times it began: a device asked to be let in, a port asked who it is.
    pub begun: u64,
    /// Devices let in.
    pub let_in: u64,
    /// Devices refused.
    pub refused: u64,
    /// Packets.
    pub packets: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}
