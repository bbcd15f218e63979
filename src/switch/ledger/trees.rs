//! Spanning trees, as bridges tell of them: IEEE 802.1Q clause 13 and 14.

use super::changes::{RootChanges, TopologyChanges};
use super::events::EventLog;
use super::stale_rows::StaleRows;
use super::{Place, trouble};
use crate::model::Arrange as _;
use crate::model::evidence::{
    HELLOS_AWAY, HELLOS_MISSING, ROOT_STOOD, ROOTS_BESIDE, SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind, TOPOLOGY_TOGETHER,
};
use crate::model::limits::{TREE_HISTORY, TREES};
use crate::model::time::SECOND;
use crate::model::{
    Bpdu, BpduFlags, BpduKind, BridgeId, ControlMessage, Episode, Mac, PortRole, Subject, SwitchEventKind, Timestamp, TreeRow,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Roots that stood which are remembered of a tree: one, its backup, and two more.
const ROOTS_STOOD: usize = 4;

/// What one port of a bridge says of a tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    place: Place,
    vlan: Option<u16>,
    instance: Option<u16>,
    source: Mac,
    port: u16,
}

/// A tree, as one port tells of it.
#[derive(Debug)]
pub struct Tree {
    row: TreeRow,
    changing: bool,
    /// Since when it names the root it names.
    since: Timestamp,
    /// The root it named before, where that had stood for a while.
    before: Option<BridgeId>,
    /// Roots it named for a while, the latest last.
    stood: VecDeque<BridgeId>,
    /// Since when no hello was missing.
    unbroken: Timestamp,
    /// Whose hellos it may have taken the place of, which root those named, and since when it is heard itself.
    succeeds: Option<(Key, BridgeId, Timestamp)>,
}

/// Hellos of a port that were missing.
#[derive(Debug, Clone, Copy)]
struct Gap {
    span: Episode,
    bridge: BridgeId,
    port: u16,
    vlan: Option<u16>,
    instance: Option<u16>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Trees {
    list: BTreeMap<Key, Tree>,
    roots: RootChanges,
    topology: TopologyChanges,
    missing: VecDeque<Gap>,
    stale: StaleRows,
}

/// One tree in a BPDU, which may hold several.
struct Told {
    instance: Option<u16>,
    flags: BpduFlags,
    root: BridgeId,
    bridge: BridgeId,
    cost: u32,
}

impl Trees {
    /// Takes in a BPDU; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, bpdu: &Bpdu, log: &mut EventLog) -> bool {
        if bpdu.kind == BpduKind::TopologyChange {
            self.notification(m, place, log);
            return true;
        }
        let bridge = bpdu.sender();
        let common = Told { instance: bpdu.region.as_ref().map(|_| 0), flags: bpdu.flags, root: bpdu.root, bridge, cost: bpdu.cost };
        let region = bpdu.region.iter().flat_map(|region| &region.instances);
        let instances = region.map(|i| Told {
            instance: Some(i.number()),
            flags: i.flags,
            root: i.root,
            bridge: BridgeId { priority: u16::from(i.bridge_priority) << 8 | i.number(), mac: bridge.mac },
            cost: i.cost,
        });
        let all: Vec<Told> = std::iter::once(common).chain(instances).collect();
        // Each is taken in, whether or not there was room for those before.
        all.iter().filter(|told| !self.tree(m, place, bpdu, told, log)).count() == 0
    }

    fn tree(&mut self, m: &ControlMessage, place: Place, bpdu: &Bpdu, told: &Told, log: &mut EventLog) -> bool {
        let key = Key { place, vlan: bpdu.vlan, instance: told.instance, source: m.source, port: bpdu.port };
        let changing = told.flags.topology_change();
        let row = TreeRow {
            vlan: bpdu.vlan,
            instance: told.instance,
            protocol: bpdu.protocol(),
            root: told.root,
            bridge: told.bridge,
            port: bpdu.port,
            cost: told.cost,
            role: role(bpdu, told.flags),
            times: [bpdu.hello, bpdu.max_age, bpdu.forward_delay],
            timers: String::new(),
            region: bpdu.region.as_ref().map(|region| region.name.clone()).unwrap_or_default(),
            packets: 1,
            topology_changes: u64::from(changing),
            root_changes: 0,
            first: m.time,
            last: m.time,
        };
        if changing && self.list.get(&key).is_none_or(|tree| !tree.changing) {
            self.topology.note(m.time, (place.session, bpdu.vlan.or(place.tag), told.instance), told.bridge.mac);
        }
        self.look_for_missing(m, &key, bpdu);
        if !self.list.contains_key(&key) {
            self.stale.make_room(m.time, (self.list.len(), TREES), |stays| self.list.retain(|_, tree| stays(tree.row.last)));
        }
        if self.takes_over(m, &key, &row) {
            return true;
        }
        let Some(tree) = self.list.get_mut(&key) else {
            let has_room = self.list.len() < TREES;
            if has_room {
                let succeeds = self.before(&key, &row).map(|(before, root)| (before, root, m.time));
                let tree = Tree { row, changing, since: m.time, before: None, stood: VecDeque::new(), unbroken: m.time, succeeds };
                self.list.insert(key, tree);
            }
            return has_room;
        };
        if let Some(roots) = tree.renames(told.root, m.time) {
            self.roots.note(m.time, (place.session, bpdu.vlan.or(place.tag), told.instance), roots);
        }
        tree.follow(row, changing, log);
        self.succeed(m, &key, log);
        true
    }

