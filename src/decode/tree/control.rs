//! Fields of what switches and routers say to each other: spanning tree, LACP, VRRP, CARP, OSPF, pause, 802.1X, PTP.

use crate::model::{LayerWriter, Show};

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

/// The bits of a LACP state, by end.
const LACP_STATE: [[(&str, &str, u64); 8]; 2] = [
    [
        ("lacp.actor.state.activity", "Active", 0x01),
        ("lacp.actor.state.timeout", "Short timeout", 0x02),
        ("lacp.actor.state.aggregation", "Aggregatable", 0x04),
        ("lacp.actor.state.synchronization", "In sync", 0x08),
        ("lacp.actor.state.collecting", "Collecting", 0x10),
        ("lacp.actor.state.distributing", "Distributing", 0x20),
        ("lacp.actor.state.defaulted", "Defaulted", 0x40),
        ("lacp.actor.state.expired", "Expired", 0x80),
    ],
    [
        ("lacp.partner.state.activity", "Active", 0x01),
        ("lacp.partner.state.timeout", "Short timeout", 0x02),
        ("lacp.partner.state.aggregation", "Aggregatable", 0x04),
        ("lacp.partner.state.synchronization", "In sync", 0x08),
        ("lacp.partner.state.collecting", "Collecting", 0x10),
        ("lacp.partner.state.distributing", "Distributing", 0x20),
        ("lacp.partner.state.defaulted", "Defaulted", 0x40),
        ("lacp.partner.state.expired", "Expired", 0x80),
    ],
];

/// What the fields of an end of LACP are called: its title, then system priority, system, key, port priority, port, state.
const LACP_ENDS: [[&str; 7]; 2] = [
    [
        "Actor",
        "lacp.actor.sys_priority",
        "lacp.actor.sysid",
        "lacp.actor.key",
        "lacp.actor.port_priority",
        "lacp.actor.port",
        "lacp.actor.state",
    ],
    [
        "Partner",
        "lacp.partner.sys_priority",
        "lacp.partner.sysid",
        "lacp.partner.key",
        "lacp.partner.port_priority",
        "lacp.partner.port",
        "lacp.partner.state",
    ],
];

/// A state in Wireshark's letters: expired, defaulted, distributing, collecting, in sync, aggregatable, short timeout, active.
fn lacp_letters(state: u64) -> String {
    const LETTERS: &str = "EFDCSGSA";
    LETTERS.chars().enumerate().map(|(n, letter)| if state >> (7 - n) & 1 != 0 { letter } else { '*' }).collect()
}

/// LACP (IEEE 802.1AX clause 6.4.2.3): actor, partner, collector.
pub(super) fn lacp(w: &mut LayerWriter<'_, '_>) {
    w.number("slow.subtype", "Subtype", 0, 1, Show::Named(|n| if n == 1 { "LACP" } else { "" }));
    w.number("lacp.version", "Version", 1, 1, Show::Dec);
    let mut ends = Vec::new();
    for ((names, bits), at) in LACP_ENDS.iter().zip(&LACP_STATE).zip([2, 22]) {
        let [title, priority, system, key, port_priority, port, state] = *names;
        w.value("lacp.tlv_type", title, at, 20, "");
        w.inside(|w| {
            w.number(priority, "System priority", at + 2, 2, Show::Dec);
            let system = w.mac(system, "System", at + 4).unwrap_or_default();
            let key = w.number(key, "Key", at + 10, 2, Show::Dec).unwrap_or(0);
            w.number(port_priority, "Port priority", at + 12, 2, Show::Dec);
            let port = w.number(port, "Port", at + 14, 2, Show::Dec).unwrap_or(0);
            let found = w.number(state, "State", at + 16, 1, Show::Hex).unwrap_or(0);
            w.inside(|w| w.flags(at + 16, 1, bits));
            ends.push(format!("{system} P: {port} K: {key} {}", lacp_letters(found)));
        });
    }
    if w.peek(42, 1) == Some(3) {
        w.number("lacp.collector.max_delay", "Collector's largest delay (10 us)", 44, 2, Show::Dec);
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
    let priority = |n: u64| match n {
        0 => "0 (the master gives up)".to_owned(),
        255 => "255 (owns the address)".to_owned(),
        n => n.to_string(),
    };
    w.number("vrrp.prio", "Priority", 2, 1, Show::As(priority));
    let count = w.number("vrrp.addr_count", "Addresses", 3, 1, Show::Dec).unwrap_or(0) as usize;
    if version >= 3 {
        let interval = |n: u64| format!("{}.{:02} s", n / 100, n % 100);
        w.bits("vrrp.short_adver_int", "Advertisement interval", 4, 2, 0x0fff, Show::As(interval));
    } else {
        w.number("vrrp.auth_type", "Authentication type", 4, 1, Show::Dec);
        w.number("vrrp.adver_int", "Advertisement interval (s)", 5, 1, Show::Dec);
    }
    w.number("vrrp.checksum", "Checksum", 6, 2, Show::Hex);
    // Of IPv4 unless there is no room but for longer ones.
    let is_six = version >= 3 && w.len() >= 8 + 16 * count.max(1);
    for n in 0..count {
        match is_six {
            true => _ = w.ipv6("vrrp.ipv6_addr", "Address", 8 + 16 * n),
            false => _ = w.ipv4("vrrp.ip_addr", "Address", 8 + 4 * n),
        }
    }
    w.summary(format!("virtual router {id}"));
    w.say("VRRP", format!("Announcement (v{version})"));
}

/// CARP (OpenBSD carp(4)): the form of VRRP's, with a counter and a digest instead of addresses.
pub(super) fn carp(w: &mut LayerWriter<'_, '_>) {
    let version = w.bits("carp.version", "Version", 0, 1, 0xf0, Show::Dec).unwrap_or(0);
    w.bits("carp.type", "Type", 0, 1, 0x0f, Show::Named(|n| if n == 1 { "Advertisement" } else { "" }));
    let id = w.number("carp.vhid", "Virtual host", 1, 1, Show::Dec).unwrap_or(0);
    w.number("carp.advskew", "Advertisement skew (1/256 s)", 2, 1, Show::Dec);
    w.number("carp.authlen", "Authentication length", 3, 1, Show::Dec);
    w.number("carp.demotion", "Demotion", 4, 1, Show::Dec);
    w.number("carp.advbase", "Advertisement interval (s)", 5, 1, Show::Dec);
    w.number("carp.checksum", "Checksum", 6, 2, Show::Hex);
    w.number("carp.counter", "Counter", 8, 8, Show::Dec);
    w.raw("carp.hmac", "Digest", 16, 20);
    w.summary(format!("virtual host {id}"));
    w.say("CARP", format!("Announcement (v{version})"));
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
