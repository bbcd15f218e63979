//! The load chart: a braille area for the mean, brighter dots for the one-millisecond peak, real axes.
//!
//! ```text
//!  10 G┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
//!   5 G            ⡀             ⢀
//!      ⠄⠂⠁⠂⠄⡀ ⢀⠄⠂⠁⠂⠄⡀    ⢀⣠⣤⣶⣿⣿⣶⣤⣀
//!   0  ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
//!      -5 min                       now
//! ```

use super::amount;
use super::braille::Dots;
use crate::model::time::{MILLISECOND, SECOND, Timestamp};
use crate::snapshot::{Load, Sample};
use crate::tui::canvas::{Canvas, cells};
use crate::tui::theme::Hue;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Mean load in one column of dots, all in units a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::tui) struct Bin {
    /// Wire bytes.
    pub bytes: f64,
    /// Packets.
    pub packets: f64,
    /// Wire bytes from inside to outside.
    pub outbound: f64,
    /// Wire bytes from outside to inside.
    pub inbound: f64,
    /// Wire bytes in the busiest millisecond, as a rate.
    pub peak_bytes: f64,
    /// Packets in the busiest millisecond, as a rate.
    pub peak_packets: f64,
    /// Nanoseconds that had samples.
    covered: i64,
}

/// Load by columns of dots.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Bins {
    /// Beginning of the first bin, nanoseconds.
    pub start: i64,
    /// Nanoseconds of one bin.
    pub span: i64,
    /// End of what is known.
    pub end: i64,
    /// The bins; `None` is a gap.
    pub bins: Vec<Option<Bin>>,
}

/// Spreads samples over `count` bins that end at `now`; `seconds` of `None` shows everything.
pub(in crate::tui) fn gather(load: &Load, now: Timestamp, seconds: Option<i64>, count: usize) -> Bins {
    let all = || load.samples.iter().chain(load.open.as_ref());
    let (Some(first), Some(last)) = (all().next(), all().last()) else { return Bins::default() };
    let end_of = |s: &Sample| s.start.0.saturating_add(s.length.max(1));
    let interval = load.interval.max(1);
    // A port that has fallen silent moves on with the clock; otherwise the picture ends where the last interval ends.
    let quiet = now.0.saturating_sub(end_of(last)) > interval.saturating_mul(2);
    let end = if quiet { now.0 } else { end_of(last) };
    let count = count.max(1) as i64;
    let window = match seconds {
        Some(s) => s.saturating_mul(SECOND),
        None => end.saturating_sub(first.start.0).max(interval),
    };
    let span = (window / count + i64::from(window % count != 0)).max(1);
    // Bins begin at multiples of their span: a bar keeps its height while it moves left.
    let start = match seconds {
        Some(_) => end.saturating_sub(1).div_euclid(span).saturating_sub(count - 1).saturating_mul(span),
        None => first.start.0,
    };
    let mut bins = vec![None::<Bin>; count as usize];
    let begin = load.samples.partition_point(|s| end_of(s) <= start);
    for sample in load.samples.iter().skip(begin).chain(load.open.as_ref()) {
        spread(sample, start, span, &mut bins);
    }
    let last_bin = (end.saturating_sub(1).saturating_sub(start) / span).clamp(0, count - 1) as usize;
    for (i, bin) in bins.iter_mut().enumerate() {
        if let Some(b) = bin {
            let seconds = if i >= last_bin || i == 0 { b.covered.max(1) } else { span } as f64 / SECOND as f64;
            for value in [&mut b.bytes, &mut b.packets, &mut b.outbound, &mut b.inbound] {
                *value /= seconds;
            }
        }
    }
    Bins { start, span, end, bins }
}

