//! From what all shards handed in to one snapshot.

use super::addresses::{AddressRows, Wanted};
use super::servers::Spoken;
use super::tables::Moment;
use super::timeline::Extent;
use super::{Assessment, HistoryKeeper, Kept, Merge, Pending, servers};
use crate::engine::fold::detectors::DetectorReport;
use crate::engine::fold::rows;
use crate::engine::fold::shard::ShardSums;
use crate::engine::tape::Request;
use crate::engine::tape::facts::ToldSpeed;
use crate::model::Arrange as _;
use crate::model::{Address, Direction, DissectLosses, LearntName, Mac, Timestamp, Traffic, WindowUse};
use crate::snapshot::tables::names::NAMES;
use crate::snapshot::{
    CaptureSummary, Conversation, Conversations, Diagnosis, Directions, Dissected, Endpoints, Losses, Query, Service, Snapshot, Statistics,
    Table, TcpAnalysis, TcpFlags, TrafficClasses,
};
use crate::stats::Totals;
use crate::stats::totals::TrafficDirection;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The speed of the link where nobody told it but those at it: as the router follows it, or as they say it within a mirror's sessions.
fn tell_speed(snapshot: &mut Snapshot, told: ToldSpeed) {
    let capture = &mut snapshot.capture;
    let speed = match told {
        ToldSpeed::Followed(speed) => Some(speed),
        ToldSpeed::Refuted => None,
        ToldSpeed::Nothing => snapshot.switch.link_speed.filter(|_| capture.speed.is_none()),
    };
    if let Some(speed) = speed {
        (capture.speed, capture.is_speed_by_lldp) = (Some(speed), true);
    }
}

impl Merge {
    /// The snapshot of a request that every group has answered; `None` when a thread it needs has gone.
    pub(super) fn assemble(&mut self, pending: Pending) -> Option<Arc<Snapshot>> {
        let Pending { request, open, sums, names, mut conversations, numbers, .. } = pending;
        let ShardSums { stats: totals, mirror: detected, dissect: dissected, tcp: analysed } = sums;
        let request = &request;
        let query = &request.query;
        for (table, evicted) in conversations.iter_mut().zip(self.tables.evicted) {
            (table.other, table.other_rows) = evicted;
        }
        let (live, last) = (request.live, request.last);
        if last {
            self.tables.close();
        }
        let (judged, mut conversations, endpoints) = self.judge_and_list(request, &detected, totals.link, (conversations, numbers))?;
        let Assessment { mirror, network, switch, mut services, streams, windows, findings, host } = judged;
        let total = totals.traffic();
        let recent = if request.live { total.since(self.total_before) } else { total };
        self.total_before = total;
        let load = self.timeline.load(query.samples, request.open, open, extent(request, total));
        let losses = self.losses(request, &totals, dissected.losses);
        let spoken = complete(&mut services.rows, &mut conversations, &windows);
        let mut snapshot = Snapshot {
            number: request.number,
            finished: request.finished,
            now: request.now,
            recent_seconds: request.recent_seconds,
            live: self.base.live,
            capture: self.capture(request, &totals, losses),
            stats: Statistics {
                recent,
                load,
                tcp_analysis: TcpAnalysis {
                    flags: analysed.flags,
                    handshake_rtt: analysed.initial_rtt,
                    not_analysed: analysed.not_analysed,
                },
                conversations,
                endpoints,
                services,
                streams,
                ..self.statistics(&totals, request.live)
            },
            dissect: Dissected { apps: dissected.sections(), names: learnt(names, query) },
            mirror,
            switch,
            diagnosis: Diagnosis { host, network, findings },
            history: self.history.as_ref().map(HistoryKeeper::history).unwrap_or_default(),
            span: None,
            narrowed_by: query.filter.as_ref().map(|filter| filter.text().into()),
        };
        tell_speed(&mut snapshot, request.told_speed);
        self.tell_vlans(&mut snapshot);
        servers::unname_clients(&mut snapshot.stats.endpoints, &snapshot.stats.conversations);
        servers::name_ports(&mut snapshot.stats, &spoken);
        snapshot.forget_unknown_times();
        let snapshot = Arc::new(snapshot);
        // Only a live port, which goes on, may have nothing to add to it.
        self.kept = (live && !request.finished).then(|| Kept { snapshot: Arc::clone(&snapshot), detected, totals, open });
        Some(snapshot)
    }

