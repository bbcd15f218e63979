//! What findings about the network rest on: what happened to the clients of each service, and who failed at many.

use super::{SightingEvidence, SwitchEvidence};
use crate::model::units::plural;
use crate::model::{Address, AppId, Episode, FlowKey, Mac, Proofs, ProvingPackets, Quantiles, ServiceKey, ShortName, Timestamp, Value};
use std::borrow::Cow;

/// What may go wrong for the client of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// An attempt to connect was not answered.
    NoAnswer,
    /// An attempt to connect was answered by RST.
    Refused,
    /// A SYN-ACK was not acknowledged.
    HalfOpen,
    /// A connection was cut by RST while data was outstanding, or its client waited for an answer.
    Cut,
    /// A request was answered by an error.
    Error,
    /// A request was not answered.
    Unanswered,
    /// A request was answered more than [`super::SLOW_REPLY`] and the round trip to the server later.
    Slow,
    /// A request was answered more than [`super::VERY_SLOW_REPLY`] later.
    VerySlow,
    /// An ICMP error said that the service cannot be reached.
    Unreachable,
    /// A connection lost a segment for the first time.
    Lossy,
    /// Credentials were refused.
    Denied,
    /// A request was answered more than [`super::USUAL_TIMES`] times as late as usual, and later than what is never slow.
    SlowerThanUsual,
    /// A web server refused a request: the client's fault, it says (400 to 499).
    Rejected,
    /// There is no such name.
    NoSuchName,
    /// A connection was cut by RST when it was idle, not by its client.
    IdleCut,
    /// A request over TCP has waited for its answer for longer than users do, and still waits.
    Waiting,
}

impl Trouble {
    /// How many there are.
    pub const COUNT: usize = 16;

    /// All of them, each at the place of its number.
    pub const ALL: [Trouble; Self::COUNT] = [
        Trouble::NoAnswer,
        Trouble::Refused,
        Trouble::HalfOpen,
        Trouble::Cut,
        Trouble::Error,
        Trouble::Unanswered,
        Trouble::Slow,
        Trouble::VerySlow,
        Trouble::Unreachable,
        Trouble::Lossy,
        Trouble::Denied,
        Trouble::SlowerThanUsual,
        Trouble::Rejected,
        Trouble::NoSuchName,
        Trouble::IdleCut,
        Trouble::Waiting,
    ];
}

/// How often something went wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Troubled {
    /// How often.
    pub count: u64,
    /// For how many clients.
    pub clients: u64,
    /// For others besides, which were not told apart.
    pub is_more: bool,
    /// The first few of them, those first for whom most did.
    pub named: [Option<Address>; NAMED],
    /// When first and when last.
    pub span: Option<Episode>,
}

/// Clients that are named of those for whom something went wrong.
pub const NAMED: usize = 3;

impl Troubled {
    /// For how many clients, in words.
    pub fn who(&self) -> String {
        let who = plural(self.clients, "client");
        if self.is_more { format!("at least {who}") } else { who }
    }

    /// The same as evidence.
    pub fn told(&self) -> Value {
        if self.is_more { Value::AtLeast(self.clients) } else { Value::Count(self.clients) }
    }
}

/// How often an answer had a code.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeCount {
    /// The code.
    pub code: u32,
    /// In words; the number where there are none.
    pub text: Cow<'static, str>,
    /// How often.
    pub count: u64,
}

/// Segments that were lost in the network, by what the mirror saw.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LossWindow {
    /// Segments with payload of connections that ended or lost something.
    pub segments: u64,
    /// Lost on the clients' side of the mirrored port, and on the server's.
    pub lost: [u64; 2],
    /// Of them before they passed the mirrored port.
    pub before: u64,
    /// Connections that lost something.
    pub connections: u64,
    /// Clients whose connections did.
    pub clients: u64,
    /// Of the time before: packets counted alike, and lost.
    pub earlier: [u64; 2],
    /// When.
    pub span: Option<Episode>,
}

/// What of one client's connections to a service was lost on its side of the mirrored port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLoss {
    /// Who.
    pub client: Address,
    /// Segments with payload of its connections that ended or lost something.
    pub segments: u64,
    /// Lost on its side: before the mirrored port, and beyond it.
    pub lost: [u64; 2],
    /// Connections that lost something, on either side.
    pub connections: u64,
}

