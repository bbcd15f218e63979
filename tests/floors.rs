//! The house's rules, held against the source: which module may import which (the table in `src/lib.rs`), and where foreign crates
//! and threads may be named.

#[path = "support/modules.rs"]
mod modules;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A crate or path, and where it may be named (prefixes of paths below `src/`).
const PLACES: &[(&str, &[&str])] = &[
    // Capturing, listing devices, and compiling a filter expression are libpcap's.
    ("pcap", &["capture/live.rs", "capture/live/", "capture/ports.rs", "capture/bpf.rs"]),
    // The kernel is asked about interfaces and the clock in one place.
    ("netlink_sys", &["capture/host/linux/"]),
    ("netlink_packet_core", &["capture/host/linux/"]),
    ("rtime_clock", &["capture/host/linux/"]),
    ("libc", &["model/memory.rs", "app/rights/", "capture/live/fanout.rs"]),
    // Rights are given up in one place.
    ("nix", &["app/rights/"]),
    ("landlock", &["app/rights/"]),
    ("seccompiler", &["app/rights/"]),
    ("snmp2", &["ask/"]),
    ("etherparse", &["decode/"]),
    ("x509_parser", &["dissect/tls/"]),
    ("aes", &["dissect/quic/", "anonymize/pan.rs"]),
    ("aes_gcm", &["dissect/quic/"]),
    ("hkdf", &["dissect/quic/"]),
    ("sha2", &["dissect/quic/", "dissect/tls/"]),
    ("ratatui", &["tui/"]),
    ("crossterm", &["tui/"]),
    ("clap", &["cli.rs", "cli/groups.rs", "cli/manual.rs", "cli/options.rs", "cli/requests.rs", "cli/typed.rs"]),
    ("clap_complete", &["cli.rs", "cli/typed.rs"]),
    ("clap_mangen", &["cli/manual.rs"]),
    ("indicatif", &["app/"]),
    ("toml", &["cli/config.rs"]),
    ("toml_edit", &["app/preferences/"]),
    ("signal_hook", &["app/", "tui/terminal.rs"]),
    ("minijinja", &["report/"]),
    ("ureq", &["export/"]),
    ("rustls", &["export/"]),
    ("sha1", &["export/community.rs"]),
    ("base64", &["export/"]),
    ("parquet", &["export/"]),
    // Time is packet time; these wait for the system, or tell how long something took.
    ("clock", &["app/", "browse/", "capture/", "engine/", "export/", "record/ring.rs", "tui/"]),
];

/// Rings of modules that are as they should be: parent, one member, why.
const RINGS: &[(&str, &str, &str)] = &[
    ("decode", "walk", "packets nest without end: the walk calls the steps, and steps speak of the walk and call each other"),
    ("anonymize", "network", "packets nest without end: tunnels carry frames, errors quote packets"),
];

/// The longest function of `src/`, in lines from its name to its end: what is longer has more than one job.
const FUNCTION_LINES: usize = 60;

/// The longest file of `src/`, in lines.
const FILE_LINES: usize = 600;

/// Functions that are by nature a list, which is read best in one piece: file, name, of what.
const LISTS: &[(&str, &str, &str)] = &[("decode/link/mod.rs", "link", "link types, one line each")];

/// Starting threads is the engine's business; each exporter has one; what waits for a disk has one of its own (a screen's questions about packets, the ring of
/// files), each of several readers of a port one, and the composition root has one for signals, one that opens ports and one that asks a fleet's database (tests may).
const THREADS: (&[&str], &[&str]) = (
    &["thread::spawn", "thread::Builder", "thread::scope"],
    &[
        "engine/",
        "export/",
        "browse/browser.rs",
        "capture/live/readers.rs",
        "record/ring.rs",
        "app/signals.rs",
        "app/span_reader.rs",
        "app/trigger.rs",
        "app/baseline.rs",
        "app/fleet.rs",
        "app/probe/mod.rs",
        "app/rights/",
    ],
);

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Every source file: its path below `src/`, and its code without comments.
fn code() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 50, "only {} files under {}", paths.len(), root.display());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().map(|l| if l.trim_start().starts_with("//") { "" } else { l }).collect();
        (path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"), lines.join("\n"))
    };
    paths.into_iter().map(read).collect()
}

/// The module a file belongs to: the first part of its path.
fn module(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// The words in backticks of a cell of the table.
fn words(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(|w| w.trim_end_matches(".rs").to_owned()).collect()
}

/// What each module may use, as the table in `src/lib.rs` says. The ground floor may be used by all above it.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rows: Vec<(u8, Vec<String>, String)> = text
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("//! |")?.split('|').map(str::trim).collect();
            Some((cells.first()?.parse().ok()?, words(cells.get(1)?), (*cells.get(2)?).to_owned()))
        })
        .collect();
    assert!(rows.len() >= 5, "no table of floors in src/lib.rs");
    let below = |floor: u8| -> BTreeSet<String> { rows.iter().filter(|r| r.0 < floor).flat_map(|r| r.1.clone()).collect() };
    let ground = below(2);
    assert!(ground.contains("model") && ground.contains("error"), "{ground:?}");
    let mut may = BTreeMap::new();
    for (floor, modules, uses) in &rows {
        let allowed = match uses.as_str() {
            "everything" => rows.iter().flat_map(|r| r.1.clone()).collect(),
            "every wing below" => below(*floor),
            "nothing" => BTreeSet::new(),
            named => words(named).into_iter().chain(ground.clone()).collect(),
        };
        may.extend(modules.iter().map(|m| (m.clone(), allowed.clone())));
    }
    may
}

