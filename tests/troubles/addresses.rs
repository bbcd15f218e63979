//! Addresses: claimed twice, asked for in vain, given by the wrong server or not at all; routers and clocks.

use super::support::packet::message::{DhcpMessage, dhcp, neighbour_advertisement, ntp, router_advertisement};
use super::support::packet::{End, Packet, SYN};
use super::{Micros, S, START, Traffic, address, mac, only, proof, title, troubles};
use spantop::model::Severity;
use spantop::snapshot::Snapshot;
use std::net::{Ipv4Addr, Ipv6Addr};

fn end(host: u8) -> End {
    End::new(mac(host), address(host), 0)
}

impl Traffic {
    /// A request for a host, and its reply from a station.
    fn resolve(&mut self, at: Micros, asker: u8, target: u8, answer: Option<[u8; 6]>) {
        self.push(at, Packet::arp(1, end(asker), [0; 6], Ipv4Addr::from(address(target))));
        if let Some(station) = answer {
            let from = End::new(station, address(target), 0);
            self.push(at + 150, Packet::arp(2, from, mac(asker), Ipv4Addr::from(address(asker))));
        }
    }

    /// Hosts resolve each other as they should, for so many seconds.
    pub(super) fn with_neighbours(mut self, seconds: i64) -> Self {
        for n in 0..seconds {
            let asker = 101 + (n % 6) as u8;
            self.resolve(n * S + 5_000, asker, 250 - (n % 3) as u8, Some(mac(250 - (n % 3) as u8)));
        }
        self
    }

    /// A message of a client to everybody, from nobody.
    fn asks(&mut self, at: Micros, client: [u8; 6], message: &DhcpMessage) {
        let packet = Packet::eth(client, [0xff; 6]).ip([0, 0, 0, 0], [255, 255, 255, 255]).id(self.next());
        self.push(at, packet.udp(68, 67).payload(&dhcp(client, message)));
    }

    /// A message of a server to a client.
    fn gives(&mut self, at: Micros, server: u8, client: [u8; 6], message: &DhcpMessage) {
        let packet = Packet::eth(mac(server), client).ip(address(server), [10, 1, 0, 99]).id(self.next());
        self.push(at, packet.udp(67, 68).payload(&dhcp(client, message)));
    }

    /// A client gets an address of a server that tells it of a router and a name server.
    fn lease(&mut self, at: Micros, client: [u8; 6], server: u8, (router, names): (u8, u8)) {
        let told = DhcpMessage { server: Some(address(server)), router: Some(address(router)), names: Some(address(names)), ..OFFER };
        self.asks(at, client, &DISCOVER);
        self.gives(at + 2_000, server, client, &told);
        self.asks(at + 4_000, client, &DhcpMessage { kind: 3, ..DISCOVER });
        self.gives(at + 6_000, server, client, &DhcpMessage { kind: 5, ..told });
    }

    fn next(&mut self) -> u16 {
        self.id = self.id.wrapping_add(1);
        self.id
    }

    /// A client asks a time server and gets an answer of this stratum, whose clock is so many milliseconds ahead.
    fn time(&mut self, at: Micros, client: u8, server: u8, answer: Option<(u8, i64)>) {
        let ask = self.ip(client, server).udp(123, 123).payload(&ntp(0x23, 0, at as u64, 0));
        self.push(at, ask);
        if let Some((stratum, ahead)) = answer {
            let now = (START / 1_000_000_000 + 2_208_988_800) * 1_000 + (at + 1_000) / 1_000 + ahead;
            let leap = if stratum == 16 { 0xc0 } else { 0 };
            let reply = self.ip(server, client).udp(123, 123).payload(&ntp(0x24 | leap, stratum, at as u64, now as u64));
            self.push(at + 1_000, reply);
        }
    }
}

/// What a clock says at a time that is so many milliseconds ahead.
fn stamp(at: Micros, ahead: i64) -> [u8; 8] {
    let now = (START / 1_000_000_000 + 2_208_988_800) * 1_000 + at / 1_000 + ahead;
    let (seconds, fraction) = (now / 1_000, ((now % 1_000) << 32) / 1_000 + 1);
    ((seconds << 32 | fraction) as u64).to_be_bytes()
}

impl Traffic {
    /// The same with a client that tells its own time, which is so many milliseconds ahead.
    fn time_told(&mut self, at: Micros, (client, own): (u8, i64), server: u8, ahead: i64) {
        let mut ask = ntp(0x23, 0, 0, 0);
        ask[40..].copy_from_slice(&stamp(at, own));
        let mut reply = ntp(0x24, 2, 0, 1);
        reply[24..32].copy_from_slice(&stamp(at, own));
        reply[40..].copy_from_slice(&stamp(at + 1_000, ahead));
        let (there, back) = (self.ip(client, server), self.ip(server, client));
        self.push(at, there.udp(123, 123).payload(&ask));
        self.push(at + 1_000, back.udp(123, 123).payload(&reply));
    }
}

