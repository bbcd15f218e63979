//! What keys and clicks do.

use super::app::{App, Modal, QUESTION, Typing};
use super::canvas::Hit;
use super::chrome::palette::{self, Action, Choice, Palette};
use super::keymap;
use super::row_action::RowAction;
use super::screen::{Effect, Screen};
use super::screens::{bursts, compare};
use crate::snapshot::Filter;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use std::sync::Arc;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

/// Letters of a paste that a page takes where it is typed into.
const PASTED: usize = 4_096;

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

    /// A key as it was pressed.
    fn key(&mut self, key: KeyEvent, event: &Event) -> Vec<Effect> {
        let typing = self.is_typing();
        // Escape and a key soon after it come as that key with Alt, and nothing here is bound to Alt.
        if !typing && key.modifiers.contains(KeyModifiers::ALT) {
            let (escape, rest) = (KeyEvent::from(KeyCode::Esc), KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key });
            let mut effects = self.key(escape, &Event::Key(escape));
            effects.extend(self.key(rest, &Event::Key(rest)));
            return effects;
        }
        let meaning = if typing { Some(key) } else { self.options.keymap.meaning(self.page().title(), key) };
        match meaning {
            Some(key) => self.meant(key, event),
            None => {
                self.say("this key has been given away · ? lists the keys that mean something".into());
                Vec::new()
            }
        }
    }

    fn is_typing(&self) -> bool {
        matches!(self.modal, Modal::Filter(_) | Modal::Palette(_) | Modal::Note(_)) || self.page().is_typing(self.pane())
    }

    /// A key as it is meant.
    fn meant(&mut self, key: KeyEvent, event: &Event) -> Vec<Effect> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            return vec![Effect::Quit];
        }
        if control && key.code == KeyCode::Char('z') {
            return vec![Effect::Suspend];
        }
        self.notice = None;
        match std::mem::take(&mut self.modal) {
            Modal::None => self.screen_key(key).unwrap_or_else(|| self.page_key(key, control)),
            Modal::Help(scroll) => {
                self.modal = scrolled(key, scroll, self.overflow).map_or(Modal::None, Modal::Help);
                Vec::new()
            }
            Modal::Explain { title, text, scroll } => {
                if let Some(scroll) = scrolled(key, scroll, self.overflow) {
                    self.modal = Modal::Explain { title, text, scroll };
                }
                Vec::new()
            }
            Modal::Reset(until) => {
                let yes = matches!(key.code, KeyCode::Char('r' | 'y')) && self.now < until;
                if yes {
                    self.return_to_now();
                    return vec![Effect::Reset];
                }
                Vec::new()
            }
            Modal::Palette(palette) => self.palette_key(key, event, palette),
            Modal::Note(mut note) => {
                match key.code {
                    KeyCode::Esc => {}
                    KeyCode::Enter => self.bookmark(note),
                    _ => {
                        note.input.handle_event(event);
                        self.modal = Modal::Note(note);
                    }
                }
                Vec::new()
            }
            Modal::Filter(typing) => {
                self.type_filter(key, event, typing);
                Vec::new()
            }
        }
    }

    fn type_filter(&mut self, key: KeyEvent, event: &Event, mut typing: Typing) {
        match key.code {
            KeyCode::Esc => return self.filter(typing.before),
            KeyCode::Enter if typing.error.is_none() => return,
            KeyCode::Enter => {}
            _ => {
                typing.input.handle_event(event);
                self.typed(&mut typing);
            }
        }
        self.modal = Modal::Filter(typing);
    }

    /// The filter holds as it is typed, as long as it can be understood.
    fn typed(&mut self, typing: &mut Typing) {
        typing.since = self.now;
        match Filter::parse(typing.input.value()) {
            Ok(filter) => {
                typing.error = None;
                self.filter(filter);
            }
            Err(error) => {
                // What was typed up to here is no answer to what is meant: all that was shown before stays.
                self.filter(typing.before.clone());
                typing.error = Some(error);
            }
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        let line = text.lines().next().unwrap_or_default();
        match std::mem::take(&mut self.modal) {
            Modal::Filter(mut typing) => {
                insert(&mut typing.input, line);
                self.typed(&mut typing);
                self.modal = Modal::Filter(typing);
            }
            Modal::Palette(Palette { mut input, menu, .. }) => {
                insert(&mut input, line);
                self.modal = Modal::Palette(Palette { input, at: 0, menu });
            }
            Modal::Note(mut note) => {
                insert(&mut note.input, line);
                self.modal = Modal::Note(note);
            }
            Modal::None if self.page().is_typing(self.pane()) => {
                let keys = line.chars().filter(|c| !c.is_control()).take(PASTED).map(|c| KeyEvent::from(KeyCode::Char(c)));
                return keys.filter_map(|key| self.screen_key(key)).flatten().collect();
            }
            other => self.modal = other,
        }
        Vec::new()
    }

    /// Asks the page in front first.
    fn screen_key(&mut self, key: KeyEvent) -> Option<Vec<Effect>> {
        let (page, snapshot) = (self.page(), Arc::clone(&self.shown));
        let effect = page.key(self.pane_mut()?, key, &snapshot)?;
        Some(self.perform(effect))
    }

    /// Does what the dashboard can do itself; the rest is for the world.
    fn perform(&mut self, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Done => {}
            Effect::Step(by) => self.step(by),
            Effect::Say(words) => self.say(words.to_owned()),
            Effect::Explain => self.explain(),
            Effect::NotJudged => self.tell_not_judged(),
            other => return vec![other],
        }
        Vec::new()
    }

    fn palette_key(&mut self, key: KeyEvent, event: &Event, mut palette: Palette) -> Vec<Effect> {
        let found = self.choices(&palette);
        let last = found.len().saturating_sub(1);
        // What a menu shows beside a line is the key that does it, until something is typed.
        if let (true, "", KeyCode::Char(typed)) = (palette.menu, palette.input.value(), key.code)
            && let Some(choice) = found.iter().find(|choice| choice.key.chars().eq([typed]))
        {
            return self.choose(choice.action);
        }
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Enter => return found.get(palette.at).map(|choice| self.choose(choice.action)).unwrap_or_default(),
            KeyCode::Down | KeyCode::Tab => palette.at = if palette.at >= last { 0 } else { palette.at + 1 },
            KeyCode::Up | KeyCode::BackTab => palette.at = palette.at.checked_sub(1).unwrap_or(last),
            _ => {
                palette.input.handle_event(event);
                palette.at = 0;
            }
        }
        self.modal = Modal::Palette(palette);
        Vec::new()
    }

    /// Every line of the palette.
    pub(super) fn palette_lines(&self, palette: &Palette) -> Vec<Choice> {
        if palette.menu {
            return self.row_choices();
        }
        let mut lines = palette::choices(self.screens, &self.hints(self.has_preview), (self.page().title(), &self.options.keymap));
        lines.extend(self.row_choices().into_iter().filter(|choice| choice.key.is_empty()));
        lines
    }

    /// The lines of the palette for what was typed.
    fn choices(&self, palette: &Palette) -> Vec<Choice> {
        palette::matching(&self.palette_lines(palette), palette.input.value())
    }

    fn choose(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Go(screen) => {
                self.go(screen);
                Vec::new()
            }
            Action::Row(action) => self.act(action),
            Action::Press(code) => {
                let key = KeyEvent::from(code);
                self.meant(key, &Event::Key(key))
            }
        }
    }

    /// A key on the page in front; one that changes nothing says so.
    fn page_key(&mut self, key: KeyEvent, control: bool) -> Vec<Effect> {
        let before = self.choices_made();
        // Names and units are chosen for all pages, also on one that shows none.
        let words = unseen(key.code).filter(|_| !control);
        let drawn = words.map(|_| self.still());
        let effects = self.do_page_key(key, control);
        if let Some(words) = words.filter(|_| self.notice.is_none() && drawn == Some(self.still())) {
            self.say(words.to_owned());
        }
        let is_silent = effects.is_empty() && self.notice.is_none() && matches!(self.modal, Modal::None) && self.choices_made() == before;
        // At the end of a list everybody sees why the selection stays, and which screen is in front.
        let is_seen = match key.code {
            KeyCode::Char('0'..='9') => true,
            code => moves(code) && (self.overflow > 0 || !self.topics().is_empty()),
        };
        if is_silent && !is_seen {
            let name = keymap::name(key).unwrap_or_else(|| "this key".to_owned());
            self.say(format!("{name} changes nothing here · ? lists the keys that do"));
        }
        effects
    }

    fn do_page_key(&mut self, key: KeyEvent, control: bool) -> Vec<Effect> {
        if !control && self.time_key(key).is_some() {
            return Vec::new();
        }
        if self.move_key(key.code, control) {
            return Vec::new();
        }
        match key.code {
            KeyCode::Char('q') => return vec![Effect::Quit],
            KeyCode::Char('p') if control => self.modal = Modal::Palette(Palette::default()),
            KeyCode::Char(_) if control => {}
            KeyCode::Char(':') => self.modal = Modal::Palette(Palette::default()),
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.modal = Modal::Help(0),
            KeyCode::Char(digit @ '0'..='9') => match self.screens.iter().position(|s| s.digit == Some(digit)) {
                Some(i) => self.go(i),
                None => self.say(format!("no screen has the digit {digit} yet · : lists them all")),
            },
            KeyCode::Enter => {
                let first = || self.topics().into_iter().next();
                match self.pane().selected.clone() {
                    Some(topic) => self.open(topic),
                    None if self.opens_first() => first().into_iter().for_each(|topic| self.open(topic)),
                    // Which row would be opened is seen first.
                    None => self.select(first()),
                }
            }
            KeyCode::Esc | KeyCode::Backspace => self.back(),
            KeyCode::Char('/') => self.begin_filter(),
            KeyCode::Char('P') => self.show_packets(),
            KeyCode::Char('D') => self.show(compare::CompareScreen.title()),
            KeyCode::Char('u') => self.show(bursts::BurstsScreen.title()),
            KeyCode::Char('p' | ' ') => self.pause(),
            KeyCode::Char('s') => self.next_column(),
            KeyCode::Char('S') => self.turn(),
            KeyCode::Char('+' | '=' | '-' | '_' | 'd') if !self.page().charts() => self.say("this page has no chart of the load".into()),
            KeyCode::Char('+' | '=') => self.zoom(true),
            KeyCode::Char('-' | '_') => self.zoom(false),
            KeyCode::Char('d') => {
                self.view.split = match self.view.split {
                    None => Some(true),
                    Some(true) => Some(false),
                    Some(false) => None,
                };
            }
            KeyCode::Char('A') => return vec![Effect::Mask],
            KeyCode::Char('t') => self.next_theme(),
            KeyCode::Char('C') => self.keep(),
            KeyCode::Char('b') => self.view.bytes = !self.view.bytes,
            KeyCode::Char('n') => self.view.names = !self.view.names,
            KeyCode::Char('r') if self.held.live => self.modal = Modal::Reset(self.now + QUESTION),
            KeyCode::Char('r') => self.say("r forgets what was counted of a live port; a file stays as it is".into()),
            KeyCode::Char('m') => self.modal = Modal::Palette(Palette { menu: true, ..Palette::default() }),
            KeyCode::Char(c) if RowAction::of_key(c).is_some() => {
                return RowAction::of_key(c).map(|action| self.act(action)).unwrap_or_default();
            }
            KeyCode::Char(c) => self.say(format!("{c} means nothing here · ? lists the keys that do")),
            _ => {}
        }
        Vec::new()
    }

    /// What keys can change without a word of it.
    fn choices_made(&self) -> impl PartialEq + use<> {
        let (pane, view) = (self.pane(), &self.view);
        let list = (pane.kind, pane.selected.clone(), pane.offset, pane.scroll, pane.order);
        let chosen = (view.bytes, view.names, view.scale, view.split, view.conversations, view.endpoints, view.paused);
        (self.screen, self.stack.len(), list, chosen, view.cursor, view.filter.as_ref().map(|filter| filter.text().to_owned()))
    }

    /// Moves the selection, or to another screen; whether the key does so.
    fn move_key(&mut self, code: KeyCode, control: bool) -> bool {
        let page = self.listing.height.max(1) as isize;
        match code {
            KeyCode::Char('f') if control => self.step(page),
            KeyCode::Char('b') if control => self.step(-page),
            KeyCode::Char('d') if control => self.step(page / 2),
            KeyCode::Char('u') if control => self.step(-page / 2),
            KeyCode::Char(_) if control => return false,
            KeyCode::Tab => self.go((self.screen + 1) % self.screens.len().max(1)),
            KeyCode::BackTab => self.go(self.screen.checked_sub(1).unwrap_or(self.screens.len().saturating_sub(1))),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::PageDown => self.step(page),
            KeyCode::PageUp => self.step(-page),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            KeyCode::Left => self.sideways(-1),
            KeyCode::Right => self.sideways(1),
            _ => return false,
        }
        true
    }

    /// Opens the line in which a filter is typed.
    fn begin_filter(&mut self) {
        let before = self.view.filter.clone();
        let text = before.as_ref().map(|f| f.text().to_owned()).unwrap_or_default();
        self.modal = Modal::Filter(Typing { input: Input::new(text), error: None, before, since: self.now });
    }

    /// The theme after this one, by its name.
    fn next_theme(&mut self) {
        self.theme = self.theme.next();
        let more = if self.theme.is_painted() { "" } else { " · too few colours here: in those of the terminal" };
        self.say(format!("theme {}{more}", self.theme.name()));
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

    /// Another kind of rows.
    fn sideways(&mut self, by: isize) {
        let (page, shown) = (self.page(), Arc::clone(&self.shown));
        let kinds = page.kinds(&shown);
        // Kinds without rows and without a tab are stepped over.
        let has_tab = |kind: usize| self.hits.iter().any(|(_, hit)| *hit == Hit::Kind(kind));
        let holds = |kind: &usize| has_tab(*kind) || page.kind_with_rows(&self.scene(), *kind).is_none_or(|with_rows| with_rows == *kind);
        let at = |step: usize| (self.pane().kind as isize + by * step as isize).rem_euclid(kinds.max(1) as isize) as usize;
        if let Some(next) = (1..kinds).map(at).find(holds) {
            self.kind(next);
        }
    }

    fn kind(&mut self, kind: usize) {
        let selected = self.pane().selected.is_some();
        self.select(None);
        if let Some(pane) = self.pane_mut() {
            (pane.kind, pane.is_kind_chosen) = (kind, true);
            pane.offset = 0;
        }
        // Walking with a selection keeps one, so that the way is visible; where no tab says which kind it is, walking selects.
        let has_tabs = self.hits.iter().any(|(_, hit)| matches!(hit, Hit::Kind(_)));
        if selected || !has_tabs {
            let first = self.topics().into_iter().next();
            self.select(first);
        }
    }

    fn back(&mut self) {
        if !self.stack.is_empty() {
            self.close();
        } else if self.pane().selected.is_some() {
            self.select(None);
        } else if !self.return_to_now() {
            self.filter(None);
        }
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Vec<Effect> {
        if matches!(self.modal, Modal::None) && self.time_mouse(mouse) {
            return Vec::new();
        }
        match mouse.kind {
            MouseEventKind::ScrollDown => self.scroll(WHEEL),
            MouseEventKind::ScrollUp => self.scroll(-WHEEL),
            MouseEventKind::Down(MouseButton::Left) => return self.click(mouse.column, mouse.row),
            MouseEventKind::Down(MouseButton::Right) if matches!(self.modal, Modal::None) => self.menu_at(mouse.column, mouse.row),
            _ => {}
        }
        Vec::new()
    }

    /// Selects the row at a place and shows what can be done with it.
    fn menu_at(&mut self, x: u16, y: u16) {
        let hit = self.hits.iter().rev().find(|(area, _)| area.contains((x, y).into())).map(|h| h.1.clone());
        if let Some(Hit::Row(kind, topic)) = hit {
            if let Some(kind) = kind.filter(|k| *k != self.pane().kind) {
                self.kind(kind);
            }
            self.select(Some(topic));
            self.modal = Modal::Palette(Palette { menu: true, ..Palette::default() });
        }
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

    fn click(&mut self, x: u16, y: u16) -> Vec<Effect> {
        let hit = self.hits.iter().rev().find(|(area, _)| area.contains((x, y).into())).map(|h| h.1.clone());
        if let (Modal::Palette(palette), Some(Hit::Choice(i))) = (&self.modal, &hit) {
            let found = self.choices(palette);
            self.modal = Modal::None;
            return found.get(*i).map(|choice| self.choose(choice.action)).unwrap_or_default();
        }
        if !matches!(self.modal, Modal::None | Modal::Filter(..)) {
            self.modal = Modal::None;
            return Vec::new();
        }
        match hit {
            Some(Hit::Tab(i)) => self.go(i),
            Some(Hit::Screen(title)) => self.show(title),
            Some(Hit::Press(code)) => return self.choose(Action::Press(code)),
            Some(Hit::Kind(i)) => self.kind(i),
            Some(Hit::Column(column)) => self.sort(column),
            Some(Hit::Unsorted(title)) => self.say(format!("{title}: nothing is sorted by that")),
            Some(Hit::Row(kind, topic)) => {
                if self.pane().selected.as_ref() == Some(&topic) {
                    self.open(topic);
                    return Vec::new();
                }
                if let Some(kind) = kind.filter(|k| *k != self.pane().kind) {
                    self.select(None);
                    if let Some(pane) = self.pane_mut() {
                        (pane.kind, pane.is_kind_chosen) = (kind, true);
                    }
                }
                self.select(Some(topic));
            }
            Some(Hit::Choice(_)) | None => {}
        }
        Vec::new()
    }
}

/// What is said of a key that chooses something of which this page shows nothing.
fn unseen(code: KeyCode) -> Option<&'static str> {
    match code {
        KeyCode::Char('n') => Some("names or numbers: nothing on this page has a name beside its number"),
        KeyCode::Char('b') => Some("bits or bytes: no rate stands on this page"),
        KeyCode::Char('d') => Some("directions: nothing tells them apart here · --local-net tells which networks are inside"),
        KeyCode::Char('s' | 'S') => Some("there are no rows to sort here"),
        KeyCode::Left | KeyCode::Right => Some("there is nothing beside this: all of it stands here"),
        _ => None,
    }
}

/// Whether a key moves in lists and texts.
fn moves(code: KeyCode) -> bool {
    use KeyCode as K;
    matches!(code, K::Up | K::Down | K::PageUp | K::PageDown | K::Home | K::End | K::Char('j' | 'k' | 'g' | 'G' | 'f' | 'b' | 'd' | 'u'))
}

/// Puts text where the cursor is, and the cursor behind it.
fn insert(input: &mut Input, text: &str) {
    let at = input.cursor();
    let before: String = input.value().chars().take(at).collect();
    let behind: String = input.value().chars().skip(at).collect();
    let cursor = at + text.chars().count();
    *input = Input::new(format!("{before}{text}{behind}")).with_cursor(cursor);
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
