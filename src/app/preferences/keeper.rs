//! Writes what was chosen on screen into the configuration file, and leaves everything else in it as it is, comments too.
//!
//! The file is opened before rights are given up; after that nothing else could be. It is written in place, what it held before is put back
//! where that fails, and a file that somebody has replaced or broken meanwhile is left alone.

use crate::cli::{self, Common};
use crate::model::text::printable;
use crate::settings::small_file::SMALL;
use crate::snapshot::Order;
use crate::tui::KeptChoices;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use toml_edit::{DocumentMut, Item, Table, value};

/// A configuration file that can be written, or why it cannot.
#[derive(Debug)]
pub struct Keeper {
    path: Option<PathBuf>,
    file: Option<Mutex<File>>,
}

/// An order as a file has it.
pub(super) fn order(order: Order) -> String {
    format!("{}{}", if order.descending { "-" } else { "" }, order.column.0)
}

/// A span of time as a file has it.
fn span(nanos: i64) -> String {
    if nanos % 1_000_000_000 == 0 { format!("{}s", nanos / 1_000_000_000) } else { format!("{}ms", nanos / 1_000_000) }
}

fn opened(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Why a file could not be opened, and what helps.
fn refused(path: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no {} yet: spantop config init makes it", path.display()),
        std::io::ErrorKind::PermissionDenied if path.exists() => {
            format!("{} may not be opened by now: start spantop again", path.display())
        }
        _ => format!("{}: {error}", path.display()),
    }
}

/// Writes it down and says what became of it.
fn written(file: &mut File, path: &Path, kept: &KeptChoices) -> String {
    match write(file, path, kept) {
        Ok(()) => format!("kept in {}", path.display()),
        Err(why) => format!("not kept: {why}"),
    }
}

impl Keeper {
    /// Opens the file that counts, while that may be done.
    pub fn open(common: &Common) -> Self {
        let path = common.file.as_ref().map(|file| file.path.clone()).or_else(|| common.named_file.clone()).or_else(cli::usual_place);
        let file = path.as_deref().and_then(|path| opened(path).ok()).map(Mutex::new);
        Self { path, file }
    }

    /// The file.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Writes down what is to be kept and says what became of it.
    pub fn keep(&self, kept: &KeptChoices) -> String {
        let text = match (&self.file, &self.path) {
            (_, None) => "nothing names a configuration file".into(),
            // It may have been made meanwhile; who may open no file any more cannot take notice of it.
            (None, Some(path)) => match opened(path) {
                Ok(mut file) => written(&mut file, path, kept),
                Err(error) => refused(path, &error),
            },
            (Some(file), Some(path)) => match file.lock() {
                Ok(mut file) => written(&mut file, path, kept),
                Err(_) => "not kept: an earlier attempt went wrong".into(),
            },
        };
        printable(&text).into_owned()
    }
}

fn write(file: &mut File, path: &Path, kept: &KeptChoices) -> Result<(), String> {
    let here = |e: std::io::Error| format!("{}: {e}", path.display());
    let is_it = |now: &Metadata, open: &Metadata| now.ino() == open.ino() && now.dev() == open.dev();
    if !is_it(&std::fs::metadata(path).map_err(here)?, &file.metadata().map_err(here)?) {
        return Err(format!("{} has been replaced since the start (an editor does so); it counts from the next start", path.display()));
    }
    let mut before = String::new();
    file.seek(SeekFrom::Start(0)).and_then(|_| file.take(SMALL).read_to_string(&mut before)).map_err(here)?;
    let after = changed(&before, kept).map_err(|e| format!("{} is broken, and stays as it is: {e}", path.display()))?;
    put(file, &after).map_err(|e| {
        let _ = put(file, &before);
        here(e)
    })
}

/// Writes a text in place of what there is.
fn put(file: &mut File, text: &str) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    file.sync_data()
}

