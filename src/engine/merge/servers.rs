//! Which end of a conversation is the server where no SYN tells: the one that many meet.

use crate::engine::fold::rows::{ConversationKind, transport};
use crate::model::{Address, AppBy, Proto, ServiceKey};
use crate::names;
use crate::snapshot::{ConnectionEnding, Conversation, Conversations, Endpoints, HostRow, Service, Statistics};
use hashbrown::{HashMap, HashSet};

/// So many meet one end, and so many times as many as the other, where it is the server of a conversation without a beginning.
const MANY: u32 = 3;

type End = (Address, u16);

/// Turns conversations whose beginning was not seen towards the end that many meet, and calls them after its port: a client's means nothing,
/// whatever it is called. What content told stays.
pub(super) fn face(conversations: &mut Conversations) {
    let c = conversations;
    for (kind, rows) in
        [(ConversationKind::Tcp, &mut c.tcp.rows), (ConversationKind::Udp, &mut c.udp.rows), (ConversationKind::Sctp, &mut c.sctp.rows)]
    {
        face_rows(kind, rows);
    }
}

/// Whether it says nothing of who is the server.
fn is_open(kind: ConversationKind, c: &Conversation) -> bool {
    match kind {
        ConversationKind::Tcp => !c.is_begun(),
        _ => c.app_by != Some(AppBy::Content),
    }
}

/// Which of both ends may be a server that many meet: of what has no SYN who only sends may try port after port, so that it is none.
fn may_serve(kind: ConversationKind, c: &Conversation) -> [bool; 2] {
    match kind {
        ConversationKind::Tcp => [true; 2],
        _ => [c.ba.packets > 0, c.ab.packets > 0],
    }
}

fn face_rows(kind: ConversationKind, rows: &mut [Conversation]) {
    let (Some(transport), true) = (transport(kind), rows.iter().any(|c| is_open(kind, c))) else { return };
    let mut met: HashMap<End, u32> = HashMap::with_capacity(rows.len());
    for c in rows.iter() {
        for end in [(c.a, c.a_port), (c.b, c.b_port)] {
            *met.entry(end).or_default() += 1;
        }
    }
    for c in rows.iter_mut().filter(|c| is_open(kind, c)) {
        let [a, b] = [(c.a, c.a_port), (c.b, c.b_port)].map(|end| met.get(&end).copied().unwrap_or(0));
        let [a_serves, b_serves] = may_serve(kind, c);
        let port = match () {
            () if a_serves && a >= MANY && a >= b.saturating_mul(MANY) => c.a_port,
            () if b_serves && b >= MANY && b >= a.saturating_mul(MANY) => c.b_port,
            () => continue,
        };
        if kind == ConversationKind::Tcp {
            c.originator_is_a = port == c.b_port && b > a;
        }
        if c.app_by != Some(AppBy::Content) {
            c.app = names::service(port, transport);
            c.app_by = c.app.map(|_| AppBy::Port);
        }
    }
}

/// Takes the name of a service from ports that conversations show to be a client's and nobody's server's.
pub(super) fn unname_clients(ends: &mut Endpoints, conversations: &Conversations) {
    let c = conversations;
    for (hosts, rows) in [(&mut ends.tcp.rows, &c.tcp.rows), (&mut ends.udp.rows, &c.udp.rows), (&mut ends.sctp.rows, &c.sctp.rows)] {
        // Most ports of clients have no name: of few it has to be found out whose they are.
        let mut named = named_ports(hosts);
        if named.is_empty() {
            continue;
        }
        // Who speaks from the port he speaks to is both.
        for c in rows.iter().filter(|c| c.a_port != c.b_port) {
            let (mut client, mut server) = ((c.a, c.a_port), (c.b, c.b_port));
            // Of datagrams the first that was seen may be an answer: a port of the system's is a server's (RFC 6335 section 6).
            let is_turned = c.tcp.is_none() && (c.a_port < SYSTEM) != (c.b_port < SYSTEM);
            if if is_turned { c.a_port < SYSTEM } else { !c.originator_is_a } {
                (client, server) = (server, client);
            }
            named.note(client, |use_of| use_of.is_client = true);
            named.note(server, |use_of| use_of.is_server = true);
        }
        let is_client = |host: &HostRow| {
            (host.app.is_some()).then(|| named.of(&(host.address, host.port))).flatten().is_some_and(|of| of.is_client && !of.is_server)
        };
        hosts.iter_mut().filter(|host| is_client(host)).for_each(|host| host.app = None);
    }
}

