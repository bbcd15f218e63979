//! The fields of a [`super::Snapshot`] by the wing that they come from, where no other module describes them.

use super::{
    Casts, Conversations, Directions, Endpoints, Load, Losses, Network, ProtocolRow, Service, StreamRow, Table, TcpAnalysis, TcpFlags,
    TrafficClasses, VlanPairRow, VlanRow,
};
use crate::model::host::Checklist;
use crate::model::sizes::SIZE_CLASSES;
use crate::model::{AppSection, Finding, LearntName, SourceInfo, Timestamp, Traffic};

/// Where the packets come from, when, and how many were lost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaptureSummary {
    /// Ports and files.
    pub sources: Vec<SourceInfo>,
    /// The capture filter in force.
    pub filter: Option<String>,
    /// Speed of the monitored link in bits per second, as told by the user, the interface, or those at the link.
    pub speed: Option<u64>,
    /// Those at the link say so, by LLDP. How it was used by milliseconds is followed from then on; where they say it within a mirror's sessions, which
    /// may be of several links, only its load is set against that.
    pub is_speed_by_lldp: bool,
    /// CaptureSummary bytes in all.
    pub captured_bytes: u64,
    /// Packets captured shorter than they were on the wire.
    pub truncated_packets: u64,
    /// Earliest packet time.
    pub first: Option<Timestamp>,
    /// Latest packet time.
    pub last: Option<Timestamp>,
    /// Losses by stage.
    pub losses: Losses,
}

/// What was counted of the packets that were analysed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// Packets and wire bytes in all.
    pub total: Traffic,
    /// Packets and wire bytes since the previous snapshot (`recent_seconds`).
    pub recent: Traffic,
    /// IP fragments seen.
    pub fragments: u64,
    /// Load over time.
    pub load: Load,
    /// Packets by RMON size class ([`SIZE_CLASSES`]).
    pub sizes: [Traffic; SIZE_CLASSES.len()],
    /// Unicast, multicast, broadcast.
    pub casts: Casts,
    /// Inside and outside.
    pub directions: Directions,
    /// Protocol hierarchy: every path with the packets that have it, ancestors included, in depth-first order, larger first.
    pub protocols: Vec<ProtocolRow>,
    /// Who talks to whom.
    pub conversations: Conversations,
    /// Who talks.
    pub endpoints: Endpoints,
    /// VLANs: a packet counts once for each identifier it carries.
    pub vlans: Table<VlanRow>,
    /// Frames with two tags, by both.
    pub vlan_pairs: Vec<VlanPairRow>,
    /// Packets without a VLAN tag.
    pub untagged: Traffic,
    /// By the class that their headers ask for.
    pub classes: TrafficClasses,
    /// TCP flag counts.
    pub tcp_flags: TcpFlags,
    /// What Wireshark says of TCP segments.
    pub tcp_analysis: TcpAnalysis,
    /// What listens where, and how it serves its clients; where not every row was asked for, those used most.
    pub services: Table<Service>,
    /// Streams of voice and pictures, those first that began first.
    pub streams: Vec<StreamRow>,
}

/// What applications say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dissected {
    /// What was counted of each application protocol.
    pub apps: Vec<AppSection>,
    /// Names of addresses, learnt from what passed by: by address, then source, then name; where not every row was asked for, those seen last.
    pub names: Table<LearntName>,
}

/// What is thought of this host and of the network, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnosis {
    /// The checklist of this host, for each interface; empty for files.
    pub host: Vec<Checklist>,
    /// What is thought of the network.
    pub network: Network,
    /// What is wrong: active ones first, by severity, then newest first.
    pub findings: Vec<Finding>,
}
