//! Real captures raise no false finding about the mirror: of each, which findings stand, and why they are true.
//!
//! The captures lie beside the repository; without them the test says so and passes.

mod support;

use spantop::capture::file;
use spantop::capture::{Block, Fill};
use spantop::decode::{self, Headers, Peel, Rules};
use spantop::engine::{self, Settings};
use spantop::error::Outcome;
use spantop::mirror::DuplicateFilter;
use spantop::model::mix::Keys;
use spantop::model::{Address, AppBy, CapScale, Direction, FlowKey, Frame, Proto, Value};
use spantop::names::{Transport, service};
use spantop::settings::FileSettings;
use spantop::snapshot::Snapshot;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use support::captures::{Indexed, indexed};

/// End of the capture's name, the finding that stands, why it is true.
///
/// A line that explains nothing any more fails the test.
const TRUE: &[(&str, &str, &str)] = &[
    ("blitz__tcptrace/discard.solaris.dmp.gz", "trunc.capture", "1,293 records hold less than was on the wire"),
    ("blitz__tcptrace/dsack.dmp.gz", "trunc.capture", "likewise, 11,594"),
    ("blitz__tcptrace/psc.fddi.dmp.gz", "trunc.capture", "likewise, 307"),
    ("seladb__PcapPlusPlus/file_heuristics__pcapng-example.pcapng.zst", "trunc.capture", "likewise, 39"),
    (
        "blitz__tcptrace/fast_reuse.dmp.gz",
        "trunc",
        "202 packets of up to 1,500 bytes are 128 long, and their records say that this was all",
    ),
    ("hostile/ntop__nDPI/fuzz-2006-06-26-2594.pcap", "trunc", "damaged on purpose: 27 packets claim to be longer than their frame"),
    (
        "ntop__nDPI/1kxun.pcap",
        "dup.some",
        "tshark: segments that 192.168.115.8 sends stand there twice, with the same identification and numbers, what it receives once",
    ),
    (
        "blitz__tcptrace/http.dmp.gz",
        "upstream.loss",
        "tshark: seven acknowledgements of data that is not in the capture, in four conversations",
    ),
    ("ntop__nDPI/wechat.pcap", "upstream.loss", "tshark: acknowledged data that is not in the capture (packets 863, 864, 875)"),
    ("hadrielk__pcapng-test-generator/output_le__advanced__test101.pcapng", "host.drop", "its statistics block counts 53 drops"),
    ("OISF__suricata-verify/dhcp-request-flood__test.pcap", "clock.coarse", "made by a program: its packets have one time stamp"),
    (
        "OISF__suricata-verify/bug-1450-04__tls_DER-incomplete-header.pcap",
        "clock.step",
        "the second packet is stamped 1994, its neighbours 2015",
    ),
    (
        "seladb__PcapPlusPlus/file_heuristics__pcapng-example.pcapng.zst",
        "clock.step",
        "the second packet is stamped 2061, its neighbours 2015",
    ),
    ("hostile/OISF__suricata-verify/bug-6875-01__fuzz.pcap", "clock.step", "damaged on purpose: the second packet is stamped before 1970"),
    ("ntop__nDPI/kafka.pcapng", "clock.step", "tshark: packet 19 is stamped 2.51 s before the one in front of it"),
    ("ntop__nDPI/sites.pcapng", "clock.step", "tshark: packets 503 and 617, 47.7 s and 5.98 s"),
    (
        "ntop__nDPI/heuristic_tcp_ack_payload.pcap",
        "host.gro",
        "14 segments larger than their handshake allows, in frames of up to 2,974 bytes",
    ),
    ("ntop__nDPI/sites.pcapng", "host.gro", "likewise, 20, up to 4,434 bytes"),
    ("ntop__nDPI/wechat.pcap", "host.gro", "likewise, 26, up to 8,291 bytes"),
    ("ntop__nDPI/sflow.pcap", "span.sampled", "a flow sample of rate 2,048, which its agent sent to a collector"),
    ("ntop__nDPI/fix2.pcap", "dup.some", "887 packets are there again with the same identification and one hop less"),
    (
        "ntop__nDPI/rtsp.pcap",
        "dup.every",
        "taken on all interfaces of a router: each packet comes in and goes out, and is seen by two of them each time",
    ),
    ("AlexeyVasilev__PcapFlowLab/showcase__pcap_flow_lab_showcase.pcap", "host.txcsum", "its author left the fields zero"),
    (
        "OISF__suricata-verify/dcerpc__dcerpc-ctxids__input.pcap",
        "host.txcsum",
        "in tshark's list of packets the fields hold the sum of the pseudo header",
    ),
    ("OISF__suricata-verify/decode-sll2-02__input.pcap", "host.txcsum", "likewise"),
    ("OISF__suricata-verify/http2-range__http2-range.pcap", "host.txcsum", "likewise"),
    ("chrissanders__packets/arppoison.pcapng", "host.txcsum", "likewise"),
    ("chrissanders__packets/inconsistent_printer.pcapng", "host.txcsum", "likewise"),
    ("ntop__nDPI/1kxun.pcap", "host.txcsum", "likewise"),
    ("ntop__nDPI/amqp.pcap", "host.txcsum", "likewise"),
    ("ntop__nDPI/fix2.pcap", "host.txcsum", "likewise"),
    ("ntop__nDPI/jabber.pcap", "host.txcsum", "likewise"),
    ("ntop__nDPI/sites.pcapng", "host.txcsum", "likewise"),
    ("ntop__nDPI/tls_heur__vmess-websocket.pcapng", "host.txcsum", "likewise"),
    ("ntop__nDPI/vxlan.pcap", "host.txcsum", "likewise"),
    ("ntop__nDPI/wechat.pcap", "host.txcsum", "likewise"),
    ("rusticata__pcap-parser/wireshark_samples-test.pcapng", "host.txcsum", "likewise"),
    ("seladb__PcapPlusPlus/example.pcap", "host.txcsum", "likewise"),
    ("seladb__PcapPlusPlus/file_heuristics__pcapng-example.pcapng.zst", "host.txcsum", "likewise"),
    ("seladb__PcapPlusPlus/ip-frag.pcap", "host.txcsum", "likewise"),
    ("the-tcpdump-group__tcpdump/of13_ericsson.pcapng", "host.txcsum", "likewise"),
    ("packet-c.cap", "low.uniqueness", "424 of 926 packets come twice: before and behind a firewall that changes sequence numbers"),
    (
        "seladb__PcapPlusPlus/ip-frag.pcap",
        "low.uniqueness",
        "733 of 3,000 frames are equal to an earlier one to the byte, most within 0.2 ms",
    ),
    ("ntop__nDPI/wechat.pcap", "dir.some", "nine of 45 conversations show one direction only"),
    // The network.
    ("ntop__nDPI/synscan.pcap", "scan.ports", "nmap: 1,994 SYNs to 997 ports"),
    (
        "chrissanders__packets/arppoison.pcapng",
        "arp.conflict",
        "tshark: 00:25:b3:bf:91:ee tells 172.16.0.107 that it has 172.16.0.1, for which it asks itself",
    ),
    ("chrissanders__packets/http_espn_fail.pcapng", "tcp.no_answer", "nine connections to one silent server, 84 SYNs sent again"),
    ("chrissanders__packets/tcp_zerowindowdead.pcapng", "tcp.slow_receiver", "a window of zero that is asked for in vain for 23 s"),
    (
        "OISF__suricata-verify/mime__mime-stream-depth__input.pcap",
        "tcp.slow_receiver",
        "six windows of zero of up to 98 ms, 579 full windows",
    ),
    (
        "the-tcpdump-group__tcpdump/LACP.pcap",
        "lacp.half",
        "tshark: port 22 says of its partner first that it is expired, then for 76 s that it is defaulted and all zero",
    ),
    ("ntop__nDPI/teams.pcap", "dhcp.no_offer", "a switch asks for an address every five seconds, six times, and nothing answers"),
    ("dhcp-request-flood__test.pcap", "dhcp.exhausted", "one station sends 10,000 DISCOVERs in the same microsecond"),
    ("packet-c.cap", "tls.old", "tshark: nine ServerHellos of TLS 1.0"),
    ("ntop__nDPI/ftp-start-tls.pcap", "tls.old", "tshark: likewise, one"),
    (
        "ntop__nDPI/alexa-app.pcapng",
        "tls.old",
        "tshark: likewise, of three servers that were offered more; the one client offers TLS 1.2 as well and is not told",
    ),
    ("seladb__PcapPlusPlus/example.pcap", "tls.old", "tshark: likewise, two, of a client that offers no more"),
    ("ntop__nDPI/teams.pcap", "tls.expiring", "its certificate ends 28 days later"),
    ("OISF__suricata-verify/tls__tls-subjectaltname__input.pcap", "tls.expiring", "its certificate ended four years before"),
    ("ip_fragmented_garbage.pcap", "ip.fragments", "made of TCP segments in fragments"),
    ("ntop__nDPI/alexa-app.pcapng", "icmp.redirect", "tshark: two redirects of the router"),
    (
        "ntop__nDPI/FAX-Call-t38-CA-TDM-SIP-FB-1.pcap",
        "rtp.loss",
        "tshark: one gap of 34.26 s, from number 125 to 1,838, while both go on by T.38",
    ),
    ("ntop__nDPI/alexa-app.pcapng", "tcp.loss", "197 retransmissions to servers on a bad link"),
    (
        "OISF__suricata-verify/tls__tls-subjectaltname__input.pcap",
        "tcp.loss",
        "tshark: 17 segments between selective acknowledgements that the server sends again, in one connection",
    ),
];

