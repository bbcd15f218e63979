//! What organisations add to LLDP: IEEE 802.1Q annex D, IEEE 802.3 clause 79, ANSI/TIA-1057 (media endpoints). Every value is named; what has no
//! field of its own is kept as words.

use super::{lldp_details as details, long, note, say, text, word};
use crate::model::{LinkClaims, MediaPolicy, Neighbour, PowerClaims};

const IEEE_802_1: [u8; 3] = [0x00, 0x80, 0xc2];
const IEEE_802_3: [u8; 3] = [0x00, 0x12, 0x0f];
const MEDIA: [u8; 3] = [0x00, 0x12, 0xbb];

/// Milliwatts of a number that counts tenths of a watt.
const TENTHS: u32 = 100;

/// Reads a value of an organisation.
pub fn take(n: &mut Neighbour, organisation: [u8; 3], subtype: u8, value: &[u8]) {
    match organisation {
        IEEE_802_1 => bridge(n, subtype, value),
        IEEE_802_3 => link(n, subtype, value),
        MEDIA => media(n, subtype, value),
        [a, b, c] => say(n, "other organisation", format!("{a:02x}:{b:02x}:{c:02x} {}", details::other(subtype, value))),
    }
}

fn bridge(n: &mut Neighbour, subtype: u8, value: &[u8]) {
    match (subtype, value) {
        (1, _) => n.native_vlan = word(value, 0).filter(|id| *id != 0),
        (2, [flags, ..]) => say(n, "protocol VLAN", details::protocol_vlan(*flags, word(value, 1))),
        (3, [a, b, length, rest @ ..]) => {
            let name = rest.get(..usize::from(*length)).unwrap_or(rest);
            n.is_broken |= name.len() < usize::from(*length);
            note(&mut n.vlans, (u16::from_be_bytes([*a, *b]), text(name)));
        }
        (4, [length, rest @ ..]) => say(n, "protocol identity", details::identity(rest.get(..usize::from(*length)).unwrap_or(rest))),
        (5, _) => say(n, "VLAN digest", long(value, 0).map(|digest| format!("0x{digest:08x}")).unwrap_or_default()),
        (6, _) => n.management_vlan = word(value, 0),
        (7, [status, rest @ ..]) => aggregation(n, *status, rest),
        (8, [able, ready, ..]) => say(n, "congestion notification", details::congestion(*able, *ready)),
        (9, [head, rest @ ..]) => say(n, "ETS", details::transmission(Some(*head), rest)),
        (10, [_, rest @ ..]) => say(n, "ETS recommended", details::transmission(None, rest)),
        (11, [head, enabled, ..]) => say(n, "PFC", details::flow_control(*head, *enabled)),
        (12, [_, rest @ ..]) => say(n, "application priority", details::applications(rest)),
        (13, _) => say(n, "edge virtual bridging", details::edge_bridging(value)),
        (14, _) => say(n, "S-channels", details::channels(value)),
        _ => say(n, "IEEE 802.1, other", details::other(subtype, value)),
    }
}

fn aggregation(n: &mut Neighbour, status: u8, rest: &[u8]) {
    n.link.aggregation = long(rest, 0).map(|port| (status & 1 != 0, status & 2 != 0, port));
}

fn link(n: &mut Neighbour, subtype: u8, value: &[u8]) {
    match (subtype, value) {
        (1, [negotiation, rest @ ..]) => {
            n.link.negotiates = Some([negotiation & 1 != 0, negotiation & 2 != 0]);
            n.link.offers = word(rest, 0);
            n.link.mau_type = word(rest, 2);
            n.link.full_duplex = n.link.mau_type.and_then(LinkClaims::duplex_of);
        }
        (2, [support, _, class, rest @ ..]) => {
            let watts = |at| word(rest, at).map(|tenths| u32::from(tenths) * TENTHS);
            n.power =
                Some(PowerClaims { is_source: support & 1 != 0, class: class.checked_sub(1), requested: watts(1), allocated: watts(3) });
            say(n, "PoE port", details::power(*support, rest.first().copied()));
        }
        (3, [status, rest @ ..]) => aggregation(n, *status, rest),
        (4, _) => n.link.max_frame = word(value, 0).map(u32::from),
        (5, _) => say(n, "energy-efficient Ethernet", details::efficient(value)),
        (6, [transmit, receive, ..]) => say(n, "fast wake", details::fast_wake(*transmit, *receive)),
        (7, _) => say(n, "preemption", word(value, 0).map(details::preemption).unwrap_or_default()),
        (8, _) => say(n, "power measured", details::bytes(value)),
        _ => say(n, "IEEE 802.3, other", details::other(subtype, value)),
    }
}

fn media(n: &mut Neighbour, subtype: u8, value: &[u8]) {
    let parts = &mut n.inventory;
    match (subtype, value) {
        (1, [a, b, class, ..]) => {
            parts.class = Some(*class);
            say(n, "media values", details::media_abilities(u16::from_be_bytes([*a, *b])));
        }
        (2, [application, a, b, c, ..]) => {
            let bits = u32::from_be_bytes([0, *a, *b, *c]);
            let policy = MediaPolicy {
                application: *application,
                tagged: bits >> 22 & 1 != 0,
                vlan: (bits >> 9 & 0xfff) as u16,
                priority: (bits >> 6 & 7) as u8,
                dscp: (bits & 0x3f) as u8,
            };
            // An unknown policy asks for one.
            if bits >> 23 & 1 == 0 {
                if *application == 1 && policy.tagged {
                    n.voice_vlan = Some(policy.vlan);
                }
                note(&mut n.policies, policy);
            }
        }
        (3, [format, rest @ ..]) => say(n, "location", details::location(*format, rest)),
        (4, [kind, rest @ ..]) => {
            let milliwatts = word(rest, 0).map(|tenths| u32::from(tenths) * TENTHS);
            let is_source = kind >> 6 == 0;
            let known = n.power.unwrap_or(PowerClaims { is_source, ..PowerClaims::default() });
            let (asked, given) = if is_source { (None, milliwatts) } else { (milliwatts, None) };
            n.power = Some(PowerClaims { requested: known.requested.or(asked), allocated: known.allocated.or(given), ..known });
            say(n, "PoE source", details::media_power(*kind));
        }
        (5, _) => parts.hardware = text(value),
        (6, _) => parts.firmware = text(value),
        (7, _) => parts.software = text(value),
        (8, _) => parts.serial = text(value),
        (9, _) => parts.manufacturer = text(value),
        (10, _) => parts.model = text(value),
        (11, _) => parts.asset = text(value),
        _ => say(n, "media, other", details::other(subtype, value)),
    }
}
