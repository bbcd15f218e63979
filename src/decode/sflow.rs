//! sFlow version 5 datagrams (<https://sflow.org/sflow_version_5.txt>): samples with the first bytes of packets.

use crate::model::{Address, LinkType};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// What the agent says of a datagram as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SflowDatagram {
    /// The agent's address.
    pub agent: IpAddr,
    /// Which of the agent's processes.
    pub sub_agent: u32,
    /// Number of the datagram; a gap is loss on the way.
    pub sequence: u32,
    /// Milliseconds since the agent started.
    pub uptime: u32,
    /// Samples announced.
    pub samples: u32,
}

impl SflowDatagram {
    /// What tells the agent from others whose datagrams come from `sender`: the sub-agent, above it the agent's address unless it is the
    /// sender's own (of an IPv6 address its four words combined).
    pub fn id(&self, sender: Address) -> u64 {
        let agent = match self.agent {
            agent if sender.ip() == Some(agent) => 0,
            IpAddr::V4(agent) => agent.to_bits(),
            IpAddr::V6(agent) => {
                let bits = agent.to_bits();
                [bits >> 96, bits >> 64, bits >> 32, bits].iter().fold(0, |sum, &word| sum ^ word as u32)
            }
        };
        u64::from(agent) << 32 | u64::from(self.sub_agent)
    }
}

/// One sampled packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SflowSample {
    /// Number of the sample at its source.
    pub sequence: u32,
    /// The source: type (0: interface) and index.
    pub source: (u32, u32),
    /// One packet in this many is sampled.
    pub rate: u32,
    /// Packets that could have been sampled so far.
    pub pool: u32,
    /// Packets the agent could not sample so far for lack of resources.
    pub drops: u32,
    /// Interface the packet came in by, in the agent's numbering; `None` when it is unknown or not a single interface.
    pub in_if: Option<u32>,
    /// Interface it left by, likewise.
    pub out_if: Option<u32>,
    /// Header protocol of the bytes: 1 Ethernet, 11 IPv4, 12 IPv6.
    pub protocol: u32,
    /// Length of the original packet, with what was stripped.
    pub frame_len: u32,
    /// Bytes stripped from the original's end, such as its check sequence.
    pub stripped: u32,
    /// Where the packet's first bytes are in the datagram.
    pub header: Range<usize>,
}

impl SflowSample {
    /// The link type of the packet's first bytes; `None` for a header protocol that is not read.
    pub fn link(&self) -> Option<LinkType> {
        match self.protocol {
            1 => Some(LinkType::ETHERNET),
            11 => Some(LinkType::IPV4),
            12 => Some(LinkType::IPV6),
            _ => None,
        }
    }

    /// Length of the original packet as a capture would count it. An agent counts an Ethernet frame with its check sequence
    /// (`frame_len`), and says how much of that it left out (`stripped`: those four bytes, more where it took a tag off).
    pub fn wire(&self) -> u32 {
        let captured = u32::try_from(self.header.len()).unwrap_or(u32::MAX);
        self.frame_len.saturating_sub(self.stripped).max(captured)
    }
}

/// A place in the datagram; every read checks that the bytes are there.
#[derive(Debug, Clone)]
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn word(&mut self) -> Option<u32> {
        let word = self.bytes.get(self.at..)?.first_chunk::<4>()?;
        self.at += 4;
        Some(u32::from_be_bytes(*word))
    }

    /// Where a structure of `length` bytes ends; `None` when it is not all there. A last one may be cut by the capture.
    fn block(&self, length: u32) -> Option<usize> {
        let end = self.at.checked_add(length as usize)?;
        (end <= self.bytes.len()).then_some(end)
    }
}

