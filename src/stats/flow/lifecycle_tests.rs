//! How conversations end, and that none is split, dropped or told twice.

use super::super::{FlowPacket, SlotHint};
use super::*;
use crate::model::limits::{TCP_ENDED, TCP_IDLE, UDP_IDLE};
use crate::model::mix::Keys;
use crate::model::tcp::{ACK, FIN, RST, SYN};
use crate::model::time::SECOND;
use crate::model::{AppId, AppStage, CapScale, FlowKey, Frame, Segment};
use crate::stats::totals::TrafficDirection;

/// A table, and what was told of it: number, reason, packets each way, first packet in seconds.
struct Told {
    table: FlowTable<()>,
    opened: Vec<u32>,
    closed: Vec<(u32, CloseReason, [u64; 2], i64)>,
}

impl Told {
    fn new(cap: usize) -> Self {
        let mut table = FlowTable::new(cap, Keys::FIXED, CapScale::WHOLE);
        table.tell_opened(true);
        Self { table, opened: Vec::new(), closed: Vec::new() }
    }

    /// A packet of a port of one host to or from another, at a time in seconds.
    fn pass(&mut self, protocol: u8, port: u16, back: bool, seconds: i64, flags: u8, sequence: u32) -> u32 {
        let (ends, ports) = if back { ((1000, 1), (443, port)) } else { ((1, 1000), (port, 443)) };
        let (key, direction) = FlowKey::new(false, protocol, ends.0, ends.1, ports.0, ports.1);
        let tcp = (protocol == 6).then_some(Segment { sequence, acknowledgement: 1, flags, window: 9, payload: 0 });
        let time = Timestamp(seconds * SECOND);
        let frame = Frame { time, flow: Some((key, direction)), tcp, ..Frame::default() };
        let step = FlowPacket { key: &key, direction, time, wire: 100, tcp: frame.tcp.as_ref(), flags, frame: &frame };
        let hash = self.table.hash(&key);
        if self.table.is_full() {
            let (opened, closed) = (&mut self.opened, &mut self.closed);
            self.table.evict(|_, _, _| {}, &mut |_, event| note(opened, closed, &event));
        }
        let at = self.table.locate(&step, hash, SlotHint::default(), || [TrafficDirection::Unknown; 2]);
        self.table.count(at, &step, 0);
        at
    }

    fn udp(&mut self, port: u16, seconds: i64) -> u32 {
        self.pass(17, port, false, seconds, 0, 0)
    }

    fn mark(&mut self, seconds: i64) {
        let (opened, closed) = (&mut self.opened, &mut self.closed);
        self.table.close_idle(Timestamp(seconds * SECOND), &mut |_, event| note(opened, closed, &event));
    }

    fn finish(&mut self) {
        let (opened, closed) = (&mut self.opened, &mut self.closed);
        self.table.close_all(&mut |_, event| note(opened, closed, &event));
    }

    fn closed(&mut self) -> Vec<(u32, CloseReason, [u64; 2], i64)> {
        std::mem::take(&mut self.closed)
    }
}

fn note(opened: &mut Vec<u32>, closed: &mut Vec<(u32, CloseReason, [u64; 2], i64)>, event: &FlowEvent<'_, ()>) {
    let mut told = |reason| closed.push((event.at, reason, event.traffic().map(|t| t.packets), event.first().0 / SECOND));
    match event.change {
        FlowChange::Opened => opened.push(event.at),
        FlowChange::Parted => told(CloseReason::Active),
        FlowChange::Closed(reason) => told(reason),
    }
}

