//! Decoding against tshark: the protocol hierarchy and VLANs of every capture, inner conversations, cuts.

use serde_json::Value;
use spantop::decode::{self, Headers, Rules};
use spantop::model::{LinkType, Proto};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// One packet as the capture holds it.
struct Record {
    link: LinkType,
    wire: u32,
    bytes: Vec<u8>,
}

/// The captures' directory, or a printed note.
fn captures() -> Option<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    if directory.join("INDEX.tsv").exists() {
        return Some(directory);
    }
    println!("skipped: no captures at {}", directory.display());
    None
}

/// Every capture of the index with what tshark says of it.
fn indexed(directory: &Path) -> Vec<(String, PathBuf, Value)> {
    let index = std::fs::read_to_string(directory.join("INDEX.tsv")).unwrap();
    let names = index.lines().skip(1).filter_map(|line| line.split('\t').next());
    names
        .filter_map(|name| {
            let oracle = std::fs::read_to_string(directory.join("oracle").join(format!("{name}.json"))).ok()?;
            Some((name.to_owned(), directory.join(name), serde_json::from_str(&oracle).ok()?))
        })
        .collect()
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
        decode::walk(record.link, &record.bytes, record.wire, &Rules::PLAIN, &mut headers);
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
    let Some(directory) = captures() else { return };
    let (mut compared, mut differing) = (0, Vec::new());
    for (name, path, oracle) in indexed(&directory) {
        let Some(records) = read(&path) else {
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
