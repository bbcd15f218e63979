//! Routers that speak OSPF, sessions of BGP, who asks for groups, and ports that authenticate.

use super::events::EventLog;
use super::gateways::alike;
use super::stale_rows::StaleRows;
use super::{Place, trouble};
use crate::model::Arrange as _;
use crate::model::evidence::{QUERIERS_BESIDE, SESSION_PACKETS, SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind};
use crate::model::limits::{AUTHENTICATED_PORTS, CHANGES_REMEMBERED, PEERS, QUERIERS, ROUTERS};
use crate::model::time::SECOND;
use crate::model::{
    Address, AuthenticatorRow, BgpNotification, ConnectionEnd, ControlMessage, EapolStep, Episode, GroupQuery, Mac, OspfHello, OspfPacket,
    OspfRow, QuerierRow, Subject, SwitchEventKind, Timestamp,
};
use std::collections::{BTreeMap, VecDeque};

/// The port of BGP (RFC 4271).
const BGP: u16 = 179;

/// Hellos before a router is known to send them regularly.
const REGULAR: u64 = 5;

/// A router.
#[derive(Debug)]
struct Router {
    place: Place,
    row: OspfRow,
    /// Since when it is silent.
    silent: Option<Timestamp>,
    /// When it was silent last, once it sent again, and how many others were heard.
    returned: Option<(Episode, usize)>,
    /// The address it sends from, and what its hello said last.
    sender: Option<Address>,
    hello: OspfHello,
}

impl Router {
    /// Whether both are on one link: one hears the other, or both are in one network.
    fn is_beside(&self, other: &Router) -> bool {
        let hears = |a: &Router, b: &Router| {
            let unlisted = usize::from(a.hello.neighbours) > a.hello.heard.len();
            unlisted || a.hello.heard.contains(&b.row.router.to_bits())
        };
        let network = |r: &Router| match (r.sender, r.hello.mask) {
            (Some(Address::V4(address)), Some(bits @ 1..=32)) => Some(address.to_bits() >> (32 - bits)),
            _ => None,
        };
        hears(self, other) || hears(other, self) || network(self).is_some_and(|own| network(other) == Some(own))
    }
}

/// Nanoseconds for which it is told that a router sends again: two judgements.
const RETURNED: i64 = 20 * SECOND;

