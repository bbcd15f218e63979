//! Routers that send hosts elsewhere.

use super::BIN;
use super::bounded::{Lasting, Recent, entry, lately};
use crate::model::Arrange as _;
use crate::model::evidence::{RedirectEvidence, SIGHT_HELD, StationEvidence};
use crate::model::latest::Latest;
use crate::model::limits::SIGHT_ASKERS;
use crate::model::{Address, Episode, Mac, Sighting, Timestamp};
use hashbrown::HashMap;

#[derive(Debug, Default)]
struct Redirects {
    recent: Recent,
    count: u64,
    hosts: Latest<Address, SIGHT_ASKERS>,
    /// Where they want to, and by whom they are to go.
    ways: Latest<(Address, Address), SIGHT_ASKERS>,
    first: Option<Timestamp>,
    last: Timestamp,
}

impl Lasting for Redirects {
    fn last(&self) -> Timestamp {
        self.last
    }
}

/// All of them, by who sends them.
#[derive(Debug, Default)]
pub(super) struct RedirectLedger {
    senders: HashMap<(Option<u16>, Address, Mac), Redirects>,
}

impl RedirectLedger {
    /// Takes in a redirect.
    pub fn take(&mut self, seen: &Sighting, router: Address, host: Address, way: (Address, Address)) {
        let known = entry(&mut self.senders, (seen.vlan, router, seen.source));
        // What was long ago is over.
        if known.last > Timestamp::default() && seen.first.since(known.last) > SIGHT_HELD {
            *known = Redirects::default();
        }
        known.recent.add(seen.last.0.div_euclid(BIN), seen.count);
        known.count = known.count.saturating_add(seen.count);
        known.first = Some(known.first.map_or(seen.first, |first| first.min(seen.first)));
        known.last = known.last.max(seen.last);
        known.hosts.note(host, seen.last);
        known.ways.note(way, seen.last);
    }

    /// Who lately sent any. `is_router` and `is_known` tell what is known of an address: a router, or anybody; `None`: nothing can be said.
    pub fn evidence(
        &self,
        now: Timestamp,
        is_router: impl Fn(Address) -> Option<bool>,
        is_known: impl Fn(Option<u16>, Address) -> Option<bool>,
    ) -> Vec<RedirectEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let since = lately(now);
        let lately = self.senders.iter().filter(|(_, r)| now.since(r.last) <= SIGHT_HELD);
        let mut all: Vec<RedirectEvidence> = lately
            .filter_map(|(&(vlan, router, mac), r)| {
                let mut ways = r.ways.since(since);
                let (target, gateway) = ways.clone().next()?;
                let unknown = ways.find(|way| way.0 != way.1 && is_known(vlan, way.1) == Some(false));
                let (target, gateway) = unknown.unwrap_or((target, gateway));
                Some(RedirectEvidence {
                    vlan,
                    router,
                    source: StationEvidence { mac, maker: None, count: r.count, last: r.last },
                    is_router: is_router(router),
                    gateway_is_unknown: unknown.is_some(),
                    count: r.count,
                    minute: r.recent.minute(bin),
                    hosts: r.hosts.since(since).count() as u64,
                    target,
                    gateway,
                    span: Episode { first: r.first?, last: r.last },
                })
            })
            .collect();
        all.arrange_by_key(|r| (r.vlan, r.router, r.source.mac));
        all
    }
}
