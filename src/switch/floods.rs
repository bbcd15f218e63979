//! Frames to many, by the second: broadcasts, multicasts of the link's own protocols, requests to pause.

use crate::model::limits::{FLOOD_ROWS, FLOOD_WAITING};
use crate::model::time::SECOND;
use crate::model::{Flood, FloodSecond, Frame, Mac, Timestamp};

/// What one shard counts of a second.
#[derive(Debug, Default)]
pub struct FloodCounter {
    second: i64,
    rows: Vec<FloodSecond>,
    /// The row of the latest frame: the next one is usually of the same.
    latest: usize,
    told: Vec<FloodSecond>,
}

impl FloodCounter {
    /// Counts a frame to a group.
    #[inline]
    pub fn count(&mut self, frame: &Frame<'_>) {
        let Some((source, destination)) = frame.mac else { return };
        let Some(kind) = kind(frame, destination) else { return };
        let second = frame.time.0.div_euclid(SECOND);
        if second > self.second {
            self.end(second);
        }
        // A stream is known by its group.
        let source = if kind == Flood::Stream { destination } else { source };
        let vlan = frame.vlans.ids().first().copied().unwrap_or(0);
        let is_same = |row: &FloodSecond| (row.kind, row.vlan, row.source) == (kind, vlan, source);
        if self.rows.get(self.latest).is_some_and(is_same) {
        } else if let Some(at) = self.rows.iter().position(is_same) {
            self.latest = at;
        } else if self.rows.len() < FLOOD_ROWS {
            self.latest = self.rows.len();
            self.rows.push(FloodSecond { kind, vlan, source, second: self.second, frames: 0, number: 0 });
        } else {
            // Further senders count for the first of that kind, so that the sum is right; the sender named is one of them.
            let Some(at) = self.rows.iter().position(|row| (row.kind, row.vlan) == (kind, vlan)) else { return };
            self.latest = at;
        }
        if let Some(row) = self.rows.get_mut(self.latest) {
            (row.frames, row.number) = (row.frames.saturating_add(1), frame.number);
        }
    }

    /// The second that `now` is in begins: what came before is complete.
    pub fn advance(&mut self, now: Timestamp) {
        let second = now.0.div_euclid(SECOND);
        if second > self.second {
            self.end(second);
        }
    }

    fn end(&mut self, second: i64) {
        let room = FLOOD_WAITING.saturating_sub(self.told.len());
        self.told.extend(self.rows.drain(..).take(room));
        self.latest = 0;
        self.second = second;
    }

    /// How many wait to be handed over.
    pub fn told(&self) -> usize {
        self.told.len()
    }

    /// What was counted of seconds that have ended.
    pub fn take(&mut self) -> Vec<FloodSecond> {
        std::mem::take(&mut self.told)
    }
}

/// What a frame is, of those that are counted. Streams to groups of a wider scope are meant to be many.
fn kind(frame: &Frame<'_>, Mac(to): Mac) -> Option<Flood> {
    match to {
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => Some(Flood::Broadcast),
        [0x01, 0x80, 0xc2, 0, 0, 1] if frame.ether_type == 0x8808 => pauses(frame).then_some(Flood::Pause),
        // All of 224.0.0.0/24, ff02::/16 by its usual groups, bridges and Cisco's groups.
        [0x01, 0x00, 0x5e, 0, 0, _]
        | [0x33, 0x33, 0, 0, 0, _]
        | [0x33, 0x33, 0xff, ..]
        | [0x01, 0x80, 0xc2, ..]
        | [0x01, 0x00, 0x0c, ..]
        // DHCPv6 and LLMNR; SSDP, whose group is of a wider scope, and whose announcements are few.
        | [0x33, 0x33, 0, 1, 0, 2 | 3]
        | [0x01, 0x00, 0x5e, 0x7f, 0xff, 0xfa] => Some(Flood::LinkMulticast),
        [0x01, 0x00, 0x5e, ..] => Some(Flood::Stream),
        _ => None,
    }
}

/// Whether a MAC control frame stops somebody: PAUSE with a time, or PFC with one for any class (IEEE 802.3 Annex 31B and 31D).
pub fn pauses(frame: &Frame<'_>) -> bool {
    match frame.l2_payload() {
        [0, 1, a, b, ..] => *a != 0 || *b != 0,
        [1, 1, _, classes, times @ ..] => {
            times.chunks_exact(2).take(8).enumerate().any(|(class, time)| classes >> class & 1 != 0 && time != [0, 0])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(second: i64, source: u8, to: [u8; 6]) -> Frame<'static> {
        let mac = Some((Mac([2, 0, 0, 0, 0, source]), Mac(to)));
        Frame { time: Timestamp(second * SECOND + 1), mac, ..Frame::default() }
    }

    #[test]
    fn seconds_are_told_when_they_have_ended() {
        let mut floods = FloodCounter::default();
        for _ in 0..3 {
            floods.count(&frame(7, 1, [0xff; 6]));
        }
        floods.count(&frame(7, 2, [0xff; 6]));
        floods.count(&frame(7, 1, [0x01, 0, 0x5e, 0x01, 2, 3]));
        assert_eq!(floods.told(), 0);
        floods.advance(Timestamp(8 * SECOND));
        let told: Vec<_> = floods.take().iter().map(|f| (f.kind, f.second, f.source.0[5], f.frames)).collect();
        let broadcasts = [(Flood::Broadcast, 7, 1, 3), (Flood::Broadcast, 7, 2, 1)];
        assert_eq!(told, [broadcasts[0], broadcasts[1], (Flood::Stream, 7, 3, 1)], "a stream to a group is no flood");
    }

    #[test]
    fn more_senders_than_rows_keep_the_sum() {
        let mut floods = FloodCounter::default();
        for source in 0..=255 {
            floods.count(&frame(1, source, [0xff; 6]));
        }
        floods.advance(Timestamp(2 * SECOND));
        let told = floods.take();
        assert_eq!((told.len(), told.iter().map(|f| f.frames).sum::<u64>()), (FLOOD_ROWS, 256));
    }
}
