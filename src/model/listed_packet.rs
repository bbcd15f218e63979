//! One packet as a list of packets shows it.

use super::{Direction, FlowKey, Frame, Mac, Path, SegmentAnalysis, Timestamp};

/// What was decided on a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PacketJudgement {
    /// Nothing before it is the same.
    #[default]
    New,
    /// A copy of a packet before it, as a mirror makes them.
    Copy,
    /// It repeats a packet before it, and may be a copy.
    Repeat,
    /// It repeats a packet before it; what follows tells whether it is a copy.
    Undecided,
    /// It brought samples of others.
    Samples,
}

impl PacketJudgement {
    /// The word in lists.
    pub fn token(self) -> &'static str {
        match self {
            PacketJudgement::New => "new",
            PacketJudgement::Copy => "copy",
            PacketJudgement::Repeat => "repeat",
            PacketJudgement::Undecided => "undecided",
            PacketJudgement::Samples => "samples",
        }
    }
}

/// One packet as a list of packets shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ListedPacket {
    /// Its number, from 1, in the order in which packets came.
    pub number: u64,
    /// When it came.
    pub time: Timestamp,
    /// Bytes on the wire, as it was captured.
    pub wire: u32,
    /// Captured bytes.
    pub captured: u32,
    /// The capture interface.
    pub interface: u16,
    /// Protocols, outermost first.
    pub path: Path,
    /// Source and destination MAC address.
    pub mac: Option<(Mac, Mac)>,
    /// Its conversation.
    pub flow: Option<(FlowKey, Direction)>,
    /// Whether it counts; else it is left out.
    pub kept: bool,
    /// Why.
    pub judgement: PacketJudgement,
    /// What Wireshark says of its TCP segment.
    pub analysis: SegmentAnalysis,
}

impl ListedPacket {
    /// Of a frame; lengths are those of the packet as it was captured.
    pub fn of(frame: &Frame<'_>, wire: u32, captured: u32) -> Self {
        Self {
            number: frame.number,
            time: frame.time,
            wire,
            captured,
            interface: frame.interface,
            path: frame.path,
            mac: frame.mac,
            flow: frame.flow,
            kept: true,
            judgement: PacketJudgement::New,
            analysis: SegmentAnalysis::default(),
        }
    }
}
