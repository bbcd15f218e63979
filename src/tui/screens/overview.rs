//! Everything at a glance.
//!
//! ```text
//! ─ Load ────────────────────────────────────────────────────────────
//!  …
//! ─ What is wrong ───────────────────────────────────────────────────
//!  ✖ …
//! ─ Protocols ─────────────┬─ Conversations ─────────────────────────
//!  …                       │ …
//! ─ Hosts ─────────────────┴─────┬─ Sizes ─────┬─ Casts ─────┬─ Losses
//!  …                             │ …           │ …           │ …
//! ```

use crate::snapshot::Snapshot;
use crate::snapshot::tables::services;
use crate::tui::canvas::{Canvas, Hit, hundredths, split_top};
use crate::tui::panels::any_table::TablePanel;
use crate::tui::panels::{findings, load, shares, top};
use crate::tui::screen::{Hint, Screen};
use crate::tui::screens::services::{BASE, ServicesScreen};
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::frame::columns;
use ratatui::layout::Rect;

/// The overview.
pub(in crate::tui) struct OverviewScreen;

/// What listens, where there is room for what is more than the first glance.
const SERVICES: TablePanel = TablePanel { named: true, base: BASE, ..TablePanel::of(&services::SERVICES) };

const CONVERSATIONS: usize = 0;
const PROTOCOLS: usize = 1;
const HOSTS: usize = 2;
const WRONG: usize = 3;

impl Screen for OverviewScreen {
    fn title(&self) -> &'static str {
        "Overview"
    }

    fn short_title(&self) -> &'static str {
        "Over"
    }

    fn about(&self) -> &'static str {
        "load, protocols, conversations, hosts, what is wrong"
    }

    fn kinds(&self, _: &Snapshot) -> usize {
        4
    }

    fn charts(&self) -> bool {
        true
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        match scene.pane.kind {
            PROTOCOLS => top::protocol_rows(scene).into_iter().map(|r| r.0).collect(),
            HOSTS => top::host_rows(scene).into_iter().map(|r| r.0).collect(),
            WRONG => findings::rows(scene).into_iter().map(|r| r.0).collect(),
            _ => top::conversation_rows(scene).into_iter().map(|r| r.0).collect(),
        }
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint { key: "← →", word: "panel", help: "select in another panel" }]
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let heights = given_away(heights(area.height, findings::height(scene, area.width)), area.width, scene);
        let heights = if load::is_one_moment(scene) { heights.timeless() } else { heights };
        let (load, rest) = split_top(area, heights.load);
        let (wrong, rest) = split_top(rest, heights.wrong);
        let (middle, bottom) = split_top(rest, heights.middle);
        if load.height > 0 {
            load::draw(canvas, load, scene);
        }
        if wrong.height > 0 {
            findings::draw(canvas, wrong, scene, WRONG);
        }
        if middle.height > 0 {
            draw_middle(canvas, middle, scene, wrong.height > 0);
        }
        if bottom.height > 0 {
            draw_bottom(canvas, bottom, scene);
        }
    }
}

/// Rows of the load, of what is wrong, of the panels in the middle and of those at the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Heights {
    load: u16,
    wrong: u16,
    middle: u16,
    bottom: u16,
}

impl Heights {
    /// Where there is no load to draw, the lists have its room.
    fn timeless(self) -> Self {
        let load = self.load.min(load::TIMELESS);
        let spare = self.load - load;
        match self.bottom {
            0 => Self { load, middle: self.middle + spare, ..self },
            bottom => Self { load, bottom: bottom + spare, ..self },
        }
    }
}

/// Where there is little room the bottom panels go first, then the load and what is wrong, which takes up to a quarter of many rows.
fn heights(all: u16, wrong: u16) -> Heights {
    match all {
        0..7 => Heights { load: 0, wrong: 0, middle: all, bottom: 0 },
        7..17 => {
            let wrong = wrong.min(all / 3);
            let load = ((all - wrong) / 2).clamp(3, 7);
            Heights { load, wrong, middle: all - wrong - load, bottom: 0 }
        }
        _ => {
            let wrong = wrong.min((all / 4).max(5));
            let lists = all - wrong;
            let load = hundredths(lists, 37).clamp(6, 30);
            let middle = (lists - load).div_ceil(2) + u16::from(all >= 24);
            Heights { load, wrong, middle, bottom: lists - load - middle }
        }
    }
}

/// Lines of sizes, casts and directions.
const MIXED: u16 = 11;

/// What panels have no rows for goes to the load, where no more rows come: on a screen that changes they would move.
fn given_away(heights: Heights, width: u16, scene: &Scene) -> Heights {
    let Heights { load, wrong, middle, bottom } = heights;
    if !scene.snapshot.finished || scene.view.filter.is_some() || bottom == 0 {
        return heights;
    }
    let lines = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2);
    let talk = lines(top::protocol_rows(scene).len().max(top::conversation_rows(scene).len()));
    let spare = middle.saturating_sub(talk.max(5));
    let services = u16::try_from(SERVICES.count(scene.snapshot)).unwrap_or(u16::MAX);
    // Services first, where there are some and their place is large enough then.
    let has_services = width >= WIDE && services > 0 && bottom + spare >= LISTS;
    let others = if has_services { (MIXES + 2).saturating_add(services).max(LISTS) } else { MIXED };
    let wanted = lines(top::host_rows(scene).len()).max(others).min(bottom + spare);
    Heights { load: load + spare + bottom - wanted, wrong, middle: middle - spare, bottom: wanted }
}

