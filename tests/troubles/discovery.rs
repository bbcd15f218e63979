//! Addresses of IPv6: asked for in vain and without end; and addresses of either kind that somebody wants and another one has.

use super::support::packet::message::neighbour_advertisement;
use super::support::packet::{End, Packet};
use super::{Micros, S, Traffic, address, mac, only, title, troubles};
use spantop::model::Severity;
use std::net::{Ipv4Addr, Ipv6Addr};

/// To whom advertisements go that are for everybody.
const ALL: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// A host's address of IPv6.
fn six(host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host.into())
}

/// The address that it has on its link alone.
fn of_link(host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, host.into())
}

/// The group of those with these last bytes of an address (RFC 4291 section 2.7.1), and its station.
fn group(address: Ipv6Addr) -> (Ipv6Addr, [u8; 6]) {
    let [.., a, b, c] = address.octets();
    (Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c])), [0x33, 0x33, 0xff, a, b, c])
}

/// Solicited, and to be believed.
const ANSWERS: u8 = 0x60;

/// To be believed by everybody.
const OVERRIDES: u8 = 0x20;

impl Traffic {
    /// A station asks all of the group for an address, from an address of its own or from none.
    fn solicit(&mut self, at: Micros, station: [u8; 6], from: Ipv6Addr, target: Ipv6Addr) {
        let (to, station_of_group) = group(target);
        let option = if from.is_unspecified() { vec![] } else { [&[1, 1][..], &station].concat() };
        let body = [&target.octets()[..], &option].concat();
        self.push(at, Packet::eth(station, station_of_group).ip(from, to).ttl(255).icmp(135, 0, [0; 4]).payload(&body));
    }

    /// A station says that it has an address.
    fn advertise(&mut self, at: Micros, (address, station): (Ipv6Addr, [u8; 6]), (to, to_station): (Ipv6Addr, [u8; 6]), flags: u8) {
        let packet = Packet::eth(station, to_station).ip(address, to).ttl(255).icmp(136, 0, [flags, 0, 0, 0]);
        self.push(at, packet.payload(&neighbour_advertisement(address, station)));
    }

    /// A host asks for another, which answers or does not.
    fn resolve_six(&mut self, at: Micros, asker: u8, target: u8, flags: Option<u8>) {
        self.solicit(at, mac(asker), six(asker), six(target));
        if let Some(flags) = flags {
            self.advertise(at + 150, (six(target), mac(target)), (six(asker), mac(asker)), flags);
        }
    }

    /// Somebody looks whether an address of IPv4 is free, and is answered.
    fn probe(&mut self, at: Micros, (prober, to): (u8, [u8; 6]), target: u8, owner: Option<[u8; 6]>) {
        let nobody = End::new(mac(prober), [0, 0, 0, 0], 0);
        let packet = Packet::arp(1, nobody, [0; 6], Ipv4Addr::from(address(target)));
        let mut frame = packet.build();
        frame[..6].copy_from_slice(&to);
        self.packets.push((at, frame));
        if let Some(owner) = owner {
            self.push(at + 150, Packet::arp(2, End::new(owner, address(target), 0), mac(prober), Ipv4Addr::UNSPECIFIED));
        }
    }

    /// The same of IPv6, which is answered to everybody.
    fn probe_six(&mut self, at: Micros, prober: u8, target: u8, owner: Option<([u8; 6], u8)>) {
        self.solicit(at, mac(prober), Ipv6Addr::UNSPECIFIED, six(target));
        if let Some((owner, flags)) = owner {
            self.advertise(at + 150, (six(target), owner), (ALL, [0x33, 0x33, 0, 0, 0, 1]), flags);
        }
    }
}

#[test]
fn a_host_of_ipv6_that_is_gone() {
    let build = |askers: u8, replies: bool| {
        let mut t = Traffic::default();
        for n in 0..30u8 {
            let at = i64::from(n) * S + 3_000;
            let asker = 1 + n % askers;
            t.resolve_six(at, asker, 9, None);
            t.resolve_six(at + 1_000, asker, 240, replies.then_some(ANSWERS));
            // A proxy's answer, which does not override, is one as well.
            t.resolve_six(at + 2_000, asker, 241, replies.then_some(0x40));
        }
        t.with_office(60).seen()
    };
    let s = build(2, true);
    assert_eq!(troubles(&s), only("arp.unanswered", "2001:db8:0:1::9", Severity::Warning));
    assert_eq!(title(&s), "2001:db8:0:1::9 is not there: 2 hosts look for it in vain; nothing was ever heard of it");
    assert_eq!(troubles(&build(1, true)), only("arp.unanswered", "2001:db8:0:1::9", Severity::Note), "one host's old setting");
    assert_eq!(troubles(&build(6, true)), only("arp.unanswered", "2001:db8:0:1::9", Severity::Critical));
    assert_eq!(troubles(&build(6, false)), [], "the mirror shows no replies at all");
}

