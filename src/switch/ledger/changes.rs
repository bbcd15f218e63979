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

    /// Writes into a trouble in which VLANs and instances it is.
    fn place(trees: &BTreeSet<TreeName>, trouble: &mut SwitchTrouble) {
        let places: BTreeSet<(Option<u16>, Option<u16>)> = trees.iter().map(|t| (t.1, t.2)).collect();
        trouble.vlans = places.len() as u64;
        if let (1, Some((vlan, instance))) = (places.len(), places.first()) {
            (trouble.vlan, trouble.instance) = (*vlan, *instance);
        }
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
        Changed::place(&run.iter().flat_map(|c| &c.trees.0).copied().collect(), &mut told);
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
    /// The roots before and after the latest change.
    roots: [BridgeId; 2],
    /// Moments at which the root changed.
    times: u64,
    trees: Changed,
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
            time.since(series.span.last) <= SWITCH_RECENT && (series.trees.0.contains(&tree) || series.roots[1].mac == roots[1].mac)
        };
        let Some(series) = self.list.iter_mut().find(belongs) else {
            if self.list.len() >= ROOT_SERIES {
                self.list.pop_front();
            }
            let mut trees = Changed::default();
            trees.add(tree);
            self.list.push_back(Series { span: Episode { first: time, last: time }, intruder: roots[1], roots, times: 1, trees });
            return;
        };
        series.times = series.times.saturating_add(u64::from(time.since(series.span.last) > TOPOLOGY_TOGETHER.in_nanos()));
        series.span.last = series.span.last.max(time);
        series.roots = roots;
        series.trees.add(tree);
    }

    /// Those of late.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        for series in self.list.iter().filter(|series| now.since(series.span.last) <= SWITCH_RECENT) {
            let subject = Subject::Bridge { priority: series.intruder.priority & 0xf000, mac: series.intruder.mac };
            let [before, root] = series.roots;
            let mut told = SwitchTrouble {
                who: root.to_string(),
                other: before.to_string(),
                ..trouble(SwitchTroubleKind::RootChanged, subject, series.times, series.span)
            };
            Changed::place(&series.trees.0, &mut told);
            out.push(told);
        }
    }
}
