//! More of everything than there is room for, through the whole engine: tables stay within their caps, what has no row is counted, sums are exact.

use super::support::packet::control::{self, BfdEnd};
use super::support::packet::{Erspan, Packet};
use super::{S, Traffic, mac};
use spantop::model::limits::{GATEWAYS, MEMBERSHIPS, NEIGHBOURS, QUERIERS, SESSIONS, SPEAKERS, SWITCH_EVENTS, TREES, VLAN_PAIRS};
use spantop::snapshot::Snapshot;
use spantop::snapshot::tables::stations::groups;

/// A station of many.
fn one_of_many(n: u32) -> [u8; 6] {
    let [_, a, b, c] = n.to_be_bytes();
    [2, 7, 0, a, b, c]
}

/// A frame with VLAN tags put behind its addresses, the outermost first.
fn tagged(frame: &[u8], vlans: &[u16]) -> Vec<u8> {
    let tags = vlans.iter().flat_map(|vlan| [0x81, 0x00, (vlan >> 8) as u8, *vlan as u8]);
    frame[..12].iter().copied().chain(tags).chain(frame[12..].iter().copied()).collect()
}

/// Everything that was sent is in the sums, whatever has rows.
fn is_whole(t: &Traffic, s: &Snapshot) {
    let bytes: u64 = t.frames.iter().map(|(_, frame)| frame.len() as u64).sum();
    assert_eq!((s.stats.total.packets, s.stats.total.wire_bytes), (t.frames.len() as u64, bytes));
    assert_eq!(s.stats.protocols[0].traffic, s.stats.total, "all of it is Ethernet");
    assert!(s.switch.events.len() <= SWITCH_EVENTS);
}

#[test]
fn devices_that_say_who_they_are() {
    let mut t = Traffic::default();
    let count = 3 * NEIGHBOURS as u32;
    // 26 a second: all of them within the time for which their words hold.
    (0..count).for_each(|n| t.push(i64::from(n) * 39, control::full_lldp(one_of_many(n))));
    let s = t.look();
    is_whole(&t, &s);
    assert_eq!(s.switch.neighbours.len(), NEIGHBOURS);
    assert_eq!((s.switch.packets, s.switch.beyond), (u64::from(count), u64::from(count) - NEIGHBOURS as u64));
    // Those that are no longer heard make room for others.
    (0..10).for_each(|n| t.push(400 * S + i64::from(n), control::full_lldp(one_of_many(count + n))));
    t.talk(0..400 * S);
    let s = t.look();
    let newest = (0..10).filter(|n| s.switch.neighbours.iter().any(|row| row.source.0 == one_of_many(count + n))).count();
    assert_eq!((newest, s.switch.neighbours.len()), (10, NEIGHBOURS));
}

#[test]
fn vlans_in_vlans() {
    let mut t = Traffic::default();
    let frame = Packet::eth(mac(1), mac(2)).ip([10, 1, 0, 1], [10, 1, 0, 2]).udp(9, 9).payload(b"x").build();
    // All VLANs there are, and more pairs of them than are counted apart.
    (1..4_095u16).for_each(|vlan| t.push(i64::from(vlan), tagged(&frame, &[vlan])));
    let pairs = 2 * VLAN_PAIRS as i64;
    (0..pairs).for_each(|n| t.push(5 * S + n, tagged(&frame, &[1 + (n / 100) as u16, 1 + (n % 100) as u16])));
    let s = t.look();
    is_whole(&t, &s);
    assert!(s.stats.vlans.total_rows <= 4_096 && s.stats.vlan_pairs.len() <= VLAN_PAIRS, "{}", s.stats.vlans.total_rows);
    // A frame counts for each VLAN it is in.
    let tags = |frame: &[u8]| {
        let tag = |at: usize| (frame[at..at + 2] == [0x81, 0]).then(|| u16::from_be_bytes([frame[at + 2], frame[at + 3]]));
        [tag(12), tag(12).and_then(|_| tag(16))]
    };
    let of_vlan = t.frames.iter().filter(|(_, frame)| tags(frame).contains(&Some(7))).count();
    let row = s.stats.vlans.rows.iter().find(|row| row.id == 7).expect("a row of VLAN 7");
    assert_eq!(row.traffic.packets, of_vlan as u64);
}

