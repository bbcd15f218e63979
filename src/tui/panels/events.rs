//! What happened in a conversation and what its applications said, an event a line, from its packets.
//!
//! ```text
//! ─ What happened ──────────────────────────────────────────── 6 events · P all packets ─
//!       time     after
//!   0.000000         –  →  opens    51532 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
//!   0.031204   31.2 ms  ←  opens    80 → 51532 [SYN, ACK] Seq=0 Ack=1 Win=65160 Len=0
//!   0.031330    126 µs  →  says     GET /index.html HTTP/1.1
//! ```

use super::packet_list;
use crate::model::limits::PAGE_ROWS;
use crate::model::time::SECOND;
use crate::model::{Address, Timestamp, units};
use crate::snapshot::{PacketEvent, PacketPage, PacketRequest, PacketRow, PacketSubject};
use crate::tui::canvas::{Canvas, cells, cut_end, split_top};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use std::sync::Arc;

/// Lines that it needs at least: a title, two events.
pub(in crate::tui) const LEAST: u16 = 3;

/// Lines from which on its columns have heads.
const HEADED: u16 = 5;

/// Cells of the time since the event before: `12.3 ms`.
const AFTER: u16 = 9;

/// Cells of what an event is: the longest word.
const WORD: u16 = 7;

/// Cells of the title and of what is said beside the number of events where there is room.
const WORDS: u16 = 44;

/// What happened in a conversation, as far as its packets are known.
pub(in crate::tui) struct Events {
    page: Arc<PacketPage>,
    /// Who began.
    first: Address,
}

impl Events {
    /// Asks for those of a conversation whose first end is `first`; `None` where no packets are kept.
    pub fn ask(scene: &Scene, of: PacketSubject, first: Address) -> Option<Self> {
        let store = scene.options.packets.as_ref()?;
        let span = scene.snapshot.span.as_ref().map(|shown| shown.span);
        // With the one before the first that is shown, from which its time counts.
        let from = (scene.pane.scroll as u64).saturating_sub(1);
        let request = PacketRequest { subject: of.during(span), first: from, rows: PAGE_ROWS, events: true, ..PacketRequest::default() };
        let page = store.look(&request);
        // The answer to another question says nothing yet.
        let is_answer = page.subject == request.subject && page.rows.iter().all(|row| row.event.is_some());
        let page = if is_answer { page } else { Arc::new(PacketPage { searched: Some(0.0), ..PacketPage::default() }) };
        Some(Self { page, first })
    }

    /// Lines that all of them take with title and head.
    pub fn height(&self) -> u16 {
        u16::try_from(self.page.total.max(1)).unwrap_or(u16::MAX).saturating_add(2)
    }

    /// Draws them from the scrolled line on.
    pub fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let page = &self.page;
        let dim = scene.style(Hue::Dim);
        let count = units::plural(page.total, "event");
        let looked = page.searched.map(|share| format!("looked through {:.0} % · ", share * 100.0)).unwrap_or_default();
        let kept = if scene.snapshot.live { " of the packets that are kept" } else { "" };
        let said = format!("{looked}{count}");
        let mut note = vec![(said.clone().into(), dim)];
        if cells(&said) + cells(kept) + WORDS < area.width {
            note.extend([(format!("{kept} · ").into(), dim), ("P".into(), scene.style(Hue::Accent)), (" all its packets".into(), dim)]);
        }
        let body = titled(canvas, area, "What happened", &note, false);
        let (head, body) = split_top(body, u16::from(area.height >= HEADED));
        let times: Vec<String> = page.rows.iter().map(|row| packet_list::time(scene, page.begin, row.time)).collect();
        let time = times.iter().map(|text| cells(text)).max().unwrap_or(0).max(8);
        if head.height > 0 {
            canvas.right(head.x + 1, head.y, time, "time", dim);
            canvas.right(head.x + 1 + time, head.y, AFTER, "after", dim);
            let x = head.x + 1 + time + AFTER + 5;
            canvas.put(x, head.y, head.right().saturating_sub(x), "event", dim);
            let x = x + WORD + 2;
            canvas.put(x, head.y, head.right().saturating_sub(x), "packet", dim);
        }
        if page.rows.is_empty() {
            let words = match page.searched {
                Some(_) => "looking …",
                None if scene.snapshot.live => "none of its packets is kept any more, or nothing happened in those that are",
                None => "nothing but data that is not read here",
            };
            canvas.ink(body.x + 1, body.y, body.width.saturating_sub(2), words, Hue::Dim);
            return;
        }
        let overflow = usize::try_from(page.total).unwrap_or(usize::MAX).saturating_sub(body.height.into());
        canvas.overflow = canvas.overflow.max(overflow);
        let from = scene.pane.scroll.min(overflow);
        let skipped = from.saturating_sub(usize::try_from(page.first).unwrap_or(usize::MAX));
        for ((at, text), y) in times.iter().enumerate().skip(skipped).zip(body.top()..body.bottom()) {
            let Some(row) = page.rows.get(at) else { break };
            let before = at.checked_sub(1).and_then(|before| page.rows.get(before));
            self.line(canvas, Rect { y, height: 1, ..body }, scene, (text, time), row, before);
        }
        if from < overflow {
            canvas.right(body.x, body.bottom().saturating_sub(1), body.width, " more ↓ ", scene.style(Hue::Accent));
        }
    }

    fn line(&self, canvas: &mut Canvas, area: Rect, scene: &Scene, (time, wide): (&str, u16), row: &PacketRow, before: Option<&PacketRow>) {
        let dim = scene.style(Hue::Dim);
        let mut x = area.x + 1;
        canvas.right(x, area.y, wide, time, dim);
        x += wide;
        let after = before.map_or("–".to_owned(), |before| since(before.time, row.time));
        canvas.right(x, area.y, AFTER, &after, scene.style(Hue::Text));
        x += AFTER + 2;
        let is_forth = row.source == self.first.to_string();
        let (arrow, way) = if is_forth { ("→", Hue::Out) } else { ("←", Hue::In) };
        canvas.put(x, area.y, 1, arrow, scene.style(way));
        x += 3;
        let (word, hue) = word(row.event);
        canvas.put(x, area.y, WORD, word, scene.style(hue));
        x += WORD + 2;
        let room = area.right().saturating_sub(x + 1);
        let text = if row.event == Some(PacketEvent::Says) { Hue::Text } else { Hue::Dim };
        canvas.put(x, area.y, room, &cut_end(&row.info, room), scene.style(text));
    }
}

/// What an event is called, and its hue.
fn word(event: Option<PacketEvent>) -> (&'static str, Hue) {
    match event {
        Some(PacketEvent::Opens) => ("opens", Hue::Good),
        Some(PacketEvent::Troubles) => ("trouble", Hue::Warn),
        Some(PacketEvent::Says) => ("says", Hue::Text),
        Some(PacketEvent::Ends) => ("ends", Hue::Dim),
        Some(PacketEvent::Resets) => ("resets", Hue::Bad),
        None => ("", Hue::Dim),
    }
}

/// The time from one event to the next; nothing where clocks went back.
fn since(before: Timestamp, time: Timestamp) -> String {
    let nanos = time.since(before);
    if nanos < 0 || before == Timestamp::UNKNOWN || time == Timestamp::UNKNOWN {
        return "–".to_owned();
    }
    amount::short_duration(nanos as f64 / SECOND as f64)
}
