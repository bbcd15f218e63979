//! Connections and attempts that do not get through in one direction while the host answers others; name servers that answer late or in words.

use super::*;
use spantop::model::Address;

/// Connections of some clients that ask, are silent for a while, and then ask in vain, each time again with twice the pause.
fn forgotten(clients: &[u8], each: u16, others_work: bool) -> Traffic {
    let mut t = Traffic::default();
    for (n, client) in clients.iter().flat_map(|client| (0..each).map(move |n| (n, *client))) {
        let (at, ends) = (i64::from(n) * S / 10, [(client, 5_000 + n), (9, 8_080)]);
        t.syn(at, ends[0], ends[1]);
        t.segment(at + 400, [ends[1], ends[0]], SYN | ACK, (0, 1), 0);
        t.segment(at + 600, ends, ACK, (1, 1), 0);
        t.segment(at + 700, ends, PSH | ACK, (1, 1), 100);
        t.segment(at + 1_100, [ends[1], ends[0]], PSH | ACK, (1, 101), 200);
        t.segment(at + 1_300, ends, ACK, (101, 201), 0);
        let lost = at + 8 * S;
        [0, 200, 600, 1_400, 3_000, 6_200, 12_600].into_iter().for_each(|ms| {
            t.segment(lost + ms * 1_000, ends, PSH | ACK, (101, 201), 100);
        });
    }
    if others_work {
        (0..30u16).for_each(|n| t.connection(i64::from(n) * S, (200, 40_000 + n), (9, 8_080)));
    }
    t.with_office(40)
}

#[test]
fn connections_that_a_device_forgot_hang_though_the_host_answers_others() {
    let s = forgotten(&[1], 4, true).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:8080/tcp", Severity::Note));
    assert!(title(&s).starts_with("4 connections of 1 client to 10.1.0.9:8080 hang: "), "{}", title(&s));
    let row = s.stats.services.rows.iter().find(|row| row.key.port == 8_080).expect("its row");
    assert_eq!((row.broken_connections(), row.failed_connections()), (4, 0));
    assert_eq!(troubles(&forgotten(&[1, 2], 4, true).seen()), only("tcp.no_answer", "10.1.0.9:8080/tcp", Severity::Warning));
    assert_eq!(troubles(&forgotten(&[1], 2, true).seen()), [], "two may be anything");
}

/// The same where nothing comes from the host at all: it is gone, and no device forgot anything.
#[test]
fn connections_to_a_host_that_died_are_told_as_such() {
    let s = forgotten(&[1, 2], 4, false).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:8080/tcp", Severity::Critical));
    assert!(title(&s).starts_with("10.1.0.9:8080 says nothing any more: 8 connections of 2 clients hang"), "{}", title(&s));
}

/// Attempts of a client whose own firewall drops the SYN-ACKs; with so many SYNs each, beside one that connects.
fn untaken(clients: &[u8], attempts: u16, syns: i64) -> Traffic {
    let mut t = Traffic::default();
    for (n, client) in clients.iter().flat_map(|client| (0..attempts).map(move |n| (n, *client))) {
        let (at, ends) = (i64::from(n) * 2 * S, [(client, 5_000 + n), (9, 80)]);
        for again in 0..syns {
            let later = at + ((1 << again) - 1) * S;
            t.syn(later, ends[0], ends[1]);
            t.segment(later + 400, [ends[1], ends[0]], SYN | ACK, (0, 1), 0);
        }
    }
    (0..10u16).for_each(|n| t.connection(i64::from(n) * S, (12, 40_000 + n), (9, 80)));
    t.with_office(40)
}

#[test]
fn a_client_that_does_not_take_what_it_is_answered() {
    let s = untaken(&[11], 5, 4).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.11", Severity::Warning));
    let expected =
        "10.1.0.11 does not take the answers of 10.1.0.9:80: 5 attempts half-open, whose SYN is repeated though the SYN-ACK has passed";
    assert_eq!(title(&s), expected);
    let s = untaken(&[11, 13], 3, 4).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:80/tcp", Severity::Warning));
    assert!(title(&s).starts_with("2 clients do not take the answers of 10.1.0.9:80: 6 attempts half-open"), "{}", title(&s));
    assert_eq!(troubles(&untaken(&[11], 2, 4).seen()), [], "two may be anything");
    assert_eq!(troubles(&untaken(&[11], 5, 1).seen()), [], "one SYN each: whoever scans does so");
}

/// A name server that answers three queries a second and drops the rest: clients ask again after a second.
#[test]
fn a_name_server_that_answers_only_what_is_repeated_is_slow() {
    let slow = |late: u16, prompt: u16| {
        let mut t = Traffic::default();
        for n in 0..late + prompt {
            let at = i64::from(n) * S;
            let answer = if n < late { S + 2_000 } else { 2_000 };
            t.query(at, 1 + n as u8 % 2, 53, 1_000 + n, Some((answer, 0)));
            if n < late {
                t.query(at + S, 1 + n as u8 % 2, 53, 1_000 + n, None);
            }
        }
        t.with_office(60).seen()
    };
    assert_eq!(troubles(&slow(27, 3)).iter().map(|t| (t.0, t.1.as_str())).collect::<Vec<_>>(), [("dns.slow", "10.1.0.53:53/udp")]);
    assert_eq!(troubles(&slow(9, 3)), [], "a cold cache");
    assert_eq!(troubles(&slow(12, 12)), [], "half of them");
}

/// Two programs of a client ask the same server for the same name at once: one is answered, the other is not.
#[test]
fn two_programs_of_a_client_are_two() {
    let mut t = Traffic::default();
    for n in 0..30u16 {
        let at = i64::from(n) * S;
        t.query(at, 1 + n as u8 % 2, 53, 3 * n, Some((2_000, 0)));
        t.query(at + 1_000, 1 + n as u8 % 2, 53, 3 * n + 300, None);
    }
    let s = t.with_office(60).seen();
    let row = s.stats.services.rows.iter().find(|row| row.key.address == Address::V4(address(53).into())).expect("its row");
    assert_eq!((row.counts.requests, row.failed_requests()), (60, 30));
    assert_eq!(troubles(&s).iter().map(|t| t.0).collect::<Vec<_>>(), ["dns.unanswered"]);
}

#[test]
fn what_a_name_server_says_is_why() {
    let cause = |code: u8| {
        let mut t = Traffic::default();
        (0..60u16).for_each(|n| t.query(i64::from(n) * S / 2, 1 + n as u8 % 3, 53, 1_000 + n, Some((1_000, code))));
        let s = t.with_office(60).seen();
        s.diagnosis.findings.iter().find(|f| f.id == "dns.failing").expect("it fails").cause.clone()
    };
    for (code, word) in [(1, "EDNS"), (4, "NOTIMP"), (5, "does not serve these clients"), (2, "cannot reach those it asks")] {
        assert!(cause(code).contains(word), "{code}: {}", cause(code));
    }
}
