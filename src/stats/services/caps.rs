//! What each of these tables takes of memory at most, for the test that adds every cap up.

use super::answered_elsewhere::AnsweredElsewhere;
use super::counts::ServiceCounts;
use super::fallbacks::Fallbacks;
use super::guesses::Guesses;
use super::kept_alive::KeptConnections;
use super::lately_trips::LatelyTrips;
use super::loads::Loads;
use super::lossy::LossyConnections;
use super::media::MediaStreams;
use super::path_outages::PathOutages;
use super::proxied::ProxiedTargets;
use super::quic_attempts::QuicAttempts;
use super::scans::Scans;
use super::service::ServiceRecord;
use super::tls_servers::TlsServers;
use super::unanswered::UnansweredSince;
use super::unreachables::Unreachables;
use super::usual::UsualService;
use super::windows::ReceiveWindows;
use crate::model::evidence::ByTrouble;
use crate::model::limits::FURTHER_CLIENTS;
use crate::model::{Histogram, ProvingPackets, ServiceKey};
use crate::stats::ServiceLedger;

impl ServiceLedger {
    /// Bytes of a service at most, of one of its bins, and of a pair of those who scan.
    pub const BYTES: [usize; 3] = {
        let bin = ServiceCounts::BYTES;
        [
            size_of::<(ServiceKey, Box<ServiceRecord>)>()
                + size_of::<ServiceRecord>()
                + bin
                + FURTHER_CLIENTS * size_of::<u32>()
                + 3 * Histogram::BYTES
                + LatelyTrips::BYTES
                + 4 * 64
                + Guesses::BYTES
                + ByTrouble::<ProvingPackets>::BYTES
                + UsualService::BYTES
                + UnansweredSince::BYTES,
            bin,
            Scans::PAIR_BYTES,
        ]
    };

    /// Bytes of all connections of which is known what they carry.
    pub const CARRYING_BYTES: usize = LossyConnections::CARRYING_BYTES;

    /// Bytes of a station and a service tried by IPv6, and of a connection that is kept alive.
    pub const BESIDE_BYTES: usize = Fallbacks::BYTES + KeptConnections::BYTES;

    /// Bytes of a stream of voice, and of a client that speaks QUIC.
    pub const MEDIA_BYTES: [usize; 2] = [MediaStreams::BYTES + 100, QuicAttempts::BYTES];

    /// Bytes of a host whose load is known.
    pub const LOAD_BYTES: usize = Loads::BYTES;

    /// Bytes of a host that a proxy is asked for.
    pub const PROXIED_BYTES: usize = ProxiedTargets::BYTES;

    /// Bytes of what was answered lately.
    pub const ANSWERS_BYTES: usize = AnsweredElsewhere::BYTES;

    /// Bytes of what routers say of a host.
    pub const UNREACHABLE_BYTES: usize = Unreachables::BYTES;

    /// Bytes of a station behind which everything may stop.
    pub const OUTAGE_BYTES: usize = PathOutages::BYTES;

    /// Bytes of a connection whose window is looked at.
    pub const WINDOW_BYTES: usize = ReceiveWindows::BYTES;

    /// Bytes of a TLS service at most.
    pub const TLS_BYTES: usize = TlsServers::BYTES;
}
