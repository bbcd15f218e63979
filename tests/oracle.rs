//! Exactness: with tunnels left on and copies counted, a report about a capture says what tshark and capinfos say of it.
//!
//! The captures and tshark's answers lie beside the repository; without them the test says so and passes.
//!
//! What is compared, and by which rule:
//! - packets, bytes, captured bytes, first and last time, VLAN identifiers;
//! - the protocol hierarchy (frames and bytes) down to the transport, and below where the layer carries packets;
//! - conversations of IPv4, IPv6, TCP and UDP, each direction, as a multiset of rows (tshark makes a TCP row of each stream, and a
//!   new SYN on used ports makes one here);
//! - end points of Ethernet, IPv4, IPv6, TCP and UDP.
//!
//! **Tunnels.** tshark counts a frame once at every network layer it has; here it belongs to the outermost. In a capture with a
//! frame of two network layers a row must therefore be among tshark's with at least as many packets, and that is all.
//! Where tshark's own tables contradict its packet list (`crosscheck` in the answer) its end points are not compared either.

mod support;

use serde_json::Value;
use spantop::capture::file;
use spantop::engine::{self, Settings};
use spantop::error::Outcome;
use spantop::model::{Decap, Proto, Timestamp};
use spantop::settings::FileSettings;
use spantop::snapshot::{Conversation, HostRow, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use support::captures::indexed;

/// Where the two differ for a reason: end of the capture's name, what the difference begins with, why.
///
/// A line that explains nothing any more fails the test.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("macsec__07_qinq_macsec_basic.pcap", "VLANs", "tshark calls a service tag's identifier ieee8021ad.id, not vlan.id"),
    ("QinQ_802.1_AD.pcapng", "VLANs", "likewise"),
    ("ntop__nDPI/sflow.pcap", "VLANs", "tshark decodes the samples in the datagram as if they were on the link"),
    ("showcase__pcap_flow_lab_showcase.pcap", "hierarchy eth: ", "tshark's tap leaves out a frame whose third label is cut"),
    ("showcase__pcap_flow_lab_showcase.pcap", "hierarchy eth:mpls:mpls:mpls", "likewise"),
    (
        "showcase__pcap_flow_lab_showcase.pcap",
        "hierarchy eth:mpls:mpls:eth",
        "tshark takes an address that begins with a zero nibble for a control word, and finds no packet behind it",
    ),
    ("showcase__pcap_flow_lab_showcase.pcap", "hierarchy eth:mpls:mpls:pwethcw", "likewise"),
    ("showcase__pcap_flow_lab_showcase.pcap", "conversations ipv4: (\"192.0.2.50 198.51.100.50\"", "likewise"),
    ("showcase__pcap_flow_lab_showcase.pcap", "conversations tcp: (\"192.0.2.50 49180 198.51.100.50 443\"", "likewise"),
    ("showcase__pcap_flow_lab_showcase.pcap", "end points ipv4: (\"192.0.2.50\"", "likewise"),
    ("showcase__pcap_flow_lab_showcase.pcap", "end points ipv4: (\"198.51.100.50\"", "likewise"),
    ("showcase__pcap_flow_lab_showcase.pcap", "end points tcp: (\"192.0.2.50 49180\"", "likewise"),
    ("showcase__pcap_flow_lab_showcase.pcap", "end points tcp: (\"198.51.100.50 443\"", "likewise"),
    ("showcase__pcap_flow_lab_showcase.pcap", "conversations udp", "a later fragment counts with the ports of its first"),
    ("showcase__pcap_flow_lab_showcase.pcap", "end points udp", "likewise"),
    ("3e80211_wpaauth.pcapng", "end points eth", "stations of 802.11 stand among the MAC addresses; tshark has a table for them"),
    ("ICMP_over_L2TPv3_Pseudowire.pcap.cap", "hierarchy eth:ip:l2tp:eth", "tshark must be told what the pseudowire carries"),
    ("output_be__basic__test011.pcapng", "first", "Simple Packet Blocks have no time: 1970 here, nothing in tshark"),
    ("output_le__advanced__test101.pcapng", "first", "likewise; here the time of the packet before"),
    ("output_le__basic__test016.pcapng", "first", "likewise"),
    ("bug-6875-01__fuzz.pcap", "first", "microseconds that overflow 32 bits in tshark"),
    ("bug-6875-01__fuzz.pcap", "hierarchy eth", "tshark takes the file for one with longer record headers"),
    ("fuzz-2006-06-26-2594.pcap", "hierarchy eth:ip:udp", "tshark's tap leaves out a frame whose dissection ended in an exception"),
    ("fuzz-2006-06-26-2594.pcap", "conversations", "likewise; and a fragment without its first has no ports and counts with ports 0"),
    ("fuzz-2006-06-26-2594.pcap", "end points", "likewise"),
    ("fuzz-2021-06-07-c6c72a0a56.pcap", "bytes", "tshark shows no length above 2^31-1; capinfos sums 4,093,509,168"),
    ("fuzz-2021-06-07-c6c72a0a56.pcap", "first", "microseconds that overflow 32 bits in tshark"),
    ("fuzz-2021-06-07-c6c72a0a56.pcap", "last", "likewise"),
    ("fuzz-2021-06-07-c6c72a0a56.pcap", "conversations", "the length again"),
    ("fuzz-2021-06-07-c6c72a0a56.pcap", "end points", "the length again"),
    ("ip_fragmented_garbage.pcap", "hierarchy eth:ip:tcp", "tshark shows a datagram's transport in the fragment that completes it"),
    ("ip_fragmented_garbage.pcap", "conversations tcp", "a later fragment counts with the ports of its first"),
    ("ip-frag.pcap", "hierarchy eth:ip:udp", "tshark shows a datagram's transport in the fragment that completes it; most never are"),
    ("ip-frag.pcap", "conversations udp", "a later fragment counts with the ports of its first"),
    ("ip-frag.pcap", "end points udp", "likewise"),
    ("ip6_fragments.pcap", "hierarchy eth:ipv6:udp", "tshark shows a datagram's transport in the fragment that completes it"),
    ("ip6_fragments.pcap", "conversations udp", "a later fragment counts with the ports of its first"),
    ("ip6_fragments.pcap", "end points udp", "likewise"),
    ("ntop__nDPI/gnutella.pcap", "hierarchy eth: ", "tshark's tap leaves out a frame of four captured bytes"),
    ("pcapng-example.pcapng.zst", "hierarchy sll", "tshark's hierarchy lists one of the two link types of this file"),
    ("ipv6_options.pcap", "hierarchy eth:ipv6:", "tshark's tap leaves out AH among IPv6 extension headers"),
    ("ipv6_options.pcap", "end points udp", "tshark's tap takes the last address of a routing header for the destination"),
    ("bigtcp-ipv4-vxlan-ipv4.pcap", "hierarchy eth:ip:udp:vxlan", "tshark stops at a UDP length of zero, as a segment yet to be cut has"),
    ("bigtcp-ipv4-vxlan-ipv4.pcap", "conversations udp", "likewise"),
    ("bigtcp-ipv4-vxlan-ipv4.pcap", "end points udp", "likewise"),
    ("macsec-snap.pcap", "hierarchy eth:macsec", "tshark wants all of the SecTAG and check value captured"),
    ("of13_ericsson.pcapng", "conversations", "tshark counts the frames that OpenFlow messages carry"),
    ("of13_ericsson.pcapng", "end points", "likewise"),
    ("vxlan_port_8472.pcap", "hierarchy eth:ip:udp:vxlan", "tshark knows port 4789 only"),
];

