//! Fields of the link layer: Ethernet, tags, LLC, Linux cooked captures, PPP, MPLS, 802.11.

use crate::model::{LayerWriter, Show};

/// Words for an EtherType.
pub(super) fn ether_type(number: u64) -> &'static str {
    match number {
        0x0800 => "IPv4",
        0x0806 => "ARP",
        0x8035 => "RARP",
        0x8100 => "802.1Q Virtual LAN",
        0x8137 => "IPX",
        0x86dd => "IPv6",
        0x8808 => "MAC Control",
        0x8809 => "Slow Protocols",
        0x8847 => "MPLS label switched packet",
        0x8848 => "MPLS multicast",
        0x8863 => "PPPoE Discovery",
        0x8864 => "PPPoE Session",
        0x888e => "802.1X Authentication",
        0x8892 => "PROFINET",
        0x88a8 => "802.1ad Provider Bridge (Q-in-Q)",
        0x88be => "ERSPAN",
        0x88cc => "802.1 Link Layer Discovery Protocol (LLDP)",
        0x88e5 => "802.1AE (MACsec)",
        0x88f7 => "PTPv2 over Ethernet (IEEE1588)",
        0x8906 => "Fibre Channel over Ethernet",
        0x22eb => "ERSPAN type III",
        0x6558 => "Transparent Ethernet bridging",
        0x9000 => "Configuration Test Protocol (loopback)",
        _ => "",
    }
}

/// An EtherType as it is shown.
pub(super) fn named_type(number: u64) -> String {
    match ether_type(number) {
        "" => format!("0x{number:04x}"),
        name => format!("{name} (0x{number:04x})"),
    }
}

