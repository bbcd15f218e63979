//! What changed: the picture held against another capture, or against a span of its own past.
//!
//! ```text
//! ─ Compare ─────────────────────────────── 12 differ · 40 by chance ─
//!  before  yesterday.pcapng   12.3 k packets in 27 s   mirror good
//!  now     today.pcapng       10.9 k packets in 26 s   mirror good
//!  change    what      subject            measured      before       now
//!  ✖ new     finding   every packet …     finding            –  critical
//!  ↑ more    host      10.77.0.20         rate       12.3 kb/s  1.2 Mb/s
//! ```

use crate::model::text::printable;
use crate::model::{Severity, Subject, units};
use crate::snapshot::{BaselineState, Change, ChangeKind, ChangeWay, ComparedMeasure, ComparedSide, Comparison, RULES, Snapshot};
use crate::tui::canvas::{Canvas, cells, cut_end, split_top, wrap};
use crate::tui::label;
use crate::tui::screen::{Effect, Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::topic::Kind;
use crate::tui::view::{Pane, Scene, Topic};
use crate::tui::widgets::amount;
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// Comparison.
pub(in crate::tui) struct CompareScreen;

/// What the last comparison was of, and what came of it.
type Made = ((u64, u64, usize), Arc<Comparison>);

/// What the screen remembers.
#[derive(Default)]
struct State {
    /// A picture of the past that is held against what is shown, and how often one was taken.
    held: Option<Arc<Snapshot>>,
    taken: u64,
    /// Whether differences that may be chance are listed.
    noise: bool,
    /// Comparing takes a while: it is done once for each picture.
    made: Mutex<Option<Made>>,
}

/// What there is to compare with.
enum Before {
    Nothing,
    Reading(String),
    Failed(String),
    Picture(Arc<Snapshot>, String),
}

fn before(scene: &Scene) -> Before {
    if let Some(held) = scene.pane.own.get::<State>().and_then(|state| state.held.clone()) {
        let name = times_of(scene, &held);
        return Before::Picture(held, name);
    }
    let Some(baseline) = &scene.options.baseline else { return Before::Nothing };
    let name = printable(baseline.name()).into_owned();
    match baseline.state() {
        BaselineState::Reading => Before::Reading(name),
        BaselineState::Failed(why) => Before::Failed(why),
        BaselineState::Known(snapshot) => Before::Picture(snapshot, name),
    }
}

/// The time a picture is of, in words.
fn times_of(scene: &Scene, snapshot: &Snapshot) -> String {
    match amount::past(scene, snapshot) {
        Some((times, _)) => times,
        None => match (snapshot.capture.first, snapshot.capture.last) {
            (Some(first), Some(last)) => amount::span(first, last, scene.options.utc_offset),
            _ => "everything".into(),
        },
    }
}

/// The comparison of what is shown with what is held against it.
fn comparison(scene: &Scene, before: &Arc<Snapshot>) -> Arc<Comparison> {
    let shown = scene.snapshot;
    let compared = || Arc::new(Comparison::of(&crate::tui::held::narrowed(before, scene.view.filter.as_ref()), shown));
    let Some(state) = scene.pane.own.get::<State>() else { return compared() };
    let mut hash = DefaultHasher::new();
    (shown.number, shown.span.as_ref().map(|s| (s.span.from, s.span.to, s.exact)), scene.view.filter.as_ref().map(|f| f.text().to_owned()))
        .hash(&mut hash);
    let key = (hash.finish(), state.taken, Arc::as_ptr(before) as usize);
    let mut made = state.made.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, comparison)) = made.as_ref().filter(|(of, _)| *of == key) {
        return Arc::clone(comparison);
    }
    let comparison = compared();
    *made = Some((key, Arc::clone(&comparison)));
    comparison
}

fn topic(change: &Change) -> Topic {
    let mut hash = DefaultHasher::new();
    (change.kind.token(), &change.subject, change.measure.token(), change.id).hash(&mut hash);
    Topic::Row(hash.finish())
}

