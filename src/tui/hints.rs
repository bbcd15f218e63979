//! The keys that work on a page, the most useful first: what the footer shows and the help lists.

use super::screen::ScreenEntry;
use super::screen::{Hint, Screen};
use crate::model::Arrange as _;

/// What decides which keys work.
pub(super) struct Here {
    /// Below a screen.
    pub deep: bool,
    /// A row is selected.
    pub selected: bool,
    /// The selected row has a page.
    pub opens: bool,
    /// There are rows.
    pub rows: bool,
    /// Rows are filtered.
    pub filtered: bool,
    /// Counts can be forgotten.
    pub live: bool,
    /// There is a past to look at.
    pub past: bool,
    /// It is looked at.
    pub cursor: bool,
}

const fn hint(key: &'static str, word: &'static str, help: &'static str) -> Hint {
    Hint { key, word, help }
}

/// Keys of a page.
pub(super) fn list(screens: &[ScreenEntry], screen: &dyn Screen, here: &Here) -> Vec<Hint> {
    // A list of packets looks for a text, and has no use for what leads to it.
    let lists_packets = screen.lists_packets();
    let mut out = Vec::with_capacity(48);
    select(&mut out, screen, here);
    act_on_rows(&mut out, screen, here, lists_packets);
    look_elsewhere(&mut out, screen, here, lists_packets);
    show_otherwise(&mut out, here);
    run_program(&mut out, screens, here);
    out
}

/// Selecting and leaving.
fn select(out: &mut Vec<Hint>, screen: &dyn Screen, here: &Here) {
    if here.rows {
        out.push(hint("↑↓", "select", "select a row; it holds still while selected (also j k)"));
    }
    if here.opens {
        out.push(hint("⏎", "open", "open what is selected"));
    }
    if here.deep || here.selected {
        out.push(hint("Esc", "back", if here.deep { "one level up" } else { "let go of the selection" }));
    }
    out.extend_from_slice(screen.keys());
    if here.cursor && !here.deep && !here.selected {
        out.push(hint("Esc", "now", "return to now"));
    }
}

/// What is done with rows: filter, copy, sort.
fn act_on_rows(out: &mut Vec<Hint>, screen: &dyn Screen, here: &Here, lists_packets: bool) {
    if !lists_packets {
        out.push(hint(
            "/",
            "filter",
            "show only conversations that match, the hosts, protocols and applications in them, and findings, as you type: 10.0.0.0/8, tls, port 443, vlan 10, bytes > 1M, joined by and, or, not",
        ));
    }
    if here.selected || here.deep {
        out.push(hint("m", "", "what can be done with the row: filter, copy, open elsewhere, export; so does a right click"));
    }
    if !lists_packets {
        out.push(hint("f", "", "only what is selected"));
        out.push(hint("F", "", "leave out what is selected"));
    }
    out.push(hint("c", "", "copy the row (by the terminal: OSC 52)"));
    out.push(hint("y", "", "copy Wireshark's display filter of what is selected"));
    out.push(hint("Y", "", "copy the capture filter (BPF) of what is selected"));
    out.push(hint("B", "", "mark this moment with a note, which reports, exports and the end carry"));
    if here.filtered && !here.deep && !here.selected && !here.cursor {
        out.push(hint("Esc", "all", "show all rows again"));
    }
    if screen.sorting().is_some() && here.rows {
        out.push(hint("s", "sort", "sort by the next column"));
        out.push(hint("S", "turn", "turn the order around"));
    }
}

/// Other moments, and other pages about the same.
fn look_elsewhere(out: &mut Vec<Hint>, screen: &dyn Screen, here: &Here, lists_packets: bool) {
    out.push(hint("p", "pause", "hold the picture while counting goes on (also Space)"));
    if !lists_packets {
        out.push(hint("P", "packets", "the packets of what is selected, or of what the page is about"));
    }
    out.push(hint("D", "", "what changed: against another capture, or between two spans of time"));
    out.push(hint("u", "", "bursts: the busiest milliseconds, how full the link was, who sent"));
    if !lists_packets {
        out.push(hint("W", "", "save the packets of what is selected, or of the span, as pcapng"));
    }
    if screen.charts() {
        out.push(hint("+ −", "time", "shorter or longer time on the chart"));
        out.push(hint("d", "directions", "chart the directions apart or together"));
    }
    if here.past && !lists_packets {
        out.push(hint("[ ]", "span", "mark where a span of time begins and ends: every list shows what was counted in it"));
        out.push(hint(
            ", .",
            "back",
            "look back: move the time cursor by a column or slot, with < and > by ten; ← and → on the chart, a click and a drag do so too (also Shift-← Shift-→)",
        ));
        out.push(hint("w", "worst", "put the time cursor on the busiest millisecond; again: on the next one"));
    }
}

