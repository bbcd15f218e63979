//! Columns of a screen, read off the fields of a table.

use super::label;
use super::rates;
use super::theme::Hue;
use super::view::{Kind as Layer, Scene};
use super::widgets::amount::{self, COUNT, RATE, VOLUME};
use super::widgets::table::{Cell, Col, Content};
use crate::model::Arrange as _;
use crate::model::proto::Family;
use crate::model::{Address, Traffic};
use crate::snapshot::Column;
use crate::snapshot::table::{Ends, FieldKind, FieldValue, Head, Layers, OnScreen, TableSpec, Tint, When};

/// What a table shows first: the rate of now, or for a file the bytes in all.
pub(super) fn load_cell(scene: &Scene, recent: Traffic, total: Traffic, hue: Hue) -> Cell {
    let value = if scene.whole() { amount::volume(total.wire_bytes) } else { amount::rate(scene, scene.bits(recent, total)) };
    Cell::Amount(value, scene.style(hue))
}

/// The title of that column.
pub(super) fn load_title(whole: bool) -> &'static str {
    if whole { "bytes" } else { rates::BASE_NAME }
}

/// The set a kind of rows stands for; mixed ones have what any with ports has.
pub(super) fn layers(kind: Option<Layer>) -> Layers {
    match kind {
        Some(Layer::Eth) => Layers::ETH,
        Some(Layer::Ip) => Layers::IP,
        Some(Layer::Ipv6) => Layers::IPV6,
        Some(Layer::Tcp) => Layers::TCP,
        Some(Layer::Udp) => Layers::UDP,
        None => Layers::PORTS,
        Some(Layer::Sctp) => Layers::SCTP,
    }
}

/// The fields that stand on a screen, in the order of their places: numbers into `heads`.
pub(super) fn shown(heads: &[Head], layers: Layers, whole: bool) -> Vec<(usize, OnScreen)> {
    let now = |when: When| when == When::Always || (when == When::File) == whole;
    let stands = |h: &&Head| h.layers.meets(layers) && now(h.when);
    let mut out: Vec<(usize, OnScreen)> =
        heads.iter().enumerate().filter(|(_, h)| stands(h)).filter_map(|(at, h)| Some((at, h.screen?))).collect();
    out.arrange_by_key(|(_, screen)| screen.place);
    out
}

/// A column of a field. `cell` draws the field of this number off a row.
pub(super) fn column<R>(head: &Head, screen: &OnScreen, at: usize, whole: bool, cell: fn(&Scene, &R, usize) -> Option<Cell>) -> Col<R> {
    let is_load = head.kind == FieldKind::Rate && head.token == Column::RATE.0;
    let title = match screen.title {
        _ if is_load => load_title(whole),
        "" => head.title,
        title => title,
    };
    let (width, max) = screen.width.unwrap_or_else(|| width(head.kind));
    let sort = match head.sort {
        "" => None,
        _ if is_load && whole => Some(Column::BYTES),
        token => Some(Column(token)),
    };
    let right = is_right(head.kind);
    Col { title, width, max, right, sort, worth: screen.worth, cell: Content::Field(cell, at) }
}

/// Whether values of a kind stand at the right.
fn is_right(kind: FieldKind) -> bool {
    kind.is_amount() && kind != FieldKind::Id
}

/// What columns that are no fields are called where columns are chosen.
const OTHERS: [(&str, &str); 4] = [("name", "name"), ("1 s", "rate_1s"), ("1 min", "rate_1min"), ("last min", "last_minute")];

/// Whether a column is called so where columns are chosen.
fn is_called<R>(heads: &[Head], column: &Col<R>, wanted: &str) -> bool {
    match column.cell {
        Content::Field(_, at) => heads.get(at).is_some_and(|head| head.is_called(wanted)),
        _ => OTHERS.iter().any(|(title, token)| *title == column.title && *token == wanted),
    }
}

/// The columns that the user chose for a table, in that order and in that order kept where there is little room; what a row is stands first.
pub(super) fn chosen<R>(scene: &Scene, table: &str, heads: &[Head], mut columns: Vec<Col<R>>) -> Vec<Col<R>> {
    let Some(wanted) = scene.options.columns.get(table) else { return columns };
    let place = |i: usize, column: &Col<R>| {
        if i == 0 { Some(0) } else { wanted.iter().position(|w| is_called(heads, column, w)).map(|at| at + 1) }
    };
    let mut kept: Vec<(usize, Col<R>)> =
        columns.drain(..).enumerate().filter_map(|(i, column)| Some((place(i, &column)?, column))).collect();
    kept.arrange_by_key(|k| k.0);
    kept.into_iter().map(|(at, column)| Col { worth: u8::try_from(at).unwrap_or(u8::MAX), ..column }).collect()
}