/// Adds one sample to the bins it overlaps, in proportion.
fn spread(sample: &Sample, start: i64, span: i64, bins: &mut [Option<Bin>]) {
    let length = sample.length.max(1);
    let (from, to) = (sample.start.0.max(start), sample.start.0.saturating_add(length));
    if to <= start {
        return;
    }
    let first = (from.saturating_sub(start) / span).max(0) as usize;
    let last = ((to - 1).saturating_sub(start) / span) as usize;
    let peak_bin = sample.peak_ms_at.map(|at| (at.0.saturating_sub(start)).div_euclid(span));
    for i in first..=last.min(bins.len().saturating_sub(1)) {
        let left = start.saturating_add(span.saturating_mul(i as i64));
        let overlap = to.min(left.saturating_add(span)).saturating_sub(from.max(left));
        if overlap <= 0 {
            continue;
        }
        let Some(slot) = bins.get_mut(i) else { break };
        let bin = slot.get_or_insert_default();
        let part = overlap as f64 / length as f64;
        bin.bytes += sample.traffic.wire_bytes as f64 * part;
        bin.packets += sample.traffic.packets as f64 * part;
        bin.outbound += sample.outbound_bytes as f64 * part;
        bin.inbound += sample.inbound_bytes as f64 * part;
        bin.covered = bin.covered.saturating_add(overlap);
        if peak_bin.is_none_or(|at| at == i as i64) {
            let per_second = (SECOND / MILLISECOND) as f64;
            bin.peak_bytes = bin.peak_bytes.max(sample.peak_ms_bytes as f64 * per_second);
            bin.peak_packets = bin.peak_packets.max(sample.peak_ms_packets as f64 * per_second);
        }
    }
}

/// The next round number at or above a value, such that a half of it is round too.
pub(in crate::tui) fn round_up(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let decade = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 2.4, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.iter().map(|s| s * decade).find(|s| *s >= value * 0.999_999).unwrap_or(decade * 10.0)
}

/// One chart.
pub(in crate::tui) struct Plot<'a> {
    /// Heights above the axis, a column of dots each.
    pub up: &'a [Option<f64>],
    /// Heights below the axis.
    pub down: Option<&'a [Option<f64>]>,
    /// Brighter dots above the axis.
    pub peak: &'a [Option<f64>],
    /// Value at the top.
    pub top: f64,
    /// Where the thin line is.
    pub limit: Option<f64>,
    /// Area above the axis, by height 0 to 1.
    pub up_style: &'a dyn Fn(f64) -> Style,
    /// Area below the axis.
    pub down_style: Style,
}

/// Cells of the labels at the left.
pub(in crate::tui) const LABELS: u16 = 7;

/// Draws labels and dots into an area (time ticks not included).
pub(in crate::tui) fn plot(canvas: &mut Canvas, area: Rect, plot: &Plot) {
    if area.width <= LABELS || area.height == 0 {
        return;
    }
    let field = Rect { x: area.x + LABELS, width: area.width - LABELS, ..area };
    let up_rows = if plot.down.is_some() { area.height.div_ceil(2) } else { area.height };
    let (upper, lower) = (Rect { height: up_rows, ..field }, Rect { y: field.y + up_rows, height: area.height - up_rows, ..field });
    grid(canvas, area, upper, lower, plot);
    let dots = rise(plot.up, upper, plot.top);
    let peaks = points(plot.peak, upper, plot.top);
    for y in 0..upper.height {
        let height = 1.0 - f64::from(y) / f64::from(upper.height);
        for x in 0..upper.width {
            let drawn = match (dots.symbol(x, y), peaks.symbol(x, y)) {
                (Some(symbol), _) => Some((symbol, (plot.up_style)(height))),
                (None, Some(symbol)) => Some((symbol, canvas.theme.style(Hue::Peak))),
                (None, None) => None,
            };
            if let Some((symbol, style)) = drawn {
                canvas.put(upper.x + x, upper.y + y, 1, symbol.encode_utf8(&mut [0; 4]), style);
            }
        }
    }
    for (i, value) in plot.peak.iter().enumerate() {
        if value.is_some_and(|v| v > plot.top * 1.000_001) {
            let style = canvas.theme.style(Hue::Peak);
            canvas.put(upper.x + (i / 2) as u16, upper.y, 1, "▴", style);
        }
    }
    if let Some(down) = plot.down {
        hang(canvas, down, lower, plot);
    }
}

/// Dots that rise from the foot of an area.
fn rise(values: &[Option<f64>], area: Rect, top: f64) -> Dots {
    let mut dots = Dots::new(area.width, area.height);
    let all = usize::from(area.height) * 4;
    for (x, value) in values.iter().enumerate() {
        if let Some(value) = value {
            for y in 0..level(*value, top, all).max(1) {
                dots.set(x, all - 1 - y.min(all - 1));
            }
        }
    }
    dots
}

