//! ERSPAN types I, II and III (draft-foschiano-erspan), with the headers that platforms really send.

use super::{GreFields, carries_a_packet, looks_like_ethernet};
use crate::decode::walk::{Next, Walk};
use crate::model::{MirrorTag, Proto, Side, TunnelKind};

/// Bytes of the type II header.
const TWO: usize = 8;

/// GRE protocol 0x88BE. Type I has no header and no sequence number, type II both; Catalyst 4500 sends type II's header without a
/// sequence number, Nexus 3000 a plain frame whatever the flags say: the bytes decide when the flags and the version disagree.
///
/// All frames of a session have to be read alike, whatever they carry: a header that is whole (its version, and zeros where it has reserved
/// bits) is one, unless the same bytes are a frame with a packet of IP or ARP. What only has the type of some protocol may be
/// anything: where a header says what it is, the last bytes of a station's address stand there.
pub(super) fn one_or_two(walk: &mut Walk, gre: GreFields) -> Next {
    walk.push(Proto::Erspan);
    let rest = walk.rest();
    let (frame, behind) = (looks_like_ethernet(rest), looks_like_ethernet(rest.get(TWO..).unwrap_or(&[])));
    let is_numbered = gre.sequence.is_some();
    match rest {
        [0x10..=0x1f, _, _, _, 0, 0..=0x0f, ..] if behind || !carries_a_packet(rest) => two(walk, gre),
        // With something in the reserved bits.
        [0x10..=0x1f, ..] if behind && (is_numbered || !frame) || is_numbered && !frame => two(walk, gre),
        [0x20..=0x2f, ..] if is_numbered && !carries_a_packet(rest) => three_header(walk, gre),
        _ => one(walk, gre),
    }
}

fn one(walk: &mut Walk, gre: GreFields) -> Next {
    let tag = MirrorTag { sequence: gre.sequence, sampled: 1, ..MirrorTag::default() };
    enter(walk, TunnelKind::Erspan1, gre.key.unwrap_or(0), tag, Next::Ethernet)
}

fn enter(walk: &mut Walk, kind: TunnelKind, session: u32, tag: MirrorTag, next: Next) -> Next {
    let ends = walk.ends();
    if walk.enter_mirror(kind, ends, session.into(), tag) { next } else { Next::End }
}

/// Version 4, VLAN 12, COS 3, En 2, T 1, session 10; reserved 12, index 20.
fn two(walk: &mut Walk, gre: GreFields) -> Next {
    let Some(&[b0, b1, b2, b3, _, i0, i1, i2]) = walk.take::<TWO>() else { return Next::End };
    let vlan = u16::from_be_bytes([b0, b1]) & 0x0fff;
    let encapsulation = b2 >> 3 & 3;
    let index = u32::from_be_bytes([0, i0 & 0x0f, i1, i2]);
    // Only an ISL (1) or 802.1Q (2) encapsulation was taken off; 0 was an untagged frame, 3 kept its tag.
    let removed = matches!(encapsulation, 1 | 2) && vlan != 0;
    let tag = MirrorTag {
        sequence: gre.sequence,
        vlan: removed.then_some(vlan),
        cos: removed.then_some(b2 >> 5),
        truncated: b2 & 0x04 != 0,
        port: (index != 0).then_some(index),
        sampled: 1,
        ..MirrorTag::default()
    };
    enter(walk, TunnelKind::Erspan2, session(b2, b3), tag, Next::Ethernet)
}

fn session(high: u8, low: u8) -> u32 {
    u32::from(u16::from_be_bytes([high, low]) & 0x03ff)
}

/// GRE protocol 0x22EB.
pub(super) fn three(walk: &mut Walk, gre: GreFields) -> Next {
    walk.push(Proto::Erspan);
    three_header(walk, gre)
}

/// Version 4, VLAN 12, COS 3, BSO 2, T 1, session 10; timestamp 32; SGT 16, P 1, FT 5, hardware 6, D 1, Gra 2, O 1.
fn three_header(walk: &mut Walk, gre: GreFields) -> Next {
    let Some(&[b0, b1, b2, b3, t0, t1, t2, t3, _, _, f0, f1]) = walk.take::<12>() else { return Next::End };
    if b0 >> 4 != 2 {
        return walk.malformed();
    }
    let mut tag = MirrorTag {
        sequence: gre.sequence,
        side: Some(if f1 & 0x08 == 0 { Side::Ingress } else { Side::Egress }),
        truncated: b2 & 0x04 != 0,
        error: b2 >> 3 & 3,
        switch_time: Some(clock(u32::from_be_bytes([t0, t1, t2, t3]), f1)),
        sampled: 1,
        ..MirrorTag::default()
    };
    if f1 & 1 != 0 && !platform(walk, f1, &mut tag) {
        return Next::End;
    }
    let next = match f0 >> 2 & 0x1f {
        0 => Next::Ethernet,
        2 => Next::Ip,
        _ => Next::End,
    };
    // There is no word on whether the tag was removed: a frame that has none, under a VLAN, lost it.
    let vlan = u16::from_be_bytes([b0, b1]) & 0x0fff;
    let tagged = matches!(walk.rest().get(12..14), Some([0x81, 0x00] | [0x88, 0xa8] | [0x91, 0x00] | [0x92, 0x00]));
    if vlan != 0 && next == Next::Ethernet && !tagged {
        tag.vlan = Some(vlan);
        tag.cos = Some(b2 >> 5);
    }
    enter(walk, TunnelKind::Erspan3, session(b2, b3), tag, next)
}

/// The switch's clock and the nanoseconds of its tick, by the granularity bits.
fn clock(ticks: u32, flags: u8) -> (u64, u32) {
    let tick = match flags >> 1 & 3 {
        0 => 100_000,
        1 => 100,
        // IEEE 1588: nanoseconds within a second.
        2 => 1,
        _ => 0,
    };
    (ticks.into(), tick)
}

/// The optional sub-header: platform 6, then what that platform defines in 58 bits. False when it is not all there.
fn platform(walk: &mut Walk, flags: u8, tag: &mut MirrorTag) -> bool {
    let Some(&bytes) = walk.take::<8>() else { return false };
    let info = u64::from_be_bytes(bytes);
    let (high, low) = ((info >> 32) as u32, info as u32);
    let (port, upper) = match info >> 58 {
        1 => (Some(low), None),
        3 => (Some(high & 0x3fff), Some(low)),
        5 | 6 => (Some(high & 0xffff), Some(low)),
        0 | 7 => (Some(high & 0x000f_ffff), Some(low)),
        _ => (None, None),
    };
    tag.port = port;
    if let (Some(upper), Some((ticks, tick))) = (upper, tag.switch_time) {
        // With IEEE 1588 the upper word counts seconds, the lower nanoseconds.
        let time = if flags >> 1 & 3 == 2 { u64::from(upper) * 1_000_000_000 + ticks } else { u64::from(upper) << 32 | ticks };
        tag.switch_time = Some((time, tick));
    }
    true
}
