//! What protocols with requests and replies have in common: five counters of what became of the requests, behind their own.

use crate::model::{Counter, Tally, Transaction, TransactionEnd};

/// Counters of a protocol (token, title, measure), and behind them those of what became of its requests.
macro_rules! with_outcomes {
    ($($token:literal $title:literal $measure:expr;)*) => {
        &[
            $(Counter { token: $token, title: $title, measure: $measure },)*
            Counter { token: "latency", title: "Latency", measure: Measure::Latency },
            Counter { token: "answered", title: "Answered requests", measure: Measure::Count },
            Counter { token: "unanswered", title: "Unanswered requests", measure: Measure::Count },
            Counter { token: "repeated", title: "Repeated requests", measure: Measure::Count },
            Counter { token: "not_judged", title: "Requests not judged", measure: Measure::Count },
        ]
    };
}
pub(super) use with_outcomes;

/// Counters that [`with_outcomes`] adds.
const ADDED: usize = 5;

/// Counts a transaction in the last counters of a list made by [`with_outcomes`].
pub(super) fn count(transaction: &Transaction, tally: &mut Tally, counters: &[Counter]) {
    // What waits is counted at its end.
    if transaction.end.is_open() {
        return;
    }
    let first = counters.len().saturating_sub(ADDED);
    tally.add_many(first + 3, transaction.repeated.into());
    match transaction.end {
        TransactionEnd::Answered(_) => {
            tally.add(first + 1);
            if let Some(latency) = transaction.latency() {
                tally.add_duration(first, latency);
            }
        }
        TransactionEnd::Unanswered => tally.add(first + 2),
        TransactionEnd::Forgotten | TransactionEnd::Open => tally.add(first + 4),
        TransactionEnd::Waiting | TransactionEnd::Overdue => {}
    }
}