/// Single dots at their height.
fn points(values: &[Option<f64>], area: Rect, top: f64) -> Dots {
    let mut dots = Dots::new(area.width, area.height);
    let all = usize::from(area.height) * 4;
    for (x, value) in values.iter().enumerate() {
        if let Some(value) = value.filter(|v| *v > 0.0 && *v <= top * 1.000_001) {
            dots.set(x, all - level(value, top, all).clamp(1, all));
        }
    }
    dots
}

/// Dots that hang from the top of an area.
fn hang(canvas: &mut Canvas, values: &[Option<f64>], area: Rect, plot: &Plot) {
    let mut dots = Dots::new(area.width, area.height);
    let all = usize::from(area.height) * 4;
    for (x, value) in values.iter().enumerate() {
        if let Some(value) = value {
            for y in 0..level(*value, plot.top, all).max(1).min(all) {
                dots.set(x, y);
            }
        }
    }
    for y in 0..area.height {
        for x in 0..area.width {
            if let Some(symbol) = dots.symbol(x, y) {
                canvas.put(area.x + x, area.y + y, 1, symbol.encode_utf8(&mut [0; 4]), plot.down_style);
            }
        }
    }
}

fn level(value: f64, top: f64, dots: usize) -> usize {
    let share = if top > 0.0 && value.is_finite() { (value / top).clamp(0.0, 1.0) } else { 0.0 };
    (share * dots as f64).round() as usize
}

/// Labels at the left and the lines behind the dots.
fn grid(canvas: &mut Canvas, area: Rect, upper: Rect, lower: Rect, plot: &Plot) {
    let (dim, faint) = (canvas.theme.style(Hue::Dim), canvas.theme.style(Hue::Faint));
    let mut label = |y: u16, value: f64| {
        canvas.right(area.x, y, LABELS - 1, &amount::axis(value), dim);
        canvas.run(upper.x, y, upper.width, "┈", faint);
    };
    if plot.top <= 0.0 {
        return;
    }
    label(upper.y, plot.top);
    if upper.height >= 8 {
        for quarter in [1, 2, 3] {
            label(upper.y + upper.height * quarter / 4, plot.top * f64::from(4 - quarter) / 4.0);
        }
    } else if upper.height >= 4 {
        label(upper.y + upper.height / 2, plot.top / 2.0);
    }
    if lower.height >= 2 {
        label(lower.bottom() - 1, plot.top);
    }
    if upper.height > 1 {
        canvas.right(area.x, upper.bottom() - 1, LABELS - 1, "0", dim);
    }
    if let Some(limit) = plot.limit.filter(|l| *l <= plot.top * 1.000_001 && *l > 0.0) {
        let y = (f64::from(upper.height) * (1.0 - limit / plot.top)).floor() as u16;
        let y = upper.y + y.min(upper.height.saturating_sub(1));
        canvas.run(upper.x, y, upper.width, "╌", dim);
    }
}

