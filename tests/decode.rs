//! Decoding against tshark: the protocol hierarchy and VLANs of every capture, inner conversations, cuts.

mod support;

use proptest::prelude::*;
use serde_json::Value;
use spantop::decode::stamp::{self, Tail};
use spantop::decode::{self, Fragment, Headers, Net, Peel, Rules, TransportHeader};
use spantop::model::{FastHeaders, Frame, LinkType, Proto, StampKind, Stop, Timestamp, TunnelKind};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::captures::{Indexed, indexed};
use support::fuzz::assert_sound;
use support::packet::Packet;

/// One packet as the capture holds it.
struct Record {
    link: LinkType,
    wire: u32,
    bytes: Vec<u8>,
}

/// A little reader: pcap and pcapng, plain or gzip. `None` for any other format.
fn read(path: &Path) -> Option<Vec<Record>> {
    let mut bytes = std::fs::read(path).ok()?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        // A damaged end leaves what came before it.
        let _ = flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain);
        bytes = plain;
    }
    match bytes.get(..4)? {
        [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => Some(pcap(&bytes, false)),
        [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => Some(pcap(&bytes, true)),
        [0x0a, 0x0d, 0x0d, 0x0a] => Some(pcapng(&bytes)),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let word = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
}

/// Link types in files are the registry's, but for old ones that systems numbered differently.
fn link_type(number: u32) -> LinkType {
    LinkType((number & 0xffff) as u16)
}

fn pcap(bytes: &[u8], big: bool) -> Vec<Record> {
    let mut records = Vec::new();
    let (Some(version), Some(link)) = (word(bytes, 4, big), word(bytes, 20, big).map(link_type)) else { return records };
    let (major, minor) = if big { (version >> 16, version & 0xffff) } else { (version & 0xffff, version >> 16) };
    let mut at = 24;
    while let (Some(first), Some(second)) = (word(bytes, at + 8, big), word(bytes, at + 12, big)) {
        // Before version 2.3 the two lengths were the other way round, in some files of 2.3 too.
        let swapped = major == 2 && (minor < 3 || minor == 3 && first > second);
        let (captured, wire) = if swapped { (second, first) } else { (first, second) };
        let Some(data) = bytes.get(at + 16..at + 16 + captured as usize) else { break };
        records.push(Record { link, wire: wire.max(captured), bytes: data.to_vec() });
        at += 16 + captured as usize;
    }
    records
}

fn pcapng(bytes: &[u8]) -> Vec<Record> {
    let (mut records, mut links, mut at, mut big) = (Vec::new(), Vec::new(), 0, false);
    while let Some(kind) = word(bytes, at, big) {
        if kind == 0x0a0d_0d0a {
            big = bytes.get(at + 8..at + 12) == Some(&[0x1a, 0x2b, 0x3c, 0x4d]);
            links.clear();
        }
        let Some(length) = word(bytes, at + 4, big).filter(|&l| l >= 12) else { break };
        let Some(block) = bytes.get(at..at + length as usize) else { break };
        let (interface, header, captured, wire) = match kind {
            1 => {
                let number = word(block, 8, big).unwrap_or(0);
                links.push((link_type(if big { number >> 16 } else { number }), word(block, 12, big).unwrap_or(0)));
                at += length as usize;
                continue;
            }
            6 => (word(block, 8, big), 28, word(block, 20, big), word(block, 24, big)),
            2 => (word(block, 8, big).map(|w| if big { w >> 16 } else { w & 0xffff }), 28, word(block, 20, big), word(block, 24, big)),
            3 => {
                let wire = word(block, 8, big);
                let snap = links.first().map_or(0, |&(_, snap)| if snap == 0 { u32::MAX } else { snap });
                (Some(0), 12, wire.map(|w| w.min(snap)), wire)
            }
            _ => (None, 0, None, None),
        };
        if let (Some(interface), Some(captured), Some(wire)) = (interface, captured, wire)
            && let Some(&(link, _)) = links.get(interface as usize)
            && let Some(data) = block.get(header..header + captured as usize)
        {
            records.push(Record { link, wire: wire.max(captured), bytes: data.to_vec() });
        }
        at += length as usize;
    }
    records
}

/// What is beyond a transport header in tshark's paths is application decoding, but for these, which carry packets.
const OVER_UDP: [&str; 11] =
    ["vxlan", "vxlan_gpe", "geneve", "gtp", "capwap.data", "lwapp", "l2tp", "teredo", "lisp-data", "tzsp", "sflow"];

/// A path's layers as far as both sides mean the same by them.
fn comparable<'a>(layers: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let known: BTreeSet<&str> = Proto::ALL.iter().map(|p| p.token()).collect();
    let mut out: Vec<&str> = Vec::new();
    for token in layers {
        // tshark names a pseudowire twice.
        if token == "pweth.cw" {
            continue;
        }
        let after_transport = matches!(out.last(), Some(&("udp" | "tcp" | "sctp" | "udplite" | "dccp")));
        if !known.contains(token) || token == "data" || after_transport && !OVER_UDP.contains(&token) {
            break;
        }
        out.push(token);
    }
    out
}

/// Frames a path, every prefix counted.
type Hierarchy = BTreeMap<String, u64>;

fn ours(records: &[Record]) -> (Hierarchy, BTreeMap<String, u64>) {
    let (mut paths, mut vlans) = (Hierarchy::new(), BTreeMap::new());
    let mut headers = Headers::default();
    for record in records {
        decode::walk(record.link, &record.bytes, record.wire, &Rules::PLAIN, Peel::NONE, &mut headers);
        let tokens: Vec<String> = headers.path.layers().map(|l| l.to_string()).collect();
        let cut = comparable(tokens.iter().map(String::as_str));
        for length in 1..=cut.len() {
            *paths.entry(cut[..length].join(":")).or_default() += 1;
        }
        for id in headers.vlans.ids().iter().collect::<BTreeSet<_>>() {
            *vlans.entry(id.to_string()).or_default() += 1;
        }
    }
    (paths, vlans)
}

fn theirs(oracle: &Value) -> (Hierarchy, BTreeMap<String, u64>) {
    let mut paths = Hierarchy::new();
    for row in oracle["phs"].as_array().into_iter().flatten() {
        let (path, frames) = (row["path"].as_str().unwrap_or(""), row["frames"].as_u64().unwrap_or(0));
        let cut = comparable(path.split(':'));
        // A row that was cut is counted with its ancestor already.
        let whole = path.split(':').filter(|&t| t != "pweth.cw").count();
        if cut.len() == whole && path.split(':').next_back() != Some("pweth.cw") {
            *paths.entry(cut.join(":")).or_default() += frames;
        }
    }
    let vlans = oracle["vlan_ids"].as_object().into_iter().flatten();
    (paths, vlans.filter_map(|(id, n)| Some((id.clone(), n.as_u64()?))).collect())
}

/// Where the two differ for a reason: capture, what the differing lines begin with, why.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("macsec__07_qinq_macsec_basic.pcap", "VLANs", "tshark calls a service tag's identifier ieee8021ad.id, not vlan.id"),
    ("QinQ_802.1_AD.pcapng", "VLANs", "likewise"),
    ("ntop__nDPI/sflow.pcap", "VLANs", "tshark decodes the samples in the datagram as if they were on the link"),
    ("showcase__pcap_flow_lab_showcase.pcap", "eth: 1557", "tshark's tap leaves out a frame whose third label is cut"),
    ("showcase__pcap_flow_lab_showcase.pcap", "eth:mpls:mpls:mpls", "likewise"),
    (
        "showcase__pcap_flow_lab_showcase.pcap",
        "eth:mpls:mpls:eth",
        "tshark takes an address that begins with a zero nibble for a control word",
    ),
    ("showcase__pcap_flow_lab_showcase.pcap", "eth:mpls:mpls:pwethcw", "likewise"),
    ("ntop__nDPI/gnutella.pcap", "eth: 3905", "tshark's tap leaves out a frame of four captured bytes"),
    ("ICMP_over_L2TPv3_Pseudowire.pcap.cap", "eth:ip:l2tp:eth", "tshark must be told what the pseudowire carries"),
    ("ip-frag.pcap", "eth:ip:udp", "tshark shows a datagram's transport in the fragment that completes it; most are never complete"),
    ("fuzz-2006-06-26-2594.pcap", "eth:ip:udp", "likewise"),
    ("bug-6875-01__fuzz.pcap", "eth:ip", "tshark takes the file for one with longer record headers"),
    ("ipv6_options.pcap", "eth:ipv6:", "tshark's tap leaves out AH among IPv6 extension headers"),
    ("bigtcp-ipv4-vxlan-ipv4.pcap", "eth:ip:udp:vxlan", "tshark stops at a UDP length of zero, which a segment yet to be cut has"),
    ("macsec-snap.pcap", "eth:macsec", "tshark wants all of the SecTAG and check value captured"),
    ("vxlan_port_8472.pcap", "eth:ip:udp:vxlan", "tshark knows port 4789 only"),
];

