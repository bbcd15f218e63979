//! Everyday networks, one after the other: what is normal in them raises nothing above a note, and what is broken is found.

use super::support::packet::message::{client_hello, server_hello, tls_record};
use super::{ACK, FIN, Micros, PSH, Packet, RST, S, SYN, Traffic, mac, title, troubles};
use spantop::model::Severity;
use spantop::snapshot::Snapshot;

const MS: Micros = 1_000;

/// Who says something (0: the client), how much later, and what.
type Line<'a> = (usize, Micros, &'a [u8]);

/// How a conversation ends.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// By FIN of both, the client first.
    Client,
    /// By RST of the client or of the server.
    Reset(usize),
    /// It goes on.
    Open,
}

impl Traffic {
    /// A whole conversation over TCP, each line of which is acknowledged at once.
    fn converse(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), lines: &[Line<'_>], ends: Ends) -> Micros {
        let pair = [client, server];
        let back = |who: usize| if who == 0 { pair } else { [server, client] };
        self.syn(at, client, server);
        self.segment(at + 400, back(1), SYN | ACK, (0, 1), 0);
        self.segment(at + 600, back(0), ACK, (1, 1), 0);
        let (mut now, mut next) = (at + 700, [1u32, 1]);
        for &(who, later, words) in lines {
            now += later;
            self.says(now, back(who), PSH | ACK, (next[who], next[1 - who]), words);
            next[who] += words.len() as u32;
            self.segment(now + 300, back(1 - who), ACK, (next[1 - who], next[who]), 0);
            now += 400;
        }
        let [c, s] = next;
        match ends {
            Ends::Client => {
                self.segment(now + MS, pair, FIN | ACK, (c, s), 0);
                self.segment(now + MS + 400, back(1), FIN | ACK, (s, c + 1), 0);
                self.segment(now + MS + 600, pair, ACK, (c + 1, s + 1), 0);
            }
            Ends::Reset(who) => self.segment(now + MS, back(who), RST | ACK, (next[who], next[1 - who]), 0),
            Ends::Open => {}
        }
        now
    }

    /// A datagram, and what answers it so much later.
    fn datagram(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), ask: &[u8], answer: Option<(Micros, &[u8])>) {
        let packet = self.ip(client.0, server.0).udp(client.1, server.1).payload(ask);
        self.push(at, packet);
        if let Some((later, words)) = answer {
            let packet = self.ip(server.0, client.0).udp(server.1, client.1).payload(words);
            self.push(at + later, packet);
        }
    }

    /// What a mirror shows of it beside an office of a minute.
    fn beside_an_office(self) -> Snapshot {
        self.with_office(62).seen()
    }
}

/// That nothing above a note is found.
fn is_healthy(name: &str, make: impl Fn(&mut Traffic)) {
    let mut t = Traffic::default();
    make(&mut t);
    let s = t.beside_an_office();
    let found: Vec<_> = troubles(&s).into_iter().filter(|found| found.2 > Severity::Note).collect();
    assert_eq!(found, [], "{name}: {}", title(&s));
}

