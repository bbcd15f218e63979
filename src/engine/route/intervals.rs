//! Where intervals begin and end, in packet time.

use crate::engine::route::followed_link::FollowedLink;
use crate::engine::route::link_bins::{BinWidth, LinkKnown};
use crate::engine::tape::facts::{LinkReading, ToldSpeed};
use crate::engine::tape::open_interval::OpenInterval;
use crate::model::limits::LATE_INTERVALS;
use crate::model::{LinkLoad, Timestamp, Traffic};
use crate::snapshot::Sample;
use crate::stats::{Burst, Bursts, Doubling};
use crate::switch::SpeedNews;

/// An interval that ends: its number, what the router knows of it, and the one that opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Counted from 0.
    pub number: u64,
    /// Start, length and busiest millisecond.
    pub sample: Sample,
    /// What follows.
    pub next: OpenInterval,
    /// How full the link was.
    pub load: Option<LinkLoad>,
}

/// Follows the running maximum of packet time. Intervals are counted from the first packet's time; empty ones are skipped. A packet older
/// than the open interval is late: it belongs to an interval before it.
pub struct Intervals {
    open: OpenInterval,
    end: Timestamp,
    /// Where they are counted from; `None`: from the first packet.
    origin: Option<Timestamp>,
    /// Whether an interval is open.
    begun: bool,
    now: Option<Timestamp>,
    number: u64,
    late: u64,
    bursts: Bursts,
    burst: Burst,
    /// Busiest milliseconds of intervals before the open one, by their start, since they were last asked for.
    late_bursts: Vec<(Timestamp, Burst)>,
    /// The millisecond counted last, and the busiest ones of all before it by their time, since the last call.
    millisecond: Burst,
    peaks: Doubling<Burst>,
    link: FollowedLink,
}

impl Intervals {
    /// Intervals of `length` nanoseconds, on that link.
    pub fn new(length: i64, link: LinkKnown) -> Self {
        let zero = Timestamp(0);
        Self {
            open: OpenInterval::first(zero, length),
            end: zero,
            origin: None,
            begun: false,
            now: None,
            number: 0,
            late: 0,
            bursts: Bursts::new(),
            burst: Burst::default(),
            late_bursts: Vec::new(),
            millisecond: Burst::default(),
            peaks: Doubling::default(),
            link: FollowedLink::new(link),
        }
    }

    /// Those at the link say what it carries.
    pub fn tell_speed(&mut self, speed: SpeedNews) {
        self.link.tell(speed, self.start());
    }

    /// What they told of it.
    pub fn told_speed(&self) -> ToldSpeed {
        self.link.told_speed()
    }

    /// Counts them from a moment instead of the first packet: so that those of a part of a capture are those of the whole.
    #[must_use]
    pub fn from(mut self, origin: Option<Timestamp>) -> Self {
        self.origin = origin;
        self
    }

    /// Opens the first interval, unless one is open; which one is.
    pub fn begin(&mut self, time: Timestamp) -> OpenInterval {
        if !self.begun {
            self.begun = true;
            self.bursts.begin(time);
            self.link.bins.begin(time);
            self.open_at(OpenInterval::first(self.origin.unwrap_or(time), self.open.length).at(time));
        }
        self.open
    }

    /// Counts a packet; when it is the first one beyond the open interval, that interval ends.
    #[inline]
    pub fn count(&mut self, time: Timestamp, wire: u32) -> Option<Closed> {
        let burst = self.bursts.count(time, wire);
        if burst.at != self.millisecond.at {
            self.note_millisecond();
        }
        self.millisecond = burst;
        if self.link.bins.is_on() {
            self.link.bins.count(time, wire);
        }
        if time < self.open.start {
            self.count_late(time);
            return None;
        }
        let mut closed = None;
        // What lies at the end of time lies in the last interval there is.
        if time >= self.end && self.end < Timestamp(i64::MAX) {
            closed = Some(self.close_open(self.open.at(time)));
        }
        self.now = self.now.max(Some(time));
        // Grown by this packet, or smaller than what is there.
        if burst.traffic.wire_bytes > self.burst.traffic.wire_bytes {
            self.burst = burst;
        }
        closed
    }

