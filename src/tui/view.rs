//! What the user has chosen: which rows, in which order, in which units. Everything a page needs to draw itself.

use super::options::DashboardOptions;
use super::rates::{self, Rates};
use super::theme::{Hue, Theme};
use super::time_cursor::TimeCursor;
pub(super) use super::topic::{Kind, Topic};
use crate::model::Arrange as _;
use crate::model::{TimeSpan, Timestamp, Traffic, units};
use crate::snapshot::{Conversation, Filter, HostRow, Order, Snapshot};
use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

/// One list: what is selected in it and how it is shown.
#[derive(Debug, Default)]
pub(super) struct Pane {
    /// Which kind of rows.
    pub kind: usize,
    /// The user chose it.
    pub is_kind_chosen: bool,
    /// Kind and whether the user chose it, from before a filter was in force: they come back when it goes.
    pub before_filter: Option<(usize, bool)>,
    /// The selected row.
    pub selected: Option<Topic>,
    /// The order rows are held in while one is selected.
    pub held: Vec<Topic>,
    /// First row in the window.
    pub offset: usize,
    /// Lines scrolled, for text.
    pub scroll: usize,
    /// The order of its rows, where the page has one of its own and the user chose.
    pub order: Option<Order>,
    /// What only its screen knows.
    pub own: ScreenState,
}

/// State of one screen, of a type that nobody else needs to know.
#[derive(Default)]
pub(super) struct ScreenState(Option<Box<dyn Any + Send + Sync>>);

impl ScreenState {
    /// The state, once there is one.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.as_deref().and_then(|own| own.downcast_ref())
    }

    /// Changes the state, which begins as its default.
    pub fn change<T: Any + Default + Send + Sync, R>(&mut self, how: impl FnOnce(&mut T) -> R) -> R {
        if let Some(own) = self.0.as_deref_mut().and_then(|own| own.downcast_mut()) {
            return how(own);
        }
        let mut own = T::default();
        let result = how(&mut own);
        self.0 = Some(Box::new(own));
        result
    }
}

impl fmt::Debug for ScreenState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Own(…)" } else { "Own" })
    }
}

impl Pane {
    /// A filter comes in force, is another one or goes (`is_none`): which kind is shown is found anew from the one that was shown without.
    pub fn filter_anew(&mut self, is_none: bool) {
        let (kind, is_chosen) = *self.before_filter.get_or_insert((self.kind, self.is_kind_chosen));
        (self.kind, self.is_kind_chosen) = (kind, is_chosen && is_none);
        if is_none {
            self.before_filter = None;
        }
    }

    /// Puts rows in the held order; rows that are new follow.
    pub fn arrange<R>(&self, rows: Vec<(Topic, R)>) -> Vec<(Topic, R)> {
        if self.selected.is_none() || self.held.is_empty() {
            return rows;
        }
        let place: HashMap<&Topic, usize> = self.held.iter().enumerate().map(|(i, t)| (t, i)).collect();
        let mut rows: Vec<_> = rows.into_iter().map(|row| (place.get(&row.0).copied().unwrap_or(usize::MAX), row)).collect();
        rows.arrange_by_key(|row| row.0);
        rows.into_iter().map(|row| row.1).collect()
    }
}

/// A span shorter than this is not judged, in nanoseconds: so often the network is.
const JUDGED_FROM: i64 = 10 * crate::model::time::SECOND;

/// Time spans of the load chart, in nanoseconds; beyond the last one: everything.
pub(super) const SCALES: [i64; 26] = {
    const MILLIS: [i64; 26] = [
        10,
        20,
        50,
        100,
        200,
        500,
        1_000,
        2_000,
        5_000,
        10_000,
        20_000,
        30_000,
        60_000,
        120_000,
        300_000,
        600_000,
        900_000,
        1_800_000,
        3_600_000,
        7_200_000,
        21_600_000,
        43_200_000,
        86_400_000,
        172_800_000,
        345_600_000,
        604_800_000,
    ];
    let mut out = MILLIS;
    let mut i = 0;
    while i < out.len() {
        out[i] *= 1_000_000;
        i += 1;
    }
    out
};

