//! Application protocols, from packets to the report: DNS with its latency and codes, TLS server names however the hello was cut.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::error::Outcome;
use spantop::model::{AppBy, CounterValue, Decap, LinkType, Timestamp};
use spantop::settings::{FileSettings, MirrorSettings};
use spantop::snapshot::Snapshot;
use support::packet::message::{client_hello as hello_message, dns, dns_failure, server_hello, tls_record};
use support::packet::{ACK, PSH, Packet, SYN};

const MILLISECOND: i64 = 1_000_000;
const START: i64 = 1_700_000_000_000 * MILLISECOND;
const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];

/// Packets with their times in milliseconds.
type Packets = Vec<(i64, Vec<u8>)>;

fn analyse(packets: &Packets, settings: &Settings) -> Snapshot {
    let mut memory = Memory::new();
    for (time, frame) in packets {
        memory.push(Timestamp(START + time * MILLISECOND), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    let Outcome { result: snapshot, failure } = engine::run(Box::new(memory), settings, Default::default()).unwrap();
    assert_eq!(failure, None);
    snapshot
}

fn ask(port: u16, message: &[u8]) -> Vec<u8> {
    Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip(CLIENT, SERVER).udp(port, 53).payload(message).build()
}

fn reply(port: u16, message: &[u8]) -> Vec<u8> {
    Packet::eth([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]).ip(SERVER, CLIENT).udp(53, port).payload(message).build()
}

/// The number of a protocol's counter.
fn counted<'s>(s: &'s Snapshot, app: &str, counter: &str) -> &'s CounterValue {
    let section = s.dissect.apps.iter().find(|a| a.token == app).unwrap();
    section.rows().find(|(c, _)| c.token == counter).unwrap().1
}

fn count(s: &Snapshot, app: &str, counter: &str) -> u64 {
    match counted(s, app, counter) {
        CounterValue::Count(n) => *n,
        CounterValue::Codes(codes) => codes.values().sum(),
        other => panic!("{counter} is {other:?}"),
    }
}

#[test]
fn dns_with_known_latencies_and_codes() {
    let address = Some([192, 0, 2, 7].into());
    let mut packets = Packets::new();
    // Twenty answers of 10 ms, one failure of 40 ms, one repeated question answered after 3 s, one that is never answered.
    for n in 0..20u16 {
        let at = i64::from(n) * 100;
        packets.push((at, ask(40_000 + n, &dns(n, "www.example.org", None))));
        packets.push((at + 10, reply(40_000 + n, &dns(n, "www.example.org", address))));
    }
    packets.push((2_000, ask(41_000, &dns(7, "nowhere.example.org", None))));
    packets.push((2_040, reply(41_000, &dns_failure(7, "nowhere.example.org", 3))));
    packets.push((3_000, ask(41_001, &dns(8, "slow.example.org", None))));
    packets.push((5_000, ask(41_001, &dns(8, "slow.example.org", None))));
    packets.push((6_000, reply(41_001, &dns(8, "slow.example.org", address))));
    packets.push((7_000, ask(41_002, &dns(9, "lost.example.org", None))));
    packets.push((20_000, ask(41_003, &dns(10, "last.example.org", None))));
    let settings = Settings { threads: 2, ..Settings::default() };
    let s = analyse(&packets, &settings);
    let counts = ["queries", "responses", "answered", "unanswered", "not_judged", "repeated", "malformed"].map(|c| count(&s, "dns", c));
    assert_eq!(counts, [25, 22, 22, 1, 1, 1, 0]);
    assert_eq!(*counted(&s, "dns", "rcodes"), CounterValue::Codes([(0, 21), (3, 1)].into()));
    let CounterValue::Latency(latency) = counted(&s, "dns", "latency") else { panic!("no latency") };
    let q = latency.quantiles().unwrap();
    assert_eq!((q.count, q.min, q.max), (22, 0.010, 3.0));
    assert!((q.p50 - 0.010).abs() < 0.0002 && (q.p95 - 0.040).abs() < 0.0005, "{q:?}");
    let names: Vec<_> = s.dissect.names.rows.iter().map(|n| format!("{} {} {}", n.address, n.name, n.source.token())).collect();
    assert_eq!(names, ["192.0.2.7 slow.example.org dns", "192.0.2.7 www.example.org dns"]);
    assert!(s.stats.conversations.udp.rows.iter().all(|c| (c.app, c.app_by) == (Some("dns"), Some(AppBy::Content))));
    assert_eq!(analyse(&packets, &Settings { threads: 0, ..Settings::default() }).dissect.apps, s.dissect.apps);
}

