//! Who announces himself as IPv6 router.

use super::bounded::{Lasting, entry};
use crate::model::Arrange as _;
use crate::model::evidence::{ALONE, ROUTERS_BESIDE, SIGHT_HELD, SecondRouterEvidence, StationEvidence};
use crate::model::latest::Latest;
use crate::model::{Address, BroadcastDomain, Episode, Mac, Sighting, Timestamp};
use hashbrown::HashMap;
use std::net::Ipv6Addr;

/// Prefixes of one router that are told apart.
const PREFIXES: usize = 8;

#[derive(Debug, Default)]
struct Router {
    first: Option<Timestamp>,
    prefixes: Latest<(Ipv6Addr, u8), PREFIXES>,
    flags: u8,
    count: u64,
    last: Timestamp,
}

impl Lasting for Router {
    fn last(&self) -> Timestamp {
        self.last
    }
}

impl Router {
    /// Neither what it says of configuration nor any prefix is the other's.
    fn differs(&self, other: &Router) -> bool {
        let both_tell = !self.prefixes.is_empty() && !other.prefixes.is_empty();
        self.flags != other.flags || both_tell && !self.prefixes.iter().any(|p| other.prefixes.iter().any(|known| known == p))
    }
}

/// All IPv6 routers.
#[derive(Debug, Default)]
pub(super) struct RouterLedger {
    routers: HashMap<(BroadcastDomain, Ipv6Addr, Mac), Router>,
}

/// VRRP for IPv6 (RFC 9568 section 7.3): the address of whichever router is the active one.
fn is_virtual(mac: Mac) -> bool {
    matches!(mac.0, [0, 0, 0x5e, 0, 2, _] | [0, 5, 0x73, 0xa0, ..])
}

impl RouterLedger {
    /// Takes in an advertisement.
    pub fn take(&mut self, seen: &Sighting, source: Ipv6Addr, (lifetime, flags): (u16, u8), prefix: Option<(Ipv6Addr, u8)>) {
        if lifetime == 0 {
            self.routers.remove(&(seen.domain(), source, seen.source));
            return;
        }
        let router = entry(&mut self.routers, (seen.domain(), source, seen.source));
        router.first = Some(router.first.map_or(seen.first, |first| first.min(seen.first)));
        router.last = router.last.max(seen.last);
        router.count = router.count.saturating_add(seen.count);
        router.flags = flags;
        if let Some(prefix) = prefix {
            router.prefixes.note(prefix, seen.last);
        }
    }

    /// Whether somebody announces himself by this address.
    pub fn is_router(&self, address: Address) -> bool {
        self.routers.keys().any(|key| Address::V6(key.1) == address)
    }

    /// Who announces himself.
    pub fn stations(&self) -> impl Iterator<Item = Mac> {
        self.routers.keys().map(|key| key.2)
    }

    /// Who announces himself of late, in the order of stations.
    pub fn lately(&self, now: Timestamp) -> Vec<(Mac, Address)> {
        let here = self.routers.iter().filter(|(_, router)| now.since(router.last) <= ROUTERS_BESIDE.in_nanos());
        let mut all: Vec<(Mac, Address)> = here.map(|(key, _)| (key.2, Address::V6(key.1))).collect();
        all.arrange();
        all.dedup();
        all
    }

    /// Whether anybody announces himself.
    pub fn any(&self) -> bool {
        !self.routers.is_empty()
    }

    /// Routers beside one that was there before; `hosts` tells how many of a VLAN speak IPv6.
    pub fn second(&self, now: Timestamp, hosts: impl Fn(Option<u16>) -> u64) -> Vec<SecondRouterEvidence> {
        let mut out = Vec::new();
        let lately = |r: &Router| now.since(r.last) <= ROUTERS_BESIDE.in_nanos();
        for (&(domain, address, mac), router) in self.routers.iter().filter(|(key, r)| lately(r) && !is_virtual(key.2)) {
            let Some(since) = router.first else { continue };
            let older = self
                .routers
                .iter()
                .filter(|(key, r)| key.0 == domain && (key.1, key.2) != (address, mac) && since.since(r.last) <= ROUTERS_BESIDE.in_nanos())
                .filter_map(|(key, r)| Some((r.first?, key.1, key.2, r)))
                .min_by_key(|o| (o.0, o.1, o.2))
                .filter(|o| (o.0, o.1, o.2) < (since, address, mac));
            let Some((first, before, _, known)) = older else { continue };
            let alone = since.since(first).max(0);
            let differs = router.differs(known);
            if differs || alone >= ALONE.in_nanos() && now.since(since) <= SIGHT_HELD {
                let source = StationEvidence { mac, maker: None, count: router.count, last: router.last };
                let prefixes = [known, router].map(|r| r.prefixes.iter().next());
                let (span, alone) = (Episode { first: since, last: router.last }, alone as f64 / 1e9);
                out.push(SecondRouterEvidence {
                    vlan: domain.vlan,
                    router: address,
                    source,
                    before,
                    prefixes,
                    differs,
                    alone,
                    hosts: hosts(domain.vlan),
                    span,
                });
            }
        }
        out.arrange_by_key(|r| (r.vlan, r.router, r.source.mac));
        out.dedup_by_key(|r| (r.vlan, r.router, r.source.mac));
        out
    }
}
