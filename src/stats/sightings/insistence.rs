//! Who tells others again and again, without being asked, that it has an address.

use super::BIN;
use super::bounded::{Lasting, Recent, entry};
use crate::model::Arrange as _;
use crate::model::evidence::{ARP_UNASKED, BetweenEvidence, Pretence, StationEvidence};
use crate::model::{Address, Episode, Mac, Sighting, Timestamp};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Stations that reply for one address to one host, told apart.
const REPLIERS: usize = 4;

/// Requests answered in the minute by which as many replies are asked for, and as many again: who asks twice is answered twice.
const ASKED_FOR: u64 = 2;

/// What one host asks of an address, and who replies to it.
#[derive(Debug, Default)]
struct Talk {
    requests: Recent,
    replies: Vec<Replier>,
    last: Timestamp,
}

/// A station that replies.
#[derive(Debug)]
struct Replier {
    mac: Mac,
    replies: Recent,
    /// Since it does, with less than a minute between two.
    span: Episode,
}

impl Lasting for Talk {
    fn last(&self) -> Timestamp {
        self.last
    }
}

impl Talk {
    fn reply(&mut self, mac: Mac, seen: &Sighting) {
        let bin = seen.last.0.div_euclid(BIN);
        self.replies.retain(|known| known.mac == mac || known.replies.minute(bin) > 0);
        let at = self.replies.iter().position(|known| known.mac == mac).unwrap_or(self.replies.len());
        if at == self.replies.len() && at < REPLIERS {
            self.replies.push(Replier { mac, replies: Recent::default(), span: Episode { first: seen.first, last: seen.last } });
        }
        let Some(known) = self.replies.get_mut(at) else { return };
        let first = if known.replies.minute(bin) > 0 { known.span.first.min(seen.first) } else { seen.first };
        known.span = Episode { first, last: known.span.last.max(seen.last) };
        known.replies.add(bin, seen.count);
    }

    /// Stations that reply far more often than anybody asks, with how often they did in the minute up to that bin.
    fn unasked(&self, bin: i64) -> impl Iterator<Item = (&Replier, u64)> {
        let asked = self.requests.minute(bin).saturating_mul(ASKED_FOR);
        self.replies
            .iter()
            .map(move |known| (known, known.replies.minute(bin)))
            .filter(move |(_, count)| *count >= ARP_UNASKED.number() && *count > asked)
    }
}

/// Who asks for which address, and who tells him that it has it: by VLAN, that address and its asker.
#[derive(Debug, Default)]
pub(super) struct InsistenceLedger {
    talks: HashMap<(Option<u16>, Ipv4Addr, Ipv4Addr), Talk>,
}

impl InsistenceLedger {
    /// Takes in an ARP packet that is no announcement and no probe.
    pub fn take(&mut self, seen: &Sighting, is_reply: bool, (sender, mac): (Ipv4Addr, Mac), target: Ipv4Addr) {
        let key = if is_reply { (seen.vlan, sender, target) } else { (seen.vlan, target, sender) };
        let talk = entry(&mut self.talks, key);
        talk.last = talk.last.max(seen.last);
        if is_reply {
            talk.reply(mac, seen);
        } else {
            talk.requests.add(seen.last.0.div_euclid(BIN), seen.count);
        }
    }

    /// Whether somebody asks another one from an address again and again, as so many that want to know do not together.
    pub fn asks_again(&self, vlan: Option<u16>, from: Address, askers: u64, now: Timestamp) -> bool {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let is_from = |key: &(Option<u16>, Ipv4Addr, Ipv4Addr)| key.0 == vlan && Address::V4(key.2) == from;
        self.talks.iter().any(|(key, talk)| is_from(key) && talk.requests.minute(bin) >= askers.saturating_mul(ARP_UNASKED.number()))
    }

