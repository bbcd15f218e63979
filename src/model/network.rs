//! What happened between hosts: the events that findings about the network rest on. Shards tell of them as they see them; the
//! [service ledger](crate::stats::ServiceLedger) takes them in, in the order of time.

use super::{
    Address, AppId, Attempt, ConnectionEnd, ControlMessage, Direction, FloodSecond, FlowKey, LinkLoad, Location, MediaNews, MediaOffer,
    PathSide, Proto, QuotedFlow, RequestWords, ShortName, Sighting, StationNews, Timestamp, Transaction,
};
use crate::model::ip_protocol;
use std::fmt;

/// What listens at a port of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey {
    /// The host.
    pub address: Address,
    /// The port it listens at.
    pub port: u16,
    /// The transport protocol of the port.
    pub protocol: Proto,
}

impl ServiceKey {
    /// The service that packets of a conversation going `way` are sent to; `None` without ports.
    pub fn of(flow: &FlowKey, way: Direction) -> Option<Self> {
        let (address, port) = flow.ends(way)[1];
        let protocol = match flow.protocol {
            ip_protocol::TCP => Proto::Tcp,
            ip_protocol::UDP => Proto::Udp,
            ip_protocol::SCTP => Proto::Sctp,
            _ => return None,
        };
        Some(Self { address, port, protocol })
    }
}

/// The name in reports: `10.20.1.2:53`, `[2001:db8::1]:53`.
impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Address::V6(_) => write!(f, "[{}]:{}", self.address, self.port),
            _ => write!(f, "{}:{}", self.address, self.port),
        }
    }
}

/// A round trip between the mirrored port and one end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTrip {
    /// The conversation.
    pub flow: FlowKey,
    /// The way from the client.
    pub way: Direction,
    /// The end.
    pub side: PathSide,
    /// When it was measured.
    pub time: Timestamp,
    /// Nanoseconds.
    pub nanos: i64,
    /// Nobody waited with the acknowledgement: it is of two segments or more, or of a handshake.
    pub is_prompt: bool,
    /// What was in flight, where both SYNs were seen.
    pub flight: Option<Flight>,
    /// Segments with payload so far, of both ways.
    pub data_segments: u32,
    /// The number of the packet that acknowledges; 0 where it is not known.
    pub number: u64,
}

/// Data on its way to the end that acknowledges some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    /// Bytes seen and not acknowledged before.
    pub bytes: u32,
    /// The window of the end that acknowledges, in bytes.
    pub window: u32,
    /// The window scale option was not in both SYNs.
    pub is_unscaled: bool,
    /// Bytes on the wire that went to it so far.
    pub sent: u64,
}

/// An ICMP error and the conversation it quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpError {
    /// Who sent it.
    pub reporter: Address,
    /// Who received it.
    pub receiver: Address,
    /// What it says.
    pub quoted: QuotedFlow,
    /// When.
    pub time: Timestamp,
    /// The number of its packet; 0 where it is not known.
    pub number: u64,
}

/// A segment that was lost, located by what the mirror saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocatedLoss {
    /// The conversation.
    pub flow: FlowKey,
    /// The way from the client.
    pub client: Direction,
    /// The way of the segment.
    pub way: Direction,
    /// When it was seen (again).
    pub time: Timestamp,
    /// Before it passed the mirrored port, or after.
    pub location: Location,
    /// Segments of the conversation with payload so far.
    pub packets: u64,
    /// It had arrived, as its receiver says now: one that was told of before is taken back.
    pub retracted: bool,
    /// The number of the packet that shows it: the one that came again, or late; 0 where it is not known.
    pub number: u64,
}

impl LocatedLoss {
    /// Of a segment going `way` that did not pass the mirrored port when it was to.
    pub fn before_mirror(flow: &FlowKey, client: Direction, way: Direction, time: Timestamp) -> Self {
        Self { flow: *flow, client, way, time, location: Location::BeforeMirror, packets: 0, retracted: false, number: 0 }
    }

    /// The half of the path it was lost in.
    pub fn side(&self) -> PathSide {
        match (self.way == self.client, self.location) {
            (true, Location::BeforeMirror) | (false, Location::BeyondMirror) => PathSide::Client,
            (true, Location::BeyondMirror) | (false, Location::BeforeMirror) => PathSide::Server,
        }
    }
}

/// How a time in which a receiver takes no data ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StallEnd {
    /// It has not ended.
    Lasts,
    /// The receiver takes data again.
    Reopened,
    /// The connection ended before.
    Closed,
}

