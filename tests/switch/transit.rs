//! How long packets take between two places where the mirror shows them, with delays that are known.

use super::START;
use super::support::packet::{ACK, Erspan, Packet};
use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Timestamp, TransitRow};
use spantop::snapshot::Snapshot;

const US: i64 = 1_000;
const MS: i64 = 1_000_000;
const A: [u8; 6] = [2, 0, 0, 0, 0, 0x0a];
const B: [u8; 6] = [2, 0, 0, 0, 0, 0x0b];
const ROUTER: [u8; 6] = [2, 0, 0, 0, 0, 0x01];

type Sent = (i64, Vec<u8>);

/// A segment of one of eight connections, before or behind a router.
fn segment(n: i64, vlan: Option<u16>, hops: u8, macs: [[u8; 6]; 2]) -> Vec<u8> {
    let eth = Packet::eth(macs[0], macs[1]);
    let eth = if let Some(id) = vlan { eth.vlan(id) } else { eth };
    let ip = eth.ipv4([10, 1, 0, 1], [10, 2, 0, 2]).id(n as u16 + 1).ttl(64 - hops);
    ip.tcp(4000 + (n % 8) as u16, 443).seq(n as u32 * 100).flags(ACK).payload(&[n as u8; 100]).build()
}

fn look(mut frames: Vec<Sent>) -> Snapshot {
    frames.sort_by_key(|f| f.0);
    let run = |threads| {
        let source = frames
            .iter()
            .fold(Memory::new(), |source, (at, frame)| source.with(Timestamp(START + at), LinkType::ETHERNET, frame.len() as u32, frame));
        engine::run(Box::new(source), &Settings { threads, ..Settings::default() }, Default::default()).unwrap().complete().unwrap()
    };
    let snapshot = run(0);
    assert_eq!(snapshot.switch, run(3).switch, "whatever the threads");
    snapshot
}

/// Packets every two milliseconds and a bit, so that the clock shows its nanoseconds: each seen at two places.
fn pairs(count: i64, delay: impl Fn(i64) -> i64, first: impl Fn(i64) -> Vec<u8>, second: impl Fn(i64) -> Vec<u8>) -> Vec<Sent> {
    let at = |n: i64| n * (2 * MS + 37) + n % 3;
    (0..count).flat_map(|n| [(at(n), first(n)), (at(n) + delay(n), second(n))]).collect()
}

fn only(s: &Snapshot) -> &TransitRow {
    let transit = &s.switch.transit;
    assert_eq!((transit.rows.len(), transit.reason, transit.beyond), (1, "", 0), "{transit:#?}");
    &transit.rows[0]
}

/// The exact percentile of delays.
fn exact(mut delays: Vec<i64>, share: f64) -> f64 {
    delays.sort_unstable();
    delays[((delays.len() as f64 * share).ceil() as usize).max(1) - 1] as f64 / 1e9
}

fn near(got: f64, want: f64) -> bool {
    (got - want).abs() <= want * 0.01
}

#[test]
fn a_router_with_a_constant_delay() {
    let s = look(pairs(500, |_| 37 * US, |n| segment(n, Some(10), 0, [A, ROUTER]), |n| segment(n, Some(20), 1, [ROUTER, B])));
    let row = only(&s);
    assert_eq!((row.kind, row.from.vlan, row.to.vlan, row.times.count), ("routed", Some(10), Some(20), 500));
    assert_eq!((row.from.label(&row.to), row.to.label(&row.from)), ("VLAN 10".to_owned(), "VLAN 20".to_owned()));
    let t = &row.times;
    assert!([t.min, t.mean, t.max].into_iter().all(|x| (x - 37e-6).abs() < 1e-9), "{t:?}");
    assert!([t.p50, t.p95, t.p99].into_iter().all(|x| near(x, 37e-6)), "{t:?}");
    assert_eq!((row.steps.len(), row.steps[0].2, row.unresolved), (1, 500, 0));
    assert!(row.steps[0].0 <= 37e-6 && row.steps[0].1 > 37e-6);
    assert_eq!(row.trend.iter().map(|slice| slice.packets).sum::<u64>(), 500);
    assert!(row.trend.len() > 3 && row.trend.iter().all(|slice| (slice.mean - 37e-6).abs() < 1e-9), "{:?}", row.trend);
    assert_eq!(s.mirror.duplicates.traffic.packets, 500, "a measurement, and still left out");
}

