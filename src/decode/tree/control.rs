//! Fields of what switches and routers say to each other: spanning tree, LLDP, CDP, LACP, VRRP, OSPF, pause, 802.1X, PTP.

use crate::model::{LayerWriter, Mac, Show};

/// A bridge identifier (IEEE 802.1D clause 9.2.5): priority, system extension, address.
fn bridge(w: &mut LayerWriter<'_, '_>, names: [&'static str; 2], title: &'static str, at: usize) -> Option<String> {
    let [priority, address] = names;
    let prio = w.bits(priority, title, at, 2, 0xf000, Show::As(|n| (n << 12).to_string()))? << 12;
    let extension = w.word(at, 2) & 0x0fff;
    let mac = w.mac(address, "Address", at + 2)?;
    Some(format!("{prio}/{extension}/{mac}"))
}

/// Spanning tree (IEEE 802.1D clause 9, 802.1Q clause 14).
pub(super) fn stp(w: &mut LayerWriter<'_, '_>) {
    let version = |n| match n {
        0 => "Spanning Tree",
        2 => "Rapid Spanning Tree",
        3 => "Multiple Spanning Tree",
        4 => "Shortest Path Tree",
        _ => "",
    };
    let kind = |n| match n {
        0x00 => "Configuration",
        0x02 => "Rapid/Multiple Spanning Tree",
        0x80 => "Topology Change Notification",
        _ => "",
    };
    w.number("stp.protocol", "Protocol", 0, 2, Show::Dec);
    let v = w.number("stp.version", "Version", 2, 1, Show::Named(version)).unwrap_or(0);
    let k = w.number("stp.type", "BPDU type", 3, 1, Show::Named(kind)).unwrap_or(0);
    if k == 0x80 {
        return w.say("STP", "Topology Change Notification");
    }
    w.flags(
        4,
        1,
        &[
            ("stp.flags.tcack", "Topology change acknowledgement", 0x80),
            ("stp.flags.agreement", "Agreement", 0x40),
            ("stp.flags.forwarding", "Forwarding", 0x20),
            ("stp.flags.learning", "Learning", 0x10),
        ],
    );
    w.bits("stp.flags.port_role", "Port role", 4, 1, 0x0c, Show::Dec);
    w.flags(4, 1, &[("stp.flags.proposal", "Proposal", 0x02), ("stp.flags.tc", "Topology change", 0x01)]);
    let root = bridge(w, ["stp.root.prio", "stp.root.hw"], "Root priority", 5).unwrap_or_default();
    let cost = w.number("stp.root.cost", "Root path cost", 13, 4, Show::Dec).unwrap_or(0);
    bridge(w, ["stp.bridge.prio", "stp.bridge.hw"], "Bridge priority", 17);
    let port = w.number("stp.port", "Port", 25, 2, Show::Hex).unwrap_or(0);
    let seconds = |n: u64| format!("{} s", n as f64 / 256.0);
    w.number("stp.msg_age", "Message age", 27, 2, Show::As(seconds));
    w.number("stp.max_age", "Max age", 29, 2, Show::As(seconds));
    w.number("stp.hello", "Hello time", 31, 2, Show::As(seconds));
    w.number("stp.forward", "Forward delay", 33, 2, Show::As(seconds));
    let name = match v {
        2 => "RST",
        3 => "MST",
        4 => "SPT",
        _ => "Conf",
    };
    let change = if w.word(4, 1) & 1 != 0 { " TC +" } else { "" };
    w.summary(version(v));
    w.say("STP", format!("{name}.{change} Root = {root}  Cost = {cost}  Port = 0x{port:04x}"));
}

/// LLDP (IEEE 802.1AB clause 8): values of seven bits of type and nine of length.
pub(super) fn lldp(w: &mut LayerWriter<'_, '_>) {
    let name = |kind| match kind {
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
    };
    let mut said = [const { String::new() }; 4];
    let mut at = 0;
    while let Some(head) = w.peek(at, 2) {
        let (kind, length) = (head >> 9, (head & 0x1ff) as usize);
        let text = match kind {
            1 | 2 if length >= 2 => identifier(w, kind, at + 2, length),
            3 => w.number("lldp.time_to_live", "Time to live (s)", at + 2, 2, Show::Dec).map_or(String::new(), |n| n.to_string()),
            4 => w.text("lldp.port.desc", name(kind), at + 2, length),
            5 => w.text("lldp.tlv.system.name", name(kind), at + 2, length),
            6 => w.text("lldp.tlv.system.desc", name(kind), at + 2, length),
            0 => break,
            _ => {
                w.raw("lldp.tlv", name(kind), at + 2, length);
                String::new()
            }
        };
        let place = match kind {
            1..=3 => Some(kind as usize - 1),
            5 => Some(3),
            _ => None,
        };
        if let Some(slot) = place.and_then(|place| said.get_mut(place)) {
            *slot = text;
        }
        at += 2 + length;
    }
    let [chassis, port, life, system] = said;
    w.summary(format!("{chassis} {port}"));
    let system = if system.is_empty() { system } else { format!(" SysN={system}") };
    w.say("LLDP", format!("{chassis} {port} {life}{system}"));
}

/// A chassis or port identifier: its kind, then the value; in Wireshark's short form.
fn identifier(w: &mut LayerWriter<'_, '_>, kind: u64, at: usize, length: usize) -> String {
    let (subtype, names) = (w.word(at, 1), if kind == 1 { ["lldp.chassis.id", "Chassis ID"] } else { ["lldp.port.id", "Port ID"] });
    let is_mac = if kind == 1 { subtype == 4 } else { subtype == 3 };
    if is_mac && length >= 7 {
        return w.mac(names[0], names[1], at + 1).map_or(String::new(), |mac| format!("MA/{mac}"));
    }
    let short = match (kind, subtype) {
        (1, 5) | (2, 4) => "NA/",
        (1, 6) | (2, 5) => "IN/",
        (_, 7) => "LA/",
        _ => "",
    };
    format!("{short}{}", w.text(names[0], names[1], at + 1, length - 1))
}

/// CDP: version, time to live, checksum; values whose length includes the four bytes of type and length.
pub(super) fn cdp(w: &mut LayerWriter<'_, '_>) {
    let name = |kind| match kind {
        1 => "Device ID",
        2 => "Addresses",
        3 => "Port ID",
        4 => "Capabilities",
        5 => "Software version",
        6 => "Platform",
        9 => "VTP management domain",
        10 => "Native VLAN",
        11 => "Duplex",
        _ => "Value",
    };
    // Behind SNAP the first byte is CDP's own.
    w.number("cdp.version", "Version", 0, 1, Show::Dec);
    w.number("cdp.ttl", "Time to live (s)", 1, 1, Show::Dec);
    w.number("cdp.checksum", "Checksum", 2, 2, Show::Hex);
    let (mut device, mut port) = (String::new(), String::new());
    let mut at = 4;
    while let (Some(kind), Some(length)) = (w.peek(at, 2), w.peek(at + 2, 2)) {
        let length = (length as usize).max(4);
        match kind {
            1 => device = w.text("cdp.deviceid", name(kind), at + 4, length - 4),
            3 => port = w.text("cdp.portid", name(kind), at + 4, length - 4),
            5 => _ = w.text("cdp.software_version", name(kind), at + 4, length - 4),
            6 => _ = w.text("cdp.platform", name(kind), at + 4, length - 4),
            10 => _ = w.number("cdp.native_vlan", "Native VLAN", at + 4, 2, Show::Dec),
            _ => w.raw("cdp.tlv", name(kind), at + 4, length - 4),
        }
        at += length;
    }
    w.summary(format!("{device} {port}"));
    w.say("CDP", format!("Device ID: {device}  Port ID: {port}"));
}

/// LACP (IEEE 802.1AX clause 6.4.2.3): actor and partner.
pub(super) fn lacp(w: &mut LayerWriter<'_, '_>) {
    w.number("slow.subtype", "Subtype", 0, 1, Show::Dec);
    w.number("lacp.version", "Version", 1, 1, Show::Dec);
    let mut ends = Vec::new();
    for (title, at) in [("Actor", 2), ("Partner", 22)] {
        w.value("lacp.part", title, at, 20, "");
        w.inside(|w| {
            w.number("lacp.sysprio", "System priority", at + 2, 2, Show::Dec);
            let system = w.mac("lacp.sysid", "System", at + 4).unwrap_or(Mac::default());
            w.number("lacp.key", "Key", at + 10, 2, Show::Dec);
            w.number("lacp.portprio", "Port priority", at + 12, 2, Show::Dec);
            let port = w.number("lacp.port", "Port", at + 14, 2, Show::Dec).unwrap_or(0);
            w.number("lacp.state", "State", at + 16, 1, Show::Hex);
            ends.push(format!("{system} P: {port}"));
        });
    }
    w.summary("Actor and partner");
    if let [actor, partner] = ends.as_slice() {
        w.say("LACP", format!("v{} ACTOR {actor} PARTNER {partner}", w.word(1, 1)));
    }
}

/// VRRP (RFC 3768, RFC 9568).
pub(super) fn vrrp(w: &mut LayerWriter<'_, '_>) {
    let version = w.bits("vrrp.version", "Version", 0, 1, 0xf0, Show::Dec).unwrap_or(0);
    w.bits("vrrp.type", "Type", 0, 1, 0x0f, Show::Named(|n| if n == 1 { "Advertisement" } else { "" }));
    let id = w.number("vrrp.virt_rtr_id", "Virtual router", 1, 1, Show::Dec).unwrap_or(0);
    w.number("vrrp.prio", "Priority", 2, 1, Show::Dec);
    let count = w.number("vrrp.addr_count", "Addresses", 3, 1, Show::Dec).unwrap_or(0);
    if w.len() >= 8 + 4 * count as usize {
        for n in 0..count as usize {
            w.ipv4("vrrp.ip_addr", "Address", 8 + 4 * n);
        }
    }
    w.summary(format!("virtual router {id}"));
    w.say("VRRP", format!("Announcement (v{version})"));
}

/// OSPF's header (RFC 2328 A.3.1, RFC 5340 A.3.1).
pub(super) fn ospf(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        1 => "Hello Packet",
        2 => "DB Description",
        3 => "LS Request",
        4 => "LS Update",
        5 => "LS Acknowledge",
        _ => "",
    };
    w.number("ospf.version", "Version", 0, 1, Show::Dec);
    let kind = w.number("ospf.msg", "Message type", 1, 1, Show::Named(name)).unwrap_or(0);
    w.number("ospf.packet_length", "Packet length", 2, 2, Show::Dec);
    w.ipv4("ospf.srcrouter", "Source router", 4);
    w.ipv4("ospf.area_id", "Area", 8);
    w.number("ospf.checksum", "Checksum", 12, 2, Show::Hex);
    w.raw("ospf.body", "Content", 14, w.len());
    w.summary(name(kind));
    w.say("OSPF", name(kind));
}