fn report(path: &Path) -> Option<Snapshot> {
    let source = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).ok()?;
    let Outcome { result: snapshot, failure: _ } =
        engine::run(source, &Settings { threads: 0, ..Settings::default() }, Default::default()).ok()?;
    Some(snapshot)
}

#[test]
fn no_false_finding() {
    let Some(captures) = indexed() else { return };
    let mut used: BTreeMap<usize, u32> = BTreeMap::new();
    let (mut read, mut wrong, mut contradicting) = (0, Vec::new(), Vec::new());
    for Indexed { path, .. } in captures {
        let Some(s) = report(&path) else { continue };
        read += 1;
        contradicting.extend(support::judgement::contradictions(&s).into_iter().map(|what| format!("{}: {what}", path.display())));
        for finding in s.diagnosis.findings.iter().filter(|f| f.active) {
            let name = path.to_string_lossy();
            match TRUE.iter().position(|t| name.ends_with(t.0) && t.1 == finding.id) {
                Some(line) => *used.entry(line).or_default() += 1,
                None => wrong.push(format!("{name}: {}: {}: {:?}", finding.id, finding.title, finding.evidence)),
            }
        }
    }
    assert!(read > 100, "{read} captures could be read");
    assert!(contradicting.is_empty(), "{contradicting:#?}");
    let stale: Vec<_> = (0..TRUE.len()).filter(|line| !used.contains_key(line)).map(|line| TRUE[line]).collect();
    assert!(wrong.is_empty() && stale.is_empty(), "not explained: {wrong:#?}\nnot found any more: {stale:#?}");
}

