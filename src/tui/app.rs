//! The dashboard as a machine: events change its state, its state and a snapshot become cells. No terminal, no clock, no feed.

use super::canvas::{Hit, Listing};
use super::columns::busiest;
use super::details::{self, SubjectPage, finding};
use super::held;
use super::hints::{self, Here};
use super::label;
pub(super) use super::modal::{Modal, Note, Typing};
use super::options::{DashboardOptions, KeptChoices};
use super::panels::{load, mirror, top};
use super::rates::Rates;
use super::row_action::Bookmark;
use super::screen::Screen;
use super::screen::ScreenEntry;
use super::screens::overview::OverviewScreen;
use super::screens::{SCREENS, packets};
use super::theme::Theme;
use super::time_cursor::ChartTimes;
use super::view::{Pane, SCALES, Scene, Topic, Trail, View};
use crate::model::Timestamp;
use crate::snapshot::{Filter, Order, Query, Snapshot, sweeps};
use ratatui::layout::Rect;
use std::sync::Arc;
use std::time::Duration;

/// How long a word about a key stands.
const NOTICE: Duration = Duration::from_secs(2);

/// Rates kept of an opened thing: an hour at one a second.
const TRAIL: usize = 3_600;

/// A picture older than this says its age: a port brings a new one every second.
const OLD: Duration = Duration::from_secs(2);

/// How long a question stands.
pub(super) const QUESTION: Duration = Duration::from_secs(4);

/// The state of the dashboard.
pub(super) struct App {
    pub(super) options: DashboardOptions,
    pub(super) theme: Theme,
    pub(super) view: View,
    pub(super) screens: &'static [ScreenEntry],
    pub(super) screen: usize,
    panes: Vec<Pane>,
    /// What was drawn of the packets.
    packets_seen: u64,
    /// What was seen of the capture that is compared with.
    baseline_seen: u64,
    pub(super) stack: Vec<(Topic, Pane)>,
    pub(super) modal: Modal,
    pub(super) latest: Arc<Snapshot>,
    /// The newest picture that is shown, as it came; then with the rates of its screens; then with the rows of the filter.
    pub(super) raw: Arc<Snapshot>,
    pub(super) held: Arc<Snapshot>,
    pub(super) shown: Arc<Snapshot>,
    pub(super) failure: Option<String>,
    pub(super) notice: Option<(String, Duration)>,
    trail: Trail,
    rates: Rates,
    /// Those of the moment the picture was paused.
    held_rates: Option<Box<Rates>>,
    /// The picture of the time that is looked at, where that is not now.
    pub(super) past: Option<Arc<Snapshot>>,
    /// What was seen of spans that were read again.
    pub(super) spans_seen: u64,
    /// Where times are on the load chart that was drawn last.
    pub(super) chart_times: Option<ChartTimes>,
    pub(super) asked: Option<Query>,
    pub(super) begun: bool,
    /// The time scale and the orders it began with.
    begun_with: (usize, Order, Order),
    /// Time scale and orders that were chosen before it began anew.
    kept: Option<(usize, Order, Order)>,
    /// Whether a button went down in the chart and is held.
    pub(super) dragging: bool,
    pub(super) now: Duration,
    age: Option<u64>,
    /// How old the newest picture is.
    picture_age: Duration,
    /// How much of a capture has been read by now.
    read: Option<f64>,
    pub(super) hits: Vec<(Rect, Hit)>,
    pub(super) listing: Listing,
    /// What Enter would open stands below the list.
    pub(super) has_preview: bool,
    pub(super) overflow: usize,
    /// Moments with notes, oldest first.
    pub(super) bookmarks: Vec<Bookmark>,
    /// What was drawn on last.
    pub(super) area: Rect,
}

impl App {
    /// A dashboard that has seen nothing yet.
    pub fn new(options: DashboardOptions, theme: Theme) -> Self {
        Self::with(SCREENS, options, theme)
    }

