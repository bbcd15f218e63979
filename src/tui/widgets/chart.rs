//! A chart: a braille area on an axis of its own, with round values beside it and times below.
//!
//! ```text
//!  900 M ┈┈┈┈┈┈┈┈┈┈┈┈⣀⣠⣤⣤⣀┈┈┈┈┈┈┈┈┈┈┈┈
//!  600 M ⣀┈┈⣀⣠⣤⣶⣿⣿⣿⣿⣿⣿⣶⣤⣀┈┈┈┈┈┈⣀⣀⣤⣤⣤
//!  300 M ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
//!      0 ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
//!        -5 min                       now
//! ```

use super::amount;
use super::bins::Bins;
use super::braille::Dots;
use crate::model::time::{MILLISECOND, SECOND, Timestamp};
use crate::tui::canvas::{Canvas, cells};
use crate::tui::theme::Hue;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// One chart.
pub(in crate::tui) struct Plot<'a> {
    /// Heights above the axis, a column of dots each.
    pub up: &'a [Option<f64>],
    /// Heights below the axis.
    pub down: Option<&'a [Option<f64>]>,
    /// Value at the top.
    pub top: f64,
    /// Quarters of the area above the axis, where there is something below it.
    pub quarters: u16,
    /// Where a line is, and what it is called.
    pub limit: Option<(f64, &'a str)>,
    /// Area above the axis, by height 0 to 1.
    pub up_style: &'a dyn Fn(f64) -> Style,
    /// Area below the axis, by depth 0 to 1.
    pub down_style: &'a dyn Fn(f64) -> Style,
}

/// Cells of the labels at the left.
pub(in crate::tui) const LABELS: u16 = 7;

/// An axis stays as long as the largest value reaches this part of it: while a capture grows its bins become wider, and the largest of them are lower
/// by that alone.
const HELD: f64 = 0.6;

/// The top of an axis for a largest value: a tenth above it, and the same as before as long as that is nearly as good, so that an axis holds
/// still. Once the largest value is half of a link's speed, the axis shows all of the link.
pub(in crate::tui) fn settle(before: Option<f64>, largest: f64, limit: Option<f64>) -> f64 {
    let limit = limit.filter(|l| *l > 0.0);
    if largest <= 0.0 || !largest.is_finite() {
        return before.or(limit).unwrap_or(0.0);
    }
    if let Some(limit) = limit {
        let enough = if before == Some(limit) { 0.4 } else { 0.5 };
        if largest <= limit && largest >= limit * enough {
            return limit;
        }
    }
    match before {
        Some(before) if largest <= before && largest >= before * HELD => before,
        _ => largest * 1.1,
    }
}

/// Draws labels and dots into an area (time ticks not included).
pub(in crate::tui) fn plot(canvas: &mut Canvas, area: Rect, plot: &Plot) {
    if area.width <= LABELS || area.height == 0 {
        return;
    }
    let field = Rect { x: area.x + LABELS, width: area.width - LABELS, ..area };
    let up_rows = if plot.down.is_some() { upper_rows(area.height, plot.quarters) } else { area.height };
    let (upper, lower) = (Rect { height: up_rows, ..field }, Rect { y: field.y + up_rows, height: area.height - up_rows, ..field });
    grid(canvas, area, upper, lower, plot);
    let dots = rise(plot.up, upper, plot.top);
    draw(canvas, &dots, upper, &|y| (plot.up_style)(1.0 - (f64::from(y) + 0.5) / f64::from(upper.height.max(1))));
    if let Some(down) = plot.down {
        let dots = hang(down, lower, bottom(plot.top, upper, lower));
        draw(canvas, &dots, lower, &|y| (plot.down_style)((f64::from(y) + 0.5) / f64::from(lower.height.max(1))));
    }
    name_limit(canvas, upper, plot);
}

