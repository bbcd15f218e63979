//! What following a connection yields and what the mirror's detectors make of it, together.

use crate::mirror::{Acked, Loss, LossState, OrderCounts, Ratios, SIZE_BINS, size_floor};
use crate::model::tcp::{ACK, HOLD, PSH, RST, SYN, TcpEvent, TcpMarks};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Direction, FlowKey, Frame, Segment, Sum, Timestamp};
use crate::stats::{Follower, TcpCold, TcpHot};
use proptest::prelude::*;

const MSS: u32 = 1460;

fn frame(way: Direction, time: i64, sequence: u32, acknowledgement: u32, flags: u8, payload: u32) -> Frame<'static> {
    let (key, _) = FlowKey::new(false, 6, 1, 2, 3, 4);
    Frame {
        time: Timestamp(time),
        wire: 54 + payload,
        ether_type: 0x0800,
        flow: Some((key, way)),
        tcp: Some(Segment { sequence, acknowledgement, flags, window: 1000, payload }),
        ..Frame::default()
    }
}

/// A shard with one conversation: `a` sends, `b` acknowledges; time runs by 1 ms a packet.
#[derive(Default)]
struct Talk {
    follower: Follower,
    loss: Loss,
    order: OrderCounts,
    hot: TcpHot,
    cold: TcpCold,
    state: LossState,
    time: i64,
}

impl Talk {
    fn open() -> Self {
        let mut t = Self::default();
        t.see(Direction::AToB, 0u32.wrapping_sub(1), 0, SYN, 0);
        t.see(Direction::BToA, 99, 0, SYN | ACK, 0);
        t.see(Direction::AToB, 0, 100, ACK, 0);
        t
    }

    /// The next conversation of the shard.
    fn begin(&mut self) {
        (self.hot, self.cold, self.state, self.time) = Default::default();
    }

    fn advance(&mut self, now: Timestamp) {
        self.follower.expire(now, |lost| self.loss.lost(&lost));
    }

    fn observe(&mut self, frame: &Frame, load: u8) -> TcpEvent {
        self.advance(frame.time);
        let (Some(segment), Some((_, way))) = (&frame.tcp, frame.flow) else { return TcpEvent::default() };
        let event = self.follower.follow(&mut self.hot, || Some(&mut self.cold), frame, way, segment, load);
        self.loss.observe(&mut self.state, &event, way, segment.payload, (frame.time, load));
        self.loss.full(self.hot.mss(way), segment);
        if event.marks.has(TcpMarks::HOLES) {
            self.follower.hole_events().iter().for_each(|hole| self.loss.hole(&mut self.state, hole, frame.time));
        }
        self.order.observe(&event, frame.time);
        event
    }

    fn see(&mut self, way: Direction, sequence: u32, ack: u32, flags: u8, payload: u32) {
        self.time += MILLISECOND;
        self.observe(&frame(way, self.time, sequence, ack, flags, payload), 1);
    }

    fn data(&mut self, segment: u32) {
        self.see(Direction::AToB, segment * MSS, 100, ACK, MSS);
    }

    fn ack(&mut self, segment: u32) {
        self.see(Direction::BToA, 100, segment * MSS, ACK, 0);
    }

    fn end(&mut self) -> Acked {
        self.advance(Timestamp(self.time + HOLD));
        self.loss.counts().acked_bytes()
    }
}

#[test]
fn nothing_missing() {
    let mut t = Talk::open();
    for n in 0..100 {
        t.data(n);
        t.ack(n + 1);
    }
    let sum = t.end();
    assert_eq!((sum.missing, sum.bytes), (0, 100 * u64::from(MSS)), "handshakes are not data");
    assert_eq!(t.loss.counts().gaps, 0);
}

#[test]
fn a_segment_never_seen_is_missing_once_acknowledged() {
    let mut t = Talk::open();
    t.data(0);
    t.data(2);
    t.advance(Timestamp(t.time + 10 * HOLD));
    assert_eq!(t.loss.counts().acked_bytes().missing, 0, "not acknowledged, so perhaps never received");
    t.ack(3);
    t.advance(Timestamp(t.time + HOLD - 1));
    assert_eq!(t.loss.counts().acked_bytes().missing, 0, "held");
    assert_eq!(t.end().missing, u64::from(MSS));
    assert_eq!(t.state.ratio(), (3 * u64::from(MSS), u64::from(MSS)));
    let bin = (0..SIZE_BINS).find(|b| t.loss.counts().missing_sizes[*b] == 1);
    assert_eq!(bin.map(size_floor), Some(1408));
}