/// The differences that are listed.
fn rows(scene: &Scene) -> Vec<(Topic, Change)> {
    let Before::Picture(before, _) = before(scene) else { return Vec::new() };
    let noise = scene.pane.own.get::<State>().is_some_and(|state| state.noise);
    let comparison = comparison(scene, &before);
    let listed = comparison.changes.iter().filter(|change| change.significant || noise);
    scene.pane.arrange(listed.map(|change| (topic(change), change.clone())).collect())
}

impl Screen for CompareScreen {
    fn title(&self) -> &'static str {
        "Compare"
    }

    fn about(&self) -> &'static str {
        "what changed: against another capture (--compare FILE), or between two spans of time; what is new, gone, more, less, and more than chance"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        rows(scene).into_iter().map(|row| row.0).collect()
    }

    fn opens(&self, scene: &Scene, chosen: &Topic) -> Option<Topic> {
        let change = rows(scene).into_iter().find(|row| row.0 == *chosen)?.1;
        let about = change.about?;
        Some(match about {
            _ if change.kind == ChangeKind::Finding => Topic::Finding(change.id?, about),
            Subject::Host(address) => Topic::Host { kind: Kind::of_address(address), address, port: 0 },
            Subject::Service { address, .. } => Topic::Host { kind: Kind::of_address(address), address, port: 0 },
            Subject::Station(mac) => Topic::Host { kind: Kind::Eth, address: crate::model::Address::Mac(mac), port: 0 },
            Subject::Vlan(id) => Topic::Vlan(id),
            _ => return None,
        })
    }

    fn keys(&self) -> &'static [Hint] {
        &[
            Hint {
                key: "a",
                word: "against",
                help: "hold the span that is looked at against whatever is looked at next (mark one with [ and ], or w); again without one: let it go",
            },
            Hint { key: "z", word: "noise", help: "list what may be chance too, and why" },
        ]
    }

    fn key(&self, pane: &mut Pane, key: KeyEvent, snapshot: &Snapshot) -> Option<Effect> {
        match key.code {
            KeyCode::Char('a') if snapshot.span.is_none() && pane.own.get::<State>().is_none_or(|state| state.held.is_none()) => {
                return Some(Effect::Say("no span is looked at: mark one with [ and ], then a compares with it"));
            }
            KeyCode::Char('a') => pane.own.change(|state: &mut State| {
                state.held = snapshot.span.is_some().then(|| Arc::new(snapshot.clone()));
                state.taken = state.taken.wrapping_add(1);
            }),
            KeyCode::Char('z') => pane.own.change(|state: &mut State| state.noise = !state.noise),
            _ => return None,
        }
        Some(Effect::Done)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        match before(scene) {
            Before::Picture(before, name) => draw_comparison(canvas, area, scene, &comparison(scene, &before), &name),
            other => draw_nothing(canvas, area, scene, &other),
        }
    }
}

fn draw_nothing(canvas: &mut Canvas, area: Rect, scene: &Scene, before: &Before) {
    let body = titled(canvas, area, "Compare", &[], false);
    let (words, hue) = match before {
        Before::Reading(name) => (format!("reading {name} …"), Hue::Text),
        Before::Failed(why) => (format!("it cannot be compared with: {}", printable(why)), Hue::Bad),
        _ => (
            "Nothing to compare with yet. Two ways: start with --compare FILE, and everything is held against that capture; or look at a span \
             (w, or [ and ] on a chart), press a here, and look at another span, or at all of it (Esc)."
                .to_owned(),
            Hue::Text,
        ),
    };
    let width = body.width.saturating_sub(2).min(100);
    for (y, line) in (body.y + 1..body.bottom()).zip(wrap(&words, width)) {
        canvas.put(body.x + 1, y, width, &line, scene.style(hue));
    }
}

