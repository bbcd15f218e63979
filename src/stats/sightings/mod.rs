//! How addresses are resolved, given out and announced, and what clocks say: seen seldom, and kept by address, station and server.
//!
//! A shard gathers sightings that are alike within a second of packet time ([`Gathering`]); the ledger takes them in second by second. Within one
//! nothing depends on their order.

mod arp;
pub(in crate::stats) mod bounded;
mod claims;
mod clocks;
mod datagrams;
mod dhcp;
mod gathering;
mod insistence;
mod pretence;
mod probes;
mod redirects;
mod routers;
#[cfg(test)]
mod tests;

pub use gathering::Gathering;

use crate::model::Arrange as _;
use crate::model::evidence::{BetweenEvidence, ConflictEvidence, Pretence, SIGHT_BINS, SightingEvidence};
use crate::model::time::SECOND;
use crate::model::{Address, Mac, Sight, Sighting, Timestamp};
use arp::ArpLedger;
use clocks::ClockLedger;
use datagrams::{Datagram, DatagramLedger};
use dhcp::DhcpLedger;
use insistence::InsistenceLedger;
use pretence::PretenceLedger;
use probes::ProbeLedger;
use redirects::RedirectLedger;
use routers::RouterLedger;
use std::collections::BTreeSet;

/// Nanoseconds of packet time in which sightings are counted together.
const BIN: i64 = 10 * SECOND;

/// A minute.
const MINUTE: i64 = SIGHT_BINS as i64 * BIN;

/// What is known of a station beside what it says of addresses.
#[derive(Debug, Clone, Copy, Default)]
pub struct StationUse {
    /// The only address that it connects to others from.
    pub speaks_for: Option<Address>,
    /// It sends for several.
    pub routes: bool,
    /// Nothing but ARP is seen of it.
    pub is_bare: bool,
}

/// Everything known of what is seen seldom.
#[derive(Debug, Default)]
pub struct SightingLedger {
    arp: ArpLedger,
    insistence: InsistenceLedger,
    pretence: PretenceLedger,
    probes: ProbeLedger,
    dhcp: DhcpLedger,
    routers: RouterLedger,
    clocks: ClockLedger,
    datagrams: DatagramLedger,
    redirects: RedirectLedger,
}

impl SightingLedger {
    /// Bytes of what is kept of one address, station, client or server at most, and how many kinds of them there are.
    #[cfg(test)]
    pub const BYTES: usize = 1_536;

    /// Bytes of an address that somebody looks for before using it.
    #[cfg(test)]
    pub const PROBED_BYTES: usize = 512;

    /// Takes in a sighting.
    pub fn take(&mut self, seen: &Sighting) {
        match &seen.what {
            Sight::Arp { is_reply, sender, sender_mac, target } => {
                // Who announces an address, or tells somebody who has none that he has it.
                let defends = target == sender || *is_reply && target.is_unspecified();
                if !sender.is_unspecified() && defends {
                    self.probes.answer(seen, Address::V4(*sender), *sender_mac);
                }
                if target != sender && !sender.is_unspecified() {
                    self.insistence.take(seen, *is_reply, (*sender, *sender_mac), *target);
                }
                if !sender.is_unspecified() {
                    self.pretence.take(seen, *is_reply, (*sender, *sender_mac), *target);
                }
                self.arp.take(seen, *is_reply, (*sender, *sender_mac), *target);
            }
            &Sight::Solicitation { asker, target, is_to_many } => self.arp.solicit(seen, asker, target, is_to_many),
            &Sight::Advertisement { address, mac, asker, overrides } => {
                if overrides && asker.is_multicast() {
                    self.probes.answer(seen, Address::V6(address), mac);
                }
                self.arp.advertise(seen, (address, mac), asker, overrides);
            }
            &Sight::Probe { address } => self.probes.probe(seen, address),
            Sight::Router { source, lifetime, flags, prefix } => self.routers.take(seen, *source, (*lifetime, *flags), *prefix),
            Sight::Dhcp(message) => self.dhcp.take(seen, message),
            &Sight::Datagram { from, to, protocol, is_whole, is_dns, pieces } => {
                self.datagrams.take(seen, &Datagram { ends: [from, to], protocol, is_whole, is_dns, pieces });
            }
            Sight::Clock(answer) => self.clocks.take(seen, answer),
            &Sight::Redirect { router, host, target, gateway } => self.redirects.take(seen, router, host, (target, gateway)),
            // Of stations, VLANs and groups: the switch's.
            Sight::ArpCopy { .. } | Sight::Place { .. } | Sight::Join { .. } | Sight::Leave { .. } => {}
            // Who looks for hosts is kept beside those who look for services.
            Sight::Echo { .. } => {}
        }
    }

    /// Who claimed which address, in the order of stations.
    pub fn addresses(&self) -> Vec<(Mac, Address)> {
        self.arp.owners()
    }

    /// Stations that announced themselves as routers to hosts of IPv6, and did not take it back.
    pub fn routers(&self) -> Vec<Mac> {
        self.routers.stations().collect()
    }

