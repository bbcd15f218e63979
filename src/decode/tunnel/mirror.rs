//! Mirrors over UDP: TZSP, HP and Aruba remote mirroring, Juniper packet mirroring, sFlow.

use super::ip_by_nibble;
use crate::decode::sflow;
use crate::decode::walk::{EndAddresses, Next, Walk};
use crate::model::{MirrorTag, Proto, Tunnel, TunnelKind};

/// TZSP: version, type, encapsulation, tagged fields, the frame. Only received (0) and transmitted (1) packets carry one.
pub(in crate::decode) fn tzsp(walk: &mut Walk) -> Next {
    let Some(&[version, kind, e0, e1]) = walk.peek::<4>() else { return Next::End };
    if version != 1 || kind > 5 {
        return Next::End;
    }
    walk.push(Proto::Tzsp);
    walk.at += 4;
    if kind > 1 {
        return Next::End;
    }
    let next = match u16::from_be_bytes([e0, e1]) {
        0x01 => Next::Ethernet,
        0x12 => Next::Wlan,
        0x77 => Next::Link(crate::model::LinkType::IEEE802_11_PRISM),
        0x7f => Next::Link(crate::model::LinkType::IEEE802_11_AVS),
        _ => return Next::End,
    };
    let Some((tag, sensor)) = tzsp_tags(walk) else { return Next::End };
    let ends = walk.ends();
    if walk.enter_mirror(TunnelKind::Tzsp, ends, sensor, tag) { next } else { Next::End }
}

/// Tagged fields of one packet, at most: real senders write under a dozen.
const MAX_TAGS: usize = 64;

/// Fields until the end tag. Padding (0) and end (1) are single bytes, all others have a length. The second value is the sensor's
/// serial number (its last eight bytes).
fn tzsp_tags(walk: &mut Walk) -> Option<(MirrorTag, u64)> {
    let (mut tag, mut sensor) = (MirrorTag { sampled: 1, ..MirrorTag::default() }, 0);
    for _ in 0..MAX_TAGS {
        let &[number] = walk.take::<1>()?;
        match number {
            0x00 => continue,
            0x01 => {
                // Shorter than the original: the sender cut it.
                tag.truncated = tag.original_length.is_some_and(|length| length as usize > walk.left());
                return Some((tag, sensor));
            }
            _ => {}
        }
        let &[length] = walk.take::<1>()?;
        let Some(value) = walk.rest().get(..usize::from(length)) else {
            walk.missing(usize::from(length));
            return None;
        };
        let as_number = value.iter().fold(0u64, |n, &b| n << 8 | u64::from(b));
        walk.at += value.len();
        match number {
            0x0d => tag.switch_time = Some((as_number, 0)),
            0x11 if as_number != 0 => tag.error = 3,
            0x28 => tag.sequence = Some(as_number as u32),
            0x29 => tag.original_length = u32::try_from(as_number).ok(),
            0x3c => sensor = as_number,
            _ => {}
        }
    }
    walk.malformed();
    None
}

/// HP remote mirroring: 8 bytes of unknown meaning; 8 unknown bits, priority 3, CFI 1, VLAN 12, tagged 1, 7 unknown; the frame.
pub(super) fn hp_erm(walk: &mut Walk) -> Next {
    walk.push(Proto::HpErm);
    let Some(&[_, _, _, _, _, _, _, _, _, c0, c1, tagged]) = walk.take::<12>() else { return Next::End };
    let control = u16::from_be_bytes([c0, c1]);
    let vlan = control & 0x0fff;
    let kept = matches!(walk.rest().get(12..14), Some([0x81, 0x00] | [0x88, 0xa8]));
    let removed = tagged & 0x80 != 0 && vlan != 0 && !kept;
    let tag =
        MirrorTag { vlan: removed.then_some(vlan), cos: removed.then_some((control >> 13) as u8), sampled: 1, ..MirrorTag::default() };
    let ends = walk.ends();
    if walk.enter_mirror(TunnelKind::HpErm, ends, 0, tag) { Next::Ethernet } else { Next::End }
}

/// Aruba access points: what is before the 802.11 frame depends on the session's type, which the packet does not name. A pcap
/// record header (types 0 and 3, the latter with four bytes of radio information) shows by its lengths, radiotap (6) by its start.
pub(super) fn aruba_erm(walk: &mut Walk) -> Next {
    walk.push(Proto::ArubaErm);
    let left = walk.left();
    let mut tag = MirrorTag { sampled: 1, ..MirrorTag::default() };
    let next = match *walk.rest() {
        [_, _, _, _, _, _, _, _, c0, c1, c2, c3, o0, o1, o2, o3, ..] if is_record([c0, c1, c2, c3], left) => {
            let original = u32::from_be_bytes([o0, o1, o2, o3]);
            let captured = u32::from_be_bytes([c0, c1, c2, c3]);
            // The radio information counts as part of the record.
            let radio = if left - 16 > captured as usize { 4 } else { 0 };
            walk.at += 16 + radio;
            tag.original_length = (original >= captured).then_some(original);
            tag.truncated = original > captured;
            Next::Wlan
        }
        [0, 0, l0, l1, ..] if (8..256).contains(&u16::from_le_bytes([l0, l1])) => Next::Link(crate::model::LinkType::IEEE802_11_RADIOTAP),
        _ => return Next::End,
    };
    let ends = walk.ends();
    if walk.enter_mirror(TunnelKind::ArubaErm, ends, 0, tag) { next } else { Next::End }
}

/// Whether a captured length (big-endian) fits what follows a 16-byte record header, with or without radio information.
fn is_record(captured: [u8; 4], left: usize) -> bool {
    let captured = u32::from_be_bytes(captured) as usize;
    captured > 0 && (captured + 16 == left || captured + 20 == left)
}

/// Juniper packet mirroring: header version 2 and mirror 30, session 32, then IP.
pub(super) fn jmirror(walk: &mut Walk) -> Next {
    walk.push(Proto::Jmirror);
    let Some(&[m0, m1, m2, m3, s0, s1, s2, s3]) = walk.take::<8>() else { return Next::End };
    let Some(next) = ip_by_nibble(walk) else { return Next::End };
    let id = u64::from(u32::from_be_bytes([m0 & 0x3f, m1, m2, m3])) << 32 | u64::from(u32::from_be_bytes([s0, s1, s2, s3]));
    let (ends, tag) = (walk.ends(), MirrorTag { sampled: 1, ..MirrorTag::default() });
    if walk.enter_mirror(TunnelKind::Jmirror, ends, id, tag) { next } else { Next::End }
}

/// sFlow: a datagram brings several samples, so that none of them is *the* frame inside; [`sflow::samples`] finds them. The walk ends where
/// the datagram starts. Agents behind one sender are told apart by the identifier.
pub(super) fn sflow(walk: &mut Walk) -> Next {
    walk.push(Proto::Sflow);
    if let Some(datagram) = sflow::datagram(walk.rest()) {
        let EndAddresses(source, destination) = walk.ends();
        let id = datagram.id(source);
        // Beyond the depth that is followed the datagram is one like any other.
        let _ = walk.headers.tunnels.push(Tunnel { kind: TunnelKind::Sflow, source, destination, id }, None);
    }
    Next::End
}
