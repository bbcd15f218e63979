//! Microsoft Network Monitor, versions 1 and 2 (the `.cap` files of Windows): a header, frames one behind the other, tables behind them.

use super::format::{ByteOrder, FileFormat, FramingStop, Recognised};
use crate::capture::Packet;
use crate::model::limits::MAX_PACKET_BYTES;
use crate::model::time::SECOND;
use crate::model::{LinkType, Timestamp};

/// Magic numbers of versions 1 and 2.
const ONE: &[u8] = b"RTSS";
const TWO: &[u8] = b"GMBU";

/// Bytes before the first frame: the header is filled up to this.
const HEADER: usize = 128;

/// Bytes of the header that are read: versions, network, begin, where the table of frames lies.
const READ: usize = 28;

/// A network number of a frame: from here on a LINKTYPE_ number follows; from the second on the frame is the monitor's own.
const PCAP_BASE: u16 = 0xe000;
const OWN: u16 = 0xf000;

/// Seconds from 1601, where Windows begins to count (in 100 ns), to 1970.
const TO_1970: i64 = 11_644_473_600;

const LITTLE: ByteOrder = ByteOrder { big: false };

/// A Network Monitor file.
struct Netmon {
    /// Major and minor version.
    version: (u8, u8),
    network: u16,
    /// When the capture began, as the machine's own clock showed it: the file does not say in which zone.
    begin: Timestamp,
    /// Bytes from where framing stands to the table of frames.
    left: u64,
}

/// Recognises Network Monitor by its magic number.
pub(super) fn recognise(head: &[u8], complete: bool) -> Recognised {
    if !head.starts_with(ONE) && !head.starts_with(TWO) {
        return if ONE.starts_with(head) || TWO.starts_with(head) { Recognised::More } else { Recognised::Unknown };
    }
    if head.len() < READ {
        let reason = format!("cut short in the file header, after {} of {HEADER} bytes", head.len());
        return if complete { Recognised::Unsupported(reason) } else { Recognised::More };
    }
    let version = (head.get(5).copied().unwrap_or(0), head.get(4).copied().unwrap_or(0));
    if !matches!(version, (1 | 2, _)) {
        return Recognised::Unsupported(format!("Network Monitor version {}.{} is not supported (1 and 2 are)", version.0, version.1));
    }
    let table = u64::from(LITTLE.u32(head, 24));
    let Some(left) = table.checked_sub(HEADER as u64) else {
        return Recognised::Unsupported(format!("a table of frames at byte {table}, within the header"));
    };
    Recognised::Capture(Box::new(Netmon { version, network: LITTLE.u16(head, 6), begin: begin(head), left }), HEADER)
}

/// Year, month, day of week, day, hour, minute, second, millisecond, from byte 8 on.
fn begin(head: &[u8]) -> Timestamp {
    let [year, month, _, day, hour, minute, second, milli] = [8, 10, 12, 14, 16, 18, 20, 22].map(|at| i64::from(LITTLE.u16(head, at)));
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Timestamp::new(seconds, milli * 1_000_000)
}

/// Days from 1970 to a date of the Gregorian calendar: years begin in March, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// What a network number of Network Monitor is, and what the frame begins with; `None`: not a packet.
fn link(network: u16) -> Option<LinkType> {
    Some(match network {
        1 => LinkType::ETHERNET,
        2 => LinkType::IEEE802_5,
        3 => LinkType::FDDI,
        4 => LinkType::ATM_RFC1483,
        6 => LinkType::IEEE802_11,
        8 | 9 => LinkType::RAW,
        OWN.. => return None,
        PCAP_BASE.. => super::format::link_type(network - PCAP_BASE),
        // A number beyond the registry's: not known, as it is told.
        other => LinkType(0x8000 | other),
    })
}

impl Netmon {
    /// Bytes before a frame: time since the beginning, length on the wire, length captured.
    fn record(&self) -> usize {
        if self.version.0 == 1 { 8 } else { 16 }
    }

    /// Bytes behind a frame: its network from 2.1 on, its process from 2.2 on, its time and zone from 2.3 on.
    fn trailer(&self) -> usize {
        match self.version {
            (1, _) | (2, 0) => 0,
            (2, 1) => 2,
            (2, 2) => 6,
            _ => 15,
        }
    }

    /// Time, length on the wire and captured length, by a frame's header.
    fn read(&self, head: &[u8]) -> (Timestamp, u32, u32) {
        if self.version.0 == 1 {
            let millis = i64::from(LITTLE.u32(head, 0));
            return (self.begin.plus(millis * 1_000_000), LITTLE.u16(head, 4).into(), LITTLE.u16(head, 6).into());
        }
        let micros = LITTLE.u64(head, 0) as i64;
        (self.begin.plus(micros.saturating_mul(1_000)), LITTLE.u32(head, 8), LITTLE.u32(head, 12))
    }
}

impl FileFormat for Netmon {
    fn name(&self) -> &'static str {
        "netmon"
    }

    fn frame(&mut self, data: &[u8], at: &mut usize, packets: &mut Vec<Packet>, limit: usize) -> FramingStop {
        let (before, behind) = (self.record(), self.trailer());
        while packets.len() < limit {
            if self.left == 0 {
                return FramingStop::End;
            }
            let rest = data.get(*at..).unwrap_or(&[]);
            let Some(head) = rest.get(..before) else { return FramingStop::Need(before) };
            let (mut time, wire, captured) = self.read(head);
            let length = before + captured as usize + behind;
            if captured as usize > MAX_PACKET_BYTES || length as u64 > self.left {
                return FramingStop::Damage(format!("a frame of {captured} bytes, {} before the table of frames", self.left));
            }
            let Some(frame) = rest.get(..length) else { return FramingStop::Need(length) };
            let trailer = frame.get(length - behind..).unwrap_or(&[]);
            let network = if behind == 0 { self.network } else { LITTLE.u16(trailer, 0) };
            if behind == 15 {
                let ticks = LITTLE.u64(trailer, 6) as i64;
                let (seconds, rest) = (ticks.div_euclid(10_000_000), ticks.rem_euclid(10_000_000));
                time = Timestamp((seconds - TO_1970).saturating_mul(SECOND).saturating_add(rest * 100));
            }
            if let Some(link) = link(network) {
                let own = if network == 6 { radio(frame.get(before..).unwrap_or(&[])).min(captured) } else { 0 };
                let offset = (*at + before) as u32 + own;
                packets.push(Packet::new(time, offset, captured - own, wire.saturating_sub(own), link, 0));
            }
            *at += length;
            self.left -= length as u64;
        }
        FramingStop::Full
    }
}

/// Bytes of what the monitor says of an 802.11 frame before it: version, then the length of all of it.
fn radio(frame: &[u8]) -> u32 {
    LITTLE.u16(frame, 1).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (date, want) in [((1970, 1, 1), 0), ((1970, 3, 1), 59), ((2000, 2, 29), 11_016), ((2023, 11, 14), 19_675), ((1969, 12, 31), -1)]
        {
            assert_eq!(days(date.0, date.1, date.2), want, "{date:?}");
        }
    }
}
