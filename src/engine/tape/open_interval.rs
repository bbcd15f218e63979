//! The load interval that is open at a place of the tape.

use crate::model::Timestamp;

/// Intervals are counted from an origin, and one of them is open: the latest that a packet was seen of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenInterval {
    /// Its beginning. Packets older than that belong to an interval before it.
    pub start: Timestamp,
    /// Where intervals are counted from.
    pub origin: Timestamp,
    /// Their length in nanoseconds.
    pub length: i64,
}

impl OpenInterval {
    /// The first interval.
    pub fn first(origin: Timestamp, length: i64) -> Self {
        // At the end of time there is room for it before the packet only.
        let (length, end) = (length.max(1), i64::MAX);
        let origin = Timestamp(origin.0.min(end - length));
        Self { start: origin, origin, length }
    }

    /// The beginning of the interval that a time lies in.
    pub fn start_of(&self, time: Timestamp) -> Timestamp {
        // In 128 bits: damaged files carry times whose difference does not fit 64. The result lies between origin and time.
        let past = (i128::from(time.0) - i128::from(self.origin.0)).rem_euclid(i128::from(self.length.max(1)));
        Timestamp((i128::from(time.0) - past).clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// The interval that a time lies in.
    #[must_use]
    pub fn at(&self, time: Timestamp) -> Self {
        Self { start: self.start_of(time), ..*self }
    }

    /// Where it ends.
    pub fn end(&self) -> Timestamp {
        self.start.plus(self.length)
    }
}
