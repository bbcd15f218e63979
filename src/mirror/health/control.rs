//! Control protocols that neighbours send at regular times: what they are, how many came, and who is there.

use super::neighbour::{description, lacp_systems};
use super::tags::{PVST, link_type, snap};
use crate::model::Frame;
use crate::model::Mac;
use crate::model::limits::{PERIODIC_SENDERS, SYSTEMS};

/// A protocol with a regular sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Control {
    /// Spanning tree, IEEE 802.1D/Q: every 2 s.
    Stp,
    /// Per-VLAN spanning tree: every 2 s and VLAN.
    Pvst,
    /// LLDP, IEEE 802.1AB: every 30 s.
    Lldp,
    /// Cisco Discovery Protocol: every 60 s.
    Cdp,
    /// LACP, IEEE 802.1AX: every 1 or 30 s.
    Lacp,
    /// VRRP, RFC 9568: every 1 s.
    Vrrp,
    /// HSRP, RFC 2281: every 3 s.
    Hsrp,
    /// PTP, IEEE 1588.
    Ptp,
}

impl Control {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            Control::Stp => "stp",
            Control::Pvst => "pvst",
            Control::Lldp => "lldp",
            Control::Cdp => "cdp",
            Control::Lacp => "lacp",
            Control::Vrrp => "vrrp",
            Control::Hsrp => "hsrp",
            Control::Ptp => "ptp",
        }
    }

    /// What a frame to a group address is.
    pub(super) fn of(frame: &Frame<'_>, destination: Mac) -> Option<Control> {
        let cisco = |protocol| snap(frame.bytes, [0, 0, 0x0c], protocol).is_some();
        match destination.0 {
            [0x01, 0x80, 0xc2, 0, 0, 0 | 3 | 8 | 0x0e | 2] => match link_type(frame.bytes)? {
                (0x88cc, _) => Some(Control::Lldp),
                (0x8809, at) if frame.bytes.get(at + 2) == Some(&1) => Some(Control::Lacp),
                (0x88f7, _) => Some(Control::Ptp),
                (length, at) if length < 0x600 && frame.bytes.get(at + 2..at + 4) == Some(&[0x42, 0x42]) => Some(Control::Stp),
                _ => None,
            },
            [0x01, 0x1b, 0x19, 0, 0, 0] => Some(Control::Ptp),
            [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcc] if cisco(0x2000) => Some(Control::Cdp),
            _ if destination == PVST && cisco(0x010b) => Some(Control::Pvst),
            _ => match &frame.flow {
                Some((key, _)) if key.protocol == 112 => Some(Control::Vrrp),
                Some((key, _)) if key.protocol == 17 && key.a_port == 1985 && key.b_port == 1985 => Some(Control::Hsrp),
                _ => None,
            },
        }
    }

    /// Whether it says who sits at the other end of a cable.
    pub fn is_neighbour(self) -> bool {
        matches!(self, Control::Lldp | Control::Cdp | Control::Lacp)
    }
}

/// Control packets by meaning, in sums that merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlCounts {
    /// Spanning tree of any kind.
    pub spanning_tree: u64,
    /// LLDP, CDP and LACP.
    pub neighbour: u64,
    /// VRRP, HSRP, PTP.
    pub other: u64,
    /// LACP systems that sent; the first [`PERIODIC_SENDERS`].
    pub lacp_actors: Vec<Mac>,
    /// LACP systems that senders say they talk to; the first [`PERIODIC_SENDERS`].
    pub lacp_partners: Vec<Mac>,
    /// System descriptions of LLDP and CDP, as their senders wrote them; the first [`SYSTEMS`].
    pub systems: Vec<String>,
}

impl ControlCounts {
    /// Adds another shard's.
    pub fn merge(&mut self, other: &ControlCounts) {
        self.spanning_tree = self.spanning_tree.saturating_add(other.spanning_tree);
        self.neighbour = self.neighbour.saturating_add(other.neighbour);
        self.other = self.other.saturating_add(other.other);
        other.lacp_actors.iter().for_each(|m| note(&mut self.lacp_actors, *m));
        other.lacp_partners.iter().for_each(|m| note(&mut self.lacp_partners, *m));
        other.systems.iter().for_each(|s| self.system(s));
    }

    /// Counts a control packet and what it says of its sender.
    pub(super) fn count(&mut self, control: Control, frame: &Frame<'_>) {
        match control {
            Control::Stp | Control::Pvst => self.spanning_tree += 1,
            c if c.is_neighbour() => self.neighbour += 1,
            _ => self.other += 1,
        }
        if control == Control::Lacp
            && let Some([actor, partner]) = lacp_systems(frame.bytes)
        {
            note(&mut self.lacp_actors, actor);
            note(&mut self.lacp_partners, partner);
        }
        if matches!(control, Control::Lldp | Control::Cdp)
            && self.systems.len() < SYSTEMS
            && let Some(text) = description(frame.bytes)
        {
            self.system(&text);
        }
    }

    fn system(&mut self, description: &str) {
        if self.systems.len() < SYSTEMS && !self.systems.iter().any(|s| s == description) {
            self.systems.push(description.to_owned());
        }
    }

    /// LACP systems that are spoken to and never heard: the mirrored switch itself, when it does not mirror its own packets.
    pub fn silent_partners(&self) -> u64 {
        self.lacp_partners.iter().filter(|p| !self.lacp_actors.contains(p)).count() as u64
    }
}

fn note(list: &mut Vec<Mac>, mac: Mac) {
    if list.len() < PERIODIC_SENDERS && mac != Mac::default() && !list.contains(&mac) {
        list.push(mac);
    }
}
