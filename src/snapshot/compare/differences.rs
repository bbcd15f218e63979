//! Goes through two pictures and collects in what they differ: findings, load, and the rows of tables.

use super::change::{Change, ChangeKind, ChangeWay, ComparedMeasure};
use super::seconds;
use super::significance::{Amount, Significance, Spread, of_amounts, of_loads, of_one_sided, of_severities};
use crate::model::Arrange as _;
use crate::model::{Address, Finding, Severity, Subject};
use crate::snapshot::{HostRow, Sample, Snapshot, Table};
use std::collections::BTreeMap;

/// The name of something, and what a page about it would be about.
pub(super) type Named = (String, Option<Subject>);

/// What two pictures differ in, as far as they were gone through.
pub(super) struct Differences<'a> {
    /// The first and the second.
    pub sides: [&'a Snapshot; 2],
    /// How long each lasts.
    pub lasts: [f64; 2],
    /// The same, where that is no time a second: rates stay finite.
    pub seconds: [f64; 2],
    /// Bits per second of the busier one.
    busier: f64,
    /// What was found.
    pub changes: Vec<Change>,
    /// Things that both have and that do not differ.
    pub alike: u64,
    /// What could not be compared, in a sentence; empty: nothing.
    pub left_out: &'static str,
}

/// What is said where there is nothing to compare with.
const NO_PACKETS: &str = "Neither capture holds a packet: nothing is compared.";
const NO_PACKET_BEFORE: &str = "The first capture holds no packet: nothing can be said to be new.";
const NO_PACKET_AFTER: &str = "The second capture holds no packet: nothing can be said to be gone.";

impl<'a> Differences<'a> {
    pub(super) fn new(before: &'a Snapshot, after: &'a Snapshot) -> Self {
        let sides = [before, after];
        // A capture of one packet lasts no time.
        let lasts = sides.map(seconds);
        let seconds = lasts.map(|seconds| if seconds > 0.0 { seconds } else { 1.0 });
        let [x, y] = [0, 1].map(|i| sides[i].stats.total.bits_per_second(seconds[i]));
        let left_out = match sides.map(|s| s.stats.total.packets) {
            [0, 0] => NO_PACKETS,
            [0, _] => NO_PACKET_BEFORE,
            [_, 0] => NO_PACKET_AFTER,
            _ => "",
        };
        Self { sides, lasts, seconds, busier: x.max(y), changes: Vec::new(), alike: 0, left_out }
    }

    /// Keeps a difference; whether it is one.
    pub(super) fn push(
        &mut self,
        kind: ChangeKind,
        (subject, about): Named,
        measure: ComparedMeasure,
        [before, after]: [Option<f64>; 2],
        judgement: Significance,
    ) -> bool {
        let noise = match judgement {
            Significance::Alike => return false,
            Significance::Noise(why) => why,
            Significance::Significant => "",
        };
        let way = match (before, after) {
            (None, _) => ChangeWay::New,
            (_, None) => ChangeWay::Gone,
            (Some(x), Some(y)) if y >= x => ChangeWay::More,
            _ => ChangeWay::Less,
        };
        self.changes.push(Change { kind, subject, id: None, about, measure, before, after, way, significant: noise.is_empty(), noise });
        true
    }

    pub(super) fn findings(&mut self) {
        let keyed = |s: &'a Snapshot| s.diagnosis.findings.iter().map(|f| ((f.id, f.subject), f)).collect::<BTreeMap<_, &Finding>>();
        let (before, after) = (keyed(self.sides[0]), keyed(self.sides[1]));
        let weight = |f: &Finding| match f.severity {
            Severity::Note => 1.0,
            Severity::Warning => 2.0,
            Severity::Critical => 3.0,
        };
        let mut keys: Vec<_> = before.keys().chain(after.keys()).copied().collect();
        keys.arrange();
        keys.dedup();
        for key in keys {
            let (x, y) = (before.get(&key), after.get(&key));
            let (Some(f), values) = (y.or(x), [x.map(|f| weight(f)), y.map(|f| weight(f))]) else { continue };
            let judgement = of_severities(values, [0, 1].map(|i: usize| (self.sides[i].stats.total.packets, self.lasts[i])));
            let differs = self.push(ChangeKind::Finding, (f.title.clone(), Some(f.subject)), ComparedMeasure::Severity, values, judgement);
            if let (true, Some(change)) = (differs, self.changes.last_mut()) {
                change.id = Some(f.id);
            }
            self.alike += u64::from(!differs);
        }
    }