/// Cells of the protocols at least: their title and that of the conversations name their time.
const PROTOCOL_CELLS: u16 = 31;

/// The busiest protocols and conversations; `is_wrong_shown`: what is wrong stands above already.
fn draw_middle(canvas: &mut Canvas, area: Rect, scene: &Scene, is_wrong_shown: bool) {
    // A panel the user has walked to is shown even where only one fits.
    if area.width < 78 {
        return match scene.pane.kind {
            PROTOCOLS => top::protocols(canvas, area, scene, PROTOCOLS),
            HOSTS => top::hosts(canvas, area, scene, HOSTS),
            WRONG if !is_wrong_shown => findings::draw(canvas, area, scene, WRONG),
            _ => top::conversations(canvas, area, scene, CONVERSATIONS),
        };
    }
    let left = if area.width < 100 { (area.width - 51).max(PROTOCOL_CELLS) } else { hundredths(area.width, 33).min(80) };
    let parts = columns(canvas, area, &[left]);
    if let [protocols, conversations] = parts[..] {
        top::protocols(canvas, protocols, scene, PROTOCOLS);
        top::conversations(canvas, conversations, scene, CONVERSATIONS);
    }
}

/// Rows of the mixes where services stand below them.
const MIXES: u16 = 12;

/// Rows of both together at least, and columns.
const LISTS: u16 = MIXES + 8;
const WIDE: u16 = 170;

/// Hosts, and how packets divide where there is room.
fn draw_bottom(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    if area.width >= WIDE && area.height >= LISTS && SERVICES.count(scene.snapshot) > 0 {
        return with_services(canvas, area, scene);
    }
    type Panel = fn(&mut Canvas, Rect, &Scene);
    let panels: &[(u16, Panel)] = match area.width {
        0..MIXED_FROM => &[],
        MIXED_FROM..CASTS_FROM => &[(SIZE_CELLS, shares::sizes)],
        CASTS_FROM..LOSSES_FROM => &[(SIZE_CELLS, shares::sizes), (CAST_CELLS, shares::casts)],
        LOSSES_FROM..WIDE => &[(SIZE_CELLS, shares::sizes), (CAST_CELLS, shares::casts), (LOSS_CELLS, shares::losses)],
        _ => &[(SIZE_CELLS + 9, shares::sizes), (CAST_CELLS + 4, shares::casts), (LOSS_CELLS + 12, shares::losses)],
    };
    // Hosts have what the others leave: names, and more columns.
    let others: u16 = panels.iter().map(|(width, _)| width + 1).sum();
    let widths = std::iter::once(area.width.saturating_sub(others)).chain(panels.iter().map(|(width, _)| *width));
    let widths: Vec<u16> = widths.take(panels.len()).collect();
    let rects = columns(canvas, area, &widths);
    if let Some((hosts, others)) = rects.split_first() {
        top::hosts(canvas, *hosts, scene, HOSTS);
        for (rect, (_, panel)) in others.iter().zip(panels) {
            panel(canvas, *rect, scene);
        }
    }
}

/// Columns from which sizes stand beside the hosts, from which casts do, and from which losses, of which the first line tells as well.
const MIXED_FROM: u16 = 78;
const CASTS_FROM: u16 = 118;
const LOSSES_FROM: u16 = 140;

/// Cells of the panels beside the hosts, in which their titles name their time.
const SIZE_CELLS: u16 = 27;
const CAST_CELLS: u16 = 30;
const LOSS_CELLS: u16 = 24;

/// On a wide screen services stand below how packets divide, beside the hosts.
fn with_services(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let parts = columns(canvas, area, &[hundredths(area.width, 34)]);
    let [hosts, right] = parts[..] else { return };
    top::hosts(canvas, hosts, scene, HOSTS);
    let (mixes, services) = split_top(right, MIXES);
    let third = right.width / 3;
    let parts = columns(canvas, mixes, &[third.max(SIZE_CELLS), third.max(CAST_CELLS)]);
    if let [sizes, casts, losses] = parts[..] {
        shares::sizes(canvas, sizes, scene);
        shares::casts(canvas, casts, scene);
        shares::losses(canvas, losses, scene);
    }
    canvas.click(Rect { height: services.height.min(1), ..services }, Hit::Screen(ServicesScreen.title()));
    SERVICES.draw(canvas, services, scene, false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_fill_the_area() {
        for all in 0..200 {
            for wrong in [0, 1, 2, 5, 40] {
                let Heights { load, wrong: shown, middle, bottom } = heights(all, wrong);
                assert_eq!(load + shown + middle + bottom, all);
                assert!(shown <= wrong && (all < 17 || shown >= wrong.min(5)), "{all} {wrong}");
            }
        }
        assert_eq!(heights(21, 3), Heights { load: 6, wrong: 3, middle: 6, bottom: 6 });
    }
}
