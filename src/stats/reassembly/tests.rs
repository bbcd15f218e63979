use super::*;
use crate::model::Sum;
use crate::model::limits::{REASSEMBLY_CHUNKS, REASSEMBLY_CHUNKS_PER_STREAM};
use crate::model::tcp::ACK;
use proptest::prelude::*;
use std::ops::ControlFlow::{Break, Continue};

/// What a stream gave out: its bytes, `None` for each that is missing.
#[derive(Debug, Default)]
struct Out {
    bytes: Vec<Option<u8>>,
    gaps: Vec<u32>,
    end: Option<StreamEnd>,
}

impl Out {
    fn add(&mut self, piece: StreamPiece<'_>) -> ControlFlow<()> {
        assert_eq!(self.end, None, "{piece:?} behind the end");
        match piece {
            StreamPiece::Bytes(bytes) => {
                assert!(!bytes.is_empty());
                self.bytes.extend(bytes.iter().copied().map(Some));
            }
            StreamPiece::Gap(n) => {
                assert!(n > 0);
                self.gaps.push(n);
                self.bytes.extend((0..n).map(|_| None));
            }
            StreamPiece::End(end) => self.end = Some(end),
        }
        Continue(())
    }
}

/// The byte at a place of the stream.
fn byte(at: u32) -> u8 {
    (at.wrapping_mul(2_654_435_761) >> 24) as u8
}

struct Stream {
    pool: ReassemblyPool,
    stream: Reassembler,
    out: Out,
    isn: u32,
    now: i64,
}

impl Stream {
    fn new(isn: u32) -> Self {
        Self { pool: ReassemblyPool::default(), stream: Reassembler::default(), out: Out::default(), isn, now: 0 }
    }

    fn open(isn: u32) -> Self {
        let mut s = Self::new(isn);
        s.raw(isn, SYN, 0, &[]);
        s
    }

    fn raw(&mut self, sequence: u32, flags: u8, payload: u32, bytes: &[u8]) {
        let segment = Segment { sequence, acknowledgement: 0, flags, window: 0, payload };
        let out = &mut self.out;
        self.stream.segment(&mut self.pool, &segment, bytes, Timestamp(self.now), |piece| out.add(piece));
        assert!(self.pool.held_bytes() <= REASSEMBLY_CHUNKS_PER_STREAM * 512);
    }

    /// Bytes `at` to `at + length` of the stream, of which `captured` are there.
    fn cut(&mut self, at: u32, length: u32, captured: u32, flags: u8) {
        // Behind the captured part of the payload may be padding.
        let mut bytes: Vec<u8> = (at..at + captured.min(length)).map(byte).collect();
        if captured >= length {
            bytes.extend([0xee; 7]);
        }
        self.raw(self.isn.wrapping_add(1 + at), flags, length, &bytes);
    }

    fn data(&mut self, at: u32, length: u32) {
        self.cut(at, length, length, ACK);
    }

    fn ack(&mut self, at: u32) {
        let out = &mut self.out;
        self.stream.acknowledged(&mut self.pool, self.isn.wrapping_add(1 + at), Timestamp(self.now), |piece| out.add(piece));
    }

    fn finish(&mut self) {
        let out = &mut self.out;
        self.stream.finish(&mut self.pool, |piece| out.add(piece));
        assert_eq!(self.pool.held_bytes(), 0, "everything is given back");
    }

    /// No byte that was given out is wrong; the length of what was given out.
    fn check(&self) -> u32 {
        for (at, got) in self.out.bytes.iter().enumerate() {
            assert!(got.is_none_or(|b| b == byte(at as u32)), "byte {at}");
        }
        self.out.bytes.len() as u32
    }

    fn missing(&self) -> usize {
        self.out.bytes.iter().filter(|b| b.is_none()).count()
    }
}

#[test]
fn in_order_nothing_is_held() {
    let mut s = Stream::open(u32::MAX - 3000);
    for n in 0..10 {
        s.data(n * 1000, 1000);
        assert_eq!((s.check(), s.pool.held_bytes()), ((n + 1) * 1000, 0));
    }
    s.cut(10_000, 50, 50, ACK | FIN);
    assert_eq!((s.check(), s.out.end, s.missing()), (10_050, Some(StreamEnd::Fin), 0));
    assert!(s.stream.is_over());
    s.data(10_050, 10);
    assert_eq!(s.check(), 10_050);
    assert_eq!(*s.pool.counts(), ReassemblyCounts::default());
}

#[test]
fn swapped_and_overlapping_segments_come_out_in_order() {
    let mut s = Stream::open(u32::MAX - 100);
    s.data(100, 100);
    s.data(300, 700);
    s.data(150, 170);
    assert_eq!(s.check(), 0);
    s.data(0, 120);
    assert_eq!((s.check(), s.missing(), s.pool.held_bytes()), (1000, 0, 0));
    s.data(900, 300);
    s.data(1199, 1);
    assert_eq!((s.check(), s.missing()), (1200, 0), "a keep-alive is no byte");
}

