//! The columns of conversations and end points, with their worth when there is little room.

use super::label;
use super::theme::Hue;
use super::view::{Kind, Scene, Topic};
use super::widgets::amount::{self, COUNT, RATE, VOLUME};
use super::widgets::table::{Cell, Col};
use crate::model::Address;
use crate::snapshot::{Column, Conversation, HostRow, Order, Snapshot};

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

/// Columns of a conversation table; `six` when IPv6 addresses are among its rows.
pub(super) fn conversations<'a>(kind: Kind, six: bool) -> Vec<Col<&'a Conversation>> {
    let (least, most) = end_width(kind, six);
    let pair: fn(&Scene, &&Conversation) -> Cell = match kind {
        Kind::Tcp => |s, c| pair(s, Kind::Tcp, c),
        Kind::Udp => |s, c| pair(s, Kind::Udp, c),
        Kind::Sctp => |s, c| pair(s, Kind::Sctp, c),
        Kind::Ip => |s, c| pair(s, Kind::Ip, c),
        Kind::Ipv6 => |s, c| pair(s, Kind::Ipv6, c),
        Kind::Eth => |s, c| pair(s, Kind::Eth, c),
    };
    let mut out = vec![
        Col {
            title: "conversation",
            width: least * 2 + 3,
            max: most * 2 + 3,
            right: false,
            sort: Some(Column::Address),
            worth: 0,
            cell: pair,
        },
        Col { title: "app", width: 6, max: 14, right: false, sort: Some(Column::App), worth: 2, cell: |s, c| app(s, c) },
        Col {
            title: "rate",
            width: RATE,
            max: RATE,
            right: true,
            sort: Some(Column::Rate),
            worth: 1,
            cell: |s, c| Cell::Amount(amount::rate(s, s.bits(c.recent(), c.total())), s.style(Hue::Text)),
        },
        Col {
            title: "share",
            width: 12,
            max: 22,
            right: true,
            sort: None,
            worth: 6,
            cell: |s, c| Cell::Share(s.share(c.recent(), c.total()), s.style(Hue::Family(conversation_family(c)))),
        },
        Col {
            title: "packets/s",
            width: RATE,
            max: RATE,
            right: true,
            sort: Some(Column::PacketRate),
            worth: 7,
            cell: |s, c| Cell::Amount(amount::packet_rate(s.packets(c.recent(), c.total())), s.style(Hue::Text)),
        },
        Col {
            title: "bytes",
            width: VOLUME,
            max: VOLUME,
            right: true,
            sort: Some(Column::Bytes),
            worth: 3,
            cell: |s, c| Cell::Amount(amount::volume(c.total().wire_bytes), s.style(Hue::Text)),
        },
        Col {
            title: "packets",
            width: COUNT + 1,
            max: COUNT + 1,
            right: true,
            sort: Some(Column::Packets),
            worth: 8,
            cell: |s, c| Cell::Amount(amount::count(c.total().packets), s.style(Hue::Text)),
        },
        Col {
            title: "duration",
            width: 8,
            max: 8,
            right: true,
            sort: Some(Column::Duration),
            worth: 9,
            cell: |s, c| Cell::Right(amount::short_duration(c.duration()), s.style(Hue::Text)),
        },
        Col {
            title: "vlan",
            width: 4,
            max: 12,
            right: false,
            sort: None,
            worth: 10,
            cell: |s, c| Cell::Text(vlans(&c.vlans), s.style(Hue::Dim)),
        },
    ];
    if kind == Kind::Tcp {
        out.insert(
            2,
            Col {
                title: "state",
                width: 9,
                max: 9,
                right: false,
                sort: Some(Column::State),
                worth: 5,
                cell: |s, c| match c.state {
                    Some(state) => {
                        let (word, hue) = label::state(state);
                        Cell::Text(word.into(), s.style(hue))
                    }
                    None => Cell::Text(String::new(), s.style(Hue::Dim)),
                },
            },
        );
    }
    out
}

