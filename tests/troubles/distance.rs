//! What is far away, and what cannot be reached.

use super::support::packet::Packet;
use super::support::packet::message::dns;
use super::{ACK, Micros, S, SYN, Traffic, mac, only, title, troubles};
use spantop::model::Severity;

/// A host elsewhere, behind the router with this number here.
fn elsewhere(n: u8) -> [u8; 4] {
    [203, 0, 113, n]
}

const ROUTER: u8 = 254;

impl Traffic {
    /// A handshake with a host elsewhere that is so far away.
    fn connects_elsewhere(&mut self, at: Micros, (client, port): (u8, u16), host: u8, way: Micros) {
        let here = super::address(client);
        let out = |id: u16| Packet::eth(mac(client), mac(ROUTER)).ip(here, elsewhere(host)).id(id).tcp(port, 443);
        let back = |id: u16| Packet::eth(mac(ROUTER), mac(client)).ip(elsewhere(host), here).id(id).tcp(443, port);
        self.id += 3;
        let id = self.id;
        self.push(at, out(id).seq(1_000).flags(SYN));
        self.push(at + way, back(id).seq(9_000).ack(1_001).flags(SYN | ACK));
        self.push(at + way + 200, out(id + 1).seq(1_001).ack(9_001).flags(ACK));
    }

    /// A query to a name server elsewhere, answered so much later.
    fn asks_elsewhere(&mut self, at: Micros, client: u8, host: u8, id: u16, later: Micros) {
        let (here, port) = (super::address(client), 20_000 + id);
        let name = format!("host{id}.example.{}", ["org", "net", "com"][usize::from(id % 3)]);
        let query = Packet::eth(mac(client), mac(ROUTER)).ip(here, elsewhere(host)).id(id).udp(port, 53);
        let reply = Packet::eth(mac(ROUTER), mac(client)).ip(elsewhere(host), here).id(id).udp(53, port);
        self.push(at, query.payload(&dns(id, &name, None)));
        self.push(at + later, reply.payload(&dns(id, &name, Some([192, 0, 2, 1].into()))));
    }
}

/// A satellite link of so many microseconds, and name servers whose answers take as long, and longer by `more`: one elsewhere, and one here that asks
/// elsewhere what it does not know.
fn behind_satellite(way: Micros, more: Micros) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..120u16 {
        let at = i64::from(n) * S / 2;
        let jitter = i64::from(n * 7 % 11) * 1_000;
        t.connects_elsewhere(at, (1 + n as u8 % 4, 5_000 + n), 10 + n as u8 % 5, way + jitter);
        t.asks_elsewhere(at + 100_000, 1 + n as u8 % 4, 99, 1_000 + n, way + more + jitter);
        t.query(at + 200_000, 1 + n as u8 % 4, 53, 3_000 + n, Some((if n % 2 == 0 { way + more + jitter } else { 600 }, 0)));
    }
    t
}

#[test]
fn name_servers_behind_a_long_way_are_not_slow() {
    let found = troubles(&behind_satellite(610_000, 6_000).seen());
    assert!(found.iter().all(|f| f.0 == "tcp.rtt" && f.2 == Severity::Note), "{found:?}");
    let found = troubles(&behind_satellite(610_000, 900_000).seen());
    let slow: Vec<_> = found.iter().filter(|f| f.0 == "dns.slow").map(|f| f.1.as_str()).collect();
    assert_eq!(slow.len(), 2, "by far longer than the way: {found:?}");
    let found = troubles(&behind_satellite(20_000, 600_000).seen());
    assert_eq!(found.iter().filter(|f| f.0 == "dns.slow").count(), 2, "a short way: {found:?}");
}

#[test]
fn a_server_is_not_slow_because_the_way_to_it_has_become_long() {
    let mut t = Traffic::default();
    for n in 0..200u16 {
        // From the middle on the way takes 160 ms, and the server 3 ms as ever.
        let (at, way) = (i64::from(n) * S / 2, if n < 100 { 400 } else { 160_000 });
        let (client, server) = ((1 + n as u8 % 4, 5_000 + n), (9, 80));
        let (there, back) = ([client, server], [server, client]);
        let ask = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
        let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let asked = 1 + ask.len() as u32;
        t.syn(at, client, server);
        t.segment(at + way, back, SYN | ACK, (0, 1), 0);
        t.segment(at + way + 200, there, ACK, (1, 1), 0);
        t.says(at + way + 300, there, ACK, (1, 1), ask);
        t.says(at + 2 * way + 3_300, back, ACK, (1, asked), reply);
        t.segment(at + 2 * way + 3_500, there, ACK, (asked, 1 + reply.len() as u32), 0);
    }
    let s = t.seen();
    assert_eq!(troubles(&s), only("tcp.rtt", "10.1.0.9:80/tcp", Severity::Warning));
}

