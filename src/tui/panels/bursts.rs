//! The busiest milliseconds over time, and for how long the link was how full.
//!
//! ```text
//! ─ Busiest millisecond of each moment ───────────── worst 97 % at 14:02:11.304 ─
//!   10 G ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⢸┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈ link 10 G ┈
//!    5 G ┈┈┈┈┈┈┈┈⢸┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⢸┈┈┈┈┈┈┈┈┈┈┈⢸┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
//! ─ How full, by milliseconds ─────────── 95 % of the time below 15 % ─
//!   0–5 %    ██████████████████████   4m 51s    97 %
//!   5–10 %   ████████████████         1.2 s    0.4 %
//! ```

use super::load;
use crate::model::Arrange as _;
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{LinkUse, LinkWays};
use crate::snapshot::Sample;
use crate::tui::canvas::{Canvas, split_top, wrap};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;
use crate::tui::widgets::bar;
use crate::tui::widgets::chart::{self, LABELS, Plot};
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Draws the busiest millisecond of each column of the load chart, on an axis of its own: of a link whose speed is known all of the link.
pub(in crate::tui) fn peaks(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let scene = &Scene { snapshot: scene.base, ..*scene };
    let s = scene.snapshot;
    let columns = usize::from(area.width.saturating_sub(LABELS)) * 2;
    let bins = load::gathered(scene, columns);
    let unit = if scene.view.bytes { 1.0 } else { 8.0 };
    let values: Vec<Option<f64>> = bins.bins.iter().map(|bin| bin.map(|bin| bin.peak_bytes * unit)).collect();
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    let speed = s.capture.speed.filter(|speed| *speed > 0);
    let limit = speed.map(|speed| speed as f64 * unit / 8.0);
    let top = chart::settle(None, most, limit);
    let full = limit.unwrap_or(top).max(f64::MIN_POSITIVE);
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    let note: Vec<(Cow<'static, str>, Style)> = match bins.facts.worst.filter(|_| s.is_timed()) {
        Some((at, bytes)) if area.width >= 60 => {
            let (value, style) = match speed.map(|speed| bins.facts.worst_traffic.link_share(load::A_MILLISECOND, speed)) {
                Some(share) => (format!("{}{}", amount::share(share), load::both_ways(s)), scene.theme.heat(share)),
                None => (amount::rate(scene, bytes * 8.0).plain(), text),
            };
            let at = format!(" at {}", amount::moment(at, scene.utc_offset(at)));
            vec![("worst ".into(), dim), (value.into(), style), (at.into(), dim)]
        }
        _ => Vec::new(),
    };
    let body = titled(canvas, area, "Busiest millisecond at each time", &note, false);
    let name = speed.map(|speed| format!("link {}", amount::speed(speed))).unwrap_or_default();
    let theme = *canvas.theme;
    let plot = Plot {
        up: &values,
        down: None,
        top,
        quarters: 2,
        limit: limit.map(|limit| (limit, name.as_str())),
        // Where no speed is known nothing is too much.
        up_style: &move |height| if limit.is_some() { theme.heat(height * top / full) } else { theme.area(height) },
        down_style: &|_| Style::new(),
    };
    chart::plot(canvas, body, &plot);
    chart::cuts(canvas, body, &bins);
    load::looked_at(canvas, scene, &load::chart_times(body, &bins), 0);
}

/// Classes that stand on a screen: their name, the middle of what they hold, and their part of the time.
type Classes = Vec<(String, f64, f64)>;

/// The classes of how full a link was, so many as there are lines for; what is above the link's speed stands alone.
fn classes(used: &LinkUse, lines: usize) -> Classes {
    let all = used.classes();
    let within = all.len().saturating_sub(1);
    // Steps of 5, 10, 20 or 25 %.
    let step = [1usize, 2, 4, 5].into_iter().find(|step| within / step < lines.max(1)).unwrap_or(10);
    let mut out: Classes = all
        .get(..within)
        .unwrap_or_default()
        .chunks(step)
        .enumerate()
        .map(|(i, part)| {
            let (from, to) = (i * step * 5, (i * step + part.len()) * 5);
            (format!("{from}–{to} %"), (from + to) as f64 / 200.0, part.iter().sum())
        })
        .collect();
    if let Some(above) = all.last() {
        out.push((">100 %".into(), 1.0, *above));
    }
    out
}

