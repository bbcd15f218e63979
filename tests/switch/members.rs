//! Who wants what is sent to which group: every version of IGMP and MLD, and as tshark says of captures.

use super::support::captures::indexed;
use super::support::packet::{Packet, control};
use super::{S, Traffic, found, mac};
use spantop::capture::file;
use spantop::engine::{self, Settings};
use spantop::model::{Address, Decap, MemberRow, Severity};
use spantop::settings::{FileSettings, MirrorSettings};
use spantop::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::process::Command;

const V4: [u8; 4] = [239, 1, 2, 3];

fn v6() -> Ipv6Addr {
    "ff05::1:3".parse().unwrap()
}

fn igmp(host: u8, message: &[u8]) -> Vec<u8> {
    Packet::eth(mac(host), [1, 0, 0x5e, 1, 2, 3]).vlan(10).ipv4([10, 1, 0, host], V4).ttl(1).protocol(2).payload(message).build()
}

/// An ICMPv6 message behind the option that routers look at (RFC 2711).
fn mld(host: u8, hops: u8, kind: u8, rest: [u8; 4], body: &[u8]) -> Vec<u8> {
    let source: Ipv6Addr = format!("fe80::{host}").parse().unwrap();
    let ip = Packet::eth(mac(host), [0x33, 0x33, 0, 1, 0, 3]).ipv6(source, v6()).ttl(hops);
    ip.extension(0, &[5, 2, 0, 0, 1, 0]).icmp(kind, 0, rest).payload(body).build()
}

/// A group record: type, sources, group.
fn record(kind: u8, group: &[u8], sources: &[&[u8]]) -> Vec<u8> {
    [&[kind, 0, 0, sources.len() as u8], group, &sources.concat()].concat()
}

/// Protocol, version, VLAN, members, reports, leaves.
type Row = (&'static str, u8, Option<u16>, u64, u64, u64);

fn rows(s: &Snapshot) -> Vec<Row> {
    s.switch.members.iter().map(|m: &MemberRow| (m.protocol, m.version, m.vlan, m.members, m.reports, m.leaves)).collect()
}

#[test]
fn every_version_of_igmp() {
    let mut t = Traffic::default();
    t.talk(0..20 * S);
    t.push(S, igmp(1, &[&[0x12, 0, 0, 0][..], &V4].concat()));
    t.push(2 * S, igmp(2, &[&[0x16, 0, 0, 0][..], &V4].concat()));
    // Version 3: listens to all of it, to one source, to none any more; blocking a source says nothing of listening.
    let report = |records: Vec<u8>, n: u8| [&[0x22, 0, 0, 0, 0, 0, 0, n][..], &records].concat();
    t.push(3 * S, igmp(3, &report([record(4, &V4, &[]), record(6, &[239, 9, 9, 9], &[&[10, 1, 0, 9]])].concat(), 2)));
    t.push(4 * S, igmp(4, &report(record(5, &V4, &[&[10, 1, 0, 9]]), 1)));
    assert_eq!(rows(&t.look()), [("igmp", 3, Some(10), 4, 4, 0)]);
    t.push(5 * S, igmp(2, &[&[0x17, 0, 0, 0][..], &V4].concat()));
    t.push(6 * S, igmp(3, &report(record(3, &V4, &[]), 1)));
    let s = t.look();
    assert_eq!(rows(&s), [("igmp", 3, Some(10), 2, 4, 2)]);
    assert_eq!(s.switch.members[0].group, Address::V4(V4.into()));
}

#[test]
fn both_versions_of_mld() {
    let group = v6().octets();
    let mut t = Traffic::default();
    t.talk(0..20 * S);
    t.push(S, mld(1, 1, 131, [0; 4], &group));
    t.push(2 * S, mld(2, 1, 143, [0, 0, 0, 1], &record(4, &group, &[])));
    t.push(2 * S, mld(3, 1, 143, [0, 0, 0, 1], &record(1, &group, &[&[0xfd; 16]])));
    assert_eq!(rows(&t.look()), [("mld", 2, None, 3, 3, 0)]);
    t.push(4 * S, mld(1, 1, 132, [0; 4], &group));
    t.push(5 * S, mld(2, 1, 143, [0, 0, 0, 1], &record(3, &group, &[])));
    // What came through a router is not to be believed (RFC 3810 section 6.2).
    t.push(6 * S, mld(4, 64, 131, [0; 4], &group));
    let s = t.look();
    assert_eq!(rows(&s), [("mld", 2, None, 1, 3, 2)]);
    assert_eq!((s.switch.members[0].group, s.switch.members[0].joined.0[5]), (Address::V6(v6()), 3));
}

/// Joins and leaves of a file by protocol, as tshark says; `None` without it.
fn tshark(path: &std::path::Path) -> Option<BTreeMap<&'static str, (u64, u64)>> {
    const FIELDS: [&str; 9] = [
        "igmp.type",
        "igmp.record_type",
        "igmp.num_src",
        "icmpv6.type",
        "icmpv6.mldr.mar.record_type",
        "icmpv6.mldr.mar.nb_sources",
        "ipv6.hlim",
        "ip.version",
        "ipv6.version",
    ];
    let fields = FIELDS.iter().flat_map(|field| ["-e", field]);
    let wanted = ["-Y", "igmp or icmpv6.type in {131,132,143}", "-T", "fields", "-E", "occurrence=a"];
    let output = Command::new("tshark").arg("-r").arg(path).args(wanted).args(fields).output().ok()?;
    let mut sums = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let cells: Vec<Vec<u64>> = line.split('\t').map(|cell| cell.split(',').filter_map(number).collect()).collect();
        let records = |kinds: &[u64], sources: &[u64]| -> (u64, u64) {
            let one = |(kind, sources): (&u64, &u64)| match (kind, sources) {
                (1 | 3, 0) => (0, 1),
                (2 | 4, _) | (1 | 3 | 5, 1..) => (1, 0),
                _ => (0, 0),
            };
            kinds.iter().zip(sources).map(one).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        };
        let (protocol, added) = match (cells[0].as_slice(), cells[3].as_slice()) {
            ([0x12 | 0x16], _) => ("igmp", (1, 0)),
            ([0x17], _) => ("igmp", (0, 1)),
            ([0x22], _) => ("igmp", records(&cells[1], &cells[2])),
            (_, [131]) if cells[6] == [1] => ("mld", (1, 0)),
            (_, [132]) if cells[6] == [1] => ("mld", (0, 1)),
            (_, [143]) if cells[6] == [1] => ("mld", records(&cells[4], &cells[5])),
            _ => continue,
        };
        let sum = sums.entry(protocol).or_insert((0, 0));
        *sum = (sum.0 + added.0, sum.1 + added.1);
    }
    Some(sums)
}

