//! Writes pcapng (draft-ietf-opsawg-pcapng): a section, an interface for each that packets come from, enhanced packet blocks in nanoseconds.
//!
//! Every block is handed to the output whole, so that a file that ends at any flush is complete.

use crate::model::limits::SAVED_INTERFACES;
use crate::model::{FileExtra, LinkType, PacketNote, TapePacket, Timestamp};
use std::io::{self, Write};

/// Block types.
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const NAMES: u32 = 4;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;

/// Option codes: of every block, of a section, of an interface, of a packet, of statistics.
const COMMENT: u16 = 1;
const USER_APPLICATION: u16 = 4;
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TIME_RESOLUTION: u16 = 9;
const PACKET_FLAGS: u16 = 2;
const PACKET_DROPS: u16 = 4;
const DROPPED_BY_INTERFACE: u16 = 5;
const DROPPED_BY_SYSTEM: u16 = 7;

/// What is written of an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InterfaceAbout {
    /// Its name.
    pub name: Option<String>,
    /// What its system calls it.
    pub description: Option<String>,
}

/// A savefile being written.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    out: W,
    /// The section is written: with the first block in it, so that what is said of all of it by then stands there.
    begun: bool,
    /// Comments that are not written yet: of the section, later of the next packet.
    comments: Vec<String>,
    /// The block being put together.
    block: Vec<u8>,
    /// Number and link type of each interface written so far, in their order.
    interfaces: Vec<(u16, LinkType)>,
    /// Bytes written.
    bytes: u64,
}

impl<W: Write> PcapngWriter<W> {
    /// A file of which nothing is written yet; `comment` says in a few words what is in it.
    pub fn new(out: W, comment: &str) -> Self {
        let comments = (!comment.is_empty()).then(|| comment.to_owned()).into_iter().collect();
        Self { out, begun: false, comments, block: Vec::with_capacity(4096), interfaces: Vec::new(), bytes: 0 }
    }

    /// Begins the section where that has not been done.
    fn section(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.begin(SECTION);
        self.block.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
        self.block.extend_from_slice(&[1, 0, 0, 0]);
        // Its length is not known.
        self.block.extend_from_slice(&u64::MAX.to_le_bytes());
        self.option(USER_APPLICATION, concat!("spantop ", env!("CARGO_PKG_VERSION")).as_bytes());
        self.say();
        self.end_of_options();
        self.end()
    }

    /// Says what is still to be said.
    fn say(&mut self) {
        std::mem::take(&mut self.comments).iter().for_each(|comment| self.option(COMMENT, comment.as_bytes()));
    }