    /// Whether a host gives out addresses.
    pub fn gives_addresses(&self, host: Address) -> bool {
        self.dhcp.is_server(host)
    }

    /// Addresses that are claimed of late, and of them those that two stations claim in turn, each of which claims that one alone: the first
    /// number is of the latter.
    pub fn doubled(&self, now: Timestamp) -> [u64; 2] {
        self.arp.doubled(now)
    }

    /// Whether a station attracts by ARP at `now` what it sends on: by the station and to whom it sends. One that claims the addresses of several
    /// others attracts everything.
    pub fn attracts(&self, now: Timestamp) -> impl Fn([Mac; 2]) -> bool {
        let between: BTreeSet<Mac> =
            self.between(now, |_| false).into_iter().filter(|b| !b.is_handed_over).map(|b| b.station.mac).collect();
        let conflicts = self.conflicts(now, |_| false);
        move |[station, to]| {
            let claim_one = |c: &ConflictEvidence| [station, to].iter().all(|mac| c.stations.iter().any(|s| s.mac == *mac));
            between.contains(&station) || conflicts.iter().any(claim_one)
        }
    }

    /// Addresses that two stations claim in turn.
    fn conflicts(&self, now: Timestamp, is_needed: impl Fn(Address) -> bool) -> Vec<ConflictEvidence> {
        self.arp.conflicts(now, is_needed, |vlan, address, askers| self.insistence.asks_again(vlan, address, askers, now))
    }

    /// Stations that claim addresses of several others: whose owners go on to claim them, or who are told so about each other.
    fn between(&self, now: Timestamp, is_needed: impl Fn(Address) -> bool) -> Vec<BetweenEvidence> {
        let mut all = self.arp.between(now, &is_needed);
        // Who tells somebody who did not ask does not answer for others.
        for known in all.iter_mut().filter(|known| known.how == Pretence::Answers) {
            if !known.addresses.iter().all(|address| self.pretence.is_asked(known.vlan, *address, known.station.mac)) {
                known.how = Pretence::Used;
            }
        }
        let is_of_another = |vlan, address, mac| self.arp.is_of_another(vlan, address, mac, now);
        let pretended = self.pretence.evidence(now, &is_needed, is_of_another, |vlan, mac| self.arp.asks_many(vlan, mac, now));
        for told in self.insistence.evidence(now, &is_needed).into_iter().chain(pretended) {
            if !all.iter().any(|known| (known.vlan, known.station.mac) == (told.vlan, told.station.mac)) {
                all.push(told);
            }
        }
        all.arrange_by_key(|b| (b.vlan, b.station.mac));
        all
    }

    /// What findings rest on at `now`; `last_heard` tells when a host was last seen to answer anybody, `is_server` whether others use it,
    /// `of_station` what a station is used for.
    pub fn evidence(
        &self,
        now: Timestamp,
        last_heard: impl Fn(Address) -> Option<Timestamp>,
        is_server: impl Fn(Address) -> bool,
        of_station: impl Fn(Mac) -> StationUse,
    ) -> SightingEvidence {
        let is_router = |address| self.dhcp.is_router(address) || self.routers.is_router(address);
        let told = |address| match address {
            Address::V6(_) => self.routers.any(),
            _ => self.dhcp.tells_routers(),
        };
        let is_host =
            |vlan, mac, address| !is_router(address) && (self.dhcp.is_served(vlan, mac) || of_station(mac).speaks_for == Some(address));
        let is_used = |server, mac| is_server(Address::V4(server)) || of_station(mac).routes;
        let second_servers = self.dhcp.second_servers(now, is_used);
        let routers = self.arp.of_routers(now, |mac| of_station(mac).routes);
        let is_needed = |address| is_router(address) || is_server(address) || routers.contains(&address);
        SightingEvidence {
            conflicts: self.conflicts(now, is_needed),
            between: self.between(now, is_needed),
            probed: self.probes.evidence(now, |vlan, mac| arp::is_virtual(mac) || self.arp.is_proxy(vlan, mac, now)),
            unanswered: self.arp.unanswered(now, is_router, &last_heard, |mac, address| {
                of_station(mac).speaks_for.is_some() || last_heard(address).is_some()
            }),
            storms: self.arp.storms(now),
            dhcp: self.dhcp.waiting(now, &second_servers),
            dhcp_floods: self.dhcp.floods(now),
            second_servers,
            second_routers: self.routers.second(now, |vlan| self.arp.speakers_of_ipv6(vlan, |address| !is_router(address))),
            routers: self.routers.lately(now),
            fragments: self.datagrams.evidence(now),
            clocks: self.clocks.wrong(now),
            redirects: self.redirects.evidence(
                now,
                |address| told(address).then(|| is_router(address)),
                |vlan, address| if is_router(address) { Some(true) } else { self.arp.is_known(vlan, address) },
            ),
            sweeps: self.arp.sweeps(now, is_host, |mac| of_station(mac).is_bare, |address| last_heard(address).is_some()),
        }
    }
}
