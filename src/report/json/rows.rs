//! Tables: an array of rows for each sheet, read off the fields.

use super::buffer::MemberText;
use super::parallel_rows;
use super::writer::Writer;
use crate::model::time::SECOND;
use crate::model::{Address, PathSide, SideTrips, Timestamp, Traffic, TurnFigures};
use crate::report::format::ReportOptions;
use crate::snapshot::table::{AnyRows, AnyTable, Cells, FieldValue, Head, InJson, SheetHead};
use crate::snapshot::{Snapshot, Transfer};
use std::io;

/// The member of a table. One with several sheets is an object of arrays, followed by how many rows each has in all (`…_total`); what a
/// cap folded away follows where there is any (`…_other`).
pub fn table(w: &mut Writer, table: &'static dyn AnyTable, s: &Snapshot, options: &ReportOptions) -> io::Result<()> {
    let heads = table.heads();
    let sheets: Vec<(SheetHead, Box<dyn AnyRows + '_>)> =
        table.sheets().into_iter().enumerate().map(|(at, sheet)| (sheet, table.rows(at, s))).collect();
    w.line()?;
    w.member(table.token());
    if let [(_, rows)] = sheets.as_slice() {
        array(w, &heads, sheets.first().map(|s| s.0), rows.as_ref(), options)?;
        let (other_rows, other) = rows.other();
        if other_rows > 0 {
            w.line()?;
            w.member(&format!("{}_other", table.token()));
            rest(w, other_rows, other);
        }
        return Ok(());
    }
    w.open(b'{');
    for (sheet, rows) in &sheets {
        w.line()?;
        w.member(sheet.token);
        array(w, &heads, Some(*sheet), rows.as_ref(), options)?;
    }
    w.close(b'}');
    w.line()?;
    w.member(&format!("{}_total", table.token()));
    w.open(b'{');
    sheets.iter().for_each(|(sheet, rows)| w.count(sheet.token, rows.total_rows()));
    w.close(b'}');
    if sheets.iter().any(|(_, rows)| rows.other().0 > 0) {
        w.line()?;
        w.member(&format!("{}_other", table.token()));
        w.open(b'{');
        for (sheet, rows) in &sheets {
            let (other_rows, other) = rows.other();
            if other_rows > 0 {
                w.member(sheet.token);
                rest(w, other_rows, other);
            }
        }
        w.close(b'}');
    }
    Ok(())
}

/// The rows of the only sheet of a table, as a value.
pub fn only(w: &mut Writer, table: &'static dyn AnyTable, s: &Snapshot, options: &ReportOptions) -> io::Result<()> {
    array(w, &table.heads(), table.sheets().first().copied(), table.rows(0, s).as_ref(), options)
}

fn rest(w: &mut Writer, rows: u64, traffic: Traffic) {
    w.open(b'{');
    w.count("rows", rows);
    w.traffic(traffic);
    w.close(b'}');
}

/// A field to be written: its name with what stands around it, in the first place of a row and in others, and whether nothing becomes
/// `null`.
struct Member {
    first: MemberText,
    name: MemberText,
    null: bool,
}

/// An array, one row a line.
fn array(w: &mut Writer, heads: &[Head], sheet: Option<SheetHead>, rows: &dyn AnyRows, options: &ReportOptions) -> io::Result<()> {
    let belongs = |h: &Head| h.json != InJson::Never && sheet.is_none_or(|s| h.layers.meets(s.layers));
    let (fields, members): (Vec<usize>, Vec<Member>) = heads
        .iter()
        .enumerate()
        .filter(|(_, h)| belongs(h))
        .map(|(field, h)| {
            let [first, name] = ["{", ","].map(|before| MemberText::new(&format!("{before}\"{}\":", h.token)));
            (field, Member { first, name, null: h.json == InJson::Always })
        })
        .unzip();
    w.open(b'[');
    let count = rows.len().min(options.rows);
    parallel_rows::rows(w, count, options.join_scoped, |w, turn| {
        for at in turn {
            w.line()?;
            let mut row = Row { w, members: &members, empty: true };
            rows.cells(at, &fields, &mut row);
            row.end();
        }
        Ok(())
    })?;
    w.close(b']');
    Ok(())
}

/// A row being written.
struct Row<'w, 'a> {
    w: &'w mut Writer<'a>,
    members: &'w [Member],
    empty: bool,
}

impl Row<'_, '_> {
    /// The name of a member.
    #[inline]
    fn name(&mut self, place: usize) {
        if let Some(member) = self.members.get(place) {
            self.w.name(if std::mem::take(&mut self.empty) { &member.first } else { &member.name });
        }
    }

    fn end(self) {
        if self.empty {
            self.w.open(b'{');
        }
        self.w.close(b'}');
    }
}

impl Cells for Row<'_, '_> {
    fn value(&mut self, place: usize, value: FieldValue<'_>) {
        if value.is_some() {
            self.name(place);
            self::value(self.w, value);
        } else {
            self.none(place);
        }
    }

    fn count(&mut self, place: usize, count: u64) {
        self.name(place);
        self.w.number(count);
    }

    fn word(&mut self, place: usize, word: &'static str) {
        self.name(place);
        self.w.word(word);
    }

    fn address(&mut self, place: usize, address: Address) {
        self.name(place);
        self.w.address(address);
    }

    fn time(&mut self, place: usize, time: Timestamp) {
        self.name(place);
        self.w.time(time);
    }

    fn span(&mut self, place: usize, nanos: i64) {
        self.name(place);
        self.w.float(seconds(nanos));
    }

    fn none(&mut self, place: usize) {
        if self.members.get(place).is_some_and(|m| m.null) {
            self.name(place);
            self.w.null();
        }
    }
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / SECOND as f64
}

/// A value without what it is called.
#[inline]
pub fn value(w: &mut Writer, value: FieldValue<'_>) {
    match value {
        FieldValue::None => w.null(),
        FieldValue::Count(n) | FieldValue::AtLeast(n) => w.number(n),
        FieldValue::Real(x) => w.float(x),
        FieldValue::Span(nanos) => w.float(seconds(nanos)),
        FieldValue::Flag(flag) => w.boolean(flag),
        FieldValue::Word(word) | FieldValue::Guess(word) => w.word(word),
        FieldValue::Text(text) => w.string(text),
        FieldValue::State(state) => w.word(state.token()),
        FieldValue::Address(address) => w.address(address),
        FieldValue::Time(time) => w.time(time),
        FieldValue::Numbers(numbers) => {
            w.open(b'[');
            numbers.iter().for_each(|&n| w.number(u64::from(n)));
            w.close(b']');
        }
        FieldValue::Path(path) => w.string(&path.to_string()),
        FieldValue::Layer(layer) => w.string(&layer.to_string()),
        FieldValue::PortOf(..) | FieldValue::Ports(..) => w.string(&value.ports_text().unwrap_or_default()),
        FieldValue::End(address, port) => {
            w.open(b'{');
            w.key("address");
            w.address(address);
            w.count("port", port.into());
            w.close(b'}');
        }
        FieldValue::Ends(ends) => {
            w.open(b'[');
            self::value(w, FieldValue::End(ends.first.0, ends.first.1));
            self::value(w, FieldValue::End(ends.second.0, ends.second.1));
            w.close(b']');
        }
        FieldValue::Load { total, .. } => {
            w.open(b'{');
            w.traffic(total);
            w.close(b'}');
        }
        FieldValue::Trips(trips, client) => sides(w, |w, at| side(w, trips.sides.get(client as usize ^ at))),
        FieldValue::Losses(lost, side) => losses(w, lost, side),
        FieldValue::Turns(of) => turns(w, &of),
        FieldValue::Transfers(of) => sides(w, |w, at| transfer(w, of.get(at).copied().flatten())),
        FieldValue::Handshake(trips, client) => {
            let half = |at: usize| trips.handshake.get(at).copied().flatten();
            w.open(b'{');
            for (name, nanos) in [
                // Each half ends with what the end sends that it leads to.
                ("client", half(client as usize)),
                ("server", half(client as usize ^ 1)),
                ("total", trips.handshake_total()),
            ] {
                w.key(name);
                span(w, nanos);
            }
            w.close(b'}');
        }
    }
}

/// Segments lost, and on which side.
fn losses(w: &mut Writer, [before, beyond]: [u64; 2], side: Option<PathSide>) {
    w.open(b'{');
    w.count("before_mirror", before);
    w.count("beyond_mirror", beyond);
    w.key("side");
    match side {
        Some(side) => w.word(side.token()),
        None => w.null(),
    }
    w.close(b'}');
}

/// Turns, and whose time they were.
fn turns(w: &mut Writer, turns: &TurnFigures) {
    w.open(b'{');
    w.count("n", turns.count.into());
    let times = [("network", turns.network), ("server", turns.server), ("client", turns.client), ("transfer", turns.transfer)];
    for (name, nanos) in times {
        w.key(name);
        span(w, Some(nanos));
    }
    w.close(b'}');
}

/// What one end of a connection sent.
fn transfer(w: &mut Writer, transfer: Option<Transfer>) {
    let Some(Transfer { carried, rates }) = transfer else { return w.null() };
    w.open(b'{');
    w.count("bytes", carried.bytes);
    w.key("active");
    span(w, Some(carried.active));
    let [throughput, goodput] = [0, 1].map(|at| rates.and_then(|rates| rates.get(at).copied()));
    for (name, value) in [("throughput", throughput), ("goodput", goodput), ("window_limited", carried.window_limited())] {
        w.key(name);
        match value {
            Some(value) => w.float(value),
            None => w.null(),
        }
    }
    w.close(b'}');
}

/// What there is of the client's side and of the server's.
fn sides(w: &mut Writer, mut of: impl FnMut(&mut Writer, usize)) {
    w.open(b'{');
    for (at, name) in ["client", "server"].into_iter().enumerate() {
        w.key(name);
        of(w, at);
    }
    w.close(b'}');
}

/// A time in seconds, or nothing.
fn span(w: &mut Writer, nanos: Option<i64>) {
    match nanos {
        Some(nanos) => w.float(seconds(nanos)),
        None => w.null(),
    }
}

/// Round trips to one end.
fn side(w: &mut Writer, side: Option<&SideTrips>) {
    let Some(side) = side.filter(|side| side.count > 0) else { return w.null() };
    let quantile = |at: usize| side.quantiles.and_then(|q| q.get(at).copied());
    w.open(b'{');
    for (name, nanos) in [("min", Some(side.min)), ("p50", quantile(0)), ("p95", quantile(1))] {
        w.key(name);
        span(w, nanos);
    }
    w.key("queueing");
    span(w, side.queueing());
    w.count("n", side.count.into());
    // The quantiles are those of a histogram.
    if side.count > 1 && side.quantiles.is_some() {
        w.key("approximate");
        w.boolean(true);
    }
    w.close(b'}');
}
