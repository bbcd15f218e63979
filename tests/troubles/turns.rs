//! What cannot be read: encrypted requests and those of protocols without a dissector, told by whose turn it is.

use super::support::packet::message::{client_hello, server_hello, tls_record};
use super::{ACK, FIN, Micros, PSH, S, SYN, Traffic, only, title, troubles};
use spantop::model::{ResponseBy, Severity};
use spantop::snapshot::Snapshot;

const MS: Micros = 1_000;

/// A record of application data with so much in it, encrypted.
fn record(bytes: usize) -> Vec<u8> {
    tls_record(23, &vec![0xe7; bytes + 17])
}

/// Somebody's side of a conversation that both hold: numbers and the clock go on with what is said.
struct Talk {
    ends: [(u8, u16); 2],
    now: Micros,
    next: [u32; 2],
}

impl Talk {
    /// A connection is opened; the mirror is 400 µs from the server and back, 200 µs from the client.
    fn opened(t: &mut Traffic, at: Micros, client: (u8, u16), server: (u8, u16)) -> Self {
        t.syn(at, client, server);
        t.segment(at + 400, [server, client], SYN | ACK, (0, 1), 0);
        t.segment(at + 600, [client, server], ACK, (1, 1), 0);
        Self { ends: [client, server], now: at + 700, next: [1, 1] }
    }

    /// The client (0) or the server (1) says something so much later, and is acknowledged at once.
    fn says(&mut self, t: &mut Traffic, who: usize, later: Micros, words: &[u8]) {
        self.now += later;
        let [mine, theirs] = [self.ends[who], self.ends[1 - who]];
        t.says(self.now, [mine, theirs], PSH | ACK, (self.next[who], self.next[1 - who]), words);
        self.next[who] += words.len() as u32;
        t.segment(self.now + [390, 190][who], [theirs, mine], ACK, (self.next[1 - who], self.next[who]), 0);
    }

    /// TLS 1.3 is agreed on: with tickets behind the client's Finished, one of which comes behind the first request.
    fn with_tls(mut self, t: &mut Traffic, handshake: Micros) -> Self {
        self.says(t, 0, 0, &tls_record(22, &client_hello(Some("erp.example.org"), &["http/1.1"])));
        let hello = [tls_record(22, &server_hello(0x0304)), tls_record(20, &[1]), record(900)].concat();
        self.says(t, 1, 400 + handshake, &hello);
        self.says(t, 0, 300, &[tls_record(20, &[1]), record(36)].concat());
        self
    }

    /// A request and its answer, with a ticket on the way where one is due.
    fn asks(&mut self, t: &mut Traffic, thinks: Micros, later: Micros, ticket: bool) {
        self.says(t, 0, thinks, &record(300));
        if ticket {
            self.says(t, 1, 450, &record(233));
            self.now -= 450;
        }
        self.says(t, 1, 400 + later, &record(600));
    }

    /// The client closes.
    fn closes(mut self, t: &mut Traffic) {
        let [c, s] = self.next;
        self.now += MS;
        t.segment(self.now, self.ends, FIN | ACK, (c, s), 0);
        t.segment(self.now + 400, [self.ends[1], self.ends[0]], FIN | ACK, (s, c + 1), 0);
        t.segment(self.now + 600, self.ends, ACK, (c + 1, s + 1), 0);
    }
}

const SERVER: (u8, u16) = (9, 443);

/// One hundred and twenty connections of six clients, one a second, of so many requests each; `later` says how long the server takes.
fn encrypted(requests: usize, later: fn(i64) -> Micros) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..120 {
        let mut talk = Talk::opened(&mut t, n * S, (1 + n as u8 % 6, 5_000 + n as u16), SERVER).with_tls(&mut t, MS);
        talk.says(&mut t, 1, 400, &record(233));
        for k in 0..requests {
            talk.asks(&mut t, if k == 0 { 300 } else { 40 * MS }, later(n), k == 0);
        }
        talk.closes(&mut t);
    }
    t.with_office(140).seen()
}