/// Rows above the axis.
fn upper_rows(height: u16, quarters: u16) -> u16 {
    (height.saturating_mul(quarters.clamp(1, 3)).div_ceil(4)).clamp(1, height.max(1))
}

/// Value at the foot: a row is worth as much below the axis as above it.
fn bottom(top: f64, upper: Rect, lower: Rect) -> f64 {
    top * f64::from(lower.height) / f64::from(upper.height.max(1))
}

/// How many quarters of a chart stand above its axis, and the value at its top, so that what is largest above and below fills it; `before`:
/// what stood there, which is kept while it is nearly as good.
pub(in crate::tui) fn share_out(before: Option<u16>, up: f64, down: f64) -> (u16, f64) {
    let part = if up + down > 0.0 { up / (up + down) } else { 0.5 };
    let quarters = match (before, part) {
        (Some(1), ..0.42) | (None, ..0.36) => 1,
        (Some(3), 0.58..) | (None, 0.64..) => 3,
        (Some(2), 0.3..0.7) => 2,
        (Some(_), ..0.36) => 1,
        (Some(_), 0.64..) => 3,
        _ => 2,
    };
    let above = f64::from(quarters) / 4.0;
    (quarters, up.max(down * above / (1.0 - above)))
}

fn draw(canvas: &mut Canvas, dots: &Dots, area: Rect, style: &dyn Fn(u16) -> Style) {
    for y in 0..area.height {
        let style = style(y);
        for x in 0..area.width {
            if let Some(symbol) = dots.symbol(x, y) {
                canvas.put(area.x + x, area.y + y, 1, symbol.encode_utf8(&mut [0; 4]), style);
            }
        }
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

/// Dots that hang from the top of an area.
fn hang(values: &[Option<f64>], area: Rect, top: f64) -> Dots {
    let mut dots = Dots::new(area.width, area.height);
    let all = usize::from(area.height) * 4;
    for (x, value) in values.iter().enumerate() {
        if let Some(value) = value {
            for y in 0..level(*value, top, all).max(1).min(all) {
                dots.set(x, y);
            }
        }
    }
    dots
}

fn level(value: f64, top: f64, dots: usize) -> usize {
    let share = if top > 0.0 && value.is_finite() { (value / top).clamp(0.0, 1.0) } else { 0.0 };
    (share * dots as f64).round() as usize
}

/// The distance of round values of which about `count` lie below `top`.
pub(in crate::tui) fn step(top: f64, count: u16) -> f64 {
    let least = top / f64::from(count.max(1));
    if !least.is_finite() || least <= 0.0 {
        return f64::INFINITY;
    }
    let decade = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|s| s * decade).find(|s| *s >= least * 0.999_999).unwrap_or(decade * 10.0)
}

/// The distance of round values on an axis of so many rows; narrower where none of them would have a row of its own.
fn round_step(top: f64, height: u16, has_row: impl Fn(f64) -> bool) -> f64 {
    let usual = step(top, (height / 3).max(2));
    let told = |step: &f64| (1..=16).any(|i| has_row(f64::from(i) * *step));
    [usual, step(top, 3), step(top, 5)].into_iter().find(told).unwrap_or(usual)
}

/// Round values at the left and lines behind the dots.
fn grid(canvas: &mut Canvas, area: Rect, upper: Rect, lower: Rect, plot: &Plot) {
    let (dim, faint) = (canvas.theme.style(Hue::Dim), canvas.theme.style(Hue::Faint));
    if plot.top <= 0.0 || upper.height == 0 {
        return;
    }
    let mut label = |y: u16, value: f64| {
        canvas.right(area.x, y, LABELS - 1, &amount::axis(value), dim);
        if value > 0.0 {
            canvas.run(upper.x, y, upper.width, "┈", faint);
        }
    };
    label(upper.bottom() - 1, 0.0);
    let place = |value: f64, height: u16| (value / plot.top * f64::from(height)).floor().min(f64::from(height.saturating_sub(1))) as u16;
    let step = round_step(plot.top.max(bottom(plot.top, upper, lower)), upper.height.max(lower.height), |value| {
        value <= plot.top && place(value, upper.height) > 0
    });
    // Below a small part above it the distance is that of its own: as many rows from one value to the next.
    let lower_step =
        if lower.height > 2 * upper.height { self::step(bottom(plot.top, upper, lower), (lower.height / 3).max(2)) } else { step };
    let mut is_told = false;
    for value in (1..=16).map(|i| f64::from(i) * step).take_while(|v| *v <= plot.top * 1.000_001) {
        let above = place(value, upper.height);
        if above > 0 {
            label(upper.bottom() - 1 - above, value);
            is_told = true;
        }
    }
    let bottom = bottom(plot.top, upper, lower);
    for value in (1..=16).map(|i| f64::from(i) * lower_step).take_while(|v| lower.height > 1 && *v <= bottom * 1.000_001) {
        let below = (value / bottom * f64::from(lower.height)).floor() as u16;
        // What begins where the area ends has no row: the one above it would make the distances unequal.
        if below < lower.height {
            label(lower.y + below, value);
            is_told = true;
        }
    }
    // Heights without a scale say nothing: where no round value has a row of its own, the top has one.
    if !is_told {
        label(upper.y, plot.top);
    }
    if let Some((limit, name)) = plot.limit.filter(|l| l.0 <= plot.top * 1.000_001 && l.0 > 0.0) {
        let y = upper.bottom() - 1 - place(limit, upper.height);
        canvas.run(upper.x, y, upper.width, "╌", dim);
        canvas.right(upper.x, y, upper.width, &format!(" {name} "), dim);
    }
}

/// The name of the limit, over what is drawn: bars that reach it would leave half of its letters.
fn name_limit(canvas: &mut Canvas, upper: Rect, plot: &Plot) {
    let Some((limit, name)) = plot.limit.filter(|l| l.0 <= plot.top * 1.000_001 && l.0 > 0.0 && !l.1.is_empty()) else { return };
    let height = f64::from(upper.height);
    let above = (limit / plot.top * height).floor().min(f64::from(upper.height.saturating_sub(1))) as u16;
    let dim = canvas.theme.style(Hue::Dim);
    canvas.right(upper.x, upper.bottom().saturating_sub(1 + above), upper.width, &format!(" {name} "), dim);
}

/// Draws times under a field that starts [`LABELS`] cells in; `clock`: times of day so many seconds east of UTC, not times before now.
pub(in crate::tui) fn ticks(canvas: &mut Canvas, area: Rect, bins: &Bins, clock: Option<i64>) {
    if area.width <= LABELS || area.height == 0 || bins.bins.is_empty() {
        return;
    }
    let field = Rect { x: area.x + LABELS, width: area.width - LABELS, ..area };
    match clock {
        None => ago_ticks(canvas, field, bins),
        Some(offset) => clock_ticks(canvas, field, bins, offset),
    }
}

/// Distances of ticks, in milliseconds.
const STEPS: [i64; 27] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    21_600_000,
    43_200_000,
    86_400_000,
    604_800_000,
];

