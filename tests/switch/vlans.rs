//! VLANs: what switches call them, which are seen one way only, which lie in others; and the classes that packets ask for.

use super::support::packet::Packet;
use super::support::packet::control;
use super::{Millis, S, Traffic, mac};
use spantop::snapshot::Snapshot;
use spantop::snapshot::table::{AnyTable, FieldValue};
use spantop::snapshot::tables::classes::CLASSES;

/// A datagram from one station to another with this tag and traffic class.
fn datagram([from, to]: [u8; 2], tag: u16, class: u8, n: Millis) -> Vec<u8> {
    let eth = Packet::eth(mac(from), mac(to)).tag(0x8100, tag);
    let ip = eth.ip([10, 1, 0, from], [10, 1, 0, to]).id(n as u16 + 1).traffic_class(class);
    ip.udp(5000, 5000).payload(&n.to_be_bytes()).build()
}

#[test]
fn what_a_router_brings_into_a_vlan_and_takes_out_of_it() {
    let mut t = Traffic::default();
    let tagged = |from: u8, to: u8, addresses: [[u8; 4]; 2], n: i64| {
        Packet::eth(mac(from), mac(to)).vlan(20).ip(addresses[0], addresses[1]).id(n as u16).udp(5000, 5000).payload(&[7; 100]).build()
    };
    // Station 1 asks hosts of other networks by router 9, two for each that comes back; and talks with station 2 beside it.
    for n in 0..3_000i64 {
        let far = [192, 0, 2, (n % 50) as u8];
        t.push(n * 10, tagged(1, 9, [[10, 20, 0, 1], far], n));
        if n % 2 == 0 {
            t.push(n * 10 + 3, tagged(9, 1, [far, [10, 20, 0, 1]], n));
        }
        t.push(n * 10 + 6, tagged(1, 2, [[10, 20, 0, 1], [10, 20, 0, 2]], n));
    }
    let s = t.look();
    let row = s.stats.vlans.rows.iter().find(|row| row.id == 20).expect("the VLAN");
    let ways = row.ways.expect("a router was seen");
    assert_eq!(ways.traffic.map(|traffic| traffic.packets), [1_500, 3_000]);
    assert_eq!((row.traffic.packets, s.switch.routers.clone()), (7_500, vec![spantop::model::Mac(mac(9))]));
    // Where all stay among themselves nothing is told.
    let mut inside = Traffic::default();
    (0..3_000i64).for_each(|n| inside.push(n * 10, tagged(1, 2, [[10, 20, 0, 1], [10, 20, 0, 2]], n)));
    assert_eq!(inside.look().stats.vlans.rows[0].ways, None);
}

#[test]
fn vlans_have_names_and_directions() {
    let mut t = Traffic::default();
    t.every(30 * S, 0..60 * S, &control::full_lldp(mac(9)));
    for n in 0..400 {
        let ways = if n % 2 == 0 { [1, 2] } else { [2, 1] };
        t.push(n * 100, datagram(ways, 10, 0, n));
        t.push(n * 100 + 1, datagram([3, 4], 20, 0, n));
    }
    (0..50).for_each(|n| t.push(n * 100 + 3, datagram([5, 6], 30, 0, n)));
    let s = t.look();
    let mut rows: Vec<_> = s.stats.vlans.rows.iter().map(|v| (v.id, v.name.as_deref(), v.one_way, v.groups.map(|g| g.packets))).collect();
    rows.sort_unstable();
    let want = [(10, Some("voice"), Some(false), Some(0)), (20, Some("data"), Some(true), Some(0)), (30, None, None, Some(0))];
    assert_eq!(rows, want, "50 frames say nothing of directions");
}

#[test]
fn frames_to_groups_are_a_part_of_their_vlan() {
    let mut t = Traffic::default();
    t.every(S, 0..60 * S, &Packet::eth(mac(1), [0xff; 6]).vlan(10).ip([10, 1, 0, 1], [255; 4]).udp(68, 67).payload(&[1; 30]).build());
    (0..60).for_each(|n| t.push(n * S + 7, datagram([1, 2], 10, 0, n)));
    let s = t.look();
    assert_eq!(
        s.stats.vlans.rows.iter().map(|v| (v.id, v.traffic.packets, v.groups.map(|g| g.packets))).collect::<Vec<_>>(),
        [(10, 120, Some(60))]
    );
}

#[test]
fn vlans_in_vlans_are_pairs() {
    let mut t = Traffic::default();
    let inside = |outer, inner, n: Millis| {
        let eth = Packet::eth(mac(1), mac(2)).service_vlan(outer).vlan(inner);
        eth.ip([10, 1, 0, 1], [10, 1, 0, 2]).id(n as u16 + 1).udp(5000, 5000).payload(&n.to_be_bytes()).build()
    };
    for n in 0..30 {
        t.push(n * S, inside(100, 10, n));
        // Each packet another, or they were copies.
        t.push(n * S + 1, datagram([1, 2], 10, 0, 1000 + n));
    }
    (0..10).for_each(|n| t.push(n * S + 2, inside(100, 20, 2000 + n)));
    let s = t.look();
    let pairs: Vec<_> = s.stats.vlan_pairs.iter().map(|p| (p.outer, p.inner, p.traffic.packets)).collect();
    assert_eq!(pairs, [(100, 10, 30), (100, 20, 10)], "a single tag is no pair");
}

/// By what, value, name, packets, share.
fn classes(s: &Snapshot) -> Vec<(String, u64, String, u64, f64)> {
    let rows = CLASSES.rows(0, s);
    let text = |value: FieldValue<'_>| value.as_text().unwrap_or_default().to_owned();
    let count = |value: FieldValue<'_>| if let FieldValue::Count(n) = value { n } else { u64::MAX };
    let real = |value: FieldValue<'_>| if let FieldValue::Real(x) = value { x } else { f64::NAN };
    let at = |token: &str| CLASSES.heads().iter().position(|head| head.token == token).unwrap();
    let [by, value, name, packets, share] = ["by", "value", "name", "packets", "packet_share"].map(at);
    let row = |n| {
        let of = |field| rows.value(n, field);
        (text(of(by)), count(of(value)), text(of(name)), count(of(packets)), real(of(share)))
    };
    (0..rows.len()).map(row).collect()
}

#[test]
fn packets_by_the_class_they_ask_for() {
    let mut t = Traffic::default();
    for n in 0..100 {
        // Voice, and bulk that can be told of congestion; of that every fifth was.
        t.push(n * 100, datagram([1, 2], 5 << 13 | 10, 46 << 2, n));
        t.push(n * 100 + 1, datagram([2, 1], 10, 10 << 2 | if n % 5 == 0 { 3 } else { 2 }, n));
    }
    let rows = classes(&t.look());
    let want = [
        ("pcp", 0, "best effort", 100, 0.5),
        ("pcp", 5, "voice", 100, 0.5),
        ("dscp", 10, "AF11", 100, 0.5),
        ("dscp", 46, "EF", 100, 0.5),
        ("ecn", 0, "not capable", 100, 0.5),
        ("ecn", 2, "ECT(0)", 80, 0.8),
        ("ecn", 3, "congestion experienced", 20, 0.2),
    ];
    let want = want.map(|(by, value, name, packets, share)| (by.to_owned(), value, name.to_owned(), packets, share));
    assert_eq!(rows, want);
}
