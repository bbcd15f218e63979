//! The columns of conversations and end points, with their worth when there is little room.

use super::label;
use super::theme::Hue;
use super::view::{Kind, Scene, Topic};
use super::widgets::amount::{self, COUNT, RATE, VOLUME};
use super::widgets::table::{Cell, Col};
use crate::model::{Address, Traffic};
use crate::snapshot::{Column, Conversation, HostRow, Order, Snapshot};

/// A conversation and its kind.
pub(super) type Talk<'a> = (Kind, &'a Conversation);

/// An end point and its kind.
pub(super) type End<'a> = (Kind, &'a HostRow);

/// What a table shows first: the rate of now, or for a file the bytes in all.
pub(super) fn load_cell(scene: &Scene, recent: Traffic, total: Traffic, hue: Hue) -> Cell {
    let value = if scene.whole() { amount::volume(total.wire_bytes) } else { amount::rate(scene, scene.bits(recent, total)) };
    Cell::Amount(value, scene.style(hue))
}

/// The title of that column.
pub(super) fn load_title(whole: bool) -> &'static str {
    if whole { "bytes" } else { "rate" }
}

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
    let mut out: Vec<Col<Talk>> = vec![
        Col::left("conversation", least * 2 + 3..=most * 2 + 3, 0, |s, (k, c): &Talk| {
            let (first, between, second) = label::ends(s, *k, c);
            Cell::Pair(first, between, second, s.style(Hue::Text))
        })
        .sorted(Column::Address),
        Col::left("app", 6..=14, 2, |s, (_, c): &Talk| app(s, c)).sorted(Column::App),
    ];
    if kind == Some(Kind::Tcp) {
        out.push(Col::left("state", 9..=9, 5, |s, (_, c): &Talk| state(s, c)).sorted(Column::State));
    }
    out.push(
        Col::right(load_title(whole), RATE..=RATE, 1, |s, (_, c): &Talk| load_cell(s, c.recent(), c.total(), Hue::Text))
            .sorted(busiest(!whole).column),
    );
    // JoinScoped other panels the share says more than the bytes.
    let (share, bytes) = if kind.is_none() { (3, 6) } else { (6, 3) };
    out.push(Col::right("share", 12..=22, share, |s, (_, c): &Talk| {
        Cell::Share(s.share(c.recent(), c.total()), s.style(Hue::Family(conversation_family(c))))
    }));
    if whole {
        out.push(Col::right("while open", RATE + 1..=RATE + 1, 7, |s, (_, c): &Talk| {
            Cell::Amount(amount::rate(s, c.total().bits_per_second(c.duration())), s.style(Hue::Text))
        }));
    } else {
        out.push(
            Col::right("pps", RATE..=RATE, 7, |s, (_, c): &Talk| {
                Cell::Amount(amount::packet_rate(s.packets(c.recent(), c.total())), s.style(Hue::Text))
            })
            .sorted(Column::PacketRate),
        );
        out.push(
            Col::right("bytes", VOLUME..=VOLUME, bytes, |s, (_, c): &Talk| {
                Cell::Amount(amount::volume(c.total().wire_bytes), s.style(Hue::Text))
            })
            .sorted(Column::Bytes),
        );
    }
    out.push(
        Col::right("packets", COUNT + 3..=COUNT + 3, 8, |s, (_, c): &Talk| {
            Cell::Amount(amount::count(c.total().packets), s.style(Hue::Text))
        })
        .sorted(Column::Packets),
    );
    out.push(
        Col::right("lasted", 8..=8, 9, |s, (_, c): &Talk| Cell::Right(amount::short_duration(c.duration()), s.style(Hue::Text)))
            .sorted(Column::Duration),
    );
    out.push(Col::left("vlan", 4..=12, 10, |s, (_, c): &Talk| Cell::Text(vlans(c.vlans.ids()), s.style(Hue::Dim))));
    out
}

fn state(scene: &Scene, row: &Conversation) -> Cell {
    let (word, hue) = row.state.map_or(("", Hue::Dim), label::state);
    Cell::Text(word.into(), scene.style(hue))
}