/// A ClientHello record for a server name, some 1,700 bytes long.
fn client_hello(name: &str) -> Vec<u8> {
    let length = name.len() as u16;
    let sni =
        [&[0, 0][..], &(length + 5).to_be_bytes(), &(length + 3).to_be_bytes(), &[0], &length.to_be_bytes(), name.as_bytes()].concat();
    let padding = [&[0, 21][..], &1_600u16.to_be_bytes(), &[0; 1_600]].concat();
    // The name stands at the end, so that it is in the second segment.
    let extensions = [padding, sni].concat();
    let fixed = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0], &(extensions.len() as u16).to_be_bytes()].concat();
    let body = [fixed, extensions].concat();
    let handshake = [&[1, 0][..], &(body.len() as u16).to_be_bytes(), &body].concat();
    [&[22, 3, 1][..], &(handshake.len() as u16).to_be_bytes(), &handshake].concat()
}

/// A connection from a client's port to one without a name.
fn connection(port: u16, segments: &[(usize, &[u8])], end: usize) -> Packets {
    connection_between(port, 4433, segments, end)
}

/// A connection from a client's port to a server's: handshake, then these segments of the client by their offsets, then the server's acknowledgement of all.
fn connection_between(port: u16, server: u16, segments: &[(usize, &[u8])], end: usize) -> Packets {
    let from = |flags: u8, seq: u32, ack: u32, bytes: &[u8]| {
        let layers = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip(CLIENT, SERVER).tcp(port, server);
        layers.seq(seq).ack(ack).flags(flags).payload(bytes).build()
    };
    let back = |flags: u8, seq: u32, ack: u32| {
        let layers = Packet::eth([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]).ip(SERVER, CLIENT).tcp(server, port);
        layers.seq(seq).ack(ack).flags(flags).build()
    };
    let mut packets = vec![(0, from(SYN, 999, 0, &[])), (1, back(SYN | ACK, 4_999, 1_000)), (2, from(ACK, 1_000, 5_000, &[]))];
    packets.extend(segments.iter().zip(3..).map(|(&(at, bytes), time)| (time, from(PSH | ACK, 1_000 + at as u32, 5_000, bytes))));
    // Twice, and not the same packet, so that what is missing is given up.
    packets.extend([(20, ACK), (500, PSH | ACK)].map(|(time, flags)| (time, back(flags, 5_000, 1_000 + end as u32))));
    packets
}

fn server_name(packets: &Packets) -> (Option<String>, Option<&'static str>, Snapshot) {
    let s = analyse(packets, &Settings::default());
    let row = &s.stats.conversations.tcp.rows[0];
    let found = (row.server_name.as_deref().map(str::to_owned), row.app);
    (found.0, found.1, s)
}

#[test]
fn a_server_name_across_two_segments_in_any_order() {
    let hello = client_hello("www.example.org");
    let (front, rest) = hello.split_at(1_000);
    for segments in [[(0, front), (1_000, rest)], [(1_000, rest), (0, front)]] {
        let (name, app, s) = server_name(&connection(40_000, &segments, hello.len()));
        assert_eq!((name.as_deref(), app), (Some("www.example.org"), Some("tls")), "first the bytes at {}", segments[0].0);
        assert_eq!(count(&s, "tls", "client_hellos"), 1);
        let CounterValue::Texts { texts, .. } = counted(&s, "tls", "server_names") else { panic!("no names") };
        assert_eq!(texts.iter().map(|(t, n)| (&**t, *n)).collect::<Vec<_>>(), [("www.example.org", 1)]);
        assert_eq!(s.capture.losses.dissection, Default::default());
    }
}