/// The same in other words and colours.
fn show_otherwise(out: &mut Vec<Hint>, here: &Here) {
    out.push(hint("b", "bits/bytes", "bits or bytes"));
    out.push(hint("n", "names", "names or numbers: of hosts as learnt from DNS, DHCP, TLS and the like, of ports, of network cards"));
    out.push(hint("A", "", "hide addresses and names in everything that is drawn, copied, exported and saved; again: show them"));
    out.push(hint("t", "", "the next theme: dark, light, nord, dracula, gruvbox, catppuccin, tokyo-night, solarized-light"));
    out.push(hint("C", "", "keep theme, units, names, time scale and orders in the configuration file"));
    if here.live {
        out.push(hint("r", "reset", "forget everything counted so far (asks first; live ports only)"));
    }
}

/// Help, leaving, other screens, and what is seldom looked up.
fn run_program(out: &mut Vec<Hint>, screens: &[ScreenEntry], here: &Here) {
    out.push(hint("?", "keys", "these keys (also h)"));
    out.push(hint("q", "quit", "quit (also Ctrl-C)"));
    out.push(hint("Ctrl-Z", "", "stop until the shell continues it"));
    out.push(hint(digits(screens), "", "go to the screen with that digit in its tab (also Tab)"));
    out.push(hint(":", "", "choose from all screens and actions (also Ctrl-P)"));
    out.push(hint(
        "mouse",
        "",
        "tabs, the verdict in the first line, titles of panels, rows, column heads and the keys below can be clicked; the wheel scrolls",
    ));
    if here.rows {
        out.push(hint("g G", "", "first and last row (also Home End)"));
        out.push(hint("PgUp PgDn", "", "a page up or down"));
    }
}

/// The hints of the footer that fit into `width` cells, in their order, with their keys as they are `shown`: help, quit and what concerns the
/// selection come first.
pub(super) fn fitting(all: &[Hint], width: u16, shown: &dyn Fn(&Hint) -> String) -> Vec<Hint> {
    let urgent = |h: &Hint| matches!(h.key, "?" | "q" | "Esc" | "⏎" | "↑↓");
    let cells = |h: &Hint| super::canvas::cells(&shown(h)) + super::canvas::cells(h.word) + 3;
    let named: Vec<(usize, &Hint)> = all.iter().enumerate().filter(|(_, h)| !h.word.is_empty()).collect();
    let mut left = width;
    let mut kept = Vec::new();
    let by_need = named.iter().filter(|(_, h)| urgent(h)).chain(named.iter().filter(|(_, h)| !urgent(h)));
    for &(i, hint) in by_need {
        if cells(hint) <= left {
            left -= cells(hint);
            kept.push((i, *hint));
        }
    }
    kept.arrange_by_key(|k| k.0);
    kept.into_iter().map(|k| k.1).collect()
}

/// The digits that select a screen, `1–8`. A hint lives as long as the program, and so does what the list of screens has given.
fn digits(screens: &[ScreenEntry]) -> &'static str {
    const RANGES: [&str; 10] = ["0", "1", "1–2", "1–3", "1–4", "1–5", "1–6", "1–7", "1–8", "1–9"];
    // On a keyboard 0 stands behind 9.
    let place = |digit: char| if digit == '0' { 10 } else { digit.to_digit(10).unwrap_or(0) as usize };
    let last = screens.iter().filter_map(|entry| entry.digit).map(place).max().unwrap_or(0);
    if screens.iter().filter(|entry| entry.digit.is_some()).count() < last {
        return "digits";
    }
    if last >= 10 { "1–0" } else { RANGES.get(last).copied().unwrap_or("1–9") }
}
