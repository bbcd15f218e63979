//! What is kept of a TCP connection's course.

use crate::model::Segment;

/// TCP header flags (RFC 9293 section 3.1).
pub const FIN: u8 = 0x01;
/// See [`FIN`].
pub const SYN: u8 = 0x02;
/// See [`FIN`].
pub const RST: u8 = 0x04;
/// See [`FIN`].
pub const ACK: u8 = 0x10;

/// A connection's course: which segments were seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpTrack(u16);

impl TcpTrack {
    const BASE: [u16; 2] = [1 << 0, 1 << 1];
    const SYN: [u16; 2] = [1 << 2, 1 << 3];
    const SYN_ACK: u16 = 1 << 4;
    const FIN: [u16; 2] = [1 << 5, 1 << 6];
    const RST: u16 = 1 << 7;
    const ACKED: u16 = 1 << 8;
    const DATA_FIRST: u16 = 1 << 9;
    const SAMPLED: u16 = 1 << 10;
    /// What an acknowledgement can add.
    const RUNNING: u16 = Self::BASE[0] | Self::BASE[1] | Self::ACKED;

    /// Whether a segment with these flags can add nothing to what was seen.
    #[inline]
    pub(super) fn knows(self, flags: u8) -> bool {
        (self.0 & Self::RUNNING == Self::RUNNING) & (flags & (FIN | SYN | RST) == 0)
    }

    /// Whether this packet opens a new connection on the same ports: a SYN whose sequence number is not the one this
    /// connection began with (Wireshark 4.0's rule for a new stream; a repeated SYN after RST is the same attempt).
    pub(super) fn is_reuse(self, base: &[u32; 2], way: usize, sequence: u32, flags: u8) -> bool {
        flags & (SYN | ACK) == SYN && self.0 & Self::BASE[way] != 0 && base[way] != sequence
    }

    /// Follows one segment; `base` is the first sequence number of each direction.
    #[inline(never)]
    pub(super) fn follow(&mut self, base: &mut [u32; 2], way: usize, segment: &Segment) {
        let Segment { sequence, acknowledgement, flags, .. } = *segment;
        if self.0 == 0 && flags & SYN == 0 {
            self.0 |= Self::DATA_FIRST;
        }
        if self.0 & Self::BASE[way] == 0 {
            base[way] = if flags & SYN != 0 { sequence } else { sequence.wrapping_sub(1) };
            self.0 |= Self::BASE[way];
        }
        if flags & ACK != 0 && self.0 & Self::BASE[1 - way] == 0 {
            base[1 - way] = acknowledgement.wrapping_sub(1);
            self.0 |= Self::BASE[1 - way];
        }
        match flags & (SYN | ACK) {
            SYN => self.0 |= Self::SYN[way],
            f if f == SYN | ACK => self.0 |= Self::SYN_ACK | Self::SYN[way],
            ACK => self.0 |= Self::ACKED,
            _ => {}
        }
        if flags & FIN != 0 {
            self.0 |= Self::FIN[way];
        }
        if flags & RST != 0 {
            self.0 |= Self::RST;
        }
    }

    /// Whether RST was seen.
    pub fn reset(&self) -> bool {
        self.0 & Self::RST != 0
    }

    /// How many sides have sent FIN.
    pub fn fins(&self) -> u32 {
        (self.0 & (Self::FIN[0] | Self::FIN[1])).count_ones()
    }

    /// Whether the connection was joined after its beginning.
    pub fn midstream(&self) -> bool {
        self.0 & Self::DATA_FIRST != 0
    }

    /// Notes that packets of it were sampled.
    pub fn note_sampled(&mut self) {
        self.0 |= Self::SAMPLED;
    }

    /// Whether packets of it were sampled: then what was not seen says nothing.
    pub fn sampled(&self) -> bool {
        self.0 & Self::SAMPLED != 0
    }

    /// Whether a SYN-ACK was seen.
    pub fn answered(&self) -> bool {
        self.0 & Self::SYN_ACK != 0
    }

    /// Whether an acknowledgement without SYN was seen.
    pub fn acked(&self) -> bool {
        self.0 & Self::ACKED != 0
    }
}
