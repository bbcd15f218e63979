//! Connections that are opened in great number: whoever opens them, and whether anybody answers, the service shows every attempt.

use super::support::packet::{ACK, End, Packet, SYN};
use super::{S, Traffic, address, mac, only, title, troubles};
use spantop::model::evidence::Trouble;
use spantop::model::{Severity, Value};
use spantop::snapshot::{Service, Snapshot};
use std::net::Ipv4Addr;

/// `n` SYNs in 30 s at host 9, each from another port of these many sources, which a server answers or nothing does.
fn flood(n: u16, sources: u16, is_answered: bool) -> Traffic {
    let mut t = Traffic::default();
    for k in 0..n {
        let (at, client) = (i64::from(k) * 30 * S / i64::from(n), (1 + (k % sources) as u8, 1_024 + k));
        let packet = t.ip(client.0, 9).tcp(client.1, 80).seq(77 * u32::from(k)).flags(SYN);
        t.push(at, packet);
        if is_answered {
            let packet = t.ip(9, client.0).tcp(80, client.1).seq(5).ack(77 * u32::from(k) + 1).flags(SYN | ACK);
            t.push(at + 300, packet);
        }
    }
    t
}

fn service<'a>(s: &'a Snapshot, name: &str) -> &'a Service {
    s.stats.services.rows.iter().find(|row| row.key.to_string() == name).expect("a service")
}

#[test]
fn one_source_that_nothing_answers() {
    let s = flood(3_000, 1, false).with_office(60).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:80/tcp", Severity::Warning));
    assert_eq!(title(&s), "Nobody answers at 10.1.0.9:80: 3,000 attempts of 1 client in vain; nothing is heard of the host");
    let row = service(&s, "10.1.0.9:80");
    let counts = &row.counts;
    assert_eq!((counts.clients, counts.attempts, row.trouble(Trouble::NoAnswer), row.errors()), (1, 3_000, 3_000, 3_000));
    assert_eq!(s.diagnosis.network.judged, 3_000 + 240, "what is judged stands in the services: 120 connections and queries each");
}

#[test]
fn one_source_that_completes_nothing() {
    let s = flood(3_000, 1, true).with_office(60).seen();
    assert_eq!(troubles(&s), only("tcp.synflood", "10.1.0.9:80/tcp", Severity::Warning));
    assert_eq!(service(&s, "10.1.0.9:80").trouble(Trouble::HalfOpen), 3_000);
}

#[test]
fn many_sources_are_told_by_their_number() {
    for sources in [40u16, 100, 190] {
        let s = flood(3_000, sources, false).with_office(60).seen();
        assert_eq!(troubles(&s), only("tcp.synflood", "10.1.0.9:80/tcp", Severity::Warning), "{sources}");
        let found = &s.diagnosis.findings[0];
        let number = found.evidence.iter().find(|e| e.0 == "sources").map(|e| e.1.clone());
        // A cap is no number.
        let right = number == Some(Value::Count(sources.into())) || number == Some(Value::AtLeast(32));
        assert!(right, "{sources}: {number:?}");
        // From the first SYN to the last one, whenever it was judged.
        let (began, lasted) = (found.first.since(s.capture.first.unwrap()), found.last.seconds_since(found.first));
        assert_eq!((began, format!("{lasted:.2}")), (0, "29.99".to_owned()), "{sources}");
        let row = service(&s, "10.1.0.9:80");
        assert_eq!((row.counts.clients, row.counts.is_more_clients, row.counts.attempts), (sources.into(), false, 3_000));
    }
}

#[test]
fn a_client_that_changes_its_mind_is_no_trouble() {
    // A SYN every 5 s: nobody repeats anything. It stands in the service all the same.
    let mut t = Traffic::default();
    for k in 0..8u16 {
        t.syn(i64::from(k) * 5 * S, (1, 5_000 + k), (9, 443));
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), []);
    let row = service(&s, "10.1.0.9:443");
    assert_eq!((row.counts.attempts, row.trouble(Trouble::NoAnswer)), (8, 8));
}

#[test]
fn nothing_is_found_before_the_capture_begins() {
    // All of it in one second: a stretch of a minute that is looked at begins before the first packet.
    let mut t = Traffic::default();
    for n in 0..40 {
        t.refused(n * S / 50, (1 + n as u8 % 3, 5_000 + n as u16), (9, 8_080));
    }
    let s = t.seen();
    let first = s.capture.first.expect("a time");
    let found: Vec<_> = s.diagnosis.findings.iter().map(|f| f.id).collect();
    assert!(!found.is_empty());
    assert!(s.diagnosis.findings.iter().all(|f| f.first >= first && f.episodes.iter().all(|e| e.first >= first)), "{found:?}");
}

/// What content tells of conversations without requests that are followed, services are called too.
#[test]
fn a_service_is_called_as_its_conversations_are() {
    let mut t = Traffic::default();
    for (port, hello) in [(25u16, &b"220 mail.example ESMTP ready\r\n"[..]), (2_525, b"220 mail.example ESMTP ready\r\n")] {
        let (client, server) = ((1u8, 40_000 + port), (9u8, port));
        let base = |end: (u8, u16)| 1_000 * u32::from(end.1);
        t.segment(0, [client, server], SYN, (0, 0), 0);
        t.segment(300, [server, client], SYN | ACK, (0, 1), 0);
        t.segment(600, [client, server], ACK, (1, 1), 0);
        let greeting = t.ip(9, 1).tcp(server.1, client.1).seq(base(server) + 1).ack(base(client) + 1).flags(ACK).payload(hello);
        t.push(900, greeting);
        let helo = b"EHLO client.example\r\n";
        let behind = base(server) + 1 + hello.len() as u32;
        let asked = t.ip(1, 9).tcp(client.1, server.1).seq(base(client) + 1).ack(behind).flags(ACK).payload(helo);
        t.push(1_200, asked);
    }
    let s = t.seen();
    for row in &s.stats.services.rows {
        let of = |c: &&spantop::snapshot::Conversation| c.a_port == row.key.port || c.b_port == row.key.port;
        let conversation = s.stats.conversations.tcp.rows.iter().find(of).expect("a conversation");
        assert_eq!((conversation.app, row.app), (Some("smtp"), Some("smtp")), "{}", row.key);
    }
    assert_eq!(s.stats.services.rows.len(), 2);
}

/// Twelve broadcasts of six stations go round through a slow link: each comes fifty times a second.
#[test]
fn frames_that_circle_slowly() {
    let mut t = Traffic::default();
    for n in 0..12u8 {
        let sender = End::new(mac(1 + n % 6), address(1 + n % 6), 0);
        for round in 0..400i64 {
            let at = 20 * S + i64::from(n) * S / 2 + round * S / 50;
            t.push(at, Packet::arp(1, sender, [0; 6], Ipv4Addr::from(address(200 + n))));
        }
    }
    let s = t.with_office(60).seen();
    let found = troubles(&s);
    assert!(found.contains(&("loop.layer2", "network".to_owned(), Severity::Critical)), "{found:?}");
}
