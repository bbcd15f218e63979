//! Pages one level below a screen: what is known of one thing. A page is one file and one line in [`PAGES`].

mod alike;
mod conversation;
pub(super) mod finding;
mod host;
mod names;
mod past;
mod protocol;
mod service;
mod talkers;
mod troubles;
mod vlan;

use super::canvas::{Canvas, split_top};
use super::columns;
use super::panels::facts;
use super::screen::Screen;
use super::theme::Hue;
use super::view::{Kind, Pane, Scene, Topic, Trail};
use super::widgets::amount;
use super::widgets::chart::{self, LABELS, Plot};
use super::widgets::frame::{note_before, titled};
use super::widgets::table::{self, Shape};
use crate::model::{Traffic, units};
use crate::snapshot::rate_while_active;
use crate::snapshot::{Conversation, Filter, Snapshot};
use ratatui::layout::Rect;

/// A page about one thing.
pub(super) trait SubjectPage: Screen {
    /// Whether it is about such a thing.
    fn covers(&self, topic: &Topic) -> bool;

    /// What the thing is called in the breadcrumbs.
    fn crumb(&self, scene: &Scene, topic: &Topic) -> String;

    /// Which rows it needs of the feed, besides what the user's filter says.
    fn narrows(&self, topic: &Topic) -> Option<Filter> {
        let _ = topic;
        None
    }

    /// Recent traffic of its two sides, for the chart of rates since it was opened.
    fn sides(&self, snapshot: &Snapshot, topic: &Topic) -> Option<(Traffic, Traffic)> {
        let _ = (snapshot, topic);
        None
    }
}

/// Every page.
pub(super) const PAGES: &[&dyn SubjectPage] = &[
    &conversation::ConversationPage,
    &host::HostPage,
    &service::ServicePage,
    &protocol::ProtocolPage,
    &vlan::VlanPage,
    &finding::FindingPage,
    &alike::AlikePage,
];

/// The page about something; `None` for rows that have none.
pub(super) fn page(topic: &Topic) -> Option<&'static dyn SubjectPage> {
    PAGES.iter().copied().find(|page| page.covers(topic))
}

/// Lines below a list from which on what is selected in it is shown there.
const PREVIEW: u16 = 10;

/// The parts of a page for a list of so many lines (head and all) and, where much would stay empty below it, for what its selected row opens.
pub(super) fn with_preview(area: Rect, lines: usize) -> (Rect, Option<Rect>) {
    let need = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(1);
    if lines == 0 || area.height < need.saturating_add(PREVIEW) {
        return (area, None);
    }
    let (list, below) = split_top(area, need);
    (list, Some(below))
}

/// The selected row of a list, else its first one.
pub(super) fn chosen<'t>(scene: &Scene<'t>, mut topics: impl Iterator<Item = &'t Topic> + Clone) -> Option<&'t Topic> {
    scene.pane.selected.as_ref().filter(|selected| topics.clone().any(|topic| topic == *selected)).or_else(|| topics.next())
}

/// Draws the page about something below the list it stands in: nothing of it is selected or clicked, `Enter` opens it.
pub(super) fn preview(canvas: &mut Canvas, area: Rect, scene: &Scene, topic: &Topic) {
    let Some(page) = page(topic) else { return };
    inert(canvas, scene, |canvas, scene| page.draw(canvas, area, &Scene { topic: Some(topic), ..*scene }));
    note_before(canvas, Rect { height: area.height.min(1), ..area }, "⏎ open", scene.style(Hue::Accent));
    canvas.has_preview = true;
}

/// Draws something below a list: nothing of it is selected or clicked, and the list of the page stays the one above.
fn inert(canvas: &mut Canvas, scene: &Scene, draw: impl FnOnce(&mut Canvas, &Scene)) {
    let (pane, trail) = (Pane::default(), Trail::default());
    let (listing, hits, times) = (canvas.listing, canvas.hits.len(), canvas.chart_times.take());
    draw(canvas, &Scene { pane: &pane, trail: &trail, ..*scene });
    (canvas.listing, canvas.chart_times) = (listing, times);
    canvas.hits.truncate(hits);
}

/// Draws conversations below the list of something else, under a title, and their hosts where there is room.
pub(super) fn speakers(canvas: &mut Canvas, area: Rect, scene: &Scene, title: &str, keep: &dyn Fn(&Conversation) -> bool) {
    let rows = columns::busiest_conversations(scene, keep);
    inert(canvas, scene, |canvas, scene| talkers::draw(canvas, area, scene, &rows, &talkers::Titles::of("Hosts", title)));
}

/// Conversations that belong to a thing, busiest first.
fn related<'a>(scene: &Scene<'a>, keep: &dyn Fn(&Conversation) -> bool) -> Vec<(Topic, (Kind, &'a Conversation))> {
    scene.pane.arrange(columns::busiest_conversations(scene, keep))
}

/// Draws related conversations under a title.
fn draw_related(canvas: &mut Canvas, area: Rect, scene: &Scene, title: &str, rows: &[(Topic, (Kind, &Conversation))]) {
    let number = units::grouped(rows.len() as u64);
    let is_all = columns::has_all_conversations(scene.snapshot);
    let note = if is_all { number } else { format!("{number} of the busiest") };
    let body = titled(canvas, area, &scene.based(title), &[(note.into(), scene.style(Hue::Dim))], false);
    let six = columns::has_six(rows.iter().take(usize::from(area.height)).map(|r| &r.1.1.a));
    let empty = if is_all { "none" } else { "none of the busiest" };
    let shape = Shape { focused: true, empty, ..Shape::default() };
    table::draw(canvas, scene, body, &columns::conversations(None, six, scene.whole()), rows, &shape);
}

/// What a page says when its thing is no longer among the rows.
fn gone(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, "Gone", &[], false);
    let text = "no longer among the rows: it ended, or is beyond the busiest ones";
    canvas.ink(body.x + 1, body.y, body.width.saturating_sub(2), text, Hue::Dim);
    let _ = scene;
}

