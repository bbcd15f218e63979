use super::*;
use crate::model::limits::{SPLIT_PIECES, UNACKED_PER_FLOW, UNACKED_PER_SHARD};
use crate::model::tcp::{FIN, RST};
use crate::model::time::SECOND;
use crate::model::{AnalysisFlags, FlowKey};
use proptest::prelude::*;

const A: Direction = Direction::AToB;
const B: Direction = Direction::BToA;

/// A TCP header with these numbers and options.
fn header(segment: &Segment, options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    bytes[4..8].copy_from_slice(&segment.sequence.to_be_bytes());
    bytes[8..12].copy_from_slice(&segment.acknowledgement.to_be_bytes());
    bytes[12] = (5 + options.len() as u8 / 4) << 4;
    bytes[13] = segment.flags;
    bytes[14..16].copy_from_slice(&segment.window.to_be_bytes());
    bytes.extend(options);
    bytes
}

fn see(analyser: &mut Analyser, handle: &mut u32, way: Direction, time: i64, segment: Segment, options: &[u8]) -> SegmentAnalysis {
    let bytes = header(&segment, options);
    let wire = bytes.len() as u32 + segment.payload;
    let frame = Frame { time: Timestamp(time), wire, bytes: &bytes, transport: Some(0), tcp: Some(segment), ..Frame::default() };
    *analyser.analyse(handle, &frame, way, false)
}

fn data(sequence: u32, payload: u32) -> Segment {
    Segment { sequence, acknowledgement: 1, flags: ACK, window: 500, payload }
}

#[test]
fn beyond_ten_thousand_segments_none_is_noted() {
    let (mut analyser, mut handle) = (Analyser::default(), 0);
    let most = UNACKED_PER_FLOW as u32;
    for n in 0..most + 10 {
        let analysis = see(&mut analyser, &mut handle, A, n.into(), data(1000 + n * 10, 10), &[]);
        assert_eq!(analysis.bytes_in_flight, Some((n + 1).min(most) * 10));
    }
    // A FIN that is not noted does not count a number.
    let end = 1000 + (most + 10) * 10;
    see(&mut analyser, &mut handle, A, 0, Segment { flags: ACK | FIN, ..data(end, 0) }, &[]);
    assert!(see(&mut analyser, &mut handle, A, 0, data(end, 10), &[]).flags.is_empty());
    assert_eq!(analyser.sums().not_noted, 0);
    analyser.release(handle);
    let mut other = 0;
    assert_eq!(see(&mut analyser, &mut other, A, 0, data(5, 7), &[]).bytes_in_flight, Some(7));
    assert_eq!(other, handle, "room is used again");
}

#[test]
fn what_finds_no_room_is_counted() {
    let mut analyser = Analyser::default();
    for n in 0..=ANALYSED_PER_SHARD {
        let mut handle = 0;
        let analysis = see(&mut analyser, &mut handle, A, 0, data(1000, 10), &[]);
        assert_eq!(handle == 0, n == ANALYSED_PER_SHARD);
        assert_eq!(analysis.bytes_in_flight.is_some(), n < UNACKED_PER_SHARD.min(ANALYSED_PER_SHARD));
    }
    assert_eq!((analyser.sums().not_analysed, analyser.sums().not_noted), (1, 0));
    let mut first = 1;
    see(&mut analyser, &mut first, A, 0, data(1010, 10), &[]);
    assert_eq!(analyser.sums().not_noted, 1);
}

#[test]
fn many_control_segments_are_counted_exactly() {
    let (mut analyser, mut handle) = (Analyser::default(), 0);
    for _ in 0..1000 {
        see(&mut analyser, &mut handle, B, 0, Segment { flags: RST | ACK, ..data(9, 0) }, &[]);
    }
    assert_eq!(analyser.figures(handle).control, [0, 0, 0, 1000]);
    assert_eq!(analyser.figures(0), ConnectionFigures::default());
}

