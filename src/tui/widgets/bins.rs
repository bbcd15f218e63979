//! Load by columns of dots: samples spread over bins of equal length, long silences cut out.

use crate::model::Arrange as _;
use crate::model::time::{MILLISECOND, SECOND, Timestamp};
use crate::model::{TimeSpan, Traffic};
use crate::snapshot::{Load, Sample};
use crate::tui::view::SCALES;

/// Mean load in one column of dots, all in units a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::tui) struct Bin {
    /// Wire bytes.
    pub bytes: f64,
    /// Packets.
    pub packets: f64,
    /// Wire bytes from inside to outside.
    pub outbound: f64,
    /// Wire bytes from outside to inside.
    pub inbound: f64,
    /// Wire bytes in the busiest millisecond of the intervals here, as a rate.
    pub peak_bytes: f64,
}

/// Bins without a cut between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Stretch {
    /// The first of its bins.
    pub bin: usize,
    /// How many.
    pub bins: usize,
    /// Beginning of the first, nanoseconds.
    pub start: i64,
    /// End of what is known of it: a silence or the end of everything.
    pub end: i64,
}

/// Which time is shown; spans in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Window {
    /// All of it, without long silences.
    Everything,
    /// The newest.
    Last(i64),
    /// As much before as behind a moment.
    Around(Timestamp, i64),
}

/// Load by columns of dots.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct Bins {
    /// Nanoseconds of one bin.
    pub span: i64,
    /// End of what is known.
    pub end: i64,
    /// The bins; `None` had no packets.
    pub bins: Vec<Option<Bin>>,
    /// Where the bins are in time; silences between them are cut out.
    pub stretches: Vec<Stretch>,
    /// What the samples in view add up to.
    pub facts: Facts,
}

/// What is said of the samples in view.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::tui) struct Facts {
    /// Wire bytes a second over the time in view.
    pub mean: f64,
    /// Wire bytes a second that 95 of 100 intervals stay below; `None` where too few are in view.
    pub p95: Option<f64>,
    /// Wire bytes a second in the largest stretch of `width`; `None` where nothing is finer than the mean.
    pub max: Option<f64>,
    /// Nanoseconds of such a stretch: an interval, or of a short capture so much that there are some dozens of them. It follows from what is
    /// known, not from the width of the screen.
    pub width: i64,
    /// The busiest millisecond: when, wire bytes a second.
    pub worst: Option<(Timestamp, f64)>,
    /// What it holds.
    pub worst_traffic: Traffic,
    /// Bytes a second on the link over the time in view.
    pub mean_link: f64,
}

/// Columns of dots that a cut takes.
pub(in crate::tui) const CUT: usize = 16;
/// What is younger fills this time from its left.
const YOUNGEST: i64 = 30 * SECOND;
/// Silences that are cut at most.
const CUTS: usize = 3;

fn end_of(sample: &Sample) -> i64 {
    sample.start.0.saturating_add(sample.length.max(1))
}

/// The samples of a load and the open interval: once half of it is over (before that its rate is a guess), or when nothing more will come.
struct Known<'a> {
    samples: &'a [Sample],
    open: Option<&'a Sample>,
    /// Nanoseconds of one, where all are equally wide.
    width: Option<i64>,
}

impl<'a> Known<'a> {
    fn of(load: &'a Load, finished: bool) -> Self {
        let joins = |open: &&Sample| finished || load.samples.is_empty() || open.length >= load.interval / 2;
        Self { samples: &load.samples, open: load.open.as_ref().filter(joins), width: None }
    }

    fn all(&self) -> impl Iterator<Item = &'a Sample> + use<'a> {
        self.since(i64::MIN)
    }

    /// Narrower bins in their place, where there are some since a moment (`None`: for all time).
    fn finer(&self, load: &'a Load, since: Option<i64>) -> Self {
        match load.finest(since.map(Timestamp)) {
            Some(fine) => Self { samples: &fine.samples, open: None, width: Some(fine.width) },
            None => Self { samples: self.samples, open: self.open, width: None },
        }
    }

