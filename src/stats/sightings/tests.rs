//! What the ledger makes of sightings.

use super::bounded::Recent;
use super::*;
use crate::model::limits::{SIGHTED, SIGHTINGS};
use crate::model::{BroadcastDomain, DhcpConfig, DhcpSight, Mac};
use std::net::Ipv4Addr;

const START: i64 = 1_700_000_000 * SECOND;

fn at(seconds: i64) -> Timestamp {
    Timestamp(START + seconds * SECOND)
}

fn mac(n: u32) -> Mac {
    let [a, b, c, d] = n.to_be_bytes();
    Mac([2, 0, a, b, c, d])
}

fn ip(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 + n)
}

fn host(n: u32) -> Address {
    Address::V4(ip(n))
}

fn arp(seconds: i64, vlan: Option<u16>, is_reply: bool, (from, to): (u32, u32), station: u32) -> Sighting {
    let what = Sight::Arp { is_reply, sender: ip(from), sender_mac: mac(station), target: ip(to) };
    Sighting { first: at(seconds), last: at(seconds), vlan, session: 0, source: mac(station), what, count: 1, numbers: [0; 2] }
}

fn evidence(ledger: &SightingLedger, seconds: i64) -> SightingEvidence {
    ledger.evidence(at(seconds), |_| None, |_| false, |_| StationUse::default())
}

#[test]
fn a_minute_slides_on() {
    let mut recent = Recent::default();
    for bin in 100..110 {
        recent.add(bin, bin as u64);
    }
    assert_eq!((recent.at(109), recent.at(104), recent.at(103), recent.at(110)), (109, 104, 0, 0));
    assert_eq!((recent.minute(109), recent.most(109)), (104 + 105 + 106 + 107 + 108 + 109, 109));
    recent.add(105, 1);
    assert_eq!(recent.at(109), 110, "what is late counts in the newest");
    recent.add(1_000_000, 1);
    assert_eq!(recent.minute(1_000_000), 1);
}

#[test]
fn the_same_address_in_two_vlans_is_two_addresses() {
    let mut ledger = SightingLedger::default();
    for n in 0..4 {
        ledger.take(&arp(n * 2, Some(10), true, (9, 1), 1));
        ledger.take(&arp(n * 2 + 1, Some(20), true, (9, 1), 2));
    }
    assert_eq!(evidence(&ledger, 10).conflicts, []);
    for n in 5..9 {
        ledger.take(&arp(n * 2, Some(10), true, (9, 1), 3));
        ledger.take(&arp(n * 2 + 1, Some(10), true, (9, 1), 1));
    }
    let found = evidence(&ledger, 20).conflicts;
    let [conflict] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((conflict.vlan, conflict.address), (Some(10), Address::V4(ip(9))));
    assert_eq!(conflict.stations.iter().map(|s| s.mac).collect::<Vec<_>>(), [mac(1), mac(3)]);
    assert_eq!(evidence(&ledger, 700).conflicts, [], "told of for ten minutes");
}

#[test]
fn an_answer_ends_the_wait_whatever_its_place_in_the_interval() {
    let gone = |answers_first: bool| {
        let mut ledger = SightingLedger::default();
        for n in 0..30 {
            let request = arp(n, None, false, (1, 9), 1);
            let answer = arp(n, None, true, (9, 1), 9);
            let both = if answers_first { [answer, request] } else { [request, answer] };
            both.iter().for_each(|s| ledger.take(s));
        }
        for n in 30..60 {
            ledger.take(&arp(n, None, false, (1, 9), 1));
        }
        // The mirror shows what others reply as well.
        for n in 0..60 {
            ledger.take(&arp(n, None, false, (1, 8), 1));
            ledger.take(&arp(n, None, true, (8, 1), 8));
        }
        evidence(&ledger, 30).unanswered.len() + 10 * evidence(&ledger, 60).unanswered.len()
    };
    assert_eq!((gone(true), gone(false)), (10, 10));
}