    /// The same with other screens.
    pub fn with(screens: &'static [ScreenEntry], options: DashboardOptions, theme: Theme) -> Self {
        let view = View { bytes: options.bytes, names: options.names, ..View::default() };
        let (begun_with, nothing) = ((view.scale, view.conversations, view.endpoints), Arc::new(Snapshot::default()));
        Self {
            panes: screens.iter().map(|entry| entry.screen.pane(&options)).collect(),
            packets_seen: 0,
            baseline_seen: 0,
            options,
            theme,
            view,
            screens,
            screen: 0,
            stack: Vec::new(),
            modal: Modal::None,
            latest: Arc::clone(&nothing),
            raw: Arc::clone(&nothing),
            held: Arc::clone(&nothing),
            shown: nothing,
            failure: None,
            notice: None,
            trail: Trail::new(),
            rates: Rates::default(),
            held_rates: None,
            past: None,
            spans_seen: 0,
            chart_times: None,
            asked: None,
            begun: false,
            begun_with,
            kept: None,
            dragging: false,
            now: Duration::ZERO,
            age: None,
            picture_age: Duration::ZERO,
            read: None,
            hits: Vec::new(),
            listing: Listing::default(),
            has_preview: false,
            overflow: 0,
            bookmarks: Vec::new(),
            area: Rect::default(),
        }
    }

    /// Begins anew with other options, as a dashboard that knows of the traffic only what it will see: on the same screen, in the same units.
    pub(super) fn begin_again(&mut self, options: DashboardOptions, bookmarks: Vec<Bookmark>) {
        let view = View { bytes: self.view.bytes, names: self.view.names, split: self.view.split, ..View::default() };
        let kept = self.begun.then_some((self.view.scale, self.view.conversations, self.view.endpoints));
        let fresh = Self::with(self.screens, options, self.theme);
        let begun_with = self.begun_with;
        *self = Self { screen: self.screen, view, kept, begun_with, bookmarks, now: self.now, area: self.area, ..fresh };
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
        self.rates.note(&snapshot);
        // A picture that was held before all of its rows were here gets them.
        let is_owed = self.view.paused && self.is_partial() && self.answers(&snapshot);
        self.latest = snapshot;
        if is_owed {
            self.held_rates = Some(Box::new(self.rates.clone()));
        }
        if !self.view.paused || is_owed {
            self.show_latest();
        }
        true
    }

    /// Whether there is something new to see of the packets, where they are in front.
    pub fn note_packets(&mut self) -> bool {
        let are_shown = self.page().shows_packets() || self.pane().own.get::<packets::state::PacketsState>().is_some();
        let Some(store) = self.options.packets.as_ref().filter(|_| are_shown) else { return false };
        let version = store.version();
        std::mem::replace(&mut self.packets_seen, version) != version
    }

    /// Whether the capture that is compared with has been read meanwhile.
    pub fn note_baseline(&mut self) -> bool {
        let version = self.options.baseline.as_ref().map_or(0, |baseline| baseline.version());
        std::mem::replace(&mut self.baseline_seen, version) != version
    }

    /// Takes how much of a capture has been read; whether anything on screen changes.
    pub fn note_read(&mut self, share: Option<f64>) -> bool {
        let percent = |share: Option<f64>| share.map(|share| (share * 100.0) as u64);
        let before = std::mem::replace(&mut self.read, share);
        percent(before) != percent(share) && self.held.unread().is_some()
    }

    /// Goes to the screen of a title.
    pub(super) fn show(&mut self, title: &str) {
        if let Some(screen) = self.screens.iter().position(|entry| entry.screen.title() == title) {
            self.go(screen);
        }
    }

    /// Takes the age of the newest picture; whether anything on screen changes. How far a file has been read says more than how old its picture is.
    pub fn note_age(&mut self, age: Duration) -> bool {
        self.picture_age = age;
        let age = (age >= OLD && self.latest.live).then_some(age.as_secs());
        std::mem::replace(&mut self.age, age) != age
    }

