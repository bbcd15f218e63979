//! Frames to groups that go round, and frames that are in two VLANs.

use super::{one_of, trouble};
use crate::model::bounded::BoundedMap;
use crate::model::evidence::{
    CIRCLING, CIRCLING_ASKERS, CIRCLING_FRAMES, CIRCLING_REQUESTS, CIRCLING_SENDERS, CIRCLING_SWIFT, CIRCLING_SWIFT_FRAMES, LEAKED,
    LEAKED_PARTNERS, LEAKED_STATIONS, LEAKED_WITHIN, STORM_RATE, SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind,
};
use crate::model::limits::{GROUPS, STORMS};
use crate::model::time::SECOND;
use crate::model::{CirclingFrame, Episode, Mac, Sight, Sighting, Subject, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// Stations told apart.
const SENDERS: usize = 16;

/// Nanoseconds after its last such second in which a loop still counts.
const LASTS: i64 = 15 * SECOND;

/// Seconds within which requests that go round and die belong together: full queues or a storm control end each of them, and the loop stays.
const BURSTS_WITHIN: i64 = 10;

/// Frames that circled.
#[derive(Debug, Default)]
struct Frames {
    times: u64,
    frames: u64,
    senders: BTreeMap<Mac, u64>,
}

impl Frames {
    fn add(&mut self, told: &CirclingFrame) {
        self.times = self.times.saturating_add(told.times);
        self.frames = self.frames.saturating_add(1);
        if self.senders.len() < SENDERS || self.senders.contains_key(&told.source) {
            let sum = self.senders.entry(told.source).or_default();
            *sum = sum.saturating_add(told.times);
        }
    }

    fn are(&self, frames: u64, senders: u64) -> bool {
        self.frames >= frames && self.senders.len() as u64 >= senders
    }
}

/// What circled in one second: all of it, what few send so often, what nothing but a loop does, and requests.
#[derive(Debug, Default)]
struct Circled {
    all: Frames,
    fast: Frames,
    swift: Frames,
    requests: Frames,
    /// Requests that came oftener than any mirror shows a frame, and not as many at once.
    bursts: Frames,
}

impl Circled {
    /// Whether something circles, be it enough for a loop or not: before it has multiplied, and when it ends.
    fn is_part(&self) -> bool {
        self.all.are(CIRCLING_FRAMES.number(), CIRCLING_SENDERS.number()) || self.is_swift()
    }

    /// Whether few frames go round as fast as links carry them: in a quiet network there are no more.
    fn is_swift(&self) -> bool {
        let stations = CIRCLING_SWIFT_FRAMES.number();
        self.swift.are(stations, stations)
    }

    fn is_loop(&self) -> bool {
        let is_storm = self.fast.times >= STORM_RATE.number() && self.fast.are(CIRCLING_FRAMES.number(), CIRCLING_SENDERS.number());
        self.is_swift() || is_storm || self.requests.are(CIRCLING_REQUESTS.number(), CIRCLING_ASKERS.number())
    }
}

/// Loops of switches, by VLAN and second.
#[derive(Debug, Default)]
pub struct Loops {
    seconds: BTreeMap<(u16, i64), Circled>,
}

impl Loops {
    /// Takes in a frame that came again and again in a second.
    pub fn take(&mut self, told: &CirclingFrame) {
        let key = (told.vlan, told.second);
        while self.seconds.len() >= STORMS && !self.seconds.contains_key(&key) {
            let Some(oldest) = self.seconds.keys().min_by_key(|key| key.1).copied() else { break };
            self.seconds.remove(&oldest);
        }
        let circled = self.seconds.entry(key).or_default();
        circled.all.add(told);
        if told.is_fast {
            circled.fast.add(told);
        }
        if told.is_fast && told.times >= CIRCLING_SWIFT.number() {
            circled.swift.add(told);
        }
        if told.is_request {
            circled.requests.add(told);
        }
        if told.is_request && told.times >= CIRCLING.number() {
            circled.bursts.add(told);
        }
    }

    /// Whether a request went round in this second as others did in the seconds before.
    fn is_burst(&self, vlan: u16, second: i64) -> bool {
        let near = || self.seconds.range((vlan, second - BURSTS_WITHIN + 1)..=(vlan, second)).map(|(_, circled)| &circled.bursts);
        let is_here = self.seconds.get(&(vlan, second)).is_some_and(|circled| circled.bursts.frames > 0);
        let frames = near().fold(0u64, |sum, bursts| sum.saturating_add(bursts.frames));
        let senders: BTreeSet<Mac> = near().flat_map(|bursts| bursts.senders.keys().copied()).collect();
        is_here && frames >= CIRCLING_FRAMES.number() && senders.len() as u64 >= CIRCLING_SENDERS.number()
    }

    /// Whether a loop is to be judged by its own time.
    pub fn any(&self) -> bool {
        !self.seconds.is_empty()
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let vlans: BTreeSet<u16> = self.seconds.keys().map(|key| key.0).collect();
        for vlan in vlans {
            let is_loop = |second: i64, circled: &Circled| circled.is_loop() || self.is_burst(vlan, second);
            let is_part = |second: i64| {
                let circled = self.seconds.get(&(vlan, second))?;
                (circled.is_part() || self.is_burst(vlan, second)).then_some(circled)
            };
            let range = (vlan, i64::MIN)..=(vlan, i64::MAX);
            let Some(last) = self.seconds.range(range).rev().find(|(key, circled)| is_loop(key.1, circled)).map(|(key, _)| key.1) else {
                continue;
            };
            let ends = (0..STORMS as i64).map_while(|on| is_part(last + on).map(|_| last + on)).last();
            let last = ends.unwrap_or(last);
            let at = |second: i64| Timestamp(second.saturating_mul(SECOND));
            if now.since(at(last.saturating_add(1))) > LASTS {
                continue;
            }
            let run: Vec<(i64, &Circled)> = (0..STORMS as i64).map_while(|back| Some((last - back, is_part(last - back)?))).collect();
            let first = run.last().map_or(last, |r| r.0);
            let mut senders: BTreeMap<Mac, u64> = BTreeMap::new();
            run.iter().flat_map(|r| &r.1.all.senders).for_each(|(mac, times)| *senders.entry(*mac).or_default() += times);
            // Who sent most of it; of equal ones the first.
            let most = senders.iter().max_by_key(|(mac, times)| (**times, std::cmp::Reverse(**mac)));
            let times = run.iter().fold(0u64, |sum, r| sum.saturating_add(r.1.all.times));
            let seconds = (run.len() as u64).max(1);
            out.push(SwitchTrouble {
                vlan: Some(vlan & 0x0fff).filter(|id| *id != 0),
                vlans: times.saturating_add(seconds / 2) / seconds,
                who: most.map(|(mac, _)| mac.to_string()).unwrap_or_default(),
                other: senders.len().to_string(),
                share: most.map_or(0.0, |(_, most)| *most as f64 / times.max(1) as f64),
                recent: run.iter().filter(|(second, circled)| is_loop(*second, circled)).count() as u64,
                measure: run.iter().map(|r| r.1.all.times).max().unwrap_or(0) as f64,
                ..trouble(
                    SwitchTroubleKind::FramesCircle,
                    if vlan == 0 { Subject::Network } else { Subject::Vlan(vlan & 0x0fff) },
                    run.len() as u64,
                    Episode { first: at(first), last: at(last.saturating_add(1)) },
                )
            });
        }
    }
}

/// An ARP request, which a switch leaves as it is.
type Request = (Mac, Ipv4Addr, Ipv4Addr);

/// Frames that were seen in two VLANs.
#[derive(Debug)]
struct Shared {
    frames: u64,
    stations: BTreeSet<Mac>,
    span: Episode,
}

/// VLANs that are joined somewhere.
#[derive(Debug, Default)]
pub struct Leaks {
    /// Where each was seen lately.
    requests: BoundedMap<Request, Vec<(u16, Timestamp)>, GROUPS, { LEAKED_WITHIN / SECOND }>,
    pairs: BTreeMap<(u16, u16), Shared>,
}

impl Leaks {
    /// Takes in an ARP request or a copy of one, each in its VLAN.
    pub fn take(&mut self, seen: &Sighting) {
        let (Sight::Arp { is_reply: false, sender, sender_mac, target } | Sight::ArpCopy { sender, sender_mac, target }) = seen.what else {
            return;
        };
        let Some(vlan) = seen.vlan else { return };
        let request = (sender_mac, sender, target);
        let Some(places) = self.requests.entry(request, seen.last) else { return };
        places.retain(|(id, time)| *id != vlan && seen.first.since(*time) <= LEAKED_WITHIN);
        let others: Vec<u16> = places.iter().map(|place| place.0).collect();
        if places.len() <= LEAKED_PARTNERS {
            places.push((vlan, seen.last));
        }
        others.iter().for_each(|other| self.share(seen, sender_mac, vlan, *other));
    }

    /// The same frame was in two VLANs.
    fn share(&mut self, seen: &Sighting, station: Mac, vlan: u16, other: u16) {
        let key = (vlan.min(other), vlan.max(other));
        if self.pairs.len() >= GROUPS && !self.pairs.contains_key(&key) {
            return;
        }
        let span = Episode { first: seen.first, last: seen.last };
        let shared = self.pairs.entry(key).or_insert_with(|| Shared { frames: 0, stations: BTreeSet::new(), span });
        if seen.first.since(shared.span.last) > SWITCH_RECENT {
            *shared = Shared { frames: 0, stations: BTreeSet::new(), span };
        }
        shared.frames = shared.frames.saturating_add(1);
        shared.span.last = shared.span.last.max(seen.last);
        if shared.stations.len() < SENDERS {
            shared.stations.insert(station);
        }
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let partners = |id: u16| self.pairs.keys().filter(|(a, b)| *a == id || *b == id).count();
        let (stations, frames) = (LEAKED_STATIONS.number(), LEAKED.number());
        for (&(a, b), shared) in &self.pairs {
            let enough = shared.stations.len() as u64 >= stations && shared.frames >= frames;
            if !enough || now.since(shared.span.last) > SWITCH_RECENT || partners(a).max(partners(b)) >= LEAKED_PARTNERS {
                continue;
            }
            out.push(SwitchTrouble {
                vlan: Some(a),
                vlans: shared.stations.len() as u64,
                who: one_of(&shared.stations),
                other: b.to_string(),
                ..trouble(SwitchTroubleKind::VlansJoined, Subject::Vlan(a), shared.frames, shared.span)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of the loop that is told of, and of them those that are one by themselves, after this many requests of so many stations, each of which comes
    /// so many times in a second of its own.
    fn told(requests: u64, stations: u8, times: u64) -> Option<(u64, u64)> {
        let mut loops = Loops::default();
        for n in 0..requests {
            let source = Mac([2, 0, 0, 0, 0, n as u8 % stations]);
            loops.take(&CirclingFrame { second: n as i64, vlan: 0, source, times, number: n, is_fast: false, is_request: true });
        }
        let mut out = Vec::new();
        loops.troubles(Timestamp(requests as i64 * SECOND), &mut out);
        out.first().map(|told| (told.count, told.recent))
    }

    #[test]
    fn requests_that_go_round_and_die_are_a_loop() {
        assert_eq!(told(8, 2, 64), Some((6, 6)), "from the third one on");
        assert_eq!(told(8, 2, 63), None, "a mirror of many ports shows a flooded frame as often");
        assert_eq!(told(8, 1, 400), None, "one station repeats itself");
        assert_eq!((told(3, 2, 400), told(2, 2, 400)), (Some((1, 1)), None));
    }
}
