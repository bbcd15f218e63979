//! Tests of duplicate detection.

use super::*;
use crate::model::mix::Keys;
use crate::model::{Direction, FlowKey, Mac, Sum, Timestamp, VlanStack};
use crate::packet::Packet;

const US: i64 = 1_000;
const MS: i64 = 1_000_000;

/// An Ethernet frame under construction.
#[derive(Clone)]
struct Made {
    bytes: Vec<u8>,
    net: Option<u32>,
    transport: u32,
    time: i64,
    session: u16,
    interface: u16,
}

fn ethernet(ether_type: u16) -> Vec<u8> {
    Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ether_type(ether_type).unpadded().build()
}

fn made(bytes: Vec<u8>, net: Option<u32>, transport: u32) -> Made {
    Made { bytes, net, transport, time: 0, session: 0, interface: 0 }
}

/// IP from one host to another in Ethernet, with its network header at 14.
fn ip(v6: bool, id: u16) -> Packet {
    let eth = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).unpadded();
    let host = |n| [0x2001, 0xdb8, 0, 0, 0, 0, 0, n];
    if v6 { eth.ipv6(host(1), host(2)) } else { eth.ipv4([10, 0, 0, 1], [10, 0, 0, 2]).id(id) }
}

fn tcp(v6: bool, id: u16, port: u16, sequence: u32, payload: usize) -> Made {
    let ip = ip(v6, id);
    let transport = ip.headers() as u32;
    let payload: Vec<u8> = (0..payload).map(|i| (i as u32).wrapping_mul(sequence) as u8).collect();
    made(ip.tcp(port, 443).seq(sequence).ack(9).window(256).payload(&payload).build(), Some(14), transport)
}

fn udp(v6: bool, id: u16, port: u16, payload: &[u8]) -> Made {
    let ip = ip(v6, id);
    let transport = ip.headers() as u32;
    made(ip.udp(port, 53).payload(payload).build(), Some(14), transport)
}

impl Made {
    fn at(mut self, time: i64) -> Self {
        self.time = time;
        self
    }

    fn vlan(mut self, tci: u16) -> Self {
        let [a, b] = tci.to_be_bytes();
        self.bytes.splice(12..12, [0x81, 0, a, b]);
        self.net = self.net.map(|n| n + 4);
        self.transport += 4;
        self
    }

    fn routed(mut self, hops: u8) -> Self {
        let net = self.net.unwrap() as usize;
        let ttl = net + if self.bytes[net] >> 4 == 4 { 8 } else { 7 };
        self.bytes[ttl] -= hops;
        self.bytes[5] = 9;
        self.bytes[11] = 8;
        if self.bytes[net] >> 4 == 4 {
            self.bytes[net + 10] = 0x77;
            self.bytes[net + 1] = 3;
        }
        self
    }

    fn cut(mut self, length: usize) -> Self {
        self.bytes.truncate(length);
        self
    }

    fn feed(&self, filter: &mut DuplicateFilter) -> Verdict {
        filter.observe(&self.frame())
    }

    fn frame(&self) -> Frame<'_> {
        let b = &self.bytes;
        let mac = |at: usize| Mac(b[at..at + 6].try_into().unwrap());
        let mut vlans = VlanStack::default();
        let mut ether = 12;
        while b[ether..ether + 2] == [0x81, 0] {
            vlans.push(u16::from_be_bytes([b[ether + 2], b[ether + 3]]));
            ether += 4;
        }
        let flow = self.net.and_then(|n| {
            let ip = &b[n as usize..];
            let v6 = ip[0] >> 4 == 6;
            let (s, d, p) = if v6 {
                (u128::from_be_bytes(ip[8..24].try_into().unwrap()), u128::from_be_bytes(ip[24..40].try_into().unwrap()), ip[6])
            } else {
                let word = |at: usize| u128::from(u32::from_be_bytes(ip[at..at + 4].try_into().unwrap()));
                (word(12), word(16), ip[9])
            };
            let l4 = b.get(self.transport as usize..)?;
            let port = |at: usize| l4.get(at..at + 2).map_or(0, |p| u16::from_be_bytes([p[0], p[1]]));
            Some(FlowKey::new(v6, p, s, d, port(0), port(2)))
        });
        let frame = Frame {
            time: Timestamp(1_700_000_000_000_000_000 + self.time),
            wire: b.len() as u32,
            bytes: b,
            mac: Some((mac(6), mac(0))),
            vlans,
            ether_type: u16::from_be_bytes([b[ether], b[ether + 1]]),
            net: self.net,
            transport: self.net.map(|_| self.transport),
            payload: self.transport,
            flow,
            hash: flow.map_or(0, |(key, _)| (key.keyed_hash(&Keys::FIXED) >> 32) as u32),
            session: self.session,
            interface: self.interface,
            ..Frame::default()
        };
        Frame { tci: frame.outer_tag(), net_end: frame.ip_end(), ..frame }
    }
}

