//! Capture filters of what is selected find what was captured, whatever it is wrapped in.

mod support;

use spantop::browse::{Browser, FileShelf};
use spantop::capture::{Block, Fill, file};
use spantop::decode::Rules;
use spantop::engine::{self, Settings};
use spantop::model::{Address, Timestamp};
use spantop::settings::FileSettings;
use spantop::snapshot::{PacketStore, PacketSubject, Snapshot, Wrappings};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::packet::{Erspan, Packet};

const START: i64 = 1_700_000_000_000_000_000;

/// A capture of these frames.
fn capture(name: &str, frames: &[Vec<u8>]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("selection-{name}.pcap"));
    let packets = frames.iter().enumerate().map(|(n, frame)| (START + n as i64 * 1_000_000, frame.as_slice()));
    fs::write(&path, support::packet::file::pcap(packets)).unwrap();
    path
}

fn settings(path: &Path) -> FileSettings {
    FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }
}

fn snapshot(path: &Path) -> Snapshot {
    let source = file::open(&settings(path)).unwrap();
    let outcome = engine::run(source, &Settings::default(), Default::default()).unwrap();
    outcome.complete().unwrap()
}

/// How many packets of a capture a filter finds; tcpdump, where there is one, has to agree.
fn found(path: &Path, filter: &str) -> u64 {
    let source = file::open(&FileSettings { filter: Some(filter.to_owned()), ..settings(path) }).unwrap();
    let outcome = engine::run(source, &Settings::default(), Default::default()).unwrap();
    let count = outcome.complete().unwrap().mirror.link.packets;
    if let Ok(output) = Command::new("tcpdump").arg("-nr").arg(path).arg(filter).output() {
        assert!(output.status.success(), "{filter}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.starts_with('\t')).count() as u64,
            count,
            "{filter}"
        );
    }
    count
}