fn is_explained(name: &str, difference: &str) -> bool {
    EXPLAINED.iter().any(|(capture, start, _)| name.ends_with(capture) && difference.starts_with(start))
}

#[test]
fn hierarchy_and_vlans_are_tsharks() {
    let Some(captures) = indexed() else { return };
    let (mut compared, mut differing) = (0, Vec::new());
    for capture in captures {
        let (name, oracle) = (&capture.name, capture.oracle());
        let Some(records) = read(&capture.path) else {
            println!("skipped: {name} is neither pcap nor pcapng");
            continue;
        };
        // A damaged file ends where tshark gives up.
        let readable = oracle["packets"].as_u64().map_or(records.len(), |n| n as usize);
        let records = &records[..records.len().min(readable)];
        compared += 1;
        let ((our_paths, our_vlans), (their_paths, their_vlans)) = (ours(records), theirs(&oracle));
        for path in our_paths.keys().chain(their_paths.keys()).collect::<BTreeSet<_>>() {
            let (a, b) = (our_paths.get(path).copied().unwrap_or(0), their_paths.get(path).copied().unwrap_or(0));
            if a != b {
                differing.push((name.clone(), format!("{path}: {a} frames, tshark {b}")));
            }
        }
        if our_vlans != their_vlans {
            differing.push((name.clone(), format!("VLANs {our_vlans:?}, tshark {their_vlans:?}")));
        }
    }
    println!("{compared} captures compared");
    assert!(compared > 100, "only {compared} captures compared");
    for (capture, start, _) in EXPLAINED {
        assert!(differing.iter().any(|(n, d)| n.ends_with(capture) && d.starts_with(start)), "{capture} {start}: explains nothing");
    }
    differing.retain(|(name, difference)| !is_explained(name, difference));
    assert!(differing.is_empty(), "{} differences:\n{differing:#?}", differing.len());
}

