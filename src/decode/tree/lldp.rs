//! Fields of LLDP (IEEE 802.1AB clause 8): values of seven bits of type and nine of length.

use super::lldp_organisations::organisation;
use crate::model::{LayerWriter, Mac, Show};
use std::net::{Ipv4Addr, Ipv6Addr};

fn name(kind: u64) -> &'static str {
    match kind {
        0 => "End of LLDPDU",
        1 => "Chassis ID",
        2 => "Port ID",
        3 => "Time to live",
        4 => "Port description",
        5 => "System name",
        6 => "System description",
        7 => "Capabilities",
        8 => "Management address",
        127 => "Organization specific",
        _ => "Reserved",
    }
}

/// What the columns say of it.
#[derive(Default)]
struct Said {
    chassis: String,
    port: String,
    life: String,
    system: String,
    description: String,
}

pub(super) fn lldp(w: &mut LayerWriter<'_, '_>) {
    let mut said = Said::default();
    let mut at = 0;
    while let Some(head) = w.peek(at, 2) {
        let (kind, length) = (head >> 9, (head & 0x1ff) as usize);
        w.bits("lldp.tlv.type", "Type", at, 2, 0xfe00, Show::Named(name));
        w.bits("lldp.tlv.len", "Length", at, 2, 0x01ff, Show::Dec);
        w.inside(|w| value(w, kind, at + 2, length, &mut said));
        if kind == 0 {
            break;
        }
        at += 2 + length;
    }
    let Said { chassis, port, life, system, description } = said;
    w.summary(format!("{chassis} {port}"));
    let named = |name: &str, text: String| if text.is_empty() { text } else { format!(" {name}={text}") };
    w.say("LLDP", format!("{chassis} {port} {life}{}{}", named("SysN", system), named("SysD", description)));
}

fn value(w: &mut LayerWriter<'_, '_>, kind: u64, at: usize, length: usize, said: &mut Said) {
    match kind {
        0 => {}
        1 if length >= 2 => said.chassis = chassis(w, at, length),
        2 if length >= 2 => said.port = port(w, at, length),
        3 => {
            let seconds = w.number("lldp.time_to_live", "Time to live (s)", at, 2, Show::Dec);
            said.life = seconds.map_or(String::new(), |n| n.to_string());
        }
        4 => _ = w.text("lldp.port.desc", name(kind), at, length),
        5 => said.system = w.text("lldp.tlv.system.name", name(kind), at, length),
        6 => said.description = w.text("lldp.tlv.system.desc", name(kind), at, length),
        7 => capabilities(w, at),
        8 => management(w, at, length),
        127 if length >= 4 => organisation(w, at, length),
        _ => w.raw("lldp.tlv", name(kind), at, length),
    }
}

/// The chassis in Wireshark's short form (clause 8.5.2).
fn chassis(w: &mut LayerWriter<'_, '_>, at: usize, length: usize) -> String {
    let subtypes = |n| match n {
        1 => "Chassis component",
        2 => "Interface alias",
        3 => "Port component",
        4 => "MAC address",
        5 => "Network address",
        6 => "Interface name",
        7 => "Locally assigned",
        _ => "Reserved",
    };
    let subtype = w.number("lldp.chassis.subtype", "Chassis ID subtype", at, 1, Show::Named(subtypes)).unwrap_or(0);
    match subtype {
        4 if length == 7 => w.mac("lldp.chassis.id.mac", "Chassis ID", at + 1).map_or(String::new(), |mac: Mac| format!("MA/{mac}")),
        5 => {
            let names = ["lldp.chassis.id.ip4", "lldp.chassis.id.ip6", "lldp.network_address.subtype"];
            format!("NA/{}", network(w, names, ["Chassis ID", "Address family"], at + 1, length - 1))
        }
        _ => {
            let text = w.text("lldp.chassis.id", "Chassis ID", at + 1, length - 1);
            let short = match subtype {
                1 => "CC/",
                2 => "IA/",
                3 => "PC/",
                6 => "IN/",
                7 => "LA/",
                _ => "",
            };
            format!("{short}{text}")
        }
    }
}

/// The port (clause 8.5.3).
fn port(w: &mut LayerWriter<'_, '_>, at: usize, length: usize) -> String {
    let subtypes = |n| match n {
        1 => "Interface alias",
        2 => "Port component",
        3 => "MAC address",
        4 => "Network address",
        5 => "Interface name",
        6 => "Agent circuit ID",
        7 => "Locally assigned",
        _ => "Reserved",
    };
    let subtype = w.number("lldp.port.subtype", "Port ID subtype", at, 1, Show::Named(subtypes)).unwrap_or(0);
    match subtype {
        3 if length == 7 => w.mac("lldp.port.id.mac", "Port ID", at + 1).map_or(String::new(), |mac: Mac| format!("MA/{mac}")),
        4 => {
            let names = ["lldp.port.id.ip4", "lldp.port.id.ip6", "lldp.network_address.subtype"];
            format!("NA/{}", network(w, names, ["Port ID", "Address family"], at + 1, length - 1))
        }
        _ => {
            let text = w.text("lldp.port.id", "Port ID", at + 1, length - 1);
            let short = match subtype {
                1 => "IA/",
                2 => "PC/",
                5 => "IN/",
                6 => "AC/",
                7 => "LA/",
                _ => "",
            };
            format!("{short}{text}")
        }
    }
}