/// That this is found of it, and nothing else above a note.
fn has(expected: (&'static str, &str, Severity), make: impl Fn(&mut Traffic)) -> Snapshot {
    let mut t = Traffic::default();
    make(&mut t);
    let s = t.beside_an_office();
    let found: Vec<_> = troubles(&s).into_iter().filter(|found| found.2 > Severity::Note).collect();
    let (id, about, severity) = expected;
    assert_eq!(found, [(id, about.to_owned(), severity)], "{:#?}", s.diagnosis.findings);
    s
}

/// An SMB message: whether it is an answer, command, identifier, status.
fn smb(is_answer: bool, command: u16, id: u32, status: u32) -> Vec<u8> {
    let flags = u32::from(is_answer);
    let head = [&b"\xfeSMB\x40\0\x01\0"[..], &status.to_le_bytes(), &command.to_le_bytes(), &[1, 0], &flags.to_le_bytes()].concat();
    let body = [&head[..], &[0; 4], &id.to_le_bytes(), &[0; 44]].concat();
    [&(body.len() as u32).to_be_bytes()[..], &body].concat()
}

/// Commands to a file server and their statuses, one after the other.
fn files(t: &mut Traffic, at: Micros, client: (u8, u16), server: u8, statuses: &[(u16, u32)]) {
    let words: Vec<[Vec<u8>; 2]> =
        statuses.iter().zip(1..).map(|(&(command, status), id)| [smb(false, command, id, 0), smb(true, command, id, status)]).collect();
    let lines: Vec<Line<'_>> = words.iter().flat_map(|[ask, answer]| [(0, 2 * MS, &ask[..]), (1, MS, &answer[..])]).collect();
    t.converse(at, client, (server, 445), &lines, Ends::Client);
}

const AS_REQUEST: &[u8] = b"\x6a\x0c\x30\x0a\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a";
const AS_REPLY: &[u8] = b"\x6b\x0c\x30\x0a\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0b";
const TGS_REQUEST: &[u8] = b"\x6c\x0c\x30\x0a\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0c";

fn kerberos_error(code: u8) -> Vec<u8> {
    [&b"\x7e\x16\x30\x14\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa5\x03\x02\x01\x00\xa6\x03\x02\x01"[..], &[code]].concat()
}

/// A user logs in at a domain controller: without and with preauthentication, then tickets for services of which some have no account; a directory
/// that asks for another step; and files on shares that lie elsewhere.
fn logs_in(t: &mut Traffic, at: Micros, user: u8, directory: u8) {
    let controller = (directory, 88);
    let tickets = [(AS_REQUEST, kerberos_error(25)), (AS_REQUEST, AS_REPLY.to_vec()), (TGS_REQUEST, kerberos_error(7))];
    for (n, (ask, answer)) in tickets.iter().enumerate() {
        let n = n as u16;
        t.datagram(at + i64::from(n) * 10 * MS, (user, 50_000 + 10 * u16::from(user) + n), controller, ask, Some((2 * MS, answer)));
    }
    let bind = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0";
    let go_on = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x0e\x04\0\x04\0";
    let done = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\0\x04\0";
    let search = b"\x30\x25\x02\x01\x02\x63\x20\x04\0\x0a\x01\x02\x0a\x01\0\x02\x01\0\x02\x01\0\x01\x01\0\x87\x0bobjectclass0\0";
    let referral = b"\x30\x84\0\0\0\x10\x02\x01\x02\x65\x84\0\0\0\x07\x0a\x01\x0a\x04\0\x04\0";
    let lines: [Line<'_>; 6] = [(0, MS, bind), (1, MS, go_on), (0, MS, bind), (1, MS, done), (0, MS, search), (1, MS, referral)];
    t.converse(at + 40 * MS, (user, 5_000), (directory, 389), &lines, Ends::Client);
    // Negotiation, two steps of a login, referrals of DFS, a path that is not covered here, names that are looked for, a lock that others hold.
    let shares =
        [(0, 0), (1, 0xc000_0016), (1, 0), (3, 0), (11, 0xc000_0225), (11, 0xc000_019c), (5, 0xc000_0257), (5, 0xc000_0034), (5, 0)];
    files(t, at + 80 * MS, (user, 5_001), directory, &shares);
    files(
        t,
        at + 300 * MS,
        (user, 5_002),
        9,
        &[(0, 0), (1, 0), (3, 0), (5, 0xc000_0043), (5, 0), (11, 0xc000_0010), (14, 0x8000_0006), (6, 0)],
    );
}

#[test]
fn a_morning_at_a_domain() {
    is_healthy("logins", |t| (1..41).for_each(|user| logs_in(t, i64::from(user) * S, user, 60)));
}

#[test]
fn clients_whose_clock_is_off_cannot_log_in() {
    has(("auth.failing", "10.1.0.60:88/udp", Severity::Warning), |t| {
        for n in 0..12u16 {
            let client = (1 + n as u8 % 2, 50_000 + n);
            t.datagram(i64::from(n) * 4 * S, client, (60, 88), AS_REQUEST, Some((2 * MS, &kerberos_error(37))));
        }
    });
}

#[test]
fn a_disk_that_is_full() {
    has(("service.errors", "10.1.0.9:445/tcp", Severity::Warning), |t| {
        for n in 0..12u16 {
            let client = (1 + n as u8 % 4, 5_000 + n);
            files(t, i64::from(n) * 4 * S, client, 9, &[(0, 0), (1, 0), (5, 0), (9, 0xc000_007f), (9, 0xc000_007f), (6, 0)]);
        }
    });
}

/// A message to a database server: its kind, and so much of it.
fn tds(kind: u8, bytes: u16) -> Vec<u8> {
    [&[kind, 1][..], &(8 + bytes).to_be_bytes(), &[0, 0, 1, 0], &vec![b'q'; usize::from(bytes)]].concat()
}

fn database(t: &mut Traffic, later: Micros, attention: bool) {
    let mut prelogin = tds(0x12, 26);
    prelogin[8..13].copy_from_slice(&[0, 0, 21, 0, 6]);
    let (greets, batch, result, stops) = (tds(4, 40), tds(1, 200), tds(4, 900), tds(6, 0));
    for n in 0..40u16 {
        let mut lines: Vec<Line<'_>> = vec![(0, MS, &prelogin), (1, MS, &greets)];
        for _ in 0..4 {
            lines.extend([(0, 20 * MS, &batch[..]), (1, later, &result[..])]);
        }
        if attention && n % 4 == 0 {
            // The user does not want it any more: the server says that it stopped.
            lines.extend([(0, 20 * MS, &batch[..]), (0, 800 * MS, &stops[..]), (1, MS, &greets[..])]);
        }
        t.converse(i64::from(n) * S, (1 + n as u8 % 6, 5_000 + n), (9, 1_433), &lines, Ends::Client);
    }
}

#[test]
fn a_database_whose_users_change_their_mind() {
    is_healthy("attention", |t| database(t, 5 * MS, true));
    let s = has(("server.slow", "10.1.0.9:1433/tcp", Severity::Warning), |t| database(t, 2_500 * MS, false));
    assert!(title(&s).contains("answers slowly"), "{}", title(&s));
}

/// A job of a printer: it takes what it can print, and shuts its window in between for so long.
fn prints(t: &mut Traffic, at: Micros, client: (u8, u16), shut: Micros) {
    let (printer, mut now) = ((70, 9_100), at + 700);
    t.syn(at, client, printer);
    t.segment(at + 400, [printer, client], SYN | ACK, (0, 1), 0);
    t.segment(at + 600, [client, printer], ACK, (1, 1), 0);
    let mut next = 1;
    for _ in 0..4 {
        for _ in 0..10 {
            t.segment(now, [client, printer], PSH | ACK, (next, 1), 1_460);
            next += 1_460;
            now += 200;
        }
        let window = |t: &mut Traffic, at: Micros, window: u16| {
            let packet = t.ip(printer.0, client.0).tcp(printer.1, client.1).seq(1_000 * u32::from(printer.1) + 1);
            t.push(at, packet.ack(1_000 * u32::from(client.1) + next).window(window));
        };
        window(t, now, 0);
        now += shut;
        window(t, now, 14_600);
        now += MS;
    }
    t.segment(now, [client, printer], FIN | ACK, (next, 1), 0);
    t.segment(now + 400, [printer, client], FIN | ACK, (1, next + 1), 0);
    t.segment(now + 600, [client, printer], ACK, (next + 1, 2), 0);
}

#[test]
fn printers_print_at_their_own_pace() {
    is_healthy("printing", |t| {
        (0..6u16).for_each(|n| prints(t, i64::from(n) * 9 * S, (1 + n as u8 % 3, 5_000 + n), 400 * MS + i64::from(n) * S))
    });
}

#[test]
fn a_printer_without_paper() {
    let s = has(("tcp.slow_receiver", "10.1.0.70", Severity::Warning), |t| {
        prints(t, S, (1, 5_000), 35 * S);
        prints(t, 2 * S, (2, 5_001), 35 * S);
    });
    assert!(title(&s).starts_with("10.1.0.70"), "{}", title(&s));
}

#[test]
fn checks_of_a_load_balancer_that_reset() {
    is_healthy("checks", |t| {
        for n in 0..240u16 {
            let (at, client, server) = (i64::from(n) * S / 4, (1, 5_000 + n), (10 + n as u8 % 4, 8_080));
            t.syn(at, client, server);
            t.segment(at + 400, [server, client], SYN | ACK, (0, 1), 0);
            if n % 2 == 0 {
                // It is enough that somebody listens.
                t.segment(at + 600, [client, server], RST | ACK, (1, 1), 0);
            } else {
                t.segment(at + 600, [client, server], ACK, (1, 1), 0);
                t.segment(at + 700, [client, server], RST | ACK, (1, 1), 0);
            }
        }
    });
}

fn scrapes(t: &mut Traffic, at: Micros, client: (u8, u16), server: u8, status: &str) {
    let ask = b"GET /metrics HTTP/1.1\r\nHost: exporter:9100\r\n\r\n";
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nup");
    t.converse(at, client, (server, 9_100), &[(0, 100, ask), (1, 30 * MS, answer.as_bytes())], Ends::Open);
}

#[test]
fn a_monitor_that_scrapes_many_hosts() {
    is_healthy("scrapes", |t| {
        for round in 0..4u16 {
            for host in 0..30u16 {
                let at = i64::from(round) * 15 * S + i64::from(host) * 20 * MS;
                match host {
                    // One is switched off, and at one nothing listens any more.
                    7 => [0, S, 3 * S]
                        .into_iter()
                        .for_each(|again| t.syn(at + again, (1, 6_000 + 40 * round + host), (100 + host as u8, 9_100))),
                    8 => t.refused(at, (1, 6_000 + 40 * round + host), (100 + host as u8, 9_100)),
                    _ => scrapes(t, at, (1, 6_000 + 40 * round + host), 100 + host as u8, "200 OK"),
                }
            }
        }
    });
}

#[test]
fn connections_that_wait_for_something_to_happen() {
    is_healthy("long polls, websockets and brokers", |t| {
        let poll = b"GET /events HTTP/1.1\r\nHost: app.example.org\r\n\r\n";
        let nothing = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";
        let upgrade = b"GET /ws HTTP/1.1\r\nHost: app.example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        let switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        let connect = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x0f\x00\x04cli1";
        for n in 0..8u16 {
            let (at, client) = (i64::from(n) * 300 * MS, 1 + n as u8);
            t.converse(
                at,
                (client, 5_000),
                (9, 8_080),
                &[(0, 100, poll), (1, 25 * S, nothing), (0, MS, poll), (1, 25 * S, nothing)],
                Ends::Open,
            );
            let pings: Vec<Line<'_>> = (0..3).flat_map(|_| [(0, 15 * S, &b"\x89\x80abcd"[..]), (1, MS, &b"\x8a\x00"[..])]).collect();
            let lines: Vec<Line<'_>> = [(0, 100, &upgrade[..]), (1, 2 * MS, &switched[..])].into_iter().chain(pings).collect();
            t.converse(at, (client, 5_001), (9, 8_080), &lines, Ends::Open);
            let alive: Vec<Line<'_>> = (0..3).flat_map(|_| [(0, 15 * S, &b"\xc0\x00"[..]), (1, MS, &b"\xd0\x00"[..])]).collect();
            let lines: Vec<Line<'_>> = [(0, 100, &connect[..]), (1, 2 * MS, &b"\x20\x02\x00\x00"[..])].into_iter().chain(alive).collect();
            t.converse(at, (client, 5_002), (9, 1_883), &lines, Ends::Open);
        }
    });
}

#[test]
fn a_broker_that_went_away() {
    has(("tcp.refused", "10.1.0.9:1883/tcp", Severity::Critical), |t| {
        let connect = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x0f\x00\x04cli1";
        for n in 0..12u16 {
            t.converse(
                i64::from(n) * S,
                (1 + n as u8, 5_000),
                (9, 1_883),
                &[(0, 100, connect), (1, MS, b"\x20\x02\x00\x00")],
                Ends::Client,
            );
            (0..3).for_each(|again| t.refused(20 * S + i64::from(n) * S + again * 2 * S, (1 + n as u8, 5_100 + again as u16), (9, 1_883)));
        }
    });
}

/// Encrypted names: a connection that is kept for a while and then cut by the server, which has nothing to say.
#[test]
fn names_over_tls_that_are_cut_when_idle() {
    is_healthy("DNS over TLS", |t| {
        let hello = tls_record(22, &client_hello(Some("dns.example.net"), &["dot"]));
        let answer = [tls_record(22, &server_hello(0x0304)), tls_record(20, &[1]), tls_record(23, &[7; 900])].concat();
        let finished = [tls_record(20, &[1]), tls_record(23, &[7; 53])].concat();
        let (ask, said) = (tls_record(23, &[7; 145]), tls_record(23, &[7; 500]));
        for n in 0..30u16 {
            let mut lines: Vec<Line<'_>> = vec![(0, 100, &hello), (1, 2 * MS, &answer), (0, MS, &finished)];
            (0..3).for_each(|_| lines.extend([(0, 30 * MS, &ask[..]), (1, 12 * MS, &said[..])]));
            let ended = t.converse(i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (53, 853), &lines, Ends::Open);
            // Ten seconds later nobody has asked any more.
            let (client, server) = ((1 + n as u8 % 5, 5_000 + n), (53, 853));
            let [c, s] = [0, 1].map(|who| 1 + lines.iter().filter(|line| line.0 == who).map(|line| line.2.len() as u32).sum::<u32>());
            t.segment(ended + 10 * S, [server, client], if n % 2 == 0 { RST | ACK } else { FIN | ACK }, (s, c), 0);
            if n % 2 == 1 {
                t.segment(ended + 10 * S + 300, [client, server], FIN | ACK, (c, s + 1), 0);
                t.segment(ended + 10 * S + 700, [server, client], ACK, (s + 1, c + 1), 0);
            }
        }
    });
}

/// A browser opens connections that it may need, and closes those that it does not.
#[test]
fn connections_that_a_browser_opens_in_advance() {
    is_healthy("preconnects", |t| {
        for n in 0..60u16 {
            let ends = [Ends::Client, Ends::Reset(0), Ends::Reset(1)][usize::from(n % 3)];
            t.converse(i64::from(n) * S / 2, (1 + n as u8 % 5, 5_000 + n), (9, 443), &[], Ends::Open);
            let (client, server) = ((1 + n as u8 % 5, 5_000 + n), (9, 443));
            let at = i64::from(n) * S / 2 + 10 * S;
            match ends {
                Ends::Reset(who) => {
                    let pair = if who == 0 { [client, server] } else { [server, client] };
                    t.segment(at, pair, RST | ACK, (1, 1), 0);
                }
                _ => {
                    t.segment(at, [client, server], FIN | ACK, (1, 1), 0);
                    t.segment(at + 400, [server, client], FIN | ACK, (1, 2), 0);
                    t.segment(at + 600, [client, server], ACK, (2, 2), 0);
                }
            }
        }
    });
}

/// A conference: its server is asked for the own address; pairs of private addresses are tried, most in vain; media goes through a relay by TCP.
#[test]
fn a_conference_that_finds_its_way() {
    is_healthy("STUN and TURN", |t| {
        let stun = |kind: u8| [&[kind, 1, 0, 0][..], &0x2112_a442u32.to_be_bytes(), &[7; 12]].concat();
        let (ask, answer) = ([&[0, 1][..], &stun(0)[2..]].concat(), [&[1, 1][..], &stun(0)[2..]].concat());
        for n in 0..8u16 {
            let (at, client) = (i64::from(n) * 5 * S, 1 + n as u8);
            t.datagram(at, (client, 40_000), (80, 3_478), &ask, Some((20 * MS, &answer)));
            for pair in 0..10u16 {
                // Behind another's NAT nobody hears this.
                (0..5).for_each(|again| t.datagram(at + again * 500 * MS, (client, 40_000), (150 + pair as u8, 50_000), &ask, None));
                t.syn(at + S, (client, 41_000 + pair), (150 + pair as u8, 9));
            }
            let hello = tls_record(22, &client_hello(Some("turn.example.net"), &[]));
            let said = [tls_record(22, &server_hello(0x0304)), tls_record(23, &[7; 900])].concat();
            t.converse(at + 3 * S, (client, 42_000), (80, 443), &[(0, 100, &hello), (1, 20 * MS, &said)], Ends::Open);
        }
    });
}

/// TCP that begins in other ways: data with the SYN, options of several paths, and a server under cookies that forgets the options.
#[test]
fn connections_that_begin_in_other_ways() {
    is_healthy("fast open, several paths", |t| {
        for n in 0..60u16 {
            let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 8_080));
            let ask = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
            let said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            let (asked, last) = (1 + ask.len() as u32, 1 + said.len() as u32);
            if n % 3 == 0 {
                t.says(at, [client, server], SYN, (0, 0), ask);
                t.segment(at + 400, [server, client], SYN | ACK, (0, asked), 0);
                t.says(at + 500, [server, client], PSH | ACK, (1, asked), said);
            } else if n % 3 == 1 {
                // The server does not take the data: it comes again.
                t.says(at, [client, server], SYN, (0, 0), ask);
                t.segment(at + 400, [server, client], SYN | ACK, (0, 1), 0);
                t.says(at + 600, [client, server], PSH | ACK, (1, 1), ask);
                t.says(at + 1_500, [server, client], PSH | ACK, (1, asked), said);
            } else {
                t.converse(at, client, server, &[(0, 100, ask), (1, MS, said)], Ends::Client);
                continue;
            }
            t.segment(at + 1_700, [client, server], ACK, (asked, last), 0);
            t.segment(at + 2_000, [client, server], FIN | ACK, (asked, last), 0);
            t.segment(at + 2_400, [server, client], FIN | ACK, (last, asked + 1), 0);
            t.segment(at + 2_600, [client, server], ACK, (asked + 1, last + 1), 0);
        }
    });
}

