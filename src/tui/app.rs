//! The dashboard as a machine: events change its state, its state and a snapshot become cells. No terminal, no clock, no feed.

use super::canvas::{Hit, Listing};
use super::columns::busiest;
use super::details::{self, finding};
use super::hints::{self, Here};
use super::options::Options;
use super::registry::SCREENS;
use super::screen::{Screen, Sorts};
use super::theme::Theme;
use super::view::{Pane, SCALES, Scene, Topic, Trail, View};
use crate::snapshot::{Filter, Query, Snapshot};
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::Duration;
use tui_input::Input;

/// What the world has to do after an event.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Ask the feed for other rows.
    Ask(Query),
    /// Forget everything counted.
    Reset,
    /// Leave.
    Quit,
}

/// What lies over the page and takes the keys.
#[derive(Debug, Default)]
pub(super) enum Modal {
    /// Nothing.
    #[default]
    None,
    /// The keys.
    Help(usize),
    /// The filter line, and what is wrong with what was typed.
    Filter(Input, Option<String>),
    /// "Really forget?", until a moment.
    Reset(Duration),
    /// A text about a finding, scrolled by so many lines.
    Explain { title: String, text: String, scroll: usize },
}

/// Rates kept of an opened thing: an hour at one a second.
const TRAIL: usize = 3_600;

/// A picture older than this says its age: a port brings a new one every second.
const OLD: Duration = Duration::from_secs(2);

/// How long a question stands.
pub(super) const QUESTION: Duration = Duration::from_secs(4);

/// The state of the dashboard.
pub(super) struct App {
    pub(super) options: Options,
    pub(super) theme: Theme,
    pub(super) view: View,
    pub(super) screen: usize,
    panes: Vec<Pane>,
    pub(super) stack: Vec<(Topic, Pane)>,
    pub(super) modal: Modal,
    latest: Arc<Snapshot>,
    pub(super) shown: Arc<Snapshot>,
    pub(super) failure: Option<String>,
    trail: Trail,
    asked: Option<Query>,
    begun: bool,
    pub(super) now: Duration,
    age: Option<u64>,
    pub(super) hits: Vec<(Rect, Hit)>,
    pub(super) listing: Listing,
    pub(super) overflow: usize,
}

impl App {
    /// A dashboard that has seen nothing yet.
    pub fn new(options: Options, theme: Theme) -> Self {
        let view = View { bytes: options.bytes, names: options.names, ..View::default() };
        let nothing = Arc::new(Snapshot::default());
        Self {
            options,
            theme,
            view,
            screen: 0,
            panes: SCREENS.iter().map(|_| Pane::default()).collect(),
            stack: Vec::new(),
            modal: Modal::None,
            latest: Arc::clone(&nothing),
            shown: nothing,
            failure: None,
            trail: Trail::new(),
            asked: None,
            begun: false,
            now: Duration::ZERO,
            age: None,
            hits: Vec::new(),
            listing: Listing::default(),
            overflow: 0,
        }
    }

    /// Takes the newest snapshot; whether anything on screen changes.
    pub fn see(&mut self, snapshot: Arc<Snapshot>, failure: Option<String>) -> bool {
        let changed = failure != self.failure;
        self.failure = failure;
        if snapshot.number == self.latest.number && self.begun {
            return changed;
        }
        if !self.begun {
            self.begin(&snapshot);
        }
        self.latest = snapshot;
        if !self.view.paused {
            self.show_latest();
        }
        true
    }

    /// Takes the age of the newest picture; whether anything on screen changes.
    pub fn note_age(&mut self, age: Duration) -> bool {
        let age = (age >= OLD).then_some(age.as_secs());
        std::mem::replace(&mut self.age, age) != age
    }

    /// The first snapshot tells whether this is a live port: busiest now, or busiest in all and the whole time.
    fn begin(&mut self, first: &Snapshot) {
        self.begun = true;
        self.view.conversations = busiest(first.live);
        self.view.endpoints = busiest(first.live);
        if !first.live {
            self.view.scale = SCALES.len();
        }
    }

