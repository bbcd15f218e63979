//! What is known of where packets come from.

use super::{LinkType, Timestamp};

/// How much of sources has been read, 0 to 1, on an average; `None` where nobody knows.
pub fn read_of(sources: &[SourceInfo]) -> Option<f64> {
    let known: Vec<f64> = sources.iter().filter_map(|source| source.progress).map(f64::from).collect();
    (!known.is_empty()).then(|| (known.iter().sum::<f64>() / known.len() as f64).clamp(0.0, 1.0))
}

/// What is known of one source, for headers and reports. May grow while reading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceInfo {
    /// Interface or file name as given.
    pub name: String,
    /// `live`, `pcap`, `pcap-ns`, `pcapng`, `snoop` …
    pub format: String,
    /// Compression recognised by content: `gzip`, `zstd`, `lz4`, `xz`.
    pub compression: Option<&'static str>,
    /// Link types seen so far, in order of first appearance.
    pub link_types: Vec<LinkType>,
    /// The interfaces that the file names, in its order (pcapng): the first of them.
    pub interfaces: Vec<FileInterface>,
    /// Interfaces of the file beyond those listed.
    pub more_interfaces: u64,
    /// What was named in the part that was read is needed to read what follows: interfaces that its context has not.
    pub renews_context: bool,
    /// Packets delivered.
    pub packets: u64,
    /// It is not known how many: in a picture of a span of the past.
    pub is_uncounted: bool,
    /// Packets read of which a filter chose those delivered; `None` without a filter, or where the kernel filters.
    pub unfiltered: Option<u64>,
    /// The file ends in the middle of a packet.
    pub cut_short: bool,
    /// What is wrong with it, if anything, for people: `cut short in the middle of a packet at byte 1234`, `interface is down`.
    pub warning: Option<String>,
    /// Nothing is looked at that may pass there now: it is gone, down, or cannot be opened (live only); the warning says which.
    pub is_away: bool,
    /// When nothing was looked at that may have passed there, oldest first (live only): the latest [`limits::PORT_ABSENCES`](super::limits::PORT_ABSENCES).
    pub absences: Vec<PortAbsence>,
    /// Absences before those listed.
    pub more_absences: u64,
    /// How much of it has been read, 0 to 1, when that can be known.
    pub progress: Option<f32>,
    /// Promiscuous mode in force (live only).
    pub promiscuous: Option<bool>,
    /// Link speed in bits per second, when the interface says.
    pub speed: Option<u64>,
}

/// A time in which nothing that may have passed a live port was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortAbsence {
    /// When it was noticed, wall time; the port is looked at four times a second.
    pub first: Timestamp,
    /// When the port was back, or when it was last seen to be away.
    pub last: Timestamp,
    /// Why: `down`, `gone`, `no carrier`, `not opened`.
    pub why: &'static str,
    /// Whether it lasts.
    pub is_open: bool,
}

impl PortAbsence {
    /// Its length.
    pub fn seconds(&self) -> f64 {
        self.last.seconds_since(self.first).max(0.0)
    }
}

/// An interface that packets of a capture file came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileInterface {
    /// Its name on the machine that captured (`if_name`).
    pub name: Option<String>,
    /// What that machine's system called it (`if_description`).
    pub description: Option<String>,
    /// Its link type.
    pub link: LinkType,
    /// Packets from it in what was read so far, before any filter.
    pub packets: u64,
    /// Packets that were dropped there, as the file tells.
    pub dropped: u64,
}
