//! Captures of every link type that carries IP, in every file format: the same conversation in each.

mod support;

use spantop::capture::file;
use spantop::engine::{self, Settings};
use spantop::model::Verdict;
use spantop::settings::FileSettings;
use spantop::snapshot::Snapshot;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use support::packet::captured::{CAPTURED, Captured, NAMED, Over, erf_file, sll, sll2};
use support::packet::file::{LITTLE, netmon, pcap_of};
use support::packet::{ACK, FIN, PSH, Packet, SYN};

const CLIENT: [u8; 4] = [192, 0, 2, 10];
const SERVER: [u8; 4] = [192, 0, 2, 20];

/// A TCP conversation of 21 packets, as Ethernet frames.
fn conversation() -> Vec<Vec<u8>> {
    let macs = ([2, 0, 0, 0, 0, 10], [2, 0, 0, 0, 0, 11]);
    let packet = |up: bool, seq: u32, ack: u32, flags: u8, bytes: usize| {
        let (eth, ends, ports) =
            if up { (macs, (CLIENT, SERVER), (40_000, 443)) } else { ((macs.1, macs.0), (SERVER, CLIENT), (443, 40_000)) };
        let packet = Packet::eth(eth.0, eth.1).unpadded().ip(ends.0, ends.1).tcp(ports.0, ports.1);
        packet.seq(seq).ack(ack).flags(flags).payload(&vec![7; bytes]).build()
    };
    let mut out = vec![packet(true, 1000, 0, SYN, 0), packet(false, 9000, 1001, SYN | ACK, 0), packet(true, 1001, 9001, ACK, 0)];
    for n in 0..8u32 {
        out.push(packet(true, 1001 + n * 30, 9001 + n * 50, PSH | ACK, 30));
        out.push(packet(false, 9001 + n * 50, 1031 + n * 30, PSH | ACK, 50));
    }
    out.push(packet(true, 1241, 9401, FIN | ACK, 0));
    out.push(packet(false, 9401, 1242, FIN | ACK, 0));
    assert_eq!(out.len(), 21);
    out
}

/// A capture file that is removed when the test ends.
struct Temp(PathBuf);

