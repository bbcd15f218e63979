//! Devices that say who they are.

use super::Place;
use super::events::EventLog;
use crate::model::Arrange as _;
use crate::model::limits::NEIGHBOURS;
#[cfg(test)]
use crate::model::limits::{NEIGHBOUR_FACTS, NEIGHBOUR_LIST};
use crate::model::time::SECOND;
use crate::model::{ControlMessage, Mac, Neighbour, NeighbourProtocol, NeighbourRow, SwitchEventKind, Timestamp};

/// Seconds for which what does not say how long it holds does: CDP's usual time.
const USUAL_HOLD: u32 = 180;

/// A device at a place.
#[derive(Debug)]
struct Device {
    place: Place,
    row: NeighbourRow,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Neighbours {
    list: Vec<Device>,
}

impl Neighbours {
    /// Bytes of one at most: a dozen texts of 253 bytes, and lists.
    #[cfg(test)]
    pub const ENTRY_BYTES: usize =
        size_of::<Device>() + 16 * 256 + NEIGHBOUR_FACTS * (40 + 256) + NEIGHBOUR_LIST * (24 + 32 + 256 + 16 + 2 * (24 + 256));

    /// Takes in what a device says; false where there is no room for it.
    pub fn take(&mut self, m: &ControlMessage, place: Place, told: &Neighbour, begun: Timestamp, log: &mut EventLog) -> bool {
        let is_same = |d: &&mut Device| {
            d.place == place && d.row.source == m.source && d.row.told.protocol == told.protocol && d.row.told.port == told.port
        };
        if let Some(device) = self.list.iter_mut().find(is_same) {
            device.follow(m, told, log);
            return true;
        }
        let is_new = m.time.since(begun) > hold(told);
        let row = NeighbourRow {
            told: told.clone(),
            source: m.source,
            tag: m.tag,
            packets: 1,
            first: m.time,
            last: m.time,
            is_gone: told.hold == Some(0),
            power: told.power.map(|power| power.words()).unwrap_or_default(),
            besides: besides(told),
        };
        if self.list.len() >= NEIGHBOURS {
            // Whoever has left makes room.
            let Some(gone) = self.list.iter().position(|d| d.row.is_gone) else { return false };
            self.list.remove(gone);
        }
        if is_new && names_devices(told.protocol) {
            let text = format!("first heard by {}{}", told.protocol.token(), at_port(told));
            log.note(m.time, SwitchEventKind::NeighbourAppeared, m.tag, who(told, m.source), text);
        }
        self.list.push(Device { place, row });
        true
    }

    /// Who was not heard for as long as it holds is gone, if something else was.
    pub fn advance(&mut self, now: Timestamp, latest: Timestamp, log: &mut EventLog) {
        for Device { row, .. } in self.list.iter_mut().filter(|d| !d.row.is_gone && names_devices(d.row.told.protocol)) {
            let ends = row.last.plus(hold(&row.told));
            if now > ends && latest > ends {
                row.is_gone = true;
                let text = format!("not heard by {} for {} s{}", row.told.protocol.token(), hold(&row.told) / SECOND, at_port(&row.told));
                log.note(ends, SwitchEventKind::NeighbourGone, row.tag, who(&row.told, row.source), text);
            }
        }
    }

    /// Whether no mirror session brought what they say.
    pub fn are_at_one_place(&self) -> bool {
        self.list.iter().all(|d| d.place.session == 0)
    }

    /// All of them: by protocol, device and port.
    pub fn rows(&self) -> Vec<NeighbourRow> {
        let mut rows: Vec<NeighbourRow> = self.list.iter().map(|d| d.row.clone()).collect();
        rows.arrange_by(|x, y| {
            let key = |r: &NeighbourRow| (r.told.protocol, r.source, r.tag, r.first);
            key(x).cmp(&key(y)).then_with(|| x.told.port.cmp(&y.told.port))
        });
        rows
    }
}

impl Device {
    fn follow(&mut self, m: &ControlMessage, told: &Neighbour, log: &mut EventLog) {
        let row = &mut self.row;
        row.packets = row.packets.saturating_add(1);
        row.last = row.last.max(m.time);
        let note = |log: &mut EventLog, kind, text| log.note(m.time, kind, m.tag, who(told, m.source), text);
        let leaves = told.hold == Some(0);
        if leaves && !row.is_gone {
            note(log, SwitchEventKind::NeighbourGone, format!("takes its leave by {}{}", told.protocol.token(), at_port(&row.told)));
        } else if row.is_gone && !leaves && names_devices(told.protocol) {
            note(log, SwitchEventKind::NeighbourAppeared, format!("heard again by {}{}", told.protocol.token(), at_port(told)));
        }
        row.is_gone = leaves;
        // A leave says nothing but who leaves.
        if !leaves && row.told != *told {
            let changes = changes(&row.told, told);
            if !changes.is_empty() {
                note(log, SwitchEventKind::NeighbourChanged, changes);
            }
            row.told = told.clone();
            row.power = told.power.map(|power| power.words()).unwrap_or_default();
            row.besides = besides(told);
        }
    }
}

/// What a device says now that it did not say before.
fn changes(old: &Neighbour, new: &Neighbour) -> String {
    let vlan = |id: Option<u16>| id.map_or("none".to_owned(), |id| id.to_string());
    let duplex = |full: Option<bool>| full.map_or("unknown", |full| if full { "full" } else { "half" }).to_owned();
    let all = [
        ("name", old.name().to_owned(), new.name().to_owned()),
        ("port", old.port_name().to_owned(), new.port_name().to_owned()),
        ("software", old.description.clone(), new.description.clone()),
        ("native VLAN", vlan(old.native_vlan), vlan(new.native_vlan)),
        ("duplex", duplex(old.link.full_duplex), duplex(new.link.full_duplex)),
        ("domain", old.domain.clone(), new.domain.clone()),
        ("revision", old.revision.unwrap_or(0).to_string(), new.revision.unwrap_or(0).to_string()),
    ];
    let told: Vec<String> = all.iter().filter(|(_, a, b)| a != b).map(|(what, a, b)| format!("{what} {a} became {b}")).collect();
    told.join(", ")
}

fn hold(told: &Neighbour) -> i64 {
    i64::from(told.hold.filter(|s| *s > 0).unwrap_or(USUAL_HOLD)).saturating_mul(SECOND)
}

fn at_port(told: &Neighbour) -> String {
    match told.port_name() {
        "" => String::new(),
        port => format!(", port {port}"),
    }
}

/// Whether a protocol is sent regularly, by whoever sits at the other end.
fn names_devices(protocol: NeighbourProtocol) -> bool {
    !matches!(protocol, NeighbourProtocol::Vtp | NeighbourProtocol::Dtp | NeighbourProtocol::Udld)
}

fn who(told: &Neighbour, source: Mac) -> String {
    if told.name().is_empty() { source.to_string() } else { told.name().to_owned() }
}

/// What a device says of itself in a line. What has a column of its own does not stand in it.
fn besides(told: &Neighbour) -> String {
    let apart = ["managed at", "PoE", "native VLAN", "platform", "runs"];
    let words = told.facts().into_iter().filter(|(what, _)| !apart.contains(what)).map(|(what, words)| format!("{what} {words}"));
    words.collect::<Vec<_>>().join("; ")
}