fn filter() -> DuplicateFilter {
    DuplicateFilter::new(Keys::new(0x5eed))
}

use Verdict::{Ambiguous, Copy, First};

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
    assert_eq!(report.sightings, [7, 0, 0, 0, 0, 0, 0]);
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
    assert_eq!(f.report().sightings, [1, 1, 1, 0, 0, 0, 0]);
}

#[test]
fn a_retransmission_is_no_copy() {
    let mut f = filter();
    // IPv4: the sender gives it a new identification.
    tcp(false, 1, 1000, 5, 500).feed(&mut f);
    assert_eq!(tcp(false, 2, 1000, 5, 500).at(10 * MS).feed(&mut f), First);
    // IPv6: the same bytes again; nothing but the repetition tells.
    for n in 0..200u32 {
        let t = i64::from(n) * 40 * MS;
        assert_eq!(tcp(true, 0, 2000, n * 500, 500).at(t).feed(&mut f), First);
        if n % 20 == 0 {
            assert_eq!(tcp(true, 0, 2000, n * 500, 500).at(t + 8 * MS).feed(&mut f), Ambiguous);
        }
    }
    // A constant identification is as good as none.
    for n in 0..200u32 {
        let t = 10_000 * MS + i64::from(n) * 40 * MS;
        tcp(false, 7, 3000, n * 500, 500).at(t).feed(&mut f);
        if n % 20 == 1 {
            assert_eq!(tcp(false, 7, 3000, n * 500, 500).at(t + 8 * MS).feed(&mut f), Ambiguous);
        }
    }
    assert_eq!(f.report().copies().packets, 0);
}

#[test]
fn retransmissions_between_copies_are_kept() {
    let mut f = filter();
    // Every packet before and behind a router; the retransmission passes both places as well.
    for (t, expected) in [(0, false), (30, true), (9_000, false), (9_030, true)] {
        let p = tcp(true, 0, 1000, 77, 500).at(t * US);
        let p = if t % 1000 == 30 { p.routed(1) } else { p };
        assert_eq!(p.feed(&mut f).is_copy(), expected, "at {t} us");
    }
}

#[test]
fn repeated_acknowledgements_are_legal() {
    for (v6, id) in [(false, 0), (true, 0), (false, 5)] {
        let mut f = filter();
        tcp(v6, id, 1000, 9, 200).feed(&mut f);
        for n in 1..100 {
            assert_eq!(tcp(v6, id, 1000, 1, n as usize % 2).at(n * 50 * US).feed(&mut f), First, "{v6} {id} {n}");
        }
        assert_eq!(f.report().copies().packets, 0);
        assert_eq!(f.report().ambiguous.packets, 0);
    }
}

#[test]
fn acknowledgements_follow_the_pattern_of_their_conversation() {
    let mut f = filter();
    for n in 0..8 {
        let t = n * 5 * MS;
        tcp(true, 0, 1000, n as u32 * 100, 100).at(t).feed(&mut f);
        tcp(true, 0, 1000, n as u32 * 100, 100).at(t + 30 * US).feed(&mut f);
    }
    tcp(true, 0, 1000, 5000, 0).at(50 * MS).feed(&mut f);
    assert_eq!(tcp(true, 0, 1000, 5000, 0).at(50 * MS + 40 * US).feed(&mut f), Copy(CopyClass::Identical));
    assert_eq!(tcp(true, 0, 1000, 5000, 0).at(54 * MS).feed(&mut f), First, "not at such a gap");
}

#[test]
fn copies_without_identification_are_learned() {
    for v6 in [true, false] {
        let mut f = filter();
        let mut copies = 0;
        for n in 0..1000i64 {
            let t = n * 700 * US;
            assert_eq!(udp(v6, 0, 1000, &n.to_be_bytes()).at(t).feed(&mut f), First);
            copies += i32::from(udp(v6, 0, 1000, &n.to_be_bytes()).at(t + 15 * US + n % 7 * US).feed(&mut f).is_copy());
        }
        assert!(copies >= 990, "{copies}");
        let report = f.report();
        assert_eq!(report.ambiguous.packets, 1000 - copies as u64);
        assert_eq!(report.flows_copied, 1);
    }
}

