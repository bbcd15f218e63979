//! Bursts: what single milliseconds held, for how long the link was how full, and which bursts there were.
//!
//! ```text
//! ─ Load · last 5 min ──────────────────────────────────────────────────────────
//! ─ Busiest millisecond at each time ───────────── worst 97 % at 14:02:11.304 ─
//! ─ How full, by milliseconds ────────┬─ Bursts ─────────────────────────── 12 ─
//!   0–5 %   ███████████████   4m 51s  │ start         length   peak   mostly from
//! ```

use crate::model::evidence::SLOWEST_BURSTS;
use crate::model::{Address, LinkUse};
use crate::snapshot::Column;
use crate::snapshot::tables::bursts::BURSTS;
use crate::tui::canvas::{Canvas, hundredths, split_top};
use crate::tui::panels::any_table::TablePanel;
use crate::tui::panels::{bursts, load};
use crate::tui::screen::{Screen, Sorts};
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::frame::columns as divide;
use ratatui::layout::Rect;

/// Bursts.
pub(in crate::tui) struct BurstsScreen;

const LIST: TablePanel =
    TablePanel { empty: "none: the link was never half full for a millisecond, as far as its speed is known", ..TablePanel::of(&BURSTS) };

/// Of a link that is too slow for bursts of milliseconds.
const SLOW: &str = "not told below 100 Mb/s: there a millisecond holds a few frames, and each of them would be a burst";

/// Where the clock does not tell milliseconds apart.
const UNTOLD: &str = "not told: the clock does not tell milliseconds apart";

/// Of more bursts than are kept.
const KEPT: &str = "the highest, and the latest";

/// Of a span from whose time only the highest bursts are kept.
const NOT_KEPT: &str = "none that is kept: of the bursts of that time only the highest are, of lately all";

/// The list, with the reason where it is empty.
fn list(scene: &Scene) -> TablePanel {
    let span = scene.snapshot.span.as_ref().map(|shown| shown.span);
    let is_partly_kept = |used: &LinkUse| used.all_since.zip(span).is_some_and(|(since, span)| span.from < since);
    let base = scene.base.switch.link_use.as_ref().filter(|used| span.is_none() && used.all_since.is_some()).map(|_| KEPT);
    let empty = match &scene.base.switch.link_use {
        Some(used) if used.bin == 0 => UNTOLD,
        Some(used) if used.speed < SLOWEST_BURSTS => SLOW,
        _ => LIST.empty,
    };
    let is_kept = !scene.base.switch.link_use.as_ref().is_some_and(is_partly_kept);
    TablePanel { empty, empty_span: if is_kept { LIST.empty_span } else { NOT_KEPT }, base, ..LIST }
}

/// The conversation of two stations, or of two hosts.
fn between(scene: &Scene, one: Address, other: Address) -> Option<Topic> {
    let kind = Kind::of_address(one);
    let rows = &kind.conversations(scene.snapshot).rows;
    let row = rows.iter().find(|c| (c.a, c.b) == (one, other) || (c.b, c.a) == (one, other))?;
    Some(Topic::conversation(kind, row))
}

impl Screen for BurstsScreen {
    fn title(&self) -> &'static str {
        "Bursts"
    }

    fn about(&self) -> &'static str {
        "the busiest milliseconds, for how long the link was how full, bursts and who sent them"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        LIST.topics(scene)
    }

    /// Who sent most of it to whom; where that is beyond the busiest rows the sender.
    fn opens(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        let ends = LIST.addresses(scene, topic);
        let pair = ends.first().zip(ends.get(1)).and_then(|(one, other)| between(scene, *one, *other));
        pair.or_else(|| LIST.host(scene, topic))
    }

    fn sorting(&self) -> Option<(Sorts, Vec<Column>)> {
        Some(LIST.sorting())
    }

    fn charts(&self) -> bool {
        true
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        if load::is_one_moment(scene) {
            return load::draw(canvas, area, scene);
        }
        let known = scene.base.switch.link_use.is_some();
        let lists = |canvas: &mut Canvas, area: Rect| {
            if !known {
                return bursts::fullness(canvas, area, scene);
            }
            if area.width < 100 {
                // One below the other, the list where there is no room for both.
                let above = if area.height >= 16 { 8 } else { 0 };
                let (upper, lower) = split_top(area, above);
                if upper.height > 0 {
                    bursts::fullness(canvas, upper, scene);
                }
                return list(scene).draw(canvas, lower, scene, true);
            }
            let parts = divide(canvas, area, &[hundredths(area.width, 38).clamp(46, 76)]);
            let [left, right] = parts[..] else { return };
            bursts::fullness(canvas, left, scene);
            list(scene).draw(canvas, right, scene, true);
        };
        match area.height {
            0..12 => lists(canvas, area),
            12..20 => {
                let (above, below) = split_top(area, area.height / 2);
                bursts::peaks(canvas, above, scene);
                lists(canvas, below);
            }
            height => {
                // The lists have what they need, the charts the rest.
                let classes = if height >= 50 { 22 } else { 12 };
                let rows = LIST.count(scene.base).saturating_add(2).min(u64::from(height)) as u16;
                let lower = rows.max(classes).min(height / 2);
                let (chart, rest) = split_top(area, hundredths(height - lower, 55));
                let (peaks, below) = split_top(rest, rest.height.saturating_sub(lower));
                load::draw(canvas, chart, scene);
                bursts::peaks(canvas, peaks, scene);
                lists(canvas, below);
            }
        }
    }
}