    /// Writes a packet; `about` is asked for an interface that has not been met before.
    ///
    /// # Errors
    /// What the output answers to a write.
    pub fn packet(&mut self, packet: &TapePacket<'_>, note: Option<&PacketNote>, about: impl FnOnce() -> InterfaceAbout) -> io::Result<()> {
        self.section()?;
        let key = (packet.interface, packet.link);
        let known = self.interfaces.iter().rposition(|&known| known == key);
        let interface = match known {
            Some(at) => at,
            None => self.interface(key, about)?,
        };
        // What came without a time stays without one where the format allows that: of the first interface, and whole.
        if packet.time == Timestamp::UNKNOWN && interface == 0 && packet.wire as usize == packet.bytes.len() {
            self.begin(SIMPLE_PACKET);
            self.block.extend_from_slice(&packet.wire.to_le_bytes());
            self.block.extend_from_slice(packet.bytes);
            self.pad();
            return self.end();
        }
        self.begin(ENHANCED_PACKET);
        let time = u64::try_from(packet.time.0).unwrap_or(0);
        let captured = u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX);
        for word in [interface as u32, (time >> 32) as u32, time as u32, captured, packet.wire] {
            self.block.extend_from_slice(&word.to_le_bytes());
        }
        self.block.extend_from_slice(packet.bytes);
        self.pad();
        self.noted(note);
        self.end()
    }

    /// The options of a packet.
    fn noted(&mut self, note: Option<&PacketNote>) {
        let plain = self.block.len();
        self.say();
        if let Some(note) = note {
            if let Some(flags) = note.flags {
                self.option(PACKET_FLAGS, &flags.to_le_bytes());
            }
            if let Some(dropped) = note.dropped {
                self.option(PACKET_DROPS, &dropped.to_le_bytes());
            }
            note.comments.iter().for_each(|comment| self.option(COMMENT, comment.as_bytes()));
        }
        if self.block.len() > plain {
            self.end_of_options();
        }
    }

    /// Writes what is of no packet: keys before the packets they are for, names. What is said of all of them stands in the section if
    /// nothing has been written, else beside the next packet.
    ///
    /// # Errors
    /// What the output answers to a write.
    pub fn extra(&mut self, extra: &FileExtra) -> io::Result<()> {
        if let FileExtra::Comments(comments) = extra {
            self.comments.extend_from_slice(comments);
            return Ok(());
        }
        self.section()?;
        match extra {
            FileExtra::Comments(_) => {}
            FileExtra::Secrets(kind, data) => {
                self.begin(SECRETS);
                self.block.extend_from_slice(&kind.to_le_bytes());
                self.block.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
                self.block.extend_from_slice(data);
                self.pad();
            }
            FileExtra::Names(records) => {
                self.begin(NAMES);
                records.iter().for_each(|(kind, value)| self.option(*kind, value));
                self.end_of_options();
            }
        }
        self.end()
    }

    /// Describes an interface and says which it is. Where there are too many the last one stands for the rest of its link type.
    fn interface(&mut self, key: (u16, LinkType), about: impl FnOnce() -> InterfaceAbout) -> io::Result<usize> {
        if self.interfaces.len() >= SAVED_INTERFACES
            && let Some(at) = self.interfaces.iter().rposition(|&(_, link)| link == key.1)
        {
            return Ok(at);
        }
        let about = about();
        self.begin(INTERFACE);
        self.block.extend_from_slice(&key.1.0.to_le_bytes());
        self.block.extend_from_slice(&[0; 2]);
        // No limit on the captured bytes.
        self.block.extend_from_slice(&0u32.to_le_bytes());
        if let Some(name) = about.name {
            self.option(IF_NAME, name.as_bytes());
        }
        if let Some(description) = about.description {
            self.option(IF_DESCRIPTION, description.as_bytes());
        }
        self.option(IF_TIME_RESOLUTION, &[9]);
        self.end_of_options();
        self.end()?;
        self.interfaces.push(key);
        Ok(self.interfaces.len() - 1)
    }

    /// Writes what an interface lost, for those written of that number.
    ///
    /// # Errors
    /// What the output answers to a write.
    pub fn statistics(&mut self, number: u16, time: i64, dropped_by_interface: u64, dropped_by_system: u64) -> io::Result<()> {
        let Some(at) = self.interfaces.iter().position(|&(known, _)| known == number) else { return Ok(()) };
        self.begin(STATISTICS);
        let time = u64::try_from(time).unwrap_or(0);
        for word in [at as u32, (time >> 32) as u32, time as u32] {
            self.block.extend_from_slice(&word.to_le_bytes());
        }
        self.option(DROPPED_BY_INTERFACE, &dropped_by_interface.to_le_bytes());
        self.option(DROPPED_BY_SYSTEM, &dropped_by_system.to_le_bytes());
        self.end_of_options();
        self.end()
    }

    /// Hands everything on; a file without packets is whole, too.
    ///
    /// # Errors
    /// What the output answers.
    pub fn flush(&mut self) -> io::Result<()> {
        self.section()?;
        self.out.flush()
    }

    /// Where it is written.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn begin(&mut self, kind: u32) {
        self.block.clear();
        self.block.extend_from_slice(&kind.to_le_bytes());
        self.block.extend_from_slice(&[0; 4]);
    }

    fn pad(&mut self) {
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    /// An option; a value that is too long for one is cut.
    fn option(&mut self, code: u16, value: &[u8]) {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.block.extend_from_slice(&code.to_le_bytes());
        self.block.extend_from_slice(&length.to_le_bytes());
        self.block.extend_from_slice(value.get(..length.into()).unwrap_or(value));
        self.pad();
    }

    fn end_of_options(&mut self) {
        self.block.extend_from_slice(&[0; 4]);
    }

    /// Writes the block, its length in front and behind.
    fn end(&mut self) -> io::Result<()> {
        let length = u32::try_from(self.block.len() + 4).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(place) = self.block.get_mut(4..8) {
            place.copy_from_slice(&length);
        }
        self.block.extend_from_slice(&length);
        self.out.write_all(&self.block)?;
        self.bytes = self.bytes.saturating_add(self.block.len() as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_and_interfaces_come_before_their_packets() {
        let mut out = Vec::new();
        let mut writer = PcapngWriter::new(&mut out, "why");
        let packet = |interface, link| TapePacket { time: Timestamp(0x1_0000_0007), link, wire: 99, interface, bytes: &[1, 2, 3, 4, 5] };
        let about = || InterfaceAbout { name: Some("eth1".into()), description: None };
        let note = PacketNote { comments: vec!["x".into()], flags: Some(1), ..PacketNote::default() };
        for (interface, link, note) in [(0, LinkType::ETHERNET, None), (3, LinkType::RAW, Some(&note)), (0, LinkType::ETHERNET, None)] {
            writer.packet(&packet(interface, link), note, about).unwrap();
        }
        let bytes = writer.bytes();
        assert_eq!(bytes, out.len() as u64);
        let mut kinds = Vec::new();
        let mut at = 0;
        while at < out.len() {
            let word = |at: usize| u32::from_le_bytes(out[at..at + 4].try_into().unwrap());
            let length = word(at + 4) as usize;
            assert_eq!(word(at + length - 4) as usize, length);
            kinds.push((word(at), length));
            at += length;
        }
        let kinds: Vec<u32> = kinds.into_iter().map(|k| k.0).collect();
        // What is said of all that follows, and what was dropped before a packet, stand beside it.
        out.clear();
        let mut writer = PcapngWriter::new(&mut out, "");
        writer.packet(&packet(0, LinkType::ETHERNET), None, about).unwrap();
        writer.extra(&FileExtra::Comments(vec!["later".into()])).unwrap();
        let note = PacketNote { dropped: Some(7), ..PacketNote::default() };
        writer.packet(&packet(0, LinkType::ETHERNET), Some(&note), about).unwrap();
        let options = b"\x01\0\x05\0later\0\0\0\x04\0\x08\0\x07\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(out[out.len() - 4 - options.len()..out.len() - 4], options[..]);
        assert_eq!(kinds, [SECTION, INTERFACE, ENHANCED_PACKET, INTERFACE, ENHANCED_PACKET, ENHANCED_PACKET]);
    }
}
