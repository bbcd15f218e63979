//! What changed in spanning trees: their roots and their topology. Every bridge tells of one change, in every tree and by every port.

use super::trouble;
use crate::model::evidence::{SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind, TOPOLOGY_RECENT, TOPOLOGY_TOGETHER};
use crate::model::limits::{CHANGED_TREES, ROOT_SERIES, TOPOLOGY_HISTORY};
use crate::model::{BridgeId, Episode, Mac, Subject, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Which tree: the mirror session, the VLAN, the instance.
pub type TreeName = (u16, Option<u16>, Option<u16>);

/// Trees in which something changed.
#[derive(Debug, Default)]
struct Changed(BTreeSet<TreeName>);

impl Changed {
    fn add(&mut self, tree: TreeName) {
        if self.0.len() < CHANGED_TREES {
            self.0.insert(tree);
        }
    }
}

/// Writes into a trouble in which VLANs and instances it is.
fn place<'a>(trees: impl Iterator<Item = &'a TreeName>, trouble: &mut SwitchTrouble) {
    let places: BTreeSet<(Option<u16>, Option<u16>)> = trees.map(|t| (t.1, t.2)).collect();
    trouble.vlans = places.len() as u64;
    if let (1, Some((vlan, instance))) = (places.len(), places.first()) {
        (trouble.vlan, trouble.instance) = (*vlan, *instance);
    }
}

/// The bridges of several trees, each once: `4096/00:00:0c:00:00:01`, `… and …`, `… and 2 others`.
fn bridges(of_trees: impl Iterator<Item = BridgeId>) -> String {
    let all: BTreeSet<BridgeId> = of_trees.collect();
    let first = all.first().map(BridgeId::to_string).unwrap_or_default();
    match (all.len(), all.last()) {
        (2, Some(second)) => format!("{first} and {second}"),
        (3.., _) => format!("{first} and {} others", all.len() - 1),
        _ => first,
    }
}

/// A change of the topology.
#[derive(Debug)]
struct TopologyChange {
    first: Timestamp,
    last: Timestamp,
    /// Who said so first.
    who: Mac,
    trees: Changed,
}

/// Changes of the topology.
#[derive(Debug, Default)]
pub struct TopologyChanges {
    list: VecDeque<TopologyChange>,
}

impl TopologyChanges {
    /// A bridge says that the topology changes.
    pub fn note(&mut self, time: Timestamp, tree: TreeName, who: Mac) {
        if self.list.back().is_none_or(|change| time.since(change.last) > TOPOLOGY_TOGETHER.in_nanos()) {
            if self.list.len() >= TOPOLOGY_HISTORY {
                self.list.pop_front();
            }
            self.list.push_back(TopologyChange { first: time, last: time, who, trees: Changed::default() });
        }
        if let Some(change) = self.list.back_mut() {
            change.last = change.last.max(time);
            change.trees.add(tree);
        }
    }

    /// The changes that followed each other up to now, and how many of them were lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let mut next: Option<Timestamp> = None;
        let follows = |change: &&TopologyChange| {
            let is_near = next.is_none_or(|next| next.since(change.last) <= TOPOLOGY_RECENT.in_nanos());
            next = Some(change.first);
            is_near
        };
        let mut run: Vec<&TopologyChange> = self.list.iter().rev().take_while(follows).collect();
        run.reverse();
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
        let recent = run.iter().filter(|c| now.since(c.last) <= TOPOLOGY_RECENT.in_nanos()).count() as u64;
        if recent == 0 {
            return;
        }
        // Whoever says so first most often is nearest to where it changes.
        let mut begins: BTreeMap<Mac, u64> = BTreeMap::new();
        run.iter().for_each(|change| *begins.entry(change.who).or_default() += 1);
        let who = begins.iter().max_by_key(|(mac, n)| (**n, std::cmp::Reverse(**mac))).map(|(mac, _)| mac.to_string());
        let span = Episode { first: first.first, last: last.last };
        let mut told = SwitchTrouble {
            who: who.unwrap_or_default(),
            recent,
            measure: most_within(&run) as f64,
            ..trouble(SwitchTroubleKind::TopologyChanges, Subject::Network, run.len() as u64, span)
        };
        place(run.iter().flat_map(|c| &c.trees.0), &mut told);
        out.push(told);
    }
}

/// The most changes within the time that is looked at.
fn most_within(run: &[&TopologyChange]) -> usize {
    let (mut most, mut from) = (0, 0);
    for (at, change) in run.iter().enumerate() {
        while run.get(from).is_some_and(|oldest| change.first.since(oldest.first) > TOPOLOGY_RECENT.in_nanos()) {
            from += 1;
        }
        most = most.max(at + 1 - from);
    }
    most
}

/// Root changes that belong together: of one tree, or to one bridge.
#[derive(Debug)]
struct Series {
    span: Episode,
    /// The bridge that took over first: it is what the series is about, whoever is root in the end.
    intruder: BridgeId,
    /// The bridge that took over last.
    latest: Mac,
    /// Moments at which the root changed.
    times: u64,
    /// The roots before and after the latest change of each tree.
    trees: BTreeMap<TreeName, [BridgeId; 2]>,
}

impl Series {
    fn add(&mut self, tree: TreeName, roots: [BridgeId; 2]) {
        self.latest = roots[1].mac;
        if self.trees.len() < CHANGED_TREES || self.trees.contains_key(&tree) {
            self.trees.insert(tree, roots);
        }
    }

    /// The roots before, or after. Of several trees without their numbers: those are not everybody's.
    fn roots(&self, after: bool, is_one_place: bool) -> String {
        bridges(self.trees.iter().map(|((_, vlan, instance), [before, root])| {
            let bridge = if after { root } else { before };
            if is_one_place { *bridge } else { bridge.without_number(instance.or(*vlan)) }
        }))
    }
}

/// Root changes.
#[derive(Debug, Default)]
pub struct RootChanges {
    list: VecDeque<Series>,
}

impl RootChanges {
    /// A bridge names another root of a tree.
    pub fn note(&mut self, time: Timestamp, tree: TreeName, roots: [BridgeId; 2]) {
        let belongs = |series: &&mut Series| {
            time.since(series.span.last) <= SWITCH_RECENT && (series.trees.contains_key(&tree) || series.latest == roots[1].mac)
        };
        let Some(series) = self.list.iter_mut().find(belongs) else {
            if self.list.len() >= ROOT_SERIES {
                self.list.pop_front();
            }
            let span = Episode { first: time, last: time };
            let trees = BTreeMap::from([(tree, roots)]);
            self.list.push_back(Series { span, intruder: roots[1], latest: roots[1].mac, times: 1, trees });
            return;
        };
        series.times = series.times.saturating_add(u64::from(time.since(series.span.last) > TOPOLOGY_TOGETHER.in_nanos()));
        series.span.last = series.span.last.max(time);
        series.add(tree, roots);
    }

    /// Those of late.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        for series in self.list.iter().filter(|series| now.since(series.span.last) <= SWITCH_RECENT) {
            let subject = Subject::Bridge { priority: series.intruder.priority & 0xf000, mac: series.intruder.mac };
            let mut told = trouble(SwitchTroubleKind::RootChanged, subject, series.times, series.span);
            place(series.trees.keys(), &mut told);
            told.who = series.roots(true, told.vlans == 1);
            told.other = series.roots(false, told.vlans == 1);
            out.push(told);
        }
    }
}