/// Nanoseconds between ticks that are at least `wide` cells and `least` nanoseconds apart.
fn distance(per_cell: i64, wide: i64, least: i64) -> i64 {
    let fits = |step: &i64| *step >= least && *step / per_cell >= wide;
    let day = 86_400 * SECOND;
    let days = per_cell.saturating_mul(wide) / day * day;
    STEPS.into_iter().map(|ms| ms * MILLISECOND).find(fits).unwrap_or(days.saturating_add(day))
}

fn ago_ticks(canvas: &mut Canvas, field: Rect, bins: &Bins) {
    let dim = canvas.theme.style(Hue::Dim);
    let per_cell = bins.span.saturating_mul(2).max(1);
    let window = bins.span.saturating_mul(bins.bins.len() as i64);
    // Minutes are not divided where minutes are counted, nor hours where hours are.
    let least = if window > 9_000 * SECOND {
        3_600 * SECOND
    } else if window > 150 * SECOND {
        60 * SECOND
    } else {
        1
    };
    let step = distance(per_cell, 11, least);
    let start = bins.stretches.first().map_or(0, |s| s.start);
    let last = (bins.end.saturating_sub(1).saturating_sub(start) / per_cell).clamp(0, i64::from(field.width - 1)) as u16;
    let now = field.x + last.saturating_sub(2).min(field.width.saturating_sub(3));
    canvas.put(now, field.y, 3, "now", dim);
    let mut back = step;
    while back / per_cell <= i64::from(last) {
        let at = field.x + last - (back / per_cell) as u16;
        let text = if back % SECOND == 0 { ago(back / SECOND) } else { format!("-{} ms", back / MILLISECOND) };
        if at + cells(&text) < now {
            canvas.put(at, field.y, field.right().saturating_sub(at), &text, dim);
        }
        back = back.saturating_add(step);
    }
}

