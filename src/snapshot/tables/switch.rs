//! The switch: its neighbours, spanning trees, aggregated links, shared gateways, routers, and what happened.

use crate::model::{
    Address, AggregateRow, BridgeId, GatewayRow, NeighbourRow, OspfRow, PortRole, QuerierRow, SwitchEvent, Timestamp, TreeRow,
};
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, placed};

/// Devices that say who they are.
pub static NEIGHBOURS: TableSpec<NeighbourRow> = TableSpec {
    sheets: &[placed("Neighbours", |s| Rows::of(&s.switch.neighbours))],
    fields: &[
        Field::new("name", "Device", FieldKind::Text, device).paper(0, Room::Cut).screen(0, "device", 0).wide(12, 40).searched(true),
        Field::text("port", "Port", |n: &NeighbourRow| some(n.told.port_name())).paper(1, Room::Cut).screen(1, "port", 1).wide(8, 30),
        Field::word("protocol", "By", |n: &NeighbourRow| Some(n.told.protocol.token()))
            .paper(2, Room::Fixed)
            .screen(2, "by", 2)
            .wide(4, 5)
            .tint(Tint::Dim),
        Field::address("source", "Address", |n: &NeighbourRow| Address::Mac(n.source)).paper(3, Room::Cut).screen(3, "mac", 7).wide(17, 17),
        Field::new("management", "Managed at", FieldKind::Address, managed_at)
            .paper(10, Room::Cut)
            .optional()
            .screen(4, "managed at", 5)
            .wide(10, 39),
        Field::new("vlan", "VLAN", FieldKind::Id, |n: &NeighbourRow| id(n.tag)).no_paper().screen(8, "vlan", 8).wide(4, 5),
        Field::new("native_vlan", "Native VLAN", FieldKind::Id, |n: &NeighbourRow| id(n.told.native_vlan))
            .paper(4, Room::Fixed)
            .optional()
            .screen(5, "native", 4)
            .wide(6, 6),
        Field::word("duplex", "Duplex", |n: &NeighbourRow| n.told.link.full_duplex.map(|full| if full { "full" } else { "half" }))
            .paper(5, Room::Fixed)
            .optional()
            .screen(5, "duplex", 6)
            .wide(6, 6),
        Field::text("power", "PoE", |n: &NeighbourRow| some(&n.power)).paper(9, Room::Fixed).optional().screen(11, "poe", 6).wide(16, 32),
        Field::text("platform", "Platform", |n: &NeighbourRow| some(&n.told.platform))
            .paper(6, Room::Cut)
            .optional()
            .screen(6, "platform", 9)
            .wide(8, 30),
        Field::text("besides", "Says besides", |n: &NeighbourRow| some(&n.besides))
            .paper(11, Room::Cut)
            .optional()
            .screen(12, "says besides", 11)
            .wide(12, 120),
        Field::text("description", "Description", |n: &NeighbourRow| some(&n.told.description))
            .no_paper()
            .screen(9, "description", 10)
            .wide(10, 60),
        Field::count("packets", "Packets", |n: &NeighbourRow| n.packets).paper(7, Room::Dropped(1)).no_screen(),
        Field::time("last", "Last seen", |n: &NeighbourRow| n.last).paper(8, Room::Dropped(0)).screen(7, "last seen", 3).wide(10, 10),
        Field::new("gone", "Gone", FieldKind::Flag, |n: &NeighbourRow| FieldValue::Flag(n.is_gone))
            .no_paper()
            .screen(10, "gone", 7)
            .wide(4, 4),
    ],
    in_json: false,
    ..TableSpec::new("neighbours", "neighbour", "", |x, y| {
        (x.told.protocol, x.source, x.tag, &x.told.port).cmp(&(y.told.protocol, y.source, y.tag, &y.told.port))
    })
};

/// The first address to manage it by.
fn managed_at(n: &NeighbourRow) -> FieldValue<'_> {
    let told = n.told.management.iter().find(|address| address.is_somebody());
    told.map_or(FieldValue::None, |address| FieldValue::Address(*address))
}

