//! A router's address that two stations claim: who takes it from whom, whom that strikes, and what only looks so.

use super::support::packet::{ACK, End, Packet, SYN};
use super::{Micros, S, Traffic, address, mac, only, title, troubles};
use spantop::model::Severity;
use spantop::snapshot::Snapshot;
use std::net::Ipv4Addr;

/// The router's address, its hardware address and another one.
const ROUTER: [u8; 4] = [10, 1, 0, 1];
const OWN: [u8; 6] = [2, 0, 0, 0, 0x77, 1];
const OTHER: [u8; 6] = [2, 0, 0, 0, 0x77, 2];

/// An ARP packet from the router's address to a host: a request, or a reply.
fn router(t: &mut Traffic, at: Micros, is_reply: bool, station: [u8; 6], host: u8) {
    let to = if is_reply { mac(host) } else { [0; 6] };
    t.push(at, Packet::arp(if is_reply { 2 } else { 1 }, End::new(station, ROUTER, 0), to, Ipv4Addr::from(address(host))));
}

/// A host asks for the router, which replies.
fn asked_for(t: &mut Traffic, at: Micros, host: u8, station: [u8; 6]) {
    t.push(at, Packet::arp(1, End::new(mac(host), address(host), 0), [0; 6], Ipv4Addr::from(ROUTER)));
    router(t, at + 200, true, station, host);
}

/// A host tells the router where it is.
fn replies(t: &mut Traffic, at: Micros, host: u8, station: [u8; 6]) {
    t.push(at, Packet::arp(2, End::new(mac(host), address(host), 0), station, Ipv4Addr::from(ROUTER)));
}

/// A host connects to a server beyond the router, by this station, which lets it pass or not.
fn connects(t: &mut Traffic, at: Micros, host: u8, port: u16, to: u8, next: [u8; 6], passes: bool) {
    let server = [198, 51, 100, to];
    let times: &[Micros] = if passes { &[0] } else { &[0, S, 3 * S] };
    for again in times {
        t.push(at + again, Packet::eth(mac(host), next).ip(address(host), server).id(port).tcp(port, 443).seq(7).flags(SYN));
    }
    if passes {
        t.push(at + 9_000, Packet::eth(next, mac(host)).ip(server, address(host)).id(port).tcp(443, port).seq(1).ack(8).flags(SYN | ACK));
        t.push(at + 9_100, Packet::eth(mac(host), next).ip(address(host), server).id(port + 1).tcp(port, 443).seq(8).ack(2).flags(ACK));
    }
}

/// A router whose address is on two hardware addresses: hosts send to the one that replies, and both ask for hosts, each of these so often a minute.
fn of_two_addresses(a_minute: i64, second_replies: bool) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..110i64 {
        let host = 20 + (n * 7 % 13) as u8;
        asked_for(&mut t, n * S + 40_000, host, if second_replies && n % 5 == 4 { OTHER } else { OWN });
        connects(&mut t, n * S + 90_000, host, 4_000 + 2 * n as u16, 1 + (n % 9) as u8, OWN, true);
    }
    for (station, shift) in [(OWN, 300_000), (OTHER, 500_000)] {
        for n in 0..2 * a_minute {
            for host in 20..33u8 {
                let at = n * 60 * S / a_minute + i64::from(host) * 17_000 + shift;
                router(&mut t, at, false, station, host);
                replies(&mut t, at + 300, host, station);
            }
        }
    }
    t.with_office(120).seen()
}

#[test]
fn a_router_whose_address_is_on_two_hardware_addresses() {
    for a_minute in [1, 2, 4] {
        assert_eq!(troubles(&of_two_addresses(a_minute, false)), [], "{a_minute}");
    }
    // Two that both reply, and one that asks hosts again and again as nobody does who is answered.
    for s in [of_two_addresses(2, true), of_two_addresses(20, false)] {
        assert_eq!(troubles(&s), only("arp.conflict", "10.1.0.1", Severity::Critical));
    }
}

#[test]
fn whoever_answers_for_others_of_its_network_when_asked_is_a_note() {
    // A router answers as well, later than those who are asked for.
    let build = |unasked: bool| {
        let mut t = Traffic::default();
        for n in 0..90i64 {
            let (host, of) = (20 + (n % 11) as u8, 60 + (n % 4) as u8);
            t.push(n * S, Packet::arp(1, End::new(mac(host), address(host), 0), [0; 6], Ipv4Addr::from(address(of))));
            for (later, station) in [(250, mac(of)), (340_000, OWN)] {
                let later = if unasked && station == OWN { 5 * S } else { later };
                let reply = Packet::arp(2, End::new(station, address(of), 0), mac(host), Ipv4Addr::from(address(host)));
                t.push(n * S + later, reply);
            }
        }
        t.with_office(100).seen()
    };
    let s = build(false);
    assert_eq!(troubles(&s), only("arp.conflict", "02:00:00:00:77:01", Severity::Note));
    assert!(title(&s).ends_with("when it is asked, as do their owners"), "{}", title(&s));
    assert_eq!(troubles(&build(true)).first().map(|t| (t.0, t.2)), Some(("arp.conflict", Severity::Warning)), "nobody asked just then");
}

/// A station tells so many hosts that it is the router. What they send beyond it, it keeps.
fn poisoned(hosts: u8) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..100i64 {
        let host = 20 + (n % i64::from(hosts)) as u8;
        if n % 5 == 0 {
            asked_for(&mut t, n * S + 40_000, 20 + (n / 5 % i64::from(hosts)) as u8, OWN);
        }
        let is_struck = n >= 40;
        let next = if is_struck { OTHER } else { OWN };
        connects(&mut t, n * S + 90_000, host, 4_000 + 2 * n as u16, 1 + (n % 5) as u8, next, !is_struck);
        if n >= 38 && n % 2 == 0 {
            (0..hosts).for_each(|host| router(&mut t, n * S + 500_000 + i64::from(host) * 2_000, true, OTHER, 20 + host));
        }
    }
    t.with_office(110).seen()
}

#[test]
fn whose_router_is_taken_is_critical_and_explains_what_gets_no_answer() {
    for hosts in [2u8, 7, 15, 33] {
        let s = poisoned(hosts);
        let of = |f: &&spantop::model::Finding| f.id == "arp.conflict";
        let conflict = s.diagnosis.findings.iter().find(of).unwrap_or_else(|| panic!("{:?}", troubles(&s)));
        assert_eq!(conflict.severity, Severity::Critical, "{hosts}");
        let told = if hosts > 15 { "towards 16 or more hosts".to_owned() } else { format!("towards {hosts} hosts") };
        assert!(conflict.title.contains(&told), "{}", conflict.title);
        assert_eq!(conflict.hosts, Some(u64::from(hosts).min(16)));
        let rest: Vec<_> = s.diagnosis.findings.iter().filter(|f| f.id.starts_with("tcp.")).collect();
        assert!(rest.iter().any(|f| f.id == "tcp.no_answer"), "{:?}", troubles(&s));
        for effect in rest {
            assert_eq!(effect.explained_by.as_ref().map(|by| by.id), Some("arp.conflict"), "{hosts} hosts: {}", effect.title);
        }
    }
}
