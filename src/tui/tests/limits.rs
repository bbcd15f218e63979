//! Any size, any keys, any text, many rows.

use super::*;
use crate::model::limits::{SCREEN_COLUMNS, SCREEN_ROWS};

#[test]
fn any_size_any_story() {
    let pages = [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "8",
        "8 Right",
        "8 Right Right Right Right",
        "4 Down Enter",
        "3 Down Enter",
        "6 Down Enter",
        "5 Down Enter",
        "0",
        "0 Down Enter",
        "2 Down Enter",
        "?",
        "/",
        "1 d",
        "6 e",
    ];
    for story in [Story::Trouble, Story::Calm, Story::Sampled, Story::File, Story::Empty] {
        for keys in pages {
            let mut session = Session::new(story, 80, 24);
            session.keys(keys);
            for width in (1..10).chain((10..130).step_by(13)) {
                for height in (1..8).chain((8..50).step_by(9)) {
                    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
                    session.app.paint(&mut buffer);
                }
            }
        }
    }
}

#[test]
fn the_largest_screen_there_is() {
    for keys in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "u", "Tab Tab", "4 Down Enter", "3 Down Enter", "6 Down Enter", "?", "m"]
    {
        for (width, height) in [(SCREEN_COLUMNS, 40), (SCREEN_COLUMNS, SCREEN_ROWS)] {
            let mut session = Session::new(Story::Trouble, 80, 24);
            session.keys(keys);
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            session.app.paint(&mut buffer);
            let last = buffer.content().iter().rposition(|cell| cell.symbol() != " ");
            assert!(last.is_some(), "{keys} {width}x{height}");
        }
    }
}

#[test]
fn any_keys_in_any_order() {
    let all = "1 2 3 4 5 6 8 Tab BTab Up Down Left Right Enter Esc Home PgDn g G s S p b n d + - ? / e r j k h";
    let keys: Vec<&str> = all.split(' ').collect();
    let mut session = Session::new(Story::Trouble, 90, 20);
    let mut state = 7u64;
    for i in 0..1_500i64 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        session.keys(keys[(state >> 33) as usize % keys.len()]);
        if i % 50 == 0 {
            let story = if i % 200 == 0 { Story::Empty } else { Story::Trouble };
            session.see(demo::snapshot(story, i + 1));
        }
    }
    assert!(!session.effects.contains(&Effect::Quit));
}

#[test]
fn hostile_text_never_reaches_the_terminal() {
    let evil = "a\x1b[2J\x07\r\n\u{202e}b\u{9b}31m";
    let mut snapshot = demo::snapshot(Story::Trouble, 1);
    snapshot.capture.sources[0].name = evil.into();
    snapshot.capture.sources[0].warning = Some(evil.into());
    snapshot.capture.filter = Some(evil.into());
    for finding in &mut snapshot.diagnosis.findings {
        finding.title = evil.into();
        finding.cause = evil.into();
        finding.evidence.push(("name", crate::model::Value::Text(evil.into())));
    }
    snapshot.mirror.trust.summary = evil.into();
    snapshot.mirror.silenced.push(("x", evil.into()));
    for check in &mut snapshot.diagnosis.host[0].checks {
        check.found = evil.into();
        check.command = Some(evil.into());
    }
    snapshot.diagnosis.host[0].interface = evil.into();
    let mut session = Session::new(Story::Trouble, 120, 40);
    session.app.options.explain = |_| Some("b\x1b[31m".into());
    session.app.options.source_title = evil.into();
    session.see(snapshot);
    for keys in ["1", "2", "3", "4", "5", "6", "8", "0", "8 Right", "6 Down Enter", "6 e"] {
        session.keys("Esc Esc").keys(keys);
        for cell in session.buffer().content() {
            let bad = |c: char| c.is_control() || c == '\u{202e}';
            assert!(!cell.symbol().contains(bad), "{keys}: {:?}", cell.symbol());
        }
    }
}

#[test]
fn a_thousand_rows_draw_quickly() {
    let mut snapshot = demo::snapshot(Story::Trouble, 1);
    let model = snapshot.stats.conversations.tcp.rows[0].clone();
    snapshot.stats.conversations.tcp.rows = (0..1_000u32)
        .map(|i| {
            let mut row = model.clone();
            row.a = Address::V4((0x0a00_0000 + i * 7).into());
            row.recent_ab.wire_bytes = u64::from(i.wrapping_mul(2_654_435_761) % 1_000_000);
            row
        })
        .collect();
    snapshot.stats.conversations.tcp.total_rows = 100_000;
    let mut session = Session::with(Story::Trouble, 200, 60, Theme::new(Depth::True, false));
    session.see(snapshot);
    for keys in ["1", "4", "4 Down", "3"] {
        session.keys(keys);
        let begun = Instant::now();
        let rounds = 20;
        for _ in 0..rounds {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 60));
            session.app.paint(&mut buffer);
        }
        let each = begun.elapsed() / rounds;
        println!("{keys}: {each:?} a frame of 200x60");
        // Ten times what it takes: a busy machine must not fail the test.
        assert!(each < Duration::from_millis(100), "{keys}: {each:?}");
    }
    assert!(session.keys("4 Esc").text().contains("first 1,000 of 100,000"));
}