impl ClientLoss {
    /// Lost before the mirrored port and beyond it.
    pub fn all(&self) -> u64 {
        self.lost.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// Round trips between the mirrored port and one side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TripWindow {
    /// Seconds; quantiles of a sample where there were many.
    pub times: Option<Quantiles>,
    /// Connections they are of, told apart up to a few.
    pub connections: u64,
    /// Whether they are all of one client.
    pub is_of_one: bool,
}

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
    /// The newest has not ended.
    pub lasts: bool,
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
    /// Handshakes in the last ten minutes.
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

/// What happened to the clients of a service in a stretch of time, without those who try everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceWindow {
    /// Seconds of packet time it covers.
    pub seconds: f64,
    /// Attempts to connect that were decided.
    pub attempts: u64,
    /// Of them completed.
    pub established: u64,
    /// Connections that ended or were cut.
    pub ended: u64,
    /// Requests that were answered or not.
    pub requests: u64,
    /// Of them answered.
    pub answered: u64,
    /// Clients seen.
    pub clients: u64,
    /// There are others, which were not told apart.
    pub is_more_clients: bool,
    /// Single SYNs that nothing answered.
    pub lone: u64,
    /// Of them those of clients that tried again and again, which count as attempts all the same.
    pub again: u64,
    /// Whoever sent anything, told apart up to a cap.
    pub sources: u64,
    /// There are others, which were not told apart.
    pub is_more: bool,
    /// What went wrong, by [`Trouble`].
    pub troubles: [Troubled; Trouble::COUNT],
    /// Segments that were lost.
    pub loss: LossWindow,
    /// By client, as far as clients are told apart, where any were lost on the clients' side.
    pub client_losses: Vec<ClientLoss>,
    /// Who had most connections of at most [`super::SHORT_LOGIN`] packets each way that ended, and how many.
    pub short: Option<(Address, u64)>,
    /// For how long connections were silent that were cut when idle, seconds, ascending; the first ones.
    pub idle_cuts: Vec<f64>,
    /// Connections that were cut, and attempts that were refused, by a device between both ends: by its TTL the RST is not the host's own.
    pub between: [u64; 2],
    /// Round trips on the clients' side of the mirrored port, and on the server's.
    pub trips: [TripWindow; 2],
    /// Answers whose time says how fast the service works, those among them that were held until there was something to tell.
    pub timed: u64,
    /// Of them those of requests that nobody can read.
    pub turns: TurnWindow,
    /// Response times, seconds; quantiles of a sample where there were many.
    pub response: Option<Quantiles>,
    /// Codes of errors, most frequent first.
    pub codes: Vec<CodeCount>,
    /// Codes of answers that refuse credentials, most frequent first.
    pub denied: Vec<CodeCount>,
    /// Zones of names for which errors were answered, told apart up to [`super::FAILING_ZONES`].
    pub failing_zones: u64,
}

/// What says that clients of a service may be meant to wait, since the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MeantWaits {
    /// Answers whose time says how fast the service works, and how many of them were held until there was something to tell.
    pub timed: u64,
    /// See above.
    pub held: u64,
    /// Answers to requests that nobody can read, connections that turned out not to be made of those, and since when there were any.
    pub turns: u64,
    /// See above.
    pub talks: u64,
    /// See above.
    pub first_turn: Option<Timestamp>,
}

/// Requests that nobody can read: of encrypted connections, and of protocols without a dissector.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TurnWindow {
    /// Answered.
    pub answered: u64,
}

impl ServiceWindow {
    /// The same with single SYNs that nothing answered among the attempts, and whoever sent them among the clients: nothing that was seen is
    /// missing.
    pub fn with_lone(mut self) -> Self {
        let lone = self.lone.saturating_sub(self.again);
        self.attempts = self.attempts.saturating_add(lone);
        if let Some(silent) = self.troubles.get_mut(Trouble::NoAnswer as usize) {
            silent.count = silent.count.saturating_add(lone);
        }
        (self.clients, self.is_more_clients) = (self.sources, self.is_more);
        self
    }