    /// Those that end after a moment.
    fn since(&self, moment: i64) -> impl Iterator<Item = &'a Sample> + use<'a> {
        let begin = self.samples.partition_point(|s| end_of(s) <= moment);
        self.samples.iter().skip(begin).chain(self.open.filter(|open| end_of(open) > moment))
    }
}

/// Spreads samples over `count` bins that end at `now`. What is younger than a window fills a shorter time from its left. `finished`: nothing
/// more will come.
pub(in crate::tui) fn gather(load: &Load, now: Timestamp, shown: Window, count: usize, finished: bool) -> Bins {
    let intervals = Known::of(load, finished);
    let (Some(first), Some(last)) = (intervals.all().next(), intervals.open.or(intervals.samples.last())) else { return Bins::default() };
    let interval = load.interval.max(1);
    // A port that has fallen silent moves on with the clock; otherwise the picture ends where the last interval ends.
    let silent = now.0.saturating_sub(end_of(last)) > interval.saturating_mul(2);
    let mut end = if silent { now.0 } else { end_of(last) };
    let since = match shown {
        Window::Everything => None,
        Window::Last(span) => Some(end.saturating_sub(span)),
        Window::Around(at, span) => Some(at.0.saturating_sub(span)),
    };
    let known = intervals.finer(load, since);
    let mut begin = first.start.0;
    if let (true, Some(first), Some(last)) =
        (known.samples.as_ptr() != intervals.samples.as_ptr(), known.samples.first(), known.samples.last())
    {
        // Bins are known up to now, and narrow: there is no open one to wait for.
        begin = first.start.0.max(begin);
        end = if finished { end_of(last) } else { now.0.max(end_of(last)) };
    }
    let count = count.max(1);
    // What is shorter than the narrowest bin lies in one: all of that is shown.
    begin = begin.min(end.saturating_sub(MILLISECOND));
    let age = end.saturating_sub(begin);
    let (span, stretches) = match shown {
        Window::Last(span) => window(begin, end, age, span, count),
        Window::Everything => everything(&known, (begin, end), age, interval, count),
        Window::Around(at, span) => {
            let start = at.0.saturating_sub(span / 2).min(end.saturating_sub(span)).max(begin);
            end = end.min(start.saturating_add(span));
            (divided(span.max(1), count), vec![Stretch { bin: 0, bins: count, start, end }])
        }
    };
    let mut bins = vec![None::<Bin>; count];
    for stretch in &stretches {
        let Some(part) = bins.get_mut(stretch.bin..stretch.bin.saturating_add(stretch.bins)) else { continue };
        known.since(stretch.start).take_while(|s| s.start.0 < end).for_each(|sample| spread(sample, stretch.start, span, part));
        means(part, stretch.start, span, (begin, stretch.end));
        intervals.since(stretch.start).take_while(|s| s.start.0 < stretch.end).for_each(|sample| quiet(sample, stretch, span, part));
    }
    let from = stretches.first().map_or(begin, |s| s.start).max(begin);
    // Of a time without the network there is no load: numbers are of the rest, as the mean of everything is.
    let without = if shown == Window::Everything { length(&silences(&known, age, interval)) } else { 0 };
    let mut facts = facts(&known, &intervals, (from, end), (end.saturating_sub(from).saturating_sub(without), interval));
    let (max, width) = busiest(&known, &intervals, (from, end), if finished { interval } else { 0 });
    facts.width = width;
    facts.max = Some(max).filter(|max| *max > 0.0 && *max >= facts.mean * ROUNDED);
    Bins { span, end, bins, stretches, facts }
}

/// The time that a window of this length around a moment shows: at the ends of what is known it stays within that.
pub(in crate::tui) fn around(load: &Load, now: Timestamp, at: Timestamp, length: i64, finished: bool) -> Option<TimeSpan> {
    let known = Known::of(load, finished);
    let (first, last) = (known.all().next()?, known.open.or(known.samples.last())?);
    let end = if finished { end_of(last) } else { now.0.max(end_of(last)) };
    let start = at.0.saturating_sub(length / 2).min(end.saturating_sub(length)).max(first.start.0);
    Some(TimeSpan { from: Timestamp(start), to: Timestamp(end.min(start.saturating_add(length))) })
}