/// What conversations show a port to be.
#[derive(Debug, Clone, Copy, Default)]
struct PortUse {
    is_client: bool,
    is_server: bool,
}

/// Ports that have a name and may be a client's all the same.
struct NamedPorts {
    /// A bit for each number: most are of nobody.
    numbers: Box<[u64; 1024]>,
    uses: HashMap<End, PortUse>,
}

impl NamedPorts {
    fn is_empty(&self) -> bool {
        self.uses.is_empty()
    }

    fn note(&mut self, end: End, note: impl FnOnce(&mut PortUse)) {
        if self.numbers[usize::from(end.1 / 64)] >> (end.1 % 64) & 1 != 0
            && let Some(use_of) = self.uses.get_mut(&end)
        {
            note(use_of);
        }
    }

    fn of(&self, end: &End) -> Option<PortUse> {
        self.uses.get(end).copied()
    }
}

fn named_ports(hosts: &[HostRow]) -> NamedPorts {
    let mut named = NamedPorts { numbers: Box::new([0; 1024]), uses: HashMap::new() };
    for host in hosts.iter().filter(|host| host.app.is_some() && host.port >= SYSTEM) {
        named.numbers[usize::from(host.port / 64)] |= 1 << (host.port % 64);
        named.uses.insert((host.address, host.port), PortUse::default());
    }
    named
}

/// What is spoken at servers, by the servers.
pub(super) type Spoken = Vec<(ServiceKey, &'static str)>;

/// What content told of the servers of conversations.
pub(super) fn spoken(conversations: &Conversations) -> Spoken {
    let c = conversations;
    let of = |rows: &[Conversation], protocol: Proto| -> Vec<(ServiceKey, &'static str)> {
        let told = rows.iter().filter(|c| c.app_by == Some(AppBy::Content));
        let server = |c: &Conversation| match c.originator_is_a {
            true => ServiceKey { address: c.b, port: c.b_port, protocol },
            false => ServiceKey { address: c.a, port: c.a_port, protocol },
        };
        told.filter_map(|c| Some((server(c), c.app?))).collect()
    };
    let mut spoken = of(&c.tcp.rows, Proto::Tcp);
    spoken.extend(of(&c.udp.rows, Proto::Udp));
    spoken.extend(of(&c.sctp.rows, Proto::Sctp));
    spoken.sort_unstable();
    spoken
}

/// What content told of one server.
pub(super) fn spoken_at(spoken: &Spoken, server: &ServiceKey) -> Option<&'static str> {
    let at = spoken.partition_point(|(key, _)| key < server);
    spoken.get(at).filter(|(key, _)| key == server).map(|(_, app)| *app)
}

/// Ports are called after what content tells of them, of the service there or of its conversations; else after their number stays a guess.
pub(super) fn name_ports(stats: &mut Statistics, spoken: &Spoken) {
    let services: HashMap<ServiceKey, &'static str> =
        stats.services.rows.iter().filter_map(|service| Some((service.key, service.app?))).collect();
    let told = |key: &ServiceKey| services.get(key).copied().or_else(|| spoken_at(spoken, key));
    let e = &mut stats.endpoints;
    for (hosts, protocol) in [(&mut e.tcp.rows, Proto::Tcp), (&mut e.udp.rows, Proto::Udp), (&mut e.sctp.rows, Proto::Sctp)] {
        for host in hosts {
            if let Some(app) = told(&ServiceKey { address: host.address, port: host.port, protocol }) {
                (host.app, host.app_by) = (Some(app), Some(AppBy::Content));
            }
        }
    }
}

/// Ports below are a server's.
const SYSTEM: u16 = 1024;

/// What conversations show of a service that was not asked for anything, as far as events tell.
#[derive(Default)]
struct Shown {
    clients: HashSet<Address>,
    is_used: bool,
}

