//! Fields of ICMP (RFC 792), ICMPv6 (RFC 4443, RFC 4861) and IGMP (RFC 2236, RFC 3376).

use super::net::{self, protocol};
use super::transport;
use crate::model::{LayerWriter, Show};

fn icmp_type(kind: u64) -> &'static str {
    match kind {
        0 => "Echo (ping) reply",
        3 => "Destination unreachable",
        4 => "Source quench",
        5 => "Redirect",
        8 => "Echo (ping) request",
        9 => "Router advertisement",
        10 => "Router solicitation",
        11 => "Time-to-live exceeded",
        12 => "Parameter problem",
        13 => "Timestamp request",
        14 => "Timestamp reply",
        _ => "",
    }
}

/// What a code adds to a type.
fn icmp_code(kind: u64, code: u64) -> &'static str {
    match (kind, code) {
        (3, 0) => "Network unreachable",
        (3, 1) => "Host unreachable",
        (3, 2) => "Protocol unreachable",
        (3, 3) => "Port unreachable",
        (3, 4) => "Fragmentation needed",
        (3, 5) => "Source route failed",
        (3, 6) => "Destination network unknown",
        (3, 7) => "Destination host unknown",
        (3, 9) => "Network administratively prohibited",
        (3, 10) => "Host administratively prohibited",
        (3, 13) => "Communication administratively filtered",
        (5, 0) => "Redirect for network",
        (5, 1) => "Redirect for host",
        (11, 0) => "Time to live exceeded in transit",
        (11, 1) => "Fragment reassembly time exceeded",
        _ => "",
    }
}

fn titled(name: &str, kind: u64) -> String {
    if name.is_empty() { format!("Type {kind}") } else { name.to_owned() }
}

pub(super) fn icmp(w: &mut LayerWriter<'_, '_>) {
    let kind = w.number("icmp.type", "Type", 0, 1, Show::Named(icmp_type)).unwrap_or(0);
    let code = w.number("icmp.code", "Code", 1, 1, Show::Dec).unwrap_or(0);
    w.number("icmp.checksum", "Checksum", 2, 2, Show::Hex);
    let mut info = titled(icmp_type(kind), kind);
    w.summary(info.clone());
    let reason = icmp_code(kind, code);
    if !reason.is_empty() {
        info = format!("{info} ({reason})");
    }
    w.say("ICMP", info);
}

/// What lies behind an ICMP header of four bytes: echo numbers, or a packet that is quoted.
pub(super) fn icmp_body(w: &mut LayerWriter<'_, '_>, kind: u64, ttl: u64, six: bool) {
    let echo = if six { matches!(kind, 128 | 129) } else { matches!(kind, 0 | 8) };
    if echo {
        let names = if six { ["icmpv6.echo.identifier", "icmpv6.echo.sequence_number"] } else { ["icmp.ident", "icmp.seq"] };
        let id = w.number(names[0], "Identifier", 0, 2, if six { Show::Hex } else { Show::Dec }).unwrap_or(0);
        let sequence = w.number(names[1], "Sequence number", 2, 2, Show::Dec).unwrap_or(0);
        w.raw("data.data", "Data", 4, w.len());
        w.summary(format!("id 0x{id:04x}, seq {sequence}"));
        if six {
            let name = if kind == 128 { "request" } else { "reply" };
            w.say("ICMPv6", format!("Echo (ping) {name} id=0x{id:04x}, seq={sequence}, hop limit={ttl}"));
        } else {
            let swapped = (sequence as u16).swap_bytes();
            // Two blanks behind the shorter word keep Wireshark's columns.
            let name = if kind == 8 { "request " } else { "reply   " };
            w.say("ICMP", format!("Echo (ping) {name} id=0x{id:04x}, seq={sequence}/{swapped}, ttl={ttl}"));
        }
        return;
    }
    if six && neighbours(w, kind) {
        return;
    }
    if !six && kind == 5 {
        w.ipv4("icmp.redir_gw", "Gateway", 0);
    } else if !six && kind == 3 {
        w.number("icmp.mtu", "MTU of the next hop", 2, 2, Show::Dec);
    } else if six && kind == 2 {
        w.number("icmpv6.mtu", "MTU", 0, 4, Show::Dec);
    }
    let quotes = if six { matches!(kind, 1..=4) } else { matches!(kind, 3 | 4 | 5 | 11 | 12) };
    if quotes {
        quoted(w, 4, if six { "icmpv6.quote" } else { "icmp.quote" });
    } else {
        w.raw("data.data", "Data", 0, w.len());
    }
}

/// The packet an error is about: what is there of its headers.
fn quoted(w: &mut LayerWriter<'_, '_>, at: usize, name: &'static str) {
    let (header, carried, six) = match w.word(at, 1) >> 4 {
        4 => ((w.word(at, 1) & 15) as usize * 4, w.word(at + 9, 1), false),
        6 => (40, w.word(at + 6, 1), true),
        _ => return,
    };
    w.value(name, "Quoted packet", at, w.len(), protocol(carried));
    w.quote(at, if six { net::ipv6 } else { net::ipv4 });
    match carried {
        6 => w.quote(at + header, transport::tcp),
        17 => w.quote(at + header, transport::udp),
        1 => w.quote(at + header, icmp),
        58 => w.quote(at + header, icmpv6),
        _ => {}
    }
}