    /// What VLANs are called, and what routers bring into each and take out of it. A shared gateway's address is one that nobody has for himself.
    fn tell_vlans(&mut self, snapshot: &mut Snapshot) {
        name_vlans(snapshot);
        let shared = snapshot.stats.endpoints.eth.rows.iter().filter_map(|row| match row.address {
            Address::Mac(mac) if mac.is_shared_gateway() => Some(mac),
            _ => None,
        });
        let mut routers: Vec<Mac> = snapshot.switch.routers.iter().copied().chain(shared).collect();
        routers.arrange();
        routers.dedup();
        let mut ways = self.tables.vlan_ways(&routers);
        self.tables.forget_recent_stations();
        for vlan in &mut snapshot.stats.vlans.rows {
            vlan.ways = ways.remove(&vlan.id);
            if !snapshot.live {
                vlan.ways.iter_mut().for_each(|ways| ways.recent = ways.traffic);
            }
        }
    }

    /// The rows of a request, and beside them the judge's picture and the stations, all of them at the same time.
    fn judge_and_list(
        &mut self,
        request: &Request,
        detected: &DetectorReport,
        link: Traffic,
        (conversations, numbers): ([Table<Conversation>; 3], [Vec<u64>; 3]),
    ) -> Option<(Assessment, Conversations, Endpoints)> {
        let query = &request.query;
        let moment = Moment { now: request.now, live: request.live, last: request.last };
        let wanted = Wanted { query: query.clone(), moment, conversations, numbers };
        let (rows, (judged, (eth_pairs, eth_hosts))) = self.addresses.rows(wanted, || {
            // Before the tables are given away: the judge looks at the stations.
            let judged = self.judge.assess(request, detected, link, &mut self.tables.mac_pairs());
            (judged, self.tables.rows(query, moment))
        })?;
        let AddressRows { hosts: [ip, ipv6], ports: [tcp, udp, sctp], pairs: [ip_pairs, ipv6_pairs], conversations } = rows;
        let endpoints = Endpoints { eth: eth_hosts, ip, ipv6, tcp, udp, sctp };
        let [tcp, udp, sctp] = conversations;
        Some((judged, Conversations { eth: eth_pairs, ip: ip_pairs, ipv6: ipv6_pairs, tcp, udp, sctp }, endpoints))
    }

    /// What was captured, from where.
    fn capture(&self, request: &Request, totals: &Totals, losses: Losses) -> CaptureSummary {
        CaptureSummary {
            sources: request.sources.clone(),
            captured_bytes: totals.captured_bytes,
            truncated_packets: totals.truncated,
            first: request.first,
            last: request.latest,
            losses,
            ..self.base.capture.clone()
        }
    }

    /// Every loss that is known, with those of this program.
    fn losses(&self, request: &Request, totals: &Totals, dissection: DissectLosses) -> Losses {
        Losses {
            queue_drops: self.subscribers.lost(),
            decode_errors: totals.short,
            malformed: totals.malformed,
            evicted_flows: self.tables.evicted.iter().fold(0, |sum, e| sum.saturating_add(e.1)),
            dissection,
            ..request.losses
        }
    }