    /// Whether a bridge that was silent while another one sent the hellos speaks again: of another root, for what it named long ago was none since; or of
    /// the same, in place of the one that others named meanwhile.
    fn takes_over(&mut self, m: &ControlMessage, key: &Key, row: &TreeRow) -> bool {
        let was_silent = |tree: &&Tree| tree.said_until(m.time) < m.time;
        if self.list.get(key).filter(was_silent).is_none() {
            return false;
        }
        let Some((before, root)) = self.before(key, row) else { return false };
        if let Some(tree) = self.list.get_mut(key) {
            let known = &tree.row;
            let row = TreeRow {
                packets: known.packets.saturating_add(row.packets),
                topology_changes: known.topology_changes.saturating_add(row.topology_changes),
                root_changes: known.root_changes,
                first: known.first,
                ..row.clone()
            };
            let (since, succeeds) = (m.time, Some((before, root, m.time)));
            let changing = row.topology_changes > known.topology_changes;
            *tree = Tree { row, changing, since, before: None, stood: VecDeque::new(), unbroken: since, succeeds };
        }
        true
    }

    /// Who sent the hellos of a tree at a place until another one begins to, naming another root: on one link only one bridge does.
    fn before(&self, key: &Key, row: &TreeRow) -> Option<(Key, BridgeId)> {
        let hello = i64::from(row.times[0]) * SECOND / 256;
        let missing = hello.saturating_mul(hellos_missing() + 1);
        // The way back to a root that had stood is one from any; it was left when another bridge began to send the hellos.
        let own = self.list.get(key).map(|tree| &tree.row).filter(|known| known.root == row.root);
        let has_stood = self.list.get(key).is_some_and(|tree| tree.row.last.since(tree.since) >= ROOT_STOOD.in_nanos());
        let is_change = |other: &Tree| match own {
            Some(known) => has_stood && other.since >= known.last,
            None => row.last.since(other.since) >= ROOT_STOOD.in_nanos(),
        };
        let stood = |(other, tree): &(&Key, &Tree)| {
            (&other.place, other.vlan, other.instance) == (&key.place, key.vlan, key.instance)
                && other.source != key.source
                && tree.row.role == PortRole::Designated
                && tree.row.root != row.root
                && is_change(tree)
                && row.last.since(tree.row.last) <= missing.max(i64::from(row.times[1]) * SECOND / 256)
        };
        self.list.iter().filter(stood).max_by_key(|(_, tree)| tree.row.last).map(|(other, tree)| (other.clone(), tree.row.root))
    }

    /// Whoever was heard at this place before says nothing any more: the root is another one, though no bridge has changed its mind here.
    fn succeed(&mut self, m: &ControlMessage, key: &Key, log: &mut EventLog) {
        let Some(tree) = self.list.get_mut(key) else { return };
        let hello = i64::from(tree.row.times[0]) * SECOND / 256;
        let Some((before, old, begun)) = tree.succeeds.take() else { return };
        if m.time.since(begun) < hello.saturating_mul(hellos_missing()) {
            tree.succeeds = Some((before, old, begun));
            return;
        }
        let (root, bridge) = (tree.row.root, tree.row.bridge);
        let is_silent = self.list.get(&before).is_none_or(|tree| tree.row.last.since(begun) <= hello);
        if root == old || !is_silent {
            return;
        }
        self.roots.note(begun, (key.place.session, key.vlan.or(key.place.tag), key.instance), [old, root]);
        if let Some(tree) = self.list.get_mut(key) {
            tree.row.root_changes = tree.row.root_changes.saturating_add(1);
        }
        let text = format!("names {root} as root, where another bridge named {old}");
        log.note(begun, SwitchEventKind::RootChanged, key.vlan, bridge.to_string(), text);
    }

