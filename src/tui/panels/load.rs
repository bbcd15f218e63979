//! Load over time.
//!
//! ```text
//! ─ Load · last 5 min ──── now 855 Mb/s 9 % · mean 841 Mb/s · p95 1.20 Gb/s · max 2.83 Gb/s · worst 1 ms 99 % at 14:02:11.304 ─
//!  1 ms ▁▁▂▁▁▁▃▂▁▁▁▁▁▇▁▁▁▂▂▁▁▁▁▁▁▁▃▃▂▁▁▁▁█▁▁▁▁▁▁▁▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
//!   2 G ┈┈┈┈┈┈┈┈┈┈┈┈┈┈⣀⣠⣤⣤⣀┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⣀⣤⣤⣀
//!   1 G ⣤⣶⣿⣿⣷⣶⣤⣄⣀⣤⣶⣿⣿⣿⣿⣿⣿⣿⣶⣤⣄⣀⣀⣀⣠⣤⣶⣶⣤⣄⣀⣠⣤⣶⣿⣿⣶⣤⣀⣀⣤⣶⣾⣿⣿⣿⣿⣷⣶⣤
//!     0 ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
//!       -5 min        -4 min        -3 min         -2 min           now
//! ```

use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{TimeSpan, Timestamp, units};
use crate::snapshot::{Sample, Snapshot};
use crate::tui::canvas::{Canvas, cells, split_top, wrap};
use crate::tui::theme::Hue;
use crate::tui::time_cursor::{ChartStretch, ChartTimes};
use crate::tui::view::{Axes, SCALES, Scene, ratio};
use crate::tui::widgets::amount;
use crate::tui::widgets::bins::{self, Bin, Bins, Window};
use crate::tui::widgets::chart::{self, LABELS, Plot, settle};
use crate::tui::widgets::frame::{titled, titled_of};
use crate::tui::widgets::strip;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Bins that a chart shows at least: with fewer there is nothing to see.
pub(in crate::tui) const FEWEST_BINS: i64 = 4;

/// Bins that a chart shows at least where nobody asked for it to be that close: with fewer it is a staircase.
pub(in crate::tui) const SMOOTH_BINS: i64 = 32;

/// Cells of a title line from which on the width of a bin stands in the name.
const ROOMY: u16 = 140;

/// The time on the chart.
pub(super) fn window(scene: &Scene) -> Window {
    let Some(&span) = SCALES.get(scene.view.scale) else { return Window::Everything };
    match scene.snapshot.stats.load.peak_ms {
        // Less than that is shown as without a cursor: the rest of the chart would be empty.
        _ if scene.view.cursor.is_some() && extent(scene.snapshot) <= span => {
            if scene.whole() {
                Window::Everything
            } else {
                Window::Last(span)
            }
        }
        _ if let Some(cursor) = scene.view.cursor => Window::Around(cursor.centre, span),
        Some((at, ..)) if scene.whole() => Window::Around(at, span),
        _ => Window::Last(span),
    }
}

/// For how long the load is known, in nanoseconds.
fn extent(s: &Snapshot) -> i64 {
    let ends = |sample: &Sample| sample.start.plus(sample.length);
    let (samples, open) = (&s.stats.load.samples, s.stats.load.open.as_ref());
    samples.first().or(open).zip(open.or(samples.last())).map_or(0, |(first, last)| ends(last).since(first.start))
}

/// Bins of a chart from which on narrower ones would not be told apart.
const ENOUGH_BINS: i64 = 200;

/// The time on the chart, where what is known of the load is too coarse for it: its packets tell more.
pub(in crate::tui) fn close_span(scene: &Scene) -> Option<TimeSpan> {
    let Window::Around(at, length) = window(scene) else { return None };
    let (s, load) = (scene.snapshot, &scene.snapshot.stats.load);
    let width = load.finest(Some(at.plus(length.saturating_neg()))).map_or(load.interval, |fine| fine.width);
    bins::around(load, s.now, at, length, s.finished).filter(|span| width > span.length() / ENOUGH_BINS && width > MILLISECOND)
}

