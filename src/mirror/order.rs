//! Effects seen before their causes, and the grain of the capture clock.
//!
//! Data that arrives after its acknowledgement is found by [`super::Loss`] and, long after, by [`super::Overtaken`], replies before their query by
//! [`super::UnmatchedCounts`]; here are handshakes and the clock. Cost: a branch a packet for handshakes,
//! 2 ns for the clock once its grain is settled.

use crate::model::sum::{Largest, Own, Sum, sums};
use crate::model::tcp::{TcpEvent, TcpMarks};
use crate::model::time::{MICROSECOND, SECOND};
use crate::model::{SeenAt, Timestamp};

/// Steps of a histogram of skews, eight an octave of microseconds: a value is known to 6 %. The last one holds everything beyond 2^31 µs.
pub const SKEW_BINS: usize = 8 * 30;

sums! {
    /// By how much effects came before their causes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Skews {
        /// Below 8 µs a bin each, then eight for what begins with the same bit.
        pub bins: [u64; SKEW_BINS],
    }
}

impl Default for Skews {
    fn default() -> Self {
        Self { bins: [0; SKEW_BINS] }
    }
}

impl Skews {
    /// Counts one, in nanoseconds (negative counts as 0).
    pub fn add(&mut self, nanos: i64) {
        let micros = nanos.max(0) as u64 / 1000;
        if let Some(bin) = self.bins.get_mut(bin_of(micros)) {
            *bin = bin.saturating_add(1);
        }
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.bins.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// How many are as much or more, in nanoseconds, as well as that is known.
    pub fn beyond(&self, nanos: i64) -> u64 {
        let least = bin_of(nanos.max(0) as u64 / 1000);
        self.bins.iter().skip(least).fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Seconds that a share of them (0 to 1) does not exceed, to two digits; `None` without any.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        self.bin_at(share).map(|bin| rounded(middle_of(bin)) / 1e6)
    }

    /// Seconds that a share of them (0 to 1) surely stays below: what lies in one bin with it may be more than its middle. `None` without any.
    pub fn below(&self, share: f64) -> Option<f64> {
        self.bin_at(share).map(|bin| rounded_up(end_of(bin)) / 1e6)
    }

    /// The bin up to which a share of them lies.
    fn bin_at(&self, share: f64) -> Option<usize> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        let want = (total as f64 * share.clamp(0.0, 1.0)).ceil().max(1.0) as u64;
        let mut sum = 0u64;
        self.bins.iter().position(|n| {
            sum = sum.saturating_add(*n);
            sum >= want
        })
    }
}

/// The bin of so many microseconds.
fn bin_of(micros: u64) -> usize {
    if micros < 8 {
        return micros as usize;
    }
    let octave = micros.ilog2();
    ((octave as usize - 2) * 8 + (micros >> (octave - 3)) as usize % 8).min(SKEW_BINS - 1)
}

/// The middle of a bin, microseconds.
fn middle_of(bin: usize) -> f64 {
    if bin < 8 {
        return bin as f64 + 0.5;
    }
    let width = (1u64 << (bin / 8 - 1)) as f64;
    (8 + bin % 8) as f64 * width + (width - 1.0) / 2.0
}

/// The end of a bin, microseconds: what lies in it is less.
fn end_of(bin: usize) -> f64 {
    if bin < 8 {
        return bin as f64 + 1.0;
    }
    (9 + bin % 8) as f64 * (1u64 << (bin / 8 - 1)) as f64
}

/// The digit of so many microseconds up to which they are known: the second.
fn digit(micros: f64) -> f64 {
    10f64.powf(micros.max(1.0).log10().floor() - 1.0).max(1.0)
}

/// As many digits as are known.
fn rounded(micros: f64) -> f64 {
    (micros / digit(micros)).round().max(1.0) * digit(micros)
}

/// The same, no less.
fn rounded_up(micros: f64) -> f64 {
    (micros / digit(micros)).ceil().max(1.0) * digit(micros)
}

/// How long SYN-ACKs are not counted as answers, from the beginning of the capture on: their SYN may have passed before the capture began.
const SETTLE: i64 = SECOND;

