//! What findings rest on: plain numbers with their units, filled by whoever measured them.
//!
//! All counts are of one span of packet time: a sliding window on a live port, so that a fault that was mended clears; everything for a
//! file's report. `None` means not known, never zero. Shares are 0 to 1.

mod contents;
mod copies;
mod directions;
mod hops;
mod host;
mod hosts;
mod loss;
mod network;
mod services;
mod sightings;
mod switch;
mod thresholds;
mod time;
mod troubles;
mod tuning;

pub use contents::{CastEvidence, ChecksumEvidence, ContentEvidence, SizeEvidence};
pub use copies::{CopyEvidence, CopyGap, Destinations, DistantCopies, UntoldRepeats};
pub use directions::{
    ANSWERED, BEGUN_AFTER, BegunConnections, CONCENTRATED, ExchangeSides, HALF, HALF_CLEAR, JUDGED, LONE, LONE_CONVERSATIONS, OneWayTimes,
    SideEvidence, TagEvidence,
};
pub use hops::{HopEvidence, HopFailures, PathOutage};
pub use host::{ControlEvidence, HostEvidence, PortAway, TransitEvidence};
pub use hosts::{
    BlackHoleEvidence, CertificateEvidence, FallbackEvidence, KeepAliveEvidence, MediaEvidence, OldTlsEvidence, QuicEvidence,
    StallEvidence, SurgeEvidence, TlsFailureEvidence, WindowEvidence,
};
pub use loss::{AdvanceEvidence, FlatTop, LoadClass, LossEvidence, PortLoss, SessionLoss, SizeLoss, StreamEvidence};
pub use network::{NetworkEvidence, ScanEvidence, UnreachableEvidence};
pub use services::{
    AskedEcn, ClientLoss, CodeCount, Guessing, KindCount, LateAnswers, LossWindow, MeantWaits, PastSilence, ProxiedTarget, ProxyEvidence,
    REQUEST_KINDS, ServiceEvidence, ServiceWindow, SinceSuccess, TripWindow, TurnWindow, UnreachableReport, UnusualSince,
};
pub use sightings::{
    ArpStormEvidence, BetweenEvidence, ClockEvidenceOfServer, ClockFault, ConflictEvidence, DhcpEvidence, DhcpFloodEvidence,
    FragmentEvidence, Pretence, ProbedEvidence, RedirectEvidence, SecondRouterEvidence, SecondServerEvidence, SightingEvidence,
    StationEvidence, SweepEvidence, UnansweredEvidence,
};
pub use switch::*;
pub use thresholds::{
    ALONE, ARP_ANSWERED, ARP_INSISTS, ARP_INSISTS_MOST, ARP_LASTS, ARP_OTHERS, ARP_SILENT, ARP_STRETCHES, ARP_SWEEP, ARP_SWEEP_ANSWERED,
    ARP_TARGETS, ARP_UNASKED, CAUSES, CAUSES_FEW, CLOCK_ANSWERS, CLOCK_DIFFERS, CLOCK_DISTANCE, CLOCK_PANIC, CLOCK_SERVERS, CLOCK_STEP,
    COMPARED_BYTES, CONFLICT_TURNS, COPY_FAR, COPY_REACH, DHCP_CLAIMED, DHCP_DISCOVERS, DHCP_WAITED, DOUBLED, DOUBLED_SHARE, FAILING_ZONES,
    FALLBACK_WITHIN, FEWEST_TRIPS, FLAT_WINDOWS, FRAGMENTS_WAIT, HANDED_OVER, IDLE_CUTS, IDLE_CUTS_WITHIN, LATE_ANSWER, LONE_TRIES,
    LONGEST_RATE_WINDOW, LOOP_HOPS, LOSS_OUT_OF_ORDER, LOSS_REORDERED, LOSS_TIMED_OUT, LOST_ON_ONE_SIDE, MEDIA_JITTER, MEDIA_UNEVEN,
    MIDWAY_SEGMENTS, NARROW_SEQUENCE_BITS, NETWORK_BITS, ONE_SIDE_PACKETS, OPEN_AT_END, OVERTAKEN_REACH, PAST_TOLD_FOR, PAUSE,
    PAUSE_BESIDES, PAUSE_MISSED, PAUSE_MISSED_EACH, PAUSE_SHORT, PAUSE_STANDS, PAUSE_STEADY, PRETENCE_ANSWERED, PRETENCE_HOSTS,
    PRETENCE_TOLD, PROXY_ADDRESSES, QUIC_WITHIN, RATE_WINDOW, RATE_WINDOW_LENGTHS, RATIO_BYTES, ROUTERS_BESIDE, SCAN_FAILS, SEEN_WITHIN,
    SERVERS_BESIDE, SERVERS_SHARE, SHORT_LOGIN, SIGHT_BINS, SIGHT_HELD, SILENT, SILENT_PEER, SLOW_FLOOR, SLOW_NAME_FLOOR, STUCK_LARGE,
    STUCK_REPEATED, STUCK_WAITED, SURGE_ENDS, SURGE_RATE, SURGE_SHARE, SURGE_TIMES, TLS_CLOSED, TLS_IN_CLEAR, TLS_RESET, TLS_SILENT,
    TTL_PACKETS, USERS_WAIT, USUAL_TIMES, UTILISATION_BOUNDS, WAITS_TOGETHER, WINDOW_FULL,
};
pub use time::{Again, ClockEvidence, Forward, GroupOnly, OrderEvidence, Outage, Silent};
pub use troubles::{ByTrouble, NAMED, Trouble, Troubled, Troubles};
pub use tuning::{
    ARP_RATE, ARP_REQUESTS, ARP_VLAN_RATE, CUT_SHARE, DHCP_FLOOD, FAILING_SHARE, FLOOD_CONNECTIONS, LONG_POLL, LOST_CRITICAL_SHARE,
    LOST_SHARE, REFUSED_ATTEMPTS, SCAN_HOSTS, SCAN_PORTS, SCAN_WINDOW, SILENT_ATTEMPTS, SLOW_REPLY, SLOW_SHARE, Threshold, ThresholdUnit,
    UNANSWERED_SHARE, VERY_SLOW_REPLY, WEB_ERRORS_SHARE,
};

/// `part` of `all`, 0 without any.
pub fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}