#[test]
fn multipath_says_other_things_with_the_same_acknowledgement() {
    let (mut analyser, mut handle) = (Analyser::default(), 0);
    let mut ack = |options: &[u8]| see(&mut analyser, &mut handle, A, 0, data(1000, 0), options).flags;
    let (data_ack, remove) = ([30, 8, 0x20, 1, 0, 0, 0, 1], [30, 4, 0x40, 1]);
    ack(&data_ack);
    assert_eq!(ack(&remove), AnalysisFlags::NONE, "a kind was seen since");
    assert_eq!(ack(&[]), AnalysisFlags::NONE, "and another");
    assert_eq!(ack(&data_ack), AnalysisFlags::DUPLICATE_ACK, "nothing new");
}

#[test]
fn an_ip_length_beyond_the_frame_is_not_believed() {
    let (mut analyser, mut handle) = (Analyser::default(), 0);
    let segment = data(1000, 100);
    let bytes = header(&segment, &[]);
    let frame = Frame { wire: 60, bytes: &bytes, transport: Some(0), tcp: Some(segment), ..Frame::default() };
    assert_eq!(analyser.analyse(&mut handle, &frame, A, false).bytes_in_flight, Some(40));
}

/// An IPv4 fragment of a segment with 20 bytes of header and `length` of data.
fn piece(whole: &[u8], from: usize, to: usize) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    bytes[2..4].copy_from_slice(&(20 + (to - from) as u16).to_be_bytes());
    let flags = (from / 8) as u16 | if to < whole.len() { 0x2000 } else { 0 };
    bytes[6..8].copy_from_slice(&flags.to_be_bytes());
    bytes.extend(&whole[from..to]);
    bytes
}

proptest! {
    /// Fragments come in any order and more than once: the segment is complete exactly once all of it was seen.
    #[test]
    fn fragments_complete_a_segment(length in 40usize..2000, step in 1usize..40, order in any::<u64>()) {
        let mut whole = header(&data(7, 0), &[]);
        whole.resize(20 + length, 0x55);
        let mut pieces: Vec<(usize, usize)> =
            (0..whole.len()).step_by(8 * step).map(|from| (from, (from + 8 * step).min(whole.len()))).collect();
        prop_assume!(pieces.len() > 1 && pieces.len() <= SPLIT_PIECES);
        // Any order, by a number.
        let mut seed = order;
        for at in (1..pieces.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            pieces.swap(at, (seed >> 33) as usize % (at + 1));
        }
        let mut split = SplitSegments::default();
        let mut take = |&(from, to): &(usize, usize)| {
            let bytes = piece(&whole, from, to);
            let flow = Some(FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, 1, 2));
            let frame = Frame { bytes: &bytes, net: Some(0), net_end: bytes.len() as u32, flow, fragment: true, ..Frame::default() };
            split.take(&frame)
        };
        let (last, others) = pieces.split_last().unwrap();
        for one in others.iter().chain(others) {
            prop_assert!(take(one).is_none());
        }
        let found = take(last).unwrap();
        prop_assert_eq!(found.segment, Segment { payload: length as u32, ..data(7, 0) });
        prop_assert!(take(last).is_none(), "the next datagram of this number begins anew");
    }

    /// Whatever comes, in whatever order of time: no panic, and what is kept of connections is given back.
    #[test]
    fn any_segments_in_any_order(
        steps in prop::collection::vec(
            (any::<bool>(), 0u8..64, 0u32..6, 0u32..6, prop::sample::select(vec![0u32, 1, 2, 1460, u32::MAX]), any::<u16>(), any::<i64>(), 0usize..4),
            1..200,
        ),
    ) {
        const NUMBERS: [u32; 6] = [0, 1, u32::MAX, 1 << 31, 1000, 2460];
        const OPTIONS: [&[u8]; 4] = [&[], &[3, 3, 200, 0], &[1, 1, 5, 10, 0, 0, 0, 9, 255, 255, 255, 255], &[30, 4, 0xf0, 0]];
        let (mut analyser, mut handle) = (Analyser::default(), 0);
        for (way, flags, sequence, acknowledgement, payload, window, time, options) in steps {
            let segment = Segment {
                sequence: NUMBERS[sequence as usize],
                acknowledgement: NUMBERS[acknowledgement as usize],
                flags,
                window,
                payload,
            };
            let bytes = header(&segment, OPTIONS[options]);
            let frame = Frame {
                time: Timestamp(time),
                wire: u32::MAX,
                bytes: &bytes,
                transport: Some(0),
                tcp: Some(segment),
                ..Frame::default()
            };
            analyser.analyse(&mut handle, &frame, if way { A } else { B }, false);
        }
        let counted: u64 = analyser.figures(handle).flags.iter().map(|&n| u64::from(n)).sum();
        prop_assert_eq!(counted, analyser.sums().flags.iter().map(|(_, n)| n).sum::<u64>());
        analyser.release(handle);
        prop_assert_eq!(analyser.figures(handle), ConnectionFigures::default());
    }
}

