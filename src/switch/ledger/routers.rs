//! Routers that speak OSPF, who asks for groups, and ports that authenticate.

use super::Place;
use super::events::EventLog;
use crate::model::limits::{AUTHENTICATED_PORTS, QUERIERS, ROUTERS};
use crate::model::time::SECOND;
use crate::model::{Address, ControlMessage, EapolStep, GroupQuery, Mac, OspfPacket, OspfRow, QuerierRow, SwitchEventKind, Timestamp};

/// A router.
#[derive(Debug)]
struct Router {
    place: Place,
    row: OspfRow,
    is_silent: bool,
}

/// All that speak OSPF.
#[derive(Debug, Default)]
pub struct Routers {
    list: Vec<Router>,
}

impl Routers {
    /// Takes in a packet; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, told: &OspfPacket, log: &mut EventLog) -> bool {
        let is_same = |r: &&mut Router| {
            let row = &r.row;
            r.place == place && (row.version, row.router, row.area, row.source) == (told.version, told.router, told.area, m.source)
        };
        if self.list.iter_mut().find(is_same).is_none() {
            // Only a hello tells enough of a router.
            if told.hello.is_none() {
                return true;
            }
            if self.list.len() >= ROUTERS {
                return false;
            }
            let row = OspfRow {
                router: told.router,
                area: told.area,
                version: told.version,
                tag: m.tag,
                source: m.source,
                times: [0; 2],
                neighbours: 0,
                mtu: None,
                packets: 0,
                last: m.time,
            };
            self.list.push(Router { place, row, is_silent: false });
        }
        let Some(Router { row, is_silent, .. }) = self.list.iter_mut().find(is_same) else { return true };
        row.mtu = told.mtu.or(row.mtu);
        let Some(hello) = told.hello else { return true };
        if std::mem::take(is_silent) {
            let text = format!("sends hellos again after {} s", m.time.since(row.last) / SECOND);
            log.note(m.time, SwitchEventKind::RouterChanged, m.tag, row.router.to_string(), text);
        }
        row.times = [u32::from(hello.interval), hello.dead];
        row.neighbours = hello.neighbours;
        row.packets = row.packets.saturating_add(1);
        row.last = row.last.max(m.time);
        true
    }

    /// Whoever was silent for longer than its neighbours wait is gone, if others at the same place were heard meanwhile.
    pub fn advance(&mut self, now: Timestamp, log: &mut EventLog) {
        let heard: Vec<(Place, Timestamp)> = self.list.iter().map(|r| (r.place, r.row.last)).collect();
        for Router { place, row, is_silent } in self.list.iter_mut().filter(|r| !r.is_silent && r.row.packets > 1) {
            let ends = row.last.plus(i64::from(row.times[1]).saturating_mul(SECOND));
            if now > ends && heard.iter().any(|(other, last)| other == place && *last > ends) {
                *is_silent = true;
                let text = format!("sent no hello for {} s, its dead interval", row.times[1]);
                log.note(ends, SwitchEventKind::RouterChanged, row.tag, row.router.to_string(), text);
            }
        }
    }

    /// All of them, by area and router.
    pub fn rows(&self) -> Vec<OspfRow> {
        let mut rows: Vec<OspfRow> = self.list.iter().map(|r| r.row.clone()).collect();
        rows.sort_by_key(|r| (r.version, r.area, r.router, r.tag));
        rows
    }
}

/// Who asks for groups.
#[derive(Debug, Default)]
pub struct Queriers {
    list: Vec<(Place, QuerierRow)>,
}

impl Queriers {
    /// Takes in a query; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, query: &GroupQuery) -> bool {
        if !query.is_general {
            return true;
        }
        let protocol = if matches!(query.querier, Address::V6(_)) { "mld" } else { "igmp" };
        if let Some((_, row)) = self.list.iter_mut().find(|(at, row)| *at == place && row.querier == query.querier) {
            row.packets = row.packets.saturating_add(1);
            row.last = row.last.max(m.time);
            row.version = query.version;
            return true;
        }
        if self.list.len() >= QUERIERS {
            return false;
        }
        let version = query.version;
        let row = QuerierRow { querier: query.querier, protocol, version, tag: m.tag, packets: 1, first: m.time, last: m.time };
        self.list.push((place, row));
        true
    }

    /// All of them.
    pub fn rows(&self) -> Vec<QuerierRow> {
        let mut rows: Vec<QuerierRow> = self.list.iter().map(|(_, row)| row.clone()).collect();
        rows.sort_by_key(|r| (r.protocol, r.tag, r.querier));
        rows
    }
}

/// Ports that let devices in, or do not.
#[derive(Debug, Default)]
pub struct Ports {
    list: Vec<(Mac, u64)>,
}

impl Ports {
    /// Takes in a step; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, step: EapolStep, log: &mut EventLog) -> bool {
        if step != EapolStep::Failure {
            return true;
        }
        let text = "did not let a device in".to_owned();
        log.note(m.time, SwitchEventKind::AuthenticationFailed, m.tag, m.source.to_string(), text);
        if let Some((_, failures)) = self.list.iter_mut().find(|(mac, _)| *mac == m.source) {
            *failures = failures.saturating_add(1);
            return true;
        }
        let has_room = self.list.len() < AUTHENTICATED_PORTS;
        if has_room {
            self.list.push((m.source, 1));
        }
        has_room
    }
}
