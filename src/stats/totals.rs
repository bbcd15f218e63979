//! Sums over all packets of a shard.

use crate::model::Stop;
use crate::model::Traffic;
use crate::model::sum::sums;

/// Index into [`Totals::directions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum TrafficDirection {
    /// From outside to inside.
    Inbound,
    /// From inside to outside.
    Outbound,
    /// Between local addresses.
    Inside,
    /// Between foreign addresses.
    Through,
    /// Without IP addresses.
    #[default]
    Unknown,
}

sums! {
    /// Sums over all packets. All are plain sums, so the order in which shards are added does not matter.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Totals {
        /// Packets as they were captured, before anything was taken off or left out.
        pub link: Traffic,
        /// Analysed frames by RMON size class: every one is in exactly one, so their sum is the total.
        pub sizes: [Traffic; 7],
        /// Captured bytes.
        pub captured_bytes: u64,
        /// Packets captured shorter than on the wire.
        pub truncated: u64,
        /// IP fragments.
        pub fragments: u64,
        /// By [`TrafficDirection`].
        pub directions: [Traffic; 5],
        /// SYN without ACK.
        pub syn: u64,
        /// SYN with ACK.
        pub syn_ack: u64,
        /// FIN.
        pub fin: u64,
        /// RST.
        pub reset: u64,
        /// Headers not completely captured.
        pub short: u64,
        /// Headers that contradict themselves.
        pub malformed: u64,
    }
}

/// The size class (0 to 6) of a wire length: ≤64, 65–127, 128–255, 256–511, 512–1023, 1024–1518, larger (RFC 2819).
#[inline]
pub fn size_class(wire: u32) -> usize {
    // Powers of two from 128 to 1024 by their bits; the others do not begin at one.
    let doublings = wire.clamp(64, 1024).ilog2() - 6;
    doublings as usize + usize::from(wire > 64) + usize::from(wire > 1518)
}

impl Totals {
    /// Counts an analysed frame's length.
    #[inline]
    pub fn count(&mut self, wire: u32) {
        self.sizes[size_class(wire)].count(wire);
    }

    /// Counts why decoding an analysed frame ended early, if it did.
    #[inline]
    pub fn count_stop(&mut self, stop: Option<Stop>) {
        match stop {
            None => {}
            Some(Stop::Captured) => self.short += 1,
            Some(Stop::Malformed) => self.malformed += 1,
        }
    }

    /// Counts the length of an analysed frame that stands for `times`.
    pub fn count_times(&mut self, wire: u32, times: u64) {
        self.sizes[size_class(wire)].count_times(wire, times);
    }

    /// Counts a packet's lengths as it was captured.
    #[inline]
    pub fn count_link(&mut self, wire: u32, captured: u32) {
        self.link.count(wire);
        self.captured_bytes += u64::from(captured);
        self.truncated += u64::from(captured < wire);
    }

    /// Counts TCP flags.
    #[inline]
    pub fn count_tcp(&mut self, flags: u8) {
        self.count_tcp_times(flags, 1);
    }

    /// Counts the TCP flags of a packet that stands for `times`.
    #[inline]
    pub fn count_tcp_times(&mut self, flags: u8, times: u64) {
        const FIN: u8 = 0x01;
        const SYN: u8 = 0x02;
        const RST: u8 = 0x04;
        const ACK: u8 = 0x10;
        if flags & (FIN | SYN | RST) != 0 {
            self.fin += times * u64::from(flags & FIN != 0);
            self.reset += times * u64::from(flags & RST != 0);
            self.syn += times * u64::from(flags & (SYN | ACK) == SYN);
            self.syn_ack += times * u64::from(flags & (SYN | ACK) == SYN | ACK);
        }
    }

    /// All analysed frames.
    pub fn traffic(&self) -> Traffic {
        let mut sum = Traffic::default();
        self.sizes.iter().for_each(|&t| sum.add(t));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_bounds() {
        let want = [
            (0, 0),
            (64, 0),
            (65, 1),
            (127, 1),
            (128, 2),
            (255, 2),
            (256, 3),
            (511, 3),
            (512, 4),
            (1023, 4),
            (1024, 5),
            (1518, 5),
            (1519, 6),
            (u32::MAX, 6),
        ];
        for (wire, class) in want {
            assert_eq!(size_class(wire), class, "{wire}");
        }
    }
}
