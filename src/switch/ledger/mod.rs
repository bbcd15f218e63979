//! What the switch and its neighbours say, put together: the one place where control packets of all shards come together, in the order in
//! which they came. One file a kind of what is said.

mod aggregates;
mod changes;
mod events;
mod floods;
mod gateways;
mod groups;
mod identity;
mod links;
mod load;
mod loops;
mod members;
mod neighbours;
mod routers;
mod speakers;
mod stale_rows;
mod stations;
mod trees;

use crate::model::Arrange as _;
use crate::model::evidence::{SwitchEvidence, SwitchTrouble, SwitchTroubleKind};
use crate::model::{
    Abilities, Address, ConnectionEnd, ControlBody, ControlMessage, Episode, Flood, FloodSecond, LinkLoad, Mac, Sight, Sighting,
    StationNews, Subject, SwitchView, Timestamp, Transit,
};
use aggregates::Aggregates;
use events::EventLog;
use floods::Storms;
use gateways::Gateways;
use groups::Groups;
pub(in crate::switch) use identity::told_speed;
use load::LinkLoads;
use loops::{Leaks, Loops};
use members::Members;
use neighbours::Neighbours;
use routers::{Peers, Ports, Queriers, Routers};
use speakers::Speakers;
use stations::Stations;
use std::collections::BTreeSet;
use trees::Trees;

/// Where a control packet was seen: what is said in different places is not about the same link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    session: u16,
    tag: Option<u16>,
}

impl Place {
    fn of(message: &ControlMessage) -> Self {
        Self { session: message.session, tag: message.tag }
    }
}

/// A trouble with what every kind has.
fn trouble(kind: SwitchTroubleKind, subject: Subject, count: u64, span: Episode) -> SwitchTrouble {
    let [who, other, words] = [const { String::new() }; 3];
    let (vlans, recent, measure, share, meant) = (1, count, 0.0, 1.0, 0);
    SwitchTrouble { kind, subject, vlan: None, vlans, instance: None, who, other, count, recent, measure, share, meant, words, span }
}

/// One station as an example; empty without any.
fn one_of(stations: &BTreeSet<Mac>) -> String {
    stations.first().map(|mac| mac.to_string()).unwrap_or_default()
}

/// Everything that control packets say.
#[derive(Debug, Default)]
pub struct SwitchLedger {
    neighbours: Neighbours,
    trees: Trees,
    aggregates: Aggregates,
    gateways: Gateways,
    routers: Routers,
    speakers: Speakers,
    queriers: Queriers,
    ports: Ports,
    peers: Peers,
    storms: Storms,
    stations: Stations,
    loops: Loops,
    leaks: Leaks,
    groups: Groups,
    members: Members,
    loads: LinkLoads,
    log: EventLog,
    begun: Option<Timestamp>,
    latest: Option<Timestamp>,
    packets: u64,
    beyond: u64,
}

#[cfg(test)]
impl SwitchLedger {
    /// Bytes of a device, a tree, a link or router, an event, at most.
    pub const BYTES: [usize; 4] = [Neighbours::ENTRY_BYTES, size_of::<trees::Tree>() + 256, 512, 512];
}

impl SwitchLedger {
    /// Takes in a control packet; whether it is an event.
    pub fn take(&mut self, message: &ControlMessage) -> bool {
        let noted = self.log.noted();
        self.begun = Some(self.begun.map_or(message.time, |begun| begun.min(message.time)));
        self.latest = Some(self.latest.map_or(message.time, |latest| latest.max(message.time)));
        self.packets = self.packets.saturating_add(1);
        self.stations.heard(message.source, message.time);
        let (log, place) = (&mut self.log, Place::of(message));
        let had_room = match &message.body {
            ControlBody::Neighbour(told) => self.neighbours.take(message, place, told, self.begun.unwrap_or_default(), log),
            ControlBody::Bpdu(bpdu) => self.trees.take(message, place, bpdu, log),
            ControlBody::Lacp(told) => self.aggregates.take(message, place, told, log),
            ControlBody::Gateway(told) => self.gateways.take(message, place, told, log),
            ControlBody::Ospf(told) => self.routers.take(message, place, told, log),
            ControlBody::Speaker(told) => self.speakers.take(message, place, told, log),
            ControlBody::Query(query) => self.queriers.take(message, place, query),
            ControlBody::Closing(told) => {
                self.peers.notified(message.time, told);
                true
            }
            ControlBody::Eapol(step, method) => self.ports.take(message, place, (*step, *method), log),
        };
        self.beyond = self.beyond.saturating_add(u64::from(!had_room));
        self.log.noted() != noted
    }

    /// Takes in what a shard counted of frames to many in a second.
    pub fn flood(&mut self, told: &FloodSecond) {
        if told.kind == Flood::Stream {
            self.groups.stream(told);
        } else {
            self.beyond = self.beyond.saturating_add(u64::from(!self.storms.take(told)));
        }
    }

    /// Takes in what a shard saw of stations in an interval.
    pub fn stations(&mut self, news: &StationNews) {
        news.fresh.iter().for_each(|fresh| self.stations.fresh(fresh));
        news.pairs.iter().for_each(|pair| self.stations.pair(pair));
        news.circling.iter().for_each(|frame| self.loops.take(frame));
    }

    /// Whether nothing but ARP and the like is seen of a station.
    pub fn is_bare(&self, station: Mac) -> bool {
        self.stations.is_bare(&station)
    }

    /// Takes in how full the link was in an interval; whether that is to be judged by its own time.
    pub fn load(&mut self, load: &LinkLoad) -> bool {
        self.loads.take(load);
        self.loads.is_watchful()
    }