/// What a device calls itself; one that does not say is called by the address it sends from.
fn device(n: &NeighbourRow) -> FieldValue<'_> {
    match n.told.name() {
        "" => FieldValue::Address(Address::Mac(n.source)),
        name => FieldValue::Text(name),
    }
}

/// Spanning trees, a row for each port that tells of one.
pub static TREES: TableSpec<TreeRow> = TableSpec {
    sheets: &[placed("Spanning tree", |s| Rows::of(&s.switch.trees))],
    fields: &[
        Field::new("vlan", "VLAN", FieldKind::Id, |t: &TreeRow| id(t.vlan)).paper(0, Room::Fixed).screen(0, "vlan", 0).wide(5, 6),
        Field::new("instance", "Instance", FieldKind::Id, |t: &TreeRow| id(t.instance))
            .paper(1, Room::Fixed)
            .optional()
            .screen(1, "inst", 4)
            .wide(4, 5),
        Field::word("protocol", "Kind", |t: &TreeRow| Some(t.protocol))
            .paper(2, Room::Fixed)
            .screen(2, "kind", 3)
            .wide(6, 7)
            .tint(Tint::Dim),
        Field::new("root_priority", "Root priority", FieldKind::Id, |t: &TreeRow| FieldValue::Count(t.root.priority.into()))
            .paper(3, Room::Dropped(3))
            .screen(3, "root prio", 5)
            .wide(9, 9),
        Field::address("root", "Root", |t: &TreeRow| mac(t.root)).paper(4, Room::Cut).screen(4, "root", 1).wide(17, 17),
        Field::address("bridge", "Bridge", |t: &TreeRow| mac(t.bridge)).paper(5, Room::Cut).screen(5, "bridge", 2).wide(17, 17),
        Field::new("bridge_priority", "Bridge priority", FieldKind::Id, |t: &TreeRow| FieldValue::Count(t.bridge.priority.into()))
            .no_paper()
            .screen(6, "bridge prio", 11)
            .wide(11, 11),
        Field::new("port", "Port", FieldKind::Id, |t: &TreeRow| FieldValue::Count(t.port.into())).no_paper().no_screen(),
        Field::new("port_number", "Port", FieldKind::Id, |t: &TreeRow| FieldValue::Count((t.port & 0x0fff).into()))
            .people()
            .paper(6, Room::Fixed)
            .screen(7, "port", 6)
            .wide(4, 5),
        Field::new("cost", "Cost", FieldKind::Id, |t: &TreeRow| FieldValue::Count(t.cost.into()))
            .paper(7, Room::Fixed)
            .screen(8, "cost", 7)
            .wide(5, 9),
        Field::word("role", "Role", |t: &TreeRow| Some(t.role).filter(|r| *r != PortRole::Unknown).map(PortRole::token))
            .paper(8, Room::Dropped(2))
            .screen(9, "role", 8)
            .wide(10, 10),
        Field::new("hello_seconds", "Hello", FieldKind::Real, |t: &TreeRow| FieldValue::Real(f64::from(t.times[0]) / 256.0)).machine(),
        Field::new("max_age_seconds", "Max age", FieldKind::Real, |t: &TreeRow| FieldValue::Real(f64::from(t.times[1]) / 256.0)).machine(),
        Field::new("forward_delay_seconds", "Forward delay", FieldKind::Real, |t: &TreeRow| {
            FieldValue::Real(f64::from(t.times[2]) / 256.0)
        })
        .machine(),
        Field::text("timers", "Hello/age/delay", |t: &TreeRow| some(&t.timers))
            .people()
            .paper(14, Room::Dropped(6))
            .screen(14, "hello/age/delay", 14)
            .wide(9, 15)
            .searched(false)
            .tint(Tint::Dim),
        Field::text("region", "Region", |t: &TreeRow| some(&t.region)).paper(9, Room::Cut).optional().screen(10, "region", 12).wide(6, 20),
        Field::count("hellos", "Hellos", |t: &TreeRow| t.packets).paper(10, Room::Dropped(1)).screen(13, "hellos", 13).wide(6, 8),
        Field::count("topology_changes", "Changes", |t: &TreeRow| t.topology_changes)
            .paper(11, Room::Fixed)
            .screen(11, "changes", 4)
            .wide(7, 7)
            .tint(Tint::Warn),
        Field::new("topology_changes_per_minute", "Per minute", FieldKind::Real, |t: &TreeRow| {
            t.changes_per_minute().map_or(FieldValue::None, FieldValue::Real)
        })
        .paper(12, Room::Dropped(5))
        .screen(11, "per minute", 15)
        .wide(10, 10),
        Field::count("root_changes", "Root changes", |t: &TreeRow| t.root_changes)
            .paper(13, Room::Dropped(4))
            .screen(12, "new root", 9)
            .wide(8, 8)
            .tint(Tint::Bad),
        Field::time("last", "Last", |t: &TreeRow| t.last).machine(),
    ],
    in_json: false,
    ..TableSpec::new("spanning_tree", "tree", "", |x, y| {
        (x.vlan, x.instance, x.bridge, x.port).cmp(&(y.vlan, y.instance, y.bridge, y.port))
    })
};

