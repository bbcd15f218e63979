//! The screens, in the order of their tabs. A screen is one file and one line here. The digit 7 is kept for a screen about the switch.

use super::screen::Screen;
use super::screens::{conversations, hosts, layer2, mirror, overview, problems, protocols};

/// Every screen.
pub(super) const SCREENS: &[&dyn Screen] = &[
    &overview::Overview,
    &protocols::Protocols,
    &hosts::Hosts,
    &conversations::Conversations,
    &layer2::Layer2,
    &problems::Problems,
    &mirror::Mirror,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_unique_and_titles_present() {
        let mut digits = std::collections::HashSet::new();
        for screen in SCREENS {
            assert!(screen.digit().is_ascii_digit() && screen.digit() != '7');
            assert!(digits.insert(screen.digit()), "digit {} twice", screen.digit());
            assert!(!screen.title().is_empty());
        }
    }
}