/// Columns of an end point table of a kind (`None`: addresses of mixed kinds).
pub(super) fn hosts<'a>(kind: Option<Kind>, six: bool, whole: bool) -> Vec<Col<End<'a>>> {
    let (least, most) = end_width(kind.unwrap_or(if six { Kind::Ipv6 } else { Kind::Ip }), six);
    let ports = matches!(kind, Some(Kind::Tcp | Kind::Udp | Kind::Sctp));
    let mut out: Vec<Col<End>> = vec![
        Col::left(if ports { "port" } else { "host" }, least.max(15)..=most.max(17), 0, |s, (k, h): &End| {
            Cell::Address(label::endpoint(s, *k, h.address, h.port), s.style(Hue::Text))
        })
        .sorted(Column::Address),
    ];
    out.extend(match kind {
        Some(Kind::Eth) => Some(Col::left("maker", 10..=26, 6, |s, (_, h): &End| Cell::Text(maker(s, h.address), s.style(Hue::Dim)))),
        Some(Kind::Ip | Kind::Ipv6) => {
            Some(Col::left("side", 7..=7, 6, |s, (_, h): &End| Cell::Text(side(h.inside).into(), s.style(Hue::Dim))))
        }
        Some(_) => Some(
            Col::left("app", 6..=14, 2, |s, (_, h): &End| {
                let token = h.app.unwrap_or_default();
                Cell::Text(token.into(), s.style(Hue::Family(label::family(token))))
            })
            .sorted(Column::App),
        ),
        None => None,
    });
    let load = Col::right(load_title(whole), RATE..=RATE, 1, |s, (_, h): &End| load_cell(s, h.recent(), h.total(), Hue::Text));
    let share = Col::right("share", 12..=22, 4, |s, (_, h): &End| Cell::Share(s.share(h.recent(), h.total()), s.style(Hue::Accent)));
    let sends = Col::right("sends", RATE..=RATE, 2, |s, (_, h): &End| load_cell(s, h.recent_tx, h.tx, Hue::Out)).sorted(Column::Sent);
    let receives =
        Col::right("receives", RATE + 1..=RATE + 1, 2, |s, (_, h): &End| load_cell(s, h.recent_rx, h.rx, Hue::In)).sorted(Column::Received);
    if kind.is_none() {
        out.extend([sends, receives, share]);
        return out;
    }
    out.extend([load.sorted(busiest(!whole).column), share, sends, receives]);
    if !whole {
        out.push(
            Col::right("pps", RATE..=RATE, 7, |s, (_, h): &End| {
                Cell::Amount(amount::packet_rate(s.packets(h.recent(), h.total())), s.style(Hue::Text))
            })
            .sorted(Column::PacketRate),
        );
        out.push(
            Col::right("bytes", VOLUME..=VOLUME, 5, |s, (_, h): &End| {
                Cell::Amount(amount::volume(h.total().wire_bytes), s.style(Hue::Text))
            })
            .sorted(Column::Bytes),
        );
    }
    out.push(
        Col::right("packets", COUNT + 3..=COUNT + 3, 8, |s, (_, h): &End| {
            Cell::Amount(amount::count(h.total().packets), s.style(Hue::Text))
        })
        .sorted(Column::Packets),
    );
    out.push(
        Col::right("seen", 8..=8, 9, |s, (_, h): &End| {
            Cell::Right(amount::short_duration(h.last.seconds_since(h.first)), s.style(Hue::Text))
        })
        .sorted(Column::Duration),
    );
    out
}

fn maker(scene: &Scene, address: Address) -> String {
    match address {
        Address::Mac(mac) => (scene.options.manufacturer)(mac).unwrap_or_default().to_owned(),
        _ => String::new(),
    }
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

fn app(scene: &Scene, row: &Conversation) -> Cell {
    Cell::Text(app_token(row), scene.style(Hue::Family(conversation_family(row))))
}

/// `10, 20`.
pub(super) fn vlans(ids: &[u16]) -> String {
    ids.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
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
pub(super) fn conversation_rows<'a>(scene: &Scene<'a>, kind: Kind) -> Vec<(Topic, Talk<'a>)> {
    let order = scene.view.conversations;
    let mut rows: Vec<&Conversation> = kind.conversations(scene.snapshot).rows.iter().collect();
    rows.sort_by(|x, y| order.conversations(x, y));
    scene.pane.arrange(rows.into_iter().map(|row| (Topic::conversation(kind, row), (kind, row))).collect())
}

/// End points of a kind in an order, in the held order of the page.
pub(super) fn host_rows<'a>(scene: &Scene<'a>, kind: Kind) -> Vec<(Topic, End<'a>)> {
    let order = scene.view.endpoints;
    let mut rows: Vec<&HostRow> = kind.endpoints(scene.snapshot).rows.iter().collect();
    rows.sort_by(|x, y| order.hosts(x, y));
    scene.pane.arrange(rows.into_iter().map(|row| (Topic::host(kind, row), (kind, row))).collect())
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
