//! What is a copy of what, and how copies are classed.

use super::super::CopyVerdict::*;
use super::super::*;
use super::*;

#[test]
fn classes() {
    let mut f = filter();
    let mut check = |n: u16, change: &dyn Fn(Made) -> Made, class| {
        let p = tcp(false, n, 1000, u32::from(n) * 100, 100).at(i64::from(n) * MS);
        assert_eq!(p.feed(&mut f), First);
        assert_eq!(change(p.clone()).at(i64::from(n) * MS + 20 * US).feed(&mut f), Copy(class));
    };
    check(1, &|p| p, CopyClass::Identical);
    check(2, &|p| p, CopyClass::Identical);
    check(3, &|p| p.vlan(0x000a), CopyClass::Vlan);
    check(4, &|p| p.routed(1), CopyClass::Routed);
    check(5, &|p| p.routed(3).vlan(7), CopyClass::Routed);
    check(6, &|p| Made { session: 4, ..p }, CopyClass::Session);
    check(7, &|p| Made { interface: 1, ..p }, CopyClass::Session);
    let report = f.report();
    assert_eq!(report.observed.packets, 14);
    assert_eq!(report.copies().packets, 7);
    assert_eq!(report.class(CopyClass::Routed).traffic.packets, 2);
    assert_eq!(report.sightings[..7], [7, 0, 0, 0, 0, 0, 0]);
    assert_eq!(
        report.vlans,
        [VlanChange { first: None, later: Some(7), packets: 1 }, VlanChange { first: None, later: Some(10), packets: 1 }]
    );
    assert_eq!((report.flows, report.flows_copied), (1, 1));
    let p50 = report.gaps().quantile(0.5).unwrap();
    assert!(p50.abs_diff(20_000) < 20_000 / 20, "{p50}");
}

#[test]
fn priority_is_a_vlan_change_and_group_destinations_are_flooded() {
    let mut f = filter();
    assert_eq!(udp(false, 9, 1, b"abc").vlan(0x2005).feed(&mut f), First);
    assert_eq!(udp(false, 9, 1, b"abc").vlan(0x6005).at(US).feed(&mut f), Copy(CopyClass::Vlan));
    assert_eq!(f.report().vlans, []);
    let mut p = udp(false, 10, 1, b"abc");
    p.bytes[0] = 1;
    assert_eq!(p.feed(&mut f), First);
    assert_eq!(p.clone().at(US).vlan(9).feed(&mut f), Copy(CopyClass::Flooded));
}

#[test]
fn the_same_words_in_two_vlans_are_no_copy_long_after() {
    let mut f = filter();
    udp(false, 0, 1, b"abc").vlan(300).feed(&mut f);
    assert_eq!(udp(false, 0, 1, b"abc").vlan(301).at(40 * MS).feed(&mut f), Ambiguous);
    assert_eq!(udp(false, 0, 1, b"abc").vlan(300).at(45 * MS).feed(&mut f), Copy(CopyClass::Vlan));
    udp(false, 9, 1, b"abc").vlan(300).feed(&mut f);
    assert_eq!(udp(false, 9, 1, b"abc").vlan(301).at(40 * MS).feed(&mut f), Copy(CopyClass::Vlan));
}

#[test]
fn every_kth_copy_is_counted() {
    let mut f = filter();
    tcp(false, 1, 1000, 1, 100).feed(&mut f);
    for k in 0..4 {
        let verdict = tcp(false, 2, 1000, 2, 100).at(k * 10 * US).feed(&mut f);
        assert_eq!(verdict.is_copy(), k > 0);
    }
    assert_eq!(f.report().sightings[..7], [1, 1, 1, 0, 0, 0, 0]);
}

#[test]
fn an_unfilled_checksum_meets_the_filled_one() {
    let mut f = filter();
    for v6 in [false, true] {
        let filled = tcp(v6, 4, 1000, 5, 300);
        let mut partial = filled.clone();
        let sum = partial_checksum(&partial.frame()).unwrap();
        let at = partial.transport as usize + 16;
        partial.bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(partial.feed(&mut f), First);
        assert_eq!(filled.clone().at(US).vlan(3).feed(&mut f), Copy(CopyClass::Vlan));
        let mut f = filter();
        let mut wrong = filled.clone();
        wrong.bytes[at] ^= 0x55;
        assert_eq!(filled.feed(&mut f), First);
        assert_eq!(partial.at(US).vlan(3).feed(&mut f), Copy(CopyClass::Vlan), "whichever comes first");
        assert_eq!(wrong.at(2 * US).vlan(3).feed(&mut f), First, "another checksum is another packet");
    }
}

