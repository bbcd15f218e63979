//! Aggregated links: IEEE 802.1AX clause 6.4.

use super::events::EventLog;
use super::stale_rows::StaleRows;
use super::{Place, trouble};
use crate::model::Arrange as _;
use crate::model::evidence::{SwitchTrouble, SwitchTroubleKind};
use crate::model::limits::AGGREGATES;
use crate::model::time::SECOND;
use crate::model::{AggregateRow, ControlMessage, Episode, Lacp, LacpState, Mac, Subject, SwitchEventKind, Timestamp};
use std::collections::BTreeMap;

/// Nanoseconds for which what an end said holds: three of its slow packets.
const HOLDS: i64 = 95 * SECOND;

/// Nanoseconds between two looks at what is unhealthy.
const ENDED: i64 = 10 * SECOND;

/// An end of a link.
#[derive(Debug)]
struct End {
    place: Place,
    row: AggregateRow,
    /// When it did not hear the other end, and packets that said so.
    unheard: Option<(Episode, u64)>,
    /// It hears it.
    hears: bool,
    /// Since when it sends nothing into the link.
    idle: Option<Timestamp>,
    /// Who sends for it.
    source: Mac,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Aggregates {
    list: Vec<End>,
    stale: StaleRows,
}

impl Aggregates {
    /// Takes in what an end says; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, told: &Lacp, log: &mut EventLog) -> bool {
        let is_same = |e: &&mut End| {
            let actor = &e.row.told.actor;
            e.place == place && (actor.system, actor.port) == (told.actor.system, told.actor.port)
        };
        if self.list.iter_mut().find(is_same).is_none() {
            self.stale.make_room(m.time, (self.list.len(), AGGREGATES), |stays| self.list.retain(|end| stays(end.row.last)));
            if self.list.len() >= AGGREGATES {
                return false;
            }
            let row = AggregateRow { told: *told, tag: m.tag, packets: 0, partner_heard: false, changes: 0, first: m.time, last: m.time };
            self.list.push(End { place, row, unheard: None, hears: true, idle: None, source: m.source });
        }
        if let Some(end) = self.list.iter_mut().find(is_same) {
            end.follow(m, told, log);
        }
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
        rows.arrange_by_key(|r| (r.told.actor.system, r.told.actor.port, r.tag));
        rows
    }

    /// Pairs of addresses that are the two ends of a link, by what both ends say.
    pub fn pairs(&self) -> Vec<[Mac; 2]> {
        let key = |system: Mac, port: u16| (system, port);
        let mut pairs = Vec::new();
        for (at, a) in self.list.iter().enumerate() {
            let (actor, partner) = (a.row.told.actor, a.row.told.partner);
            for b in self.list.iter().skip(at + 1) {
                let (other, back) = (b.row.told.actor, b.row.told.partner);
                let meet = key(partner.system, partner.port) == key(other.system, other.port)
                    && key(back.system, back.port) == key(actor.system, actor.port);
                if meet && a.place == b.place {
                    pairs.push([a.source, b.source]);
                }
            }
        }
        pairs
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let fresh = |e: &&End| now.since(e.row.last) <= HOLDS;
        for end in self.list.iter().filter(fresh) {
            // What is over is looked at once more: all of it, where it ended between two looks.
            if let Some((span, packets)) = end.unheard.filter(|(span, _)| !end.hears || now.since(span.last) <= ENDED) {
                let actor = end.row.told.actor;
                out.push(SwitchTrouble {
                    vlan: end.place.tag,
                    who: format!("{} port {}", actor.system, actor.port),
                    ..trouble(SwitchTroubleKind::LinkUnheard, Subject::Station(end.source), packets, span)
                });
            }
        }
        let mut groups: BTreeMap<(Place, Mac, u16), Vec<&End>> = BTreeMap::new();
        for end in self.list.iter().filter(fresh).filter(|e| e.hears && e.row.packets >= 3) {
            let actor = end.row.told.actor;
            groups.entry((end.place, actor.system, actor.key)).or_default().push(end);
        }
        for ((place, system, key), ends) in groups {
            let partner = |e: &&End| (e.row.told.partner.system, e.row.told.partner.key);
            let first = ends.first().map(partner);
            let Some(other) = ends.iter().find(|e| Some(partner(e)) != first) else { continue };
            // Links of one key to different systems are allowed, where each forms a group of its own: then all of them send.
            let Some(idle) = ends.iter().filter_map(|e| e.idle).min() else { continue };
            let (a, b) = (first.unwrap_or_default(), partner(other));
            out.push(SwitchTrouble {
                vlan: place.tag,
                who: format!("{system} key {key}"),
                other: format!("{} key {} and {} key {}", a.0, a.1, b.0, b.1),
                ..trouble(
                    SwitchTroubleKind::LinksApart,
                    Subject::Station(system),
                    ends.len() as u64,
                    Episode { first: idle, last: ends.iter().map(|e| e.row.last).max().unwrap_or(idle) },
                )
            });
        }
    }
}

impl End {
    fn follow(&mut self, m: &ControlMessage, told: &Lacp, log: &mut EventLog) {
        let row = &mut self.row;
        let (old, new) = (row.told.actor, told.actor);
        // How often the other end wants to hear is no state of the link.
        let bits = |state: LacpState| state.0 & !LacpState::SHORT;
        let who = format!("{} port {}", new.system, new.port);
        if bits(old.state) != bits(new.state) {
            row.changes = row.changes.saturating_add(1);
            let (before, now) = (LacpState(bits(old.state)), LacpState(bits(new.state)));
            let text = format!("is {} ({} became {})", now.changes(before), old.state.letters(), new.state.letters());
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
        self.source = m.source;
        let heard_before = std::mem::replace(&mut self.hears, !new.state.any(LacpState::DEFAULTED | LacpState::EXPIRED));
        if !self.hears {
            let (span, packets) = self.unheard.filter(|_| !heard_before).unwrap_or((Episode { first: m.time, last: m.time }, 0));
            self.unheard = Some((Episode { last: m.time, ..span }, packets.saturating_add(1)));
        }
        self.idle = (!new.state.any(LacpState::DISTRIBUTING)).then(|| self.idle.unwrap_or(m.time));
    }
}