const DISCOVER: DhcpMessage = DhcpMessage { kind: 1, given: [0; 4], server: None, router: None, names: None, class: "" };
const OFFER: DhcpMessage = DhcpMessage { kind: 2, given: [10, 1, 0, 99], ..DISCOVER };

fn client(n: u8) -> [u8; 6] {
    [2, 0, 0, 0, 9, n]
}

#[test]
fn an_address_that_two_devices_use() {
    let mut t = Traffic::default();
    for n in 0..4 {
        t.resolve(n * 4 * S, 3, 9, Some(mac(9)));
        let second = End::new(mac(77), address(9), 0);
        t.push(n * 4 * S + 400, Packet::arp(2, second, mac(3), Ipv4Addr::from(address(3))));
    }
    let s = t.with_neighbours(30).with_office(30).seen();
    assert_eq!(troubles(&s), only("arp.conflict", "10.1.0.9", Severity::Warning));
    assert_eq!(title(&s), "Two devices use 10.1.0.9: 02:00:00:00:01:09 and 02:00:00:00:01:4d");
}

#[test]
fn a_server_whose_address_another_takes_is_critical() {
    let mut t = Traffic::default();
    for n in 0..5 {
        for station in [250, 77] {
            let from = End::new(mac(station), address(250), 0);
            t.push(n * 5 * S + i64::from(station) * 1_000, Packet::arp(1, from, [0; 6], Ipv4Addr::from(address(1))));
        }
        t.resolve(n * 5 * S + 300_000, 7, 1, Some(mac(1)));
    }
    assert_eq!(troubles(&t.with_office(40).seen()), only("arp.conflict", "10.1.0.250", Severity::Critical));
}

#[test]
fn stations_that_share_or_take_over_an_address_do_not_fight() {
    let virtual_mac = |last| [0, 0, 0x5e, 0, 1, last];
    let mut t = Traffic::default();
    for n in 0..10u8 {
        let at = i64::from(n) * 3 * S;
        // A gateway that answers by its shared address and by its own.
        t.resolve(at, 3, 200, Some(if n % 2 == 0 { virtual_mac(7) } else { mac(200) }));
        // A server that was replaced.
        t.resolve(at + 1_000, 4, 210, Some(if n < 5 { mac(210) } else { mac(211) }));
        // Two network cards as one: each asker always gets the same.
        t.resolve(at + 2_000, 5 + n % 2, 220, Some(mac(220 + n % 2)));
        // A router that answers for others beside them.
        for host in 230..238 {
            t.resolve(at + i64::from(host) * 1_000, 8, host, Some(if n % 2 == 0 { mac(1) } else { mac(host) }));
        }
        // A client looks whether its address is free, and announces it.
        let probe = End::new(mac(40 + n), [0, 0, 0, 0], 0);
        t.push(at + 600_000, Packet::arp(1, probe, [0; 6], Ipv4Addr::from(address(9))));
    }
    assert_eq!(troubles(&t.with_neighbours(30).with_office(30).seen()), []);
}

/// A station answers for three hosts that sleep. Each takes its address back by an announcement when it wakes, so many seconds after the other's.
fn sleepers(announce: bool, awake: i64) -> Snapshot {
    let mut t = Traffic::default();
    for turn in 0..6 {
        for n in 0..3u8 {
            let (own, at) = (address(230 + n), turn * 2 * awake * S + i64::from(n) * 300_000);
            for (station, at) in [(mac(77), at), (mac(230 + n), at + awake * S)] {
                let asked = if announce { own } else { address(1) };
                t.push(at, Packet::arp(1, End::new(station, own, 0), [0; 6], Ipv4Addr::from(asked)));
                t.resolve(at + S, 20, 230 + n, Some(station));
            }
        }
    }
    t.with_neighbours(60).with_office(60).seen()
}

#[test]
fn a_sleep_proxy_is_a_note() {
    let s = sleepers(true, 20);
    assert_eq!(troubles(&s), only("arp.conflict", "02:00:00:00:01:4d", Severity::Note));
    let want = "02:00:00:00:01:4d claims 10.1.0.230, 10.1.0.231, 10.1.0.232, and hands them over to their owners and back";
    assert_eq!(title(&s), want);
    assert_eq!(troubles(&sleepers(false, 20)), only("arp.conflict", "02:00:00:00:01:4d", Severity::Warning), "nobody announces it");
    assert_eq!(troubles(&sleepers(true, 5)), only("arp.conflict", "02:00:00:00:01:4d", Severity::Warning), "they answer each other");
}

/// Hosts of two networks with the same addresses, of which each is resolved in both.
fn two_networks(hosts: u8, others: u8) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..6 {
        for host in 0..hosts + others {
            let (at, own) = (n * 9 * S + i64::from(host) * 40_000, address(100 + host));
            t.resolve(at, 3, 100 + host, Some(mac(100 + host)));
            if host < hosts {
                let other = End::new([2, 0, 0, 0, 2, host], own, 0);
                t.push(at + 4 * S, Packet::arp(2, other, mac(3), Ipv4Addr::from(address(3))));
            }
        }
    }
    t.with_office(60).seen()
}

