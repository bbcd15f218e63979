//! MikroTik's neighbour discovery: two bytes, a sequence number, then values whose lengths do not count their heads.

use crate::dissect::Carriage;
use crate::model::{LayerWriter, Show};

pub(super) fn mndp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    let name = |n| match n {
        1 => "MAC-Address",
        5 => "Identity",
        7 => "Version",
        8 => "Platform",
        10 => "Uptime",
        11 => "Software-ID",
        12 => "Board",
        14 => "Unpack",
        15 => "IPv6-Address",
        16 => "Interface name",
        17 => "IPv4-Address",
        _ => "Unknown",
    };
    w.raw("mndp.header.unknown", "Head", 0, 2);
    w.number("mndp.header.seqno", "Sequence number", 2, 2, Show::Dec);
    let (mut who, mut at) = (String::new(), 4);
    while let (Some(kind), Some(length)) = (w.peek(at, 2), w.peek(at + 2, 2)) {
        let length = length as usize;
        w.number("mndp.tlv.type", "Type", at, 2, Show::Named(name));
        w.number("mndp.tlv.length", "Length", at + 2, 2, Show::Dec);
        w.inside(|w| match kind {
            1 => _ = w.mac("mndp.mac", "MAC address", at + 4),
            5 => who = w.text("mndp.identity", "Identity", at + 4, length),
            7 => _ = w.text("mndp.version", "Version", at + 4, length),
            8 => _ = w.text("mndp.platform", "Platform", at + 4, length),
            10 => {
                // The one number of it that begins with its least byte.
                let seconds = w.get(at + 4, 4).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_le_bytes(*b));
                seconds.into_iter().for_each(|n| w.known("mndp.uptime", "Uptime (s)", at + 4, 4, n.to_string(), n.into()));
            }
            11 => _ = w.text("mndp.softwareid", "Software ID", at + 4, length),
            12 => _ = w.text("mndp.board", "Board", at + 4, length),
            14 => _ = w.number("mndp.unpack", "Unpack", at + 4, 1, Show::Dec),
            15 => _ = w.ipv6("mndp.ipv6address", "IPv6 address", at + 4),
            16 => _ = w.text("mndp.interfacename", "Interface", at + 4, length),
            17 => _ = w.ipv4("mndp.ipv4address", "IPv4 address", at + 4),
            _ => w.raw("mndp.tlv.value", "Data", at + 4, length),
        });
        at += 4 + length;
    }
    w.summary(who.clone());
    w.say("MNDP", format!("Identity: {who}"));
}
