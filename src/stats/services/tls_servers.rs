//! What TLS connections to a service come to before they are encrypted.

use super::Bounded;
use crate::model::Arrange as _;
use crate::model::bounded::with_room;
use crate::model::evidence::{
    CertificateEvidence, CodeCount, OldTlsEvidence, SIGHT_HELD, TLS_CLOSED, TLS_RESET, TLS_SILENT, TlsFailureEvidence,
};
use crate::model::limits::{SERVICE_CLIENTS, SERVICES};
use crate::model::time::SECOND;
use crate::model::{Address, CapScale, ConnectionEnd, Episode, FlowKey, ServiceKey, ShortName, Timestamp, TlsNews, TlsSight, Transaction};
use crate::stats::sightings::bounded::{Lasting, entry};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Stretches in which handshakes are counted, and how many are remembered.
const STRETCH: i64 = 60 * SECOND;
const STRETCHES: i64 = 10;

/// The newest version that is old.
const OLD: u16 = 0x0302;

/// Clients and alerts of a stretch that are told apart.
const BIN_CLIENTS: usize = 5;
const ALERTS: usize = 4;

#[derive(Debug, Default)]
struct Hellos {
    chosen: u64,
    failed: u64,
    /// Of those that failed.
    clients: Vec<Address>,
    is_more: bool,
    /// Of those that did not.
    others: Vec<Address>,
    alerts: Vec<(u8, bool, u64)>,
    span: Option<Episode>,
}

#[derive(Debug, Default)]
struct Server {
    /// By number.
    bins: VecDeque<(i64, Hellos)>,
    certificate: Option<(ShortName, [i64; 2], Timestamp)>,
    /// Clients that refused it.
    refused: u64,
}

impl Server {
    /// Clients lately, whether it took them or not.
    fn clients(&self) -> u64 {
        let mut clients = Vec::new();
        self.bins
            .iter()
            .flat_map(|(_, hellos)| hellos.clients.iter().chain(&hellos.others))
            .for_each(|c| with_room(&mut clients, SERVICE_CLIENTS, *c));
        clients.len() as u64
    }
}

/// Connections in an old version.
#[derive(Debug, Clone, Copy, Default)]
struct Old {
    version: u16,
    count: u64,
    span: Option<Episode>,
}

impl Old {
    /// One more; what was long ago is over.
    fn note(&mut self, version: u16, time: Timestamp) {
        match self.span.filter(|span| time.since(span.last) <= SIGHT_HELD) {
            Some(span) => {
                (self.version, self.count) = (self.version.min(version), self.count.saturating_add(1));
                self.span = Some(Episode { first: span.first.min(time), last: span.last.max(time) });
            }
            None => *self = Self { version, count: 1, span: Some(Episode::at(time)) },
        }
    }
}

impl Lasting for Old {
    fn last(&self) -> Timestamp {
        self.span.map_or_else(Timestamp::default, |span| span.last)
    }
}

/// When a client last offered more.
#[derive(Debug, Clone, Copy, Default)]
struct Offered(Timestamp);

impl Lasting for Offered {
    fn last(&self) -> Timestamp {
        self.0
    }
}

/// All TLS services.
#[derive(Debug, Default)]
pub(super) struct TlsServers {
    servers: Bounded<ServiceKey, Server, SERVICES, { STRETCHES * STRETCH / SECOND }>,
    /// Services that chose an old version although more was offered, and clients that offered no more.
    old: HashMap<(Option<ServiceKey>, Address), Old>,
    /// Clients that offered more, and when last: what they offer less with is a second attempt, or another program.
    newer: HashMap<Address, Offered>,
    /// Connections that said hello and of which nothing was heard since; true: an alert ended it.
    asked: Bounded<FlowKey, bool, SERVICES, { STRETCH / SECOND }>,
}

impl Hellos {
    fn fail(&mut self, client: Address, code: u8, by_client: bool, time: Timestamp) {
        self.failed = self.failed.saturating_add(1);
        self.is_more |= self.clients.len() >= BIN_CLIENTS && !self.clients.contains(&client);
        with_room(&mut self.clients, BIN_CLIENTS, client);
        if let Some(alert) = self.alerts.iter_mut().find(|a| (a.0, a.1) == (code, by_client)) {
            alert.2 = alert.2.saturating_add(1);
        } else if self.alerts.len() < ALERTS {
            self.alerts.push((code, by_client, 1));
        }
        self.span = Episode::of_both(self.span, Some(Episode::at(time)));
    }
}

