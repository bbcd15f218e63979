//! Who asks for an address, and who gives it.

use super::bounded::{Lasting, Recent, entry};
use super::{BIN, MINUTE};
use crate::model::Arrange as _;
use crate::model::evidence::{
    ALONE, DHCP_CLAIMED, DHCP_DISCOVERS, DHCP_FLOOD, DHCP_WAITED, DhcpEvidence, DhcpFloodEvidence, SERVERS_BESIDE, SIGHT_BINS, SIGHT_HELD,
    SecondServerEvidence, StationEvidence,
};
use crate::model::latest::Latest;
use crate::model::limits::SIGHT_ASKERS;
use crate::model::{Address, BroadcastDomain, DhcpConfig, DhcpSight, Episode, Mac, Sighting, Timestamp};
use hashbrown::HashMap;
use std::net::Ipv4Addr;

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const ACK: u8 = 5;
const NAK: u8 = 6;

/// Configurations of one server that are told apart: it serves several subnets.
const CONFIGS: usize = 8;

/// A client.
#[derive(Debug, Default)]
struct Client {
    /// DISCOVERs since anybody offered or gave it anything.
    discovers: u64,
    first: Timestamp,
    asked: Option<Timestamp>,
    /// Not answered yet, and not one that others serve.
    is_boot: bool,
    answered: Option<Timestamp>,
    /// When it was last given an address, and when before that.
    given: Option<Timestamp>,
    given_before: Option<Timestamp>,
    /// When it last asked as one that never had an address, and whether it was given one after that.
    asked_anew: Option<Timestamp>,
    is_given_anew: bool,
    /// Who gave it its address.
    given_by: Option<Ipv4Addr>,
    refused: Recent,
    /// Who refused it last.
    refused_by: Option<Ipv4Addr>,
    refused_at: Option<Timestamp>,
    sent: Recent,
    last: Timestamp,
}

/// A server, towards clients of one VLAN and relay.
#[derive(Debug, Default)]
struct Server {
    mac: Mac,
    first: Option<Timestamp>,
    told: Latest<DhcpConfig, CONFIGS>,
    clients: Latest<Mac, SIGHT_ASKERS>,
    answers: u64,
    /// Offers of others since.
    passed_over: u64,
    last: Timestamp,
}

/// A station that asks for addresses directly.
#[derive(Debug, Default)]
struct Station {
    requests: Recent,
    /// Other clients than itself, up to [`DHCP_CLAIMED`], each with the latest bin.
    claimed: Vec<(Mac, i64)>,
    last: Timestamp,
}

macro_rules! lasting {
    ($($kind:ty),*) => { $(impl Lasting for $kind { fn last(&self) -> Timestamp { self.last } })* };
}
lasting!(Client, Server, Station);

/// All that is known by DHCP.
#[derive(Debug, Default)]
pub(super) struct DhcpLedger {
    clients: HashMap<(Option<u16>, Mac), Client>,
    servers: HashMap<(BroadcastDomain, Ipv4Addr, Ipv4Addr), Server>,
    stations: HashMap<(Option<u16>, Mac), Station>,
}

impl DhcpLedger {
    /// Whether a host gives out addresses.
    pub fn is_server(&self, host: Address) -> bool {
        self.servers.iter().any(|((.., id), server)| Address::V4(*id) == host && server.answers > 0)
    }

    /// Takes in a message.
    pub fn take(&mut self, seen: &Sighting, message: &DhcpSight) {
        let bin = seen.last.0.div_euclid(BIN);
        match message.kind {
            DISCOVER => self.discover(seen, message, bin),
            OFFER | ACK if !message.given.is_unspecified() => self.answer(seen, message),
            // Whose address another server gave is refused by any that says so for all (an authoritative one).
            NAK if self.is_of_another(seen, message) => {}
            NAK => {
                let client = entry(&mut self.clients, (seen.vlan, message.client));
                client.refused.add(bin, seen.count);
                client.refused_by = message.server;
                client.refused_at = client.refused_at.max(Some(seen.last));
                client.last = client.last.max(seen.last);
            }
            _ => {}
        }
    }

