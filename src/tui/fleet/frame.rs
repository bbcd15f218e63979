//! First and last line, and what must not be overlooked.
//!
//! ```text
//!  spantop  fleet ch.example:8123/spantop   40 probes  ✖ 2 silent  ✖ 3 mirrors bad     12.3 Gb/s   1.20 Mp/s   last hour
//! ```

use super::state::FleetApp;
use crate::fleet::ProbeState;
use crate::model::{Verdict, units};
use crate::tui::canvas::{Canvas, cells, cut_end, split_top};
use crate::tui::chrome::footer;
use crate::tui::hint::Hint;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// A picture that is older is told as such: three questions went unanswered.
const OLD: u64 = 15;

/// Columns from which the name of the database and packets a second have a place in the first line.
const WIDE: u16 = 130;

/// Keys of the list of probes.
const LIST: [Hint; 3] = [
    key("↑↓", "select", "select a probe (also j k, PgUp PgDn, g G)"),
    key("⏎", "open", "the page of the probe"),
    key("s", "sort", "worst first, by load, by losses, by name"),
];

/// Keys of a page.
const PAGE: [Hint; 4] = [
    key("Esc", "back", "one level up"),
    key("↑↓", "select", "select a row (also j k, PgUp PgDn, g G)"),
    key("⏎", "open", "the page of a host, a service or a conversation: load, who saw it and how much later, records with both ports"),
    key("←→", "list", "another list of the page"),
];

/// Keys of all of them.
const ALWAYS: [Hint; 11] = [
    key("/", "find", "rows that have a text in them, as you type; Esc shows all again"),
    key(",", "earlier", "the span before this one (also <)"),
    key(".", "later", "the span behind this one; the last one ends now (also >)"),
    key("0", "now", "back to the span that ends now"),
    key("?", "keys", "these lines"),
    key("q", "quit", "leave"),
    key("1", "hour", "an hour"),
    key("2", "day", "a day"),
    key("3", "week", "seven days"),
    key("4", "month", "thirty days"),
    key("+", "", "a longer span; - a shorter one; b bytes instead of bits"),
];

const fn key(key: &'static str, word: &'static str, help: &'static str) -> Hint {
    Hint { key, word, help }
}

/// Keys that work here.
pub(super) fn hints(app: &FleetApp) -> Vec<Hint> {
    let now = |hint: &&Hint| hint.key != "0" || app.question.span.end().is_some();
    if app.question.probe.is_some() { PAGE.iter() } else { LIST.iter() }.chain(ALWAYS.iter().filter(now)).copied().collect()
}

