//! The way copies took, the switch at its end, and this host.

use crate::model::PortAbsence;

/// Control protocols.
#[derive(Debug, Clone, Copy, Default)]
pub struct ControlEvidence {
    /// LLDP, CDP and LACP packets.
    pub neighbour: u64,
    /// LACP systems that are spoken to and never heard.
    pub silent_partners: u64,
    /// Seconds these two are counted over: the whole run, since such packets come every half minute.
    pub seconds: f64,
}

/// The way copies took.
#[derive(Debug, Clone, Copy, Default)]
pub struct TransitEvidence {
    /// Packets that carry a mirrored packet of the same session inside.
    pub nested: u64,
    /// Mirror packets of somebody else, crossing the monitored network.
    pub foreign: u64,
    /// Their wire bytes as a share of all.
    pub foreign_bytes: f64,
    /// Packets that carry copies.
    pub outer: u64,
    /// Of them IP fragments.
    pub fragments: u64,
}

/// This host and its interface.
#[derive(Debug, Clone, Default)]
pub struct HostEvidence {
    /// Name of the interface.
    pub interface: String,
    /// Packets lost here: interface, kernel, queues.
    pub lost: u64,
    /// Packets the interface sent.
    pub sent: Option<u64>,
    /// Seconds in which it did: on a screen the last minute.
    pub seconds: f64,
    /// IP addresses on it.
    pub addresses: u64,
    /// Generic or large receive offload is on.
    pub receive_offload: Option<bool>,
    /// The interface takes VLAN tags off.
    pub vlan_offload: Option<bool>,
    /// The interface filters by VLAN.
    pub vlan_filter: Option<bool>,
    /// Speed in bits per second.
    pub speed: Option<u64>,
    /// Half duplex.
    pub half_duplex: Option<bool>,
    /// Flow control (pause frames) is on.
    pub pause: Option<bool>,
    /// Maximum transmission unit.
    pub mtu: Option<u32>,
    /// Frames dropped for their length.
    pub length_errors: u64,
    /// When ports were away that were to be looked at, oldest first.
    pub away: Vec<PortAway>,
}

/// A time in which a port was away.
#[derive(Debug, Clone, PartialEq)]
pub struct PortAway {
    /// Its name.
    pub port: String,
    /// From when to when, and why.
    pub absence: PortAbsence,
}
