//! Whole sessions without a terminal: keys in, cells out.

use super::app::{App, Effect, Modal, QUESTION};
use super::demo::{self, Story};
use super::options::Options;
use super::registry::SCREENS;
use super::run;
use super::theme::{Depth, Theme};
use crate::model::Address;
use crate::snapshot::{Column, Snapshot};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Session {
    app: App,
    terminal: Terminal<TestBackend>,
    effects: Vec<Effect>,
}

impl Session {
    fn new(story: Story, width: u16, height: u16) -> Self {
        Self::with(story, width, height, Theme::new(Depth::Mono, false))
    }

    fn with(story: Story, width: u16, height: u16, theme: Theme) -> Self {
        let name = if story == Story::File { "office.pcapng" } else { "eth1" };
        let options = Options {
            source_title: name.into(),
            explain: |id| Some(format!("All about {id}.")),
            manufacturer: |_| Some("Cisco Systems"),
            service: |port, _| (port == 443).then_some("https"),
            ..Options::default()
        };
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a test backend does not fail");
        let mut session = Self { app: App::new(options, theme), terminal, effects: Vec::new() };
        session.see(demo::snapshot(story, 0));
        session
    }

    fn see(&mut self, snapshot: Snapshot) {
        self.app.see(Arc::new(snapshot), None);
        let question = self.app.question();
        self.effects.extend(question);
        self.draw();
    }

    fn draw(&mut self) {
        let Self { app, terminal, .. } = self;
        terminal.draw(|frame| run::draw(app, frame)).expect("a test backend does not fail");
    }

    fn event(&mut self, event: &Event) {
        let effects = self.app.update(event);
        self.effects.extend(effects);
        self.draw();
    }

    /// Presses keys: names or characters, with spaces between.
    fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let code = match key {
                "Enter" => KeyCode::Enter,
                "Esc" => KeyCode::Esc,
                "Tab" => KeyCode::Tab,
                "BTab" => KeyCode::BackTab,
                "Up" => KeyCode::Up,
                "Down" => KeyCode::Down,
                "Left" => KeyCode::Left,
                "Right" => KeyCode::Right,
                "PgDn" => KeyCode::PageDown,
                "Home" => KeyCode::Home,
                "Space" => KeyCode::Char(' '),
                one => KeyCode::Char(one.chars().next().unwrap_or(' ')),
            };
            self.event(&Event::Key(KeyEvent::from(code)));
        }
        self
    }

    fn kinds(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.event(&Event::Key(KeyEvent::from(KeyCode::Char(c))));
        }
        self
    }

    fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        self.event(&Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    }

    fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    fn lines(&self) -> Vec<String> {
        lines(self.buffer())
    }

    fn text(&self) -> String {
        self.lines().join("\n")
    }

    fn line_of(&self, what: &str) -> usize {
        self.lines().iter().position(|l| l.contains(what)).unwrap_or_else(|| panic!("no {what} in\n{}", self.text()))
    }
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let row = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..area.height).map(row).collect()
}

#[test]
fn every_screen_looks_as_it_did() {
    for (width, height) in [(60, 15), (80, 24), (120, 40)] {
        for screen in SCREENS {
            let mut session = Session::new(Story::Trouble, width, height);
            session.keys(&screen.digit().to_string());
            let name = format!("{}-{width}x{height}", screen.title().to_lowercase().replace(' ', ""));
            insta::assert_snapshot!(name, session.text());
        }
    }
}

#[test]
fn pages_look_as_they_did() {
    for (name, keys) in [
        ("conversation", "4 Down Enter"),
        ("host", "3 Down Enter"),
        ("protocol", "2 Down Down Down Enter"),
        ("vlan", "5 Down Enter"),
        ("finding", "6 Down Enter"),
    ] {
        let mut session = Session::new(Story::Trouble, 100, 30);
        session.keys(keys);
        insta::assert_snapshot!(format!("page-{name}"), session.text());
    }
}

