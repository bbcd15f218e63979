//! Answers without a question and questions without an answer: DNS over UDP and ICMP echo.
//!
//! ARP is left out: its request goes to everyone and its answer to one station, so on a mirror of some ports an unmatched request is
//! normal. A question lost by the mirror leaves its answer alone, so the share of unmatched answers estimates the loss of single
//! packets where no TCP shows it; it holds only where both directions are mirrored.

use crate::mirror::order::Skews;
use crate::model::Frame;
use crate::model::limits::REQUESTS;
use crate::model::sum::sums;
use crate::model::tcp::HOLD;
use crate::model::time::SECOND;
use crate::model::{FlowKey, Timestamp};

/// How long a question waits for its answer: resolvers give up after 5 s (the usual default).
const WAIT: i64 = 5 * SECOND;

/// How long an answer waits for a question that comes late, as for TCP ([`HOLD`]).
const LATE: i64 = HOLD;

const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const DNS: u16 = 53;

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

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Empty,
    Waiting,
    Early,
    Done,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    key: u64,
    time: Timestamp,
    state: State,
}

/// The questions of one shard.
#[derive(Debug, Default)]
pub struct UnmatchedReplies {
    table: Vec<Slot>,
    counts: UnmatchedCounts,
    started: Option<Timestamp>,
}

impl UnmatchedReplies {
    /// Tells when the capture began.
    pub fn begin(&mut self, time: Timestamp) {
        self.started = Some(time);
    }

    /// Looks at one frame with IP.
    #[inline]
    pub fn observe(&mut self, frame: &Frame<'_>) {
        let Some((key, _)) = &frame.flow else { return };
        if frame.fragment {
            return;
        }
        let wanted = match key.protocol {
            UDP => key.a_port == DNS || key.b_port == DNS,
            ICMP | ICMPV6 => true,
            _ => false,
        };
        if wanted && let Some((is_question, id)) = identify(frame, key) {
            let key = key.shard_hash() ^ u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.follow(key, is_question, frame.time);
        }
    }

    fn follow(&mut self, key: u64, is_question: bool, time: Timestamp) {
        if self.table.is_empty() {
            self.table.resize(REQUESTS, Slot::default());
        }
        let at = (key >> 20) as usize % REQUESTS;
        let Some(mut slot) = self.table.get(at).copied() else { return };
        if slot.key != key || expired(&slot, time) {
            self.close(&slot, time);
            slot = Slot::default();
        }
        let settled = u64::from(self.settled(time));
        self.counts.questions += u64::from(is_question && matches!(slot.state, State::Empty | State::Early));
        let state = match (is_question, slot.state) {
            (true, State::Early) => {
                self.counts.answered += 1;
                self.counts.settled += settled;
                self.counts.inverted += 1;
                self.counts.skew.add(time.since(slot.time));
                State::Done
            }
            (true, State::Done) => State::Done,
            (true, _) => State::Waiting,
            (false, State::Waiting) => {
                self.counts.answered += 1;
                self.counts.settled += settled;
                State::Done
            }
            (false, State::Empty) => State::Early,
            (false, other) => other,
        };
        let time = if state == slot.state { slot.time } else { time };
        if let Some(place) = self.table.get_mut(at) {
            *place = Slot { key, time, state };
        }
    }

    /// Whether a question of `time` cannot have passed before the capture began.
    fn settled(&self, time: Timestamp) -> bool {
        self.started.is_some_and(|s| time.since(s) > WAIT)
    }

    /// Decides what a slot's content was when it leaves the table.
    fn close(&mut self, slot: &Slot, now: Timestamp) {
        match slot.state {
            State::Waiting if expired(slot, now) => self.counts.unanswered += 1,
            State::Waiting => self.counts.forgotten += 1,
            State::Early if self.settled(slot.time) => self.counts.unasked += 1,
            _ => {}
        }
    }