#[test]
fn a_fin_ahead_of_data_waits_for_it() {
    let mut s = Stream::open(7);
    s.cut(100, 0, 0, ACK | FIN);
    s.data(100, 50);
    assert_eq!((s.check(), s.out.end), (0, None));
    s.data(0, 100);
    assert_eq!((s.check(), s.out.end), (100, Some(StreamEnd::Fin)), "nothing is behind the end");
}

#[test]
fn an_acknowledged_gap_is_given_up_after_a_while() {
    let mut s = Stream::open(7);
    s.data(0, 100);
    s.data(200, 100);
    s.ack(300);
    s.now = WAIT - 1;
    s.ack(300);
    s.data(200, 100);
    assert_eq!(s.check(), 100);
    s.now = WAIT;
    s.ack(300);
    assert_eq!((s.check(), s.missing()), (300, 100));
    assert_eq!(s.out.gaps, [100]);
    assert_eq!((s.pool.counts().gaps, s.pool.counts().gap_bytes, s.pool.counts().held), (1, 100, 2));
    s.data(100, 100);
    s.data(300, 10);
    assert_eq!((s.check(), s.missing()), (310, 100), "what was given up comes too late");
}

#[test]
fn data_that_always_comes_behind_its_acknowledgement_has_no_gaps() {
    let mut s = Stream::open(7);
    for n in 0..100 {
        s.now += WAIT / 2;
        s.ack((n + 4) * 100);
        s.data(n * 100, 100);
    }
    assert_eq!((s.check(), s.missing()), (10_000, 0));
}

#[test]
fn what_was_not_captured_is_a_gap_at_once() {
    let mut s = Stream::open(7);
    s.cut(0, 1000, 60, ACK);
    assert_eq!((s.check(), s.missing()), (1000, 940));
    s.cut(2000, 1000, 60, ACK);
    s.cut(1000, 1000, 0, ACK);
    assert_eq!((s.check(), s.missing()), (3000, 940 + 1000 + 940));
}

#[test]
fn joined_midway_it_begins_with_the_first_segment_of_more_than_one_byte() {
    let mut s = Stream::new(7);
    s.raw(107, ACK, 1, &[0]);
    s.raw(108, ACK, 0, &[]);
    s.isn = 107;
    s.data(0, 30);
    assert_eq!(s.check(), 30);
    let mut s = Stream::new(7);
    s.stream = Reassembler::starting_at(8);
    s.data(10, 10);
    s.data(0, 10);
    assert_eq!(s.check(), 20);
}

#[test]
fn a_single_byte_ahead_is_not_believed() {
    let mut s = Stream::open(7);
    s.raw(8 + 99, ACK, 1, &[0]);
    s.data(0, 100);
    assert_eq!((s.check(), s.missing()), (100, 0));
}

#[test]
fn a_wild_segment_is_left_out_and_an_outage_survived() {
    let mut s = Stream::open(7);
    s.data(0, 100);
    let far = REASSEMBLY_AHEAD + 5000;
    s.data(far, 100);
    s.data(100, 100);
    assert_eq!((s.check(), s.pool.counts().outside), (200, 1));
    s.data(300, 100);
    s.data(far + 100, 100);
    s.data(far + 200, 100);
    assert_eq!((s.check(), s.out.gaps.len()), (far + 300, 2));
    assert_eq!(s.missing() as u32, 100 + far + 200 - 400);
}

#[test]
fn beyond_its_share_the_first_gap_is_given_up() {
    let mut s = Stream::open(7);
    let most = REASSEMBLY_CHUNKS_PER_STREAM as u32;
    for n in 0..most {
        s.data(1000 + n * 10, 10);
        assert_eq!(s.check(), 0);
    }
    s.data(5000, 10);
    assert_eq!((s.check(), s.missing()), (1000 + most * 10, 1000));
    assert_eq!(s.pool.held_bytes(), 512);
    s.data(1000 + most * 10, 60_000);
    assert_eq!((s.check(), s.missing(), s.pool.held_bytes()), (1000 + most * 10 + 60_000, 1000, 0));
    // One segment of more than a stream may hold.
    s.data(100_000, 60_000);
    assert_eq!((s.check(), s.pool.held_bytes()), (160_000, 0));
}

#[test]
fn when_the_pool_is_full_the_stream_that_needs_more_ends() {
    let mut pool = ReassemblyPool::default();
    let bytes = [0u8; 500 * REASSEMBLY_CHUNKS_PER_STREAM];
    let segment = Segment { sequence: 100, acknowledgement: 0, flags: ACK, window: 0, payload: bytes.len() as u32 };
    let mut streams: Vec<Reassembler> = Vec::new();
    let mut ends = Vec::new();
    for _ in 0..REASSEMBLY_CHUNKS / REASSEMBLY_CHUNKS_PER_STREAM + 2 {
        let mut stream = Reassembler::starting_at(0);
        stream.segment(&mut pool, &segment, &bytes, Timestamp(0), |piece| {
            ends.push(piece == StreamPiece::End(StreamEnd::Overflow));
            Continue(())
        });
        streams.push(stream);
    }
    assert_eq!((ends, pool.counts().overflows), (vec![true; 2], 2));
    assert_eq!(pool.held_bytes(), REASSEMBLY_CHUNKS * 512);
    assert_eq!(streams.iter().filter(|s| s.is_over()).count(), 2);
    streams.iter_mut().for_each(|s| s.release(&mut pool));
    assert_eq!(pool.held_bytes(), 0);
}