/// Everything that counts, in words.
fn summary(h: &Headers) -> String {
    let tunnels: Vec<_> = h.tunnels.iter().collect();
    format!(
        "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {tunnels:?} {:?}",
        h.path,
        (h.frame_at, h.wire, h.net_at, h.net_end, h.transport_at, h.payload_at),
        h.mac,
        (h.ether_type, h.protocol),
        h.vlans,
        h.net,
        h.fragment,
        h.transport,
        h.mirror,
        h.stop
    )
}

/// Every capture that lies beside the repository, and those in it.
fn captures() -> Vec<PathBuf> {
    let own = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")).unwrap();
    let own = own.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    own.chain(indexed().into_iter().flatten().map(|i| i.path)).collect()
}

/// Holds the fast path against the walk: the same frame of every packet that goes the short way.
#[test]
fn both_decoders_show_the_same_frame_of_every_packet() {
    let (mut headers, mut headers_fast, mut both) = (Headers::default(), FastHeaders::default(), 0u64);
    for path in captures() {
        for record in read(&path).into_iter().flatten().filter(|r| r.link == LinkType::ETHERNET) {
            let Record { bytes, wire, link } = &record;
            decode::fast(bytes, *wire, &Rules::PLAIN, &mut headers_fast);
            if headers_fast.is_blank() {
                continue;
            }
            let start = Frame { bytes, wire: *wire, ttl: 1, l2_end: 1, fragment: true, ..Frame::default() };
            // What the packet before left behind must not show.
            let (mut short, mut long) = (start, Frame { is_plain: true, ..Frame::default() });
            headers_fast.show(&mut short);
            decode::walk(*link, bytes, *wire, &Rules::PLAIN, Peel::ALL, &mut headers);
            headers.show(bytes, headers.flow(), &mut long);
            assert!(!long.is_plain);
            // Only the fast path says that nothing is left to be read; its own tests hold that against what is there.
            long.is_plain = short.is_plain;
            assert_eq!(format!("{short:?}"), format!("{long:?}"), "{}", path.display());
            assert_eq!((short.payload(), short.l2_payload()), (long.payload(), long.l2_payload()), "{}", path.display());
            assert!(short.payload().len() <= usize::from(headers_fast.payload));
            both += 1;
        }
    }
    println!("{both} packets");
    assert!(both > 1_000, "{both} packets");
}