/// A TCP segment with data: conversation, direction, sequence number, bytes.
type Data = (FlowKey, bool, u32, u32);

/// Looks at every packet of a capture; gives whether it is a copy, and the TCP data in it.
fn each_packet(path: &Path, mut see: impl FnMut(bool, Option<Data>)) {
    let mut source = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).unwrap();
    let (mut block, mut headers, mut filter) = (Block::new(), Headers::default(), DuplicateFilter::new(Keys::new(1), CapScale::WHOLE));
    loop {
        block.clear();
        let fill = source.fill(&mut block).unwrap();
        for packet in &block.packets {
            let bytes = block.bytes(packet);
            decode::walk(packet.link, bytes, packet.wire, &Rules::PLAIN, Peel::NONE, &mut headers);
            let frame = frame(packet, bytes, &headers);
            let data = frame
                .tcp
                .filter(|t| t.payload > 0)
                .zip(frame.flow)
                .map(|(t, (key, way))| (key, way == Direction::AToB, t.sequence, t.payload));
            see(filter.observe(&frame).is_copy(), data);
        }
        if fill == Fill::End {
            return;
        }
    }
}

fn frame<'a>(packet: &spantop::capture::Packet, bytes: &'a [u8], headers: &Headers) -> Frame<'a> {
    let mut frame = Frame { time: packet.time, interface: packet.interface, ..Frame::default() };
    headers.show(bytes, headers.flow(), &mut frame);
    frame
}

