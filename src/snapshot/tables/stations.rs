//! Stations of the link layer, and groups: what is sent to many is no station.

use crate::model::{Abilities, Address, Mac, Timestamp, Traffic, VlanStack, group_meaning};
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, placed};
use crate::snapshot::{HostRow, Snapshot};
use std::collections::BTreeMap;

/// A station.
#[derive(Debug, Clone, PartialEq)]
pub struct StationRow {
    /// Its address.
    pub mac: Mac,
    /// The name it says it has, or that is known of one of its addresses; empty: none.
    pub name: String,
    /// Network addresses it claimed, by ARP and neighbour discovery (at most [`ADDRESSES`]).
    pub addresses: Vec<Address>,
    /// The same as words.
    pub claims: String,
    /// What it is, as far as it shows: `switch`, `router`, `phone`, `access point`, `host`, `shared gateway`, `virtual`.
    pub role: Option<&'static str>,
    /// The VLANs it was seen in, ascending (at most four).
    pub vlans: VlanStack,
    /// Stations and groups it talked with.
    pub peers: u64,
    /// What it sent, and what it received.
    pub traffic: [Traffic; 2],
    /// The same since the previous snapshot.
    pub recent: [Traffic; 2],
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
}

/// Addresses of one station that are named.
pub const ADDRESSES: usize = 8;

/// A group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    /// Its address.
    pub mac: Mac,
    /// What it means.
    pub meaning: &'static str,
    /// How many stations sent to it, as far as pairs of stations are told apart.
    pub senders: u64,
    /// The VLANs it was seen in, ascending (at most four).
    pub vlans: VlanStack,
    /// What was sent to it.
    pub traffic: Traffic,
    /// The same since the previous snapshot.
    pub recent: Traffic,
    /// Last packet.
    pub last: Timestamp,
}

/// Stations, those that send most first.
pub static STATIONS: TableSpec<StationRow> = TableSpec {
    sheets: &[placed("Stations", |s| rows(s, false, station))],
    fields: &[
        Field::address("address", "Station", |s: &StationRow| Address::Mac(s.mac)).paper(0, Room::Cut).screen(0, "station", 0).wide(17, 17),
        Field::text("name", "Name", |s: &StationRow| Some(s.name.as_str()).filter(|n| !n.is_empty()))
            .paper(1, Room::Cut)
            .optional()
            .screen(2, "name", 3)
            .wide(8, 30),
        Field::text("addresses", "Addresses", |s: &StationRow| Some(s.claims.as_str()).filter(|a| !a.is_empty()))
            .paper(2, Room::Cut)
            .optional()
            .screen(1, "addresses", 2)
            .wide(15, 32),
        Field::new("maker", "Maker", FieldKind::Maker, |s: &StationRow| FieldValue::Address(Address::Mac(s.mac)))
            .people()
            .no_paper()
            .screen(3, "maker", 5)
            .wide(10, 26)
            .tint(Tint::Dim)
            .sorts(""),
        Field::word("role", "Role", |s: &StationRow| s.role).paper(3, Room::Fixed).optional().screen(4, "role", 5).wide(6, 14),
        Field::new("locally_administered", "Local address", FieldKind::Flag, |s: &StationRow| FieldValue::Flag(s.mac.is_local()))
            .paper(4, Room::Dropped(2))
            .no_screen(),
        // Of most stations there is nothing to say: no column of "no".
        Field::word("local", "Local address", |s: &StationRow| s.mac.is_local().then_some("yes"))
            .people()
            .no_paper()
            .screen(9, "local mac", 10)
            .wide(9, 9)
            .sorts("locally_administered"),
        Field::vlans("vlans", "VLANs", |s: &StationRow| s.vlans.ids()).paper(5, Room::Fixed).optional().screen(5, "vlans", 7).wide(8, 14),
        Field::count("peers", "Peers", |s: &StationRow| s.peers).machine(),
        Field::count("tx_packets", "Packets sent", |s: &StationRow| s.traffic[0].packets).machine(),
        Field::bytes("tx_wire_bytes", "Sent", |s: &StationRow| s.traffic[0].wire_bytes).no_screen().paper(6, Room::Fixed),
        Field::count("rx_packets", "Packets received", |s: &StationRow| s.traffic[1].packets).machine(),
        Field::bytes("rx_wire_bytes", "Received", |s: &StationRow| s.traffic[1].wire_bytes).no_screen().paper(7, Room::Fixed),
        Field::new("sends", "Sends", FieldKind::Rate, |s: &StationRow| load(s, 0))
            .people()
            .no_paper()
            .screen(6, "sends", 1)
            .tint(Tint::Out)
            .sorts("tx_wire_bytes"),
        Field::new("receives", "Receives", FieldKind::Rate, |s: &StationRow| load(s, 1))
            .people()
            .no_paper()
            .screen(7, "receives", 4)
            .tint(Tint::In)
            .sorts("rx_wire_bytes"),
        Field::time("first", "First seen", |s: &StationRow| s.first).paper(8, Room::Dropped(1)).screen(7, "first seen", 9).wide(10, 10),
        Field::time("last", "Last seen", |s: &StationRow| s.last).paper(9, Room::Dropped(0)).screen(8, "last seen", 8).wide(10, 10),
    ],
    weight: |s| s.traffic[0].wire_bytes.saturating_add(s.traffic[1].wire_bytes),
    in_json: false,
    ..TableSpec::new("stations", "station", "tx_wire_bytes", |x, y| x.mac.cmp(&y.mac))
};