/// Draws for how long the link was how full. Bars grow with the logarithm of the time, or all but the first would be none.
pub(in crate::tui) fn fullness(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    let Some(used) = &scene.base.switch.link_use else { return unknown(canvas, area, scene) };
    if used.bin == 0 {
        return untold(canvas, area, scene, &used.coarse);
    }
    let below = match used.percentile(0.95) {
        share if share > 1.0 => "more than it carries".to_owned(),
        share => format!("{:.0} %", share * 100.0),
    };
    let scale = "bars: logarithm of the time";
    let ways = match used.ways {
        LinkWays::Fuller(_) => "fuller direction",
        LinkWays::Port => "the mirror port",
        LinkWays::Both => "both directions",
    };
    let note = [("95 % of the time below ".into(), dim), (below.into(), text), (format!(" · {ways} · {scale}").into(), dim)];
    let note = match area.width {
        100.. => &note[..],
        80..100 => &note[..2],
        60..80 => &[(scale.into(), dim)],
        _ => &[("log scale".into(), dim)],
    };
    // Of a span of time it is not kept.
    let since = match (scene.snapshot.span.is_some(), scene.base.live) {
        (false, _) => "",
        (true, true) => " · since start",
        (true, false) => " · whole capture",
    };
    let bins = if used.bin == MILLISECOND { "milliseconds".to_owned() } else { format!("bins of {}", used.bin_words()) };
    let body = titled(canvas, area, &format!("How full, by {bins}{since}"), note, false);
    let body = foot(canvas, body, scene, used);
    let bins = (used.nanos / used.bin).max(1) as f64;
    let most = bins.ln_1p();
    for ((name, middle, part), y) in classes(used, usize::from(body.height)).into_iter().zip(body.top()..body.bottom()) {
        let none = part <= 0.0;
        canvas.right(body.x, y, 9, &name, if none { dim } else { text });
        let x = body.x + 11;
        let wide = body.right().saturating_sub(x + 19);
        bar::draw(canvas, x, y, wide, (bins * part).ln_1p() / most, scene.theme.heat(middle));
        let style = if none { scene.style(Hue::Faint) } else { text };
        let time = if none { "0".into() } else { amount::short_duration(used.nanos as f64 / SECOND as f64 * part) };
        canvas.right(body.right().saturating_sub(17), y, 9, &time, style);
        canvas.right(body.right().saturating_sub(7), y, 6, &amount::share(part), if none { style } else { dim });
    }
}

/// Says at the foot what the shares are of where both directions come together, and that more came than a link of that speed can carry, where that
/// went on; what is left above it.
fn foot(canvas: &mut Canvas, area: Rect, scene: &Scene, used: &LinkUse) -> Rect {
    let above = used.classes().last().copied().unwrap_or(0.0) * used.nanos as f64 / SECOND as f64;
    let beyond = above >= EXCEEDED;
    if area.height < 4 || !beyond && used.ways != LinkWays::Both {
        return area;
    }
    let more = format!("more than {} for {}: ", amount::speed(used.speed), amount::short_duration(above));
    let words = match (used.ways, beyond) {
        (LinkWays::Both, true) => format!("{more}both directions together, of which each carries that, or the speed is another one"),
        (LinkWays::Both, false) => "both directions together, against the speed of one: nothing tells which way a frame goes".to_owned(),
        _ => format!("{more}the speed is another one"),
    };
    let hue = if beyond { Hue::Warn } else { Hue::Dim };
    let lines = wrap(&words, area.width.saturating_sub(2));
    let height = (lines.len() as u16).min(area.height / 2);
    let (rest, foot) = split_top(area, area.height - height);
    for (line, y) in lines.iter().zip(foot.top()..foot.bottom()) {
        canvas.put(foot.x + 1, y, foot.width.saturating_sub(2), line, scene.style(hue));
    }
    rest
}