#[test]
fn the_pseudo_header_sum() {
    // 10.0.0.1 -> 10.0.0.2, TCP, 20 bytes: 0a00 + 0001 + 0a00 + 0002 + 0006 + 0014.
    assert_eq!(partial_checksum(&tcp(false, 1, 1, 1, 0).frame()), Some(0x1400 + 3 + 6 + 20));
}

#[test]
fn a_cut_copy_meets_the_whole_one() {
    let mut f = filter();
    // 64 captured bytes: 10 bytes of payload.
    tcp(false, 1, 1000, 1, 700).cut(64).feed(&mut f);
    for n in 2..10u16 {
        let t = i64::from(n) * MS;
        let whole = tcp(false, n, 1000, u32::from(n), 700).at(t);
        assert_eq!(whole.feed(&mut f), First);
        assert_eq!(whole.clone().cut(64).at(t + US).vlan(2).feed(&mut f), Copy(CopyClass::Vlan), "{n}");
        assert_eq!(whole.clone().cut(80).at(t + 2 * US).vlan(2).feed(&mut f), Copy(CopyClass::Vlan), "{n}");
    }
}

/// Acknowledgements that differ in what is cut off, in IPv6 and where an IPv4 sender has no identification.
#[test]
fn what_is_cut_before_it_differs_is_not_compared() {
    let acknowledges = |v6: bool, n: u32| {
        let mut made = tcp(v6, 0, 1000, 7, 0);
        let at = made.transport as usize + 8;
        made.bytes[at..at + 4].copy_from_slice(&(n * 1460).to_be_bytes());
        made.at(i64::from(n) * MS)
    };
    for (v6, length) in [(true, 64), (true, 58), (false, 48), (true, 62)] {
        let mut f = filter();
        let all = (0..500).map(|n| acknowledges(v6, n).cut(length).feed(&mut f));
        assert!(all.fold(true, |all, verdict| all & (verdict == First)), "{length}");
        let counts = f.report();
        assert_eq!(
            (counts.untold, counts.repeated.packets, counts.ambiguous.packets, counts.observed.packets),
            (500, 0, 0, 500),
            "{length}"
        );
    }
    // The sequence number of data is there: a copy is found. So is the checksum of a datagram, unless there is none.
    let mut f = filter();
    let data = tcp(true, 0, 1000, 7, 700).cut(64);
    data.feed(&mut f);
    assert_eq!(data.clone().vlan(9).at(US).feed(&mut f), Copy(CopyClass::Vlan));
    let question = udp(true, 0, 5000, &[7; 60]).cut(64);
    question.feed(&mut f);
    assert_eq!(question.clone().vlan(9).at(2 * US).feed(&mut f), Copy(CopyClass::Vlan));
    let mut bare = udp(true, 0, 5001, &[7; 60]).cut(64);
    let sum = bare.transport as usize + 6;
    bare.bytes[sum..sum + 2].fill(0);
    bare.feed(&mut f);
    assert_eq!(bare.clone().vlan(9).at(3 * US).feed(&mut f), First);
    assert_eq!(f.report().untold, 2);
}

#[test]
fn different_packets_are_different() {
    let (net, transport) = (14, 34);
    let excluded = [1, 8, 10, 11];
    for (base, before, header) in
        [(tcp(false, 5, 1000, 5, 60), tcp(false, 4, 1000, 4, 60), 20), (udp(false, 5, 1000, &[3; 60]), udp(false, 4, 1000, &[3; 60]), 8)]
    {
        for at in 0..base.bytes.len() {
            // Of a version, header length or EtherType that is no longer true nothing is said.
            if at == net || (12..14).contains(&at) || header == 20 && at == transport + 12 {
                continue;
            }
            let mut p = base.clone().at(US);
            p.bytes[at] ^= 0x10;
            // Whoever sends other data in a TCP segment sends another checksum.
            if header == 20 && at >= transport + header {
                p.bytes[transport + 16] ^= 0x10;
            }
            let same = at < 14 || excluded.iter().any(|e| net + e == at);
            let mut f = filter();
            before.feed(&mut f);
            base.feed(&mut f);
            assert_eq!(p.feed(&mut f).is_copy(), same, "byte {at} behind a header of {header}");
        }
    }
}

#[test]
fn fragments_of_one_datagram_differ() {
    let mut f = filter();
    let mut p = udp(false, 7, 1000, &[3; 1000]);
    for offset in 0..20u8 {
        p.bytes[20] = 0x20;
        p.bytes[21] = offset;
        assert_eq!(p.feed(&mut f), First);
    }
    assert_eq!(p.at(US).feed(&mut f), Copy(CopyClass::Identical));
}