/// A configuration with what is to be kept in it.
fn changed(text: &str, kept: &KeptChoices) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| e.message().replace('\n', ", "))?;
    // What is said already keeps the comment beside it.
    let mut set = |section: Option<&str>, key: &str, new: toml_edit::Value| {
        let table: Option<&mut dyn toml_edit::TableLike> = match section {
            None => Some(document.as_table_mut()),
            Some(name) => document.entry(name).or_insert(Item::Table(Table::new())).as_table_like_mut(),
        };
        let Some(table) = table else { return };
        match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = new;
                *old.decor_mut() = decor;
            }
            None => drop(table.insert(key, value(new))),
        }
    };
    set(None, "theme", kept.theme.into());
    set(Some("dashboard"), "bytes", kept.bytes.into());
    set(Some("dashboard"), "names", kept.names.into());
    if let Some(scale) = kept.scale {
        set(Some("dashboard"), "scale", scale.map_or("all".to_owned(), span).into());
    }
    for (key, chosen) in [("conversations", kept.conversations), ("endpoints", kept.endpoints)] {
        if let Some(chosen) = chosen {
            set(Some("order"), key, order(chosen).into());
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Column;

    fn kept() -> KeptChoices {
        let order = Some(Order { column: Column::BYTES, descending: true });
        KeptChoices { theme: "nord", bytes: true, names: false, scale: Some(Some(60_000_000_000)), conversations: order, endpoints: order }
    }

    #[test]
    fn comments_and_order_stay() {
        let text = "# mine\ntheme = \"dark\" # at night\n\n[keys] # moved\npause = \"x\"\n\n[dashboard]\n# wide\nscale = \"5m\"   # five\n";
        let after = changed(text, &kept()).unwrap();
        for part in [
            "# mine\ntheme = \"nord\" # at night\n",
            "[keys] # moved\npause = \"x\"\n",
            "# wide\nscale = \"60s\"   # five\n",
            "conversations = \"-wire_bytes\"",
        ] {
            assert!(after.contains(part), "{part} is not in\n{after}");
        }
        assert_eq!(changed(&after, &kept()).unwrap(), after, "twice is once");
        // What was not chosen stays as it is, and is not made up.
        let theme = KeptChoices { theme: "dark", scale: None, conversations: None, endpoints: None, ..kept() };
        let themed = changed(&after, &theme).unwrap();
        assert_eq!(themed, after.replace("theme = \"nord\"", "theme = \"dark\""));
        let bare = changed("", &theme).unwrap();
        assert!(bare.contains("dark") && !bare.contains("scale") && !bare.contains("order"), "{bare}");
        assert!(changed("theme = \n", &kept()).is_err());
    }

    #[test]
    fn a_broken_or_replaced_file_loses_nothing() {
        let path = std::env::temp_dir().join(format!("spantop-keeper-{}.toml", std::process::id()));
        let keeper = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let file = OpenOptions::new().read(true).write(true).open(&path).map(Mutex::new).ok();
            Keeper { path: Some(path.clone()), file }
        };
        let broken = keeper("theme = = \n# precious\n");
        assert!(broken.keep(&kept()).contains("is broken, and stays as it is"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "theme = = \n# precious\n");
        let good = keeper("# precious\n");
        assert!(good.keep(&kept()).starts_with("kept in "));
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.contains("# precious") && written.contains("theme = \"nord\""), "{written}");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "# another\n").unwrap();
        assert!(good.keep(&kept()).contains("has been replaced"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# another\n");
        std::fs::remove_file(&path).unwrap();
        assert!(good.keep(&kept()).contains("not kept"));
    }

    #[test]
    fn a_file_that_was_made_meanwhile_is_written() {
        let path = std::env::temp_dir().join(format!("spantop-keeper-late-{}.toml", std::process::id()));
        let keeper = Keeper { path: Some(path.clone()), file: None };
        assert!(keeper.keep(&kept()).contains("spantop config init makes it"));
        std::fs::write(&path, "# made\n").unwrap();
        assert!(keeper.keep(&kept()).starts_with("kept in "));
        assert!(std::fs::read_to_string(&path).unwrap().contains("theme = \"nord\""));
        std::fs::remove_file(&path).unwrap();
    }
}
