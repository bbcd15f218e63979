//! Conversations found, replaced and evicted.

use super::*;

fn step(source: u128, source_port: u16, time: i64, tcp: Option<(u32, u32, u8)>) -> FlowPacket<'static> {
    let (key, direction) = FlowKey::new(false, if tcp.is_some() { 6 } else { 17 }, source, 1000, source_port, 443);
    let tcp = tcp.map(|(sequence, acknowledgement, flags)| Segment { sequence, acknowledgement, flags, window: 0, payload: 0 });
    let frame = &*Box::leak(Box::new(Frame { time: Timestamp(time), flow: Some((key, direction)), tcp, ..Frame::default() }));
    let flags = tcp.map_or(0, |t| t.flags);
    FlowPacket { key: Box::leak(Box::new(key)), direction, time: Timestamp(time), wire: 100, tcp: frame.tcp.as_ref(), flags, frame }
}

fn pass(t: &mut FlowTable<()>, step: &FlowPacket) -> u32 {
    let hash = t.hash(step.key);
    let at = t.locate(step, hash, t.probe(hash), || [TrafficDirection::Unknown; 2]);
    t.count(at, step, 0);
    at
}

#[test]
fn record_fits_two_cache_lines() {
    assert!(std::mem::size_of::<FlowHot<[u32; 5]>>() <= 192, "20 bytes of detectors' state fit beside all else");
    assert_eq!(std::mem::size_of::<FlowCold>(), 112);
}

#[test]
fn a_new_syn_on_old_ports_is_a_new_conversation() {
    let mut t = FlowTable::<()>::new(1 << 16, Keys::FIXED, CapScale::WHOLE);
    pass(&mut t, &step(1, 5, 0, Some((100, 0, SYN))));
    pass(&mut t, &step(1, 5, 1, Some((100, 0, SYN))));
    assert_eq!(t.len(), 1, "a repeated SYN is not");
    pass(&mut t, &step(1, 5, 2, Some((900, 0, SYN))));
    pass(&mut t, &step(1, 5, 3, Some((901, 0, ACK))));
    assert_eq!(t.records().map(|r| r.flow.traffic[0].packets).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn a_guess_from_before_a_new_connection_is_not_believed() {
    let mut t = FlowTable::<()>::new(1 << 16, Keys::FIXED, CapScale::WHOLE);
    pass(&mut t, &step(1, 5, 0, Some((100, 0, SYN))));
    let (syn, data) = (step(1, 5, 2, Some((900, 0, SYN))), step(1, 5, 3, Some((901, 0, ACK))));
    let hash = t.hash(syn.key);
    let probe = t.probe(hash);
    let opened = t.locate(&syn, hash, probe, || [TrafficDirection::Unknown; 2]);
    t.count(opened, &syn, 0);
    assert_eq!(opened, 1);
    assert_eq!(t.locate(&data, hash, probe, || [TrafficDirection::Unknown; 2]), 1);
}

#[test]
fn bytes_are_added_once_wherever_a_conversation_stands() {
    let mut t = FlowTable::<()>::new(8, Keys::FIXED, CapScale::WHOLE);
    let added = |t: &mut FlowTable<()>| t.added_bytes().map(|of| (of.flow.a_port.max(of.flow.b_port), of.added)).collect::<Vec<_>>();
    (1..=8).for_each(|n| _ = pass(&mut t, &step(n, 1000 + n as u16, n as i64, None)));
    pass(&mut t, &step(8, 1008, 9, None));
    assert_eq!(added(&mut t).iter().map(|of| of.1).sum::<u64>(), 900);
    t.evict(|_, _, _| {}, &mut |_, _| {});
    assert_eq!((t.len(), added(&mut t)), (7, vec![]), "the first one is gone, and the others have moved");
    pass(&mut t, &step(8, 1008, 10, None));
    pass(&mut t, &step(1, 1001, 11, None));
    assert_eq!(added(&mut t), [(1008, 100), (1001, 100)]);
}

#[test]
fn reports_only_what_was_added() {
    let mut t = FlowTable::<()>::new(1 << 16, Keys::FIXED, CapScale::WHOLE);
    pass(&mut t, &step(1, 5, 0, None));
    pass(&mut t, &step(2, 5, 0, None));
    t.reported();
    pass(&mut t, &step(2, 5, 1, None));
    assert_eq!(t.touched(), [1]);
    assert_eq!(t.records().map(|r| r.added()[0].packets).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn what_was_added_is_told_once_whatever_was_reported_meanwhile() {
    let mut t = FlowTable::<()>::new(1 << 16, Keys::FIXED, CapScale::WHOLE);
    t.look_back();
    let added = |t: &mut FlowTable<()>| t.added_since(|_| {}).iter().map(|(at, [ab, _])| (*at, ab.packets)).collect::<Vec<_>>();
    pass(&mut t, &step(2, 5, 0, None));
    pass(&mut t, &step(1, 5, 0, None));
    t.reported();
    pass(&mut t, &step(1, 5, 1, None));
    pass(&mut t, &step(2, 5, 1, None));
    pass(&mut t, &step(2, 5, 2, None));
    assert_eq!(added(&mut t), [(0, 3), (1, 2)], "those before the report count once, and so do those behind it");
    t.reported();
    pass(&mut t, &step(1, 5, 3, None));
    assert_eq!(added(&mut t), [(1, 1)]);
    assert_eq!(added(&mut t), []);
}

#[test]
fn traffic_is_settled_in_the_context_it_was_seen_in() {
    let mut t = FlowTable::<()>::new(1 << 16, Keys::FIXED, CapScale::WHOLE);
    let mut seen = Vec::new();
    for (time, fingerprint) in [(10, 7), (20, 7), (15, 8), (16, 8), (30, 7)] {
        let step = step(1, 5, time, None);
        let hash = t.hash(step.key);
        let at = t.locate(&step, hash, t.probe(hash), || [TrafficDirection::Unknown; 2]);
        if t.is_elsewhere(at, step.direction, fingerprint) {
            t.change_context(at, step.direction, fingerprint, fingerprint as u32, |s| seen.push((s.context, s.traffic.packets, s.last.0)));
        }
        assert!(!t.count(at, &step, 0).backward, "no packet is earlier than one before it in its context");
    }
    t.flush(|s| seen.push((s.context, s.traffic.packets, s.last.0)));
    t.flush(|s| panic!("{s:?} was flushed twice"));
    assert_eq!(seen, [(7, 2, 20), (8, 2, 16), (7, 1, 30)]);
    assert_eq!(t.record(0).unwrap().last(), Timestamp(30));
}

#[test]
fn eviction_takes_the_longest_idle_and_keeps_the_rest_findable() {
    let mut t = FlowTable::<()>::new(64, Keys::FIXED, CapScale::WHOLE);
    for n in 0..64 {
        pass(&mut t, &step(n, 5, n as i64, None));
    }
    assert!(t.is_full());
    t.note_vlan(60, &[7]);
    let mut gone = Vec::new();
    t.evict(|r, _, _| gone.push((r.last().0, r.added()[0].packets)), &mut |_, _| {});
    assert_eq!(gone, (0..8).map(|n| (n, 1)).collect::<Vec<_>>());
    assert_eq!(t.vlans(52).collect::<Vec<_>>(), [7]);
    assert_eq!(pass(&mut t, &step(60, 5, 100, None)), 52);
    assert_eq!((t.record(52).unwrap().flow.traffic[0].packets, t.len()), (2, 56));
}
