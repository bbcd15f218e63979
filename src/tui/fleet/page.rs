//! One probe: how it is, its load over time, what was wrong, who talked.

use super::shown;
use super::state::{FleetApp, KINDS};
use crate::fleet::{FleetProbe, ProbeName, ProbeState, ProbeStory, StoryConversation, StoryFinding, StoryHost, StoryService};
use crate::model::time::SECOND;
use crate::model::{Timestamp, Traffic, units};
use crate::snapshot::{Load, Sample};
use crate::tui::canvas::{Canvas, Hit, Listing, cells, cut_end, split_top};
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::amount::{self, COUNT, VOLUME};
use crate::tui::widgets::bins::{Window, gather};
use crate::tui::widgets::chart::{self, LABELS, Plot};
use crate::tui::widgets::frame::{columns, titled};
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Columns from which lists stand beside each other.
const WIDE: u16 = 150;

pub(super) fn draw(canvas: &mut Canvas, area: Rect, app: &FleetApp, name: &ProbeName, scene: &Scene) {
    let (line, rest) = split_top(area, 1);
    if let (Some(probe), true) = (app.opened(), line.height > 0) {
        canvas.pieces(line.x + 1, line.y, line.width.saturating_sub(2), &said(probe, app.stale(), scene));
    }
    let story = app.story();
    let chart = if rest.height >= 30 { rest.height / 3 } else { (rest.height * 2 / 5).max(6) };
    let (upper, lower) = split_top(rest, chart);
    load(canvas, upper, app, story, name, scene);
    let Some(story) = story else {
        let words = if app.known.trouble.is_some() { "not known: see the line above" } else { "asking …" };
        canvas.put(lower.x + 1, lower.y, lower.width.saturating_sub(2), words, scene.style(Hue::Dim));
        return;
    };
    let (middle, lists) = split_top(lower, findings_height(lower, story, app));
    if middle.height > 0 {
        let holding: Vec<&StoryFinding> = story.findings.iter().filter(|finding| finding.is_active).collect();
        let body =
            titled(canvas, middle, &format!("What is wrong · {}", story.span.words()), &findings_note(story, holding.len(), scene), false);
        findings(canvas, body, &holding, (0, app.now()), scene);
    }
    if lists.width >= WIDE && lists.height >= 6 {
        beside(canvas, lists, app, story, scene);
    } else {
        one(canvas, lists, app, story, scene);
    }
}

/// What the list says of it, in a line.
fn said(probe: &FleetProbe, stale: i64, scene: &Scene) -> Vec<(Cow<'static, str>, Style)> {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    let (mirror, hue) = shown::mirror(probe, scene);
    let mut out: Vec<(Cow<'static, str>, Style)> = vec![
        (probe.name.to_string().into(), scene.theme.style(Hue::Title)),
        ("   mirror ".into(), dim),
        (mirror.into(), scene.theme.strong(hue)),
    ];
    if let Some((bits, packets)) = probe.load {
        let (rate, packets) = (amount::rate(scene, bits).plain(), amount::packet_rate(packets).plain());
        out.push(("   1 min ".into(), dim));
        out.push((format!("{rate}  {packets}").into(), text));
    }
    let (lost, style) = shown::loss(probe.history.lost_packets, scene);
    out.push(("   lost ".into(), dim));
    out.push((lost.into(), style));
    let (clock, hue) = shown::clock(probe.clock_offset);
    out.push(("   clock ".into(), dim));
    out.push((clock.into(), scene.style(hue)));
    let hue = if probe.state == ProbeState::Silent { Hue::Bad } else { Hue::Text };
    out.push(("   last news ".into(), dim));
    out.push((format!("{} ago", shown::ago(probe.age.saturating_add(stale))).into(), scene.style(hue)));
    out
}