#[test]
fn a_host_that_is_heard_is_not_gone() {
    let mut ledger = SightingLedger::default();
    for n in 0..30 {
        ledger.take(&arp(n, None, false, (1, 9), 1));
        ledger.take(&arp(n, None, false, (1, 8), 1));
        ledger.take(&arp(n, None, true, (8, 1), 8));
        ledger.take(&arp(n, None, false, (1, 7), 1));
        ledger.take(&arp(n, None, n > 20, (7, 1), 7));
    }
    assert_eq!(evidence(&ledger, 30).unanswered.len(), 1);
    assert_eq!(
        ledger.evidence(at(30), |_| Some(at(20)), |_| false, |_| StationUse::default()).unanswered,
        [],
        "its replies take another way"
    );
}

#[test]
fn a_host_that_asks_without_end_has_no_answer() {
    let asks = |requests: i64, more: &[u32]| {
        let mut ledger = SightingLedger::default();
        for n in 0..requests {
            ledger.take(&arp(n, None, false, (1, 254), 1));
            more.iter().for_each(|other| ledger.take(&arp(n, None, false, (1, *other), 1)));
        }
        let of = |e: SightingEvidence| e.unanswered.iter().map(|u| (u.address, u.insisting, u.cut_off)).collect::<Vec<_>>();
        let heard = ledger.evidence(at(25), |host| (host == Address::V4(ip(1))).then(|| at(3)), |_| false, |_| StationUse::default());
        (of(evidence(&ledger, 25)), of(heard))
    };
    assert_eq!(asks(20, &[]), (vec![(host(254), 1, 1)], vec![(host(254), 1, 0)]), "the other one reaches somebody");
    assert_eq!(asks(9, &[]), (vec![], vec![]), "not often enough");
    assert_eq!(asks(20, &[253]), (vec![], vec![]), "one that looks for several, whose answers the mirror may not show");
}

#[test]
fn who_asks_without_end_where_no_reply_is_seen_may_be_answered() {
    let beside = |replies: i64| {
        let mut ledger = SightingLedger::default();
        for n in 0..20 {
            ledger.take(&arp(n, None, false, (1, 254), 1));
            ledger.take(&arp(n, None, false, (2, 3), 2));
            if n < replies {
                ledger.take(&arp(n, None, true, (3, 2), 3));
            }
        }
        evidence(&ledger, 25).unanswered.iter().any(|u| u.address == host(254))
    };
    assert_eq!(
        [0, 5, 6, 20].map(beside),
        [false, false, true, true],
        "of 20 requests of somebody else 6 or more are surely not fewer than half"
    );
}

#[test]
fn who_asked_once_a_while_ago_hides_nobody() {
    // Enough of them to fill what is told apart, each once, ten minutes before six ask for two minutes.
    let late = |before: u32| {
        let mut ledger = SightingLedger::default();
        (0..before).for_each(|n| ledger.take(&arp(i64::from(n), None, false, (20 + n, 9), 20 + n)));
        for n in 600..720 {
            let asker = 1 + (n % 6) as u32;
            ledger.take(&arp(n, None, false, (asker, 9), asker));
            ledger.take(&arp(n, None, false, (asker, 8), asker));
            ledger.take(&arp(n, None, true, (8, asker), 8));
        }
        evidence(&ledger, 720).unanswered.iter().map(|u| (u.address, u.askers, u.span.first)).collect::<Vec<_>>()
    };
    assert_eq!(late(0), [(host(9), 6, at(600))]);
    assert_eq!(late(16), late(0));
}

#[test]
fn one_request_of_long_ago_is_no_beginning() {
    // Some requests within two seconds, where somebody asked an hour before: nothing was silent for long.
    let silent = |seconds: i64| {
        let mut ledger = SightingLedger::default();
        ledger.take(&arp(0, None, false, (2, 9), 2));
        for n in 0..12 {
            for at in [3_600 + n * seconds / 11, 3_580 + n] {
                ledger.take(&arp(at, None, false, (1, 8), 1));
                ledger.take(&arp(at, None, true, (8, 1), 8));
            }
        }
        (0..12).for_each(|n| ledger.take(&arp(3_600 + n * seconds / 11, None, false, (1, 9), 1)));
        evidence(&ledger, 3_600 + seconds).unanswered.len()
    };
    assert_eq!((silent(2), silent(5)), (0, 1));
}