#[test]
fn a_switch_that_changes_the_vlan_with_a_scattered_delay() {
    let delay = |n: i64| (10 + n * 7919 % 50) * US + n % 7;
    let s = look(pairs(1000, delay, |n| segment(n, Some(10), 0, [A, B]), |n| segment(n, None, 0, [A, B])));
    let row = only(&s);
    assert_eq!((row.kind, row.from.vlan, row.to.vlan, row.times.count), ("vlan", Some(10), None, 1000));
    let delays: Vec<i64> = (0..1000).map(delay).collect();
    for (got, share) in [(row.times.p50, 0.5), (row.times.p95, 0.95), (row.times.p99, 0.99), (row.times.min, 0.0), (row.times.max, 1.0)] {
        let want = exact(delays.clone(), share);
        assert!(near(got, want), "{share}: {got} instead of {want}");
    }
    let mean = delays.iter().sum::<i64>() as f64 / 1e12;
    assert!((row.times.mean - mean).abs() < 1e-9, "{} instead of {mean}", row.times.mean);
    let inside = |from: f64, to: f64| delays.iter().filter(|d| **d as f64 / 1e9 >= from && (**d as f64 / 1e9) < to).count() as u64;
    assert!(row.steps.iter().all(|(from, to, n)| inside(*from, *to) == *n), "{:?}", row.steps);
}

#[test]
fn a_switch_that_changes_the_priority() {
    let tagged = |n: i64, tag: u16| {
        let ip = Packet::eth(A, B).tag(0x8100, tag).ipv4([10, 1, 0, 1], [10, 2, 0, 2]).id(n as u16 + 1);
        ip.tcp(4000, 443).seq(n as u32 * 100).flags(ACK).payload(&[n as u8; 100]).build()
    };
    let s = look(pairs(300, |_| 8 * US, |n| tagged(n, 5 << 13 | 10), |n| tagged(n, if n % 3 == 0 { 5 } else { 1 } << 13 | 20)));
    assert_eq!(s.mirror.duplicates.remarked, [(5, 1, 200)]);
    let row = only(&s);
    assert_eq!((row.kind, row.from.vlan, row.to.vlan, row.times.count), ("vlan", Some(10), Some(20), 300));
}

#[test]
fn a_delay_that_grows_is_a_trend() {
    let delay = |n: i64| 20 * US + n * 200;
    let s = look(pairs(1000, delay, |n| segment(n, None, 0, [A, ROUTER]), |n| segment(n, None, 1, [ROUTER, B])));
    let row = only(&s);
    assert_eq!((row.kind, row.from.label(&row.to)), ("routed", "untagged".to_owned()));
    let trend = &row.trend;
    assert!(trend.len() >= 8 && trend.windows(2).all(|w| w[0].mean < w[1].mean && w[0].max <= w[1].max), "{trend:?}");
    assert!(trend[0].mean < 35e-6 && trend[trend.len() - 1].mean > 205e-6, "{trend:?}");
}

#[test]
fn directions_are_told_apart() {
    let there = pairs(300, |_| 30 * US, |n| segment(n, Some(10), 0, [A, ROUTER]), |n| segment(n, Some(20), 1, [ROUTER, B]));
    let back = pairs(200, |_| 90 * US, |n| segment(5000 + n, Some(20), 0, [B, ROUTER]), |n| segment(5000 + n, Some(10), 1, [ROUTER, A]));
    let s = look(there.into_iter().chain(back.into_iter().map(|(at, frame)| (at + MS, frame))).collect());
    let rows: Vec<_> =
        s.switch.transit.rows.iter().map(|r| (r.from.vlan, r.to.vlan, r.times.count, (r.times.mean * 1e6).round())).collect();
    assert_eq!(rows, [(Some(10), Some(20), 300, 30.0), (Some(20), Some(10), 200, 90.0)]);
}

/// A copy in an ERSPAN session, by type II or III.
fn carried(n: i64, session: u16, side: Option<bool>, frame: &[u8]) -> Vec<u8> {
    let switch = [192, 0, 2, session as u8];
    let outer = Packet::eth([2, 0, 0, 0, 9, 1], [2, 0, 0, 0, 9, 2]).ipv4(switch, [192, 0, 2, 200]);
    let header = Erspan { sequence: Some(n as u32), session, index: 5, egress: side == Some(true), ..Erspan::default() };
    if side.is_some() { outer.erspan3(header).frame(frame).build() } else { outer.erspan2(header).frame(frame).build() }
}

