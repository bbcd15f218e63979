//! Fields of TCP (RFC 9293), UDP (RFC 768), UDP-Lite (RFC 3828) and SCTP (RFC 9260).

use crate::model::{LayerWriter, Show};
use std::fmt::Write as _;

/// From one port to another, as Wireshark writes it.
fn ports(source: u64, destination: u64) -> String {
    format!("{source} → {destination}")
}

/// The flag bits from the highest, as Wireshark lists them in its column: by their order in the header from the lowest.
const FLAGS: [(&str, &str, &str, u64); 9] = [
    ("tcp.flags.fin", "FIN", "FIN", 0x001),
    ("tcp.flags.syn", "SYN", "SYN", 0x002),
    ("tcp.flags.reset", "RST", "RST", 0x004),
    ("tcp.flags.push", "PSH", "PSH", 0x008),
    ("tcp.flags.ack", "ACK", "ACK", 0x010),
    ("tcp.flags.urg", "URG", "URG", 0x020),
    ("tcp.flags.ece", "ECE", "ECE", 0x040),
    ("tcp.flags.cwr", "CWR", "CWR", 0x080),
    ("tcp.flags.ae", "Accurate ECN", "AE", 0x100),
];

/// Names of the set flags.
fn flags(bits: u64) -> String {
    let set: Vec<&str> = FLAGS.iter().filter(|f| bits & f.3 != 0).map(|f| f.2).collect();
    if set.is_empty() { "<None>".to_owned() } else { set.join(", ") }
}

pub(super) fn tcp(w: &mut LayerWriter<'_, '_>) {
    let source = w.number("tcp.srcport", "Source port", 0, 2, Show::Dec).unwrap_or(0);
    let destination = w.number("tcp.dstport", "Destination port", 2, 2, Show::Dec).unwrap_or(0);
    let sequence = w.number("tcp.seq_raw", "Sequence number (raw)", 4, 4, Show::Dec);
    let acknowledged = w.number("tcp.ack_raw", "Acknowledgement number (raw)", 8, 4, Show::Dec).unwrap_or(0);
    w.bits("tcp.hdr_len", "Header length", 12, 1, 0xf0, Show::As(|n| format!("{} bytes ({n})", n * 4)));
    let bits = w.bits("tcp.flags", "Flags", 12, 2, 0x0fff, Show::As(|n| format!("0x{n:03x} ({})", flags(n)))).unwrap_or(0);
    w.inside(|w| {
        for &(name, title, _, mask) in FLAGS.iter().rev() {
            w.bits(name, title, 12, 2, mask, Show::Flag);
        }
    });
    let window = w.number("tcp.window_size_value", "Window", 14, 2, Show::Dec).unwrap_or(0);
    w.number("tcp.checksum", "Checksum", 16, 2, Show::Hex);
    w.number("tcp.urgent_pointer", "Urgent pointer", 18, 2, Show::Dec);
    let said = options(w);
    w.summary(format!("Src port: {source}, Dst port: {destination}, Seq: {}, Ack: {acknowledged}", sequence.unwrap_or(0)));
    let mut info = ports(source, destination);
    if let Some(sequence) = sequence {
        let _ = write!(info, " [{}] Seq={sequence}", flags(bits));
        if bits & 0x10 != 0 {
            let _ = write!(info, " Ack={acknowledged}");
        }
        let _ = write!(info, " Win={window} Len=…{said}");
    }
    w.say("TCP", info);
}