    /// The packet time of this moment on a port that is read.
    pub(super) fn now_of_packets(&self) -> Timestamp {
        self.latest.now.plus(i64::try_from(self.picture_age.as_nanos()).unwrap_or(0))
    }

    /// The first snapshot tells whether this is a live port: busiest now, or busiest in all and the whole time.
    fn begin(&mut self, first: &Snapshot) {
        self.begun = true;
        if let Some((scale, conversations, endpoints)) = self.kept.take() {
            (self.view.scale, self.view.conversations, self.view.endpoints) = (scale, conversations, endpoints);
            return;
        }
        // A file has no rates of now.
        let usual = |chosen: Option<Order>| chosen.filter(|o| first.live || !o.column.is_of_now()).unwrap_or(busiest(first.live));
        self.view.conversations = usual(self.options.conversations);
        self.view.endpoints = usual(self.options.endpoints);
        // Longer than the longest: everything.
        let chosen = self.options.scale.map(|nanos| SCALES.iter().position(|scale| *scale >= nanos).unwrap_or(SCALES.len()));
        if let Some(scale) = chosen.filter(|_| first.live) {
            self.view.scale = scale;
        } else if !first.live {
            self.view.scale = SCALES.len();
        }
        self.begun_with = (self.view.scale, self.view.conversations, self.view.endpoints);
    }

    fn show_latest(&mut self) {
        self.raw = Arc::clone(&self.latest);
        self.held = if self.latest.live { Arc::new(self.rates.smoothed(&self.latest)) } else { Arc::clone(&self.latest) };
        self.narrow();
        self.show_rows();
        self.settle();
        self.follow();
    }

    /// Where the user chose no kind of rows, screens show one that has some.
    fn show_rows(&mut self) {
        let scene = self.scene();
        if scene.partial {
            return;
        }
        let kind = |(at, (pane, entry)): (usize, (&Pane, &ScreenEntry))| {
            // What is in front stays as long as it has rows; others begin where they usually do.
            let from = match pane.before_filter {
                Some((kind, is_chosen)) if is_chosen || at == self.screen => kind,
                _ if at == self.screen => pane.kind,
                _ => 0,
            };
            let is_free = !pane.is_kind_chosen && pane.selected.is_none();
            is_free.then(|| entry.screen.kind_with_rows(&Scene { pane, ..scene }, from)).flatten()
        };
        let kinds: Vec<Option<usize>> = self.panes.iter().zip(self.screens).enumerate().map(kind).collect();
        for (pane, kind) in self.panes.iter_mut().zip(kinds) {
            pane.kind = kind.unwrap_or(pane.kind);
        }
    }

    /// Shows the rows that are held, filtered.
    pub(super) fn narrow(&mut self) {
        self.look_back();
        if let Some(mut filter) = self.view.filter.take() {
            // Names have columns of their own, also where addresses are not replaced by them.
            filter.learn(|word| label::called(&self.scene(), word));
            self.view.filter = Some(filter);
        }
        self.look_closely();
        let narrowed = held::narrowed(self.past.as_ref().unwrap_or(&self.held), self.view.filter.as_ref());
        self.shown = sweeps::folded(&narrowed).map_or(narrowed, Arc::new);
        self.show_span_packets();
        if self.pane().selected.is_some() {
            self.hold();
        }
    }

    /// Notes the places of rows that are put together here.
    fn settle(&mut self) {
        if self.shown.live {
            let scene = self.scene();
            let named: Vec<_> = top::leaves(&scene).into_iter().map(|l| (l.name, scene.bits(l.recent, l.total))).collect();
            self.rates.settle(named.into_iter());
        }
    }

    /// Notes the rates of the opened thing.
    fn follow(&mut self) {
        let Some((topic, _)) = self.stack.last() else { return };
        let s = &self.raw;
        let per = |t: crate::model::Traffic| t.bits_per_second(s.recent_seconds) / 8.0;
        if let Some((one, other)) = details::page(topic).and_then(|page| page.sides(s, topic)) {
            if self.trail.len() == TRAIL {
                self.trail.pop_front();
            }
            self.trail.push_back((per(one), per(other)));
        }
    }