/// How many packets Wireshark's filter finds, where there is a tshark.
fn shown(path: &Path, filter: &str) -> Option<u64> {
    let output = Command::new("tshark").arg("-r").arg(path).args(["-Y", filter]).output().ok()?;
    assert!(output.status.success(), "{filter}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).lines().count() as u64)
}

/// What a datagram of 10.0.0.1 and 10.0.0.2 is wrapped in.
type Wrap = fn(Packet) -> Packet;

fn datagrams(wrap: Wrap, host: u8, count: u16) -> Vec<Vec<u8>> {
    // Others than those of another call: copies are left out.
    let of = |n: u16| {
        let n = n + 100 * count;
        let (from, to, ports) = if n % 3 == 2 { (2, host, (5000, 4000)) } else { (host, 2, (4000, 5000)) };
        let packet = wrap(Packet::eth([2, 0, 0, 0, 0, from], [2, 0, 0, 0, 0, to]));
        packet.ip([10, 0, 0, from], [10, 0, 0, to]).id(n + 1).udp(ports.0, ports.1).payload(&n.to_be_bytes().repeat(50)).build()
    };
    (0..count).map(of).collect()
}

fn four(n: u8) -> Address {
    Address::V4([10, 0, 0, n].into())
}

fn between(host: u8) -> PacketSubject {
    PacketSubject::Between { a: four(host), a_port: 4000, b: four(2), b_port: 5000, protocol: Some(17) }
}

#[test]
fn tags_labels_and_sessions_are_named() {
    let plain: Wrap = |packet| packet;
    let wraps: [(&str, Wrap); 6] = [
        ("one tag", |packet| packet.vlan(10)),
        ("two tags", |packet| packet.service_vlan(10).vlan(20)),
        ("a label", |packet| packet.mpls(100)),
        ("two labels in a tag", |packet| packet.vlan(10).mpls(100).mpls(200)),
        ("PPPoE", |packet| packet.pppoe(7)),
        ("PPPoE in a tag", |packet| packet.vlan(10).pppoe(7)),
    ];
    for (name, wrap) in wraps {
        let frames = [datagrams(wrap, 1, 30), datagrams(plain, 1, 12), datagrams(plain, 3, 5), datagrams(wrap, 3, 7)].concat();
        let path = capture(&name.replace(' ', "-"), &frames);
        let snapshot = snapshot(&path);
        let cases = [(between(1), 42), (between(3), 12), (PacketSubject::Host { address: four(2), port: 0 }, 54)];
        for (subject, count) in cases.into_iter().chain([(PacketSubject::Host { address: four(1), port: 4000 }, 42)]) {
            let filter = subject.bpf(&Wrappings::of(&snapshot, &subject)).unwrap().unwrap();
            assert_eq!((found(&path, &filter.text), &filter.limits), (count, &None), "{name}: {}", filter.text);
            let display = subject.wireshark().unwrap();
            assert!(shown(&path, &display).is_none_or(|shown| shown == count), "{name}: {display}");
        }
    }
}

#[test]
fn a_vlan_is_found_at_either_tag() {
    let frames = [
        datagrams(|packet| packet.service_vlan(10).vlan(20), 1, 9),
        datagrams(|packet| packet.vlan(20), 1, 4),
        datagrams(|packet| packet.vlan(10), 1, 2),
        datagrams(|packet| packet, 1, 1),
    ];
    let path = capture("either", &frames.concat());
    let snapshot = snapshot(&path);
    for (id, count) in [(10, 11), (20, 13), (30, 0)] {
        let subject = PacketSubject::Vlan(id);
        let filter = subject.bpf(&Wrappings::of(&snapshot, &subject)).unwrap().unwrap();
        assert_eq!(found(&path, &filter.text), count, "{}", filter.text);
    }
}

#[test]
fn copies_without_their_tag_are_found_too() {
    let inner = datagrams(|packet| packet.vlan(10), 1, 40);
    let bare = datagrams(|packet| packet, 1, 40);
    let frames: Vec<Vec<u8>> = inner.into_iter().zip(bare).flat_map(|(tagged, bare)| [tagged, bare]).collect();
    let path = capture("copies", &frames);
    let snapshot = snapshot(&path);
    assert_eq!(snapshot.stats.total.packets, 40, "copies are left out of the tables");
    let filter = between(1).bpf(&Wrappings::of(&snapshot, &between(1))).unwrap().unwrap();
    assert_eq!(found(&path, &filter.text), 80, "{}", filter.text);
}

#[test]
fn orders_that_exclude_each_other_are_told() {
    let frames = [datagrams(|packet| packet.vlan(10), 1, 9), datagrams(|packet| packet.mpls(5), 1, 4), datagrams(|packet| packet, 1, 2)];
    let path = capture("orders", &frames.concat());
    let filter = between(1).bpf(&Wrappings::of(&snapshot(&path), &between(1))).unwrap().unwrap();
    assert_eq!(found(&path, &filter.text), 11, "{}", filter.text);
    assert!(filter.limits.as_deref().is_some_and(|limits| limits.contains("packets in mpls are left out")), "{:?}", filter.limits);
}

#[test]
fn what_lies_in_a_tunnel_gets_the_filter_of_the_tunnel() {
    let mirrored = |n: u32, frame: &[u8]| {
        let outer = Packet::eth([2, 0, 0, 0, 0, 8], [2, 0, 0, 0, 0, 9]).ip([10, 9, 0, 8], [10, 9, 0, 9]);
        outer.erspan2(Erspan { sequence: Some(n), session: 1, ..Erspan::default() }).frame(frame).build()
    };
    let inner = datagrams(|packet| packet.vlan(10), 1, 40);
    let frames: Vec<Vec<u8>> = inner.iter().zip(0..).map(|(frame, n)| mirrored(n, frame)).collect();
    let path = capture("tunnel", &frames);
    let snapshot = snapshot(&path);
    for subject in [between(1), PacketSubject::Host { address: four(1), port: 0 }, PacketSubject::Vlan(10)] {
        let filter = subject.bpf(&Wrappings::of(&snapshot, &subject)).unwrap().unwrap();
        assert_eq!(found(&path, &filter.text), 40, "{}", filter.text);
        let limits = filter.limits.unwrap();
        assert_eq!(limits, "BPF cannot look into erspan: it takes the whole tunnel");
        let display = subject.wireshark().unwrap();
        assert!(shown(&path, &display).is_none_or(|shown| shown == 40), "{display}");
    }
    // Nothing is known of the tunnel's ends: there is no filter rather than one that finds nothing.
    let unknown = Snapshot { mirror: Default::default(), ..snapshot };
    let why = between(1).bpf(&Wrappings::of(&unknown, &between(1))).unwrap_err();
    assert_eq!(why, "no capture filter: BPF cannot look into erspan");
}

/// Captures whose conversations lie in tags, labels, tunnels or fragments.
const WRAPPED: &[&str] = &[
    "AlexeyVasilev__PcapFlowLab/showcase__pcap_flow_lab_showcase.pcap",
    "OISF__suricata-verify/decode-erspan-typeI-02__input.pcap",
    "OISF__suricata-verify/geneve-decoder__input.pcap",
    "OISF__suricata-verify/pppoe__input.pcap",
    "epiecs__packetlife-backup/EoMPLS_802.1q.pcap.cap",
    "epiecs__packetlife-backup/path_MTU_discovery.cap",
    "ntop__nDPI/capwap_data.pcapng",
    "ntop__nDPI/ipv6_in_gtp.pcap",
    "ntop__nDPI/mqtt.pcap",
    "ntop__nDPI/vxlan.pcap",
    "seladb__PcapPlusPlus/ip6_fragments.pcap",
    "seladb__PcapPlusPlus/ipv6.dmp",
    "seladb__PcapPlusPlus/ipv6_options.pcap",
    "the-tcpdump-group__tcpdump/erspan-type-i-1.pcap",
    "the-tcpdump-group__tcpdump/erspan-type-ii-1.pcap",
    "the-tcpdump-group__tcpdump/erspan-type-iii-ft-0.pcap",
    "the-tcpdump-group__tcpdump/icmpv6-rfc7112.pcap",
    "the-tcpdump-group__tcpdump/mpls-traceroute.pcap",
    "the-tcpdump-group__tcpdump/rpvstp-trunk-native-vid5.pcap",
    "the-tcpdump-group__tcpdump/various_gre.pcap",
];

/// The numbers of the packets that Wireshark's filter finds.
fn numbers(path: &Path, filter: &str) -> Option<Vec<u64>> {
    let output = Command::new("tshark")
        .arg("-r")
        .arg(path)
        .args(["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"])
        .args(["-n", "-Y", filter, "-T", "fields", "-e", "frame.number"])
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.parse().ok()).collect())
}

