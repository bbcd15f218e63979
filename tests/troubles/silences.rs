//! What stops for a while and goes on: servers that are frozen, ways that are down, name servers that restart. When it is over it stays told, with
//! its time.

use super::{ACK, Micros, Packet, S, SYN, Traffic, address, mac, only, title, troubles};
use spantop::model::evidence::Trouble;
use spantop::model::{Finding, Severity, Timestamp, Verdict};
use spantop::snapshot::Snapshot;

/// When the only finding of this identifier held, in seconds.
fn held(s: &Snapshot, id: &str) -> Vec<[i64; 2]> {
    let finding: &Finding = s.diagnosis.findings.iter().find(|f| f.id == id).expect("the finding");
    let second = |at: Timestamp| (at.0 - super::START) / 1_000_000_000;
    finding.episodes.iter().map(|e| [second(e.first), second(e.last)]).collect()
}

impl Traffic {
    /// A page that is asked for at once and sent at `answer`.
    fn late_page(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), answer: Micros) {
        self.page(at, client, server, answer - at - 700);
    }
}

#[test]
fn a_service_that_was_frozen_stays_told_with_its_time() {
    let frozen = |seconds: i64| {
        let mut t = Traffic::default();
        for n in 0..70i64 {
            let (at, client) = (n * S, (1 + n as u8 % 5, 5_000 + n as u16));
            let answer = if (30..30 + seconds).contains(&n) { (30 + seconds) * S + n * 1_000 } else { at + 5_000 };
            t.late_page(at, client, (9, 80), answer);
        }
        t.with_office(80).seen()
    };
    let s = frozen(14);
    assert_eq!(troubles(&s), only("server.slow", "10.1.0.9:80/tcp", Severity::Critical));
    assert!(
        title(&s).starts_with("http at 10.1.0.9:80 answered nothing for 14.") && title(&s).ends_with("; it does again"),
        "{}",
        title(&s)
    );
    assert_eq!(held(&s, "server.slow"), [[30, 44]]);
    assert_eq!(troubles(&frozen(8)), [], "less than users wait");
}

#[test]
fn a_host_of_which_no_service_answers_is_told_by_two_requests() {
    // At each of two services one request waits, of another client; the second service is what the negatives change.
    let frozen = |second: u8, answers: i64, other: (u8, u16)| {
        let mut t = Traffic::default();
        for n in 0..60i64 {
            let (at, port) = (n * S, 5_000 + n as u16);
            if !(30..44).contains(&n) {
                t.page(at, (1, port), (9, 80), 5_000);
                t.page(at + S / 2, (2, port), other, 5_000);
            }
        }
        t.late_page(30 * S, (1, 6_000), (9, 80), 44 * S);
        t.late_page(30 * S + S / 2, (second, 6_001), other, answers);
        t.with_office(70).seen()
    };
    let s = frozen(2, 44 * S + 5_000, (9, 8_080));
    assert_eq!(troubles(&s), only("server.slow", "10.1.0.9", Severity::Warning));
    assert_eq!(title(&s), "10.1.0.9 answered nothing for 14.00 s: 2 requests of 2 clients waited at 2 services; it does again");
    assert_eq!(held(&s, "server.slow"), [[30, 44]]);
    assert_eq!(troubles(&frozen(1, 44 * S + 5_000, (9, 8_080))), [], "one client may be the reason");
    assert_eq!(troubles(&frozen(2, 31 * S, (9, 8_080))), [], "the other service answers");
    assert_eq!(troubles(&frozen(2, 44 * S + 5_000, (8, 80))), [], "of another host");
}

#[test]
fn a_service_that_stops_to_the_end_is_no_green_network() {
    let mut t = Traffic::default();
    (0..30i64).for_each(|n| t.page(n * S, (1, 5_000 + n as u16), (9, 80), 5_000));
    t.late_page(30 * S, (1, 6_000), (9, 80), 300 * S);
    t.packets.retain(|p| p.0 < 60 * S);
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), [], "one request of one client may be meant to take its time");
    let network = &s.diagnosis.network;
    assert_eq!((network.verdict, network.failed, network.waiting), (Verdict::Unknown, Some(0), 1));
    assert_eq!(network.failures(&network.attempts()).as_deref(), Some("1 request waits: 10.1.0.9:80"));
}