#[test]
fn groups_and_who_joins_and_asks_for_them() {
    let mut t = Traffic::default();
    let count = 3 * MEMBERSHIPS as u32;
    for n in 0..count {
        let [_, _, a, b] = n.to_be_bytes();
        t.push(i64::from(n) * 20, control::igmp_report(one_of_many(n), 1 + (n % 200) as u8, [239, 1, a, b]));
    }
    (0..2 * QUERIERS as u16).for_each(|n| t.push(i64::from(n) * 40, tagged(&control::igmp_query(mac(9), 1), &[1 + n])));
    let s = t.look();
    is_whole(&t, &s);
    assert!(s.switch.members.len() <= MEMBERSHIPS && !s.switch.members.is_empty(), "{}", s.switch.members.len());
    assert_eq!(s.switch.queriers.len(), QUERIERS);
    assert!(s.switch.beyond >= QUERIERS as u64, "{}", s.switch.beyond);
    assert!(groups(&s).iter().all(|row| row.mac.is_group()));
}

#[test]
fn trees_and_gateways() {
    let mut t = Traffic::default();
    let count = TREES as u32 + 1_000;
    for n in 0..count {
        let hello = super::naming(1, 8).per_vlan(one_of_many(n / 4_000), 1 + (n % 4_000) as u16, Some(1 + (n % 4_000) as u16));
        t.push(i64::from(n) * 30, hello);
    }
    let gateways = 2 * GATEWAYS as u32;
    for n in 0..gateways {
        t.push(i64::from(n) * 40, tagged(&control::vrrp(1 + (n % 200) as u8, 200, 2), &[1 + (n / 200) as u16]));
    }
    let s = t.look();
    is_whole(&t, &s);
    assert!(s.switch.trees.len() <= TREES && s.switch.trees.len() > 1_000, "{}", s.switch.trees.len());
    assert!(s.switch.gateways.len() <= GATEWAYS && s.switch.gateways.len() > 100, "{}", s.switch.gateways.len());
    assert!(s.switch.beyond >= 1_000, "{}", s.switch.beyond);
}

#[test]
fn sessions_of_mirrors_and_of_routers() {
    let mut t = Traffic::default();
    let frame = Packet::eth(mac(1), mac(2)).ip([10, 1, 0, 1], [10, 1, 0, 2]).udp(9, 9).payload(b"x").build();
    let count = 2 * SESSIONS as u32;
    for n in 0..count {
        let [_, _, a, b] = n.to_be_bytes();
        let header = Erspan { session: (n % 1_000) as u16, sequence: Some(n), ..Erspan::default() };
        let outer = Packet::eth(mac(250), mac(251)).ip([192, 0, a, b], [192, 0, 2, 2]).id(n as u16);
        t.push(i64::from(n) * 5, outer.erspan2(header).frame(&frame).build());
    }
    // Two ends each: more of them than there is room for.
    for n in 0..SPEAKERS as u16 {
        let [from, to] = [1 + (n % 200) as u8, 201 + (n / 200) as u8];
        for (ends, numbers) in [([from, to], [1, 2]), ([to, from], [2, 1])] {
            let hello = BfdEnd { numbers, ..BfdEnd::new(ends[0], ends[1]) }.frame();
            (0..3).for_each(|again| t.push(i64::from(n) * 40 + again * 300, hello.clone()));
        }
    }
    let s = t.look();
    assert_eq!(s.mirror.sessions.len(), SESSIONS);
    assert_eq!(s.stats.total.packets, t.frames.len() as u64);
    assert!(s.switch.speakers.len() <= SPEAKERS && s.switch.speakers.len() > 100, "{}", s.switch.speakers.len());
}