sums! {
    /// Handshakes, by whether cause came before effect.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct OrderCounts {
        /// Handshakes with SYN and SYN-ACK.
        pub handshakes: u64,
        /// Of them with the SYN-ACK first.
        pub inverted: u64,
        /// By how much.
        pub skew: Skews,
        /// Handshakes whose SYN came so long after the SYN-ACK that it may be a repeated one.
        pub far: u64,
        /// Of these those whose SYN-ACK came after the first second.
        pub far_resolved: u64,
        /// By how much.
        pub far_skew: Skews,
        /// SYN-ACKs, each handshake's first, after the first second.
        pub answers: u64,
        /// Of them those that came before their SYN, or without it.
        pub early: u64,
        /// Of these those whose SYN came later.
        pub resolved: u64,
        /// When those came whose SYN-ACK had come first.
        pub inverted_at: SeenAt,
        started: Option<Timestamp> => Own,
    }
}

impl OrderCounts {
    /// SYN-ACKs whose SYN was never seen.
    pub fn unmatched(&self) -> u64 {
        let far = if self.is_far_apart() { self.far_resolved } else { 0 };
        self.early.saturating_sub(self.resolved.saturating_add(far))
    }

    /// Whether most handshakes show their SYN half a second and more after its answer: SYNs are not repeated that often, the directions come
    /// that far apart.
    pub fn is_far_apart(&self) -> bool {
        self.far > self.handshakes
    }

    /// The same with the SYNs that came so late, where they are no repeated ones.
    #[must_use]
    pub fn with_far(&self) -> Self {
        let mut all = *self;
        if self.is_far_apart() {
            all.handshakes = all.handshakes.saturating_add(self.far);
            all.inverted = all.inverted.saturating_add(self.far);
            all.skew.merge(&self.far_skew);
        }
        all
    }

    /// Tells when the capture began.
    pub fn begin(&mut self, time: Timestamp) {
        self.started = Some(time);
    }

    /// Listens to what a segment did to its connection.
    #[inline]
    pub fn observe(&mut self, event: &TcpEvent, time: Timestamp) {
        if event.marks.has(TcpMarks::HANDSHAKE) {
            self.handshake(event, time);
        }
    }

    fn handshake(&mut self, event: &TcpEvent, time: Timestamp) {
        let is_settled = |time: Timestamp| self.started.is_some_and(|s| time.since(s) > SETTLE);
        let settled = u64::from(is_settled(time));
        if event.marks.has(TcpMarks::ANSWERED) {
            self.handshakes += 1;
            self.answers += settled;
        }
        if event.marks.has(TcpMarks::EARLY_ANSWER) {
            self.answers += settled;
            self.early += settled;
        }
        let lag = i64::from(event.lag) * MICROSECOND;
        if !event.marks.has(TcpMarks::LATE_SYN) {
            return;
        }
        self.inverted_at.note(time);
        // A SYN repeated a second later because the answer was slow is no violation.
        if lag >= SECOND / 2 {
            self.far_resolved += u64::from(is_settled(time.plus(-lag)));
            self.far += 1;
            self.far_skew.add(lag);
        } else {
            self.resolved += u64::from(is_settled(time.plus(-lag)));
            self.handshakes += 1;
            self.inverted += 1;
            self.skew.add(lag);
        }
    }
}

sums! {
    /// What time stamps tell of the clock that made them. Works on any subsequence of the packets; more packets, closer to the truth.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct ClockCounts {
        /// Packets looked at.
        pub packets: u64,
        /// Greatest common divisor of the differences between stamps, in nanoseconds (0: no difference seen).
        pub grain: Grain,
        /// Packets with the same stamp as the packet before.
        pub equal: u64,
        /// Longest run of equal stamps.
        pub longest_run: u64 => Largest,
        /// Packets stamped earlier than the packet before.
        pub backward: u64,
        run: u64 => Own,
        last: Option<Timestamp> => Own,
        differences: u64,
    }
}

/// Differences after which the grain is looked at once in 16: it can only get finer, and a finer one shows within a few.
const SETTLED: u64 = 4096;

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// What all differences between stamps are multiples of: those of packets of one part, and of one part's stamps and another's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Grain {
    /// Nanoseconds (0: no difference seen).
    pub nanos: u64,
    /// Any of the stamps.
    stamp: Option<Timestamp>,
}

impl Grain {
    fn note(&mut self, difference: u64) {
        self.nanos = gcd(self.nanos, difference);
    }
}

impl Sum for Grain {
    fn merge(&mut self, other: &Self) {
        self.note(other.nanos);
        if let Some((mine, theirs)) = self.stamp.zip(other.stamp) {
            self.note(mine.since(theirs).unsigned_abs());
        }
        self.stamp = self.stamp.or(other.stamp);
    }