/// The router that hosts elsewhere lie behind.
const ROUTER: [u8; 6] = [2, 0, 0, 0, 9, 1];

impl Traffic {
    /// A segment between a client and a host elsewhere, which came by the router.
    fn passed(&mut self, at: Micros, client: (u8, u16), server: [u8; 4], (flags, ttl): (u8, u8), numbers: (u32, u32)) {
        self.id = self.id.wrapping_add(1);
        let packet = match flags & ACK != 0 && flags & SYN != 0 {
            false => Packet::eth(mac(client.0), ROUTER).ip(address(client.0), server).id(self.id).tcp(client.1, 443),
            true => Packet::eth(ROUTER, mac(client.0)).ip(server, address(client.0)).id(self.id).ttl(ttl).tcp(443, client.1),
        };
        self.push(at, packet.seq(1_000 + numbers.0).ack(1_000 + numbers.1).flags(flags));
    }

    /// Somebody connects: the SYN-ACK comes with this TTL.
    fn connects(&mut self, at: Micros, client: (u8, u16), server: [u8; 4], ttl: u8) {
        self.passed(at, client, server, (SYN, 64), (0, 0));
        self.passed(at + 9_000, client, server, (SYN | ACK, ttl), (0, 1));
        self.passed(at + 9_200, client, server, (ACK, 64), (1, 1));
    }

    /// Somebody tries four times.
    fn tries(&mut self, at: Micros, client: (u8, u16), server: [u8; 4]) {
        [0, 1, 3, 7].into_iter().for_each(|again| self.passed(at + again * S, client, server, (SYN, 64), (0, 0)));
    }
}

#[test]
fn a_way_that_is_down_for_twelve_seconds_is_told_with_its_time() {
    let (near, far) = ([192, 0, 2, 1], [198, 51, 100, 1]);
    let down = |until: i64, ttl: u8, others: [[u8; 4]; 2]| {
        let mut t = Traffic::default();
        for n in 0..60i64 {
            let (at, port) = (n * S + 3_000, 5_000 + n as u16);
            if !(25..until).contains(&n) {
                t.connects(at, (1, port), near, ttl);
                t.connects(at + 2_000, (2, port), far, ttl);
            }
        }
        t.tries(25 * S, (1, 6_000), near);
        t.tries(25 * S + 200_000, (2, 6_001), others[0]);
        t.tries(26 * S, (3, 6_002), others[1]);
        t.with_office(70).seen()
    };
    let s = down(37, 63, [far, far]);
    assert_eq!(troubles(&s), only("tcp.no_answer", "02:00:00:00:09:01", Severity::Critical));
    assert_eq!(
        title(&s),
        "Nobody answered behind 02:00:00:00:09:01 for 12.01 s: 3 attempts of 3 clients in vain at 2 servers; they do again"
    );
    assert_eq!(held(&s, "tcp.no_answer"), [[25, 37]]);
    assert_eq!(troubles(&down(34, 63, [far, far])), [], "nine seconds");
    assert_eq!(troubles(&down(37, 64, [far, far])), [], "nothing shows that it is a router");
    // Three hosts behind a router that answer nothing would be told while they do, whatever they did before.
    assert_eq!(troubles(&down(37, 63, [[203, 0, 113, 5]; 2])), [], "of a peer that never answered nobody knows");
}

