//! Ports of UDP at which nothing listens, as their hosts say: who looks for services, and who comes too late.

use super::support::packet::Packet;
use super::{Micros, S, Traffic, address, mac, only, title, troubles};
use spantop::model::Severity;
use std::net::{IpAddr, Ipv6Addr};

/// A host's address of either version.
fn of(is_v6: bool, host: u8) -> IpAddr {
    match is_v6 {
        true => Ipv6Addr::new(0xfd00, 0, 0, 1, 0, 0, 0, host.into()).into(),
        false => IpAddr::from(address(host)),
    }
}

impl Traffic {
    /// A datagram to a port, and what its host says of it.
    fn closed(&mut self, at: Micros, is_v6: bool, (source, from): (u8, u16), (target, port): (u8, u16)) {
        let sent = Packet::eth(mac(source), mac(target)).ip(of(is_v6, source), of(is_v6, target)).udp(from, port).payload(&[7; 8]).build();
        // What is quoted: the headers and what was sent.
        let quoted = &sent[14..if is_v6 { 14 + 40 + 16 } else { 14 + 20 + 16 }];
        let (kind, code) = if is_v6 { (1, 4) } else { (3, 3) };
        let error = Packet::eth(mac(target), mac(source)).ip(of(is_v6, target), of(is_v6, source)).icmp(kind, code, [0; 4]);
        self.push(at + 400, error.payload(quoted));
        self.packets.push((at, sent));
    }
}

/// What is found where datagrams go from and to these ports of hosts 66 and 9, ten a second.
fn found(is_v6: bool, ports: impl Iterator<Item = (u16, u16)>) -> (Vec<(&'static str, String, Severity)>, String) {
    let mut t = Traffic::default();
    ports.enumerate().for_each(|(n, (from, port))| t.closed(n as i64 * S / 10, is_v6, (66, from), (9, port)));
    let s = t.with_office(60).seen();
    let all = troubles(&s);
    let told = if all.is_empty() { String::new() } else { title(&s).to_owned() };
    (all, told)
}

#[test]
fn a_scan_of_udp_ports() {
    for (is_v6, source, target) in [(false, "10.1.0.66", "10.1.0.9"), (true, "fd00:0:0:1::42", "fd00:0:0:1::9")] {
        let (all, told) = found(is_v6, (0..120).map(|n| (40_000, 2_000 + n * 11)));
        assert_eq!(all, only("scan.ports", source, Severity::Warning));
        assert_eq!(told, format!("{source} tries 120 UDP ports of {target} in vain"));
        let (few, _) = found(is_v6, (0..15).map(|n| (40_000, 2_000 + n * 11)));
        assert_eq!(few, only("scan.ports", source, Severity::Note));
        assert_eq!(found(is_v6, (0..14).map(|n| (40_000, 2_000 + n * 11))).0, [], "fourteen are few");
    }
}

#[test]
fn what_comes_late_for_closed_sockets_looks_for_no_service() {
    for is_v6 in [false, true] {
        assert_eq!(found(is_v6, (0..60).map(|n| (53, 20_000 + n * 7))).0, [], "a name server whose clients do not wait");
        assert_eq!(found(is_v6, (0..60).map(|n| (18_000 + 2 * n, 11_000 + 2 * n))).0, [], "calls, each from and to ports of its own");
        assert_eq!(found(is_v6, (0..60).map(|n| (40_000, 33_434 + n))).0, [], "traceroute");
    }
}