    /// How often something went wrong.
    pub fn trouble(&self, trouble: Trouble) -> Troubled {
        self.troubles.get(trouble as usize).copied().unwrap_or_default()
    }
}

/// Who says by ICMP that a service cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreachableReport {
    /// Who.
    pub reporter: Address,
    /// Its code (RFC 792, RFC 1812 section 5.2.7.1; RFC 4443 section 3.1).
    pub code: u8,
    /// How often.
    pub count: u64,
}

/// One service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceEvidence {
    /// Which.
    pub key: ServiceKey,
    /// What is spoken, where content told.
    pub app: AppId,
    /// Its token; empty where content did not tell.
    pub app_token: &'static str,
    /// The VLAN that it is reached in; `None`: none, or several.
    pub vlan: Option<u16>,
    /// When a client last succeeded; `None`: never seen.
    pub last_success: Option<Timestamp>,
    /// The host sent something to anybody in the last ten minutes.
    pub is_alive: bool,
    /// The median of the round trips of handshakes to it, seconds: the half between the mirrored port and the server.
    pub network: Option<f64>,
    /// The shortest way to it and back that anything shows, seconds: connections to the same host, those to hosts elsewhere, which whoever asks
    /// for others must reach, and where nothing does, an answer time of a host elsewhere that never changes; `None`: nothing shows it.
    pub path: Option<f64>,
    /// Whether clients may be meant to wait.
    pub waits: MeantWaits,
    /// Who says by ICMP that it cannot be reached, most often first.
    pub unreachable: Vec<UnreachableReport>,
    /// Packets that prove what went wrong lately.
    pub proof: Vec<(Trouble, ProvingPackets)>,
    /// Who was refused under most names lately, and how many.
    pub guesses: Option<(Address, u64)>,
    /// The usual round trip on the clients' side and on the server's, seconds; `None` while too little is known.
    pub usual_trips: [Option<f64>; 2],
    /// Round trips by side of stretches shorter than a minute, the shortest first, as far as there are enough to compare with the usual ones.
    pub lately: Vec<[TripWindow; 2]>,
    /// Whether these rest on little so far.
    pub usual_is_young: [bool; 2],
    /// The usual response time, seconds; `None` while too little is known.
    pub usual_response: Option<f64>,
    /// The usual share of answers that there is no such name, and of requests that are refused, likewise.
    pub usual_missing: Option<f64>,
    /// See `usual_missing`.
    pub usual_rejected: Option<f64>,
    /// Nobody ever connected, and the only one who tried connects to the same port of other hosts: of several that do the same work one is
    /// missing.
    pub is_one_of_several: bool,
    /// Attempts to connect and requests that were not answered since a client last succeeded.
    pub since_success: SinceSuccess,
    /// The last ten to twenty seconds: what has just begun is told of by itself.
    pub recent: ServiceWindow,
    /// The last minute, the last ten minutes, and of a file everything: the shortest stretch that holds enough is looked at.
    pub windows: Vec<ServiceWindow>,
}

/// What a router said of a host in the last minute: that packets to it cannot be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct UnreachableEvidence {
    /// Who says it.
    pub reporter: Address,
    /// Of whom.
    pub target: Address,
    /// Whether the code is one of ICMPv6.
    pub is_v6: bool,
    /// Why (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1).
    pub code: u8,
    /// How often.
    pub count: u64,
    /// Who received it, told apart up to a cap, in the order of addresses.
    pub clients: Vec<Address>,
    /// When.
    pub span: Episode,
    /// Packets that prove it.
    pub proof: ProvingPackets,
}

/// What was not answered since a client of a service last succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SinceSuccess {
    /// Attempts to connect.
    pub attempts: Troubled,
    /// Requests.
    pub requests: Troubled,
    /// Connections on which the host says nothing any more, though data is sent to it again and again.
    pub silent: Troubled,
}

