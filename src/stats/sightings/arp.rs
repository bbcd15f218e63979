//! Who claims which address, who is asked for in vain, and who floods.

mod floods;

use super::bounded::{LATELY_BIN, Lasting, Lately, Recent, entry, lately};
use super::claims::Claims;
use super::{BIN, MINUTE};
use crate::model::Arrange as _;
use crate::model::evidence::{
    ARP_ANSWERED, ARP_INSISTS, ARP_INSISTS_MOST, ARP_REQUESTS, ARP_SILENT, ARP_SWEEP, BetweenEvidence, ConflictEvidence, PROXY_ADDRESSES,
    Pretence, SIGHT_HELD, StationEvidence, UnansweredEvidence,
};
use crate::model::latest::Latest;
use crate::model::limits::SIGHT_ASKERS;
use crate::model::time::SECOND;
use crate::model::{Address, BroadcastDomain, Episode, Mac, Sighting, Timestamp, wilson};
use floods::Sender;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Addresses of others that a station claims as well, each of another one, while these go on to use them: it stands between them.
const BETWEEN: usize = 2;

type InVlan<T> = (Option<u16>, T);

/// Who has an address is another question in each mirror session; who sends what is not, for a station is told by its hardware address.
type InDomain<T> = (BroadcastDomain, T);

/// The version of IP whose addresses are resolved: by ARP those of IPv4, by neighbour discovery those of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(address: Address) -> Self {
        if matches!(address, Address::V4(_)) { Self::V4 } else { Self::V6 }
    }
}

/// An address that is asked for.
#[derive(Debug, Default)]
struct Target {
    /// Since it last answered: who asked for it within the last minute.
    askers: Vec<(Address, Recent)>,
    /// When the first of them began to, or others before them of whom these took over.
    first: Timestamp,
    answered: Option<(Timestamp, Mac)>,
    last: Timestamp,
}

/// Share of requests that are seen to be answered below which replies are surely not all seen.
const SEEN: f64 = 0.5;

/// A host that asks for others.
#[derive(Debug, Default)]
struct Asker {
    station: Mac,
    requests: Lately,
    replies: Lately,
    /// Whose replies to it are seen.
    repliers: Latest<Address, SIGHT_ASKERS>,
    last: Timestamp,
}

macro_rules! lasting {
    ($($kind:ty),*) => { $(impl Lasting for $kind { fn last(&self) -> Timestamp { self.last } })* };
}
lasting!(Target, Asker, Sender);

/// All that is known by ARP and neighbour discovery.
#[derive(Debug, Default)]
pub(super) struct ArpLedger {
    claims: HashMap<InDomain<Address>, Claims>,
    targets: HashMap<InVlan<Address>, Target>,
    askers: HashMap<InVlan<Address>, Asker>,
    /// By what they speak: ARP, or neighbour discovery.
    senders: HashMap<InVlan<(Mac, Family)>, Sender>,
}

/// Addresses of redundant gateways, which belong to several devices: VRRP (RFC 9568) and CARP, HSRP, GLBP.
pub(super) fn is_virtual(mac: Mac) -> bool {
    matches!(
        mac.0,
        [0, 0, 0x5e, 0, 1 | 2, _]
            | [0, 0, 0x0c, 0x07, 0xac, _]
            | [0, 0, 0x0c, 0x9f, 0xf0..=0xff, _]
            | [0, 5, 0x73, 0xa0, ..]
            | [0, 7, 0xb4, ..]
    )
}

impl ArpLedger {
    /// How many addresses, targets, hosts that ask and stations are known.
    #[cfg(test)]
    pub fn counts(&self) -> [usize; 4] {
        [self.claims.len(), self.targets.len(), self.askers.len(), self.senders.len()]
    }

    /// Who claimed which address, in the order of stations.
    pub fn owners(&self) -> Vec<(Mac, Address)> {
        let of = |(key, claims): (&InDomain<Address>, &Claims)| claims.stations.iter().map(|s| (s.mac, key.1)).collect::<Vec<_>>();
        let mut all: Vec<(Mac, Address)> = self.claims.iter().flat_map(of).collect();
        all.arrange();
        all.dedup();
        all
    }