/// All that speak OSPF.
#[derive(Debug, Default)]
pub struct Routers {
    list: Vec<Router>,
    stale: StaleRows,
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
            self.stale.make_room(m.time, (self.list.len(), ROUTERS), |stays| self.list.retain(|router| stays(router.row.last)));
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
            self.list.push(Router { place, row, silent: None, returned: None, sender: told.sender, hello: OspfHello::default() });
        }
        let heard = self.list.iter().filter(|o| o.place == place && o.row.router != told.router).map(|o| o.row.last);
        let heard: Vec<Timestamp> = heard.collect();
        let Some(Router { row, silent, returned, sender, hello: said, .. }) = self.list.iter_mut().find(is_same) else { return true };
        row.mtu = told.mtu.or(row.mtu);
        let Some(hello) = told.hello else { return true };
        (*sender, *said) = (told.sender, hello);
        if let Some(since) = silent.take() {
            let others = heard.iter().filter(|last| **last > since).count();
            *returned = Some((Episode { first: row.last, last: m.time }, others));
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
        for Router { place, row, silent, .. } in self.list.iter_mut().filter(|r| r.silent.is_none() && r.row.packets > 1) {
            let ends = row.last.plus(i64::from(row.times[1]).saturating_mul(SECOND));
            if now > ends && heard.iter().any(|(other, last)| other == place && *last > ends) {
                *silent = Some(ends);
                let text = format!("sent no hello for {} s, its dead interval", row.times[1]);
                log.note(ends, SwitchEventKind::RouterChanged, row.tag, row.router.to_string(), text);
            }
        }
    }

    /// All of them, by area and router.
    pub fn rows(&self) -> Vec<OspfRow> {
        let mut rows: Vec<OspfRow> = self.list.iter().map(|r| r.row.clone()).collect();
        rows.arrange_by_key(|r| (r.version, r.area, r.router, r.tag));
        rows
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        for router in self.list.iter().filter(|r| r.row.packets >= REGULAR) {
            let row = &router.row;
            let (span, others, recent) = match (router.silent, router.returned) {
                (Some(since), _) if now.since(since) <= SWITCH_RECENT => {
                    let others = self.list.iter().filter(|o| o.place == router.place && o.row.last > since).count();
                    (Episode { first: row.last, last: now.max(row.last) }, others, 1)
                }
                (None, Some((span, others))) if now.since(span.last) <= RETURNED => (span, others, 0),
                _ => continue,
            };
            out.push(SwitchTrouble {
                vlan: row.tag,
                who: row.router.to_string(),
                measure: f64::from(row.times[1]),
                recent,
                ..trouble(SwitchTroubleKind::RouterSilent, Subject::Station(row.source), others as u64, span)
            });
        }
        self.differing(now, out);
    }

    /// Routers of one link and area that disagree about the longest packet.
    fn differing(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let mut areas: BTreeMap<(Place, u8, std::net::Ipv4Addr), Vec<&Router>> = BTreeMap::new();
        // A virtual link has none (RFC 2328 section A.3.3).
        let known = self.list.iter().filter(|r| r.row.mtu.is_some_and(|mtu| mtu > 0) && now.since(r.row.last) <= SWITCH_RECENT);
        for router in known {
            areas.entry((router.place, router.row.version, router.row.area)).or_default().push(router);
        }
        for mut routers in areas.into_values() {
            routers.arrange_by_key(|r| (r.row.mtu, r.row.router));
            let beside = |small: &&Router| {
                let mut larger = routers.iter().rev().take_while(|large| large.row.mtu > small.row.mtu);
                larger.find(|large| small.is_beside(large)).copied()
            };
            let Some((small, large)) = routers.iter().find_map(|small| Some((&small.row, &beside(small)?.row))) else { continue };
            out.push(SwitchTrouble {
                vlan: small.tag,
                who: small.router.to_string(),
                other: large.router.to_string(),
                measure: f64::from(large.mtu.unwrap_or(0)),
                ..trouble(
                    SwitchTroubleKind::MtuDiffers,
                    Subject::Station(small.source),
                    u64::from(small.mtu.unwrap_or(0)),
                    Episode { first: small.last.min(large.last), last: small.last.max(large.last) },
                )
            });
        }
    }
}

/// Sessions between routers that ended.
#[derive(Debug, Default)]
pub struct Peers {
    list: BTreeMap<[Address; 2], Sessions>,
    stale: StaleRows,
}

/// The sessions of two routers that ended.
#[derive(Debug, Default)]
struct Sessions {
    /// When, and whether one was cut.
    ends: VecDeque<(Timestamp, bool)>,
    /// What one of them said of it.
    told: VecDeque<(Timestamp, BgpNotification)>,
}

impl Sessions {
    fn last(&self) -> Timestamp {
        let [ended, told] = [self.ends.back().map(|end| end.0), self.told.back().map(|told| told.0)];
        ended.max(told).unwrap_or_default()
    }

    /// What was said of a session that ended then.
    fn told_of(&self, end: Timestamp) -> Option<&BgpNotification> {
        let near = |told: &&(Timestamp, BgpNotification)| told.0.since(end).abs() <= TOLD_WITHIN;
        self.told.iter().rev().find(near).map(|told| &told.1)
    }
}

/// Nanoseconds between what a router says of the end of a session and that end, which may take as long as a connection takes to close.
const TOLD_WITHIN: i64 = 60 * SECOND;

impl Peers {
    /// The sessions of two routers, where there is room for them.
    fn of(&mut self, [a, b]: [Address; 2], time: Timestamp) -> Option<&mut Sessions> {
        let pair = if a < b { [a, b] } else { [b, a] };
        if !self.list.contains_key(&pair) {
            self.stale.make_room(time, (self.list.len(), PEERS), |stays| self.list.retain(|_, known| stays(known.last())));
            if self.list.len() >= PEERS {
                return None;
            }
        }
        Some(self.list.entry(pair).or_default())
    }

    /// Takes in why a session ends.
    pub fn notified(&mut self, time: Timestamp, told: &BgpNotification) {
        let Some(known) = self.of([told.sender, told.receiver], time) else { return };
        if known.told.len() >= CHANGES_REMEMBERED {
            known.told.pop_front();
        }
        known.told.push_back((time, *told));
    }

