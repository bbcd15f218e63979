//! Messages: a header, and sets of records of one kind (RFC 7011 section 3).

use super::template::{FLOW_V4, FLOW_V6, STATISTICS, TEMPLATES};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{Address, CloseReason, Timestamp};
use crate::snapshot::tables::closed_flows::ClosedFlow;

/// Bytes of a message header.
const HEADER: usize = 16;
/// Bytes of a set's header.
const SET: usize = 4;
/// Bytes of an Ethernet header, and of a tag.
const ETHERNET: u64 = 14;
const TAG: u64 = 4;
/// Characters of an application's name, at most: what one byte of length counts.
const NAME: usize = 254;

/// A message that is being filled.
#[derive(Debug)]
pub struct IpfixMessage {
    bytes: Vec<u8>,
    /// Where the open set begins, and its kind.
    set: Option<(usize, u16)>,
    /// Data records in it.
    records: u32,
    /// Bytes at most.
    most: usize,
}

impl IpfixMessage {
    /// An empty one, of at most so many bytes.
    pub fn new(most: usize) -> Self {
        Self { bytes: vec![0; HEADER], set: None, records: 0, most }
    }

    /// One that was finished, to be finished anew.
    pub fn of(bytes: Vec<u8>, records: u32, most: usize) -> Self {
        Self { bytes, set: None, records, most }
    }

    /// Data records in it.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() <= HEADER
    }

    /// Tells all templates.
    pub fn templates(&mut self) {
        for template in TEMPLATES {
            self.open(template.set());
            template.write(&mut self.bytes);
        }
    }

    /// Adds a record of a kind. False where there is no room: it is for the next message.
    pub fn add(&mut self, kind: u16, record: &[u8]) -> bool {
        let head = if self.set.is_some_and(|(_, open)| open == kind) { 0 } else { SET };
        if self.bytes.len() + head + record.len() > self.most && !self.is_empty() {
            return false;
        }
        self.open(kind);
        self.bytes.extend_from_slice(record);
        self.records = self.records.saturating_add(1);
        true
    }

    /// Its bytes, with a time, the number of records sent before, and the observation domain.
    pub fn finish(mut self, now: Timestamp, sequence: u32, domain: u32) -> Vec<u8> {
        self.close();
        let length = u16::try_from(self.bytes.len()).unwrap_or(u16::MAX);
        let seconds = u32::try_from(now.0.div_euclid(SECOND)).unwrap_or(0);
        let mut head = Vec::with_capacity(HEADER);
        head.extend(10u16.to_be_bytes());
        head.extend(length.to_be_bytes());
        head.extend(seconds.to_be_bytes());
        head.extend(sequence.to_be_bytes());
        head.extend(domain.to_be_bytes());
        if let Some(place) = self.bytes.get_mut(..HEADER) {
            place.copy_from_slice(&head);
        }
        self.bytes
    }

    fn open(&mut self, kind: u16) {
        if self.set.is_some_and(|(_, open)| open == kind) {
            return;
        }
        self.close();
        self.set = Some((self.bytes.len(), kind));
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend([0, 0]);
    }

    fn close(&mut self) {
        if let Some((at, _)) = self.set.take() {
            let length = u16::try_from(self.bytes.len().saturating_sub(at)).unwrap_or(u16::MAX);
            if let Some(place) = self.bytes.get_mut(at + 2..at + 4) {
                place.copy_from_slice(&length.to_be_bytes());
            }
        }
    }
}

/// Octets from the network layer on: without Ethernet's header and tags. What Ethernet pads short frames with is in it.
fn octets(wire: u64, packets: u64, tags: usize) -> u64 {
    let head = ETHERNET.saturating_add(TAG.saturating_mul(tags as u64));
    wire.saturating_sub(head.saturating_mul(packets))
}

