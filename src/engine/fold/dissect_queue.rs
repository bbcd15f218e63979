//! Packets that wait to be dissected: their payload is on its way from memory while further packets are counted.
//!
//! Most packets belong to conversations nobody wants more of, and are not put here. The order within a shard is that of the tape.

use crate::model::ip_protocol::UDP;
use crate::model::limits::DISSECT_QUEUE as DEPTH;
use crate::model::memory;
use crate::model::{Direction, FlowKey, Frame, Segment, Timestamp};

/// Bytes of a payload that are asked for: names and most hellos are in them.
const PREFETCHED: usize = 256;

/// A packet that waits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting<'a> {
    /// The position of its shard in the group.
    pub shard: u8,
    /// Its conversation's number.
    pub at: u32,
    /// Its conversation.
    pub flow: FlowKey,
    /// Which way it goes.
    pub way: Direction,
    /// When it passed.
    pub time: Timestamp,
    /// Its number; 0 where it is not known.
    pub number: u64,
    /// What was captured of its payload.
    pub bytes: &'a [u8],
    /// Bytes of its payload on the wire.
    pub length: u32,
    /// TCP's values.
    pub segment: Option<Segment>,
    /// The TCP sequence numbers that were expected of both directions.
    pub expected: [Option<u32>; 2],
}

impl<'a> Waiting<'a> {
    /// Takes from a frame what dissecting it needs; `None` without a conversation over UDP or TCP whose header is there.
    pub fn of(frame: &Frame<'a>, at: u32, expected: [Option<u32>; 2]) -> Option<Self> {
        let (flow, way) = frame.flow?;
        let bytes = frame.payload();
        let length = match (&frame.tcp, flow.protocol) {
            (Some(segment), _) => segment.payload,
            (None, UDP) => datagram_length(frame)?,
            _ => return None,
        };
        Some(Self { shard: 0, at, flow, way, time: frame.time, number: frame.number, bytes, length, segment: frame.tcp, expected })
    }
}

/// Bytes a UDP header announces behind it; `None` for a later fragment, which has none.
fn datagram_length(frame: &Frame<'_>) -> Option<u32> {
    let header = frame.bytes.get(frame.transport? as usize..)?;
    let length = header.get(4..)?.first_chunk().map(|b| u32::from(u16::from_be_bytes(*b)))?;
    Some(length.saturating_sub(8))
}

/// The packets of a group that wait.
#[derive(Debug, Default)]
pub struct DissectQueue<'a> {
    waiting: [Waiting<'a>; DEPTH],
    first: usize,
    len: usize,
}

impl<'a> DissectQueue<'a> {
    /// Lets a packet wait, and gives back the one that has waited long enough.
    pub fn push(&mut self, packet: Waiting<'a>) -> Option<Waiting<'a>> {
        packet.bytes.chunks(64).take(PREFETCHED / 64).filter_map(<[u8]>::first).for_each(memory::prefetch);
        let ready = if self.len == DEPTH { self.pop() } else { None };
        if let Some(place) = self.waiting.get_mut((self.first + self.len) % DEPTH) {
            *place = packet;
            self.len += 1;
        }
        ready
    }

    /// Takes out the one that has waited longest.
    pub fn pop(&mut self) -> Option<Waiting<'a>> {
        let packet = (self.len > 0).then(|| self.waiting.get(self.first).copied())??;
        self.first = (self.first + 1) % DEPTH;
        self.len -= 1;
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out() {
        let mut queue = DissectQueue::default();
        let packet = |at| Waiting { at, ..Waiting::default() };
        let mut out: Vec<u32> = (0..20).filter_map(|at| queue.push(packet(at))).map(|w| w.at).collect();
        assert_eq!(out.len(), 20 - DEPTH);
        out.extend(std::iter::from_fn(|| queue.pop()).map(|w| w.at));
        assert_eq!(out, (0..20).collect::<Vec<_>>());
    }
}
