//! Routers of IS-IS and EIGRP, ends of BFD's sessions, masters of PTP: who says at regular times that it is there. And time servers.

use super::Place;
use super::events::EventLog;
use super::stale_rows::StaleRows;
use crate::model::Arrange as _;
use crate::model::limits::{SPEAKERS, TIME_SERVERS};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{BfdHello, ClockSight, ControlMessage, Mac, Sighting, SpeakerHello, SpeakerRow, SwitchEventKind, Timestamp};

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
    stale: StaleRows,
}

fn words(told: &SpeakerHello) -> [String; 3] {
    [told.who(), told.group(), told.says()]
}

/// Whether an end sends all the time: not where the other one asks it not to.
fn self_paced(hello: &BfdHello) -> bool {
    hello.numbers[1] == 0 || hello.other_receives > 0
}

/// `30 s`, `900 ms`.
fn length(nanos: i64) -> String {
    if nanos < 2 * SECOND { format!("{} ms", nanos / MILLISECOND) } else { format!("{} s", nanos / SECOND) }
}

fn not_heard(row: &SpeakerRow, at: Timestamp, log: &mut EventLog) {
    let text = format!("not heard by {} for {}", row.told.protocol(), length(row.told.hold()));
    log.note(at, SwitchEventKind::SpeakerChanged, row.tag, row.words[0].clone(), text);
}

/// What an end of a session says now that it did not say before; whether its state changed.
fn session(row: &SpeakerRow, m: &ControlMessage, before: &BfdHello, hello: &BfdHello, log: &mut EventLog) -> u64 {
    let note = |log: &mut EventLog, text| log.note(m.time, SwitchEventKind::SpeakerChanged, m.tag, row.words[0].clone(), text);
    if !row.is_silent && self_paced(before) && hello.silence > before.hold() {
        not_heard(row, row.last.plus(before.hold()), log);
        note(log, format!("heard again by bfd after {}", length(hello.silence)));
    }
    let is_up = hello.state == BfdHello::UP;
    if is_up == (before.state == BfdHello::UP) {
        return 0;
    }
    let why = if is_up || hello.reason().is_empty() { String::new() } else { format!(": {}", hello.reason()) };
    note(log, format!("its session {} is {}{why}", row.words[1], hello.state()));
    1
}

impl Speakers {
    /// Takes in a hello; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, told: &SpeakerHello, log: &mut EventLog) -> bool {
        let told = &self.with_the_other_end(told);
        let packets = if let SpeakerHello::Bfd(hello) = told { hello.packets } else { 1 };
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
            self.stale.make_room(m.time, (self.list.len(), SPEAKERS), |stays| self.list.retain(|speaker| stays(speaker.row.last)));
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
                last: m.time,
            };
            self.list.push(Speaker { place, row });
            return true;
        };
        if let (SpeakerHello::Bfd(before), SpeakerHello::Bfd(hello)) = (&row.told, told) {
            row.changes = row.changes.saturating_add(session(row, m, before, hello, log));
        }
        if std::mem::take(&mut row.is_silent) {
            let text = format!("heard again by {} after {}", told.protocol(), length(m.time.since(row.last)));
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
        row.packets = row.packets.saturating_add(packets);
        row.last = row.last.max(m.time);
        true
    }

    /// How long to wait for an end of a session depends on how often the other one can receive.
    fn with_the_other_end(&self, told: &SpeakerHello) -> SpeakerHello {
        let SpeakerHello::Bfd(hello) = told else { return told.clone() };
        let other = self.list.iter().find_map(|s| match &s.row.told {
            SpeakerHello::Bfd(o) if o.sender == hello.receiver && o.numbers[0] == hello.numbers[1] => Some(o),
            _ => None,
        });
        SpeakerHello::Bfd(BfdHello { other_receives: other.map_or(0, |o| if o.is_demanding { 0 } else { o.intervals[1] }), ..*hello })
    }

    /// Takes in an answer of a time server.
    pub fn clock(&mut self, seen: &Sighting, answer: &ClockSight) {
        let told = SpeakerHello::Ntp(*answer);
        let is_ntp = |s: &Speaker| matches!(s.row.told, SpeakerHello::Ntp(_));
        let is_same =
            |s: &&mut Speaker| matches!(&s.row.told, SpeakerHello::Ntp(before) if before.server == answer.server) && s.row.tag == seen.vlan;
        if let Some(Speaker { row, .. }) = self.list.iter_mut().find(is_same) {
            row.packets = row.packets.saturating_add(seen.count);
            row.last = row.last.max(seen.last);
            if row.told != told {
                row.words = words(&told);
                row.told = told;
            }
        } else if self.list.len() < SPEAKERS && self.list.iter().filter(|s| is_ntp(s)).count() < TIME_SERVERS {
            let row = SpeakerRow {
                words: words(&told),
                told,
                tag: seen.vlan,
                source: seen.source,
                packets: seen.count,
                changes: 0,
                is_silent: false,
                first: seen.first,
                last: seen.last,
            };
            self.list.push(Speaker { place: Place { session: 0, tag: seen.vlan }, row });
        }
    }

    /// Whoever was silent for longer than it may is gone, if something else at the same place was heard meanwhile.
    pub fn advance(&mut self, now: Timestamp, latest: Timestamp, log: &mut EventLog) {
        self.silent(now.min(latest), |told| !matches!(told, SpeakerHello::Bfd(_) | SpeakerHello::Ntp(_)), log);
    }

    /// The same of sessions, of whose packets only some are told of: when everything up to `now` is.
    pub fn settle(&mut self, now: Timestamp, log: &mut EventLog) {
        self.silent(now, |told| matches!(told, SpeakerHello::Bfd(hello) if self_paced(hello)), log);
    }

    fn silent(&mut self, now: Timestamp, speaks_regularly: impl Fn(&SpeakerHello) -> bool, log: &mut EventLog) {
        for Speaker { row, .. } in self.list.iter_mut().filter(|s| !s.row.is_silent && s.row.packets > 1) {
            let ends = row.last.plus(row.told.hold());
            if now > ends && speaks_regularly(&row.told) {
                row.is_silent = true;
                not_heard(row, ends, log);
            }
        }
    }

    /// Stations that are routers by what they say.
    pub fn routers(&self) -> impl Iterator<Item = Mac> {
        let is_router = |s: &&Speaker| matches!(s.row.told, SpeakerHello::Isis { .. } | SpeakerHello::Eigrp { .. });
        self.list.iter().filter(is_router).map(|s| s.row.source)
    }

    /// All of them, by protocol, what they belong to and who they are.
    pub fn rows(&self) -> Vec<SpeakerRow> {
        let mut rows: Vec<SpeakerRow> = self.list.iter().map(|s| s.row.clone()).collect();
        rows.arrange_by(|x, y| {
            let key = |r: &SpeakerRow| (r.told.protocol(), r.tag, r.source);
            key(x).cmp(&key(y)).then_with(|| x.words.cmp(&y.words))
        });
        rows
    }
}