/// Errors of the router about datagrams of so many clients to so many hosts elsewhere, with this type and code.
fn told(clients: u8, hosts: u8, port: u16, (kind, code): (u8, u8)) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..30u16 {
        let client = 1 + n as u8 % clients;
        let datagram = Packet::eth(mac(client), mac(ROUTER)).ip(super::address(client), elsewhere(10 + n as u8 % hosts)).id(n);
        let sent = datagram.udp(6_000 + n, port).payload(&[7; 60]).build();
        let error = Packet::eth(mac(ROUTER), mac(client)).ip([10, 1, 0, ROUTER], super::address(client)).id(n);
        t.push(i64::from(n) * S + 400, error.icmp(kind, code, [0; 4]).payload(&sent[14..42]));
        t.packets.push((i64::from(n) * S, sent));
    }
    t.with_office(60)
}

#[test]
fn what_a_router_cannot_reach() {
    let s = told(5, 1, 514, (3, 0)).seen();
    assert_eq!(troubles(&s), only("icmp.unreachable", "203.0.113.10", Severity::Warning));
    let said = "10.1.0.254 says that 203.0.113.10 cannot be reached: no route to its network; ";
    assert!(title(&s).starts_with(said), "{}", title(&s));
    let s = told(5, 6, 514, (3, 0)).seen();
    assert_eq!(troubles(&s), only("icmp.unreachable", "10.1.0.254", Severity::Warning), "the route, not the hosts");
    assert_eq!(troubles(&told(5, 1, 514, (3, 13)).seen()), only("icmp.unreachable", "203.0.113.10", Severity::Note), "a filter");
    assert_eq!(troubles(&told(5, 1, 33_440, (3, 1)).seen()), [], "traceroute");
    assert_eq!(troubles(&told(5, 1, 514, (3, 3)).seen()), [], "it is not the host that says so");
}

/// Datagrams of so many clients to a port of host 9, one each second, from ports that go on; the host says that nothing listens there.
fn closed(clients: u8, seconds: i64, [from, port]: [u16; 2], each: i64) -> Vec<(&'static str, String, Severity)> {
    let mut t = Traffic::default();
    for n in 0..seconds * each {
        let client = 1 + (n % i64::from(clients)) as u8;
        let sent = t.ip(client, 9).udp(from, port).payload(&[7; 60]).build();
        let error = t.ip(9, client).icmp(3, 3, [0; 4]).payload(&sent[14..42]);
        t.packets.push((n * S / each, sent));
        t.push(n * S / each + 300, error);
    }
    troubles(&t.with_office(60).seen())
}

#[test]
fn a_port_at_which_nothing_listens() {
    let of = |severity| only("icmp.unreachable", "10.1.0.9:514/udp", severity);
    assert_eq!(closed(2, 20, [40_000, 514], 2), of(Severity::Warning), "nobody writes the logs");
    assert_eq!(closed(1, 20, [40_000, 514], 1), of(Severity::Note));
    assert_eq!(closed(1, 20, [514, 514], 1), of(Severity::Note), "it sends from the same port");
    assert_eq!(closed(1, 8, [40_000, 514], 4), [], "of one client, for a moment");
    assert_eq!(closed(2, 4, [40_000, 514], 2), [], "seldom");
    assert_eq!(closed(1, 20, [53, 40_000], 1), [], "late answers to a socket that is closed");
    assert_eq!(closed(1, 20, [5_000, 50_000], 1), [], "a client's port");
    assert_eq!(closed(2, 20, [40_000, 33_440], 2), [], "traceroute");
}

#[test]
fn a_printer_that_is_off_and_its_only_client() {
    let printer = |tries: u16, answers: bool| {
        let mut t = Traffic::default();
        for n in 0..tries {
            let (at, client) = (i64::from(n) * 4 * S, (60, 5_000 + n));
            for again in [0, 1, 3] {
                let sent = Packet::eth(mac(60), mac(ROUTER)).ip(super::address(60), elsewhere(77)).id(n * 8 + again);
                let sent = sent.tcp(client.1, 9_100).seq(7).flags(SYN).build();
                let error = Packet::eth(mac(ROUTER), mac(60)).ip([10, 1, 0, ROUTER], super::address(60)).id(n * 8 + again);
                let at = at + i64::from(again) * S;
                if answers {
                    t.push(at + 900_000, error.icmp(3, 1, [0; 4]).payload(&sent[14..]));
                }
                t.packets.push((at, sent));
            }
        }
        t.with_office(30).seen()
    };
    // Within fifteen seconds.
    let s = printer(4, true);
    assert_eq!(troubles(&s), only("icmp.unreachable", "203.0.113.77:9100/tcp", Severity::Note));
    assert_eq!(troubles(&printer(1, true)), [], "it was tried once");
}