/// `34` or `0x22`.
fn number(text: &str) -> Option<u64> {
    text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u64::from_str_radix(hex, 16).ok())
}

#[test]
fn as_tshark_says_of_captures() {
    let Some(captures) = indexed() else { return };
    let mut compared = BTreeMap::new();
    for capture in captures.iter().filter(|c| ["wechat.pcap", "alexa-app.pcapng", "gnutella.pcap"].iter().any(|n| c.name.ends_with(n))) {
        let Some(theirs) = tshark(&capture.path) else {
            println!("skipped: no tshark");
            return;
        };
        let mirror = MirrorSettings { dedup: false, decap: Decap::None, ..MirrorSettings::default() };
        let source = file::open(&FileSettings { paths: vec![capture.path.clone()], ..FileSettings::default() }).unwrap();
        let s =
            engine::run(source, &Settings { threads: 0, mirror, ..Settings::default() }, Default::default()).unwrap().complete().unwrap();
        let mut ours: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
        for row in &s.switch.members {
            let sum = ours.entry(row.protocol).or_default();
            *sum = (sum.0 + row.reports, sum.1 + row.leaves);
        }
        assert_eq!(ours, theirs, "{}", capture.name);
        ours.into_iter().for_each(|(protocol, sum)| *compared.entry(protocol).or_insert(0) += sum.0 + sum.1);
    }
    assert!(["igmp", "mld"].iter().all(|p| compared.get(p).is_some_and(|n| *n > 10)), "{compared:?}");
}

#[test]
fn queriers_of_ipv6_are_listed_and_two_are_told() {
    let queriers = |list: &[(u8, u8, bool)]| {
        let mut t = Traffic::default();
        t.talk(0..600 * S);
        for &(sender, version, has_alert) in list {
            let frame = control::mld_query(mac(sender), sender, version, has_alert);
            t.every(125 * S, i64::from(sender) * S..600 * S, &frame);
        }
        let s = t.look();
        let rows: Vec<_> = s.switch.queriers.iter().map(|q| (q.protocol, q.version, q.querier.to_string(), q.packets)).collect();
        (rows, found(&s))
    };
    for version in [1, 2] {
        for has_alert in [false, true] {
            let one = queriers(&[(3, version, has_alert)]);
            assert_eq!(one, (vec![("mld", version, "fe80::3".to_owned(), 5)], vec![]), "{version} {has_alert}");
        }
    }
    let (rows, told) = queriers(&[(3, 2, true), (4, 2, true)]);
    assert_eq!(rows.len(), 2);
    assert_eq!(told, [("igmp.two_queriers", Severity::Note, "fe80::4".to_owned())]);
}
