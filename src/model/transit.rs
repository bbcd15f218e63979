//! How long packets take between two places where the mirror shows them: through a switch, through a router, from one mirrored port to
//! another.

use super::{Quantiles, Side, Timestamp, Tunnel};

/// One of the two places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransitPlace {
    /// The outermost VLAN tag; `None`: without one.
    pub vlan: Option<u16>,
    /// The mirror session that brought the copy.
    pub session: Option<Tunnel>,
    /// The capture interface.
    pub interface: u16,
    /// The side of the mirrored port, where the mirror tells.
    pub side: Option<Side>,
    /// The mirrored port, as the device numbers it.
    pub port: Option<u32>,
    /// Several ports or sessions that cannot be told apart.
    pub is_mixed: bool,
}

impl TransitPlace {
    /// What it is called, beside the `other` place of the pair: by what differs between the two; by its VLAN where nothing does.
    pub fn label(&self, other: &TransitPlace) -> String {
        let mut words = Vec::new();
        if self.vlan != other.vlan || self.same_point(other) {
            words.push(self.vlan.map_or("untagged".to_owned(), |id| format!("VLAN {id}")));
        }
        if self.is_mixed {
            words.push("several ports".to_owned());
            return words.join(", ");
        }
        if self.session != other.session {
            words.push(self.session.map_or("no session".to_owned(), |t| format!("session {} from {}", t.id, t.source)));
        }
        if self.interface != other.interface {
            words.push(format!("interface {}", self.interface));
        }
        if self.port != other.port {
            words.push(self.port.map_or("no port".to_owned(), |port| format!("port {port}")));
        }
        if self.side != other.side {
            words.push(self.side.map_or("no side", Side::token).to_owned());
        }
        words.join(", ")
    }

    fn same_point(&self, other: &TransitPlace) -> bool {
        let key = |p: &TransitPlace| (p.session, p.interface, p.side, p.port, p.is_mixed);
        key(self) == key(other)
    }
}

/// A part of the time in a trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransitSlice {
    /// Its beginning.
    pub start: Timestamp,
    /// Its length, nanoseconds.
    pub length: i64,
    /// Packets seen at both places, by the time of the second.
    pub packets: u64,
    /// Seconds between, their mean.
    pub mean: f64,
    /// The longest, seconds.
    pub max: f64,
}

/// Packets that were seen in one place and then in another.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitRow {
    /// How the second sighting differs: `routed` (TTL or MAC addresses), `vlan`, `session` (mirror session or capture interface), `port` (of
    /// one session).
    pub kind: &'static str,
    /// Where they were seen first.
    pub from: TransitPlace,
    /// Where they were seen next.
    pub to: TransitPlace,
    /// Seconds between, none of them finer than the clock; how many is exact, percentiles are 0.8 % off at most.
    pub times: Quantiles,
    /// Packets that came closer than the clock can tell.
    pub unresolved: u64,
    /// Seconds from and to, and how many packets: four steps to a doubling.
    pub steps: Vec<(f64, f64, u64)>,
    /// The same over time.
    pub trend: Vec<TransitSlice>,
}

/// How long packets take from place to place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transit {
    /// By where they were seen, most packets first.
    pub rows: Vec<TransitRow>,
    /// Packets seen at two places beyond the caps of rows.
    pub beyond: u64,
    /// The resolution of the capture's clock, as measured, in seconds; 0: unknown.
    pub resolution: f64,
    /// Why nothing is measured; empty where something is.
    pub reason: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_called_by_what_differs() {
        let a = TransitPlace { vlan: Some(10), port: Some(7), side: Some(Side::Ingress), ..TransitPlace::default() };
        let b = TransitPlace { side: Some(Side::Egress), port: Some(9), ..a.clone() };
        assert_eq!((a.label(&b), b.label(&a)), ("port 7, ingress".to_owned(), "port 9, egress".to_owned()));
        let c = TransitPlace { vlan: None, ..a.clone() };
        assert_eq!((a.label(&c), c.label(&a)), ("VLAN 10".to_owned(), "untagged".to_owned()));
        assert_eq!(a.label(&a), "VLAN 10", "a router with one arm");
    }
}