/// MAC control (IEEE 802.3 annexes 31B and 31D): pause and priority pause.
pub(super) fn pause(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        1 => "Pause",
        0x0101 => "Class Based Flow Control [CBFC]",
        _ => "",
    };
    let kind = w.number("macc.opcode", "Opcode", 0, 2, Show::Named(name)).unwrap_or(0);
    let mut info = format!("MAC CTRL: {}", name(kind));
    if kind == 1
        && let Some(quanta) = w.number("macc.pause.pause_time", "Pause time (quanta)", 2, 2, Show::Dec)
    {
        info = format!("{info}: pause_time: {quanta} quanta");
    } else if kind == 0x0101 {
        w.number("macc.cbfc.enbv", "Enabled priorities", 2, 2, Show::Hex);
        for n in 0..8 {
            w.number("macc.cbfc.pause_time", "Pause time of a priority (quanta)", 4 + 2 * n, 2, Show::Dec);
        }
    }
    w.summary(name(kind));
    w.say("MAC CTRL", info);
}

/// 802.1X (IEEE 802.1X clause 11.3).
pub(super) fn eapol(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        0 => "EAP Packet",
        1 => "Start",
        2 => "Logoff",
        3 => "Key",
        _ => "",
    };
    w.number("eapol.version", "Version", 0, 1, Show::Dec);
    let kind = w.number("eapol.type", "Type", 1, 1, Show::Named(name)).unwrap_or(0);
    w.number("eapol.len", "Length", 2, 2, Show::Dec);
    if kind == 0 {
        let code = |n| match n {
            1 => "Request",
            2 => "Response",
            3 => "Success",
            4 => "Failure",
            _ => "",
        };
        let found = w.number("eap.code", "Code", 4, 1, Show::Named(code)).unwrap_or(0);
        w.number("eap.id", "Id", 5, 1, Show::Dec);
        w.number("eap.type", "Method", 8, 1, Show::Dec);
        return w.say("EAP", code(found));
    }
    w.summary(name(kind));
    w.say("EAPOL", name(kind));
}