/// Laptops that are shut while a server has something for them: it tries again and again, and then gives up.
#[test]
fn laptops_that_go_to_sleep() {
    is_healthy("sleep", |t| {
        for n in 0..6u16 {
            let (client, server) = ((1 + n as u8, 5_000), (9, 5_222));
            let ended = t.converse(
                i64::from(n) * S,
                client,
                server,
                &[(0, MS, b"hello from the client"), (1, MS, b"hello from the server")],
                Ends::Open,
            );
            for again in [0, 300, 900, 2_100, 4_500, 9_300, 18_900] {
                t.says(ended + 5 * S + again * MS, [server, client], PSH | ACK, (22, 22), b"news");
            }
        }
    });
}

/// Mail: a server that lets strangers wait, a mailbox that waits for news.
#[test]
fn mail_that_waits() {
    is_healthy("greylisting and IDLE", |t| {
        for n in 0..30u16 {
            let (at, client) = (i64::from(n) * 2 * S, (1 + n as u8 % 6, 5_000 + n));
            let lines: [Line<'_>; 9] = [
                (1, MS, b"220 mail.example.org ESMTP\r\n"),
                (0, MS, b"EHLO a\r\n"),
                (1, MS, b"250 mail.example.org\r\n"),
                (0, MS, b"MAIL FROM:<a@example.org>\r\n"),
                (1, MS, b"250 ok\r\n"),
                (0, MS, b"RCPT TO:<b@example.net>\r\n"),
                (1, MS, b"451 4.7.1 try again later\r\n"),
                (0, MS, b"QUIT\r\n"),
                (1, MS, b"221 bye\r\n"),
            ];
            t.converse(at, client, (25, 25), &lines, Ends::Client);
            if n < 6 {
                let lines: [Line<'_>; 5] = [
                    (1, MS, b"* OK IMAP4rev1 ready\r\n"),
                    (0, MS, b"a1 LOGIN a b\r\n"),
                    (1, MS, b"a1 OK done\r\n"),
                    (0, MS, b"a2 IDLE\r\n"),
                    (1, MS, b"+ idling\r\n"),
                ];
                t.converse(at, (client.0, 6_000 + n), (25, 143), &lines, Ends::Open);
            }
        }
    });
}

