//! What a device says of itself to whoever sits at the other end of its cable.

mod facts;

use super::{Address, Mac};

/// The protocol it says it by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NeighbourProtocol {
    /// Link Layer Discovery Protocol, IEEE 802.1AB.
    #[default]
    Lldp,
    /// Cisco Discovery Protocol; others send it as well (as ISDP).
    Cdp,
    /// Foundry Discovery Protocol.
    Fdp,
    /// Extreme Discovery Protocol.
    Edp,
    /// MikroTik Neighbor Discovery Protocol.
    Mndp,
    /// Unidirectional Link Detection, RFC 5171.
    Udld,
    /// VLAN Trunking Protocol.
    Vtp,
    /// Dynamic Trunking Protocol.
    Dtp,
    /// Port Aggregation Protocol.
    Pagp,
    /// It was asked (SNMP).
    Snmp,
}

impl NeighbourProtocol {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            NeighbourProtocol::Lldp => "lldp",
            NeighbourProtocol::Cdp => "cdp",
            NeighbourProtocol::Fdp => "fdp",
            NeighbourProtocol::Edp => "edp",
            NeighbourProtocol::Mndp => "mndp",
            NeighbourProtocol::Udld => "udld",
            NeighbourProtocol::Vtp => "vtp",
            NeighbourProtocol::Dtp => "dtp",
            NeighbourProtocol::Pagp => "pagp",
            NeighbourProtocol::Snmp => "snmp",
        }
    }
}

/// What a device is able to do, by LLDP's bits (IEEE 802.1AB clause 8.5.8.1); those of other protocols are put into these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities(pub u16);

impl Abilities {
    /// Something else.
    pub const OTHER: u16 = 1;
    /// A repeater.
    pub const REPEATER: u16 = 1 << 1;
    /// A bridge: a switch.
    pub const BRIDGE: u16 = 1 << 2;
    /// An access point of a wireless LAN.
    pub const ACCESS_POINT: u16 = 1 << 3;
    /// A router.
    pub const ROUTER: u16 = 1 << 4;
    /// A telephone.
    pub const TELEPHONE: u16 = 1 << 5;
    /// A cable modem.
    pub const DOCSIS: u16 = 1 << 6;
    /// A host and nothing else.
    pub const STATION: u16 = 1 << 7;
    /// A customer VLAN component.
    pub const CUSTOMER_VLAN: u16 = 1 << 8;
    /// A service VLAN component.
    pub const SERVICE_VLAN: u16 = 1 << 9;
    /// A two-port MAC relay.
    pub const RELAY: u16 = 1 << 10;

    /// Bits and their words.
    const WORDS: [(u16, &'static str); 11] = [
        (Self::BRIDGE, "bridge"),
        (Self::ROUTER, "router"),
        (Self::ACCESS_POINT, "access point"),
        (Self::TELEPHONE, "telephone"),
        (Self::STATION, "station"),
        (Self::REPEATER, "repeater"),
        (Self::DOCSIS, "cable modem"),
        (Self::CUSTOMER_VLAN, "customer VLANs"),
        (Self::SERVICE_VLAN, "service VLANs"),
        (Self::RELAY, "relay"),
        (Self::OTHER, "other"),
    ];

    /// Whether one of these bits is set.
    pub fn any(self, bits: u16) -> bool {
        self.0 & bits != 0
    }

    /// Their words, the most telling first.
    pub fn words(self) -> Vec<&'static str> {
        Self::WORDS.iter().filter(|(bit, _)| self.any(*bit)).map(|(_, word)| *word).collect()
    }
}

/// What a port says of its link (IEEE 802.3 clause 79, CDP's duplex and MTU).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkClaims {
    /// It can negotiate, and does.
    pub negotiates: Option<[bool; 2]>,
    /// What it offers in negotiation (IEEE 802.3 Annex 79A, ifMauAutoNegCapAdvertisedBits).
    pub offers: Option<u16>,
    /// What it is (RFC 4836, dot3MauType).
    pub mau_type: Option<u16>,
    /// Both directions at once.
    pub full_duplex: Option<bool>,
    /// Bytes of the longest frame, with header and check sequence.
    pub max_frame: Option<u32>,
    /// Bytes of the longest packet in a frame.
    pub mtu: Option<u32>,
    /// It can be, and is, part of an aggregated link; and of which interface number.
    pub aggregation: Option<(bool, bool, u32)>,
}

