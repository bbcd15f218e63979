//! What is looked at, and what keys and clicks do.

use super::level::{ListKind, PageRow, Told, kinds};
use crate::fleet::{FleetProbe, FleetQuestion, FleetSpan, FleetSubject, FleetView, ProbeName, ProbeStory};
use crate::model::Arrange as _;
use crate::model::text::is_unfit;
use crate::tui::canvas::Hit;
use crate::tui::options::DashboardOptions;
use crate::tui::theme::Theme;
use crate::tui::view::{Pane, Topic, View};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::Duration;

/// Rows the wheel moves.
const WHEEL: isize = 3;

/// What the dashboard of a fleet is called.
pub(super) const TITLE: &str = "Fleet";

/// Signs of a filter.
const FILTER: usize = 100;
/// Pages below a probe.
const DEEP: usize = 32;
/// Events that are read before something is drawn.
const AT_ONCE: usize = 64;

/// What comes of an event for the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FleetEffect {
    Nothing,
    Ask(FleetQuestion),
    Suspend,
    Quit,
}

/// What probes are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ProbeOrder {
    /// Those that need somebody first.
    #[default]
    Urgency,
    Load,
    Lost,
    Name,
}

impl ProbeOrder {
    /// The word in the footer.
    pub fn word(self) -> &'static str {
        match self {
            ProbeOrder::Urgency => "worst first",
            ProbeOrder::Load => "by load",
            ProbeOrder::Lost => "by losses",
            ProbeOrder::Name => "by name",
        }
    }

    fn next(self) -> Self {
        match self {
            ProbeOrder::Urgency => ProbeOrder::Load,
            ProbeOrder::Load => ProbeOrder::Lost,
            ProbeOrder::Lost => ProbeOrder::Name,
            ProbeOrder::Name => ProbeOrder::Urgency,
        }
    }
}

/// The dashboard of a fleet.
pub(super) struct FleetApp {
    pub options: DashboardOptions,
    pub theme: Theme,
    /// What is known.
    pub known: Arc<FleetView>,
    /// How old that is, in seconds; `None`: nothing is known yet.
    pub age: Option<u64>,
    /// What is looked at.
    pub question: FleetQuestion,
    pub order: ProbeOrder,
    pub view: View,
    /// The list of probes, that of the page of one, and those of the pages below it, the last in front.
    pub list: Pane,
    pub page: Pane,
    pub below: Vec<(FleetSubject, Pane)>,
    /// Rows have this in them.
    pub filter: String,
    /// It is being typed.
    pub is_typing: bool,
    /// Keys are shown, from so many lines on.
    pub help: Option<usize>,
    pub hits: Vec<(Rect, Hit)>,
    /// Rows of the page's list that fit.
    pub height: usize,
    read: usize,
}

impl FleetApp {
    pub fn new(options: DashboardOptions, theme: Theme) -> Self {
        let view = View { bytes: options.bytes, ..View::default() };
        Self {
            options,
            theme,
            known: Arc::default(),
            age: None,
            question: FleetQuestion::default(),
            order: ProbeOrder::default(),
            view,
            list: Pane::default(),
            page: Pane::default(),
            below: Vec::new(),
            filter: String::new(),
            is_typing: false,
            help: None,
            hits: Vec::new(),
            height: 0,
            read: 0,
        }
    }

    /// Takes what is known by now; whether that changes anything on the screen.
    pub fn see(&mut self, known: Arc<FleetView>, age: Option<Duration>) -> bool {
        let age = age.map(|age| age.as_secs());
        let is_new = known.generation != self.known.generation || age != self.age;
        if self.known.picture.is_none()
            && let Some(picture) = &known.picture
        {
            // The command line has named the span.
            self.question.span = picture.span;
        }
        (self.known, self.age) = (known, age);
        is_new
    }

    /// Whether something is to be drawn before more is read.
    pub fn is_busy(&self) -> bool {
        self.read >= AT_ONCE
    }

    /// Something was drawn.
    pub fn rest(&mut self) {
        self.read = 0;
    }

