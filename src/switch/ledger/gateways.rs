//! Gateways' addresses that routers share: VRRP, CARP, HSRP, GLBP.

use super::Place;
use super::events::EventLog;
use crate::model::limits::GATEWAYS;
use crate::model::time::SECOND;
use crate::model::{Address, ControlMessage, GatewayHello, GatewayProtocol, GatewayRow, SwitchEventKind, Timestamp};

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
    /// When it last said that it forwards.
    active: Option<Timestamp>,
}

/// A group.
#[derive(Debug)]
struct Group {
    key: Key,
    routers: Vec<Router>,
    /// Who forwards.
    active: Option<Address>,
}

/// All groups.
#[derive(Debug, Default)]
pub struct Gateways {
    list: Vec<Group>,
    routers: usize,
}

impl Gateways {
    /// Takes in a hello; false where there is no room.
    pub fn take(&mut self, m: &ControlMessage, place: Place, told: &GatewayHello, log: &mut EventLog) -> bool {
        let Some(router) = told.sender else { return true };
        let key = (place, told.protocol, told.group, told.address);
        let at = match self.list.iter().position(|group| group.key == key) {
            Some(at) => at,
            None if self.routers >= GATEWAYS => return false,
            None => {
                self.list.push(Group { key, routers: Vec::new(), active: None });
                self.list.len() - 1
            }
        };
        let Some(group) = self.list.get_mut(at) else { return false };
        if !group.routers.iter().any(|r| r.row.router == router) {
            if self.routers >= GATEWAYS {
                return false;
            }
            self.routers += 1;
            group.routers.push(Router { row: row(m, told, router), active: None });
        }
        group.follow(m, told, router, log);
        true
    }

    /// All routers, by group and address.
    pub fn rows(&self) -> Vec<GatewayRow> {
        let mut rows: Vec<GatewayRow> = self.list.iter().flat_map(|g| &g.routers).map(|r| r.row.clone()).collect();
        rows.sort_by_key(|r| (r.protocol, r.group, r.tag, r.address, r.router));
        rows
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
        takeovers: 0,
        packets: 0,
        last: m.time,
    }
}

impl Group {
    fn follow(&mut self, m: &ControlMessage, told: &GatewayHello, router: Address, log: &mut EventLog) {
        let wait = told.hello.filter(|h| *h > 0).unwrap_or(USUAL_HELLO).saturating_mul(MISSING);
        // Whoever forwarded before does so while it still says so.
        let before = self.active.filter(|active| *active != router);
        let still = before.is_some_and(|active| {
            let said = self.routers.iter().find(|r| r.row.router == active).and_then(|r| r.active);
            said.is_some_and(|said| m.time.since(said) <= wait)
        });
        let Some(own) = self.routers.iter_mut().find(|r| r.row.router == router) else { return };
        own.row.packets = own.row.packets.saturating_add(1);
        own.row.last = own.row.last.max(m.time);
        (own.row.is_active, own.row.priority) = (told.is_active, told.priority);
        own.active = told.is_active.then_some(m.time);
        if told.is_active && !still {
            if let Some(before) = before {
                own.row.takeovers = own.row.takeovers.saturating_add(1);
                let text = format!("forwards for {} group {}, after {before}", told.protocol.token(), told.group);
                log.note(m.time, SwitchEventKind::GatewayChanged, m.tag, router.to_string(), text);
            }
            self.active = Some(router);
        }
    }
}
