//! Aggregated links: IEEE 802.1AX clause 6.4.

use super::Place;
use super::events::EventLog;
use crate::model::limits::AGGREGATES;
use crate::model::{AggregateRow, ControlMessage, Lacp, LacpState, SwitchEventKind};

/// An end of a link.
#[derive(Debug)]
struct End {
    place: Place,
    row: AggregateRow,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Aggregates {
    list: Vec<End>,
}

impl Aggregates {
    /// Takes in what an end says; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, told: &Lacp, log: &mut EventLog) -> bool {
        let is_same = |e: &&mut End| {
            let actor = &e.row.told.actor;
            e.place == place && (actor.system, actor.port) == (told.actor.system, told.actor.port)
        };
        if let Some(End { row, .. }) = self.list.iter_mut().find(is_same) {
            let (old, new) = (row.told.actor, told.actor);
            // How often the other end wants to hear is no state of the link.
            let bits = |state: LacpState| state.0 & !LacpState::SHORT;
            let who = format!("{} port {}", new.system, new.port);
            if bits(old.state) != bits(new.state) {
                row.changes = row.changes.saturating_add(1);
                let text = format!("state {} became {}", old.state.letters(), new.state.letters());
                log.note(m.time, SwitchEventKind::AggregateChanged, m.tag, who.clone(), text);
            }
            let (before, now) = (row.told.partner, told.partner);
            if (before.system, before.port, before.key) != (now.system, now.port, now.key) {
                let text = format!("partner {} port {} became {} port {}", before.system, before.port, now.system, now.port);
                log.note(m.time, SwitchEventKind::AggregateChanged, m.tag, who, text);
            }
            row.packets = row.packets.saturating_add(1);
            row.last = row.last.max(m.time);
            row.told = *told;
            return true;
        }
        if self.list.len() >= AGGREGATES {
            return false;
        }
        let row = AggregateRow { told: *told, tag: m.tag, packets: 1, partner_heard: false, changes: 0, first: m.time, last: m.time };
        self.list.push(End { place, row });
        true
    }

    /// All of them, by system and port.
    pub fn rows(&self) -> Vec<AggregateRow> {
        let heard = |row: &AggregateRow| {
            let partner = row.told.partner;
            self.list.iter().any(|e| (e.row.told.actor.system, e.row.told.actor.port) == (partner.system, partner.port))
        };
        let mut rows: Vec<AggregateRow> =
            self.list.iter().map(|e| AggregateRow { partner_heard: heard(&e.row), ..e.row.clone() }).collect();
        rows.sort_by_key(|r| (r.told.actor.system, r.told.actor.port, r.tag));
        rows
    }
}
