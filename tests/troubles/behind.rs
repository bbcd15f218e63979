//! What many failures have in common: a router behind which nobody answers, a member of several that does not work, a host that died under its
//! connections, and requests that wait for one that hangs.

use super::{ACK, Micros, PSH, Packet, S, SYN, Traffic, address, mac, only, title, troubles};
use spantop::model::Severity;

/// The router that hosts elsewhere lie behind.
const ROUTER: [u8; 6] = [2, 0, 0, 0, 9, 1];

impl Traffic {
    /// A segment to or from a host elsewhere, by the router.
    fn routed(&mut self, at: Micros, client: (u8, u16), server: ([u8; 4], u16), (is_back, flags): (bool, u8), numbers: (u32, u32)) {
        self.id = self.id.wrapping_add(1);
        let packet = match is_back {
            false => Packet::eth(mac(client.0), ROUTER).ip(address(client.0), server.0).id(self.id).tcp(client.1, server.1),
            true => Packet::eth(ROUTER, mac(client.0)).ip(server.0, address(client.0)).id(self.id).tcp(server.1, client.1),
        };
        self.push(at, packet.seq(1_000 + numbers.0).ack(1_000 + numbers.1).flags(flags));
    }

    fn reached(&mut self, at: Micros, client: (u8, u16), server: ([u8; 4], u16)) {
        self.routed(at, client, server, (false, SYN), (0, 0));
        self.routed(at + 9_000, client, server, (true, SYN | ACK), (0, 1));
        self.routed(at + 9_200, client, server, (false, ACK), (1, 1));
    }

    fn unreached(&mut self, at: Micros, client: (u8, u16), server: ([u8; 4], u16)) {
        [0, 1, 3, 7].into_iter().for_each(|again| self.routed(at + again * S, client, server, (false, SYN), (0, 0)));
    }
}

fn host(n: u16) -> [u8; 4] {
    [192, 0, 2, 1 + (n % 9) as u8]
}

/// Of nine hosts behind a router none answers any more from the middle on.
pub(super) fn dead_uplink() -> Traffic {
    let mut t = Traffic::default();
    for n in 0..240u16 {
        let (at, client) = (i64::from(n) * S / 2, (1 + n as u8 % 6, 5_000 + n));
        if n < 120 { t.reached(at, client, (host(n), 443)) } else { t.unreached(at, client, (host(n), 443)) }
    }
    t.with_office(130)
}

#[test]
fn a_dead_uplink_is_told_once_with_its_router() {
    let s = dead_uplink().seen();
    let found = troubles(&s);
    assert_eq!(found[0], ("tcp.no_answer", "02:00:00:00:09:01".to_owned(), Severity::Critical));
    let cause = &s.diagnosis.findings[0];
    assert!(cause.title.contains("of 6 clients in vain at 9 servers") && cause.hosts == Some(6), "{}", cause.title);
    let beneath = s.diagnosis.findings.iter().filter(|f| f.id == "tcp.no_answer" && f.subject != cause.subject);
    assert!(beneath.clone().count() > 3 && beneath.clone().all(|f| f.explained_by.is_some_and(|by| by.subject == cause.subject)));
    assert_eq!(cause.cause_of, ["tcp.no_answer"]);
}

#[test]
fn a_firewall_that_drops_what_goes_to_some_hosts() {
    let mut t = Traffic::default();
    for n in 0..200u16 {
        let (at, client) = (i64::from(n) * S / 2, (1 + n as u8 % 6, 5_000 + n));
        // One attempt at each of forty hosts, of different clients: of none it is enough to say anything.
        match n % 5 {
            0 => t.unreached(at, client, ([198, 51, 100, (n / 5) as u8], 443)),
            _ => t.reached(at, client, (host(n), 443)),
        }
    }
    let s = t.with_office(110).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "02:00:00:00:09:01", Severity::Warning));
    assert_eq!(
        title(&s),
        "Much of what is tried behind 02:00:00:00:09:01 is not answered: 40 of 200 (20 %) attempts, of 6 clients at 40 servers (port 443)"
    );
}

