//! A frame: what is the same on both pages, and one of them.

use super::state::{FleetApp, TITLE};
use super::{frame, list, page};
use crate::snapshot::Snapshot;
use crate::tui::canvas::Canvas;
use crate::tui::chrome::help;
use crate::tui::rates::Rates;
use crate::tui::view::{Scene, Trail};
use ratatui::buffer::Buffer;

impl FleetApp {
    /// Draws a frame.
    pub fn paint(&mut self, buffer: &mut Buffer) {
        let (snapshot, trail, rates) = (Snapshot { live: true, ..Snapshot::default() }, Trail::new(), Rates::default());
        let theme = self.theme;
        let mut canvas = Canvas::new(buffer, &theme);
        let scene = Scene {
            base: &snapshot,
            snapshot: &snapshot,
            view: &self.view,
            pane: self.pane(),
            topic: None,
            trail: &trail,
            rates: &rates,
            options: &self.options,
            theme: &theme,
            read: None,
            age: None,
            behind: 0.0,
            partial: false,
        };
        let body = frame::draw(&mut canvas, self, &scene);
        match &self.question.probe {
            Some(name) => page::draw(&mut canvas, body, self, name, &scene),
            None => list::draw(&mut canvas, body, self, &scene),
        }
        if let Some(lines) = self.help {
            help::draw(&mut canvas, body, TITLE, (&frame::hints(self), &self.options.keymap), lines);
        }
        canvas.paper();
        let (hits, listing, overflow) = (std::mem::take(&mut canvas.hits), canvas.listing, canvas.overflow);
        self.hits = hits;
        self.height = listing.height;
        self.help = self.help.map(|lines| lines.min(overflow));
        self.pane_mut().offset = listing.offset;
    }
}
