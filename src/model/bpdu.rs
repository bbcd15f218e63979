//! Bridge protocol data units of the spanning tree: IEEE 802.1Q clause 14 (STP, RSTP, MSTP).

use super::Mac;
use super::time::SECOND;
use std::fmt;

/// Who a bridge is: its priority, in the low twelve bits of which stands the VLAN or instance, and its address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BridgeId {
    /// Priority with the system identifier extension; the lowest bridge is root.
    pub priority: u16,
    /// Its address.
    pub mac: Mac,
}

impl BridgeId {
    /// What a bridge is in all its trees: without the number of the VLAN or instance of this one, where the priority holds it (IEEE 802.1Q
    /// clause 14.2.5). Bridges before that add none.
    pub fn without_number(self, of_tree: Option<u16>) -> Self {
        let number = self.priority & 0x0fff;
        Self { priority: if of_tree == Some(number) { self.priority - number } else { self.priority }, ..self }
    }
}

impl fmt::Display for BridgeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.priority, self.mac)
    }
}

/// What kind of BPDU it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BpduKind {
    /// A configuration BPDU of the original protocol.
    #[default]
    Config,
    /// Topology change notification: it says nothing else.
    TopologyChange,
    /// Rapid spanning tree.
    Rapid,
    /// Multiple spanning trees.
    Multiple,
}

/// The role of the port that sent it, as rapid spanning trees say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortRole {
    /// Not known (RSTP's value 0).
    Unknown,
    /// An alternate or backup path.
    Alternate,
    /// The way to the root.
    Root,
    /// It forwards into this segment.
    Designated,
}

impl PortRole {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            PortRole::Unknown => "unknown",
            PortRole::Alternate => "alternate",
            PortRole::Root => "root",
            PortRole::Designated => "designated",
        }
    }
}

/// Flags of a BPDU or of an instance in it (IEEE 802.1Q clause 14.5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BpduFlags(pub u8);

impl BpduFlags {
    /// The topology changes.
    pub fn topology_change(self) -> bool {
        self.0 & 1 != 0
    }

    /// A notification of a change was heard.
    pub fn acknowledged(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The port proposes to forward.
    pub fn proposal(self) -> bool {
        self.0 & 2 != 0
    }

    /// It agrees.
    pub fn agreement(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// The port learns addresses.
    pub fn learning(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// The port forwards.
    pub fn forwarding(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// The role of the port.
    pub fn role(self) -> PortRole {
        match self.0 >> 2 & 3 {
            1 => PortRole::Alternate,
            2 => PortRole::Root,
            3 => PortRole::Designated,
            _ => PortRole::Unknown,
        }
    }
}

/// One instance of a multiple spanning tree (IEEE 802.1Q clause 14.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TreeInstance {
    /// Its flags.
    pub flags: BpduFlags,
    /// The root of the region; its number is the low twelve bits of the priority.
    pub root: BridgeId,
    /// The cost to it.
    pub cost: u32,
    /// The sender's priority.
    pub bridge_priority: u8,
    /// The port's priority.
    pub port_priority: u8,
    /// Hops left.
    pub hops: u8,
}

impl TreeInstance {
    /// The number of the instance.
    pub fn number(&self) -> u16 {
        self.root.priority & 0x0fff
    }
}

/// What makes a region of a multiple spanning tree (IEEE 802.1Q clause 13.7), and the common tree inside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeRegion {
    /// The name of the region, fit to be shown.
    pub name: String,
    /// Its revision.
    pub revision: u16,
    /// What tells which VLAN is in which instance.
    pub digest: [u8; 16],
    /// Cost inside the region.
    pub cost: u32,
    /// The bridge that sent this.
    pub bridge: BridgeId,
    /// Hops left.
    pub hops: u8,
    /// Its instances; at most 64.
    pub instances: Vec<TreeInstance>,
}

/// A BPDU.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bpdu {
    /// Its kind.
    pub kind: BpduKind,
    /// The version as it says: 0, 2 or 3; 4 shortest path bridging.
    pub version: u8,
    /// The VLAN of a tree per VLAN, by its own word; `None`: one tree for all.
    pub vlan: Option<u16>,
    /// It came as Cisco sends it, for one VLAN (PVST+).
    pub is_per_vlan: bool,
    /// Flags.
    pub flags: BpduFlags,
    /// The root.
    pub root: BridgeId,
    /// The cost of the way to it.
    pub cost: u32,
    /// The bridge that sends it; in a multiple spanning tree the root of the region.
    pub bridge: BridgeId,
    /// The port it sends from: priority and number.
    pub port: u16,
    /// How old it is, how old it may become, how often it comes, how long ports wait: each in 1/256 s.
    pub age: u16,
    /// The oldest that holds.
    pub max_age: u16,
    /// Between two.
    pub hello: u16,
    /// Before a port forwards.
    pub forward_delay: u16,
    /// Of a multiple spanning tree.
    pub region: Option<Box<TreeRegion>>,
}

impl Bpdu {
    /// The bridge that sent it.
    pub fn sender(&self) -> BridgeId {
        self.region.as_ref().map_or(self.bridge, |region| region.bridge)
    }

    /// The word for the kind of spanning tree, in reports.
    pub fn protocol(&self) -> &'static str {
        match (self.kind, self.is_per_vlan) {
            (BpduKind::Multiple, _) => "mstp",
            (BpduKind::Rapid, true) => "rpvst+",
            (BpduKind::Rapid, false) => "rstp",
            (_, true) => "pvst+",
            (_, false) => "stp",
        }
    }

    /// Seconds of one of its times.
    pub fn seconds(time: u16) -> f64 {
        f64::from(time) / 256.0
    }

    /// Nanoseconds between two of it; `None` where it does not say.
    pub fn hello_nanos(&self) -> Option<i64> {
        (self.kind != BpduKind::TopologyChange && self.hello > 0).then(|| i64::from(self.hello) * SECOND / 256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_hold_a_role() {
        let flags = BpduFlags(0x7c);
        assert!(flags.forwarding() && flags.learning() && flags.agreement() && !flags.topology_change() && !flags.proposal());
        assert_eq!(
            (flags.role(), BpduFlags(0x08).role(), BpduFlags(0x81).role()),
            (PortRole::Designated, PortRole::Root, PortRole::Unknown)
        );
        assert!(BpduFlags(0x81).acknowledged() && BpduFlags(0x81).topology_change());
    }
}
