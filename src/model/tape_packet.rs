//! A packet as it was captured.

use super::{LinkType, Timestamp};

/// A packet as it was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapePacket<'a> {
    /// When.
    pub time: Timestamp,
    /// The link type of its bytes.
    pub link: LinkType,
    /// Bytes on the wire.
    pub wire: u32,
    /// The interface of the source it came from, counted from 0.
    pub interface: u16,
    /// The captured bytes.
    pub bytes: &'a [u8],
}

/// What a capture file says of a packet beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PacketNote {
    /// Where its bytes begin in their block.
    pub offset: u32,
    /// Comments of people and programs (pcapng: `opt_comment`).
    pub comments: Vec<String>,
    /// Direction and how it was received (pcapng: `epb_flags`).
    pub flags: Option<u32>,
}
