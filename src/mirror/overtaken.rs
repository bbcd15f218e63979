//! Acknowledgements that come long before what they acknowledge: one direction lies behind the other.
//!
//! Data that comes within [`HOLD`] after its acknowledgement is found by [`super::Loss`], which has to decide by then what is lost; a SYN behind its
//! SYN-ACK by [`super::OrderCounts`]. What one direction that is seconds late looks like beyond that is found here: of a conversation one
//! acknowledgement of something unseen at a time is remembered, and what it acknowledges either comes within [`REACH`] or is missing. The third step
//! of a handshake is one too, where the SYN-ACK that it acknowledges was not seen.
//!
//! Cost: a branch a packet; the table is looked at where something unseen is acknowledged, and where something comes that was not new.

use super::order::Skews;
use crate::model::evidence::OVERTAKEN_REACH as REACH;
use crate::model::limits::OVERTAKEN;
use crate::model::mix::Keys;
use crate::model::sum::sums;
use crate::model::tcp::{FIN, HOLD, TcpEvent, TcpMarks, before};
use crate::model::{Direction, FlowKey, SeenAt, Segment, Timestamp};

/// So many at least are no chance.
pub(super) const LEAST: u64 = 5;

sums! {
    /// What came long after its acknowledgement, and what did not come.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct OvertakenCounts {
        /// Acknowledgements of data unseen by then, in judged conversations.
        pub unseen: u64,
        /// Of those that were remembered: what they acknowledge came [`HOLD`] and more after.
        pub behind: u64,
        /// By how much.
        pub skew: Skews,
        /// Of those that were remembered: what they acknowledge did not come.
        pub lacking: u64,
        /// Handshakes whose SYN-ACK came after its acknowledgement: by how much.
        pub handshakes: Skews,
        /// When what had been acknowledged came.
        pub seen_at: SeenAt,
    }
}

impl OvertakenCounts {
    /// Whether what is acknowledged unseen comes, most of it, later than the loss detector waits for it: nothing is lost, the directions lie apart.
    pub fn is_far_apart(&self) -> bool {
        self.behind >= LEAST && self.behind > self.lacking
    }

    /// Acknowledgements that came before their data by more than the loss detector waits, as far as those that were remembered tell.
    pub fn acknowledgements(&self) -> u64 {
        let decided = self.behind.saturating_add(self.lacking).max(1);
        if self.is_far_apart() { (u128::from(self.unseen) * u128::from(self.behind) / u128::from(decided)) as u64 } else { 0 }
    }
}

/// An acknowledgement of something unseen.
#[derive(Debug, Clone, Copy, Default)]
struct Acknowledged {
    /// Conversation and direction of what it acknowledges (0: none).
    key: u64,
    time: Timestamp,
    number: u32,
    /// It acknowledges a SYN-ACK.
    handshake: bool,
}

/// The acknowledgements of one shard.
#[derive(Debug)]
pub struct Overtaken {
    table: Vec<Acknowledged>,
    counts: OvertakenCounts,
    keys: Keys,
}

impl Overtaken {
    /// What makes it look closer.
    const MARKS: TcpMarks = TcpMarks::FIRST_ACK.or(TcpMarks::SYN_ACK).or(TcpMarks::UNSEEN).or(TcpMarks::FILLED).or(TcpMarks::REPEATED);

    /// None remembered, with the keys of the hash that finds them.
    pub fn new(keys: Keys) -> Self {
        Self { table: Vec::new(), counts: OvertakenCounts::default(), keys }
    }

    /// Looks at what a segment in direction `way` did to its connection; `is_alone`: nothing of the other direction was seen so far.
    #[inline]
    pub fn observe(&mut self, event: &TcpEvent, segment: &Segment, (flow, way): (&FlowKey, Direction), is_alone: bool, time: Timestamp) {
        if event.marks.has(Self::MARKS) {
            self.look(event, segment, (flow, way), is_alone, time);
        }
    }