#[test]
fn peers_that_are_gone_are_no_routers_trouble() {
    let gone = |port: fn(u16) -> u16| {
        let mut t = Traffic::default();
        for n in 0..200u16 {
            let (at, client) = (i64::from(n) * S / 2, (1 + n as u8 % 6, 5_000 + n));
            match n % 5 {
                0 => t.unreached(at, client, ([198, 51, 100, (n / 5) as u8], port(n))),
                _ => t.reached(at, client, (host(n), 443)),
            }
        }
        troubles(&t.with_office(110).seen())
    };
    assert_eq!(gone(|n| 20_000 + 37 * n), [], "each at a port of its own");
    assert_eq!(gone(|n| if n % 2 == 0 { 443 } else { 80 }), only("tcp.no_answer", "02:00:00:00:09:01", Severity::Warning));
}

#[test]
fn a_few_hosts_that_are_gone_are_no_routers_trouble() {
    let mut t = Traffic::default();
    for n in 0..200u16 {
        let (at, client) = (i64::from(n) * S / 2, (1 + n as u8 % 6, 5_000 + n));
        match n % 50 {
            0 => t.unreached(at, client, ([198, 51, 100, (n / 50) as u8], 443)),
            _ => t.reached(at, client, (host(n), 443)),
        }
    }
    assert_eq!(troubles(&t.with_office(110).seen()), []);
}

/// A service of three members, of which one fails in this way after ten seconds.
fn one_of_three(fails: fn(&mut Traffic, Micros, (u8, u16))) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..240u16 {
        let (at, client) = (i64::from(n) * S / 4, (1 + n as u8 % 7, 5_000 + n));
        match n >= 40 && n % 3 == 0 {
            true => fails(&mut t, at, client),
            false => t.connection(at, client, (9, 8_080)),
        }
    }
    t.with_office(70)
}

#[test]
fn one_member_of_three_refuses() {
    let s = one_of_three(|t, at, client| t.refused(at, client, (9, 8_080))).seen();
    assert_eq!(troubles(&s), only("tcp.refused", "10.1.0.9:8080/tcp", Severity::Warning));
    assert!(title(&s).starts_with("10.1.0.9:8080 refuses ") && title(&s).ends_with(" of 7 clients; the others succeed"), "{}", title(&s));
}

#[test]
fn one_member_of_three_says_nothing() {
    let s = one_of_three(|t, at, client| [0, 1, 3, 7].into_iter().for_each(|again| t.syn(at + again * S, client, (9, 8_080)))).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:8080/tcp", Severity::Warning));
    assert!(title(&s).contains("does not answer") && title(&s).ends_with("; the others succeed"), "{}", title(&s));
}

/// Six connections in use, of which the server of the first so many dies after twenty seconds.
pub(super) fn in_use(dies: u8) -> Traffic {
    let mut t = Traffic::default();
    for client in 1..=6u8 {
        let (there, back) = ([(client, 5_000), (9, 9_000)], [(9, 9_000), (client, 5_000)]);
        let at = i64::from(client) * S / 10;
        t.segment(at, there, SYN, (0, 0), 0);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        let last = if client <= dies { 20 } else { 100 };
        for turn in 0..=last {
            let (at, asked, said) = (at + i64::from(turn) * S, 1 + 100 * turn, 1 + 200 * turn);
            t.segment(at + 700, there, PSH | ACK, (asked, said), 100);
            if turn < last {
                t.segment(at + 1_100, back, PSH | ACK, (said, asked + 100), 200);
                t.segment(at + 1_300, there, ACK, (asked + 100, said + 200), 0);
            }
        }
        if client <= dies {
            let at = at + i64::from(last) * S + 700;
            for after in [200, 600, 1_400, 3_000, 6_200, 12_600, 25_400] {
                t.segment(at + after * 1_000, there, PSH | ACK, (1 + 100 * last, 1 + 200 * last), 100);
            }
        }
    }
    t.with_office(110)
}

#[test]
fn a_server_that_dies_under_its_connections_loses_nothing() {
    let s = in_use(6).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:9000/tcp", Severity::Critical));
    assert_eq!(title(&s), "10.1.0.9:9000 says nothing any more: 6 connections of 6 clients hang, whose data is sent again and again");
    assert_eq!(troubles(&in_use(1).seen()), [], "one client that is cut off, of a server that goes on");
}