    /// Whether the client has its address from another server than the one that refuses it.
    fn is_of_another(&self, seen: &Sighting, message: &DhcpSight) -> bool {
        let given_by = self.clients.get(&(seen.vlan, message.client)).and_then(|client| client.given_by);
        given_by.zip(message.server).is_some_and(|(gave, refuses)| gave != refuses)
    }

    fn discover(&mut self, seen: &Sighting, message: &DhcpSight, bin: i64) {
        let client = entry(&mut self.clients, (seen.vlan, message.client));
        client.last = client.last.max(seen.last);
        client.is_boot = message.is_boot;
        client.asked_anew = (!message.asks_again).then_some(seen.last);
        client.sent.add(bin, seen.count);
        // It was answered within the same second, or gave up a while ago.
        if client.answered.is_none_or(|answered| answered < seen.first) {
            if client.discovers == 0 || client.asked.is_some_and(|asked| seen.first.since(asked) > 2 * MINUTE) {
                (client.first, client.discovers) = (seen.first, 0);
            }
            client.discovers = client.discovers.saturating_add(seen.count);
            client.asked = Some(client.asked.map_or(seen.last, |asked| asked.max(seen.last)));
        }
        // What came through a relay shows its address instead of the client's.
        if message.relay.is_unspecified() {
            let station = entry(&mut self.stations, (seen.vlan, seen.source));
            station.last = station.last.max(seen.last);
            station.requests.add(bin, seen.count);
            if message.client != seen.source {
                station.claims(message.client, bin);
            }
        }
    }

    fn answer(&mut self, seen: &Sighting, message: &DhcpSight) {
        let keys: Vec<(Option<u16>, Mac)> = match self.clients.contains_key(&(seen.vlan, message.client)) {
            true => vec![(seen.vlan, message.client)],
            // The way back may be seen in another VLAN.
            false => self.clients.keys().filter(|key| key.1 == message.client).copied().collect(),
        };
        // Whoever renews its lease never asked as a new client does.
        let renews = keys.is_empty() && message.kind == ACK;
        let keys = if renews { vec![(seen.vlan, message.client)] } else { keys };
        for key in keys {
            let client = entry(&mut self.clients, key);
            client.answered = Some(client.answered.map_or(seen.last, |answered| answered.max(seen.last)));
            client.discovers = 0;
            client.last = client.last.max(seen.last);
            if message.kind == ACK {
                if client.given != client.answered {
                    client.given_before = std::mem::replace(&mut client.given, client.answered);
                }
                client.given_by = message.server;
                client.is_given_anew = client.asked_anew.is_some_and(|asked| seen.last.since(asked) <= 2 * MINUTE);
            }
        }
        let Some(id) = message.server else { return };
        let server = entry(&mut self.servers, (seen.domain(), message.relay, id));
        let first = server.first.map_or(seen.first, |first| first.min(seen.first));
        (server.mac, server.first) = (seen.source, Some(first));
        server.last = server.last.max(seen.last);
        server.answers = server.answers.saturating_add(seen.count);
        server.passed_over = 0;
        server.told.note(message.told, seen.last);
        server.clients.note(message.client, seen.last);
        if message.kind == OFFER {
            // Whoever asks for an offer asks everybody.
            let others = self.servers.iter_mut().filter(|(key, _)| (key.0, key.1) == (seen.domain(), message.relay) && key.2 != id);
            others.for_each(|(_, server)| server.passed_over = server.passed_over.saturating_add(seen.count));
        }
    }

    /// Whether clients are told to use this address as their router.
    pub fn is_router(&self, address: Address) -> bool {
        self.servers.values().any(|s| s.told.iter().any(|told| told.router.map(Address::V4) == Some(address)))
    }

    /// Whether clients were told to use any router.
    pub fn tells_routers(&self) -> bool {
        self.servers.values().any(|s| s.told.iter().any(|told| told.router.is_some()))
    }

