//! Stations: whether they are heard, from which port, and how many are new.

use super::trouble;
use crate::model::Arrange as _;
use crate::model::bounded::BoundedMap;
use crate::model::evidence::{
    ACQUAINTED, FLOODED_RATE, MOVES, MOVES_PLACES, MOVES_WITHIN, NEW_MAKERS, NEW_STATIONS, STATION_FORGOTTEN, SWITCH_RECENT, SwitchTrouble,
    SwitchTroubleKind,
};
use crate::model::latest::Latest;
use crate::model::limits::{CHANGES_REMEMBERED, KNOWN_ROUTERS, STATIONS_KNOWN, STATIONS_WATCHED};
use crate::model::time::SECOND;
use crate::model::{Address, Episode, FreshStation, Mac, SAMPLED_FRAMES, SampledPair, Sighting, Subject, Timestamp};
use hashbrown::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;

/// Nanoseconds in which frames and new stations are counted together.
const BIN: i64 = 10 * SECOND;

/// Such bins of a minute.
const BINS: usize = 6;

/// Senders to one station that are told apart.
const SENDERS: usize = 4;

/// New stations of a bin that are looked at, and the fewest of them whose makers say something.
const LOOKED_AT: usize = 128;
const MAKERS: usize = 16;

/// Bins of new stations that are remembered.
const FRESH_BINS: usize = 64;

/// Stations that move, beyond which it is the network that does.
const MOVING: usize = 8;

/// What a station is sent, while it sends nothing.
#[derive(Debug, Default)]
struct Receiver {
    /// When it last sent anything.
    heard: Option<Timestamp>,
    /// Since when frames go to it, after that.
    first: Option<Timestamp>,
    last: Timestamp,
    vlan: Option<u16>,
    to: Option<Address>,
    /// When frames to it last were for another than before, or for nobody that can be told: it may be a router.
    routed: Option<Timestamp>,
    senders: Latest<Mac, SENDERS>,
    /// Networks that frames to it are for, beyond its own: one more than makes it a router.
    networks: Latest<Address, { ROUTED[0] + ROUTED[1] }>,
    /// Frames of the sample by bins of the last minute, the newest at its number's place.
    newest: i64,
    frames: [u64; BINS],
}

/// Addresses of IPv4, and networks of 64 bits of IPv6, from which on a station to which frames for them go is a router: hosts have few.
const ROUTED: [usize; 2] = [4, 3];

/// How long what says that a station is a router is held to be so: a host has another address now and then.
const ROUTED_FOR: i64 = 3_600 * SECOND;

/// A station that is sent frames and sends none: frames a second, who, since when.
type Silent<'a> = (u64, Mac, Timestamp, &'a Receiver);

/// Where a station sends from.
#[derive(Debug)]
struct Position {
    place: (u16, Option<u32>),
    /// When it was there last.
    last: Timestamp,
    /// From which address, where the mirror does not say whether the frame entered there.
    sender: Option<Ipv4Addr>,
    /// When frames of it were seen at several places at once.
    copied: Option<Timestamp>,
    /// Where it was lately, one place more than it may have.
    places: Vec<(u16, Option<u32>)>,
    changes: VecDeque<Timestamp>,
    run: Option<Episode>,
}

impl Position {
    /// Whether it is where it had been before, or moved for the first time, and there are no more places of it than a station that moves has.
    fn is_back(&mut self, place: (u16, Option<u32>)) -> bool {
        let (is_known, is_first) = (self.places.contains(&place), self.places.len() == 1);
        if !is_known && self.places.len() <= MOVES_PLACES {
            self.places.push(place);
        }
        (is_known || is_first) && self.places.len() <= MOVES_PLACES
    }
}

