//! The columns of conversations and end points, with their worth when there is little room.

use super::fields;
use super::label;
use super::rates::SPARK as SPARK_CELLS;
use super::theme::Hue;
use super::view::{Kind, Scene, Topic};
use super::widgets::amount::{self, RATE};
use super::widgets::strip;
use super::widgets::table::{Cell, Col};
use crate::model::Arrange as _;
use crate::model::{Address, Path, Proto, Traffic};
use crate::snapshot::rate_while_active;
use crate::snapshot::table::TableSpec;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::{self, ENDPOINTS};
use crate::snapshot::{Column, Conversation, Filter, HostRow, Order, Snapshot};
use std::collections::HashSet;

pub(super) use super::fields::{load_cell, load_title, numbers_text as vlans, side};

/// Cells of a row's small picture.
const SPARK: u16 = SPARK_CELLS as u16;

/// A conversation and its kind.
pub(super) type KindAndConversation<'a> = (Kind, &'a Conversation);

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
pub(super) fn conversations<'a>(kind: Option<Kind>, six: bool, whole: bool) -> Vec<Col<KindAndConversation<'a>>> {
    let (least, most) = end_width(kind.unwrap_or(Kind::Tcp), six);
    let heads: Vec<_> = CONVERSATIONS.fields.iter().map(|f| f.head).collect();
    let shown = fields::shown(&heads, fields::layers(kind), whole);
    let columns = shown.iter().filter_map(|(at, screen)| {
        let head = heads.get(*at)?;
        let mut column = fields::column(head, screen, *at, whole, |s, (k, c): &KindAndConversation, at| {
            // A conversation may have begun before the span that is shown: its bytes are those of the span.
            if CONVERSATIONS.fields.get(at)?.head.token == "mean_rate" {
                let none = Cell::Right(String::new(), s.style(Hue::Dim));
                let bits = rate_while_active(c.total(), s.active_seconds(c));
                return Some(bits.map_or(none, |bits| Cell::Amount(amount::rate(s, bits), s.style(Hue::Text))));
            }
            // Who is called by a name has it in every conversation, not only in those that say it.
            if CONVERSATIONS.fields.get(at)?.head.token == "server_name" && c.server_name.is_none() {
                return Some(label::name_of_ends(s, c));
            }
            fields::of_row(s, *k, &CONVERSATIONS, c, at)
        });
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
    beside_rate(
        columns.collect(),
        whole,
        kind.is_none(),
        [
            |s, (k, c)| rate_cell(s, &Topic::conversation(*k, c), 1),
            |s, (k, c)| rate_cell(s, &Topic::conversation(*k, c), 60),
            |s, (k, c)| spark_cell(s, &Topic::conversation(*k, c)),
        ],
    )
}

/// Those of the screen of conversations: the ones that the user chose, where there was a choice.
pub(super) fn chosen_conversations<'a>(scene: &Scene, kind: Kind, six: bool) -> Vec<Col<KindAndConversation<'a>>> {
    let heads: Vec<_> = CONVERSATIONS.fields.iter().map(|f| f.head).collect();
    fields::chosen(scene, "conversations", &heads, conversations(Some(kind), six, scene.whole()))
}

/// Those of the screen of hosts: the ones that the user chose, where there was a choice.
pub(super) fn chosen_hosts<'a>(scene: &Scene, kind: Kind, six: bool, named: bool) -> Vec<Col<End<'a>>> {
    let heads: Vec<_> = ENDPOINTS.fields.iter().map(|f| f.head).collect();
    fields::chosen(scene, "endpoints", &heads, hosts(Some(kind), six, scene.whole(), named, u16::MAX))
}

/// What stands beside the rate of ten seconds on a live screen: those of a second and a minute, and a small picture of the last minute.
fn beside_rate<R>(mut columns: Vec<Col<R>>, whole: bool, panel: bool, [second, minute, spark]: [fn(&Scene, &R) -> Cell; 3]) -> Vec<Col<R>> {
    if let (false, Some(at)) = (whole, columns.iter().position(|c| c.sort == Some(Column::RATE))) {
        let worth = if panel { 3 } else { 4 };
        columns.insert(at + 1, Col::left("last min", SPARK..=SPARK, worth - 1, spark));
        let sorted = |column, by| Col { sort: Some(by), ..column };
        columns.insert(at + 1, sorted(Col::right("1 min", RATE..=RATE, worth.max(4) + 1, minute), Column::RATE_MINUTE));
        columns.insert(at, sorted(Col::right("1 s", RATE..=RATE, worth.max(4), second), Column::RATE_SECOND));
    } else if !whole {
        columns.push(Col::left("last min", SPARK..=SPARK, 3, spark));
    }
    columns
}

fn rate_cell(s: &Scene, topic: &Topic, seconds: i64) -> Cell {
    match s.rates.of(topic, seconds) {
        Some(bits) => Cell::Amount(amount::rate(s, bits), s.style(Hue::Text)),
        None => Cell::Right(String::new(), s.style(Hue::Dim)),
    }
}

/// Each row against its own largest.
fn spark_cell(s: &Scene, topic: &Topic) -> Cell {
    let values = s.rates.spark(topic);
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    let block = |value: &Option<f64>| match value {
        // Not quite to the top: rows above each other stay apart.
        Some(value) if *value > 0.0 => strip::block(value / most * 0.85),
        Some(_) => "▁",
        None => " ",
    };
    Cell::Text(values.iter().map(block).collect(), s.style(if most > 0.0 { Hue::AreaHigh } else { Hue::Faint }))
}

/// Cells from which hosts beside other panels have more columns, and names are whole all the same.
const ROOMY: u16 = 88;

/// Columns of an end point table of a kind (`None`: addresses of mixed kinds, beside other panels, in so many `cells`); `named`: with what they are
/// called.
pub(super) fn hosts<'a>(kind: Option<Kind>, six: bool, whole: bool, named: bool, cells: u16) -> Vec<Col<End<'a>>> {
    let (least, most) = end_width(kind.unwrap_or(if six { Kind::Ipv6 } else { Kind::Ip }), six);
    let heads: Vec<_> = ENDPOINTS.fields.iter().map(|f| f.head).collect();
    let mut shown = fields::shown(&heads, fields::layers(kind.or(Some(Kind::Ip))), whole);
    if kind.is_none() {
        // Beside other panels: who, what each sends and receives, and the share; of a capture, where there is room, what else is of its whole time.
        let tokens: &[&str] = &["end", "sends", "receives", "share", "packets", "duration", "start"];
        let tokens = tokens.get(..if whole && cells >= ROOMY { 7 } else { 4 }).unwrap_or(tokens);
        let place = |at: usize| tokens.iter().position(|t| heads.get(at).is_some_and(|h| h.token == *t));
        shown.retain(|(at, _)| place(*at).is_some());
        shown.arrange_by_key(|(at, _)| place(*at));
    }
    let columns = shown.iter().filter_map(|(at, screen)| {
        // The share of an end that talks to itself counts each packet once.
        let mut column = fields::column(heads.get(*at)?, screen, *at, whole, |s, (k, h): &End, at| {
            if ENDPOINTS.fields.get(at)?.head.token == "share" {
                return Some(Cell::Share(s.share_of(*k, h), s.style(Hue::Accent)));
            }
            // A group has its members where they are, and who has no address is nowhere yet.
            if ENDPOINTS.fields.get(at)?.head.token == "local" && !h.address.is_somebody() {
                let word = if h.address.is_group() { "group" } else { "" };
                return Some(Cell::Text(word.into(), s.style(Hue::Dim)));
            }
            fields::of_row(s, *k, &ENDPOINTS, h, at)
        });
        if screen.place == 0 {
            (column.width, column.max) = (least.max(15), most.max(17));
        }
        Some(column)
    });
    let mut columns: Vec<Col<End>> = columns.collect();
    if named && !columns.is_empty() {
        // Beside other panels half a name is better than none.
        let least = if kind.is_none() { 10 } else { 14 };
        columns.insert(1, Col::left("name", least..=34, 3, |s, (_, h)| label::name_cell(s, h.address)));
    }
    beside_rate(
        columns,
        whole,
        kind.is_none(),
        [
            |s, (k, h)| rate_cell(s, &Topic::host(*k, h), 1),
            |s, (k, h)| rate_cell(s, &Topic::host(*k, h), 60),
            |s, (k, h)| spark_cell(s, &Topic::host(*k, h)),
        ],
    )
}

/// Sorts rows by an order; by the rate they keep the places they have while it changes little, so that they can be read.
fn sort<'a, R: Clone>(
    scene: &Scene,
    (spec, recent): (&TableSpec<R>, fn(&R) -> Traffic),
    order: Order,
    rows: &mut Vec<(Topic, Kind, &'a R)>,
) {
    let seconds = order.column.remembered_seconds();
    if scene.whole() || order.column != Column::RATE && seconds.is_none() {
        // A file has no now.
        let order = if order.column.is_of_now() && scene.whole() { Order { column: Column::BYTES, ..order } } else { order };
        return rows.arrange_by(|x, y| spec.compare(order, x.2, y.2));
    }
    // What stands for several rows is remembered by none: it has the place of what came of it of late.
    let rank = |topic: &Topic, row: &R| match seconds {
        Some(seconds) => scene.rates.of(topic, seconds).unwrap_or(0.0),
        None => scene.rates.rank(topic).unwrap_or_else(|| recent(row).bits_per_second(scene.snapshot.recent_seconds) / 8.0),
    };
    let mut ranked: Vec<(f64, (Topic, Kind, &'a R))> = rows.drain(..).map(|row| (rank(&row.0, row.2), row)).collect();
    ranked.arrange_by(|(x, one), (y, other)| {
        let by = x.total_cmp(y);
        let by = if order.descending { by.reverse() } else { by };
        by.then_with(|| spec.compare(Order { column: Column::BYTES, ..order }, one.2, other.2))
    });
    rows.extend(ranked.into_iter().map(|ranked| ranked.1));
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
pub(super) fn conversation_rows<'a>(scene: &Scene<'a>, kind: Kind) -> Vec<(Topic, KindAndConversation<'a>)> {
    let mut rows: Vec<_> = kind.conversations(scene.snapshot).rows.iter().map(|row| (Topic::conversation(kind, row), kind, row)).collect();
    sort(scene, (&CONVERSATIONS, Conversation::recent), scene.view.conversations, &mut rows);
    scene.pane.arrange(rows.into_iter().map(|(topic, kind, row)| (topic, (kind, row))).collect())
}

/// End points of a kind in an order, in the held order of the page: hosts, or groups and who has no address yet.
pub(super) fn host_rows<'a>(scene: &Scene<'a>, kinds: &[Kind], groups: bool) -> Vec<(Topic, End<'a>)> {
    let all = kinds.iter().flat_map(|&kind| kind.endpoints(scene.snapshot).rows.iter().map(move |row| (kind, row)));
    let shown = all.filter(|(kind, row)| is_apart(*kind, row) == groups);
    let mut rows: Vec<_> = shown.map(|(kind, row)| (Topic::host(kind, row), kind, row)).collect();
    sort(scene, (&ENDPOINTS, HostRow::recent), scene.view.endpoints, &mut rows);
    scene.pane.arrange(rows.into_iter().map(|(topic, kind, row)| (topic, (kind, row))).collect())
}

/// The order of "busiest first": now for a live port, in all for a file.
pub(super) fn busiest(live: bool) -> Order {
    Order { column: if live { Column::RATE } else { Column::BYTES }, descending: true }
}

/// Whether an end point stands with the groups and not with the hosts; ports of groups stand with the other ports.
pub(super) fn is_apart(kind: Kind, row: &HostRow) -> bool {
    matches!(kind, Kind::Ip | Kind::Ipv6 | Kind::Eth) && endpoints::is_apart(row.address)
}

fn has_ip(path: Path) -> bool {
    path.contains(Proto::Ip) || path.contains(Proto::Ipv6)
}

/// The busiest hosts, by IP addresses; network cards that speak nothing of IP stand among them. Groups are none: they stand on the screen of
/// hosts, as what they are.
pub(super) fn busiest_hosts<'a>(scene: &Scene<'a>) -> Vec<(Topic, End<'a>)> {
    let s = scene.snapshot;
    // Few speak nothing of IP: those are looked for.
    let pairs = &s.stats.conversations.eth.rows;
    let mut without_ip: HashSet<Address> = pairs.iter().filter(|c| !has_ip(c.path)).flat_map(|c| [c.a, c.b]).collect();
    if !without_ip.is_empty() {
        pairs.iter().filter(|c| has_ip(c.path)).flat_map(|c| [c.a, c.b]).for_each(|card| _ = without_ip.remove(&card));
    }
    let all = [Kind::Ip, Kind::Ipv6, Kind::Eth].into_iter().flat_map(|kind| kind.endpoints(s).rows.iter().map(move |r| (kind, r)));
    let is_host = |(kind, row): &(Kind, &HostRow)| row.address.is_somebody() && (*kind != Kind::Eth || without_ip.contains(&row.address));
    let mut rows: Vec<_> = all.filter(is_host).map(|(kind, row)| (Topic::host(kind, row), kind, row)).collect();
    if rows.is_empty() {
        rows.extend(
            s.stats.endpoints.eth.rows.iter().filter(|row| row.address.is_somebody()).map(|r| (Topic::host(Kind::Eth, r), Kind::Eth, r)),
        );
    }
    sort(scene, (&ENDPOINTS, HostRow::recent), busiest(s.live), &mut rows);
    rows.into_iter().map(|(topic, kind, row)| (topic, (kind, row))).collect()
}

/// Who talks to whom, each packet once: by ports, by addresses where there are none, by network cards where there is no IP.
pub(super) fn busiest_conversations<'a>(scene: &Scene<'a>, keep: &dyn Fn(&Conversation) -> bool) -> Vec<(Topic, KindAndConversation<'a>)> {
    let snapshot = scene.snapshot;
    let pair = |c: &Conversation| if c.a <= c.b { (c.a, c.b) } else { (c.b, c.a) };
    let of = |kinds: &'static [Kind]| of_kinds(snapshot, kinds);
    let ports = || of(&[Kind::Tcp, Kind::Udp, Kind::Sctp]);
    // Of a pair of addresses that talks with ports too it is not known how much it talks without.
    let mut bare: Vec<(Kind, &Conversation)> = of(&[Kind::Ip, Kind::Ipv6]).filter(|(_, c)| !c.path.has_ports()).collect();
    if !bare.is_empty() {
        let with_ports: HashSet<_> = ports().map(|(_, c)| pair(c)).collect();
        bare.retain(|(_, c)| !with_ports.contains(&pair(c)));
    }
    let cards = of(&[Kind::Eth]).filter(|(_, c)| !has_ip(c.path));
    let all = ports().chain(bare).chain(cards).filter(|(_, row)| keep(row));
    let mut rows: Vec<_> = all.map(|(k, row)| (Topic::conversation(k, row), k, row)).collect();
    for kinds in [&[Kind::Ip, Kind::Ipv6][..], &[Kind::Eth]] {
        if rows.is_empty() {
            rows.extend(of_kinds(snapshot, kinds).filter(|(_, row)| keep(row)).map(|(k, row)| (Topic::conversation(k, row), k, row)));
        }
    }
    sort(scene, (&CONVERSATIONS, Conversation::recent), busiest(snapshot.live), &mut rows);
    rows.into_iter().map(|(topic, kind, row)| (topic, (kind, row))).collect()
}

fn of_kinds<'a>(snapshot: &'a Snapshot, kinds: &[Kind]) -> impl Iterator<Item = (Kind, &'a Conversation)> {
    kinds.iter().flat_map(|&k| k.conversations(snapshot).rows.iter().map(move |r| (k, r)))
}

