//! What the answer of a transaction means for whoever asked.

use crate::model::Answer;
use crate::model::evidence::Trouble;

/// What a transaction's answer means, and when it is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerMeaning {
    /// What it means.
    pub answer: Answer,
    /// Nanoseconds beyond the round trip to the server within which no answer is slow, whatever is usual.
    pub slow_floor: i64,
    /// Which of the kinds of requests that its protocol tells apart it is of.
    pub kind: Option<usize>,
}

/// What went wrong for whoever gets it.
pub(super) fn trouble(answer: Answer) -> Option<Trouble> {
    match answer {
        Answer::Error => Some(Trouble::Error),
        Answer::Denied => Some(Trouble::Denied),
        Answer::Rejected => Some(Trouble::Rejected),
        Answer::NoSuchName => Some(Trouble::NoSuchName),
        Answer::Normal | Answer::Expected | Answer::Held | Answer::Begun | Answer::Uncounted => None,
    }
}
