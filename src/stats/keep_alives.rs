//! Connections that are kept alive: how often, and how many other packets their senders have for them.

use crate::model::Arrange as _;
use crate::model::limits::KEPT_ALIVE;
use crate::model::time::SECOND;
use crate::model::{Direction, FlowKey, KeptAlive, NetworkEvent, Timestamp};
use hashbrown::HashMap;

/// A connection without keep-alives for so long is forgotten: pauses between them are shorter where they matter.
const FORGOTTEN: i64 = 60 * SECOND;

#[derive(Debug, Clone, Copy)]
struct Kept {
    count: u64,
    first: Timestamp,
    last: Timestamp,
    /// Packets of that way, up to the latest, and up to the last that was told.
    packets: [u64; 2],
    /// The packet of the last.
    number: u64,
}

/// The kept connections of one shard, by the way of their keep-alives.
#[derive(Debug, Default)]
pub struct KeepAlives {
    known: HashMap<(FlowKey, bool), Kept>,
    /// How many found no room.
    pub refused: u64,
}

impl KeepAlives {
    /// Takes in a keep-alive and the number of its packet; so many packets went its way, itself included.
    #[inline(never)]
    pub fn note(&mut self, flow: &FlowKey, way: Direction, (time, number): (Timestamp, u64), packets: u64) {
        let key = (*flow, way == Direction::AToB);
        if self.known.len() >= KEPT_ALIVE && !self.known.contains_key(&key) {
            self.refused = self.refused.saturating_add(1);
            return;
        }
        let fresh = Kept { count: 0, first: time, last: time, packets: [packets, packets.saturating_sub(1)], number };
        let kept = self.known.entry(key).or_insert(fresh);
        if kept.count == 0 {
            kept.first = time;
        }
        kept.count = kept.count.saturating_add(1);
        kept.last = kept.last.max(time);
        (kept.packets[0], kept.number) = (packets, number);
    }

    /// Tells of those since the last mark of packet time, in the order of time.
    pub fn advance(&mut self, now: Timestamp, tell: impl FnMut(NetworkEvent)) {
        if self.known.is_empty() {
            return;
        }
        let mut told: Vec<KeptAlive> = Vec::new();
        self.known.retain(|&(flow, forth), kept| {
            if kept.count > 0 {
                let way = if forth { Direction::AToB } else { Direction::BToA };
                let packets = kept.packets[0].saturating_sub(kept.packets[1]);
                let Kept { count, first, last, number, .. } = *kept;
                told.push(KeptAlive { flow, way, count, packets, first, last, number });
                (kept.count, kept.packets[1]) = (0, kept.packets[0]);
            }
            now.since(kept.last) < FORGOTTEN
        });
        told.arrange_by_key(|kept| (kept.first, kept.flow.ends(kept.way)));
        told.into_iter().map(NetworkEvent::KeptAlive).for_each(tell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kept: &mut KeepAlives, seconds: i64) -> Vec<(u64, u64)> {
        let mut out = Vec::new();
        kept.advance(Timestamp(seconds * SECOND), |event| {
            if let NetworkEvent::KeptAlive(kept) = event {
                out.push((kept.count, kept.packets));
            }
        });
        out
    }

    #[test]
    fn packets_between_keep_alives_count() {
        let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
        let mut kept = KeepAlives::default();
        let note = |kept: &mut KeepAlives, s: i64, n| kept.note(&flow, Direction::AToB, (Timestamp(s * SECOND), 0), n);
        note(&mut kept, 1, 100);
        note(&mut kept, 2, 101);
        assert_eq!(told(&mut kept, 3), [(2, 2)]);
        assert_eq!(told(&mut kept, 4), []);
        note(&mut kept, 5, 150);
        assert_eq!(told(&mut kept, 6), [(1, 49)], "48 others since");
        assert_eq!(told(&mut kept, 70), []);
        note(&mut kept, 71, 900);
        assert_eq!(told(&mut kept, 72), [(1, 1)], "it was forgotten");
    }

    #[test]
    fn there_is_a_cap() {
        let mut kept = KeepAlives::default();
        for n in 0..2 * KEPT_ALIVE as u32 {
            kept.note(&FlowKey::v4(6, n, 1_000_000, 40_000, 80).0, Direction::AToB, (Timestamp(SECOND), 0), 1);
        }
        assert_eq!((told(&mut kept, 2).len(), kept.refused), (KEPT_ALIVE, KEPT_ALIVE as u64));
    }
}
