//! Frames to many, by the second: broadcasts, multicasts of the link's own protocols, requests to pause.

use super::seconds::Seconds;
use super::stations::is_cyclic;
use crate::model::limits::{COPY_DECIDED, FLOOD_ROWS, FLOOD_WAITING};
use crate::model::time::SECOND;
use crate::model::{Flood, FloodSecond, Frame, Mac, Timestamp};

/// Seconds after which nothing of one that has ended is counted any more.
const SETTLED: i64 = COPY_DECIDED / SECOND;

/// Rows of seconds that are not settled: of as many as it takes, and some more.
const ENDED: usize = 8 * FLOOD_ROWS;

/// What one shard counts of a second.
#[derive(Debug, Default)]
pub struct FloodCounter {
    second: Seconds,
    rows: Vec<FloodSecond>,
    /// The row of the latest frame: the next one is usually of the same.
    latest: usize,
    /// Whether frames are left out that may prove to be traffic.
    waits: bool,
    /// Of seconds that have ended, and of which such frames may be.
    ended: Vec<FloodSecond>,
    told: Vec<FloodSecond>,
}

impl FloodCounter {
    /// Counts a frame to a group.
    #[inline]
    pub fn count(&mut self, frame: &Frame<'_>) {
        let Some(row) = row(frame) else { return };
        if self.second.is_next(row.second) {
            self.end(row.second);
        }
        self.add(FloodSecond { second: self.second.current(), ..row });
    }

    /// Counts a frame that was left out and proved to be traffic: to its own second, if that is known.
    pub fn count_again(&mut self, frame: &Frame<'_>) {
        let Some(row) = row(frame) else { return };
        let is_same =
            |other: &&mut FloodSecond| (other.second, other.kind, other.vlan, other.source) == (row.second, row.kind, row.vlan, row.source);
        if row.second >= self.second.current() {
            self.add(FloodSecond { second: self.second.current(), ..row });
        } else if let Some(known) = self.ended.iter_mut().find(is_same) {
            known.frames = known.frames.saturating_add(1);
        } else if self.ended.len() < ENDED {
            self.ended.push(row);
        }
    }

    fn add(&mut self, one: FloodSecond) {
        let is_same = |row: &FloodSecond| (row.kind, row.vlan, row.source) == (one.kind, one.vlan, one.source);
        if self.rows.get(self.latest).is_some_and(is_same) {
        } else if let Some(at) = self.rows.iter().position(is_same) {
            self.latest = at;
        } else if self.rows.len() < FLOOD_ROWS {
            self.latest = self.rows.len();
            self.rows.push(FloodSecond { frames: 0, ..one });
        } else {
            // Further senders count for the first of that kind, so that the sum is right; the sender named is one of them.
            let Some(at) = self.rows.iter().position(|row| (row.kind, row.vlan) == (one.kind, one.vlan)) else { return };
            self.latest = at;
        }
        if let Some(row) = self.rows.get_mut(self.latest) {
            (row.frames, row.number) = (row.frames.saturating_add(1), one.number);
        }
    }

    /// The second that `now` is in begins: what came before is complete, unless it `waits` for frames that are left out and may prove to be traffic.
    pub fn advance(&mut self, now: Timestamp, waits: bool) {
        self.waits = waits;
        let second = now.0.div_euclid(SECOND);
        if second > self.second.current() {
            self.end(second);
        }
        let room = FLOOD_WAITING.saturating_sub(self.told.len());
        let settled = |row: &mut FloodSecond| !waits || row.second < second - SETTLED || row.second > second;
        self.told.extend(self.ended.extract_if(.., settled).take(room));
    }

