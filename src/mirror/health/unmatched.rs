//! Answers without a question and questions without an answer: DNS over UDP and ICMP echo.
//!
//! ARP is left out: its request goes to everyone and its answer to one station, so on a mirror of some ports an unmatched request is
//! normal. A question lost by the mirror leaves its answer alone, so the share of unmatched answers estimates the loss of single
//! packets where no TCP shows it; it holds only where both directions are mirrored. Here they are only counted: which question and answer belong
//! together is known to the exchange table, which tells it ([`ExchangeEvent`]).

use crate::mirror::order::Skews;
use crate::model::ExchangeEvent;
use crate::model::sum::sums;

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
            ExchangeEvent::Inverted { by } => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AppId, AppMessage, FlowKey, Timestamp};
    use crate::stats::Exchanges;
    use proptest::prelude::*;

    fn dns(exchanges: &mut Exchanges, counts: &mut UnmatchedCounts, id: u8, answer: bool, millis: i64) {
        let (flow, way) = FlowKey::v4(17, 1, 2, 53_000, 53);
        let message = AppMessage {
            app: AppId::NONE,
            flow,
            way,
            time: Timestamp(millis * 1_000_000),
            is_request: !answer,
            id: id.into(),
            question: 0,
            code: 0,
        };
        exchanges.pass(&message, &mut |event| counts.note(event));
    }

    fn begun() -> (Exchanges, UnmatchedCounts) {
        let mut exchanges = Exchanges::default();
        exchanges.begin(Timestamp(0));
        (exchanges, UnmatchedCounts::default())
    }

    #[test]
    fn questions_and_answers_meet() {
        let (mut o, mut c) = begun();
        dns(&mut o, &mut c, 1, true, 0);
        dns(&mut o, &mut c, 2, false, 6_000);
        dns(&mut o, &mut c, 2, false, 6_500);
        dns(&mut o, &mut c, 2, true, 7_000);
        dns(&mut o, &mut c, 2, true, 7_001);
        dns(&mut o, &mut c, 3, true, 8_000);
        dns(&mut o, &mut c, 4, true, 9_000);
        dns(&mut o, &mut c, 4, false, 9_010);
        dns(&mut o, &mut c, 5, false, 9_020);
        o.advance(Timestamp(60_000_000_000), &mut |event| c.note(event));
        assert_eq!((c.questions, c.answered, c.settled, c.unanswered, c.unasked, c.inverted), (3, 2, 2, 1, 1, 1));
        assert_eq!(c.skew.count(), 1);
    }

    proptest! {
        #[test]
        fn every_question_ends_somewhere(steps in prop::collection::vec((any::<u8>(), any::<bool>(), 0i64..9_000), 0..400)) {
            let ((mut o, mut c), mut time) = (begun(), 0);
            for (id, answer, wait) in steps {
                time += wait / 20;
                dns(&mut o, &mut c, id, answer, time);
            }
            o.advance(Timestamp(i64::MAX), &mut |event| c.note(event));
            prop_assert_eq!(c.questions, c.answered + c.unanswered + c.forgotten);
            prop_assert_eq!(c.skew.count(), c.inverted);
            prop_assert!(c.settled <= c.answered);
        }
    }
}
