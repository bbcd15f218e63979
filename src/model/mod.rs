//! Words of the trade: times, addresses, link types, protocol paths, units and limits.
//!
//! The lowest floor: `std` only, no I/O and no threads; the system's time is asked in `clock` alone. Everything else may use it; it uses nothing of the crate.

/// Does the first beside the second, which is the caller's own; false when it cannot, and has done neither.
pub type JoinScoped = fn(&mut (dyn FnMut() + Send), &mut dyn FnMut()) -> bool;

pub mod address;
pub mod adjacency;
pub mod alike;
pub mod app;
mod arrange;
pub mod asked;
pub mod bfd;
pub mod bounded;
pub mod bpdu;
mod cap_scale;
pub mod chatter;
pub mod clock;
mod connection;
pub mod control;
pub mod estimate;
pub mod evidence;
pub mod exchange;
pub mod fast_headers;
mod filter_words;
pub mod finding;
pub mod flow;
pub mod flow_record;
pub mod frame;
pub mod groups;
pub mod histogram;
pub mod host;
pub mod index;
pub mod ip_protocol;
pub mod lacp;
pub mod latest;
pub mod learnt;
pub mod limits;
pub mod link;
pub mod link_use;
pub mod listed_packet;
pub mod memory;
pub mod mirror;
pub mod mix;
pub mod near;
pub mod neighbour;
pub mod network;
pub mod numbers;
pub mod packet_tree;
pub mod path;
pub mod port;
mod proof;
pub mod proto;
pub mod quote;
pub mod round_trips;
pub mod rtp;
mod screen_words;
pub mod sealed;
pub mod short_name;
pub mod sighting;
pub mod sizes;
pub mod source;
pub mod speaker;
pub mod stamp;
pub mod station;
pub mod subject;
pub mod sum;
pub mod switch;
pub mod tally;
pub mod tape_packet;
pub mod tcp;
pub mod tcp_analysis;
pub mod tcp_options;
pub mod text;
pub mod time;
mod time_span;
pub mod traffic;
pub mod transit;
pub mod trust;
pub mod units;
pub mod vlan;

pub use address::{Address, Mac};
pub use adjacency::{
    AuthenticatorRow, BgpNotification, EapolStep, GatewayHello, GatewayProtocol, GroupQuery, OspfHello, OspfPacket, eap_method,
};
pub use alike::{Likeness, ListedFinding};
pub use app::{AppBy, AppId, AppSlot, AppStage, DissectLosses};
pub use arrange::Arrange;
pub use asked::{AskedSwitch, OfferedLoad, PortCopy, PortCounts, PortRow, SwitchAnswer, SwitchPort};
pub use bfd::BfdHello;
pub use bpdu::{Bpdu, BpduFlags, BpduKind, BridgeId, PortRole, TreeInstance, TreeRegion};
pub use cap_scale::CapScale;
pub use chatter::Chatter;
pub use connection::{Attempt, AttemptOutcome, ConnectionEnd, CutPhase, EarlierOutcome};
pub use control::{ArpBlocks, Control, ControlBody, ControlFrame, ControlMessage};
pub use estimate::{Estimate, wilson};
pub use exchange::{
    Answer, AppMessage, ExchangeEvent, Manners, RequestPart, RequestWords, ResponseBy, Transaction, TransactionEnd, WaitTold,
};
pub use fast_headers::FastHeaders;
pub use filter_words::FILTER_WORDS;
pub use finding::{Episode, Explained, Finding, Location, PathSide, SeenAt, Severity, Value};
pub use flow::{Direction, FlowKey};
pub use flow_record::{CloseReason, FlowBatch, FlowRecord, TcpSummary};
pub use frame::{Cast, Frame, Segment, Stop};
pub use groups::group_meaning;
pub use histogram::{Histogram, Quantiles};
pub use host::HostFacts;
pub use lacp::{Lacp, LacpEnd, LacpState};
pub use learnt::{LearntName, NameSource};
pub use link::LinkType;
pub use link_use::{BurstContributor, LinkBurst, LinkLoad, LinkUse, LinkWays, USE_CLASSES};
pub use listed_packet::{ListedPacket, PacketJudgement};
pub use mirror::{Carrier, Decap, MirrorTag, Purpose, RspanChoice, Sampling, Session, SessionClock, Side, Tunnel, TunnelKind};
pub use neighbour::{Abilities, Inventory, LinkClaims, MediaPolicy, Neighbour, NeighbourProtocol, PowerClaims};
pub use network::{
    Flight, FreeTalk, HostLoad, IcmpError, KeptAlive, LocatedLoss, NetworkBatch, NetworkEvent, ProxiedRequest, RoundTrip, ServiceKey,
    SilentPeer, Stall, StallEnd, StuckSegment, TlsNews, TlsSight, TurnKind, UnreadSight, UnreadTurn,
};
pub use packet_tree::{LayerWriter, PacketTree, Show, TreeField, TreeLayer, ValueHeads};
pub use path::Path;
pub use port::Port;
pub use proof::{Proofs, Proves, ProvingPackets};
pub use proto::{Proto, ProtoSet};
pub use quote::QuotedFlow;
pub use round_trips::{RoundTripFigures, SideTrips, TurnFigures};
pub use rtp::{CallParties, MediaGap, MediaNews, MediaOffer, MediaStream, RtpPacket};
pub use screen_words::SCREEN_WORDS;
pub use short_name::ShortName;
pub use sighting::{BroadcastDomain, ClockSight, DhcpConfig, DhcpSight, Sight, Sighting};
pub use source::{FileInterface, PortAbsence, SourceInfo, read_of};
pub use speaker::{SpeakerHello, SpeakerRow};
pub use stamp::{Stamp, StampChoice, StampKind, StampPort, Stamps};
pub use station::{CirclingFrame, FreshStation, SAMPLED_FRAMES, SampledPair, StationNews};
pub use subject::{Subject, SubjectPart};
pub use sum::Sum;
pub use switch::{
    AggregateRow, ChatterRow, Flood, FloodSecond, GatewayRow, MemberRow, NeighbourRow, OspfRow, QuerierRow, SwitchEvent, SwitchEventKind,
    SwitchIdentity, SwitchView, TreeRow, short_port,
};
pub use tally::{AppSection, Counter, CounterValue, Measure, Tally};
pub use tape_packet::{FileExtra, PacketNote, TapePacket};
pub use tcp_analysis::{AnalysisCounts, AnalysisFlags, Carried, ConnectionFigures, LeastTrip, SegmentAnalysis, TurnStep, WindowUse};
pub use tcp_options::{SackBlocks, TcpOption, TcpOptions};
pub use time::Timestamp;
pub use time_span::TimeSpan;
pub use traffic::Traffic;
pub use transit::{Transit, TransitPlace, TransitRow, TransitSlice};
pub use trust::{Aspect, Trust, TrustPart, Verdict};
pub use vlan::VlanStack;