/// PTP's common header (IEEE 1588 clause 13.3).
pub(super) fn ptp(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        0x0 => "Sync Message",
        0x1 => "Delay_Req Message",
        0x2 => "Path_Delay_Req Message",
        0x3 => "Path_Delay_Resp Message",
        0x8 => "Follow_Up Message",
        0x9 => "Delay_Resp Message",
        0xa => "Path_Delay_Resp_Follow_Up Message",
        0xb => "Announce Message",
        0xc => "Signalling Message",
        0xd => "Management Message",
        _ => "",
    };
    let kind = w.bits("ptp.v2.messagetype", "Message type", 0, 1, 0x0f, Show::Named(name)).unwrap_or(0);
    w.bits("ptp.v2.versionptp", "Version", 1, 1, 0x0f, Show::Dec);
    w.number("ptp.v2.messagelength", "Message length", 2, 2, Show::Dec);
    w.number("ptp.v2.domainnumber", "Domain", 4, 1, Show::Dec);
    w.number("ptp.v2.flags", "Flags", 6, 2, Show::Hex);
    w.number("ptp.v2.correction.raw", "Correction (2^-16 ns)", 8, 8, Show::Dec);
    w.number("ptp.v2.clockidentity", "Clock identity", 20, 8, Show::Hex);
    w.number("ptp.v2.sourceportid", "Source port", 28, 2, Show::Dec);
    w.number("ptp.v2.sequenceid", "Sequence number", 30, 2, Show::Dec);
    w.summary(name(kind));
    w.say("PTPv2", name(kind));
}