/// Draws time ticks under a field that starts [`LABELS`] cells in.
pub(in crate::tui) fn ticks(canvas: &mut Canvas, area: Rect, bins: &Bins, clock: Option<i64>) {
    if area.width <= LABELS || area.height == 0 || bins.bins.is_empty() {
        return;
    }
    let (x, width) = (area.x + LABELS, area.width - LABELS);
    let dim = canvas.theme.style(Hue::Dim);
    let per_cell = bins.span.saturating_mul(2).max(1);
    let last = x + width - 1;
    let wide: i64 = if clock.is_some() { 14 } else { 11 };
    let window = bins.span.saturating_mul(bins.bins.len() as i64) / SECOND;
    // Minutes are not divided where minutes are counted, nor hours where hours are.
    let least = if window > 9_000 {
        3_600
    } else if window > 150 {
        60
    } else {
        1
    };
    const STEPS: [i64; 18] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800];
    let step = STEPS
        .into_iter()
        .find(|s| (*s >= least || clock.is_some()) && s.saturating_mul(SECOND) / per_cell >= wide)
        .unwrap_or(per_cell.saturating_mul(wide) / SECOND / 86_400 * 86_400 + 86_400)
        .saturating_mul(SECOND);
    match clock {
        None => {
            canvas.right(x, area.y, width, "now", dim);
            let mut back = step;
            while back / per_cell < i64::from(width) {
                let at = last - (back / per_cell) as u16;
                let text = ago(back / SECOND);
                if at + cells(&text) + 4 < last {
                    canvas.put(at, area.y, width, &text, dim);
                }
                back = back.saturating_add(step);
            }
        }
        Some(offset) => {
            // Absolute times stand at round moments, so that a longer capture of the same time reads the same.
            let mut at = bins.start.saturating_add(step - 1).div_euclid(step).saturating_mul(step);
            let days = step >= 86_400 * SECOND;
            let mut drawn = false;
            while at < bins.end {
                let column = at.saturating_sub(bins.start) / per_cell;
                if column + 8 <= i64::from(width) {
                    let text = if days { amount::date(Timestamp(at), offset) } else { amount::time_of_day(Timestamp(at), offset) };
                    canvas.put(x + column as u16, area.y, width, &text, dim);
                    drawn = true;
                }
                at = at.saturating_add(step);
            }
            if !drawn {
                let length = bins.end.saturating_sub(bins.start) as f64 / SECOND as f64;
                canvas.put(x, area.y, width, &amount::time_of_day(Timestamp(bins.start), offset), dim);
                canvas.right(x, area.y, width, &format!("+{}", amount::short_duration(length)), dim);
            }
        }
    }
}

/// `-30 s`, `-5 min`, `-2 h`, `-3 d`.
fn ago(seconds: i64) -> String {
    match seconds {
        s if s < 60 || s % 60 != 0 => format!("-{s} s"),
        s if s < 3_600 || s % 3_600 != 0 => format!("-{} min", s / 60),
        s if s < 86_400 || s % 86_400 != 0 => format!("-{} h", s / 3_600),
        s => format!("-{} d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Traffic;

    fn sample(second: i64, bytes: u64) -> Sample {
        Sample {
            start: Timestamp::new(second, 0),
            length: SECOND,
            traffic: Traffic { packets: 10, wire_bytes: bytes },
            ..Sample::default()
        }
    }

    #[test]
    fn bins_keep_the_bytes_and_show_gaps() {
        let load = Load { interval: SECOND, samples: vec![sample(0, 100), sample(1, 300), sample(5, 500)], ..Load::default() };
        let bins = gather(&load, Timestamp::new(6, 0), Some(6), 6);
        let rates: Vec<_> = bins.bins.iter().map(|b| b.map(|b| b.bytes)).collect();
        assert_eq!(rates, [Some(100.0), Some(300.0), None, None, None, Some(500.0)]);
        let coarse = gather(&load, Timestamp::new(6, 0), Some(6), 3);
        let rates: Vec<_> = coarse.bins.iter().map(|b| b.map(|b| b.bytes)).collect();
        assert_eq!(rates, [Some(200.0), None, Some(500.0)]);
    }

    #[test]
    fn a_silent_port_moves_on() {
        let load = Load { interval: SECOND, samples: vec![sample(0, 100)], ..Load::default() };
        let bins = gather(&load, Timestamp::new(10, 0), Some(10), 10);
        assert_eq!(bins.bins.iter().filter(|b| b.is_some()).count(), 1);
        assert!(bins.bins[0].is_some());
    }

    #[test]
    fn extremes_do_not_overflow() {
        let odd = Sample { start: Timestamp(i64::MAX - 3), length: i64::MAX, ..Sample::default() };
        let load = Load { interval: 0, samples: vec![Sample { start: Timestamp(i64::MIN), ..odd }, odd], ..Load::default() };
        for seconds in [None, Some(30), Some(i64::MAX)] {
            let _ = gather(&load, Timestamp(i64::MAX), seconds, 7);
            let _ = gather(&load, Timestamp(i64::MIN), seconds, 0);
        }
    }

    #[test]
    fn round_tops() {
        assert_eq!(round_up(870e6), 1e9);
        assert_eq!(round_up(1.0), 1.0);
        assert_eq!(round_up(1.1e9), 1.2e9);
        assert_eq!(round_up(0.0), 1.0);
        assert_eq!(round_up(f64::INFINITY), 1.0);
    }
}
