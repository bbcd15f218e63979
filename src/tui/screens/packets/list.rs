//! The list of packets.

use super::state::{Focus, Looking};
use crate::snapshot::PacketPage;
use crate::tui::canvas::{Canvas, Hit};
use crate::tui::panels::packet_list;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use ratatui::layout::Rect;

pub(super) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, looking: &Looking, page: &PacketPage) {
    for (area, place) in packet_list::rows(canvas, area, scene, page) {
        if place == looking.row {
            let style = if looking.focus == Focus::List { canvas.theme.selected() } else { canvas.theme.style(Hue::Accent) };
            canvas.over(area, style);
            canvas.put(area.x, area.y, 1, "▎", scene.style(Hue::Accent).patch(style));
        }
        canvas.click(area, Hit::Row(None, Topic::Row(place)));
    }
}