    /// What is read off the sums of all shards.
    fn statistics(&mut self, totals: &Totals, live: bool) -> Statistics {
        let heading = |h: TrafficDirection| totals.directions[h as usize];
        Statistics {
            total: totals.traffic(),
            fragments: totals.fragments,
            sizes: totals.sizes,
            casts: self.tables.casts,
            directions: Directions {
                inbound: heading(TrafficDirection::Inbound),
                outbound: heading(TrafficDirection::Outbound),
                inside: heading(TrafficDirection::Inside),
                through: heading(TrafficDirection::Through),
                unknown: heading(TrafficDirection::Unknown),
            },
            protocols: self.tables.hierarchy.rows(live),
            vlans: self.tables.vlan_table(live),
            vlan_pairs: self.tables.vlan_pairs(),
            untagged: self.tables.untagged,
            classes: TrafficClasses { dscp: totals.dscp, ecn: totals.ecn, pcp: totals.pcp },
            tcp_flags: TcpFlags { syn: totals.syn, syn_ack: totals.syn_ack, fin: totals.fin, reset: totals.reset },
            ..Statistics::default()
        }
    }
}

/// VLANs as switches call them: what was heard last counts.
fn name_vlans(snapshot: &mut Snapshot) {
    let mut names: BTreeMap<u16, (Timestamp, &str)> = BTreeMap::new();
    for row in &snapshot.switch.neighbours {
        for (id, name) in row.told.vlans.iter().filter(|vlan| !vlan.1.is_empty()) {
            let known = names.entry(*id).or_insert((row.last, name));
            if row.last > known.0 {
                *known = (row.last, name);
            }
        }
    }
    for vlan in &mut snapshot.stats.vlans.rows {
        vlan.name = names.get(&vlan.id).map(|(_, name)| Arc::from(*name));
    }
}

/// Turns conversations to their servers, and has services say what only those tell: what is spoken at which.
fn complete(services: &mut [Service], conversations: &mut Conversations, windows: &[WindowUse]) -> Spoken {
    note_windows(&mut conversations.tcp.rows, windows);
    servers::face(conversations);
    let spoken = servers::spoken(conversations);
    name_services(services, &spoken);
    servers::complete(services, conversations);
    spoken
}

/// How often each connection met its receivers' windows: of those between the same ports the one that was there at that time.
fn note_windows(rows: &mut [Conversation], uses: &[WindowUse]) {
    type Ends = [(Address, u16); 2];
    let mut by_ends: HashMap<Ends, Vec<&WindowUse>> = HashMap::new();
    uses.iter().for_each(|of| by_ends.entry(of.flow.ends(Direction::AToB)).or_default().push(of));
    if by_ends.is_empty() {
        return;
    }
    for row in rows {
        let (span, Some(tcp)) = (row.beginning()..=row.last, &mut row.tcp) else { continue };
        for of in by_ends.get(&[(row.a, row.a_port), (row.b, row.b_port)]).into_iter().flatten() {
            let carried = tcp.carried.get_mut(of.way as usize).filter(|_| span.contains(&of.span.first));
            carried.into_iter().for_each(|carried| carried.windows = of.counts);
        }
    }
}

/// Services of which no event told what is spoken there are called as their conversations are, where content told it of those.
fn name_services(services: &mut [Service], spoken: &Spoken) {
    for service in services.iter_mut().filter(|service| service.app.is_none()) {
        service.app = servers::spoken_at(spoken, &service.key);
    }
}

/// One row for each address, source and name: the address is known in many shards. Of more than are wanted those seen last.
fn learnt(mut names: Vec<LearntName>, query: &Query) -> Table<LearntName> {
    names.sort_by(NAMES.key);
    names.dedup_by(|later, kept| {
        let same = (later.address, later.source, &later.name) == (kept.address, kept.source, &kept.name);
        if same {
            (kept.first, kept.last) = (kept.first.min(later.first), kept.last.max(later.last));
        }
        same
    });
    let total_rows = names.len() as u64;
    let mut names = rows::keep_names(names, query);
    names.sort_by(NAMES.key);
    Table { rows: names, total_rows, ..Table::default() }
}

/// What the capture holds as a whole; none where no packet has a time.
pub(super) fn extent(request: &Request, total: Traffic) -> Option<Extent> {
    request.first.zip(request.latest).map(|(first, latest)| Extent { first, latest, total })
}