/// Packets of a capture that are cut, and the longest cut.
const CUT_PACKETS: usize = 200;
const LONGEST_CUT: usize = 400;

#[test]
fn a_cut_anywhere_is_sound_and_says_so() {
    let Some(captures) = indexed() else { return };
    let (mut headers, mut cuts) = (Headers::default(), 0u64);
    for Indexed { name, path, .. } in captures {
        for record in read(&path).into_iter().flatten().take(CUT_PACKETS) {
            decode::walk(record.link, &record.bytes, record.wire, &Rules::PLAIN, Peel::ALL, &mut headers);
            let (whole, stop) = (headers.path.depth(), headers.stop);
            for length in 0..record.bytes.len().min(LONGEST_CUT) {
                let bytes = &record.bytes[..length];
                for peel in [0, u8::MAX] {
                    decode::walk(record.link, bytes, record.wire, &Rules::PLAIN, Peel::tunnels(peel), &mut headers);
                    assert_sound(&headers, bytes);
                }
                // What is guessed from bytes may be guessed otherwise when they are gone; a path never grows by it.
                assert!(headers.path.depth() <= whole + 1, "{name}: {} is longer than the whole packet's", headers.path);
                if headers.stop == Some(Stop::Malformed) && stop.is_none() {
                    panic!("{name}: {length} bytes of {} are called malformed", headers.path);
                }
                cuts += 1;
            }
        }
    }
    println!("{cuts} cuts");
    assert!(cuts > 100_000);
}

