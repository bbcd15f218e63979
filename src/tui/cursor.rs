//! What keys and clicks do with the time cursor: a place in the past that is looked at instead of now, and a span that is marked from there.
//!
//! What it covers is one cell of the chart, or of the history where that is longer; `[` and `]` mark where a span begins and ends. Every
//! screen then shows the picture of that time ([`crate::snapshot::Snapshot::in_span`]), until `Esc` returns to now.

use super::app::App;
use super::screens::packets;
use super::time_cursor::{ChartTimes, SETTLED, TimeCursor, second_of};
use super::view::{CloseUp, SCALES, Scene};
use super::widgets::amount;
use crate::model::Arrange as _;
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{TimeSpan, Timestamp, Traffic};
use crate::tui::panels::load;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use std::sync::Arc;

impl App {
    /// A key about time; `None` when it is none.
    pub(super) fn time_key(&mut self, key: KeyEvent) -> Option<()> {
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        // Where a row is selected the arrows walk through panels.
        let arrows = shift || self.view.cursor.is_some() && self.page().charts() && self.pane().selected.is_none();
        match key.code {
            KeyCode::Left if arrows => self.move_cursor(-1),
            KeyCode::Right if arrows => self.move_cursor(1),
            KeyCode::Char(',') => self.move_cursor(-1),
            KeyCode::Char('.') => self.move_cursor(1),
            KeyCode::Char('<') => self.move_cursor(-10),
            KeyCode::Char('>') => self.move_cursor(10),
            KeyCode::Char('[') => self.mark_span(true),
            KeyCode::Char(']') => self.mark_span(false),
            KeyCode::Char('w') => self.worst_burst(),
            _ => return None,
        }
        Some(())
    }

    /// A click or a drag in the chart; whether it was one.
    pub(super) fn time_mouse(&mut self, mouse: MouseEvent) -> bool {
        if let MouseEventKind::Down(_) | MouseEventKind::Up(_) = mouse.kind {
            self.dragging = false;
        }
        let Some(times) = self.chart_times.clone().filter(|_| self.page().charts()) else { return false };
        let inside = times.field.contains((mouse.column, mouse.row).into());
        match mouse.kind {
            MouseEventKind::Down(_) if inside => {
                self.dragging = true;
                let Some(at) = times.time(mouse.column) else { return false };
                let here = self.cell_at(at);
                self.look_at(TimeCursor::at(here, self.centre(here)));
            }
            // What began elsewhere is no span of time.
            MouseEventKind::Drag(_) if self.dragging => {
                let column = mouse.column.clamp(times.field.x, times.field.right().saturating_sub(1));
                let (Some(cursor), Some(at)) = (self.view.cursor, times.time(column)) else { return false };
                let here = self.cell_at(at);
                let from = cursor.from.unwrap_or(cursor.here);
                self.look_at(TimeCursor { here, from: Some(from), to: Some(here), is_unmoved: false, ..cursor });
            }
            MouseEventKind::ScrollUp if inside => self.zoom(true),
            MouseEventKind::ScrollDown if inside => self.zoom(false),
            _ => return false,
        }
        true
    }

    /// The part of the past at a moment that is told apart from others: a column of the chart, or a slot where that is longer.
    fn cell_at(&self, at: Timestamp) -> TimeSpan {
        let cell = self.chart_times.as_ref().filter(|_| self.page().charts()).map_or(0, ChartTimes::cell);
        match self.held.history.slot_at(at) {
            // Where packets can be read again a column of the chart is told apart from the next one.
            Some(slot) if slot.span.length() >= cell && (cell == 0 || self.options.spans.is_none()) => slot.span,
            // What is still to come is in no span: its end is the moment it was marked at.
            _ => TimeSpan { from: at, to: at.plus(cell.max(1)).min(self.known_until(at)) },
        }
    }

    /// Where the past ends, as seen from a moment in it.
    fn known_until(&self, at: Timestamp) -> Timestamp {
        self.held.history.extent().map(|extent| extent.to).filter(|end| *end > at).unwrap_or(Timestamp(i64::MAX))
    }

    /// The middle of the chart: where it is, or the time looked at where that is not in view.
    fn centre(&self, here: TimeSpan) -> Timestamp {
        let middle = self.view.cursor.map(|cursor| cursor.centre).or(self.chart_times.as_ref().and_then(ChartTimes::middle));
        let Some(&length) = SCALES.get(self.view.scale) else { return middle.unwrap_or(here.from) };
        let centre = middle.unwrap_or(here.from);
        let reach = length / 2;
        // As little as is needed for it to be in view.
        centre.max(here.to.plus(reach.saturating_neg())).min(here.from.plus(reach))
    }

    /// Puts the cursor somewhere.
    fn look_at(&mut self, cursor: TimeCursor) {
        let centre = self.centre(cursor.here);
        self.view.cursor = Some(TimeCursor { centre, ..cursor });
        self.narrow();
    }

