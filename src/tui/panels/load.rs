//! Load over time.
//!
//! ```text
//! ─ Load ──────────────── mean 870 Mb/s · peak 1 s 1.24 G · peak 1 ms 6.1 G ─
//!  10 G┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
//!   5 G            ⡀                    ⢀              ⡀
//!   0  ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
//!      -5 min        -4 min        -3 min         -2 min              now
//! ```

use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Timestamp, units};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::theme::Hue;
use crate::tui::view::{SCALES, Scene, ratio};
use crate::tui::widgets::amount;
use crate::tui::widgets::chart::{self, Bin, Bins, LABELS, Plot};
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// The time scale in force: seconds, or everything.
pub(in crate::tui) fn seconds(scene: &Scene) -> Option<i64> {
    SCALES.get(scene.view.scale).copied()
}

/// Draws the chart of bits, and one of packets below it when there is room.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let (bits, packets) = if area.height >= 20 { split_top(area, area.height - area.height / 3) } else { (area, Rect::ZERO) };
    let columns = usize::from(area.width.saturating_sub(LABELS)) * 2;
    let bins = chart::gather(&scene.snapshot.load, scene.snapshot.now, seconds(scene), columns);
    let split = divided(scene);
    let body = titled(canvas, bits, &title(scene, split), &note(scene, &bins), false);
    let (field, axis) = split_top(body, body.height.saturating_sub(1));
    draw_bits(canvas, field, scene, &bins, split);
    let clock = scene.whole().then(|| scene.utc_offset(Timestamp(bins.start)));
    chart::ticks(canvas, axis, &bins, clock);
    if packets.height > 0 {
        let (field, axis) = {
            let body = titled(canvas, packets, "Packets", &packet_note(scene), false);
            split_top(body, body.height.saturating_sub(1))
        };
        draw_packets(canvas, field, &bins);
        chart::ticks(canvas, axis, &bins, clock);
    }
}

/// Whether out and in are drawn apart: as the user says, else when most of the traffic crosses the border.
fn divided(scene: &Scene) -> bool {
    let d = &scene.snapshot.directions;
    let crossing = d.inbound.wire_bytes + d.outbound.wire_bytes;
    scene.view.split.unwrap_or(ratio(crossing, scene.snapshot.total.wire_bytes) >= 0.6)
}

fn title(scene: &Scene, split: bool) -> String {
    let what = if split { "Load ▲ out ▼ in" } else { "Load" };
    let span = match seconds(scene) {
        None => String::new(),
        Some(s) if s < 60 => format!(" · {s} s"),
        Some(s) if s < 3_600 => format!(" · {} min", s / 60),
        Some(s) if s < 86_400 => format!(" · {} h", s / 3_600),
        Some(s) => format!(" · {} d", s / 86_400),
    };
    format!("{what}{span}")
}

type Note = Vec<(Cow<'static, str>, Style)>;

fn note(scene: &Scene, bins: &Bins) -> Note {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    if scene.view.paused {
        let behind = format!("❚❚ paused, {} behind", amount::short_duration(scene.behind.floor()));
        return vec![(behind.into(), scene.theme.strong(Hue::Warn))];
    }
    let known: Vec<&Bin> = bins.bins.iter().flatten().collect();
    if known.is_empty() {
        return vec![("no packets yet".into(), dim)];
    }
    let mean = known.iter().map(|b| b.bytes).sum::<f64>() / known.len() as f64;
    let load = &scene.snapshot.load;
    let mut out: Note = vec![("mean ".into(), dim), (amount::rate(scene, mean * 8.0).plain().into(), text)];
    if let Some(peak) = load.peak {
        let span = if peak.length == SECOND { "1 s".to_owned() } else { units::duration(peak.seconds()) };
        out.push((format!(" · peak {span} ").into(), dim));
        out.push((amount::rate(scene, peak.bits_per_second()).plain().into(), text));
    }
    if let Some((_, bytes, _)) = load.peak_ms {
        out.push((" · peak 1 ms ".into(), dim));
        let per_second = bytes as f64 * 8.0 * (SECOND / MILLISECOND) as f64;
        out.push((amount::rate(scene, per_second).plain().into(), scene.style(Hue::Peak)));
    }
    out
}

fn packet_note(scene: &Scene) -> Note {
    let dim = scene.style(Hue::Dim);
    let s = scene.snapshot;
    let mean = if s.total.packets > 0 { s.total.wire_bytes as f64 / s.total.packets as f64 } else { 0.0 };
    vec![("mean packet ".into(), dim), (format!("{mean:.0} B").into(), scene.style(Hue::Text))]
}

/// Top of the axis: what is seen, rounded up, the link speed when that is near; a peak far above the mean is left to its mark.
fn top(mean: f64, peak: f64, limit: Option<f64>) -> f64 {
    let seen = mean.max(peak.min(mean * 4.0));
    if seen <= 0.0 {
        return limit.unwrap_or(0.0);
    }
    let rounded = chart::round_up(seen * 1.02);
    match limit {
        Some(limit) if limit > 0.0 && seen <= limit && rounded * 1.6 >= limit => limit,
        _ => rounded,
    }
}

fn largest(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().fold(0.0, |a: f64, b| a.max(*b))
}

fn draw_bits(canvas: &mut Canvas, area: Rect, scene: &Scene, bins: &Bins, split: bool) {
    let unit = if scene.view.bytes { 1.0 } else { 8.0 };
    let series = |value: fn(&Bin) -> f64| -> Vec<Option<f64>> { bins.bins.iter().map(|b| b.as_ref().map(|b| value(b) * unit)).collect() };
    let limit = scene.snapshot.speed.map(|s| s as f64 * unit / 8.0);
    let theme = *canvas.theme;
    if split {
        let (up, down) = (series(|b| b.outbound), series(|b| b.inbound));
        let top = top(largest(&up).max(largest(&down)), 0.0, limit);
        let out = theme.style(Hue::Out);
        let plot = Plot { up: &up, down: Some(&down), peak: &[], top, limit, up_style: &move |_| out, down_style: theme.style(Hue::In) };
        chart::plot(canvas, area, &plot);
    } else {
        let (up, peak) = (series(|b| b.bytes), series(|b| b.peak_bytes));
        let top = top(largest(&up), largest(&peak), limit);
        let plot = Plot { up: &up, down: None, peak: &peak, top, limit, up_style: &move |h| theme.area(h), down_style: Style::new() };
        chart::plot(canvas, area, &plot);
    }
}

fn draw_packets(canvas: &mut Canvas, area: Rect, bins: &Bins) {
    let series = |value: fn(&Bin) -> f64| -> Vec<Option<f64>> { bins.bins.iter().map(|b| b.as_ref().map(value)).collect() };
    let (up, peak) = (series(|b| b.packets), series(|b| b.peak_packets));
    let top = top(largest(&up), largest(&peak), None);
    let theme = *canvas.theme;
    let plot = Plot { up: &up, down: None, peak: &peak, top, limit: None, up_style: &move |h| theme.area(h), down_style: Style::new() };
    chart::plot(canvas, area, &plot);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_the_link_speed_when_it_is_near() {
        assert_eq!(top(6e9, 9.9e9, Some(10e9)), 10e9);
        assert_eq!(top(870e6, 6.1e9, Some(10e9)), 4e9);
        assert_eq!(top(10e6, 20e6, Some(10e9)), 24e6);
        assert_eq!(top(10e6, 1e9, None), 50e6);
        assert_eq!(top(0.0, 0.0, None), 0.0);
    }
}
