//! Connections that are cut: while their clients wait for an answer, and when they are idle.

use super::{ACK, FIN, Micros, PSH, RST, S, SYN, Traffic, address, only, proof, title, troubles};
use spantop::model::{CutPhase, Severity};
use spantop::snapshot::{ConnectionEnding, Snapshot};

impl Traffic {
    /// A connection to a server that acknowledges a request of 100 bytes; says after how many bytes of an answer it stops.
    fn asks_for(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), answer: u32) -> (u32, u32) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        self.segment(at + 700, there, PSH | ACK, (1, 1), 100);
        self.segment(at + 1_100, back, ACK, (1, 101), 0);
        if answer > 0 {
            self.segment(at + 5_000, back, PSH | ACK, (1, 101), answer as usize);
            self.segment(at + 5_200, there, ACK, (101, 1 + answer), 0);
        }
        (101, 1 + answer)
    }

    /// The same, cut so much later by the server, or by the client.
    pub(super) fn cut(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), answer: u32, (later, by_client): (Micros, bool)) {
        let (c, s) = self.asks_for(at, client, server, answer);
        match by_client {
            true => self.segment(at + later, [client, server], RST | ACK, (c, s), 0),
            false => self.segment(at + later, [server, client], RST | ACK, (s, c), 0),
        }
    }
}

/// Forty connections of five clients, every second of which is cut.
fn cuts(answer: u32, how: (Micros, bool)) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..40u16 {
        let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 8_080));
        if n % 2 == 0 {
            t.cut(at, client, server, answer, how);
        } else {
            t.connection(at, client, server);
        }
    }
    t.with_office(120).seen()
}

fn phases(s: &Snapshot) -> Vec<CutPhase> {
    let ends = s.stats.conversations.tcp.rows.iter().filter_map(|row| match row.ended {
        Some(ConnectionEnding::Reset { phase, .. }) => Some(phase),
        _ => None,
    });
    let mut all: Vec<CutPhase> = ends.collect();
    all.dedup();
    all
}

#[test]
fn a_server_that_cuts_before_it_answers() {
    let s = cuts(0, (500_000, false));
    assert_eq!(troubles(&s), only("tcp.reset", "10.1.0.9:8080/tcp", Severity::Critical));
    assert_eq!(title(&s), "Connections to 10.1.0.9:8080 are cut in the middle: 20 of 40");
    assert_eq!(phases(&s), [CutPhase::RequestPending]);
}

/// Forty pages whose server, or whose client, resets 20 ms after so many of the 40 bytes of an answer, of which the last ones are not acknowledged.
fn pages_reset(came: usize, by: usize) -> Snapshot {
    let ask = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let answer = [&b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"[..], &[b'x'; 40]].concat();
    let said = &answer[..answer.len() - 40 + came];
    let mut t = Traffic::default();
    for n in 0..40u16 {
        let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 8_080));
        let (there, back) = ([client, server], [server, client]);
        t.syn(at, client, server);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        t.says(at + 700, there, PSH | ACK, (1, 1), ask);
        let (asked, last) = (1 + ask.len() as u32, 1 + said.len() as u32);
        t.says(at + 2_000, back, PSH | ACK, (1, asked), said);
        let numbers = if by == 0 { (asked, last) } else { (last, asked) };
        t.segment(at + 22_000, [there, back][by], RST | ACK, numbers, 0);
    }
    t.with_office(60).seen()
}

#[test]
fn whoever_resets_behind_a_whole_answer_cuts_nothing() {
    for by in [0, 1] {
        let s = pages_reset(40, by);
        assert_eq!((troubles(&s), phases(&s)), (vec![], vec![CutPhase::Quiet]), "the last segment is not acknowledged yet");
    }
    let s = pages_reset(39, 1);
    assert_eq!(troubles(&s), only("tcp.reset", "10.1.0.9:8080/tcp", Severity::Critical));
    assert_eq!(phases(&s), [CutPhase::Transfer]);
}

#[test]
fn a_client_that_waits_no_longer_and_one_that_was_answered_are_no_cuts() {
    let s = cuts(0, (500_000, true));
    assert_eq!((troubles(&s), phases(&s)), (vec![], vec![CutPhase::RequestPending]), "its user closed the page");
    let s = cuts(200, (500_000, false));
    assert_eq!((troubles(&s), phases(&s)), (vec![], vec![CutPhase::Quiet]), "the answer had come");
}