    /// Counts a packet that is late, whose millisecond is the one counted last.
    #[inline(never)]
    fn count_late(&mut self, time: Timestamp) {
        let burst = self.millisecond;
        self.late = self.late.saturating_add(1);
        let start = self.open.start_of(time);
        // Looked for among the newest only: an interval may be in the list more than once.
        match self.late_bursts.iter_mut().rev().take(LATE_INTERVALS).find(|(at, _)| *at == start) {
            Some((_, kept)) => *kept = kept.larger(burst),
            None => self.late_bursts.push((start, burst)),
        }
    }

    fn note_millisecond(&mut self) {
        let done = std::mem::take(&mut self.millisecond);
        if done.traffic.packets > 0
            && let Some(peak) = self.peaks.at(done.at)
        {
            *peak = peak.larger(done);
        }
        if done.traffic.packets > 0 {
            self.link.bins.note(done);
        }
    }

    /// Whether the packet counted last came in a burst of the link.
    #[inline(always)]
    pub fn is_burst(&self) -> bool {
        self.link.bins.is_burst(self.millisecond.traffic)
    }

    /// The bin of the packet counted last where that is part of a burst: when it began, and whether it is by this packet alone.
    pub fn burst(&self, width: BinWidth, wire: u32) -> Option<(Timestamp, bool)> {
        self.link.bins.burst(width, self.millisecond, wire)
    }

    /// Takes notice of a frame of a bin that is part of a burst.
    pub fn contribute(&mut self, width: BinWidth, at: Timestamp, frame: &[u8], wire: u32) {
        self.link.bins.contribute(width, at, frame, wire);
    }

    /// Takes in which way the packet counted last went, by its first bytes; `None`: nothing tells its ends.
    #[inline]
    pub fn way(&mut self, frame: Option<&[u8]>, wire: u32) {
        if self.link.bins.is_on()
            && let Some(ways) = self.link.bins.way(frame, wire, &mut self.bursts)
        {
            self.millisecond.ways = ways;
        }
    }

    /// How full the link was.
    pub fn used(&self) -> LinkReading {
        self.link.used()
    }

    /// The busiest milliseconds by their time, since the last call.
    pub fn peaks(&mut self) -> Doubling<Burst> {
        self.note_millisecond();
        std::mem::take(&mut self.peaks)
    }

    /// The busiest milliseconds of earlier intervals, as far as late packets changed them since the last call.
    pub fn late_bursts(&mut self) -> Option<Vec<(Timestamp, Burst)>> {
        (!self.late_bursts.is_empty()).then(|| std::mem::take(&mut self.late_bursts))
    }

    /// Wall time has come to `now` without packets: closes the open interval when it lies behind.
    pub fn advance(&mut self, now: Timestamp) -> Option<Closed> {
        if !self.begun || now < self.end {
            return None;
        }
        self.now = self.now.max(Some(now));
        Some(self.close_open(self.open.at(now)))
    }

    /// The clock was set back to `now`: closes the open interval and begins anew there. Also by how much time went back.
    pub fn step_back(&mut self, now: Timestamp) -> Option<(Closed, i64)> {
        let before = self.now.filter(|_| self.begun)?;
        self.link.bins.finish();
        let mut closed = self.close_open(OpenInterval::first(now, self.open.length));
        closed.sample.length = before.since(closed.sample.start).clamp(0, self.open.length);
        self.now = Some(now);
        self.bursts.begin(now);
        self.link.bins.begin(now);
        Some((closed, before.since(now)))
    }

    /// Closes the open interval for good.
    pub fn close(&mut self) -> Option<Closed> {
        if !self.begun {
            return None;
        }
        let now = self.now.unwrap_or(self.open.start);
        self.note_millisecond();
        self.link.bins.finish();
        let closed = self.close_open(OpenInterval { start: now, ..self.open });
        self.begun = false;
        Some(closed)
    }

    fn close_open(&mut self, next: OpenInterval) -> Closed {
        let (number, sample) = (self.number, self.sample(self.open.length));
        self.number += 1;
        let load = self.link.end_interval(sample.start, next.start.since(sample.start).clamp(0, sample.length));
        self.open_at(next);
        self.link.begin_interval(next.start, true);
        Closed { number, sample, next, load }
    }