/// Stations that were new in ten seconds.
#[derive(Debug, Default)]
struct Newcomers {
    count: u64,
    first: Timestamp,
    last: Timestamp,
    looked_at: Vec<Mac>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Stations {
    receivers: HashMap<Mac, Receiver>,
    positions: BoundedMap<(Option<u16>, Mac), Position, STATIONS_WATCHED, { SWITCH_RECENT / SECOND }>,
    /// Whether any frame told where its station sends from.
    placed: bool,
    known: HashSet<Mac>,
    /// Those that sent a packet of a conversation: whether they have fallen silent a sample cannot tell.
    talking: HashSet<Mac>,
    begun: Option<Timestamp>,
    fresh: BTreeMap<i64, Newcomers>,
    latest: Timestamp,
}

impl Receiver {
    fn add(&mut self, bin: i64, frames: u64) {
        if bin > self.newest {
            let steps = usize::try_from(bin.saturating_sub(self.newest)).unwrap_or(BINS).min(BINS);
            self.frames.rotate_right(steps % BINS);
            self.frames.iter_mut().take(steps).for_each(|n| *n = 0);
            self.newest = bin;
        }
        if let Some(n) = self.frames.first_mut() {
            *n = n.saturating_add(frames);
        }
    }

    /// Takes notice of an address that frames to it are for.
    fn is_for(&mut self, to: Address, time: Timestamp) {
        let network = match to {
            Address::V6(ip) if ip.is_unicast_link_local() || ip.is_multicast() => return,
            Address::V6(ip) => Address::V6((ip.to_bits() >> 64 << 64).into()),
            Address::V4(ip) if ip.is_link_local() || ip.is_multicast() || ip.is_broadcast() => return,
            other => other,
        };
        self.networks.note(network, time);
    }

    /// Whether frames to it are for so many that it is a router, but for those addresses that are its own.
    fn routes(&self, own: &[Address], now: Timestamp) -> bool {
        let [mut four, mut six] = [0, 0];
        let since = Timestamp(now.0.saturating_sub(ROUTED_FOR));
        for network in self.networks.since(since).filter(|network| !own.contains(network)) {
            match network {
                Address::V6(_) => six += 1,
                _ => four += 1,
            }
        }
        four >= ROUTED[0] || six >= ROUTED[1]
    }

    /// Whether it may be a router, so that what goes to it says nothing of a single host.
    fn is_router(&self, now: Timestamp) -> bool {
        self.routed.is_some_and(|routed| now.since(routed) <= ROUTED_FOR)
    }

    /// Frames a second in the minute up to `now`.
    fn rate(&self, now: Timestamp) -> u64 {
        let back = now.0.div_euclid(BIN).saturating_sub(self.newest).max(0);
        let bins = usize::try_from(back).map_or(0, |back| BINS.saturating_sub(back));
        let frames = self.frames.iter().take(bins).fold(0u64, |sum, n| sum.saturating_add(*n));
        // Of the bin that is open only a part has passed.
        let open = if back == 0 { now.0.rem_euclid(BIN) - BIN } else { 0 };
        let seconds = (bins as i64 * BIN).saturating_add(open) / SECOND;
        frames.saturating_mul(SAMPLED_FRAMES) / seconds.unsigned_abs().max(1)
    }

    /// Since when it is sent frames and sends nothing, where that is longer than a switch remembers it.
    fn silent_since(&self, now: Timestamp) -> Option<Timestamp> {
        // Frames may have begun to go to it long after it was heard last; a switch counts from what it sent itself.
        let first = self.first?;
        let since = self.heard.unwrap_or(first);
        (now.since(since) >= STATION_FORGOTTEN.in_nanos() && now.since(self.last) <= BIN).then_some(since)
    }
}

impl Newcomers {
    /// Whether their addresses are those of no network: of so many makers, or of groups.
    fn are_strange(&self) -> bool {
        let groups = self.looked_at.iter().filter(|mac| mac.is_group()).count();
        let given: Vec<&Mac> = self.looked_at.iter().filter(|mac| !mac.is_group() && !mac.is_local()).collect();
        let makers: BTreeSet<[u8; 3]> = given.iter().map(|mac| [mac.0[0], mac.0[1], mac.0[2]]).collect();
        let many_makers = given.len() >= MAKERS && makers.len() as f64 >= NEW_MAKERS * given.len() as f64;
        many_makers || groups * 4 >= self.looked_at.len().max(MAKERS)
    }
}

impl Stations {
    /// A station sent something.
    pub fn heard(&mut self, mac: Mac, time: Timestamp) {
        if let Some(station) = self.receivers.get_mut(&mac) {
            station.heard = station.heard.max(Some(time));
            station.first = station.first.filter(|first| *first > time);
        }
    }