fn icmpv6_type(kind: u64) -> &'static str {
    match kind {
        1 => "Destination Unreachable",
        2 => "Packet Too Big",
        3 => "Time Exceeded",
        4 => "Parameter Problem",
        128 => "Echo (ping) request",
        129 => "Echo (ping) reply",
        130 => "Multicast Listener Query",
        131 => "Multicast Listener Report",
        132 => "Multicast Listener Done",
        133 => "Router Solicitation",
        134 => "Router Advertisement",
        135 => "Neighbor Solicitation",
        136 => "Neighbor Advertisement",
        137 => "Redirect",
        143 => "Multicast Listener Report Message v2",
        _ => "",
    }
}

pub(super) fn icmpv6(w: &mut LayerWriter<'_, '_>) {
    let kind = w.number("icmpv6.type", "Type", 0, 1, Show::Named(icmpv6_type)).unwrap_or(0);
    let code = w.number("icmpv6.code", "Code", 1, 1, Show::Dec).unwrap_or(0);
    w.number("icmpv6.checksum", "Checksum", 2, 2, Show::Hex);
    let reason = match (kind, code) {
        (1, 0) => "no route to destination",
        (1, 1) => "Administratively prohibited",
        (1, 3) => "Address unreachable",
        (1, 4) => "Port unreachable",
        (3, 0) => "hop limit exceeded in transit",
        (3, 1) => "fragment reassembly time exceeded",
        _ => "",
    };
    let name = titled(icmpv6_type(kind), kind);
    w.summary(name.clone());
    w.say("ICMPv6", if reason.is_empty() { name } else { format!("{name} ({reason})") });
}

/// Neighbour and listener discovery; false when it is something else.
fn neighbours(w: &mut LayerWriter<'_, '_>, kind: u64) -> bool {
    let name = icmpv6_type(kind);
    match kind {
        130..=132 | 143 => listeners(w, kind),
        133 => nd_options(w, 4, name.to_owned(), "from"),
        134 => {
            w.number("icmpv6.nd.ra.cur_hop_limit", "Hop limit", 0, 1, Show::Dec);
            w.flags(1, 1, &[("icmpv6.nd.ra.flag.m", "Managed addresses", 0x80), ("icmpv6.nd.ra.flag.o", "Other configuration", 0x40)]);
            w.number("icmpv6.nd.ra.router_lifetime", "Router lifetime (s)", 2, 2, Show::Dec);
            w.number("icmpv6.nd.ra.reachable_time", "Reachable time (ms)", 4, 4, Show::Dec);
            w.number("icmpv6.nd.ra.retrans_timer", "Retransmission timer (ms)", 8, 4, Show::Dec);
            nd_options(w, 12, name.to_owned(), "from");
        }
        135 => {
            let target = w.ipv6("icmpv6.nd.ns.target_address", "Target address", 4);
            nd_options(w, 20, target.map_or(String::new(), |t| format!("{name} for {t}")), "from");
        }
        136 => {
            let bits = w.word(0, 1);
            let all = [
                ("icmpv6.nd.na.flag.r", "Router", 0x80),
                ("icmpv6.nd.na.flag.s", "Solicited", 0x40),
                ("icmpv6.nd.na.flag.o", "Override", 0x20),
            ];
            w.flags(0, 1, &all);
            let target = w.ipv6("icmpv6.nd.na.target_address", "Target address", 4);
            let set: Vec<&str> = [("rtr", 0x80), ("sol", 0x40), ("ovr", 0x20)].iter().filter(|f| bits & f.1 != 0).map(|f| f.0).collect();
            let info = target.map_or(String::new(), |t| format!("{name} {t} ({})", set.join(", ")));
            nd_options(w, 20, info, "is at");
        }
        _ => return false,
    }
    true
}

fn nd_options(w: &mut LayerWriter<'_, '_>, mut at: usize, mut info: String, word: &str) {
    while let (Some(kind), Some(length)) = (w.peek(at, 1), w.peek(at + 1, 1)) {
        match kind {
            1 | 2 => {
                let title = if kind == 1 { "Source link-layer address" } else { "Target link-layer address" };
                if let Some(mac) = w.mac("icmpv6.opt.linkaddr", title, at + 2) {
                    info = format!("{info} {word} {mac}");
                }
            }
            3 => {
                w.number("icmpv6.opt.prefix.length", "Prefix length", at + 2, 1, Show::Dec);
                w.ipv6("icmpv6.opt.prefix", "Prefix", at + 16);
            }
            5 => {
                w.number("icmpv6.opt.mtu", "MTU", at + 4, 4, Show::Dec);
            }
            // RFC 3971 section 5.3.2; two bytes are its type and its length.
            14 => w.raw("icmpv6.opt.nonce", "Nonce".to_owned(), at + 2, (length as usize * 8).saturating_sub(2)),
            _ => w.raw("icmpv6.opt", format!("Option {kind}"), at, length as usize * 8),
        }
        at += (length as usize * 8).max(8);
    }
    if !info.is_empty() {
        w.say("ICMPv6", info);
    }
}