    #[inline(never)]
    fn look(&mut self, event: &TcpEvent, segment: &Segment, (flow, way): (&FlowKey, Direction), is_alone: bool, time: Timestamp) {
        let key = |way: Direction| flow.keyed_hash(&self.keys).wrapping_add(way as u64) | 1 << 63;
        let (own, other) = (key(way), key(way.reversed()));
        if event.marks.has(TcpMarks::SYN_ACK) {
            self.came(own, (segment.sequence, segment.sequence.wrapping_add(1)), time);
        } else if event.marks.has(TcpMarks::FILLED | TcpMarks::REPEATED) {
            let end = segment.sequence.wrapping_add(segment.payload).wrapping_add(u32::from(segment.flags & FIN != 0));
            self.came(own, (segment.sequence, end), time);
        }
        let judged = event.marks.has(TcpMarks::SETTLED) && event.marks.has(TcpMarks::ADVANCED) && event.marks.has(TcpMarks::UNSEEN);
        self.counts.unseen = self.counts.unseen.saturating_add(judged.into());
        let third = is_alone && event.marks.has(TcpMarks::FIRST_ACK) && !event.marks.has(TcpMarks::JOINED | TcpMarks::RST);
        if judged || third {
            self.remember(Acknowledged { key: other, time, number: segment.acknowledgement, handshake: third });
        }
    }

    /// Remembers an acknowledgement, unless another waits in its place.
    fn remember(&mut self, new: Acknowledged) {
        if self.table.is_empty() {
            self.table.resize(OVERTAKEN, Acknowledged::default());
        }
        let Some(slot) = self.table.get_mut(place(new.key)) else { return };
        let is_over = new.time.since(slot.time) > REACH;
        // The first stays: where much is unseen, whoever came next would never be answered.
        if slot.key != 0 && !is_over {
            return;
        }
        let lacks = slot.key != 0 && !slot.handshake;
        self.counts.lacking = self.counts.lacking.saturating_add(lacks.into());
        *slot = new;
    }

    /// Bytes that were acknowledged before, or may have been, come.
    fn came(&mut self, key: u64, (start, end): (u32, u32), time: Timestamp) {
        let Some(slot) = self.table.get_mut(place(key)).filter(|slot| slot.key == key) else { return };
        if !before(start, slot.number) || before(end, slot.number) {
            return;
        }
        let Acknowledged { time: acknowledged, handshake, .. } = std::mem::take(slot);
        let after = time.since(acknowledged);
        let counts = &mut self.counts;
        if !(0..=REACH).contains(&after) {
            counts.lacking = counts.lacking.saturating_add(u64::from(!handshake));
        } else if handshake {
            counts.seen_at.note(time);
            counts.handshakes.add(after);
        } else if after >= HOLD {
            counts.seen_at.note(time);
            counts.behind = counts.behind.saturating_add(1);
            counts.skew.add(after);
        }
    }

    /// What was counted up to `now`: what was waited for long enough is missing.
    pub fn counts(&mut self, now: Timestamp) -> OvertakenCounts {
        for slot in self.table.iter_mut().filter(|slot| slot.key != 0 && now.since(slot.time) > REACH) {
            let is_data = !std::mem::take(slot).handshake;
            self.counts.lacking = self.counts.lacking.saturating_add(is_data.into());
        }
        self.counts
    }
}

