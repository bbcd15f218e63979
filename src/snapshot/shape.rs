//! How small things look in JSON. Sections of a snapshot derive `Serialize`; what the ground floor knows, which is free of serde, gets its
//! shape here, a line a member. Names and types are promises (`report/json/mod.rs`). Lists of many rows are tables ([`super::table`]).

use super::{DuplicateClass, Duplicates};
use crate::model::host::Check;
use crate::model::{
    Address, DissectLosses, Estimate, LinkType, Mac, Sampling, Session, SessionClock, SourceInfo, StampPort, Stamps, Timestamp, Traffic,
};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// An object: names, and what stands behind them; `if` leaves out what is `None`.
macro_rules! members {
    (@entry $map:ident, $name:literal, $value:expr) => { $map.serialize_entry($name, &$value)? };
    (@entry $map:ident, $name:literal, $value:expr, some) => {
        if let Some(value) = &$value {
            $map.serialize_entry($name, value)?;
        }
    };
    ($type:ty, $row:ident, { $( $name:literal $(if $some:ident)? => $value:expr ),* $(,)? }) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $row = self;
                let mut map = serializer.serialize_map(None)?;
                $( members!(@entry map, $name, $value $(, $some)?); )*
                map.end()
            }
        }
    };
}

/// Values that are text.
macro_rules! text {
    ($($type:ty),*) => { $(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )* };
}

// A time is a string of seconds with nine decimals.
text!(Timestamp, Address, Mac, LinkType);

members!(Traffic, t, { "packets" => t.packets, "wire_bytes" => t.wire_bytes });

members!(DissectLosses, d, {
    "states" => d.states,
    "bytes" => d.bytes,
    "reassembly" => d.reassembly,
    "server_names" => d.server_names,
    "names" => d.names,
});

members!(Estimate, e, { "rate" => e.rate, "low" => e.low, "high" => e.high, "n" => e.n });

members!(SourceInfo, s, {
    "name" => s.name,
    "format" => s.format,
    "packets" => s.packets,
    "compression" if some => s.compression,
    "cut_short" => s.cut_short,
    "warning" if some => s.warning,
});

/// Frames that a device reported as damaged: short, oversized, bad.
struct Errors([u64; 3]);

members!(Errors, e, { "short" => e.0[0], "oversized" => e.0[1], "bad" => e.0[2] });

members!(Sampling, s, { "one_in" => s.one_in, "samples" => s.samples, "unread" => s.unread, "drops" => s.drops });

members!(SessionClock, c, { "drift_ppm" => c.drift_ppm, "jitter_seconds" => c.jitter });

members!(Session, s, {
    "kind" => s.tunnel.kind.token(),
    "source" => s.tunnel.source,
    "destination" => s.tunnel.destination,
    "id" => s.tunnel.id,
    "peeled" => s.peeled,
    "decision" => s.decision,
    "packets" => s.packets,
    "outer_wire_bytes" => s.outer_bytes,
    "inner_wire_bytes" => s.inner_bytes,
    "sequenced" => s.sequenced,
    "missing" => s.missing,
    "reordered" => s.reordered,
    "restarts" => s.restarts,
    "truncated" => s.truncated,
    "errors" => Errors(s.errors),
    "check_sequence" => s.check_sequence,
    "sampling" => s.sampling,
    "clock" if some => s.clock,
    "first" => s.first,
    "last" => s.last,
});

members!(StampPort, p, { "device" => p.device, "port" => p.port, "packets" => p.packets, "missing" => p.missing });

members!(Stamps, s, {
    "kind" => s.kind.token(),
    "interface" => s.interface,
    "packets" => s.packets,
    "without" => s.without,
    "bytes" => s.bytes,
    "duplicates" => s.duplicates,
    "degraded" => s.degraded,
    "missing" => s.missing,
    "drops" => s.drops,
    "offset" => s.offset,
    "tai" => s.is_tai(),
    "ports" => s.ports,
    "other_ports" => s.other_ports,
});

members!(DuplicateClass, c, { "class" => c.class, "packets" => c.traffic.packets, "wire_bytes" => c.traffic.wire_bytes });

/// Copies by the VLANs of first and later sighting.
struct VlanPair((Option<u16>, Option<u16>, u64));

members!(VlanPair, p, { "first" => p.0.0, "later" => p.0.1, "packets" => p.0.2 });

/// Seconds between copies.
struct Gap([f64; 3]);

members!(Gap, g, { "p50" => g.0[0], "p95" => g.0[1], "p99" => g.0[2] });

members!(Duplicates, d, {
    "packets" => d.traffic.packets,
    "wire_bytes" => d.traffic.wire_bytes,
    "share" => d.share,
    "dropped" => d.dropped,
    "classes" => d.classes,
    "vlan_pairs" => d.vlan_pairs.iter().copied().map(VlanPair).collect::<Vec<_>>(),
    "gap" => d.gap.map(Gap),
});

members!(Check, c, {
    "id" => c.id,
    "name" => c.name,
    "verdict" => c.verdict.token(),
    "found" => c.found,
    "why" => c.why,
    "command" => c.command,
});
