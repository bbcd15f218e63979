//! Logins and TLS that are refused, old versions, certificates.

use super::support::packet::message::{certificate, client_hello, server_flight, server_hello, tls_record};
use super::{ACK, FIN, Micros, PSH, RST, S, SYN, Traffic, only, title, troubles};
use spantop::model::Severity;

/// How a TLS connection goes on behind the ClientHello.
#[derive(Clone)]
enum Ending {
    /// The server chooses this version of today and all is encrypted.
    Modern,
    /// The server chooses an older version and shows a certificate with these times; the client objects by an alert.
    Old(u16, [&'static str; 2], Option<u8>),
    /// The same, and the client ends it at once by RST.
    Abrupt(u8),
    /// The server refuses by an alert.
    Refused(u8),
    /// The server ends it, by RST or by FIN, or the client does.
    Cut,
    Closed,
    GivenUp,
}

/// In November 2023, when the packets pass.
const GOOD: [&str; 2] = ["230901000000Z", "240901000000Z"];

impl Traffic {
    pub(super) fn bytes(&mut self, at: Micros, ends: [(u8, u16); 2], numbers: (u32, u32), bytes: &[u8]) {
        let [(from, source), (to, destination)] = ends;
        let packet = self.ip(from, to).tcp(source, destination).seq(1_000 * u32::from(source) + numbers.0);
        let packet = packet.ack(1_000 * u32::from(destination) + numbers.1).flags(PSH | ACK).payload(bytes);
        self.push(at, packet);
    }

    /// What each side says in turn, over one connection that is closed by both.
    pub(super) fn talk(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), turns: &[(bool, Vec<u8>)]) {
        let (time, (c, s)) = self.in_turn(at, client, server, turns);
        let (there, back) = ([client, server], [server, client]);
        self.segment(time, there, FIN | ACK, (c, s), 0);
        self.segment(time + 400, back, FIN | ACK, (s, c + 1), 0);
        self.segment(time + 600, there, ACK, (c + 1, s + 1), 0);
    }

    /// The same without its end: when that would be, and how much each side has said.
    pub(super) fn in_turn(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), turns: &[(bool, Vec<u8>)]) -> (Micros, (u32, u32)) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        let (mut c, mut s, mut time) = (1, 1, at + 1_000);
        for (by_client, bytes) in turns {
            let (ends, numbers) = if *by_client { (there, (c, s)) } else { (back, (s, c)) };
            self.bytes(time, ends, numbers, bytes);
            *(if *by_client { &mut c } else { &mut s }) += bytes.len() as u32;
            time += 500;
        }
        (time, (c, s))
    }

    fn tls(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), ending: &Ending) {
        let hello = (true, tls_record(22, &client_hello(Some("www.example.org"), &[])));
        let encrypted = |by_client| (by_client, [tls_record(20, &[1]), tls_record(23, &[7; 60])].concat());
        let turns = match ending {
            Ending::Modern => vec![hello, (false, tls_record(22, &server_hello(0x0304))), encrypted(false), encrypted(true)],
            Ending::Cut | Ending::Closed | Ending::GivenUp => return self.ends_early(at, client, server, &hello.1, ending),
            Ending::Abrupt(code) => {
                let flight = tls_record(22, &server_flight(0x0303, &certificate("www.example.org", GOOD)));
                let turns = [hello, (false, flight), (true, tls_record(21, &[2, *code]))];
                let (time, (c, s)) = self.in_turn(at, client, server, &turns);
                return self.segment(time, [client, server], RST | ACK, (c, s), 0);
            }
            Ending::Refused(code) => vec![hello, (false, tls_record(21, &[2, *code]))],
            Ending::Old(version, times, alert) => {
                let flight = tls_record(22, &server_flight(*version, &certificate("www.example.org", *times)));
                let last = alert.map_or_else(|| encrypted(true), |code| (true, tls_record(21, &[2, code])));
                vec![hello, (false, flight), last, encrypted(false)]
            }
        };
        self.talk(at, client, server, &turns);
    }
}

impl Traffic {
    /// A hello that is answered by the end of the connection.
    fn ends_early(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), hello: &[u8], ending: &Ending) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        let (c, s) = (1_000 * u32::from(client.1), 1_000 * u32::from(server.1));
        let packet = self.ip(client.0, server.0).tcp(client.1, server.1).seq(c + 1).ack(s + 1).flags(PSH | ACK).payload(hello);
        self.push(at + 700, packet);
        let said = 1 + hello.len() as u32;
        match ending {
            Ending::Cut => self.segment(at + 1_100, back, RST | ACK, (1, said), 0),
            Ending::GivenUp => self.segment(at + 90_000, there, RST, (said, 1), 0),
            _ => {
                self.segment(at + 1_100, back, FIN | ACK, (1, said), 0);
                self.segment(at + 1_300, there, FIN | ACK, (said, 2), 0);
                self.segment(at + 1_700, back, ACK, (2, said + 1), 0);
            }
        }
    }
}