    /// Whether a station was given an address.
    pub fn is_served(&self, vlan: Option<u16>, mac: Mac) -> bool {
        self.clients.get(&(vlan, mac)).is_some_and(|client| client.given.is_some())
    }

    /// Clients that wait, by VLAN. What one of the `second` servers refuses is no matter of a pool.
    pub fn waiting(&self, now: Timestamp, second: &[SecondServerEvidence]) -> Vec<DhcpEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let mut vlans: Vec<Option<u16>> = self.clients.keys().map(|key| key.0).collect();
        vlans.arrange();
        vlans.dedup();
        vlans.into_iter().filter_map(|vlan| self.waiting_in(vlan, bin, now, second)).collect()
    }

    fn waiting_in(&self, vlan: Option<u16>, bin: i64, now: Timestamp, second: &[SecondServerEvidence]) -> Option<DhcpEvidence> {
        let here = || self.clients.iter().filter(move |(key, _)| key.0 == vlan).map(|(_, client)| client);
        let waits = |c: &&Client| {
            let asked = c.asked.filter(|asked| now.since(*asked) <= 2 * MINUTE);
            c.discovers >= DHCP_DISCOVERS.number()
                && !c.is_boot
                && asked.is_some_and(|asked| asked.since(c.first) >= DHCP_WAITED.in_nanos())
        };
        let first = here().filter(waits).map(|c| c.first).min();
        let last = here().filter(waits).filter_map(|c| c.asked).max();
        // Who is served only after they gave up says nothing of whom the server left out.
        let meanwhile = |time: &Timestamp| Some(*time) >= first && Some(*time) <= last;
        let given = || here().filter(|c| [c.given, c.given_before].iter().flatten().any(meanwhile));
        let answered = || here().flat_map(|c| [c.answered, c.given_before]).flatten();
        // Whoever asks for the address of another network is refused (RFC 2131 section 4.3.2), asks anew, and is served.
        let is_second = |server: Option<Ipv4Addr>| second.iter().any(|s| s.vlan == vlan && Some(s.server) == server);
        let is_refused = |c: &&Client| (c.given.is_none() || c.given < c.refused_at) && !is_second(c.refused_by);
        let refused = here().filter(is_refused).fold(0u64, |sum, c| sum.saturating_add(c.refused.minute(bin)));
        let refused_clients = here().filter(is_refused).filter(|c| c.refused.minute(bin) > 0).count() as u64;
        let mut refusing: Vec<Ipv4Addr> =
            here().filter(is_refused).filter(|c| c.refused.minute(bin) > 0).filter_map(|c| c.refused_by).collect();
        refusing.arrange();
        refusing.dedup();
        let mut servers: Vec<Ipv4Addr> = self.servers.keys().filter(|key| key.0.vlan == vlan).map(|key| key.2).collect();
        servers.arrange();
        servers.dedup();
        let span = Episode { first: first.unwrap_or(now), last: last.unwrap_or(now) };
        (first.is_some() || refused > 0).then(|| DhcpEvidence {
            vlan,
            waiting: here().filter(waits).count() as u64,
            waiting_new: here().filter(waits).filter(|c| c.given.is_none()).count() as u64,
            clients: here().filter(|c| now.since(c.last) <= SIGHT_HELD).count() as u64,
            servers,
            last_answer: answered().filter(|time| last.is_none() || Some(*time) <= last).max().or_else(|| answered().max()),
            given: given().count() as u64,
            given_anew: given().filter(|c| c.is_given_anew).count() as u64,
            refused,
            refused_clients,
            refusing,
            span,
        })
    }

    /// Stations that claim to be many clients, or ask without end.
    pub fn floods(&self, now: Timestamp) -> Vec<DhcpFloodEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let of = |(&(vlan, mac), station): (&(Option<u16>, Mac), &Station)| {
            let requests = station.requests.minute(bin);
            let clients = station.claimed.iter().filter(|c| bin.saturating_sub(c.1) < SIGHT_BINS as i64).count();
            let many = self.clients.get(&(vlan, mac)).is_some_and(|c| c.sent.minute(bin) > DHCP_FLOOD.number());
            let one =
                || station.claimed.iter().any(|c| self.clients.get(&(vlan, c.0)).is_some_and(|c| c.sent.minute(bin) > DHCP_FLOOD.number()));
            let is_flood = clients >= DHCP_CLAIMED || requests > DHCP_FLOOD.number() && (many || one());
            let source = StationEvidence { mac, maker: None, count: requests, last: station.last };
            let span = Episode { first: Timestamp(station.last.0.saturating_sub(MINUTE)).max(Timestamp(0)), last: station.last };
            is_flood.then_some(DhcpFloodEvidence { vlan, source, clients: clients as u64, requests, span })
        };
        let mut all: Vec<DhcpFloodEvidence> = self.stations.iter().filter_map(of).collect();
        all.arrange_by_key(|f| (f.vlan, f.source.mac));
        all
    }

    /// Servers that serve the same clients as another one. `is_used` says of a server and its station whether others use it beside DHCP: of two
    /// the one that is used is known, or the one that was there first; of two in one moment the one with more clients.
    pub fn second_servers(&self, now: Timestamp, is_used: impl Fn(Ipv4Addr, Mac) -> bool) -> Vec<SecondServerEvidence> {
        let mut out = Vec::new();
        let place =
            |id: Ipv4Addr, server: &Server| Some((!is_used(id, server.mac), server.first?, std::cmp::Reverse(server.clients.len()), id));
        for (&(domain, relay, id), server) in self.servers.iter().filter(|(_, s)| now.since(s.last) <= SIGHT_HELD) {
            let Some(own) = place(id, server) else { continue };
            let beside = self.servers.iter().filter(|(key, s)| {
                let apart = server.last.since(s.last).max(s.last.since(server.last));
                // What two mirror sessions show may be two sites, unless somebody is served by both.
                let is_here = key.0 == domain || key.0.vlan == domain.vlan && s.serves_one_of(server);
                is_here && key.1 == relay && key.2 != id && apart <= SERVERS_BESIDE.in_nanos()
            });
            let known = beside.filter_map(|(key, s)| Some((place(key.2, s)?, s))).min_by_key(|(place, _)| *place);
            let Some((other, known)) = known.filter(|(other, _)| *other < own) else { continue };
            let differs = !server.told.iter().any(|told| known.told.iter().any(|other| other == told));
            let alone = own.1.since(other.1).max(0);
            if differs || alone >= ALONE.in_nanos() {
                let told = [known, server].map(|s| s.told.newest().unwrap_or_default());
                let source = StationEvidence { mac: server.mac, maker: None, count: server.answers, last: server.last };
                let span = Episode { first: own.1.max(other.1), last: server.last };
                out.push(SecondServerEvidence {
                    vlan: domain.vlan,
                    server: id,
                    source,
                    before: other.3,
                    station_before: known.mac,
                    is_used: [!own.0, !other.0],
                    told,
                    differs,
                    alone: alone as f64 / 1e9,
                    clients: server.clients.len() as u64,
                    passed_over: server.passed_over,
                    span,
                });
            }
        }
        out.arrange_by_key(|s| (s.vlan, s.server, s.before));
        out.dedup_by_key(|s| (s.vlan, s.server));
        out
    }
}

impl Server {
    /// Whether a client of another server is its client as well.
    fn serves_one_of(&self, other: &Server) -> bool {
        self.clients.iter().any(|client| other.clients.iter().any(|known| known == client))
    }
}

impl Station {
    fn claims(&mut self, client: Mac, bin: i64) {
        if let Some(known) = self.claimed.iter_mut().find(|c| c.0 == client) {
            known.1 = known.1.max(bin);
            return;
        }
        if self.claimed.len() >= DHCP_CLAIMED {
            self.claimed.retain(|c| bin.saturating_sub(c.1) < SIGHT_BINS as i64);
        }
        if self.claimed.len() < DHCP_CLAIMED {
            self.claimed.push((client, bin));
        }
    }
}
