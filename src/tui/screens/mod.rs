//! The screens: one file each, and a line each in [`SCREENS`].

pub(super) mod applications;
pub(super) mod bursts;
pub(super) mod compare;
pub(super) mod conversations;
pub(super) mod hosts;
pub(super) mod layer2;
pub(super) mod mirror;
pub(super) mod names;
pub(super) mod overview;
pub(super) mod packets;
pub(super) mod problems;
pub(super) mod protocols;
pub(super) mod services;
pub(super) mod switch;

use super::screen::{ScreenEntry, entry};

/// Every screen, in the order of their tabs: tabs, help, palette and the tables of README.md are made from this list.
pub(super) const SCREENS: &[ScreenEntry] = &[
    entry('1', &overview::OverviewScreen),
    entry('2', &protocols::ProtocolsScreen),
    entry('3', &hosts::HostsScreen),
    entry('4', &conversations::ConversationsScreen),
    entry('5', &services::ServicesScreen),
    entry('6', &problems::ProblemsScreen),
    entry('7', &switch::SwitchScreen),
    entry('8', &mirror::MirrorScreen),
    entry('9', &packets::PacketsScreen),
    entry('0', &layer2::Layer2Screen),
    ScreenEntry { digit: None, screen: &bursts::BurstsScreen },
    ScreenEntry { digit: None, screen: &applications::ApplicationsScreen },
    ScreenEntry { digit: None, screen: &names::NamesScreen },
    ScreenEntry { digit: None, screen: &compare::CompareScreen },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn digits_and_titles_are_unique_and_present() {
        let (mut digits, mut titles) = (HashSet::new(), HashSet::new());
        for entry in SCREENS {
            if let Some(digit) = entry.digit {
                assert!(digit.is_ascii_digit());
                assert!(digits.insert(digit), "digit {digit} twice");
            }
            let title = entry.screen.title();
            assert!(!title.is_empty() && titles.insert(title), "title {title:?} missing or twice");
            assert!(!entry.screen.about().is_empty(), "{title} says nothing about itself");
        }
    }
}