/// Modules of the crate that `text` names: `crate::x` anywhere, and each of `use crate::{x, y::z}`.
fn named(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            found.insert(word(item.trim()));
                            item.clear();
                        }
                        c => item.push(c),
                    }
                }
                found.insert(word(item.trim()));
            }
            None => {
                found.insert(word(rest));
            }
        }
    }
    found.remove("");
    found
}

/// Code without its test modules: cut at the first `#[cfg(test)]` that stands at the margin.
fn without_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]").map_or(text, |at| &text[..at])
}

#[test]
fn nobody_imports_from_a_floor_that_is_not_theirs() {
    let may = table();
    let mut wrong = Vec::new();
    for (file, text) in code() {
        let module = module(&file);
        if module == "lib" {
            continue;
        }
        let allowed = may.get(module).unwrap_or_else(|| panic!("src/{file}: module {module} has no floor in src/lib.rs"));
        for used in named(&text) {
            // Only names of modules count; the crate's face (`crate::Error`) is the ground floor's.
            if used != module && may.contains_key(&used) && !allowed.contains(&used) {
                wrong.push(format!("src/{file} uses crate::{used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The rooms of the engine in their order of knowledge, as `src/lib.rs` tells them.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let (_, rest) = text.split_once("each uses the rooms to its left").expect("the rooms in src/lib.rs");
    let (list, _) = rest.split_once("What composes them").expect("the end of their list");
    words(list)
}

/// The second module of every `crate::engine::x` in `text`.
fn engine_modules(text: &str) -> BTreeSet<String> {
    let marked = text.replace("crate::engine::", "crate::");
    let outside = named(&text.replace("crate::engine::", "elsewhere::"));
    named(&marked).difference(&outside).cloned().collect()
}

#[test]
fn rooms_of_the_engine_know_only_those_to_their_left() {
    let rooms = rooms();
    assert!(rooms.len() >= 6, "{rooms:?}");
    let place = |name: &str| rooms.iter().position(|r| r == name);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (file, text) in code() {
        let Some(at) = file.strip_prefix("engine/").and_then(|f| place(module(f))) else { continue };
        for used in engine_modules(&text) {
            match place(&used) {
                Some(other) if other > at => wrong.push(format!("src/{file} uses the room {used}")),
                Some(_) => seen += 1,
                // The root composes the rooms; of it they may know the clock alone.
                None if used != "clock" => wrong.push(format!("src/{file} uses engine::{used} of the root")),
                None => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 10, "the search finds nothing");
}

#[test]
fn no_modules_use_each_other_in_a_ring() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut unexplained = Vec::new();
    let (mut explained, mut uses) = (BTreeSet::new(), 0);
    for folder in ["src", "benches/support", "tests/support"] {
        let modules = modules::read(&root.join(folder));
        uses += modules.iter().map(|m| m.uses.len()).sum::<usize>();
        for (parent, ring) in modules::rings(&modules) {
            let parent = parent.join("::");
            match RINGS.iter().position(|(p, member, _)| *p == parent && ring.contains(*member)) {
                Some(reason) => drop(explained.insert(reason)),
                None => unexplained.push(format!("{folder} {parent}: {ring:?}")),
            }
        }
    }
    assert!(uses > 500, "the search finds nothing");
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert_eq!(explained.len(), RINGS.len(), "a ring of the list is no more");
}

/// `super::` stays within a wing, and within a room of the engine: who leaves it says `crate::`, which the tests above read.
#[test]
fn nobody_climbs_out_of_a_wing_by_super() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for module in modules::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let in_room = module.name.first().is_some_and(|w| w == "engine") && module.name.get(1).is_some_and(|r| rooms.contains(r));
        let least = if in_room { 2 } else { 1 };
        if module.climbs > 0 && module.name.len() < module.climbs + least {
            wrong.push(module.name.join("::"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_modules_reads() {
    assert_eq!(modules::leaves("a::{self, b, c::{d, e as f}}"), ["a::self", "a::b", "a::c::d", "a::c::e"]);
    assert_eq!(
        modules::code("a\n// b\nc \"d::e\"\n#[cfg(test)]\nmod tests;\nf\n#[cfg(test)]\nmod tests {\ng"),
        "a\n\nc \"\"\n#[cfg(test)]\nmod tests;\nf"
    );
    let name = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    let module = |n: &str, uses: &[&str]| modules::Module { name: name(n), uses: uses.iter().map(|u| name(u)).collect(), climbs: 0 };
    let ring = [module("a::x", &["a::y::deep", "a"]), module("a::y", &["a::z"]), module("a::z", &["a::x"]), module("a", &["a::x", "b"])];
    assert_eq!(modules::rings(&ring), [(name("a"), ["x", "y", "z"].map(str::to_owned).into())]);
    assert_eq!(modules::rings(&ring[1..]), []);
}

/// Whether `text` names the crate `name`: `name::` not behind `::` or a letter.
fn names_crate(text: &str, name: &str) -> bool {
    let path = format!("{name}::");
    text.match_indices(&path).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn foreign_crates_are_named_where_they_belong() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, text) in code() {
        for (name, places) in PLACES {
            if names_crate(&text, name) {
                seen.insert(*name);
                if !places.iter().any(|place| file.starts_with(place)) {
                    wrong.push(format!("src/{file} names {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen.contains("clap") && seen.contains("pcap"), "the search finds nothing: {seen:?}");
}

/// The name of the function that begins on a line.
fn function_named(line: &str) -> Option<&str> {
    let mut words = line.trim_start().split(' ');
    loop {
        match words.next()? {
            "fn" => return words.next()?.split(|c: char| !c.is_alphanumeric() && c != '_').next(),
            "pub" | "const" | "async" | "unsafe" => {}
            word if word.starts_with("pub(") || word.ends_with(')') => {}
            _ => return None,
        }
    }
}

/// Functions of a formatted text: name and lines, from the one with the name to the closing brace.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let (Some(name), rest) = (function_named(line), &lines[at..]) else { continue };
        let Some(head) = rest.iter().position(|l| l.ends_with(['{', ';', '}'])) else { continue };
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let last = if rest[head].ends_with('{') { rest.iter().position(|l| *l == end) } else { Some(head) };
        found.extend(last.map(|last| (name, last + 1)));
    }
    found
}

#[test]
fn functions_and_files_stay_short() {
    let (mut long, mut seen, mut listed) = (Vec::new(), 0, BTreeSet::new());
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (file, _) in code() {
        let text = fs::read_to_string(sources.join(&file)).unwrap();
        let lines = text.lines().count();
        if lines > FILE_LINES {
            long.push(format!("src/{file}: {lines} lines"));
        }
        for (name, lines) in functions(&text) {
            seen += 1;
            let is_long = lines > FUNCTION_LINES;
            match LISTS.iter().find(|list| (list.0, list.1) == (file.as_str(), name)) {
                Some(list) if is_long => drop(listed.insert(list)),
                None if is_long => long.push(format!("src/{file}: {name} has {lines} lines")),
                _ => {}
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
    assert!(seen > 5_000, "only {seen} functions: the search finds nothing");
    assert_eq!(listed.len(), LISTS.len(), "a function of the list is no longer long");
}

#[test]
fn what_is_unsafe_is_in_one_place() {
    let files: Vec<String> = code().into_iter().filter(|(_, text)| text.contains("unsafe_code")).map(|(file, _)| file).collect();
    assert_eq!(files, ["capture/live/fanout.rs", "main.rs", "model/memory.rs", "tui/terminal.rs"]);
}

#[test]
fn threads_are_started_by_the_engine_alone() {
    let (calls, places) = THREADS;
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (file, text) in code() {
        for call in calls.iter().filter(|call| without_tests(&text).contains(*call)) {
            seen += 1;
            if !places.iter().any(|place| file.starts_with(place)) && !file.ends_with("tests.rs") {
                wrong.push(format!("src/{file}: {call}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 0, "the engine starts no thread?");
}

#[test]
fn the_ground_floor_is_std_only() {
    for (file, text) in code().into_iter().filter(|(f, _)| f.starts_with("model/") || f == "error.rs") {
        for name in ["serde", "ipnet", "jiff", "hashbrown", "thiserror", "std::fs", "std::thread", "std::process"] {
            assert!(!text.contains(&format!("{name}::")), "src/{file} names {name}");
        }
    }
}

#[test]
fn the_readers_of_this_test_read() {
    assert_eq!(named("use crate::{a, b::{c, d}, e};").into_iter().collect::<Vec<_>>(), ["a", "b", "e"]);
    assert_eq!(named("x(crate::f::g, $crate::h)").into_iter().collect::<Vec<_>>(), ["f"]);
    assert_eq!(engine_modules("use crate::engine::tape::Mark; use crate::model::X;").into_iter().collect::<Vec<_>>(), ["tape"]);
    assert!(names_crate("use pcap::Device;", "pcap") && !names_crate("my_pcap::x a::pcap::y", "pcap"));
    assert_eq!(module("cli/units.rs"), "cli");
    assert_eq!(module("app.rs"), "app");
    let text =
        "trait A {\n    fn a(&self);\n}\npub(crate) const fn b() {}\nfn c(\n    x: u8,\n) -> u8 {\n    if x > 0 {\n    }\n}\nlet fn_d = 1;";
    assert_eq!(functions(text), [("a", 1), ("b", 1), ("c", 6)]);
}
