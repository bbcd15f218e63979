//! What findings about the network rest on: services, hosts, who failed at many, what cannot be reached.

use super::hops::{HopEvidence, PathOutage};
use super::hosts::{
    BlackHoleEvidence, CertificateEvidence, FallbackEvidence, KeepAliveEvidence, MediaEvidence, OldTlsEvidence, QuicEvidence,
    StallEvidence, SurgeEvidence, TlsFailureEvidence, WindowEvidence,
};
use super::services::ServiceEvidence;
use super::{SightingEvidence, StationEvidence, SwitchEvidence};
use crate::model::{Address, Episode, Proofs, ProvingPackets, Timestamp};

/// What a router said of a host in the last minute: that packets to it cannot be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct UnreachableEvidence {
    /// Who says it.
    pub reporter: Address,
    /// Of whom.
    pub target: Address,
    /// The port of UDP at which nothing listens, where the host says so of itself.
    pub port: Option<u16>,
    /// Whether the code is one of ICMPv6.
    pub is_v6: bool,
    /// Why (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1).
    pub code: u8,
    /// How often.
    pub count: u64,
    /// Who received it, told apart up to a cap, in the order of addresses.
    pub clients: Vec<Address>,
    /// When.
    pub span: Episode,
    /// Packets that prove it.
    pub proof: ProvingPackets,
}

/// Somebody who fails at many ports of a host, or at a port of many hosts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanEvidence {
    /// Who.
    pub source: Address,
    /// The host whose ports were tried; `None` where many hosts were.
    pub target: Option<Address>,
    /// The port that was tried at many hosts; `None` where they were asked whether they are there (ping).
    pub port: Option<u16>,
    /// Ports of UDP; else of TCP.
    pub is_udp: bool,
    /// Different ports or hosts failed at, up to the cap of what is told apart.
    pub failed: u64,
    /// Whether there were more.
    pub is_more: bool,
    /// Attempts that failed, by how.
    pub refused: u64,
    /// Not answered.
    pub unanswered: u64,
    /// Different ports or hosts of the same kind that answered it meanwhile.
    pub succeeded: u64,
    /// The station that it came from lately, its own or a router's on the way here, with the attempts that failed; `None` where that is not known.
    pub station: Option<StationEvidence>,
    /// That station sends for several: it is a router, and the source behind it.
    pub is_routed: bool,
    /// When.
    pub span: Episode,
}

impl ScanEvidence {
    /// Whether hosts were asked whether they are there.
    pub fn is_ping(&self) -> bool {
        self.target.is_none() && self.port.is_none()
    }
}

/// Everything known of the network lately.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkEvidence {
    /// Packet time.
    pub now: Timestamp,
    /// It is of a file at its end: of all of it.
    pub is_whole: bool,
    /// Services with something in the last ten minutes; of a file at its end, all of them.
    pub services: Vec<ServiceEvidence>,
    /// Too many connections go on to know what each of them carries before it ends.
    pub leaves_connections_out: bool,
    /// Routers behind which attempts failed.
    pub hops: Vec<HopEvidence>,
    /// Routers behind which nobody answered for a while.
    pub outages: Vec<PathOutage>,
    /// Who failed at many.
    pub scans: Vec<ScanEvidence>,
    /// Receivers that took no data.
    pub stalls: Vec<StallEvidence>,
    /// What switches and routers said.
    pub switch: SwitchEvidence,
    /// Who receives no large packets.
    pub black_holes: Vec<BlackHoleEvidence>,
    /// TLS that fails.
    pub tls_failures: Vec<TlsFailureEvidence>,
    /// Old versions of TLS.
    pub tls_old: Vec<OldTlsEvidence>,
    /// Certificates.
    pub certificates: Vec<CertificateEvidence>,
    /// Services tried by IPv6 in vain.
    pub fallbacks: Vec<FallbackEvidence>,
    /// Streams of voice and pictures.
    pub media: Vec<MediaEvidence>,
    /// Transfers and the windows of their receivers.
    pub windows: Vec<WindowEvidence>,
    /// What cannot be reached, as routers say.
    pub unreachables: Vec<UnreachableEvidence>,
    /// Hosts whose load is many times their usual.
    pub surges: Vec<SurgeEvidence>,
    /// What became of QUIC, where any was tried in vain.
    pub quic: Option<QuicEvidence>,
    /// Hosts that keep connections alive.
    pub kept_alive: Vec<KeepAliveEvidence>,
    /// How often routers reported that a packet's TTL was used up (ICMP time exceeded).
    pub expired: u64,
    /// Addresses, routers and clocks.
    pub sightings: SightingEvidence,
    /// Packets that prove what is found of hosts; of services, beside those of each.
    pub proofs: Proofs,
}
