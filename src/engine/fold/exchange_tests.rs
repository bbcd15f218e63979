//! Questions and answers that belong together: what the exchange table tells, and what is counted of it.

use crate::mirror::UnmatchedCounts;
use crate::model::{AppMessage, FlowKey, Timestamp};
use crate::stats::Exchanges;
use proptest::prelude::*;

fn dns(exchanges: &mut Exchanges, counts: &mut UnmatchedCounts, id: u8, answer: bool, millis: i64) {
    let (flow, way) = FlowKey::v4(17, 1, 2, 53_000, 53);
    let message = AppMessage {
        flow,
        way,
        time: Timestamp(millis * 1_000_000),
        is_request: !answer,
        id: id.into(),
        tells_loss: true,
        ..AppMessage::default()
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
