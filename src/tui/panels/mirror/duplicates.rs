//! Copies seen more than once: how many, of which class, between which VLANs, how far apart.
//!
//! ```text
//! ─ Duplicates ─────────────────────── left out of the analysis ─
//!  49 % of packets · 1.2 M copies · 870 Mb/s now
//!  vlan        ██████████████▍      96 %    1.15 M
//!  routed      ▌                     4 %     48 k
//!  10 → 20  1.1 M   20 → 10  50 k           gaps 12 µs · 80 µs · 1.2 ms
//! ```

use crate::model::units;
use crate::snapshot::tables::classes::code_point_name;
use crate::tui::canvas::{Canvas, cells, cut_end};
use crate::tui::rates;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, ratio};
use crate::tui::widgets::amount;
use crate::tui::widgets::bar;
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;

/// VLAN pairs shown.
const PAIRS: usize = 6;

/// Rows the panel can use.
pub(in crate::tui) fn height(scene: &Scene) -> u16 {
    let d = &scene.snapshot.mirror.duplicates;
    if d.traffic.packets == 0 {
        return 3;
    }
    let pairs = d.vlan_pairs.len().min(PAIRS);
    (3 + d.classes.len() + if pairs > 0 { pairs + 1 } else { 0 } + usize::from(d.gap.is_some())).min(40) as u16
}

/// Cells of a line of a class beside its bar and its meaning: name, share, copies, blanks.
const BESIDE_BAR: u16 = 29;

/// Cells from which on a bar says something.
const LEAST_BAR: u16 = 4;

/// What a class means.
fn meaning(class: &str) -> &'static str {
    match class {
        "identical" => "the same port copied twice",
        "vlan" => "copied in two VLANs",
        "routed" => "before and after a router",
        "session" => "two mirror sessions",
        "port" => "two ports of one mirror session",
        "flooded" => "flooded to several ports",
        "repeated" => "too many for copies: counted",
        "looped" => "in a routing loop: counted",
        _ => "not clear",
    }
}

/// Draws the panel.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let d = &scene.snapshot.mirror.duplicates;
    let note = if d.dropped { "left out of the analysis" } else { "counted in the analysis" };
    let body = titled(canvas, area, "Duplicates", &[(note.into(), scene.style(Hue::Dim))], false);
    if body.height == 0 {
        return;
    }
    let width = body.width.saturating_sub(2);
    if d.traffic.packets == 0 {
        canvas.pieces(
            body.x + 1,
            body.y,
            width,
            &[("● ".into(), scene.style(Hue::Good)), ("no packet came twice".into(), scene.style(Hue::Text))],
        );
        return;
    }
    let hue = if d.share >= 0.25 {
        Hue::Bad
    } else if d.share >= 0.02 {
        Hue::Warn
    } else {
        Hue::Text
    };
    let mut head = vec![
        (amount::share(d.share).into(), scene.theme.strong(hue)),
        (
            format!(" of packets · {} copies · {}", units::count(d.traffic.packets), units::bytes(d.traffic.wire_bytes)).into(),
            scene.style(Hue::Text),
        ),
    ];
    if !scene.whole() {
        let now = amount::rate(scene, d.recent.bits_per_second(scene.snapshot.recent_seconds)).plain();
        head.push((format!(" · {now} in {}", rates::BASE_NAME).into(), scene.style(Hue::Dim)));
    }
    canvas.pieces(body.x + 1, body.y, width, &head);
    let mut y = classes(canvas, Rect { y: body.y + 1, height: body.height - 1, ..body }, scene);
    if !d.vlan_pairs.is_empty() && y + 2 < body.bottom() {
        canvas.ink(body.x + 1, y, width, "first copy → later copy", Hue::Dim);
        y = pairs(canvas, Rect { y: y + 1, height: body.bottom() - y - 1, ..body }, scene);
    }
    if let Some((from, to, packets)) = d.remarked_dscp.first()
        && y < body.bottom()
    {
        let all = d.remarked_dscp.iter().map(|c| c.2).sum::<u64>();
        let more = if all > *packets { format!(", {} otherwise", units::count(all - packets)) } else { String::new() };
        let line = format!("DSCP {} became {} in {} copies{more}", code_point_name(*from), code_point_name(*to), units::count(*packets));
        canvas.ink(body.x + 1, y, width, &cut_end(&line, width), Hue::Text);
        y += 1;
    }
    if let Some([median, p95, p99]) = d.gap
        && y < body.bottom()
    {
        let line =
            format!("between copies: median {} · p95 {} · p99 {}", units::duration(median), units::duration(p95), units::duration(p99));
        canvas.ink(body.x + 1, y, width, &cut_end(&line, width), Hue::Dim);
    }
}

fn classes(canvas: &mut Canvas, area: Rect, scene: &Scene) -> u16 {
    let d = &scene.snapshot.mirror.duplicates;
    let mut y = area.y;
    // What a class means is read; the bar has what is left.
    let longest = d.classes.iter().map(|class| cells(meaning(class.class))).max().unwrap_or(0);
    let wide = (area.width / 4).min(24).min(area.width.saturating_sub(BESIDE_BAR + longest));
    let wide = if wide < LEAST_BAR { 0 } else { wide };
    for class in d.classes.iter().take(usize::from(area.height)) {
        // What is counted as traffic has no share of the copies.
        let share = if class.is_copies() { ratio(class.traffic.packets, d.traffic.packets) } else { 0.0 };
        canvas.ink(area.x + 1, y, 10, class.class, Hue::Text);
        let style = scene.style(Hue::Family(crate::model::proto::Family::Tunnel));
        if wide > 0 {
            bar::draw(canvas, area.x + 12, y, wide, share, style);
        }
        let x = area.x + 13 + wide;
        let text = if class.is_copies() { amount::share(share) } else { "–".into() };
        canvas.right(x, y, 5, &text, scene.style(Hue::Text));
        canvas.right(x + 6, y, 7, &units::count(class.traffic.packets), scene.style(Hue::Dim));
        let rest = area.right().saturating_sub(x + 16);
        canvas.ink(x + 15, y, rest, &cut_end(meaning(class.class), rest), Hue::Dim);
        y += 1;
    }
    y
}

fn pairs(canvas: &mut Canvas, area: Rect, scene: &Scene) -> u16 {
    let name = |id: Option<u16>| id.map_or("untagged".to_owned(), |id| format!("vlan {id}"));
    let mut y = area.y;
    for (from, to, packets) in scene.snapshot.mirror.duplicates.vlan_pairs.iter().take(PAIRS.min(usize::from(area.height))) {
        canvas.right(area.x + 1, y, 9, &name(*from), scene.style(Hue::Text));
        canvas.ink(area.x + 11, y, 1, "→", Hue::Dim);
        canvas.ink(area.x + 13, y, 9, &name(*to), Hue::Text);
        canvas.right(area.x + 23, y, 8, &units::count(*packets), scene.style(Hue::Dim));
        y += 1;
    }
    y
}
