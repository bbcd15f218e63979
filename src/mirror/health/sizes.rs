//! Lengths: packets cut by the mirror or by the capture, and packets larger than any wire carries.

use crate::model::limits::CUT_LENGTHS;
use crate::model::sizes::BEYOND_JUMBO;
use crate::model::sum::{Largest, Sum, sums};
use crate::model::{Frame, ProvingPackets};

/// Frame lengths, with how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lengths {
    rows: [(u32, u64); CUT_LENGTHS],
    /// Of lengths that found no row.
    other: u64,
}

impl Sum for Lengths {
    fn merge(&mut self, other: &Lengths) {
        self.other = self.other.saturating_add(other.other);
        other.rows.iter().filter(|r| r.1 > 0).for_each(|r| self.add(r.0, r.1));
    }

    fn since(&self, earlier: &Lengths) -> Lengths {
        let mut rest = *self;
        rest.other = rest.other.saturating_sub(earlier.other);
        for row in &mut rest.rows {
            row.1 = row.1.saturating_sub(earlier.rows.iter().find(|r| r.0 == row.0).map_or(0, |r| r.1));
        }
        rest
    }
}

impl Lengths {
    fn add(&mut self, length: u32, n: u64) {
        match self.rows.iter_mut().find(|r| r.1 == 0 || r.0 == length) {
            Some(row) => *row = (length, row.1.saturating_add(n)),
            None => self.other = self.other.saturating_add(n),
        }
    }

    /// The most frequent length and its share of all (0 to 1).
    pub fn spike(&self) -> Option<(u32, f64)> {
        let all = self.rows.iter().fold(self.other, |sum, r| sum.saturating_add(r.1));
        let best = self.rows.iter().max_by_key(|r| (r.1, r.0)).filter(|r| r.1 > 0)?;
        Some((best.0, best.1 as f64 / all as f64))
    }
}

sums! {
    /// Everything counted of lengths.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct SizeCounts {
        /// IP packets with a length of their own.
        pub packets: u64,
        /// Of them longer than the frame that carries them: cut before the capture.
        pub cut_by_mirror: u64,
        /// Bytes that were cut off before the capture.
        pub cut_bytes: u64,
        /// Of `packets`, those captured in part (snapshot length).
        pub cut_by_capture: u64,
        /// Of those that were cut, those of which nothing was left that tells their ports.
        pub headless: u64,
        /// Frames the mirroring device says it cut.
        pub flagged: u64,
        /// Lengths of frames cut before the capture.
        pub lengths: Lengths,
        /// Largest frame, in wire bytes.
        pub largest: u32 => Largest,
        /// TCP segments with payload whose largest allowed size is known.
        pub segments: u64,
        /// Of them larger: several segments in one.
        pub above_mss: u64,
        /// Of those a whole multiple of the allowed size.
        pub multiples: u64,
        /// Frames longer than any Ethernet carries.
        pub beyond_jumbo: u64,
        /// Packets cut before the capture.
        pub cut_by_mirror_proof: ProvingPackets,
        /// Packets captured in part.
        pub cut_by_capture_proof: ProvingPackets,
        /// IP packets whose length field is 0: larger than 64 KiB, or filled in by hardware later.
        pub no_length: u64,
    }
}

impl SizeCounts {
    /// Looks at one frame; returns where its IP packet ends, if it is there whole.
    #[inline]
    pub fn observe(&mut self, frame: &Frame<'_>) -> Option<usize> {
        self.largest = self.largest.max(frame.wire);
        self.beyond_jumbo += u64::from(frame.wire > BEYOND_JUMBO);
        self.flagged += u64::from(frame.tag.is_some_and(|t| t.truncated));
        let end = frame.net_end as usize;
        if end == 0 {
            self.no_length += u64::from(frame.net.is_some());
            self.without_network(frame);
            return None;
        }
        self.packets += 1;
        if end > frame.bytes.len() {
            self.cut(frame);
            return None;
        }
        Some(end)
    }

    /// Looks at a frame without a network layer: one that says it carries IP was cut before it.
    #[inline(never)]
    fn without_network(&mut self, frame: &Frame<'_>) {
        if frame.net.is_none() && matches!(frame.ether_type, 0x0800 | 0x86dd) && frame.bytes.len() < frame.wire as usize {
            self.packets += 1;
            self.headless += 1;
            self.cut_by_capture += 1;
            self.cut_by_capture_proof.note(frame.number);
        }
    }