/// Saves a capture's packets of a subject in a folder; what is said of it in the end.
fn saved(path: &Path, folder: &Path, subject: &PacketSubject) -> String {
    let index = std::sync::Arc::default();
    let mut source = file::open_noting(&settings(path), Some(&index)).unwrap();
    let mut block = Block::new();
    while !matches!(source.fill(&mut block), Ok(Fill::End) | Err(_)) {
        block.clear();
    }
    let shelf = Box::new(FileShelf::new(settings(path), index));
    let browser = Browser::start(shelf, Rules::default(), Some(folder.to_owned().into())).unwrap();
    let mut said = browser.save(subject);
    let began = std::time::Instant::now();
    while said == "saving …" && began.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        said = browser.save(&PacketSubject::Numbers(Vec::new(), String::new()));
    }
    said
}

#[test]
fn what_is_saved_of_a_selection_is_what_wireshark_finds() {
    let Some(captures) = support::captures::indexed() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("selection-saved");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let (mut compared, mut differing) = (0, Vec::new());
    for name in WRAPPED.iter().copied() {
        let capture = captures.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no {name}"));
        let snapshot = snapshot(&capture.path);
        let tables = &snapshot.stats.conversations;
        let mut subjects = Vec::new();
        for (table, protocol) in [
            (&tables.tcp, Some(6)),
            (&tables.udp, Some(17)),
            (&tables.sctp, Some(132)),
            (&tables.ip, None),
            (&tables.ipv6, None),
            (&tables.eth, None),
        ] {
            let of = |c: &spantop::snapshot::Conversation| PacketSubject::Between {
                a: c.a,
                a_port: c.a_port,
                b: c.b,
                b_port: c.b_port,
                protocol,
            };
            subjects.extend(table.rows.iter().take(6).map(of));
        }
        subjects.extend(snapshot.stats.vlans.rows.iter().take(3).map(|row| PacketSubject::Vlan(row.id)));
        let original = packets(&capture.path);
        for subject in subjects {
            let Some(wanted) = numbers(&capture.path, &subject.wireshark().unwrap()) else {
                println!("skipped: no tshark");
                return;
            };
            let said = saved(&capture.path, &folder, &subject);
            let saved = said.rsplit(" to ").next().map(PathBuf::from).filter(|path| path.is_file());
            let saved = saved.map_or(Vec::new(), |path| packets(&path));
            let wanted: Vec<_> = wanted.iter().filter_map(|n| original.get(*n as usize - 1).cloned()).collect();
            if saved != wanted {
                differing.push(format!("{name}: {subject:?}: {} saved, {} found: {said}", saved.len(), wanted.len()));
            }
            compared += 1;
        }
    }
    assert!(differing.is_empty() && compared > 50, "{compared} compared, {}:\n{}", differing.len(), differing.join("\n"));
}

/// Every packet of a file.
fn packets(path: &Path) -> Vec<(Timestamp, Vec<u8>)> {
    let mut source = file::open(&settings(path)).unwrap();
    let (mut block, mut all) = (Block::new(), Vec::new());
    loop {
        block.clear();
        let filled = source.fill(&mut block);
        all.extend(block.packets.iter().map(|p| (p.time, block.captured(p).to_vec())));
        if !matches!(filled, Ok(Fill::Packets)) {
            return all;
        }
    }
}
