//! Which device mirrors, as far as copies and neighbour protocols tell, and its commands for the usual remedies.
//!
//! Commands follow the vendors' guides; they vary by release, so they are shown as a way in, not as a script.

use crate::model::TunnelKind;

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorTopic {
    /// Mirror one direction, so that no packet is copied on its way in and on its way out.
    OneDirection,
    /// Mirror both directions.
    BothDirections,
    /// Less traffic or a faster destination.
    Relief,
    /// Keep VLAN tags and control frames.
    Encapsulation,
    /// Do not cut packets.
    Whole,
    /// Mirror every packet.
    EveryPacket,
}

impl VendorTopic {
    /// Every topic.
    pub const ALL: &'static [VendorTopic] = &[
        VendorTopic::OneDirection,
        VendorTopic::BothDirections,
        VendorTopic::Relief,
        VendorTopic::Encapsulation,
        VendorTopic::Whole,
        VendorTopic::EveryPacket,
    ];
}

macro_rules! vendors {
    ($($variant:ident $name:literal { $($topic:ident $command:literal;)* })*) => {
        /// A maker of mirroring devices, by operating system where commands differ.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant's documentation is its `name()`")]
        pub enum Vendor { $($variant,)* }

        impl Vendor {
            /// Every vendor.
            pub const ALL: &'static [Vendor] = &[$(Vendor::$variant,)*];

            /// The name.
            pub const fn name(self) -> &'static str {
                match self { $(Vendor::$variant => $name,)* }
            }

            /// The command for a remedy, where one is known.
            pub const fn command(self, topic: VendorTopic) -> Option<&'static str> {
                match self {
                    $(Vendor::$variant => {
                        $(if matches!(topic, VendorTopic::$topic) { return Some($command); })*
                        None
                    })*
                }
            }
        }
    };
}

