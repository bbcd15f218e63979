//! Load over time: puts the groups' parts of an interval and the router's facts about it together.

use crate::engine::fold::message::IntervalPart;
use crate::model::{Sum, Timestamp, Traffic};
use crate::snapshot::{FineLoad, Load, Sample};
use crate::stats::series::Mergeable;
use crate::stats::{Burst, Doubling, Series};
use std::collections::VecDeque;

impl Mergeable for Sample {
    fn start(&self) -> i64 {
        self.start.0
    }

    fn absorb(&mut self, other: &Self) {
        let end = self.start.plus(self.length).max(other.start.plus(other.length));
        self.start = self.start.min(other.start);
        self.length = end.since(self.start);
        self.traffic.add(other.traffic);
        self.inbound_bytes = self.inbound_bytes.saturating_add(other.inbound_bytes);
        self.outbound_bytes = self.outbound_bytes.saturating_add(other.outbound_bytes);
        self.set_burst(self.burst().larger(other.burst()));
    }

    fn shift(&mut self, nanos: i64) {
        self.start = self.start.plus(nanos);
        self.peak_ms_at = self.peak_ms_at.map(|at| at.plus(nanos));
    }
}

/// The load history.
pub struct Timeline {
    interval: i64,
    contributors: usize,
    series: Series<Sample>,
    /// Intervals not all have reported yet, from number `base` on.
    waiting: VecDeque<(usize, Sample)>,
    base: u64,
    /// Before which intervals the clock was set back, and by how much.
    steps: VecDeque<(u64, i64)>,
    peak: Option<Sample>,
    burst: Burst,
    /// The load in fine bins, until the clock is set back: their times would no longer be those of the intervals.
    fine: Option<Fine>,
    live: bool,
    /// Intervals that have ended, for whoever wants each of them.
    ended: Option<Vec<Sample>>,
}

/// Bins of all time, and on a live port the newest ones by themselves: of four seconds, and of two minutes.
struct Levels<B> {
    all: Doubling<B>,
    recent: Vec<Doubling<B>>,
}

/// The widths of the newest bins: a millisecond times two to this.
const RECENT: [u32; 2] = [0, 5];

impl<B: Sum + Default> Levels<B> {
    fn new(live: bool) -> Self {
        Self { all: Doubling::default(), recent: RECENT.iter().filter(|_| live).map(|&shift| Doubling::recent(shift)).collect() }
    }

    fn add(&mut self, part: &Doubling<B>) {
        self.all.add(part);
        self.recent.iter_mut().for_each(|level| level.add(part));
    }

    fn each(&self) -> impl Iterator<Item = &Doubling<B>> {
        std::iter::once(&self.all).chain(&self.recent)
    }
}

/// The load in fine bins, with the busiest milliseconds of the link.
struct Fine {
    load: Levels<IntervalPart>,
    peaks: Levels<Burst>,
}

impl Fine {
    fn new(live: bool) -> Self {
        Self { load: Levels::new(live), peaks: Levels::new(live) }
    }

    fn loads(&self) -> Vec<FineLoad> {
        let level = |(at, (load, peaks)): (usize, (&Doubling<IntervalPart>, &Doubling<Burst>))| {
            let width = load.width();
            let samples = load.iter().filter(|(_, part)| part.traffic.packets > 0).map(|(start, part)| {
                let mut sample = Sample { start, length: width, ..Sample::default() };
                sample.add_part(*part);
                let peak = peaks.overlapping(start, width).copied().fold(Burst::default(), Burst::larger);
                sample.set_burst(peak);
                sample
            });
            Some(FineLoad { width, since: load.begins().filter(|_| at > 0), samples: samples.collect() })
        };
        self.load.each().zip(self.peaks.each()).enumerate().filter_map(level).filter(|fine| !fine.samples.is_empty()).collect()
    }
}

/// What a capture holds as a whole: earliest and latest packet, and what was analysed.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Earliest packet.
    pub first: Timestamp,
    /// Latest packet.
    pub latest: Timestamp,
    /// Everything analysed.
    pub total: Traffic,
}

impl Timeline {
    /// A history of intervals of `interval` nanoseconds, each reported by the router and `groups` groups.
    pub fn new(interval: i64, groups: usize, live: bool) -> Self {
        Self {
            interval,
            contributors: groups + 1,
            series: Series::new(interval),
            waiting: VecDeque::new(),
            base: 0,
            steps: VecDeque::new(),
            peak: None,
            burst: Burst::default(),
            fine: Some(Fine::new(live)),
            live,
            ended: None,
        }
    }

    /// Keeps intervals that end until they are asked for.
    pub fn keep_ended(&mut self) {
        self.ended = Some(Vec::new());
    }