#[test]
fn networks_without_their_tags_are_not_at_odds() {
    let ids = |s: &Snapshot| s.diagnosis.findings.iter().filter(|f| f.severity >= Severity::Warning).map(|f| f.id).collect::<Vec<_>>();
    let s = two_networks(6, 0);
    assert_eq!(ids(&s), ["vlan.stripped"]);
    let told = s.diagnosis.findings.iter().find(|f| f.id == "vlan.stripped").map(|f| f.title.as_str());
    assert!(told.is_some_and(|title| title.starts_with("VLAN tags are taken off: 6 of ")), "{told:?}");
    assert!(
        s.diagnosis.network.not_judged.iter().any(|(id, why)| *id == "arp.conflict" && why.contains("6 are doubled")),
        "{:?}",
        s.diagnosis.network.not_judged
    );
    assert_eq!(ids(&two_networks(3, 0)), ["arp.conflict"; 3], "three fight for their addresses");
    assert_eq!(ids(&two_networks(6, 16)), ["arp.conflict"; 6], "few of many");
}

#[test]
fn an_ipv6_address_that_two_devices_use() {
    let address: Ipv6Addr = "2001:db8::9".parse().unwrap();
    let asker: Ipv6Addr = "2001:db8::1".parse().unwrap();
    let build = |is_override| {
        let mut t = Traffic::default();
        for n in 0..4 {
            for station in [9, 77] {
                let at = n * 4 * S + i64::from(station) * 10;
                let packet = Packet::eth(mac(station), mac(1)).ip(address, asker).ttl(255);
                let [kind, code, rest] = [136, 0, 0];
                let flags = if is_override { 0x60 } else { 0x40 };
                let packet = packet.icmp(kind, code, [flags, rest, rest, rest]);
                t.push(at, packet.payload(&neighbour_advertisement(address, mac(station))));
            }
        }
        t.with_office(30).seen()
    };
    assert_eq!(troubles(&build(true)), only("arp.conflict", "2001:db8::9", Severity::Warning));
    assert_eq!(troubles(&build(false)), [], "an anycast address belongs to several");
}

#[test]
fn a_host_that_is_gone() {
    let of = |askers: u8, replies: bool, one_port: bool| {
        let mut t = Traffic::default();
        for n in 0..30u8 {
            let at = i64::from(n) * S + 3_000;
            let asker = 1 + n % askers;
            t.resolve(at, asker, 9, None);
            t.resolve(at + 1_000, asker, 240, replies.then(|| mac(240)));
            t.resolve(at + 2_000, asker, 241, (replies && !one_port).then(|| mac(241)));
        }
        t.with_office(60)
    };
    let build = |askers, replies| of(askers, replies, false);
    let s = build(2, true).seen();
    assert_eq!(troubles(&s), only("arp.unanswered", "10.1.0.9", Severity::Warning));
    assert_eq!(title(&s), "10.1.0.9 is not there: 2 hosts look for it in vain; nothing was ever heard of it");
    assert_eq!(troubles(&build(1, true).seen()), only("arp.unanswered", "10.1.0.9", Severity::Note), "one host's old setting");
    assert_eq!(troubles(&build(6, true).seen()), only("arp.unanswered", "10.1.0.9", Severity::Critical));
    assert_eq!(troubles(&build(6, false).seen()), [], "the mirror shows no replies at all");
    assert_eq!(troubles(&of(6, true, true).seen()), [], "the mirror is the port of one host, and shows what that one replies");
}

#[test]
fn a_host_with_a_wrong_gateway() {
    // Whatever it wants to send it first asks for its gateway, which nobody is; it asks for nothing else, and is never heard of.
    let build = |requests: u8| {
        let mut t = Traffic::default();
        (0..requests).for_each(|n| t.resolve(i64::from(n) * S + 3_000, 77, 254, None));
        t.with_office(60).seen()
    };
    let s = build(21);
    assert_eq!(troubles(&s), only("arp.unanswered", "10.1.0.254", Severity::Warning));
    let want =
        "10.1.0.254 is not there: 1 host looks for it in vain; one that is not heard to reach anything else; nothing was ever heard of it";
    assert_eq!(title(&s), want);
    assert_eq!(troubles(&build(9)), [], "a printer that is switched off");
}