    /// Takes in frames of the sample between two stations.
    pub fn pair(&mut self, pair: &SampledPair) {
        self.heard(pair.source, pair.last);
        if pair.destination.is_group() || pair.destination.is_shared_gateway() {
            return;
        }
        if self.receivers.len() >= STATIONS_WATCHED && !self.receivers.contains_key(&pair.destination) {
            self.make_room();
        }
        let station = self.receivers.entry(pair.destination).or_default();
        station.first = station.first.or(Some(pair.first));
        station.last = station.last.max(pair.last);
        station.vlan = pair.vlan;
        if pair.is_router || pair.to.is_none() || station.to.is_some_and(|to| Some(to) != pair.to) {
            station.routed = station.routed.max(Some(pair.last));
        }
        station.to = pair.to.or(station.to);
        pair.to.into_iter().for_each(|to| station.is_for(to, pair.last));
        station.senders.note(pair.source, pair.last);
        station.add(pair.last.0.div_euclid(BIN), pair.frames);
    }

    /// Those that were sent nothing for longest go.
    fn make_room(&mut self) {
        let mut times: Vec<(Timestamp, Mac)> = self.receivers.iter().map(|(mac, station)| (station.last, *mac)).collect();
        times.arrange();
        times.truncate(STATIONS_WATCHED / 4);
        times.iter().for_each(|(_, mac)| drop(self.receivers.remove(mac)));
    }

    /// Whether a station sends nothing that belongs to a conversation.
    pub fn is_bare(&self, station: &Mac) -> bool {
        self.talking.len() < STATIONS_KNOWN && !self.talking.contains(station)
    }

    /// Takes in a station's first frame to another, or of another protocol.
    pub fn fresh(&mut self, fresh: &FreshStation) {
        self.heard(fresh.source, fresh.time);
        if fresh.talks && self.talking.len() < STATIONS_KNOWN {
            self.talking.insert(fresh.source);
        }
        let begun = *self.begun.get_or_insert(fresh.time);
        self.latest = self.latest.max(fresh.time);
        if self.known.len() >= STATIONS_KNOWN {
            self.known.clear();
            // Everybody is new again; not while there is no end of them.
            if self.endless(fresh.time).is_none() {
                self.begun = Some(fresh.time);
            }
        }
        if !self.known.insert(fresh.source) || fresh.time.since(begun) < ACQUAINTED.in_nanos() {
            return;
        }
        let bin = fresh.time.0.div_euclid(BIN);
        while self.fresh.len() >= FRESH_BINS && !self.fresh.contains_key(&bin) {
            self.fresh.pop_first();
        }
        let newcomers = self.fresh.entry(bin).or_default();
        if newcomers.count == 0 {
            newcomers.first = fresh.time;
        }
        newcomers.count = newcomers.count.saturating_add(1);
        newcomers.last = newcomers.last.max(fresh.time);
        if newcomers.looked_at.len() < LOOKED_AT {
            newcomers.looked_at.push(fresh.source);
        }
    }

    /// Frames of a station were seen several times at once: where they entered cannot be told of those that may have left.
    pub fn copied(&mut self, seen: &Sighting) {
        if let Some(position) = self.positions.get_mut(&(seen.vlan, seen.source)) {
            position.copied = Some(seen.last);
        }
    }

