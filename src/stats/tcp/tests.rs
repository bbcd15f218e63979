use super::*;
use crate::model::FlowKey;
use crate::model::tcp::{ACK, HOLD, SYN};
use crate::model::time::{MILLISECOND, SECOND};
use proptest::prelude::*;
use std::collections::BTreeSet;

const A: Direction = Direction::AToB;
const B: Direction = Direction::BToA;

#[derive(Default)]
struct Conversation {
    follower: Follower,
    hot: TcpHot,
    cold: TcpCold,
    time: i64,
    label: u8,
    fragment: bool,
}

impl Conversation {
    /// With a handshake: `a` sends from 1000 on, `b` from 9000.
    fn open() -> Self {
        let mut c = Self::default();
        assert!(c.see(A, 999, 0, SYN, 0).marks.has(TcpMarks::SYN));
        assert!(c.see(B, 8999, 1000, SYN | ACK, 0).marks.has(TcpMarks::ANSWERED));
        assert_eq!(c.see(A, 1000, 9000, ACK, 0).marks, TcpMarks::SETTLED | TcpMarks::FIRST_ACK);
        assert_eq!(c.see(B, 9000, 1000, ACK, 0).marks, TcpMarks::SETTLED | TcpMarks::FIRST_ACK);
        c
    }

    fn see(&mut self, way: Direction, sequence: u32, acknowledgement: u32, flags: u8, payload: u32) -> TcpEvent {
        self.frame(way, &Segment { sequence, acknowledgement, flags, window: 1000, payload }, &[])
    }

    fn frame(&mut self, way: Direction, segment: &Segment, bytes: &[u8]) -> TcpEvent {
        let (key, _) = FlowKey::new(false, 6, 1, 2, 3, 4);
        let frame = Frame {
            time: Timestamp(self.time),
            flow: Some((key, way)),
            tcp: Some(*segment),
            fragment: self.fragment,
            bytes,
            transport: Some(0),
            ..Frame::default()
        };
        self.follower.follow(&mut self.hot, || Some(&mut self.cold), &frame, way, segment, self.label)
    }

    fn data(&mut self, at: u32, payload: u32) -> TcpEvent {
        self.see(A, 1000 + at, 9000, ACK, payload)
    }

    fn ack(&mut self, at: u32) -> TcpEvent {
        self.see(B, 9000, 1000 + at, ACK, 0)
    }

    /// An acknowledgement of A's bytes up to `at`, and selectively of those in the blocks.
    fn sack(&mut self, at: u32, blocks: &[(u32, u32)]) -> TcpEvent {
        let mut options = vec![1, 1, 5, 2 + 8 * blocks.len() as u8];
        options.extend(blocks.iter().flat_map(|&(start, end)| [(1000 + start).to_be_bytes(), (1000 + end).to_be_bytes()].concat()));
        let segment = Segment { sequence: 9000, acknowledgement: 1000 + at, flags: ACK, window: 1000, payload: 0 };
        self.frame(B, &segment, &syn(&options))
    }

    fn lost(&mut self) -> Vec<LostRange> {
        let mut lost = Vec::new();
        self.follower.expire(Timestamp(self.time), |range| lost.push(range));
        lost
    }
}

fn syn(options: &[u8]) -> Vec<u8> {
    let mut header = vec![0u8; 20];
    header[12] = (5 + options.len().div_ceil(4) as u8) << 4;
    header.extend(options);
    header.resize(20 + options.len().div_ceil(4) * 4, 0);
    header
}

#[test]
fn in_order_segments_and_their_acknowledgements() {
    let mut c = Conversation::open();
    assert_eq!(c.data(0, 100), TcpEvent { marks: TcpMarks::SETTLED, fresh: 100, ..TcpEvent::default() });
    assert_eq!((c.hot.in_flight(A), c.hot.next_sequence(A)), (Some(100), Some(1100)));
    assert_eq!(c.ack(60), TcpEvent { marks: TcpMarks::SETTLED | TcpMarks::ADVANCED, advanced: 60, ..TcpEvent::default() });
    assert_eq!(c.ack(60).marks, TcpMarks::SETTLED | TcpMarks::DUPLICATE_ACK);
    assert_eq!(c.ack(100).advanced, 40);
    assert_eq!(c.ack(100).marks, TcpMarks::SETTLED, "nothing is outstanding");
    assert_eq!(c.hot.in_flight(A), Some(0));
}

