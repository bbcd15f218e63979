//! What `docs/` says of findings is what the program says: `DOCS=write cargo test --test docs` writes it.

use spantop::diagnose;
use std::fmt::Write as _;

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
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings.md");
    let wanted = catalogue();
    if std::env::var_os("DOCS").is_some() {
        std::fs::write(path, &wanted).expect("docs/findings.md");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let first = written.lines().zip(wanted.lines()).find(|(a, b)| a != b);
    assert!(written == wanted, "DOCS=write cargo test --test docs writes it; first difference: {first:?}");
    assert!(wanted.matches("\n## `").count() > 80, "all of them");
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = [
        "README.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "docs/mirroring.md",
        "docs/troubleshooting.md",
        "docs/lifecycle.md",
        "docs/exporters.md",
        "docs/fleet.md",
        "docs/archive.md",
        "docs/capacity.md",
    ];
    let mut links = 0;
    for name in documents {
        let text = std::fs::read_to_string(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|l| !l.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { root.join(name) } else { root.join(name).parent().expect("a folder").join(path) };
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

#[test]
fn readme_names_every_finding_of_the_network() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    let first = diagnose::IDS.iter().position(|id| *id == "loop.layer2").expect("the network's come after the mirror's");
    let missing: Vec<_> = diagnose::IDS[first..].iter().filter(|id| !readme.contains(&format!("`{id}`"))).collect();
    assert!(missing.is_empty() && diagnose::IDS.len() - first > 50, "{missing:?}");
}

/// The picture in text is what the dashboard draws of the capture it names: `UPDATE_README=1 cargo test --test docs` writes it.
#[test]
fn the_picture_in_the_readme_is_the_dashboards() {
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
    let wanted = still.text();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    let begin = format!("<!-- picture: the dashboard on {capture} -->\n```\n");
    let (before, rest) = readme.split_once(&begin).expect("the picture's place");
    let (written, behind) = rest.split_once("```\n").expect("the picture's end");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, format!("{before}{begin}{}\n```\n{behind}", wanted.trim_end())).expect("README.md");
        return;
    }
    assert_eq!(written.trim_end(), wanted.trim_end(), "UPDATE_README=1 writes it");
}
