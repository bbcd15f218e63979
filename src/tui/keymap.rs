//! Which key does what. Screens and dashboard know each action by the first of its usual keys; a key that is pressed becomes that one here,
//! and the key that is shown for it is the one that works.
//!
//! A key that a screen has of its own goes before one of the same name that holds everywhere, as it does without any change.

use super::hint::Hint;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Something that a key does: where (`""`: everywhere, else a screen's title), its name in a configuration file, its usual keys.
#[derive(Debug, Clone, Copy)]
struct Action {
    scope: &'static str,
    token: &'static str,
    keys: &'static [&'static str],
}

const fn action(scope: &'static str, token: &'static str, keys: &'static [&'static str]) -> Action {
    Action { scope, token, keys }
}

/// Everything a key can do.
const ACTIONS: &[Action] = &[
    action("", "down", &["Down", "j"]),
    action("", "up", &["Up", "k"]),
    action("", "left", &["Left"]),
    action("", "right", &["Right"]),
    action("", "page_down", &["PgDn", "Ctrl-f"]),
    action("", "page_up", &["PgUp", "Ctrl-b"]),
    action("", "half_down", &["Ctrl-d"]),
    action("", "half_up", &["Ctrl-u"]),
    action("", "first", &["g", "Home"]),
    action("", "last", &["G", "End"]),
    action("", "open", &["Enter"]),
    action("", "back", &["Esc", "Backspace"]),
    action("", "next_screen", &["Tab"]),
    action("", "previous_screen", &["BackTab"]),
    action("", "filter", &["/"]),
    action("", "sort", &["s"]),
    action("", "turn", &["S"]),
    action("", "pause", &["p", "Space"]),
    action("", "show_packets", &["P"]),
    action("", "shorter", &["+", "="]),
    action("", "longer", &["-", "_"]),
    action("", "directions", &["d"]),
    action("", "span_begin", &["["]),
    action("", "span_end", &["]"]),
    action("", "cursor_back", &[","]),
    action("", "cursor_forth", &["."]),
    action("", "far_back", &["<"]),
    action("", "far_forth", &[">"]),
    action("", "worst", &["w"]),
    action("", "bytes", &["b"]),
    action("", "names", &["n"]),
    action("", "theme", &["t"]),
    action("", "keep", &["C"]),
    action("", "menu", &["m"]),
    action("", "only", &["f"]),
    action("", "not", &["F"]),
    action("", "copy", &["c"]),
    action("", "wireshark_filter", &["y"]),
    action("", "capture_filter", &["Y"]),
    action("", "save", &["W"]),
    action("", "changes", &["D"]),
    action("", "bursts", &["u"]),
    action("", "bookmark", &["B"]),
    action("", "mask", &["A"]),
    action("", "reset", &["r"]),
    action("", "help", &["?", "h", "F1"]),
    action("", "palette", &[":", "Ctrl-p"]),
    action("", "quit", &["q"]),
    action("", "explain", &["e"]),
    action("", "screen_1", &["1"]),
    action("", "screen_2", &["2"]),
    action("", "screen_3", &["3"]),
    action("", "screen_4", &["4"]),
    action("", "screen_5", &["5"]),
    action("", "screen_6", &["6"]),
    action("", "screen_7", &["7"]),
    action("", "screen_8", &["8"]),
    action("", "screen_9", &["9"]),
    action("", "screen_0", &["0"]),
    action("Problems", "not_judged", &["N"]),
    action("Compare", "against", &["a"]),
    action("Compare", "noise", &["z"]),
    action("Packets", "search", &["/"]),
    action("Packets", "go_to", &["#"]),
    action("Packets", "only", &["f"]),
    action("Packets", "stream", &["x"]),
    action("Packets", "graph", &["v"]),
    action("Packets", "save", &["W"]),
];

/// Keys that always mean the same: the terminal's own ways out.
const FIXED: [&str; 2] = ["Ctrl-c", "Ctrl-z"];

/// Keys with names.
const NAMES: [(&str, KeyCode); 15] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Space", KeyCode::Char(' ')),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("Del", KeyCode::Delete),
];

/// What a key is called: `x`, `F5`, `Ctrl-x`, `PgDn`; `None`: it has no name here.
pub(super) fn name(key: KeyEvent) -> Option<String> {
    let name = match key.code {
        KeyCode::Char(c) if c != ' ' && !c.is_control() => c.to_string(),
        KeyCode::F(n) => format!("F{n}"),
        code => NAMES.iter().find(|named| named.1 == code)?.0.to_owned(),
    };
    Some(if key.modifiers.contains(KeyModifiers::CONTROL) { format!("Ctrl-{name}") } else { name })
}

