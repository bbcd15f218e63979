//! How full the monitored link is, bin by bin: for how long at which share of its speed, and in which bursts.

use crate::model::Arrange as _;
use crate::model::evidence::{BURST, BURST_FULL, BURST_SHORT};
use crate::model::limits::{BURST_CONTRIBUTORS, BURST_MILLISECONDS, LINK_BURSTS};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::traffic::LINK_OVERHEAD;
use crate::model::{BurstContributor, LinkBurst, LinkLoad, LinkUse, LinkWays, Mac, Timestamp, Traffic};
use crate::stats::Burst;
use std::collections::VecDeque;

/// The latest bursts, all of which are kept.
const LATEST_BURSTS: usize = LINK_BURSTS / 2;

/// Bins that wait, because packets of them may still come.
const WAITING: usize = 4;

/// A burst that has not ended.
#[derive(Debug)]
struct Run {
    first: Timestamp,
    last: Timestamp,
    peak: u64,
    bytes: u64,
    top: [BurstContributor; 4 * BURST_CONTRIBUTORS],
    senders: usize,
}

/// What a link carries in a bin.
#[derive(Debug, Clone, Copy)]
struct Rate {
    speed: u64,
    bin: i64,
    /// Whether bursts are told: in a bin of a slower link a single frame would be one.
    has_bursts: bool,
    /// Bytes that the largest frame took up.
    largest: u64,
}

impl Rate {
    /// Bytes of a bin, without what the last frame in it has in the next: a frame counts where it was stamped.
    fn within(self, bytes: u64) -> u64 {
        let full = u64::try_from(u128::from(self.speed) * self.bin.max(1) as u128 / (8 * SECOND as u128)).unwrap_or(u64::MAX);
        if bytes > full && bytes - full < self.largest { full } else { bytes }
    }

    /// Bits per second of so many bytes in a bin.
    fn of(self, bytes: u64) -> u64 {
        u64::try_from(u128::from(bytes) * 8 * SECOND as u128 / self.bin.max(1) as u128).unwrap_or(u64::MAX)
    }

    fn share(self, bytes: u64) -> f64 {
        bytes as f64 * 8.0 * SECOND as f64 / self.bin as f64 / self.speed as f64
    }
}

/// Follows one measure of the link.
#[derive(Debug, Default)]
struct Meter {
    run: Option<Run>,
    load: LinkLoad,
    used: LinkUse,
    bursts: VecDeque<LinkBurst>,
}

/// Follows the bins of the link. Of one whose speed is not known nothing is said.
#[derive(Debug)]
pub struct LinkWatch {
    rate: Option<Rate>,
    /// Bytes in a bin from which on it is part of a burst.
    half: u64,
    waiting: Vec<Burst>,
    /// The newest that is settled.
    settled: Option<Timestamp>,
    /// Both ways together, the fuller one, and what that is at least where not every frame's way is known.
    meters: [Meter; 3],
    /// The station that is held for the one at the end of the link.
    end: Mac,
    /// Who sent in bins of bursts that are not settled, the latest last.
    senders: VecDeque<Senders>,
}

/// Who sent in a bin.
#[derive(Debug)]
struct Senders {
    at: Timestamp,
    list: [BurstContributor; BURST_CONTRIBUTORS],
    count: usize,
}

/// Adds to one of a list of at most as many as there is room for.
fn add(list: &mut [BurstContributor], count: &mut usize, one: BurstContributor) {
    let known = list.get_mut(..*count).unwrap_or_default();
    if let Some(known) = known.iter_mut().find(|known| known.ends == one.ends) {
        known.bytes = known.bytes.saturating_add(one.bytes);
    } else if let Some(free) = list.get_mut(*count) {
        *free = one;
        *count += 1;
    } else if let Some(least) = list.iter_mut().min_by_key(|known| known.bytes) {
        // The one with the least makes room and leaves what it had (space saving).
        *least = BurstContributor { ends: one.ends, bytes: least.bytes.saturating_add(one.bytes) };
    }
}