    /// Looks at the second that a moment lies in.
    pub(super) fn look_at_second(&mut self, moment: Timestamp) {
        let second = second_of(moment);
        self.look_at(TimeCursor::at(second, self.centre(second)));
    }

    /// The last moment that is known.
    fn latest_cell(&self) -> Option<TimeSpan> {
        self.held.history.slots.last().map(|slot| self.cell_at(slot.span.from))
    }

    /// The moment a key is pressed at, where packets tell what came up to it; else the end of what is known.
    fn moment(&self) -> Option<Timestamp> {
        let by_hand = self.held.live && !self.held.finished && !self.view.paused && self.options.spans.is_some();
        if by_hand { Some(self.now_of_packets()) } else { self.held.history.extent().map(|extent| extent.to) }
    }

    fn nothing_kept(&mut self) {
        self.say("there is no past yet: the first second of it is not over".into());
    }

    fn move_cursor(&mut self, by: i64) {
        let Some(extent) = self.held.history.extent() else { return self.nothing_kept() };
        let Some(cursor) = self.view.cursor else {
            let Some(here) = self.latest_cell() else { return };
            return self.look_at(TimeCursor::at(here, self.centre(here)));
        };
        let cell = self.chart_times.as_ref().filter(|_| self.page().charts()).map_or(0, ChartTimes::cell);
        let history = &self.held.history;
        let mut at = cursor.here.from;
        let slot = history.slot_at(at).map_or(0, |slot| slot.span.length());
        if cell > slot || cell > 0 && self.options.spans.is_some() {
            at = at.plus(cell.saturating_mul(by));
        } else {
            for _ in 0..by.unsigned_abs() {
                let (before, behind) = history.around(at);
                let next = if by < 0 { before } else { behind };
                // From slot to slot, or by columns where these are longer.
                at = next.unwrap_or(at);
            }
        }
        let at = at.max(extent.from).min(extent.to.plus(-1));
        let here = self.cell_at(at);
        let here = if here.from < extent.from { self.cell_at(extent.from) } else { here };
        self.look_at(TimeCursor { here, is_unmoved: false, ..cursor });
    }

    /// Marks where a span begins, or ends.
    fn mark_span(&mut self, begin: bool) {
        if self.held.history.slots.is_empty() {
            return self.nothing_kept();
        }
        let (Some(now), Some(latest)) = (self.moment().map(|at| TimeSpan { from: at, to: at }), self.latest_cell()) else { return };
        // From now on, or up to now: the moment of the key, and not the cell it lies in.
        let (mut cursor, mut mark) = match self.view.cursor {
            // Marked anew at now.
            Some(cursor) if begin && cursor.is_unmoved && cursor.to.is_none() && cursor.from.is_some_and(|from| from.length() == 0) => {
                (TimeCursor::at(latest, cursor.centre), now)
            }
            Some(cursor) => (cursor, cursor.here),
            None => (TimeCursor::at(latest, self.centre(latest)), now),
        };
        // Nobody moved since the beginning was marked: the span reaches up to now, which has moved.
        if !begin && cursor.to.is_none() && cursor.is_unmoved {
            if cursor.from.is_none_or(|from| now.to <= from.to) {
                return self.say("the span begins here: move to its end (, . or a click), then ]".into());
            }
            (cursor.here, mark) = (latest, now);
        }
        let mark = Some(mark);
        let (from, to) = match (begin, cursor.is_open()) {
            (true, true) => (mark, cursor.to),
            (false, true) => (cursor.from, mark),
            // A mark beside a whole span begins a new one.
            (true, false) => (mark, None),
            (false, false) => (None, mark),
        };
        cursor.is_unmoved = from.is_none() || to.is_none();
        self.look_at(TimeCursor { from, to, ..cursor });
        match self.view.cursor {
            Some(cursor) if !cursor.is_open() => {}
            _ if begin => self.say("the span begins here: move to its end (, . or a click), then ]; or ] at once: up to now".into()),
            _ => self.say("the span ends here: move to its beginning (, . or a click), then [".into()),
        }
    }