/// What is done everywhere by a key that usually does it, in words.
pub(super) fn word(key: &str) -> String {
    let known = ACTIONS.iter().find(|action| action.scope.is_empty() && action.keys.contains(&key));
    known.map_or_else(String::new, |action| action.token.replace('_', " "))
}

/// A key: its code, and whether Ctrl is held.
type Stroke = (KeyCode, bool);

/// The keys of an action: what they are, and what they are called.
type ActionKeys = Vec<(Stroke, &'static str)>;

/// The key of a name: `x`, `F5`, `Ctrl-x`, `PgDn`.
fn stroke(name: &str) -> Option<Stroke> {
    if let Some(rest) = name.strip_prefix("Ctrl-") {
        let mut letters = rest.chars();
        return match (letters.next(), letters.next()) {
            (Some(c), None) if c.is_ascii_alphabetic() => Some((KeyCode::Char(c.to_ascii_lowercase()), true)),
            _ => None,
        };
    }
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Some((*code, false));
    }
    if let Some(number) = name.strip_prefix('F').and_then(|n| n.parse::<u8>().ok()) {
        return (1..=12).contains(&number).then_some((KeyCode::F(number), false));
    }
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_control() && c != ' ' => Some((KeyCode::Char(c), false)),
        _ => None,
    }
}

fn pressed(key: KeyEvent) -> Stroke {
    (key.code, key.modifiers.contains(KeyModifiers::CONTROL))
}

/// A change that a user wants: an action, and the keys that shall do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// The screen it is for, in small letters; empty: everywhere.
    pub scope: String,
    /// The action.
    pub action: String,
    /// Its keys.
    pub keys: Vec<String>,
}

/// The keys in force.
#[derive(Debug, Clone, Default)]
pub struct Keymap {
    /// Keys of actions that have others than usual, by their number among [`ACTIONS`].
    changed: Vec<(usize, ActionKeys)>,
}

impl Keymap {
    /// The usual keys with some changes, and what is wrong with those that were left out: the number of the change, and why.
    pub fn new(changes: &[KeyChange]) -> (Self, Vec<(usize, String)>) {
        let (mut map, mut wrong) = (Self::default(), Vec::new());
        for (i, change) in changes.iter().enumerate() {
            match map.change(change) {
                Ok(new) => {
                    map.changed.retain(|c| c.0 != new.0);
                    map.changed.push(new);
                }
                Err(error) => wrong.push((i, error)),
            }
        }
        // Two actions of one place on one key.
        for (i, change) in changes.iter().enumerate() {
            let Some(at) = find(change) else { continue };
            for stroke in map.strokes(at) {
                let twin = ACTIONS.iter().enumerate().find(|(other, action)| {
                    let same_place = ACTIONS.get(at).is_some_and(|a| a.scope == action.scope);
                    *other != at && same_place && map.strokes(*other).iter().any(|s| s.0 == stroke.0)
                });
                if let Some((_, twin)) = twin {
                    let why = format!("{} does '{}' as well: give that another key, or take another one here", stroke.1, twin.token);
                    wrong.push((i, why));
                }
            }
        }
        (map, wrong)
    }

    fn change(&self, change: &KeyChange) -> Result<(usize, ActionKeys), String> {
        let at = find(change).ok_or_else(|| {
            let here = ACTIONS.iter().filter(|a| a.scope.eq_ignore_ascii_case(&change.scope)).map(|a| a.token).collect::<Vec<_>>();
            match here.as_slice() {
                [] => format!("no screen '{}' has keys of its own", change.scope),
                some => format!("no action is called '{}'; there are {}", change.action, some.join(", ")),
            }
        })?;
        if change.keys.is_empty() {
            return Err(format!("'{}' needs a key", change.action));
        }
        let mut keys = Vec::new();
        for name in &change.keys {
            let known = stroke(name).ok_or_else(|| format!("'{name}' is no key; write x, F5, Ctrl-x, Enter, PgDn, Space"))?;
            if FIXED.iter().any(|fixed| stroke(fixed) == Some(known)) {
                return Err(format!("{name} always means the same and cannot be given away"));
            }
            // The text lives as long as the program; there are as many as there are keys in the file.
            keys.push((known, &*Box::leak(name.clone().into_boxed_str())));
        }
        Ok((at, keys))
    }

    /// The keys of an action.
    fn strokes(&self, at: usize) -> ActionKeys {
        if let Some((_, keys)) = self.changed.iter().find(|c| c.0 == at) {
            return keys.clone();
        }
        let usual = ACTIONS.get(at).map_or(&[][..], |action| action.keys);
        usual.iter().filter_map(|name| Some((stroke(name)?, *name))).collect()
    }

