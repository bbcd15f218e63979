//! Time stamps that devices on the way write into frames: trailers behind the frame ([`trailer`]) and headers with an EtherType of their
//! own ([`header()`]). Trailers have no mark of their own, but for those with a checksum: whoever asks must demand that many frames in a row
//! show one. Layouts: Wireshark (`packet-metamako.c`, `packet-exablaze.c`, `packet-vssmonitoring.c`, `packet-ixiatrailer.c`,
//! `packet-gmhdr.c`), tcpdump (`print-arista.c`), the vendors' guides.

mod arista;
mod crc;
mod fields;
mod header;
mod plain;

pub use arista::{KEYFRAME, Keyframe, keyframe};
pub use crc::crc32;
pub use header::header;
pub(in crate::decode) use header::{avsp, gigamon, ttag};

use crate::model::time::SECOND;
use crate::model::{Stamp, StampKind, Timestamp};

/// A frame with what is known of its end.
#[derive(Debug, Clone, Copy)]
pub struct Tail<'a> {
    /// All of the frame: one that was cut has no trailer.
    pub bytes: &'a [u8],
    /// Nothing before this can be a trailer: the end of the network layer, or of the link header where there is none.
    pub floor: usize,
    /// Where the trailer starts if there is one, when the frame's own lengths tell: the network layer's end, or the 60th byte of a frame
    /// that was padded.
    pub start: Option<usize>,
    /// When it was captured.
    pub time: Timestamp,
}

/// Shortest frame on an Ethernet, without its check sequence.
const SHORTEST: usize = 60;

impl<'a> Tail<'a> {
    /// A frame whose network layer ends at `net_end` (0: there is none).
    pub fn new(bytes: &'a [u8], net_end: usize, time: Timestamp) -> Self {
        let known = net_end > 0;
        Self { bytes, floor: if known { net_end } else { SHORTEST }, start: known.then_some(net_end.max(SHORTEST)), time }
    }

    /// A frame whose own lengths do not tell its end, where trailers usually take `usual` bytes.
    pub fn ending(bytes: &'a [u8], usual: u8, time: Timestamp) -> Self {
        let start = bytes.len().checked_sub(usual.into()).filter(|&at| at >= SHORTEST);
        Self { bytes, floor: SHORTEST, start, time }
    }

    /// Bytes `at..at + N`, if they may be a trailer's.
    fn field<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        (at >= self.floor).then_some(())?;
        self.bytes.get(at..)?.first_chunk::<N>().copied()
    }

    fn be32(&self, at: usize) -> Option<u32> {
        self.field::<4>(at).map(u32::from_be_bytes)
    }

    /// Ends that a trailer may have: the frame's, or that before a check sequence the capture kept.
    fn ends(&self) -> impl Iterator<Item = usize> {
        let length = self.bytes.len();
        [Some(length), length.checked_sub(4)].into_iter().flatten()
    }

    /// A trailer from `start` to the frame's end.
    fn from(&self, start: usize) -> Option<u8> {
        (start >= self.floor).then(|| u8::try_from(self.bytes.len() - start).ok()).flatten()
    }

    /// Seconds and nanoseconds as a time, if it is one within `days` of the capture's.
    fn near(&self, seconds: u32, nanos: u32, days: i64) -> Option<Timestamp> {
        let time = Timestamp(i64::from(seconds) * SECOND + i64::from(nanos));
        let apart = i128::from(time.0) - i128::from(self.time.0);
        (nanos < 1_000_000_000 && apart.unsigned_abs() <= (days * 86_400 * SECOND) as u128).then_some(time)
    }
}

/// The trailer of a kind at the end of a frame; `None` when there is none, for kinds that are no trailer, and for
/// [`StampKind::Arista7150`], whose counter needs a [`Keyframe`].
pub fn trailer(kind: StampKind, tail: &Tail) -> Option<Stamp> {
    match kind {
        StampKind::Ixia => fields::ixia(tail),
        StampKind::Gigamon => fields::gigamon(tail),
        StampKind::Metamako => plain::metamako(tail),
        StampKind::Exablaze => plain::exablaze(tail),
        StampKind::Vss => plain::vss(tail),
        StampKind::Cpacket => plain::cpacket(tail),
        StampKind::Arista7150 | StampKind::Arista | StampKind::GigamonHeader | StampKind::Ttag => None,
    }
}

#[cfg(test)]
mod tests;