    fn show_latest(&mut self) {
        self.shown = Arc::clone(&self.latest);
        if self.pane().selected.is_some() {
            self.hold();
        }
        self.follow();
    }

    /// Notes the rates of the opened thing.
    fn follow(&mut self) {
        let Some((topic, _)) = self.stack.last() else { return };
        let s = &self.shown;
        let per = |t: crate::model::Traffic| t.bits_per_second(s.recent_seconds) / 8.0;
        let rates = match topic {
            Topic::Conversation { kind, .. } => {
                let row = kind.conversations(s).rows.iter().find(|r| Topic::conversation(*kind, r) == *topic);
                row.map(|r| if r.originator_is_a { (per(r.recent_ab), per(r.recent_ba)) } else { (per(r.recent_ba), per(r.recent_ab)) })
            }
            Topic::Host { kind, .. } => {
                let row = kind.endpoints(s).rows.iter().find(|r| Topic::host(*kind, r) == *topic);
                row.map(|r| (per(r.recent_tx), per(r.recent_rx)))
            }
            _ => None,
        };
        if let Some(rates) = rates {
            if self.trail.len() == TRAIL {
                self.trail.pop_front();
            }
            self.trail.push_back(rates);
        }
    }

    /// The page in front.
    pub fn page(&self) -> &'static dyn Screen {
        match self.stack.last() {
            Some((topic, _)) => details::page(topic),
            None => SCREENS.get(self.screen).copied().unwrap_or(SCREENS[0]),
        }
    }

    /// The list of the page in front.
    pub fn pane(&self) -> &Pane {
        static EMPTY: std::sync::LazyLock<Pane> = std::sync::LazyLock::new(Pane::default);
        match self.stack.last() {
            Some((_, pane)) => pane,
            None => self.panes.get(self.screen).unwrap_or(&EMPTY),
        }
    }

    pub(super) fn pane_mut(&mut self) -> Option<&mut Pane> {
        match self.stack.last_mut() {
            Some((_, pane)) => Some(pane),
            None => self.panes.get_mut(self.screen),
        }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            snapshot: &self.shown,
            view: &self.view,
            pane: self.pane(),
            topic: self.stack.last().map(|s| &s.0),
            trail: &self.trail,
            options: &self.options,
            theme: &self.theme,
            age: self.age,
            behind: self.latest.now.seconds_since(self.shown.now).max(0.0),
        }
    }

    /// The rows of the page in front, in the order shown.
    pub(super) fn topics(&self) -> Vec<Topic> {
        self.page().topics(&self.scene())
    }

    /// Holds the order of rows as it is shown now; rows that are new follow.
    pub(super) fn hold(&mut self) {
        let topics = self.topics();
        let before = self.pane().held.clone();
        let at = |list: &[Topic], t: &Option<Topic>| t.as_ref().and_then(|t| list.iter().position(|x| x == t));
        let selected = self.pane().selected.clone();
        let (was, is) = (at(&before, &selected), at(&topics, &selected));
        let Some(pane) = self.pane_mut() else { return };
        match (was, is) {
            // Rows above that ended must not move the selected one on the screen.
            (Some(was), Some(is)) => pane.offset = pane.offset.saturating_sub(was.saturating_sub(is)),
            (Some(was), None) => pane.selected = topics.get(was.min(topics.len().saturating_sub(1))).cloned(),
            _ => {}
        }
        pane.held = if pane.selected.is_some() { topics } else { Vec::new() };
    }

    /// Selects a row, or none.
    pub(super) fn select(&mut self, topic: Option<Topic>) {
        let first = self.pane().selected.is_none();
        let order = if first && topic.is_some() { self.topics() } else { Vec::new() };
        let Some(pane) = self.pane_mut() else { return };
        if topic.is_none() {
            pane.held.clear();
        } else if first {
            pane.held = order;
        }
        pane.selected = topic;
    }

    /// Opens the page about something.
    pub(super) fn open(&mut self, topic: Topic) {
        if self.stack.last().is_some_and(|(t, _)| *t == topic) || topic == Topic::App(String::new()) {
            return;
        }
        self.trail.clear();
        self.stack.push((topic, Pane::default()));
        self.follow();
    }

    /// Goes one level up.
    pub(super) fn close(&mut self) {
        self.stack.pop();
        self.trail.clear();
        self.follow();
    }

    /// Goes to a screen.
    pub(super) fn go(&mut self, screen: usize) {
        if screen < SCREENS.len() {
            self.stack.clear();
            self.trail.clear();
            self.screen = screen;
        }
    }

    /// Pauses or goes on.
    pub(super) fn pause(&mut self) {
        self.view.paused = !self.view.paused;
        if !self.view.paused {
            self.show_latest();
        }
    }

    /// What the page in front wants from the feed.
    fn query(&self) -> Query {
        let usual = busiest(self.latest.live);
        let sorts = if self.stack.is_empty() { self.page().sorting().map(|s| s.0) } else { None };
        let term = match self.stack.last().map(|s| &s.0) {
            Some(Topic::Host { address, .. }) if address.ip().is_some() => Some(format!("host {address}")),
            Some(Topic::Vlan(id)) => Some(format!("vlan {id}")),
            _ => None,
        };
        let mine = self.view.filter.as_ref().map(|f| f.text().to_owned());
        let narrowed = match (term, mine) {
            (Some(term), Some(mine)) => {
                Filter::parse(&format!("({mine}) and {term}")).or_else(|_| Filter::parse(&format!("{mine} and {term}"))).ok().flatten()
            }
            (Some(term), None) => Filter::parse(&term).ok().flatten(),
            (None, _) => None,
        };
        Query {
            conversations: if sorts == Some(Sorts::Conversations) { self.view.conversations } else { usual },
            endpoints: if sorts == Some(Sorts::Endpoints) { self.view.endpoints } else { usual },
            filter: narrowed.or_else(|| self.view.filter.clone()),
            ..Query::default()
        }
    }

    /// The question for the feed, when it is another one than before.
    pub(super) fn question(&mut self) -> Option<Effect> {
        let query = self.query();
        if self.asked.as_ref() == Some(&query) || !self.begun {
            return None;
        }
        self.asked = Some(query.clone());
        Some(Effect::Ask(query))
    }

    /// Lets time pass; whether anything on screen changes.
    pub fn tick(&mut self, now: Duration) -> bool {
        self.now = now;
        let over = matches!(self.modal, Modal::Reset(until) if now >= until);
        if over {
            self.modal = Modal::None;
        }
        over
    }

    /// Keys that work here.
    pub(super) fn hints(&self) -> Vec<super::screen::Hint> {
        let here = Here {
            deep: !self.stack.is_empty(),
            selected: self.pane().selected.is_some(),
            rows: !self.topics().is_empty(),
            filtered: self.view.filter.is_some(),
            live: self.shown.live,
        };
        hints::list(self.page(), &here)
    }

    /// The text about the finding in front or selected.
    pub(super) fn explain(&mut self) {
        let topic = self.stack.last().map(|s| &s.0).filter(|t| finding::identifier(Some(t)).is_some());
        let first = || self.topics().into_iter().next();
        let id = finding::identifier(topic.cloned().or_else(|| self.pane().selected.clone()).or_else(first).as_ref());
        if let Some(id) = id {
            let text = (self.options.explain)(id).unwrap_or_else(|| "There is no longer explanation of this finding.".into());
            self.modal = Modal::Explain { title: id.to_owned(), text, scroll: 0 };
        }
    }

    /// The newest snapshot, also while paused.
    #[cfg(test)]
    pub fn latest(&self) -> &Snapshot {
        &self.latest
    }
}