/// Whether every conversation is among the rows that a picture has.
pub(super) fn has_all_conversations(snapshot: &Snapshot) -> bool {
    [Kind::Tcp, Kind::Udp, Kind::Sctp, Kind::Ip, Kind::Ipv6, Kind::Eth].iter().all(|kind| kind.conversations(snapshot).other_rows == 0)
}

/// Said beside pairs of addresses, and hosts, of which the filter asks what is known of those alone that speak nothing else.
const MIXED: &str = " · of pairs that speak more it is not kept";

/// Whether the filter asks for a protocol without ports that came: conversations with ports are rows of their own, and of everything else a pair of
/// addresses knows only what all its packets have in common.
fn asks_of_mixed_pairs(scene: &Scene) -> bool {
    let Some(filter) = &scene.view.filter else { return false };
    let is_asked = |path: Path| filter.verdict_of_path(path) == Some(true);
    let is_mixed = |path: Path| {
        let above = path.prefixes().take(path.depth().saturating_sub(1)).last();
        above.is_some_and(|above| (above.contains(Proto::Ip) || above.contains(Proto::Ipv6)) && !is_asked(above))
    };
    scene.base.stats.protocols.iter().any(|row| !row.path.has_ports() && is_asked(row.path) && is_mixed(row.path))
}