    /// Stations that tell two hosts, each about the other, that they are it.
    pub fn evidence(&self, now: Timestamp, is_needed: impl Fn(Address) -> bool) -> Vec<BetweenEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let mut between: BTreeMap<(Option<u16>, Mac), BetweenEvidence> = BTreeMap::new();
        for (&(vlan, address, to), talk) in &self.talks {
            let Some(back) = self.talks.get(&(vlan, to, address)) else { continue };
            for (known, count) in talk.unasked(bin).filter(|(known, _)| back.unasked(bin).any(|(other, _)| other.mac == known.mac)) {
                let station = StationEvidence { mac: known.mac, maker: None, count: 0, last: known.span.last };
                let fresh = || BetweenEvidence {
                    vlan,
                    station,
                    addresses: Vec::new(),
                    how: Pretence::TowardsEachOther,
                    is_needed: false,
                    is_handed_over: false,
                    span: known.span,
                };
                let told = between.entry((vlan, known.mac)).or_insert_with(fresh);
                told.addresses.push(Address::V4(address));
                told.is_needed |= is_needed(Address::V4(address));
                told.station.count = told.station.count.saturating_add(count);
                told.span.first = told.span.first.min(known.span.first);
                told.span.last = told.span.last.max(known.span.last);
                told.station.last = told.span.last;
            }
        }
        between.values_mut().for_each(|told| {
            told.addresses.arrange();
            told.addresses.dedup();
        });
        between.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sight;
    use crate::model::time::SECOND;

    const X: Mac = Mac([2, 0, 0, 0, 0, 9]);

    fn ip(n: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 0, 0, n)
    }

    /// An ARP packet of that second: whether it is a reply, for which address or of whom, to whom or for what.
    fn take(ledger: &mut InsistenceLedger, second: i64, is_reply: bool, sender: u8, mac: Mac, target: u8) {
        let time = Timestamp(second * SECOND);
        let what = Sight::Arp { is_reply, sender: ip(sender), sender_mac: mac, target: ip(target) };
        let seen = Sighting { first: time, last: time, vlan: None, session: 0, source: mac, what, count: 1, numbers: [0; 2] };
        ledger.take(&seen, is_reply, (ip(sender), mac), ip(target));
    }

    /// Whom a station stands between that replies to hosts 1 and 2, each for the other, so often, of which so many were asked for.
    fn between(replies: [i64; 2], asked: i64, now: i64) -> Vec<(Mac, usize, u64, Timestamp)> {
        let mut ledger = InsistenceLedger::default();
        for (times, [one, other]) in replies.into_iter().zip([[1, 2], [2, 1]]) {
            for n in 0..times {
                if n < asked {
                    take(&mut ledger, 100 + n, false, other, Mac([2, 0, 0, 0, 0, other]), one);
                }
                take(&mut ledger, 100 + n, true, one, X, other);
            }
        }
        let told = ledger.evidence(Timestamp(now * SECOND), |_| false);
        told.iter().map(|b| (b.station.mac, b.addresses.len(), b.station.count, b.span.first)).collect()
    }

    #[test]
    fn who_tells_two_about_each_other_unasked_stands_between_them() {
        let least = ARP_UNASKED.number() as i64;
        let told = |each: i64| vec![(X, 2, 2 * each as u64, Timestamp(100 * SECOND))];
        assert_eq!(between([least; 2], 0, 120), told(least));
        assert_eq!(between([least; 2], 0, 220), [], "it is over");
        assert_eq!(between([least, least - 1], 0, 120), [], "seldom");
        assert_eq!(between([least, 0], 0, 120), [], "towards one of them");
        assert_eq!(between([20; 2], 9, 130), told(20), "some are asked for");
        assert_eq!(between([20; 2], 10, 130), [], "it answers for others that ask (proxy ARP)");
    }

    #[test]
    fn two_hosts_that_speak_for_themselves_do_not() {
        let mut ledger = InsistenceLedger::default();
        for n in 0..30 {
            take(&mut ledger, n, true, 1, Mac([2, 0, 0, 0, 0, 1]), 2);
            take(&mut ledger, n, true, 2, Mac([2, 0, 0, 0, 0, 2]), 1);
        }
        assert_eq!(ledger.evidence(Timestamp(30 * SECOND), |_| false), []);
    }
}
