//! What somebody noted while looking: behind a report, in its own form.

use super::csv::escape_formula;
use super::format::{Format, ReportOptions};
use super::write;
use crate::json::json_text;
use crate::model::Timestamp;
use crate::model::text::printable;
use crate::snapshot::Snapshot;
use serde_json::json;
use std::fmt::Write as _;
use std::io;

/// A moment with a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportNote {
    /// Packet time.
    pub at: Timestamp,
    /// The time in words.
    pub when: String,
    /// What was in front.
    pub place: String,
    /// What was noted.
    pub note: String,
}

/// Writes a report with notes behind it: in JSON the member `bookmarks`, a list of objects with `time`, `place` and `note`.
///
/// # Errors
/// What `out` answers to a write.
pub fn write_with_notes(
    format: &dyn Format,
    snapshot: &Snapshot,
    notes: &[ReportNote],
    options: &ReportOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if notes.is_empty() || format.is_one_table() {
        return write(format, snapshot, options, out);
    }
    let mut bytes = Vec::new();
    write(format, snapshot, options, &mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let (end, more) = match format.token() {
        "json" => ("}", object(notes)?),
        "html" => ("<footer>", page(notes)),
        "markdown" => ("", lines(notes, "\n## Bookmarks\n\n", "- ")),
        _ => ("", lines(notes, "\nBookmarks\n", "  ")),
    };
    let at = if end.is_empty() { text.len() } else { text.rfind(end).unwrap_or(text.len()) };
    let (before, behind) = text.split_at(at);
    out.write_all(before.as_bytes())?;
    out.write_all(more.as_bytes())?;
    out.write_all(behind.as_bytes())?;
    out.flush()
}

/// Writes notes alone, as CSV: what stands beside a table that has no place for them.
///
/// # Errors
/// What `out` answers to a write.
pub fn write_notes(notes: &[ReportNote], out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["time", "place", "note"])?;
    for n in notes {
        writer.write_record([&*n.at.to_string(), &*escape_formula(&n.place), &*escape_formula(&n.note)])?;
    }
    writer.flush()
}

fn object(notes: &[ReportNote]) -> io::Result<String> {
    let list: Vec<_> = notes.iter().map(|n| json!({ "time": n.at.to_string(), "place": n.place, "note": n.note })).collect();
    Ok(format!(",\n\"bookmarks\":{}", json_text(&list)))
}

fn lines(notes: &[ReportNote], head: &str, begin: &str) -> String {
    let mut out = head.to_owned();
    for n in notes {
        let _ = writeln!(out, "{begin}{}", printable(&format!("{}  {}  {}", n.when, n.place, n.note)));
    }
    out
}

fn page(notes: &[ReportNote]) -> String {
    let escaped = |text: &str| printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let line = |n: &ReportNote| format!("<li>{} · {} · {}</li>\n", escaped(&n.when), escaped(&n.place), escaped(&n.note));
    format!("<section>\n<h2>Bookmarks</h2>\n<ul>\n{}</ul>\n</section>\n", notes.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::FORMATS;

    #[test]
    fn every_format_that_holds_more_than_a_table_carries_them() {
        let note = ReportNote {
            at: Timestamp(1_764_075_600_500_000_000),
            when: "Nov 25 13:00:00.500".into(),
            place: "Hosts · 10.0.0.1".into(),
            note: "slow <here> & \u{1b}[31mnow".into(),
        };
        for format in FORMATS.iter().filter(|format| !format.is_one_table()) {
            let mut out = Vec::new();
            write_with_notes(*format, &Snapshot::default(), std::slice::from_ref(&note), &ReportOptions::default(), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(!text.contains('\u{1b}'), "{text}");
            match format.token() {
                "json" => {
                    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(value["bookmarks"][0]["time"], "1764075600.500000000");
                    assert_eq!(value["bookmarks"][0]["place"], "Hosts · 10.0.0.1");
                }
                "html" => assert!(text.contains("slow &lt;here&gt; &amp;") && text.trim_end().ends_with("</html>"), "{text}"),
                _ => assert!(text.contains("Bookmarks") && text.contains("Nov 25 13:00:00.500  Hosts"), "{text}"),
            }
        }
    }
}
