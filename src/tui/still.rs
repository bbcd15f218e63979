//! The dashboard without a terminal: pictures in, keys in, a drawing out.

use super::app::App;
use super::options::DashboardOptions;
use super::svg;
use super::theme::{Depth, Theme};
use crate::snapshot::Snapshot;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::layout::Rect;
use std::sync::Arc;

/// A dashboard that shows what it is given, as a drawing and not on a terminal.
pub struct Still {
    app: App,
    buffer: Buffer,
    light: bool,
}

impl Still {
    /// A screen of so many columns and rows, in all colours, on a light or a dark background.
    pub fn new(options: DashboardOptions, (columns, rows): (u16, u16), light: bool) -> Self {
        let buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        Self { app: App::new(options, Theme::new(Depth::True, light)), buffer, light }
    }

    /// Shows a picture.
    pub fn see(&mut self, snapshot: Snapshot) {
        self.app.see(Arc::new(snapshot), None);
        self.paint();
    }

    /// Presses keys: characters, or `Enter`, `Down`, `Right`, `Tab`; with spaces between.
    pub fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let code = match key {
                "Enter" => KeyCode::Enter,
                "Down" => KeyCode::Down,
                "Right" => KeyCode::Right,
                "Tab" => KeyCode::Tab,
                one => KeyCode::Char(one.chars().next().unwrap_or(' ')),
            };
            self.app.update(&Event::Key(KeyEvent::from(code)));
            self.paint();
        }
    }

    fn paint(&mut self) {
        self.buffer.reset();
        let painted = self.app.paint(&mut self.buffer);
        self.app.painted(painted);
    }

    /// What is on the screen, as lines of text.
    pub fn text(&self) -> String {
        let area = self.buffer.area;
        let symbol = |x, y| self.buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
        let line = |y| (0..area.width).map(|x| symbol(x, y)).collect::<String>().trim_end().to_owned() + "\n";
        (0..area.height).map(line).collect()
    }

    /// What is on the screen, as SVG.
    pub fn svg(&self) -> String {
        svg::draw(&self.buffer, self.light)
    }
}
