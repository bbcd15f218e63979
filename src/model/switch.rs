//! What is known of the switch from what it and its neighbours say: rows of tables and events.

use super::units::bits_per_second;
use super::{
    Address, AskedSwitch, AuthenticatorRow, BridgeId, Chatter, GatewayProtocol, Lacp, LinkUse, Mac, Neighbour, NeighbourProtocol,
    OfferedLoad, PortRole, PortRow, SpeakerRow, Timestamp, Traffic, Transit,
};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Which switch and port the mirror shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchIdentity {
    /// The switch's name.
    pub system: String,
    /// Its port; empty where several are mirrored.
    pub port: String,
    /// Ports of it that were heard, or that it says it mirrors; 0 where it was asked who it is and says nothing of that.
    pub ports: u64,
    /// An address to manage it by.
    pub management: Option<Address>,
    /// By what it said so.
    pub source: NeighbourProtocol,
    /// Only one device said what it is, so that it may be the one at the other end.
    pub is_likely: bool,
}

/// A device that says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourRow {
    /// What it said last.
    pub told: Neighbour,
    /// The address it sends from.
    pub source: Mac,
    /// The VLAN tag it comes in.
    pub tag: Option<u16>,
    /// Packets.
    pub packets: u64,
    /// First of them.
    pub first: Timestamp,
    /// Last of them.
    pub last: Timestamp,
    /// It took its leave, or was not heard for as long as it holds.
    pub is_gone: bool,
    /// Power over Ethernet in words; empty: it says nothing of it.
    pub power: String,
    /// What it says besides, in a line.
    pub besides: String,
}

/// A spanning tree, as one port tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    /// The VLAN of a tree per VLAN.
    pub vlan: Option<u16>,
    /// The instance of a multiple spanning tree; 0 is the common one.
    pub instance: Option<u16>,
    /// `stp`, `rstp`, `pvst+`, `rpvst+`, `mstp`.
    pub protocol: &'static str,
    /// The root.
    pub root: BridgeId,
    /// The bridge that sends.
    pub bridge: BridgeId,
    /// Its port: priority and number.
    pub port: u16,
    /// The cost of its way to the root.
    pub cost: u32,
    /// The role of its port.
    pub role: PortRole,
    /// Between two hellos, the oldest that holds, the wait before a port forwards, in 256ths of a second.
    pub times: [u16; 3],
    /// The same in words: `2/20/15 s`.
    pub timers: String,
    /// The region of a multiple spanning tree; empty: none.
    pub region: String,
    /// Hellos.
    pub packets: u64,
    /// Times it began to say that the topology changes.
    pub topology_changes: u64,
    /// Times it named another root.
    pub root_changes: u64,
    /// The first hello.
    pub first: Timestamp,
    /// The last hello.
    pub last: Timestamp,
}

impl TreeRow {
    /// Topology changes a minute, on average; `None` of less than a minute.
    pub fn changes_per_minute(&self) -> Option<f64> {
        let minutes = self.last.seconds_since(self.first) / 60.0;
        (minutes >= 1.0).then(|| self.topology_changes as f64 / minutes)
    }
}

/// An end of an aggregated link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateRow {
    /// What it said last.
    pub told: Lacp,
    /// The VLAN tag it comes in.
    pub tag: Option<u16>,
    /// Packets.
    pub packets: u64,
    /// Whether the other end was heard as well.
    pub partner_heard: bool,
    /// Times its state changed.
    pub changes: u64,
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
}

/// A router that shares a gateway's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRow {
    /// By what.
    pub protocol: GatewayProtocol,
    /// The group.
    pub group: u16,
    /// The VLAN tag it comes in.
    pub tag: Option<u16>,
    /// The shared address.
    pub address: Option<Address>,
    /// The router.
    pub router: Address,
    /// Whether it forwards.
    pub is_active: bool,
    /// Its priority.
    pub priority: u32,
    /// Nanoseconds between its hellos.
    pub hello: i64,
    /// Times it became the one that forwards after another.
    pub takeovers: u64,
    /// Packets.
    pub packets: u64,
    /// The last of them.
    pub last: Timestamp,
}

/// A router that speaks OSPF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OspfRow {
    /// Its identifier.
    pub router: Ipv4Addr,
    /// The area.
    pub area: Ipv4Addr,
    /// 2 or 3.
    pub version: u8,
    /// The VLAN tag it comes in.
    pub tag: Option<u16>,
    /// The address it sends from.
    pub source: Mac,
    /// Seconds between two hellos, and of silence after which it is gone.
    pub times: [u32; 2],
    /// Routers it hears.
    pub neighbours: u16,
    /// Bytes of its longest packet, once it said so.
    pub mtu: Option<u16>,
    /// Hellos.
    pub packets: u64,
    /// The last of them.
    pub last: Timestamp,
}

