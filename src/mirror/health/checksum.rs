//! Transport checksums of a sample of packets: right, left to the hardware, or wrong.
//!
//! A sender with checksum offload leaves the sum of the pseudo header in the field and its network card adds the rest; a copy
//! taken before that, on the sending host or its virtual switch, shows the part. Only packets that are there whole are summed.

use crate::model::ip_protocol;
use crate::model::limits::{CHECKSUMS_AT_FIRST, CHECKSUMS_PER_SECOND};
use crate::model::sum::sums;
use crate::model::time::SECOND;
use crate::model::{Frame, ProvingPackets, Timestamp};

sums! {
    /// Checksums by state.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct ChecksumCounts {
        /// Right.
        pub right: u64,
        /// Pseudo header only: left to the hardware.
        pub partial: u64,
        /// Not used (UDP over IPv4 with a field of 0).
        pub absent: u64,
        /// Wrong in any other way.
        pub wrong: u64,
        /// Packets of `partial`.
        pub partial_proof: ProvingPackets,
        /// Packets of `wrong`.
        pub wrong_proof: ProvingPackets,
    }
}

impl ChecksumCounts {
    /// All that were looked at.
    pub fn all(&self) -> u64 {
        [self.right, self.partial, self.absent, self.wrong].iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// The sampler of one shard.
#[derive(Debug)]
pub struct Checksums {
    counts: ChecksumCounts,
    /// Beginning of the second in which `left` holds, nanoseconds.
    second: i64,
    /// Packets that may still be summed in it.
    left: u32,
}

impl Default for Checksums {
    fn default() -> Self {
        Self { counts: ChecksumCounts::default(), second: 0, left: CHECKSUMS_PER_SECOND }
    }
}

/// The Internet checksum's sum (RFC 1071), folded to 16 bits; odd bytes are padded with 0.
fn sum(parts: &[&[u8]]) -> u16 {
    let mut total = 0u64;
    for part in parts {
        let (words, rest) = part.as_chunks::<4>();
        total = words.iter().fold(total, |t, w| t + u64::from(u32::from_be_bytes(*w)));
        let mut last = [0u8; 4];
        last.iter_mut().zip(rest).for_each(|(a, b)| *a = *b);
        total += u64::from(u32::from_be_bytes(last));
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

impl Checksums {
    /// Sums the packet that ends at `end`, if the sample has room for it.
    #[inline]
    pub fn observe(&mut self, frame: &Frame<'_>, end: usize) {
        if self.left == 0 && self.same_second(frame.time) || frame.fragment {
            return;
        }
        if let Some((key, _)) = &frame.flow
            && (key.is_tcp() || key.is_udp())
            && self.judge(frame, key.protocol, end).is_some()
        {
            if !self.same_second(frame.time) {
                self.second = frame.time.0.div_euclid(SECOND) * SECOND;
                self.left = if self.counts.all() <= CHECKSUMS_AT_FIRST { CHECKSUMS_PER_SECOND } else { CHECKSUMS_PER_SECOND / 4 };
            }
            self.left -= 1;
        }
    }

    fn same_second(&self, time: Timestamp) -> bool {
        (time.0.wrapping_sub(self.second) as u64) < SECOND as u64
    }

    fn judge(&mut self, frame: &Frame<'_>, protocol: u8, end: usize) -> Option<()> {
        const ROUTING: u8 = 43;
        const DESTINATION: u8 = 60;
        let is_v6 = frame.flow.as_ref()?.0.is_v6;
        let header = frame.bytes.get(frame.net? as usize..)?;
        let addresses = if is_v6 { header.get(8..40)? } else { header.get(12..20)? };
        // With a routing header the sum is over the final destination, which is not in the address field; with destination options the source
        // may be a mobile node's home, which is not there either.
        if is_v6 && matches!(*header.get(6)?, ROUTING | DESTINATION) {
            return None;
        }
        let transport = frame.bytes.get(frame.transport? as usize..end)?;
        let at = if protocol == ip_protocol::TCP { 16 } else { 6 };
        let field = u16::from_be_bytes([*transport.get(at)?, *transport.get(at + 1)?]);
        let length = (transport.len() as u32).to_be_bytes();
        let pseudo = sum(&[addresses, &length, &[0, 0, 0, protocol]]);
        if protocol == ip_protocol::UDP && field == 0 && !is_v6 {
            self.counts.absent += 1;
        } else if sum(&[&u32::from(pseudo).to_be_bytes(), transport]) == 0xffff {
            self.counts.right += 1;
        } else if field == pseudo || field == 0 {
            self.counts.partial += 1;
            self.counts.partial_proof.note(frame.number);
        } else {
            self.counts.wrong += 1;
            self.counts.wrong_proof.note(frame.number);
        }
        Some(())
    }

    /// All counts since the beginning.
    pub fn counts(&self) -> ChecksumCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{frame, udp4};
    use super::*;
    use proptest::prelude::*;

    fn judge(bytes: &[u8]) -> ChecksumCounts {
        let mut sums = Checksums::default();
        sums.observe(&frame(bytes, 5 * SECOND), bytes.len());
        sums.counts()
    }

    /// Fills the UDP checksum in, word by word as RFC 768 says.
    fn filled(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes[40..42].fill(0);
        let mut total = 17u32 + (bytes.len() as u32 - 34);
        let mut words = bytes[26..34].to_vec();
        words.extend(&bytes[34..]);
        words.resize(words.len().next_multiple_of(2), 0);
        for pair in words.chunks(2) {
            total += u32::from(pair[0]) << 8 | u32::from(pair[1]);
        }
        while total > 0xffff {
            total = (total & 0xffff) + (total >> 16);
        }
        let sum = if total == 0xffff { 0xffff } else { !(total as u16) };
        bytes[40..42].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    #[test]
    fn right_absent_partial_wrong() {
        let bytes = udp4(9, b"hello");
        assert_eq!(judge(&bytes), ChecksumCounts { absent: 1, ..Default::default() });
        let mut bytes = filled(bytes);
        assert_eq!(judge(&bytes), ChecksumCounts { right: 1, ..Default::default() });
        bytes[45] ^= 0x55;
        assert_eq!(judge(&bytes), ChecksumCounts { wrong: 1, ..Default::default() });
        let pseudo = sum(&[&bytes[26..34], &[0, 17, 0, 13]]);
        bytes[40..42].copy_from_slice(&pseudo.to_be_bytes());
        assert_eq!(judge(&bytes), ChecksumCounts { partial: 1, ..Default::default() });
    }

    #[test]
    fn the_sample_is_bounded_a_second_and_thins_out() {
        let bytes = filled(udp4(9, b"x"));
        let mut sums = Checksums::default();
        let mut second = |n: i64| {
            let before = sums.counts().all();
            (0..500).for_each(|_| sums.observe(&frame(&bytes, n * SECOND + 1), bytes.len()));
            sums.counts().all() - before
        };
        let many = u64::from(CHECKSUMS_PER_SECOND);
        let full = CHECKSUMS_AT_FIRST.div_ceil(many);
        for n in 0..full as i64 {
            assert_eq!(second(n), many, "second {n}");
        }
        assert_eq!(second(full as i64), many / 4);
        // A clock that goes back does not start anew.
        assert_eq!(second(1), many / 4);
    }

    proptest! {
        #[test]
        fn every_right_sum_is_right(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(judge(&filled(udp4(9, &payload))).right, 1);
        }
    }
}