#[test]
fn gaps_are_filled_repeated_and_acknowledged_unseen() {
    let mut c = Conversation::open();
    let gap = c.data(200, 100);
    assert_eq!((gap.marks, gap.gap, gap.fresh), (TcpMarks::SETTLED | TcpMarks::GAP, 200, 100));
    let filled = c.data(100, 100);
    assert_eq!((filled.marks, filled.filled, filled.fresh), (TcpMarks::SETTLED | TcpMarks::FILLED, 100, 0));
    let repeated = c.data(150, 200);
    assert_eq!((repeated.marks, repeated.fresh), (TcpMarks::SETTLED | TcpMarks::REPEATED, 50));
    assert_eq!(c.data(349, 1).marks, TcpMarks::SETTLED | TcpMarks::KEEP_ALIVE);
    let unseen = c.ack(400);
    assert_eq!((unseen.advanced, unseen.unseen), (400, 150), "100 before what was seen, 50 behind it");
    assert!(unseen.marks.has(TcpMarks::UNSEEN) && unseen.marks.has(TcpMarks::HOLES));
    let told: Vec<_> = c.follower.hole_events().to_vec();
    assert_eq!(told, [100, 50].map(|bytes| HoleEvent::Acknowledged { way: A, bytes }));
    c.time = 7;
    let late = c.data(0, 100);
    assert!(late.marks.has(TcpMarks::FILLED | TcpMarks::HOLES));
    assert_eq!(c.follower.hole_events(), [HoleEvent::Late { way: A, bytes: 100, after: 7 }]);
    c.time = HOLD;
    let lost = LostRange { bytes: 50, mss: None, full: Some(200), missing_since: Timestamp(0), label: 0 };
    assert_eq!(c.lost(), [lost]);
    assert!(c.lost().is_empty() && !c.follower.is_due(Timestamp(i64::MAX - 1)));
}

#[test]
fn what_is_lost_keeps_the_label_and_time_it_appeared_with() {
    let mut c = Conversation::default();
    let header = syn(&[2, 4, 0x05, 0x00]);
    c.frame(B, &Segment { sequence: 8999, acknowledgement: 1000, flags: SYN | ACK, window: 0, payload: 0 }, &header);
    c.see(A, 1000, 9000, ACK, 0);
    (c.label, c.time) = (3, 5);
    c.data(500, 100);
    (c.label, c.time) = (1, 9);
    c.ack(600);
    c.time = 9 + HOLD - 1;
    assert!(!c.follower.is_due(Timestamp(c.time)) && c.lost().is_empty());
    c.time += 1;
    assert!(c.follower.is_due(Timestamp(c.time)));
    assert_eq!(c.lost(), [LostRange { bytes: 500, mss: Some(1280), full: Some(96), missing_since: Timestamp(5), label: 3 }]);
}

/// The first segment is lost in the network, and the third by the mirror: the receiver says so, and the sender sends both again.
#[test]
fn what_is_acknowledged_selectively_was_received_and_is_lost_though_it_is_sent_again() {
    for (again, lost) in [(HOLD - 1, 0), (HOLD, 100)] {
        let mut c = Conversation::open();
        c.data(100, 100);
        c.data(300, 100);
        c.sack(0, &[(100, 400)]);
        assert_eq!(c.follower.hole_events(), [], "nothing is acknowledged so far");
        c.time = again;
        assert_eq!(c.data(0, 100).filled, 100, "this one had not arrived");
        assert_eq!(c.data(200, 100).filled, 100 - lost, "after {again} ns");
        c.time += MILLISECOND;
        assert_eq!(c.ack(400).unseen, lost);
        c.time += HOLD;
        assert_eq!(c.lost().iter().map(|l| l.bytes).sum::<u32>(), lost);
    }
}

