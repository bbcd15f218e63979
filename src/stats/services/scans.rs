//! Who fails at many ports of a host, or at one port of many hosts; or asks many hosts whether they are there.

use crate::model::Arrange as _;
use crate::model::evidence::{SCAN_FAILS, SCAN_HOSTS, SCAN_PORTS, SCAN_WINDOW, ScanEvidence, StationEvidence};
use crate::model::limits::{SCAN_PAIRS, SCAN_TARGETS};
use crate::model::time::SECOND;
use crate::model::{Address, CapScale, Episode, Mac, ServiceKey, Sighting, Timestamp};
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::hash::Hash;

/// Different things, counted exactly up to a cap.
trait Different: Default {
    /// What is told apart.
    type Item: Copy;

    /// Takes one in.
    fn note(&mut self, item: Self::Item);

    /// How many there are.
    fn count(&self) -> usize;

    /// Whether there were more than can be told apart.
    fn is_more(&self) -> bool {
        false
    }
}

/// Ports: all of them can be told apart.
#[derive(Debug, Clone, Default)]
struct Ports {
    /// While they are few, sorted.
    few: Vec<u16>,
    /// Afterwards a bit for each.
    many: Vec<u64>,
    count: usize,
}

impl Ports {
    /// Ports up to which a list is smaller than the bits of all ports.
    const FEW: usize = 256;
}

impl Different for Ports {
    type Item = u16;