    /// Stations of a VLAN that claim addresses of IPv6, as far as `counts` says so of these.
    pub fn speakers_of_ipv6(&self, vlan: Option<u16>, counts: impl Fn(Address) -> bool) -> u64 {
        let here = self.claims.iter().filter(|((of, address), _)| of.vlan == vlan && matches!(address, Address::V6(_)) && counts(*address));
        let mut stations: Vec<Mac> = here.flat_map(|(_, claims)| claims.stations.iter().map(|s| s.mac)).collect();
        stations.arrange();
        stations.dedup();
        stations.len() as u64
    }

    /// Takes in an ARP packet.
    pub fn take(&mut self, seen: &Sighting, is_reply: bool, (sender, mac): (Ipv4Addr, Mac), target: Ipv4Addr) {
        let (sender, target, is_probe) = (Address::V4(sender), Address::V4(target), sender.is_unspecified());
        let is_announcement = target == sender;
        // Replies are as many as those who ask want.
        if !is_reply || is_announcement {
            self.send(seen, Some(target).filter(|_| !is_announcement), Family::V4);
        }
        // Whoever looks whether an address is free has none yet (RFC 5227 section 1.1).
        if is_probe {
            return;
        }
        self.claim(seen, sender, mac, Some(target).filter(|_| is_reply && !is_announcement));
        self.hear(seen, sender, mac);
        if is_reply && !is_announcement {
            self.reply(seen, sender, target);
        } else if !is_announcement {
            self.ask(seen, sender, target);
        }
    }

    /// Takes in a neighbour solicitation. One to the address itself, which looks whether it is still there, bothers nobody else.
    pub fn solicit(&mut self, seen: &Sighting, asker: Ipv6Addr, target: Ipv6Addr, is_to_many: bool) {
        let (sender, target) = (Address::V6(asker), Address::V6(target));
        if is_to_many {
            self.send(seen, Some(target), Family::V6);
        }
        // Whoever looks whether an address is free has none yet (RFC 4862 section 5.4.2).
        if !asker.is_unspecified() {
            self.hear(seen, sender, seen.source);
            self.ask(seen, sender, target);
        }
    }

    /// Takes in a neighbour advertisement: with the override flag others are to believe it, and so it claims the address.
    pub fn advertise(&mut self, seen: &Sighting, (address, mac): (Ipv6Addr, Mac), asker: Ipv6Addr, overrides: bool) {
        let (address, to) = (Address::V6(address), Address::V6(asker));
        if overrides {
            self.claim(seen, address, mac, Some(to));
        }
        self.hear(seen, address, mac);
        if !asker.is_multicast() {
            self.reply(seen, address, to);
        }
    }

    /// A station sends to everybody: it asks for an address, or announces one.
    fn send(&mut self, seen: &Sighting, target: Option<Address>, family: Family) {
        let bin = seen.last.0.div_euclid(BIN);
        let station = entry(&mut self.senders, (seen.vlan, (seen.source, family)));
        station.last = station.last.max(seen.last);
        station.sent.add(bin, seen.count);
        if let Some(target) = target {
            station.asks(target, seen);
        }
    }

    /// An address is there.
    fn hear(&mut self, seen: &Sighting, address: Address, mac: Mac) {
        let known = entry(&mut self.targets, (seen.vlan, address));
        known.last = known.last.max(seen.last);
        known.answered = Some((known.answered.map_or(seen.last, |a| a.0.max(seen.last)), mac));
        known.askers.clear();
    }

    /// An address answers one who asked for it.
    fn reply(&mut self, seen: &Sighting, address: Address, to: Address) {
        let asker = entry(&mut self.askers, (seen.vlan, to));
        asker.replies.add(seen.last.0.div_euclid(LATELY_BIN), seen.count);
        asker.repliers.note(address, seen.last);
        asker.last = asker.last.max(seen.last);
    }