/// The load by columns of dots: by the packets themselves, where they were read again.
pub(super) fn gathered(scene: &Scene, columns: usize) -> Bins {
    let (s, load) = (scene.snapshot, &scene.snapshot.stats.load);
    match (&scene.view.close_up, close_span(scene)) {
        (Some(close), Some(span)) if close.span == span => bins::close_up(&close.picture.stats.load, span, columns),
        _ => bins::gather(load, s.now, window(scene), columns, s.finished),
    }
}

/// Numbers of the spans that show less than everything, and so many bins: milliseconds everywhere where packets can be read again.
pub(in crate::tui) fn scales(s: &Snapshot, fewest: i64, reads_again: bool) -> Vec<usize> {
    let known = extent(s);
    let known_finest = s.stats.load.fine.iter().map(|fine| fine.width).min().unwrap_or(s.stats.load.interval).min(s.stats.load.interval);
    let finest = if reads_again { MILLISECOND.min(known_finest) } else { known_finest };
    let useful = move |span: i64| span < known && span / fewest >= finest;
    SCALES.into_iter().enumerate().filter(move |(_, span)| useful(*span)).map(|(at, _)| at).collect()
}

/// Draws the chart of bits, and one of packets below it when there is room.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    // The chart shows all of the time, whatever span of it is looked at.
    let (past, scene) = (scene.snapshot, &Scene { snapshot: scene.base, ..*scene });
    let (bits, packets) = if area.height >= 20 { split_top(area, area.height - area.height / 3) } else { (area, Rect::ZERO) };
    let columns = usize::from(area.width.saturating_sub(LABELS)) * 2;
    let bins = gathered(scene, columns);
    let split = divided(scene);
    let before = Axes { key: (scene.view.scale, split, scene.view.bytes), ..Axes::default() };
    let mut axes = if scene.view.axes.key == before.key { scene.view.axes } else { before };
    let drawn = bins.span;
    let is_roomy = bits.width >= ROOMY && scene.view.cursor.is_none();
    let name = title(scene, split);
    let name = if is_roomy && drawn > 0 { format!("{name} · bins of {}", units::duration(drawn as f64 / SECOND as f64)) } else { name };
    let room = bits.width.saturating_sub(cells(&name) + 8);
    if is_one_moment(scene) {
        return timeless(canvas, area, scene, &name);
    }
    let body = titled_of(canvas, bits, (&name, "Bursts"), &note(scene, past, &bins, room), false);
    let (field, ticks) = split_top(body, body.height.saturating_sub(1));
    let (heat, field) = split_top(field, u16::from(field.height >= 4));
    strip::draw(canvas, heat, "1 ms", &series(&bins, |b| b.peak_bytes), full(scene, &bins));
    let (top, quarters) = draw_bits(canvas, field, scene, &bins, split, axes.bits);
    (axes.bits, axes.quarters) = (Some(top), Some(quarters));
    let clock = (scene.whole() || scene.view.cursor.is_some()).then(|| scene.utc_offset(Timestamp(bins.end.saturating_sub(bins.span))));
    chart::cuts(canvas, field, &bins);
    chart::ticks(canvas, ticks, &bins, clock);
    let times = chart_times(field, &bins);
    looked_at(canvas, scene, &times, heat.height);
    canvas.chart_times = Some(times);
    if packets.height > 0 {
        let body = titled(canvas, packets, "Packets", &packet_note(scene), false);
        let (field, ticks) = split_top(body, body.height.saturating_sub(1));
        axes.packets = Some(draw_packets(canvas, field, &bins, axes.packets));
        chart::cuts(canvas, field, &bins);
        chart::ticks(canvas, ticks, &bins, clock);
    }
    canvas.axes = Some(axes);
}

/// Whether all there is has one time stamp: nothing is known of how fast it came.
pub(in crate::tui) fn is_one_moment(scene: &Scene) -> bool {
    let s = scene.snapshot;
    scene.whole() && window(scene) == Window::Everything && s.stats.total.packets > 0 && scene.basis(s.stats.recent, s.stats.total).1 <= 0.0
}

/// Lines that it takes to say so, with the title.
pub(in crate::tui) const TIMELESS: u16 = 3;

