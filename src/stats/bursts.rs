//! The busiest millisecond inside each interval.

use crate::model::limits::BURST_BINS;
use crate::model::time::MILLISECOND;
use crate::model::{Timestamp, Traffic};

/// One-millisecond bins of the open interval. A packet counts in the bin of its own time; a late one in the first bin.
#[derive(Debug)]
pub struct Bursts {
    start: Timestamp,
    bins: Vec<Traffic>,
    /// Highest bin touched, plus one.
    touched: usize,
}

impl Bursts {
    /// Bins for intervals of `interval` nanoseconds.
    pub fn new(interval: i64) -> Self {
        let bins = (interval / MILLISECOND).clamp(1, BURST_BINS as i64) as usize;
        Self { start: Timestamp(0), bins: vec![Traffic::default(); bins], touched: 0 }
    }

    /// Opens an interval.
    pub fn open(&mut self, start: Timestamp) {
        self.bins[..self.touched].fill(Traffic::default());
        self.touched = 0;
        self.start = start;
    }

    /// Counts a packet.
    #[inline]
    pub fn count(&mut self, time: Timestamp, wire: u32) {
        let bin = ((time.since(self.start).max(0) as u64 / MILLISECOND as u64) as usize).min(self.bins.len() - 1);
        self.touched = self.touched.max(bin + 1);
        self.bins[bin].count(wire);
    }

    /// The busiest millisecond by wire bytes: its start, bytes and packets; and the most packets of any.
    pub fn peak(&self) -> (Timestamp, Traffic, u64) {
        let mut best = (0, Traffic::default());
        let mut packets = 0;
        for (i, &bin) in self.bins[..self.touched].iter().enumerate() {
            packets = packets.max(bin.packets);
            if bin.wire_bytes > best.1.wire_bytes {
                best = (i, bin);
            }
        }
        (self.start.plus(best.0 as i64 * MILLISECOND), best.1, packets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_busiest_millisecond() {
        let mut b = Bursts::new(1_000 * MILLISECOND);
        b.open(Timestamp(500));
        b.count(Timestamp(500), 100);
        for k in 0..3 {
            b.count(Timestamp(500 + 7 * MILLISECOND + k), 60);
        }
        b.count(Timestamp(500 + 9 * MILLISECOND), 150);
        let (at, traffic, packets) = b.peak();
        assert_eq!((at, traffic, packets), (Timestamp(500 + 7 * MILLISECOND), Traffic { packets: 3, wire_bytes: 180 }, 3));
        b.open(Timestamp(0));
        assert_eq!(b.peak().1, Traffic::default());
    }
}
