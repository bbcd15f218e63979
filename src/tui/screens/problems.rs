//! What is wrong, why, and what to do.
//!
//! ```text
//! ─ Problems ─────────────────────────┬─ dup.every ────────────────────────
//!  ✖ every packet arrives twice 12 m  │ Every packet arrives twice
//!  ▲ DNS 10.20.1.2 is slow      4 m   │ evidence  …
//!  ○ loss toward 10.20.3.0/24  clear  │ cause     …
//! ```

use crate::model::{Finding, ListedFinding, Severity, Verdict};
use crate::snapshot::Snapshot;
use crate::snapshot::tables::findings::FINDINGS;
use crate::tui::canvas::{Canvas, Hit, hundredths, split_top};
use crate::tui::details::{self, finding};
use crate::tui::label;
use crate::tui::panels::{findings, mirror, problem_list, when};
use crate::tui::screen::{Effect, Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene, Topic};
use crate::tui::widgets::frame::{columns as divide, titled};
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

/// Findings.
pub(in crate::tui) struct ProblemsScreen;

/// Below this width titles beside a preview would be cut.
const BESIDE: u16 = 150;

/// Lines below the list that are worth to be drawn in.
const BESIDE_LIST: u16 = 12;

/// Cells of the list beside a title: margins, sign, identifier, how long it held.
const LIST_BESIDE: u16 = 34;

/// Lines from which what was not judged is listed below.
const NOT_JUDGED: u16 = 5;

impl Screen for ProblemsScreen {
    fn title(&self) -> &'static str {
        "Problems"
    }

    fn short_title(&self) -> &'static str {
        "Prob"
    }

    fn about(&self) -> &'static str {
        "findings, each with evidence, cause and remedy; on a live port what was mended clears within a minute or, of what is counted over ten (refusals, TLS, addresses, scans), ten"
    }

    fn opens_first(&self) -> bool {
        true
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        problem_list::rows(scene).into_iter().map(|r| r.0).collect()
    }

    fn keys(&self) -> &'static [Hint] {
        &[finding::EXPLAIN, Hint { key: "N", word: "not judged", help: "what could not be judged, and why" }]
    }

    fn key(&self, _: &mut Pane, key: KeyEvent, _: &Snapshot) -> Option<Effect> {
        if key.code == KeyCode::Char('N') { Some(Effect::NotJudged) } else { finding::explains(key) }
    }

    fn marks(&self, snapshot: &Snapshot) -> Vec<(String, Hue)> {
        let active = |severity| snapshot.diagnosis.findings.iter().filter(|f| f.active && f.severity == severity).count();
        let mark = |severity| {
            let (symbol, hue) = label::severity(severity);
            (active(severity) > 0).then(|| (format!("{symbol}{}", active(severity)), hue))
        };
        let loud: Vec<_> = [Severity::Critical, Severity::Warning].into_iter().filter_map(mark).collect();
        // Notes are told of where there is nothing louder.
        if loud.is_empty() { mark(Severity::Note).into_iter().collect() } else { loud }
    }

    fn shows_packets(&self) -> bool {
        true
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let rows = problem_list::rows(scene);
        let chosen = scene.pane.selected.as_ref().and_then(|t| rows.iter().find(|r| r.0 == *t)).or(rows.first());
        let (list, preview) = if rows.is_empty() {
            (area, None)
        } else if area.width >= BESIDE {
            // Titles are read in the list, and the preview stays wide enough to be read.
            let longest = rows.iter().map(|(_, told)| problem_list::width(told)).max().unwrap_or(0).saturating_add(LIST_BESIDE);
            let least = hundredths(area.width, 46).min(90);
            let parts = divide(canvas, area, &[longest.clamp(least, hundredths(area.width, 58).max(least))]);
            (parts[0], parts.get(1).copied())
        } else if area.height >= 16 || usize::from(area.height) >= rows.len() + 8 {
            let (above, below) = split_top(area, (rows.len() as u16).saturating_add(2).clamp(3, area.height / 2));
            (above, Some(below))
        } else {
            (area, None)
        };
        draw_list(canvas, list, scene, &rows);
        let (Some(preview), Some((topic, told))) = (preview, chosen) else { return };
        let ListedFinding::One(found) = told else { return details::preview(canvas, preview, scene, topic) };
        let body = titled(canvas, preview, found.id, &[("⏎ open".into(), scene.style(Hue::Accent))], false);
        let used = finding::body(canvas, body, scene, found, 0);
        // What is free shows when it held and which packets prove it.
        let below = |area: Rect, used: u16| split_top(area, used.saturating_add(1)).1;
        let listed = (rows.len() as u16).saturating_add(1);
        let is_beside = area.width >= BESIDE && list.height > listed.saturating_add(BESIDE_LIST);
        let rest = if is_beside {
            let rest = when::draw(canvas, below(list, listed), scene, found);
            // A tall screen says here as well what could not be judged.
            let facts = mirror::nothing_known_of(scene);
            if rest.height >= NOT_JUDGED && !facts.is_empty() {
                mirror::not_judged_as_far_as_it_fits(canvas, rest, scene, facts);
            } else {
                not_judged(canvas, rest, scene);
            }
            below(body, used)
        } else {
            when::draw(canvas, below(body, used), scene, found)
        };
        when::meaning(canvas, rest, scene, found);
    }
}

