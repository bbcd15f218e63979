//! Round trips from the middle of the path: the time from a segment to its acknowledgement is the way from the mirrored port to its receiver
//! and back; what is acknowledged in the other direction measures the other half.
//!
//! Segments that were sent twice say nothing (Karn's algorithm, RFC 6298 section 3). Receivers may wait with the acknowledgement of a single
//! segment, so the median is told of those of two segments or more. A connection's first round trips are all taken in, later ones now and
//! then: it costs a cache line each time.

use super::turns::{TurnData, Turns};
use crate::model::limits::MEASURED_PER_SHARD;
use crate::model::time::SECOND;
use crate::model::{CapScale, Direction, LeastTrip, RoundTripFigures, SideTrips, Timestamp, TurnFigures, TurnStep, memory};

/// Round trips of a connection that are all taken in.
const ALL_OF: u32 = 4;

/// Later ones: one in so many ticks.
const PAUSE: u32 = 960;

/// Nanoseconds of a tick, as a power of two: a millisecond.
const TICK: u32 = 20;

/// The longest round trip there is, nanoseconds: whoever waits for longer sends again (RFC 6298 section 2.4), and what lies beyond is two clocks.
const TRIP_MOST: i64 = 60 * SECOND;

/// Whether so many nanoseconds may be a round trip: nothing is answered before it was sent, unless a clock is set.
#[inline(always)]
pub fn is_trip(nanos: i64) -> bool {
    (0..=TRIP_MOST).contains(&nanos)
}

/// Buckets of a histogram: four an octave, from a microsecond to 16 seconds.
const BUCKETS: usize = 96;

/// The bucket of a duration in microseconds.
fn bucket(micros: u32) -> usize {
    let micros = micros.max(1);
    let octave = micros.ilog2();
    let quarter = (u64::from(micros) << 2 >> octave) & 3;
    (octave as usize * 4 + quarter as usize).min(BUCKETS - 1)
}

/// The middle of a bucket, in nanoseconds.
fn middle(bucket: usize) -> i64 {
    let (octave, quarter) = (bucket / 4, bucket as i64 % 4);
    // Twice the lower bound is (8 + 2q) quarters, and a quarter more is the middle.
    (((9 + 2 * quarter) * 1_000) << octave) / 8
}

/// The bucket of a duration in nanoseconds.
fn bucket_of(nanos: i64) -> usize {
    bucket(u32::try_from(nanos / 1_000).unwrap_or(u32::MAX))
}

/// Durations that are few or have many repetitions: a count that is full halves all.
#[derive(Debug, Clone, Copy)]
struct Sketch([u8; BUCKETS]);

impl Sketch {
    const NONE: Sketch = Sketch([0; BUCKETS]);

    fn count(&mut self, at: usize) {
        let Some(n) = self.0.get_mut(at) else { return };
        *n += 1;
        if *n == u8::MAX {
            self.0.iter_mut().for_each(|n| *n /= 2);
        }
    }

    /// What these shares of the durations do not exceed, the smaller share first; `None` without any.
    fn quantiles<const N: usize>(&self, shares: [f64; N]) -> Option<[i64; N]> {
        let all: u32 = self.0.iter().map(|n| u32::from(*n)).sum();
        if all == 0 {
            return None;
        }
        let ranks = shares.map(|share| (f64::from(all) * share).ceil().max(1.0) as u32);
        let (mut found, mut next, mut seen) = ([0; N], 0, 0);
        for (at, n) in self.0.iter().enumerate().filter(|(_, n)| **n > 0) {
            seen += u32::from(*n);
            for (place, _) in found.iter_mut().zip(ranks).skip(next).take_while(|(_, rank)| seen >= *rank) {
                *place = middle(at);
                next += 1;
            }
            if next == N {
                break;
            }
        }
        Some(found)
    }
}

/// Round trips of a side that were prompt: the buckets of the first ones, each in a byte and one more than it is, or with the highest bit set where a
/// [`Sketch`] of more of them is. Most connections have no more than a few.
#[derive(Debug, Clone, Copy)]
struct Prompt(u32);

impl Prompt {
    const NONE: Prompt = Prompt(0);
    const MANY: u32 = 1 << 31;