/// In the place of a chart, where there is no time.
fn timeless(canvas: &mut Canvas, area: Rect, scene: &Scene, name: &str) {
    let body = titled_of(canvas, area, (name, "Bursts"), &[], false);
    let words = match scene.snapshot.stats.total.packets {
        1 => "one packet: how fast more would have come cannot be told",
        _ => "all packets have the same time stamp: how fast they came cannot be told",
    };
    let width = body.width.saturating_sub(2);
    for (line, y) in wrap(words, width).iter().zip(body.top()..body.bottom()) {
        canvas.ink(body.x + 1, y, width, line, Hue::Dim);
    }
}

fn series(bins: &Bins, value: fn(&Bin) -> f64) -> Vec<Option<f64>> {
    bins.bins.iter().map(|b| b.as_ref().map(value)).collect()
}

/// Seconds of the narrowest bin that is told.
pub(in crate::tui) const A_MILLISECOND: f64 = 1e-3;

/// Bytes a second of the slowest link that is still in use, 100 Mb/s: where no speed is known a single frame in a millisecond is no peak.
const SLOWEST: f64 = 12_500_000.0;

/// What a millisecond can hold at most, in bytes a second: the link's speed, or where that is not known the most there was.
fn full(scene: &Scene, bins: &Bins) -> f64 {
    let worst = bins.facts.worst.map_or(0.0, |w| w.1);
    scene.snapshot.capture.speed.map_or(worst.max(SLOWEST), |speed| speed as f64 / 8.0)
}

/// Whether out and in are drawn apart: as the user says, else when most of the traffic crosses the border.
fn divided(scene: &Scene) -> bool {
    let d = &scene.snapshot.stats.directions;
    let crossing = d.inbound.wire_bytes.saturating_add(d.outbound.wire_bytes);
    scene.view.split.unwrap_or(ratio(crossing, scene.snapshot.stats.total.wire_bytes) >= 0.6)
}

fn title(scene: &Scene, split: bool) -> String {
    let what = if split { "Load, ↑ out, ↓ in" } else { "Load" };
    let span = match window(scene) {
        Window::Everything if scene.snapshot.live => "since the start".to_owned(),
        Window::Everything if scene.snapshot.unread().is_some() => "so far".to_owned(),
        Window::Everything => "whole capture".to_owned(),
        Window::Last(span) => format!("last {}", span_name(span)),
        Window::Around(at, span) if scene.view.cursor.is_some() => {
            format!("{} around {}", span_name(span), amount::time_of_day(at, scene.utc_offset(at)))
        }
        Window::Around(_, span) => format!("{} around the busiest 1 ms", span_name(span)),
    };
    format!("{what} · {span}")
}

fn span_name(nanos: i64) -> String {
    match (nanos / 1_000_000, nanos / SECOND) {
        (ms, 0) => format!("{ms} ms"),
        (_, s) if s < 60 => format!("{s} s"),
        (_, s) if s < 3_600 => format!("{} min", s / 60),
        (_, s) if s < 86_400 => format!("{} h", s / 3_600),
        (_, s) => format!("{} d", s / 86_400),
    }
}