fn load(canvas: &mut Canvas, area: Rect, app: &FleetApp, story: Option<&ProbeStory>, name: &ProbeName, scene: &Scene) {
    let now = app.now();
    let span = story.map_or(app.question.span, |story| story.span);
    let samples: Vec<Sample> = story.map(samples).unwrap_or_default();
    let load = Load { interval: story.map_or(1, |story| story.step.max(1)).saturating_mul(SECOND), samples, ..Load::default() };
    let count = usize::from(area.width.saturating_sub(LABELS)).saturating_mul(2);
    // What was counted last belongs to the picture, also where a clock is ahead.
    let end = load.samples.last().map_or(i64::MIN, |last| last.start.0.saturating_add(last.length));
    let end = Timestamp(end.max(Timestamp::new(now, 0).0));
    let bins = gather(&load, end, Window::Last(span.seconds().saturating_mul(SECOND)), count, true);
    let up: Vec<Option<f64>> = bins.bins.iter().map(|bin| bin.map(|bin| bin.bytes * if scene.view.bytes { 1.0 } else { 8.0 })).collect();
    let largest = up.iter().flatten().copied().fold(0.0, f64::max);
    let note = if largest > 0.0 {
        let rate = |bytes: f64| amount::rate(scene, bytes * 8.0).plain();
        let busiest = bins.facts.max.map(|max| format!(" · max {}", rate(max))).unwrap_or_default();
        format!("mean {}{busiest}", rate(bins.facts.mean))
    } else if story.is_some() {
        "nothing was counted".to_owned()
    } else {
        String::new()
    };
    let title = format!("Load of {} · {}", name.probe, span.words());
    let body = titled(canvas, area, &title, &[(note.into(), scene.style(Hue::Dim))], false);
    let (field, ticks) = split_top(body, body.height.saturating_sub(1));
    let theme = *canvas.theme;
    let plot = Plot {
        up: &up,
        down: None,
        top: chart::settle(None, largest, None),
        quarters: 4,
        limit: None,
        up_style: &|height| theme.area(height),
        down_style: &|_| Style::new(),
    };
    chart::plot(canvas, field, &plot);
    if !load.samples.is_empty() {
        chart::ticks(canvas, ticks, &bins, Some(scene.utc_offset(end)));
    }
}

fn samples(story: &ProbeStory) -> Vec<Sample> {
    let sample = |point: &crate::fleet::LoadPoint| Sample {
        start: Timestamp::new(point.start, 0),
        length: story.step.max(1).saturating_mul(SECOND),
        traffic: Traffic { packets: point.packets, wire_bytes: point.wire_bytes },
        peak_ms_bytes: point.peak_millisecond_bytes,
        ..Sample::default()
    };
    story.load.iter().map(sample).collect()
}

/// Rows of the findings that hold: none where they are the list in front.
fn findings_height(area: Rect, story: &ProbeStory, app: &FleetApp) -> u16 {
    let holding = story.findings.iter().filter(|finding| finding.is_active).count();
    if area.height < 8 || app.page.kind == 3 && area.width < WIDE {
        return 0;
    }
    let most = if area.height >= 20 { 8 } else { 3 };
    u16::try_from(holding.clamp(1, most)).unwrap_or(1) + 1
}

