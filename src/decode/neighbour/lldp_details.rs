//! Words for values of organisations that are shown and not reckoned with.

use super::{text, word};
use crate::model::limits::NEIGHBOUR_LIST;
use crate::model::units::duration;
use std::fmt::Write;

/// Bytes of a value that are shown where it has no words.
const SHOWN: usize = 24;

/// Bytes as they are.
pub fn bytes(value: &[u8]) -> String {
    let mut out = String::new();
    for byte in value.iter().take(SHOWN) {
        let _ = write!(out, "{byte:02x}");
    }
    if value.len() > SHOWN {
        let _ = write!(out, "… ({} bytes)", value.len());
    }
    out
}

/// A value whose meaning is not known.
pub fn other(subtype: u8, value: &[u8]) -> String {
    format!("subtype {subtype} {}", bytes(value)).trim_end().to_owned()
}

fn list<T: ToString>(all: impl Iterator<Item = T>) -> String {
    all.map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

/// Priorities of bits, the lowest first.
fn priorities(bits: u8) -> String {
    list((0..8).filter(|at| bits & 1 << at != 0))
}

fn willing(head: u8) -> &'static str {
    if head & 0x80 != 0 { "willing" } else { "not willing" }
}

/// A port and protocol VLAN (IEEE 802.1Q D.2.2).
pub fn protocol_vlan(flags: u8, id: Option<u16>) -> String {
    let state = match (flags & 2 != 0, flags & 4 != 0) {
        (_, true) => "enabled",
        (true, false) => "supported",
        (false, false) => "not supported",
    };
    match id.filter(|id| *id != 0) {
        Some(id) => format!("{id} {state}"),
        None => state.to_owned(),
    }
}

/// What a protocol begins with (D.2.4), and what that means of the usual ones.
pub fn identity(value: &[u8]) -> String {
    let name = match value {
        [0x88, 0x8e, ..] => "802.1X ",
        [0x88, 0xcc, ..] => "LLDP ",
        [0x88, 0x09, 1, ..] => "LACP ",
        [0x88, 0x09, ..] => "slow protocols ",
        [_, _, 0x42, 0x42, 3, ..] | [0x42, 0x42, 3, ..] => "spanning tree ",
        _ => "",
    };
    format!("{name}{}", bytes(value))
}

/// Congestion notification (IEEE 802.1Q D.2.7).
pub fn congestion(able: u8, ready: u8) -> String {
    match (priorities(able).as_str(), priorities(ready).as_str()) {
        ("", _) => "no priority".to_owned(),
        (able, "") => format!("priorities {able}"),
        (able, ready) => format!("priorities {able}, ready {ready}"),
    }
}

/// Enhanced transmission selection (D.2.8, D.2.9): classes of the eight priorities, their bandwidth, and how it is shared out.
pub fn transmission(head: Option<u8>, rest: &[u8]) -> String {
    let Some(([assigned, shares], algorithms)) = rest.split_at_checked(12).map(|(known, rest)| {
        let (assigned, shares) = known.split_at(4);
        ([assigned, shares], rest)
    }) else {
        return "cut".to_owned();
    };
    let classes = list(assigned.iter().flat_map(|byte| [byte >> 4, byte & 15]));
    let kind = |kind: &u8| match kind {
        0 => "strict".to_owned(),
        1 => "credit".to_owned(),
        2 => "ETS".to_owned(),
        255 => "vendor".to_owned(),
        other => other.to_string(),
    };
    let said = format!("classes {classes}; bandwidth {} %; {}", list(shares.iter()), list(algorithms.iter().take(8).map(kind)));
    match head {
        Some(head) => {
            let most = if head & 7 == 0 { 8 } else { head & 7 };
            format!("{}, at most {most} classes; {said}", willing(head))
        }
        None => said,
    }
}

/// Priority flow control (D.2.10).
pub fn flow_control(head: u8, enabled: u8) -> String {
    let on = match priorities(enabled) {
        on if on.is_empty() => "off".to_owned(),
        on => format!("priorities {on}"),
    };
    format!("{}, {on}, at most {}", willing(head), head & 15)
}

/// Applications and their priorities (D.2.11): three bits of priority, three of what is selected by.
pub fn applications(rest: &[u8]) -> String {
    let one = |entry: &[u8]| {
        let (head, number) = (*entry.first()?, word(entry, 1)?);
        let of = match head & 7 {
            1 => format!("ethertype 0x{number:04x}"),
            2 => format!("TCP/SCTP {number}"),
            3 => format!("UDP/DCCP {number}"),
            4 => format!("port {number}"),
            5 => format!("DSCP {number}"),
            other => format!("selector {other} {number}"),
        };
        Some(format!("{of} priority {}", head >> 5))
    };
    list(rest.chunks_exact(3).take(NEIGHBOUR_LIST).filter_map(one))
}