    fn end(&mut self, second: i64) {
        let room = FLOOD_WAITING.saturating_sub(self.told.len());
        if self.waits {
            // Where intervals are long the oldest are told before they are settled.
            let beyond = (self.ended.len() + self.rows.len()).saturating_sub(ENDED).min(self.ended.len());
            self.told.extend(self.ended.drain(..beyond).take(room));
            self.ended.append(&mut self.rows);
        } else {
            self.told.extend(self.rows.drain(..).take(room));
        }
        self.latest = 0;
        self.second.begin(second);
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

/// A frame of those that are counted, as the row that counts it.
fn row(frame: &Frame<'_>) -> Option<FloodSecond> {
    let (source, destination) = frame.mac?;
    let kind = kind(frame, destination)?;
    // A stream is known by its group.
    let source = if kind == Flood::Stream { destination } else { source };
    let vlan = frame.vlans.ids().first().copied().unwrap_or(0);
    Some(FloodSecond { kind, vlan, source, second: frame.time.0.div_euclid(SECOND), frames: 1, number: frame.number })
}

/// What a frame is, of those that are counted. Streams to groups of a wider scope are meant to be many.
fn kind(frame: &Frame<'_>, Mac(to): Mac) -> Option<Flood> {
    match to {
        // What is sent to all by its standard, cycle by cycle (EtherCAT, ETG.1000.4), asks nobody else for anything.
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => (!is_cyclic(frame.ether_type)).then_some(Flood::Broadcast),
        [0x01, 0x80, 0xc2, 0, 0, 1] if frame.ether_type == 0x8808 => pauses(frame).then_some(Flood::Pause),
        // All of 224.0.0.0/24, whose addresses 31 other groups have as well (RFC 1112 section 6.4).
        [0x01, 0x00, 0x5e, 0, 0, _] if is_routed(frame) => Some(Flood::Stream),
        // ff02::/16 by its usual groups, bridges and Cisco's groups.
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

/// Whether an IPv4 packet goes to a group of a scope that leaves the link.
fn is_routed(frame: &Frame<'_>) -> bool {
    frame.ether_type == 0x0800 && frame.l2_payload().get(16..20).is_some_and(|to| to.first() != Some(&224) || to.get(1..3) != Some(&[0, 0]))
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
    fn cycles_of_machines_are_no_flood() {
        let kind_of = |ether_type| kind(&Frame { ether_type, ..frame(7, 1, [0xff; 6]) }, Mac([0xff; 6]));
        assert_eq!([0x88a4, 0x8892, 0x0806, 0x0800].map(kind_of), [None, None, Some(Flood::Broadcast), Some(Flood::Broadcast)]);
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
        floods.advance(Timestamp(8 * SECOND), false);
        let told: Vec<_> = floods.take().iter().map(|f| (f.kind, f.second, f.source.0[5], f.frames)).collect();
        let broadcasts = [(Flood::Broadcast, 7, 1, 3), (Flood::Broadcast, 7, 2, 1)];
        assert_eq!(told, [broadcasts[0], broadcasts[1], (Flood::Stream, 7, 3, 1)], "a stream to a group is no flood");
    }

    #[test]
    fn groups_that_share_an_address_with_the_links_own_are_streams() {
        let to = [0x01, 0x00, 0x5e, 0, 0, 5];
        let packet = |group: [u8; 4]| {
            let mut ip = vec![0x45, 0, 0, 20, 0, 0, 0, 0, 1, 17, 0, 0, 10, 0, 0, 1];
            ip.extend(group);
            ip
        };
        let kind_of = |group: [u8; 4]| {
            let bytes = packet(group);
            let bytes: &[u8] = &bytes;
            kind(&Frame { ether_type: 0x0800, bytes, l2: 0, l2_end: bytes.len() as u32, ..frame(1, 1, to) }, Mac(to))
        };
        assert_eq!((kind_of([224, 0, 0, 5]), kind_of([239, 0, 0, 5]), kind_of([225, 128, 0, 5])), {
            (Some(Flood::LinkMulticast), Some(Flood::Stream), Some(Flood::Stream))
        });
    }

    #[test]
    fn a_frame_from_the_future_stops_nothing() {
        let mut floods = FloodCounter::default();
        floods.count(&frame(7, 1, [0xff; 6]));
        floods.count(&frame(3_700, 1, [0xff; 6]));
        (0..1_000).for_each(|_| floods.count(&frame(8, 1, [0xff; 6])));
        floods.count(&frame(9, 1, [0xff; 6]));
        let told: Vec<_> = floods.take().iter().map(|f| (f.second, f.frames)).collect();
        assert_eq!(told, [(7, 1), (3_700, 16), (8, 985)], "those that told the step are lost to their second");
    }

    /// What was left out as copies and given back belongs to its own second, as long as such a frame may come.
    #[test]
    fn a_frame_that_is_given_back_counts_for_its_second() {
        let mut floods = FloodCounter::default();
        let told = |floods: &mut FloodCounter| floods.take().iter().map(|f| (f.second, f.source.0[5], f.frames)).collect::<Vec<_>>();
        (0..1_990).for_each(|_| floods.count(&frame(7, 1, [0xff; 6])));
        floods.advance(Timestamp(8 * SECOND), true);
        floods.count(&frame(8, 1, [0xff; 6]));
        assert_eq!((floods.told(), told(&mut floods)), (0, vec![]), "it is not complete");
        (0..10).for_each(|_| floods.count_again(&frame(7, 1, [0xff; 6])));
        floods.count_again(&frame(7, 2, [0xff; 6]));
        floods.count_again(&frame(8, 1, [0xff; 6]));
        floods.advance(Timestamp(9 * SECOND), true);
        assert_eq!(told(&mut floods), [(7, 1, 2_000), (7, 2, 1)]);
        floods.advance(Timestamp(9 * SECOND), false);
        assert_eq!(told(&mut floods), [(8, 1, 2)], "nothing more is waited for");
    }

    #[test]
    fn more_senders_than_rows_keep_the_sum() {
        let mut floods = FloodCounter::default();
        for source in 0..=255 {
            floods.count(&frame(1, source, [0xff; 6]));
        }
        floods.advance(Timestamp(2 * SECOND), false);
        let told = floods.take();
        assert_eq!((told.len(), told.iter().map(|f| f.frames).sum::<u64>()), (FLOOD_ROWS, 256));
    }
}
