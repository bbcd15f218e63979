//! What is looked at, in a few words.

use crate::settings::InputSettings;

/// Names that are listed one by one.
const NAMES: usize = 3;

/// What is looked at, in a few words.
pub fn of_input(input: &InputSettings) -> String {
    let names: Vec<String> = match input {
        InputSettings::Live(live) => live.interfaces.clone(),
        InputSettings::Files(files) => files.paths.iter().map(|p| p.display().to_string()).collect(),
    };
    let more = names.len().saturating_sub(NAMES);
    let listed = names.into_iter().take(NAMES).collect::<Vec<_>>().join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}
