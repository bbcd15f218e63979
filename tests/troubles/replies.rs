//! Which reply is to what, and what it means: commands sent together, replies behind replies, greetings that refuse, questions that are denied.

use super::{Micros, S, Traffic, dns, dns_failure, only, title, troubles};
use spantop::model::Severity;
use spantop::snapshot::Snapshot;

/// A hundred connections at a port, at each of which this is said; a line begins with `C` where the client says it.
fn dialogues(port: u16, lines: &[&str]) -> Snapshot {
    let mut t = Traffic::default();
    let turns: Vec<(bool, Vec<u8>)> = lines.iter().map(|line| (line.starts_with('C'), line.as_bytes()[2..].to_vec())).collect();
    for n in 0..100u16 {
        t.talk(i64::from(n) * S / 2, (1 + (n % 5) as u8, 5_000 + n), (9, port), &turns);
    }
    t.with_office(60).seen()
}

#[test]
fn recipients_that_are_refused_are_counted_whether_or_not_they_are_sent_together() {
    let ehlo = ["S 220 mx ESMTP\r\n", "C EHLO a\r\n", "S 250-mx\r\n250 PIPELINING\r\n"];
    let each = ["C MAIL FROM:<a@b>\r\n", "S 250 ok\r\n", "C RCPT TO:<c@d>\r\n", "S 554 no\r\n", "C RCPT TO:<e@d>\r\n", "S 554 no\r\n"];
    let together = ["C MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\n", "S 250 ok\r\n554 no\r\n554 no\r\n"];
    for lines in [[&ehlo[..], &each[..]].concat(), [&ehlo[..], &together[..]].concat()] {
        let s = dialogues(25, &lines);
        assert_eq!(troubles(&s), only("service.errors", "10.1.0.9:25/tcp", Severity::Warning));
        assert!(title(&s).starts_with("smtp at 10.1.0.9:25 answers 200 of 400 (50 %) requests with errors"), "{}", title(&s));
    }
}

#[test]
fn transfers_that_begin_and_fail() {
    let transfer = |end| dialogues(21, &["S 220 FTP ready\r\n", "C RETR a\r\n", "S 150 opening\r\n", end]);
    assert_eq!(troubles(&transfer("S 426 aborted\r\n")), only("service.errors", "10.1.0.9:21/tcp", Severity::Critical));
    assert_eq!(troubles(&transfer("S 226 done\r\n")), []);
}

#[test]
fn a_server_that_greets_with_a_refusal() {
    for (port, greeting) in [(25, "S 554 blocked\r\n"), (21, "S 421 too many\r\n"), (110, "S -ERR busy\r\n"), (143, "S * BYE full\r\n")] {
        let s = dialogues(port, &[greeting]);
        assert_eq!(troubles(&s), only("service.errors", &format!("10.1.0.9:{port}/tcp"), Severity::Critical));
        assert!(title(&s).contains("100 of 100 (100 %)"), "{}", title(&s));
    }
}

/// What a server cannot or does not have it denies, as the protocols want it.
#[test]
fn questions_that_are_denied() {
    let said: [(u16, &[&str]); 4] = [
        (21, &["S 220 FTP ready\r\n", "C AUTH TLS\r\n", "S 534 no\r\n", "C FEAT\r\n", "S 502 what\r\n", "C USER a\r\n", "S 331 who\r\n"]),
        (
            25,
            &["S 220 mx ESMTP\r\n", "C EHLO a\r\n", "S 502 what\r\n", "C HELO a\r\n", "S 250 mx\r\n", "C RCPT TO:<a>\r\n", "S 550 who\r\n"],
        ),
        (110, &["S +OK ready\r\n", "C CAPA\r\n", "S -ERR what\r\n", "C NOOP\r\n", "S +OK\r\n"]),
        (143, &["S * OK IMAP4rev1\r\n", "C a SELECT Trash\r\n", "S a NO what\r\n", "C b CREATE Sent\r\n", "S b NO [ALREADYEXISTS] is\r\n"]),
    ];
    for (port, lines) in said {
        assert_eq!(troubles(&dialogues(port, lines)), [], "{port}");
    }
}

impl Traffic {
    fn sends_udp(&mut self, at: Micros, ends: [(u8, u16); 2], bytes: &[u8]) {
        let [(from, source), (to, destination)] = ends;
        let packet = self.ip(from, to).udp(source, destination).payload(bytes);
        self.push(at, packet);
    }
}