/// Spreads the load of a short time over `count` bins: all of it is known, and a bin without packets had none.
pub(in crate::tui) fn close_up(load: &Load, shown: TimeSpan, count: usize) -> Bins {
    let (start, end) = (shown.from.0, shown.to.0);
    let intervals = Known::of(load, true);
    let known = intervals.finer(load, None);
    let span = divided(shown.length().max(1), count.max(1));
    let mut bins = vec![Some(Bin::default()); count.max(1)];
    known.since(start).take_while(|s| s.start.0 < end).for_each(|sample| spread(sample, start, span, &mut bins));
    means(&mut bins, start, span, (start, end));
    let mut facts = facts(&known, &intervals, (start, end), (shown.length(), load.interval));
    let (max, width) = busiest(&known, &intervals, (start, end), load.interval);
    facts.width = width;
    facts.max = Some(max).filter(|max| *max > 0.0 && *max >= facts.mean * ROUNDED);
    Bins { span, end, stretches: vec![Stretch { bin: 0, bins: bins.len(), start, end }], bins, facts }
}

/// Some time up to now. Bins begin at multiples of their span: a bar keeps its height while it moves left.
fn window(first: i64, end: i64, age: i64, shown: i64, count: usize) -> (i64, Vec<Stretch>) {
    let fitting = SCALES.iter().copied().find(|span| *span >= age.max(YOUNGEST)).unwrap_or(shown).min(shown);
    let span = divided(fitting, count);
    let latest = end.saturating_sub(1).div_euclid(span).saturating_sub(count as i64 - 1).saturating_mul(span);
    let start = latest.max(first.div_euclid(span).saturating_mul(span));
    (span, vec![Stretch { bin: 0, bins: count, start, end }])
}

/// Silences that are much longer than what is left without them.
fn silences(known: &Known, age: i64, interval: i64) -> Vec<(i64, i64)> {
    let pairs = known.all().zip(known.all().skip(1)).map(|(one, next)| (end_of(one), next.start.0));
    pairs.filter(|(from, to)| to.saturating_sub(*from) > (age / 4).max(interval.saturating_mul(10))).take(CUTS).collect()
}

/// How long they are together.
fn length(silences: &[(i64, i64)]) -> i64 {
    silences.iter().map(|(from, to)| to.saturating_sub(*from)).fold(0, i64::saturating_add)
}

/// Everything, but for such silences.
fn everything(known: &Known, (start, end): (i64, i64), age: i64, interval: i64, count: usize) -> (i64, Vec<Stretch>) {
    let silences = if count >= CUT * (CUTS + 1) * 2 { silences(known, age, interval) } else { Vec::new() };
    let cut = length(&silences);
    let room = count - CUT * silences.len();
    let span = divided(age.saturating_sub(cut).max(1), room.saturating_sub(silences.len()).max(1));
    let mut stretches = Vec::new();
    let (mut bin, mut from) = (0, start);
    for to in silences.iter().map(|s| s.0).chain([end]) {
        let needs = to.saturating_sub(from).max(1);
        let bins = usize::try_from(needs / span + i64::from(needs % span != 0)).unwrap_or(count);
        stretches.push(Stretch { bin, bins: bins.min(count.saturating_sub(bin)), start: from, end: to });
        bin = bin.saturating_add(bins).saturating_add(CUT);
        from = silences.iter().find(|s| s.0 == to).map_or(end, |s| s.1);
    }
    (span, stretches)
}

/// Rounded up, at least 1.
fn divided(time: i64, count: usize) -> i64 {
    let count = i64::try_from(count).unwrap_or(i64::MAX).max(1);
    (time / count).saturating_add(i64::from(time % count != 0)).max(1)
}

