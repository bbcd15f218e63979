//! Whole sessions without a terminal: keys in, cells out.

mod actions;
mod added;
mod answers;
mod compare;
mod cursor;
mod keys;
mod leads;
mod limits;
mod looks;
mod promises;
mod rates;
mod readme;

mod packets;
mod problems;
mod said;
mod tables;
mod toy;

use super::app::{App, Modal, QUESTION};
use super::demo::{self, Story};
use super::options::DashboardOptions;
use super::run;
use super::screen::Effect;
use super::screens::SCREENS;
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
        let options = DashboardOptions {
            source_title: name.into(),
            explain: |id| Some(format!("{id}\n\nAll about {id}.")),
            manufacturer: |_| Some("Cisco Systems"),
            service: |port, _| (port == 443).then_some("https"),
            ..DashboardOptions::default()
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