    fn note(&mut self, port: u16) {
        if self.many.is_empty() {
            if let Err(at) = self.few.binary_search(&port) {
                self.few.insert(at, port);
                self.count = self.few.len();
            }
            if self.few.len() <= Self::FEW {
                return;
            }
            self.many = vec![0; (1 << 16) / 64];
            self.count = 0;
            for port in std::mem::take(&mut self.few) {
                self.note(port);
            }
            return;
        }
        if let Some(word) = self.many.get_mut(usize::from(port) / 64) {
            let bit = 1 << (port % 64);
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    fn count(&self) -> usize {
        self.count
    }
}

/// Hosts.
#[derive(Debug, Clone, Default)]
struct Hosts {
    /// Sorted.
    told: Vec<Address>,
    is_more: bool,
}

impl Hosts {
    fn has(&self, host: Address) -> bool {
        self.told.binary_search(&host).is_ok()
    }

    fn remove(&mut self, host: Address) {
        if let Ok(at) = self.told.binary_search(&host) {
            self.told.remove(at);
        }
    }
}

impl Different for Hosts {
    type Item = Address;

    fn note(&mut self, host: Address) {
        let Err(at) = self.told.binary_search(&host) else { return };
        if self.told.len() < SCAN_TARGETS {
            self.told.insert(at, host);
        } else {
            self.is_more = true;
        }
    }

    fn count(&self) -> usize {
        self.told.len()
    }

    fn is_more(&self) -> bool {
        self.is_more
    }
}

/// What one source failed at: ports of a host, or hosts at a port.
#[derive(Debug, Clone)]
struct Failed<D> {
    targets: D,
    /// Those of the same kind that answered meanwhile.
    answered: D,
    refused: u64,
    unanswered: u64,
    /// The station that its latest attempt came from, where that is known.
    station: Option<Mac>,
    span: Episode,
}

impl<D: Different> Failed<D> {
    fn at(time: Timestamp) -> Self {
        Self { targets: D::default(), answered: D::default(), refused: 0, unanswered: 0, station: None, span: Episode::at(time) }
    }

    fn note(&mut self, target: D::Item, time: Timestamp, is_refused: bool) {
        if time.since(self.span.last) > SCAN_WINDOW.in_nanos() {
            *self = Self::at(time);
        }
        self.span = self.span.joined(Episode::at(time));
        *(if is_refused { &mut self.refused } else { &mut self.unanswered }) += 1;
        self.targets.note(target);
    }

    /// Whether so many different ones were tried, at least, and most of them in vain. How often one that answers was asked says nothing: whoever
    /// scans may work as well.
    fn is_scan(&self, least: u64) -> bool {
        let failed = self.targets.count() as u64;
        failed >= least && failed as f64 > SCAN_FAILS.value() * (failed + self.answered.count() as u64) as f64
    }

    fn evidence(&self, source: Address, target: Option<Address>, port: Option<u16>) -> ScanEvidence {
        ScanEvidence {
            source,
            target,
            port,
            is_udp: false,
            failed: self.targets.count() as u64,
            is_more: self.targets.is_more(),
            refused: self.refused,
            unanswered: self.unanswered,
            succeeded: self.answered.count() as u64,
            station: self.station.map(|mac| StationEvidence {
                mac,
                maker: None,
                count: self.refused.saturating_add(self.unanswered),
                last: self.span.last,
            }),
            is_routed: false,
            span: self.span,
        }
    }
}

/// Failed attempts by source.
#[derive(Debug, Default)]
pub(super) struct Scans {
    caps: CapScale,
    /// Of datagrams those from one port of the source apart.
    ports: HashMap<(Address, Option<u16>, Address), Failed<Ports>>,
    /// By what is tried at all of them: a port, or `None`, whether they are there (ping).
    hosts: HashMap<(Address, Option<u16>), Failed<Hosts>>,
}

/// How long a host has to answer that is asked whether it is there.
const WAITED: i64 = 2 * SECOND;

/// Room for one more: the pairs that were silent longest go.
fn make_room<K: Copy + Eq + Hash + Ord, V>(map: &mut HashMap<K, V>, most: usize, last: impl Fn(&V) -> Timestamp) {
    if map.len() < most {
        return;
    }
    let mut times: Vec<(Timestamp, K)> = map.iter().map(|(key, value)| (last(value), *key)).collect();
    times.arrange();
    times.truncate(most / 4);
    for (_, key) in times {
        map.remove(&key);
    }
}

impl Scans {
    /// Nobody known; as many are as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { caps, ..Self::default() }
    }

    /// Bytes of a source with a host whose ports it tries, and with a port that it tries everywhere.
    #[cfg(test)]
    pub const PAIR_BYTES: usize = 2 * (1 << 16) / 8 + 2 * SCAN_TARGETS * size_of::<Address>() + 2 * size_of::<Failed<Hosts>>() + 256;

    /// An attempt of `source` failed, whose frame came from `station`.
    pub fn failed(&mut self, (source, station): (Address, Mac), service: &ServiceKey, time: Timestamp, is_refused: bool) {
        make_room(&mut self.ports, self.caps.of(SCAN_PAIRS), |f| f.span.last);
        make_room(&mut self.hosts, self.caps.of(SCAN_PAIRS), |f| f.span.last);
        let ports = self.ports.entry((source, None, service.address)).or_insert_with(|| Failed::at(time));
        ports.note(service.port, time, is_refused);
        ports.station = Some(station);
        let hosts = self.hosts.entry((source, Some(service.port))).or_insert_with(|| Failed::at(time));
        hosts.note(service.address, time, is_refused);
        hosts.station = Some(station);
    }

    /// A host says that nothing listens at a port of UDP to which a datagram was sent, from a port of its source. Whoever looks for services goes on
    /// from one port; who talks to somebody whose sockets come and go, as in calls, has another one for each.
    pub fn closed(&mut self, [(source, from), (target, port)]: [(Address, u16); 2], time: Timestamp) {
        make_room(&mut self.ports, self.caps.of(SCAN_PAIRS), |f| f.span.last);
        self.ports.entry((source, Some(from), target)).or_insert_with(|| Failed::at(time)).note(port, time, true);
    }

    /// Whether datagrams from that port look for services of that host.
    pub fn is_looking(&self, [(source, from), (target, _)]: [(Address, u16); 2]) -> bool {
        self.ports.get(&(source, Some(from), target)).is_some_and(|f| f.is_scan(SCAN_PORTS.number()))
    }

    /// An attempt of `source` did not fail: of interest where it fails at others.
    pub fn succeeded(&mut self, source: Address, service: &ServiceKey) {
        if let Some(failed) = self.ports.get_mut(&(source, None, service.address)) {
            failed.answered.note(service.port);
        }
        if let Some(failed) = self.hosts.get_mut(&(source, Some(service.port))) {
            failed.answered.note(service.address);
        }
    }

    /// A host asks another whether it is there. Until that says so it is one that is not.
    pub fn pinged(&mut self, source: Address, host: Address, seen: &Sighting) {
        make_room(&mut self.hosts, self.caps.of(SCAN_PAIRS), |f| f.span.last);
        let asked = self.hosts.entry((source, None)).or_insert_with(|| Failed::at(seen.first));
        if asked.answered.has(host) && seen.last.since(asked.span.last) <= SCAN_WINDOW.in_nanos() {
            return;
        }
        asked.note(host, seen.last, false);
        asked.station = Some(seen.source);
    }

    /// A host says that it is there.
    pub fn replied(&mut self, source: Address, host: Address) {
        let Some(asked) = self.hosts.get_mut(&(source, None)).filter(|asked| asked.targets.has(host)) else { return };
        asked.targets.remove(host);
        asked.answered.note(host);
    }

    /// Whether a source tries everything: what it fails at says nothing of those it tries.
    pub fn is_scanner(&self, source: Address, service: &ServiceKey) -> bool {
        self.ports.get(&(source, None, service.address)).is_some_and(|f| f.is_scan(SCAN_PORTS.number()))
            || self.hosts.get(&(source, Some(service.port))).is_some_and(|f| f.is_scan(SCAN_HOSTS.number()))
    }

    /// Everybody who failed at enough up to `now`, by source and what it tried; of a file's end `all` of them.
    pub fn evidence(&self, now: Timestamp, all: bool) -> Vec<ScanEvidence> {
        let is_recent = |span: &Episode| all || now.since(span.last) <= SCAN_WINDOW.in_nanos();
        let ports = self.ports.iter().filter(|(_, f)| f.is_scan(SCAN_PORTS.number()) && is_recent(&f.span));
        let has_waited = |port: Option<u16>, span: &Episode| port.is_some() || now.since(span.first) >= WAITED;
        let hosts = self.hosts.iter().filter(|(_, f)| f.is_scan(SCAN_HOSTS.number()) && is_recent(&f.span));
        let hosts = hosts.filter(|((_, port), f)| has_waited(*port, &f.span));
        let ports =
            ports.map(|(&(source, from, target), f)| ScanEvidence { is_udp: from.is_some(), ..f.evidence(source, Some(target), None) });
        let hosts = hosts.map(|(key, f)| f.evidence(key.0, None, key.1));
        let mut out: Vec<ScanEvidence> = ports.chain(hosts).collect();
        out.arrange_by_key(|s| (s.source, s.target, s.port, s.is_udp, Reverse(s.failed)));
        // Who goes on from another port is told of once.
        out.dedup_by_key(|s| (s.source, s.target, s.port, s.is_udp));
        out
    }
}

/// A set of ports that tells how many it holds.
#[cfg(test)]
pub(super) fn tests_ports() -> impl FnMut(u16) -> usize {
    let mut ports = Ports::default();
    move |port| {
        ports.note(port);
        ports.count()
    }
}
