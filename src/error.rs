//! One error type: what went wrong, in words an administrator can act on.
//!
//! An [`Error`] always names the file, device or flag concerned and, where there is one, the way out. There is a variant for each cause
//! that a caller may want to tell apart. Broken *packets* are never errors: they are counted (see [`crate::decode`]).

use std::fmt;
use std::io;

/// A failure: its cause, and its message in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The command line or the configuration asked for something meaningless.
    Usage(String),
    /// The right to capture is missing; the message says how to get it.
    Permission(String),
    /// There is no such interface; the message lists those there are.
    NoSuchInterface(String),
    /// A capture filter is no expression, or none for this link type.
    Filter(String),
    /// A file is no capture, or is damaged.
    Format {
        /// The file's name, fit for printing.
        path: String,
        /// Bytes from its beginning (uncompressed) at which it stops making sense.
        offset: Option<u64>,
        /// What is wrong with it.
        message: String,
    },
    /// The system refused to read, write or start something.
    Io {
        /// What was to be done, and to what.
        what: String,
        /// The system's kind of failure.
        kind: io::ErrorKind,
        /// The system's words.
        message: String,
    },
    /// A port that is there does not do what is asked of it.
    Device(String),
    /// Interrupted by the user before there was anything to show.
    Interrupted,
    /// A fault of this program.
    Internal(String),
}

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A wrong command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A fault of this program.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into())
    }

    /// An I/O failure on a named file or device.
    pub fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        Self::Io { what: what.to_string(), kind: error.kind(), message: error.to_string() }
    }

    /// The same with other words; `f` gets each text of it.
    #[must_use]
    pub fn with_words(self, f: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Usage(m) => Self::Usage(f(&m)),
            Self::Permission(m) => Self::Permission(f(&m)),
            Self::NoSuchInterface(m) => Self::NoSuchInterface(f(&m)),
            Self::Filter(m) => Self::Filter(f(&m)),
            Self::Device(m) => Self::Device(f(&m)),
            Self::Internal(m) => Self::Internal(f(&m)),
            Self::Format { path, offset, message } => Self::Format { path: f(&path), offset, message: f(&message) },
            Self::Io { what, kind, message } => Self::Io { what: f(&what), kind, message: f(&message) },
            Self::Interrupted => Self::Interrupted,
        }
    }

    /// The process exit code: 1 runtime failure, 2 wrong usage, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Filter(_) => 2,
            Self::Interrupted => 130,
            _ => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(m) | Self::Permission(m) | Self::NoSuchInterface(m) | Self::Filter(m) | Self::Device(m) | Self::Internal(m) => {
                f.write_str(m)
            }
            Self::Format { path, message, .. } => write!(f, "{path}: {message}"),
            Self::Io { what, message, .. } => write!(f, "{what}: {message}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}

/// What a run came to: everything counted, and the failure that ended it before its time, if one did. A failing source still has a result.
#[derive(Debug)]
pub struct Outcome<T> {
    /// What was counted.
    pub result: T,
    /// Why it ended before its time.
    pub failure: Option<Error>,
}

impl<T> Outcome<T> {
    /// The result, where nothing failed.
    ///
    /// # Errors
    /// The failure.
    pub fn complete(self) -> Result<T> {
        self.failure.map_or(Ok(self.result), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_can_be_told_apart() {
        let denied = Error::io("a.pcap", &io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(matches!(&denied, Error::Io { kind: io::ErrorKind::PermissionDenied, .. }) && denied.to_string().starts_with("a.pcap: "));
        let damaged = Error::Format { path: "a.pcap".into(), offset: Some(24), message: "is damaged".into() };
        assert_eq!(damaged.to_string(), "a.pcap: is damaged");
        let codes = [Error::usage("x"), denied, damaged, Error::Interrupted, Error::Filter("x".into())].map(|e| e.exit_code());
        assert_eq!(codes, [2, 1, 1, 130, 2]);
    }

    #[test]
    fn an_outcome_keeps_what_was_counted() {
        assert_eq!(Outcome { result: 7, failure: None }.complete(), Ok(7));
        let failed = Outcome { result: 7, failure: Some(Error::Interrupted) };
        assert_eq!((failed.result, failed.complete()), (7, Err(Error::Interrupted)));
    }
}