/// Lines of a page from which on its chart stands below what is known, and from which on it does so whatever list follows.
const TALL: u16 = 28;
const ROOMY: u16 = 55;

/// Lines of a chart of two sides at least and at most.
const CHART: (u16, u16) = (8, 18);

/// Draws facts under a title; the rates since the page was opened, or those of a file over its time, stand beside them, or below where there
/// is height, that of `rows` of a list below it too, unless these come `first`. Returns the rest.
fn head(
    canvas: &mut Canvas,
    area: Rect,
    scene: &Scene,
    (title, list, sides): (&str, &[facts::Fact], Option<(&str, &str)>),
    (rows, first): (usize, bool),
) -> Rect {
    // Below a list nothing is remembered of it but what is kept of the past.
    let sides = sides.filter(|_| past::is_known(scene) || !scene.whole() && !scene.trail.is_empty());
    // Of a port rows come and go: there nothing moves because of them.
    let listed = if scene.whole() { u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2) } else { u16::MAX };
    let tall = area.height >= TALL && !(first && area.width >= 100 && area.height < ROOMY)
        || area.height >= listed.saturating_add(facts::height(area.width, list) + 3 + CHART.0);
    let beside = area.width >= 100 && sides.is_some() && !tall;
    let left = if beside { Rect { width: area.width / 2, ..area } } else { area };
    let body = titled(canvas, left, title, &[], false);
    let used = facts::draw(canvas, body, list);
    let (_, rest) = split_top(area, if beside { used.max(8) + 1 } else { used + 1 + u16::from(tall) });
    match sides {
        Some(sides) if beside => {
            let chart = Rect { x: left.right(), width: area.width - left.width, height: area.height - rest.height, ..area };
            trail(canvas, chart, scene, sides);
            rest
        }
        Some(sides) if tall => {
            let (chart, rest) = split_top(rest, (rest.height / 2).max(rest.height.saturating_sub(listed)).clamp(CHART.0, CHART.1));
            trail(canvas, chart, scene, sides);
            rest
        }
        _ => rest,
    }
}

/// Rates over the time that is kept of the past, else since the page was opened: first side up, second side down.
fn trail(canvas: &mut Canvas, area: Rect, scene: &Scene, (up_name, down_name): (&str, &str)) {
    let note = [(format!("↑ {up_name}  ").into(), scene.style(Hue::Out)), (format!("↓ {down_name}").into(), scene.style(Hue::In))];
    if past::is_known(scene) {
        return past::draw(canvas, area, scene, (up_name, down_name));
    }
    let body = titled(canvas, area, "Since opened", &note, false);
    let count = usize::from(body.width.saturating_sub(LABELS)) * 2;
    let unit = if scene.view.bytes { 1.0 } else { 8.0 };
    // One cell, two columns of dots, a snapshot.
    let shown = scene.trail.len().min(count / 2);
    let series = |pick: fn(&(f64, f64)) -> f64| -> Vec<Option<f64>> {
        let newest = scene.trail.iter().skip(scene.trail.len() - shown);
        std::iter::repeat_n(None, count - 2 * shown).chain(newest.flat_map(|t| [Some(pick(t) * unit); 2])).collect()
    };
    let (up, down) = (series(|t| t.0), series(|t| t.1));
    let largest = up.iter().chain(&down).flatten().fold(0.0, |a: f64, b| a.max(*b));
    let (out, back) = (scene.style(Hue::Out), scene.style(Hue::In));
    let top = chart::settle(None, largest, None);
    let plot = Plot { up: &up, down: Some(&down), top, quarters: 2, limit: None, up_style: &move |_| out, down_style: &move |_| back };
    chart::plot(canvas, body, &plot);
}

/// `1.24 Gb/s, 312 kp/s in 10 s · 12.3 GB in 45.6 M packets`. A rate of a file is over the `active` seconds, from the first to the last
/// packet of what it is about; where there are none there is no rate.
fn traffic_line(scene: &Scene, recent: Traffic, total: Traffic, active: Option<f64>) -> String {
    let (traffic, seconds, over) = match active {
        Some(seconds) if scene.whole() => (total, seconds, "while active".to_owned()),
        _ => {
            let (traffic, seconds) = scene.basis(recent, total);
            (traffic, seconds, scene.over())
        }
    };
    let volume = format!("{} in {} packets", amount::volume(total.wire_bytes).plain(), units::grouped(total.packets));
    if seconds <= 0.0 || scene.whole() && active.is_some() && rate_while_active(traffic, seconds).is_none() {
        return volume;
    }
    let rate = amount::rate(scene, traffic.bits_per_second(seconds)).plain();
    format!("{rate}, {} {over} · {volume}", amount::packet_rate(traffic.packets_per_second(seconds)).plain())
}

/// `14:02:11–14:09:40, 7m 29s`; of a short span that is looked at in milliseconds, `14:02:11.304–14:02:11.316, 12 ms`.
fn span_line(scene: &Scene, first: crate::model::Timestamp, last: crate::model::Timestamp) -> String {
    let is_short = last.seconds_since(first) < 10.0;
    if let Some(offset) = scene.snapshot.span.as_ref().filter(|_| is_short).map(|_| scene.utc_offset(first)) {
        let lasted = amount::short_duration(last.seconds_since(first));
        return format!("{} – {}, {lasted}", amount::moment(first, offset), amount::moment(last, offset));
    }
    format!("{}, {}", amount::span(first, last, scene.options.utc_offset), amount::short_duration(last.seconds_since(first)))
}
