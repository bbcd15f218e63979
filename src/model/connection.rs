//! How TCP connections begin and end.

use super::{AppId, Direction, FlowKey, Mac, Timestamp};

/// What became of an attempt to open a TCP connection: all SYNs with the same ports and initial sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The handshake was completed.
    Established,
    /// The first SYN was answered by RST.
    Refused,
    /// Nothing came back.
    Unanswered,
    /// A SYN-ACK came back and was never acknowledged.
    HalfOpen,
    /// The client gave up behind the SYN-ACK by RST, as scanners do.
    Abandoned,
    /// The capture ended before it had waited long enough, but for longer than [`super::evidence::OPEN_AT_END`]: not judged.
    Open,
}

/// What was told of an attempt before it turned out otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierOutcome {
    /// What was told.
    pub outcome: AttemptOutcome,
    /// SYNs seen by then.
    pub syns: u8,
    /// Those of them that came soon behind an answer.
    pub syns_again: u8,
}

/// An attempt to open a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The conversation.
    pub flow: FlowKey,
    /// The way of the SYN: from the client.
    pub way: Direction,
    /// Who sent the frame of the SYN: the client, or a router on its way.
    pub station: Mac,
    /// To whom: the server, or a router on the way there.
    pub next: Mac,
    /// The VLAN of that frame: its outermost tag.
    pub vlan: Option<u16>,
    /// The first SYN.
    pub first: Timestamp,
    /// When it was decided.
    pub time: Timestamp,
    /// What became of it.
    pub outcome: AttemptOutcome,
    /// SYNs seen.
    pub syns: u8,
    /// Those of them that came soon behind an answer.
    pub syns_again: u8,
    /// Nanoseconds from the SYN to its answer: the half of the path between the mirrored port and the server. `None` when a SYN was repeated, so
    /// that it is not known which one was answered.
    pub server_half: Option<i64>,
    /// Nanoseconds from the SYN-ACK to the client's acknowledgement: the other half.
    pub client_half: Option<i64>,
    /// Nanoseconds from the first SYN to the first SYN-ACK, however many SYNs were sent meanwhile: for so long the client waited for its answer.
    pub answered_after: Option<i64>,
    /// What was told of the same attempt before: it did not happen after all.
    pub earlier: Option<EarlierOutcome>,
    /// The TTL of its answer, SYN-ACK or RST; 0: none.
    pub ttl: u8,
    /// Whether its latest SYN asked for ECN (RFC 3168 section 6.1.1).
    pub asks_ecn: bool,
    /// Whether one before it did, and the latest does not.
    pub gave_up_ecn: bool,
    /// The number of the packet of its latest SYN; 0 where it is not known.
    pub number: u64,
}

/// Where in its life a connection was cut by RST (RFC 9293 section 3.10.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CutPhase {
    /// Data of either side was not acknowledged yet.
    Transfer,
    /// Nothing was outstanding.
    Quiet,
    /// Nothing was outstanding, and nothing had passed for [`super::limits::IDLE_CUT`].
    Idle,
    /// One side had said by FIN that it has no more data.
    AfterFin,
    /// Nothing was outstanding, and the client waited for an answer.
    RequestPending,
}

impl CutPhase {
    /// All of them, each at the place of its number.
    pub const ALL: [CutPhase; 5] = [CutPhase::Transfer, CutPhase::Quiet, CutPhase::Idle, CutPhase::AfterFin, CutPhase::RequestPending];

    /// Where a connection is that RST meets: sides that sent FIN, whether data was outstanding, nanoseconds since the segment before, and whether
    /// the client waits for an answer.
    pub fn of(fins: u32, outstanding: Option<bool>, pause: i64, asks: bool) -> Self {
        if fins > 0 {
            CutPhase::AfterFin
        } else if outstanding == Some(true) {
            CutPhase::Transfer
        } else if pause >= super::limits::IDLE_CUT {
            CutPhase::Idle
        } else if asks && outstanding.is_some() {
            CutPhase::RequestPending
        } else {
            CutPhase::Quiet
        }
    }

    /// Its word in JSON.
    pub const fn token(self) -> &'static str {
        match self {
            CutPhase::Transfer => "transfer",
            CutPhase::Quiet => "quiet",
            CutPhase::Idle => "idle",
            CutPhase::AfterFin => "after_fin",
            CutPhase::RequestPending => "request_pending",
        }
    }

    /// Its words in reports.
    pub const fn text(self) -> &'static str {
        match self {
            CutPhase::Transfer => "during a transfer",
            CutPhase::Quiet => "with nothing outstanding",
            CutPhase::Idle => "when idle",
            CutPhase::AfterFin => "after FIN",
            CutPhase::RequestPending => "with a request pending",
        }
    }
}

/// The end of an established connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionEnd {
    /// The conversation.
    pub flow: FlowKey,
    /// The way from the client.
    pub way: Direction,
    /// It was joined after its beginning: told only of protocols whose connections are meant to stand for months.
    pub is_joined: bool,
    /// When it ended.
    pub time: Timestamp,
    /// What was spoken, where content told.
    pub app: AppId,
    /// How it was cut; `None`: closed by FIN of both sides.
    pub cut: Option<CutPhase>,
    /// Nanoseconds from the segment before to its end.
    pub pause: i64,
    /// The side that sent the RST is the client.
    pub by_client: bool,
    /// Neither side sent it: its TTL is not that of its sender's other packets.
    pub is_foreign: bool,
    /// The client had sent all it wanted, and wants no more of what it gets: it stopped a transfer, or its user closed a page.
    pub gave_up: bool,
    /// Packets of the conversation so far: from the client, from the server.
    pub packets: [u64; 2],
    /// TCP segments with payload, of both ways.
    pub data_packets: u64,
    /// The number of the packet that ended it; 0 where it is not known.
    pub number: u64,
}
