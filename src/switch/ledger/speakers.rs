//! Routers of IS-IS and EIGRP, and masters of PTP: who says at regular times that it is there.

use super::Place;
use super::events::EventLog;
use crate::model::limits::SPEAKERS;
use crate::model::time::SECOND;
use crate::model::{ControlMessage, SpeakerHello, SpeakerRow, SwitchEventKind, Timestamp};

/// One of them at a place.
#[derive(Debug)]
struct Speaker {
    place: Place,
    row: SpeakerRow,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Speakers {
    list: Vec<Speaker>,
}

fn words(told: &SpeakerHello) -> [String; 3] {
    [told.who(), told.group(), told.says()]
}

impl Speakers {
    /// Takes in a hello; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, told: &SpeakerHello, log: &mut EventLog) -> bool {
        let (who, group) = (told.who(), told.group());
        let is_same = |s: &&mut Speaker| {
            let row = &s.row;
            s.place == place
                && row.source == m.source
                && row.told.protocol() == told.protocol()
                && row.words[0] == who
                && row.words[1] == group
        };
        let Some(Speaker { row, .. }) = self.list.iter_mut().find(is_same) else {
            if self.list.len() >= SPEAKERS {
                return false;
            }
            let row = SpeakerRow {
                told: told.clone(),
                words: words(told),
                tag: m.tag,
                source: m.source,
                packets: 1,
                changes: 0,
                is_silent: false,
                first: m.time,
                last: m.time,
            };
            self.list.push(Speaker { place, row });
            return true;
        };
        if std::mem::take(&mut row.is_silent) {
            let text = format!("heard again by {} after {} s", told.protocol(), m.time.since(row.last) / SECOND);
            log.note(m.time, SwitchEventKind::SpeakerChanged, m.tag, who, text);
        }
        if row.told.leader() != told.leader() {
            row.changes = row.changes.saturating_add(1);
            log.note(m.time, SwitchEventKind::SpeakerChanged, m.tag, told.who(), format!("follows another clock: {}", told.says()));
        }
        if row.told != *told {
            row.told = told.clone();
            row.words = words(told);
        }
        row.packets = row.packets.saturating_add(1);
        row.last = row.last.max(m.time);
        true
    }

    /// Whoever was silent for longer than it may is gone, if something else at the same place was heard meanwhile.
    pub fn advance(&mut self, now: Timestamp, latest: Timestamp, log: &mut EventLog) {
        for Speaker { row, .. } in self.list.iter_mut().filter(|s| !s.row.is_silent && s.row.packets > 1) {
            let ends = row.last.plus(row.told.hold());
            if now > ends && latest > ends {
                row.is_silent = true;
                let text = format!("not heard by {} for {} s", row.told.protocol(), row.told.hold() / SECOND);
                log.note(ends, SwitchEventKind::SpeakerChanged, row.tag, row.words[0].clone(), text);
            }
        }
    }

    /// All of them, by protocol, what they belong to and who they are.
    pub fn rows(&self) -> Vec<SpeakerRow> {
        let mut rows: Vec<SpeakerRow> = self.list.iter().map(|s| s.row.clone()).collect();
        rows.sort_by(|x, y| {
            let key = |r: &SpeakerRow| (r.told.protocol(), r.tag, r.source);
            key(x).cmp(&key(y)).then_with(|| x.words.cmp(&y.words))
        });
        rows
    }
}