#[test]
fn a_server_whose_encrypted_answers_become_slow() {
    for requests in [1, 3] {
        let s = encrypted(requests, |n| if n < 60 { 5 * MS } else { 1_200 * MS });
        assert_eq!(troubles(&s), only("server.slow", "10.1.0.9:443/tcp", Severity::Warning), "{requests}");
        let told = title(&s);
        assert!(told.starts_with("tls at 10.1.0.9:443 answers encrypted requests slowly: "), "{told}");
        assert!(told.contains(" (50 %) answers take longer than 1.00 s, 95 of 100 within 1.20 s"), "{told}");
        let service = s.stats.services.rows.iter().find(|row| row.key.port == 443).unwrap();
        let times = service.response.unwrap();
        assert_eq!((service.response_by, times.count), (Some(ResponseBy::Turns), 120 * requests as u64), "tickets are no answers");
        assert!((times.min - 0.0054).abs() < 0.0002 && (times.max - 1.2004).abs() < 0.03, "{times:?}");
    }
}

#[test]
fn fast_answers_and_a_slow_handshake_are_no_slow_server() {
    let s = encrypted(2, |_| 5 * MS);
    assert_eq!(troubles(&s), []);
    let mut t = Traffic::default();
    for n in 0..60 {
        let mut talk = Talk::opened(&mut t, n * S, (1 + n as u8 % 6, 5_000 + n as u16), SERVER).with_tls(&mut t, 2 * S);
        talk.asks(&mut t, 300, 5 * MS, true);
        // Whoever reads for long is no slow server.
        talk.asks(&mut t, 9 * S, 5 * MS, false);
        talk.closes(&mut t);
    }
    assert_eq!(troubles(&t.with_office(80).seen()), []);
}

#[test]
fn requests_that_wait_for_news_are_meant_to() {
    // A tenth is held for as long as it may be, the others until there is news.
    let mut t = Traffic::default();
    for n in 0..30 {
        let mut talk = Talk::opened(&mut t, n * S / 2, (1 + n as u8 % 6, 5_000 + n as u16), SERVER).with_tls(&mut t, MS);
        (0..8).for_each(|k| talk.asks(&mut t, 300, if (n + k) % 10 == 0 { 25 * S } else { (1 + (n + k) % 7) * S }, k == 0));
        talk.closes(&mut t);
    }
    assert_eq!(troubles(&t.with_office(120).seen()), []);
}

#[test]
fn talks_of_both_sides_are_no_turns() {
    // Either side says something whenever it likes: event streams, chats, terminals.
    let mut t = Traffic::default();
    for n in 0..30i64 {
        let mut talk = Talk::opened(&mut t, n * S / 2, (1 + n as u8 % 6, 5_000 + n as u16), SERVER).with_tls(&mut t, MS);
        talk.asks(&mut t, 300, 5 * MS, true);
        let mut dice = 7 + n as u64;
        for _ in 0..24 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            talk.says(&mut t, usize::from(dice >> 40 & 1 == 1), (1 + (dice >> 50) as i64 % 6) * S, &record(90));
        }
    }
    assert_eq!(troubles(&t.with_office(120).seen()), []);
}

#[test]
fn remarks_within_a_connection_are_no_requests() {
    // The client acknowledges something, or pings, and is told something much later.
    let mut t = Traffic::default();
    for n in 0..40 {
        let mut talk = Talk::opened(&mut t, n * S, (1 + n as u8 % 6, 5_000 + n as u16), SERVER).with_tls(&mut t, MS);
        talk.asks(&mut t, 300, 5 * MS, true);
        for _ in 0..3 {
            talk.says(&mut t, 0, 10 * MS, &record(9));
            talk.says(&mut t, 1, 8 * S, &record(200));
        }
        talk.closes(&mut t);
    }
    assert_eq!(troubles(&t.with_office(100).seen()), []);
}

