//! Captures that end in the middle of things: what waits for an answer then is neither called failed nor left out.

use super::support::packet::Packet;
use super::support::packet::message::dns;
use super::{ACK, Micros, PSH, S, SYN, Traffic, mac, only, title, troubles};
use spantop::model::Severity;
use spantop::snapshot::Snapshot;
use std::net::Ipv6Addr;

/// When the office goes home, and with it the capture ends.
const LAST: i64 = 60;

/// What a client begins at a time.
type Begin = fn(&mut Traffic, Micros, u8);

/// What three clients begin so long before a capture ends, which nobody answers.
fn seen(before: Micros, begin: Begin) -> Snapshot {
    let mut t = Traffic::default().with_office(LAST);
    let last = t.packets.iter().map(|packet| packet.0).max().unwrap();
    (1..4).for_each(|client| begin(&mut t, last - before + Micros::from(client), client));
    t.seen()
}

fn syn(t: &mut Traffic, at: Micros, client: u8) {
    t.syn(at, (client, 5_000), (9, 443));
}

fn half_open(t: &mut Traffic, at: Micros, client: u8) {
    syn(t, at - 400, client);
    t.segment(at, [(9, 443), (client, 5_000)], SYN | ACK, (0, 1), 0);
}

fn query(t: &mut Traffic, at: Micros, client: u8) {
    t.query(at, client, 251, 900 + u16::from(client), None);
}

fn request(t: &mut Traffic, at: Micros, client: u8) {
    let (client, server) = ((client, 5_000), (250, 80));
    t.syn(at - 700, client, server);
    t.segment(at - 300, [server, client], SYN | ACK, (0, 1), 0);
    t.segment(at - 100, [client, server], ACK, (1, 1), 0);
    let ask = b"GET /news HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
    t.says(at, [client, server], PSH | ACK, (1, 1), ask);
    t.segment(at + 400, [server, client], ACK, (1, 1 + ask.len() as u32), 0);
}

#[test]
fn what_waits_when_a_capture_ends_is_neither_failed_nor_left_out() {
    let tenth = S / 10;
    let waits: [(&str, Begin); 4] = [("SYN", syn), ("SYN-ACK", half_open), ("query", query), ("request", request)];
    for (name, begin) in waits {
        let counts = |before: Micros| {
            let s = seen(before, begin);
            assert_eq!(troubles(&s), [], "{name}, {before} µs");
            let n = &s.diagnosis.network;
            (n.open, n.failed.unwrap_or(u64::MAX), n.waiting)
        };
        assert_eq!(counts(tenth), (0, 0, 0), "{name}: any end cuts through what has just begun");
        assert_eq!(counts(S + tenth), (3, 0, 0), "{name}");
        assert_eq!(counts(4 * S), (3, 0, 0), "{name}");
    }
    let words = seen(2 * S, query).diagnosis.network.excess();
    assert_eq!(words.as_deref(), Some("3 attempts and requests that waited when the capture ended"));
}

#[test]
fn what_has_waited_long_enough_is_judged_though_the_capture_ends() {
    let judged = |before, begin| {
        let s = seen(before, begin);
        (s.diagnosis.network.open, s.diagnosis.network.failed.unwrap_or(u64::MAX), s.diagnosis.network.waiting)
    };
    assert_eq!(judged(5 * S + S / 10, query), (0, 3, 0));
    assert_eq!(judged(5 * S + S / 10, half_open), (0, 3, 0));
    // Over TCP users wait for ten seconds, and it waits on.
    assert_eq!(judged(9 * S, request), (3, 0, 0));
    assert_eq!(judged(11 * S, request), (0, 0, 3));
}

/// A client that tries by IPv6, which nobody answers, and goes on by IPv4.
fn goes_on(t: &mut Traffic, at: Micros, client: u8, port: u16) {
    let v6 = |host: u8| Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host.into());
    let packet = Packet::eth(mac(client), mac(9)).ip(v6(client), v6(9)).tcp(port, 443).seq(u32::from(port)).flags(SYN);
    t.push(at, packet);
    t.connection(at + 200_000, (client, port), (9, 443));
}

#[test]
fn whoever_went_on_by_ipv4_does_not_wait_any_more() {
    let mut t = Traffic::default().with_office(LAST);
    let last = t.packets.iter().map(|packet| packet.0).max().unwrap();
    for n in 0..6u16 {
        // 20, 15, 10, 5, 3 and 1 s before the end: the last four are younger than what is waited for.
        let before = [20 * S, 15 * S, 10 * S, 4 * S, 3 * S, S + 1_000][usize::from(n)];
        goes_on(&mut t, last - before, 1 + (n % 2) as u8, 5_000 + n);
    }
    let s = t.seen();
    assert_eq!(troubles(&s), only("ipv6.broken", "[2001:db8:0:1::9]:443/tcp", Severity::Warning));
    assert_eq!(title(&s), "IPv6 to [2001:db8:0:1::9]:443 fails: 6 of 6 attempts go on by IPv4 after 200.0 ms");
}

/// A name server whose answers do not fit: each query is asked again over TCP, which nothing answers.
fn truncated(t: &mut Traffic, at: Micros, client: u8, id: u16) {
    let name = format!("host{id}.example.org");
    let query = t.ip(client, 9).udp(20_000 + id, 53).payload(&dns(id, &name, None));
    t.push(at, query);
    let mut answer = dns(id, &name, None);
    // A response that is cut off (RFC 1035 section 4.1.1).
    answer[2] |= 0x82;
    let reply = t.ip(9, client).udp(53, 20_000 + id).payload(&answer);
    t.push(at + 500, reply);
    for again in [0, S, 3 * S] {
        t.syn(at + 1_000 + again, (client, 10_000 + id), (9, 53));
    }
}

#[test]
fn the_last_attempts_of_a_name_server_that_answers_only_in_part() {
    let mut t = Traffic::default();
    for n in 0..10u16 {
        truncated(&mut t, i64::from(n) * 2 * S, 1 + (n % 2) as u8, n);
    }
    // The capture ends 1.5 s after the last query.
    let end = 18 * S + 3 * S / 2;
    t.packets.retain(|packet| packet.0 <= end);
    let mut office = Traffic::default().with_office(end / S);
    t.packets.append(&mut office.packets);
    let s = t.seen();
    let found = troubles(&s);
    assert!(found.iter().any(|f| (f.0, f.1.as_str()) == ("tcp.no_answer", "10.1.0.9:53/tcp")), "{found:?}");
    // The last but one was repeated 0.5 s before the end: that may be answered.
    assert_eq!((s.diagnosis.network.failed, s.diagnosis.network.open), (Some(8), 2), "{found:?}");
}