#[test]
fn replies_of_long_ago_show_nothing_of_today() {
    let told = |replies_until: i64| {
        let mut ledger = SightingLedger::default();
        for n in (0..1_200).step_by(2) {
            ledger.take(&arp(n, None, false, (1, 8), 1));
            ledger.take(&arp(n, None, false, (1, 7), 1));
            if n < replies_until {
                ledger.take(&arp(n, None, true, (8, 1), 8));
                ledger.take(&arp(n, None, true, (7, 1), 7));
            }
            ledger.take(&arp(n, None, false, (1, 9), 1));
        }
        evidence(&ledger, 1_200).unanswered.iter().any(|u| u.address == host(9))
    };
    assert_eq!((told(1_200), told(500)), (true, false), "replies are mirrored no more");
}

#[test]
fn a_fifth_station_is_known_as_well() {
    let mut ledger = SightingLedger::default();
    for station in 1..=4 {
        (0..3).for_each(|n| ledger.take(&arp(i64::from(station) * 1_000 + n, None, true, (9, 1), station)));
    }
    for n in 0..4 {
        ledger.take(&arp(9_000 + n * 2, None, true, (9, 1), 7));
        ledger.take(&arp(9_001 + n * 2, None, true, (9, 1), 4));
    }
    let found = evidence(&ledger, 9_010).conflicts;
    let stations: Vec<Vec<Mac>> = found.iter().map(|c| c.stations.iter().map(|s| s.mac).collect()).collect();
    assert_eq!(stations, [[mac(4), mac(7)]]);
}

/// One that announces the addresses of many stands between them, however many they are; one that answers for many is a proxy.
#[test]
fn who_announces_the_addresses_of_many_is_no_proxy() {
    let between = |announces: bool| {
        let mut ledger = SightingLedger::default();
        for n in 0..30i64 {
            for owner in 1..=12u32 {
                ledger.take(&arp(n * 4, None, false, (owner, 13), owner));
                let towards = if announces { owner } else { 99 };
                ledger.take(&arp(n * 4 + 2, None, true, (owner, towards), 66));
            }
        }
        let found = evidence(&ledger, 125).between;
        found.iter().map(|b| (b.station.mac, b.addresses.len())).collect::<Vec<_>>()
    };
    assert_eq!((between(true), between(false)), (vec![(mac(66), 12)], vec![]));
}

#[test]
fn addresses_of_one_after_the_other_make_no_proxy() {
    let conflict = |apart: i64| {
        let mut ledger = SightingLedger::default();
        (0..5).for_each(|n| ledger.take(&arp(n * apart, None, true, (20 + n as u32, 1), 5)));
        for n in 0..4 {
            ledger.take(&arp(5 * apart + n * 2, None, true, (9, 1), 5));
            ledger.take(&arp(5 * apart + n * 2 + 1, None, true, (9, 1), 6));
        }
        evidence(&ledger, 5 * apart + 10).conflicts.len()
    };
    assert_eq!((conflict(10), conflict(3_600)), (0, 1), "it answers for many; it had another address each hour");
}

#[test]
fn fragments_are_judged_by_the_last_ten_minutes() {
    let lost = |seconds: i64, is_whole: bool| {
        let what = Sight::Datagram { from: Address::V4(ip(1)), to: Address::V4(ip(9)), protocol: 17, is_whole, is_dns: false, pieces: 3 };
        Sighting { what, ..arp(seconds, None, true, (1, 9), 1) }
    };
    let mut ledger = SightingLedger::default();
    (0..30).for_each(|n| ledger.take(&lost(n, n % 2 == 0)));
    let of = |ledger: &SightingLedger, seconds| {
        let found = evidence(ledger, seconds).fragments;
        found.iter().map(|f| (f.minute, f.lately, f.span.first)).collect::<Vec<_>>()
    };
    assert_eq!(of(&ledger, 60), [([15, 15], [15, 15], at(1))]);
    (0..2).for_each(|n| ledger.take(&lost(300 + n, true)));
    assert_eq!(of(&ledger, 310), [([2, 0], [17, 15], at(1))]);
    ledger.take(&lost(3_600, false));
    assert_eq!(of(&ledger, 3_610), [([0, 1], [0, 1], at(3_600))], "an hour later nothing of it counts");
}

