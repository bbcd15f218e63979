//! Hosts that are sent another way, that fall back, look for others, or keep connections alive.

use super::support::packet::End;
use super::support::packet::{ACK, FIN, PSH, Packet, RST, SYN};
use super::{Micros, S, Traffic, address, mac, only, title, troubles};
use spantop::model::Severity;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A host's address of the other kind.
fn v6(host: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host.into())
}

/// How an attempt by IPv6 ends.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    Silent,
    Refused,
    Works,
}

impl Traffic {
    fn segment6(&mut self, at: Micros, (from, to): (u8, u8), ports: (u16, u16), flags: u8, numbers: (u32, u32)) {
        let packet = Packet::eth(mac(from), mac(to)).ip(v6(from), v6(to)).flow_label(at as u32 & 0xfffff);
        self.push(at, packet.tcp(ports.0, ports.1).seq(numbers.0).ack(numbers.1).flags(flags));
    }

    /// A client tries a server by IPv6; where that fails, by IPv4 so much later.
    fn tries_both(&mut self, at: Micros, (client, port): (u8, u16), server: u8, ends: Ends, later: Micros) {
        let (there, back) = ((client, server), (server, client));
        self.segment6(at, there, (port, 443), SYN, (100, 0));
        match ends {
            Ends::Silent => {}
            Ends::Refused => self.segment6(at + 400, back, (443, port), RST | ACK, (0, 101)),
            Ends::Works => {
                self.segment6(at + 400, back, (443, port), SYN | ACK, (500, 101));
                self.segment6(at + 600, there, (port, 443), ACK, (101, 501));
                self.segment6(at + 900, there, (port, 443), FIN | ACK, (101, 501));
                self.segment6(at + 1_300, back, (443, port), FIN | ACK, (501, 102));
                self.segment6(at + 1_500, there, (port, 443), ACK, (102, 502));
                return;
            }
        }
        self.connection(at + later, (client, port), (server, 443));
    }

    /// A redirect of a router, of what a host sends to somebody outside.
    fn redirects(&mut self, at: Micros, router: u8, host: u8, gateway: u8) {
        let quoted = Packet::bare().ip(address(host), [192, 0, 2, 7]).udp(5_000, 53).payload(&[0; 8]).build();
        let [a, b, c, d] = address(gateway);
        let packet = self.ip(router, host).icmp(5, 1, [a, b, c, d]).payload(&quoted[..28]);
        self.push(at, packet);
    }
}

#[test]
fn ipv6_to_one_service_fails() {
    let mut t = Traffic::default();
    for n in 0..6u16 {
        t.tries_both(i64::from(n) * 5 * S, (1 + (n % 2) as u8, 5_000 + n), 9, Ends::Silent, 250_000);
        t.tries_both(i64::from(n) * 5 * S + S, (3, 6_000 + n), 8, Ends::Works, 0);
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("ipv6.broken", "[2001:db8:0:1::9]:443/tcp", Severity::Warning));
    assert_eq!(title(&s), "IPv6 to [2001:db8:0:1::9]:443 fails: 6 of 6 attempts go on by IPv4 after 250.0 ms");
}

#[test]
fn ipv6_fails_everywhere() {
    let mut t = Traffic::default();
    for n in 0..12u16 {
        t.tries_both(i64::from(n) * 3 * S, (1 + (n % 4) as u8, 5_000 + n), 9 + (n % 6) as u8, Ends::Refused, 1_000);
    }
    let s = t.with_office(60).seen();
    let found = troubles(&s);
    assert!(found.contains(&("ipv6.broken", "network".to_owned(), Severity::Critical)), "{found:?}");
    assert_eq!(found.iter().filter(|f| f.0 == "ipv6.broken").count(), 1, "{found:?}");
}