    fn sketch(self) -> Option<usize> {
        (self.0 & Self::MANY != 0).then_some((self.0 & !Self::MANY) as usize)
    }

    fn count(&mut self, at: usize, sketches: &mut Sketches) {
        if let Some(sketch) = self.sketch() {
            return sketches.all.get_mut(sketch).into_iter().for_each(|sketch| sketch.count(at));
        }
        let mut few = self.0.to_le_bytes();
        if let Some(free) = few.iter_mut().find(|byte| **byte == 0) {
            *free = at as u8 + 1;
            self.0 = u32::from_le_bytes(few);
            return;
        }
        let mut sketch = Sketch::NONE;
        few.iter().map(|byte| usize::from(byte - 1)).chain([at]).for_each(|at| sketch.count(at));
        self.0 = Self::MANY | sketches.add(sketch);
    }

    /// See [`Sketch::quantiles`].
    fn quantiles<const N: usize>(self, shares: [f64; N], sketches: &Sketches) -> Option<[i64; N]> {
        if let Some(sketch) = self.sketch() {
            return sketches.all.get(sketch)?.quantiles(shares);
        }
        let mut few = self.0.to_le_bytes();
        few.sort_unstable_by_key(|byte| byte.wrapping_sub(1));
        let count = few.iter().filter(|byte| **byte > 0).count();
        let of_rank = |share: f64| few.get((count as f64 * share).ceil().max(1.0) as usize - 1).copied().unwrap_or(0);
        (count > 0).then(|| shares.map(|share| middle(usize::from(of_rank(share).saturating_sub(1)))))
    }
}

const _: () = assert!(BUCKETS < 128, "a bucket, one more than it is, leaves the highest bit of its byte free");

/// Sketches of all connections, by their places.
#[derive(Debug, Default)]
struct Sketches {
    all: Vec<Sketch>,
    free: Vec<u32>,
}

impl Sketches {
    fn add(&mut self, sketch: Sketch) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.all.get_mut(at as usize).into_iter().for_each(|place| *place = sketch);
                at
            }
            None => {
                self.all.push(sketch);
                self.all.len() as u32 - 1
            }
        }
    }
}

/// What every round trip of a side touches.
#[derive(Debug, Clone, Copy)]
struct Extremes {
    min: i64,
    max: i64,
    handshake: i64,
    count: u32,
    prompt: Prompt,
}

/// A connection's round trips, by side: a cache line that all of them touch.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Record {
    extremes: [Extremes; 2],
    turns: Turns,
}

const _: () = assert!(size_of::<[Extremes; 2]>() == 64 && size_of::<Record>() == 128);

impl Record {
    const NEW: Record =
        Record { extremes: [Extremes { min: i64::MAX, max: 0, handshake: 0, count: 0, prompt: Prompt::NONE }; 2], turns: Turns::NEW };
}

/// What of it a connection keeps beside its other state.
#[derive(Debug, Clone, Copy, Default)]
pub struct TripsHandle {
    /// Of the record (0: none).
    record: u32,
    /// The tick from which on the next one is taken in.
    next: u32,
}

impl TripsHandle {
    /// Of a connection of which nothing was measured.
    pub const NONE: TripsHandle = TripsHandle { record: 0, next: 0 };

    /// Whether nothing is taken in at a tick. The ticks wrap after weeks; a pause is short.
    #[inline(always)]
    fn pauses(self, tick: u32) -> bool {
        self.next != 0 && tick.wrapping_sub(self.next) as i32 <= 0
    }
}

/// A time between a segment and its acknowledgement.
#[derive(Debug, Clone, Copy)]
pub struct Trip {
    /// When it was acknowledged.
    pub time: Timestamp,
    /// The direction of the acknowledgement: it comes from the end that is measured.
    pub way: Direction,
    /// Nanoseconds.
    pub nanos: i64,
    /// Whether the receiver cannot have waited with it.
    pub prompt: bool,
    /// Whether it is one of the handshake's.
    pub handshake: bool,
    /// Whether it is the answer to a SYN.
    pub answers: bool,
}

/// The round trips of a shard's connections.
#[derive(Debug, Default)]
pub struct RoundTrips {
    caps: CapScale,
    records: Vec<Record>,
    free: Vec<u32>,
    sketches: Sketches,
}