#[test]
fn whoever_has_enough_breaks() {
    let mut s = Stream::open(7);
    s.data(100, 2000);
    let mut pieces = 0;
    let segment = Segment { sequence: 8, acknowledgement: 0, flags: ACK, window: 0, payload: 100 };
    s.stream.segment(&mut s.pool, &segment, &[1; 100], Timestamp(0), |_| {
        pieces += 1;
        if pieces == 2 { Break(()) } else { Continue(()) }
    });
    assert_eq!((pieces, s.pool.held_bytes(), s.stream.is_over()), (2, 0, true));
}

#[test]
fn counts_merge_and_subtract() {
    let a = ReassemblyCounts { held: 1, gaps: 2, gap_bytes: 3, outside: 4, overflows: 5 };
    let mut twice = a;
    twice.merge(&a);
    assert_eq!((twice.gap_bytes, twice.since(&a)), (6, a));
}

/// What happens to a stream: a segment of it is seen, cut or not, or an acknowledgement.
#[derive(Debug, Clone)]
enum Event {
    Seen { at: u32, length: u32, captured: u32, flags: u8 },
    Acknowledged(u32),
}

fn events(length: u32) -> impl Strategy<Value = Vec<(Event, i64)>> {
    let seen = (0..length, 0u32..2000, prop_oneof![9 => Just(u32::MAX), 1 => 0u32..100]).prop_map(move |(at, n, captured)| {
        let n = n.min(length - at);
        Event::Seen { at, length: n, captured, flags: if at + n == length { ACK | FIN } else { ACK } }
    });
    let acked = (0..length).prop_map(Event::Acknowledged);
    prop::collection::vec((prop_oneof![8 => seen, 1 => acked], 0..WAIT / 4), 0..120)
}

proptest! {
    #[test]
    fn what_comes_out_is_the_stream_or_gaps(isn in any::<u32>(), events in events(20_000), syn in any::<bool>()) {
        let mut s = Stream::new(isn);
        if syn { s.raw(isn, SYN, 0, &[]) } else { s.stream = Reassembler::starting_at(isn.wrapping_add(1)) }
        for (event, dt) in events {
            s.now += dt;
            match event {
                // A single byte may be a keep-alive, which is tested elsewhere.
                Event::Seen { at, length, captured, flags } => s.cut(at, length, captured, flags),
                Event::Acknowledged(at) => s.ack(at),
            }
            prop_assert!(s.check() <= 20_000);
        }
        if s.out.end.is_none() {
            s.finish();
        }
        prop_assert!(s.check() <= 20_000);
        prop_assert_eq!(s.pool.held_bytes(), 0);
        prop_assert_eq!(s.pool.counts().gaps, s.out.gaps.len() as u64);
    }

    /// Every part of the stream comes, often more than once, in any order that the bounds allow, and nothing is missing in the end.
    #[test]
    fn any_permutation_of_overlapping_segments_is_the_stream(
        isn in any::<u32>(),
        parts in prop::collection::vec((2u32..400, 0u32..200, any::<u32>()), 1..60),
    ) {
        let mut segments = Vec::new();
        let mut at = 0u32;
        for (length, overlap, order) in &parts {
            let start = at.saturating_sub(*overlap);
            segments.push((order % 16 + segments.len() as u32, start, at + length - start));
            if order.is_multiple_of(3) {
                segments.push((order % 23 + segments.len() as u32, start, *length));
            }
            at += length;
        }
        segments.sort();
        let mut s = Stream::open(isn);
        for (_, start, length) in segments {
            s.data(start, length);
            s.check();
        }
        prop_assert_eq!((s.check(), s.missing(), s.pool.held_bytes()), (at, 0, 0));
    }

    #[test]
    fn nonsense_keeps_to_the_cap(
        steps in prop::collection::vec((any::<u32>(), any::<u8>(), 0u32..70_000, 0usize..3000, any::<bool>()), 0..300),
        mask in prop::sample::select(vec![0xffffu32, 0xf_ffff, u32::MAX]),
    ) {
        let (mut s, bytes) = (Stream::new(0), [0u8; 3000]);
        for (number, flags, payload, captured, acknowledges) in steps {
            s.now += WAIT / 3;
            s.out.bytes.clear();
            if acknowledges { s.ack(number & mask) } else { s.raw(number & mask, flags, payload, &bytes[..captured]) }
        }
        s.stream.release(&mut s.pool);
        prop_assert_eq!(s.pool.held_bytes(), 0);
    }
}