/// What is said beside the rows of a kind that the filter asks for what they do not know.
pub(super) fn unasked(scene: &Scene, kind: Kind, asks: impl Fn(&Filter) -> bool) -> &'static str {
    match scene.unasked(asks) {
        "" if matches!(kind, Kind::Ip | Kind::Ipv6) && asks_of_mixed_pairs(scene) => MIXED,
        said => said,
    }
}

/// What an empty table says.
pub(super) fn empty(scene: &Scene) -> &'static str {
    let s = scene.snapshot;
    match (&scene.view.filter, s.finished) {
        _ if scene.partial => "one moment: all rows are being asked for again",
        (Some(_), _) if asks_of_mixed_pairs(scene) => {
            "no pair speaks this alone; whether those do that speak more is not kept · 2 Protocols counts it · Esc shows all rows again"
        }
        (Some(_), _) => "nothing matches the filter · Esc shows all rows again",
        (None, _) if s.span.is_some() => "none in this span of time · Esc returns to now",
        (None, true) if s.stats.total.packets == 0 => "the capture has no packets",
        (None, true) => "none in this capture",
        (None, false) if s.stats.total.packets == 0 && s.live => "waiting for packets: nothing has come from this port so far",
        (None, false) if s.stats.total.packets == 0 => "waiting for packets: nothing has been read so far",
        (None, false) => "none yet: what has come so far is of other kinds",
    }
}