#[test]
fn two_that_look_for_each_other_in_different_vlans_are_told_once() {
    let of = |vlans: [Option<u16>; 2]| {
        let mut ledger = SightingLedger::default();
        for n in 0..20 {
            ledger.take(&arp(n, vlans[0], false, (5, 1), 5));
            ledger.take(&arp(n, vlans[1], false, (1, 5), 1));
        }
        evidence(&ledger, 25).unanswered.iter().map(|u| (u.vlan, u.address, u.elsewhere)).collect::<Vec<_>>()
    };
    let told = vec![(Some(20), host(1), Some((host(5), Some(30))))];
    assert_eq!((of([Some(20), Some(30)]), of([Some(30), Some(20)]).len()), (told, 1));
    assert_eq!(of([None, Some(30)]), [(None, host(1), Some((host(5), Some(30))))]);
    assert_eq!(of([Some(20), Some(20)]), [], "who asks is there");
}

/// An OFFER of a server at a station to a client: itself as router.
fn offer(seconds: i64, server: u32, client: u32) -> Sighting {
    let told = DhcpConfig { router: Some(ip(server)), ..DhcpConfig::default() };
    let message = DhcpSight {
        kind: 2,
        client: mac(client),
        server: Some(ip(server)),
        given: ip(100 + client),
        asks_again: false,
        relay: Ipv4Addr::UNSPECIFIED,
        told,
        is_boot: false,
    };
    Sighting { what: Sight::Dhcp(message), ..arp(seconds, None, true, (1, 2), server) }
}

/// What is known of clients that are refused at that second: how many refusals to how many, and by whom.
fn refusals(ledger: &SightingLedger, seconds: i64) -> Vec<(u64, u64, Vec<Ipv4Addr>)> {
    let found = ledger.evidence(at(seconds), |_| None, |host| host == Address::V4(ip(1)), |_| StationUse::default()).dhcp;
    found.iter().map(|d| (d.refused, d.refused_clients, d.refusing.clone())).collect()
}

/// A message of that kind of a server to a client.
fn of_kind(kind: u8, seconds: i64, server: u32, client: u32) -> Sighting {
    let seen = offer(seconds, server, client);
    let Sight::Dhcp(message) = seen.what else { unreachable!() };
    Sighting { what: Sight::Dhcp(DhcpSight { kind, ..message }), ..seen }
}

#[test]
fn what_a_second_server_refuses_is_no_empty_pool() {
    let (ack, nak) = (5, 6);
    let mut ledger = SightingLedger::default();
    // The one that is used serves clients; another one serves one of its own, and refuses everybody else.
    (10..14).for_each(|client| ledger.take(&of_kind(ack, 1, 1, client)));
    ledger.take(&of_kind(ack, 2, 66, 14));
    (10..13).chain(20..23).for_each(|client| ledger.take(&of_kind(nak, 5, 66, client)));
    assert!(refusals(&ledger, 9).iter().all(|(refused, ..)| *refused == 0), "{:?}", refusals(&ledger, 9));
    // The first one does as well: but for the other one's client.
    ledger.take(&of_kind(nak, 6, 1, 14));
    (30..35).for_each(|client| ledger.take(&of_kind(nak, 7, 1, client)));
    assert_eq!(refusals(&ledger, 9), [(5, 5, vec![ip(1)])]);
    // And its own.
    ledger.take(&of_kind(nak, 8, 1, 13));
    assert_eq!(refusals(&ledger, 9), [(6, 6, vec![ip(1)])]);
}