/// The columns of a table on a screen; `cell` draws a field of a row, usually by [`of_row`].
pub(super) fn columns<R: Clone, T>(
    spec: &TableSpec<R>,
    layers: Layers,
    whole: bool,
    cell: fn(&Scene, &T, usize) -> Option<Cell>,
) -> Vec<Col<T>> {
    let heads: Vec<Head> = spec.fields.iter().map(|f| f.head).collect();
    let shown = shown(&heads, layers, whole);
    shown.iter().filter_map(|(at, screen)| Some(column(heads.get(*at)?, screen, *at, whole, cell))).collect()
}

/// A field of a row as it stands on a screen.
pub(super) fn of_row<R: Clone>(scene: &Scene, layer: Layer, spec: &TableSpec<R>, row: &R, field: usize) -> Option<Cell> {
    let field = spec.fields.get(field)?;
    Some(cell(scene, layer, &field.head, field.value(row), || family(spec, row)))
}

/// Cells in which a bar's head has room to say where bars end: without that small shares are bars of a cell.
const SCALED: u16 = 13;

/// Cells that values of a kind need and can use.
fn width(kind: FieldKind) -> (u16, u16) {
    match kind {
        FieldKind::Rate | FieldKind::BitRate | FieldKind::PacketRate => (RATE, RATE),
        FieldKind::Bytes => (VOLUME, VOLUME),
        FieldKind::Count => (COUNT + 3, COUNT + 3),
        FieldKind::Id | FieldKind::Port | FieldKind::Flag => (6, 8),
        FieldKind::Real | FieldKind::Ratio | FieldKind::Span | FieldKind::Percent | FieldKind::Time | FieldKind::Side => (8, 8),
        // Bars take what room is left: no gaps on wide screens.
        FieldKind::Share | FieldKind::PacketShare | FieldKind::Fullness => (SCALED, 60),
        FieldKind::Moment => (12, 12),
        FieldKind::Word | FieldKind::App | FieldKind::State => (6, 14),
        FieldKind::Vlans => (4, 12),
        FieldKind::Text | FieldKind::Maker | FieldKind::Path => (10, 40),
        FieldKind::Address | FieldKind::End => (15, 21),
        FieldKind::Ends => (33, 45),
        // In JSON only.
        FieldKind::Trips => (0, 0),
    }
}

/// The family of the application or protocol in a row's columns.
pub(super) fn family<R: Clone>(spec: &TableSpec<R>, row: &R) -> Family {
    let shown = spec.fields.iter().find(|f| f.head.kind == FieldKind::App && f.head.screen.is_some());
    shown.map_or(Family::Other, |f| value_family(f.value(row)))
}

/// The family of an application or protocol.
pub(super) fn value_family(value: FieldValue<'_>) -> Family {
    match value {
        FieldValue::Word(token) | FieldValue::Guess(token) => label::family(token),
        FieldValue::Text(token) => label::family(token),
        FieldValue::Layer(layer) => label::layer_family(layer),
        FieldValue::PortOf(layer, _) | FieldValue::Ports(layer, _) => label::layer_family(layer),
        _ => Family::Other,
    }
}

/// The colour of a value, by its column and what the row is about.
fn hue(head: &Head, value: FieldValue<'_>, family: impl Fn() -> Family) -> Hue {
    match head.screen.map_or(Tint::Usual, |s| s.tint) {
        Tint::Usual if head.kind == FieldKind::Vlans => Hue::Dim,
        Tint::Usual if head.kind == FieldKind::Share => Hue::Accent,
        Tint::Usual if head.kind == FieldKind::App => Hue::Family(value_family(value)),
        Tint::Usual => Hue::Text,
        Tint::App => Hue::Family(family()),
        Tint::Dim => Hue::Dim,
        Tint::Out => Hue::Out,
        Tint::In => Hue::In,
        Tint::High => Hue::AreaHigh,
        Tint::Warn if is_some(value) => Hue::Warn,
        Tint::Bad if is_some(value) => Hue::Bad,
        Tint::Warn | Tint::Bad => Hue::Dim,
    }
}