    /// Decides what has waited long enough.
    pub fn advance(&mut self, now: Timestamp) {
        for at in 0..self.table.len() {
            let slot = self.table[at];
            if slot.state != State::Empty && expired(&slot, now) {
                self.close(&slot, now);
                self.table[at] = Slot::default();
            }
        }
    }

    /// Counts since the beginning.
    pub fn counts(&self) -> UnmatchedCounts {
        self.counts
    }
}

fn expired(slot: &Slot, now: Timestamp) -> bool {
    let limit = if slot.state == State::Early { LATE } else { WAIT };
    now.since(slot.time) > limit
}

/// Whether a packet asks, and the number that ties the answer to it: DNS identifier (RFC 1035 section 4.1.1), ICMP echo
/// identifier and sequence number (RFC 792, RFC 4443).
fn identify(frame: &Frame<'_>, key: &FlowKey) -> Option<(bool, u32)> {
    let header = frame.bytes.get(frame.transport? as usize..)?;
    if key.protocol == UDP {
        let dns = header.get(8..20)?;
        return Some((dns[2] & 0x80 == 0, u32::from(u16::from_be_bytes([dns[0], dns[1]]))));
    }
    let [kind, code, _, _, a, b, c, d] = *header.first_chunk::<8>()?;
    let is_question = match (key.protocol, kind, code) {
        (ICMP, 8, 0) | (ICMPV6, 128, 0) => true,
        (ICMP, 0, 0) | (ICMPV6, 129, 0) => false,
        _ => return None,
    };
    Some((is_question, u32::from_be_bytes([a, b, c, d])))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{frame, udp4};
    use super::*;
    use proptest::prelude::*;

    fn dns(unmatched: &mut UnmatchedReplies, id: u8, answer: bool, millis: i64) {
        let bytes = udp4(53, &[0, id, if answer { 0x80 } else { 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let frame = frame(&bytes, millis * 1_000_000);
        unmatched.observe(&frame);
    }

    fn begun() -> UnmatchedReplies {
        let mut unmatched = UnmatchedReplies::default();
        unmatched.begin(Timestamp(0));
        unmatched
    }

    #[test]
    fn questions_and_answers_meet() {
        let mut o = begun();
        dns(&mut o, 1, true, 0);
        dns(&mut o, 2, false, 6_000);
        dns(&mut o, 2, false, 6_500);
        dns(&mut o, 2, true, 7_000);
        dns(&mut o, 2, true, 7_001);
        dns(&mut o, 3, true, 8_000);
        dns(&mut o, 4, true, 9_000);
        dns(&mut o, 4, false, 9_010);
        dns(&mut o, 5, false, 9_020);
        o.advance(Timestamp(60 * SECOND));
        let c = o.counts();
        assert_eq!((c.questions, c.answered, c.settled, c.unanswered, c.unasked, c.inverted), (3, 2, 2, 1, 1, 1));
    }

    #[test]
    fn echo_by_identifier_and_sequence() {
        let mut o = UnmatchedReplies::default();
        for (kind, sequence) in [(8u8, 1u8), (0, 1), (8, 2), (3, 9)] {
            let mut bytes = udp4(0, &[]);
            bytes[23] = 1;
            bytes[34..42].copy_from_slice(&[kind, 0, 0, 0, 0, 7, 0, sequence]);
            o.observe(&frame(&bytes, 0));
        }
        assert_eq!((o.counts().questions, o.counts().answered), (2, 1));
    }

    proptest! {
        #[test]
        fn every_question_ends_somewhere(steps in prop::collection::vec((any::<u8>(), any::<bool>(), 0i64..9_000), 0..400)) {
            let (mut o, mut time) = (begun(), 0);
            for (id, answer, wait) in steps {
                time += wait / 20;
                dns(&mut o, id, answer, time);
            }
            o.advance(Timestamp(i64::MAX));
            let c = o.counts();
            prop_assert_eq!(c.questions, c.answered + c.unanswered + c.forgotten);
            prop_assert_eq!(c.skew.count(), c.inverted);
            prop_assert!(c.settled <= c.answered);
        }
    }
}
