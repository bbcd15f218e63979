//! What is told of a conversation when it ends: a flow record, as exporters and subscribers get it.
//!
//! A conversation that pauses for long and goes on yields one record for each part, and so does, where that was asked for, one that lasts for
//! long; its parts add up to the row that tables show of it.

use super::{AppId, Direction, FlowKey, Mac, Path, Timestamp, Traffic, VlanStack};

/// Why a conversation was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloseReason {
    /// Both sides of a TCP connection sent FIN.
    Fin,
    /// A side of a TCP connection sent RST.
    Rst,
    /// No packet for as long as its protocol is waited for ([`super::limits`]).
    Idle,
    /// It goes on, and was told of because it has lasted for long.
    Active,
    /// A new TCP connection began on the same ports.
    Replaced,
    /// The table was full, and this conversation was among those idle longest.
    Evicted,
    /// The capture ended.
    Finished,
}

impl CloseReason {
    /// All of them.
    pub const ALL: [CloseReason; 7] = [
        CloseReason::Fin,
        CloseReason::Rst,
        CloseReason::Idle,
        CloseReason::Active,
        CloseReason::Replaced,
        CloseReason::Evicted,
        CloseReason::Finished,
    ];

    /// Its word in outputs.
    pub const fn token(self) -> &'static str {
        match self {
            CloseReason::Fin => "fin",
            CloseReason::Rst => "rst",
            CloseReason::Idle => "idle",
            CloseReason::Active => "active",
            CloseReason::Replaced => "replaced",
            CloseReason::Evicted => "evicted",
            CloseReason::Finished => "finished",
        }
    }
}

/// Which steps of a TCP connection were seen up to the record's end, in this part of the conversation or an earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TcpSummary {
    /// A SYN-ACK was seen.
    pub answered: bool,
    /// An acknowledgement without SYN was seen.
    pub acknowledged: bool,
    /// The first segment seen was no SYN.
    pub midstream: bool,
    /// Whether the smaller end sent FIN, and the larger one.
    pub fin: [bool; 2],
    /// Which way the first RST went.
    pub reset: Option<Direction>,
}

impl TcpSummary {
    /// How many sides sent FIN.
    pub fn fins(&self) -> u8 {
        self.fin.iter().map(|sent| u8::from(*sent)).sum()
    }
}

/// A conversation, or a part of one, that was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowRecord {
    /// Who.
    pub key: FlowKey,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// Traffic from the smaller end to the larger, and back; of sampled packets what they stand for.
    pub traffic: [Traffic; 2],
    /// Which way the originator sends: whoever sent the SYN, else the first packet.
    pub originator: Direction,
    /// TCP's course; `None` for other protocols.
    pub tcp: Option<TcpSummary>,
    /// The application protocol recognised by content.
    pub app: AppId,
    /// Protocols, outermost first.
    pub path: Path,
    /// Source and destination MAC of the packets from the smaller end to the larger, else of those back turned round.
    pub mac: Option<(Mac, Mac)>,
    /// VLANs it was seen in.
    pub vlans: VlanStack,
    /// Packets of it were sampled: its traffic is scaled.
    pub sampled: bool,
    /// An earlier part of the conversation was closed before.
    pub continued: bool,
    /// Why it was closed.
    pub reason: CloseReason,
}

/// Flow records of one shard, in the order they were closed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowBatch {
    /// Number of the beat (a second of packet time, or part of one) in which they were closed.
    pub beat: u64,
    /// Which shard.
    pub shard: u8,
    /// The records.
    pub records: Vec<FlowRecord>,
    /// Conversations that were closed and whose records found no room ([`super::limits::CLOSED_FLOWS`]).
    pub lost: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn tokens_are_unique() {
        let tokens: BTreeSet<_> = CloseReason::ALL.iter().map(|r| r.token()).collect();
        assert_eq!(tokens.len(), CloseReason::ALL.len());
    }
}
