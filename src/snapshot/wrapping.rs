//! What the packets of a selection are wrapped in, as far as a capture filter has to be told: it finds an address behind a tag, a label or a
//! PPPoE header only where the filter says that there is one, and never in a tunnel (pcap-filter(7)).

use super::{PacketSubject, Snapshot};
use crate::model::path::Layer;
use crate::model::{Address, Path, Proto, Session};

/// A capture filter, and what it cannot do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureFilter {
    /// The filter, as pcap-filter(7) has it.
    pub text: String,
    /// What it takes more or less than the selection has, in words.
    pub limits: Option<String>,
}

/// What one kind of packets is wrapped in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wrapping {
    /// The words that take off what lies around the packet, outermost first.
    words: Vec<&'static str>,
    /// The tunnel it lies in.
    tunnel: Option<String>,
    /// Packets that are wrapped so.
    packets: u64,
}

impl Wrapping {
    /// What is around the last protocol of a path.
    fn of(path: Path, packets: u64) -> Self {
        let mut found = Self { packets, ..Self::default() };
        let layers: Vec<Layer> = path.layers().collect();
        let mut network = false;
        for (at, layer) in layers.iter().enumerate() {
            let last = at + 1 == layers.len();
            let Layer::Known(proto) = *layer else { continue };
            match proto {
                Proto::Vlan | Proto::Ieee8021ad if found.tunnel.is_none() && !network => found.words.push("vlan"),
                Proto::Mpls if found.tunnel.is_none() && !network => found.words.push("mpls"),
                Proto::Pppoes if found.tunnel.is_none() && !network => found.words.push("pppoes"),
                Proto::Vlan | Proto::Ieee8021ad | Proto::Llc | Proto::Ppp => {}
                Proto::Eth | Proto::Sll | Proto::Null | Proto::Raw if at == 0 => {}
                // A second one lies in what was in front of it.
                Proto::Eth | Proto::Ip | Proto::Ipv6 if at > 0 && (network || proto == Proto::Eth) => {
                    let before = layers.get(at - 1).map(Layer::to_string).unwrap_or_default();
                    found.tunnel = found.tunnel.take().or(Some(before));
                }
                Proto::Ip | Proto::Ipv6 => network = true,
                Proto::Tcp | Proto::Udp | Proto::Sctp => {}
                other if !last => found.tunnel = Some(other.token().to_owned()),
                _ => {}
            }
        }
        found
    }
}

/// What packets of a capture are wrapped in, as far as a selection has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wrappings {
    kinds: Vec<Wrapping>,
    /// Whether there are copies, which may have lost a tag on the way: the tables leave them out.
    copies: bool,
    /// Filters of the tunnels that were looked into; `None`: they cannot be told.
    tunnels: Option<String>,
}

/// Tunnels that are named one by one.
const NAMED: usize = 8;

impl Wrappings {
    /// Of the packets that a subject can have among those of a capture.
    pub fn of(snapshot: &Snapshot, subject: &PacketSubject) -> Self {
        let own = own_path(snapshot, subject);
        let wanted = wanted(subject);
        let rows = snapshot.stats.protocols.iter().filter(|row| row.traffic.packets > 0);
        let mut kinds: Vec<Wrapping> = Vec::new();
        for row in rows.filter(|row| ends_with(row.path, &wanted)) {
            let found = Wrapping::of(row.path, row.traffic.packets);
            match kinds.iter_mut().find(|known| known.words == found.words && known.tunnel == found.tunnel) {
                Some(known) => known.packets += found.packets,
                None => kinds.push(found),
            }
        }
        // A conversation lies in tunnels or it does not; the ends of a tunnel are outside of it.
        let inside = own.map(|path| Wrapping::of(path, 0).tunnel.is_some());
        let sessions = || snapshot.mirror.sessions.iter().filter(|session| session.peeled);
        let is_end = || subject.ends().iter().any(|end| sessions().any(|s| s.tunnel.source == *end || s.tunnel.destination == *end));
        let inside = inside.or_else(|| is_end().then_some(false));
        if let Some(inside) = inside
            && kinds.iter().any(|kind| kind.tunnel.is_some() == inside)
        {
            kinds.retain(|kind| kind.tunnel.is_some() == inside);
        }
        Self { kinds, copies: snapshot.mirror.duplicates.traffic.packets > 0, tunnels: tunnels(sessions()) }
    }