/// Priority of a powered device: the lower two bits (IEEE 802.3 clause 79.3.2.4.3, where the one above them is another thing), of which media
/// endpoints have no more (ANSI/TIA-1057).
fn urgency(bits: u8) -> &'static str {
    match bits & 3 {
        1 => "priority critical",
        2 => "priority high",
        3 => "priority low",
        _ => "priority unknown",
    }
}

/// Power via MDI (IEEE 802.3 clause 79.3.2): whether the source gives power, of which type, from where.
pub fn power(support: u8, kind: Option<u8>) -> String {
    let state = match (support & 2 != 0, support & 4 != 0) {
        (_, true) => "enabled",
        (true, false) => "supported, off",
        (false, false) => "not supported",
    };
    let mut out = if support & 1 != 0 { format!("source {state}") } else { "device".to_owned() };
    if let Some(kind) = kind {
        let (of, at) = (if kind & 0x80 == 0 { 2 } else { 1 }, kind >> 4 & 3);
        let from = match (kind & 0x40 != 0, at) {
            (false, 1) => ", primary supply",
            (false, 2) => ", backup supply",
            (true, 1) => ", powered by the switch",
            (true, 2) => ", powered locally",
            (true, 3) => ", powered by the switch and locally",
            _ => "",
        };
        let _ = write!(out, ", type {of}{from}, {}", urgency(kind));
    }
    out
}

/// Extended power of media endpoints (ANSI/TIA-1057 clause 10.2.5).
pub fn media_power(kind: u8) -> String {
    let from = match (kind >> 6, kind >> 4 & 3) {
        (0, 1) => "primary supply",
        (0, 2) => "backup supply",
        (1, 1) => "the switch",
        (1, 2) => "local",
        (1, 3) => "the switch and local",
        _ => "unknown",
    };
    format!("{from}, {}", urgency(kind))
}

/// Energy-efficient Ethernet (IEEE 802.3 clause 79.3.5): microseconds to wake up.
pub fn efficient(value: &[u8]) -> String {
    let names = ["transmit", "receive", "fallback", "echo transmit", "echo receive"];
    list((0..).step_by(2).zip(names).filter_map(|(at, name)| word(value, at).map(|micros| format!("{name} {micros} µs"))))
}

/// Energy-efficient Ethernet's fast wake (clause 79.3.6).
pub fn fast_wake(transmit: u8, receive: u8) -> String {
    let on = |bit: u8| if bit & 1 != 0 { "on" } else { "off" };
    format!("transmit {}, receive {}", on(transmit), on(receive))
}

/// Frame preemption (clause 79.3.7).
pub fn preemption(bits: u16) -> String {
    let state = match (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0) {
        (false, ..) => return "not supported".to_owned(),
        (_, _, true) => "active",
        (_, true, false) => "enabled, not active",
        (_, false, false) => "supported, off",
    };
    format!("{state}, fragments of {} bytes at least", 64 * (1 + (bits >> 3 & 3)))
}

/// Nanoseconds of a timer of edge virtual bridging: 10 µs, doubled that many times (IEEE 802.1Q clause 43.3.6.2 for the retransmission timer).
fn doubled(exponent: u8) -> String {
    duration(1e-5 * f64::from(1u32 << (exponent & 31)))
}

/// Edge virtual bridging (IEEE 802.1Q D.2.12): status of the bridge and of the station, how packets of the edge control protocol are sent again,
/// who sends the value, and for how long its answers are waited for and its stations kept.
pub fn edge_bridging(value: &[u8]) -> String {
    let &[bridge, station, retries, wait, keep, ..] = value else { return "cut".to_owned() };
    let sender = match wait >> 6 {
        0 => "not supported",
        1 => "bridge",
        2 => "station",
        _ => "network virtualization edge",
    };
    let relay = match (wait >> 6, bridge & 2 != 0, bridge & 1 != 0) {
        (1, true, true) => ", reflective relay on",
        (1, true, false) => ", reflective relay possible",
        (1, false, _) => ", no reflective relay",
        _ => "",
    };
    let asked = match (wait >> 6, station & 4 != 0, station & 3) {
        (2, true, 1) => ", reflective relay asked for and on",
        (2, true, 0) => ", reflective relay asked for, off",
        (2, true, _) => ", reflective relay asked for",
        (2, false, _) => ", reflective relay not asked for",
        _ => "",
    };
    let groups = match (bridge & 4 != 0, station & 8 != 0) {
        (true, true) => ", groups told by both",
        (true, false) => ", groups told by the bridge",
        (false, true) => ", groups told by the station",
        (false, false) => "",
    };
    let of = |byte: u8| if byte & 0x20 != 0 { "the other end's" } else { "its own" };
    format!(
        "{sender}{relay}{asked}{groups}; retries {} after {}, waits {} ({}), keeps {} ({})",
        retries >> 5,
        doubled(retries),
        doubled(wait),
        of(wait),
        doubled(keep),
        of(keep)
    )
}

