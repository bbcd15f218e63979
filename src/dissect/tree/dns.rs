//! DNS and its relatives (RFC 1035, RFC 6762, RFC 4795, RFC 1002): header, questions, records.

use crate::dissect::Carriage;
use crate::dissect::dns::wire::{self, HEADER, Header, Name};
use crate::model::{LayerWriter, Show};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Records of a message that are shown.
const RECORDS: u32 = 256;

pub(super) fn dns(w: &mut LayerWriter<'_, '_>, carriage: Carriage) {
    let skip = if carriage == Carriage::Tcp { 2 } else { 0 };
    if skip > 0 {
        w.number("dns.length", "Length", 0, 2, Show::Dec);
    }
    message(w, skip, "DNS");
}

pub(super) fn mdns(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    message(w, 0, "MDNS");
}

pub(super) fn llmnr(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    message(w, 0, "LLMNR");
}

pub(super) fn nbns(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    message(w, 0, "NBNS");
}

/// A NetBIOS name (RFC 1001 section 14.1): sixteen bytes in 32 letters, the last of them a kind.
fn netbios(name: &[u8]) -> Option<String> {
    let letters = name.get(..32).filter(|n| n.iter().all(|b| (b'A'..=b'P').contains(b)))?;
    let bytes: Vec<u8> = letters.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, b| sum << 4 | (b - b'A'))).collect();
    let (kind, name) = bytes.split_last()?;
    Some(format!("{}<{kind:02x}>", String::from_utf8_lossy(name).trim_end_matches([' ', '\0'])))
}

/// The usual name of a record type; empty where it has none.
fn kind(number: u64) -> &'static str {
    u16::try_from(number).map_or("", wire::kind_name)
}

/// What a class is called (RFC 1035 section 3.2.4, RFC 2136 section 2.4), as a number like those of tshark.
fn class(number: u64) -> String {
    let name = match number {
        1 => "IN",
        3 => "CH",
        4 => "HS",
        254 => "NONE",
        255 => "ANY",
        _ => "Unknown",
    };
    format!("{name} (0x{number:04x})")
}

fn kind_text(number: u64) -> String {
    match kind(number) {
        "" => format!("Unknown ({number})"),
        name => name.to_owned(),
    }
}

fn opcode(number: u64) -> &'static str {
    match number {
        0 => "Standard query",
        1 => "Inverse query",
        2 => "Server status request",
        4 => "Zone change notification",
        5 => "Dynamic update",
        _ => "",
    }
}

/// The words of a response code in a list.
fn failed(code: u64) -> &'static str {
    match code {
        1 => "Format error",
        2 => "Server failure",
        3 => "No such name",
        4 => "Not implemented",
        5 => "Refused",
        _ => "",
    }
}

/// A message that begins at `base`.
fn message(w: &mut LayerWriter<'_, '_>, base: usize, protocol: &'static str) {
    let message = w.bytes().get(base..).unwrap_or_default();
    let Some(header) = Header::read(message) else { return };
    header_fields(w, base);
    let response = header.is_response();
    let mut info = about(&header, protocol);
    let mut at = HEADER;
    let [questions, answers, authorities, additional] = header.counts.map(u32::from);
    for _ in 0..questions.min(RECORDS) {
        match question(w, message, base, at) {
            Some((said, next)) => {
                info = format!("{info} {said}");
                if protocol == "MDNS" && !response {
                    let unicast = w.word(base + next - 2, 1) & 0x80 != 0;
                    info.push_str(if unicast { ", \"QU\" question" } else { ", \"QM\" question" });
                }
                at = next;
            }
            None => break,
        }
    }
    for n in 0..answers.saturating_add(authorities).saturating_add(additional).min(RECORDS) {
        let Some((said, next)) = record(w, message, base, at) else { break };
        // Wireshark lists what answers, and of the rest what is not a detail of the transport.
        if n < answers || !said.starts_with("OPT") {
            info = format!("{info} {said}");
        } else {
            info = format!("{info} OPT");
        }
        at = next;
    }
    w.summary(info.clone());
    w.say(protocol, info);
}

/// The fields before the questions.
fn header_fields(w: &mut LayerWriter<'_, '_>, base: usize) {
    w.number("dns.id", "Transaction ID", base, 2, Show::Hex);
    w.bits(
        "dns.flags.response",
        "Response",
        base + 2,
        2,
        0x8000,
        Show::Named(|n| if n == 0 { "Message is a query" } else { "Message is a response" }),
    );
    w.bits("dns.flags.opcode", "Opcode", base + 2, 2, 0x7800, Show::Named(opcode));
    w.flags(
        base + 2,
        2,
        &[
            ("dns.flags.authoritative", "Authoritative", 0x0400),
            ("dns.flags.truncated", "Truncated", 0x0200),
            ("dns.flags.recdesired", "Recursion desired", 0x0100),
            ("dns.flags.recavail", "Recursion available", 0x0080),
            ("dns.flags.authenticated", "Answer authenticated", 0x0020),
        ],
    );
    w.bits("dns.flags.rcode", "Reply code", base + 2, 2, 0x000f, Show::Named(|n| if n == 0 { "No error" } else { failed(n) }));
    let counts = [
        ("dns.count.queries", "Questions"),
        ("dns.count.answers", "Answers"),
        ("dns.count.auth_rr", "Authorities"),
        ("dns.count.add_rr", "Additional"),
    ];
    for (n, (name, title)) in counts.into_iter().enumerate() {
        w.number(name, title, base + 4 + 2 * n, 2, Show::Dec);
    }
}

