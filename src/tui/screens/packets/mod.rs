//! The packets themselves: a list, the packet under the cursor taken apart, its bytes with those of the chosen field marked, and what its
//! conversation says.
//!
//! ```text
//! ─ Packets ─ 10.20.0.14 ⇄ 10.20.1.2 ───────────────────────────── 1,204 of 9,310 ─
//!     no        time  from               to                 protocol  bytes  info
//!     17    0.031204  10.20.0.14         10.20.1.2          DNS          78  Standard query 0x1f2a A files.example
//! ─ Packet 17 ───────────────────────────────────┬─ Bytes ─────────────────────────
//!  ▸ Ethernet, Src: …                            │ 0000  00 1b 54 00 01 02 00 1b  …
//!  ▾ IPv4, Src: 10.20.0.14, Dst: 10.20.1.2       │ 0010  00 40 12 34 40 00 40 11  …
//!      Time to live: 64                          │
//! ```

mod contents;
mod graph;
mod keys;
mod list;
pub(in crate::tui) mod state;
mod stream;
mod subject;

use crate::snapshot::{PacketPage, Snapshot};
use crate::tui::canvas::{Canvas, Listing, cells, cut_end, hundredths, split_top, wrap};
use crate::tui::options::DashboardOptions;
use crate::tui::screen::{Effect, Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene};
use crate::tui::widgets::frame::{columns as divide, titled};
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use state::{AwaitedPlace, Focus, Looking, PacketsState};
use std::sync::Arc;
pub(in crate::tui) use subject::{of_subject, of_topic};

/// Packets.
pub(in crate::tui) struct PacketsScreen;

/// Below this width tree and bytes do not stand side by side.
const BESIDE: u16 = 118;
/// Cells of sixteen bytes with their place and their text.
const HEX: u16 = 74;

impl Screen for PacketsScreen {
    fn title(&self) -> &'static str {
        "Packets"
    }

    fn short_title(&self) -> &'static str {
        "Pkt"
    }

    fn about(&self) -> &'static str {
        "the packets themselves: list, every header's fields, bytes, what a conversation says; of a capture, or of a port's last ones"
    }

    fn pane(&self, options: &DashboardOptions) -> Pane {
        let mut pane = Pane::default();
        pane.own.change(|state: &mut PacketsState| *state = PacketsState::new(options.packets.clone()));
        pane
    }

    fn keys(&self) -> &'static [Hint] {
        keys::HINTS
    }

    fn lists_packets(&self) -> bool {
        true
    }

    fn is_typing(&self, pane: &Pane) -> bool {
        pane.own.get::<PacketsState>().is_some_and(|state| state.looking().typing.is_some())
    }

    fn key(&self, pane: &mut Pane, key: KeyEvent, snapshot: &Snapshot) -> Option<Effect> {
        keys::press(&mut pane.own.get::<PacketsState>()?.looking(), key, (snapshot.live, is_reading(snapshot))).then_some(Effect::Done)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let Some(state) = scene.pane.own.get::<PacketsState>() else { return };
        let looking = &mut *state.looking();
        looking.clicked(scene.pane.selected.as_ref());
        let above = list_height(area.height, looking.stream.is_some(), looking.need);
        looking.height = usize::from(above.saturating_sub(2)).max(1);
        looking.offset = scene.pane.offset as u64;
        looking.begins = scene.base.capture.first.map(|first| (first, scene.utc_offset(first)));
        let Some(page) = looking.page(scene.snapshot.live, is_reading(scene.snapshot)) else { return nothing(canvas, area, scene) };
        canvas.listing = Listing { offset: page.first as usize, height: looking.height };
        let (upper, lower) = split_top(area, above);
        let body = titled(canvas, upper, &looking.title(), &note(scene, looking, &page, area.width), looking.focus == Focus::List);
        list::draw(canvas, body, scene, looking, &page);
        if lower.height < 3 {
            return;
        }
        if let Some(view) = &looking.stream {
            match view.drawn {
                Some(drawn) => graph::draw(canvas, lower, scene, view, drawn, &page),
                None => stream::draw(canvas, lower, scene, view, &page),
            }
        } else {
            below(canvas, lower, scene, looking, &page);
        }
    }
}

/// Whether a capture is still being read: its end is not known yet.
fn is_reading(snapshot: &Snapshot) -> bool {
    !snapshot.live && !snapshot.finished
}

/// How far a capture has been read of which a place is waited for.
fn waiting(scene: &Scene, place: &AwaitedPlace) -> String {
    let read = scene.unread().map_or_else(String::new, |share| format!(" {:.0} %", share * 100.0));
    format!("reading …{read}, then to {place}")
}

