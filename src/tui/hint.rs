//! A key and what it does, for footer, help, palette and README.

/// A key that works here, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hint {
    /// The key as printed.
    pub key: &'static str,
    /// One or two words for the footer.
    pub word: &'static str,
    /// A line for the help.
    pub help: &'static str,
}
