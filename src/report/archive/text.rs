//! What summaries come to, for reading.

use crate::model::text::printable;
use crate::model::units;
use serde_json::Value;
use std::fmt::Write as _;

/// Rows of each table.
const ROWS: usize = 20;

/// An archive as text.
pub fn text(archive: &Value) -> String {
    let mut out = String::new();
    let count = |path: [&str; 2]| number(&archive[path[0]][path[1]]);
    let plural = |name: &str, noun: &str| units::plural(archive[name].as_u64().unwrap_or(0), noun);
    let _ = writeln!(out, "Archive: {} in {}; {}\n", plural("files", "file"), plural("units", "unit"), word(&archive["how"]));
    let _ = writeln!(
        out,
        "{} packets, {} bytes on the wire, {} captured",
        count(["capture", "packets"]),
        count(["capture", "wire_bytes"]),
        count(["capture", "captured_bytes"])
    );
    if let (Some(first), Some(last)) = (archive["capture"]["first"].as_str(), archive["capture"]["last"].as_str()) {
        let _ = writeln!(out, "from {} to {}", utc(first), utc(last));
    }
    if let (Some(mean), Some(peak)) = (archive["load"]["mean_bits_per_second"].as_f64(), archive["load"]["peak_bits_per_second"].as_f64()) {
        let _ = writeln!(out, "mean {mean:.0} bit/s, most {peak:.0} bit/s at {}", utc(&word(&archive["load"]["peak_at"])));
    }
    for (list, reason) in [("warnings", "warning"), ("left_out", "reason")] {
        for one in archive[list].as_array().into_iter().flatten() {
            let _ = writeln!(
                out,
                "{}: {}: {}",
                if list == "warnings" { "Warning" } else { "Left out" },
                word(&one["file"]),
                word(&one[reason])
            );
        }
    }
    table(&mut out, "Protocols", &archive["protocols"], &|row| word(&row["path"]));
    for (title, kind) in
        [("IPv4 conversations", "ip"), ("IPv6 conversations", "ipv6"), ("TCP conversations", "tcp"), ("UDP conversations", "udp")]
    {
        table(&mut out, title, &archive["conversations"][kind], &|row| format!("{}  {}", end(row, "a", "a_port"), end(row, "b", "b_port")));
    }
    for (title, kind) in [("IPv4 hosts", "ip"), ("IPv6 hosts", "ipv6"), ("TCP ports", "tcp"), ("UDP ports", "udp")] {
        table(&mut out, title, &archive["endpoints"][kind], &|row| end(row, "address", "port"));
    }
    table(&mut out, "VLANs", &archive["vlans"], &|row| row["id"].to_string());
    let _ = writeln!(out, "\nNot judged");
    for one in archive["not_judged"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "  {}: {}", word(&one["what"]), word(&one["reason"]));
    }
    out
}

fn table(out: &mut String, title: &str, rows: &Value, name: &dyn Fn(&Value) -> String) {
    let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) else { return };
    let title = format!("{title} ({} in all)", rows.len());
    let _ = writeln!(out, "\n{title:<50}{:>14}{:>20}", "packets", "bytes");
    for row in rows.iter().take(ROWS) {
        let _ = writeln!(out, "  {:<48}{:>14}{:>20}", name(row), number(&row["packets"]), number(&row["wire_bytes"]));
    }
}

fn end(row: &Value, address: &str, port: &str) -> String {
    match row[port].as_u64() {
        Some(port) => format!("{} {port}", word(&row[address])),
        None => word(&row[address]),
    }
}

/// Text of files is nobody's command to a terminal.
fn word(value: &Value) -> String {
    printable(value.as_str().unwrap_or_default()).into_owned()
}

fn number(value: &Value) -> String {
    units::grouped(value.as_u64().unwrap_or(0))
}

fn utc(time: &str) -> String {
    let seconds = time.split_once('.').and_then(|(seconds, nanos)| Some((seconds.parse().ok()?, nanos.parse().ok()?)));
    seconds.map_or_else(|| time.to_owned(), |(seconds, nanos)| crate::model::Timestamp::new(seconds, nanos).utc())
}
