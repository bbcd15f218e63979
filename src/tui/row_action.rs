//! What there is to be done with a row, by name; how it is done stands in `actions.rs`.

use crate::model::Timestamp;
use crate::snapshot::Snapshot;
use std::sync::Arc;

/// Something that is done with the selected row, or with the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowAction {
    /// Show only what is selected.
    Only,
    /// Leave it out.
    Not,
    /// Copy the row as it stands.
    Copy,
    /// Copy Wireshark's filter for it.
    Wireshark,
    /// Copy the capture filter for it.
    Bpf,
    /// Open it in Wireshark, or copy the command that does.
    OpenWireshark,
    /// Open it in termshark, or copy the command that does.
    OpenTermshark,
    /// Save its packets as a file.
    Save,
    /// Write the screen down as text.
    ExportText,
    /// Write the rows of the page down.
    ExportCsv,
    /// Write the screen down as a page with a drawing.
    ExportHtml,
    /// Write a whole report down, with the bookmarks: the token of its format.
    Report(&'static str),
    /// Mark the moment, with a note.
    Bookmark,
}

impl RowAction {
    /// Every action: its key where it has one, its name, what it does.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 15] = [
        (Self::Only, "f", "only this", "only what is selected; Esc shows all again"),
        (Self::Not, "F", "not this", "leave out what is selected"),
        (Self::Copy, "c", "copy", "copy the row (by the terminal: OSC 52)"),
        (Self::Wireshark, "y", "Wireshark filter", "copy Wireshark's display filter of what is selected"),
        (Self::Bpf, "Y", "capture filter", "copy the capture filter (BPF) of what is selected"),
        (Self::OpenWireshark, "", "open in Wireshark", "with Wireshark's filter, or copy the command for it"),
        (Self::OpenTermshark, "", "open in termshark", "with Wireshark's filter, or copy the command for it"),
        (Self::Save, "W", "save packets", "save its packets into --save-dir as pcapng"),
        (Self::ExportText, "", "export text", "write this screen into --save-dir as text"),
        (Self::ExportCsv, "", "export CSV", "write the rows of this page into --save-dir as CSV"),
        (Self::ExportHtml, "", "export HTML", "write this screen into --save-dir as HTML"),
        (Self::Report("html"), "", "report HTML", "a whole report with the bookmarks, into --save-dir"),
        (Self::Report("text"), "", "report text", "a whole report with the bookmarks, into --save-dir"),
        (Self::Report("json"), "", "report JSON", "a whole report with the bookmarks, into --save-dir"),
        (Self::Bookmark, "B", "bookmark", "mark this moment with a note, which reports carry"),
    ];

    /// The action of a key.
    pub fn of_key(key: char) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, ..)| known.chars().eq([key])).map(|found| found.0)
    }
}

/// A moment with a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Packet time.
    pub at: Timestamp,
    /// What was in front: a screen, and what was selected there.
    pub place: String,
    /// What the user wrote; safe to print.
    pub note: String,
}

/// Something to be written into a file of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Export {
    /// A text as it is, with the ending of its name.
    Text(String, &'static str),
    /// The rows of a table, by its token, and bookmarks with their times in words.
    Csv(&'static str, Arc<Snapshot>, Vec<(Bookmark, String)>),
    /// A report, by the token of its format, and bookmarks with their times in words.
    Report(&'static str, Arc<Snapshot>, Vec<(Bookmark, String)>),
}