/// Thirty servers, more than a way tells apart, and one that had died by itself before.
#[test]
fn what_goes_silent_with_a_way_stands_under_it_however_many_they_are() {
    let server = |n: i64| [192, 0, 2, n as u8];
    let mut t = Traffic::default();
    for n in 0..1_200i64 {
        let (at, client) = (n * S / 4 + 3_000, (1 + ((n + n / 30) % 5) as u8, 5_000 + n as u16));
        match at / S {
            seconds if (100..182).contains(&seconds) || n % 30 == 7 && seconds >= 20 => t.tries(at, client, server(n % 30)),
            182..190 => {}
            _ => t.connects(at, client, server(n % 30), 63),
        }
    }
    let s = t.with_office(310).seen();
    troubles(&s);
    let found: Vec<_> = s.diagnosis.findings.iter().filter(|f| f.id == "tcp.no_answer").collect();
    let roots: Vec<String> = found.iter().filter(|f| f.explained_by.is_none()).map(|f| f.subject.to_string()).collect();
    assert_eq!(roots.len(), 2, "{roots:?}");
    assert!(roots.contains(&"02:00:00:00:09:01".to_owned()) && roots.contains(&"192.0.2.7:443/tcp".to_owned()), "{roots:?}");
    assert_eq!(found.len(), 31);
}

#[test]
fn a_name_server_that_was_dead_stays_told_with_its_time() {
    let dead = |seconds: u16| {
        let mut t = Traffic::default();
        for n in 0..90u16 {
            let answer = if (30..30 + seconds).contains(&n) { None } else { Some((1_000, 0)) };
            t.query(i64::from(n) * S, 1 + n as u8 % 4, 53, 1_000 + n, answer);
        }
        t.with_office(100).seen()
    };
    let s = dead(26);
    assert_eq!(troubles(&s), only("dns.unanswered", "10.1.0.53:53/udp", Severity::Critical));
    assert!(
        title(&s).starts_with("Name server 10.1.0.53 did not answer for 26.00 s: 22 queries of 4 clients in vain")
            && title(&s).ends_with("; it does again"),
        "{}",
        title(&s)
    );
    assert_eq!(held(&s, "dns.unanswered"), [[30, 56]]);
    assert_eq!(troubles(&dead(4)), []);
}

#[test]
fn a_service_that_was_started_did_not_answer_before() {
    let mut t = Traffic::default();
    (0..14i64).for_each(|n| t.refused(n * S / 4, (1, 5_000 + n as u16), (9, 8_080)));
    (14..60i64).for_each(|n| t.connection(n * S / 2, (1, 5_000 + n as u16), (9, 8_080)));
    let s = t.with_office(40).seen();
    assert_eq!(troubles(&s), only("tcp.refused", "10.1.0.9:8080/tcp", Severity::Warning));
    assert_eq!(title(&s), "10.1.0.9:8080 refused connections: 14 attempts of 1 client; it has answered since");
    assert!(s.diagnosis.findings[0].cause.starts_with("The service was being started"), "{}", s.diagnosis.findings[0].cause);
}

#[test]
fn what_fails_below_any_threshold_is_no_green_network() {
    let mut t = Traffic::default();
    // Four names of one server fail: too few to say anything of it.
    (0..4u16).for_each(|n| t.query(i64::from(n) * S, 1, 53, 1_000 + n, Some((1_000, 2))));
    let s = t.with_office(60).seen();
    let network = &s.diagnosis.network;
    assert_eq!((troubles(&s), network.verdict, network.failed), (vec![], Verdict::Unknown, Some(4)));
    assert_eq!(network.failures(&network.attempts()).as_deref(), Some("4 of 244 attempts to connect and requests failed: 10.1.0.53:53"));
    // One of many is nobody's fault, and told all the same.
    let mut t = Traffic::default();
    t.query(S, 1, 251, 9_000, Some((1_000, 2)));
    let s = t.with_office(60).seen();
    assert_eq!((s.diagnosis.network.verdict, s.diagnosis.network.failed), (Verdict::Good, Some(1)));
}