type Note = Vec<(Cow<'static, str>, Style)>;

/// What is said of the load, the most important first, as much as there is room for.
fn note(scene: &Scene, past: &Snapshot, bins: &Bins, room: u16) -> Note {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    if let Some(note) = past_note(scene, past, room) {
        return note;
    }
    if scene.view.paused {
        let behind = format!("❚❚ paused, {} behind", amount::short_duration(scene.behind.floor()));
        return vec![(behind.into(), scene.theme.strong(Hue::Warn))];
    }
    if bins.bins.iter().all(Option::is_none) {
        return vec![(nothing(scene.base).into(), dim)];
    }
    let s = scene.snapshot;
    let rate = |bytes: f64| amount::rate(scene, bytes * 8.0).plain();
    let speed = s.capture.speed.filter(|speed| *speed > 0);
    let both = both_ways(s);
    let utilisation = |share: &dyn Fn(u64) -> f64| speed.map(|speed| format!(" {}{both}", amount::share(share(speed)))).unwrap_or_default();
    let facts = bins.facts;
    let all = (scene.whole() && window(scene) == Window::Everything).then(|| scene.basis(s.stats.recent, s.stats.total));
    let mean = all.map_or(facts.mean, |(traffic, seconds)| traffic.bits_per_second(seconds) / 8.0);
    // What is said, and its rank: the last to go stands first.
    let mut said: Vec<(u8, Note)> = Vec::new();
    if s.live && !s.finished {
        let (traffic, seconds) = scene.now();
        let now = traffic.bits_per_second(seconds);
        let share = utilisation(&|speed| traffic.link_share(seconds, speed));
        said.push((0, vec![("now ".into(), dim), (rate(now / 8.0).into(), text), (share.into(), text)]));
    }
    let of_mean = |speed: u64| all.map_or(facts.mean_link * 8.0 / speed as f64, |(traffic, seconds)| traffic.link_share(seconds, speed));
    let share = if s.live { String::new() } else { utilisation(&of_mean) };
    // The first line of a file tells the mean of all of it.
    let of = if scene.whole() && all.is_none() { "mean in view " } else { "mean " };
    said.push((1, vec![(of.into(), dim), (rate(mean).into(), text), (share.into(), text)]));
    if let Some(p95) = facts.p95 {
        said.push((4, vec![("p95 1 s ".into(), dim), (rate(p95).into(), text)]));
    }
    // Where the mean is of a shorter time than a stretch there is none.
    let worst = facts.worst.filter(|_| s.burst_seconds() >= A_MILLISECOND);
    let (max, worst) = once(facts.max.filter(|max| *max >= mean), worst, facts.width);
    if let Some(max) = max {
        let width = span_name(facts.width);
        said.push((2, vec![(format!("max {width} ").into(), dim), (rate(max).into(), text)]));
    }
    if let Some((at, bytes)) = worst {
        let value = match speed.map(|speed| facts.worst_traffic.link_share(A_MILLISECOND, speed)) {
            Some(share) => (format!("{}{both}", amount::share(share)), scene.theme.heat(share)),
            None => (rate(bytes), text),
        };
        said.extend(busiest_millisecond(scene, value, at));
    }
    chosen(said, room, dim)
}

/// The busiest millisecond, and where there is room when it was.
fn busiest_millisecond(scene: &Scene, (value, hue): (String, Style), at: Timestamp) -> impl Iterator<Item = (u8, Note)> {
    let head = || ("max 1 ms ".into(), scene.style(Hue::Dim));
    let when = format!(" at {}", amount::moment(at, scene.utc_offset(at)));
    let alone = (3, vec![head(), (value.clone().into(), hue)]);
    let timed = scene.snapshot.is_timed().then(|| (5, vec![head(), (value.into(), hue), (when.into(), scene.style(Hue::Dim))]));
    std::iter::once(alone).chain(timed)
}

/// The busiest stretch of that width and the busiest millisecond, with when that was: where both are a millisecond the larger alone. Of packets
/// that stand for many a millisecond is counted as they came, and a stretch as what they stand for.
fn once<T>(max: Option<f64>, worst: Option<(T, f64)>, width: i64) -> (Option<f64>, Option<(T, f64)>) {
    match (max, worst) {
        (Some(max), Some((_, bytes))) if width == MILLISECOND && bytes < max => (Some(max), None),
        (_, worst @ Some(_)) if width == MILLISECOND => (None, worst),
        both => both,
    }
}

/// What is said behind a share of the link's speed where it is that of all frames, and the link carries that speed either way.
pub(super) fn both_ways(s: &Snapshot) -> &'static str {
    if s.adds_both_ways() { " both ways" } else { "" }
}

/// What is said where no time has any packets.
fn nothing(s: &Snapshot) -> &'static str {
    match (s.finished, s.stats.total.packets, s.is_timed()) {
        (true, 1.., false) => "none: the packets were recorded without times",
        // More may come, but none was in that time.
        (_, 1.., true) => "no packet in the time shown",
        (true, 0, _) => "no packets",
        (false, ..) => "waiting for packets",
    }
}