/// Adds one sample to the bins it overlaps, in proportion.
fn spread(sample: &Sample, start: i64, span: i64, bins: &mut [Option<Bin>]) {
    let length = sample.length.max(1);
    let (from, to) = (sample.start.0.max(start), end_of(sample));
    if to <= start {
        return;
    }
    let first = usize::try_from(from.saturating_sub(start) / span).unwrap_or(usize::MAX);
    let last = usize::try_from(to.saturating_sub(1).saturating_sub(start) / span).unwrap_or(0);
    let peak = sample.peak_ms_bytes as f64 * (SECOND / MILLISECOND) as f64;
    for (i, slot) in bins.iter_mut().enumerate().take(last.saturating_add(1)).skip(first) {
        let left = start.saturating_add(span.saturating_mul(i as i64));
        let overlap = to.min(left.saturating_add(span)).saturating_sub(from.max(left));
        if overlap <= 0 {
            continue;
        }
        let bin = slot.get_or_insert_default();
        let part = overlap as f64 / length as f64;
        bin.bytes += sample.traffic.wire_bytes as f64 * part;
        bin.packets += sample.traffic.packets as f64 * part;
        bin.outbound += sample.outbound_bytes as f64 * part;
        bin.inbound += sample.inbound_bytes as f64 * part;
        bin.peak_bytes = bin.peak_bytes.max(peak);
    }
}

/// Nothing in a bin is no gap where its interval had packets.
fn quiet(sample: &Sample, stretch: &Stretch, span: i64, bins: &mut [Option<Bin>]) {
    let place = |time: i64| usize::try_from(time.saturating_sub(stretch.start).max(0) / span).unwrap_or(usize::MAX);
    let (from, to) = (place(sample.start.0), place(end_of(sample).min(stretch.end).saturating_sub(1)));
    bins.iter_mut().take(to.saturating_add(1)).skip(from).for_each(|slot| _ = slot.get_or_insert_default());
}

/// Sums become means: over the whole bin, and of one that reaches beyond what is known over its part within that.
fn means(bins: &mut [Option<Bin>], start: i64, span: i64, (begin, end): (i64, i64)) {
    for (i, bin) in bins.iter_mut().enumerate() {
        let left = start.saturating_add(span.saturating_mul(i as i64));
        let known = end.min(left.saturating_add(span)).saturating_sub(left.max(begin));
        if let Some(b) = bin {
            // Of what began in the middle of a bin the rate is a guess: it is not made more of than half of one.
            let least = if left < begin { (span / 2).max(1) } else { 1 };
            let seconds = known.clamp(least, span.max(1)) as f64 / SECOND as f64;
            for value in [&mut b.bytes, &mut b.packets, &mut b.outbound, &mut b.inbound] {
                *value /= seconds;
            }
        }
    }
}

/// Mean and worst over the time in view, which lasts `view` without what was cut out of it; the rest by intervals, those without packets among
/// them.
fn facts(known: &Known, intervals: &Known, (from, end): (i64, i64), (view, interval): (i64, i64)) -> Facts {
    let mut out = Facts::default();
    let inside = |sample: &Sample| end.min(end_of(sample)).saturating_sub(sample.start.0.max(from)).max(0);
    let rate = |sample: &Sample| sample.traffic.wire_bytes as f64 / (sample.length.max(1) as f64 / SECOND as f64);
    let link_rate = |sample: &Sample| sample.traffic.link_bytes() as f64 / (sample.length.max(1) as f64 / SECOND as f64);
    let (mut bytes, mut link) = (0.0, 0.0);
    for sample in known.since(from).take_while(|s| s.start.0 < end) {
        bytes += rate(sample) * inside(sample) as f64 / SECOND as f64;
        link += link_rate(sample) * inside(sample) as f64 / SECOND as f64;
        let peak = sample.peak_ms_bytes as f64 * (SECOND / MILLISECOND) as f64;
        if peak > out.worst.map_or(0.0, |w| w.1) {
            out.worst = Some((sample.peak_ms_at.unwrap_or(sample.start), peak));
            out.worst_traffic = sample.peak_ms();
        }
    }
    let view = view.max(1);
    out.mean = bytes / (view as f64 / SECOND as f64);
    out.mean_link = link / (view as f64 / SECOND as f64);
    let mut rates: Vec<(f64, i64)> = Vec::new();
    for sample in intervals.since(from).take_while(|s| s.start.0 < end) {
        let part = inside(sample);
        // A short last interval is no measure of the others, nor is one of which a part is in view.
        if (sample.length >= interval / 2 || rates.is_empty()) && part >= sample.length / 10 * 9 {
            rates.push((rate(sample), part));
        }
    }
    rates.arrange_by(|x, y| y.0.total_cmp(&x.0));
    let mut above = view as f64 * 0.05;
    let at = rates.iter().find(|(_, length)| {
        above -= *length as f64;
        above < 0.0
    });
    out.p95 = (view >= interval.saturating_mul(FEWEST_INTERVALS)).then(|| at.map_or(0.0, |r| r.0));
    out
}