    /// The page about something, when one is in front.
    pub(super) fn subject(&self) -> Option<(&'static dyn SubjectPage, &Topic)> {
        let (topic, _) = self.stack.last()?;
        details::page(topic).map(|page| (page, topic))
    }

    /// The page in front.
    pub fn page(&self) -> &'static dyn Screen {
        let screen = || self.screens.get(self.screen).or(SCREENS.first()).map_or(&OverviewScreen as &dyn Screen, |entry| entry.screen);
        self.subject().map_or_else(screen, |(page, _)| page)
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
        // What no past is kept of is shown as it is now.
        let is_timeless = self.is_timeless();
        Scene {
            snapshot: if is_timeless { &self.held } else { &self.shown },
            base: &self.held,
            view: &self.view,
            pane: self.pane(),
            topic: self.stack.last().map(|s| &s.0),
            trail: &self.trail,
            rates: self.held_rates.as_deref().unwrap_or(&self.rates),
            options: &self.options,
            theme: &self.theme,
            age: self.age,
            read: self.read,
            behind: self.latest.now.seconds_since(self.held.now).max(0.0),
            partial: self.is_partial(),
        }
    }

    /// Whether Enter opens the first row where none is selected: it is shown below the list as if it were.
    pub(super) fn opens_first(&self) -> bool {
        self.page().opens_first() || self.has_preview
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

    /// Moves the selection of the page that comes to the front where its row went meanwhile.
    fn still_there(&mut self) {
        if self.pane().selected.is_some() {
            self.hold();
        }
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
        if self.page().moment(&self.scene(), &topic).is_some() {
            return self.show_packets();
        }
        let topic = self.page().opens(&self.scene(), &topic).unwrap_or(topic);
        if self.stack.last().is_some_and(|(t, _)| *t == topic) || details::page(&topic).is_none() {
            return;
        }
        self.trail.clear();
        self.has_preview = false;
        self.stack.push((topic, Pane::default()));
        self.follow();
    }

    /// Goes one level up.
    pub(super) fn close(&mut self) {
        self.has_preview = false;
        self.stack.pop();
        self.trail.clear();
        self.still_there();
        self.follow();
    }

    /// Goes to a screen.
    pub(super) fn go(&mut self, screen: usize) {
        if screen < self.screens.len() {
            self.has_preview = false;
            self.stack.clear();
            self.trail.clear();
            self.screen = screen;
            self.still_there();
            self.show_span_packets();
        }
    }

    /// Pauses or goes on.
    pub(super) fn pause(&mut self) {
        self.view.paused = !self.view.paused;
        self.held_rates = self.view.paused.then(|| Box::new(self.rates.clone()));
        if !self.view.paused {
            self.show_latest();
        }
    }

    /// Lets time pass; whether anything on screen changes.
    pub fn tick(&mut self, now: Duration) -> bool {
        self.now = now;
        let over = matches!(self.modal, Modal::Reset(until) if now >= until);
        if over {
            self.modal = Modal::None;
        }
        let said = self.notice.as_ref().is_some_and(|(_, until)| now >= *until);
        if said {
            self.notice = None;
        }
        over || said
    }

    /// Keys that work here; `has_preview`: what the first row opens stands below it.
    pub(super) fn hints(&self, has_preview: bool) -> Vec<super::screen::Hint> {
        let here = Here {
            deep: !self.stack.is_empty(),
            selected: self.pane().selected.is_some(),
            opens: (has_preview || self.page().opens_first()) && self.stack.is_empty() && !self.topics().is_empty()
                || self.pane().selected.as_ref().is_some_and(|topic| {
                    if self.page().moment(&self.scene(), topic).is_some() {
                        return true;
                    }
                    let opened = self.page().opens(&self.scene(), topic);
                    details::page(opened.as_ref().unwrap_or(topic)).is_some()
                }),
            rows: !self.topics().is_empty(),
            filtered: self.view.filter.is_some(),
            live: self.held.live,
            past: !self.held.history.slots.is_empty(),
            cursor: self.view.cursor.is_some(),
        };
        hints::list(self.screens, self.page(), &here)
    }

    /// The text about the finding in front or selected.
    pub(super) fn explain(&mut self) {
        let topic = self.stack.last().map(|s| &s.0).filter(|t| finding::identifier(Some(t)).is_some());
        let first = || self.topics().into_iter().next();
        let id = finding::identifier(topic.cloned().or_else(|| self.pane().selected.clone()).or_else(first).as_ref());
        if let Some(id) = id {
            let text = (self.options.explain)(id).unwrap_or_else(|| "There is no longer explanation of this finding.".into());
            // Its title says already what it is called.
            let text = text.strip_prefix(id).map_or(text.as_str(), str::trim_start).to_owned();
            self.modal = Modal::Explain { title: id.to_owned(), text, scroll: 0 };
        }
    }

    /// The text about what could not be judged of network and mirror.
    pub(super) fn tell_not_judged(&mut self) {
        let facts = mirror::nothing_known_of(&self.scene());
        if facts.is_empty() {
            return self.say("everything that is looked for was judged".into());
        }
        let text = facts.iter().map(|(name, why, _)| format!("{name}\n  {why}")).collect::<Vec<_>>().join("\n");
        self.modal = Modal::Explain { title: format!("Not judged: {}", facts.len()), text, scroll: 0 };
    }

    /// Shows only rows that match.
    pub(super) fn filter(&mut self, filter: Option<Filter>) {
        if self.view.filter.as_ref().map(Filter::text) != filter.as_ref().map(Filter::text) {
            self.select(None);
            self.panes.iter_mut().for_each(|pane| pane.filter_anew(filter.is_none()));
            self.view.filter = filter;
            self.narrow();
            self.show_rows();
        }
    }

    /// Shows a shorter time on the load chart, or a longer one; spans that would show nothing else are left out.
    pub(super) fn zoom(&mut self, closer: bool) {
        if let Some(cursor) = &mut self.view.cursor {
            let span = cursor.span();
            cursor.centre = span.from.plus(span.length() / 2);
            cursor.scale_before = None;
        }
        let useful = load::scales(&self.held, load::FEWEST_BINS, self.options.spans.is_some());
        let all = SCALES.len();
        let next = match closer {
            true => useful.iter().copied().rfind(|scale| *scale < self.view.scale),
            false => useful.iter().copied().find(|scale| *scale > self.view.scale).or((self.view.scale < all).then_some(all)),
        };
        match next {
            Some(scale) => {
                self.view.scale = scale;
                self.look_closely();
            }
            None if closer => self.say("this is as close as the times go".into()),
            None => self.say("this is everything".into()),
        }
    }

    /// Says something that is to be read in peace.
    pub(super) fn say_long(&mut self, words: String) {
        self.notice = Some((words, self.now + 4 * NOTICE));
    }

    /// Says something in the footer for a moment.
    pub(super) fn say(&mut self, words: String) {
        self.notice = Some((words, self.now + NOTICE));
    }

    /// Has what was chosen on screen written down: what a capture begins with is not what a port is to begin with.
    pub(super) fn keep(&mut self) {
        let (scale, conversations, endpoints) = self.begun_with;
        let kept = KeptChoices {
            theme: self.theme.name(),
            bytes: self.view.bytes,
            names: self.view.names,
            scale: (self.view.scale != scale).then(|| SCALES.get(self.view.scale).copied()),
            conversations: Some(self.view.conversations).filter(|chosen| *chosen != conversations),
            endpoints: Some(self.view.endpoints).filter(|chosen| *chosen != endpoints),
        };
        let said = self.options.keep.as_ref().map(|keep| keep(&kept));
        self.say(said.unwrap_or_else(|| "there is nowhere to keep it".into()));
    }

    /// The newest snapshot, also while paused.
    #[cfg(test)]
    pub fn latest(&self) -> &Snapshot {
        &self.latest
    }
}