#[test]
fn single_queries_are_learned_by_the_shard() {
    let mut f = filter();
    let mut copies = 0;
    for n in 0..200u16 {
        let t = i64::from(n) * 30 * MS;
        udp(true, 0, 1000 + n, b"query").at(t).feed(&mut f);
        copies += i32::from(udp(true, 0, 1000 + n, b"query").at(t + 20 * US).feed(&mut f).is_copy());
    }
    assert!(copies >= 190, "{copies}");
}

fn profinet(payload: &[u8]) -> Made {
    let mut b = ethernet(0x8892);
    b.extend(payload);
    made(b, None, 14)
}

#[test]
fn cyclic_frames_are_no_copies() {
    for (what, period) in [1, 2, 4, 8, 20, 45, 49, 100, 250].into_iter().enumerate() {
        for id in [0, 77] {
            let mut f = filter();
            for n in 0..2000 {
                // A little jitter, as real cycles have.
                let t = n * period * MS + (n * 7919 % 100) * period * US;
                profinet(&[1, 2, 3, what as u8]).at(t).feed(&mut f);
                udp(false, id, 1000, b"value").at(t + 11 * US).feed(&mut f);
                udp(true, 0, 1000, b"value").at(t + 13 * US).feed(&mut f);
                // A value that changes after three cycles.
                udp(true, 0, 2000, &(n / 3).to_be_bytes()).at(t + 17 * US).feed(&mut f);
            }
            assert_eq!(f.report().copies().packets, 0, "period {period} ms, identification {id}");
        }
    }
}

#[test]
fn mirrored_cyclic_frames_are_found() {
    let mut f = filter();
    let mut copies = 0;
    for n in 0..1000 {
        assert!(!profinet(b"same").at(n * 2 * MS).feed(&mut f).is_copy(), "{n}");
        copies += i32::from(profinet(b"same").at(n * 2 * MS + 20 * US).feed(&mut f).is_copy());
    }
    assert!(copies >= 990, "{copies}");
}

#[test]
fn many_cyclic_senders_at_once() {
    let mut f = filter();
    for n in 0..1000 {
        for device in 0..40 {
            let mut p = profinet(b"idle").at(n * MS + i64::from(device) * 10 * US);
            p.bytes[11] = device;
            p.feed(&mut f);
        }
    }
    // At the very start each may be mistaken once.
    assert!(f.report().copies().packets <= 40, "{}", f.report().copies().packets);
}