#[test]
fn a_gap_leaves_the_protocol_and_no_name() {
    let hello = client_hello("www.example.org");
    let segments = [(0, &hello[..800]), (1_200, &hello[1_200..])];
    let (name, app, s) = server_name(&connection(40_000, &segments, hello.len()));
    assert_eq!((name, app), (None, Some("tls")));
    assert_eq!((count(&s, "tls", "client_hellos"), count(&s, "tls", "incomplete")), (0, 1));
}

#[test]
fn a_port_alone_is_a_guess() {
    let unknown: &[(usize, &[u8])] = &[(0, b"nothing that is known")];
    let (_, app, s) = server_name(&connection_between(40_000, 443, unknown, 21));
    assert_eq!((app, s.stats.conversations.tcp.rows[0].app_by), (Some("https"), Some(AppBy::Port)));
    // The port it was opened from is its client's, whatever is called like that elsewhere.
    let (_, app, s) = server_name(&connection_between(443, 4433, unknown, 21));
    assert_eq!((app, s.stats.conversations.tcp.rows[0].app_by), (None, None));
}

/// A server's hello in three segments, each longer than the one before; `order` is that of their coming.
fn answered_in(order: [usize; 3], port: u16) -> Packets {
    let question = tls_record(22, &hello_message(Some("www.example.org"), &["h2"]));
    let answer = [tls_record(22, &server_hello(0x0303)), tls_record(22, &[11; 2_000])].concat();
    let mut packets = connection(port, &[(0, &question)], question.len());
    packets.truncate(4);
    let ends = [20, 600, answer.len()];
    for (time, n) in (10..).zip(order) {
        let from = if n == 0 { 0 } else { ends[n - 1] };
        let layers = Packet::eth([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]).ip(SERVER, CLIENT).tcp(4433, port);
        let segment = layers.seq(5_000 + from as u32).ack(1_000 + question.len() as u32).flags(PSH | ACK);
        packets.push((time, segment.payload(&answer[from..ends[n]]).build()));
    }
    packets
}

#[test]
fn a_side_whose_first_segment_is_overtaken_is_read_from_its_beginning() {
    for (port, order) in (40_000..).zip([[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]]) {
        let s = analyse(&answered_in(order, port), &Settings::default());
        assert_eq!((count(&s, "tls", "client_hellos"), count(&s, "tls", "server_hellos")), (1, 1), "{order:?}");
        assert_eq!(*counted(&s, "tls", "versions"), CounterValue::Codes([(0x0303, 1)].into()), "{order:?}");
    }
    // Without its handshake, and without its first segment, where it begins is known by what the client acknowledges.
    let mut midway = answered_in([1, 0, 2], 40_000);
    midway.drain(..3);
    let s = analyse(&midway, &Settings::default());
    assert_eq!(count(&s, "tls", "server_hellos"), 1);
}

#[test]
fn answers_that_break_off_are_malformed() {
    let whole = dns(7, "www.example.org", Some([192, 0, 2, 7].into()));
    let mut more = whole.clone();
    more[7] = 2;
    let mut longer = whole.clone();
    let at = longer.len() - 5;
    longer[at] = 200;
    let cut = &whole[..whole.len() - 3];
    for (message, malformed) in [(&whole[..], 0), (&more, 1), (&longer, 1), (cut, 1)] {
        let packets = vec![(0, ask(40_000, &dns(7, "www.example.org", None))), (10, reply(40_000, message))];
        let s = analyse(&packets, &Settings::default());
        let counts = ["responses", "malformed", "answered"].map(|counter| count(&s, "dns", counter));
        assert_eq!(counts, [1, malformed, 1], "{message:02x?}");
    }
}

