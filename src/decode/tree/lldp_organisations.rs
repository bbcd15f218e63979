//! Fields that organisations add to LLDP: IEEE 802.1Q annex D, IEEE 802.3 clause 79, ANSI/TIA-1057.

use crate::model::{LayerWriter, Show};

fn owner(oui: u64) -> String {
    let name = match oui {
        0x0080c2 => " (IEEE 802.1)",
        0x00120f => " (IEEE 802.3)",
        0x0012bb => " (TIA media endpoints)",
        0x000142 => " (Cisco)",
        0x000ecf => " (PROFIBUS)",
        _ => "",
    };
    format!("{:02x}:{:02x}:{:02x}{name}", oui >> 16 & 255, oui >> 8 & 255, oui & 255)
}

/// A value of an organisation: its identifier, a subtype, what it says.
pub(super) fn organisation(w: &mut LayerWriter<'_, '_>, at: usize, length: usize) {
    let oui = w.number("lldp.orgtlv.oui", "Organization", at, 3, Show::As(owner)).unwrap_or(0);
    let (body, rest) = (at + 4, length.saturating_sub(4));
    match oui {
        0x0080c2 => bridge(w, at + 3, body, rest),
        0x00120f => link(w, at + 3, body, rest),
        0x0012bb => media(w, at + 3, body, rest),
        _ => {
            w.number("lldp.unknown_subtype", "Subtype", at + 3, 1, Show::Dec);
            w.raw("lldp.unknown_subtype.content", "Content", body, rest);
        }
    }
}

/// IEEE 802.1.
fn bridge(w: &mut LayerWriter<'_, '_>, head: usize, at: usize, length: usize) {
    let name = |n| match n {
        1 => "Port VLAN ID",
        2 => "Port and protocol VLAN ID",
        3 => "VLAN name",
        4 => "Protocol identity",
        5 => "VID usage digest",
        6 => "Management VID",
        7 => "Link aggregation",
        8 => "Congestion notification",
        9 => "ETS configuration",
        10 => "ETS recommendation",
        11 => "Priority flow control configuration",
        12 => "Application priority",
        _ => "",
    };
    match w.number("lldp.ieee.802_1.subtype", "Subtype", head, 1, Show::Named(name)).unwrap_or(0) {
        1 => _ = w.number("lldp.ieee.802_1.port_vlan.id", "Port VLAN", at, 2, Show::Dec),
        2 => {
            w.flags(
                at,
                1,
                &[
                    ("lldp.ieee.802_1.port_and_vlan_id_flag.supported", "Supported", 0x02),
                    ("lldp.ieee.802_1.port_and_vlan_id_flag.enabled", "Enabled", 0x04),
                ],
            );
            w.number("lldp.ieee.802_1.port_proto_vlan.id", "Port and protocol VLAN", at + 1, 2, Show::Dec);
        }
        3 => {
            w.number("lldp.ieee.802_1.vlan.id", "VLAN", at, 2, Show::Dec);
            let length = w.number("lldp.ieee.802_1.vlan.name_len", "VLAN name length", at + 2, 1, Show::Dec).unwrap_or(0);
            w.text("lldp.ieee.802_1.vlan.name", "VLAN name", at + 3, length as usize);
        }
        6 => _ = w.number("lldp.ieee.802_1.mgmt_vid", "Management VLAN", at, 2, Show::Dec),
        7 => {
            let names = ["lldp.ieee.802_1.aggregation_status.cap", "lldp.ieee.802_1.aggregation_status.enabled"];
            aggregation(w, names, "lldp.ieee.802_1.aggregated_port_id", at);
        }
        _ => w.raw("lldp.unknown_subtype.content", "Content", at, length),
    }
}

