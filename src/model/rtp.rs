//! RTP (RFC 3550): a packet of a stream of voice or pictures, and what became of a stream.

use super::{Address, Direction, FlowKey, Timestamp};

/// A packet of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket {
    /// The conversation.
    pub flow: FlowKey,
    /// Which way it goes.
    pub way: Direction,
    /// When it passed.
    pub time: Timestamp,
    /// The stream (synchronisation source).
    pub source: u32,
    /// Its sequence number.
    pub sequence: u16,
    /// Its time stamp, in ticks of the payload's clock.
    pub ticks: u32,
    /// The payload type (RFC 3551).
    pub payload_type: u8,
    /// The marker bit: with voice the first packet after silence.
    pub marker: bool,
    /// The number of the packet that carries it; 0 where it is not known.
    pub number: u64,
}

/// What became of a stream since the last time it was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaNews {
    /// The conversation.
    pub flow: FlowKey,
    /// Which way it goes.
    pub way: Direction,
    /// The stream.
    pub source: u32,
    /// The payload type of the latest packet.
    pub payload_type: u8,
    /// Packets that came, each once.
    pub received: u64,
    /// Packets that did not come, though 64 later ones did (RFC 3550 appendix A.3).
    pub lost: u64,
    /// Gaps they are from: several in a row are one.
    pub gaps: u64,
    /// Interarrival jitter (RFC 3550 section 6.4.1), nanoseconds: the least and the most of this time; `None` where the clock is not known.
    pub jitter: Option<[i64; 2]>,
    /// Packets whose spacing was compared with that of their time stamps, and those that were off by more than
    /// [`super::evidence::MEDIA_UNEVEN`].
    pub spaced: [u64; 2],
    /// The first packet of this time.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// The number of the packet behind the latest gap, and of the one that was off most; 0 where there is none.
    pub numbers: [u64; 2],
}

/// Where a stream is going to be sent, as those who call each other agree (SDP, RFC 8866).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaOffer {
    /// The address.
    pub address: Address,
    /// The port.
    pub port: u16,
    /// When it was said.
    pub time: Timestamp,
}

/// Ticks a second of a payload type's clock, where the type tells (RFC 3551 section 6).
pub fn clock_rate(payload_type: u8) -> Option<u32> {
    match payload_type {
        0 | 3..=5 | 7..=9 | 12 | 13 | 15 | 18 => Some(8_000),
        6 => Some(16_000),
        10 | 11 => Some(44_100),
        14 | 25 | 26 | 28 | 31..=34 => Some(90_000),
        16 => Some(11_025),
        17 => Some(22_050),
        _ => None,
    }
}