/// Lines of the list with its title and its head. What no packet so far has `need`ed below it is the list's: it gives that back for good, so
/// that rows move once at most.
fn list_height(height: u16, stream: bool, need: usize) -> u16 {
    let share = if stream { height / 4 } else { hundredths(height, 45) }.max(5).min(height);
    let need = u16::try_from(need).unwrap_or(u16::MAX);
    if stream || need == 0 { share } else { share.max(height.saturating_sub(need)) }
}

/// Draws the packet under the cursor: its fields, and beside or below them its bytes.
fn below(canvas: &mut Canvas, area: Rect, scene: &Scene, looking: &mut Looking, page: &PacketPage) {
    let Some((_, contents)) = &page.chosen else { return };
    let contents = Arc::clone(contents);
    let (tree, bytes) = if area.width >= BESIDE {
        let parts = divide(canvas, area, &[area.width - HEX - 1]);
        (parts.first().copied().unwrap_or(area), parts.get(1).copied())
    } else if area.height >= 9 {
        let (tree, bytes) = split_top(area, area.height - (area.height / 3).clamp(4, 8));
        (tree, Some(bytes))
    } else {
        (area, None)
    };
    let title = format!("Packet {} · {} bytes", contents.number, contents.wire);
    let body = titled(canvas, tree, &title, &[], looking.focus == Focus::Tree);
    let marked = contents::tree(canvas, body, scene, looking, &contents);
    if let Some(bytes) = bytes {
        let what = if marked.is_empty() { String::new() } else { format!("bytes {}–{}", marked.start, marked.end - 1) };
        let body = titled(canvas, bytes, "Bytes", &[(what.into(), scene.style(Hue::Dim))], false);
        contents::bytes(canvas, body, scene, &contents.bytes, marked);
    }
    let (fields, dump) = (looking.lines + 1, contents::rows(&contents.bytes) + 1);
    let need = if area.width >= BESIDE { fields.max(dump) } else { fields + dump.min(8) };
    looking.need = looking.need.max(need);
}

/// What stands at the right of the title: what is being typed or was said, how many there are, where they lie. The first of it is cut to fit.
fn note<'a>(scene: &Scene, looking: &Looking, page: &PacketPage, width: u16) -> Vec<(std::borrow::Cow<'a, str>, ratatui::style::Style)> {
    let dim = scene.style(Hue::Dim);
    if let Some(typing) = &looking.typing {
        return vec![(format!("{}{}▏", typing.prompt(), typing.text).into(), scene.theme.strong(Hue::Accent))];
    }
    let mut out: Vec<(std::borrow::Cow<'a, str>, ratatui::style::Style)> = Vec::new();
    if let Some(searched) = page.searched {
        out.push((format!("looked through {:.0} %  ", searched * 100.0).into(), scene.style(Hue::Accent)));
    }
    out.push((crate::model::units::plural(page.total, "packet").into(), scene.style(Hue::Text)));
    if scene.snapshot.live {
        out.push((if looking.tail { " · newest" } else { " · held, G follows" }.into(), dim));
    }
    let waiting = looking.awaited.as_ref().map(|place| waiting(scene, place));
    let said = match (&page.trouble, waiting.as_ref().or(looking.notice.as_ref())) {
        (Some(trouble), _) => Some((trouble, Hue::Bad)),
        (None, Some(notice)) => Some((notice, Hue::Warn)),
        // A ring that cannot be written is no mere remark.
        (None, None) if page.place.contains("in no file") => Some((&page.place, Hue::Bad)),
        (None, None) => Some((&page.place, Hue::Dim)).filter(|(place, _)| !place.is_empty()),
    };
    let used: u16 = out.iter().map(|(text, _)| cells(text)).sum::<u16>() + cells(&looking.title());
    let room = width.saturating_sub(used + 12);
    if let Some((text, hue)) = said.filter(|_| room > 8) {
        out.insert(0, (format!("{}  ", cut_end(text, room)).into(), scene.style(hue)));
    }
    out
}

/// What is shown where there is nothing to read packets from.
fn nothing(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let body = titled(canvas, area, "Packets", &[], false);
    let text = "No packets are kept here: the recorder is off (--recorder 64M turns it on).";
    let width = body.width.saturating_sub(2);
    for (line, y) in wrap(text, width).iter().zip(body.top()..body.bottom()) {
        canvas.put(body.x + 1, y, width, line, scene.style(Hue::Dim));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_what_no_packet_needs_below_it() {
        assert_eq!(list_height(40, false, 0), 18, "nothing is known of packets yet");
        assert_eq!(list_height(40, false, 9), 31);
        assert_eq!(list_height(40, false, 22), 18);
        assert_eq!(list_height(40, false, 500), 18, "it keeps its share");
        assert_eq!(list_height(40, true, 9), 10);
        assert_eq!((list_height(6, false, 3), list_height(3, false, 9)), (5, 3));
    }
}