    /// What a key means on a screen, as the usual key for it; `None` where it has been given away and means nothing.
    pub(super) fn meaning(&self, screen: &str, key: KeyEvent) -> Option<KeyEvent> {
        if self.changed.is_empty() {
            return Some(key);
        }
        let stroke_pressed = pressed(key);
        for scope in [screen, ""] {
            for (at, action) in ACTIONS.iter().enumerate().filter(|(_, a)| a.scope == scope) {
                if self.strokes(at).iter().any(|s| s.0 == stroke_pressed) {
                    // A key that has not been moved stays what it is: Space pauses, and opens a header in a tree.
                    let usual = action.keys.iter().any(|name| stroke(name) == Some(stroke_pressed));
                    return if usual { Some(key) } else { action.keys.first().and_then(|name| stroke(name)).map(event) };
                }
            }
        }
        let was_moved = |c: &(usize, ActionKeys)| {
            ACTIONS
                .get(c.0)
                .is_some_and(|a| (a.scope == screen || a.scope.is_empty()) && a.keys.iter().any(|n| stroke(n) == Some(stroke_pressed)))
        };
        if self.changed.iter().any(was_moved) { None } else { Some(key) }
    }

    /// The key that selects the screen whose usual key is a digit.
    pub(super) fn screen_key(&self, digit: char) -> String {
        let at = ACTIONS.iter().position(|a| a.token.strip_prefix("screen_").is_some_and(|n| n.chars().eq([digit])));
        let changed = at.and_then(|at| self.changed.iter().find(|c| c.0 == at)).and_then(|(_, keys)| keys.first());
        changed.map_or_else(|| digit.to_string(), |key| key.1.to_owned())
    }

    /// The keys of all screens, where one has another than usual.
    fn screen_keys(&self) -> Option<String> {
        let is_screen = |at: usize| ACTIONS.get(at).is_some_and(|a| a.token.starts_with("screen_"));
        let keys: Vec<String> = ('1'..='9').chain(['0']).map(|digit| self.screen_key(digit)).collect();
        self.changed.iter().any(|c| is_screen(c.0)).then(|| keys.join(" "))
    }

    /// The key that is shown for a hint, and its help without keys that no longer do it.
    pub(super) fn shown(&self, screen: &str, hint: &Hint) -> (String, &'static str) {
        if hint.key.contains('–')
            && let Some(keys) = self.screen_keys()
        {
            return (keys, "go to the screen with that key in its tab (also Tab)");
        }
        let mut moved = false;
        let mut parts = Vec::new();
        for part in parts_of(hint.key) {
            let (place, usual) = (stroke(part.0), part.1);
            let at = [screen, ""].iter().find_map(|scope| {
                ACTIONS.iter().position(|a| a.scope == *scope && a.keys.first().and_then(|k| stroke(k)) == place && place.is_some())
            });
            match at.and_then(|at| self.changed.iter().find(|c| c.0 == at)) {
                Some((_, keys)) => {
                    moved = true;
                    parts.push(keys.first().map_or(usual, |k| k.1));
                }
                None => parts.push(usual),
            }
        }
        if !moved {
            return (hint.key.to_owned(), hint.help);
        }
        let help = hint.help.split_once(" (also ").map_or(hint.help, |(help, _)| help);
        (parts.join(" "), help)
    }

    /// Every action with its place and the keys in force.
    pub fn listed(&self) -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
        let keys = |at: usize| self.strokes(at).into_iter().map(|s| s.1).collect();
        ACTIONS.iter().enumerate().map(|(at, a)| (a.scope, a.token, keys(at))).collect()
    }
}

fn find(change: &KeyChange) -> Option<usize> {
    ACTIONS.iter().position(|a| a.scope.eq_ignore_ascii_case(&change.scope) && a.token == change.action)
}

fn event((code, control): Stroke) -> KeyEvent {
    KeyEvent::new(code, if control { KeyModifiers::CONTROL } else { KeyModifiers::NONE })
}

/// The keys that a hint names: for the machine, and as they are shown.
fn parts_of(key: &'static str) -> Vec<(&'static str, &'static str)> {
    let named = |part: &'static str| match part {
        "⏎" => ("Enter", part),
        "←" => ("Left", part),
        "→" => ("Right", part),
        "−" => ("-", part),
        other => (other, part),
    };
    match key {
        "↑↓" => vec![("Up", "↑"), ("Down", "↓")],
        other => other.split(' ').map(named).collect(),
    }
}

