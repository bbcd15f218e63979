//! Rows of the tables in a snapshot.

use crate::model::Arrange as _;
use crate::model::tcp::HEADERS;
use crate::model::time::SECOND;
use crate::model::{Address, AppBy, Carried, ConnectionFigures, CutPhase, Path, Timestamp, TurnFigures, VlanStack};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::model::Traffic;

/// The first rows of a table, and what is not among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<R> {
    /// The rows the query asked for, in its order.
    pub rows: Vec<R>,
    /// How many rows the whole table has (those matching the query's filter).
    pub total_rows: u64,
    /// Rows that were evicted at a cap or not kept: their exact sum.
    pub other: Traffic,
    /// How many rows were folded into `other`.
    pub other_rows: u64,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), total_rows: 0, other: Traffic::default(), other_rows: 0 }
    }
}

/// State of a TCP connection as seen by a bystander.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TcpState {
    /// Only SYNs so far.
    SynSent,
    /// SYN and SYN-ACK, no acknowledgement yet.
    SynReceived,
    /// Handshake complete.
    Established,
    /// Data seen but not its beginning.
    Midstream,
    /// One side has sent FIN.
    Closing,
    /// Both sides have sent FIN.
    Closed,
    /// RST seen.
    Reset,
}

impl TcpState {
    /// The word in tables and reports.
    pub fn token(self) -> &'static str {
        match self {
            TcpState::SynSent => "syn_sent",
            TcpState::SynReceived => "syn_received",
            TcpState::Established => "established",
            TcpState::Midstream => "midstream",
            TcpState::Closing => "closing",
            TcpState::Closed => "closed",
            TcpState::Reset => "reset",
        }
    }
}

/// Who sent a RST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetBy {
    /// Who began the connection.
    Client,
    /// The other side.
    Server,
    /// Neither: its TTL is not that of the other packets of whose name it bears.
    Between,
}

impl ResetBy {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            ResetBy::Client => "client",
            ResetBy::Server => "server",
            ResetBy::Between => "a device between",
        }
    }
}

/// How a TCP connection ended, or how it stands at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionEnding {
    /// SYNs, and nothing came back.
    NoAnswer,
    /// RST came back.
    Refused,
    /// A SYN-ACK was not acknowledged.
    HalfOpen,
    /// Both sides sent FIN.
    Closed,
    /// One side did.
    HalfClosed,
    /// RST: whose, and where it met the connection.
    Reset {
        /// See above.
        by: ResetBy,
        /// See above.
        phase: CutPhase,
    },
    /// It stands.
    Open,
    /// Its beginning was not seen, and it stands.
    Unknown,
}

impl ConnectionEnding {
    /// Its words in reports.
    pub fn token(self) -> &'static str {
        match self {
            ConnectionEnding::NoAnswer => "no answer",
            ConnectionEnding::Refused => "refused",
            ConnectionEnding::HalfOpen => "half-open",
            ConnectionEnding::Closed => "closed",
            ConnectionEnding::HalfClosed => "half-closed",
            ConnectionEnding::Reset { .. } => "reset",
            ConnectionEnding::Open => "open",
            ConnectionEnding::Unknown => "unknown",
        }
    }

    /// In words, with who cut it and where: `reset by the server during a transfer`.
    pub fn text(self) -> String {
        match self {
            ConnectionEnding::Reset { by: ResetBy::Between, phase } => format!("reset by a device between {}", phase.text()),
            ConnectionEnding::Reset { by, phase } => format!("reset by the {} {}", by.token(), phase.text()),
            other => other.token().to_owned(),
        }
    }

    /// Who sent the RST.
    pub fn by(self) -> Option<&'static str> {
        match self {
            ConnectionEnding::Reset { by, .. } => Some(by.token()),
            ConnectionEnding::Refused => Some("server"),
            _ => None,
        }
    }

    /// Where it met the connection.
    pub fn phase(self) -> Option<&'static str> {
        match self {
            ConnectionEnding::Reset { phase, .. } => Some(phase.token()),
            _ => None,
        }
    }
}

