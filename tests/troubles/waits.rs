//! What is never answered while other things are: requests over TCP on which somebody waits, or gave up; calls of which nothing comes; a store that
//! stops for a while.

use super::{ACK, FIN, Micros, S, Traffic, only, title, troubles};
use spantop::model::evidence::Trouble;
use spantop::model::{Address, Severity, Verdict};
use spantop::snapshot::Snapshot;

const ASK: &[u8] = b"GET /news HTTP/1.1\r\nHost: www.example.org\r\n\r\n";

impl Traffic {
    /// A request that is taken and not answered; both ends close the connection so much later, where they do.
    fn unanswered(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), closed: Option<Micros>) {
        let (_, (c, s)) = self.in_turn(at, client, server, &[(true, ASK.to_vec())]);
        self.segment(at + 1_400, [server, client], ACK, (s, c), 0);
        if let Some(later) = closed {
            self.segment(at + later, [client, server], FIN | ACK, (c, s), 0);
            self.segment(at + later + 400, [server, client], FIN | ACK, (s, c + 1), 0);
            self.segment(at + later + 600, [client, server], ACK, (c + 1, s + 1), 0);
        }
    }
}

/// The counts of the web server's row, and of the network: requests, unanswered, waiting; failed, waiting.
fn counts(s: &Snapshot) -> ([u64; 3], [u64; 2]) {
    let row = s.stats.services.rows.iter().find(|row| row.key.address == Address::V4(super::address(9).into())).expect("its row");
    let network = &s.diagnosis.network;
    ([row.counts.requests, row.trouble(Trouble::Unanswered), row.waiting], [network.failed.unwrap_or(u64::MAX), network.waiting])
}

/// One request in four of the first hundred seconds is never answered; so many seconds later the capture ends.
fn one_in_four(closed: Option<Micros>, seconds: i64) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..seconds as u16 {
        let (at, client) = (i64::from(n) * S, (1 + (n % 5) as u8, 5_000 + n));
        match n % 4 == 0 && n < 100 {
            true => t.unanswered(at, client, (9, 80), closed),
            false => t.page(at, client, (9, 80), 5_000),
        }
    }
    t.with_office(seconds).seen()
}

#[test]
fn requests_that_are_never_answered_are_failures() {
    // The last of them was asked at 96 s.
    let s = one_in_four(None, 200);
    assert_eq!((counts(&s), s.diagnosis.network.verdict), (([200, 25, 0], [25, 0]), Verdict::Unknown));
    let s = one_in_four(None, 145);
    assert_eq!((counts(&s), s.diagnosis.network.verdict), (([142, 22, 3], [22, 3]), Verdict::Unknown), "those of 88, 92 and 96 s");
    let s = one_in_four(Some(30 * S), 200);
    assert_eq!((counts(&s), s.diagnosis.network.verdict), (([200, 25, 0], [25, 0]), Verdict::Unknown), "they gave up");
    let s = one_in_four(Some(9 * S), 200);
    assert_eq!((counts(&s), s.diagnosis.network.verdict), (([175, 0, 0], [0, 0]), Verdict::Good), "they changed their mind");
}

/// A request that is answered after more than a minute was no failure.
#[test]
fn what_is_answered_late_is_no_failure_any_more() {
    let late = |seconds: i64| {
        let mut t = Traffic::default();
        for n in 0..150u16 {
            let (at, client) = (i64::from(n) * S, (1 + (n % 5) as u8, 5_000 + n));
            t.page(at, client, (9, 80), if n == 10 || n == 11 { 80 * S } else { 5_000 });
        }
        t.packets.retain(|p| p.0 < seconds * S);
        counts(&t.with_office(seconds).seen())
    };
    assert_eq!((late(80), late(150)), (([80, 2, 0], [2, 0]), ([150, 0, 0], [0, 0])));
}