/// Whether every key that a hint names can be moved.
#[cfg(test)]
fn is_listed(screen: &str, hint: &Hint) -> bool {
    let known = |name: &str| {
        let place = stroke(name);
        ACTIONS.iter().any(|a| (a.scope == screen || a.scope.is_empty()) && a.keys.first().and_then(|k| stroke(k)) == place)
    };
    let is_other = |part: &str| matches!(part, "mouse" | "Ctrl-Z" | "digits") || part.contains('–');
    parts_of(hint.key).iter().all(|part| is_other(part.0) || stroke(part.0).is_some() && known(part.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::details::PAGES;
    use crate::tui::hints::{self, Here};
    use crate::tui::screen::Screen;
    use crate::tui::screens::SCREENS;

    fn key(name: &str) -> KeyEvent {
        event(stroke(name).unwrap())
    }

    fn change(scope: &str, action: &str, keys: &[&str]) -> KeyChange {
        KeyChange { scope: scope.into(), action: action.into(), keys: keys.iter().map(|k| (*k).into()).collect() }
    }

    #[test]
    fn actions_have_one_name_and_no_two_of_a_place_share_a_key() {
        let mut seen = std::collections::HashSet::new();
        for a in ACTIONS {
            assert!(seen.insert((a.scope, a.token.to_owned())), "{} twice", a.token);
            for name in a.keys {
                assert!(stroke(name).is_some(), "{name}");
                assert!(seen.insert((a.scope, format!("{:?}", stroke(name)))), "{name} twice");
            }
            assert!(a.scope.is_empty() || SCREENS.iter().any(|s| s.screen.title() == a.scope), "no screen {}", a.scope);
        }
    }

    #[test]
    fn every_key_that_is_shown_can_be_moved() {
        let pages = SCREENS.iter().map(|e| e.screen).chain(PAGES.iter().map(|&p| p as &dyn Screen));
        for page in pages {
            let here = Here { deep: true, selected: true, opens: true, rows: true, filtered: true, live: true, cursor: true, past: true };
            for hint in hints::list(SCREENS, page, &here) {
                assert!(is_listed(page.title(), &hint), "{}: '{}' has no line in ACTIONS", page.title(), hint.key);
            }
        }
    }

    #[test]
    fn a_moved_key_works_at_its_new_place_only() {
        let (map, wrong) = Keymap::new(&[change("", "pause", &["x", "F5"]), change("packets", "search", &["Ctrl-s"])]);
        assert_eq!(wrong, []);
        assert_eq!(map.meaning("Hosts", key("x")), Some(key("p")));
        assert_eq!(map.meaning("Hosts", key("F5")), Some(key("p")));
        assert_eq!(map.meaning("Hosts", key("p")), None);
        assert_eq!(map.meaning("Hosts", key("Space")), None);
        assert_eq!(map.meaning("Hosts", key("s")), Some(key("s")));
        assert_eq!(map.meaning("Packets", key("Ctrl-s")), Some(key("/")));
        assert_eq!(map.meaning("Packets", key("x")), Some(key("x")), "a screen's own key goes first");
        let hint = Hint { key: "p", word: "pause", help: "hold the picture (also Space)" };
        assert_eq!(map.shown("Hosts", &hint), ("x".into(), "hold the picture"));
        let (map, wrong) = Keymap::new(&[change("", "screen_1", &["q"]), change("", "quit", &["1"])]);
        assert_eq!((wrong, map.screen_key('1'), map.screen_key('0')), (vec![], "q".into(), "0".into()));
        let digits = Hint { key: "1–0", word: "", help: "go to the screen with that digit in its tab (also Tab)" };
        assert_eq!(map.shown("Hosts", &digits).0, "q 2 3 4 5 6 7 8 9 0");
        assert_eq!(Keymap::default().shown("Hosts", &digits).0, "1–0");
        let both = Hint { key: "↑↓", word: "select", help: "select" };
        assert_eq!(map.shown("Hosts", &both).0, "↑↓");
    }

    #[test]
    fn what_is_wrong_is_told() {
        let say = |changes: &[KeyChange]| Keymap::new(changes).1.into_iter().map(|w| w.1).collect::<Vec<_>>().join("; ");
        assert!(say(&[change("", "pause", &["s"])]).contains("s does 'sort' as well"));
        assert!(say(&[change("", "pause", &["Ctrl-c"])]).contains("cannot be given away"));
        assert!(say(&[change("", "pause", &["Hyper"])]).contains("'Hyper' is no key"));
        assert!(say(&[change("", "dance", &["x"])]).contains("no action is called 'dance'"));
        assert!(say(&[change("kitchen", "search", &["x"])]).contains("no screen 'kitchen'"));
        assert_eq!(say(&[change("", "pause", &["s"]), change("", "sort", &["p"])]), "", "two that change places");
    }
}