type Piece = (Cow<'static, str>, Style);

/// Draws what is the same on both pages; what is left between.
pub(super) fn draw(canvas: &mut Canvas, app: &FleetApp, scene: &Scene) -> Rect {
    let area = canvas.buffer.area;
    let (top, rest) = split_top(area, 1);
    let (body, last) = split_top(rest, rest.height.saturating_sub(1));
    head(canvas, top, app, scene);
    let mut in_force = Vec::new();
    if !app.filter.is_empty() {
        in_force.push((format!("/{}", app.filter), scene.theme.strong(Hue::Accent)));
    }
    if app.question.probe.is_none() {
        in_force.push((app.order.word().to_owned(), scene.style(Hue::Dim)));
    }
    if last.height > 0 && app.is_typing {
        let help = "a part of a name, an address, a port, an application · ⏎ keep · Esc leave";
        footer::line(canvas, last, scene, ("find", help), &app.filter, app.filter.chars().count(), None);
    } else if last.height > 0 {
        let hints: Vec<Hint> = hints(app).into_iter().filter(|hint| !hint.word.is_empty()).collect();
        footer::draw(canvas, last, &hints, &|hint| hint.key.to_owned(), footer::InForce { always: in_force, aside: None });
    }
    let Some(trouble) = &app.known.trouble else { return body };
    let (line, body) = split_top(body, 1);
    let shown = match app.age {
        Some(age) => format!("✖ {trouble} · what is shown is {} old", amount::short_duration(age as f64)),
        None => format!("✖ {trouble}"),
    };
    if line.height > 0 {
        canvas.put(
            line.x + 1,
            line.y,
            line.width.saturating_sub(2),
            &cut_end(&shown, line.width.saturating_sub(2)),
            scene.theme.strong(Hue::Bad),
        );
    }
    body
}

fn head(canvas: &mut Canvas, area: Rect, app: &FleetApp, scene: &Scene) {
    if area.width < 3 || area.height == 0 {
        return;
    }
    let inner = Rect { x: area.x + 1, width: area.width - 2, ..area };
    let right = right(app, scene, area.width);
    let wide: u16 = right.iter().map(|piece| cells(&piece.0)).sum();
    let wide = wide.min(inner.width);
    canvas.pieces(inner.right() - wide, inner.y, wide, &right);
    let room = inner.width.saturating_sub(wide + 2);
    let mut used = 0;
    for piece in left(app, scene, area.width) {
        let width: u16 = piece.iter().map(|text| cells(&text.0)).sum();
        if used + width > room {
            // The name of the database goes before what is wrong.
            continue;
        }
        used += canvas.pieces(inner.x + used, inner.y, room - used, &piece) + 2;
    }
}

fn left(app: &FleetApp, scene: &Scene, width: u16) -> Vec<Vec<Piece>> {
    let mut out: Vec<Vec<Piece>> = vec![vec![("spantop".into(), scene.theme.strong(Hue::Accent))]];
    let name = cut_end(&app.options.source_title, (width / 4).max(12)).into_owned();
    let named: Piece = (format!("fleet {name}").into(), scene.style(Hue::Title));
    let Some(picture) = &app.known.picture else {
        out.push(vec![named]);
        return out;
    };
    let count = |wanted: &dyn Fn(&crate::fleet::FleetProbe) -> bool| picture.probes.iter().filter(|probe| wanted(probe)).count();
    let silent = count(&|probe| probe.state == ProbeState::Silent);
    let bad = count(&|probe| probe.verdict_now() == Some(Verdict::Bad));
    let unknown = count(&|probe| probe.state == ProbeState::Heard && probe.verdict_now().is_none());
    if width >= WIDE {
        out.push(vec![named]);
    }
    let more = if picture.left_off { "+" } else { "" };
    out.push(vec![(format!("{}{more}", units::plural(picture.probes.len() as u64, "probe")).into(), scene.style(Hue::Text))]);
    if silent > 0 {
        out.push(vec![(format!(" ✖ {silent} silent ").into(), scene.theme.badge(Hue::Bad))]);
    }
    if bad > 0 {
        out.push(vec![(format!(" ✖ {} bad ", units::plural(bad as u64, "mirror")).into(), scene.theme.badge(Hue::Bad))]);
    }
    if unknown > 0 {
        out.push(vec![(format!("? {unknown} not judged").into(), scene.style(Hue::Dim))]);
    }
    out
}

fn right(app: &FleetApp, scene: &Scene, width: u16) -> Vec<Piece> {
    let dim = scene.style(Hue::Dim);
    let mut out = Vec::new();
    match app.known.picture.as_ref().map(|picture| picture.load()) {
        None => {}
        Some(None) => out.push(("now –".into(), dim)),
        Some(Some((bits, packets))) => {
            out.push(("now ".into(), dim));
            out.push((amount::rate(scene, bits).plain().into(), scene.theme.strong(Hue::Title)));
            if width >= WIDE {
                out.push((format!("   {}", amount::packet_rate(packets).plain()).into(), scene.style(Hue::Text)));
            }
        }
    }
    match app.question.span.end() {
        // When it was stands over the lists.
        Some(_) if width < WIDE => out.extend([("   ".into(), dim), (" past ".into(), scene.theme.badge(Hue::Accent))]),
        _ => out.push((format!("   {}", app.question.span.words()).into(), scene.style(Hue::Text))),
    }
    if let Some(age) = app.age.filter(|age| *age >= OLD) {
        out.push(("  ".into(), dim));
        out.push((format!(" {} old ", amount::short_duration(age as f64)).into(), scene.theme.badge(Hue::Warn)));
    }
    out
}