#[test]
fn an_acknowledgement_of_more_than_was_seen_shows_the_initial_round_trip_although_nothing_is_said_of_it() {
    let (mut analyser, mut handle) = (Analyser::default(), 0);
    let segment = |sequence, acknowledgement, flags| Segment { sequence, acknowledgement, flags, window: 500, payload: 0 };
    see(&mut analyser, &mut handle, A, 0, segment(1_000, 0, SYN), &[]);
    see(&mut analyser, &mut handle, B, 8, segment(5_000, 1_001, SYN | ACK), &[]);
    see(&mut analyser, &mut handle, A, 10, segment(1_001, 5_001, ACK), &[]);
    let first = see(&mut analyser, &mut handle, B, 20, segment(5_001, 2_461, ACK), &[]);
    assert_eq!(first.flags, AnalysisFlags::ACK_LOST_SEGMENT);
    let next = see(&mut analyser, &mut handle, B, 21, segment(5_001, 3_921, ACK), &[]);
    assert_eq!((next.flags, next.as_printed().initial_rtt), (AnalysisFlags::NONE, Some(10)));
    let plain = see(&mut analyser, &mut handle, A, 22, segment(1_001, 5_001, ACK), &[]);
    assert_eq!((plain.flags, plain.as_printed().initial_rtt), (AnalysisFlags::DUPLICATE_ACK, Some(10)));
}

#[test]
fn a_client_waits_while_it_spoke_last() {
    let (mut analyser, mut handle) = (Analyser::default(), 0);
    let segment = |sequence, acknowledgement, payload| Segment { sequence, acknowledgement, flags: ACK, window: 500, payload };
    see(&mut analyser, &mut handle, A, 1, Segment { flags: SYN, ..segment(1_000, 0, 0) }, &[]);
    see(&mut analyser, &mut handle, B, 2, Segment { flags: SYN | ACK, ..segment(5_000, 1_001, 0) }, &[]);
    see(&mut analyser, &mut handle, A, 3, segment(1_001, 5_001, 0), &[]);
    assert!(!analyser.asks(handle, A), "nothing was asked");
    see(&mut analyser, &mut handle, A, 4, segment(1_001, 5_001, 100), &[]);
    see(&mut analyser, &mut handle, B, 5, segment(5_001, 1_101, 0), &[]);
    assert!(analyser.asks(handle, A), "it was acknowledged and not answered");
    see(&mut analyser, &mut handle, B, 6, segment(5_001, 1_101, 10), &[]);
    see(&mut analyser, &mut handle, A, 7, segment(1_101, 5_011, 0), &[]);
    assert!(!analyser.asks(handle, A) && !analyser.asks(0, A));
}

