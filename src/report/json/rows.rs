//! Tables: an array of rows for each sheet, read off the fields.

use super::parallel_rows;
use super::writer::Writer;
use crate::model::Traffic;
use crate::report::format::Options;
use crate::snapshot::Snapshot;
use crate::snapshot::table::{AnyRows, AnyTable, Head, InJson, SheetHead, Value};
use std::io;

/// The member of a table. One with several sheets is an object of arrays, followed by how many rows each has in all (`…_total`); what a
/// cap folded away follows where there is any (`…_other`).
pub fn table(w: &mut Writer, table: &'static dyn AnyTable, s: &Snapshot, options: &Options) -> io::Result<()> {
    let heads = table.heads();
    let sheets: Vec<(SheetHead, Box<dyn AnyRows<'_> + '_>)> =
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

fn rest(w: &mut Writer, rows: u64, traffic: Traffic) {
    w.open(b'{');
    w.count("rows", rows);
    w.traffic(traffic);
    w.close(b'}');
}

/// A field to be written: its number, its name with what stands around it, and whether nothing becomes `null`.
struct Member {
    field: usize,
    first: Box<str>,
    name: Box<str>,
    null: bool,
}

/// An array, one row a line.
fn array<'s>(w: &mut Writer, heads: &[Head], sheet: Option<SheetHead>, rows: &dyn AnyRows<'s>, options: &Options) -> io::Result<()> {
    let belongs = |h: &Head| h.json != InJson::Never && sheet.is_none_or(|s| h.layers.meets(s.layers));
    let member = |(field, h): (usize, &Head)| Member {
        field,
        first: format!("{{\"{}\":", h.token).into(),
        name: format!(",\"{}\":", h.token).into(),
        null: h.json == InJson::Always,
    };
    let members: Vec<Member> = heads.iter().enumerate().filter(|(_, h)| belongs(h)).map(member).collect();
    let fields: Vec<usize> = members.iter().map(|m| m.field).collect();
    w.open(b'[');
    let count = rows.len().min(options.rows);
    parallel_rows::rows(w, count, options.join_scoped, |w, turn| {
        let mut values = Vec::with_capacity(fields.len());
        for at in turn {
            w.line()?;
            values.clear();
            rows.values(at, &fields, &mut values);
            row(w, &members, &values);
        }
        Ok(())
    })?;
    w.close(b']');
    Ok(())
}

#[inline]
fn row(w: &mut Writer, members: &[Member], values: &[Value<'_>]) {
    let mut empty = true;
    for (member, value) in members.iter().zip(values) {
        if !value.is_some() && !member.null {
            continue;
        }
        w.name(if std::mem::take(&mut empty) { &member.first } else { &member.name });
        self::value(w, *value);
    }
    if empty {
        w.open(b'{');
    }
    w.close(b'}');
}

/// A value without what it is called.
#[inline]
pub fn value(w: &mut Writer, value: Value<'_>) {
    match value {
        Value::None => w.null(),
        Value::Count(n) => w.number(n),
        Value::Real(x) => w.float(x),
        Value::Span(_) => w.float(value.seconds().unwrap_or_default()),
        Value::Flag(flag) => w.boolean(flag),
        Value::Word(word) => w.word(word),
        Value::Text(text) => w.string(text),
        Value::State(state) => w.word(state.token()),
        Value::Address(address) => w.address(address),
        Value::Time(time) => w.time(time),
        Value::Numbers(numbers) => {
            w.open(b'[');
            numbers.iter().for_each(|&n| w.number(u64::from(n)));
            w.close(b']');
        }
        Value::Path(path) => w.string(&path.to_string()),
        Value::Layer(layer) => w.string(&layer.to_string()),
        Value::End(address, port) => {
            w.open(b'{');
            w.key("address");
            w.address(address);
            w.count("port", port.into());
            w.close(b'}');
        }
        Value::Ends(ends) => {
            w.open(b'[');
            self::value(w, Value::End(ends.first.0, ends.first.1));
            self::value(w, Value::End(ends.second.0, ends.second.1));
            w.close(b']');
        }
        Value::Load { total, .. } => {
            w.open(b'{');
            w.traffic(total);
            w.close(b'}');
        }
    }
}