/// A receiver that took no data, or still takes none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// The conversation.
    pub flow: FlowKey,
    /// The way of the receiver's segments.
    pub way: Direction,
    /// The way from the client.
    pub client: Direction,
    /// When it began.
    pub first: Timestamp,
    /// From when on it is told of here: of one that lasts the part that was not told yet.
    pub from: Timestamp,
    /// Up to when.
    pub to: Timestamp,
    /// How often its sender asked, since it began.
    pub probes: u32,
    /// How it ended, as far as it did.
    pub end: StallEnd,
    /// Part of a stall that was told of before.
    pub continues: bool,
    /// The number of the packet that announced it; 0 where it is not known.
    pub number: u64,
}

/// An end of a connection that says nothing since data was sent to it, which is sent again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilentPeer {
    /// The conversation.
    pub flow: FlowKey,
    /// The way of what is sent to it.
    pub way: Direction,
    /// The way from the client.
    pub client: Direction,
    /// When what it does not acknowledge was sent first.
    pub since: Timestamp,
    /// When it was sent again.
    pub time: Timestamp,
    /// The number of that packet; 0 where it is not known.
    pub number: u64,
}

/// Keep-alives of one side of a connection (RFC 9293 section 3.8.4): of one that takes no data they are probes, and not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptAlive {
    /// The conversation.
    pub flow: FlowKey,
    /// The way of the keep-alives.
    pub way: Direction,
    /// How many.
    pub count: u64,
    /// Packets that way since the last ones that were told, theirs included.
    pub packets: u64,
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// The number of its packet; 0 where it is not known.
    pub number: u64,
}

/// What a host sent and received in some time, as one shard saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostLoad {
    /// Who; `None`: all together.
    pub host: Option<Address>,
    /// Bytes on the wire.
    pub bytes: u64,
    /// In so many nanoseconds up to `time`.
    pub nanos: i64,
    /// With whom most of it was.
    pub peer: Option<Address>,
    /// How much that was.
    pub peer_bytes: u64,
    /// The lower port of that conversation.
    pub port: u16,
    /// The end of this time.
    pub time: Timestamp,
}

/// A large segment that was sent several times and did not arrive, before anything as large did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StuckSegment {
    /// The conversation.
    pub flow: FlowKey,
    /// The way of the segment.
    pub way: Direction,
    /// The way from the client.
    pub client: Direction,
    /// Bytes of its IP packet.
    pub length: u32,
    /// When it was sent first.
    pub first: Timestamp,
    /// When it was sent last.
    pub time: Timestamp,
    /// How often it was sent again.
    pub repeated: u32,
    /// Whether its receiver is seen to be there, in the same conversation.
    pub is_alive: bool,
    /// Whether its sender sent nothing as large before, and nothing smaller behind it.
    pub is_opening: bool,
    /// The number of the packet of its latest copy; 0 where it is not known.
    pub number: u64,
}

/// A request and its answer that nobody can read: the client spoke, then the server did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadTurn {
    /// The conversation.
    pub flow: FlowKey,
    /// The way from the client.
    pub way: Direction,
    /// The last of the request.
    pub asked: Timestamp,
    /// The first of the answer.
    pub answered: Timestamp,
    /// Of the time between them the network's: the way to the server and back, and what was waited for a retransmission; nanoseconds.
    pub network: i64,
    /// What is spoken.
    pub app: AppId,
    /// By whose turn it is told.
    pub kind: TurnKind,
    /// The number of the packet with which the answer begins; 0 where it is not known.
    pub number: u64,
}

/// Why a turn cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnKind {
    /// It is encrypted: records of application data tell requests and answers from the rest.
    Encrypted,
    /// Of a protocol that works by requests and answers, which nobody reads here.
    Unread,
    /// What is spoken is not known.
    Unknown,
}

/// A connection that is not made of requests and answers: both sides speak whenever they have something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeTalk {
    /// The conversation.
    pub flow: FlowKey,
    /// The way from the client.
    pub way: Direction,
    /// When it showed.
    pub time: Timestamp,
}

/// A request for what another host has, to a proxy that asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxiedRequest {
    /// The conversation with the proxy.
    pub flow: FlowKey,
    /// The way from the client.
    pub way: Direction,
    /// When.
    pub time: Timestamp,
    /// What stands for the host in [`super::AppMessage::question`]; never 0.
    pub question: u32,
    /// The host that is asked for, with its port where that is said.
    pub name: ShortName,
}

/// A conversation carries requests that nobody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadSight {
    /// What it speaks.
    pub app: AppId,
    /// When it was recognised.
    pub time: Timestamp,
}