    /// Probes in the order shown.
    pub fn probes(&self) -> Vec<&FleetProbe> {
        let Some(picture) = &self.known.picture else { return Vec::new() };
        let wanted = self.filter.to_lowercase();
        // What is typed over a page is about its rows.
        let is_wanted = |probe: &&FleetProbe| self.question.probe.is_some() || probe.name.to_string().to_lowercase().contains(&wanted);
        let mut probes: Vec<&FleetProbe> = picture.probes.iter().filter(is_wanted).collect();
        let bits = |probe: &FleetProbe| probe.load.map_or(-1.0, |load| load.0);
        match self.order {
            ProbeOrder::Urgency => probes.arrange_by_key(|probe| std::cmp::Reverse(probe.urgency())),
            ProbeOrder::Load => probes.arrange_by(|x, y| bits(y).total_cmp(&bits(x))),
            ProbeOrder::Lost => probes.arrange_by_key(|probe| std::cmp::Reverse(probe.history.lost_packets)),
            ProbeOrder::Name => {}
        }
        probes
    }

    /// The opened probe as the list has it.
    pub fn opened(&self) -> Option<&FleetProbe> {
        self.known.picture.as_ref()?.find(self.question.probe.as_ref()?)
    }

    /// The opened probe over time, where that is known.
    pub fn story(&self) -> Option<&ProbeStory> {
        self.known.story.as_deref().filter(|story| self.question.probe.as_ref() == Some(&story.name))
    }

    /// When the picture was taken, by the server's clock.
    pub fn now(&self) -> i64 {
        self.known.picture.as_ref().map_or(0, |picture| picture.asked)
    }

    /// Seconds by which ages have grown since the database answered last, where it does not answer any more.
    pub fn stale(&self) -> i64 {
        let age = self.age.filter(|_| self.known.trouble.is_some()).unwrap_or(0);
        i64::try_from(age).unwrap_or(i64::MAX)
    }