#[test]
fn a_router_that_dies_is_critical_from_then_on() {
    let mut t = Traffic::default();
    t.lease(S / 2, client(1), 2, (1, 53));
    for n in 0..60u8 {
        let at = i64::from(n) * S + 3_000;
        t.resolve(at, 3 + n % 2, 1, (n < 20).then(|| mac(1)));
        t.resolve(at + 1_000, 3 + n % 2, 240, Some(mac(240)));
    }
    let t = t.with_office(60);
    let (frames, s) = (t.frames(), t.seen());
    assert_eq!(troubles(&s), only("arp.unanswered", "10.1.0.1", Severity::Critical));
    let finding = s.diagnosis.findings.iter().find(|f| f.id == "arp.unanswered").unwrap();
    assert_eq!(finding.packets.len(), 16, "the latest of the requests");
    let is_request = |frame: &Vec<u8>| frame[12..14] == [8, 6] && frame[21] == 1 && frame[38..42] == address(1);
    assert!(proof(&frames, &s, "arp.unanswered").iter().all(is_request));
    assert!(finding.title.starts_with("The router 10.1.0.1 is gone: 2 hosts look for it in vain; last heard "), "{}", finding.title);
    assert_eq!(finding.first.0, START + 20 * S * 1_000 + 3_000_000, "since the first request that nothing answered");
}

#[test]
fn probes_announcements_and_sweeps_ask_nobody_in_particular() {
    let mut t = Traffic::default();
    for n in 0..40u8 {
        let at = i64::from(n) * S;
        let probe = End::new(mac(40 + n), [0, 0, 0, 0], 0);
        t.push(at, Packet::arp(1, probe, [0; 6], Ipv4Addr::from(address(9))));
        t.push(at + 10, Packet::arp(1, end(12), [0; 6], Ipv4Addr::from(address(12))));
        t.resolve(at + 20, 13, 240, Some(mac(240)));
        for target in if n % 4 == 0 { 150..180 } else { 0..0 } {
            t.resolve(at + i64::from(target) * 1_000, 13, target, None);
        }
    }
    assert_eq!(troubles(&t.with_office(60).seen()), []);
}

/// A station that sends so many ARP packets a second from second to second.
fn flood(each: i64, from: i64, to: i64, targets: u8) -> Traffic {
    let mut t = Traffic::default();
    for n in from * each..to * each {
        t.resolve(n * S / each, 66, 10 + (n % i64::from(targets)) as u8, Some(mac(10 + (n % i64::from(targets)) as u8)));
    }
    t.with_neighbours(60).with_office(60)
}

#[test]
fn a_station_that_floods_with_arp() {
    let s = flood(60, 5, 50, 2).seen();
    assert_eq!(troubles(&s), only("arp.storm", "02:00:00:00:01:42", Severity::Warning));
    assert!(title(&s).starts_with("02:00:00:00:01:42 floods the network with ARP: 6"), "{}", title(&s));
}

/// Equal frames some milliseconds apart are copies as far as anybody can tell: here each has another sender address.
#[test]
fn a_station_that_floods_with_arp_for_everybody_is_critical() {
    let mut t = Traffic::default();
    for n in 5 * 1_200..26 * 1_200i64 {
        let asker = End::new(mac(66), [10, 1, 7, (n % 251) as u8], 0);
        t.push(n * S / 1_200, Packet::arp(1, asker, [0; 6], Ipv4Addr::from(address(10 + (n % 40) as u8))));
    }
    let s = t.with_neighbours(60).with_office(60).seen();
    assert_eq!(troubles(&s)[..1], only("arp.storm", "02:00:00:00:01:42", Severity::Critical)[..], "{:?}", s.diagnosis.findings);
}

#[test]
fn a_router_that_restarts_and_a_sweep_are_no_storm() {
    assert_eq!(troubles(&flood(100, 5, 14, 40).seen()), [], "it resolves everything once");
    assert_eq!(troubles(&flood(60, 5, 50, 90).seen()), [], "it looks for whoever there is");
    assert_eq!(troubles(&flood(14, 5, 50, 2).seen()), [], "what a switch lets through");
}

/// Clients that ask from a second on at the times of RFC 2131, and clients that are served.
fn dhcp_clients(waiting: u8, served: &[Micros], class: &'static str) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..waiting {
        for at in [0, 4, 12, 28, 44] {
            t.asks(20 * S + at * S + i64::from(n) * 1_000, client(n), &DhcpMessage { class, ..DISCOVER });
        }
    }
    for (n, at) in served.iter().enumerate() {
        t.lease(*at, client(100 + n as u8), 2, (1, 53));
    }
    t.with_neighbours(90).with_office(90)
}

#[test]
fn clients_that_get_no_address() {
    let s = dhcp_clients(3, &[S], "").seen();
    assert_eq!(troubles(&s), only("dhcp.no_offer", "network", Severity::Critical));
    assert_eq!(title(&s), "3 clients get no address by DHCP: the last answer came 1 m 02 s before");
    assert_eq!(troubles(&dhcp_clients(1, &[S], "").seen()), only("dhcp.no_offer", "network", Severity::Warning));
    let unseen = dhcp_clients(4, &[], "").seen();
    assert_eq!(troubles(&unseen), only("dhcp.no_offer", "network", Severity::Note), "no server was ever seen");
    assert_eq!(troubles(&dhcp_clients(3, &[S], "PXEClient:Arch:00000").seen()), []);
}