/// Missing segments by the smallest payload of their size class.
fn missing_sizes(t: &Talk) -> Vec<(u32, u64)> {
    let sizes = t.loss.counts().missing_sizes;
    (0..SIZE_BINS).filter(|bin| sizes[*bin] > 0).map(|bin| (size_floor(bin), sizes[bin])).collect()
}

#[test]
fn what_is_missing_has_the_size_of_what_the_way_takes() {
    // A tunnel on the way takes 1,348 bytes, whatever the ends announce.
    let mut t = Talk::open();
    t.see(Direction::AToB, 0, 100, ACK, 1348);
    t.see(Direction::AToB, 12 * 1348, 100, ACK, 1348);
    t.see(Direction::BToA, 100, 13 * 1348, ACK, 0);
    t.end();
    assert_eq!(missing_sizes(&t), [(1344, 11)]);
    // The next one shows none of its own.
    t.begin();
    t.see(Direction::AToB, 0u32.wrapping_sub(1), 0, SYN, 0);
    t.see(Direction::BToA, 99, 0, SYN | ACK, 0);
    t.see(Direction::AToB, 0, 100, ACK, 0);
    t.see(Direction::AToB, 5 * 1348, 100, ACK | PSH, 700);
    t.see(Direction::BToA, 100, 5 * 1348 + 700, ACK, 0);
    t.end();
    assert_eq!(missing_sizes(&t), [(1344, 16)]);
}

#[test]
fn the_last_of_what_was_to_be_sent_says_nothing_of_the_size_of_others() {
    // Large segments are missing: all that is seen ends an answer.
    let mut t = Talk::open();
    t.see(Direction::AToB, 2 * MSS, 100, ACK | PSH, 80);
    t.see(Direction::BToA, 100, 2 * MSS + 80, ACK, 0);
    t.end();
    assert_eq!(missing_sizes(&t), [(1408, 2)]);
}

#[test]
fn an_acknowledgement_beyond_everything_seen_counts_too() {
    let mut t = Talk::open();
    t.data(0);
    t.ack(3);
    t.data(3);
    t.ack(4);
    assert_eq!(t.end(), Acked { bytes: 4 * u64::from(MSS), missing: 2 * u64::from(MSS) });
    assert_eq!(t.loss.counts().gaps, 1);
}

#[test]
fn reordered_and_resent_data_is_not_missing() {
    let mut t = Talk::open();
    t.data(0);
    t.data(2);
    t.data(1);
    t.ack(3);
    t.ack(5);
    t.data(3);
    t.data(4);
    assert_eq!(t.end().missing, 0);
    assert_eq!((t.loss.counts().late, t.loss.counts().late_bytes), (2, 2 * u64::from(MSS)), "it came after its acknowledgement");
    t.data(6);
    t.data(7);
    t.ack(5);
    t.time += 5 * HOLD;
    t.data(5);
    t.ack(8);
    assert_eq!(t.end().missing, 0, "lost before its receiver, resent");
}

#[test]
fn holes_are_divided_where_data_or_acknowledgements_divide_them() {
    let mut t = Talk::open();
    t.data(0);
    t.data(9);
    t.data(4);
    t.ack(3);
    t.data(7);
    t.ack(10);
    assert_eq!(t.end().missing, 6 * u64::from(MSS), "1 to 3, 5, 6 and 8");
    assert_eq!(t.state.ratio().1, 6 * u64::from(MSS));
    t.ack(11);
    t.ack(12);
    assert_eq!(t.end().missing, 8 * u64::from(MSS), "what was decided is not counted again");
}

#[test]
fn joined_midway_it_waits_for_twenty_packets() {
    let mut t = Talk::default();
    for n in [5, 9] {
        t.data(n);
        t.ack(n + 1);
    }
    assert_eq!(t.end(), Acked::default());
    for n in 10..40 {
        t.data(n);
        t.ack(n + 1);
    }
    assert_eq!(t.end().missing, 0);
    t.data(41);
    t.ack(42);
    assert_eq!(t.end().missing, u64::from(MSS));
}