/// The span a live chart begins with: five minutes.
pub(super) const USUAL_SCALE: usize = 14;

/// The tops of the axes of the load chart as they are drawn, so that they hold still (see [`super::widgets::chart::settle`]).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Axes {
    /// What they are for: time scale, directions apart, bytes.
    pub key: (usize, bool, bool),
    /// Bytes a second.
    pub bits: Option<f64>,
    /// Packets a second.
    pub packets: Option<f64>,
    /// Quarters of the chart above its axis, where directions stand apart.
    pub quarters: Option<u16>,
}

/// A short time as its packets tell it: in milliseconds, where the load of all of the time is known in wider bins.
#[derive(Debug, Clone)]
pub(super) struct CloseUp {
    /// The time.
    pub span: TimeSpan,
    /// The picture of it.
    pub picture: Arc<Snapshot>,
}

/// What holds for every page.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Bytes instead of bits.
    pub bytes: bool,
    /// Names instead of numbers.
    pub names: bool,
    /// Index into [`SCALES`]; its length means everything.
    pub scale: usize,
    /// Load split by direction; `None`: when most of it has one.
    pub split: Option<bool>,
    /// Order of conversations.
    pub conversations: Order,
    /// Order of end points.
    pub endpoints: Order,
    /// Rows shown.
    pub filter: Option<Filter>,
    /// The picture is held.
    pub paused: bool,
    /// The time that is looked at; `None`: now.
    pub cursor: Option<TimeCursor>,
    /// The time on the chart as its packets tell it, where they were read again.
    pub close_up: Option<CloseUp>,
    /// Where axes end now.
    pub axes: Axes,
}

impl Default for View {
    fn default() -> Self {
        Self {
            bytes: false,
            names: false,
            scale: USUAL_SCALE,
            split: None,
            conversations: Order::default(),
            endpoints: Order::default(),
            filter: None,
            paused: false,
            cursor: None,
            close_up: None,
            axes: Axes::default(),
        }
    }
}

/// Rates of the opened thing since it was opened: first to second end, second to first, in bytes a second.
pub(super) type Trail = VecDeque<(f64, f64)>;

/// What a page is drawn from. Same scene, same cells.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The numbers.
    pub snapshot: &'a Snapshot,
    /// Those of everything up to now, also where `snapshot` is about a span of the past.
    pub base: &'a Snapshot,
    /// The user's choices.
    pub view: &'a View,
    /// The page's list.
    pub pane: &'a Pane,
    /// What the page is about, for pages below a screen.
    pub topic: Option<&'a Topic>,
    /// Rates of the topic since it was opened.
    pub trail: &'a Trail,
    /// The last minute of every row.
    pub rates: &'a Rates,
    /// What the program passed in.
    pub options: &'a DashboardOptions,
    /// The colours.
    pub theme: &'a Theme,
    /// Whole seconds since the newest picture was taken, where it is older than it should be.
    pub age: Option<u64>,
    /// How much of a capture has been read by now, which is more than the newest picture holds.
    pub read: Option<f64>,
    /// Seconds the picture is behind, while paused.
    pub behind: f64,
    /// Whether rows are missing that another filter hid, until the engine has answered: how many there are is not known.
    pub partial: bool,
}