impl LinkClaims {
    /// Whether an interface of this type (RFC 4836 dot3MauType) sends and receives at once; `None` where the type does not tell.
    pub fn duplex_of(mau_type: u16) -> Option<bool> {
        match mau_type {
            10 | 12 | 15 | 17 | 19 | 21 | 23 | 25 | 27 | 29 => Some(false),
            11 | 13 | 16 | 18 | 20 | 22 | 24 | 26 | 28 | 30..=110 => Some(true),
            _ => None,
        }
    }

    /// Bits per second of an interface of this type (IANA-MAU-MIB dot3MauType); `None` where the type does not tell, or both ways differ.
    pub fn speed_of(mau_type: u16) -> Option<u64> {
        const M: u64 = 1_000_000;
        match mau_type {
            2..=13 => Some(10 * M),
            14..=20 | 44..=46 | 105 => Some(100 * M),
            21..=30 | 47..=53 | 56 | 79..=83 => Some(1_000 * M),
            103 | 109 | 110 => Some(2_500 * M),
            104 | 111 => Some(5_000 * M),
            31..=41 | 54 | 55 | 57 | 58 => Some(10_000 * M),
            88..=94 | 114 | 115 => Some(25_000 * M),
            70..=74 | 95..=97 => Some(40_000 * M),
            116..=122 => Some(50_000 * M),
            75..=78 | 98..=102 | 123..=126 | 145 | 146 => Some(100_000 * M),
            127..=134 => Some(200_000 * M),
            135 | 137..=140 | 147 => Some(400_000 * M),
            _ => None,
        }
    }
}

#[cfg(test)]
mod link_tests {
    use super::LinkClaims;

    #[test]
    fn a_type_of_interface_has_a_speed() {
        let told = [5, 16, 30, 35, 54, 56, 72, 77, 92, 103, 104, 118].map(|kind| LinkClaims::speed_of(kind).map(|bits| bits / 1_000_000));
        let want = [10, 100, 1_000, 10_000, 10_000, 1_000, 40_000, 100_000, 25_000, 2_500, 5_000, 50_000];
        assert_eq!(told, want.map(Some));
        // None, AUI, 10PASS-TS, and a passive network of which both ways differ.
        assert_eq!([0, 1, 43, 59, 999].map(LinkClaims::speed_of), [None; 5]);
    }
}

/// Power over Ethernet, as a port says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PowerClaims {
    /// It is the side that gives power.
    pub is_source: bool,
    /// Its class, 0 to 8 (IEEE 802.3 clause 79.3.2.3, less one).
    pub class: Option<u8>,
    /// Milliwatts asked for.
    pub requested: Option<u32>,
    /// Milliwatts given.
    pub allocated: Option<u32>,
}

impl PowerClaims {
    /// In words: `asks for 6.5 W`, `gives 6.5 of 7.0 W, class 2`.
    pub fn words(&self) -> String {
        if self.is_source && self.class.is_none() && self.allocated == Some(0) && self.requested.unwrap_or(0) == 0 {
            return "gives none".to_owned();
        }
        let watts = |milliwatts: u32| format!("{:.1} W", f64::from(milliwatts) / 1e3);
        let amount = match (self.allocated, self.requested) {
            (Some(given), Some(asked @ 1..)) if given != asked => format!("{} of {}", watts(given).trim_end_matches(" W"), watts(asked)),
            (Some(amount), _) | (None, Some(amount)) => watts(amount),
            (None, None) => String::new(),
        };
        let verb = match (self.is_source, self.allocated.is_some()) {
            (true, _) => "gives",
            (false, true) => "takes",
            (false, false) => "asks for",
        };
        let class = self.class.map(|class| format!("class {class}"));
        match (amount.as_str(), class) {
            ("", None) => format!("{verb} power"),
            ("", Some(class)) => format!("{verb} power, {class}"),
            (_, None) => format!("{verb} {amount}"),
            (_, Some(class)) => format!("{verb} {amount}, {class}"),
        }
    }
}

#[cfg(test)]
mod power_tests {
    use super::PowerClaims;

    #[test]
    fn power_is_told_with_what_is_asked_for() {
        let told = |is_source, class, requested, allocated| PowerClaims { is_source, class, requested, allocated }.words();
        assert_eq!(told(true, Some(2), Some(7_000), Some(6_500)), "gives 6.5 of 7.0 W, class 2");
        assert_eq!(told(true, Some(4), Some(0), Some(20_700)), "gives 20.7 W, class 4", "nothing was asked for");
        assert_eq!(told(false, None, Some(6_300), None), "asks for 6.3 W");
        assert_eq!(told(false, Some(4), Some(25_500), Some(25_500)), "takes 25.5 W, class 4");
        assert_eq!(told(true, Some(0), None, None), "gives power, class 0");
        assert_eq!(told(true, None, None, Some(0)), "gives none", "a port without power on it");
    }
}