#[test]
fn tls_that_is_ended_without_an_answer() {
    for (ending, words) in [(Ending::Cut, "reset without an answer"), (Ending::Closed, "closed without an answer")] {
        let found = connections(40, 3, 4, ending).seen();
        let finding = found.diagnosis.findings.iter().find(|f| f.id == "tls.failing").expect(words);
        assert!(finding.title.ends_with(&format!("the server objects: {words}")), "{}", finding.title);
    }
    let found = troubles(&connections(40, 3, 4, Ending::GivenUp).seen());
    assert!(!found.iter().any(|f| f.0 == "tls.failing"), "the client's own will: {found:?}");
}

#[test]
fn a_mail_server_that_is_full() {
    let mail = |bad: &str| {
        let mut t = Traffic::default();
        for n in 0..100u16 {
            let answer = if n % 4 == 0 { bad } else { "250 2.1.0 OK\r\n" };
            let says = |by_client, words: &str| (by_client, words.as_bytes().to_vec());
            let dialogue = [
                says(false, "220 mx.example.org ESMTP\r\n"),
                says(true, "EHLO a.example.org\r\n"),
                says(false, "250 mx.example.org\r\n"),
                says(true, "MAIL FROM:<a@example.org>\r\n"),
                says(false, answer),
            ];
            t.talk(i64::from(n) * S / 2, (1 + (n % 5) as u8, 5_000 + n), (9, 25), &dialogue);
        }
        t.with_office(60).seen()
    };
    let s = mail("452 4.3.1 no space left\r\n");
    assert_eq!(troubles(&s), only("service.errors", "10.1.0.9:25/tcp", Severity::Warning));
    assert!(title(&s).starts_with("smtp at 10.1.0.9:25 answers 25 of 200 ("), "{}", title(&s));
    assert_eq!(troubles(&mail("451 4.7.1 come again in five minutes\r\n")), [], "it does not know them yet");
}

#[test]
fn a_client_that_refuses_and_resets_cuts_nothing() {
    let s = connections(24, 1, 1, Ending::Abrupt(48)).seen();
    assert_eq!(troubles(&s), only("tls.failing", "10.1.0.9:443/tcp", Severity::Warning), "none of its connections succeeds");
    assert!(title(&s).ends_with("24 of 24 connections, 1 client; the client objects: unknown ca"), "{}", title(&s));
    let several = connections(24, 3, 1, Ending::Abrupt(48)).seen();
    assert_eq!(troubles(&several), only("tls.failing", "10.1.0.9:443/tcp", Severity::Critical));
    assert_eq!(troubles(&connections(5, 1, 1, Ending::Abrupt(48)).seen()).len(), 1, "five are enough where all fail");
    assert_eq!(troubles(&connections(4, 1, 1, Ending::Abrupt(48)).seen()), []);
}

/// So many connections of so many clients, of which each `every`th ends so and the others are of today.
fn connections(count: u16, clients: u8, every: u16, ending: Ending) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..count {
        let ending = if n % every == 0 { ending.clone() } else { Ending::Modern };
        t.tls(i64::from(n) * S / 2, (1 + (n % u16::from(clients)) as u8, 5_000 + n), (9, 443), &ending);
    }
    t.with_office(60)
}

#[test]
fn tls_that_is_refused() {
    let s = connections(40, 3, 4, Ending::Refused(70)).seen();
    assert_eq!(troubles(&s), only("tls.failing", "10.1.0.9:443/tcp", Severity::Critical));
    assert_eq!(title(&s), "TLS to 10.1.0.9:443 fails: 10 of 40 connections, 3 clients; the server objects: protocol version");
    let s = connections(40, 2, 3, Ending::Old(0x0303, GOOD, Some(48))).seen();
    assert_eq!(troubles(&s), only("tls.failing", "10.1.0.9:443/tcp", Severity::Warning));
    assert!(title(&s).ends_with("the client objects: unknown ca"), "{}", title(&s));
    assert_eq!(troubles(&connections(40, 1, 3, Ending::Old(0x0303, GOOD, Some(48))).seen())[0].2, Severity::Note, "one program");
    for code in [0, 90, 112] {
        assert_eq!(
            troubles(&connections(40, 3, 4, Ending::Refused(code)).seen()).iter().filter(|f| f.0 == "tls.failing").count(),
            0,
            "{code}"
        );
    }
    assert_eq!(troubles(&connections(40, 4, 1, Ending::Old(0x0303, GOOD, None)).seen()), []);
}