/// One side in a line.
fn draw_side(canvas: &mut Canvas, line: Rect, scene: &Scene, label: &str, name: &str, side: &ComparedSide) {
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    let hue = match side.verdict {
        "bad" => Hue::Bad,
        "doubtful" => Hue::Warn,
        "good" | "noted" => Hue::Good,
        _ => Hue::Dim,
    };
    let rate = if side.seconds > 0.0 { amount::rate(scene, side.wire_bytes as f64 * 8.0 / side.seconds).plain() } else { String::new() };
    let packets = if line.width < 100 { format!("{} packets", units::count(side.packets)) } else { units::plural(side.packets, "packet") };
    let about = format!("{packets} in {}  {rate}", units::duration(side.seconds));
    let verdict = format!("mirror {}", side.verdict);
    // The name has what the others leave; of a path that is longer its last part stands.
    let room = line.width.saturating_sub(2 + 8 + 2 + 2 + cells(&about) + cells(&verdict)).clamp(4, (line.width / 3).max(4));
    let name = if cells(name) > room { name.rsplit('/').next().unwrap_or(name) } else { name };
    let name = cut_end(name, room);
    let pieces: Vec<(Cow<'_, str>, Style)> = vec![
        (format!("{label:<8}").into(), dim),
        (format!("{name}  ").into(), scene.style(Hue::Title)),
        (format!("{about}  ").into(), text),
        (verdict.into(), scene.style(hue)),
    ];
    canvas.pieces(line.x + 1, line.y, line.width.saturating_sub(2), &pieces);
}

fn draw_comparison(canvas: &mut Canvas, area: Rect, scene: &Scene, comparison: &Comparison, name: &str) {
    let rows = rows(scene);
    let significant = comparison.significant().count();
    let noise = comparison.changes.len() - significant;
    let showing = scene.pane.own.get::<State>().is_some_and(|state| state.noise);
    let note = format!("{} beyond chance · {noise} by chance", units::plural(significant as u64, "difference"));
    let body = titled(canvas, area, "Compare", &[(note.into(), scene.style(Hue::Dim))], false);
    let (sides, mut body) = split_top(body, 3.min(body.height));
    let now =
        if scene.snapshot.span.is_some() { times_of(scene, scene.snapshot) } else { printable(&scene.options.source_title).into_owned() };
    for (y, (label, name, side)) in (sides.y..sides.bottom().min(sides.y + 2))
        .zip([("before", name, comparison.sides.first()), ("now", now.as_str(), comparison.sides.get(1))])
    {
        if let Some(side) = side {
            draw_side(canvas, Rect { y, height: 1, ..sides }, scene, label, name, side);
        }
    }
    if sides.height > 2 {
        let room = sides.width.saturating_sub(2);
        canvas.ink(sides.x + 1, sides.y + 2, room, &cut_end(comparison.left_out, room), Hue::Warn);
    }
    let rules: Vec<String> = RULES.iter().flat_map(|rule| wrap(rule, body.width.saturating_sub(4))).collect();
    // What counts is told where there is room for it.
    let below = rules.len() as u16 + 1;
    if usize::from(body.height) > rows.len().max(3) + 2 + usize::from(below) {
        for (y, rule) in (body.bottom() - below + 1..body.bottom()).zip(&rules) {
            canvas.ink(body.x + 1, y, body.width.saturating_sub(2), rule, Hue::Dim);
        }
        body.height -= below;
    }
    let empty = if noise > 0 && !showing { "Nothing differs beyond chance (z lists what may be chance)." } else { "Nothing differs." };
    table::draw(canvas, scene, body, &columns(showing), &rows, &Shape { focused: true, empty, ..Shape::default() });
}

/// The sign of a change and how it feels.
fn sign(change: &Change) -> (&'static str, Hue) {
    match (change.significant, change.kind, change.way) {
        (false, ..) => ("·", Hue::Dim),
        (_, ChangeKind::Finding, ChangeWay::Gone | ChangeWay::Less) => ("●", Hue::Good),
        (_, ChangeKind::Finding, _) if change.after >= Some(3.0) => label::severity(Severity::Critical),
        (_, ChangeKind::Finding, _) if change.after >= Some(2.0) => label::severity(Severity::Warning),
        (_, ChangeKind::Finding, _) => label::severity(Severity::Note),
        (_, _, ChangeWay::New) => ("+", Hue::Accent),
        (_, _, ChangeWay::Gone) => ("−", Hue::Accent),
        (_, _, ChangeWay::More) => ("↑", Hue::Text),
        (_, _, ChangeWay::Less) => ("↓", Hue::Text),
    }
}

