//! Faults of the network, as a mirror in the middle shows them: each is found with its subject and numbers, and nothing else is.

#[path = "troubles/addresses.rs"]
mod addresses;
#[path = "troubles/agree.rs"]
mod agree;
#[path = "troubles/behind.rs"]
mod behind;
#[path = "troubles/carried.rs"]
mod carried;
#[path = "troubles/closed_ports.rs"]
mod closed_ports;
#[path = "troubles/cuts.rs"]
mod cuts;
#[path = "troubles/databases.rs"]
mod databases;
#[path = "troubles/detours.rs"]
mod detours;
#[path = "troubles/discovery.rs"]
mod discovery;
#[path = "troubles/distance.rs"]
mod distance;
#[path = "troubles/ends.rs"]
mod ends;
#[path = "troubles/floods.rs"]
mod floods;
#[path = "troubles/gateways.rs"]
mod gateways;
#[path = "troubles/late.rs"]
mod late;
#[path = "troubles/live_like.rs"]
mod live_like;
#[path = "troubles/loads.rs"]
mod loads;
#[path = "troubles/logins.rs"]
mod logins;
#[path = "troubles/lookalikes.rs"]
mod lookalikes;
#[path = "troubles/losses.rs"]
mod losses;
#[path = "troubles/mistaken.rs"]
mod mistaken;
#[path = "troubles/monitors.rs"]
mod monitors;
#[path = "troubles/offices.rs"]
mod offices;
#[path = "troubles/one_sided.rs"]
mod one_sided;
#[path = "troubles/pings.rs"]
mod pings;
#[path = "troubles/proxies.rs"]
mod proxies;
#[path = "troubles/receivers.rs"]
mod receivers;
#[path = "troubles/replies.rs"]
mod replies;
#[path = "troubles/returns.rs"]
mod returns;
#[path = "troubles/sent_on.rs"]
mod sent_on;
#[path = "troubles/silences.rs"]
mod silences;
#[path = "troubles/sizes.rs"]
mod sizes;
mod support;
#[path = "troubles/turns.rs"]
mod turns;
#[path = "troubles/unspoken.rs"]
mod unspoken;
#[path = "troubles/voice.rs"]
mod voice;
#[path = "troubles/waits.rs"]
mod waits;
#[path = "troubles/ways.rs"]
mod ways;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{Finding, LinkType, PathSide, Severity, Subject, Timestamp, Value, Verdict};
use spantop::snapshot::Snapshot;
use support::packet::message::{dns, dns_failure};
use support::packet::{ACK, FIN, PSH, Packet, RST, SYN};

const START: i64 = 1_700_000_000_000_000_000;

/// Microseconds.
type Micros = i64;

/// A second, in microseconds.
const S: Micros = 1_000_000;

/// Traffic past a mirror: packets with their times, in any order.
#[derive(Default)]
struct Traffic {
    packets: Vec<(Micros, Vec<u8>)>,
    /// Identification of IP packets, so that none is a copy of another.
    id: u16,
}

fn address(host: u8) -> [u8; 4] {
    [10, 1, 0, host]
}

fn mac(host: u8) -> [u8; 6] {
    [2, 0, 0, 0, 1, host]
}

impl Traffic {
    fn push(&mut self, at: Micros, packet: Packet) {
        self.packets.push((at, packet.build()));
    }

    fn ip(&mut self, from: u8, to: u8) -> Packet {
        self.id = self.id.wrapping_add(1);
        Packet::eth(mac(from), mac(to)).ip(address(from), address(to)).id(self.id)
    }

    /// One segment: numbers are relative to each side's first.
    fn segment(&mut self, at: Micros, ends: [(u8, u16); 2], flags: u8, numbers: (u32, u32), bytes: usize) {
        self.says(at, ends, flags, numbers, &vec![b'x'; bytes]);
    }

    /// The same with these words.
    fn says(&mut self, at: Micros, ends: [(u8, u16); 2], flags: u8, numbers: (u32, u32), words: &[u8]) {
        let [(from, source), (to, destination)] = ends;
        let packet = self.ip(from, to).tcp(source, destination).seq(1_000 * u32::from(source) + numbers.0);
        self.push(at, packet.ack(1_000 * u32::from(destination) + numbers.1).flags(flags).payload(words));
    }

