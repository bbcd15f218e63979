//! The tables: protocols, conversations, hosts, VLANs, sizes and casts.

use super::format::{bytes, count, end, moment, number, plural, ratio, share, text, word};
use super::{Cell, Column, Part, Section, Table, Tone};
use crate::model::{Traffic, units};
use crate::snapshot::table::{AnyRows, AnyTable, Head, Kind, Layers, OnPaper, Value};
use crate::snapshot::{SIZE_CLASSES, Snapshot};

/// Packets by size.
pub fn sizes(s: &Snapshot) -> Section {
    let rows = SIZE_CLASSES.iter().zip(s.sizes).map(|(&(from, to), traffic)| {
        let label = match (from, to) {
            (0, to) => format!("up to {to}"),
            (from, u32::MAX) => format!("{from} and more"),
            (from, to) => format!("{from} to {to}"),
        };
        counted(text(label), traffic, s.total.packets)
    });
    let columns = vec![word("Bytes"), number("Packets"), number("Volume"), word("Share of packets")];
    section("Packet sizes", vec![Part::Table(Table { columns, rows: rows.collect() })])
}

/// Packets by kind of destination.
pub fn casts(s: &Snapshot) -> Section {
    let kinds = [("unicast", s.casts.unicast), ("multicast", s.casts.multicast), ("broadcast", s.casts.broadcast)];
    let rows = kinds.map(|(kind, traffic)| counted(text(kind), traffic, s.total.packets)).into();
    let columns = vec![word("Destination"), number("Packets"), number("Volume"), word("Share of packets")];
    section("Unicast, multicast, broadcast", vec![Part::Table(Table { columns, rows })])
}

fn counted(label: Cell, traffic: Traffic, packets: u64) -> Vec<Cell> {
    vec![label, count(traffic.packets), bytes(traffic.wire_bytes), share(traffic.packets, packets)]
}

/// The sheets of a table that stand in reports, in their order: a section each; of those with rows only, unless `empty`.
pub fn sections(table: &'static dyn AnyTable, s: &Snapshot, rows: usize, empty: bool) -> Vec<Section> {
    let mut sheets: Vec<(u8, usize)> = table.sheets().iter().enumerate().filter_map(|(at, sheet)| Some((sheet.paper?, at))).collect();
    sheets.sort_unstable();
    sheets.into_iter().filter_map(|(_, sheet)| one(table, sheet, s, rows, empty)).collect()
}

/// One sheet, `None` when it is empty.
fn one(table: &'static dyn AnyTable, sheet: usize, s: &Snapshot, most: usize, empty: bool) -> Option<Section> {
    let (head, rows) = (*table.sheets().get(sheet)?, table.rows(sheet, s));
    if rows.is_empty() && !empty {
        return None;
    }
    let shown = rows.len().min(most);
    let mut parts = vec![Part::Table(lines(table, head.layers, rows.as_ref(), shown, s))];
    let (other_rows, other) = rows.other();
    if other_rows > 0 {
        let what = format!(
            "and {} no longer kept: {}, {}",
            plural(other_rows, "row"),
            plural(other.packets, "packet"),
            units::bytes(other.wire_bytes)
        );
        parts.push(Part::Note(Tone::Warning, what));
    }
    Some(section(&heading(head.title, table.noun(), rows.total_rows(), shown), parts))
}

/// The only sheet of a table as a part of a section, with the heading above it.
pub fn parts(table: &'static dyn AnyTable, s: &Snapshot, most: usize) -> Vec<Part> {
    let (Some(head), rows) = (table.sheets().first().copied(), table.rows(0, s)) else { return Vec::new() };
    let shown = rows.len().min(most);
    let title = heading(head.title, table.noun(), rows.total_rows(), shown);
    vec![Part::Heading(Tone::Plain, title), Part::Table(lines(table, head.layers, rows.as_ref(), shown, s))]
}

