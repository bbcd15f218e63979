//! From what was meant to an open source.

use crate::capture::{self, Source};
use crate::error::{Error, Result};
use crate::settings::InputSettings;
use std::io::IsTerminal;

/// Opens interfaces or captures.
pub fn open(input: &InputSettings) -> Result<Box<dyn Source>> {
    match input {
        InputSettings::Live(live) => capture::live::open(live),
        InputSettings::Files(files) => {
            if files.paths.iter().any(|p| p.as_os_str() == "-") && std::io::stdin().is_terminal() {
                return Err(Error::usage("- is standard input, and that is a terminal: pipe a capture in, as in tcpdump -w - | spantop -"));
            }
            capture::file::open(files)
        }
    }
}

/// What is looked at, in a few words.
pub fn title(input: &InputSettings) -> String {
    let names: Vec<String> = match input {
        InputSettings::Live(live) => live.interfaces.clone(),
        InputSettings::Files(files) => files.paths.iter().map(|p| p.display().to_string()).collect(),
    };
    names.join(", ")
}
