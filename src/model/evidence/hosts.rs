//! What findings about hosts and the paths between them rest on: stalls, sizes that do not pass, TLS, streams, windows, loads.

use super::services::CodeCount;
use crate::model::{Address, Episode, FlowKey, MediaGap, ServiceKey, ShortName, StallEnd, Timestamp};

/// A receiver that took no data for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StallEvidence {
    /// Who.
    pub receiver: Address,
    /// The service of the connection.
    pub service: ServiceKey,
    /// How often it took none.
    pub stalls: u64,
    /// Seconds in all.
    pub seconds: f64,
    /// The longest, seconds.
    pub longest: f64,
    /// How often senders asked in vain.
    pub probes: u64,
    /// How the newest ended, as far as it did.
    pub end: StallEnd,
    /// They are of one connection, of which they come one after the other all the time: its receiver reads at its own pace.
    pub is_paced: bool,
    /// When.
    pub span: Episode,
}

/// Somebody who receives small packets and no large ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlackHoleEvidence {
    /// Who.
    pub receiver: Address,
    /// Who sends them, where it is one.
    pub sender: Option<Address>,
    /// Conversations in which they vanish, told apart up to a cap.
    pub conversations: u64,
    /// Who sends them, likewise.
    pub senders: u64,
    /// Bytes of the smallest IP packet that vanished.
    pub smallest: u64,
    /// Senders were told by ICMP what size is too large, and went on.
    pub was_told: bool,
    /// When.
    pub span: Episode,
}

/// TLS connections to a service that failed before they were encrypted.
#[derive(Debug, Clone, PartialEq)]
pub struct TlsFailureEvidence {
    /// Which service.
    pub key: ServiceKey,
    /// Seconds in which they are counted.
    pub seconds: f64,
    /// Handshakes.
    pub hellos: u64,
    /// Of them failed.
    pub failed: u64,
    /// Clients to which that happened, and clients to which it did not, told apart up to a cap.
    pub clients: [u64; 2],
    /// There are more of the former, which were not told apart.
    pub is_more: bool,
    /// Alerts, most frequent first.
    pub alerts: Vec<CodeCount>,
    /// The most frequent is the client's.
    pub by_client: bool,
    /// When.
    pub span: Episode,
}

/// Somebody who speaks an old version of TLS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OldTlsEvidence {
    /// The service that chooses it; `None`: a client that knows nothing newer.
    pub service: Option<ServiceKey>,
    /// The host of either.
    pub host: Address,
    /// The oldest version.
    pub version: u16,
    /// Connections.
    pub count: u64,
    /// Clients of the service lately, told apart up to a cap; of a client 1.
    pub clients: u64,
    /// When.
    pub span: Episode,
}

/// The newest certificate of a service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CertificateEvidence {
    /// Which service.
    pub key: ServiceKey,
    /// Its first DNS name, else its common name.
    pub name: ShortName,
    /// Seconds since 1970 from when and until when it is valid.
    pub valid: [i64; 2],
    /// When it was seen last.
    pub seen: Timestamp,
    /// How often clients refused a certificate of the service.
    pub refused: u64,
    /// Clients of the service lately, told apart up to a cap.
    pub clients: u64,
}

/// A service that clients try by IPv6 in vain, and then reach by IPv4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FallbackEvidence {
    /// Which; `None`: all of them together.
    pub service: Option<ServiceKey>,
    /// How many services that happened at.
    pub servers: u64,
    /// Attempts by IPv6 in the last ten minutes, the latest up to a cap.
    pub tried: u64,
    /// Of them failed, and followed by one by IPv4 that did not.
    pub fell_back: u64,
    /// Clients of these.
    pub clients: u64,
    /// Seconds until they went on by IPv4, half of them less.
    pub lost: f64,
    /// When.
    pub span: Episode,
}

/// A host that keeps connections alive, in the last minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeepAliveEvidence {
    /// Who.
    pub host: Address,
    /// Keep-alives.
    pub count: u64,
    /// Packets that it sent in these connections, the keep-alives included.
    pub packets: u64,
    /// The connections.
    pub connections: u64,
    /// When.
    pub span: Episode,
}

/// A stream of voice or pictures in the last minute; of a file at its end, all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MediaEvidence {
    /// Who sends it.
    pub from: Address,
    /// Who receives it.
    pub to: Address,
    /// At which port.
    pub port: u16,
    /// The payload type of its latest packet (RFC 3551).
    pub payload_type: u8,
    /// Packets that came, each once.
    pub received: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// The longest of its gaps.
    pub longest_gap: Option<MediaGap>,
    /// Gaps they are from.
    pub gaps: u64,
    /// Packets whose spacing was compared with their time stamps.
    pub spaced: u64,
    /// Of them far off.
    pub uneven: u64,
    /// Interarrival jitter of the latest second, seconds; `None` while the clock is not known.
    pub jitter: Option<f64>,
    /// Seconds for which it was high.
    pub high: f64,
    /// Two who call each other agreed on it.
    pub is_offered: bool,
    /// When.
    pub span: Episode,
}

/// A transfer, and the window of its receiver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowEvidence {
    /// The conversation.
    pub flow: FlowKey,
    /// Who receives.
    pub receiver: Address,
    /// Who sends.
    pub sender: Address,
    /// The server's port.
    pub port: u16,
    /// Acknowledgements that were looked at.
    pub samples: u64,
    /// Those at which the window was full.
    pub full: u64,
    /// The largest window, bytes.
    pub window: u64,
    /// It hardly changed.
    pub is_steady: bool,
    /// The window scale option was not in both SYNs.
    pub is_unscaled: bool,
    /// Segments of the connection were lost.
    pub has_lost: bool,
    /// Bytes that were transferred meanwhile.
    pub bytes: u64,
    /// The round trip of the handshake, seconds, and how many of them the transfer took.
    pub round_trip: f64,
    /// See `round_trip`.
    pub round_trips: f64,
    /// Bytes a second.
    pub rate: f64,
    /// Bytes a second of the fastest transfer that was seen at both hosts.
    pub fastest: f64,
    /// When.
    pub span: Episode,
}

/// A host whose load is many times its usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurgeEvidence {
    /// Who.
    pub host: Address,
    /// The most of ten seconds, bytes a second.
    pub bytes_per_second: f64,
    /// What it usually does not exceed, bytes a second.
    pub usual: f64,
    /// Its share of the traffic then.
    pub share: f64,
    /// With whom most of that was, and the lower port.
    pub peer: Option<(Address, u16)>,
    /// When.
    pub span: Episode,
}

/// Attempts by QUIC, of all clients, in the last ten minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct QuicEvidence {
    /// Attempts, the latest up to a cap.
    pub tried: u64,
    /// Of them repeated without an answer, while the client asked the same server by TCP.
    pub fell_back: u64,
    /// Clients of these, and names they asked for.
    pub clients: u64,
    /// See `clients`.
    pub names: u64,
    /// One of the names.
    pub name: ShortName,
    /// Servers that answered nobody.
    pub servers: u64,
    /// When.
    pub span: Episode,
}
