//! Real captures raise no false finding about the mirror: of each, which findings stand, and why they are true.
//!
//! The captures lie beside the repository; without them the test says so and passes.

use spantop::capture::file::{self, FileOptions};
use spantop::engine::{self, Settings};
use spantop::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// End of the capture's name, the finding that stands, why it is true.
///
/// A line that explains nothing any more fails the test.
const TRUE: &[(&str, &str, &str)] = &[];

fn captures() -> Option<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    if directory.join("INDEX.tsv").exists() {
        return Some(directory);
    }
    println!("skipped: no captures at {}", directory.display());
    None
}

/// What the index says of the captures: name, and what each exercises.
fn index(directory: &Path) -> Vec<(PathBuf, String)> {
    let text = std::fs::read_to_string(directory.join("INDEX.tsv")).unwrap();
    let mut rows = text.lines();
    let head: Vec<&str> = rows.next().unwrap().split('\t').collect();
    let column = |name| head.iter().position(|h| *h == name).unwrap();
    let (file, what) = (column("file"), column("exercises"));
    rows.map(|row| row.split('\t').collect::<Vec<_>>()).map(|row| (directory.join(row[file]), row[what].to_owned())).collect()
}

fn report(path: &Path) -> Option<Snapshot> {
    let source = file::open(&[path.to_owned()], &FileOptions::default()).ok()?;
    let (snapshot, _) = engine::run(source, &Settings { threads: 0, ..Settings::default() }, Default::default()).ok()?;
    Some(snapshot)
}

#[test]
fn no_false_finding() {
    let Some(directory) = captures() else { return };
    let mut used: BTreeMap<usize, u32> = BTreeMap::new();
    let (mut read, mut wrong) = (0, Vec::new());
    for (path, _) in index(&directory) {
        let Some(s) = report(&path) else { continue };
        read += 1;
        for finding in s.findings.iter().filter(|f| f.active) {
            let name = path.to_string_lossy();
            match TRUE.iter().position(|t| name.ends_with(t.0) && t.1 == finding.id) {
                Some(line) => *used.entry(line).or_default() += 1,
                None => wrong.push(format!("{name}: {}: {}: {:?}", finding.id, finding.title, finding.evidence)),
            }
        }
    }
    assert!(read > 100, "{read} captures could be read");
    let stale: Vec<_> = (0..TRUE.len()).filter(|line| !used.contains_key(line)).map(|line| TRUE[line]).collect();
    assert!(wrong.is_empty() && stale.is_empty(), "not explained: {wrong:#?}\nnot found any more: {stale:#?}");
}
