//! One packet: the fields of its headers, and its bytes.

use super::state::{Focus, Looking};
use crate::model::{TreeField, TreeLayer};
use crate::snapshot::PacketContents;
use crate::tui::canvas::{Canvas, cut_end};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use ratatui::layout::Rect;
use std::ops::Range;

/// A line of the fields.
enum TreeLine<'a> {
    Layer(&'a TreeLayer, bool),
    Field(&'a TreeField),
}

/// The lines shown: of open headers their fields. The innermost header is open by itself until one was closed.
fn lines<'a>(looking: &Looking, contents: &'a PacketContents) -> Vec<TreeLine<'a>> {
    let layers = &contents.tree.layers;
    let last = layers.iter().rposition(|layer| !layer.fields.is_empty());
    let mut out = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let open = !layer.fields.is_empty() && (looking.open.contains(layer.token) || last == Some(at) && !looking.open.contains(""));
        out.push(TreeLine::Layer(layer, open));
        if open {
            out.extend(layer.fields.iter().map(TreeLine::Field));
        }
    }
    out
}

/// Draws the fields; returns the bytes of the one under the cursor.
pub(super) fn tree(canvas: &mut Canvas, area: Rect, scene: &Scene, looking: &mut Looking, contents: &PacketContents) -> Range<usize> {
    let lines = lines(looking, contents);
    looking.lines = lines.len();
    looking.field = looking.field.min(lines.len().saturating_sub(1));
    let height = usize::from(area.height);
    let focused = looking.focus == Focus::Tree;
    let cursor = if focused { looking.field } else { 0 };
    // Without a cursor the end is shown: the innermost headers say most.
    let offset = match (focused, lines.len() > height) {
        (true, true) => cursor.saturating_sub(height / 2).min(lines.len() - height),
        (false, true) => lines
            .iter()
            .rposition(|l| matches!(l, TreeLine::Layer(_, true)))
            .unwrap_or(0)
            .saturating_sub(height / 3)
            .min(lines.len() - height),
        _ => 0,
    };
    let mut marked = 0..0;
    looking.layer = None;
    for (at, line) in lines.iter().enumerate() {
        let here = focused && at == looking.field;
        if here {
            let (from, length) = match line {
                TreeLine::Layer(layer, open) => {
                    looking.layer = Some((layer.token, *open));
                    (layer.at, layer.length)
                }
                TreeLine::Field(field) => (field.at, field.length),
            };
            marked = from as usize..(from + length) as usize;
        }
        if at < offset || at >= offset + height {
            continue;
        }
        let row = Rect { y: area.y + (at - offset) as u16, height: 1, ..area };
        draw_line(canvas, row, scene, line);
        if here {
            let style = canvas.theme.selected();
            canvas.over(row, style);
            canvas.put(row.x, row.y, 1, "▎", scene.style(Hue::Accent).patch(style));
        }
    }
    marked
}

fn draw_line(canvas: &mut Canvas, row: Rect, scene: &Scene, line: &TreeLine<'_>) {
    let width = row.width.saturating_sub(2);
    match line {
        TreeLine::Layer(layer, open) => {
            let mark = match (layer.fields.is_empty(), open) {
                (true, _) => "· ",
                (false, true) => "▾ ",
                (false, false) => "▸ ",
            };
            let summary =
                if layer.summary.is_empty() || layer.summary == layer.title { String::new() } else { format!("  {}", layer.summary) };
            let used = canvas.put(row.x + 1, row.y, width, mark, scene.style(Hue::Accent));
            let title = cut_end(&layer.title, width.saturating_sub(used));
            let used = used + canvas.put(row.x + 1 + used, row.y, width.saturating_sub(used), &title, scene.theme.strong(Hue::Text));
            let room = width.saturating_sub(used);
            canvas.put(row.x + 1 + used, row.y, room, &cut_end(&summary, room), scene.style(Hue::Dim));
        }
        TreeLine::Field(field) => {
            let indent = (4 + 2 * u16::from(field.depth)).min(width);
            let title = if field.value.is_empty() { field.title.to_string() } else { format!("{}: ", field.title) };
            let room = width.saturating_sub(indent);
            let used = canvas.put(row.x + 1 + indent, row.y, room, &cut_end(&title, room), scene.style(Hue::Dim));
            let room = room.saturating_sub(used);
            let value_used = canvas.put(row.x + 1 + indent + used, row.y, room, &cut_end(&field.value, room), scene.style(Hue::Text));
            // Its name in filters, where there is room.
            let name = crate::tui::canvas::cells(field.name);
            if room > value_used + name + 3 {
                canvas.right(row.x + 1, row.y, width, field.name, scene.style(Hue::Dim));
            }
        }
    }
}

/// Bytes of a line.
const ROW: usize = 16;

/// Lines of bytes.
pub(super) fn rows(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(ROW)
}

/// Draws bytes in hexadecimal and as text; those of `marked` stand out and are in view.
pub(super) fn bytes(canvas: &mut Canvas, area: Rect, scene: &Scene, bytes: &[u8], marked: Range<usize>) {
    let height = usize::from(area.height);
    let rows = rows(bytes);
    let first = (marked.start / ROW).saturating_sub(height / 3);
    let first = if marked.end.div_ceil(ROW) <= height { 0 } else { first.min(rows.saturating_sub(height)) };
    for (line, y) in (first..rows).zip(area.y..area.bottom()) {
        let at = line * ROW;
        let chunk = bytes.get(at..(at + ROW).min(bytes.len())).unwrap_or_default();
        canvas.put(area.x + 1, y, 5, &format!("{at:04x} "), scene.style(Hue::Dim));
        for (n, byte) in chunk.iter().enumerate() {
            let (plain, here) = (scene.style(if *byte == 0 { Hue::Dim } else { Hue::Text }), marked.contains(&(at + n)));
            let style = if here { scene.theme.strong(Hue::Accent).patch(canvas.theme.selected()) } else { plain };
            let gap = u16::from(n >= ROW / 2);
            let x = area.x + 7 + 3 * n as u16 + gap;
            let room = (area.right()).saturating_sub(x).min(2);
            canvas.put(x, y, room, &format!("{byte:02x}"), style);
            // The blank between two marked bytes belongs to them.
            if here && marked.contains(&(at + n + 1)) && n + 1 < ROW {
                canvas.put(
                    x + 2,
                    y,
                    (area.right()).saturating_sub(x + 2).min(1 + u16::from(n + 1 == ROW / 2)),
                    "  ",
                    canvas.theme.selected(),
                );
            }
            let glyph = if (0x20..0x7f).contains(byte) { char::from(*byte).to_string() } else { "·".to_owned() };
            let x = area.x + 8 + 3 * ROW as u16 + 1 + n as u16;
            let style = if here { style } else { scene.style(if glyph == "·" { Hue::Faint } else { Hue::Dim }) };
            canvas.put(x, y, (area.right()).saturating_sub(x).min(1), &glyph, style);
        }
    }
}