fn pair(scene: &Scene, kind: Kind, row: &Conversation) -> Cell {
    let (first, between, second) = label::ends(scene, kind, row);
    Cell::Pair(first, between, second, scene.style(Hue::Text))
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

pub(super) fn app(scene: &Scene, row: &Conversation) -> Cell {
    Cell::Text(app_token(row), scene.style(Hue::Family(conversation_family(row))))
}

/// `10, 20`.
pub(super) fn vlans(ids: &[u16]) -> String {
    ids.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// Columns of an end point table.
pub(super) fn hosts<'a>(kind: Kind, six: bool) -> Vec<Col<&'a HostRow>> {
    let (least, most) = end_width(kind, six);
    let name: fn(&Scene, &&HostRow) -> Cell = match kind {
        Kind::Tcp => |s, h| host(s, Kind::Tcp, h),
        Kind::Udp => |s, h| host(s, Kind::Udp, h),
        Kind::Sctp => |s, h| host(s, Kind::Sctp, h),
        Kind::Ip => |s, h| host(s, Kind::Ip, h),
        Kind::Ipv6 => |s, h| host(s, Kind::Ipv6, h),
        Kind::Eth => |s, h| host(s, Kind::Eth, h),
    };
    let title = if matches!(kind, Kind::Tcp | Kind::Udp | Kind::Sctp) { "port" } else { "host" };
    let mut out = vec![
        Col { title, width: least.max(15), max: most, right: false, sort: Some(Column::Address), worth: 0, cell: name },
        Col {
            title: "rate",
            width: RATE,
            max: RATE,
            right: true,
            sort: Some(Column::Rate),
            worth: 1,
            cell: |s, h| Cell::Amount(amount::rate(s, s.bits(h.recent(), h.total())), s.style(Hue::Text)),
        },
        Col {
            title: "share",
            width: 12,
            max: 22,
            right: true,
            sort: None,
            worth: 4,
            cell: |s, h| Cell::Share(s.share(h.recent(), h.total()), s.style(Hue::Accent)),
        },
        Col {
            title: "sends",
            width: RATE,
            max: RATE,
            right: true,
            sort: Some(Column::Sent),
            worth: 2,
            cell: |s, h| Cell::Amount(amount::rate(s, s.bits(h.recent_tx, h.tx)), s.style(Hue::Out)),
        },
        Col {
            title: "receives",
            width: RATE,
            max: RATE + 1,
            right: true,
            sort: Some(Column::Received),
            worth: 3,
            cell: |s, h| Cell::Amount(amount::rate(s, s.bits(h.recent_rx, h.rx)), s.style(Hue::In)),
        },
        Col {
            title: "packets/s",
            width: RATE,
            max: RATE,
            right: true,
            sort: Some(Column::PacketRate),
            worth: 7,
            cell: |s, h| Cell::Amount(amount::packet_rate(s.packets(h.recent(), h.total())), s.style(Hue::Text)),
        },
        Col {
            title: "bytes",
            width: VOLUME,
            max: VOLUME,
            right: true,
            sort: Some(Column::Bytes),
            worth: 5,
            cell: |s, h| Cell::Amount(amount::volume(h.total().wire_bytes), s.style(Hue::Text)),
        },
        Col {
            title: "packets",
            width: COUNT + 1,
            max: COUNT + 1,
            right: true,
            sort: Some(Column::Packets),
            worth: 8,
            cell: |s, h| Cell::Amount(amount::count(h.total().packets), s.style(Hue::Text)),
        },
        Col {
            title: "seen for",
            width: 8,
            max: 8,
            right: true,
            sort: Some(Column::Duration),
            worth: 9,
            cell: |s, h| Cell::Right(amount::short_duration(h.last.seconds_since(h.first)), s.style(Hue::Text)),
        },
    ];
    match kind {
        Kind::Eth => out.insert(
            1,
            Col {
                title: "maker",
                width: 10,
                max: 26,
                right: false,
                sort: None,
                worth: 6,
                cell: |s, h| {
                    let maker = match h.address {
                        Address::Mac(mac) => (s.options.manufacturer)(mac).unwrap_or_default(),
                        _ => "",
                    };
                    Cell::Text(maker.into(), s.style(Hue::Dim))
                },
            },
        ),
        Kind::Ip | Kind::Ipv6 => out.insert(
            1,
            Col {
                title: "side",
                width: 7,
                max: 7,
                right: false,
                sort: None,
                worth: 6,
                cell: |s, h| Cell::Text(side(h.inside).into(), s.style(Hue::Dim)),
            },
        ),
        _ => out.insert(
            1,
            Col {
                title: "app",
                width: 6,
                max: 14,
                right: false,
                sort: Some(Column::App),
                worth: 2,
                cell: |s, h| {
                    let token = h.app.unwrap_or_default();
                    Cell::Text(token.into(), s.style(Hue::Family(label::family(token))))
                },
            },
        ),
    }
    out
}

fn host(scene: &Scene, kind: Kind, row: &HostRow) -> Cell {
    Cell::Address(label::endpoint(scene, kind, row.address, row.port), scene.style(Hue::Text))
}

/// Where an address is, relative to the local networks.
pub(super) fn side(inside: Option<bool>) -> &'static str {
    match inside {
        Some(true) => "inside",
        Some(false) => "outside",
        None => "",
    }
}

/// Whether IPv6 is among the rows.
pub(super) fn has_six<'a>(mut addresses: impl Iterator<Item = &'a Address>) -> bool {
    addresses.any(|a| matches!(a, Address::V6(_)))
}

