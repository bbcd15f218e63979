//! The table of screens in README.md and that of keys in docs/dashboard.md are made from the list of screens and from the keys the program shows.
//!
//! `UPDATE_README=1 cargo test --lib readme` writes them.

use super::*;
use crate::tui::details::PAGES;
use crate::tui::hints::{self, Here};
use crate::tui::screen::ScreenEntry;
use crate::tui::screen::{Hint, Screen};

/// A key's cell and what it does: `` `p` `Space` `` and "hold the picture …".
fn row(hint: &Hint) -> (String, String) {
    let one = |word: &str| match word {
        "↑↓" => vec!["↑".to_owned(), "↓".to_owned()],
        "⏎" => vec!["Enter".to_owned()],
        "−" => vec!["-".to_owned()],
        other => vec![other.to_owned()],
    };
    let (help, also) = match hint.help.split_once(" (also ") {
        Some((help, also)) => (help, also.trim_end_matches(')')),
        None => (hint.help, ""),
    };
    let keys: Vec<String> = hint.key.split(' ').chain(also.split_whitespace()).flat_map(one).map(|k| format!("`{k}`")).collect();
    (keys.join(" "), help.to_owned())
}

/// Keys that work on a page in some state, as the help lists them.
fn hints(screens: &[ScreenEntry], page: &dyn Screen) -> Vec<Hint> {
    let mut out: Vec<Hint> = Vec::new();
    for state in 0..32u8 {
        let on = |bit: u8| state & bit != 0;
        let here = Here { deep: on(1), selected: on(2), opens: true, rows: true, filtered: on(4), live: on(8), past: true, cursor: on(16) };
        for hint in hints::list(screens, page, &here) {
            if !out.contains(&hint) {
                out.push(hint);
            }
        }
    }
    out
}

/// The table of keys: those of every page, then those that only some have, with the pages that have them.
fn keys(screens: &[ScreenEntry]) -> String {
    let pages: Vec<&dyn Screen> = screens.iter().map(|e| e.screen).chain(PAGES.iter().map(|&p| p as &dyn Screen)).collect();
    let mut everywhere: Vec<(String, Vec<String>)> = Vec::new();
    let mut own: Vec<(String, Vec<String>)> = Vec::new();
    let note = |list: &mut Vec<(String, Vec<String>)>, key: String, what: String| match list.iter_mut().find(|k| k.0 == key) {
        Some((_, all)) if !all.contains(&what) => all.push(what),
        Some(_) => {}
        None => list.push((key, vec![what])),
    };
    for page in pages {
        for hint in hints(screens, page) {
            let (key, help) = row(&hint);
            if page.keys().contains(&hint) {
                note(&mut own, key, format!("{}: {help}", page.title()));
            } else {
                note(&mut everywhere, key, help);
            }
        }
    }
    let rows = everywhere.into_iter().chain(own).map(|(key, what)| format!("| {key} | {} |\n", what.join("; ")));
    format!("| key | what it does |\n|---|---|\n{}", rows.collect::<String>())
}

/// The table of screens.
fn screens(screens: &[ScreenEntry]) -> String {
    let key = |e: &ScreenEntry| e.digit.map_or("`Tab`".to_owned(), |digit| format!("`{digit}`"));
    let rows = screens.iter().map(|e| format!("| {} | **{}**: {} |\n", key(e), e.screen.title(), e.screen.about()));
    format!("| key | screen |\n|---|---|\n{}", rows.collect::<String>())
}

/// The table of a text that begins with the first line of `wanted`.
fn table<'a>(text: &'a str, wanted: &str) -> &'a str {
    let Some(start) = wanted.split_inclusive('\n').next().and_then(|first| text.find(first)) else { return "" };
    let rest = &text[start..];
    let length: usize = rest.split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum();
    &rest[..length]
}

/// Holds the table of a document against what it should be, or writes it.
fn holds(name: &str, wanted: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(&path).expect("the document");
    let written = table(&text, wanted);
    assert!(!written.is_empty(), "{name} has no such table:\n{wanted}");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, text.replacen(written, wanted, 1)).expect("it can be written");
    } else {
        assert_eq!(written, wanted, "{name}: UPDATE_README=1 writes it");
    }
}

#[test]
fn readme_has_the_screens_that_there_are() {
    holds("README.md", &screens(SCREENS));
}

#[test]
fn the_manual_has_the_keys_that_there_are() {
    holds("docs/dashboard.md", &keys(SCREENS));
}