    /// A page that the server sends so much later.
    fn page(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), later: Micros) {
        let (there, back) = ([client, server], [server, client]);
        let ask = b"GET /news HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
        let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let (asked, said) = (1 + ask.len() as u32, 1 + reply.len() as u32);
        self.syn(at, client, server);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        self.says(at + 700, there, PSH | ACK, (1, 1), ask);
        self.segment(at + 1_100, back, ACK, (1, asked), 0);
        self.says(at + 700 + later, back, PSH | ACK, (1, asked), reply);
        self.segment(at + 900 + later, there, FIN | ACK, (asked, said), 0);
        self.segment(at + 1_300 + later, back, FIN | ACK, (said, asked + 1), 0);
        self.segment(at + 1_500 + later, there, ACK, (asked + 1, said + 1), 0);
    }

    fn syn(&mut self, at: Micros, client: (u8, u16), server: (u8, u16)) {
        self.segment(at, [client, server], SYN, (0, 0), 0);
    }

    /// A refused attempt.
    fn refused(&mut self, at: Micros, client: (u8, u16), server: (u8, u16)) {
        self.syn(at, client, server);
        self.segment(at + 300, [server, client], RST | ACK, (0, 1), 0);
    }

    /// A whole connection: handshake, a question, an answer, both FINs. The mirror is 200 µs from the server and 100 µs from the client.
    fn connection(&mut self, at: Micros, client: (u8, u16), server: (u8, u16)) {
        self.connection_over(at, client, server, (400, 200));
    }

    /// The same with these round trips to the server and to the client.
    fn connection_over(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), (to_server, to_client): (Micros, Micros)) {
        let (there, back) = ([client, server], [server, client]);
        let both = to_server + to_client;
        self.syn(at, client, server);
        self.segment(at + to_server, back, SYN | ACK, (0, 1), 0);
        self.segment(at + both, there, ACK, (1, 1), 0);
        self.segment(at + both + 100, there, PSH | ACK, (1, 1), 100);
        self.segment(at + both + 100 + to_server, back, PSH | ACK, (1, 101), 500);
        self.segment(at + 2 * both + 100, there, FIN | ACK, (101, 501), 0);
        self.segment(at + 2 * both + 100 + to_server, back, FIN | ACK, (501, 102), 0);
        self.segment(at + 3 * both + 100, there, ACK, (102, 502), 0);
    }

    /// A query for a name, and its answer so much later, with a code; `None`: no answer.
    fn query(&mut self, at: Micros, client: u8, server: u8, id: u16, answer: Option<(Micros, u8)>) {
        let name = format!("host{id}.example.{}", ["org", "net", "com"][usize::from(id % 3)]);
        let port = 20_000 + id;
        let query = self.ip(client, server).udp(port, 53).payload(&dns(id, &name, None));
        self.push(at, query);
        if let Some((later, code)) = answer {
            let bytes = if code == 0 { dns(id, &name, Some([192, 0, 2, 1].into())) } else { dns_failure(id, &name, code) };
            let reply = self.ip(server, client).udp(53, port).payload(&bytes);
            self.push(at + later, reply);
        }
    }

    /// Traffic of a healthy office beside the fault, for so many seconds: hosts 201 to 204 use a web server and a name server.
    fn with_office(mut self, seconds: i64) -> Self {
        for n in 0..seconds * 2 {
            let (at, client) = (n * S / 2 + 17_000, 201 + (n % 4) as u8);
            self.connection(at, (client, 30_000 + n as u16), (250, 80));
            self.query(at + 100_000, client, 251, n as u16, Some((2_000, 0)));
        }
        self
    }

    /// The frames in the order of their numbers, from 1.
    fn frames(&self) -> Vec<Vec<u8>> {
        let mut packets = self.packets.clone();
        packets.sort_by_key(|p| p.0);
        packets.into_iter().map(|p| p.1).collect()
    }

    fn seen_with(mut self, settings: &Settings) -> Snapshot {
        self.packets.sort_by_key(|p| p.0);
        let mut memory = Memory::new();
        for (at, frame) in &self.packets {
            memory.push(Timestamp(START + at * 1_000), LinkType::ETHERNET, frame.len() as u32, frame);
        }
        let outcome = engine::run(Box::new(memory.clone()), settings, Default::default()).unwrap();
        assert_eq!(outcome.failure, None);
        live_like::tells_the_same_by_any_interval(&memory, settings, &outcome.result);
        live_like::tells_the_same(&self.packets, settings, &outcome.result);
        outcome.result
    }

    fn seen(self) -> Snapshot {
        self.seen_with(&Settings::default())
    }
}

/// What no single packet shows: a rate of a whole host.
const UNPROVED: [&str; 1] = ["load.surge"];

/// Of which nobody can tell how many suffer: whoever is behind the same switch.
const UNCOUNTED: [&str; 3] = ["nd.rogue_ra", "storm.broadcast", "loop.layer2"];

/// Findings about the network: what, about whom, how bad.
fn troubles(s: &Snapshot) -> Vec<(&'static str, String, Severity)> {
    let network = s.diagnosis.findings.iter().filter(|f| spantop::diagnose::aspect(f.id).is_none());
    // Whatever is found shows its evidence and says how many suffer.
    network.clone().for_each(|f| {
        assert!(UNPROVED.contains(&f.id) || !f.packets.is_empty(), "{f:#?}");
        assert!(UNCOUNTED.contains(&f.id) || f.hosts > Some(0), "{f:#?}");
        is_whole(f);
    });
    agree::rows_agree_with_findings(s);
    network.map(|f| (f.id, f.subject.to_string(), f.severity)).collect()
}

