//! One activated libpcap handle: packets into a block, counters without their wrap.

use super::Turn;
use super::fanout::{Fanout, Member};
use crate::capture::Block;
use crate::capture::bpf::is_optimised;
use crate::model::limits::MAX_PACKET_BYTES;
use crate::model::{LinkType, Timestamp};
use crate::settings::{LiveSettings, TimeStamps};
use pcap::{Active, BreakLoop, Capture, Linktype, Precision, TimestampType};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// How long the kernel may hold a partly filled ring block back, in milliseconds. 0 breaks TPACKET_V3; "immediate mode"
/// would fall back to TPACKET_V2, which loses half the packets at 0.6 million a second.
pub const RETIRE_MS: i32 = 20;

/// Room a block must have left for the next packet before anything larger has been seen.
const USUAL_PACKET: usize = 2048;

/// Smallest ring asked for: a few of the kernel's 256 KiB blocks.
const SMALLEST_RING: usize = 1024 * 1024;

/// Why a handle could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The filter expression does not compile for this link type.
    Filter(String),
    /// libpcap's words about the device.
    Device(String),
}

/// An open interface.
pub struct Handle {
    capture: Capture<Active>,
    stop: BreakLoop,
    /// Link type of its packets.
    pub link: LinkType,
    /// Promiscuous mode was asked for and granted.
    pub promiscuous: bool,
    /// Nanoseconds in one unit of the fraction libpcap gives.
    fraction: i64,
    /// Length of the longest packet so far: the room a block needs to take another one.
    pub widest: usize,
    /// The loop was broken off and libpcap may still report that once more.
    broken_off: bool,
    dropped: Wrapping,
    interface_dropped: Wrapping,
    /// The group of handles that share the interface's packets.
    member: Option<Member>,
    /// Earlier packets came to other handles of the group as well; `None` until all have joined.
    since: Option<Timestamp>,
}

/// How an interface is opened.
pub struct PortToOpen {
    pub name: String,
    pub options: LiveSettings,
    /// Whether the device has nanoseconds.
    pub nanoseconds: bool,
    /// The kernel's number of the interface.
    pub index: Option<u64>,
    /// The group of handles that share its packets.
    pub fanout: Option<Arc<Fanout>>,
}

impl Handle {
    /// Opens an interface for non-blocking reads.
    pub fn open(PortToOpen { name, options, nanoseconds, index, fanout }: &PortToOpen) -> Result<Self, Refused> {
        let nanoseconds = *nanoseconds;
        // libpcap turns promiscuous mode down for `any` and calls that a warning, which the binding takes for a failure.
        let promiscuous = options.promiscuous && name != "any";
        let (capture, promiscuous) = match activate(name, options, promiscuous, nanoseconds) {
            Err(text) if promiscuous && text.contains("romiscuous") => (activate(name, options, false, nanoseconds), false),
            other => (other, promiscuous),
        };
        // The link type stays what libpcap chose: `any` offers LINUX_SLL2 as well, but puts VLAN tags the kernel took off back
        // into LINUX_SLL frames only.
        let mut capture = capture.map_err(Refused::Device)?;
        if let Some(filter) = &options.filter {
            let optimised = is_optimised(filter).map_err(Refused::Filter)?;
            capture.filter(filter, optimised).map_err(|e| Refused::Filter(message(&e)))?;
        }
        let member = fanout.as_ref().map(|fanout| fanout.join(capture.as_fd(), *index)).transpose().map_err(Refused::Device)?;
        let stop = capture.breakloop_handle();
        Ok(Self {
            stop,
            since: member.is_none().then_some(Timestamp::UNKNOWN),
            member,
            link: link_type(capture.get_datalink()),
            promiscuous,
            fraction: if nanoseconds { 1 } else { 1000 },
            widest: USUAL_PACKET,
            broken_off: false,
            dropped: Wrapping::default(),
            interface_dropped: Wrapping::default(),
            capture,
        })
    }

    /// Whether each packet from now on comes to one handle alone. What was dropped before came to another handle.
    pub fn settle(&mut self) -> bool {
        if self.since.is_none() {
            self.since = self.member.as_ref().and_then(Member::since);
            if self.since.is_some() {
                // A counter that cannot be read is told of when losses are counted.
                let _ = self.new_drops();
            }
        }
        self.since.is_some()
    }

    /// Copies the packets that are there into the block, at most a turn's worth or what there is room for. Never waits.
    ///
    /// # Errors
    /// libpcap's words, when the interface cannot be read any more.
    pub fn drain(&mut self, block: &mut Block, interface: u16, turn: Turn) -> Result<usize, String> {
        if !self.settle() {
            return Ok(0);
        }
        let (before, limit) = (block.packets.len(), block.packets.len() + turn.packets);
        loop {
            match self.dispatch(block, interface, turn, limit) {
                Ok(_) => break,
                // The answer to breaking off, now or in an earlier call: not a failure.
                Err(_) if self.broken_off => {
                    if block.packets.len() > before {
                        break;
                    }
                    self.broken_off = false;
                }
                Err(error) => return Err(message(&error)),
            }
        }
        Ok(block.packets.len() - before)
    }

    fn dispatch(&mut self, block: &mut Block, interface: u16, turn: Turn, limit: usize) -> Result<usize, pcap::Error> {
        let Self { capture, stop, link, fraction, widest, broken_off, since, .. } = self;
        let since = since.unwrap_or(Timestamp::UNKNOWN);
        let mut bytes = 0;
        let mut stopped = false;
        let count = limit.min(crate::model::limits::BLOCK_PACKETS).saturating_sub(block.packets.len());
        capture.dispatch(Some(count), |packet| {
            let header = packet.header;
            let time = time(header, *fraction);
            if time < since {
                return;
            }
            block.push(time, header.len.max(header.caplen), *link, interface, packet.data);
            *widest = packet.data.len().max(*widest);
            bytes += packet.data.len();
            if !stopped && (bytes >= turn.bytes || !block.has_room(*widest)) {
                stop.breakloop();
                stopped = true;
                *broken_off = true;
            }
        })
    }

