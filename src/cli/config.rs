//! The configuration file: long options and their values as TOML, used where the command line says nothing.

use crate::error::{Error, Result};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// A long option without its dashes.
    pub key: String,
    /// Its values, as they would be typed.
    pub values: Vec<String>,
    /// Where it stands: `FILE:LINE`.
    pub place: String,
}

/// Reads a configuration file.
///
/// # Errors
/// When it cannot be read or is not TOML, or a value is of a kind no option takes. The message names file and line.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::usage(format!("--config {}: {e}", path.display())))?;
    parse(&text, &path.display().to_string())
}

fn parse(text: &str, name: &str) -> Result<Vec<Entry>> {
    let place = |at: usize| format!("{name}:{}", text.get(..at).unwrap_or(text).matches('\n').count() + 1);
    let table = DeTable::parse(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        Error::usage(format!("{}: {}", place(at), e.message()))
    })?;
    let mut entries: Vec<(usize, Entry)> = Vec::new();
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        let place = place(at);
        let values = match value.get_ref() {
            DeValue::Array(list) => list.iter().map(|v| plain(v.get_ref())).collect::<Option<Vec<_>>>(),
            one => plain(one).map(|v| vec![v]),
        };
        let Some(values) = values else {
            return Err(Error::usage(format!("{place}: '{}' takes a word, a number, true or false, or a list of them", key.get_ref())));
        };
        entries.push((at, Entry { key: key.get_ref().to_string(), values, place }));
    }
    entries.sort_by_key(|(at, _)| *at);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
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

    #[test]
    fn entries_know_their_line() {
        let entries =
            parse("interval = \"5s\"\n\n# a comment\nlocal-net = [\"10.0.0.0/8\", \"::1\"]\nquiet = true\ntop = 7\n", "f.toml").unwrap();
        let got: Vec<_> = entries.iter().map(|e| (e.key.as_str(), e.values.join(" "), e.place.as_str())).collect();
        let want = [
            ("interval", "5s", "f.toml:1"),
            ("local-net", "10.0.0.0/8 ::1", "f.toml:4"),
            ("quiet", "true", "f.toml:5"),
            ("top", "7", "f.toml:6"),
        ];
        assert_eq!(got, want.map(|(k, v, p)| (k, v.to_owned(), p)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let say = |text: &str| parse(text, "f.toml").unwrap_err().to_string();
        assert!(say("a = 1\nb = \n").starts_with("f.toml:2: "), "{}", say("a = 1\nb = \n"));
        assert_eq!(say("[report]\ntop = 5\n"), "f.toml:1: 'report' takes a word, a number, true or false, or a list of them");
    }
}