/// What every finding has: about whom, evidence, and when it held in packet time, of which its sparkline is drawn.
fn is_whole(f: &Finding) {
    assert!(OF_ALL.contains(&f.id) || f.subject != Subject::Network, "{f:#?}");
    assert!(!f.evidence.is_empty() && f.title.len() > 10 && !f.cause.is_empty() && !f.remedy.is_empty(), "{f:#?}");
    let Some(latest) = f.episodes.last() else { panic!("{f:#?}") };
    assert!((f.first, f.last) == (latest.first, latest.last) && f.first <= f.last && f.first >= Timestamp(START), "{f:#?}");
    assert!(f.episodes.is_sorted_by_key(|episode| episode.first), "{f:#?}");
}

/// What is of the whole network where no VLANs are told apart.
const OF_ALL: [&str; 10] = [
    "quic.blocked",
    "ipv6.broken",
    "dhcp.no_offer",
    "dhcp.exhausted",
    "storm.broadcast",
    "storm.multicast",
    "loop.layer2",
    "tcp.refused",
    "tcp.slow_receiver",
    "arp.storm",
];

fn title(s: &Snapshot) -> &str {
    &s.diagnosis.findings.iter().find(|f| spantop::diagnose::aspect(f.id).is_none()).expect("a finding").title
}

/// The frames that prove the finding of this identifier.
fn proof(frames: &[Vec<u8>], s: &Snapshot, id: &str) -> Vec<Vec<u8>> {
    let finding = s.diagnosis.findings.iter().find(|f| f.id == id).expect("the finding");
    finding.packets.iter().map(|number| frames[*number as usize - 1].clone()).collect()
}

fn only(id: &'static str, about: &str, severity: Severity) -> Vec<(&'static str, String, Severity)> {
    vec![(id, about.to_owned(), severity)]
}

#[test]
fn a_healthy_network_has_no_troubles_and_says_how_much_was_judged() {
    let s = Traffic::default().with_office(120).seen();
    assert_eq!(troubles(&s), []);
    assert_eq!((s.diagnosis.network.verdict, s.diagnosis.network.judged), (Verdict::Good, 480), "240 connections and 240 queries");
    let rows: Vec<_> =
        s.stats.services.rows.iter().map(|r| (r.key.to_string(), r.app.or(r.guess), r.counts.clients, r.uses(), r.errors())).collect();
    assert_eq!(rows, [("10.1.0.250:80".to_owned(), Some("http"), 4, 240, 0), ("10.1.0.251:53".to_owned(), Some("dns"), 4, 240, 0)]);
    let [web, names] = &s.stats.services.rows[..] else { panic!("two services") };
    let near = |seconds: Option<f64>, want: f64| (seconds.unwrap() - want).abs() < want * 0.01;
    assert!(near(web.network.map(|q| q.p50), 400e-6) && near(web.client_network.map(|q| q.p50), 200e-6));
    assert!(near(names.response.map(|q| q.p95), 2e-3));
}

#[test]
fn nothing_is_judged_where_nothing_was_tried() {
    let mut t = Traffic::default();
    for n in 0..100 {
        t.segment(n * S / 10, [(1, 5_000), (2, 80)], PSH | ACK, (n as u32 * 100, 1), 100);
    }
    let s = t.seen();
    assert_eq!((s.diagnosis.network.verdict, s.diagnosis.network.judged, troubles(&s)), (Verdict::Unknown, 0, vec![]));
}

#[test]
fn a_port_that_refuses() {
    let mut t = Traffic::default();
    for n in 0..8 {
        t.refused(n * S, (1 + n as u8 % 2, 5_000 + n as u16), (9, 8_080));
    }
    let s = t.with_office(30).seen();
    assert_eq!(troubles(&s), only("tcp.refused", "10.1.0.9:8080/tcp", Severity::Warning));
    assert_eq!(title(&s), "10.1.0.9:8080 refuses connections: 8 attempts of 2 clients");
}

#[test]
fn a_service_that_stopped_is_critical() {
    let mut t = Traffic::default();
    for n in 0..20 {
        t.connection(n * S, (1 + n as u8 % 3, 5_000 + n as u16), (9, 8_080));
    }
    for n in 20..24 {
        t.refused(n * S, (1 + n as u8 % 3, 5_000 + n as u16), (9, 8_080));
    }
    let s = t.with_office(30).seen();
    assert_eq!(troubles(&s), only("tcp.refused", "10.1.0.9:8080/tcp", Severity::Critical));
    assert!(title(&s).ends_with("it answered before"), "{}", title(&s));
}

#[test]
fn a_refused_client_that_repeats_its_syn_is_one_attempt() {
    let mut t = Traffic::default();
    for n in 0..3 {
        for again in 0..3 {
            t.refused(n * 5 * S + again * S / 2, (1, 5_000 + n as u16), (9, 8_080));
        }
    }
    assert_eq!(troubles(&t.with_office(30).seen()), [], "three attempts are too few to say");
}

