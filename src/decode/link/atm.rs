//! ATM: packets in AAL5 frames.

use crate::decode::llc;
use crate::decode::walk::{Next, Walk};
use crate::model::Proto;

/// A frame of a virtual circuit (RFC 2684): with LLC, or, where the circuit carries one protocol alone, that protocol.
pub(super) fn rfc1483(walk: &mut Walk) -> Next {
    match walk.rest() {
        [first, ..] if matches!(first >> 4, 4 | 6) => Next::Ip,
        _ => Next::Llc,
    }
}

/// Solaris' ATM: direction 1, reserved 3, kind 4; path; channel. They are the capture's own.
pub(super) fn sunatm(walk: &mut Walk) -> Next {
    let Some(&[flags, _, _, _]) = walk.take::<4>() else { return Next::End };
    walk.frame_begins();
    walk.push(Proto::Atm);
    match flags & 0x0f {
        1 => lane(walk),
        2 => Next::Llc,
        // Others carry a packet where it looks like one, or signalling.
        _ => match walk.rest() {
            [first, ..] if matches!(first >> 4, 4 | 6) => Next::Ip,
            _ => Next::End,
        },
    }
}

/// LAN emulation: the client's number, then Ethernet; the number 0xff00 marks control frames.
fn lane(walk: &mut Walk) -> Next {
    walk.push(Proto::Lane);
    match walk.take::<2>() {
        Some([0xff, 0x00]) | None => Next::End,
        Some(_) => Next::Ethernet,
    }
}

/// A cell's header (four bytes) and a frame behind it, as capture cards write AAL5.
pub(super) fn cell_header(walk: &mut Walk) -> Next {
    walk.push(Proto::Atm);
    match walk.take::<4>() {
        Some(_) => rfc1483(walk),
        None => Next::End,
    }
}

/// Whether an LLC header that names SNAP or an OSI protocol follows.
pub(super) fn is_llc(bytes: &[u8]) -> bool {
    matches!(bytes, [0xaa, 0xaa, 0x03, ..] | [0xfe, 0xfe, 0x03, ..])
}

/// A frame behind a cookie, by what it looks like: LLC, Cisco's way with an NLPID, or IP.
pub(super) fn guessed(walk: &mut Walk) -> Next {
    match walk.rest() {
        rest if is_llc(rest) => Next::Llc,
        [0x03, ..] => {
            walk.at += 1;
            llc::nlpid(walk)
        }
        [first, ..] if matches!(first >> 4, 4 | 6) => Next::Ip,
        _ => Next::End,
    }
}