    fn since(&self, _: &Self) -> Self {
        *self
    }
}

impl ClockCounts {
    /// Looks at a packet's stamp.
    #[inline]
    pub fn observe(&mut self, time: Timestamp) {
        self.packets += 1;
        let Some(last) = self.last.replace(time) else {
            self.grain.stamp = Some(time);
            return;
        };
        let difference = time.since(last);
        if difference == 0 {
            self.equal += 1;
            self.run += 1;
            self.longest_run = self.longest_run.max(self.run + 1);
            return;
        }
        self.run = 0;
        if difference < 0 {
            self.backward += 1;
        }
        self.differences += 1;
        if self.grain.nanos != 1 && (self.differences < SETTLED || self.differences.is_multiple_of(16)) {
            self.grain.note(difference.unsigned_abs());
        }
    }

    /// Differences the grain rests on.
    pub fn differences(&self) -> u64 {
        self.differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MILLISECOND;
    use proptest::prelude::*;

    fn event(marks: TcpMarks, lag: u32) -> TcpEvent {
        TcpEvent { marks, lag, ..TcpEvent::default() }
    }

    #[test]
    fn a_syn_behind_its_answer_is_a_violation_unless_it_is_far_behind() {
        let mut counts = OrderCounts::default();
        counts.observe(&event(TcpMarks::EARLY_ANSWER, 0), Timestamp(5_000));
        counts.observe(&event(TcpMarks::SYN | TcpMarks::LATE_SYN, 40), Timestamp(45_000));
        counts.observe(&event(TcpMarks::SYN_ACK, 0), Timestamp(50_000));
        assert_eq!((counts.handshakes, counts.inverted), (1, 1));
        assert_eq!(counts.skew.quantile(0.5), Some(42e-6), "40 µs lies between 40 and 44");
        counts.observe(&event(TcpMarks::ANSWERED, 0), Timestamp(1));
        counts.observe(&event(TcpMarks::LATE_SYN, 1_000_000), Timestamp(SECOND));
        assert_eq!((counts.handshakes, counts.inverted), (2, 1));
        assert_eq!((counts.far, counts.with_far().inverted), (1, 1));
    }

    #[test]
    fn directions_a_second_apart_are_no_repeated_syns() {
        let mut counts = OrderCounts::default();
        counts.begin(Timestamp(0));
        for n in 2..12 {
            counts.observe(&event(TcpMarks::EARLY_ANSWER, 0), Timestamp(n * SECOND));
            counts.observe(&event(TcpMarks::LATE_SYN, 1_000_000), Timestamp((n + 1) * SECOND));
        }
        assert_eq!((counts.handshakes, counts.inverted, counts.unmatched()), (0, 0, 0));
        let all = counts.with_far();
        assert_eq!((all.handshakes, all.inverted, all.skew.quantile(0.5)), (10, 10, Some(1.0)));
    }

    #[test]
    fn clocks_half_a_minute_apart_are_told_with_their_distance() {
        let mut counts = OrderCounts::default();
        counts.begin(Timestamp(0));
        for n in 2..12 {
            counts.observe(&event(TcpMarks::EARLY_ANSWER, 0), Timestamp(n * SECOND));
            counts.observe(&event(TcpMarks::LATE_SYN, 30_000_000), Timestamp((n + 30) * SECOND));
        }
        let all = counts.with_far();
        assert_eq!((all.handshakes, all.inverted, counts.unmatched()), (10, 10, 0));
        assert!(all.skew.quantile(0.5).is_some_and(|seconds| (seconds - 30.0).abs() < 2.0), "{:?}", all.skew.quantile(0.5));
    }

    #[test]
    fn what_most_stay_below_is_no_less_than_they_are() {
        let mut skews = Skews::default();
        // Two clocks 100 ms apart, less what the network takes: all in one bin.
        (0..248).for_each(|n| skews.add(90_200_000 + n * 31_000));
        assert_eq!((skews.quantile(0.5), skews.below(0.99)), (Some(0.094), Some(0.099)));
        for micros in [0u64, 1, 7, 8, 15, 16, 999, 1_000, 65_535, 98_303, 1_000_000] {
            let mut one = Skews::default();
            one.add(micros as i64 * 1000);
            let [middle, end] = [one.quantile(0.99), one.below(0.99)].map(|told| told.unwrap() * 1e6);
            assert!(end > micros as f64 && end >= middle && end <= micros as f64 * 1.25 + 1.0 + 1e-6, "{micros}: {middle} {end}");
        }
        assert_eq!(Skews::default().below(0.99), None);
    }

    #[test]
    fn a_skew_is_known_to_two_digits() {
        for micros in [1u64, 9, 40, 131, 924, 92_500, 131_072, 2_000_000, 1_000_000_000] {
            let mut skews = Skews::default();
            skews.add(micros as i64 * 1000);
            let told = skews.quantile(0.5).unwrap() * 1e6;
            assert!((told / micros as f64 - 1.0).abs() <= if micros < 8 { 1.0 } else { 0.11 }, "{micros}: {told}");
        }
    }

    #[test]
    fn a_syn_ack_without_its_syn_is_unmatched() {
        let mut counts = OrderCounts::default();
        counts.begin(Timestamp(0));
        // In the first second nothing is counted, also when the SYN comes later.
        counts.observe(&event(TcpMarks::EARLY_ANSWER, 0), Timestamp(5));
        counts.observe(&event(TcpMarks::LATE_SYN, 1_000), Timestamp(SECOND + 5));
        assert_eq!((counts.answers, counts.early, counts.resolved), (0, 0, 0));
        counts.observe(&event(TcpMarks::ANSWERED, 0), Timestamp(2 * SECOND));
        counts.observe(&event(TcpMarks::EARLY_ANSWER, 0), Timestamp(3 * SECOND));
        counts.observe(&event(TcpMarks::LATE_SYN, 0), Timestamp(3 * SECOND + 1));
        counts.observe(&event(TcpMarks::EARLY_ANSWER, 0), Timestamp(4 * SECOND));
        assert_eq!((counts.answers, counts.early, counts.resolved, counts.unmatched()), (3, 2, 1, 1));
        let earlier = counts;
        assert_eq!(counts.since(&earlier).answers, 0);
    }

    #[test]
    fn grain_runs_and_steps_of_the_clock() {
        let mut clock = ClockCounts::default();
        for t in [0, 64_000, 64_000, 64_000, 192_000, 128_000, 50 * MILLISECOND, 0] {
            clock.observe(Timestamp(t));
        }
        assert_eq!((clock.equal, clock.longest_run, clock.backward), (2, 3, 2));
        assert_eq!(clock.grain.nanos, 16_000);
    }

    #[test]
    fn stamps_of_different_parts_are_of_one_clock() {
        // Each part's packets come every 10 ms, some milliseconds behind those of another.
        let part = |behind: i64| {
            let mut clock = ClockCounts::default();
            (0..50).for_each(|n| clock.observe(Timestamp((10 * n + behind) * MILLISECOND)));
            clock
        };
        let of = |behind: &[i64]| {
            let mut all = ClockCounts::default();
            behind.iter().for_each(|behind| all.merge(&part(*behind)));
            (all.grain.nanos / MILLISECOND as u64, all.differences())
        };
        assert_eq!((of(&[0]), of(&[0, 0]), of(&[0, 20, 430])), ((10, 49), (10, 98), (10, 147)));
        assert_eq!((of(&[0, 1]), of(&[0, 5]), of(&[4, 0, 2])), ((1, 98), (5, 98), (2, 147)));
    }

    proptest! {
        #[test]
        fn grain_divides_every_difference(step in 1i64..1_000_000, times in prop::collection::vec(0i64..1_000_000, 2..200)) {
            let mut halves = [ClockCounts::default(), ClockCounts::default()];
            for (i, t) in times.iter().enumerate() {
                halves[i % 2].observe(Timestamp(t * step));
            }
            let mut all = halves[0];
            all.merge(&halves[1]);
            prop_assert_eq!(all.packets, times.len() as u64);
            prop_assert!(all.grain.nanos == 0 || all.grain.nanos % step as u64 == 0);
        }

        #[test]
        fn quantiles_bound_what_was_counted(values in prop::collection::vec(0i64..2_000_000_000, 1..100)) {
            let mut skews = Skews::default();
            values.iter().for_each(|v| skews.add(*v));
            prop_assert_eq!(skews.count(), values.len() as u64);
            let most = *values.iter().max().unwrap_or(&0) as f64 / 1e9;
            prop_assert!(skews.quantile(1.0).is_some_and(|q| (q - most).abs() <= most * 0.11 + 1e-6), "{most}");
        }
    }
}
