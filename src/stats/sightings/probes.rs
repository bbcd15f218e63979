//! Who looks whether an address is free before using it, and is told that it is not.

use super::bounded::{Lasting, entry, lately};
use crate::model::Arrange as _;
use crate::model::evidence::{PROXY_ADDRESSES, ProbedEvidence, SIGHT_HELD, StationEvidence};
use crate::model::time::SECOND;
use crate::model::{Address, BroadcastDomain, Episode, Mac, Sighting, Timestamp};
use hashbrown::HashMap;

/// Nanoseconds within which the owner of an address defends it (RFC 5227 section 1.1: two seconds after the last probe; RFC 4862 section 5.4: one).
const DEFENDED: i64 = 2 * SECOND;

/// Nanoseconds within which probes belong together: whoever is not answered sends several (RFC 5227 section 2.1.1).
const TOGETHER: i64 = 5 * SECOND;

/// Nanoseconds from one look to the next from which on nobody waits for the address: who is told that it is taken looks again soon (a client of DHCP
/// asks for another after ten seconds, RFC 2131 section 3.1), and switches look each thirty seconds who is there.
const PATIENT: i64 = 20 * SECOND;

/// Looks that far apart by which a station that watches is known.
const WATCHES: u64 = 2;

/// Stations of one address that are told apart: those that look, and those that answer.
const STATIONS: usize = 4;

/// When a station was last heard to say something.
#[derive(Debug, Clone, Copy)]
struct Heard {
    mac: Mac,
    span: Episode,
}

/// A station that was told by another that an address is taken.
#[derive(Debug)]
struct Refused {
    prober: Mac,
    owner: Mac,
    times: u64,
    /// Of them those that came long after the one before.
    patient: u64,
    span: Episode,
}

impl Refused {
    /// Whether it goes on to look, and never soon.
    fn is_watch(&self) -> bool {
        self.patient >= WATCHES && self.patient + 1 == self.times
    }
}

/// What was seen of an address.
#[derive(Debug, Default)]
struct Probed {
    probes: Vec<Heard>,
    answers: Vec<Heard>,
    refused: Vec<Refused>,
    last: Timestamp,
}

impl Lasting for Probed {
    fn last(&self) -> Timestamp {
        self.last
    }
}

/// Notes that a station is heard; of too many the one that was silent longest goes.
fn hear(known: &mut Vec<Heard>, mac: Mac, span: Episode) {
    known.retain(|heard| heard.mac != mac);
    if known.len() >= STATIONS {
        known.arrange_by_key(|heard| heard.span.last);
        known.remove(0);
    }
    known.push(Heard { mac, span });
}

impl Probed {
    /// Counts that one answers another's probe.
    fn match_up(&mut self, probe: Heard, answer: Heard) {
        let is_late = answer.span.first.since(probe.span.last) > DEFENDED;
        if answer.mac == probe.mac || is_late || answer.span.last < probe.span.first {
            return;
        }
        let span = probe.span.joined(answer.span);
        let same = |known: &&mut Refused| (known.prober, known.owner) == (probe.mac, answer.mac);
        if let Some(known) = self.refused.iter_mut().find(same) {
            let since = span.last.since(known.span.last);
            let is_patient = u64::from(since >= PATIENT);
            (known.times, known.patient, known.span) = match () {
                () if since <= TOGETHER => (known.times, known.patient, known.span.joined(span)),
                () if since <= SIGHT_HELD => {
                    (known.times.saturating_add(1), known.patient.saturating_add(is_patient), known.span.joined(span))
                }
                () => (1, 0, span),
            };
        } else if self.refused.len() < STATIONS {
            self.refused.push(Refused { prober: probe.mac, owner: answer.mac, times: 1, patient: 0, span });
        }
    }
}

/// All addresses that somebody looks for before using them.
#[derive(Debug, Default)]
pub(super) struct ProbeLedger {
    probed: HashMap<(BroadcastDomain, Address), Probed>,
}

impl ProbeLedger {
    /// A station looks whether an address is free.
    pub fn probe(&mut self, seen: &Sighting, address: Address) {
        let known = entry(&mut self.probed, (seen.domain(), address));
        known.last = known.last.max(seen.last);
        let probe = Heard { mac: seen.source, span: Episode { first: seen.first, last: seen.last } };
        hear(&mut known.probes, probe.mac, probe.span);
        // Of one second both may come in any order.
        for answer in known.answers.clone() {
            known.match_up(probe, answer);
        }
    }

    /// A station says to everybody, or to somebody who has no address, that it has this one.
    pub fn answer(&mut self, seen: &Sighting, address: Address, owner: Mac) {
        let known = entry(&mut self.probed, (seen.domain(), address));
        known.last = known.last.max(seen.last);
        let answer = Heard { mac: owner, span: Episode { first: seen.first, last: seen.last } };
        hear(&mut known.answers, owner, answer.span);
        for probe in known.probes.clone() {
            known.match_up(probe, answer);
        }
    }

    /// How many addresses each station looked for in the last ten minutes.
    fn looked_for(&self, now: Timestamp) -> HashMap<(Option<u16>, Mac), usize> {
        let mut all: HashMap<(Option<u16>, Mac), usize> = HashMap::new();
        for ((domain, _), known) in &self.probed {
            for probe in known.probes.iter().filter(|probe| probe.span.last >= lately(now)) {
                *all.entry((domain.vlan, probe.mac)).or_default() += 1;
            }
        }
        all
    }