/// Who asks for groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerierRow {
    /// Who.
    pub querier: Address,
    /// `igmp` or `mld`.
    pub protocol: &'static str,
    /// Its version.
    pub version: u8,
    /// The VLAN tag it comes in.
    pub tag: Option<u16>,
    /// General queries.
    pub packets: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
}

/// A group, and who wants what is sent to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// The group.
    pub group: Address,
    /// `igmp` or `mld`.
    pub protocol: &'static str,
    /// The version of the latest report.
    pub version: u8,
    /// The VLAN it is wanted in.
    pub vlan: Option<u16>,
    /// Stations that joined and did not leave.
    pub members: u64,
    /// There are more than are told apart.
    pub more: bool,
    /// Who joined last.
    pub joined: Mac,
    /// Reports, and those that only say again what is known.
    pub reports: u64,
    /// Times somebody left.
    pub leaves: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SwitchEventKind {
    /// A device says who it is that was not there before.
    NeighbourAppeared,
    /// One says so no longer.
    NeighbourGone,
    /// One says something else of itself.
    NeighbourChanged,
    /// A bridge names another root.
    RootChanged,
    /// A bridge says that the topology changes.
    TopologyChange,
    /// An end of an aggregated link changed its state.
    AggregateChanged,
    /// Another router forwards for a shared address.
    GatewayChanged,
    /// A router's hellos stopped, or began again.
    RouterChanged,
    /// Authentication at a port failed.
    AuthenticationFailed,
    /// A router of IS-IS or EIGRP, an end of a BFD session or a clock fell silent, or began again; a session came up or went down; a clock
    /// follows another.
    SpeakerChanged,
}

impl SwitchEventKind {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            SwitchEventKind::NeighbourAppeared => "neighbour.appeared",
            SwitchEventKind::NeighbourGone => "neighbour.gone",
            SwitchEventKind::NeighbourChanged => "neighbour.changed",
            SwitchEventKind::RootChanged => "stp.root",
            SwitchEventKind::TopologyChange => "stp.topology",
            SwitchEventKind::AggregateChanged => "lacp.state",
            SwitchEventKind::GatewayChanged => "gateway.active",
            SwitchEventKind::RouterChanged => "ospf.router",
            SwitchEventKind::AuthenticationFailed => "eapol.failure",
            SwitchEventKind::SpeakerChanged => "speaker.changed",
        }
    }
}

/// Something that happened at the switch or beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchEvent {
    /// When.
    pub time: Timestamp,
    /// What.
    pub kind: SwitchEventKind,
    /// The VLAN it is about.
    pub vlan: Option<u16>,
    /// Who: a device, a bridge, a router.
    pub who: String,
    /// In words.
    pub text: String,
    /// How often within a few seconds: by several ports, in several VLANs.
    pub count: u64,
}

/// Frames to many that are counted by the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flood {
    /// To everybody.
    Broadcast,
    /// To groups of the link's own protocols.
    LinkMulticast,
    /// A request to stop sending for a while.
    Pause,
    /// To a group of a wider scope, as video is: by group, not by sender.
    Stream,
}

/// What a shard counted of frames to many in one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloodSecond {
    /// Of which kind.
    pub kind: Flood,
    /// The outermost VLAN (0: none).
    pub vlan: u16,
    /// Who sent them; where there are too many senders, one of them. Of a stream the group.
    pub source: Mac,
    /// Seconds since 1970.
    pub second: i64,
    /// How many.
    pub frames: u64,
    /// The number of the latest of them.
    pub number: u64,
}

/// Packets of a kind by which hosts and routers find each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatterRow {
    /// Which.
    pub kind: Chatter,
    /// In all.
    pub traffic: Traffic,
    /// Since the previous picture.
    pub recent: Traffic,
}

