//! MikroTik's neighbour discovery: two bytes, a sequence number, then values whose lengths do not count their heads.

use crate::dissect::Carriage;
use crate::model::{LayerWriter, Show, ValueHeads};

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
    let mut who = String::new();
    let heads = ValueHeads { width: 2, counts_head: false, names: ["mndp.tlv.type", "mndp.tlv.length"], words: name };
    w.values(4, &heads, |w, kind, at, length| match kind {
        1 => _ = w.mac("mndp.mac", "MAC address", at),
        5 => who = w.text("mndp.identity", "Identity", at, length),
        7 => _ = w.text("mndp.version", "Version", at, length),
        8 => _ = w.text("mndp.platform", "Platform", at, length),
        10 => {
            // The one number of it that begins with its least byte.
            let seconds = w.get(at, 4).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_le_bytes(*b));
            seconds.into_iter().for_each(|n| w.known("mndp.uptime", "Uptime (s)", at, 4, n.to_string(), n.into()));
        }
        11 => _ = w.text("mndp.softwareid", "Software ID", at, length),
        12 => _ = w.text("mndp.board", "Board", at, length),
        14 => _ = w.number("mndp.unpack", "Unpack", at, 1, Show::Dec),
        15 => _ = w.ipv6("mndp.ipv6address", "IPv6 address", at),
        16 => _ = w.text("mndp.interfacename", "Interface", at, length),
        17 => _ = w.ipv4("mndp.ipv4address", "IPv4 address", at),
        _ => w.raw("mndp.tlv.value", "Data", at, length),
    });
    w.summary(who.clone());
    w.say("MNDP", format!("Identity: {who}"));
}
