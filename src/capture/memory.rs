//! Packets that are already in memory: for tests and for programs that have their own way of capturing.

use super::{Block, Fill, Source, SourceInfo, SourceLosses};
use crate::error::Result;
use crate::model::{LinkType, Timestamp};

/// A source of packets given one by one.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    packets: Vec<(Timestamp, u32, LinkType, Vec<u8>)>,
    next: usize,
    losses: SourceLosses,
    has_fine_stamps: bool,
}

impl Memory {
    /// A source without packets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a packet as captured: time, link type, wire length (raised to the captured length) and bytes.
    #[must_use]
    pub fn with(mut self, time: Timestamp, link: LinkType, wire: u32, bytes: &[u8]) -> Self {
        self.push(time, link, wire, bytes);
        self
    }

    /// Appends a packet, as [`Self::with`] does.
    pub fn push(&mut self, time: Timestamp, link: LinkType, wire: u32, bytes: &[u8]) {
        self.packets.push((time, wire.max(bytes.len() as u32), link, bytes.to_vec()));
    }

    /// Says that an adapter stamped the packets as they came in.
    #[must_use]
    pub fn stamped_by_adapter(mut self) -> Self {
        self.has_fine_stamps = true;
        self
    }

    /// Says that packets were lost before they came here.
    pub fn set_losses(&mut self, losses: SourceLosses) {
        self.losses = losses;
    }
}

impl Source for Memory {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        while let Some((time, wire, link, bytes)) = self.packets.get(self.next) {
            if !block.has_room(bytes.len()) {
                return Ok(Fill::Packets);
            }
            block.push(*time, *wire, *link, 0, bytes);
            self.next += 1;
        }
        Ok(if block.packets.is_empty() { Fill::End } else { Fill::Packets })
    }

    fn info(&self) -> Vec<SourceInfo> {
        let mut link_types: Vec<LinkType> = Vec::new();
        for packet in &self.packets[..self.next] {
            if !link_types.contains(&packet.2) {
                link_types.push(packet.2);
            }
        }
        vec![SourceInfo { name: "memory".into(), format: "memory".into(), link_types, packets: self.next as u64, ..SourceInfo::default() }]
    }

    fn has_fine_stamps(&self) -> bool {
        self.has_fine_stamps
    }

    fn losses(&mut self) -> SourceLosses {
        self.losses
    }
}