impl Temp {
    fn new(bytes: &[u8]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!("spantop-links-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn analyse(bytes: &[u8]) -> Snapshot {
    let temp = Temp::new(bytes);
    let source = file::open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).unwrap();
    let outcome = engine::run(source, &Settings { threads: 1, ..Settings::default() }, Default::default()).unwrap();
    assert_eq!(outcome.failure, None);
    outcome.result
}

/// What the conversation is, whatever held it: ends, packets each way, connection marks.
fn assert_found(s: &Snapshot, what: &str) {
    let [row] = s.stats.conversations.tcp.rows.as_slice() else { panic!("{what}: {:#?}", s.stats.conversations.tcp.rows) };
    let [(a, b), (b_port, a_port)] = [(row.a.to_string(), row.b.to_string()), (row.b_port.to_string(), row.a_port.to_string())];
    let (client, server) = (format!("{a}:{a_port}"), format!("{b}:{b_port}"));
    assert_eq!((client.as_str(), server.as_str()), ("192.0.2.10:40000", "192.0.2.20:443"), "{what}");
    assert_eq!((row.ab.packets, row.ba.packets), (11, 10), "{what}");
    assert_eq!(s.mirror.link.packets, 21, "{what}");
    assert!(s.diagnosis.findings.iter().all(|f| f.id != "link.unknown"), "{what}: {:#?}", s.diagnosis.findings);
}

fn held(way: &Captured, frame: &[u8]) -> Vec<u8> {
    (way.hold)(if way.over == Over::Frame { frame } else { &frame[14..] })
}

#[test]
fn every_link_type_shows_the_conversation() {
    for way in CAPTURED {
        let packets: Vec<_> = conversation().iter().map(|frame| held(way, frame)).collect();
        let what = format!("{} {}", way.link, way.path);
        let s = analyse(&pcap_of(way.link.into(), &packets));
        assert_found(&s, &what);
        if way.link == 128 {
            // TZSP is a mirror's: its outside is taken off.
            continue;
        }
        // What the capture itself put before a frame is no load.
        let bytes: usize = packets.iter().map(|p| p.len() - way.own).sum();
        assert_eq!((s.stats.total.packets, s.stats.total.wire_bytes as usize), (21, bytes), "{what}");
        let eth = if way.over == Over::Frame { ":eth" } else { "" };
        let path = format!("{}{eth}:ip:tcp", way.path);
        assert!(s.stats.protocols.iter().any(|p| p.path.to_string() == path && p.traffic.packets == 21), "{what}: {path}");
        let names: Vec<_> = s.capture.sources[0].link_types.iter().map(ToString::to_string).collect();
        assert!(way.link == 11 || names.iter().all(|n| !n.starts_with("LINKTYPE_")), "{what}: {names:?}");
    }
}

/// Every hardware type of Linux whose protocol field is an EtherType.
#[test]
fn cooked_captures_of_every_hardware_type() {
    // Ethernet, token ring, ARCNET, InfiniBand, SLIP, PPP, HDLC, raw IP, IP tunnels, loopback, FDDI, SIT, GRE, IrDA, Fibre Channel, GRE over
    // IPv6, none: linux/if_arp.h.
    for hardware in [1, 6, 7, 32, 256, 512, 513, 519, 768, 769, 772, 774, 776, 778, 784, 823, 0xfffe, 0xffff] {
        for version in [1, 2] {
            let cooked =
                |frame: &Vec<u8>| if version == 1 { sll(hardware, 0x0800, &frame[14..]) } else { sll2(hardware, 0x0800, &frame[14..]) };
            let packets: Vec<_> = conversation().iter().map(cooked).collect();
            let s = analyse(&pcap_of(if version == 1 { 113 } else { 276 }, &packets));
            assert_found(&s, &format!("hardware {hardware}, version {version}"));
        }
    }
}

#[test]
fn link_types_known_by_name_are_named() {
    for &(link, bytes, name) in NAMED {
        let s = analyse(&pcap_of(link.into(), &vec![bytes.to_vec(); 3]));
        let last = s.stats.protocols.last().unwrap();
        assert_eq!((last.path.to_string(), last.traffic.packets), (name.to_owned(), 3), "{link}");
        assert_eq!(s.mirror.trust.verdict, Verdict::Unknown);
    }
}

#[test]
fn files_of_capture_cards_and_of_network_monitor() {
    let frames = conversation();
    let bytes: u64 = frames.iter().map(|f| f.len() as u64).sum();
    let s = analyse(&erf_file(&frames));
    assert_found(&s, "erf");
    assert_eq!((s.stats.total.wire_bytes, s.capture.losses.interface_drops, s.capture.sources[0].format.as_str()), (bytes, 21, "erf"));
    assert_eq!(s.capture.first.unwrap().0, 1_700_000_000_000_000_000);
    // What wrote the file says so first, of no time, as Wireshark's writer does: an extension header, and nothing that would be a frame.
    let mut made_by = vec![0; 40];
    made_by[8..16].copy_from_slice(&[0x80 | 27, 4, 0, 40, 0, 0, 0, 16]);
    made_by[16] = 0x11;
    let with = analyse(&[made_by, erf_file(&frames)].concat());
    let row = &with.stats.conversations.tcp.rows[0];
    assert_eq!((row.ab.packets, row.ba.packets, with.mirror.link.packets), (11, 10, 22), "it is a record, as to tshark");
    assert_eq!((with.capture.sources[0].format.as_str(), with.capture.first), ("erf", s.capture.first));
    for version in [(1, 1), (2, 0), (2, 1), (2, 2), (2, 3)] {
        let s = analyse(&netmon(version, 1, &frames));
        assert_found(&s, &format!("{version:?}"));
        let beyond = if version.0 == 1 { 0 } else { 21 * 4 };
        assert_eq!((s.stats.total.wire_bytes, s.capture.sources[0].format.as_str()), (bytes + beyond, "netmon"), "{version:?}");
        assert_eq!(s.capture.last.unwrap().0 - s.capture.first.unwrap().0, 20_000_000, "{version:?}");
    }
}

/// One file of several interfaces, each of a link type of its own, with halves of one conversation.
#[test]
fn interfaces_of_different_link_types_in_one_file() {
    let mut file = LITTLE.section();
    file.extend(LITTLE.interface(1, 0, &LITTLE.option(2, b"eth0")));
    file.extend(LITTLE.interface(239, 0, &LITTLE.option(2, b"nflog")));
    let log = CAPTURED.iter().find(|way| way.link == 239).unwrap();
    for (n, frame) in conversation().iter().enumerate() {
        let (interface, packet) = if n % 2 == 0 { (0, frame.clone()) } else { (1, held(log, frame)) };
        file.extend(LITTLE.enhanced(interface, n as u64 * 1_000, packet.len() as u32, &packet));
    }
    let s = analyse(&file);
    assert_found(&s, "two interfaces");
    let rows: Vec<_> = s.capture.sources[0].interfaces.iter().map(|i| (i.name.clone().unwrap(), i.link.to_string(), i.packets)).collect();
    assert_eq!(rows, [("eth0".to_owned(), "ETHERNET".to_owned(), 11), ("nflog".to_owned(), "NFLOG".to_owned(), 10)]);
}
