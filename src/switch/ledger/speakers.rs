//! Routers of IS-IS, EIGRP and BFD, masters of PTP and servers of NTP: who says at regular times that it is there.

use super::Place;
use super::events::EventLog;
use crate::model::limits::SPEAKERS;
use crate::model::time::SECOND;
use crate::model::units::duration;
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

/// A length of time in words: whole seconds, or as exactly as it is.
fn length(nanos: i64) -> String {
    if nanos % SECOND == 0 { format!("{} s", nanos / SECOND) } else { duration(nanos as f64 / SECOND as f64) }
}

/// Notes that nothing came for as long as it may be silent.
fn note_silence(row: &SpeakerRow, log: &mut EventLog) {
    let hold = row.told.hold();
    let text = format!("not heard by {} for {}", row.told.protocol(), length(hold));
    log.note(row.last.plus(hold), SwitchEventKind::SpeakerChanged, row.tag, row.words[0].clone(), text);
}

impl Speakers {
    /// Takes in a hello; false where there is no room.
    pub fn take(
        &mut self,
        m: &ControlMessage,
        place: Place,
        (told, packets, until): (&SpeakerHello, u64, Timestamp),
        log: &mut EventLog,
    ) -> bool {
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
                packets,
                changes: 0,
                is_silent: false,
                first: m.time,
                last: until,
            };
            self.list.push(Speaker { place, row });
            return true;
        };
        let hold = row.told.hold();
        let gap = m.time.since(row.last);
        if !row.is_silent && row.told.session().is_some() && hold > 0 && gap > hold {
            row.is_silent = true;
            note_silence(row, log);
        }
        if std::mem::take(&mut row.is_silent) {
            let text = format!("heard again by {} after {}", told.protocol(), length(gap));
            log.note(m.time, SwitchEventKind::SpeakerChanged, m.tag, who, text);
        }
        if row.told.leader() != told.leader() {
            row.changes = row.changes.saturating_add(1);
            log.note(m.time, SwitchEventKind::SpeakerChanged, m.tag, told.who(), format!("follows another clock: {}", told.says()));
        }
        if let (Some(before), Some(now)) = (row.told.session(), told.session())
            && before != now
        {
            row.changes = row.changes.saturating_add(1);
            let text = format!("session {}: {}, before {}", told.group(), told.says(), before.token());
            log.note(m.time, SwitchEventKind::SpeakerChanged, m.tag, told.who(), text);
        }
        if row.told != *told {
            row.told = told.clone();
            row.words = words(told);
        }
        row.packets = row.packets.saturating_add(packets);
        row.last = row.last.max(until);
        true
    }

    /// Whoever was silent for longer than it may is gone, if something else at the same place was heard meanwhile.
    pub fn advance(&mut self, now: Timestamp, latest: Timestamp, log: &mut EventLog) {
        for Speaker { row, .. } in self.list.iter_mut().filter(|s| !s.row.is_silent && s.row.packets > 1) {
            let hold = row.told.hold();
            let ends = row.last.plus(hold);
            if hold > 0 && now > ends && latest > ends {
                row.is_silent = true;
                note_silence(row, log);
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
