//! Fields of the network layer: ARP, IPv4, IPv6 with its extension headers.

use super::link::named_type;
use crate::model::{LayerWriter, Show};

/// Words for an IP protocol number (IANA "Protocol Numbers").
pub(super) fn protocol(number: u64) -> &'static str {
    match number {
        0 => "IPv6 Hop-by-Hop Option",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPIP",
        6 => "TCP",
        17 => "UDP",
        33 => "DCCP",
        41 => "IPv6",
        43 => "Routing Header for IPv6",
        44 => "Fragment Header for IPv6",
        46 => "Reservation Protocol",
        47 => "Generic Routing Encapsulation",
        50 => "Encap Security Payload",
        51 => "Authentication Header",
        58 => "ICMPv6",
        59 => "IPv6 no next header",
        60 => "Destination Options for IPv6",
        88 => "EIGRP",
        89 => "OSPF IGP",
        103 => "PIM",
        112 => "VRRP",
        115 => "Layer 2 Tunneling",
        132 => "SCTP",
        136 => "UDP Lite",
        137 => "MPLS-in-IP",
        _ => "",
    }
}

/// ARP and reverse ARP (RFC 826, RFC 903) for Ethernet and IPv4; of others what is the same for all.
pub(super) fn arp(w: &mut LayerWriter<'_, '_>) {
    let operation = |n| match n {
        1 => "request",
        2 => "reply",
        3 => "reverse request",
        4 => "reverse reply",
        8 => "inverse request",
        9 => "inverse reply",
        _ => "",
    };
    w.number("arp.hw.type", "Hardware type", 0, 2, Show::Named(|n| if n == 1 { "Ethernet" } else { "" }));
    w.number("arp.proto.type", "Protocol type", 2, 2, Show::As(named_type));
    let sizes = [w.number("arp.hw.size", "Hardware size", 4, 1, Show::Dec), w.number("arp.proto.size", "Protocol size", 5, 1, Show::Dec)];
    let opcode = w.number("arp.opcode", "Opcode", 6, 2, Show::Named(operation)).unwrap_or(0);
    w.summary(operation(opcode));
    w.say("ARP", operation(opcode));
    if sizes != [Some(6), Some(4)] {
        w.raw("arp.addresses", "Addresses", 8, w.len());
        return;
    }
    let from = w.mac("arp.src.hw_mac", "Sender MAC address", 8);
    let sender = w.ipv4("arp.src.proto_ipv4", "Sender IP address", 14);
    let to = w.mac("arp.dst.hw_mac", "Target MAC address", 18);
    let Some((from, sender, to, target)) = from
        .zip(sender)
        .zip(to)
        .zip(w.ipv4("arp.dst.proto_ipv4", "Target IP address", 24))
        .map(|(((from, sender), to), target)| (from, sender, to, target))
    else {
        return;
    };
    w.say(
        "ARP",
        match opcode {
            1 if sender == target => format!("ARP Announcement for {sender}"),
            1 if sender.is_unspecified() => format!("Who has {target}? (ARP Probe)"),
            1 => format!("Who has {target}? Tell {sender}"),
            2 if sender == target => format!("Gratuitous ARP for {sender} (Reply)"),
            2 => format!("{sender} is at {from}"),
            3 => format!("Who is {to}? Tell {from}"),
            4 => format!("{to} is at {target}"),
            _ => operation(opcode).to_owned(),
        },
    );
}