/// Attempts to connect to hosts behind one station that failed in one way.
#[derive(Debug, Clone, PartialEq)]
pub struct HopFailures {
    /// How many.
    pub count: u64,
    /// Of them those at the service that has most.
    pub most: u64,
    /// Hosts.
    pub hosts: u64,
    /// The port, where all have the same.
    pub port: Option<u16>,
    /// The services, in their order.
    pub services: Vec<ServiceKey>,
    /// Clients, told apart up to a cap.
    pub clients: u64,
    /// There are others, which were not told apart.
    pub is_more: bool,
    /// The first few of them.
    pub named: Vec<Address>,
    /// When.
    pub span: Episode,
}

/// A station behind which several hosts are: a router. What became of attempts to connect to them.
#[derive(Debug, Clone, PartialEq)]
pub struct HopEvidence {
    /// The station that the frames go to.
    pub station: Mac,
    /// When anybody last connected to any host behind it.
    pub last_success: Option<Timestamp>,
    /// Attempts that were decided in the last minute; of a file at its end, all of it.
    pub attempts: u64,
    /// What nothing answered since then.
    pub since: Option<HopFailures>,
    /// What nothing answered in the last minute.
    pub silent: Option<HopFailures>,
    /// What was refused.
    pub refused: Option<HopFailures>,
}

impl ServiceEvidence {
    /// The newest stretch of which `enough` holds: the last seconds, else the shortest.
    pub fn newest(&self, enough: impl Fn(&ServiceWindow) -> bool) -> Option<&ServiceWindow> {
        std::iter::once(&self.recent).chain(&self.windows).find(|w| enough(w))
    }

    /// The shortest stretch of which `enough` holds.
    pub fn window(&self, enough: impl Fn(&ServiceWindow) -> bool) -> Option<&ServiceWindow> {
        self.windows.iter().find(|w| enough(w))
    }
}

/// Somebody who fails at many ports of a host, or at a port of many hosts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanEvidence {
    /// Who.
    pub source: Address,
    /// The host whose ports were tried; `None` where many hosts were.
    pub target: Option<Address>,
    /// The port that was tried at many hosts.
    pub port: Option<u16>,
    /// Different ports or hosts failed at, up to the cap of what is told apart.
    pub failed: u64,
    /// Whether there were more.
    pub is_more: bool,
    /// Attempts that failed, by how.
    pub refused: u64,
    /// Not answered.
    pub unanswered: u64,
    /// Different ports or hosts of the same kind that answered it meanwhile.
    pub succeeded: u64,
    /// When.
    pub span: Episode,
}

/// Everything known of the network lately.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkEvidence {
    /// Packet time.
    pub now: Timestamp,
    /// Services with something in the last ten minutes; of a file at its end, all of them.
    pub services: Vec<ServiceEvidence>,
    /// Routers behind which attempts failed.
    pub hops: Vec<HopEvidence>,
    /// Who failed at many.
    pub scans: Vec<ScanEvidence>,
    /// Receivers that took no data.
    pub stalls: Vec<StallEvidence>,
    /// What switches and routers said.
    pub switch: SwitchEvidence,
    /// Who receives no large packets.
    pub black_holes: Vec<BlackHoleEvidence>,
    /// TLS that fails.
    pub tls_failures: Vec<TlsFailureEvidence>,
    /// Old versions of TLS.
    pub tls_old: Vec<OldTlsEvidence>,
    /// Certificates.
    pub certificates: Vec<CertificateEvidence>,
    /// Services tried by IPv6 in vain.
    pub fallbacks: Vec<FallbackEvidence>,
    /// Streams of voice and pictures.
    pub media: Vec<MediaEvidence>,
    /// Transfers and the windows of their receivers.
    pub windows: Vec<WindowEvidence>,
    /// What cannot be reached, as routers say.
    pub unreachables: Vec<UnreachableEvidence>,
    /// Hosts whose load is many times their usual.
    pub surges: Vec<SurgeEvidence>,
    /// What became of QUIC, where any was tried in vain.
    pub quic: Option<QuicEvidence>,
    /// Hosts that keep connections alive.
    pub kept_alive: Vec<KeepAliveEvidence>,
    /// How often routers reported that a packet's TTL was used up (ICMP time exceeded).
    pub expired: u64,
    /// Addresses, routers and clocks.
    pub sightings: SightingEvidence,
    /// Packets that prove what is found of hosts; of services, beside those of each.
    pub proofs: Proofs,
}