    fn ask(&mut self, seen: &Sighting, asker: Address, target: Address) {
        let who = entry(&mut self.askers, (seen.vlan, asker));
        who.station = seen.source;
        who.requests.add(seen.last.0.div_euclid(LATELY_BIN), seen.count);
        who.last = who.last.max(seen.last);
        let asked = entry(&mut self.targets, (seen.vlan, target));
        asked.last = asked.last.max(seen.last);
        // It answered within the same second.
        if asked.answered.is_some_and(|(answered, _)| answered >= seen.first) {
            return;
        }
        // Who does not ask any more makes room; where nobody does, it is asked for anew.
        let bin = asked.last.0.div_euclid(BIN);
        asked.askers.retain(|(_, recent)| recent.minute(bin) > 0);
        if asked.askers.is_empty() {
            asked.first = seen.first;
        }
        let bin = seen.last.0.div_euclid(BIN);
        if let Some((_, recent)) = asked.askers.iter_mut().find(|(address, _)| *address == asker) {
            recent.add(bin, seen.count);
        } else if asked.askers.len() < SIGHT_ASKERS {
            let mut recent = Recent::default();
            recent.add(bin, seen.count);
            asked.askers.push((asker, recent));
        }
    }

    /// A station claims an address, towards somebody or everybody.
    pub fn claim(&mut self, seen: &Sighting, address: Address, mac: Mac, towards: Option<Address>) {
        if is_virtual(mac) || mac.is_group() {
            return;
        }
        let station = entry(&mut self.senders, (seen.vlan, (mac, Family::of(address))));
        station.last = station.last.max(seen.last);
        station.addresses.note(address, seen.last);
        entry(&mut self.claims, (seen.domain(), address)).note(seen, mac, towards);
    }

    /// Whether a station claims the addresses of many.
    pub fn is_proxy(&self, vlan: Option<u16>, mac: Mac, now: Timestamp) -> bool {
        let known = [Family::V4, Family::V6].map(|family| self.senders.get(&(vlan, (mac, family))));
        known.into_iter().flatten().any(|sender| sender.is_proxy(now))
    }

    /// Whether a station looks for many addresses, or claims many.
    pub fn asks_many(&self, vlan: Option<u16>, mac: Mac, now: Timestamp) -> bool {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let looks = self.senders.get(&(vlan, (mac, Family::V4))).is_some_and(|sender| sender.is_sweep(bin));
        looks || self.is_proxy(vlan, mac, now)
    }

    /// Whether another station than this one claims an address as well, and they do not hand it over to each other.
    pub fn is_of_another(&self, vlan: Option<u16>, address: Address, mac: Mac, now: Timestamp) -> bool {
        let of_address = self.claims.iter().filter(|((domain, of), _)| (domain.vlan, *of) == (vlan, address));
        let is_other = |s: &StationEvidence| s.mac != mac && now.since(s.last) <= SIGHT_HELD && !self.is_proxy(vlan, s.mac, now);
        of_address.filter(|(_, claims)| !claims.is_handed_over()).any(|(_, claims)| claims.stations.iter().any(is_other))
    }

    /// Whether what is asked from an address is seen to be answered: then so would be what its second owner replies.
    fn is_answered(&self, vlan: Option<u16>, address: Address, now: Timestamp) -> bool {
        let long = now.0.saturating_sub(1).div_euclid(LATELY_BIN);
        self.askers.get(&(vlan, address)).is_some_and(|asker| asker.replies.sum(long) > 0)
    }

    /// The router's address of a station: the only one that it claims, where it sends for others, or others send to it for others (`routes`).
    pub fn of_routers(&self, now: Timestamp, routes: impl Fn(Mac) -> bool) -> BTreeSet<Address> {
        let own = |((_, (mac, _)), sender): (&InVlan<(Mac, Family)>, &Sender)| {
            let mut own = sender.addresses.since(lately(now));
            own.next().filter(|_| own.next().is_none() && routes(*mac))
        };
        self.senders.iter().filter_map(own).collect()
    }