    /// The load as a whole, by the spread of its intervals.
    pub(super) fn load(&mut self) {
        let bits: fn(&Sample) -> f64 = Sample::bits_per_second;
        let packets: fn(&Sample) -> f64 = |sample| sample.traffic.packets_per_second(sample.seconds());
        let [x, y] = self.sides;
        let [s, t] = self.seconds;
        let rates = [x.stats.total.bits_per_second(s), y.stats.total.bits_per_second(t)];
        self.measured_load(ComparedMeasure::BitRate, rates, bits);
        let rates = [x.stats.total.packets_per_second(s), y.stats.total.packets_per_second(t)];
        self.measured_load(ComparedMeasure::PacketRate, rates, packets);
    }

    fn measured_load(&mut self, measure: ComparedMeasure, rates: [f64; 2], value: fn(&Sample) -> f64) {
        let judgement = of_loads(rates, self.sides.map(|s| spread(s, value)));
        let differs = self.push(ChangeKind::Load, ("all traffic".into(), None), measure, rates.map(Some), judgement);
        self.alike += u64::from(!differs);
    }

    /// Something that one of both has at least, by packets and bytes. `whole`: whether each lists all there is of the kind.
    fn rate(&mut self, kind: ChangeKind, subject: Named, amounts: [Option<Amount>; 2], whole: [bool; 2]) {
        let [s, t] = self.seconds;
        let judgement = match amounts {
            [Some(x), Some(y)] if self.lasts.iter().all(|seconds| *seconds > 0.0) => of_amounts([x, y], self.seconds, self.busier),
            [Some(_), Some(_)] => Significance::Noise("one of both lasts no time"),
            [Some((packets, _)), None] => of_one_sided(packets, [s, self.lasts[1]], whole[1]),
            [None, Some((packets, _))] => of_one_sided(packets, [t, self.lasts[0]], whole[0]),
            [None, None] => Significance::Alike,
        };
        let rates = [(amounts[0], s), (amounts[1], t)].map(|(amount, seconds)| amount.map(|a| a.1 as f64 * 8.0 / seconds));
        let differs = self.push(kind, subject, ComparedMeasure::BitRate, rates, judgement);
        self.alike += u64::from(!differs);
    }

    fn both<K: Ord>(
        &mut self,
        kind: ChangeKind,
        before: BTreeMap<K, Amount>,
        mut after: BTreeMap<K, Amount>,
        whole: [bool; 2],
        name: impl Fn(&K) -> Named,
    ) {
        for (key, x) in before {
            let y = after.remove(&key);
            self.rate(kind, name(&key), [Some(x), y], whole);
        }
        for (key, y) in after {
            self.rate(kind, name(&key), [None, Some(y)], whole);
        }
    }

    pub(super) fn tables(&mut self) {
        let (before, after) = (self.sides[0], self.sides[1]);
        fn hosts<'t>(rows: impl IntoIterator<Item = &'t HostRow>) -> BTreeMap<Address, Amount> {
            rows.into_iter().map(|row| (row.address, (row.total().packets, row.total().wire_bytes))).collect()
        }
        let ip =
            |s: &'a Snapshot| s.stats.endpoints.ip.rows.iter().chain(&s.stats.endpoints.ipv6.rows).filter(|row| row.address.is_somebody());
        let whole = |pick: fn(&Snapshot) -> &Table<HostRow>| [before, after].map(|s| pick(s).total_rows <= pick(s).rows.len() as u64);
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
}

/// How far the means of a picture's intervals would lie apart.
fn spread(s: &Snapshot, value: fn(&Sample) -> f64) -> Spread {
    let values: Vec<f64> = s.stats.load.samples.iter().filter(|sample| sample.length > 0).map(value).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (values.len(), variance / n.max(1.0))
}
