//! Rates that can be read: several spans side by side, rows that hold still.

use super::*;
use crate::model::time::SECOND;
use crate::model::{Chatter, ChatterRow, Timestamp, Traffic};
use crate::snapshot::{Conversation, VlanWays};
use crate::tui::rates::{Rates, SPARK};
use crate::tui::screen::Screen;
use crate::tui::view::{Kind, Topic};

const BEGIN: i64 = 1_764_072_000;

/// Conversation `i` of steady ones: its rate varies by a fifth from second to second.
fn steady(second: i64, i: u64) -> Traffic {
    let mean = 1_000_000.0 / (1.0 + i as f64 * 0.12);
    let mut x = (second as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ i.wrapping_mul(0xd1b5_4a32_d192_ed03);
    x = (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let noise = (x >> 11) as f64 / (1u64 << 53) as f64;
    Traffic { packets: 100, wire_bytes: (mean * (0.8 + 0.4 * noise)) as u64 }
}

/// The picture at a second of what began at second 0.
fn picture(second: i64, load: impl Fn(i64, u64) -> Traffic, rows: u64) -> Snapshot {
    let mut s = demo::snapshot(Story::Calm, 0);
    s.number = second as u64 + 2;
    s.now = Timestamp::new(BEGIN + second, 0);
    s.capture.first = Some(Timestamp::new(BEGIN, 0));
    let row = |i: u64| {
        let mut row: Conversation = s.stats.conversations.tcp.rows[0].clone();
        row.a_port = 40_000 + i as u16;
        row.first = Timestamp::new(BEGIN, 0);
        (row.ba, row.recent_ba) = Default::default();
        row.ab = (0..second).map(|at| load(at, i)).fold(Traffic::default(), Traffic::plus);
        row.recent_ab = if second > 0 { load(second - 1, i) } else { Traffic::default() };
        row
    };
    s.stats.conversations.tcp.rows = (0..rows).map(row).collect();
    s.stats.conversations.udp.rows.clear();
    s.stats.total = s.stats.conversations.tcp.rows.iter().map(Conversation::total).fold(Traffic::default(), Traffic::plus);
    s.stats.recent = s.stats.conversations.tcp.rows.iter().map(Conversation::recent).fold(Traffic::default(), Traffic::plus);
    s
}

fn top(session: &Session) -> Vec<Topic> {
    crate::tui::screens::overview::OverviewScreen.topics(&session.app.scene()).into_iter().take(10).collect()
}

#[test]
fn rows_of_steady_traffic_hold_still() {
    let mut session = Session::new(Story::Empty, 120, 40);
    (0..16).for_each(|second| session.see(picture(second, steady, 40)));
    for begin in [16, 36, 56] {
        let before = top(&session);
        (begin..begin + 20).for_each(|second| session.see(picture(second, steady, 40)));
        let moved = before.iter().zip(top(&session)).filter(|(was, is)| **was != *is).count();
        assert!(moved <= 2, "{moved} of the first ten have moved in 20 s");
    }
}

#[test]
fn a_row_that_changes_moves_and_a_silent_one_is_last() {
    let load = |second: i64, i: u64| match (i, second) {
        (5, 30..) => Traffic { packets: 1, wire_bytes: 5_000_000 },
        (0, 30..) => Traffic::default(),
        _ => Traffic { packets: 1, wire_bytes: 1_000_000 / (i + 1) },
    };
    let mut session = Session::new(Story::Empty, 120, 40);
    (0..30).for_each(|second| session.see(picture(second, load, 8)));
    let port = |topic: &Topic| if let Topic::Conversation { a_port, .. } = topic { a_port - 40_000 } else { u16::MAX };
    assert_eq!(port(&top(&session)[0]), 0);
    (30..45).for_each(|second| session.see(picture(second, load, 8)));
    let now = top(&session);
    assert_eq!((port(&now[0]), port(&now[7])), (5, 0));
}

#[test]
fn spans_are_exact() {
    let mut rates = Rates::default();
    let load = |second: i64, _: u64| Traffic { packets: 1, wire_bytes: 1_000 * (second as u64 + 1) };
    (1..=40).for_each(|second| rates.note(&picture(second, load, 1)));
    let snapshot = picture(40, load, 1);
    let topic = Topic::conversation(Kind::Tcp, &snapshot.stats.conversations.tcp.rows[0]);
    let mean = |from: u64, to: u64| (from..=to).map(|k| k * 1_000).sum::<u64>() as f64 * 8.0 / (to - from + 1) as f64;
    assert_eq!(rates.of(&topic, 1), Some(mean(40, 40)));
    assert_eq!(rates.of(&topic, 10), Some(mean(31, 40)));
    assert_eq!(rates.of(&topic, 60), Some(mean(1, 40)), "all there is of a minute");
    let smoothed = rates.smoothed(&snapshot);
    assert_eq!(smoothed.recent_seconds, 10.0);
    assert_eq!(smoothed.stats.conversations.tcp.rows[0].recent_ab.wire_bytes, (31..=40).map(|k| k * 1_000).sum::<u64>());
    assert_eq!(smoothed.stats.recent, smoothed.stats.conversations.tcp.rows[0].recent_ab, "one time for everything");
    // Second 0 of the small pictures is a multiple of eight: five of them are over.
    let spark = rates.spark(&topic);
    let known: Vec<u64> = spark.iter().flatten().map(|bytes| *bytes as u64).collect();
    assert_eq!(known, (0..5u64).map(|k| (k * 8 + 1..=k * 8 + 8).map(|s| s * 1_000).sum()).collect::<Vec<u64>>());
    assert_eq!(spark.len(), SPARK);
}

/// The minute begins between two moments that are kept of what is longer ago than ten seconds.
#[test]
fn the_minute_of_a_steady_row_is_its_rate_at_any_second() {
    let mut rates = Rates::default();
    let load = |_: i64, _: u64| Traffic { packets: 1, wire_bytes: 1_000 };
    for second in 1..=150 {
        let s = picture(second, load, 1);
        rates.note(&s);
        let topic = Topic::conversation(Kind::Tcp, &s.stats.conversations.tcp.rows[0]);
        let told = rates.of(&topic, 60).unwrap();
        assert!((told - 8_000.0).abs() <= 8.0, "{second}: {told}");
    }
}

/// A row that comes into the pictures late, though it is old: of a minute of which little is known nothing is said.
#[test]
fn what_was_not_looked_at_is_not_made_up() {
    let mut rates = Rates::default();
    let load = |_: i64, _: u64| Traffic { packets: 1, wire_bytes: 1_000 };
    for second in 1..=150 {
        let mut s = picture(second, load, 2);
        let topic = Topic::conversation(Kind::Tcp, &s.stats.conversations.tcp.rows[1]);
        s.stats.conversations.tcp.rows.truncate(if second > 100 { 2 } else { 1 });
        rates.note(&s);
        let minute = rates.of(&topic, 60);
        // From half of it on, which is not told to the second.
        assert!(minute.is_none() || second > 127, "{second}: {minute:?}");
        assert!(minute.is_some() || second < 132, "{second}: {minute:?}");
        assert!(minute.is_none_or(|told| (told - 8_000.0).abs() <= 8.0), "{second}: {minute:?}");
        assert_eq!(rates.of(&topic, 1), (second > 100).then_some(8_000.0));
        let spark = rates.spark(&topic);
        assert!(spark.iter().flatten().all(|bytes| *bytes > 0.0), "{second}: {spark:?}");
        assert_eq!(spark.iter().flatten().next().is_some(), second > 100, "{second}: {spark:?}");
    }
}

/// Where more conversations come than rates are remembered of, those are forgotten that left the pictures, and none that stands in one.
#[test]
fn what_is_new_has_its_rate_however_many_came_before() {
    let mut rates = Rates::default();
    let load = |_: i64, _: u64| Traffic { packets: 10, wire_bytes: 1_000 };
    let crowd = |second: i64| {
        let mut s = picture(second, load, 1);
        let old = s.stats.conversations.tcp.rows[0].clone();
        let new = |n: u16| Conversation {
            a: crate::model::Address::V4([10, second as u8, n.to_be_bytes()[0], n.to_be_bytes()[1]].into()),
            first: s.now.plus(-SECOND / 2),
            ab: load(0, 0),
            recent_ab: load(0, 0),
            ..old.clone()
        };
        let rows: Vec<Conversation> = (0..900).map(new).collect();
        s.stats.conversations.tcp.rows.extend(rows);
        s
    };
    for second in 1..=30 {
        let s = crowd(second);
        rates.note(&s);
        let rows = &s.stats.conversations.tcp.rows;
        let newest = Topic::conversation(Kind::Tcp, &rows[900]);
        assert_eq!(rates.of(&newest, 1), Some(8_000.0), "{second}");
        assert_eq!(rates.smoothed(&s).stats.conversations.tcp.rows[900].recent_ab.wire_bytes, 1_000, "{second}");
        assert_eq!(
            rates.of(&Topic::conversation(Kind::Tcp, &rows[0]), 60),
            Some(8_000.0),
            "the steady one is known since it began: {second}"
        );
    }
}

#[test]
fn forgetting_and_a_clock_set_back_begin_anew() {
    let mut rates = Rates::default();
    let load = |_: i64, _: u64| Traffic { packets: 10, wire_bytes: 1_000 };
    (0..=20).for_each(|second| rates.note(&picture(second, load, 1)));
    let mut anew = picture(3, load, 1);
    anew.now = Timestamp::new(BEGIN + 21, 0);
    let topic = Topic::conversation(Kind::Tcp, &anew.stats.conversations.tcp.rows[0]);
    rates.note(&anew);
    assert_eq!(rates.of(&topic, 60), Some(8_000.0));
    rates.note(&picture(4, load, 1));
    assert_eq!(rates.of(&topic, 10), Some(8_000.0), "the clock went back");
    assert!(!rates.is_silent(&topic));
}

#[test]
fn a_paused_picture_keeps_its_rates() {
    let mut session = Session::new(Story::Empty, 160, 40);
    let load = |second: i64, _: u64| Traffic { packets: 1, wire_bytes: if second < 20 { 1_000 } else { 9_000 } };
    (0..20).for_each(|second| session.see(picture(second, load, 3)));
    session.keys("4 p");
    let row = |session: &Session| session.lines()[session.line_of(":40000")].clone();
    let before = row(&session);
    assert!(before.contains("8.00 kb/s"), "{before}");
    (20..25).for_each(|second| session.see(picture(second, load, 3)));
    assert_eq!(row(&session), before);
    session.keys("p");
    let after = row(&session);
    assert!(after.contains("72.0 kb/s") && after.contains("33.6 kb/s"), "1 s and 10 s: {after}");
}

/// The parts of a picture that are called recent, as they are printed: whatever is added to one is among them.
fn recents(s: &Snapshot) -> Vec<String> {
    let text = format!("{s:#?}");
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let begins = |line: &&str| line.trim_start().starts_with("recent") && line.ends_with(['{', '[']);
    let blocks = lines.iter().enumerate().filter(|(_, line)| begins(line)).map(|(at, line)| {
        let inside = lines[at + 1..].iter().take_while(|below| indent(below) > indent(line));
        format!("line {at} {line} {}", inside.map(|l| l.trim()).collect::<String>())
    });
    blocks.collect()
}

#[test]
fn whatever_is_recent_is_of_the_same_ten_seconds() {
    let mut s = demo::snapshot(Story::Trouble, 1);
    let some = |packets| Traffic { packets, wire_bytes: packets * 100 };
    s.stats.vlans.rows[0].ways = Some(VlanWays { traffic: [some(500), some(600)], recent: [some(5), some(6)] });
    s.switch.chatter = vec![ChatterRow { kind: Chatter::ArpRequest, traffic: some(700), recent: some(48) }];
    let mut rates = Rates::default();
    rates.note(&Snapshot { live: true, now: s.now.plus(-10 * SECOND), ..Snapshot::default() });
    rates.note(&s);
    let smoothed = rates.smoothed(&s);
    assert_eq!(smoothed.recent_seconds, 10.0);
    let (before, after) = (recents(&s), recents(&smoothed));
    let counted = |text: &str| text.split("wire_bytes: ").skip(1).any(|number| !number.starts_with("0,"));
    assert!(before.len() == after.len() && before.iter().filter(|text| counted(text)).count() > 20, "{}", before.len());
    for (before, after) in before.iter().zip(&after).filter(|(before, _)| counted(before)) {
        assert_ne!(before, after, "stays that of one second");
    }
    // What was seen for a second of ten came at that rate.
    assert_eq!(smoothed.switch.chatter[0].recent, some(480));
    assert_eq!(smoothed.stats.vlans.rows[0].ways.map(|ways| ways.recent), Some([some(50), some(60)]));
}

#[test]
fn services_of_a_port_are_those_of_the_last_minute() {
    let mut session = Session::new(Story::Calm, 120, 40);
    let mut snapshot = demo::snapshot(Story::Calm, 30);
    snapshot.number = 31;
    for service in &mut snapshot.stats.services.rows {
        service.counts.requests = 4_711;
        let mut minute = service.counts.clone();
        minute.requests = 17;
        service.lately = Some(Box::new(minute));
    }
    session.see(snapshot);
    let text = session.keys("5").text();
    assert!(text.contains("Services · last minute"), "{text}");
    assert!(text.contains(" 17 ") && !text.contains("4,711") && !text.contains("4.71 k"), "{text}");
    // A capture's are of all of it.
    let text = Session::new(Story::File, 120, 40).keys("5").text();
    assert!(text.contains("Services · whole capture"), "{text}");
}