    /// Lists of the page in front.
    pub fn kinds(&self) -> &'static [ListKind] {
        kinds(self.question.subject.as_ref())
    }

    /// The list in front.
    pub fn kind(&self) -> ListKind {
        self.kinds().get(self.pane().kind).copied().unwrap_or(ListKind::Conversations)
    }

    /// What is known of the page in front.
    pub fn told(&self) -> Option<Told<'_>> {
        match &self.question.subject {
            None => self.story().map(Told::Probe),
            Some(subject) => {
                let detail = self.known.detail.as_deref()?;
                (detail.subject == *subject && self.question.probe.as_ref() == Some(&detail.name)).then_some(Told::Subject(detail))
            }
        }
    }

    /// Rows of the list in front.
    pub fn page_rows(&self) -> Vec<(Topic, PageRow<'_>)> {
        self.told().map(|told| told.rows(self.kind(), &self.filter)).unwrap_or_default()
    }

    /// The list in front: where its window and its selection are.
    pub fn pane(&self) -> &Pane {
        match (&self.question.probe, self.below.last()) {
            (None, _) => &self.list,
            (Some(_), None) => &self.page,
            (Some(_), Some((_, pane))) => pane,
        }
    }

    pub fn pane_mut(&mut self) -> &mut Pane {
        match (&self.question.probe, self.below.last_mut()) {
            (None, _) => &mut self.list,
            (Some(_), None) => &mut self.page,
            (Some(_), Some((_, pane))) => pane,
        }
    }

    /// Rows of the list in front, by their names.
    fn rows(&self) -> Vec<Topic> {
        match self.question.probe {
            None => self.probes().into_iter().map(|probe| topic(&probe.name)).collect(),
            Some(_) => self.page_rows().into_iter().map(|row| row.0).collect(),
        }
    }

    /// Changes the state by an event.
    pub fn update(&mut self, event: &Event) -> FleetEffect {
        self.read = self.read.saturating_add(1);
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(*key),
            Event::Mouse(mouse) => self.mouse(*mouse),
            Event::Paste(text) if self.is_typing => {
                let line = text.lines().next().unwrap_or_default();
                line.chars().filter(|c| !c.is_control()).for_each(|c| self.type_filter(KeyEvent::from(KeyCode::Char(c))));
                FleetEffect::Nothing
            }
            _ => FleetEffect::Nothing,
        }
    }

    fn key(&mut self, key: KeyEvent) -> FleetEffect {
        // As keys of the dashboard mean, wherever they were moved to; digits are lengths of time here, and no screens.
        let is_own = self.is_typing || matches!(key.code, KeyCode::Char(digit) if digit.is_ascii_digit());
        let meant = if is_own { Some(key) } else { self.options.keymap.meaning(TITLE, key) };
        let Some(key) = meant else { return FleetEffect::Nothing };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return FleetEffect::Quit,
            KeyCode::Char('z') if control => return FleetEffect::Suspend,
            _ if self.is_typing => self.type_filter(key),
            _ if self.help.is_some() => self.read_help(key),
            KeyCode::Char('q') => return FleetEffect::Quit,
            KeyCode::Esc | KeyCode::Backspace => return self.leave(),
            KeyCode::Enter => return self.open(),
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.help = Some(0),
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Char('s') if self.question.probe.is_none() => self.order = self.order.next(),
            KeyCode::Char('b') => self.view.bytes = !self.view.bytes,
            _ => return self.time_key(key).unwrap_or_else(|| self.list_key(key)),
        }
        FleetEffect::Nothing
    }

    /// A key about the span; `None`: it is none.
    fn time_key(&mut self, key: KeyEvent) -> Option<FleetEffect> {
        let (span, now) = (self.question.span, self.now());
        let wanted = match key.code {
            KeyCode::Char('+' | '=') => span.step(1),
            KeyCode::Char('-') => span.step(-1),
            KeyCode::Char(',' | '<') => span.shift(-1, now),
            KeyCode::Char('.' | '>') => span.shift(1, now),
            KeyCode::Char('0') => FleetSpan::last(span.seconds()).unwrap_or_default(),
            KeyCode::Char(digit @ '1'..='4') => {
                let at = usize::from(digit as u8 - b'1');
                span.long(FleetSpan::ALL.get(at).copied().unwrap_or_default())
            }
            _ => return None,
        };
        Some(self.look(wanted))
    }

    /// A key about the list in front.
    fn list_key(&mut self, key: KeyEvent) -> FleetEffect {
        let page = isize::try_from(self.height.max(2).saturating_sub(1)).unwrap_or(1);
        let is_page = self.question.probe.is_some();
        match key.code {
            KeyCode::Right | KeyCode::Tab if is_page => self.turn(1),
            KeyCode::Left | KeyCode::BackTab if is_page => self.turn(self.kinds().len().saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => self.step(1),
            KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => self.step(-1),
            KeyCode::PageDown => self.step(page),
            KeyCode::PageUp => self.step(-page),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            _ => {}
        }
        FleetEffect::Nothing
    }

    fn type_filter(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.is_typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(c) if self.filter.chars().count() < FILTER && !is_unfit(c) => self.filter.push(c),
            _ => {}
        }
        let pane = self.pane_mut();
        (pane.selected, pane.offset) = (None, 0);
    }

    fn read_help(&mut self, key: KeyEvent) {
        let lines = self.help.unwrap_or(0);
        self.help = match key.code {
            KeyCode::Down | KeyCode::Char('j') | KeyCode::PageDown => Some(lines.saturating_add(1)),
            KeyCode::Up | KeyCode::Char('k') | KeyCode::PageUp => Some(lines.saturating_sub(1)),
            _ => None,
        };
    }

    fn mouse(&mut self, mouse: MouseEvent) -> FleetEffect {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.step(WHEEL),
            MouseEventKind::ScrollUp => self.step(-WHEEL),
            MouseEventKind::Down(MouseButton::Left) => {
                let at = (mouse.column, mouse.row).into();
                match self.hits.iter().rev().find(|hit| hit.0.contains(at)).map(|hit| hit.1.clone()) {
                    Some(Hit::Press(code)) => return self.key(KeyEvent::from(code)),
                    Some(Hit::Kind(kind)) => *self.pane_mut() = Pane { kind, ..Pane::default() },
                    Some(Hit::Row(kind, topic)) => return self.click(kind, topic),
                    _ => {}
                }
            }
            _ => {}
        }
        FleetEffect::Nothing
    }

    /// A click on a row: it is selected, and opened where it was.
    fn click(&mut self, kind: Option<usize>, topic: Topic) -> FleetEffect {
        let pane = self.pane_mut();
        if pane.selected.as_ref() == Some(&topic) {
            return self.open();
        }
        if let Some(kind) = kind.filter(|kind| *kind != pane.kind) {
            *pane = Pane { kind, ..Pane::default() };
        }
        pane.selected = Some(topic);
        FleetEffect::Nothing
    }

    /// Another span.
    fn look(&mut self, span: FleetSpan) -> FleetEffect {
        if span == self.question.span {
            return FleetEffect::Nothing;
        }
        self.question.span = span;
        FleetEffect::Ask(self.question.clone())
    }

    /// The page of the selected row, or of the first.
    fn open(&mut self) -> FleetEffect {
        let at = self.selected().unwrap_or(0);
        if self.question.probe.is_none() {
            let Some(name) = self.probes().get(at).map(|probe| probe.name.clone()) else { return FleetEffect::Nothing };
            self.list.selected = Some(topic(&name));
            self.page = Pane::default();
            self.question.probe = Some(name);
        } else {
            let row = self.page_rows().get(at).and_then(|(topic, row)| Some((topic.clone(), row.subject()?)));
            let Some((topic, subject)) = row.filter(|row| self.question.subject.as_ref() != Some(&row.1)) else {
                return FleetEffect::Nothing;
            };
            if self.below.len() >= DEEP {
                return FleetEffect::Nothing;
            }
            self.pane_mut().selected = Some(topic);
            self.below.push((subject.clone(), Pane::default()));
            self.question.subject = Some(subject);
        }
        self.filter.clear();
        FleetEffect::Ask(self.question.clone())
    }

    /// What was typed goes first, then the page, and in the list of probes the selection.
    fn leave(&mut self) -> FleetEffect {
        if !self.filter.is_empty() {
            self.filter.clear();
            return FleetEffect::Nothing;
        }
        if self.below.pop().is_some() {
            self.question.subject = self.below.last().map(|page| page.0.clone());
            return FleetEffect::Ask(self.question.clone());
        }
        if self.question.probe.take().is_some() {
            return FleetEffect::Ask(self.question.clone());
        }
        (self.list.selected, self.list.offset) = (None, 0);
        FleetEffect::Nothing
    }

    /// Another list of the page.
    fn turn(&mut self, by: usize) {
        let kind = (self.pane().kind + by) % self.kinds().len().max(1);
        *self.pane_mut() = Pane { kind, ..Pane::default() };
    }

    fn selected(&self) -> Option<usize> {
        let selected = self.pane().selected.as_ref()?;
        self.rows().iter().position(|row| row == selected)
    }

    fn step(&mut self, by: isize) {
        let rows = self.rows();
        let last = rows.len().saturating_sub(1);
        if self.question.probe.is_some() && self.kind() == ListKind::Findings {
            // Findings have no pages: they are scrolled.
            let most = rows.len().saturating_sub(self.height);
            let pane = self.pane_mut();
            pane.offset = pane.offset.saturating_add_signed(by).min(most);
            return;
        }
        // The first step is onto the first row.
        let at = match self.selected() {
            Some(at) => at.saturating_add_signed(by).min(last),
            None if by > 1 => last.min(by.unsigned_abs()),
            None => 0,
        };
        self.pane_mut().selected = rows.get(at).cloned();
    }
}

/// A probe as a row of a table.
pub(super) fn topic(name: &ProbeName) -> Topic {
    Topic::App(format!("{}\0{}", name.site, name.probe))
}