/// A policy for a kind of traffic (ANSI/TIA-1057 clause 10.2.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MediaPolicy {
    /// The kind: 1 voice, 2 voice signalling, …
    pub application: u8,
    /// Frames carry a VLAN tag.
    pub tagged: bool,
    /// The VLAN.
    pub vlan: u16,
    /// The priority in the tag.
    pub priority: u8,
    /// The differentiated services code point.
    pub dscp: u8,
}

/// What a device lists of its own parts (ANSI/TIA-1057 clause 10.2.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Its class as a media endpoint: 1 to 3, 4 a network device.
    pub class: Option<u8>,
    /// Revision of its hardware.
    pub hardware: String,
    /// Revision of its firmware.
    pub firmware: String,
    /// Revision of its software.
    pub software: String,
    /// Its serial number.
    pub serial: String,
    /// Who made it.
    pub manufacturer: String,
    /// What it is called by its maker.
    pub model: String,
    /// What it is called by its owner.
    pub asset: String,
}

/// What a device says of itself and its port. Texts are fit to be shown; empty: not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Neighbour {
    /// By what it says so.
    pub protocol: NeighbourProtocol,
    /// What names the device among all: LLDP's chassis, other protocols' device.
    pub chassis: String,
    /// The address that is the chassis' name, where it is one.
    pub chassis_mac: Option<Mac>,
    /// The port it sends from.
    pub port: String,
    /// LLDP's kind of that (IEEE 802.1AB clause 8.5.3.2): 1 what an operator calls it, 3 an address, 5 the interface's name.
    pub port_kind: Option<u8>,
    /// What its operator calls the port.
    pub port_description: String,
    /// The name its operator gave it.
    pub system: String,
    /// What it is and what runs on it.
    pub description: String,
    /// Its model.
    pub platform: String,
    /// Addresses to manage it by; at most [`super::limits::NEIGHBOUR_LIST`].
    pub management: Vec<Address>,
    /// What it can do.
    pub able: Abilities,
    /// What of it is switched on.
    pub enabled: Abilities,
    /// Seconds for which this holds; 0: it takes its leave. `None`: not said.
    pub hold: Option<u32>,
    /// The VLAN of frames without a tag.
    pub native_vlan: Option<u16>,
    /// The VLAN it wants voice in.
    pub voice_vlan: Option<u16>,
    /// The VLAN it is managed in.
    pub management_vlan: Option<u16>,
    /// VLANs with their names; at most [`super::limits::NEIGHBOUR_LIST`].
    pub vlans: Vec<(u16, String)>,
    /// Its link.
    pub link: LinkClaims,
    /// Power over Ethernet.
    pub power: Option<PowerClaims>,
    /// Policies; at most [`super::limits::NEIGHBOUR_LIST`].
    pub policies: Vec<MediaPolicy>,
    /// What it is made of.
    pub inventory: Inventory,
    /// The VTP domain (also in CDP and DTP).
    pub domain: String,
    /// The revision of VTP's configuration.
    pub revision: Option<u32>,
    /// UDLD: devices and ports it hears; at most [`super::limits::NEIGHBOUR_LIST`].
    pub heard: Vec<(String, String)>,
    /// DTP: how it is set, and what it is (the value of the status, and of the type).
    pub trunk: Option<[u8; 2]>,
    /// What else organisations' values say: what, and its words; at most [`super::limits::NEIGHBOUR_FACTS`].
    pub said: Vec<(&'static str, String)>,
    /// It ended early, or a length in it cannot be.
    pub is_broken: bool,
}

impl Neighbour {
    /// What people call the port: where it is told by an address or by what an operator wrote beside it, its description may be the name.
    pub fn port_name(&self) -> &str {
        match self.port_kind {
            Some(1 | 3 | 4) if !self.port_description.is_empty() => &self.port_description,
            _ => &self.port,
        }
    }

    /// What people call the device.
    pub fn name(&self) -> &str {
        [&self.system, &self.chassis].into_iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abilities_have_words() {
        assert_eq!(Abilities(Abilities::ROUTER | Abilities::BRIDGE).words(), ["bridge", "router"]);
        assert!(Abilities(0).words().is_empty() && !Abilities(Abilities::STATION).any(Abilities::BRIDGE));
    }

    #[test]
    fn duplex_by_type() {
        assert_eq!([5, 15, 16, 30].map(LinkClaims::duplex_of), [None, Some(false), Some(true), Some(true)]);
    }
}
