//! Who tells many hosts, without being asked, that it has an address that another station has; and who looks for an address that it says it has.
//!
//! Whoever answers for others (proxy ARP, a sleep proxy) is asked to. Whoever takes an address over tells everybody, and does not look for it.
//! Links that are bonded tell each host one of their MAC addresses: no host is told two, while one that is deceived still hears the owner.

use super::arp::is_virtual;
use super::bounded::{Lasting, Recent, entry};
use super::{BIN, MINUTE};
use crate::model::Arrange as _;
use crate::model::evidence::{
    ARP_UNASKED, BetweenEvidence, PRETENCE_ANSWERED, PRETENCE_HOSTS, PRETENCE_TOLD, Pretence, SIGHT_HELD, StationEvidence,
};
use crate::model::latest::Latest;
use crate::model::{Address, Episode, Mac, Sighting, Timestamp};
use hashbrown::HashMap;
use std::net::Ipv4Addr;

/// Hosts that are told the same, of which is remembered when they asked.
const TOLD: usize = PRETENCE_TOLD;

/// Stations that say to have one address, told apart.
const OWNERS: usize = 4;

/// What one station says of an address.
#[derive(Debug, Default)]
struct Claimant {
    /// Replies to hosts that did not ask shortly before.
    unasked: Recent,
    told: Latest<Ipv4Addr, TOLD>,
    /// Every single host that it told, asked or not.
    heard_by: Latest<Ipv4Addr, TOLD>,
    /// When it said so unasked first and last, to one or to everybody, with less than ten minutes between.
    span: Option<Episode>,
    /// When it told one host, without being asked, first.
    told_first: Option<Timestamp>,
    /// When it told a host so again that another station had told otherwise meanwhile.
    denied: Option<Timestamp>,
    /// When it looked for the address after it had said that it has it.
    looked: Option<Timestamp>,
    last: Timestamp,
}

impl Lasting for Claimant {
    fn last(&self) -> Timestamp {
        self.last
    }
}

/// Who asked for an address, and who said to have it.
#[derive(Debug, Default)]
struct Asked {
    hosts: Latest<Ipv4Addr, TOLD>,
    owners: Latest<Mac, OWNERS>,
    last: Timestamp,
}

impl Lasting for Asked {
    fn last(&self) -> Timestamp {
        self.last
    }
}

/// Who has, or says to have, an address: by VLAN, address and station.
#[derive(Debug, Default)]
pub(super) struct PretenceLedger {
    claimants: HashMap<(Option<u16>, Ipv4Addr, Mac), Claimant>,
    asked: HashMap<(Option<u16>, Ipv4Addr), Asked>,
}

impl PretenceLedger {
    /// Takes in an ARP packet that is no probe.
    pub fn take(&mut self, seen: &Sighting, is_reply: bool, (sender, mac): (Ipv4Addr, Mac), target: Ipv4Addr) {
        if is_virtual(mac) || mac.is_group() {
            return;
        }
        if !is_reply && target != sender {
            let asked = entry(&mut self.asked, (seen.vlan, target));
            asked.last = asked.last.max(seen.last);
            asked.hosts.note(sender, seen.last);
            if let Some(own) = self.claimants.get_mut(&(seen.vlan, target, mac)) {
                own.looked = Some(seen.last);
            }
            return;
        }
        let about = entry(&mut self.asked, (seen.vlan, sender));
        about.last = about.last.max(seen.last);
        about.owners.note(mac, seen.last);
        let is_announcement = target == sender || target.is_unspecified();
        if !is_announcement {
            entry(&mut self.claimants, (seen.vlan, sender, mac)).heard_by.note(target, seen.last);
        }
        // Who is asked says nothing of its own accord.
        if !is_announcement && about.hosts.since(seen.first.plus(-PRETENCE_ANSWERED)).any(|host| host == target) {
            return;
        }
        let is_denied = !is_announcement && self.is_told_otherwise((seen.vlan, sender, mac), target, seen.last);
        let claimant = entry(&mut self.claimants, (seen.vlan, sender, mac));
        if is_denied {
            claimant.denied = Some(seen.last);
        }
        claimant.last = claimant.last.max(seen.last);
        let first = claimant.span.filter(|span| seen.last.since(span.last) <= SIGHT_HELD).map_or(seen.first, |span| span.first);
        claimant.span = Some(Episode { first, last: seen.last });
        if !is_announcement {
            claimant.unasked.add(seen.last.0.div_euclid(BIN), seen.count);
            claimant.told.note(target, seen.last);
            claimant.told_first = claimant.told_first.or(Some(seen.first));
        }
    }

