//! What a dashboard writes down, and programs it opens captures in.

use crate::browse::SaveFolder;
use crate::model::clock;
use crate::model::text::printable;
use crate::model::units::grouped;
use crate::report::{self, ReportNote, ReportOptions};
use crate::settings::made_file::private;
use crate::snapshot::Snapshot;
use crate::snapshot::table::AnyTable;
use crate::snapshot::tables;
use crate::tui::{self, Export};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Names tried before a folder is called full of them.
const ATTEMPTS: u32 = 1_000;

/// Writes an export into a folder, into a file that was not there before; what became of it.
pub fn write(folder: &SaveFolder, export: &Export) -> String {
    let said = match create(folder, export) {
        Ok(name) => format!("written: {name}{}", cut(export)),
        Err(e) => format!("not written: {}: {e}", folder.called(&folder.path)),
    };
    printable(&said).into_owned()
}

/// How much of the tables it holds, where a dashboard has only their largest rows: a file that says nothing would be taken for all of them.
fn cut(export: &Export) -> String {
    let of = |table: &'static dyn AnyTable, snapshot: &Snapshot| {
        let sheets = (0..table.sheets().len()).map(|sheet| table.rows(sheet, snapshot));
        let counts = sheets.map(|rows| (rows.len() as u64, rows.total_rows()));
        let (here, all) = counts.fold((0, 0u64), |sum, (here, all)| (sum.0 + here, sum.1.saturating_add(all.max(here))));
        (here < all).then(|| format!("{} of {} {}", grouped(here), grouped(all), table.token().replace('_', " ")))
    };
    let lacking: Vec<String> = match export {
        Export::Csv(table, snapshot, _) => tables::find(table).and_then(|table| of(table, snapshot)).into_iter().collect(),
        // The other formats show the first rows of every table, and say so.
        Export::Report("json", snapshot, _) => tables::TABLES.iter().filter(|t| t.in_json()).filter_map(|t| of(*t, snapshot)).collect(),
        _ => Vec::new(),
    };
    if lacking.is_empty() { String::new() } else { format!(" (the largest: {}; spantop report writes all)", lacking.join(", ")) }
}

fn create(folder: &SaveFolder, export: &Export) -> io::Result<String> {
    let ending = match export {
        Export::Text(_, ending) => ending,
        Export::Csv(..) => "csv",
        Export::Report("text", ..) => "txt",
        Export::Report(format, ..) => format,
    };
    let seconds = clock::wall().0.div_euclid(1_000_000_000);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default().to_zoned(jiff::tz::TimeZone::system());
    let stem = format!("spantop-{}", time.strftime("%Y%m%d-%H%M%S"));
    for attempt in 0..ATTEMPTS {
        let name = if attempt == 0 { format!("{stem}.{ending}") } else { format!("{stem}-{attempt}.{ending}") };
        let path = folder.path.join(name);
        let file = match private().write(true).create_new(true).open(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            file => file?,
        };
        let mut out = BufWriter::new(file);
        let written = match export {
            Export::Text(text, _) => out.write_all(text.as_bytes()),
            Export::Csv(table, snapshot, _) => {
                let format = report::find("csv").ok_or_else(|| io::Error::other("there is no CSV"))?;
                report::write(format, snapshot, &ReportOptions { table: Some(table), ..ReportOptions::default() }, &mut out)
            }
            Export::Report(format, snapshot, bookmarks) => {
                let format = report::find(format).ok_or_else(|| io::Error::other("there is no such format"))?;
                let notes = noted(bookmarks);
                let options = ReportOptions { rows: format.rows(), ..ReportOptions::default() };
                report::write_with_notes(format, snapshot, &notes, &options, &mut out)
            }
        };
        if let Err(e) = written.and_then(|()| out.flush()) {
            let _ = std::fs::remove_file(&path);
            return Err(e);
        }
        return match export {
            Export::Csv(_, _, bookmarks) if !bookmarks.is_empty() => {
                let beside = path.with_extension("bookmarks.csv");
                let mut out = BufWriter::new(private().write(true).create_new(true).open(&beside)?);
                report::write_notes(&noted(bookmarks), &mut out)?;
                Ok(format!("{}, and {}", folder.called(&path), folder.called(&beside)))
            }
            _ => Ok(folder.called(&path)),
        };
    }
    Err(io::Error::other("too many of them"))
}

fn noted(bookmarks: &[(tui::Bookmark, String)]) -> Vec<ReportNote> {
    let note = |(mark, when): &(tui::Bookmark, String)| ReportNote {
        at: mark.at,
        when: when.clone(),
        place: mark.place.clone(),
        note: mark.note.clone(),
    };
    bookmarks.iter().map(note).collect()
}

/// Opens a capture in a program, with Wireshark's filter: without a shell, so that nothing has to be quoted. What is drawn in this terminal is
/// waited for, a window is not.
pub fn open(program: &str, file: &Path, filter: Option<&str>) -> String {
    let mut command = Command::new(program);
    command.arg("-r").arg(file);
    if let Some(filter) = filter {
        command.arg("-Y").arg(filter);
    }
    let outcome = if program == "termshark" {
        command.status().map(drop)
    } else {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
    };
    match outcome {
        Ok(()) => format!("{program} was opened"),
        Err(e) if e.kind() == io::ErrorKind::NotFound => format!("{program} is not installed"),
        Err(e) => format!("{program}: {e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use std::sync::Arc;

    #[test]
    fn what_a_dashboard_does_not_hold_is_told() {
        let mut snapshot = Snapshot::default();
        snapshot.stats.conversations.tcp.total_rows = 2_682;
        let csv = |snapshot: &Snapshot| cut(&Export::Csv("conversations", Arc::new(snapshot.clone()), Vec::new()));
        assert_eq!(csv(&snapshot), " (the largest: 0 of 2,682 conversations; spantop report writes all)");
        let report = |format| cut(&Export::Report(format, Arc::new(snapshot.clone()), Vec::new()));
        assert!(report("json").contains("0 of 2,682 conversations") && report("text").is_empty());
        assert_eq!(csv(&Snapshot::default()), "", "all of nothing");
    }

    /// A table of CSV has no place for notes: they are a table beside it.
    #[test]
    fn bookmarks_stand_beside_a_table() {
        let folder = std::env::temp_dir().join(format!("spantop-exports-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mark = tui::Bookmark { at: Timestamp(1_500_000_000), place: "Hosts".into(), note: "=slow, \"here\"".into() };
        let csv = |marks| Export::Csv("conversations", Arc::<Snapshot>::default(), marks);
        assert!(!write(&folder.clone().into(), &csv(Vec::new())).contains("bookmarks"));
        let said = write(&folder.clone().into(), &csv(vec![(mark, "then".into())]));
        let beside = said.split(", and ").nth(1).unwrap_or_else(|| panic!("{said}"));
        assert_eq!(std::fs::read_to_string(beside).unwrap(), "time,place,note\n1.500000000,Hosts,\"'=slow, \"\"here\"\"\"\n");
        let untold = write(&SaveFolder { path: folder.clone(), is_told: false }, &csv(Vec::new()));
        assert!(untold.starts_with("written: spantop-") && untold.ends_with(".csv"), "{untold}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