/// Writes the options and says in Wireshark's words what they hold.
fn options(w: &mut LayerWriter<'_, '_>) -> String {
    let mut said = String::new();
    let end = (w.word(12, 1) >> 4) as usize * 4;
    let mut at = 20;
    while at < end.min(w.len()) {
        let kind = w.word(at, 1);
        let length = if kind < 2 { 1 } else { (w.word(at + 1, 1) as usize).max(2) };
        match (kind, length) {
            (0, _) => w.value("tcp.options.eol", "End of option list", at, 1, ""),
            (1, _) => w.value("tcp.options.nop", "No-operation", at, 1, ""),
            (2, 4) => {
                let size = w.number("tcp.options.mss_val", "Maximum segment size", at + 2, 2, Show::Dec);
                let _ = size.map(|n| write!(said, " MSS={n}"));
            }
            (3, 3) => {
                let shift = w.number(
                    "tcp.options.wscale.shift",
                    "Window scale",
                    at + 2,
                    1,
                    Show::As(|n| format!("{n} (multiply by {})", 1u32 << n.min(14))),
                );
                let _ = shift.map(|n| write!(said, " WS={}", 1u32 << n.min(14)));
            }
            (4, 2) => {
                w.value("tcp.options.sack_perm", "SACK permitted", at, 2, "");
                said.push_str(" SACK_PERM");
            }
            (5, _) => {
                for block in 0..length.saturating_sub(2) / 8 {
                    let at = at + 2 + 8 * block;
                    let left = w.number("tcp.options.sack_le", "SACK left edge", at, 4, Show::Dec);
                    let right = w.number("tcp.options.sack_re", "SACK right edge", at + 4, 4, Show::Dec);
                    let _ = left.zip(right).map(|(l, r)| write!(said, " SLE={l} SRE={r}"));
                }
            }
            (8, 10) => {
                let value = w.number("tcp.options.timestamp.tsval", "Timestamp value", at + 2, 4, Show::Dec);
                let echo = w.number("tcp.options.timestamp.tsecr", "Timestamp echo reply", at + 6, 4, Show::Dec);
                let _ = value.zip(echo).map(|(v, e)| write!(said, " TSval={v} TSecr={e}"));
            }
            (30, _) => {
                w.bits("tcp.options.mptcp.subtype", "Multipath TCP, subtype", at + 2, 1, 0xf0, Show::Dec);
            }
            _ => w.raw("tcp.options.unknown", format!("Option {kind}"), at, length),
        }
        at += length;
    }
    said
}

pub(super) fn udp(w: &mut LayerWriter<'_, '_>) {
    let source = w.number("udp.srcport", "Source port", 0, 2, Show::Dec).unwrap_or(0);
    let destination = w.number("udp.dstport", "Destination port", 2, 2, Show::Dec).unwrap_or(0);
    let length = w.number("udp.length", "Length", 4, 2, Show::Dec).unwrap_or(0);
    w.number("udp.checksum", "Checksum", 6, 2, Show::Hex);
    w.summary(format!("Src port: {source}, Dst port: {destination}"));
    w.say("UDP", format!("{} Len={}", ports(source, destination), length.saturating_sub(8)));
}

fn chunk(kind: u64) -> &'static str {
    match kind {
        0 => "DATA",
        1 => "INIT",
        2 => "INIT_ACK",
        3 => "SACK",
        4 => "HEARTBEAT",
        5 => "HEARTBEAT_ACK",
        6 => "ABORT",
        7 => "SHUTDOWN",
        8 => "SHUTDOWN_ACK",
        9 => "ERROR",
        10 => "COOKIE_ECHO",
        11 => "COOKIE_ACK",
        14 => "SHUTDOWN_COMPLETE",
        _ => "",
    }
}

pub(super) fn sctp(w: &mut LayerWriter<'_, '_>) {
    let source = w.number("sctp.srcport", "Source port", 0, 2, Show::Dec).unwrap_or(0);
    let destination = w.number("sctp.dstport", "Destination port", 2, 2, Show::Dec).unwrap_or(0);
    w.number("sctp.verification_tag", "Verification tag", 4, 4, Show::Hex);
    w.number("sctp.checksum", "Checksum", 8, 4, Show::Hex);
    w.summary(format!("Src port: {source}, Dst port: {destination}"));
    w.say("SCTP", ports(source, destination));
}

/// The chunks of an SCTP packet, which lie behind its header.
pub(super) fn chunks(w: &mut LayerWriter<'_, '_>) {
    let mut names: Vec<&str> = Vec::new();
    let mut at = 0;
    while let (Some(kind), Some(length)) = (w.peek(at, 1), w.peek(at + 2, 2)) {
        w.number("sctp.chunk_type", "Chunk", at, 1, Show::Named(chunk));
        w.inside(|w| {
            w.number("sctp.chunk_flags", "Flags", at + 1, 1, Show::Hex);
            w.number("sctp.chunk_length", "Length", at + 2, 2, Show::Dec);
            if kind == 0 {
                w.number("sctp.data_tsn_raw", "Transmission sequence number", at + 4, 4, Show::Dec);
                w.number("sctp.data_sid", "Stream", at + 8, 2, Show::Hex);
                w.number("sctp.data_ssn", "Stream sequence number", at + 10, 2, Show::Dec);
                w.number("sctp.data_payload_proto_id", "Payload protocol", at + 12, 4, Show::Dec);
            }
        });
        names.push(chunk(kind));
        at += (length as usize).max(4).next_multiple_of(4);
    }
    w.summary(names.join(", "));
    if !names.is_empty() {
        w.say("SCTP", names.join(" "));
    }
}