/// Three new clients ask in vain while two others are given what they had, or are new as well.
#[test]
fn a_pool_that_is_empty() {
    let others = |asks: &dyn Fn(&mut Traffic, Micros, [u8; 6])| {
        let mut t = dhcp_clients(3, &[S], "");
        for n in 0..2u8 {
            asks(&mut t, (30 + 10 * i64::from(n)) * S, client(120 + n));
        }
        t.seen()
    };
    let gives = |t: &mut Traffic, at: Micros, to: [u8; 6]| {
        t.asks(at, to, &DhcpMessage { kind: 3, ..DISCOVER });
        t.gives(at + 2_000, 2, to, &DhcpMessage { kind: 5, server: Some(address(2)), ..OFFER });
    };
    let s = others(&gives);
    assert_eq!(troubles(&s), only("dhcp.exhausted", "10.1.0.2", Severity::Critical));
    assert_eq!(title(&s), "The pool of the DHCP server is empty: 3 new clients get no address, 2 others get their old one");
    // Their leases have run out, and they ask for what they had.
    let again = others(&|t, at, to| {
        t.asks(at, to, &DhcpMessage { given: OFFER.given, ..DISCOVER });
        t.gives(at + 2_000, 2, to, &DhcpMessage { server: Some(address(2)), ..OFFER });
        gives(t, at + 4_000, to);
    });
    assert_eq!(title(&again), title(&s));
    // A server that does not know three of its clients.
    let some = others(&|t, at, to| t.lease(at, to, 2, (1, 53)));
    assert_eq!(troubles(&some), only("dhcp.exhausted", "10.1.0.2", Severity::Warning));
    assert_eq!(title(&some), "3 clients are not served by DHCP while others are: 2 asked for any address and got one");
}

#[test]
fn clients_that_are_refused() {
    let mut t = Traffic::default();
    for n in 0..4 {
        t.asks(i64::from(n) * S, client(n), &DhcpMessage { kind: 3, ..DISCOVER });
        t.gives(i64::from(n) * S + 2_000, 2, client(n), &DhcpMessage { kind: 6, server: Some(address(2)), ..DISCOVER });
    }
    let s = t.with_office(30).seen();
    assert_eq!(troubles(&s), only("dhcp.exhausted", "10.1.0.2", Severity::Critical));
    assert_eq!(title(&s), "The DHCP server 10.1.0.2 refuses: 4 refusals to 4 clients");
}

/// Laptops that come from home ask for the address they had there, are refused as RFC 2131 section 4.3.2 demands, and have one at once.
#[test]
fn clients_that_are_refused_an_address_of_another_network_and_served() {
    let seen = |served: u8| {
        let mut t = Traffic::default();
        for n in 0..20 {
            let at = i64::from(n) * S / 2;
            t.asks(at, client(n), &DhcpMessage { kind: 3, ..DISCOVER });
            t.gives(at + 2_000, 2, client(n), &DhcpMessage { kind: 6, server: Some(address(2)), ..DISCOVER });
            if n < served {
                t.lease(at + 20_000, client(n), 2, (1, 53));
            }
        }
        troubles(&t.with_office(30).seen())
    };
    assert_eq!(seen(20), []);
    assert_eq!(seen(10), only("dhcp.exhausted", "10.1.0.2", Severity::Critical), "ten are left without");
}

#[test]
fn a_station_that_empties_a_pool() {
    let build = |is_itself: bool| {
        let mut t = Traffic::default();
        for n in 0..80u8 {
            let source = if is_itself { client(n) } else { mac(66) };
            let packet = Packet::eth(source, [0xff; 6]).ip([0, 0, 0, 0], [255, 255, 255, 255]).id(t.next());
            t.push(i64::from(n) * S / 8, packet.udp(68, 67).payload(&dhcp(client(n), &DISCOVER)));
            t.gives(i64::from(n) * S / 8 + 2_000, 2, client(n), &DhcpMessage { server: Some(address(2)), ..OFFER });
        }
        t.with_office(30).seen()
    };
    let s = build(false);
    assert_eq!(troubles(&s), only("dhcp.exhausted", "02:00:00:00:01:42", Severity::Critical));
    assert_eq!(title(&s), "02:00:00:00:01:42 asks for addresses of 50 or more clients");
    assert_eq!(troubles(&build(true)), [], "after a power cut every telephone asks for itself");
}

