//! Who claims which address, who is asked for in vain, and who floods.

use super::bounded::{LATELY_BIN, Lasting, Lately, Recent, entry, lately};
use super::claims::Claims;
use super::{BIN, MINUTE};
use crate::model::Arrange as _;
use crate::model::evidence::{
    ARP_ANSWERED, ARP_INSISTS, ARP_INSISTS_MOST, ARP_LASTS, ARP_OTHERS, ARP_RATE, ARP_REQUESTS, ARP_SILENT, ARP_STRETCHES, ARP_SWEEP,
    ARP_SWEEP_ANSWERED, ARP_TARGETS, ARP_VLAN_RATE, ArpStormEvidence, BetweenEvidence, ConflictEvidence, PROXY_ADDRESSES, SIGHT_BINS,
    SIGHT_HELD, StationEvidence, SweepEvidence, UnansweredEvidence,
};
use crate::model::latest::Latest;
use crate::model::limits::SIGHT_ASKERS;
use crate::model::time::SECOND;
use crate::model::{Address, BroadcastDomain, Episode, Mac, Sighting, Timestamp, wilson};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Addresses of others that a station claims as well, each of another one, while these go on to use them: it stands between them.
const BETWEEN: usize = 2;

/// Nanoseconds for which a station that answered for others is held to do so.
const PROXY_HELD: i64 = 3_600 * SECOND;

/// Most ARP packets a second for which two full bins are waited.
const SURELY: u64 = 1_000;

type InVlan<T> = (Option<u16>, T);

/// Who has an address is another question in each mirror session; who sends what is not, for a station is told by its hardware address.
type InDomain<T> = (BroadcastDomain, T);

/// An address that is asked for.
#[derive(Debug, Default)]
struct Target {
    /// Since it last answered: who asked for it within the last minute.
    askers: Vec<(Ipv4Addr, Recent)>,
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
    repliers: Latest<Ipv4Addr, SIGHT_ASKERS>,
    last: Timestamp,
}

/// A station that sends ARP packets.
#[derive(Debug, Default)]
struct Sender {
    sent: Recent,
    /// What it claims.
    addresses: Latest<Address, PROXY_ADDRESSES>,
    /// What it asks for, up to [`ARP_TARGETS`], in the order it began to.
    targets: Vec<Asked>,
    last: Timestamp,
}

/// An address that a station asks for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    target: Ipv4Addr,
    times: u32,
    /// When first, with no minute between two.
    first: Timestamp,
    /// The latest bin.
    bin: i64,
}

macro_rules! lasting {
    ($($kind:ty),*) => { $(impl Lasting for $kind { fn last(&self) -> Timestamp { self.last } })* };
}
lasting!(Target, Asker, Sender);

/// All that is known by ARP and neighbour advertisements.
#[derive(Debug, Default)]
pub(super) struct ArpLedger {
    claims: HashMap<InDomain<Address>, Claims>,
    targets: HashMap<InVlan<Ipv4Addr>, Target>,
    askers: HashMap<InVlan<Ipv4Addr>, Asker>,
    senders: HashMap<InVlan<Mac>, Sender>,
}