/// Services that nobody was seen to open have the clients that their conversations show. Who tries everybody makes no attempts that count:
/// whether anything came of them is told by the conversations as well.
pub(super) fn complete(services: &mut [Service], conversations: &Conversations) {
    let is_wanted = |service: &Service| service.uses() == 0 || service.counts.clients == 0;
    let mut shown: HashMap<ServiceKey, Shown> = services.iter().filter(|s| is_wanted(s)).map(|s| (s.key, Shown::default())).collect();
    if shown.is_empty() {
        return;
    }
    let c = conversations;
    for (protocol, rows) in [(Proto::Tcp, &c.tcp.rows), (Proto::Udp, &c.udp.rows), (Proto::Sctp, &c.sctp.rows)] {
        for c in rows {
            let (client, address, port) = if c.originator_is_a { (c.a, c.b, c.b_port) } else { (c.b, c.a, c.a_port) };
            if let Some(service) = shown.get_mut(&ServiceKey { address, port, protocol }) {
                service.clients.insert(client);
                service.is_used |= !matches!(c.ended, Some(ConnectionEnding::Refused | ConnectionEnding::NoAnswer));
            }
        }
    }
    for service in services.iter_mut() {
        let Some(shown) = shown.get(&service.key).filter(|shown| !shown.clients.is_empty()) else { continue };
        if service.counts.clients == 0 {
            service.counts.clients = shown.clients.len() as u64;
        }
        if service.uses() == 0 && !shown.is_used {
            (service.is_used, service.guess) = (false, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Path, Timestamp, Traffic};
    use crate::snapshot::TcpState;

    fn at(n: u8) -> Address {
        Address::V4([10, 0, 0, n].into())
    }

    /// A conversation of two ends, `a` the smaller, of which no beginning was seen.
    fn met(one: End, other: End) -> Conversation {
        let (a, b) = if one <= other { (one, other) } else { (other, one) };
        let some = Traffic { packets: 5, wire_bytes: 500 };
        Conversation {
            a: a.0,
            b: b.0,
            a_port: a.1,
            b_port: b.1,
            ab: some,
            ba: some,
            recent_ab: some,
            recent_ba: some,
            began: None,
            first: Timestamp(0),
            last: Timestamp(1),
            originator_is_a: one.1.is_multiple_of(2),
            state: Some(TcpState::Midstream),
            ended: None,
            ports: 0,
            app: Some("iperf3"),
            app_by: Some(AppBy::Port),
            server_name: None,
            path: Path::EMPTY,
            vlans: Default::default(),
            tcp: None,
        }
    }

    #[test]
    fn without_a_beginning_the_server_is_who_many_meet_and_no_client_names_it() {
        let ports = [5_201, 8_080, 3_306, 25_565, 5_432, 1_883];
        let server = (at(9), 9_999);
        let mut all = Conversations::default();
        // Clients below the server's address and above it.
        all.tcp.rows = ports.iter().zip([1u8, 2, 3, 20, 21, 22]).map(|(port, n)| met((at(n), *port), server)).collect();
        face(&mut all);
        for c in &all.tcp.rows {
            let asked = if c.originator_is_a { (c.b, c.b_port) } else { (c.a, c.a_port) };
            assert_eq!((asked, c.app, c.app_by), (server, None, None));
        }
        // A server with a name names them.
        all.tcp.rows = ports.iter().zip(1u8..).map(|(port, n)| met((at(n), *port), (at(9), 3_306))).collect();
        face(&mut all);
        assert!(all.tcp.rows.iter().all(|c| c.app == Some("mysql") && c.app_by == Some(AppBy::Port)));
    }

    #[test]
    fn of_datagrams_the_server_is_who_is_met_and_a_sweep_is_none() {
        let none = Traffic::default();
        let udp = |client: End, server: End| Conversation { tcp: None, state: None, ..met(client, server) };
        let mut all = Conversations::default();
        // Sensors that only send, from a port that has a name, to one that has none.
        all.udp.rows = (1u8..8).map(|n| Conversation { ba: none, originator_is_a: true, ..udp((at(n), 5_201), (at(9), 9_999)) }).collect();
        face(&mut all);
        assert!(all.udp.rows.iter().all(|c| (c.app, c.app_by) == (None, None)), "{:?}", all.udp.rows[0]);
        // One that tries port after port from a port with a name.
        let tried =
            |port: u16| Conversation { ba: none, originator_is_a: true, app: None, app_by: None, ..udp((at(1), 5_201), (at(9), port)) };
        all.udp.rows = (9_000..9_020).map(tried).collect();
        face(&mut all);
        assert!(all.udp.rows.iter().all(|c| c.app.is_none()));
    }

    #[test]
    fn ports_of_clients_have_no_name() {
        let host = |(address, port): End, app| {
            let (some, none) = (Traffic { packets: 5, wire_bytes: 500 }, Traffic::default());
            let times = (Timestamp(0), Timestamp(1));
            let (first, last) = times;
            HostRow {
                address,
                port,
                tx: some,
                rx: some,
                recent_tx: some,
                recent_rx: some,
                first,
                last,
                inside: None,
                app_by: None,
                app,
                vlans: Default::default(),
                peers: 1,
                itself: none,
            }
        };
        let (client, server) = ((at(1), 5_201), (at(9), 3_306));
        let mut all = Conversations::default();
        all.tcp.rows = vec![Conversation { originator_is_a: true, ..met(client, server) }];
        let mut ends = Endpoints::default();
        ends.tcp.rows = vec![host(client, Some("iperf3")), host(server, Some("mysql")), host((at(5), 5_201), Some("iperf3"))];
        unname_clients(&mut ends, &all);
        let names: Vec<_> = ends.tcp.rows.iter().map(|h| h.app).collect();
        assert_eq!(names, [None, Some("mysql"), Some("iperf3")], "of whom nothing is known the guess stays");
    }

    #[test]
    fn what_was_seen_to_begin_and_what_content_tells_stays() {
        let mut begun = met((at(1), 5_201), (at(9), 9_999));
        begun.state = Some(TcpState::Established);
        let told = Conversation { app: Some("tls"), app_by: Some(AppBy::Content), ..met((at(2), 5_201), (at(9), 9_999)) };
        let mut all = Conversations::default();
        all.tcp.rows = vec![begun.clone(), told];
        all.tcp.rows.extend((3u8..8).map(|n| met((at(n), 40_000), (at(9), 9_999))));
        face(&mut all);
        assert_eq!(all.tcp.rows[0], begun);
        assert_eq!((all.tcp.rows[1].app, all.tcp.rows[1].originator_is_a), (Some("tls"), true));
    }

    #[test]
    fn a_port_is_called_after_what_content_tells_of_it() {
        let port = |n: u8, port: u16, app| HostRow {
            address: at(n),
            port,
            tx: Traffic::default(),
            rx: Traffic::default(),
            recent_tx: Traffic::default(),
            recent_rx: Traffic::default(),
            first: Timestamp(0),
            last: Timestamp(0),
            inside: None,
            app: Some(app),
            app_by: Some(AppBy::Port),
            vlans: Default::default(),
            peers: 0,
            itself: Traffic::default(),
        };
        let mut stats = Statistics::default();
        stats.endpoints.tcp.rows = vec![port(1, 443, "https"), port(2, 443, "https")];
        stats.endpoints.udp.rows = vec![port(1, 443, "https")];
        let tls =
            Conversation { app: Some("tls"), app_by: Some(AppBy::Content), originator_is_a: false, ..met((at(1), 443), (at(9), 50_000)) };
        stats.conversations.tcp.rows = vec![tls];
        let spoken = spoken(&stats.conversations);
        name_ports(&mut stats, &spoken);
        let shown = |rows: &[HostRow]| rows.iter().map(|row| (row.app, row.app_by)).collect::<Vec<_>>();
        let (known, guessed) = ((Some("tls"), Some(AppBy::Content)), (Some("https"), Some(AppBy::Port)));
        assert_eq!(shown(&stats.endpoints.tcp.rows), [known, guessed], "another host's port stays a guess");
        assert_eq!(shown(&stats.endpoints.udp.rows), [guessed], "and so does the same number of another protocol");
    }
}
