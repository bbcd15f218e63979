//! How small things look in JSON. Sections of a snapshot derive `Serialize`; what the ground floor knows, which is free of serde, gets its
//! shape here, a line a member. Names and types are promises (`report/json/mod.rs`). Lists of many rows are tables ([`super::table`]).

use super::{DuplicateClass, Duplicates, TcpAnalysis};
use crate::model::host::{Check, Checklist};
use crate::model::{
    Address, AppSection, Counter, CounterValue, DissectLosses, Episode, Estimate, FileInterface, Histogram, LinkType, Mac, PortAbsence,
    Sampling, Session, SessionClock, SourceInfo, StampPort, Stamps, Subject, SubjectPart, Timestamp, Traffic, Trust, TrustPart, Value,
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
    "rtp_packets" => d.rtp_packets,
});

members!(Estimate, e, { "rate" => e.rate, "low" => e.low, "high" => e.high, "n" => e.n });

members!(SourceInfo, s, {
    "name" => s.name,
    "format" => s.format,
    "packets" if some => (!s.is_uncounted).then_some(s.packets),
    "unfiltered" if some => s.unfiltered,
    "compression" if some => s.compression,
    "cut_short" => s.cut_short,
    "warning" if some => s.warning,
    "interfaces" if some => (!s.interfaces.is_empty()).then_some(&s.interfaces),
    "more_interfaces" if some => (s.more_interfaces > 0).then_some(s.more_interfaces),
    "away" if some => (!s.absences.is_empty()).then_some(&s.absences),
    "more_away" if some => (s.more_absences > 0).then_some(s.more_absences),
});

members!(PortAbsence, a, {
    "first" => a.first,
    "last" => a.last,
    "seconds" => a.seconds(),
    "why" => a.why,
    "lasts" => a.is_open,
});

members!(FileInterface, i, {
    "name" if some => i.name,
    "description" if some => i.description,
    "link_type" => i.link,
    "packets" => i.packets,
    "dropped" => i.dropped,
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

/// Copies by the priorities, or the code points, of first and later sighting.
struct Remarked((u8, u8, u64));

members!(Remarked, p, { "first" => p.0.0, "later" => p.0.1, "packets" => p.0.2 });

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
    "remarked" => d.remarked.iter().copied().map(Remarked).collect::<Vec<_>>(),
    "remarked_dscp" => d.remarked_dscp.iter().copied().map(Remarked).collect::<Vec<_>>(),
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

members!(Checklist, l, { "interface" => l.interface, "checks" => l.checks });

members!(TrustPart, p, { "name" => p.name, "score" => p.score, "evidence" => p.evidence });

members!(Trust, t, { "score" => t.score, "verdict" => t.verdict.token(), "summary" => t.summary, "parts" => t.parts });

members!(Episode, e, { "first" => e.first, "last" => e.last });

impl Serialize for SubjectPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            SubjectPart::Number(n) => serializer.serialize_u64(*n),
            SubjectPart::Word(word) => serializer.serialize_str(word),
            SubjectPart::Address(address) => address.serialize(serializer),
        }
    }
}

/// Kind and name, and its parts as members.
impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.kind())?;
        map.serialize_entry("name", &self.to_string())?;
        for (name, part) in self.parts() {
            map.serialize_entry(name, &part)?;
        }
        map.end()
    }
}

/// A value of a finding's evidence; its unit is in its name.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Count(n) | Value::AtLeast(n) | Value::Bytes(n) => serializer.serialize_u64(*n),
            Value::Share(x) | Value::Number(x) | Value::Seconds(x) | Value::BitsPerSecond(x) => serializer.serialize_f64(*x),
            Value::Time(at) => at.serialize(serializer),
            Value::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// Number and quantiles of durations in seconds. Quantiles are those of a histogram.
struct Latency<'a>(&'a Histogram);

impl Serialize for Latency<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("n", &self.0.len())?;
        if let Some(q) = self.0.quantiles() {
            for (name, seconds) in [("min", q.min), ("p50", q.p50), ("p95", q.p95), ("p99", q.p99), ("max", q.max), ("mean", q.mean)] {
                map.serialize_entry(name, &seconds)?;
            }
            map.serialize_entry("approximate", &true)?;
        }
        map.end()
    }
}

/// A member a flag, and the initial round trips.
impl Serialize for TcpAnalysis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (token, n) in self.flags.iter() {
            map.serialize_entry(token, &n)?;
        }
        map.serialize_entry("handshake_rtt", &Latency(&self.handshake_rtt))?;
        if self.not_analysed > 0 {
            map.serialize_entry("not_analysed", &self.not_analysed)?;
        }
        map.end()
    }
}

/// Events by code or text.
struct Events<I>(I);

impl<K: Serialize, I: Iterator<Item = (K, u64)> + Clone> Serialize for Events<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

/// What was counted of an application protocol: a member a counter.
impl Serialize for AppSection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (counter, value) in self.rows() {
            let Counter { token, .. } = counter;
            match value {
                CounterValue::Count(n) => map.serialize_entry(token, n)?,
                CounterValue::Codes(codes) => {
                    map.serialize_entry(token, &Events(codes.iter().map(|(code, n)| (counter.code(*code), *n))))?
                }
                CounterValue::Texts { texts, others } => {
                    map.serialize_entry(token, &Events(texts.iter().map(|(text, n)| (&**text, *n))))?;
                    // Texts beyond the cap, so that the sum is whole.
                    if *others > 0 {
                        map.serialize_entry(&format!("{token}_beyond_cap"), others)?;
                    }
                }
                CounterValue::Latency(histogram) => map.serialize_entry(token, &Latency(histogram))?,
            }
        }
        map.end()
    }
}
