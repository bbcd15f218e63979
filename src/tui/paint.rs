//! What the dashboard looks like: the first line, the tabs, the page, the footer, and what lies over them.
//!
//! ```text
//!  spantop  eth1 …                     first line
//!  1 Overview  2 Protocols …           tabs or breadcrumbs
//!  ✖ the interface has gone            only when something must not be overlooked
//!  …                                   the page
//!  ↑↓ select  / filter …               footer, or the line being typed
//! ```

use super::app::{App, Modal, Typing};
use super::canvas::{Canvas, Hit, Listing, split_top};
use super::chrome::footer::{self, InForce};
use super::chrome::{header, help, palette, tabs};
use super::theme::Hue;
use super::time_cursor::ChartTimes;
use super::view::{Axes, Scene};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What drawing found out.
pub(super) struct Painted {
    area: Rect,
    hits: Vec<(Rect, Hit)>,
    listing: Listing,
    has_preview: bool,
    overflow: usize,
    axes: Option<Axes>,
    chart_times: Option<ChartTimes>,
    /// Where the text cursor is.
    pub cursor: Option<(u16, u16)>,
}

impl App {
    /// Draws everything into a buffer. Same state, same cells.
    pub fn paint(&self, buffer: &mut Buffer) -> Painted {
        self.paint_all(buffer, true)
    }

    /// Draws everything but what lies over the page.
    pub(super) fn paint_without_modal(&self, buffer: &mut Buffer) {
        self.paint_all(buffer, false);
    }

    /// What is not written down that was to be.
    fn unwritten(&self) -> Option<String> {
        self.options.written.as_ref().and_then(|written| written())
    }

    fn paint_all(&self, buffer: &mut Buffer, with_modal: bool) -> Painted {
        let area = buffer.area;
        let scene = self.scene();
        let mut canvas = Canvas::new(buffer, &self.theme);
        let (top, rest) = split_top(area, 1);
        header::draw(&mut canvas, top, &Scene { snapshot: &self.shown, ..scene });
        let (second, rest) = split_top(rest, u16::from(rest.height >= 5));
        if second.height > 0 {
            match self.screens.get(self.screen).filter(|_| !self.stack.is_empty()) {
                None => tabs::draw(&mut canvas, second, &scene, self.screens, self.screen),
                Some(entry) => tabs::breadcrumbs(&mut canvas, second, &scene, (self.screen, entry), self.stack.iter().map(|s| &s.0)),
            }
        }
        let (body, last) = split_top(rest, if rest.height >= 4 { rest.height - 1 } else { rest.height });
        // What no past is kept of must not be taken for that of the span.
        let timeless = self.is_timeless();
        let words = "Of this no past is kept: all of the time up to now · Esc returns to now";
        let banner = header::banner(&self.held, self.failure.as_deref(), self.unwritten().as_deref())
            .or_else(|| timeless.then(|| (Hue::Warn, words.to_owned())));
        let (line, body) = split_top(body, u16::from(banner.is_some() && body.height > 2));
        if let (Some((hue, words)), true) = (banner, line.height > 0) {
            let style = self.theme.badge(hue);
            canvas.run(line.x, line.y, line.width, " ", style);
            footer::banner(&mut canvas, line, &words, style);
            canvas.over(line, style);
        }
        self.page().draw(&mut canvas, body, &scene);
        canvas.join(body);
        if last.height > 0 {
            self.paint_footer(&mut canvas, last, &scene);
        }
        if with_modal {
            self.paint_modal(&mut canvas, area, last, &scene);
        }
        canvas.paper();
        let Canvas { hits, listing, has_preview, overflow, axes, chart_times, cursor, .. } = canvas;
        Painted { area, hits, listing, has_preview, overflow, axes, chart_times, cursor }
    }

    fn paint_footer(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let mut force = Vec::new();
        let mut aside = None;
        if let Some(filter) = &self.view.filter {
            force.push((format!("/ {}", filter.text()), scene.theme.strong(Hue::Accent)));
        }
        if self.past.is_some() {
            force.push(("◂ the past".to_owned(), scene.theme.strong(Hue::Warn)));
        }
        if self.view.paused {
            force.push(("❚❚ paused".to_owned(), scene.theme.strong(Hue::Warn)));
        } else if self.held.finished {
            aside = Some((if self.held.live { "ended" } else { "read to the end" }.to_owned(), scene.style(Hue::Dim)));
        }
        let shown = |hint: &super::screen::Hint| self.options.keymap.shown(self.page().title(), hint).0;
        footer::draw(canvas, area, &self.hints(canvas.has_preview), &shown, InForce { always: force, aside });
    }

    fn paint_modal(&self, canvas: &mut Canvas, area: Rect, last: Rect, scene: &Scene) {
        match &self.modal {
            Modal::None => {
                if let Some((words, _)) = &self.notice {
                    footer::message(canvas, last, words, scene.style(Hue::Warn));
                }
            }
            Modal::Help(scroll) => {
                let hints = self.hints(canvas.has_preview);
                help::draw(canvas, area, self.page().title(), (&hints, &self.options.keymap), *scroll);
            }
            Modal::Filter(typing) => {
                let Typing { input, error, .. } = typing;
                footer::input(canvas, last, scene, input.value(), input.cursor(), error.as_deref());
            }
            Modal::Reset(_) => {
                let words = "Forget everything counted so far?  r or y forget · any other key keep";
                footer::message(canvas, last, words, scene.theme.strong(Hue::Warn));
            }
            Modal::Palette(open) => palette::draw(canvas, area, open, &self.palette_lines(open)),
            Modal::Note(note) => {
                let words = ("bookmark ", "a note for this moment · ⏎ keep · Esc leave");
                footer::line(canvas, last, scene, words, note.input.value(), note.input.cursor(), None);
            }
            Modal::Explain { title, text, scroll } => help::text(canvas, area, title, text, *scroll),
        }
    }

    /// Remembers what drawing found out.
    pub fn painted(&mut self, painted: Painted) {
        self.area = painted.area;
        self.hits = painted.hits;
        self.listing = painted.listing;
        self.has_preview = painted.has_preview;
        self.overflow = painted.overflow;
        self.view.axes = painted.axes.unwrap_or(self.view.axes);
        self.chart_times = painted.chart_times;
        let offset = self.listing.offset;
        if let Some(pane) = self.pane_mut() {
            pane.offset = offset;
        }
    }
}