#[test]
fn a_second_dhcp_server() {
    let build = |second: (u8, u8), relay: bool| {
        let mut t = Traffic::default();
        for n in 0..6 {
            t.lease(i64::from(n) * 5 * S, client(n), 2, (1, 53));
            let told = DhcpMessage { server: Some(address(66)), router: Some(address(second.0)), names: Some(address(second.1)), ..OFFER };
            if n > 2 {
                let given = if relay { [0; 4] } else { told.given };
                t.gives(i64::from(n) * 5 * S + 1_000, 66, client(n), &DhcpMessage { given, ..told });
            }
        }
        t.with_office(40).seen()
    };
    let s = build((66, 66), false);
    assert_eq!(troubles(&s), only("dhcp.rogue", "10.1.0.66", Severity::Critical));
    let want =
        "Two DHCP servers answer: 10.1.0.2 (02:00:00:00:01:02) and 10.1.0.66 (02:00:00:00:01:42), with another router and name server";
    assert_eq!(title(&s), want, "nothing tells which of them is meant to be there");
    assert_eq!(troubles(&build((1, 53), false)), [], "two servers that say the same");
    assert_eq!(troubles(&build((66, 66), true)), [], "it gives no address but what to boot from");
}

#[test]
fn a_second_ipv6_router() {
    let build = |prefix: &str, lifetime: u16, virtual_mac: bool| {
        let mut t = Traffic::default();
        for n in 0..20 {
            for (host, prefix) in [(1, "2001:db8:1::"), (66, prefix)] {
                let source: Ipv6Addr = format!("fe80::{host}").parse().unwrap();
                let group: Ipv6Addr = "ff02::1".parse().unwrap();
                let station = if virtual_mac { [0, 0, 0x5e, 0, 2, host] } else { mac(host) };
                let lifetime = if host == 66 { lifetime } else { 1_800 };
                let [high, low] = lifetime.to_be_bytes();
                let packet = Packet::eth(station, [0x33, 0x33, 0, 0, 0, 1]).ip(source, group).ttl(255).icmp(134, 0, [64, 0, high, low]);
                t.push(n * 3 * S + i64::from(host) * 1_000, packet.payload(&router_advertisement(prefix.parse().unwrap())));
            }
        }
        t.with_office(60).seen()
    };
    let s = build("2001:db8:66::", 1_800, false);
    assert_eq!(troubles(&s), only("nd.rogue_ra", "fe80::66", Severity::Warning));
    assert_eq!(title(&s), "fe80::66 announces itself as IPv6 router beside fe80::1: 02:00:00:00:01:42");
    assert_eq!(troubles(&build("2001:db8:1::", 1_800, false)), [], "two routers of one network");
    assert_eq!(troubles(&build("2001:db8:66::", 0, false)), [], "no router, it only tells a prefix");
    assert_eq!(troubles(&build("2001:db8:66::", 1_800, true)), [], "routers that stand in for each other");
}

#[test]
fn a_time_server_that_does_not_know_the_time() {
    let build = |answers: [Option<(u8, i64)>; 4]| {
        let mut t = Traffic::default();
        for n in 0..8 {
            for (server, answer) in (240..).zip(answers) {
                t.time(n * 8 * S + i64::from(server) * 1_000, 1 + n as u8 % 2, server, answer);
            }
        }
        t.with_office(70).seen()
    };
    let good = Some((2, 3));
    assert_eq!(troubles(&build([good; 4])), []);
    let s = build([good, good, Some((16, 0)), good]);
    assert_eq!(troubles(&s), only("ntp.bad", "10.1.0.242:123/udp", Severity::Warning));
    assert_eq!(title(&s), "Time server 10.1.0.242 does not know the time: it is not synchronised: 2 clients");
    let s = build([good, good, good, Some((2, -700))]);
    assert_eq!(troubles(&s), only("ntp.bad", "10.1.0.243:123/udp", Severity::Warning));
    assert_eq!(title(&s), "Time server 10.1.0.243 is 703.0 ms behind most of 4 servers: 2 clients");
    assert_eq!(troubles(&build([good, Some((3, 5_000_000)), good, good])), only("ntp.bad", "10.1.0.241:123/udp", Severity::Critical));
    assert_eq!(troubles(&build([Some((2, 90_000)); 4])), [], "the probe's own clock is wrong");
    assert_eq!(troubles(&build([good, Some((2, 700)), None, Some((0, 0))])).len(), 2, "two agree on nothing: nobody knows who is right");
    assert_eq!(troubles(&build([good, good, good, None])), only("ntp.bad", "10.1.0.243:123/udp", Severity::Warning));
}