    /// The intervals that have ended since the last call.
    pub fn ended(&mut self) -> impl Iterator<Item = Sample> + '_ {
        self.ended.iter_mut().flat_map(|list| list.drain(..))
    }

    /// Forgets the history; interval numbers go on.
    pub fn reset(&mut self) {
        self.series = Series::new(self.interval);
        self.peak = None;
        self.burst = Burst::default();
        self.fine = Some(Fine::new(self.live));
    }

    /// What the router knows of an interval: start, length, busiest millisecond.
    pub fn facts(&mut self, number: u64, sample: Sample) {
        self.contribute(number, |s| {
            s.start = sample.start;
            s.length = sample.length;
            s.set_burst(sample.burst());
        });
        self.burst = self.burst.larger(sample.burst());
    }

    /// A group's part of an interval.
    pub fn part(&mut self, number: u64, part: IntervalPart) {
        self.contribute(number, |s| s.add_part(part));
    }

    /// What came late, by the start of its interval.
    pub fn late_parts(&mut self, parts: Vec<(Timestamp, IntervalPart)>) {
        for (start, part) in parts {
            let mut sample = Sample { start, length: self.interval, ..Sample::default() };
            sample.add_part(part);
            self.add(sample);
        }
    }

    /// The busiest milliseconds of what came late.
    pub fn late_bursts(&mut self, bursts: Vec<(Timestamp, Burst)>) {
        for (start, burst) in bursts {
            let mut sample = Sample { start, length: self.interval, ..Sample::default() };
            sample.set_burst(burst);
            self.add(sample);
            self.burst = self.burst.larger(burst);
        }
    }

    /// The clock was set back by `nanos` before an interval: what came earlier stays as long ago as it was.
    pub fn clock_step(&mut self, number: u64, nanos: i64) {
        self.steps.push_back((number, nanos));
        self.fine = None;
    }

    /// A group's load since the snapshot before.
    pub fn fine(&mut self, part: &Doubling<IntervalPart>) {
        self.fine.iter_mut().for_each(|fine| fine.load.add(part));
    }

    /// The busiest milliseconds since the snapshot before.
    pub fn peaks(&mut self, peaks: &Doubling<Burst>) {
        self.fine.iter_mut().for_each(|fine| fine.peaks.add(peaks));
    }

    fn contribute(&mut self, number: u64, change: impl FnOnce(&mut Sample)) {
        let Some(at) = number.checked_sub(self.base).and_then(|n| usize::try_from(n).ok()) else { return };
        while self.waiting.len() <= at {
            self.waiting.push_back((self.contributors, Sample::default()));
        }
        if let Some((left, sample)) = self.waiting.get_mut(at) {
            change(sample);
            *left = left.saturating_sub(1);
        }
        while self.waiting.front().is_some_and(|w| w.0 == 0) {
            if let Some((_, sample)) = self.waiting.pop_front() {
                self.base += 1;
                if sample.traffic.packets > 0 {
                    self.add(sample);
                    self.ended.iter_mut().for_each(|list| list.push(sample));
                }
            }
            while self.steps.front().is_some_and(|step| step.0 <= self.base)
                && let Some((_, nanos)) = self.steps.pop_front()
            {
                self.series.shift(nanos);
                self.peak.iter_mut().for_each(|p| p.shift(nanos.saturating_neg()));
                self.burst.at = self.burst.at.plus(nanos.saturating_neg());
            }
        }
    }

    fn add(&mut self, sample: Sample) {
        if let Some(whole) = self.series.add(sample) {
            self.peak = Some(self.peak.map_or(whole, |peak| busier(peak, whole)));
        }
    }

    /// The load as a snapshot shows it, with at most `samples` samples. Without an extent no time is known, and nothing over time.
    pub fn load(&self, samples: usize, open: Option<Sample>, part: IntervalPart, extent: Option<Extent>) -> Load {
        let Some(extent) = extent else { return Load { interval: self.interval, ..Load::default() } };
        let open = open.map(|mut o| {
            o.add_part(part);
            o
        });
        let mut list = self.series.last(samples);
        // Of an interval whose packets were all left out only the load of the link is known.
        list.retain(|s| s.traffic.packets > 0);
        let burst = open.map_or(self.burst, |o| self.burst.larger(o.burst()));
        let peak_ms = (burst.traffic.wire_bytes > 0).then_some((burst.at, burst.traffic.wire_bytes, burst.traffic.packets));
        let fine = self.fine.as_ref().map(Fine::loads).unwrap_or_default();
        Load { interval: self.interval, samples: list, open, peak: self.peak(extent), peak_ms, fine }
    }

    /// The busiest interval; the capture as a whole where that is busier, because it lasts no longer than a few intervals: a peak is never
    /// below the mean.
    fn peak(&self, extent: Extent) -> Option<Sample> {
        let length = extent.latest.since(extent.first);
        let whole = Sample { start: extent.first, length, traffic: extent.total, ..Sample::default() };
        let busier = whole.bits_per_second() > self.peak.map_or(0.0, |p| p.bits_per_second());
        if busier { Some(whole) } else { self.peak }
    }
}

/// The one with more wire bytes; of equal ones the earlier, and the newer state of the same.
fn busier(peak: Sample, other: Sample) -> Sample {
    let order = |s: &Sample| (s.traffic.wire_bytes, std::cmp::Reverse(s.start));
    if order(&other) >= order(&peak) { other } else { peak }
}

impl Sample {
    fn add_part(&mut self, part: IntervalPart) {
        self.traffic.add(part.traffic);
        self.inbound_bytes = self.inbound_bytes.saturating_add(part.inbound);
        self.outbound_bytes = self.outbound_bytes.saturating_add(part.outbound);
    }

    fn burst(&self) -> Burst {
        let traffic = self.peak_ms();
        Burst { at: self.peak_ms_at.unwrap_or_default(), traffic, ..Burst::default() }
    }

    fn set_burst(&mut self, burst: Burst) {
        self.peak_ms_bytes = burst.traffic.wire_bytes;
        self.peak_ms_packets = burst.traffic.packets;
        self.peak_ms_at = (burst.traffic.wire_bytes > 0).then_some(burst.at);
    }
}