#[test]
fn blocks_divide_what_is_missing() {
    let mut c = Conversation::open();
    c.data(1000, 100);
    // Nonsense beside them: backwards, behind everything, before everything.
    c.sack(0, &[(200, 400), (400, 300), (5000, 6000)]);
    c.sack(0, &[(600, 1100)]);
    c.time = HOLD;
    assert_eq!(c.data(0, 1000).filled, 400, "bytes 0 to 200 and 400 to 600");
    let event = c.ack(700);
    assert_eq!((event.advanced, event.unseen), (700, 300));
    assert_eq!(c.lost().iter().map(|l| l.bytes).sum::<u32>(), 300, "they were waited for since they were received");
    assert_eq!(c.ack(1100).unseen, 300);
    assert_eq!(c.lost().iter().map(|l| l.bytes).sum::<u32>(), 300);
}

/// Each acknowledgement opens a hole before its data comes: hundreds at a time at the speeds where a few milliseconds matter.
#[test]
fn a_direction_that_comes_late_fills_every_hole() {
    for (late, lost_each) in [(40u32, 0u32), (900, 0), (900, 100)] {
        let mut c = Conversation::open();
        let mut filled = 0;
        for n in 0..3_000 {
            c.time += MILLISECOND / 100;
            c.ack((n + 1) * 200);
            if let Some(at) = n.checked_sub(late).filter(|at| lost_each == 0 || at % lost_each != 7) {
                filled += c.data(at * 200, 200).filled;
            }
        }
        let whole = 3_000 - late;
        let lost = if lost_each == 0 { 0 } else { (whole - 7).div_ceil(lost_each) };
        assert_eq!(filled, (whole - lost) * 200, "{late} segments late");
        c.time += HOLD;
        assert_eq!(c.lost().iter().map(|l| l.bytes).sum::<u32>(), (lost + late) * 200, "the last ones never come");
    }
}

#[test]
fn the_options_of_both_syns_count() {
    let mut c = Conversation::default();
    let segment = |sequence, flags| Segment { sequence, acknowledgement: 1, flags, window: 100, payload: 0 };
    c.frame(A, &segment(0, SYN), &syn(&[2, 4, 0x05, 0xb4, 4, 2, 3, 3, 7]));
    assert_eq!((c.hot.window(A), c.hot.permits_sack(), c.hot.mss(B), c.hot.mss(A)), (None, None, Some(1460), None));
    c.frame(B, &segment(0, SYN | ACK), &syn(&[3, 3, 2, 4, 2]));
    assert_eq!((c.hot.window_scale(A), c.hot.window_scale(B), c.hot.permits_sack()), (Some(7), Some(2), Some(true)));
    c.see(A, 1, 1, ACK, 0);
    assert_eq!(c.hot.window(A), Some(1000 << 7));
    let mut c = Conversation::default();
    c.frame(A, &segment(0, SYN), &syn(&[3, 3, 7, 4, 2]));
    c.frame(B, &segment(0, SYN | ACK), &syn(&[]));
    assert_eq!((c.hot.window_scale(A), c.hot.window(A), c.hot.permits_sack()), (Some(0), Some(100), Some(false)));
}

#[test]
fn the_steps_of_a_connection_are_told_once() {
    let mut c = Conversation::default();
    assert_eq!(c.see(B, 8999, 1000, SYN | ACK, 0).marks, TcpMarks::SYN_ACK | TcpMarks::EARLY_ANSWER);
    c.time = 40_000;
    let late = c.see(A, 999, 0, SYN, 0);
    assert_eq!((late.marks, late.lag), (TcpMarks::SYN | TcpMarks::LATE_SYN, 40));
    assert_eq!(c.see(B, 8999, 1000, SYN | ACK, 0).marks, TcpMarks::SYN_ACK | TcpMarks::SETTLED);
    assert!(c.hot.is_reuse(&c.cold, A, 5) && !c.hot.is_reuse(&c.cold, A, 999));
    c.see(A, 1000, 9000, ACK, 0);
    assert_eq!(c.see(A, 1000, 9000, ACK | FIN, 0).marks, TcpMarks::SETTLED | TcpMarks::FIN);
    assert_eq!(c.see(B, 9000, 1001, ACK, 0).advanced, 1, "a FIN has a number");
    assert_eq!(c.see(B, 5, 5, ACK | RST, 0).marks, TcpMarks::RST);
    assert_eq!(c.hot.next_sequence(B), Some(9000), "a RST's numbers are not followed");
    let mut c = Conversation::default();
    assert_eq!(c.see(A, 1000, 9000, ACK, 10).marks, TcpMarks::JOINED | TcpMarks::FIRST_ACK | TcpMarks::BEGUN);
    assert_eq!(c.see(A, 1010, 9000, ACK, 10).marks, TcpMarks::default());
}