/// A segment that was left out and is traffic after all counts by its flags and as what it is, and moves no number.
#[test]
fn what_was_left_out_counts_in_its_connection() {
    let (mut analyser, mut handle) = (Analyser::default(), 0);
    let syn = Segment { sequence: 99, acknowledgement: 0, flags: SYN, window: 500, payload: 0 };
    see(&mut analyser, &mut handle, A, 0, syn, &[]);
    see(&mut analyser, &mut handle, A, 10, data(100, 10), &[]);
    see(&mut analyser, &mut handle, A, 20, data(110, 10), &[]);
    let before = analyser.connections.clone();
    for (time, segment) in [(5, syn), (6, syn), (25, data(110, 10)), (26, Segment { flags: ACK | FIN, ..data(120, 0) })] {
        analyser.count_again(handle, &segment, Timestamp(time), A);
    }
    let figures = analyser.figures(handle);
    assert_eq!((figures.control, figures.data_segments, figures.of(AnalysisFlags::RETRANSMISSION)), ([3, 0, 1, 0], 3, 3));
    assert_eq!(analyser.sums().flags.of(AnalysisFlags::RETRANSMISSION), 3, "the sum of the rows");
    assert_eq!(analyser.connections[0].sides[0].next, before[0].sides[0].next);
    assert_eq!(analyser.connections[0].sides[0].next_time, before[0].sides[0].next_time);
    analyser.count_again(0, &syn, Timestamp(0), A);
    assert_eq!(analyser.figures(handle), figures, "of a connection without room nothing is counted");
}

/// The flags stand before the options: those of a header that the capture cuts count as well.
#[test]
fn flags_count_where_options_are_cut() {
    let (mut analyser, mut handle) = (Analyser::default(), 0);
    let syn = Segment { sequence: 99, acknowledgement: 0, flags: SYN, window: 500, payload: 0 };
    let mut bytes = header(&syn, &[1; 20]);
    bytes.truncate(24);
    let frame = Frame { time: Timestamp(0), wire: 60, bytes: &bytes, transport: Some(0), tcp: Some(syn), ..Frame::default() };
    let analysis = *analyser.analyse(&mut handle, &frame, A, false);
    assert_eq!((analysis.control, analysis.flags), (SYN, AnalysisFlags::NONE));
    assert_eq!(analyser.figures(handle).control, [1, 0, 0, 0]);
}

/// As Wireshark prints it: the refusal of a SYN is its answer; whoever gives up, or ends what was never acknowledged, answers nothing.
#[test]
fn only_an_answer_ends_the_initial_round_trip() {
    let rtt = |segments: &[(Direction, i64, u8, u32)]| {
        let (mut analyser, mut handle) = (Analyser::default(), 0);
        for &(way, time, flags, acknowledgement) in segments {
            let sequence = if way == A { 1_000 + u32::from(flags & SYN == 0) } else { 5_000 + u32::from(flags & SYN == 0) };
            see(&mut analyser, &mut handle, way, time, Segment { sequence, acknowledgement, flags, window: 500, payload: 0 }, &[]);
        }
        (analyser.figures(handle).initial_rtt, analyser.sums().initial_rtt.len())
    };
    let syn = (A, 10, SYN, 0);
    assert_eq!(rtt(&[syn, (B, 15, RST | ACK, 1_001)]), (Some(5), 1));
    assert_eq!(rtt(&[syn, (A, 64_000, RST | ACK, 0)]), (None, 0));
    let answered = (B, 12, SYN | ACK, 1_001);
    assert_eq!(rtt(&[syn, answered, (B, 64_000, RST | ACK, 1_001)]), (None, 0));
    assert_eq!(rtt(&[syn, answered, (A, 14, ACK, 5_001)]), (Some(4), 1));
    assert_eq!(rtt(&[syn, answered, (A, 4, ACK, 5_001)]), (None, 0), "the clock was set back");
}

#[test]
fn what_is_acknowledged_before_it_was_sent_is_no_round_trip() {
    let trips = |acknowledged: i64| {
        let (mut analyser, mut handle) = (Analyser::default(), 0);
        see(&mut analyser, &mut handle, A, SECOND, data(1_000, 10), &[]);
        let back = Segment { sequence: 1, acknowledgement: 1_010, flags: ACK, window: 500, payload: 0 };
        see(&mut analyser, &mut handle, B, acknowledged, back, &[]);
        analyser.figures(handle).round_trips.sides[B as usize].count
    };
    assert_eq!([SECOND - 1, SECOND, 61 * SECOND, 61 * SECOND + 1].map(trips), [0, 1, 1, 0]);
}