/// A value as it stands on a screen. `layer` says whether addresses have ports, `family` what the row is about.
pub(super) fn cell(scene: &Scene, layer: Layer, head: &Head, value: FieldValue<'_>, family: impl Fn() -> Family) -> Cell {
    let hue = hue(head, value, family);
    let style = scene.style(hue);
    match (head.kind, value) {
        (FieldKind::Rate, FieldValue::Load { total, recent }) => load_cell(scene, recent, total, hue),
        (FieldKind::PacketRate, FieldValue::Load { total, recent }) => {
            Cell::Amount(amount::packet_rate(scene.packets(recent, total)), style)
        }
        (_, FieldValue::None) => {
            let (text, style) = (if head.asks { "?" } else { "" }.into(), scene.style(Hue::Dim));
            if is_right(head.kind) { Cell::Right(text, style) } else { Cell::Text(text, style) }
        }
        (FieldKind::PacketShare, FieldValue::Load { total, .. }) => {
            Cell::Share(super::view::ratio(total.packets, scene.snapshot.stats.total.packets), style)
        }
        (FieldKind::Share, FieldValue::Load { total, recent }) => Cell::Share(scene.share(recent, total), style),
        (FieldKind::Percent, FieldValue::Load { total, recent }) => Cell::Right(amount::share(scene.share(recent, total)), style),
        (FieldKind::BitRate, FieldValue::Real(bits)) => Cell::Amount(amount::rate(scene, bits), style),
        (FieldKind::Bytes, FieldValue::Count(n)) => Cell::Amount(amount::volume(n), style),
        (FieldKind::Id, FieldValue::Count(n)) => Cell::Text(n.to_string(), style),
        (FieldKind::Port, FieldValue::Count(n)) => Cell::Right(n.to_string(), style),
        (_, FieldValue::Count(n)) => Cell::Amount(amount::count(n), style),
        (_, FieldValue::AtLeast(n)) => Cell::Right(format!("≥ {n}"), style),
        (
            _,
            FieldValue::Trips(..) | FieldValue::Handshake(..) | FieldValue::Losses(..) | FieldValue::Turns(_) | FieldValue::Transfers(_),
        ) => Cell::Right(String::new(), style),
        (_, FieldValue::Span(_)) => Cell::Right(amount::short_duration(value.seconds().unwrap_or_default()), style),
        (FieldKind::Moment, FieldValue::Time(time)) => Cell::Right(amount::moment(time, scene.utc_offset(time)), style),
        (_, FieldValue::Time(time)) => Cell::Right(amount::time_of_day(time, scene.utc_offset(time)), style),
        (FieldKind::Fullness, FieldValue::Real(part)) => Cell::Share(part, scene.theme.heat(part)),
        (FieldKind::Ratio, FieldValue::Real(part)) => Cell::Right(amount::share(part), style),
        (_, FieldValue::Real(x)) => Cell::Right(format!("{x:.2}"), style),
        (FieldKind::Maker, FieldValue::Address(address)) => Cell::Text(maker(scene, address), style),
        (FieldKind::Side, value) => Cell::Text(side(value.flag()).into(), style),
        (_, FieldValue::Address(address)) => Cell::Address(label::address(scene, address), style),
        (_, FieldValue::End(address, port)) => Cell::Address(label::endpoint(scene, layer, address, port), style),
        (_, FieldValue::Ends(ends)) => pair(scene, layer, &ends, hue),
        (_, FieldValue::State(state)) => {
            let (word, hue) = label::state(state);
            Cell::Text(word.into(), scene.style(hue))
        }
        (_, FieldValue::Numbers(numbers)) => Cell::Text(numbers_text(numbers), style),
        (_, FieldValue::Flag(yes)) => Cell::Text(if yes { "yes" } else { "no" }.into(), style),
        (_, FieldValue::Guess(token)) => Cell::Guess(token.into(), style),
        (_, FieldValue::Layer(layer)) => Cell::Text(layer.to_string(), style),
        (_, FieldValue::PortOf(..) | FieldValue::Ports(..)) => Cell::Text(value.ports_text().unwrap_or_default(), style),
        (_, FieldValue::Path(path)) => Cell::Text(path.to_string(), style),
        (_, FieldValue::Text(text)) if head.token == "addresses" => Cell::List(crate::model::text::printable(text).into_owned(), style),
        // Who calls, and behind it who is called: what is cut is cut in the middle.
        (_, FieldValue::Text(text)) if head.token == "call" => Cell::Address(crate::model::text::printable(text).into_owned(), style),
        (_, FieldValue::Text(text)) => Cell::Text(crate::model::text::printable(text).into_owned(), style),
        (_, value) => Cell::Text(value.as_text().unwrap_or_default().into(), style),
    }
}

/// Whether it is an amount that is not 0.
fn is_some(value: FieldValue<'_>) -> bool {
    matches!(value, FieldValue::Count(1..)) || matches!(value, FieldValue::Real(x) if x > 0.0)
}

fn pair(scene: &Scene, layer: Layer, ends: &Ends, hue: Hue) -> Cell {
    let [first, second] = [ends.first, ends.second].map(|(address, port)| label::endpoint(scene, layer, address, port));
    Cell::Pair(first, label::between(ends.forth, ends.back), second, scene.style(hue))
}

fn maker(scene: &Scene, address: Address) -> String {
    match address {
        Address::Mac(mac) => (scene.options.manufacturer)(mac).unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// `10, 20`.
pub(super) fn numbers_text(numbers: &[u16]) -> String {
    numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// Where an address is, relative to the local networks.
pub(super) fn side(inside: Option<bool>) -> &'static str {
    match inside {
        Some(true) => "inside",
        Some(false) => "outside",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::canvas::cells;

    #[test]
    fn a_bar_has_room_to_say_where_bars_end() {
        assert_eq!(SCALED, cells("share") + 1 + cells("to 20 %"));
    }
}