/// The report's picture of a capture as it was captured.
fn ours(path: &Path) -> Result<Snapshot, String> {
    let source = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).map_err(|e| e.to_string())?;
    let settings = Settings::with(|s| {
        s.threads = 2;
        s.mirror.decap = Decap::None;
        s.mirror.dedup = false
    });
    let Outcome { result: snapshot, failure } = engine::run(source, &settings, Default::default()).map_err(|e| e.to_string())?;
    failure.map_or(Ok(snapshot), |e| Err(e.to_string()))
}

/// Carriers of packets over UDP; any other layer beyond a transport is application decoding.
const OVER_UDP: [&str; 11] =
    ["vxlan", "vxlan_gpe", "geneve", "gtp", "capwap.data", "lwapp", "l2tp", "teredo", "lisp-data", "tzsp", "sflow"];

/// Whether every layer of a path means the same on both sides.
fn is_comparable(path: &str) -> bool {
    let known: BTreeSet<&str> = Proto::ALL.iter().map(|p| p.token()).filter(|&t| t != "data").collect();
    let mut before = "";
    path.split(':').all(|token| {
        let after_transport = matches!(before, "udp" | "tcp" | "sctp" | "udplite" | "dccp");
        before = token;
        known.contains(token) && (!after_transport || OVER_UDP.contains(&token))
    })
}

/// Packets and bytes a path.
type Hierarchy = BTreeMap<String, (u64, u64)>;

fn our_hierarchy(s: &Snapshot) -> Hierarchy {
    let rows = s.stats.protocols.iter().map(|row| (row.path.to_string(), (row.traffic.packets, row.traffic.wire_bytes)));
    rows.filter(|(path, _)| is_comparable(path)).collect()
}