    /// Stations that were told in the last ten minutes that an address is taken. `is_shared` says of a station whether it answers for many, or for
    /// several devices.
    pub fn evidence(&self, now: Timestamp, is_shared: impl Fn(Option<u16>, Mac) -> bool) -> Vec<ProbedEvidence> {
        let looked_for = self.looked_for(now);
        // A switch that follows who is where looks for everybody by turns, and wants none of the addresses.
        let follows = |vlan: Option<u16>, mac| looked_for.get(&(vlan, mac)).is_some_and(|count| *count >= PROXY_ADDRESSES);
        let of = |(&(BroadcastDomain { vlan, .. }, address), known): (&(BroadcastDomain, Address), &Probed)| {
            let recent = known.refused.iter().filter(|refused| refused.span.last >= lately(now));
            let meant = recent.filter(|refused| !follows(vlan, refused.prober) && !is_shared(vlan, refused.owner));
            let told = meant.max_by_key(|refused| (refused.times, refused.prober, refused.owner))?;
            let station = |mac| StationEvidence { mac, maker: None, count: told.times, last: told.span.last };
            let (prober, owner) = (station(told.prober), station(told.owner));
            Some(ProbedEvidence { vlan, address, prober, owner, is_watched: told.is_watch(), span: told.span })
        };
        let mut all: Vec<ProbedEvidence> = self.probed.iter().filter_map(of).collect();
        all.arrange_by_key(|probed| (probed.vlan, probed.address, probed.prober.mac, probed.owner.mac));
        // Two mirror sessions may show the same two.
        all.dedup_by_key(|probed| (probed.vlan, probed.address));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sight;

    const OWNER: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const NEW: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn address(n: u8) -> Address {
        Address::V4([10, 0, 0, n].into())
    }

    fn seen(tenth: i64, source: Mac, of: Address) -> Sighting {
        let time = Timestamp(tenth * SECOND / 10);
        Sighting { first: time, last: time, vlan: None, session: 0, source, what: Sight::Probe { address: of }, count: 1, numbers: [0; 2] }
    }

    /// How often somebody was told that an address is taken who looks for it at these tenths of seconds, and is answered so many tenths later.
    fn told(probes: &[i64], later: Option<i64>, owner: Mac, now: i64) -> Vec<u64> {
        let mut ledger = ProbeLedger::default();
        for tenth in probes {
            ledger.probe(&seen(*tenth, NEW, address(1)), address(1));
            if let Some(later) = later {
                ledger.answer(&seen(tenth + later, owner, address(1)), address(1), owner);
            }
        }
        ledger.evidence(Timestamp(now * SECOND), |_, _| false).iter().map(|told| told.prober.count).collect()
    }

    #[test]
    fn probes_that_are_answered_are_counted_by_their_rounds() {
        assert_eq!(told(&[0], Some(1), OWNER, 10), [1]);
        assert_eq!(told(&[0, 10, 20], Some(1), OWNER, 10), [1], "three probes are one look");
        assert_eq!(told(&[0, 80, 160], Some(1), OWNER, 20), [3]);
        assert_eq!(told(&[0, 6_100], Some(1), OWNER, 612), [1], "the first one is ten minutes old");
        assert_eq!(told(&[0], Some(1), OWNER, 601), [0; 0], "so is this one");
    }

    #[test]
    fn who_looks_seldom_and_goes_on_watches() {
        let is_watched = |seconds: &[i64]| {
            let mut ledger = ProbeLedger::default();
            for second in seconds {
                ledger.probe(&seen(10 * second, NEW, address(1)), address(1));
                ledger.answer(&seen(10 * second + 1, OWNER, address(1)), address(1), OWNER);
            }
            ledger.evidence(Timestamp(200 * SECOND), |_, _| false).iter().any(|told| told.is_watched)
        };
        assert!(is_watched(&[0, 30, 60]) && is_watched(&[0, 20, 40]) && is_watched(&[0, 1, 30, 31, 61]));
        assert!(!is_watched(&[0, 30]), "who is told so once may look again");
        assert!(!is_watched(&[0, 19, 38]) && !is_watched(&[0, 8, 38, 68]), "it waits for the address");
    }

    #[test]
    fn who_is_not_told_so_is_free_to_use_it() {
        assert_eq!(told(&[0, 80], None, OWNER, 20), [0; 0]);
        assert_eq!(told(&[0, 80], Some(1), NEW, 20), [0; 0], "it answers itself, or somebody does so for it");
        assert_eq!((told(&[0], Some(20), OWNER, 20), told(&[0], Some(21), OWNER, 20)), (vec![1], vec![]), "too late to be an answer");
    }

    #[test]
    fn the_order_within_a_second_does_not_matter() {
        let mut ledger = ProbeLedger::default();
        ledger.answer(&seen(1, OWNER, address(1)), address(1), OWNER);
        ledger.probe(&seen(0, NEW, address(1)), address(1));
        let now = Timestamp(10 * SECOND);
        assert_eq!(ledger.evidence(now, |_, _| false).len(), 1);
        assert_eq!(ledger.evidence(now, |_, mac| mac == OWNER), [], "it answers for many");
    }

    #[test]
    fn a_switch_that_follows_its_hosts_wants_none_of_their_addresses() {
        let after = |hosts: u8| {
            let mut ledger = ProbeLedger::default();
            for n in 0..hosts {
                let owner = Mac([2, 0, 0, 0, 1, n]);
                ledger.probe(&seen(i64::from(n), NEW, address(n)), address(n));
                ledger.answer(&seen(i64::from(n), owner, address(n)), address(n), owner);
            }
            ledger.evidence(Timestamp(10 * SECOND), |_, _| false).len()
        };
        assert_eq!((after(PROXY_ADDRESSES as u8 - 1), after(PROXY_ADDRESSES as u8)), (PROXY_ADDRESSES - 1, 0));
    }
}