/// Discovery and configuration of S-channels (IEEE 802.1Q D.2.13): the role, whether there is a component for them, how many there may be, and
/// the VLAN of each.
pub fn channels(value: &[u8]) -> String {
    let Some((head, pairs)) = value.split_first_chunk::<4>() else { return "cut".to_owned() };
    let bits = u32::from_be_bytes(*head);
    let role = if bits >> 31 != 0 { "station" } else { "bridge" };
    let able = if bits >> 27 & 1 != 0 { "" } else { ", no S-VLAN component" };
    let each = pairs.chunks_exact(3).take(NEIGHBOUR_LIST).filter_map(|pair| {
        let [a, b, c] = *pair else { return None };
        let (channel, vlan) = (u16::from(a) << 4 | u16::from(b >> 4), u16::from(b & 15) << 8 | u16::from(c));
        Some(if vlan == 0 { format!("channel {channel} asked for") } else { format!("channel {channel} VLAN {vlan}") })
    });
    let each = list(each);
    let told = if each.is_empty() { String::new() } else { format!(": {each}") };
    format!("{role}{able}, at most {} channels{told}", bits & 0xfff)
}

/// What values of media endpoints a device knows (ANSI/TIA-1057 clause 10.2.2).
pub fn media_abilities(bits: u16) -> String {
    let names = ["capabilities", "network policy", "location", "power source", "powered device", "inventory"];
    list(names.iter().enumerate().filter(|(at, _)| bits & 1 << at != 0).map(|(_, name)| *name))
}

/// Where a device is (ANSI/TIA-1057 clause 10.2.4): coordinates (RFC 6225), a civic address (RFC 4776), a number for emergencies.
pub fn location(format: u8, value: &[u8]) -> String {
    match format {
        1 => coordinates(value).unwrap_or_else(|| "cut".to_owned()),
        2 => civic(value),
        3 => format!("emergency number {}", text(value)),
        other => format!("format {other} {}", bytes(value)),
    }
}

/// Six bits of resolution, 34 bits of degrees, of which 25 stand behind the point; twice.
fn coordinates(value: &[u8]) -> Option<String> {
    let degrees = |at: usize| {
        let five = value.get(at..at + 5)?.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let signed = ((five << 30) as i64) >> 30;
        Some(signed as f64 / f64::from(1 << 25))
    };
    Some(format!("latitude {:.5}°, longitude {:.5}°", degrees(0)?, degrees(5)?))
}