vendors! {
    CiscoIos "Cisco IOS" {
        OneDirection "`monitor session 1 source interface Gi0/1 rx`";
        BothDirections "`monitor session 1 source interface Gi0/1 both`";
        Relief "`monitor session 1 destination interface` with a faster port, or `source ... rx` for one direction";
        Encapsulation "`monitor session 1 destination interface Gi0/24 encapsulation replicate`";
    }
    CiscoNexus "Cisco Nexus" {
        OneDirection "`monitor session 1`, `source interface ethernet 1/1 rx`";
        BothDirections "`monitor session 1`, `source interface ethernet 1/1 both`";
        Whole "`monitor session 1 type erspan-source`, `no mtu`";
    }
    CiscoIosXr "Cisco IOS XR" {}
    Juniper "Juniper" {
        OneDirection "`set forwarding-options analyzer NAME input ingress interface ge-0/0/1`, without `input egress`";
        BothDirections "`set forwarding-options analyzer NAME input ingress interface ...` and `input egress interface ...`";
        EveryPacket "`set forwarding-options analyzer NAME ratio 1`";
    }
    Arista "Arista EOS" {
        OneDirection "`monitor session S source Ethernet1 rx`";
        BothDirections "`monitor session S source Ethernet1 both`";
        Whole "`no monitor session S truncate`";
    }
    ProCurve "HPE ProCurve / Aruba switch" {
        OneDirection "`interface A1 monitor all in mirror 1`";
        BothDirections "`interface A1 monitor all both mirror 1`";
        Whole "the device never cuts, it drops what is too long: raise the MTU on the way to the analyser";
    }
    ArubaCx "Aruba CX" {
        OneDirection "`mirror session 1`, `source interface 1/1/1 rx`";
        BothDirections "`mirror session 1`, `source interface 1/1/1 both`";
    }
    Comware "H3C / Comware" {
        OneDirection "`mirroring-group 1 mirroring-port eth1/0/1 inbound`";
        BothDirections "`mirroring-group 1 mirroring-port eth1/0/1 both`";
        Relief "`mirroring-group 1 monitor-port` with a faster port";
    }
    Huawei "Huawei" {
        OneDirection "`port-mirroring to observe-port 1 inbound`";
        BothDirections "`port-mirroring to observe-port 1 both`";
        Relief "`observe-port 1 interface` with a faster port; check for a CAR limit on it";
    }
    DellOs10 "Dell OS10" {
        OneDirection "`monitor session 10`, `source interface ethernet 1/1/2 rx`";
        BothDirections "`monitor session 10`, `source interface ethernet 1/1/2 both`";
    }
    DellOs9 "Dell OS9" {
        OneDirection "`monitor session 1`, `source tengigabitethernet 0/1 destination ... direction rx`";
        BothDirections "`monitor session 1`, `source tengigabitethernet 0/1 destination ... direction both`";
    }
    Brocade "Brocade / PowerConnect B" {
        OneDirection "`monitor ethernet 1/1 in` on the source port";
        BothDirections "`monitor ethernet 1/1 both` on the source port";
    }
    MikroTik "MikroTik" {
        BothDirections "`/interface/ethernet/switch set switch1 mirror-source=ether1 mirror-target=ether5`";
        Whole "raise the MTU between the router and the analyser (the stream is TZSP over UDP 37008)";
    }
    Ubiquiti "Ubiquiti" {}
    Netgear "NETGEAR" {
        OneDirection "on the 8800 `configure mirroring mode standard` copies once";
    }
    TpLink "TP-Link" {
        OneDirection "in the mirroring session leave ingress enabled and disable egress";
        BothDirections "in the mirroring session enable ingress and egress";
    }
    Extreme "Extreme" {
        OneDirection "leave one of the ingress and egress filters of the mirror: in enhanced mode both make two copies";
    }
    FortiSwitch "FortiSwitch" {}
    Cumulus "NVIDIA Cumulus" {
        OneDirection "`nv set system port-mirror session 1 span direction ingress`";
    }
    OpenVSwitch "Open vSwitch" {
        OneDirection "in the mirror set `select-src-port` or `select-dst-port`, not both and not `select-all`";
        BothDirections "in the mirror set `select-src-port` and `select-dst-port`, or `select-all=true`";
    }
    Linux "Linux tc" {
        OneDirection "keep the `mirred egress mirror` filter on `ingress` only";
        BothDirections "add the `mirred egress mirror` filter on egress too (`tc qdisc add dev IF clsact`)";
    }
    VMware "VMware vSphere" {
        Encapsulation "in the port mirroring session turn `stripOriginalVlan` off";
        Whole "in the port mirroring session clear `mirroredPacketLength`";
    }
    Nsx "VMware NSX" {
        Whole "in the port mirroring profile clear `snap_length`";
    }
    HyperV "Hyper-V" {}
    Aws "AWS Traffic Mirroring" {
        Whole "clear the packet length of the mirror session and raise the target's MTU (or lower the sources')";
        BothDirections "the mirror filter needs inbound and outbound rules";
    }
    Gcp "Google Cloud" {
        BothDirections "in the mirroring policy choose direction BOTH";
    }
    Azure "Azure vTAP" {}
}

/// What is known of the device.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// System descriptions and platforms from LLDP and CDP.
    pub descriptions: &'a [&'a str],
    /// The encapsulation that carries the copies.
    pub tunnel: Option<TunnelKind>,
    /// Outer sequence numbers wrapped at 30 bits.
    pub wraps_at_30_bits: bool,
    /// Copies carry the VLAN 4095.
    pub vlan_4095: bool,
}

/// A vendor and why it is taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognition {
    /// Who.
    pub vendor: Vendor,
    /// By what.
    pub because: &'static str,
}

