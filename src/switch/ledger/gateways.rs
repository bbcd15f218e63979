//! Gateways' addresses that routers share: VRRP, CARP, HSRP, GLBP.

use super::events::EventLog;
use super::stale_rows::StaleRows;
use super::{Place, trouble};
use crate::model::Arrange as _;
use crate::model::evidence::{SWITCH_RECENT, SwitchTrouble, SwitchTroubleKind};
use crate::model::limits::{CHANGES_REMEMBERED, GATEWAYS};
use crate::model::time::SECOND;
use crate::model::{Address, ControlMessage, Episode, GatewayHello, GatewayProtocol, GatewayRow, Mac, Subject, SwitchEventKind, Timestamp};
use std::collections::{BTreeSet, VecDeque};

/// Hellos that may be missing before a router that forwarded does so no longer (RFC 9568 section 6.1).
const MISSING: i64 = 3;

/// Nanoseconds between hellos of whoever does not say.
const USUAL_HELLO: i64 = 3 * SECOND;

/// What a group is known by.
type Key = (Place, GatewayProtocol, u16, Option<Address>);

/// A router of a group.
#[derive(Debug)]
struct Router {
    row: GatewayRow,
    /// Who sent its latest hello: itself, or the address that the group shares.
    source: Mac,
    /// When it last said that it forwards.
    active: Option<Timestamp>,
    /// Since when it says so, and nobody else does.
    alone: Option<Timestamp>,
}

/// A group.
#[derive(Debug)]
struct Group {
    key: Key,
    routers: Vec<Router>,
    /// Who forwards.
    active: Option<Address>,
    /// When that changed.
    flips: VecDeque<Timestamp>,
    /// Since when two say so in turn, when they did so last, how often, and who.
    both: Option<(Episode, u64, [Address; 2])>,
}

/// All groups.
#[derive(Debug, Default)]
pub struct Gateways {
    list: Vec<Group>,
    routers: usize,
    stale: StaleRows,
}

impl Gateways {
    /// Takes in a hello; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, told: &GatewayHello, log: &mut EventLog) -> bool {
        let Some(router) = told.sender else { return true };
        let key = self.key(place, told);
        self.make_room(m.time);
        let at = match self.list.iter().position(|group| group.key == key) {
            Some(at) => at,
            None if self.routers >= GATEWAYS => return false,
            None => {
                self.list.push(Group { key, routers: Vec::new(), active: None, flips: VecDeque::new(), both: None });
                self.list.len() - 1
            }
        };
        let Some(group) = self.list.get_mut(at) else { return false };
        if !group.routers.iter().any(|r| r.row.router == router) {
            if self.routers >= GATEWAYS {
                return false;
            }
            self.routers += 1;
            group.routers.push(Router { row: row(m, told, router), source: m.source, active: None, alone: None });
        }
        group.follow(m, told, router, log);
        true
    }

    /// What a group is known by: a router that has not yet learnt the group's address is of the group that has one (RFC 2281 section 5.3).
    fn key(&self, place: Place, told: &GatewayHello) -> Key {
        let address = told.address.filter(|address| address.ip().is_none_or(|ip| !ip.is_unspecified()));
        let is_same = |group: &&Group| (group.key.0, group.key.1, group.key.2) == (place, told.protocol, told.group);
        let known = || self.list.iter().find(is_same).and_then(|group| group.key.3);
        (place, told.protocol, told.group, address.or_else(|| told.address.and_then(|_| known())))
    }

    /// Routers that are gone make room.
    fn make_room(&mut self, now: Timestamp) {
        let list = &mut self.list;
        self.stale.make_room(now, (self.routers, GATEWAYS), |stays| {
            list.iter_mut().for_each(|group| group.routers.retain(|router| stays(router.row.last)));
            list.retain(|group| !group.routers.is_empty());
        });
        self.routers = self.list.iter().map(|group| group.routers.len()).sum();
    }

    /// All routers, by group and address.
    pub fn rows(&self) -> Vec<GatewayRow> {
        let mut rows: Vec<GatewayRow> = self.list.iter().flat_map(|g| &g.routers).map(|r| r.row.clone()).collect();
        rows.arrange_by_key(|r| (r.protocol, r.group, r.tag, r.address, r.router));
        rows
    }

    /// Stations of those that are routers: who sends the hellos, and who claims the address that they come from (`owners`). Hosts share addresses
    /// by CARP as well.
    pub fn stations(&self, owners: &[(Mac, Address)]) -> Vec<Mac> {
        let routers = self.list.iter().filter(|group| group.key.1 != GatewayProtocol::Carp).flat_map(|group| &group.routers);
        let addresses: BTreeSet<Address> = routers.clone().map(|router| router.row.router).collect();
        let claimed = owners.iter().filter(|(_, address)| addresses.contains(address)).map(|(mac, _)| *mac);
        routers.map(|router| router.source).chain(claimed).collect()
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        for group in &self.list {
            let (place, protocol, number, address) = group.key;
            let subject = address.map_or_else(|| Subject::Station(shared_mac(protocol, number)), Subject::Host);
            let group_name = format!("{} group {number}", protocol.token());
            let recent: Vec<Timestamp> = group.flips.iter().copied().filter(|t| now.since(*t) <= SWITCH_RECENT).collect();
            if let (Some(first), Some(last)) = (recent.first(), recent.last()) {
                out.push(SwitchTrouble {
                    vlan: place.tag,
                    who: group_name.clone(),
                    other: group.active.map(|a| a.to_string()).unwrap_or_default(),
                    ..trouble(SwitchTroubleKind::GatewayFlips, subject, recent.len() as u64, Episode { first: *first, last: *last })
                });
            }
            if let Some((span, times, [a, b])) = group.both.filter(|both| now.since(both.0.last) <= 10 * group.wait()) {
                out.push(SwitchTrouble {
                    vlan: place.tag,
                    who: group_name,
                    other: format!("{a} and {b}"),
                    measure: span.last.seconds_since(span.first) / (group.wait() as f64 / MISSING as f64 / SECOND as f64),
                    ..trouble(SwitchTroubleKind::TwoMasters, subject, times, span)
                });
            }
        }
    }
}