/// Eight connections that were answered, and silent for so long before they are cut.
fn idle(pause: fn(i64) -> Micros, by_client: bool) -> Snapshot {
    let mut t = Traffic::default();
    (0..8).for_each(|n| t.cut(n * S, (1 + n as u8 % 4, 5_000 + n as u16), (9, 5_432), 200, (5_200 + pause(n), by_client)));
    t.with_office(140).seen()
}

#[test]
fn idle_connections_that_are_cut_after_the_same_time() {
    let s = idle(|n| 60 * S + n * 20_000, false);
    assert_eq!(troubles(&s), only("tcp.reset", "10.1.0.9:5432/tcp", Severity::Note));
    assert_eq!(title(&s), "Idle connections to 10.1.0.9:5432 are cut after 1 m 00 s: 8");
    assert_eq!(troubles(&idle(|n| 60 * S + n * 20_000, true)), [], "their clients need them no longer");
    assert_eq!(troubles(&idle(|n| (40 + 7 * n) * S, false)), [], "each after another time");
    assert_eq!(troubles(&idle(|n| 20 * S + n * 20_000, false)), [], "no time-out is as short");
}

#[test]
fn whose_time_it_is_adds_up() {
    let mut t = Traffic::default();
    let (client, server) = ((10, 30_000), (2, 8_080));
    let (there, back) = ([client, server], [server, client]);
    // The mirror is 8 ms from the server and back, 2 ms from the client.
    t.syn(0, client, server);
    t.segment(8_000, back, SYN | ACK, (0, 1), 0);
    t.segment(10_000, there, ACK, (1, 1), 0);
    // A request in two packets, 1 ms apart; 108 ms later the first byte of an answer that takes 30 ms.
    t.segment(20_000, there, PSH | ACK, (1, 1), 100);
    t.segment(21_000, there, PSH | ACK, (101, 1), 100);
    t.segment(29_000, back, ACK, (1, 201), 0);
    t.segment(129_000, back, PSH | ACK, (1, 201), 500);
    t.segment(131_000, there, ACK, (201, 501), 0);
    t.segment(159_000, back, PSH | ACK, (501, 201), 500);
    t.segment(161_000, there, ACK, (201, 1_001), 0);
    // Half a second of thought; the request is lost behind the mirrored port and sent again 250 ms later.
    t.segment(661_000, there, PSH | ACK, (201, 1_001), 100);
    t.segment(911_000, there, PSH | ACK, (201, 1_001), 100);
    t.segment(920_000, back, PSH | ACK, (1_001, 301), 500);
    t.segment(922_000, there, ACK, (301, 1_501), 0);
    t.segment(930_000, there, FIN | ACK, (301, 1_501), 0);
    let s = t.seen();
    let row = &s.stats.conversations.tcp.rows[0];
    let turns = row.turns().expect("turns");
    let millis = [turns.network, turns.server, turns.client, turns.transfer].map(|nanos| nanos / 1_000_000);
    // The network: twice to the server and back, once to the client, and what was waited for the retransmission beyond two round trips.
    assert_eq!((turns.count, millis), (2, [8 + 2 + 8 + 230, 100 + 21, 500, 1 + 30]));
    assert_eq!(
        turns.network + turns.server + turns.client + turns.transfer,
        (920_000 - 20_000) * 1_000,
        "from the first request to the last answer"
    );
    let losses = row.tcp.as_ref().map(|tcp| tcp.losses(spantop::model::Direction::BToA));
    assert_eq!(losses, Some(([0, 1], Some(spantop::model::PathSide::Server))));
}

