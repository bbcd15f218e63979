//! What happened, one after the other.

use crate::model::limits::SWITCH_EVENTS;
use crate::model::time::SECOND;
use crate::model::{SwitchEvent, SwitchEventKind, Timestamp};
use std::collections::VecDeque;

/// Alike events within this time are one: a bridge tells of one change in every VLAN and by every port.
const TOGETHER: i64 = 5 * SECOND;

/// Events that are looked at for one that is alike.
const ALIKE: usize = 8;

/// The latest events.
#[derive(Debug, Default)]
pub struct EventLog {
    list: VecDeque<SwitchEvent>,
    forgotten: u64,
    /// How often anything was noted.
    noted: u64,
}

impl EventLog {
    /// Notes an event.
    pub fn note(&mut self, time: Timestamp, kind: SwitchEventKind, vlan: Option<u16>, who: String, text: String) {
        self.noted = self.noted.wrapping_add(1);
        let alike = |e: &&mut SwitchEvent| e.kind == kind && e.who == who && e.text == text && time.since(e.time).abs() <= TOGETHER;
        if let Some(event) = self.list.iter_mut().rev().take(ALIKE).find(alike) {
            event.count = event.count.saturating_add(1);
            if event.vlan != vlan {
                event.vlan = None;
            }
            return;
        }
        if self.list.len() >= SWITCH_EVENTS {
            self.list.pop_front();
            self.forgotten = self.forgotten.saturating_add(1);
        }
        // Some things show only some time after they happened.
        let at = self.list.iter().rposition(|event| event.time <= time).map_or(0, |before| before + 1);
        self.list.insert(at, SwitchEvent { time, kind, vlan, who, text, count: 1 });
    }

    /// Grows whenever something is noted.
    pub fn noted(&self) -> u64 {
        self.noted
    }

    /// All that are kept, oldest first.
    pub fn events(&self) -> Vec<SwitchEvent> {
        self.list.iter().cloned().collect()
    }

    /// Those that are not.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
