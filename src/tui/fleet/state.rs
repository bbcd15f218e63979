//! What is looked at, and what keys and clicks do.

use crate::fleet::{FleetProbe, FleetQuestion, FleetSpan, FleetView, ProbeName, ProbeStory};
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
/// Events that are read before something is drawn.
const AT_ONCE: usize = 64;

/// Lists of the page about a probe.
pub(super) const KINDS: [&str; 4] = ["Conversations", "Hosts", "Services", "Findings"];

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
    /// The list of probes, and that of the page.
    pub list: Pane,
    pub page: Pane,
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
        let mut probes: Vec<&FleetProbe> = picture.probes.iter().collect();
        let bits = |probe: &FleetProbe| probe.load.map_or(-1.0, |load| load.0);
        match self.order {
            ProbeOrder::Urgency => probes.sort_by_key(|probe| std::cmp::Reverse(probe.urgency())),
            ProbeOrder::Load => probes.sort_by(|x, y| bits(y).total_cmp(&bits(x))),
            ProbeOrder::Lost => probes.sort_by_key(|probe| std::cmp::Reverse(probe.history.lost_packets)),
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

    /// Rows of the list in front.
    fn rows(&self) -> usize {
        let Some(story) = self.story() else { return 0 };
        match self.page.kind {
            0 => story.conversations.len(),
            1 => story.hosts.len(),
            2 => story.services.len(),
            _ => story.findings.len(),
        }
    }

    /// Changes the state by an event.
    pub fn update(&mut self, event: &Event) -> FleetEffect {
        self.read = self.read.saturating_add(1);
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(*key),
            Event::Mouse(mouse) => self.mouse(*mouse),
            _ => FleetEffect::Nothing,
        }
    }

    fn key(&mut self, key: KeyEvent) -> FleetEffect {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let page = isize::try_from(self.height.max(2).saturating_sub(1)).unwrap_or(1);
        match key.code {
            KeyCode::Char('c') if control => return FleetEffect::Quit,
            KeyCode::Char('z') if control => return FleetEffect::Suspend,
            KeyCode::Char('q') => return FleetEffect::Quit,
            KeyCode::Esc | KeyCode::Backspace => return self.leave(),
            KeyCode::Enter => return self.open(),
            KeyCode::Char('+' | '=') => return self.look(self.question.span.step(1)),
            KeyCode::Char('-') => return self.look(self.question.span.step(-1)),
            KeyCode::Char(digit @ '1'..='4') => {
                let at = usize::from(digit as u8 - b'1');
                return self.look(FleetSpan::ALL.get(at).copied().unwrap_or_default());
            }
            KeyCode::Char('s') if self.question.probe.is_none() => self.order = self.order.next(),
            KeyCode::Char('b') => self.view.bytes = !self.view.bytes,
            KeyCode::Right | KeyCode::Tab if self.question.probe.is_some() => self.turn(1),
            KeyCode::Left | KeyCode::BackTab if self.question.probe.is_some() => self.turn(KINDS.len() - 1),
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

    fn mouse(&mut self, mouse: MouseEvent) -> FleetEffect {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.step(WHEEL),
            MouseEventKind::ScrollUp => self.step(-WHEEL),
            MouseEventKind::Down(MouseButton::Left) => {
                let at = (mouse.column, mouse.row).into();
                match self.hits.iter().rev().find(|hit| hit.0.contains(at)).map(|hit| hit.1.clone()) {
                    Some(Hit::Press(code)) => return self.key(KeyEvent::from(code)),
                    Some(Hit::Kind(kind)) => self.page = Pane { kind, ..Pane::default() },
                    Some(Hit::Row(_, topic)) if self.question.probe.is_none() => {
                        if self.list.selected.as_ref() == Some(&topic) {
                            return self.open();
                        }
                        self.list.selected = Some(topic);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
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

    /// The page of the selected probe, or of the first.
    fn open(&mut self) -> FleetEffect {
        if self.question.probe.is_some() {
            return FleetEffect::Nothing;
        }
        let at = self.selected().unwrap_or(0);
        let Some(name) = self.probes().get(at).map(|probe| probe.name.clone()) else { return FleetEffect::Nothing };
        self.list.selected = Some(topic(&name));
        self.page = Pane::default();
        self.question.probe = Some(name);
        FleetEffect::Ask(self.question.clone())
    }

    /// One level up; from the list out of the selection first.
    fn leave(&mut self) -> FleetEffect {
        if self.question.probe.take().is_some() {
            return FleetEffect::Ask(self.question.clone());
        }
        self.list.selected = None;
        self.list.offset = 0;
        FleetEffect::Nothing
    }

    /// Another list of the page.
    fn turn(&mut self, by: usize) {
        self.page = Pane { kind: (self.page.kind + by) % KINDS.len(), ..Pane::default() };
    }

    fn selected(&self) -> Option<usize> {
        self.probes().iter().position(|probe| Some(topic(&probe.name)) == self.list.selected)
    }

    fn step(&mut self, by: isize) {
        if self.question.probe.is_some() {
            let rows = self.rows();
            self.page.offset = self.page.offset.saturating_add_signed(by).min(rows.saturating_sub(self.height));
            return;
        }
        let probes = self.probes();
        // The first step is onto the first row.
        let at = match self.selected() {
            Some(at) => at.saturating_add_signed(by).min(probes.len().saturating_sub(1)),
            None if by > 1 => probes.len().saturating_sub(1).min(by.unsigned_abs()),
            None => 0,
        };
        self.list.selected = probes.get(at).map(|probe| topic(&probe.name));
    }
}

/// A probe as a row of a table.
pub(super) fn topic(name: &ProbeName) -> Topic {
    Topic::App(format!("{}\0{}", name.site, name.probe))
}
