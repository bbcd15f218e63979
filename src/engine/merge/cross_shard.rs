//! What crosses shards: protocols, VLANs, stations and pairs of them.

use crate::engine::fold::rows::ConversationKind;
use crate::engine::merge::hierarchy::Hierarchy;
use crate::engine::merge::row_budget::RowBudget;
use crate::engine::merge::tables::{Increase, Moment, RowTable};
use crate::model::Arrange as _;
use crate::model::limits::{VLAN_PAIRS, VLAN_STATIONS};
use crate::model::mix::spread;
use crate::model::{Address, Cast, Mac, Traffic};
use crate::snapshot::{Casts, Conversation, HostRow, Query, Table, VlanPairRow, VlanRow, VlanWays};
use crate::stats::{Context, ContextKey};
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// MAC pairs looked at for the roles of stations: more would make a snapshot slow and say no more.
const JUDGED_PAIRS: usize = 20_000;

/// Contexts in hand at once, each with a row of its pair of stations.
const BATCH: usize = 16;

/// Hashes of the stations of a context: of the pair, and of each in the direction of its packets.
#[derive(Debug, Clone, Copy, Default)]
struct StationHashes {
    pair: u64,
    stations: [u64; 2],
}

/// A VLAN, and which way stations were seen to talk in it.
struct VlanSeen {
    row: VlanRow,
    /// Frames between two stations.
    unicast: u64,
    /// Pairs of stations by a hash, those seen from the lower address to the higher and those seen from the higher to the lower.
    ways: [[u64; 4]; 2],
}

impl VlanSeen {
    fn new(id: u16) -> Self {
        Self { row: VlanRow { id, groups: Some(Traffic::default()), ..VlanRow::default() }, unicast: 0, ways: [[0; 4]; 2] }
    }

    fn add(&mut self, key: &ContextKey, added: Traffic) {
        self.row.traffic.add(added);
        self.row.recent.add(added);
        match (key.cast, key.mac) {
            (Cast::Unicast, Some((source, destination))) => {
                self.unicast = self.unicast.saturating_add(added.packets);
                let (low, high) = (source.min(destination), source.max(destination));
                let hash = spread(low.word() ^ high.word().rotate_left(21)) >> 56;
                let way = self.ways.get_mut(usize::from(source > destination)).and_then(|way| way.get_mut((hash / 64) as usize));
                way.into_iter().for_each(|bits| *bits |= 1 << (hash % 64));
            }
            (Cast::Unicast, None) => {}
            _ => self.row.groups.get_or_insert_default().add(added),
        }
    }

    /// The row. In a VLAN seen one way only no pair of stations is seen both ways; two pairs that have one place say nothing wrong of it, they
    /// hide it at worst.
    fn row(&self) -> VlanRow {
        let [there, back] = self.ways;
        let both = there.iter().zip(back).any(|(a, b)| a & b != 0);
        VlanRow { one_way: (self.unicast >= ONE_WAY_FRAMES).then_some(!both), ..self.row.clone() }
    }
}

/// Frames between stations from which on it is told that a VLAN is seen one way only.
const ONE_WAY_FRAMES: u64 = 100;

/// Everything that crosses shards.
pub struct CrossShard {
    /// Protocols.
    pub hierarchy: Hierarchy,
    vlans: BTreeMap<u16, VlanSeen>,
    vlan_pairs: BTreeMap<(u16, u16), Traffic>,
    /// What a station sends in a VLAN, and what it is sent there.
    vlan_stations: HashMap<(u16, Mac), VlanWays>,
    /// Frames without a VLAN tag.
    pub untagged: Traffic,
    /// Frames by the kind of destination.
    pub casts: Casts,
    eth_pairs: RowTable<Conversation>,
    eth_hosts: RowTable<HostRow>,
    /// Conversations that made room: TCP, UDP, SCTP, other; how many.
    pub evicted: [(Traffic, u64); 4],
    room: RowBudget,
}

