//! What `docs/` says is what the program says: `DOCS=write cargo test --test docs` writes what is made from it.

#[path = "docs/generated.rs"]
mod generated;
#[path = "docs/reference.rs"]
mod reference;

use generated::{cell, part, read, whole};
use spantop::diagnose;
use spantop::model::{FILTER_WORDS, SCREEN_WORDS};
use spantop::snapshot::tables::TABLES;
use std::fmt::Write as _;

/// What screens show and which keys there are.
const DASHBOARD: &str = "docs/dashboard.md";

/// The catalogue as Markdown: a section a finding, in the order of the registry.
fn catalogue() -> String {
    let mut out = String::from(
        "# Findings\n\nEvery finding there is, as `spantop explain ID` tells it; made from the program. Those of the mirror come first: whether \
         what arrives can be believed. Back to [the README](../README.md).\n",
    );
    for (id, _) in diagnose::summaries() {
        let text = diagnose::explain(id, 78).expect("a page for each identifier");
        let _ = write!(out, "\n## `{id}`\n");
        for part in text.split("\n\n").skip(1) {
            let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<_>>();
            let (head, body) = if part.starts_with(' ') { ("", part) } else { part.split_once('\n').expect("a heading and its text") };
            let body = if head.starts_with("Thresholds") { lines(body).join("; ") } else { lines(body).join(" ") };
            let head = if head.is_empty() { String::new() } else { format!("**{head}.** ") };
            let _ = write!(out, "\n{head}{}\n", body.replace('<', "&lt;").replace('|', "\\|"));
        }
    }
    out
}

#[test]
fn the_catalogue_is_what_the_program_says() {
    let wanted = catalogue();
    whole("docs/findings.md", &wanted);
    assert!(wanted.matches("\n## `").count() > 80, "all of them");
}

/// Every table that `--table` may name.
#[test]
fn tables_are_all_there() {
    let all: Vec<String> = TABLES.iter().map(|table| format!("`{}`", table.token())).collect();
    assert!(all.len() > 30);
    part("docs/reports.md", "tables", &format!("{}.\n", all.join(", ")));
}

/// The filter's words, as the help lists them.
#[test]
fn the_filter_is_told_as_the_help_tells_it() {
    let mut wanted = String::from("| words | rows |\n|---|---|\n");
    for (words, rows) in FILTER_WORDS {
        let _ = writeln!(wanted, "| `{}` | {} |", cell(words), cell(rows));
    }
    part(DASHBOARD, "filter", &wanted);
}

/// What words on screens mean, as the help says it.
#[test]
fn words_on_screens_mean_what_the_help_says() {
    let mut wanted = String::from("| | |\n|---|---|\n");
    for (word, meaning) in SCREEN_WORDS {
        let _ = writeln!(wanted, "| {} | {} |", cell(word), cell(meaning));
    }
    part(DASHBOARD, "words", &wanted);
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).expect("docs").map(|file| file.expect("a file").path());
    let pages =
        pages.filter(|path| path.extension().is_some_and(|e| e == "md")).map(|path| path.strip_prefix(root).expect("below").to_owned());
    let documents = pages.chain(["README.md", "SECURITY.md", "CONTRIBUTING.md"].map(std::path::PathBuf::from));
    let mut links = 0;
    for name in documents {
        let text = read(&name.to_string_lossy());
        let (page, name) = (root.join(&name), name.display());
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|l| !l.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().expect("a folder").join(path) };
            assert!(target.exists(), "{name}: {link}");
            if !anchor.is_empty() {
                let headings = std::fs::read_to_string(&target).expect("text");
                let slug = |l: &str| l.trim_start_matches('#').trim().to_lowercase().replace(' ', "-").replace([',', '.', ':'], "");
                assert!(headings.lines().filter(|l| l.starts_with('#')).any(|l| slug(l) == anchor), "{name}: {link}");
            }
            links += 1;
        }
    }
    assert!(links > 10, "{links}");
}

/// Each line of the table of what ends the program, and what does not, names tests that there are.
#[test]
fn every_line_of_the_lifecycle_is_held_by_a_test() {
    let page = read("docs/lifecycle.md");
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what happens")).collect();
    assert!(lines.len() >= 16, "{}", lines.len());
    for line in lines {
        let held = line.trim_end_matches(" |").rsplit(" | ").next().expect("a cell");
        let (mut program, mut functions) = ("", 0);
        for word in held.split([' ', ',']).filter(|word| !word.is_empty()) {
            match word.strip_prefix('`').and_then(|word| word.strip_suffix('`')) {
                Some(name) => {
                    let text = read(&format!("tests/{program}.rs"));
                    assert!(text.contains(&format!("#[test]\nfn {name}() {{")), "{program}: no test {name}, which holds: {line}");
                    functions += 1;
                }
                None => program = word,
            }
        }
        assert!(functions > 0, "no test holds: {line}");
    }
}

#[test]
fn every_finding_of_the_network_is_named_by_what_it_is_about() {
    let page = read("docs/reports.md");
    let first = diagnose::IDS.iter().position(|id| *id == "loop.layer2").expect("the network's come after the mirror's");
    let missing: Vec<_> = diagnose::IDS[first..].iter().filter(|id| !page.contains(&format!("`{id}`"))).collect();
    assert!(missing.is_empty() && diagnose::IDS.len() - first > 50, "{missing:?}");
}

/// The README's minute: one screen to what it is and how it is had, pictures first, the rest in `docs/`.
#[test]
fn the_readme_is_short_and_begins_with_pictures() {
    let readme = read("README.md");
    let at = |word: &str| readme.find(word).unwrap_or_else(|| panic!("no {word}"));
    assert!(readme.lines().count() <= 220, "{} lines: what is a manual belongs into docs/", readme.lines().count());
    assert!(at("docs/pictures/overview.png") < at("## One minute") && at("apt install") < at("cargo install"));
    assert!(at("## One minute") < at("## Mirroring a port") && readme[..at("## One minute")].lines().count() < 25);
}

/// The picture in text is what the dashboard draws of the capture it names.
#[test]
fn the_picture_in_text_is_the_dashboards() {
    use spantop::capture::file;
    use spantop::engine::{self, Settings};
    use spantop::settings::FileSettings;
    use spantop::{snapshot, tui};
    let capture = "captures/office.pcapng";
    let files = FileSettings { paths: vec![capture.into()], ..FileSettings::default() };
    let settings = Settings { query: snapshot::Query::default(), ..Settings::default() };
    let run = engine::run(file::open(&files).expect("the capture"), &settings, Default::default()).expect("it is read");
    let snapshot = run.complete().expect("all of it");
    let options = tui::DashboardOptions { source_title: capture.into(), ..tui::DashboardOptions::default() };
    let mut still = tui::Still::new(options, (110, 37), false);
    still.see(snapshot::Snapshot::clone(&snapshot));
    part(DASHBOARD, &format!("the dashboard on {capture}"), &format!("```\n{}\n```\n", still.text().trim_end()));
}