/// The largest of the stretches in view, in bytes a second, and how long they are: intervals, or narrower ones where fewer than ten intervals of
/// `interval` (0: of any number) are in view.
fn busiest(known: &Known, intervals: &Known, (from, end): (i64, i64), interval: i64) -> (f64, i64) {
    let view = end.saturating_sub(from).max(1);
    let rate = |bytes: u64, length: i64| bytes as f64 / (length.max(1) as f64 / SECOND as f64);
    let whole = |sample: &&Sample| end.min(end_of(sample)).saturating_sub(sample.start.0.max(from)) >= sample.length / 10 * 9;
    if known.width.is_none() || view >= interval.saturating_mul(FEWEST_INTERVALS) {
        let inside = || intervals.since(from).take_while(|s| s.start.0 < end).filter(whole);
        let longest = inside().map(|s| s.length).max().unwrap_or(0);
        // A short last interval is no measure of the others.
        let measures = inside().filter(|sample| sample.length >= longest / 2);
        return (measures.map(|s| rate(s.traffic.wire_bytes, s.length)).fold(0.0, f64::max), longest);
    }
    let mut width = known.width.unwrap_or(1).max(1);
    while view / width > STRETCHES {
        width = width.saturating_mul(2);
    }
    let (mut max, mut bytes, mut number) = (0u64, 0u64, i64::MIN);
    for sample in known.since(from).take_while(|s| s.start.0 < end) {
        let own = sample.start.0.div_euclid(width);
        if own != number {
            (number, bytes) = (own, 0);
        }
        bytes = bytes.saturating_add(sample.traffic.wire_bytes);
        max = max.max(bytes);
    }
    (rate(max, width), width)
}

/// Stretches of a short capture at most.
const STRETCHES: i64 = 64;

/// What is left of a mean that equals the largest bin, after sums in another order.
const ROUNDED: f64 = 1.0 - 1e-9;

