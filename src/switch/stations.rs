//! What one shard sees of stations: a sample of who sends to whom, who sends for the first time, and frames to groups that come round again and
//! again. The ordinary frame pays for none of it.

use super::seconds::Seconds;
use crate::model::Arrange as _;
use crate::model::evidence::{CIRCLING, CIRCLING_ASKED, CIRCLING_PARTS};
use crate::model::limits::{CIRCLING_WATCHED, FRESH_STATIONS, SAMPLED_PAIRS};
use crate::model::time::SECOND;
use crate::model::{Address, CirclingFrame, Frame, FreshStation, Mac, SAMPLED_FRAMES, SampledPair, StationNews, Timestamp};
use hashbrown::HashMap;

/// Parts of a second that are told apart: one bit each.
const PARTS: i64 = 64;

/// A frame to a group, by its content.
#[derive(Debug, Clone, Copy, Default)]
struct Watched {
    key: u64,
    source: Mac,
    vlan: u16,
    times: u64,
    /// The parts of the second in which it came.
    parts: u64,
    is_request: bool,
    /// Its latest packet.
    number: u64,
}

/// What a sample of frames between two stations tells.
#[derive(Debug, Clone, Copy)]
struct Pair {
    frames: u64,
    first: Timestamp,
    last: Timestamp,
    to: Option<Address>,
    is_router: bool,
}

/// What one shard sees of stations.
#[derive(Debug, Default)]
pub struct StationWatch {
    pairs: HashMap<(Mac, Mac, Option<u16>), Pair>,
    fresh: Vec<FreshStation>,
    beyond: u64,
    second: Seconds,
    /// Taken when there is a frame to watch.
    watched: Vec<Watched>,
    circling: Vec<CirclingFrame>,
}

impl StationWatch {
    /// Whether a frame is one of the sample.
    #[inline(always)]
    pub fn is_sampled(frame: &Frame<'_>) -> bool {
        frame.number % SAMPLED_FRAMES == 1
    }

    /// Takes in a frame of the sample.
    #[inline(never)]
    pub fn sample(&mut self, frame: &Frame<'_>) {
        let Some((source, destination)) = frame.mac else { return };
        let to = frame.flow.as_ref().map(|(key, way)| key.ends(*way)[1].0);
        let key = (source, destination, frame.vlans.outermost());
        if let Some(pair) = self.pairs.get_mut(&key) {
            (pair.frames, pair.first, pair.last) = (pair.frames.saturating_add(1), pair.first.min(frame.time), pair.last.max(frame.time));
            pair.is_router |= to.is_some() && pair.to.is_some() && to != pair.to;
            pair.to = pair.to.or(to);
        } else if self.pairs.len() < SAMPLED_PAIRS {
            self.pairs.insert(key, Pair { frames: 1, first: frame.time, last: frame.time, to, is_router: false });
        }
    }

    /// Takes in the first frame from one station to another.
    #[inline(never)]
    pub fn fresh(&mut self, source: Mac, time: Timestamp, talks: bool) {
        if self.fresh.last().is_some_and(|latest| latest.source == source && latest.talks >= talks) {
        } else if self.fresh.len() < FRESH_STATIONS {
            self.fresh.push(FreshStation { time, source, talks });
        } else {
            self.beyond = self.beyond.saturating_add(1);
        }
    }

    /// Takes in a frame to a group, be it a copy or not; `content` tells it from others.
    pub fn group(&mut self, frame: &Frame<'_>, content: u64) {
        let Some((source, _)) = frame.mac else { return };
        if is_cyclic(frame.ether_type) {
            return;
        }
        let second = frame.time.0.div_euclid(SECOND);
        if self.second.is_next(second) {
            self.end(second);
        }
        if self.watched.is_empty() {
            self.watched.resize(CIRCLING_WATCHED, Watched::default());
        }
        let key = content ^ source.word().rotate_left(17);
        let vlan = frame.vlans.outermost().unwrap_or(0);
        let at = (key % CIRCLING_WATCHED as u64) as usize;
        let Some(watched) = self.watched.get_mut(at) else { return };
        if watched.key != key {
            // What comes often stays; what came once or twice goes.
            if watched.times > 2 {
                watched.times -= 1;
                return;
            }
            *watched = Watched { key, source, vlan, times: 0, parts: 0, number: 0, is_request: is_request(frame) };
        }
        let part = frame.time.0.rem_euclid(SECOND) / (SECOND / PARTS + 1);
        watched.parts |= 1 << part.clamp(0, PARTS - 1);
        (watched.times, watched.number) = (watched.times.saturating_add(1), frame.number);
    }

    /// The second that `now` is in begins: what came before is complete.
    pub fn advance(&mut self, now: Timestamp) {
        let second = now.0.div_euclid(SECOND);
        if second > self.second.current() {
            self.end(second);
        }
    }

    fn end(&mut self, second: i64) {
        let (times, parts, asked) = (CIRCLING.number(), CIRCLING_PARTS.number(), CIRCLING_ASKED.number());
        for watched in &mut self.watched {
            let Watched { source, vlan, times: came, parts: seen, is_request, number, .. } = std::mem::take(watched);
            let seen = u64::from(seen.count_ones());
            let is_fast = came >= times && seen >= parts;
            let is_request = is_request && came >= asked && seen >= asked;
            if (is_fast || is_request) && self.circling.len() < CIRCLING_WATCHED * 16 {
                self.circling.push(CirclingFrame { second: self.second.current(), vlan, source, times: came, number, is_fast, is_request });
            }
        }
        self.second.begin(second);
    }

