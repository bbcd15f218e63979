//! One probe: how it is, its load over time, what was wrong, who talked; or one host, service or conversation that it told of.

use super::findings::findings;
use super::level::{ListKind, Told};
use super::state::FleetApp;
use super::{lists, shown};
use crate::fleet::{FleetProbe, FleetSubject, LoadPoint, ProbeName, ProbeState, ProbeStory, StoryFinding};
use crate::model::time::SECOND;
use crate::model::{Timestamp, Traffic, units};
use crate::snapshot::{Load, Sample};
use crate::tui::canvas::{Canvas, cells, cut_middle, split_top};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;
use crate::tui::widgets::bins::{Window, gather};
use crate::tui::widgets::chart::{self, LABELS, Plot};
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Columns from which lists stand beside each other.
const WIDE: u16 = 150;

pub(super) fn draw(canvas: &mut Canvas, area: Rect, app: &FleetApp, name: &ProbeName, scene: &Scene) {
    let (line, rest) = split_top(area, 1);
    if let (Some(probe), true) = (app.opened(), line.height > 0) {
        let facts = match &app.question.subject {
            None => said(probe, app.stale(), scene, line.width / 3),
            Some(subject) => said_of(subject, app.told(), name, scene, line.width),
        };
        let mut x = line.x + 1;
        for facts in facts {
            // What has no room for all of it is left out: half a word says nothing.
            let wide: u16 = facts.iter().map(|piece| cells(&piece.0)).sum();
            if x + wide < line.right() {
                x += canvas.pieces(x, line.y, wide, &facts) + 3;
            }
        }
    }
    let told = app.told();
    let chart = if rest.height >= 30 { rest.height / 3 } else { (rest.height * 2 / 5).max(6) };
    let (upper, lower) = split_top(rest, chart);
    load(canvas, upper, app, told, name, scene);
    let Some(told) = told else {
        let words = if app.known.trouble.is_some() { "not known: see the line above" } else { "asking …" };
        canvas.put(lower.x + 1, lower.y, lower.width.saturating_sub(2), words, scene.style(Hue::Dim));
        return;
    };
    let Told::Probe(story) = told else { return lists::one(canvas, lower, app, told, scene) };
    let (middle, below) = split_top(lower, findings_height(lower, story, app));
    if middle.height > 0 {
        let holding: Vec<&StoryFinding> = story.findings.iter().filter(|finding| finding.is_active).collect();
        let body =
            titled(canvas, middle, &format!("What is wrong · {}", story.span.words()), &findings_note(story, holding.len(), scene), false);
        findings(canvas, body, &holding, (0, app.now()), scene);
    }
    if below.width >= WIDE && below.height >= 6 && app.kind() != ListKind::Findings {
        lists::beside(canvas, below, app, told, scene);
    } else {
        lists::one(canvas, below, app, told, scene);
    }
}

/// What a page below a probe is about, in a line.
fn said_of(
    subject: &FleetSubject,
    told: Option<Told<'_>>,
    name: &ProbeName,
    scene: &Scene,
    room: u16,
) -> Vec<Vec<(Cow<'static, str>, Style)>> {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    let mut out: Vec<Vec<(Cow<'static, str>, Style)>> =
        vec![vec![(cut_middle(&subject.words(), room.saturating_sub(2)).into_owned().into(), scene.theme.style(Hue::Title))]];
    if let Some(Told::Subject(detail)) = told {
        let sum =
            |of: &dyn Fn(&crate::fleet::SharedGroup) -> u64| detail.seen.iter().fold(0u64, |sum, group| sum.saturating_add(of(group)));
        let (times, packets, bytes) = (sum(&|g| g.conversations), sum(&|g| g.once.packets), sum(&|g| g.once.wire_bytes));
        out.push(vec![("once ".into(), dim), (format!("{}, {} packets", units::bytes(bytes), units::count(packets)).into(), text)]);
        out.push(vec![(units::plural(times, "conversation").into(), text)]);
    }
    out.push(vec![("lists of ".into(), dim), (cut_middle(&name.to_string(), room / 4).into_owned().into(), text)]);
    out
}