fn findings_note(story: &ProbeStory, holding: usize, scene: &Scene) -> [(Cow<'static, str>, Style); 1] {
    let over = story.findings.len().saturating_sub(holding);
    [(format!("{holding} hold · {over} over").into(), scene.style(Hue::Dim))]
}

fn findings(canvas: &mut Canvas, area: Rect, list: &[&StoryFinding], (skip, now): (usize, i64), scene: &Scene) {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    if list.is_empty() && area.height > 0 {
        canvas.put(area.x + 1, area.y, area.width.saturating_sub(2), "no finding holds", dim);
    }
    for (finding, y) in list.iter().skip(skip).zip(area.top()..area.bottom()) {
        let (sign, hue) = shown::severity(finding.severity);
        let (sign, style) = if finding.is_active { (sign, scene.theme.strong(hue)) } else { ("○", dim) };
        let since = if finding.is_active { "since" } else { "until" };
        let time = shown::when(if finding.is_active { finding.first } else { finding.last }, now, scene);
        let time = format!("{since} {time}");
        let room = area.width.saturating_sub(2);
        canvas.pieces(
            area.x + 1,
            y,
            room,
            &[(format!("{sign} ").into(), style), (finding.title.as_str().into(), if finding.is_active { text } else { dim })],
        );
        let wide = cells(&time);
        // A time stands at the right where it leaves the title readable.
        if room > wide + 40 {
            let x = area.right().saturating_sub(wide + 2);
            canvas.put(x.saturating_sub(1), y, 1, " ", dim);
            canvas.put(x, y, wide, &time, dim);
        }
    }
}

/// The list in front, with the names of the others.
fn one(canvas: &mut Canvas, area: Rect, app: &FleetApp, story: &ProbeStory, scene: &Scene) {
    let body = titled(canvas, area, "", &[], false);
    if area.height == 0 {
        return;
    }
    let mut x = area.x + 2;
    for (kind, name) in KINDS.iter().enumerate() {
        let style = if kind == app.page.kind { scene.theme.strong(Hue::Accent) } else { scene.style(Hue::Dim) };
        let used = canvas.put(x, area.y, area.right().saturating_sub(x), &format!(" {name} "), style);
        canvas.click(Rect { x, y: area.y, width: used, height: 1 }, Hit::Kind(kind));
        x += used + 1;
    }
    list(canvas, body, app.page.kind, (app.page.offset, app.now()), story, scene);
}

/// All lists beside each other.
fn beside(canvas: &mut Canvas, area: Rect, app: &FleetApp, story: &ProbeStory, scene: &Scene) {
    let third = area.width / 3;
    let parts = columns(canvas, area, &[third + third / 6, third - third / 6]);
    let kind = app.page.kind.min(2);
    for (at, part) in parts.into_iter().enumerate() {
        let body = titled(canvas, part, &cut_end(KINDS.get(at).copied().unwrap_or_default(), part.width), &[], at == kind);
        canvas.click(Rect { height: 1, ..part }, Hit::Kind(at));
        let before = canvas.listing;
        list(canvas, body, at, (if at == kind { app.page.offset } else { 0 }, app.now()), story, scene);
        if at != kind {
            canvas.listing = before;
        }
    }
}

fn list(canvas: &mut Canvas, area: Rect, kind: usize, (skip, now): (usize, i64), story: &ProbeStory, scene: &Scene) {
    let height = usize::from(area.height.saturating_sub(u16::from(kind < 3)));
    canvas.listing = Listing { offset: skip, height };
    match kind {
        0 => {
            table::draw(canvas, scene, area, &conversation_columns(), &from(&story.conversations, skip), &shape("no conversation was told"))
        }
        1 => table::draw(canvas, scene, area, &host_columns(), &from(&story.hosts, skip), &shape("no host was told")),
        2 => table::draw(canvas, scene, area, &service_columns(), &from(&story.services, skip), &shape("no service was told")),
        _ => findings(canvas, area, &story.findings.iter().collect::<Vec<_>>(), (skip, now), scene),
    }
}

fn shape(empty: &'static str) -> Shape {
    Shape { inert: true, empty, ..Shape::default() }
}

fn from<R>(rows: &[R], skip: usize) -> Vec<(Topic, &R)> {
    rows.iter().enumerate().skip(skip).map(|(at, row)| (Topic::App(at.to_string()), row)).collect()
}

fn app_cell(app: &str, scene: &Scene) -> Cell {
    if app.is_empty() { Cell::Text("–".into(), scene.style(Hue::Dim)) } else { Cell::Text(app.to_owned(), scene.style(Hue::Text)) }
}

fn conversation_columns<'a>() -> [Col<&'a StoryConversation>; 5] {
    [
        Col::left("conversation", 33..=83, 0, |s, c| Cell::Pair(c.source.clone(), "⇄", c.destination.clone(), s.style(Hue::Title))),
        Col::left("app", 5..=12, 2, |s, c| app_cell(&c.app, s)),
        Col::right("sent", VOLUME..=VOLUME, 1, |s, c| Cell::Amount(amount::volume(c.forth), s.style(Hue::Text))),
        Col::right("received", VOLUME + 1..=VOLUME + 1, 3, |s, c| Cell::Amount(amount::volume(c.back), s.style(Hue::Text))),
        Col::right("records", COUNT + 1..=COUNT + 1, 4, |s, c| Cell::Right(units::count(c.records), s.style(Hue::Dim))),
    ]
}

fn host_columns<'a>() -> [Col<&'a StoryHost>; 4] {
    [
        Col::left("host", 15..=39, 0, |s, h| Cell::Address(h.address.clone(), s.style(Hue::Title))),
        Col::right("volume", VOLUME..=VOLUME, 1, |s, h| Cell::Amount(amount::volume(h.wire_bytes), s.style(Hue::Text))),
        Col::right("packets", COUNT + 1..=COUNT + 1, 2, |s, h| Cell::Amount(amount::count(h.packets), s.style(Hue::Text))),
        Col::right("records", COUNT + 1..=COUNT + 1, 3, |s, h| Cell::Right(units::count(h.records), s.style(Hue::Dim))),
    ]
}

fn service_columns<'a>() -> [Col<&'a StoryService>; 5] {
    [
        Col::left("service", 20..=45, 0, |s, x| {
            let transport = match x.protocol {
                6 => "tcp".to_owned(),
                17 => "udp".to_owned(),
                132 => "sctp".to_owned(),
                other => format!("ip {other}"),
            };
            Cell::Address(format!("{} {}/{transport}", x.address, x.port), s.style(Hue::Title))
        }),
        Col::left("app", 5..=12, 2, |s, x| app_cell(&x.app, s)),
        Col::right("clients", COUNT + 1..=COUNT + 1, 3, |s, x| Cell::Right(units::count(x.clients), s.style(Hue::Text))),
        Col::right("volume", VOLUME..=VOLUME, 1, |s, x| Cell::Amount(amount::volume(x.wire_bytes), s.style(Hue::Text))),
        Col::right("records", COUNT + 1..=COUNT + 1, 4, |s, x| Cell::Right(units::count(x.records), s.style(Hue::Dim))),
    ]
}