/// One conversation; `a` is the numerically smaller (address, port).
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// The smaller end.
    pub a: Address,
    /// The larger end.
    pub b: Address,
    /// Port of `a` (0 for kinds without ports).
    pub a_port: u16,
    /// Port of `b` (0 for kinds without ports).
    pub b_port: u16,
    /// From `a` to `b`.
    pub ab: Traffic,
    /// From `b` to `a`.
    pub ba: Traffic,
    /// From `a` to `b` since the previous snapshot.
    pub recent_ab: Traffic,
    /// From `b` to `a` since the previous snapshot.
    pub recent_ba: Traffic,
    /// When it began, in the picture of a span that it began before. `first` and `last` are of the span then.
    pub began: Option<Timestamp>,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// Whether `a` sent first (a SYN decides over mere order).
    pub originator_is_a: bool,
    /// TCP state, for TCP.
    pub state: Option<TcpState>,
    /// How it ended or stands, for TCP.
    pub ended: Option<ConnectionEnding>,
    /// 0; of a row that stands for many: at how many ports of the one the other tried, in vain (see [`super::sweeps`]). Its own ports are 0 then.
    pub ports: u32,
    /// What is spoken: by content where known, else by the registered port.
    pub app: Option<&'static str>,
    /// Which of both.
    pub app_by: Option<AppBy>,
    /// The name of the server, as the client called it.
    pub server_name: Option<Arc<str>>,
    /// Its protocols: the innermost path seen, or for address pairs what all their packets have in common.
    pub path: Path,
    /// VLANs seen, ascending (at most four).
    pub vlans: VlanStack,
    /// What Wireshark's analysis counted of it, for TCP.
    pub tcp: Option<Box<ConnectionFigures>>,
}

impl Conversation {
    /// Whether its beginning was seen, for TCP: a SYN, or its answer. Others begin with the first packet that is seen.
    pub fn is_begun(&self) -> bool {
        match (&self.tcp, self.state) {
            (Some(tcp), Some(_)) => tcp.control.iter().take(2).any(|count| *count > 0),
            (None, Some(state)) => state != TcpState::Midstream,
            _ => true,
        }
    }

    /// Its first packet of all, which tells it from others on the same ports.
    pub fn beginning(&self) -> Timestamp {
        self.began.unwrap_or(self.first)
    }

    /// Both directions together.
    pub fn total(&self) -> Traffic {
        self.ab.plus(self.ba)
    }

    /// Both directions together since the previous snapshot.
    pub fn recent(&self) -> Traffic {
        self.recent_ab.plus(self.recent_ba)
    }

    /// Its turns, where it had any and they say something: not where both sides talk at once, as these protocols may.
    pub fn turns(&self) -> Option<&TurnFigures> {
        const AT_ONCE: &[&str] = &["http2", "smb2", "smb", "ldap", "mqtt", "kafka", "amqp", "dns", "rdp", "vnc", "websocket"];
        let in_turn = self.app.is_none_or(|app| !AT_ONCE.contains(&app));
        self.tcp.as_ref().map(|tcp| &tcp.turns).filter(|turns| in_turn && turns.count > 0)
    }

    /// What each end sent, the originator's first, and how fast; `None` where it carried nothing, or that is not known.
    pub fn transfers(&self) -> Option<[Option<Transfer>; 2]> {
        let tcp = self.tcp.as_ref()?;
        let [a, b] = [(self.ab, tcp.carried[0]), (self.ba, tcp.carried[1])].map(|(sent, carried)| Transfer::of(sent, carried));
        let both = if self.originator_is_a { [a, b] } else { [b, a] };
        both.iter().any(Option::is_some).then_some(both)
    }

    /// Seconds from its first to its last packet.
    pub fn duration(&self) -> f64 {
        self.last.seconds_since(self.first)
    }
}

/// What one end of a connection sent, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transfer {
    /// What of its payload arrived.
    pub carried: Carried,
    /// Bits per second of all that it sent, headers and what was sent again included, and of what arrived, while it was active; `None` where too
    /// little was sent to speak of a rate, or most of it only acknowledges, or more arrived than was mirrored.
    pub rates: Option<[f64; 2]>,
}

impl Transfer {
    fn of(sent: Traffic, carried: Carried) -> Option<Self> {
        let seconds = carried.active as f64 / SECOND as f64;
        let arrived = Traffic { wire_bytes: carried.bytes, ..sent };
        let rates = rate_while_active(sent, seconds).zip(rate_while_active(arrived, seconds)).map(|(all, new)| [all, new]);
        let is_data = carried.bytes.saturating_mul(2) >= sent.wire_bytes;
        // What the mirror lacks of it is acknowledged all the same: no throughput is known of that.
        let is_whole = carried.bytes <= sent.wire_bytes.saturating_sub(sent.packets.saturating_mul(HEADERS));
        (carried.bytes > 0).then_some(Self { carried, rates: rates.filter(|_| is_data && is_whole) })
    }
}

/// Packets, and seconds from the first to the last of them, from which on a rate can be spoken of: a question and its answer within a fifth of a
/// millisecond are no 11 Mb/s.
const FEWEST_PACKETS: u64 = 10;
const LEAST_SECONDS: f64 = 1e-3;