#[test]
fn the_first_line_tells_on_every_screen() {
    for screen in SCREENS {
        let mut bad = Session::new(Story::Trouble, 120, 40);
        bad.keys(&screen.digit().to_string());
        assert!(
            bad.lines()[0].contains("✖ mirror: every packet twice") && bad.lines()[0].contains("lost 1.2 % kernel"),
            "{}",
            bad.lines()[0]
        );
        let mut good = Session::new(Story::Calm, 120, 40);
        good.keys(&screen.digit().to_string());
        assert!(good.lines()[0].contains("● mirror good") && good.lines()[0].contains("lost 0"), "{}", good.lines()[0]);
    }
    let unknown = Session::new(Story::Empty, 120, 40);
    assert!(unknown.lines()[0].contains("mirror ?"));
    // The load and the badge are what stays.
    let small = Session::new(Story::Trouble, 44, 15);
    assert!(small.lines()[0].contains("mirror bad") && small.lines()[0].contains("855 Mb/s"), "{}", small.lines()[0]);
}

#[test]
fn a_failure_is_loud() {
    let mut session = Session::new(Story::Calm, 80, 24);
    session.app.see(Arc::new(demo::snapshot(Story::Calm, 1)), Some("eth1: the interface has gone".into()));
    session.draw();
    assert!(session.lines()[2].contains("✖ eth1: the interface has gone"));
    let mut warned = demo::snapshot(Story::Calm, 1);
    warned.sources[0].warning = Some("the link is down".into());
    let mut session = Session::new(Story::Calm, 80, 24);
    session.see(warned);
    assert!(session.lines()[2].contains("▲ the link is down"));
}

#[test]
fn a_file_that_is_read_shows_how_far() {
    let mut snapshot = demo::snapshot(Story::File, 0);
    snapshot.finished = false;
    snapshot.sources[0].progress = Some(0.62);
    let mut session = Session::new(Story::File, 120, 40);
    assert!(session.text().contains("read to the end"));
    snapshot.number += 1;
    session.see(snapshot);
    assert!(session.lines()[0].contains("▮▮▮▮▮▯▯▯  62 %"), "{}", session.lines()[0]);
    assert!(matches!(&session.effects[0], Effect::Ask(q) if q.conversations.column == Column::Bytes));
}

#[test]
fn pause_holds_the_picture_and_says_how_far_behind() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("p");
    let held = session.lines()[20].clone();
    session.see(demo::snapshot(Story::Calm, 12));
    assert_eq!(session.lines()[20], held);
    assert!(session.text().contains("❚❚ paused, 12.0 s behind"), "{}", session.text());
    assert_eq!(session.app.latest().number, 13);
    session.keys("Space");
    assert!(!session.text().contains("paused"));
    assert_eq!(session.app.shown.number, 13);
}

#[test]
fn the_selected_row_stays_where_it_is() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 Down Down Down");
    let chosen = session.app.pane().selected.clone();
    let order = session.app.topics();
    for second in 1..20 {
        session.see(demo::snapshot(Story::Calm, second));
        assert_eq!(session.app.topics(), order);
        assert_eq!(session.app.pane().selected, chosen);
    }
    session.keys("Esc");
    assert_ne!(session.app.topics(), order, "the order follows the values again");
}

#[test]
fn a_row_that_ends_does_not_move_the_selected_one() {
    let mut session = Session::new(Story::Calm, 120, 20);
    session.keys("4 G Up Up Up");
    let chosen = session.app.pane().selected.clone();
    let shown = |s: &Session| {
        let at = s.app.topics().iter().position(|t| Some(t) == chosen.as_ref());
        at.map(|at| at - s.app.listing.offset)
    };
    let (before, rows) = (shown(&session), session.app.topics());
    let mut next = demo::snapshot(Story::Calm, 1);
    let gone = &rows[0];
    next.conversations.tcp.rows.retain(|r| super::view::Topic::conversation(super::view::Kind::Tcp, r) != *gone);
    session.see(next);
    assert_eq!(session.app.topics().len(), rows.len() - 1);
    assert_eq!(shown(&session), before);
}

