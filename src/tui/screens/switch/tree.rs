//! Spanning trees as a drawing: from the root to the link that is mirrored.
//!
//! ```text
//!  vlan 10, 20   ◆ root sw-core-1 4096 ──── cost 4 ────▶ sw-floor-2 32778 port 24 designated ────▶ this link
//! ```

use crate::model::text::printable;
use crate::model::{BridgeId, PortRole, TreeRow};
use crate::tui::canvas::{Canvas, cut_end};
use crate::tui::fields::numbers_text;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// A line of the drawing: which VLANs, and what stands between the root and the link.
pub(super) type Drawn = Vec<(Cow<'static, str>, Style)>;

/// A bridge by its name, where it says one, with its priority.
fn bridge(scene: &Scene, id: BridgeId) -> String {
    let of = |row: &&crate::model::NeighbourRow| row.told.chassis_mac == Some(id.mac) || row.source == id.mac;
    let name = scene.snapshot.switch.neighbours.iter().find(of).map(|row| printable(row.told.name()).into_owned()).unwrap_or_default();
    let name = if name.is_empty() { id.mac.to_string() } else { cut_end(&name, 24).into_owned() };
    format!("{name} ({})", id.priority)
}

/// What trees of several VLANs have in common when they are drawn as one.
fn shape(row: &TreeRow) -> (crate::model::Mac, crate::model::Mac, u16, u32, PortRole) {
    (row.root.mac, row.bridge.mac, row.port & 0x0fff, row.cost, row.role)
}

/// The drawing: a line for each tree, those of VLANs that look alike together.
pub(super) fn lines(scene: &Scene, width: u16) -> Vec<Drawn> {
    let (text, dim, accent) = (scene.style(Hue::Text), scene.style(Hue::Dim), scene.style(Hue::Accent));
    let mut groups: Vec<(Vec<u16>, &TreeRow)> = Vec::new();
    for row in &scene.snapshot.switch.trees {
        match groups.iter_mut().find(|(_, known)| shape(known) == shape(row)) {
            Some((vlans, _)) => vlans.extend(row.vlan),
            None => groups.push((row.vlan.into_iter().collect(), row)),
        }
    }
    let line = |(vlans, row): (Vec<u16>, &TreeRow)| {
        let which = if vlans.is_empty() { row.protocol.to_owned() } else { format!("vlan {}", numbers_text(&vlans)) };
        let way = if width >= 110 { "────" } else { "──" };
        let mut out: Drawn = vec![(cut_end(&format!("{which}  "), width / 4).into_owned().into(), dim), ("◆ root ".into(), accent)];
        out.push((bridge(scene, row.root).into(), text));
        if row.root.mac != row.bridge.mac {
            out.push((format!(" {way} cost {} {way}▶ ", row.cost).into(), dim));
            out.push((bridge(scene, row.bridge).into(), text));
        }
        let role = if row.role == PortRole::Unknown { "" } else { row.role.token() };
        out.push((format!(" {way} port {} {role} {way}▶ ", row.port & 0x0fff).into(), dim));
        out.push(("this link".into(), text));
        out
    };
    groups.into_iter().map(line).collect()
}

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas, area: Rect, lines: &[Drawn]) {
    let body = titled(canvas, area, "From the root to this link", &[], false);
    for (line, y) in lines.iter().zip(body.top()..body.bottom()) {
        canvas.pieces(body.x + 1, y, body.width.saturating_sub(2), line);
    }
}
