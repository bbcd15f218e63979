//! The table of keys in README.md is the list of keys the program shows.

use super::*;
use crate::model::{Path, Subject, Timestamp};
use crate::tui::details;
use crate::tui::hints::{self, Here};
use crate::tui::screen::Screen;
use crate::tui::view::{Kind, Topic};
use std::collections::BTreeSet;

/// Keys that a hint names: its own, and those in brackets behind its help.
fn keys_of(key: &str, help: &str) -> Vec<String> {
    let bracket = help.rsplit_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    let others = bracket.strip_prefix("also ").or_else(|| bracket.strip_suffix(" at once")).unwrap_or_default();
    let one = |word: &str| match word {
        "↑↓" => vec!["↑".to_owned(), "↓".to_owned()],
        "⏎" => vec!["Enter".to_owned()],
        "−" => vec!["-".to_owned()],
        other => vec![other.to_owned()],
    };
    key.split(' ').chain(others.split_whitespace()).flat_map(one).collect()
}

/// Every key the help shows on any page in any state.
fn shown() -> BTreeSet<String> {
    let address = Address::V4([10, 0, 0, 1].into());
    let topics = [
        Topic::Conversation { kind: Kind::Tcp, a: address, a_port: 1, b: address, b_port: 2, first: Timestamp(0) },
        Topic::Host { kind: Kind::Ip, address, port: 0 },
        Topic::Protocol(Path::EMPTY),
        Topic::Vlan(1),
        Topic::Finding("dup.every", Subject::Network),
    ];
    let pages: Vec<&dyn Screen> = SCREENS.iter().copied().chain(topics.iter().map(details::page)).collect();
    let mut out = BTreeSet::new();
    for page in pages {
        for state in 0..16u8 {
            let on = |bit: u8| state & bit != 0;
            let here = Here { deep: on(1), selected: on(2), rows: true, filtered: on(4), live: on(8) };
            out.extend(hints::list(page, &here).iter().flat_map(|h| keys_of(h.key, h.help)));
        }
    }
    out
}

/// Every key in the first column of the table.
fn written() -> BTreeSet<String> {
    let readme = include_str!("../../../README.md");
    let table = readme.split("| key | what it does |\n").nth(1).unwrap_or_default();
    let rows = table.lines().skip(1).take_while(|l| l.starts_with('|'));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_readme_names_the_keys_that_there_are() {
    let (shown, written) = (shown(), written());
    assert!(written.len() > 20, "{written:?}");
    assert_eq!(written, shown);
}

#[test]
fn the_readme_names_the_screens_that_there_are() {
    let readme = include_str!("../../../README.md");
    for screen in SCREENS {
        assert!(readme.contains(&format!("| `{}` | **{}**: ", screen.digit(), screen.title())), "{}", screen.title());
    }
}
