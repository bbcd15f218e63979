//! Large segments that do not get through while small ones do: sent again and again, and never acknowledged.
//!
//! That its receiver is there shows in what it acknowledges beyond: a small piece behind the large one, selectively, or its own FIN; or elsewhere,
//! in connections that open between the same two meanwhile. One that has received anything as large is no witness.

use crate::model::evidence::{STUCK_LARGE, STUCK_REPEATED, STUCK_WAITED};
use crate::model::limits::STUCK;
use crate::model::tcp::before;
use crate::model::time::SECOND;
use crate::model::{Direction, FlowKey, NetworkEvent, StuckSegment, Timestamp};

/// How long one is remembered.
const KEPT: i64 = 60 * SECOND;

/// How long after its first repetition what its receiver sends shows that the receiver is there.
const ALIVE: i64 = SECOND;

#[derive(Debug, Clone, Copy)]
struct Stuck {
    flow: FlowKey,
    way: Direction,
    client: Direction,
    number: u32,
    /// Bytes of the IP packet, and of its payload.
    length: u32,
    payload: u32,
    first: Timestamp,
    last: Timestamp,
    repeated: u32,
    /// Something smaller behind it arrived, or its receiver speaks.
    is_alive: bool,
    /// Something as large arrived.
    is_passed: bool,
    /// Nothing as large arrived before, and nothing smaller is behind it.
    is_opening: bool,
    /// What its receiver has acknowledged.
    acknowledged: u32,
    told: u32,
    /// It was told that its receiver is there.
    told_alive: bool,
    /// The packet of its latest copy.
    packet: u64,
}

/// What is stuck in the connections of one shard.
#[derive(Debug, Default)]
pub struct StuckSegments {
    stuck: Vec<Stuck>,
    /// How many found no room.
    pub refused: u64,
}

/// A segment that was sent again.
#[derive(Debug, Clone, Copy)]
pub struct Repeated {
    /// Its sequence number.
    pub number: u32,
    /// Bytes of the IP packet.
    pub length: u32,
    /// Bytes of data.
    pub payload: u32,
    /// How long ago it was sent first, nanoseconds, where that is known.
    pub waited: i64,
    /// Nothing as large was acknowledged before.
    pub is_first: bool,
    /// Nothing as large was, and nothing smaller is on its way.
    pub is_opening: bool,
    /// What was acknowledged so far.
    pub acknowledged: u32,
    /// The number of its packet.
    pub packet: u64,
    /// Bytes behind it that were acknowledged selectively.
    pub behind: u32,
}

impl StuckSegments {
    /// Whether anything is: then acknowledgements are to be shown.
    #[inline(always)]
    pub fn any(&self) -> bool {
        !self.stuck.is_empty()
    }

    /// Takes in a segment that was sent again, not acknowledged before.
    #[inline(never)]
    pub fn repeated(
        &mut self,
        flow: &FlowKey,
        (way, client): (Direction, Direction),
        time: Timestamp,
        segment: &Repeated,
    ) -> Option<NetworkEvent> {
        if segment.length < STUCK_LARGE.number() as u32 {
            return None;
        }
        let at = self.stuck.iter().position(|s| s.flow == *flow && s.way == way);
        if let Some(stuck) = at.and_then(|at| self.stuck.get_mut(at)) {
            // A probe of the tail is no sign that the head got through.
            if before(stuck.number, segment.number) && time.since(stuck.last) < KEPT {
                return None;
            }
            if stuck.number == segment.number && stuck.length == segment.length {
                (stuck.last, stuck.repeated, stuck.packet) = (time, stuck.repeated.saturating_add(1), segment.packet);
                return stuck.tell();
            }
        }
        // Behind a probe of the tail its copy looks like what arrived.
        let before_it = at.and_then(|at| self.stuck.get(at)).filter(|old| time.since(old.last) < KEPT).copied();
        let stuck = Stuck {
            flow: *flow,
            way,
            client,
            number: segment.number,
            length: segment.length,
            payload: segment.payload,
            first: time.plus(-segment.waited.clamp(0, KEPT)),
            last: time,
            repeated: 1,
            // The small piece of its flight came at once, and its receiver said so before anything was sent again.
            is_alive: segment.behind > 0 && segment.behind < segment.payload,
            is_passed: segment.behind >= segment.payload || before_it.map_or(!segment.is_first, |old| old.is_passed),
            is_opening: before_it.map_or(segment.is_opening, |old| old.is_opening),
            acknowledged: segment.acknowledged,
            told: 0,
            told_alive: false,
            packet: segment.packet,
        };
        match at.and_then(|at| self.stuck.get_mut(at)) {
            Some(old) => *old = stuck,
            None => {
                if self.stuck.len() >= STUCK {
                    self.stuck.retain(|s| time.since(s.last) < KEPT);
                }
                if self.stuck.len() < STUCK {
                    self.stuck.push(stuck);
                } else {
                    self.refused = self.refused.saturating_add(1);
                }
            }
        }
        None
    }