impl RoundTrips {
    /// None; of as many connections as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { caps, ..Self::default() }
    }

    /// Bytes of a connection's.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<Record>() + size_of::<u32>() + 2 * (size_of::<Sketch>() + size_of::<u32>());

    /// Asks the memory for what a round trip would be taken into that is measured at `time`, if it were, and for the turns where a segment
    /// `has_data`, which may begin one.
    #[inline(always)]
    pub fn prefetch(&self, handle: TripsHandle, time: Timestamp, has_data: bool) {
        if handle.record == 0 || (!has_data && handle.pauses((time.0 >> TICK) as u32)) {
            return;
        }
        if let Some(record) = self.records.get((handle.record as usize).wrapping_sub(1)) {
            memory::prefetch(&record.extremes);
            if has_data {
                memory::prefetch(&record.turns);
            }
        }
    }

    /// Takes in a round trip unless there were many lately; whether it did.
    #[inline]
    pub fn note(&mut self, handle: &mut TripsHandle, trip: &Trip) -> bool {
        let tick = (trip.time.0 >> TICK) as u32;
        if handle.record != 0 && handle.pauses(tick) {
            return false;
        }
        self.take(handle, trip, tick)
    }

    #[inline(never)]
    fn take(&mut self, handle: &mut TripsHandle, trip: &Trip, tick: u32) -> bool {
        if handle.record == 0 {
            handle.record = match self.free.pop() {
                Some(at) => at,
                None if self.records.len() < self.caps.of(MEASURED_PER_SHARD) => {
                    if self.records.len() == self.records.capacity() {
                        // Growing copies all there is; room that is not used yet costs nothing.
                        self.records.reserve_exact(self.records.len().max(memory::LARGE / size_of::<Record>()));
                    }
                    self.records.push(Record::NEW);
                    self.records.len() as u32
                }
                None => return false,
            };
        }
        let Some(record) = self.records.get_mut((handle.record as usize).wrapping_sub(1)) else { return false };
        let Some(side) = record.extremes.get_mut(trip.way as usize) else { return false };
        if trip.handshake {
            side.handshake = trip.nanos;
        }
        if trip.answers {
            record.turns.opened(trip.way);
        }
        side.min = side.min.min(trip.nanos);
        side.max = side.max.max(trip.nanos);
        side.count = side.count.saturating_add(1);
        if side.count > ALL_OF {
            handle.next = tick.wrapping_add(PAUSE).max(1);
        }
        if trip.prompt {
            side.prompt.count(bucket_of(trip.nanos), &mut self.sketches);
        }
        true
    }

    /// Takes in new data of a connection behind new data of its other side: the step it is, of a connection whose beginning was seen.
    #[inline(never)]
    pub fn turn(&mut self, handle: TripsHandle, data: &TurnData) -> Option<TurnStep> {
        let record = self.records.get_mut((handle.record as usize).wrapping_sub(1))?;
        let half = |way: Direction| record.extremes.get(way as usize).filter(|of| of.count > 0).map_or(0, |of| of.min);
        let client = record.turns.client()?;
        let halves = [half(client), half(client.reversed())];
        let left = record.turns.data(data, halves);
        if record.turns.rests((data.time.0 >> TICK) as u16, data.way == client) {
            return None;
        }
        let step = TurnStep { after: data.other, network: 0, asks: data.way == client, is_whole: !data.after_hole, goes_on: false };
        let waited = data.time.since(data.other);
        Some(match left {
            Some(left) => TurnStep { network: waited.saturating_sub(left), ..step },
            None => TurnStep { is_whole: step.is_whole && step.asks, ..step },
        })
    }

    /// The step that it is when the server of a connection goes on with what it says.
    #[inline(never)]
    pub fn goes_on(&self, handle: TripsHandle, data: &TurnData) -> Option<TurnStep> {
        let record = self.records.get((handle.record as usize).wrapping_sub(1))?;
        let asks = data.way == record.turns.client()?;
        if record.turns.is_resting() {
            return None;
        }
        let network = record.extremes.get(data.way as usize).filter(|of| of.count > 0).map_or(0, |of| of.min);
        Some(TurnStep { after: data.other, network, asks, is_whole: !data.after_hole, goes_on: true })
    }

    /// Of the turns of a connection none is of interest that begins soon after now.
    pub fn rest(&mut self, handle: TripsHandle, now: Timestamp) {
        if let Some(record) = self.records.get_mut((handle.record as usize).wrapping_sub(1)) {
            record.turns.rest((now.0 >> TICK) as u16);
        }
    }

    /// A side of a connection says by FIN that it has no more; what it said last came then.
    #[inline(never)]
    pub fn over(&mut self, handle: TripsHandle, way: Direction, last: Timestamp) {
        if let Some(record) = self.records.get_mut((handle.record as usize).wrapping_sub(1)) {
            record.turns.over(way, last);
        }
    }

    /// Something of a connection was sent again, so many nanoseconds after its sender sent anything before.
    #[inline(never)]
    pub fn sent_again(&mut self, handle: TripsHandle, time: Timestamp, waited: i64) {
        let Some(record) = self.records.get_mut((handle.record as usize).wrapping_sub(1)) else { return };
        let known = record.extremes.iter().filter(|of| of.count > 0);
        let usual = known.fold(0i64, |sum, of| sum.saturating_add(of.min.saturating_mul(2)));
        record.turns.stalled(time, waited.saturating_sub(usual));
    }

    /// The turns of a connection; `last` is when each direction sent something new last.
    pub fn turns(&self, handle: TripsHandle, last: [Timestamp; 2]) -> TurnFigures {
        self.records.get((handle.record as usize).wrapping_sub(1)).map_or_else(TurnFigures::default, |record| record.turns.figures(last))
    }

    /// What is known of a connection.
    pub fn figures(&self, handle: TripsHandle) -> RoundTripFigures {
        let Some(record) = self.records.get((handle.record as usize).wrapping_sub(1)) else { return RoundTripFigures::default() };
        let side = |of: &Extremes| SideTrips {
            count: of.count,
            min: if of.count == 0 { 0 } else { of.min },
            // What is told within a tenth does not contradict what is known exactly.
            quantiles: (of.count > 0)
                .then(|| of.prompt.quantiles([0.5, 0.95], &self.sketches))
                .flatten()
                .map(|of_all| of_all.map(|nanos| nanos.clamp(of.min, of.max.max(of.min)))),
        };
        let half = |of: &Extremes| Some(of.handshake).filter(|&nanos| nanos > 0);
        let [a, b] = &record.extremes;
        RoundTripFigures { sides: [side(a), side(b)], handshake: [half(a), half(b)] }
    }

    /// The shortest of a connection, by the end that was measured.
    pub fn least(&self, handle: TripsHandle) -> [Option<LeastTrip>; 2] {
        let record = self.records.get((handle.record as usize).wrapping_sub(1));
        let of = |of: &Extremes| (of.count > 0).then_some(LeastTrip { nanos: of.min, of: of.count });
        record.map_or([None; 2], |record| record.extremes.each_ref().map(of))
    }

    /// Forgets a connection's.
    pub fn release(&mut self, handle: TripsHandle) {
        if let Some(record) = self.records.get_mut((handle.record as usize).wrapping_sub(1)) {
            let old = std::mem::replace(record, Record::NEW);
            self.sketches.free.extend(old.extremes.iter().filter_map(|of| of.prompt.sketch()).map(|at| at as u32));
            self.free.push(handle.record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{MILLISECOND, SECOND};

    fn trip(time: i64, nanos: i64, prompt: bool) -> Trip {
        Trip { time: Timestamp(time), way: Direction::BToA, nanos, prompt, handshake: false, answers: false }
    }

    #[test]
    fn buckets_are_within_a_tenth_of_what_is_in_them() {
        for micros in [1u32, 2, 3, 4, 5, 7, 9, 100, 999, 12_345, 300_000, 7_000_000, 15_000_000] {
            let (told, is) = (middle(bucket(micros)) as f64, f64::from(micros) * 1000.0);
            assert!((told / is - 1.0).abs() <= if micros < 4 { 0.25 } else { 0.125 }, "{micros}: {told}");
        }
        assert_eq!(bucket(u32::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_those_of_the_rank() {
        let of = |micros: &[i64]| {
            let (mut prompt, mut sketches) = (Prompt::NONE, Sketches::default());
            micros.iter().for_each(|micros| prompt.count(bucket_of(micros * 1_000), &mut sketches));
            prompt.quantiles([0.5, 0.95], &sketches)
        };
        let middle_of = |micros| middle(bucket(micros));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some([middle_of(7); 2]));
        assert_eq!(of(&[100, 9]), Some([middle_of(9), middle_of(100)]));
        let mut twenty: Vec<i64> = vec![10; 19];
        twenty.push(5_000);
        assert_eq!(of(&twenty), Some([middle_of(10); 2]), "95 of 100 of twenty are nineteen");
        twenty.push(5_000);
        assert_eq!(of(&twenty), Some([middle_of(10), middle_of(5_000)]));
    }

    #[test]
    fn the_first_ones_say_what_a_sketch_of_them_would() {
        let mut sketches = Sketches::default();
        for micros in [&[9][..], &[9, 0], &[500, 9, 9], &[20_000_000, 3, 70, 3], &[1, 2, 3, 4, 5], &[40, 30, 20, 10, 1, 1, 1]] {
            let (mut prompt, mut sketch) = (Prompt::NONE, Sketch::NONE);
            for nanos in micros.iter().map(|micros| micros * 1_000) {
                prompt.count(bucket_of(nanos), &mut sketches);
                sketch.count(bucket_of(nanos));
            }
            let shares = [0.01, 0.5, 0.75, 0.95];
            assert_eq!(prompt.quantiles(shares, &sketches), sketch.quantiles(shares), "{micros:?}");
        }
        assert_eq!(sketches.all.len(), 2, "of those with more than four");
    }

    #[test]
    fn a_sketch_is_given_back() {
        let (mut trips, mut handle) = (RoundTrips::default(), TripsHandle::default());
        for _ in 0..2 {
            (0..9).for_each(|n| assert!(trips.note(&mut handle, &trip(2 * n * SECOND, MILLISECOND, true))));
            trips.release(std::mem::take(&mut handle));
        }
        assert_eq!((trips.sketches.all.len(), trips.sketches.free.len(), trips.figures(handle)), (1, 1, RoundTripFigures::default()));
    }

    #[test]
    fn only_prompt_ones_have_a_median_and_all_have_a_least() {
        let (mut trips, mut handle) = (RoundTrips::default(), TripsHandle::default());
        assert!(trips.note(&mut handle, &trip(SECOND, 40 * MILLISECOND, false)));
        let [quiet, side] = trips.figures(handle).sides;
        assert_eq!((quiet, side.count, side.min, side.quantiles), (SideTrips::default(), 1, 40 * MILLISECOND, None));
        for n in 0..9 {
            assert!(trips.note(&mut handle, &trip((2 + 2 * n) * SECOND, (2 + n) * MILLISECOND, true)));
        }
        let side = trips.figures(handle).sides[1];
        let [p50, p95] = side.quantiles.unwrap();
        assert_eq!((side.count, side.min), (10, 2 * MILLISECOND));
        assert!((5_300_000..6_700_000).contains(&p50) && (9_000_000..11_100_000).contains(&p95), "{p50} {p95}");
    }

    #[test]
    fn of_many_one_in_a_while_is_taken_in() {
        let (mut trips, mut handle) = (RoundTrips::default(), TripsHandle::default());
        let taken = (0..10_000).filter(|n| trips.note(&mut handle, &trip(SECOND + n * MILLISECOND, MILLISECOND, true))).count();
        assert!((4 + 8..4 + 13).contains(&taken), "{taken}");
        trips.release(handle);
        assert_eq!(trips.figures(handle), RoundTripFigures::default());
        assert_eq!((trips.records.len(), trips.free.len()), (1, 1));
    }

    #[test]
    fn the_cap_is_kept() {
        let mut trips = RoundTrips::default();
        let taken = (0..MEASURED_PER_SHARD + 9).filter(|_| trips.note(&mut TripsHandle::default(), &trip(SECOND, 5, true))).count();
        assert_eq!(taken, MEASURED_PER_SHARD);
    }
}