/// Conversations of a kind in an order, in the held order of the page.
pub(super) fn conversation_rows<'a>(scene: &Scene<'a>, kind: Kind) -> Vec<(Topic, &'a Conversation)> {
    let order = scene.view.conversations;
    let mut rows: Vec<&Conversation> = kind.conversations(scene.snapshot).rows.iter().collect();
    rows.sort_by(|x, y| order.conversations(x, y));
    scene.pane.arrange(rows.into_iter().map(|row| (Topic::conversation(kind, row), row)).collect())
}

/// End points of a kind in an order, in the held order of the page.
pub(super) fn host_rows<'a>(scene: &Scene<'a>, kind: Kind) -> Vec<(Topic, &'a HostRow)> {
    let order = scene.view.endpoints;
    let mut rows: Vec<&HostRow> = kind.endpoints(scene.snapshot).rows.iter().collect();
    rows.sort_by(|x, y| order.hosts(x, y));
    scene.pane.arrange(rows.into_iter().map(|row| (Topic::host(kind, row), row)).collect())
}

/// The order of "busiest first": now for a live port, in all for a file.
pub(super) fn busiest(live: bool) -> Order {
    Order { column: if live { Column::Rate } else { Column::Bytes }, descending: true }
}

/// Transport conversations of all kinds, or the next lower layer that has some.
pub(super) fn busiest_conversations<'a>(snapshot: &'a Snapshot, keep: &dyn Fn(&Conversation) -> bool) -> Vec<(Kind, &'a Conversation)> {
    let order = busiest(snapshot.live);
    for kinds in [&[Kind::Tcp, Kind::Udp, Kind::Sctp][..], &[Kind::Ip, Kind::Ipv6], &[Kind::Eth]] {
        let mut rows: Vec<(Kind, &Conversation)> =
            kinds.iter().flat_map(|&k| k.conversations(snapshot).rows.iter().map(move |r| (k, r))).filter(|(_, row)| keep(row)).collect();
        if !rows.is_empty() {
            rows.sort_by(|x, y| order.conversations(x.1, y.1));
            return rows;
        }
    }
    Vec::new()
}