/// What the header says of the message, in a list.
fn about(header: &Header, protocol: &str) -> String {
    let mut info = if protocol == "NBNS" {
        nbns_operation(header.opcode()).to_owned()
    } else if header.opcode() == 0 {
        "Standard query".to_owned()
    } else {
        opcode(header.opcode().into()).to_owned()
    };
    if header.is_response() {
        info.push_str(" response");
    }
    // NetBIOS has no number in Wireshark's list.
    if protocol != "NBNS" {
        info = format!("{info} 0x{:04x}", header.id);
    }
    if header.is_response() && header.rcode() != 0 {
        info = format!("{info} {}", failed(header.rcode().into()));
    }
    info
}

fn nbns_operation(number: u16) -> &'static str {
    match number {
        0 => "Name query",
        5 => "Registration",
        6 => "Release",
        7 => "Wait for acknowledgement",
        8 | 9 => "Refresh",
        _ => "Operation",
    }
}

fn text(name: &Name) -> String {
    if name.bytes().is_empty() {
        return "<Root>".to_owned();
    }
    netbios(name.bytes()).unwrap_or_else(|| String::from_utf8_lossy(name.bytes()).into_owned())
}

/// The question at `at` of the message: what it says, and where what follows it begins.
fn question(w: &mut LayerWriter<'_, '_>, message: &[u8], base: usize, at: usize) -> Option<(String, usize)> {
    let mut name = Name::default();
    let next = name.read(message, at)?;
    let name = text(&name);
    w.value("dns.qry.name", "Question", base + at, next - at, name.clone());
    let kind = w.inside(|w| {
        let kind = w.number("dns.qry.type", "Type", base + next, 2, Show::Named(kind));
        w.bits("dns.qry.class", "Class", base + next + 2, 2, 0x7fff, Show::As(class));
        kind
    });
    Some((format!("{} {name}", kind_text(kind?)), next + 4))
}

/// The record at `at` of the message: what it says, and where what follows it begins.
fn record(w: &mut LayerWriter<'_, '_>, message: &[u8], base: usize, at: usize) -> Option<(String, usize)> {
    let mut name = Name::default();
    let head = name.read(message, at)?;
    w.value("dns.resp.name", "Record", base + at, head - at, text(&name));
    w.inside(|w| {
        let number = w.number("dns.resp.type", "Type", base + head, 2, Show::Named(kind))?;
        if number == 41 {
            w.number("dns.rr.udp_payload_size", "UDP payload size", base + head + 2, 2, Show::Dec);
        } else {
            w.bits("dns.resp.class", "Class", base + head + 2, 2, 0x7fff, Show::As(class));
            w.number("dns.resp.ttl", "Time to live (s)", base + head + 4, 4, Show::Dec);
        }
        let length = w.number("dns.resp.len", "Data length", base + head + 8, 2, Show::Dec)? as usize;
        let data = head + 10;
        let value = data_text(w, message, base, (number, data, length));
        let short = kind_text(number);
        Some((if value.is_empty() { short } else { format!("{short} {value}") }, data + length))
    })
}

/// Writes the data of a record and says what it is.
fn data_text(w: &mut LayerWriter<'_, '_>, message: &[u8], base: usize, (number, at, length): (u64, usize, usize)) -> String {
    let place = base + at;
    let bytes = message.get(at..at + length).unwrap_or_default();
    let named = |skip: usize| {
        let mut name = Name::default();
        name.read(message, at + skip).map_or(String::new(), |_| text(&name))
    };
    match number {
        1 if let Some(address) = bytes.first_chunk::<4>().filter(|_| length == 4) => {
            w.ipv4("dns.a", "Address", place);
            Ipv4Addr::from(*address).to_string()
        }
        28 if let Some(address) = bytes.first_chunk::<16>().filter(|_| length == 16) => {
            w.ipv6("dns.aaaa", "Address", place);
            Ipv6Addr::from(*address).to_string()
        }
        2 | 5 | 12 => {
            let field = match number {
                2 => "dns.ns",
                5 => "dns.cname",
                _ => "dns.ptr.domain_name",
            };
            let name = named(0);
            w.value(field, "Name", place, length, name.clone());
            name
        }
        6 => {
            let name = named(0);
            w.value("dns.soa.mname", "Primary server", place, length, name.clone());
            name
        }
        15 => {
            let preference = w.number("dns.mx.preference", "Preference", place, 2, Show::Dec).unwrap_or(0);
            let name = named(2);
            w.value("dns.mx.mail_exchange", "Mail exchange", place + 2, length.saturating_sub(2), name.clone());
            format!("{preference} {name}")
        }
        16 => {
            let length = length.saturating_sub(1).min(w.word(place, 1) as usize);
            w.text("dns.txt", "Text", place + 1, length);
            String::new()
        }
        33 => {
            let [priority, weight, port] =
                [("dns.srv.priority", "Priority", 0), ("dns.srv.weight", "Weight", 2), ("dns.srv.port", "Port", 4)]
                    .map(|(name, title, skip)| w.number(name, title, place + skip, 2, Show::Dec).unwrap_or(0));
            let name = named(6);
            w.value("dns.srv.target", "Target", place + 6, length.saturating_sub(6), name.clone());
            format!("{priority} {weight} {port} {name}")
        }
        _ => {
            w.raw("dns.data", "Data", place, length);
            String::new()
        }
    }
}