/// A length, what it is the address of, a country, then elements behind their kind and length.
fn civic(value: &[u8]) -> String {
    let Some((country, mut rest)) = value.get(2..).and_then(|rest| rest.split_at_checked(2)) else { return "cut".to_owned() };
    let mut parts = vec![text(country)];
    while let [kind, length, more @ ..] = rest {
        let Some((element, behind)) = more.split_at_checked(usize::from(*length)) else { break };
        let name = match kind {
            1 => "state ",
            3 => "city ",
            6 => "street ",
            19 => "house ",
            24 => "zip ",
            26 => "unit ",
            27 => "floor ",
            28 => "room ",
            _ => "",
        };
        parts.push(format!("{name}{}", text(element)));
        rest = behind;
        if parts.len() > NEIGHBOUR_LIST {
            break;
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_centre_bridging() {
        let ets = [&[0u8, 0x12, 0x30, 0, 40, 30, 20, 10, 0, 0, 0, 0][..], &[2, 2, 2, 2, 0, 0, 0, 0]].concat();
        let words =
            "classes 0, 0, 1, 2, 3, 0, 0, 0; bandwidth 40, 30, 20, 10, 0, 0, 0, 0 %; ETS, ETS, ETS, ETS, strict, strict, strict, strict";
        assert_eq!(transmission(None, &ets), words);
        assert_eq!(transmission(Some(0x84), &ets), format!("willing, at most 4 classes; {words}"));
        assert_eq!(transmission(Some(0), &ets[..8]), "cut");
        assert_eq!(
            (flow_control(0x88, 0x18).as_str(), flow_control(4, 0).as_str()),
            ("willing, priorities 3, 4, at most 8", "not willing, off, at most 4")
        );
        assert_eq!(applications(&[0x61, 0x89, 0x06, 0x82, 0x0c, 0xbc]), "ethertype 0x8906 priority 3, TCP/SCTP 3260 priority 4");
        assert_eq!((congestion(0x18, 0x08).as_str(), congestion(0, 0).as_str()), ("priorities 3, 4, ready 3", "no priority"));
    }

    #[test]
    fn power_energy_and_preemption() {
        assert_eq!(power(0x07, Some(0x13)), "source enabled, type 2, primary supply, priority low");
        assert_eq!(
            (power(0x03, None).as_str(), power(0, Some(0xd1)).as_str()),
            ("source supported, off", "device, type 1, powered by the switch, priority critical")
        );
        assert_eq!(media_power(0x51), "the switch, priority critical");
        assert_eq!(efficient(&[0, 17, 0, 18, 0, 19]), "transmit 17 µs, receive 18 µs, fallback 19 µs");
        assert_eq!((preemption(0x0f).as_str(), preemption(0).as_str()), ("active, fragments of 128 bytes at least", "not supported"));
        assert_eq!(media_abilities(0x33), "capabilities, network policy, powered device, inventory");
    }

    #[test]
    fn virtual_edges_and_their_channels() {
        // IEEE 802.1Q figure D-15: a bridge that can relay and does, three retries after 10 µs x 2^8, mode 1, and a station that asks for it.
        let bridge = "bridge, reflective relay on, groups told by the bridge; retries 3 after 2.6 ms, waits 10.2 ms (its own), keeps 1.31 s \
                      (the other end's)";
        assert_eq!(edge_bridging(&[0b0000_0111, 0, 0x68, 0x4a, 0x31]), bridge);
        let station = "station, reflective relay asked for and on, groups told by the station; retries 0 after 10 µs, waits 20 µs (the other \
                       end's), keeps 40 µs (its own)";
        assert_eq!(edge_bridging(&[0, 0b0000_1101, 0, 0xa1, 2]), station);
        assert!(edge_bridging(&[0, 4, 0, 0x80, 0]).starts_with("station, reflective relay asked for, off;"));
        assert!(edge_bridging(&[2, 0, 0, 0x40, 0]).starts_with("bridge, reflective relay possible;"));
        assert_eq!(edge_bridging(&[0; 4]), "cut");
        // Figure D-16: role, S-component, capacity in 32 bits; then 12 bits of channel and 12 of VLAN each.
        let pairs = [0x00, 0x10, 0x01, 0x00, 0x20, 0x65, 0x00, 0x30, 0x00];
        let value = [&[0x08, 0, 0, 0xa7][..], &pairs].concat();
        assert_eq!(channels(&value), "bridge, at most 167 channels: channel 1 VLAN 1, channel 2 VLAN 101, channel 3 asked for");
        assert_eq!(
            (channels(&[0x80, 0, 0x0f, 0xff]).as_str(), channels(&[8, 0]).as_str()),
            ("station, no S-VLAN component, at most 4095 channels", "cut")
        );
    }

    #[test]
    fn places() {
        // 52.52 N, 13.405 E, with all bits of resolution.
        let fixed = |degrees: f64| {
            ((34u64 << 34) | ((degrees * f64::from(1 << 25)).round() as i64 as u64 & 0x3_ffff_ffff)).to_be_bytes()[3..].to_vec()
        };
        let value = [fixed(52.52), fixed(-13.405), vec![0; 6]].concat();
        assert_eq!(location(1, &value), "latitude 52.52000°, longitude -13.40500°");
        assert_eq!(location(1, &value[..7]), "cut");
        assert_eq!(location(2, b"\x0f\x01DE\x03\x06Berlin\x1c\x0212"), "DE, city Berlin, room 12");
        assert_eq!(location(3, b"4930112"), "emergency number 4930112");
        assert_eq!(other(9, &[1; 30]), format!("subtype 9 {}… (30 bytes)", "01".repeat(24)));
    }
}
