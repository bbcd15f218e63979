//! Mirror sessions with the state of their numbering, and user tunnels crossing the link.
//!
//! ```text
//! ─ Mirror sessions ───────────────────────────────────────────────
//!  session  from       to         id  packets   missing  reordered
//!  erspan2  10.0.0.1   10.0.0.9    7    1.2 M     0.4 %         12
//! ```

use crate::snapshot::tables::sessions::SESSIONS;
use crate::snapshot::tables::tunnels::TUNNELS;
use crate::tui::canvas::Canvas;
use crate::tui::panels::any_table::TablePanel;
use crate::tui::view::Scene;
use ratatui::layout::Rect;

const SHEET: TablePanel = TablePanel { empty: "none: copies arrive as they are", ..TablePanel::of(&SESSIONS) };

/// Rows the panel can use.
pub(in crate::tui) fn height(scene: &Scene) -> u16 {
    height_of(scene.snapshot.mirror.sessions.len())
}

/// Lines of a table of so many rows, with its title, its heads and a blank; of none there are no heads.
fn height_of(rows: usize) -> u16 {
    if rows == 0 { 3 } else { rows.min(40) as u16 + 3 }
}

/// Mirror sessions.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    SHEET.draw(canvas, area, scene, false);
}

/// Rows the panel of user tunnels can use.
pub(in crate::tui) fn tunnels_height(scene: &Scene) -> u16 {
    height_of(scene.snapshot.mirror.tunnels.rows.len())
}

/// User tunnels.
pub(in crate::tui) fn tunnels(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    TablePanel::of(&TUNNELS).draw(canvas, area, scene, false);
}