/// An EtherType, or below 0x0600 a length.
fn type_or_length(w: &mut LayerWriter<'_, '_>, at: usize, names: [&'static str; 2]) {
    let [name, length] = names;
    match w.peek(at, 2) {
        Some(1..0x0600) => w.number(length, "Length", at, 2, Show::Dec),
        _ => w.number(name, "Type", at, 2, Show::As(named_type)),
    };
}

/// An address and its two bits that say what it is (IEEE 802 clause 8.2).
fn address(w: &mut LayerWriter<'_, '_>, name: &'static str, title: &'static str, at: usize) -> String {
    let Some(mac) = w.mac(name, title, at) else { return String::new() };
    w.inside(|w| {
        w.bits("eth.lg", "Locally administered", at, 3, 0x02_0000, Show::Flag);
        w.bits("eth.ig", "Group address", at, 3, 0x01_0000, Show::Flag);
    });
    mac.to_string()
}

pub(super) fn ethernet(w: &mut LayerWriter<'_, '_>) {
    let to = address(w, "eth.dst", "Destination", 0);
    let from = address(w, "eth.src", "Source", 6);
    type_or_length(w, 12, ["eth.type", "eth.len"]);
    w.summary(format!("Src: {from}, Dst: {to}"));
    w.between(&from, if to == "ff:ff:ff:ff:ff:ff" { "Broadcast" } else { &to });
    let kind = w.word(12, 2);
    w.say(if kind >= 0x0600 { format!("0x{kind:04x}") } else { "802.3".to_owned() }, format!("Ethernet, {}", named_type(kind)));
}

/// An 802.1Q or 802.1ad tag (clause 9.6).
pub(super) fn vlan(w: &mut LayerWriter<'_, '_>) {
    let priority = |n: u64| {
        let names = ["Best Effort (default)", "Background", "Excellent Effort", "Critical Applications"];
        let more = ["Video, < 100ms latency and jitter", "Voice, < 10ms latency and jitter", "Internetwork Control", "Network Control"];
        let name = names.iter().chain(&more).nth(n as usize).copied().unwrap_or("");
        format!("{name} ({n})")
    };
    let pcp = w.bits("vlan.priority", "Priority", 0, 2, 0xe000, Show::As(priority)).unwrap_or(0);
    let dei = w.bits("vlan.dei", "Drop eligible", 0, 2, 0x1000, Show::Flag).unwrap_or(0);
    let id = w.bits("vlan.id", "ID", 0, 2, 0x0fff, Show::Dec).unwrap_or(0);
    type_or_length(w, 2, ["vlan.etype", "vlan.len"]);
    w.summary(format!("PRI: {pcp}, DEI: {dei}, ID: {id}"));
    w.say("VLAN", format!("PRI: {pcp}  DEI: {dei}  ID: {id}"));
}

/// LLC (IEEE 802.2) and SNAP (IEEE 802 clause 9.2).
pub(super) fn llc(w: &mut LayerWriter<'_, '_>) {
    let sap = |n| match n & 0xfe {
        0xaa => "SNAP",
        0x42 => "Spanning Tree BPDU",
        0xe0 => "NetWare",
        0xf0 => "NetBIOS",
        0xfe => "ISO Network Layer",
        0x06 => "TCP/IP",
        0x00 => "NULL LSAP",
        _ => "",
    };
    let to = w.number("llc.dsap", "DSAP", 0, 1, Show::Named(sap)).unwrap_or(0);
    w.number("llc.ssap", "SSAP", 1, 1, Show::Named(sap));
    let control = w.word(2, 1);
    let length = if control & 3 == 3 { 1 } else { 2 };
    w.number("llc.control", "Control", 2, length, Show::Hex);
    if to == 0xaa {
        let oui = |n: u64| format!("{:02x}:{:02x}:{:02x}", n >> 16 & 255, n >> 8 & 255, n & 255);
        w.number("llc.oui", "Organization code", 2 + length, 3, Show::As(oui));
        w.number("llc.type", "Protocol", 5 + length, 2, Show::As(named_type));
    }
    w.summary(format!("DSAP 0x{to:02x}"));
    w.say("LLC", format!("DSAP 0x{to:02x}, control 0x{control:02x}"));
}

/// Linux cooked captures, version 1 (16 bytes) and 2 (20).
pub(super) fn cooked(w: &mut LayerWriter<'_, '_>) {
    let kind = |n| match n {
        0 => "Unicast to us",
        1 => "Broadcast",
        2 => "Multicast",
        3 => "Unicast to another host",
        4 => "Sent by us",
        _ => "",
    };
    if w.len() == 20 {
        w.number("sll.etype", "Protocol", 0, 2, Show::As(named_type));
        w.number("sll.ifindex", "Interface index", 4, 4, Show::Dec);
        w.number("sll.hatype", "Link-layer address type", 8, 2, Show::Dec);
        w.number("sll.pkttype", "Packet type", 10, 1, Show::Named(kind));
        w.number("sll.halen", "Link-layer address length", 11, 1, Show::Dec);
        w.raw("sll.src.other", "Source", 12, 8);
    } else {
        w.number("sll.pkttype", "Packet type", 0, 2, Show::Named(kind));
        w.number("sll.hatype", "Link-layer address type", 2, 2, Show::Dec);
        w.number("sll.halen", "Link-layer address length", 4, 2, Show::Dec);
        if w.word(4, 2) == 6 {
            w.mac("sll.src.eth", "Source", 6);
        } else {
            w.raw("sll.src.other", "Source", 6, 8);
        }
        w.number("sll.etype", "Protocol", 14, 2, Show::As(named_type));
    }
}

pub(super) fn null(w: &mut LayerWriter<'_, '_>) {
    // In the byte order of the host that captured.
    let family = w.word(0, 4) as u32;
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    w.known("null.family", "Family", 0, 4, family.to_string(), family.into());
    w.summary(format!("family {family}"));
}

pub(super) fn ppp(w: &mut LayerWriter<'_, '_>) {
    let mut at = 0;
    if w.word(0, 2) == 0xff03 {
        w.number("ppp.address", "Address", 0, 1, Show::Hex);
        w.number("ppp.control", "Control", 1, 1, Show::Hex);
        at = 2;
    }
    // One byte when it is compressed.
    let length = if w.word(at, 1) & 1 == 1 { 1 } else { 2 };
    w.number("ppp.protocol", "Protocol", at, length, Show::Hex);
}

pub(super) fn pppoe(w: &mut LayerWriter<'_, '_>) {
    let code = |n| match n {
        0 => "Session Data",
        0x07 => "Active Discovery Offer (PADO)",
        0x09 => "Active Discovery Initiation (PADI)",
        0x19 => "Active Discovery Request (PADR)",
        0x65 => "Active Discovery Session-confirmation (PADS)",
        0xa7 => "Active Discovery Terminate (PADT)",
        _ => "",
    };
    w.bits("pppoe.version", "Version", 0, 1, 0xf0, Show::Dec);
    w.bits("pppoe.type", "Type", 0, 1, 0x0f, Show::Dec);
    let found = w.number("pppoe.code", "Code", 1, 1, Show::Named(code)).unwrap_or(0);
    let session = w.number("pppoe.session_id", "Session ID", 2, 2, Show::Hex).unwrap_or(0);
    w.number("pppoe.payload_length", "Payload length", 4, 2, Show::Dec);
    w.summary(format!("session 0x{session:04x}"));
    if found != 0 {
        w.say("PPPoED", code(found));
        let mut at = 6;
        while let (Some(kind), Some(length)) = (w.peek(at, 2), w.peek(at + 2, 2)) {
            w.text("pppoed.tag", format!("Tag 0x{kind:04x}"), at + 4, length as usize);
            at += 4 + length as usize;
        }
    }
}

pub(super) fn mpls(w: &mut LayerWriter<'_, '_>) {
    let label = w.bits("mpls.label", "Label", 0, 4, 0xffff_f000, Show::Dec).unwrap_or(0);
    let class = w.bits("mpls.exp", "Traffic class", 0, 4, 0x0e00, Show::Dec).unwrap_or(0);
    let bottom = w.bits("mpls.bottom", "Bottom of stack", 0, 4, 0x0100, Show::Dec).unwrap_or(0);
    let ttl = w.bits("mpls.ttl", "TTL", 0, 4, 0x00ff, Show::Dec).unwrap_or(0);
    w.summary(format!("Label: {label}, Exp: {class}, S: {bottom}, TTL: {ttl}"));
}

/// The part of an 802.11 header that most frames have (clause 9.2.3).
pub(super) fn wlan(w: &mut LayerWriter<'_, '_>) {
    let kind = |n| match n {
        0 => "Management frame",
        1 => "Control frame",
        2 => "Data frame",
        _ => "Extension frame",
    };
    let found = w.bits("wlan.fc.type", "Type", 0, 1, 0x0c, Show::Named(kind)).unwrap_or(0);
    let subtype = w.bits("wlan.fc.subtype", "Subtype", 0, 1, 0xf0, Show::Dec).unwrap_or(0);
    w.flags(
        1,
        1,
        &[
            ("wlan.fc.tods", "To DS", 0x01),
            ("wlan.fc.fromds", "From DS", 0x02),
            ("wlan.fc.frag", "More fragments", 0x04),
            ("wlan.fc.retry", "Retry", 0x08),
            ("wlan.fc.pwrmgt", "Power management", 0x10),
            ("wlan.fc.moredata", "More data", 0x20),
            ("wlan.fc.protected", "Protected", 0x40),
            ("wlan.fc.order", "Order", 0x80),
        ],
    );
    let to = w.mac("wlan.ra", "Receiver address", 4).map(|m| m.to_string()).unwrap_or_default();
    let from = w.mac("wlan.ta", "Transmitter address", 10).map(|m| m.to_string()).unwrap_or_default();
    w.mac("wlan.addr3", "Third address", 16);
    if let Some(sequence) = w.peek(22, 2) {
        let sequence = (sequence as u16).swap_bytes();
        w.known("wlan.seq", "Sequence number", 22, 2, (sequence >> 4).to_string(), u64::from(sequence >> 4));
    }
    w.between(from, to);
    w.say("802.11", format!("{}, subtype {subtype}", kind(found)));
}
