//! Rows of the tables.

use super::parallel_rows;
use super::writer::Writer;
use crate::report::format::Options;
use crate::snapshot::{Conversation, Conversations, Endpoints, HostRow, Kinds, Table};
use std::io;

/// The members `conversations`, `conversations_total` and, where a cap was reached, `conversations_other`.
pub fn conversations(w: &mut Writer, tables: &Conversations, options: &Options) -> io::Result<()> {
    kinds(w, ["conversations", "conversations_total", "conversations_other"], tables, options, conversation)
}

/// The members `endpoints`, `endpoints_total` and, where a cap was reached, `endpoints_other`.
pub fn endpoints(w: &mut Writer, tables: &Endpoints, options: &Options) -> io::Result<()> {
    kinds(w, ["endpoints", "endpoints_total", "endpoints_other"], tables, options, endpoint)
}

fn kinds<R: Sync>(
    w: &mut Writer,
    names: [&'static str; 3],
    tables: &Kinds<R>,
    options: &Options,
    row: fn(&mut Writer, &R, bool),
) -> io::Result<()> {
    let [member, total, other] = names;
    let tables = tables.named();
    w.line()?;
    w.key(member);
    w.open(b'{');
    for (name, table, ports) in tables {
        list(w, name, table, options, |w, r| row(w, r, ports))?;
    }
    w.close(b'}');
    totals(w, [total, other], &tables.map(|(name, t, _)| Extent::of(name, t)))
}

/// An array, one row a line.
pub fn list<R: Sync>(
    w: &mut Writer,
    name: &'static str,
    table: &Table<R>,
    options: &Options,
    row: impl Fn(&mut Writer, &R) + Sync,
) -> io::Result<()> {
    w.line()?;
    w.key(name);
    w.open(b'[');
    parallel_rows::rows(w, table.rows.get(..options.rows).unwrap_or(&table.rows), options.join_scoped, row)?;
    w.close(b']');
    Ok(())
}

/// How many rows a table has in all, and what was folded away.
struct Extent {
    name: &'static str,
    rows: u64,
    other: crate::model::Traffic,
    other_rows: u64,
}

impl Extent {
    fn of<R>(name: &'static str, table: &Table<R>) -> Self {
        Self { name, rows: table.total_rows, other: table.other, other_rows: table.other_rows }
    }
}

fn totals(w: &mut Writer, [total, other]: [&'static str; 2], extents: &[Extent]) -> io::Result<()> {
    w.line()?;
    w.key(total);
    w.open(b'{');
    extents.iter().for_each(|e| w.count(e.name, e.rows));
    w.close(b'}');
    if extents.iter().any(|e| e.other_rows > 0) {
        w.line()?;
        w.key(other);
        w.open(b'{');
        for e in extents.iter().filter(|e| e.other_rows > 0) {
            w.key(e.name);
            w.open(b'{');
            w.count("rows", e.other_rows);
            w.traffic(e.other);
            w.close(b'}');
        }
        w.close(b'}');
    }
    Ok(())
}

fn conversation(w: &mut Writer, row: &Conversation, ports: bool) {
    w.key("a");
    w.address(row.a);
    if ports {
        w.count("a_port", u64::from(row.a_port));
    }
    w.key("b");
    w.address(row.b);
    if ports {
        w.count("b_port", u64::from(row.b_port));
    }
    w.traffic(row.total());
    w.count("packets_ab", row.ab.packets);
    w.count("wire_bytes_ab", row.ab.wire_bytes);
    w.count("packets_ba", row.ba.packets);
    w.count("wire_bytes_ba", row.ba.wire_bytes);
    w.key("start");
    w.time(row.first);
    w.real("duration", row.duration());
    w.text("originator", if row.originator_is_a { "a" } else { "b" });
    if let Some(app) = row.app {
        w.text("app", app);
    }
    if let Some(state) = row.state {
        w.text("state", state.token());
    }
    w.key("vlans");
    w.open(b'[');
    row.vlans.ids().iter().for_each(|&id| w.number(u64::from(id)));
    w.close(b']');
}

fn endpoint(w: &mut Writer, row: &HostRow, ports: bool) {
    w.key("address");
    w.address(row.address);
    if ports {
        w.count("port", u64::from(row.port));
    }
    w.traffic(row.total());
    w.count("tx_packets", row.tx.packets);
    w.count("tx_wire_bytes", row.tx.wire_bytes);
    w.count("rx_packets", row.rx.packets);
    w.count("rx_wire_bytes", row.rx.wire_bytes);
    if let Some(inside) = row.inside {
        w.flag("local", inside);
    }
    if let Some(app) = row.app {
        w.text("app", app);
    }
}
