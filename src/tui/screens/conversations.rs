//! Who talks to whom.
//!
//! ```text
//!  TCP 1,204   UDP 310   SCTP 0   IPv4 88   IPv6 12   Ethernet 40
//!  conversation                         app    state   rate ▼      share
//!  10.20.0.14:51532 ⇄ 10.20.1.7:443     tls    open    210 Mb/s    ████▏ 17 %
//! ```

use crate::model::units;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::{Column, Snapshot, Table};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::columns;
use crate::tui::details;
use crate::tui::panels::kinds;
use crate::tui::screen::{Hint, Screen, Sorts};
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Shape};
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Conversations of every kind.
pub(in crate::tui) struct ConversationsScreen;

const KINDS: [Kind; 6] = [Kind::Tcp, Kind::Udp, Kind::Sctp, Kind::Ip, Kind::Ipv6, Kind::Eth];

fn kind(scene: &Scene) -> Kind {
    KINDS.get(scene.pane.kind).copied().unwrap_or(Kind::Tcp)
}

impl Screen for ConversationsScreen {
    fn title(&self) -> &'static str {
        "Conversations"
    }

    fn short_title(&self) -> &'static str {
        "Conv"
    }

    fn about(&self) -> &'static str {
        "TCP, UDP and all others; `Enter` opens one"
    }

    fn kinds(&self, _: &Snapshot) -> usize {
        KINDS.len()
    }

    fn kind_with_rows(&self, scene: &Scene, kind: usize) -> Option<usize> {
        Some(kinds::with_rows(KINDS.iter().map(|kind| kind.conversations(scene.snapshot).total_rows), kind))
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        columns::conversation_rows(scene, kind(scene)).into_iter().map(|r| r.0).collect()
    }

    fn sorting(&self) -> Option<(Sorts, Vec<Column>)> {
        use Column as C;
        Some((
            Sorts::Conversations,
            vec![
                C::RATE,
                C::RATE_MINUTE,
                C::RETRANS,
                C::PACKET_RATE,
                C::PACKETS,
                C::DURATION,
                C::STATE,
                C::APP,
                C::ENDS,
                C::RATE_SECOND,
                C::BYTES,
            ],
        ))
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint { key: "← →", word: "kind", help: "TCP, UDP, SCTP, IPv4, IPv6, Ethernet" }]
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let kind = kind(scene);
        let rows = columns::conversation_rows(scene, kind);
        let six = columns::has_six(rows.iter().map(|r| &r.1.1.a));
        let unasked = columns::unasked(scene, kind, |filter| filter.asks_of(&CONVERSATIONS));
        let note = shown(scene, rows.len(), kind.conversations(scene.snapshot), unasked);
        let body = titled(canvas, area, &scene.based("Conversations"), &note, false);
        let (line, body) = split_top(body, 1);
        let names: Vec<_> = KINDS.iter().map(|k| (k.name(), Some(k.conversations(scene.snapshot).total_rows))).collect();
        kinds::draw(canvas, line, scene, &names);
        let empty = kinds::empty(scene, &names);
        let shape = Shape { order: Some(scene.view.conversations), focused: true, empty: &empty, ..Shape::default() };
        let (body, below) = details::with_preview(body, rows.len());
        table::draw(canvas, scene, body, &columns::chosen_conversations(scene, kind, six), &rows, &shape);
        if let Some((below, topic)) = below.zip(details::chosen(scene, rows.iter().map(|row| &row.0))) {
            details::preview(canvas, below, scene, topic);
        }
    }
}

/// How many rows there are beyond those that can be scrolled to; `unasked`: whether the filter left them alone.
pub(in crate::tui) fn shown<R>(scene: &Scene, rows: usize, table: &Table<R>, unasked: &'static str) -> Vec<(Cow<'static, str>, Style)> {
    let dim = scene.style(Hue::Dim);
    let mut out = Vec::new();
    if scene.partial {
        return vec![("…".into(), dim)];
    }
    if table.total_rows > rows as u64 {
        out.push((format!("first {} of {}", units::grouped(rows as u64), units::grouped(table.total_rows)).into(), dim));
    } else {
        out.push((units::grouped(table.total_rows).into(), dim));
    }
    if table.total_rows > 0 && !unasked.is_empty() {
        out.push((unasked.into(), dim));
    }
    if table.other_rows > 0 {
        let folded = format!(" · {} more only in sums, {}", units::count(table.other_rows), units::bytes(table.other.wire_bytes));
        out.push((folded.into(), scene.style(Hue::Warn)));
    }
    out
}
