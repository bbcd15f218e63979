//! When a finding held: its times on the load of all the time there is, and the packets that prove it.
//!
//! ```text
//! ─ When it held ───────────────────────────── 3 times, 12.4 s in all ─
//!  20 M ┈┈┈┈┈┈┈┈┈┈⣀⣠⣤⣤⣀┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
//!     0 ⣀⣀⣀⣠⣤⣶⣿⣿⣿⣿⣿⣿⣶⣤⣀⣀⣀⣀⣀⣀⣀⣀⣤⣤⣤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
//!  held           ━━━━━━━━                 ━━━
//!          14:02:00            14:04:00            14:06:00
//! ```

use super::load::chart_times;
use super::packet_list;
use crate::model::{Episode, Finding, TimeSpan, Timestamp, units};
use crate::snapshot::{PacketRequest, PacketSubject};
use crate::tui::canvas::{Canvas, cells, split_top};
use crate::tui::label;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;
use crate::tui::widgets::bins::{self, Window};
use crate::tui::widgets::chart::{self, LABELS, Plot, settle};
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Lines that a timeline needs: title, two of load, its times, a clock.
const LEAST: u16 = 5;
/// Lines from which on it has enough, unless half of what is free is more.
const MOST: u16 = 14;
/// The headings of an explanation between which that stands which a finding does not say itself.
const MEANS: &str = "What it means";
const WHY: &str = "Why it happens";
/// Lines that a list of packets needs: title, head, a packet.
const PACKETS: u16 = 3;

/// How long it has been so, or was: up to now where it still is and more may come.
pub(in crate::tui) fn lasting(scene: &Scene, finding: &Finding) -> String {
    let s = scene.snapshot;
    if finding.active && !s.finished {
        // What goes on is told by the second: it stays readable.
        return amount::short_duration(s.now.max(finding.last).seconds_since(finding.first).floor());
    }
    amount::short_duration(finding.last.seconds_since(finding.first).max(0.0))
}

/// Draws when a finding held and the packets that prove it, as far as there is room; what is left.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, finding: &Finding) -> Rect {
    let proved = if scene.options.packets.is_some() { (finding.packets.len() as u16).saturating_add(2) } else { 0 };
    let is_timed = scene.base.is_timed() && area.height >= LEAST;
    let wanted = if proved > 2 { area.height.saturating_sub(proved).max(LEAST) } else { area.height };
    let (above, rest) = split_top(area, if is_timed { wanted.min(MOST.max(area.height / 2)) } else { 0 });
    if above.height > 0 {
        timeline(canvas, above, scene, finding);
    }
    if proved <= 2 || rest.height < PACKETS {
        return rest;
    }
    let (list, rest) = split_top(rest, proved);
    packets(canvas, list, scene, finding);
    rest
}

/// Draws what this kind of finding means and how it is measured, where there is room for all of it.
pub(in crate::tui) fn meaning(canvas: &mut Canvas, area: Rect, scene: &Scene, finding: &Finding) {
    let text = (scene.options.explain)(finding.id).unwrap_or_default();
    let all: Vec<&str> = text.lines().skip_while(|line| *line != MEANS).collect();
    let first: Vec<&str> = all.iter().copied().take_while(|line| *line != WHY).collect();
    let fits = |lines: &&Vec<&str>| {
        !lines.is_empty() && lines.iter().all(|line| cells(line) <= area.width.saturating_sub(2)) && lines.len() < usize::from(area.height)
    };
    let Some(lines) = [&all, &first].into_iter().find(fits) else { return };
    let is_all = lines.len() == all.len();
    let note = [("e".into(), scene.style(Hue::Accent)), (" all of it".into(), scene.style(Hue::Dim))];
    let body = titled(canvas, area, &format!("About {}", finding.id), if is_all { &[] } else { &note }, false);
    for (line, y) in lines.iter().zip(body.top()..body.bottom()) {
        let hue = if line.starts_with(' ') { Hue::Dim } else { Hue::Title };
        canvas.ink(body.x + 1, y, body.width.saturating_sub(2), line, hue);
    }
}

/// The end of an episode: one that goes on lasts until now.
fn end(scene: &Scene, finding: &Finding, episode: &Episode) -> Timestamp {
    let goes_on = finding.active && !scene.base.finished && episode.last == finding.last;
    if goes_on { scene.base.now.max(episode.last) } else { episode.last }
}

fn timeline(canvas: &mut Canvas, area: Rect, scene: &Scene, finding: &Finding) {
    let s = scene.base;
    let now = [Episode { first: finding.first, last: finding.last }];
    let episodes = if finding.episodes.is_empty() { &now[..] } else { &finding.episodes };
    let seconds = episodes.iter().map(|e| end(scene, finding, e).seconds_since(e.first).max(0.0)).sum::<f64>();
    let times = (episodes.len() as u64).saturating_add(finding.forgotten_episodes);
    let said = format!("{}, {} in all", units::plural(times, "time"), amount::short_duration(seconds));
    let body = titled(canvas, area, "When it held", &[(said.into(), scene.style(Hue::Dim))], false);
    let columns = usize::from(body.width.saturating_sub(LABELS)) * 2;
    let bins = bins::gather(&s.stats.load, s.now, Window::Everything, columns, s.finished);
    let unit = if scene.view.bytes { 1.0 } else { 8.0 };
    let up: Vec<Option<f64>> = bins.bins.iter().map(|bin| bin.map(|bin| bin.bytes * unit)).collect();
    let most = up.iter().flatten().copied().fold(0.0, f64::max);
    let (field, rest) = split_top(body, body.height.saturating_sub(2));
    let (theme, faint) = (*canvas.theme, Style::new());
    let plot = Plot {
        up: &up,
        down: None,
        top: settle(None, most, None),
        quarters: 2,
        limit: None,
        up_style: &move |height| theme.area(height),
        down_style: &move |_| faint,
    };
    chart::plot(canvas, field, &plot);
    chart::cuts(canvas, field, &bins);
    let (marks, ticks) = split_top(rest, 1);
    canvas.right(marks.x, marks.y, LABELS - 1, "held", scene.style(Hue::Dim));
    let (_, hue) = label::severity(finding.severity);
    let style = scene.style(if finding.active { hue } else { Hue::Dim });
    let places = chart_times(field, &bins);
    for episode in episodes {
        let span = TimeSpan { from: episode.first, to: end(scene, finding, episode).plus(1) };
        if let Some((x, width)) = places.columns(span) {
            canvas.run(x, marks.y, width, "━", style);
        }
    }
    let clock = scene.whole().then(|| scene.utc_offset(Timestamp(bins.end.saturating_sub(bins.span))));
    chart::ticks(canvas, ticks, &bins, clock);
}

fn packets(canvas: &mut Canvas, area: Rect, scene: &Scene, finding: &Finding) {
    let Some(store) = &scene.options.packets else { return };
    let note = [("P".into(), scene.style(Hue::Accent)), (" takes them apart".into(), scene.style(Hue::Dim))];
    let body = titled(canvas, area, "Packets that prove it", &note, false);
    let request = PacketRequest {
        subject: PacketSubject::Numbers(finding.packets.clone(), finding.named()),
        rows: usize::from(body.height),
        ..PacketRequest::default()
    };
    packet_list::rows(canvas, body, scene, &store.look(&request));
}
