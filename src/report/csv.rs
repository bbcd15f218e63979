//! `--format csv`: the conversations of every kind in one table, for spreadsheets and databases.
//!
//! The column `kind` tells them apart (`eth`, `ip`, `ipv6`, `tcp`, `udp`, `sctp`): a packet is in one row of each kind it has,
//! so filter by kind before adding up.

use super::format::{Format, Options};
use crate::model::text::printable;
use crate::snapshot::{Conversation, Snapshot};
use std::borrow::Cow;
use std::io;

/// The columns; names as in the JSON report.
const COLUMNS: [&str; 18] = [
    "kind",
    "a",
    "a_port",
    "b",
    "b_port",
    "packets",
    "wire_bytes",
    "packets_ab",
    "wire_bytes_ab",
    "packets_ba",
    "wire_bytes_ba",
    "start",
    "duration",
    "originator",
    "app",
    "state",
    "vlans",
    "protocols",
];

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

    fn write(&self, snapshot: &Snapshot, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        let c = &snapshot.conversations;
        let tables = [
            ("eth", &c.eth, false),
            ("ip", &c.ip, false),
            ("ipv6", &c.ipv6, false),
            ("tcp", &c.tcp, true),
            ("udp", &c.udp, true),
            ("sctp", &c.sctp, true),
        ];
        for (kind, table, ports) in tables {
            for row in table.rows.iter().take(options.rows) {
                record(&mut writer, kind, row, ports)?;
            }
        }
        writer.flush()
    }
}

fn record(writer: &mut csv::Writer<&mut dyn io::Write>, kind: &str, row: &Conversation, ports: bool) -> io::Result<()> {
    let port = |n: u16| if ports { n.to_string() } else { String::new() };
    let total = row.total();
    let vlans: Vec<String> = row.vlans.ids().iter().map(u16::to_string).collect();
    let numbers = [total.packets, total.wire_bytes, row.ab.packets, row.ab.wire_bytes, row.ba.packets, row.ba.wire_bytes];
    writer.write_field(kind)?;
    writer.write_field(row.a.to_string())?;
    writer.write_field(port(row.a_port))?;
    writer.write_field(row.b.to_string())?;
    writer.write_field(port(row.b_port))?;
    for n in numbers {
        writer.write_field(n.to_string())?;
    }
    writer.write_field(row.first.to_string())?;
    writer.write_field(row.duration().to_string())?;
    writer.write_field(if row.originator_is_a { "a" } else { "b" })?;
    writer.write_field(escape_formula(row.app.unwrap_or("")).as_ref())?;
    writer.write_field(row.state.map_or("", |s| s.token()))?;
    writer.write_field(vlans.join(" "))?;
    writer.write_field(escape_formula(&row.path.to_string()).as_ref())?;
    Ok(writer.write_record(None::<&[u8]>)?)
}

/// Text a spreadsheet may open: control characters are escaped, and what it would take for a formula gets an apostrophe.
fn escape_formula(text: &str) -> Cow<'_, str> {
    let text = printable(text);
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}").into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::escape_formula;

    #[test]
    fn no_formula_and_no_control_character_gets_through() {
        assert_eq!(escape_formula("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(escape_formula("@x"), "'@x");
        assert_eq!(escape_formula("\t=1"), "\\u{9}=1");
        assert_eq!(escape_formula("https"), "https");
    }
}