/// What a TLS handshake shows before all is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsNews {
    /// The client asks for a server by this name; over UDP by QUIC.
    Named(ShortName),
    /// A client asks by QUIC, and for whom cannot be read.
    Unnamed,
    /// The server chose a version.
    Chosen {
        /// Which.
        version: u16,
        /// The highest that its client offered.
        offered: u16,
    },
    /// An alert that refuses something (RFC 8446 section 6.2).
    Alert {
        /// Its description.
        code: u8,
        /// The client sent it.
        by_client: bool,
    },
    /// What refuses nothing: an alert that is a goodbye or a remark, or something of the server that the capture does not hold.
    Remark,
    /// The server's certificate.
    Certificate {
        /// Seconds since 1970 from when and until when it is valid.
        valid: [i64; 2],
        /// Its first DNS name, else its common name.
        name: ShortName,
    },
}

/// Something a TLS handshake shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsSight {
    /// The conversation.
    pub flow: FlowKey,
    /// The way from the client.
    pub way: Direction,
    /// When.
    pub time: Timestamp,
    /// What.
    pub news: TlsNews,
    /// The number of the packet that shows it; 0 where it is not known.
    pub number: u64,
}

/// Something that happened between hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkEvent {
    /// An attempt to connect was decided.
    Attempt(Attempt),
    /// A connection ended.
    Ended(ConnectionEnd),
    /// A request and what became of it.
    Transaction(Transaction),
    /// A request that cannot be read was answered.
    Turn(UnreadTurn),
    /// A connection turned out not to be made of requests and answers.
    Talks(FreeTalk),
    /// A router or host reports that packets cannot be delivered.
    Icmp(IcmpError),
    /// A segment was lost.
    Lost(LocatedLoss),
    /// A segment was lost, or late: nothing tells.
    LostOrLate(LocatedLoss),
    /// A receiver took no data.
    Stalled(Stall),
    /// A round trip was measured.
    RoundTrip(RoundTrip),
    /// A TLS handshake showed something.
    Tls(TlsSight),
    /// A proxy is asked for something of another host.
    Proxied(ProxiedRequest),
    /// Requests pass that nobody reads.
    Unread(UnreadSight),
    /// A large segment does not get through.
    Stuck(StuckSegment),
    /// Data is sent again and again, and its receiver says nothing at all.
    Silent(SilentPeer),
    /// A connection is kept alive.
    KeptAlive(KeptAlive),
    /// So much passed.
    Load(HostLoad),
    /// Voice or pictures came, or did not.
    Media(MediaNews),
    /// Where they are going to be sent.
    Offered(MediaOffer),
    /// An address was asked for, given or announced.
    Sighted(Sighting),
}

impl NetworkEvent {
    /// When it was known.
    pub fn time(&self) -> Timestamp {
        match self {
            NetworkEvent::Attempt(attempt) => attempt.time,
            NetworkEvent::Ended(end) => end.time,
            NetworkEvent::Transaction(t) => t.answered.unwrap_or(t.asked),
            NetworkEvent::Turn(turn) => turn.answered,
            NetworkEvent::Talks(talk) => talk.time,
            NetworkEvent::Icmp(error) => error.time,
            NetworkEvent::Lost(lost) | NetworkEvent::LostOrLate(lost) => lost.time,
            NetworkEvent::Stalled(stall) => stall.to,
            NetworkEvent::RoundTrip(trip) => trip.time,
            NetworkEvent::Tls(seen) => seen.time,
            NetworkEvent::Proxied(request) => request.time,
            NetworkEvent::Unread(seen) => seen.time,
            NetworkEvent::Stuck(stuck) => stuck.time,
            NetworkEvent::Silent(silent) => silent.time,
            NetworkEvent::KeptAlive(kept) => kept.last,
            NetworkEvent::Load(load) => load.time,
            NetworkEvent::Media(news) => news.last,
            NetworkEvent::Offered(offer) => offer.time,
            NetworkEvent::Sighted(sighting) => sighting.last,
        }
    }
}

/// What a shard tells of one beat: a second of packet time, or part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkBatch {
    /// The number of the beat.
    pub beat: u64,
    /// The shard.
    pub shard: u8,
    /// What happened, in the order of the tape.
    pub events: Vec<NetworkEvent>,
    /// What requests say, of those told of by these events or later ones, where somebody wants to know.
    pub words: Vec<RequestWords>,
    /// Attempts that were not followed because there were too many at a time.
    pub unfollowed: u64,
    /// Control packets, in the order of the tape.
    pub control: Vec<ControlMessage>,
    /// Frames to many, by the second, in the order of the tape.
    pub floods: Vec<FloodSecond>,
    /// Control packets that were not read because there were too many at a time.
    pub control_beyond: u64,
    /// What was seen of stations.
    pub stations: StationNews,
    /// How full the link was, where the router says so.
    pub load: Option<LinkLoad>,
}