/// A gateway between both kinds of addresses: hosts that have IPv6 alone reach the old world through it.
fn translated(t: &mut Traffic, at: Micros, (client, port): (u8, u16), host: u8, is_there: bool) {
    let own: std::net::Ipv6Addr = format!("2001:db8::{client:x}").parse().unwrap();
    let far: std::net::Ipv6Addr = format!("64:ff9b::c000:2{host:02x}").parse().unwrap();
    let gateway = [2, 0, 0, 0, 9, 64];
    let mut step = |later: Micros, is_back: bool, flags: u8, numbers: (u32, u32)| {
        let packet = match is_back {
            false => Packet::eth(mac(client), gateway).ip(own, far).flow_label((at + later) as u32 & 0xfffff).tcp(port, 443),
            true => Packet::eth(gateway, mac(client)).ip(far, own).flow_label((at + later) as u32 & 0xfffff).tcp(443, port),
        };
        t.push(at + later, packet.seq(1_000 + numbers.0).ack(1_000 + numbers.1).flags(flags));
    };
    if !is_there {
        return [0, S, 3 * S].into_iter().for_each(|again| step(again, false, SYN, (0, 0)));
    }
    step(0, false, SYN, (0, 0));
    step(20 * MS, true, SYN | ACK, (0, 1));
    step(21 * MS, false, ACK, (1, 1));
    step(60 * MS, false, FIN | ACK, (1, 1));
    step(80 * MS, true, FIN | ACK, (1, 2));
    step(81 * MS, false, ACK, (2, 2));
}

#[test]
fn hosts_that_have_ipv6_alone() {
    is_healthy("NAT64", |t| (0..60u16).for_each(|n| translated(t, i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), 1 + n as u8 % 20, true)));
}

#[test]
fn a_gateway_between_both_kinds_of_addresses_that_is_dead() {
    let mut t = Traffic::default();
    (0..60u16).for_each(|n| translated(&mut t, i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), 1 + n as u8 % 20, n < 25));
    let s = t.beside_an_office();
    let found: Vec<_> = troubles(&s).into_iter().filter(|found| found.2 > Severity::Note).collect();
    assert_eq!(found.iter().map(|found| (found.0, found.2)).collect::<Vec<_>>(), [("tcp.no_answer", Severity::Critical)], "{found:?}");
    assert!(found[0].1.contains("02:00:00:00:09:40"), "its router, not its twenty hosts: {found:?}");
}
