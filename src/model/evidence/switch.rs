//! What findings about switches and routers rest on: what control packets said lately that healthy networks do not say.

use super::Threshold;
use crate::model::time::SECOND;
use crate::model::{Episode, Subject};

/// What may go wrong between switches and routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SwitchTroubleKind {
    /// Bridges named another root.
    RootChanged,
    /// Bridges said that the topology changes.
    TopologyChanges,
    /// Bridges name different roots of one tree at the same time.
    TwoRoots,
    /// Hellos of a bridge were missing, and came again.
    HellosMissing,
    /// Two routers forward for one shared address.
    TwoMasters,
    /// The router that forwards for a shared address changed.
    GatewayFlips,
    /// An end of an aggregated link does not hear the other.
    LinkUnheard,
    /// Links of one group lead to different systems.
    LinksApart,
    /// A router sends no hellos any more.
    RouterSilent,
    /// Neighbouring routers disagree about the longest packet.
    MtuDiffers,
    /// A session between routers ended.
    PeerLost,
    /// A port does not let devices in.
    NotLetIn,
    /// Two routers ask for groups.
    TwoQueriers,
    /// The ends of a link disagree about its duplex mode.
    DuplexDiffers,
    /// The ends of a link disagree about the VLAN of frames without a tag.
    NativeVlanDiffers,
    /// Broadcasts, one rate after the other.
    Broadcasts,
    /// Multicasts of protocols of the link, one rate after the other.
    LinkMulticasts,
    /// A station asks its link to pause.
    Pauses,
    /// Frames to stations that are not heard of any more.
    UnicastFlooded,
    /// Frames to groups go round.
    FramesCircle,
    /// A station is at different ports in turn.
    StationMoves,
    /// New stations, more than a network has.
    StationsWithoutEnd,
    /// The same frames in two VLANs.
    VlansJoined,
    /// Streams to groups for which nobody asks.
    NoQuerier,
    /// Short bursts that fill the link.
    LinkBursts,
    /// The link is full.
    LinkFull,
}

/// Something of this kind.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchTrouble {
    /// What.
    pub kind: SwitchTroubleKind,
    /// What it is about.
    pub subject: Subject,
    /// The VLAN; `None`: none, or several.
    pub vlan: Option<u16>,
    /// How many VLANs or trees it was seen in.
    pub vlans: u64,
    /// The instance of a multiple spanning tree; `None`: none, or several.
    pub instance: Option<u16>,
    /// Who does it.
    pub who: String,
    /// What stood before, or the other one.
    pub other: String,
    /// How often.
    pub count: u64,
    /// How often within the time that is looked at last, where that is less.
    pub recent: u64,
    /// The measure that is compared beside it: a share, a rate, a number of others.
    pub measure: f64,
    /// The part of it that is `who`'s.
    pub share: f64,
    /// How many of them were meant, as who did it says, and its words for the latest.
    pub meant: u64,
    /// See above; empty: none.
    pub words: String,
    /// When.
    pub span: Episode,
}

impl SwitchTrouble {
    /// Seconds from the first to the last time.
    pub fn seconds(&self) -> f64 {
        self.span.last.seconds_since(self.span.first)
    }
}

/// Everything of the kind that was seen lately.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SwitchEvidence {
    /// One after the other.
    pub troubles: Vec<SwitchTrouble>,
}

impl SwitchEvidence {
    /// Those of a kind.
    pub fn of(&self, kind: SwitchTroubleKind) -> impl Iterator<Item = &SwitchTrouble> {
        self.troubles.iter().filter(move |t| t.kind == kind)
    }
}

/// Nanoseconds for which changes are remembered: root and gateway changes, missing hellos, lost sessions, refused devices.
pub const SWITCH_RECENT: i64 = 600 * SECOND;

/// Nanoseconds within which changes of the topology count as recent, and follow each other.
pub static TOPOLOGY_RECENT: Threshold = Threshold::nanos((300 * SECOND) as f64);

/// Changes of the topology within this time are one: each bridge tells of it in turn.
pub static TOPOLOGY_TOGETHER: Threshold = Threshold::nanos((5 * SECOND) as f64);

/// Nanoseconds for which a bridge must have named a root before another one is a change: as long as an old hello holds by default, so that an election is none.
pub static ROOT_STOOD: Threshold = Threshold::nanos((20 * SECOND) as f64);

/// Nanoseconds for which different roots must be named side by side: longer than a spanning tree takes to settle by its default times.
pub static ROOTS_BESIDE: Threshold = Threshold::nanos((60 * SECOND) as f64);

/// Hellos in a row that must be missing: after as many a bridge gives up a rapid neighbour (IEEE 802.1Q clause 13).
pub static HELLOS_MISSING: Threshold = Threshold::count(3.0);

/// Hellos in a row that are missing when their sender was away and nothing was lost: more.
pub static HELLOS_AWAY: Threshold = Threshold::count(30.0);

/// Packets of a session that ended, before its end says something: what is opened twice at a time is closed again.
pub static SESSION_PACKETS: Threshold = Threshold::count(10.0);

/// Nanoseconds for which two queriers must have asked side by side: the time after which one holds the other for gone (RFC 3376 section 8.5).
pub static QUERIERS_BESIDE: Threshold = Threshold::nanos((255 * SECOND) as f64);

