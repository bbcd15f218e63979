//! Sums over all packets of a shard.

use crate::model::sizes::{SIZE_CLASSES, size_class};
use crate::model::sum::sums;
use crate::model::{Frame, Stop, Traffic};

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
        pub sizes: [Traffic; SIZE_CLASSES.len()],
        /// IP packets by their differentiated services code point (RFC 2474), in eight rows of eight.
        pub dscp: [[Traffic; 8]; 8],
        /// IP packets by explicit congestion notification (RFC 3168): not capable, ECT(1), ECT(0), congestion experienced.
        pub ecn: [Traffic; 4],
        /// Tagged frames by priority (IEEE 802.1Q 6.9.3).
        pub pcp: [Traffic; 8],
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

    /// Counts the classes that an analysed frame asks for; it stands for `times`.
    #[inline]
    pub fn count_classes(&mut self, frame: &Frame<'_>, times: u64) {
        let count = |sum: &mut Traffic| sum.count_times(frame.wire, times);
        if frame.net.is_some() {
            let class = usize::from(frame.dscp());
            count(&mut self.dscp[class >> 3 & 7][class & 7]);
            count(&mut self.ecn[usize::from(frame.ecn()) & 3]);
        }
        if let Some(tci) = frame.tci {
            count(&mut self.pcp[usize::from(tci >> 13) & 7]);
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
    fn packets_by_the_class_they_ask_for() {
        let mut totals = Totals::default();
        let frame = Frame { wire: 100, net: Some(14), traffic_class: 46 << 2 | 3, tci: Some(5 << 13 | 10), ..Frame::default() };
        totals.count_classes(&frame, 1);
        totals.count_classes(&Frame { net: None, tci: None, ..frame }, 1);
        totals.count_classes(&Frame { traffic_class: 1, tci: None, ..frame }, 3);
        let packets = |t: Traffic| t.packets;
        assert_eq!((packets(totals.dscp[5][6]), packets(totals.dscp[0][0])), (1, 3), "46 is 5 times 8 and 6");
        assert_eq!((totals.ecn.map(packets), totals.pcp.map(packets)), ([0, 3, 0, 1], [0, 0, 0, 0, 0, 1, 0, 0]));
        assert_eq!(totals.dscp[0][0].wire_bytes, 300);
    }
}