fn row(m: &ControlMessage, told: &GatewayHello, router: Address) -> GatewayRow {
    GatewayRow {
        protocol: told.protocol,
        group: told.group,
        tag: m.tag,
        address: told.address,
        router,
        is_active: told.is_active,
        priority: told.priority,
        hello: told.hello.filter(|h| *h > 0).unwrap_or(USUAL_HELLO),
        takeovers: 0,
        packets: 0,
        last: m.time,
    }
}

impl Group {
    /// How long whoever forwards may be silent.
    fn wait(&self) -> i64 {
        self.routers.iter().map(|r| r.row.hello).max().unwrap_or(USUAL_HELLO).saturating_mul(MISSING)
    }

    fn follow(&mut self, m: &ControlMessage, told: &GatewayHello, router: Address, log: &mut EventLog) {
        let wait = told.hello.filter(|h| *h > 0).unwrap_or(USUAL_HELLO).saturating_mul(MISSING);
        // Whoever forwarded before does so while it still says so.
        let said = |routers: &[Router], who: Address| routers.iter().find(|r| r.row.router == who).and_then(|r| r.active);
        let before = self.active.filter(|active| *active != router);
        let still = before.is_some_and(|active| said(&self.routers, active).is_some_and(|said| m.time.since(said) <= wait));
        // Another one that said so since this one did last: they take turns.
        let own_last = said(&self.routers, router);
        let other = self.routers.iter().filter(|r| r.row.router != router).find_map(|r| {
            let said = r.active.filter(|said| m.time.since(*said) <= wait)?;
            own_last.filter(|own| said > *own && m.time.since(*own) <= wait).map(|_| r.row.router)
        });
        let is_of_network = |other: &Address| self.key.3.is_some() || alike(*other, router);
        if let (Some(other), true) = (other.filter(is_of_network), told.is_active) {
            let pair = if other < router { [other, router] } else { [router, other] };
            let standing = self.both.filter(|(span, _, who)| *who == pair && m.time.since(span.last) <= wait.saturating_mul(2));
            let (first, times) = standing.map_or((m.time, 0), |(span, times, _)| (span.first, times));
            self.both = Some((Episode { first, last: m.time }, times.saturating_add(1), pair));
        }
        let Some(own) = self.routers.iter_mut().find(|r| r.row.router == router) else { return };
        own.row.packets = own.row.packets.saturating_add(1);
        own.row.last = own.row.last.max(m.time);
        own.source = m.source;
        (own.row.is_active, own.row.priority) = (told.is_active, told.priority);
        own.active = told.is_active.then_some(m.time);
        own.alone = own.active.map(|now| own.alone.unwrap_or(now));
        // That the one before is silent shows some hellos later.
        let since = own.alone.unwrap_or(m.time);
        if told.is_active && !still {
            if let Some(before) = before {
                own.row.takeovers = own.row.takeovers.saturating_add(1);
                if self.flips.len() >= CHANGES_REMEMBERED {
                    self.flips.pop_front();
                }
                self.flips.push_back(since);
                let text = format!("forwards for {} group {}, after {before}", told.protocol.token(), told.group);
                log.note(since, SwitchEventKind::GatewayChanged, m.tag, router.to_string(), text);
            }
            self.active = Some(router);
            // Whoever forwarded before said so last, and does no longer.
            self.routers.iter_mut().filter(|r| r.row.router != router).for_each(|r| r.row.is_active = false);
        }
        if told.is_active {
            self.routers.iter_mut().filter(|r| r.row.router != router).for_each(|r| r.alone = None);
        }
    }
}

/// The address of the link layer that the routers of a group share: what it is known by where hellos do not tell the other one, as those of
/// CARP (RFC 9568 section 7.3, RFC 2281 section 5.1).
fn shared_mac(protocol: GatewayProtocol, group: u16) -> Mac {
    let [high, low] = group.to_be_bytes();
    Mac(match protocol {
        GatewayProtocol::Vrrp | GatewayProtocol::Carp => [0, 0, 0x5e, 0, 1, low],
        GatewayProtocol::Hsrp if high == 0 => [0, 0, 0x0c, 7, 0xac, low],
        GatewayProtocol::Hsrp => [0, 0, 0x0c, 0x9f, 0xf0 | high & 0x0f, low],
        GatewayProtocol::Glbp => [0, 7, 0xb4, high, low, 1],
    })
}

/// Whether two routers that name no address of their group may be of one network: a group's number alone says nothing.
pub fn alike(a: Address, b: Address) -> bool {
    match (a, b) {
        (Address::V4(a), Address::V4(b)) => a.to_bits() >> 8 == b.to_bits() >> 8,
        (Address::V6(a), Address::V6(b)) => a.to_bits() >> 64 == b.to_bits() >> 64,
        _ => false,
    }
}