fn head(cursor: &mut Cursor) -> Option<SflowDatagram> {
    if cursor.word()? != 5 {
        return None;
    }
    let agent = match cursor.word()? {
        1 => IpAddr::V4(Ipv4Addr::from_bits(cursor.word()?)),
        2 => {
            let mut bits = 0;
            for _ in 0..4 {
                bits = bits << 32 | u128::from(cursor.word()?);
            }
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
        _ => return None,
    };
    Some(SflowDatagram { agent, sub_agent: cursor.word()?, sequence: cursor.word()?, uptime: cursor.word()?, samples: cursor.word()? })
}

/// What a datagram's payload says of itself; `None` when it is not sFlow version 5.
pub fn datagram(payload: &[u8]) -> Option<SflowDatagram> {
    head(&mut Cursor { bytes: payload, at: 0 })
}

/// The raw packet headers in a datagram's payload. Counter samples and other records are passed over; damage ends the walk.
pub fn samples(payload: &[u8]) -> impl Iterator<Item = SflowSample> {
    let mut cursor = Cursor { bytes: payload, at: 0 };
    let left = head(&mut cursor).map_or(0, |d| d.samples);
    Samples { cursor, left, flow: None }
}

/// Samples still to come, and the records left in the one being read.
struct Samples<'a> {
    cursor: Cursor<'a>,
    left: u32,
    flow: Option<Flow>,
}

/// A flow sample being read.
struct Flow {
    end: usize,
    records: u32,
    sample: SflowSample,
}

impl Iterator for Samples<'_> {
    type Item = SflowSample;

    fn next(&mut self) -> Option<SflowSample> {
        // Each turn moves at least eight bytes forward, so the datagram's length bounds the loop.
        loop {
            if let Some(mut flow) = self.flow.take() {
                if flow.records > 0 && self.cursor.at < flow.end {
                    flow.records -= 1;
                    let found = raw_header(&mut self.cursor, &flow.sample)?;
                    self.flow = Some(flow);
                    match found {
                        Some(sample) => return Some(sample),
                        None => continue,
                    }
                }
                self.cursor.at = flow.end;
            }
            self.left = self.left.checked_sub(1)?;
            self.flow = sample(&mut self.cursor)?;
        }
    }
}

/// One sample's head: `Some(None)` for one that is not a flow sample (passed over), `None` when the datagram ends.
fn sample(cursor: &mut Cursor) -> Option<Option<Flow>> {
    let (format, length) = (cursor.word()?, cursor.word()?);
    let end = cursor.block(length)?;
    // Enterprise 0, format 1: flow sample; 3: expanded flow sample.
    let expanded = match format {
        1 => false,
        3 => true,
        _ => {
            cursor.at = end;
            return Some(None);
        }
    };
    let sequence = cursor.word()?;
    let source = if expanded {
        (cursor.word()?, cursor.word()?)
    } else {
        let word = cursor.word()?;
        (word >> 24, word & 0x00ff_ffff)
    };
    let (rate, pool, drops) = (cursor.word()?, cursor.word()?, cursor.word()?);
    let (in_if, out_if) = (interface(cursor, expanded)?, interface(cursor, expanded)?);
    let records = cursor.word()?;
    let sample = SflowSample { sequence, source, rate, pool, drops, in_if, out_if, protocol: 0, frame_len: 0, stripped: 0, header: 0..0 };
    Some(Some(Flow { end, records, sample }))
}

/// An interface: format and number, in one word (format in the two highest bits) or in two. Format 0 is a single interface.
fn interface(cursor: &mut Cursor, expanded: bool) -> Option<Option<u32>> {
    let (format, value) = if expanded {
        (cursor.word()?, cursor.word()?)
    } else {
        let word = cursor.word()?;
        (word >> 30, word & 0x3fff_ffff)
    };
    Some((format == 0 && value != 0 && value != 0x3fff_ffff).then_some(value))
}

/// One record of a flow sample: a raw packet header (enterprise 0, format 1), or `Some(None)` for another.
fn raw_header(cursor: &mut Cursor, sample: &SflowSample) -> Option<Option<SflowSample>> {
    let (format, length) = (cursor.word()?, cursor.word()?);
    let end = cursor.block(length)?;
    if format != 1 {
        cursor.at = end;
        return Some(None);
    }
    let (protocol, frame_len, stripped, size) = (cursor.word()?, cursor.word()?, cursor.word()?, cursor.word()?);
    let header = cursor.at..cursor.block(size)?.min(end);
    cursor.at = end;
    if header.start > header.end {
        return None;
    }
    Some(Some(SflowSample { protocol, frame_len, stripped, header, ..sample.clone() }))
}