impl Meter {
    /// Takes in a bin of so many bytes on the link, and who sent in it.
    fn settle<'a>(&mut self, rate: Rate, at: Timestamp, bytes: u64, senders: impl Iterator<Item = &'a BurstContributor>) {
        let within = rate.within(bytes);
        let share = rate.share(within);
        self.load.bits = self.load.bits.saturating_add(bytes.saturating_mul(8));
        self.used.count(share);
        if self.run.as_ref().is_some_and(|run| at.since(run.last) > 2 * rate.bin) {
            self.end_run(rate);
        }
        if share < BURST.value() || !rate.has_bursts {
            return;
        }
        let none = [BurstContributor::default(); 4 * BURST_CONTRIBUTORS];
        let run = self.run.get_or_insert(Run { first: at, last: at, peak: 0, bytes: 0, top: none, senders: 0 });
        run.last = at;
        run.peak = run.peak.max(within);
        run.bytes = run.bytes.saturating_add(bytes);
        senders.for_each(|one| add(&mut run.top, &mut run.senders, *one));
    }

    fn end_run(&mut self, rate: Rate) {
        let Some(run) = self.run.take() else { return };
        let length = run.last.since(run.first).saturating_add(rate.bin);
        let peak = rate.of(run.peak);
        self.load.bursts = self.load.bursts.saturating_add(1);
        let is_short = length.div_euclid(MILLISECOND) <= i64::try_from(BURST_SHORT.number()).unwrap_or(i64::MAX);
        if is_short && peak as f64 >= BURST_FULL.value() * rate.speed as f64 {
            self.load.full_bursts = self.load.full_bursts.saturating_add(1);
            self.load.longest = self.load.longest.max(u32::try_from(length.div_euclid(MILLISECOND)).unwrap_or(u32::MAX));
        }
        self.used.bursts = self.used.bursts.saturating_add(1);
        self.keep(LinkBurst { at: run.first, length, peak, bytes: run.bytes, top: run.most() });
    }

    /// Keeps a burst. Where there are more than have room the lowest of those before the latest goes.
    fn keep(&mut self, burst: LinkBurst) {
        if self.bursts.len() >= LINK_BURSTS {
            let before = self.bursts.len().saturating_sub(LATEST_BURSTS - 1);
            let lowest = self.bursts.iter().take(before).enumerate().min_by_key(|(_, burst)| (burst.peak, burst.bytes));
            if let Some((at, _)) = lowest {
                self.bursts.remove(at);
            }
        }
        self.bursts.push_back(burst);
    }

    /// The beginning of the first burst from which on all are kept, where some are not.
    fn all_since(&self) -> Option<Timestamp> {
        let latest = self.bursts.len().checked_sub(LATEST_BURSTS).filter(|_| self.used.bursts > self.bursts.len() as u64);
        latest.and_then(|at| self.bursts.get(at)).map(|burst| burst.at)
    }
}

impl Run {
    /// Who sent most.
    fn most(&self) -> Vec<BurstContributor> {
        let mut top: Vec<BurstContributor> = self.top.iter().take(self.senders).copied().collect();
        // Not all frames were looked at, and on the link they take up more than their bytes.
        let seen = top.iter().fold(0u64, |sum, one| sum.saturating_add(one.bytes)).max(1);
        for one in &mut top {
            one.bytes = u64::try_from(u128::from(one.bytes) * u128::from(self.bytes) / u128::from(seen)).unwrap_or(u64::MAX);
        }
        top.arrange_by_key(|one| (std::cmp::Reverse(one.bytes), one.ends));
        top.truncate(BURST_CONTRIBUTORS / 2);
        top
    }
}

impl LinkWatch {
    /// Of a link of `speed` bits per second in bins of so many nanoseconds, where bursts are told from the speed `slowest` on.
    pub fn new(speed: Option<u64>, bin: i64, slowest: u64) -> Self {
        let rate = speed.filter(|speed| *speed >= 1_000_000).map(|speed| Rate { speed, bin, has_bursts: speed >= slowest, largest: 0 });
        let half = rate
            .filter(|rate| rate.has_bursts)
            .map_or(u64::MAX, |rate| (rate.speed as f64 / 8.0 * bin as f64 / SECOND as f64 * BURST.value()) as u64);
        let meters = Default::default();
        Self { rate, half, waiting: Vec::new(), settled: None, meters, end: Mac::default(), senders: VecDeque::new() }
    }

