//! One finding: what it was found by, why it happens, what to do, what else it could be.
//!
//! ```text
//!  ✖ Every packet arrives twice
//!    critical · since 14:02:11 (12m 03s) · still so
//!
//!  EVIDENCE
//!    copies            49 %
//!  CAUSE
//!    Both the ingress and the egress …
//! ```

use super::SubjectPage;
use super::gone;
use crate::model::Finding;
use crate::model::finding::evidence_name;
use crate::snapshot::Snapshot;
use crate::tui::canvas::{Canvas, split_top, wrap};
use crate::tui::label;
use crate::tui::panels::facts::{self, TextLine};
use crate::tui::panels::when;
use crate::tui::screen::{Effect, Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene, Topic};
use crate::tui::widgets::amount;
use crate::tui::widgets::frame::titled;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

/// The key that explains.
pub(in crate::tui) const EXPLAIN: Hint = Hint { key: "e", word: "explain", help: "explain this kind of finding at length" };

/// What that key does wherever findings are.
pub(in crate::tui) fn explains(key: KeyEvent) -> Option<Effect> {
    (key.code == KeyCode::Char('e')).then_some(Effect::Explain)
}

pub(super) struct FindingPage;

impl SubjectPage for FindingPage {
    fn covers(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::Finding(..))
    }

    fn crumb(&self, _: &Scene, topic: &Topic) -> String {
        identifier(Some(topic)).unwrap_or_default().to_owned()
    }
}

impl Screen for FindingPage {
    fn title(&self) -> &'static str {
        "Finding"
    }

    fn keys(&self) -> &'static [Hint] {
        &[EXPLAIN]
    }

    fn key(&self, _: &mut Pane, key: KeyEvent, _: &Snapshot) -> Option<Effect> {
        explains(key)
    }

    fn shows_packets(&self) -> bool {
        true
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        // What was opened stays, whatever the filter shows.
        let is_it = |f: &&Finding| scene.topic == Some(&Topic::Finding(f.id, f.subject));
        match scene.snapshot.diagnosis.findings.iter().find(is_it) {
            Some(finding) => {
                let area = titled(canvas, area, finding.id, &[], false);
                let used = body(canvas, area, scene, finding, scene.pane.scroll);
                let (_, rest) = split_top(area, used.saturating_add(1));
                let rest = when::draw(canvas, rest, scene, finding);
                when::meaning(canvas, rest, scene, finding);
            }
            None => gone(canvas, area, scene),
        }
    }
}

/// The identifier of the finding a page or a selected row is about.
pub(in crate::tui) fn identifier(topic: Option<&Topic>) -> Option<&'static str> {
    match topic {
        Some(Topic::Finding(id, ..)) => Some(id),
        Some(Topic::Alike(like)) => Some(like.id),
        _ => None,
    }
}

/// Draws everything known of a finding, from a scrolled line on; the lines used.
pub(in crate::tui) fn body(canvas: &mut Canvas, area: Rect, scene: &Scene, finding: &Finding, scroll: usize) -> u16 {
    let lines = lines(scene, finding, area.width.saturating_sub(4));
    facts::scrolled(canvas, area, &lines, scroll)
}

fn lines(scene: &Scene, finding: &Finding, width: u16) -> Vec<TextLine> {
    let (symbol, hue) = label::severity(finding.severity);
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    let mut out: Vec<TextLine> = Vec::new();
    for (i, line) in wrap(&finding.title, width.saturating_sub(2)).into_iter().enumerate() {
        let line = if i == 0 { format!("{symbol} {line}") } else { format!("  {line}") };
        out.push((0, line, scene.theme.strong(hue)));
    }
    let lasting = when::lasting(scene, finding);
    let severity = finding.severity.token();
    let when = if scene.snapshot.is_timed() {
        let since = amount::time_of_day(finding.first, scene.utc_offset(finding.first));
        if finding.active && !scene.snapshot.finished {
            format!("{severity} · since {since}, for {lasting} · still so")
        } else {
            let state = if finding.active { "" } else { " · cleared" };
            format!("{severity} · {}, for {lasting}{state}", amount::span(finding.first, finding.last, scene.options.utc_offset))
        }
    } else {
        severity.to_owned()
    };
    out.extend(wrap(&when, width).into_iter().map(|l| (2, l, dim)));
    for remark in finding.remarks() {
        out.extend(wrap(&remark, width).into_iter().map(|l| (2, l, dim)));
    }
    let title = |out: &mut Vec<TextLine>, name: &str| {
        out.push((0, String::new(), text));
        out.push((0, name.to_owned(), scene.style(Hue::Title)));
    };
    if !finding.evidence.is_empty() {
        title(&mut out, "Evidence");
        let longest = finding.evidence.iter().map(|(n, v)| evidence_name(n, v).chars().count()).max().unwrap_or(0).min(24);
        for (name, what) in &finding.evidence {
            let shown = what.to_string();
            let rest = width.saturating_sub(longest as u16 + 4);
            for (i, line) in wrap(&shown, rest.max(8)).into_iter().enumerate() {
                let name = if i == 0 { evidence_name(name, what) } else { String::new() };
                out.push((2, format!("{name:<longest$}  {line}"), text));
            }
        }
    }
    for (name, words) in [("Likely cause", &finding.cause), ("What to do", &finding.remedy), ("What else it could be", &finding.lookalikes)]
    {
        if !words.is_empty() {
            title(&mut out, name);
            let style = if name == "What to do" { text } else { dim };
            out.extend(wrap(words, width).into_iter().map(|l| (2, l, style)));
        }
    }
    out
}