/// Groups, those that are sent most first.
pub static GROUPS: TableSpec<GroupRow> = TableSpec {
    sheets: &[placed("Groups", |s| rows(s, true, group))],
    fields: &[
        Field::address("address", "Group", |g: &GroupRow| Address::Mac(g.mac)).paper(0, Room::Cut).screen(0, "group", 0).wide(17, 17),
        Field::word("meaning", "Meaning", |g: &GroupRow| Some(g.meaning))
            .paper(1, Room::Fixed)
            .screen(1, "meaning", 1)
            .wide(14, 28)
            .searched(true),
        Field::count("senders", "Senders", |g: &GroupRow| g.senders).paper(2, Room::Fixed).screen(2, "senders", 4).wide(7, 7),
        Field::vlans("vlans", "VLANs", |g: &GroupRow| g.vlans.ids()).paper(3, Room::Fixed).optional().screen(3, "vlans", 5).wide(8, 14),
        Field::count("packets", "Packets", |g: &GroupRow| g.traffic.packets).paper(4, Room::Fixed).screen(5, "packets", 3).wide(7, 7),
        Field::bytes("wire_bytes", "Volume", |g: &GroupRow| g.traffic.wire_bytes).paper(5, Room::Fixed).no_screen(),
        Field::new("rate", "Rate", FieldKind::Rate, |g: &GroupRow| FieldValue::Load { total: g.traffic, recent: g.recent })
            .people()
            .no_paper()
            .screen(4, "rate", 2)
            .sorts("wire_bytes"),
        Field::time("last", "Last seen", |g: &GroupRow| g.last).paper(6, Room::Dropped(0)).screen(6, "last seen", 6).wide(10, 10),
    ],
    weight: |g| g.traffic.wire_bytes,
    in_json: false,
    ..TableSpec::new("groups", "group", "packets", |x, y| x.mac.cmp(&y.mac))
};

fn load(s: &StationRow, at: usize) -> FieldValue<'static> {
    let of = |both: &[Traffic; 2]| both.get(at).copied().unwrap_or_default();
    FieldValue::Load { total: of(&s.traffic), recent: of(&s.recent) }
}

/// What is known of stations beside their own rows.
#[derive(Default)]
struct Besides<'s> {
    roles: BTreeMap<Mac, (&'s str, &'static str)>,
    addresses: BTreeMap<Mac, Vec<Address>>,
    names: BTreeMap<Address, &'s str>,
}

impl<'s> Besides<'s> {
    fn of(s: &'s Snapshot) -> Self {
        let mut besides = Self::default();
        for (mac, address) in &s.switch.addresses {
            let list = besides.addresses.entry(*mac).or_default();
            if list.len() < ADDRESSES {
                list.push(*address);
            }
        }
        if !besides.addresses.is_empty() {
            besides.names.extend(s.dissect.names.rows.iter().rev().map(|row| (row.address, row.name.as_ref())));
        }
        for row in &s.switch.trees {
            besides.roles.entry(row.bridge.mac).or_insert(("", "switch"));
        }
        for mac in &s.switch.routers {
            besides.roles.insert(*mac, ("", "router"));
        }
        for row in &s.switch.neighbours {
            let told = &row.told;
            let able = |bits| Abilities(if told.enabled.0 == 0 { told.able.0 } else { told.enabled.0 }).any(bits);
            let role = match () {
                () if able(Abilities::TELEPHONE) => "phone",
                () if able(Abilities::ACCESS_POINT) => "access point",
                () if able(Abilities::BRIDGE) => "switch",
                () if able(Abilities::ROUTER) => "router",
                () if able(Abilities::STATION) => "host",
                () => continue,
            };
            besides.roles.insert(row.source, (told.name(), role));
        }
        besides
    }
}

/// Stations as the snapshot holds them.
pub fn stations(s: &Snapshot) -> Vec<StationRow> {
    rows(s, false, station).rows.into_owned()
}

/// Groups as the snapshot holds them.
pub fn groups(s: &Snapshot) -> Vec<GroupRow> {
    rows(s, true, group).rows.into_owned()
}

/// Rows made of those of Ethernet's end points that are groups, or are not.
fn rows<R: Clone>(s: &Snapshot, groups: bool, make: fn(&HostRow, Mac, &Besides<'_>) -> R) -> Rows<'_, R> {
    let besides = Besides::of(s);
    let row = |host: &HostRow| match host.address {
        Address::Mac(mac) if mac.is_group() == groups => Some(make(host, mac, &besides)),
        _ => None,
    };
    Rows::of(s.stats.endpoints.eth.rows.iter().filter_map(row).collect::<Vec<R>>())
}

fn station(host: &HostRow, mac: Mac, besides: &Besides<'_>) -> StationRow {
    let (name, role) = besides.roles.get(&mac).copied().map_or(("", None), |(name, role)| (name, Some(role)));
    let role = role.or(mac.is_shared_gateway().then_some("shared gateway")).or(mac.is_virtual_machine().then_some("virtual"));
    let addresses = besides.addresses.get(&mac).cloned().unwrap_or_default();
    let learnt = || addresses.iter().find_map(|address| besides.names.get(address)).copied().unwrap_or_default();
    StationRow {
        mac,
        name: if name.is_empty() { learnt() } else { name }.to_owned(),
        claims: addresses.iter().map(Address::to_string).collect::<Vec<_>>().join(" "),
        addresses,
        role,
        vlans: host.vlans,
        peers: host.peers.into(),
        traffic: [host.tx, host.rx],
        recent: [host.recent_tx, host.recent_rx],
        first: host.first,
        last: host.last,
    }
}

fn group(host: &HostRow, mac: Mac, _: &Besides<'_>) -> GroupRow {
    GroupRow {
        mac,
        meaning: group_meaning(mac).unwrap_or_default(),
        senders: host.peers.into(),
        vlans: host.vlans,
        traffic: host.rx,
        recent: host.recent_rx,
        last: host.last,
    }
}