/// What tshark 4.0 counts over TCP and UDP in the captures beside the repository, with segments that come out of order put in order
/// (`tcp.reassemble_out_of_order`): ClientHellos, ServerHellos, DNS queries, responses, responses with a time since their query, HTTP requests
/// (`http.request.method`) and replies (`http.response.code`) over TCP.
const OF_TSHARK: &[(&str, [u64; 7])] = &[
    ("AlexeyVasilev__PcapFlowLab/showcase__pcap_flow_lab_showcase.pcap", [4, 5, 6, 6, 5, 4, 3]),
    ("OISF__suricata-verify/decode-sll2-02__input.pcap", [0, 0, 0, 0, 0, 1, 1]),
    ("OISF__suricata-verify/http2-range__http2-range.pcap", [0, 0, 0, 0, 0, 5, 5]),
    ("OISF__suricata-verify/tls__tls-subjectaltname__input.pcap", [40, 40, 37, 37, 37, 37, 37]),
    ("blitz__tcptrace/first_seg_ooo.dmp.gz", [0, 0, 0, 0, 0, 8, 8]),
    ("blitz__tcptrace/http.dmp.gz", [0, 0, 0, 0, 0, 106, 97]),
    ("blitz__tcptrace/ppp_encap.dmp.gz", [0, 0, 1, 1, 1, 0, 0]),
    ("chrissanders__packets/arppoison.pcapng", [0, 0, 27, 27, 27, 15, 15]),
    ("chrissanders__packets/http_espn_fail.pcapng", [0, 0, 7, 7, 7, 7, 7]),
    ("epiecs__packetlife-backup/gmail.pcapng.cap", [4, 4, 8, 3, 3, 0, 0]),
    ("epiecs__packetlife-backup/packet-c.cap", [9, 9, 2, 0, 0, 2, 0]),
    ("hostile/OISF__suricata-verify/bug-1450-04__tls_DER-incomplete-header.pcap", [1, 1, 0, 0, 0, 0, 0]),
    ("hostile/ntop__nDPI/dns-invalid-chars.pcap", [0, 0, 1, 1, 1, 0, 0]),
    ("hostile/ntop__nDPI/fuzz-2006-06-26-2594.pcap", [0, 0, 255, 49, 15, 0, 0]),
    ("hostile/ntop__nDPI/http-crash-content-disposition.pcap", [0, 0, 0, 0, 0, 1, 1]),
    ("hostile/ntop__nDPI/malformed_dns.pcap", [0, 0, 2, 4, 2, 0, 0]),
    ("ntop__nDPI/1kxun.pcap", [4, 4, 11, 6, 6, 133, 118]),
    ("ntop__nDPI/alexa-app.pcapng", [88, 88, 31, 31, 31, 22, 22]),
    ("ntop__nDPI/capwap.pcap", [0, 0, 2, 0, 0, 0, 0]),
    ("ntop__nDPI/capwap_data.pcapng", [1, 0, 0, 0, 0, 0, 0]),
    ("ntop__nDPI/doq.pcapng", [0, 0, 8, 0, 0, 0, 0]),
    ("ntop__nDPI/ftp-start-tls.pcap", [1, 1, 0, 0, 0, 0, 0]),
    ("ntop__nDPI/gnutella.pcap", [4, 4, 0, 0, 0, 3, 1]),
    ("ntop__nDPI/ocsp.pcapng", [0, 0, 0, 0, 0, 18, 18]),
    ("ntop__nDPI/sites.pcapng", [55, 55, 0, 0, 0, 5, 5]),
    ("ntop__nDPI/teams.pcap", [38, 38, 23, 22, 22, 0, 0]),
    ("ntop__nDPI/tls_heur__vmess-websocket.pcapng", [2, 2, 2, 2, 2, 1, 1]),
    ("ntop__nDPI/vxlan.pcap", [2, 2, 4, 4, 4, 0, 0]),
    ("ntop__nDPI/wechat.pcap", [28, 28, 27, 6, 6, 0, 0]),
    ("ntop__nDPI/wow.pcap", [0, 0, 0, 0, 0, 2, 2]),
    ("ntop__nDPI/zoom.pcap", [10, 9, 6, 6, 6, 0, 0]),
    ("rusticata__pcap-parser/wireshark_samples-test.pcapng", [0, 0, 27, 27, 27, 0, 0]),
    ("seladb__PcapPlusPlus/example.pcap", [2, 2, 69, 69, 69, 338, 338]),
    ("seladb__PcapPlusPlus/file_heuristics__pcapng-example.pcapng.zst", [1, 1, 0, 0, 0, 0, 1]),
    ("seladb__PcapPlusPlus/many_interfaces-1.pcapng", [2, 1, 7, 7, 7, 0, 0]),
    ("seladb__PcapPlusPlus/nanosecs_big_endian.pcap", [0, 0, 0, 0, 0, 1, 1]),
    ("seladb__PcapPlusPlus/too_many_interfaces.pcapng", [0, 0, 1, 0, 0, 0, 0]),
    ("the-tcpdump-group__tcpdump/mptcp-aa-v1.pcap", [0, 0, 2, 0, 0, 0, 0]),
];

