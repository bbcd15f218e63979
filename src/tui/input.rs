//! What keys and clicks do.

use super::app::{App, Effect, Modal, QUESTION};
use super::canvas::Hit;
use super::registry::SCREENS;
use super::screen::Sorts;
use super::screens::protocols;
use super::view::{SCALES, Topic};
use crate::snapshot::{Column, Filter, Order};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// Rows the wheel moves.
const WHEEL: isize = 3;

impl App {
    /// Changes the state by an event; what the world has to do comes back, in order.
    pub fn update(&mut self, event: &Event) -> Vec<Effect> {
        let mut effects = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(*key, event),
            Event::Mouse(mouse) => self.mouse(*mouse),
            Event::Paste(text) => self.paste(text),
            _ => Vec::new(),
        };
        effects.extend(self.question());
        effects
    }

    fn key(&mut self, key: KeyEvent, event: &Event) -> Vec<Effect> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            return vec![Effect::Quit];
        }
        match std::mem::take(&mut self.modal) {
            Modal::None => self.page_key(key, control),
            Modal::Help(scroll) => {
                self.modal = scrolled(key, scroll, self.overflow).map_or(Modal::None, Modal::Help);
                if key.code == KeyCode::Char('q') { vec![Effect::Quit] } else { Vec::new() }
            }
            Modal::Explain { title, text, scroll } => {
                if let Some(scroll) = scrolled(key, scroll, self.overflow) {
                    self.modal = Modal::Explain { title, text, scroll };
                }
                Vec::new()
            }
            Modal::Reset(until) => {
                let yes = matches!(key.code, KeyCode::Char('r' | 'y')) && self.now < until;
                if yes { vec![Effect::Reset] } else { Vec::new() }
            }
            Modal::Filter(input, _) => {
                self.type_filter(key, event, input);
                Vec::new()
            }
        }
    }

    fn type_filter(&mut self, key: KeyEvent, event: &Event, mut input: Input) {
        match key.code {
            KeyCode::Esc => {}
            KeyCode::Enter => match Filter::parse(input.value()) {
                Ok(filter) => {
                    self.select(None);
                    self.view.filter = filter;
                }
                Err(error) => self.modal = Modal::Filter(input, Some(error)),
            },
            _ => {
                input.handle_event(event);
                let error = Filter::parse(input.value()).err();
                self.modal = Modal::Filter(input, error);
            }
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        if let Modal::Filter(input, _) = &mut self.modal {
            let line = text.lines().next().unwrap_or_default();
            *input = Input::new(format!("{}{line}", input.value()));
        }
        Vec::new()
    }

    fn page_key(&mut self, key: KeyEvent, control: bool) -> Vec<Effect> {
        let page = self.listing.height.max(1) as isize;
        match key.code {
            KeyCode::Char('q') => return vec![Effect::Quit],
            KeyCode::Char('f') if control => self.step(page),
            KeyCode::Char('b') if control => self.step(-page),
            KeyCode::Char('d') if control => self.step(page / 2),
            KeyCode::Char('u') if control => self.step(-page / 2),
            KeyCode::Char(_) if control => {}
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.modal = Modal::Help(0),
            KeyCode::Char(digit @ '0'..='9') => {
                if let Some(i) = SCREENS.iter().position(|s| s.digit() == digit) {
                    self.go(i);
                }
            }
            KeyCode::Tab => self.go((self.screen + 1) % SCREENS.len()),
            KeyCode::BackTab => self.go((self.screen + SCREENS.len() - 1) % SCREENS.len()),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::PageDown => self.step(page),
            KeyCode::PageUp => self.step(-page),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            KeyCode::Left => self.sideways(-1),
            KeyCode::Right => self.sideways(1),
            KeyCode::Enter => {
                if let Some(topic) = self.pane().selected.clone() {
                    self.open(topic);
                }
            }
            KeyCode::Esc | KeyCode::Backspace => self.back(),
            KeyCode::Char('/') => {
                let text = self.view.filter.as_ref().map(|f| f.text().to_owned()).unwrap_or_default();
                self.modal = Modal::Filter(Input::new(text), None);
            }
            KeyCode::Char('p' | ' ') => self.pause(),
            KeyCode::Char('s') => self.next_column(),
            KeyCode::Char('S') => self.turn(),
            KeyCode::Char('+' | '=') => self.view.scale = self.view.scale.saturating_sub(1),
            KeyCode::Char('-' | '_') => self.view.scale = (self.view.scale + 1).min(SCALES.len()),
            KeyCode::Char('d') => {
                self.view.split = match self.view.split {
                    None => Some(true),
                    Some(true) => Some(false),
                    Some(false) => None,
                };
            }
            KeyCode::Char('b') => self.view.bytes = !self.view.bytes,
            KeyCode::Char('n') => self.view.names = !self.view.names,
            KeyCode::Char('e') if self.page().keys().iter().any(|k| k.key == "e") => self.explain(),
            KeyCode::Char('r') if self.shown.live => self.modal = Modal::Reset(self.now + QUESTION),
            _ => {}
        }
        Vec::new()
    }

    /// Moves the selection, or scrolls a text where there are no rows.
    fn step(&mut self, by: isize) {
        let topics = self.topics();
        if topics.is_empty() {
            let overflow = self.overflow;
            if let Some(pane) = self.pane_mut() {
                pane.scroll = pane.scroll.saturating_add_signed(by).min(overflow);
            }
            return;
        }
        let at = self.pane().selected.as_ref().and_then(|t| topics.iter().position(|x| x == t));
        let last = topics.len() - 1;
        let next = match at {
            Some(at) => at.saturating_add_signed(by).min(last),
            // The first step selects what is at the top of the window.
            None if by == isize::MAX => last,
            None if by == isize::MIN => 0,
            None => self.listing.offset.min(last),
        };
        self.select(topics.get(next).cloned());
    }

    /// Another kind of rows, or folding where rows are a tree.
    fn sideways(&mut self, by: isize) {
        if self.page().folds() {
            return self.fold(by);
        }
        let kinds = self.page().kinds();
        if kinds > 1 {
            let next = (self.pane().kind as isize + by).rem_euclid(kinds as isize) as usize;
            self.kind(next);
        }
    }

    fn kind(&mut self, kind: usize) {
        let selected = self.pane().selected.is_some();
        self.select(None);
        if let Some(pane) = self.pane_mut() {
            pane.kind = kind;
            pane.offset = 0;
        }
        // Walking with a selection keeps one, so that the way is visible.
        if selected {
            let first = self.topics().into_iter().next();
            self.select(first);
        }
    }

    fn fold(&mut self, by: isize) {
        let Some(Topic::Protocol(path)) = self.pane().selected.clone() else {
            return self.step(0);
        };
        let folded = self.pane().folded.contains(&path);
        let below = self.shown.protocols.iter().any(|r| protocols::parent(r.path) == Some(path));
        if by > 0 {
            if let Some(pane) = self.pane_mut() {
                pane.folded.remove(&path);
            }
        } else if below && !folded {
            if let Some(pane) = self.pane_mut() {
                pane.folded.insert(path);
            }
        } else if let Some(parent) = protocols::parent(path) {
            self.select(Some(Topic::Protocol(parent)));
        }
    }

    fn back(&mut self) {
        if !self.stack.is_empty() {
            self.close();
        } else if self.pane().selected.is_some() {
            self.select(None);
        } else {
            self.view.filter = None;
        }
    }

    fn order(&mut self, sorts: Sorts) -> &mut Order {
        match sorts {
            Sorts::Conversations => &mut self.view.conversations,
            Sorts::Endpoints => &mut self.view.endpoints,
        }
    }

    fn next_column(&mut self) {
        let Some((sorts, columns)) = self.page().sorting() else { return };
        let now = self.order(sorts).column;
        // A file has no rates of now.
        let live = self.shown.live;
        let columns: Vec<Column> = columns.iter().copied().filter(|c| live || ![Column::RATE, Column::PACKET_RATE].contains(c)).collect();
        let at = columns.iter().position(|c| *c == now).map_or(0, |i| (i + 1) % columns.len().max(1));
        if let Some(column) = columns.get(at) {
            self.sort(*column);
        }
    }

    fn sort(&mut self, column: Column) {
        let Some((sorts, _)) = self.page().sorting() else { return };
        let order = self.order(sorts);
        if order.column == column {
            order.descending = !order.descending;
        } else {
            // Words and addresses read from A, amounts from the largest.
            *order = Order { column, descending: ![Column::ENDS, Column::ADDRESS, Column::APP, Column::STATE].contains(&column) };
        }
        self.again();
    }

    fn turn(&mut self) {
        let Some((sorts, _)) = self.page().sorting() else { return };
        let order = self.order(sorts);
        order.descending = !order.descending;
        self.again();
    }

    /// Sorts anew, also while a row is selected.
    fn again(&mut self) {
        if let Some(pane) = self.pane_mut() {
            pane.held.clear();
        }
        if self.pane().selected.is_some() {
            self.hold();
        }
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Vec<Effect> {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.scroll(WHEEL),
            MouseEventKind::ScrollUp => self.scroll(-WHEEL),
            MouseEventKind::Down(MouseButton::Left) => self.click(mouse.column, mouse.row),
            _ => {}
        }
        Vec::new()
    }

    /// Moves the window; the selection goes with it where it would leave.
    fn scroll(&mut self, by: isize) {
        if !matches!(self.modal, Modal::None) {
            let overflow = self.overflow;
            if let Modal::Help(scroll) | Modal::Explain { scroll, .. } = &mut self.modal {
                *scroll = scroll.saturating_add_signed(by).min(overflow);
            }
        } else if self.pane().selected.is_some() || self.topics().is_empty() {
            self.step(by);
        } else {
            let rows = self.topics().len();
            let most = rows.saturating_sub(self.listing.height);
            if let Some(pane) = self.pane_mut() {
                pane.offset = pane.offset.saturating_add_signed(by).min(most);
            }
        }
    }

    fn click(&mut self, x: u16, y: u16) {
        if !matches!(self.modal, Modal::None | Modal::Filter(..)) {
            self.modal = Modal::None;
            return;
        }
        let hit = self.hits.iter().rev().find(|(area, _)| area.contains((x, y).into())).map(|h| h.1.clone());
        match hit {
            Some(Hit::Tab(i)) => self.go(i),
            Some(Hit::Kind(i)) => self.kind(i),
            Some(Hit::Column(column)) => self.sort(column),
            Some(Hit::Row(kind, topic)) => {
                if self.pane().selected.as_ref() == Some(&topic) {
                    return self.open(topic);
                }
                if let Some(kind) = kind.filter(|k| *k != self.pane().kind) {
                    self.select(None);
                    if let Some(pane) = self.pane_mut() {
                        pane.kind = kind;
                    }
                }
                self.select(Some(topic));
            }
            None => {}
        }
    }
}

/// The new scroll of a text, or `None` when the key closes it.
fn scrolled(key: KeyEvent, scroll: usize, overflow: usize) -> Option<usize> {
    let by = match key.code {
        KeyCode::Down | KeyCode::Char('j') => 1,
        KeyCode::Up | KeyCode::Char('k') => -1,
        KeyCode::PageDown | KeyCode::Char(' ') => 10,
        KeyCode::PageUp => -10,
        KeyCode::Home | KeyCode::Char('g') => isize::MIN,
        KeyCode::End | KeyCode::Char('G') => isize::MAX,
        _ => return None,
    };
    Some(scroll.saturating_add_signed(by).min(overflow))
}