fn clock_ticks(canvas: &mut Canvas, field: Rect, bins: &Bins, offset: i64) {
    let dim = canvas.theme.style(Hue::Dim);
    let per_cell = bins.span.saturating_mul(2).max(1);
    let step = distance(per_cell, 16, 1);
    let mut free = 0;
    for stretch in &bins.stretches {
        let (left, end) =
            ((stretch.bin / 2) as u16, stretch.start.saturating_add(bins.span.saturating_mul(stretch.bins as i64)).min(bins.end));
        // Absolute times stand at round moments, so that a longer capture of the same time reads the same.
        let mut at = stretch.start.saturating_add(step - 1).div_euclid(step).saturating_mul(step);
        let (dated, days) = (bins.stretches.len() > 1 || step >= 86_400 * SECOND, step >= 86_400 * SECOND);
        // A date is said once, with the time behind it; then times, until it changes.
        let mut told = String::new();
        while at < end {
            let column = left.saturating_add((at.saturating_sub(stretch.start) / per_cell).clamp(0, i64::from(u16::MAX)) as u16);
            let text = match (dated, step < SECOND) {
                (true, _) => dated_tick(at, offset, days, &told),
                (_, true) => amount::moment(Timestamp(at), offset),
                (_, false) => amount::time_of_day(Timestamp(at), offset),
            };
            if column >= free && column.saturating_add(cells(&text)) <= field.width {
                canvas.put(field.x + column, field.y, field.width, &text, dim);
                free = column + cells(&text) + 2;
                told = amount::date(Timestamp(at), offset);
            }
            at = at.saturating_add(step);
        }
    }
    if let (0, Some(stretch)) = (free, bins.stretches.first()) {
        let length = bins.end.saturating_sub(stretch.start) as f64 / SECOND as f64;
        canvas.put(field.x, field.y, field.width, &amount::time_of_day(Timestamp(stretch.start), offset), dim);
        canvas.right(field.x, field.y, field.width, &format!("+{}", amount::short_duration(length)), dim);
    }
}

/// A tick of an axis that goes over dates, behind one of the date `told`.
fn dated_tick(at: i64, offset: i64, days: bool, told: &str) -> String {
    let (date, time) = (amount::date(Timestamp(at), offset), amount::time_of_day(Timestamp(at), offset));
    match (days, date == told) {
        (true, _) => date,
        (false, true) => time,
        (false, false) => format!("{date} {time}"),
    }
}