/// Where it is otherwise here: the end of the capture's name, the counters by their place above, what they are here, why.
const EXPLAINED: &[(&str, usize, u64, &str)] = &[
    ("showcase__pcap_flow_lab_showcase.pcap", 0, 3, "one is in a tunnel that is left on"),
    ("showcase__pcap_flow_lab_showcase.pcap", 1, 4, "likewise"),
    ("showcase__pcap_flow_lab_showcase.pcap", 4, 6, "tshark gives no time to an answer whose second record breaks off"),
    ("hostile/ntop__nDPI/dns-invalid-chars.pcap", 4, 0, "the answer is to another name than was asked for"),
    (
        "fuzz-2006-06-26-2594.pcap",
        2,
        196,
        "what is damaged in its head or question counts as malformed alone: anybody may send anything to port 53",
    ),
    ("fuzz-2006-06-26-2594.pcap", 3, 36, "likewise"),
    ("fuzz-2006-06-26-2594.pcap", 4, 7, "likewise; answers to another name than was asked for; some questions are asked again"),
    ("capwap_data.pcapng", 0, 0, "in a tunnel"),
    ("doq.pcapng", 2, 0, "DNS over QUIC"),
    ("gnutella.pcap", 0, 5, "tshark takes port 6888 for BitTorrent's"),
    ("gnutella.pcap", 1, 5, "likewise"),
    (
        "heuristic_tcp_ack_payload.pcap",
        0,
        4,
        "padding counts as payload by a wrong length and comes first; the hello is told by its content",
    ),
    ("heuristic_tcp_ack_payload.pcap", 5, 1, "likewise"),
    (
        "blitz__tcptrace/http.dmp.gz",
        6,
        106,
        "a reply counts with its status line, there with the end of its body; some have no end of their head",
    ),
    ("ntop__nDPI/1kxun.pcap", 6, 125, "likewise"),
    ("gnutella.pcap", 6, 3, "likewise"),
    ("ntop__nDPI/vxlan.pcap", 0, 0, "in a tunnel that is left on"),
    ("ntop__nDPI/vxlan.pcap", 1, 0, "likewise"),
    ("ntop__nDPI/vxlan.pcap", 2, 0, "likewise"),
    ("ntop__nDPI/vxlan.pcap", 3, 0, "likewise"),
    ("ntop__nDPI/vxlan.pcap", 4, 0, "likewise"),
];

#[test]
fn captures_are_dissected_as_tshark_does_or_it_is_known_why_not() {
    let Some(captures) = support::captures::indexed() else { return };
    let (mut wrong, mut used) = (Vec::new(), 0);
    for capture in &captures {
        let known = OF_TSHARK.iter().find(|(name, _)| *name == capture.name).map_or([0; 7], |(_, counts)| *counts);
        let files = FileSettings { paths: vec![capture.path.clone()], ..FileSettings::default() };
        let Ok(source) = spantop::capture::file::open(&files) else { continue };
        let mirror = MirrorSettings { decap: Decap::None, dedup: false, ..MirrorSettings::default() };
        let settings = Settings { mirror, threads: 0, ..Settings::default() };
        let s = engine::run(source, &settings, Default::default()).unwrap().result;
        let counters = [
            ("tls", "client_hellos"),
            ("tls", "server_hellos"),
            ("dns", "queries"),
            ("dns", "responses"),
            ("dns", "answered"),
            ("http", "requests"),
            ("http", "status"),
        ];
        for (place, (app, counter)) in counters.into_iter().enumerate() {
            let here = count(&s, app, counter);
            let explained = EXPLAINED.iter().find(|e| capture.name.ends_with(e.0) && e.1 == place);
            used += usize::from(explained.is_some());
            if here != explained.map_or(known[place], |e| e.2) || explained.is_some_and(|e| e.2 == known[place]) {
                wrong.push(format!("{} {app} {counter}: tshark {}, here {here}", capture.name, known[place]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(used, EXPLAINED.len(), "an explanation for a capture that is not there");
}