    /// Takes in the end of a connection.
    pub fn take(&mut self, end: &ConnectionEnd) {
        let [(a, a_port), (b, b_port)] = end.flow.ends(end.way);
        let packets = end.packets[0].saturating_add(end.packets[1]);
        // What both opened at the same time is closed again soon.
        if (a_port != BGP && b_port != BGP) || packets < SESSION_PACKETS.number() || end.packets.contains(&0) {
            return;
        }
        let Some(Sessions { ends, .. }) = self.of([a, b], end.time) else { return };
        if ends.len() >= CHANGES_REMEMBERED {
            ends.pop_front();
        }
        ends.push_back((end.time, end.cut.is_some()));
    }

    /// Sessions that ended lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        for ([a, b], known) in &self.list {
            let recent: Vec<&(Timestamp, bool)> = known.ends.iter().filter(|(t, _)| now.since(*t) <= SWITCH_RECENT).collect();
            let (Some(first), Some(last)) = (recent.first(), recent.last()) else { continue };
            let subject = Subject::Conversation { a: *a, a_port: 0, b: *b, b_port: 0, protocol: crate::model::Proto::Tcp };
            out.push(SwitchTrouble {
                who: a.to_string(),
                other: b.to_string(),
                measure: recent.iter().filter(|(_, cut)| *cut).count() as f64,
                meant: recent.iter().filter(|(t, _)| known.told_of(*t).is_some_and(BgpNotification::is_meant)).count() as u64,
                words: known.told_of(last.0).map(said).unwrap_or_default(),
                ..trouble(SwitchTroubleKind::PeerLost, subject, recent.len() as u64, Episode { first: first.0, last: last.0 })
            });
        }
    }
}

/// Who ends a session, why, and in whose words.
fn said(told: &BgpNotification) -> String {
    let words = if told.words.is_empty() { String::new() } else { format!(" \"{}\"", told.words) };
    format!("{}, says {}{words}", told.reason(), told.sender)
}

/// Who asks for groups.
#[derive(Debug, Default)]
pub struct Queriers {
    list: Vec<(Place, QuerierRow)>,
    stale: StaleRows,
}

impl Queriers {
    /// Takes in a query; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, query: &GroupQuery) -> bool {
        if !query.is_general {
            return true;
        }
        let protocol = if matches!(query.querier, Address::V6(_)) { "mld" } else { "igmp" };
        if let Some((_, row)) = self.list.iter_mut().find(|(at, row)| *at == place && row.querier == query.querier) {
            // After a pause longer than another querier waits it begins anew.
            if m.time.since(row.last) > QUERIERS_BESIDE.in_nanos() {
                row.first = m.time;
            }
            row.packets = row.packets.saturating_add(1);
            row.last = row.last.max(m.time);
            row.version = query.version;
            return true;
        }
        self.stale.make_room(m.time, (self.list.len(), QUERIERS), |stays| self.list.retain(|(_, row)| stays(row.last)));
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
        rows.arrange_by_key(|r| (r.protocol, r.tag, r.querier));
        rows
    }

    /// Pairs that ask side by side, where one of them should have stopped. Who asks from no address takes no part in the election.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let asks = |row: &QuerierRow| {
            let has_address = row.querier.ip().is_some_and(|ip| !ip.is_unspecified());
            has_address && row.packets >= 3 && now.since(row.last) <= QUERIERS_BESIDE.in_nanos()
        };
        for (at, (place, a)) in self.list.iter().enumerate() {
            for (other, b) in self.list.iter().skip(at + 1) {
                let (first, last) = (a.first.max(b.first), a.last.min(b.last));
                let is_pair = place == other && a.protocol == b.protocol && alike(a.querier, b.querier);
                if !is_pair || !asks(a) || !asks(b) || last.since(first) < QUERIERS_BESIDE.in_nanos() {
                    continue;
                }
                let (low, high) = if a.querier < b.querier { (a, b) } else { (b, a) };
                out.push(SwitchTrouble {
                    vlan: place.tag,
                    who: high.querier.to_string(),
                    other: low.querier.to_string(),
                    ..trouble(SwitchTroubleKind::TwoQueriers, Subject::Host(high.querier), high.packets, Episode { first, last })
                });
            }
        }
    }
}