    /// Addresses that two stations claim in turn; `insists` tells whether from such an address the same is asked again and again, as so many stations
    /// do not that only want to know.
    pub fn conflicts(
        &self,
        now: Timestamp,
        is_needed: impl Fn(Address) -> bool,
        insists: impl Fn(Option<u16>, Address, u64) -> bool,
    ) -> Vec<ConflictEvidence> {
        let of = |(&(BroadcastDomain { vlan, .. }, address), claims): (&InDomain<Address>, &Claims)| {
            let (span, pair) = claims.conflict.filter(|(span, _)| now.since(span.last) <= SIGHT_HELD)?;
            let mut stations: Vec<StationEvidence> = claims.stations.iter().filter(|s| pair.contains(&s.mac)).copied().collect();
            stations.arrange_by_key(|s| s.mac);
            let is_shared =
                || claims.is_answered_by_one() && self.is_answered(vlan, address, now) && !insists(vlan, address, claims.askers().max(2));
            let are_own = !stations.iter().any(|s| self.is_proxy(vlan, s.mac, now)) && !is_shared();
            let is_handed_over = claims.is_handed_over();
            are_own.then(|| ConflictEvidence { vlan, address, stations, is_needed: is_needed(address), is_handed_over, span })
        };
        let mut all: Vec<ConflictEvidence> = self.claims.iter().filter_map(of).collect();
        all.arrange_by_key(|c| (c.vlan, c.address, c.stations.iter().map(|s| (s.mac, s.count)).collect::<Vec<_>>()));
        // Two sessions may show the same two.
        all.dedup_by_key(|c| (c.vlan, c.address));
        all
    }

    /// See [`super::SightingLedger::doubled`].
    pub fn doubled(&self, now: Timestamp) -> [u64; 2] {
        let lately = |at: Timestamp| now.since(at) <= SIGHT_HELD;
        let claimed = || self.claims.values().filter(|claims| lately(claims.last));
        // One that claims several pretends to be them, or answers for them.
        let mut claims: HashMap<Mac, u64> = HashMap::new();
        claimed().flat_map(|known| &known.stations).filter(|s| lately(s.last)).for_each(|s| *claims.entry(s.mac).or_default() += 1);
        let is_doubled = |known: &&Claims| {
            let here = || known.stations.iter().filter(|s| lately(s.last));
            let in_turn = known.changes.iter().all(|change| change.at != Timestamp::default() && lately(change.at));
            in_turn && here().count() > 1 && here().all(|s| claims.get(&s.mac) == Some(&1)) && !known.is_handed_over()
        };
        [claimed().filter(is_doubled).count() as u64, claimed().count() as u64]
    }