#[test]
fn a_firewall_that_does_not_know_ecn() {
    let asks_ecn = SYN | 0xc0;
    let seen = |asks: fn(u16) -> bool| {
        let mut t = Traffic::default();
        for n in 0..60u16 {
            let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 3, 5_000 + n), (9, 8_080));
            if n % 2 == 0 {
                t.connection(at, client, server);
                continue;
            }
            t.segment(at, [client, server], if asks(n) { asks_ecn } else { SYN }, (0, 0), 0);
            t.segment(at + 300, [server, client], RST | ACK, (0, 1), 0);
        }
        t.with_office(70).seen()
    };
    let s = seen(|_| true);
    assert_eq!(troubles(&s), only("tcp.refused", "10.1.0.9:8080/tcp", Severity::Warning));
    let found = "10.1.0.9:8080 refuses 30 of 60 attempts to connect (50 %), of 3 clients; the others succeed; what fails asks for ECN";
    assert_eq!(title(&s), found);
    assert!(s.diagnosis.findings.iter().any(|f| f.cause.contains("ECE and CWR")));
    let s = seen(|n| n % 3 == 0);
    assert!(title(&s).ends_with("; the others succeed"), "some of those that fail do not ask for it: {}", title(&s));
}

#[test]
fn names_that_do_not_exist() {
    let asked = |queries: u16, every: u16| {
        let mut t = Traffic::default();
        for n in 0..queries {
            let code = if n % every == 0 { 0 } else { 3 };
            t.query(i64::from(n) * S / 20, 1 + n as u8 % 2, 9, n, Some((2_000, code)));
        }
        t.with_office(40).seen()
    };
    let s = asked(700, 40);
    assert_eq!(troubles(&s), only("dns.failing", "10.1.0.9:53/udp", Severity::Note));
    assert_eq!(title(&s), "Name server 10.1.0.9 answers 682 of 700 (97 %) queries of 2 clients that there is no such name");
    assert_eq!(troubles(&asked(700, 2)), [], "half of them, as with search domains");
    assert_eq!(troubles(&asked(400, 40)), [], "few");
}

#[test]
fn nobody_answers() {
    let mut t = Traffic::default();
    for n in 0..5u16 {
        for at in [0, 1, 3, 7] {
            t.syn(i64::from(n) * 2 * S + at * S, (1 + n as u8 % 2, 5_000 + n), (9, 443));
        }
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("tcp.no_answer", "10.1.0.9:443/tcp", Severity::Warning));
    assert_eq!(title(&s), "Nobody answers at 10.1.0.9:443: 5 attempts of 2 clients in vain; nothing is heard of the host");
    let finding = s.diagnosis.findings.iter().find(|f| f.id == "tcp.no_answer").unwrap();
    assert_eq!((finding.hosts, finding.first), (Some(2), Timestamp(START)), "since its first SYN");
}

#[test]
fn one_direction_alone_is_no_silence() {
    // The mirror shows what clients send: SYN, and then data, for it was answered.
    let mut t = Traffic::default();
    for n in 0..60u16 {
        let (at, ends) = (i64::from(n) * S, [(1 + n as u8 % 3, 5_000 + n), (9, 443)]);
        t.segment(at, ends, SYN, (0, 0), 0);
        t.segment(at + 500, ends, ACK, (1, 1), 0);
        for part in 0..8 {
            t.segment(at + 600 + part, ends, PSH | ACK, (1 + 100 * part as u32, 1), 100);
        }
    }
    let s = t.seen();
    assert_eq!((troubles(&s), s.diagnosis.network.verdict), (vec![], Verdict::Unknown), "nothing is known to be good");
}

#[test]
fn a_port_scan_is_told_by_its_source_and_held_against_nobody() {
    let mut t = Traffic::default();
    for port in 1..=200u16 {
        if port % 2 == 0 {
            t.refused(i64::from(port) * 10_000, (66, 40_000), (9, port))
        } else {
            t.syn(i64::from(port) * 10_000, (66, 40_000), (9, port))
        }
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("scan.ports", "10.1.0.66", Severity::Warning));
    assert_eq!(title(&s), "10.1.0.66 tries 200 ports of 10.1.0.9 in vain");
}

#[test]
fn a_scan_of_two_hosts_names_both() {
    let scan = |hosts: &[(u8, u16)]| {
        let mut t = Traffic::default();
        for &(host, ports) in hosts {
            (1..=ports).for_each(|port| t.refused(i64::from(port) * 10_000 + i64::from(host), (66, 40_000), (host, port)));
        }
        let s = t.with_office(60).seen();
        assert_eq!(troubles(&s).iter().map(|f| (f.0, f.1.as_str())).collect::<Vec<_>>(), [("scan.ports", "10.1.0.66")]);
        title(&s).to_owned()
    };
    assert_eq!(scan(&[(9, 200), (8, 199)]), "10.1.0.66 tries 200 ports of 10.1.0.9 in vain, and 199 of 10.1.0.8");
    assert_eq!(scan(&[(9, 200), (8, 199), (7, 3)]), "10.1.0.66 tries 200 ports of 10.1.0.9 in vain, and 199 of 10.1.0.8");
    assert_eq!(scan(&[(9, 100), (8, 199), (7, 150)]), "10.1.0.66 tries 199 ports of 10.1.0.8 in vain, and of 2 other hosts as well");
}