#[test]
fn a_router_that_promises_a_way_and_forwards_nothing_is_named() {
    // Two hosts try a server elsewhere by way of station 1, and one of them from the address of its link as well.
    let build = |announces: bool| {
        let mut t = Traffic::default();
        for n in 0..20u16 {
            let at = i64::from(n) * 2 * S;
            if announces {
                let [from, group] = ["fe80::1", "ff02::1"].map(|address| address.parse::<Ipv6Addr>().unwrap());
                let told = Packet::eth(mac(1), [0x33, 0x33, 0, 0, 0, 1]).ip(from, group).ttl(255).icmp(134, 0, [64, 0, 7, 8]);
                t.push(at, told.payload(&router_advertisement("2001:db8:1::".parse().unwrap())));
            }
            let (host, own) = [(10, "2001:db8:1::a"), (11, "2001:db8:1::b"), (11, "fe80::b")][usize::from(n % 3)];
            let [own, server] = [own, "2001:db8:99::10"].map(|address| address.parse::<Ipv6Addr>().unwrap());
            for again in [0, 1, 3] {
                let syn = Packet::eth(mac(host), mac(1)).ip(own, server).tcp(40_000 + n, 80).seq(u32::from(n)).flags(SYN);
                t.push(at + again * S, syn);
            }
        }
        t.with_office(50).seen()
    };
    let s = build(true);
    assert_eq!(troubles(&s), only("tcp.no_answer", "[2001:db8:99::10]:80/tcp", Severity::Warning));
    let finding = &s.diagnosis.findings[0];
    assert!(finding.cause.contains("the router fe80::1 (02:00:00:00:01:01), which announces itself"), "{}", finding.cause);
    assert_eq!(finding.hosts, Some(2), "an address of the link alone is no third client");
    assert!(build(false).diagnosis.findings[0].cause.starts_with("Nothing is heard of the host at all"));
}

#[test]
fn a_station_that_tells_two_hosts_about_each_other_unasked() {
    // Every second it tells each that it is the other, while they speak with each other.
    let build = |second: u8, seconds: i64| {
        let mut t = Traffic::default();
        for n in 0..seconds {
            for (of, to) in [(10, 11), (second, 10)] {
                let from = End::new(mac(66), address(of), 0);
                t.push(n * S + i64::from(to) * 1_000, Packet::arp(2, from, mac(to), Ipv4Addr::from(address(to))));
            }
        }
        t.with_neighbours(40).with_office(40).seen()
    };
    let s = build(11, 15);
    assert_eq!(troubles(&s), only("arp.conflict", "02:00:00:00:01:42", Severity::Warning));
    let told = "claims 10.1.0.10, 10.1.0.11, towards each other, again and again and unasked";
    assert!(title(&s).contains(told), "{}", title(&s));
    assert_eq!(troubles(&build(11, 4)), [], "a few times");
    assert_eq!(troubles(&build(12, 15)), [], "it has two addresses, and tells nobody about the other");
}

#[test]
fn the_only_time_server_is_judged_by_its_clients() {
    // Clients that tell their own time, and how far theirs and the server's are ahead.
    let build = |owns: &[i64], ahead: i64| {
        let mut t = Traffic::default();
        for n in 0..8 {
            for (client, own) in (1..).zip(owns) {
                t.time_told(n * 8 * S + i64::from(client) * 1_000, (client, *own), 240, ahead);
            }
        }
        t.with_office(70).seen()
    };
    let s = build(&[0, 20], 3_600_000);
    assert_eq!(troubles(&s), only("ntp.bad", "10.1.0.240:123/udp", Severity::Warning));
    assert_eq!(title(&s), "Time server 10.1.0.240 is 1 h 00 m ahead of the capture's clock and those of 2 clients: 2 clients");
    assert_eq!(troubles(&build(&[0], -700)), only("ntp.bad", "10.1.0.240:123/udp", Severity::Note), "one client's word");
    assert_eq!(troubles(&build(&[0, 20], 120)), [], "no more than clients correct bit by bit");
    assert_eq!(troubles(&build(&[3_600_000; 2], 3_600_000)), [], "they agree with the server: the capture's clock is wrong");
    assert_eq!(troubles(&build(&[0, 3_600_000], 3_600_000)), [], "one agrees with either");
    assert_eq!(troubles(&build(&[900_000; 2], 3_600_000)), [], "three clocks, three times");
}

#[test]
fn stratum_zero_refuses_by_its_code_alone() {
    let build = |code: &[u8; 4]| {
        let mut t = Traffic::default();
        for n in 0..8 {
            t.time(n * 8 * S, 1 + n as u8 % 2, 240, Some((0, 0)));
        }
        // Where the code is, behind the headers of Ethernet, IP and UDP.
        t.packets.iter_mut().filter(|(_, frame)| frame[42] & 7 == 4).for_each(|(_, frame)| frame[54..58].copy_from_slice(code));
        t.with_office(70).seen()
    };
    let told = |s: &Snapshot| (troubles(s)[0].2, title(s).to_owned());
    for code in [b"DENY", b"RSTR", b"RATE"] {
        let title = format!("Time server 10.1.0.240 refuses to tell the time ({}): 2 clients", String::from_utf8_lossy(code));
        assert_eq!(told(&build(code)), (Severity::Note, title));
    }
    for code in [b"INIT", b"STEP", &[0; 4]] {
        let title = "Time server 10.1.0.240 does not know the time: it is not synchronised: 2 clients".to_owned();
        assert_eq!(told(&build(code)), (Severity::Warning, title));
    }
}

