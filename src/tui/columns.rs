//! The columns of conversations and end points, with their worth when there is little room.

use super::fields;
use super::label;
use super::theme::Hue;
use super::view::{Kind, Scene, Topic};
use super::widgets::table::{Cell, Col};
use crate::model::Address;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::{Column, Conversation, HostRow, Order, Snapshot};

pub(super) use super::fields::{load_cell, load_title, numbers_text as vlans, side};

/// A conversation and its kind.
pub(super) type Talk<'a> = (Kind, &'a Conversation);

/// An end point and its kind.
pub(super) type End<'a> = (Kind, &'a HostRow);

/// Leaves out of a table what a file has no use for: rates of now, and bytes beside bytes.
pub(super) fn for_file<R>(mut columns: Vec<Col<R>>, whole: bool) -> Vec<Col<R>> {
    let mut bytes = false;
    columns.retain(|c| match c.title {
        "pps" => !whole,
        "bytes" => !std::mem::replace(&mut bytes, true) || !whole,
        _ => true,
    });
    columns
}

/// Widths of one end: what IPv4 (or a MAC address, or IPv6) needs and can use.
fn end_width(kind: Kind, six: bool) -> (u16, u16) {
    match (kind, six) {
        (Kind::Eth, _) => (14, 20),
        (Kind::Ip, _) => (11, 15),
        (Kind::Ipv6, _) => (14, 39),
        (_, true) => (15, 47),
        (_, false) => (15, 21),
    }
}

/// Columns of a conversation table of a kind (`None`: of mixed ones); `six` when IPv6 addresses are among its rows, `whole` for a file.
pub(super) fn conversations<'a>(kind: Option<Kind>, six: bool, whole: bool) -> Vec<Col<Talk<'a>>> {
    let (least, most) = end_width(kind.unwrap_or(Kind::Tcp), six);
    let heads: Vec<_> = CONVERSATIONS.fields.iter().map(|f| f.head).collect();
    let shown = fields::shown(&heads, fields::layers(kind), whole);
    let columns = shown.iter().filter_map(|(at, screen)| {
        let head = heads.get(*at)?;
        let mut column = fields::column(head, screen, *at, whole, |s, (k, c): &Talk, at| fields::of_row(s, *k, &CONVERSATIONS, c, at));
        // Beside other panels the share says more than the bytes.
        column.worth = match (head.token, kind) {
            ("ends", _) => {
                (column.width, column.max) = (least * 2 + 3, most * 2 + 3);
                0
            }
            ("share", None) => 3,
            ("wire_bytes", None) => 6,
            _ => column.worth,
        };
        Some(column)
    });
    columns.collect()
}

/// Columns of an end point table of a kind (`None`: addresses of mixed kinds).
pub(super) fn hosts<'a>(kind: Option<Kind>, six: bool, whole: bool) -> Vec<Col<End<'a>>> {
    let (least, most) = end_width(kind.unwrap_or(if six { Kind::Ipv6 } else { Kind::Ip }), six);
    let heads: Vec<_> = ENDPOINTS.fields.iter().map(|f| f.head).collect();
    let mut shown = fields::shown(&heads, fields::layers(kind.or(Some(Kind::Ip))), whole);
    if kind.is_none() {
        // Beside other panels: who, what each sends and receives, and the share.
        let place = |at: usize| ["end", "sends", "receives", "share"].iter().position(|t| heads.get(at).is_some_and(|h| h.token == *t));
        shown.retain(|(at, _)| place(*at).is_some());
        shown.sort_by_key(|(at, _)| place(*at));
    }
    let columns = shown.iter().filter_map(|(at, screen)| {
        // The share of an end that talks to itself counts each packet once.
        let mut column = fields::column(heads.get(*at)?, screen, *at, whole, |s, (k, h): &End, at| {
            if ENDPOINTS.fields.get(at)?.head.token == "share" {
                return Some(Cell::Share(s.share_of(*k, h), s.style(Hue::Accent)));
            }
            fields::of_row(s, *k, &ENDPOINTS, h, at)
        });
        if screen.place == 0 {
            (column.width, column.max) = (least.max(15), most.max(17));
        }
        Some(column)
    });
    columns.collect()
}

/// The application, or the innermost protocol where there is none.
pub(super) fn app_token(row: &Conversation) -> String {
    match row.app {
        Some(app) => app.to_owned(),
        None => row.path.last().map(|l| l.to_string()).unwrap_or_default(),
    }
}

/// The family of a conversation's application or innermost protocol.
pub(super) fn conversation_family(row: &Conversation) -> crate::model::proto::Family {
    match row.app {
        Some(app) => label::family(app),
        None => row.path.last().map_or(crate::model::proto::Family::Other, label::layer_family),
    }
}

/// Whether IPv6 is among the rows.
pub(super) fn has_six<'a>(mut addresses: impl Iterator<Item = &'a Address>) -> bool {
    addresses.any(|a| matches!(a, Address::V6(_)))
}

/// Conversations of a kind in an order, in the held order of the page.
pub(super) fn conversation_rows<'a>(scene: &Scene<'a>, kind: Kind) -> Vec<(Topic, Talk<'a>)> {
    let order = scene.view.conversations;
    let mut rows: Vec<&Conversation> = kind.conversations(scene.snapshot).rows.iter().collect();
    rows.sort_by(|x, y| CONVERSATIONS.compare(order, x, y));
    scene.pane.arrange(rows.into_iter().map(|row| (Topic::conversation(kind, row), (kind, row))).collect())
}

/// End points of a kind in an order, in the held order of the page.
pub(super) fn host_rows<'a>(scene: &Scene<'a>, kind: Kind) -> Vec<(Topic, End<'a>)> {
    let order = scene.view.endpoints;
    let mut rows: Vec<&HostRow> = kind.endpoints(scene.snapshot).rows.iter().collect();
    rows.sort_by(|x, y| ENDPOINTS.compare(order, x, y));
    scene.pane.arrange(rows.into_iter().map(|row| (Topic::host(kind, row), (kind, row))).collect())
}

/// The order of "busiest first": now for a live port, in all for a file.
pub(super) fn busiest(live: bool) -> Order {
    Order { column: if live { Column::RATE } else { Column::BYTES }, descending: true }
}

/// Transport conversations of all kinds, or the next lower layer that has some.
pub(super) fn busiest_conversations<'a>(snapshot: &'a Snapshot, keep: &dyn Fn(&Conversation) -> bool) -> Vec<(Kind, &'a Conversation)> {
    let order = busiest(snapshot.live);
    for kinds in [&[Kind::Tcp, Kind::Udp, Kind::Sctp][..], &[Kind::Ip, Kind::Ipv6], &[Kind::Eth]] {
        let mut rows: Vec<(Kind, &Conversation)> =
            kinds.iter().flat_map(|&k| k.conversations(snapshot).rows.iter().map(move |r| (k, r))).filter(|(_, row)| keep(row)).collect();
        if !rows.is_empty() {
            rows.sort_by(|x, y| CONVERSATIONS.compare(order, x.1, y.1));
            return rows;
        }
    }
    Vec::new()
}
