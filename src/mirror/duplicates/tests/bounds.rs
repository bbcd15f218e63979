//! Memory is bounded, sums close, and no input does harm.

use super::super::CopyVerdict::*;
use super::super::*;
use super::*;

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
    f.learn(CopyTimes { unicast: Multiplicity { times: 1, ..Multiplicity::default() }, ..CopyTimes::default() });
    for n in 0..100_000u32 {
        tcp(false, n as u16, 1000, n, 5).at(i64::from(n) * MS).feed(&mut f);
    }
    assert!(f.bytes() <= 20 * 1024, "{}", f.bytes());
}

#[test]
fn merging_does_not_depend_on_order() {
    let shard = |n: u32| {
        let mut f = DuplicateFilter::new(Keys::new(1), CapScale::WHOLE);
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
