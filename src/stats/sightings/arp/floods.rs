//! Stations that send to everybody: whoever looks for all there are, and whoever floods.

use super::super::BIN;
use super::super::bounded::{LATELY_BIN, Recent, lately};
use super::{ArpLedger, Family, InVlan};
use crate::model::Arrange as _;
use crate::model::evidence::{
    ARP_LASTS, ARP_OTHERS, ARP_RATE, ARP_STRETCHES, ARP_SWEEP_ANSWERED, ARP_TARGETS, ARP_VLAN_RATE, ArpStormEvidence, PROXY_ADDRESSES,
    SIGHT_BINS, StationEvidence, SweepEvidence,
};
use crate::model::latest::Latest;
use crate::model::time::SECOND;
use crate::model::{Address, Episode, Mac, Sighting, Timestamp};
use hashbrown::HashMap;
use std::net::Ipv4Addr;

/// Most ARP packets a second for which two full bins are waited.
const SURELY: u64 = 1_000;

/// Nanoseconds for which a station that answered for others is held to do so.
const PROXY_HELD: i64 = 3_600 * SECOND;

/// A station that sends ARP packets, or neighbour solicitations and advertisements.
#[derive(Debug, Default)]
pub(super) struct Sender {
    pub sent: Recent,
    /// What it claims.
    pub addresses: Latest<Address, PROXY_ADDRESSES>,
    /// What it asks for, up to [`ARP_TARGETS`], in the order it began to.
    targets: Vec<Asked>,
    pub last: Timestamp,
}

/// An address that a station asks for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// The address; of IPv6 its last three bytes, by which its group is asked (RFC 4291 section 2.7.1).
    target: u32,
    times: u32,
    /// When first, with no minute between two.
    first: Timestamp,
    /// The latest bin.
    bin: i64,
}

impl ArpLedger {
    /// Hosts that look for whoever there is, and find few. `is_host` says of a station whether it surely is no router, which asks for whatever
    /// somebody outside wants; `is_bare` whether nothing but ARP is seen of it: a router sends something to those who answer. A router asks as
    /// packets come: who asks for one address after the other looks for all of them. `is_heard`: whether an address is heard beside ARP.
    pub fn sweeps(
        &self,
        now: Timestamp,
        is_host: impl Fn(Option<u16>, Mac, Address) -> bool,
        is_bare: impl Fn(Mac) -> bool,
        is_heard: impl Fn(Address) -> bool,
    ) -> Vec<SweepEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let of = |(&(vlan, (mac, family)), sender): (&InVlan<(Mac, Family)>, &Sender)| {
            let mut own = sender.addresses.since(lately(now)).filter(|_| family == Family::V4);
            let (Some(source), None) = (own.next(), own.next()) else { return None };
            let targets = sender.recent(bin).count();
            if targets < ARP_TARGETS {
                return None;
            }
            let answers = |asked: &&Asked| {
                let answered = self.targets.get(&(vlan, Address::V4(Ipv4Addr::from_bits(asked.target)))).and_then(|t| t.answered);
                answered.is_some_and(|(at, _)| is_recent(at.0.div_euclid(BIN), bin))
            };
            let answered = sender.recent(bin).filter(answers).count();
            let shows =
                self.askers.get(&(vlan, source)).is_some_and(|asker| asker.replies.sum(now.0.saturating_sub(1).div_euclid(LATELY_BIN)) > 0);
            let follows = sender.recent(bin).zip(sender.recent(bin).skip(1));
            let ascending = follows.filter(|(a, b)| (1..=4).contains(&b.target.wrapping_sub(a.target))).count();
            let in_order = ascending * 5 >= targets * 4;
            let is_bare = is_bare(mac);
            if !is_host(vlan, mac, source) && !((shows && answered > 0 || in_order) && is_bare) {
                return None;
            }
            // Where replies to it are not mirrored: who is answered does not ask again. Who goes through all there are need not either; those who are there
            // are heard otherwise.
            let is_there = |asked: &&Asked| answers(asked) || is_heard(Address::V4(Ipv4Addr::from_bits(asked.target)));
            let again = || sender.recent(bin).filter(|asked| asked.times > 1).count();
            let vain = match shows {
                true => targets.saturating_sub(answered),
                false if in_order && is_bare => targets.saturating_sub(sender.recent(bin).filter(is_there).count()),
                false => again(),
            };
            (vain as f64 > (1.0 - ARP_SWEEP_ANSWERED.value()) * targets as f64).then_some(SweepEvidence {
                vlan,
                source,
                station: StationEvidence { mac, maker: None, count: sender.sent.minute(bin), last: sender.last },
                targets: targets as u64,
                answered: answered as u64,
                in_order,
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
        let mut vlans: HashMap<InVlan<Family>, Vec<(u64, Mac, &Sender)>> = HashMap::new();
        for (&(vlan, (mac, family)), sender) in self.senders.iter().filter(|(_, s)| s.sent.minute(bin) > 0) {
            vlans.entry((vlan, family)).or_default().push((sender.sent.at(bin), mac, sender));
        }
        let mut out = Vec::new();
        for ((vlan, family), mut senders) in vlans {
            let is_v6 = family == Family::V6;
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
                    out.push(ArpStormEvidence { vlan, is_v6, source, rate, senders: hosts, median, span });
                }
            }
            let least = (ARP_VLAN_RATE.number() * 10).max(hosts.saturating_mul(10));
            let all = total(bin);
            let is_flood = |sent: u64| sent.saturating_sub(sweeps) > least;
            let held = (0..ARP_STRETCHES.number() as i64).all(|back| is_flood(total(bin.saturating_sub(back))));
            if out.len() == before && held && sweeps < all / 2 {
                out.push(ArpStormEvidence {
                    vlan,
                    is_v6,
                    source: None,
                    rate: all as f64 / 10.0,
                    senders: hosts,
                    median: 0.0,
                    span: span(true),
                });
            }
        }
        out.arrange_by_key(|s| (s.vlan, s.source.map(|s| s.mac), s.is_v6));
        out
    }
}

impl Sender {
    pub(super) fn asks(&mut self, target: Address, seen: &Sighting) {
        let target = match target {
            Address::V4(address) => address.to_bits(),
            Address::V6(address) => address.to_bits() as u32 & 0x00ff_ffff,
            Address::Mac(_) => return,
        };
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
    pub(super) fn is_proxy(&self, now: Timestamp) -> bool {
        self.addresses.since(Timestamp(now.0.saturating_sub(PROXY_HELD))).count() >= PROXY_ADDRESSES
    }

    /// It looks for whoever there is.
    pub(super) fn is_sweep(&self, bin: i64) -> bool {
        self.recent(bin).count() >= ARP_TARGETS
    }
}

/// Whether a bin is of the last minute.
fn is_recent(of: i64, bin: i64) -> bool {
    bin.saturating_sub(of) < SIGHT_BINS as i64
}