/// Frames in a second from which it counts as one of a storm, of broadcasts or of multicasts of the link's protocols.
pub static STORM_RATE: Threshold = Threshold::count(1_000.0);

/// PAUSE frames in a second from which a link is held up: each stops it for at most 34 ms at 1 Gb/s.
pub static PAUSE_RATE: Threshold = Threshold::count(20.0);

/// Nanoseconds after which a switch forgets where a station is that sends nothing (IEEE 802.1D table 7-5).
pub static STATION_FORGOTTEN: Threshold = Threshold::nanos((300 * SECOND) as f64);

/// Frames a second to a station that is not heard, from which on they are told of.
pub static FLOODED_RATE: Threshold = Threshold::count(50.0);

/// Stations to which frames must be flooded, and senders of them, before it is more than one host that only listens.
pub static FLOODED_STATIONS: Threshold = Threshold::count(3.0);

/// How often the same frame to a group must come within a second to be one that circles.
pub static CIRCLING: Threshold = Threshold::count(64.0);

/// In how many of the second's 64 parts: copies of a mirror come together.
pub static CIRCLING_PARTS: Threshold = Threshold::count(24.0);

/// Different frames that must circle.
pub static CIRCLING_FRAMES: Threshold = Threshold::count(3.0);

/// Stations that sent them.
pub static CIRCLING_SENDERS: Threshold = Threshold::count(2.0);

/// The same frame so often within a second that nobody repeats anything like it.
pub static CIRCLING_SWIFT: Threshold = Threshold::count(500.0);

/// Different ones of those, each of a station of its own.
pub static CIRCLING_SWIFT_FRAMES: Threshold = Threshold::count(2.0);

/// How often the same request for an address or a name must come within a second, each time in another of its 64 parts. Hosts repeat such requests
/// about once a second (RFC 1122 section 2.3.2.1, RFC 4861 section 10, RFC 2131 section 4.1, RFC 6762 section 5.2; probes by multicast DNS three
/// times, 250 ms apart).
pub static CIRCLING_ASKED: Threshold = Threshold::count(5.0);

/// Different requests that must circle.
pub static CIRCLING_REQUESTS: Threshold = Threshold::count(10.0);

/// Stations that sent them.
pub static CIRCLING_ASKERS: Threshold = Threshold::count(2.0);

/// Changes of a station's port within [`MOVES_WITHIN`].
pub static MOVES: Threshold = Threshold::count(3.0);

/// Nanoseconds.
pub static MOVES_WITHIN: Threshold = Threshold::nanos((10 * SECOND) as f64);

/// Places of one station beyond which what a mirror calls a port is none: it goes by something else.
pub const MOVES_PLACES: usize = 4;

/// New stations within ten seconds from which they are more than a network has; twice in a row.
pub static NEW_STATIONS: Threshold = Threshold::count(1_000.0);

/// Nanoseconds in which everybody is new.
pub static ACQUAINTED: Threshold = Threshold::nanos((60 * SECOND) as f64);

/// Of addresses that makers gave, the share of different makers that no network has: there most stations are of few makers.
pub const NEW_MAKERS: f64 = 0.9;

/// Frames that must be seen in two VLANs.
pub static LEAKED: Threshold = Threshold::count(10.0);

/// Stations that sent them.
pub static LEAKED_STATIONS: Threshold = Threshold::count(3.0);

/// VLANs that share frames with one VLAN, from which on that one is meant to hold those of others.
pub const LEAKED_PARTNERS: usize = 3;

/// Nanoseconds that two sightings of one frame are apart at most.
pub const LEAKED_WITHIN: i64 = 2 * SECOND;

/// Nanoseconds without a query after which switches forget who wants a group (RFC 3376 section 8.4).
pub const MEMBERS_FORGOTTEN: i64 = 260 * SECOND;

/// Frames of a stream to a group in a minute.
pub static STREAM_FRAMES: Threshold = Threshold::count(600.0);

/// Share of the link's speed in a burst, and in one that fills the link.
pub static BURST: Threshold = Threshold::share(0.5);

/// See [`BURST`].
pub static BURST_FULL: Threshold = Threshold::share(0.9);

/// Bits per second of the slowest link of which bursts are told: there a millisecond holds eight full frames, on a slower one a single frame
/// would be a burst.
pub const SLOWEST_BURSTS: u64 = 100_000_000;

/// Nanoseconds of the finest bins of which bursts are told.
pub const FINE_BIN: i64 = 100_000;

/// The slowest link of which bursts are told in those: in one of them too it holds eight full frames.
pub const SLOWEST_FINE_BURSTS: u64 = 1_000_000_000;

/// Parts of a bin that the clock must tell apart at least.
pub const CLOCK_PARTS: i64 = 10;

/// Milliseconds of a short burst at most.
pub static BURST_SHORT: Threshold = Threshold::count(100.0);

/// Short bursts that fill the link within a minute, and the share of its speed that is used meanwhile at most.
pub static BURSTS: Threshold = Threshold::count(10.0);

/// See [`BURSTS`].
pub static BURSTS_MEAN: Threshold = Threshold::share(0.3);

/// Share of the link's speed, and nanoseconds in which it is used, from which on it is full.
pub static LINK_FULL: Threshold = Threshold::share(0.95);

/// See [`LINK_FULL`].
pub static LINK_FULL_FOR: Threshold = Threshold::nanos((10 * SECOND) as f64);
