//! Questions that a client asked several servers at once, and of which one was answered.

use crate::model::time::MILLISECOND;
use crate::model::{Address, Timestamp, Transaction, TransactionEnd};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Answers remembered: of two with the same place the later one.
const ANSWERS: usize = 4 * 1024;

/// Nanoseconds between two questions that are asked at once: who waits for the first server asks the second after a second or more.
const AT_ONCE: i64 = 100 * MILLISECOND;

/// Who was answered what lately: a hash of both, when it was asked, and a hash of whom.
#[derive(Debug, Default)]
pub struct AnsweredElsewhere(Vec<(u64, Timestamp, u64)>);

impl AnsweredElsewhere {
    /// Bytes at most.
    #[cfg(test)]
    pub const BYTES: usize = ANSWERS * size_of::<(u64, Timestamp, u64)>();

    /// Takes in what became of a request of a client. False where it was not answered and the same, asked elsewhere at once, was.
    pub fn take(&mut self, t: &Transaction, client: Address) -> bool {
        if t.question == 0 {
            return true;
        }
        // 0 is nobody's.
        let hash = hash_of((client, t.question)).max(1);
        let server = hash_of(t.flow.ends(t.way)[1].0);
        let at = (hash % ANSWERS as u64) as usize;
        match t.end {
            TransactionEnd::Answered(_) => {
                if self.0.is_empty() {
                    self.0.resize(ANSWERS, (0, Timestamp::UNKNOWN, 0));
                }
                self.0.iter_mut().skip(at).take(1).for_each(|place| *place = (hash, t.asked, server));
                true
            }
            TransactionEnd::Unanswered => {
                // Two programs of a client may ask the same server at once.
                let same = self.0.get(at).filter(|(known, _, who)| *known == hash && *who != server);
                same.is_none_or(|(_, asked, _)| asked.since(t.asked).abs() > AT_ONCE)
            }
            TransactionEnd::Waiting | TransactionEnd::Overdue | TransactionEnd::Forgotten | TransactionEnd::Open => true,
        }
    }
}

fn hash_of(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FlowKey;

    #[test]
    fn only_the_same_question_at_once_counts() {
        let mut answers = AnsweredElsewhere::default();
        let host = |n: u8| Address::V4([10, 0, 0, n].into());
        let ask_of = |server: u32, question: u32, asked: i64, end| {
            let ends = FlowKey::v4(17, 1, server, 40_000, 53);
            Transaction { question, ..Transaction::between(ends, Timestamp(asked * MILLISECOND), end) }
        };
        use TransactionEnd::{Answered, Unanswered};
        // The first server answers, the second is asked beside it.
        let ask = |question, asked, end| ask_of(if end == Unanswered { 3 } else { 2 }, question, asked, end);
        assert!(answers.take(&ask(7, 1_000, Unanswered), host(1)), "nobody answered");
        assert!(answers.take(&ask(7, 1_000, Answered(0)), host(1)));
        assert!(!answers.take(&ask(7, 1_090, Unanswered), host(1)) && !answers.take(&ask(7, 910, Unanswered), host(1)));
        assert!(answers.take(&ask_of(2, 7, 1_000, Unanswered), host(1)), "another program of the client asked the same server");
        assert!(answers.take(&ask(7, 2_000, Unanswered), host(1)), "a second later is another server's turn");
        assert!(answers.take(&ask(8, 1_000, Unanswered), host(1)) && answers.take(&ask(7, 1_000, Unanswered), host(2)));
        assert!(answers.take(&ask(0, 1_000, Answered(0)), host(1)) && answers.take(&ask(0, 1_000, Unanswered), host(1)), "not readable");
    }
}