/// A server that was silent for all serves others once these gave up; of an empty pool others get theirs meanwhile.
#[test]
fn only_who_is_served_while_others_wait_shows_that_they_are_left_out() {
    let given = |served: &[i64]| {
        let mut ledger = SightingLedger::default();
        (20..23).for_each(|client| (1..=6).for_each(|n| ledger.take(&of_kind(1, 10 * n, 1, client))));
        served.iter().for_each(|seconds| ledger.take(&of_kind(5, *seconds, 1, 30)));
        let found = ledger.evidence(at(90), |_| None, |_| false, |_| StationUse::default()).dhcp;
        found.iter().map(|d| (d.waiting_new, d.given)).collect::<Vec<_>>()
    };
    assert_eq!(given(&[]), [(3, 0)]);
    assert_eq!(given(&[5]), [(3, 0)], "before");
    assert_eq!(given(&[30]), [(3, 1)]);
    assert_eq!(given(&[70]), [(3, 0)], "after");
    assert_eq!(given(&[30, 70]), [(3, 1)], "both");
}

#[test]
fn who_alone_refuses_is_named() {
    let mut ledger = SightingLedger::default();
    (20..24).for_each(|client| ledger.take(&of_kind(6, 5, 2, client)));
    assert_eq!(refusals(&ledger, 9), [(4, 4, vec![ip(2)])]);
    ledger.take(&of_kind(6, 5, 3, 25));
    assert_eq!(refusals(&ledger, 9), [(5, 5, vec![ip(2), ip(3)])]);
}

#[test]
fn a_second_server_is_passed_over_when_others_make_the_offers() {
    let mut ledger = SightingLedger::default();
    let passed_over = |ledger: &SightingLedger, seconds| {
        let found = ledger.evidence(at(seconds), |_| None, |host| host == Address::V4(ip(1)), |_| StationUse::default()).second_servers;
        found.iter().map(|s| (s.server, s.passed_over)).collect::<Vec<_>>()
    };
    for n in 0..2 {
        ledger.take(&offer(n * 3, 1, n as u32));
        ledger.take(&offer(n * 3 + 1, 66, n as u32));
    }
    assert_eq!(passed_over(&ledger, 10), [(ip(66), 0)]);
    ledger.take(&offer(20, 1, 7));
    ledger.take(&offer(23, 1, 8));
    assert_eq!(passed_over(&ledger, 30), [(ip(66), 2)]);
    ledger.take(&offer(40, 66, 9));
    assert_eq!(passed_over(&ledger, 50), [(ip(66), 0)], "it is there");
}

#[test]
fn the_server_that_is_used_is_not_the_second_one() {
    // The wrong one, 66, answers first, and before the true one each time.
    let mut ledger = SightingLedger::default();
    for n in 0..5 {
        ledger.take(&offer(n * 3, 66, n as u32));
        ledger.take(&offer(n * 3 + 1, 1, n as u32));
    }
    let second = |is_server: &dyn Fn(Address) -> bool, routes: &dyn Fn(Mac) -> bool| {
        let of_station = |station| StationUse { routes: routes(station), ..StationUse::default() };
        let found = ledger.evidence(at(20), |_| None, is_server, of_station).second_servers;
        found.iter().map(|s| (s.server, s.before, s.is_used)).collect::<Vec<_>>()
    };
    assert_eq!(second(&|_| false, &|_| false), [(ip(1), ip(66), [false; 2])], "nothing tells but who came first");
    assert_eq!(second(&|host| host == Address::V4(ip(1)), &|_| false), [(ip(66), ip(1), [false, true])], "it is asked for names");
    assert_eq!(second(&|_| false, &|station| station == mac(1)), [(ip(66), ip(1), [false, true])], "it sends for others");
    assert_eq!(second(&|_| true, &|_| false), [(ip(1), ip(66), [true; 2])]);
}

/// A host that asked for few before it asks for one address after the other: from the first of these on it sweeps.
#[test]
fn a_sweep_begins_with_the_first_that_it_asks_for_in_vain() {
    let begins = |before: i64| {
        let mut ledger = SightingLedger::default();
        for n in 0..3 {
            ledger.take(&arp(before + n, None, false, (9, 200 + n as u32), 9));
        }
        for n in 0..64u32 {
            ledger.take(&arp(1_000 + i64::from(n) / 4, None, false, (9, 1_000 + n), 9));
            ledger.take(&arp(1_000 + i64::from(n) / 4 + 1, None, false, (9, 1_000 + n), 9));
        }
        let of_station = |_| StationUse { speaks_for: Some(Address::V4(ip(9))), ..StationUse::default() };
        let found = ledger.evidence(at(1_020), |_| None, |_| false, of_station).sweeps;
        found.iter().map(|sweep| (sweep.targets, sweep.span.first)).collect::<Vec<_>>()
    };
    assert_eq!(begins(900), [(64, at(1_000))]);
    assert_eq!(begins(985), [(64, at(1_000))], "half a minute before it asked for others");
}

