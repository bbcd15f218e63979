//! Fields of tunnels: GRE, ERSPAN, VXLAN, Geneve, GTP, IPsec.

use super::link::named_type;
use super::net::protocol;
use crate::model::{LayerWriter, Show};

/// GRE (RFC 2784, RFC 2890; version 1: RFC 2637).
pub(super) fn gre(w: &mut LayerWriter<'_, '_>) {
    let bits = w.word(0, 2);
    w.flags(
        0,
        2,
        &[
            ("gre.flags.checksum", "Checksum", 0x8000),
            ("gre.flags.routing", "Routing", 0x4000),
            ("gre.flags.key", "Key", 0x2000),
            ("gre.flags.sequence_number", "Sequence number", 0x1000),
        ],
    );
    w.bits("gre.flags.version", "Version", 0, 2, 0x0007, Show::Dec);
    let carried = w.number("gre.proto", "Protocol type", 2, 2, Show::As(named_type)).unwrap_or(0);
    let mut at = 4;
    if bits & 0xc000 != 0 && bits & 7 == 0 {
        w.number("gre.checksum", "Checksum", at, 2, Show::Hex);
        at += 4;
    }
    if bits & 0x2000 != 0 {
        w.number("gre.key", "Key", at, 4, Show::Hex);
        at += 4;
    }
    if bits & 0x1000 != 0 {
        w.number("gre.sequence_number", "Sequence number", at, 4, Show::Dec);
        at += 4;
    }
    if bits & 0x0087 == 0x0081 {
        w.number("gre.ack_number", "Acknowledgement number", at, 4, Show::Dec);
    }
    let name = named_type(carried);
    w.summary(name.clone());
    w.say("GRE", format!("Encapsulated {name}"));
}

/// ERSPAN (draft-foschiano-erspan): type I has no header of its own.
pub(super) fn erspan(w: &mut LayerWriter<'_, '_>) {
    if w.len() < 8 {
        w.summary("type I");
        return w.say("ERSPAN", "type I");
    }
    let version = w.bits("erspan.version", "Version", 0, 2, 0xf000, Show::Dec).unwrap_or(0);
    w.bits("erspan.vlan", "VLAN", 0, 2, 0x0fff, Show::Dec);
    w.bits("erspan.cos", "Class of service", 2, 2, 0xe000, Show::Dec);
    w.bits("erspan.encap", "Encapsulation", 2, 2, 0x1800, Show::Dec);
    w.bits("erspan.truncated", "Truncated", 2, 2, 0x0400, Show::Flag);
    let session = w.bits("erspan.spanid", "Session", 2, 2, 0x03ff, Show::Dec).unwrap_or(0);
    if version == 2 {
        w.number("erspan.timestamp", "Timestamp", 4, 4, Show::Dec);
        w.number("erspan.sgt", "Security group tag", 8, 2, Show::Dec);
        w.bits("erspan.hw", "Hardware ID", 10, 2, 0x03f0, Show::Dec);
        w.bits("erspan.direction", "Direction", 10, 2, 0x0008, Show::Named(|n| if n == 0 { "Incoming" } else { "Outgoing" }));
        w.bits("erspan.gra", "Granularity", 10, 2, 0x0006, Show::Dec);
        w.raw("erspan.platform", "Platform header", 12, w.len());
    } else {
        w.bits("erspan.index", "Port index", 4, 4, 0x000f_ffff, Show::Dec);
    }
    let kind = if version == 2 { "III" } else { "II" };
    w.summary(format!("type {kind}, session {session}"));
    w.say("ERSPAN", format!("type {kind}, session {session}"));
}

/// VXLAN (RFC 7348) and its generic extension.
pub(super) fn vxlan(w: &mut LayerWriter<'_, '_>) {
    w.number("vxlan.flags", "Flags", 0, 1, Show::Hex);
    w.number("vxlan.gbp", "Group policy or next protocol", 2, 2, Show::Dec);
    let id = w.number("vxlan.vni", "VXLAN network identifier", 4, 3, Show::Dec).unwrap_or(0);
    w.summary(format!("VNI {id}"));
    w.say("VXLAN", format!("VNI {id}"));
}

/// Geneve (RFC 8926).
pub(super) fn geneve(w: &mut LayerWriter<'_, '_>) {
    w.bits("geneve.version", "Version", 0, 1, 0xc0, Show::Dec);
    let words = w.bits("geneve.option.length", "Length of options", 0, 1, 0x3f, Show::As(|n| format!("{} bytes", n * 4))).unwrap_or(0);
    w.flags(1, 1, &[("geneve.flags.oam", "Operations and management", 0x80), ("geneve.flags.critical", "Critical options", 0x40)]);
    w.number("geneve.proto_type", "Protocol type", 2, 2, Show::As(named_type));
    let id = w.number("geneve.vni", "Virtual network identifier", 4, 3, Show::Dec).unwrap_or(0);
    w.raw("geneve.options", "Options", 8, words as usize * 4);
    w.summary(format!("VNI {id}"));
    w.say("Geneve", format!("VNI {id}"));
}

/// GTP's user plane (3GPP TS 29.281).
pub(super) fn gtp(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        1 => "Echo request",
        2 => "Echo response",
        26 => "Error indication",
        31 => "Supported extension headers notification",
        254 => "End marker",
        255 => "T-PDU",
        _ => "",
    };
    w.bits("gtp.flags.version", "Version", 0, 1, 0xe0, Show::Dec);
    w.flags(0, 1, &[("gtp.flags.e", "Extension header", 4), ("gtp.flags.s", "Sequence number", 2), ("gtp.flags.pn", "N-PDU number", 1)]);
    let kind = w.number("gtp.message", "Message type", 1, 1, Show::Named(name)).unwrap_or(0);
    w.number("gtp.length", "Length", 2, 2, Show::Dec);
    let id = w.number("gtp.teid", "Tunnel endpoint identifier", 4, 4, Show::Hex).unwrap_or(0);
    w.summary(format!("TEID 0x{id:08x}"));
    w.say("GTP", name(kind));
}

/// Encapsulating security payload (RFC 4303).
pub(super) fn esp(w: &mut LayerWriter<'_, '_>) {
    let spi = w.number("esp.spi", "Security parameters index", 0, 4, Show::Hex).unwrap_or(0);
    let sequence = w.number("esp.sequence", "Sequence number", 4, 4, Show::Dec).unwrap_or(0);
    w.raw("esp.encrypted_data", "Encrypted data", 8, w.len());
    w.summary(format!("SPI 0x{spi:08x}, sequence {sequence}"));
    w.say("ESP", format!("ESP (SPI=0x{spi:08x})"));
}

/// Authentication header (RFC 4302).
pub(super) fn ah(w: &mut LayerWriter<'_, '_>) {
    w.number("ah.next_header", "Next header", 0, 1, Show::Named(protocol));
    let words = w.number("ah.length", "Length", 1, 1, Show::Dec).unwrap_or(0);
    let spi = w.number("ah.spi", "Security parameters index", 4, 4, Show::Hex).unwrap_or(0);
    w.number("ah.sequence", "Sequence number", 8, 4, Show::Dec);
    w.raw("ah.icv", "Integrity check value", 12, (words as usize * 4).saturating_sub(4));
    w.summary(format!("SPI 0x{spi:08x}"));
    w.say("AH", format!("AH (SPI=0x{spi:08x})"));
}