#[test]
fn a_sweep_is_told_by_its_port() {
    let mut t = Traffic::default();
    for host in 1..=120u8 {
        t.syn(i64::from(host) * 20_000, (199, 40_000 + u16::from(host)), (host, 445));
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("scan.hosts", "10.1.0.199", Severity::Critical));
    assert_eq!(title(&s), "10.1.0.199 tries port 445 of 120 hosts in vain");
}

#[test]
fn connections_that_are_cut() {
    let mut t = Traffic::default();
    for n in 0..40u16 {
        let (at, client, server) = (i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 80));
        if n % 4 == 0 {
            let (there, back) = ([client, server], [server, client]);
            t.syn(at, client, server);
            t.segment(at + 400, back, SYN | ACK, (0, 1), 0);
            t.segment(at + 600, there, ACK, (1, 1), 0);
            t.segment(at + 700, there, PSH | ACK, (1, 1), 100);
            t.segment(at + 1_100, back, RST, (1, 0), 0);
        } else {
            t.connection(at, client, server);
        }
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("tcp.reset", "10.1.0.9:80/tcp", Severity::Warning));
    assert_eq!(title(&s), "Connections to 10.1.0.9:80 are cut in the middle: 10 of 40");
}

#[test]
fn a_flood_of_syns() {
    let mut t = Traffic::default();
    for n in 0..3_000u16 {
        let source = [198, 51, (n / 200) as u8, (n % 200) as u8];
        let packet = Packet::eth(mac(1), mac(9)).ip(source, address(9)).id(n).tcp(1_024 + n, 80).seq(u32::from(n)).flags(SYN);
        t.push(i64::from(n) * 3_000, packet);
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("tcp.synflood", "10.1.0.9:80/tcp", Severity::Warning));
    let told = "3,000 attempts to connect to 10.1.0.9:80 were never completed; most frames of them come from 02:00:00:00:01:01";
    assert_eq!(title(&s), told, "of whatever sources they say to be");
}

/// Of SYNs with forged sources that come by several stations none is named.
#[test]
fn a_flood_of_syns_from_everywhere() {
    let mut t = Traffic::default();
    for n in 0..3_000u16 {
        let packet = Packet::eth(mac(60 + (n % 7) as u8), mac(9)).ip([198, 51, (n / 200) as u8, (n % 200) as u8], address(9)).id(n);
        t.push(i64::from(n) * 3_000, packet.tcp(1_024 + n, 80).seq(u32::from(n)).flags(SYN));
    }
    assert_eq!(title(&t.with_office(60).seen()), "3,000 attempts to connect to 10.1.0.9:80 were never completed");
}

/// Round trips to a server, and for a minute and a half of five others.
fn round_trips(usual: (Micros, Micros), then: (Micros, Micros)) -> Snapshot {
    let mut traffic = Traffic::default();
    for n in 0..600 {
        let at = i64::from(n) * S / 2;
        let trips = if (180 * S..270 * S).contains(&at) { then } else { usual };
        traffic.connection_over(at, (10 + (n % 7) as u8, 30_000 + n as u16), (2, 443), trips);
    }
    traffic.seen()
}

#[test]
fn a_round_trip_that_stays_long_is_the_usual_one_after_a_while() {
    let mut t = Traffic::default();
    for n in 0..2_200 {
        let (at, trips) = (i64::from(n) * S / 2, if n < 600 { (400, 200) } else { (45_000, 200) });
        t.connection_over(at, (10 + (n % 7) as u8, 20_000 + n as u16), (2, 443), trips);
    }
    let s = t.seen();
    assert_eq!(troubles(&s), only("tcp.rtt", "10.1.0.2:443/tcp", Severity::Warning));
    let finding = &s.diagnosis.findings[0];
    let last = (finding.last.0 - START) / 1_000_000_000;
    assert!((900..980).contains(&last), "it rose at 300 s and is usual after ten minutes: {last} s");
    let since = finding.evidence.iter().find(|(name, _)| *name == "unusual_since").map(|(_, since)| since.clone());
    assert_eq!(since, Some(Value::Time(Timestamp(START + 300 * 1_000_000_000))));
}

#[test]
fn a_round_trip_that_rises_is_told_with_its_side_and_its_time() {
    for (then, side, from) in
        [((45_000, 200), PathSide::Server, "10.1.0.2:443"), ((400, 45_000), PathSide::Client, "the clients of 10.1.0.2:443")]
    {
        let s = round_trips((400, 200), then);
        assert_eq!(troubles(&s), only("tcp.rtt", "10.1.0.2:443/tcp", Severity::Warning));
        let finding = &s.diagnosis.findings[0];
        assert_eq!(finding.side, Some(side));
        assert!(finding.title.starts_with(&format!("The round trip to {from} rose to 45.")), "{}", finding.title);
        let seconds = |at: Timestamp| (at.0 - START) / 1_000_000_000;
        assert!((180..=195).contains(&seconds(finding.first)) && (270..=340).contains(&seconds(finding.last)), "{finding:?}");
    }
}