/// Everything known of the switch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SwitchView {
    /// Which it is, where that is known.
    pub identity: Option<SwitchIdentity>,
    /// Both ends of the mirrored link, where it cannot be told which of them is the switch's.
    pub link: Vec<String>,
    /// Bits per second of the mirrored link, as those at it say by LLDP; `None`: nobody does, they do not agree, or several links are mirrored.
    pub link_speed: Option<u64>,
    /// Why it is not known; empty where it is.
    pub unknown: String,
    /// What to change on the switch so that it shows; empty where it does.
    pub remedy: String,
    /// Devices that say who they are.
    pub neighbours: Vec<NeighbourRow>,
    /// Spanning trees.
    pub trees: Vec<TreeRow>,
    /// Aggregated links.
    pub aggregates: Vec<AggregateRow>,
    /// Shared gateway addresses.
    pub gateways: Vec<GatewayRow>,
    /// OSPF.
    pub ospf: Vec<OspfRow>,
    /// Routers of IS-IS and EIGRP, ends of BFD's sessions, clocks of PTP and time servers.
    pub speakers: Vec<SpeakerRow>,
    /// Packets by which hosts and routers find each other, by kinds that came.
    pub chatter: Vec<ChatterRow>,
    /// Who takes part in the authentication of ports.
    pub authenticators: Vec<AuthenticatorRow>,
    /// Who asks for groups.
    pub queriers: Vec<QuerierRow>,
    /// Groups that hosts join, those with most members first.
    pub members: Vec<MemberRow>,
    /// Who claimed which network address by ARP or neighbour discovery, in the order of stations.
    pub addresses: Vec<(Mac, Address)>,
    /// Stations that frames for many networks go to, and those that say they are routers, ascending.
    pub routers: Vec<Mac>,
    /// What happened, oldest first; the latest [`super::limits::SWITCH_EVENTS`].
    pub events: Vec<SwitchEvent>,
    /// Events that made room for later ones.
    pub events_forgotten: u64,
    /// What it says of itself; `None` where it is not asked.
    pub asked: Option<Arc<AskedSwitch>>,
    /// Its ports, where it was asked.
    pub ports: Vec<PortRow>,
    /// What those of them carried that are mirrored, lately on a live port; `None` where it does not say which they are.
    pub offered: Option<OfferedLoad>,
    /// How long packets take from place to place.
    pub transit: Transit,
    /// How the monitored link was used; `None` where its speed is not known.
    pub link_use: Option<LinkUse>,
    /// Control packets that were read.
    pub packets: u64,
    /// Control packets that were not, for there were too many at a time, and senders beyond the caps.
    pub beyond: u64,
}

impl SwitchView {
    /// Its name and port in a line, `sw-core-1 Gi1/0/24`, where they are known; else both ends of the link.
    pub fn title(&self) -> Option<String> {
        let Some(identity) = self.identity.as_ref() else {
            return (!self.link.is_empty()).then(|| self.link.join(" – "));
        };
        let port = match (identity.port.as_str(), identity.ports) {
            ("", 0) => String::new(),
            ("", n) => format!("{n} ports"),
            (port, _) => short_port(port),
        };
        Some(format!("{} {port}", identity.system).trim().to_owned())
    }

    /// What the mirrored ports carried beside what the port sent that sends the copies, in a sentence; `None` where the switch does not say.
    pub fn offered_words(&self) -> Option<String> {
        let (load, mirror) = (self.offered?, self.ports.iter().find(|port| port.is_mirror)?);
        let mirrored: Vec<String> =
            self.ports.iter().filter_map(|row| Some(format!("{} ({})", short_port(&row.port.name), row.mirrored()?))).take(3).collect();
        let more = load.ports.saturating_sub(mirrored.len() as u64);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let [offered, sent] = load.bits_per_second()?;
        let most = if load.is_exact() { "" } else { "at most " };
        let speed = if mirror.port.speed > 0 { format!(" (of {})", bits_per_second(mirror.port.speed as f64)) } else { String::new() };
        Some(format!(
            "Mirrored: {}{more}, {most}{} to copy; {} sends {}{speed}",
            mirrored.join(", "),
            bits_per_second(offered),
            short_port(&mirror.port.name),
            bits_per_second(sent),
        ))
    }
}

/// The usual short form of a long interface name: `GigabitEthernet1/0/24` is `Gi1/0/24`.
pub fn short_port(port: &str) -> String {
    const LONG: [(&str, &str); 8] = [
        ("HundredGigE", "Hu"),
        ("TwentyFiveGigE", "Twe"),
        ("FortyGigabitEthernet", "Fo"),
        ("TenGigabitEthernet", "Te"),
        ("TwoGigabitEthernet", "Tw"),
        ("GigabitEthernet", "Gi"),
        ("FastEthernet", "Fa"),
        ("Ethernet", "Et"),
    ];
    let short = LONG.iter().find_map(|(long, short)| {
        let rest = port.strip_prefix(long)?.trim_start();
        rest.starts_with(|c: char| c.is_ascii_digit()).then(|| format!("{short}{rest}"))
    });
    short.unwrap_or_else(|| port.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_counts_ports_that_were_heard() {
        let title = |port: &str, ports| {
            let identity = SwitchIdentity {
                system: "core-37".into(),
                port: port.into(),
                ports,
                management: None,
                source: NeighbourProtocol::Snmp,
                is_likely: false,
            };
            SwitchView { identity: Some(identity), ..SwitchView::default() }.title().unwrap_or_default()
        };
        assert_eq!(
            (title("", 0), title("", 2), title("GigabitEthernet0/3", 1)),
            ("core-37".into(), "core-37 2 ports".into(), "core-37 Gi0/3".into())
        );
    }

    #[test]
    fn ports_in_short() {
        assert_eq!(short_port("GigabitEthernet1/0/24"), "Gi1/0/24");
        assert_eq!(short_port("Ethernet 48"), "Et48");
        assert_eq!(short_port("eth0"), "eth0");
        assert_eq!(short_port("Ethernetwork"), "Ethernetwork");
    }
}