#[test]
fn a_gateway_of_ipv6_that_dies() {
    let build = |until: u8| {
        let mut t = Traffic::default();
        for n in 0..60u8 {
            let (at, asker) = (i64::from(n) * S + 3_000, 3 + n % 3);
            // One host asks from either of its addresses.
            let from = if n % 2 == 0 { six(asker) } else { of_link(asker) };
            t.solicit(at, mac(asker), from, of_link(1));
            if n < until {
                t.advertise(at + 150, (of_link(1), mac(1)), (from, mac(asker)), ANSWERS);
            }
            t.resolve_six(at + 1_000, asker, 240, Some(ANSWERS));
        }
        t.with_office(60).seen()
    };
    let s = build(20);
    assert_eq!(troubles(&s), only("arp.unanswered", "fe80::1", Severity::Warning));
    assert!(title(&s).starts_with("fe80::1 is gone: 3 hosts look for it in vain; last heard "), "{}", title(&s));
    assert_eq!(troubles(&build(60)), [], "it answers");
    assert_eq!(troubles(&build(55)), [], "five requests are few");
}

#[test]
fn looking_for_free_addresses_asks_nobody_in_particular() {
    let mut t = Traffic::default();
    for n in 0..40u8 {
        let at = i64::from(n) * S;
        t.probe_six(at, 40 + n, 9, None);
        t.resolve_six(at + 20, 13, 240, Some(ANSWERS));
        t.resolve_six(at + 1_000, 13, 241, Some(ANSWERS));
    }
    assert_eq!(troubles(&t.with_office(60).seen()), []);
}

/// A station that solicits so often a second for 45 seconds, so many addresses by turns: all of the group, or each alone. Equal frames some
/// milliseconds apart are copies as far as anybody can tell: here each is from another address of the station's.
fn flood(each: i64, targets: u8, is_to_many: bool) -> Traffic {
    let mut t = Traffic::default();
    for n in 5 * each..50 * each {
        let (at, target) = (n * S / each, 100 + (n % i64::from(targets)) as u8);
        let from = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 7, (n % 251) as u16);
        if is_to_many {
            t.solicit(at, mac(66), from, six(target));
        } else {
            let packet = Packet::eth(mac(66), mac(target)).ip(from, six(target)).ttl(255).icmp(135, 0, [0; 4]);
            t.push(at, packet.payload(&six(target).octets()));
        }
        t.advertise(at + 150, (six(target), mac(target)), (from, mac(66)), 0x40);
    }
    t.with_office(60)
}

#[test]
fn a_station_that_floods_with_solicitations() {
    let s = flood(60, 2, true).seen();
    assert_eq!(troubles(&s), only("arp.storm", "02:00:00:00:01:42", Severity::Warning));
    let want = "02:00:00:00:01:42 floods the network with neighbour solicitations: 6";
    assert!(title(&s).starts_with(want), "{}", title(&s));
    assert_eq!(troubles(&flood(14, 2, true).seen()), [], "as many as a switch lets through of ARP");
    assert_eq!(troubles(&flood(60, 90, true).seen()), [], "it looks for whoever there is");
    assert_eq!(troubles(&flood(60, 2, false).seen()), [], "whether its neighbours are still there it asks only these");
}

#[test]
fn an_address_that_one_wants_and_another_has() {
    let four = |times: i64, owner: Option<u8>| {
        let mut t = Traffic::default();
        (0..times).for_each(|n| t.probe(n * 8 * S, (77, [0xff; 6]), 9, owner.map(mac)));
        t.with_neighbours(40).with_office(40).seen()
    };
    let six = |times: i64, owner: Option<(u8, u8)>| {
        let mut t = Traffic::default();
        (0..times).for_each(|n| t.probe_six(n * 8 * S, 77, 9, owner.map(|(host, flags)| (mac(host), flags))));
        t.with_office(40).seen()
    };
    let s = four(4, Some(9));
    assert_eq!(troubles(&s), only("arp.conflict", "10.1.0.9", Severity::Warning));
    assert_eq!(title(&s), "02:00:00:00:01:4d wants to use 10.1.0.9 and is told 4 times that 02:00:00:00:01:09 has it");
    let s = six(4, Some((9, OVERRIDES)));
    assert_eq!(troubles(&s), only("arp.conflict", "2001:db8:0:1::9", Severity::Warning));
    assert_eq!(title(&s), "02:00:00:00:01:4d wants to use 2001:db8:0:1::9 and is told 4 times that 02:00:00:00:01:09 has it");
    assert_eq!(troubles(&four(1, Some(9))), only("arp.conflict", "10.1.0.9", Severity::Note), "a client then takes another address");
    assert_eq!(troubles(&six(1, Some((9, OVERRIDES)))), only("arp.conflict", "2001:db8:0:1::9", Severity::Note));
    assert_eq!((troubles(&four(4, None)), troubles(&six(4, None))), (vec![], vec![]), "it is free");
    let own = [troubles(&four(4, Some(77))), troubles(&six(4, Some((77, OVERRIDES))))];
    assert_eq!(own, [vec![], vec![]], "a switch answers for the station that has it");
    assert_eq!(troubles(&six(4, Some((9, 0)))), [], "a proxy, or an anycast address, which several have");
}

#[test]
fn a_switch_that_asks_whether_a_host_is_still_there_wants_no_address() {
    let mut t = Traffic::default();
    (0..5).for_each(|n| t.probe(n * 8 * S, (77, mac(9)), 9, Some(mac(9))));
    assert_eq!(troubles(&t.with_neighbours(40).with_office(40).seen()), []);
}