/// Ends of aggregated links.
pub static AGGREGATES: TableSpec<AggregateRow> = TableSpec {
    sheets: &[placed("Link aggregation", |s| Rows::of(&s.switch.aggregates))],
    fields: &[
        Field::address("system", "System", |a: &AggregateRow| Address::Mac(a.told.actor.system))
            .paper(0, Room::Cut)
            .screen(0, "system", 0)
            .wide(17, 17),
        Field::new("port", "Port", FieldKind::Id, |a: &AggregateRow| FieldValue::Count(a.told.actor.port.into()))
            .paper(1, Room::Fixed)
            .screen(1, "port", 1)
            .wide(4, 5),
        Field::new("key", "Key", FieldKind::Id, |a: &AggregateRow| FieldValue::Count(a.told.actor.key.into()))
            .paper(2, Room::Fixed)
            .screen(2, "key", 4)
            .wide(4, 5),
        Field::new("state", "State", FieldKind::Id, |a: &AggregateRow| FieldValue::Count(a.told.actor.state.0.into())).machine(),
        Field::new("collecting", "Collects", FieldKind::Flag, |a: &AggregateRow| flag(a, crate::model::LacpState::COLLECTING))
            .paper(3, Room::Fixed)
            .screen(3, "collects", 5)
            .wide(8, 8),
        Field::new("distributing", "Sends", FieldKind::Flag, |a: &AggregateRow| flag(a, crate::model::LacpState::DISTRIBUTING))
            .paper(4, Room::Fixed)
            .screen(4, "sends", 5)
            .wide(5, 5),
        Field::address("partner", "Partner", |a: &AggregateRow| Address::Mac(a.told.partner.system))
            .paper(5, Room::Cut)
            .screen(5, "partner", 2)
            .wide(17, 17),
        Field::new("partner_port", "Port", FieldKind::Id, |a: &AggregateRow| FieldValue::Count(a.told.partner.port.into()))
            .paper(6, Room::Fixed)
            .screen(6, "port", 6)
            .wide(4, 5),
        Field::new("partner_heard", "Partner heard", FieldKind::Flag, |a: &AggregateRow| FieldValue::Flag(a.partner_heard))
            .paper(7, Room::Dropped(1))
            .screen(7, "heard", 7)
            .wide(5, 5),
        Field::count("changes", "Changes", |a: &AggregateRow| a.changes)
            .paper(8, Room::Fixed)
            .screen(8, "changes", 3)
            .wide(7, 7)
            .tint(Tint::Warn),
        Field::time("last", "Last seen", |a: &AggregateRow| a.last).paper(9, Room::Dropped(0)).screen(9, "last seen", 8).wide(10, 10),
    ],
    in_json: false,
    ..TableSpec::new("lacp", "end", "", |x, y| {
        let key = |a: &AggregateRow| (a.told.actor.system, a.told.actor.port, a.tag);
        key(x).cmp(&key(y))
    })
};