#[test]
fn a_server_that_fails_nearly_always_needs_few_answers() {
    let failing = |bad: u16, of: u16| {
        let mut t = Traffic::default();
        (0..of).for_each(|n| t.query(i64::from(n) * S, 1 + n as u8 % 2, 53, 1_000 + n, Some((1_000, if n >= of - bad { 2 } else { 0 }))));
        t.with_office(60).seen()
    };
    assert_eq!(troubles(&failing(16, 18)), only("dns.failing", "10.1.0.53:53/udp", Severity::Warning));
    assert_eq!(troubles(&failing(5, 9)), [], "five of nine may be half");
}

/// A service that answers nobody for twenty seconds, though four clients ask each second; what they then asked in vain they give up only when others
/// connect again.
#[test]
fn attempts_that_are_given_up_when_a_service_is_back_count_with_its_outage() {
    let seen = |dead: std::ops::Range<i64>| {
        let mut t = Traffic::default();
        for (n, client) in (0..60).flat_map(|n| (0..4u16).map(move |client| (n, client))) {
            let (at, from) = (n * S + i64::from(client) * S / 10, (1 + client as u8, 5_000 + n as u16));
            match dead.contains(&n) {
                true => [0, 1, 3, 7].into_iter().for_each(|later| t.syn(at + later * S, from, (9, 8_080))),
                false => t.connection(at, from, (9, 8_080)),
            }
        }
        t.with_office(60).seen()
    };
    for (dead, attempts) in [(20..40, 80), (10..21, 44), (12..32, 80)] {
        let s = seen(dead.clone());
        assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:8080/tcp", Severity::Critical), "{dead:?}");
        let expected = format!(": {attempts} attempts of 4 clients in vain; it answered before, and does again");
        assert!(title(&s).ends_with(&expected), "{dead:?}: {}", title(&s));
        let row = s.stats.services.rows.iter().find(|row| row.key.port == 8_080).expect("its row");
        assert_eq!(row.trouble(spantop::model::evidence::Trouble::NoAnswer), attempts, "{dead:?}");
    }
}

/// Single SYNs are too little for a finding, whoever sends them; where most of all fails nothing is green all the same.
#[test]
fn where_most_fails_the_network_is_not_good() {
    let singles = |count: u8| {
        let mut t = Traffic::default();
        (0..count).for_each(|n| t.syn(i64::from(n) * S / 10, (1 + n, 5_000), (240, 8_080)));
        t.with_office(20).seen()
    };
    for (count, verdict) in [(80, Verdict::Good), (81, Verdict::Unknown)] {
        let s = singles(count);
        let network = &s.diagnosis.network;
        assert_eq!((network.verdict, network.judged, network.failed), (verdict, 80 + u64::from(count), Some(count.into())));
        assert_eq!(network.is_failing, verdict == Verdict::Unknown);
    }
    let mut t = Traffic::default();
    t.refused(0, (1, 5_000), (9, 8_080));
    let s = t.seen();
    let network = &s.diagnosis.network;
    assert_eq!(network.failures(&network.attempts()).as_deref(), Some("the only one judged failed: 10.1.0.9:8080"));
}

#[test]
fn what_the_mirror_does_not_show_has_not_failed_in_a_row_either() {
    let mut t = Traffic::default().with_office(60);
    // What servers send is not mirrored.
    t.packets.retain(|(_, frame)| (201..=204).contains(&frame[11]));
    let s = t.seen();
    assert_eq!(s.diagnosis.network.failed, None);
    let row = s.stats.services.rows.iter().find(|row| row.key.port == 53).expect("the name server's");
    let unjudged = row.unjudged();
    assert_eq!((row.failures(), row.judged(Trouble::Unanswered), row.counts.requests), (0, None, unjudged[2]));
    assert!(unjudged[2] > 100, "{row:#?}");
    assert_eq!(row.failed_words(), Some(format!("{} not judged, for the mirror may not show answers", unjudged[2])));
    let whole = Traffic::default().with_office(60).seen();
    assert!(whole.stats.services.rows.iter().all(|row| row.judged(Trouble::Unanswered) == Some(0) && row.unjudged() == [0; 3]));
}
