//! The state copies are in: whole or cut, tagged or bare, with checksums or without, and what else a healthy mirror shows.
//!
//! Cost a packet: a few ns for sizes; control packets, DNS and echo a table look-up; a checksum about 0.3 ns a byte,
//! [`crate::model::limits::CHECKSUMS_PER_SECOND`] times a second. Tags and casts cost nothing: they are read off the contexts.

mod checksum;
mod contents;
mod sizes;
mod unmatched;

pub use checksum::ChecksumCounts;
pub use contents::ContentCounts;
pub use sizes::{Lengths, SizeCounts};
pub use unmatched::UnmatchedCounts;

use crate::model::Frame;
use crate::model::sum::sums;
use checksum::Checksums;
use contents::Carriers;

sums! {
    /// Frames by the kind of destination address.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct CastCounts {
        /// To one station, sent to or by others than this host.
        pub unicast: u64,
        /// To this host's own address or from it; of files, whose host is not known, none.
        pub own: u64,
        /// To a group.
        pub multicast: u64,
        /// To everyone.
        pub broadcast: u64,
    }
}

sums! {
    /// Everything counted of the copies' state. What is a maximum is always that of the whole time.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct HealthCounts {
        /// Lengths and cuts.
        pub sizes: SizeCounts,
        /// Checksums.
        pub checksums: ChecksumCounts,
        /// Destinations.
        pub casts: CastCounts,
        /// Questions and answers.
        pub unmatched: UnmatchedCounts,
        /// What packets consist of.
        pub contents: ContentCounts,
    }
}

/// The health detectors of one shard.
#[derive(Debug, Default)]
pub struct Health {
    sizes: SizeCounts,
    checksums: Checksums,
    unmatched: UnmatchedCounts,
    carriers: Carriers,
}

impl Health {
    /// Looks at one frame.
    #[inline(always)]
    pub fn observe(&mut self, frame: &Frame<'_>) {
        if let Some(end) = self.sizes.observe(frame) {
            self.checksums.observe(frame, end);
        }
    }

    /// Looks, in addition, at a TCP segment; `mss` is the largest payload its direction may have, if a SYN told.
    #[inline(always)]
    pub fn segment(&mut self, mss: Option<u16>, payload: u32) {
        self.sizes.segment(mss, payload);
    }

    /// What the exchange table says of requests and replies is counted here.
    pub fn unmatched_mut(&mut self) -> &mut UnmatchedCounts {
        &mut self.unmatched
    }

    /// Looks, in addition, at a frame with IP but without a TCP header.
    #[inline]
    pub fn datagram(&mut self, frame: &Frame<'_>) {
        if matches!(frame.flow, Some((key, _)) if key.is_udp()) {
            self.carriers.observe(frame);
        }
    }

    /// Counts up to now, since the beginning. Frames by tag and destination are not among them: whoever keeps the contexts has them.
    pub fn counts(&mut self) -> HealthCounts {
        HealthCounts {
            sizes: self.sizes,
            checksums: self.checksums.counts(),
            casts: CastCounts::default(),
            unmatched: self.unmatched,
            contents: ContentCounts { carriers: self.carriers.counts(), ..ContentCounts::default() },
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{Direction, FlowKey, Mac, Timestamp};
    use crate::packet::Packet;
    use proptest::prelude::*;

    /// An Ethernet frame with IPv4 and UDP, ports 53000 to `port`, around `payload`.
    pub fn udp4(port: u16, payload: &[u8]) -> Vec<u8> {
        let ip = Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).unpadded().ipv4([10, 0, 0, 1], [10, 0, 0, 2]).fragment_word(0);
        ip.udp(53_000, port).checksum(0).payload(payload).build()
    }

    /// That frame as detectors see it.
    pub fn frame(bytes: &[u8], time: i64) -> Frame<'_> {
        let mac = |at: usize| bytes.get(at..at + 6).and_then(|m| m.try_into().ok()).map(Mac);
        let ip = bytes.get(12..14) == Some(&[8, 0]);
        let frame = Frame {
            time: Timestamp(time),
            wire: bytes.len() as u32,
            bytes,
            mac: mac(6).zip(mac(0)),
            ether_type: 0x0800,
            net: ip.then_some(14),
            transport: ip.then_some(34),
            payload: 42,
            flow: ip.then(|| FlowKey::new(false, bytes.get(23).copied().unwrap_or(17), 1, 2, 53_000, 53)),
            ..Frame::default()
        };
        Frame { net_end: frame.ip_end(), ..frame }
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            net in prop::option::of(0u32..220), transport in prop::option::of(0u32..220), extra in 0u32..3000, protocol in prop::sample::select(vec![1u8, 6, 17, 58]),
            keep in 0usize..60,
        ) {
            let mut bytes = bytes;
            for known in [udp4(53, &[0; 12]), vec![1, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 9, 1, 1, 1, 20], vec![1, 0, 12, 0xcc, 0xcc, 0xcd, 2, 0, 0, 0, 0, 1, 0, 50, 0xaa, 0xaa, 3, 0, 0, 12, 1, 11]] {
                let n = keep.min(known.len()).min(bytes.len());
                bytes[..n].copy_from_slice(&known[..n]);
                let (key, way) = FlowKey::new(false, protocol, 1, 2, 53_000, 53);
                let frame = Frame { net, transport, wire: bytes.len() as u32 + extra, flow: Some((key, way)), ..frame(&bytes, i64::from(extra)) };
                let mut health = Health::default();
                for _ in 0..3 {
                    health.observe(&frame);
                    health.segment(Some(1460), extra);
                }
                let counts = health.counts();
                prop_assert!(counts.sizes.packets + counts.sizes.no_length <= 6);
                let _ = way == Direction::AToB;
            }
        }
    }
}