/// Words for an address family (IANA address family numbers).
fn family(number: u64) -> &'static str {
    match number {
        1 => "IPv4",
        2 => "IPv6",
        6 => "802",
        _ => "",
    }
}

/// An address behind the number of its family.
fn network(w: &mut LayerWriter<'_, '_>, names: [&'static str; 3], titles: [&'static str; 2], at: usize, length: usize) -> String {
    let kind = w.number(names[2], titles[1], at, 1, Show::Named(family)).unwrap_or(0);
    let address = match (kind, length) {
        (1, 5) => w.ipv4(names[0], titles[0], at + 1).map(|address: Ipv4Addr| address.to_string()),
        (2, 17) => w.ipv6(names[1], titles[0], at + 1).map(|address: Ipv6Addr| address.to_string()),
        _ => None,
    };
    address.unwrap_or_else(|| {
        w.raw("lldp.network_address", titles[0], at + 1, length.saturating_sub(1));
        String::new()
    })
}

/// What the system can do and what of it is enabled (clause 8.5.8): the name of each bit under both.
const ABILITIES: [[(&str, &str, u64); 8]; 2] = [
    [
        ("lldp.tlv.system_cap.other", "Other", 0x01),
        ("lldp.tlv.system_cap.repeater", "Repeater", 0x02),
        ("lldp.tlv.system_cap.bridge", "Bridge", 0x04),
        ("lldp.tlv.system_cap.wlan_access_pt", "WLAN access point", 0x08),
        ("lldp.tlv.system_cap.router", "Router", 0x10),
        ("lldp.tlv.system_cap.telephone", "Telephone", 0x20),
        ("lldp.tlv.system_cap.docsis_cable_device", "DOCSIS cable device", 0x40),
        ("lldp.tlv.system_cap.station_only", "Station only", 0x80),
    ],
    [
        ("lldp.tlv.enable_system_cap.other", "Other", 0x01),
        ("lldp.tlv.enable_system_cap.repeater", "Repeater", 0x02),
        ("lldp.tlv.enable_system_cap.bridge", "Bridge", 0x04),
        ("lldp.tlv.enable_system_cap.wlan_access_pt", "WLAN access point", 0x08),
        ("lldp.tlv.enable_system_cap.router", "Router", 0x10),
        ("lldp.tlv.enable_system_cap.telephone", "Telephone", 0x20),
        ("lldp.tlv.enable_system_cap.docsis_cable_device", "DOCSIS cable device", 0x40),
        ("lldp.tlv.enable_system_cap.station_only", "Station only", 0x80),
    ],
];

fn capabilities(w: &mut LayerWriter<'_, '_>, at: usize) {
    let heads = [("lldp.tlv.system_cap", "Capabilities"), ("lldp.tlv.enable_system_cap", "Enabled capabilities")];
    for ((name, title), (bits, at)) in heads.into_iter().zip(ABILITIES.iter().zip([at, at + 2])) {
        w.number(name, title, at, 2, Show::Hex);
        w.inside(|w| w.flags(at, 2, bits));
    }
}

/// Where it can be managed (clause 8.5.9): an address, an interface, an object identifier.
fn management(w: &mut LayerWriter<'_, '_>, at: usize, length: usize) {
    let address = w.number("lldp.mgn.address.len", "Address string length", at, 1, Show::Dec).unwrap_or(0) as usize;
    let kind = w.number("lldp.mgn.address.subtype", "Address subtype", at + 1, 1, Show::Named(family)).unwrap_or(0);
    match (kind, address) {
        (1, 5) => _ = w.ipv4("lldp.mgn.addr.ip4", "Management address", at + 2),
        (2, 17) => _ = w.ipv6("lldp.mgn.addr.ip6", "Management address", at + 2),
        (6, 7) => _ = w.mac("lldp.mgn.addr.hex", "Management address", at + 2),
        _ => w.raw("lldp.mgn.addr.hex", "Management address", at + 2, address.saturating_sub(1)),
    }
    let subtypes = |n| match n {
        1 => "Unknown",
        2 => "ifIndex",
        3 => "System port number",
        _ => "",
    };
    let behind = at + 1 + address;
    if behind + 6 > at + length {
        return;
    }
    w.number("lldp.mgn.interface.subtype", "Interface subtype", behind, 1, Show::Named(subtypes));
    w.number("lldp.mgn.interface.number", "Interface number", behind + 1, 4, Show::Dec);
    let object = w.number("lldp.mgn.obj.len", "OID string length", behind + 5, 1, Show::Dec).unwrap_or(0) as usize;
    if object > 0 {
        w.raw("lldp.mgn.obj.id", "Object identifier", behind + 6, object);
    }
}
