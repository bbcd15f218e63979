//! Answers without a question and questions without an answer: DNS over UDP and ICMP echo.
//!
//! ARP is left out: its request goes to everyone and its answer to one station, so on a mirror of some ports an unmatched request is
//! normal. A question lost by the mirror leaves its answer alone, so the share of unmatched answers estimates the loss of single
//! packets where no TCP shows it; it holds only where both directions are mirrored. Here they are only counted: which question and answer belong
//! together is known to the exchange table, which tells it ([`ExchangeEvent`]).

use crate::mirror::order::Skews;
use crate::model::sum::sums;
use crate::model::{ExchangeEvent, SeenAt};

sums! {
    /// Questions and answers, in sums that merge.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct UnmatchedCounts {
        /// Questions; repetitions of a waiting one are not counted again.
        pub questions: u64,
        /// Questions that found their answer.
        pub answered: u64,
        /// Of them those that did after the first 5 s: to be compared with `unasked`.
        pub settled: u64,
        /// Questions without answer after 5 s.
        pub unanswered: u64,
        /// Questions forgotten at the cap before they were decided.
        pub forgotten: u64,
        /// Answers whose question was never seen, after the first 5 s.
        pub unasked: u64,
        /// Answers that came before their question.
        pub inverted: u64,
        /// By how much.
        pub skew: Skews,
        /// When those questions came.
        pub inverted_at: SeenAt,
    }
}

impl UnmatchedCounts {
    /// Counts what the exchange table says.
    pub fn note(&mut self, event: ExchangeEvent) {
        let count = match event {
            ExchangeEvent::Asked => &mut self.questions,
            ExchangeEvent::Answered { settled } => {
                self.settled = self.settled.saturating_add(settled.into());
                &mut self.answered
            }
            ExchangeEvent::Inverted { by, at } => {
                self.inverted_at.note(at);
                self.skew.add(by);
                &mut self.inverted
            }
            ExchangeEvent::Unanswered => &mut self.unanswered,
            ExchangeEvent::Forgotten => &mut self.forgotten,
            ExchangeEvent::Unasked => &mut self.unasked,
        };
        *count = count.saturating_add(1);
    }
}
