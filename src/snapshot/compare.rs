//! Two pictures held against each other: what is new, what is gone, what became more or less, and which of it is more than chance.
//!
//! The rules are few, and [`RULES`] says them to whoever reads a comparison. Numbers are compared as rates, for two captures seldom last
//! equally long.

use super::{Service, Snapshot};
use crate::model::{Address, Finding, Severity, Subject, wilson};
use std::collections::BTreeMap;

/// Times by which a rate must differ.
const FACTOR: f64 = 2.0;
/// Share of the busier capture's load that a difference must make.
const PART: f64 = 0.01;
/// Packets that must have been expected where none came: by chance that happens once in twenty times (Poisson, e^-3).
const EXPECTED: f64 = 3.0;
/// How seldom chance makes of two equal rates counts that lie so far apart: once in so many times.
const CHANCE: f64 = 1_000.0;
/// Packets of a row that is compared at all.
const PACKETS: u64 = 20;
/// Answers of each side before times are compared.
const ANSWERS: u64 = 50;
/// Times by which a response time must differ.
const SLOWER: f64 = 1.5;
/// Seconds by which it must differ.
const NOTICED: f64 = 0.005;
/// Standard errors by which loads must differ.
const ERRORS: f64 = 3.0;

/// What makes a difference more than noise, in sentences.
pub const RULES: [&str; 5] = [
    "A load differs where its means lie 3 standard errors apart and one is at least twice the other.",
    "A host, station, protocol, VLAN or service differs where its rate at least doubled or halved, by at least 1 % of the busier load, with 20 packets or more, and where chance makes such counts once in 1,000 times at most (Poisson): one packet in a millisecond is no rate.",
    "It is new or gone where at least 3 packets would have come at its rate while the other capture lasted (by chance once in 20 times).",
    "A response time differs where half of 50 or more answers on each side took 1.5 times as long, and 5 ms more; shares of errors where their 95 % intervals lie apart.",
    "A finding that is new, gone or of another weight counts, unless it is a mere note.",
];

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A finding.
    Finding,
    /// The capture as a whole.
    Load,
    /// What listens at a port.
    Service,
    /// A network address.
    Host,
    /// A link layer address.
    Station,
    /// A path of protocols.
    Protocol,
    /// A VLAN.
    Vlan,
}

impl ChangeKind {
    /// Every kind, in the order in which a comparison tells them.
    pub const ALL: [Self; 7] = [Self::Finding, Self::Load, Self::Service, Self::Host, Self::Station, Self::Protocol, Self::Vlan];

    /// The word for programs.
    pub fn token(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Load => "load",
            Self::Service => "service",
            Self::Host => "host",
            Self::Station => "station",
            Self::Protocol => "protocol",
            Self::Vlan => "vlan",
        }
    }

    /// The heading of its differences.
    pub fn title(self) -> &'static str {
        match self {
            Self::Finding => "Findings",
            Self::Load => "Load",
            Self::Service => "Services",
            Self::Host => "Hosts",
            Self::Station => "Stations",
            Self::Protocol => "Protocols",
            Self::Vlan => "VLANs",
        }
    }
}

/// Which way something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeWay {
    /// Only the second has it.
    New,
    /// Only the first has it.
    Gone,
    /// The second has more.
    More,
    /// The second has less.
    Less,
}

impl ChangeWay {
    /// The word for it.
    pub fn token(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::More => "more",
            Self::Less => "less",
        }
    }
}

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComparedMeasure {
    /// Bits per second.
    BitRate,
    /// Packets per second.
    PacketRate,
    /// Attempts to connect and requests per second, of a service.
    UseRate,
    /// Seconds of half of the answers.
    Response,
    /// Share of attempts and requests that went wrong.
    Errors,
    /// How much a finding matters: 1 note, 2 warning, 3 critical.
    Severity,
}

impl ComparedMeasure {
    /// The word for programs, with its unit.
    pub fn token(self) -> &'static str {
        match self {
            Self::BitRate => "bits_per_second",
            Self::PacketRate => "packets_per_second",
            Self::UseRate => "attempts_and_requests_per_second",
            Self::Response => "response_p50_seconds",
            Self::Errors => "error_share",
            Self::Severity => "severity",
        }
    }

    /// The words for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::BitRate => "rate",
            Self::PacketRate => "packet rate",
            Self::UseRate => "attempts and requests",
            Self::Response => "response, half",
            Self::Errors => "errors",
            Self::Severity => "finding",
        }
    }
}

