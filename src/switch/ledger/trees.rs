//! Spanning trees, as bridges tell of them: IEEE 802.1Q clause 13 and 14.

use super::Place;
use super::events::EventLog;
use crate::model::limits::TREES;
use crate::model::{Bpdu, BpduFlags, BpduKind, BridgeId, ControlMessage, Mac, PortRole, SwitchEventKind, TreeRow};
use std::collections::BTreeMap;

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
}

/// All of them.
#[derive(Debug, Default)]
pub struct Trees {
    list: BTreeMap<Key, Tree>,
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
            region: bpdu.region.as_ref().map(|region| region.name.clone()).unwrap_or_default(),
            packets: 1,
            topology_changes: u64::from(told.flags.topology_change()),
            root_changes: 0,
            last: m.time,
        };
        let changing = told.flags.topology_change();
        if let Some(tree) = self.list.get_mut(&key) {
            tree.follow(row, changing, log);
            return true;
        }
        let has_room = self.list.len() < TREES;
        if has_room {
            self.list.insert(key, Tree { row, changing });
        }
        has_room
    }

    /// A notification says neither of which tree nor from which port it is: the bridge is known by its address alone.
    fn notification(&mut self, m: &ControlMessage, place: Place, log: &mut EventLog) {
        if let Some((_, tree)) = self.list.iter_mut().find(|(key, _)| key.place == place && key.source == m.source) {
            tree.row.topology_changes = tree.row.topology_changes.saturating_add(1);
        }
        let text = "notifies the root of a topology change".to_owned();
        log.note(m.time, SwitchEventKind::TopologyChange, m.tag, m.source.to_string(), text);
    }

    /// All of them, in the order of VLANs, instances and bridges.
    pub fn rows(&self) -> Vec<TreeRow> {
        let mut rows: Vec<TreeRow> = self.list.values().map(|tree| tree.row.clone()).collect();
        rows.sort_by_key(|r| (r.vlan, r.instance, r.bridge, r.port));
        rows
    }
}

impl Tree {
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
        *old = TreeRow { packets, topology_changes, root_changes, last: new.last.max(old.last), ..new };
    }
}

/// Ports that send the original protocol's hellos are designated ones.
fn role(bpdu: &Bpdu, flags: BpduFlags) -> PortRole {
    if bpdu.kind == BpduKind::Config { PortRole::Designated } else { flags.role() }
}
