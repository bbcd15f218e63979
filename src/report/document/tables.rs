//! Tables, read off their fields.

use super::format::{bytes, count, end, moment, plural, ratio, share, text};
use super::{DocumentCell, DocumentColumn, DocumentTable, Part, Section, Tone};
use crate::model::Arrange as _;
use crate::model::units;
use crate::snapshot::Snapshot;
use crate::snapshot::table::{AnyRows, AnyTable, FieldKind, FieldValue, Head, Layers, OnPaper};
use std::ops::Range;

/// The sheets of a table that stand in reports, in their order: a section each; of those with rows only, unless `empty`.
pub fn sections(table: &'static dyn AnyTable, s: &Snapshot, rows: usize, empty: bool) -> Vec<Section> {
    let mut sheets: Vec<(u8, usize)> = table.sheets().iter().enumerate().filter_map(|(at, sheet)| Some((sheet.paper?, at))).collect();
    sheets.arrange();
    sheets.into_iter().flat_map(|(_, sheet)| sheet_sections(table, sheet, s, rows, empty)).collect()
}

/// One sheet: a section, or one for each group of its rows; none when it is empty.
fn sheet_sections(table: &'static dyn AnyTable, sheet: usize, s: &Snapshot, most: usize, empty: bool) -> Vec<Section> {
    let (Some(head), rows) = (table.sheets().get(sheet).copied(), table.rows(sheet, s)) else { return Vec::new() };
    if rows.is_empty() && !empty {
        return Vec::new();
    }
    let groups = groups(rows.as_ref());
    if !groups.is_empty() {
        let one = |(title, range): (&'static str, Range<usize>)| {
            let shown = range.len().min(most);
            let title = heading(title, table.noun(), range.len() as u64, shown);
            section(&title, vec![Part::Table(lines(table, head.layers, rows.as_ref(), range.start..range.start + shown, s))])
        };
        return groups.into_iter().map(one).collect();
    }
    let shown = rows.len().min(most);
    let mut parts = vec![Part::Table(lines(table, head.layers, rows.as_ref(), 0..shown, s))];
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
    vec![section(&heading(head.title, table.noun(), rows.total_rows(), shown), parts)]
}

/// The groups of rows, in their order.
fn groups(rows: &dyn AnyRows) -> Vec<(&'static str, Range<usize>)> {
    let mut out: Vec<(&'static str, Range<usize>)> = Vec::new();
    for at in 0..rows.len() {
        let Some(title) = rows.group(at) else { continue };
        match out.last_mut() {
            Some((last, range)) if *last == title => range.end = at + 1,
            _ => out.push((title, at..at + 1)),
        }
    }
    out
}

/// The first rows of the only sheet of a table, as a part of a section.
pub fn part(table: &'static dyn AnyTable, s: &Snapshot, most: usize) -> Part {
    let rows = table.rows(0, s);
    Part::Table(lines(table, Layers::ALL, rows.as_ref(), 0..rows.len().min(most), s))
}

/// The same as a section of its own.
pub fn whole(table: &'static dyn AnyTable, s: &Snapshot) -> Section {
    section(title(table), vec![part(table, s, usize::MAX)])
}

/// The same with the heading above it; nothing where there are no rows.
pub fn parts(table: &'static dyn AnyTable, s: &Snapshot, most: usize) -> Vec<Part> {
    let rows = table.rows(0, s);
    if rows.is_empty() {
        return Vec::new();
    }
    let title = heading(title(table), table.noun(), rows.total_rows(), rows.len().min(most));
    vec![Part::Heading(Tone::Plain, title), part(table, s, most)]
}

fn title(table: &dyn AnyTable) -> &'static str {
    table.sheets().first().map_or("", |sheet| sheet.title)
}

