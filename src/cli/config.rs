//! The configuration file: long options and their values as TOML, used where the command line says nothing, and below them sections for
//! what no option says. What the sections mean is known to those who are told: here they are lines with a place.

use crate::error::{Error, Result};
use crate::model::Arrange as _;
use crate::settings::small_file;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// A configuration file, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its options.
    pub options: Vec<ConfigEntry>,
    /// What stands in its sections, in order.
    pub sections: Vec<ConfigEntry>,
}

/// One line of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The section it stands in, parts joined by dots; empty: it is an option.
    pub section: String,
    /// Its key: for an option its long name without dashes.
    pub key: String,
    /// Its values, as they would be typed.
    pub values: Vec<String>,
    /// Where it stands: `FILE:LINE:COLUMN`.
    pub place: String,
}

/// Where the configuration file lies unless told otherwise: `$XDG_CONFIG_HOME/spantop/config.toml`, `~/.config/spantop/config.toml`.
pub fn usual_place() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("spantop").join("config.toml"))
}

/// Reads a configuration file.
///
/// # Errors
/// When it cannot be read or is not TOML, or a value is of a kind that nothing takes. The message names file, line and column.
pub fn read(path: &Path) -> Result<ConfigFile> {
    let text = small_file::read_text(path).map_err(|e| Error::usage(format!("--config {}: {}", path.display(), unread(&e))))?;
    parse(&text, path)
}

/// Why a file was not read, in a few words.
fn unread(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => format!("cannot be opened: {}", words.to_lowercase()),
        None => text,
    }
}

fn parse(text: &str, path: &Path) -> Result<ConfigFile> {
    let name = path.display().to_string();
    // A campus has a line for each of its hosts: where lines begin is looked for once.
    let lines: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let place = |at: usize| {
        let line = lines.partition_point(|begin| *begin <= at);
        let begin = line.checked_sub(1).and_then(|line| lines.get(line)).copied().unwrap_or(0);
        let column = text.get(begin..at).map_or(0, |before| before.chars().count()) + 1;
        format!("{name}:{line}:{column}")
    };
    let table = DeTable::parse(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        Error::usage(format!("{}: {}", place(at), e.message().replace('\n', ", ")))
    })?;
    let mut entries = Vec::new();
    collect(table.get_ref(), "", &place, &mut entries)?;
    entries.arrange_by_key(|(at, _)| *at);
    let (options, sections) = entries.into_iter().map(|(_, entry)| entry).partition(|entry: &ConfigEntry| entry.section.is_empty());
    Ok(ConfigFile { path: path.to_owned(), options, sections })
}

/// How deep sections nest.
const DEEPEST: usize = 3;

fn collect(table: &DeTable, section: &str, place: &dyn Fn(usize) -> String, into: &mut Vec<(usize, ConfigEntry)>) -> Result<()> {
    for (key, value) in table {
        let at = key.span().start;
        if let DeValue::Table(inner) = value.get_ref() {
            let name = if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
            if name.matches('.').count() >= DEEPEST {
                return Err(Error::usage(format!("{}: '{name}' lies too deep", place(at))));
            }
            collect(inner, &name, place, into)?;
            continue;
        }
        let values = match value.get_ref() {
            DeValue::Array(list) => list.iter().map(|v| plain(v.get_ref())).collect::<Option<Vec<_>>>(),
            one => plain(one).map(|v| vec![v]),
        };
        let Some(values) = values else {
            let words = "takes a word, a number, true or false, or a list of them";
            return Err(Error::usage(format!("{}: '{}' {words}", place(at), key.get_ref())));
        };
        let entry = ConfigEntry { section: section.to_owned(), key: key.get_ref().to_string(), values, place: place(at) };
        into.push((at, entry));
    }
    Ok(())
}

fn plain(value: &DeValue) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ConfigFile> {
        parse(text, Path::new("f.toml"))
    }

    #[test]
    fn entries_know_their_line_and_column() {
        let file =
            read("interval = \"5s\"\n\n# a comment\n  local-net = [\"10.0.0.0/8\", \"::1\"]\nquiet = true\ntop = 7\n[keys]\npause = \"x\"\n[keys.packets]\nsearch = [\"y\", \"z\"]\n")
                .unwrap();
        let got: Vec<_> = file.options.iter().map(|e| (e.key.as_str(), e.values.join(" "), e.place.as_str())).collect();
        let want = [
            ("interval", "5s", "f.toml:1:1"),
            ("local-net", "10.0.0.0/8 ::1", "f.toml:4:3"),
            ("quiet", "true", "f.toml:5:1"),
            ("top", "7", "f.toml:6:1"),
        ];
        assert_eq!(got, want.map(|(k, v, p)| (k, v.to_owned(), p)));
        let got: Vec<_> =
            file.sections.iter().map(|e| (e.section.as_str(), e.key.as_str(), e.values.join(" "), e.place.as_str())).collect();
        let want = [("keys", "pause", "x", "f.toml:8:1"), ("keys.packets", "search", "y z", "f.toml:10:1")];
        assert_eq!(got, want.map(|(s, k, v, p)| (s, k, v.to_owned(), p)));
    }

    /// So many names that a second pass over the file for each would take minutes.
    #[test]
    fn a_line_for_each_host_of_a_campus_is_read_at_once() {
        let lines: String = (0..60_000u32).map(|n| format!("\"10.{}.{}.{}\" = \"host-{n}\"\n", n >> 16, n >> 8 & 255, n & 255)).collect();
        let begun = std::time::Instant::now();
        let file = read(&format!("[hosts]\n{lines}")).unwrap();
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
        assert_eq!((file.sections.len(), file.sections[59_999].place.as_str()), (60_000, "f.toml:60001:1"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let say = |text: &str| read(text).unwrap_err().to_string();
        assert!(say("a = 1\nb = \n").starts_with("f.toml:2:"), "{}", say("a = 1\nb = \n"));
        assert_eq!(say("top = 2026-11-28\n"), "f.toml:1:1: 'top' takes a word, a number, true or false, or a list of them");
        assert!(say("[a.b.c.d]\nx = 1\n").contains("lies too deep"));
    }
}
