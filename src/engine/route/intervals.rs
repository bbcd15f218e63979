//! Where intervals begin and end, in packet time.

use crate::model::{Timestamp, Traffic};
use crate::snapshot::Sample;
use crate::stats::Bursts;

/// Follows the running maximum of packet time. Intervals are counted from the first packet's time; empty ones are skipped.
pub struct Intervals {
    length: i64,
    origin: Option<Timestamp>,
    start: Timestamp,
    end: Timestamp,
    now: Timestamp,
    number: u64,
    late: u64,
    bursts: Bursts,
}

impl Intervals {
    /// Intervals of `length` nanoseconds.
    pub fn new(length: i64) -> Self {
        let zero = Timestamp(0);
        Self { length: length.max(1), origin: None, start: zero, end: zero, now: zero, number: 0, late: 0, bursts: Bursts::new(length) }
    }

    /// Counts a packet; when it is the first one beyond the open interval, that interval's number and facts come back.
    #[inline]
    pub fn count(&mut self, time: Timestamp, wire: u32) -> Option<(u64, Sample)> {
        let mut closed = None;
        if self.origin.is_none() {
            self.origin = Some(time);
            self.open_at(time);
        } else if time >= self.end {
            closed = Some(self.close_open());
            self.open_at(time);
        } else if time < self.start {
            self.late += 1;
        }
        self.now = self.now.max(time);
        self.bursts.count(time, wire);
        closed
    }

    /// Wall time has come to `now` without packets: closes the open interval when it lies behind.
    pub fn advance(&mut self, now: Timestamp) -> Option<(u64, Sample)> {
        if self.origin.is_none() || now < self.end {
            return None;
        }
        let closed = self.close_open();
        self.now = self.now.max(now);
        self.open_at(now);
        Some(closed)
    }

    /// Closes the open interval for good.
    pub fn close(&mut self) -> Option<(u64, Sample)> {
        self.origin?;
        let closed = self.close_open();
        self.origin = None;
        Some(closed)
    }

    fn close_open(&mut self) -> (u64, Sample) {
        let sample = self.sample(self.length);
        let number = self.number;
        self.number += 1;
        (number, sample)
    }

    fn sample(&self, length: i64) -> Sample {
        let (at, peak, packets) = self.bursts.peak();
        Sample {
            start: self.start,
            length,
            traffic: Traffic::default(),
            peak_ms_bytes: peak.wire_bytes,
            peak_ms_packets: packets,
            peak_ms_at: (peak.wire_bytes > 0).then_some(at),
            inbound_bytes: 0,
            outbound_bytes: 0,
        }
    }

    fn open_at(&mut self, time: Timestamp) {
        let origin = self.origin.unwrap_or(time);
        // In 128 bits: damaged files carry times whose difference does not fit 64. The result lies between origin and time.
        let past = (i128::from(time.0) - i128::from(origin.0)).rem_euclid(i128::from(self.length));
        self.start = Timestamp((i128::from(time.0) - past).clamp(i64::MIN.into(), i64::MAX.into()) as i64);
        self.end = self.start.plus(self.length);
        self.bursts.open(self.start);
        self.now = self.now.max(time);
    }

    /// Where the open interval begins.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Packet time now; `None` before the first packet.
    pub fn now(&self) -> Option<Timestamp> {
        (self.now != Timestamp(0) || self.origin.is_some()).then_some(self.now)
    }

    /// Packets that were older than the open interval.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Starts counting late packets anew.
    pub fn forget_late(&mut self) {
        self.late = 0;
    }

    /// The open interval so far.
    pub fn open(&self) -> Option<Sample> {
        self.origin?;
        Some(self.sample(self.now.since(self.start).clamp(0, self.length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn counted_from_the_first_packet_gaps_skipped_late_ones_counted() {
        let mut i = Intervals::new(S);
        let t = |x: i64| Timestamp(100 * S + S / 2 + x);
        assert!(i.count(t(0), 1).is_none());
        assert!(i.count(t(S - 1), 1).is_none());
        let (number, sample) = i.count(t(S), 1).unwrap();
        assert_eq!((number, sample.start), (0, t(0)));
        assert!(i.count(t(10), 1).is_none());
        assert_eq!(i.late(), 1);
        let (number, sample) = i.count(t(3600 * S + 5), 1).unwrap();
        assert_eq!((number, sample.start), (1, t(S)));
        let (number, sample) = i.close().unwrap();
        assert_eq!((number, sample.start), (2, t(3600 * S)));
        assert!(i.close().is_none());
    }

    #[test]
    fn wild_times_do_not_overflow() {
        let mut i = Intervals::new(S);
        for t in [i64::MIN, i64::MAX, 0, i64::MAX, i64::MIN] {
            i.count(Timestamp(t), 1);
        }
        assert_eq!(i.late(), 2, "0 after the largest time and the smallest again");
    }
}