/// What is said of the span that is looked at.
fn past_note(scene: &Scene, past: &Snapshot, room: u16) -> Option<Note> {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    let (times, closely) = amount::past(scene, past)?;
    let s = scene.snapshot;
    let mut said: Vec<(u8, Note)> = vec![(0, vec![(times.into(), scene.theme.strong(Hue::Warn))]), (3, vec![(closely.into(), dim)])];
    let mean = past.stats.total.bits_per_second(past.recent_seconds);
    let speed = s.capture.speed.filter(|speed| *speed > 0);
    let share = speed.map(|speed| past.stats.total.link_share(past.recent_seconds, speed));
    let both = both_ways(s);
    let share = share.map(|share| format!(" {}{both}", amount::share(share))).unwrap_or_default();
    said.push((1, vec![("mean ".into(), dim), (amount::rate(scene, mean).plain().into(), text), (share.into(), text)]));
    let span = past.span.as_ref()?.span;
    let inside =
        s.stats.load.samples.iter().filter(|sample| span.overlaps(TimeSpan { from: sample.start, to: sample.start.plus(sample.length) }));
    let worst = inside.filter(|sample| sample.peak_ms_at.is_none_or(|at| span.contains(at))).max_by_key(|sample| sample.peak_ms_bytes);
    if let Some(worst) = worst.filter(|worst| worst.peak_ms_bytes > 0) {
        let bits = worst.peak_ms_bytes as f64 * 8_000.0;
        let (value, hue) = match speed {
            Some(speed) => {
                let share = worst.peak_ms().link_share(A_MILLISECOND, speed);
                (format!("{}{both}", amount::share(share)), scene.theme.heat(share))
            }
            None => (amount::rate(scene, bits).plain(), text),
        };
        let at = worst.peak_ms_at.map(|at| format!(" at {}", amount::moment(at, scene.utc_offset(at)))).unwrap_or_default();
        said.push((2, vec![("max 1 ms ".into(), dim), (value.into(), hue), (at.into(), dim)]));
    }
    Some(chosen(said, room, dim))
}

/// Where times are on a chart whose axis stands in its first cells.
pub(in crate::tui) fn chart_times(area: Rect, bins: &Bins) -> ChartTimes {
    let labels = LABELS.min(area.width);
    let stretches = bins.stretches.iter().map(|s| ChartStretch { bin: s.bin, bins: s.bins, start: s.start, end: s.end });
    let field = Rect { x: area.x + labels, width: area.width - labels, ..area };
    ChartTimes { field, span: bins.span, end: bins.end, stretches: stretches.collect() }
}

/// Marks the columns of the span that is looked at, and the cursor under them.
pub(in crate::tui) fn looked_at(canvas: &mut Canvas, scene: &Scene, times: &ChartTimes, above: u16) {
    let Some(cursor) = scene.view.cursor else { return };
    let field = times.field;
    if let Some((x, width)) = times.columns(cursor.span()) {
        let y = field.y.saturating_sub(above);
        canvas.over(Rect { x, y, width, height: field.height + above }, scene.theme.selected());
    }
    if let Some((x, width)) = times.columns(cursor.here) {
        // Half a time of day under the mark would be another one.
        canvas.erase_word(x + width / 2, field.bottom());
        canvas.put(x + width / 2, field.bottom(), 1, "▲", scene.theme.strong(Hue::Warn));
    }
}

/// The pieces that fit, in their order; a later one with the same beginning replaces the shorter.
fn chosen(mut said: Vec<(u8, Note)>, room: u16, dim: Style) -> Note {
    let wide = |piece: &Note| piece.iter().map(|p| cells(&p.0)).sum::<u16>() + 3;
    let all = |said: &[(u8, Note)]| said.iter().map(|p| wide(&p.1)).sum::<u16>().saturating_sub(3);
    let longer = said.iter().any(|p| p.0 == 5);
    let short: Vec<(u8, Note)> = said.iter().filter(|p| p.0 != 5).cloned().collect();
    if longer {
        said.retain(|p| p.0 != 3);
    }
    // When the worst was is worth more than the load of most seconds.
    if longer && all(&said) > room {
        said.retain(|p| p.0 != 4);
    }
    if all(&said) > room {
        said = short;
    }
    while all(&said) > room && said.len() > 1 {
        let last = said.iter().map(|p| p.0).max().unwrap_or(0);
        said.retain(|p| p.0 != last);
    }
    let mut out = Note::new();
    for (_, piece) in said {
        if !out.is_empty() {
            out.push((" · ".into(), dim));
        }
        out.extend(piece);
    }
    out
}

fn packet_note(scene: &Scene) -> Note {
    let dim = scene.style(Hue::Dim);
    let s = scene.snapshot;
    let mean = if s.stats.total.packets > 0 { s.stats.total.wire_bytes as f64 / s.stats.total.packets as f64 } else { 0.0 };
    vec![("mean packet ".into(), dim), (format!("{} B", units::grouped(mean.round() as u64)).into(), scene.style(Hue::Text))]
}

