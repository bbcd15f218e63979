//! The host checklist: what a mirror port of this host should be like, held against what is known of it.
//!
//! One list ([`ITEMS`]); an item says what it is about, why it matters, and judges. It changes nothing: it names the command that
//! would. What is not known is never judged.

mod driver;
mod link;
mod machine;

use crate::model::HostFacts;
use crate::model::host::{Check, Checklist, Rating};

/// What the packets themselves say that the host's settings are to be held against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// The largest frame, in bytes on the wire.
    pub largest: u32,
    /// VLANs are spoken of, and no frame carries a tag.
    pub tags_missing: bool,
    /// Packets are larger than their sender may send: several in one.
    pub merged: bool,
    /// Copies arrive in tunnels that end at this host, so that the interface needs an address.
    pub tunnelled: bool,
}

/// What an item found.
struct Look {
    verdict: Rating,
    found: String,
    command: Option<String>,
}

/// One thing to look at.
struct Item {
    id: &'static str,
    name: &'static str,
    why: &'static str,
    look: fn(&HostFacts, Seen) -> Look,
}

/// Everything that is looked at, in reading order.
static ITEMS: &[Item] = &[
    Item { id: "link", name: "Link", why: "Without a link nothing arrives.", look: link::link },
    Item {
        id: "speed",
        name: "Speed and duplex",
        why: "A slow or half-duplex link cannot carry what a switch port carries; the switch drops the rest.",
        look: link::speed,
    },
    Item {
        id: "promiscuous",
        name: "Promiscuous mode",
        why: "Without it the card keeps what is addressed to this host and drops the rest.",
        look: link::promiscuous,
    },
    Item {
        id: "addresses",
        name: "IP addresses",
        why: "An interface with an address answers and asks: it sends into the mirror port.",
        look: link::addresses,
    },
    Item {
        id: "ipv6",
        name: "IPv6",
        why: "IPv6 gives itself an address and sends router solicitations and multicast reports.",
        look: link::ipv6,
    },
    Item { id: "arp", name: "ARP", why: "A host that answers ARP can be reached through the mirror port.", look: link::arp },
    Item {
        id: "transmits",
        name: "Sent packets",
        why: "What this host sends into a mirror port is dropped or, worse, forwarded, and mixes with the copies.",
        look: link::transmits,
    },
    Item {
        id: "membership",
        name: "Bridge, bond, VLANs, XDP",
        why: "Others that use the interface take packets away, forward them or send.",
        look: link::membership,
    },
    Item {
        id: "receive_offload",
        name: "Receive offload (GRO, LRO)",
        why: "Packets are glued together before they are captured: packet counts, sizes and rates are wrong.",
        look: driver::receive_offload,
    },
    Item {
        id: "vlan_offload",
        name: "VLAN offload and filter",
        why: "The card takes VLAN tags off, or drops frames of VLANs it does not know.",
        look: driver::vlan_offload,
    },
    Item {
        id: "other_offload",
        name: "Other offloads",
        why: "Large sends and checksums left to the card change what is captured of this host's own packets, and nothing of the mirror's.",
        look: driver::other_offload,
    },
    Item {
        id: "mtu",
        name: "MTU",
        why: "Frames longer than the interface takes are dropped and counted as length errors.",
        look: link::mtu,
    },
    Item {
        id: "ring",
        name: "Receive ring",
        why: "A small ring overflows in a burst before the kernel comes to empty it.",
        look: driver::ring,
    },
    Item {
        id: "drops",
        name: "Interface drops",
        why: "What the interface had no room for, or received damaged, is lost.",
        look: driver::drops,
    },
    Item {
        id: "queues",
        name: "Receive queues",
        why: "Two directions of a conversation on two queues are captured out of order.",
        look: driver::queues,
    },
    Item {
        id: "pause",
        name: "Flow control",
        why: "A busy host makes the switch hold copies back, and the switch drops them unseen.",
        look: driver::pause,
    },
    Item {
        id: "coalescing",
        name: "Interrupt coalescing",
        why: "Software time stamps are late by up to the time an interrupt is held back.",
        look: driver::coalescing,
    },
    Item {
        id: "stamping",
        name: "Time stamping",
        why: "Differences below a millisecond are to be believed only of stamps the hardware took.",
        look: driver::stamping,
    },
    Item {
        id: "buffer",
        name: "Capture buffer",
        why: "The kernel drops packets when its buffer is full before this program reads them.",
        look: machine::buffer,
    },
    Item {
        id: "softnet",
        name: "Kernel backlog",
        why: "Packets for which the processors' receive path had no room or no time are lost or late.",
        look: machine::softnet,
    },
    Item {
        id: "governor",
        name: "Processor frequency",
        why: "A processor that must speed up first is late at the beginning of a burst.",
        look: machine::governor,
    },
    Item {
        id: "clock",
        name: "System clock",
        why: "Times of a clock that nothing keeps in step cannot be compared with those of other hosts.",
        look: machine::clock,
    },
    Item {
        id: "virtual",
        name: "Virtual machine",
        why: "Offloads of the physical card below work on the packets too; they are switched off there.",
        look: machine::hypervisor,
    },
];

/// Holds the facts of an interface against the list.
pub fn checklist(facts: &HostFacts, seen: Seen) -> Checklist {
    let check = |item: &Item| {
        let Look { verdict, found, command } = (item.look)(facts, seen);
        Check { id: item.id, name: item.name, found, verdict, why: item.why, command }
    };
    Checklist { interface: facts.interface.clone(), checks: ITEMS.iter().map(check).collect() }
}

impl Look {
    fn new(verdict: Rating, found: impl Into<String>) -> Self {
        Self { verdict, found: found.into(), command: None }
    }

    fn good(found: impl Into<String>) -> Self {
        Self::new(Rating::Good, found)
    }

    fn note(found: impl Into<String>) -> Self {
        Self::new(Rating::Note, found)
    }

    fn warning(found: impl Into<String>) -> Self {
        Self::new(Rating::Warning, found)
    }

    fn fail(found: impl Into<String>) -> Self {
        Self::new(Rating::Fail, found)
    }

    fn unknown(found: impl Into<String>) -> Self {
        Self::new(Rating::Unknown, found)
    }

    /// With the command that would change it.
    fn mend(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// With a command where there is one.
    fn mend_if(self, command: Option<String>) -> Self {
        Self { command, ..self }
    }
}

/// The interface's name as a shell takes it.
pub(super) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | ':' | '/' | '=');
    if !name.is_empty() && !name.starts_with('-') && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', "'\\''"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
