//! How packets divide: sizes, casts, directions, losses.
//!
//! ```text
//! ─ Sizes ────────────────┬─ Casts ─────────────
//!  ≤64    ██████      31 % │ unicast     98.6 %
//!  1024–  ██████████  52 % │ broadcast    0.9 %
//! ```

use crate::model::Arrange as _;
use crate::model::Severity;
use crate::model::sizes::{BEYOND_ETHERNET, SIZE_CLASSES};
use crate::snapshot::Traffic;
use crate::snapshot::tables::losses::LOSSES;
use crate::tui::canvas::{Canvas, cells};
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, ratio};
use crate::tui::widgets::amount;
use crate::tui::widgets::bar;
use crate::tui::widgets::frame::{titled, titled_of};
use ratatui::layout::Rect;

/// Draws named shares of a whole as bars.
pub(in crate::tui) fn bars(canvas: &mut Canvas, area: Rect, rows: &[(String, Traffic, Hue)], by_bytes: bool) {
    let of = |t: &Traffic| if by_bytes { t.wire_bytes } else { t.packets };
    let whole: u64 = rows.iter().map(|r| of(&r.1)).fold(0, u64::saturating_add);
    let label = rows.iter().map(|r| cells(&r.0)).max().unwrap_or(0);
    for (i, (name, traffic, hue)) in rows.iter().enumerate().take(usize::from(area.height)) {
        let y = area.y + i as u16;
        let share = ratio(of(traffic), whole);
        let quiet = traffic.packets == 0;
        canvas.ink(area.x + 1, y, label, name, if quiet { Hue::Dim } else { Hue::Text });
        let x = area.x + label + 2;
        let wide = area.right().saturating_sub(x + 7);
        let style = canvas.theme.style(*hue);
        bar::draw(canvas, x, y, wide, share, style);
        let style = canvas.theme.style(if quiet { Hue::Dim } else { Hue::Text });
        canvas.right(area.right().saturating_sub(6), y, 5, &amount::share(share), style);
    }
}

/// The name of a size class.
fn size_name((low, high): (u32, u32), ascii: bool) -> String {
    match (low, high) {
        // One cell for one cell these would become another size.
        (0, high) if ascii => format!("<={high}"),
        (low, u32::MAX) if ascii => format!(">={low}"),
        (0, high) => format!("≤{high}"),
        (low, u32::MAX) => format!("≥{low}"),
        (low, high) => format!("{low}–{high}"),
    }
}

/// The size classes: of those beyond Ethernet's length the ones that there are, or all of them together where there are none or too few lines.
fn size_rows(sizes: &[Traffic; SIZE_CLASSES.len()], lines: usize) -> Vec<((u32, u32), Traffic)> {
    let (beyond, mut rows): (Vec<_>, Vec<_>) = SIZE_CLASSES.into_iter().zip(*sizes).partition(|((from, _), _)| *from >= BEYOND_ETHERNET);
    let mut sum = Traffic::default();
    beyond.iter().for_each(|(_, traffic)| sum.add(*traffic));
    let seen = beyond.into_iter().filter(|(_, traffic)| traffic.packets > 0);
    let within = rows.len();
    rows.extend(seen);
    if rows.len() == within || rows.len() > lines {
        rows.truncate(within);
        rows.push(((BEYOND_ETHERNET, u32::MAX), sum));
    }
    rows
}

/// A title with the time its numbers are of: a span by its length alone where there is no room for more.
fn based(scene: &Scene, title: &str, width: u16) -> String {
    let whole = scene.based(title);
    match whole.strip_prefix(title).and_then(|rest| rest.strip_prefix(" · span of ")) {
        Some(length) if cells(&whole) > width.saturating_sub(TITLE_FRAME) => format!("{title} · {length}"),
        _ => whole,
    }
}

/// Cells of a title line around its title.
const TITLE_FRAME: u16 = 4;

/// Packets by size.
pub(in crate::tui) fn sizes(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, &based(scene, "Sizes", area.width), &[("packets".into(), scene.style(Hue::Dim))], false);
    let rows = size_rows(&scene.snapshot.stats.sizes, usize::from(body.height)).into_iter();
    let rows: Vec<_> = rows.map(|(class, t)| (size_name(class, scene.theme.is_ascii()), t, Hue::AreaHigh)).collect();
    bars(canvas, body, &rows, false);
}

/// Packets by kind of destination, and bytes by direction when there is room.
pub(in crate::tui) fn casts(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, &based(scene, "Casts", area.width), &[("packets".into(), scene.style(Hue::Dim))], false);
    let c = scene.snapshot.stats.casts;
    let rows = [("unicast", c.unicast), ("multicast", c.multicast), ("broadcast", c.broadcast)];
    bars(canvas, body, &rows.map(|(n, t)| (n.to_owned(), t, Hue::AreaHigh)), false);
    if body.height >= 8 {
        let below = Rect { y: body.y + 3, height: body.height - 3, ..body };
        directions(canvas, below, scene);
    }
}

/// Bytes by direction relative to the local networks.
pub(in crate::tui) fn directions(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, &based(scene, "Directions", area.width), &[("bytes".into(), scene.style(Hue::Dim))], false);
    let d = scene.snapshot.stats.directions;
    let rows = [
        ("out", d.outbound, Hue::Out),
        ("in", d.inbound, Hue::In),
        ("inside", d.inside, Hue::AreaHigh),
        ("through", d.through, Hue::Dim),
        ("no IP", d.unknown, Hue::Dim),
    ];
    let rows = rows.map(|(name, traffic, hue)| (name.to_owned(), traffic, hue)).into();
    bars(canvas, body, &within(rows, usize::from(body.height)), true);
}