/// A difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it is about.
    pub kind: ChangeKind,
    /// Its name: an address, `10.0.0.1:443/tcp`, a finding's title.
    pub subject: String,
    /// The identifier, of a finding.
    pub id: Option<&'static str>,
    /// What a page could be about; `None` for what has none.
    pub about: Option<Subject>,
    /// What was compared.
    pub measure: ComparedMeasure,
    /// The first's value; `None`: it has none.
    pub before: Option<f64>,
    /// The second's value; `None`: it has none.
    pub after: Option<f64>,
    /// Which way.
    pub way: ChangeWay,
    /// Whether it is more than noise.
    pub significant: bool,
    /// Why it is noise; empty for what is significant.
    pub noise: &'static str,
}

/// One of the two.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparedSide {
    /// Names of its sources.
    pub name: String,
    /// Packets that were analysed.
    pub packets: u64,
    /// Their bytes.
    pub wire_bytes: u64,
    /// Seconds from the first to the last.
    pub seconds: f64,
    /// Whether the mirror could be believed, in one word.
    pub verdict: &'static str,
}

/// Two pictures compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The first and the second.
    pub sides: [ComparedSide; 2],
    /// Every difference: what is significant first, by kind, then by how much it is.
    pub changes: Vec<Change>,
    /// Things that both have and that do not differ.
    pub alike: u64,
    /// What could not be compared, in a sentence; empty: nothing.
    pub left_out: &'static str,
}

impl Comparison {
    /// Compares two pictures.
    pub fn of(before: &Snapshot, after: &Snapshot) -> Self {
        let mut work = Work::new(before, after);
        work.findings();
        work.load();
        work.services();
        work.tables();
        let Work { mut changes, alike, left_out, .. } = work;
        let weight = |c: &Change| (c.after.unwrap_or(0.0) - c.before.unwrap_or(0.0)).abs();
        changes.sort_by(|x, y| {
            let place = |c: &Change| (!c.significant, c.kind);
            place(x).cmp(&place(y)).then(weight(y).total_cmp(&weight(x))).then(x.subject.cmp(&y.subject)).then(x.measure.cmp(&y.measure))
        });
        Self { sides: [side(before), side(after)], changes, alike, left_out }
    }

    /// Differences that are more than noise.
    pub fn significant(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|c| c.significant)
    }
}

fn side(s: &Snapshot) -> ComparedSide {
    let names: Vec<&str> = s.capture.sources.iter().map(|source| source.name.as_str()).collect();
    ComparedSide {
        name: names.join(", "),
        packets: s.stats.total.packets,
        wire_bytes: s.stats.total.wire_bytes,
        seconds: seconds(s),
        verdict: s.mirror.trust.verdict.token(),
    }
}

/// Seconds that a picture covers.
fn seconds(s: &Snapshot) -> f64 {
    s.span.as_ref().map_or_else(|| s.duration(), |shown| shown.span.seconds())
}

/// Why a row that one side does not have may not be new, or gone.
const NOT_LISTED: &str = "not every row is listed";

/// What is said where services of a span are not known.
const NO_SERVICES: &str = "Services are not compared: no past is kept of them, and the packets of the span were not read again.";

/// What one side has of a thing: packets and bytes.
type Amount = (u64, u64);

struct Work<'a> {
    before: &'a Snapshot,
    after: &'a Snapshot,
    seconds: [f64; 2],
    /// Bits per second of the busier one.
    busier: f64,
    changes: Vec<Change>,
    alike: u64,
    left_out: &'static str,
}

impl<'a> Work<'a> {
    fn new(before: &'a Snapshot, after: &'a Snapshot) -> Self {
        // A capture of one packet lasts no time; a second keeps rates finite.
        let seconds = [before, after].map(|s| Some(seconds(s)).filter(|seconds| *seconds > 0.0).unwrap_or(1.0));
        let [x, y] = [(before, seconds[0]), (after, seconds[1])].map(|(s, seconds)| s.stats.total.bits_per_second(seconds));
        Self { before, after, seconds, busier: x.max(y), changes: Vec::new(), alike: 0, left_out: "" }
    }

    fn push(
        &mut self,
        kind: ChangeKind,
        (subject, about): (String, Option<Subject>),
        measure: ComparedMeasure,
        [before, after]: [Option<f64>; 2],
        noise: &'static str,
    ) {
        let way = match (before, after) {
            (None, _) => ChangeWay::New,
            (_, None) => ChangeWay::Gone,
            (Some(x), Some(y)) if y >= x => ChangeWay::More,
            _ => ChangeWay::Less,
        };
        self.changes.push(Change { kind, subject, id: None, about, measure, before, after, way, significant: noise.is_empty(), noise });
    }

