//! How long packets took between two places: how many how long, and the mean over time.
//!
//! ```text
//! ─ VLAN 10 → VLAN 20 ──────── clock 1 µs ─┬─ Mean over time ────── to 41 µs ─
//!   9.8–12 µs  ███████████   1.2 k   61 %  │        ▂▄▆
//!   12–14 µs   ██████         700    35 %  │ ▁▁▂▂▄▆███
//! ```

use crate::model::{TransitRow, units};
use crate::snapshot::tables::transit::TransitLine;
use crate::tui::canvas::{Canvas, hundredths};
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, ratio};
use crate::tui::widgets::frame::{columns as divide, titled};
use crate::tui::widgets::strip::block;
use crate::tui::widgets::{amount, bar};
use ratatui::layout::Rect;

/// Draws both of the row of this number.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, at: usize) {
    let Some(row) = scene.snapshot.switch.transit.rows.get(at) else { return };
    if area.height < 3 {
        return;
    }
    if area.width < 70 || row.trend.len() < 2 {
        return histogram(canvas, area, scene, row);
    }
    let parts = divide(canvas, area, &[hundredths(area.width, 55)]);
    let [left, right] = parts[..] else { return };
    histogram(canvas, left, scene, row);
    trend(canvas, right, scene, row);
}

fn histogram(canvas: &mut Canvas, area: Rect, scene: &Scene, row: &TransitRow) {
    let line = TransitLine::new(row);
    let resolution = scene.snapshot.switch.transit.resolution;
    let clock = if resolution > 0.0 { format!("clock {}", units::duration(resolution)) } else { "clock not known".into() };
    let title = format!("{} → {}", line.from, line.to);
    let body = titled(canvas, area, &title, &[(clock.into(), scene.style(Hue::Dim))], false);
    let steps = steps(&row.steps, usize::from(body.height));
    let most = steps.iter().map(|step| step.2).max().unwrap_or(0);
    for ((from, to, packets), y) in steps.iter().zip(body.top()..body.bottom()) {
        let name = format!("{} – {}", amount::short_duration(*from), amount::short_duration(*to));
        canvas.right(body.x, y, 18, &name, scene.style(Hue::Text));
        let x = body.x + 20;
        let wide = body.right().saturating_sub(x + 16);
        bar::draw(canvas, x, y, wide, ratio(*packets, most), scene.style(Hue::Accent));
        canvas.right(body.right().saturating_sub(15), y, 7, &units::count(*packets), scene.style(Hue::Text));
        canvas.right(body.right().saturating_sub(7), y, 6, &amount::share(ratio(*packets, row.times.count)), scene.style(Hue::Dim));
    }
}

/// Steps put together until there are no more of them than lines.
fn steps(all: &[(f64, f64, u64)], lines: usize) -> Vec<(f64, f64, u64)> {
    let together = all.len().div_ceil(lines.max(1)).max(1);
    let one = |part: &[(f64, f64, u64)]| Some((part.first()?.0, part.last()?.1, part.iter().map(|step| step.2).sum()));
    all.chunks(together).filter_map(one).collect()
}

fn trend(canvas: &mut Canvas, area: Rect, scene: &Scene, row: &TransitRow) {
    let most = row.trend.iter().map(|slice| slice.mean).fold(0.0, f64::max);
    let scale = format!("to {}", units::duration(most));
    let body = titled(canvas, area, "Mean over time", &[(scale.into(), scene.style(Hue::Dim))], false);
    let (Some(first), Some(last), rows) = (row.trend.first(), row.trend.last(), body.height.saturating_sub(1)) else { return };
    let span = last.start.plus(last.length).since(first.start).max(1) as f64;
    let inner = Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body };
    for x in 0..inner.width {
        let time = first.start.plus((span * (f64::from(x) + 0.5) / f64::from(inner.width.max(1))) as i64);
        let Some(slice) = row.trend.iter().find(|s| time.since(s.start) >= 0 && time.since(s.start) < s.length) else { continue };
        let height = if most > 0.0 { slice.mean / most * f64::from(rows) } else { 0.0 };
        for up in 0..rows {
            let share = height - f64::from(up);
            if share > 0.0 || up == 0 {
                canvas.put(inner.x + x, inner.y + rows - 1 - up, 1, block(share.min(1.0)), scene.style(Hue::Accent));
            }
        }
    }
    let y = inner.y + rows;
    let at = |t| amount::time_of_day(t, scene.utc_offset(t));
    canvas.ink(inner.x, y, inner.width, &at(first.start), Hue::Dim);
    canvas.right(inner.x, y, inner.width, &at(last.start.plus(last.length)), scene.style(Hue::Dim));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_room_and_hold_all() {
        let all: Vec<(f64, f64, u64)> = (0..23).map(|n| (f64::from(n), f64::from(n + 1), 2)).collect();
        for lines in [1, 5, 23, 60] {
            let some = steps(&all, lines);
            assert!(some.len() <= lines && some.iter().map(|s| s.2).sum::<u64>() == 46, "{lines}: {some:?}");
            assert_eq!((some[0].0, some[some.len() - 1].1), (0.0, 23.0));
        }
        assert!(steps(&[], 3).is_empty());
    }
}