    /// Stations that claim addresses of several others, who go on to use them.
    pub fn between(&self, now: Timestamp, is_needed: impl Fn(Address) -> bool) -> Vec<BetweenEvidence> {
        let mut claims: BTreeMap<InDomain<Mac>, Vec<(Address, StationEvidence, Mac)>> = BTreeMap::new();
        for (&(domain, address), known) in self.claims.iter().filter(|(_, known)| now.since(known.last) <= SIGHT_HELD) {
            let Some([a, b]) = known.rivals() else { continue };
            for (one, other) in [(a, b), (b, a)] {
                claims.entry((domain, one.mac)).or_default().push((address, one, other.mac));
            }
        }
        let of = |(key, mut own): (InDomain<Mac>, Vec<(Address, StationEvidence, Mac)>)| {
            own.arrange_by_key(|(address, ..)| *address);
            let mut others: Vec<Mac> = own.iter().map(|(.., other)| *other).collect();
            others.arrange();
            others.dedup();
            let (_, station, _) = *own.first()?;
            let last = own.iter().map(|(_, s, _)| s.last).max()?;
            let count = own.iter().fold(0u64, |sum, (_, s, _)| sum.saturating_add(s.count));
            let claims = || own.iter().filter_map(|(address, ..)| self.claims.get(&(key.0, *address)));
            let is_handed_over = claims().all(Claims::is_handed_over);
            let span = Episode { first: claims().flat_map(|known| known.changes).map(|change| change.at).min().unwrap_or(last), last };
            let addresses: Vec<Address> = own.iter().map(|(address, ..)| *address).collect();
            let is_needed = addresses.iter().any(|address| is_needed(*address));
            let station = StationEvidence { count, last, ..station };
            // Who only answers for others is asked to; it announces nobody.
            let announced = claims().filter(|known| known.is_announced_by(key.1)).count();
            let is_proxy = self.is_proxy(key.0.vlan, key.1, now) && announced < BETWEEN;
            let is_between = others.len() >= BETWEEN && addresses.len() >= BETWEEN && !is_proxy;
            is_between.then_some(BetweenEvidence {
                vlan: key.0.vlan,
                station,
                addresses,
                how: if claims().all(|known| known.only_replies(key.1)) { Pretence::Answers } else { Pretence::Used },
                is_needed,
                is_handed_over,
                span,
            })
        };
        let mut all: Vec<BetweenEvidence> = claims.into_iter().filter_map(of).collect();
        all.arrange_by_key(|b| (b.vlan, b.station.mac));
        all.dedup_by_key(|b| (b.vlan, b.station.mac));
        all
    }

    /// Addresses that are asked for in vain: by those whose other requests are seen to be answered, or that ask so often as nobody does who is
    /// answered. `talks` says of a station and its address whether it is heard beside ARP.
    pub fn unanswered(
        &self,
        now: Timestamp,
        is_router: impl Fn(Address) -> bool,
        last_heard: impl Fn(Address) -> Option<Timestamp>,
        talks: impl Fn(Mac, Address) -> bool,
    ) -> Vec<UnansweredEvidence> {
        let [bin, long] = [BIN, LATELY_BIN].map(|length| now.0.saturating_sub(1).div_euclid(length));
        let vain = self.asked_in_vain(bin);
        let of = |(&(vlan, address), target): (&InVlan<Address>, &Target)| {
            let ([mut requests, mut others, mut replies, mut insisting, mut cut_off], mut askers) = ([0u64; 5], BTreeSet::new());
            let most = u64::try_from(now.since(target.first).min(MINUTE) / SECOND * ARP_INSISTS_MOST).unwrap_or(0);
            for (asker, recent) in &target.askers {
                let (count, key) = (recent.minute(bin), (vlan, *asker));
                let in_vain = vain.get(&key).copied().unwrap_or(0);
                let insists = in_vain == 1 && (ARP_INSISTS.number()..=most).contains(&count);
                let Some(who) = self.askers.get(&key).filter(|who| count > 0 && (who.shows(address) || insists)) else { continue };
                if in_vain > ARP_SWEEP.number() as usize {
                    continue;
                }
                insisting += u64::from(insists);
                let seen_replies = who.replies.sum(long);
                cut_off += u64::from(insists && seen_replies == 0 && !talks(who.station, *asker));
                askers.insert(who.host(*asker));
                // Of whom no reply is seen that tells nothing.
                let besides = if who.shows(address) { who.requests.sum(long).saturating_sub(count) } else { 0 };
                (requests, others) = (requests.saturating_add(count), others.saturating_add(besides));
                replies = replies.saturating_add(seen_replies.min(besides));
            }
            let heard = last_heard(address);
            let is_silent = heard.is_none_or(|heard| heard < target.first) && now.since(target.first) >= ARP_SILENT.in_nanos();
            // What follows looks through all addresses: of those only for which the rest holds.
            (requests >= ARP_REQUESTS.number() && is_silent).then_some(())?;
            let elsewhere = target.askers.iter().find_map(|(asker, _)| Some((*asker, self.asks_elsewhere(vlan, address, *asker, bin)?)));
            // Who was heard may answer where the mirror does not show it.
            let insist = insisting > 0 && (heard.is_none() || elsewhere.is_some()) && !self.hides_replies(vlan, target, long);
            let is_sure = insist || wilson(replies, others).low > ARP_ANSWERED.value();
            // Of two who look for each other one is enough.
            if !is_sure || elsewhere.is_some_and(|(_, other)| other < vlan) {
                return None;
            }
            Some(UnansweredEvidence {
                vlan,
                address,
                requests,
                askers: askers.len() as u64,
                last_answer: target.answered,
                last_heard: heard,
                others: [others, replies],
                insisting,
                cut_off,
                elsewhere,
                is_router: is_router(address),
                span: Episode { first: target.first, last: target.last },
            })
        };
        let mut all: Vec<UnansweredEvidence> = self.targets.iter().filter_map(of).collect();
        all.arrange_by_key(|u| (u.vlan, u.address));
        all
    }