#[test]
fn sightings_do_not_depend_on_threads() {
    use spantop::engine::Settings;
    let with = |threads| {
        let mut t = dhcp_clients(3, &[S, 30 * S], "");
        for n in 0..4 {
            t.resolve(n * 4 * S, 3, 9, Some(mac(9)));
            t.resolve(n * 4 * S + 500, 3, 9, Some(mac(77)));
        }
        t.seen_with(&Settings::with(|s| s.threads = threads))
    };
    let one = with(0);
    assert_eq!(troubles(&one).len(), 2);
    for threads in [1, 2, 3] {
        assert_eq!(with(threads).diagnosis.findings, one.diagnosis.findings, "{threads} threads");
    }
}

/// A reply of a station for a host, to another.
fn tells(t: &mut Traffic, at: Micros, station: u8, of: u8, to: u8) {
    let from = End::new(mac(station), address(of), 0);
    t.push(at, Packet::arp(2, from, mac(to), Ipv4Addr::from(address(to))));
}

/// Station 66 tells so many hosts every so many seconds that it is 250, which answers who asks for it.
fn tells_many(hosts: u8, every: i64, seconds: i64) -> Snapshot {
    let mut t = Traffic::default();
    for n in (0..seconds).step_by(every as usize) {
        (0..hosts).for_each(|host| tells(&mut t, n * S + 700_000 + i64::from(host) * 900, 66, 250, 101 + host));
    }
    t.with_neighbours(60).with_office(60).seen()
}

#[test]
fn a_station_that_tells_many_that_it_is_the_server() {
    for (hosts, every) in [(2, 4), (12, 10), (40, 20), (16, 2)] {
        let s = tells_many(hosts, every, 60);
        assert_eq!(troubles(&s).first().map(|t| (t.0, t.2)), Some(("arp.conflict", Severity::Critical)), "{hosts} hosts, each {every} s");
        assert_eq!(troubles(&s).len(), 1);
    }
    let s = tells_many(12, 10, 60);
    assert!(title(&s).starts_with("02:00:00:00:01:42 claims 10.1.0.250, towards 12 hosts, again and again and unasked"), "{}", title(&s));
    assert_eq!(troubles(&tells_many(5, 60, 60)), [], "once each");
}

#[test]
fn a_station_that_looks_for_what_it_claims() {
    let build = |events: &[(i64, u8, u8, u8)]| {
        let mut t = Traffic::default();
        for &(at, station, of, to) in events {
            let from = End::new(mac(station), address(of), 0);
            match to {
                // It announces, it looks for another, or it tells one.
                0 => t.push(at * S, Packet::arp(2, from, [0xff; 6], Ipv4Addr::from(address(of)))),
                1 => t.push(at * S, Packet::arp(1, End::new(mac(station), address(station), 0), [0; 6], Ipv4Addr::from(address(of)))),
                to => tells(&mut t, at * S, station, of, to),
            }
        }
        t.with_neighbours(60).with_office(60).seen()
    };
    // The gateway 1 says nothing by ARP itself.
    let told = "02:00:00:00:01:42 claims 10.1.0.1, and looks for it itself";
    for events in [vec![(5, 66, 1, 105), (15, 66, 1, 1)], vec![(5, 66, 1, 0), (6, 66, 1, 1), (25, 66, 1, 0)]] {
        let s = build(&events);
        assert_eq!(troubles(&s), only("arp.conflict", "02:00:00:00:01:42", Severity::Warning), "{events:?}");
        assert!(title(&s).starts_with(told), "{}", title(&s));
    }
    assert_eq!(troubles(&build(&[(5, 66, 1, 1), (15, 66, 1, 0)])), [], "it looked for it, and took it over");
    assert_eq!(troubles(&build(&[(5, 66, 1, 0), (15, 66, 1, 1)])), [], "it gave it back");
    assert_eq!(troubles(&build(&[(5, 66, 1, 0), (20, 67, 1, 0), (30, 66, 1, 1), (45, 66, 1, 0)])), [], "two take it over in turn");
}

#[test]
fn who_answers_for_others_does_not_pretend() {
    // A router answers for six hosts behind it, and looks for them; a laptop comes back with another card; a server has two cards and answers by both.
    let mut t = Traffic::default();
    for n in 0..50i64 {
        let (asker, of) = (110 + (n % 7) as u8, 30 + (n % 4) as u8);
        t.resolve(n * S + 100_000, asker, of, Some(mac(66)));
        t.resolve(n * S + 300_000, 66, of, None);
    }
    for (at, station) in [(3, 70), (20, 71)] {
        let from = End::new(mac(station), address(70), 0);
        t.push(at * S, Packet::arp(2, from, [0xff; 6], Ipv4Addr::from(address(70))));
    }
    let s = t.with_neighbours(60).with_office(60).seen();
    assert_eq!(troubles(&s).iter().filter(|t| t.0 == "arp.conflict").collect::<Vec<_>>(), Vec::<&_>::new());
}
