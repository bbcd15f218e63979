//! Control packets that neighbours send at regular times: how many came, and who is there.

use crate::model::limits::{PERIODIC_SENDERS, SYSTEMS};
use crate::model::sum::{Noted, sums};
use crate::model::{Control, ControlFrame, Mac};

sums! {
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
        pub lacp_actors: Vec<Mac> => Noted<PERIODIC_SENDERS>,
        /// LACP systems that senders say they talk to; the first [`PERIODIC_SENDERS`].
        pub lacp_partners: Vec<Mac> => Noted<PERIODIC_SENDERS>,
        /// System descriptions of LLDP and CDP, as their senders wrote them; the first [`SYSTEMS`].
        pub systems: Vec<String> => Noted<SYSTEMS>,
    }
}

impl ControlCounts {
    /// Counts a control packet and what it says of its sender.
    pub fn count(&mut self, frame: &ControlFrame<'_>) {
        match frame.control {
            Control::Stp | Control::Pvst => self.spanning_tree += 1,
            c if c.is_neighbour() => self.neighbour += 1,
            _ => self.other += 1,
        }
        if let Some([actor, partner]) = frame.lacp {
            note(&mut self.lacp_actors, actor);
            note(&mut self.lacp_partners, partner);
        }
        if self.systems.len() < SYSTEMS
            && let Some(text) = frame.description
        {
            self.system(&String::from_utf8_lossy(text));
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
