//! How single things about a probe look.

use crate::fleet::{FleetProbe, FleetSpan, PAIRED, ProbeState, SharedGroup};
use crate::model::Arrange as _;
use crate::model::{Timestamp, Verdict, units};
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

/// A clock's offset: known within a second.
pub(super) fn clock(offset: Option<f64>) -> (String, Hue) {
    match offset {
        None => ("not judged".into(), Hue::Dim),
        Some(offset) if offset.abs() <= 1.5 => ("in step".into(), Hue::Text),
        Some(offset) if offset.abs() <= 5.0 => (ahead(offset), Hue::Warn),
        Some(offset) => (ahead(offset), Hue::Bad),
    }
}

/// The same in a few cells: `+42.0 s` is ahead, `−42.0 s` behind.
pub(super) fn clock_short(offset: Option<f64>) -> (String, Hue) {
    let (words, hue) = clock(offset);
    match offset {
        None => ("–".into(), hue),
        Some(offset) if offset.abs() > 1.5 => {
            (format!("{}{}", if offset > 0.0 { "+" } else { "−" }, amount::short_duration(offset.abs())), hue)
        }
        Some(_) => (words, hue),
    }
}

/// Probes that saw the same in the order in which they did, and by how much later than the first each was, by their own clocks.
pub(super) fn path(group: &SharedGroup) -> String {
    // The first pairs are those of the first probe.
    let later = |at: usize| if at == 0 { Some(0.0) } else { group.behind.get(at - 1).copied() };
    let mut probes: Vec<(String, Option<f64>)> =
        group.probes.iter().enumerate().map(|(at, name)| (name.to_string(), later(at).filter(|_| at < PAIRED))).collect();
    probes.arrange_by(|x, y| x.1.unwrap_or(f64::MAX).total_cmp(&y.1.unwrap_or(f64::MAX)));
    let first = probes.first().and_then(|probe| probe.1).unwrap_or(0.0);
    let words = probes.iter().enumerate().map(|(at, (name, later))| match later {
        Some(later) if at > 0 => format!("{name} +{}", units::duration(later - first)),
        _ => name.clone(),
    });
    words.collect::<Vec<_>>().join(" → ")
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
    let first = span.bounds(now).0.div_euclid(step).saturating_add(1);
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