    /// Hellos of a port that came regularly and were missing, while those of another came.
    fn look_for_missing(&mut self, m: &ControlMessage, key: &Key, bpdu: &Bpdu) {
        let Some(hello) = bpdu.hello_nanos().filter(|hello| *hello >= SECOND) else { return };
        let Some(tree) = self.list.get(key) else { return };
        let (last, row) = (tree.row.last, (tree.row.bridge, tree.row.port, tree.row.vlan));
        let gap = m.time.since(last);
        if gap <= hello.saturating_mul(hellos_missing() + 1) - hello / 2 {
            return;
        }
        let witnessed = self.list.iter().any(|(other, tree)| {
            other.place.session == key.place.session
                && other.source != key.source
                && tree.unbroken < last
                && m.time.since(tree.row.last) <= hello.saturating_add(hello / 2)
        });
        let regular = tree.row.packets >= 5 && last.since(tree.unbroken) >= hello.saturating_mul(4);
        if witnessed && regular && gap <= hello.saturating_mul(HELLOS_AWAY.number() as i64) {
            if self.missing.len() >= TREE_HISTORY {
                self.missing.pop_front();
            }
            let span = Episode { first: last, last: m.time };
            self.missing.push_back(Gap { span, bridge: row.0, port: row.1, vlan: row.2, instance: key.instance });
        }
        if let Some(tree) = self.list.get_mut(key) {
            tree.unbroken = m.time;
        }
    }

    /// A notification says neither of which tree nor from which port it is: the bridge is known by its address alone.
    fn notification(&mut self, m: &ControlMessage, place: Place, log: &mut EventLog) {
        let mut bridge = BridgeId { priority: 0, mac: m.source };
        if let Some((_, tree)) = self.list.iter_mut().find(|(key, _)| key.place == place && key.source == m.source) {
            tree.row.topology_changes = tree.row.topology_changes.saturating_add(1);
            bridge = tree.row.bridge;
        }
        self.topology.note(m.time, (place.session, m.tag, None), bridge.mac);
        let text = "notifies the root of a topology change".to_owned();
        log.note(m.time, SwitchEventKind::TopologyChange, m.tag, m.source.to_string(), text);
    }

    /// All of them, in the order of VLANs, instances and bridges.
    pub fn rows(&self) -> Vec<TreeRow> {
        let mut rows: Vec<TreeRow> =
            self.list.values().map(|tree| TreeRow { timers: timers(tree.row.times), ..tree.row.clone() }).collect();
        rows.arrange_by_key(|r| (r.vlan, r.instance, r.bridge, r.port));
        rows
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        self.roots.troubles(now, out);
        self.topology.troubles(now, out);
        self.two_roots(now, out);
        self.missing_hellos(now, out);
    }

    /// Trees of which bridges name different roots, each for longer than it takes to settle. Instances of several regions have a root each.
    fn two_roots(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let mut trees: BTreeMap<(u16, Option<u16>), Vec<&Tree>> = BTreeMap::new();
        for (key, tree) in self.list.iter().filter(|(key, _)| key.instance.is_none_or(|i| i == 0)) {
            let fresh =
                now.since(tree.row.last) <= (i64::from(tree.row.times[0]) * SECOND / 256).max(SECOND).saturating_mul(hellos_missing());
            if fresh && now.since(tree.since) >= ROOTS_BESIDE.in_nanos() && tree.row.role != PortRole::Alternate {
                trees.entry((key.place.session, key.vlan.or(key.place.tag))).or_default().push(tree);
            }
        }
        for ((_, vlan), mut trees) in trees {
            trees.arrange_by_key(|tree| tree.row.root);
            let (Some(best), Some(worst)) = (trees.first(), trees.last()) else { continue };
            if best.row.root == worst.row.root {
                continue;
            }
            // They were one tree before: somebody who names one of them now named the other one then.
            let split = trees.iter().any(|t| t.before.is_some_and(|b| b != t.row.root && trees.iter().any(|o| o.row.root == b)));
            let begun = trees.iter().map(|t| t.since).max().unwrap_or(now);
            let roots: BTreeSet<BridgeId> = trees.iter().map(|t| t.row.root).collect();
            let subject = vlan.map_or(Subject::Network, Subject::Vlan);
            out.push(SwitchTrouble {
                vlan,
                who: best.row.root.to_string(),
                other: worst.row.root.to_string(),
                measure: f64::from(u8::from(split)),
                ..trouble(SwitchTroubleKind::TwoRoots, subject, roots.len() as u64, Episode { first: begun, last: now.max(begun) })
            });
        }
    }