impl Scene<'_> {
    /// Seconds east of UTC at a time.
    pub fn utc_offset(&self, at: Timestamp) -> i64 {
        (self.options.utc_offset)(at)
    }

    /// How much of a capture that is being read has been read, 0 to 1; `None` where it has an end.
    pub fn unread(&self) -> Option<f64> {
        self.base.unread().map(|share| self.read.unwrap_or(share).max(share))
    }

    /// Whether numbers are means over the whole capture (a file) and not rates of now.
    pub fn whole(&self) -> bool {
        !self.snapshot.live
    }

    /// The seconds and the traffic a rate is taken over.
    pub fn basis(&self, recent: Traffic, total: Traffic) -> (Traffic, f64) {
        if self.whole() { (total, self.snapshot.covered()) } else { (recent, self.snapshot.recent_seconds) }
    }

    /// Seconds of what is shown from a conversation's first to its last packet.
    pub fn active_seconds(&self, row: &Conversation) -> f64 {
        match &self.snapshot.span {
            Some(shown) => row.last.min(shown.span.to).seconds_since(row.first.max(shown.span.from)).max(0.0),
            None => row.duration(),
        }
    }

    /// Bits per second, now or over the whole file.
    pub fn bits(&self, recent: Traffic, total: Traffic) -> f64 {
        let (traffic, seconds) = self.basis(recent, total);
        traffic.bits_per_second(seconds)
    }

    /// Packets per second, now or over the whole file.
    pub fn packets(&self, recent: Traffic, total: Traffic) -> f64 {
        let (traffic, seconds) = self.basis(recent, total);
        traffic.packets_per_second(seconds)
    }

    /// Traffic of now and the seconds it came in: the newest second of a live port, all of a file.
    pub fn now(&self) -> (Traffic, f64) {
        let s = self.snapshot;
        self.rates.all(1).filter(|_| !self.whole()).unwrap_or_else(|| self.basis(s.stats.recent, s.stats.total))
    }

    /// A title with the time its numbers are about.
    pub fn based(&self, title: &str) -> String {
        format!("{title} · {}", self.base_name())
    }

    /// Whether a span is looked at that is too short to judge anything of.
    pub fn is_too_short_to_judge(&self) -> bool {
        self.snapshot.span.as_ref().is_some_and(|shown| shown.span.length() < JUDGED_FROM)
    }

    /// The time that rates are taken over, for a sentence: `over the span of 2.1 s`, `over the whole capture`, `in 10 s`.
    pub fn over(&self) -> String {
        let base = self.base_name();
        match self.whole() {
            true if self.snapshot.span.is_none() && self.snapshot.unread().is_some() => base,
            true => format!("over the {base}"),
            false => format!("in {base}"),
        }
    }

    /// The time that numbers are about: there is no other place that names it.
    fn base_name(&self) -> String {
        if let Some(shown) = &self.snapshot.span {
            let seconds = shown.span.seconds();
            let length = if (1.0..60.0).contains(&seconds) { format!("{seconds:.1} s") } else { units::duration(seconds) };
            return format!("span of {length}");
        }
        match self.whole() {
            true if self.snapshot.unread().is_some() => "so far",
            true => "whole capture",
            false => rates::BASE_NAME,
        }
        .to_owned()
    }

    /// Said beside rows that are all there because the filter asks for nothing they have; `asks`: whether it does.
    pub fn unasked(&self, asks: impl Fn(&Filter) -> bool) -> &'static str {
        match &self.view.filter {
            Some(filter) if !asks(filter) => UNASKED,
            _ => "",
        }
    }

    /// Wire bytes that shares refer to.
    pub fn all_bytes(&self) -> u64 {
        self.basis(self.snapshot.stats.recent, self.snapshot.stats.total).0.wire_bytes
    }

    /// Share of all wire bytes.
    pub fn share(&self, recent: Traffic, total: Traffic) -> f64 {
        ratio(self.basis(recent, total).0.wire_bytes, self.all_bytes())
    }

    /// Share of all wire bytes that an end point takes part in: what it sends to itself is one packet, not one sent and one received.
    pub fn share_of(&self, kind: Kind, end: &HostRow) -> f64 {
        let itself = |c: &&Conversation| {
            let here = |address, port| address == end.address && (end.port == 0 || port == end.port);
            here(c.a, c.a_port) && here(c.b, c.b_port)
        };
        let (mut recent, mut total) = (Traffic::default(), Traffic::default());
        for row in kind.conversations(self.snapshot).rows.iter().filter(itself) {
            recent.add(row.recent());
            total.add(row.total());
        }
        self.share(end.recent().since(recent), end.total().since(total))
    }

    /// A style.
    pub fn style(&self, hue: Hue) -> ratatui::style::Style {
        self.theme.style(hue)
    }
}

/// Said beside rows that a filter leaves as they are.
pub(super) const UNASKED: &str = " · the filter does not apply";

/// A share that is 0 when there is nothing to share.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