    #[inline(never)]
    fn cut(&mut self, frame: &Frame<'_>) {
        // Nobody cut it: the rest came in other packets.
        if frame.piece {
            return;
        }
        if frame.net_end > frame.wire {
            self.cut_before(frame, frame.wire, frame.net_end);
        }
        if frame.cut_before {
            self.cut_before(frame, frame.bytes.len() as u32, frame.wire);
        } else if frame.bytes.len() < frame.wire as usize {
            self.cut_by_capture += 1;
            self.cut_by_capture_proof.note(frame.number);
        }
        let is_portless = frame.flow.is_some_and(|(key, _)| matches!(key.protocol, 6 | 17 | 132) && !key.has_ports());
        self.headless += u64::from(is_portless && !frame.fragment);
    }

    /// Counts a frame that was cut to so many bytes before it was captured.
    fn cut_before(&mut self, frame: &Frame<'_>, length: u32, whole: u32) {
        self.cut_by_mirror += 1;
        self.cut_by_mirror_proof.note(frame.number);
        self.cut_bytes = self.cut_bytes.saturating_add(whole.saturating_sub(length).into());
        self.lengths.add(length, 1);
    }

    /// Looks at the payload of a TCP segment that may have up to `mss`.
    #[inline]
    pub fn segment(&mut self, mss: Option<u16>, payload: u32) {
        if let Some(mss) = mss
            && payload > 0
        {
            self.segments += 1;
            if payload > u32::from(mss) {
                self.above_mss += 1;
                self.multiples += u64::from(payload.is_multiple_of(u32::from(mss)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{frame, udp4};
    use super::*;

    #[test]
    fn cut_by_mirror_is_told_from_cut_by_capture() {
        let whole = udp4(9, &[7; 100]);
        let mut sizes = SizeCounts::default();
        assert_eq!(sizes.observe(&frame(&whole, 0)), Some(142));
        let mut captured = frame(&whole[..60], 0);
        captured.wire = 142;
        assert_eq!(sizes.observe(&captured), None);
        assert_eq!((sizes.cut_by_capture, sizes.cut_by_mirror), (1, 0));
        sizes.observe(&frame(&whole[..64], 0));
        assert_eq!((sizes.cut_by_capture, sizes.cut_by_mirror, sizes.cut_bytes, sizes.packets), (1, 1, 78, 3));
        assert_eq!(sizes.lengths.spike(), Some((64, 1.0)));
        // In a tunnel the length before the cut is the frame's: its copy is there as a whole.
        let mut copied = frame(&whole[..64], 0);
        (copied.wire, copied.cut_before) = (142, true);
        sizes.observe(&copied);
        assert_eq!((sizes.cut_by_capture, sizes.cut_by_mirror, sizes.cut_bytes), (1, 2, 156));
        assert_eq!(sizes.lengths.spike(), Some((64, 1.0)));
    }

    /// Cut within Ethernet's header, within IP's, within UDP's, and behind it.
    #[test]
    fn what_is_cut_before_its_ports_is_headless() {
        let whole = udp4(9, &[7; 100]);
        for (length, headless) in [(14, 1), (33, 1), (41, 1), (42, 0)] {
            let mut sizes = SizeCounts::default();
            let mut cut = frame(&whole[..length], 0);
            (cut.wire, cut.ether_type) = (142, 0x0800);
            if length < 34 {
                (cut.net, cut.net_end) = (None, 0);
            } else if length < 42 {
                cut.flow = Some({
                    let (key, way) = crate::model::FlowKey::v4(17, 1, 2, 0, 0);
                    (key.without_ports(), way)
                });
            }
            sizes.observe(&cut);
            assert_eq!((sizes.packets, sizes.cut_by_capture, sizes.headless), (1, 1, headless), "{length}");
        }
    }

    #[test]
    fn padding_is_no_fault() {
        let mut padded = udp4(9, &[7; 4]);
        padded.resize(60, 0);
        assert_eq!(SizeCounts::default().observe(&frame(&padded, 0)), Some(46));
    }

    #[test]
    fn several_segments_in_one() {
        let bytes = udp4(9, &[0; 10]);
        let mut sizes = SizeCounts::default();
        for payload in [1460, 1461, 2920, 0] {
            sizes.observe(&frame(&bytes, 0));
            sizes.segment(Some(1460), payload);
        }
        assert_eq!((sizes.segments, sizes.above_mss, sizes.multiples), (3, 2, 1));
        let mut twice = sizes;
        twice.merge(&sizes);
        assert_eq!((twice.packets, twice.above_mss, twice.largest), (8, 4, 52));
    }

    #[test]
    fn lengths_beyond_the_cap_are_counted() {
        let mut lengths = Lengths::default();
        (0..2 * CUT_LENGTHS as u32).for_each(|n| lengths.add(64 + n, 1));
        assert_eq!(lengths.spike().map(|s| s.1), Some(1.0 / 16.0));
    }
}
