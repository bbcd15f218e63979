//! The tables: protocols, conversations, hosts, VLANs, sizes and casts.

use super::format::{bytes, count, end, name, number, plural, share, spare, text, word};
use super::{Cell, Part, Section, Table, Tone};
use crate::model::{Traffic, units};
use crate::snapshot::{Conversation, HostRow, SIZE_CLASSES, Snapshot, Table as Rows};

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

/// The protocol tree.
pub fn protocols(s: &Snapshot) -> Section {
    let rows = s.protocols.iter().filter_map(|row| {
        let label = row.path.last()?.to_string();
        let label = Cell { indent: row.path.depth() - 1, ..text(label) };
        Some(vec![label, count(row.traffic.packets), bytes(row.traffic.wire_bytes), share(row.traffic.wire_bytes, s.total.wire_bytes)])
    });
    let columns = vec![name("Protocol"), number("Packets"), number("Volume"), word("Share of bytes")];
    section("Protocols", vec![Part::Table(Table { columns, rows: rows.collect() })])
}

/// One table of conversations, `None` when it is empty.
pub fn conversations(title: &str, table: &Rows<Conversation>, ports: bool, s: &Snapshot, rows: usize) -> Option<Section> {
    if table.rows.is_empty() {
        return None;
    }
    let shown = &table.rows[..table.rows.len().min(rows)];
    let (apps, states) = (shown.iter().any(|r| r.app.is_some()), shown.iter().any(|r| r.state.is_some()));
    let mut columns = vec![name("From"), name("To")];
    if apps {
        columns.push(word("App"));
    }
    columns.extend([number("Packets"), spare("Sent", 2), spare("Received", 2), number("Volume"), number("Share"), spare("Duration", 1)]);
    if states {
        columns.push(word("State"));
    }
    let line = |row: &Conversation| {
        let port = |n: u16| ports.then_some(n);
        let (a, b) = (end(row.a, port(row.a_port)), end(row.b, port(row.b_port)));
        let (from, to, sent, received) = if row.originator_is_a { (a, b, row.ab, row.ba) } else { (b, a, row.ba, row.ab) };
        let mut cells = vec![text(from), text(to)];
        if apps {
            cells.push(text(row.app.unwrap_or("")));
        }
        let total = row.total();
        cells.extend([count(total.packets), bytes(sent.wire_bytes), bytes(received.wire_bytes), bytes(total.wire_bytes)]);
        cells.push(text(units::percent(super::format::ratio(total.wire_bytes, s.total.wire_bytes))));
        cells.push(text(units::duration(row.duration())));
        if states {
            cells.push(text(row.state.map_or("", |s| s.token())));
        }
        cells
    };
    let table_part = Part::Table(Table { columns, rows: shown.iter().map(line).collect() });
    Some(section(&heading(title, "conversation", table, shown.len()), with_rest(table_part, table)))
}

/// One table of end points, `None` when it is empty.
pub fn hosts(title: &str, table: &Rows<HostRow>, s: &Snapshot, rows: usize) -> Option<Section> {
    if table.rows.is_empty() {
        return None;
    }
    let shown = &table.rows[..table.rows.len().min(rows)];
    let columns = vec![name("Address"), number("Packets"), number("Sent"), number("Received"), number("Volume"), word("Share of bytes")];
    let line = |row: &HostRow| {
        let total = row.total();
        vec![
            text(row.address.to_string()),
            count(total.packets),
            bytes(row.tx.wire_bytes),
            bytes(row.rx.wire_bytes),
            bytes(total.wire_bytes),
            share(total.wire_bytes, s.total.wire_bytes),
        ]
    };
    let table_part = Part::Table(Table { columns, rows: shown.iter().map(line).collect() });
    Some(section(&heading(title, "host", table, shown.len()), with_rest(table_part, table)))
}

/// VLANs, `None` when there are none.
pub fn vlans(s: &Snapshot, rows: usize) -> Option<Section> {
    if s.vlans.rows.is_empty() {
        return None;
    }
    let shown = &s.vlans.rows[..s.vlans.rows.len().min(rows)];
    let columns = vec![word("VLAN"), number("Packets"), number("Volume"), word("Share of bytes")];
    let line = |label: Cell, t: Traffic| vec![label, count(t.packets), bytes(t.wire_bytes), share(t.wire_bytes, s.total.wire_bytes)];
    let mut lines: Vec<Vec<Cell>> = shown.iter().map(|row| line(text(row.id.to_string()), row.traffic)).collect();
    lines.push(line(text("untagged"), s.untagged));
    let table_part = Part::Table(Table { columns, rows: lines });
    Some(section(&heading("VLANs", "VLAN", &s.vlans, shown.len()), with_rest(table_part, &s.vlans)))
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
pub fn heading<R>(title: &str, noun: &str, table: &Rows<R>, shown: usize) -> String {
    let total = table.total_rows.max(shown as u64);
    if total > shown as u64 { format!("{title}: the largest {shown} of {}", plural(total, noun)) } else { title.to_owned() }
}

/// Says what was folded away at a cap.
fn with_rest<R>(part: Part, table: &Rows<R>) -> Vec<Part> {
    let mut parts = vec![part];
    if table.other_rows > 0 {
        let what = format!(
            "and {} no longer kept: {}, {}",
            plural(table.other_rows, "row"),
            plural(table.other.packets, "packet"),
            units::bytes(table.other.wire_bytes)
        );
        parts.push(Part::Note(Tone::Warning, what));
    }
    parts
}

/// A section.
pub fn section(title: &str, parts: Vec<Part>) -> Section {
    Section { title: title.to_owned(), parts }
}