    fn missing_hellos(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let mut by_bridge: BTreeMap<(Mac, u16), Vec<&Gap>> = BTreeMap::new();
        for gap in self.missing.iter().filter(|gap| now.since(gap.span.last) <= SWITCH_RECENT) {
            by_bridge.entry((gap.bridge.mac, gap.port & 0x0fff)).or_default().push(gap);
        }
        for gaps in by_bridge.into_values() {
            let (Some(first), Some(last)) = (gaps.first(), gaps.last()) else { continue };
            let subject = Subject::Bridge { priority: last.bridge.priority & 0xf000, mac: last.bridge.mac };
            let trees: BTreeSet<(Option<u16>, Option<u16>)> = gaps.iter().map(|g| (g.vlan, g.instance)).collect();
            let bridge = if trees.len() == 1 { last.bridge } else { last.bridge.without_number(last.instance.or(last.vlan)) };
            let longest = gaps.iter().map(|g| g.span.last.since(g.span.first)).max().unwrap_or(0);
            out.push(SwitchTrouble {
                vlan: one_vlan(gaps.iter().map(|g| g.vlan)),
                vlans: trees.len() as u64,
                who: format!("{bridge} port {}", last.port & 0x0fff),
                measure: longest as f64 / SECOND as f64,
                ..trouble(
                    SwitchTroubleKind::HellosMissing,
                    subject,
                    distinct(gaps.iter().map(|g| g.span.last)),
                    Episode { first: first.span.first, last: last.span.last },
                )
            });
        }
    }
}

/// `2/20/15 s`, of 256ths of a second.
fn timers(times: [u16; 3]) -> String {
    let [hello, max_age, forward_delay] = times.map(|parts| f64::from(parts) / 256.0);
    format!("{hello}/{max_age}/{forward_delay} s")
}

/// How many moments there are that are further apart than one change takes to be told by everybody.
fn distinct(times: impl Iterator<Item = Timestamp>) -> u64 {
    let (mut count, mut before) = (0u64, None::<Timestamp>);
    for time in times {
        count += u64::from(before.is_none_or(|t| time.since(t) > TOPOLOGY_TOGETHER.in_nanos()));
        before = Some(time);
    }
    count
}

fn one_vlan(all: impl Iterator<Item = Option<u16>>) -> Option<u16> {
    let mut all = all.peekable();
    let first = *all.peek()?;
    if all.all(|vlan| vlan == first) { first } else { None }
}

impl Tree {
    /// Until when it said what it says, up to `now`: hellos that are missing say nothing.
    fn said_until(&self, now: Timestamp) -> Timestamp {
        let hello = (i64::from(self.row.times[0]) * SECOND / 256).max(SECOND);
        if now.since(self.row.last) > hello.saturating_mul(hellos_missing() + 1) { self.row.last } else { now }
    }

    /// Takes notice of the root that it names: the one before and this one, where that is a change. What a bridge said for a moment, while it or the
    /// tree began, was no root; unless it is the way back to one.
    fn renames(&mut self, root: BridgeId, now: Timestamp) -> Option<[BridgeId; 2]> {
        let old = self.row.root;
        if root == old {
            return None;
        }
        let stood = self.said_until(now).since(self.since) >= ROOT_STOOD.in_nanos();
        let is_change = stood || self.stood.contains(&old) || self.stood.contains(&root);
        if stood && !self.stood.contains(&old) {
            if self.stood.len() >= ROOTS_STOOD {
                self.stood.pop_front();
            }
            self.stood.push_back(old);
        }
        self.before = if stood { Some(old) } else { self.before };
        self.since = now;
        is_change.then_some([old, root])
    }

    fn follow(&mut self, new: TreeRow, changing: bool, log: &mut EventLog) {
        let old = &mut self.row;
        let who = new.bridge.to_string();
        if new.root != old.root {
            let text = format!("names {} as root, no longer {}", new.root, old.root);
            log.note(new.last, SwitchEventKind::RootChanged, new.vlan, who.clone(), text);
            old.root_changes = old.root_changes.saturating_add(1);
        }
        if changing && !self.changing {
            old.topology_changes = old.topology_changes.saturating_add(1);
            log.note(new.last, SwitchEventKind::TopologyChange, new.vlan, who, "the topology changes".to_owned());
        }
        self.changing = changing;
        let (packets, topology_changes, root_changes) = (old.packets.saturating_add(1), old.topology_changes, old.root_changes);
        *old = TreeRow { packets, topology_changes, root_changes, first: old.first, last: new.last.max(old.last), ..new };
    }
}

/// Ports that send the original protocol's hellos are designated ones.
fn role(bpdu: &Bpdu, flags: BpduFlags) -> PortRole {
    if bpdu.kind == BpduKind::Config { PortRole::Designated } else { flags.role() }
}

/// Hellos in a row that must be missing.
fn hellos_missing() -> i64 {
    HELLOS_MISSING.number() as i64
}
