//! Packets in flight: on their way into a shard, between being read and being counted.

use crate::capture::Packet;
use crate::mirror::Digest;
use crate::model::{Direction, Frame};
use crate::stats::ContextKey;
use crate::stats::flow::SlotHint;

/// A packet in flight: what was found out before it is counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct InFlight<'a> {
    pub(super) frame: Frame<'a>,
    pub(super) digest: Digest,
    /// Of its conversation's key.
    pub(super) hash: u64,
    /// The fingerprint of its context.
    pub(super) context: u64,
    pub(super) probe: SlotHint,
    /// Whether it is a segment with data, and which way it goes, as far as is known before it is shown.
    pub(super) has_data: bool,
    pub(super) way: Direction,
}

impl InFlight<'_> {
    /// Notes its number.
    #[inline(always)]
    pub fn number(&mut self, number: u64) {
        self.frame.number = number;
    }

    /// Wire length of its frame.
    #[inline]
    pub fn wire(&self) -> u32 {
        self.frame.wire
    }
}

/// Shows which way a packet came.
#[inline]
pub(super) fn arrived(packet: &Packet, frame: &mut Frame<'_>) {
    frame.time = packet.time;
    frame.session = packet.session;
    frame.interface = packet.interface;
}

/// The context a packet was seen in.
pub(super) fn context(frame: &Frame) -> ContextKey {
    ContextKey { path: frame.path, mac: frame.mac, vlans: frame.vlans, cast: frame.cast() }
}