/// Fifty connections of five clients, in each third of which the server cuts an answer that is so long by what it says, after so many bytes of it; all
/// that came was acknowledged, and the RST comes from elsewhere.
fn cut_short(length: usize, came: usize) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..50u16 {
        let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 80));
        if n % 3 != 0 {
            t.page(at, client, server, 5_000);
            continue;
        }
        let (there, back) = ([client, server], [server, client]);
        let ask = b"GET /big HTTP/1.1\r\nHost: a.example\r\n\r\n";
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        let answer = [head.as_bytes(), &vec![b'x'; came]].concat();
        let (asked, said) = (1 + ask.len() as u32, 1 + answer.len() as u32);
        t.syn(at, client, server);
        t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 600, there, ACK, (1, 1), 0);
        t.says(at + 700, there, PSH | ACK, (1, 1), ask);
        t.says(at + 5_000, back, PSH | ACK, (1, asked), &answer);
        t.segment(at + 5_300, there, ACK, (asked, said), 0);
        let reset = t.ip(9, client.0).ttl(250).tcp(80, client.1).seq(1_000 * 80 + said).ack(1_000 * u32::from(client.1) + asked);
        t.push(at + 200_000, reset.flags(RST | ACK));
    }
    t.with_office(120).seen()
}

#[test]
fn an_answer_that_is_cut_in_the_middle_of_its_body() {
    let s = cut_short(90_000, 900);
    assert_eq!(troubles(&s), only("tcp.reset", "10.1.0.9:80/tcp", Severity::Warning));
    assert_eq!(title(&s), "Connections to 10.1.0.9:80 are cut in the middle: 17 of 50");
    assert_eq!(phases(&s), [CutPhase::Transfer]);
    let s = cut_short(900, 900);
    assert_eq!((troubles(&s), phases(&s)), (vec![], vec![CutPhase::Quiet]), "all of it had come");
}

#[test]
fn a_device_between_that_cuts_is_told_by_its_ttl() {
    // The answer stops in the middle, and a RST comes whose TTL is not the server's.
    let cut_by = |ttl: u8| {
        let mut t = Traffic::default();
        for n in 0..40u16 {
            let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 8_080));
            if n % 2 == 1 {
                t.connection(at, client, server);
                continue;
            }
            let (c, s) = t.asks_for(at, client, server, 900);
            t.segment(at + 6_000, [server, client], ACK, (s, c), 900);
            t.segment(at + 6_200, [client, server], ACK, (c, s + 900), 0);
            let packet = t.ip(9, client.0).ttl(ttl).tcp(8_080, client.1).seq(1_000 * 8_080 + s + 900);
            t.push(at + 8_000, packet.ack(1_000 * u32::from(client.1) + c).flags(RST | ACK).payload(b""));
        }
        let t = t.with_office(120);
        (t.frames(), t.seen())
    };
    let (frames, s) = cut_by(250);
    assert_eq!(troubles(&s), only("tcp.reset", "10.1.0.9:8080/tcp", Severity::Critical));
    assert_eq!(title(&s), "Connections to 10.1.0.9:8080 are cut in the middle: 20 of 40; by a device between");
    let finding = &s.diagnosis.findings[0];
    assert!(finding.evidence.iter().any(|e| e.0 == "with_another_ttl" && e.1.to_string() == "20"), "{finding:#?}");
    let ended: Vec<_> = s.stats.conversations.tcp.rows.iter().filter_map(|row| row.ended).filter(|e| e.by().is_some()).collect();
    assert!(ended.len() == 20 && ended.iter().all(|e| e.by() == Some("a device between")), "{ended:?}");
    let proof = proof(&frames, &s, "tcp.reset");
    assert!(proof.iter().all(|frame| frame[22] == 250 && frame[47] & RST != 0), "the RSTs themselves");
    let (_, own) = cut_by(frames.iter().find(|f| f[26..30] == address(9)).unwrap()[22]);
    assert_eq!(troubles(&own), [], "the server itself, when all was acknowledged");
}

#[test]
fn a_firewall_that_refuses_in_a_servers_name_is_told_by_its_ttl() {
    let mut t = Traffic::default();
    for n in 0..40u16 {
        let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 8_080));
        if n < 20 {
            t.connection(at, client, server);
            continue;
        }
        t.syn(at, client, server);
        let packet = t.ip(9, client.0).ttl(250).tcp(8_080, client.1).seq(0);
        t.push(at + 300, packet.ack(1_000 * u32::from(client.1) + 1).flags(RST | ACK).payload(b""));
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("tcp.refused", "10.1.0.9:8080/tcp", Severity::Critical));
    assert!(title(&s).ends_with("; it answered before; by a device between"), "{}", title(&s));
}