#[test]
fn a_round_trip_that_is_long_all_the_time_is_a_note_and_a_short_one_nothing() {
    let satellite = (600_000, 200);
    assert_eq!(troubles(&round_trips(satellite, satellite)), only("tcp.rtt", "10.1.0.2:443/tcp", Severity::Note));
    assert_eq!(troubles(&round_trips((400, 200), (1_100, 200))), []);
}

#[test]
fn conversations_have_their_round_trips_by_side() {
    let mut traffic = Traffic::default();
    traffic.connection_over(0, (10, 30_000), (2, 443), (8_000, 1_500));
    let s = traffic.seen();
    let tcp = s.stats.conversations.tcp.rows[0].tcp.as_ref().expect("a connection");
    // 10.1.0.2:443 sorts before 10.1.0.10:30000: its side comes first.
    let [server, client] = tcp.round_trips.sides;
    assert_eq!((server.min, client.min), (8_000_000, 1_500_000));
    assert_eq!(tcp.round_trips.handshake, [Some(8_000_000), Some(1_500_000)]);
    assert_eq!(tcp.round_trips.handshake_total(), tcp.initial_rtt);
    assert!(server.count >= 2 && client.count >= 2, "{tcp:?}");
}

#[test]
fn a_name_server_that_died() {
    let mut t = Traffic::default();
    for n in 0..30u16 {
        t.query(i64::from(n) * S, 1 + n as u8 % 4, 53, 1_000 + n, Some((1_000, 0)));
    }
    for n in 30..60u16 {
        t.query(i64::from(n) * S, 1 + n as u8 % 4, 53, 1_000 + n, None);
    }
    let s = t.with_office(120).seen();
    let found = troubles(&s);
    assert_eq!(found, only("dns.unanswered", "10.1.0.53:53/udp", Severity::Critical));
}

#[test]
fn a_name_server_that_is_slow() {
    let mut t = Traffic::default();
    for n in 0..100u16 {
        t.query(i64::from(n) * S / 2, 1 + n as u8 % 4, 53, 1_000 + n, Some((if n % 4 == 0 { 900_000 } else { 1_000 }, 0)));
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("dns.slow", "10.1.0.53:53/udp", Severity::Warning));
    let title = title(&s);
    assert!(title.starts_with("Name server 10.1.0.53 answers slowly: ") && title.contains(" answers take longer than 50"), "{title}");
    assert!(title.ends_with(", 95 of 100 within 900.0 ms; 1 client waits") && !title.contains("median"), "{title}");
}

#[test]
fn a_web_server_that_is_slow_and_one_that_holds_requests_until_there_is_news() {
    let seen = |later: fn(i64) -> Micros| {
        let mut t = Traffic::default();
        (0..100).for_each(|n| t.page(n * S, (1 + n as u8 % 4, 5_000 + n as u16), (9, 8_080), later(n)));
        t.with_office(130).seen()
    };
    let s = seen(|n| if n % 2 == 0 { 2 * S } else { 20_000 });
    assert_eq!(troubles(&s), only("server.slow", "10.1.0.9:8080/tcp", Severity::Warning));
    assert_eq!(troubles(&seen(|n| 25 * S + n % 5 * S)), [], "long polls");
    let s = seen(|n| if n % 2 == 0 { 25 * S } else { 20_000 });
    assert_eq!(troubles(&s), [], "between pages that come at once");
}

#[test]
fn a_name_server_that_fails() {
    let mut t = Traffic::default();
    for n in 0..100u16 {
        t.query(
            i64::from(n) * S / 2,
            1 + n as u8 % 5,
            53,
            1_000 + n,
            Some((
                1_000,
                if n % 5 == 0 {
                    2
                } else if n % 5 == 1 {
                    3
                } else {
                    0
                },
            )),
        );
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("dns.failing", "10.1.0.53:53/udp", Severity::Note), "one client asks for it");
    let mut t = Traffic::default();
    for n in 0..100u16 {
        t.query(i64::from(n) * S / 2, 1 + n as u8 % 7, 53, 1_000 + n, Some((1_000, if n % 5 == 0 { 2 } else { 0 })));
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("dns.failing", "10.1.0.53:53/udp", Severity::Warning));
    assert_eq!(title(&s), "Name server 10.1.0.53 answers 20 of 100 (20 %) queries with errors to 7 clients: SERVFAIL 20 times");
}