    /// Takes in what direction `way` acknowledges, with its selective acknowledgements; `ends`: by FIN.
    #[inline(never)]
    pub fn acknowledged(
        &mut self,
        flow: &FlowKey,
        way: Direction,
        time: Timestamp,
        (number, ends): (u32, bool),
        blocks: impl Iterator<Item = (u32, u32)>,
    ) -> Option<NetworkEvent> {
        let at = self.stuck.iter().position(|s| s.flow == *flow && s.way != way)?;
        let stuck = self.stuck.get_mut(at)?;
        if before(stuck.number, number) {
            self.stuck.swap_remove(at);
            return None;
        }
        // Something as large before it.
        stuck.is_passed |= before(stuck.acknowledged, number) && number.wrapping_sub(stuck.acknowledged) >= stuck.payload;
        for (start, end) in blocks.filter(|b| before(stuck.number, b.1)) {
            let bytes = end.wrapping_sub(start);
            stuck.is_passed |= bytes >= stuck.payload;
            stuck.is_alive |= bytes < stuck.payload;
        }
        stuck.is_alive |= ends || time.since(stuck.first) > ALIVE;
        stuck.tell()
    }
}

impl Stuck {
    fn tell(&mut self) -> Option<NetworkEvent> {
        let is_proved =
            self.repeated >= STUCK_REPEATED.number() as u32 && self.last.since(self.first) >= STUCK_WAITED.in_nanos() && !self.is_passed;
        if !is_proved || self.told >= self.repeated && self.told_alive == self.is_alive {
            return None;
        }
        (self.told, self.told_alive) = (self.repeated, self.is_alive);
        let Stuck { flow, way, client, length, first, last, repeated, is_alive, is_opening, packet, .. } = *self;
        let stuck = StuckSegment { flow, way, client, length, first, time: last, repeated, is_alive, is_opening, number: packet };
        Some(NetworkEvent::Stuck(stuck))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MILLISECOND;

    const SENDER: Direction = Direction::BToA;
    const RECEIVER: Direction = Direction::AToB;

    fn at(ms: i64) -> Timestamp {
        Timestamp(1_700_000_000 * SECOND + ms * MILLISECOND)
    }

    /// When, what is acknowledged, and the selective blocks.
    type Ack<'a> = (i64, u32, &'a [(u32, u32)]);

    /// Repetitions of a segment at these times, then an acknowledgement with these blocks.
    fn told(length: u32, times: &[i64], ack: Option<Ack<'_>>) -> Option<u32> {
        told_behind(length, times, ack, 0)
    }

    /// The same with so many bytes behind it that were acknowledged before it was sent again.
    fn told_behind(length: u32, times: &[i64], ack: Option<Ack<'_>>, behind: u32) -> Option<u32> {
        let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
        let mut stuck = StuckSegments::default();
        let mut out = None;
        for (n, &ms) in times.iter().enumerate() {
            let waited = if n == 0 { 200 * MILLISECOND } else { 0 };
            let payload = length - 40;
            let (is_first, is_opening, acknowledged, packet) = (true, false, 1_000, 0);
            let segment = Repeated { number: 1_000, length, payload, waited, is_first, is_opening, acknowledged, packet, behind };
            out = stuck.repeated(&flow, (SENDER, RECEIVER), at(ms), &segment).or(out);
            if n == 0
                && let Some((ms, number, blocks)) = ack
            {
                out = stuck.acknowledged(&flow, RECEIVER, at(ms), (number, false), blocks.iter().copied()).or(out);
            }
        }
        match out? {
            NetworkEvent::Stuck(s) => Some(s.repeated).filter(|_| s.is_alive),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_large_segment_is_stuck_when_small_ones_pass() {
        let small: &[(u32, u32)] = &[(2_460, 2_500)];
        assert_eq!(told(1_500, &[200, 600, 1_400], Some((210, 1_000, small))), Some(3));
        assert_eq!(told(1_500, &[200, 600], Some((210, 1_000, small))), Some(2));
        assert_eq!(told(1_500, &[200], Some((210, 1_000, small))), None, "sent again once");
        assert_eq!(told(999, &[200, 600, 1_400], Some((210, 1_000, small))), None, "small");
        assert_eq!(told(1_500, &[200, 600, 1_400], None), None, "nobody knows whether the receiver is there");
        assert_eq!(told(1_500, &[200, 600, 1_400], Some((210, 1_000, &[(2_460, 3_920)]))), None, "one as large arrived: loss");
        assert_eq!(told(1_500, &[200, 600, 1_400], Some((210, 2_460, &[]))), None, "it arrived");
        assert_eq!(told_behind(1_500, &[200, 600, 1_400], None, 1_127), Some(3), "the small piece of its flight had arrived");
        assert_eq!(told_behind(1_500, &[200, 600, 1_400], None, 1_460), None, "one as large had: loss");
    }
}