#[test]
fn silence_closes_by_protocol_and_not_a_second_earlier() {
    let mut t = Told::new(64);
    t.pass(17, 5, false, 100, 0, 0);
    t.pass(1, 0, false, 100, 0, 0);
    t.pass(6, 5, false, 100, SYN, 7);
    let (udp, tcp) = (100 + UDP_IDLE / SECOND, 100 + TCP_IDLE / SECOND);
    (101..udp).for_each(|now| t.mark(now));
    assert_eq!((t.opened.clone(), t.closed()), (vec![0, 1, 2], vec![]));
    t.mark(udp);
    assert_eq!(t.closed(), [(0, CloseReason::Idle, [1, 0], 100), (1, CloseReason::Idle, [1, 0], 100)]);
    (udp + 1..tcp).for_each(|now| t.mark(now));
    assert_eq!(t.closed(), []);
    t.mark(tcp);
    assert_eq!(t.closed(), [(2, CloseReason::Idle, [1, 0], 100)]);
    t.finish();
    assert_eq!((t.closed(), t.table.len()), (vec![], 3), "none is told twice, every row stays");
}

#[test]
fn who_goes_on_stays_open_however_long() {
    let mut t = Told::new(64);
    for now in 0..500 {
        if now % 50 == 0 {
            t.udp(5, now);
        }
        t.mark(now + 1);
    }
    assert_eq!(t.closed(), []);
    t.mark(1_000_000);
    assert_eq!(t.closed(), [(0, CloseReason::Idle, [10, 0], 0)]);
}

#[test]
fn fin_of_both_sides_and_rst_close_shortly_after() {
    let mut t = Told::new(64);
    t.pass(6, 5, false, 10, SYN, 7);
    t.pass(6, 6, false, 10, SYN, 7);
    t.mark(11);
    t.pass(6, 5, false, 20, FIN | ACK, 8);
    t.mark(21);
    t.pass(6, 5, true, 22, FIN | ACK, 8);
    t.pass(6, 6, true, 22, RST, 8);
    t.mark(23);
    t.pass(6, 5, false, 24, ACK, 9);
    t.mark(26);
    assert_eq!(t.closed(), []);
    t.mark(22 + TCP_ENDED / SECOND);
    assert_eq!(t.closed(), [(1, CloseReason::Rst, [1, 1], 10)]);
    t.mark(24 + TCP_ENDED / SECOND);
    assert_eq!(t.closed(), [(0, CloseReason::Fin, [3, 1], 10)], "the last acknowledgement belongs to it");
    // A straggler is a further part of the same row, and does not last.
    t.pass(6, 5, true, 40, ACK, 9);
    t.mark(41);
    t.mark(40 + TCP_ENDED / SECOND);
    assert_eq!((t.closed(), t.table.len()), (vec![(0, CloseReason::Fin, [0, 1], 40)], 2));
}

#[test]
fn a_new_connection_closes_the_one_before() {
    let mut t = Told::new(64);
    t.pass(6, 5, false, 1, SYN, 100);
    t.pass(6, 5, false, 2, SYN, 900);
    t.mark(3);
    assert_eq!((t.opened.clone(), t.closed()), (vec![0, 1], vec![(0, CloseReason::Replaced, [1, 0], 1)]));
    t.pass(6, 5, false, 4, RST, 901);
    t.pass(6, 5, false, 5, SYN, 5000);
    t.mark(6);
    assert_eq!(t.closed(), [(1, CloseReason::Rst, [2, 0], 2)], "it had ended by itself");
    t.finish();
    assert_eq!(t.closed(), [(2, CloseReason::Finished, [1, 0], 5)]);
}

#[test]
fn what_was_not_recognised_is_looked_at_again() {
    let mut t = Told::new(64);
    t.udp(5, 0);
    t.table.flows[0].app.stage = AppStage::Skip;
    t.mark(200);
    t.udp(5, 300);
    assert_eq!(t.table.flows[0].app.stage, AppStage::Probe);
}