/// The same of another protocol: requests and answers that begin with these bytes.
fn spoken(port: u16, [asks, answers]: [&[u8]; 2], later: fn(i64) -> Micros) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..120 {
        let mut talk = Talk::opened(&mut t, n * S, (1 + n as u8 % 6, 5_000 + n as u16), (9, port));
        for _ in 0..3 {
            talk.says(&mut t, 0, 20 * MS, &[asks, &[0xe7; 100]].concat());
            talk.says(&mut t, 1, 400 + later(n), &[answers, &[0x77; 500]].concat());
        }
        talk.closes(&mut t);
    }
    t.with_office(140).seen()
}

#[test]
fn a_protocol_that_nobody_knows_is_slow_only_against_what_it_usually_is() {
    let unknown: [&[u8]; 2] = [&[0xde, 0xad], &[0xbe, 0xef]];
    let s = spoken(7_777, unknown, |n| if n < 60 { 5 * MS } else { 1_200 * MS });
    assert_eq!(troubles(&s), only("server.slow", "10.1.0.9:7777/tcp", Severity::Warning));
    assert!(
        title(&s).starts_with("The service at 10.1.0.9:7777 answers slowly: 180 of 360 (50 %) answers take longer than 100.4 ms"),
        "{}",
        title(&s)
    );
    assert_eq!(troubles(&spoken(7_777, unknown, |_| 1_200 * MS)), [], "it may be meant to");
    let ssh: [&[u8]; 2] = [b"SSH-2.0-x\r\n", b"SSH-2.0-y\r\n"];
    assert_eq!(troubles(&spoken(22, ssh, |n| if n < 60 { 5 * MS } else { 1_200 * MS })), [], "a terminal");
}

#[test]
fn what_is_read_is_not_counted_twice() {
    let mut t = Traffic::default();
    (0..60).for_each(|n| t.page(n * S, (1 + n as u8 % 4, 5_000 + n as u16), (9, 8_080), 20_000));
    let s = t.with_office(70).seen();
    let service = s.stats.services.rows.iter().find(|row| row.key.port == 8_080).unwrap();
    assert_eq!((service.response_by, service.response.unwrap().count, service.counts.turns.answered), (Some(ResponseBy::Answers), 60, 0));
}

/// A web server of sixty requests, one a second, that takes those from one up to another and answers none of them.
pub(super) fn hangs(from: u16, until: u16) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..60u16 {
        let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 80));
        if n < from || n >= until {
            t.page(at, client, server, 5_000);
            continue;
        }
        let (there, back) = ([client, server], [server, client]);
        let ask = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
        t.syn(at, client, server);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        t.says(at + 700, there, PSH | ACK, (1, 1), ask);
        t.segment(at + 900, back, ACK, (1, 1 + ask.len() as u32), 0);
    }
    t.with_office(90)
}

#[test]
fn a_server_that_is_slow_from_the_first_answer_on() {
    let pages = |count: u16| {
        let mut t = Traffic::default();
        (0..count).for_each(|n| t.page(i64::from(n) * S, (1, 5_000 + n), (9, 80), 5 * S / 2));
        t.with_office(20).seen()
    };
    let s = pages(12);
    assert_eq!(troubles(&s), only("server.slow", "10.1.0.9:80/tcp", Severity::Warning));
    let evidence = &s.diagnosis.findings.iter().find(|f| f.id == "server.slow").unwrap().evidence;
    assert!(evidence.iter().any(|(name, value)| *name == "slow" && value.to_string() == "12"), "{evidence:?}");
    assert_eq!(troubles(&pages(7)), [], "so few may have been meant to");
}

#[test]
fn a_service_that_takes_requests_and_answers_none_hangs() {
    let hangs = |from, until| hangs(from, until).seen();
    let s = hangs(40, 60);
    assert_eq!(troubles(&s), only("server.slow", "10.1.0.9:80/tcp", Severity::Critical));
    assert_eq!(title(&s), "http at 10.1.0.9:80 answers nothing any more: 20 requests of 5 clients wait");
    assert_eq!(troubles(&hangs(40, 50)), [], "it answers again");
    assert_eq!(troubles(&hangs(0, 60)), [], "whether it ever answered is not known");
}