/// Captures that hold copies: end of the name; how many packets were there before within 50 ms, unchanged but for MAC addresses, VLAN
/// and TTL; how many of them are recognised. Of TCP segments with data, how many come again (what tshark calls retransmissions), and
/// how many of those are no copies: they come later or have another identification or content. Counted from tshark's fields.
///
/// Where identifications are constant or absent the first few copies of a conversation are kept, since a repetition looks like them.
const COPIES: &[(&str, u64, u64, u64, u64)] = &[
    // The 27 segments have other contents each time: a generator's work.
    ("mac-eve-multiple-disabled__multi_mac.pcap", 39, 39, 27, 27),
    ("ntop__nDPI/fix2.pcap", 887, 887, 324, 135),
    ("ntop__nDPI/ftp-start-tls.pcap", 16, 16, 13, 0),
    // Two were sent again by their sender.
    ("ntop__nDPI/wow.pcap", 33, 33, 12, 2),
    ("ntop__nDPI/rtsp.pcap", 426, 426, 213, 0),
    ("seladb__PcapPlusPlus/ip-frag.pcap", 730, 730, 0, 0),
    ("ntop__nDPI/skinny.pcap", 34, 33, 0, 0),
    ("detect-bypass-udp__input.pcap", 33, 33, 0, 0),
];