#[test]
fn sorting_asks_and_marks() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 s s");
    assert!(session.text().contains("▼ bytes"), "{}", session.text());
    let asked = session.effects.iter().rev().find_map(|e| if let Effect::Ask(q) = e { Some(q.clone()) } else { None });
    assert_eq!(asked.map(|q| (q.conversations.column, q.conversations.descending)), Some((Column::Bytes, true)));
    session.keys("S");
    assert!(session.text().contains("▲ bytes"));
    let header = session.lines()[4].chars().take_while(|c| *c != '▲').count() as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), header + 3, 4);
    assert!(session.text().contains("▼ bytes"));
}

#[test]
fn the_filter_is_typed_and_cleared() {
    let mut session = Session::new(Story::Calm, 100, 30);
    session.keys("4 /").kinds("vlan 10q");
    assert!(session.lines()[29].contains("filter vlan 10q"), "{}", session.lines()[29]);
    assert!(!session.effects.contains(&Effect::Quit), "letters are text while typing");
    session.event(&Event::Key(KeyEvent::from(KeyCode::Backspace)));
    session.keys("Enter");
    assert!(session.lines()[29].contains("/ vlan 10"), "{}", session.lines()[29]);
    let asked = session.effects.iter().rev().find_map(|e| if let Effect::Ask(q) = e { q.filter.clone() } else { None });
    assert_eq!(asked.map(|f| f.text().to_owned()), Some("vlan 10".into()));
    session.keys("Esc");
    assert!(session.app.view.filter.is_none());
}

#[test]
fn reset_asks_first() {
    let mut session = Session::new(Story::Calm, 100, 30);
    session.keys("r");
    assert!(session.lines()[29].contains("Forget everything"));
    session.keys("j");
    assert!(!session.effects.contains(&Effect::Reset));
    session.keys("r");
    session.app.tick(QUESTION + Duration::from_secs(1));
    assert!(matches!(session.app.modal, Modal::None), "the question does not stand for ever");
    session.keys("r r");
    assert_eq!(session.effects.iter().filter(|e| **e == Effect::Reset).count(), 1);
    let mut file = Session::new(Story::File, 100, 30);
    file.keys("r r");
    assert!(!file.effects.contains(&Effect::Reset), "a file cannot be forgotten");
}

#[test]
fn help_lists_only_keys_that_work_here() {
    let mut session = Session::new(Story::Calm, 100, 40);
    session.keys("8 ?");
    let text = session.text();
    assert!(text.contains("Keys · Mirror") && !text.contains("sort by the next column"), "{text}");
    session.keys("Esc 4 h");
    let text = session.text();
    assert!(text.contains("Keys · Conversations") && text.contains("sort by the next column"), "{text}");
    session.keys("x");
    assert!(!session.text().contains("Keys ·"));
}

#[test]
fn enter_goes_down_and_escape_up() {
    let mut session = Session::new(Story::Trouble, 120, 40);
    session.keys("3 Down Enter");
    assert!(session.lines()[1].contains("3 Hosts › 10.20.1.7"), "{}", session.lines()[1]);
    session.keys("Down Enter");
    assert_eq!(session.app.stack.len(), 2);
    assert!(session.lines()[1].contains("⇄"));
    session.keys("Esc Esc");
    assert!(session.app.stack.is_empty());
    assert!(session.lines()[1].contains("1 Overview"));
    session.keys("6 e");
    assert!(session.text().contains("All about dup.every."));
    session.keys("Esc q");
    assert!(session.effects.contains(&Effect::Quit));
}

#[test]
fn control_c_leaves_from_anywhere() {
    for keys in ["/", "?", "r", "6 e", "4 Down Enter"] {
        let mut session = Session::new(Story::Trouble, 80, 24);
        session.keys(keys);
        session.event(&Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert!(session.effects.contains(&Effect::Quit), "{keys}");
    }
}

#[test]
fn the_mouse_presses_what_it_points_at() {
    let mut session = Session::new(Story::Trouble, 120, 40);
    let x = session.lines()[1].find("3 Hosts").unwrap_or(0) as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), x + 2, 1);
    assert_eq!(SCREENS[session.app.screen].title(), "Hosts");
    let row = session.line_of("10.20.1.9") as u16;
    session.mouse(MouseEventKind::Down(MouseButton::Left), 5, row);
    assert!(session.app.pane().selected.is_some() && session.app.stack.is_empty());
    session.mouse(MouseEventKind::Down(MouseButton::Left), 5, row);
    assert_eq!(session.app.stack.len(), 1, "a second click opens");
    session.keys("4");
    session.mouse(MouseEventKind::ScrollDown, 5, 10);
    assert_eq!(session.app.listing.offset, 3);
}

