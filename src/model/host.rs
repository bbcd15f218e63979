//! What is known of the capturing host and one of its interfaces. `None` is not known, never zero.

use super::Mac;
use super::sum::{Restarting, sums};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One interface of this host, as the kernel tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostFacts {
    /// Name of the interface.
    pub interface: String,
    /// The host talking to itself.
    pub loopback: Option<bool>,
    /// Administratively up.
    pub up: Option<bool>,
    /// RFC 2863 operational state: `up`, `down`, `lowerlayerdown`, `dormant`, `unknown` …
    pub operstate: Option<&'static str>,
    /// Whether the link has a carrier.
    pub carrier: Option<bool>,
    /// Promiscuous mode in force, whoever asked for it.
    pub promiscuous: Option<bool>,
    /// ARP is switched off (`IFF_NOARP`).
    pub no_arp: Option<bool>,
    /// Its link-layer address.
    pub mac: Option<Mac>,
    /// IP addresses on it.
    pub addresses: Option<Vec<IpAddr>>,
    /// IPv6 is switched off on it (`disable_ipv6`).
    pub ipv6_disabled: Option<bool>,
    /// Maximum transmission unit in bytes.
    pub mtu: Option<u32>,
    /// The largest MTU its driver takes, in bytes.
    pub max_mtu: Option<u32>,
    /// Speed in bits per second.
    pub speed: Option<u64>,
    /// Half duplex.
    pub half_duplex: Option<bool>,
    /// What it belongs to and what stands on it.
    pub stack: Option<Stack>,
    /// Offloads and other switches of the driver, every one the kernel knows.
    pub features: Option<Vec<Feature>>,
    /// Receive ring.
    pub ring: Option<RingSize>,
    /// Queues.
    pub queues: Option<Queues>,
    /// How received packets are spread over the queues.
    pub spread: Option<Spread>,
    /// Flow control.
    pub pause: Option<PauseSettings>,
    /// Interrupt coalescing.
    pub coalescing: Option<Coalescing>,
    /// Time stamps it can give.
    pub stamping: Option<Stamping>,
    /// Driver, such as `ixgbe` or `virtio_net`.
    pub driver: Option<String>,
    /// The virtual machine this host is, such as `KVM`; an empty text where there is none.
    pub hypervisor: Option<String>,
    /// Frequency governors of the processors, each once; empty where processors have none.
    pub governors: Option<Vec<String>>,
    /// The system clock.
    pub clock: Option<SystemClock>,
    /// The kernel's buffer of this capture, in bytes.
    pub buffer_bytes: Option<u64>,
    /// What its counters grew by while it was watched.
    pub counters: Option<Counters>,
    /// What the processors' receive path counted meanwhile.
    pub softnet: Option<Softnet>,
    /// Seconds in which the counters grew by that.
    pub seconds: f64,
}

impl HostFacts {
    /// The same of an interface whose name, and everything else by which it is known, is not told: it is `called` otherwise, its addresses are those
    /// of documentation (RFC 5737, RFC 3849), as many as there are.
    #[must_use]
    pub fn disguised(mut self, called: &str) -> Self {
        called.clone_into(&mut self.interface);
        self.mac = None;
        for address in self.addresses.iter_mut().flatten() {
            *address = match address {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
            };
        }
        if let Some(stack) = &mut self.stack {
            stack.master.iter_mut().for_each(|(name, _)| OTHER_PORT.clone_into(name));
            stack.children.iter_mut().for_each(|name| OTHER_PORT.clone_into(name));
        }
        self
    }
}

/// What other interfaces are called where names are not told.
const OTHER_PORT: &str = "another";

/// What an interface belongs to and what stands on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// The interface it is a port of, and its kind (`bridge`, `bond`, `team`, `openvswitch` …; empty: unknown).
    pub master: Option<(String, String)>,
    /// Interfaces that stand on it: VLANs, macvlans and the like.
    pub children: Vec<String>,
    /// An XDP program takes frames before any capture sees them.
    pub xdp: bool,
    /// Packets are handled on entry (`tc` ingress or clsact).
    pub ingress: bool,
}

/// A switch of the driver, by the kernel's name (`rx-gro`, `rx-vlan-hw-parse` …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// The kernel's name.
    pub name: String,
    /// Whether it is on.
    pub on: bool,
    /// Whether it cannot be changed.
    pub fixed: bool,
}

/// The receive ring, in descriptors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RingSize {
    /// In force.
    pub current: u32,
    /// The most the driver takes.
    pub max: Option<u32>,
}

/// Queues that receive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queues {
    /// In force: those for receiving only, and combined ones.
    pub receive: u32,
    /// Of them combined ones.
    pub combined: u32,
}

/// Receive side scaling: how packets are spread over queues.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    /// Hash functions in force: `toeplitz`, `xor`, `crc32`.
    pub functions: Vec<&'static str>,
    /// Queues that the indirection table names.
    pub used: Option<u32>,
    /// The key of the hash.
    pub key: Option<Vec<u8>>,
    /// The input is made the same for both directions before it is hashed.
    pub symmetric_input: Option<bool>,
}

/// Flow control (IEEE 802.3 annex 31B).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PauseSettings {
    /// Pause frames are obeyed.
    pub receive: bool,
    /// Pause frames are sent.
    pub send: bool,
    /// Both are negotiated.
    pub negotiated: bool,
}

/// Interrupt coalescing on the receiving side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coalescing {
    /// Microseconds an interrupt may be held back.
    pub microseconds: Option<u32>,
    /// The driver changes that time with the load.
    pub adaptive: Option<bool>,
}

/// Time stamps an interface can give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamping {
    /// Its hardware stamps received packets.
    pub hardware: bool,
    /// It can stamp every packet, not only those of PTP.
    pub every_packet: bool,
    /// Number of its clock (`/dev/ptpN`).
    pub clock: Option<u32>,
}