/// A store answers nobody for a while, and then everybody.
#[test]
fn a_store_that_stops_for_a_while() {
    let stops = |seconds: i64| {
        let mut t = Traffic::default();
        for n in 0..100u16 {
            let (at, client, server) = (i64::from(n) * S, (1 + (n % 5) as u8, 5_000 + n), (9, 6_379));
            let (time, (c, s)) = t.in_turn(at, client, server, &[(true, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n".to_vec())]);
            let is_late = (30..30 + seconds).contains(&i64::from(n));
            let answered = if is_late { (30 + seconds) * S + i64::from(n) * 1_000 } else { time };
            t.says(answered, [server, client], ACK, (s, c), b"$1\r\nb\r\n");
            t.segment(answered + 300, [client, server], FIN | ACK, (c, s + 7), 0);
            t.segment(answered + 700, [server, client], FIN | ACK, (s + 7, c + 1), 0);
        }
        t.with_office(100).seen()
    };
    let s = stops(25);
    assert_eq!(troubles(&s), only("server.slow", "10.1.0.9:6379/tcp", Severity::Critical));
    assert!(title(&s).starts_with("resp at 10.1.0.9:6379 answered nothing for 25."), "{}", title(&s));
    assert!(title(&s).ends_with("; it does again"), "{}", title(&s));
    assert_eq!(troubles(&stops(8)), [], "less than users wait");
}

/// Calls by these replies (how much later, what), beside who is asked whether he is there and is.
fn calls(method: &str, replies: &[(Micros, &str)]) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..100i64 {
        let (a, b) = ((1 + (n % 5) as u8, 5_060), (9, 5_060));
        let mut say = |at, ends: [(u8, u16); 2], call: i64, first: &str, method: &str| {
            let text = format!("{first}\r\nCall-ID: {call}@a\r\nCSeq: 1 {method}\r\n\r\n");
            let packet = t.ip(ends[0].0, ends[1].0).udp(ends[0].1, ends[1].1).payload(text.as_bytes());
            t.push(at, packet);
        };
        say(n * S, [a, b], n, &format!("{method} sip:b@c SIP/2.0"), method);
        replies.iter().for_each(|(later, line)| say(n * S + later, [b, a], n, &format!("SIP/2.0 {line}"), method));
        for more in 0..2 {
            let (at, call) = (n * S + 300_000 + more * 400_000, 1_000 + 2 * n + more);
            say(at, [a, b], call, "OPTIONS sip:c SIP/2.0", "OPTIONS");
            say(at + 10_000, [b, a], call, "SIP/2.0 200 OK", "OPTIONS");
        }
    }
    t.with_office(150).seen()
}

#[test]
fn calls_of_which_nothing_comes_beside_a_server_that_is_there() {
    let trying = (2_000, "100 Trying");
    for (method, replies) in [("INVITE", &[][..]), ("REGISTER", &[]), ("INVITE", &[trying])] {
        let s = calls(method, replies);
        assert_eq!(troubles(&s), only("service.errors", "10.1.0.9:5060/udp", Severity::Critical), "{method} {replies:?}");
        // One may be lost sight of.
        assert!(title(&s).starts_with("sip at 10.1.0.9:5060 leaves ") && !title(&s).contains("answered before"), "{}", title(&s));
        assert!(title(&s).ends_with(&format!(" (100 %) {method} requests of 5 clients unanswered")), "{}", title(&s));
    }
    assert_eq!(troubles(&calls("OPTIONS", &[])), [], "whether somebody is there need not be answered");
    let slow = calls("INVITE", &[trying, (12 * S, "180 Ringing"), (20 * S, "200 OK")]);
    assert_eq!(troubles(&slow), only("server.slow", "10.1.0.9:5060/udp", Severity::Critical), "it took its time, and answered");
    let ended = calls("INVITE", &[trying, (20 * S, "487 Request Terminated")]);
    assert!(troubles(&ended).iter().all(|found| found.0 != "service.errors"), "its caller gave up: {:?}", troubles(&ended));
}
