//! All screens and all actions that are possible here, chosen by typing some of their letters.
//!
//! ```text
//! ╭ All screens and actions ───────────────╮
//! │ : mir▏                                 │
//! │ ▎8  Mirror   can this be trusted?      │
//! ╰────────────────────────────────────────╯
//! ```

use crate::model::Arrange as _;
use crate::tui::canvas::{Canvas, Hit, cells, cut_end, split_top, wrap};
use crate::tui::keymap::{self, Keymap};
use crate::tui::row_action::RowAction;
use crate::tui::screen::Hint;
use crate::tui::screen::ScreenEntry;
use crate::tui::theme::Hue;
use crate::tui::widgets::frame::popup;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;
use tui_input::Input;

/// An open palette: what was typed, and which of the lines that match is chosen.
#[derive(Debug, Default)]
pub(in crate::tui) struct Palette {
    /// What was typed.
    pub input: Input,
    /// The chosen line.
    pub at: usize,
    /// Whether it holds what can be done with a row, and nothing else.
    pub menu: bool,
}

/// What choosing a line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Action {
    /// Go to a screen.
    Go(usize),
    /// As if this key had been pressed.
    Press(KeyCode),
    /// Do something with the row.
    Row(RowAction),
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct Choice {
    /// The key that does the same.
    pub key: String,
    /// A word or two.
    pub name: String,
    /// What it does.
    pub about: String,
    /// What happens.
    pub action: Action,
}

/// The key a hint names, when it is a single one.
pub(in crate::tui) fn code(key: &str) -> Option<KeyCode> {
    let mut chars = key.chars();
    match (key, chars.next(), chars.next()) {
        ("⏎", ..) => Some(KeyCode::Enter),
        ("Esc", ..) => Some(KeyCode::Esc),
        (_, Some(one), None) if one != ':' => Some(KeyCode::Char(one)),
        _ => None,
    }
}

/// Screens in the order of their tabs, then the keys of the page in front.
pub(in crate::tui) fn choices(screens: &[ScreenEntry], hints: &[Hint], (title, keymap): (&str, &Keymap)) -> Vec<Choice> {
    let screens = screens.iter().enumerate().map(|(i, entry)| Choice {
        key: entry.key(keymap),
        name: entry.screen.title().to_owned(),
        about: entry.screen.about().replace('`', ""),
        action: Action::Go(i),
    });
    let keys = hints.iter().filter_map(|hint| {
        let action = Action::Press(code(hint.key)?);
        let (key, help) = keymap.shown(title, hint);
        // What has no word in the footer is called as configuration files call it.
        let name = if hint.word.is_empty() { keymap::word(hint.key) } else { hint.word.to_owned() };
        Some(Choice { key, name, about: help.to_owned(), action })
    });
    screens.chain(keys).collect()
}

/// The lines that have every word that was typed, those whose name begins with it first.
pub(in crate::tui) fn matching(choices: &[Choice], typed: &str) -> Vec<Choice> {
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let fits = |choice: &&Choice| {
        let all = format!("{} {} {}", choice.key, choice.name, choice.about).to_lowercase();
        words.iter().all(|word| all.contains(word))
    };
    let mut found: Vec<Choice> = choices.iter().filter(fits).cloned().collect();
    if let Some(first) = words.first() {
        found.arrange_by_key(|choice| !choice.name.to_lowercase().starts_with(first));
    }
    found
}

/// Draws it.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, palette: &Palette, choices: &[Choice]) {
    let found = matching(choices, palette.input.value());
    let key = choices.iter().map(|c| cells(&c.key)).max().unwrap_or(0);
    let name = choices.iter().map(|c| cells(&c.name)).max().unwrap_or(0).min(area.width / 3);
    let width = area.width.saturating_sub(4).min(108);
    // What has no room in its line stands whole below the lines while it is chosen.
    let is_cut = |choice: &Choice| cells(&choice.about) > width.saturating_sub(key + name + 12);
    let whole = choices.iter().filter(|c| is_cut(c)).map(|c| wrap(&c.about, width.saturating_sub(8)).len()).max().unwrap_or(0);
    let whole = (whole as u16).min(area.height / 4);
    let title = if palette.menu { "What to do with it" } else { "All screens and actions" };
    let inner = popup(canvas, area, width, (choices.len().min(40) as u16).saturating_add(4 + whole), title);
    if inner.height < 2 || inner.width < 8 {
        return;
    }
    let (inner, foot) = split_top(inner, inner.height.saturating_sub(whole).max(2));
    let typed = palette.input.value();
    canvas.ink(inner.x, inner.y, 2, ":", Hue::Accent);
    canvas.ink(inner.x + 2, inner.y, inner.width - 2, typed, Hue::Text);
    let cursor = palette.input.visual_cursor().min(usize::from(inner.width - 3)) as u16;
    canvas.cursor = Some((inner.x + 2 + cursor, inner.y));
    let list = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    if found.is_empty() {
        canvas.ink(list.x + 2, list.y, list.width - 2, "nothing on this page is called so", Hue::Dim);
    }
    let height = usize::from(list.height);
    let at = palette.at.min(found.len().saturating_sub(1));
    let skip = (at + 1).saturating_sub(height);
    if found.len() > height {
        let more = if skip + height < found.len() { "  more ↓" } else { "" };
        let place = format!("{} of {}{more}", at + 1, found.len());
        canvas.right(inner.x, inner.y, inner.width, &place, canvas.theme.style(Hue::Accent));
    }
    for (i, choice) in found.iter().enumerate().skip(skip).take(height) {
        let line = Rect { y: list.y + (i - skip) as u16, height: 1, ..list };
        canvas.ink(line.x + 2, line.y, key, &choice.key, Hue::Accent);
        let x = line.x + key + 4;
        canvas.ink(x, line.y, name.min(line.right().saturating_sub(x)), &cut_end(&choice.name, name), Hue::Text);
        let x = x + name + 2;
        let room = line.right().saturating_sub(x);
        canvas.ink(x, line.y, room, &cut_end(&choice.about, room), Hue::Dim);
        if i == at {
            canvas.over(line, canvas.theme.selected());
            let lines = if is_cut(choice) { wrap(&choice.about, foot.width.saturating_sub(4)) } else { Vec::new() };
            for (words, y) in lines.iter().zip(foot.top()..foot.bottom()) {
                canvas.ink(foot.x + 2, y, foot.width.saturating_sub(2), words, Hue::Text);
            }
        }
        canvas.click(line, Hit::Choice(i));
    }
}