/// Multicast listener discovery (RFC 2710, RFC 3810), behind type, code and checksum.
fn listeners(w: &mut LayerWriter<'_, '_>, kind: u64) {
    if kind == 143 {
        return listener_records(w);
    }
    w.number("icmpv6.mld.maximum_response_code", "Maximum response code", 0, 2, Show::Dec);
    let group = w.ipv6("icmpv6.mld.multicast_address", "Multicast address", 4);
    if kind == 130 && w.len() >= 24 {
        w.bits("icmpv6.mld.flag.s", "Suppress router's processing", 20, 1, 0x08, Show::Flag);
        w.bits("icmpv6.mld.flag.qrv", "Robustness", 20, 1, 0x07, Show::Dec);
        w.number("icmpv6.mld.qqi", "Query interval code", 21, 1, Show::Dec);
        let sources = w.number("icmpv6.mld.nb_sources", "Number of sources", 22, 2, Show::Dec).unwrap_or(0);
        for n in 0..sources as usize {
            if w.ipv6("icmpv6.mld.source_address", "Source address", 24 + 16 * n).is_none() {
                break;
            }
        }
    }
    let name = icmpv6_type(kind);
    let about = group.filter(|group| !group.is_unspecified()).map_or(String::new(), |group| format!(" for {group}"));
    w.say("ICMPv6", format!("{name}{about}"));
}

fn listener_records(w: &mut LayerWriter<'_, '_>) {
    let count = w.number("icmpv6.mldr.nb_mcast_records", "Group records", 2, 2, Show::Dec).unwrap_or(0);
    let (mut groups, mut at) = (Vec::new(), 4);
    for _ in 0..count {
        w.number("icmpv6.mldr.mar.record_type", "Record type", at, 1, Show::Named(record_type));
        let Some(group) = w.ipv6("icmpv6.mldr.mar.multicast_address", "Multicast address", at + 4) else { break };
        groups.push(group.to_string());
        at += 20 + w.word(at + 2, 2) as usize * 16 + w.word(at + 1, 1) as usize * 4;
    }
    let about = if groups.is_empty() { String::new() } else { format!(" / {}", groups.join(", ")) };
    w.say("ICMPv6", format!("{}{about}", icmpv6_type(143)));
}

/// Words for what a record of a report says (RFC 3376 section 4.2.12, RFC 3810 section 5.2.12).
fn record_type(number: u64) -> &'static str {
    match number {
        1 => "Mode is include",
        2 => "Mode is exclude",
        3 => "Change to include",
        4 => "Change to exclude",
        5 => "Allow new sources",
        6 => "Block old sources",
        _ => "",
    }
}

pub(super) fn igmp(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        0x11 => "Membership Query",
        0x12 => "Membership Report v1",
        0x16 => "Membership Report v2",
        0x17 => "Leave Group",
        0x22 => "Membership Report v3",
        _ => "",
    };
    let kind = w.number("igmp.type", "Type", 0, 1, Show::Named(name)).unwrap_or(0);
    w.number("igmp.max_resp", "Max response time (0.1 s)", 1, 1, Show::Dec);
    w.number("igmp.checksum", "Checksum", 2, 2, Show::Hex);
    let mut info = titled(name(kind), kind);
    let version = match kind {
        0x12 => 1,
        0x22 => 3,
        0x11 if w.len() >= 12 => 3,
        _ => 2,
    };
    if kind == 0x22 {
        let mut at = 8;
        for _ in 0..w.number("igmp.num_grp_recs", "Group records", 6, 2, Show::Dec).unwrap_or(0) {
            w.number("igmp.record_type", "Record type", at, 1, Show::Named(record_type));
            let Some(group) = w.ipv4("igmp.maddr", "Multicast address", at + 4) else { break };
            info = format!("{info} / group {group}");
            at += 8 + w.word(at + 2, 2) as usize * 4 + w.word(at + 1, 1) as usize * 4;
        }
    } else if let Some(group) = w.ipv4("igmp.maddr", "Multicast address", 4) {
        match (kind, group.is_unspecified()) {
            (0x11, true) => info.push_str(", general"),
            (0x11, false) => info = format!("{info}, specific for group {group}"),
            (0x17, _) => info = format!("{info} {group}"),
            _ => info = format!("{info} / group {group}"),
        }
        if version == 3 {
            w.bits("igmp.s", "Suppress router's processing", 8, 1, 0x08, Show::Flag);
            w.bits("igmp.qrv", "Robustness", 8, 1, 0x07, Show::Dec);
            w.number("igmp.qqic", "Query interval code", 9, 1, Show::Dec);
            let sources = w.number("igmp.num_src", "Number of sources", 10, 2, Show::Dec).unwrap_or(0);
            for n in 0..sources as usize {
                if w.ipv4("igmp.saddr", "Source address", 12 + 4 * n).is_none() {
                    break;
                }
            }
        }
    }
    w.summary(info.clone());
    w.say(format!("IGMPv{version}"), info);
}
