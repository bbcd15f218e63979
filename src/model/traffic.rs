//! The pair every table counts: packets and bytes on the wire.

use super::sum::{Sum, sums};

sums! {
    /// Packets and wire bytes.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Traffic {
        /// Packets.
        pub packets: u64,
        /// Bytes on the wire.
        pub wire_bytes: u64,
    }
}

impl Traffic {
    /// Counts one packet.
    #[inline]
    pub fn count(&mut self, wire: u32) {
        self.packets += 1;
        self.wire_bytes += u64::from(wire);
    }

    /// Counts one packet that stands for `times`.
    #[inline]
    pub fn count_times(&mut self, wire: u32, times: u64) {
        self.packets += times;
        self.wire_bytes += u64::from(wire) * times;
    }

    /// Adds another count.
    #[inline]
    pub fn add(&mut self, other: Traffic) {
        self.packets += other.packets;
        self.wire_bytes += other.wire_bytes;
    }

    /// Both together.
    #[inline]
    #[must_use]
    pub fn plus(mut self, other: Traffic) -> Traffic {
        self.add(other);
        self
    }

    /// What was added since `earlier`.
    #[inline]
    #[must_use]
    pub fn since(self, earlier: Traffic) -> Traffic {
        Sum::since(&self, &earlier)
    }

    /// Bits per second over `seconds` (0 when there was no time).
    pub fn bits_per_second(self, seconds: f64) -> f64 {
        if seconds > 0.0 { self.wire_bytes as f64 * 8.0 / seconds } else { 0.0 }
    }

    /// Packets per second over `seconds` (0 when there was no time).
    pub fn packets_per_second(self, seconds: f64) -> f64 {
        if seconds > 0.0 { self.packets as f64 / seconds } else { 0.0 }
    }
}