#[test]
fn ipv6_that_works_or_is_alone_or_comes_through_a_router_is_not_broken() {
    let judged = |make: &dyn Fn(&mut Traffic, i64, u16)| {
        let mut t = Traffic::default();
        (0..8u16).for_each(|n| make(&mut t, i64::from(n) * 5 * S, n));
        let found = troubles(&t.with_office(60).seen());
        found.into_iter().filter(|f| f.0 == "ipv6.broken").count()
    };
    assert_eq!(judged(&|t, at, n| t.tries_both(at, (1, 5_000 + n), 9, Ends::Silent, 300_000)), 1);
    // It works most of the time.
    let most = |n: u16| if n.is_multiple_of(4) { Ends::Silent } else { Ends::Works };
    assert_eq!(judged(&|t, at, n| t.tries_both(at, (1, 5_000 + n), 9, most(n), 300_000)), 0);
    // What comes by IPv4 comes much later.
    assert_eq!(judged(&|t, at, n| t.tries_both(at, (1, 5_000 + n), 9, Ends::Silent, 2_500_000)), 0);
    // A scan by IPv6 alone.
    assert_eq!(judged(&|t, at, n| t.segment6(at, (1, 9), (5_000 + n, 443), SYN, (1, 0))), 0);
    // All clients are behind one router.
    let behind_router = |t: &mut Traffic, at: i64, n: u16| {
        t.tries_both(at, (1 + (n % 3) as u8, 5_000 + n), 9, Ends::Silent, 300_000);
        for (_, frame) in &mut t.packets {
            if frame[11] != 1 && frame[11] < 9 {
                frame[11] = 1;
            }
        }
    };
    assert_eq!(judged(&behind_router), 0);
}

#[test]
fn ipv6_of_which_the_mirror_shows_one_way_is_not_judged() {
    let mut t = Traffic::default();
    for n in 0..60u16 {
        t.tries_both(i64::from(n) * S, (1 + (n % 4) as u8, 5_000 + n), 9 + (n % 6) as u8, Ends::Silent, 250_000);
    }
    // What servers send is not mirrored.
    t.packets.retain(|(_, frame)| frame[11] < 9);
    assert_eq!(troubles(&t.seen()), []);
}

#[test]
fn redirects_are_noted() {
    let mut t = Traffic::default();
    for host in 1..4 {
        t.redirects(i64::from(host) * 3 * S, 254, host, 253);
    }
    let s = t.with_office(40).seen();
    assert_eq!(troubles(&s), only("icmp.redirect", "10.1.0.254", Severity::Note));
    assert_eq!(title(&s), "10.1.0.254 sends 3 hosts another way: to 192.0.2.7 by 10.1.0.253");
}

#[test]
fn many_redirects_and_such_to_nobody_are_worse() {
    let mut t = Traffic::default();
    (0..30u8).for_each(|n| t.redirects(i64::from(n) * S, 254, 1 + n % 5, 253));
    assert_eq!(troubles(&t.with_office(40).seen()), only("icmp.redirect", "10.1.0.254", Severity::Warning));
    // Hosts announce their addresses, and the one named is none of them.
    let mut t = Traffic::default();
    t.redirects(20 * S, 254, 1, 77);
    let s = t.with_neighbours(40).with_office(40).seen();
    assert_eq!(troubles(&s), only("icmp.redirect", "10.1.0.254", Severity::Warning));
    assert!(s.diagnosis.findings[0].cause.contains("10.1.0.77"), "{}", s.diagnosis.findings[0].cause);
}

/// A host asks for addresses of its network, one after the other, each so many times; every `answers`th answers.
fn sweep(asker: u8, times: i64, answers: u8) -> Traffic {
    let mut t = Traffic::default();
    let from = End::new(mac(asker), address(asker), 0);
    for host in 1..=150u8 {
        let at = i64::from(host) * 100_000;
        for again in 0..if host.is_multiple_of(answers) { 1 } else { times } {
            let asks = Packet::arp(1, from, [0; 6], Ipv4Addr::from(address(host)));
            t.push(at + again * S, asks);
        }
        if host.is_multiple_of(answers) {
            let to = End::new(mac(host), address(host), 0);
            t.push(at + 200, Packet::arp(2, to, mac(asker), Ipv4Addr::from(address(asker))));
        }
    }
    t
}