fn largest(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().fold(0.0, |a: f64, b| a.max(*b))
}

/// Draws the load; returns the top of its axis, in bytes a second, and the quarters above it.
fn draw_bits(canvas: &mut Canvas, area: Rect, scene: &Scene, bins: &Bins, split: bool, before: Option<f64>) -> (f64, u16) {
    let unit = if scene.view.bytes { 1.0 } else { 8.0 };
    let scaled = |value: fn(&Bin) -> f64| -> Vec<Option<f64>> { series(bins, value).into_iter().map(|v| v.map(|v| v * unit)).collect() };
    let speed = scene.snapshot.capture.speed.filter(|speed| *speed > 0);
    let limit = speed.map(|speed| speed as f64 * unit / 8.0);
    let theme = *canvas.theme;
    let (up, down) = if split { (scaled(|b| b.outbound), Some(scaled(|b| b.inbound))) } else { (scaled(|b| b.bytes), None) };
    let (quarters, most) = match &down {
        Some(down) => chart::share_out(scene.view.axes.quarters.filter(|_| before.is_some()), largest(&up), largest(down)),
        None => (2, largest(&up)),
    };
    if split && most <= 0.0 && !bins.bins.is_empty() {
        let words = "Nothing crosses the border of the local networks; --local-net CIDR says which they are, d shows all together.";
        canvas.ink(area.x + LABELS, area.y + area.height / 2, area.width.saturating_sub(LABELS), words, Hue::Dim);
        return (before.unwrap_or(0.0), quarters);
    }
    let top = settle(before.map(|b| b * unit), most, limit);
    // Where a speed is known the colour says how full the link is, else how high this is among what there was.
    let full = limit.unwrap_or(top).max(f64::MIN_POSITIVE);
    let name = speed.map(|speed| format!("link {}", amount::speed(speed))).unwrap_or_default();
    let plot = Plot {
        up: &up,
        down: down.as_deref(),
        top,
        quarters,
        limit: limit.map(|limit| (limit, name.as_str())),
        up_style: &move |h| if split { theme.style(Hue::Out) } else { theme.heat(h * top / full) },
        down_style: &move |_| theme.style(Hue::In),
    };
    chart::plot(canvas, area, &plot);
    (top / unit, quarters)
}

/// Draws the packets; returns the top of their axis.
fn draw_packets(canvas: &mut Canvas, area: Rect, bins: &Bins, before: Option<f64>) -> f64 {
    let up = series(bins, |b| b.packets);
    let top = settle(before, largest(&up), None);
    let theme = *canvas.theme;
    let plot =
        Plot { up: &up, down: None, top, quarters: 2, limit: None, up_style: &move |h| theme.area(h), down_style: &|_| Style::new() };
    chart::plot(canvas, area, &plot);
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_millisecond_is_told_once() {
        assert_eq!(once(Some(5.0), Some(((), 5.0)), MILLISECOND), (None, Some(((), 5.0))));
        assert_eq!(once(Some(750.0), Some(((), 1.0)), MILLISECOND), (Some(750.0), None), "samples stand for many packets");
        assert_eq!(once(Some(5.0), Some(((), 9.0)), SECOND), (Some(5.0), Some(((), 9.0))));
        assert_eq!(once(None, Some(((), 9.0)), MILLISECOND), (None, Some(((), 9.0))));
    }

    #[test]
    fn what_is_said_gives_way_by_rank() {
        let piece = |text: &'static str| vec![(Cow::Borrowed(text), Style::new())];
        let said = || {
            vec![(0, piece("now")), (1, piece("mean")), (4, piece("p95")), (2, piece("max")), (3, piece("ms")), (5, piece("ms at 12:00"))]
        };
        let text = |room| chosen(said(), room, Style::new()).iter().map(|p| p.0.as_ref()).collect::<String>();
        assert_eq!(text(36), "now · mean · p95 · max · ms at 12:00");
        assert_eq!(text(35), "now · mean · max · ms at 12:00");
        assert_eq!(text(29), "now · mean · p95 · max · ms");
        assert_eq!(text(25), "now · mean · max · ms");
        assert_eq!(text(10), "now · mean");
        assert_eq!(text(0), "now");
    }
}