#[test]
fn copies_are_recognised_and_no_retransmissions() {
    let Some(index) = indexed() else { return };
    let mut wrong = Vec::new();
    for &(end, copies, recognised, before, after) in COPIES {
        let Indexed { path, .. } = index.iter().find(|c| c.name.ends_with(end)).unwrap_or_else(|| panic!("no {end}"));
        let duplicates = report(path).unwrap().mirror.duplicates;
        let unsure = duplicates.classes.iter().find(|c| c.class == "ambiguous").map_or(0, |c| c.traffic.packets);
        let (mut seen, mut kept) = (HashSet::new(), HashSet::new());
        let (mut again, mut still) = (0, 0);
        each_packet(path, |is_copy, data| {
            let Some(data) = data else { return };
            again += u64::from(!seen.insert(data));
            still += u64::from(!is_copy && !kept.insert(data));
        });
        let found = (duplicates.traffic.packets, again, still);
        if found != (recognised, before, after) || recognised + unsure < copies {
            wrong.push(format!("{end}: {found:?} and {unsure} unsure"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let marked = |c: &&Indexed| c.exercises.contains("MIRROR") && !COPIES.iter().any(|copies| c.name.ends_with(copies.0));
    let missing: Vec<_> = index.iter().filter(marked).map(|c| &c.name).collect();
    assert!(missing.is_empty(), "marked as holding copies, and not looked at: {missing:?}");
}

/// The captures that come with the program, made in a lab whose faults are known (captures/MANIFEST.md): their findings and verdicts.
const BUNDLED: &[(&str, &[&str], &str)] = &[
    ("office.pcapng", &["arp.unanswered", "dns.failing", "http.errors"], "good"),
    ("duplicates.pcap", &["dup.every"], "every packet arrives twice"),
    ("one-way.pcap", &["dir.half"], "one direction only"),
    ("vlans.pcap", &[], "too little was seen to judge"),
    ("squeezed.pcap", &["span.ratelimit"], "the mirror is limited to 2.00 Mb/s"),
    ("erspan.pcap", &["path.loss"], "1.8 % of the copies lost on the way"),
];

#[test]
fn bundled_captures_show_the_faults_they_were_made_with() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut wrong = Vec::new();
    for &(name, findings, verdict) in BUNDLED {
        let s = report(&directory.join(name)).unwrap();
        let mut found: Vec<_> = s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect();
        found.sort_unstable();
        if found != findings || s.mirror.trust.summary != verdict {
            wrong.push(format!("{name}: {found:?} {:#?}", s.mirror.trust));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// tshark of one-way.pcap: one station sends, two receive at least 20 packets, and neither ever sends. Whoever asks for every row (reports
/// do) is handed the tables themselves, and evidence about stations must not go with them.
#[test]
fn the_stations_of_a_one_way_capture_are_evidence() {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/one-way.pcap");
    let s = report(&capture).unwrap();
    let finding = s.diagnosis.findings.iter().find(|f| f.id == "dir.half").expect("the finding");
    let found: Vec<_> = finding.evidence.iter().filter(|e| e.0.starts_with("macs_")).map(|(name, value)| (*name, value.clone())).collect();
    let want = [("macs_only_sending", 1), ("macs_only_receiving", 2), ("macs_in_both_roles", 0)].map(|(n, c)| (n, Value::Count(c)));
    assert_eq!(found, want);
}

/// Who was asked, by the first SYN of each connection in the capture: nothing that names conversations is asked.
fn servers(path: &Path) -> BTreeMap<[(Address, u16); 2], (Address, u16)> {
    let mut out = BTreeMap::new();
    let Ok(mut source) = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }) else { return out };
    let (mut block, mut headers) = (Block::new(), Headers::default());
    loop {
        block.clear();
        let Ok(fill) = source.fill(&mut block) else { return out };
        for packet in &block.packets {
            let bytes = block.bytes(packet);
            decode::walk(packet.link, bytes, packet.wire, &Rules::PLAIN, Peel::NONE, &mut headers);
            let frame = frame(packet, bytes, &headers);
            let Some((tcp, (key, way))) = frame.tcp.zip(frame.flow) else { continue };
            if tcp.flags & (SYN | ACK) == SYN {
                let [client, server] = key.ends(way);
                out.entry([client.min(server), client.max(server)]).or_insert(server);
            }
        }
        if fill == Fill::End {
            return out;
        }
    }
}

/// The port from which FTP's server calls back.
const FTP_DATA: u16 = 20;

/// Flags of a TCP segment.
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// A connection whose SYN is in the capture is called by its server's port where only a port tells, and services are where SYNs went to.
#[test]
fn no_conversation_is_named_by_a_clients_port() {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let bundled = BUNDLED.iter().map(|(name, ..)| bundled.join(name));
    let beside = indexed().unwrap_or_default().into_iter().map(|capture| capture.path);
    let (mut checked, mut guessed, mut wrong) = (0, 0, Vec::new());
    for path in bundled.chain(beside) {
        let Some(s) = report(&path) else { continue };
        let servers = servers(&path);
        let clients: HashSet<(Address, u16)> =
            servers.iter().flat_map(|(ends, server)| ends.iter().copied().filter(|end| end != server).collect::<Vec<_>>()).collect();
        for c in &s.stats.conversations.tcp.rows {
            let ends = [(c.a, c.a_port), (c.b, c.b_port)];
            let Some(&server) = servers.get(&[ends[0].min(ends[1]), ends[0].max(ends[1])]) else { continue };
            checked += 1;
            let Some(app) = c.app.filter(|_| c.app_by == Some(AppBy::Port)) else { continue };
            guessed += 1;
            // FTP's server opens the connections in which files come, from its own port (RFC 959): there the one who asks is the service.
            let calls_back = app == "ftp-data" && ends.iter().any(|end| *end != server && end.1 == FTP_DATA);
            if service(server.1, Transport::Tcp) != Some(app) && !calls_back {
                wrong.push(format!("{}: {ends:?} is called {app}, and {server:?} was asked", path.display()));
            }
        }
        let asked: HashSet<(Address, u16)> = servers.values().copied().collect();
        for row in s.stats.services.rows.iter().filter(|row| row.key.protocol == Proto::Tcp) {
            let end = (row.key.address, row.key.port);
            if clients.contains(&end) && !asked.contains(&end) {
                wrong.push(format!("{}: {end:?} stands among the services, and only asks", path.display()));
            }
        }
    }
    assert!(checked > 100 && guessed > 5, "{checked} connections with a SYN, {guessed} called by a port");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
