//! Spanning trees as a drawing: from the root to the link that is mirrored.
//!
//! ```text
//!  vlan 10, 20   ◆ root sw-core-1 4096 ──── cost 4 ────▶ sw-floor-2 32778 port 24 designated ────▶ this link
//! ```

use crate::model::text::printable;
use crate::model::{BridgeId, PortRole, TreeRow};
use crate::tui::canvas::{Canvas, cells, cut_end, cut_middle};
use crate::tui::fields::numbers_text;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// A line of the drawing: which VLANs, and what stands between the root and the link.
pub(super) type LinePieces = Vec<(Cow<'static, str>, Style)>;

/// A bridge by its name, where it says one, with its priority.
fn bridge(scene: &Scene, id: BridgeId, tree: &TreeRow) -> String {
    let of = |row: &&crate::model::NeighbourRow| row.told.chassis_mac == Some(id.mac) || row.source == id.mac;
    let name = scene.snapshot.switch.neighbours.iter().find(of).map(|row| printable(row.told.name()).into_owned()).unwrap_or_default();
    let name = if name.is_empty() { id.mac.to_string() } else { cut_end(&name, 24).into_owned() };
    let [set, number] = priority(id, tree.vlan.or(tree.instance));
    if number > 0 { format!("{name} ({set}+{number})") } else { format!("{name} ({set})") }
}

/// The priority that was set, and the number that a bridge adds to it where it is not the one of the tree's VLAN or instance (IEEE 802.1Q clause
/// 14.2.5). Bridges before that add none: a priority below its steps stands alone.
fn priority(id: BridgeId, of_tree: Option<u16>) -> [u16; 2] {
    let [set, number] = [id.priority & 0xf000, id.priority & 0x0fff];
    match of_tree {
        Some(of_tree) if of_tree == number => [set, 0],
        _ if set == 0 => [number, 0],
        _ => [set, number],
    }
}

/// What trees of several VLANs have in common when they are drawn as one.
fn shape(row: &TreeRow) -> impl PartialEq + use<> {
    let kind = (row.vlan.is_some(), row.instance, row.protocol);
    let priorities = [row.root, row.bridge].map(|id| priority(id, row.vlan.or(row.instance)));
    (kind, row.root.mac, row.bridge.mac, priorities, row.port & 0x0fff, row.cost, row.role)
}

/// The drawing: a line for each tree, or several where one has no room, those of VLANs that look alike together.
pub(super) fn lines(scene: &Scene, width: u16) -> Vec<LinePieces> {
    let (text, dim, accent) = (scene.style(Hue::Text), scene.style(Hue::Dim), scene.style(Hue::Accent));
    let mut groups: Vec<(Vec<u16>, &TreeRow)> = Vec::new();
    for row in &scene.snapshot.switch.trees {
        match groups.iter_mut().find(|(_, known)| shape(known) == shape(row)) {
            Some((vlans, _)) => vlans.extend(row.vlan),
            None => groups.push((row.vlan.into_iter().collect(), row)),
        }
    }
    let hops = |(vlans, row): (Vec<u16>, &TreeRow)| {
        let which = match (vlans.as_slice(), row.instance) {
            ([], Some(instance @ 1..)) => format!("{} instance {instance}", row.protocol),
            ([], _) => row.protocol.to_owned(),
            (vlans, _) => format!("vlan {}", numbers_text(vlans)),
        };
        let way = if width >= 110 { "────" } else { "──" };
        let root: LinePieces = vec![
            (cut_end(&format!("{which}  "), width / 4).into_owned().into(), dim),
            ("◆ root ".into(), accent),
            (bridge(scene, row.root, row).into(), text),
        ];
        let hop = |words: String, to: String| vec![(format!(" {way} {words} {way}▶ ").into(), dim), (to.into(), text)];
        let between = (row.root.mac != row.bridge.mac).then(|| hop(format!("cost {}", row.cost), bridge(scene, row.bridge, row)));
        let role = if row.role == PortRole::Unknown { "" } else { row.role.token() };
        let last = hop(format!("port {} {role}", row.port & 0x0fff).trim_end().to_owned(), "this link".to_owned());
        std::iter::once(root).chain(between).chain([last]).collect()
    };
    groups.into_iter().map(hops).flat_map(|hops| broken(hops, width)).collect()
}

/// Cells that lines behind the first are moved in by.
const INDENT: u16 = 4;

fn wide(piece: &LinePieces) -> u16 {
    piece.iter().fold(0u16, |sum, (text, _)| sum.saturating_add(cells(text)))
}

/// A way on as many lines as it needs: both its ends are always seen. What a line alone has no room for is cut in its last piece, and marked.
fn broken(hops: Vec<LinePieces>, width: u16) -> Vec<LinePieces> {
    let mut lines: Vec<LinePieces> = Vec::new();
    for hop in hops {
        match lines.last_mut() {
            Some(line) if wide(line).saturating_add(wide(&hop)) <= width => line.extend(hop),
            Some(_) => {
                let indent = (" ".repeat(usize::from(INDENT)).into(), Style::new());
                lines.push(std::iter::once(indent).chain(hop).collect());
            }
            None => lines.push(hop),
        }
    }
    for line in &mut lines {
        let over = wide(line).saturating_sub(width);
        if let Some((text, _)) = line.last_mut().filter(|_| over > 0) {
            *text = cut_middle(text, cells(text).saturating_sub(over)).into_owned().into();
        }
    }
    lines
}

/// Draws it.
pub(super) fn draw(canvas: &mut Canvas, area: Rect, lines: &[LinePieces]) {
    let body = titled(canvas, area, "From the root to this link", &[], false);
    for (line, y) in lines.iter().zip(body.top()..body.bottom()) {
        canvas.pieces(body.x + 1, y, body.width.saturating_sub(2), line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_for_the_priority_of_every_tree() {
        let of = |priority, vlan| super::priority(BridgeId { priority, ..BridgeId::default() }, vlan);
        assert_eq!(of(32_773, Some(5)), [32_768, 0], "the number of the VLAN stands before it");
        assert_eq!(of(32_769, None), [32_768, 1]);
        assert_eq!(of(32_768, None), [32_768, 0]);
        assert_eq!(of(4_097, Some(5)), [4_096, 1]);
        assert_eq!(of(100, None), [100, 0], "set before there were steps");
    }

    #[test]
    fn root_and_link_are_seen_at_every_width() {
        let piece = |text: &str| vec![(Cow::Owned(text.to_owned()), Style::new())];
        let hops = || {
            vec![
                piece("rstp  ◆ root 00:1c:57:54:dd:80 (32868)"),
                piece(" ── cost 4 ──▶ 00:1c:b1:c7:f6:00 (32868)"),
                piece(" ── port 21 ──▶ this link"),
            ]
        };
        for (width, lines) in [(200, 1), (90, 2), (60, 3), (30, 3)] {
            let drawn = broken(hops(), width);
            let text = |line: &LinePieces| line.iter().map(|p| p.0.as_ref()).collect::<String>();
            assert_eq!(drawn.len(), lines, "{width}");
            assert!(drawn.iter().all(|line| wide(line) <= width), "{width}");
            let (first, last) = (text(&drawn[0]), text(&drawn[lines - 1]));
            assert!(first.contains("◆ root 0") && last.ends_with("this link"), "{width}: {first} / {last}");
        }
    }
}