    /// Of packets that end with a path, for a filter by protocol.
    pub fn of_path(snapshot: &Snapshot, path: Path) -> Self {
        let sessions = snapshot.mirror.sessions.iter().filter(|session| session.peeled);
        Self { kinds: vec![Wrapping::of(path, 1)], copies: false, tunnels: tunnels(sessions) }
    }

    /// A filter for packets of a protocol, where capture filters have a word for it.
    ///
    /// # Errors
    /// What no capture filter can do, in words.
    pub fn protocol(&self, token: &str) -> Result<Option<CaptureFilter>, String> {
        let bare = match token {
            "arp" | "ip" | "tcp" | "udp" | "sctp" | "icmp" | "igmp" | "rarp" => token,
            "ipv6" => "ip6",
            "icmpv6" => "icmp6",
            // Their own word takes them off.
            "vlan" | "ieee8021ad" | "mpls" | "pppoes" => {
                let words: Vec<&str> = self.kinds.iter().flat_map(|kind| kind.words.clone()).collect();
                return self.around(&words.join(" and "), true).map(Some);
            }
            _ => return Ok(None),
        };
        self.around(bare, false).map(Some)
    }

    /// The deepest nesting of tags.
    pub(super) fn tags(&self) -> usize {
        let tags = |kind: &Wrapping| kind.words.iter().filter(|word| **word == "vlan").count();
        self.kinds.iter().filter(|kind| kind.tunnel.is_none()).map(tags).max().unwrap_or(0)
    }

    /// The filter that finds `bare` in what it is wrapped in. `unwrapped`: it says itself which tags it is behind.
    ///
    /// # Errors
    /// What no capture filter can do, in words.
    pub(super) fn around(&self, bare: &str, unwrapped: bool) -> Result<CaptureFilter, String> {
        let tunnel = self.kinds.iter().find_map(|kind| kind.tunnel.as_deref());
        let all_inside = !self.kinds.is_empty() && self.kinds.iter().all(|kind| kind.tunnel.is_some());
        let (core, mut limits) = match (tunnel, &self.tunnels) {
            (None, _) => (bare.to_owned(), None),
            (Some(tunnel), None) if all_inside => return Err(format!("no capture filter: BPF cannot look into {tunnel}")),
            (Some(tunnel), None) => (bare.to_owned(), Some(format!("BPF cannot look into {tunnel}: what lies in it is left out"))),
            (Some(tunnel), Some(whole)) => {
                let core = if all_inside { whole.clone() } else { format!("({bare}) or {whole}") };
                (core, Some(format!("BPF cannot look into {tunnel}: it takes the whole tunnel")))
            }
        };
        if unwrapped {
            return Ok(CaptureFilter { text: core, limits });
        }
        let (longest, left) = self.longest();
        if !left.is_empty() {
            let more = format!("packets in {left} are left out: BPF takes tags off in one order only");
            limits = Some(limits.map_or(more.clone(), |said| format!("{said}; {more}")));
        }
        Ok(CaptureFilter { text: self.nest(&core, longest, 0), limits })
    }