fn aggregation(w: &mut LayerWriter<'_, '_>, names: [&'static str; 2], port: &'static str, at: usize) {
    w.flags(at, 1, &[(names[0], "Can be aggregated", 0x01), (names[1], "Is aggregated", 0x02)]);
    w.number(port, "Aggregated port", at + 1, 4, Show::Dec);
}

/// Words for an operational MAU type (RFC 4836, dot3MauType).
fn mau(number: u64) -> &'static str {
    match number {
        5 => "10BASE-T",
        10 => "10BASE-T half duplex",
        11 => "10BASE-T full duplex",
        15 => "100BASE-TX half duplex",
        16 => "100BASE-TX full duplex",
        18 => "100BASE-FX full duplex",
        21 => "1000BASE-X half duplex",
        22 => "1000BASE-X full duplex",
        24 => "1000BASE-LX full duplex",
        26 => "1000BASE-SX full duplex",
        29 => "1000BASE-T half duplex",
        30 => "1000BASE-T full duplex",
        31 => "10GBASE-X",
        32 => "10GBASE-LX4",
        33 => "10GBASE-R",
        34 => "10GBASE-ER",
        35 => "10GBASE-LR",
        36 => "10GBASE-SR",
        54 => "10GBASE-T",
        _ => "",
    }
}

/// IEEE 802.3.
fn link(w: &mut LayerWriter<'_, '_>, head: usize, at: usize, length: usize) {
    let name = |n| match n {
        1 => "MAC/PHY configuration/status",
        2 => "Power via MDI",
        3 => "Link aggregation",
        4 => "Maximum frame size",
        5 => "Energy-efficient Ethernet",
        _ => "",
    };
    match w.number("lldp.ieee.802_3.subtype", "Subtype", head, 1, Show::Named(name)).unwrap_or(0) {
        1 => {
            w.flags(
                at,
                1,
                &[
                    ("lldp.ieee.802_3.mac_phy_auto_neg_status.supported", "Auto-negotiation supported", 0x01),
                    ("lldp.ieee.802_3.mac_phy_auto_neg_status.enabled", "Auto-negotiation enabled", 0x02),
                ],
            );
            w.number("lldp.ieee.802_3.pmd_auto_neg_advertised_caps", "Advertised capabilities", at + 1, 2, Show::Hex);
            w.number("lldp.ieee.802_3.pmd_mau_type", "Operational MAU type", at + 3, 2, Show::Named(mau));
        }
        2 => power(w, at, length),
        3 => {
            let names = ["lldp.ieee.802_3.aggregation_status.cap", "lldp.ieee.802_3.aggregation_status.enabled"];
            aggregation(w, names, "lldp.ieee.802_3.aggregated_port_id", at);
        }
        4 => _ = w.number("lldp.ieee.802_3.max_frame_size", "Maximum frame size", at, 2, Show::Dec),
        _ => w.raw("lldp.unknown_subtype.content", "Content", at, length),
    }
}

/// Tenths of a watt.
fn watts(number: u64) -> String {
    format!("{}.{} W", number / 10, number % 10)
}

fn power(w: &mut LayerWriter<'_, '_>, at: usize, length: usize) {
    w.flags(
        at,
        1,
        &[
            ("lldp.ieee.802_3.mdi_power_support.port_class", "Is a source", 0x01),
            ("lldp.ieee.802_3.mdi_power_support.supported", "Source supported", 0x02),
            ("lldp.ieee.802_3.mdi_power_support.enabled", "Source enabled", 0x04),
            ("lldp.ieee.802_3.mdi_power_support.pse_pairs", "Pairs can be chosen", 0x08),
        ],
    );
    w.number("lldp.ieee.802_3.mdi_pse_pair", "Power pair", at + 1, 1, Show::Dec);
    w.number("lldp.ieee.802_3.mdi_power_class", "Power class + 1", at + 2, 1, Show::Dec);
    if length < 8 {
        return;
    }
    let kinds = |n| match n {
        0 => "Type 2 source",
        1 => "Type 2 device",
        2 => "Type 1 source",
        _ => "Type 1 device",
    };
    let urgency = |n| match n {
        1 => "Critical",
        2 => "High",
        3 => "Low",
        _ => "Unknown",
    };
    w.bits("lldp.ieee.802_3.mdi_power_type", "Power type", at + 3, 1, 0xc0, Show::Named(kinds));
    w.bits("lldp.ieee.802_3.mdi_power_source", "Power source", at + 3, 1, 0x30, Show::Dec);
    w.bits("lldp.ieee.802_3.mdi_power_priority", "Power priority", at + 3, 1, 0x03, Show::Named(urgency));
    w.number("lldp.ieee.802_3.mdi_pde_requested", "Requested power", at + 4, 2, Show::As(watts));
    w.number("lldp.ieee.802_3.mdi_pse_allocated", "Allocated power", at + 6, 2, Show::As(watts));
}