impl CrossShard {
    /// Empty tables, whose rows take from `room`.
    pub fn new(room: RowBudget) -> Self {
        Self {
            hierarchy: Hierarchy::default(),
            vlans: BTreeMap::new(),
            vlan_pairs: BTreeMap::new(),
            vlan_stations: HashMap::new(),
            untagged: Traffic::default(),
            casts: Casts::default(),
            eth_pairs: RowTable::new(&room),
            eth_hosts: RowTable::new(&room),
            evicted: Default::default(),
            room,
        }
    }

    /// Leaves everything to the end of the program.
    pub fn leave(&mut self) {
        let empty = self.emptied();
        std::mem::forget(std::mem::replace(self, empty));
    }

    /// The same, with nothing in them.
    pub fn emptied(&self) -> Self {
        Self::new(self.room.emptied())
    }
}

impl CrossShard {
    /// MAC pairs with the packets from the first to the second, both ways.
    pub fn mac_pairs(&self) -> impl Iterator<Item = (Mac, Mac, u64)> + '_ {
        self.eth_pairs
            .iter()
            .take(JUDGED_PAIRS)
            .flat_map(|row| match (row.a, row.b) {
                (Address::Mac(a), Address::Mac(b)) => [Some((a, b, row.ab.packets)), Some((b, a, row.ba.packets))],
                _ => [None, None],
            })
            .flatten()
            .filter(|p| p.2 > 0)
    }

    /// Adds what was counted in contexts, some in hand at a time.
    pub fn add_contexts<'a>(&mut self, mut contexts: impl Iterator<Item = &'a Context>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.extend(contexts.by_ref().take(BATCH).map(|context| (context, self.hashes(context))));
            if batch.is_empty() {
                break;
            }
            for (_, StationHashes { pair, stations }) in &batch {
                self.eth_pairs.probe(*pair);
                stations.iter().for_each(|&station| self.eth_hosts.probe(station));
            }
            batch.drain(..).for_each(|(context, hashes)| self.add_context(context, &hashes));
        }
    }

    /// The hashes of a context's stations; the memory is asked for where their rows' numbers are.
    fn hashes(&self, context: &Context) -> StationHashes {
        let Some((source, destination)) = context.key.mac else { return StationHashes::default() };
        let pair = self.eth_pairs.hash((Address::Mac(source.min(destination)), Address::Mac(source.max(destination))));
        self.eth_pairs.prefetch(pair);
        let stations = [source, destination].map(|station| self.eth_hosts.hash((Address::Mac(station), 0)));
        stations.iter().for_each(|&station| self.eth_hosts.prefetch(station));
        StationHashes { pair, stations }
    }

    /// Adds what was counted in a context, whose stations have these hashes.
    fn add_context(&mut self, context: &Context, hashes: &StationHashes) {
        let (key, added) = (&context.key, context.traffic);
        self.hierarchy.add(key.path, added);
        match key.cast {
            Cast::Unicast => self.casts.unicast.add(added),
            Cast::Multicast => self.casts.multicast.add(added),
            Cast::Broadcast => self.casts.broadcast.add(added),
        }
        let ids = key.vlans.ids();
        if ids.is_empty() {
            self.untagged.add(added);
        }
        for (i, &id) in ids.iter().enumerate() {
            // A packet counts once for each identifier, also when both of its tags carry the same one.
            if !ids[..i].contains(&id) {
                self.vlans.entry(id).or_insert_with(|| VlanSeen::new(id)).add(key, added);
                if let Some((source, destination)) = key.mac {
                    self.add_station((id, source), 0, added);
                    self.add_station((id, destination), 1, added);
                }
            }
        }
        if let [outer, inner, ..] = *ids
            && (self.vlan_pairs.len() < VLAN_PAIRS || self.vlan_pairs.contains_key(&(outer, inner)))
        {
            self.vlan_pairs.entry((outer, inner)).or_default().add(added);
        }
        if let Some((source, destination)) = key.mac {
            let zero = Traffic::default();
            let a_first = source <= destination;
            let (a, b) = if a_first { (source, destination) } else { (destination, source) };
            let traffic = if a_first { [added, zero] } else { [zero, added] };
            let added_at = |traffic| Increase { traffic, first: context.first, last: context.last };
            let pair = (Address::Mac(a), Address::Mac(b));
            let is_new = self.eth_pairs.add(hashes.pair, pair, added_at(traffic), key.path, a_first, ids);
            for ((station, traffic), hash) in [(source, [added, zero]), (destination, [zero, added])].into_iter().zip(hashes.stations) {
                if let Some(row) = self.eth_hosts.add(hash, Address::Mac(station), 0, added_at(traffic), || None, || None) {
                    ids.iter().filter(|id| **id != 0).for_each(|&id| row.vlans.insert(id));
                    row.peers = row.peers.saturating_add(u32::from(is_new));
                    if source == destination && traffic[0] == added {
                        row.itself.add(added);
                    }
                }
            }
        }
    }

    /// Adds what a station sent in a VLAN, or what it was sent there.
    fn add_station(&mut self, key: (u16, Mac), way: usize, added: Traffic) {
        if key.1.is_group() || self.vlan_stations.len() >= VLAN_STATIONS && !self.vlan_stations.contains_key(&key) {
            return;
        }
        let ways = self.vlan_stations.entry(key).or_default();
        for part in [&mut ways.traffic, &mut ways.recent] {
            part.get_mut(way).into_iter().for_each(|traffic| traffic.add(added));
        }
    }

    /// What those routers bring into each VLAN and take out of it.
    pub fn vlan_ways(&self, routers: &[Mac]) -> BTreeMap<u16, VlanWays> {
        let mut out: BTreeMap<u16, VlanWays> = BTreeMap::new();
        let of_routers = self.vlans.keys().flat_map(|id| routers.iter().map(|router| (*id, *router)));
        for ((id, _), ways) in of_routers.filter_map(|key| Some((key, self.vlan_stations.get(&key)?))) {
            let sum = out.entry(id).or_default();
            for (sum, part) in [(&mut sum.traffic, ways.traffic), (&mut sum.recent, ways.recent)] {
                sum.iter_mut().zip(part).for_each(|(sum, part)| sum.add(part));
            }
        }
        out
    }

    /// A snapshot was taken: what is recent begins.
    pub fn forget_recent_stations(&mut self) {
        self.vlan_stations.values_mut().for_each(|ways| ways.recent = Default::default());
    }

    /// The VLANs, by their load.
    pub fn vlan_table(&mut self, live: bool) -> Table<VlanRow> {
        let mut rows: Vec<VlanRow> =
            self.vlans.values().map(VlanSeen::row).map(|r| if live { r } else { VlanRow { recent: r.traffic, ..r } }).collect();
        self.vlans.values_mut().for_each(|seen| seen.row.recent = Traffic::default());
        rows.arrange_by_key(|r| (std::cmp::Reverse(r.traffic.wire_bytes), r.id));
        Table { total_rows: rows.len() as u64, rows, ..Table::default() }
    }

    /// Pairs of tags, by their load; those that came first where there are more than [`VLAN_PAIRS`].
    pub fn vlan_pairs(&self) -> Vec<VlanPairRow> {
        let mut rows: Vec<VlanPairRow> =
            self.vlan_pairs.iter().map(|(&(outer, inner), &traffic)| VlanPairRow { outer, inner, traffic }).collect();
        rows.arrange_by_key(|r| (std::cmp::Reverse(r.traffic.wire_bytes), r.outer, r.inner));
        rows
    }

    /// Nothing will be added any more.
    pub fn close(&mut self) {
        self.eth_pairs.close();
        self.eth_hosts.close();
    }

    /// Pairs of stations, and stations.
    pub fn rows(&mut self, query: &Query, moment: Moment) -> (Table<Conversation>, Table<HostRow>) {
        (self.eth_pairs.table(query, moment), self.eth_hosts.table(query, moment))
    }
}

const _: () = assert!(
    ConversationKind::Tcp as usize == 0
        && ConversationKind::Udp as usize == 1
        && ConversationKind::Sctp as usize == 2
        && ConversationKind::Other as usize == 3
);
