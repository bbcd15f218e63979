//! What a conversation says, as text or in hexadecimal: the one who speaks first in one colour, the other in another.

use super::state::StreamView;
use crate::model::text::is_unfit;
use crate::model::units;
use crate::snapshot::{PacketPage, PacketStream, StreamBytes};
use crate::tui::canvas::Canvas;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;

/// A line and who says it; `None`: a remark.
type Said = (String, Option<bool>);

pub(super) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, view: &StreamView, page: &PacketPage) {
    let empty = PacketStream::default();
    let stream = page.stream.as_deref().unwrap_or(&empty);
    let bytes: u64 = stream.pieces.iter().map(|piece| piece.bytes.len() as u64).sum();
    let mut state = units::bytes(bytes);
    if stream.cut {
        state.push_str(" · no more is kept");
    } else if !stream.whole {
        state.push_str(" · reading …");
    }
    let [one, other] = &stream.ends;
    let note = [
        (format!("{one} ").into(), scene.style(Hue::Out)),
        ("⇄ ".into(), scene.style(Hue::Dim)),
        (format!("{other}  ").into(), scene.style(Hue::In)),
        (state.into(), scene.style(Hue::Dim)),
    ];
    let body = titled(canvas, area, if view.hex { "Stream · h text" } else { "Stream · h hexadecimal" }, &note, true);
    let width = usize::from(body.width.saturating_sub(2)).max(8);
    let lines = if view.hex { hex(stream) } else { text(stream, width) };
    if lines.is_empty() {
        canvas.ink(body.x + 1, body.y, body.width.saturating_sub(2), if stream.whole { "nothing was said" } else { "reading …" }, Hue::Dim);
        return;
    }
    let height = usize::from(body.height);
    let offset = view.scroll.min(lines.len().saturating_sub(height));
    for ((line, who), y) in lines.iter().skip(offset).zip(body.y..body.bottom()) {
        let hue = match who {
            Some(true) => Hue::Out,
            Some(false) => Hue::In,
            None => Hue::Dim,
        };
        canvas.ink(body.x + 1, y, body.width.saturating_sub(2), line, hue);
    }
}

fn gap(piece: &StreamBytes) -> Option<Said> {
    (piece.missing > 0).then(|| (format!("[{} missing in the capture]", units::bytes(piece.missing.into())), None))
}

/// Lines of text; what is no text is a point.
fn text(stream: &PacketStream, width: usize) -> Vec<Said> {
    let mut out = Vec::new();
    for piece in &stream.pieces {
        out.extend(gap(piece));
        for line in piece.bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let shown: Vec<char> = match std::str::from_utf8(line) {
                Ok(text) => text.chars().map(|c| if is_unfit(c) { '·' } else { c }).collect(),
                // What is no text in UTF-8 is none in anything that could be told here.
                Err(_) => line.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '·' }).collect(),
            };
            if shown.is_empty() {
                out.push((String::new(), Some(piece.forth)));
            }
            out.extend(shown.chunks(width).map(|part| (part.iter().collect(), Some(piece.forth))));
        }
        // A line feed at the end ends a line and begins none.
        if piece.bytes.ends_with(b"\n") {
            out.pop();
        }
    }
    out
}

/// Sixteen bytes a line, with their place among those of their direction.
fn hex(stream: &PacketStream) -> Vec<Said> {
    let mut out = Vec::new();
    let mut places = [0usize; 2];
    for piece in &stream.pieces {
        out.extend(gap(piece));
        let Some(place) = places.get_mut(usize::from(!piece.forth)) else { continue };
        for chunk in piece.bytes.chunks(16) {
            let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let text: String = chunk.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '·' }).collect();
            let indent = if piece.forth { "" } else { "    " };
            out.push((format!("{indent}{place:08x}  {:<47}  {text}", hex.join(" ")), Some(piece.forth)));
            *place += chunk.len();
        }
    }
    out
}