#[test]
fn one_direction_keepalives_resets_and_jumps_say_nothing() {
    let mut t = Talk::default();
    (0..50).for_each(|n| t.ack(3 * n));
    assert_eq!(t.end(), Acked::default());
    let mut t = Talk::open();
    t.data(0);
    t.ack(1);
    t.see(Direction::AToB, MSS - 1, 100, ACK, 1);
    t.ack(1);
    t.see(Direction::AToB, 0x4000_0000, 0x4000_0000, RST | ACK, 0);
    t.see(Direction::AToB, 0x3000_0000, 100, ACK, MSS);
    t.see(Direction::BToA, 100, 0x3000_0000 + MSS, ACK, 0);
    assert_eq!(t.end().missing, 0);
    assert_eq!(t.loss.counts().restarts, 1);
}

#[test]
fn one_packet_of_the_handshake_tells_both_beginnings() {
    let mut t = Talk::default();
    t.see(Direction::BToA, 99, 0, SYN | ACK, 0);
    t.ack(3);
    assert_eq!(t.end(), Acked::default(), "nothing of the sender was seen: perhaps its direction is not mirrored");
    t.data(4);
    t.ack(6);
    assert_eq!(t.end(), Acked { bytes: u64::from(MSS), missing: u64::from(MSS) }, "what came before it was judged is not counted");
}

#[test]
fn a_conversation_counts_all_it_misses() {
    let mut t = Talk::open();
    for n in 0..10_000u32 {
        if n % 2 == 0 {
            t.data(n);
        }
        t.ack(n + 1);
    }
    assert_eq!(t.end(), Acked { bytes: 10_000 * u64::from(MSS), missing: 5_000 * u64::from(MSS) });
    assert_eq!(t.state.ratio(), (10_000 * u64::from(MSS), 5_000 * u64::from(MSS)), "none was forgotten");
}

/// Of conversations of 60 segments each packet is lost with a probability: as many of the judged bytes are missing, however few
/// conversations are judged.
#[test]
fn the_share_is_unbiased_however_much_is_lost() {
    for rate in [0.05, 0.2, 0.5, 0.8] {
        let mut seed = 88172645463325252u64;
        let mut lost = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            ((seed >> 11) as f64) / ((1u64 << 53) as f64) < rate
        };
        let mut t = Talk::default();
        for _ in 0..4_000 {
            t.begin();
            let mut see = |way, sequence, ack, flags, payload| {
                if !lost() {
                    t.see(way, sequence, ack, flags, payload);
                }
            };
            see(Direction::AToB, u32::MAX, 0, SYN, 0);
            see(Direction::BToA, 99, 0, SYN | ACK, 0);
            see(Direction::AToB, 0, 100, ACK, 0);
            for n in 0..60 {
                see(Direction::AToB, n * MSS, 100, ACK, MSS);
                if n % 2 == 1 {
                    see(Direction::BToA, 100, (n + 1) * MSS, ACK, 0);
                }
            }
            t.advance(Timestamp(i64::MAX));
        }
        let sum = t.loss.counts().acked_bytes();
        let share = sum.missing as f64 / sum.bytes as f64;
        assert!(sum.bytes > 1_000_000 && (share - rate).abs() < 0.01, "{share} of {} for {rate}", sum.bytes);
    }
}

#[test]
fn sequence_numbers_wrap() {
    let mut t = Talk::default();
    let base = 0u32.wrapping_sub(3 * MSS);
    t.see(Direction::AToB, base.wrapping_sub(1), 0, SYN, 0);
    t.see(Direction::BToA, 99, base, SYN | ACK, 0);
    for n in [0, 1, 2, 4, 5] {
        t.see(Direction::AToB, base.wrapping_add(n * MSS), 100, ACK, MSS);
    }
    t.see(Direction::BToA, 100, base.wrapping_add(6 * MSS), ACK, 0);
    assert_eq!(t.end(), Acked { bytes: 6 * u64::from(MSS), missing: u64::from(MSS) });
}

#[test]
fn the_segment_size_of_a_syn_is_read() {
    let mut header = vec![0u8; 20];
    header[12] = 7 << 4;
    header.extend([1, 1, 2, 4, 0x05, 0x78, 0, 0]);
    let syn = Frame { bytes: &header, transport: Some(0), ..frame(Direction::AToB, 0, 0, 0, SYN, 0) };
    let mut t = Talk::default();
    t.observe(&syn, 0);
    assert_eq!((t.hot.mss(Direction::BToA), t.hot.mss(Direction::AToB)), (Some(1400), None));
}

