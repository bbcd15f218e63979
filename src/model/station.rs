//! What shards tell of stations: a sample of who sends to whom, who is new, and frames to groups that come round again and again.

use super::{Address, Mac, Timestamp};

/// Of so many frames one is looked at for who sends to whom.
pub const SAMPLED_FRAMES: u64 = 32;

/// Frames from one station to another in an interval, of those that were sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SampledPair {
    /// Who sent them.
    pub source: Mac,
    /// To whom.
    pub destination: Mac,
    /// The outermost VLAN.
    pub vlan: Option<u16>,
    /// Frames of the sample.
    pub frames: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// The network address they went to.
    pub to: Option<Address>,
    /// They went to several network addresses: who receives them is a router.
    pub is_router: bool,
}

/// The first frame that one station sent to another, or by another protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshStation {
    /// When.
    pub time: Timestamp,
    /// Who sent it.
    pub source: Mac,
    /// Whether it is a packet of a conversation: later ones are seen by a sample only.
    pub talks: bool,
}

/// A frame to a group that came again and again, spread over a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CirclingFrame {
    /// Seconds since 1970.
    pub second: i64,
    /// The outermost VLAN (0: none).
    pub vlan: u16,
    /// Who sent it.
    pub source: Mac,
    /// How often it came in that second.
    pub times: u64,
    /// The number of its latest packet.
    pub number: u64,
    /// So often that nothing but a loop does it, whatever it holds.
    pub is_fast: bool,
    /// It asks everybody for an address or a name: nobody asks the same more than about once a second.
    pub is_request: bool,
}

/// What a shard tells of stations of an interval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StationNews {
    /// Who sent to whom, in their order.
    pub pairs: Vec<SampledPair>,
    /// Who sent for the first time, in the order of the tape.
    pub fresh: Vec<FreshStation>,
    /// Frames that circle.
    pub circling: Vec<CirclingFrame>,
    /// First frames for which there was no room.
    pub beyond: u64,
}

impl StationNews {
    /// The latest moment it is about.
    pub fn last(&self) -> Option<Timestamp> {
        let circled = self.circling.iter().map(|c| Timestamp(c.second.saturating_add(1).saturating_mul(super::time::SECOND)));
        self.pairs.iter().map(|p| p.last).chain(self.fresh.iter().map(|f| f.time)).chain(circled).max()
    }
}