#[test]
fn a_sweep_by_arp_is_told_of_a_host() {
    // It is known to be a host: it connects to a server from its own address.
    let host = |mut t: Traffic| {
        t.connection(S / 2, (190, 40_000), (250, 80));
        t.with_neighbours(40).with_office(40)
    };
    let s = host(sweep(190, 2, 30)).seen();
    assert_eq!(troubles(&s), only("scan.hosts", "10.1.0.190", Severity::Note));
    assert_eq!(title(&s), "10.1.0.190 looks for hosts by ARP: 64 addresses or more in a minute, one after the other");
    // Or nothing but ARP comes from it, although some answer.
    assert_eq!(troubles(&sweep(190, 2, 30).with_neighbours(40).with_office(40).seen()), only("scan.hosts", "10.1.0.190", Severity::Note));
    // Most answer: it speaks with all of them.
    assert_eq!(troubles(&host(sweep(190, 2, 1)).seen()), []);
    // Replies are not mirrored, and who is answered does not ask again.
    let mut unseen = sweep(190, 1, 1);
    unseen.packets.retain(|(_, frame)| frame[21] != 2);
    assert_eq!(troubles(&host(unseen).seen()), []);
}

#[test]
fn a_router_asks_for_whatever_somebody_outside_wants() {
    // Of a station that sends nothing else, and goes through one after the other, nothing shows that it is a router: that is worth a note.
    let bare = sweep(190, 2, 200).with_neighbours(40).with_office(40).seen();
    assert_eq!(troubles(&bare), only("scan.hosts", "10.1.0.190", Severity::Note));
    // It sends on to those who answer what somebody outside has for them.
    let mut t = sweep(190, 2, 30);
    for host in (30..=150u8).step_by(30) {
        let ping = Packet::eth(mac(190), mac(host)).ip([198, 51, 100, 7], address(host)).id(host.into()).icmp(8, 0, [0, 1, 0, host]);
        t.push(i64::from(host) * 100_000 + 300, ping);
    }
    assert_eq!(troubles(&t.with_neighbours(40).with_office(40).seen()), [], "a router");
    let mut t = sweep(190, 2, 30);
    t.connection(S / 2, (190, 40_000), (250, 80));
    // Others connect through it as well.
    let through = Packet::eth(mac(190), mac(250)).ip([198, 51, 100, 7], address(250)).id(7).tcp(1_024, 80).seq(1).flags(SYN);
    t.push(S, through);
    let answer = Packet::eth(mac(250), mac(190)).ip(address(250), [198, 51, 100, 7]).id(8).tcp(80, 1_024).seq(1).ack(2).flags(RST | ACK);
    t.push(S + 300, answer);
    assert_eq!(troubles(&t.with_neighbours(40).with_office(40).seen()), []);
}

/// Connections of a host that are kept alive for two minutes, each every `pause`; of every `busy`th pause data is sent.
fn kept_alive(connections: u16, pause: Micros, busy: u32, window: u16) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..connections {
        let (client, server) = ((1, 5_000 + n), (9, 5_432));
        let (there, back) = ([client, server], [server, client]);
        let start = i64::from(n) * 7_000;
        t.syn(start, client, server);
        t.segment(start + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(start + 600, there, ACK, (1, 1), 0);
        let mut sent = 1;
        for step in 1..=(120 * S / pause) {
            let at = start + step * pause;
            for _ in 0..if step as u32 % 10 < busy { 12 } else { 0 } {
                t.segment(at - pause / 2 + i64::from(sent % 97), there, PSH | ACK, (sent, 1), 50);
                sent += 50;
            }
            t.segment(at, there, ACK, (sent - 1, 1), 0);
            let alive = t.ip(9, 1).tcp(5_432, 5_000 + n).seq(1_000 * 5_432 + 1).ack(1_000 * u32::from(5_000 + n) + sent);
            t.push(at + 300, alive.flags(ACK).window(window));
        }
    }
    t
}

#[test]
fn keep_alive_chatter() {
    let s = kept_alive(60, 2 * S, 0, 500).with_office(120).seen();
    assert_eq!(troubles(&s), only("tcp.keepalive", "10.1.0.1", Severity::Note));
    assert!(title(&s).starts_with("10.1.0.1 sends 1,") && title(&s).contains("60 connections, one every 2"), "{}", title(&s));
}

#[test]
fn few_keep_alives_busy_connections_and_probes_are_no_chatter() {
    let found = |t: Traffic| troubles(&t.with_office(120).seen()).into_iter().filter(|f| f.0 == "tcp.keepalive").count();
    assert_eq!(found(kept_alive(60, 5 * S, 0, 500)), 0, "720 a minute");
    assert_eq!(found(kept_alive(60, 2 * S, 10, 500)), 0, "one in thirteen packets");
    assert_eq!(found(kept_alive(60, 2 * S, 0, 0)), 0, "receivers that take nothing");
}