/// Nothing answers a host of which only ARP is seen: it asks for one address after the other, or for whom a router forgot.
#[test]
fn who_asks_for_one_address_after_the_other_sweeps() {
    let sweeps = |target: &dyn Fn(u32) -> u32, is_bare: bool, heard: u32| {
        let mut ledger = SightingLedger::default();
        for n in 0..90u32 {
            ledger.take(&arp(i64::from(n) / 3, None, false, (9, target(n)), 9));
        }
        let of_station = |_| StationUse { is_bare, ..StationUse::default() };
        let is_heard = |address: Address| (0..heard).any(|n| host(target(n)) == address).then(|| at(0));
        let found = ledger.evidence(at(40), is_heard, |_| false, of_station).sweeps;
        found.iter().map(|sweep| (sweep.targets, sweep.answered, sweep.in_order)).collect::<Vec<_>>()
    };
    let (in_order, scattered) = (|n: u32| 300 + 2 * n, |n: u32| 300 + n * 37 % 90);
    assert_eq!(sweeps(&in_order, true, 5), [(64, 0, true)]);
    assert_eq!(sweeps(&scattered, true, 5), [], "a router asks as packets come");
    assert_eq!(sweeps(&in_order, true, 60), [], "they are there: somebody watches them");
    assert_eq!(sweeps(&in_order, false, 5), [], "it does something else");
}

/// Servers behind one that shares out their work have its address and ask from it; two that ask from one that nobody answers for have it both.
#[test]
fn servers_behind_one_that_shares_out_their_work_are_no_conflict() {
    let conflicts = |every: i64, sharer: Option<u32>, second: Option<u32>| {
        let mut ledger = SightingLedger::default();
        for n in 0..40i64 {
            let server = 1 + (n % 3) as u32;
            ledger.take(&arp(n * every, None, false, (9, 50), server));
            ledger.take(&arp(n * every, None, true, (50, 9), 50));
            ledger.take(&arp(n * every + 1, None, false, (60, 9), 60));
            for replier in sharer.into_iter().chain(second) {
                ledger.take(&arp(n * every + 1, None, true, (9, 60), replier));
            }
        }
        evidence(&ledger, 40 * every).conflicts.len()
    };
    assert_eq!((conflicts(5, Some(7), None), conflicts(5, None, None)), (0, 1));
    assert_eq!(conflicts(5, Some(1), Some(2)), 1, "each has it and says so");
    assert_eq!(conflicts(2, Some(7), None), 1, "ten times a minute each, as nobody asks who only wants to know");
}

/// What one mirror session brought.
fn of_session(session: u16, seen: Sighting) -> Sighting {
    Sighting { session, ..seen }
}

#[test]
fn the_same_address_at_two_sites_is_two_addresses() {
    let two = |sessions: [u16; 2]| {
        let mut ledger = SightingLedger::default();
        for n in 0..4 {
            ledger.take(&of_session(sessions[0], arp(n * 2, None, true, (9, 1), 1)));
            ledger.take(&of_session(sessions[1], arp(n * 2 + 1, None, true, (9, 1), 2)));
        }
        evidence(&ledger, 10).conflicts.len()
    };
    assert_eq!((two([1, 2]), two([1, 1]), two([0, 0])), (0, 1, 1));
}

#[test]
fn the_routers_of_two_sites_are_not_beside_each_other() {
    let two = |sessions: [u16; 2]| {
        let mut ledger = SightingLedger::default();
        for n in 0..20 {
            for (router, session) in [1u32, 2].into_iter().zip(sessions) {
                let (source, prefix) = (0xfe80 << 112 | u128::from(router), (0x2001_0db8 << 96 | u128::from(router) << 80, 64));
                let what = Sight::Router { source: source.into(), lifetime: 1_800, flags: 0, prefix: Some((prefix.0.into(), prefix.1)) };
                let seen = Sighting { what, ..arp(n * 30 + i64::from(router), None, true, (1, 2), router) };
                ledger.take(&of_session(session, seen));
            }
        }
        evidence(&ledger, 600).second_routers.iter().map(|r| r.router).collect::<Vec<_>>()
    };
    assert_eq!((two([1, 2]), two([3, 3]).len()), (vec![], 1));
}