/// A value in its unit.
fn value(scene: &Scene, change: &Change, value: Option<f64>) -> Cell {
    let Some(number) = value else { return Cell::Right("–".into(), scene.style(Hue::Dim)) };
    let text = match change.measure {
        ComparedMeasure::BitRate => amount::rate(scene, number).plain(),
        ComparedMeasure::PacketRate | ComparedMeasure::UseRate if number < 10.0 => format!("{number:.2}"),
        ComparedMeasure::PacketRate | ComparedMeasure::UseRate => format!("{number:.0}"),
        ComparedMeasure::Response => amount::short_duration(number),
        ComparedMeasure::Errors => amount::share(number),
        ComparedMeasure::Severity => match number as u8 {
            3 => "critical".into(),
            2 => "warning".into(),
            _ => "note".into(),
        },
    };
    Cell::Right(text, scene.style(if change.significant { Hue::Text } else { Hue::Dim }))
}

/// What was compared, with its unit where its values have none.
fn measured(measure: ComparedMeasure) -> &'static str {
    match measure {
        ComparedMeasure::UseRate => "uses per s",
        ComparedMeasure::PacketRate => "packets per s",
        other => other.title(),
    }
}

/// How many times as much: `3.2 ×`, `1/40`.
fn times(factor: f64) -> String {
    match factor {
        f if f >= 99.5 => ">99 ×".into(),
        f if f >= 9.95 => format!("{f:.0} ×"),
        f if f >= 0.1 => format!("{f:.1} ×"),
        f if f > 1.0 / 9_999.5 => format!("1/{:.0}", 1.0 / f),
        _ => "<1/9999".into(),
    }
}

/// Who or what it is, by the names the user knows.
fn subject(scene: &Scene, change: &Change) -> String {
    let name = match change.about.filter(|_| change.kind != ChangeKind::Finding) {
        Some(Subject::Host(address)) => label::address(scene, address),
        Some(Subject::Station(mac)) => label::address(scene, crate::model::Address::Mac(mac)),
        _ => return printable(&change.subject).into_owned(),
    };
    printable(&name).into_owned()
}

fn columns(noise: bool) -> Vec<Col<Change>> {
    let mut out: Vec<Col<Change>> = vec![
        Col::left("change", 8..=8, 0, |s, c: &Change| {
            let (sign, hue) = sign(c);
            let words = s.style(if c.significant { Hue::Text } else { Hue::Dim });
            Cell::Pieces(vec![(format!("{sign} ").into(), s.style(hue)), (c.way.token().into(), words)])
        }),
        Col::left("what", 8..=8, 4, |s, c: &Change| Cell::Text(c.kind.token().into(), s.style(Hue::Dim))),
        Col::left("subject", 18..=90, 1, |s, c: &Change| {
            Cell::Text(subject(s, c), s.style(if c.significant { Hue::Text } else { Hue::Dim }))
        }),
        Col::left("measured", 14..=14, 3, |s, c: &Change| Cell::Text(measured(c.measure).into(), s.style(Hue::Dim))),
        Col::right("before", 10..=10, 2, |s, c: &Change| value(s, c, c.before)),
        Col::right("now", 10..=10, 2, |s, c: &Change| value(s, c, c.after)),
        Col::right("times", 7..=7, 6, |s, c: &Change| {
            let both = c.before.zip(c.after).filter(|(x, _)| *x > 0.0 && c.measure != ComparedMeasure::Severity);
            Cell::Right(both.map(|(x, y)| times(y / x)).unwrap_or_default(), s.style(Hue::Dim))
        }),
    ];
    if noise {
        out.push(Col::left("why it may be chance", 20..=40, 3, |s, c: &Change| Cell::Text(c.noise.into(), s.style(Hue::Dim))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::times;

    #[test]
    fn a_factor_is_never_nothing() {
        let said = [1e-5, 0.0014, 0.0999, 0.1, 1.0, 9.94, 9.96, 99.4, 99.6].map(times);
        assert_eq!(said, ["<1/9999", "1/714", "1/10", "0.1 ×", "1.0 ×", "9.9 ×", "10 ×", "99 ×", ">99 ×"]);
    }
}