/// Columns and the first rows of a sheet, and its last line where it has one.
fn lines(table: &dyn AnyTable, layers: Layers, rows: &dyn AnyRows<'_>, shown: usize, s: &Snapshot) -> Table {
    let heads = table.heads();
    let known = |at: usize| (0..shown).any(|row| rows.value(row, at).is_some());
    let mut columns: Vec<(OnPaper, usize, &Head)> = heads
        .iter()
        .enumerate()
        .filter(|(_, head)| head.layers.meets(layers))
        .filter_map(|(at, head)| Some((head.paper?, at, head)))
        .filter(|(paper, at, _)| !paper.optional || known(*at))
        .collect();
    columns.sort_by_key(|c| c.0.place);
    let first = columns.first().map_or(0, |c| c.1);
    let mut lines: Vec<Vec<Cell>> = (0..shown)
        .map(|row| {
            let cells = columns.iter().map(|(_, at, head)| Cell {
                indent: if *at == first { rows.depth(row) } else { 0 },
                ..cell(head, layers, rows.value(row, *at), s)
            });
            cells.collect()
        })
        .collect();
    let foot: Option<Vec<Cell>> = columns.iter().map(|(_, _, head)| Some(cell(head, layers, table.foot(s, head.token)?, s))).collect();
    lines.extend(foot);
    let columns = columns.iter().map(|(paper, _, head)| Column { head: head.title, right: paper.right, room: paper.room }).collect();
    Table { columns, rows: lines }
}

/// A value as people read it.
fn cell(head: &Head, layers: Layers, value: Value<'_>, s: &Snapshot) -> Cell {
    let port = |port| layers.meets(Layers::PORTS).then_some(port);
    let of_all = |part: u64| ratio(part, s.total.wire_bytes);
    match (head.kind, value) {
        (_, Value::None) => text(""),
        (Kind::Bytes, Value::Count(n)) => bytes(n),
        (Kind::Id | Kind::Port, Value::Count(n)) => text(n.to_string()),
        (_, Value::Count(n)) => count(n),
        (Kind::Share, Value::Load { total, .. }) => share(total.wire_bytes, s.total.wire_bytes),
        (Kind::Percent, Value::Load { total, .. }) => text(units::percent(of_all(total.wire_bytes))),
        (Kind::PacketRate, Value::Load { total, .. }) => text(units::packets_per_second(total.packets_per_second(s.duration()))),
        (_, Value::Load { total, .. }) => text(units::bits_per_second(total.bits_per_second(s.duration()))),
        (Kind::BitRate, Value::Real(bits)) => text(units::bits_per_second(bits)),
        (Kind::Ratio, Value::Real(part)) => text(units::percent(part)),
        (_, Value::Real(x)) => text(format!("{x:.2}")),
        (_, Value::Span(_)) => text(units::duration(value.seconds().unwrap_or_default())),
        (_, Value::Time(time)) => text(moment(time)),
        (Kind::Side, Value::Flag(inside)) => text(if inside { "inside" } else { "outside" }),
        (_, Value::Flag(flag)) => text(if flag { "yes" } else { "no" }),
        (_, Value::Address(address)) => text(end(address, None)),
        (_, Value::End(address, n)) => text(end(address, port(n))),
        (_, Value::Ends(ends)) => {
            let [a, b] = [ends.first, ends.second].map(|(address, n)| end(address, port(n)));
            text(format!("{a} {b}"))
        }
        (_, Value::Numbers(numbers)) => text(numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")),
        (_, Value::Path(path)) => text(path.to_string()),
        (_, Value::Layer(layer)) => text(layer.to_string()),
        (_, Value::Word(_) | Value::Text(_) | Value::State(_)) => text(value.as_text().unwrap_or_default()),
    }
}

/// TCP packets by flag, `None` without TCP.
pub fn tcp(s: &Snapshot) -> Option<Section> {
    if s.conversations.tcp.total_rows == 0 {
        return None;
    }
    let f = &s.tcp_flags;
    let facts = [("SYN", f.syn), ("SYN, ACK", f.syn_ack), ("FIN", f.fin), ("RST", f.reset)];
    Some(section("TCP flags", vec![Part::Facts(facts.map(|(n, v)| (n, plural(v, "packet"))).into())]))
}

/// A title that says how much of a table is shown.
fn heading(title: &str, noun: &str, rows: u64, shown: usize) -> String {
    let total = rows.max(shown as u64);
    if total > shown as u64 { format!("{title}: the largest {shown} of {}", plural(total, noun)) } else { title.to_owned() }
}

/// A section.
pub fn section(title: &str, parts: Vec<Part>) -> Section {
    Section { title: title.to_owned(), parts }
}