/// Routers that share a gateway's address.
pub static GATEWAYS: TableSpec<GatewayRow> = TableSpec {
    sheets: &[placed("Shared gateways", |s| Rows::of(&s.switch.gateways))],
    fields: &[
        Field::word("protocol", "By", |g: &GatewayRow| Some(g.protocol.token())).paper(0, Room::Fixed).screen(0, "by", 2).wide(4, 5),
        Field::new("group", "Group", FieldKind::Id, |g: &GatewayRow| FieldValue::Count(g.group.into()))
            .paper(1, Room::Fixed)
            .screen(1, "group", 1)
            .wide(5, 5),
        Field::new("vlan", "VLAN", FieldKind::Id, |g: &GatewayRow| id(g.tag))
            .paper(2, Room::Fixed)
            .optional()
            .screen(2, "vlan", 5)
            .wide(4, 5),
        Field::new("address", "Address", FieldKind::Address, |g: &GatewayRow| g.address.map_or(FieldValue::None, FieldValue::Address))
            .paper(3, Room::Cut)
            .screen(3, "address", 3)
            .wide(12, 39),
        Field::address("router", "Router", |g: &GatewayRow| g.router).paper(4, Room::Cut).screen(4, "router", 0).wide(12, 39),
        Field::new("active", "Active", FieldKind::Flag, |g: &GatewayRow| FieldValue::Flag(g.is_active))
            .paper(5, Room::Fixed)
            .screen(5, "active", 1)
            .wide(6, 6),
        Field::new("priority", "Priority", FieldKind::Id, |g: &GatewayRow| FieldValue::Count(g.priority.into()))
            .paper(6, Room::Fixed)
            .screen(6, "priority", 4)
            .wide(8, 8),
        Field::count("takeovers", "Took over", |g: &GatewayRow| g.takeovers)
            .paper(7, Room::Fixed)
            .screen(7, "took over", 3)
            .wide(9, 9)
            .tint(Tint::Warn),
        Field::time("last", "Last seen", |g: &GatewayRow| g.last).paper(8, Room::Dropped(0)).screen(8, "last seen", 6).wide(10, 10),
    ],
    in_json: false,
    ..TableSpec::new("gateways", "router", "", |x, y| {
        let key = |g: &GatewayRow| (g.protocol, g.group, g.tag, g.address, g.router);
        key(x).cmp(&key(y))
    })
};

/// Routers that speak OSPF.
pub static OSPF: TableSpec<OspfRow> = TableSpec {
    sheets: &[placed("OSPF routers", |s| Rows::of(&s.switch.ospf))],
    fields: &[
        Field::address("router", "Router", |o: &OspfRow| Address::V4(o.router)).paper(0, Room::Cut).screen(0, "router", 0).wide(12, 15),
        Field::address("area", "Area", |o: &OspfRow| Address::V4(o.area)).paper(1, Room::Cut).screen(1, "area", 2).wide(7, 15),
        Field::new("version", "Version", FieldKind::Id, |o: &OspfRow| FieldValue::Count(o.version.into()))
            .paper(2, Room::Fixed)
            .screen(2, "version", 6)
            .wide(7, 7),
        Field::new("vlan", "VLAN", FieldKind::Id, |o: &OspfRow| id(o.tag)).paper(3, Room::Fixed).optional().screen(3, "vlan", 5).wide(4, 5),
        Field::new("hello_seconds", "Hello s", FieldKind::Id, |o: &OspfRow| FieldValue::Count(o.times[0].into()))
            .paper(4, Room::Fixed)
            .screen(4, "hello s", 4)
            .wide(7, 7),
        Field::new("dead_seconds", "Dead s", FieldKind::Id, |o: &OspfRow| FieldValue::Count(o.times[1].into()))
            .paper(5, Room::Fixed)
            .screen(5, "dead s", 5)
            .wide(6, 6),
        Field::count("neighbours", "Neighbours", |o: &OspfRow| o.neighbours.into()).paper(6, Room::Fixed).screen(6, "hears", 1).wide(5, 5),
        Field::new("mtu", "MTU", FieldKind::Id, |o: &OspfRow| id(o.mtu)).paper(7, Room::Fixed).optional().screen(7, "mtu", 7).wide(5, 6),
        Field::count("hellos", "Hellos", |o: &OspfRow| o.packets).paper(8, Room::Dropped(1)).screen(8, "hellos", 8).wide(6, 8),
        Field::time("last", "Last seen", |o: &OspfRow| o.last).paper(9, Room::Dropped(0)).screen(9, "last seen", 3).wide(10, 10),
    ],
    in_json: false,
    ..TableSpec::new("ospf_routers", "router", "", |x, y| {
        let key = |o: &OspfRow| (o.version, o.area, o.router, o.tag, o.source);
        key(x).cmp(&key(y))
    })
};