fn their_hierarchy(oracle: &Value) -> Hierarchy {
    let mut rows = Hierarchy::new();
    for row in oracle["phs"].as_array().into_iter().flatten() {
        // tshark names a pseudowire twice, and what captures wrap (PPI, PKTAP) once more.
        let path = row["path"].as_str().unwrap_or("").replace(":pweth.cw", "").replace(":pcap_pktdata", "");
        if is_comparable(&path) && !row["path"].as_str().unwrap_or("").ends_with("pweth.cw") {
            let sums = rows.entry(path).or_default();
            sums.0 += number(row, "frames");
            sums.1 += number(row, "bytes");
        }
    }
    rows
}

fn number(row: &Value, name: &str) -> u64 {
    row[name].as_u64().unwrap_or(0)
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or("").to_owned()
}

/// A row of a table: who, and its numbers (packets first).
type Row = (String, [u64; 4]);

fn our_conversation(c: &Conversation, ports: bool) -> Row {
    let who = if ports { format!("{} {} {} {}", c.a, c.a_port, c.b, c.b_port) } else { format!("{} {}", c.a, c.b) };
    (who, [c.ab.packets, c.ab.wire_bytes, c.ba.packets, c.ba.wire_bytes])
}

fn their_conversation(row: &Value, ports: bool) -> Row {
    let (a, b) = (text(row, "a"), text(row, "b"));
    let who = if ports { format!("{a} {} {b} {}", row["a_port"], row["b_port"]) } else { format!("{a} {b}") };
    (who, ["packets_ab", "bytes_ab", "packets_ba", "bytes_ba"].map(|name| number(row, name)))
}

fn our_end(h: &HostRow, ports: bool) -> Row {
    let who = if ports { format!("{} {}", h.address, h.port) } else { h.address.to_string() };
    (who, [h.tx.packets, h.tx.wire_bytes, h.rx.packets, h.rx.wire_bytes])
}

fn their_end(row: &Value, ports: bool) -> Row {
    let who = if ports { format!("{} {}", text(row, "addr"), row["port"]) } else { text(row, "addr") };
    (who, ["tx_packets", "tx_bytes", "rx_packets", "rx_bytes"].map(|name| number(row, name)))
}

/// Differences between two multisets of rows: a row here that is not there, and the other way round.
fn compare(what: &str, mut ours: Vec<Row>, mut theirs: Vec<Row>, tunnels: bool) -> Vec<String> {
    ours.sort();
    theirs.sort();
    if tunnels {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        theirs.iter().for_each(|(who, n)| *sums.entry(who).or_default() += n[0] + n[2]);
        let few = |row: &&Row| sums.get(row.0.as_str()).is_none_or(|&n| n < row.1[0] + row.1[2]);
        return ours.iter().filter(few).map(|row| format!("{what}: {row:?} is more than tshark saw")).collect();
    }
    let mut differences = Vec::new();
    for (side, from, other) in [("ours", &ours, &theirs), ("tshark's", &theirs, &ours)] {
        let mut left: BTreeMap<&Row, usize> = BTreeMap::new();
        other.iter().for_each(|row| *left.entry(row).or_default() += 1);
        for row in from {
            match left.get_mut(row) {
                Some(n) if *n > 0 => *n -= 1,
                _ => differences.push(format!("{what}: only {side}: {row:?}")),
            }
        }
    }
    differences
}

/// One row for each who: tshark gives packets on the same UDP ports another stream where signalling announced them.
fn summed(rows: Vec<Row>) -> Vec<Row> {
    let mut sums: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for (who, numbers) in rows {
        let sum = sums.entry(who).or_default();
        sum.iter_mut().zip(numbers).for_each(|(s, n)| *s += n);
    }
    sums.into_iter().collect()
}

/// Whether some frame has two layers of a kind.
fn has_two(oracle: &Value, kinds: &[&str]) -> bool {
    let paths = oracle["phs"].as_array().into_iter().flatten().filter_map(|row| row["path"].as_str());
    // What an ICMP error quotes is no layer of the frame.
    paths.into_iter().any(|path| {
        let own = path.split(':').take_while(|t| !matches!(*t, "icmp" | "icmpv6"));
        own.filter(|t| kinds.contains(t)).count() > 1
    })
}

/// tshark's `seconds.nanoseconds`.
fn time(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.')?;
    let (seconds, fraction): (i64, i64) = (seconds.parse().ok()?, fraction.parse().ok()?);
    Some(Timestamp::new(seconds, if text.starts_with('-') { -fraction } else { fraction }))
}