/// A flow as its template has it, and the template's number. `None` for what has no network address.
pub fn flow(flow: &ClosedFlow, out: &mut Vec<u8>) -> Option<u16> {
    out.clear();
    let [(source, source_port), (destination, destination_port)] = flow.ends();
    let kind = match (source, destination) {
        (Address::V4(source), Address::V4(destination)) => {
            out.extend(source.octets());
            out.extend(destination.octets());
            FLOW_V4.id
        }
        (Address::V6(source), Address::V6(destination)) => {
            out.extend(source.octets());
            out.extend(destination.octets());
            FLOW_V6.id
        }
        _ => return None,
    };
    let record = &flow.record;
    out.extend(source_port.to_be_bytes());
    out.extend(destination_port.to_be_bytes());
    out.push(record.key.protocol);
    // flowEndReason: 1 idle, 2 it goes on, 3 its end was seen, 4 forced, 5 lack of resources.
    out.push(match record.reason {
        CloseReason::Idle => 1,
        CloseReason::Active => 2,
        CloseReason::Fin | CloseReason::Rst | CloseReason::Replaced => 3,
        CloseReason::Finished => 4,
        CloseReason::Evicted => 5,
    });
    // biflowDirection: 1, the source is who began (RFC 5103 section 6.3).
    out.push(1);
    let vlans = record.vlans.ids();
    out.extend(vlans.first().copied().unwrap_or(0).to_be_bytes());
    let macs = flow.macs();
    for at in 0..2 {
        let mac = macs.and_then(|macs| macs.get(at).copied());
        out.extend(match mac {
            Some(Address::Mac(mac)) => mac.0,
            _ => [0; 6],
        });
    }
    for time in [record.first, record.last] {
        out.extend(u64::try_from(time.0.div_euclid(MILLISECOND)).unwrap_or(0).to_be_bytes());
    }
    for way in flow.ways() {
        out.extend(way.packets.to_be_bytes());
        out.extend(octets(way.wire_bytes, way.packets, vlans.len()).to_be_bytes());
        out.extend(way.wire_bytes.to_be_bytes());
    }
    text(flow.app.unwrap_or_default(), out);
    Some(kind)
}

/// What the process counted of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exporting {
    /// Octets of messages.
    pub octets: u64,
    /// Messages.
    pub messages: u64,
    /// Flow records.
    pub flows: u64,
    /// Packets that were lost before they were counted.
    pub ignored_packets: u64,
    /// Flow records that were not sent.
    pub not_sent: u64,
}

/// The statistics as their template has them, and its number.
pub fn statistics(domain: u32, name: &str, counted: &Exporting, out: &mut Vec<u8>) -> u16 {
    out.clear();
    out.extend(domain.to_be_bytes());
    text(name, out);
    for n in [counted.octets, counted.messages, counted.flows, counted.ignored_packets, counted.not_sent] {
        out.extend(n.to_be_bytes());
    }
    STATISTICS.id
}

/// Text with its length before it.
fn text(text: &str, out: &mut Vec<u8>) {
    let end = (0..=text.len().min(NAME)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let cut = text.get(..end).unwrap_or_default();
    out.push(u8::try_from(cut.len()).unwrap_or(0));
    out.extend(cut.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_how_long_it_and_its_sets_are() {
        let mut message = IpfixMessage::new(200);
        assert!(message.is_empty());
        message.templates();
        let bytes = message.finish(Timestamp::new(7, 0), 5, 9);
        let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        assert_eq!((word(0), usize::from(word(2)), word(16)), (10, bytes.len(), 2));
        let templates = usize::from(word(18));
        assert_eq!(word(16 + templates), 3, "options templates have a set of their own");
        assert_eq!(16 + templates + usize::from(word(18 + templates)), bytes.len());
        let mut message = IpfixMessage::new(64);
        assert!(message.add(256, &[1; 40]) && !message.add(256, &[1; 10]) && message.records() == 1);
    }

    #[test]
    fn text_is_cut_between_characters() {
        let mut out = Vec::new();
        text(&"ä".repeat(200), &mut out);
        assert_eq!((usize::from(out[0]), out.len()), (254, 255));
        assert!(std::str::from_utf8(&out[1..]).is_ok());
    }
}