/// Draws what was cut out of the time: `⋯ 2d 04h ⋯`.
pub(in crate::tui) fn cuts(canvas: &mut Canvas, area: Rect, bins: &Bins) {
    if area.width <= LABELS || area.height == 0 {
        return;
    }
    let style = canvas.theme.style(Hue::Dim);
    for (before, behind) in bins.stretches.iter().zip(bins.stretches.iter().skip(1)) {
        let from = before.start.saturating_add(bins.span.saturating_mul(before.bins as i64));
        let text = format!("⋯{}⋯", amount::short_duration(behind.start.saturating_sub(from) as f64 / SECOND as f64));
        let x = area.x + LABELS + ((before.bin + before.bins) / 2) as u16;
        canvas.put(x, area.y + area.height / 2, area.right().saturating_sub(x), &text, style);
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

    #[test]
    fn a_date_is_said_once_and_with_its_time() {
        let at = 1_700_000_000 * SECOND;
        assert_eq!(dated_tick(at, 0, false, ""), "2023-11-14 22:13:20");
        assert_eq!(dated_tick(at + 600 * SECOND, 0, false, "2023-11-14"), "22:23:20");
        assert_eq!(dated_tick(at + 7_200 * SECOND, 0, false, "2023-11-14"), "2023-11-15 00:13:20");
        assert_eq!(dated_tick(at, 0, true, ""), "2023-11-14");
    }

    #[test]
    fn an_axis_holds_still_and_is_filled() {
        let mut top = settle(None, 100.0, None);
        assert!((top - 110.0).abs() < 1e-9);
        let first = top;
        for noise in [95.0, 104.0, 109.0, 90.0, 100.0] {
            top = settle(Some(top), noise, None);
            assert_eq!(top, first, "{noise}");
        }
        for largest in [1e3, 1e6, 12e6, 999e6] {
            top = settle(Some(top), largest, Some(10e9));
            assert!(largest / top > HELD, "{largest} of {top}");
        }
        assert_eq!(settle(Some(1e9), 0.0, Some(10e9)), 1e9, "silence keeps the axis");
        assert_eq!((settle(None, 0.0, Some(10e9)), settle(None, 0.0, None)), (10e9, 0.0));
    }

    #[test]
    fn a_link_is_shown_whole_once_half_of_it_is_used() {
        assert_eq!(settle(None, 5.1e9, Some(10e9)), 10e9);
        assert_eq!(settle(Some(10e9), 4.5e9, Some(10e9)), 10e9);
        assert!(settle(Some(10e9), 1.5e9, Some(10e9)) < 2e9);
        assert!(settle(None, 4.5e9, Some(10e9)) < 5e9);
        assert!(settle(None, 12e9, Some(10e9)) > 12e9, "a speed that is not the link's");
    }

    /// However few rows there are and however small values are, one of them has a number.
    #[test]
    fn a_chart_always_has_a_scale() {
        let theme = crate::tui::theme::Theme::new(crate::tui::theme::Depth::Mono, false);
        for (height, largest) in [(1, 5.0), (2, 0.4), (3, 17.0), (2, 1.0), (4, 1e9)] {
            let area = Rect::new(0, 0, 30, height);
            let mut buffer = ratatui::buffer::Buffer::empty(area);
            let up = [Some(largest); 40];
            let style = |_| Style::new();
            let plot = Plot {
                up: &up,
                down: None,
                top: settle(None, largest, None),
                quarters: 2,
                limit: None,
                up_style: &style,
                down_style: &style,
            };
            super::plot(&mut Canvas::new(&mut buffer, &theme), area, &plot);
            let labels: Vec<String> = (0..height)
                .map(|y| (0..LABELS).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>().trim().to_owned())
                .collect();
            assert!(labels.iter().any(|label| !label.is_empty() && label != "0"), "{height} rows, {largest}: {labels:?}");
        }
    }

    #[test]
    fn values_beside_the_axis_are_round() {
        assert_eq!((step(940e6, 3), step(1.1e9, 2), step(110.0, 1)), (500e6, 1e9, 200.0));
        assert_eq!(step(13e6, 4), 5e6);
        assert!(step(0.0, 3).is_infinite() && step(f64::NAN, 1).is_infinite());
    }
}