    /// How much waits to be handed over.
    pub fn told(&self) -> usize {
        self.pairs.len() + self.fresh.len() + self.circling.len()
    }

    /// What was seen since it was last asked.
    pub fn take(&mut self) -> StationNews {
        let pair = |((source, destination, vlan), p): ((Mac, Mac, Option<u16>), Pair)| SampledPair {
            source,
            destination,
            vlan,
            frames: p.frames,
            first: p.first,
            last: p.last,
            to: p.to,
            is_router: p.is_router,
        };
        let mut pairs: Vec<SampledPair> = self.pairs.drain().map(pair).collect();
        pairs.arrange();
        StationNews {
            pairs,
            fresh: std::mem::take(&mut self.fresh),
            circling: std::mem::take(&mut self.circling),
            beyond: std::mem::take(&mut self.beyond),
        }
    }
}

/// Whether stations of a protocol send the same frames to a group cyclically: PROFINET, EtherCAT, POWERLINK, GOOSE and sampled values, SERCOS,
/// CC-Link IE.
pub(super) fn is_cyclic(ether_type: u16) -> bool {
    matches!(ether_type, 0x8892 | 0x88a4 | 0x88ab | 0x88b8 | 0x88ba | 0x88cd | 0x890f)
}

/// Ports of DHCP of both versions of IP, NetBIOS names, multicast DNS and LLMNR.
const ASKED: [u16; 7] = [67, 68, 137, 546, 547, 5353, 5355];

/// Whether a frame to a group asks everybody for something, and by its protocol not the same several times a second: ARP, neighbour discovery by
/// its groups (RFC 4291 section 2.7.1), DHCP, names of the link.
fn is_request(frame: &Frame<'_>) -> bool {
    frame.ether_type == 0x0806
        || frame.mac.is_some_and(|(_, Mac(to))| to.starts_with(&[0x33, 0x33, 0xff]))
        || frame.flow.as_ref().is_some_and(|(key, way)| key.is_udp() && ASKED.contains(&key.ends(*way)[1].1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(millis: i64, source: u8) -> Frame<'static> {
        let mac = Some((Mac([2, 0, 0, 0, 0, source]), Mac::BROADCAST));
        Frame { time: Timestamp(millis * SECOND / 1_000), mac, ..Frame::default() }
    }

    fn circling(times: impl Iterator<Item = i64>) -> Vec<u64> {
        let mut watch = StationWatch::default();
        times.for_each(|millis| watch.group(&frame(millis, 1), 7));
        watch.advance(Timestamp(10 * SECOND));
        watch.take().circling.iter().map(|c| c.times).collect()
    }

    #[test]
    fn what_comes_all_the_second_circles_and_copies_do_not() {
        assert_eq!(circling((0..1000).map(|n| 5_000 + n)), [1000]);
        assert_eq!(circling((0..400).map(|n| 5_000 + n / 20)), [0; 0], "400 copies within 20 ms");
        assert_eq!(circling((0..40).map(|n| 5_000 + n * 25)), [0; 0], "a station that repeats itself 40 times a second");
    }

    #[test]
    fn cyclic_frames_of_machines_do_not_circle() {
        let mut watch = StationWatch::default();
        (0..1000).for_each(|n| watch.group(&Frame { ether_type: 0x88ab, ..frame(5_000 + n, 1) }, 7));
        watch.advance(Timestamp(10 * SECOND));
        assert_eq!(watch.take().circling, []);
    }

    #[test]
    fn the_same_request_again_and_again_circles() {
        let told = |times: i64, apart: i64| {
            let mut watch = StationWatch::default();
            for n in 0..times {
                watch.group(&Frame { ether_type: 0x0806, ..frame(5_000 + n * apart, 1) }, 7);
            }
            watch.advance(Timestamp(10 * SECOND));
            watch.take().circling.iter().map(|c| (c.times, c.is_fast, c.is_request)).collect::<Vec<_>>()
        };
        assert_eq!(told(50, 20), [(50, false, true)]);
        assert_eq!(told(4, 200), [], "a probe comes three times");
        assert_eq!(told(50, 1), [], "copies within 50 ms");
    }

    #[test]
    fn the_sample_tells_hosts_from_routers_and_has_a_cap() {
        use crate::model::FlowKey;
        let mut watch = StationWatch::default();
        for n in 0..3 * SAMPLED_PAIRS as u32 {
            let [.., a, b] = n.to_be_bytes();
            let mac = Some((Mac([2, 0, 0, 0, a, b]), Mac([2, 1, 0, 0, 0, 1])));
            watch.sample(&Frame { mac, ..Frame::default() });
            watch.fresh(Mac([2, 0, 0, 0, a, b]), Timestamp(0), true);
        }
        let news = watch.take();
        assert_eq!((news.pairs.len(), news.fresh.len(), news.beyond), (SAMPLED_PAIRS, FRESH_STATIONS.min(3 * SAMPLED_PAIRS), 0));
        for last in [1, 2] {
            let (key, way) = FlowKey::new(false, 17, 9, last, 1, 2);
            let mac = Some((Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2])));
            watch.sample(&Frame { mac, flow: Some((key, way)), ..Frame::default() });
        }
        assert!(watch.take().pairs.iter().all(|p| p.is_router && p.frames == 2));
    }
}