/// So many rows: where there is no room for all, those in which nothing is go first, and what is left over is one.
fn within(mut rows: Vec<(String, Traffic, Hue)>, lines: usize) -> Vec<(String, Traffic, Hue)> {
    for at in (0..rows.len()).rev() {
        if rows.len() > lines && rows[at].1.packets == 0 {
            rows.remove(at);
        }
    }
    if rows.len() > lines {
        let rest = rows.split_off(lines.saturating_sub(1)).into_iter().fold(Traffic::default(), |sum, row| sum.plus(row.1));
        rows.push(("other".into(), rest, Hue::Dim));
    }
    rows
}

/// Packets lost and not fully decoded, by stage.
pub(in crate::tui) fn losses(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled_of(
        canvas,
        area,
        (if scene.whole() { "Losses" } else { "Losses · since start" }, "Mirror"),
        &[("packets".into(), scene.style(Hue::Dim))],
        false,
    );
    if scene.snapshot.span.as_ref().is_some_and(|shown| shown.not_kept().contains(&LOSSES.token)) {
        canvas.ink(body.x + 1, body.y, body.width.saturating_sub(2), "not of this span", Hue::Dim);
        return;
    }
    let stages = scene.snapshot.capture.losses.stages();
    // What nobody counted of all of the time nobody counted of a part of it.
    let is_uncounted = scene.base.is_loss_uncounted();
    let rows = usize::from(body.height);
    // Where there is no room for all, those that count something stand first, and the rest is told of.
    let mut shown: Vec<usize> = (0..stages.len()).collect();
    if stages.len() > rows {
        shown.arrange_by_key(|at| (stages[*at].count == 0, *at));
        let rest = shown.split_off(rows.saturating_sub(1).min(shown.len()));
        shown.arrange();
        let lost = rest.iter().fold(0u64, |sum, at| sum.saturating_add(stages[*at].count));
        let more = format!("+{} more", rest.len());
        if rows > 0 {
            canvas.ink(body.x + 1, body.bottom() - 1, body.width.saturating_sub(9), &more, Hue::Dim);
            let style = scene.style(if lost == 0 { Hue::Dim } else { Hue::Text });
            canvas.right(body.right().saturating_sub(8), body.bottom() - 1, 7, &crate::model::units::count(lost), style);
        }
    }
    for (stage, y) in shown.iter().map(|at| &stages[*at]).zip(body.top()..body.bottom()) {
        let hue = match stage.severity {
            Severity::Critical => Hue::Bad,
            Severity::Warning => Hue::Warn,
            Severity::Note => Hue::Text,
        };
        canvas.ink(body.x + 1, y, body.width.saturating_sub(9), &stage.stage.to_lowercase(), Hue::Dim);
        let style = scene.style(if stage.count == 0 { Hue::Dim } else { hue });
        if is_uncounted && BEFORE.contains(&stage.stage) {
            let words = if body.width < 24 { "?" } else { "not counted" };
            canvas.right(body.right().saturating_sub(12), y, 11, words, scene.style(Hue::Dim));
            continue;
        }
        canvas.right(body.right().saturating_sub(8), y, 7, &crate::model::units::count(stage.count), style);
    }
}

/// Stages before packets come here, which a file may say nothing of.
const BEFORE: [&str; 2] = ["Interface", "Kernel"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_something_is_in_is_shown_where_there_is_no_room_for_all() {
        let rows = |packets: [u64; 5]| -> Vec<(String, Traffic, Hue)> {
            let row = |(at, packets): (usize, u64)| (at.to_string(), Traffic { packets, wire_bytes: packets }, Hue::Dim);
            packets.into_iter().enumerate().map(row).collect()
        };
        let names = |packets, lines| within(rows(packets), lines).into_iter().map(|row| (row.0, row.1.packets)).collect::<Vec<_>>();
        let named = |all: &[(&str, u64)]| all.iter().map(|(name, packets)| ((*name).to_owned(), *packets)).collect::<Vec<_>>();
        assert_eq!(names([0, 0, 1, 0, 7], 4), named(&[("0", 0), ("1", 0), ("2", 1), ("4", 7)]));
        assert_eq!(names([1, 2, 3, 4, 5], 4), named(&[("0", 1), ("1", 2), ("2", 3), ("other", 9)]));
        assert_eq!(names([1, 2, 3, 4, 5], 5).len(), 5);
    }

    #[test]
    fn long_frames_are_told_apart_where_there_are_any_and_room() {
        let shown = |seen: &[usize], lines: usize| {
            let mut sizes = [Traffic::default(); SIZE_CLASSES.len()];
            seen.iter().for_each(|class| sizes[*class] = Traffic { packets: 5, wire_bytes: 1 });
            let rows = size_rows(&sizes, lines);
            rows.iter().skip(6).map(|(class, t)| (size_name(*class, false), t.packets)).collect::<Vec<_>>()
        };
        let row = |name: &str, packets| (name.to_owned(), packets);
        assert_eq!(shown(&[0, 5], 20), [row("≥1519", 0)]);
        assert_eq!(shown(&[0, 7], 7), [row("1601–9238", 5)]);
        assert_eq!(shown(&[6, 7, 8], 9), [row("1519–1600", 5), row("1601–9238", 5), row("≥9239", 5)]);
        assert_eq!(shown(&[6, 7, 8], 8), [row("≥1519", 15)]);
    }
}