/// Calls to a trunk that says what it does until it fails, or somebody takes them.
#[test]
fn calls_that_ring_before_they_fail() {
    let calls = |replies: &[(&str, Micros)]| {
        let mut t = Traffic::default();
        for n in 0..60i64 {
            let (a, b) = ((1 + (n % 5) as u8, 5_060), (9, 5_060));
            let message = |first: &str| format!("{first}\r\nCall-ID: {n}@a\r\nCSeq: 1 INVITE\r\n\r\n").into_bytes();
            t.sends_udp(n * S, [a, b], &message("INVITE sip:1@trunk SIP/2.0"));
            for (line, later) in replies {
                t.sends_udp(n * S + later, [b, a], &message(&format!("SIP/2.0 {line}")));
            }
        }
        t.with_office(120).seen()
    };
    let trying = ("100 Trying", 2_000);
    let failed = calls(&[trying, ("183 Session Progress", 80_000), ("503 Service Unavailable", 9 * S)]);
    assert_eq!(troubles(&failed), only("service.errors", "10.1.0.9:5060/udp", Severity::Critical));
    assert!(title(&failed).contains("60 of 60 (100 %)"), "{}", title(&failed));
    assert_eq!(troubles(&calls(&[trying, ("180 Ringing", 80_000), ("200 OK", 20 * S)])), [], "people take their time");
    assert_eq!(troubles(&calls(&[trying, ("180 Ringing", 80_000)])), [], "nobody saw how they ended");
}

/// Of requests in interleaved mode the answers repeat another stamp (RFC 9769).
#[test]
fn a_time_server_in_interleaved_mode_answers() {
    let mut t = Traffic::default();
    for n in 0..30i64 {
        for client in 1..=5u8 {
            let (a, b) = ((client, 40_000), (9, 123));
            let (mut request, mut answer) = ([0u8; 48], [0u8; 48]);
            (request[0], answer[0], answer[1]) = (0x23, 0x24, 2);
            let stamp = (n as u64 + 1) << 8 | u64::from(client);
            request[32..40].copy_from_slice(&stamp.to_be_bytes());
            request[40..48].copy_from_slice(&(!stamp).to_be_bytes());
            answer[24..32].copy_from_slice(&stamp.to_be_bytes());
            t.sends_udp(n * 2 * S + i64::from(client) * 1_000, [a, b], &request);
            t.sends_udp(n * 2 * S + i64::from(client) * 1_000 + 800, [b, a], &answer);
        }
    }
    let s = t.with_office(60).seen();
    let found = troubles(&s);
    assert_eq!(found, []);
}

/// A server that knows no addresses of IPv6, and one that fails whatever it is asked for.
#[test]
fn a_name_server_that_refuses_one_kind_of_query() {
    let refusing = |refuses: fn(u16) -> bool| {
        let mut t = Traffic::default();
        for n in 0..60u16 {
            let (name, port, kind) =
                (format!("host{n}.example.{}", ["org", "net", "com"][usize::from(n % 3)]), 20_000 + n, [1, 28][usize::from(n % 2)]);
            // The question's type stands before its class.
            let of_kind = |mut bytes: Vec<u8>| {
                let end = 12 + name.len() + 2;
                bytes[end..end + 2].copy_from_slice(&[0, kind]);
                bytes
            };
            let (client, at) = (1 + (n % 5) as u8, i64::from(n) * S);
            t.sends_udp(at, [(client, port), (9, 53)], &of_kind(dns(n, &name, None)));
            let answer = if refuses(n) { dns_failure(n, &name, 5) } else { dns(n, &name, Some([192, 0, 2, 1].into())) };
            t.sends_udp(at + 2_000, [(9, 53), (client, port)], &of_kind(answer));
        }
        t.with_office(60).seen()
    };
    let s = refusing(|n| n % 2 == 1);
    assert_eq!(troubles(&s), only("dns.failing", "10.1.0.9:53/udp", Severity::Warning));
    assert!(title(&s).ends_with("REFUSED 30 times, all of them for AAAA"), "{}", title(&s));
    let s = refusing(|n| n % 2 == 1 || n == 6);
    assert!(title(&s).ends_with("REFUSED 31 times"), "{}", title(&s));
    let s = refusing(|_| true);
    assert!(title(&s).ends_with("REFUSED 60 times"), "{}", title(&s));
}
