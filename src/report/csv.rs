//! `--format csv`: one table, for spreadsheets and databases; conversations unless `--table` names another.
//!
//! Where a table has several sheets a first column `kind` tells them apart (`eth`, `ip`, `ipv6`, `tcp`, `udp`, `sctp`): a packet is in one
//! row of each kind it has, so filter by kind before adding up.

use super::format::{Format, ReportOptions};
use crate::model::text::printable;
use crate::snapshot::Snapshot;
use crate::snapshot::table::{AnyTable, Cells, FieldValue, Layers};
use crate::snapshot::tables::{self, conversations::CONVERSATIONS};
use std::borrow::Cow;
use std::fmt::{Display, Write};
use std::io;

/// The format.
pub struct Csv;

impl Format for Csv {
    fn token(&self) -> &'static str {
        "csv"
    }

    fn about(&self) -> &'static str {
        "conversations of every kind in one table (column `kind`), for spreadsheets"
    }

    fn rows(&self) -> usize {
        usize::MAX
    }

    fn is_one_table(&self) -> bool {
        true
    }

    fn write(&self, snapshot: &Snapshot, options: &ReportOptions, out: &mut dyn io::Write) -> io::Result<()> {
        let table = options.table.and_then(tables::find).unwrap_or(&CONVERSATIONS);
        write_table(table, snapshot, options.rows, out)
    }
}

/// Writes one table, its names first; they are those of the JSON report.
fn write_table(table: &'static dyn AnyTable, snapshot: &Snapshot, most: usize, out: &mut dyn io::Write) -> io::Result<()> {
    let (heads, sheets) = (table.heads(), table.sheets());
    let fields: Vec<usize> = heads.iter().enumerate().filter(|(_, h)| h.csv).map(|(at, _)| at).collect();
    let kind = (sheets.len() > 1).then_some("kind");
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(kind.into_iter().chain(fields.iter().filter_map(|&f| heads.get(f)).map(|h| h.token)))?;
    let layers: Vec<Layers> = fields.iter().filter_map(|&f| heads.get(f)).map(|h| h.layers).collect();
    for (n, sheet) in sheets.iter().enumerate() {
        let rows = table.rows(n, snapshot);
        for at in 0..rows.len().min(most) {
            if kind.is_some() {
                writer.write_field(sheet.token)?;
            }
            let mut row = Row { writer: &mut writer, layers: &layers, sheet: sheet.layers, text: String::new(), done: Ok(()) };
            rows.cells(at, &fields, &mut row);
            row.done?;
            writer.write_record(None::<&[u8]>)?;
        }
    }
    writer.flush()
}

/// A row being written.
struct Row<'w, W: io::Write> {
    writer: &'w mut csv::Writer<W>,
    /// Sheets each column belongs to.
    layers: &'w [Layers],
    sheet: Layers,
    text: String,
    done: csv::Result<()>,
}

impl<W: io::Write> Cells for Row<'_, W> {
    /// A column that does not belong to this sheet stays empty.
    fn value(&mut self, place: usize, value: FieldValue<'_>) {
        self.text.clear();
        if self.layers.get(place).is_some_and(|l| l.meets(self.sheet)) {
            put(value, &mut self.text);
        }
        if self.done.is_ok() {
            self.done = self.writer.write_field(&self.text);
        }
    }
}

/// A value as text that no spreadsheet takes for more.
fn put(value: FieldValue<'_>, out: &mut String) {
    // Writing to memory cannot fail.
    let mut show = |value: &dyn Display| {
        let _ = write!(out, "{value}");
    };
    match value {
        FieldValue::None => {}
        FieldValue::Count(n) | FieldValue::AtLeast(n) => show(&n),
        FieldValue::Real(x) => show(&x),
        FieldValue::Span(_) => show(&value.seconds().unwrap_or_default()),
        FieldValue::Flag(flag) => show(&flag),
        FieldValue::Address(address) => show(&address),
        FieldValue::Time(time) => show(&time),
        FieldValue::End(address, port) => show(&format_args!("{address} {port}")),
        FieldValue::Ends(ends) => show(&format_args!("{} {} {} {}", ends.first.0, ends.first.1, ends.second.0, ends.second.1)),
        FieldValue::Trips(..) | FieldValue::Handshake(..) | FieldValue::Losses(..) | FieldValue::Turns(_) | FieldValue::Transfers(_) => {}
        FieldValue::Load { total, .. } => show(&total.wire_bytes),
        FieldValue::Numbers(numbers) => {
            for (at, n) in numbers.iter().enumerate() {
                show(&format_args!("{}{n}", if at > 0 { " " } else { "" }));
            }
        }
        FieldValue::Path(path) => show(&escape_formula(&path.to_string())),
        FieldValue::Layer(layer) => show(&escape_formula(&layer.to_string())),
        FieldValue::PortOf(..) | FieldValue::Ports(..) => show(&escape_formula(&value.ports_text().unwrap_or_default())),
        FieldValue::Word(_) | FieldValue::Guess(_) | FieldValue::Text(_) | FieldValue::State(_) => {
            show(&escape_formula(value.as_text().unwrap_or_default()))
        }
    }
}

/// What formulas begin with: in East Asian locales in the width of an ideograph, or small, as well.
const FORMULA: [char; 12] =
    ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{fe66}', '\u{fe62}', '\u{fe63}', '\u{fe6b}'];

/// Text a spreadsheet may open: control characters are escaped, and what it would take for a formula gets an apostrophe.
pub(super) fn escape_formula(text: &str) -> Cow<'_, str> {
    let text = printable(text);
    if text.starts_with(FORMULA) { format!("'{text}").into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::escape_formula;

    #[test]
    fn no_formula_and_no_control_character_gets_through() {
        assert_eq!(escape_formula("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(escape_formula("@x"), "'@x");
        for sign in "＝＋－＠﹦﹢﹣﹫".chars() {
            assert_eq!(escape_formula(&format!("{sign}1+1")), format!("'{sign}1+1"));
        }
        assert_eq!(escape_formula("\t=1"), "\\u{9}=1");
        assert_eq!(escape_formula("https"), "https");
    }
}