#[test]
fn ratios_close_over_conversations() {
    let mut t = Talk::open();
    for n in 0..100 {
        if n % 2 == 0 {
            t.data(n);
        }
        t.ack(n + 1);
    }
    t.end();
    let mut ratios = Ratios::default();
    ratios.add(&t.state);
    assert_eq!(ratios.bins[10] + ratios.bins[9], 1, "half was missing");
    let now = *t.loss.counts();
    let mut twice = now;
    twice.merge(&now);
    assert_eq!(twice.since(&now), now);
}

fn handshake(t: &mut Talk, way: Direction, sequence: u32, acknowledges: Option<u32>, time: i64) {
    let flags = acknowledges.map_or(SYN, |_| SYN | ACK);
    t.observe(&frame(way, time, sequence, acknowledges.unwrap_or(0), flags, 0), 0);
}

#[test]
fn a_syn_behind_its_answer_is_a_violation() {
    let mut t = Talk::default();
    handshake(&mut t, Direction::BToA, 900, Some(101), 5_000);
    handshake(&mut t, Direction::AToB, 100, None, 45_000);
    handshake(&mut t, Direction::BToA, 900, Some(101), 50_000);
    assert_eq!((t.order.handshakes, t.order.inverted), (1, 1));
    assert_eq!(t.order.skew.quantile(0.5), Some(42e-6), "40 µs lies between 40 and 44");
}

#[test]
fn a_handshake_in_order_is_none_and_a_late_repetition_neither() {
    let mut t = Talk::default();
    handshake(&mut t, Direction::AToB, 100, None, 0);
    handshake(&mut t, Direction::BToA, 900, Some(101), 1);
    t.begin();
    handshake(&mut t, Direction::BToA, 900, Some(101), 0);
    handshake(&mut t, Direction::AToB, 100, None, SECOND);
    assert_eq!((t.order.handshakes, t.order.inverted), (1, 0));
}

#[test]
fn a_syn_ack_without_its_syn_is_unmatched() {
    let mut t = Talk::default();
    t.order.begin(Timestamp(0));
    let mut open = |at: i64, syn: Option<i64>| {
        t.begin();
        if let Some(before) = syn.filter(|s| *s < at) {
            handshake(&mut t, Direction::AToB, 100, None, before);
        }
        handshake(&mut t, Direction::BToA, 900, Some(101), at);
        handshake(&mut t, Direction::BToA, 900, Some(101), at + 2);
        if let Some(behind) = syn.filter(|s| *s > at) {
            handshake(&mut t, Direction::AToB, 100, None, behind);
        }
    };
    // In the first second nothing is counted, also when the SYN comes later.
    open(0, None);
    open(5, Some(6));
    // In order, inverted, alone.
    open(2 * SECOND, Some(2 * SECOND - 1));
    open(3 * SECOND, Some(3 * SECOND + 1));
    open(4 * SECOND, None);
    let counts = t.order;
    assert_eq!((counts.answers, counts.early, counts.resolved, counts.unmatched()), (3, 2, 1, 1));
    assert_eq!((counts.handshakes, counts.inverted), (3, 2));
}

proptest! {
    #[test]
    fn dropping_segments_is_found_exactly(drops in prop::collection::vec(any::<bool>(), 1..300), acks in 1u32..5) {
        let mut t = Talk::open();
        let mut lost = 0;
        for (n, drop) in drops.iter().enumerate() {
            let n = n as u32;
            if *drop { lost += 1 } else { t.data(n) }
            if n.is_multiple_of(acks) {
                t.ack(n + 1);
            }
        }
        let all = drops.len() as u32;
        t.ack(all);
        prop_assert_eq!(t.end(), Acked { bytes: u64::from(all * MSS), missing: u64::from(lost * MSS) });
    }

    #[test]
    fn never_panics_and_never_misses_more_than_was_acknowledged(
        steps in prop::collection::vec((any::<bool>(), any::<u32>(), any::<u32>(), any::<u8>(), 0u32..70_000, 0i64..1_000_000_000), 0..400),
        mask in prop::sample::select(vec![0xffffu32, 0xf_ffff, u32::MAX]),
    ) {
        let (mut t, mut time) = (Talk::default(), 0i64);
        for (way, sequence, ack, flags, payload, dt) in steps {
            time += dt / 10;
            let way = if way { Direction::AToB } else { Direction::BToA };
            t.observe(&frame(way, time, sequence & mask, ack & mask, flags & !RST, payload), 3);
        }
        t.advance(Timestamp(i64::MAX));
        let sum = t.loss.counts().acked_bytes();
        prop_assert!(sum.missing <= sum.bytes, "{:?}", sum);
    }
}
