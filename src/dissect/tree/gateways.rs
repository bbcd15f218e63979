//! Routers that share an address: HSRP (RFC 2281, and its version 2), GLBP.

use crate::dissect::Carriage;
use crate::model::{LayerWriter, Show, ValueHeads};

/// Words for an operation, of both versions.
fn operation(number: u64) -> &'static str {
    match number {
        0 => "Hello",
        1 => "Coup",
        2 => "Resign",
        3 => "Advertise",
        _ => "",
    }
}

fn state(number: u64) -> &'static str {
    match number {
        0 => "Initial",
        1 => "Learn",
        2 => "Listen",
        4 => "Speak",
        8 => "Standby",
        16 => "Active",
        _ => "",
    }
}

pub(super) fn hsrp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    // The second version begins with a value's type and length.
    if w.word(0, 2) == 0x0128 {
        return second(w);
    }
    w.number("hsrp.version", "Version", 0, 1, Show::Dec);
    let op = w.number("hsrp.opcode", "Operation", 1, 1, Show::Named(operation)).unwrap_or(0);
    if op == 3 {
        w.say("HSRP", "Advertise");
        return w.raw("hsrp.adv", "Content", 2, w.len());
    }
    let at = w.number("hsrp.state", "State", 2, 1, Show::Named(state)).unwrap_or(0);
    w.number("hsrp.hellotime", "Hello time (s)", 3, 1, Show::Dec);
    w.number("hsrp.holdtime", "Hold time (s)", 4, 1, Show::Dec);
    w.number("hsrp.priority", "Priority", 5, 1, Show::Dec);
    let group = w.number("hsrp.group", "Group", 6, 1, Show::Dec).unwrap_or(0);
    // The authentication that everybody has is no secret; another one is.
    let is_default = w.get(8, 8) == Some(b"cisco\0\0\0");
    w.value("hsrp.auth_data", "Authentication data", 8, 8, if is_default { "cisco (default)" } else { "not the default" });
    w.ipv4("hsrp.virt_ip", "Virtual address", 16);
    w.summary(format!("group {group}, {}", state(at)));
    w.say("HSRP", format!("{} (state {})", operation(op), state(at)));
}

fn second(w: &mut LayerWriter<'_, '_>) {
    let state = |n| match n {
        0 => "Disabled",
        1 => "Init",
        2 => "Learn",
        3 => "Listen",
        4 => "Speak",
        5 => "Standby",
        6 => "Active",
        _ => "",
    };
    w.value("hsrp2.group_state_tlv", "Group state", 0, 42, "");
    w.number("hsrp2.version", "Version", 2, 1, Show::Dec);
    let op = w.number("hsrp2.opcode", "Operation", 3, 1, Show::Named(operation)).unwrap_or(0);
    let at = w.number("hsrp2.state", "State", 4, 1, Show::Named(state)).unwrap_or(0);
    let ip = w.number("hsrp2.ipversion", "IP version", 5, 1, Show::Dec).unwrap_or(0);
    let group = w.number("hsrp2.group", "Group", 6, 2, Show::Dec).unwrap_or(0);
    w.mac("hsrp2.identifier", "Identifier", 8);
    w.number("hsrp2.priority", "Priority", 14, 4, Show::Dec);
    w.number("hsrp2.hellotime", "Hello time (ms)", 18, 4, Show::Dec);
    w.number("hsrp2.holdtime", "Hold time (ms)", 22, 4, Show::Dec);
    if ip == 6 {
        w.ipv6("hsrp2.virt_ip_v6", "Virtual address", 26);
    } else {
        w.ipv4("hsrp2.virt_ip", "Virtual address", 26);
    }
    w.summary(format!("group {group}, {}", state(at)));
    w.say("HSRPv2", format!("{} (state {})", operation(op), state(at)));
}

pub(super) fn glbp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    let kinds = |n| match n {
        1 => "Hello",
        2 => "Request/Response",
        3 => "Auth",
        _ => "",
    };
    w.number("glbp.version", "Version", 0, 1, Show::Dec);
    let group = w.number("glbp.group", "Group", 2, 2, Show::Dec).unwrap_or(0);
    w.mac("glbp.ownerid", "Owner", 6);
    let mut info = format!("G: {group}");
    let heads = ValueHeads { width: 1, counts_head: true, names: ["glbp.type", "glbp.length"], words: kinds };
    w.values(12, &heads, |w, kind, at, length| {
        let said = match kind {
            1 => hello(w, at),
            2 => forwarder(w, at),
            // Whatever authenticates is not shown.
            3 => String::new(),
            _ => {
                w.raw("glbp.unknown.data", "Data", at, length);
                String::new()
            }
        };
        info = format!("{info}, {}{said}", kinds(kind));
    });
    w.summary(info.clone());
    w.say("GLBP", info);
}

fn hello(w: &mut LayerWriter<'_, '_>, at: usize) -> String {
    let states = |n| match n {
        4 => "Listen",
        8 => "Speak",
        16 => "Standby",
        32 => "Active",
        _ => "",
    };
    w.number("glbp.hello.vgstate", "State of the gateway", at + 1, 1, Show::Named(states));
    w.number("glbp.hello.priority", "Priority", at + 3, 1, Show::Dec);
    w.number("glbp.hello.helloint", "Hello interval (ms)", at + 6, 4, Show::Dec);
    w.number("glbp.hello.holdint", "Hold interval (ms)", at + 10, 4, Show::Dec);
    w.number("glbp.hello.redirect", "Redirect (s)", at + 14, 2, Show::Dec);
    w.number("glbp.hello.timeout", "Timeout (s)", at + 16, 2, Show::Dec);
    w.number("glbp.hello.addrtype", "Address type", at + 20, 1, Show::Dec);
    match w.number("glbp.hello.addrlen", "Address length", at + 21, 1, Show::Dec) {
        Some(4) => {
            w.ipv4("glbp.hello.virtualipv4", "Virtual address", at + 22);
            ", IPv4".to_owned()
        }
        Some(16) => {
            w.ipv6("glbp.hello.virtualipv6", "Virtual address", at + 22);
            ", IPv6".to_owned()
        }
        _ => String::new(),
    }
}

fn forwarder(w: &mut LayerWriter<'_, '_>, at: usize) -> String {
    w.number("glbp.reqresp.forwarder", "Forwarder", at, 1, Show::Dec);
    w.number("glbp.reqresp.vfstate", "State of the forwarder", at + 1, 1, Show::Dec);
    w.number("glbp.reqresp.priority", "Priority", at + 3, 1, Show::Dec);
    w.number("glbp.reqresp.weight", "Weight", at + 4, 1, Show::Dec);
    w.mac("glbp.reqresp.virtualmac", "Virtual MAC", at + 12);
    String::new()
}