#[test]
fn an_answer_without_question_is_answered_by_its_own_syn_only() {
    let mut c = Conversation::default();
    c.see(A, 999, 0, ACK, 0);
    c.see(B, 8999, 5000, SYN | ACK, 0);
    let overtaken = TcpMarks::SETTLED | TcpMarks::SYN | TcpMarks::OVERTAKEN_SYN;
    assert_eq!(c.see(A, 998, 0, SYN, 0).marks, overtaken, "its answer was to another number");
}

#[test]
fn joined_midway_nothing_is_told_before_both_sides_have_shown_enough() {
    let mut c = Conversation::default();
    for n in 0..u32::from(MIDWAY_SEGMENTS) {
        assert!(!c.hot.is_settled());
        assert!(!c.data(n * 200, 100).marks.has(TcpMarks::SETTLED | TcpMarks::GAP | TcpMarks::REPEATED));
        assert!(!c.ack(n * 200 + 100).marks.has(TcpMarks::SETTLED | TcpMarks::ADVANCED));
    }
    assert!(c.hot.is_settled());
    assert_eq!(c.data(10_000, 100).gap, 10_000 - 19 * 200 - 100);
}

#[test]
fn a_syn_behind_its_data_begins_nothing() {
    let mut c = Conversation::open();
    c.data(0, 100);
    c.data(300, 100);
    assert_eq!(c.see(A, 999, 0, SYN, 0).marks, TcpMarks::SETTLED | TcpMarks::SYN);
    assert_eq!((c.hot.next_sequence(A), c.data(400, 100).marks), (Some(1400), TcpMarks::SETTLED));
    assert_eq!(c.ack(500).unseen, 200, "what was missing before is missing still");
    let mut c = Conversation::default();
    c.see(B, 8999, 1000, SYN | ACK, 0);
    c.data(0, 100);
    assert!(c.see(A, 999, 0, SYN, 0).marks.has(TcpMarks::LATE_SYN));
    assert_eq!(c.data(100, 100).marks, TcpMarks::SETTLED, "no gap where data came before its SYN");
    let mut c = Conversation::open();
    c.data(0, 100);
    c.time += 20 * SECOND;
    c.see(A, 999, 0, SYN, 0);
    assert_eq!(c.hot.next_sequence(A), Some(1000), "the same connection again, as in a replay that begins anew");
    let mut c = Conversation::default();
    c.see(A, 999, 0, SYN, 0);
    c.see(B, 5, 1000 + JUMP / 2, ACK, 0);
    c.see(A, 1000 + JUMP / 2, 0, RST, 0);
    c.see(A, 999, 0, SYN, 0);
    assert_eq!(c.hot.next_sequence(A), Some(1000), "an older connection's answer does not hide the new one");
}

#[test]
fn fragments_end_the_following() {
    let mut c = Conversation::open();
    c.fragment = true;
    assert_eq!(c.data(0, 10).marks, TcpMarks::default());
    c.fragment = false;
    assert_eq!((c.data(500, 10).marks, c.hot.in_flight(A)), (TcpMarks::default(), None));
}

#[test]
fn a_jump_is_a_new_numbering() {
    let mut c = Conversation::open();
    c.data(0, 10);
    assert_eq!(c.data(JUMP + 11, 10).marks, TcpMarks::SETTLED | TcpMarks::RENUMBERED);
    assert_eq!(c.hot.next_sequence(A), Some(1000 + JUMP + 21));
    assert_eq!(c.ack(3 * JUMP).marks, TcpMarks::SETTLED | TcpMarks::ACK_RENUMBERED);
    assert_eq!(c.hot.next_sequence(A), Some(1000 + 3 * JUMP));
}