    fn findings(&mut self) {
        let keyed = |s: &'a Snapshot| s.diagnosis.findings.iter().map(|f| ((f.id, f.subject), f)).collect::<BTreeMap<_, &Finding>>();
        let (before, after) = (keyed(self.before), keyed(self.after));
        let weight = |f: &Finding| match f.severity {
            Severity::Note => 1.0,
            Severity::Warning => 2.0,
            Severity::Critical => 3.0,
        };
        let mut keys: Vec<_> = before.keys().chain(after.keys()).copied().collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let (x, y) = (before.get(&key), after.get(&key));
            let (Some(f), values) = (y.or(x), [x.map(|f| weight(f)), y.map(|f| weight(f))]) else { continue };
            if values[0] == values[1] {
                self.alike += 1;
                continue;
            }
            let noise = if values.iter().flatten().all(|w| *w < 2.0) { "a note" } else { "" };
            self.push(ChangeKind::Finding, (f.title.clone(), Some(f.subject)), ComparedMeasure::Severity, values, noise);
            if let Some(change) = self.changes.last_mut() {
                change.id = Some(f.id);
            }
        }
    }

    /// The load as a whole, by the spread of its intervals.
    fn load(&mut self) {
        let spread = |s: &Snapshot, value: fn(&super::Sample) -> f64| {
            let values: Vec<f64> = s.stats.load.samples.iter().filter(|sample| sample.length > 0).map(value).collect();
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n.max(1.0);
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
            (values.len(), variance / n.max(1.0))
        };
        let bits: fn(&super::Sample) -> f64 = super::Sample::bits_per_second;
        let packets: fn(&super::Sample) -> f64 = |sample| sample.traffic.packets_per_second(sample.seconds());
        for (measure, value) in [(ComparedMeasure::BitRate, bits), (ComparedMeasure::PacketRate, packets)] {
            let ((n, x), (m, y)) = (spread(self.before, value), spread(self.after, value));
            let rate = |s: &Snapshot, seconds| match measure {
                ComparedMeasure::BitRate => s.stats.total.bits_per_second(seconds),
                _ => s.stats.total.packets_per_second(seconds),
            };
            let (a, b) = (rate(self.before, self.seconds[0]), rate(self.after, self.seconds[1]));
            if a == b {
                self.alike += 1;
                continue;
            }
            let apart = (a - b).abs() > ERRORS * (x + y).sqrt();
            let noise = match () {
                () if n < 3 || m < 3 => "too few intervals to tell",
                () if !apart => "within the spread of its intervals",
                () if a.max(b) < FACTOR * a.min(b) => "less than twice",
                () => "",
            };
            self.push(ChangeKind::Load, ("all traffic".into(), None), measure, [Some(a), Some(b)], noise);
        }
    }

    /// Something that both may have, by packets and bytes. `whole`: whether each lists all there is of the kind.
    fn rate(&mut self, kind: ChangeKind, subject: (String, Option<Subject>), [x, y]: [Option<Amount>; 2], whole: [bool; 2]) {
        let rates = [(x, self.seconds[0]), (y, self.seconds[1])].map(|(amount, seconds)| amount.map(|a| a.1 as f64 * 8.0 / seconds));
        let few = [x, y].iter().flatten().all(|amount| amount.0 < PACKETS);
        let noise = match (x, y) {
            (Some((packets, _)), None) if packets as f64 / self.seconds[0] * self.seconds[1] < EXPECTED => "too seldom to be missed",
            (Some(_), None) if !whole[1] => NOT_LISTED,
            (None, Some(_)) if !whole[0] => NOT_LISTED,
            (None, Some((packets, _))) if packets as f64 / self.seconds[1] * self.seconds[0] < EXPECTED => "too seldom to be missed",
            (Some(_), None) | (None, Some(_)) => "",
            _ => {
                let [a, b] = rates.map(|r| r.unwrap_or(0.0));
                match () {
                    () if a.max(b) < FACTOR * a.min(b) => {
                        self.alike += 1;
                        return;
                    }
                    () if few => "few packets",
                    () if !self.is_told_by_counts([x, y], a > b) => "so few packets by chance",
                    () if (a - b).abs() < PART * self.busier => "less than 1 % of the load",
                    () => "",
                }
            }
        };
        self.push(kind, subject, ComparedMeasure::BitRate, rates, noise);
    }

    /// Whether what both have differs by more than chance: by how many packets there are, or by how large they are, where there are some on
    /// both sides.
    fn is_told_by_counts(&self, amounts: [Option<Amount>; 2], falls: bool) -> bool {
        let counts = amounts.map(|amount| amount.map_or(0, |(packets, _)| packets));
        let [x, y] = counts.map(|n| n as f64);
        let [s, t] = self.seconds;
        let (most, least) = if falls { (x / s, y / t) } else { (y / t, x / s) };
        if most < FACTOR * least { counts.iter().all(|n| *n >= PACKETS) } else { is_beyond_chance([x, y], [s, t]) }
    }

    fn both<K: Ord>(
        &mut self,
        kind: ChangeKind,
        before: BTreeMap<K, Amount>,
        mut after: BTreeMap<K, Amount>,
        whole: [bool; 2],
        name: impl Fn(&K) -> (String, Option<Subject>),
    ) {
        for (key, x) in before {
            let y = after.remove(&key);
            self.rate(kind, name(&key), [Some(x), y], whole);
        }
        for (key, y) in after {
            self.rate(kind, name(&key), [None, Some(y)], whole);
        }
    }

    fn tables(&mut self) {
        let (before, after) = (self.before, self.after);
        fn hosts<'t>(rows: impl IntoIterator<Item = &'t super::HostRow>) -> BTreeMap<Address, Amount> {
            rows.into_iter().map(|row| (row.address, (row.total().packets, row.total().wire_bytes))).collect()
        }
        let ip =
            |s: &'a Snapshot| s.stats.endpoints.ip.rows.iter().chain(&s.stats.endpoints.ipv6.rows).filter(|row| !row.address.is_group());
        let whole =
            |pick: fn(&Snapshot) -> &super::Table<super::HostRow>| [before, after].map(|s| pick(s).total_rows <= pick(s).rows.len() as u64);
        let [v4, v6, stations] = [whole(|s| &s.stats.endpoints.ip), whole(|s| &s.stats.endpoints.ipv6), whole(|s| &s.stats.endpoints.eth)];
        let all = [v4[0] && v6[0], v4[1] && v6[1]];
        let host = |address: &Address| (address.to_string(), Some(Subject::Host(*address)));
        self.both(ChangeKind::Host, hosts(ip(before)), hosts(ip(after)), all, host);
        let eth = |s: &'a Snapshot| s.stats.endpoints.eth.rows.iter().filter(|row| !row.address.is_group());
        let station = |address: &Address| {
            let about = if let Address::Mac(mac) = address { Some(Subject::Station(*mac)) } else { None };
            (address.to_string(), about)
        };
        self.both(ChangeKind::Station, hosts(eth(before)), hosts(eth(after)), stations, station);
        let paths = |s: &'a Snapshot| -> BTreeMap<String, Amount> {
            s.stats.protocols.iter().map(|p| (p.path.to_string(), (p.traffic.packets, p.traffic.wire_bytes))).collect()
        };
        self.both(ChangeKind::Protocol, paths(before), paths(after), [true; 2], |path| (path.clone(), None));
        let vlans = |s: &'a Snapshot| -> BTreeMap<u16, Amount> {
            s.stats.vlans.rows.iter().map(|v| (v.id, (v.traffic.packets, v.traffic.wire_bytes))).collect()
        };
        let all = [before, after].map(|s| s.stats.vlans.total_rows <= s.stats.vlans.rows.len() as u64);
        self.both(ChangeKind::Vlan, vlans(before), vlans(after), all, |id| (format!("VLAN {id}"), Some(Subject::Vlan(*id))));
    }

    fn services(&mut self) {
        let keyed = |s: &'a Snapshot| -> BTreeMap<String, &'a Service> {
            s.stats.services.rows.iter().map(|service| (format!("{}/{}", service.key, service.key.protocol.token()), service)).collect()
        };
        if [self.before, self.after].iter().any(|s| s.span.as_ref().is_some_and(|shown| !shown.exact)) {
            self.left_out = NO_SERVICES;
            return;
        }
        let (before, mut after) = (keyed(self.before), keyed(self.after));
        let whole = [self.before, self.after].map(|s| s.stats.services.total_rows <= s.stats.services.rows.len() as u64);
        for (name, x) in before {
            let y = after.remove(&name);
            self.service(name, Some(x), y, whole);
        }
        for (name, y) in after {
            self.service(name, None, Some(y), whole);
        }
    }

    fn service(&mut self, name: String, x: Option<&Service>, y: Option<&Service>, whole: [bool; 2]) {
        let key = x.or(y).map(|s| s.key);
        let about = key.map(|key| Subject::Service { address: key.address, port: key.port, protocol: key.protocol });
        let (Some(before), Some(after)) = (x, y) else {
            // Each use is at least a packet there and one back.
            let uses = |s: Option<&Service>| s.map(|s| s.uses());
            let expected = match (uses(x), uses(y)) {
                (Some(n), _) => n as f64 / self.seconds[0] * self.seconds[1],
                (_, Some(n)) => n as f64 / self.seconds[1] * self.seconds[0],
                _ => 0.0,
            };
            let noise = match () {
                () if expected < EXPECTED => "too seldom to be missed",
                () if y.is_none() && !whole[1] || x.is_none() && !whole[0] => NOT_LISTED,
                () => "",
            };
            let rate = |s: Option<&Service>, seconds: f64| s.map(|s| s.uses() as f64 / seconds);
            let values = [rate(x, self.seconds[0]), rate(y, self.seconds[1])];
            return self.push(ChangeKind::Service, (name, about), ComparedMeasure::UseRate, values, noise);
        };
        let mut differs = false;
        if let (Some(p), Some(q)) = (&before.response, &after.response) {
            let (a, b) = (p.p50, q.p50);
            if p.count >= ANSWERS && q.count >= ANSWERS && a.max(b) >= SLOWER * a.min(b) {
                let noise = if (a - b).abs() < NOTICED { "less than 5 ms" } else { "" };
                self.push(ChangeKind::Service, (name.clone(), about), ComparedMeasure::Response, [Some(a), Some(b)], noise);
                differs = true;
            }
        }
        let [a, b] = [before, after].map(|s| wilson(s.errors(), s.uses()));
        if a.rate != b.rate && a.n > 0 && b.n > 0 {
            let apart = a.high < b.low || b.high < a.low;
            self.push(
                ChangeKind::Service,
                (name, about),
                ComparedMeasure::Errors,
                [Some(a.rate), Some(b.rate)],
                if apart { "" } else { "its intervals overlap" },
            );
            differs = true;
        }
        self.alike += u64::from(!differs);
    }
}

