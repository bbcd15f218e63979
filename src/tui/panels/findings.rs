//! What is wrong: a finding takes as many lines as its title wants. Those that have no room are told of in the title.
//!
//! ```text
//! ─ What is wrong ──── 2 more ─
//!  ▲ loss toward 10.20.3.0/24
//!  ▲ DNS 10.20.1.2 is slow: p95
//!    910 ms, 14 clients wait
//! ```

use crate::model::units::{grouped, plural};
use crate::model::{Finding, Verdict, alike};
use crate::snapshot::Network;
use crate::tui::canvas::{Canvas, Hit, cells, cut_end, wrap};
use crate::tui::label;
use crate::tui::panels::mirror;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::frame::titled_of;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;
use std::ops::Range;

/// Active findings, without those that follow from another that is shown: that one stands for them, as the first of many that are alike
/// does. With how many others are like it.
pub(in crate::tui) fn rows<'a>(scene: &Scene<'a>) -> Vec<(Topic, (&'a Finding, usize))> {
    let shown: Vec<_> = label::findings(scene).into_iter().filter(|f| f.1.active).collect();
    let is_shown = |topic: Topic| shown.iter().any(|cause| cause.0 == topic);
    let stands = |f: &Finding| f.explained_by.is_none_or(|by| !is_shown(Topic::Finding(by.id, by.subject)));
    let standing = alike::firsts(shown.iter().map(|row| row.1).filter(|f| stands(f)));
    let topic = |row: (&'a Finding, usize)| (Topic::Finding(row.0.id, row.0.subject), row);
    scene.pane.arrange(standing.into_iter().map(topic).collect())
}

/// How many active findings follow from this one.
fn explained(scene: &Scene, cause: &Finding) -> usize {
    let follows = |f: &&Finding| f.active && f.explained_by.is_some_and(|by| by.id == cause.id && by.subject == cause.subject);
    scene.snapshot.diagnosis.findings.iter().filter(follows).count()
}

/// How many active findings there are beside so many that are shown: those that have no room, and those that follow from others.
fn beside(findings: &[Finding], shown: usize) -> usize {
    findings.iter().filter(|f| f.active).count().saturating_sub(shown)
}

/// How many active findings there are of which the filter shows none; 0 where there is none, or one is shown.
fn filtered_away(scene: &Scene) -> usize {
    let active = beside(&scene.snapshot.diagnosis.findings, 0);
    if scene.view.filter.is_some() && rows(scene).is_empty() { active } else { 0 }
}

/// What is said where there is no finding.
struct Calm {
    /// The sign of what is thought of the mirror, and its hue.
    sign: (&'static str, Hue),
    /// Of the mirror.
    mirror: String,
    /// Of the network and of what is over: one line each, or as many as it takes.
    below: Vec<String>,
    /// The same, where there is room for it beside the mirror.
    beside: Option<String>,
}

/// What is said of the mirror and of the network where there is no finding, in lines of at most `width` cells.
fn calm(scene: &Scene, width: u16) -> Calm {
    // Judged is all of the time.
    let (symbol, words, hue) = mirror::verdict(&scene.base.mirror.trust);
    let in_span = scene.snapshot.span.is_some();
    if scene.is_too_short_to_judge() {
        return too_short(scene, width);
    }
    let mirror = match hue {
        Hue::Good if in_span => "mirror: no fault in this span".to_owned(),
        Hue::Good => "mirror good".to_owned(),
        Hue::Dim if scene.snapshot.finished => "mirror: not judged".to_owned(),
        Hue::Dim => "mirror: not judged yet".to_owned(),
        _ => words,
    };
    let network = network(&scene.base.diagnosis.network, in_span, scene.snapshot.finished);
    let has_room = cells(symbol) + 1 + cells(&mirror) + 3 + cells(&network) <= width;
    let mut below = if has_room { Vec::new() } else { wrap(&network, width.saturating_sub(2)) };
    let cleared = scene.snapshot.diagnosis.findings.len();
    if cleared > 0 {
        below.push(format!("{cleared} cleared"));
    }
    Calm { sign: (symbol, hue), mirror, below, beside: has_room.then(|| format!(" · {network}")) }
}

/// Of a span in which no finding held and in which nothing could be judged.
fn too_short(scene: &Scene, width: u16) -> Calm {
    let packets = plural(scene.snapshot.stats.total.packets, "packet");
    let looked = format!("looked at: {packets}");
    let words = "too short to judge";
    let has_room = cells(words) + cells(&looked) + 5 <= width;
    Calm {
        sign: ("?", Hue::Dim),
        mirror: words.to_owned(),
        below: if has_room { Vec::new() } else { vec![looked.clone()] },
        beside: has_room.then(|| format!(" · {looked}")),
    }
}

/// Says it; returns the lines used.
pub(in crate::tui) fn nothing(canvas: &mut Canvas, body: Rect, scene: &Scene) -> u16 {
    if body.height == 0 {
        return 0;
    }
    let (x, width) = (body.x + 1, body.width.saturating_sub(2));
    let hidden = filtered_away(scene);
    if hidden > 0 {
        let words = format!("none of {} matches the filter", plural(hidden as u64, "finding"));
        canvas.ink(x, body.y, width, &cut_end(&words, width), Hue::Dim);
        return 1;
    }
    let Calm { sign: (symbol, hue), mirror, below, beside } = calm(scene, width);
    let text = scene.style(if hue == Hue::Dim { Hue::Dim } else { Hue::Text });
    let mut first: Vec<(Cow<'_, str>, Style)> = vec![(format!("{symbol} ").into(), scene.style(hue)), (mirror.into(), text)];
    first.extend(beside.map(|words| (words.into(), scene.style(Hue::Dim))));
    canvas.pieces(x, body.y, width, &first);
    let room = width.saturating_sub(2);
    // What has no room is known to be there.
    let shown = below.len().min(usize::from(body.height - 1));
    for (at, (words, y)) in below.iter().zip(body.y + 1..body.bottom()).enumerate() {
        let words = if at + 1 == shown && shown < below.len() { format!("{words} …") } else { words.clone() };
        canvas.ink(x + 2, y, room, &cut_end(&words, room), Hue::Dim);
    }
    1 + shown as u16
}

/// What is thought of the network, when nothing is wrong with it. What was judged is counted of all of the time, not of a span.
fn network(network: &Network, in_span: bool, finished: bool) -> String {
    let excess = network.excess().filter(|_| !in_span).map(|excess| format!("; not judged: {excess}")).unwrap_or_default();
    verdict(network, in_span, finished) + &excess
}

fn verdict(network: &Network, in_span: bool, finished: bool) -> String {
    let (_, not) = network.matters();
    let failures = network.failures(&grouped(network.judged)).filter(|_| !in_span);
    match (network.verdict, failures) {
        (Verdict::Unknown, Some(failures)) if network.is_failing => format!("network: no finding; {failures}"),
        (Verdict::Good, Some(failures)) => format!("network: no finding; {failures}"),
        (Verdict::Unknown, _) if network.judged > 0 && not.is_empty() => "network: no verdict".into(),
        (Verdict::Unknown, _) if network.judged > 0 => format!("network: no verdict, not judged: {not}"),
        _ if in_span => "network: no fault in this span".into(),
        (Verdict::Unknown, _) if finished => "network: no connection or request seen".into(),
        (Verdict::Unknown, _) => "network: no connection or request seen yet".into(),
        _ if !not.is_empty() => format!("network: no fault in {}, not judged: {not}", plural(network.judged, "attempt")),
        _ => format!("network: no fault in {}", plural(network.judged, "attempt")),
    }
}

const TITLE: &str = "What is wrong";

/// Lines of a title at most.
const LINES: usize = 4;

/// Cells beside a title: the margins and the sign before it.
const BESIDE: u16 = 4;

/// A finding's title with how many it explains, or are like it, in at most so many lines of at most `width` cells.
fn title(scene: &Scene, (finding, others): (&Finding, usize), width: u16, most: usize) -> Vec<String> {
    let more = match (explained(scene, finding), others) {
        (0, 0) => String::new(),
        (0, others) => format!(" (and {} alike)", plural(others as u64, "other")),
        (explains, _) => format!(" (+{explains})"),
    };
    let mut lines = wrap(&format!("{}{more}", finding.title), width);
    if lines.len() > most {
        let rest = lines.drain(most.saturating_sub(1)..).collect::<Vec<_>>().join(" ");
        let rest = rest.strip_suffix(&more).unwrap_or(&rest);
        lines.push(format!("{}{more}", cut_end(rest, width.saturating_sub(cells(&more)))));
    }
    lines
}

/// The findings that stand in so many lines, each with all of its own, so that one of them is among them; the first has what there is.
fn window(titles: &[Vec<String>], height: usize, shown: usize) -> Range<usize> {
    let fitting = |start: usize| {
        let mut lines = 0;
        let rest = titles.get(start..).unwrap_or_default();
        start
            ..start
                + rest
                    .iter()
                    .take_while(|title| {
                        lines += title.len();
                        lines <= height
                    })
                    .count()
                    .max(1)
                    .min(rest.len())
    };
    (0..titles.len()).map(fitting).find(|window| window.contains(&shown)).unwrap_or(0..0)
}

/// Rows that the panel needs at a width, its heading among them.
pub(in crate::tui) fn height(scene: &Scene, width: u16) -> u16 {
    let rows = rows(scene);
    if filtered_away(scene) > 0 {
        return 2;
    }
    if rows.is_empty() {
        return 2 + calm(scene, width.saturating_sub(2)).below.len() as u16;
    }
    let lines: usize = rows.iter().map(|row| title(scene, row.1, width.saturating_sub(BESIDE), LINES).len()).sum();
    u16::try_from(lines.clamp(1, 12)).unwrap_or(1) + 1
}

/// Draws the panel; `kind` is the kind of the page these rows are.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, kind: usize) {
    let rows = rows(scene);
    let focused = scene.pane.kind == kind;
    let (height, width) = (usize::from(area.height.saturating_sub(1)), area.width.saturating_sub(BESIDE));
    let titles: Vec<Vec<String>> = rows.iter().map(|row| title(scene, row.1, width, LINES)).collect();
    let chosen = scene.pane.selected.as_ref().filter(|_| focused).and_then(|t| rows.iter().position(|r| r.0 == *t));
    let window = window(&titles, height, chosen.unwrap_or(0));
    let more = beside(&scene.snapshot.diagnosis.findings, window.len());
    let note = match (more, rows.len()) {
        (0, _) => String::new(),
        (_, 0) => format!("0 of {more} match the filter"),
        _ => format!("{more} more"),
    };
    let note = [(note.into(), scene.style(Hue::Dim))];
    let is_lit = focused && scene.pane.selected.is_some();
    let title = if scene.snapshot.span.is_some() { scene.based(TITLE) } else { TITLE.to_owned() };
    let body = titled_of(canvas, area, (&title, "Problems"), if more > 0 { &note } else { &[] }, is_lit);
    if rows.is_empty() {
        nothing(canvas, body, scene);
    }
    let mut y = body.y;
    for (i, ((topic, (finding, _)), lines)) in rows.iter().zip(&titles).enumerate().skip(window.start).take(window.len()) {
        let place = Rect { y, height: (lines.len() as u16).min(body.bottom().saturating_sub(y)), ..body };
        if place.height == 0 {
            break;
        }
        let (symbol, hue) = label::severity(finding.severity);
        canvas.ink(place.x + 1, y, 2, symbol, hue);
        for (line, y) in lines.iter().zip(y..place.bottom()) {
            canvas.ink(place.x + 3, y, width, line, Hue::Text);
        }
        if chosen == Some(i) {
            canvas.over(place, scene.theme.selected());
        }
        canvas.click(place, Hit::Row(Some(kind), topic.clone()));
        y = place.bottom();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_counted_whatever_it_follows_from() {
        let finding = |active| Finding { active, ..Finding::new("tcp.loss", crate::model::Severity::Note, "", crate::model::Timestamp(0)) };
        let findings: Vec<Finding> = (0..13).map(|at| finding(at < 10)).collect();
        assert_eq!((beside(&findings, 7), beside(&findings, 10), beside(&[], 0)), (3, 0, 0), "cleared ones are not wrong any more");
    }

    #[test]
    fn findings_stand_with_all_of_their_lines_or_not_at_all() {
        let titles: Vec<Vec<String>> = [1, 2, 1, 3].map(|lines| vec![String::new(); lines]).into();
        assert_eq!(window(&titles, 3, 0), 0..2);
        assert_eq!(window(&titles, 4, 0), 0..3);
        assert_eq!(window(&titles, 3, 2), 1..3, "the chosen one is shown");
        assert_eq!(window(&titles, 2, 3), 3..4, "one has what room there is");
        assert_eq!(window(&[], 3, 0), 0..0);
        assert_eq!(window(&titles, 7, 3), 0..4);
    }
}
