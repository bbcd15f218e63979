//! What the first ten seconds must keep: a load panel that fills its height, an axis that holds still, one mean a screen.

use super::*;
use crate::model::{Timestamp, Traffic};
use crate::snapshot::{FineLoad, Sample};
use std::collections::BTreeSet;

/// Rows of the load's chart: behind the heat strip and before the times, which stand above the next title.
fn chart(session: &Session) -> Vec<String> {
    let begin = session.line_of("Load") + 1;
    let panel = session.lines().into_iter().skip(begin).skip_while(|line| line.contains("1 ms"));
    let mut rows: Vec<String> = panel.take_while(|line| !line.contains('─')).collect();
    rows.pop();
    rows
}

fn has_dots(row: &str) -> bool {
    row.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
}

/// What stands beside the axis.
fn axis(rows: &[String]) -> Vec<String> {
    rows.iter().map(|row| row.chars().take(6).collect::<String>().trim().to_owned()).collect()
}

#[test]
fn the_largest_load_fills_its_panel() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        for story in [Story::Calm, Story::File] {
            let mut session = Session::new(story, width, height);
            (1..40).for_each(|second| session.see(demo::snapshot(story, second)));
            let rows = chart(&session);
            let used = rows.iter().filter(|row| has_dots(row)).count();
            assert!(
                rows.len() >= 2 && used * 100 >= rows.len() * 80,
                "{used} of {} rows at {width}x{height}\n{}",
                rows.len(),
                session.text()
            );
        }
    }
}

/// Nanoseconds of the finest part of the load that is made up.
const CELL: i64 = 32_000_000;

#[test]
fn the_axis_holds_still_for_a_minute_of_steady_load() {
    let mut session = Session::new(Story::Calm, 120, 40);
    // The load of a second is that of any other, but for a tenth; within it packets come as they do, and the bins of the chart, which show
    // that, become wider as the capture grows.
    let cell = |at: i64| 2_000_000 + (at.unsigned_abs().wrapping_mul(2_654_435_761) >> 8) % 100 * 20_000;
    let steady = |second: i64| {
        let mut s = demo::snapshot(Story::Calm, second);
        for (at, sample) in s.stats.load.samples.iter_mut().enumerate() {
            sample.traffic.wire_bytes = 100_000_000 + (at as u64 * 7_919 % 100) * 100_000;
        }
        let cells = match second {
            ..35 => 2,
            35..55 => 4,
            _ => 8,
        };
        let width = cells * CELL;
        let (from, to) = (s.stats.load.samples[0].start.0.div_euclid(width) + 1, s.now.0.div_euclid(width));
        let bin = |at: i64| Sample {
            start: Timestamp(at * width),
            length: width,
            traffic: Traffic { packets: 1, wire_bytes: (0..cells).map(|n| cell(at * cells + n)).sum() },
            ..Sample::default()
        };
        s.stats.load.fine = vec![FineLoad { width, since: None, samples: (from..to).map(bin).collect() }];
        s
    };
    (1..20).for_each(|second| session.see(steady(second)));
    let before = axis(&chart(&session));
    assert!(before.iter().any(|label| !label.is_empty()), "{}", session.text());
    let changed: Vec<Vec<String>> = (20..80)
        .filter_map(|second| {
            session.see(steady(second));
            Some(axis(&chart(&session))).filter(|now| *now != before)
        })
        .collect();
    assert!(changed.is_empty(), "{} times, {before:?}: {:?}\n{}", changed.len(), changed.first(), session.text());
}

/// Every `mean 841 Mb/s` of a text.
fn means(text: &str) -> BTreeSet<String> {
    text.split("mean ")
        .skip(1)
        .map(|rest| rest.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .filter(|m| m.ends_with("b/s"))
        .collect()
}

#[test]
fn one_screen_knows_one_mean() {
    let mut session = Session::new(Story::File, 160, 45);
    let mut seen = BTreeSet::new();
    for key in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "u"] {
        session.keys(key);
        let told = means(&session.text());
        assert!(told.len() <= 1, "screen {key}: {told:?}\n{}", session.text());
        seen.extend(told);
    }
    assert_eq!(seen.len(), 1, "and so do all screens: {seen:?}");
}

/// What help explains are words that newcomers ask about.
#[test]
fn words_on_screens_are_explained_in_help() {
    let mut session = Session::new(Story::Calm, 200, 100);
    session.keys("?");
    let text = session.text();
    for word in ["came late", "only in sums", "retrans", "ends here"] {
        assert!(text.contains(word), "help does not explain {word}\n{text}");
    }
}

#[test]
fn how_far_a_file_is_read_stands_still_in_the_first_line() {
    let mut session = Session::new(Story::File, 120, 40);
    let mut snapshot = demo::snapshot(Story::File, 0);
    (snapshot.finished, snapshot.number) = (false, 2);
    snapshot.capture.sources.iter_mut().for_each(|source| source.progress = Some(0.04));
    session.see(snapshot);
    // A picture of many conversations may be some seconds old: that is a port's word, and of a file it says nothing.
    session.app.note_age(Duration::from_secs(5));
    assert!(session.app.note_read(Some(0.09)), "more of it was read than the picture holds");
    session.draw();
    let first = session.lines()[0].clone();
    assert!(!first.contains("old") && first.contains(" 9 %") && first.contains('▯'), "{first}");
    assert!(!session.app.note_read(Some(0.094)), "the same per cent");
    // A port's picture that is not renewed says so.
    let mut live = Session::new(Story::Calm, 120, 40);
    assert!(live.app.note_age(Duration::from_secs(5)));
    live.draw();
    assert!(live.lines()[0].contains("5 s old"), "{}", live.lines()[0]);
}