/// What the end of a connection says of its handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeEnd {
    /// Nothing.
    None,
    /// It had failed before, by an alert.
    Told,
    /// It fails by it.
    Failed,
}

impl TlsServers {
    /// Nobody known; of as many is as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { servers: Bounded::within(caps), asked: Bounded::within(caps), ..Self::default() }
    }

    /// Bytes of a service at most: each of its bins tells clients apart.
    #[cfg(test)]
    pub const BYTES: usize = STRETCHES as usize * (size_of::<(i64, Hellos)>() + 2 * BIN_CLIENTS * size_of::<Address>() + ALERTS * 16)
        + 512
        + 2 * size_of::<Address>();

    /// Takes in what a connection showed; whether that is that its handshake failed.
    pub fn take(&mut self, seen: &TlsSight) -> bool {
        match seen.news {
            TlsNews::Named(_) | TlsNews::Unnamed => {
                self.hello(seen);
                return false;
            }
            // One alert answers another.
            TlsNews::Alert { .. } if self.asked.get(&seen.flow) == Some(&true) => return false,
            TlsNews::Alert { .. } => drop(self.asked.insert(seen.flow, true, seen.time)),
            TlsNews::Chosen { .. } | TlsNews::Certificate { .. } | TlsNews::Remark => drop(self.asked.remove(&seen.flow)),
        }
        self.count(seen);
        matches!(seen.news, TlsNews::Alert { .. })
    }

    /// Counts what it came to.
    fn count(&mut self, seen: &TlsSight) {
        let Some(key) = ServiceKey::of(&seen.flow, seen.way).filter(|_| !matches!(seen.news, TlsNews::Remark)) else { return };
        let client = seen.flow.ends(seen.way)[0].0;
        let Some(server) = self.servers.entry(key, seen.time) else { return };
        let number = seen.time.0.div_euclid(STRETCH);
        if server.bins.back().is_none_or(|b| b.0 < number) {
            server.bins.push_back((number, Hellos::default()));
        }
        while server.bins.front().is_some_and(|b| b.0 <= number.saturating_sub(STRETCHES)) {
            server.bins.pop_front();
        }
        let Some((_, hellos)) = server.bins.back_mut() else { return };
        match seen.news {
            TlsNews::Chosen { version, offered } => {
                hellos.chosen = hellos.chosen.saturating_add(1);
                with_room(&mut hellos.others, BIN_CLIENTS, client);
                self.choose(key, client, version, offered, seen.time);
            }
            TlsNews::Alert { code, by_client } => {
                hellos.fail(client, code, by_client, seen.time);
                server.refused = server.refused.saturating_add(u64::from(by_client && (42..=46).contains(&code)));
            }
            TlsNews::Named(_) | TlsNews::Unnamed | TlsNews::Remark => {}
            TlsNews::Certificate { valid, name } => {
                // Of another one nobody knows yet whether it is refused.
                if server.certificate.is_some_and(|(known, until, _)| (known, until) != (name, valid)) {
                    server.refused = 0;
                }
                server.certificate = Some((name, valid, seen.time));
            }
        }
    }

    /// How often there was no room.
    pub fn refused(&self) -> u64 {
        self.servers.refused()
    }

    fn hello(&mut self, seen: &TlsSight) {
        if seen.flow.is_tcp() {
            self.asked.insert(seen.flow, false, seen.time);
        }
    }

    /// Takes in the end of a connection: a server that ends it instead of an answer refuses it without a word.
    pub fn ended(&mut self, end: &ConnectionEnd) -> HandshakeEnd {
        let gave_up = end.cut.is_some() && end.by_client;
        match self.asked.remove(&end.flow) {
            Some(false) if !gave_up => {}
            Some(true) => return HandshakeEnd::Told,
            _ => return HandshakeEnd::None,
        }
        let code = if end.cut.is_some() { TLS_RESET } else { TLS_CLOSED };
        let news = TlsNews::Alert { code, by_client: false };
        self.count(&TlsSight { flow: end.flow, way: end.way, time: end.time, news, number: end.number });
        HandshakeEnd::Failed
    }

    /// Takes in that a request has waited for long; whether it is a hello that nothing answers.
    pub fn waits(&mut self, t: &Transaction) -> bool {
        let is_hello = self.asked.remove(&t.flow) == Some(false);
        if is_hello {
            let news = TlsNews::Alert { code: TLS_SILENT, by_client: false };
            self.count(&TlsSight { flow: t.flow, way: t.way, time: t.asked, news, number: t.number });
        }
        is_hello
    }

    fn choose(&mut self, key: ServiceKey, client: Address, version: u16, offered: u16, time: Timestamp) {
        if offered > OLD {
            let newer = entry(&mut self.newer, client);
            newer.0 = newer.0.max(time);
        }
        if version > OLD {
            return;
        }
        // Who knows nothing newer is the one to change.
        let who = if offered <= OLD { (None, client) } else { (Some(key), key.address) };
        entry(&mut self.old, who).note(version, time);
    }

    /// Who speaks an old version.
    pub fn old(&self, now: Timestamp) -> Vec<OldTlsEvidence> {
        let knows_more = |host: &Address| self.newer.contains_key(host);
        let lately = self.old.iter().filter_map(|(key, old)| Some((key, old, old.span.filter(|span| now.since(span.last) <= SIGHT_HELD)?)));
        let mut all: Vec<OldTlsEvidence> = lately
            .filter(|((service, host), ..)| service.is_some() || !knows_more(host))
            .map(|(&(service, host), old, span)| OldTlsEvidence {
                service,
                host,
                version: old.version,
                count: old.count,
                clients: service.map_or(1, |key| self.servers.get(&key).map_or(0, Server::clients)),
                span,
            })
            .collect();
        all.arrange_by_key(|o| (o.service, o.host));
        all
    }

    /// Services with failures, as they were lately.
    pub fn failures(&self, now: Timestamp) -> Vec<TlsFailureEvidence> {
        let number = now.0.saturating_sub(1).div_euclid(STRETCH);
        let mut all: Vec<TlsFailureEvidence> = self
            .servers
            .iter()
            .filter_map(|(key, server, _)| {
                let bins = server.bins.iter().filter(|b| b.0 > number.saturating_sub(STRETCHES)).map(|b| &b.1);
                let (mut sum, mut chosen) = (Hellos::default(), 0u64);
                for bin in bins {
                    chosen = chosen.saturating_add(bin.chosen);
                    sum.failed = sum.failed.saturating_add(bin.failed);
                    sum.is_more |= bin.is_more;
                    bin.clients.iter().for_each(|c| with_room(&mut sum.clients, SERVICE_CLIENTS, *c));
                    bin.others.iter().for_each(|c| with_room(&mut sum.others, SERVICE_CLIENTS, *c));
                    for &(code, by_client, n) in &bin.alerts {
                        match sum.alerts.iter_mut().find(|a| (a.0, a.1) == (code, by_client)) {
                            Some(alert) => alert.2 = alert.2.saturating_add(n),
                            None => sum.alerts.push((code, by_client, n)),
                        }
                    }
                    sum.span = Episode::of_both(sum.span, bin.span);
                }
                sum.alerts.arrange_by_key(|a| (std::cmp::Reverse(a.2), a.0, a.1));
                let by_client = sum.alerts.first()?.1;
                let alerts = sum.alerts.iter().map(|a| CodeCount { code: a.0.into(), text: "".into(), count: a.2 }).collect();
                // A ServerHello came before what a client objects to.
                let refused = sum.alerts.iter().filter(|a| !a.1).fold(0u64, |n, a| n.saturating_add(a.2));
                let hellos = chosen.saturating_add(refused).max(sum.failed);
                let clients = [sum.clients.len() as u64, sum.others.iter().filter(|c| !sum.clients.contains(c)).count() as u64];
                Some(TlsFailureEvidence {
                    key: *key,
                    seconds: (STRETCHES * STRETCH / SECOND) as f64,
                    hellos,
                    failed: sum.failed,
                    clients,
                    is_more: sum.is_more,
                    alerts,
                    by_client,
                    span: sum.span?,
                })
            })
            .collect();
        all.arrange_by_key(|f| f.key);
        all
    }

    /// The newest certificate of each service.
    pub fn certificates(&self, now: Timestamp) -> Vec<CertificateEvidence> {
        let mut all: Vec<CertificateEvidence> = self
            .servers
            .iter()
            .filter(|(_, _, last)| now.since(*last) <= SIGHT_HELD)
            .filter_map(|(key, s, _)| {
                let (name, valid, seen) = s.certificate?;
                Some(CertificateEvidence { key: *key, name, valid, seen, refused: s.refused, clients: s.clients() })
            })
            .collect();
        all.arrange_by_key(|c| c.key);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Direction;
    use crate::model::limits::SIGHTED;

    /// Who is told of old versions after these connections of one client: offered, chosen.
    fn told(connections: &[(u16, u16)]) -> Vec<(bool, u64)> {
        let mut servers = TlsServers::default();
        for (n, &(offered, version)) in connections.iter().enumerate() {
            let (flow, way) = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, 40_000 + n as u16, 443);
            let time = Timestamp(n as i64 * SECOND);
            servers.take(&TlsSight { flow, way, time, news: TlsNews::Chosen { version, offered }, number: 0 });
        }
        servers.old(Timestamp(connections.len() as i64 * SECOND)).iter().map(|old| (old.service.is_some(), old.count)).collect()
    }

    /// A hello that was answered, of a client, at that second.
    fn chosen(servers: &mut TlsServers, client: u32, seconds: i64, [offered, version]: [u16; 2]) {
        let (flow, way) = FlowKey::v4(6, client, 0x0a00_0002, 40_000, 443);
        let news = TlsNews::Chosen { version, offered };
        servers.take(&TlsSight { flow, way, time: Timestamp(seconds * SECOND), news, number: 0 });
    }

    #[test]
    fn many_clients_hide_nobody() {
        let mut servers = TlsServers::default();
        for client in 0..2 * SIGHTED as u32 {
            chosen(&mut servers, 0x0b00_0000 + client, i64::from(client) / 100, [0x0303; 2]);
            chosen(&mut servers, 0x0c00_0000 + client, i64::from(client) / 100, [0x0301; 2]);
        }
        assert!(servers.newer.len() <= SIGHTED && servers.old.len() <= SIGHTED);
        chosen(&mut servers, 1, 100, [0x0301; 2]);
        let told = |servers: &TlsServers, client: u32, seconds: i64| {
            let host = Address::V4(client.into());
            servers.old(Timestamp(seconds * SECOND)).iter().find(|old| old.host == host).map(|old| (old.count, old.span.first.0 / SECOND))
        };
        assert_eq!(told(&servers, 1, 101), Some((1, 100)));
        chosen(&mut servers, 1, 101, [0x0303; 2]);
        assert_eq!(told(&servers, 1, 102), None, "it can do more");
        chosen(&mut servers, 2, 100, [0x0301; 2]);
        chosen(&mut servers, 2, 5_000, [0x0301; 2]);
        assert_eq!(told(&servers, 2, 5_001), Some((1, 5_000)), "what was long ago is over");
    }

    #[test]
    fn who_refused_another_certificate_says_nothing_of_this_one() {
        let mut servers = TlsServers::default();
        let (flow, way) = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, 40_000, 443);
        let mut take =
            |seconds: i64, news: TlsNews| servers.take(&TlsSight { flow, way, time: Timestamp(seconds * SECOND), news, number: 0 });
        let certificate = |until: i64| TlsNews::Certificate { valid: [0, until], name: ShortName::new(b"a.example") };
        take(1, certificate(10));
        take(2, TlsNews::Alert { code: 45, by_client: true });
        take(3, certificate(10));
        take(4, TlsNews::Alert { code: 45, by_client: true });
        let refused = |servers: &TlsServers| servers.certificates(Timestamp(10 * SECOND)).first().map(|c| c.refused);
        assert_eq!(refused(&servers), Some(2));
        servers.take(&TlsSight { flow, way, time: Timestamp(5 * SECOND), news: certificate(99), number: 0 });
        assert_eq!(refused(&servers), Some(0), "it was renewed");
    }

    #[test]
    fn a_client_that_offers_more_elsewhere_is_not_held_for_old() {
        let (old, new) = (0x0301, 0x0303);
        assert_eq!(told(&[(old, old), (old, old)]), [(false, 2)]);
        assert_eq!(told(&[(old, old), (new, new)]), [], "its second attempt, or another program of it");
        assert_eq!(told(&[(new, old), (old, old)]), [(true, 1)], "the server's fault where more was offered");
        assert_eq!(told(&[(new, new)]), []);
        assert_eq!(FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, 40_000, 443).1, Direction::AToB);
    }
}