    /// Stations that pretend to have an address; `is_of_another` tells whether another one claims it as well, and has not handed it
    /// over, `asks_many` whether a station looks for many addresses, or has many.
    pub fn evidence(
        &self,
        now: Timestamp,
        is_needed: impl Fn(Address) -> bool,
        is_of_another: impl Fn(Option<u16>, Address, Mac) -> bool,
        asks_many: impl Fn(Option<u16>, Mac) -> bool,
    ) -> Vec<BetweenEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let of = |(&(vlan, address, mac), claimant): (&(Option<u16>, Ipv4Addr, Mac), &Claimant)| {
            let span = claimant.span.filter(|span| now.since(span.last) <= SIGHT_HELD)?;
            let others = |since: Timestamp| {
                let owners = self.asked.get(&(vlan, address)).into_iter().flat_map(move |about| about.owners.since(since));
                owners.filter(|owner| *owner != mac).count()
            };
            let looks = claimant.looks(|| others(span.first) == 0) && !asks_many(vlan, mac);
            let address = Address::V4(address);
            let unasked = claimant.unasked.minute(bin);
            let hosts = claimant.told.since(minute_before(now)).count();
            let tells = unasked >= ARP_UNASKED.number()
                && hosts >= PRETENCE_HOSTS
                && is_of_another(vlan, address, mac)
                && claimant.denied.is_some_and(|denied| denied >= span.first);
            let how = match tells {
                true => Pretence::Tells(hosts as u64),
                false if looks => Pretence::LooksForIt,
                false => return None,
            };
            let last = span.last.max(claimant.looked.unwrap_or(span.last));
            Some(BetweenEvidence {
                vlan,
                station: StationEvidence { mac, maker: None, count: unasked.max(1), last },
                addresses: vec![address],
                how,
                is_needed: is_needed(address),
                is_handed_over: false,
                span: Episode { first: span.first, last },
            })
        };
        let mut all: Vec<BetweenEvidence> = self.claimants.iter().filter_map(of).collect();
        all.arrange_by_key(|b| (b.vlan, b.station.mac, b.addresses.first().copied()));
        // One that claims several is told of once.
        all.dedup_by(|next, before| {
            let is_same = (next.vlan, next.station.mac) == (before.vlan, before.station.mac);
            if is_same {
                before.addresses.append(&mut next.addresses);
                before.is_needed |= next.is_needed;
                before.station.count = before.station.count.saturating_add(next.station.count);
                before.span = Episode { first: before.span.first.min(next.span.first), last: before.span.last.max(next.span.last) };
            }
            is_same
        });
        all
    }
}

impl PretenceLedger {
    /// Whether a station never said that it has an address but when it was asked.
    pub fn is_asked(&self, vlan: Option<u16>, address: Address, mac: Mac) -> bool {
        let Address::V4(address) = address else { return false };
        self.claimants.get(&(vlan, address, mac)).is_some_and(|own| own.span.is_none())
    }

    /// Whether a host was told by another station, of late and since a station began to say that it has an address, that it has it. Who takes an address
    /// over, and back, does so less often.
    fn is_told_otherwise(&self, (vlan, address, mac): (Option<u16>, Ipv4Addr, Mac), host: Ipv4Addr, now: Timestamp) -> bool {
        let Some(span) = self.claimants.get(&(vlan, address, mac)).and_then(|own| own.span) else { return false };
        let since = span.first.max(minute_before(now));
        let owners = self.asked.get(&(vlan, address)).into_iter().flat_map(|about| about.owners.since(since));
        let others = owners.filter(|owner| *owner != mac).filter_map(|owner| self.claimants.get(&(vlan, address, owner)));
        others.flat_map(|other| other.heard_by.since(since)).any(|told| told == host)
    }
}

impl Claimant {
    /// Whether it looked for what it had told one host, unasked, that it has; or goes on to tell everybody although it looked for it, and nobody else
    /// said meanwhile that it is back (`is_alone`).
    fn looks(&self, is_alone: impl Fn() -> bool) -> bool {
        let Some((looked, span)) = self.looked.zip(self.span) else { return false };
        self.told_first.is_some_and(|told| told < looked) || span.first < looked && looked < span.last && is_alone()
    }
}

fn minute_before(time: Timestamp) -> Timestamp {
    time.plus(-MINUTE)
}
