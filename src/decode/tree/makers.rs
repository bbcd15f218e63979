//! Fields of protocols that makers of switches number by themselves behind SNAP: EDP (Extreme) and FDP (Foundry, Brocade, Ruckus).

use super::super::Headers;
use crate::model::{LayerWriter, PacketTree, Show, ValueHeads};
use std::ops::Range;

/// Writes what stands behind a SNAP header of one of these makers; whether it is one of theirs.
pub(super) fn behind_snap(tree: &mut PacketTree, headers: &Headers, bytes: &[u8], payload: Range<usize>) -> bool {
    let at = payload.start;
    let is_llc = tree.layers.last().is_some_and(|layer| layer.token == "llc");
    let Some(head) = at.checked_sub(5).and_then(|from| bytes.get(from..at)).filter(|_| is_llc && headers.flow().is_none()) else {
        return false;
    };
    match head {
        [0x00, 0xe0, 0x2b, 0x00, 0xbb] => edp(&mut tree.layer("edp", "Extreme Discovery Protocol", bytes, payload)),
        [0x00, 0xe0, 0x52, 0x20, 0x00] => fdp(&mut tree.layer("fdp", "Foundry Discovery Protocol", bytes, payload)),
        _ => return false,
    }
    true
}

/// EDP: a head of 16 bytes, then values behind a mark.
fn edp(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        0 => "Null",
        1 => "Display",
        2 => "Info",
        5 => "VL",
        8 => "ESRP",
        0x0b => "EAPS",
        0x0d => "ESL",
        0x0e => "ELSM",
        0x12 => "ELRP",
        _ => "Unknown",
    };
    w.number("edp.version", "Version", 0, 1, Show::Dec);
    w.number("edp.length", "Data length", 2, 2, Show::Dec);
    w.number("edp.checksum", "Checksum", 4, 2, Show::Hex);
    w.number("edp.seqno", "Sequence number", 6, 2, Show::Dec);
    w.number("edp.midtype", "Machine ID type", 8, 2, Show::Named(|n| if n == 0 { "MAC" } else { "" }));
    w.mac("edp.midmac", "Machine MAC", 10);
    let (mut said, mut at) = (String::from("EDP:"), 16);
    while w.peek(at, 1) == Some(0x99) {
        let (kind, length) = (w.word(at + 1, 1), (w.word(at + 2, 2) as usize).max(4));
        w.number("edp.tlv.marker", "Marker", at, 1, Show::Hex);
        w.inside(|w| {
            w.number("edp.tlv.type", "Type", at + 1, 1, Show::Named(name));
            w.number("edp.tlv.length", "Length", at + 2, 2, Show::Dec);
            match kind {
                0 => {}
                1 => _ = w.text("edp.display.string", "Name", at + 4, length - 4),
                2 => info(w, at + 4),
                5 => vlan(w, at + 4, length - 4),
                0x0b => ring(w, at + 4, length - 4),
                _ => w.raw("edp.unknown", "Data", at + 4, length - 4),
            }
        });
        if kind == 0 {
            break;
        }
        let id = if kind == 5 { w.peek(at + 6, 2).map_or(String::new(), |id| id.to_string()) } else { String::new() };
        said = format!("{said} {}{id}", name(kind));
        at += length;
    }
    w.summary(said.trim_start_matches("EDP: ").to_owned());
    w.say("EDP", said);
}

/// A ring that protects itself (RFC 3619 section 3.1).
fn ring(w: &mut LayerWriter<'_, '_>, at: usize, length: usize) {
    let kind = |n| match n {
        5 => "Health",
        6 => "Ring-Up-Flush-FDB",
        7 => "Ring-Down-Flush-FDB",
        8 => "Link-Down",
        _ => "",
    };
    let state = |n| match n {
        0 => "Idle",
        1 => "Complete",
        2 => "Failed",
        3 => "Links-Up",
        4 => "Link-Down",
        5 => "Pre-Forwarding",
        _ => "",
    };
    w.number("edp.eaps.ver", "Version", at, 1, Show::Dec);
    w.number("edp.eaps.type", "Type", at + 1, 1, Show::Named(kind));
    w.number("edp.eaps.vlanid", "Control VLAN", at + 2, 2, Show::Dec);
    w.raw("edp.eaps.reserved0", "Reserved", at + 4, 4);
    w.mac("edp.eaps.sysmac", "System MAC", at + 8);
    w.number("edp.eaps.hello", "Hello timer", at + 14, 2, Show::Dec);
    w.number("edp.eaps.fail", "Fail timer", at + 16, 2, Show::Dec);
    w.number("edp.eaps.state", "State", at + 18, 1, Show::Named(state));
    w.raw("edp.eaps.reserved1", "Reserved", at + 19, 1);
    w.number("edp.eaps.helloseq", "Hello number", at + 20, 2, Show::Dec);
    w.raw("edp.eaps.reserved2", "Reserved", at + 22, length.saturating_sub(22));
}

fn info(w: &mut LayerWriter<'_, '_>, at: usize) {
    let from_one = |n: u64| (n + 1).to_string();
    w.number("edp.info.slot", "Slot", at, 2, Show::As(from_one));
    w.number("edp.info.port", "Port", at + 2, 2, Show::As(from_one));
    w.number("edp.info.vchassid", "Virtual chassis", at + 4, 2, Show::Dec);
    let version = |n: u64| format!("{}.{}.{} internal {}", n >> 24 & 255, n >> 16 & 255, n >> 8 & 255, n & 255);
    w.number("edp.info.version", "Version", at + 12, 4, Show::As(version));
    w.raw("edp.info.vchassconn", "Connections", at + 16, 16);
}

fn vlan(w: &mut LayerWriter<'_, '_>, at: usize, length: usize) {
    w.bits("edp.vlan.flags.ip", "Has an IP interface", at, 1, 0x80, Show::Flag);
    w.number("edp.vlan.id", "VLAN", at + 2, 2, Show::Dec);
    w.ipv4("edp.vlan.ip", "IP address", at + 8);
    w.text("edp.vlan.name", "Name", at + 12, length.saturating_sub(12));
}

/// FDP: of the form of CDP.
fn fdp(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        1 => "DeviceID",
        2 => "Net?",
        3 => "Interface",
        4 => "Capabilities",
        5 => "Version",
        6 => "Platform",
        0x0101 => "VLAN Bitmap",
        0x0102 => "Tagging?",
        _ => "Unknown",
    };
    w.number("fdp.version", "Version", 0, 1, Show::Dec);
    w.number("fdp.holdtime", "Hold time (s)", 1, 1, Show::Dec);
    w.number("fdp.checksum", "Checksum", 2, 2, Show::Hex);
    let mut said = String::from("FDP:");
    let heads = ValueHeads { width: 2, counts_head: true, names: ["fdp.tlv.type", "fdp.tlv.length"], words: name };
    w.values(4, &heads, |w, kind, at, length| {
        match kind {
            1 | 3 | 5 | 6 => _ = w.text("fdp.string.text", name(kind), at, length),
            2 if w.peek(at + 7, 2) == Some(4) => _ = w.ipv4("fdp.net.ip", "Address", at + 9),
            4 => _ = w.number("fdp.capabilities", "Capabilities", at, 4, Show::Hex),
            _ => w.raw("fdp.string.data", "Data", at, length),
        }
        said.push(' ');
        said.push_str(name(kind));
    });
    w.summary(said.trim_start_matches("FDP: ").to_owned());
    w.say("FDP", said);
}