/// What the list says of it, in a line: its name in at most so many cells, and facts.
fn said(probe: &FleetProbe, stale: i64, scene: &Scene, room: u16) -> Vec<Vec<(Cow<'static, str>, Style)>> {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    let (mirror, hue) = shown::mirror(probe, scene);
    let name = cut_middle(&probe.name.to_string(), room).into_owned();
    let mut out: Vec<Vec<(Cow<'static, str>, Style)>> =
        vec![vec![(name.into(), scene.theme.style(Hue::Title))], vec![("mirror ".into(), dim), (mirror.into(), scene.theme.strong(hue))]];
    if let Some((bits, packets)) = probe.load {
        let (rate, packets) = (amount::rate(scene, bits).plain(), amount::packet_rate(packets).plain());
        out.push(vec![("1 min ".into(), dim), (format!("{rate}  {packets}").into(), text)]);
    }
    let (lost, style) = shown::loss(probe.history.lost_packets, scene);
    out.push(vec![("lost ".into(), dim), (lost.into(), style)]);
    let (clock, hue) = shown::clock(probe.clock_offset);
    out.push(vec![("clock ".into(), dim), (clock.into(), scene.style(hue))]);
    let hue = if probe.state == ProbeState::Silent { Hue::Bad } else { Hue::Text };
    out.push(vec![("last news ".into(), dim), (format!("{} ago", shown::ago(probe.age.saturating_add(stale))).into(), scene.style(hue))]);
    out
}

fn load(canvas: &mut Canvas, area: Rect, app: &FleetApp, told: Option<Told<'_>>, name: &ProbeName, scene: &Scene) {
    let (span, step, points): (_, _, &[LoadPoint]) = match told {
        None => (app.question.span, 1, &[]),
        Some(Told::Probe(story)) => (story.span, story.step, &story.load),
        Some(Told::Subject(detail)) => (detail.span, detail.step, &detail.load),
    };
    let samples = samples(points, step);
    let load = Load { interval: step.max(1).saturating_mul(SECOND), samples, ..Load::default() };
    let count = usize::from(area.width.saturating_sub(LABELS)).saturating_mul(2);
    // What was counted last belongs to the picture, also where a clock is ahead.
    let end = load.samples.last().map_or(i64::MIN, |last| last.start.0.saturating_add(last.length));
    let (_, now) = span.bounds(app.now());
    let end = Timestamp(if span.end().is_some() { Timestamp::new(now, 0).0 } else { end.max(Timestamp::new(now, 0).0) });
    let bins = gather(&load, end, Window::Last(span.seconds().saturating_mul(SECOND)), count, true);
    let up: Vec<Option<f64>> = bins.bins.iter().map(|bin| bin.map(|bin| bin.bytes * if scene.view.bytes { 1.0 } else { 8.0 })).collect();
    let largest = up.iter().flatten().copied().fold(0.0, f64::max);
    let note = if largest > 0.0 {
        let rate = |bytes: f64| amount::rate(scene, bytes * 8.0).plain();
        let busiest = bins.facts.max.map(|max| format!(" · max {}", rate(max))).unwrap_or_default();
        format!("mean {}{busiest}", rate(bins.facts.mean))
    } else if told.is_some() {
        "nothing was counted".to_owned()
    } else {
        String::new()
    };
    let whose = app.question.subject.as_ref().map_or_else(|| name.probe.clone(), FleetSubject::words);
    let title = format!("Load of {} · {}", cut_middle(&whose, area.width / 3), span.words());
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

fn samples(points: &[LoadPoint], step: i64) -> Vec<Sample> {
    let sample = |point: &LoadPoint| Sample {
        start: Timestamp::new(point.start, 0),
        length: step.max(1).saturating_mul(SECOND),
        traffic: Traffic { packets: point.packets, wire_bytes: point.wire_bytes },
        peak_ms_bytes: point.peak_millisecond_bytes,
        ..Sample::default()
    };
    points.iter().map(sample).collect()
}

/// Rows of the findings that hold: none where they are the list in front.
fn findings_height(area: Rect, story: &ProbeStory, app: &FleetApp) -> u16 {
    let holding = story.findings.iter().filter(|finding| finding.is_active).count();
    if area.height < 8 || app.kind() == ListKind::Findings {
        return 0;
    }
    let most = if area.height >= 20 { 8 } else { 3 };
    u16::try_from(holding.clamp(1, most)).unwrap_or(1) + 1
}

fn findings_note(story: &ProbeStory, holding: usize, scene: &Scene) -> [(Cow<'static, str>, Style); 1] {
    let over = story.findings.len().saturating_sub(holding);
    [(format!("{holding} hold · {over} over").into(), scene.style(Hue::Dim))]
}