    /// Packets dropped since the last call: by the kernel, because its ring was full, and by the interface as libpcap knows it.
    ///
    /// # Errors
    /// libpcap's words, when it cannot tell.
    pub fn new_drops(&mut self) -> Result<(u64, u64), String> {
        let stat = self.capture.stats().map_err(|e| message(&e))?;
        Ok((self.dropped.advance(stat.dropped), self.interface_dropped.advance(stat.if_dropped)))
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.capture.as_fd()
    }
}

/// Creates and activates a handle.
fn activate(name: &str, options: &LiveSettings, promiscuous: bool, nanoseconds: bool) -> Result<Capture<Active>, String> {
    let ring = i32::try_from(options.buffer_bytes.max(SMALLEST_RING)).unwrap_or(i32::MAX);
    let snaplen = options.snaplen.clamp(1, MAX_PACKET_BYTES as u32) as i32;
    let precision = if nanoseconds { Precision::Nano } else { Precision::Micro };
    let stamps = stamper(name, options.time_stamps)?;
    Capture::from_device(name)
        .map(|c| c.promisc(promiscuous).snaplen(snaplen).buffer_size(ring).timeout(RETIRE_MS).precision(precision))
        .map(|c| if let Some(stamps) = stamps { c.tstamp_type(stamps) } else { c })
        .and_then(Capture::open)
        .and_then(Capture::setnonblock)
        .map_err(|e| message(&e))
}

/// Who libpcap is to let stamp packets; `None` leaves it as it is. An adapter that cannot is refused here: libpcap would take the kernel's stamps and
/// say nothing.
fn stamper(name: &str, wanted: TimeStamps) -> Result<Option<TimestampType>, String> {
    let kind = match wanted {
        TimeStamps::Host => return Ok(None),
        TimeStamps::Adapter => TimestampType::Adapter,
        TimeStamps::AdapterUnsynced => TimestampType::AdapterUnsynced,
    };
    match crate::capture::host::stamping(name) {
        Some(stamping) if stamping.hardware && stamping.every_packet => Ok(Some(kind)),
        Some(stamping) if stamping.hardware => Err(format!(
            "the hardware of {name} stamps packets of PTP alone, not every packet ('ethtool -T {name}' says so); leave --time-stamps out"
        )),
        _ => Err(format!(
            "the hardware of {name} stamps no received packets ('ethtool -T {name}' says what it can); leave --time-stamps out"
        )),
    }
}

/// Checks a filter's words against Ethernet, for an interface that cannot be opened yet. What only a live handle can tell
/// (`outbound`, tags the kernel keeps aside) passes.
pub fn check_filter(filter: &str) -> Result<(), String> {
    let dead = Capture::dead(Linktype::ETHERNET).map_err(|e| message(&e))?;
    let only_live = |text: &String| ["not supported", "rejects all", "savefile"].iter().any(|word| text.contains(word));
    match dead.compile(filter, is_optimised(filter)?).map_err(|e| message(&e)) {
        Err(text) if !only_live(&text) => Err(text),
        _ => Ok(()),
    }
}

/// A packet's time; `fraction` is the nanoseconds in one unit of its fractional part.
#[allow(clippy::unnecessary_cast, reason = "the fields of timeval are narrower on other systems")]
fn time(header: &pcap::PacketHeader, fraction: i64) -> Timestamp {
    Timestamp::new(header.ts.tv_sec as i64, (header.ts.tv_usec as i64).saturating_mul(fraction))
}

/// libpcap's message without the binding's prefix.
fn message(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The LINKTYPE_ number of a DLT_ number: they differ where the DLT_ numbers of systems differ
/// (<https://www.tcpdump.org/linktypes.html>).
fn link_type(dlt: Linktype) -> LinkType {
    match dlt.0 {
        12 | 14 => LinkType::RAW,
        other => LinkType(u16::try_from(other).unwrap_or(u16::MAX)),
    }
}

/// A 32-bit counter that wraps: libpcap's are 32 bits wide and overflow within the hour on a busy port.
#[derive(Debug, Default, Clone, Copy)]
struct Wrapping {
    last: u32,
}

impl Wrapping {
    /// What was added since the last reading.
    fn advance(&mut self, now: u32) -> u64 {
        let added = now.wrapping_sub(self.last);
        self.last = now;
        added.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_survive_their_wrap() {
        let mut counter = Wrapping::default();
        assert_eq!(counter.advance(u32::MAX - 1), 4_294_967_294);
        assert_eq!(counter.advance(3), 5);
        assert_eq!(counter.advance(3), 0);
    }

    #[test]
    fn raw_ip_has_two_numbers() {
        assert_eq!(link_type(Linktype(1)), LinkType::ETHERNET);
        assert_eq!(link_type(Linktype(12)), LinkType::RAW);
        assert_eq!(link_type(Linktype(276)), LinkType::LINUX_SLL2);
        assert_eq!(link_type(Linktype(-1)), LinkType(u16::MAX));
    }

    #[test]
    fn filters_are_checked_without_an_interface() {
        for good in ["vlan 5 and tcp port 80", "tcp port 80 and vlan 5", "outbound", ""] {
            assert_eq!(check_filter(good), Ok(()), "{good}");
        }
        assert!(check_filter("tcp prot 80").is_err_and(|text| text.contains("syntax error")));
    }
}
