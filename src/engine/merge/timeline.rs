//! Load over time: puts the groups' parts of an interval and the router's facts about it together.

use crate::engine::fold::message::IntervalPart;
use crate::model::Timestamp;
use crate::snapshot::{Load, Sample};
use crate::stats::Series;
use crate::stats::series::Mergeable;
use std::collections::VecDeque;

impl Mergeable for Sample {
    fn start(&self) -> i64 {
        self.start.0
    }

    fn absorb(&mut self, next: &Self) {
        self.length = next.start.since(self.start).saturating_add(next.length);
        self.traffic.add(next.traffic);
        self.peak_ms_bytes = self.peak_ms_bytes.max(next.peak_ms_bytes);
        self.peak_ms_packets = self.peak_ms_packets.max(next.peak_ms_packets);
        self.inbound_bytes += next.inbound_bytes;
        self.outbound_bytes += next.outbound_bytes;
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
    peak: Option<Sample>,
    peak_ms: Option<(Timestamp, u64, u64)>,
}

impl Timeline {
    /// A history of intervals of `interval` nanoseconds, each reported by the router and `groups` groups.
    pub fn new(interval: i64, groups: usize) -> Self {
        Self {
            interval,
            contributors: groups + 1,
            series: Series::new(interval),
            waiting: VecDeque::new(),
            base: 0,
            peak: None,
            peak_ms: None,
        }
    }

    /// Forgets the history; interval numbers go on.
    pub fn reset(&mut self) {
        self.series = Series::new(self.interval);
        self.peak = None;
        self.peak_ms = None;
    }

    /// What the router knows of an interval: start, length, peaks.
    pub fn facts(&mut self, number: u64, sample: Sample) {
        self.contribute(number, |s| {
            s.start = sample.start;
            s.length = sample.length;
            s.peak_ms_bytes = sample.peak_ms_bytes;
            s.peak_ms_packets = sample.peak_ms_packets;
        });
        if let Some(at) = sample.peak_ms_at
            && self.peak_ms.is_none_or(|(_, bytes, _)| sample.peak_ms_bytes > bytes)
        {
            self.peak_ms = Some((at, sample.peak_ms_bytes, sample.peak_ms_packets));
        }
    }

    /// A group's part of an interval.
    pub fn part(&mut self, number: u64, part: IntervalPart) {
        self.contribute(number, |s| s.add_part(part));
    }

    fn contribute(&mut self, number: u64, change: impl FnOnce(&mut Sample)) {
        let Some(at) = number.checked_sub(self.base).and_then(|n| usize::try_from(n).ok()) else { return };
        while self.waiting.len() <= at {
            self.waiting.push_back((self.contributors, Sample::default()));
        }
        if let Some((left, sample)) = self.waiting.get_mut(at) {
            change(sample);
            *left -= 1;
        }
        while self.waiting.front().is_some_and(|w| w.0 == 0) {
            if let Some((_, sample)) = self.waiting.pop_front() {
                self.base += 1;
                if sample.traffic.packets > 0 {
                    self.series.push(sample);
                    if self.peak.is_none_or(|p| sample.traffic.wire_bytes > p.traffic.wire_bytes) {
                        self.peak = Some(sample);
                    }
                }
            }
        }
    }

    /// The load as a snapshot shows it, with at most `samples` samples.
    pub fn load(&self, samples: usize, open: Option<Sample>, part: IntervalPart) -> Load {
        let open = open.map(|mut o| {
            o.add_part(part);
            o
        });
        Load { interval: self.interval, samples: self.series.last(samples), open, peak: self.peak, peak_ms: self.peak_ms }
    }
}

impl Sample {
    fn add_part(&mut self, part: IntervalPart) {
        self.traffic.add(part.traffic);
        self.inbound_bytes += part.inbound;
        self.outbound_bytes += part.outbound;
    }
}
