//! What the benches share: made-up traffic, a clock, and other programs to compare with.

#![allow(dead_code, reason = "each bench uses its part")]

pub mod clock;
#[path = "../../tests/support/packet/mod.rs"]
pub mod packet;
pub mod process;
pub mod traffic;

use std::path::PathBuf;

/// What was asked for on the command line after `cargo bench … --`.
#[derive(Debug, Default)]
pub struct Arguments {
    /// Cargo's test mode: everything once, small, for correctness only. Also when run by `cargo test`.
    pub test: bool,
    words: Vec<String>,
}

impl Arguments {
    /// Reads the process's arguments. `cargo bench` says `--bench`; `cargo test` does not.
    pub fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let has = |word: &str| words.iter().any(|w| w == word);
        Self { test: has("--test") || !has("--bench"), words }
    }

    /// Whether a word was said.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// The word after `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        let at = self.words.iter().position(|w| w == name)?;
        self.words.get(at + 1).map(String::as_str)
    }

    /// The number after `name`, which may have underscores, or else `default`.
    ///
    /// Ends the program with a message when it is not a number.
    pub fn number(&self, name: &str, default: u64) -> u64 {
        let Some(text) = self.value(name) else { return default };
        text.replace('_', "").parse().unwrap_or_else(|_| {
            eprintln!("{name}: '{text}' is not a number");
            std::process::exit(2)
        })
    }
}

/// Where benches keep their files: `target/bench`, made when missing.
pub fn folder() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder).unwrap_or_else(|e| panic!("cannot make {}: {e}", folder.display()));
    folder
}