/// Intervals of which 95 of 100 can be spoken.
const FEWEST_INTERVALS: i64 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::FineLoad;

    fn sample(second: i64, bytes: u64) -> Sample {
        Sample {
            start: Timestamp::new(second, 0),
            length: SECOND,
            traffic: Traffic { packets: 10, wire_bytes: bytes },
            ..Sample::default()
        }
    }

    fn load(samples: Vec<Sample>) -> Load {
        Load { interval: SECOND, samples, ..Load::default() }
    }

    fn rates(bins: &Bins) -> Vec<Option<f64>> {
        bins.bins.iter().map(|b| b.map(|b| b.bytes)).collect()
    }

    #[test]
    fn bins_keep_the_bytes_and_show_gaps() {
        let load = load(vec![sample(0, 100), sample(1, 300), sample(5, 500), sample(29, 10)]);
        let bins = gather(&load, Timestamp::new(30, 0), Window::Last(30 * SECOND), 30, false);
        assert_eq!(rates(&bins)[..7], [Some(100.0), Some(300.0), None, None, None, Some(500.0), None]);
        let coarse = gather(&load, Timestamp::new(30, 0), Window::Last(30 * SECOND), 15, false);
        assert_eq!(rates(&coarse)[..4], [Some(200.0), None, Some(250.0), None]);
        assert_eq!(bins.facts.mean, 910.0 / 30.0);
        assert_eq!((bins.facts.max, bins.facts.p95, bins.facts.width), (Some(500.0), Some(300.0), SECOND));
        assert_eq!((coarse.facts.max, coarse.facts.width), (Some(500.0), SECOND), "whatever the width of the screen");
    }

    #[test]
    fn what_is_cut_out_of_the_time_is_no_load_of_nothing() {
        let samples = (0..100).chain(1_000_000..1_000_100).map(|s| sample(s, 100)).collect();
        let load = load(samples);
        for columns in [60, 600] {
            let facts = gather(&load, Timestamp::new(1_000_100, 0), Window::Everything, columns, true).facts;
            assert_eq!((facts.p95, facts.mean), (Some(100.0), 100.0), "{columns} columns");
        }
    }

    #[test]
    fn a_moment_fills_its_millisecond() {
        let traffic = Traffic { packets: 1, wire_bytes: 2_262 };
        for at in [4_000_000, 4_500_000, 4_999_999] {
            let open = Sample { start: Timestamp(at), length: 1, traffic, ..Sample::default() };
            let bin = Sample { start: Timestamp(4 * MILLISECOND), length: MILLISECOND, traffic, ..Sample::default() };
            let fine = FineLoad { width: MILLISECOND, since: None, samples: [bin].into() };
            let load = Load { interval: SECOND, open: Some(open), fine: vec![fine], ..Load::default() };
            let bins = gather(&load, Timestamp(at), Window::Everything, 100, true);
            let seen: Vec<f64> = bins.bins.iter().flatten().map(|bin| bin.bytes.round()).collect();
            assert_eq!(seen, [2_262_000.0; 100], "at {at}");
            assert!(bins.facts.max.is_none_or(|max| max >= bins.facts.mean), "at {at}: {:?}", bins.facts);
        }
    }

    #[test]
    fn a_silent_port_moves_on() {
        let load = load(vec![sample(0, 100), sample(20, 100)]);
        let bins = gather(&load, Timestamp::new(40, 0), Window::Last(30 * SECOND), 30, false);
        assert_eq!(rates(&bins).iter().position(Option::is_some), Some(10));
        assert_eq!(bins.bins.iter().flatten().count(), 1);
    }

    #[test]
    fn a_young_capture_fills_a_shorter_time_from_the_left() {
        let young = gather(&load((0..10).map(|s| sample(s, 100)).collect()), Timestamp::new(10, 0), Window::Last(300 * SECOND), 60, false);
        assert_eq!((young.span, young.stretches[0].start), (SECOND / 2, 0));
        assert!(young.bins[..20].iter().all(Option::is_some) && young.bins[20..].iter().all(Option::is_none));
        let older =
            gather(&load((0..400).map(|s| sample(s, 100)).collect()), Timestamp::new(400, 0), Window::Last(300 * SECOND), 60, false);
        assert!(older.bins.iter().all(Option::is_some));
        assert_eq!(older.span, 5 * SECOND);
    }

    #[test]
    fn the_open_interval_joins_when_half_of_it_is_over() {
        let load = load(vec![sample(0, 100), sample(1, 100)]);
        let at = |millis: i64, finished| {
            let mut load = load.clone();
            load.open = Some(Sample { length: millis * 1_000_000, traffic: Traffic { packets: 1, wire_bytes: 60 }, ..sample(2, 0) });
            rates(&gather(&load, Timestamp(2 * SECOND + millis * 1_000_000), Window::Last(30 * SECOND), 30, finished))[2]
        };
        assert_eq!((at(400, false), at(600, false)), (None, Some(100.0)), "60 bytes in 0.6 s");
        assert_eq!(at(400, true), Some(150.0), "nothing more will come");
    }

    #[test]
    fn a_first_bin_of_which_little_is_known_is_no_peak() {
        // It begins a hundredth before the second bin of ten seconds.
        let first = Sample { start: Timestamp(19 * SECOND + 900_000_000), length: 100_000_000, ..sample(0, 50) };
        let load = load(std::iter::once(first).chain((20..50).map(|s| sample(s, 100))).collect());
        let bins = gather(&load, Timestamp(50 * SECOND), Window::Last(40 * SECOND), 4, true);
        let most = rates(&bins).into_iter().flatten().fold(0.0, f64::max);
        assert!(bins.bins.iter().flatten().count() == 4 && most <= 101.0, "50 bytes in a tenth of a second: {:?}", rates(&bins));
    }

    #[test]
    fn long_silences_are_cut() {
        let day = 86_400;
        let samples = (0..60).chain(day..day + 60).map(|s| sample(s, 100)).collect();
        let bins = gather(&load(samples), Timestamp::new(day + 60, 0), Window::Everything, 200, true);
        assert_eq!(bins.stretches.len(), 2);
        assert_eq!(bins.stretches[1].start, day * SECOND);
        let with: Vec<usize> = bins.bins.iter().enumerate().filter(|(_, b)| b.is_some()).map(|(i, _)| i).collect();
        assert!(with.len() > 150 && *with.last().unwrap_or(&0) > 180, "{with:?}");
        assert!(bins.bins.iter().flatten().all(|b| (b.bytes - 100.0).abs() < 1.0));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let odd = Sample { start: Timestamp(i64::MAX - 3), length: i64::MAX, ..Sample::default() };
        let load =
            Load { interval: 0, samples: vec![Sample { start: Timestamp(i64::MIN), ..odd }, odd], open: Some(odd), ..Load::default() };
        for shown in [Window::Everything, Window::Last(30 * SECOND), Window::Last(i64::MAX), Window::Around(Timestamp(i64::MIN), 7)] {
            for count in [0, 7, 500] {
                let _ = gather(&load, Timestamp(i64::MAX), shown, count, true);
                let _ = gather(&load, Timestamp(i64::MIN), shown, count, false);
            }
        }
    }

    fn millis(at: i64, bytes: u64) -> Sample {
        Sample {
            start: Timestamp(at * MILLISECOND),
            length: MILLISECOND,
            traffic: Traffic { packets: 1, wire_bytes: bytes },
            ..Sample::default()
        }
    }

    #[test]
    fn narrow_bins_fill_every_column_of_a_short_file() {
        let mut load = load((0..9).map(|s| sample(s, 1_000)).collect());
        load.fine = vec![FineLoad { width: MILLISECOND, since: None, samples: (0..9_000).map(|at| millis(at, 1)).collect() }];
        let bins = gather(&load, Timestamp::new(9, 0), Window::Everything, 226, true);
        assert!(bins.bins.iter().flatten().count() >= 225, "{}", bins.bins.iter().flatten().count());
        assert!(bins.bins.iter().flatten().all(|b| (b.bytes - 1_000.0).abs() < 1.0));
        let near = gather(&load, Timestamp::new(9, 0), Window::Around(Timestamp::new(4, 0), 100 * MILLISECOND), 100, true);
        assert_eq!((near.span, near.stretches[0].start), (MILLISECOND, 4 * SECOND - 50 * MILLISECOND));
        assert_eq!((near.bins.iter().flatten().count(), near.facts.mean), (100, 1_000.0));
        assert_eq!((near.facts.max, near.facts.p95), (Some(1_000.0), None), "no interval is in view");
    }

    #[test]
    fn a_tenth_of_a_second_of_a_long_file_is_told_by_its_packets() {
        // Two minutes in bins of 64 ms; of the time looked at there is a packet each 10 ms.
        let mut long = load((0..120).map(|s| sample(s, 1_000)).collect());
        let wide = |at: i64| Sample { length: 64 * MILLISECOND, ..millis(at * 64, 64) };
        long.fine = vec![FineLoad { width: 64 * MILLISECOND, since: None, samples: (0..1_875).map(wide).collect() }];
        let at = Timestamp::new(60, 0);
        let shown = around(&long, Timestamp::new(120, 0), at, 100 * MILLISECOND, true).expect("there is a load");
        assert_eq!((shown.from.0, shown.length()), (60 * SECOND - 50 * MILLISECOND, 100 * MILLISECOND));
        let mut near = load(vec![Sample { length: 100 * MILLISECOND, ..sample(60, 1_000) }]);
        let each = |i: i64| millis(59_950 + i * 10, 100);
        near.fine = vec![FineLoad { width: MILLISECOND, since: None, samples: (0..10).map(each).collect() }];
        let bins = close_up(&near, shown, 100);
        let loaded: Vec<usize> = bins.bins.iter().enumerate().filter(|(_, b)| b.is_some_and(|b| b.bytes > 0.0)).map(|(i, _)| i).collect();
        assert_eq!(loaded, (0..10).map(|i| i * 10).collect::<Vec<_>>(), "each packet in its own millisecond");
        assert!(bins.bins.iter().all(Option::is_some), "nothing came there, and that is known");
        assert_eq!((bins.span, bins.facts.mean), (MILLISECOND, 10_000.0));
        // At its ends the window stays within the capture.
        let first = around(&long, Timestamp::new(120, 0), Timestamp(0), SECOND, true).expect("there is a load");
        let last = around(&long, Timestamp::new(120, 0), Timestamp::new(120, 0), SECOND, true).expect("there is a load");
        assert_eq!((first.from.0, first.length(), last.to.0, last.length()), (0, SECOND, 120 * SECOND, SECOND));
        assert_eq!(around(&Load::default(), Timestamp(0), Timestamp(0), SECOND, true), None);
    }

    #[test]
    fn the_largest_bin_is_never_below_the_mean_and_its_width_holds_still() {
        for seconds in [1, 7, 12, 40, 93, 400] {
            let load = load((0..seconds).map(|s| sample(s, 1_000 + (s as u64 % 3))).collect());
            for columns in [40, 137, 226] {
                let bins = gather(&load, Timestamp::new(seconds, 0), Window::Last(300 * SECOND), columns, false);
                let facts = bins.facts;
                assert!(facts.max.is_some_and(|max| max >= facts.mean * ROUNDED && max <= 1_003.0), "{seconds} s: {facts:?}");
                assert_eq!(facts.width, SECOND, "{seconds} s, {columns} columns");
            }
        }
        // A capture shorter than what is told apart: no bin is finer than the mean, and the mean is no maximum.
        let mut short = load(vec![Sample { length: MILLISECOND / 2, ..sample(0, 500) }]);
        short.fine = vec![FineLoad { width: MILLISECOND, since: None, samples: [millis(0, 500)].into() }];
        let facts = gather(&short, Timestamp(MILLISECOND / 2), Window::Everything, 10, true).facts;
        assert!(facts.max.is_none_or(|max| max >= facts.mean * ROUNDED), "{facts:?}");
    }

    #[test]
    fn one_packet_at_the_edge_is_no_peak() {
        let mut load = load(vec![sample(0, 1_000)]);
        load.fine = vec![FineLoad { width: MILLISECOND, since: None, samples: [millis(0, 500), millis(999, 500)].into() }];
        let bins = gather(&load, Timestamp::new(1, 0), Window::Everything, 10, true);
        assert_eq!(rates(&bins)[0], Some(5_000.0), "over the column, not over the millisecond");
    }

    #[test]
    fn the_newest_bins_are_for_the_newest_time() {
        let mut load = load((0..100).map(|s| sample(s, 1_000)).collect());
        let since = Some(Timestamp::new(96, 0));
        load.fine = vec![FineLoad { width: MILLISECOND, since, samples: (96_000..100_000).map(|at| millis(at, 3)).collect() }];
        let shown = |span| rates(&gather(&load, Timestamp::new(100, 0), Window::Last(span), 50, false))[40];
        assert_eq!((shown(2 * SECOND), shown(30 * SECOND)), (Some(3_000.0), Some(1_000.0)));
    }
}