impl Traffic {
    /// A request and its answer, a millisecond later, on a connection of their own.
    pub(super) fn asked(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), words: [&[u8]; 2]) {
        self.asked_later(at, client, server, (words, 1_000));
    }

    /// The same, answered so much later.
    pub(super) fn asked_later(
        &mut self,
        at: Micros,
        client: (u8, u16),
        server: (u8, u16),
        ([request, answer], later): ([&[u8]; 2], Micros),
    ) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        self.says(at + 700, there, PSH | ACK, (1, 1), request);
        if later > 1_000 {
            self.segment(at + 1_100, back, ACK, (1, 1 + request.len() as u32), 0);
        }
        self.says(at + 700 + later, back, PSH | ACK, (1, 1 + request.len() as u32), answer);
        self.segment(at + 900 + later, there, ACK, (1 + request.len() as u32, 1 + answer.len() as u32), 0);
    }
}

/// A hundred requests, every fourth of which is answered by the second of these.
fn answered(port: u16, request: &[u8], [good, bad]: [&[u8]; 2]) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..100u16 {
        let answer = if n % 4 == 0 { bad } else { good };
        t.asked(i64::from(n) * S / 2, (1 + n as u8 % 5, 5_000 + n), (9, port), [request, answer]);
    }
    t.with_office(60)
}

#[test]
fn a_proxy_that_reaches_nobody() {
    let get = b"GET http://www.example.org/ HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
    let good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let s = answered(3_128, get, [good, b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n"]).seen();
    assert_eq!(troubles(&s), only("http.errors", "10.1.0.9:3128/tcp", Severity::Critical));
    assert_eq!(title(&s), "Proxy 10.1.0.9:3128 answers 25 of 100 (25 %) requests with errors: 504 25 times");
    assert!(s.diagnosis.findings[0].cause.starts_with("It is asked for www.example.org alone"), "{}", s.diagnosis.findings[0].cause);
    let names = s.diagnosis.findings[0].evidence.iter().find(|(name, _)| *name == "suffering").map(|(_, value)| value.to_string());
    assert_eq!(names.as_deref(), Some("10.1.0.1, 10.1.0.2, 10.1.0.3 and 2 more"), "who suffers has names");
    let seldom = answered(3_128, get, [good, good]).seen();
    assert_eq!(troubles(&seldom), []);
}

#[test]
fn a_store_that_answers_with_errors() {
    let get = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
    let s = answered(6_379, get, [b"$1\r\nb\r\n", b"-ERR out of memory\r\n"]).seen();
    assert_eq!(troubles(&s), only("service.errors", "10.1.0.9:6379/tcp", Severity::Warning));
    assert!(title(&s).starts_with("resp at 10.1.0.9:6379 answers 25 of 100 (25 %) requests with errors to 5 clients"), "{}", title(&s));
    assert_eq!(troubles(&answered(6_379, get, [b"$1\r\nb\r\n", b"$-1\r\n"]).seen()), [], "what is not there is no error");
}

/// Connections to six servers behind a router; from the middle on the way to so many of them is 60 ms, which was 9 ms.
fn a_longer_way(far: u16) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..1_440u16 {
        let (at, client, server) = (i64::from(n) * S / 12, (1 + n as u8 % 7, 5_000 + n), (host(n % 6), 443));
        let way = if n >= 720 && n % 6 < far { 60_000 } else { 9_000 };
        t.routed(at, client, server, (false, SYN), (0, 0));
        t.routed(at + way, client, server, (true, SYN | ACK), (0, 1));
        t.routed(at + way + 200, client, server, (false, ACK), (1, 1));
    }
    t
}

#[test]
fn a_way_that_became_long_to_all_behind_a_router_is_told_once() {
    let s = a_longer_way(6).seen();
    let found = troubles(&s);
    assert_eq!(found[0], ("tcp.rtt", "02:00:00:00:09:01".to_owned(), Severity::Warning), "{found:?}");
    let cause = &s.diagnosis.findings[0];
    assert!(cause.title.starts_with("The round trip to what lies behind 02:00:00:00:09:01 rose by 51"), "{}", cause.title);
    assert!(cause.title.ends_with("at 6 of 6 servers"), "{}", cause.title);
    let beneath: Vec<_> = s.diagnosis.findings.iter().filter(|f| f.id == "tcp.rtt" && f.subject != cause.subject).collect();
    assert_eq!(beneath.len(), 6, "{found:?}");
    assert!(beneath.iter().all(|f| f.explained_by.is_some_and(|by| by.subject == cause.subject)));
    let some = troubles(&a_longer_way(3).seen());
    assert_eq!((some.len(), some.iter().any(|f| f.1 == "02:00:00:00:09:01")), (3, false), "half of them: {some:?}");
}