/// The system clock, as adjtimex(2) tells.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SystemClock {
    /// Something keeps it in step.
    pub synchronised: bool,
    /// The most it can be wrong by, in seconds.
    pub max_error: f64,
}

sums! {
    /// Counters of an interface (`struct rtnl_link_stats64`), in packets.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Counters {
        /// Received.
        pub received: u64 => Restarting,
        /// Sent.
        pub sent: u64 => Restarting,
        /// No room in the ring (`rx_missed_errors`).
        pub missed: u64 => Restarting,
        /// No room in the hardware's buffer (`rx_fifo_errors`).
        pub fifo: u64 => Restarting,
        /// No room (`rx_over_errors`).
        pub over: u64 => Restarting,
        /// Damaged (`rx_crc_errors`).
        pub crc: u64 => Restarting,
        /// Not a whole number of bytes (`rx_frame_errors`).
        pub frame: u64 => Restarting,
        /// Of a length the interface does not take (`rx_length_errors`).
        pub length: u64 => Restarting,
        /// Received and not used by this host's own stack (`rx_dropped`): a capture has seen most of them.
        pub unused: u64 => Restarting,
    }
}

sums! {
    /// What the processors' receive path counted (`/proc/net/softnet_stat`), for all interfaces together.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Softnet {
        /// Packets for which the backlog had no room.
        pub dropped: u64 => Restarting,
        /// Times that work was left over when the time for it was spent.
        pub squeezed: u64 => Restarting,
    }
}

impl HostFacts {
    /// A switch of the driver.
    pub fn feature(&self, name: &str) -> Option<&Feature> {
        self.features.as_ref()?.iter().find(|f| f.name == name)
    }

    /// Whether a switch is on; `None` where features or this one are not known.
    pub fn is_on(&self, name: &str) -> Option<bool> {
        self.feature(name).map(|f| f.on)
    }

    /// Queues that packets really reach.
    pub fn queues_in_use(&self) -> Option<u32> {
        let all = self.queues.map(|q| q.receive).filter(|n| *n > 0);
        match (all, self.spread.as_ref().and_then(|s| s.used)) {
            (Some(all), Some(used)) => Some(all.min(used.max(1))),
            (all, used) => all.or(used.filter(|n| *n > 0)),
        }
    }
}

impl Spread {
    /// Whether both directions of a conversation reach the same queue; `None` where that cannot be told.
    pub fn is_symmetric(&self) -> Option<bool> {
        if self.symmetric_input == Some(true) || self.functions == ["xor"] {
            return Some(true);
        }
        match (self.functions.as_slice(), &self.key) {
            // A key that repeats every two bytes gives both directions the same hash (Woo and Park 2012).
            (["toeplitz"], Some(key)) if key.len() >= 4 => Some(key.iter().zip(key.iter().skip(2)).all(|(a, b)| a == b)),
            (["crc32"], _) => Some(false),
            _ => None,
        }
    }
}

impl Counters {
    /// Frames that arrived and found no room.
    pub fn no_room(&self) -> u64 {
        self.missed.saturating_add(self.fifo).saturating_add(self.over)
    }
}

/// What is to be said of one thing that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rating {
    /// As a mirror port wants it.
    Good,
    /// Cannot be told here.
    Unknown,
    /// Worth knowing.
    Note,
    /// Numbers may suffer.
    Warning,
    /// Numbers cannot be believed.
    Fail,
}

impl Rating {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            Rating::Good => "ok",
            Rating::Unknown => "unknown",
            Rating::Note => "note",
            Rating::Warning => "warning",
            Rating::Fail => "fail",
        }
    }
}

/// One line of the host checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Stable identifier, such as `receive_offload`.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub name: &'static str,
    /// What was found.
    pub found: String,
    /// What that means for a mirror port.
    pub verdict: Rating,
    /// Why it matters, in one line.
    pub why: &'static str,
    /// The command that would change it, where it should be changed and one can.
    pub command: Option<String>,
}

/// An interface and what was checked of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checklist {
    /// Name of the interface.
    pub interface: String,
    /// The lines, in reading order.
    pub checks: Vec<Check>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sum;

    #[test]
    fn a_key_that_repeats_is_symmetric() {
        let spread = |key: &[u8]| Spread { functions: vec!["toeplitz"], key: Some(key.to_vec()), ..Spread::default() };
        assert_eq!(spread(&[0x6d, 0x5a].repeat(20)).is_symmetric(), Some(true));
        // The key of Microsoft's specification, which drivers start with.
        assert_eq!(spread(&[0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2]).is_symmetric(), Some(false));
        assert_eq!(spread(&[]).is_symmetric(), None);
        let any = Spread { functions: vec!["toeplitz"], symmetric_input: Some(true), ..Spread::default() };
        assert_eq!(any.is_symmetric(), Some(true));
        assert_eq!(Spread::default().is_symmetric(), None);
    }

    #[test]
    fn counters_that_start_again_count_from_there() {
        let before = Counters { received: 100, sent: 7, ..Counters::default() };
        let after = Counters { received: 150, sent: 2, ..Counters::default() };
        assert_eq!(after.since(&before), Counters { received: 50, sent: 2, ..Counters::default() });
    }

    #[test]
    fn queues_in_use_are_those_the_table_names() {
        let mut facts = HostFacts { queues: Some(Queues { receive: 8, combined: 8 }), ..HostFacts::default() };
        assert_eq!(facts.queues_in_use(), Some(8));
        facts.spread = Some(Spread { used: Some(1), ..Spread::default() });
        assert_eq!(facts.queues_in_use(), Some(1));
        assert_eq!(HostFacts::default().queues_in_use(), None);
    }
}