    /// Takes in where a station sends from, so often within an interval.
    pub fn place(&mut self, seen: &Sighting, place: (u16, Option<u32>), sender: Option<Ipv4Addr>) {
        let (first, last) = (seen.first, seen.last);
        if seen.source.is_shared_gateway() {
            return;
        }
        let key = (seen.vlan, seen.source);
        self.placed = true;
        let fresh = || Position { place, last, sender, copied: None, places: vec![place], changes: VecDeque::new(), run: None };
        let Some(position) = self.positions.entry_or(key, last, fresh) else { return };
        let was_copied = position.copied.is_some_and(|copied| last.since(copied) <= SWITCH_RECENT);
        // A router has another address in each VLAN, which the mirror may not tell apart.
        let is_sure = sender.is_none() || !was_copied && sender == position.sender && position.is_back(place);
        position.sender = sender;
        if position.place != place && !is_sure {
            (position.place, position.last) = (place, position.last.max(last));
            return;
        }
        if position.place != place {
            // It was at the other place after it had been here already: there and back.
            let times = if position.last > first { [Some(first), Some(last)] } else { [Some(first), None] };
            for time in times.into_iter().flatten() {
                if position.changes.len() >= CHANGES_REMEMBERED {
                    position.changes.pop_front();
                }
                position.changes.push_back(time);
            }
            let lately = position.changes.iter().filter(|t| last.since(**t) <= MOVES_WITHIN.in_nanos()).count() as u64;
            if lately >= MOVES.number() {
                let begun = position.changes.iter().find(|t| last.since(**t) <= MOVES_WITHIN.in_nanos()).copied().unwrap_or(first);
                let begun = position.run.filter(|run| first.since(run.last) <= SWITCH_RECENT).map_or(begun, |run| run.first);
                position.run = Some(Episode { first: begun, last });
            }
            position.place = place;
        }
        position.last = position.last.max(last);
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        self.flooded(now, out);
        self.moving(now, out);
        if let Some((span, count, peak, example)) = self.endless(now) {
            out.push(SwitchTrouble {
                who: example.map(|mac| mac.to_string()).unwrap_or_default(),
                measure: peak as f64,
                ..trouble(SwitchTroubleKind::StationsWithoutEnd, Subject::Network, count, span)
            });
        }
    }

    /// Stations that are sent frames and are not heard, by VLAN.
    fn flooded(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let mut by_vlan: BTreeMap<Option<u16>, Vec<Silent<'_>>> = BTreeMap::new();
        // Beyond the cap nobody is known well enough.
        let is_sure = |mac: &Mac| self.is_bare(mac);
        for (mac, station) in self.receivers.iter().filter(|(mac, station)| !station.is_router(now) && is_sure(mac)) {
            let (Some(since), rate) = (station.silent_since(now), station.rate(now)) else { continue };
            if rate >= FLOODED_RATE.number() {
                by_vlan.entry(station.vlan).or_default().push((rate, *mac, since, station));
            }
        }
        for (vlan, mut stations) in by_vlan {
            stations.arrange_by_key(|s| (std::cmp::Reverse(s.0), s.1));
            let senders: BTreeSet<Mac> = stations.iter().flat_map(|s| s.3.senders.iter()).collect();
            let (Some(first), Some(most)) = (stations.iter().map(|s| s.2).min(), stations.first()) else { continue };
            let rate = stations.iter().fold(0u64, |sum, s| sum.saturating_add(s.0));
            out.push(SwitchTrouble {
                vlan,
                vlans: senders.len() as u64,
                who: most.1.to_string(),
                other: senders.first().map(|mac| mac.to_string()).unwrap_or_default(),
                measure: rate as f64,
                ..trouble(
                    SwitchTroubleKind::UnicastFlooded,
                    vlan.map_or(Subject::Network, Subject::Vlan),
                    stations.len() as u64,
                    Episode { first, last: now },
                )
            });
        }
    }