/// Media endpoints.
fn media(w: &mut LayerWriter<'_, '_>, head: usize, at: usize, length: usize) {
    let name = |n| match n {
        1 => "Media capabilities",
        2 => "Network policy",
        3 => "Location identification",
        4 => "Extended power via MDI",
        5 => "Hardware revision",
        6 => "Firmware revision",
        7 => "Software revision",
        8 => "Serial number",
        9 => "Manufacturer",
        10 => "Model name",
        11 => "Asset ID",
        _ => "",
    };
    let text = match w.number("lldp.media.subtype", "Subtype", head, 1, Show::Named(name)).unwrap_or(0) {
        1 => {
            let class = |n| match n {
                1 => "Endpoint Class I",
                2 => "Endpoint Class II",
                3 => "Endpoint Class III",
                4 => "Network connectivity",
                _ => "",
            };
            w.number("lldp.media.subtype.caps", "Capabilities", at, 2, Show::Hex);
            w.number("lldp.media.subtype.class", "Class", at + 2, 1, Show::Named(class));
            return;
        }
        2 => return policy(w, at),
        4 => {
            w.bits("lldp.media.power_type", "Power type", at, 1, 0xc0, Show::Dec);
            w.bits("lldp.media.power_source", "Power source", at, 1, 0x30, Show::Dec);
            w.bits("lldp.media.power_prio", "Power priority", at, 1, 0x0f, Show::Dec);
            w.number("lldp.media.power_value", "Power", at + 1, 2, Show::As(watts));
            return;
        }
        5 => ("lldp.media.hardware", "Hardware revision"),
        6 => ("lldp.media.firmware", "Firmware revision"),
        7 => ("lldp.media.software", "Software revision"),
        8 => ("lldp.media.sn", "Serial number"),
        9 => ("lldp.media.manufacturer", "Manufacturer"),
        10 => ("lldp.media.model", "Model name"),
        11 => ("lldp.media.asset", "Asset ID"),
        _ => return w.raw("lldp.unknown_subtype.content", "Content", at, length),
    };
    w.text(text.0, text.1, at, length);
}

fn policy(w: &mut LayerWriter<'_, '_>, at: usize) {
    let applications = |n| match n {
        1 => "Voice",
        2 => "Voice signaling",
        3 => "Guest voice",
        4 => "Guest voice signaling",
        5 => "Softphone voice",
        6 => "Video conferencing",
        7 => "Streaming video",
        8 => "Video signaling",
        _ => "",
    };
    w.number("lldp.media.app_type", "Application", at, 1, Show::Named(applications));
    w.bits("lldp.media.policy_flag", "Policy unknown", at + 1, 3, 0x80_0000, Show::Flag);
    w.bits("lldp.media.tag_flag", "Tagged", at + 1, 3, 0x40_0000, Show::Flag);
    w.bits("lldp.media.vlan_id", "VLAN", at + 1, 3, 0x1f_fe00, Show::Dec);
    w.bits("lldp.media.l2_prio", "Priority", at + 1, 3, 0x00_01c0, Show::Dec);
    w.bits("lldp.media.dscp", "DSCP", at + 1, 3, 0x00_003f, Show::Dec);
}