    fn sample(&self, length: i64) -> Sample {
        let Burst { at, traffic, .. } = self.burst;
        Sample {
            start: self.open.start,
            length,
            traffic: Traffic::default(),
            peak_ms_bytes: traffic.wire_bytes,
            peak_ms_packets: traffic.packets,
            peak_ms_at: (traffic.wire_bytes > 0).then_some(at),
            inbound_bytes: 0,
            outbound_bytes: 0,
        }
    }

    fn open_at(&mut self, open: OpenInterval) {
        (self.open, self.end) = (open, open.end());
        self.burst = Burst::default();
    }

    /// Packet time now; `None` before the first packet.
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// The beginning of the open interval.
    pub fn start(&self) -> Option<Timestamp> {
        self.begun.then_some(self.open.start)
    }

    /// Packets that were older than the open interval.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Starts counting late packets anew.
    pub fn forget_late(&mut self) {
        self.late = 0;
        self.late_bursts.clear();
        (self.millisecond, self.peaks) = Default::default();
        self.link.forget(self.open.start);
    }

    /// The open interval so far.
    pub fn open(&self) -> Option<Sample> {
        let now = self.now.filter(|_| self.begun)?;
        Some(self.sample(now.since(self.open.start).clamp(0, self.open.length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    fn count(i: &mut Intervals, time: Timestamp, wire: u32) -> Option<(u64, Sample)> {
        i.begin(time);
        i.count(time, wire).map(|c| (c.number, c.sample))
    }

    #[test]
    fn counted_from_the_first_packet_gaps_skipped_late_ones_counted() {
        let mut i = Intervals::new(S, LinkKnown::default());
        let t = |x: i64| Timestamp(100 * S + S / 2 + x);
        assert!(count(&mut i, t(0), 1).is_none());
        assert!(count(&mut i, t(S - 1), 1).is_none());
        let (number, sample) = count(&mut i, t(S), 1).unwrap();
        assert_eq!((number, sample.start), (0, t(0)));
        assert!(count(&mut i, t(10), 1).is_none());
        assert_eq!(i.late(), 1);
        let (number, sample) = count(&mut i, t(3600 * S + 5), 1).unwrap();
        assert_eq!((number, sample.start), (1, t(S)));
        let closed = i.close().unwrap();
        assert_eq!((closed.number, closed.sample.start), (2, t(3600 * S)));
        assert!(i.close().is_none());
    }

    #[test]
    fn wild_times_do_not_overflow() {
        let mut i = Intervals::new(S, LinkKnown::default());
        for t in [i64::MIN, i64::MAX, 0, i64::MAX, i64::MIN] {
            count(&mut i, Timestamp(t), 1);
        }
        assert_eq!(i.late(), 2, "0 after the largest time and the smallest again");
    }

    #[test]
    fn late_packets_make_no_peak_but_their_own() {
        let mut i = Intervals::new(S, LinkKnown::default());
        count(&mut i, Timestamp(0), 100);
        count(&mut i, Timestamp(10 * S), 100);
        for k in 0..50 {
            count(&mut i, Timestamp(S + k * 20_000_000), 100);
        }
        let open = i.open().unwrap();
        assert_eq!((open.peak_ms_bytes, open.peak_ms_packets), (100, 1));
        let late = i.late_bursts().unwrap();
        assert_eq!(late.len(), 1);
        assert_eq!((late[0].0, late[0].1.traffic), (Timestamp(S), Traffic { packets: 1, wire_bytes: 100 }));
        assert!(i.late_bursts().is_none());
    }

    #[test]
    fn a_clock_set_back_begins_a_new_interval() {
        let mut i = Intervals::new(S, LinkKnown::default());
        assert!(i.step_back(Timestamp(0)).is_none());
        count(&mut i, Timestamp(100 * S), 60);
        count(&mut i, Timestamp(100 * S + 300), 60);
        let (closed, by) = i.step_back(Timestamp(63 * S + 7)).unwrap();
        assert_eq!((closed.sample.length, closed.next.start, by), (300, Timestamp(63 * S + 7), 37 * S + 293));
        assert!(count(&mut i, Timestamp(63 * S + 9), 60).is_none());
        assert_eq!((i.late(), i.now()), (0, Some(Timestamp(63 * S + 9))));
    }
}