    /// How many addresses each host asks for in vain in the minute up to that bin.
    fn asked_in_vain(&self, bin: i64) -> HashMap<InVlan<Address>, usize> {
        let mut vain = HashMap::new();
        for (&(vlan, _), target) in &self.targets {
            for (asker, _) in target.askers.iter().filter(|(_, recent)| recent.minute(bin) > 0) {
                *vain.entry((vlan, *asker)).or_default() += 1;
            }
        }
        vain
    }

    /// Whether those who ask for others get no answer that is seen here either: replies go from station to station, where not every port has them.
    fn hides_replies(&self, vlan: Option<u16>, target: &Target, long: i64) -> bool {
        let asks_for_it = |address: &Address| target.askers.iter().any(|(asker, _)| asker == address);
        let others = self.askers.iter().filter(|((of, address), _)| *of == vlan && !asks_for_it(address));
        let (asked, answered) = others.fold((0u64, 0u64), |(asked, answered), (_, who)| {
            let requests = who.requests.sum(long);
            (asked.saturating_add(requests), answered.saturating_add(who.replies.sum(long).min(requests)))
        });
        wilson(answered, asked).high < SEEN
    }

    /// The other VLAN in which an address asks in vain for somebody who asks for it in this one.
    fn asks_elsewhere(&self, vlan: Option<u16>, address: Address, asker: Address, bin: i64) -> Option<Option<u16>> {
        // Of the same address of a link there may be one in each of them.
        (!is_of_link(address) && !is_of_link(asker)).then_some(())?;
        let asks = |target: &Target| target.askers.iter().any(|(who, recent)| *who == address && recent.minute(bin) > 0);
        let others = self.targets.iter().filter(|((of, target), _)| *of != vlan && *target == asker);
        others.filter(|(_, target)| asks(target)).map(|((of, _), _)| *of).min()
    }

    /// Whether an address was ever claimed; `None` where so few are that this says nothing.
    pub fn is_known(&self, vlan: Option<u16>, address: Address) -> Option<bool> {
        let is_claimed = self.claims.keys().any(|key| (key.0.vlan, key.1) == (vlan, address));
        let others = || self.claims.keys().filter(|key| key.0.vlan == vlan).take(PROXY_ADDRESSES).count();
        (is_claimed || others() >= PROXY_ADDRESSES).then_some(is_claimed)
    }
}

impl Asker {
    /// Which host it is that asks from an address: of IPv6 one asks from any of those that it has (RFC 4861 section 7.2.2).
    fn host(&self, address: Address) -> (Option<Address>, Mac) {
        (Some(address).filter(|address| matches!(address, Address::V4(_))), self.station)
    }

    /// Whether the mirror would show this one's reply to it: it did before, or it shows those of several. Those of one may be seen because
    /// the mirror is that one's port.
    fn shows(&self, replier: Address) -> bool {
        self.repliers.len() > 1 || self.repliers.iter().any(|known| known == replier)
    }
}

/// Whether an address means something on its link only (RFC 4291 section 2.5.6).
fn is_of_link(address: Address) -> bool {
    matches!(address, Address::V6(v6) if v6.is_unicast_link_local())
}