    /// Whether the speed of the link is known.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.rate.is_some()
    }

    /// Whether a bin with this traffic is part of a burst, both ways together: one that is by one way is by both.
    #[inline(always)]
    pub fn is_burst(&self, traffic: Traffic) -> bool {
        traffic.link_bytes() >= self.half
    }

    /// Takes notice of a frame's length.
    #[inline]
    pub fn frame(&mut self, wire: u32) {
        if let Some(rate) = &mut self.rate {
            rate.largest = rate.largest.max(u64::from(wire) + LINK_OVERHEAD);
        }
    }

    /// Takes notice of who is at the end of the link.
    pub fn ends_at(&mut self, end: Mac) {
        self.end = end;
    }

    /// Takes notice of a frame that came in a burst, in the bin that begins at `at`: who sends to whom.
    #[inline(never)]
    pub fn contribute(&mut self, at: Timestamp, frame: &[u8], wire: u32) {
        let Some(&[a, b, c, d, e, f, g, h, i, j, k, l]) = frame.first_chunk::<12>() else { return };
        let ends = [Mac([g, h, i, j, k, l]), Mac([a, b, c, d, e, f])];
        let place = self.senders.iter().rposition(|senders| senders.at == at);
        let place = place.unwrap_or_else(|| {
            if self.senders.len() >= BURST_MILLISECONDS {
                self.senders.pop_front();
            }
            self.senders.push_back(Senders { at, list: [BurstContributor::default(); BURST_CONTRIBUTORS], count: 0 });
            self.senders.len() - 1
        });
        if let Some(senders) = self.senders.get_mut(place) {
            add(&mut senders.list, &mut senders.count, BurstContributor { ends, bytes: wire.into() });
        }
    }

    /// Takes in a bin that is over, as far as the order of packets tells.
    pub fn note(&mut self, done: Burst) {
        if self.rate.is_none() || self.settled.is_some_and(|settled| done.at <= settled) {
            return;
        }
        match self.waiting.iter_mut().find(|waits| waits.at == done.at) {
            Some(waits) => *waits = waits.larger(done),
            None => self.waiting.push(done),
        }
        while self.waiting.len() > WAITING {
            self.settle();
        }
    }

    fn settle(&mut self) {
        let Some(at) = (0..self.waiting.len()).min_by_key(|at| self.waiting.get(*at).map(|waits| waits.at)) else { return };
        let done = self.waiting.swap_remove(at);
        self.settled = Some(done.at);
        let Some(rate) = self.rate else { return };
        let senders = self.senders.iter().position(|senders| senders.at == done.at).and_then(|at| self.senders.remove(at));
        let senders = senders.as_ref().and_then(|senders| senders.list.get(..senders.count)).unwrap_or_default();
        let both = done.traffic.link_bytes();
        // What is not from the station at the end goes to its end of the link: frames to groups, and those of a switch that does not know better.
        let [from, to] = [done.ways[0], both.saturating_sub(done.ways[0])];
        let [together, fuller, least] = &mut self.meters;
        together.settle(rate, done.at, both, senders.iter());
        // Who sent the other way has no part in it.
        let (is_from, end) = (from >= to, self.end);
        let there = senders.iter().filter(|one| (one.ends[0] == end) == is_from);
        fuller.settle(rate, done.at, from.max(to), there);
        least.settle(rate, done.at, from.max(done.ways[1]).max(both / 2), [].iter());
    }

    /// An interval ends: what was measured in it, of the fuller way, or what that is at least.
    pub fn interval(&mut self, start: Timestamp, length: i64, ways: LinkWays) -> Option<LinkLoad> {
        let rate = self.rate?;
        let [together, fuller, least] = self.meters.each_mut().map(|meter| {
            meter.used.nanos = meter.used.nanos.saturating_add(length.max(0));
            std::mem::take(&mut meter.load)
        });
        let load = match ways {
            LinkWays::Port => together,
            LinkWays::Fuller(_) => fuller,
            LinkWays::Both => least,
        };
        let beyond = if ways == LinkWays::Both { together.bits.saturating_sub(load.bits) } else { 0 };
        Some(LinkLoad { start, length, speed: rate.speed, beyond, ..load })
    }

    /// Nothing more comes, or the clock was set: what waits is settled.
    pub fn finish(&mut self) {
        while !self.waiting.is_empty() {
            self.settle();
        }
        if let Some(rate) = self.rate {
            self.meters.iter_mut().for_each(|meter| meter.end_run(rate));
        }
        self.settled = None;
    }

    /// Everything measured so far; `None` where the speed is not known.
    pub fn used(&self, ways: LinkWays) -> Option<LinkUse> {
        let Rate { speed, bin, .. } = self.rate?;
        let [together, fuller, _] = &self.meters;
        let meter = if matches!(ways, LinkWays::Fuller(_)) { fuller } else { together };
        let (list, all_since) = (meter.bursts.iter().cloned().collect(), meter.all_since());
        Some(LinkUse { speed, ways, bin, list, all_since, ..meter.used.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEED: u64 = 100_000_000;

    fn bin(millis: i64, bytes: u64, from: u64) -> Burst {
        Burst { at: Timestamp(millis * MILLISECOND), traffic: Traffic { packets: 0, wire_bytes: bytes }, ways: [from, 0] }
    }

    /// A link of 100 Mb/s: 12,500 bytes a millisecond.
    fn watch(bins: &[(i64, u64)]) -> LinkWatch {
        let mut watch = LinkWatch::new(Some(SPEED), MILLISECOND, SPEED);
        bins.iter().for_each(|(millis, bytes)| watch.note(bin(*millis, *bytes, 0)));
        watch.finish();
        watch
    }

    #[test]
    fn a_burst_is_a_run_of_milliseconds_and_a_gap_of_one_does_not_end_it() {
        let mut watch = watch(&[(0, 100), (1, 12_500), (2, 7_000), (3, 200), (4, 12_000), (5, 100), (9, 6_000), (20, 6_250)]);
        let load = watch.interval(Timestamp(0), 1_000 * MILLISECOND, LinkWays::Port).unwrap();
        let used = watch.used(LinkWays::Both).unwrap();
        let list: Vec<_> = used.list.iter().map(|b| (b.at.0 / MILLISECOND, b.length / MILLISECOND, b.peak, b.bytes)).collect();
        assert_eq!(list, [(1, 4, 100_000_000, 31_500), (20, 1, 50_000_000, 6_250)], "6,000 bytes are less than half");
        assert_eq!((load.bursts, load.full_bursts, load.longest, load.bits), (2, 1, 4, 8 * 44_150));
        assert_eq!(used.bursts, 2);
    }

    #[test]
    fn the_highest_bursts_and_the_latest_are_kept() {
        let high = |n: i64| n == 3 || n == 700;
        let bins: Vec<_> = (0..1_000).map(|n| (n * 10, if high(n) { 12_500 } else { 7_000 + n as u64 })).collect();
        let kept = |count: usize| watch(&bins[..count]).used(LinkWays::Both).unwrap();
        let begins = |used: &LinkUse| used.list.iter().map(|b| b.at.0 / MILLISECOND / 10).collect::<Vec<_>>();
        let all = kept(LINK_BURSTS);
        assert_eq!((all.list.len(), all.all_since), (LINK_BURSTS, None), "all of them have room");
        let used = kept(1_000);
        let (list, latest) = (begins(&used), LINK_BURSTS as i64 / 2);
        assert_eq!((used.bursts, list.len(), list.is_sorted()), (1_000, LINK_BURSTS, true));
        assert!((1_000 - latest..1_000).all(|n| list.contains(&n)), "the latest");
        assert_eq!(used.all_since, Some(Timestamp((1_000 - latest) * 10 * MILLISECOND)));
        // Peaks grow, but for the two high ones.
        assert_eq!(list[..3], [3, 700, 1_000 - 2 * latest + 2]);
    }

    #[test]
    fn late_packets_complete_their_millisecond() {
        let watch = watch(&[(1, 5_000), (2, 100), (1, 12_500), (3, 100), (2, 150)]);
        assert_eq!(watch.used(LinkWays::Both).unwrap().list.len(), 1);
    }

    #[test]
    fn the_time_at_each_share_adds_up() {
        let mut watch = watch(&[(0, 100), (1, 12_500), (2, 25_000), (500, 6_000)]);
        watch.interval(Timestamp(0), 1_000 * MILLISECOND, LinkWays::Both);
        let used = watch.used(LinkWays::Both).unwrap();
        let classes = used.classes();
        assert!((classes.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{classes:?}");
        assert!(
            (classes[0] - 0.997).abs() < 1e-9 && (classes[19] - 0.001).abs() < 1e-9 && (classes[20] - 0.001).abs() < 1e-9,
            "{classes:?}"
        );
        assert_eq!(used.percentile(0.95), 0.05, "the upper end of its class");
        assert_eq!(LinkWatch::new(None, MILLISECOND, SPEED).used(LinkWays::Both), None);
    }

    #[test]
    fn a_link_is_as_full_as_its_fuller_way() {
        let end = Mac([0, 0, 0, 0, 0, 9]);
        let mut watch = LinkWatch::new(Some(SPEED), MILLISECOND, SPEED);
        watch.ends_at(end);
        // Seven tenths either way are no full link; then all of it from the station, beside answers.
        let frame = |to: u8, from: u8| [0, 0, 0, 0, 0, to, 0, 0, 0, 0, 0, from];
        watch.contribute(Timestamp(5 * MILLISECOND), &frame(1, 9), 12_500);
        watch.contribute(Timestamp(5 * MILLISECOND), &frame(9, 1), 1_000);
        [bin(0, 17_500, 8_750), bin(5, 13_500, 12_500)].into_iter().for_each(|bin| watch.note(bin));
        watch.finish();
        let fuller = watch.used(LinkWays::Fuller(end)).unwrap();
        let list = |used: &LinkUse| used.list.iter().map(|b| (b.peak, b.bytes, b.top.len())).collect::<Vec<_>>();
        assert_eq!(list(&fuller), [(70_000_000, 8_750, 0), (SPEED, 12_500, 1)]);
        assert_eq!(fuller.list[1].top[0].ends, [end, Mac([0, 0, 0, 0, 0, 1])], "who answers has no part in it");
        let both = watch.used(LinkWays::Both).unwrap();
        assert_eq!(list(&both), [(140_000_000, 17_500, 0), (108_000_000, 13_500, 2)]);
        assert_eq!((fuller.busy[13], fuller.busy[19], fuller.busy[20], both.busy[20]), (1, 1, 0, 2));
        assert!(!fuller.is_beyond_the_link() && !both.is_beyond_the_link(), "two ways carry twice as much");
        let load = watch.interval(Timestamp(0), SECOND, LinkWays::Fuller(end)).unwrap();
        assert_eq!((load.bits, load.full_bursts, load.beyond), (8 * 21_250, 1, 0));
    }

    #[test]
    fn a_frame_that_ends_in_the_next_bin_does_not_exceed_the_link() {
        let mut watch = LinkWatch::new(Some(SPEED), MILLISECOND, SPEED);
        watch.frame(1_514);
        [bin(0, 12_500 + 1_537, 0), bin(5, 12_500 + 1_538, 0)].into_iter().for_each(|bin| watch.note(bin));
        watch.finish();
        let used = watch.used(LinkWays::Port).unwrap();
        assert_eq!((used.busy[19], used.busy[20], used.is_beyond_the_link()), (1, 1, true));
        assert_eq!(used.list.iter().map(|b| b.peak).collect::<Vec<_>>(), [SPEED, 112_304_000]);
    }

    #[test]
    fn what_the_fuller_way_is_at_least() {
        let of = |bytes, ways| {
            let mut watch = LinkWatch::new(Some(SPEED), MILLISECOND, SPEED);
            watch.note(Burst { ways, ..bin(0, bytes, 0) });
            watch.finish();
            let load = watch.interval(Timestamp(0), SECOND, LinkWays::Both).unwrap();
            (load.bits / 8, load.beyond / 8, load.full_bursts)
        };
        assert_eq!(of(15_000, [0, 0]), (7_500, 7_500, 0), "half of it");
        assert_eq!(of(15_000, [12_000, 1_000]), (12_000, 3_000, 1), "what goes from the likeliest end");
        assert_eq!(of(15_000, [1_000, 12_000]), (12_000, 3_000, 1), "or to it");
    }

    #[test]
    fn bins_finer_than_a_millisecond() {
        // 100 µs of 1 Gb/s: 12,500 bytes; a gap of one bin does not end a burst, one of two does.
        let mut watch = LinkWatch::new(Some(10 * SPEED), 100_000, 10 * SPEED);
        for (at, bytes) in [(0, 12_500), (2, 6_300), (5, 12_500), (6, 6_249)] {
            watch.note(Burst { at: Timestamp(at * 100_000), traffic: Traffic { packets: 0, wire_bytes: bytes }, ways: [0; 2] });
        }
        watch.finish();
        watch.interval(Timestamp(0), MILLISECOND, LinkWays::Port);
        let used = watch.used(LinkWays::Port).unwrap();
        let list: Vec<_> = used.list.iter().map(|b| (b.at.0, b.length, b.peak, b.bytes)).collect();
        assert_eq!(list, [(0, 300_000, 10 * SPEED, 18_800), (500_000, 100_000, 10 * SPEED, 12_500)]);
        assert!((used.classes()[19] - 0.2).abs() < 1e-9 && used.bin_words() == "100 µs", "{:?}", used.classes());
        assert_eq!(LinkWatch::new(Some(SPEED), 100_000, 10 * SPEED).used(LinkWays::Port).map(|used| used.list.len()), Some(0));
    }

    #[test]
    fn who_fills_it_is_told_and_there_is_a_cap() {
        let mut watch = LinkWatch::new(Some(SPEED), MILLISECOND, SPEED);
        for n in 0..200u8 {
            let mut frame = [0u8; 12];
            frame[11] = if n % 2 == 0 { 1 } else { n };
            watch.contribute(Timestamp(0), &frame, 1_000);
        }
        watch.note(bin(0, 12_500, 0));
        watch.finish();
        let used = watch.used(LinkWays::Both).unwrap();
        let top = &used.list[0].top;
        assert!(
            top.len() <= BURST_CONTRIBUTORS && top[0].ends[0] == Mac([0, 0, 0, 0, 0, 1]) && (6_250..=12_500).contains(&top[0].bytes),
            "{top:?}"
        );
    }
}