/// One line a frame of tshark's fields.
fn tshark(path: &Path, fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(path).args(["-T", "fields", "-E", "occurrence=l", "-E", "separator=|"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect())
}

#[test]
fn inner_conversations_are_tsharks() {
    let Some(captures) = indexed() else { return };
    let fields =
        ["frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"];
    let (mut frames, mut files) = (0, 0);
    let mut headers = Headers::default();
    for Indexed { name, path, .. } in captures {
        let records = read(&path).unwrap_or_default();
        let tunnelled = |r: &Record, h: &mut Headers| {
            decode::walk(r.link, &r.bytes, r.wire, &Rules::PLAIN, Peel::ALL, h);
            // The samples of an sFlow datagram are several frames, of which the walk reads none.
            h.tunnels.iter().any(|t| t.kind != TunnelKind::Sflow)
        };
        // What tshark does not follow (see above) it cannot confirm.
        let beyond = ["ICMP_over_L2TPv3", "bigtcp-ipv4-vxlan", "vxlan_port_8472"].iter().any(|n| name.contains(n));
        if beyond || name.starts_with("hostile") || !records.iter().any(|r| tunnelled(r, &mut headers)) {
            continue;
        }
        let Some(rows) = tshark(&path, &fields) else {
            println!("skipped: no tshark here");
            return;
        };
        assert_eq!(rows.len(), records.len(), "{name}");
        files += 1;
        for (number, (record, row)) in records.iter().zip(&rows).enumerate() {
            // The packet quoted in an ICMP error is no conversation; a fragment's transport is shown elsewhere.
            let quoted = row[0].split_once("icmp").is_some_and(|(_, rest)| rest.contains(":ip"));
            // What tshark takes for a control word, and what is behind it for no packet.
            let guessed = row[0].contains(":pwethheuristic:pwethcw:") && row[0].ends_with(":llc:data");
            if !tunnelled(record, &mut headers) || quoted || guessed || headers.fragment != Fragment::Whole {
                continue;
            }
            let at = format!("{name} frame {}: {row:?} {}", number + 1, summary(&headers));
            let innermost = row[0].split(':').rfind(|t| matches!(*t, "ip" | "ipv6"));
            match (headers.net, innermost) {
                (Net::V4(s, d), Some("ip")) => assert_eq!((s.to_string(), d.to_string()), (row[1].clone(), row[2].clone()), "{at}"),
                (Net::V6(s, d), Some("ipv6")) => assert_eq!((s.to_string(), d.to_string()), (row[3].clone(), row[4].clone()), "{at}"),
                // An inner frame without IP: the last address tshark has is the outer one.
                (Net::None, _) => {}
                _ => panic!("{at}"),
            }
            match headers.transport {
                TransportHeader::Tcp { source, destination, .. } => {
                    assert_eq!((source.to_string(), destination.to_string()), (row[5].clone(), row[6].clone()), "{at}");
                }
                TransportHeader::Udp { source, destination } => {
                    assert_eq!((source.to_string(), destination.to_string()), (row[7].clone(), row[8].clone()), "{at}");
                }
                _ => {}
            }
            frames += 1;
        }
    }
    println!("{frames} frames in {files} captures");
    assert!(frames > 500 && files > 10, "{frames} frames in {files} captures");
}

/// The start of a packet that leads deep: Ethernet, IPv4, UDP to `port`, or GRE with `protocol`.
fn lead(kind: u8, number: u16) -> Vec<u8> {
    let eth = Packet::eth([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]).unpadded();
    let (a4, b4) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    match kind % 4 {
        0 => eth.ether_type(number),
        1 => eth.ipv4(a4, b4).fragment_word(0).length(0x200).udp(0xc000, number).length(0x1ec).checksum(0),
        2 => eth.ipv4(a4, b4).fragment_word(0).length(0x200).protocol(47).header(&[&[0x30, 0][..], &number.to_be_bytes()].concat()),
        _ => eth.ipv6([0xfdfd; 8], [0xfdfd; 8]).length(0x100).protocol(number as u8),
    }
    .build()
}

/// Numbers that lead somewhere: UDP ports, GRE protocols and EtherTypes, IPv6 next headers.
const LEADS: [u16; 43] = [
    1701, 2152, 3544, 4341, 4789, 4790, 5247, 6081, 6343, 8472, 12222, 37008, 5555, 0x6558, 0x88be, 0x22eb, 0x883e, 0x8200, 0x8909, 0x6400,
    0x880b, 0x0800, 0x86dd, 0x8847, 0x8864, 0x8100, 0x22f3, 0x88e5, 0x88e7, 0x8926, 0x893f, 0x894f, 0x8903, 0, 4, 41, 43, 44, 47, 51,
    0xd28b, 0x22e5, 0x88b5,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_on_any_link_are_sound(
        link in prop_oneof![Just(1u16), 0u16..300, any::<u16>()],
        led in proptest::option::weighted(0.8, (any::<u8>(), proptest::sample::select(LEADS.to_vec()))),
        tail in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0u8), Just(8u8), Just(0x45u8)], 0..300),
        peel in prop_oneof![Just(0u8), Just(1), Just(u8::MAX), any::<u8>()],
        longer in prop_oneof![Just(0u32), 0u32..2000, any::<u32>()],
    ) {
        let mut bytes = led.map(|(kind, number)| lead(kind, number)).unwrap_or_default();
        bytes.extend(tail);
        let wire = longer.saturating_add(bytes.len() as u32);
        let mut rules = Rules::PLAIN;
        let peel_off = Peel { tunnels: peel, tag: wire % 2 == 0 };
        rules.set_port(5555, TunnelKind::ArubaErm).unwrap();
        (rules.stamps, rules.ttag) = (wire % 3 == 0, Some(0x88b5));
        let (mut headers, mut fresh) = (Headers::default(), Headers::default());
        // A walk leaves nothing behind for the next.
        decode::walk(LinkType::ETHERNET, &lead(1, 4789), 512, &rules, peel_off, &mut headers);
        decode::walk(LinkType(link), &bytes, wire, &rules, peel_off, &mut headers);
        decode::walk(LinkType(link), &bytes, wire, &rules, peel_off, &mut fresh);
        assert_sound(&headers, &bytes);
        prop_assert_eq!(summary(&headers), summary(&fresh));
        for sample in decode::sflow::samples(&bytes) {
            prop_assert!(sample.header.end <= bytes.len() && sample.header.start <= sample.header.end);
        }
        let net_end = if wire % 5 == 0 { 0 } else { headers.net_end as usize };
        let stamps = [Tail::new(&bytes, net_end, Timestamp(0)), Tail::ending(&bytes, peel, Timestamp(i64::MAX))];
        for (kind, tail) in StampKind::ALL.iter().flat_map(|k| stamps.iter().map(move |t| (*k, t))) {
            let found = stamp::trailer(kind, tail);
            prop_assert!(found.is_none_or(|s| usize::from(s.bytes) <= bytes.len().saturating_sub(tail.floor)));
        }
        if let Some((_, stamp)) = stamp::header(&bytes, rules.ttag) {
            prop_assert!(stamp.bytes > 0);
        }
        let _ = stamp::keyframe(&bytes, Timestamp(i64::MIN));
    }
}