/// Where the clock does not tell milliseconds apart: that.
fn untold(canvas: &mut Canvas, area: Rect, scene: &Scene, words: &str) {
    let body = titled(canvas, area, "How full, by milliseconds", &[], false);
    let lines = wrap(&format!("Not told: {words}."), body.width.saturating_sub(2));
    for (line, y) in lines.iter().zip(body.top()..body.bottom()) {
        canvas.put(body.x + 1, y, body.width.saturating_sub(2), line, scene.style(Hue::Dim));
    }
}

/// Seconds above the speed of a link after which it is said that it cannot be.
const EXCEEDED: f64 = 1.0;

/// Where the speed of the link is not known: why that is asked for, and the busiest milliseconds there were.
fn unknown(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, "How full, by milliseconds", &[], false);
    let capture = &scene.snapshot.capture;
    let why = match capture.speed.filter(|_| capture.is_speed_by_lldp) {
        Some(speed) => {
            let speed = amount::speed(speed);
            format!(
                "Not known yet: {speed} is what was just said by LLDP, or is said within a mirror's sessions, which may be of several links. --speed says it."
            )
        }
        None => "Not known, for the speed of the link is not: a live port tells it, of a capture say it with --speed 10G.".to_owned(),
    };
    let words = format!("{why} Then it stands here for how long the link was how full, and its bursts are listed.");
    let lines = wrap(&words, body.width.saturating_sub(2));
    let (said, rest) = split_top(body, (lines.len() as u16).saturating_add(1));
    for (line, y) in lines.iter().zip(said.top()..said.bottom()) {
        canvas.ink(said.x + 1, y, said.width.saturating_sub(2), line, Hue::Dim);
    }
    if rest.height >= 3 {
        busiest(canvas, rest, scene);
    }
}

/// The busiest millisecond of each interval, the busiest first.
fn busiest(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, "Busiest milliseconds", &[("one of each interval".into(), scene.style(Hue::Dim))], false);
    let span = scene.snapshot.span.as_ref().map(|shown| shown.span);
    let inside = |s: &&Sample| s.peak_ms_at.is_some_and(|at| span.is_none_or(|span| span.contains(at)));
    let mut list: Vec<&Sample> = scene.base.stats.load.samples.iter().filter(inside).collect();
    list.arrange_by_key(|s| (std::cmp::Reverse(s.peak_ms_bytes), s.start));
    let most = list.first().map_or(0.0, |s| s.peak_ms_bytes as f64);
    for (s, y) in list.into_iter().zip(body.top()..body.bottom()) {
        let Some(at) = s.peak_ms_at else { continue };
        canvas.ink(body.x + 1, y, 12, &amount::moment(at, scene.utc_offset(at)), Hue::Text);
        let bits = s.peak_ms_bytes as f64 * 8_000.0;
        canvas.right(body.x + 15, y, 9, &amount::rate(scene, bits).text(), scene.style(Hue::Text));
        canvas.right(body.x + 26, y, 12, &crate::model::units::plural(s.peak_ms_packets, "packet"), scene.style(Hue::Dim));
        let x = body.x + 40;
        let share = s.peak_ms_bytes as f64 / most.max(1.0);
        bar::draw(canvas, x, y, body.right().saturating_sub(x + 1), share, scene.style(Hue::AreaHigh));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_close_whatever_there_is_room_for() {
        let mut used = LinkUse { speed: 1, bin: MILLISECOND, nanos: 1_000 * MILLISECOND, ..LinkUse::default() };
        [0.02, 0.12, 0.12, 0.5, 0.97, 1.0, 1.2].into_iter().for_each(|share| used.count(share));
        for lines in [0, 1, 3, 6, 11, 21, 60] {
            let list = classes(&used, lines);
            let sum: f64 = list.iter().map(|class| class.2).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{lines}: {sum}");
            assert!(lines < 4 || list.len() <= lines, "{lines}: {}", list.len());
            assert_eq!(list.last().map(|class| (class.0.as_str(), class.2)), Some((">100 %", 0.001)));
        }
        assert_eq!(classes(&used, 6).iter().map(|class| class.0.as_str()).collect::<Vec<_>>()[..2], ["0–20 %", "20–40 %"]);
    }
}