#[test]
fn an_unfilled_checksum_meets_the_filled_one() {
    let mut f = filter();
    for v6 in [false, true] {
        let filled = tcp(v6, 4, 1000, 5, 300);
        let mut partial = filled.clone();
        let sum = fingerprint::partial_checksum(&partial.frame()).unwrap();
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
    assert_eq!(fingerprint::partial_checksum(&tcp(false, 1, 1, 1, 0).frame()), Some(0x1400 + 3 + 6 + 20));
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

#[test]
fn the_window_is_learned() {
    let mut f = filter();
    assert_eq!(f.window(), WINDOW);
    for n in 0..1000u16 {
        let p = tcp(false, n, 1000, u32::from(n), 10).at(i64::from(n) * MS);
        p.feed(&mut f);
        p.clone().at(i64::from(n) * MS + 100 * US).feed(&mut f);
    }
    assert_eq!(f.window(), WINDOW_LOW);
    let mut f = filter();
    for n in 0..1000u16 {
        let p = tcp(false, n, 1000, u32::from(n), 10).at(i64::from(n) * 100 * MS);
        p.feed(&mut f);
        p.clone().at(i64::from(n) * 100 * MS + 45 * MS).feed(&mut f);
    }
    assert!(f.window().abs_diff(180 * MS) < 9 * MS as u64, "{}", f.window());
}

#[test]
fn memory_is_bounded_and_copies_are_found_in_a_flood() {
    let mut f = filter();
    let (mut copies, total) = (0, 400_000u32);
    for n in 0..total {
        // One shard's part of far more than 5 million packets a second: 2 million a second for this shard alone.
        let t = i64::from(n) * 500;
        let p = tcp(false, n as u16, (n >> 6) as u16, n, 5).at(t);
        p.feed(&mut f);
        if n % 4 == 0 {
            copies += u32::from(p.clone().at(t + 100).vlan(2).feed(&mut f).is_copy());
        }
    }
    assert_eq!(copies, total / 4);
    assert!(f.bytes() <= 40 * crate::model::limits::COPY_PACKETS + 32 * crate::model::limits::COPY_FLOWS, "{}", f.bytes());
    assert!(f.report().displaced > 0);
}

#[test]
fn light_traffic_keeps_a_small_table() {
    let mut f = filter();
    for n in 0..100_000u32 {
        tcp(false, n as u16, 1000, n, 5).at(i64::from(n) * MS).feed(&mut f);
    }
    assert!(f.bytes() <= 20 * 1024, "{}", f.bytes());
}

#[test]
fn conversations_are_judged_when_they_are_many() {
    let mut f = filter();
    for n in 0..200u32 {
        for port in 0..1000u16 {
            let p = tcp(false, n as u16, port, n, 100).at(i64::from(n) * 100 * MS + i64::from(port) * 100 * US);
            p.feed(&mut f);
            if port < 500 {
                p.clone().vlan(3).at(p.time + 10 * US).feed(&mut f);
            }
        }
    }
    let report = f.report();
    assert_eq!(report.copies().packets, 100_000);
    let share = report.flows_copied as f64 / report.flows as f64;
    assert!(report.flows >= 800 && (0.45..0.55).contains(&share), "{} of {}", report.flows_copied, report.flows);
}

#[test]
fn merging_does_not_depend_on_order() {
    let shard = |n: u32| {
        let mut f = DuplicateFilter::new(Keys::new(1));
        for i in 0..500 * n {
            let p = tcp(false, i as u16, 1000, i, 100).at(i64::from(i) * MS);
            p.feed(&mut f);
            p.clone().vlan((i % 100 * n) as u16).at(i64::from(i) * MS + i64::from(n) * 7 * US).feed(&mut f);
        }
        f.report()
    };
    let shards: Vec<_> = (1..6).map(shard).collect();
    let sum = |order: &[usize]| {
        let mut all = DuplicateCounts::default();
        order.iter().for_each(|&i| all.merge(&shards[i]));
        all
    };
    let first = sum(&[0, 1, 2, 3, 4]);
    assert_eq!(first, sum(&[4, 2, 0, 3, 1]));
    assert_eq!(first.observed.packets, 500 * 15 * 2);
    assert!(first.vlans_other > 0);
    let moved: u64 = first.vlans.iter().map(|v| v.packets).sum::<u64>() + first.vlans_other;
    assert_eq!(moved, first.copies().packets);
}

#[test]
fn time_going_backwards_is_harmless() {
    let mut f = filter();
    tcp(false, 3, 1000, 1, 100).at(0).feed(&mut f);
    let p = tcp(false, 4, 1000, 2, 100);
    assert_eq!(p.clone().at(5 * MS).feed(&mut f), First);
    assert_eq!(p.clone().at(5 * MS - 3 * US).feed(&mut f), Copy(CopyClass::Identical));
    assert_eq!(p.clone().at(-1_000_000 * MS).feed(&mut f), First);
    assert_eq!(p.clone().at(i64::MAX - 1_700_000_000_000_000_000).feed(&mut f), First);
}

#[test]
fn rubbish_is_harmless() {
    let mut f = filter();
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u32
    };
    for n in 0..20_000 {
        let mut bytes: Vec<u8> = (0..random() % 200).map(|_| random() as u8).collect();
        let net = (n % 3 != 0).then(|| random() % 220);
        if let Some(b) = net.and_then(|n| bytes.get_mut(n as usize)) {
            *b = [0x45, 0x60, 0x4f, 0x41][random() as usize % 4];
        }
        let (key, way) = FlowKey::new(random() % 2 == 0, [6, 17, 1][random() as usize % 3], 1, 2, 3, 4);
        let frame = Frame {
            time: Timestamp(i64::from(random()) << (random() % 32)),
            wire: random(),
            bytes: &bytes,
            mac: (random() % 2 == 0).then_some((Mac([1; 6]), Mac([2; 6]))),
            net,
            transport: (random() % 2 == 0).then(|| random() % 220),
            payload: random() % 220,
            flow: (random() % 2 == 0).then_some((key, way)),
            fragment: random() % 2 == 0,
            interface: u16::MAX,
            ..Frame::default()
        };
        f.observe(&frame);
        f.observe(&frame);
    }
    assert_eq!(f.report().observed.packets, 40_000);
    assert_eq!(Direction::AToB as usize, 0);
}
