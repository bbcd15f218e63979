//! The captures that lie beside the repository, with what tshark says of each; tests that want them pass, and say so, where there are none.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// One capture of the index.
pub struct Indexed {
    /// Its path below the captures' directory.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// What it exercises, in words.
    pub exercises: String,
}

impl Indexed {
    /// What tshark and capinfos say of it.
    pub fn oracle(&self) -> Value {
        let answer = directory().join("oracle").join(format!("{}.json", self.name));
        let text = std::fs::read_to_string(&answer).unwrap_or_else(|e| panic!("{}: {e}", answer.display()));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", answer.display()))
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures")
}

/// A small capture made after a report of something that went wrong; `None`, and a printed note, where it is not there.
pub fn reported(name: &str) -> Option<PathBuf> {
    let path = directory().join("reports").join(name);
    let there = path.exists();
    if !there {
        println!("skipped: no {}", path.display());
    }
    there.then_some(path)
}

/// The directory of captures made for single rules of the TCP analysis; `None`, and a printed note, where it is not there.
pub fn crafted() -> Option<PathBuf> {
    let path = directory().join("tcp-crafted");
    let there = path.join("expected.tsv").exists();
    if !there {
        println!("skipped: no {}", path.display());
    }
    there.then_some(path)
}

/// What nDPI's own tests say of a capture; `None` where they say nothing.
pub fn ndpi(name: &str) -> Option<String> {
    std::fs::read_to_string(directory().join("oracle/_upstream").join(format!("{name}.ndpi.out"))).ok()
}

/// Every capture of the index; `None`, and a printed note, where there are none.
pub fn indexed() -> Option<Vec<Indexed>> {
    let directory = directory();
    let Ok(text) = std::fs::read_to_string(directory.join("INDEX.tsv")) else {
        println!("skipped: no captures at {}", directory.display());
        return None;
    };
    let mut rows = text.lines().map(|row| row.split('\t').collect::<Vec<_>>());
    let head = rows.next().unwrap_or_default();
    let column = |name| head.iter().position(|h| *h == name).unwrap_or_else(|| panic!("the index has no column {name}"));
    let (file, what) = (column("file"), column("exercises"));
    let one = |row: Vec<&str>| Indexed { name: row[file].to_owned(), path: directory.join(row[file]), exercises: row[what].to_owned() };
    Some(rows.map(one).collect())
}