    /// The order of words that takes most packets in, and what it leaves out.
    fn longest(&self) -> (&[&'static str], String) {
        let within = |long: &Wrapping, kind: &Wrapping| long.words.starts_with(&kind.words);
        let weight = |long: &&Wrapping| self.kinds.iter().filter(|kind| within(long, kind)).map(|kind| kind.packets).sum::<u64>();
        let Some(best) = self.kinds.iter().max_by_key(|long| (weight(long), long.words.len())) else { return (&[], String::new()) };
        let name = |kind: &Wrapping| if kind.words.is_empty() { "no tag".to_owned() } else { kind.words.join(" and ") };
        let left: Vec<String> = self.kinds.iter().filter(|kind| !within(best, kind)).map(name).collect();
        (&best.words, left.join(", "))
    }

    /// The filter at every depth at which packets are. Each word moves where all that is written behind it looks (pcap-filter(7), "vlan"), so that
    /// deeper ones come last and in the brackets of those around them.
    fn nest(&self, core: &str, words: &[&'static str], depth: usize) -> String {
        let is_here =
            self.kinds.is_empty() || self.copies || self.kinds.iter().any(|kind| words.get(..depth).is_some_and(|here| kind.words == here));
        let deeper = words.get(depth).map(|word| (*word, self.nest(core, words, depth + 1)));
        match (is_here, deeper) {
            (_, None) => core.to_owned(),
            (true, Some((word, inner))) => format!("({core}) or ({word} and ({inner}))"),
            (false, Some((word, inner))) => format!("{word} and ({inner})"),
        }
    }
}

/// The last protocols of the paths on which packets of a subject may be.
fn wanted(subject: &PacketSubject) -> Vec<Vec<Proto>> {
    let network = |address: &Address| match address {
        Address::Mac(_) => Proto::Eth,
        Address::V4(_) => Proto::Ip,
        Address::V6(_) => Proto::Ipv6,
    };
    match subject {
        PacketSubject::During(_, of) => wanted(of),
        PacketSubject::Between { a, protocol, .. } => match protocol {
            Some(6) => vec![vec![network(a), Proto::Tcp]],
            Some(17) => vec![vec![network(a), Proto::Udp]],
            Some(132) => vec![vec![network(a), Proto::Sctp]],
            _ => vec![vec![network(a)]],
        },
        PacketSubject::Host { address, .. } => vec![vec![network(address)]],
        PacketSubject::Vlan(_) => vec![vec![Proto::Vlan], vec![Proto::Ieee8021ad]],
        PacketSubject::All | PacketSubject::Numbers(..) | PacketSubject::Path(_) => Vec::new(),
    }
}

fn ends_with(path: Path, wanted: &[Vec<Proto>]) -> bool {
    let layers: Vec<Layer> = path.layers().collect();
    wanted.iter().any(|end| {
        let end: Vec<Layer> = end.iter().map(|proto| Layer::Known(*proto)).collect();
        layers.ends_with(&end)
    })
}

/// The path of a conversation, where it is among the rows.
fn own_path(snapshot: &Snapshot, subject: &PacketSubject) -> Option<Path> {
    let (a, a_port, b, b_port, protocol) = match subject {
        PacketSubject::During(_, of) => return own_path(snapshot, of),
        PacketSubject::Between { a, a_port, b, b_port, protocol } => (a, a_port, b, b_port, protocol),
        _ => return None,
    };
    let all = &snapshot.stats.conversations;
    let table = match (protocol, a) {
        (Some(6), _) => &all.tcp,
        (Some(17), _) => &all.udp,
        (Some(132), _) => &all.sctp,
        (_, Address::Mac(_)) => &all.eth,
        (_, Address::V4(_)) => &all.ip,
        (_, Address::V6(_)) => &all.ipv6,
    };
    let is = |row: &&super::Conversation| {
        (&row.a, &row.b) == (a, b) && (row.a_port, row.b_port) == (*a_port, *b_port)
            || (&row.a, &row.b) == (b, a) && (row.a_port, row.b_port) == (*b_port, *a_port)
    };
    table.rows.iter().find(is).map(|row| row.path)
}

/// What takes some tunnels in, whole.
fn tunnels<'a>(sessions: impl Iterator<Item = &'a Session>) -> Option<String> {
    let mut pairs: Vec<String> = Vec::new();
    for session in sessions {
        let ends = [session.tunnel.source, session.tunnel.destination];
        let [from, to] = ends.map(|end| if let Address::Mac(mac) = end { format!("ether host {mac}") } else { format!("host {end}") });
        let pair = format!("({from} and {to})");
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
        if pairs.len() > NAMED {
            return None;
        }
    }
    (!pairs.is_empty()).then(|| pairs.join(" or "))
}