#[test]
fn the_dhcp_servers_of_two_sites_are_not_beside_each_other() {
    let two = |sessions: [u16; 2], is_shared: bool| {
        let mut ledger = SightingLedger::default();
        for n in 0..5 {
            ledger.take(&of_session(sessions[0], offer(n * 3, 1, n as u32)));
            ledger.take(&of_session(sessions[1], offer(n * 3 + 1, 66, n as u32 + if is_shared { 0 } else { 50 })));
        }
        evidence(&ledger, 20).second_servers.iter().map(|s| s.server).collect::<Vec<_>>()
    };
    assert_eq!((two([1, 2], false), two([1, 1], false)), (vec![], vec![ip(66)]));
    assert_eq!(two([1, 2], true), [ip(66)], "whom both serve is of one network, which two sessions show");
}

#[test]
fn what_is_kept_is_bounded() {
    let mut gathering = Gathering::default();
    let mut ledger = SightingLedger::default();
    for n in 0..3 * SIGHTED as u32 {
        let what = Sight::Arp { is_reply: false, sender: ip(n), sender_mac: mac(n), target: ip(n + 1) };
        gathering.note((at(0), 0), BroadcastDomain::default(), mac(n), what);
        ledger.take(&arp(i64::from(n) / 1_000, None, false, (n, n + 1), n));
        let told = DhcpConfig::default();
        let message = DhcpSight {
            kind: 1,
            client: mac(n),
            server: None,
            given: ip(0),
            asks_again: false,
            relay: Ipv4Addr::UNSPECIFIED,
            told,
            is_boot: false,
        };
        ledger.take(&Sighting { what: Sight::Dhcp(message), ..arp(1, None, true, (1, 2), n) });
    }
    let (seen, unfollowed) = gathering.take();
    assert_eq!((seen.len(), unfollowed), (SIGHTINGS, (3 * SIGHTED - SIGHTINGS) as u64));
    assert!(gathering.is_empty());
    assert!(ledger.arp.counts().into_iter().all(|n| n <= SIGHTED), "{:?}", ledger.arp.counts());
}

/// One tells everybody, and another one replies to those who ask: neither is ever contradicted in the same way.
#[test]
fn what_one_tells_everybody_and_another_one_denies_is_a_conflict() {
    // Station 2 announces itself as host 9, each so many seconds, until a moment; station 1 replies to whoever asks, from a moment on.
    let found = |apart: i64, until: i64, replies: std::ops::Range<i64>, replier: u32| {
        let mut ledger = SightingLedger::default();
        for n in 0..120 {
            if n % apart == 0 && n < until {
                ledger.take(&arp(n, None, true, (9, 9), 2));
            }
            if n % 7 == 3 && replies.contains(&n) {
                ledger.take(&arp(n, None, false, (20 + n as u32 % 5, 9), 30));
                ledger.take(&arp(n, None, true, (9, 20 + n as u32 % 5), replier));
            }
        }
        let found = evidence(&ledger, 120).conflicts;
        found.iter().map(|c| c.stations.iter().map(|s| s.mac).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    for apart in [2, 5, 15, 29] {
        assert_eq!(found(apart, 120, 0..120, 1), [[mac(1), mac(2)]], "{apart}");
    }
    let none: [[crate::model::Mac; 2]; 0] = [];
    assert_eq!(found(5, 120, 0..120, 2), none, "who has it replies itself");
    assert_eq!(found(5, 120, 0..40, 2), none, "and falls silent");
    assert_eq!(found(2, 120, 0..1, 1), none, "it was another's before");
    assert_eq!(found(2, 10, 12..120, 1), none, "and is again");
    assert_eq!(found(70, 120, 0..120, 1), none, "seldom: somebody comes back");
}
