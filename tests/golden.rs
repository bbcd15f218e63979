//! The reports of the bundled captures, word for word as they were when somebody last looked at them: JSON and text, with at most
//! [`ROWS`] rows of each table.
//!
//! When a report is meant to change, `GOLDEN=write cargo test --test golden` writes the files anew; the change is then in the commit,
//! to be read there.

use serde_json::Value;
use spantop::capture::file;
use spantop::engine::{self, Settings};
use spantop::report::{self, ReportOptions};
use spantop::settings::FileSettings;
use spantop::snapshot::Snapshot;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Rows of each table: enough to see what a row is.
const ROWS: usize = 12;
/// Lines shown of a section that differs.
const SHOWN: usize = 8;

/// A report in parts: a name, and lines.
type Sections = Vec<(String, Vec<String>)>;

/// The bundled captures, or none in a package, which is without them.
fn captures() -> Vec<PathBuf> {
    let folder = Path::new("captures");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().map(|f| f.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    paths.sort();
    paths
}

fn analyse(path: &Path) -> Snapshot {
    let source = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).unwrap();
    let outcome = engine::run(source, &Settings::default(), Default::default()).unwrap();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome.result
}

fn written(snapshot: &Snapshot, format: &str) -> String {
    let mut out = Vec::new();
    let options = ReportOptions { rows: ROWS, ..ReportOptions::default() };
    report::write(report::find(format).unwrap(), snapshot, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A value on as many lines as it has members, down to `depth`; deeper ones on one line.
fn lines(value: &Value, name: &str, indent: usize, depth: usize, out: &mut Vec<String>) {
    let start = format!("{}{name}", "  ".repeat(indent));
    match value {
        Value::Object(members) if depth > 0 && !members.is_empty() => {
            out.push(format!("{start}:"));
            members.iter().for_each(|(name, member)| lines(member, name, indent + 1, depth - 1, out));
        }
        Value::Array(items) if depth > 0 && items.iter().any(|i| i.is_object() || i.is_array()) => {
            out.push(format!("{start}:"));
            items.iter().for_each(|item| lines(item, "-", indent + 1, 0, out));
        }
        _ => out.push(format!("{start} {value}")),
    }
}

/// The JSON report, a section for each member; the program's version is none of its business.
fn json(text: &str) -> Sections {
    let Value::Object(members) = serde_json::from_str(text).unwrap() else { panic!("an object: {text}") };
    let section = |(name, value): (&String, &Value)| {
        let mut out = Vec::new();
        lines(value, "", 0, 3, &mut out);
        (name.clone(), out)
    };
    members.iter().filter(|(name, _)| *name != "version").map(section).collect()
}

/// The text report, a section for each heading in a rule.
fn text(text: &str) -> Sections {
    let mut out: Sections = vec![("head".into(), Vec::new())];
    for line in text.lines() {
        if line.starts_with("── ") {
            out.push((line.trim_matches(['─', ' ']).to_owned(), Vec::new()));
        }
        if let Some((_, lines)) = out.last_mut() {
            lines.push(line.to_owned());
        }
    }
    out
}

const HEADING: &str = "== ";

fn stored(sections: &Sections) -> String {
    sections.iter().fold(String::new(), |mut all, (name, lines)| {
        let _ = writeln!(all, "{HEADING}{name}");
        lines.iter().for_each(|line| all.extend([line.as_str(), "\n"]));
        all
    })
}

fn read(stored: &str) -> Sections {
    let mut out = Sections::new();
    for line in stored.lines() {
        match (line.strip_prefix(HEADING), out.last_mut()) {
            (Some(name), _) => out.push((name.to_owned(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line.to_owned()),
            (None, None) => panic!("no heading: {line}"),
        }
    }
    out
}

/// What differs, section by section, in lines that were (-) and are (+).
fn differences(were: &Sections, are: &Sections) -> String {
    let mut out = String::new();
    let none = Vec::new();
    let find = |all: &'_ Sections, name: &str| all.iter().find(|s| s.0 == name).map(|s| s.1.clone());
    let mut names: Vec<&String> = were.iter().map(|s| &s.0).collect();
    names.extend(are.iter().map(|s| &s.0).filter(|n| find(were, n).is_none()));
    for name in names {
        let (before, after) = (find(were, name), find(are, name));
        if before == after {
            continue;
        }
        let (before, after) = (before.as_ref().unwrap_or(&none), after.as_ref().unwrap_or(&none));
        let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        let room = before.len().min(after.len()) - start;
        let end = before.iter().rev().zip(after.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
        let _ = writeln!(out, "  section {name}, from line {start}:");
        for (sign, lines) in [('-', &before[start..before.len() - end]), ('+', &after[start..after.len() - end])] {
            for line in lines.iter().take(SHOWN) {
                let _ = writeln!(out, "    {sign} {line}");
            }
            if lines.len() > SHOWN {
                let _ = writeln!(out, "    {sign} … {} more lines", lines.len() - SHOWN);
            }
        }
    }
    out
}

#[test]
fn reports_of_the_bundled_captures_are_as_they_were() {
    let folder = Path::new("tests/golden");
    let write = std::env::var_os("GOLDEN").is_some_and(|v| v == "write");
    let captures = captures();
    if captures.is_empty() {
        println!("skipped: no captures here (a package has none)");
        return;
    }
    assert!(captures.len() >= 6, "{captures:?}");
    let mut wrong = String::new();
    for path in captures {
        let snapshot = analyse(&path);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for (format, sections) in [("json", json(&written(&snapshot, "json"))), ("text", text(&written(&snapshot, "text")))] {
            let file = folder.join(format!("{name}.{format}.txt"));
            if write {
                fs::create_dir_all(folder).unwrap();
                fs::write(&file, stored(&sections)).unwrap();
            }
            let were = fs::read_to_string(&file).map(|text| read(&text)).unwrap_or_default();
            let differences = differences(&were, &sections);
            if !differences.is_empty() {
                let _ = writeln!(wrong, "{}\n{differences}", file.display());
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}If that is meant: GOLDEN=write cargo test --test golden, and read the diff.\n");
}

#[test]
fn differences_are_found_and_short() {
    let of = |text: &str| read(text);
    let old = of("== a\n1\n2\n3\n== b\nsame\n");
    assert_eq!(differences(&old, &old), "");
    assert_eq!(stored(&old), "== a\n1\n2\n3\n== b\nsame\n");
    let new = of("== a\n1\nx\n3\n== b\nsame\n== c\nnew\n");
    assert_eq!(differences(&old, &new), "  section a, from line 1:\n    - 2\n    + x\n  section c, from line 0:\n    + new\n");
    let value = serde_json::json!({"rows": [{"a": 1}, {"a": 2}], "deep": {"x": {"y": {"z": [1, 2]}}}});
    let mut out = Vec::new();
    lines(&value, "", 0, 3, &mut out);
    assert_eq!(out, [":", "  deep:", "    x:", "      y {\"z\":[1,2]}", "  rows:", "    - {\"a\":1}", "    - {\"a\":2}"]);
}