/// DSCP and ECN of a traffic class.
fn class(w: &mut LayerWriter<'_, '_>, names: [&'static str; 2], at: usize, length: usize, shift: u32) {
    let dscp = |n: u64| match n {
        0 => "CS0 (0)".to_owned(),
        46 => "EF PHB (46)".to_owned(),
        n if n.is_multiple_of(8) => format!("CS{} ({n})", n / 8),
        n if n % 2 == 0 && (1..=4).contains(&(n >> 3)) => format!("AF{}{} ({n})", n >> 3, (n >> 1) & 3),
        n => n.to_string(),
    };
    let ecn = |n| match n {
        0 => "Not ECN-Capable Transport",
        1 => "ECT(1)",
        2 => "ECT(0)",
        _ => "Congestion Experienced",
    };
    let [first, second] = names;
    w.bits(first, "DSCP", at, length, 0xfc << shift, Show::As(dscp));
    w.bits(second, "ECN", at, length, 0x03 << shift, Show::Named(ecn));
}

/// IPv4 (RFC 791).
pub(super) fn ipv4(w: &mut LayerWriter<'_, '_>) {
    w.bits("ip.version", "Version", 0, 1, 0xf0, Show::Dec);
    let length = w.bits("ip.hdr_len", "Header length", 0, 1, 0x0f, Show::As(|n| format!("{} bytes ({n})", n * 4))).unwrap_or(5);
    class(w, ["ip.dsfield.dscp", "ip.dsfield.ecn"], 1, 1, 0);
    w.number("ip.len", "Total length", 2, 2, Show::Dec);
    let id = w.number("ip.id", "Identification", 4, 2, Show::Hex).unwrap_or(0);
    w.flags(6, 2, &[("ip.flags.rb", "Reserved bit", 0x8000), ("ip.flags.df", "Don't fragment", 0x4000)]);
    let more = w.bits("ip.flags.mf", "More fragments", 6, 2, 0x2000, Show::Flag).unwrap_or(0);
    let offset = w.bits("ip.frag_offset", "Fragment offset", 6, 2, 0x1fff, Show::As(|n| (n * 8).to_string())).unwrap_or(0);
    w.number("ip.ttl", "Time to live", 8, 1, Show::Dec);
    let carried = w.number("ip.proto", "Protocol", 9, 1, Show::Named(protocol)).unwrap_or(0);
    w.number("ip.checksum", "Header checksum", 10, 2, Show::Hex);
    let from = w.ipv4("ip.src", "Source address", 12);
    let to = w.ipv4("ip.dst", "Destination address", 16);
    options(w, 20, (length as usize).saturating_mul(4));
    if let (Some(from), Some(to)) = (from, to) {
        w.summary(format!("Src: {from}, Dst: {to}"));
        w.between(from, to);
    }
    let name = protocol(carried);
    let info = if offset > 0 || more > 0 {
        format!("Fragmented IP protocol (proto={name} {carried}, off={}, ID={id:04x})", offset * 8)
    } else {
        format!("{name} ({carried})")
    };
    w.say("IPv4", info);
}

fn options(w: &mut LayerWriter<'_, '_>, mut at: usize, end: usize) {
    let name = |kind| match kind {
        7 => "Record Route",
        68 => "Time Stamp",
        131 => "Loose Source Route",
        137 => "Strict Source Route",
        148 => "Router Alert",
        _ => "Option",
    };
    while at < end.min(w.len()) {
        let kind = w.word(at, 1);
        let length = if kind < 2 { 1 } else { (w.word(at + 1, 1) as usize).max(2) };
        match kind {
            0 => w.value("ip.opt.type", "End of Options List", at, 1, "0"),
            1 => w.value("ip.opt.type", "No-Operation", at, 1, "1"),
            _ => w.raw("ip.opt.type", name(kind), at, length),
        }
        at += length;
    }
}

/// IPv6 (RFC 8200) and the extension headers behind it.
pub(super) fn ipv6(w: &mut LayerWriter<'_, '_>) {
    w.bits("ipv6.version", "Version", 0, 4, 0xf000_0000, Show::Dec);
    class(w, ["ipv6.tclass.dscp", "ipv6.tclass.ecn"], 0, 4, 20);
    w.bits("ipv6.flow", "Flow label", 0, 4, 0x000f_ffff, Show::Hex);
    w.number("ipv6.plen", "Payload length", 4, 2, Show::Dec);
    let mut next = w.number("ipv6.nxt", "Next header", 6, 1, Show::Named(protocol)).unwrap_or(59);
    w.number("ipv6.hlim", "Hop limit", 7, 1, Show::Dec);
    let from = w.ipv6("ipv6.src", "Source address", 8);
    let to = w.ipv6("ipv6.dst", "Destination address", 24);
    if let (Some(from), Some(to)) = (from, to) {
        w.summary(format!("Src: {from}, Dst: {to}"));
        w.between(from, to);
    }
    let mut info = None;
    let mut at = 40;
    while at < w.len() {
        let length = match next {
            0 | 43 | 60 | 135 | 139 | 140 => (w.word(at + 1, 1) as usize + 1) * 8,
            44 => 8,
            _ => break,
        };
        w.value("ipv6.ext", protocol(next), at, length, format!("{} bytes", length.min(w.len() - at)));
        let kind = std::mem::replace(&mut next, w.word(at, 1));
        w.inside(|w| {
            w.number("ipv6.ext.nxt", "Next header", at, 1, Show::Named(protocol));
            if kind == 44 {
                info = fragment(w, at, next);
            }
        });
        at += length;
    }
    w.say("IPv6", info.unwrap_or_else(|| format!("{} ({next})", protocol(next))));
}

/// A fragment header (RFC 8200 section 4.5).
fn fragment(w: &mut LayerWriter<'_, '_>, at: usize, next: u64) -> Option<String> {
    let offset = w.bits("ipv6.fraghdr.offset", "Offset", at + 2, 2, 0xfff8, Show::As(|n| (n * 8).to_string()))?;
    let more = w.bits("ipv6.fraghdr.more", "More fragments", at + 2, 2, 0x0001, Show::Flag)?;
    let id = w.number("ipv6.fraghdr.ident", "Identification", at + 4, 4, Show::Hex)?;
    (offset > 0 || more > 0)
        .then(|| format!("IPv6 fragment (off={} more={} ident=0x{id:08x} nxt={next})", offset * 8, if more > 0 { "y" } else { "n" }))
}
