//! From what was meant to an open source.

use crate::capture::{self, Source};
use crate::cli::Input;
use crate::error::{Error, Result};
use std::io::IsTerminal;

/// Opens interfaces or captures.
pub fn open(input: &Input) -> Result<Box<dyn Source>> {
    match input {
        Input::Live(live) => capture::live::open(&capture::live::LiveOptions {
            interfaces: live.interfaces.clone(),
            promiscuous: live.promiscuous,
            filter: live.filter.clone(),
            snaplen: live.snaplen,
            buffer_bytes: live.buffer_bytes,
        }),
        Input::Files(files) => {
            if files.paths.iter().any(|p| p.as_os_str() == "-") && std::io::stdin().is_terminal() {
                return Err(Error::usage("- is standard input, and that is a terminal: pipe a capture in, as in tcpdump -w - | spantop -"));
            }
            capture::file::open(&files.paths, &capture::file::FileOptions { filter: files.filter.clone(), replay: files.replay })
        }
    }
}

/// What is looked at, in a few words.
pub fn title(input: &Input) -> String {
    let names: Vec<String> = match input {
        Input::Live(live) => live.interfaces.clone(),
        Input::Files(files) => files.paths.iter().map(|p| p.display().to_string()).collect(),
    };
    names.join(", ")
}
