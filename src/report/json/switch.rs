//! The switch, by what it and its neighbours say.

use crate::model::{
    AggregateRow, AskedSwitch, AuthenticatorRow, BridgeId, BurstContributor, GatewayRow, Histogram, LacpEnd, LinkBurst, LinkClaims,
    LinkUse, MediaPolicy, MemberRow, Neighbour, NeighbourRow, OfferedLoad, OspfRow, PortRow, QuerierRow, SpeakerRow, SwitchEvent,
    SwitchIdentity, Transit, TransitPlace, TransitRow, TransitSlice, TreeRow, eap_method,
};
use crate::snapshot::Snapshot;
use crate::snapshot::tables::stations::{GroupRow, StationRow, groups, stations};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The section.
pub struct SwitchJson<'a> {
    /// Where everything stands.
    pub snapshot: &'a Snapshot,
    /// Stations and groups at most.
    pub rows: usize,
}

/// One of its rows.
struct Row<'a, T>(&'a T);

fn rows<T>(list: &[T]) -> Vec<Row<'_, T>> {
    list.iter().map(Row).collect()
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|t| !t.is_empty())
}

impl Serialize for SwitchJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let v = &self.snapshot.switch;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("identity", &v.identity.as_ref().map(Row))?;
        if !v.link.is_empty() {
            map.serialize_entry("link", &v.link)?;
        }
        if !v.unknown.is_empty() {
            map.serialize_entry("unknown", &v.unknown)?;
        }
        if !v.remedy.is_empty() {
            map.serialize_entry("remedy", &v.remedy)?;
        }
        map.serialize_entry("control_packets", &v.packets)?;
        map.serialize_entry("control_packets_beyond_cap", &v.beyond)?;
        map.serialize_entry("neighbours", &rows(&v.neighbours))?;
        map.serialize_entry("spanning_tree", &rows(&v.trees))?;
        let (mut stations, mut groups) = (stations(self.snapshot), groups(self.snapshot));
        stations.truncate(self.rows);
        groups.truncate(self.rows);
        map.serialize_entry("stations", &rows(&stations))?;
        map.serialize_entry("groups", &rows(&groups))?;
        if let Some(used) = &v.link_use {
            map.serialize_entry("bursts", &Row(used))?;
        }
        if let Some(asked) = &v.asked {
            map.serialize_entry("asked", &Row(asked.as_ref()))?;
            map.serialize_entry("ports", &rows(&v.ports))?;
            if let Some(load) = &v.offered {
                map.serialize_entry("offered", &Row(load))?;
            }
        }
        map.serialize_entry("lacp", &rows(&v.aggregates))?;
        map.serialize_entry("gateways", &rows(&v.gateways))?;
        map.serialize_entry("ospf", &rows(&v.ospf))?;
        map.serialize_entry("speakers", &rows(&v.speakers))?;
        map.serialize_entry("authentication", &rows(&v.authenticators))?;
        map.serialize_entry("queriers", &rows(&v.queriers))?;
        map.serialize_entry("group_members", &rows(&v.members))?;
        map.serialize_entry("transit", &Row(&v.transit))?;
        map.serialize_entry("events", &rows(&v.events))?;
        map.serialize_entry("events_forgotten", &v.events_forgotten)?;
        map.end()
    }
}

/// Names and what stands behind them; `?` leaves out what is not known.
macro_rules! row {
    ($type:ty, $row:ident, { $($name:literal $(? $some:tt)? => $value:expr),* $(,)? }) => {
        impl Serialize for Row<'_, $type> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $row = self.0;
                let mut map = serializer.serialize_map(None)?;
                $(row!(@ map, $name, $value $(, $some)?);)*
                map.end()
            }
        }
    };
    (@ $map:ident, $name:literal, $value:expr) => { $map.serialize_entry($name, &$value)? };
    (@ $map:ident, $name:literal, $value:expr, some) => {
        if let Some(value) = &$value {
            $map.serialize_entry($name, value)?;
        }
    };
}

row!(SwitchIdentity, i, {
    "system" => i.system,
    "port" => some(&i.port),
    "ports" => i.ports,
    "management" => i.management,
    "source" => i.source.token(),
    "likely" => i.is_likely,
});

