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
    /// Packets of its interface that were dropped between the one before and it (pcapng: `epb_dropcount`).
    pub dropped: Option<u64>,
    /// What the file says between the packet before and this one that is of no single packet.
    pub before: Vec<FileExtra>,
}

/// What a capture file holds beside packets that whoever reads them may need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileExtra {
    /// Keys that what follows can be deciphered with (pcapng: Decryption Secrets Block): their kind, and what is written of them.
    Secrets(u32, Vec<u8>),
    /// Names of addresses (pcapng: Name Resolution Block): kind and value of each record.
    Names(Vec<(u16, Vec<u8>)>),
    /// Comments on all that follows (pcapng: those of a Section Header Block).
    Comments(Vec<String>),
}