/// Bits per second of what was active for so long; `None` where it is too little to be a rate.
pub fn rate_while_active(traffic: Traffic, seconds: f64) -> Option<f64> {
    (traffic.packets >= FEWEST_PACKETS && seconds >= LEAST_SECONDS).then(|| traffic.bits_per_second(seconds))
}

/// One end point.
#[derive(Debug, Clone, PartialEq)]
pub struct HostRow {
    /// Its address.
    pub address: Address,
    /// Its port, for port tables (else 0).
    pub port: u16,
    /// What it sent.
    pub tx: Traffic,
    /// What it received.
    pub rx: Traffic,
    /// What it sent since the previous snapshot.
    pub recent_tx: Traffic,
    /// What it received since the previous snapshot.
    pub recent_rx: Traffic,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// Inside the local networks (None for MAC addresses).
    pub inside: Option<bool>,
    /// What it serves or speaks (port tables): by content where known, else by the registered port.
    pub app: Option<&'static str>,
    /// Which of both.
    pub app_by: Option<AppBy>,
    /// VLANs it was seen in, ascending, at most four (MAC addresses).
    pub vlans: VlanStack,
    /// Addresses it sent to or received from (MAC addresses).
    pub peers: u32,
    /// What it sent to itself, which is among what it sent and among what it received.
    pub itself: Traffic,
}

impl HostRow {
    /// Sent and received together.
    pub fn total(&self) -> Traffic {
        self.tx.plus(self.rx)
    }

    /// What it takes part in: what it sent to itself counts once. Never more than everything.
    pub fn part(&self) -> Traffic {
        self.total().since(self.itself)
    }

    /// Sent and received together since the previous snapshot.
    pub fn recent(&self) -> Traffic {
        self.recent_tx.plus(self.recent_rx)
    }
}

/// One path of the protocol hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProtocolRow {
    /// The path; every packet counts once at each of its layers.
    pub path: Path,
    /// In all.
    pub traffic: Traffic,
    /// Since the previous snapshot.
    pub recent: Traffic,
    /// Packets whose innermost layer this is.
    pub own: Traffic,
}

impl ProtocolRow {
    /// Every path and its ancestors, depth first, larger siblings first: from whole paths of packets with what was counted of them in all and
    /// recently.
    pub fn tree(leaves: impl Iterator<Item = (Path, Traffic, Traffic)>) -> Vec<Self> {
        let zero = Traffic::default();
        let mut nodes: BTreeMap<Path, Self> = BTreeMap::new();
        let mut children: BTreeMap<Path, Vec<Path>> = BTreeMap::new();
        for (leaf, total, recent) in leaves {
            let mut parent = Path::EMPTY;
            for path in leaf.prefixes() {
                let row = nodes.entry(path).or_insert_with(|| {
                    children.entry(parent).or_default().push(path);
                    Self { path, traffic: zero, recent: zero, own: zero }
                });
                row.traffic.add(total);
                row.recent.add(recent);
                if path == leaf {
                    row.own.add(total);
                }
                parent = path;
            }
        }
        let mut out = Vec::with_capacity(nodes.len());
        let mut stack = vec![Path::EMPTY];
        while let Some(path) = stack.pop() {
            out.extend(nodes.get(&path));
            let mut below = children.remove(&path).unwrap_or_default();
            below.arrange_by_key(|p| nodes.get(p).map(|r| (r.traffic.wire_bytes, std::cmp::Reverse(*p))));
            stack.extend(below);
        }
        out
    }
}

/// A pair of VLAN tags: one network's VLANs in those of another (IEEE 802.1ad).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VlanPairRow {
    /// The outer tag.
    pub outer: u16,
    /// The tag inside.
    pub inner: u16,
    /// Packets and bytes.
    pub traffic: Traffic,
}

/// What routers bring into a VLAN and take out of it: frames that one of them sends there, and frames that are sent to one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VlanWays {
    /// Into it, and out of it.
    pub traffic: [Traffic; 2],
    /// The same since the previous snapshot.
    pub recent: [Traffic; 2],
}

/// One VLAN identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VlanRow {
    /// The 12-bit identifier.
    pub id: u16,
    /// What switches say it is called (LLDP, VTP).
    pub name: Option<Arc<str>>,
    /// To groups and to all; `None`: not known, as of a span of time.
    pub groups: Option<Traffic>,
    /// Whether frames between stations are seen in one direction only; `None`: not known, or there are too few.
    pub one_way: Option<bool>,
    /// What routers bring into it and take out of it; `None`: not known, as where no router was recognised in it.
    pub ways: Option<VlanWays>,
    /// In all.
    pub traffic: Traffic,
    /// Since the previous snapshot.
    pub recent: Traffic,
}