/// Columns and some rows of a sheet, and its last line where it has one.
fn lines(table: &dyn AnyTable, layers: Layers, rows: &dyn AnyRows, shown: Range<usize>, s: &Snapshot) -> DocumentTable {
    let heads = table.heads();
    let known = |at: usize| shown.clone().any(|row| rows.value(row, at).is_some());
    let mut columns: Vec<(OnPaper, usize, &Head)> = heads
        .iter()
        .enumerate()
        .filter(|(_, head)| head.layers.meets(layers))
        .filter_map(|(at, head)| Some((head.paper?, at, head)))
        .filter(|(paper, at, _)| !paper.optional || known(*at))
        .collect();
    columns.arrange_by_key(|c| c.0.place);
    let first = columns.first().map_or(0, |c| c.1);
    let mut lines: Vec<Vec<DocumentCell>> = shown
        .map(|row| {
            let cells = columns.iter().map(|(_, at, head)| DocumentCell {
                indent: if *at == first { rows.depth(row) } else { 0 },
                ..cell(head, layers, rows.value(row, *at), s)
            });
            cells.collect()
        })
        .collect();
    let foot: Option<Vec<DocumentCell>> =
        columns.iter().map(|(_, _, head)| Some(cell(head, layers, table.foot(s, head.token)?, s))).collect();
    lines.extend(foot);
    let columns =
        columns.iter().map(|(paper, _, head)| DocumentColumn { head: head.title, right: paper.right, room: paper.room }).collect();
    DocumentTable { columns, rows: lines }
}

/// A value as people read it.
fn cell(head: &Head, layers: Layers, value: FieldValue<'_>, s: &Snapshot) -> DocumentCell {
    let port = |port| layers.meets(Layers::PORTS).then_some(port);
    let of_all = |part: u64| ratio(part, s.stats.total.wire_bytes);
    match (head.kind, value) {
        (_, FieldValue::None) => text(if head.asks { "?" } else { "" }),
        (FieldKind::Bytes, FieldValue::Count(n)) => bytes(n),
        (FieldKind::Id | FieldKind::Port, FieldValue::Count(n)) => text(n.to_string()),
        (_, FieldValue::Count(n)) => count(n),
        (_, FieldValue::AtLeast(n)) => text(format!("≥ {}", units::grouped(n))),
        (FieldKind::Share, FieldValue::Load { total, .. }) => share(total.wire_bytes, s.stats.total.wire_bytes),
        (FieldKind::PacketShare, FieldValue::Load { total, .. }) => share(total.packets, s.stats.total.packets),
        (FieldKind::Percent, FieldValue::Load { total, .. }) => text(units::percent(of_all(total.wire_bytes))),
        (FieldKind::PacketRate, FieldValue::Load { total, .. }) => text(units::packets_per_second(total.packets_per_second(s.covered()))),
        (_, FieldValue::Load { total, .. }) => text(units::bits_per_second(total.bits_per_second(s.covered()))),
        (FieldKind::BitRate, FieldValue::Real(bits)) => text(units::bits_per_second(bits)),
        (FieldKind::Ratio | FieldKind::Fullness, FieldValue::Real(part)) => text(units::percent(part)),
        (_, FieldValue::Real(x)) => text(format!("{x:.2}")),
        (_, FieldValue::Span(_)) => text(units::duration(value.seconds().unwrap_or_default())),
        (_, FieldValue::Time(time)) => text(moment(time)),
        (FieldKind::Side, FieldValue::Flag(inside)) => text(if inside { "inside" } else { "outside" }),
        (_, FieldValue::Flag(flag)) => text(if flag { "yes" } else { "no" }),
        (_, FieldValue::Address(address)) => text(end(address, None)),
        (_, FieldValue::End(address, n)) => text(end(address, port(n))),
        (_, FieldValue::Ends(ends)) => {
            let [a, b] = [ends.first, ends.second].map(|(address, n)| end(address, port(n)));
            text(format!("{a} {b}"))
        }
        (
            _,
            FieldValue::Trips(..) | FieldValue::Handshake(..) | FieldValue::Losses(..) | FieldValue::Turns(_) | FieldValue::Transfers(_),
        ) => text(""),
        (_, FieldValue::Numbers(numbers)) => text(numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")),
        (_, FieldValue::Path(path)) => text(path.to_string()),
        (_, FieldValue::Layer(layer)) => text(layer.to_string()),
        (_, FieldValue::PortOf(..) | FieldValue::Ports(..)) => text(value.ports_text().unwrap_or_default()),
        (_, FieldValue::Guess(app)) => text(format!("{app}?")),
        (_, FieldValue::Word(_) | FieldValue::Text(_) | FieldValue::State(_)) => text(value.as_text().unwrap_or_default()),
    }
}

/// TCP packets by flag, `None` without TCP.
pub fn tcp(s: &Snapshot) -> Option<Section> {
    if s.stats.conversations.tcp.total_rows == 0 {
        return None;
    }
    let f = &s.stats.tcp_flags;
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