#[test]
fn a_glimpse_tells_the_course_and_moves_no_number() {
    let mut c = Conversation::open();
    let segment = Segment { sequence: 77, acknowledgement: 0, flags: FIN, window: 0, payload: 5 };
    assert_eq!(Follower::glimpse(&mut c.hot, &mut c.cold, A, &segment).marks, TcpMarks::FIN);
    assert_eq!(c.hot.next_sequence(A), Some(1000));
}

proptest! {
    /// Against a model that knows every byte: gaps, fresh, filled and unseen bytes close.
    #[test]
    fn counts_of_bytes_close(
        isn in any::<u32>(),
        steps in prop::collection::vec((0u32..40, 1u32..6, any::<bool>()), 1..80),
    ) {
        let mut c = Conversation::default();
        c.see(A, isn.wrapping_sub(1), 0, SYN, 0);
        c.see(B, 99, isn, SYN | ACK, 0);
        c.see(A, isn, 100, ACK, 0);
        // Units of 100 bytes: which were seen, which are missing, and how far acknowledgements are.
        let (mut next, mut acked, mut missing) = (0u32, 0u32, BTreeSet::new());
        let (mut late, mut told_unseen) = (0u32, 0u32);
        for (at, n, acknowledges) in steps {
            c.time += SECOND / 1000;
            if acknowledges {
                let event = c.see(B, 100, isn.wrapping_add(at * 100), ACK, 0);
                let advanced = at.saturating_sub(acked);
                prop_assert_eq!(event.advanced, advanced * 100);
                if advanced > 0 {
                    missing.extend(next..at);
                    let unseen = missing.range(acked..at).count() as u32;
                    prop_assert_eq!(event.unseen, unseen * 100);
                    told_unseen += unseen;
                    (acked, next) = (at, next.max(at));
                }
            } else {
                let event = c.see(A, isn.wrapping_add(at * 100), 100, ACK, n * 100);
                let filled = (at..at + n).filter(|unit| missing.remove(unit)).map(|unit| { late += u32::from(unit < acked); 1 }).sum::<u32>();
                prop_assert_eq!(event.gap, at.saturating_sub(next) * 100);
                prop_assert_eq!(event.filled, filled * 100);
                prop_assert_eq!(event.fresh, (at + n).saturating_sub(next.max(at)).min(n) * 100);
                missing.extend(next..at);
                next = next.max(at + n);
            }
            prop_assert_eq!(c.hot.next_sequence(A), Some(isn.wrapping_add(next * 100)));
            prop_assert_eq!(c.hot.in_flight(A), Some((next - acked) * 100));
        }
        c.time += HOLD;
        let lost: u32 = c.lost().iter().map(|range| range.bytes).sum();
        prop_assert_eq!(lost, (told_unseen - late) * 100, "what was acknowledged unseen came late or is lost");
    }

    #[test]
    fn nonsense_is_followed_without_panic(
        steps in prop::collection::vec((any::<bool>(), any::<u32>(), any::<u32>(), any::<u8>(), 0u32..70_000, any::<u16>()), 0..300),
        blocks in any::<[u32; 4]>(),
        mask in prop::sample::select(vec![0xffffu32, 0xf_ffff, u32::MAX]),
    ) {
        let mut c = Conversation::default();
        let [a, b, d, e] = blocks.map(|number| (number & mask).to_be_bytes());
        let header = syn(&[&[1, 1, 5, 18][..], &a, &b, &d, &e].concat());
        for (forward, sequence, acknowledgement, flags, payload, window) in steps {
            let segment = Segment { sequence: sequence & mask, acknowledgement: acknowledgement & mask, flags, window, payload };
            let event = c.frame(if forward { A } else { B }, &segment, &header);
            prop_assert!(event.fresh <= payload && event.filled <= payload + 2 && event.unseen <= event.advanced.saturating_add(1 << 26));
            c.time += MILLISECOND;
        }
        c.time += HOLD;
        c.lost();
    }
}