row!(NeighbourRow, n, {
    "protocol" => n.told.protocol.token(),
    "system" => some(&n.told.system),
    "chassis" => some(&n.told.chassis),
    "port" => some(&n.told.port),
    "port_description" ?some => some(&n.told.port_description),
    "source" => n.source,
    "vlan" ?some => n.tag,
    "description" ?some => some(&n.told.description),
    "platform" ?some => some(&n.told.platform),
    "management" => n.told.management,
    "capabilities" => n.told.able.words(),
    "enabled" => n.told.enabled.words(),
    "hold_seconds" => n.told.hold,
    "native_vlan" ?some => n.told.native_vlan,
    "voice_vlan" ?some => n.told.voice_vlan,
    "management_vlan" ?some => n.told.management_vlan,
    "vlans" ?some => vlans(&n.told),
    "negotiation" ?some => n.told.link.negotiates.map(|_| Row(&n.told.link)),
    "aggregation" ?some => n.told.link.aggregation.map(Aggregated),
    "duplex" ?some => n.told.link.full_duplex.map(|full| if full { "full" } else { "half" }),
    "mau_type" ?some => n.told.link.mau_type,
    "max_frame" ?some => n.told.link.max_frame,
    "mtu" ?some => n.told.link.mtu,
    "power" ?some => n.told.power.as_ref().map(Row),
    "policies" ?some => (!n.told.policies.is_empty()).then(|| rows(&n.told.policies)),
    "serial" ?some => some(&n.told.inventory.serial),
    "model" ?some => some(&n.told.inventory.model),
    "manufacturer" ?some => some(&n.told.inventory.manufacturer),
    "hardware" ?some => some(&n.told.inventory.hardware),
    "firmware" ?some => some(&n.told.inventory.firmware),
    "software" ?some => some(&n.told.inventory.software),
    "asset" ?some => some(&n.told.inventory.asset),
    "trunk" ?some => n.told.trunk.map(|[status, kind]| std::collections::BTreeMap::from([("status", status), ("type", kind)])),
    "heard" ?some => (!n.told.heard.is_empty()).then(|| n.told.heard.iter().map(Heard).collect::<Vec<_>>()),
    "facts" => n.told.facts().into_iter().map(Fact).collect::<Vec<_>>(),
    "domain" ?some => some(&n.told.domain),
    "revision" ?some => n.told.revision,
    "packets" => n.packets,
    "first" => n.first,
    "last" => n.last,
    "gone" => n.is_gone,
});

row!(crate::model::PowerClaims, p, {
    "source" => p.is_source,
    "class" => p.class,
    "requested_milliwatts" => p.requested,
    "allocated_milliwatts" => p.allocated,
});

row!(LinkClaims, l, {
    "supported" => l.negotiates.is_some_and(|[able, _]| able),
    "enabled" => l.negotiates.is_some_and(|[_, enabled]| enabled),
    "offers" => l.offered(),
});

row!(MediaPolicy, p, {
    "application" => p.application,
    "tagged" => p.tagged,
    "vlan" => p.vlan,
    "priority" => p.priority,
    "dscp" => p.dscp,
});

/// Whether a port can be part of an aggregated link, is, and of which.
struct Aggregated((bool, bool, u32));

impl Serialize for Aggregated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (able, enabled, port) = self.0;
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("able", &able)?;
        map.serialize_entry("enabled", &enabled)?;
        map.serialize_entry("port", &port)?;
        map.end()
    }
}

/// A device and its port that another one hears.
struct Heard<'a>(&'a (String, String));

impl Serialize for Heard<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("device", &self.0.0)?;
        map.serialize_entry("port", &self.0.1)?;
        map.end()
    }
}

/// Something a device says, in words as people read them.
struct Fact((&'static str, String));

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("what", self.0.0)?;
        map.serialize_entry("words", &self.0.1)?;
        map.end()
    }
}

/// VLANs by number, with their names.
fn vlans(told: &Neighbour) -> Option<std::collections::BTreeMap<u16, &str>> {
    (!told.vlans.is_empty()).then(|| told.vlans.iter().map(|(id, name)| (*id, name.as_str())).collect())
}

row!(BridgeId, b, { "priority" => b.priority, "mac" => b.mac });

row!(TreeRow, t, {
    "vlan" => t.vlan,
    "instance" ?some => t.instance,
    "protocol" => t.protocol,
    "root" => Row(&t.root),
    "bridge" => Row(&t.bridge),
    "port" => t.port,
    "cost" => t.cost,
    "role" => t.role.token(),
    "hello_seconds" => f64::from(t.times[0]) / 256.0,
    "max_age_seconds" => f64::from(t.times[1]) / 256.0,
    "forward_delay_seconds" => f64::from(t.times[2]) / 256.0,
    "region" ?some => some(&t.region),
    "hellos" => t.packets,
    "topology_changes" => t.topology_changes,
    "root_changes" => t.root_changes,
    "last" => t.last,
});