fn draw_list(canvas: &mut Canvas, area: Rect, scene: &Scene, rows: &[(Topic, ListedFinding)]) {
    let shown: Vec<&Finding> = label::findings(scene).into_iter().map(|row| row.1).collect();
    let active = shown.iter().filter(|f| f.active).count();
    let cleared = shown.len() - active;
    let note = match (scene.whole(), cleared) {
        // Nothing goes on in a file that has ended.
        (true, 0) => format!("{active} found"),
        (true, _) => format!("{active} to the end · {cleared} cleared"),
        (false, _) => format!("{active} active · {cleared} cleared"),
    };
    let all = scene.snapshot.diagnosis.findings.len();
    let note = match shown.len() {
        0 if all > 0 => format!("0 of {all} match the filter"),
        some if some < all => format!("{some} of {all} match the filter · {note}"),
        _ => note + scene.unasked(|filter| filter.asks_of(&FINDINGS)),
    };
    let note = match mirror::nothing_known_of(scene).len() {
        0 => note,
        // Where there is no finding it is said in full.
        _ if all == 0 => note,
        count => format!("{note} · {count} not judged: N"),
    };
    let title = if scene.snapshot.span.is_some() { scene.based("Problems") } else { "Problems".to_owned() };
    let body = titled(canvas, area, &title, &[(note.into(), scene.style(Hue::Dim))], false);
    if all == 0 {
        return nothing(canvas, body, scene);
    }
    problem_list::draw(canvas, body, scene, rows, "nothing matches the filter · Esc shows all rows again");
}

/// How much could not be judged, in the last line; returns what is left.
fn not_judged(canvas: &mut Canvas, area: Rect, scene: &Scene) -> Rect {
    let count = mirror::nothing_known_of(scene).len();
    if count == 0 || area.height == 0 {
        return area;
    }
    let (above, line) = split_top(area, area.height - 1);
    let words = format!("{count} not judged: N says what, and why");
    canvas.ink(line.x + 1, line.y, line.width.saturating_sub(2), &words, Hue::Dim);
    canvas.click(line, Hit::Press(KeyCode::Char('N')));
    above
}

/// What is said where there is no finding: what was judged, and what was not.
fn nothing(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let (_, area) = split_top(area, 1);
    if area.height == 0 {
        return;
    }
    // What is still to come was not judged, and what nobody could judge is not good: neither of the network nor of the mirror.
    let network = &scene.base.diagnosis.network;
    let has_come = scene.base.stats.total.packets > 0;
    let is_mirror_good = matches!(scene.base.mirror.trust.verdict, Verdict::Good | Verdict::Noted);
    let is_judged = has_come && network.is_well() && is_mirror_good;
    let is_partly = has_come && (network.verdict == Verdict::Good || is_mirror_good);
    let in_span = scene.snapshot.span.is_some();
    let (hue, words) = match scene.snapshot.unread() {
        // What is too little, or too recent, for a finding stands below.
        _ if network.is_failing && !in_span => (Hue::Dim, "No finding, but not all went well.".to_owned()),
        _ if scene.is_too_short_to_judge() => (Hue::Dim, "Nothing wrong was found in this span.".to_owned()),
        _ if in_span && is_judged && !network.is_failing => (Hue::Good, "Nothing wrong was found in this span.".to_owned()),
        Some(part) => (Hue::Dim, format!("Nothing wrong has been found so far; {:.0} % is read.", part * 100.0)),
        None if is_judged && !network.is_failing => (Hue::Good, "Nothing is wrong that could be found.".to_owned()),
        None if !has_come && !scene.snapshot.finished => (Hue::Dim, "No packet has come yet: nothing is judged.".to_owned()),
        None if is_partly => (Hue::Dim, "Nothing wrong was found in what could be judged.".to_owned()),
        None => (Hue::Dim, "Nothing wrong found; hardly anything could be judged.".to_owned()),
    };
    let symbol = if hue == Hue::Good { "● " } else { "○ " };
    let room = area.width.saturating_sub(2);
    canvas.pieces(area.x + 1, area.y, room, &[(symbol.into(), scene.style(hue)), (words.into(), scene.style(Hue::Text))]);
    let (_, area) = split_top(area, 2);
    let used = findings::nothing(canvas, area, scene);
    let (_, rest) = split_top(area, used + 1);
    let facts = mirror::nothing_known_of(scene);
    if facts.is_empty() {
        return;
    }
    if rest.height >= NOT_JUDGED {
        mirror::draw_not_judged(canvas, rest, scene, &facts);
    } else {
        not_judged(canvas, split_top(area, used).1, scene);
    }
}