    /// Takes in something that is seen seldom, as far as it is of stations, VLANs and groups.
    pub fn seen(&mut self, seen: &Sighting) {
        self.stations.heard(seen.source, seen.last);
        match seen.what {
            Sight::Arp { .. } => self.leaks.take(seen),
            Sight::ArpCopy { .. } => {
                self.stations.copied(seen);
                self.leaks.take(seen);
            }
            Sight::Place { session, port, sender } => self.stations.place(seen, (session, port), sender),
            Sight::Join { group, version } => {
                self.groups.joined(seen.source, seen.vlan, group, seen.last);
                self.members.joined(seen, group, version);
            }
            Sight::Leave { group, version } => self.members.left(seen, group, version),
            Sight::Clock(answer) => self.speakers.clock(seen, &answer),
            _ => {}
        }
    }

    /// Whether something is going on at `now` that is to be judged by its own time, even where nothing else happens.
    pub fn is_watchful(&self, now: Timestamp) -> bool {
        self.loops.any() || self.stations.is_watchful(now)
    }

    /// Findings that nothing was seen of which could tell them, and why.
    pub fn not_judged(&self) -> Vec<(&'static str, String)> {
        let nowhere = "no copy says at which port its frame entered the switch: ERSPAN with direction or index does, and a mirror session \
                       for each port";
        let ways = "both directions of the link come together, as much as one can carry: nothing tells which frame went which way";
        let moves = self.stations.are_nowhere().then_some(("mac.flapping", nowhere));
        let full = self.loads.is_unsure().then_some(("link.saturated", ways));
        moves.into_iter().chain(full).map(|(id, why)| (id, why.to_owned())).collect()
    }

    /// Takes in the end of a connection: sessions between routers are not meant to end.
    pub fn ended(&mut self, end: &ConnectionEnd) {
        self.peers.take(end);
    }

    /// What was unhealthy lately.
    pub fn evidence(&self, now: Timestamp) -> SwitchEvidence {
        let mut troubles = Vec::new();
        let out = &mut troubles;
        self.trees.troubles(now, out);
        self.gateways.troubles(now, out);
        self.aggregates.troubles(now, out);
        self.routers.troubles(now, out);
        self.peers.troubles(now, out);
        self.ports.troubles(now, out);
        self.queriers.troubles(now, out);
        self.storms.troubles(now, out);
        self.stations.troubles(now, out);
        self.loops.troubles(now, out);
        self.leaks.troubles(now, out);
        self.groups.troubles(&self.queriers.rows(), now, out);
        self.loads.troubles(now, out);
        links::troubles(&self.neighbours.rows(), &self.aggregates.pairs(), self.neighbours.are_at_one_place(), now, out);
        SwitchEvidence { troubles }
    }

    /// So many control packets were not read, for there were too many at a time.
    pub fn missed(&mut self, count: u64) {
        self.beyond = self.beyond.saturating_add(count);
    }

    /// Packet time goes on to `now`: who was silent for too long is gone, if others were heard meanwhile.
    pub fn advance(&mut self, now: Timestamp) {
        if let Some(latest) = self.latest {
            self.neighbours.advance(now, latest, &mut self.log);
            self.routers.advance(now, &mut self.log);
            self.speakers.advance(now, latest, &mut self.log);
        }
    }

    /// All control packets up to the latest were taken in.
    pub fn settle(&mut self) {
        if let Some(latest) = self.latest {
            self.speakers.settle(latest, &mut self.log);
        }
    }

    /// Stations that bring frames into networks and take them out, ascending: by what frames are sent to them for, and by what they say of
    /// themselves. `owners` says who claims which address, in the order of stations; `announced` who announces himself to IPv6's hosts. An
    /// address that routers share is nobody's own.
    pub fn gateways(&self, owners: &[(Mac, Address)], announced: Vec<Mac>) -> Vec<Mac> {
        let said = self
            .neighbours
            .rows()
            .into_iter()
            .filter(|row| row.told.enabled.any(Abilities::ROUTER) && !row.told.enabled.any(Abilities::BRIDGE));
        let mut all = self.stations.routers(owners);
        all.extend(said.map(|row| row.source).chain(self.routers.rows().into_iter().map(|row| row.source)));
        all.extend(announced.into_iter().chain(self.gateways.stations(owners)).chain(self.speakers.routers()));
        all.retain(|mac| !mac.is_shared_gateway());
        all.arrange();
        all.dedup();
        all
    }

    /// What tables show.
    pub fn view(&self) -> SwitchView {
        let neighbours = self.neighbours.rows();
        let identity::FoundIdentity { identity, link, speed, unknown } = identity::find(&neighbours);
        SwitchView {
            identity,
            link,
            link_speed: speed,
            unknown,
            remedy: String::new(),
            neighbours,
            trees: self.trees.rows(),
            aggregates: self.aggregates.rows(),
            gateways: self.gateways.rows(),
            ospf: self.routers.rows(),
            speakers: self.speakers.rows(),
            chatter: Vec::new(),
            authenticators: self.ports.rows(),
            queriers: self.queriers.rows(),
            members: self.members.rows(),
            addresses: Vec::new(),
            asked: None,
            routers: Vec::new(),
            ports: Vec::new(),
            offered: None,
            transit: Transit::default(),
            link_use: None,
            events: self.log.events(),
            events_forgotten: self.log.forgotten(),
            packets: self.packets,
            beyond: self.beyond,
        }
    }
}