row!(LacpEnd, e, {
    "system" => e.system,
    "system_priority" => e.system_priority,
    "key" => e.key,
    "port" => e.port,
    "port_priority" => e.port_priority,
    "state" => e.state.0,
    "flags" => e.state.letters(),
});

row!(AggregateRow, a, {
    "actor" => Row(&a.told.actor),
    "partner" => Row(&a.told.partner),
    "vlan" ?some => a.tag,
    "partner_heard" => a.partner_heard,
    "changes" => a.changes,
    "packets" => a.packets,
    "first" => a.first,
    "last" => a.last,
});

row!(GatewayRow, g, {
    "protocol" => g.protocol.token(),
    "group" => g.group,
    "vlan" ?some => g.tag,
    "address" => g.address,
    "router" => g.router,
    "active" => g.is_active,
    "priority" => g.priority,
    "takeovers" => g.takeovers,
    "packets" => g.packets,
    "last" => g.last,
});

row!(OspfRow, o, {
    "router" => o.router.to_string(),
    "area" => o.area.to_string(),
    "version" => o.version,
    "vlan" ?some => o.tag,
    "source" => o.source,
    "hello_seconds" => o.times[0],
    "dead_seconds" => o.times[1],
    "neighbours" => o.neighbours,
    "mtu" ?some => o.mtu,
    "hellos" => o.packets,
    "last" => o.last,
});

row!(SpeakerRow, r, {
    "protocol" => r.told.protocol(),
    "who" => r.words[0],
    "group" ?some => some(&r.words[1]),
    "says" ?some => some(&r.words[2]),
    "vlan" ?some => r.tag,
    "source" => r.source,
    "hold_seconds" ?some => Some(r.told.hold()).filter(|hold| *hold > 0).map(|hold| hold as f64 / 1e9),
    "packets" => r.packets,
    "changes" => r.changes,
    "silent" => r.is_silent,
    "first" => r.first,
    "last" => r.last,
});

row!(AuthenticatorRow, r, {
    "mac" => r.mac,
    "role" => if r.is_port { "port" } else { "device" },
    "vlan" ?some => r.tag,
    "method" ?some => r.method.map(|method| eap_method(method).map_or_else(|| method.to_string(), str::to_owned)),
    "last_step" => r.last_step.token(),
    "begun" => r.begun,
    "let_in" => r.let_in,
    "refused" => r.refused,
    "packets" => r.packets,
    "first" => r.first,
    "last" => r.last,
});

row!(QuerierRow, q, {
    "protocol" => q.protocol,
    "version" => q.version,
    "querier" => q.querier,
    "vlan" ?some => q.tag,
    "queries" => q.packets,
    "first" => q.first,
    "last" => q.last,
});

row!(MemberRow, m, {
    "group" => m.group,
    "protocol" => m.protocol,
    "version" => m.version,
    "vlan" ?some => m.vlan,
    "members" => m.members,
    "more" => m.more,
    "joined_last" => m.joined,
    "reports" => m.reports,
    "leaves" => m.leaves,
    "first" => m.first,
    "last" => m.last,
});

row!(Transit, t, {
    "judged" => !t.rows.is_empty(),
    "reason" ?some => some(t.reason),
    "resolution_seconds" => (t.resolution > 0.0).then_some(t.resolution),
    "pairs" => rows(&t.rows),
    "packets_beyond_cap" => t.beyond,
});

row!(TransitRow, t, {
    "kind" => t.kind,
    "from" => Row(&t.from),
    "to" => Row(&t.to),
    "packets" => t.times.count,
    "approximate" => true,
    "relative_error" => Histogram::ERROR,
    "min_seconds" => t.times.min,
    "mean_seconds" => t.times.mean,
    "p50_seconds" => t.times.p50,
    "p95_seconds" => t.times.p95,
    "p99_seconds" => t.times.p99,
    "max_seconds" => t.times.max,
    "finer_than_clock" => t.unresolved,
    "histogram" => t.steps.iter().map(|(from, to, packets)| TransitStep { from_seconds: *from, to_seconds: *to, packets: *packets }).collect::<Vec<_>>(),
    "trend" => rows(&t.trend),
});

/// A step of a histogram.
#[derive(serde::Serialize)]
struct TransitStep {
    from_seconds: f64,
    to_seconds: f64,
    packets: u64,
}

row!(TransitPlace, p, {
    "vlan" => p.vlan,
    "session" ?some => p.session.map(|t| t.id),
    "session_source" ?some => p.session.map(|t| t.source),
    "interface" => p.interface,
    "side" ?some => p.side.map(crate::model::Side::token),
    "port" ?some => p.port,
    "mixed" => p.is_mixed,
});