#[test]
fn parts_of_a_row_add_up_to_it() {
    let mut t = Told::new(64);
    let at = t.udp(5, 0);
    t.udp(5, 1);
    t.table.flows[0].app.stage = AppStage::Skip;
    (t.table.flows[0].app.app, t.table.flows[0].app.state) = (AppId::at(3), 77);
    t.mark(200);
    assert_eq!(t.pass(17, 5, true, 300, 0, 0), at, "the same row");
    let app = t.table.flows[0].app;
    assert_eq!((app.stage, app.app, app.state), (AppStage::Skip, AppId::at(3), 77), "what was recognised stays known, with its names");
    t.udp(5, 301);
    t.mark(302);
    t.finish();
    assert_eq!(t.closed(), [(0, CloseReason::Idle, [2, 0], 0), (0, CloseReason::Finished, [1, 1], 300)]);
    assert_eq!((t.opened.as_slice(), t.table.records().next().map(|r| r.flow.traffic[0].packets)), (&[0, 0][..], Some(3)));
}

#[test]
fn what_goes_on_is_told_of_in_parts_where_that_is_wanted() {
    let mut t = Told::new(64);
    t.table.tell_parts(100 * SECOND);
    // A packet every ten seconds for ten minutes, and another conversation that is short.
    t.udp(9, 0);
    for n in 0..60 {
        t.pass(17, 5, n % 2 == 1, 10 * n, 0, 0);
        t.table.flows[1].app.state = 7;
        t.mark(10 * n + 5);
    }
    t.mark(2_000);
    let told = t.closed();
    let long: Vec<_> = told.iter().filter(|(at, ..)| *at == 1).collect();
    assert_eq!(told.len() - long.len(), 1, "a short one is told of once");
    let (parts, end) = long.split_at(long.len() - 1);
    assert!(parts.len() >= 4 && parts.iter().all(|(_, reason, ..)| *reason == CloseReason::Active), "{told:?}");
    assert_eq!(end[0].1, CloseReason::Idle);
    assert_eq!(long.iter().fold([0, 0], |sum, part| [sum[0] + part.2[0], sum[1] + part.2[1]]), [30, 30]);
    assert!(long.windows(2).all(|two| (90..=140).contains(&(two[1].3 - two[0].3))), "each begins with its first packet: {long:?}");
    assert_eq!(t.opened, [0, 1], "it was opened once");
    assert_eq!(t.table.flows[1].app.state, 7, "and goes on being read");
}

#[test]
fn a_row_closed_and_opened_again_is_touched_once_a_round() {
    let mut t = Told::new(64);
    for part in 0..5 {
        t.udp(5, 100 * part);
        t.mark(100 * part + 90);
        assert_eq!(t.table.touched(), [0]);
    }
    t.table.reported();
    assert_eq!(t.table.touched(), [0; 0]);
    t.udp(5, 600);
    assert_eq!(t.table.touched(), [0]);
    assert_eq!(t.table.records().next().map(|r| r.added()[0].packets), Some(1));
}

#[test]
fn eviction_closes_who_is_open_and_the_others_keep_their_times() {
    let mut t = Told::new(8);
    for n in 0..8 {
        t.udp(n, n.into());
    }
    t.mark(9);
    t.udp(100, 10);
    assert_eq!(t.closed(), [(0, CloseReason::Evicted, [1, 0], 0)]);
    assert_eq!(t.opened, [0, 1, 2, 3, 4, 5, 6, 7]);
    // Numbers have moved: port 1 is the first now, and its time comes first.
    t.mark(61);
    assert_eq!(t.closed(), [(0, CloseReason::Idle, [1, 0], 1)]);
    t.udp(101, 62);
    assert_eq!(t.closed(), [], "who was closed before goes without a word");
    t.finish();
    assert_eq!(t.closed().len(), 8);
}

#[test]
fn a_clock_set_back_closes_what_lies_ahead_of_it() {
    let mut t = Told::new(64);
    t.udp(5, 10_000);
    t.mark(10_001);
    t.mark(1);
    (2..200).for_each(|now| t.mark(now));
    assert_eq!(t.closed(), [(0, CloseReason::Idle, [1, 0], 10_000)]);
}

#[test]
fn a_gap_in_the_capture_is_silence() {
    let mut t = Told::new(64);
    t.udp(5, 10);
    // The first mark of all comes with the packet behind the gap.
    t.mark(4_000);
    assert_eq!(t.closed(), [(0, CloseReason::Idle, [1, 0], 10)]);
}