#[test]
fn copies_of_every_packet_change_nothing() {
    let fault = || {
        let mut t = Traffic::default();
        for n in 0..8 {
            t.refused(n * S, (1 + n as u8 % 2, 5_000 + n as u16), (9, 8_080));
        }
        t.with_office(60)
    };
    let twice = || {
        let mut t = fault();
        let copies: Vec<_> = t.packets.iter().map(|(at, packet)| (at + 8, packet.clone())).collect();
        t.packets.extend(copies);
        t
    };
    assert_eq!(troubles(&twice().seen()), troubles(&fault().seen()));
    assert_eq!(twice().seen().stats.services.rows, fault().seen().stats.services.rows);
}

#[test]
fn findings_do_not_depend_on_threads() {
    let fault = || {
        let mut t = Traffic::default();
        for port in 1..=60u16 {
            t.refused(i64::from(port) * 100_000, (66, 40_000), (9, port));
        }
        for n in 0..30u16 {
            t.query(i64::from(n) * S, 1 + n as u8 % 4, 53, 1_000 + n, None);
        }
        t.with_office(60)
    };
    let with = |threads| fault().seen_with(&Settings::with(|s| s.threads = threads));
    let one = with(0);
    assert_eq!(troubles(&one).len(), 2);
    for threads in [1, 2, 3] {
        let other = with(threads);
        assert_eq!(
            (&other.diagnosis.findings, &other.stats.services.rows),
            (&one.diagnosis.findings, &one.stats.services.rows),
            "{threads} threads"
        );
    }
}

/// What happens to every so manyth segment of a transfer.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// It is lost behind the mirrored port, and sent again.
    LostBeyond,
    /// It is lost before it passes the mirrored port, and sent again.
    LostBefore,
    /// It arrives, and the mirror does not show it.
    NotMirrored,
    /// It overtakes the next one.
    Reordered,
}

impl Traffic {
    /// The server sends `segments` of 100 bytes, one a millisecond; every `every`th has this fate. What is lost is sent again 6 ms later.
    fn transfer(&mut self, at: Micros, client: (u8, u16), server: (u8, u16), segments: u32, (every, fate): (u32, Fate)) {
        let (there, back) = ([client, server], [server, client]);
        self.syn(at, client, server);
        self.segment(at + 400, back, SYN | ACK, (0, 1), 0);
        self.segment(at + 600, there, ACK, (1, 1), 0);
        // Arrivals at the client: time past the mirror, segment, whether the mirror shows it.
        let mut arrivals: Vec<(Micros, u32, bool)> = Vec::new();
        for n in 0..segments {
            let time = at + 1_000 + i64::from(n) * 1_000;
            let is_hit = every > 0 && n % every == every - 1 && n + 10 < segments;
            match fate {
                _ if !is_hit => arrivals.push((time, n, true)),
                Fate::NotMirrored => arrivals.push((time, n, false)),
                Fate::Reordered => arrivals.push((time + 1_300, n, true)),
                Fate::LostBeyond | Fate::LostBefore => {
                    if fate == Fate::LostBeyond {
                        self.segment(time, back, PSH | ACK, (1 + n * 100, 1), 100);
                    }
                    arrivals.push((time + 6_000, n, true));
                }
            }
        }
        arrivals.sort_unstable();
        let mut here = std::collections::BTreeSet::new();
        for (time, n, is_shown) in arrivals {
            if is_shown {
                self.segment(time, back, PSH | ACK, (1 + n * 100, 1), 100);
            }
            here.insert(n);
            let next = (0..).find(|n| !here.contains(n)).unwrap_or(0);
            self.segment(time + 200, there, ACK, (1, 1 + next * 100), 0);
        }
    }
}

/// Twenty transfers of five clients beside the office, in which something happens to every 25th segment.
fn transfers(fate: Fate) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..20u16 {
        t.transfer(i64::from(n) * 2 * S, (1 + n as u8 % 5, 5_000 + n), (9, 8_080), 500, (25, fate));
    }
    t.with_office(60).seen()
}

#[test]
fn loss_is_told_with_the_side_it_is_on() {
    use spantop::model::{Location, PathSide};
    for (fate, side, location) in
        [(Fate::LostBeyond, PathSide::Client, Location::BeyondMirror), (Fate::LostBefore, PathSide::Server, Location::BeforeMirror)]
    {
        let s = transfers(fate);
        assert_eq!(troubles(&s), only("tcp.loss", "10.1.0.9:8080/tcp", Severity::Warning), "{:?}", s.diagnosis.network);
        let finding = s.diagnosis.findings.iter().find(|f| f.id == "tcp.loss").unwrap();
        assert_eq!((finding.side, finding.location, finding.hosts), (Some(side), Some(location), Some(5)), "{}", finding.title);
        let lost = finding.evidence.iter().find(|e| e.0 == "lost").map(|e| e.1.to_string());
        assert_eq!(lost.as_deref(), Some("380"), "19 of each transfer");
        let share = finding.evidence.iter().find(|e| e.0 == "loss_share").map(|e| e.1.to_string());
        // What is lost beyond the mirrored port passes twice, what is lost before it once.
        let all = if fate == Fate::LostBeyond { "3.8 %" } else { "4.0 %" };
        assert_eq!(share.as_deref(), Some(all), "of the segments with data, not of their acknowledgements too");
    }
}