/// Who asks for multicast groups.
pub static QUERIERS: TableSpec<QuerierRow> = TableSpec {
    sheets: &[placed("Multicast queriers", |s| Rows::of(&s.switch.queriers))],
    fields: &[
        Field::address("querier", "Querier", |q: &QuerierRow| q.querier).paper(0, Room::Cut).screen(0, "querier", 0).wide(12, 39),
        Field::word("protocol", "By", |q: &QuerierRow| Some(q.protocol)).paper(1, Room::Fixed).screen(1, "by", 1).wide(4, 5),
        Field::new("version", "Version", FieldKind::Id, |q: &QuerierRow| FieldValue::Count(q.version.into()))
            .paper(2, Room::Fixed)
            .screen(2, "version", 3)
            .wide(7, 7),
        Field::new("vlan", "VLAN", FieldKind::Id, |q: &QuerierRow| id(q.tag))
            .paper(3, Room::Fixed)
            .optional()
            .screen(3, "vlan", 2)
            .wide(4, 5),
        Field::count("queries", "Queries", |q: &QuerierRow| q.packets).paper(4, Room::Fixed).screen(4, "queries", 2).wide(7, 7),
        Field::time("first", "First", |q: &QuerierRow| q.first).machine(),
        Field::time("last", "Last seen", |q: &QuerierRow| q.last).paper(5, Room::Dropped(0)).screen(5, "last seen", 4).wide(10, 10),
    ],
    in_json: false,
    ..TableSpec::new("queriers", "querier", "", |x, y| (x.protocol, x.tag, x.querier).cmp(&(y.protocol, y.tag, y.querier)))
};

/// What happened, newest first.
pub static EVENTS: TableSpec<SwitchEvent> = TableSpec {
    sheets: &[placed("Events", |s| Rows::of(s.switch.events.iter().rev().cloned().collect::<Vec<_>>()))],
    fields: &[
        Field::time("at", "Time", |e: &SwitchEvent| e.time).paper(0, Room::Fixed).screen(0, "time", 1).wide(8, 8),
        Field::word("kind", "What", |e: &SwitchEvent| Some(e.kind.token())).paper(1, Room::Fixed).screen(1, "what", 2).wide(12, 18),
        Field::new("vlan", "VLAN", FieldKind::Id, |e: &SwitchEvent| id(e.vlan))
            .paper(2, Room::Fixed)
            .optional()
            .screen(2, "vlan", 4)
            .wide(4, 5),
        Field::text("who", "Who", |e: &SwitchEvent| some(&e.who)).paper(3, Room::Cut).screen(3, "who", 3).wide(10, 26),
        Field::text("text", "What happened", |e: &SwitchEvent| some(&e.text))
            .paper(4, Room::Cut)
            .screen(4, "what happened", 0)
            .wide(20, 90),
        Field::count("count", "Times", |e: &SwitchEvent| e.count).paper(5, Room::Fixed).screen(5, "times", 5).wide(5, 6),
    ],
    in_json: false,
    ..TableSpec::new("switch_events", "event", "", by_time)
};

fn by_time(x: &SwitchEvent, y: &SwitchEvent) -> std::cmp::Ordering {
    let key = |e: &SwitchEvent| -> (Timestamp, _, _) { (e.time, e.kind, e.vlan) };
    key(x).cmp(&key(y)).then_with(|| (&x.who, &x.text).cmp(&(&y.who, &y.text)))
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|t| !t.is_empty())
}

fn id(id: Option<u16>) -> FieldValue<'static> {
    FieldValue::count(id.map(u64::from))
}

fn mac(id: BridgeId) -> Address {
    Address::Mac(id.mac)
}

fn flag(a: &AggregateRow, bits: u8) -> FieldValue<'static> {
    FieldValue::Flag(a.told.actor.state.any(bits))
}