#[test]
fn old_versions_of_tls() {
    let s = connections(6, 2, 1, Ending::Old(0x0301, GOOD, None)).seen();
    assert_eq!(troubles(&s), only("tls.old", "10.1.0.9:443/tcp", Severity::Note));
    assert_eq!(title(&s), "10.1.0.9:443 still chooses TLS 1.0: 6 connections");
    assert_eq!(
        troubles(&connections(6, 2, 1, Ending::Old(0x0300, GOOD, None)).seen()),
        only("tls.old", "10.1.0.9:443/tcp", Severity::Warning)
    );
    assert_eq!(troubles(&connections(6, 2, 1, Ending::Modern).seen()), [], "its hellos bear old versions for the sake of old devices");
}

#[test]
fn certificates_that_end() {
    let of = |times, alert| connections(6, 2, 1, Ending::Old(0x0303, times, alert)).seen();
    let s = of(["230901000000Z", "231120000000Z"], None);
    assert_eq!(troubles(&s), only("tls.expiring", "10.1.0.9:443/tcp", Severity::Note));
    assert!(title(&s).starts_with("The certificate of www.example.org at 10.1.0.9:443 ends in 5 d"), "{}", title(&s));
    let s = of(["220901000000Z", "231110000000Z"], None);
    assert_eq!(troubles(&s), only("tls.expiring", "10.1.0.9:443/tcp", Severity::Warning));
    let s = of(["20231115000000Z", "20241115000000Z"], None);
    assert!(title(&s).contains("is not valid before 1 h"), "{}", title(&s));
    assert_eq!(troubles(&of(["20231201000000Z", "20241201000000Z"], None)), [], "the capture's clock is wrong");
    assert_eq!(
        troubles(&of(["220901000000Z", "231110000000Z"], Some(45)))[0],
        only("tls.expiring", "10.1.0.9:443/tcp", Severity::Critical)[0]
    );
    assert_eq!(troubles(&of(["230901000000Z", "231230000000Z"], None)), [], "45 days of 120 are left");
}

/// LDAP binds of these clients, of which each `every`th is refused.
fn binds(clients: u8, every: u16) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..30u16 {
        let id = n as u8 + 1;
        let code = if n % every == 0 { 49 } else { 0 };
        let bind = vec![0x30, 12, 2, 1, id, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];
        let reply = vec![0x30, 12, 2, 1, id, 0x61, 7, 10, 1, code, 4, 0, 4, 0];
        t.talk(i64::from(n) * S, (1 + (n % u16::from(clients)) as u8, 5_000 + n), (9, 389), &[(true, bind), (false, reply)]);
    }
    t.with_office(60)
}

#[test]
fn logins_that_are_refused() {
    let s = binds(3, 2).seen();
    assert_eq!(troubles(&s), only("auth.failing", "10.1.0.9:389/tcp", Severity::Warning));
    assert!(title(&s).starts_with("Logins at 10.1.0.9:389 are refused: 15 of 30 answers (50 %) to 3 clients: "), "{}", title(&s));
    assert_eq!(troubles(&binds(3, 5).seen()), [], "people mistype");
}

#[test]
fn somebody_who_tries_many_names() {
    let ftp = |t: &mut Traffic, n: i64, client: u8, name: &str| {
        let turns = [
            (false, b"220 FTP ready\r\n".to_vec()),
            (true, format!("USER {name}\r\n").into_bytes()),
            (false, b"331 password\r\n".to_vec()),
            (true, b"PASS x\r\n".to_vec()),
            (false, b"530 Login incorrect\r\n".to_vec()),
        ];
        t.talk(n * S, (client, 5_000 + n as u16), (9, 21), &turns);
    };
    let mut t = Traffic::default();
    (0..30).for_each(|n| ftp(&mut t, n, 1, &format!("user{n}")));
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("auth.failing", "10.1.0.9:21/tcp", Severity::Warning));
    assert_eq!(title(&s), "10.1.0.1 guesses logins at 10.1.0.9:21: 30 names, 30 of its 60 answers refuse them");
    // One whose password was changed, and many who each mistype theirs.
    for who in [|n: i64| (1, n % 2), |n: i64| (1 + n as u8 % 6, n % 6)] {
        let mut t = Traffic::default();
        (0..30).for_each(|n| ftp(&mut t, n, who(n).0, &format!("user{}", who(n).1)));
        let s = t.with_office(60).seen();
        assert!(title(&s).starts_with("Logins at 10.1.0.9:21 are refused"), "{}", title(&s));
    }
}