/// Thirty transfers of six clients from three servers; of some clients every 25th segment is lost beyond the mirrored port.
fn transfers_of(losing: &[u8]) -> Snapshot {
    let mut t = Traffic::default();
    for n in 0..30u16 {
        let client = 1 + n as u8 % 6;
        let every = if losing.contains(&client) { 25 } else { 0 };
        let (at, client, server) = (i64::from(n) * S, (client, 5_000 + n), (9 + (n / 6) as u8 % 3, 8_080));
        t.transfer(at, client, server, 300, (every, Fate::LostBeyond));
        t.segment(at + 400_000, [client, server], FIN | ACK, (1, 30_001), 0);
        t.segment(at + 400_400, [server, client], FIN | ACK, (30_001, 2), 0);
        t.segment(at + 400_600, [client, server], ACK, (2, 30_002), 0);
    }
    t.with_office(60).seen()
}

#[test]
fn a_client_that_loses_what_others_do_not_is_the_subject() {
    use spantop::model::Location;
    let s = transfers_of(&[2]);
    assert_eq!(troubles(&s), only("tcp.loss", "10.1.0.2", Severity::Warning), "{:?}", s.diagnosis.network);
    let finding = s.diagnosis.findings.iter().find(|f| f.id == "tcp.loss").unwrap();
    assert_eq!((finding.side, finding.location, finding.hosts), (Some(PathSide::Client), Some(Location::BeyondMirror), Some(1)));
    assert_eq!(
        finding.title,
        "Packets from and to 10.1.0.2 are lost: 55 (3.5 %), on its side of the mirrored port; 5 other clients of the same services do not"
    );
    // Two of six: each of them.
    let of_two: Vec<_> = [2, 3].into_iter().flat_map(|n| only("tcp.loss", &format!("10.1.0.{n}"), Severity::Warning)).collect();
    assert_eq!(troubles(&transfers_of(&[2, 3])), of_two);
}

#[test]
fn where_most_clients_lose_it_is_the_services() {
    let found = troubles(&transfers_of(&[1, 2, 3, 4, 5]));
    assert!(!found.is_empty() && found.iter().all(|t| t.0 == "tcp.loss" && t.1.ends_with(":8080/tcp")), "{found:?}");
}

#[test]
fn what_the_mirror_loses_or_reorders_is_no_loss_of_the_network() {
    for fate in [Fate::NotMirrored, Fate::Reordered] {
        let s = transfers(fate);
        assert!(!troubles(&s).iter().any(|t| t.0 == "tcp.loss"), "{:?}", troubles(&s));
    }
}

/// Transfers of which every tenth segment is lost beyond the mirrored port, a twentieth of a millisecond away: the receiver asks by selective
/// acknowledgements, each with a smaller window, and the sender sends again at once.
#[test]
fn what_is_asked_for_by_selective_acknowledgements_of_a_shrinking_window_is_lost() {
    let mut t = Traffic::default();
    for n in 0..120u16 {
        let (at, client, server) = (i64::from(n) * S / 2, (1 + n as u8 % 5, 5_000 + n), (9, 8_080));
        let (there, back) = ([client, server], [server, client]);
        t.syn(at, client, server);
        t.segment(at + 20, back, SYN | ACK, (0, 1), 0);
        t.segment(at + 40, there, ACK, (1, 1), 0);
        let base = 1_000 * u32::from(client.1) + 1;
        for k in 0..10 {
            t.segment(at + 100 + k, there, ACK, (1 + k as u32 * 1_000, 1), 1_000);
        }
        // The first did not arrive.
        for k in 1..4u32 {
            let end = base + 1_000 * (k * 3).min(10);
            let block: Vec<u8> = [1, 1, 5, 10].into_iter().chain((base + 1_000).to_be_bytes()).chain(end.to_be_bytes()).collect();
            let packet = t.ip(9, client.0).tcp(8_080, client.1).seq(1_000 * 8_080 + 1).window(60_000 - 500 * k as u16);
            t.push(at + 120 + i64::from(k), packet.ack(base).flags(ACK).options(&block).payload(b""));
        }
        t.segment(at + 150, there, ACK, (1, 1), 1_000);
        t.segment(at + 170, back, ACK, (1, 10_001), 0);
        t.segment(at + 400, there, FIN | ACK, (10_001, 1), 0);
        t.segment(at + 420, back, FIN | ACK, (1, 10_002), 0);
        t.segment(at + 440, there, ACK, (10_002, 2), 0);
    }
    let s = t.with_office(60).seen();
    assert_eq!(troubles(&s), only("tcp.loss", "10.1.0.9:8080/tcp", Severity::Critical), "{:?}", s.diagnosis.findings);
    let lost = s.diagnosis.findings[0].evidence.iter().find(|e| e.0 == "lost").map(|e| e.1.to_string());
    assert_eq!(lost.as_deref(), Some("120"), "one of each");
}