fn differences(s: &Snapshot, oracle: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            out.push(format!("{what}: {ours}, tshark {theirs}"));
        }
    };
    same("packets", s.stats.total.packets.to_string(), number(oracle, "packets").to_string());
    same("bytes", s.stats.total.wire_bytes.to_string(), number(oracle, "bytes").to_string());
    same("captured", s.capture.captured_bytes.to_string(), number(oracle, "cap_bytes").to_string());
    let stamp = |name: &str| oracle[name].as_str().and_then(time).map_or("none".into(), |t| t.to_string());
    let ours = |t: Option<Timestamp>| t.map_or("none".into(), |t| t.to_string());
    same("first", ours(s.capture.first), stamp("first_ts"));
    same("last", ours(s.capture.last), stamp("last_ts"));
    let vlans: BTreeMap<String, u64> = s.stats.vlans.rows.iter().map(|row| (row.id.to_string(), row.traffic.packets)).collect();
    let theirs: BTreeMap<String, u64> =
        oracle["vlan_ids"].as_object().into_iter().flatten().filter_map(|(id, n)| Some((id.clone(), n.as_u64()?))).collect();
    same("VLANs", format!("{vlans:?}"), format!("{theirs:?}"));
    let (a, b) = (our_hierarchy(s), their_hierarchy(oracle));
    for path in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
        same(&format!("hierarchy {path}"), format!("{:?}", a.get(path)), format!("{:?}", b.get(path)));
    }
    out.extend(tables(s, oracle));
    out
}

fn tables(s: &Snapshot, oracle: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let tunnels = has_two(oracle, &["ip", "ipv6"]);
    let frames = has_two(oracle, &["eth", "cfp"]);
    let (c, e) = (&s.stats.conversations, &s.stats.endpoints);
    for (kind, table, ports) in [("ipv4", &c.ip, false), ("ipv6", &c.ipv6, false), ("tcp", &c.tcp, true), ("udp", &c.udp, true)] {
        let ours = table.rows.iter().map(|row| our_conversation(row, ports)).collect();
        let rows = oracle["conversations"][kind].as_array().into_iter().flatten();
        let theirs = rows.map(|row| their_conversation(row, ports)).collect();
        let theirs = if kind == "udp" { summed(theirs) } else { theirs };
        out.extend(compare(&format!("conversations {kind}"), ours, theirs, tunnels));
    }
    let ends = [("eth", &e.eth, false), ("ipv4", &e.ip, false), ("ipv6", &e.ipv6, false), ("tcp", &e.tcp, true), ("udp", &e.udp, true)];
    for (kind, table, ports) in ends {
        let trusted = oracle["crosscheck"][kind].as_str().is_none_or(|answer| answer == "match");
        if !trusted {
            continue;
        }
        let ours = table.rows.iter().map(|row| our_end(row, ports)).collect();
        let theirs = oracle["endpoints"][kind].as_array().into_iter().flatten().map(|row| their_end(row, ports)).collect();
        out.extend(compare(&format!("end points {kind}"), ours, theirs, if kind == "eth" { frames } else { tunnels }));
    }
    out
}

/// The line of [`EXPLAINED`] that explains a difference.
fn explanation(name: &str, difference: &str) -> Option<usize> {
    EXPLAINED.iter().position(|(capture, start, _)| name.ends_with(capture) && difference.starts_with(start))
}

/// Lines shown of one capture's differences.
const SHOWN: usize = 12;

#[test]
fn reports_on_captures_as_captured_are_tsharks() {
    let Some(captures) = indexed() else { return };
    let (mut compared, mut explained, mut wrong) = (0, 0, 0);
    let mut used = BTreeSet::new();
    for capture in captures {
        let (name, oracle) = (&capture.name, capture.oracle());
        let found = match ours(&capture.path) {
            Ok(snapshot) => differences(&snapshot, &oracle),
            Err(error) => vec![format!("unreadable: {error}")],
        };
        compared += 1;
        let mut unknown = Vec::new();
        for difference in found {
            match explanation(name, &difference) {
                Some(line) => used.insert(line),
                None => {
                    unknown.push(difference);
                    continue;
                }
            };
            explained += 1;
        }
        if !unknown.is_empty() {
            wrong += 1;
            println!("{name}: {} differences", unknown.len());
            unknown.iter().take(SHOWN).for_each(|d| println!("    {d}"));
        }
    }
    println!("{compared} captures, {wrong} with unexplained differences, {explained} explained differences");
    assert!(compared > 100, "only {compared} captures");
    assert_eq!(wrong, 0, "captures with unexplained differences");
    let stale: Vec<_> = EXPLAINED.iter().enumerate().filter(|(line, _)| !used.contains(line)).map(|(_, e)| e).collect();
    assert!(stale.is_empty(), "explained, but no longer different: {stale:#?}");
}
