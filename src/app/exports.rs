//! What a dashboard writes down, and programs it opens captures in.

use crate::model::clock;
use crate::model::text::printable;
use crate::report::{self, ReportNote, ReportOptions};
use crate::tui::{self, Export};
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Names tried before a folder is called full of them.
const ATTEMPTS: u32 = 1_000;

/// Writes an export into a folder, into a file that was not there before; what became of it.
pub fn write(folder: &Path, export: &Export) -> String {
    let said = match create(folder, export) {
        Ok(name) => format!("written: {name}"),
        Err(e) => format!("not written: {}: {e}", folder.display()),
    };
    printable(&said).into_owned()
}

fn create(folder: &Path, export: &Export) -> io::Result<String> {
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
        let path = folder.join(name);
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            file => file?,
        };
        let mut out = BufWriter::new(file);
        let written = match export {
            Export::Text(text, _) => out.write_all(text.as_bytes()),
            Export::Csv(table, snapshot) => {
                let format = report::find("csv").ok_or_else(|| io::Error::other("there is no CSV"))?;
                report::write(format, snapshot, &ReportOptions { table: Some(table), ..ReportOptions::default() }, &mut out)
            }
            Export::Report(format, snapshot, bookmarks) => {
                let format = report::find(format).ok_or_else(|| io::Error::other("there is no such format"))?;
                let note = |(mark, when): &(tui::Bookmark, String)| ReportNote {
                    at: mark.at,
                    when: when.clone(),
                    place: mark.place.clone(),
                    note: mark.note.clone(),
                };
                let notes: Vec<ReportNote> = bookmarks.iter().map(note).collect();
                let options = ReportOptions { rows: format.rows(), ..ReportOptions::default() };
                report::write_with_notes(format, snapshot, &notes, &options, &mut out)
            }
        };
        if let Err(e) = written.and_then(|()| out.flush()) {
            let _ = std::fs::remove_file(&path);
            return Err(e);
        }
        return Ok(path.display().to_string());
    }
    Err(io::Error::other("too many of them"))
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
