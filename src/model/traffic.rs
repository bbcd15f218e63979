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

/// Bytes that a frame takes up on an Ethernet link beside those that captures have: preamble, check sequence and gap (IEEE 802.3 clause 4.4.2).
pub const LINK_OVERHEAD: u64 = 24;

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

    /// Bytes that it takes up on an Ethernet link: with what frames have there beside their bytes, which decides how full the link is.
    #[inline]
    pub const fn link_bytes(self) -> u64 {
        self.wire_bytes.saturating_add(self.packets.saturating_mul(LINK_OVERHEAD))
    }

    /// How full it makes a link of so many bits per second in `seconds`, 0 to 1 and more (0 when there was no time).
    pub fn link_share(self, seconds: f64, speed: u64) -> f64 {
        if seconds > 0.0 && speed > 0 { self.link_bytes() as f64 * 8.0 / seconds / speed as f64 } else { 0.0 }
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
