//! What the answer of a transaction means for whoever asked.

use crate::model::evidence::Trouble;

/// What a transaction's answer means, and when it is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerMeaning {
    /// What it means.
    pub answer: Answer,
    /// Nanoseconds beyond the round trip to the server within which no answer is slow, whatever is usual.
    pub slow_floor: i64,
}

/// What an answer's code means for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// What was asked for, or a negative answer that is normal.
    Normal,
    /// An error.
    Error,
    /// Credentials are refused.
    Denied,
    /// A web server refuses the request: the client's fault, it says.
    Rejected,
    /// There is no such name.
    NoSuchName,
    /// The server held the request until there was something to tell: the time says nothing of the service.
    Held,
    /// A connection begins to be encrypted: no work is done yet, and how long it takes says nothing of that.
    Begun,
    /// It is no answer whose time says something of the service.
    Uncounted,
}

impl Answer {
    /// Whether its time says how fast the service works.
    pub(super) fn is_timed(self) -> bool {
        !matches!(self, Self::Held | Self::Begun | Self::Uncounted)
    }

    /// What went wrong for whoever gets it.
    pub(super) fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Error => Some(Trouble::Error),
            Self::Denied => Some(Trouble::Denied),
            Self::Rejected => Some(Trouble::Rejected),
            Self::NoSuchName => Some(Trouble::NoSuchName),
            Self::Normal | Self::Held | Self::Begun | Self::Uncounted => None,
        }
    }
}