/// Whether counts during so many seconds each are of different rates. Of all events the share of the one is as that of its time, where the
/// rates are equal; that so many fall into it has a probability of e^-(n·D) at most, D their relative entropy (Chernoff's bound, which needs no
/// count to be large).
fn is_beyond_chance([x, y]: [f64; 2], [s, t]: [f64; 2]) -> bool {
    let (all, time) = (x + y, s + t);
    let part = |count: f64, seconds: f64| if count > 0.0 { count * (count / all * time / seconds).ln() } else { 0.0 };
    part(x, s) + part(y, t) > CHANCE.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mac, Timestamp, Traffic};
    use crate::snapshot::{HostRow, Sample};

    fn row(address: Address, tx: Traffic) -> HostRow {
        let none = Traffic::default();
        let (first, last) = (Timestamp(0), Timestamp(0));
        HostRow {
            address,
            port: 0,
            tx,
            rx: none,
            recent_tx: none,
            recent_rx: none,
            first,
            last,
            inside: None,
            app: None,
            peers: Default::default(),
            itself: Default::default(),
            vlans: Default::default(),
        }
    }

    fn host(n: u8, packets: u64) -> HostRow {
        row(Address::V4([10, 0, 0, n].into()), Traffic { packets, wire_bytes: packets * 100 })
    }

    fn picture(seconds: i64, hosts: Vec<HostRow>, loads: &[u64]) -> Snapshot {
        let mut s = Snapshot::default();
        let second = |at: i64| Timestamp(at * 1_000_000_000);
        (s.capture.first, s.capture.last) = (Some(second(0)), Some(second(seconds)));
        s.stats.endpoints.ip.total_rows = hosts.len() as u64;
        for host in &hosts {
            s.stats.total.add(host.tx);
        }
        s.stats.endpoints.ip.rows = hosts;
        let sample = |(at, bytes): (usize, &u64)| Sample {
            start: second(at as i64),
            length: 1_000_000_000,
            traffic: Traffic { packets: bytes / 100, wire_bytes: *bytes },
            ..Sample::default()
        };
        s.stats.load.samples = loads.iter().enumerate().map(sample).collect();
        s
    }

    fn told(c: &Comparison) -> Vec<(ChangeKind, &str, ChangeWay, &str)> {
        c.changes.iter().map(|c| (c.kind, c.subject.as_str(), c.way, c.noise)).collect()
    }

    #[test]
    fn new_and_gone_are_held_against_how_long_each_lasted() {
        let before = picture(100, vec![host(1, 1000), host(2, 400), host(3, 2)], &[]);
        let after = picture(100, vec![host(1, 1000), host(4, 500), host(5, 1)], &[]);
        let c = Comparison::of(&before, &after);
        let want = [(ChangeKind::Host, "10.0.0.4", ChangeWay::New, ""), (ChangeKind::Host, "10.0.0.2", ChangeWay::Gone, "")];
        let significant: Vec<_> = told(&c).into_iter().filter(|c| c.3.is_empty()).collect();
        assert_eq!(significant, want);
        assert!(told(&c).contains(&(ChangeKind::Host, "10.0.0.3", ChangeWay::Gone, "too seldom to be missed")));
        // In a second nobody would have been missed that sends four packets in a hundred.
        let short = Comparison::of(&picture(100, vec![host(1, 1000), host(2, 4)], &[]), &picture(1, vec![host(1, 10)], &[]));
        assert_eq!(short.significant().count(), 0, "{short:?}");
        assert_eq!(short.alike, 1);
    }

    #[test]
    fn one_packet_in_a_millisecond_is_no_rate() {
        // A quarter of a packet was to be expected of the second host, a fiftieth of the third.
        let day = picture(60, vec![host(1, 60_000), host(2, 15_000), host(3, 1_200)], &[]);
        let mut short = picture(0, vec![host(1, 1), host(2, 1), host(3, 17)], &[]);
        short.capture.last = Some(Timestamp(1_000_000));
        for (c, way) in [(Comparison::of(&short, &day), ChangeWay::Less), (Comparison::of(&day, &short), ChangeWay::More)] {
            let significant: Vec<_> = told(&c).into_iter().filter(|c| c.3.is_empty()).collect();
            assert_eq!(significant, [(ChangeKind::Host, "10.0.0.3", way, "")]);
            assert!(told(&c).contains(&(ChangeKind::Host, "10.0.0.2", way, "so few packets by chance")), "{c:?}");
        }
        // P(n >= 5 | 1 expected) is 0.4 %, P(n >= 20 | 5 expected) less than a millionth.
        assert!(!is_beyond_chance([5.0, 1_000.0], [0.001, 1.0]));
        assert!(is_beyond_chance([20.0, 5_000.0], [0.001, 1.0]));
    }

    #[test]
    fn a_row_that_is_not_listed_is_not_gone() {
        let before = picture(10, vec![host(1, 1000), host(2, 400)], &[]);
        let mut after = picture(10, vec![host(1, 1000)], &[]);
        after.stats.endpoints.ip.total_rows = 2;
        assert!(told(&Comparison::of(&before, &after)).contains(&(
            ChangeKind::Host,
            "10.0.0.2",
            ChangeWay::Gone,
            "not every row is listed"
        )));
    }

    #[test]
    fn a_load_differs_beyond_its_spread_only() {
        let steady = picture(5, vec![host(1, 50)], &[1000, 1010, 990, 1000, 1000]);
        let double = picture(5, vec![host(1, 150)], &[3000, 3010, 2990, 3000, 3000]);
        let wild = picture(5, vec![host(1, 150)], &[100, 14_000, 200, 300, 400]);
        let load = |x, y| Comparison::of(x, y).changes.into_iter().find(|c| c.kind == ChangeKind::Load).unwrap();
        assert!(load(&steady, &double).significant);
        assert_eq!(load(&steady, &wild).noise, "within the spread of its intervals");
        assert!(Comparison::of(&steady, &steady).changes.is_empty());
    }

    #[test]
    fn groups_are_no_stations() {
        let mut with = picture(10, vec![], &[]);
        let station = |mac| row(Address::Mac(Mac(mac)), Traffic { packets: 100, wire_bytes: 9_999 });
        with.stats.endpoints.eth.rows = vec![station([1, 0, 0x5e, 0, 0, 1]), station([2, 0, 0, 0, 0, 1])];
        with.stats.endpoints.eth.total_rows = 2;
        let c = Comparison::of(&picture(10, vec![], &[]), &with);
        assert_eq!(told(&c), [(ChangeKind::Station, "02:00:00:00:00:01", ChangeWay::New, "")]);
    }
}