    /// Goes to the busiest millisecond of the past; again: to the one of the next busiest interval.
    fn worst_burst(&mut self) {
        let Some(extent) = self.held.history.extent() else { return self.nothing_kept() };
        let mut list: Vec<(Traffic, Timestamp)> =
            self.held.stats.load.samples.iter().filter_map(|s| Some((s.peak_ms(), s.peak_ms_at?))).collect();
        if let Some((at, wire_bytes, packets)) = self.held.stats.load.peak_ms
            && !list.iter().any(|(_, known)| *known == at)
        {
            list.push((Traffic { packets, wire_bytes }, at));
        }
        list.retain(|(_, at)| extent.contains(*at));
        list.arrange_by_key(|(traffic, at)| (std::cmp::Reverse(traffic.wire_bytes), *at));
        let before = self.view.cursor.map_or(0, |cursor| cursor.bursts);
        let which = if list.is_empty() { 0 } else { before % list.len() };
        let Some(&(traffic, at)) = list.get(which) else { return self.say("no busy millisecond is known of the past".into()) };
        // Near enough for the burst to be told from what is around it.
        let near = load::scales(&self.held, load::SMOOTH_BINS, false)
            .into_iter()
            .find(|scale| SCALES.get(*scale).is_some_and(|length| *length >= 10 * SECOND));
        let mut scale_before = self.view.cursor.and_then(|cursor| cursor.scale_before);
        if let Some(near) = near.filter(|near| *near < self.view.scale) {
            scale_before = scale_before.or(Some(self.view.scale));
            self.view.scale = near;
        }
        let slot = self.held.history.slot_at(at).map(|slot| slot.span);
        let millisecond = TimeSpan { from: at, to: at.plus(MILLISECOND) };
        let here = slot.filter(|span| span.contains(at) && self.options.spans.is_none()).unwrap_or(millisecond);
        self.view.cursor = Some(TimeCursor { centre: at, bursts: which + 1, scale_before, ..TimeCursor::at(here, at) });
        self.narrow();
        let scene = self.scene();
        let load = match self.held.capture.speed.filter(|speed| *speed > 0) {
            Some(speed) => format!("{} of the link", amount::share(traffic.link_share(load::A_MILLISECOND, speed))),
            None => amount::rate(&scene, traffic.bits_per_second(load::A_MILLISECOND)).plain(),
        };
        let when = amount::moment(at, scene.utc_offset(at));
        // The busiest millisecond of an interval need not be what the screen of bursts calls one.
        let rank =
            if which == 0 { "the busiest millisecond".to_owned() } else { format!("busy millisecond {} of {}", which + 1, list.len()) };
        self.say(format!("{rank}: {load} at {when} · w the next"));
    }

    /// Returns to now; whether that was elsewhere.
    pub(super) fn return_to_now(&mut self) -> bool {
        let Some(cursor) = self.view.cursor.take() else { return false };
        // The time scale was changed to see a millisecond, and is wanted no longer.
        if let Some(scale) = cursor.scale_before {
            self.view.scale = scale;
        }
        self.narrow();
        true
    }

    /// The picture of the time that is looked at, where it is not now.
    pub(super) fn look_back(&mut self) {
        self.past = self.view.cursor.and_then(|cursor| {
            let span = cursor.span();
            // What may still grow is not read again.
            let is_over = self.held.finished || span.to.plus(SETTLED) <= self.held.now;
            let exact = self.options.spans.as_ref().filter(|_| is_over).and_then(|spans| spans.look(span));
            let told = || self.held.in_span(span).or_else(|| self.held.in_span(cursor.here));
            exact.map(|exact| self.held.with_span(span, &exact)).or_else(told).map(Arc::new)
        });
        if self.past.is_none() {
            self.view.cursor = None;
        }
    }

    /// The time on the chart by its packets, where its bins are too wide to be told apart.
    pub(super) fn look_closely(&mut self) {
        let wanted = load::close_span(&Scene { snapshot: &self.held, ..self.scene() });
        let wanted = wanted.filter(|span| self.held.finished || span.to.plus(SETTLED) <= self.held.now);
        self.view.close_up = wanted.and_then(|span| match self.view.close_up.take() {
            Some(known) if known.span == span => Some(known),
            _ => self.options.spans.as_ref().and_then(|spans| spans.look(span)).map(|picture| CloseUp { span, picture }),
        });
    }

    /// Whether a span came that was read again; then it is shown.
    pub fn note_span(&mut self) -> bool {
        let is_closer = self.view.scale < SCALES.len();
        let Some(spans) = self.options.spans.as_ref().filter(|_| self.view.cursor.is_some() || is_closer) else { return false };
        let version = spans.version();
        let is_new = std::mem::replace(&mut self.spans_seen, version) != version;
        if is_new {
            self.narrow();
        }
        is_new
    }

    /// Whether the page in front shows all of the time while a span is looked at: no past is kept of it.
    pub(super) fn is_timeless(&self) -> bool {
        let Some(shown) = self.past.as_ref().and_then(|past| past.span.as_ref()) else { return false };
        if shown.exact { !self.page().looks_back_exactly() } else { !self.page().looks_back() }
    }

    /// Limits the list of packets, where it is in front, to the span that is looked at, or to none.
    pub(super) fn show_span_packets(&mut self) {
        let span = self.past.as_ref().and_then(|past| past.span.as_ref()).map(|shown| shown.span);
        let times = amount::past(&self.scene(), &self.shown).map(|words| words.0).unwrap_or_default();
        let Some(state) = self.pane().own.get::<packets::state::PacketsState>() else { return };
        let mut looking = state.looking();
        if looking.subject.span() != span {
            looking.limit(span.map(|span| (span, times)));
        }
    }
}