row!(TransitSlice, s, {
    "start" => s.start,
    "duration" => s.length as f64 / 1e9,
    "packets" => s.packets,
    "mean_seconds" => s.mean,
    "max_seconds" => s.max,
});

row!(StationRow, s, {
    "mac" => s.mac,
    "name" ?some => some(&s.name),
    "addresses" => s.addresses,
    "role" ?some => s.role,
    "locally_administered" => s.mac.is_local(),
    "vlans" => s.vlans.ids(),
    "peers" => s.peers,
    "tx_packets" => s.traffic[0].packets,
    "tx_wire_bytes" => s.traffic[0].wire_bytes,
    "rx_packets" => s.traffic[1].packets,
    "rx_wire_bytes" => s.traffic[1].wire_bytes,
    "first" => s.first,
    "last" => s.last,
});

row!(LinkUse, u, {
    "bin" ?some => (u.bin > 0).then_some(u.bin as f64 / 1e9),
    "bin_reason" ?some => some(&u.coarse),
    "speed_bits_per_second" => u.speed,
    "direction" => u.ways.token(),
    "direction_end" ?some => u.ways.end(),
    "count" => u.bursts,
    "list" => rows(&u.list),
    "p95" ?some => (u.bin > 0).then(|| u.percentile(0.95)),
    "utilisation" ?some => (u.bin > 0).then(|| u.classes().to_vec()),
});

row!(LinkBurst, b, {
    "at" => b.at,
    "duration" => b.length as f64 / 1e9,
    "peak_bits_per_second" => b.peak,
    "bytes" => b.bytes,
    "top" => rows(&b.top),
});

row!(BurstContributor, c, {
    "from" => c.ends[0],
    "to" => c.ends[1],
    "bytes" => c.bytes,
});

row!(AskedSwitch, a, {
    "target" => a.target,
    "answers" => a.answers,
    "trouble" ?some => a.trouble.as_deref(),
    "system" ?some => a.newest.as_ref().map(|n| n.name.as_str()),
    "description" ?some => a.newest.as_ref().map(|n| n.description.as_str()),
    "location" ?some => a.newest.as_ref().and_then(|n| some(&n.location)),
    "uptime_seconds" ?some => a.newest.as_ref().map(|n| n.uptime as f64 / 100.0),
    "at" ?some => a.newest.as_ref().map(|n| n.at),
    "seconds" ?some => a.first.as_ref().zip(a.newest.as_ref()).map(|(first, newest)| newest.at.seconds_since(first.at)),
    "cut" => a.newest.as_ref().is_some_and(|n| n.is_cut),
});

row!(OfferedLoad, o, {
    "ports" => o.ports,
    "ways" => o.ways,
    "packets" => o.packets,
    "bytes" => o.bytes,
    "sent_bytes" => o.sent_bytes,
    "drop_events" => o.drop_events,
    "seconds" => o.seconds,
});

row!(PortRow, p, {
    "index" => p.port.index,
    "name" => p.port.name,
    "description" ?some => some(&p.port.description),
    "alias" ?some => some(&p.port.alias),
    "up" => p.port.is_up,
    "enabled" => p.port.is_enabled,
    "mirrors" => p.is_mirror,
    "mirrored" ?some => p.mirrored(),
    "speed_bits_per_second" ?some => (p.port.speed > 0).then_some(p.port.speed),
    "full_duplex" ?some => p.port.full_duplex,
    "in_bytes" => p.added.0.bytes[0],
    "out_bytes" => p.added.0.bytes[1],
    "in_packets" => p.added.0.packets[0],
    "out_packets" => p.added.0.packets[1],
    "in_discards" => p.added.0.discards[0],
    "out_discards" => p.added.0.discards[1],
    "in_errors" => p.added.0.errors[0],
    "out_errors" => p.added.0.errors[1],
    "stations" => p.port.stations,
    "neighbour" ?some => p.port.neighbour.as_ref().map(|n| n.0.as_str()),
    "neighbour_port" ?some => p.port.neighbour.as_ref().map(|n| n.1.as_str()),
});

row!(GroupRow, g, {
    "mac" => g.mac,
    "meaning" => g.meaning,
    "senders" => g.senders,
    "vlans" => g.vlans.ids(),
    "packets" => g.traffic.packets,
    "wire_bytes" => g.traffic.wire_bytes,
    "last" => g.last,
});

row!(SwitchEvent, e, {
    "at" => e.time,
    "kind" => e.kind.token(),
    "vlan" => e.vlan,
    "who" => e.who,
    "text" => e.text,
    "count" => e.count,
});
