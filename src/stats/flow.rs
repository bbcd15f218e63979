//! The flow table: one record a conversation, found once a packet.
//!
//! A record is what every packet of a conversation touches, three cache lines with the detectors' state; what is needed only when a
//! conversation begins, changes or is reported ([`FlowCold`]) lies in an array of its own beside it. The index holds 32 bits of each key's
//! hash, so that a search does not touch the records: for several packets the index is brought near, then their numbers are found and the
//! records brought near, and then each packet is counted ([`FlowTable::prefetch`], [`FlowTable::probe`], [`FlowTable::locate`],
//! [`FlowTable::count`]).

mod carried;
mod evict;
mod lifecycle;
mod look_back;
mod table;
mod tcp;
mod wheel;

pub use lifecycle::{FlowChange, FlowEvent, Opening};
pub use table::{Counted, FlowPacket, FlowTable, Flushed, SlotHint};
pub use tcp::TcpTrack;

use super::tcp::{TcpCold, TcpHot};
use super::totals::TrafficDirection;
use crate::model::evidence::TTL_PACKETS;
use crate::model::{AppSlot, Direction, FlowKey, Timestamp, Traffic};
use lifecycle::Life;

/// One conversation: what each of its packets touches.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct FlowHot<X> {
    /// Who.
    pub key: FlowKey,
    /// Each direction's traffic.
    pub traffic: [Traffic; 2],
    /// The latest packet of each direction in its present context.
    last: [Timestamp; 2],
    /// Fingerprint of the context each direction was seen in last (0: none).
    context: [u64; 2],
    /// The report round in which it was last touched; 0 once it is closed.
    round: u32,
    /// TCP's course.
    pub tcp: TcpTrack,
    /// TCP's numbers.
    pub numbers: TcpHot,
    /// Handle of what Wireshark's analysis keeps of it (0: nothing).
    pub(super) analysis: u32,
    /// Where each direction is heading.
    pub heading: [TrafficDirection; 2],
    /// 0 or 1: the direction of the originator.
    pub originator: u8,
    /// Where in its life it is.
    life: Life,
    /// What dissectors keep of it.
    pub app: AppSlot,
    /// What else is kept of it: the detectors' state.
    pub detectors: X,
}

impl<X> FlowHot<X> {
    /// Whether a RST with this TTL surely is not its sender's own: all other packets of that direction, three at least, have one TTL, and it is
    /// another.
    pub fn comes_from_elsewhere(&self, way: Direction, ttl: u8) -> bool {
        let packets = self.traffic.get(way as usize).map_or(0, |traffic| traffic.packets);
        self.numbers.ttl(way).is_some_and(|known| known != ttl) && packets > TTL_PACKETS.number()
    }

    /// The latest packet of a direction, as long as its context has not changed since.
    pub fn last_of(&self, way: Direction) -> Option<Timestamp> {
        self.last.get(way as usize).copied().filter(|last| *last > Timestamp(i64::MIN))
    }
}

/// What is needed of a conversation less often.
#[derive(Debug, Clone, Copy)]
pub struct FlowCold {
    /// First packet.
    pub first: Timestamp,
    /// Latest packet in earlier contexts.
    before: Timestamp,
    /// How TCP's numbers began.
    numbers: TcpCold,
    /// The context each direction was seen in last (an index of [`super::Contexts`], `u32::MAX` for none).
    pub context: [u32; 2],
    /// Traffic at the last settlement with the contexts.
    flushed: [Traffic; 2],
    /// Traffic at the last report.
    reported: [Traffic; 2],
    /// Bytes of both ways when hosts' loads were last told.
    told: u64,
}

/// A whole conversation, to be read.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a, X> {
    /// What its packets touch.
    pub flow: &'a FlowHot<X>,
    /// The rest.
    pub rest: &'a FlowCold,
}

impl<X> Record<'_, X> {
    /// Last packet.
    pub fn last(&self) -> Timestamp {
        self.flow.last[0].max(self.flow.last[1]).max(self.rest.before)
    }

    /// Traffic since the last report.
    pub fn added(&self) -> [Traffic; 2] {
        let (now, then) = (self.flow.traffic, self.rest.reported);
        [now[0].since(then[0]), now[1].since(then[1])]
    }
}