    /// Stations that frames for many networks go to; `owners` says who claims which address, in the order of stations.
    pub fn routers(&self, owners: &[(Mac, Address)]) -> Vec<Mac> {
        let own = |mac: &Mac| -> Vec<Address> {
            let first = owners.partition_point(|owner| owner.0 < *mac);
            owners.iter().skip(first).take_while(|owner| owner.0 == *mac).map(|owner| owner.1).collect()
        };
        let mut out: Vec<Mac> =
            self.receivers.iter().filter(|(mac, station)| station.routes(&own(mac), self.latest)).map(|(mac, _)| *mac).collect();
        out.arrange();
        out.truncate(KNOWN_ROUTERS);
        out
    }

    /// Whether several stations were heard, and of none was told where it sends from.
    pub fn are_nowhere(&self) -> bool {
        !self.placed && self.known.len() > 1
    }

    /// Stations that are at several ports in turn.
    fn moving(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let mut moving: Vec<_> = self
            .positions
            .iter()
            .filter_map(|(key, position, _)| {
                Some((key, position, position.run.filter(|run| now.since(run.last) <= MOVES_WITHIN.in_nanos() * 2)?))
            })
            .collect();
        moving.arrange_by_key(|m| *m.0);
        if moving.len() > MOVING {
            let first = moving.iter().map(|m| m.2.first).min().unwrap_or(now);
            let last = moving.iter().map(|m| m.2.last).max().unwrap_or(now);
            let vlans: BTreeSet<Option<u16>> = moving.iter().map(|m| m.0.0).collect();
            out.push(SwitchTrouble {
                vlan: vlans.first().copied().flatten().filter(|_| vlans.len() == 1),
                vlans: vlans.len() as u64,
                who: format!("{} stations", moving.len()),
                measure: moving.len() as f64,
                ..trouble(
                    SwitchTroubleKind::StationMoves,
                    Subject::Network,
                    moving.iter().map(|m| m.1.changes.len() as u64).sum(),
                    Episode { first, last },
                )
            });
            return;
        }
        for ((vlan, mac), position, run) in moving {
            let changes = position.changes.iter().filter(|t| **t >= run.first).count() as u64;
            out.push(SwitchTrouble {
                vlan: *vlan,
                who: mac.to_string(),
                measure: 1.0,
                ..trouble(SwitchTroubleKind::StationMoves, Subject::Station(*mac), changes, run)
            });
        }
    }

    /// When there were too many new stations twice in a row, how many, the most of ten seconds, and one of them.
    fn endless(&self, now: Timestamp) -> Option<(Episode, u64, u64, Option<Mac>)> {
        let bin = now.0.div_euclid(BIN);
        let many = |at: i64| self.fresh.get(&at).filter(|n| n.count >= NEW_STATIONS.number() && n.are_strange());
        // The newest of the bins that has not been over for long.
        let last = (0..3).map(|back| bin.saturating_sub(back)).find(|at| many(*at).is_some())?;
        let first = (0..FRESH_BINS as i64).map(|back| last.saturating_sub(back)).take_while(|at| many(*at).is_some()).last()?;
        if first == last {
            return None;
        }
        let bins: Vec<&Newcomers> = (first..=last).filter_map(many).collect();
        let count = bins.iter().fold(0u64, |sum, n| sum.saturating_add(n.count));
        let peak = bins.iter().map(|n| n.count).max().unwrap_or(0);
        let span = Episode { first: bins.first()?.first, last: bins.last()?.last };
        Some((span, count, peak, bins.first().and_then(|n| n.looked_at.first()).copied()))
    }

    /// Whether something is going on that is to be judged by its own time.
    pub fn is_watchful(&self, now: Timestamp) -> bool {
        let bin = now.0.div_euclid(BIN);
        self.fresh.range(bin.saturating_sub(2)..).any(|(_, n)| n.count >= NEW_STATIONS.number())
            || self.receivers.values().any(|station| !station.is_router(now) && station.silent_since(now).is_some())
    }
}
