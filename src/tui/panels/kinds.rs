//! The kinds of rows a page can show, walked through with Left and Right.
//!
//! ```text
//!  ◂ TCP 1,204   UDP 310   SCTP 0   IPv4 88   IPv6 12   Ethernet 40 ▸
//! ```

use crate::tui::canvas::{Canvas, Hit};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Draws the line; a count stands beside each name.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, kinds: &[(&str, Option<u64>)]) {
    if area.height == 0 {
        return;
    }
    let mut x = area.x + 1;
    for (i, (name, count)) in kinds.iter().enumerate() {
        let current = i == scene.pane.kind;
        let style = if current { scene.theme.strong(Hue::Accent).add_modifier(Modifier::UNDERLINED) } else { scene.style(Hue::Dim) };
        let start = x;
        x += canvas.put(x, area.y, area.right().saturating_sub(x), name, style);
        if let Some(count) = count {
            let text = format!(" {}", crate::model::units::count(*count));
            x += canvas.put(x, area.y, area.right().saturating_sub(x), &text, scene.style(if *count == 0 { Hue::Faint } else { Hue::Dim }));
        }
        canvas.click(Rect { x: start, y: area.y, width: x.saturating_sub(start), height: 1 }, Hit::Kind(i));
        x += 3;
        if x >= area.right() {
            break;
        }
    }
}
