//! Everything at a glance.
//!
//! ```text
//! ─ Load ────────────────────────────────────────────────────────────
//!  …
//! ─ Protocols ─────────────┬─ Conversations ─────────────────────────
//!  …                       │ …
//! ─ Hosts ───────┬─ Sizes ─┴─────┬─ Casts ─────┬─ What is wrong ─────
//!  …             │ …             │ …           │ …
//! ```

use crate::snapshot::Snapshot;
use crate::snapshot::tables::services;
use crate::tui::canvas::{Canvas, Hit, hundredths, split_top};
use crate::tui::panels::any_table::TablePanel;
use crate::tui::panels::{findings, load, shares, top};
use crate::tui::screen::{Hint, Screen};
use crate::tui::screens::services::ServicesScreen;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::frame::columns;
use ratatui::layout::Rect;

/// The overview.
pub(in crate::tui) struct OverviewScreen;

/// What listens, where there is room for what is more than the first glance.
const SERVICES: TablePanel = TablePanel { named: true, ..TablePanel::of(&services::SERVICES) };

const CONVERSATIONS: usize = 0;
const PROTOCOLS: usize = 1;
const HOSTS: usize = 2;
const WRONG: usize = 3;

impl Screen for OverviewScreen {
    fn title(&self) -> &'static str {
        "Overview"
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
        let heights = given_away(heights(area.height), area.width, scene);
        let (first, rest) = split_top(area, heights[0]);
        let (second, third) = split_top(rest, heights[1]);
        if first.height > 0 {
            load::draw(canvas, first, scene);
        }
        if second.height > 0 {
            middle(canvas, second, scene);
        }
        if third.height > 0 {
            bottom(canvas, third, scene);
        }
    }
}

/// Rows of load, middle and bottom panels; the bottom ones go first, then the load.
fn heights(all: u16) -> [u16; 3] {
    match all {
        0..7 => [0, all, 0],
        7..17 => {
            let load = (all / 2).clamp(4, 7);
            [load, all - load, 0]
        }
        _ => {
            let load = hundredths(all, 37).clamp(7, 30);
            let middle = (all - load).div_ceil(2) + u16::from(all >= 24);
            [load, middle, all - load - middle]
        }
    }
}

/// Lines of sizes, casts and directions.
const MIXED: u16 = 11;

/// What panels have no rows for goes to the load, where no more rows come: on a screen that changes they would move.
fn given_away([load, middle, bottom]: [u16; 3], width: u16, scene: &Scene) -> [u16; 3] {
    if !scene.snapshot.finished || scene.view.filter.is_some() || bottom == 0 {
        return [load, middle, bottom];
    }
    let lines = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2);
    let talk = lines(top::protocol_rows(scene).len().max(top::conversation_rows(scene).len()));
    let spare = middle.saturating_sub(talk.max(5));
    let services = u16::try_from(SERVICES.count(scene.snapshot)).unwrap_or(u16::MAX);
    // Services first, where there are some and their place is large enough then.
    let has_services = width >= WIDE && services > 0 && bottom + spare >= LISTS;
    let others = if has_services { (MIXES + 2).saturating_add(services).max(LISTS) } else { MIXED };
    let wanted = lines(top::host_rows(scene).len()).max(others).min(bottom + spare);
    [load + spare + bottom - wanted, middle - spare, wanted]
}

fn middle(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    // A panel the user has walked to is shown even where only one fits.
    if area.width < 78 {
        return match scene.pane.kind {
            PROTOCOLS => top::protocols(canvas, area, scene, PROTOCOLS),
            HOSTS => top::hosts(canvas, area, scene, HOSTS),
            WRONG => findings::draw(canvas, area, scene, WRONG),
            _ => top::conversations(canvas, area, scene, CONVERSATIONS),
        };
    }
    let left = if area.width < 100 { area.width - 51 } else { hundredths(area.width, 33).min(80) };
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

fn bottom(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    if area.width >= WIDE && area.height >= LISTS && SERVICES.count(scene.snapshot) > 0 {
        let parts = columns(canvas, area, &[hundredths(area.width, 34)]);
        let [hosts, right] = parts[..] else { return };
        top::hosts(canvas, hosts, scene, HOSTS);
        let (mixes, services) = split_top(right, MIXES);
        let wide = |percent: u16| right.width * percent / 100;
        let parts = columns(canvas, mixes, &[wide(23), wide(23), wide(16).max(23)]);
        if let [sizes, casts, losses, wrong] = parts[..] {
            shares::sizes(canvas, sizes, scene);
            shares::casts(canvas, casts, scene);
            shares::losses(canvas, losses, scene);
            findings::draw(canvas, wrong, scene, WRONG);
        }
        canvas.click(Rect { height: services.height.min(1), ..services }, Hit::Screen(ServicesScreen.title()));
        return SERVICES.draw(canvas, services, scene, false);
    }
    type Panel = fn(&mut Canvas, Rect, &Scene);
    let hosts: Panel = |c, a, s| top::hosts(c, a, s, HOSTS);
    let wrong: Panel = |c, a, s| findings::draw(c, a, s, WRONG);
    // Where little is wrong, the losses fill the column.
    let wrong_and_losses: Panel = |c, a, s| {
        let findings = findings::height(s, a.width) + 1;
        let (above, below) = split_top(a, if a.height >= findings + 4 { findings } else { a.height });
        findings::draw(c, above, s, WRONG);
        shares::losses(c, below, s);
    };
    // Hundredths for hosts, with their names where there is room for them.
    let names = if area.width >= 140 { 38 } else { 34 };
    let panels: Vec<(u16, Panel)> = match area.width {
        0..78 => vec![(0, hosts)],
        78..112 => vec![(40.max(area.width / 2), hosts), (0, wrong)],
        112..WIDE => {
            vec![
                (area.width * names / 100, hosts),
                (hundredths(area.width, 18), shares::sizes),
                (hundredths(area.width, 18), shares::casts),
                (0, wrong_and_losses),
            ]
        }
        // Hosts show more columns, findings more of their words.
        _ => vec![
            (hundredths(area.width, 42), hosts),
            (hundredths(area.width, 15), shares::sizes),
            (hundredths(area.width, 15), shares::casts),
            (0, wrong_and_losses),
        ],
    };
    let widths: Vec<u16> = panels.iter().map(|p| p.0).filter(|w| *w > 0).collect();
    for (rect, (_, panel)) in columns(canvas, area, &widths).into_iter().zip(panels) {
        panel(canvas, rect, scene);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_fill_the_area() {
        for all in 0..200 {
            assert_eq!(heights(all).iter().sum::<u16>(), all);
        }
        assert_eq!(heights(21), [7, 7, 7]);
    }
}
