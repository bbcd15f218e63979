//! What the list of screens ([`SCREENS`]) is made of.

use super::screen::Screen;
pub(super) use super::screens::SCREENS;

/// A screen and the digit that selects it, if it has one: `Tab` and the palette reach all.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// The digit.
    pub digit: Option<char>,
    /// The screen.
    pub screen: &'static dyn Screen,
}

/// A screen with a digit.
pub(super) const fn entry(digit: char, screen: &'static dyn Screen) -> Entry {
    Entry { digit: Some(digit), screen }
}

impl Entry {
    /// The name of its tab, with its digit.
    pub fn label(&self) -> String {
        self.digit.map_or_else(|| self.screen.title().to_owned(), |digit| format!("{digit} {}", self.screen.title()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn digits_and_titles_are_unique_and_present() {
        let (mut digits, mut titles) = (HashSet::new(), HashSet::new());
        for entry in SCREENS {
            if let Some(digit) = entry.digit {
                assert!(digit.is_ascii_digit() && digit != '7');
                assert!(digits.insert(digit), "digit {digit} twice");
            }
            let title = entry.screen.title();
            assert!(!title.is_empty() && titles.insert(title), "title {title:?} missing or twice");
            assert!(!entry.screen.about().is_empty(), "{title} says nothing about itself");
        }
    }
}