#[test]
fn two_sessions_of_erspan_and_two_sides_of_one() {
    let frame = |n| segment(n, None, 0, [A, B]);
    let s = look(pairs(400, |_| 80 * US, |n| carried(n, 7, None, &frame(n)), |n| carried(n, 9, None, &frame(n))));
    let row = only(&s);
    assert_eq!((row.kind, row.times.count, (row.times.mean * 1e6).round()), ("session", 400, 80.0));
    let label = (row.from.label(&row.to), row.to.label(&row.from));
    assert_eq!(label, ("session 7 from 192.0.2.7".to_owned(), "session 9 from 192.0.2.9".to_owned()));

    let s = look(pairs(400, |_| 5 * US, |n| carried(2 * n, 7, Some(false), &frame(n)), |n| carried(2 * n + 1, 7, Some(true), &frame(n))));
    let row = only(&s);
    assert_eq!((row.kind, row.times.count, (row.times.mean * 1e6).round()), ("port", 400, 5.0));
    assert_eq!((row.from.label(&row.to), row.to.label(&row.from)), ("ingress".to_owned(), "egress".to_owned()));
    assert!(s.mirror.duplicates.classes.iter().any(|c| c.class == "port" && c.traffic.packets == 400), "{:?}", s.mirror.duplicates);
}

#[test]
fn copies_of_one_place_are_no_measurement() {
    let same = |n: i64| segment(n, Some(10), 0, [A, B]);
    let s = look(pairs(400, |_| 12 * US, same, same));
    assert_eq!(s.mirror.duplicates.traffic.packets, 400);
    assert!(s.switch.transit.rows.is_empty() && s.switch.transit.reason.contains("one and the same place"), "{:?}", s.switch.transit);
    let s = look((0..400).map(|n| (n * MS, same(n))).collect());
    assert!(s.switch.transit.rows.is_empty() && s.switch.transit.reason.contains("one side"), "{:?}", s.switch.transit);
}

#[test]
fn nothing_is_told_that_the_clock_cannot_tell() {
    // A clock of 10 µs, and a switch that takes 3 µs.
    let clock = |at: i64| at / (10 * US) * 10 * US;
    let frames = pairs(600, |_| 3 * US, |n| segment(n, Some(10), 0, [A, B]), |n| segment(n, None, 0, [A, B]));
    let s = look(frames.into_iter().map(|(time, frame)| (clock(time), frame)).collect());
    let row = only(&s);
    assert_eq!(s.switch.transit.resolution, 10e-6);
    assert_eq!((row.times.min, row.times.p50, row.times.p99), (10e-6, 10e-6, 10e-6));
    assert!(row.unresolved > 400 && row.times.mean >= 10e-6, "{row:?}");
    assert!(row.trend.iter().all(|slice| slice.mean >= 10e-6 && slice.max >= 10e-6));
}

#[test]
fn what_proves_to_be_traffic_is_taken_back() {
    // A loop between two routers: the same link the same way, again and again, with a falling TTL.
    let loops: Vec<Sent> = (0..40i64)
        .flat_map(|n| {
            (0..20u8).map(move |turn| {
                (n * 5 * MS + i64::from(turn) * 100 * US, segment(n, None, turn, if turn % 2 == 0 { [A, B] } else { [B, A] }))
            })
        })
        .collect();
    let s = look(loops);
    let routed: u64 = s.mirror.duplicates.classes.iter().filter(|c| c.class == "routed").map(|c| c.traffic.packets).sum();
    let measured: u64 = s.switch.transit.rows.iter().map(|row| row.times.count).sum();
    assert!(measured <= routed, "{measured} of {routed}: {:?}", s.mirror.duplicates);
    assert!(s.switch.transit.rows.iter().all(|row| row.times.max < 0.35 && row.times.count == row.steps.iter().map(|s| s.2).sum::<u64>()));
}

#[test]
fn more_places_than_there_is_room_for_are_counted() {
    let frame = |n: i64, vlan: i64, hops: u8| {
        let eth = Packet::eth(A, B).vlan(vlan as u16).ipv4([10, 1, 0, 1], [10, 2, 0, 2]).id(n as u16 + 1).ttl(64 - hops);
        eth.udp(4000, 5000).payload(&n.to_be_bytes()).build()
    };
    let s = look(pairs(300, |_| 20 * US, |n| frame(n, 100 + n % 100, 0), |n| frame(n, 300 + n % 100, 1)));
    let transit = &s.switch.transit;
    let measured: u64 = transit.rows.iter().map(|row| row.times.count).sum();
    assert_eq!((transit.rows.len(), measured + transit.beyond), (spantop::model::limits::TRANSIT_PAIRS, 300));
}