/// Addresses of redundant gateways, which belong to several devices: VRRP (RFC 9568) and CARP, HSRP, GLBP.
fn is_virtual(mac: Mac) -> bool {
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
        let (vlan, bin) = (seen.vlan, seen.last.0.div_euclid(BIN));
        // Replies are as many as those who ask want.
        if !is_reply || target == sender {
            let station = entry(&mut self.senders, (vlan, seen.source));
            station.last = station.last.max(seen.last);
            station.sent.add(bin, seen.count);
            if target != sender {
                station.asks(target, seen);
            }
        }
        // Whoever looks whether an address is free has none yet (RFC 5227 section 1.1).
        if sender.is_unspecified() {
            return;
        }
        let is_announcement = target == sender;
        let towards = (is_reply && !is_announcement).then_some(Address::V4(target));
        self.claim(seen, Address::V4(sender), mac, towards);
        let known = entry(&mut self.targets, (vlan, sender));
        known.last = known.last.max(seen.last);
        known.answered = Some((known.answered.map_or(seen.last, |a| a.0.max(seen.last)), mac));
        known.askers.clear();
        if is_reply && !is_announcement {
            let asker = entry(&mut self.askers, (vlan, target));
            asker.replies.add(seen.last.0.div_euclid(LATELY_BIN), seen.count);
            asker.repliers.note(sender, seen.last);
            asker.last = asker.last.max(seen.last);
        } else if !is_reply && !is_announcement {
            self.ask(seen, sender, target);
        }
    }

    fn ask(&mut self, seen: &Sighting, asker: Ipv4Addr, target: Ipv4Addr) {
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
        let station = entry(&mut self.senders, (seen.vlan, mac));
        station.last = station.last.max(seen.last);
        station.addresses.note(address, seen.last);
        entry(&mut self.claims, (seen.domain(), address)).note(seen, mac, towards);
    }

    /// Addresses that two stations claim in turn.
    pub fn conflicts(&self, now: Timestamp, is_needed: impl Fn(Address) -> bool) -> Vec<ConflictEvidence> {
        let is_proxy = |vlan, mac| self.senders.get(&(vlan, mac)).is_some_and(|s| s.is_proxy(now));
        let of = |(&(BroadcastDomain { vlan, .. }, address), claims): (&InDomain<Address>, &Claims)| {
            let (span, pair) = claims.conflict.filter(|(span, _)| now.since(span.last) <= SIGHT_HELD)?;
            let mut stations: Vec<StationEvidence> = claims.stations.iter().filter(|s| pair.contains(&s.mac)).copied().collect();
            stations.arrange_by_key(|s| s.mac);
            let are_own = !stations.iter().any(|s| is_proxy(vlan, s.mac));
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
        let is_proxy = |key: &InDomain<Mac>| self.senders.get(&(key.0.vlan, key.1)).is_some_and(|s| s.is_proxy(now));
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
            let is_between = others.len() >= BETWEEN && addresses.len() >= BETWEEN && !is_proxy(&key);
            is_between.then_some(BetweenEvidence {
                vlan: key.0.vlan,
                station,
                addresses,
                is_unasked: false,
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
        talks: impl Fn(Mac, Ipv4Addr) -> bool,
    ) -> Vec<UnansweredEvidence> {
        let [bin, long] = [BIN, LATELY_BIN].map(|length| now.0.saturating_sub(1).div_euclid(length));
        let vain = self.asked_in_vain(bin);
        let of = |(&(vlan, address), target): (&InVlan<Ipv4Addr>, &Target)| {
            let [mut requests, mut askers, mut others, mut replies, mut insisting, mut cut_off] = [0u64; 6];
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
                (requests, askers) = (requests.saturating_add(count), askers + 1);
                // Of whom no reply is seen that tells nothing.
                let besides = if who.shows(address) { who.requests.sum(long).saturating_sub(count) } else { 0 };
                (others, replies) = (others.saturating_add(besides), replies.saturating_add(seen_replies.min(besides)));
            }
            let heard = last_heard(Address::V4(address));
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
            let (last_answer, span) = (target.answered, Episode { first: target.first, last: target.last });
            let is_router = is_router(Address::V4(address));
            Some(UnansweredEvidence {
                vlan,
                address,
                requests,
                askers,
                last_answer,
                others: [others, replies],
                insisting,
                cut_off,
                elsewhere,
                is_router,
                span,
            })
        };
        let mut all: Vec<UnansweredEvidence> = self.targets.iter().filter_map(of).collect();
        all.arrange_by_key(|u| (u.vlan, u.address));
        all
    }

    /// How many addresses each host asks for in vain in the minute up to that bin.
    fn asked_in_vain(&self, bin: i64) -> HashMap<InVlan<Ipv4Addr>, usize> {
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
        let asks_for_it = |address: &Ipv4Addr| target.askers.iter().any(|(asker, _)| asker == address);
        let others = self.askers.iter().filter(|((of, address), _)| *of == vlan && !asks_for_it(address));
        let (asked, answered) = others.fold((0u64, 0u64), |(asked, answered), (_, who)| {
            let requests = who.requests.sum(long);
            (asked.saturating_add(requests), answered.saturating_add(who.replies.sum(long).min(requests)))
        });
        wilson(answered, asked).high < SEEN
    }

    /// The other VLAN in which an address asks in vain for somebody who asks for it in this one.
    fn asks_elsewhere(&self, vlan: Option<u16>, address: Ipv4Addr, asker: Ipv4Addr, bin: i64) -> Option<Option<u16>> {
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

    /// Hosts that look for whoever there is, and find few. `is_host` says of a station whether it surely is no router, which asks for whatever
    /// somebody outside wants; `is_bare` whether nothing but ARP is seen of it: a router sends something to those who answer.
    pub fn sweeps(
        &self,
        now: Timestamp,
        is_host: impl Fn(Option<u16>, Mac, Address) -> bool,
        is_bare: impl Fn(Mac) -> bool,
    ) -> Vec<SweepEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let of = |(&(vlan, mac), sender): (&InVlan<Mac>, &Sender)| {
            let mut own = sender.addresses.since(lately(now)).filter(|own| matches!(own, Address::V4(_)));
            let (Some(source @ Address::V4(address)), None) = (own.next(), own.next()) else { return None };
            let targets = sender.recent(bin).count();
            if targets < ARP_TARGETS {
                return None;
            }
            let answers = |asked: &&Asked| {
                let answered = self.targets.get(&(vlan, asked.target)).and_then(|t| t.answered);
                answered.is_some_and(|(at, _)| is_recent(at.0.div_euclid(BIN), bin))
            };
            let answered = sender.recent(bin).filter(answers).count();
            let shows = self
                .askers
                .get(&(vlan, address))
                .is_some_and(|asker| asker.replies.sum(now.0.saturating_sub(1).div_euclid(LATELY_BIN)) > 0);
            let is_host = is_host(vlan, mac, source) || shows && answered > 0 && is_bare(mac);
            if !is_host {
                return None;
            }
            // Where replies to it are not mirrored: who is answered does not ask again.
            let vain = if shows { targets.saturating_sub(answered) } else { sender.recent(bin).filter(|t| t.times > 1).count() };
            let follows = sender.recent(bin).zip(sender.recent(bin).skip(1));
            let ascending = follows.filter(|(a, b)| (1..=4).contains(&b.target.to_bits().wrapping_sub(a.target.to_bits()))).count();
            (vain as f64 > (1.0 - ARP_SWEEP_ANSWERED.value()) * targets as f64).then_some(SweepEvidence {
                vlan,
                source,
                station: StationEvidence { mac, maker: None, count: sender.sent.minute(bin), last: sender.last },
                targets: targets as u64,
                answered: answered as u64,
                in_order: ascending * 5 >= targets * 4,
                span: Episode { first: sender.sweeps_since(bin).unwrap_or(sender.last), last: sender.last },
            })
        };
        let mut all: Vec<SweepEvidence> = self.senders.iter().filter_map(of).collect();
        all.arrange_by_key(|s| (s.vlan, s.source, s.station.mac));
        all
    }

    /// Stations and VLANs that flood.
    pub fn storms(&self, now: Timestamp) -> Vec<ArpStormEvidence> {
        // The newest ten seconds that are over.
        let bin = now.0.div_euclid(BIN).saturating_sub(1);
        // It began with the stretch before, where that was one as well.
        let span = |before: bool| Episode { first: Timestamp(bin.saturating_sub(i64::from(before)).saturating_mul(BIN)), last: now };
        let mut vlans: HashMap<Option<u16>, Vec<(u64, Mac, &Sender)>> = HashMap::new();
        for (&(vlan, mac), sender) in self.senders.iter().filter(|(_, s)| s.sent.minute(bin) > 0) {
            vlans.entry(vlan).or_default().push((sender.sent.at(bin), mac, sender));
        }
        let mut out = Vec::new();
        for (vlan, mut senders) in vlans {
            senders.arrange_by_key(|s| (std::cmp::Reverse(s.0), s.1));
            let total = |bin| senders.iter().fold(0u64, |sum, s| sum.saturating_add(s.2.sent.at(bin)));
            let hosts = senders.len() as u64;
            let before = out.len();
            let mut sweeps = 0u64;
            for &(sent, mac, sender) in senders.iter().take_while(|s| s.0 > ARP_RATE.number() * 10) {
                if sender.is_sweep(bin) {
                    sweeps = sweeps.saturating_add(sent);
                    continue;
                }
                let median = senders.get(senders.len().div_ceil(2)).map_or(0, |s| s.0);
                let lasts = sent as f64 >= ARP_LASTS.value() * sender.sent.most(bin) as f64;
                let held = (0..ARP_STRETCHES.number() as i64).all(|back| sender.sent.at(bin.saturating_sub(back)) > ARP_RATE.number() * 10);
                let held = held && lasts || sent > SURELY * 10;
                if held && sent as f64 > ARP_OTHERS.value() * median as f64 {
                    let source = Some(StationEvidence { mac, maker: None, count: sender.sent.minute(bin), last: sender.last });
                    let (rate, median) = (sent as f64 / 10.0, median as f64 / 10.0);
                    let span = span(sender.sent.at(bin.saturating_sub(1)) > ARP_RATE.number() * 10);
                    out.push(ArpStormEvidence { vlan, source, rate, senders: hosts, median, span });
                }
            }
            let least = (ARP_VLAN_RATE.number() * 10).max(hosts.saturating_mul(10));
            let all = total(bin);
            let is_flood = |sent: u64| sent.saturating_sub(sweeps) > least;
            let held = (0..ARP_STRETCHES.number() as i64).all(|back| is_flood(total(bin.saturating_sub(back))));
            if out.len() == before && held && sweeps < all / 2 {
                out.push(ArpStormEvidence { vlan, source: None, rate: all as f64 / 10.0, senders: hosts, median: 0.0, span: span(true) });
            }
        }
        out.arrange_by_key(|s| (s.vlan, s.source.map(|s| s.mac)));
        out
    }
}

impl Asker {
    /// Whether the mirror would show this one's reply to it: it did before, or it shows those of several. Those of one may be seen because
    /// the mirror is that one's port.
    fn shows(&self, replier: Ipv4Addr) -> bool {
        self.repliers.len() > 1 || self.repliers.iter().any(|known| known == replier)
    }
}

impl Sender {
    fn asks(&mut self, target: Ipv4Addr, seen: &Sighting) {
        let (bin, count) = (seen.last.0.div_euclid(BIN), u32::try_from(seen.count).unwrap_or(u32::MAX));
        if let Some(known) = self.targets.iter_mut().find(|t| t.target == target) {
            let before = Some(*known).filter(|known| is_recent(known.bin, bin));
            (known.first, known.times) = before.map_or((seen.first, count), |before| (before.first, before.times.saturating_add(count)));
            known.bin = known.bin.max(bin);
            return;
        }
        if self.targets.len() >= ARP_TARGETS {
            self.targets.retain(|t| is_recent(t.bin, bin));
        }
        if self.targets.len() < ARP_TARGETS {
            self.targets.push(Asked { target, times: count, first: seen.first, bin });
        }
    }

    /// What it asked for in the minute up to and with that bin.
    fn recent(&self, bin: i64) -> impl Iterator<Item = &Asked> + Clone {
        self.targets.iter().filter(move |t| is_recent(t.bin, bin))
    }

    /// When it began to ask for one after the other, up to that bin: before that it asked for nothing new for a while.
    fn sweeps_since(&self, bin: i64) -> Option<Timestamp> {
        let mut begun: Vec<Timestamp> = self.recent(bin).map(|asked| asked.first).collect();
        begun.arrange_by_key(|first| std::cmp::Reverse(*first));
        let pauses = begun.iter().zip(begun.iter().skip(1)).position(|(later, before)| later.since(*before) > BIN);
        begun.get(pauses.unwrap_or(begun.len().saturating_sub(1))).copied()
    }

    /// It claims the addresses of many.
    fn is_proxy(&self, now: Timestamp) -> bool {
        self.addresses.since(Timestamp(now.0.saturating_sub(PROXY_HELD))).count() >= PROXY_ADDRESSES
    }

    /// It looks for whoever there is.
    fn is_sweep(&self, bin: i64) -> bool {
        self.recent(bin).count() >= ARP_TARGETS
    }
}

/// Whether a bin is of the last minute.
fn is_recent(of: i64, bin: i64) -> bool {
    bin.saturating_sub(of) < SIGHT_BINS as i64
}