fn place(key: u64) -> usize {
    (key >> 20) as usize % OVERTAKEN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MILLISECOND;

    const ACKNOWLEDGES: TcpMarks = TcpMarks::SETTLED.or(TcpMarks::ADVANCED).or(TcpMarks::UNSEEN);

    struct Run(Overtaken);

    impl Run {
        fn new() -> Self {
            Self(Overtaken::new(Keys::default()))
        }

        fn pass(&mut self, port: u16, back: bool, marks: TcpMarks, segment: (u32, u32, u32), millis: i64) {
            let ((from, from_port), (to, to_port)) = if back { ((2, 443), (1, port)) } else { ((1, port), (2, 443)) };
            let (flow, way) = FlowKey::v4(6, from, to, from_port, to_port);
            let (sequence, acknowledgement, payload) = segment;
            let segment = Segment { sequence, acknowledgement, flags: 0x10, window: 0, payload };
            let event = TcpEvent { marks, ..TcpEvent::default() };
            let is_alone = !marks.has(TcpMarks::SETTLED);
            self.0.observe(&event, &segment, (&flow, way), is_alone, Timestamp(millis * MILLISECOND));
        }

        fn counts(&mut self, millis: i64) -> OvertakenCounts {
            self.0.counts(Timestamp(millis * MILLISECOND))
        }
    }

    #[test]
    fn what_comes_late_is_behind_and_what_does_not_is_lacking() {
        let mut run = Run::new();
        for n in 0..20u32 {
            let at = i64::from(n) * 4_000;
            run.pass(40_000, false, ACKNOWLEDGES, (7, 1_000 * (n + 1), 0), at);
            // A part of it, which does not reach as far, and then the rest.
            run.pass(40_000, true, TcpMarks::SETTLED | TcpMarks::REPEATED, (1_000 * n, 7, 400), at + 700);
            run.pass(40_000, true, TcpMarks::SETTLED | TcpMarks::REPEATED, (1_000 * n + 400, 7, 600), at + 700);
        }
        let counts = run.counts(100_000);
        assert_eq!((counts.unseen, counts.behind, counts.lacking, counts.acknowledgements()), (20, 20, 0, 20));
        assert!(counts.skew.quantile(0.5).is_some_and(|s| (0.66..0.74).contains(&s)), "{counts:?}");
        assert!(counts.is_far_apart());
        let mut run = Run::new();
        for n in 0..20u32 {
            run.pass(40_000 + n as u16, false, ACKNOWLEDGES, (7, 1_000, 0), i64::from(n));
        }
        assert_eq!(run.counts(2_000).lacking, 0, "it may still come");
        let counts = run.counts(4_000);
        assert!(counts.lacking > 0 && !counts.is_far_apart() && counts.acknowledgements() == 0, "{counts:?}");
    }

    #[test]
    fn the_odd_segment_sent_again_proves_nothing() {
        let mut run = Run::new();
        for n in 0..20u32 {
            let at = i64::from(n) * 4_000;
            run.pass(40_000, false, ACKNOWLEDGES, (7, 1_000 * (n + 1), 0), at);
            if n % 3 == 0 {
                run.pass(40_000, true, TcpMarks::SETTLED | TcpMarks::REPEATED, (1_000 * n, 7, 1_000), at + 400);
            }
        }
        let counts = run.counts(100_000);
        assert_eq!((counts.behind, counts.lacking, counts.is_far_apart()), (7, 13, false));
    }

    #[test]
    fn a_syn_ack_behind_its_acknowledgement() {
        let mut run = Run::new();
        for (port, late) in [(1, 50), (2, 450), (3, 3_500)] {
            run.pass(port, false, TcpMarks::FIRST_ACK, (1_000, 5_000, 0), 0);
            run.pass(port, true, TcpMarks::SYN_ACK, (4_999, 1_000, 0), late);
        }
        // That of another connection, and the acknowledgement of one that was joined.
        run.pass(4, false, TcpMarks::FIRST_ACK, (1_000, 5_000, 0), 0);
        run.pass(4, true, TcpMarks::SYN_ACK, (9_999, 1_000, 0), 50);
        run.pass(5, false, TcpMarks::FIRST_ACK | TcpMarks::JOINED, (1_000, 5_000, 0), 0);
        run.pass(5, true, TcpMarks::SYN_ACK, (4_999, 1_000, 0), 50);
        let counts = run.counts(9_000);
        assert_eq!((counts.handshakes.count(), counts.handshakes.beyond(HOLD), counts.lacking), (2, 1, 0));
    }
}