/// Words in a system description, most specific first.
const WORDS: &[(&str, Vendor)] = &[
    ("nx-os", Vendor::CiscoNexus),
    ("nexus", Vendor::CiscoNexus),
    ("ios xr", Vendor::CiscoIosXr),
    ("cisco ios", Vendor::CiscoIos),
    ("junos", Vendor::Juniper),
    ("juniper", Vendor::Juniper),
    ("arista", Vendor::Arista),
    ("aruba cx", Vendor::ArubaCx),
    ("arubaos-cx", Vendor::ArubaCx),
    ("procurve", Vendor::ProCurve),
    ("comware", Vendor::Comware),
    ("h3c", Vendor::Comware),
    ("huawei", Vendor::Huawei),
    ("os10", Vendor::DellOs10),
    ("force10", Vendor::DellOs9),
    ("brocade", Vendor::Brocade),
    ("mikrotik", Vendor::MikroTik),
    ("routeros", Vendor::MikroTik),
    ("ubiquiti", Vendor::Ubiquiti),
    ("unifi", Vendor::Ubiquiti),
    ("edgeswitch", Vendor::Ubiquiti),
    ("netgear", Vendor::Netgear),
    ("tp-link", Vendor::TpLink),
    ("jetstream", Vendor::TpLink),
    ("extremexos", Vendor::Extreme),
    ("extreme networks", Vendor::Extreme),
    ("fortiswitch", Vendor::FortiSwitch),
    ("cumulus", Vendor::Cumulus),
    ("open vswitch", Vendor::OpenVSwitch),
    ("vmware esx", Vendor::VMware),
    ("cisco", Vendor::CiscoIos),
];

/// Names the mirroring device. What the copies themselves show comes first; neighbour protocols decide only when all of them
/// name the same vendor, since neighbours of the switch are mirrored too.
pub fn recognise(hints: &Hints<'_>) -> Option<Recognition> {
    let by = |vendor, because| Some(Recognition { vendor, because });
    match hints.tunnel {
        Some(TunnelKind::Tzsp) => return by(Vendor::MikroTik, "TZSP"),
        Some(TunnelKind::HpErm) => return by(Vendor::ProCurve, "HP encapsulated remote mirroring"),
        Some(_) if hints.wraps_at_30_bits => return by(Vendor::CiscoNexus, "sequence numbers of 30 bits"),
        _ => {}
    }
    if hints.vlan_4095 {
        return by(Vendor::DellOs9, "copies tagged with VLAN 4095");
    }
    let named = |text: &&str| {
        let text = text.to_lowercase();
        WORDS.iter().find(|w| text.contains(w.0)).map(|w| w.1)
    };
    let mut vendors = hints.descriptions.iter().filter_map(named);
    let first = vendors.next()?;
    vendors.all(|v| v == first).then_some(Recognition { vendor: first, because: "the system description of LLDP or CDP" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_say_more_than_neighbours() {
        let cases: &[(Hints<'_>, Option<Vendor>)] = &[
            (Hints::default(), None),
            (Hints { descriptions: &["Cisco NX-OS(tm) n9000"], ..Hints::default() }, Some(Vendor::CiscoNexus)),
            (Hints { descriptions: &["Cisco IOS Software, C2960", "cisco WS-C2960"], ..Hints::default() }, Some(Vendor::CiscoIos)),
            (Hints { descriptions: &["Cisco IOS Software", "MikroTik RouterOS"], ..Hints::default() }, None),
            (Hints { descriptions: &["Cisco IOS"], tunnel: Some(TunnelKind::Tzsp), ..Hints::default() }, Some(Vendor::MikroTik)),
            (Hints { tunnel: Some(TunnelKind::Erspan2), ..Hints::default() }, None),
            (Hints { tunnel: Some(TunnelKind::Erspan2), wraps_at_30_bits: true, ..Hints::default() }, Some(Vendor::CiscoNexus)),
            (Hints { vlan_4095: true, ..Hints::default() }, Some(Vendor::DellOs9)),
        ];
        for (hints, want) in cases {
            assert_eq!(recognise(hints).map(|r| r.vendor), *want, "{hints:?}");
        }
    }

    #[test]
    fn names_are_unique_and_commands_are_text() {
        let mut names = std::collections::HashSet::new();
        for vendor in Vendor::ALL {
            assert!(names.insert(vendor.name()));
            for command in VendorTopic::ALL.iter().filter_map(|t| vendor.command(*t)) {
                assert!(command.len() > 10 && !command.contains("{}"));
            }
        }
        assert!(Vendor::CiscoIos.command(VendorTopic::Encapsulation).is_some_and(|c| c.contains("encapsulation replicate")));
    }
}
