//! Copies of packets that no identification numbers.

use super::*;

/// A part of the packets of a network without identifications comes twice at once, chosen by nothing: two sources that overlap in part.
#[test]
fn a_part_that_comes_twice_at_once() {
    for (nth, gap) in [(10, 8 * US), (5, 8 * US), (3, 120 * US)] {
        let once = conversation(true, 1, 2_000, 0);
        let again = once.iter().step_by(nth).map(|p| p.clone().at(p.time + gap));
        let all: Vec<_> = once.iter().cloned().chain(again).collect();
        let missed = OneShard::run(&all).counted() - once.len();
        // What came before it was known that packets come twice.
        assert!(missed <= 20, "one in {nth}, {gap} ns apart: {missed} of {} are missed", once.len() / nth);
    }
}

#[test]
fn what_is_sent_again_after_a_round_trip_is_none() {
    for gap in [3 * MS, 40 * MS, 210 * MS] {
        let once = conversation(true, 1, 2_000, 0);
        let again = once.iter().step_by(10).map(|p| p.clone().at(p.time + gap));
        let all: Vec<_> = once.iter().cloned().chain(again).collect();
        assert_eq!(OneShard::run(&all).counted(), all.len(), "{gap} ns later");
    }
}

/// What a tunnel carries that is left on lies behind headers that are all alike, under a checksum that is always the same.
#[test]
fn datagrams_that_differ_late_are_no_copies() {
    let carried = |n: u64, at: usize| {
        let mut payload = vec![7u8; 300];
        payload[at..at + 8].copy_from_slice(&n.to_be_bytes());
        payload
    };
    for at in [40, 66, 110] {
        let mut all: Vec<_> = (0..500u64).map(|n| udp(true, 0, 4789, &carried(n, at)).at(n as i64 * 20 * US)).collect();
        all.iter_mut().for_each(|p| p.bytes[60..62].copy_from_slice(&[0x12, 0x34]));
        assert_eq!(OneShard::run(&all).counted(), 500, "they differ from byte {at} on");
        assert_eq!(OneShard::run(&times(&all, 2, 3 * US)).counted(), 500, "and their copies do not");
    }
}

/// A port of many sources brings each packet as often, whether or not it carries TCP.
#[test]
fn as_many_copies_as_a_switch_has_ports() {
    for copies in [10, 17, 30] {
        let voice: Vec<_> = (0..400u16).map(|n| udp(false, 900 + n, 8000, &n.to_be_bytes()).at(i64::from(n) * 20 * MS)).collect();
        for sent in [&voice, &conversation(false, 1, 400, 0)] {
            // The very first packet of a sender may be one that it sent twice.
            let counted = OneShard::run(&times(sent, copies, US)).counted();
            assert!((400..=401).contains(&counted), "{counted}: {copies} times");
        }
    }
}

/// Few frames to groups tell how often they come, where all say the same: a storm among them is told from copies.
#[test]
fn a_storm_of_which_every_frame_comes_twice() {
    let to_group = |n: u8, at: i64| {
        let mut frame = profinet(&[n; 40]).at(at);
        frame.bytes[..6].fill(0xff);
        frame
    };
    for copies in [2, 3] {
        let mut all = conversation(false, 1, 200, 0);
        all.extend((0..6).map(|n| to_group(n, i64::from(n) * 100 * MS)));
        all.extend((0..3_000).map(|n| to_group(99, 1_100 * MS + n * 10 * US)));
        assert_eq!(OneShard::run(&times(&all, copies, 3 * US)).counted(), 200 + 6 + 3_000, "{copies} times");
    }
}