#[test]
fn branches_fold() {
    let mut session = Session::new(Story::Calm, 100, 30);
    session.keys("2 Down Left");
    assert_eq!(session.app.topics().len(), 1);
    session.keys("Right");
    assert!(session.app.topics().len() > 10);
    session.keys("Down Down Left");
    assert!(session.text().contains("ipv6"));
}

#[test]
fn names_and_bytes() {
    let mut session = Session::new(Story::Calm, 120, 40);
    session.keys("4 n b");
    let text = session.text();
    assert!(text.contains(":https") && text.contains("MB/s") && !text.contains("Mb/s"), "{text}");
}

#[test]
fn the_same_picture_twice() {
    let mut session = Session::new(Story::Trouble, 150, 50);
    for screen in SCREENS {
        session.keys(&screen.digit().to_string());
        let before = session.buffer().clone();
        session.draw();
        assert_eq!(*session.buffer(), before, "{}", screen.title());
    }
}

#[test]
fn columns_do_not_jump() {
    let column = |second| {
        let mut session = Session::new(Story::Calm, 100, 30);
        session.keys("4");
        session.see(demo::snapshot(Story::Calm, second));
        let header = session.lines()[4].clone();
        let ends: Vec<usize> = session.lines()[5..9].iter().map(|l| l.chars().position(|c| c == '%').unwrap_or(0)).collect();
        (header, ends)
    };
    let first = column(1);
    for second in 2..8 {
        assert_eq!(column(second), first);
    }
}

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
        "4 Down Enter",
        "3 Down Enter",
        "6 Down Enter",
        "5 Down Enter",
        "2 Down Enter",
        "?",
        "/",
        "1 d",
        "6 e",
    ];
    for story in [Story::Trouble, Story::Calm, Story::File, Story::Empty] {
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
    snapshot.sources[0].name = evil.into();
    snapshot.sources[0].warning = Some(evil.into());
    snapshot.filter = Some(evil.into());
    for finding in &mut snapshot.findings {
        finding.title = evil.into();
        finding.cause = evil.into();
        finding.evidence.push(("name", crate::model::Value::Text(evil.into())));
    }
    snapshot.mirror.trust.verdict = evil.into();
    snapshot.mirror.silenced.push(("x", evil.into()));
    let mut session = Session::new(Story::Trouble, 120, 40);
    session.app.options.explain = |_| Some("b\x1b[31m".into());
    session.app.options.source_title = evil.into();
    session.see(snapshot);
    for keys in ["1", "2", "3", "4", "5", "6", "8", "6 Down Enter", "6 e"] {
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
    let model = snapshot.conversations.tcp.rows[0].clone();
    snapshot.conversations.tcp.rows = (0..1_000u32)
        .map(|i| {
            let mut row = model.clone();
            row.a = Address::V4((0x0a00_0000 + i * 7).into());
            row.recent_ab.wire_bytes = u64::from(i.wrapping_mul(2_654_435_761) % 1_000_000);
            row
        })
        .collect();
    snapshot.conversations.tcp.total_rows = 100_000;
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

#[test]
fn colours_have_one_meaning_in_every_depth() {
    for depth in [Depth::Mono, Depth::Sixteen, Depth::Indexed, Depth::True] {
        for light in [false, true] {
            let session = Session::with(Story::Trouble, 120, 40, Theme::new(depth, light));
            let coloured = session.buffer().content().iter().any(|c| c.fg != ratatui::style::Color::Reset);
            assert_eq!(coloured, depth != Depth::Mono);
            assert!(session.text().contains("✖ mirror"), "symbols stay without colours");
        }
    }
}
