//! One error type: what went wrong, in words an administrator can act on.
//!
//! An [`Error`] always names the file, device or flag concerned and, where there is one, the way out. Broken *packets* are
//! never errors: they are counted (see [`crate::decode`]).

use std::fmt;

/// The process exit code a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something failed while running (exit 1).
    Runtime,
    /// The command line asked for something meaningless (exit 2).
    Usage,
    /// Interrupted by the user before there was anything to show (exit 130).
    Interrupted,
}

/// A failure with its message and its exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
}

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure at run time (exit code 1).
    pub fn runtime(message: impl Into<String>) -> Self {
        Self { kind: Kind::Runtime, message: message.into() }
    }

    /// A wrong command line (exit code 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into() }
    }

    /// Interrupted by the user (exit code 130).
    pub fn interrupted() -> Self {
        Self { kind: Kind::Interrupted, message: "interrupted".into() }
    }

    /// An I/O failure on a named file or device.
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        Self::runtime(format!("{what}: {error}"))
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The process exit code: 1 runtime failure, 2 wrong usage, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Runtime => 1,
            Kind::Usage => 2,
            Kind::Interrupted => 130,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