/// A port that lets devices in, or does not.
#[derive(Debug, Default)]
struct Port {
    failures: VecDeque<Timestamp>,
    successes: VecDeque<Timestamp>,
}

/// Ports that let devices in, or do not.
#[derive(Debug, Default)]
pub struct Ports {
    list: BTreeMap<(Place, Mac), Port>,
    rows: BTreeMap<(Place, Mac), AuthenticatorRow>,
    stale: StaleRows,
}

impl Ports {
    /// Takes in a step; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, (step, method): (EapolStep, Option<u8>), log: &mut EventLog) -> bool {
        let key = (place, m.source);
        let has_row = self.follow(m, key, step, method);
        if !matches!(step, EapolStep::Failure | EapolStep::Success) {
            return has_row;
        }
        if step == EapolStep::Failure {
            let text = "did not let a device in".to_owned();
            log.note(m.time, SwitchEventKind::AuthenticationFailed, m.tag, m.source.to_string(), text);
        }
        if !self.list.contains_key(&key) && self.list.len() >= AUTHENTICATED_PORTS {
            self.list.retain(|key, _| self.rows.contains_key(key));
            if self.list.len() >= AUTHENTICATED_PORTS {
                return false;
            }
        }
        let port = self.list.entry(key).or_default();
        let times = if step == EapolStep::Failure { &mut port.failures } else { &mut port.successes };
        if times.len() >= CHANGES_REMEMBERED {
            times.pop_front();
        }
        times.push_back(m.time);
        has_row
    }

    /// The row of whoever sent it; false where there is no room for one.
    fn follow(&mut self, m: &ControlMessage, key: (Place, Mac), step: EapolStep, method: Option<u8>) -> bool {
        if !self.rows.contains_key(&key) {
            self.stale.make_room(m.time, (self.rows.len(), AUTHENTICATED_PORTS), |stays| {
                self.rows.retain(|_, row| stays(row.last));
            });
            if self.rows.len() >= AUTHENTICATED_PORTS {
                return false;
            }
        }
        let row = self.rows.entry(key).or_insert_with(|| AuthenticatorRow {
            mac: m.source,
            is_port: false,
            tag: m.tag,
            method: None,
            last_step: step,
            begun: 0,
            let_in: 0,
            refused: 0,
            packets: 0,
            first: m.time,
            last: m.time,
        });
        row.is_port = step.is_of_port().unwrap_or(row.is_port);
        row.method = method.or(row.method);
        // A port begins where it asks who somebody is, which is no method.
        let begins = step == EapolStep::Start || step == EapolStep::Request && method.is_none();
        let add = |count: &mut u64, is: bool| *count = count.saturating_add(u64::from(is));
        add(&mut row.begun, begins);
        add(&mut row.let_in, step == EapolStep::Success);
        add(&mut row.refused, step == EapolStep::Failure);
        add(&mut row.packets, true);
        (row.last_step, row.last) = (step, row.last.max(m.time));
        true
    }

    /// All that take part, ports first.
    pub fn rows(&self) -> Vec<AuthenticatorRow> {
        let mut rows: Vec<AuthenticatorRow> = self.rows.values().cloned().collect();
        rows.arrange_by_key(|r| (!r.is_port, r.tag, r.mac));
        rows
    }

    /// Ports that refused devices lately, with how many they let in.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        let recent =
            |times: &VecDeque<Timestamp>| -> Vec<Timestamp> { times.iter().copied().filter(|t| now.since(*t) <= SWITCH_RECENT).collect() };
        for ((place, mac), port) in &self.list {
            let failures = recent(&port.failures);
            let (Some(first), Some(last)) = (failures.first(), failures.last()) else { continue };
            out.push(SwitchTrouble {
                vlan: place.tag,
                who: mac.to_string(),
                measure: recent(&port.successes).len() as f64,
                ..trouble(
                    SwitchTroubleKind::NotLetIn,
                    Subject::Station(*mac),
                    failures.len() as u64,
                    Episode { first: *first, last: *last },
                )
            });
        }
    }
}
