//! How single things about a probe look.

use crate::fleet::{FleetProbe, FleetSpan, ProbeState};
use crate::model::{Severity, Timestamp, Verdict, units};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;
use ratatui::style::Style;

/// Sign, words and hue of a mirror: what was not judged is never green, and what is silent is not about now.
pub(super) fn mirror(probe: &FleetProbe, scene: &Scene) -> (String, Hue) {
    if probe.state == ProbeState::Silent {
        // Of a date month and day have room.
        let when = when(probe.heard, probe.heard.saturating_add(probe.age), scene);
        return (format!("✖ silent since {}", when.get(5..).filter(|day| !day.is_empty()).unwrap_or(&when)), Hue::Bad);
    }
    if probe.state == ProbeState::Ended {
        return ("· ended".into(), Hue::Dim);
    }
    match probe.verdict_now() {
        Some(Verdict::Good | Verdict::Noted) => ("● good".into(), Hue::Good),
        Some(Verdict::Doubtful) => ("▲ doubtful".into(), Hue::Warn),
        Some(Verdict::Bad) => ("✖ bad".into(), Hue::Bad),
        Some(Verdict::Unknown) | None => ("? not judged".into(), Hue::Dim),
    }
}

/// A moment as people say it: a time of today, else the date.
pub(super) fn when(seconds: i64, now: i64, scene: &Scene) -> String {
    if seconds <= 0 {
        return "ever".into();
    }
    let (at, now) = (Timestamp::new(seconds, 0), Timestamp::new(now, 0));
    let offset = scene.utc_offset(at);
    let (date, time) = (amount::date(at, offset), amount::time_of_day(at, offset));
    if date == amount::date(now, scene.utc_offset(now)) { time.get(..5).unwrap_or(&time).to_owned() } else { date }
}

/// Sign and hue of a severity.
pub(super) fn severity(severity: Severity) -> (&'static str, Hue) {
    match severity {
        Severity::Critical => ("✖", Hue::Bad),
        Severity::Warning => ("▲", Hue::Warn),
        Severity::Note => ("·", Hue::Dim),
    }
}

/// A clock's offset: known within a second.
pub(super) fn clock(offset: Option<f64>) -> (String, Hue) {
    match offset {
        None => ("not judged".into(), Hue::Dim),
        Some(offset) if offset.abs() <= 1.5 => ("in step".into(), Hue::Text),
        Some(offset) if offset.abs() <= 5.0 => (ahead(offset), Hue::Warn),
        Some(offset) => (ahead(offset), Hue::Bad),
    }
}

fn ahead(offset: f64) -> String {
    let words = if offset > 0.0 { "ahead" } else { "behind" };
    format!("{} {words}", amount::short_duration(offset.abs()))
}

/// How long ago.
pub(super) fn ago(seconds: i64) -> String {
    amount::short_duration(seconds as f64)
}

/// A count that is dim where it is nothing, and loud otherwise.
pub(super) fn loss(count: u64, scene: &Scene) -> (String, Style) {
    if count == 0 { ("0".into(), scene.style(Hue::Dim)) } else { (units::count(count), scene.theme.strong(Hue::Bad)) }
}

/// Load over the span as small bars against the largest; what the probe said nothing of is a gap.
pub(super) fn sparkline(probe: &FleetProbe, span: FleetSpan, now: i64, width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let largest = probe.history.bins.iter().map(|bin| bin.bits_per_second).fold(0.0, f64::max);
    let count = 24_i64;
    let step = (span.seconds() / count).max(1);
    let first = now.saturating_sub(span.seconds()).div_euclid(step).saturating_add(1);
    let bars: Vec<char> = (0..count)
        .map(|at| {
            let start = first.saturating_add(at).saturating_mul(step);
            let bin = probe.history.bins.iter().find(|bin| bin.start == start);
            bin.map_or(
                ' ',
                |bin| if largest > 0.0 { BARS[((bin.bits_per_second / largest * 7.0).round() as usize).min(7)] } else { BARS[0] },
            )
        })
        .collect();
    bars.iter().skip(bars.len().saturating_sub(width)).collect()
}
